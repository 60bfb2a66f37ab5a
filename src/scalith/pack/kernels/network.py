"""Stiff integration of a network of lumped bodies that conduct, radiate and react.

Unknowns of body i: extents ξ_ir of the reactions and the temperature T_i,

    dξ_ir/dt = rate_r(ξ_i, T_i),
    C_i dT_i/dt = φ_i V_i Σ_r heat_r dξ_ir/dt + P_i(t) + Σ_j [G_ij (T_j − T_i) + S_ij (T_j⁴ − T_i⁴)]
                  + g_i (T_amb − T_i) + s_i (T_amb⁴ − T_i⁴) + c_i (T_cool − T_i).

The Jacobian is exact. Extents are eliminated body by body, which leaves one banded system for the temperatures. A body
rests while a whole step changes neither an extent nor, by its heat, the temperature by more than a thousandth of the
tolerance: its small rates are then held through the step, which every stage integrates exactly, and cost nothing to evaluate.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from scalith.numerics.compiled import compiled, compiled_in_place
from scalith.numerics.rosenbrock import DENSE, GAMMA, SLOPE, STAGES, TIME, A, C
from scalith.reactions.kernels import ReactionArrays, rates, rates_with_slopes

FINISHED, TOO_MANY_STEPS, STEP_TOO_SMALL = 0, 1, 2
_GAS_CONSTANT = 8.31446261815324
_RESTING = 1e-3
_LOOK_AGAIN = 0.2
"""A resting body's rates are evaluated again when its temperature has changed by this much, K (3 % of a rate)."""


class NetworkArrays(NamedTuple):
    """A network of n bodies as plain arrays; links join bodies that are at most `band` apart in number.

    Attributes
    ----------
    capacity, volume, feedback : ndarray, shape (n,)
        Heat capacity, J K-1; reacting volume, m³; share of the reaction heat that warms the body.
    link_from, link_to : ndarray of int64, shape (links,)
    link_conductance, link_radiation : ndarray, shape (links,)
        G, W K-1; S, W K-4.
    ambient_conductance, ambient_radiation, coolant_conductance : ndarray, shape (n,)
    coolant_temperature : float
    head_volume, vent_pressure, vent_heat, ejected, gas_at_start : ndarray, shape (n,)
        Free volume, m³ (0: the body cannot vent); absolute pressure at which it vents, Pa; heat that venting takes, J;
        share of later reaction heat that leaves with gas and particles; gas in the free volume at start, mol.
    vapour_pressure, vapour_temperature : float
        Electrolyte vapour: p = vapour_pressure · exp(−vapour_temperature/T), Pa.
    table_time : ndarray, shape (m,)
        Not decreasing; a time given twice is a jump.
    table_ambient : ndarray, shape (m,)
    table_power : ndarray, shape (m, sources)
    source_body : ndarray of int64, shape (sources,)
    """

    capacity: NDArray[np.float64]
    volume: NDArray[np.float64]
    feedback: NDArray[np.float64]
    link_from: NDArray[np.int64]
    link_to: NDArray[np.int64]
    link_conductance: NDArray[np.float64]
    link_radiation: NDArray[np.float64]
    ambient_conductance: NDArray[np.float64]
    ambient_radiation: NDArray[np.float64]
    coolant_conductance: NDArray[np.float64]
    coolant_temperature: float
    head_volume: NDArray[np.float64]
    vent_pressure: NDArray[np.float64]
    vent_heat: NDArray[np.float64]
    ejected: NDArray[np.float64]
    gas_at_start: NDArray[np.float64]
    vapour_pressure: float
    vapour_temperature: float
    table_time: NDArray[np.float64]
    table_ambient: NDArray[np.float64]
    table_power: NDArray[np.float64]
    source_body: NDArray[np.int64]


