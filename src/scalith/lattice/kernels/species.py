"""Metropolis exchanges on sites that several species share: the general path beside the fields of filled and empty sites."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from scalith.lattice.kernels.random_numbers import advance, below, mixed, unit_interval
from scalith.numerics.compiled import compiled, compiled_inline


class SpeciesTables(NamedTuple):
    """Clusters that contain a site, sublattice by sublattice, and their energies for every combination of species.

    Attributes
    ----------
    sublattices : int
        Site index = cell · sublattices + sublattice.
    neighbours : ndarray of int32, shape (sites, slots)
        Site in each neighbour slot.
    start : ndarray of int64, shape (sublattices + 1,)
        Range of each sublattice in the lists below.
    slots : ndarray of int32, shape (clusters, 3)
        Neighbour slots of the other sites (unused ones: any).
    strides : ndarray of int64, shape (clusters, 4)
        The energy of species σ, a, b, c stands at base + (σ, a, b, c)·strides; 0 for unused sites.
    base : ndarray of int64, shape (clusters,)
    share : ndarray, shape (clusters,)
        1/order: what of the cluster's energy belongs to the site.
    energy : ndarray
        eV.
    """

    sublattices: int
    neighbours: NDArray[np.int32]
    start: NDArray[np.int64]
    slots: NDArray[np.int32]
    strides: NDArray[np.int64]
    base: NDArray[np.int64]
    share: NDArray[np.float64]
    energy: NDArray[np.float64]


@compiled
def species_energy(tables: SpeciesTables, species: NDArray[np.int8]) -> float:
    """Total energy without the constant, eV."""
    total = 0.0
    for i in range(species.size):
        s = i % tables.sublattices
        row = tables.neighbours[i]
        for c in range(tables.start[s], tables.start[s + 1]):
            place = tables.base[c] + tables.strides[c, 0] * species[i]
            for k in range(3):
                place += tables.strides[c, k + 1] * species[row[tables.slots[c, k]]]
            total += tables.share[c] * tables.energy[place]
    return total


@compiled_inline
def _change(tables: SpeciesTables, species: NDArray[np.int8], i: int, new: int) -> float:
    """Energy to put species `new` on site i, eV."""
    s = i % tables.sublattices
    row = tables.neighbours[i]
    old = species[i]
    change = 0.0
    for c in range(tables.start[s], tables.start[s + 1]):
        others = tables.base[c]
        for k in range(3):
            others += tables.strides[c, k + 1] * species[row[tables.slots[c, k]]]
        change += tables.energy[others + tables.strides[c, 0] * new] - tables.energy[others + tables.strides[c, 0] * old]
    return change


@compiled
def species_chain(
    tables: SpeciesTables,
    sites: NDArray[np.int64],
    group_start: NDArray[np.int64],
    species: NDArray[np.int8],
    thermal_energies: NDArray[np.float64],
    sweeps: int,
    seed: np.uint64,
    energies: NDArray[np.float64],
) -> float:
    """Exchange the species of two sites of one group, at a list of temperatures, each started from the one before.

    Exchanges keep the composition, and with it the charge.

    Parameters
    ----------
    sites : ndarray, shape (n,)
        All sites, group by group (a group: sites with one list of species).
    group_start : ndarray, shape (groups + 1,)
        Ranges of the groups in `sites`.
    species : ndarray of int8, shape (n,)
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
    energy = species_energy(tables, species)
    word = seed
    drift = 0.0
    count = sites.size
    for m in range(thermal_energies.size):
        inverse = 1.0 / thermal_energies[m]
        for sweep in range(sweeps):
            for _ in range(count):
                word = advance(word)
                first = below(mixed(word), count)
                group = 0
                while group_start[group + 1] <= first:
                    group += 1
                word = advance(word)
                i = sites[first]
                j = sites[group_start[group] + below(mixed(word), group_start[group + 1] - group_start[group])]
                a, b = species[i], species[j]
                if a == b:
                    continue
                change = _change(tables, species, i, b)
                species[i] = b
                change += _change(tables, species, j, a)
                word = advance(word)
                if change <= 0.0 or unit_interval(mixed(word)) < np.exp(-change * inverse):
                    species[j] = a
                    energy += change
                else:
                    species[i] = a
            energies[m, sweep] = energy
        fresh = species_energy(tables, species)
        drift = max(drift, abs(fresh - energy))
        energy = fresh
    return drift
