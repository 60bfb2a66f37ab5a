from __future__ import annotations

import gzip
import json

import numpy as np
import pytest
from ase import Atoms
from ase.calculators.singlepoint import SinglePointCalculator
from ase.db import connect
from ase.io import Trajectory, write

from scalith.crystal import read_structures
from scalith.crystal.species_of_atoms import MOMENTS
from scalith.quantities import InputError, shipped

LITHIUM = {"lattice": {"matrix": np.eye(3).tolist()}, "sites": [{"species": [{"element": "Li", "occu": 1.0}], "abc": [0, 0, 0]}]}
HALF = {**LITHIUM, "sites": [{"species": [{"element": "Li", "occu": 0.5}], "abc": [0, 0, 0]}]}


def frames():
    result = []
    for k in range(3):
        atoms = Atoms("LiO", positions=[[0, 0, 0], [0, 0, 2 + 0.1 * k]], cell=[4, 4, 4 + k], pbc=True)
        atoms.calc = SinglePointCalculator(atoms, energy=-5.0 - k)
        result.append(atoms)
    return result


def single(energy):
    """One lithium in a box, with its energy."""
    atoms = Atoms("Li", cell=[3.0, 3.0, 3.0], pbc=True)
    atoms.calc = SinglePointCalculator(atoms, energy=energy)
    return atoms


def test_pymatgen_entries():
    found = read_structures(shipped("dft_energies/LixNiO2/smol_lno_entries.json"), licence="BSD-3")
    assert len(found) == 31
    assert found[30].symbols.count("Li") == 6
    assert found[0].energy == pytest.approx(-188.28833)
    assert found.source.files[0].name == "smol_lno_entries.json"
    assert found.source.files[0].licence == "BSD-3"


@pytest.mark.parametrize("kind", ["extxyz", "traj", "db"])
def test_ase_files(tmp_path, kind):
    path = tmp_path / f"runs.{kind}"
    if kind == "traj":
        with Trajectory(path, "w") as trajectory:
            for atoms in frames():
                trajectory.write(atoms)
    elif kind == "db":
        with connect(path) as database:
            for atoms in frames():
                database.write(atoms)
    else:
        write(path, frames(), format="extxyz")
    found = read_structures(path)
    assert [item.energy for item in found] == [-5.0, -6.0, -7.0]
    assert np.allclose(found[2].atoms.cell.lengths(), [4, 4, 6])


def test_a_folder_is_read_file_by_file(tmp_path):
    for k, atoms in enumerate(frames()):
        (tmp_path / f"run{k}").mkdir()
        write(tmp_path / f"run{k}" / "last.extxyz", atoms, format="extxyz")
    found = read_structures(tmp_path)
    assert len(found) == 3
    assert len(found.source.files) == 3


def test_several_paths_are_read_as_one_set(tmp_path):
    for name, energy in (("a", -1.0), ("b", -2.0)):
        (tmp_path / name).mkdir()
        write(tmp_path / name / f"{name}.extxyz", single(energy))
    found = read_structures([tmp_path / "b", str(tmp_path / "a" / "a.extxyz")], licence="CC0")
    assert [item.energy for item in found] == [-2.0, -1.0]
    assert [record.name for record in found.source.files] == ["b.extxyz", "a.extxyz"]
    assert found.source.reference == "b, a.extxyz"
    assert {record.licence for record in found.source.files} == {"CC0"}


@pytest.mark.parametrize(
    ("paths", "said"),
    [
        ([], "an empty list.*, expected a file, a folder, or a list"),
        ([3], r"\[3\].*, expected a file"),
        (3, "3.*, expected a file"),
    ],
)
def test_what_is_no_path_is_said(paths, said):
    with pytest.raises(InputError, match=said):
        read_structures(paths)


def test_a_path_given_twice_and_energies_of_two_engines_are_rejected(tmp_path):
    for name in ("one", "two"):
        atoms = single(-1.0)
        atoms.info["engine"] = name
        write(tmp_path / f"{name}.extxyz", atoms)
    with pytest.raises(InputError, match=r"one\.extxyz more than once"):
        read_structures([tmp_path / "one.extxyz", tmp_path / "one.extxyz"])
    with pytest.raises(InputError, match=r"one and two.*, expected energies of one engine"):
        read_structures([tmp_path / "one.extxyz", tmp_path / "two.extxyz"])


