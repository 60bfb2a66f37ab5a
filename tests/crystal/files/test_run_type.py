"""What the outputs of codes tell of how their energies were computed (words as the codes write them)."""

from __future__ import annotations

import pytest
from ase import Atoms
from ase.calculators.singlepoint import SinglePointCalculator

from scalith.crystal import ComputedStructure, RunType, StructureSet, read_structures
from scalith.crystal.files.run_type import require_one_run_type
from scalith.crystal.files.run_type_files import gpaw_parameters, output_of, run_type_of
from scalith.quantities import InputError

OUTCAR = """ vasp.6.4.2 20Jul23 complex
 INCAR:
   GGA = PS
   TITEL  = PAW_PBE Li_sv 10Sep2004
   TITEL  = PAW_PBE Fe_pv 02Aug2007
   ISPIN  =      2    spin polarized calculation?
   LNONCOLLINEAR =      F non collinear calculations
   ENCUT  =  520.0 eV  38.22 Ry    6.18 a.u.
   LDAUU =    0.000   4.300
   LDAUJ =    0.000   0.300
   LHFCALC =     F    Hartree Fock is set to
"""
ESPRESSO = """     Program PWSCF v.7.2 starts on  1Jan2024 at  0: 0: 0
     kinetic-energy cutoff     =      60.0000  Ry
     Exchange-correlation= PBE
                           (   1   4   3   4   0   0   0)
     Hubbard projectors: ortho-atomic
     Hubbard parameters of DFT+U (Dudarev formulation) in eV:
     U(Fe-3d) =  4.0000
     PseudoPot. # 1 for Li read from file:
     ./pseudo/li_pbe_v1.4.uspp.F.UPF
     MD5 check sum: e912e257baa3777c20ea3d68f190483c
     PseudoPot. # 2 for Fe read from file:
     ./pseudo/Fe.pbe-spn.UPF
     Starting magnetic structure
"""
GPAW = """
  ___ ___ ___ _ _ _
 |   |   |_  | | | |
Input parameters:
  mode: {ecut: 350.0,
         name: pw}
  setups: {Fe: :d,4.3}
  spinpol: True
  xc: PBE

Li-setup:
  name: Lithium
  id: 830b4218e175475f
  Z: 3.0
Fe-setup:
  name: Iron
  id: cd7aacf9d7a9a6e2
"""
CASTEP = """ |      CCC   AA    SSS  TTTTT  EEEEE  PPPP  | CASTEP version 20.1
 using functional                               : Perdew Burke Ernzerhof
 plane wave basis set cut-off                   :   500.0000   eV
 treating system as spin-polarized
                           Files used for pseudopotentials:
                                Li Li_C19_PBE_OTF.usp
 -----------------------
"""
AIMS = """ Invoking FHI-aims ...
  xc  pbe
  spin  collinear
"""
ABINIT = """.Version 9.10.3 of ABINIT
- pspini: atom type   1  psp file is /pseudos/Li.psp8
            ecut      2.00000000E+01 Hartree
             ixc          11
          nsppol           2
"""
CP2K = """ CP2K| version string:                                          CP2K version 2024.1
 CELL| Vector a [angstrom]:       4.000     0.000     0.000   |a| =     4.000
 CELL| Vector b [angstrom]:       0.000     4.000     0.000   |b| =     4.000
 CELL| Vector c [angstrom]:       0.000     0.000     4.500   |c| =     4.500
 DFT| Spin restricted Kohn-Sham (RKS) calculation                            RKS
 FUNCTIONAL| PBE:
 MODULE QUICKSTEP: ATOMIC COORDINATES IN ANGSTROM

   Atom Kind Element         X             Y             Z       Z(eff)     Mass
      1    1 Li    3      0.000000      0.000000      0.000000   3.0000   6.9410
      2    2 O     8      0.000000      0.000000      2.000000   6.0000  15.9994

 SCF PARAMETERS         Density guess:                                    ATOMIC
  *** SCF run converged in    12 steps ***
 ENERGY| Total FORCE_EVAL ( QS ) energy [a.u.]:              -14.202993407031412
 PROGRAM ENDED AT 2024-01-01
"""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            OUTCAR,
            RunType(
                code="vasp",
                functional="PS",
                hubbard={"Fe": 4.0},
                cutoff=520.0,
                potentials={"Li": "PAW_PBE Li_sv 10Sep2004", "Fe": "PAW_PBE Fe_pv 02Aug2007"},
                spin="collinear",
            ),
        ),
        (
            ESPRESSO,
            RunType(
                code="quantum espresso",
                functional="PBE",
                hubbard={"Fe": 4.0},
                cutoff=60 * 13.605693122994,
                potentials={"Li": "li_pbe_v1.4.uspp.F.UPF", "Fe": "Fe.pbe-spn.UPF"},
                spin="collinear",
            ),
        ),
        (
            GPAW,
            RunType(
                code="gpaw",
                functional="PBE",
                hubbard={"Fe": 4.3},
                cutoff=350.0,
                potentials={"Li": "830b4218e175475f", "Fe": "cd7aacf9d7a9a6e2"},
                spin="collinear",
            ),
        ),
        (
            CASTEP,
            RunType(
                code="castep",
                functional="Perdew Burke Ernzerhof",
                cutoff=500.0,
                potentials={"Li": "Li_C19_PBE_OTF.usp"},
                spin="collinear",
            ),
        ),
        (AIMS, RunType(code="fhi-aims", functional="pbe", spin="collinear")),
        (
            ABINIT,
            RunType(
                code="abinit",
                functional="ixc 11",
                hubbard={},
                cutoff=20 * 27.211386245988,
                potentials={"Li": "Li.psp8"},
                spin="collinear",
            ),
        ),
        (CP2K, RunType(code="cp2k", functional="PBE", spin="unpolarised")),
        # The functional of the potentials, where the INCAR states none.
        (
            OUTCAR.replace("GGA = PS", "GGA     =    --    GGA type"),
            RunType(
                code="vasp",
                functional="PE",
                hubbard={"Fe": 4.0},
                cutoff=520.0,
                potentials={"Li": "PAW_PBE Li_sv 10Sep2004", "Fe": "PAW_PBE Fe_pv 02Aug2007"},
                spin="collinear",
            ),
        ),
        (
            AIMS + "  species        Li\n  species        Fe_extra\n  plus_u   3  d  4.5\n",
            RunType(code="fhi-aims", functional="pbe", spin="collinear", hubbard={"Fe": 4.5}),
        ),
        # Files of the old kind: numbers before symbols in lower case, the functional told by its name alone.
        (
            ".Version 7.10.2 of ABINIT\n  PBE: new - ixc=11\n- pspini: atom type   1  psp file is ./26fe.pspnc\n",
            RunType(code="abinit", functional="ixc 11", hubbard={}, potentials={"Fe": "26fe.pspnc"}, spin="unpolarised"),
        ),
    ],
)
def test_each_code_tells(text, expected):
    assert run_type_of(text, output_of(text)) == expected


