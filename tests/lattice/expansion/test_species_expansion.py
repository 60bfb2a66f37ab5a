"""More than two species a site: cluster vectors against icet's, fits, and Monte Carlo against exact enumeration."""

from __future__ import annotations

import json
from itertools import permutations
from pathlib import Path

import numpy as np
import pytest

from scalith.crystal import Host, HostSite, enumerate_orderings
from scalith.crystal.supercells import lattice_cells
from scalith.lattice import (
    ClusterExpansion,
    Species,
    SpeciesExpansion,
    cluster_orbits,
    cluster_vector,
    decorated_orbits,
    fit_species_expansion,
    species_canonical,
    species_vector,
)
from scalith.lattice.expansion.species_expansion import site_functions
from scalith.lattice.kernels.species import species_energy
from scalith.lattice.sampling.species_monte_carlo import species_tables
from scalith.quantities import InputError, Source
from scalith.quantities.constants import BOLTZMANN_EV
from tests.lattice.models import FCC, SQUARE, host

TERNARY = ("Al", "Cu", "Zn")


def site(place, species, charges=None):
    return HostSite(position=place, species=species, charges=charges or (0.0,) * len(species))


def alloy(rows=FCC, sites=None):
    return Host(name="alloy", working_ion="Al", lattice=rows, sites=sites or (site((0, 0, 0), TERNARY),))


def salt():
    return alloy(sites=(site((0, 0, 0), TERNARY), site((0.5, 0.5, 0.5), ("O", "S"))))


def arrangement(item, sublattices):
    offset = np.array(item["offset"])
    sublattice = np.repeat(np.arange(sublattices), len(offset))
    return Species(
        np.array(item["cell"]), np.array(item["species"], dtype=np.int8), sublattice, np.tile(offset, (sublattices, 1))
    )


@pytest.mark.parametrize(
    ("name", "model", "cutoffs"),
    [("fcc", alloy(), (4 * np.sqrt(1.5) + 0.01, 4 / np.sqrt(2) + 0.01)), ("rock_salt", salt(), (3.0, 2.9))],
)
def test_cluster_vectors_equal_those_of_icet(name, model, cutoffs):
    reference = json.loads((Path(__file__).parent / "icet_species_vectors.json").read_text())[name]
    orbits = decorated_orbits(model, *cutoffs)
    theirs = np.array([item["vector"] for item in reference])
    ours = np.array([species_vector(model, orbits, arrangement(item, len(model.active))) for item in reference])
    assert ours.shape == theirs.shape
    # The two order the decorations of one cluster differently: each of ours is one of theirs, one to one.
    left = list(range(theirs.shape[1]))
    for column in ours.T:
        away = np.abs(theirs[:, left] - column[:, None]).max(axis=0)
        assert away.min() < 1e-12
        left.pop(int(np.argmin(away)))
    assert not left


def test_site_functions_are_orthogonal():
    for count in (2, 3, 4, 5):
        functions = site_functions(count)
        assert np.allclose(functions.sum(axis=1), 0.0)
        gram = functions @ functions.T
        assert np.allclose(gram, np.diag(np.diag(gram)))


def test_two_species_are_the_spins_of_the_binary_path():
    orderings = enumerate_orderings(host(), [3, 4])
    orbits, decorated = cluster_orbits(host(), 4.1, 2.9), decorated_orbits(host(), 4.1, 2.9)
    for k in range(orderings.sizes["structure"]):
        row = orderings["filled"].values[k]
        arrays = [orderings[name].values[k][row >= 0] for name in ("sublattice", "offset")]
        spins = cluster_vector(orbits, orderings["supercell"].values[k], row[row >= 0], *arrays)
        # The first species of a site, the filled one, is number 0, whose function is −1.
        found = Species(orderings["supercell"].values[k], (1 - row[row >= 0]).astype(np.int8), *arrays)
        signs = np.array([(-1.0) ** orbit.order for orbit in orbits])
        assert np.allclose(species_vector(host(), decorated, found), signs * spins, atol=1e-13)


def random_expansion(model, *cutoffs, scale=0.02, seed=0):
    orbits = decorated_orbits(model, *cutoffs)
    values = np.random.default_rng(seed).normal(0.0, scale, len(orbits))
    return SpeciesExpansion(
        host=model, orbits=orbits, interactions=tuple(values), source=Source(kind="assumed", reference="planted")
    )


