"""A study whose ions bring electrons that are told apart: from structures with magnetic moments to the voltage of a cell."""

from __future__ import annotations

import json

import numpy as np
import pytest
from ase import Atoms
from ase.calculators.singlepoint import SinglePointCalculator
from ase.io import write

from scalith.ladder import Climb, climb, read_study
from scalith.lattice import SpeciesExpansion
from scalith.quantities import DomainError, InputError
from scalith.quantities.constants import BOLTZMANN_EV
from scalith.report.figures import figures_of

SITE_ENERGY = -3.4
"""eV, of an ion with its electron, wherever they are."""
PLACES = {"Li": (0.0, 0.0, 0.0), "Fe": (0.5, 0.5, 0.2), "N": (0.0, 0.5, 0.4)}
CELL = np.diag((3.0, 3.0, 9.0))
STUDY = """
[study]
title = "independent ions and electrons"
targets = ["open_circuit_voltage", "lattice_snapshot", "cell_specification", "cell_open_circuit_voltage"]

[crystal]
host = "host.json"
energies = "runs.extxyz"
species = { Fe = ["Fe2+", "Fe3+"] }
moments = { "Fe2+" = [3.4, 3.95], "Fe3+" = [3.95, 4.6] }

[cluster_fit]
pair_cutoff = 3.1

[monte_carlo]
temperatures = [298.15, 600.0]
cells = [12, 12, 1]
sweeps = 60
points = 24

[snapshot]
cells = [4, 4, 1]
stoichiometry = 0.25

[cell]
name = "toy"
electrode_area = "0.1 m2"
nominal_capacity = "5 A h"
lower_voltage_cut_off = "2.7 V"
upper_voltage_cut_off = "4.2 V"

[cell.negative_electrode]
thickness = "85 um"
porosity = 0.25
conductivity = "215 S/m"
bruggeman_exponent = 1.5
active_volume_fraction = 0.75
particle_radius = "5.86 um"
maximum_concentration = "33133 mol/m3"
minimum_stoichiometry = 0.03
maximum_stoichiometry = 0.90
chemical_diffusivity = "3.3e-14 m2/s"
reaction_rate_constant = "7.036e-6 mol m-2 s-1"

[cell.separator]
thickness = "12 um"
porosity = 0.47
bruggeman_exponent = 1.5

[cell.positive_electrode]
thickness = "95 um"
porosity = 0.335
conductivity = "0.18 S/m"
bruggeman_exponent = 1.5
active_volume_fraction = 0.665
particle_radius = "5.22 um"
minimum_stoichiometry = 0.05
maximum_stoichiometry = 0.95
reaction_rate_constant = "7.073e-5 mol m-2 s-1"

[cell.electrolyte]
initial_concentration = "1000 mol/m3"
transference_number = 0.26
conductivity = "1 S/m"
diffusivity = "2e-10 m2/s"

[given]
negative_open_circuit_voltage = 0.1
chemical_diffusivity = 1e-14
lithium_energy = "0 eV"
"""


def run(cells, filled, reduced):
    """A row of cells with ions in some, and electrons on the irons of as many."""
    atoms = Atoms(cell=CELL @ np.diag((cells, 1, 1)), pbc=True)
    moments = []
    for k in range(cells):
        for element, moment in (("Li", 0.0), ("Fe", -3.7 if k in reduced else 4.2), ("N", 0.1)):
            if element != "Li" or k in filled:
                x, y, z = PLACES[element]
                atoms += Atoms(element, positions=[(3.0 * (k + x), 3.0 * y, 9.0 * z)])
                moments.append(moment)
    atoms.calc = SinglePointCalculator(atoms, energy=-10.0 * cells + SITE_ENERGY * len(filled), magmoms=moments)
    return atoms


@pytest.fixture
def study(tmp_path):
    sites = [
        {"species": [{"element": element, "oxidation_state": charge, "occu": occupation}], "abc": list(PLACES[element])}
        for element, charge, occupation in (("Li", 1, 0.5), ("Fe", 2.5, 1.0), ("N", -3, 1.0))
    ]
    (tmp_path / "host.json").write_text(json.dumps({"lattice": {"matrix": CELL.tolist()}, "sites": sites}))
    rows = [run(1, (), ()), run(1, (0,), (0,)), run(2, (0,), (0,)), run(2, (0,), (1,))]
    rows += [run(3, (0,), (k,)) for k in range(2)] + [run(3, (0, 1), (0, 1)), run(3, (0, 1), (0, 2)), run(4, (0, 1), (0, 2))]
    write(tmp_path / "runs.extxyz", rows)
    path = tmp_path / "study.toml"
    path.write_text(STUDY)
    return path


