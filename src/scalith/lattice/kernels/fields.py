"""Site fields: the energy to fill each site given all others, kept up to date as sites fill and empty.

With occupations n the energy is E = Σ_i h n_i + Σ V₂ n n + Σ V₃ n n n + Σ V₄ n n n n, and the field of site i is
f_i = E(n_i = 1) − E(n_i = 0). A trial then costs one look-up, and only an accepted change touches the neighbours.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from scalith.numerics.compiled import compiled, compiled_inline


class InteractionTables(NamedTuple):
    """Clusters that contain a site, sublattice by sublattice, in terms of its list of neighbours.

    Attributes
    ----------
    sublattices : int
        Site index = cell · sublattices + sublattice.
    neighbours : ndarray of int32, shape (sites, slots)
        Site in each neighbour slot (slots mean the same shift for all sites of a sublattice); unused slots hold the site itself.
    point : ndarray, shape (sublattices,)
        Energy of an ion alone, eV.
    pair_start, triplet_start, quadruplet_start : ndarray of int64, shape (sublattices + 1,)
        Ranges of each sublattice in the lists below.
    pair_slots (p,), triplet_slots (t, 2), quadruplet_slots (q, 3) : ndarray of int32
        Neighbour slots of the other sites of a cluster.
    pair_energy, triplet_energy, quadruplet_energy : ndarray
        eV per cluster.
    """

    sublattices: int
    neighbours: NDArray[np.int32]
    point: NDArray[np.float64]
    pair_start: NDArray[np.int64]
    pair_slots: NDArray[np.int32]
    pair_energy: NDArray[np.float64]
    triplet_start: NDArray[np.int64]
    triplet_slots: NDArray[np.int32]
    triplet_energy: NDArray[np.float64]
    quadruplet_start: NDArray[np.int64]
    quadruplet_slots: NDArray[np.int32]
    quadruplet_energy: NDArray[np.float64]


@compiled
def compute_fields(tables: InteractionTables, occupation: NDArray[np.int8], field: NDArray[np.float64]) -> float:
    """Fill `field` (sites,) from scratch and give the total energy (without constant), eV."""
    total = 0.0
    neighbours = tables.neighbours
    for i in range(occupation.size):
        s = i % tables.sublattices
        point = tables.point[s]
        pairs = 0.0
        for p in range(tables.pair_start[s], tables.pair_start[s + 1]):
            pairs += tables.pair_energy[p] * occupation[neighbours[i, tables.pair_slots[p]]]
        triplets = 0.0
        for t in range(tables.triplet_start[s], tables.triplet_start[s + 1]):
            a = neighbours[i, tables.triplet_slots[t, 0]]
            b = neighbours[i, tables.triplet_slots[t, 1]]
            triplets += tables.triplet_energy[t] * (occupation[a] * occupation[b])
        quadruplets = 0.0
        for q in range(tables.quadruplet_start[s], tables.quadruplet_start[s + 1]):
            a = neighbours[i, tables.quadruplet_slots[q, 0]]
            b = neighbours[i, tables.quadruplet_slots[q, 1]]
            c = neighbours[i, tables.quadruplet_slots[q, 2]]
            quadruplets += tables.quadruplet_energy[q] * (occupation[a] * occupation[b] * occupation[c])
        field[i] = point + pairs + triplets + quadruplets
        total += occupation[i] * (point + pairs / 2.0 + triplets / 3.0 + quadruplets / 4.0)
    return total


@compiled_inline
def change_site(tables: InteractionTables, occupation: NDArray[np.int8], field: NDArray[np.float64], i: int, change: int) -> None:
    """Fill (change = +1) or empty (−1) site i and bring the fields of its neighbours up to date."""
    change_site_among(tables, occupation, field, i, tables.neighbours[i], 0, change)


@compiled_inline
def change_site_among(
    tables: InteractionTables,
    occupation: NDArray[np.int8],
    field: NDArray[np.float64],
    i: int,
    row: NDArray[np.int32],
    base: int,
    change: int,
) -> None:
    """As `change_site`, the neighbour in slot k being `base` + `row`[k]: of its own row, or of what each row adds to an index."""
    s = i % tables.sublattices
    occupation[i] += change
    for p in range(tables.pair_start[s], tables.pair_start[s + 1]):
        field[base + row[tables.pair_slots[p]]] += change * tables.pair_energy[p]
    for t in range(tables.triplet_start[s], tables.triplet_start[s + 1]):
        a = base + row[tables.triplet_slots[t, 0]]
        b = base + row[tables.triplet_slots[t, 1]]
        energy = change * tables.triplet_energy[t]
        field[a] += energy * occupation[b]
        field[b] += energy * occupation[a]
    for q in range(tables.quadruplet_start[s], tables.quadruplet_start[s + 1]):
        a = base + row[tables.quadruplet_slots[q, 0]]
        b = base + row[tables.quadruplet_slots[q, 1]]
        c = base + row[tables.quadruplet_slots[q, 2]]
        energy = change * tables.quadruplet_energy[q]
        field[a] += energy * (occupation[b] * occupation[c])
        field[b] += energy * (occupation[a] * occupation[c])
        field[c] += energy * (occupation[a] * occupation[b])
