import numpy as np
import pytest

from scalith.lab.calorimetry import simulate_dsc
from scalith.lab.kinetic_fit import fit_dsc, kinetics_from_peaks, kissinger, ozawa
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
    fit = fit_dsc(noisy, start, points=120)
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
        fit_dsc([], ONE)
    with pytest.raises(InputError, match="did you mean"):
        fit_dsc(CURVES, ONE, parameters=["x.heatt"])
    with pytest.raises(InputError, match="baseline"):
        fit_dsc([CURVES[0].assign(heat_flow=CURVES[0]["heat_flow"] + 1e3)], ONE)


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
