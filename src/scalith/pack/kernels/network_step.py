"""One Rosenbrock step of a range of the bodies of a network, and what can be asked of it afterwards.

A step belongs to a level of the integration (`network_windows`): level 0 steps all bodies, each deeper one a window of the
bodies of the level above, in steps of its own, between bodies whose temperatures are the polynomials of the step above.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from scalith.numerics.compiled import compiled_inside
from scalith.numerics.rosenbrock import DENSE, GAMMA, SLOPE, STAGES, TIME, A, C
from scalith.numerics.small_matrices import factor_band, factor_small, solve_band, solve_small
from scalith.pack.kernels.network import NetworkArrays, NetworkState, cell_pressure, conduction, conduction_matrix, side_loss
from scalith.reactions.kernels import ReactionArrays, rates, rates_with_slopes

RESTING = 1e-3
LOOK_AGAIN = 0.2
"""A resting body's rates are evaluated again when its temperature has changed by this much, K (3 % of a rate)."""
_OVERSHOOT = 2e-3
"""A valve opens at the end of a step: the pressure may lie above the vent's by this share."""


class Steps(NamedTuple):
    """The present step of each of l levels, and work space.

    Attributes
    ----------
    low, high, window_low, window_high : ndarray of int64, shape (l,)
        Bodies of a level, and of the window that it has opened.
    start, length, end, now, until, wanted : ndarray, shape (l,)
        Start, length and end of the step, s; time reached, end of the level, next length.
    ambient, ambient_rise : ndarray, shape (l,)
        Surroundings at the start of the step, K, and K s-1.
    last_T, slope_outside : ndarray, shape (l, n)
        Temperatures at the end of the step; dT/dt at its start of bodies just outside the level.
    last_xi : ndarray, shape (l, n, r)
    stage_T, k_T : ndarray, shape (l, 6, n)
    k_xi : ndarray, shape (l, 6, n, r)
    resting : ndarray of bool, shape (l, n)
    link_heat : ndarray, shape (l, links)
        Heat that has come into the level through the links at its edges since it was opened, J.
    owner : ndarray of int64, shape (n,)
        Level whose step a body follows now.
    error, spread, flow : ndarray, shape (n,)
        Error of the step over the tolerance; influence of the bodies that need shorter steps, K; right side.
    explodes : ndarray of bool, shape (n,)
        The step is longer than the growth of the body's heat allows.
    matrix : ndarray, shape (n, 2 band + 1)
    small : ndarray, shape (n, r, r)
    column, row : ndarray, shape (n, r)
    power, power_rise : ndarray, shape (sources,)
    states, rate, xi : ndarray
    k_loss, k_edge : ndarray, shapes (2, 6) and (6,)
    """

    low: NDArray[np.int64]
    high: NDArray[np.int64]
    window_low: NDArray[np.int64]
    window_high: NDArray[np.int64]
    start: NDArray[np.float64]
    length: NDArray[np.float64]
    end: NDArray[np.float64]
    now: NDArray[np.float64]
    until: NDArray[np.float64]
    wanted: NDArray[np.float64]
    ambient: NDArray[np.float64]
    ambient_rise: NDArray[np.float64]
    last_T: NDArray[np.float64]
    slope_outside: NDArray[np.float64]
    last_xi: NDArray[np.float64]
    stage_T: NDArray[np.float64]
    k_T: NDArray[np.float64]
    k_xi: NDArray[np.float64]
    resting: NDArray[np.bool_]
    link_heat: NDArray[np.float64]
    owner: NDArray[np.int64]
    error: NDArray[np.float64]
    spread: NDArray[np.float64]
    flow: NDArray[np.float64]
    explodes: NDArray[np.bool_]
    matrix: NDArray[np.float64]
    small: NDArray[np.float64]
    column: NDArray[np.float64]
    row: NDArray[np.float64]
    power: NDArray[np.float64]
    power_rise: NDArray[np.float64]
    states: NDArray[np.float64]
    rate: NDArray[np.float64]
    xi: NDArray[np.float64]
    k_loss: NDArray[np.float64]
    k_edge: NDArray[np.float64]


