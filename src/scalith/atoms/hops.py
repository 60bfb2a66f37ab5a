"""Hops of the working ion between neighbouring sites, found by geometry and told apart by symmetry."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from scalith.atoms.orderings import structure_of
from scalith.crystal.supercells import lattice_cells, periodic_keys
from scalith.crystal.symmetry import site_operations
from scalith.quantities import InputError

if TYPE_CHECKING:
    from ase import Atoms
    from numpy.typing import NDArray

    from scalith.crystal import Host

Site = tuple[int, int, int, int]
"""Sublattice and primitive cell."""


@dataclass(frozen=True)
class SiteHop:
    """A hop from the site of `start` in cell (0, 0, 0) to `end`.

    Attributes
    ----------
    start : int
        Sublattice.
    end : (int, int, int, int)
        Sublattice and cell.
    vector : (float, float, float)
        From start to end, Å.
    distance : float
        Å.
    multiplicity : int
        Equivalent hops (there and back counted once) in a primitive cell.
    """

    start: int
    end: Site
    vector: tuple[float, float, float]
    distance: float
    multiplicity: int


def distinct_hops(host: Host, longest: float) -> tuple[SiteHop, ...]:
    """All hops up to a length that no space-group operation turns into each other, shortest first.

    Parameters
    ----------
    host : Host
    longest : float
        Å.

    Raises
    ------
    InputError
        No two sites of the working ion are that near.
    """
    operations = site_operations(host)
    working = set(host.working.tolist())
    places = host.positions[host.active]
    reach = np.ceil(longest * np.linalg.norm(np.linalg.inv(host.cell), axis=0)).astype(int) + 1
    grid = np.stack(np.meshgrid(*[np.arange(-r, r + 1) for r in reach], indexing="ij"), axis=-1).reshape(-1, 3)
    pairs: list[tuple[float, int, Site, NDArray[np.float64]]] = []
    for start in sorted(working):
        for end in sorted(working):
            vectors = (grid + places[end] - places[start]) @ host.cell
            lengths = np.linalg.norm(vectors, axis=1)
            for k in np.flatnonzero((lengths > 1e-3) & (lengths <= longest + 1e-6)):
                site = (end, int(grid[k, 0]), int(grid[k, 1]), int(grid[k, 2]))
                pairs.append((round(float(lengths[k]), 6), start, site, vectors[k]))
    if not pairs:
        raise InputError("hops", "longest", f"{longest:g} Å", f"the distance of two sites of {host.working_ion} or more")
    pairs.sort(key=lambda pair: (pair[0], pair[1], pair[2]))
    hops: list[SiteHop] = []
    seen: set[tuple[int, Site]] = set()
    for distance, start, end, vector in pairs:
        if (start, end) in seen:
            continue
        orbit: set[tuple[int, Site]] = set()
        for rotation, target, shift in zip(*operations, strict=True):
            first = int(target[start])
            second = rotation @ np.array(end[1:]) + shift[end[0]] - shift[start]
            image = (int(target[end[0]]), int(second[0]), int(second[1]), int(second[2]))
            back = (first, int(-second[0]), int(-second[1]), int(-second[2]))
            orbit |= {(first, image), (image[0], back)}
        seen |= orbit
        x, y, z = (float(value) for value in vector)
        hops.append(SiteHop(start, end, (x, y, z), distance, len(orbit) // 2))
    return tuple(hops)


def hop_end_points(
    host: Host,
    hop: SiteHop,
    supercell: NDArray[np.int64],
    background: Literal["empty", "full"] | NDArray[np.int8] = "empty",
) -> tuple[Atoms, Atoms]:
    """The crystal with the ion before and after a hop; atoms stand in the same order, the hopping ion last.

    Parameters
    ----------
    host : Host
        Best relaxed at the background's stoichiometry.
    hop : SiteHop
    supercell : ndarray, shape (3, 3), int
        Rows in primitive vectors; the two sites must be different in it.
    background : "empty", "full" or ndarray
        Stoichiometry of the other active sites: none (one ion in the empty host), all (one vacancy in the full one), or one
        number a site (sublattice by sublattice, cells as in `scalith.crystal.supercells.lattice_cells`).

    Raises
    ------
    InputError
        The ion would hop onto its own periodic image, or the background has another number of sites.
    """
    cells = lattice_cells(supercell)
    count = len(cells) * len(host.active)
    filled = (
        np.full(count, int(background == "full"), dtype=np.int8) if isinstance(background, str) else np.array(background, np.int8)
    )
    if len(filled) != count:
        raise InputError("hop", "background", f"{len(filled)} sites", f"{count} sites, as the supercell holds")
    keys = periodic_keys(supercell, cells)
    first = hop.start * len(cells) + int(np.flatnonzero(keys == periodic_keys(supercell, np.zeros(3, dtype=np.int64)))[0])
    second = hop.end[0] * len(cells) + int(np.flatnonzero(keys == periodic_keys(supercell, np.array(hop.end[1:])))[0])
    if first == second:
        raise InputError("hop", "supercell", "both ends are one site", "a supercell in which the ion does not meet its own image")
    filled[[first, second]] = 0
    surroundings = structure_of(host, supercell, filled)
    start = host.positions[host.active[hop.start]] @ host.cell
    ends = []
    for place in (start, start + np.array(hop.vector)):
        atoms = surroundings.copy()
        atoms.append(host.working_ion)
        atoms.positions[-1] = place
        ends.append(atoms)
    return ends[0], ends[1]
