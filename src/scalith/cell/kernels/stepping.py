"""Stepping in time: numerical differentiation formulas of variable order and step, with events.

The formulas are those of Shampine and Reichelt (DOI 10.1137/S1064827594276424), orders 1 to 5, on backward differences.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from scalith.cell.kernels.events import (
    DURATION,
    EMPTY,
    EVENTS,
    FULL,
    NO_START,
    TOO_MANY_STEPS,
    cause,
    happened,
    margins,
)
from scalith.cell.kernels.formulas import (
    ALPHA,
    ERROR,
    GAMMA,
    MAXIMUM_ORDER,
    advance,
    change_step,
    interpolate,
    sum_of_squares,
)
from scalith.cell.kernels.layout import (
    MAXIMUM_CONCENTRATION,
    NEWTON,
    RADIUS,
    REFERENCE_CONCENTRATION,
    SCALE,
    SPECIFIC_AREA,
    STATE,
    Array,
    System,
    TableBank,
    Work,
)
from scalith.cell.kernels.newton import BY_CLIPPED_POWER, BY_POWER, follow_films
from scalith.cell.kernels.records import append, copy
from scalith.numerics.call_by_address import call_for_number
from scalith.numerics.compiled import compiled, compiled_in_place

BENT = 0.02
"""kT/e: a step of Newton's method over which an equilibrium potential bends more is not the last one."""
SURE = 1e-2
"""s: a step so short tells whether a particle is empty or full."""
MOST_RESTARTS = 4
"""From one place, before the integrator gives up."""
POTENTIAL_WEIGHT = 0.1
"""Of the error of local potentials beside that of the terminal voltage."""


class Segment(NamedTuple):
    """One load to carry, and when to stop.

    Attributes
    ----------
    mode : int
        What is held: see `newton_step`.
    load_times, loads : ndarray, shape (points,)
        Times after the start, from 0, increasing; the load is linear between them.
    limits : ndarray, shape (EVENTS,)
        Not a number where an event is not watched. The two voltages count while discharging and while charging.
    tolerance, longest : float
        Of a time step; the longest one, s.
    most_steps : int
    output_times : ndarray
        Times to record at, increasing; where it is empty every accepted step is recorded.
    keep_states : bool
    """

    mode: int
    load_times: Array
    loads: Array
    limits: Array
    tolerance: float
    longest: float
    most_steps: int
    output_times: Array
    keep_states: bool


class Memory(NamedTuple):
    """What the integrator works on: backward differences and scratch of the size of the state; margins of the events.

    Attributes
    ----------
    differences, kept, scratch : ndarray, shape (MAXIMUM_ORDER + 3, unknowns)
    base, change, trial : ndarray, shape (unknowns,)
    before, after : ndarray, shape (EVENTS,)
    convergence : ndarray, shape (2,)
        C in norm → C norm², and steps since it was measured.
    """

    differences: Array
    kept: Array
    scratch: Array
    base: Array
    change: Array
    trial: Array
    before: Array
    after: Array
    convergence: Array


@compiled
def make_memory(size: int) -> Memory:
    """Memory for a state of `size` unknowns."""
    rows = MAXIMUM_ORDER + 3
    return Memory(
        np.zeros((rows, size)),
        np.empty((rows, size)),
        np.empty((rows, size)),
        np.empty(size),
        np.empty(size),
        np.empty(size),
        np.empty(EVENTS),
        np.empty(EVENTS),
        np.array([1.0, 8.0]),
    )


@compiled_in_place
def error_norm(system: System, change: Array, tolerance: float, charge_scale: float) -> float:
    """Largest root mean square, over the kinds of unknowns, of a change in units of the tolerance.

    The last potential of the solid is one of them, or, where `charge_scale` is positive, the charge in its place; the steps of
    the potential between solid and electrolyte count with `POTENTIAL_WEIGHT`, local states in their own units.
    """
    cells = system.width.size
    at = system.at
    worst = 0.0
    for p in range(system.start.size):
        n, start = system.count[p], system.start[p]
        lo = system.particle_offset[p]
        hi = lo + system.nodes[p] * n
        worst = max(worst, sum_of_squares(change, lo, hi) / (hi - lo))
        local = 0.0
        for i in range(n):
            local += (change[at.solid + start + i] - change[at.electrolyte + start + i]) ** 2
        worst = max(worst, POTENTIAL_WEIGHT**2 * local / n)
        for k in range(system.first_process[p], system.first_process[p + 1]):
            first = system.processes[k, STATE]
            worst = max(worst, sum_of_squares(change, first, first + n) / n / system.process_numbers[k, SCALE] ** 2)
    worst = max(worst, sum_of_squares(change, at.salt, at.temperature) / cells / system.scalars[REFERENCE_CONCENTRATION] ** 2)
    worst = max(worst, (0.01 * change[at.temperature]) ** 2)
    last = change[at.charge] / charge_scale if charge_scale > 0.0 else change[at.reaction - 1]
    worst = max(worst, last * last)
    return math.sqrt(worst) / tolerance


