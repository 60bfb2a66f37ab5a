"""Where in a cell a run ended, and where the data of its processes do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from scalith.cell.kernels import events
from scalith.cell.model.results import tag_of, words_of

if TYPE_CHECKING:
    from scalith.cell.ageing.inventory import Inventory
    from scalith.cell.runs.simulation import Simulation

Array = NDArray[np.float64]


def where_it_ended(simulation: Simulation, inventory: Inventory) -> str:
    """Why a step ended, in words, with the place in the cell where it has one."""
    words = words_of(simulation.cell, simulation.rows, simulation.reason)
    place = _place(simulation, inventory)
    return words if place is None else f"{words}, {place}"


def where_data_end(simulation: Simulation, inventory: Inventory, kelvin: Array) -> str:
    """Which process was taken to a temperature that its data do not reach, in words; empty where none was."""
    for one in inventory.entries:
        for T in (kelvin.min(), kelvin.max()):
            if one.process.known_at is not None and not one.process.known_at[0] - 1e-6 <= T <= one.process.known_at[1] + 1e-6:
                low, high = (f"{end - 273.15:.4g}" for end in one.process.known_at)
                what = one.process.kind.replace("_", " ") or "film on cracks"
                where = f"{what} on the {tag_of(simulation.cell, one.of_class)} material"
                return f"{T - 273.15:.4g} degC, and {where} is known from {low} to {high} degC only"
    return ""


def _place(simulation: Simulation, inventory: Inventory) -> str | None:
    cell, state, reason = simulation.cell, simulation.state, simulation.reason
    system = cell.system
    if reason in (events.PORES_CLOSED, events.ELECTROLYTE_EMPTY):
        values = state[system.at.salt : system.at.temperature]
        if reason == events.PORES_CLOSED:
            values = inventory.porosity(state) / system.fresh[:, 0]
        return _depth(simulation, int(np.argmin(values)))
    found: list[tuple[float, int, int]] = []
    for p in range(len(cell.sides)):
        n, first = int(system.count[p]), int(system.particle_offset[p])
        surface = state[first + (int(system.nodes[p]) - 1) * n :][:n]
        if reason == events.HOST_LOST:
            values = inventory.left(state, p)
        elif reason == events.CRACKED_THROUGH:
            limits = [(one, one.process.largest(cell.materials[p])) for one in inventory.entries if one.of_class == p]
            below = [1.0 - state[one.states] / largest for one, largest in limits if largest > 0.0]
            values = np.min(below, axis=0) if below else np.ones(n)
        elif reason == events.PARTICLE_EMPTY:
            values = surface
        elif reason == events.PARTICLE_FULL:
            values = 1.0 - surface
        else:
            return None
        found.append((float(values.min()), p, int(np.argmin(values))))
    _, p, i = min(found)
    return f"{tag_of(cell, p)} material, {_depth(simulation, int(system.start[p]) + i)}"


def _depth(simulation: Simulation, volume: int) -> str:
    width = simulation.cell.system.width
    depth = float(width[:volume].sum() + 0.5 * width[volume])
    return f"{1e6 * depth:.3g} um from the negative collector"
