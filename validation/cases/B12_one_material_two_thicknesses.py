r"""B12: One material at two thicknesses: what its spectra tell of diffusion.

**[M]** Spectra of one NMC as a monolayer of particles (17 µm) and as a porous electrode (42 µm), Günther et al. 2025 (DOI
10.1149/1945-7111/adbfc5). Read as single particles ($R_0$, and charge transfer with diffusion into spheres beside a
constant-phase element; weights from the scatter of each band), D of the porous electrode is 0.74 of the monolayer's at equal
voltage (median), that of the monolayer has a median near $10^{-14}$ m²/s. A spectrum whose interval spans more than a factor
of ten is left out, and counted.

Then jointly: one τ for both spectra at a voltage, the porous one as a transmission line whose pores have the resistance of
their geometry (0.59 S/m, porosity to the power 1.5) and whose thin electrolyte (250 mol/m³) diffuses in series, also by its
geometry. χ² over τ gives D(x) with a band; where the line alone does not bound D within a factor of three, the thick
electrode does not tell it.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from scalith.lab import fit_circuit, spectrum
from scalith.quantities.constants import FARADAY, GAS_CONSTANT
from validation.record import Record

LONG = True
FILES = Path(__file__).resolve().parents[1] / "data" / "gunther2025"
CELLS = json.loads((FILES / "cells.json").read_text(encoding="utf-8"))
RADIUS = CELLS["particle_radius_m"]
SEARCHED = (RADIUS**2 / 1e-12, RADIUS**2 / 1e-17)
LEAST, SINGLE = 0.02, 0.2
"""Relative errors of a band: what no scatter is below, and of a band with one point."""
PARTICLE = "R0-p(R1-S1,Q1)"
LINE = "R0-Ws2-t(R2,p(R1-S1,Q1))"


class Spectrum(NamedTuple):
    """A spectrum at an open-circuit voltage, and the error of each band, ohm."""

    voltage: float
    data: Any
    noise: NDArray[np.float64]


def _spectra(name: str) -> list[Spectrum]:
    table = np.loadtxt(FILES / f"{name}.csv", delimiter=",", skiprows=1)
    states = np.loadtxt(FILES / f"{name}_states.csv", delimiter=",", skiprows=1)
    found = []
    for number, voltage, _ in states:
        _, f, real, imaginary, points, *scatter = table[table[:, 0] == number].T
        z = real + 1j * imaginary
        own = np.hypot(*scatter) / np.sqrt(2.0 * points)
        noise = np.maximum(np.where(points > 1, own, SINGLE * np.abs(z)), LEAST * np.abs(z))
        found.append(Spectrum(float(voltage), spectrum(f, z), noise))
    return sorted(found, key=lambda one: one.voltage)


def _line_constants() -> dict[str, float]:
    """Resistance of the pores, and of diffusion of the salt in them, from the geometry."""
    cell = CELLS["cells"]["porous_42_microns"]
    length, area = cell["thickness_m"], CELLS["area_m2"]
    through = cell["porosity"] ** 1.5
    ions = length / (CELLS["electrolyte_conductivity_S_m"] * through * area)
    salt = CELLS["electrolyte_diffusivity_m2_s"]
    spread = 2.0 * GAS_CONSTANT * 298.15 * (1.0 - CELLS["transference_number"]) ** 2 / FARADAY**2
    diffusion = spread * length / (CELLS["electrolyte_concentration_mol_m3"] * salt * through * area) / 3.0
    return {"R2": ions, "Ws2.R": diffusion, "Ws2.tau": cell["porosity"] * length**2 / (salt * through)}


def _alone(one: Spectrum, circuit: str, fixed: dict[str, float]) -> tuple[float, float, float]:
    fit = fit_circuit(circuit, one.data, noise=one.noise, bounds={"S1.tau": SEARCHED}, fixed=fixed)
    if "S1.tau" not in fit.free:
        return float("nan"), 0.0, float("inf")
    # χ² over its degrees of freedom is above one: what the circuit misses widens the interval.
    error = fit.standard_error("S1.tau") / fit.values["S1.tau"]
    reach = 1.96 * error * max(1.0, float(np.sqrt(fit.chi_squared / fit.degrees_of_freedom)))
    value = RADIUS**2 / fit.values["S1.tau"]
    return value, value * float(np.exp(-min(reach, 50.0))), value * float(np.exp(min(reach, 50.0)))


def _joint(thin: Spectrum, thick: Spectrum, fixed: dict[str, float], around: float) -> tuple[float, float, float, bool]:
    """D and its band from χ² of both spectra over a common τ, and whether the band closes on both sides."""
    grid = np.log(around) + np.linspace(-1.6, 1.6, 9)
    total, freedom = np.zeros(grid.size), 0
    for one, circuit, own in ((thin, PARTICLE, {}), (thick, LINE, fixed)):
        fits = [
            fit_circuit(circuit, one.data, noise=one.noise, fixed=own | {"S1.tau": RADIUS**2 / float(np.exp(log))})
            for log in grid
        ]
        least = min(fit.chi_squared / fit.degrees_of_freedom for fit in fits)
        # Each spectrum by its own noise: what its circuit misses counts as noise.
        total += np.array([fit.chi_squared for fit in fits]) / max(least, 1.0)
        freedom += fits[0].degrees_of_freedom
    fine = np.linspace(grid[0], grid[-1], 721)
    curve = np.interp(fine, grid, total)
    inside = fine[curve < curve.min() + 3.84]
    closed = bool(inside[0] > fine[0] and inside[-1] < fine[-1])
    return float(np.exp(fine[np.argmin(curve)])), float(np.exp(inside[0])), float(np.exp(inside[-1])), closed


def run(record: Record) -> None:
    import matplotlib.pyplot as plt

    thin, thick = _spectra("monolayer_17_microns"), _spectra("porous_42_microns")
    fixed = _line_constants()
    read = {
        "monolayer": np.array([(one.voltage, *_alone(one, PARTICLE, {})) for one in thin]),
        "porous": np.array([(one.voltage, *_alone(one, PARTICLE, {})) for one in thick]),
        "line": np.array([(one.voltage, *_alone(one, LINE, fixed)) for one in thick]),
    }
    kept = {name: table[table[:, 3] < 10.0 * np.maximum(table[:, 2], 1e-99)] for name, table in read.items()}
    for name, table in kept.items():
        record.compare(f"{name}: spectra that tell D", reference=20, found=len(table))
    single = kept["monolayer"]
    shared = (kept["porous"][:, 0] >= single[0, 0]) & (kept["porous"][:, 0] <= single[-1, 0])
    ratios = kept["porous"][:, 1] / np.exp(np.interp(kept["porous"][:, 0], single[:, 0], np.log(single[:, 1])))
    ratio, median = float(np.median(ratios[shared])), float(np.median(single[:, 1]))
    record.check(
        "read as single particles: D of 42 µm over D of the monolayer, median", expected=0.74, found=ratio, tolerance=0.08
    )
    record.check_at_most("monolayer: |ln| of the median over 1e-14 m²/s", limit=np.log(1.6), found=abs(np.log(median / 1e-14)))
    record.compare("monolayer: least D", reference=4e-15, found=single[:, 1].min(), unit="m2 s-1")
    record.compare("monolayer: largest D", reference=3e-14, found=single[:, 1].max(), unit="m2 s-1")
    joint, untold = [], []
    for one, other, alone in zip(thin, thick, read["line"], strict=True):
        if abs(one.voltage - other.voltage) > 0.015:
            continue
        if not alone[3] < 9.0 * alone[2]:
            untold.append(other.voltage)
        around = float(np.exp(np.interp(one.voltage, single[:, 0], np.log(single[:, 1]))))
        joint.append((one.voltage, *_joint(one, other, fixed, around)))
    table = np.array(joint)
    record.check_true("joint reading: the band closes on both sides at most voltages that both have", table[:, 4].mean() > 0.5)
    off = abs(float(np.log(np.median(table[:, 1]) / 1e-14)))
    record.check_at_most("joint reading: |ln| of the median over 1e-14 m²/s", limit=np.log(1.6), found=off)
    width = float(np.median(np.sqrt(table[:, 3] / table[:, 2])))
    record.compare("joint reading: median half width of the band, a factor", reference=1.0, found=width)
    record.compare("voltages at which the thick electrode does not tell D", reference=0, found=len(untold), note=_listed(untold))
    figure, axis = plt.subplots(figsize=(5.5, 3.6), layout="constrained")
    for name in ("monolayer", "porous"):
        axis.semilogy(kept[name][:, 0], kept[name][:, 1], "o", markersize=4, label=f"{name}, as single particles")
    axis.fill_between(table[:, 0], table[:, 2], table[:, 3], alpha=0.3)
    axis.semilogy(table[:, 0], table[:, 1], label="joint")
    axis.set(xlabel="open-circuit voltage / V", ylabel="D / m² s⁻¹", ylim=(1e-15, 1e-13))
    axis.legend()
    record.figure("Diffusivity of one material from electrodes of two thicknesses.", figure)


def _listed(volts: list[float]) -> str:
    return ", ".join(f"{one:.3f} V" for one in volts)
