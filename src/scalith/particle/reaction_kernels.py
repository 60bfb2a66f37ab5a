"""Compiled loops of places that react at one potential: the depth-averaged particle, and a mosaic of uniform particles.

Each place holds a filled fraction x and inserts with speed · ρ(x, μ, u), where u = F (V − V⁰)/RT is the potential of all. In a
depth-averaged particle neighbours act on each other through the gradient term of μ; the particles of a mosaic do not.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from scalith.numerics.compiled import compiled, compiled_in_place, compiled_inline
from scalith.numerics.kernel_table import KernelTable
from scalith.particle.phase_field_kernels import local_potential

Array = NDArray[np.float64]
TRANSITION_STATE, SYMMETRIC, COUPLED = 0, 1, 2
_GAMMA = 1.0 - math.sqrt(0.5)  # SDIRK of order 2, L-stable


@compiled_inline
def half_rate(w: float, lam: float) -> tuple[float, float]:
    """κ(w) of coupled ion–electron transfer, and its slope: see `scalith.interface.charge_transfer`."""
    reach = math.sqrt(1.0 + math.sqrt(lam) + w * w)
    argument = (lam - reach) / (2.0 * math.sqrt(lam))
    empty = 0.5 * (1.0 + math.tanh(0.5 * w))
    share = 0.5 * math.erfc(argument)
    falling = math.exp(-argument * argument) / math.sqrt(math.pi) * w / (2.0 * math.sqrt(lam) * reach)
    return share * empty, falling * empty + share * empty * (1.0 - empty)


@compiled_inline
def insertion(law: int, lam: float, x: float, mu: float, u: float) -> tuple[float, float, float, float]:
    """Insertion over k₀, ρ, and its derivatives by x, μ and u."""
    if law == TRANSITION_STATE:
        forward, backward = math.exp(-0.5 * u), math.exp(mu + 0.5 * u)
        net, place = forward - backward, 1.0 - x
        return place * net, -net, -place * backward, -0.5 * place * (forward + backward)
    if law == SYMMETRIC:
        shape, half = math.sqrt(x * (1.0 - x)), 0.5 * (mu + u)
        net, slope = -2.0 * shape * math.sinh(half), -shape * math.cosh(half)
        return net, net * 0.5 * (1.0 - 2.0 * x) / (x * (1.0 - x)), slope, slope
    w = mu + u - math.log(x)
    out, out_w = half_rate(w, lam)
    back, back_w = half_rate(-w, lam)
    net = x * out - back
    by_w = -(1.0 - x) * (x * out_w + back_w)
    return -(1.0 - x) * net, net - (1.0 - x) * out - by_w / x, by_w, by_w


@compiled_in_place
def linearise(
    table: KernelTable, ideal: float, strain: float, T: float, law: int, lam: float, x: Array, u: float, mean: float,
    speeds: Array, left: Array, right: Array, ends: Array, parts: Array,
) -> None:  # fmt: skip
    """Fill rows of `parts`: insertion rate (1/s), its derivatives by the place itself, its left and right neighbour, and by u.

    `left` and `right` hold the gradient energy of the bonds over RT; the outermost reach to the filled fractions `ends`.
    """
    last = x.size - 1
    for k in range(last + 1):
        value, slope = local_potential(table, ideal, x[k], T)
        before = x[k - 1] if k > 0 else ends[0]
        after = x[k + 1] if k < last else ends[1]
        mu = value + strain * (x[k] - mean) + left[k] * (x[k] - before) + right[k] * (x[k] - after)
        rate, by_x, by_mu, by_u = insertion(law, lam, x[k], mu, u)
        parts[0, k] = speeds[k] * rate
        parts[1, k] = speeds[k] * (by_x + by_mu * (slope + strain + left[k] + right[k]))
        parts[2, k] = -speeds[k] * by_mu * left[k]
        parts[3, k] = -speeds[k] * by_mu * right[k]
        parts[4, k] = speeds[k] * by_u


@compiled
def drive(
    table: KernelTable, ideal: float, strain: float, T: float, law: int, lam: float, x: Array, mean: float, speeds: Array,
    left: Array, right: Array, ends: Array, weights: Array, rate: float, parts: Array,
) -> float:  # fmt: skip
    """The potential u at which all places together insert at `rate`; not a number where none in ±80 does."""
    low, high = -80.0, 80.0
    for _ in range(70):
        u = 0.5 * (low + high)
        linearise(table, ideal, strain, T, law, lam, x, u, mean, speeds, left, right, ends, parts)
        total = 0.0
        for k in range(x.size):
            total += weights[k] * parts[0, k]
        if total > rate:
            low = u
        else:
            high = u
    return u if -79.0 < u < 79.0 else np.nan


@compiled
def stage(
    table: KernelTable, ideal: float, strain: float, T: float, law: int, lam: float, x: Array, u: float, base: Array,
    inverse: float, mean: float, speeds: Array, left: Array, right: Array, ends: Array, weights: Array, parts: Array, work: Array,
) -> tuple[float, bool]:  # fmt: skip
    """Solve one implicit stage in place at the mean that the current gives; the potential, and whether its branch is right.

    The matrix at a given potential may have one negative eigenvalue where, then, more potential means more content: so is a
    state that the current holds. Anything else has passed over an instability.
    """
    last = x.size - 1
    for _ in range(40):
        linearise(table, ideal, strain, T, law, lam, x, u, mean, speeds, left, right, ends, parts)
        negative = 0
        for k in range(last + 1):
            pivot, rest, by_u = inverse - parts[1, k], parts[0, k] - inverse * (x[k] - base[k]), parts[4, k]
            if k > 0:
                pivot -= parts[2, k] * parts[3, k - 1] * work[0, k - 1]
                rest += parts[2, k] * work[1, k - 1]
                by_u += parts[2, k] * work[2, k - 1]
            negative += 1 if pivot < 0.0 else 0
            work[0, k] = 1.0 / pivot
            work[1, k], work[2, k] = rest / pivot, by_u / pivot
        short, answer = mean, 0.0
        for k in range(last, -1, -1):
            if k < last:
                work[1, k] += parts[3, k] * work[0, k] * work[1, k + 1]
                work[2, k] += parts[3, k] * work[0, k] * work[2, k + 1]
            short -= weights[k] * (x[k] + work[1, k])
            answer += weights[k] * work[2, k]
        du = short / answer
        damping, largest = 1.0, 0.0
        for k in range(last + 1):
            d = work[1, k] + du * work[2, k]
            work[1, k] = d
            largest = max(largest, abs(d))
            if not abs(d) < 1e6:
                return u, False
            if ideal != 0.0:
                if d < -0.9 * x[k]:
                    damping = min(damping, -0.9 * x[k] / d)
                if d > 0.9 * (1.0 - x[k]):
                    damping = min(damping, 0.9 * (1.0 - x[k]) / d)
        if abs(du) > 4.0:
            damping = min(damping, 4.0 / abs(du))
        for k in range(last + 1):
            x[k] += damping * work[1, k]
        u += damping * du
        if damping == 1.0 and largest < 1e-8 and abs(du) < 1e-6:
            return u, (negative == 0 and answer < 0.0) or (negative == 1 and answer > 0.0)
    return u, False


@compiled
def react(
    table: KernelTable, ideal: float, strain: float, T: float, law: int, lam: float, x: Array, speeds: Array, left: Array,
    right: Array, ends: Array, weights: Array, rate_times: Array, rates: Array, times: Array, longest: float, tolerance: float,
    profiles: Array, potentials: Array,
) -> tuple[int, int, float, bool]:  # fmt: skip
    """Follow all places from times[0] with the mean insertion rate that holds from each of `rate_times` on; records at `times`.

    Returns
    -------
    reached, steps, time, failed
        As `scalith.particle.phase_field_kernels.run`: fewer than all times where it became full or empty, or failed.
    """
    size = x.size
    parts, work = np.empty((5, size)), np.empty((3, size))
    first, second, base, slope = np.empty(size), np.empty(size), np.empty(size), np.zeros(size)
    time, taken, at, reached, h = times[0], 0, 0, 0, longest
    mean = 0.0
    for k in range(size):
        mean += weights[k] * x[k]
    u = drive(table, ideal, strain, T, law, lam, x, mean, speeds, left, right, ends, weights, rates[0], parts)
    while True:
        switched = at
        while at + 1 < rate_times.size and rate_times[at + 1] <= time:
            at += 1
        if at != switched:
            u = drive(table, ideal, strain, T, law, lam, x, mean, speeds, left, right, ends, weights, rates[at], parts)
            slope[:] = 0.0
        while reached < times.size and times[reached] <= time:
            profiles[reached] = x
            potentials[reached] = u
            reached += 1
        if not abs(u) < 79.0:
            return reached, taken, time, False
        if reached == times.size:
            return reached, taken, time, False
        stop = times[reached]
        if at + 1 < rate_times.size:
            stop = min(stop, rate_times[at + 1])
        left_over = stop - time
        aim = min(h, longest)
        whole = aim >= left_over * (1.0 - 1e-9)
        used = left_over if whole else (0.5 * left_over if aim > 0.5 * left_over else aim)
        rate = rates[at]
        if not 0.0 < mean + rate * used < 1.0:
            used = 0.5 * (1.0 - mean if rate > 0.0 else mean) / abs(rate)
            whole = False
            if used < 1e-9 * (times[times.size - 1] - times[0]):
                return reached, taken, time, False
        inverse = 1.0 / (_GAMMA * used)
        for k in range(size):
            first[k] = min(max(x[k] + _GAMMA * used * slope[k], 0.5 * x[k]), 0.5 * (1.0 + x[k]))
        new_u, good = stage(
            table, ideal, strain, T, law, lam, first, u, x, inverse, mean + _GAMMA * used * rate, speeds, left, right, ends,
            weights, parts, work,
        )  # fmt: skip
        error = np.inf
        if good:
            for k in range(size):
                change = first[k] - x[k]
                base[k] = x[k] + (1.0 - _GAMMA) / _GAMMA * change
                second[k] = min(max(x[k] + change / _GAMMA, 0.5 * first[k]), 0.5 * (1.0 + first[k]))
            new_u, good = stage(
                table, ideal, strain, T, law, lam, second, new_u, base, inverse, mean + used * rate, speeds, left, right, ends,
                weights, parts, work,
            )  # fmt: skip
        if good:
            error = 0.0
            for k in range(size):
                error = max(error, abs(second[k] - x[k] - (first[k] - x[k]) / _GAMMA))
        if not good or error > 4.0 * tolerance:
            slope[:] = 0.0
            h = used * (0.3 if not good else max(0.2, 0.9 * math.sqrt(tolerance / error)))
            if h < 1e-13 * (times[times.size - 1] - times[0]):
                limit = mean > 0.98 if rate > 0.0 else mean < 0.02
                return reached, taken, time, not limit
            continue
        taken += 1
        time = stop if whole else time + used
        mean += used * rate
        for k in range(size):
            slope[k] = (second[k] - x[k]) / used
            x[k] = second[k]
        u = new_u
        h = max(h, used) if error < 1e-300 else used * min(3.0, max(0.3, 0.9 * math.sqrt(tolerance / error)))
        if whole and h < aim:
            h = max(h, min(aim, used * 3.0)) if error <= tolerance else h
