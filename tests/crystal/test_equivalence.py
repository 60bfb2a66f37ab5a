from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scalith.crystal import Host, HostSite, enumerate_orderings
from scalith.crystal.enumeration import hermite_normal_forms
from scalith.crystal.equivalence import duplicates
from scalith.crystal.orderings import orderings_dataset
from scalith.crystal.supercells import lattice_cells, periodic_keys
from scalith.crystal.symmetry import site_operations

FCC = ((0.0, 2.0, 2.0), (2.0, 0.0, 2.0), (2.0, 2.0, 0.0))


def host(*places):
    sites = tuple(HostSite(position=place, species=("Li", "vacancy"), charges=(1, 0)) for place in places)
    return Host(name="fcc", working_ion="Li", lattice=FCC, sites=sites)


SIMPLE = host((0.0, 0.0, 0.0))
DIAMOND = host((0.0, 0.0, 0.0), (0.25, 0.25, 0.25))


def found_twins(of, orderings):
    data = orderings_dataset(of, orderings)
    return duplicates(of, *[data[name].values for name in ("supercell", "filled", "sublattice", "offset")])


@pytest.mark.long
@pytest.mark.parametrize(("of", "cells", "periods"), [(SIMPLE, 4, [1, 2, 4]), (DIAMOND, 3, [1, 3])])
def test_all_stoichiometries_of_all_supercells_are_the_enumerated_ones(of, cells, periods):
    sites = cells * len(of.active)
    every = [
        (form, np.array([(code >> site) & 1 for site in range(sites)], dtype=np.int8))
        for form in hermite_normal_forms(cells)
        for code in range(2**sites)
    ]
    distinct = int((found_twins(of, every) < 0).sum())
    assert distinct == enumerate_orderings(of, periods).sizes["structure"]


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_an_operation_another_basis_and_a_larger_cell_change_nothing(seed):
    rng = np.random.default_rng(seed)
    operations = site_operations(DIAMOND)
    supercell = np.array([[1, 1, 0], [-1, 2, 0], [0, 1, 2]])
    cells = lattice_cells(supercell)
    filled = rng.integers(0, 2, 2 * len(cells)).astype(np.int8)
    g = int(rng.integers(len(operations.rotation)))
    image = {}
    for number, (sublattice, cell) in enumerate((s, cell) for s in range(2) for cell in cells):
        moved = operations.rotation[g] @ cell + operations.shift[g, sublattice]
        turned = supercell @ operations.rotation[g].T
        image[int(operations.sublattice[g, sublattice]), int(periodic_keys(turned, moved))] = filled[number]
    larger = np.array([[1, 2, 0], [0, 1, 0], [0, 0, 2]]) @ turned
    origin = rng.integers(-3, 4, 3)
    again = [image[s, int(periodic_keys(turned, cell + origin))] for s in range(2) for cell in lattice_cells(larger)]
    changed = filled.copy()
    changed[0] = 1 - changed[0]
    twins = found_twins(DIAMOND, [(supercell, filled), (larger, np.array(again, dtype=np.int8)), (supercell, changed)])
    assert twins.tolist() == [-1, 0, -1]
