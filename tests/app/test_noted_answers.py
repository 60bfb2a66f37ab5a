"""The study as it is stated is shown from its results folder while nothing of it has changed; what is asked beyond waits."""

from __future__ import annotations

import json
import threading
import urllib.request

import pytest

from scalith.app import noted_answers
from scalith.app.explorer import Explorer
from scalith.app.noted_answers import NotedAnswers
from scalith.ladder import read_study
from tests.app.conftest import STUDY

TARGETS = '["cell_open_circuit_voltage", "discharges", "heat_generation", "cell_temperature", "pack_temperature"]'


@pytest.fixture
def answered(tmp_path):
    """A study whose voltage was shown once, and what was told."""
    path, results, events = tmp_path / "row.toml", tmp_path / "results", []
    path.write_text(STUDY.replace(TARGETS, '["cell_open_circuit_voltage"]'))
    results.mkdir()
    explorer = Explorer(read_study(path), results)
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
