"""States: the numbers are those of the library, only what depends on a knob is computed, and what fails leaves the rest."""

from __future__ import annotations

import threading
import time

import pytest

from scalith.app.explorer import Cancelled, read_study_of
from scalith.app.views import unpacked, views_of
from scalith.ladder import Climb, climb, read_study
from scalith.quantities import InputError, shipped
from scalith.report.summary import Found

THICKER = {"cell.positive_electrode.thickness": 9e-5}


def heard(explorer, changes, view="cell", **more):
    events = []
    answer = explorer.answer(changes, view, events.append, **more)
    return answer, events


@pytest.mark.long
def test_numbers_are_what_the_library_computes(explorer, study_file):
    library = Climb(read_study(study_file))
    library.set("cell.positive_electrode.thickness", "90 um")
    answer, events = heard(explorer, THICKER)
    for name in ("discharges", "pack_temperature"):
        mine, theirs = answer.climbed.values[name], library[name]
        for variable in theirs.data_vars:
            if theirs[variable].dtype.kind == "f":
                assert mine[variable].values == pytest.approx(theirs[variable].values, rel=1e-9, nan_ok=True)
    state = next(event for event in events if event["event"] == "state")
    numbers = {(line["topic"], line["label"]): line["value"] for line in state["numbers"]}
    capacity = float(library["discharges"]["capacity"].isel(c_rate=1).max())
    assert numbers["Capacity", "cell at 2C"] == pytest.approx(capacity, rel=1e-9)
    peak = float(library["pack_temperature"]["peak_temperature"].max())
    assert numbers["Peak temperature", "hottest cell of the row"] == pytest.approx(peak, rel=1e-9)
    assert state["boxes"]["pack_temperature"]["value"] == pytest.approx(peak, rel=1e-9)


def test_only_what_depends_on_a_knob_is_computed_and_a_known_state_is_not(explorer):
    heard(explorer, {})
    _, events = heard(explorer, {"pack.cooling_coefficient": 120.0})
    assert [event["name"] for event in events if event["event"] == "finished"] == ["pack_temperature"]
    _, events = heard(explorer, {})
    assert [event["name"] for event in events if event["event"] == "finished"] == []


def test_what_a_view_shows_comes_first(explorer):
    _, events = heard(explorer, {"cell.separator.thickness": 2.6e-5})
    said = [event["event"] if event["event"] != "finished" else event["name"] for event in events if event["event"] != "started"]
    said = [name for name in said if name != "advanced"]
    assert said.index("discharges") < said.index("figures") < said.index("pack_temperature") < said.index("state")


def test_new_curves_are_there_before_the_other_pictures(explorer):
    _, events = heard(explorer, {"cell.separator.thickness": 2.8e-5})
    kinds = [event["event"] for event in events]
    assert kinds.index("curves") < kinds.index("figures")
    told = {event["event"]: event["figures"] for event in events if event["event"] in ("curves", "figures")}
    assert [item["name"] for item in told["curves"]] == ["discharges 0"]
    assert told["figures"][:1] == told["curves"]


def test_both_electrodes_are_thickened_together_and_one_of_them_may_be_moved_besides(explorer, study_file):
    both = explorer.answer({"thickness of both electrodes": 2.0}).climbed
    cell = both.values["cell_specification"]
    assert both.failed == {}
    assert cell.negative_electrode.thickness == pytest.approx(68e-6)
    assert cell.positive_electrode.thickness == pytest.approx(160e-6)
    besides = explorer.answer({"thickness of both electrodes": 2.0, "cell.positive_electrode.thickness": 1.5e-4}).climbed
    cell = besides.values["cell_specification"]
    assert (cell.negative_electrode.thickness, cell.positive_electrode.thickness) == pytest.approx((68e-6, 150e-6))
    back = explorer.answer({"cell.positive_electrode.thickness": 8.2e-5}).climbed.values["cell_specification"]
    assert (back.negative_electrode.thickness, back.positive_electrode.thickness) == pytest.approx((34e-6, 82e-6))


