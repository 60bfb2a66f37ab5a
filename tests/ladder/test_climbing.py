"""A climb computes each rung once, keeps what it finished, and says where everything comes from."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from scalith.ladder import climb, climbing, read_entry, read_ledger, read_study
from scalith.ladder.run import rung_seed
from scalith.quantities import InputError, Property, StudyError, read_results, write_results
from tests.ladder import toy_rungs
from tests.ladder.conftest import STUDY

ROOT = Path(__file__).resolve().parents[2]
RUNGS = ("elastic_energy", "force", "oscillation", "outline")

DRIVER = """
import sys
from scalith.ladder import climb, climbing, graph, read_study, run
from tests.ladder import toy_rungs
graph.rung_modules = lambda: [toy_rungs]
run.package_digest = climbing.package_digest = lambda: "this code"
from scalith.quantities import ScalithError
try:
    climb(read_study(sys.argv[1]), sys.argv[2])
except ScalithError as error:
    print(error)
    sys.exit(2)
"""


def start_climb(study: Path, out: Path, before: str = "") -> subprocess.Popen[str]:
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT)])}
    # A job in the background of a shell script is started with Ctrl-C ignored, and hands that on.
    before += "import signal\nsignal.signal(signal.SIGINT, signal.default_int_handler)\n"
    return subprocess.Popen(
        [sys.executable, "-c", before + DRIVER, str(study), str(out)],
        env=environment,
        cwd=ROOT,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


def wait_for(condition, seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


def test_values_are_those_of_the_equations(toy, study_file, tmp_path):
    climb(read_study(study_file), tmp_path / "out")
    force = read_entry(tmp_path / "out", "force").value
    assert force(0.5) == pytest.approx(-1.0, abs=1e-12)
    position = read_entry(tmp_path / "out", "oscillation").value["x"]
    assert position[0] == pytest.approx(0.5, abs=1e-5)


def test_nothing_is_computed_twice(toy, study_file, tmp_path):
    first = climb(read_study(study_file), tmp_path / "out")
    second = climb(read_study(study_file), tmp_path / "out")
    assert [toy(name) for name in RUNGS] == [1, 1, 1, 1]
    assert first == second


def test_a_changed_setting_recomputes_what_depends_on_it(toy, study_file, tmp_path):
    climb(read_study(study_file), tmp_path / "out")
    study_file.write_text(STUDY.replace('"500 g"', '"600 g"'))
    climb(read_study(study_file), tmp_path / "out")
    assert [toy(name) for name in RUNGS] == [1, 1, 2, 2]
    study_file.write_text(STUDY)
    climb(read_study(study_file), tmp_path / "out")  # the earlier values are still there
    assert [toy(name) for name in RUNGS] == [1, 1, 2, 2]


def test_changed_code_recomputes_everything(toy, study_file, tmp_path, monkeypatch):
    climb(read_study(study_file), tmp_path / "out")
    for module in ("run", "climbing"):
        monkeypatch.setattr(f"scalith.ladder.{module}.package_digest", lambda: "another version")
    climb(read_study(study_file), tmp_path / "out")
    assert [toy(name) for name in RUNGS] == [2, 2, 2, 2]
    kept = [json.loads(note.read_text())["code"] for note in (tmp_path / "out" / "cache").glob("*.note")]
    assert kept == ["another version"] * 4  # values of the old code are gone


def test_until_climbs_no_further(toy, study_file, tmp_path):
    climb(read_study(study_file), tmp_path / "out", until="force")
    assert [toy(name) for name in RUNGS] == [1, 1, 0, 0]
    with pytest.raises(InputError, match="did you mean 'force'"):
        climb(read_study(study_file), tmp_path / "out", until="forc")


def test_a_given_quantity_replaces_its_rung(toy, study_file, tmp_path):
    (tmp_path / "measured.csv").write_text("# source: a lab\nx [1], force [mN]\n-1, 3000\n0, 0\n1, -3000\n")
    study_file.write_text(STUDY.replace("[given]", '[given]\nforce = "measured.csv"'))
    ledger = climb(read_study(study_file), tmp_path / "out")
    assert toy("elastic_energy") == 0
    assert toy("force") == 0
    entry = ledger.entry("force")
    assert (entry.origin, entry.source.kind, entry.source.reference) == ("given", "measured", "a lab")
    assert entry.source.files[0].name == "measured.csv"
    position = read_entry(tmp_path / "out", "oscillation").value["x"]
    assert position[-1] == pytest.approx(0.5 * np.cos(np.sqrt(3.0 / 0.5)), abs=2e-3)


def test_kernels_of_the_cell_are_compiled_beside_a_climb_that_runs_one_itself(toy, study_file, tmp_path, monkeypatch):
    begun = []
    monkeypatch.setattr(climbing, "compile_beside", lambda *names: begun.append(names))
    monkeypatch.setattr(toy_rungs.elastic_energy, "quantity", replace(toy_rungs.elastic_energy.quantity, runs_a_cell=True))
    climb(read_study(study_file), tmp_path / "out", until="force")
    assert len(begun) == 1
    study_file.write_text(STUDY.replace("[given]", '[given]\nelastic_energy = "2 J"'))
    climb(read_study(study_file), tmp_path / "given", until="elastic_energy")
    assert len(begun) == 1  # what is given runs nothing


def test_another_studys_result_can_be_given(toy, study_file, tmp_path):
    ledger = climb(read_study(study_file), tmp_path / "out")
    other = tmp_path / "other.toml"
    given = f'[given]\nforce = {{ results = "out", digest = "{ledger.entry("force").digest}" }}'
    other.write_text(STUDY.replace("[given]", given))
    again = climb(read_study(other), tmp_path / "second")
    assert again.entry("force").digest == ledger.entry("force").digest
    assert toy("force") == 1
    other.write_text(STUDY.replace("[given]", '[given]\nforce = { results = "out", digest = "0123" }'))
    with pytest.raises(InputError, match="climbed again since"):
        read_study(other)


def test_parents_in_the_ledger_are_the_values_that_were_used(toy, study_file, tmp_path):
    ledger = climb(read_study(study_file), tmp_path / "out")
    for entry in ledger.entries:
        for parent, digest in entry.parents.items():
            assert ledger.entry(parent).digest == digest
    walked = [entry.quantity for _, entry, _ in ledger.ancestry("outline")]
    assert walked[0] == "outline"
    assert {"oscillation", "force", "elastic_energy", "mass", "shape", "spring"} <= set(walked)
    assert read_ledger(tmp_path / "out") == ledger


def test_a_file_that_was_changed_is_noticed(toy, study_file, tmp_path):
    climb(read_study(study_file), tmp_path / "out")
    path = tmp_path / "out" / "quantities" / "force.nc"
    value = Property.load(path)
    Property(value.name, value.values * 2, value.unit, value.source).save(path)
    with pytest.raises(StudyError, match="does not match its ledger"):
        read_entry(tmp_path / "out", "force")


def test_published_files_are_readable_elsewhere(toy, study_file, tmp_path):
    climb(read_study(study_file), tmp_path / "out")
    folder = tmp_path / "out" / "quantities"
    assert {path.name for path in folder.iterdir()} >= {"force.nc", "force.csv", "oscillation.nc", "outline.json", "mass.csv"}
    with xr.open_dataset(folder / "force.nc") as data:
        assert data["force"].attrs["units"] == "N"


def test_seeds_differ_by_rung_and_repeat():
    assert rung_seed(1, "a") == rung_seed(1, "a")
    assert len({rung_seed(seed, name) for seed in range(5) for name in "abcde"}) == 25


def test_a_climb_repeats_bit_for_bit(toy, study_file, tmp_path):
    one = climb(read_study(study_file), tmp_path / "one")
    two = climb(read_study(study_file), tmp_path / "two")
    assert [entry.digest for entry in one.entries] == [entry.digest for entry in two.entries]


def test_the_listener_hears_of_every_rung(toy, study_file, tmp_path):
    heard = []

    class Recorder:
        def planned(self, names):
            heard.append(("planned", *names))

        def started(self, name):
            heard.append(("started", name))

        def advanced(self, name, fraction, message):
            heard.append(("advanced", name, fraction, message))

        def finished(self, name, seconds, headline, *, reused):
            heard.append(("finished", name, reused))

    climb(read_study(study_file), tmp_path / "out", listener=Recorder())
    assert heard[0] == ("planned", *RUNGS)
    assert ("advanced", "oscillation", 0.5, "half way") in heard
    assert [item for item in heard if item[0] == "finished"] == [("finished", name, False) for name in RUNGS]


def test_until_beyond_the_targets_asks_for_what_it_needs(toy, study_file, tmp_path):
    study_file.write_text(STUDY.replace('"outline"', '"force"').replace('mass = "500 g"', ""))
    study = read_study(study_file)
    with pytest.raises(StudyError, match="oscillation needs mass"):
        climb(study, tmp_path / "out", until="oscillation")


def test_a_smaller_climb_keeps_what_still_holds(toy, study_file, tmp_path):
    whole = climb(read_study(study_file), tmp_path / "out")
    again = climb(read_study(study_file), tmp_path / "out", until="force")
    assert {entry.quantity for entry in again.entries} == {entry.quantity for entry in whole.entries}
    study_file.write_text(STUDY.replace("stiffness = 2.0", "stiffness = 3.0"))
    changed = climb(read_study(study_file), tmp_path / "out", until="force")
    names = {entry.quantity for entry in changed.entries}
    assert "oscillation" not in names
    assert not list((tmp_path / "out" / "quantities").glob("oscillation*"))


def test_a_changed_value_in_the_store_is_computed_anew(toy, study_file, tmp_path):
    climb(read_study(study_file), tmp_path / "out")
    (path,) = (tmp_path / "out" / "cache").glob("oscillation-*.nc")
    write_results(read_results(path) * 2.0, path)
    ledger = climb(read_study(study_file), tmp_path / "out")
    assert toy("oscillation") == 2
    published = tmp_path / "out" / ledger.entry("oscillation").file
    write_results(read_results(published) * 2.0, published)
    with pytest.raises(StudyError, match="does not match its ledger"):
        read_entry(tmp_path / "out", "oscillation")


def test_a_given_file_may_be_told_its_origin(toy, study_file, tmp_path):
    (tmp_path / "measured.csv").write_text("x [1], force [N]\n-1, 3\n1, -3\n")
    given = '[given]\nforce = { file = "measured.csv", kind = "published", reference = "Doe 2020" }'
    study_file.write_text(STUDY.replace("[given]", given))
    source = read_study(study_file).given["force"].source
    assert (source.kind, source.reference, source.files[0].name) == ("published", "Doe 2020", "measured.csv")


# -- interruption and trouble -----------------------------------------------------------------------------------


@pytest.mark.long
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_an_interrupted_climb_goes_on_where_it_stopped(toy, study_file, tmp_path, monkeypatch, how):
    for module in ("run", "climbing"):  # the same code in both processes, whatever is being edited
        monkeypatch.setattr(f"scalith.ladder.{module}.package_digest", lambda: "this code")
    out = tmp_path / "out"
    study_file.write_text(STUDY.replace("stiffness = 2.0", "stiffness = 2.0\nwait = 30.0"))
    running = start_climb(study_file, out)
    wait_for(lambda: sum('"digest": ""' not in note.read_text() for note in (out / "cache").glob("*.note")) == 2)
    running.send_signal(how)
    running.communicate(timeout=30)
    assert running.returncode != 0
    assert not (out / "ledger.json").exists()
    study_file.write_text(STUDY)  # without the wait; `elastic_energy` depends on the section, `force` on its value alone
    climb(read_study(study_file), out)
    assert toy("force") == 1
    assert toy("oscillation") == 1
    assert not list(out.rglob("*.part"))


@pytest.mark.long
def test_a_second_run_in_the_same_folder_is_refused(toy, study_file, tmp_path):
    out = tmp_path / "out"
    study_file.write_text(STUDY.replace("stiffness = 2.0", "stiffness = 2.0\nwait = 30.0"))
    running = start_climb(study_file, out)
    try:
        wait_for(lambda: any((out / "cache").glob("force-*.nc")))
        with pytest.raises(StudyError, match=rf"run in progress in this results folder \(process {running.pid}\)"):
            climb(read_study(study_file), out)
    finally:
        running.kill()
        running.communicate(timeout=30)
    study_file.write_text(STUDY)
    climb(read_study(study_file), out)  # the lock died with its holder


def test_an_unwritable_folder_is_said(toy, study_file, tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StudyError, match=r"file/out: found a results folder that cannot be written .*choose another with --out"):
        climb(read_study(study_file), tmp_path / "file" / "out")


@pytest.mark.long
def test_a_full_disk_leaves_earlier_results_as_they_were(toy, study_file, tmp_path):
    out = tmp_path / "out"
    before = climb(read_study(study_file), out)
    contents = {path: path.read_bytes() for path in (out / "quantities").iterdir()}
    study_file.write_text(STUDY.replace("stiffness = 2.0", "stiffness = 7.0\nnodes = 20001"))
    full = (
        "import resource, signal\nsignal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (60000, 60000))\n"
    )
    running = start_climb(study_file, out, before=full)
    said, _ = running.communicate(timeout=60)
    assert running.returncode == 2, said
    assert "cannot be written" in said
    assert said.count("\n") == 1
    assert read_ledger(out) == before
    assert {path: path.read_bytes() for path in (out / "quantities").iterdir()} == contents
    assert not list(out.rglob("*.part"))


def test_every_entry_has_a_source(toy, study_file, tmp_path):
    ledger = climb(read_study(study_file), tmp_path / "out")
    kinds = {entry.quantity: entry.source.kind for entry in ledger.entries if entry.origin != "setting"}
    assert kinds == {
        "spring": "assumed",
        "elastic_energy": "predicted",
        "force": "predicted",
        "mass": "assumed",
        "oscillation": "predicted",
        "shape": "assumed",
        "outline": "predicted",
    }


def test_what_a_rung_may_have_or_not(toy, study_file, tmp_path):
    without = climb(read_study(study_file), tmp_path / "without")
    assert "shortening" not in {entry.quantity for entry in without.entries}
    length = read_entry(tmp_path / "without", "outline").value.length
    study_file.write_text(STUDY + "\n[damper]\nshortening = 0.25\n")
    ledger = climb(read_study(study_file), tmp_path / "with")
    assert read_entry(tmp_path / "with", "outline").value.length == pytest.approx(length - 0.25)
    assert "shortening" in ledger.entry("outline").parents
    study_file.write_text(STUDY.replace("[given]", '[given]\nshortening = "50 cm"'))
    climb(read_study(study_file), tmp_path / "given")
    assert read_entry(tmp_path / "given", "outline").value.length == pytest.approx(length - 0.5)
