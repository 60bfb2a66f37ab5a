"""The command line: what it says, what it returns, and that a user's mistake is never a traceback."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from scalith import cli
from tests.ladder.conftest import STUDY, clear_graph, study_file, toy

__all__ = ["clear_graph", "study_file", "toy"]


@pytest.fixture
def scalith(monkeypatch, capsys, tmp_path):
    """Runs the command line in a temporary folder: (exit code, what it said, what it said of errors)."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")

    def call(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["scalith", *arguments])
        monkeypatch.setattr(cli, "_debug", False)
        try:
            cli.main()
            code = 0
        except SystemExit as stop:
            code = int(stop.code or 0)
        said = capsys.readouterr()
        return code, said.out, said.err

    return call


def test_run_says_what_each_rung_found(toy, study_file, scalith):
    code, out, _ = scalith("run", "toy.toml", "--no-report")
    assert code == 0
    assert "1/4" in out
    assert "oscillation" in out
    assert "it swings" in out
    code, out, _ = scalith("run", "toy.toml", "--no-report")
    assert "nothing has changed" in out
    assert "4 quantities" in out
    assert toy("force") == 1


def test_run_writes_a_report(toy, study_file, scalith, tmp_path):
    code, _, _ = scalith("run", "toy.toml", "--out", "there")
    assert code == 0
    assert "it swings" in (tmp_path / "there" / "report.html").read_text()


def test_until(toy, study_file, scalith):
    scalith("run", "toy.toml", "--until", "elastic_energy", "--no-report")
    assert (toy("elastic_energy"), toy("force")) == (1, 0)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (STUDY.replace("stiffness", "stifness"), "did you mean 'stiffness'?"),
        (STUDY.replace("500 g", "500 V"), "convertible to kg"),
        (STUDY.replace('mass = "500 g"', ""), "state it under [given]"),
    ],
)
def test_a_mistake_is_one_sentence(toy, study_file, scalith, text, said):
    study_file.write_text(text)
    code, out, err = scalith("run", "toy.toml")
    assert code == cli.USER_ERROR
    assert said in err
    assert "toy.toml" in err
    assert err.strip().count("\n") == 0
    assert "Traceback" not in out + err


def test_debug_shows_the_traceback(toy, study_file, scalith):
    study_file.write_text(STUDY.replace("500 g", "500 V"))
    assert "Traceback" in scalith("run", "toy.toml", "--debug")[2]
    assert "Traceback" in scalith("--debug", "run", "toy.toml")[2]


@pytest.mark.parametrize("draws", [(), ("--draws", "4")])
def test_a_plan_that_there_is_not_is_said_before_anything_is_climbed(toy, study_file, scalith, draws):
    code, _, err = scalith("run", "toy.toml", "--plan", "sobl", *draws)
    assert (code, "plan: found 'sobl', expected 'random', 'sobol'" in err or "did you mean 'sobol'" in err) == (
        cli.USER_ERROR,
        True,
    )
    assert scalith("sensitivity", "toy.toml", "--plan", "sobl")[0] == cli.USER_ERROR
    assert toy("force") == 0


def test_a_missing_study_is_said(scalith):
    code, _, err = scalith("run", "nowhere.toml")
    assert code == cli.USER_ERROR
    assert "nowhere.toml: found no such file, expected a TOML file" in err


def test_an_unknown_option_is_said(scalith):
    code, _, err = scalith("run", "--fast")
    assert code == 2
    assert "--fast" in err


def test_trace_walks_down_to_files_and_papers(toy, study_file, scalith, tmp_path):
    (tmp_path / "measured.csv").write_text("# source: a lab, doi:10.1/x\nx [1], force [N]\n-1, 3\n1, -3\n")
    study_file.write_text(STUDY.replace("[given]", '[given]\nforce = "measured.csv"'))
    scalith("run", "toy.toml", "--no-report")
    code, out, _ = scalith("trace", "outline")
    assert code == 0
    for words in ("oscillation", "force", "a lab, doi:10.1/x", "measured.csv", "a ruler", "toy.toml"):
        assert words in out
    code, _, err = scalith("trace", "outlin")
    assert code == cli.USER_ERROR
    assert "did you mean 'outline'?" in err


def test_trace_without_a_climb_is_said(scalith):
    code, _, err = scalith("trace", "force")
    assert code == cli.USER_ERROR
    assert "scalith run STUDY" in err


def test_rungs_lists_the_graph_and_draws_it(toy, scalith, tmp_path):
    code, out, _ = scalith("rungs", "--picture", "ladder.svg")
    assert code == 0
    for name in ("elastic_energy", "oscillation", "[spring]", "mass"):
        assert name in out
    picture = (tmp_path / "ladder.svg").read_text()
    assert picture.startswith("<svg")
    assert "elastic energy" in picture


@pytest.mark.parametrize("example", sorted(path.stem for path in (Path(__file__).parents[1] / "examples").glob("*.toml")))
def test_new_writes_each_example(scalith, tmp_path, example):
    code, out, _ = scalith("new", "--example", example)
    assert code == 0
    assert f"scalith run {example}.toml" in out
    assert (tmp_path / f"{example}.toml").read_bytes() == (
        Path(__file__).parents[1] / "examples" / f"{example}.toml"
    ).read_bytes()
    # The help names them all.
    assert example in scalith("new", "--help")[1]


def test_new_names_the_nearest_example(scalith):
    code, _, err = scalith("new", "--example", "fullcell")
    assert code == cli.USER_ERROR
    assert "--example" in err
    assert "did you mean 'full_cell'" in err