@compiled_in_place
def solve_implicit(
    system: System, bank: TableBank, memory: Memory, order: int, h: float, mode: int, target: float, goal: float, share: float,
    y: Array, work: Work,
) -> int:  # fmt: skip
    """Solve one implicit step of length h into `y`; returns the Newton steps taken, or −1 where they do not converge.

    Newton's method converges quadratically: norm → C norm². C is kept in `memory.convergence`, so that most steps need one
    iteration; it ends where the next norm will be below `goal`. `memory.change` is filled with y less its prediction; where
    `share` is not zero the iteration starts from the prediction and so much of the old change.
    """
    size = y.size
    differences, base, change, convergence = memory.differences, memory.base, memory.change, memory.convergence
    for k in range(size):
        y[k] = base[k] = differences[0, k]
    for m in range(1, order + 1):
        weight = 1.0 - GAMMA[m] / ALPHA[order]
        for k in range(size):
            y[k] += differences[m, k]
            base[k] += weight * differences[m, k]
    if share == 0.0:
        for k in range(size):
            change[k] = -y[k]
    else:
        for k in range(size):
            old = share * change[k]
            change[k] = -y[k]
            y[k] += old
    for k in range(system.at.salt, system.at.temperature):
        # A prediction may be negative, a concentration is not.
        y[k] = max(y[k], 0.1 * differences[0, k])
    previous = np.inf
    for iteration in range(16):
        norm = call_for_number(system.kernels[NEWTON], (system, bank, y, base, ALPHA[order] / h, mode, target, work))
        if not norm < 1e3 or (iteration > 3 and norm > 2.0 * previous):
            return -1
        if iteration > 0 and previous < 0.3:
            convergence[0] = max(norm / previous**2, 0.8 * convergence[0], 0.5)
            convergence[1] = 0.0
        small = norm < 0.1 and convergence[0] * norm * norm < goal and work.bent[0] < BENT
        if norm < 1e-9 or (small and (convergence[1] < 8.0 or iteration > 0)):
            if work.column[0] > 0.0:
                return -1  # a step that is longer than an instability takes passes over it without noticing it
            convergence[1] += 1.0
            for k in range(size):
                change[k] += y[k]
            note_layers(system, y, base, ALPHA[order] / h, work)
            return iteration + 1
        previous = norm
    return -1


@compiled_in_place
def note_layers(system: System, y: Array, base: Array, inverse_time: float, work: Work) -> None:
    """Rate of change of φₛ − φₑ at the end of a step."""
    e, s = system.at.electrolyte, system.at.solid
    for i in range(system.width.size):
        work.layer[i] = inverse_time * (y[s + i] - y[e + i] - base[s + i] + base[e + i])


@compiled_in_place
def consistent_start(
    system: System, bank: TableBank, y: Array, segment: Segment, target: float, rate: Array, base: Array, work: Work
) -> bool:
    """Potentials, reaction rates and current that belong to the concentrations in `y`; fills their rates of change."""
    # Short, so that potentials belong to the state itself; not so short that round-off shows in the sums of lithium.
    tiny = min(1e-6, max(1e-7, 0.1 * segment.tolerance))
    differential = system.at.electrolyte
    copy(y, base)
    solved = False
    for _ in range(80):
        norm = call_for_number(system.kernels[NEWTON], (system, bank, y, base, 1.0 / tiny, segment.mode, target, work))
        if not norm < 1e6:
            break
        if norm < 1e-9:
            solved = True
            break
    note_layers(system, y, base, 1.0 / tiny, work)
    for k in range(differential, y.size):
        rate[k] = 0.0
    for k in range(differential):
        rate[k] = (y[k] - base[k]) / tiny
        y[k] = base[k]
    balance_rates(system, y, rate)
    return solved


