"""Cluster space: the symmetry orbits of point, pair, triplet and quadruplet clusters of active sites.

With a spin σ = ±1 on every active site (+1 filled) the energy of an ordering, per primitive cell, is

    E = Σ_α m_α J_α Π_α,   Π_α = ⟨ Π_{i ∈ c} σ_i ⟩ over the clusters c of orbit α,

where m_α clusters of orbit α belong to a primitive cell and Π_α is the cluster vector (Sanchez, Ducastelle, Gratias 1984,
DOI 10.1016/0378-4371(84)90096-7).
"""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from scalith.crystal.supercells import LatticeSite, periodic_keys
from scalith.crystal.symmetry import SiteOperations, site_operations
from scalith.numerics.remembered import remembered
from scalith.quantities import InputError, Spec

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

    from scalith.crystal import Host

Cluster = tuple[LatticeSite, ...]

DISTANCE_TOLERANCE = 1e-5
"""Å; clusters whose sites lie at the cut-off within this are in."""


class Orbit(Spec):
    """Symmetry-equivalent clusters.

    Attributes
    ----------
    order : int
        Sites in a cluster; 0 for the constant.
    radius : float
        Mean distance of the sites from their centre, Å (icet's convention).
    diameter : float
        Longest distance between two sites, Å.
    clusters : tuple of clusters
        All that belong to one primitive cell: each a tuple of (sublattice, n1, n2, n3).
    """

    order: int
    radius: float
    diameter: float
    clusters: tuple[Cluster, ...]

    @property
    def multiplicity(self) -> int:
        """Clusters in a primitive cell."""
        return len(self.clusters)


def relative(site: LatticeSite, origin: LatticeSite) -> LatticeSite:
    """A site as seen from the cell of another."""
    return site[0], site[1] - origin[1], site[2] - origin[2], site[3] - origin[3]


def shifted(site: LatticeSite, by: LatticeSite) -> LatticeSite:
    """A site that is seen from the cell of `by`, as seen from the cell (0, 0, 0)."""
    return site[0], site[1] + by[1], site[2] + by[2], site[3] + by[3]


def image_of_site(operations: SiteOperations, g: int, site: LatticeSite) -> LatticeSite:
    """Where operation g takes a site."""
    s, *cell = site
    a, b, c = operations.rotation[g] @ np.array(cell) + operations.shift[g, s]
    return int(operations.sublattice[g, s]), int(a), int(b), int(c)


def canonical_cluster(cluster: Cluster) -> Cluster:
    """The translate of a cluster that stands for all its translates."""
    best: Cluster | None = None
    for origin in cluster:
        moved = tuple(sorted(relative(site, origin) for site in cluster))
        if best is None or moved < best:
            best = moved
    return best if best is not None else ()


def positions_of(host: Host, cluster: Cluster) -> NDArray[np.float64]:
    """Cartesian positions of a cluster's sites, shape (order, 3), Å."""
    active = host.positions[host.active]
    return np.array([(active[s] + (a, b, c)) @ host.cell for s, a, b, c in cluster]).reshape(-1, 3)


def neighbours_within(host: Host, cutoff: float) -> list[list[tuple[LatticeSite, float]]]:
    """For each sublattice the sites within `cutoff` (Å) of its site in cell (0, 0, 0), nearest first."""
    active = host.positions[host.active]
    reach = np.ceil(cutoff * np.linalg.norm(np.linalg.inv(host.cell), axis=0)).astype(int) + 1
    grid = np.stack(np.meshgrid(*[np.arange(-r, r + 1) for r in reach], indexing="ij"), axis=-1).reshape(-1, 3)
    result = []
    for position in active:
        found: list[tuple[LatticeSite, float]] = []
        for s, other in enumerate(active):
            distance = np.linalg.norm((grid + other - position) @ host.cell, axis=1)
            inside = np.flatnonzero((distance > 1e-3) & (distance <= cutoff + DISTANCE_TOLERANCE))
            found += [((s, int(grid[k, 0]), int(grid[k, 1]), int(grid[k, 2])), float(distance[k])) for k in inside]
        result.append(sorted(found, key=lambda item: (round(item[1], 5), item[0])))
    return result


def cluster_orbits(
    host: Host, pair_cutoff: float, triplet_cutoff: float = 0.0, quadruplet_cutoff: float = 0.0
) -> tuple[Orbit, ...]:
    """Orbits of all clusters whose sites lie within the cut-offs of each other.

    Parameters
    ----------
    host : Host
    pair_cutoff, triplet_cutoff, quadruplet_cutoff : float
        Longest distance within a cluster, Å; 0 leaves that order out.

    Returns
    -------
    tuple of Orbit
        The constant, the points, then pairs, triplets and quadruplets, each by growing radius.

    Raises
    ------
    InputError
        A cut-off is negative, or the pair cut-off reaches no neighbour.
    """
    for name, cutoff in (
        ("pair_cutoff", pair_cutoff),
        ("triplet_cutoff", triplet_cutoff),
        ("quadruplet_cutoff", quadruplet_cutoff),
    ):
        if not 0.0 <= cutoff < 100.0:
            raise InputError("cluster space", name, cutoff, "a length in Å between 0 and 100")
    cutoffs = (float(pair_cutoff), float(triplet_cutoff), float(quadruplet_cutoff))
    return remembered(lambda: _orbits(host, *cutoffs), "cluster orbits", host.digest, *cutoffs)


