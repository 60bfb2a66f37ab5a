"""Vibrations and molecular dynamics as rungs that an engine computes, with calculators whose answers are known."""

from __future__ import annotations

import numpy as np
import pytest
from ase.calculators.calculator import Calculator, all_changes

from scalith.ladder import Climb, climb, read_study
from scalith.quantities import ScalithError
from scalith.quantities.constants import AVOGADRO, BOLTZMANN, PLANCK
from tests.ladder.test_engine_rungs import CIF

STUDY = """
[study]
title = "vibrations and motion"
targets = {targets}

[crystal]
host = "host.cif"

[engine]
name = "tests.ladder.test_motion_rungs:Springs"
cell = false
database = "energies.db"
"""
VIBRATIONS = """
[vibrations]
temperatures = [200, 300]
stoichiometries = [0.0, 0.5, 1.0]
supercell = [2, 2, 2]
mesh = [1, 1, 1]
"""
MOTION = """
[molecular_dynamics]
temperatures = [300]
stoichiometry = 0.5
supercell = [1, 1, 1]
time_step = "10 fs"
duration = "1 ps"
equilibration = "0.1 ps"
frames = 50
runs = 2
kept = "runs"
"""


class Springs(Calculator):
    """E = ½ k Σ |uᵢ − ū|², k = 4 eV/Å², with the displacement uᵢ of each atom from its site: all waves have ν = √(k/m)/2π."""

    implemented_properties = ("energy", "forces", "stress")

    def calculate(self, atoms=None, properties=None, system_changes=all_changes):
        super().calculate(atoms, properties, system_changes)
        ions = atoms.numbers == 3
        lattice = np.array([3.0, 3.0, 5.0])
        places = atoms.positions - np.where(ions, 0.0, 0.5)[:, None] * lattice
        away = places - np.round(places / lattice) * lattice
        away -= away.mean(axis=0)
        energy = 2.0 * float(np.sum(away**2)) - 2.0 * ions.sum()
        self.results = {"energy": energy, "forces": -4.0 * away, "stress": np.zeros(6)}


@pytest.fixture
def study(tmp_path):
    (tmp_path / "host.cif").write_text(CIF.format(a=3.0, c=5.0, ion="Li", other="O"))

    def write(targets, *sections):
        path = tmp_path / "study.toml"
        path.write_text(STUDY.format(targets=targets) + "".join(sections))
        return path

    return write


def test_vibrations_at_several_stoichiometries_are_einstein_oscillators(study):
    """F(x, T) = 3 N_A [f(ν_O) + x f(ν_Li)], f = hν/2 + kT ln(1 − e^{−hν/kT}): linear in x here, with the middle computed."""
    pytest.importorskip("phonopy")
    live = Climb(read_study(study('["vibrational_free_energy"]', VIBRATIONS), allow_code=True))
    found = live["vibrational_free_energy"]
    assert found.coordinates["x"].tolist() == [0.0, 0.5, 1.0]
    for T in (200.0, 300.0):
        parts = []
        for spring, mass in ((4.0, 15.999), (4.0, 6.94)):
            quantum = PLANCK * np.sqrt(spring * 16.02176634 / (mass * 1.66053907e-27)) / (2 * np.pi)
            parts.append(3 * AVOGADRO * (0.5 * quantum + BOLTZMANN * T * np.log(-np.expm1(-quantum / (BOLTZMANN * T)))))
        for x in (0.0, 0.5, 1.0):
            assert found(x, T) == pytest.approx(parts[0] + x * parts[1], rel=2e-4)


def test_ions_in_motion_are_followed_and_kept(study, tmp_path):
    path = study('["trajectory_tracer_diffusivity", "trajectory_charge_diffusivity"]', MOTION)
    ledger = climb(read_study(path, allow_code=True), tmp_path / "out")
    assert ledger.entry("ion_motion").headline == "2 runs of LiO2 at each of 1 temperatures"
    assert abs(ledger.entry("trajectory_tracer_diffusivity").value) < 1e-8
    kept = sorted((tmp_path / "runs").iterdir())
    assert len(kept) == 2
    before = [file.stat().st_mtime_ns for file in kept]
    again = climb(read_study(path, allow_code=True), tmp_path / "again")
    assert again.entry("ion_motion").digest == ledger.entry("ion_motion").digest
    assert [file.stat().st_mtime_ns for file in kept] == before


@pytest.mark.parametrize(
    ("section", "old", "new", "said"),
    [
        (
            VIBRATIONS,
            "[0.0, 0.5, 1.0]",
            "[0.0, 0.4142]",
            "stoichiometries: found 0.4142, expected a fraction that cells of up to 4",
        ),
        (VIBRATIONS, "[0.0, 0.5, 1.0]", "[0.5]", "two stoichiometries or more"),
        (MOTION, "stoichiometry = 0.5", "stoichiometry = 0.0", "ion: found 'Li'"),
    ],
)
def test_bad_sections_are_one_sentence(study, section, old, new, said):
    target = "vibrational_free_energy" if section is VIBRATIONS else "ion_motion"
    with pytest.raises(ScalithError) as caught:
        Climb(read_study(study(f'["{target}"]', section.replace(old, new)), allow_code=True))[target]
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)
