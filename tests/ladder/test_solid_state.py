"""The solid-state cell: its parts reach it, and each can be taken away again."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from scalith.ladder import climb, read_entry, read_study
from scalith.quantities import InputError, shipped
from scalith.report import write_report
from scalith.report.figures import figures_of

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "solid_state.toml"
SMALL = EXAMPLE.read_text().replace("[36, 28, 28]", "[20, 16, 16]").replace('"0.6 um"', '"0.8 um"')
SMALL = (
    SMALL.replace("[0.4, 0.7, 1.0]", "[1.0]")
    .replace("cycles = [10, 100]\n", "")
    .replace("c_rates = [0.1, 0.5, 1.0]", "c_rates = [0.5]")
)
SMALL = SMALL.replace(', "particle_stress"]', "]")


@pytest.fixture(scope="module")
def climbed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("solid")
    (folder / "study.toml").write_text(SMALL)
    return folder / "out", climb(read_study(folder / "study.toml"), folder / "out")


def test_the_example_is_shipped():
    assert shipped("studies/solid_state.toml").read_text() == EXAMPLE.read_text()


def test_its_parts_reach_the_cell(climbed):
    folder, ledger = climbed
    cell, lithium = (read_entry(folder, name).value for name in ("cell_specification", "pressed_lithium"))
    metal = cell.negative_electrode
    assert metal.pressed_lithium == lithium
    assert metal.contact_area_resistance == pytest.approx(lithium.area_resistance(298.15))
    assert metal.material.film_resistance == 0.0
    whole = read_entry(folder, "electrolyte_ionic_conductivity").value
    assert lithium.conductivity == pytest.approx(float(whole(T=298.15)))
    assert float(cell.electrolyte.conductivity(c=41098.0, T=298.15)) == pytest.approx(float(whole(T=298.15)))
    assert cell.positive_electrode.material.area == pytest.approx(read_entry(folder, "active_interface_area").value())
    assert "cracked_voxel_image" in ledger.entry("subvolume_properties").parents


def test_the_verdict_is_that_of_the_run(climbed):
    folder, ledger = climbed
    cell, lithium, data = (
        read_entry(folder, name).value for name in ("cell_specification", "pressed_lithium", "critical_current")
    )
    density = 0.5 * cell.nominal_capacity / 3600.0 / cell.plane_area
    assert float(data["share"][0]) == pytest.approx(density / float(lithium.critical_current_density(298.15)))
    assert data.attrs["verdict"] == ledger.entry("critical_current").headline
    assert "of the critical" in read_entry(folder, "discharges").value.attrs["lithium"]


def test_each_part_costs_something_and_can_be_taken_away(climbed):
    folder, _ = climbed
    data = read_entry(folder, "part_by_part").value
    parts = [str(part) for part in data["part"].values]
    assert parts == ["all", "no grain boundaries", "perfect contact", "no cracks", "no stress of particles"]
    gained = data["middle_voltage"].values - data["middle_voltage"].values[0]
    assert np.all(gained[1:4] > 0.0)  # ohms and contact that a part no longer costs
    lithium, cell = (read_entry(folder, name).value for name in ("pressed_lithium", "cell_specification"))
    ohms = (lithium.area_resistance(298.15) - float(lithium.resistance(298.15))) / cell.plane_area
    assert gained[2] == pytest.approx(ohms * 0.5 * cell.nominal_capacity / 3600.0, rel=0.05)


def test_pictures_and_page(climbed):
    folder, ledger = climbed
    for name in ("loss_by_cracks", "critical_current", "part_by_part"):
        assert len(figures_of(name, read_entry(folder, name).value)) == 1
    page = write_report(folder, ledger).read_text()
    assert "of the critical" in page


def test_contact_stated_twice_is_refused(tmp_path):
    pressed = "[cell.negative_electrode.lithium_metal.pressed]\ntoughness = 1e6\ninterface_resistance = 1e-3\n"
    text = SMALL.replace("[cell.separator]", pressed + 'stack_pressure = "1 MPa"\nflaw = "1 um"\n\n[cell.separator]')
    (tmp_path / "study.toml").write_text(text)
    with pytest.raises(InputError, match=r"lithium_anode"):
        read_study(tmp_path / "study.toml")