def make_steps(bodies: int, reactions: int, states: int, links: int, sources: int, band: int) -> Steps:
    """Work space for a network; as many levels as halve its bodies down to a dozen, eight at most."""
    levels = int(np.clip(np.ceil(np.log2(max(bodies, 1) / 12.0)) + 1, 1, 8))
    whole, real = np.int64, np.float64
    return Steps(
        low=np.zeros(levels, whole), high=np.full(levels, bodies, whole), window_low=np.zeros(levels, whole),
        window_high=np.zeros(levels, whole), start=np.zeros(levels), length=np.zeros(levels), end=np.zeros(levels),
        now=np.zeros(levels), until=np.zeros(levels), wanted=np.zeros(levels), ambient=np.zeros(levels),
        ambient_rise=np.zeros(levels), last_T=np.zeros((levels, bodies)), slope_outside=np.zeros((levels, bodies)),
        last_xi=np.zeros((levels, bodies, reactions)), stage_T=np.zeros((levels, STAGES, bodies)),
        k_T=np.zeros((levels, STAGES, bodies)), k_xi=np.zeros((levels, STAGES, bodies, reactions)),
        resting=np.zeros((levels, bodies), np.bool_), link_heat=np.zeros((levels, links)), owner=np.zeros(bodies, whole),
        error=np.zeros(bodies), spread=np.zeros(bodies), flow=np.zeros(bodies), explodes=np.zeros(bodies, np.bool_),
        matrix=np.zeros((bodies, 2 * band + 1), real), small=np.zeros((bodies, reactions, reactions)),
        column=np.zeros((bodies, reactions)), row=np.zeros((bodies, reactions)), power=np.zeros(sources),
        power_rise=np.zeros(sources), states=np.zeros(states), rate=np.zeros(reactions), xi=np.zeros(reactions),
        k_loss=np.zeros((2, STAGES)), k_edge=np.zeros(STAGES),
    )  # fmt: skip


@compiled_inside
def dense_T(state: NetworkState, at: Steps, level: int, i: int, s: float) -> float:
    """Temperature of body `i` at the share `s` of the step of its level."""
    last: float = at.last_T[level, i]
    if s >= 1.0:
        return last
    first, second = 0.0, 0.0
    for j in range(STAGES - 1):
        first += DENSE[0, j] * at.k_T[level, j, i]
        second += DENSE[1, j] * at.k_T[level, j, i]
    value: float = (1.0 - s) * state.temperature[i] + s * (last + (1.0 - s) * (first + s * second))
    return value


@compiled_inside
def dense_extent(state: NetworkState, at: Steps, level: int, i: int, r: int, s: float) -> float:
    """Extent of reaction `r` in body `i` at the share `s` of the step of its level."""
    last: float = at.last_xi[level, i, r]
    if s >= 1.0:
        return last
    first, second = 0.0, 0.0
    if not at.resting[level, i]:
        for j in range(STAGES - 1):
            first += DENSE[0, j] * at.k_xi[level, j, i, r]
            second += DENSE[1, j] * at.k_xi[level, j, i, r]
    value: float = (1.0 - s) * state.extents[i, r] + s * (last + (1.0 - s) * (first + s * second))
    return value


@compiled_inside
def dense_sum(stages: NDArray[np.float64], s: float) -> float:
    """What has come until the share `s` of a step of a quantity with these stages, shape (6,), that is zero at its start."""
    whole, first, second = stages[STAGES - 1], 0.0, 0.0
    for j in range(STAGES - 1):
        whole += A[STAGES - 1, j] * stages[j]
        first += DENSE[0, j] * stages[j]
        second += DENSE[1, j] * stages[j]
    value: float = s * (whole + (1.0 - s) * (first + s * second))
    return value


@compiled_inside
def _dense_slope(state: NetworkState, at: Steps, level: int, i: int, s: float) -> float:
    """dT/dt of `dense_T`."""
    first, second = 0.0, 0.0
    for j in range(STAGES - 1):
        first += DENSE[0, j] * at.k_T[level, j, i]
        second += DENSE[1, j] * at.k_T[level, j, i]
    change = at.last_T[level, i] - state.temperature[i]
    slope: float = (change + (1.0 - 2.0 * s) * first + s * (2.0 - 3.0 * s) * second) / at.length[level]
    return slope


