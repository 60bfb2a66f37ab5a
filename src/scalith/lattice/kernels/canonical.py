"""Canonical Metropolis sampling: exchanges of an ion with a vacancy."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from scalith.lattice.kernels.fields import InteractionTables, change_site, compute_fields
from scalith.lattice.kernels.random_numbers import advance, below, mixed, unit_interval
from scalith.numerics.compiled import compiled


@compiled
def canonical_chain(
    tables: InteractionTables,
    active: NDArray[np.int64],
    occupation: NDArray[np.int8],
    thermal_energies: NDArray[np.float64],
    sweeps: int,
    seed: np.uint64,
    energies: NDArray[np.float64],
) -> float:
    """Exchange ions and vacancies among the sites `active` at a list of temperatures, each started from the one before.

    Parameters
    ----------
    active : ndarray, shape (n,)
        Sites that exchange.
    occupation : ndarray of int8, shape (sites,)
        Start, and on return the end.
    thermal_energies : ndarray, shape (m,)
        kT of each stage, eV.
    sweeps : int
        Each of n trials.
    energies : ndarray, shape (m, sweeps)
        On return the energy after each sweep, eV.

    Returns
    -------
    float
        Largest difference between the running energy and one computed afresh, eV.
    """
    field = np.empty(occupation.size)
    energy = compute_fields(tables, occupation, field)
    state = seed
    drift = 0.0
    sites = active.size
    neighbours = tables.neighbours
    for m in range(thermal_energies.size):
        inverse = 1.0 / thermal_energies[m]
        for sweep in range(sweeps):
            for _ in range(sites):
                state = advance(state)
                i = active[below(mixed(state), sites)]
                state = advance(state)
                j = active[below(mixed(state), sites)]
                if occupation[i] == occupation[j]:
                    continue
                if occupation[j] == 1:
                    i, j = j, i
                near = False
                for slot in range(neighbours.shape[1]):
                    near |= neighbours[i, slot] == j
                change = float(field[j] - field[i])
                if near:
                    # The ion at i still counts in the field of j: take it out first.
                    change = float(-field[i])
                    change_site(tables, occupation, field, i, -1)
                    change += float(field[j])
                state = advance(state)
                if change <= 0.0 or unit_interval(mixed(state)) < np.exp(-change * inverse):
                    if not near:
                        change_site(tables, occupation, field, i, -1)
                    change_site(tables, occupation, field, j, 1)
                    energy += change
                elif near:
                    change_site(tables, occupation, field, i, 1)
            energies[m, sweep] = energy
        fresh = compute_fields(tables, occupation, field)
        drift = max(drift, abs(fresh - energy))
        energy = fresh
    return drift
