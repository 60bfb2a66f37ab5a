"""Stepping in time: numerical differentiation formulas of variable order and step, with events.

The formulas are those of Shampine and Reichelt (DOI 10.1137/S1064827594276424), orders 1 to 5, on backward differences.
"""

from __future__ import annotations

import math

import numpy as np

from scalith.cell.kernels.events import (
    CRACKED_THROUGH,
    CRACKS,
    DURATION,
    EMPTY,
    EVENTS,
    FULL,
    HOST,
    HOST_LOST,
    NO_START,
    TOO_MANY_STEPS,
    cause,
    happened,
    margins,
)
from scalith.cell.kernels.formulas import (
    ERROR,
    MAXIMUM_ORDER,
    advance,
    change_step,
    interpolate,
)
from scalith.cell.kernels.implicit_step import (
    ACCEPTED,
    AT_ORDER,
    BEGAN,
    CHARGE_SCALE,
    COUNTS,
    EQUAL_STEPS,
    EVENT,
    LENGTH,
    NOW,
    PIECE,
    PIECE_START,
    RAMP,
    REFUSALS,
    RESTARTS,
    STEP_ERROR,
    STEPS,
    STOP,
    SURE,
    TARGET,
    Memory,
    Segment,
    consistent_start,
    error_norm,
    locate,
    solve_implicit,
)
from scalith.cell.kernels.layout import (
    CHANGE,
    CHANGER,
    GEOMETRY,
    LITHIUM,
    LOSS,
    LOST,
    MAXIMUM_CONCENTRATION,
    OUTPUTS,
    RADIUS,
    REFERENCE_CONCENTRATION,
    STATE,
    Array,
    System,
    TableBank,
    Work,
)
from scalith.cell.kernels.newton import BY_CLIPPED_POWER, BY_POWER, follow_contact, follow_films, follow_losses, left_of_material
from scalith.cell.kernels.reaction import mean_stoichiometry, tell_particle
from scalith.cell.kernels.records import TIME, append, copy, grown, record, record_terminals
from scalith.numerics.call_by_address import call_for_nothing
from scalith.numerics.compiled import compiled, compiled_inside

MOST_RESTARTS = 4
"""From one place, before the integrator gives up."""
REFUSED = -1
"""Instead of a reason: the step was too long, and a shorter one is next."""


@compiled_inside
def start_course(system: System, bank: TableBank, y: Array, start: float, segment: Segment, memory: Memory, work: Work) -> int:
    """Set the integrator at the start of a segment; `DURATION`, or why it ends there."""
    course, counts, loads, load_times = memory.course, memory.counts, segment.loads, segment.load_times
    for m in range(MAXIMUM_ORDER + 3):
        for k in range(y.size):
            memory.differences[m, k] = 0.0
    memory.convergence[0], memory.convergence[1] = 1.0, 8.0
    for k in range(COUNTS):
        counts[k] = 0
    course[NOW] = course[PIECE_START] = course[BEGAN] = start
    course[STOP], course[TARGET] = start + load_times[1], loads[0]
    course[RAMP] = (loads[1] - loads[0]) / load_times[1] if load_times[1] > 0.0 else 0.0
    course[CHARGE_SCALE] = 0.0
    if load_times.size > 2:
        by_power = segment.mode == BY_POWER or segment.mode == BY_CLIPPED_POWER
        largest = 0.0
        for k in range(loads.size):
            largest = max(largest, abs(loads[k]) * (0.25 if by_power else 1.0))
        course[CHARGE_SCALE] = largest * 3.0 * load_times[load_times.size - 1] / (load_times.size - 1.0)
    if system.processes.shape[0] > 0:
        follow_films(system, y)
        follow_losses(system, y)
    course[LENGTH] = min(segment.longest, load_times[1])
    if not first_step(system, bank, y, segment, memory, course[TARGET], work):
        return NO_START
    margins(system, y, segment.limits, memory.before)
    for e in range(EVENTS):
        if memory.before[e] <= 0.0:
            return e + 1
    return DURATION