@compiled_inside
def _fill_outside(net: NetworkArrays, state: NetworkState, at: Steps, level: int, band: int) -> None:
    """Stage temperatures of the bodies just outside a level, from the steps of the levels that they belong to."""
    low, high, start, step = at.low[level], at.high[level], at.start[level], at.length[level]
    for edge in range(2):
        first = max(0, low - band) if edge == 0 else max(low, high - band)
        last = low if edge == 0 else high
        for k in range(net.first_link[first], net.first_link[last]):
            i = net.link_from[k] if edge == 0 else net.link_to[k]
            if low <= i < high or (edge == 0 and net.link_to[k] < low):
                continue
            above = at.owner[i]
            for stage in range(STAGES):
                later = start + TIME[stage] * step - at.start[above]
                at.stage_T[level, stage, i] = dense_T(state, at, above, i, min(later / at.length[above], 1.0))
                at.k_T[level, stage, i] = 0.0
            at.slope_outside[level, i] = _dense_slope(state, at, above, i, (start - at.start[above]) / at.length[above])


@compiled_inside
def prepare_step(
    set_: ReactionArrays, net: NetworkArrays, state: NetworkState, at: Steps, level: int, band: int, tolerance: float
) -> float:
    """Factors of the matrix of a step, the extents eliminated; bodies that rest or explode in it.

    Returns the fastest growth of any body, s-1: heating by reaction less conduction, and autocatalysis. Over a step longer than
    its growth time an implicit method turns an explosion into a small step back: such a body is held, and marked.
    """
    low, high, step = at.low[level], at.high[level], at.length[level]
    inverse = 1.0 / (GAMMA * step)
    growth = 0.0
    conduction_matrix(net, state.temperature, at.ambient[level], band, low, high, at.matrix)
    for i in range(low, high):
        conducted = at.matrix[i, band]
        at.matrix[i, band] += net.capacity[i] * inverse
        at.explodes[i] = False
        at.error[i] = 0.0
        at.resting[level, i] = state.fastest[i] * step < RESTING * tolerance
        if at.resting[level, i]:
            continue
        small, column, row = at.small[i], at.column[i], at.row[i]
        rates_with_slopes(set_, state.extents[i], state.temperature[i], at.states, at.rate, small, column)
        weight = state.retained[i] * net.volume[i]
        heat_by_T, autocatalysis = 0.0, 0.0
        for q in range(column.size):
            row[q] = 0.0
        for r in range(column.size):
            heat_by_T += set_.heat[r] * column[r]
            autocatalysis += max(small[r, r], 0.0)
            for q in range(column.size):
                row[q] += weight * set_.heat[r] * small[r, q]
                small[r, q] = -small[r, q]
            small[r, r] += inverse
        own = max((weight * heat_by_T - conducted) / net.capacity[i], 0.0) + autocatalysis
        growth = max(growth, own)
        if own * step > 2.0:
            at.explodes[i] = True
            at.resting[level, i] = True
            continue
        factor_small(small)
        solve_small(small, column)
        at.matrix[i, band] -= weight * heat_by_T
        for q in range(column.size):
            at.matrix[i, band] -= row[q] * column[q]
    factor_band(at.matrix, band, low, high)
    return growth


@compiled_inside
def _start_stage(net: NetworkArrays, state: NetworkState, at: Steps, level: int, stage: int, band: int, after: float) -> None:
    """Temperatures of a stage and the right side without reactions; `after` is the time since the heaters' last knot, s."""
    low, high, step = at.low[level], at.high[level], at.length[level]
    T, flow = at.stage_T[level, stage], at.flow
    for i in range(low, high):
        value = state.temperature[i]
        for j in range(stage):
            value += A[stage, j] * at.k_T[level, j, i]
        T[i] = value
    later, slope = TIME[stage] * step, SLOPE[stage] * step
    for k in range(at.power.size):
        at.power[k] += at.power_rise[k] * (after + later)
    conduction(net, T, at.ambient[level] + at.ambient_rise[level] * later, at.power, band, low, high, flow)
    for k in range(at.power.size):
        at.power[k] -= at.power_rise[k] * (after + later)
        if low <= net.source_body[k] < high:
            flow[net.source_body[k]] += slope * at.power_rise[k]
    ambient_slope = slope * at.ambient_rise[level]
    if ambient_slope != 0.0:
        for i in range(low, high):
            for side in range(net.first_side[i], net.first_side[i + 1]):
                flow[i] -= side_loss(net, side, state.temperature[i], at.ambient[level])[2] * ambient_slope
    for i in range(low, high):
        remembered = 0.0
        for j in range(stage):
            remembered += C[stage, j] * at.k_T[level, j, i]
        flow[i] += net.capacity[i] * remembered / step
    if level == 0:
        return
    for edge in range(2):
        first = max(0, low - band) if edge == 0 else max(low, high - band)
        last = low if edge == 0 else high
        for k in range(net.first_link[first], net.first_link[last]):
            inside, outside = (net.link_to[k], net.link_from[k]) if edge == 0 else (net.link_from[k], net.link_to[k])
            if low <= inside < high and not low <= outside < high:
                by = net.link_conductance[k] + 4.0 * net.link_radiation[k] * at.stage_T[level, 0, outside] ** 3
                flow[inside] += by * slope * at.slope_outside[level, outside]