class NetworkState(NamedTuple):
    """What the integration changes in place.

    Attributes
    ----------
    temperature : ndarray, shape (n,)
    extents, extents_at_vent : ndarray, shape (n, r)
    retained : ndarray, shape (n,)
        φ: share of reaction heat that warms the body now.
    vent_time, runaway_time : ndarray, shape (n,)
        s; NaN until it happens.
    peak_temperature, peak_pressure, peak_self_heating : ndarray, shape (n,)
    losses : ndarray, shape (2,)
        Heat given to ambient and to the coolant since the start, J.
    """

    temperature: NDArray[np.float64]
    extents: NDArray[np.float64]
    extents_at_vent: NDArray[np.float64]
    retained: NDArray[np.float64]
    vent_time: NDArray[np.float64]
    runaway_time: NDArray[np.float64]
    peak_temperature: NDArray[np.float64]
    peak_pressure: NDArray[np.float64]
    peak_self_heating: NDArray[np.float64]
    losses: NDArray[np.float64]


@compiled
def _conduction(
    net: NetworkArrays,
    T: NDArray[np.float64],
    ambient: float,
    power: NDArray[np.float64],
    flow: NDArray[np.float64],
    losses: NDArray[np.float64],
) -> None:
    """Heat into each body except from reactions, W, to `flow`; heat to ambient and coolant to `losses`."""
    losses[0] = 0.0
    losses[1] = 0.0
    ambient_4 = ambient**4
    for i in range(T.size):
        out = net.ambient_conductance[i] * (T[i] - ambient) + net.ambient_radiation[i] * (T[i] ** 4 - ambient_4)
        cold = net.coolant_conductance[i] * (T[i] - net.coolant_temperature)
        losses[0] += out
        losses[1] += cold
        flow[i] = -out - cold
    for k in range(net.source_body.size):
        flow[net.source_body[k]] += power[k]
    for k in range(net.link_from.size):
        i, j = net.link_from[k], net.link_to[k]
        q = net.link_conductance[k] * (T[j] - T[i])
        if net.link_radiation[k] > 0.0:
            q += net.link_radiation[k] * (T[j] ** 4 - T[i] ** 4)
        flow[i] += q
        flow[j] -= q


@compiled
def _conduction_matrix(net: NetworkArrays, T: NDArray[np.float64], band: int, matrix: NDArray[np.float64]) -> None:
    """−∂flow/∂T as a band matrix: entry (i, j) at ``[i, band + j − i]``."""
    matrix[:, :] = 0.0
    for i in range(T.size):
        matrix[i, band] = net.ambient_conductance[i] + net.coolant_conductance[i] + 4.0 * net.ambient_radiation[i] * T[i] ** 3
    for k in range(net.link_from.size):
        i, j = net.link_from[k], net.link_to[k]
        by_i = net.link_conductance[k] + 4.0 * net.link_radiation[k] * T[i] ** 3
        by_j = net.link_conductance[k] + 4.0 * net.link_radiation[k] * T[j] ** 3
        matrix[i, band] += by_i
        matrix[j, band] += by_j
        matrix[i, band + j - i] -= by_j
        matrix[j, band + i - j] -= by_i


@compiled
def _factor_band(matrix: NDArray[np.float64], band: int) -> None:
    """LU factors in place, without pivoting."""
    n = matrix.shape[0]
    for k in range(n):
        inverse = 1.0 / matrix[k, band]
        for i in range(k + 1, min(k + band + 1, n)):
            factor = matrix[i, band + k - i] * inverse
            matrix[i, band + k - i] = factor
            if factor != 0.0:
                for j in range(k + 1, min(k + band + 1, n)):
                    matrix[i, band + j - i] -= factor * matrix[k, band + j - k]


@compiled
def _solve_band(matrix: NDArray[np.float64], band: int, x: NDArray[np.float64]) -> None:
    n = x.size
    for i in range(n):
        value = x[i]
        for j in range(max(0, i - band), i):
            value -= matrix[i, band + j - i] * x[j]
        x[i] = value
    for i in range(n - 1, -1, -1):
        value = x[i]
        for j in range(i + 1, min(i + band + 1, n)):
            value -= matrix[i, band + j - i] * x[j]
        x[i] = value / matrix[i, band]


@compiled_in_place
def _factor_small(matrix: NDArray[np.float64]) -> None:
    """LU factors of a small full matrix in place; its diagonal is dominated by 1/γh."""
    n = matrix.shape[0]
    for k in range(n):
        inverse = 1.0 / matrix[k, k]
        for i in range(k + 1, n):
            factor = matrix[i, k] * inverse
            matrix[i, k] = factor
            if factor != 0.0:
                for j in range(k + 1, n):
                    matrix[i, j] -= factor * matrix[k, j]


