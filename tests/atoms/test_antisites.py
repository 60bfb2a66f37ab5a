"""Antisite pairs of a crystal, their energies with a cheap engine, and how many there are in equilibrium."""

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk

from scalith.atoms import Engine, Relaxation, antisite_concentration, antisite_formation, antisite_pairs, read_antisite_formation
from scalith.quantities import InputError, shipped
from scalith.quantities.constants import BOLTZMANN_EV


def table(tmp_path, *rows: tuple[float, float, float]):
    path = tmp_path / "pairs.csv"
    lines = ["distance [angstrom],multiplicity [1],formation_energy [eV]", *(",".join(map(str, row)) for row in rows)]
    path.write_text("\n".join(lines))
    return read_antisite_formation(path)


def test_pairs_of_caesium_chloride_are_its_shells_of_unlike_neighbours():
    # A box of 2 x 2 x 2 cells: the eight neighbours at √3 a/2 are all there are.
    (pair,) = antisite_pairs(bulk("CsCl", "cesiumchloride", a=4.0).repeat(2), "Cs", "Cl")
    assert (pair.distance, pair.multiplicity) == (pytest.approx(2 * 3**0.5), 8.0)
    assert pair.atoms.get_chemical_formula() == "Cl8Cs8"


def test_pairs_at_half_the_box_count_each_image():
    # Rock salt: 6 neighbours at a/2 and 8 at √3 a/2; in 3 x 3 x 3 primitive cells the farthest chlorides, at 3 a/2, lie on the faces.
    a = 5.26
    pairs = antisite_pairs(bulk("NaCl", "rocksalt", a=a).repeat(2), "Na", "Cl")
    assert [pair.distance / a for pair in pairs] == pytest.approx([0.5, 0.75**0.5])
    assert [pair.multiplicity for pair in pairs] == [6.0, 8.0]
    larger = antisite_pairs(bulk("NaCl", "rocksalt", a=a).repeat(3), "Na", "Cl")
    assert [pair.multiplicity for pair in larger] == [6.0, 8.0, 24.0, 6.0]


def test_box_in_which_the_nearest_pair_meets_its_images_is_rejected():
    for small in (bulk("NaCl", "rocksalt", a=5.26), bulk("NaCl", "rocksalt", a=5.26, cubic=True)):
        with pytest.raises(InputError, match=r"Na meets one Cl [26] times, 2\.63 Å away.*a larger box"):
            antisite_pairs(small, "Na", "Cl")


def test_pairs_of_olivine_count_all_iron():
    from ase.io import read

    orderings = read(shipped("dft_energies/LixFePO4_chgnet/energies.extxyz"), index=":")
    full = next(one for one in orderings if one.info["label"].endswith("#127"))
    pairs = antisite_pairs(full, "Li", "Fe")
    assert sum(pair.multiplicity for pair in pairs) == 4.0
    assert pairs[0].distance == pytest.approx(3.30, abs=0.01)


def test_formation_is_zero_where_both_elements_are_one(tmp_path):
    # Argon and argon with another name: Lennard-Jones tells elements apart by nothing.
    crystal = bulk("NaCl", "rocksalt", a=5.26).repeat(2)
    engine = Engine(name="ase.calculators.lj:LennardJones", settings={"sigma": 2.4, "epsilon": 0.01, "rc": 5.0})
    found = antisite_formation(crystal, "Na", "Cl", engine, tmp_path / "pairs.db", Relaxation(cell=False, steps=0))
    assert found.formation_energy.values == pytest.approx(np.zeros(found.sizes["pair"]), abs=1e-10)
    assert found["multiplicity"].values.tolist() == [6.0, 8.0]


def test_law_of_mass_action_of_pairs_apart(tmp_path):
    T, E = 1000.0, 1.2
    y = float(antisite_concentration(table(tmp_path, (8.0, 2.0, E)), T)())
    assert (y / (1 - y)) ** 2 == pytest.approx(np.exp(-E / (BOLTZMANN_EV * T)), rel=1e-9)


def test_bound_pairs_are_counted_by_their_kinds(tmp_path):
    T = 900.0
    bound, apart = np.exp(-np.array([0.8, 1.4]) / (BOLTZMANN_EV * T))
    y = float(antisite_concentration(table(tmp_path, (8.0, 2.0, 1.4), (3.3, 2.0, 0.8)), T)())
    assert y == pytest.approx(np.sqrt(apart) * (1 - y) + 2 * (bound - apart) * (1 - y) ** 2, rel=1e-12)


def test_error_of_the_energy_is_that_of_the_share(tmp_path):
    pairs = table(tmp_path, (3.3, 2.0, 0.7), (8.0, 2.0, 2.0))
    T, error = 1000.0, 0.01
    found = antisite_concentration(pairs, T, error)
    # Bound pairs alone: y goes with exp(−E/kT).
    assert float(found.standard_error) / float(found()) == pytest.approx(error / (BOLTZMANN_EV * T), rel=0.02)


def test_what_is_no_rare_defect_is_rejected(tmp_path):
    with pytest.raises(InputError, match="rare"):
        antisite_concentration(table(tmp_path, (3.3, 2.0, 0.1), (8.0, 2.0, 0.2)), 1000.0)
    for apart in (-0.05, 0.0):  # pairs that form by themselves: half of the sites or more
        with pytest.raises(InputError, match=r"0\.[5-9]\d* of the sites"):
            antisite_concentration(table(tmp_path, (8.0, 2.0, apart)), 900.0)
    with pytest.raises(InputError, match="temperature"):
        antisite_concentration(table(tmp_path, (3.3, 2.0, 0.7)), 0.0)
    with pytest.raises(InputError, match="no Fe"):
        antisite_pairs(Atoms("Li", cell=[3, 3, 3], pbc=True), "Li", "Fe")
    with pytest.raises(InputError, match="as many atoms of Mn as of Li"):  # the law of mass action is not that of a spinel
        antisite_pairs(Atoms("LiMn2", [(0, 0, 0), (1, 1, 1), (2, 2, 2)], cell=[3, 3, 3], pbc=True), "Li", "Mn")
    with pytest.raises(InputError, match="multiplicity"):
        table(tmp_path, (3.3, 0.0, 0.7))
