from __future__ import annotations

from pathlib import Path

import pytest

from scalith.ladder import graph
from scalith.ladder.own_rungs import _known_with
from tests.ladder import toy_rungs

STUDY = """
[study]
title = "toy"
targets = ["outline"]
seed = 3
implausible = ["elastic_energy", "force"]  # x is a position here

[spring]
stiffness = 2.0

[given]
mass = "500 g"

[given.shape]
length = 1.0
source = { kind = "assumed", reference = "a ruler" }
"""


@pytest.fixture
def clear_graph():
    """Forget the rungs that were found, before and after a test that replaces them."""
    caches = (graph.rungs, graph.given_only, graph.sections, _known_with)
    for cached in caches:
        cached.cache_clear()
    yield
    for cached in caches:
        cached.cache_clear()


@pytest.fixture
def toy(monkeypatch, tmp_path, clear_graph):
    """The toy ladder in place of the real one; gives a function that counts computations of a rung."""
    monkeypatch.setattr(graph, "rung_modules", lambda: [toy_rungs])
    counts = tmp_path / "counts"
    counts.mkdir()
    monkeypatch.setenv("TOY_COUNTS", str(counts))

    def count(name: str) -> int:
        path = counts / name
        return len(path.read_text()) if path.exists() else 0

    return count


@pytest.fixture
def study_file(tmp_path) -> Path:
    path = tmp_path / "toy.toml"
    path.write_text(STUDY)
    return path
