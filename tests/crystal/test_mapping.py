from __future__ import annotations

import json

import numpy as np
import pytest
from ase import Atoms
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from scalith.crystal import ComputedStructure, StructureSet, map_orderings, read_host, read_structures
from scalith.crystal.mapping import matching_supercells
from scalith.crystal.supercells import lattice_cells
from scalith.quantities import InputError, shipped

HOST = read_host(shipped("dft_energies/LixNiO2/smol_lno_prim.json"))
ENTRIES = shipped("dft_energies/LixNiO2/smol_lno_entries.json")


def structure(supercell, filled, *, rotation=None, strain=None, noise=0.0, seed=0, energy=-100.0):
    """An ordering as a relaxed structure: strained, displaced, rotated, shifted, its atoms shuffled."""
    rng = np.random.default_rng(seed)
    cells = lattice_cells(np.asarray(supercell))
    symbols, places = [], []
    for index, site in enumerate(HOST.sites):
        for k, cell in enumerate(cells):
            if not site.active or filled[k]:
                symbols.append(site.species[0])
                places.append((cell + HOST.positions[index]) @ HOST.cell)
    deformation = np.eye(3) if strain is None else np.eye(3) + strain
    turn = np.eye(3) if rotation is None else rotation
    positions = (np.array(places) + rng.normal(0, noise, (len(places), 3)) + rng.random(3)) @ deformation @ turn
    order = rng.permutation(len(symbols))
    cell = np.asarray(supercell) @ HOST.cell @ deformation @ turn
    atoms = Atoms([symbols[k] for k in order], positions=positions[order], cell=cell, pbc=True)
    return ComputedStructure(atoms, energy, f"made {seed}")


def test_the_shipped_structures_map_unless_their_stacking_slid():
    orderings = map_orderings(HOST, read_structures(ENTRIES))
    assert orderings.sizes["structure"] == 28
    assert orderings.sizes["rejected"] == 3
    assert all("from the nearest free site" in reason for reason in orderings["rejected_reason"].values)
    assert float(orderings["displacement_max"].max()) < 0.6
    # The structures hold 1 to 6 lithium on 6 sites.
    assert set(np.round(6 * orderings["x"].values).astype(int)) == {1, 2, 3, 4, 5, 6}
    assert orderings["energy"].values.min() == pytest.approx(-37.465, abs=1e-3)
    for name in orderings.data_vars:
        assert "units" in orderings[name].attrs
        assert "long_name" in orderings[name].attrs
    assert json.loads(orderings.attrs["source"])["kind"] == "predicted"


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_orientation_strain_origin_and_order_of_atoms_do_not_matter(seed):
    rng = np.random.default_rng(seed)
    supercell = np.array([[1, 1, 0], [-1, 2, 0], [0, 1, 2]])
    filled = rng.integers(0, 2, 6)
    filled[0] = 1
    strain = rng.uniform(-0.03, 0.03, (3, 3))
    turn = Rotation.random(random_state=int(rng.integers(2**31))).as_matrix()
    relaxed = structure(supercell, filled, rotation=turn, strain=strain, noise=0.05, seed=seed)
    ideal = structure(supercell, filled)
    orderings = map_orderings(HOST, StructureSet((ideal, relaxed)))
    assert orderings["duplicate_of"].values.tolist() == [-1, 0]
    assert float(orderings["displacement_max"][1]) < 0.4


def test_a_mirror_image_is_the_same_ordering():
    supercell, filled = np.array([[2, 0, 0], [0, 3, 0], [0, 0, 1]]), [1, 0, 0, 1, 1, 0]
    mirrored = structure(supercell, filled, rotation=np.diag([-1.0, 1.0, 1.0]))
    orderings = map_orderings(HOST, StructureSet((structure(supercell, filled), mirrored)))
    assert orderings["duplicate_of"].values.tolist() == [-1, 0]


def test_the_same_ordering_in_a_larger_cell_is_found():
    small = structure(np.diag([2, 1, 1]), [1, 0])
    filled = [int(cell[0] % 2 == 0) for cell in lattice_cells(np.diag([2, 2, 1]))]
    if lattice_cells(np.diag([2, 1, 1]))[0, 0] != 0:
        filled = [1 - value for value in filled]
    orderings = map_orderings(HOST, StructureSet((small, structure(np.diag([2, 2, 1]), filled))))
    assert orderings["duplicate_of"].values.tolist() == [-1, 0]


def test_what_cannot_be_mapped_is_listed_with_its_reason():
    good = structure(np.diag([2, 1, 1]), [1, 0])
    stretched = structure(np.diag([2, 1, 1]), [1, 0], strain=np.diag([-0.8, 3.0, 0.5]))
    scattered = structure(np.diag([2, 2, 1]), [1, 0, 1, 0], noise=0.6, seed=3)
    orderings = map_orderings(HOST, StructureSet((good, stretched, scattered)))
    assert orderings.sizes["structure"] == 1
    reasons = orderings["rejected_reason"].values.tolist()
    assert "supercell" in reasons[0] or "Å" in reasons[0]
    assert "Å" in reasons[1]
    assert orderings["rejected_origin"].values.tolist() == ["made 0", "made 3"]


def test_nothing_mapped_is_an_error():
    scattered = structure(np.diag([2, 2, 1]), [1, 0, 1, 0], noise=0.6, seed=3)
    with pytest.raises(InputError, match="none that maps"):
        map_orderings(HOST, StructureSet((scattered,)))


@pytest.mark.parametrize(("old", "new", "message"), [("Ni", "Co", "element Co"), ("Ni", "O", "ratio")])
def test_another_chemistry_is_named_with_file_and_entry(tmp_path, old, new, message):
    entries = json.loads(ENTRIES.read_text())[:2]
    for site in entries[1]["structure"]["sites"][:1] if new == "O" else entries[1]["structure"]["sites"]:
        for part in site["species"]:
            part["element"] = (
                new if part["element"] in (old, "Li") and (new == "O" or part["element"] == old) else part["element"]
            )
    path = tmp_path / "other.json"
    path.write_text(json.dumps(entries))
    with pytest.raises(InputError, match=message) as error:
        map_orderings(HOST, read_structures(path))
    assert "other.json entry 1" in str(error.value)


def test_matching_supercells_are_ordered_by_strain_and_hold_the_volume():
    target = np.array([[2, 0, 0], [0, 3, 0], [1, 0, 1]]) @ HOST.cell * 1.001
    supercells, strains = matching_supercells(HOST.cell, target, 6)
    assert np.all(np.diff(strains) >= -1e-9)
    assert strains[0] < 2e-3
    assert np.all(np.abs(np.round(np.linalg.det(supercells))) == 6)
