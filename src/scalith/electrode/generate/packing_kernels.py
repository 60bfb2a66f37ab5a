"""Kernels of packed particles: pushing overlapping ellipsoids apart, and writing them into voxels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from scalith.numerics.compiled import compiled, compiled_inline

Floats = NDArray[np.float64]


@compiled_inline
def _reach(form: Floats, i: int, x: float, y: float, z: float) -> float:
    # Distance from the centre of ellipsoid i to its surface along the unit vector (x, y, z).
    q = form[i, 0] * x * x + form[i, 1] * y * y + form[i, 2] * z * z
    q += 2.0 * (form[i, 3] * y * z + form[i, 4] * x * z + form[i, 5] * x * y)
    return float(1.0 / np.sqrt(q))


@compiled
def push_apart(
    centres: Floats, longest: Floats, form: Floats, box: Floats, allowed: float, tolerance: float, sweeps: int
) -> float:
    """Move overlapping particles apart in a periodic box, in place; gives the largest remaining overlap over what is allowed.

    Two particles overlap by what their reaches along the line of centres exceed its length; each moves by half of it, the
    larger one less.

    Parameters
    ----------
    centres : (n, 3)
        Moved in place, inside the box.
    longest : (n,)
        Longest semi-axis.
    form : (n, 6)
        Quadratic form (xx, yy, zz, yz, xz, xy) that is 1 on the surface.
    box : (3,)
    allowed : float
        Overlap that is left alone, as a fraction of the two reaches together.
    tolerance : float
        Largest overlap beyond the allowed one (same fraction) at which it stops.
    sweeps : int
        At most.
    """
    n = centres.shape[0]
    width = 2.0 * longest.max()
    cells = np.empty(3, np.int64)
    for axis in range(3):
        cells[axis] = max(1, int(box[axis] / width))
    first = np.empty(cells[0] * cells[1] * cells[2], np.int64)
    following = np.empty(n, np.int64)
    moves = np.empty((n, 3))
    where = np.empty((n, 3), np.int64)
    worst = 0.0
    for _ in range(sweeps):
        first[:] = -1
        for i in range(n):
            for axis in range(3):
                where[i, axis] = min(int(centres[i, axis] / box[axis] * cells[axis]), cells[axis] - 1)
            cell = (where[i, 0] * cells[1] + where[i, 1]) * cells[2] + where[i, 2]
            following[i] = first[cell]
            first[cell] = i
        moves[:] = 0.0
        worst = 0.0
        for i in range(n):
            # With fewer than three cells along an axis a neighbour cell would be met twice.
            for dx in range(-1 if cells[0] > 2 else 0, min(cells[0], 2)):
                for dy in range(-1 if cells[1] > 2 else 0, min(cells[1], 2)):
                    for dz in range(-1 if cells[2] > 2 else 0, min(cells[2], 2)):
                        cx = (where[i, 0] + dx + cells[0]) % cells[0]
                        cy = (where[i, 1] + dy + cells[1]) % cells[1]
                        cz = (where[i, 2] + dz + cells[2]) % cells[2]
                        j = first[(cx * cells[1] + cy) * cells[2] + cz]
                        while j >= 0:
                            if j > i:
                                x = centres[i, 0] - centres[j, 0]
                                y = centres[i, 1] - centres[j, 1]
                                z = centres[i, 2] - centres[j, 2]
                                x -= box[0] * np.round(x / box[0])
                                y -= box[1] * np.round(y / box[1])
                                z -= box[2] * np.round(z / box[2])
                                distance = np.sqrt(x * x + y * y + z * z)
                                if distance < longest[i] + longest[j]:
                                    scale = 1.0 / max(distance, 1e-9)
                                    if distance < 1e-9:
                                        x, y, z, scale = 1.0, 0.0, 0.0, 1.0
                                    x, y, z = x * scale, y * scale, z * scale
                                    touching = _reach(form, i, x, y, z) + _reach(form, j, x, y, z)
                                    over = (1.0 - allowed) * touching - distance
                                    if over > 0.0:
                                        worst = max(worst, over / touching)
                                        vi, vj = longest[i] ** 3, longest[j] ** 3
                                        # A little more than needed, so that the last overlaps do not creep.
                                        push = 1.02 * over
                                        share = vj / (vi + vj)
                                        moves[i, 0] += push * share * x
                                        moves[i, 1] += push * share * y
                                        moves[i, 2] += push * share * z
                                        share = vi / (vi + vj)
                                        moves[j, 0] -= push * share * x
                                        moves[j, 1] -= push * share * y
                                        moves[j, 2] -= push * share * z
                            j = following[j]
        if worst <= tolerance:
            break
        for i in range(n):
            # No step beyond a third of the particle: crowded ones would jump over their neighbours.
            length = np.sqrt(moves[i, 0] ** 2 + moves[i, 1] ** 2 + moves[i, 2] ** 2)
            damping = 0.6 * min(1.0, longest[i] / (3.0 * max(length, 1e-12)))
            for axis in range(3):
                moved = centres[i, axis] + damping * moves[i, axis]
                centres[i, axis] = moved - box[axis] * np.floor(moved / box[axis])
                if centres[i, axis] >= box[axis]:
                    centres[i, axis] = 0.0
    return worst


@compiled
def write_particles(centres: Floats, longest: Floats, form: Floats, margin: float, level: NDArray[np.float32]) -> None:
    """Radial distance of each voxel's centre to the surface of the nearest particle (negative inside), periodic; in place.

    Parameters
    ----------
    centres, longest, form
        As in `push_apart`, in voxels; the centre of voxel i lies at i + 1/2.
    margin : float
        How far outside a particle distances are written.
    level : (nx, ny, nz)
        Lowered where a particle is nearer than what was there.
    """
    nx, ny, nz = level.shape
    for p in range(centres.shape[0]):
        reach = longest[p] + margin
        low_x, high_x = int(np.floor(centres[p, 0] - reach)), int(np.ceil(centres[p, 0] + reach))
        low_y, high_y = int(np.floor(centres[p, 1] - reach)), int(np.ceil(centres[p, 1] + reach))
        low_z, high_z = int(np.floor(centres[p, 2] - reach)), int(np.ceil(centres[p, 2] + reach))
        for ix in range(low_x, high_x):
            x = ix + 0.5 - centres[p, 0]
            for iy in range(low_y, high_y):
                y = iy + 0.5 - centres[p, 1]
                if x * x + y * y > reach * reach:
                    continue
                for iz in range(low_z, high_z):
                    z = iz + 0.5 - centres[p, 2]
                    distance = np.sqrt(x * x + y * y + z * z)
                    if distance > reach:
                        continue
                    scale = 1.0 / max(distance, 1e-9)
                    if distance < 1e-9:
                        found = -_reach(form, p, 1.0, 0.0, 0.0)
                    else:
                        found = distance - _reach(form, p, x * scale, y * scale, z * scale)
                    level[ix % nx, iy % ny, iz % nz] = min(level[ix % nx, iy % ny, iz % nz], found)
