r"""B14: Rate test and pulses of an LG M50; grains and grain boundaries of a solid electrolyte.

**[M]** Discharges at 0.1C to 2C at 10 and 25 °C (W. D. Widanage, Warwick): the capacities read from the files, and the
published porous-electrode models beside them (Chen et al. 2020; O'Regan et al. 2022 with temperature; both isothermal at the
start's temperature, from the measured voltage at rest): deviations are stated. At 2C the can warms by 15 K and gives more
than at 1C, so that the curve of Tian et al. has no time to give, and must say so. Pulses of 1.5C on six cells at nine states
of charge: resistance after 0.3, 1 and 8 s, its scatter from cell to cell, and the model of Chen et al. beside it.

**[M]** A pellet of Li₆PS₅Cl between blocking electrodes at −25 °C: circuits with one arc and with two (grains, and their
boundaries), each resistance with its interval.
"""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import brentq

from scalith.cell import Mesh, Simulation, read_cell
from scalith.lab import compare_circuits, read_measurement
from scalith.lab.cycling import (
    characteristic_times,
    extract_capacities,
    extract_pulse_resistances,
    extract_rate_capability,
)
from scalith.quantities import Result, shipped
from validation.record import Record

LONG = True
DATA = Path(__file__).resolve().parents[1] / "data"
RATES = ("0p1C", "0p5C", "1C", "2C")
MESH = Mesh(negative=20, separator=8, positive=20)
WINDOWS = (0.3, 1.0, 8.0)


def _at_rest(cell: Any, temperature: float, voltage: float) -> Simulation:
    below, above = cell.negative_electrode.material, cell.positive_electrode.material

    def off(share: float) -> float:
        x = below.minimum_stoichiometry + share * (below.maximum_stoichiometry - below.minimum_stoichiometry)
        y = above.maximum_stoichiometry - share * (above.maximum_stoichiometry - above.minimum_stoichiometry)
        known = {"T": temperature}
        return float(above.open_circuit_voltage(x=y, **known)) - float(below.open_circuit_voltage(x=x, **known)) - voltage

    share = 1.0 if off(1.0) <= 0.0 else float(brentq(off, 0.0, 1.0, xtol=1e-6))
    return Simulation(cell, mesh=MESH, temperature=temperature, state_of_charge=share)


def _discharges(record: Record, celsius: str, name: str) -> tuple[list[Result], list[Any]]:
    cell = read_cell(shipped(f"cell/{name}.toml"))
    measured, modelled = [], []
    for rate in RATES:
        data = read_measurement(DATA / "lgm50_cycling" / f"rate_{celsius}C_{rate}.csv", repair=True)
        found = extract_capacities(data)
        current, capacity = float(found["current"][-1]), float(found["capacity"][-1])
        simulation = _at_rest(cell, 273.15 + float(celsius), float(data["voltage"][0]))
        simulation.hold("current", current, duration=1e6, voltage_low=cell.lower_voltage_cut_off)
        model = simulation.result()
        flowing = np.abs(data["current"].values - current) < 0.05 * current
        charge = np.cumsum(data["current"].values * np.diff(data["time"].values, prepend=0.0))
        inside = flowing & (charge < 0.95 * min(capacity, float(model["capacity"][-1]))) & (charge > 0.0)
        off = np.interp(charge[inside], model["capacity"].values, model["voltage"].values) - data["voltage"].values[inside]
        words = f"{rate.replace('p', '.')} at {celsius} °C, {name}"
        record.compare(f"{words}: capacity", reference=capacity / 3600.0, found=float(model["capacity"][-1]) / 3600.0, unit="A h")
        record.compare(f"{words}: rms of the voltage", reference=0.0, found=1e3 * float(np.sqrt(np.mean(off**2))), unit="mV")
        measured.append(found)
        modelled.append((charge[inside], data["voltage"].values[inside], model))
    return measured, modelled


def _rates(record: Record) -> Any:
    curves = {}
    for celsius, name in (("25", "lgm50_chen2020"), ("25", "lgm50_oregan2022"), ("10", "lgm50_oregan2022")):
        measured, curves[(celsius, name)] = _discharges(record, celsius, name)
        if name == "lgm50_oregan2022":
            table = np.array([(float(one["current"][-1]), float(one["capacity"][-1])) for one in measured])
            # The can warms by 15 K at 2C and gives more than at 1C: no curve that falls with the rate describes it.
            fit = extract_rate_capability(*table.T)
            record.check_true(f"{celsius} °C: the characteristic time is called not identifiable", "not identifiable" in fit.note)
    cell = shipped("cell/lgm50_oregan2022.toml")
    warm, cold = (characteristic_times(cell, temperature=T) for T in (298.15, 283.15))
    for name, value in cold.items():
        record.compare(f"{name}, 10 °C beside 25 °C", reference=warm[name], found=value, unit="s", note="O'Regan et al. 2022")
    return curves


