"""Response to a small alternating current: the matrix of Newton's method with iω in the place of the time step."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import prange
from numpy.typing import NDArray

from scalith.cell.kernels.layout import SPECTRUM, STATES, Array, System, TableBank, Work, one_of
from scalith.cell.kernels.newton import collector_drop, evaluate_electrolyte, follow_films, follow_losses, particle_unknowns
from scalith.cell.kernels.particles import eliminate_particles
from scalith.cell.kernels.transport import factorise, local_sources, solve_blocks
from scalith.numerics.call_by_address import call_for_nothing
from scalith.numerics.compiled import compiled, compiled_inside, compiled_parallel
from scalith.quantities.constants import FARADAY

Complex = NDArray[np.complex128]


@compiled
def complex_work(system: System) -> Work:
    """Scratch arrays for complex numbers."""
    cells = system.width.size
    reactions = system.count.sum()
    particles, coupled = particle_unknowns(system)
    return Work(
        np.empty(particles, np.complex128),
        np.empty(particles, np.complex128),
        np.empty(particles, np.complex128),
        np.empty(particles, np.complex128),
        np.empty(particles, np.complex128),
        np.empty((reactions, 5), np.complex128),
        np.empty((reactions, 3), np.complex128),
        np.empty((system.at.electrolyte - system.at.states, 5), np.complex128),
        np.empty(STATES + system.processes.shape[0]),
        np.zeros(2),
        np.empty((cells, 4), np.complex128),
        np.empty((cells, 12), np.complex128),
        np.empty((cells, 6), np.complex128),
        np.zeros(cells),
        np.empty((cells, 3, 3), np.complex128),
        np.empty((cells, 3, 3), np.complex128),
        np.empty((cells, 3, 3), np.complex128),
        np.empty((cells, 3, 2), np.complex128),
        np.empty(1, np.complex128),
        np.empty((6, 3, 3), np.complex128),
        np.empty(cells, np.complex128),
        np.zeros(1 + 7 * system.volumes.shape[1]),
        np.empty(8 * coupled, np.complex128),
    )


@compiled_inside
def respond(system: System, bank: TableBank, y: Array, T: float, rate: Any, work: Work) -> None:
    """Fill `work.right` with the answer of the potentials and the salt to a current at iω = `rate`."""
    eliminate_particles(system, bank, y, y, rate, T, work)
    local_sources(system, y, y, rate, work)
    for i in range(system.width.size):
        if system.double_layer_exponent[i] < 1.0:
            # A constant-phase element, C (iω)^α, in the place of the capacitor C iω.
            more = system.capacitance[i] * (rate ** system.double_layer_exponent[i] - rate) / FARADAY
            work.local[i, 2] += more
            work.local[i, 5] += (1.0 - work.electrolyte[i, 4]) * more
    factorise(system, y, y, rate, T, work)
    solve_blocks(work, work.right, 2)


@compiled_inside
def begin_spectrum(system: System, bank: TableBank, y: Array, T: float, work: Work) -> None:
    """What all frequencies share; pores and material follow the films and the losses of the state."""
    if system.processes.shape[0] > 0:
        follow_films(system, y)
        follow_losses(system, y)
    evaluate_electrolyte(system, bank, y, T, work)


@compiled
def impedances(
    system: System, bank: TableBank, y: Array, T: float, frequencies: Array, result: Complex
) -> None:  # fmt: skip
    """Fill `result` (shape as `frequencies`, Hz) with −dV/dI at the state `y`.

    Porosity, transport and shares of `system` are brought up to the state.
    """
    work = complex_work(system)
    last = system.width.size - 1
    drop, bend = collector_drop(system)
    begin_spectrum(system, bank, y, T, work)
    for k in range(frequencies.size):
        call_for_nothing(system.kernels[SPECTRUM], (system, bank, y, T, 2j * math.pi * frequencies[k], work))
        source, end = work.source[last], work.right[last]
        change = source[2] * (end[2, 1] - end[1, 1]) + source[3] * end[0, 1]
        result[k] = -(end[2, 1] - drop - bend * change)


@compiled
def potential_responses(
    system: System, bank: TableBank, y: Array, T: float, frequencies: Array, result: Complex
) -> None:  # fmt: skip
    """Fill `result` (frequencies, volumes) with dφₑ/dI at the state `y`, φₛ = 0 at the negative collector: see `impedances`."""
    work = complex_work(system)
    begin_spectrum(system, bank, y, T, work)
    for k in range(frequencies.size):
        call_for_nothing(system.kernels[SPECTRUM], (system, bank, y, T, 2j * math.pi * frequencies[k], work))
        for i in range(system.width.size):
            result[k, i] = work.right[i, 1, 1]


@compiled_parallel
def impedance_batch(
    systems: System, bank: TableBank, starts: Array, frequencies: Array, result: Complex
) -> None:  # fmt: skip
    """As `impedances` for many cells, one thread a cell; `starts` (runs, unknowns), `result` (runs, frequencies)."""
    for b in prange(starts.shape[0]):
        system = one_of(systems, b)
        impedances(system, bank, starts[b], starts[b, system.at.temperature], frequencies, result[b])
