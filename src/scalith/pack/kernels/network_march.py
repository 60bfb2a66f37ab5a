"""Time integration of a network with steps where they are needed: short ones at the front of a runaway, long ones elsewhere.

A step of all bodies is taken; where its error is too large, a window of bodies round the place goes through the same time again
in steps of its own, and so on, window in window. Its neighbours outside are the polynomials of the longer step. The window is
as wide as the wrong temperatures inside it make themselves felt (V. Savcenco, W. Hundsdorfer, J. G. Verwer, BIT 47 (2007) 137;
the width is from the step's own matrix). Heat through the edges of a window counts as the short
steps have it, so that energy is kept to round-off.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from scalith.numerics.compiled import compiled, compiled_inside
from scalith.numerics.rosenbrock import DENSE, STAGES, A
from scalith.pack.kernels.network import NetworkArrays, NetworkState, cell_pressure, look
from scalith.pack.kernels.network_step import (
    LOOK_AGAIN,
    Steps,
    dense_T,
    edge_link_heat,
    loss_stages,
    prepare_step,
    spread_of,
    take_step,
)
from scalith.reactions.kernels import ReactionArrays

FINISHED, TOO_MANY_STEPS, STEP_TOO_SMALL = 0, 1, 2
_LARGEST_WINDOW = 0.6
"""A window of more bodies of its level than this spares nothing: the whole level goes in shorter steps."""


@compiled_inside
def _choose_length(at: Steps, level: int, stop: float) -> float:
    """Length of the next step of a level, and what the one after it may be; ends on `stop` without a splinter before it."""
    left = stop - at.now[level]
    step: float = at.wanted[level]
    if step >= left * (1.0 - 1e-10):
        at.length[level] = left
    elif step > 0.5 * left:
        at.length[level] = 0.5 * left
    else:
        at.length[level] = step
    at.start[level] = at.now[level]
    return step


@compiled_inside
def _next_stop(net: NetworkArrays, at: Steps, t: float, segment: int, end: float) -> float:
    """Next knot of the tables, or `end`; fills heaters and surroundings of the segment. `segment` −1: before the first knot."""
    last = net.table_time.size - 1
    flat = segment < 0 or segment >= last
    here = max(segment, 0)
    span = 1.0 if flat else net.table_time[here + 1] - net.table_time[here]
    for k in range(at.power.size):
        at.power[k] = net.table_power[here, k]
        at.power_rise[k] = 0.0 if flat else (net.table_power[here + 1, k] - net.table_power[here, k]) / span
    stop: float = min(end, net.table_time[segment + 1]) if segment < last else end
    return stop


@compiled_inside
def _find_segment(net: NetworkArrays, t: float, segment: int) -> int:
    """Segment of the tables that begins at or before `t`; −1 before the first knot."""
    while segment < net.table_time.size - 1 and net.table_time[segment + 1] <= t + 1e-12 * (1.0 + abs(t)):
        segment += 1
    return segment


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
def _find_window(net: NetworkArrays, state: NetworkState, at: Steps, level: int, band: int, tolerance: float, room: bool) -> int:
    """Bodies that need shorter steps with all that they reach; how many, 0 when they are not worth a window.

    A cell with a closed vent goes whole or not at all: its pressure is that of all its bodies.
    """
    low, high = at.low[level], at.high[level]
    if not room:
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
    at.now[deeper], at.until[deeper] = at.start[level], at.start[level] + at.length[level]
    at.wanted[deeper] = min(at.wanted[deeper], 0.5 * at.length[level]) if at.wanted[deeper] > 0.0 else 0.25 * at.length[level]
    for i in range(at.low[level], at.high[level]):
        at.owner[i] = deeper if low <= i < high else level
    for k in range(net.first_link[max(0, low - band)], net.first_link[high]):
        at.link_heat[deeper, k] = 0.0


@compiled_inside
def _count_edges(net: NetworkArrays, at: Steps, level: int, band: int, window: bool) -> None:
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
                at.link_heat[level, k] += edge_link_heat(net, at, level, k, i if i_in else j, j if i_in else i)
        elif i_in and i_deep != j_deep:
            inside, outside = (i, j) if i_deep else (j, i)
            more = at.link_heat[level + 1, k] - edge_link_heat(net, at, level, k, inside, outside)
            at.last_T[level, outside] -= more / net.capacity[outside]


@compiled_inside
def _add_losses(net: NetworkArrays, state: NetworkState, at: Steps, level: int, first: int, beyond: int) -> None:
    if beyond <= first:
        return
    loss_stages(net, state, at, level, first, beyond)
    for m in range(2):
        for j in range(STAGES):
            state.losses[m] += (A[STAGES - 1, j] if j < STAGES - 1 else 1.0) * at.k_loss[j, m]


@compiled_inside
def _write_outputs(
    state: NetworkState,
    at: Steps,
    level: int,
    first: int,
    beyond: int,
    output_time: NDArray[np.float64],
    out: int,
    temperature_out: NDArray[np.float64],
    extents_out: NDArray[np.float64],
) -> None:
    """Temperatures and extents of bodies at the outputs from number `out` on that lie in the step."""
    step = at.length[level]
    end = at.start[level] + step + 1e-11 * (1.0 + abs(at.start[level]))
    while out < output_time.size and output_time[out] <= end:
        if output_time[out] <= at.start[level]:
            out += 1
            continue
        s = min((output_time[out] - at.start[level]) / step, 1.0)
        if s > 1.0 - 1e-9:
            s = 1.0
        for i in range(first, beyond):
            temperature_out[out, i] = dense_T(state, at, level, i, s)
            for r in range(state.extents.shape[1]):
                start, last = state.extents[i, r], at.last_xi[level, i, r]
                one, two = 0.0, 0.0
                if not at.resting[level, i]:
                    for j in range(STAGES - 1):
                        one += DENSE[0, j] * at.k_xi[level, j, i, r]
                        two += DENSE[1, j] * at.k_xi[level, j, i, r]
                extents_out[out, i, r] = (1.0 - s) * start + s * (last + (1.0 - s) * (one + s * two))
        out += 1


@compiled_inside
def _write_losses(
    state: NetworkState, at: Steps, output_time: NDArray[np.float64], out: int, losses_out: NDArray[np.float64]
) -> int:
    """Losses at the outputs in a step of level 0 that had no window (or at its end), before they are added; the next output."""
    step = at.length[0]
    end = at.start[0] + step + 1e-11 * (1.0 + abs(at.start[0]))
    while out < output_time.size and output_time[out] <= end:
        s = min((output_time[out] - at.start[0]) / step, 1.0)
        for m in range(2):
            change, first, second = at.k_loss[STAGES - 1, m], 0.0, 0.0
            for j in range(STAGES - 1):
                change += A[STAGES - 1, j] * at.k_loss[j, m]
                first += DENSE[0, j] * at.k_loss[j, m]
                second += DENSE[1, j] * at.k_loss[j, m]
            losses_out[out, m] = state.losses[m] + s * (change + (1.0 - s) * (first + s * second))
        out += 1
    return out


@compiled_inside
def _accept(
    set_: ReactionArrays,
    net: NetworkArrays,
    state: NetworkState,
    at: Steps,
    level: int,
    first: int,
    beyond: int,
    runaway_rate: float,
) -> bool:
    """Bodies `first` to `beyond` are at the end of the step now; whether a cell of theirs vented."""
    for i in range(first, beyond):
        state.temperature[i] = at.last_T[level, i]
        for r in range(state.extents.shape[1]):
            state.extents[i, r] = at.last_xi[level, i, r]
        state.peak_temperature[i] = max(state.peak_temperature[i], state.temperature[i])
        if net.volume[i] > 0.0 and (not at.resting[level, i] or abs(state.temperature[i] - state.held_at[i]) > LOOK_AGAIN):
            look(set_, net, state, i, at.states, at.rate)
    vents, last = False, -1
    for i in range(first, beyond):
        g = net.cell[i]
        if g < 0 or g == last:
            continue
        last = g
        _notice_runaway(net, state, g, at.start[level] + at.length[level], runaway_rate)
        if first <= net.cell_low[g] and net.cell_high[g] <= beyond:
            vents = _notice_vent(set_, net, state, at, level, g) or vents
    return vents


@compiled_inside
def _notice_runaway(net: NetworkArrays, state: NetworkState, g: int, now: float, runaway_rate: float) -> None:
    heat, capacity = 0.0, 0.0
    for i in range(net.cell_low[g], net.cell_high[g]):
        if net.cell[i] == g:
            heat += state.held_heat[i]
            capacity += net.capacity[i]
    heating, low = heat / capacity, state.self_heating[g]
    state.peak_self_heating[g] = max(state.peak_self_heating[g], heating)
    if np.isnan(state.runaway_time[g]) and heating >= runaway_rate:
        share = 1.0 if low <= 0.0 or low >= runaway_rate else np.log(runaway_rate / low) / np.log(heating / low)
        state.runaway_time[g] = state.noticed_at[g] + min(max(share, 0.0), 1.0) * (now - state.noticed_at[g])
    state.self_heating[g] = heating
    state.noticed_at[g] = now


@compiled_inside
def _notice_vent(set_: ReactionArrays, net: NetworkArrays, state: NetworkState, at: Steps, level: int, g: int) -> bool:
    """Whether the pressure of a cell opens its vent at the end of the step; boiling then cools all its bodies."""
    if net.head_volume[g] == 0.0 or not np.isnan(state.vent_time[g]):
        return False
    pressure = cell_pressure(set_, net, g, state.temperature, state.extents)
    state.peak_pressure[g] = max(state.peak_pressure[g], pressure)
    if pressure < net.vent_pressure[g]:
        return False
    state.vent_time[g] = at.start[level] + at.length[level]
    for i in range(net.cell_low[g], net.cell_high[g]):
        if net.cell[i] == g:
            for r in range(state.extents.shape[1]):
                state.extents_at_vent[i, r] = state.extents[i, r]
            state.retained[i] = net.feedback[i] * (1.0 - net.ejected[i])
            state.temperature[i] -= net.vent_heat[i] / net.capacity[i]
    return True


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
def _try_level(
    set_: ReactionArrays,
    net: NetworkArrays,
    state: NetworkState,
    at: Steps,
    level: int,
    band: int,
    tolerance: float,
    segment: int,
    room: bool,
) -> int:
    """One step of a level: 1 done, 2 done but for a window, 0 to be taken again with what is wanted then."""
    step = at.length[level]
    after = _surroundings(net, at, level, segment)
    growth = prepare_step(set_, net, state, at, level, band, tolerance)
    bursts = _explodes(at, level)
    if bursts and _find_window(net, state, at, level, band, tolerance, room) == 0:
        at.wanted[level] = 0.5 * step if room else min(0.5 * step, 1.0 / growth)
        return 0
    take_step(set_, net, state, at, level, band, tolerance, after)
    error = _judge(at, level, 0, 0)
    if not bursts and error <= 1.0:
        at.wanted[level] = step * min(5.0, 0.9 * max(error, 1e-6) ** -0.25)
        if not room and growth > 0.0:
            at.wanted[level] = min(at.wanted[level], max(1.5 / growth, 0.5 * step))
        return 1
    size = _find_window(net, state, at, level, band, tolerance, room)
    if size == 0:
        shorter = max(0.1, 0.9 * error**-0.25) if error < 1e30 else 0.1
        at.wanted[level] = step * (max(shorter, 0.5) if room else min(shorter, 0.9))
        return 0
    slow = _judge(at, level, at.window_low[level], at.window_high[level])
    factor = min(2.0, 0.9 * max(slow, 1e-6) ** -0.25)
    at.wanted[level] = step * (min(factor, 1.0) if size > 0.35 * (at.high[level] - at.low[level]) else factor)
    _open_window(net, at, level, band)
    return 2


@compiled
def march(
    set_: ReactionArrays,
    net: NetworkArrays,
    state: NetworkState,
    at: Steps,
    band: int,
    output_time: NDArray[np.float64],
    tolerance: float,
    most_steps: int,
    land: bool,
    runaway_rate: float,
    temperature_out: NDArray[np.float64],
    extents_out: NDArray[np.float64],
    losses_out: NDArray[np.float64],
) -> tuple[int, float, int]:
    """Integrate from ``output_time[0]`` to its end and fill the outputs; ``at.wanted[0]`` is the first step.

    Parameters
    ----------
    tolerance : float
        Largest local error of a step: of temperatures relative, of extents absolute.
    land : bool
        End a step at each output time (without it outputs are interpolated within steps).
    runaway_rate : float
        Mean self-heating of a cell, K s-1, that counts as runaway.
    temperature_out, extents_out, losses_out : ndarray, shapes (times, n), (times, n, r), (times, 2)

    Returns
    -------
    status, time reached, steps
    """
    end, count_all = output_time[output_time.size - 1], state.temperature.size
    temperature_out[0] = state.temperature
    extents_out[0] = state.extents
    losses_out[0] = state.losses
    for i in range(count_all):
        state.peak_temperature[i] = max(state.peak_temperature[i], state.temperature[i])
        look(set_, net, state, i, at.states, at.rate)
        at.owner[i] = 0
    at.now[0], at.until[0] = output_time[0], end
    level, out, segment = 0, 1, _find_segment(net, output_time[0], -1)
    for count in range(most_steps):
        if level == 0:
            segment = _find_segment(net, at.now[0], segment)
            stop = _next_stop(net, at, at.now[0], segment, end)
            if land:
                stop = min(stop, output_time[out])
        else:
            stop = at.until[level]
        free = _choose_length(at, level, stop)
        if at.length[level] < 1e-13 * (1.0 + abs(at.now[level])):
            return STEP_TOO_SMALL, at.now[level], count
        room = level + 1 < at.low.size
        ends_before_output = level > 0 or output_time[out] >= at.start[0] + at.length[0] * (1.0 - 1e-10)
        done = _try_level(set_, net, state, at, level, band, tolerance, segment, room and ends_before_output)
        if done == 0 and room and not ends_before_output and output_time[out] - at.now[0] < at.length[0]:
            at.wanted[0] = max(at.wanted[0], output_time[out] - at.now[0])
        if done > 0 and at.wanted[level] > at.length[level]:
            # A step cut short by a stop does not shorten the next one.
            at.wanted[level] = max(at.wanted[level], free)
        if done == 2:
            level += 1
        window, later = False, out
        while done == 1:
            low, high = at.low[level], at.high[level]
            inner_low, inner_high = (at.window_low[level], at.window_high[level]) if window else (high, high)
            _count_edges(net, at, level, band, window)
            if level == 0 and not window:
                loss_stages(net, state, at, 0, 0, count_all)
                later = _write_losses(state, at, output_time, out, losses_out)
            _add_losses(net, state, at, level, low, inner_low)
            _add_losses(net, state, at, level, inner_high, high)
            vents = False
            for side in range(2):
                first, beyond = (low, inner_low) if side == 0 else (inner_high, high)
                _write_outputs(state, at, level, first, beyond, output_time, out, temperature_out, extents_out)
                vents = _accept(set_, net, state, at, level, first, beyond, runaway_rate) or vents
            if vents:
                at.wanted[level] = min(at.wanted[level], 0.01)
            at.now[level] = at.start[level] + at.length[level]
            slack = 1e-11 * (1.0 + abs(at.now[level]))
            if level == 0:
                if window:
                    while later < output_time.size and output_time[later] <= at.now[0] + slack:
                        losses_out[later] = state.losses
                        later += 1
                out = later
                if end - at.now[0] <= slack:
                    return FINISHED, at.now[0], count + 1
                break
            if at.until[level] - at.now[level] > slack:
                break
            # The window has come to the end of the step above: what lies round it follows.
            level -= 1
            window = True
            for i in range(at.low[level], at.high[level]):
                at.owner[i] = level
    return TOO_MANY_STEPS, at.now[0], most_steps
