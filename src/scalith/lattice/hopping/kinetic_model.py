"""Hops of a host on a supercell: the tables that kinetic Monte Carlo walks on, and its first configurations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from scalith.lattice.expansion.cluster_space import relative, shifted
from scalith.lattice.hopping.hop_barriers import Hop, HopBarriers, hops_of
from scalith.lattice.kernels.kinetic import HopTables
from scalith.lattice.sampling.monte_carlo import Model, require_working_ion_alone
from scalith.lattice.sampling.supercell import expansion_interactions, interaction_tables, supercell_shape
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
        **_reach_tables(energies, hops, slots, shape),
        pairs=any(hop.through is not None for own in hops for hop in own),
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


def _reach_tables(
    energies: dict[Cluster, float], hops: list[list[Hop]], slots: list[dict[LatticeSite, int]], shape: tuple[int, int, int]
) -> dict[str, Any]:
    """What `HopTables` hold from `slot_shift` to `shape`: how far the consequences of each hop reach.

    Rates change of the sites whose field or surroundings change, and of those that hop onto such a site.
    """
    sublattices, strides = len(slots), (shape[1] * shape[2], shape[2], 1)
    # Sites whose field changes with a site of each sublattice, and those that see it (interactions and surroundings are slots).
    fields: list[set[LatticeSite]] = [{(s, 0, 0, 0)} for s in range(sublattices)]
    for cluster in energies:
        for origin in cluster:
            fields[origin[0]].update(relative(site, origin) for site in cluster)
    seen: list[set[LatticeSite]] = [{(s, 0, 0, 0)} for s in range(sublattices)]
    for s, known in enumerate(slots):
        for site in known:
            seen[site[0]].add(relative((s, 0, 0, 0), site))
    into: list[list[LatticeSite]] = [[] for _ in range(sublattices)]
    for s, own in enumerate(hops):
        for hop in own:
            into[hop.target[0]].append(relative((s, 0, 0, 0), hop.target))
    rates = [known | {shifted(origin, site) for site in known for origin in into[site[0]]} for known in seen]
    ways = [(s, hop.target) for s, own in enumerate(hops) for hop in own]
    changed = [_of_both(fields, s, target, shape) for s, target in ways]
    reached = [[site for site in _of_both(rates, s, target, shape) if hops[site[0]]] for s, target in ways]
    onward = [{shifted(hop.target, site) for site in sites for hop in hops[site[0]]} for sites in reached]
    # What rates are computed from: the ends of hops, and where there are surroundings every slot of the sites that are reached.
    read: list[set[LatticeSite]] = []
    surroundings = any(hop.watched or hop.local or hop.through for own in hops for hop in own)
    if surroundings or any(len(cluster) > 2 for cluster in energies):
        among = [[*sites, (s, 0, 0, 0), target] for (s, target), sites in zip(ways, reached, strict=True)]
        read = [{shifted(slot, site) for site in sites for slot in slots[site[0]]} for sites in among]
    reach = max(abs(step) for sites in (*changed, *reached, *onward, *read) for site in sites for step in site[1:])

    def index(site: LatticeSite, s: int) -> int:
        return sum(step * stride for step, stride in zip(site[1:], strides, strict=True)) * sublattices + site[0] - s

    slot_shift = np.zeros((sublattices, max(1, *(len(known) for known in slots))), dtype=np.int32)
    for s, known in enumerate(slots):
        for site, slot in known.items():
            slot_shift[s, slot] = index(site, s)
    ahead = []
    for (s, _), sites, further in zip(ways, reached, onward, strict=True):
        near = {index(site, s) for site in sites}
        ahead.append([number for number in _every_eight(sorted(index(site, s) for site in further)) if number not in near])
    folded = np.zeros((3, max(shape) + 2 * reach), dtype=np.int64)
    for axis, (cells, stride) in enumerate(zip(shape, strides, strict=True)):
        folded[axis, : cells + 2 * reach] = np.arange(-reach, cells + reach) % cells * stride * sublattices
    reached_start, reached_sites = _ranges(reached, reach)
    changed_start, changed_sites = _ranges(changed, reach)
    return {
        "slot_shift": slot_shift,
        "shift": np.array([index(target, s) for s, target in ways], dtype=np.int64),
        "reached_start": reached_start,
        "reached": reached_sites,
        "changed_start": changed_start,
        "changed": changed_sites,
        "ahead_start": np.concatenate([[0], np.cumsum([len(items) for items in ahead])]).astype(np.int64),
        "ahead": np.array([number for items in ahead for number in items], dtype=np.int64),
        "reach": reach,
        "folded": folded,
        "shape": np.array(shape, dtype=np.int64),
    }


def _of_both(lists: list[set[LatticeSite]], s: int, target: LatticeSite, shape: tuple[int, int, int]) -> list[LatticeSite]:
    """What lies around the start of a hop or its target, each site of the box once, in the order of indices."""
    once: dict[tuple[int, ...], LatticeSite] = {}
    for site in sorted(lists[s] | {shifted(other, target) for other in lists[target[0]]}, key=lambda site: (site[1:], site[0])):
        once.setdefault((site[0], *np.mod(site[1:], shape).tolist()), site)
    return list(once.values())


def _every_eight(numbers: list[int]) -> list[int]:
    """Of increasing numbers so many that each lies within eight of one on either side, where it has such neighbours."""
    kept: list[int] = []
    for k, number in enumerate(numbers):
        if not kept or k + 1 == len(numbers) or numbers[k + 1] - kept[-1] > 8:
            kept.append(number)
    return kept


def _ranges(lists: list[list[LatticeSite]], reach: int) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Lists of sites one after another, where each begins, and offsets plus `reach`."""
    start = np.concatenate([[0], np.cumsum([len(sites) for sites in lists])]).astype(np.int64)
    return start, np.array([site for sites in lists for site in sites], dtype=np.int32) + np.array(
        [0, reach, reach, reach], np.int32
    )