@compiled_inside
def take_step(
    set_: ReactionArrays,
    net: NetworkArrays,
    state: NetworkState,
    at: Steps,
    level: int,
    band: int,
    tolerance: float,
    after: float,
) -> None:
    """The six stages of a step, its end and the error of each body over the tolerance, after `prepare_step`."""
    low, high, step = at.low[level], at.high[level], at.length[level]
    if level > 0:
        _fill_outside(net, state, at, level, band)
    for stage in range(STAGES):
        _start_stage(net, state, at, level, stage, band, after)
        for i in range(low, high):
            if at.resting[level, i]:
                at.flow[i] += state.retained[i] * state.held_heat[i]
                continue
            for r in range(at.rate.size):
                value = state.extents[i, r]
                for j in range(stage):
                    value += A[stage, j] * at.k_xi[level, j, i, r]
                at.xi[r] = value
            rates(set_, at.xi, at.stage_T[level, stage, i], at.states, at.rate)
            weight, k = state.retained[i] * net.volume[i], at.k_xi[level, stage, i]
            for r in range(at.rate.size):
                at.flow[i] += weight * set_.heat[r] * at.rate[r]
                value = at.rate[r]
                for j in range(stage):
                    value += C[stage, j] * at.k_xi[level, j, i, r] / step
                k[r] = value
            solve_small(at.small[i], k)
            for r in range(at.rate.size):
                at.flow[i] += at.row[i, r] * k[r]
        solve_band(at.matrix, band, low, high, at.flow)
        for i in range(low, high):
            at.k_T[level, stage, i] = at.flow[i]
            if not at.resting[level, i]:
                for r in range(at.rate.size):
                    at.k_xi[level, stage, i, r] += at.column[i, r] * at.flow[i]
    _end_step(set_, net, state, at, level, tolerance)


@compiled_inside
def _end_step(set_: ReactionArrays, net: NetworkArrays, state: NetworkState, at: Steps, level: int, tolerance: float) -> None:
    low, high, step = at.low[level], at.high[level], at.length[level]
    last = STAGES - 1
    for i in range(low, high):
        value = state.temperature[i]
        for j in range(last):
            value += A[last, j] * at.k_T[level, j, i]
        value += at.k_T[level, last, i]
        at.last_T[level, i] = value
        error = abs(at.k_T[level, last, i]) / max(state.temperature[i], value)
        for r in range(at.rate.size):
            if at.resting[level, i]:
                at.last_xi[level, i, r] = state.extents[i, r] + step * state.held[i, r]
                continue
            extent = state.extents[i, r]
            for j in range(last):
                extent += A[last, j] * at.k_xi[level, j, i, r]
            extent += at.k_xi[level, last, i, r]
            at.last_xi[level, i, r] = extent
            error = max(error, abs(at.k_xi[level, last, i, r]))
        error /= tolerance
        if not (value > 1.0 and error < np.inf):
            error = np.inf
        elif at.resting[level, i] and net.volume[i] > 0.0 and abs(value - state.held_at[i]) > LOOK_AGAIN:
            # It has warmed in the step: does it still rest at its end?
            rates(set_, at.last_xi[level, i], value, at.states, at.rate)
            for r in range(at.rate.size):
                if abs(at.rate[r]) * step > 10.0 * RESTING * tolerance:
                    error = max(error, 16.0)
        at.error[i] = error
    if step > 1e-4:
        _watch_vents(set_, net, state, at, level)


