"""Threads that share the planes of an image: one kernel runs on several ranges of planes at once."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from math import prod
from types import TracebackType
from typing import Any

from scalith.numerics.parallel_map import thread_pool
from scalith.quantities import InputError

_WORTH_SHARING = 100_000
"""Voxels below which handing out the work costs as much as it saves."""
_FEWEST_PLANES = 10
"""In a range: half-sweeps that follow each other leave up to three at each of its ends."""


class PlaneThreads:
    """Runs ``kernel(first, last, *arguments)`` over the planes 0 … n of an image's first axis; kernels hold no lock.

    Ranges begin at even planes, so that no two of them share a block of 2 × 2 × 2 voxels; whatever a kernel sums it sums plane
    by plane, so that no result depends on the number of threads.

    Parameters
    ----------
    count : int
        Threads; the caller's own is one of them.

    Raises
    ------
    InputError
        The number is less than one.
    """

    def __init__(self, count: int) -> None:
        if isinstance(count, bool) or not isinstance(count, int) or count < 1:
            raise InputError("solve_conduction", "threads", count, "a whole number, at least one thread")
        self.count = int(count)
        self._pool = thread_pool(self.count - 1) if self.count > 1 else None

    def __enter__(self) -> PlaneThreads:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._pool is not None:
            self._pool.shutdown()

    def cuts(self, shape: tuple[int, ...]) -> list[int]:
        """Where the ranges of planes of an image of that shape begin, and where the last of them ends."""
        planes = shape[0]
        count = min(self.count, planes // _FEWEST_PLANES) if prod(shape) >= _WORTH_SHARING else 1
        return [*(2 * round(planes * part / (2 * count)) for part in range(count)), planes] if count > 1 else [0, planes]

    def run(self, kernel: Callable[..., Any], shape: tuple[int, ...], *arguments: Any) -> None:
        """The kernel on all planes of an image of that shape."""
        cuts, pool = self.cuts(shape), self._pool
        if pool is None or len(cuts) == 2:
            kernel(0, shape[0], *arguments)
            return
        others = [pool.submit(kernel, first, last, *arguments) for first, last in pairwise(cuts[1:])]
        kernel(cuts[0], cuts[1], *arguments)
        for other in others:
            other.result()
