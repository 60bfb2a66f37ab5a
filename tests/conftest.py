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
