"""The sites around a hop on a host's lattice: which hops symmetry makes of one, and which sets of sites around it are alike."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from scalith.crystal.supercells import LatticeSite
from scalith.crystal.symmetry import site_operations
from scalith.lattice.expansion.cluster_space import DISTANCE_TOLERANCE, image_of_site, positions_of, relative
from scalith.lattice.expansion.local_cluster_expansion import SiteSets

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from scalith.crystal import Host
    from scalith.crystal.symmetry import SiteOperations

Image = Callable[[LatticeSite], LatticeSite]


def images_of_hop(host: Host, start: LatticeSite, end: LatticeSite) -> dict[tuple[int, LatticeSite], Image]:
    """All hops out of the cell (0, 0, 0) that an operation of the host makes of one hop or of its reverse.

    Returns
    -------
    dict
        For (sublattice, target) where each site goes under the operation.
    """
    operations = site_operations(host)
    found: dict[tuple[int, LatticeSite], Image] = {}
    for g in range(len(operations.rotation)):
        ends = [image_of_site(operations, g, site) for site in (start, end)]
        for origin, target in (ends, ends[::-1]):
            moved = relative(target, origin)
            if (origin[0], moved) not in found:
                found[origin[0], moved] = partial(_image_from, operations, g, origin)
    return found


def _image_from(operations: SiteOperations, g: int, origin: LatticeSite, site: LatticeSite) -> LatticeSite:
    return relative(image_of_site(operations, g, site), origin)


def hop_surroundings(
    host: Host, start: LatticeSite, end: LatticeSite, reach: float, pair_cutoff: float = 0.0, triplet_cutoff: float = 0.0
) -> tuple[tuple[LatticeSite, ...], NDArray[np.float64], tuple[SiteSets, ...]]:
    """Sites of the working ion around a hop, and the orbits of sets of them under the operations that keep the hop.

    Parameters
    ----------
    host : Host
    start, end : LatticeSite
    reach : float
        Greatest distance from the middle of the hop, Å.
    pair_cutoff, triplet_cutoff : float
        Longest distance within pairs and triplets, Å; 0 leaves an order out.

    Returns
    -------
    sites : tuple of LatticeSite
        Nearest first, the two ends left out.
    positions : ndarray, shape (sites, 3)
        From the middle of the hop, Å.
    orbits : tuple of orbits
        Points first.
    """
    middle = positions_of(host, (start, end)).mean(axis=0)
    sites = _sites_within(host, middle, reach, {start, end})
    positions = positions_of(host, tuple(sites)) - middle
    distance = np.linalg.norm(positions[:, None] - positions[None], axis=2)
    number = {site: k for k, site in enumerate(sites)}
    kept = [[number[image(site)] for site in sites] for image in _keeping(host, start, end)]
    orbits: list[SiteSets] = []
    for order, cutoff in ((1, np.inf), (2, pair_cutoff), (3, triplet_cutoff)):
        left = {
            members
            for members in combinations(range(len(sites)), order)
            if distance[np.ix_(members, members)].max() <= cutoff + DISTANCE_TOLERANCE
        }
        while left and cutoff > 0.0:
            seed = min(left)
            alike = {tuple(sorted(places[k] for k in seed)) for places in kept}
            left -= alike
            orbits.append(tuple(sorted(alike)))
    return tuple(sites), positions, tuple(orbits)


def _sites_within(host: Host, middle: NDArray[np.float64], reach: float, without: set[LatticeSite]) -> list[LatticeSite]:
    """Sites of the working ion, nearest first."""
    inverse = np.linalg.inv(host.cell)
    home = np.floor(middle @ inverse).astype(int)
    wide = np.ceil(reach * np.linalg.norm(inverse, axis=0)).astype(int) + 1
    grid = home + np.stack(np.meshgrid(*[np.arange(-r, r + 1) for r in wide], indexing="ij"), axis=-1).reshape(-1, 3)
    found: list[tuple[float, LatticeSite]] = []
    for s in host.working.tolist():
        away = np.linalg.norm((grid + host.positions[host.active[s]]) @ host.cell - middle, axis=1)
        inside = np.flatnonzero(away <= reach + DISTANCE_TOLERANCE)
        found += [(round(float(away[k]), 5), (s, int(grid[k, 0]), int(grid[k, 1]), int(grid[k, 2]))) for k in inside]
    return [site for _, site in sorted(found) if site not in without]


def _keeping(host: Host, start: LatticeSite, end: LatticeSite) -> list[Image]:
    """Operations that leave a hop where it is, or turn it round."""
    operations = site_operations(host)
    found: list[Image] = []
    for g in range(len(operations.rotation)):
        ends = [image_of_site(operations, g, site) for site in (start, end)]
        for first, second in (ends, ends[::-1]):
            # The translation that brings the image of one end back to the start.
            shift = relative(first, start)
            if first[0] == start[0] and relative(second, (0, *shift[1:])) == end:
                found.append(partial(_image_from, operations, g, (0, *shift[1:])))
    return found
