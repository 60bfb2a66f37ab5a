"""How the electrolyte's potential answers to a small alternating current, volume by volume: what splits a spectrum."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from scalith.cell.kernels.impedance import complex_work
from scalith.cell.kernels.layout import Array, System, TableBank
from scalith.cell.kernels.newton import evaluate_electrolyte
from scalith.cell.kernels.particles import eliminate_particles
from scalith.cell.kernels.transport import factorise, local_sources, solve_blocks
from scalith.numerics.compiled import compiled

Complex = NDArray[np.complex128]


@compiled
def potential_responses(system: System, bank: TableBank, y: Array, T: float, frequencies: Array, result: Complex) -> None:
    """Fill `result` (frequencies, volumes) with dφₑ/dI at the state `y`, φₛ = 0 at the negative collector: see `impedances`."""
    work = complex_work(system)
    evaluate_electrolyte(system, bank, y, T, work)
    for k in range(frequencies.size):
        rate = 2j * math.pi * frequencies[k]
        eliminate_particles(system, bank, y, y, rate, T, work)
        local_sources(system, y, y, rate, work)
        factorise(system, y, y, rate, T, work)
        solve_blocks(work, work.right, 2)
        for i in range(system.width.size):
            result[k, i] = work.right[i, 1, 1]
