r"""C03: Single-ion electrolyte, cosh profile, de Levie impedance, Sand's time.

**[E]** Four limits of the porous-electrode equations that have closed forms:

- a single-ion conductor ($t_+ = 1$) shows no concentration polarisation at any current;
- with linear kinetics, a flat potential and a well-conducting solid, the reaction follows
  $j = \frac{I}{aFLA}\,\frac{\nu\cosh(\nu z/L)}{\sinh\nu}$ with $\nu^2 = a i_0 F L^2/(RT\kappa)$, $z$ from the collector;
- two blocking electrodes with a double layer have de Levie's impedance
  $Z = R_{sep} + \sum R\,\coth\sqrt{i\omega RC}/\sqrt{i\omega RC}$, whose resistance tends to $R/3$ at low frequency;
- a constant current empties the electrolyte at a planar electrode after Sand's time
  $\tau = \pi D\left(\frac{c_0F}{2 i(1-t_+)}\right)^2$.

Planar electrodes are porous ones that consist of one thin volume.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from scalith.cell import CellSpecification, Mesh, simulate_discharge, simulate_impedance
from scalith.interface import linear, overvoltage_property
from scalith.quantities.constants import FARADAY, GAS_CONSTANT
from validation.record import Record

T, AREA, LENGTH, KAPPA, EXCHANGE = 298.15, 1.0, 1e-4, 0.05, 2.0


def _electrode(voltage: float, **changes: Any) -> dict[str, Any]:
    made: dict[str, Any] = {
        "thickness": LENGTH,
        "porosity": 0.4,
        "transport_efficiency": 1.0,
        "conductivity": 1e4,
        "particle_radius": 5e-6,
        "specific_area": 3e5,
        "maximum_concentration": 3e4,
        "open_circuit_voltage": voltage,
        "chemical_diffusivity": 1e-13,
        "minimum_stoichiometry": 0.2,
        "maximum_stoichiometry": 0.8,
        "exchange_current_density": EXCHANGE,
        "overvoltage_function": overvoltage_property(linear),
    }
    return made | changes


def _cell(transference: float, diffusivity: float = 1e-10, separator: float = 2e-5, **changes: Any) -> CellSpecification:
    return CellSpecification.read(
        {
            "electrode_area": AREA,
            "nominal_capacity": "100 A*h",
            "lower_voltage_cut_off": 0.0,
            "upper_voltage_cut_off": 5.0,
            "electrolyte": {
                "initial_concentration": 1000.0,
                "conductivity": KAPPA,
                "diffusivity": diffusivity,
                "transference_number": transference,
            },
            "negative_electrode": _electrode(0.1, **changes),
            "positive_electrode": _electrode(4.0, **changes),
            "separator": {"thickness": separator, "porosity": 1.0},
        }
    )


def run(record: Record) -> None:
    import matplotlib.pyplot as plt

    figure, (left, middle, right) = plt.subplots(1, 3, figsize=(11, 3.6))
    # Single-ion conductor, and the profile of its reaction at the start.
    current = 30.0
    mesh = Mesh(negative=40, separator=4, positive=40)
    data = simulate_discharge(_cell(1.0), current=current, duration=600.0, profiles=True, mesh=mesh)
    swing = float(data.concentration_highest.max() - data.concentration_lowest.min())
    record.check_at_most("change of concentration at t₊ = 1, over c₀", limit=1e-12, found=swing / 1000.0)
    nu = np.sqrt(3e5 * EXCHANGE * FARADAY * LENGTH**2 / (GAS_CONSTANT * T * KAPPA))
    z = data.depth_negative.values
    exact = current / (3e5 * FARADAY * LENGTH * AREA) * nu * np.cosh(nu * z / LENGTH) / np.sinh(nu)
    found = data.reaction_rate_negative.values[0]
    record.check_at_most(
        "reaction profile against cosh, over its mean", limit=2e-3, found=float(np.max(np.abs(found - exact)) / exact.mean())
    )
    left.plot(z * 1e6, found / exact.mean(), "o", ms=3)
    left.plot(z * 1e6, exact / exact.mean(), "k-", lw=0.8)
    left.set(xlabel="depth (µm)", ylabel="reaction over its mean", title=f"cosh profile, ν = {nu:.2f}")
    # Blocking electrodes: de Levie.
    layer = 0.2
    blocking = _cell(1.0, exchange_current_density=1e-16, double_layer_capacitance=layer)
    frequencies = np.logspace(-1, 3.5, 36)
    fine = Mesh(negative=160, separator=4, positive=160, nodes=4, finest=0.3)
    spectrum = simulate_impedance(blocking, frequencies, mesh=fine)
    z_found = spectrum.resistance.values + 1j * spectrum.reactance.values
    pore = LENGTH / (KAPPA * AREA)
    root = np.sqrt(2j * np.pi * frequencies * pore * layer * 3e5 * LENGTH * AREA)
    z_exact = 2e-5 / (KAPPA * AREA) + 2.0 * pore / (np.tanh(root) * root)
    record.check_at_most("de Levie's impedance", limit=2e-3, found=float(np.max(np.abs(z_found / z_exact - 1.0))))
    # A solid that conducts 2000 times as well as the pore: beside 2·10⁵ times hardly a digit of R is left at 0.1 Hz.
    slow = _cell(1.0, exchange_current_density=1e-16, double_layer_capacitance=layer, conductivity=100.0)
    low = float(simulate_impedance(slow, frequencies[:1], mesh=fine).resistance[0] - 2e-5 / (KAPPA * AREA)) / 2.0
    record.check("resistance of a pore at low frequency over R", expected=1.0 / 3.0, found=low / pore, tolerance=1e-3)
    middle.plot(1e3 * z_found.real, -1e3 * z_found.imag, "o", ms=3)
    middle.plot(1e3 * z_exact.real, -1e3 * z_exact.imag, "k-", lw=0.8)
    middle.set(xlabel="Re Z (mΩ)", ylabel="−Im Z (mΩ)", xlim=(0, 3), ylim=(0, 3), title="de Levie")
    # Sand's time between planar electrodes.
    transference, diffusivity = 0.3, 2e-10
    wanted = 100.0
    load = 1000.0 * FARADAY / (2.0 * (1.0 - transference)) * np.sqrt(np.pi * diffusivity / wanted) * AREA
    thin = {
        "thickness": 1e-7,
        "specific_area": 1e7,
        "particle_radius": 1e-8,
        "maximum_concentration": 1e11,
        "porosity": 0.5,
        "exchange_current_density": 1e4,
    }
    planar = _cell(transference, diffusivity, 8.0 * np.sqrt(diffusivity * wanted), **thin)
    data = simulate_discharge(
        planar, current=load, cut_off=-1e3, duration=2.0 * wanted, mesh=Mesh(1, 400, 1, nodes=4, finest=0.3), tolerance=1e-5
    )
    record.check(
        "Sand's time (the electrolyte is empty at the positive electrode)",
        expected=wanted,
        found=float(data.time[-1]),
        tolerance=1.0,
        unit="s",
    )
    right.plot(data.time, data.concentration_lowest)
    right.plot(data.time, 1000.0 * (1.0 - np.sqrt(data.time / wanted)), "k--", lw=0.8)
    right.set(xlabel="time (s)", ylabel="lowest concentration (mol/m³)", title="Sand")
    figure.tight_layout()
    record.figure("Profile, impedance and depletion (lines: closed forms)", figure)