def _orbits(host: Host, pair_cutoff: float, triplet_cutoff: float, quadruplet_cutoff: float) -> tuple[Orbit, ...]:
    operations = site_operations(host)
    sublattices = len(host.active)
    orbits = [Orbit(order=0, radius=0.0, diameter=0.0, clusters=((),))]
    orbits += _sorted(host, {canonical_cluster(((s, 0, 0, 0),)) for s in range(sublattices)}, operations)
    for order, cutoff in ((2, pair_cutoff), (3, triplet_cutoff), (4, quadruplet_cutoff)):
        if cutoff > 0.0:
            orbits += _sorted(host, _clusters(host, order, cutoff), operations)
    if pair_cutoff > 0.0 and not any(orbit.order == 2 for orbit in orbits):
        nearest = min(item[0][1] for item in neighbours_within(host, 20.0) if item)
        raise InputError(
            "cluster space", "pair_cutoff", pair_cutoff, f"at least the distance of neighbouring sites, {nearest:.3f} Å"
        )
    return tuple(orbits)


def _clusters(host: Host, order: int, cutoff: float) -> set[Cluster]:
    near = neighbours_within(host, cutoff)
    offsets = [np.array([site[1:] for site, _ in items], dtype=np.int64).reshape(-1, 3) for items in near]
    active = host.positions[host.active]
    found: set[Cluster] = set()
    for s, items in enumerate(near):
        sites = [site for site, _ in items]
        places = (active[[site[0] for site in sites]] + offsets[s]) @ host.cell if sites else np.zeros((0, 3))
        close = np.linalg.norm(places[:, None] - places[None], axis=2) <= cutoff + DISTANCE_TOLERANCE
        for members in _cliques(close, order - 1):
            found.add(canonical_cluster(((s, 0, 0, 0), *(sites[k] for k in members))))
    return found


def _cliques(close: NDArray[np.bool_], size: int) -> list[tuple[int, ...]]:
    """Index sets of `size` sites that all lie close to each other."""
    cliques: list[tuple[int, ...]] = [(k,) for k in range(len(close))]
    for _ in range(size - 1):
        cliques = [
            (*members, int(k))
            for members in cliques
            for k in range(members[-1] + 1, len(close))
            if all(close[k, m] for m in members)
        ]
    return cliques


def _sorted(host: Host, clusters: set[Cluster], operations: SiteOperations) -> list[Orbit]:
    orbits = []
    left = set(clusters)
    while left:
        seed = min(left)
        members = {canonical_cluster(_image(seed, operations, g)) for g in range(len(operations.rotation))}
        left -= members
        places = positions_of(host, seed)
        centre = places.mean(axis=0)
        radius = float(np.mean(np.linalg.norm(places - centre, axis=1)))
        longest = max((float(np.linalg.norm(a - b)) for a, b in combinations(places, 2)), default=0.0)
        orbits.append(
            Orbit(order=len(seed), radius=round(radius, 9), diameter=round(longest, 9), clusters=tuple(sorted(members)))
        )
    return sorted(orbits, key=lambda orbit: (round(orbit.radius, 4), orbit.multiplicity, orbit.clusters))


def _image(cluster: Cluster, operations: SiteOperations, g: int) -> Cluster:
    return tuple(image_of_site(operations, g, site) for site in cluster)


def cluster_vector(
    orbits: tuple[Orbit, ...],
    supercell: NDArray[np.int64],
    filled: NDArray[np.int8],
    sublattice: NDArray[np.int64],
    offset: NDArray[np.int64],
) -> NDArray[np.float64]:
    """Cluster vector Π of a periodic ordering.

    Parameters
    ----------
    orbits : tuple of Orbit
    supercell : ndarray, shape (3, 3), int
        Rows in primitive vectors.
    filled, sublattice : ndarray, shape (sites,)
    offset : ndarray, shape (sites, 3), int
        1 filled or 0 empty, the sublattice and the primitive cell of each site of the supercell.

    Returns
    -------
    ndarray, shape (orbits,)
        Each in [−1, 1]; the first is 1.
    """
    stride = int(sublattice.max()) + 1
    keys = periodic_keys(supercell, offset) * stride + sublattice
    order = np.argsort(keys)
    keys, spins = keys[order], (2.0 * filled - 1.0)[order]
    cells = offset[sublattice == sublattice[0]]
    vector = np.ones(len(orbits))
    for k, orbit in enumerate(orbits):
        if orbit.order == 0:
            continue
        members = np.array(orbit.clusters, dtype=np.int64)  # (clusters, order, 4)
        where = periodic_keys(supercell, members[:, :, None, 1:] + cells) * stride + members[:, :, None, 0]
        vector[k] = np.prod(spins[np.searchsorted(keys, where)], axis=1).mean()
    return vector


def design_matrix(orbits: tuple[Orbit, ...], orderings: xr.Dataset) -> NDArray[np.float64]:
    """Rows m_α Π_α of all orderings of a data set of `scalith.crystal.map_orderings`, shape (structures, orbits)."""
    content = [orderings[name].values for name in ("filled", "sublattice", "offset", "supercell")]
    return remembered(lambda: _rows(orbits, orderings), "design matrix", [orbit.digest for orbit in orbits], *content)


def _rows(orbits: tuple[Orbit, ...], orderings: xr.Dataset) -> NDArray[np.float64]:
    multiplicity = np.array([orbit.multiplicity for orbit in orbits], dtype=np.float64)
    rows = []
    for k in range(orderings.sizes["structure"]):
        filled = orderings["filled"].values[k]
        real = filled >= 0
        arrays = (orderings["sublattice"].values[k][real], orderings["offset"].values[k][real])
        rows.append(multiplicity * cluster_vector(orbits, orderings["supercell"].values[k], filled[real], *arrays))
    return np.array(rows)