def test_content_decides_the_digest(tmp_path):
    write(tmp_path / "a.extxyz", frames(), format="extxyz")
    first = read_structures(tmp_path / "a.extxyz")
    assert first.digest == read_structures(tmp_path / "a.extxyz").digest
    assert (first + first).digest != first.digest


def test_moments_that_pymatgen_wrote_as_objects_are_read(tmp_path):
    sites = [
        {"species": [{"element": "Fe", "occu": 1}], "abc": [0.5 * k, 0, 0], "label": "Fe", "properties": {"magmom": moment}}
        for k, moment in enumerate(({"@class": "Magmom", "moment": -3.7, "saxis": [0, 0, 1]}, {"moment": [0.0, 3.0, 4.0]}))
    ]
    structure = {"lattice": {"matrix": (4.0 * np.eye(3)).tolist()}, "sites": sites}
    (tmp_path / "entries.json").write_text(json.dumps([{"energy": 1.0, "structure": structure}]))
    (found,) = read_structures(tmp_path / "entries.json")
    assert found.atoms.arrays[MOMENTS] == pytest.approx([3.7, 5.0])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("[]", "at least one structure"),
        (json.dumps([{"energy": 1.0}]), "ComputedStructureEntry"),
        (json.dumps([{"energy": float("nan"), "structure": LITHIUM}]), "finite"),
        (json.dumps([{"energy": 1.0, "structure": HALF}]), "occupation 1"),
    ],
)
def test_bad_entries_are_named(tmp_path, content, message):
    path = tmp_path / "entries.json"
    path.write_text(content)
    with pytest.raises(InputError, match=message) as error:
        read_structures(path)
    assert "entries.json" in str(error.value)


def test_structures_without_energy_are_refused(tmp_path):
    write(tmp_path / "bare.extxyz", Atoms("Li", cell=[3, 3, 3], pbc=True), format="extxyz")
    with pytest.raises(InputError, match="total energy"):
        read_structures(tmp_path / "bare.extxyz")


def test_an_energy_under_another_name_is_pointed_to(tmp_path):
    bare = Atoms("Li", cell=[3, 3, 3], pbc=True)
    bare.info["REF_energy"] = -1.9
    write(tmp_path / "bare.extxyz", bare, format="extxyz")
    with pytest.raises(InputError, match=r"found none \(there is REF_energy\), expected a total energy .* named 'energy'"):
        read_structures(tmp_path / "bare.extxyz")


def test_compressed_entries_and_deuterium(tmp_path):
    deuteride = {**LITHIUM, "sites": [*LITHIUM["sites"], {"species": [{"element": "D", "occu": 1.0}], "abc": [0.5, 0, 0]}]}
    (tmp_path / "entries.json.gz").write_bytes(gzip.compress(json.dumps([{"energy": -2.0, "structure": deuteride}]).encode()))
    for place in (tmp_path / "entries.json.gz", tmp_path):
        (found,) = read_structures(place)
        assert (found.symbols, found.energy) == (["Li", "H"], -2.0)
    (tmp_path / "entries.json.gz").write_bytes((tmp_path / "entries.json.gz").read_bytes()[:40])
    with pytest.raises(InputError, match="expected a readable JSON file"):
        read_structures(tmp_path / "entries.json.gz")


@pytest.mark.parametrize("name", ["energies.csv", "energies.dat", "energies.pkl", "data-file-schema.xml"])
def test_a_kind_of_file_that_is_not_known_is_said(tmp_path, name):
    (tmp_path / name).write_text('[{"energy": 1.0}]\n')
    with pytest.raises(InputError, match="found a kind of file that is not known, expected energies in one of: vasprun"):
        read_structures(tmp_path / name)


