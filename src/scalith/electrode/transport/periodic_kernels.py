"""Kernels of conduction in a periodic cell: two-point conductances, and full tensors by the energy around each vertex."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from scalith.numerics.compiled import compiled

Floats = NDArray[np.float64]


@compiled
def face_currents(
    first: int,
    last: int,
    potential: Floats,
    row: NDArray[np.uint8],
    pairs: Floats,
    field: Floats,
    result: Floats,
    sums: Floats,
) -> None:
    """Net current that leaves each voxel of a periodic cell under a potential and a mean gradient, in place.

    Parameters
    ----------
    first, last : int
        Planes from `first` up to `last`, which is left out.
    potential : (nx, ny, nz)
    row, pairs
        As in `currents_from`.
    field : (3,)
        Mean gradient, per voxel edge.
    result : (nx, ny, nz)
        Written.
    sums : (nx, 4)
        Of each plane, written: Σ potential × current, and the currents along x, y and z.
    """
    nx, ny, nz = potential.shape
    for i in range(first, last):
        before, after = i - 1 if i > 0 else nx - 1, i + 1 if i + 1 < nx else 0
        power, along_x, along_y, along_z = 0.0, 0.0, 0.0, 0.0
        for j in range(ny):
            left, right = j - 1 if j > 0 else ny - 1, j + 1 if j + 1 < ny else 0
            for k in range(nz):
                here = row[i, j, k]
                if pairs[0, here, here] == 0.0:
                    result[i, j, k] = 0.0
                    continue
                low, high = k - 1 if k > 0 else nz - 1, k + 1 if k + 1 < nz else 0
                mine = potential[i, j, k]
                out_x = pairs[0, here, row[after, j, k]] * (potential[after, j, k] - mine + field[0])
                out_y = pairs[1, here, row[i, right, k]] * (potential[i, right, k] - mine + field[1])
                out_z = pairs[2, here, row[i, j, high]] * (potential[i, j, high] - mine + field[2])
                total = pairs[0, here, row[before, j, k]] * (mine - potential[before, j, k] + field[0]) - out_x
                total += pairs[1, here, row[i, left, k]] * (mine - potential[i, left, k] + field[1]) - out_y
                total += pairs[2, here, row[i, j, low]] * (mine - potential[i, j, low] + field[2]) - out_z
                result[i, j, k] = total
                power += mine * total
                along_x += out_x
                along_y += out_y
                along_z += out_z
        sums[i, 0] = power
        sums[i, 1] = along_x
        sums[i, 2] = along_y
        sums[i, 3] = along_z


@compiled
def vertex_currents(
    first: int,
    last: int,
    potential: Floats,
    vertex: NDArray[np.int32],
    table: Floats,
    field: Floats,
    result: Floats,
    sums: Floats,
) -> None:
    """As `face_currents`, from the energy around each vertex.

    Parameters
    ----------
    vertex : (nx, ny, nz)
        Row of `table` for the vertex at the lower corner of each voxel; row 0 conducts nowhere.
    table : (kinds, 8, 8)
        Currents out of the eight voxels around a vertex by their potentials; 4a + 2b + c numbers them, with a, b, c zero for the
        lower one along x, y and z.
    """
    nx, ny, nz = potential.shape
    x, y, z = 0.5 * field[0], 0.5 * field[1], 0.5 * field[2]
    for i in range(first, last):
        sums[i] = 0.0
        result[i] = 0.0
    for plane in range(first, last + 1):
        i, h = plane if plane < nx else 0, plane - 1 if plane > 0 else nx - 1
        upper, lower = plane < last, plane > first  # whose voxels are of this range
        power, along_x, along_y, along_z = 0.0, 0.0, 0.0, 0.0
        for j in range(ny):
            g = j - 1 if j > 0 else ny - 1
            for k in range(nz):
                kind = vertex[i, j, k]
                if kind == 0:
                    continue
                f = k - 1 if k > 0 else nz - 1
                m = table[kind]
                v0 = potential[h, g, f] - x - y - z
                v1 = potential[h, g, k] - x - y + z
                v2 = potential[h, j, f] - x + y - z
                v3 = potential[h, j, k] - x + y + z
                v4 = potential[i, g, f] + x - y - z
                v5 = potential[i, g, k] + x - y + z
                v6 = potential[i, j, f] + x + y - z
                v7 = potential[i, j, k] + x + y + z
                u0 = m[0, 0] * v0 + m[0, 1] * v1 + m[0, 2] * v2 + m[0, 3] * v3
                u0 += m[0, 4] * v4 + m[0, 5] * v5 + m[0, 6] * v6 + m[0, 7] * v7
                u1 = m[1, 0] * v0 + m[1, 1] * v1 + m[1, 2] * v2 + m[1, 3] * v3
                u1 += m[1, 4] * v4 + m[1, 5] * v5 + m[1, 6] * v6 + m[1, 7] * v7
                u2 = m[2, 0] * v0 + m[2, 1] * v1 + m[2, 2] * v2 + m[2, 3] * v3
                u2 += m[2, 4] * v4 + m[2, 5] * v5 + m[2, 6] * v6 + m[2, 7] * v7
                u3 = m[3, 0] * v0 + m[3, 1] * v1 + m[3, 2] * v2 + m[3, 3] * v3
                u3 += m[3, 4] * v4 + m[3, 5] * v5 + m[3, 6] * v6 + m[3, 7] * v7
                u4 = m[4, 0] * v0 + m[4, 1] * v1 + m[4, 2] * v2 + m[4, 3] * v3
                u4 += m[4, 4] * v4 + m[4, 5] * v5 + m[4, 6] * v6 + m[4, 7] * v7
                u5 = m[5, 0] * v0 + m[5, 1] * v1 + m[5, 2] * v2 + m[5, 3] * v3
                u5 += m[5, 4] * v4 + m[5, 5] * v5 + m[5, 6] * v6 + m[5, 7] * v7
                u6 = m[6, 0] * v0 + m[6, 1] * v1 + m[6, 2] * v2 + m[6, 3] * v3
                u6 += m[6, 4] * v4 + m[6, 5] * v5 + m[6, 6] * v6 + m[6, 7] * v7
                u7 = m[7, 0] * v0 + m[7, 1] * v1 + m[7, 2] * v2 + m[7, 3] * v3
                u7 += m[7, 4] * v4 + m[7, 5] * v5 + m[7, 6] * v6 + m[7, 7] * v7
                if lower:
                    result[h, g, f] += u0
                    result[h, g, k] += u1
                    result[h, j, f] += u2
                    result[h, j, k] += u3
                if upper:
                    result[i, g, f] += u4
                    result[i, g, k] += u5
                    result[i, j, f] += u6
                    result[i, j, k] += u7
                    power += v0 * u0 + v1 * u1 + v2 * u2 + v3 * u3 + v4 * u4 + v5 * u5 + v6 * u6 + v7 * u7
                    along_x += 0.5 * (u4 + u5 + u6 + u7 - u0 - u1 - u2 - u3)
                    along_y += 0.5 * (u2 + u3 + u6 + u7 - u0 - u1 - u4 - u5)
                    along_z += 0.5 * (u1 + u3 + u5 + u7 - u0 - u2 - u4 - u6)
        if upper:
            sums[plane, 0] = power
            sums[plane, 1] = along_x
            sums[plane, 2] = along_y
            sums[plane, 3] = along_z
