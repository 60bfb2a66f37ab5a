from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from scalith.crystal.supercells import lattice_cells
from scalith.lattice import ClusterExpansion, semi_grand_canonical
from scalith.lattice.kernels.canonical import canonical_chain
from scalith.lattice.kernels.fields import compute_fields
from scalith.lattice.kernels.metropolis import semi_grand_canonical_chain
from scalith.lattice.kernels.replicas import replica_chains
from scalith.lattice.sampling.monte_carlo import cooling_ladder, model_on
from scalith.quantities import InputError, Source
from scalith.quantities.constants import BOLTZMANN_EV
from tests.lattice.models import fcc_model, host, square_model


def quadruplet_model():
    count = len(ClusterExpansion.orbits_of(host(), 4.1, 2.9, 2.9))
    return ClusterExpansion.given(host(), tuple(np.random.default_rng(3).normal(0, 0.01, count)), 4.1, 2.9, 2.9)


@pytest.mark.parametrize("expansion", [fcc_model(), square_model(), quadruplet_model()])
def test_tables_give_the_energy_of_the_expansion(expansion):
    shape = (5, 5, 5) if expansion.host.lattice[0][0] == 0 else (5, 6, 1)
    model = model_on(expansion, shape)
    cells = lattice_cells(np.diag(shape))
    number = (cells[:, 0] * shape[1] + cells[:, 1]) * shape[2] + cells[:, 2]
    occupation = (np.random.default_rng(0).random(model.sites) < 0.4).astype(np.int8)
    field = np.empty(model.sites)
    found = model.constant + compute_fields(model.tables, occupation, field) / model.cells
    expected = expansion.energy(np.diag(shape), occupation[number], np.zeros(model.sites, dtype=int), cells)
    assert found == pytest.approx(expected, abs=1e-12)
    for site in (0, 7, 24):
        other = occupation.copy()
        other[site] = 1 - other[site]
        change = (model.constant + compute_fields(model.tables, other, np.empty(model.sites)) / model.cells - found) * model.cells
        assert change == pytest.approx((1 - 2 * occupation[site]) * field[site], abs=1e-10)


def test_the_running_energy_does_not_drift():
    for expansion in (fcc_model(), quadruplet_model()):
        model = model_on(expansion, 8)
        occupation = np.zeros(512, dtype=np.int8)
        filled, energies = np.empty((2, 200)), np.empty((2, 200))
        kT = np.full(2, 0.05)
        mu = np.array([-0.4, 0.4])
        drift = semi_grand_canonical_chain(model.tables, model.exchanged, occupation, kT, mu, 200, np.uint64(1), filled, energies)
        assert drift < 1e-9
        assert occupation.sum() == filled[-1, -1]
        active = np.arange(512)
        drift = canonical_chain(model.tables, active, occupation, kT, 50, np.uint64(1), np.empty((2, 50)))
        assert drift < 1e-9
        assert occupation.sum() == filled[-1, -1]


def test_canonical_and_grand_canonical_energies_agree():
    model = model_on(square_model(), (12, 12, 1))
    kT = np.array([0.06])
    mu = np.array([-1.0])
    occupation = np.zeros(144, dtype=np.int8)
    filled, energies = np.empty((1, 4000)), np.empty((1, 4000))
    semi_grand_canonical_chain(model.tables, model.exchanged, occupation, kT, mu, 4000, np.uint64(2), filled, energies)
    count = int(np.round(np.median(filled[0, 200:])))
    at_count = energies[0, 200:][filled[0, 200:] == count]
    fixed = np.zeros(144, dtype=np.int8)
    fixed[:count] = 1
    canonical = np.empty((1, 4000))
    canonical_chain(model.tables, np.arange(144), fixed, kT, 4000, np.uint64(3), canonical)
    assert fixed.sum() == count
    error = 3 * at_count.std() * np.sqrt(4.0 / len(at_count)) + 3 * canonical.std() * np.sqrt(20 / 4000)
    assert canonical[0, 200:].mean() == pytest.approx(at_count.mean(), abs=error)


def test_stoichiometry_and_symmetry_of_the_square_gas():
    sampled = semi_grand_canonical(square_model(), [400.0], cells=(12, 12, 1), sweeps=400, points=41, seed=1)
    assert float(sampled["x"].min()) < 0.006
    assert float(sampled["x"].max()) > 0.994
    # Pairs alone: x(μ₀ + δ) = 1 − x(μ₀ − δ) about μ₀, twice the point interaction.
    mu, x = sampled["mu"].values, sampled["x"].values[0]
    mirrored = 1 - np.interp(-2.0 - mu, mu, x)
    inside = np.abs(mu + 1.0) < 0.2
    assert np.abs(x - mirrored)[inside].max() < 0.02
    assert abs(float(sampled["grand_potential_closure"][0])) < 1e-3
    assert Source.from_json(sampled.attrs["source"]).settings["seed"] == 1
    for name in sampled.data_vars:
        assert {"units", "long_name"} <= set(sampled[name].attrs)


