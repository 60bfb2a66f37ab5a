from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from scalith.cell import CellSpecification, single_particle
from scalith.ladder.rungs.in_plane import CurrentCollectors, InPlane, in_plane_discharge
from scalith.ladder.rungs.pack import Network, ResolvedCell, cell_temperature_field, cooling_comparison, network_currents
from scalith.ladder.study import read_study
from scalith.quantities import InputError, shipped

CELL = CellSpecification.read_toml(shipped("cell/lgm50_chen2020.toml"))
EXAMPLE = Path(__file__).parents[2] / "examples" / "full_cell.toml"
SECTIONS = """
[collectors]
width = "65 mm"
height = "1.58 m"
negative_thickness = "6 um"
positive_thickness = "8 um"
negative_conductivity = 5.96e7
positive_conductivity = 3.55e7
negative_tab = { edge = "top", centre = "32 mm", width = "60 mm" }
positive_tab = { edge = "bottom", centre = "32 mm", width = "60 mm" }

[in_plane]
c_rate = 1.0
duration = "60 s"
patches = [1, 3]

[resolved_cell]
shape = "prismatic"
thickness = "0.2 mm"
width = "65 mm"
height = "1.58 m"
density = 2300
specific_heat = 1000
conductivity = 1.0
in_plane_conductivity = 25.0
surfaces = { z_low = { heat_transfer_coefficient = 100 } }

[cooling]
duration = "100 s"

[[cooling.designs]]
name = "still"
kind = "surface"
heat_transfer_coefficient = "10 W/m2/K"

[[cooling.designs]]
name = "plate"
kind = "edge"
channels = { length = "0.2 mm", diameter = "0.1 mm" }
volume_flow = "1 ml/s"
cooled_area = "13 mm2"

[network]
series = 2
parallel = 2
layout = "strings"
connection_resistance = "5 mohm"
busbar_resistance = "0.1 mohm"
protocol = ["Rest for 60 s", "Discharge at 8 A for 60 s"]
state_of_charge = [0.8, 0.8, 0.7, 0.8]
model = "single_particle"
balancing = { resistance = 50.0, threshold = 0.01 }

[network.changes]
"positive_electrode.thickness" = [1.0, 0.95, 1.0, 1.0]
"""


def settings(name: str, tmp_path: Path):
    text = EXAMPLE.read_text().replace(
        '"pack_temperature"', '"cell_temperature_field", "cooling_comparison", "network_currents", "pack_temperature"'
    )
    (tmp_path / "study.toml").write_text(text + SECTIONS)
    return read_study(tmp_path / "study.toml").settings[name]


def test_a_study_with_a_network_runs_its_cells_apart(tmp_path):
    network = settings("network", tmp_path)
    assert isinstance(network, Network)
    run = network_currents(CELL, network)
    assert run.sizes["cell"] == 4
    # What goes through the strings: the cells' currents without those of their balancing resistors.
    net = (run.cell_current - run.cell_bled * run.cell_voltage / 50.0).sel(time=slice(1.0, 59.9)).values[-1]
    np.testing.assert_allclose(net, net[0] * np.array([1, 1, -1, -1]), atol=1e-3)
    assert net[0] > 0.1
    assert run.cell_bled[2].values.tolist() == [1, 1, 0, 1]
    assert float(run.current[-1]) == pytest.approx(8.0)


def test_a_study_with_collectors_resolves_its_cell(tmp_path):
    collectors, in_plane = settings("collectors", tmp_path), settings("in_plane", tmp_path)
    assert isinstance(collectors, CurrentCollectors)
    assert isinstance(in_plane, InPlane)
    plane = in_plane_discharge(single_particle(CELL)[0], collectors, in_plane)
    body = settings("resolved_cell", tmp_path)
    assert isinstance(body, ResolvedCell)
    field = cell_temperature_field(plane, body, in_plane)
    assert field["temperature"].shape[1:] == (4, 1, 3)
    supplied = np.diff(np.concatenate([[0.0], plane.time.values])) @ plane.heat.values
    assert float(field["heat_supplied"][-1]) == pytest.approx(supplied, rel=1e-9)


def test_networks_that_cannot_be_are_named():
    steps = {"protocol": ["Rest for 1 s"], "series": 1, "parallel": 2}
    with pytest.raises(InputError, match="one a cell"):
        Network.read({**steps, "state_of_charge": [0.5, 0.6, 0.7]})
    with pytest.raises(InputError, match="busbar_resistance"):
        Network.read({**steps, "layout": "strings", "connection_resistance": 1e-3})
    with pytest.raises(InputError, match="drive_cycle"):
        Network.read({"series": 2, "protocol": []})
    with pytest.raises(InputError, match="resistance"):
        Network.read({**steps, "balancing": {"threshold": 0.01}})


def test_a_study_compares_coolings_with_the_heat_of_its_cell(tmp_path):
    heat = xr.Dataset(
        {"time": (("c_rate", "sample"), [[0.0, 100.0]]), "heat": (("c_rate", "sample"), [[2.0, 2.0]])}, coords={"c_rate": [2.0]}
    )
    found = cooling_comparison(heat, settings("resolved_cell", tmp_path), settings("cooling", tmp_path))
    assert found["design"].values.tolist() == ["still", "plate"]
    assert float(found["parasitic_power"][1]) > float(found["parasitic_power"][0]) == 0.0
    text = (tmp_path / "study.toml").read_text()
    (tmp_path / "study.toml").write_text(text.replace('cooled_area = "13 mm2"', ""))
    with pytest.raises(InputError, match="cooled_area"):
        read_study(tmp_path / "study.toml")
