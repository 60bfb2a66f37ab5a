"""Outputs within steps, by the polynomials of the steps: they do not change where a step ends.

At an output inside a step that has a window, the heat through the edges of the window is the one the short steps have had until
then. Heat given to the surroundings is written as what is new since the output before: steps of windows do not come in the
order of time.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from scalith.numerics.compiled import compiled_inside
from scalith.pack.kernels.network import NetworkArrays, NetworkState
from scalith.pack.kernels.network_step import Steps, dense_extent, dense_sum, dense_T, edge_stages, loss_stages


class Outputs(NamedTuple):
    """Times, and what the integration adds to at each of them (arrays of zeros at the start).

    Attributes
    ----------
    time : ndarray, shape (m,)
        Increasing, s.
    temperature, extents : ndarray, shapes (m, n) and (m, n, r)
    losses : ndarray, shape (m, 2)
        Heat given to ambient and to the coolant since the output before, J.
    """

    time: NDArray[np.float64]
    temperature: NDArray[np.float64]
    extents: NDArray[np.float64]
    losses: NDArray[np.float64]


@compiled_inside
def first_after(time: NDArray[np.float64], t: float) -> int:
    """Number of the first output later than `t`."""
    low, high = 0, time.size
    while low < high:
        middle = (low + high) // 2
        if time[middle] > t:
            high = middle
        else:
            low = middle + 1
    return low


@compiled_inside
def write_outputs(net: NetworkArrays, state: NetworkState, at: Steps, out: Outputs, level: int, band: int, window: bool) -> None:
    """What lies in the step of a level that is done, for its bodies outside its window; before the step is accepted."""
    low, high = at.low[level], at.high[level]
    inner_low = at.window_low[level] if window else high
    inner_high = at.window_high[level] if window else high
    first, beyond = first_after(out.time, at.start[level]), first_after(out.time, at.end[level])
    for m in range(first, beyond):
        s = min((out.time[m] - at.start[level]) / at.length[level], 1.0)
        for i in range(low, high):
            if inner_low <= i < inner_high:
                continue
            out.temperature[m, i] += dense_T(state, at, level, i, s)
            for r in range(state.extents.shape[1]):
                out.extents[m, i, r] = dense_extent(state, at, level, i, r, s)
    if beyond > first:
        _write_edges(net, at, out, level, band, window, first, beyond)
    _write_losses(net, state, at, out, level, low, inner_low, first, beyond)
    _write_losses(net, state, at, out, level, inner_high, high, first, beyond)


@compiled_inside
def _write_edges(
    net: NetworkArrays, at: Steps, out: Outputs, level: int, band: int, window: bool, first: int, beyond: int
) -> None:
    """Heat through edges at outputs `first` to `beyond`: bodies just outside a level give it what its own steps have had."""
    low, high = at.low[level], at.high[level]
    inner_low = at.window_low[level] if window else high
    inner_high = at.window_high[level] if window else high
    if level == 0 and not window:
        return
    for k in range(net.first_link[max(0, low - band)], net.first_link[high]):
        i, j = net.link_from[k], net.link_to[k]
        i_in, j_in = low <= i < high, low <= j < high
        i_deep, j_deep = inner_low <= i < inner_high, inner_low <= j < inner_high
        if i_in == j_in and i_deep == j_deep:
            continue
        if i_in != j_in and (i_deep or j_deep):
            continue  # an edge of the window too: its own steps have written it
        inside, outside = (i, j) if (i_deep or (i_in and not j_in)) else (j, i)
        edge_stages(net, at, level, k, inside, outside)
        sign, before = 1.0, 0.0
        if i_in != j_in:
            sign = -1.0
            for deeper in range(at.owner[outside] + 1, level + 1):
                before += at.link_heat[deeper, k]
        for m in range(first, beyond):
            s = min((out.time[m] - at.start[level]) / at.length[level], 1.0)
            out.temperature[m, outside] += sign * (before + dense_sum(at.k_edge, s)) / net.capacity[outside]


@compiled_inside
def _write_losses(
    net: NetworkArrays,
    state: NetworkState,
    at: Steps,
    out: Outputs,
    level: int,
    low: int,
    high: int,
    first: int,
    beyond: int,
) -> None:
    """Heat that bodies `low` to `high` lose in the step, to the outputs `first` to `beyond` in it and the next one."""
    if high <= low:
        return
    loss_stages(net, state, at, level, low, high)
    for kind in range(2):
        before = 0.0
        for m in range(first, beyond):
            now = dense_sum(at.k_loss[kind], min((out.time[m] - at.start[level]) / at.length[level], 1.0))
            out.losses[m, kind] += now - before
            before = now
        if beyond < out.time.size:
            out.losses[beyond, kind] += dense_sum(at.k_loss[kind], 1.0) - before