@compiled_in_place
def _solve_small(matrix: NDArray[np.float64], x: NDArray[np.float64]) -> None:
    n = x.size
    for i in range(n):
        for j in range(i):
            x[i] -= matrix[i, j] * x[j]
    for i in range(n - 1, -1, -1):
        for j in range(i + 1, n):
            x[i] -= matrix[i, j] * x[j]
        x[i] /= matrix[i, i]


@compiled
def _reaction_jacobian(
    set_: ReactionArrays,
    net: NetworkArrays,
    state: NetworkState,
    inverse_gamma_step: float,
    resting: NDArray[np.bool_],
    band: int,
    small: NDArray[np.float64],
    column: NDArray[np.float64],
    row: NDArray[np.float64],
    matrix: NDArray[np.float64],
    states: NDArray[np.float64],
    rate: NDArray[np.float64],
) -> float:
    """Eliminate the extents: factors of I/γh − ∂rate/∂ξ, its solution for ∂rate/∂T, and what that adds to `matrix`.

    Returns the fastest growth of any body, s-1: heating by reaction less conduction, and autocatalysis.
    """
    reactions = rate.size
    growth = 0.0
    for i in range(net.capacity.size):
        conducted = matrix[i, band]
        matrix[i, band] += net.capacity[i] * inverse_gamma_step
        if resting[i]:
            continue
        rates_with_slopes(set_, state.extents[i], state.temperature[i], states, rate, small[i], column[i])
        weight = state.retained[i] * net.volume[i]
        heat_by_T, autocatalysis = 0.0, 0.0
        for q in range(reactions):
            row[i, q] = 0.0
        for r in range(reactions):
            heat_by_T += set_.heat[r] * column[i, r]
            autocatalysis += max(small[i, r, r], 0.0)
            for q in range(reactions):
                row[i, q] += weight * set_.heat[r] * small[i, r, q]
                small[i, r, q] = -small[i, r, q]
            small[i, r, r] += inverse_gamma_step
        growth = max(growth, max((weight * heat_by_T - conducted) / net.capacity[i], 0.0) + autocatalysis)
        _factor_small(small[i])
        _solve_small(small[i], column[i])
        matrix[i, band] -= weight * heat_by_T
        for q in range(reactions):
            matrix[i, band] -= row[i, q] * column[i, q]
    return growth


@compiled_in_place
def _pressure(set_: ReactionArrays, net: NetworkArrays, i: int, T: float, extents: NDArray[np.float64]) -> float:
    gas: float = net.gas_at_start[i]
    for r in range(extents.size):
        gas += set_.gas[r] * net.volume[i] * extents[r]
    pressure: float = gas * _GAS_CONSTANT * T / net.head_volume[i] + net.vapour_pressure * math.exp(-net.vapour_temperature / T)
    return pressure


@compiled
def _look(
    set_: ReactionArrays,
    net: NetworkArrays,
    state: NetworkState,
    i: int,
    states: NDArray[np.float64],
    rate: NDArray[np.float64],
    held: NDArray[np.float64],
    held_heat: NDArray[np.float64],
    fastest: NDArray[np.float64],
) -> None:
    """Evaluate the rates of body `i` for its next steps: s-1, their heat, W, and the fastest relative change of all."""
    held_heat[i] = 0.0
    fastest[i] = 0.0
    if net.volume[i] == 0.0:
        return
    rates(set_, state.extents[i], state.temperature[i], states, rate)
    for r in range(rate.size):
        held[i, r] = rate[r]
        held_heat[i] += net.volume[i] * set_.heat[r] * rate[r]
        fastest[i] = max(fastest[i], abs(rate[r]))
    fastest[i] = max(fastest[i], abs(held_heat[i]) / (net.capacity[i] * state.temperature[i]))


