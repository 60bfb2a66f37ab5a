from __future__ import annotations

import numpy as np
import pytest

from scalith.lattice import ClusterExpansion, semi_grand_canonical, variance_constrained
from scalith.lattice.kernels.fields import compute_fields
from scalith.lattice.sampling.chains import replica_sweeps, semi_grand_chain
from scalith.lattice.sampling.monte_carlo import model_on
from scalith.quantities.constants import BOLTZMANN_EV
from tests.lattice.models import SQUARE, host, square_model

SHAPE = (2, 2, 1)


def two_kinds():
    """Corners of the square lattice and the middles of its edges; neighbours of either kind repel each other."""
    sites = host(SQUARE, ((0.0, 0.0, 0.0), (0.5, 0.0, 0.0), (0.0, 0.5, 0.0)))
    return ClusterExpansion.given(sites, (-1.0, -0.06, -0.02, 0.03), 1.6)


def exact(kT, mu):
    """⟨N⟩, ⟨E⟩ and the mean number of ions on corners of all 4096 configurations of 2 × 2 cells."""
    model = model_on(two_kinds(), SHAPE)
    states = (np.arange(2**12)[:, None] >> np.arange(12) & 1).astype(np.int8)
    field = np.empty(12)
    energies = np.array([compute_fields(model.tables, state, field) for state in states])
    grand = (energies - mu * states.sum(axis=1)) / kT
    weight = np.exp(grand.min() - grand)
    weight /= weight.sum()
    return weight @ states.sum(axis=1), model.constant + weight @ energies / model.cells, weight @ states[:, ::3].sum(axis=1)


def test_kinds_of_sites_are_counted_by_symmetry():
    assert model_on(two_kinds(), SHAPE).site_kinds == 2
    assert model_on(square_model(), (5, 6, 1)).site_kinds == 1


@pytest.mark.parametrize("parallel_tempering", [False, pytest.param(True, marks=pytest.mark.long)])
def test_sweeps_with_exchanges_sample_the_exact_ensemble(parallel_tempering):
    T, mu, sweeps = np.array([500.0, 800.0]), np.array([-0.3, 0.05]), 2000
    settings = {"cells": SHAPE, "sweeps": sweeps, "parallel_tempering": parallel_tempering, "seed": 2}
    found = semi_grand_canonical(two_kinds(), T, mu, **settings)
    for k, temperature in enumerate(T):
        for m, potential in enumerate(mu):
            ions, energy, _ = exact(BOLTZMANN_EV * temperature, potential)
            for name, expected in (("x", ions / 12), ("energy", energy)):
                error = float(found[f"{name}_error"][k, m])
                assert error < 0.02
                assert float(found[name][k, m]) == pytest.approx(expected, abs=5 * error)


def test_sites_of_either_kind_are_filled_as_in_the_exact_ensemble():
    model, kT, mu = model_on(two_kinds(), SHAPE), 0.05, 0.05
    occupation, filled, energies, corners = np.zeros(12, dtype=np.int8), np.empty((1, 2)), np.empty((1, 2)), []
    for seed in range(1000):
        semi_grand_chain(model, occupation, np.array([kT]), np.array([mu]), 2, np.uint64(seed), filled, energies)
        corners.append(occupation[::3].sum())
    assert np.mean(corners[20:]) == pytest.approx(exact(kT, mu)[2], abs=5 * np.std(corners) * np.sqrt(3.0 / len(corners)))


def test_an_exchange_leads_where_single_moves_do_not():
    # An ion in a deep corner blocks four edges; without thermal energy worth mention it cannot leave, but go over.
    sites = host(SQUARE, ((0.0, 0.0, 0.0), (0.5, 0.0, 0.0), (0.0, 0.5, 0.0)))
    blocked = ClusterExpansion.given(sites, (0.0, 0.0, 0.0, 0.2), 1.6)
    model = model_on(blocked, SHAPE)
    model.tables.point[:] = (-1.0, -1.05, -1.05)
    kT, mu, sweeps = np.array([0.01]), np.array([-0.7]), 200
    kept, moved = np.zeros(12, dtype=np.int8), np.zeros(12, dtype=np.int8)
    kept[0] = moved[0] = 1
    filled, energies = np.empty((1, sweeps)), np.empty((1, sweeps))
    semi_grand_chain(model._replace(site_kinds=1), kept, kT, mu, sweeps, np.uint64(1), filled, energies)
    semi_grand_chain(model, moved, kT, mu, sweeps, np.uint64(1), filled, energies)
    assert moved.tolist() == [0, 1, 1] * 4
    assert kept[0] == 1


def test_replicas_exchange_in_both_pairings_and_count_every_sweep():
    model = model_on(two_kinds(), SHAPE)
    replicas = (np.random.default_rng(0).random((3, 12)) < 0.5).astype(np.int8)
    states = (np.array([0.06, 0.05, 0.04]), np.full(3, -0.1), np.full(3, 0.01))
    filled, energies, exchanges = np.full((3, 401), np.nan), np.full((3, 401), np.nan), np.empty(3)
    replica_sweeps(model, replicas, states, 6.0, 401, np.uint64(1), filled, energies, exchanges)
    assert np.all(np.isfinite(filled))
    assert np.all(np.isfinite(energies))
    assert np.all((exchanges[:2] > 0.3) & (exchanges[:2] <= 1.0))
    assert exchanges[2] == 0.0


@pytest.mark.long
def test_the_constrained_chemical_potential_is_that_of_the_reservoir():
    kT, mu = 0.05, 0.05
    ions, _, _ = exact(kT, mu)
    found = variance_constrained(two_kinds(), [kT / BOLTZMANN_EV], [ions / 12], cells=SHAPE, sweeps=1000, stiffness=1.0, seed=1)
    # A soft spring hardly disturbs the few sites.
    assert float(found["chemical_potential"][0, 0]) == pytest.approx(mu, abs=0.01)
