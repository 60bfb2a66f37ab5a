"""Compiled loops of one-dimensional diffusion in grains: many grains at once, the grain index innermost."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from scalith.quantities.compiled import compiled
from scalith.quantities.kernel_table import KernelTable, evaluate

Array = NDArray[np.float64]


@compiled
def flux_potential(table: KernelTable, x: Array, T: float, factor: float, potential: Array, diffusivity: Array) -> None:
    """Φ(x) = ∫ D dx and D at every node, both times `factor`; all arrays of shape (nodes, grains)."""
    if table.coefficients.shape[1] == 1 and table.coefficients.shape[2] == 1:
        # A constant diffusivity is met often, and is then a third cheaper.
        D = factor * evaluate(table, 0.5, T)[1]
        for k in range(x.shape[0]):
            for i in range(x.shape[1]):
                potential[k, i] = D * x[k, i]
                diffusivity[k, i] = D
        return
    for k in range(x.shape[0]):
        for i in range(x.shape[1]):
            value, slope = evaluate(table, x[k, i], T)
            potential[k, i] = factor * value
            diffusivity[k, i] = factor * slope


@compiled
def eliminate(
    x: Array,
    base: Array,
    inverse_time: float,
    volumes: Array,
    conductances: Array,
    surface_rate: Array,
    potential: Array,
    diffusivity: Array,
    pivots: Array,
    uppers: Array,
    rests: Array,
) -> None:
    """Forward sweep of one Newton step of V (x − base)·inverse_time = ∇·∇Φ(x) − surface rate, from the centre outwards.

    Parameters
    ----------
    x, base, potential, diffusivity : ndarray, shape (nodes, grains)
    volumes, conductances : ndarray, shape (nodes,) and (nodes − 1,)
    surface_rate : ndarray, shape (grains,)
        Rate at which the outermost node loses lithium, 1/s times volume.
    pivots, uppers, rests : ndarray, shape (nodes, grains)
        Filled: the outermost node obeys pivot·δx = rest − δ(surface rate); the others follow in `substitute`.
    """
    last = x.shape[0] - 1
    for k in range(last + 1):
        gain = volumes[k] * inverse_time
        for i in range(x.shape[1]):
            pivots[k, i] = gain
            rests[k, i] = -gain * (x[k, i] - base[k, i])
    for i in range(x.shape[1]):
        rests[last, i] -= surface_rate[i]
    for k in range(last):
        g = conductances[k]
        for i in range(x.shape[1]):
            flow = g * (potential[k + 1, i] - potential[k, i])
            lower = g * diffusivity[k, i]
            upper = g * diffusivity[k + 1, i]
            pivot = pivots[k, i] + lower
            rest = rests[k, i] + flow
            ratio = lower / pivot
            pivots[k, i] = pivot
            rests[k, i] = rest
            uppers[k, i] = upper
            pivots[k + 1, i] += upper - ratio * upper
            rests[k + 1, i] += ratio * rest - flow


@compiled
def substitute(step: Array, pivots: Array, uppers: Array, rests: Array) -> None:
    """Backward sweep: `step` (nodes, grains) is filled from its outermost row inwards."""
    for k in range(step.shape[0] - 2, -1, -1):
        for i in range(step.shape[1]):
            step[k, i] = (rests[k, i] + uppers[k, i] * step[k + 1, i]) / pivots[k, i]
