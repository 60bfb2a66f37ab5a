"""Kernels that only kernels call have no entrance for Python; tests make one."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numba


@cache
def from_python(kernel: Callable[..., Any]) -> Callable[..., Any]:
    """The kernel, to be called from Python; its entrance is compiled once for all tests of a process."""

    @numba.njit
    def call(*arguments):  # type: ignore[no-untyped-def]
        return kernel(*arguments)

    return call
