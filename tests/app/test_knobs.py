"""Knobs: every number of a study with its range, and what a moved one says in the study."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest

from scalith.app.explorer import Explorer
from scalith.app.knobs import _linked, scaled
from scalith.ladder import read_study
from scalith.ladder.invariance import require_one_truth_of
from scalith.ladder.setting_entries import setting_entries
from scalith.lattice import HopBarriers
from scalith.quantities import InputError, Property, Source, Uncertain, parse_uncertain, shipped


def test_a_knob_knows_its_unit_its_error_and_its_range(explorer):
    knob = explorer.knobs["cell.negative_electrode.thickness"]
    assert knob.value == pytest.approx(34e-6)
    assert knob.error == pytest.approx(0.05 * 34e-6)
    assert (knob.unit, knob.shown.text, knob.stated, knob.logarithmic) == ("m", "µm", True, True)
    assert knob.low < knob.value < knob.high
    assert "thickness of 1 nm to 5 mm" in knob.words
    assert set(explorer.knobs["pack.cooling_coefficient"].reaches) == {"pack_temperature"}
    assert {"discharges", "pack_temperature"} <= set(knob.reaches)
    assert explorer.knobs["chemical_diffusivity"].unit == "m2 s-1"
    assert explorer.knobs["pack.cells"].whole
    assert not explorer.knobs["pack.nodes_per_cell"].stated


def test_every_slider_holds_its_value_and_every_value_is_what_the_study_says(explorer):
    for knob in explorer.knobs.values():
        if isinstance(knob.value, float):
            assert knob.low <= knob.value <= knob.high, knob.name
            assert not knob.logarithmic or knob.low > 0.0, knob.name
    assert explorer.knobs["discharge.c_rates"].value == (1.0, 2.0)


def test_a_value_is_said_with_its_unit_and_keeps_its_relative_error(explorer):
    said = explorer.knobs["cell.negative_electrode.thickness"].statement(68e-6)
    assert said == {"value": "6.8e-05 m", "standard_error": f"{0.05 * 68e-6!r} m"} or float(
        said["standard_error"].split()[0]
    ) == pytest.approx(3.4e-6)
    assert explorer.knobs["cell.nominal_capacity"].statement(9000.0) == "9000.0 C"
    assert explorer.knobs["pack.cells"].statement(4) == 4
    assert explorer.knobs["discharge.c_rates"].statement([0.5, 3]) == [0.5, 3.0]
    assert explorer.knobs["cell.separator.thickness"].statement("30 um") == "30 um"


@pytest.mark.parametrize("value", [float("nan"), float("inf"), True, None, {"a": 1}])
def test_what_is_no_number_is_refused(explorer, value):
    with pytest.raises(InputError, match="expected a finite number"):
        explorer.knobs["cell.separator.thickness"].statement(value)


@pytest.mark.parametrize(
    "text", ["shipped:open_circuit_voltage/LFP_mean_Dreyer2010.csv", "/etc/passwd", "2 kg", "__import__('os')"]
)
@pytest.mark.parametrize("name", ["chemical_diffusivity", "open_circuit_voltage", "cell.separator.thickness"])
def test_a_text_is_a_quantity_and_never_a_file(explorer, name, text):
    with pytest.raises(InputError):
        explorer.answer({name: text})


def test_half_a_cell_is_refused(explorer):
    with pytest.raises(InputError, match="expected a whole number"):
        explorer.knobs["pack.cells"].statement(2.5)


def test_numbers_that_scales_share_are_one_knob(explorer):
    knob = explorer.knobs["temperature of the surroundings"]
    assert set(knob.places) == {"discharge.temperature", "cell.thermal.ambient_temperature", "pack.ambient_temperature"}
    assert not any("ambient_temperature" in name for name in explorer.knobs)


def test_a_number_that_is_stated_otherwise_stays_a_knob_of_its_own(study_file, tmp_path):
    before, _, after = study_file.read_text().rpartition('ambient_temperature = "25 degC"')
    (tmp_path / "warm.toml").write_text(f'{before}ambient_temperature = "35 degC"{after}')
    knobs = Explorer(read_study(tmp_path / "warm.toml"), tmp_path).knobs
    assert set(knobs["temperature of the surroundings"].places) == {"discharge.temperature", "cell.thermal.ambient_temperature"}
    assert knobs["temperature of the surroundings"].value == pytest.approx(298.15)
    assert knobs["pack.ambient_temperature"].value == pytest.approx(308.15)
    assert set(knobs["heat capacity of a cell"].places) == {"cell.thermal.heat_capacity", "pack.cell_heat_capacity"}


def test_a_default_is_not_hidden_by_what_scales_share(explorer):
    one = explorer.knobs["temperature of the surroundings"]
    cell, discharge, module = (
        replace(one, name=name, places=(name,))
        for name in ("cell.thermal.ambient_temperature", "discharge.temperature", "module.ambient_temperature")
    )
    assert _linked([cell, module, discharge])[0].places == (cell.name, module.name, discharge.name)
    joined, alone = _linked([cell, replace(module, stated=False), discharge])
    assert (joined.places, alone.places) == ((cell.name, discharge.name), (module.name,))


@pytest.mark.parametrize(("held", "shared"), [(77.0, True), (76.986, False), (None, False)])
def test_the_module_shares_the_heat_capacity_only_where_its_cells_have_it(explorer, held, shared):
    one = explorer.knobs["heat capacity of a cell"]
    cell, pack = (replace(one, name=name, places=(name,), reaches=(name,)) for name in one.places)
    specific = replace(
        one, name="module.cell.specific_heat", places=("module.cell.specific_heat",), value=1000.0, reaches=("oven",)
    )
    found = {knob.name: knob for knob in _linked([cell, pack, specific], held)}
    joined = found.pop("heat capacity of a cell")
    assert joined.value == 77.0
    assert (specific.name in joined.places) is shared
    assert ("oven" in joined.reaches) is shared
    assert list(found) == ([] if shared else [specific.name])


def test_the_specific_heat_of_the_module_keeps_its_relative_error(explorer, monkeypatch):
    name, body = "heat capacity of a cell", SimpleNamespace(mass=0.077, specific_heat=Uncertain(1000.0, 50.0))
    monkeypatch.setitem(explorer.study.settings, "module", SimpleNamespace(cell=body))
    places = (*explorer.knobs[name].places, "module.cell.specific_heat")
    monkeypatch.setitem(explorer.knobs, name, replace(explorer.knobs[name], places=places))
    said = explorer.statements(name, 154.0)["module.cell.specific_heat"]
    assert parse_uncertain(said["value"], "J/(kg K)", where="", field="") == pytest.approx(2000.0)
    assert parse_uncertain(said["standard_error"], "J/(kg K)", where="", field="") == pytest.approx(100.0)


def test_a_factor_scales_a_curve_and_all_barriers():
    curve = Property.from_arrays("force", {"x": [0.0, 1.0]}, [1.0, 3.0], "N", Source(kind="assumed"))
    assert scaled(curve, 0.5)(1.0) == pytest.approx(1.5)
    kinds = [{"name": "hop", "distance": 3.0, "barrier": 0.3, "barrier_full": 0.4}]
    barriers = HopBarriers.read({"kinds": kinds, "source": {"kind": "assumed", "reference": "a guess"}})
    less = scaled(barriers, 0.8)
    assert (less.kinds[0].barrier, less.kinds[0].barrier_full) == (pytest.approx(0.24), pytest.approx(0.32))
    assert "all barriers times 0.8" in less.source.note
    with pytest.raises(InputError, match="a positive factor"):
        scaled(curve, 0.0)


def numbers(study):
    """Every number of the settings, and its error, by name."""
    entries = [entry for name, settings in study.settings.items() for entry in setting_entries(name, settings, study.file)]
    values = {entry.quantity: entry.value for entry in entries} | {
        f"± {entry.quantity}": entry.standard_error for entry in entries
    }
    return {name: value for name, value in values.items() if value is not None}


STUDIES = sorted(path.stem for path in shipped("studies/lfp.toml").parent.glob("*.toml"))


@pytest.mark.long
@pytest.mark.parametrize("name", STUDIES)
def test_every_knob_of_every_example_can_be_turned(name, tmp_path):
    explorer = Explorer(read_study(shipped(f"studies/{name}.toml")), tmp_path)
    assert explorer.knobs
    assert all(knob.low <= knob.value <= knob.high for knob in explorer.knobs.values() if isinstance(knob.value, float))
    as_stated = {knob.name: list(knob.value) if isinstance(knob.value, tuple) else knob.value for knob in explorer.knobs.values()}
    with explorer.at(as_stated) as climb:
        assert numbers(climb.study) == pytest.approx(numbers(explorer.study), rel=1e-12)
    with explorer.at({}) as climb:
        assert climb.study.text == explorer.study.text


@pytest.mark.long
def test_what_the_targets_leave_aside_is_there_to_be_looked_at_and_shares_its_heat_capacity(tmp_path):
    explorer = Explorer(read_study(shipped("studies/lfp.toml")), tmp_path)
    assert "module_propagation" not in explorer.study.needed_for(explorer.study.targets)
    assert {"module_propagation", "barrier_map"} <= set(explorer.whole.targets)
    assert "module_temperature_field" not in explorer.whole.targets  # its section is not stated
    assert explorer.knobs["module.barrier.thickness"].value == 1e-3
    assert "module.cell.specific_heat" not in explorer.knobs
    assert "module_propagation" in explorer.knobs["heat capacity of a cell"].reaches
    with explorer.at({"heat capacity of a cell": 80.0, "temperature of the surroundings": 308.15}) as climb:
        require_one_truth_of(climb.study)
        assert climb.study.settings["module"].ambient_temperature == 308.15
        assert climb.study.settings["pack"].cell_heat_capacity == 80.0
