"""What happens in a step of a network: its bodies come to its end, cells run away and vent."""

from __future__ import annotations

import numpy as np

from scalith.numerics.compiled import compiled_inside
from scalith.pack.kernels.network import NetworkArrays, NetworkState, cell_pressure, look
from scalith.pack.kernels.network_step import LOOK_AGAIN, Steps, dense_extent, dense_T
from scalith.reactions.kernels import ReactionArrays, rates

_GROWS_IN_A_STEP = 10.0
"""The heat of a body grows by e² at most in a step that does not make it explode."""


@compiled_inside
def accept(
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
        if net.volume[i] > 0.0 and (not at.resting[level, i] or abs(at.last_T[level, i] - state.held_at[i]) > LOOK_AGAIN):
            look(set_, net, state, i, at.last_T[level, i], at.last_xi[level, i], at.states, at.rate)
    for g in range(net.cell_low.size):
        if net.cell_high[g] > first and net.cell_low[g] < beyond:
            _notice_runaway(set_, net, state, at, level, first, beyond, g, runaway_rate)
    for i in range(first, beyond):
        state.temperature[i] = at.last_T[level, i]
        for r in range(state.extents.shape[1]):
            state.extents[i, r] = at.last_xi[level, i, r]
        state.peak_temperature[i] = max(state.peak_temperature[i], state.temperature[i])
    vents = False
    for g in range(net.cell_low.size):
        if first <= net.cell_low[g] and net.cell_high[g] <= beyond:
            vents = _notice_vent(set_, net, state, at, level, g) or vents
    return vents


@compiled_inside
def _notice_runaway(
    set_: ReactionArrays,
    net: NetworkArrays,
    state: NetworkState,
    at: Steps,
    level: int,
    first: int,
    beyond: int,
    g: int,
    runaway_rate: float,
) -> None:
    """Highest self-heating of a cell, and the moment in the step, before its bodies are at its end, when it comes to runaway.

    Bodies of the cell outside the level are in the middle of a longer step: their heat is that of its polynomials. Where some
    of its bodies have come through a window, the steps of the window have looked for the moment.
    """
    heat, capacity, followed = 0.0, 0.0, False
    for i in range(net.cell_low[g], net.cell_high[g]):
        if net.cell[i] == g:
            heat += state.held_heat[i]
            capacity += net.capacity[i]
            followed = followed or at.owner[i] < 0
    state.peak_self_heating[g] = max(state.peak_self_heating[g], heat / capacity)
    if followed or not np.isnan(state.runaway_time[g]):
        return
    whole = first <= net.cell_low[g] and net.cell_high[g] <= beyond
    if heat / capacity < (runaway_rate if whole else runaway_rate / _GROWS_IN_A_STEP):
        return
    early, late = at.start[level], at.end[level]
    before = np.log(_heat_at(set_, net, state, at, g, early) / capacity / runaway_rate)
    after = np.log(_heat_at(set_, net, state, at, g, late) / capacity / runaway_rate)
    if after < 0.0:
        return
    side = 0
    for _ in range(60):  # false position in the logarithm, the Illinois way
        if before >= 0.0 or late - early < 1e-9 * at.length[level]:
            break
        middle = late if after == 0.0 else early - before * (late - early) / (after - before)
        value = np.log(_heat_at(set_, net, state, at, g, middle) / capacity / runaway_rate)
        if abs(value) < 1e-10:
            early, before = middle, 0.0
        elif value < 0.0:
            early, before = middle, value
            after, side = (0.5 * after if side < 0 else after), -1
        else:
            late, after = middle, value
            before, side = (0.5 * before if side > 0 else before), 1
    state.runaway_time[g] = early


@compiled_inside
def _heat_at(set_: ReactionArrays, net: NetworkArrays, state: NetworkState, at: Steps, g: int, time: float) -> float:
    """Heat of reaction of a cell, W, at a time within the present step of each of its bodies."""
    heat = 1e-300
    for i in range(net.cell_low[g], net.cell_high[g]):
        if net.cell[i] != g or net.volume[i] == 0.0:
            continue
        level = at.owner[i]
        if at.resting[level, i]:
            heat += state.held_heat[i]
            continue
        s = min(max((time - at.start[level]) / at.length[level], 0.0), 1.0)
        for r in range(at.rate.size):
            at.xi[r] = dense_extent(state, at, level, i, r, s)
        rates(set_, at.xi, dense_T(state, at, level, i, s), at.states, at.rate)
        for r in range(at.rate.size):
            heat += net.volume[i] * set_.heat[r] * at.rate[r]
    return max(heat, 1e-300)


@compiled_inside
def _notice_vent(set_: ReactionArrays, net: NetworkArrays, state: NetworkState, at: Steps, level: int, g: int) -> bool:
    """Whether the pressure of a cell opens its vent at the end of the step; boiling then cools its bodies.

    The cell vents as one body: its electrolyte boils where the cell is above the boiling point, in proportion to the heat there,
    until it is gone or no body is above it.
    """
    if net.head_volume[g] == 0.0 or not np.isnan(state.vent_time[g]):
        return False
    pressure = cell_pressure(set_, net, g, state.temperature, state.extents)
    state.peak_pressure[g] = max(state.peak_pressure[g], pressure)
    if pressure < net.vent_pressure[g]:
        return False
    state.vent_time[g] = at.end[level]
    above, boiling = 0.0, net.boiling_point[g]
    for i in range(net.cell_low[g], net.cell_high[g]):
        if net.cell[i] == g:
            above += net.capacity[i] * max(state.temperature[i] - boiling, 0.0)
    taken = min(net.boiling_heat[g] / above, 1.0) if above > 0.0 else 0.0
    for i in range(net.cell_low[g], net.cell_high[g]):
        if net.cell[i] == g:
            for r in range(state.extents.shape[1]):
                state.extents_at_vent[i, r] = state.extents[i, r]
            state.retained[i] = net.feedback[i] * (1.0 - net.ejected[i])
            fall = taken * max(state.temperature[i] - boiling, 0.0)
            state.boiled[i] = net.capacity[i] * fall
            state.temperature[i] -= fall
    return True
