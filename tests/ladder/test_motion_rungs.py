"""Vibrations and molecular dynamics as rungs that an engine computes, with calculators whose answers are known."""

from __future__ import annotations

import numpy as np
import pytest
from ase.calculators.calculator import Calculator, all_changes

from scalith.crystal import Host, HostSite
from scalith.ladder import Climb, climb, read_entry, read_study
from scalith.ladder.graph import Graph
from scalith.ladder.rungs.motion import Conduction, bulk_ionic_conductivity
from scalith.quantities import InputError, Property, Result, ScalithError, Source
from scalith.quantities.constants import AVOGADRO, BOLTZMANN, ELEMENTARY_CHARGE, FARADAY, GAS_CONSTANT, PLANCK
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


CONDUCTOR = """
[study]
title = "a solid electrolyte from its atoms"
targets = ["electrolyte.ionic_conductivity", "electrolyte.trajectory_haven_ratio"]

[materials.electrolyte.crystal]
host = "host.cif"

[materials.electrolyte.engine]
name = "tests.ladder.test_motion_rungs:Gas"
cell = false

[materials.electrolyte.molecular_dynamics]
temperatures = [600, 900]
stoichiometry = 1.0
supercell = [2, 2, 2]
time_step = "10 fs"
duration = "6 ps"
equilibration = "0.3 ps"
friction_time = "0.05 ps"
frames = 300
runs = 2
blocks = 4

[materials.electrolyte.conduction]
temperatures = [600, 700, 900]
"""
BOUNDARIES = """
[polycrystal]
grain_size = "1 um"
relative_permittivity = 20
boundary_potential = "0.1 V"
mobile_concentration = "100 mol/m3"
"""


class Gas(Springs):
    """Ions without forces, the other atoms on springs."""

    def calculate(self, atoms=None, properties=None, system_changes=all_changes):
        super().calculate(atoms, properties, system_changes)
        self.results["forces"][atoms.numbers == 3] = 0.0


def test_cell_lithium_and_parts_take_the_electrolyte_of_the_atoms():
    """With boundaries where they are stated, and without them as what a cell of one crystallite would have."""
    graph = Graph(("positive", "electrolyte"), ["polycrystal", "electrolyte.conduction", "electrolyte.molecular_dynamics"])
    for rung in ("cell_specification", "pressed_lithium"):
        assert graph.nodes[rung].inputs["electrolyte_ionic_conductivity"] == "electrolyte.ionic_conductivity"
    parts = graph.nodes["part_by_part"].inputs
    assert parts["electrolyte_bulk_ionic_conductivity"] == "electrolyte.bulk_ionic_conductivity"
    made = graph.nodes["electrolyte.ionic_conductivity"].inputs
    assert made == {"bulk_ionic_conductivity": "electrolyte.bulk_ionic_conductivity", "polycrystal": "polycrystal"}


def test_kinetic_monte_carlo_conducts_at_one_stoichiometry():
    """σ = c x F² D/RT at the temperatures of the walks; elsewhere by their line."""
    x, T = np.array([0.25, 0.5, 0.75]), np.array([400.0, 500.0, 600.0])
    D = np.array([1.0, 2.0, 3.0])[:, None] * 1e-9 * np.exp(-2000.0 / T) / 400.0 * T
    source = Source(kind="assumed", reference="a straight line")
    jump = Property.from_arrays("jump_diffusivity", {"x": x, "T": T}, D, "m2 s-1", source, standard_error=0.1 * D)
    sites = (HostSite(position=(0.0, 0.0, 0.0), species=("Li", "vacancy"), charges=(1.0, 0.0)),)
    host = Host(name="cube", working_ion="Li", lattice=((4.0, 0.0, 0.0), (0.0, 4.0, 0.0), (0.0, 0.0, 4.0)), sites=sites)
    concentration = 0.5 / (AVOGADRO * 64e-30)
    section = Conduction.read({"temperatures": [300, 500], "stoichiometry": 0.5})
    found = bulk_ionic_conductivity(host, section, jump_diffusivity=jump)
    assert found(500.0) == pytest.approx(concentration * FARADAY**2 / (GAS_CONSTANT * 500.0) * D[1, 1], rel=0.05)
    assert found.error(300.0) / found(300.0) > found.error(500.0) / found(500.0)
    with pytest.raises(InputError, match="stoichiometry"):
        bulk_ionic_conductivity(host, Conduction.read({"temperatures": [300, 500]}), jump_diffusivity=jump)
    motion = Result(attrs={"dimensions": 3, "ions": 1, "volume": 1e-29})  # a stated stoichiometry chooses between the two
    assert bulk_ionic_conductivity(host, section, motion, jump) == found
    with pytest.raises(InputError, match=r"stoichiometry: found 0.5, expected none: molecular dynamics"):
        bulk_ionic_conductivity(host, section, motion)
    cold = Property.from_arrays("jump_diffusivity", {"x": x}, D[:, 0], "m2 s-1", source)
    with pytest.raises(InputError, match="jump_diffusivity: found values over x, expected values over T"):
        bulk_ionic_conductivity(host, section, jump_diffusivity=cold)
    with pytest.raises(InputError, match="of: found 'tracer', expected charge"):
        bulk_ionic_conductivity(host, section.model_copy(update={"of": "tracer"}), jump_diffusivity=jump)


@pytest.mark.long
def test_conductivity_of_an_electrolyte_from_its_atoms(study, tmp_path):
    """Free ions: D = kT/(mγ), so that σ = c F²/(R m γ/k) at any T; boundaries of crystallites stand on top of it."""
    path = tmp_path / "study.toml"
    path.write_text(CONDUCTOR)
    plain = climb(read_study(path, allow_code=True), tmp_path / "plain")
    bulk = read_entry(tmp_path / "plain", "electrolyte.bulk_ionic_conductivity").value
    assert read_entry(tmp_path / "plain", "electrolyte.ionic_conductivity").value == bulk
    concentration = 1.0 / (AVOGADRO * 45e-30)
    mobility = 0.05e-12 / (6.94 * 1.66053907e-27)
    exact = concentration * AVOGADRO * ELEMENTARY_CHARGE**2 * mobility
    assert bulk.unit == "S m-1"
    assert np.all(np.abs(bulk.values.values - exact) < 3 * bulk.standard_error.values)
    assert np.all(bulk.standard_error.values < 0.6 * exact)
    haven = read_entry(tmp_path / "plain", "electrolyte.trajectory_haven_ratio").value
    assert np.all(np.abs(haven.values.values - 1.0) < 3 * haven.standard_error.values)
    assert "2 runs of Li8O8" in plain.entry("electrolyte.ion_motion").headline
    path.write_text(CONDUCTOR.replace('targets = ["electrolyte.ionic_conductivity", "', 'targets = ["') + BOUNDARIES)
    live = Climb(read_study(path, allow_code=True))
    whole = live["electrolyte.ionic_conductivity"]
    assert np.all(whole.values.values < live["electrolyte.bulk_ionic_conductivity"].values.values)
    assert whole.standard_error.values / whole.values.values == pytest.approx(
        bulk.standard_error.values / bulk.values.values, rel=1e-9
    )


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
