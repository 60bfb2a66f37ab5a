from __future__ import annotations

import numpy as np
import pytest

from scalith.lab import fit_kinetics, sample_posterior, simulate_dsc
from scalith.pack import ReactionSet
from scalith.quantities import ConvergenceError, InputError

emcee = pytest.importorskip("emcee")
PARAMETERS = ("reaction.frequency_factor", "reaction.activation_energy", "reaction.heat")


@pytest.fixture(scope="module")
def planted() -> ReactionSet:
    reaction = {"frequency_factor": 3e13, "activation_energy": 135e3, "heat": 9e5, "content": 600.0, "orders": {"x": 1.0}}
    return ReactionSet(name="planted", reference="made up", states={"x": 1.0}, reactions={"reaction": reaction})


@pytest.fixture(scope="module")
def curves(planted):
    generator = np.random.default_rng(3)
    found = []
    for rate in (5.0, 20.0):
        curve = simulate_dsc(planted, rate / 60, start=380.0, end=560.0, sample_density=600.0)
        noise = 0.02 * float(curve["heat_flow"].max()) * generator.standard_normal(curve.sizes["time"])
        found.append(curve.assign(heat_flow=curve["heat_flow"] + noise))
    return found


@pytest.fixture(scope="module")
def fit(planted, curves):
    return fit_kinetics(curves, planted, parameters=PARAMETERS, points=60)


@pytest.fixture(scope="module")
def sampled(fit, curves):
    return sample_posterior(fit, curves, points=60, walkers=6, samples=300, seed=5)


@pytest.mark.long
def test_posterior_of_a_well_determined_fit_is_its_normal_distribution(planted, curves):
    """Many points, small noise: the likelihood is Gaussian in the scale of the fit (Bernstein–von Mises).

    One curve: the likelihood knows nothing of what differs from curve to curve.
    """
    fit = fit_kinetics(curves[1:], planted, parameters=PARAMETERS, points=60)
    sampled = sample_posterior(fit, curves[1:], points=60, walkers=6, samples=300, seed=5)
    errors = np.sqrt(np.diag(fit.covariance))
    np.testing.assert_allclose(np.sqrt(np.diag(sampled.covariance)), errors, rtol=0.25)
    assert np.all(np.abs(np.array(sampled.values) - fit.values) < 0.5 * errors)


@pytest.mark.long
def test_what_differs_from_curve_to_curve_only_widens_the_errors_of_a_fit(fit, sampled):
    stated, likely = np.sqrt(np.diag(fit.covariance)), np.sqrt(np.diag(sampled.covariance))
    assert np.all(stated > 0.75 * likely)
    assert np.all(np.abs(np.array(sampled.values) - fit.values) < 0.5 * stated)


@pytest.mark.long
def test_planted_values_lie_within_the_posterior(planted, sampled):
    energies = [one.value("reaction.activation_energy") for one in sampled.draws(300, seed=1)]
    low, high = np.quantile(energies, [0.001, 0.999])
    assert low < planted.value("reaction.activation_energy") < high


def short(fit, curves, seed):
    with pytest.raises(ConvergenceError, match="autocorrelation times long instead of 50") as caught:
        sample_posterior(fit, curves, points=60, walkers=6, largest_steps=50, samples=40, seed=seed)
    return caught.value.partial


@pytest.fixture(scope="module")
def partial(fit, curves):
    """A chain that is too short is refused, with the samples so far."""
    return short(fit, curves, 5)


def test_draws_are_samples_and_repeat(partial):
    first, second = partial.draws(5, seed=2), partial.draws(5, seed=2)
    assert [one.digest for one in first] == [one.digest for one in second]
    heats = [float(np.exp(row[2])) for row in partial.samples]
    assert all(min(abs(one.value("reaction.heat") - heat) for heat in heats) < 1e-3 for one in first)


@pytest.mark.long
def test_sampling_repeats_with_its_seed_and_knows_its_parent(fit, curves, partial):
    assert short(fit, curves, 5).samples == partial.samples
    assert short(fit, curves, 6).samples != partial.samples
    assert fit.digest in partial.source.parents


def test_bad_input_is_named(fit, curves):
    with pytest.raises(InputError, match="curves"):
        sample_posterior(fit, [])
    with pytest.raises(InputError, match="samples"):
        sample_posterior(fit, curves, samples=0)
    with pytest.raises(InputError, match="at least 6, twice the parameters"):
        sample_posterior(fit, curves, walkers=4)