def _measured_pulses(celsius: str) -> dict[str, list[Result]]:
    """Resistances of each state of charge, one a cell."""
    rows: dict[tuple[str, str], list[list[float]]] = {}
    with (DATA / "lgm50_cycling" / f"pulses_{celsius}degC.csv").open(encoding="utf-8") as file:
        for state, cell, *numbers in list(csv.reader(file))[1:]:
            rows.setdefault((state, cell), []).append([float(one) for one in numbers[:3]])
    found: dict[str, list[Result]] = {}
    for (state, _), table in rows.items():
        time, current, volts = np.array(table).T
        data = Result({"voltage": ("time", volts), "current": ("time", -current)}, {"time": ("time", time - time[0])})
        found.setdefault(state, []).append(extract_pulse_resistances(data, windows=WINDOWS))
    return found


def _pulses(record: Record) -> Any:
    cell = read_cell(shipped("cell/lgm50_chen2020.toml"))
    table = []
    for state, found in sorted(_measured_pulses("25").items()):
        ohms = 1e3 * np.array([one["resistance"].values[0] for one in found])
        rest = float(np.mean([one["rest_voltage"].values[0] for one in found]))
        current = float(np.mean([one["current"].values[0] for one in found]))
        simulation = _at_rest(cell, 298.15, rest)
        simulation.hold("current", current, duration=10.0, output_times=np.array(WINDOWS) + simulation.time)
        model = simulation.result()
        own = 1e3 * (rest - np.interp(WINDOWS, model["time"].values, model["voltage"].values)) / current
        told = np.all(np.isfinite(ohms), axis=0)
        scattered = [np.where(told, how, np.nan) for how in (ohms.mean(axis=0), ohms.std(axis=0, ddof=1))]
        table.append([rest, *scattered[0], *scattered[1], *own])
        for k, window in enumerate(WINDOWS):
            if state in ("SoC3", "SoC5", "SoC9") and np.isfinite(table[-1][1 + k]):
                note = f"six cells scatter by {table[-1][4 + k]:.2g} mΩ"
                record.compare(f"{state}, R({window:g} s)", reference=table[-1][1 + k], found=own[k], unit="mΩ", note=note)
    values = np.array(table)
    record.check_true(
        "the resistance rises with the time since the current began", not np.any(np.diff(values[:, 1:4], axis=1) < 0.0)
    )
    scatter = float(np.nanmedian(values[:, 5] / values[:, 2]))
    record.check_at_most("scatter of six cells at 1 s, over the resistance (median)", limit=0.15, found=scatter)
    return values


def _pellet(record: Record) -> None:
    data = read_measurement(DATA / "solid_electrolyte_impedance" / "li6ps5cl_blocking_-25degC.txt")
    f = data["frequency"].values
    data = data.isel(frequency=f < 1e6)  # above, the leads
    fits = compare_circuits(["R0-p(R1,Q1)-Q3", "p(R1,Q1)-Q3", "p(R1,Q1)-p(R2,Q2)-Q3"], data)
    best = fits[0]
    record.compare(
        "pellet: residual of the best circuit", reference=0.0, found=100.0 * best.rms, unit="%", note=best.circuit.text
    )
    one, two = (next(fit for fit in fits if fit.circuit.text == text) for text in ("p(R1,Q1)-Q3", "p(R1,Q1)-p(R2,Q2)-Q3"))
    whole = one.values["R1"]
    low, high = one.interval("R1")
    words = f"{low:.4g} to {high:.4g}"
    record.compare("pellet: one arc", reference=whole, found=whole, unit="ohm", note=words)
    record.check_at_most("pellet: one arc, interval of its resistance over it", limit=0.05, found=(high - low) / whole)
    for name in ("R1", "R2"):
        low, high = two.interval(name)
        words = f"{low:.4g} to {high:.4g}; the reference is the one arc"
        record.compare(f"pellet: {name} of two arcs", reference=whole, found=two.values[name], unit="ohm", note=words)
    low, high = two.interval("R1")
    record.check_at_most("pellet: larger of two arcs, interval over it", limit=0.05, found=(high - low) / two.values["R1"])


def run(record: Record) -> None:
    import matplotlib.pyplot as plt

    curves, values = _rates(record), _pulses(record)
    _pellet(record)
    figure, axes = plt.subplots(1, 2, figsize=(9.0, 3.6), layout="constrained")
    for rate, (charge, volts, model) in zip(RATES, curves[("25", "lgm50_chen2020")], strict=True):
        (line,) = axes[0].plot(charge / 3600.0, volts, ".", markersize=2, label=rate.replace("p", "."))
        axes[0].plot(model["capacity"].values / 3600.0, model["voltage"].values, color=line.get_color(), linewidth=0.8)
    axes[0].set(xlabel="charge / A h", ylabel="voltage / V", ylim=(2.5, 4.2))
    axes[0].legend(title="25 °C")
    for k, window in enumerate(WINDOWS):
        bars = axes[1].errorbar(values[:, 0], values[:, 1 + k], values[:, 4 + k], fmt="o", markersize=3, label=f"{window:g} s")
        axes[1].plot(values[:, 0], values[:, 7 + k], color=bars[0].get_color(), linewidth=0.8)
    axes[1].set(xlabel="voltage at rest / V", ylabel="resistance / mΩ")
    axes[1].legend()
    record.figure("Measured (dots; bars are six cells) and the model of Chen et al. 2020 (lines).", figure)