@compiled_in_place
def balance_rates(system: System, y: Array, rate: Array) -> None:
    """Take the round-off of a short step out of the rates: each particle loses what its reaction takes, the salt gains it.

    The first formulas of a run carry these rates into the sums of lithium, always with the same sign.
    """
    at = system.at
    gained = content = 0.0
    layers = False
    for i in range(system.width.size):
        content += system.width[i] * system.porosity[i] * rate[at.salt + i]
        layers = layers or system.capacitance[i] > 0.0
    for p in range(system.start.size):
        row = system.classes[p]
        n, nodes, first, start = system.count[p], system.nodes[p], system.particle_offset[p], system.start[p]
        loss = 1.0 / (row[RADIUS] * row[MAXIMUM_CONCENTRATION])
        for i in range(n):
            r = system.reaction_offset[p] + i
            total = loss * y[at.reaction + r]
            for k in range(nodes):
                total += system.volumes[p, k] * rate[first + k * n + i]
            rate[first + (nodes - 1) * n + i] -= total / system.volumes[p, nodes - 1]
            all_rates = y[at.reaction + r] + (y[at.side + r] if at.current > at.side else 0.0)
            gained += system.width[start + i] * row[SPECIFIC_AREA] * all_rates
    # Where ions form or a double layer takes part the balance is another one.
    off = gained - content
    pores = 0.0
    for i in range(system.width.size):
        pores += system.width[i] * system.porosity[i]
    if not layers and abs(off) < 1e-6 * abs(gained):
        for i in range(system.width.size):
            rate[at.salt + i] += off / pores


@compiled_in_place
def earliest(system: System, memory: Memory, order: int, limits: Array, event: int, trial: Array) -> tuple[int, float]:
    """First event within the last step, and the part of the step at which the interpolating polynomial meets it."""
    before, after = memory.before, memory.after
    low, high = 0.0, 1.0
    g_low, g_high = before[event], after[event]
    side = 0
    near = 1.0
    for _ in range(30):
        near = (low * g_high - high * g_low) / (g_high - g_low)
        interpolate(memory.differences, order, 1.0 - near, trial)
        margins(system, trial, limits, after)
        first = happened(after, before)
        if first >= 0 and after[event] > 0.0:
            event = first
            low, g_low, side = 0.0, before[event], 0
        g = after[event]
        if abs(g) < 1e-7 or high - low < 1e-7:
            break
        if g <= 0.0:
            high, g_high = near, g
            if side == -1:
                g_low *= 0.5
            side = -1
        else:
            low, g_low = near, g
            if side == 1:
                g_high *= 0.5
            side = 1
    return event, near


@compiled_in_place
def locate(
    system: System, bank: TableBank, segment: Segment, memory: Memory, order: int, h: float, target: float, ramp: float,
    event: int, work: Work,
) -> tuple[int, float]:  # fmt: skip
    """Shorten a step of length h that ran into `event` so that it ends on the first one.

    The interpolating polynomial says about where; from there the secant method, kept within its bracket, each trial a
    solved step. On return `memory.trial`, `change` and `differences` belong to the step returned; where a trial cannot be solved
    the length is negative and the differences are as before.
    """
    differences, kept, trial, before, after = memory.differences, memory.kept, memory.trial, memory.before, memory.after
    for m in range(differences.shape[0]):
        copy(differences[m], kept[m])
    g_high = after[event]
    advance(differences, order, memory.change)
    first, near = earliest(system, memory, order, segment.limits, event, trial)
    if first != event:
        event, g_high = first, np.nan
    low, high = 0.0, h
    last, g_last = h, g_high
    near *= h
    solved = h
    for _ in range(60):
        for m in range(differences.shape[0]):
            copy(kept[m], differences[m])
        change_step(differences, memory.scratch, order, near / h)
        share = (near / solved) ** (order + 1)
        taken = solve_implicit(
            system, bank, memory, order, near, segment.mode, target + ramp * near, 1e-8, share, trial, work
        )  # fmt: skip
        if taken < 0:
            for m in range(differences.shape[0]):
                copy(kept[m], differences[m])
            return event, -1.0
        solved = near
        margins(system, trial, segment.limits, after)
        first = happened(after, before)
        if first >= 0 and after[event] > 0.0:
            event = first
            low, last, g_last = 0.0, 0.0, before[event]
        g = after[event]
        if abs(g) < 1e-9 or high - low <= 1e-12 * h:
            return event, near
        if g <= 0.0:
            high = near
        else:
            low = near
        step = g * (near - last) / (g - g_last)
        last, g_last = near, g
        near -= step
        if not low < near < high:
            near = 0.5 * (low + high)
    return event, solved


