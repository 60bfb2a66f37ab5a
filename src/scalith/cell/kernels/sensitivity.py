"""Derivatives by parameters along a run that is already solved, through the run's own equations.

Let N be one step of Newton's method, y → y − J⁻¹F(y, base, p). At a solution its slope by y is zero, and so, with a parameter
moved by dp, the base by what the derivatives were before and the state by a guess, it gives

    N(y + guess, base + Σ w σ, p + dp) − N(y, base, p) = σ,    σ = dy/dp · dp,

whatever the guess, to first order in dp. No equation is written a second time, so that every option of the model is in it.
Derivatives follow by backward differentiation on the steps that the run was accepted at.
"""

from __future__ import annotations

import numpy as np

from scalith.cell.kernels.events import EVENTS, margins
from scalith.cell.kernels.layout import HEAT_CAPACITY, NEWTON, Array, Integers, System, TableBank, one_of
from scalith.cell.kernels.newton import follow_films, follow_losses, make_work, terminal_voltage
from scalith.numerics.call_by_address import call_for_number
from scalith.numerics.compiled import compiled, compiled_inside

ORDER = 4
"""Highest order of the backward differentiation."""
TOLD = 4e-5
"""V: a step is left out where the polynomial through two steps before and two after it comes so near."""


@compiled_inside
def value_weights(times: Array, last: int, order: int, time: float, weights: Array) -> None:
    """Weights of the values at times[last − m], m = 0 … order, in their polynomial at `time`."""
    for m in range(order + 1):
        weight = 1.0
        for k in range(order + 1):
            if k != m:
                weight *= (time - times[last - k]) / (times[last - m] - times[last - k])
        weights[m] = weight


@compiled_inside
def slope_weights(times: Array, last: int, order: int, weights: Array) -> None:
    """Weights of the values at times[last − m], m = 0 … order, in the slope of their polynomial at times[last]."""
    weights[0] = 0.0
    for m in range(1, order + 1):
        weight = 1.0 / (times[last - m] - times[last])
        for k in range(1, order + 1):
            if k != m:
                weight *= (times[last] - times[last - k]) / (times[last - m] - times[last - k])
        weights[m] = weight
        weights[0] -= weight


@compiled
def steps_to_follow(times: Array, voltages: Array) -> Integers:
    """Steps of a run that its derivatives are solved at: every one but those whose voltage the steps around it tell as well."""
    kept = np.ones(times.size, np.bool_)
    for n in range(3, times.size - 3, 2):
        told = 0.0
        for i in range(n - 3, n + 4, 2):
            weight = 1.0
            for j in range(n - 3, n + 4, 2):
                if j != i:
                    weight *= (times[n] - times[j]) / (times[i] - times[j])
            told += weight * voltages[i]
        kept[n] = abs(told - voltages[n]) > TOLD
    return np.flatnonzero(kept)


@compiled_inside
def steady_order(times: Array, last: int) -> int:
    """Order of a formula that ends at times[last]: up to ORDER, but not across a large jump in the step, where it is unstable."""
    order = 1
    while order < min(last, ORDER) and times[last] - times[last - 1] < 4.0 * (times[last - order] - times[last - order - 1]):
        order += 1
    return order


