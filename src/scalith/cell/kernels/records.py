"""What is kept of a run: one row of numbers for each recorded time, and whole states where they are asked for."""

from __future__ import annotations

import numpy as np

from scalith.cell.kernels.layout import HYSTERESIS_DECAY, Array, System, TableBank, Work
from scalith.cell.kernels.newton import heat_sources, terminal_voltage
from scalith.cell.kernels.reaction import hysteresis_after
from scalith.numerics.compiled import compiled, compiled_in_place

# Columns of a record.
TIME, VOLTS, AMPERES, KELVIN, CHARGE = 0, 1, 2, 3, 4
HEAT_SOLID, HEAT_LIQUID, HEAT_REACTION, HEAT_ENTROPIC, EQUILIBRIUM_POWER = 5, 6, 7, 8, 9
SALT, SALT_LOWEST, SALT_HIGHEST, ORDER = 10, 11, 12, 13
CLASSES = 14  # then for each class: mean x, mean surface x, lowest and highest surface x, mean state of hysteresis
CLASS_RECORDS = 5


@compiled_in_place
def copy(source: Array, target: Array) -> None:
    """Copy one vector (much quicker to compile than a slice)."""
    for k in range(source.size):
        target[k] = source[k]


@compiled_in_place
def record(system: System, bank: TableBank, y: Array, time: float, order: int, work: Work, row: Array) -> None:
    """One row of results."""
    cells = system.width.size
    particles = work.potential.size
    row[TIME], row[VOLTS], row[AMPERES] = time, terminal_voltage(system, y), y[y.size - 1]
    row[KELVIN], row[CHARGE] = y[particles + cells], y[particles + cells + 1]
    row[ORDER] = order
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
        n, start, nodes = system.count[p], system.start[p], system.nodes[p]
        x = y[system.particle_offset[p] : system.particle_offset[p] + nodes * n].reshape((nodes, n))
        length = mean = surface = volume = state = 0.0
        decay = system.classes[p, HYSTERESIS_DECAY]
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
            if decay > 0.0:
                kept = system.hysteresis[system.reaction_offset[p] + i]
                state += h * hysteresis_after(decay, kept[1], total / volume - kept[0])[0]
            lowest = min(lowest, x[nodes - 1, i])
            highest = max(highest, x[nodes - 1, i])
        at = CLASSES + CLASS_RECORDS * p
        row[at], row[at + 1], row[at + 2], row[at + 3] = mean / length, surface / length, lowest, highest
        row[at + 4] = state / length


@compiled
def grown(rows: Array, used: int) -> Array:
    """`rows` with room for at least one more."""
    if used < rows.shape[0]:
        return rows
    larger = np.empty((2 * rows.shape[0], rows.shape[1]))
    for k in range(used):
        copy(rows[k], larger[k])
    return larger


@compiled
def append(
    system: System,
    bank: TableBank,
    y: Array,
    time: float,
    order: int,
    keep: bool,
    rows: Array,
    states: Array,
    used: int,
    work: Work,
) -> tuple[Array, Array, int]:
    """Record a state, in full too where `keep` says so."""
    rows = grown(rows, used)
    record(system, bank, y, time, order, work, rows[used])
    if keep:
        states = grown(states, used)
        copy(y, states[used])
    return rows, states, used + 1
