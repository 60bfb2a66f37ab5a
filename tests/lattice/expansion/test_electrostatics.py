from __future__ import annotations

import numpy as np
import pytest

from scalith.crystal import enumerate_orderings, map_orderings, read_host, read_structures
from scalith.crystal.supercells import lattice_cells
from scalith.lattice import fit_cluster_expansion
from scalith.lattice.expansion.electrostatics import COULOMB, ewald_energy, ewald_matrix
from scalith.lattice.kernels.fields import compute_fields
from scalith.lattice.sampling.monte_carlo import model_on
from scalith.quantities import shipped

FCC = np.array([[0.0, 0.5, 0.5], [0.5, 0.0, 0.5], [0.5, 0.5, 0.0]])


@pytest.mark.parametrize(
    ("rows", "other", "distance", "madelung"),
    [
        (FCC, (0.5, 0, 0), 0.5, 1.747564594633182),
        (np.eye(3), (0.5, 0.5, 0.5), np.sqrt(3) / 2, 1.762674773070988),
        (FCC, (0.25, 0.25, 0.25), np.sqrt(3) / 4, 1.638055053388789),
    ],
)
def test_madelung_constants(rows, other, distance, madelung):
    cell = 5.0 * np.asarray(rows)
    same, opposite = ewald_matrix(cell, np.array([[0.0, 0.0, 0.0], 5.0 * np.array(other)]))
    assert -(same - opposite) * 5.0 * distance / COULOMB == pytest.approx(madelung, rel=1e-9)


def test_the_splitting_of_the_sum_does_not_matter():
    rng = np.random.default_rng(0)
    cell = np.diag([4.0, 5.0, 9.0]) + rng.normal(0, 0.3, (3, 3))
    points = rng.random((5, 3)) @ cell
    coarse, fine = ewald_matrix(cell, points, 1e-8), ewald_matrix(cell, points, 1e-14)
    assert np.allclose(coarse, fine, atol=1e-6)


def test_energy_of_a_supercell_is_that_of_its_parts():
    host = read_host(shipped("dft_energies/LixNiO2/smol_lno_prim.json"))
    small = np.diag([2, 1, 1])
    once = ewald_energy(host, small, np.array([1, 0], dtype=np.int8))
    large = np.diag([2, 2, 1])
    keys = lattice_cells(large)[:, 0] % 2
    first = lattice_cells(small)[0, 0] % 2
    twice = ewald_energy(host, large, (keys == first).astype(np.int8))
    assert once == pytest.approx(twice, abs=1e-7)


@pytest.mark.long
def test_monte_carlo_tables_carry_the_whole_energy():
    host = read_host(shipped("dft_energies/LixNiO2/smol_lno_prim.json"))
    orderings = map_orderings(host, read_structures(shipped("dft_energies/LixNiO2/smol_lno_entries.json")))
    expansion = fit_cluster_expansion(host, orderings, pair_cutoff=6.0, triplet_cutoff=0.0, electrostatics=True)
    shape = (3, 4, 5)
    model = model_on(expansion, shape)
    rng = np.random.default_rng(2)
    cells = lattice_cells(np.diag(shape))
    number = (cells[:, 0] * shape[1] + cells[:, 1]) * shape[2] + cells[:, 2]
    for share in (0.0, 0.3, 1.0):
        occupation = (rng.random(model.sites) < share).astype(np.int8)
        fields = np.empty(model.sites)
        from_tables = model.constant + compute_fields(model.tables, occupation, fields) / model.cells
        directly = expansion.energy(np.diag(shape), occupation[number], np.zeros(model.sites, dtype=int), cells)
        assert from_tables == pytest.approx(directly, abs=1e-9)


def test_neutral_orderings_without_redox_sites_see_a_background():
    host = read_host(shipped("dft_energies/LixNiO2/smol_lno_prim.json"))
    assert enumerate_orderings(host, [1]).sizes["structure"] == 2
    assert np.isfinite(ewald_energy(host, np.eye(3, dtype=int), np.array([1], dtype=np.int8)))
