"""A material of two hosts climbs to one voltage, with the plateau that two ideal gases have."""

from __future__ import annotations

import json

import numpy as np
import pytest
from ase import Atoms
from ase.calculators.singlepoint import SinglePointCalculator
from ase.io import write

from scalith.ladder import Climb, read_study
from scalith.ladder.graph import rungs
from scalith.quantities import InputError, StudyError, shipped
from scalith.quantities.constants import BOLTZMANN_EV

SITE, HOST = {"loose": 0.0, "tight": -0.2}, {"loose": 0.0, "tight": 0.1}
"""Energies of an ion and of the empty host, eV."""

STUDY = """
[study]
title = "two hosts"
seed = 1
targets = ["open_circuit_voltage", "entropic_coefficient", "phase_boundaries"]

[polymorphs.hosts.loose]
host = "loose.json"
energies = "loose.extxyz"
sites = 1.0
cluster_fit.pair_cutoff = 3.0

[polymorphs.hosts.tight]
host = "tight.json"
energies = "tight.extxyz"
sites = 1.0
energy_error = "0.01 eV"
cluster_fit.pair_cutoff = 4.0

[monte_carlo]
temperatures = [290.0, 310.0]
cells = [8, 8, 8]
sweeps = 60
points = 80

[given]
lithium_energy = "0 eV"
"""


def crystal(length: float, ions: int, cells: int) -> Atoms:
    """A row of cubes with carbon in their middles and ions at the corners of some."""
    places = [(0.5 * length, 0.5 * length, (k + 0.5) * length) for k in range(cells)] + [(0, 0, k * length) for k in range(ions)]
    return Atoms(f"C{cells}Li{ions}" if ions else f"C{cells}", places, cell=[length, length, cells * length], pbc=True)


@pytest.fixture
def folder(tmp_path):
    for name, length in (("loose", 3.0), ("tight", 3.9)):
        sites = [("C", (0.5, 0.5, 0.5), 1.0), ("Li", (0.0, 0.0, 0.0), 0.5)]
        described = [{"species": [{"element": e, "occu": o}], "abc": abc, "label": e} for e, abc, o in sites]
        (tmp_path / f"{name}.json").write_text(
            json.dumps({"lattice": {"matrix": (length * np.eye(3)).tolist()}, "sites": described})
        )
        rows = []
        for ions, cells in ((0, 1), (1, 1), (1, 2), (1, 3)):
            atoms = crystal(length, ions, cells)
            atoms.calc = SinglePointCalculator(atoms, energy=cells * HOST[name] + ions * SITE[name])
            rows.append(atoms)
        write(tmp_path / f"{name}.extxyz", rows)
    (tmp_path / "study.toml").write_text(STUDY)
    return tmp_path


def test_two_hosts_climb_to_one_voltage(folder):
    climb = Climb(read_study(folder / "study.toml"))
    voltage, regions = climb["open_circuit_voltage"], climb["phase_boundaries"]
    thermal = BOLTZMANN_EV * regions["T"].values
    a, b, q = (np.exp(-energy / thermal) for energy in (SITE["loose"], SITE["tight"], HOST["tight"]))
    z = (1.0 - q) / (q * b - a)
    assert regions["chemical_potential"].values == pytest.approx(thermal * np.log(z), abs=2e-4)
    assert regions["x_high"].values == pytest.approx(z * b / (1.0 + z * b), abs=0.01)
    assert float(voltage(x=0.5, T=290.0)) == pytest.approx(-float((thermal * np.log(z))[0]), abs=3e-4)
    (part,) = (part for part in voltage.components if part.name == "energies of the hosts")
    width = float(regions["x_high"][0] - regions["x_low"][0])
    middle = int(np.argmin(np.abs(voltage.coordinates["x"] - 0.5)))
    assert part.standard_error[middle, 0] == pytest.approx(0.01 / width, rel=0.02)
    # Clapeyron between an empty lattice and one that is nearly full.
    slope = float(voltage(x=0.5, T=310.0) - voltage(x=0.5, T=290.0)) / 20.0
    assert float(climb["entropic_coefficient"](x=0.5, T=300.0)) == pytest.approx(slope, abs=1.5e-5)


