"""Which way a file counts its current: by what the voltage does while it flows."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
_TELLING = 2e-3
"""A voltage that moves by less over a stretch of current says nothing, V."""
_CLEAR = 0.9
"""Share of the voltage moved that must go one way."""


class Direction(NamedTuple):
    """+1 where positive current raises the voltage (charges), −1 where it lowers it, 0 where nothing tells.

    `against` is the row at which the longest stretch that contradicts begins, −1 without one.
    """

    sign: int
    against: int = -1


def current_direction(voltage: Array, current: Array) -> Direction:
    """Direction from each stretch of current of one sign: the voltage at its end less that before it, times the current.

    A stretch counts with the voltage that it moves. Less than nine tenths one way is a contradiction.
    """
    largest = float(np.nanmax(np.abs(current), initial=0.0))
    if largest == 0.0:
        return Direction(0)
    state = np.where(np.abs(current) > 0.01 * largest, np.sign(current), 0.0)
    starts = np.flatnonzero(np.diff(np.concatenate([[0.0], state])) != 0.0)
    ends = np.append(starts[1:], state.size)
    weights, rows = [], []
    for start, end in zip(starts, ends, strict=True):
        if state[start] == 0.0 or end - start < 3:
            continue
        before = voltage[start - 1] if start > 0 and state[start - 1] == 0.0 else voltage[start]
        moved = float(voltage[end - 1] - before) * float(state[start])
        if abs(moved) > _TELLING:
            weights.append(moved)
            rows.append(int(start))
    if not weights:
        return Direction(0)
    moved_up = sum(w for w in weights if w > 0.0)
    share = moved_up / sum(abs(w) for w in weights)
    if share >= _CLEAR:
        return Direction(1)
    if share <= 1.0 - _CLEAR:
        return Direction(-1)
    minority = -1.0 if share >= 0.5 else 1.0
    against = max((w * minority, row) for w, row in zip(weights, rows, strict=True))[1]
    return Direction(0, against)
