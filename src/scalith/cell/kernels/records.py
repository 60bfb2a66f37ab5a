"""What is kept of a run: one row of numbers for each recorded time, and whole states where they are asked for."""

from __future__ import annotations

import numpy as np

from scalith.cell.kernels.layout import (
    BRANCH,
    CONTACT_RESISTANCE,
    ENTROPY,
    LITHIUM,
    LOST,
    PHASE_FIELD,
    PHASE_FIELD_VOLTAGE,
    REFERENCE_TEMPERATURE,
    SPECIFIC_AREA,
    STATE,
    STRAIN,
    TABLES,
    VOLTAGE,
    Array,
    System,
    TableBank,
    Work,
    table_of,
)
from scalith.cell.kernels.newton import heat_sources, terminal_voltage
from scalith.cell.kernels.reaction import equilibrium
from scalith.numerics.call_by_address import call_for_number
from scalith.numerics.compiled import compiled, compiled_inside
from scalith.quantities.constants import FARADAY, GAS_CONSTANT

_F = FARADAY
_R = GAS_CONSTANT

# Columns of a record.
TIME, VOLTS, AMPERES, KELVIN, CHARGE = 0, 1, 2, 3, 4
HEAT_SOLID, HEAT_LIQUID, HEAT_REACTION, HEAT_ENTROPIC, HEAT_MIXING, EQUILIBRIUM_POWER, LAYER_POWER = 5, 6, 7, 8, 9, 10, 11
SALT, SALT_LOWEST, SALT_HIGHEST, ORDER = 12, 13, 14, 15
# Charge in the double layers of each electrode, C m-2 of plane.
LAYER_NEGATIVE, LAYER_POSITIVE = 16, 17
# Potential of the electrolyte in the middle of the separator; then means over each electrode: of the electrolyte's potential, of
# ∫ (2RT/F) χ (1 − t₊) d ln c from the middle of the separator, and of the solid's potential.
REFERENCE, LIQUID_NEGATIVE, LIQUID_POSITIVE = 18, 19, 20
DIFFUSION_NEGATIVE, DIFFUSION_POSITIVE, SOLID_NEGATIVE, SOLID_POSITIVE = 21, 22, 23, 24
CONTACT = 25  # contact resistance, ohm
CLASSES = 26
# Then for each class: mean x, mean surface x, lowest and highest surface x, mean branch of the hysteresis with memory,
# means of the surface's equilibrium potential and of φₛ − φₑ, lithium bound by side reactions (mol m-2 of plane), share of the
# material that is left, lithium in what is lost (mol m-2 of plane). All means are those of the material that is left.
CLASS_RECORDS = 10


@compiled_inside
def copy(source: Array, target: Array) -> None:
    """Copy one vector (much quicker to compile than a slice)."""
    for k in range(source.size):
        target[k] = source[k]


@compiled_inside
def record(system: System, bank: TableBank, y: Array, time: float, order: int, work: Work, row: Array) -> None:
    """One row of results."""
    cells = system.width.size
    at = system.at
    row[TIME], row[VOLTS], row[AMPERES] = time, terminal_voltage(system, y), y[at.current]
    row[KELVIN], row[CHARGE] = y[at.temperature], y[at.charge]
    row[ORDER] = order
    row[CONTACT] = system.scalars[CONTACT_RESISTANCE]
    heat = heat_sources(system, bank, y, work)
    row[HEAT_SOLID], row[HEAT_LIQUID], row[HEAT_REACTION], row[HEAT_ENTROPIC], row[HEAT_MIXING] = heat[:5]
    row[EQUILIBRIUM_POWER], row[LAYER_POWER] = heat[5], heat[6]
    salt = 0.0
    row[SALT_LOWEST], row[SALT_HIGHEST] = np.inf, -np.inf
    for i in range(cells):
        c = y[at.salt + i]
        salt += system.width[i] * system.porosity[i] * c
        row[SALT_LOWEST] = min(row[SALT_LOWEST], c)
        row[SALT_HIGHEST] = max(row[SALT_HIGHEST], c)
    row[SALT] = salt
    record_potentials(system, y, work, row)
    for p in range(system.start.size):
        record_class(system, bank, y, p, row)


@compiled_inside
def record_terminals(system: System, y: Array, time: float, order: int, row: Array) -> None:
    """Time, voltage, current, temperature, charge and order; the rest of the row is not a number."""
    for k in range(row.size):
        row[k] = np.nan
    row[TIME], row[VOLTS], row[AMPERES] = time, terminal_voltage(system, y), y[system.at.current]
    row[KELVIN], row[CHARGE], row[ORDER] = y[system.at.temperature], y[system.at.charge], order


