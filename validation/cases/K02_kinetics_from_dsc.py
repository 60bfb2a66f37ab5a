r"""K02: Kinetics from simulated DSC: Kissinger's line and the full fit.

**[E]** A reaction $\dot\xi = A e^{-E/RT} x^n$ with planted $A$, $E$, heat $H$ and order $n$ is run through the simulated
calorimeter at four heating rates. Kissinger's line
$$\ln\frac{\beta}{T_p^2} = \ln\frac{AR}{E} - \frac{E}{R\,T_p}$$
recovers $E$ within 1 %. The full least-squares fit of all curves recovers $A$, $E$, $H$ and $n$; without noise to better
than 0.1 %, with 0.5 % noise within four standard errors of its own covariance. The two-reaction curve of an anode
(interphase, then lithium behind a growing layer; constants of Hatchard 2001) is fitted from a start 3 % off in both
energies. The object that the fit returns is the one that K05 carries through cell and module.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from scalith.lab import KineticFit, fit_kinetics, kinetics_from_peaks, ozawa
from scalith.lab.calorimetry import simulate_dsc
from scalith.pack import ReactionSet, shipped_kinetics
from validation.record import Record

LONG = True

RATES = (2.0, 5.0, 10.0, 20.0)
PLANTED = {"reaction.frequency_factor": 3e13, "reaction.activation_energy": 135e3, "reaction.heat": 9e5, "reaction.orders.x": 1.3}


def one_step() -> ReactionSet:
    """The planted reaction."""
    return ReactionSet(
        name="planted",
        reference="made up for this case",
        states={"x": 1.0},
        reactions={
            "reaction": {
                "frequency_factor": 3e13,
                "activation_energy": 135e3,
                "heat": 9e5,
                "content": 600.0,
                "orders": {"x": 1.3},
            }  # type: ignore[dict-item]
        },
    )


def anode() -> ReactionSet:
    """Interphase and lithiated graphite, constants of Hatchard 2001."""
    reactions = {
        "sei": {
            "frequency_factor": 1.667e15,
            "activation_energy": 135080.0,
            "heat": 257e3,
            "content": 610.4,
            "orders": {"sei": 1},
        },
        "anode": {
            "frequency_factor": 2.5e13,
            "activation_energy": 135080.0,
            "heat": 1714e3,
            "content": 610.4,
            "orders": {"anode": 1},
            "tunnelling": {"layer": 0.033},
            "changes": {"anode": -1, "layer": 1},
        },
    }
    states = {"sei": 0.15, "anode": 0.75, "layer": 0.033}
    return ReactionSet(name="anode", reference="Hatchard 2001", states=states, reactions=reactions)  # type: ignore[arg-type]


@cache
def fitted_cell_kinetics() -> KineticFit:
    """Fit of the whole jelly roll, four reactions at once: what K05 carries through cell and module."""
    true = shipped_kinetics("lco_limited")
    generator = np.random.default_rng(7)
    curves = []
    for rate in RATES:
        curve = simulate_dsc(true, rate / 60, start=330.0, end=600.0, sample_density=2580.0)
        noise = 0.002 * float(curve["heat_flow"].max()) * generator.standard_normal(curve.sizes["time"])
        curves.append(curve.assign(heat_flow=curve["heat_flow"] + noise))
    keys = [f"{name}.{field}" for name in true.names for field in ("frequency_factor", "activation_energy", "heat")]
    start = true.with_values({f"{name}.heat": 1.1 * reaction.heat for name, reaction in true.reactions.items()})
    start = start.with_values(
        {f"{name}.frequency_factor": 1.2 * reaction.frequency_factor for name, reaction in true.reactions.items()}
    )
    return fit_kinetics(curves, start, parameters=keys, sample_density=2580.0, complete=False, name="jelly roll of an 18650")


def run(record: Record) -> None:
    true = one_step()
    curves = [simulate_dsc(true, rate / 60, start=350.0, end=620.0, sample_density=600.0) for rate in RATES]
    guess = kinetics_from_peaks(curves, {"x": (355.0, 615.0)}, content=600.0)
    energy = guess.reactions["x"].activation_energy
    record.check("E from Kissinger's line", expected=135.0, found=energy / 1e3, tolerance=1.35, unit="kJ/mol")
    peaks = [float(curve["temperature"][int(np.argmax(curve["heat_flow"].values))]) for curve in curves]
    by_ozawa = ozawa([rate / 60 for rate in RATES], peaks).activation_energy
    record.check("E from Ozawa's line", expected=135.0, found=by_ozawa / 1e3, tolerance=1.35, unit="kJ/mol")

    start = true.with_values(
        {
            "reaction.activation_energy": energy,
            "reaction.frequency_factor": guess.reactions["x"].frequency_factor,
            "reaction.heat": guess.reactions["x"].heat,
            "reaction.orders.x": guess.reactions["x"].orders["x"],
        }
    )
    exact = fit_kinetics(curves, start)
    for key, value in PLANTED.items():
        record.check(f"{key}, no noise", expected=1.0, found=exact.kinetics.value(key) / value, tolerance=1e-3)

    generator = np.random.default_rng(2)
    noisy = [
        curve.assign(
            heat_flow=curve["heat_flow"]
            + 0.005 * float(curve["heat_flow"].max()) * generator.standard_normal(curve.sizes["time"])
        )
        for curve in curves
    ]
    fit = fit_kinetics(noisy, start)
    for key, value in PLANTED.items():
        strain = abs(fit.kinetics.value(key) - value) / fit.standard_error(key)
        record.check_at_most(f"{key}, 0.5 % noise: deviation in standard errors", limit=4.0, found=strain)

    both = anode()
    twice = [simulate_dsc(both, rate / 60, start=320.0, end=650.0, sample_density=610.4) for rate in RATES]
    off = both.with_values(
        {
            "sei.activation_energy": 1.03 * 135080,
            "anode.activation_energy": 0.97 * 135080,
            "sei.frequency_factor": 5e15,
            "anode.frequency_factor": 1e13,
            "sei.heat": 3e5,
            "anode.heat": 1.5e6,
        }
    )
    keys = [f"{name}.{field}" for name in ("sei", "anode") for field in ("frequency_factor", "activation_energy", "heat")]
    refit = fit_kinetics(twice, off, parameters=keys, complete=False)
    for key in keys:
        record.check(
            f"anode with two reactions, {key}", expected=1.0, found=refit.kinetics.value(key) / both.value(key), tolerance=5e-3
        )

    roll, truth = fitted_cell_kinetics(), shipped_kinetics("lco_limited")
    for name in truth.names:
        key = f"{name}.activation_energy"
        strain = abs(roll.kinetics.value(key) - truth.value(key)) / roll.standard_error(key)
        record.check_at_most(f"jelly roll, 0.2 % noise, {key}: deviation in standard errors", limit=4.0, found=strain)

    import matplotlib.pyplot as plt

    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.6), layout="constrained")
    for rate, curve in zip(RATES, noisy, strict=True):
        model = simulate_dsc(fit.kinetics, rate / 60, start=350.0, end=620.0, sample_density=600.0)
        left.plot(curve["temperature"][::12] - 273.15, curve["heat_flow"][::12] / 1e3, ".", ms=3)
        left.plot(model["temperature"] - 273.15, model["heat_flow"] / 1e3, "k-", lw=0.8)
    left.set(xlabel="T / °C", ylabel="heat flow / W g⁻¹", title="2, 5, 10, 20 K/min: curves and fit", xlim=(100, 300))
    for rate, curve in zip(RATES, twice, strict=True):
        right.plot(curve["temperature"] - 273.15, curve["heat_flow"] / 1e3, label=f"{rate:.0f} K/min")
    right.set(xlabel="T / °C", title="lithiated graphite (Hatchard 2001)")
    right.legend(fontsize=8)
    record.figure("Simulated DSC with 0.5 % noise and its fit; two reactions of an anode.", figure)
