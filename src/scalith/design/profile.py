"""Profile of the sum of squares: one parameter held, all others fitted again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from scalith.design.calibration import CellProblem

Array = NDArray[np.float64]


def profile_ends(problem: CellProblem, at: Array, covariance: Array, held: int, rise: float, cost: float) -> tuple[float, float]:
    """Coordinates below and above where the sum of squares has risen by `rise`; ∓ infinity where it never does."""
    from scipy.optimize import brentq

    one = problem.coordinates[held]
    width = float(np.sqrt(rise * covariance[held, held]))
    width = width if np.isfinite(width) and width > 0.0 else 0.1
    known: dict[float, float] = {}

    def excess(place: float) -> float:
        if place not in known:
            found = profile_cost(problem, at, held, place) - cost - rise
            known[place] = found if np.isfinite(found) else 1e6 * rise  # no such cell: excluded
        return known[place]

    ends = []
    for direction, bound in ((-1.0, one.lower), (1.0, one.upper)):
        reach = width
        while True:
            outer = float(at[held]) + direction * reach
            beyond = direction * (outer - bound) >= 0.0
            outer = bound if beyond else outer
            if excess(outer) > 0.0:
                ends.append(float(brentq(excess, float(at[held]), outer, xtol=1e-3 * width, rtol=1e-6)))
                break
            if beyond:
                ends.append(direction * np.inf)
                break
            reach *= 2.0
    return ends[0], ends[1]


def profile_cost(problem: CellProblem, at: Array, held: int, place: float) -> float:
    """Least sum of squares with one coordinate at `place`."""
    from scalith.lab.impedance.levenberg_marquardt import minimise

    start, lower, upper = at.copy(), problem.lower.copy(), problem.upper.copy()
    start[held] = lower[held] = upper[held] = place
    return minimise(problem.function, start, lower, upper, tolerance=1e-7, steps=30).cost
