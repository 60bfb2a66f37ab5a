"""Many cells at once, one thread a cell."""

from __future__ import annotations

import numpy as np
from numba import prange

from scalith.cell.kernels.layout import Array, System, TableBank, one_of
from scalith.cell.kernels.newton import make_work
from scalith.cell.kernels.records import (
    AMPERES,
    CHARGE,
    CLASS_RECORDS,
    CLASSES,
    HEAT_ENTROPIC,
    HEAT_SOLID,
    KELVIN,
    TIME,
    VOLTS,
)
from scalith.cell.kernels.stepping import run_step
from scalith.numerics.compiled import compiled_parallel

# Columns of the summary of a run.
END_TIME, END_CHARGE, ENERGY, HEAT, END_TEMPERATURE, HIGHEST_TEMPERATURE, REASON = 0, 1, 2, 3, 4, 5, 6
SUMMARY = 7


@compiled_parallel
def run_batch(
    systems: System,
    bank: TableBank,
    starts: Array,
    currents: Array,
    durations: Array,
    limits: Array,
    salt_floor: float,
    tolerance: float,
    output_times: Array,
    voltages: Array,
    temperatures: Array,
    summary: Array,
) -> None:
    """Discharge `starts.shape[0]` cells; the arrays of `systems` have a leading dimension of runs.

    Parameters
    ----------
    starts : ndarray, shape (runs, unknowns)
    currents, durations : ndarray, shape (runs,)
    limits : ndarray, shape (runs, 4)
    output_times : ndarray, shape (times,)
    voltages, temperatures : ndarray, shape (runs, times)
        Filled; not a number after the end of a run.
    summary : ndarray, shape (runs, SUMMARY)
        Filled.
    """
    # Bare constants would compile the whole solver again, for their values.
    mode, none, most, keep = int(np.int64(0)), int(np.int64(0)), int(np.int64(100000)), starts.shape[0] < 0
    for b in prange(starts.shape[0]):
        system = one_of(systems, b)
        y = starts[b].copy()
        work = make_work(system, y.size)
        rows = np.empty((256, CLASSES + CLASS_RECORDS * system.start.size))
        states = np.empty((1, y.size))
        _, reason, rows, states, used, _ = run_step(
            system,
            bank,
            y,
            0.0,
            mode,
            np.array([0.0, durations[b]]),
            np.array([currents[b], currents[b]]),
            limits[b],
            salt_floor,
            tolerance,
            np.inf,
            most,
            output_times,
            keep,
            rows,
            states,
            none,
            work,
        )
        at = 0
        for k in range(output_times.size):
            voltages[b, k] = np.nan
            temperatures[b, k] = np.nan
            while at < used - 1 and rows[at, TIME] < output_times[k]:
                at += 1
            if used > 0 and rows[at, TIME] == output_times[k]:
                voltages[b, k] = rows[at, VOLTS]
                temperatures[b, k] = rows[at, KELVIN]
        energy = heat = 0.0
        highest = rows[0, KELVIN] if used > 0 else np.nan
        for k in range(1, used):
            h = 0.5 * (rows[k, TIME] - rows[k - 1, TIME])
            energy += h * (rows[k, VOLTS] * rows[k, AMPERES] + rows[k - 1, VOLTS] * rows[k - 1, AMPERES])
            for q in range(HEAT_SOLID, HEAT_ENTROPIC + 1):
                heat += h * (rows[k, q] + rows[k - 1, q])
            highest = max(highest, rows[k, KELVIN])
        last = max(used - 1, 0)
        summary[b, END_TIME], summary[b, END_CHARGE] = rows[last, TIME], rows[last, CHARGE]
        summary[b, ENERGY], summary[b, HEAT] = energy, heat
        summary[b, END_TEMPERATURE], summary[b, HIGHEST_TEMPERATURE] = rows[last, KELVIN], highest
        summary[b, REASON] = reason
