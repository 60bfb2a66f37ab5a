"""Which orderings are the same ordering, seen from another origin or in another orientation."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from scalith.crystal.supercells import hermite_normal_form
from scalith.crystal.symmetry import SiteOperations, site_operations

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from scalith.crystal.host import Host


def duplicates(
    host: Host,
    supercells: NDArray[np.int64],
    filled: NDArray[np.int8],
    sublattices: NDArray[np.int64],
    offsets: NDArray[np.int64],
) -> NDArray[np.int64]:
    """For each ordering the index of the first earlier one that a space-group operation turns into it; −1 without one.

    Two orderings are the same where they have one standard form: the least of all their images under the operations and the
    origins, written over the cells of their smallest period.

    Parameters
    ----------
    host : Host
    supercells : ndarray, shape (structures, 3, 3), int
    filled : ndarray, shape (structures, sites), int
        What is on each site: 0 or 1, or places in the site's list of species; −1 pads.
    sublattices : ndarray, shape (structures, sites), int
    offsets : ndarray, shape (structures, sites, 3), int
        As in the data sets of `map_orderings`.

    Returns
    -------
    ndarray, shape (structures,)
    """
    operations = site_operations(host)
    first: dict[bytes, int] = {}
    result = np.full(len(supercells), -1, dtype=np.int64)
    for k, supercell in enumerate(supercells):
        there = filled[k] >= 0
        form = _standard_form(operations, supercell, filled[k][there], sublattices[k][there], offsets[k][there])
        earlier = first.setdefault(form, k)
        if earlier != k:
            result[k] = earlier
    return result


def _standard_form(
    operations: SiteOperations,
    supercell: NDArray[np.int64],
    filled: NDArray[np.int8],
    sublattice: NDArray[np.int64],
    offset: NDArray[np.int64],
) -> bytes:
    count = operations.sublattice.shape[1]
    lattice = hermite_normal_form(supercell)
    occupation = _occupation(lattice, count, filled, sublattice, offset)
    cells, moves = _box(lattice), _translations(lattice)
    same = np.all(occupation[:, moves] == occupation[:, None, :], axis=(0, 2))
    if same.sum() > 1:  # a smaller period
        lattice = hermite_normal_form(np.concatenate([supercell, cells[same]]))
        occupation = _occupation(lattice, count, filled, sublattice, offset)
        cells = _box(lattice)
    turned = [hermite_normal_form(lattice @ rotation.T) for rotation in operations.rotation]
    least = min(turned, key=lambda form: form.tolist())
    moves = _translations(least)
    names, places = np.repeat(np.arange(count), len(cells)), np.tile(cells, (count, 1))
    images: list[bytes] = []
    for form, rotation, target, shift in zip(turned, *operations, strict=True):
        if np.array_equal(form, least):
            moved = places @ rotation.T + shift[names]
            image = _occupation(least, count, occupation.ravel(), target[names], moved)
            images += [seen.tobytes() for seen in image[:, moves].transpose(1, 0, 2)]
    return bytes(least.tobytes()) + min(images)


def _box(lattice: NDArray[np.int64]) -> NDArray[np.int64]:
    """One cell of each kind under the translations of a lattice in Hermite normal form, in the order of `_number`."""
    return np.asarray(np.indices(tuple(np.diag(lattice).tolist())).reshape(3, -1).T)


def _number(lattice: NDArray[np.int64], cells: NDArray[np.int64]) -> NDArray[np.int64]:
    """Which cell of the box each cell repeats."""
    rest = np.array(cells)
    for axis in (2, 1, 0):
        rest -= (rest[..., axis] // lattice[axis, axis])[..., None] * lattice[axis]
    return np.asarray(np.ravel_multi_index(tuple(np.moveaxis(rest, -1, 0)), tuple(np.diag(lattice))))


def _translations(lattice: NDArray[np.int64]) -> NDArray[np.int64]:
    """The cell that takes the place of each cell, for each shift of the origin, shape (shifts, cells)."""
    cells = _box(lattice)
    return _number(lattice, cells[:, None, :] + cells[None, :, :])


def _occupation(
    lattice: NDArray[np.int64],
    count: int,
    filled: NDArray[np.int8],
    sublattice: NDArray[np.int64],
    offset: NDArray[np.int64],
) -> NDArray[np.int8]:
    """Occupation of each sublattice in each cell of the box."""
    found = np.zeros((count, int(np.prod(np.diag(lattice)))), dtype=np.int8)
    found[sublattice, _number(lattice, offset)] = filled
    return found
