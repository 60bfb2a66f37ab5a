"""Kernels of the multigrid cycle that preconditions conduction, on padded arrays in single precision.

Arrays have a layer of zeros around the image, so that no voxel is treated apart. On each level the equations are

    d x_i − Σ_j g_ij x_j = b_i,

with g on faces (gx[i] joins i and i + 1) and 1/d stored, zero where nothing conducts.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from scalith.quantities.compiled import compiled, compiled_inline

Singles = NDArray[np.float32]
Floats = NDArray[np.float64]


@compiled
def first_level(
    row: NDArray[np.uint8],
    pairs: Floats,
    ends: Floats,
    periodic: bool,
    gx: Singles,
    gy: Singles,
    gz: Singles,
    inverse: Singles,
) -> None:
    """Conductances and 1/d of the image itself; `row`, `pairs`, `ends` as in `currents_from`."""
    nx, ny, nz = row.shape
    for i in range(nx):
        for j in range(ny):
            for k in range(nz):
                here = row[i, j, k]
                if i + 1 < nx or periodic:
                    gx[i + 1, j + 1, k + 1] = pairs[0, here, row[(i + 1) % nx, j, k]]
                if j + 1 < ny or periodic:
                    gy[i + 1, j + 1, k + 1] = pairs[1, here, row[i, (j + 1) % ny, k]]
                if k + 1 < nz or periodic:
                    gz[i + 1, j + 1, k + 1] = pairs[2, here, row[i, j, (k + 1) % nz]]
    _close(gx, gy, gz)
    for i in range(1, nx + 1):
        for j in range(1, ny + 1):
            for k in range(1, nz + 1):
                d = gx[i, j, k] + gx[i - 1, j, k] + gy[i, j, k] + gy[i, j - 1, k] + gz[i, j, k] + gz[i, j, k - 1]
                if i == 1:
                    d += ends[row[0, j - 1, k - 1]]
                if i == nx:
                    d += ends[row[nx - 1, j - 1, k - 1]]
                inverse[i, j, k] = 1.0 / d if d > 0.0 else 0.0


@compiled
def _close(gx: Singles, gy: Singles, gz: Singles) -> None:
    # What leads from the last voxel to the first one (zero unless periodic) stands before the first as well.
    nx, ny, nz = gx.shape[0] - 2, gx.shape[1] - 2, gx.shape[2] - 2
    gx[0] = gx[nx]
    for i in range(nx + 2):
        gy[i, 0] = gy[i, ny]
        for j in range(ny + 2):
            gz[i, j, 0] = gz[i, j, nz]


@compiled
def coarser(
    gx: Singles, gy: Singles, gz: Singles, inverse: Singles, cx: Singles, cy: Singles, cz: Singles, coarse: Singles
) -> None:
    """The next level: blocks of 2 × 2 × 2, their conductances summed and halved, since the distances double."""
    nx, ny, nz = gx.shape[0] - 2, gx.shape[1] - 2, gx.shape[2] - 2
    # `coarse` first gathers what leads to the ends, then 1/d.
    for i in range(1, nx + 1):
        a = (i + 1) // 2
        for j in range(1, ny + 1):
            b = (j + 1) // 2
            for k in range(1, nz + 1):
                c = (k + 1) // 2
                if inverse[i, j, k] == 0.0:
                    continue
                x, y, z = gx[i, j, k], gy[i, j, k], gz[i, j, k]
                # From the last voxel it may lead to the first; a single block meets only itself.
                if (i % 2 == 0 or i == nx) and nx > 2:
                    cx[a, b, c] += np.float32(0.5) * x
                if (j % 2 == 0 or j == ny) and ny > 2:
                    cy[a, b, c] += np.float32(0.5) * y
                if (k % 2 == 0 or k == nz) and nz > 2:
                    cz[a, b, c] += np.float32(0.5) * z
                joined = x + gx[i - 1, j, k] + y + gy[i, j - 1, k] + z + gz[i, j, k - 1]
                leads = np.float32(1.0) / inverse[i, j, k] - joined
                if leads > np.float32(1e-5) * joined:
                    coarse[a, b, c] += np.float32(0.5) * leads
    _close(cx, cy, cz)
    for a in range(1, coarse.shape[0] - 1):
        for b in range(1, coarse.shape[1] - 1):
            for c in range(1, coarse.shape[2] - 1):
                d = (
                    coarse[a, b, c]
                    + cx[a, b, c]
                    + cx[a - 1, b, c]
                    + cy[a, b, c]
                    + cy[a, b - 1, c]
                    + cz[a, b, c]
                    + cz[a, b, c - 1]
                )
                coarse[a, b, c] = np.float32(1.0) / d if d > 0.0 else np.float32(0.0)


@compiled
def wrap(x: Singles) -> None:
    """The layer around a periodic image: what lies at its other side; in place."""
    nx, ny, nz = x.shape[0] - 2, x.shape[1] - 2, x.shape[2] - 2
    for i in range(1, nx + 1):
        for j in range(1, ny + 1):
            x[i, j, 0] = x[i, j, nz]
            x[i, j, nz + 1] = x[i, j, 1]
        x[i, 0] = x[i, ny]
        x[i, ny + 1] = x[i, 1]
    x[0] = x[nx]
    x[nx + 1] = x[1]


@compiled
def begin(first: int, last: int, x: Singles, b: Singles, inverse: Singles) -> None:
    """Half a sweep from zero: the first colour of a checkerboard gets b/d, all else zero, the layer around the image as well."""
    nx, ny, nz = x.shape[0] - 2, x.shape[1] - 2, x.shape[2] - 2
    if first == 0:
        x[0] = 0.0
    if last == nx:
        x[nx + 1] = 0.0
    for i in range(first + 1, last + 1):
        x[i, 0] = 0.0
        for j in range(1, ny + 1):
            x[i, j] = 0.0
            for k in range(1 + (i + j) % 2, nz + 1, 2):
                x[i, j, k] = b[i, j, k] * inverse[i, j, k]
        x[i, ny + 1] = 0.0


@compiled_inline
def _smooth_plane(
    i: int, colour: int, line: Singles, x: Singles, b: Singles, gx: Singles, gy: Singles, gz: Singles, inverse: Singles
) -> None:
    for j in range(1, x.shape[1] - 1):
        # A whole line at once, of which half is kept, is faster than every other voxel.
        for k in range(1, x.shape[2] - 1):
            s = b[i, j, k] + gx[i, j, k] * x[i + 1, j, k] + gx[i - 1, j, k] * x[i - 1, j, k]
            s += gy[i, j, k] * x[i, j + 1, k] + gy[i, j - 1, k] * x[i, j - 1, k]
            s += gz[i, j, k] * x[i, j, k + 1] + gz[i, j, k - 1] * x[i, j, k - 1]
            line[k] = s * inverse[i, j, k]
        for k in range(1 + (i + j + colour) % 2, x.shape[2] - 1, 2):
            x[i, j, k] = line[k]


@compiled
def smooth(
    first: int,
    last: int,
    colours: NDArray[np.int64],
    x: Singles,
    b: Singles,
    gx: Singles,
    gy: Singles,
    gz: Singles,
    inverse: Singles,
) -> None:
    """Half-sweeps of Gauss–Seidel over the colours (0 or 1) of a checkerboard, one after the other; in place.

    Each follows one plane behind the one before, so that all go through the memory once. Beside another range each stops a plane
    earlier, and leaves the rest to `smooth_cut`.
    """
    line = np.empty(x.shape[2], np.float32)
    count = len(colours)
    for front in range(first + 1, last + count):
        for s in range(count):
            low = first + 1 if first == 0 else first + 1 + s
            high = last if last == x.shape[0] - 2 else last - s
            if low <= front - s <= high:
                _smooth_plane(front - s, colours[s], line, x, b, gx, gy, gz, inverse)


@compiled
def smooth_cut(
    cut: int, colours: NDArray[np.int64], x: Singles, b: Singles, gx: Singles, gy: Singles, gz: Singles, inverse: Singles
) -> None:
    """What `smooth` leaves beside the plane where one range ends and the next begins."""
    line = np.empty(x.shape[2], np.float32)
    for s in range(1, len(colours)):
        for i in range(cut + 1 - s, cut + 1 + s):
            _smooth_plane(i, colours[s], line, x, b, gx, gy, gz, inverse)


@compiled
def restrict(
    first: int,
    last: int,
    step: int,
    x: Singles,
    b: Singles,
    gx: Singles,
    gy: Singles,
    gz: Singles,
    inverse: Singles,
    coarse: Singles,
) -> None:
    """Sum of the residuals of each block, after a sweep that ended with the second colour.

    That colour has no residual left and is passed over (`step` 2), unless voxels of one colour touch (`step` 1).
    """
    ny, nz = x.shape[1] - 2, x.shape[2] - 2
    line = np.empty(nz + 2, np.float32)
    coarse[first // 2 + 1 : (last + 1) // 2 + 1] = 0.0
    for i in range(first + 1, last + 1):
        for j in range(1, ny + 1):
            for k in range(1, nz + 1):
                s = b[i, j, k] + gx[i, j, k] * x[i + 1, j, k] + gx[i - 1, j, k] * x[i - 1, j, k]
                s += gy[i, j, k] * x[i, j + 1, k] + gy[i, j - 1, k] * x[i, j - 1, k]
                s += gz[i, j, k] * x[i, j, k + 1] + gz[i, j, k - 1] * x[i, j, k - 1]
                d = inverse[i, j, k]
                line[k] = s - x[i, j, k] / d if d > 0.0 else np.float32(0.0)
            for k in range(1 + (i + j) % step, nz + 1, step):
                coarse[(i + 1) // 2, (j + 1) // 2, (k + 1) // 2] += line[k]


@compiled
def prolong(first: int, last: int, x: Singles, coarse: Singles) -> None:
    """Add to each voxel the value of its block; in place. What does not conduct gets its zero back in the next sweep."""
    ny, nz = x.shape[1] - 2, x.shape[2] - 2
    for i in range(first + 1, last + 1):
        for j in range(1, ny + 1):
            for c in range(1, nz // 2 + 1):
                value = coarse[(i + 1) // 2, (j + 1) // 2, c]
                x[i, j, 2 * c - 1] += value
                x[i, j, 2 * c] += value
            if nz % 2 == 1:
                x[i, j, nz] += coarse[(i + 1) // 2, (j + 1) // 2, (nz + 1) // 2]


@compiled
def load(first: int, last: int, residual: Floats, scale: float, b: Singles) -> None:
    """The residual of the image as the right-hand side of the first level, times `scale`."""
    _, ny, nz = residual.shape
    for i in range(first, last):
        for j in range(ny):
            for k in range(nz):
                b[i + 1, j + 1, k + 1] = residual[i, j, k] * scale


@compiled
def product(first: int, last: int, residual: Floats, z: Singles, sums: Floats) -> None:
    """Σ r z of each plane."""
    _, ny, nz = residual.shape
    line = np.empty(nz)
    for i in range(first, last):
        line[:] = 0.0
        for j in range(ny):
            for k in range(nz):
                line[k] += residual[i, j, k] * z[i + 1, j + 1, k + 1]
        sums[i] = line.sum()


@compiled
def turn(first: int, last: int, p: Floats, z: Singles, scale: float, beta: float) -> None:
    """The next direction p ← z / scale + β p; in place."""
    _, ny, nz = p.shape
    for i in range(first, last):
        for j in range(ny):
            for k in range(nz):
                p[i, j, k] = z[i + 1, j + 1, k + 1] / scale + beta * p[i, j, k]


@compiled
def advance(first: int, last: int, x: Floats, residual: Floats, p: Floats, image: Floats, step: float, sums: Floats) -> None:
    """x ← x + α p, r ← r − α A p, in place; Σ r² of each plane."""
    _, ny, nz = p.shape
    for i in range(first, last):
        total = 0.0
        for j in range(ny):
            for k in range(nz):
                x[i, j, k] += step * p[i, j, k]
                r = residual[i, j, k] - step * image[i, j, k]
                residual[i, j, k] = r
                total += r * r
        sums[i] = total
