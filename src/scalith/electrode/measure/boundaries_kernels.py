"""Kernels of boundaries: pairs of neighbours in 13 directions, and edges of voxels where three phases meet."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from scalith.numerics.compiled import compiled

Bytes = NDArray[np.uint8]
Counts = NDArray[np.int64]


@compiled
def count_pairs(row: Bytes, step_x: int, step_y: int, step_z: int, periodic: bool, counts: Counts) -> int:
    """Count the pairs of phases one step apart into `counts` (phases, phases); the number of pairs in all.

    `step_x` and `step_y` may be −1, `step_z` as well; pairs that leave the image count on its other side when periodic.
    """
    nx, ny, nz = row.shape
    pairs = 0
    for i in range(nx):
        a = i + step_x
        if a < 0 or a >= nx:
            if not periodic:
                continue
            a %= nx
        for j in range(ny):
            b = j + step_y
            if b < 0 or b >= ny:
                if not periodic:
                    continue
                b %= ny
            for k in range(nz):
                c = k + step_z
                if c < 0 or c >= nz:
                    if not periodic:
                        continue
                    c %= nz
                counts[row[i, j, k], row[a, b, c]] += 1
                pairs += 1
    return pairs


@compiled
def mark_triple_edges(row: Bytes, edges: NDArray[np.int8]) -> int:
    """Edges of voxels around which the rows 0, 1 and 2 all lie: +1 or −1 by the sense in which they follow, 2 where that is open.

    Parameters
    ----------
    row : (nx, ny, nz)
        0, 1, 2 for the three phases, 3 for all else.
    edges : (3, nx, ny, nz)
        Filled: edges along x, y, z whose four voxels are at (i, j, k) and one step on in the two other directions.

    Returns
    -------
    int
        Their number.
    """
    found = 0
    shape = row.shape
    around = np.empty(4, np.uint8)
    for axis in range(3):
        u, v = (axis + 1) % 3, (axis + 2) % 3
        ux, uy, uz = int(u == 0), int(u == 1), int(u == 2)
        vx, vy, vz = int(v == 0), int(v == 1), int(v == 2)
        for i in range(shape[0] - ux - vx):
            for j in range(shape[1] - uy - vy):
                for k in range(shape[2] - uz - vz):
                    around[0] = row[i, j, k]
                    around[2] = row[i + ux + vx, j + uy + vy, k + uz + vz]
                    around[1] = row[i + ux, j + uy, k + uz]
                    around[3] = row[i + vx, j + vy, k + vz]
                    if around[0] == around[1] and around[2] == around[3]:
                        continue
                    present = 0
                    for n in range(4):
                        present |= 1 << around[n]
                    if present != 7:
                        continue
                    turn = 0
                    for n in range(4):
                        rise = (int(around[(n + 1) % 4]) - int(around[n])) % 3
                        turn += 1 if rise == 1 else (-1 if rise == 2 else 0)
                    edges[axis, i, j, k] = 1 if turn > 0 else (-1 if turn < 0 else 2)
                    found += 1
    return found


@compiled
def directed_length(edges: NDArray[np.int8], reach: int, lengths: NDArray[np.float64]) -> None:
    """Length of line that the marked edges along x, y, z stand for, in edges, into `lengths`.

    A staircase along the direction t has |t_x| + |t_y| + |t_z| edges per length. The direction is the sum of the signed edges
    within `reach` voxels, weighted by (1 − d²/R²)²; where they cancel, 3/2, the mean over all directions.
    """
    _, nx, ny, nz = edges.shape
    limit = (reach + 0.5) ** 2
    t = np.empty(3)
    for axis in range(3):
        for i in range(nx):
            for j in range(ny):
                for k in range(nz):
                    if edges[axis, i, j, k] == 0 or edges[axis, i, j, k] == 2:
                        continue
                    t[:] = 0.0
                    for along in range(3):
                        # Midpoints of edges of other directions are half a voxel away on two axes.
                        sx = 0.5 * (int(axis == 0) - int(along == 0))
                        sy = 0.5 * (int(axis == 1) - int(along == 1))
                        sz = 0.5 * (int(axis == 2) - int(along == 2))
                        for a in range(max(i - reach, 0), min(i + reach + 1, nx)):
                            for b in range(max(j - reach, 0), min(j + reach + 1, ny)):
                                for c in range(max(k - reach, 0), min(k + reach + 1, nz)):
                                    sign = edges[along, a, b, c]
                                    if sign == 0 or sign == 2:
                                        continue
                                    near = (a - i + sx) ** 2 + (b - j + sy) ** 2 + (c - k + sz) ** 2
                                    if near < limit:
                                        t[along] += sign * (1.0 - near / limit) ** 2
                    steps = abs(t[0]) + abs(t[1]) + abs(t[2])
                    size = np.sqrt(t[0] * t[0] + t[1] * t[1] + t[2] * t[2])
                    share = size / steps if steps > 1e-9 else 2.0 / 3.0
                    # An edge against the direction around it takes back what another one is too many.
                    lengths[axis] += share if edges[axis, i, j, k] * t[axis] >= 0.0 else -share