def test_members_draw_the_energies_of_the_hosts(folder):
    """The plateau of members scatters as its stated error says: (ε_tight − ε_loose) over its width."""
    climb = Climb(read_study(folder / "study.toml"))
    nominal, draw = climb["host_expansions"], rungs()["host_expansions"].quantity.draw
    members = [draw(nominal, seed) for seed in range(300)]
    empty = np.array([{name: fit.interactions[0] for name, fit in one.expansions.items()}["tight"] for one in members])
    assert np.std(empty) == pytest.approx(0.01, rel=0.15)
    assert np.mean(empty) == pytest.approx(nominal.expansions["tight"].interactions[0], abs=3e-3)
    assert {one.expansions["loose"].interactions[0] for one in members} == {nominal.expansions["loose"].interactions[0]}


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("sites = 1.0\nenergy_error", "sites = 2.0\nenergy_error", "the atoms of loose"),
        ('energies = "tight.extxyz"\n', "", "a file or a folder with energies"),
    ],
)
def test_hosts_that_do_not_fit_together_are_named(folder, old, new, message):
    (folder / "study.toml").write_text(STUDY.replace(old, new))
    with pytest.raises((InputError, StudyError), match=message):
        Climb(read_study(folder / "study.toml"))["joined_orderings"]


def test_one_host_is_no_choice(folder):
    alone, there, rest = STUDY.partition("[polymorphs.hosts.tight]")
    (folder / "study.toml").write_text(alone + "[monte_carlo]" + rest.partition("[monte_carlo]")[2])
    assert there
    with pytest.raises((InputError, StudyError), match="hosts"):
        read_study(folder / "study.toml")


def test_a_material_of_several_hosts_is_an_electrode_of_a_cell(folder):
    """The negative electrode of the shipped full cell, as two hosts: its plateau stands in its voltage and heat."""
    text = shipped("studies/full_cell.toml").read_text(encoding="utf-8")
    before, _, rest = text.partition("[materials.negative.crystal]")
    after = rest[rest.index("[materials.electrolyte.given]") :]
    own = STUDY[STUDY.index("[polymorphs.hosts.loose]") : STUDY.index("[given]")]
    own = own.replace("[polymorphs", "[materials.negative.polymorphs").replace(
        "[monte_carlo]", "[materials.negative.monte_carlo]"
    )
    given = '[materials.negative.given]\nlithium_energy = "0 eV"\nmaximum_concentration = "30000 mol/m3"\nchemical_diffusivity = "1e-14 m2/s"\n\n'
    (folder / "study.toml").write_text(before + own + given + after)
    climb = Climb(read_study(folder / "study.toml"))
    climb.set("positive.open_circuit_voltage", "shipped:open_circuit_voltage/nmc_LGM50_ocp_Chen2020.csv")
    climb.set("positive.entropic_coefficient", "0 V/K")
    climb.set("positive.chemical_diffusivity", "1e-14 m2/s")
    climb.set("positive.maximum_concentration", "50000 mol/m3")
    climb.set("cell.upper_voltage_cut_off", "5 V")
    # All along the plateau of the negative electrode its entropic coefficient is Clapeyron's, and the other has none.
    entropic, own = climb["cell_entropic_coefficient"], climb["negative.entropic_coefficient"]
    cell, positive = climb["cell_open_circuit_voltage"], climb["positive.open_circuit_voltage"]
    host = climb["negative.open_circuit_voltage"]
    for x in (0.6, 0.8):
        assert float(cell(x=x, T=298.15)) == pytest.approx(float(positive(x=x)) - float(host(x=0.5, T=298.15)), abs=1e-3)
        assert float(entropic(x=x, T=298.15)) == pytest.approx(-float(own(x=0.5, T=298.15)), abs=1e-6)
        slope = float(cell(x=x, T=309.0) - cell(x=x, T=291.0)) / 18.0
        assert float(entropic(x=x, T=298.15)) == pytest.approx(slope, abs=1.5e-5)
