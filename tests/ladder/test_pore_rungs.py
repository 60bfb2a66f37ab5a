"""Rungs of pores and particles: exact ones on slabs."""

import csv

import numpy as np
import pytest

from scalith.electrode import VoxelImage, image_dataset, write_image
from scalith.ladder import climb, read_entry, read_study
from scalith.ladder.rungs.electrode import BulkConductivities
from scalith.ladder.rungs.pores import BlockingSurface, ViscousFlow, pore_permeability
from scalith.quantities import InputError
from scalith.report import write_report

H, GAP, DEPTH, SIGMA, C = 5e-7, 6, 12, 0.5, 0.1
STUDY = f"""
[study]
title = "slabs"
targets = ["electrode_tortuosity", "blocking_impedance", "pore_permeability", "separated_particles", "pore_network"]
seed = 1

[microstructure]
file = "slabs.npy"
voxel_size = "0.5 um"
phases = {{ electrolyte = 0, active = 1 }}

[conductivities]
ionic = {{ electrolyte = "{SIGMA} S/m" }}

[blocking_surface]
capacitance = "{C} F/m2"
lowest = "1 mHz"
highest = "10 kHz"

[viscous_flow]
[particle_separation]
"""


def slabs():
    labels = np.ones((DEPTH, GAP + 2, 4), np.uint8)
    labels[:, 1:-1] = 0
    return VoxelImage(labels, H, {"electrolyte": 0, "active": 1})


@pytest.mark.long
def test_slabs_have_their_exact_tortuosity_spectrum_permeability_and_bodies(tmp_path):
    write_image(slabs(), tmp_path / "slabs.npy")
    (tmp_path / "study.toml").write_text(STUDY)
    out = tmp_path / "out"
    ledger = climb(read_study(tmp_path / "study.toml"), out)
    found = {name: read_entry(out, name).value for name in ("electrode_tortuosity", "blocking_impedance", "pore_permeability")}
    # Beside the depth ions cross half of the gap, of m voxels: (m − 1)(2m − 1)/6m of a voxel's resistance.
    m = GAP // 2
    across = (m - 1) * (2 * m - 1) / (6 * m)
    tortuosity = 1.0 + 3.0 * m * across / DEPTH**2
    assert found["electrode_tortuosity"]() == pytest.approx(tortuosity, rel=2e-3)
    porosity = GAP / (GAP + 2)
    assert found["pore_permeability"]() == pytest.approx(porosity * (GAP * H) ** 2 / 12 * (1 + 2 / GAP**2), rel=1e-4)
    spectrum = found["blocking_impedance"]
    area, length = (GAP + 2) * 4 * H**2, DEPTH * H
    assert float(spectrum["area"]) == pytest.approx(area)
    slow = int(np.argmin(spectrum["frequency"].values))
    # At low frequency a third of the pores' resistance, and half a voxel up to the two walls.
    wall = 0.5 * H / (SIGMA * 2 * length * 4 * H)
    assert float(spectrum["resistance"][slow]) == pytest.approx(
        tortuosity * length / (3 * SIGMA * porosity * area) + wall, rel=2e-3
    )
    capacitance = C * 2 * length * 4 * H
    assert float(spectrum["reactance"][slow]) == pytest.approx(-1 / (2 * np.pi * 1e-3 * capacitance), rel=1e-3)
    particles, pores = (read_entry(out, name).value for name in ("separated_particles", "pore_network"))
    assert particles.sizes["particle"] == 2
    assert not particles["coordination"].any()
    assert float(pores["volume"].sum()) == pytest.approx(porosity * area * length)
    rows = list(csv.DictReader((out / "quantities" / "pore_network.openpnm.csv").read_text().splitlines()))
    assert len([row for row in rows if row["pore.volume"]]) == pores.sizes["particle"]
    page = write_report(out, ledger).read_text()
    for words in ("impedance of blocking pores", "permeability of the pores", "active particles told apart"):
        assert words in page


def test_flow_is_solved_in_the_middle_of_a_large_image():
    labels = np.ones((9, 12, 9), np.uint8)
    labels[:, 3:8] = 0  # of 8 voxels in the middle, 2 to 10
    bulk = BulkConductivities(ionic={"electrolyte": 1.0})
    data = image_dataset(VoxelImage(labels, H, {"electrolyte": 0, "active": 1}))
    found = pore_permeability(data, bulk, ViscousFlow(voxels=8))
    assert found() == pytest.approx(5 / 8 * (5 * H) ** 2 / 12 * (1 + 2 / 25), rel=1e-4)


def test_frequencies_rise():
    with pytest.raises(InputError, match="two frequencies that rise"):
        BlockingSurface(capacitance=0.1, lowest=10.0, highest=1.0)
