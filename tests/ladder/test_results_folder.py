"""A results folder is ours or is left alone; in ours, only files that a climb wrote are ever removed."""

from __future__ import annotations

import errno
import json
import os

import pytest

from scalith.ladder import climb, read_ledger, read_study
from scalith.ladder.results_folder import LOCK, MARKER, opened
from scalith.quantities import StudyError
from tests.ladder.conftest import STUDY

FOREIGN = ["cache/thesis.csv", "cache/deeper/notes.txt", "quantities/raw.csv", "ensemble/e.txt", "sub/.movie.mkv.part", ".lock"]


def scatter_files(folder):
    for name in FOREIGN:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("mine")


def contents(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_folder_that_is_not_ours_is_left_as_it_is(toy, study_file, tmp_path):
    out = tmp_path / "thesis"
    scatter_files(out)
    before = contents(out)
    with pytest.raises(StudyError, match=r"thesis: found a folder that is not a results folder .* choose one with --out"):
        climb(read_study(study_file), out)
    assert contents(out) == before


def test_foreign_files_in_our_folder_survive_every_climb(toy, study_file, tmp_path, monkeypatch):
    out = tmp_path / "out"
    climb(read_study(study_file), out)
    scatter_files(out)
    climb(read_study(study_file), out, draws=2)
    study_file.write_text(STUDY.replace("stiffness = 2.0", "stiffness = 3.0").replace('"outline"', '"force"'))
    for module in ("run", "climbing"):
        monkeypatch.setattr(f"scalith.ladder.{module}.package_digest", lambda: "another version")
    climb(read_study(study_file), out)
    assert {name: (out / name).read_text() for name in FOREIGN} == dict.fromkeys(FOREIGN, "mine")
    # What climbs wrote and no longer holds is gone.
    assert not list((out / "quantities").glob("oscillation*"))
    assert not list((out / "ensemble").glob("*.nc"))


def test_a_new_and_an_empty_folder_are_taken(toy, study_file, tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "locked").mkdir()
    (tmp_path / "locked" / LOCK).write_text("process 1")  # a run that was killed at once
    for name in ("empty", "locked", "new"):
        climb(read_study(study_file), tmp_path / name)
        assert (tmp_path / name / MARKER).is_file()


def test_one_run_at_a_time_in_one_process_too_and_a_file_system_without_locks_is_said(tmp_path, monkeypatch):
    running = rf"run in progress in this results folder \(process {os.getpid()}\)"
    with opened(tmp_path), pytest.raises(StudyError, match=running), opened(tmp_path):
        pass

    def no_locks(descriptor, *, blocking):
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr("filelock.lock_descriptor", no_locks)
    with (
        pytest.raises(StudyError, match=r"cannot be locked \(No locks available\); expected a file system with locks"),
        opened(tmp_path),
    ):
        pass


def test_results_from_before_folders_were_marked_are_taken(toy, study_file, tmp_path):
    out = tmp_path / "out"
    first = climb(read_study(study_file), out)
    (out / MARKER).unlink()
    assert climb(read_study(study_file), out) == first


@pytest.mark.parametrize("text", ["", "not JSON", "{}", '{"entries": [{"quantity": 3}]}', "\0\0"])
def test_a_damaged_ledger_is_set_aside_with_a_word(toy, study_file, tmp_path, text):
    out = tmp_path / "out"
    whole = climb(read_study(study_file), out)
    said = []

    class Recorder:
        def planned(self, names): ...
        def started(self, name): ...
        def advanced(self, name, fraction, message): ...
        def finished(self, name, seconds, headline, *, reused): ...
        def noted(self, message):
            said.append(message)

    for number in (1, 2):
        (out / "ledger.json").write_text(text)
        assert climb(read_study(study_file), out, listener=Recorder()) == whole
        assert (out / f"ledger-set-aside-{number}.json").read_text() == text
    assert len(said) == 2
    assert "set aside as ledger-set-aside-1.json" in said[0]
    assert read_ledger(out) == whole


@pytest.mark.parametrize(
    "written", ["../../precious.txt", "precious.txt", "quantities/../../precious.txt", "cache/precious.txt", "/precious.txt", 3]
)
def test_a_damaged_note_deletes_nothing_else(toy, study_file, tmp_path, written):
    out = tmp_path / "out"
    climb(read_study(study_file), out)
    precious = [tmp_path / "precious.txt", out / "precious.txt", out / "cache" / "precious.txt"]
    for path in precious:
        path.write_text("mine")
    for note in ({"written": {"precious": [written]}}, {"written": [written]}, [], {"written": {"precious": None}}):
        (out / MARKER).write_text(json.dumps(note))
        climb(read_study(study_file), out)
    assert [path.read_text() for path in precious] == ["mine"] * 3


def test_a_damaged_cache_note_deletes_nothing_else(toy, study_file, tmp_path):
    out = tmp_path / "out"
    climb(read_study(study_file), out)
    (out / "quantities" / "precious.txt").write_text("mine")
    (out / "cache" / "precious.nc").write_text("mine")
    for file in ("../quantities/precious.txt", "precious.nc"):
        note = {"quantity": "force", "digest": "", "seconds": 0.0, "code": "old", "file": file}
        (out / "cache" / "0123.note").write_text(json.dumps(note))
        climb(read_study(study_file), out)
    assert (out / "quantities" / "precious.txt").read_text() == "mine"
    assert (out / "cache" / "precious.nc").read_text() == "mine"


def test_what_a_killed_run_left_half_written_is_removed(toy, study_file, tmp_path):
    out = tmp_path / "out"
    climb(read_study(study_file), out)
    half = [out / ".ledger.json.0123456789ab.part", out / "quantities" / ".force.nc.0123456789ab.part"]
    for path in half:
        path.write_text("half")
    begun = {"quantity": "force", "digest": "", "seconds": 0.0, "code": "code", "file": "force-0123.nc"}
    (out / "cache" / "0123.note").write_text(json.dumps(begun))
    (out / "cache" / "force-0123.nc").write_text("half")
    climb(read_study(study_file), out)
    assert not any(path.exists() for path in [*half, out / "cache" / "force-0123.nc", out / "cache" / "0123.note"])
