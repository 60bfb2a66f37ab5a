"""Many cells at once, one thread a cell."""

from __future__ import annotations

import numpy as np
from numba import prange

from scalith.cell.kernels.events import (
    CRACKED_THROUGH,
    ELECTROLYTE_EMPTY,
    HOST_LOST,
    PARTICLE_EMPTY,
    PARTICLE_FULL,
    PORES_CLOSED,
)
from scalith.cell.kernels.implicit_step import Segment, make_memory
from scalith.cell.kernels.layout import RUN, Array, Integers, System, TableBank, one_of
from scalith.cell.kernels.newton import make_work
from scalith.cell.kernels.records import (
    AMPERES,
    CHARGE,
    CLASS_RECORDS,
    CLASSES,
    HEAT_MIXING,
    HEAT_SOLID,
    KELVIN,
    TIME,
    VOLTS,
)
from scalith.numerics.call_by_address import INTEGER, NUMBER, TABLE, calls_returning, together
from scalith.numerics.compiled import compiled_inside, compiled_parallel

# Columns of the summary of a run.
END_TIME, END_CHARGE, ENERGY, HEAT, END_TEMPERATURE, HIGHEST_TEMPERATURE, REASON = 0, 1, 2, 3, 4, 5, 6
SUMMARY = 7
OF_A_SEGMENT = together(NUMBER, INTEGER, TABLE, TABLE, INTEGER, INTEGER)
"""What `scalith.cell.kernels.stepping.run_segment` returns; its tables are counted as those of any call."""
call_for_segment = calls_returning(OF_A_SEGMENT)


@compiled_parallel
def run_batch(
    systems: System, bank: TableBank, starts: Array, modes: Integers, targets: Array, durations: Array, limits: Array,
    tolerance: float, output_times: Array, voltages: Array, temperatures: Array, summary: Array,
) -> None:  # fmt: skip
    """Run the same steps on `starts.shape[0]` cells; the arrays of `systems` have a leading dimension of runs.

    Parameters
    ----------
    starts : ndarray, shape (runs, unknowns)
    modes : ndarray of int, shape (steps,)
    targets, durations : ndarray, shape (runs, steps)
    limits : ndarray, shape (runs, steps, EVENTS)
    output_times : ndarray, shape (times,)
    voltages, temperatures : ndarray, shape (runs, times)
        Filled; not a number after the end of a run.
    summary : ndarray, shape (runs, SUMMARY)
        Filled.
    """
    # Numbers as the solver was compiled for, not constants: it is called by its address.
    none, most, keep = int(np.int64(0)), int(np.int64(200000)), starts.shape[0] < 0
    for b in prange(starts.shape[0]):
        system = one_of(systems, b)
        y = starts[b].copy()
        work, memory = make_work(system, y.size), make_memory(y.size)
        rows = np.empty((256, CLASSES + CLASS_RECORDS * system.start.size))
        states = np.empty((1, y.size))
        time, used, reason = 0.0, none, none
        for s in range(modes.size):
            segment = Segment(
                modes[s],
                np.array([0.0, durations[b, s]]),
                np.array([targets[b, s], targets[b, s]]),
                limits[b, s],
                tolerance,
                np.inf,
                most,
                output_times,
                keep,
                keep,
            )
            time, reason, rows, states, used, _ = call_for_segment(
                system.kernels[RUN], (system, bank, y, time, segment, memory, rows, states, used, work)
            )
            if reason in (PARTICLE_EMPTY, PARTICLE_FULL, PORES_CLOSED, HOST_LOST, CRACKED_THROUGH) or reason >= ELECTROLYTE_EMPTY:
                break
        summarise(rows, used, reason, output_times, voltages[b], temperatures[b], summary[b])


@compiled_inside
def summarise(
    rows: Array, used: int, reason: int, output_times: Array, voltages: Array, temperatures: Array, summary: Array
) -> None:
    """Voltages and temperatures at the times asked for, and the summary of one run."""
    at = 0
    for k in range(output_times.size):
        voltages[k] = np.nan
        temperatures[k] = np.nan
        while at < used - 1 and rows[at, TIME] < output_times[k]:
            at += 1
        if used > 0 and rows[at, TIME] == output_times[k]:
            voltages[k] = rows[at, VOLTS]
            temperatures[k] = rows[at, KELVIN]
    energy = heat = 0.0
    highest = rows[0, KELVIN] if used > 0 else np.nan
    for k in range(1, used):
        h = 0.5 * (rows[k, TIME] - rows[k - 1, TIME])
        energy += h * (rows[k, VOLTS] * rows[k, AMPERES] + rows[k - 1, VOLTS] * rows[k - 1, AMPERES])
        for q in range(HEAT_SOLID, HEAT_MIXING + 1):
            heat += h * (rows[k, q] + rows[k - 1, q])
        highest = max(highest, rows[k, KELVIN])
    last = max(used - 1, 0)
    summary[END_TIME], summary[END_CHARGE] = rows[last, TIME], rows[last, CHARGE]
    summary[ENERGY], summary[HEAT] = energy, heat
    summary[END_TEMPERATURE], summary[HIGHEST_TEMPERATURE] = rows[last, KELVIN], highest
    summary[REASON] = reason
