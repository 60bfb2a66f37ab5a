r"""K09: Calorimetry as instruments write it: holds, baselines, ARC with thermal inertia, errors that hold.

**[E]** A planted reaction ($E$ = 135 kJ/mol) is measured by virtual instruments, and comes back: from DSC curves with a hold of
20 min on the way (the model follows the measured temperature); through sigmoidal and tangential baselines; from an ARC record
at $\phi$ = 1.5, by $\phi c\,\dot T = \dot q(T(t), \xi)$; from DSC and ARC together. The methods of Friedman,
$$\ln\dot\alpha_{\alpha,i} = \ln[A f(\alpha)] - E(\alpha)/RT_{\alpha,i},$$
and Vyazovkin give the energy at every conversion. Errors: three curves, each with a calibration of temperature, a mass and a
drifting baseline of its own, are fitted; over twelve such experiments the planted energy lies within one standard error about as
often as it should.
"""

from __future__ import annotations

import numpy as np
import xarray as xr

from scalith.lab import (
    compare_fits,
    fit_kinetics,
    friedman,
    kinetics_from_peaks,
    simulate_arc,
    simulate_dsc,
    subtract_baseline,
    vyazovkin,
)
from scalith.lab.calorimetry import dsc_curve
from scalith.pack import ReactionSet
from scalith.quantities import Source
from scalith.quantities.constants import GAS_CONSTANT
from validation.record import Record

LONG = True
ENERGY, FREQUENCY, HEAT, DENSITY = 135e3, 3e13, 3e5, 600.0
KEYS = ("r.frequency_factor", "r.activation_energy", "r.heat")
RATES = (2.0, 5.0, 10.0, 20.0)


def planted(order: float = 1.0) -> ReactionSet:
    """The reaction in the pan."""
    reaction = {
        "frequency_factor": FREQUENCY,
        "activation_energy": ENERGY,
        "heat": HEAT,
        "content": DENSITY,
        "orders": {"x": order},
    }
    return ReactionSet(name="planted", reference="made up for this case", states={"x": 1.0}, reactions={"r": reaction})  # type: ignore[dict-item]


START = {"r.activation_energy": 140e3, "r.frequency_factor": 1e14, "r.heat": 2.7e5}


def with_hold(rate: float) -> xr.Dataset:
    """First order on a ramp that is held for 20 min at 400 K, integrated in closed form piece by piece (fine steps)."""
    hold = 60.0 / rate
    time = np.linspace(0.0, 250.0 / rate + 1200.0, 12_001)
    ramp = np.where(time < hold, time, np.where(time < hold + 1200.0, hold, time - 1200.0))
    temperature = 340.0 + rate * ramp
    k = FREQUENCY * np.exp(-ENERGY / (GAS_CONSTANT * temperature))
    passed = np.concatenate([[0.0], np.cumsum(0.5 * (k[1:] + k[:-1]) * np.diff(time))])
    flow = HEAT * k * np.exp(-passed)
    mean = float(np.polyfit(time, temperature, 1)[0])
    return dsc_curve(time, temperature, flow, mean, Source(kind="assumed", reference="planted"))


def real_curves(numbers: np.random.Generator) -> list[xr.Dataset]:
    """Three curves as from three pans: ± 0.5 K, ± 3 % mass, a baseline that drifts by 1 % of the peak, 0.2 % noise."""
    curves = []
    for rate in (5.0, 10.0, 20.0):
        curve = simulate_dsc(planted(), rate / 60, start=360.0, end=600.0, sample_density=DENSITY)
        peak = float(curve["heat_flow"].max())
        share = np.linspace(0.0, 1.0, curve.sizes["time"])
        drift = 0.01 * peak * numbers.standard_normal() * np.sin(np.pi * share)
        flow = curve["heat_flow"] * (1 + 0.03 * numbers.standard_normal()) + drift
        flow = flow + 0.002 * peak * numbers.standard_normal(curve.sizes["time"])
        curves.append(curve.assign(heat_flow=flow, temperature=curve["temperature"] + 0.5 * numbers.standard_normal()))
    return curves


