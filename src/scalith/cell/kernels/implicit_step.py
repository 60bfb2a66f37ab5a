"""One implicit step: its equations solved, its error, and the first event within it."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from scalith.cell.kernels.events import (
    EVENTS,
    happened,
    margins,
)
from scalith.cell.kernels.formulas import (
    ALPHA,
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
    RELATIVE,
    SCALE,
    SPECIFIC_AREA,
    STATE,
    Array,
    Integers,
    System,
    TableBank,
    Work,
)
from scalith.cell.kernels.records import copy
from scalith.numerics.call_by_address import call_for_number
from scalith.numerics.compiled import compiled, compiled_inside

BENT = 0.02
"""kT/e: a step of Newton's method over which an equilibrium potential bends more is not the last one."""
SURE = 1e-2
"""s: a step so short tells whether a particle is empty or full."""
POTENTIAL_WEIGHT = 0.1
"""Of the error of local potentials beside that of the terminal voltage."""

# Numbers of `Memory.course`: time, s; length of the step; the end of this piece of the load; the load at its start, its rate of
# change and the time it starts at; scale of the charge in the error (0 where the last potential counts); error of the last step;
# start of the segment.
NOW, LENGTH, STOP, TARGET, RAMP, PIECE_START, CHARGE_SCALE, STEP_ERROR, BEGAN = 0, 1, 2, 3, 4, 5, 6, 7, 8
COURSE = 9
# Counts of `Memory.counts`: order of the formula; steps tried; accepted since the start or the last one from anew, and of equal
# length; refused one after another; new starts from one place; piece of the load; event of the last step, −1 for none.
AT_ORDER, STEPS, ACCEPTED, EQUAL_STEPS, REFUSALS, RESTARTS, PIECE, EVENT = 0, 1, 2, 3, 4, 5, 6, 7
COUNTS = 8


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
    brief : bool
        Between the first and the last record, keep what a cell shows at its terminals alone: see `records.record_terminals`.
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
    brief: bool


class Memory(NamedTuple):
    """What the integrator works on: backward differences and scratch of the size of the state; margins of the events.

    Attributes
    ----------
    differences, kept, scratch : ndarray, shape (MAXIMUM_ORDER + 3, unknowns)
    base, change, trial : ndarray, shape (unknowns,)
    before, after : ndarray, shape (EVENTS,)
    convergence : ndarray, shape (2,)
        C in norm → C norm², and steps since it was measured.
    weights : ndarray, shape (2, MAXIMUM_ORDER + 1, MAXIMUM_ORDER + 1)
        Scratch of a change of the step.
    course, counts : ndarray
        Where the integrator is: see `NOW` and `AT_ORDER`.
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
    weights: Array
    course: Array
    counts: Integers


@compiled
def make_memory(size: int) -> Memory:
    """Memory for a state of `size` unknowns."""
    rows = MAXIMUM_ORDER + 3
    return Memory(
        np.zeros((rows, size)),
        np.empty((rows, size)),
        np.empty((rows, size)),
        np.zeros(size),
        np.zeros(size),
        np.zeros(size),
        np.zeros(EVENTS),
        np.zeros(EVENTS),
        np.array([1.0, 8.0]),
        np.zeros((2, MAXIMUM_ORDER + 1, MAXIMUM_ORDER + 1)),
        np.zeros(COURSE),
        np.zeros(COUNTS, np.int64),
    )


@compiled_inside
def error_norm(system: System, y: Array, change: Array, tolerance: float, charge_scale: float) -> float:
    """Largest root mean square, over the kinds of unknowns, of a change in units of the tolerance.

    The last potential of the solid is one of them, or, where `charge_scale` is positive, the charge in its place; the steps of
    the potential between solid and electrolyte count with `POTENTIAL_WEIGHT`, local states in units of their own.
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
            unit = 0.0
            for i in range(first, first + n):
                unit = max(unit, abs(y[i]))  # the largest of them: where one is near zero, it counts as the others do
            unit = system.process_numbers[k, SCALE] + system.process_numbers[k, RELATIVE] * unit
            worst = max(worst, sum_of_squares(change, first, first + n) / n / unit**2)
    worst = max(worst, sum_of_squares(change, at.salt, at.temperature) / cells / system.scalars[REFERENCE_CONCENTRATION] ** 2)
    worst = max(worst, (0.01 * change[at.temperature]) ** 2)
    last = change[at.charge] / charge_scale if charge_scale > 0.0 else change[at.reaction - 1]
    worst = max(worst, last * last)
    return math.sqrt(worst) / tolerance


@compiled_inside
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


@compiled_inside
def note_layers(system: System, y: Array, base: Array, inverse_time: float, work: Work) -> None:
    """Rate of change of φₛ − φₑ at the end of a step."""
    e, s = system.at.electrolyte, system.at.solid
    for i in range(system.width.size):
        work.layer[i] = inverse_time * (y[s + i] - y[e + i] - base[s + i] + base[e + i])


@compiled_inside
def consistent_start(
    system: System, bank: TableBank, y: Array, segment: Segment, target: float, rate: Array, base: Array, work: Work
) -> bool:
    """Potentials, reaction rates and current that belong to the concentrations in `y`; fills their rates of change."""
    # Short, so that potentials belong to the state itself; not so short that round-off shows in the sums of lithium.
    tiny = min(1e-6, max(1e-7, 0.1 * segment.tolerance))
    differential = system.at.electrolyte
    copy(y, base)
    solved = False
    for _ in range(3):
        for _ in range(80):
            norm = call_for_number(system.kernels[NEWTON], (system, bank, y, base, 1.0 / tiny, segment.mode, target, work))
            if not norm < 1e6:
                break
            if norm < 1e-9:
                solved = True
                break
        if solved:
            break
        # Where ions are nearly gone the potentials alone have hardly any equation: they get one from a longer step.
        tiny *= 100.0
        copy(base, y)
    note_layers(system, y, base, 1.0 / tiny, work)
    for k in range(differential, y.size):
        rate[k] = 0.0
    for k in range(differential):
        rate[k] = (y[k] - base[k]) / tiny
        y[k] = base[k]
    rate[system.at.charge] = y[system.at.current]  # over a short step round-off shows in a large charge
    balance_rates(system, y, rate)
    return solved


@compiled_inside
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
            gained += system.width[start + i] * row[SPECIFIC_AREA] * system.share[r] * all_rates
    # Where ions form or a double layer takes part the balance is another one.
    off = gained - content
    pores = 0.0
    for i in range(system.width.size):
        pores += system.width[i] * system.porosity[i]
    if not layers and abs(off) < 1e-6 * abs(gained):
        for i in range(system.width.size):
            rate[at.salt + i] += off / pores


@compiled_inside
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


@compiled_inside
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
        change_step(differences, memory.scratch, memory.weights[0], memory.weights[1], order, near / h)
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
