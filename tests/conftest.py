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


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Two workers start with packages that share no kernels, so that none is compiled twice at the same time."""
    cell = [item for item in items if "cell" in item.path.parts]
    kernels = [item for item in items if {"lattice", "pack", "electrode", "particle"} & set(item.path.parts)]
    placed = {*cell, *kernels}
    others = [item for item in items if item not in placed]
    first = max(len(items) // 8, 2)
    items[:] = cell[:first] + kernels + others + cell[first:]