@compiled_inside
def _watch_vents(set_: ReactionArrays, net: NetworkArrays, state: NetworkState, at: Steps, level: int) -> None:
    """Bodies of a cell whose pressure went beyond the vent's in the step need shorter steps."""
    for g in range(net.head_volume.size):
        first, beyond = net.cell_low[g], net.cell_high[g]
        if net.head_volume[g] == 0.0 or not np.isnan(state.vent_time[g]) or first < at.low[level] or beyond > at.high[level]:
            continue
        if cell_pressure(set_, net, g, at.last_T[level], at.last_xi[level]) > (1.0 + _OVERSHOOT) * net.vent_pressure[g]:
            for i in range(first, beyond):
                if net.cell[i] == g:
                    at.error[i] = max(at.error[i], 16.0)


@compiled_inside
def edge_stages(net: NetworkArrays, at: Steps, level: int, k: int, inside: int, outside: int) -> None:
    """Stages, J, of the heat through link `k` from `outside` to `inside` in a step, to ``at.k_edge``, as the bodies got it."""
    step, kept = at.length[level], at.k_edge
    S, G = net.link_radiation[k], net.link_conductance[k]
    own, other = at.stage_T[level, :, inside], at.stage_T[level, :, outside]
    by_own, by_other = G + 4.0 * S * own[0] ** 3, G + 4.0 * S * other[0] ** 3
    moves = 0.0 if at.low[level] <= outside < at.high[level] else at.slope_outside[level, outside]
    for stage in range(STAGES):
        flow = G * (other[stage] - own[stage]) + S * (other[stage] ** 4 - own[stage] ** 4)
        flow += by_other * at.k_T[level, stage, outside] - by_own * at.k_T[level, stage, inside]
        flow += SLOPE[stage] * step * by_other * moves
        for j in range(stage):
            flow += C[stage, j] * kept[j] / step
        kept[stage] = flow * GAMMA * step


@compiled_inside
def loss_stages(net: NetworkArrays, state: NetworkState, at: Steps, level: int, first: int, beyond: int) -> None:
    """Stages, J, of the heat that bodies `first` to `beyond` give to ambient and coolant in a step, to ``at.k_loss``."""
    step, ambient, rise = at.length[level], at.ambient[level], at.ambient_rise[level]
    lost, cold = at.k_loss[0], at.k_loss[1]
    for stage in range(STAGES):
        lost[stage], cold[stage] = 0.0, 0.0
    for i in range(first, beyond):
        for side in range(net.first_side[i], net.first_side[i + 1]):
            by_T, by_ambient = side_loss(net, side, state.temperature[i], ambient)[1:]
            for stage in range(STAGES):
                now, slope = ambient + rise * TIME[stage] * step, SLOPE[stage] * step * rise
                lost[stage] += side_loss(net, side, at.stage_T[level, stage, i], now)[0]
                lost[stage] += by_T * at.k_T[level, stage, i] + by_ambient * slope
        if net.coolant_conductance[i] > 0.0:
            for stage in range(STAGES):
                warmer = at.stage_T[level, stage, i] - net.coolant_temperature + at.k_T[level, stage, i]
                cold[stage] += net.coolant_conductance[i] * warmer
    for stage in range(STAGES):
        for j in range(stage):
            lost[stage] += C[stage, j] * lost[j] / step
            cold[stage] += C[stage, j] * cold[j] / step
        lost[stage] *= GAMMA * step
        cold[stage] *= GAMMA * step


@compiled_inside
def spread_of(net: NetworkArrays, state: NetworkState, at: Steps, level: int, band: int, tolerance: float) -> None:
    """How far the bodies that need shorter steps make themselves felt within this one, K, to ``at.spread``.

    A body that explodes may differ by 1000 K from what the step gave it, another by a few times its error.
    """
    low, high, step = at.low[level], at.high[level], at.length[level]
    for i in range(low, high):
        wrong = 0.0
        if at.explodes[i]:
            wrong = 1000.0
        elif not at.error[i] <= 1.0:
            wrong = min(1000.0, 10.0 * at.error[i] * tolerance * state.temperature[i])
        at.spread[i] = wrong * net.capacity[i] / (GAMMA * step)
    solve_band(at.matrix, band, low, high, at.spread)