def test_planted_interactions_come_back():
    planted = random_expansion(alloy(), 4.1, 2.9)
    rng = np.random.default_rng(1)
    cell = np.array([[2, 1, 0], [0, 2, 1], [1, 0, 2]])
    offset = lattice_cells(cell)
    arrangements = [
        Species(cell, rng.integers(0, 3, len(offset)).astype(np.int8), np.zeros(len(offset), dtype=int), offset)
        for _ in range(80)
    ]
    energies = [planted.energy(item) for item in arrangements]
    found = fit_species_expansion(alloy(), arrangements, energies, pair_cutoff=4.1, triplet_cutoff=2.9)
    assert [found.energy(item) for item in arrangements[:9]] == pytest.approx(energies[:9], abs=1e-9)
    assert found.leave_one_out_error < 1e-8
    with pytest.raises(InputError, match="finite numbers"):
        fit_species_expansion(alloy(), arrangements, energies[:-1], pair_cutoff=4.1)


@pytest.mark.parametrize("model", [alloy(), salt()])
def test_kernel_and_cluster_vector_give_one_energy(model):
    expansion = random_expansion(model, 2.9, 2.9)
    shape = (4, 4, 5)
    tables = species_tables(expansion, shape)
    cells = np.indices(shape).reshape(3, -1).T
    count = len(model.active)
    rng = np.random.default_rng(2)
    kinds = [len(model.sites[index].species) for index in model.active]
    species = np.stack([rng.integers(0, kind, len(cells)) for kind in kinds], axis=1).astype(np.int8)
    found = species_energy(tables, species.ravel()) / len(cells) + expansion.interactions[0]
    given = Species(np.diag(shape), species.T.ravel(), np.repeat(np.arange(count), len(cells)), np.tile(cells, (count, 1)))
    assert found == pytest.approx(expansion.energy(given), abs=1e-12)


def test_exchanges_sample_the_exact_ensemble_and_keep_composition_and_charge():
    sites = (site((0, 0, 0), ("Li", "Na", "vacancy"), (1.0, 1.0, 0.0)), site((0.5, 0.5, 0.5), ("O",), (-2.0,)))
    model = Host(name="mixed", working_ion="Li", lattice=SQUARE, sites=sites)
    expansion = random_expansion(model, 3.1, scale=0.03)
    shape, T = (3, 3, 1), 600.0
    tables = species_tables(expansion, shape)
    base = (0, 0, 0, 1, 1, 2, 2, 2, 2)
    energies = np.array([species_energy(tables, np.array(item, dtype=np.int8)) for item in set(permutations(base))])
    weight = np.exp(-(energies - energies.min()) / (BOLTZMANN_EV * T))
    exact = float(weight @ energies / weight.sum()) / 9 + expansion.interactions[0]
    composition = [{"Li": 3 / 9, "Na": 2 / 9, "vacancy": 4 / 9}]
    found = species_canonical(expansion, [T, 900.0], composition, cells=shape, sweeps=20_000, seed=1)
    error = float(found["energy_error"][0])
    assert 0 < error < 1e-3
    assert float(found["energy"][0]) == pytest.approx(exact, abs=5 * error)
    assert np.bincount(found["species"].values).tolist() == [3, 2, 4]
    assert found.attrs["charge"] == pytest.approx(5 / 9 - 2.0)


def test_what_does_not_fit_is_named():
    expansion = random_expansion(alloy(), 2.9)
    for composition, message in (
        ([{"Al": 0.5, "Cu": 0.2}], "add up to 1"),
        ([{"Al": 0.5, "Fe": 0.5}], "Al, Cu, Zn"),
        ([], "one for each"),
    ):
        with pytest.raises(InputError, match=message):
            species_canonical(expansion, [300.0], composition, cells=4, seed=1)
    with pytest.raises(InputError, match="own image"):
        species_tables(expansion, (1, 4, 4))
    with pytest.raises(InputError, match="two species a site"):
        enumerate_orderings(alloy(), [1])
    with pytest.raises(InputError, match="two species a site"):
        ClusterExpansion.given(alloy(), (0.0,), 2.9)
