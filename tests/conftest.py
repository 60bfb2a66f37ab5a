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


_MADE_ONCE = ("test_errors_of_a_chain", "test_iron_phosphate", "test_kinetic_posterior", "test_module_safety")
"""Files whose fixtures take tens of seconds: each stays in one worker."""
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


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Where there are several workers, tests of one group run in one of them."""
    if getattr(config.option, "dist", "no") == "load":
        config.option.dist = "loadgroup"


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One worker starts with batches of cells, the others with packages that share no kernels: none is compiled twice."""
    for item in items:
        if any(part in item.nodeid for part in _BATCHES):
            item.add_marker(pytest.mark.xdist_group("batches"))
        elif item.path.stem in _MADE_ONCE:
            item.add_marker(pytest.mark.xdist_group(item.path.stem))
    kernels = [item for item in items if {"lattice", "pack", "electrode", "particle"} & set(item.path.parts)]
    cell = [
        item
        for item in items
        if "cell" in item.path.parts and not {"lattice", "pack", "electrode", "particle"} & set(item.path.parts)
    ]
    placed = {*cell, *kernels}
    items[:] = kernels + [item for item in items if item not in placed] + cell
