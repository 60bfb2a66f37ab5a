import numpy as np
import pytest

from scalith.lab import fit_kinetics, kinetics_from_peaks, kissinger, ozawa
from scalith.lab.calorimetry import simulate_dsc
from scalith.pack import ReactionSet
from scalith.quantities import InputError

R = 8.31446261815324
PLANTED = {"frequency_factor": 3e13, "activation_energy": 135e3, "heat": 9e5}
ONE = ReactionSet.read(
    {
        "name": "one",
        "reference": "test",
        "states": {"x": 1.0},
        "reactions": {"x": {**PLANTED, "content": 600.0, "orders": {"x": 1.0}}},
    }
)
CURVES = [simulate_dsc(ONE, rate / 60, start=350.0, end=620.0, sample_density=600.0) for rate in (2.0, 10.0)]


def exact_peaks(rates):
    """Peaks of a first-order reaction: E β/(R T²) = A exp(−E/RT)."""
    from scipy.optimize import brentq

    return [brentq(lambda T, b=b: np.log(135e3 * b / (R * T * T)) - np.log(3e13) + 135e3 / (R * T), 300.0, 800.0) for b in rates]


def test_kissinger_is_exact_for_first_order():
    rates = np.array([1.0, 3.0, 10.0, 30.0]) / 60
    line = kissinger(rates, exact_peaks(rates))
    assert line.activation_energy == pytest.approx(135e3, rel=1e-9)
    assert line.log_frequency_factor == pytest.approx(np.log(3e13), rel=1e-9)
    assert line.activation_energy_error < 1.0


def test_ozawa_is_close():
    rates = np.array([1.0, 3.0, 10.0, 30.0]) / 60
    assert ozawa(rates, exact_peaks(rates)).activation_energy == pytest.approx(135e3, rel=0.01)


def test_first_guess_from_peaks():
    guess = kinetics_from_peaks(CURVES, {"x": (355.0, 615.0)}, content=600.0)
    reaction = guess.reactions["x"]
    assert reaction.activation_energy == pytest.approx(135e3, rel=0.02)
    assert reaction.heat == pytest.approx(9e5, rel=1e-3)
    assert reaction.orders["x"] == pytest.approx(1.0, abs=0.15)


def test_fit_finds_the_planted_numbers_and_its_own_error():
    generator = np.random.default_rng(5)
    noisy = [
        c.assign(heat_flow=c["heat_flow"] + 0.01 * float(c["heat_flow"].max()) * generator.standard_normal(c.sizes["time"]))
        for c in CURVES
    ]
    start = ONE.with_values({"x.activation_energy": 130e3, "x.frequency_factor": 1e13, "x.heat": 8e5})
    fit = fit_kinetics(noisy, start, points=120)
    for key, value in PLANTED.items():
        found, error = fit.kinetics.value(f"x.{key}"), fit.standard_error(f"x.{key}")
        assert abs(found - value) < 5 * error
    assert fit.residual == pytest.approx(0.01, rel=0.5)
    assert fit.source.parents[0] == start.digest
    draws = fit.draws(300, seed=1)
    energies = np.array([draw.reactions["x"].activation_energy for draw in draws])
    assert energies.std() == pytest.approx(fit.standard_error("x.activation_energy"), rel=0.2)
    assert fit.draws(2, seed=1)[1].digest == draws[1].digest != fit.kinetics.digest


def test_what_curves_cannot_tell_is_said():
    with pytest.raises(InputError, match="at least one"):
        fit_kinetics([], ONE)
    with pytest.raises(InputError, match="did you mean"):
        fit_kinetics(CURVES, ONE, parameters=["x.heatt"])
    with pytest.raises(InputError, match="baseline"):
        fit_kinetics([CURVES[0].assign(heat_flow=CURVES[0]["heat_flow"] + 1e3)], ONE)


def test_bad_peaks_are_refused():
    with pytest.raises(InputError, match="different heating rates"):
        kissinger([0.1, 0.1], [500.0, 501.0])
    with pytest.raises(InputError, match="rise with"):
        kissinger([0.1, 0.2], [500.0, 490.0])
    with pytest.raises(InputError, match="kelvin"):
        kissinger([0.1, 0.2], [140.0, 150.0])
    with pytest.raises(InputError, match="edge of the window"):
        kinetics_from_peaks(CURVES, {"x": (355.0, 400.0)})
    with pytest.raises(InputError, match="different heating rates"):
        kinetics_from_peaks(CURVES[:1], {"x": (355.0, 615.0)})


