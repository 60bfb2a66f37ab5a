r"""B13: Electrode balance and degradation modes from a pseudo-open-circuit voltage.

**[E]** The cell of Chen et al. 2020 loses 8 % of its lithium, 6 % of its negative and 4 % of its positive electrode; both
check-ups are curves of 1,000 points with 1 mV of noise. The three losses come back within 0.2 points (by voltage, and by voltage
with dV/dQ), and their errors are those that the noise allows (the bounds of Cramér and Rao: 0.017, 0.05, 0.035 %). A blended
electrode of two materials gives its share back.

**[E]** Discharges at C/20 of a porous-electrode model before and after ageing (O'Kane et al. 2022, computed with PyBaMM): here
polarisation, films and gradients are in the curves. With a constant overpotential fitted the losses are within 0.5 points of the
true ones and within three of their errors, which count how far fifths of the curve pull the balance apart; what the model misses
everywhere alike shows in no error.

**[M]** LG M50: slow discharge of one cell, with half-cell curves of another. What is left of the voltage is stated, and its
stoichiometries beside the published ones.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import brentq

from scalith.cell import read_cell
from scalith.lab.cycling import blended_potential, degradation_modes, extract_balance, simulate_balance
from scalith.quantities import Property, Source, shipped
from scalith.quantities.constants import FARADAY
from validation.record import Record

LONG = True
DATA = Path(__file__).resolve().parents[1] / "data"
PLANTED = {"LLI": 8.0, "LAM_negative": 6.0, "LAM_positive": 4.0}
NOISE = 1e-3


def _planted(record: Record) -> Any:
    cell = read_cell(shipped("cell/lgm50_chen2020.toml"))
    sides = (cell.negative_electrode, cell.positive_electrode)
    area = FARADAY * cell.electrode_area * cell.electrode_pairs
    q_n, q_p = (area * one.thickness * one.material.volume_fraction * one.material.maximum_concentration for one in sides)
    below, above = (one.material.open_circuit_voltage for one in sides)
    lithium = q_n * sides[0].material.maximum_stoichiometry + q_p * sides[1].material.minimum_stoichiometry
    high, low = cell.upper_voltage_cut_off, cell.lower_voltage_cut_off

    def check_up(lost: dict[str, float]) -> Any:
        n, p = q_n * (1.0 - lost["LAM_negative"] / 100.0), q_p * (1.0 - lost["LAM_positive"] / 100.0)
        kept = lithium * (1.0 - lost["LLI"] / 100.0)

        def off(x: float) -> float:
            return float(above(x=(kept - n * x) / p, T=298.15)) - float(below(x=x, T=298.15)) - high

        x = float(brentq(off, 0.4, 0.99))
        return simulate_balance(
            below, above, x100=x, y100=(kept - n * x) / p, negative_capacity=n, positive_capacity=p, lower=low, points=1000
        )

    curves = [check_up(dict.fromkeys(PLANTED, 0.0)), check_up(PLANTED)]
    numbers = np.random.default_rng(13)
    worst: dict[str, float] = {}
    for by in ("voltage", "both"):
        for _ in range(3):
            balances = [extract_balance(q, v + NOISE * numbers.standard_normal(v.size), below, above, by=by) for q, v in curves]  # type: ignore[arg-type]
            modes = degradation_modes(*balances)
            for name, expected in PLANTED.items():
                worst[f"{name} by {by}"] = max(worst.get(f"{name} by {by}", 0.0), abs(100.0 * modes[name] - expected))
        if by == "voltage":
            for name, bound in zip(PLANTED, (0.017, 0.05, 0.035), strict=True):
                record.compare(f"standard error of {name} by voltage", reference=bound, found=100.0 * modes[name].error, unit="%")  # type: ignore[attr-defined]
    for words, found in worst.items():
        record.check_at_most(f"planted: {words}, largest deviation of three", limit=0.2, found=found, unit="points")
    return curves[1], balances[1]


def _blend(record: Record) -> None:
    made = Source(kind="assumed", reference="two falling curves")
    x = np.linspace(0.0, 1.0, 401)
    steps = 0.12 + 0.1 * np.exp(-x / 0.03) + 0.35 * np.exp(-x / 0.02) - 0.035 * np.tanh((x - 0.52) / 0.03) - 0.1 * x**12
    first = Property.from_arrays("graphite-like", {"x": x}, steps, "V", made)
    second = Property.from_arrays("silicon-like", {"x": x}, 0.75 - 0.68 * x**0.7, "V", made)
    positive = Property.from_arrays("positive", {"x": x}, 4.35 - 1.0 * x + 0.3 * x**2 - 0.3 * np.exp((x - 1.0) / 0.02), "V", made)
    curve = {"x100": 0.9, "y100": 0.1, "negative_capacity": 18_000.0, "positive_capacity": 20_000.0}
    balances = []
    for share, size in ((0.12, 1.0), (0.08, 0.95)):
        own = curve | {"negative_capacity": size * curve["negative_capacity"]}
        q, v = simulate_balance((first, second), positive, share=share, lower=3.15, **own)
        noise = NOISE * np.random.default_rng(3).standard_normal(v.size)
        balances.append(extract_balance(q, v + noise, (first, second), positive, by="voltage"))
        record.check(
            f"blend: share of the second material, {share:g}", expected=share, found=balances[-1].values["share"], tolerance=3e-3
        )
    modes = degradation_modes(*balances)
    record.check("blend: loss of the second material", expected=1.0 - 0.95 * 8 / 12, found=modes["LAM_second"], tolerance=0.02)
    record.check("blend: loss of the first material", expected=1.0 - 0.95 * 92 / 88, found=modes["LAM_first"], tolerance=0.01)
    whole = blended_potential(first, second, 0.0)
    record.check(
        "blend without a second material", expected=0.0, found=float(whole(x=0.4)) - float(first(x=0.4)), tolerance=1e-4, unit="V"
    )


def _aged(record: Record) -> None:
    cell = read_cell(shipped("cell/lgm50_okane2022.toml"))
    below, above = (one.material.open_circuit_voltage for one in (cell.negative_electrode, cell.positive_electrode))
    truth = json.loads((DATA / "degradation" / "checkup_truth.json").read_text(encoding="utf-8"))
    names = ("Total lithium in particles [mol]", "Negative electrode capacity [A.h]", "Positive electrode capacity [A.h]")
    balances = []
    for name in ("fresh", "aged"):
        q, v = np.loadtxt(DATA / "degradation" / f"checkup_{name}_C20.csv", delimiter=",", skiprows=1).T
        balances.append(extract_balance(3600.0 * q, v, below, above, by="voltage", polarisation=True))
        expected = truth[name][names[1]]
        record.compare(
            f"{name}: capacity of the negative electrode",
            reference=expected,
            found=balances[-1].values["Q_negative"] / 3600.0,
            unit="A h",
        )
    modes = degradation_modes(*balances)
    for mode, name in zip(PLANTED, names, strict=True):
        expected = 100.0 * (1.0 - truth["aged"][name] / truth["fresh"][name])
        record.check(f"aged model at C/20: {mode}", expected=expected, found=100.0 * modes[mode], tolerance=0.5, unit="%")
        record.check_at_most(
            f"aged model: deviation of {mode} in stated standard errors",
            limit=3.0,
            found=abs(100.0 * modes[mode] - expected) / (100.0 * modes[mode].error),  # type: ignore[attr-defined]
        )


def _measured(record: Record) -> Any:
    cell = read_cell(shipped("cell/lgm50_okane2022.toml"))
    below, above = (one.material.open_circuit_voltage for one in (cell.negative_electrode, cell.positive_electrode))
    charge, voltage, _ = np.loadtxt(DATA / "lgm50_cycling" / "ocv_25C.csv", delimiter=",", skiprows=1)[::-1].T
    capacity = _slow_capacity()
    q = capacity * (1.0 - charge / 100.0)
    found = extract_balance(q, voltage, below, above, by="voltage")
    record.compare("LG M50: rms of the voltage left", reference=0.0, found=1e3 * found.residual, unit="mV")
    published = {"x100": 0.9014, "x0": 0.0279, "y100": 0.27, "y0": 0.9084}
    for name, reference in published.items():
        record.compare(f"LG M50: {name}", reference=reference, found=found.values[name], note="Chen et al. 2020, another cell")
    for name, reference in {"Q_negative": 5.828, "Q_positive": 8.732}.items():
        record.compare(
            f"LG M50: {name}",
            reference=reference,
            found=found.values[name] / 3600.0,
            unit="A h",
            note="Chen et al. 2020, another cell",
        )
    return q, voltage, found


def _slow_capacity() -> float:
    """Charge of the discharge at 0.1C, C."""
    time, current = np.loadtxt(DATA / "lgm50_cycling" / "rate_25C_0p1C.csv", delimiter=",", skiprows=1).T[:2]
    return float(np.sum(np.maximum(-current, 0.0) * np.diff(time, prepend=time[0])))


def run(record: Record) -> None:
    import matplotlib.pyplot as plt

    (q, v), balance = _planted(record)
    _blend(record)
    _aged(record)
    measured = _measured(record)
    figure, axes = plt.subplots(1, 2, figsize=(9.0, 3.4), layout="constrained")
    axes[0].plot(q / 3600.0, 1e3 * (balance.fitted - v), label="planted: fit less truth")
    axes[0].set(xlabel="charge / A h", ylabel="deviation / mV", ylim=(-3, 3))
    axes[0].legend()
    axes[1].plot(measured[0] / 3600.0, 1e3 * (measured[2].fitted - measured[1]), label="LG M50: fit less measured")
    axes[1].set(xlabel="charge / A h", ylabel="deviation / mV")
    axes[1].legend()
    record.figure("What is left of the voltage: a planted cell, and a measured one.", figure)
