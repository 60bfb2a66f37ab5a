"""The impedance of a simulation at its present state: the equations linearised, every time derivative replaced by iω."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from scalith.numerics.first_compilation import announce_first_compilation
from scalith.quantities import InputError

if TYPE_CHECKING:
    from scalith.cell.kernels.layout import System
    from scalith.cell.runs.simulation import Simulation


def impedance_of(simulation: Simulation, frequencies: NDArray[np.float64]) -> NDArray[np.complex128]:
    """−δV/δI of a simulation at its present state, shape as `frequencies` (Hz)."""
    from scalith.cell.kernels.impedance import impedances

    announce_first_compilation("cell", "impedances")
    z = np.empty(frequencies.size, dtype=np.complex128)
    held, T = _held(simulation)
    impedances(held, simulation.cell.bank, simulation.state, T, frequencies, z)
    return z


def impedance_by_layer(simulation: Simulation, frequencies: NDArray[np.float64]) -> dict[str, NDArray[np.complex128]]:
    r"""Parts of the impedance, ohm: ``negative``, ``separator``, ``positive`` and ``contact``, whose sum is `impedance_of`.

    .. math::

        Z_n = -\frac{δφ_e(L_n)}{δI},\qquad Z_s = -\frac{δφ_e(L_n+L_s)-δφ_e(L_n)}{δI},\qquad Z_p = Z - Z_n - Z_s - R_c

    with φₛ = 0 at the negative collector: each electrode from its collector to the electrolyte at its face, as reference
    electrodes there would see it. Salt that one electrode sets free is taken up by the other, so that at low frequency the parts
    are not those of half cells.
    """
    from scalith.cell.kernels import layout
    from scalith.cell.kernels.impedance import potential_responses

    held, T = _held(simulation)
    whole = impedance_of(simulation, frequencies)
    cells, first, last = held.width.size, int(held.count[0]), int(held.count[-1])
    moved = np.empty((frequencies.size, cells), dtype=np.complex128)
    potential_responses(held, simulation.cell.bank, simulation.state, T, frequencies, moved)
    # The separator carries the whole current through all of it: a straight line through two of its volumes reaches its face.
    near, far = (first, cells - last - 1), (first + 1, cells - last - 2)
    if near[1] - near[0] < 1:
        raise InputError("impedance by layer", "mesh", "one volume in the separator", "two or more: Mesh(separator=6)")
    left, right = (1.5 * moved[:, a] - 0.5 * moved[:, b] for a, b in zip(near, far, strict=True))
    negative = -left
    separator = left - right
    contact = np.full(frequencies.size, held.scalars[layout.CONTACT_RESISTANCE], dtype=np.complex128)
    positive = whole - negative - separator - contact
    return {"negative": negative, "separator": separator, "positive": positive, "contact": contact}


def _held(simulation: Simulation) -> tuple[System, float]:
    """The system without the memory of its hysteresis, and its temperature; what follows its state is a copy."""
    from scalith.cell.kernels import layout
    from scalith.cell.model.processes import link_for_spectrum

    system = simulation.cell.system
    # A small signal goes up and down along a branch of the hysteresis and does not change it.
    classes = system.classes.copy()
    classes[:, layout.HYSTERESIS_RATE] *= -1.0
    followed = {name: getattr(system, name).copy() for name in ("porosity", "transport", "share", "scalars")}
    held = link_for_spectrum(system._replace(classes=classes, **followed), simulation.cell.bank, simulation.cell.materials)
    return held, float(simulation.state[system.at.temperature])
