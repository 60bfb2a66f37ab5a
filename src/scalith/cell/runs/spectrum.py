"""The impedance of a simulation at its present state: the equations linearised, every time derivative replaced by iω."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from scalith.cell.runs.simulation import Simulation


def impedance_of(simulation: Simulation, frequencies: NDArray[np.float64]) -> NDArray[np.complex128]:
    """−δV/δI of a simulation at its present state, shape as `frequencies` (Hz)."""
    from scalith.cell.kernels import layout
    from scalith.cell.kernels.impedance import impedances
    from scalith.cell.model.processes import link_for_spectrum

    system = simulation.cell.system
    # A small signal goes up and down along a branch of the hysteresis and does not change it.
    classes = system.classes.copy()
    classes[:, layout.HYSTERESIS_RATE] *= -1.0
    held = link_for_spectrum(system._replace(classes=classes), simulation.cell.bank, simulation.cell.materials)
    z = np.empty(frequencies.size, dtype=np.complex128)
    T = float(simulation.state[system.at.temperature])
    impedances(held, simulation.cell.bank, simulation.state, T, frequencies, z)
    return z
