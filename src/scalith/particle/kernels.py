"""Compiled loops of one-dimensional diffusion in particles: many particles at once, the particle index innermost."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from scalith.numerics.compiled import compiled, compiled_in_place
from scalith.numerics.kernel_table import KernelTable, evaluate

Array = NDArray[np.float64]


@compiled_in_place
def flux_potential(table: KernelTable, x: Array, T: float, factor: float, potential: Array, diffusivity: Array) -> None:
    """Φ(x) = ∫ D dx and D at every node, both times `factor`; all arrays of shape (nodes, particles)."""
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


@compiled_in_place
def eliminate(
    x: Array,
    base: Array,
    inverse_time: float,
    volumes: Array,
    conductances: Array,
    couplings: Array,
    surface_rate: Array,
    potential: Array,
    diffusivity: Array,
    pivots: Array,
    uppers: Array,
    rests: Array,
) -> None:
    """Forward sweep of one Newton step of M (x − base)·inverse_time = ∇·∇Φ(x) − surface rate, from the centre outwards.

    Parameters
    ----------
    x, base, potential, diffusivity : ndarray, shape (nodes, particles)
    volumes, conductances, couplings : ndarray, shape (nodes,), (nodes − 1,) and (nodes − 1,)
        See `scalith.particle.mesh.RadialMesh`.
    surface_rate : ndarray, shape (particles,)
        Rate at which the outermost node loses lithium, 1/s times volume.
    pivots, uppers, rests : ndarray, shape (nodes, particles)
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
        m = couplings[k] * inverse_time
        for i in range(x.shape[1]):
            flow = g * (potential[k + 1, i] - potential[k, i]) - m * (x[k + 1, i] - base[k + 1, i] - x[k, i] + base[k, i])
            lower = g * diffusivity[k, i] - m
            upper = g * diffusivity[k + 1, i] - m
            pivot = pivots[k, i] + lower
            rest = rests[k, i] + flow
            ratio = lower / pivot
            pivots[k, i] = pivot
            rests[k, i] = rest
            uppers[k, i] = upper
            pivots[k + 1, i] += upper - ratio * upper
            rests[k + 1, i] += ratio * rest - flow


@compiled_in_place
def substitute(step: Array, pivots: Array, uppers: Array, rests: Array) -> None:
    """Backward sweep: `step` (nodes, particles) is filled from its outermost row inwards."""
    for k in range(step.shape[0] - 2, -1, -1):
        for i in range(step.shape[1]):
            step[k, i] = (rests[k, i] + uppers[k, i] * step[k + 1, i]) / pivots[k, i]


_GAMMA = 0.43586652150845967  # Alexander's L-stable SDIRK of order 3 (DOI 10.1137/0714068)
_STAGES = np.array(
    [
        [_GAMMA, 0.0, 0.0],
        [0.5 * (1.0 - _GAMMA), _GAMMA, 0.0],
        [-1.5 * _GAMMA**2 + 4.0 * _GAMMA - 0.25, 1.5 * _GAMMA**2 - 5.0 * _GAMMA + 1.25, _GAMMA],
    ]
)


@compiled
def diffuse(
    table: KernelTable,
    T: float,
    x: Array,
    times: Array,
    volumes: Array,
    conductances: Array,
    couplings: Array,
    flux: float,
    exchange: float,
    outside: float,
    profiles: Array,
) -> int:
    """One particle on the unit radius: surface loss flux + exchange·(x_s − outside), recorded at each of `times`.

    Parameters
    ----------
    x : ndarray, shape (nodes, 1)
        State at times[0]; overwritten.
    profiles : ndarray, shape (times, nodes)
        Filled.

    Returns
    -------
    int
        Times reached; less than all where Newton's method failed.
    """
    nodes = x.shape[0]
    stage, base = np.empty_like(x), np.empty_like(x)
    potential, diffusivity, pivots, uppers, rests = (
        np.empty_like(x),
        np.empty_like(x),
        np.empty_like(x),
        np.empty_like(x),
        np.empty_like(x),
    )
    rates = np.empty((3, nodes))
    surface, change = np.empty(1), np.empty_like(x)
    profiles[0] = x[:, 0]
    for n in range(1, times.size):
        h = times[n] - times[n - 1]
        stage[:] = x
        for s in range(3):
            for k in range(nodes):
                base[k, 0] = x[k, 0]
                for q in range(s):
                    base[k, 0] += h * _STAGES[s, q] * rates[q, k]
            inverse_time = 1.0 / (h * _GAMMA)
            settled = False
            for _ in range(40):
                flux_potential(table, stage, T, 1.0, potential, diffusivity)
                surface[0] = flux + exchange * (stage[nodes - 1, 0] - outside)
                eliminate(
                    stage,
                    base,
                    inverse_time,
                    volumes,
                    conductances,
                    couplings,
                    surface,
                    potential,
                    diffusivity,
                    pivots,
                    uppers,
                    rests,
                )
                change[nodes - 1, 0] = rests[nodes - 1, 0] / (pivots[nodes - 1, 0] + exchange)
                substitute(change, pivots, uppers, rests)
                largest = 0.0
                for k in range(nodes):
                    stage[k, 0] += change[k, 0]
                    largest = max(largest, abs(change[k, 0]))
                if largest < 1e-13:
                    settled = True
                    break
            if not settled and not largest < 1e-9:
                return n
            for k in range(nodes):
                rates[s, k] = (stage[k, 0] - base[k, 0]) * inverse_time
        x[:] = stage
        profiles[n] = x[:, 0]
    return times.size
