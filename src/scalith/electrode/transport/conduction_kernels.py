"""Kernels of conduction through an image: conductances between voxels in series, ends half a voxel from the first centres."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from scalith.numerics.compiled import compiled

Floats = NDArray[np.float64]


@compiled
def look_up(first: int, last: int, table: NDArray[np.uint8], index: NDArray[Any], result: NDArray[np.uint8]) -> None:
    """The table's value for each voxel's index, on planes from `first` up to `last`."""
    _, ny, nz = index.shape
    for i in range(first, last):
        for j in range(ny):
            for k in range(nz):
                result[i, j, k] = table[index[i, j, k]]


@compiled
def drop(first: int, last: int, keep: NDArray[np.uint8], piece: NDArray[np.int32], empty: int, row: NDArray[np.uint8]) -> None:
    """Make empty what is of no piece that is kept."""
    _, ny, nz = row.shape
    for i in range(first, last):
        for j in range(ny):
            for k in range(nz):
                if keep[piece[i, j, k]] == 0:
                    row[i, j, k] = empty


@compiled
def currents_from(
    first: int,
    last: int,
    potential: Floats,
    row: NDArray[np.uint8],
    pairs: Floats,
    ends: Floats,
    result: Floats,
    sums: Floats,
) -> None:
    """Net current that leaves each voxel, in place; the ends of axis 0 are at potential zero, the sides are insulated.

    Parameters
    ----------
    first, last : int
        Planes from `first` up to `last`, which is left out.
    potential : (nx, ny, nz)
    row : (nx, ny, nz)
        Row of the phase.
    pairs : (3, phases, phases)
        Conductance of a face across each axis between two phases, 2 σ₁σ₂/(σ₁ + σ₂).
    ends : (phases,)
        Conductance of a voxel's half at an end, 2σ along axis 0.
    result : (nx, ny, nz)
        Written.
    sums : (nx,)
        Σ potential × current of each plane, written.
    """
    nx, ny, nz = potential.shape
    from_left = np.empty(nz)
    for i in range(first, last):
        # Beside an insulated face a voxel meets itself, at its own potential.
        before, after = max(i - 1, 0), min(i + 1, nx - 1)
        at_end = (1.0 if i == 0 else 0.0) + (1.0 if i == nx - 1 else 0.0)
        power = 0.0
        from_left[:] = 0.0
        for j in range(ny):
            right = min(j + 1, ny - 1)
            from_below = 0.0
            for k in range(nz):
                here = row[i, j, k]
                if ends[here] == 0.0:
                    result[i, j, k] = from_left[k] = from_below = 0.0
                    continue
                above = min(k + 1, nz - 1)
                mine = potential[i, j, k]
                total = pairs[0, here, row[before, j, k]] * (mine - potential[before, j, k])
                total += pairs[0, here, row[after, j, k]] * (mine - potential[after, j, k])
                out = pairs[1, here, row[i, right, k]] * (mine - potential[i, right, k])
                total += out - from_left[k]
                from_left[k] = out
                out = pairs[2, here, row[i, j, above]] * (mine - potential[i, j, above])
                total += out - from_below
                from_below = out
                total += at_end * ends[here] * mine
                result[i, j, k] = total
                power += mine * total
        sums[i] = power
