"""Local cluster expansion: a scalar of one hop (its kinetically resolved activation energy, the difference of its end
states) as a function of what sits on the sites around it.

With σ = ±1 on each site of the surroundings the value is

    E = E₀ + Σ_α K_α Σ_{c ∈ α} Π_{i ∈ c} σ_i

over orbits α of points, pairs, triplets and quadruplets of these sites that are congruent: the same species, the same
distances
(Van der Ven, Ceder, Asta, Tepesch 2001, DOI 10.1103/PhysRevB.64.184307; form and order of the terms as in kMCpy).
"""

from __future__ import annotations

from itertools import combinations, permutations
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from scalith.crystal.supercells import LatticeSite
from scalith.quantities import FileRecord, InputError, Source, Spec, file_digest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

CONGRUENCE = 0.02
"""Distances within this, Å, are the same."""

SiteSets = tuple[tuple[int, ...], ...]


class LocalClusterExpansion(Spec):
    """A scalar of a hop as a function of its surroundings.

    Attributes
    ----------
    species : tuple of str
        Species whose presence is σ = +1, site by site.
    positions : tuple of (3,) floats
        Of the sites relative to the hop's centre, Å.
    orbits : tuple of orbits
        Each a tuple of clusters, each a tuple of site numbers.
    interactions : tuple of float
        K_α, eV.
    constant : float
        E₀, eV.
    hop : (site, site) or None
        For an expansion on a host's lattice: the two ends, each (sublattice, three cell offsets).
    sites : tuple of sites
        Those of the surroundings on the host's lattice, in the order of `species`.
    leave_one_out_error : float
        Of its fit, eV.
    source : Source
    """

    species: tuple[str, ...]
    positions: tuple[tuple[float, float, float], ...]
    orbits: tuple[SiteSets, ...]
    interactions: tuple[float, ...]
    constant: float
    hop: tuple[LatticeSite, LatticeSite] | None = None
    sites: tuple[LatticeSite, ...] = ()
    leave_one_out_error: float = 0.0
    source: Source

    def correlations(self, spins: NDArray[np.int64]) -> NDArray[np.float64]:
        """Sums of the clusters' products, shape (…, orbits), for spins of shape (…, sites)."""
        states = np.asarray(spins)
        if states.shape[-1] != len(self.species) or not np.all(np.abs(states) == 1):
            raise InputError(
                "local cluster expansion", "spins", f"shape {states.shape}", f"±1 on each of {len(self.species)} sites"
            )
        return np.stack([np.prod(states[..., np.array(orbit)], axis=-1).sum(axis=-1) for orbit in self.orbits], axis=-1).astype(
            float
        )

    def value(self, spins: NDArray[np.int64]) -> NDArray[np.float64]:
        """E of each of the surroundings, shape (…), eV."""
        return np.asarray(self.constant + self.correlations(spins) @ np.array(self.interactions))

    def by_filled(self) -> tuple[float, dict[tuple[int, ...], float]]:
        """The value with all sites vacant, and what each set of filled sites adds (n = (σ + 1)/2), eV."""
        constant = self.constant
        found: dict[tuple[int, ...], float] = {}
        for orbit, value in zip(self.orbits, self.interactions, strict=True):
            for cluster in orbit:
                constant += value * (-1.0) ** len(cluster)
                for size in range(1, len(cluster) + 1):
                    share = value * 2.0**size * (-1.0) ** (len(cluster) - size)
                    for part in combinations(sorted(cluster), size):
                        found[part] = found.get(part, 0.0) + share
        return constant, {part: value for part, value in found.items() if abs(value) > 1e-12}


