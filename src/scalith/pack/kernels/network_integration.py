"""Time integration of a network with steps where they are needed: short ones at the front of a runaway, long ones elsewhere."""

from __future__ import annotations

from scalith.numerics.compiled import compiled, compiled_inside
from scalith.pack.kernels.network import NetworkArrays, NetworkState, look
from scalith.pack.kernels.network_events import accept
from scalith.pack.kernels.network_outputs import Outputs, first_after, write_outputs
from scalith.pack.kernels.network_step import Steps
from scalith.pack.kernels.network_windows import count_edges, try_level
from scalith.reactions.kernels import ReactionArrays

FINISHED, PAUSED, STEP_TOO_SMALL = 0, 1, 2


@compiled_inside
def _choose_length(at: Steps, level: int, stop: float) -> float:
    """Length of the next step of a level, and what the one after it may be; ends on `stop` without a splinter before it."""
    left = stop - at.now[level]
    step: float = at.wanted[level]
    at.start[level] = at.now[level]
    if step >= left * (1.0 - 1e-10):
        at.length[level], at.end[level] = left, stop
        return step
    at.length[level] = 0.5 * left if step > 0.5 * left else step
    at.end[level] = at.start[level] + at.length[level]
    return step


@compiled_inside
def _next_stop(net: NetworkArrays, at: Steps, segment: int, end: float) -> float:
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
def _begin(set_: ReactionArrays, net: NetworkArrays, state: NetworkState, at: Steps, out: Outputs) -> None:
    """The first output, and the first look at every body."""
    for i in range(state.temperature.size):
        out.temperature[0, i] = state.temperature[i]
        for r in range(state.extents.shape[1]):
            out.extents[0, i, r] = state.extents[i, r]
        state.peak_temperature[i] = max(state.peak_temperature[i], state.temperature[i])
        look(set_, net, state, i, state.temperature[i], state.extents[i], at.states, at.rate)
        at.owner[i] = 0
    at.now[0], at.until[0] = out.time[0], out.time[out.time.size - 1]


@compiled_inside
def _finish_steps(
    set_: ReactionArrays,
    net: NetworkArrays,
    state: NetworkState,
    at: Steps,
    out: Outputs,
    level: int,
    band: int,
    runaway_rate: float,
) -> int:
    """Accept the step of a level, and those above that end with it; the level that goes on."""
    window = False
    while True:
        low, high = at.low[level], at.high[level]
        inner_low, inner_high = (at.window_low[level], at.window_high[level]) if window else (high, high)
        write_outputs(net, state, at, out, level, band, window)
        count_edges(net, at, level, band, window)
        vents = accept(set_, net, state, at, level, low, inner_low, runaway_rate)
        vents = accept(set_, net, state, at, level, inner_high, high, runaway_rate) or vents
        if vents:
            at.wanted[level] = min(at.wanted[level], 0.01)
        for i in range(inner_low, inner_high):
            at.owner[i] = level
        at.now[level] = at.end[level]
        if level == 0 or at.now[level] < at.until[level]:
            return level
        # The window has come to the end of the step above: what lies round it follows.
        level -= 1
        window = True
        for i in range(at.window_low[level], at.window_high[level]):
            at.owner[i] = -1


@compiled
def integrate(
    set_: ReactionArrays,
    net: NetworkArrays,
    state: NetworkState,
    at: Steps,
    out: Outputs,
    band: int,
    tolerance: float,
    most_steps: int,
    land: bool,
    runaway_rate: float,
    level: int,
) -> tuple[int, int, int]:
    """Integrate over the times of the outputs, from their first to their last or to a pause after `most_steps` of all levels.

    ``at.wanted[0]`` is the first step. After a pause, be it inside windows, the next call goes on from the returned `level`:
    `at`, `state` and `out` hold all else.

    Parameters
    ----------
    tolerance : float
        Largest local error of a step: of temperatures relative, of extents absolute.
    land : bool
        End a step at each output time (without it outputs are interpolated within steps).
    runaway_rate : float
        Mean self-heating of a cell, K s-1, that counts as runaway.
    level : int
        0 at the start.

    Returns
    -------
    status, steps, level
    """
    if not at.now[0] < at.until[0]:
        _begin(set_, net, state, at, out)
    end = at.until[0]
    segment = _find_segment(net, at.now[0], -1)
    steps = 0
    while steps < most_steps and (level > 0 or at.now[0] < end):
        if level == 0:
            segment = _find_segment(net, at.now[0], segment)
            stop = _next_stop(net, at, segment, end)
            if land:
                stop = min(stop, out.time[first_after(out.time, at.now[0])])
        else:
            stop = at.until[level]
        free = _choose_length(at, level, stop)
        if free < 1e-13 * (1.0 + abs(at.now[level])):
            return STEP_TOO_SMALL, steps, level
        done = try_level(set_, net, state, at, level, band, tolerance, segment)
        steps += 1
        if done > 0 and at.wanted[level] > at.length[level]:
            # A step cut short by a stop does not shorten the next one.
            at.wanted[level] = max(at.wanted[level], free)
        if done == 2:
            level += 1
        elif done == 1:
            level = _finish_steps(set_, net, state, at, out, level, band, runaway_rate)
    return (PAUSED if level > 0 or at.now[0] < end else FINISHED), steps, level
