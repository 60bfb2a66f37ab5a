"""Rungs of mechanics: cracks take contact from the cell, and the reaction its area from lines or surfaces."""

from __future__ import annotations

import numpy as np
import pytest

from scalith import electrode
from scalith.electrode import VoxelImage, image_dataset, image_from_dataset, interface_areas, limiting_path
from scalith.ladder import climb, read_entry, read_study
from scalith.ladder.graph import rungs
from scalith.ladder.rungs.electrode import Microstructure, voxel_image
from scalith.ladder.rungs.mechanics import Expansion, _periodic, expansion_stress
from scalith.quantities import InputError

STUDY = """
[study]
title = "cracks"
targets = ["electrode_structure", "loss_by_cracks", "phase_areas", "active_particle_sizes", "electrode_currents"]
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
TARGETS = STUDY.split("targets = ")[1].splitlines()[0]
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


def test_what_is_measured_is_measured_on_the_cracked_image_or_said_not_to_be(cracked):
    whole_only = {"cracks", "cracked_voxel_image", "loss_by_cracks", "expansion_stress", "designed_image"}
    looking = {name for name, one in rungs().items() if "voxel_image" in one.needs}
    assert {name for name in looking if "cracked_voxel_image" not in rungs()[name].needs} == {
        *whole_only,
        "effective_thermal_conductivity",
        *("electrode_tortuosity", "blocking_impedance", "pore_permeability", "separated_particles", "pore_network"),
    }
    opened = image_from_dataset(read_entry(cracked, "cracked_voxel_image").value)
    areas = read_entry(cracked, "phase_areas").value
    np.testing.assert_array_equal(areas["area"].values, interface_areas(opened).values)
    assert float(areas["active_area"].sel(phase="active", neighbour="electrolyte")) == pytest.approx(
        float(read_entry(cracked, "active_interface_area").value())
    )
    ionic, electronic = {"electrolyte": 0.2, "debonded": 0.2}, {"active": 1.0, "carbon": 100.0}
    path = limiting_path(opened, ionic=ionic, electronic=electronic)
    currents = read_entry(cracked, "electrode_currents").value
    np.testing.assert_allclose(currents["resistance"], path["resistance"], rtol=1e-9)


@pytest.mark.parametrize("periodic", [True, False])
def test_only_an_image_that_is_known_to_be_periodic_is_not_mirrored(periodic):
    labels = np.repeat([0, 1], 4).astype(np.uint8)[:, None, None] * np.ones((1, 4, 4), np.uint8)
    image = VoxelImage(labels, 1e-6, {"pore": 0, "active": 1}, periodic=periodic)
    assert _periodic(image).shape == (image.shape if periodic else (16, 8, 8))


def test_particles_with_a_binder_are_as_periodic_as_the_particles():
    """The rung that reads the image knows it from the image, not from who made it."""
    packed = {"particles": [{"phase": "active", "fraction": 0.3, "radius": "2 um"}], "shape": [12, 12, 12], "voxel_size": "1 um"}
    binder = {"fraction": 0.05, "agglomeration": 0.5, "cluster_size": "1 um"}
    image = image_from_dataset(voxel_image(Microstructure.read(packed | {"binder": binder}), 1))
    assert image.source.by.startswith("scalith.electrode.place_binder")
    assert image.periodic


@pytest.mark.parametrize("known", [True, False])
def test_stress_is_that_of_the_image_as_it_goes_on(known):
    labels = np.random.default_rng(0).integers(0, 2, (6, 4, 4)).astype(np.uint8)
    image = VoxelImage(labels, 1e-6, {"electrolyte": 0, "active": 1}, periodic=known)
    stiff = {"electrolyte": {"youngs_modulus": 2e10}, "active": {"youngs_modulus": 1e11}}
    expansion = Expansion(elasticity=stiff, strain={"active": 0.01})
    found = expansion_stress(image_dataset(image), expansion)
    going_on = image if known else electrode.mirror(image)
    direct = electrode.stress_from_eigenstrain(going_on, expansion.elasticity, expansion.strain, outside="free")
    np.testing.assert_allclose(found["phase_stress"], direct["phase_stress"], rtol=1e-9)
    inside = direct["von_mises_stress"].values[:6, :4, :4][image.mask("active")]
    assert float(found["high_stress"].sel(phase="active")) == pytest.approx(np.quantile(inside, 0.99), rel=1e-9)


def test_the_reaction_of_a_poor_conductor_keeps_to_the_lines(tmp_path):
    found = {}
    for name, conductivity in (("poor", "1e-6 S/m"), ("mixed", "1e3 S/m")):
        (tmp_path / "study.toml").write_text(
            STUDY.replace(TARGETS, '["electrode_structure"]') + ZONE.replace("1e-6 S/m", conductivity)
        )
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
