"""Which orderings are the same ordering, seen from another origin or in another orientation."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from scalith.crystal.supercells import lattice_cells, periodic_keys
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
    """For each ordering the index of the first earlier one that a space-group operation turns it into; −1 without one.

    Arrays as in the data set of `map_orderings`. An operation carries ordering A into B when the filled site that it
    makes of each site of A is filled in B just as in A, over the cells of a common supercell.
    """
    operations = site_operations(host)
    result = np.full(len(supercells), -1, dtype=np.int64)
    fractions = [np.round(filled[k][filled[k] >= 0].mean(), 9) for k in range(len(filled))]
    for later in range(len(supercells)):
        for earlier in range(later):
            if result[earlier] >= 0 or fractions[earlier] != fractions[later]:
                continue
            pair = [(supercells[k], filled[k], sublattices[k], offsets[k]) for k in (earlier, later)]
            if _same(operations, *pair[0], *pair[1]):
                result[later] = earlier
                break
    return result


def _same(
    operations: SiteOperations,
    cell_a: NDArray[np.int64],
    filled_a: NDArray[np.int8],
    sublattice_a: NDArray[np.int64],
    offset_a: NDArray[np.int64],
    cell_b: NDArray[np.int64],
    filled_b: NDArray[np.int8],
    sublattice_b: NDArray[np.int64],
    offset_b: NDArray[np.int64],
) -> bool:
    rotations, targets, shifts = operations
    in_a, in_b = filled_a >= 0, filled_b >= 0
    table_b = _Occupation(cell_b, filled_b[in_b], sublattice_b[in_b], offset_b[in_b])
    sites_a, cells_a, occupation = sublattice_a[in_a], offset_a[in_a], filled_a[in_a]
    volume_a = round(abs(float(np.linalg.det(cell_a))))
    volume_b = round(abs(float(np.linalg.det(cell_b))))
    origins, copies = lattice_cells(cell_b), lattice_cells(np.eye(3, dtype=np.int64) * volume_b)
    for rotation, target, shift in zip(rotations, targets, shifts, strict=True):
        # The rotated lattice of A must share B's lattice for cells of equal size; else compare over cells of both.
        moved_cell = cell_a @ rotation.T
        repeats = np.zeros((1, 3), dtype=np.int64)
        if volume_a != volume_b or not _commensurate(moved_cell, cell_b):
            repeats = copies @ moved_cell
        moved = cells_a @ rotation.T + shift[sites_a]
        everywhere = (moved[None] + repeats[:, None]).reshape(-1, 3)
        names = np.tile(target[sites_a], len(repeats))
        wanted = np.tile(occupation, len(repeats))
        for origin in origins:
            if np.array_equal(table_b(names, everywhere + origin), wanted):
                return True
    return False


def _commensurate(first: NDArray[np.int64], second: NDArray[np.int64]) -> bool:
    ratio = first @ np.linalg.inv(second)
    return bool(np.all(np.abs(ratio - np.round(ratio)) < 1e-9))


class _Occupation:
    """Occupation of a periodic ordering at any site."""

    def __init__(
        self, cell: NDArray[np.int64], filled: NDArray[np.int8], sublattice: NDArray[np.int64], offset: NDArray[np.int64]
    ):
        self.cell = cell
        self.stride = int(sublattice.max()) + 1
        keys = periodic_keys(cell, offset) * self.stride + sublattice
        self.order = np.argsort(keys)
        self.keys = keys[self.order]
        self.filled = filled[self.order]

    def __call__(self, sublattice: NDArray[np.int64], cells: NDArray[np.int64]) -> NDArray[np.int8]:
        keys = periodic_keys(self.cell, cells) * self.stride + sublattice
        return self.filled[np.searchsorted(self.keys, keys)]
