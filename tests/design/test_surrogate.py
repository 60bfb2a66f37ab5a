"""A surrogate in the place of rungs: planted curves, planted noise, the error at new places."""

import numpy as np
import pytest
from scipy.stats import qmc

from scalith.design import fit_surrogate
from scalith.quantities import InputError, Property, Source

X, T = np.linspace(0.0, 1.0, 9), np.array([280.0, 320.0])
GIVEN = Source(kind="assumed", reference="planted")


def potential(barrier, shift, noise=0.0):
    values = 3.4 - shift * X[:, None] + barrier * np.sin(3.0 * X[:, None]) * T / 300.0 + noise
    return Property.from_arrays("open_circuit_voltage", {"x": X, "T": T}, values, "V", GIVEN)


def diffusivity(barrier, factor):
    values = factor * 1e-14 * np.exp(-barrier / 8.617e-5 * (1.0 / T - 1.0 / 300.0)) * (1.0 + X[:, None])
    return Property.from_arrays("diffusivity", {"x": X, "T": T}, values, "m2 s-1", GIVEN)


@pytest.fixture(scope="module")
def plan():
    u = qmc.Sobol(2, seed=0).random(16)
    return {"barrier": 0.2 + 0.4 * u[:, 0], "factor": 10.0 ** (u[:, 1] - 0.5)}


def test_curves_are_met_at_new_places_within_the_error(plan):
    members = [diffusivity(*row) for row in zip(*plan.values(), strict=True)]
    found = fit_surrogate(plan, members, logarithmic=["factor"])
    assert found.left < 1e-3
    answer = found({"barrier": 0.33, "factor": 2.0})
    truth = diffusivity(0.33, 2.0)
    assert np.allclose(answer.values, truth.values, rtol=0.02)
    assert np.all(np.abs(answer.values - truth.values) < 4.0 * answer.standard_error)
    assert answer.unit == "m2 s-1"
    assert answer.source.by.startswith("scalith.design.fit_surrogate")
    far = found({"barrier": 1.5, "factor": 2.0})
    assert np.all(far.standard_error / far.values > 10.0 * answer.standard_error / answer.values)


def test_what_members_scatter_by_themselves_is_in_the_error(plan):
    numbers = np.random.default_rng(4)
    members = [potential(b, f / 10.0, 0.004 * numbers.standard_normal()) for b, f in zip(*plan.values(), strict=True)]
    found = fit_surrogate(plan, members)
    answers = [found({"barrier": b, "factor": f}) for b, f in 0.25 + 0.3 * numbers.random((20, 2)) + np.array([0.0, 0.5])]
    error = np.array([answer.standard_error.values for answer in answers])
    assert 0.002 < np.sqrt(np.mean(np.square(error))) < 0.01


def test_an_ensemble_and_numbers_are_members_too(plan):
    stacked = np.stack([potential(b, f / 10.0).values.values for b, f in zip(*plan.values(), strict=True)])
    ensemble = Property.from_arrays("open_circuit_voltage", {"x": X, "T": T}, stacked, "V", GIVEN)
    answer = fit_surrogate(plan, ensemble)({"barrier": 0.4, "factor": 1.0})
    assert np.allclose(answer.values, potential(0.4, 0.1).values, atol=0.01)
    both = np.stack(list(plan.values()), axis=1)
    number = fit_surrogate({"deviates": both}, 2.0 + both @ [3.0, -1.0])({"deviates": [0.4, 1.0]})
    assert float(number) == pytest.approx(2.2, abs=1e-3)
    assert number.error < 0.01


@pytest.mark.parametrize(
    ("inputs", "members", "message"),
    [
        ({}, [1.0] * 8, "inputs: found 'none'"),
        ({"a": np.arange(4.0)}, np.arange(4.0), "at least 6"),
        ({"a": np.arange(8.0)}, np.arange(7.0), "7 with the inputs of 8"),
        ({"a": np.arange(8.0), "b": np.arange(9.0)}, np.arange(8.0), "8 of a, 9 of b"),
        ({"a": [np.nan] * 8}, np.arange(8.0), "1 finite number a member"),
        ({"a": np.arange(8.0)}, [np.inf] * 8, "one finite number for each member"),
        ({"a": np.arange(8.0)}, [*[potential(0.1, 0.1)] * 7, diffusivity(0.1, 1.0)], "each as the first"),
    ],
)
def test_members_that_cannot_be_learnt_from_say_why(inputs, members, message):
    with pytest.raises(InputError, match=message):
        fit_surrogate(inputs, members)


def test_inputs_that_it_was_not_learnt_over_are_named(plan):
    found = fit_surrogate(plan, plan["barrier"], logarithmic=["factor"])
    for inputs, message in (
        ({"barrier": 0.3}, "no 'factor'"),
        ({"barrier": 0.3, "factor": 1.0, "lenght": 1.0}, "lenght"),
        ({"barrier": 0.3, "factor": -1.0}, "it enters by its logarithm"),
    ):
        with pytest.raises(InputError, match=message):
            found(inputs)
    with pytest.raises(InputError, match="bariers"):
        fit_surrogate(plan, plan["barrier"], logarithmic=["bariers"])
