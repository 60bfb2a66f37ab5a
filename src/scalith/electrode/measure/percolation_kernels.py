"""Kernels of percolation: pieces of a mask that hang together through faces of voxels, and sums over them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from scalith.numerics.compiled import compiled, compiled_inline


@compiled_inline
def _root(parent: NDArray[np.int32], number: int) -> int:
    while parent[number] != number:
        parent[number] = parent[parent[number]]
        number = parent[number]
    return number


@compiled_inline
def _join(parent: NDArray[np.int32], one: int, other: int) -> int:
    a, b = _root(parent, one), _root(parent, other)
    least = min(a, b)
    parent[a] = least
    parent[b] = least
    return least


@compiled
def label(mask: NDArray[np.bool_], piece: NDArray[np.int32], parent: NDArray[np.int32]) -> int:
    """Number the pieces of a mask from 1, in the order of their first voxels; gives how many there are.

    Parameters
    ----------
    mask : (nx, ny, nz)
    piece : (nx, ny, nz)
        Written: the number of each voxel's piece, zero outside the mask.
    parent : (≥ nx ny nz / 2 + 2,)
        To work in: every number's predecessor of the same piece.
    """
    nx, ny, nz = mask.shape
    count = 0
    parent[0] = 0
    for i in range(nx):
        for j in range(ny):
            number = 0
            for k in range(nz):
                if not mask[i, j, k]:
                    number = 0
                    piece[i, j, k] = 0
                    continue
                left = piece[i, j - 1, k] if j > 0 else 0
                below = piece[i - 1, j, k] if i > 0 else 0
                if number == 0 and left == 0 and below == 0:
                    count += 1
                    number = count
                    parent[count] = count
                for other in (left, below):
                    if other > 0 and other != number:
                        number = _join(parent, number, other) if number > 0 else _root(parent, other)
                piece[i, j, k] = number
    # A predecessor has the smaller number: one way through them makes the numbers follow each other.
    kept = 0
    for number in range(1, count + 1):
        if parent[number] == number:
            kept += 1
            parent[number] = kept
        else:
            parent[number] = parent[parent[number]]
    for i in range(nx):
        for j in range(ny):
            for k in range(nz):
                piece[i, j, k] = parent[piece[i, j, k]]
    return kept


@compiled
def sum_around_pieces(
    row: NDArray[np.uint8],
    piece: NDArray[np.int32],
    pairs: NDArray[np.float64],
    periodic: bool,
    around: NDArray[np.float64],
) -> None:
    """Add to `around` the conductance of all faces around each piece; `row`, `pairs` as in `currents_from`."""
    nx, ny, nz = piece.shape
    for i in range(nx):
        for j in range(ny):
            for k in range(nz):
                mine, here = piece[i, j, k], row[i, j, k]
                for axis in range(3):
                    a, b, c = i + (axis == 0), j + (axis == 1), k + (axis == 2)
                    if a == nx or b == ny or c == nz:
                        if not periodic:
                            continue
                        a, b, c = a % nx, b % ny, c % nz
                    other = piece[a, b, c]
                    if other != mine:
                        conductance = pairs[axis, here, row[a, b, c]]
                        around[mine] += conductance
                        around[other] += conductance


@compiled
def sum_pieces(values: NDArray[np.float64], piece: NDArray[np.int32], total: NDArray[np.float64]) -> None:
    """Sum of the values over each piece, in place."""
    nx, ny, nz = piece.shape
    total[:] = 0.0
    for i in range(nx):
        for j in range(ny):
            for k in range(nz):
                total[piece[i, j, k]] += values[i, j, k]


@compiled
def lift_pieces(first: int, last: int, z: NDArray[np.float32], lift: NDArray[np.float32], piece: NDArray[np.int32]) -> None:
    """Add to each voxel (z is padded) what its piece gets, on planes from `first` up to `last`."""
    _, ny, nz = piece.shape
    for i in range(first, last):
        for j in range(ny):
            for k in range(nz):
                z[i + 1, j + 1, k + 1] += lift[piece[i, j, k]]