def run(record: Record) -> None:
    true = planted()
    start = true.with_values(START)

    held = fit_kinetics([with_hold(rate / 60) for rate in RATES], start, parameters=KEYS, points=100)
    record.check(
        "E, curves with a hold of 20 min", expected=135.0, found=held.kinetics.value(KEYS[1]) / 1e3, tolerance=0.3, unit="kJ/mol"
    )

    curves = [simulate_dsc(true, rate / 60, start=300.0, end=680.0, sample_density=DENSITY, points=3001) for rate in RATES]
    for shape in ("sigmoidal", "tangential"):
        mended = []
        for curve in curves:
            T, flow, time = (curve[key].values for key in ("temperature", "heat_flow", "time"))
            alpha = np.concatenate([[0.0], np.cumsum(0.5 * (flow[1:] + flow[:-1]) * np.diff(time))]) / HEAT
            tilt = (T - 300.0) if shape == "tangential" else 0.0 * T
            lifted = flow + (50.0 + 0.3 * tilt) * (1 - alpha) + (150.0 - 0.1 * tilt) * alpha
            mended.append(subtract_baseline(curve.assign(heat_flow=("time", lifted)), before=330.0, after=640.0, shape=shape))
        heat = float(np.mean([float(curve["heat_flow"].integrate("time")) for curve in mended]))
        record.check(f"heat after a {shape} baseline", expected=300.0, found=heat / 1e3, tolerance=0.3, unit="kJ/kg")

    for name, method in (("Friedman", friedman), ("Vyazovkin", vyazovkin)):
        energies = method(curves)["activation_energy"].values / 1e3
        record.check_at_most(
            f"{name}: largest deviation of E from 0.05 to 0.95", limit=0.3, found=np.abs(energies - 135.0).max(), unit="kJ/mol"
        )

    arc = simulate_arc(true, specific_heat=1100.0, sample_density=DENSITY, thermal_inertia=1.5, start=340.0, end=650.0)
    alone = fit_kinetics([arc], start, parameters=KEYS)
    for key, value, unit in ((KEYS[1], ENERGY, "kJ/mol"), (KEYS[2], HEAT, "kJ/kg")):
        found_here, expected = alone.kinetics.value(key) / 1e3, value / 1e3
        record.check(f"{key} from ARC, φ = 1.5", expected=expected, found=found_here, tolerance=0.005 * expected, unit=unit)
    numbers = np.random.default_rng(11)
    noisy = []
    for curve in curves[:2]:
        noise = 0.02 * float(curve["heat_flow"].max()) * numbers.standard_normal(curve.sizes["time"])
        noisy.append(curve.assign(heat_flow=curve["heat_flow"] + noise))
    rough = arc.assign(self_heating=arc["self_heating"] * np.exp(0.05 * numbers.standard_normal(arc.sizes["time"])))
    both = fit_kinetics([*noisy, rough], start, parameters=KEYS)
    strain = abs(both.kinetics.value(KEYS[1]) - ENERGY) / both.standard_error(KEYS[1])
    record.check_at_most("E from DSC and ARC with noise: deviation in standard errors", limit=4.0, found=strain)

    second = true.with_values({"r.orders.x": 2.0, "r.frequency_factor": 1e14})
    forms = compare_fits({f"order {n}": fit_kinetics(noisy, one, parameters=KEYS) for n, one in ((1, true), (2, second))})
    record.check("support of the planted order by AICc", expected=1.0, found=forms["weight"].sel(form="order 1"), tolerance=1e-3)

    inside, claimed, found = 0, [], []
    for seed in range(12):
        pans = real_curves(np.random.default_rng(100 + seed))
        fit = fit_kinetics(pans, true, parameters=KEYS, points=60)
        found.append(fit.kinetics.value(KEYS[1]))
        claimed.append(fit.standard_error(KEYS[1]))
        inside += abs(found[-1] - ENERGY) < claimed[-1]
    # Of 12 trials at 68 %, 5 to 12 lie within one standard error in 99 of 100 cases.
    record.check("planted E within one standard error, of 12 experiments", expected=8.5, found=inside, tolerance=3.5)
    record.check(
        "mean claimed error over the scatter of E", expected=1.25, found=np.mean(claimed) / np.std(found), tolerance=0.75
    )

    guess = kinetics_from_peaks(
        [c.assign(heat_flow=-0.2 * c["heat_flow"]) for c in curves], {"x": (350.0, 630.0)}, content=DENSITY
    )
    record.check(
        "heat of an endothermic peak", expected=-60.0, found=guess.reactions["x"].heat / 1e3, tolerance=0.1, unit="kJ/kg"
    )
    _draw(record, arc, alone.kinetics, curves)


def _draw(record: Record, arc: xr.Dataset, fitted: ReactionSet, curves: list[xr.Dataset]) -> None:
    import matplotlib.pyplot as plt

    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.6), layout="constrained")
    model = simulate_arc(fitted, specific_heat=1100.0, sample_density=DENSITY, thermal_inertia=1.5, start=340.0, end=650.0)
    for one, style, label in ((arc, "o", "record"), (model, "k-", "fit")):
        hot = one["exotherm"].values
        step = 40 if style == "o" else 1
        left.semilogy(
            one["temperature"].values[hot][::step] - 273.15,
            60 * one["self_heating"].values[hot][::step],
            style,
            ms=3,
            label=label,
        )
    left.set(xlabel="T / °C", ylabel="self-heating / K min⁻¹", title="ARC, φ = 1.5")
    left.legend(fontsize=8)
    for name, method in (("Friedman", friedman), ("Vyazovkin", vyazovkin)):
        energies = method(curves)
        right.plot(energies["conversion"], energies["activation_energy"] / 1e3, "o-", ms=3, label=name)
    right.set(xlabel="conversion", ylabel="E / kJ mol⁻¹", ylim=(130, 140), title="planted: 135 kJ/mol")
    right.legend(fontsize=8)
    record.figure("An ARC record and its fit; the energy by conversion.", figure)