@compiled_inside
def first_step(
    system: System, bank: TableBank, y: Array, segment: Segment, memory: Memory, target: float, work: Work
) -> bool:  # fmt: skip
    """Begin at `y`, without a past: potentials that belong to its concentrations, order 1, a step that its speed allows."""
    course, counts = memory.course, memory.counts
    if not consistent_start(system, bank, y, segment, target, memory.change, memory.base, work):
        return False
    copy(y, memory.differences[0])
    speed = error_norm(system, y, memory.change, segment.tolerance, course[CHARGE_SCALE])
    course[LENGTH] = min(course[LENGTH], 1.0 / max(speed, 1e-12))
    for k in range(y.size):
        memory.differences[1, k] = course[LENGTH] * memory.change[k]
    counts[AT_ORDER], counts[ACCEPTED], counts[EQUAL_STEPS], counts[REFUSALS] = 1, 0, 0, 0
    return True


@compiled_inside
def change_length(memory: Memory, length: float) -> None:
    """Go on with steps of another length."""
    weights, order = memory.weights, memory.counts[AT_ORDER]
    change_step(memory.differences, memory.scratch, weights[0], weights[1], order, length / memory.course[LENGTH])
    memory.course[LENGTH] = length
    memory.counts[EQUAL_STEPS] = 0


@compiled_inside
def try_step(system: System, bank: TableBank, y: Array, segment: Segment, memory: Memory, work: Work) -> int:
    """Take one step, to the end of a piece of the load at most, and no further than the first event.

    Returns `DURATION` where it is accepted (with the state in `y`), `REFUSED`, or why the segment ends without it.
    """
    course, counts, limits = memory.course, memory.counts, segment.limits
    if counts[STEPS] >= segment.most_steps:
        return TOO_MANY_STEPS
    if course[LENGTH] < 1e-13 * max(1.0, course[NOW]):
        return cause(system, y, limits, memory.after)
    pieces = segment.load_times.size - 1
    wanted = min(course[LENGTH], segment.longest)
    parts = math.ceil((course[STOP] - course[NOW]) / wanted - 1e-9)
    landing = parts <= 1
    if (parts <= 3 and pieces > 1) or landing:
        wanted = (course[STOP] - course[NOW]) / max(parts, 1)  # no sliver before the load bends
    if abs(wanted - course[LENGTH]) > 1e-9 * course[LENGTH]:
        change_length(memory, wanted)
    order, h = counts[AT_ORDER], course[LENGTH]
    aim = course[TARGET] + course[RAMP] * (course[NOW] - course[PIECE_START])
    goal = 3.0 * segment.tolerance  # in kT: a tenth of the tolerance in V
    taken = solve_implicit(
        system, bank, memory, order, h, segment.mode, aim + course[RAMP] * h, goal, 0.0, memory.trial, work
    )  # fmt: skip
    counts[STEPS] += 1
    error = np.inf
    if taken > 0:
        error = ERROR[order] * error_norm(system, y, memory.change, segment.tolerance, course[CHARGE_SCALE])
    counts[EVENT] = -1
    if error <= 1.0:
        margins(system, memory.trial, limits, memory.after)
        event = happened(memory.after, memory.before)
        if event in (EMPTY, FULL) and h > SURE:
            # The error of a long step may put a surface beyond the end of its table: a short one is believed.
            taken, error = int(np.int64(-1)), np.inf
        elif event >= 0:
            counts[EVENT], near = locate(system, bank, segment, memory, order, h, aim, course[RAMP], event, work)
            if near < 0.0:
                taken, error = int(np.int64(-1)), np.inf
            else:
                course[LENGTH] = near
    course[STEP_ERROR] = error
    if not error <= 1.0:
        return refuse(system, bank, y, segment, memory, aim, taken > 0, work)
    counts[REFUSALS] = counts[RESTARTS] = 0
    landing = landing and counts[EVENT] < 0
    course[NOW] = course[STOP] if landing else course[NOW] + course[LENGTH]
    if landing and counts[PIECE] + 1 < pieces:
        piece = counts[PIECE] + 1
        length = segment.load_times[piece + 1] - segment.load_times[piece]
        course[PIECE_START] = course[BEGAN] + segment.load_times[piece]
        course[STOP] = course[BEGAN] + segment.load_times[piece + 1]
        course[TARGET] = segment.loads[piece]
        course[RAMP] = (segment.loads[piece + 1] - course[TARGET]) / length
        counts[PIECE] = piece
    copy(memory.trial, y)
    counts[EQUAL_STEPS] += 1
    counts[ACCEPTED] += 1
    advance(memory.differences, order, memory.change)
    return DURATION


