"""A species expansion on a supercell: kernel tables, groups of sites that exchange, steps that change the composition."""

from __future__ import annotations

from itertools import combinations, combinations_with_replacement
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from scalith.crystal.host import VACANCY, element_of
from scalith.crystal.supercells import LatticeSite
from scalith.lattice.expansion.cluster_space import Cluster, relative
from scalith.lattice.expansion.electrostatics import species_ewald_interactions
from scalith.lattice.expansion.species_expansion import cluster_energies
from scalith.lattice.kernels.species import MOST_SITES, SpeciesSteps, SpeciesTables
from scalith.lattice.sampling.supercell import NEGLIGIBLE, neighbour_sites, supercell_shape
from scalith.quantities import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from scalith.crystal import Host
    from scalith.lattice.expansion.species_expansion import SpeciesExpansion

Flip = tuple[int, int, int]
"""Group, code before, code after."""


class SpeciesModel(NamedTuple):
    """A species expansion on a supercell, ready for kernels. Codes count from the last species of a site, its reference.

    Attributes
    ----------
    host : Host
    tables : SpeciesTables
    constant : float
        eV per primitive cell.
    shape : tuple of int
        Primitive cells along each vector.
    lists : list of tuple of str
        Species of each group of sites.
    grouped, starts : ndarray
        Sites group by group, and where each group begins.
    steps : SpeciesSteps
    """

    host: Host
    tables: SpeciesTables
    constant: float
    shape: tuple[int, int, int]
    lists: list[tuple[str, ...]]
    grouped: NDArray[np.int64]
    starts: NDArray[np.int64]
    steps: SpeciesSteps

    @property
    def cells(self) -> int:
        """Primitive cells."""
        return int(np.prod(self.shape))

    @property
    def sites(self) -> int:
        """Sites that the working ion may fill."""
        return self.cells * len(self.host.working)

    @property
    def strongest_pair(self) -> float:
        """√(Σ V²) over the pair interactions of a site, largest of all sublattices, eV."""
        largest = 0.0
        tables = self.tables
        for s in range(tables.sublattices):
            total = 0.0
            for c in range(tables.start[s, 0], tables.start[s, 1]):
                size = int(tables.counts[s] * tables.widths[c, 0])
                total += float(np.max(np.abs(tables.energy[tables.base[c] : tables.base[c] + size])) ** 2)
            largest = max(largest, total)
        return float(np.sqrt(largest))

    def codes(self, species: NDArray[np.int8]) -> NDArray[np.int8]:
        """From places in the lists of species to codes, and back."""
        last = np.tile(self.tables.counts - 1, len(species) // self.tables.sublattices)
        return (last - species).astype(np.int8)

    def arranged(self, counts: Sequence[Sequence[int]], rng: np.random.Generator) -> NDArray[np.int8]:
        """Codes of a random arrangement with these numbers of sites of each species, group by group."""
        species = np.zeros(len(self.grouped), dtype=np.int8)
        for group, numbers in enumerate(counts):
            own = self.grouped[self.starts[group] : self.starts[group + 1]]
            species[rng.permutation(own)] = np.repeat(np.arange(len(numbers)), numbers)
        return self.codes(species)


def species_model(expansion: SpeciesExpansion, cells: int | Sequence[int]) -> SpeciesModel:
    """Interactions, groups and steps on a supercell of `cells` primitive cells along each vector."""
    host, shape = expansion.host, supercell_shape(cells)
    lists = list(dict.fromkeys(host.sites[index].species for index in host.active))
    kind = np.array([lists.index(host.sites[index].species) for index in host.active])
    count = int(np.prod(shape))
    sites = [np.flatnonzero(np.tile(kind, count) == group) for group in range(len(lists))]
    starts = np.concatenate([[0], np.cumsum([len(own) for own in sites])]).astype(np.int64)
    constant, energies = reference_interactions(expansion, shape)
    tables = species_tables(host, energies, shape)
    return SpeciesModel(host, tables, constant, shape, lists, np.concatenate(sites), starts, composition_steps(host, lists))


def reference_interactions(
    expansion: SpeciesExpansion, shape: tuple[int, int, int]
) -> tuple[float, dict[Cluster, NDArray[np.float64]]]:
    """Interactions relative to the last species of each site.

    Returns
    -------
    constant : float
        All sites hold their last species, eV per primitive cell.
    energies : dict of cluster to ndarray
        Of each canonical cluster for every combination of codes (0: the last species), eV; zero where a code is 0.
    """
    constant = sum(value for orbit, value in zip(expansion.orbits, expansion.interactions, strict=True) if orbit.order == 0)
    parts = list(cluster_energies(expansion).items())
    if expansion.inverse_permittivity != 0.0:
        shift, charges = species_ewald_interactions(expansion.host, shape)
        constant += expansion.inverse_permittivity * shift
        parts += [(cluster, expansion.inverse_permittivity * energy) for cluster, energy in charges.items()]
    found: dict[Cluster, NDArray[np.float64]] = {}
    for cluster, energy in parts:
        coded = energy[tuple(slice(None, None, -1) for _ in cluster)]
        constant += float(coded[(0,) * len(cluster)])
        for size in range(1, len(cluster) + 1):
            for own in combinations(range(len(cluster)), size):
                part = coded[tuple(slice(None) if k in own else 0 for k in range(len(cluster)))]
                for axis in range(size):
                    part = part - part.take([0], axis=axis)
                key, order = _canonical([cluster[k] for k in own])
                found[key] = found.get(key, 0.0) + part.transpose(order)
    return constant, {key: value for key, value in sorted(found.items()) if np.max(np.abs(value)) > NEGLIGIBLE}


def _canonical(sites: Sequence[LatticeSite]) -> tuple[Cluster, tuple[int, ...]]:
    """The translate of a cluster that stands for all of them, and the order in which its sites come from those given."""
    best: tuple[Cluster, tuple[int, ...]] | None = None
    for origin in sites:
        moved = [relative(site, origin) for site in sites]
        order = tuple(sorted(range(len(moved)), key=moved.__getitem__))
        seen = tuple(moved[k] for k in order), order
        if best is None or seen[0] < best[0]:
            best = seen
    assert best is not None  # a cluster has sites
    return best


def species_tables(host: Host, energies: Mapping[Cluster, NDArray[np.float64]], shape: tuple[int, int, int]) -> SpeciesTables:
    """Kernel tables of interactions relative to the last species on an n₁ × n₂ × n₃ supercell.

    Raises
    ------
    InputError
        The supercell is so small that a cluster meets its own image.
    """
    counts = np.array([len(host.sites[index].species) for index in host.active], dtype=np.int64)
    sublattices = len(counts)
    point = np.zeros((sublattices, int(counts.max())))
    slots: list[dict[LatticeSite, int]] = [{} for _ in range(sublattices)]
    rows: list[list[list[tuple[list[int], list[int], list[int], int]]]] = [[[], [], []] for _ in range(sublattices)]
    flat, size = [], 0
    for cluster, energy in energies.items():
        if len(cluster) == 1:
            point[cluster[0][0], : energy.size] += energy
            continue
        strides = [int(np.prod(energy.shape[k + 1 :])) for k in range(energy.ndim)]
        for index, origin in enumerate(cluster):
            s = origin[0]
            others = [k for k in range(len(cluster)) if k != index]
            shifts = [relative(cluster[k], origin) for k in others]
            images = {(t, *(d % n for d, n in zip(rest, shape, strict=True))) for t, *rest in shifts} | {(s, 0, 0, 0)}
            if len(images) <= len(shifts):
                raise InputError("supercell", "cells", list(shape), "a supercell in which no cluster meets its own image")
            numbers = [slots[s].setdefault(shift, len(slots[s])) for shift in shifts]
            pad = [0] * (3 - len(numbers))
            steps = [strides[index], *(strides[k] for k in others), *pad]
            rows[s][len(cluster) - 2].append(([*numbers, *pad], [*(energy.shape[k] for k in others), *pad], steps, size))
        flat.append(energy.ravel())
        size += energy.size
    listed = [row for own in rows for part in own for row in part]
    ends = np.cumsum([0, *(len(part) for own in rows for part in own)])
    start = np.array([ends[3 * s : 3 * s + 4] for s in range(sublattices)], dtype=np.int64)
    return SpeciesTables(
        sublattices,
        counts,
        neighbour_sites(shape, sublattices, [list(items) for items in slots]),
        point,
        start,
        np.array([row[0] for row in listed], dtype=np.int32).reshape(-1, 3),
        np.array([row[1] for row in listed], dtype=np.int64).reshape(-1, 3),
        np.array([row[2] for row in listed], dtype=np.int64).reshape(-1, 4),
        np.array([row[3] for row in listed], dtype=np.int64),
        np.concatenate(flat) if flat else np.zeros(1),
    )


def composition_steps(host: Host, lists: Sequence[tuple[str, ...]]) -> SpeciesSteps:
    """Smallest changes of composition that keep every element but the working ion, and the charge where charge states are told.

    Such as: an ion enters and Fe3+ becomes Fe2+; 2 Mn3+ become Mn2+ and Mn4+; ions of two sublattices change places. Exchanges
    within a group are none of them.
    """
    charges = {name: charge for site in host.sites for name, charge in zip(site.species, site.charges, strict=True)}
    elements = sorted({element_of(name) for names in lists for name in names} - {host.working_ion, VACANCY})

    def kept(flip: Flip) -> NDArray[np.float64]:
        before, after = lists[flip[0]][::-1][flip[1]], lists[flip[0]][::-1][flip[2]]
        moved = [float(element_of(after) == name) - float(element_of(before) == name) for name in elements]
        return np.array([*moved, charges[after] - charges[before] if host.charge_states else 0.0])

    def brought(flip: Flip) -> int:
        before, after = lists[flip[0]][::-1][flip[1]], lists[flip[0]][::-1][flip[2]]
        return int(after == host.working_ion) - int(before == host.working_ion)

    flips = [(g, a, b) for g, names in enumerate(lists) for a in range(len(names)) for b in range(len(names)) if a != b]
    changes = {flip: kept(flip) for flip in flips}
    found: dict[tuple[Flip, ...], None] = {}
    for size in range(1, min(MOST_SITES, max(2, 1 + (host.ion_charge if host.charge_states else 1))) + 1):
        for step in combinations_with_replacement(flips, size):
            if np.max(np.abs(sum(changes[flip] for flip in step))) > 1e-9 or _reducible(step, changes):
                continue
            back = tuple(sorted((g, b, a) for g, a, b in step))
            if back in found or (size > 2 and not sum(brought(flip) for flip in step)):
                continue
            found[step] = None
    most = max(len(names) for names in lists)
    is_ion = np.zeros((len(host.active), most), dtype=np.int64)
    for s, index in enumerate(host.active):
        for code, name in enumerate(host.sites[index].species[::-1]):
            is_ion[s, code] = name == host.working_ion
    shape = (len(found), MOST_SITES)
    group, before, after = np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=np.int8), np.zeros(shape, dtype=np.int8)
    for row, step in enumerate(found):
        for k, (g, a, b) in enumerate(step):
            group[row, k], before[row, k], after[row, k] = g, a, b
    sizes = np.array([len(step) for step in found], dtype=np.int64)
    ions = np.array([sum(brought(flip) for flip in step) for step in found], dtype=np.int64)
    return SpeciesSteps(sizes, group, before, after, ions, is_ion)


def _reducible(step: tuple[Flip, ...], changes: Mapping[Flip, NDArray[np.float64]]) -> bool:
    """Whether a step holds a smaller one, or undoes itself."""
    for size in range(1, len(step)):
        for part in combinations(step, size):
            if np.max(np.abs(sum(changes[flip] for flip in part))) < 1e-9:
                return True
    return any((g, b, a) in step for g, a, b in step)


def without_steps(steps: SpeciesSteps) -> SpeciesSteps:
    """No change of composition: exchanges within groups alone."""
    return SpeciesSteps(steps.size[:0], steps.group[:0], steps.before[:0], steps.after[:0], steps.ions[:0], steps.is_ion)
