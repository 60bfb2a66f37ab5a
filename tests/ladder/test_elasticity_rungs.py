"""Elasticity of a material as rungs that an engine computes, with a solid whose moduli are known, up to the stress of a cell."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from ase.calculators.calculator import Calculator, all_changes

from scalith.ladder import Climb, read_study
from scalith.ladder.graph import rungs
from scalith.ladder.rungs.cell import Cell
from scalith.quantities import InputError
from tests.ladder.test_engine_rungs import CIF

STUDY = """
[study]
title = "elasticity"
targets = ["youngs_modulus", "poisson_ratio"]

[crystal]
host = "host.cif"

[engine]
name = "tests.ladder.test_elasticity_rungs:Solid"

[strains]
stoichiometries = [0.0, 1.0]
strain = 0.002
largest_cell = 1
"""
AGEING = Path(__file__).resolve().parents[2] / "examples" / "ageing.toml"
SHEAR, LAME = 0.25, 0.4
"""μ and λ of the empty solid, eV/Å³; with all sites filled both are twice these."""


class Solid(Calculator):
    """An isotropic solid, at rest with a cell of 3 x 3 x 5 Å, that is stiffer by the share of its sites that is filled."""

    implemented_properties = ("energy", "forces", "stress")

    def calculate(self, atoms=None, properties=None, system_changes=all_changes):
        super().calculate(atoms, properties, system_changes)
        lattice = np.diag([3.0, 3.0, 5.0])
        rest = np.round(np.asarray(atoms.cell) @ np.linalg.inv(lattice)) @ lattice
        strain = np.linalg.inv(rest) @ np.asarray(atoms.cell) - np.eye(3)
        strain = 0.5 * (strain + strain.T)
        stiffer = 1.0 + np.sum(atoms.numbers == 3) / (np.linalg.det(rest) / 45.0)
        stress = stiffer * (LAME * np.trace(strain) * np.eye(3) + 2.0 * SHEAR * strain)
        energy = 0.5 * float(np.sum(stress * strain)) * np.linalg.det(rest)
        order = ((0, 1, 2, 1, 0, 0), (0, 1, 2, 2, 2, 1))
        self.results = {"energy": energy, "forces": np.zeros((len(atoms), 3)), "stress": stress[order]}


def test_young_and_poisson_of_a_solid_against_its_content(tmp_path):
    (tmp_path / "host.cif").write_text(CIF.format(a=3.0, c=5.0, ion="Li", other="O"))
    (tmp_path / "study.toml").write_text(STUDY)
    live = Climb(read_study(tmp_path / "study.toml", allow_code=True))
    young, poisson = live["youngs_modulus"], live["poisson_ratio"]
    expected = SHEAR * (3.0 * LAME + 2.0 * SHEAR) / (LAME + SHEAR) * 1.602176634e11
    for x, stiffer in ((0.0, 1.0), (0.5, 1.5), (1.0, 2.0)):
        assert young(x) == pytest.approx(stiffer * expected, rel=1e-4)
        assert poisson(x) == pytest.approx(0.5 * LAME / (LAME + SHEAR), rel=1e-4)
        assert young.error(x) < 1e-4 * expected  # an isotropic solid is bounded by itself
    assert live["elasticity"].attrs["source"]


def test_the_stress_of_an_electrode_takes_elasticity_from_its_material(tmp_path):
    text = AGEING.read_text()
    own = text.replace('youngs_modulus = "15 GPa"\n', "").replace("poisson_ratio = 0.3\n", "")
    material = next(line for line in text.splitlines() if line.startswith("partial_molar_volume = {"))
    filled = own.replace(material, f'{material}\nyoungs_modulus = "20 GPa ± 2 GPa"\npoisson_ratio = 0.25')
    path = tmp_path / "study.toml"
    path.write_text(filled)
    climb = Climb(read_study(path))
    stress = climb["cell_specification"].negative_electrode.material.stress
    assert (stress.youngs_modulus, stress.poisson_ratio) == (pytest.approx(20e9), pytest.approx(0.25))
    assert stress.youngs_modulus.error == pytest.approx(2e9)
    assert "negative_youngs_modulus" in climb.study.graph.nodes["cell_specification"].inputs
    for field, value in (("youngs_modulus", '"15 GPa"'), ("poisson_ratio", "0.3")):
        twice = filled.replace("[cell.negative_electrode.stress] ", f"[cell.negative_electrode.stress]\n{field} = {value}\n#")
        path.write_text(twice)
        with pytest.raises(InputError, match=rf"stress.{field}: .*{field} of the negative material fills this field"):
            read_study(path)
    path.write_text(own)
    with pytest.raises(InputError, match="youngs_modulus"):
        read_study(path)


def test_a_cell_is_tried_with_properties_in_the_units_of_their_rungs(monkeypatch):
    tried = {}
    monkeypatch.setattr(Cell, "specification", lambda cell, values, *, trial: tried.update(values))
    stated = {part: {"stress": {}} for part in ("positive_electrode", "negative_electrode", "separator", "electrolyte")}
    fields = ("partial_molar_volume", "youngs_modulus", "poisson_ratio")
    reached = [f"{side}_{field}" for side in ("negative", "positive") for field in fields]
    stated |= dict.fromkeys(("electrode_area", "nominal_capacity", "lower_voltage_cut_off", "upper_voltage_cut_off"), 1.0)
    Cell.model_validate(stated, context={"reached": reached})
    assert {name: tried[name].unit for name in reached} == {
        name: rungs()[name.partition("_")[2]].quantity.unit for name in reached
    }
