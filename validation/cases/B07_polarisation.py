r"""B07: Direct-current polarisation: what a steady current tells.

**[E]** Bruce and Vincent's number of an ideal dilute electrolyte ($σ = F^2c(D_++D_-)/RT$, $D = 2D_+D_-/(D_++D_-)$, $t_+ =
D_+/(D_++D_-)$) is t₊ exactly: there
$1/(1+Ne) = t_+$ for any two diffusivities. The electrolyte of Chen et al. 2020 (t₊ = 0.2594, 1 M) has Ne = 1.5662 and gives
0.3897: what the method states is not t₊; a numerical cell at 10 mV gives 0.3892 to 0.3895. Hebb and
Wagner's curve at 0.1 V with $σ_n = 10^{-9}$ and $σ_p = 10^{-8}$ S/m has the slope $4.9221·10^{-8}$ S/m, and both
conductivities come back from it.
"""

from __future__ import annotations

import numpy as np

from scalith.cell import CellSpecification, ElectrolyteSpecification, Mesh
from scalith.lab.titration import (
    bruce_vincent,
    extract_hebb_wagner,
    hebb_wagner_current,
    newman_number,
    restricted_diffusion,
    simulate_polarisation_on_cell,
)
from scalith.quantities import shipped
from scalith.quantities.constants import FARADAY, GAS_CONSTANT
from validation.record import Record

T, C = 298.15, 1000.0


def _numerical_cell(electrolyte: ElectrolyteSpecification, voltage: float) -> float:
    """Steady over first current of lithium | electrolyte | lithium, fast reactions."""
    metal = {"lithium_metal": {"exchange_current_density": "1e5 A/m2"}}
    cell = CellSpecification.read(
        {
            "electrode_area": "1 cm2",
            "nominal_capacity": "10 mA*h",
            "lower_voltage_cut_off": {"value": -1.0, "implausible": True},
            "upper_voltage_cut_off": {"value": 1.0, "implausible": True},
            "electrolyte": electrolyte,
            "negative_electrode": metal,
            "positive_electrode": metal,
            "separator": {"thickness": "100 um", "porosity": 0.5},
        }
    )
    found = simulate_polarisation_on_cell(cell, voltage=voltage, mesh=Mesh(1, 60, 1))
    return float(found.attrs["steady"] / found.attrs["first"])


def run(record: Record) -> None:
    for positive, negative in ((1e-10, 3e-10), (5e-11, 1e-11)):
        sigma = FARADAY**2 * C * (positive + negative) / (GAS_CONSTANT * T)
        share = positive / (positive + negative)
        salt = 2.0 * positive * negative / (positive + negative)
        fall = 1.0 / (1.0 + newman_number(sigma, salt, C, share))
        voltage, interface = 0.01, 30.0
        bulk = 100.0
        # A cell whose bulk resists Rb at first and Rb/fall in the end, behind interfaces that stay.
        first, last = voltage / (bulk + interface), voltage / (bulk / fall + interface)
        found = bruce_vincent(voltage, first, last, interface, interface)
        record.check(f"dilute, t₊ = {share:.4g}", expected=share, found=found, tolerance=1e-12)
    electrolyte = CellSpecification.read_toml(shipped("cell/lgm50_chen2020.toml")).electrolyte
    sigma, salt = float(electrolyte.conductivity(c=C, T=T)), float(electrolyte.diffusivity(c=C, T=T))
    number = newman_number(sigma, salt, C, 0.2594)
    record.check("Ne of Chen 2020 at 1 M", expected=1.5662, found=number, tolerance=1e-3)
    record.check("what Bruce and Vincent measure there", expected=0.3897, found=1.0 / (1.0 + number), tolerance=2e-4)
    found = _numerical_cell(electrolyte, 0.01)
    record.check("numerical cell at 10 mV", expected=0.38935, found=found, tolerance=3e-4)
    found = _numerical_cell(electrolyte, 0.05)
    record.compare("numerical cell at 50 mV", reference=0.381, found=found, note="no longer linear")
    ends = hebb_wagner_current(0.1 + np.array([-1e-5, 1e-5]), 1e-9, 1e-8, 1e-3, 1e-4, T)
    slope = float(ends[1] - ends[0]) / 2e-5 * 1e-3 / 1e-4
    record.check("Hebb–Wagner, slope at 0.1 V", expected=4.9221, found=1e8 * slope, tolerance=1e-4, unit="1e-8 S/m")
    v = np.linspace(0.01, 0.2, 20)
    back = extract_hebb_wagner(v, hebb_wagner_current(v, 1e-9, 1e-8, 1e-3, 1e-4, T), 1e-3, 1e-4, T)
    record.check("electrons come back", expected=1.0, found=back.electrons / 1e-9, tolerance=1e-9)
    record.check("holes come back", expected=1.0, found=back.holes / 1e-8, tolerance=1e-9)
    t = np.linspace(0.05, 0.5, 50) * 1e-8 / 2e-10
    found = restricted_diffusion(t, 1e-3 * np.exp(-(np.pi**2) * 2e-10 * t / 1e-8), 1e-4)[0]
    record.check("restricted diffusion comes back", expected=1.0, found=found / 2e-10, tolerance=1e-9)
