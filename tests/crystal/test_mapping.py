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
    assert orderings.sizes["structure"] == 27
    reasons = orderings["rejected_reason"].values.tolist()
    assert sum("from the nearest free site" in reason for reason in reasons) == 3
    assert sum("again" in reason and "above it" in reason for reason in reasons) == 1
    assert len(reasons) == 4
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
    orderings = map_orderings(HOST, StructureSet((ideal, relaxed)), repeated="all")
    assert orderings["duplicate_of"].values.tolist() == [-1, 0]
    assert float(orderings["displacement_max"][1]) < 0.4


def test_a_mirror_image_is_the_same_ordering():
    supercell, filled = np.array([[2, 0, 0], [0, 3, 0], [0, 0, 1]]), [1, 0, 0, 1, 1, 0]
    mirrored = structure(supercell, filled, rotation=np.diag([-1.0, 1.0, 1.0]))
    orderings = map_orderings(HOST, StructureSet((structure(supercell, filled), mirrored)), repeated="all")
    assert orderings["duplicate_of"].values.tolist() == [-1, 0]


def test_the_same_ordering_in_a_larger_cell_is_found():
    small = structure(np.diag([2, 1, 1]), [1, 0])
    filled = [int(cell[0] % 2 == 0) for cell in lattice_cells(np.diag([2, 2, 1]))]
    if lattice_cells(np.diag([2, 1, 1]))[0, 0] != 0:
        filled = [1 - value for value in filled]
    orderings = map_orderings(HOST, StructureSet((small, structure(np.diag([2, 2, 1]), filled))), repeated="all")
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


@pytest.mark.parametrize(("old", "new", "message"), [("Ni", "Co", "element Co"), ("Ni", "O", "not in the ratio 1 Ni : 2 O")])
def test_another_chemistry_is_a_rejected_row_with_its_reason(tmp_path, old, new, message):
    entries = json.loads(ENTRIES.read_text())[4:6]
    for site in entries[1]["structure"]["sites"]:
        for part in site["species"]:
            part["element"] = new if part["element"] == old else part["element"]
    path = tmp_path / "other.json"
    path.write_text(json.dumps(entries))
    orderings = map_orderings(HOST, read_structures(path))
    assert orderings.sizes["structure"] == 1
    assert orderings["rejected_origin"].values.tolist() == ["other.json entry 1"]
    assert orderings["rejected_reason"].values[0].startswith("another chemistry: ")
    assert message in orderings["rejected_reason"].values[0]


def test_matching_supercells_are_ordered_by_strain_and_hold_the_volume():
    target = np.array([[2, 0, 0], [0, 3, 0], [1, 0, 1]]) @ HOST.cell * 1.001
    supercells, strains = matching_supercells(HOST.cell, target, 6)
    assert np.all(np.diff(strains) >= -1e-9)
    assert strains[0] < 2e-3
    assert np.all(np.abs(np.round(np.linalg.det(supercells))) == 6)


def test_the_vectors_in_which_a_cell_is_written_do_not_matter():
    """A cell of six primitive cells in long, skewed vectors: the same lattice, tens of times longer."""
    supercell, filled = np.array([[2, 0, 0], [0, 3, 0], [0, 0, 1]]), [1, 0, 0, 1, 1, 0]
    compact = structure(supercell, filled, noise=0.02)
    shear = np.array([[1, 0, 0], [7, 1, 0], [-5, 9, 1]])
    skewed = compact.atoms.copy()
    skewed.set_cell(shear @ np.asarray(skewed.cell))
    assert max(skewed.cell.lengths()) > 40
    orderings = map_orderings(HOST, StructureSet((compact, ComputedStructure(skewed, -100.0, "skewed"))), repeated="all")
    assert orderings["duplicate_of"].values.tolist() == [-1, 0]
    assert orderings["displacement_max"].values[1] == pytest.approx(orderings["displacement_max"].values[0], abs=1e-9)


@pytest.mark.parametrize(("repeated", "energy", "reason"), [("lowest", -100.0, "2e+03 meV"), ("last", -99.0, "which came later")])
def test_of_one_ordering_one_run_counts(repeated, energy, reason):
    runs = [structure(np.diag([2, 1, 1]), [1, 0], energy=value, seed=k) for k, value in enumerate((-96.0, -100.0, -99.0))]
    orderings = map_orderings(HOST, StructureSet(tuple(runs)), repeated=repeated)
    assert orderings["energy"].values.tolist() == [energy / 2]
    assert orderings["duplicate_of"].values.tolist() == [-1]
    assert orderings.sizes["rejected"] == 2
    assert any(reason in text for text in orderings["rejected_reason"].values)
    assert map_orderings(HOST, StructureSet(tuple(runs)), repeated="all").sizes["structure"] == 3


def test_tolerances_are_arguments():
    displaced = structure(np.diag([2, 1, 1]), [1, 0], noise=0.05, seed=4)
    with pytest.raises(InputError, match=r"limit 0.01 Å"):
        map_orderings(HOST, StructureSet((displaced,)), largest_displacement=0.01)
    sheared = structure(np.diag([2, 1, 1]), [1, 0], strain=np.array([[0.08, 0, 0], [0, -0.08, 0], [0, 0, 0]]))
    assert map_orderings(HOST, StructureSet((sheared,))).sizes["structure"] == 1
    with pytest.raises(InputError, match="within 4 % strain"):
        map_orderings(HOST, StructureSet((sheared,)), largest_strain=0.04)


@pytest.fixture
def intercalated_graphite(tmp_path):
    a, c = 4.305, 3.70
    cell = np.array([[a, 0, 0], [-a / 2, a * 3**0.5 / 2, 0], [0, 0, c]])
    carbon = [(1 / 3, 0, 0.5), (2 / 3, 0, 0.5), (0, 1 / 3, 0.5), (0, 2 / 3, 0.5), (1 / 3, 1 / 3, 0.5), (2 / 3, 2 / 3, 0.5)]
    full = Atoms("LiC6", cell=cell, scaled_positions=[(0, 0, 0), *carbon], pbc=True)
    full.write(tmp_path / "LiC6.cif")
    return read_host(tmp_path / "LiC6.cif"), full


def test_graphite_in_its_own_primitive_cell_is_the_empty_host(intercalated_graphite):
    host, full = intercalated_graphite
    assert host.name == "LixC6"
    a, c = 4.305 / 3**0.5, 3.5
    cell = np.array([[a, 0, 0], [-a / 2, a * 3**0.5 / 2, 0], [0, 0, c]])
    graphite = Atoms("C2", cell=cell, scaled_positions=[(1 / 3, 2 / 3, 0.5), (2 / 3, 1 / 3, 0.5)], pbc=True)
    runs = (ComputedStructure(full, -60.0, "full"), ComputedStructure(graphite, -18.0, "graphite"))
    orderings = map_orderings(host, StructureSet(runs))
    assert orderings["x"].values.tolist() == [1.0, 0.0]
    # Three cells of graphite are one of the host.
    assert orderings["energy"].values.tolist() == pytest.approx([-60.0, -54.0])
    assert orderings["volume"].values[1] == pytest.approx(3 * abs(np.linalg.det(cell)))
    assert orderings["displacement_max"].values.max() < 1e-6
