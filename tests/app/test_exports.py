"""A state as files: the study climbs to the same numbers, tables hold what the library computed."""

from __future__ import annotations

import csv
import io
import json
import re
import tomllib
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scalith.app.explorer import Explorer
from scalith.app.exports import exported, study_text
from scalith.cell import read_cell
from scalith.ladder import Climb, read_study
from scalith.quantities import InputError, read_property_csv

STATE = {
    "cell.positive_electrode.thickness": 9e-5,
    "temperature of the surroundings": 303.15,
    "chemical_diffusivity": 2e-17,
    "cell.negative_electrode.thickness": 4e-5,
}


def test_an_exported_study_climbs_to_the_same_numbers(explorer, tmp_path):
    made = exported(explorer, STATE, "toml")
    assert made.name == "row_changed.toml"
    (tmp_path / made.name).write_bytes(made.content)
    study = read_study(tmp_path / made.name)
    assert study.settings["cell"].negative_electrode["thickness"]["standard_error"]
    again = Climb(study)
    here = explorer.answer(STATE).climbed
    for name in ("cell_specification", "discharges", "pack_temperature"):
        assert again.compute([name]).ledger.entry(name).digest == here.ledger.entry(name).digest


def test_a_curve_that_was_multiplied_comes_along(explorer, tmp_path):
    state = {"negative_open_circuit_voltage": 1.01}
    made = exported(explorer, state, "toml")
    zipfile.ZipFile(io.BytesIO(made.content)).extractall(tmp_path)
    again = Climb(read_study(tmp_path / "row_changed.toml"))
    here = explorer.answer(state).climbed.ledger.entry("cell_open_circuit_voltage")
    assert again.compute(["cell_open_circuit_voltage"]).ledger.entry("cell_open_circuit_voltage").digest == here.digest


def test_tables_hold_what_was_computed(explorer, tmp_path):
    values = explorer.answer({}).climbed.values
    made = exported(explorer, {}, "csv", "cell_open_circuit_voltage")
    (tmp_path / made.name).write_bytes(made.content)
    curve = read_property_csv(tmp_path / made.name, "cell_open_circuit_voltage", "V", {"x": "1", "T": "K"})
    assert curve.nominal.values == pytest.approx(values["cell_open_circuit_voltage"].nominal.values, rel=1e-12)
    table = exported(explorer, {}, "csv", "pack_temperature").content.decode()
    assert "temperature [K]" in table.splitlines()[0]
    numbers = list(csv.DictReader(io.StringIO(exported(explorer, {}, "numbers").content.decode())))
    fast = next(row for row in numbers if row["number"] == "cell at 2C" and row["unit"] == "C")
    assert float(fast["value"]) == pytest.approx(float(values["discharges"]["capacity"].isel(c_rate=1).max()), rel=1e-12)
    with pytest.raises(InputError, match="a curve or a table"):
        exported(explorer, {}, "csv", "cell_specification")


def test_the_cell_is_written_as_bpx(explorer, tmp_path):
    made = exported(explorer, {"cell.separator.thickness": 3e-5}, "bpx")
    (tmp_path / "cell.json").write_bytes(made.content)
    assert read_cell(tmp_path / "cell.json").separator.thickness == pytest.approx(3e-5)


def test_the_report_of_a_state_is_a_page_and_needs_no_folder(explorer, monkeypatch):
    monkeypatch.setattr(Explorer, "workspace", lambda self: pytest.fail("a folder was made"))
    page = exported(explorer, {}, "report").content.decode()
    assert "<script>alert" not in page
    assert "id='page-ledger'" in page
    figures = json.loads(re.search(r"<script type='application/json' id='page-figures'>(.*?)</script>", page, re.DOTALL)[1])
    answer = explorer.answer({}, "cell")
    shown = [item for item in answer.figures if item["quantity"] == "discharges"]
    assert [trace["name"] for trace in figures["discharges"][0]["data"]] == [
        trace["name"] for trace in shown[0]["figure"]["data"]
    ]


def test_another_form_is_refused(explorer):
    with pytest.raises(InputError, match="did you mean 'toml'"):
        exported(explorer, {}, "tom")


plain = st.one_of(st.booleans(), st.integers(-(2**53), 2**53), st.floats(allow_nan=False, allow_infinity=False), st.text())
keys = st.text(min_size=1, max_size=8)
trees = st.recursive(plain | st.lists(plain, max_size=3), lambda inner: st.dictionaries(keys, inner, max_size=4), max_leaves=12)


@settings(max_examples=25)
@given(st.dictionaries(keys, trees, max_size=4))
def test_what_was_parsed_is_written_as_toml_again(tree):
    assert tomllib.loads(study_text(tree)) == tree