def test_one_knob_moves_a_number_at_all_scales(explorer):
    answer, _ = heard(explorer, {"temperature of the surroundings": 303.15}, "pack")
    assert answer.climbed.failed == {}
    assert float(answer.climbed.values["pack_temperature"]["temperature"].min()) >= 303.0


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"cell.positive_electrode.thicknes": 9e-5}, "did you mean 'cell.positive_electrode.thickness'"),
        ({"cell.positive_electrode.thickness": 1.0}, "a thickness of 1 nm to 5 mm"),
        ({"cell.positive_electrode.thickness": "soft"}, "soft"),
        ({"pack.cells": 0.5}, "a whole number"),
    ],
)
def test_a_value_that_cannot_be_is_refused_and_changes_nothing(explorer, changes, said):
    with pytest.raises(InputError, match=said):
        explorer.answer(changes)
    answer, _ = heard(explorer, {})
    assert answer.climbed.failed == {}


def test_what_cannot_be_computed_says_why_beside_what_can(explorer):
    answer, events = heard(explorer, {"cell.positive_electrode.minimum_stoichiometry": 0.05}, "cell")
    assert "discharges" in answer.climbed.failed
    assert "open_circuit_voltage" in answer.climbed.failed["discharges"]
    assert "open_circuit_voltage" in answer.climbed.values
    state = next(event for event in events if event["event"] == "state")
    assert "could not be computed" in state["ladder"]


def test_an_answer_that_is_not_wanted_any_more_stops(explorer):
    with pytest.raises(Cancelled):
        explorer.answer({"cell.separator.thickness": 2.7e-5}, "cell", stopped=lambda: True)
    assert heard(explorer, {})[0].climbed.failed == {}


@pytest.mark.long
def test_bands_of_members_and_what_is_written(explorer, study_file):
    events = []
    answer = explorer.spread({}, "uncertainty", 2, events.append)
    spread = next(event for event in events if event["event"] == "spread")
    assert "2 draws" in spread["scatter"]["discharges"]
    capacity = next(line for line in spread["numbers"] if line["label"] == "cell at 1C")
    assert capacity["error"] > 0.0
    assert any("5 to 95 %" in str(trace.get("name")) for item in answer.figures for trace in item["figure"]["data"])
    with pytest.raises(InputError, match="2 to 200 members"):
        explorer.spread({}, "uncertainty", 1000)
    assert list(study_file.parent.iterdir()) == [study_file]


def test_names_in_pictures_and_ladder_are_text(explorer):
    _, events = heard(explorer, {})
    state = next(event for event in events if event["event"] == "state")
    assert "<script>" not in state["ladder"]
    assert "&lt;script&gt;" in state["ladder"]
    assert "&lt;script&gt;" not in state["boxes"]["cell_specification"]["words"]  # the page sets it as text


def test_bottlenecks_are_those_of_the_library(explorer):
    from scalith.lab import find_bottlenecks

    answer, _ = heard(explorer, {}, "bottleneck")
    found = find_bottlenecks(answer.climbed.values["cell_specification"], 2.0, temperature=298.15)
    shown = next(item for item in answer.figures if item["name"] == "bottlenecks")["figure"]["data"][0]
    assert shown["y"][-1] == str(found["process"].values[0]).replace(".", ": ").replace("_", " ")


def test_pictures_of_the_inside_are_of_the_library(explorer):
    from scalith.cell import Mesh, simulate_discharge

    answer, _ = heard(explorer, {}, "inside")
    pictures = {item["name"]: item["figure"] for item in answer.figures}
    cell = answer.climbed.values["cell_specification"]
    run = simulate_discharge(cell, 2.0, temperature=298.15, mesh=Mesh(6, 4, 6), profiles=True)  # those of [discharge]
    last = unpacked(pictures["concentration"]["data"][-1]["y"])
    assert last == pytest.approx(1e-3 * run["concentration"].values[-1], rel=1e-9)
    assert len(pictures["particle"]["data"]) == 5


@pytest.mark.parametrize(
    ("view", "simulate", "drawn"),
    [
        ("inside", "simulate_discharge", ["concentration", "particle"]),
        ("impedance", "simulate_impedance", ["nyquist", "relaxation times"]),
    ],
)
def test_what_two_pictures_show_is_simulated_once(explorer, monkeypatch, view, simulate, drawn):
    from scalith.app import cell_state

    run, times = getattr(cell_state, simulate), []
    monkeypatch.setattr(cell_state, simulate, lambda *asked, **more: times.append(1) or run(*asked, **more))
    answer, _ = heard(explorer, {}, view)
    assert [item["name"] for item in answer.figures] == drawn
    assert len(times) == 1


