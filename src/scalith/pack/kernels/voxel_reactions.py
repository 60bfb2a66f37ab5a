"""Reactions in many small volumes at once, each on its own: the local half of a split step."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from scalith.numerics.compiled import compiled, compiled_inside
from scalith.numerics.small_matrices import factor_small, solve_small
from scalith.reactions.kernels import ReactionArrays, rates, rates_with_slopes

_GAMMA = 1.0 - np.sqrt(0.5)
_LOOK_AGAIN = 0.2
_FAR = 30.0
_GENTLE = 5e-3


class _Work(NamedTuple):
    """Work space for one volume: of states, reactions, and reactions by reactions."""

    states: NDArray[np.float64]
    rate: NDArray[np.float64]
    by_T: NDArray[np.float64]
    k_1: NDArray[np.float64]
    k_2: NDArray[np.float64]
    xi: NDArray[np.float64]
    matrix: NDArray[np.float64]


@compiled_inside
def _fastest(
    set_: ReactionArrays,
    duration: float,
    tolerance: float,
    smooth: bool,
    T: float,
    extents: NDArray[np.float64],
    held: NDArray[np.float64],
    held_at: float,
    work: _Work,
) -> tuple[float, float]:
    """Fastest of the rates that hold, s-1, and the temperature for which they do: evaluated again where they may matter."""
    fastest = 0.0
    for r in range(held.size):
        fastest = max(fastest, abs(held[r]))
    away = abs(T - held_at)
    # Far below what matters, even after e-folding once in 5 K (E/RT² of 0.2 is beyond any of these reactions), or look again.
    quiet = smooth and away < _FAR and fastest * duration * math.exp(0.2 * away) < 0.03 * tolerance
    if away <= _LOOK_AGAIN or quiet:
        return fastest, held_at
    rates(set_, extents, T, work.states, work.rate)
    fastest = 0.0
    for r in range(held.size):
        held[r] = work.rate[r]
        fastest = max(fastest, abs(work.rate[r]))
    return fastest, T


@compiled_inside
def _step_gently(
    set_: ReactionArrays,
    duration: float,
    tolerance: float,
    T: float,
    heat_capacity: float,
    extents: NDArray[np.float64],
    held: NDArray[np.float64],
    work: _Work,
) -> tuple[bool, float, float]:
    """Heun's rule spares the matrix where Euler's rule beside it agrees: not for a stiff reaction near its end.

    Whether it does; the heat, J m-3, and the temperature at the end.
    """
    later, error, freed = T, 0.0, 0.0
    for r in range(held.size):
        work.xi[r] = extents[r] + duration * held[r]
        later += duration * held[r] * set_.heat[r] / heat_capacity
    rates(set_, work.xi, later, work.states, work.rate)
    for r in range(held.size):
        error = max(error, 0.5 * duration * abs(work.rate[r] - held[r]))
    if not error < 0.1 * tolerance:
        return False, 0.0, T
    for r in range(held.size):
        change = 0.5 * duration * (held[r] + work.rate[r])
        extents[r] += change
        freed += change * set_.heat[r]
        held[r] = work.rate[r]
    return True, freed, later


@compiled_inside
def _try_step(
    set_: ReactionArrays, step: float, now: float, heat_capacity: float, extents: NDArray[np.float64], work: _Work
) -> tuple[float, float]:
    """One Rosenbrock step of a volume, its stages to `work`: the length it had, s, and the largest error of an extent."""
    rate, by_T, k_1, k_2, xi, matrix = work.rate, work.by_T, work.k_1, work.k_2, work.xi, work.matrix
    rates_with_slopes(set_, extents, now, work.states, rate, matrix, by_T)
    # Over a step longer than its growth time an implicit method turns an explosion into a small step back.
    growth = 0.0
    for r in range(rate.size):
        growth += by_T[r] * set_.heat[r] / heat_capacity + max(matrix[r, r], 0.0)
    if growth * step > 1.0:
        step = 1.0 / growth
    for r in range(rate.size):
        for q in range(rate.size):
            matrix[r, q] = -_GAMMA * step * (matrix[r, q] + by_T[r] * set_.heat[q] / heat_capacity)
        matrix[r, r] += 1.0
    factor_small(matrix)
    for r in range(rate.size):
        k_1[r] = rate[r]
    solve_small(matrix, k_1)
    later = now
    for r in range(rate.size):
        xi[r] = extents[r] + step * k_1[r]
        later += step * k_1[r] * set_.heat[r] / heat_capacity
    rates(set_, xi, later, work.states, rate)
    for r in range(rate.size):
        k_2[r] = rate[r] - 2.0 * k_1[r]
    solve_small(matrix, k_2)
    error = 0.0
    for r in range(rate.size):
        error = max(error, 0.5 * step * abs(k_1[r] + k_2[r]))
    return step, error


@compiled_inside
def _integrate_volume(
    set_: ReactionArrays,
    duration: float,
    tolerance: float,
    start: float,
    first: float,
    heat_capacity: float,
    extents: NDArray[np.float64],
    work: _Work,
) -> float:
    """Heat of a volume, J m-3, in steps of its own, the first not longer than `first`; NaN where a step became too small."""
    freed, t, step = 0.0, 0.0, first
    while t < duration:
        step, error = _try_step(set_, min(step, duration - t), start + freed / heat_capacity, heat_capacity, extents, work)
        error /= tolerance
        if not (error <= 1.0) and step > 1e-9 * duration:
            step *= max(0.1, 0.8 / np.sqrt(error)) if error < 1e30 else 0.1
            continue
        if not (error < 1e30):
            return np.nan
        for r in range(extents.size):
            change = step * (1.5 * work.k_1[r] + 0.5 * work.k_2[r])
            extents[r] += change
            freed += change * set_.heat[r]
        t += step
        step *= min(4.0, 0.8 / np.sqrt(max(error, 1e-4)))
    return freed


@compiled
def react(
    set_: ReactionArrays,
    duration: float,
    tolerance: float,
    where: NDArray[np.int64],
    heat_capacity: NDArray[np.float64],
    T: NDArray[np.float64],
    extents: NDArray[np.float64],
    held: NDArray[np.float64],
    held_at: NDArray[np.float64],
    heat: NDArray[np.float64],
) -> int:
    """Advance extents by `duration` in each volume, adiabatically; add the heat, J m-3, to `heat`.

    The temperature is T + Σ heat_r Δξ_r/(ρc), so that only the extents are integrated: the L-stable Rosenbrock method of
    order 2 with γ = 1 − 1/√2 and its embedded first order, in steps of its own for each volume. A volume in which `duration`
    changes no extent by half the tolerance takes one step with the rates that were last evaluated (within 0.2 K, 3 % of a rate).

    Parameters
    ----------
    where : ndarray of int64, shape (m,)
        Volumes that react, as indices into `T`.
    heat_capacity : ndarray, shape (m,)
        ρc, J m-3 K-1.
    T : ndarray
        Temperature of all volumes; not changed.
    extents, held : ndarray, shape (m, r)
    held_at, heat : ndarray, shape (m,)

    Returns
    -------
    int
        0, or −1 when the step of a volume became too small.
    """
    reactions = extents.shape[1]
    work = _Work(
        np.empty(set_.initial.size), np.empty(reactions), np.empty(reactions), np.empty(reactions), np.empty(reactions),
        np.empty(reactions), np.empty((reactions, reactions)),
    )  # fmt: skip
    smooth = True
    for r in range(reactions):
        smooth = smooth and set_.onset[r] == 0.0
    for m in range(where.size):
        start, capacity = T[where[m]], heat_capacity[m]
        fastest, held_at[m] = _fastest(set_, duration, tolerance, smooth, start, extents[m], held[m], held_at[m], work)
        if fastest * duration < 0.5 * tolerance:
            for r in range(reactions):
                extents[m, r] += duration * held[m, r]
                heat[m] += duration * held[m, r] * set_.heat[r]
            continue
        if fastest * duration < _GENTLE:
            gentle, freed, later = _step_gently(set_, duration, tolerance, start, capacity, extents[m], held[m], work)
            if gentle:
                heat[m] += freed
                held_at[m] = later
                continue
        first = min(duration, 0.1 / fastest if fastest > 0 else duration)
        freed = _integrate_volume(set_, duration, tolerance, start, first, capacity, extents[m], work)
        if np.isnan(freed):
            return -1
        heat[m] += freed
        held_at[m] = start + freed / capacity
        rates(set_, extents[m], held_at[m], work.states, work.rate)
        for r in range(reactions):
            held[m, r] = work.rate[r]
    return 0
