"""A finite periodic piece of a host, and a cluster expansion's interactions in the form that kernels take."""

from __future__ import annotations

from collections import defaultdict
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from scalith.crystal.supercells import LatticeSite
from scalith.lattice.expansion.cluster_space import Cluster, Orbit, canonical_cluster, relative
from scalith.lattice.expansion.electrostatics import ewald_interactions
from scalith.lattice.kernels.fields import InteractionTables
from scalith.quantities import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from scalith.lattice.expansion.cluster_expansion import ClusterExpansion


def expansion_interactions(expansion: ClusterExpansion, shape: tuple[int, int, int]) -> tuple[float, dict[Cluster, float]]:
    """All occupation interactions of an expansion on a supercell, the electrostatic ones included.

    Returns
    -------
    constant : float
        eV per primitive cell.
    energies : dict of cluster to float
        eV.
    """
    constant, energies = occupation_interactions(expansion.orbits, expansion.interactions)
    if expansion.inverse_permittivity != 0.0:
        shift, charges = ewald_interactions(expansion.host, shape)
        constant += expansion.inverse_permittivity * shift
        for cluster, value in charges.items():
            # Short-range clusters are written with small offsets, electrostatic ones with offsets from 0 to n − 1.
            energies[cluster] = energies.get(cluster, 0.0) + expansion.inverse_permittivity * value
    return constant, energies


NEGLIGIBLE = 1e-12
"""eV; an interaction below this is left out of the tables."""


def supercell_shape(cells: int | Sequence[int]) -> tuple[int, int, int]:
    """Primitive cells along each vector: one number means a cube of them.

    Raises
    ------
    InputError
        Not one or three positive whole numbers.
    """
    shape = (cells,) * 3 if isinstance(cells, (int, np.integer)) else tuple(cells)
    if len(shape) != 3 or any(int(n) != n or n < 1 for n in shape) or np.prod(shape) > 2**31:
        raise InputError("supercell", "cells", cells, "one or three positive whole numbers")
    return (int(shape[0]), int(shape[1]), int(shape[2]))


def occupation_interactions(orbits: Sequence[Orbit], interactions: Sequence[float]) -> tuple[float, dict[Cluster, float]]:
    """From spins to occupations, σ = 2n − 1.

    Returns
    -------
    constant : float
        eV per primitive cell.
    energies : dict of cluster to float
        Energy (eV) of each canonical cluster when all its sites are filled.
    """
    constant = 0.0
    energies: dict[Cluster, float] = defaultdict(float)
    for orbit, value in zip(orbits, interactions, strict=True):
        if value == 0.0:
            continue
        for cluster in orbit.clusters:
            constant += value * (-1.0) ** orbit.order
            for size in range(1, orbit.order + 1):
                share = value * 2.0**size * (-1.0) ** (orbit.order - size)
                for part in combinations(cluster, size):
                    energies[canonical_cluster(part)] += share
    return constant, {cluster: value for cluster, value in sorted(energies.items()) if abs(value) > NEGLIGIBLE}


def neighbour_sites(shape: tuple[int, int, int], sublattices: int, slots: Sequence[Sequence[LatticeSite]]) -> NDArray[np.int32]:
    """Site in each slot of each site, shape (sites, slots); `slots[s]` lists (sublattice, offset) around sublattice s."""
    n1, n2, n3 = shape
    a, b, c = (grid.ravel() for grid in np.meshgrid(np.arange(n1), np.arange(n2), np.arange(n3), indexing="ij"))
    width = max(1, *(len(items) for items in slots))
    table = np.empty((n1 * n2 * n3, sublattices, width), dtype=np.int32)
    table[:] = np.arange(n1 * n2 * n3 * sublattices, dtype=np.int32).reshape(-1, sublattices, 1)
    for s, items in enumerate(slots):
        for slot, (other, d1, d2, d3) in enumerate(items):
            cell = (((a + d1) % n1) * n2 + (b + d2) % n2) * n3 + (c + d3) % n3
            table[:, s, slot] = cell * sublattices + other
    return table.reshape(-1, width)