def test_report_writes_the_page_again_and_opens_it(toy, study_file, scalith, tmp_path, monkeypatch):
    scalith("run", "toy.toml", "--no-report")
    opened = []
    monkeypatch.setattr("webbrowser.open", lambda address: opened.append(address) or True)
    code, out, _ = scalith("report")
    assert (code, opened) == (0, [])
    assert "results/toy/report.html" in out
    page = tmp_path / "results" / "toy" / "report.html"
    assert "it swings" in page.read_text()
    assert toy("force") == 1
    code, _, _ = scalith("report", "results/toy", "--open")
    assert (code, opened) == (0, [page.as_uri()])
    monkeypatch.setattr("webbrowser.open", lambda address: False)
    assert "no browser was found" in scalith("report", "--open")[1]
    code, _, err = scalith("report", "nowhere")
    assert code == cli.USER_ERROR
    assert "no ledger.json" in err


def test_new_writes_a_study_that_is_valid_and_overwrites_nothing(scalith, tmp_path):
    code, out, _ = scalith("new", "mine.toml")
    assert code == 0
    assert "scalith run mine.toml" in out
    from scalith.ladder import read_study

    assert read_study(tmp_path / "mine.toml").targets
    code, _, err = scalith("new", "mine.toml")
    assert code == cli.USER_ERROR
    assert "--force" in err


def test_version(scalith):
    from scalith import __version__

    assert scalith("--version")[1].strip() == f"scalith {__version__}"


@pytest.mark.long
def test_ctrl_c_ends_with_its_code_and_says_how_to_go_on(study_file, tmp_path):
    study_file.write_text(STUDY.replace("stiffness = 2.0", "stiffness = 2.0\nwait = 30.0"))
    root = Path(__file__).resolve().parents[1]
    program = (
        "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "from scalith import cli\nfrom scalith.ladder import graph\nfrom tests.ladder import toy_rungs\n"
        "graph.rung_modules = lambda: [toy_rungs]\nsys.argv = ['scalith', 'run', 'toy.toml', '--no-report']\ncli.main()\n"
    )
    running = subprocess.Popen(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(root)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    end = time.monotonic() + 60
    while not list((tmp_path / "results" / "toy" / "cache").glob("force-*.nc")):
        assert time.monotonic() < end
        time.sleep(0.02)
    time.sleep(0.3)
    running.send_signal(signal.SIGINT)
    _, said = running.communicate(timeout=30)
    assert running.returncode == cli.INTERRUPTED
    assert "run the same command to go on" in said


def test_help_loads_nothing_heavy():
    code = "import sys; sys.argv=['scalith','--help']\nfrom scalith import cli\ntry: cli.main()\nexcept SystemExit: pass\n"
    code += "heavy = {'numpy','numba','scipy','xarray','pint','ase'} & set(sys.modules)\nassert not heavy, heavy"
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


def test_diff_shows_what_changed_and_why(toy, study_file, scalith):
    scalith("run", "toy.toml", "--out", "a", "--no-report")
    study_file.write_text(STUDY.replace("stiffness = 2.0", "stiffness = 3.0"))
    scalith("run", "toy.toml", "--out", "b", "--no-report")
    code, out, _ = scalith("diff", "a", "b")
    assert code == 0
    (row,) = [line for line in out.splitlines() if "spring.stiffness" in line and "+50 %" in line]
    assert "2" in row
    assert "3" in row
    assert any("force" in line and "elastic_energy" in line for line in out.splitlines())
    assert "no difference" in scalith("diff", "a", "a")[1]
    code, _, err = scalith("diff", "a", "nothing")
    assert (code, err.count("\n")) == (cli.USER_ERROR, 1)


def test_export_writes_a_crate(toy, study_file, scalith, tmp_path):
    pytest.importorskip("rocrate")
    scalith("run", "toy.toml", "--no-report")
    assert scalith("export", "crate")[0] == 0
    assert (tmp_path / "crate" / "ro-crate-metadata.json").is_file()


def test_trace_goes_on_in_the_ledger_that_a_value_was_taken_from(toy, study_file, scalith, tmp_path):
    scalith("run", "toy.toml", "--out", "first", "--no-report")
    (tmp_path / "other.toml").write_text(STUDY.replace("[given]", '[given]\nforce = { results = "first" }'))
    scalith("run", "other.toml", "--out", "second", "--no-report")
    _, out, _ = scalith("trace", "force", "--out", "second")
    assert "taken from the results ../first, force there" in out
    assert "first: spring.stiffness" in out


def test_rungs_tells_what_is_given_and_what_is_a_section(toy, scalith):
    _, out, _ = scalith("rungs")
    rows = {line.split("│")[2].strip(): line for line in out.splitlines() if line.count("│") >= 5}
    assert "[given]" in rows["mass"]
    assert "kg" in rows["mass"]
    assert "[spring]" in rows["force"] or "elastic_energy" in rows["force"]
    assert "[spring]" in rows["elastic_energy"]
    assert "seed" not in rows["oscillation"]


def test_what_cannot_be_explored_is_one_sentence(scalith, tmp_path):
    code, _, said = scalith("explore", "nothing.toml")
    assert (code, "no such file" in said) == (2, True)
    code, _, said = scalith("explore")
    assert (code, "no finished climb" in said) == (2, True)


def test_without_the_extra_the_explorer_says_how_to_get_it(study_file, scalith, monkeypatch):
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    code, _, said = scalith("explore", "toy.toml", "--no-open")
    assert (code, "pip install 'scalith[app]'" in said) == (2, True)


def test_a_page_with_knobs_is_written_beside_the_report(toy, study_file, scalith, tmp_path):
    scalith("run", "toy.toml", "--no-report")
    code, out, _ = scalith("report", "results/toy", "--knob", "mass=400 g:600 g:3")
    assert code == 0
    assert "interactive.html" in out
    assert (tmp_path / "results" / "toy" / "interactive.html").is_file()
