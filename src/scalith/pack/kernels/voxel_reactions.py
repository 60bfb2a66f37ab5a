"""Reactions in many small volumes at once, each on its own: the local half of a split step."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from scalith.numerics.compiled import compiled
from scalith.numerics.small_matrices import factor_small, solve_small
from scalith.reactions.kernels import ReactionArrays, rates, rates_with_slopes

_GAMMA = 1.0 - np.sqrt(0.5)
_LOOK_AGAIN = 0.2
_FAR = 30.0
_GENTLE = 5e-3


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
    states = np.empty(set_.initial.size)
    rate, by_T = np.empty(reactions), np.empty(reactions)
    k_1, k_2, xi = np.empty(reactions), np.empty(reactions), np.empty(reactions)
    matrix = np.empty((reactions, reactions))
    smooth = True
    for r in range(reactions):
        smooth = smooth and set_.onset[r] == 0.0
    for m in range(where.size):
        start = T[where[m]]
        fastest = 0.0
        for r in range(reactions):
            fastest = max(fastest, abs(held[m, r]))
        away = abs(start - held_at[m])
        # Far below what matters, even after e-folding once in 5 K (E/RT² of 0.2 is beyond any of these reactions), or look again.
        quiet = smooth and away < _FAR and fastest * duration * math.exp(0.2 * away) < 0.03 * tolerance
        if away > _LOOK_AGAIN and not quiet:
            rates(set_, extents[m], start, states, rate)
            fastest = 0.0
            for r in range(reactions):
                held[m, r] = rate[r]
                fastest = max(fastest, abs(rate[r]))
            held_at[m] = start
        if fastest * duration < 0.5 * tolerance:
            for r in range(reactions):
                extents[m, r] += duration * held[m, r]
                heat[m] += duration * held[m, r] * set_.heat[r]
            continue
        if fastest * duration < _GENTLE:
            # Heun's rule spares the matrix where Euler's rule beside it agrees: not for a stiff reaction near its end.
            later = start
            for r in range(reactions):
                xi[r] = extents[m, r] + duration * held[m, r]
                later += duration * held[m, r] * set_.heat[r] / heat_capacity[m]
            rates(set_, xi, later, states, rate)
            error = 0.0
            for r in range(reactions):
                error = max(error, 0.5 * duration * abs(rate[r] - held[m, r]))
            if error < 0.1 * tolerance:
                for r in range(reactions):
                    change = 0.5 * duration * (held[m, r] + rate[r])
                    extents[m, r] += change
                    heat[m] += change * set_.heat[r]
                    held[m, r] = rate[r]
                held_at[m] = later
                continue
        freed, t = 0.0, 0.0
        step = min(duration, 0.1 / fastest if fastest > 0 else duration)
        while t < duration:
            step = min(step, duration - t)
            now = start + freed / heat_capacity[m]
            rates_with_slopes(set_, extents[m], now, states, rate, matrix, by_T)
            # Over a step longer than its growth time an implicit method turns an explosion into a small step back.
            growth = 0.0
            for r in range(reactions):
                growth += by_T[r] * set_.heat[r] / heat_capacity[m] + max(matrix[r, r], 0.0)
            if growth * step > 1.0:
                step = 1.0 / growth
            for r in range(reactions):
                for q in range(reactions):
                    matrix[r, q] = -_GAMMA * step * (matrix[r, q] + by_T[r] * set_.heat[q] / heat_capacity[m])
                matrix[r, r] += 1.0
            factor_small(matrix)
            for r in range(reactions):
                k_1[r] = rate[r]
            solve_small(matrix, k_1)
            later = now
            for r in range(reactions):
                xi[r] = extents[m, r] + step * k_1[r]
                later += step * k_1[r] * set_.heat[r] / heat_capacity[m]
            rates(set_, xi, later, states, rate)
            for r in range(reactions):
                k_2[r] = rate[r] - 2.0 * k_1[r]
            solve_small(matrix, k_2)
            error = 0.0
            for r in range(reactions):
                error = max(error, 0.5 * step * abs(k_1[r] + k_2[r]))
            error /= tolerance
            if not (error <= 1.0) and step > 1e-9 * duration:
                step *= max(0.1, 0.8 / np.sqrt(error)) if error < 1e30 else 0.1
                continue
            if not (error < 1e30):
                return -1
            for r in range(reactions):
                change = step * (1.5 * k_1[r] + 0.5 * k_2[r])
                extents[m, r] += change
                freed += change * set_.heat[r]
            t += step
            step *= min(4.0, 0.8 / np.sqrt(max(error, 1e-4)))
        heat[m] += freed
        rates(set_, extents[m], start + freed / heat_capacity[m], states, rate)
        for r in range(reactions):
            held[m, r] = rate[r]
        held_at[m] = start + freed / heat_capacity[m]
    return 0