def test_nothing_there(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        read_structures(tmp_path / "none.json")
    with pytest.raises(InputError, match="no output file"):
        read_structures(tmp_path)


VASP = """<?xml version="1.0" encoding="ISO-8859-1"?>
<modeling>
 <generator><i name="program" type="string">vasp </i><i name="version" type="string">6.3.0 </i></generator>
 <incar><i type="int" name="NSW"> 5</i><i type="int" name="IBRION"> 2</i></incar>
 <kpoints><varray name="kpointlist"><v> 0 0 0 </v></varray><varray name="weights"><v> 1.0 </v></varray></kpoints>
 <parameters><separator name="electronic"><i type="int" name="NELM"> 60</i></separator><separator name="ionic"><i type="int" name="NSW"> 5</i><i type="int" name="IBRION"> 2</i></separator></parameters>
 <atominfo><atoms> 2 </atoms><types> 2 </types>
  <array name="atoms"><dimension dim="1">ion</dimension><field type="string">element</field><field type="int">atomtype</field>
   <set><rc><c>Li</c><c> 1</c></rc><rc><c>O </c><c> 2</c></rc></set></array></atominfo>
 <structure name="initialpos"><crystal><varray name="basis"><v> 4 0 0 </v><v> 0 4 0 </v><v> 0 0 4 </v></varray></crystal>
   <varray name="positions"><v> 0 0 0 </v><v> 0 0 0.5 </v></varray></structure>
 <calculation>
  <scstep><energy><i name="e_fr_energy"> -5.0 </i><i name="e_0_energy"> -5.0 </i></energy></scstep>
  <structure><crystal><varray name="basis"><v> 4 0 0 </v><v> 0 4 0 </v><v> 0 0 4 </v></varray></crystal>
   <varray name="positions"><v> 0 0 0 </v><v> 0 0 0.5 </v></varray></structure>
  <varray name="forces"><v> 0 0 0 </v><v> 0 0 0 </v></varray>
  <energy><i name="e_fr_energy"> -5.0 </i><i name="e_wo_entrp"> -5.0 </i><i name="e_0_energy"> -5.0 </i></energy>
 </calculation>
 <structure name="finalpos"><crystal><varray name="basis"><v> 4 0 0 </v><v> 0 4 0 </v><v> 0 0 4 </v></varray></crystal>
   <varray name="positions"><v> 0 0 0 </v><v> 0 0 0.5 </v></varray></structure>
</modeling>
"""

ESPRESSO = """
     Program PWSCF v.6.8 starts on  1Jan2022 at  0: 0: 0

     bravais-lattice index     =            0
     lattice parameter (alat)  =       7.5589  a.u.
     unit-cell volume          =     431.8900 (a.u.)^3
     number of atoms/cell      =            2
     number of atomic types    =            2

     celldm(1)=   7.558905  celldm(2)=   0.000000  celldm(3)=   0.000000

     crystal axes: (cart. coord. in units of alat)
               a(1) = (   1.000000   0.000000   0.000000 )
               a(2) = (   0.000000   1.000000   0.000000 )
               a(3) = (   0.000000   0.000000   1.000000 )

   Cartesian axes

     site n.     atom                  positions (alat units)
         1           Li  tau(   1) = (   0.0000000   0.0000000   0.0000000  )
         2           O   tau(   2) = (   0.0000000   0.0000000   0.5000000  )


!    total energy              =      -0.36749322 Ry

     convergence has been achieved in   8 iterations

   JOB DONE.
"""


@pytest.mark.parametrize(
    ("name", "text", "energy"), [("vasprun.xml", VASP, -5.0), ("run.pwo", ESPRESSO, -0.36749322 * 13.605693)]
)
def test_outputs_of_vasp_and_quantum_espresso(tmp_path, name, text, energy):
    (tmp_path / "relaxed").mkdir()
    (tmp_path / "relaxed" / name).write_text(text)
    for place in (tmp_path / "relaxed" / name, tmp_path):
        (found,) = read_structures(place)
        assert found.energy == pytest.approx(energy, abs=1e-4)
        assert found.symbols == ["Li", "O"]
        assert np.allclose(found.atoms.cell.lengths(), 4.0, atol=1e-4)
        assert np.allclose(found.atoms.positions[1], [0, 0, 2], atol=1e-4)