@compiled_inside
def refuse(
    system: System, bank: TableBank, y: Array, segment: Segment, memory: Memory, aim: float, solved: bool, work: Work
) -> int:  # fmt: skip
    """After a step that was too long: a shorter one, or a new start where the past is no guide; `REFUSED`, or a reason."""
    course, counts = memory.course, memory.counts
    counts[REFUSALS] += 1
    # Behind a change of the step the error of a high order hardly falls with it at first: a past that nearly fits is kept longer.
    # (Particles that separate do so at once: there a new start is the quicker way.)
    nearly = solved and course[STEP_ERROR] < 2.0 and counts[AT_ORDER] > 2 and counts[REFUSALS] < 5 and work.couples.size == 0
    if counts[REFUSALS] >= 3 and counts[RESTARTS] < MOST_RESTARTS and not nearly:
        # From here anew, with the potentials that belong to the concentrations.
        counts[RESTARTS] += 1
        copy(memory.differences[0], y)
        if not first_step(system, bank, y, segment, memory, aim, work):
            return cause(system, y, segment.limits, memory.after)
        return REFUSED
    # A jump of the load starts with √t: the error of a first step falls as its length, not as its square.
    power = -1.0 if counts[ACCEPTED] == 0 else -1.0 / (counts[AT_ORDER] + 1)
    factor = max(0.1, 0.9 * course[STEP_ERROR] ** power) if solved else 0.3
    if nearly and counts[REFUSALS] >= 3:
        factor = min(factor, 0.5)
    change_length(memory, course[LENGTH] * factor)
    return REFUSED


@compiled_inside
def choose_order(system: System, y: Array, segment: Segment, memory: Memory) -> None:
    """Order and length of the next step, once enough steps were equal to tell."""
    course, counts = memory.course, memory.counts
    order = counts[AT_ORDER]
    if counts[EQUAL_STEPS] < order + 1:
        return
    differences, tolerance, scale = memory.differences, segment.tolerance, course[CHARGE_SCALE]
    best, factor = 0, max(course[STEP_ERROR], 1e-8) ** (-1.0 / (order + 1))
    if order > 1:
        below = ERROR[order - 1] * error_norm(system, y, differences[order], tolerance, scale)
        lower = max(below, 1e-8) ** (-1.0 / order)
        if lower > factor:
            best, factor = -1, lower
    if order < MAXIMUM_ORDER:
        above = ERROR[order + 1] * error_norm(system, y, differences[order + 2], tolerance, scale)
        higher = max(above, 1e-8) ** (-1.0 / (order + 2))
        if higher > factor:
            best, factor = 1, higher
    factor = min(8.0, 0.9 * factor)
    if best != 0 or factor > 1.2 or factor < 0.9:
        counts[AT_ORDER] = order + best
        change_length(memory, course[LENGTH] * factor)


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
    course, counts, output_times, keep = memory.course, memory.counts, segment.output_times, segment.keep_states
    end = start + segment.load_times[segment.load_times.size - 1]
    every = output_times.size == 0
    reason = start_course(system, bank, y, start, segment, memory, work)
    if reason == NO_START:
        return start, reason, rows, states, used, counts[STEPS]
    at_output = 0
    while at_output < output_times.size and output_times[at_output] <= start:
        at_output += 1
    rows, states = grown(rows, used), grown(states, used if keep else 0)
    used = append(system, bank, y, start, counts[AT_ORDER], keep, rows, states, used, work)
    while reason == DURATION and course[NOW] < end:
        reason = try_step(system, bank, y, segment, memory, work)
        if reason == REFUSED:
            reason = int(np.int64(DURATION))
            continue
        if reason != DURATION:
            break
        time, ended = course[NOW], counts[EVENT] >= 0 or course[NOW] >= end
        while at_output < output_times.size and output_times[at_output] <= time:
            at = output_times[at_output]
            at_output += 1
            if at < time:
                interpolate(memory.differences, counts[AT_ORDER], (time - at) / course[LENGTH], memory.trial)
                rows, states = grown(rows, used), grown(states, used if keep else 0)
                used = append(system, bank, memory.trial, at, counts[AT_ORDER], keep, rows, states, used, work)
        if every or ended or (at_output > 0 and output_times[at_output - 1] == time):
            rows, states = grown(rows, used), grown(states, used if keep else 0)
            if segment.brief and not keep:
                record_terminals(system, y, time, counts[AT_ORDER], rows[used])
                used += 1
            else:
                used = append(system, bank, y, time, counts[AT_ORDER], keep, rows, states, used, work)
        if system.processes.shape[0] > 0:
            change_states(system, memory.differences, y, work)
            keep_salt(system, memory.differences, y)
            keep_lithium(system, memory.differences, y)
            follow_contact(system, y)
        if counts[EVENT] >= 0:
            reason = counts[EVENT] + 1
            break
        margins(system, y, segment.limits, memory.before)
        if memory.before[CRACKS] <= 0.0 or memory.before[HOST] <= 0.0:  # by what has changed between two steps
            reason = int(np.int64(CRACKED_THROUGH if memory.before[CRACKS] <= 0.0 else HOST_LOST))
            if rows[used - 1, TIME] < course[NOW]:
                rows, states = grown(rows, used), grown(states, used if keep else 0)
                used = append(system, bank, y, course[NOW], counts[AT_ORDER], keep, rows, states, used, work)
            break
        choose_order(system, y, segment, memory)
    if segment.brief and rows[used - 1, TIME] == course[NOW]:
        record(system, bank, y, course[NOW], counts[AT_ORDER], work, rows[used - 1])
    return course[NOW], reason, rows, states, used, counts[STEPS]


