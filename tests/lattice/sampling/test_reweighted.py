"""Re-weighted orderings against exact enumeration and against sampling anew."""

from __future__ import annotations

import numpy as np
import pytest

from scalith.lattice import ClusterExpansion, reweighted_orderings, sample_clusters, semi_grand_canonical
from scalith.lattice.kernels.fields import compute_fields
from scalith.lattice.sampling.monte_carlo import model_on
from scalith.lattice.sampling.reweighted import ClusterSums, expansion_weights
from scalith.quantities import ConvergenceError, InputError
from scalith.quantities.constants import BOLTZMANN_EV
from tests.lattice.models import SQUARE, fcc_model, host, square_model

SHAPE = (3, 3, 1)
MU = [-1.1, -1.0, -0.9]


def square(constant=-1.0, point=-0.5, first=0.012, second=-0.004):
    return ClusterExpansion.given(host(SQUARE), (constant, point, first, second), 4.3)


@pytest.fixture(scope="module")
def samples():
    return sample_clusters(square_model(), [500.0, 600.0], MU, cells=SHAPE, sweeps=1500, samples=1500, seed=1)


def exact(expansion, T, mu):
    """x, energy per cell, fluctuations per site, ∂E/∂N and grand potential per site, of all 512 orderings."""
    model = model_on(expansion, SHAPE)
    states = ((np.arange(512)[:, None] >> np.arange(9)) & 1).astype(np.int8)
    E = np.array([9 * model.constant + compute_fields(model.tables, state, np.empty(9)) for state in states])
    N = states.sum(axis=1)
    exponents = -(E - mu * N) / (BOLTZMANN_EV * T)
    level = exponents.max()
    weights = np.exp(exponents - level)
    phi = -BOLTZMANN_EV * T * (level + np.log(weights.sum())) / 9
    weights /= weights.sum()
    x, energy = weights @ N, weights @ E
    variance = weights @ (N - x) ** 2
    return x / 9, energy / 9, variance / 9, (weights @ ((N - x) * E)) / variance, phi


@pytest.mark.parametrize("expansion", [fcc_model(), square_model()])
def test_sums_over_clusters_give_the_energy(expansion):
    shape = (5, 5, 5) if expansion.host.lattice[0][0] == 0 else (5, 6, 1)
    model, rng = model_on(expansion, shape), np.random.default_rng(0)
    occupations = (rng.random((3, model.sites)) < 0.4).astype(np.int8)
    found = ClusterSums.of(expansion, shape)(occupations) @ expansion_weights(expansion, False)
    for occupation, energy in zip(occupations, found, strict=True):
        assert energy == pytest.approx(
            model.constant * model.cells + compute_fields(model.tables, occupation, np.empty(model.sites))
        )


def test_other_interactions_give_what_enumeration_gives(samples):
    after = square(-1.01, -0.52, 0.016, -0.001)
    found = reweighted_orderings(samples, after)
    assert 0.3 < found.attrs["effective_share"] < 0.99
    told_apart = []
    for k, T in enumerate(found["T"].values):
        for m, mu in enumerate(MU):
            one = found.isel(T=k, mu=m)
            at = float(one["chemical_potential"])
            x, energy, fluctuations, partial, phi = exact(after, T, at)
            assert abs(float(one["x"]) - x) < 4.0 * float(one["x_error"])
            assert abs(float(one["energy"]) - energy) < 4.0 * float(one["energy_error"])
            assert abs(float(one["fluctuations"]) - fluctuations) < 4.0 * float(one["fluctuations_error"])
            assert abs(float(one["partial_energy"]) - partial) < 4.0 * float(one["partial_energy_error"])
            step = float(one["grand_potential"] - samples["grand_potential"][k, m])
            assert step == pytest.approx(phi - exact(square_model(), T, mu)[-1], abs=1e-3)
            told_apart.append(abs(exact(square_model(), T, at)[0] - x) / float(one["x_error"]))
    assert np.median(told_apart) > 4.0  # the check is fine enough to tell the interactions apart


def test_an_energy_per_ion_moves_the_chemical_potential_and_nothing_else(samples):
    # E' = E + 0.03 N: J₀' = J₀ + 0.015, J₁' = J₁ + 0.015 in spins.
    found = reweighted_orderings(samples, square(-0.985, -0.485), least_share=1.0 - 1e-9)
    assert found["chemical_potential"].values == pytest.approx(samples["mu"].values + 0.03 + 0.0 * found["x"].values)
    for name in ("x", "x_error", "fluctuations", "grand_potential"):
        assert found[name].values == pytest.approx(samples[name].values)
    assert found["energy"].values == pytest.approx((samples["energy"] + 0.03 * samples["x"]).values)
    assert found["partial_energy"].values == pytest.approx(samples["partial_energy"].values + 0.03)


def test_the_same_interactions_change_nothing(samples):
    found = reweighted_orderings(samples, square_model(), least_share=1.0 - 1e-9)
    for name in ("x", "energy", "fluctuations", "partial_energy", "grand_potential", "x_error", "energy_error"):
        assert found[name].values == pytest.approx(samples[name].values, rel=1e-12)


def test_a_seed_draws_the_error_of_the_sampling(samples):
    drawn = np.array([reweighted_orderings(samples, square_model(), seed=seed)["x"].values for seed in range(60)])
    assert drawn.mean(axis=0) == pytest.approx(samples["x"].values, abs=4 * float(samples["x_error"].max()) / np.sqrt(60))
    assert drawn.std(axis=0) == pytest.approx(samples["x_error"].values, rel=0.35)
    again = reweighted_orderings(samples, square_model(), seed=7)["x"].values
    assert np.array_equal(again, drawn[7])


def test_interactions_too_far_off_are_to_be_sampled_anew(samples):
    with pytest.raises(ConvergenceError, match=r"at 500 K fewer than 30 % of the configurations count at \d+ % of .* anew"):
        reweighted_orderings(samples, square(first=0.15))


def test_other_clusters_are_rejected(samples):
    with pytest.raises(InputError, match="other clusters"):
        reweighted_orderings(samples, fcc_model())
    with pytest.raises(InputError, match="no cluster_sum"):
        reweighted_orderings(samples.drop_vars("interaction"), square_model())


@pytest.mark.long
@pytest.mark.parametrize("parallel_tempering", [False, True])
def test_states_are_those_of_sampling_anew(parallel_tempering):
    T, after = [500.0, 700.0], fcc_model((0.0105, -0.0038, 0.0021), 0.0029)
    options = {"cells": 6, "sweeps": 200, "parallel_tempering": parallel_tempering}
    found = reweighted_orderings(sample_clusters(fcc_model(), T, np.linspace(0.0, 0.8, 6), seed=3, **options), after)
    for k in range(2):
        anew = semi_grand_canonical(after, T, found["chemical_potential"].values[k], seed=1, **options).isel(T=k)
        for name in ("x", "energy", "fluctuations"):
            apart = np.abs(found[name].values[k] - anew[name].values)
            assert np.all(apart < 4.0 * np.hypot(found[f"{name}_error"].values[k], anew[f"{name}_error"].values))


def test_states_that_were_not_of_equilibrium_stay_marked(samples):
    assert samples["stable"].all()
    marked = samples.copy(deep=True)
    marked["stable"].values[1, 1] = False
    found = reweighted_orderings(marked, square_model())
    assert np.argwhere(~found["stable"].values).tolist() == [[1, 1]]
