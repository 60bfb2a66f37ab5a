"""Rungs of mechanics: cracks take contact from the cell, and the reaction its area from lines or surfaces."""

from __future__ import annotations

import pytest

from scalith.electrode import image_from_dataset, interface_areas
from scalith.ladder import climb, read_entry, read_study
from scalith.quantities import InputError

STUDY = """
[study]
title = "cracks"
targets = ["electrode_structure", "loss_by_cracks"]
seed = 2

[microstructure]
voxel_size = "0.8 um"
shape = [20, 16, 16]

[microstructure.composite]
active_fraction = 0.5
active_radius = "2.5 um"
carbon_fraction = 0.05
carbon_size = "0.8 um"
porosity = 0.06
pore_size = "0.8 um"

[conductivities]
ionic = { electrolyte = "2 mS/cm" }
electronic = { active = "0.01 S/cm", carbon = "1 S/cm" }
"""
CRACKING = """
[cracking]
fracture_energy = { active = 10.0, electrolyte = 2.0 }
interfaces = [{ phases = ["active", "electrolyte"], fracture_energy = 0.3 }]
length = "1.6 um"
strain = { active = -0.02 }
loads = [0.1, 1.0]

[cracking.elasticity]
active = { youngs_modulus = "140 GPa", poisson_ratio = 0.3 }
electrolyte = { youngs_modulus = "22.1 GPa", poisson_ratio = 0.37 }
carbon = { youngs_modulus = "10 GPa", poisson_ratio = 0.2 }
pore = { youngs_modulus = 0.0 }
"""
ZONE = """
[triple_phase]
phases = ["active", "electrolyte", "carbon"]

[reaction_zone]
conductivity = "1e-6 S/m"
depth = "0.5 um"
exchange_current_density = "1 A/m2"
"""


@pytest.fixture(scope="module")
def cracked(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cracked")
    (folder / "study.toml").write_text(STUDY + CRACKING)
    climb(read_study(folder / "study.toml"), folder / "out")
    return folder / "out"


def test_cracks_take_contact_and_the_cell_gets_what_is_left(cracked):
    loss = read_entry(cracked, "loss_by_cracks").value
    first, last = (float(loss["interface_left"][step]) for step in (0, -1))
    assert first == pytest.approx(1.0)
    assert last < 0.8
    assert float(loss["utilised_left"][-1]) <= 1.0
    structure = read_entry(cracked, "electrode_structure").value
    whole = image_from_dataset(read_entry(cracked, "voxel_image").value)
    opened = image_from_dataset(read_entry(cracked, "cracked_voxel_image").value)
    assert whole.volume_fractions["active"] == opened.volume_fractions["active"]
    assert float(structure.interface_area) < 0.8 * float(interface_areas(whole).sel(phase="active", neighbour="electrolyte"))
    areas = read_entry(cracked, "active_interface_area").value()
    assert float(structure.interface_area) == pytest.approx(areas)


def test_the_reaction_of_a_poor_conductor_keeps_to_the_lines(tmp_path):
    found = {}
    for name, conductivity in (("poor", "1e-6 S/m"), ("mixed", "1e3 S/m")):
        (tmp_path / "study.toml").write_text(STUDY.replace(', "loss_by_cracks"', "") + ZONE.replace("1e-6 S/m", conductivity))
        climb(read_study(tmp_path / "study.toml"), tmp_path / name)
        found[name] = read_entry(tmp_path / name, "electrode_structure").value
    area = read_entry(tmp_path / "poor", "active_interface_area").value()
    line = read_entry(tmp_path / "poor", "triple_phase_length").value
    assert float(found["mixed"].interface_area) == pytest.approx(area, rel=1e-3)
    reach = (1e-6 * 0.5e-6 / (96485.33212 / (8.314462618 * 298.15))) ** 0.5
    assert float(found["poor"].interface_area) == pytest.approx(reach * line(), rel=1e-2)
    # Far from either limit's other number, the error is that of the line.
    assert found["poor"].interface_area.error / found["poor"].interface_area == pytest.approx(line.error() / line(), rel=0.05)


def test_cycles_need_the_threshold_of_fatigue(tmp_path):
    (tmp_path / "study.toml").write_text(STUDY + CRACKING.replace("loads =", "cycles = [10.0]\nloads ="))
    with pytest.raises(InputError, match="fatigue_threshold"):
        read_study(tmp_path / "study.toml")