@compiled
def integrate(
    set_: ReactionArrays,
    net: NetworkArrays,
    state: NetworkState,
    band: int,
    output_time: NDArray[np.float64],
    tolerance: float,
    first_step: float,
    longest_step: float,
    most_steps: int,
    land: bool,
    runaway_rate: float,
    temperature_out: NDArray[np.float64],
    extents_out: NDArray[np.float64],
    losses_out: NDArray[np.float64],
) -> tuple[int, float, int]:
    """Integrate from ``output_time[0]`` to its end and fill the outputs.

    Parameters
    ----------
    tolerance : float
        Largest local error of a step: of temperatures relative, of extents absolute.
    land : bool
        End a step at each output time (without it outputs are interpolated within steps).
    runaway_rate : float
        Self-heating, K s-1, that counts as runaway.
    temperature_out, extents_out, losses_out : ndarray, shapes (times, n), (times, n, r), (times, 2)

    Returns
    -------
    status, time reached, steps
    """
    n, reactions = state.extents.shape
    T = state.temperature
    xi = state.extents
    small = np.empty((n, reactions, reactions))
    column = np.zeros((n, reactions))
    row = np.zeros((n, reactions))
    matrix = np.empty((n, 2 * band + 1))
    states = np.empty(set_.initial.size)
    rate = np.empty(reactions)
    k_T = np.zeros((STAGES, n))
    k_xi = np.zeros((STAGES, n, reactions))
    k_loss = np.zeros((STAGES, 2))
    T_stage = np.empty(n)
    xi_stage = np.empty(reactions)
    flow = np.empty(n)
    losses = np.empty(2)
    power = np.empty(net.source_body.size)
    rise = np.empty(net.source_body.size)
    new_T = np.empty(n)
    new_xi = np.empty((n, reactions))
    new_losses = np.empty(2)
    last_self_heating = np.zeros(n)
    held = np.zeros((n, reactions))
    held_heat = np.zeros(n)
    fastest = np.zeros(n)
    held_at = np.zeros(n)
    resting = np.zeros(n, dtype=np.bool_)
    for i in range(n):
        _look(set_, net, state, i, states, rate, held, held_heat, fastest)
        held_at[i] = T[i]

    t = output_time[0]
    end = output_time[output_time.size - 1]
    temperature_out[0] = T
    extents_out[0] = xi
    losses_out[0] = state.losses
    for i in range(n):
        state.peak_temperature[i] = max(state.peak_temperature[i], T[i])
    out = 1
    segment = 0
    step = first_step
    free_step = first_step
    for count in range(most_steps):
        while segment < net.table_time.size - 1 and net.table_time[segment + 1] <= t + 1e-12 * (1.0 + abs(t)):
            segment += 1
        last = segment >= net.table_time.size - 1
        before = segment == 0 and net.table_time[0] - t > 1e-12 * (1.0 + abs(t))
        stop = end
        if before:
            stop = min(stop, net.table_time[segment])
        elif not last:
            stop = min(stop, net.table_time[segment + 1])
        if land:
            stop = min(stop, output_time[out])
        step = min(step, longest_step)
        left = stop - t
        free_step = step
        if step >= left * (1.0 - 1e-10):
            step = left
        elif step > 0.5 * left:
            step = 0.5 * left
        if step < 1e-13 * (1.0 + abs(t)):
            return STEP_TOO_SMALL, t, count
        # Ambient and heaters: linear on this segment.
        flat = last or before
        span = 1.0 if flat else net.table_time[segment + 1] - net.table_time[segment]
        ambient_rise = 0.0 if flat else (net.table_ambient[segment + 1] - net.table_ambient[segment]) / span
        ambient_now = net.table_ambient[segment] + (0.0 if flat else ambient_rise * (t - net.table_time[segment]))
        for k in range(power.size):
            rise[k] = 0.0 if flat else (net.table_power[segment + 1, k] - net.table_power[segment, k]) / span

        for i in range(n):
            resting[i] = fastest[i] * step < _RESTING * tolerance
        inverse = 1.0 / (GAMMA * step)
        _conduction_matrix(net, T, band, matrix)
        growth = _reaction_jacobian(set_, net, state, inverse, resting, band, small, column, row, matrix, states, rate)
        # Over a step longer than its growth time an implicit method turns an explosion into a small step back.
        if growth * step > 2.0:
            step = 1.0 / growth
            continue
        _factor_band(matrix, band)
        for stage in range(STAGES):
            for i in range(n):
                value = T[i]
                for j in range(stage):
                    value += A[stage, j] * k_T[j, i]
                T_stage[i] = value
            later = TIME[stage] * step
            for k in range(power.size):
                base = net.table_power[segment, k]
                power[k] = base if flat else base + rise[k] * (t + later - net.table_time[segment])
            _conduction(net, T_stage, ambient_now + ambient_rise * later, power, flow, losses)
            slope = SLOPE[stage] * step
            for k in range(power.size):
                flow[net.source_body[k]] += slope * rise[k]
            ambient_slope = slope * ambient_rise
            loss_slope = 0.0
            for i in range(n):
                by_ambient = (net.ambient_conductance[i] + 4.0 * net.ambient_radiation[i] * ambient_now**3) * ambient_slope
                loss_slope -= by_ambient
                flow[i] += by_ambient
                remembered = 0.0
                for j in range(stage):
                    remembered += C[stage, j] * k_T[j, i]
                flow[i] += net.capacity[i] * remembered / step
                if resting[i]:
                    flow[i] += state.retained[i] * held_heat[i]
                    continue
                for r in range(reactions):
                    value = xi[i, r]
                    for j in range(stage):
                        value += A[stage, j] * k_xi[j, i, r]
                    xi_stage[r] = value
                rates(set_, xi_stage, T_stage[i], states, rate)
                weight = state.retained[i] * net.volume[i]
                k = k_xi[stage, i]
                for r in range(reactions):
                    flow[i] += weight * set_.heat[r] * rate[r]
                    value = rate[r]
                    for j in range(stage):
                        value += C[stage, j] * k_xi[j, i, r] / step
                    k[r] = value
                _solve_small(small[i], k)
                for r in range(reactions):
                    flow[i] += row[i, r] * k[r]
            _solve_band(matrix, band, flow)
            ambient_part = losses[0] + loss_slope
            coolant_part = losses[1]
            for i in range(n):
                change = flow[i]
                k_T[stage, i] = change
                if not resting[i]:
                    for r in range(reactions):
                        k_xi[stage, i, r] += column[i, r] * change
                ambient_part += (net.ambient_conductance[i] + 4.0 * net.ambient_radiation[i] * T[i] ** 3) * change
                coolant_part += net.coolant_conductance[i] * change
            for j in range(stage):
                ambient_part += C[stage, j] * k_loss[j, 0] / step
                coolant_part += C[stage, j] * k_loss[j, 1] / step
            k_loss[stage, 0] = ambient_part * GAMMA * step
            k_loss[stage, 1] = coolant_part * GAMMA * step

        error = 0.0
        for i in range(n):
            value = T[i]
            for j in range(STAGES - 1):
                value += A[STAGES - 1, j] * k_T[j, i]
            value += k_T[STAGES - 1, i]
            new_T[i] = value
            error = max(error, abs(k_T[STAGES - 1, i]) / max(T[i], value))
            if resting[i]:
                for r in range(reactions):
                    new_xi[i, r] = xi[i, r] + step * held[i, r]
                if not (new_T[i] > 1.0):
                    error = np.inf
                continue
            for r in range(reactions):
                value = xi[i, r]
                for j in range(STAGES - 1):
                    value += A[STAGES - 1, j] * k_xi[j, i, r]
                value += k_xi[STAGES - 1, i, r]
                new_xi[i, r] = value
                error = max(error, abs(k_xi[STAGES - 1, i, r]))
            if not (new_T[i] > 1.0):
                error = np.inf
        error /= tolerance
        if not (error <= 1.0):
            step *= max(0.1, 0.9 * error**-0.25) if error < 1e30 else 0.1
            continue
        vents = False
        overshoot = 0.0
        for i in range(n):
            if net.head_volume[i] > 0.0 and np.isnan(state.vent_time[i]):
                pressure = _pressure(set_, net, i, new_T[i], new_xi[i])
                overshoot = max(overshoot, pressure / net.vent_pressure[i] - 1.0)
        if overshoot > 0.002 and step > 1e-4:
            step *= 0.5
            continue
        for m in range(2):
            value = state.losses[m]
            for j in range(STAGES - 1):
                value += A[STAGES - 1, j] * k_loss[j, m]
            new_losses[m] = value + k_loss[STAGES - 1, m]
        slack = 1e-11 * (1.0 + abs(t))
        while out < output_time.size and output_time[out] <= t + step + slack:
            s = min((output_time[out] - t) / step, 1.0)
            for i in range(n):
                first, second = 0.0, 0.0
                for j in range(STAGES - 1):
                    first += DENSE[0, j] * k_T[j, i]
                    second += DENSE[1, j] * k_T[j, i]
                temperature_out[out, i] = (1.0 - s) * T[i] + s * (new_T[i] + (1.0 - s) * (first + s * second))
                for r in range(reactions):
                    if resting[i]:
                        extents_out[out, i, r] = xi[i, r] + s * (new_xi[i, r] - xi[i, r])
                        continue
                    first, second = 0.0, 0.0
                    for j in range(STAGES - 1):
                        first += DENSE[0, j] * k_xi[j, i, r]
                        second += DENSE[1, j] * k_xi[j, i, r]
                    extents_out[out, i, r] = (1.0 - s) * xi[i, r] + s * (new_xi[i, r] + (1.0 - s) * (first + s * second))
            for m in range(2):
                first, second = 0.0, 0.0
                for j in range(STAGES - 1):
                    first += DENSE[0, j] * k_loss[j, m]
                    second += DENSE[1, j] * k_loss[j, m]
                losses_out[out, m] = (1.0 - s) * state.losses[m] + s * (new_losses[m] + (1.0 - s) * (first + s * second))
            out += 1
        before_step = t
        t += step
        for i in range(n):
            T[i] = new_T[i]
            for r in range(reactions):
                xi[i, r] = new_xi[i, r]
            state.peak_temperature[i] = max(state.peak_temperature[i], T[i])
            if net.volume[i] == 0.0:
                continue
            if not resting[i] or abs(T[i] - held_at[i]) > _LOOK_AGAIN:
                _look(set_, net, state, i, states, rate, held, held_heat, fastest)
                held_at[i] = T[i]
            heating = held_heat[i] / net.capacity[i]
            state.peak_self_heating[i] = max(state.peak_self_heating[i], heating)
            if np.isnan(state.runaway_time[i]) and heating >= runaway_rate:
                low = last_self_heating[i]
                share = 1.0 if low <= 0.0 else np.log(runaway_rate / low) / np.log(heating / low)
                state.runaway_time[i] = before_step + min(max(share, 0.0), 1.0) * step
            last_self_heating[i] = heating
            if net.head_volume[i] > 0.0 and np.isnan(state.vent_time[i]):
                pressure = _pressure(set_, net, i, T[i], xi[i])
                state.peak_pressure[i] = max(state.peak_pressure[i], pressure)
                if pressure >= net.vent_pressure[i]:
                    vents = True
                    state.vent_time[i] = t
                    state.extents_at_vent[i] = xi[i]
                    state.retained[i] = net.feedback[i] * (1.0 - net.ejected[i])
                    T[i] -= net.vent_heat[i] / net.capacity[i]
        state.losses[:] = new_losses
        if end - t <= slack:
            return FINISHED, t, count + 1
        factor = min(5.0, 0.9 * max(error, 1e-6) ** -0.25)
        # A step cut short by a stop does not shorten the next one.
        step = min(step, 0.01) if vents else max(step * factor, free_step if factor > 1.0 else 0.0)
    return TOO_MANY_STEPS, t, most_steps


@compiled
def heat_by_reaction(
    set_: ReactionArrays,
    volume: NDArray[np.float64],
    temperature: NDArray[np.float64],
    extents: NDArray[np.float64],
    heat: NDArray[np.float64],
) -> None:
    """Heat of each reaction in W at given states: shapes (n,), (times, n), (times, n, r), (times, n, r)."""
    states = np.empty(set_.initial.size)
    rate = np.empty(extents.shape[2])
    for m in range(temperature.shape[0]):
        for i in range(temperature.shape[1]):
            rates(set_, extents[m, i], temperature[m, i], states, rate)
            for r in range(rate.size):
                heat[m, i, r] = set_.heat[r] * rate[r] * volume[i]