def test_a_picture_that_cannot_be_drawn_says_why_beside_the_others(explorer, monkeypatch):
    def refuse(*asked, **more):
        raise InputError("relaxation times", "", "nothing", "a spectrum")

    monkeypatch.setattr("scalith.lab.relaxation_times", refuse)
    answer, events = heard(explorer, {}, "impedance")
    assert [item["name"] for item in answer.figures] == ["nyquist"]
    figures = next(event for event in events if event["event"] == "figures")
    assert figures["not_drawn"] == {"Distribution of relaxation times": "relaxation times: missing, expected a spectrum"}
    assert next(event for event in events if event["event"] == "state")["failed"] == {}


def test_a_picture_of_a_quantity_that_cannot_be_drawn_leaves_the_others(explorer, monkeypatch):
    from scalith.app import views

    own = views.pictures_of

    def refuse(name, found):
        if name == "discharges":
            raise InputError("picture", "", "nothing", "curves")
        return own(name, found)

    monkeypatch.setattr(views, "pictures_of", refuse)
    found = explorer.answer({}).climbed
    made, not_drawn = views.drawn("cell", "", Found(found.ledger, found.values, {}))
    title = found.ledger.entry("discharges").title
    assert not_drawn == {title: "picture: missing, expected curves"}
    assert "heat_generation" in [item["quantity"] for item in made]


def test_what_nobody_asked_for_gives_way_to_who_waits(explorer):
    ends, begun = [], threading.Event()

    def warm_up():
        try:
            explorer.answer({"cell.separator.thickness": 2.65e-5}, hear=begun_and_wait, stopped=explorer.is_awaited)
        except Cancelled:
            ends.append("cancelled")

    def begun_and_wait(event):
        begun.set()
        while not explorer.is_awaited():
            time.sleep(0.001)

    first = threading.Thread(target=warm_up)
    first.start()
    assert begun.wait(60)
    answer = explorer.answer({})
    first.join(60)
    assert ends == ["cancelled"]
    assert answer.climbed.failed == {}
    assert not explorer.is_awaited()


def test_views_of_the_cell_need_it_and_its_discharges(explorer, tmp_path):
    assert {"inside", "impedance", "bottleneck"} <= set(views_of(explorer.study))
    hysteresis = read_study(shipped("studies/lfp_hysteresis.toml"), tmp_path)
    assert not {"inside", "impedance", "bottleneck"} & set(views_of(hysteresis))


def test_what_dominates_an_error_is_the_derivative_times_it(explorer):
    answer, _ = heard(explorer, {}, "uncertainty")
    shown = next(item for item in answer.figures if item["name"] == "what dominates")["figure"]["data"][0]
    assert shown["y"] == ["negative electrode: thickness"]
    cell = answer.climbed.values["cell_specification"]
    ends = []
    for sign in (-1.0, 1.0):
        moved = {"cell.negative_electrode.thickness": 34e-6 * (1.0 + 0.01 * sign)}
        found = explorer.answer(moved).climbed.values["discharges"]
        ends.append(float(found["capacity"].sel(c_rate=2.0).max()) / 3600.0)
    slope = (ends[1] - ends[0]) / (0.02 * cell.negative_electrode.thickness)
    assert unpacked(shown["x"])[0] == pytest.approx(abs(slope) * 0.05 * 34e-6, rel=0.1)


def test_a_results_folder_leads_to_its_study(study_file, tmp_path):
    from scalith.unchanged import note_finished

    study = read_study(study_file)
    climb(study, tmp_path / "out", until="cell_open_circuit_voltage")
    note_finished(study, tmp_path / "out", {}, 1)
    found, results = read_study_of(tmp_path / "out")
    assert (found.file, results) == (study.file, tmp_path / "out")
    with pytest.raises(InputError, match="or one results folder"):
        read_study_of(tmp_path / "out", tmp_path / "other")
    (tmp_path / "out/.scalith-finished.json").unlink()
    with pytest.raises(InputError, match="or the study file itself"):
        read_study_of(tmp_path / "out")