@pytest.mark.long
def test_independent_ions_and_electrons_meet_the_exact_voltage_up_to_the_cell(study):
    """x²/(1 − x)² = exp((μ − ε)/kT): twice the logarithm of the lattice gas, one for ions, one for electrons."""
    found = Climb(read_study(study))
    voltage = found["open_circuit_voltage"]
    x = np.linspace(0.05, 0.95, 19)
    for T in (298.15, 600.0):
        exact = -SITE_ENERGY - 2.0 * BOLTZMANN_EV * T * np.log(x / (1.0 - x))
        assert voltage(x, T) == pytest.approx(exact, abs=0.012)
    with pytest.raises(DomainError):
        voltage(0.001, 298.15)
    # The planted energies are exact: the fit has next to no error, which is a part of its own beside that of the sampling.
    parts = voltage.error_parts(0.5, 298.15)
    assert list(parts) == ["sampling", "cluster expansion"]
    assert parts["cluster expansion"] < 1e-6 < parts["sampling"]
    assert found["cell_open_circuit_voltage"].domain["T"] == (298.15, 600.0)
    positive = found["cell_specification"].positive_electrode.materials[0]
    assert positive.open_circuit_voltage(0.5, 298.15) == pytest.approx(-SITE_ENERGY, abs=0.012)
    assert list(positive.open_circuit_voltage.error_parts(0.5, 298.15)) == ["sampling", "cluster expansion"]
    snapshot = found["lattice_snapshot"]
    names, counts = np.unique(snapshot["species"].values, return_counts=True)
    assert dict(zip(names.tolist(), counts.tolist(), strict=True)) == {"Fe2+": 4, "Fe3+": 12, "Li": 4, "vacancy": 12}
    (figure,) = figures_of("lattice_snapshot", snapshot)
    assert [trace.name for trace in figure.data] == ["Fe2+", "Fe3+", "Li", "vacancy"]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("[snapshot]", "[phases]\ntemperatures = [300.0]\n[snapshot]", r"\[crystal\]: species: .*no \[phases\]"),
        ("[snapshot]", '[localisation]\ninteraction = "0.1 eV"\nreference = "x"\n[snapshot]', r"no \[localisation\]"),
        ("[snapshot]", "[kinetic_monte_carlo]\n[snapshot]", r"no \[kinetic_monte_carlo\]"),
    ],
)
def test_what_knows_ions_alone_is_named_before_anything_is_computed(study, old, new, message):
    study.write_text(STUDY.replace(old, new, 1))
    with pytest.raises(InputError, match=message):
        read_study(study)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"Fe3+"] }', '"Fe3+"], N = ["N3-", "vacancy"] }', "composition: .*how much there is of N"),
        ("points = 24", "points = 24\nparallel_tempering = true", "none with coupled sublattices"),
        ("species = ", "# ", "moments: .*species of the host"),
    ],
)
def test_what_cannot_be_sampled_is_named(study, old, new, message):
    study.write_text(STUDY.replace(old, new, 1))
    with pytest.raises(InputError, match=message):
        Climb(read_study(study))["sampled_orderings"]


def test_an_expansion_of_either_kind_is_kept_and_given(study, tmp_path):
    """The rung stands for two specifications: what was stored is read back as the one that it was."""
    found = climb(read_study(study), tmp_path / "out", until="cluster_expansion")
    again = climb(read_study(study), tmp_path / "out", until="cluster_expansion")
    assert again.entry("cluster_expansion").digest == found.entry("cluster_expansion").digest
    stored = next((tmp_path / "out").rglob("cluster_expansion.json"))
    given = STUDY.replace("[given]", f'[given]\ncluster_expansion = "{stored.relative_to(tmp_path).as_posix()}"')
    study.write_text(given)
    expansion = read_study(study).given["cluster_expansion"]
    assert isinstance(expansion, SpeciesExpansion)
    assert expansion.digest == found.entry("cluster_expansion").digest
    study.write_text(given.replace("cluster_expansion.json", "nothing.json"))
    with pytest.raises(InputError, match="a file"):
        read_study(study)