@compiled_inside
def change_states(system: System, differences: Array, y: Array, work: Work) -> None:
    """Change the local states that processes change between time steps."""
    out, T = work.output, y[system.at.temperature]
    for p in range(system.start.size):
        n = system.count[p]
        surface = system.particle_offset[p] + (system.nodes[p] - 1) * n
        for k in range(system.first_process[p], system.first_process[p + 1]):
            if system.processes[k, CHANGER] == 0:
                continue
            for i in range(n):
                at = system.processes[k, STATE] + i
                c = y[system.at.salt + system.start[p] + i] / system.scalars[REFERENCE_CONCENTRATION]
                j = y[system.at.reaction + system.reaction_offset[p] + i]
                tell_particle(system, y, p, i, out)
                for m in range(OUTPUTS):
                    out[m] = 0.0
                call_for_nothing(
                    system.processes[k, CHANGER], (0.0, c, y[surface + i], j, T, y[at], system.process_numbers[k], out)
                )
                y[at] += out[CHANGE]
                differences[0, at] += out[CHANGE]


@compiled_inside
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


@compiled_inside
def keep_lithium(system: System, differences: Array, y: Array) -> None:
    """Let material and surface follow their losses; the lithium of what is lost goes where it is counted.

    The past of what is left is scaled so that its lithium changed by as much as it did: the next formula, which knows one
    surface only, then keeps every ion.
    """
    for p in range(system.start.size):
        account = losses = -1
        for k in range(system.first_process[p], system.first_process[p + 1]):
            if system.process_numbers[k, LOST] != 0.0:
                account = system.processes[k, STATE]
            if system.process_numbers[k, LOSS] != 0.0:
                losses = k
        if losses < 0 or account < 0:
            continue
        n, first = system.count[p], system.particle_offset[p]
        for i in range(n):
            r = system.reaction_offset[p] + i
            left = left_of_material(system, y, p, i)
            if left == system.share[r]:
                continue
            lost = (system.share[r] - left) * held_lithium(system, y, p, i)
            y[account + i] += lost
            differences[0, account + i] += lost
            ratio = system.share[r] / left
            for m in range(1, differences.shape[0]):
                for k in range(system.nodes[p]):
                    differences[m, first + k * n + i] *= ratio
                for k in range(system.first_process[p], system.first_process[p + 1]):
                    if system.process_numbers[k, LITHIUM] != 0.0:
                        differences[m, system.processes[k, STATE] + i] *= ratio
            system.share[r] = left


@compiled_inside
def held_lithium(system: System, y: Array, p: int, i: int) -> float:
    """Lithium of one particle and what is bound at it, mol per m2 of its surface."""
    row, n = system.classes[p], system.count[p]
    mean = mean_stoichiometry(y, system.particle_offset[p] + i, n, system.nodes[p], system.volumes[p])
    held = row[RADIUS] * row[MAXIMUM_CONCENTRATION] / row[GEOMETRY] * mean
    for k in range(system.first_process[p], system.first_process[p + 1]):
        held += system.process_numbers[k, LITHIUM] * y[system.processes[k, STATE] + i]
    return float(held)