@compiled
def follow_derivatives(
    system: System, bank: TableBank, varied: System, loads_by: Array, mode: int, times: Array, targets: Array,
    run_voltages: Array, states: Array, event: int, limits: Array, sigma: Array, output_times: Array, result: Array,
    ends: Array,
) -> Array:  # fmt: skip
    """Follow one recorded segment and fill the changes of its voltage.

    Parameters
    ----------
    varied : System
        One a parameter, each with the parameter moved, stacked.
    loads_by : ndarray, shape (parameters,)
        Change of the load by the parameter.
    times, targets, run_voltages : ndarray, shape (steps,)
    states : ndarray, shape (steps, unknowns)
        Every accepted step.
    event : int
        What the segment ended on, −1 for its duration; `limits` are the segment's.
    sigma : ndarray, shape (parameters, unknowns)
        Changes of the state at the start; on return at the end.
    output_times : ndarray
        Increasing; within the segment.
    result : ndarray, shape (output times, parameters)
        Filled: change of the voltage at the same time after the start of the segment.
    ends : ndarray, shape (parameters,)
        Filled: change of the time at which the event is met.

    Returns
    -------
    ndarray, shape (unknowns,)
        Rate of change of the state at the end.
    """
    size, many, at = states.shape[1], sigma.shape[0], system.at
    work = make_work(system, size)
    newton = system.kernels[NEWTON]
    passes = 2 if system.scalars[HEAT_CAPACITY] > 0.0 else 1
    rows = ORDER + 1
    past = np.zeros((rows, many, size))
    base, moved, z_0, z = np.zeros(size), np.zeros(size), np.empty(size), np.empty(size)
    chosen = steps_to_follow(times, run_voltages)
    solved_times, solved = np.empty(chosen.size), np.empty((chosen.size, many))
    weights, run_weights = np.zeros(ORDER + 2), np.zeros(ORDER + 2)
    at_output = 0
    for n in range(chosen.size):
        y = states[chosen[n]]
        solved_times[n] = times[chosen[n]]
        order = 0
        inverse_time = 1e6  # short: the potentials that belong to the state itself
        if n > 0:
            order = steady_order(solved_times, n)
            slope_weights(solved_times, n, order, weights)
            inverse_time = weights[0]
        # The base that this state of the run solves the equations with, by the steps of the run itself.
        row = chosen[n]
        steps = steady_order(times, row) if row > 0 else 0
        slope_weights(times, row, steps, run_weights)
        for k in range(size):
            rate = 0.0
            for m in range(steps + 1):
                rate += run_weights[m] * states[row - m, k]
            base[k] = y[k] - (rate / inverse_time if n > 0 else 0.0)
            z_0[k] = y[k]
        if system.processes.shape[0] > 0:
            follow_films(system, y)
            follow_losses(system, y)
        for _ in range(passes):
            call_for_number(newton, (system, bank, z_0, base, inverse_time, mode, targets[chosen[n]], work))
        voltage = terminal_voltage(system, z_0)
        for q in range(many):
            own = one_of(varied, q)
            for k in range(size):
                change = sigma[q, k] if n == 0 else 0.0
                for m in range(1, order + 1):
                    change -= weights[m] / inverse_time * past[(n - m) % rows, q, k]
                moved[k] = base[k] + change
                z[k] = y[k] + (sigma[q, k] if n == 0 else past[(n - 1) % rows, q, k])
            if system.processes.shape[0] > 0:
                follow_films(own, z)
                follow_losses(own, z)
            for _ in range(passes):
                call_for_number(newton, (own, bank, z, moved, inverse_time, mode, targets[chosen[n]] + loads_by[q], work))
            kept = past[n % rows, q]
            for k in range(size):
                kept[k] = z[k] - z_0[k]
            if n == 0:
                for k in range(at.electrolyte):
                    kept[k] = sigma[q, k]
            solved[n, q] = terminal_voltage(own, z) - voltage
        while at_output < output_times.size and output_times[at_output] <= solved_times[n]:
            degree = min(n, ORDER - 1) if output_times[at_output] < solved_times[n] else 0
            value_weights(solved_times, n, degree, output_times[at_output], weights)
            for q in range(many):
                total = 0.0
                for m in range(degree + 1):
                    total += weights[m] * solved[n - m, q]
                result[at_output, q] = total
            at_output += 1
    end_of_segment(system, varied, times, states, event, limits, past[(chosen.size - 1) % rows], sigma, ends)
    last, velocity = times.size - 1, np.zeros(size)
    if last > 0:
        order = min(last, 3)
        slope_weights(times, last, order, weights)
        for k in range(size):
            for m in range(order + 1):
                velocity[k] += weights[m] * states[last - m, k]
    return velocity


@compiled
def end_of_segment(
    system: System,
    varied: System,
    times: Array,
    states: Array,
    event: int,
    limits: Array,
    final: Array,
    sigma: Array,
    ends: Array,
) -> None:
    """Changes of the state at the end, and of the time at which the event is met: −δg/ġ."""
    size, last = states.shape[1], times.size - 1
    reached, before, weights = np.empty(EVENTS), np.empty(EVENTS), np.zeros(ORDER + 2)
    rate = 0.0
    if event >= 0 and last > 0:
        order = min(last, 3)
        slope_weights(times, last, order, weights)
        for m in range(order + 1):
            margins(system, states[last - m], limits, before)
            rate += weights[m] * before[event]
    margins(system, states[last], limits, reached)
    moved = np.empty(size)
    for q in range(sigma.shape[0]):
        for k in range(size):
            sigma[q, k] = final[q, k]
            moved[k] = states[last, k] + final[q, k]
        ends[q] = 0.0
        if event >= 0 and rate != 0.0:
            margins(one_of(varied, q), moved, limits, before)
            ends[q] = -(before[event] - reached[event]) / rate


@compiled
def interpolate_run(times: Array, orders: Integers, voltages: Array, output_times: Array, values: Array, slopes: Array) -> None:
    """Fill voltage and its rate of change at times within a run, by the polynomials that its steps went by."""
    weights = np.zeros(8)
    row = 0
    for k in range(output_times.size):
        while row < times.size - 1 and times[row] < output_times[k]:
            row += 1
        last = max(row, min(1, times.size - 1))
        order = min(last, orders[last])
        values[k] = slopes[k] = 0.0
        value_weights(times, last, order, output_times[k], weights)
        for m in range(order + 1):
            values[k] += weights[m] * voltages[last - m]
        for m in range(order + 1):
            # Slope of the polynomial of Lagrange at any time.
            total = 0.0
            for a in range(order + 1):
                if a != m:
                    piece = 1.0 / (times[last - m] - times[last - a])
                    for b in range(order + 1):
                        if b != m and b != a:
                            piece *= (output_times[k] - times[last - b]) / (times[last - m] - times[last - b])
                    total += piece
            slopes[k] += total * voltages[last - m]
        if output_times[k] == times[row]:
            values[k] = voltages[row]