def local_orbits(species: Sequence[str], positions: NDArray[np.float64], cutoffs: Sequence[float]) -> tuple[SiteSets, ...]:
    """Orbits of congruent clusters among the sites around a hop.

    Parameters
    ----------
    species : sequence of str
    positions : ndarray, shape (sites, 3)
        Å.
    cutoffs : three floats
        Longest distance within pairs, triplets and quadruplets, Å; 0 leaves an order out.

    Returns
    -------
    tuple of orbits
        Points first; within an order by first appearance in the order of the sites.
    """
    distance = np.linalg.norm(positions[:, None] - positions[None], axis=2)
    orbits: list[list[tuple[int, ...]]] = []
    for order, cutoff in enumerate((np.inf, *cutoffs), start=1):
        known: list[tuple[tuple[str, ...], NDArray[np.float64], list[tuple[int, ...]]]] = []
        for members in combinations(range(len(species)), order):
            inner = distance[np.ix_(members, members)]
            if inner.max() >= cutoff:
                continue
            kinds = tuple(species[k] for k in members)
            for other_kinds, other, clusters in known:
                if sorted(kinds) == sorted(other_kinds) and _congruent(kinds, inner, other_kinds, other):
                    clusters.append(members)
                    break
            else:
                known.append((kinds, inner, [members]))
                orbits.append(known[-1][2])
    return tuple(tuple(clusters) for clusters in orbits)


def _congruent(
    kinds: tuple[str, ...], inner: NDArray[np.float64], other_kinds: tuple[str, ...], other: NDArray[np.float64]
) -> bool:
    for order in permutations(range(len(kinds))):
        if tuple(kinds[k] for k in order) == other_kinds and np.all(np.abs(inner[np.ix_(order, order)] - other) < CONGRUENCE):
            return True
    return False


def read_local_cluster_expansion(folder: str | Path, name: str, cutoffs: Sequence[float]) -> LocalClusterExpansion:
    """Read an expansion from the files of one quantity, as the shipped NaSICON model has them.

    Parameters
    ----------
    folder : path
        Holds ``sites.csv`` (species, x, y, z in Å from the hop's centre), ``NAME_keci.txt`` (interactions, meV, in the order of
        `local_orbits`), and the training set from which the constant is found: ``correlation_matrix.txt``, ``NAME_energies.txt``
        (meV), ``weights.txt``.
    name : str
        ``"kra"`` or ``"site"``.
    cutoffs : three floats
        Of pairs, triplets, quadruplets, Å.

    Raises
    ------
    InputError
        A file is missing, or the number of interactions is not that of the orbits.
    """
    place = Path(folder)
    for needed in ("sites.csv", f"{name}_keci.txt", f"{name}_energies.txt", "correlation_matrix.txt", "weights.txt"):
        if not (place / needed).is_file():
            raise InputError(
                str(folder), needed, "no such file", "sites, interactions and training set of a local cluster expansion"
            )
    table = np.genfromtxt(place / "sites.csv", delimiter=",", names=True, dtype=None, encoding="utf-8")
    species = tuple(str(kind) for kind in table["species"])
    positions = np.stack([table[axis] for axis in "xyz"], axis=1)
    orbits = local_orbits(species, positions, cutoffs)
    interactions = np.loadtxt(place / f"{name}_keci.txt")
    if len(interactions) != len(orbits):
        raise InputError(
            str(place / f"{name}_keci.txt"), "interactions", f"{len(interactions)} values", f"{len(orbits)}, one an orbit"
        )
    left = np.loadtxt(place / f"{name}_energies.txt") - np.loadtxt(place / "correlation_matrix.txt") @ interactions
    constant = float(np.average(left, weights=np.loadtxt(place / "weights.txt")))
    files = tuple(FileRecord(name=path, digest=file_digest(place / path)) for path in ("sites.csv", f"{name}_keci.txt"))
    return LocalClusterExpansion(
        species=species,
        positions=tuple((float(x), float(y), float(z)) for x, y, z in positions),
        orbits=orbits,
        interactions=tuple(float(value) for value in 1e-3 * interactions),
        constant=1e-3 * constant,
        source=Source(kind="published", reference=place.name, files=files),
    )


def hop_energies(
    barrier: LocalClusterExpansion, difference: LocalClusterExpansion, spins: NDArray[np.int64], direction: int = 1
) -> NDArray[np.float64]:
    """Activation energy KRA + ΔE/2 of a hop with these surroundings, eV; `direction` −1 for the way back."""
    if direction not in (-1, 1):
        raise InputError("local cluster expansion", "direction", direction, "1 or -1")
    return barrier.value(spins) + 0.5 * direction * difference.value(spins)
