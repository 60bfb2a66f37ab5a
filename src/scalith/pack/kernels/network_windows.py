"""Windows of short steps, where a step of all bodies is too long for some.

A step of all bodies is taken; where its error is too large, a window of bodies round the place goes through the same time again
in steps of its own, and so on, window in window. Its neighbours outside are the polynomials of the longer step. The window is
as wide as the wrong temperatures inside it make themselves felt (V. Savcenco, W. Hundsdorfer, J. G. Verwer, BIT 47 (2007) 137;
the width is from the step's own matrix). Heat through the edges of a window counts as the short
steps have it, so that energy is kept to round-off.
"""

from __future__ import annotations

import numpy as np

from scalith.numerics.compiled import compiled_inside
from scalith.pack.kernels.network import NetworkArrays, NetworkState
from scalith.pack.kernels.network_step import Steps, dense_sum, edge_stages, prepare_step, spread_of, take_step
from scalith.reactions.kernels import ReactionArrays

_LARGEST_WINDOW = 0.6
"""A window of more bodies of its level than this spares nothing: the whole level goes in shorter steps."""


@compiled_inside
def _surroundings(net: NetworkArrays, at: Steps, level: int, segment: int) -> float:
    """Sets the surroundings at the start of a step; returns the time since the segment's first knot, s."""
    last = net.table_time.size - 1
    here = max(segment, 0)
    if segment < 0 or segment >= last:
        at.ambient[level], at.ambient_rise[level] = net.table_ambient[here], 0.0
        return 0.0
    after: float = at.start[level] - net.table_time[here]
    rise = (net.table_ambient[here + 1] - net.table_ambient[here]) / (net.table_time[here + 1] - net.table_time[here])
    at.ambient[level], at.ambient_rise[level] = net.table_ambient[here] + rise * after, rise
    return after


@compiled_inside
def _may_nest(at: Steps, level: int) -> bool:
    """Whether a window of shorter steps fits below this level."""
    nests: bool = level + 1 < at.low.size
    return nests


@compiled_inside
def _find_window(net: NetworkArrays, state: NetworkState, at: Steps, level: int, band: int, tolerance: float) -> int:
    """Bodies that need shorter steps with all that they reach; how many, 0 when they are not worth a window.

    A cell with a closed vent goes whole or not at all: its pressure is that of all its bodies.
    """
    low, high = at.low[level], at.high[level]
    if not _may_nest(at, level):
        return 0
    spread_of(net, state, at, level, band, tolerance)
    first, beyond = high, low
    for i in range(low, high):
        if at.explodes[i] or not at.error[i] <= 1.0 or not abs(at.spread[i]) < tolerance * state.temperature[i]:
            first, beyond = min(first, i), max(beyond, i + 1)
    grown = True
    while grown and beyond > first:
        grown = False
        for i in range(first, beyond):
            g = net.cell[i]
            whole = g >= 0 and net.head_volume[g] > 0.0 and np.isnan(state.vent_time[g])
            if whole and (net.cell_low[g] < first or net.cell_high[g] > beyond):
                first, beyond = min(first, net.cell_low[g]), max(beyond, net.cell_high[g])
                grown = True
                break
    first, beyond = max(first, low), min(beyond, high)
    if beyond - first > _LARGEST_WINDOW * (high - low):
        return 0
    at.window_low[level], at.window_high[level] = first, beyond
    size: int = beyond - first
    return size


@compiled_inside
def _open_window(net: NetworkArrays, at: Steps, level: int, band: int) -> None:
    """Begin level + 1 in the window of the step of `level`."""
    deeper, low, high = level + 1, at.window_low[level], at.window_high[level]
    at.low[deeper], at.high[deeper] = low, high
    at.now[deeper], at.until[deeper] = at.start[level], at.end[level]
    at.wanted[deeper] = min(at.wanted[deeper], 0.5 * at.length[level]) if at.wanted[deeper] > 0.0 else 0.25 * at.length[level]
    for i in range(at.low[level], at.high[level]):
        at.owner[i] = deeper if low <= i < high else level
    for k in range(net.first_link[max(0, low - band)], net.first_link[high]):
        at.link_heat[deeper, k] = 0.0