@compiled
def run_segment(
    system: System, bank: TableBank, y: Array, start: float, segment: Segment, memory: Memory, rows: Array, states: Array,
    used: int, work: Work,
) -> tuple[float, int, Array, Array, int, int]:  # fmt: skip
    """Hold current, voltage, power or resistance at a load that is linear between points, until its end or an event.

    At an inner point the load bends; the integration goes on. The voltage bends with it, so that there the tolerance
    holds for the concentrations, which the voltage follows from, and for the charge over that of three mean pieces.

    Parameters
    ----------
    y : ndarray
        State; on return the state at the end.
    rows, states, used
        Records so far; returned enlarged where they were full.

    Returns
    -------
    time, reason, rows, states, used, steps
    """
    size = y.size
    differences, change, trial = memory.differences, memory.change, memory.trial
    before, after = memory.before, memory.after
    load_times, loads, output_times, limits = segment.load_times, segment.loads, segment.output_times, segment.limits
    tolerance, longest = segment.tolerance, segment.longest
    for m in range(MAXIMUM_ORDER + 3):
        for k in range(size):
            differences[m, k] = 0.0
    memory.convergence[0], memory.convergence[1] = 1.0, 8.0
    goal = 3.0 * tolerance  # in kT: a tenth of the tolerance in V
    steps = accepted = at_output = refusals = restarts = 0
    time, end = start, start + load_times[load_times.size - 1]
    piece = 0
    stop = start + load_times[1]
    target = loads[0]
    ramp = (loads[1] - loads[0]) / load_times[1] if load_times[1] > 0.0 else 0.0
    charge_scale = 0.0
    if load_times.size > 2:
        by_power = segment.mode == BY_POWER or segment.mode == BY_CLIPPED_POWER
        for k in range(loads.size):
            charge_scale = max(charge_scale, abs(loads[k]) * (0.25 if by_power else 1.0))
        charge_scale *= 3.0 * load_times[load_times.size - 1] / (load_times.size - 1.0)
    if system.processes.shape[0] > 0:
        follow_films(system, y)
    if not consistent_start(system, bank, y, segment, target, change, memory.base, work):
        return time, NO_START, rows, states, used, steps
    copy(y, differences[0])
    speed = error_norm(system, change, tolerance, charge_scale)
    h = min(longest, load_times[1], 1.0 / max(speed, 1e-12))
    for k in range(size):
        differences[1, k] = h * change[k]
    order = int(np.int64(1))  # a bare 1 would compile everything below twice
    equal_steps = 0
    every = output_times.size == 0
    while at_output < output_times.size and output_times[at_output] <= time:
        at_output += 1
    rows, states, used = append(system, bank, y, time, order, segment.keep_states, rows, states, used, work)
    margins(system, y, limits, before)
    for e in range(EVENTS):
        if before[e] <= 0.0:
            return time, e + 1, rows, states, used, steps
    while time < end:
        if steps >= segment.most_steps:
            return time, TOO_MANY_STEPS, rows, states, used, steps
        if h < 1e-13 * max(1.0, time):
            return time, cause(system, y, limits, after), rows, states, used, steps
        wanted = min(h, longest)
        parts = math.ceil((stop - time) / wanted - 1e-9)
        landing = parts <= 1
        if (parts <= 3 and load_times.size > 2) or landing:
            wanted = (stop - time) / max(parts, 1)  # no sliver before the load bends
        if abs(wanted - h) > 1e-9 * h:
            change_step(differences, memory.scratch, order, wanted / h)
            h = wanted
            equal_steps = 0
        aim = target + ramp * (time - start - load_times[piece])
        taken = solve_implicit(system, bank, memory, order, h, segment.mode, aim + ramp * h, goal, 0.0, trial, work)
        steps += 1
        error = ERROR[order] * error_norm(system, change, tolerance, charge_scale) if taken > 0 else np.inf
        event, near = int(np.int64(-1)), h
        if error <= 1.0:
            margins(system, trial, limits, after)
            event = happened(after, before)
            if event in (EMPTY, FULL) and h > SURE:
                # The error of a long step may put a surface beyond the end of its table: a short one is believed.
                taken, error = int(np.int64(-1)), np.inf
            elif event >= 0:
                event, near = locate(system, bank, segment, memory, order, h, aim, ramp, event, work)
                if near < 0.0:
                    taken, error = int(np.int64(-1)), np.inf
        if not error <= 1.0:
            # A jump of the load starts with √t: the error of a first step falls as its length, not as its square.
            power = -1.0 if accepted == 0 else -1.0 / (order + 1)
            factor = 0.3 if taken < 0 else max(0.1, 0.9 * error**power)
            refusals += 1
            equal_steps = 0
            if refusals >= 3 and restarts < MOST_RESTARTS:
                # The past is no guide: from here anew, with the potentials that belong to the concentrations.
                refusals, order, accepted = 0, int(np.int64(1)), 0
                restarts += 1
                copy(differences[0], y)
                if not consistent_start(system, bank, y, segment, aim, change, memory.base, work):
                    return time, cause(system, y, limits, after), rows, states, used, steps
                copy(y, differences[0])
                h = min(h, 1.0 / max(error_norm(system, change, tolerance, charge_scale), 1e-12))
                for k in range(size):
                    differences[1, k] = h * change[k]
                continue
            change_step(differences, memory.scratch, order, factor)
            h *= factor
            continue
        refusals = restarts = 0
        if event >= 0:
            h = near
        time = stop if landing and event < 0 else time + h
        if landing and event < 0 and piece + 2 < load_times.size:
            piece += 1
            stop = start + load_times[piece + 1]
            target = loads[piece]
            ramp = (loads[piece + 1] - target) / (load_times[piece + 1] - load_times[piece])
        copy(trial, y)
        equal_steps += 1
        accepted += 1
        advance(differences, order, change)
        while at_output < output_times.size and output_times[at_output] <= time:
            at = output_times[at_output]
            at_output += 1
            if at < time:
                interpolate(differences, order, (time - at) / h, trial)
                rows, states, used = append(system, bank, trial, at, order, segment.keep_states, rows, states, used, work)
        if every or event >= 0 or time >= end or (at_output > 0 and output_times[at_output - 1] == time):
            rows, states, used = append(system, bank, y, time, order, segment.keep_states, rows, states, used, work)
        if system.processes.shape[0] > 0:
            keep_salt(system, differences, y)
        if event >= 0:
            return time, event + 1, rows, states, used, steps
        margins(system, y, limits, before)
        if equal_steps < order + 1:
            continue
        best, factor = 0, max(error, 1e-8) ** (-1.0 / (order + 1))
        if order > 1:
            lower = max(ERROR[order - 1] * error_norm(system, differences[order], tolerance, charge_scale), 1e-8) ** (
                -1.0 / order
            )
            if lower > factor:
                best, factor = -1, lower
        if order < MAXIMUM_ORDER:
            above = ERROR[order + 1] * error_norm(system, differences[order + 2], tolerance, charge_scale)
            higher = max(above, 1e-8) ** (-1.0 / (order + 2))
            if higher > factor:
                best, factor = 1, higher
        factor = min(8.0, 0.9 * factor)
        if best != 0 or factor > 1.2 or factor < 0.9:
            order += best
            change_step(differences, memory.scratch, order, factor)
            h *= factor
            equal_steps = 0
    return time, DURATION, rows, states, used, steps


@compiled_in_place
def keep_salt(system: System, differences: Array, y: Array) -> None:
    """Let the pores follow the films; the salt of each volume, now and in the past, stays what it was.

    With the porosity of the next step ε, the unknown is the salt over ε: d(ε c)/dt then keeps every ion.
    """
    cells = system.width.size
    layer = system.fresh  # its third column holds the porosities before
    for i in range(cells):
        layer[i, 2] = system.porosity[i]
    if follow_films(system, y):
        for i in range(cells):
            ratio = layer[i, 2] / system.porosity[i]
            at = system.at.salt + i
            y[at] *= ratio
            for m in range(differences.shape[0]):
                differences[m, at] *= ratio
