"""The knee of a capacity over cycles: where a slow fade turns into a fast one."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from scalith.quantities import InputError

Array = NDArray[np.float64]
FEWEST = 8
"""Cycles with a capacity, below which nothing is said."""
_PLACES = 101


class Knee(NamedTuple):
    """Where two lines meet that describe a fade.

    Attributes
    ----------
    cycle : float
    capacity : float
        Of the lines where they meet, in the unit of the capacities.
    slope_before, slope_after : float
        Change of the capacity a cycle.
    """

    cycle: float
    capacity: float
    slope_before: float
    slope_after: float


def find_knee(cycle: ArrayLike, capacity: ArrayLike) -> Knee | None:
    r"""The knee by the model of Bacon and Watts in its sharp limit (Fermín-Cueto et al., DOI 10.1016/j.egyai.2020.100006),

    .. math:: Q(n) = Q_k + b_1 (n - n_k) + b_2 |n - n_k|, \qquad b_2 < 0

    two lines that meet at the cycle :math:`n_k` of the least sum of squares. There is none where the second line is not at least
    twice as steep as the first, or where a parabola, which bends everywhere and has no knee, leaves the smaller sum.

    Parameters
    ----------
    cycle : array_like
        Numbers of the cycles, rising (a measured one may be there twice).
    capacity : array_like
        Of the discharges, any unit; what is not a number or not positive (a cycle of storage) does not count.

    Returns
    -------
    Knee or None
        None with fewer than eight capacities, or without a knee.

    Raises
    ------
    InputError
        Arrays of unequal length, or cycles that fall.
    """
    n, q = (np.asarray(one, dtype=np.float64) for one in (cycle, capacity))
    if n.shape != q.shape or n.ndim != 1:
        raise InputError("find_knee", "cycle, capacity", f"shapes {n.shape} and {q.shape}", "as many of both")
    if np.any(np.diff(n) < 0.0):
        raise InputError("find_knee", "cycle", "numbers that fall", "rising numbers")
    known = np.isfinite(q) & (q > 0.0)
    n, q = n[known], q[known]
    if np.unique(n).size < FEWEST:
        return None
    places = np.unique(n)
    low, high = float(places[1]), float(places[-2])
    grid = np.linspace(low, high, _PLACES)
    best = int(np.argmin([_two_lines(n, q, at)[1] for at in grid]))
    at = _least(n, q, float(grid[max(best - 1, 0)]), float(grid[min(best + 1, _PLACES - 1)]))
    (level, mean, bend), left = _two_lines(n, q, at)
    before, after = float(mean - bend), float(mean + bend)
    centred = (n - n.mean()) / np.ptp(n)
    parabola = float(np.sum((q - np.polyval(np.polyfit(centred, q, 2), centred)) ** 2))
    if not (bend < 0.0 and after < 2.0 * min(before, 0.0) and left < parabola):
        return None
    return Knee(at, float(level), before, after)


def _two_lines(n: Array, q: Array, at: float) -> tuple[Array, float]:
    """Capacity where the lines meet, mean slope, half the change of the slope (none upwards); what is left."""
    design = np.stack([np.ones_like(n), n - at, np.abs(n - at)], axis=1)
    found = np.linalg.lstsq(design, q, rcond=None)[0]
    if found[2] > 0.0:
        found = np.append(np.linalg.lstsq(design[:, :2], q, rcond=None)[0], 0.0)
    return found, float(np.sum((design @ found - q) ** 2))


def _least(n: Array, q: Array, low: float, high: float) -> float:
    """Where within the bracket the least is left."""
    from scipy.optimize import minimize_scalar

    options = {"xatol": 1e-6 * high}
    found = minimize_scalar(lambda at: _two_lines(n, q, at)[1], bounds=(low, high), method="bounded", options=options)
    return float(found.x)
