"""Fits of circuits: planted parameters come back without a first guess, intervals cover them, bounds and errors are said."""

from __future__ import annotations

import numpy as np
import pytest

from scalith.lab.impedance import compare_circuits, fit_circuit, parse_circuit
from scalith.lab.measurement import spectrum
from scalith.quantities import InputError

FREQUENCIES = np.geomspace(1e-2, 1e5, 60)
PLANTED = {
    "R0-p(R1-Ws1,Q1)": [10, 50, 80, 20, 1e-5, 0.85],
    "R0-p(R1,C1)-W1": [5, 20, 1e-4, 3],
    "R0-Zarc1-Zarc2": [10, 50, 1e-3, 0.8, 50, 1e-2, 0.8],
    "R0-p(R1-W1,C1)": [5, 20, 2, 1e-5],
    "R0-t(R1,p(R2-S1,Q1))": [1, 3, 5, 2, 50, 1e-3, 0.9],
    "L0-R0-p(R1,Q1)-Ws1": [1e-7, 10, 50, 1e-5, 0.85, 30, 10],
    "R0-G1": [1, 5, 0.1],
    "R0-p(R1,C1)-p(R2,C2)-p(R3,C3)": [1, 2, 1e-4, 3, 1e-3, 2, 1e-1],
}


def noisy(circuit, values, noise, seed=0):
    z = parse_circuit(circuit).impedance(FREQUENCIES, values)
    numbers = np.random.default_rng(seed)
    return z + noise * np.abs(z) * (numbers.standard_normal(z.size) + 1j * numbers.standard_normal(z.size))


@pytest.mark.parametrize("circuit", PLANTED)
def test_planted_values_come_back_without_a_guess(circuit):
    fit = fit_circuit(circuit, spectrum(FREQUENCIES, noisy(circuit, PLANTED[circuit], 0.0)))
    assert np.allclose(list(fit.values.values()), PLANTED[circuit], rtol=1e-5)
    assert fit.rms < 1e-9


@pytest.mark.parametrize("circuit", PLANTED)
def test_with_noise_the_planted_values_are_within_four_errors(circuit):
    fit = fit_circuit(circuit, spectrum(FREQUENCIES, noisy(circuit, PLANTED[circuit], 2e-3)))
    planted = dict(zip(fit.circuit.names, PLANTED[circuit], strict=True))
    for name in fit.free:
        assert abs(fit.values[name] - planted[name]) < 4 * fit.standard_error(name), name


def test_profile_and_covariance_agree_where_the_problem_is_nearly_linear():
    circuit = "R0-p(R1,C1)"
    fit = fit_circuit(circuit, spectrum(FREQUENCIES, noisy(circuit, [10, 50, 1e-5], 1e-3)))
    for name in fit.free:
        assert np.allclose(fit.profile_interval(name), fit.interval(name), rtol=1e-3)


def test_a_parameter_that_the_data_do_not_tell_has_no_end():
    """Measured above its arc only, a resistor beside a capacitor is bounded from below."""
    f = np.geomspace(1e3, 1e5, 30)
    z = parse_circuit("R0-p(R1,C1)").impedance(f, [10, 1e5, 1e-5])
    numbers = np.random.default_rng(1)
    z = z + 1e-2 * np.abs(z) * (numbers.standard_normal(30) + 1j * numbers.standard_normal(30))
    fit = fit_circuit("R0-p(R1,C1)", spectrum(f, z), start={"R0": 10.0, "R1": 1e5, "C1": 1e-5})
    low, high = fit.profile_interval("R1") if "R1" in fit.free else (fit.values["R1"], np.inf)
    assert low < 1e5
    assert high == np.inf


def test_known_noise_is_not_scaled():
    circuit = "R0-p(R1,C1)"
    z = noisy(circuit, [10, 50, 1e-5], 1e-3)
    data = spectrum(FREQUENCIES, z)
    known = fit_circuit(circuit, data, noise=2e-3 * np.abs(z))
    unknown = fit_circuit(circuit, data)
    assert known.chi_squared / known.degrees_of_freedom == pytest.approx(0.25, rel=0.3)
    assert known.standard_error("R1") / unknown.standard_error("R1") == pytest.approx(2.0, rel=0.2)


def test_an_ideal_capacitor_holds_the_exponent_at_its_bound():
    fit = fit_circuit("R0-p(R1,Q1)", spectrum(FREQUENCIES, noisy("R0-p(R1,C1)", [10, 50, 1e-5], 0.0)))
    assert fit.at_bound == ("Q1.alpha",)
    with pytest.raises(InputError, match="at its bound"):
        fit.interval("Q1.alpha")


