"""Numerical differentiation formulas on backward differences, orders 1 to 5 (DOI 10.1137/S1064827594276424)."""

from __future__ import annotations

import numpy as np

from scalith.cell.kernels.layout import Array
from scalith.cell.kernels.records import copy
from scalith.numerics.compiled import compiled_inside

MAXIMUM_ORDER = 5
_KAPPA = np.array([0.0, -0.1850, -1.0 / 9.0, -0.0823, -0.0415, 0.0])
GAMMA = np.concatenate([np.zeros(1), np.cumsum(1.0 / np.arange(1.0, 6.0))])
ALPHA = (1.0 - _KAPPA) * GAMMA
ERROR = _KAPPA * GAMMA + 1.0 / np.arange(1.0, 7.0)


@compiled_inside
def change_step(differences: Array, scratch: Array, R: Array, U: Array, order: int, factor: float) -> None:
    """Backward differences for a step `factor` times as long; R and U are scratch of the orders by the orders."""
    for b in range(order + 1):
        R[0, b] = 1.0
        U[0, b] = 1.0
        for a in range(1, order + 1):
            R[a, b] = 0.0 if b == 0 else R[a - 1, b] * (a - 1.0 - factor * b) / a
            U[a, b] = 0.0 if b == 0 else U[a - 1, b] * (a - 1.0 - b) / a
    size = differences.shape[1]
    for a in range(1, order + 1):
        for k in range(size):
            scratch[a, k] = 0.0
        for b in range(1, order + 1):
            weight = 0.0
            for q in range(order + 1):
                weight += R[b, q] * U[q, a]
            if weight != 0.0:
                for k in range(size):
                    scratch[a, k] += weight * differences[b, k]
    for a in range(1, order + 1):
        for k in range(size):
            differences[a, k] = scratch[a, k]


@compiled_inside
def sum_of_squares(values: Array, first: int, last: int) -> float:
    """Σ v² over first ≤ k < last, in four lanes (a plain sum waits for every addition)."""
    a = b = c = d = 0.0
    k = first
    while k + 3 < last:
        a += values[k] * values[k]
        b += values[k + 1] * values[k + 1]
        c += values[k + 2] * values[k + 2]
        d += values[k + 3] * values[k + 3]
        k += 4
    while k < last:
        a += values[k] * values[k]
        k += 1
    return (a + b) + (c + d)


@compiled_inside
def advance(differences: Array, order: int, change: Array) -> None:
    """Backward differences at the end of a solved step, from those at its start and what the prediction lacked."""
    for k in range(change.size):
        differences[order + 2, k] = change[k] - differences[order + 1, k]
        differences[order + 1, k] = change[k]
    for m in range(order, -1, -1):
        for k in range(change.size):
            differences[m, k] += differences[m + 1, k]


@compiled_inside
def interpolate(differences: Array, order: int, back: float, y: Array) -> None:
    """State `back` steps before the end of the last step, by the polynomial that the formula itself goes by."""
    copy(differences[0], y)
    weight = 1.0
    for m in range(1, order + 1):
        weight *= (m - 1.0 - back) / m
        for k in range(y.size):
            y[k] += weight * differences[m, k]
