"""Stepping in time: numerical differentiation formulas of variable order and step, with events.

The formulas are those of Shampine and Reichelt (DOI 10.1137/S1064827594276424), orders 1 to 5, on backward differences.
"""

from __future__ import annotations

import math

import numpy as np

from scalith.cell.kernels.layout import (
    HIGHEST,
    LOWEST,
    REFERENCE_CONCENTRATION,
    Array,
    System,
    TableBank,
    Work,
)
from scalith.cell.kernels.newton import heat_sources, newton_step, terminal_voltage
from scalith.quantities.compiled import compiled

MAXIMUM_ORDER = 5
_KAPPA = np.array([0.0, -0.1850, -1.0 / 9.0, -0.0823, -0.0415, 0.0])
_GAMMA = np.concatenate([np.zeros(1), np.cumsum(1.0 / np.arange(1.0, 6.0))])
_ALPHA = (1.0 - _KAPPA) * _GAMMA
_ERROR = _KAPPA * _GAMMA + 1.0 / np.arange(1.0, 7.0)

# Why a step of a protocol ended.
DURATION, VOLTAGE_BELOW, VOLTAGE_ABOVE, CURRENT_BELOW, TEMPERATURE_ABOVE = 0, 1, 2, 3, 4
ELECTROLYTE_EMPTY, PARTICLE_EMPTY, PARTICLE_FULL, NOT_CONVERGED, TOO_MANY_STEPS, NO_START = 5, 6, 7, 8, 9, 10
EVENTS = 7

# Columns of a record.
TIME, VOLTS, AMPERES, KELVIN, CHARGE = 0, 1, 2, 3, 4
HEAT_SOLID, HEAT_LIQUID, HEAT_REACTION, HEAT_ENTROPIC, EQUILIBRIUM_POWER = 5, 6, 7, 8, 9
SALT, SALT_LOWEST, SALT_HIGHEST = 10, 11, 12
CLASSES = 13  # then for each class: mean x, mean surface x, lowest and highest surface x
CLASS_RECORDS = 4


@compiled
def change_step(differences: Array, scratch: Array, order: int, factor: float) -> None:
    """Backward differences for a step `factor` times as long."""
    R = np.zeros((MAXIMUM_ORDER + 1, MAXIMUM_ORDER + 1))
    U = np.zeros((MAXIMUM_ORDER + 1, MAXIMUM_ORDER + 1))
    for b in range(order + 1):
        R[0, b] = 1.0
        U[0, b] = 1.0
        for a in range(1, order + 1):
            R[a, b] = 0.0 if b == 0 else R[a - 1, b] * (a - 1.0 - factor * b) / a
            U[a, b] = 0.0 if b == 0 else U[a - 1, b] * (a - 1.0 - b) / a
    for a in range(1, order + 1):
        scratch[a, :] = 0.0
        for b in range(1, order + 1):
            weight = 0.0
            for k in range(order + 1):
                weight += R[b, k] * U[k, a]
            if weight != 0.0:
                scratch[a, :] += weight * differences[b, :]
    for a in range(1, order + 1):
        differences[a, :] = scratch[a, :]


@compiled
def error_norm(system: System, change: Array, tolerance: float) -> float:
    """Largest root mean square, over the kinds of unknowns, of a change in units of the tolerance."""
    nodes = system.volumes.shape[1]
    cells = system.width.size
    worst = 0.0
    first_c = 0
    for p in range(system.start.size):
        lo = system.particle_offset[p]
        hi = lo + nodes * system.count[p]
        total = 0.0
        for k in range(lo, hi):
            total += change[k] * change[k]
        worst = max(worst, total / (hi - lo))
        first_c = max(first_c, hi)
    total = 0.0
    for i in range(cells):
        total += change[first_c + i] * change[first_c + i]
    worst = max(worst, total / cells / system.scalars[REFERENCE_CONCENTRATION] ** 2)
    at_T = first_c + cells
    worst = max(worst, (0.01 * change[at_T]) ** 2)
    last_s = at_T + 1 + 2 * cells
    worst = max(worst, change[last_s] * change[last_s])
    return math.sqrt(worst) / tolerance


