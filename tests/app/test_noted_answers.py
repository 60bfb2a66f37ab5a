"""The study as it is stated is shown from its results folder while nothing of it has changed; what is asked beyond waits."""

from __future__ import annotations

import json
import threading
import urllib.request

import pytest

from scalith import unchanged
from scalith.app import noted_answers
from scalith.app.explorer import Explorer
from scalith.app.noted_answers import NotedAnswers, is_whole, note_answer
from scalith.ladder import climb, read_study
from tests.app.conftest import STUDY

TARGETS = '["cell_open_circuit_voltage", "discharges", "heat_generation", "cell_temperature", "pack_temperature"]'

ABOUT, EVENTS = {"views": [{"name": "cell"}]}, [{"event": "state"}]


def written(path):
    path.write_text(STUDY.replace(TARGETS, '["cell_open_circuit_voltage"]'))
    return read_study(path)


def run(path, results):
    """What ``scalith run`` leaves."""
    study = written(path)
    climb(study, results)
    unchanged.note_finished(study, results, {}, 1)
    return study


def files(folder):
    return {file.name: file.read_text() for file in folder.iterdir()}


@pytest.fixture
def answered(tmp_path):
    """A study whose voltage was shown once, and what was told."""
    path, results, events = tmp_path / "row.toml", tmp_path / "results", []
    explorer = Explorer(run(path, results), results)
    explorer.answer({}, "cell", events.append)
    explorer.answer({"cell.negative_electrode.minimum_stoichiometry": 0.02}, "cell")  # no answer to the study as stated
    last = {event["event"]: event for event in events}
    told = [last["figures"], last["state"]]
    return path, results, explorer.about(), told


def test_an_answer_is_found_again_while_all_stands_as_it_was(answered, monkeypatch):
    path, results, about, told = answered
    noted = NotedAnswers.find(path, results)
    assert noted.about == json.loads(json.dumps(about))
    assert noted.events("cell") == json.loads(json.dumps(told))
    assert noted.events("../about") is None
    assert noted.events("pack") is None
    assert NotedAnswers.find(results, results).about == noted.about
    other = path.with_name("other.toml")
    other.write_text(path.read_text())
    assert NotedAnswers.find(other, results) is None
    with monkeypatch.context() as patch:
        patch.setattr(noted_answers, "program_digest", lambda: "another")
        assert noted.events("cell") is None
        patch.setattr(unchanged, "program_digest", lambda: "another")
        assert NotedAnswers.find(path, results) is None
    with monkeypatch.context() as patch:  # an installed package has rungs of its own
        patch.setattr(unchanged, "entry_points", lambda group: [group])
        assert NotedAnswers.find(path, results) is None
    (results / ".explorer" / "cell.json").write_text("{")
    assert noted.events("cell") is None
    path.write_text(path.read_text() + "\n# changed\n")
    assert NotedAnswers.find(path, results) is None


def test_the_page_is_shown_before_the_study_is_read(answered):
    pytest.importorskip("starlette")
    from scalith.app.serving import Serving

    path, results, about, told = answered
    read, noted = threading.Event(), NotedAnswers.find(path, results)

    def make():
        read.wait(60)
        return Explorer(read_study(path), results)

    served = Serving(make, noted=noted)

    def ask(place, body=None):
        asked = urllib.request.Request(f"http://127.0.0.1:{served.port}{place}", body and json.dumps(body).encode())
        asked.add_header("X-Scalith-Token", served.token)
        with urllib.request.urlopen(asked, timeout=60) as answer:
            return answer.read().decode()

    try:
        assert json.loads(ask("/about")) == json.loads(json.dumps(about))
        events = [json.loads(line) for line in ask("/climb", {"tab": "a", "changes": {}, "view": "cell"}).splitlines()]
        assert events == [*json.loads(json.dumps(told)), {"event": "done"}]
        threading.Timer(0.2, read.set).start()
        moved = {"cell.negative_electrode.minimum_stoichiometry": 0.02}
        last = ask("/climb", {"tab": "a", "changes": moved, "view": "cell"}).splitlines()[-1]  # waits for the study
        assert json.loads(last) == {"event": "done"}
        assert read.is_set()
    finally:
        read.set()
        served.stop()


def test_nothing_is_noted_where_there_is_no_results_folder(tmp_path):
    path = tmp_path / "row.toml"
    path.write_text(STUDY.replace(TARGETS, '["cell_open_circuit_voltage"]'))
    Explorer(read_study(path), tmp_path / "results").answer({}, "cell")
    assert list(tmp_path.iterdir()) == [path]


def test_nothing_is_noted_in_a_folder_without_results(tmp_path):
    study, results = written(tmp_path / "row.toml"), tmp_path / "results"
    results.mkdir()
    (results / "about.json").write_text("mine")
    note_answer(study, results, ABOUT, "cell", EVENTS)
    assert files(results) == {"about.json": "mine"}


@pytest.fixture
def noted(tmp_path):
    """A results folder with a noted answer, and its study."""
    path, results = tmp_path / "row.toml", tmp_path / "results"
    study = run(path, results)
    note_answer(study, results, ABOUT, "cell", EVENTS)
    assert NotedAnswers.find(path, results).events("cell") == NotedAnswers.find(results, results).events("cell") == EVENTS
    return study, results


def test_the_files_behind_a_link_are_left_alone(noted, tmp_path):
    study, results = noted
    (results / ".explorer").rename(tmp_path / "elsewhere")
    (results / ".explorer").symlink_to(tmp_path / "elsewhere")
    before = files(tmp_path / "elsewhere")
    note_answer(study, results, ABOUT, "cell", [])
    assert files(tmp_path / "elsewhere") == before


def test_the_answers_of_another_study_are_not_those_of_the_folder(noted):
    study, results = noted
    before = files(results / ".explorer")
    run(study.path.with_name("other.toml"), results)
    assert NotedAnswers.find(results, results) is None
    assert NotedAnswers.find(study.path, results) is None
    note_answer(study, results, ABOUT, "cell", [])
    assert files(results / ".explorer") == before


def test_what_a_folder_says_of_other_inputs_is_not_shown(noted):
    study, results = noted
    found = NotedAnswers.find(study.path, results)
    for inputs in ({}, {str(study.path.resolve()): study.file.digest}):
        for name in ("cell.json", "about.json"):
            file = results / ".explorer" / name
            file.write_text(json.dumps(json.loads(file.read_text()) | {"inputs": inputs}))
        assert found.events("cell") is None
        assert NotedAnswers.find(results, results) is None
        assert NotedAnswers.find(study.path, results) is None


@pytest.mark.parametrize("lacks", [{"not_drawn": {"a picture": "no memory"}}, {"failed": {"discharges": "no"}}])
def test_an_answer_that_lacks_something_is_not_noted(lacks):
    assert is_whole([{"event": "figures", "failed": {}, "not_drawn": {}}, {"event": "state", "failed": {}}])
    assert not is_whole([{"event": "figures", "failed": {}, "not_drawn": {}} | lacks, {"event": "state", "failed": {}}])
