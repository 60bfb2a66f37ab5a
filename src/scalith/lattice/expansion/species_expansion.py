"""Cluster expansion of sites that any species share, on any number of sublattices: orthogonal site functions, fit, energies.

With M species on a site the functions

    Θ_0 = −cos(2πσ/M), Θ_1 = −sin(2πσ/M), Θ_2 = −cos(4πσ/M), …   (M − 1 of them; σ = 0 … M − 1 names the species)

are orthogonal to each other and to 1 (van de Walle 2009, DOI 10.1016/j.calphad.2008.12.005; the convention of icet). The cluster
vector is the mean of their products over decorated clusters, one component an orbit of clusters whose sites each carry a
function. Two species give the spins of `scalith.lattice.expansion.cluster_space` and its faster kernels; this is the general
path.
"""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from pydantic import Field

from scalith.crystal import Host
from scalith.crystal.orderings import other_elements
from scalith.crystal.supercells import periodic_keys
from scalith.crystal.symmetry import site_operations
from scalith.lattice.expansion.cluster_expansion import HullReport, Matrix, drawn_fields, fit_energies, require_same_host
from scalith.lattice.expansion.cluster_space import cluster_orbits, image_of_site
from scalith.lattice.expansion.electrostatics import species_ewald_energy
from scalith.lattice.expansion.regression import Method
from scalith.quantities import InputError, Source, Spec, predicted

if TYPE_CHECKING:
    from collections.abc import Sequence

    import xarray as xr
    from numpy.typing import NDArray

    from scalith.crystal.symmetry import SiteOperations

DecoratedSite = tuple[int, int, int, int, int]
"""(sublattice, three integer cell offsets, function of the site)."""
DecoratedCluster = tuple[DecoratedSite, ...]


class DecoratedOrbit(Spec):
    """Symmetry-equivalent clusters whose sites carry a function each.

    Attributes
    ----------
    order : int
        Sites in a cluster; 0 for the constant.
    radius, diameter : float
        As `scalith.lattice.Orbit`, Å.
    clusters : tuple of clusters
        All that belong to one primitive cell: each a tuple of (sublattice, n1, n2, n3, function).
    """

    order: int
    radius: float
    diameter: float
    clusters: tuple[DecoratedCluster, ...]

    @property
    def multiplicity(self) -> int:
        """Clusters in a primitive cell."""
        return len(self.clusters)


class Species(NamedTuple):
    """A periodic arrangement of species.

    Attributes
    ----------
    supercell : ndarray, shape (3, 3), int
        Rows in primitive vectors.
    species : ndarray of int8, shape (sites,)
        Place of each site's species in the host's list for it.
    sublattice : ndarray, shape (sites,)
    offset : ndarray, shape (sites, 3), int
        Primitive cell of each site.
    """

    supercell: NDArray[np.int64]
    species: NDArray[np.int8]
    sublattice: NDArray[np.int64]
    offset: NDArray[np.int64]