@compiled
def attempt(
    system: System,
    bank: TableBank,
    differences: Array,
    order: int,
    h: float,
    mode: int,
    target: float,
    y: Array,
    base: Array,
    prediction: Array,
    work: Work,
) -> int:
    """Solve one implicit step of length h; returns the Newton steps taken, or −1 where they do not converge."""
    prediction[:] = differences[0, :]
    base[:] = differences[0, :]
    for m in range(1, order + 1):
        weight = 1.0 - _GAMMA[m] / _ALPHA[order]
        for k in range(y.size):
            prediction[k] += differences[m, k]
            base[k] += weight * differences[m, k]
    y[:] = prediction
    previous = np.inf
    for iteration in range(8):
        norm = newton_step(system, bank, y, base, _ALPHA[order] / h, mode, target, work)
        if not norm < 1e3 or (iteration > 2 and norm > 2.0 * previous):
            return -1
        if norm < 3e-5:
            return iteration + 1
        previous = norm
    return -1


@compiled
def consistent_start(
    system: System, bank: TableBank, y: Array, mode: int, target: float, rate: Array, base: Array, work: Work
) -> bool:
    """Potentials, reaction rates and current that belong to the concentrations in `y`; fills their rates of change."""
    tiny = 1e-6
    differential = work.potential.size + system.width.size + 2
    base[:] = y
    solved = False
    for _ in range(80):
        norm = newton_step(system, bank, y, base, 1.0 / tiny, mode, target, work)
        if not norm < 1e6:
            break
        if norm < 1e-9:
            solved = True
            break
    rate[:] = 0.0
    for k in range(differential):
        rate[k] = (y[k] - base[k]) / tiny
        y[k] = base[k]
    return solved


@compiled
def margins(system: System, y: Array, limits: Array, salt_floor: float, result: Array) -> None:
    """How far each event is away: at most zero where it has happened; infinite where it is not watched."""
    nodes = system.volumes.shape[1]
    cells = system.width.size
    current = y[y.size - 1]
    voltage = terminal_voltage(system, y)
    result[:] = np.inf
    if current > 0.0:
        result[0] = voltage - limits[0]
    elif current < 0.0:
        result[1] = limits[1] - voltage
    result[2] = abs(current) - limits[2]
    first_c = 0
    for p in range(system.start.size):
        row = system.classes[p]
        n = system.count[p]
        surface = system.particle_offset[p] + (nodes - 1) * n
        first_c = max(first_c, surface + n)
        for i in range(n):
            result[5] = min(result[5], y[surface + i] - row[LOWEST])
            result[6] = min(result[6], row[HIGHEST] - y[surface + i])
    result[3] = limits[3] - y[first_c + cells]
    for i in range(cells):
        result[4] = min(result[4], y[first_c + i] / system.scalars[REFERENCE_CONCENTRATION] - salt_floor)


@compiled
def record(system: System, bank: TableBank, y: Array, time: float, work: Work, row: Array) -> None:
    """One row of results."""
    nodes = system.volumes.shape[1]
    cells = system.width.size
    particles = work.potential.size
    row[TIME], row[VOLTS], row[AMPERES] = time, terminal_voltage(system, y), y[y.size - 1]
    row[KELVIN], row[CHARGE] = y[particles + cells], y[particles + cells + 1]
    heat = heat_sources(system, bank, y, work)
    row[HEAT_SOLID], row[HEAT_LIQUID], row[HEAT_REACTION], row[HEAT_ENTROPIC], row[EQUILIBRIUM_POWER] = heat
    salt = 0.0
    row[SALT_LOWEST], row[SALT_HIGHEST] = np.inf, -np.inf
    for i in range(cells):
        c = y[particles + i]
        salt += system.width[i] * system.porosity[i] * c
        row[SALT_LOWEST] = min(row[SALT_LOWEST], c)
        row[SALT_HIGHEST] = max(row[SALT_HIGHEST], c)
    row[SALT] = salt
    for p in range(system.start.size):
        n, start = system.count[p], system.start[p]
        x = y[system.particle_offset[p] : system.particle_offset[p] + nodes * n].reshape((nodes, n))
        length = mean = surface = volume = 0.0
        lowest, highest = np.inf, -np.inf
        for k in range(nodes):
            volume += system.volumes[p, k]
        for i in range(n):
            h = system.width[start + i]
            length += h
            total = 0.0
            for k in range(nodes):
                total += system.volumes[p, k] * x[k, i]
            mean += h * total / volume
            surface += h * x[nodes - 1, i]
            lowest = min(lowest, x[nodes - 1, i])
            highest = max(highest, x[nodes - 1, i])
        at = CLASSES + CLASS_RECORDS * p
        row[at], row[at + 1], row[at + 2], row[at + 3] = mean / length, surface / length, lowest, highest


