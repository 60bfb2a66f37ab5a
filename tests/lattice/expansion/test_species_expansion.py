"""More than two species a site: cluster vectors against icet's, and fits."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from scalith.crystal import Host, HostSite, enumerate_orderings, species_dataset
from scalith.lattice import (
    ClusterExpansion,
    Species,
    SpeciesExpansion,
    cluster_orbits,
    cluster_vector,
    decorated_orbits,
    fit_species_expansion,
    species_vector,
)
from scalith.lattice.expansion.species_expansion import arrangement_of, site_functions
from scalith.quantities import InputError, Source
from tests.lattice.models import FCC, host

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
    rows = [(cell, rng.integers(0, 3, round(np.linalg.det(cell))).astype(np.int8)) for _ in range(80)]
    empty = species_dataset(alloy(), rows)
    energies = [planted.energy(arrangement_of(empty, k)) for k in range(80)]
    data = species_dataset(alloy(), rows, energies)
    found = fit_species_expansion(alloy(), data, pair_cutoff=4.1, triplet_cutoff=2.9)
    assert [found.energy(arrangement_of(data, k)) for k in range(9)] == pytest.approx(energies[:9], abs=1e-9)
    assert found.leave_one_out_error < 1e-8
    members = found.draws(2, 1)
    assert members[0].interactions != members[1].interactions
    with pytest.raises(InputError, match="finite numbers"):
        species_dataset(alloy(), rows, energies[:-1])
    with pytest.raises(InputError, match="one composition"):
        fit_species_expansion(alloy(), data, pair_cutoff=4.1, keep_ground_states=True)
    with pytest.raises(InputError, match="alloy itself"):
        fit_species_expansion(salt(), data, pair_cutoff=4.1)


def test_what_does_not_fit_is_named():
    with pytest.raises(InputError, match="two species a site"):
        enumerate_orderings(alloy(), [1])
    with pytest.raises(InputError, match="two species a site"):
        ClusterExpansion.given(alloy(), (0.0,), 2.9)