def site_functions(species: int) -> NDArray[np.float64]:
    """Values Θ_f(σ), shape (species − 1, species)."""
    f, sigma = np.arange(species - 1)[:, None], np.arange(species)[None, :]
    angle = 2.0 * np.pi * ((f + 2) // 2) * sigma / species
    return np.where(f % 2 == 0, -np.cos(angle), -np.sin(angle))


def decorated_orbits(
    host: Host, pair_cutoff: float, triplet_cutoff: float = 0.0, quadruplet_cutoff: float = 0.0
) -> tuple[DecoratedOrbit, ...]:
    """Orbits of decorated clusters within the cut-offs (Å), in the order of `scalith.lattice.cluster_orbits`."""
    operations = site_operations(host)
    functions = [len(host.sites[index].species) - 1 for index in host.active]
    found = []
    for orbit in cluster_orbits(host, pair_cutoff, triplet_cutoff, quadruplet_cutoff):
        left = {
            _canonical(tuple((*site, f) for site, f in zip(cluster, choice, strict=True)))
            for cluster in orbit.clusters
            for choice in product(*(range(functions[site[0]]) for site in cluster))
        }
        while left:
            seed = min(left)
            members = {_canonical(_image(seed, operations, g)) for g in range(len(operations.rotation))}
            left -= members
            found.append(
                DecoratedOrbit(order=orbit.order, radius=orbit.radius, diameter=orbit.diameter, clusters=tuple(sorted(members)))
            )
    return tuple(found)


def _canonical(cluster: DecoratedCluster) -> DecoratedCluster:
    moved = [
        tuple(sorted((s, a - origin[1], b - origin[2], c - origin[3], f) for s, a, b, c, f in cluster)) for origin in cluster
    ]
    return min(moved) if moved else ()


def _image(cluster: DecoratedCluster, operations: SiteOperations, g: int) -> DecoratedCluster:
    return tuple((*image_of_site(operations, g, (s, a, b, c)), f) for s, a, b, c, f in cluster)


def species_vector(host: Host, orbits: tuple[DecoratedOrbit, ...], arrangement: Species) -> NDArray[np.float64]:
    """Cluster vector of an arrangement of species, shape (orbits,); the first is 1."""
    supercell, species, sublattice, offset = arrangement
    counts = [len(host.sites[index].species) for index in host.active]
    if np.any(species < 0) or np.any(species >= np.array(counts)[sublattice]):
        raise InputError("cluster vector", "species", species, "places in the host's list of species of each site")
    table = np.zeros((len(counts), max(counts) - 1, max(counts)))
    for s, count in enumerate(counts):
        table[s, : count - 1, :count] = site_functions(count)
    stride = len(counts)
    keys = periodic_keys(supercell, offset) * stride + sublattice
    order = np.argsort(keys)
    keys, sorted_species = keys[order], species[order].astype(np.int64)
    cells = offset[sublattice == sublattice[0]]
    vector = np.ones(len(orbits))
    for k, orbit in enumerate(orbits):
        if orbit.order == 0:
            continue
        members = np.array(orbit.clusters, dtype=np.int64)  # (clusters, order, 5)
        where = periodic_keys(supercell, members[:, :, None, 1:4] + cells) * stride + members[:, :, None, 0]
        found = sorted_species[np.searchsorted(keys, where)]
        vector[k] = np.prod(table[members[:, :, None, 0], members[:, :, None, 4], found], axis=1).mean()
    return vector


class SpeciesExpansion(Spec):
    """Energy of any arrangement of species: E = Σ_α m_α J_α Π_α + E_Ewald/ε_r per primitive cell.

    Attributes
    ----------
    host : Host
    orbits : tuple of DecoratedOrbit
    interactions : tuple of float
        J_α, eV per decorated cluster.
    inverse_permittivity, covariance, method, noise, root_mean_square_error, leave_one_out_error, grouped_error
    untested_groups, known_x, source
        As `scalith.lattice.ClusterExpansion`.
    hull : HullReport or None
        Only where arrangements differ in the working ion alone.
    """

    host: Host
    orbits: tuple[DecoratedOrbit, ...]
    interactions: tuple[float, ...]
    inverse_permittivity: float = 0.0
    covariance: Matrix = ()
    method: str = "given"
    noise: float = 0.0
    root_mean_square_error: float = 0.0
    leave_one_out_error: float = 0.0
    grouped_error: dict[str, float] = Field(default_factory=dict)
    untested_groups: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    hull: HullReport | None = None
    known_x: tuple[float, float] = (0.0, 1.0)
    source: Source

    def energy(self, arrangement: Species) -> float:
        """Energy of an arrangement, eV per primitive cell."""
        weights = [orbit.multiplicity * value for orbit, value in zip(self.orbits, self.interactions, strict=True)]
        energy = float(species_vector(self.host, self.orbits, arrangement) @ np.array(weights))
        if self.inverse_permittivity != 0.0:
            energy += self.inverse_permittivity * species_ewald_energy(self.host, *arrangement)
        return energy

    def draws(self, count: int, seed: int | np.random.Generator) -> tuple[SpeciesExpansion, ...]:
        """Expansions whose interactions are drawn around those of the fit, as `scalith.lattice.ClusterExpansion.draws` does."""
        return tuple(SpeciesExpansion(**fields) for fields in drawn_fields(self, count, seed))


def arrangement_of(orderings: xr.Dataset, structure: int) -> Species:
    """One structure of a data set of `scalith.crystal.map_orderings`."""
    species = orderings["species"].values[structure]
    real = species >= 0
    sublattice, offset = (orderings[name].values[structure][real] for name in ("sublattice", "offset"))
    return Species(orderings["supercell"].values[structure], species[real], sublattice, offset)


def fit_species_expansion(
    host: Host,
    orderings: xr.Dataset,
    *,
    pair_cutoff: float,
    triplet_cutoff: float = 0.0,
    quadruplet_cutoff: float = 0.0,
    electrostatics: bool = False,
    method: Method = "ridge",
    keep_ground_states: bool = False,
    end_importance: float = 1.0,
    groups: Sequence[object] | None = None,
) -> SpeciesExpansion:
    """Fit interactions to the energies of arrangements of species.

    Parameters
    ----------
    host : Host
        Sites with two species or more; charge states are species of their own (`scalith.crystal.couple_sublattices`).
    orderings : xarray.Dataset
        From `scalith.crystal.map_orderings` for this host.
    pair_cutoff, triplet_cutoff, quadruplet_cutoff : float
        Longest distance within a cluster, Å; 0 leaves the order out.
    electrostatics : bool
        Whether the energy of the charges of all species (Ewald's sum) enters with a fitted weight 1/ε_r.
    method, keep_ground_states, end_importance, groups
        As `scalith.lattice.fit_cluster_expansion`.

    Raises
    ------
    InputError
        The orderings belong to another host, or are too few; ground states of arrangements that have no common hull.
    """
    require_same_host(host, orderings)
    orbits = decorated_orbits(host, pair_cutoff, triplet_cutoff, quadruplet_cutoff)
    multiplicity = np.array([orbit.multiplicity for orbit in orbits], dtype=np.float64)
    arrangements = [arrangement_of(orderings, k) for k in range(orderings.sizes["structure"])]
    A = np.array([multiplicity * species_vector(host, orbits, item) for item in arrangements])
    shrunk = np.array([orbit.order > 1 for orbit in orbits])
    if electrostatics:
        A = np.column_stack([A, [species_ewald_energy(host, *item) for item in arrangements]])
        shrunk = np.append(shrunk, False)
    settings = {
        "cutoffs_angstrom": [pair_cutoff, triplet_cutoff, quadruplet_cutoff],
        "electrostatics": electrostatics,
        "method": method,
        "keep_ground_states": keep_ground_states,
        "end_importance": end_importance,
        "arrangements": len(arrangements),
    }
    fitted = fit_energies(
        A,
        orderings,
        shrunk,
        method=method,
        keep_ground_states=keep_ground_states,
        end_importance=end_importance,
        groups=groups,
        one_composition=len(set(other_elements(host, orderings))) == 1,
    )
    weights = fitted.pop("weights")
    return SpeciesExpansion(
        host=host,
        orbits=orbits,
        interactions=tuple(float(value) for value in weights[: len(orbits)]),
        inverse_permittivity=float(weights[-1]) if electrostatics else 0.0,
        source=predicted(
            "scalith.lattice.fit_species_expansion",
            host.digest,
            settings=settings,
            files=Source.from_json(orderings.attrs["source"]).files,
        ),
        **fitted,
    )


def cluster_energies(expansion: SpeciesExpansion) -> dict[tuple[tuple[int, int, int, int], ...], NDArray[np.float64]]:
    """Energy (eV) of each cluster of a primitive cell for every combination of species, shape (M of each site, …)."""
    found: dict[tuple[tuple[int, int, int, int], ...], NDArray[np.float64]] = {}
    for orbit, value in zip(expansion.orbits, expansion.interactions, strict=True):
        for cluster in orbit.clusters if orbit.order else ():
            sites = tuple((s, a, b, c) for s, a, b, c, _ in cluster)
            # The same sites in another order come with another decoration: put in one order.
            order = sorted(range(len(sites)), key=sites.__getitem__)
            counts = [len(expansion.host.sites[expansion.host.active[sites[k][0]]].species) for k in order]
            term = np.array(value)
            for k, count in zip(order, counts, strict=True):
                term = np.multiply.outer(term, site_functions(count)[cluster[k][4]])
            key = tuple(sites[k] for k in order)
            found[key] = found.get(key, np.zeros(counts)) + term
    return found