def interaction_tables(
    energies: dict[Cluster, float],
    sublattices: int,
    shape: tuple[int, int, int],
    extra: Sequence[Sequence[LatticeSite]] | None = None,
) -> tuple[InteractionTables, list[dict[LatticeSite, int]]]:
    """Kernel tables of occupation interactions on an n₁ × n₂ × n₃ supercell.

    Parameters
    ----------
    energies : dict of cluster to float
        From `occupation_interactions`.
    sublattices : int
    shape : three ints
    extra : list of lists of sites, optional
        Sites around each sublattice that need a neighbour slot besides those that interact.

    Returns
    -------
    tables : InteractionTables
    slots : list of dict
        For each sublattice the neighbour slot of each shift (sublattice, offset).

    Raises
    ------
    InputError
        The supercell is so small that a cluster meets its own image.
    """
    point = np.zeros(sublattices)
    slots: list[dict[LatticeSite, int]] = [{site: k for k, site in enumerate(sites)} for sites in extra or [[]] * sublattices]
    # lists[order][sublattice] holds (slots of the other sites, energy)
    lists: dict[int, list[list[tuple[tuple[int, ...], float]]]] = {order: [[] for _ in range(sublattices)] for order in (2, 3, 4)}
    for cluster, energy in energies.items():
        for index, origin in enumerate(cluster):
            s = origin[0]
            others: list[LatticeSite] = []
            for position, site in enumerate(cluster):
                shift = relative(site, origin)
                folded = site[0] == s and all(d % n == 0 for d, n in zip(shift[1:], shape, strict=True))
                if position == index:
                    continue
                if folded:
                    raise InputError("supercell", "cells", list(shape), "a supercell in which no cluster meets its own image")
                others.append(shift)
            images = {(o[0], *(d % n for d, n in zip(o[1:], shape, strict=True))) for o in others}
            if len(images) < len(others):
                raise InputError("supercell", "cells", list(shape), "a supercell in which no cluster meets its own image")
            if not others:
                point[s] += energy
                continue
            numbers = tuple(slots[s].setdefault(site, len(slots[s])) for site in others)
            lists[len(cluster)][s].append((numbers, energy))
    parts: dict[int, tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.float64]]] = {}
    for order, by_sublattice in lists.items():
        start = np.concatenate([[0], np.cumsum([len(items) for items in by_sublattice])]).astype(np.int64)
        flat = [item for items in by_sublattice for item in items]
        numbers_array = np.array([numbers for numbers, _ in flat], dtype=np.int32).reshape(-1, order - 1)
        parts[order] = (start, numbers_array, np.array([energy for _, energy in flat], dtype=np.float64))
    ordered = [list(items) for items in slots]
    tables = InteractionTables(
        sublattices,
        neighbour_sites(shape, sublattices, ordered),
        point,
        parts[2][0],
        np.ascontiguousarray(parts[2][1][:, 0]),
        parts[2][2],
        *parts[3],
        *parts[4],
    )
    return tables, slots


def interacting_dimensions(clusters: Iterable[Cluster], shape: tuple[int, int, int]) -> int:
    """In how many directions interactions lead from a site to its images: 2 for layers that do not feel each other.

    Directions along which the supercell is one cell wide do not count.
    """
    ways: dict[int, list[tuple[int, NDArray[np.int64]]]] = {}
    for cluster in clusters:
        for a, site in enumerate(cluster):
            for other in cluster[:a] + cluster[a + 1 :]:
                ways.setdefault(site[0], []).append((other[0], np.subtract(other[1:], site[1:])))
    most = 0
    left = set(ways)
    while left:
        first = min(left)
        place, waiting, loops = {first: np.zeros(3, dtype=np.int64)}, [first], [np.zeros(3, dtype=np.int64)]
        while waiting:
            here = waiting.pop()
            for there, step in ways[here]:
                if there not in place:
                    place[there] = place[here] + step
                    waiting.append(there)
                # A way round from a sublattice to itself, in another cell.
                loops.append(place[here] + step - place[there])
        left -= set(place)
        wide = np.unique(np.array(loops), axis=0)[:, np.array(shape) > 1]
        most = max(most, int(np.linalg.matrix_rank(wide)) if wide.size else 0)
    return most
