"""Hot ejecta that strike neighbours: part of the heat that leaves a cell through its vent warms the cells beside it."""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scalith.pack.module.module import Ejecta, ModuleSpecification
from scalith.pack.module.module_network import ModuleNetwork
from scalith.pack.module.thermal_network import NetworkResult, ThermalNetwork, simulate_network
from scalith.quantities import ConvergenceError
from scalith.reactions.kinetics import ReactionSet

Array = NDArray[np.float64]
_SAMPLING = 0.5
"""Time between two looks at what leaves a cell, s."""
_SAME_TIME = 1e-4
"""Relative change of the times of runaway in a last pass."""


def simulate_module(
    built: ModuleNetwork, module: ModuleSpecification, kinetics: ReactionSet, time: Array, **options: Any
) -> tuple[NetworkResult, Array]:
    """A module's network with its ejecta, and the heat that neighbours took from them since the start, J, at the times.

    What leaves a cell is known once the cell has burnt, and acts on others later. So the network is computed again with the heat
    that left its cells in the pass before, sampled twice a second, until the times of runaway stay: in each pass one cell more is
    final, at least. The heat falls on all of a neighbour evenly.

    Parameters and errors as `simulate_network`; `ConvergenceError` also where the passes do not come to an end.
    """
    if module.ejecta is None:
        return simulate_network(built.network, kinetics, time, **options), np.zeros(time.size)
    grid = np.append(np.arange(time[0], time[-1], _SAMPLING), time[-1])
    every = np.unique(np.concatenate([grid, time]))
    first = np.array([bodies[0] for bodies in built.bodies])
    runaway = np.full(first.size, np.inf)
    taken: list[tuple[Array, Array]] = []
    for _ in range(first.size + 3):
        found = simulate_network(_struck(built, taken), kinetics, every, **options)
        now = np.nan_to_num(found.runaway_time[first], nan=np.inf)
        if np.allclose(now, runaway, rtol=_SAME_TIME, atol=0.0):
            kept = np.searchsorted(every, time)
            returned = np.sum([_energy(time, *table) for table in taken], axis=0) if taken else np.zeros(time.size)
            return _at(found, kept, returned), returned
        runaway, taken = now, list(_taken(built, module, module.ejecta, found, grid))
    raise ConvergenceError("ejecta of the module", f"times of runaway still change after {first.size + 3} passes")


def _struck(built: ModuleNetwork, taken: list[tuple[Array, Array]]) -> ThermalNetwork:
    """The network with what its cells take from ejecta as heaters of their bodies."""
    network = copy(built.network)
    network.sources = list(built.network.sources)
    for bodies, (time, power) in zip(built.bodies, taken, strict=False):
        if not power.any():
            continue
        shares = np.array([network.bodies[i]["share"] for i in bodies])
        for body, share in zip(bodies, shares / shares.sum(), strict=True):
            network.heat(int(body), time, power * share)
    return network


def _taken(
    built: ModuleNetwork, module: ModuleSpecification, ejecta: Ejecta, found: NetworkResult, grid: Array
) -> Iterator[tuple[Array, Array]]:
    """Times and powers of what each cell takes, W: straight lines whose integral is the heat that left, where it came to rest."""
    place = np.searchsorted(found.time, grid)
    burnt = np.where(found.vent_time[None, :] < found.time[place, None], found.ejected[place] - found.boiled, 0.0)
    left = np.array([burnt[:, bodies].sum(axis=1) for bodies in built.bodies])
    step = np.diff(grid)
    power = np.zeros(left.shape)
    # The last interval of the grid may be shorter than the others.
    power[:, 1:-1] = (left[:, 2:] - left[:, :-2]) / (step[1:] + step[:-1])
    for cell in range(left.shape[0]):
        taken = np.zeros(grid.size)
        for other, share in _neighbours(module, ejecta, cell):
            taken += share * power[other]
        core = taken > 1e-9 * taken.max(initial=0.0)
        active = core | np.append(core[1:], False) | np.append(False, core[:-1])
        yield (grid[active], np.where(core, taken, 0.0)[active]) if active.any() else (grid[:1], np.zeros(1))


def _neighbours(module: ModuleSpecification, ejecta: Ejecta, cell: int) -> Iterator[tuple[int, float]]:
    row, place = divmod(cell, module.cells)
    for step in (-1, 1):
        if 0 <= place + step < module.cells:
            yield cell + step, ejecta.next_in_row
        if 0 <= row + step < module.rows:
            yield cell + step * module.cells, ejecta.next_row


def _energy(time: Array, given: Array, power: Array) -> Array:
    """Integral of straight lines that begin and end at zero, J."""
    if given.size < 2:
        return np.zeros(time.size)
    knots = np.unique(np.concatenate([time, given]))
    values = np.interp(knots, given, power, left=0.0, right=0.0)
    whole = np.concatenate([[0.0], np.cumsum(0.5 * (values[1:] + values[:-1]) * np.diff(knots))])
    return np.asarray(np.interp(time, knots, whole))


def _at(found: NetworkResult, kept: NDArray[np.int64], returned: Array) -> NetworkResult:
    """The result at some of its times, without what came from ejecta among its heaters."""
    over_time = ("time", "temperature", "extents", "ambient", "coolant", "heaters", "released", "ejected")
    picked = {name: getattr(found, name)[kept] for name in over_time}
    return replace(found, **picked | {"heaters": picked["heaters"] - returned})