@compiled_inside
def count_edges(net: NetworkArrays, at: Steps, level: int, band: int, window: bool) -> None:
    """Heat through the edges of a level and of its window after a step: counted for the level above, settled for this one."""
    low, high = at.low[level], at.high[level]
    inner_low = at.window_low[level] if window else high
    inner_high = at.window_high[level] if window else high
    if level == 0 and not window:
        return
    for k in range(net.first_link[max(0, low - band)], net.first_link[high]):
        i, j = net.link_from[k], net.link_to[k]
        i_in, j_in = low <= i < high, low <= j < high
        i_deep, j_deep = inner_low <= i < inner_high, inner_low <= j < inner_high
        if i_in != j_in:
            if i_deep or j_deep:
                at.link_heat[level, k] += at.link_heat[level + 1, k]
            else:
                edge_stages(net, at, level, k, i if i_in else j, j if i_in else i)
                at.link_heat[level, k] += dense_sum(at.k_edge, 1.0)
        elif i_in and i_deep != j_deep:
            inside, outside = (i, j) if i_deep else (j, i)
            edge_stages(net, at, level, k, inside, outside)
            at.last_T[level, outside] -= (at.link_heat[level + 1, k] - dense_sum(at.k_edge, 1.0)) / net.capacity[outside]


@compiled_inside
def _judge(at: Steps, level: int, first: int, beyond: int) -> float:
    """Largest error of a level's bodies, without those from `first` to `beyond`."""
    error = 0.0
    for i in range(at.low[level], at.high[level]):
        if first <= i < beyond:
            continue
        if not at.error[i] <= error:
            error = at.error[i]
    return error


@compiled_inside
def _explodes(at: Steps, level: int) -> bool:
    for i in range(at.low[level], at.high[level]):  # noqa: SIM110 — a kernel has no generators
        if at.explodes[i]:
            return True
    return False


@compiled_inside
def try_level(
    set_: ReactionArrays,
    net: NetworkArrays,
    state: NetworkState,
    at: Steps,
    level: int,
    band: int,
    tolerance: float,
    segment: int,
) -> int:
    """One step of a level: 1 done, 2 done but for a window, 0 to be taken again with what is wanted then."""
    step, nests = at.length[level], _may_nest(at, level)
    after = _surroundings(net, at, level, segment)
    growth = prepare_step(set_, net, state, at, level, band, tolerance)
    bursts = _explodes(at, level)
    if bursts and _find_window(net, state, at, level, band, tolerance) == 0:
        at.wanted[level] = 0.5 * step if nests else min(0.5 * step, 1.0 / growth)
        return 0
    take_step(set_, net, state, at, level, band, tolerance, after)
    error = _judge(at, level, 0, 0)
    if not bursts and error <= 1.0:
        at.wanted[level] = step * min(5.0, 0.9 * max(error, 1e-6) ** -0.25)
        if not nests and growth > 0.0:
            at.wanted[level] = min(at.wanted[level], max(1.5 / growth, 0.5 * step))
        return 1
    size = _find_window(net, state, at, level, band, tolerance)
    if size == 0:
        shorter = max(0.1, 0.9 * error**-0.25) if error < 1e30 else 0.1
        at.wanted[level] = step * (max(shorter, 0.5) if nests else min(shorter, 0.9))
        return 0
    slow = _judge(at, level, at.window_low[level], at.window_high[level])
    factor = min(2.0, 0.9 * max(slow, 1e-6) ** -0.25)
    at.wanted[level] = step * (min(factor, 1.0) if size > 0.35 * (at.high[level] - at.low[level]) else factor)
    _open_window(net, at, level, band)
    return 2
