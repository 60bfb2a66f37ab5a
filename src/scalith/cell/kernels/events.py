"""Events: what ends a segment of a run, and how far away each is."""

from __future__ import annotations

import numpy as np

from scalith.cell.kernels.layout import HIGHEST, LOWEST, REFERENCE_CONCENTRATION, Array, System
from scalith.cell.kernels.newton import below_largest, least_material, open_pores, terminal_voltage
from scalith.numerics.compiled import compiled_inside

# What ends a segment; as a reason, one more than the number of the event. Limits lie at the same places.
VOLTAGE_LOW, VOLTAGE_HIGH, CURRENT_LOW, TEMPERATURE_HIGH, EMPTY, FULL = 0, 1, 2, 3, 4, 5
CURRENT_HIGH, TEMPERATURE_LOW, CHARGE_HIGH, CHARGE_LOW = 6, 7, 8, 9
NEGATIVE_LOW, NEGATIVE_HIGH, POSITIVE_LOW, POSITIVE_HIGH, VOLTAGE_FALLS, VOLTAGE_RISES = 10, 11, 12, 13, 14, 15
PORES, HOST, CRACKS = 16, 17, 18
EVENTS = 19
# Why a segment ended otherwise.
DURATION, ELECTROLYTE_EMPTY, NOT_CONVERGED, TOO_MANY_STEPS, NO_START = 0, 100, 101, 102, 103
VOLTAGE_BELOW, VOLTAGE_ABOVE, CURRENT_BELOW, TEMPERATURE_ABOVE = 1, 2, 3, 4
PARTICLE_EMPTY, PARTICLE_FULL, PORES_CLOSED, HOST_LOST, CRACKED_THROUGH = 5, 6, 17, 18, 19
CLOSED = 0.01
"""Share of the pores open, below which films close them, and of a material left, below which it is used up."""


@compiled_inside
def margins(system: System, y: Array, limits: Array, result: Array) -> None:
    """How far each event is away: at most zero where it has happened; large where it is not watched."""
    at = system.at
    current = y[at.current]
    voltage = terminal_voltage(system, y)
    result[VOLTAGE_LOW] = voltage - limits[VOLTAGE_LOW] if current > 0.0 else np.inf
    result[VOLTAGE_HIGH] = limits[VOLTAGE_HIGH] - voltage if current < 0.0 else np.inf
    result[VOLTAGE_FALLS], result[VOLTAGE_RISES] = voltage - limits[VOLTAGE_FALLS], limits[VOLTAGE_RISES] - voltage
    result[CURRENT_LOW], result[CURRENT_HIGH] = abs(current) - limits[CURRENT_LOW], limits[CURRENT_HIGH] - abs(current)
    T, charge = y[at.temperature], y[at.charge]
    result[TEMPERATURE_HIGH], result[TEMPERATURE_LOW] = limits[TEMPERATURE_HIGH] - T, T - limits[TEMPERATURE_LOW]
    result[CHARGE_HIGH], result[CHARGE_LOW] = limits[CHARGE_HIGH] - charge, charge - limits[CHARGE_LOW]
    negative = -reference_potential(system, y)
    result[NEGATIVE_LOW], result[NEGATIVE_HIGH] = negative - limits[NEGATIVE_LOW], limits[NEGATIVE_HIGH] - negative
    positive = negative + voltage
    result[POSITIVE_LOW], result[POSITIVE_HIGH] = positive - limits[POSITIVE_LOW], limits[POSITIVE_HIGH] - positive
    result[EMPTY] = result[FULL] = np.inf
    for p in range(system.start.size):
        row = system.classes[p]
        n = system.count[p]
        surface = system.particle_offset[p] + (system.nodes[p] - 1) * n
        for i in range(n):
            result[EMPTY] = min(result[EMPTY], y[surface + i] - row[LOWEST])
            result[FULL] = min(result[FULL], row[HIGHEST] - y[surface + i])
    result[PORES] = result[HOST] = result[CRACKS] = np.inf
    if system.processes.shape[0] > 0:
        result[PORES], result[HOST] = open_pores(system, y) - CLOSED, least_material(system, y) - CLOSED
        result[CRACKS] = below_largest(system, y)
    for e in range(EVENTS):  # finite, so that the secant method can go on where an event begins to be watched
        result[e] = result[e] if result[e] < 1e3 else 1e3


@compiled_inside
def reference_potential(system: System, y: Array) -> float:
    """Potential of the electrolyte in the middle of the separator, the mean of its volumes."""
    total, number = 0.0, 0
    for i in range(system.width.size):
        if system.solid_conductivity[i] == 0.0:
            total += y[system.at.electrolyte + i]
            number += 1
    return total / max(number, 1)


@compiled_inside
def cause(system: System, y: Array, limits: Array, result: Array) -> int:
    """Why steps no longer converge: a full or empty particle, or depleted electrolyte, where that is near."""
    margins(system, y, limits, result)
    if result[EMPTY] < 2e-3:
        return PARTICLE_EMPTY
    if result[FULL] < 2e-3:
        return PARTICLE_FULL
    for k in range(system.at.salt, system.at.temperature):
        if y[k] < 0.02 * system.scalars[REFERENCE_CONCENTRATION]:
            return ELECTROLYTE_EMPTY
    return NOT_CONVERGED


@compiled_inside
def happened(after: Array, before: Array) -> int:
    """First event that lies between two sets of margins; −1 for none."""
    for e in range(EVENTS):
        if after[e] <= 0.0 and before[e] > 0.0:
            return e
    return -1