def test_a_hold_and_a_lag_do_not_disturb_the_fit():
    """The fit follows the measured temperature: 20 min at 400 K, and a furnace that lags, within 1 % of E."""
    from scipy.integrate import solve_ivp

    from scalith.lab.calorimetry import dsc_curve
    from scalith.quantities import Source

    curves = []
    for rate in (5 / 60, 20 / 60):
        hold = 60.0 / rate

        def temperature(t, rate=rate, hold=hold):
            ramp = np.where(t < hold, t, np.where(t < hold + 1200.0, hold, t - 1200.0))
            return 340.0 + rate * (ramp - 60.0 * (1.0 - np.exp(-t / 60.0)))

        time = np.linspace(0.0, 250.0 / rate + 1200.0, 2000)

        def speed(t, x, temperature=temperature):
            return [3e13 * np.exp(-135e3 / (R * float(temperature(t)))) * (1 - x[0])]

        done = solve_ivp(speed, time[[0, -1]], [0.0], t_eval=time, rtol=1e-9, atol=1e-12, method="LSODA", max_step=10.0)
        flow = 9e5 * np.array([speed(t, [x])[0] for t, x in zip(time, done.y[0], strict=True)])
        mean = float(np.polyfit(time, temperature(time), 1)[0])
        curves.append(dsc_curve(time, temperature(time), flow, mean, Source(kind="assumed", reference="planted")))
    start = ONE.with_values({"x.activation_energy": 140e3, "x.frequency_factor": 1e14})
    fit = fit_kinetics(curves, start, parameters=["x.frequency_factor", "x.activation_energy", "x.heat"], points=100)
    assert fit.kinetics.value("x.activation_energy") == pytest.approx(135e3, rel=2e-3)
    assert fit.kinetics.value("x.heat") == pytest.approx(9e5, rel=2e-3)


def test_an_endothermic_reaction_is_fitted():
    melting = ONE.with_values({"x.heat": -2e5})
    curves = [simulate_dsc(melting, rate / 60, start=350.0, end=620.0, sample_density=600.0) for rate in (2.0, 10.0)]
    guess = kinetics_from_peaks(curves, {"x": (355.0, 615.0)}, content=600.0)
    assert guess.reactions["x"].heat == pytest.approx(-2e5, rel=1e-3)
    fit = fit_kinetics(curves, guess, points=80)
    assert fit.kinetics.value("x.heat") == pytest.approx(-2e5, rel=1e-4)
    assert fit.kinetics.value("x.activation_energy") == pytest.approx(135e3, rel=1e-4)
    with pytest.raises(InputError, match="sign"):
        fit_kinetics(curves, ONE)


@pytest.mark.long
def test_dsc_and_arc_together_tell_more_than_either():
    """Planted set from both kinds, each weighted by its own scatter; the errors hold."""
    from scalith.lab import simulate_arc

    noise = np.random.default_rng(8)
    slow = ONE.with_values({"x.heat": 3e5})
    dsc = [
        c.assign(heat_flow=c["heat_flow"] + 0.03 * float(c["heat_flow"].max()) * noise.standard_normal(c.sizes["time"]))
        for c in (simulate_dsc(slow, rate / 60, start=350.0, end=620.0, sample_density=600.0) for rate in (2.0, 10.0))
    ]
    arc = simulate_arc(slow, specific_heat=1100.0, sample_density=600.0, thermal_inertia=1.5, start=340.0, end=650.0)
    arc = arc.assign(self_heating=arc["self_heating"] * np.exp(0.05 * noise.standard_normal(arc.sizes["time"])))
    start = slow.with_values({"x.activation_energy": 132e3, "x.frequency_factor": 1.3e13, "x.heat": 2.7e5})
    keys = ["x.frequency_factor", "x.activation_energy", "x.heat"]
    both = fit_kinetics([*dsc, arc], start, parameters=keys, points=100)
    for key, value in (("x.activation_energy", 135e3), ("x.heat", 3e5)):
        assert abs(both.kinetics.value(key) - value) < 4 * both.standard_error(key)
    assert both.deviations[0] == pytest.approx(0.03, rel=0.3)
    assert both.deviations[2] == pytest.approx(0.05, rel=0.4)
    assert both.standard_error("x.activation_energy") < 2e3
