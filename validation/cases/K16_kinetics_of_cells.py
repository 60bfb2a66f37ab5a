r"""K16: Kinetics that ship: the records that they were fitted to, and what they foretell.

**[M]** Adiabatic records of 21700 cells (KIT, Zenodo DOI 10.5281/zenodo.7707929, CC BY 4.0), fully charged: one with NMC, three
with NCA, one with LiFePO₄. The sets `nmc_21700`, `nca_21700` and `lfp_21700` have the form of Hatchard and Kim and heats by
Hess's law (K10); three numbers each were fitted to
$$\ln\dot T = \ln\frac{\dot q(T(t),\xi)}{\varphi c}$$
up to 185, 180 and 250 °C, where the calorimeter still follows the cell. Checked: the fit repeated here finds the numbers that
ship; rates are those of the records; and a virtual calorimeter that heats, waits and seeks with the set comes to a self-heating
of 1 K/s, which lies beyond what was fitted, within 8 K of the mean of the records. For LiFePO₄ 10 K/min are checked instead:
from 30 K/min on its record flattens for 20 K before the last rise, since the calorimeter follows no faster. Mass (70 g),
capacity (5, 5 and 3 A h) and specific heat (1 J/(g K)) of the cells are assumed; the calorimeter's inertia is left out. Before
the record begins its clock has run: a straight rise from 50 °C is assumed (30 or 60 °C change nothing).
**[P]** `lmo_wang`: the peak of the positive electrode's heat at 10 K/min lies within the 150 to 300 °C in which that heat was
measured.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import xarray as xr

from scalith.lab import fit_kinetics, read_arc, simulate_arc, simulate_dsc
from scalith.lab.kinetic_fit import residuals_of_curves, sampled_curves
from scalith.quantities.constants import ZERO_CELSIUS
from scalith.reactions import shipped_kinetics
from validation.record import Record

LONG = True
FOLDER = Path(__file__).parents[1] / "data" / "arc_21700"
DENSITY = 0.070 / (np.pi / 4 * 0.021**2 * 0.07)
SPECIFIC_HEAT = 1000.0
POINTS = 50
FACTORS = ("sei.frequency_factor", "anode.frequency_factor", "cathode.frequency_factor")
SETS = {
    "nmc_21700": (("NMC",), 185.0, 0.15, FACTORS),
    "nca_21700": (("NCA_HEI", "NCA_HEII", "NCA_HP"), 180.0, 0.25, FACTORS),
    "lfp_21700": (("LFP",), 250.0, 0.25, ("sei.frequency_factor", "anode.frequency_factor", "anode.activation_energy")),
}
"""Records, °C up to which they count, limit of the root mean square of ln dT/dt, what was fitted."""


def whole_record(name: str) -> xr.Dataset:
    """As the file has it."""
    return read_arc(FOLDER / f"{name}_SOC100_M1.txt", thermal_inertia=1.0, specific_heat=SPECIFIC_HEAT)


def record_to(name: str, hottest: float, start: float = 50.0) -> xr.Dataset:
    """The record up to `hottest` (°C), after a straight rise from `start` since its clock began."""
    whole = whole_record(name)
    early = whole.isel(time=[0]).assign_coords(time=[0.0])
    early = early.assign(
        temperature=early["temperature"] * 0 + start + ZERO_CELSIUS,
        self_heating=early["self_heating"] * 0,
        exotherm=early["exotherm"] & False,
    )
    found = xr.concat([early, whole], "time", data_vars="minimal", combine_attrs="override")
    celsius = found["temperature"] - ZERO_CELSIUS
    found["exotherm"] = found["exotherm"] & (celsius < hottest)
    return found.isel(time=celsius.values < hottest + 8.0)


def fast_temperature(record: xr.Dataset, limit: float = 1.0) -> float:
    """Where self-heating comes to `limit` (K/s), °C."""
    rate = record["self_heating"].values / limit
    k = int(np.argmax(rate >= 1.0))
    share = -np.log(rate[k - 1]) / np.log(rate[k] / rate[k - 1])
    low, high = record["temperature"].values[k - 1 : k + 1] - ZERO_CELSIUS
    return float(low + share * (high - low))


def run(record: Record) -> None:
    drawn = {}
    for name, (cells, hottest, limit, keys) in SETS.items():
        kinetics = shipped_kinetics(name)
        curves = [record_to(cell, hottest) for cell in cells]
        fit = fit_kinetics(curves, kinetics, parameters=keys, sample_density=DENSITY, points=POINTS)
        for key in keys:
            expected = fit.kinetics.value(key)
            error = fit.standard_error(key)
            record.check(f"{name}: {key} of the fit", expected=expected, found=kinetics.value(key), tolerance=0.02 * error)
        missed = residuals_of_curves(kinetics, sampled_curves(curves, POINTS), DENSITY)
        record.check_at_most(f"{name}: root mean square of ln dT/dt", limit=limit, found=float(np.sqrt(np.mean(missed**2))))
        found = simulate_arc(
            kinetics, specific_heat=SPECIFIC_HEAT, sample_density=DENSITY, end=ZERO_CELSIUS + 285.0, tolerance=1e-6
        )
        measured = [whole_record(cell) for cell in cells]
        drawn[name] = (found, measured)
        limit, words = (1 / 6, "10 K/min") if name == "lfp_21700" else (1.0, "1 K/s")
        record.check(
            f"{name}: {words} in a calorimeter",
            expected=float(np.mean([fast_temperature(one, limit) for one in measured])),
            found=fast_temperature(found, limit),
            tolerance=8.0,
            unit="°C",
        )
        for cell, one in zip(cells, measured, strict=True):
            record.compare(
                f"{name}: 1 K/s, record {cell}", reference=fast_temperature(one), found=fast_temperature(found), unit="°C"
            )
    spinel = shipped_kinetics("lmo_wang")
    alone = spinel.model_copy(update={"states": {"cathode": 1.0}, "reactions": {"cathode": spinel.reactions["cathode"]}})
    curve = simulate_dsc(alone, 10 / 60, start=360.0, end=620.0, sample_density=1221.0)
    peak = float(curve["temperature"][int(np.argmax(curve["heat_flow"].values))]) - ZERO_CELSIUS
    record.check("lmo_wang: peak of a DSC at 10 K/min", expected=225.0, found=peak, tolerance=75.0, unit="°C")
    _draw(record, drawn)


def _draw(record: Record, drawn: dict[str, tuple[xr.Dataset, list[xr.Dataset]]]) -> None:
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(6.5, 4.0), layout="constrained")
    for colour, (name, (found, records)) in zip(("C0", "C1", "C2"), drawn.items(), strict=True):
        for number, measured in enumerate(records):
            kept = measured.isel(time=measured["exotherm"].values)
            axes.semilogy(
                kept["temperature"] - ZERO_CELSIUS, 60 * kept["self_heating"], ".", color=colour, ms=3, alpha=1 - 0.3 * number
            )
        hot = found.isel(time=found["exotherm"].values)
        axes.semilogy(hot["temperature"] - ZERO_CELSIUS, 60 * hot["self_heating"], "-", color=colour, label=name)
    axes.set(xlabel="temperature / °C", ylabel="self-heating / (K/min)", xlim=(80, 300), ylim=(0.01, 3e3))
    axes.legend()
    record.figure("Self-heating in an adiabatic calorimeter: records (dots) and the sets that ship (lines).", figure)