@pytest.mark.long
def test_a_seed_repeats_bit_for_bit_with_any_executor():
    arguments = {"cells": (8, 8, 1), "sweeps": 50, "points": 16, "seed": 5}
    first = semi_grand_canonical(square_model(), [300.0, 400.0], **arguments)
    with ThreadPoolExecutor(1) as pool:
        second = semi_grand_canonical(square_model(), [300.0, 400.0], executor=pool, **arguments)
    assert first.identical(second)
    other = semi_grand_canonical(square_model(), [300.0, 400.0], **(arguments | {"seed": 6}))
    assert not np.array_equal(first["x"].values, other["x"].values)


def test_progress_is_reported():
    heard = []
    semi_grand_canonical(
        square_model(),
        [300.0],
        np.linspace(-1.2, -0.8, 5),
        cells=(6, 6, 1),
        sweeps=20,
        seed=1,
        progress=lambda f, m: heard.append((f, m)),
    )
    assert heard[-1][0] == 1.0
    assert [fraction for fraction, _ in heard] == sorted(fraction for fraction, _ in heard)


def test_the_cooling_ladder_falls_from_disorder():
    model = model_on(square_model(), (8, 8, 1))
    ladder = cooling_ladder(model, 100.0)
    assert np.all(np.diff(ladder) < 0)
    assert ladder[-1] > 100.0
    assert BOLTZMANN_EV * ladder[0] == pytest.approx(0.3 * np.sqrt(4 * 0.048**2 + 4 * 0.016**2))
    assert len(cooling_ladder(model, 5000.0)) == 0


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"temperatures": [300.0, 200.0]}, "increasing"),
        ({"temperatures": [-5.0]}, "above 0 K"),
        ({"chemical_potentials": [0.0, 0.0]}, "increasing"),
        ({"sweeps": 3}, "at least 20"),
        ({"cells": (1, 6, 1)}, "own image"),
        ({"cells": (0, 6, 1)}, "positive whole"),
    ],
)
def test_bad_settings_are_named(changes, message):
    settings = {"temperatures": [300.0], "chemical_potentials": [0.0], "cells": (6, 6, 1), "sweeps": 50, "seed": 1} | changes
    with pytest.raises(InputError, match=message):
        semi_grand_canonical(square_model(), **settings)


def test_parallel_tempering_samples_the_exact_ensemble():
    shape, T, mu = (4, 4, 1), np.array([300.0, 600.0]), np.array([-1.05, -1.0])
    found = semi_grand_canonical(square_model(), T, mu, cells=shape, sweeps=8000, parallel_tempering=True, seed=3)
    model = model_on(square_model(), shape)
    states = (np.arange(2**16)[:, None] >> np.arange(16) & 1).astype(np.int8)
    field = np.empty(16)
    energies = np.array([compute_fields(model.tables, state, field) for state in states])
    ions = states.sum(axis=1)
    for k, temperature in enumerate(T):
        for m, potential in enumerate(mu):
            grand = (energies - potential * ions) / (BOLTZMANN_EV * temperature)
            weight = np.exp(grand.min() - grand)
            exact = weight @ ions / weight.sum() / 16
            error = float(found["x_error"][k, m])
            assert error < 0.01
            assert float(found["x"][k, m]) == pytest.approx(exact, abs=5 * error)
    assert 0.05 < float(found["exchange_rate"][0]) < 1.0


def test_replicas_do_not_drift():
    model = model_on(fcc_model(), 6)
    replicas = (np.random.default_rng(0).random((3, 216)) < 0.5).astype(np.int8)
    filled, energies, exchanges = np.empty((3, 100)), np.empty((3, 100)), np.empty(3)
    kT, mu, spring = np.array([0.08, 0.06, 0.05]), np.full(3, 0.2), np.full(3, 0.01)
    chains = (model.tables, model.exchanged, replicas, kT, mu, spring)
    assert replica_chains(*chains, 100.0, 100, np.uint64(1), filled, energies, exchanges) < 1e-9
    assert np.all((exchanges[:2] > 0) & (exchanges[:2] <= 1))
    assert np.abs(filled.mean(axis=1) - 100).max() < 40
