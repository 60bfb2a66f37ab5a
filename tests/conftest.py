"""Settings that every test runs under."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

os.environ.setdefault("MPLBACKEND", "Agg")

# The first example of a property may compile a kernel: no deadline. The same examples everywhere: no test fails by chance.
settings.register_profile("scalith", deadline=None, derandomize=True)
settings.load_profile("scalith")


@pytest.fixture(autouse=True)
def _figures_are_closed() -> Iterator[None]:
    yield
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close("all")


_BATCHES = (
    "cell/runs/test_batch.py",
    "cell/model/test_phase_field_particle.py",
    "tests/design/",
    "lab/test_bottleneck.py",
    "fit-my-cell",
    "sweep-a-thousand-cells",
    "[U0",
)
"""Tests that compile the kernels of whole batches of cells, which take longest."""
_APART = ("test_cases", "test_examples")
"""Files whose tests share no fixture."""
_KERNELS = {"lattice", "pack", "electrode", "particle"}
"""Packages that share no compiled kernel with the cell."""


def _group(nodeid: str) -> str:
    """What stays in one worker: a file, so that what its tests share is made once."""
    file = nodeid.split("::")[0]
    if any(part in nodeid for part in _BATCHES):
        return "batches"
    return nodeid if Path(file).stem in _APART else file


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Workers take groups in the order of the tests. (xdist's own groups by marks are lost with pytest 9.2.)"""
    from xdist.scheduler import LoadScopeScheduling

    class Groups(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return _group(nodeid)

    config.option.loadscopereorder = False
    return Groups(config, log)


def _place(item: pytest.Item) -> int:
    """One worker starts with batches of cells, the others with packages that share no kernels: none is compiled twice.

    Cases of the lattice, the electrode and the pack come before these packages' tests: the longest of all are among them, and
    what is long must not begin last.
    """
    if _group(item.nodeid) == "batches":
        return 0
    if item.path.stem == "test_cases" and item.name.startswith(("test_case[E", "test_case[K", "test_case[L")):
        return 1
    if _KERNELS & set(item.path.parts):
        return 2
    return 4 if "cell" in item.path.parts else 3


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=_place)