@compiled_inside
def record_potentials(system: System, y: Array, work: Work, row: Array) -> None:
    """Charge of the double layers, the reference, and what the voltage is made of between the electrodes."""
    cells = system.width.size
    at = system.at
    thermal = _R * y[at.temperature] / _F
    middle, separator = 0.0, 0
    negative, positive = system.count[0], system.count[system.count.size - 1]
    for k in range(LAYER_NEGATIVE, CONTACT):
        row[k] = 0.0
    left = right = 0.0
    drop = 0.0
    for i in range(cells):
        width, phi_e, phi_s = system.width[i], y[at.electrolyte + i], y[at.solid + i]
        if i > 0:
            a, b = work.electrolyte[i - 1], work.electrolyte[i]
            drop += thermal * (a[6] + b[6]) * (b[8] - a[8])
        if i < negative:
            side, part = 0, width
            left += width
        elif i >= cells - positive:
            side, part = 1, width
            right += width
        else:
            side, part = 2, 0.0
        if side == 2:
            separator += 1
            middle += drop
            row[REFERENCE] += phi_e
            continue
        row[LAYER_NEGATIVE + side] += width * system.capacitance[i] * (phi_s - phi_e)
        row[LIQUID_NEGATIVE + side] += part * phi_e
        row[DIFFUSION_NEGATIVE + side] += part * drop
        row[SOLID_NEGATIVE + side] += part * phi_s
    row[REFERENCE] /= max(separator, 1)
    for side in range(2):
        length = left if side == 0 else right
        row[LIQUID_NEGATIVE + side] /= length
        row[DIFFUSION_NEGATIVE + side] = row[DIFFUSION_NEGATIVE + side] / length - middle / max(separator, 1)
        row[SOLID_NEGATIVE + side] /= length


@compiled_inside
def record_class(system: System, bank: TableBank, y: Array, p: int, row: Array) -> None:
    """Means over one class of particles."""
    at = system.at
    numbers, T = system.classes[p], y[at.temperature]
    n, start, nodes, first = system.count[p], system.start[p], system.nodes[p], system.particle_offset[p]
    tables = TABLES * (1 + system.material[p])
    voltage, entropy = table_of(bank, tables + VOLTAGE), table_of(bank, tables + ENTROPY)
    length = mean = surface = volume = state = potential = step = bound = 0.0
    lowest, highest = np.inf, -np.inf
    for k in range(nodes):
        volume += system.volumes[p, k]
    r, left, lost = system.reaction_offset[p], 0.0, 0.0
    for i in range(n):
        left += system.width[start + i] * system.share[r + i]
        length += system.width[start + i]
    for i in range(n):
        # Of what is left: where material was lost, a part counts less.
        h = system.width[start + i] * system.share[r + i] * length / left
        total = 0.0
        for k in range(nodes):
            total += system.volumes[p, k] * y[first + k * n + i]
        x = y[first + (nodes - 1) * n + i]
        mean += h * total / volume
        surface += h * x
        if numbers[PHASE_FIELD] > 0.0:
            U = call_for_number(system.kernels[PHASE_FIELD_VOLTAGE], (system, bank, y, T, p, i))
        else:
            U = equilibrium(voltage, entropy, numbers, x, T, system.scalars[REFERENCE_TEMPERATURE])[0]
            if numbers[STRAIN] > 0.0:
                U -= numbers[STRAIN] / _F * (x - total / volume)
        potential += h * U
        step += h * (y[at.solid + start + i] - y[at.electrolyte + start + i])
        for k in range(system.first_process[p], system.first_process[p + 1]):
            z = y[system.processes[k, STATE] + i]
            state += h * system.process_numbers[k, BRANCH] * z
            area = numbers[SPECIFIC_AREA] * system.width[start + i]
            bound += area * system.share[r + i] * system.process_numbers[k, LITHIUM] * z
            lost += area * system.process_numbers[k, LOST] * z
        lowest = min(lowest, x)
        highest = max(highest, x)
    to = CLASSES + CLASS_RECORDS * p
    row[to], row[to + 1], row[to + 2], row[to + 3] = mean / length, surface / length, lowest, highest
    row[to + 4], row[to + 5], row[to + 6], row[to + 7] = state / length, potential / length, step / length, bound
    row[to + 8], row[to + 9] = left / length, lost


@compiled
def grown(rows: Array, used: int) -> Array:
    """`rows` with space for at least one more."""
    if used < rows.shape[0]:
        return rows
    larger = np.empty((max(2 * rows.shape[0], used + 1), rows.shape[1]))
    for k in range(rows.shape[0]):
        copy(rows[k], larger[k])
    return larger


@compiled_inside
def append(
    system: System, bank: TableBank, y: Array, time: float, order: int, keep: bool, rows: Array, states: Array, used: int,
    work: Work,
) -> int:  # fmt: skip
    """Record a state, in full too where `keep` says so, where there is space; the number of records."""
    record(system, bank, y, time, order, work, rows[used])
    if keep:
        copy(y, states[used])
    return used + 1
