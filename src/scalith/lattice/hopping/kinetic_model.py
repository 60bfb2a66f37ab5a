"""Hops of a host on a supercell: the tables that kinetic Monte Carlo walks on, and its first configurations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from scalith.lattice.expansion.cluster_space import relative, shifted
from scalith.lattice.hopping.hop_barriers import Hop, HopBarriers, hops_of
from scalith.lattice.kernels.kinetic import HopTables
from scalith.lattice.sampling.monte_carlo import Model, require_working_ion_alone
from scalith.lattice.sampling.supercell import expansion_interactions, interaction_tables, neighbour_sites, supercell_shape
from scalith.quantities import InputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from scalith.crystal.supercells import LatticeSite
    from scalith.lattice.expansion.cluster_expansion import ClusterExpansion
    from scalith.lattice.expansion.cluster_space import Cluster


class KineticModel(NamedTuple):
    """A cluster expansion with its hops on a supercell.

    Attributes
    ----------
    lattice : Model
    hops : HopTables
    frequency : float
        Attempt frequency, s⁻¹.
    dimensions : int
        In how many directions the hops lead.
    """

    lattice: Model
    hops: HopTables
    frequency: float
    dimensions: int

    @property
    def most_hops(self) -> int:
        """Greatest number of hops out of a site."""
        return int(np.diff(self.hops.start).max())


def kinetic_model(expansion: ClusterExpansion, barriers: HopBarriers, cells: int | Sequence[int]) -> KineticModel:
    """Interactions, hops and dependency lists on a supercell of `cells` primitive cells along each vector.

    Raises
    ------
    InputError
        The supercell is so small that a cluster meets its own image, or a site around a hop that decides its barrier that of
        another or of the hop's ends.
    """
    require_working_ion_alone(expansion.host)
    shape = supercell_shape(cells)
    host = expansion.host
    sublattices = len(host.active)
    hops = hops_of(host, barriers)
    _require_wide(hops, shape)
    constant, energies = expansion_interactions(expansion, shape)
    extra = [list(dict.fromkeys(site for hop in own for site in _seen(hop))) for own in hops]
    tables, slots = interaction_tables(energies, sublattices, shape, extra)
    exchanged = np.zeros(sublattices)
    exchanged[host.working] = 1.0
    lattice = Model(tables, constant, exchanged, shape)
    vectors = np.array([hop.vector for own in hops for hop in own])
    dimensions = int(np.linalg.matrix_rank(vectors, tol=1e-6))
    return KineticModel(lattice, _hop_tables(energies, hops, slots, shape), barriers.attempt_frequency, dimensions)


def _require_wide(hops: list[list[Hop]], shape: tuple[int, int, int]) -> None:
    """Reject a supercell in which two sites of a hop and its surroundings are one: rates would not be in detailed balance."""
    for s, own in enumerate(hops):
        for hop in own:
            sites = {(s, 0, 0, 0), *_seen(hop)}
            if len({(t, *np.mod(cell, shape).tolist()) for t, *cell in sites}) < len(sites):
                expected = "a supercell in which no site around a hop meets the image of another, or of the hop's ends"
                raise InputError("supercell", "cells", list(shape), expected)


def _seen(hop: Hop) -> list[LatticeSite]:
    """Sites that the rate of a hop depends on by itself."""
    around = [site for sites, _ in hop.local for site in sites]
    return [hop.target, *hop.watched, *([hop.through] if hop.through else []), *around]


def _hop_tables(
    energies: dict[Cluster, float], hops: list[list[Hop]], slots: list[dict[LatticeSite, int]], shape: tuple[int, int, int]
) -> HopTables:
    start, target, through, vectors, barrier = [0], [], [], [], []
    watched_start, watched = [0], []
    mutual, mutual_start, mutual_slots, mutual_energy = [], [0], [], []
    local_start, local_slots, local_energy = [0], [], []
    most = max((len(hop.watched) for own in hops for hop in own), default=0)
    joined = _clusters_by_pair(energies)
    for s, own in enumerate(hops):
        for hop in own:
            target.append(slots[s][hop.target])
            through.append(-1 if hop.through is None else slots[s][hop.through])
            vectors.append([hop.vector, hop.first, np.subtract(hop.vector, hop.first)])
            barrier.append([*hop.barriers, *[hop.barriers[-1]] * (most + 1 - len(hop.barriers))])
            watched += [slots[s][site] for site in hop.watched]
            watched_start.append(len(watched))
            pair = 0.0
            for others, energy in joined.get((s, hop.target), []):
                if not others:
                    pair += energy
                    continue
                numbers = [slots[s][site] for site in others]
                mutual_slots.append([numbers[0], numbers[1] if len(numbers) > 1 else -1])
                mutual_energy.append(energy)
            for sites, energy in hop.local:
                local_slots.append([*(slots[s][site] for site in sites), *[-1] * (3 - len(sites))])
                local_energy.append(energy)
            local_start.append(len(local_energy))
            mutual.append(pair)
            mutual_start.append(len(mutual_energy))
        start.append(len(target))
    vectors_of = np.ascontiguousarray(np.array(vectors, dtype=np.float64).reshape(-1, 3, 3).transpose(1, 0, 2))
    return HopTables(
        np.array(start, dtype=np.int64),
        np.array(target, dtype=np.int32),
        np.array(through, dtype=np.int32),
        vectors_of[0],
        vectors_of[1],
        vectors_of[2],
        np.array(barrier, dtype=np.float64).reshape(len(target), most + 1),
        np.array(watched_start, dtype=np.int64),
        np.array(watched, dtype=np.int32),
        np.array(mutual, dtype=np.float64),
        np.array(mutual_start, dtype=np.int64),
        np.array(mutual_slots, dtype=np.int32).reshape(-1, 2),
        np.array(mutual_energy, dtype=np.float64),
        np.array(local_start, dtype=np.int64),
        np.array(local_slots, dtype=np.int32).reshape(-1, 3),
        np.array(local_energy, dtype=np.float64),
        _dependents(hops, slots, shape),
        any(hop.through is not None for own in hops for hop in own),
    )


def _clusters_by_pair(energies: dict[Cluster, float]) -> dict[tuple[int, LatticeSite], list[tuple[list[LatticeSite], float]]]:
    """For each ordered pair (sublattice, other site) the clusters that hold both: their further sites, and energy."""
    joined: dict[tuple[int, LatticeSite], list[tuple[list[LatticeSite], float]]] = {}
    for cluster, energy in energies.items():
        for a, origin in enumerate(cluster):
            seen = [relative(site, origin) for site in cluster]
            for b, site in enumerate(seen):
                if b != a:
                    others = [other for c, other in enumerate(seen) if c not in (a, b)]
                    joined.setdefault((origin[0], site), []).append((others, energy))
    return joined


def _dependents(hops: list[list[Hop]], slots: list[dict[LatticeSite, int]], shape: tuple[int, int, int]) -> NDArray[np.int32]:
    """Sites whose hops may change rate when a site changes.

    Those whose field or watched surroundings change, and those that hop onto such a site.
    """
    sublattices = len(slots)
    # `influenced[s]`: shifts from a site of s to the sites that see it (interactions and watched sites are both slots).
    influenced: list[dict[LatticeSite, None]] = [{(s, 0, 0, 0): None} for s in range(sublattices)]
    for s, known in enumerate(slots):
        for site in known:
            influenced[site[0]][(s, -site[1], -site[2], -site[3])] = None
    into: list[list[LatticeSite]] = [[] for _ in range(sublattices)]
    for s, own in enumerate(hops):
        for hop in own:
            into[hop.target[0]].append((s, -hop.target[1], -hop.target[2], -hop.target[3]))
    lists: list[list[LatticeSite]] = []
    for s in range(sublattices):
        reached = dict(influenced[s])
        for site in influenced[s]:
            for origin in into[site[0]]:
                reached[shifted(origin, site)] = None
        lists.append(sorted((site for site in reached if hops[site[0]]), key=lambda site: (site[1:], site[0])))
    table = neighbour_sites(shape, sublattices, lists)
    counts = np.tile([len(items) for items in lists], int(np.prod(shape)))
    table[np.arange(table.shape[1]) >= counts[:, None]] = -1
    return table
