"""Enumeration of all symmetrically distinct orderings of a host (derivative structures).

Supercells of n primitive cells are the Hermite normal forms of determinant n, reduced by the space group; on each,
stoichiometries are kept that no operation (rotation or translation) turns into one counted before, and that have no smaller
period (Hart, Forcade 2008, DOI 10.1103/PhysRevB.77.224115). Filled and empty are different: their exchange counts as another
ordering.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from scalith.crystal.host import require_two_species
from scalith.crystal.orderings import orderings_dataset
from scalith.crystal.supercells import lattice_cells, periodic_keys
from scalith.crystal.symmetry import SiteOperations, site_operations
from scalith.quantities import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import xarray as xr
    from numpy.typing import NDArray

    from scalith.crystal.host import Host

LARGEST = 20
"""Most active sites of a supercell that are enumerated: 2²⁰ stoichiometries."""


def hermite_normal_forms(determinant: int) -> NDArray[np.int64]:
    """All lower triangular integer matrices with 0 ≤ b < c, 0 ≤ d, e < f below the diagonal (a, c, f), shape (n, 3, 3)."""
    forms = []
    for a in range(1, determinant + 1):
        if determinant % a:
            continue
        for c in range(1, determinant // a + 1):
            if (determinant // a) % c:
                continue
            f = determinant // (a * c)
            # Rows are lattice vectors: entries to the left of a diagonal run below the diagonal of their own column.
            forms += [[[a, 0, 0], [b, c, 0], [d, e, f]] for b in range(a) for d in range(a) for e in range(c)]
    return np.array(forms, dtype=np.int64)


def distinct_supercells(host: Host, cells: int) -> NDArray[np.int64]:
    """Supercells of `cells` primitive cells that no space-group operation turns into each other, shape (n, 3, 3)."""
    rotations = np.unique(site_operations(host).rotation, axis=0)
    kept: list[NDArray[np.int64]] = []
    for form in hermite_normal_forms(cells):
        images = form @ rotations.transpose(0, 2, 1)
        if not any(np.any(_integer(images @ np.linalg.inv(known))) for known in kept):
            kept.append(form)
    return np.array(kept)


def _integer(matrices: NDArray[np.float64]) -> NDArray[np.bool_]:
    return np.asarray(np.all(np.abs(matrices - np.round(matrices)) < 1e-8, axis=(-2, -1)))


def enumerate_orderings(host: Host, sizes: Sequence[int], *, x: tuple[float, float] = (0.0, 1.0)) -> xr.Dataset:
    """All distinct orderings on supercells of the given sizes.

    Parameters
    ----------
    host : Host
    sizes : sequence of int
        Numbers of primitive cells.
    x : (float, float)
        Least and greatest filled fraction of the active sites.

    Returns
    -------
    xarray.Dataset
        As `scalith.crystal.map_orderings` gives it (``supercell``, ``filled``, ``sublattice``, ``offset``, ``x``), without
        energies: to be computed, or assigned with ``orderings.assign(energy=("structure", values))`` in eV per primitive cell.

    Raises
    ------
    InputError
        A supercell holds more than 20 active sites, a site has more than two species, x is not a range within 0 and 1, or no
        ordering lies in it.
    """
    require_two_species(host)
    if not 0.0 <= x[0] <= x[1] <= 1.0:
        raise InputError("enumeration", "x", x, "the least and the greatest stoichiometry, from 0 to 1")
    operations = site_operations(host)
    found: list[tuple[NDArray[np.int64], NDArray[np.int8]]] = []
    for cells in sizes:
        if cells < 1 or cells * len(host.active) > LARGEST:
            raise InputError("enumeration", "sizes", cells, f"supercells with 1 to {LARGEST} active sites")
        for supercell in distinct_supercells(host, cells):
            found += [(supercell, filled) for filled in _distinct_stoichiometries(operations, supercell, x)]
    if not found:
        raise InputError("enumeration", "x", x, f"stoichiometries that supercells of {list(sizes)} primitive cells can have")
    return orderings_dataset(host, found)


def _distinct_stoichiometries(
    operations: SiteOperations, supercell: NDArray[np.int64], x: tuple[float, float]
) -> list[NDArray[np.int8]]:
    translations, rotations = _permutations(operations, supercell)
    sites = translations.shape[1]
    codes = np.arange(2**sites, dtype=np.int64)
    bits = ((codes[:, None] >> np.arange(sites)) & 1).astype(np.int64)
    share = bits.mean(axis=1)
    keep = (share >= x[0] - 1e-9) & (share <= x[1] + 1e-9)
    weights = 2 ** np.arange(sites, dtype=np.int64)
    for permutation in translations[1:]:
        image = bits[:, permutation] @ weights
        keep &= image > codes  # an equal image means a smaller period
    for permutation in rotations:
        image = bits[:, permutation] @ weights
        keep &= image >= codes
    return [row.astype(np.int8) for row in bits[keep]]


def _permutations(operations: SiteOperations, supercell: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Permutations of the sites by translations (identity first), and by rotations that keep the supercell."""
    cells = lattice_cells(supercell)
    sublattices = operations.sublattice.shape[1]
    names = np.repeat(np.arange(sublattices), len(cells))
    places = np.tile(cells, (sublattices, 1))
    keys = periodic_keys(supercell, places) * sublattices + names
    order = np.argsort(keys)

    def number(sublattice: NDArray[np.int64], offset: NDArray[np.int64]) -> NDArray[np.int64]:
        return np.asarray(order[np.searchsorted(keys[order], periodic_keys(supercell, offset) * sublattices + sublattice)])

    origins = sorted(cells.tolist(), key=lambda cell: cell != [0, 0, 0])
    translations = np.array([number(names, places + origin) for origin in origins])
    rotated = []
    for rotation, target, shift in zip(*operations, strict=True):
        if _integer(supercell @ rotation.T @ np.linalg.inv(supercell)):
            rotated.append(number(target[names], places @ rotation.T + shift[names]))
    rotations = np.unique(np.array([permutation[move] for permutation in rotated for move in translations]), axis=0)
    return translations, rotations
