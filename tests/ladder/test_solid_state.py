"""The solid-state cell: its parts reach it, and each can be taken away again."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from scalith.cell import read_cell
from scalith.ladder import climb, read_entry, read_study
from scalith.ladder.rungs import solid_state
from scalith.ladder.rungs.cell import Discharge
from scalith.ladder.rungs.interface import LithiumAnode, Polycrystal, pressed_lithium
from scalith.ladder.rungs.solid_state import _changes, _intact, _single_crystal, _with_positive, part_by_part
from scalith.quantities import DomainError, InputError, Property, Source, shipped
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
    by = ledger.entry("critical_current").source.by
    assert all(f"scalith.interface.critical_{kind}_current" in by for kind in ("plating", "stripping"))
    bearable = float(lithium.critical_stripping_current_density(298.15))
    assert float(data["stripping_share"][0]) == pytest.approx(density / bearable)
    assert float(data["lasting_contact"][0]) == pytest.approx(lithium.lasting_contact(density, 298.15))
    assert "stripping takes" in data.attrs["verdict"]
    assert "stripping takes" in read_entry(folder, "discharges").value.attrs["lithium"]
    assert "of the critical" in read_entry(folder, "discharges").value.attrs["lithium"]


def test_each_part_costs_something_and_can_be_taken_away(climbed):
    folder, _ = climbed
    data = read_entry(folder, "part_by_part").value
    parts = [str(part) for part in data["part"].values]
    assert parts == ["all", "no grain boundaries", "perfect contact", "no cracks", "no stress of the positive particles"]
    gained = data["middle_voltage"].values - data["middle_voltage"].values[0]
    assert np.all(gained[1:4] > 0.0)  # ohms and contact that a part no longer costs
    lithium, cell = (read_entry(folder, name).value for name in ("pressed_lithium", "cell_specification"))
    ohms = (lithium.area_resistance(298.15) - float(lithium.resistance(298.15))) / cell.plane_area
    assert gained[2] == pytest.approx(ohms * 0.5 * cell.nominal_capacity / 3600.0, rel=0.05)


def test_a_part_that_the_cell_does_not_have_is_left_out_and_one_it_has_otherwise_with_its_reason(climbed, monkeypatch):
    folder, _ = climbed
    cell, loss, measured = (
        read_entry(folder, name).value for name in ("cell_specification", "loss_by_cracks", "subvolume_properties")
    )
    tried = []
    monkeypatch.setattr(solid_state, "simulate_discharge", lambda one, *rest, **named: tried.append(one) or _curve())
    reacting = _with_positive(cell, {}, {"specific_area": 0.5 * cell.positive_electrode.material.area})
    for other, image, said in ((reacting, measured, "on the cracked image"), (cell, None, "no image")):
        with pytest.raises(InputError, match=f"active_interface_area.*{said}"):
            _intact(other, loss, image)
        data = part_by_part(other, Discharge(), positive_loss_by_cracks=loss, positive_subvolume_properties=image)
        assert data["part"].values.tolist() == ["all", "perfect contact", "no stress of the positive particles"]
        assert all(words in _changes(data) for words in ("left out: no cracks", "active_interface_area", said))
    loose = cell.positive_electrode.model_copy(update={"transport_efficiency": None})
    with pytest.raises(InputError, match="ionic_transport_efficiency: found none in the cell"):
        _intact(cell.model_copy(update={"positive_electrode": loose}), loss, measured)
    intact = _intact(cell, loss, measured).positive_electrode
    assert intact.transport_efficiency == pytest.approx(cell.positive_electrode.efficiency / float(loss["ionic_left"][-1]))
    whole = intact.material
    assert whole.area == pytest.approx(cell.positive_electrode.material.area / float(loss["interface_left"][-1]))
    free = cell.negative_electrode.model_copy(update={"pressed_lithium": None})
    tried.clear()
    said = part_by_part(cell.model_copy(update={"negative_electrode": free}), Discharge())
    assert said["part"].values.tolist() == ["all", "no stress of the positive particles"]
    assert "left_out" not in said.attrs
    assert [one.positive_electrode.material.stress is None for one in tried] == [False, True]


def test_without_boundaries_the_crystallites_are_left():
    stated = {"grain_size": 1e-6, "relative_permittivity": 20.0, "boundary_potential": 0.1, "mobile_concentration": 100.0}
    cell = read_cell("lpscl_ncm622_indium")
    T = [270.0, 330.0]
    bulk = Property.from_arrays("bulk", {"T": T}, [0.2, 0.4], "S m-1", Source(kind="assumed"))
    whole = Polycrystal(**stated, bulk_conductivity=0.3, activation_energy=3e4)
    for polycrystal, given, expected in (
        (whole, None, [whole.bulk(one) for one in T]),
        (Polycrystal(**stated), bulk, [0.2, 0.4]),
    ):
        found = _single_crystal(cell, polycrystal, given).electrolyte.conductivity
        np.testing.assert_allclose(found(T=T), expected, rtol=0.005)  # between the temperatures of the table by its line


def _curve() -> xr.Dataset:
    time = np.linspace(0.0, 1.0, 5)
    return xr.Dataset({"voltage": ("time", 4.0 - time), "capacity": ("time", time)}, {"time": time})


def test_lithium_takes_the_conductivity_of_a_solid():
    stated = LithiumAnode(toughness=1e6, interface_resistance=1e-3, stack_pressure=1e6, flaw=1e-6, spacing=5e-5)
    source = Source(kind="assumed")
    name, T = "electrolyte_ionic_conductivity", [273.15, 323.15]
    solid = Property.from_arrays(name, {"T": T}, [0.05, 0.15], "S m-1", source)
    assert pressed_lithium(stated, solid).conductivity == pytest.approx(float(solid(T=298.15)))
    liquid = Property.from_arrays(name, {"c": [0.0, 1000.0], "T": T}, [[0.0, 0.0], [0.5, 1.0]], "S m-1", source)
    with pytest.raises(InputError, match=r"lithium_anode.*conductivity.*as of a liquid"):
        pressed_lithium(stated, liquid)
    hot = stated.model_copy(update={"reference_temperature": 353.15})
    with pytest.raises(DomainError, match=name):
        pressed_lithium(hot, solid)


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


def test_a_coefficient_of_the_negative_material_is_refused_beside_lithium(tmp_path):
    (tmp_path / "study.toml").write_text(SMALL.replace("[given]\n", '[given]\nnegative_entropic_coefficient = "1e-4 V/K"\n'))
    with pytest.raises(InputError, match=r"negative_entropic_coefficient beside lithium_metal.*its potential alone"):
        read_study(tmp_path / "study.toml")
