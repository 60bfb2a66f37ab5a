from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scalith.atoms import (
    Engine,
    Relaxation,
    choose_diverse,
    ordering_structures,
    pair_correlations,
    relax_orderings,
    relaxed_ends,
)
from scalith.atoms.orderings import keep_same_ordering, ordering_labels
from scalith.crystal import ComputedStructure, StructureSet, enumerate_orderings, map_orderings, read_structures, write_structures
from scalith.lattice import fit_cluster_expansion
from scalith.quantities import InputError
from tests.atoms.hosts import layered

ENGINE = Engine(name="tests.atoms.planted:Planted", settings={"site": -3.0, "pair": 0.1, "reach": 3.2})
RELAXATION = Relaxation(force_tolerance=1e-3)


def computed(structures):
    return StructureSet(tuple(ComputedStructure(atoms, 0.0, label) for label, atoms in structures.items()))


def test_structures_map_back_to_their_ordering():
    orderings = enumerate_orderings(layered(), [1, 2, 3, 4])
    mapped = map_orderings(layered(), computed(ordering_structures(layered(), orderings)))
    assert mapped.sizes["rejected"] == 0
    assert np.allclose(mapped["x"], orderings["x"])
    assert float(mapped["displacement_max"].max()) < 1e-9
    assert np.allclose(pair_correlations(layered(), mapped), pair_correlations(layered(), orderings))


def test_pair_correlations_of_a_checkerboard():
    orderings = enumerate_orderings(layered(), [2], x=(0.5, 0.5))
    found = pair_correlations(layered(), orderings, 4.5)
    # Four neighbours at 3 Å, four at 4.243 Å: alternating layers, rows, and the checkerboard of two sites a cell.
    assert sorted(np.round(found[:, 1:], 9).tolist()) == [[-1.0, 1.0], [-1.0, 1.0], [0.0, -1.0], [0.0, -1.0], [1.0, 1.0]]
    assert np.allclose(found[:, 0], 0.0)


def test_diverse_orderings_hold_both_ends_and_differ():
    orderings = enumerate_orderings(layered(), [1, 2, 3, 4])
    chosen = choose_diverse(layered(), orderings, 12)
    assert chosen.sizes["structure"] == 12
    assert chosen["x"].values[:2].tolist() == [0.0, 1.0]
    features = pair_correlations(layered(), chosen)
    away = np.linalg.norm(features[:, None] - features[None], axis=2)
    first = [min(away[k, :k]) for k in range(2, 12)]
    assert np.all(np.diff(first) < 1e-9)  # each is nearer to those before it than the last was
    assert first[-1] > 0.1
    assert choose_diverse(layered(), orderings, 5)["x"].values.tolist() == chosen["x"].values[:5].tolist()


@settings(max_examples=15)
@given(st.integers(1, 60))
def test_a_choice_has_no_ordering_twice(count):
    orderings = enumerate_orderings(layered(), [1, 2, 3])
    chosen = choose_diverse(layered(), orderings, count)
    labels = [
        chosen["supercell"].values[k].tolist() + chosen["filled"].values[k].tolist() for k in range(chosen.sizes["structure"])
    ]
    assert len({str(label) for label in labels}) == min(count, orderings.sizes["structure"])


def test_relaxed_orderings_feed_the_cluster_expansion(tmp_path):
    """Planted ε per ion and w per pair of neighbours: a point and one pair hold every energy."""
    host = layered()
    orderings = enumerate_orderings(host, [1, 2, 3])
    found = relax_orderings(host, orderings, ENGINE, tmp_path / "set.db", RELAXATION, oxidation_states={"Li": 1, "O": (-1, 0)})
    assert len(found) == orderings.sizes["structure"]
    write_structures(found, tmp_path / "set.extxyz")
    mapped = map_orderings(host, read_structures(tmp_path / "set.extxyz"))
    fit = fit_cluster_expansion(host, mapped, pair_cutoff=3.2, triplet_cutoff=0.0, method="ard")
    assert fit.leave_one_out_error < 1e-6


def test_relaxed_ends_shift_the_start_towards_the_relaxed_cells(tmp_path):
    engine = Engine(name=ENGINE.name, settings={"volume": 0.1})
    ends = relaxed_ends(layered(), engine, tmp_path / "ends.db", RELAXATION)
    assert ends[0].volume == pytest.approx(1.1 * 45, rel=2e-3)
    structures = ordering_structures(layered(), enumerate_orderings(layered(), [2], x=(0.5, 0.5)), ends=ends)
    assert all(atoms.get_volume() == pytest.approx(2 * 1.1 * 45, rel=2e-3) for atoms in structures.values())
    assert np.allclose(np.argsort(ends[0].cell.diagonal()), np.argsort(layered().cell.diagonal()))


def test_a_structure_that_relaxed_to_another_ordering_is_left_out():
    host = layered()
    orderings = enumerate_orderings(host, [4], x=(0.5, 0.5))
    structures = list(ordering_structures(host, orderings).values())
    labels = ordering_labels(host, orderings)
    swapped = StructureSet(
        tuple(ComputedStructure(structures[k], 0.0, label) for k, label in zip((1, 0, 2), labels, strict=False))
    )
    kept = keep_same_ordering(host, orderings, swapped)
    assert [item.origin for item in kept] == [labels[2]]
    assert dict(kept.left_out) == dict.fromkeys(labels[:2], "it relaxed to another ordering: an ion moved to another site")


def test_a_structure_that_left_the_host_is_left_out():
    host = layered()
    orderings = enumerate_orderings(host, [4], x=(0.5, 0.5))
    structures = ordering_structures(host, orderings)
    label = next(iter(structures))
    structures[label].positions[0] += [0.0, 0.0, 1.6]
    kept = keep_same_ordering(host, orderings, computed(structures))
    assert len(kept) == len(structures) - 1
    assert kept.left_out[0][0] == label
    assert "Å from the nearest free site" in kept.left_out[0][1]


def test_a_cutoff_that_reaches_nothing_is_refused():
    with pytest.raises(InputError, match="reaches a neighbouring site"):
        pair_correlations(layered(), enumerate_orderings(layered(), [1]), 1.0)
