"""A climb that has nothing to do says so, and one that has anything to do is done."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from scalith import unchanged
from scalith.ladder import read_study
from tests.ladder.conftest import STUDY, clear_graph, study_file, toy
from tests.test_cli import scalith

__all__ = ["clear_graph", "scalith", "study_file", "toy"]

SAID = "nothing has changed"
CURVE = "# source: a lab\nx [1], force [N]\n-1, 3\n1, -3\n"


@pytest.fixture
def climbed(toy, study_file, scalith, tmp_path):
    """Runs a study with a file, once already; gives what climbs it again."""
    (tmp_path / "measured.csv").write_text(CURVE)
    study_file.write_text(STUDY.replace("[given]", '[given]\nforce = "measured.csv"'))
    assert SAID not in scalith("run", "toy.toml")[1]

    def again(*options):
        code, out, err = scalith("run", "toy.toml", *options)
        assert code == 0, err
        return out

    return again


def test_the_same_again_computes_and_writes_nothing(climbed, tmp_path):
    folder = tmp_path / "results" / "toy"
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}
    out = climbed()
    assert SAID in out
    assert "2 quantities in" in out
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()} == before


def test_a_changed_study_or_file_is_climbed(climbed, study_file, tmp_path):
    (tmp_path / "measured.csv").write_text(CURVE.replace("3", "4"))
    assert SAID not in climbed()
    assert SAID in climbed()
    study_file.write_text(study_file.read_text().replace("500 g", "600 g"))
    assert SAID not in climbed()
    assert SAID in climbed()


@pytest.mark.long
def test_a_damaged_or_missing_result_is_mended(climbed, tmp_path):
    folder = tmp_path / "results" / "toy"
    whole = (folder / "quantities" / "force.csv").read_bytes()
    (folder / "quantities" / "force.csv").write_text("damaged")
    assert SAID not in climbed()
    assert (folder / "quantities" / "force.csv").read_bytes() == whole
    (folder / "report.html").unlink()
    assert SAID not in climbed()
    assert (folder / "report.html").is_file()
    (folder / "ledger.json").unlink()
    assert SAID not in climbed()
    assert SAID in climbed()


@pytest.mark.long
def test_what_is_asked_and_the_program_count(climbed, monkeypatch):
    assert SAID not in climbed("--no-report")
    assert SAID in climbed("--no-report")
    assert SAID not in climbed("--until", "elastic_energy")
    assert SAID not in climbed("--draws", "2")
    monkeypatch.setattr(unchanged, "program_digest", lambda: "another version")
    assert SAID not in climbed("--draws", "2")


def test_rungs_of_installed_packages_are_always_looked_at(climbed, monkeypatch):
    monkeypatch.setattr(unchanged, "entry_points", lambda group: [group])
    assert SAID not in climbed()


@pytest.mark.long
def test_a_climb_that_has_nothing_to_do_loads_nothing_heavy(climbed, tmp_path):
    code = (
        "import sys; sys.argv=['scalith','run','toy.toml']\nfrom scalith import cli\ntry: cli.main()\nexcept SystemExit: pass\n"
    )
    code += "heavy = {'numpy','numba','scipy','xarray','pint','ase'} & set(sys.modules)\nassert not heavy, heavy"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, cwd=tmp_path)
    assert SAID in done.stdout


@pytest.mark.long
@pytest.mark.parametrize("note", ["", "[]", "{}", '{"inputs": 1}', '{"inputs": {}, "results": {}, "asked": {}}'])
def test_a_damaged_note_means_a_climb(climbed, tmp_path, note):
    (tmp_path / "results" / "toy" / unchanged.FILE).write_text(note)
    assert SAID not in climbed()
    assert SAID in climbed()


def test_a_value_from_other_results_counts_with_its_file(climbed, toy, scalith, tmp_path):
    text = (tmp_path / "toy.toml").read_text().replace('force = "measured.csv"', 'force = { results = "results/toy" }')
    (tmp_path / "upper.toml").write_text(text)
    files = read_study(tmp_path / "upper.toml").files
    assert {"upper.toml", "ledger.json", "force.nc"} <= {path.rpartition("/")[2] for path in files}
    assert scalith("run", "upper.toml", "--no-report")[0] == 0
    assert SAID in scalith("run", "upper.toml", "--no-report")[1]
    (tmp_path / "measured.csv").write_text(CURVE.replace("3", "4"))
    climbed()
    assert SAID not in scalith("run", "upper.toml", "--no-report")[1]


def test_a_study_with_code_of_its_own_leaves_no_note(toy, study_file, scalith, tmp_path):
    assert scalith("run", "toy.toml", "--allow-code", "--no-report")[0] == 0
    assert not (tmp_path / "results" / "toy" / unchanged.FILE).exists()
    scalith("run", "toy.toml", "--no-report")
    assert json.loads((tmp_path / "results" / "toy" / unchanged.FILE).read_text())["computed"] == 4
    assert SAID not in scalith("run", "toy.toml", "--allow-code", "--no-report")[1]
