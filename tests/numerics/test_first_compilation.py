from __future__ import annotations

import pytest

from scalith.numerics import first_compilation
from scalith.numerics.compiled import _kernels_digest


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(first_compilation, "cache_folder", lambda: tmp_path)
    first_compilation.announce_first_compilation.cache_clear()
    yield tmp_path / "kernels" / _kernels_digest("cell")
    first_compilation.announce_first_compilation.cache_clear()


def test_a_first_compilation_is_announced_once(folder, capsys):
    for _ in range(2):
        first_compilation.announce_first_compilation("cell", "run_segment")
    assert capsys.readouterr().err == "scalith.cell: compiling kernels, once, about a minute\n"


def test_kernels_in_the_cache_are_not_announced(folder, capsys):
    (folder / "kernels_1").mkdir(parents=True)
    (folder / "kernels_1" / "stepping.run_segment-321.py311.nbi").touch()
    first_compilation.announce_first_compilation("cell", "run_segment")
    assert capsys.readouterr().err == ""