@compiled
def grown(rows: Array, used: int) -> Array:
    """`rows` with room for at least one more."""
    if used < rows.shape[0]:
        return rows
    larger = np.empty((2 * rows.shape[0], rows.shape[1]))
    larger[:used] = rows[:used]
    return larger


@compiled
def run_step(
    system: System,
    bank: TableBank,
    y: Array,
    start: float,
    mode: int,
    target: float,
    ramp: float,
    duration: float,
    limits: Array,
    salt_floor: float,
    tolerance: float,
    longest: float,
    most_steps: int,
    output_times: Array,
    keep_states: bool,
    rows: Array,
    states: Array,
    used: int,
    work: Work,
) -> tuple[float, int, Array, Array, int, int]:
    """Hold current, voltage, power or resistance at target + ramp·(t − start) until `duration` or an event.

    Parameters
    ----------
    y : ndarray
        State; on return the state at the end.
    limits : ndarray, shape (4,)
        Voltage below (while discharging), voltage above (while charging), |current| below, temperature above.
    output_times : ndarray
        Times to record at, increasing; where it is empty every accepted step is recorded.
    rows, states, used
        Records so far; returned enlarged where they were full.

    Returns
    -------
    time, reason, rows, states, used, steps
    """
    size = y.size
    differences = np.zeros((MAXIMUM_ORDER + 3, size))
    kept = np.empty((MAXIMUM_ORDER + 3, size))
    scratch = np.empty((MAXIMUM_ORDER + 3, size))
    base, prediction, trial = np.empty(size), np.empty(size), np.empty(size)
    before, after = np.empty(EVENTS), np.empty(EVENTS)
    at_output = 0
    steps = 0
    time = start
    end = start + duration
    if not consistent_start(system, bank, y, mode, target, scratch[0], base, work):
        return time, NO_START, rows, states, used, steps
    differences[0, :] = y
    differences[1, :] = scratch[0, :]
    speed = error_norm(system, differences[1], tolerance)
    h = min(longest, duration, 1.0 / max(speed, 1e-12))
    differences[1, :] *= h
    order, equal_steps = 1, 0
    every = output_times.size == 0
    while at_output < output_times.size and output_times[at_output] <= time:
        at_output += 1
    rows, states = grown(rows, used), grown(states, used) if keep_states else states
    record(system, bank, y, time, work, rows[used])
    if keep_states:
        states[used] = y
    used += 1
    margins(system, y, limits, salt_floor, before)
    for e in range(EVENTS):
        if before[e] <= 0.0 and e != 2:
            return time, e + 1, rows, states, used, steps
    if duration <= 0.0:
        return time, DURATION, rows, states, used, steps
    reason = DURATION
    while time < end:
        if steps >= most_steps:
            reason = TOO_MANY_STEPS
            break
        if h < 1e-13 * max(1.0, time):
            reason = NOT_CONVERGED
            break
        if h > longest:
            change_step(differences, scratch, order, longest / h)
            h = longest
            equal_steps = 0
        last_step = time + h * (1.0 + 1e-9) >= end
        if last_step and end - time != h:
            change_step(differences, scratch, order, (end - time) / h)
            h = end - time
            equal_steps = 0
        taken = attempt(
            system, bank, differences, order, h, mode, target + ramp * (time + h - start), trial, base, prediction, work
        )
        steps += 1
        if taken < 0:
            change_step(differences, scratch, order, 0.3)
            h *= 0.3
            equal_steps = 0
            continue
        for k in range(size):
            prediction[k] = trial[k] - prediction[k]
        error = _ERROR[order] * error_norm(system, prediction, tolerance)
        if not error <= 1.0:
            factor = max(0.2, 0.9 * error ** (-1.0 / (order + 1)))
            change_step(differences, scratch, order, factor)
            h *= factor
            equal_steps = 0
            continue
        margins(system, trial, limits, salt_floor, after)
        event = -1
        for e in range(EVENTS):
            if after[e] <= 0.0 and before[e] > 0.0:
                event = e
                break
        if event >= 0:
            # The first event that the step runs into: its time by regula falsi (Illinois), each trial a full solve.
            kept[:] = differences
            low, high = 0.0, h
            g_low, g_high = before[event], after[event]
            near = high
            side = 0
            for _ in range(60):
                if high - low <= 1e-12 * max(1.0, time) or g_high == 0.0:
                    break
                near = (low * g_high - high * g_low) / (g_high - g_low)
                differences[:] = kept
                change_step(differences, scratch, order, near / h)
                taken = attempt(
                    system,
                    bank,
                    differences,
                    order,
                    near,
                    mode,
                    target + ramp * (time + near - start),
                    scratch[0],
                    base,
                    prediction,
                    work,
                )
                if taken < 0:
                    break
                margins(system, scratch[0], limits, salt_floor, after)
                sooner = -1
                for e in range(EVENTS):
                    if after[e] <= 0.0 and before[e] > 0.0 and (sooner < 0 or e == event):
                        sooner = e
                if sooner >= 0 and sooner != event:
                    event = sooner
                    g_low, side = before[event], 0
                    low = 0.0
                g = after[event]
                if g <= 0.0:
                    trial[:] = scratch[0]
                    high, g_high = near, g
                    if g > -1e-9:
                        break
                    if side == -1:
                        g_low *= 0.5
                    side = -1
                else:
                    low, g_low = near, g
                    if g < 1e-9:
                        trial[:] = scratch[0]
                        high = near
                        break
                    if side == 1:
                        g_high *= 0.5
                    side = 1
            differences[:] = kept
            change_step(differences, scratch, order, high / h)
            h = high
            for k in range(size):
                prediction[k] = differences[0, k]
            for m in range(1, order + 1):
                for k in range(size):
                    prediction[k] += differences[m, k]
            for k in range(size):
                prediction[k] = trial[k] - prediction[k]
        time = end if last_step and event < 0 else time + h
        y[:] = trial
        equal_steps += 1
        for k in range(size):
            differences[order + 2, k] = prediction[k] - differences[order + 1, k]
            differences[order + 1, k] = prediction[k]
        for m in range(order, -1, -1):
            for k in range(size):
                differences[m, k] += differences[m + 1, k]
        while at_output < output_times.size and output_times[at_output] <= time:
            wanted = output_times[at_output]
            at_output += 1
            if wanted < time:
                trial[:] = differences[0]
                weight = 1.0
                for m in range(1, order + 1):
                    weight *= (wanted - time + h * (m - 1.0)) / (h * m)
                    for k in range(size):
                        trial[k] += weight * differences[m, k]
                rows, states = grown(rows, used), grown(states, used) if keep_states else states
                record(system, bank, trial, wanted, work, rows[used])
                if keep_states:
                    states[used] = trial
                used += 1
        if every or event >= 0 or time >= end or (at_output > 0 and output_times[at_output - 1] == time):
            rows, states = grown(rows, used), grown(states, used) if keep_states else states
            record(system, bank, y, time, work, rows[used])
            if keep_states:
                states[used] = y
            used += 1
        if event >= 0:
            reason = event + 1
            break
        margins(system, y, limits, salt_floor, before)
        if equal_steps < order + 1:
            continue
        best, factor = 0, max(error, 1e-8) ** (-1.0 / (order + 1))
        if order > 1:
            lower = max(_ERROR[order - 1] * error_norm(system, differences[order], tolerance), 1e-8) ** (-1.0 / order)
            if lower > factor:
                best, factor = -1, lower
        if order < MAXIMUM_ORDER:
            higher = max(_ERROR[order + 1] * error_norm(system, differences[order + 2], tolerance), 1e-8) ** (-1.0 / (order + 2))
            if higher > factor:
                best, factor = 1, higher
        factor = min(8.0, 0.9 * factor)
        if best != 0 or factor > 1.2 or factor < 0.9:
            order += best
            change_step(differences, scratch, order, factor)
            h *= factor
            equal_steps = 0
    return time, reason, rows, states, used, steps
