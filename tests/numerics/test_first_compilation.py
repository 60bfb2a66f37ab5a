from __future__ import annotations

import os
import subprocess
import sys

import pytest

from scalith.numerics import first_compilation
from scalith.numerics.compiled import _kernels_digest

PYTHON = f"py{sys.version_info.major}{sys.version_info.minor}"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(first_compilation, "cache_folder", lambda: tmp_path)
    monkeypatch.setattr(first_compilation, "_beside", {})
    monkeypatch.setattr(first_compilation, "_announced", set())
    first_compilation.announce_first_compilation.cache_clear()
    yield tmp_path / "kernels" / _kernels_digest("cell")
    first_compilation.announce_first_compilation.cache_clear()


def test_a_first_compilation_is_announced_once(folder, capsys):
    for _ in range(2):
        first_compilation.announce_first_compilation("cell", "run_segment")
    assert capsys.readouterr().err == "scalith.cell: compiling kernels, once, about a minute\n"


def test_kernels_in_the_cache_are_not_announced(folder, capsys):
    (folder / "kernels_1").mkdir(parents=True)
    (folder / "kernels_1" / f"stepping.run_segment-321.{PYTHON}.nbi").touch()
    first_compilation.announce_first_compilation("cell", "run_segment")
    assert capsys.readouterr().err == ""


@pytest.mark.skipif((os.cpu_count() or 1) < 2, reason="one core")
def test_who_needs_a_kernel_waits_for_the_process_that_compiles_it(folder, tmp_path, monkeypatch, capsys):
    kept = folder / "kernels_1" / f"stepping.run_segment-1.{PYTHON}.nbi"
    (tmp_path / "a_compiler.py").write_text(
        f"import pathlib, time\ntime.sleep(0.3)\nfile = pathlib.Path({str(kept)!r})\nfile.parent.mkdir(parents=True)\nfile.touch()\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    first_compilation.compile_beside("cell", "run_segment", "a_compiler")
    process = first_compilation._beside["cell"]
    first_compilation.compile_beside("cell", "run_segment", "another")
    assert first_compilation._beside["cell"] is process
    assert not kept.exists()
    first_compilation.announce_first_compilation("cell", "run_segment")
    assert kept.exists()
    assert process.wait() == 0


def test_nothing_is_compiled_beside_where_it_is_in_the_cache(folder):
    (folder / "kernels_1").mkdir(parents=True)
    (folder / "kernels_1" / f"stepping.run_segment-321.{PYTHON}.nbi").touch()
    first_compilation.compile_beside("cell", "run_segment", "no_such_module")
    assert first_compilation._beside == {}


def test_kernels_of_another_python_are_not_in_the_cache_of_this_one(folder, capsys):
    (folder / "kernels_1").mkdir(parents=True)
    (folder / "kernels_1" / "stepping.run_segment-321.py27.nbi").touch()
    first_compilation.announce_first_compilation("cell", "run_segment")
    assert "compiling kernels" in capsys.readouterr().err
    first_compilation.announce_first_compilation("cell", "impedances")
    assert capsys.readouterr().err == ""  # said once for all of them


@pytest.mark.skipif((os.cpu_count() or 1) < 2, reason="one core")
def test_a_process_that_fails_or_cannot_be_started_holds_nobody_up(folder, monkeypatch):
    first_compilation.compile_beside("cell", "run_segment", "no_such_module")
    first_compilation.announce_first_compilation("cell", "run_segment")
    assert first_compilation._beside.pop("cell").wait() != 0
    monkeypatch.setattr(sys, "executable", str(folder / "nothing"))
    first_compilation.compile_beside("cell", "run_segment", "no_such_module")
    assert first_compilation._beside == {}


@pytest.mark.long
def test_what_the_process_runs_is_there():
    ended = subprocess.run([sys.executable, "-m", "scalith.cell.runs.first_discharge"], capture_output=True, text=True)
    assert (ended.returncode, ended.stderr) == (0, "")
