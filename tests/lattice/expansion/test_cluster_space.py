from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from scalith.crystal import enumerate_orderings
from scalith.crystal.supercells import lattice_cells
from scalith.lattice import cluster_orbits, cluster_vector
from scalith.lattice.expansion.cluster_space import design_matrix
from scalith.quantities import InputError
from tests.lattice.models import host

NEAREST, SECOND, THIRD = 4 / np.sqrt(2), 4.0, 4 * np.sqrt(1.5)


def test_fcc_orbits_have_the_known_multiplicities():
    orbits = cluster_orbits(host(), THIRD + 0.01, NEAREST + 0.01, NEAREST + 0.01)
    assert [(orbit.order, orbit.multiplicity) for orbit in orbits] == [(0, 1), (1, 1), (2, 6), (2, 3), (2, 12), (3, 8), (4, 2)]
    assert orbits[2].diameter == pytest.approx(NEAREST)
    assert orbits[2].radius == pytest.approx(NEAREST / 2)


def test_diamond_sublattices_are_one_orbit():
    orbits = cluster_orbits(host(places=((0, 0, 0), (0.25, 0.25, 0.25))), 1.8)
    assert [(orbit.order, orbit.multiplicity) for orbit in orbits] == [(0, 1), (1, 2), (2, 4)]


def test_pure_states_have_vectors_of_signs():
    orbits = cluster_orbits(host(), THIRD, NEAREST)
    cell, sublattice, offset = np.eye(3, dtype=int), np.zeros(1, dtype=int), np.zeros((1, 3), dtype=int)
    full = cluster_vector(orbits, cell, np.ones(1, dtype=np.int8), sublattice, offset)
    empty = cluster_vector(orbits, cell, np.zeros(1, dtype=np.int8), sublattice, offset)
    assert np.all(full == 1)
    assert np.all(empty == [(-1) ** orbit.order for orbit in orbits])


def test_l1_zero_has_its_textbook_correlations():
    # CuAu: alternate (001) planes; nearest pairs −1/3, second +1.
    orbits = cluster_orbits(host(), SECOND + 0.01)
    cell = np.array([[1, -1, 0], [1, 1, 0], [0, 0, 1]])
    offset = lattice_cells(cell)
    z = (offset @ host().cell)[:, 2]
    filled = (np.round(z / 2) % 2 == 0).astype(np.int8)
    if filled.mean() != 0.5:
        cell = np.array([[1, 1, 0], [1, -1, 0], [1, 0, 0]])
    values = cluster_vector(
        orbits, np.array([[0, 0, 1], [1, -1, 0], [1, 1, 0]]), *_layers(np.array([[0, 0, 1], [1, -1, 0], [1, 1, 0]]))
    )
    assert values[1] == pytest.approx(0.0)
    assert values[2] == pytest.approx(-1 / 3)
    assert values[3] == pytest.approx(1.0)


def _layers(cell):
    offset = lattice_cells(cell)
    height = (offset @ host().cell)[:, 2]
    filled = (np.round(height / 2).astype(int) % 2).astype(np.int8)
    return filled, np.zeros(len(filled), dtype=int), offset


def test_the_vector_does_not_depend_on_the_cell_that_describes_the_ordering():
    orbits = cluster_orbits(host(), THIRD, SECOND)
    small = enumerate_orderings(host(), [3])
    for k in range(small.sizes["structure"]):
        cell, filled = small["supercell"].values[k], small["filled"].values[k]
        offset = small["offset"].values[k]
        large = np.diag([1, 2, 1]) @ cell
        copies = np.concatenate([offset, offset + cell[1]])
        first = cluster_vector(orbits, cell, filled, np.zeros(3, dtype=int), offset)
        again = cluster_vector(orbits, large, np.tile(filled, 2), np.zeros(6, dtype=int), copies)
        assert np.allclose(first, again, atol=1e-13)


def test_design_matrix_holds_multiplicity_times_vector():
    orderings = enumerate_orderings(host(), [1, 2])
    orbits = cluster_orbits(host(), NEAREST)
    A = design_matrix(orbits, orderings)
    assert A.shape == (4, 3)
    assert np.all(A[:, 0] == 1)
    assert np.abs(A[:, 2]).max() == 6


def test_cutoffs_that_mean_nothing_are_refused():
    with pytest.raises(InputError, match=r"neighbouring sites, 2\.828"):
        cluster_orbits(host(), 1.0)
    with pytest.raises(InputError, match="triplet_cutoff"):
        cluster_orbits(host(), 3.0, -1.0)


def test_cluster_vectors_equal_those_of_icet():
    # The file holds every ordering with the vector that icet gives for it.
    reference = json.loads((Path(__file__).parent / "icet_cluster_vectors.json").read_text())["orderings"]
    orbits = cluster_orbits(host(), THIRD + 0.01, NEAREST + 0.01)
    theirs = np.array([item["vector"] for item in reference])
    ours = np.array(
        [
            cluster_vector(
                orbits,
                np.array(item["cell"]),
                np.array(item["filled"], dtype=np.int8),
                np.zeros(len(item["filled"]), dtype=int),
                np.array(item["offset"]),
            )
            for item in reference
        ]
    )
    assert len(reference) > 30
    # The two conventions may name filled and empty differently: one sign for each orbit, the same for all orderings.
    sign = np.sign(np.sum(ours * theirs, axis=0))
    assert np.abs(ours - theirs * sign).max() < 1e-12
