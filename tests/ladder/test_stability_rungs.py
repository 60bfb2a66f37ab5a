"""The window of stability climbs from a file of phases, as a material's own quantity."""

from __future__ import annotations

import pytest
from ase import Atoms

from scalith.crystal import ComputedStructure, StructureSet, write_structures
from scalith.ladder import Climb, climb, read_entry, read_study
from scalith.quantities import InputError

STUDY = """
[study]
title = "what lithium makes of a salt"
targets = ["electrolyte.stability_window"]

[materials.electrolyte.reference_phases]
energies = "phases.extxyz"
phase = "LiCl"
"""


def test_window_of_a_salt_is_climbed(tmp_path):
    cells = [("Li2", -3.8), ("Cl2", -3.6), ("LiCl", -7.9)]
    rows = [ComputedStructure(Atoms(name, cell=[4, 4, 4], pbc=True), energy, name) for name, energy in cells]
    write_structures(StructureSet(tuple(rows)), tmp_path / "phases.extxyz")
    (tmp_path / "study.toml").write_text(STUDY)
    ledger = climb(read_study(tmp_path / "study.toml"), tmp_path / "out")
    assert ledger.entry("electrolyte.stability_window").headline == "0.00 to 4.20 V against Li"
    value = read_entry(tmp_path / "out", "electrolyte.stability_window").value
    assert float(value["oxidation_potential"]) == pytest.approx(4.2)
    assert value["products"].values.tolist() == ["LiCl", "Cl"]


def test_window_of_a_phase_above_the_hull_is_said_to_be_that_of_its_mixture(tmp_path):
    cells = [("Li", -1.9), ("S", -4.1), ("Cl", -1.8), ("LiCl", -7.9), ("Li2S", -12.4), ("Li3SCl", -20.2)]
    rows = [ComputedStructure(Atoms(name, cell=[4, 4, 4], pbc=True), energy, name) for name, energy in cells]
    write_structures(StructureSet(tuple(rows)), tmp_path / "phases.extxyz")
    (tmp_path / "study.toml").write_text(STUDY.replace('"LiCl"', '"Li3SCl"'))
    ledger = climb(read_study(tmp_path / "study.toml"), tmp_path / "out")
    found = ledger.entry("electrolyte.stability_window").headline
    assert found == "0.00 to 2.25 V against Li, of what Li3SCl comes apart into"


def test_window_from_a_table_of_formulas(tmp_path):
    def headline(lines):
        (tmp_path / "table.toml").write_text(STUDY.replace('energies = "phases.extxyz"', lines))
        return Climb(read_study(tmp_path / "table.toml")).headline("electrolyte.stability_window")

    table = 'energies_of_formulas = { Na = "-1.3 eV", Cl2 = -3.6, NaCl = "-7300 meV" }\nion = "Na"'
    assert headline(table.replace("Na", "Li")) == headline(table.replace("Na", "Li")[:-11]) == "0.00 to 4.20 V against Li"
    with pytest.raises(InputError, match="found only Cl, NaCl, expected phases that hold all of LiCl"):
        headline(table)
    for wrong, message in (("", "neither', expected energies"), (table.replace("-3.6", '"-3.6 V"'), "energies_of_formulas.Cl2")):
        with pytest.raises(InputError, match=message):
            headline(wrong)


def test_headline_of_a_phase_that_no_potential_takes_apart(tmp_path):
    (tmp_path / "table.toml").write_text(
        STUDY.replace('energies = "phases.extxyz"', "energies_of_formulas = { Li = -1.9, LiCl = -7.9 }")
    )
    found = Climb(read_study(tmp_path / "table.toml")).headline("electrolyte.stability_window")
    assert found == "from 0.00 V against Li; nothing among these phases forms above"