def test_what_makes_no_sense_tells_nothing():
    assert output_of("#!/bin/bash\nsrun vasp_std\n") == ""
    assert run_type_of("ENCUT", "vasp outcar") == RunType(code="vasp", hubbard={})
    assert run_type_of("anything", "") is None
    assert gpaw_parameters(
        {"mode": {"name": "pw", "ecut": 400.0}, "xc": "PBE", "spinpol": False, "setups": {"Co": ":d,3"}}, ["Co"]
    ) == (RunType(code="gpaw", functional="PBE", cutoff=400.0, hubbard={"Co": 3.0}, spin="unpolarised"))


def test_a_single_point_of_cp2k_is_read_and_a_relaxation_refused(tmp_path):
    (tmp_path / "cp2k.out").write_text(CP2K)
    (found,) = read_structures(tmp_path)
    assert found.energy == pytest.approx(-14.202993407031412 * 27.211386, rel=1e-6)
    (tmp_path / "cp2k.out").write_text(CP2K.replace("[a.u.]", "(a.u.)"))  # version 2.6
    assert read_structures(tmp_path)[0].energy == found.energy
    assert found.symbols == ["Li", "O"]
    assert found.atoms.cell.lengths().tolist() == [4.0, 4.0, 4.5]
    (tmp_path / "cp2k.out").write_text(
        CP2K.replace(" PROGRAM", CP2K[CP2K.index(" ENERGY|") : CP2K.index(" PROGRAM")] + " PROGRAM")
    )
    with pytest.raises(InputError, match="found 2 energies, expected a single point"):
        read_structures(tmp_path / "cp2k.out")
    (tmp_path / "cp2k.out").write_text(CP2K.replace("PROGRAM ENDED AT", ""))
    with pytest.raises(InputError, match="the run broke off before its end"):
        read_structures(tmp_path / "cp2k.out")


def item(symbols, kind, origin):
    atoms = Atoms(symbols, cell=[4, 4, 4], pbc=True)
    atoms.calc = SinglePointCalculator(atoms, energy=-1.0)
    return ComputedStructure(atoms, -1.0, origin, kind)


def test_elements_that_a_structure_does_not_hold_are_not_compared():
    empty = item("CoO2", RunType(hubbard={"Co": 3.3}, potentials={"Co": "Co", "O": "O"}), "empty")
    full = item("LiCoO2", RunType(hubbard={"Co": 3.3}, potentials={"Li": "Li_sv", "Co": "Co", "O": "O"}), "full")
    half = item("LiCoO2", RunType(hubbard={"Co": 3.3}, potentials={"Li": "Li", "Co": "Co", "O": "O"}), "half")
    silent = item("LiCoO2", None, "silent")
    found = require_one_run_type([empty, full, silent], "a set")
    assert found is not None
    assert found.potentials == {"Li": "Li_sv", "Co": "Co", "O": "O"}
    with pytest.raises(
        InputError, match=r"a set: potential of Li: found Li in half; Li_sv in the other 1, expected one in all runs"
    ):
        require_one_run_type([empty, full, half], "a set")
    assert require_one_run_type([empty, full, half], "a set", ["potentials"]) is not None
    assert require_one_run_type([silent], "a set") is None
    assert StructureSet((empty,))[0].run_type == empty.run_type