def test_a_circuit_with_parts_too_many_ends_in_its_flat_valley():
    """A sum of squares that no longer falls is a minimum, however far its parameters could still slide."""
    gains = []
    for seed in (1, 2, 3, 4, 20):
        measured = spectrum(FREQUENCIES, noisy("R0-p(R1-Ws1,Q1)", [0.01, 0.05, 0.08, 20.0, 0.5, 0.85], 3e-3, seed))
        right, more = fit_circuit("R0-p(R1-Ws1,Q1)", measured), fit_circuit("R0-p(R1-Ws1,Q1)-p(R2,Q2)", measured)
        assert more.chi_squared == pytest.approx(right.chi_squared, rel=0.08)
        gains.append(more.aicc - right.aicc)
    # Once in a while noise looks like a second arc.
    assert np.sum(np.array(gains) > 0.0) >= 4
    assert np.mean(gains) > 2.0


def test_fixed_values_stay_and_bounds_hold():
    data = spectrum(FREQUENCIES, noisy("R0-p(R1,Q1)", [10, 50, 1e-5, 0.9], 1e-3))
    fit = fit_circuit("R0-p(R1,Q1)", data, fixed={"Q1.alpha": 0.9}, bounds={"R1": (60.0, 70.0)})
    assert fit.values["Q1.alpha"] == 0.9
    assert fit.at_bound == ("R1",)
    assert fit.values["R1"] == pytest.approx(60.0)


def test_the_right_circuit_wins():
    data = spectrum(FREQUENCIES, noisy("R0-p(R1,Q1)", [10, 50, 1e-5, 0.85], 2e-3))
    order = [fit.circuit.text for fit in compare_circuits(["R0-p(R1,C1)", "R0-p(R1,Q1)", "R0-p(R1,Q1)-p(R2,Q2)"], data)]
    assert order[0] == "R0-p(R1,Q1)"
    fits = compare_circuits(["R0-p(R1,Q1)", "R0-p(R1,Q1)-p(R2,Q2)"], data)
    assert fits[0].bic < fits[1].bic


@pytest.mark.parametrize("weights", ["unit", "proportional"])
def test_other_weights_find_the_same_minimum_without_noise(weights):
    fit = fit_circuit("R0-p(R1,C1)", spectrum(FREQUENCIES, noisy("R0-p(R1,C1)", [10, 50, 1e-5], 0.0)), weights=weights)
    assert np.allclose(list(fit.values.values()), [10, 50, 1e-5], rtol=1e-6)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"start": {"R9": 1.0}}, "R9: found no such parameter"),
        ({"start": {"R0": 1.0}}, "R1, C1: found no value"),
        ({"weights": "none"}, "expected 'unit', 'modulus' or 'proportional'"),
        ({"noise": -1.0}, "expected positive standard errors"),
        ({"bounds": {"R0": (2.0, 1.0)}}, "bounds of R0"),
    ],
)
def test_wrong_options_are_named(options, words):
    data = spectrum(FREQUENCIES, noisy("R0-p(R1,C1)", [10, 50, 1e-5], 0.0))
    with pytest.raises(InputError) as caught:
        fit_circuit("R0-p(R1,C1)", data, **options)
    assert words in str(caught.value)


def test_fewer_data_than_parameters():
    with pytest.raises(InputError, match="expected more than 1 for"):
        fit_circuit("R0-p(R1,C1)", spectrum([1.0], [1 - 1j]))


def test_two_parameters_that_only_their_sum_is_known_of_have_no_end():
    planted = {"R0": 5.0, "R2": 5.0, "R1": 50.0, "C1": 1e-5}
    circuit = "R0-R2-p(R1,C1)"
    z = noisy(circuit, [planted[name] for name in parse_circuit(circuit).names], 1e-3)
    fit = fit_circuit(circuit, spectrum(FREQUENCIES, z))
    assert np.isinf(fit.standard_error("R0"))
    assert np.isinf(fit.standard_error("R2"))
    assert fit.standard_error("R1") < 0.1
    alone = fit_circuit("R0-p(R1,C1)", spectrum(FREQUENCIES, z))
    assert fit.standard_error("R1") == pytest.approx(alone.standard_error("R1"), rel=0.02)
    low, high = fit.profile_interval("R0")
    assert low < 1.0 < 9.0 < high


@pytest.mark.parametrize(("circuit", "fixed"), [("R0-p(R1,C1)", {"R0": 0.0}), ("R0-p(R1,C1)", {"R0": -5.0})])
def test_fixed_values_are_checked(circuit, fixed):
    with pytest.raises(InputError, match=r"R0: found .* expected a positive number"):
        fit_circuit(circuit, spectrum(FREQUENCIES, noisy(circuit, [10, 50, 1e-5], 0.0)), fixed=fixed)
