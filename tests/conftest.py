"""Settings that every test runs under."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator

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


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Where there are several workers, tests of one group run in one of them, in the order below."""
    if getattr(config.option, "dist", "no") == "load":
        config.option.dist = "loadgroup"
        config.option.loadscopereorder = False


def _place(item: pytest.Item) -> int:
    """One worker starts with batches of cells, the others with packages that share no kernels: none is compiled twice."""
    if item.get_closest_marker("xdist_group") == pytest.mark.xdist_group("batches").mark:
        return 0
    if _KERNELS & set(item.path.parts):
        return 1
    return 3 if "cell" in item.path.parts else 2


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A file stays in one worker, so that what its tests share is made once."""
    for item in items:
        if any(part in item.nodeid for part in _BATCHES):
            item.add_marker(pytest.mark.xdist_group("batches"))
        elif item.path.stem not in _APART:
            item.add_marker(pytest.mark.xdist_group(item.path.as_posix()))
    items.sort(key=_place)
