"""Kernels of the multigrid cycle that preconditions conduction, on padded arrays in single precision.

Arrays have a layer of zeros around the image, so that no voxel is treated apart. On each level the equations are

    d x_i − Σ_j g_ij x_j = b_i,

with g on faces (gx[i] joins i and i + 1) and 1/d stored, zero where nothing conducts.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from scalith.numerics.compiled import compiled, compiled_in_place

Singles = NDArray[np.float32]
Floats = NDArray[np.float64]


@compiled
def first_level(
    first: int,
    last: int,
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
    for i in range(first, last):
        before, after = 1.0 if i > 0 or periodic else 0.0, 1.0 if i + 1 < nx or periodic else 0.0
        at_end = (1.0 if i == 0 else 0.0) + (1.0 if i == nx - 1 else 0.0)
        for j in range(ny):
            left, right = 1.0 if j > 0 or periodic else 0.0, 1.0 if j + 1 < ny or periodic else 0.0
            for k in range(nz):
                here = row[i, j, k]
                if pairs[0, here, here] == 0.0:
                    continue
                low, high = 1.0 if k > 0 or periodic else 0.0, 1.0 if k + 1 < nz or periodic else 0.0
                x = after * pairs[0, here, row[i + 1 if i + 1 < nx else 0, j, k]]
                y = right * pairs[1, here, row[i, j + 1 if j + 1 < ny else 0, k]]
                z = high * pairs[2, here, row[i, j, k + 1 if k + 1 < nz else 0]]
                back_x = before * pairs[0, here, row[i - 1 if i > 0 else nx - 1, j, k]]
                back_y = left * pairs[1, here, row[i, j - 1 if j > 0 else ny - 1, k]]
                back_z = low * pairs[2, here, row[i, j, k - 1 if k > 0 else nz - 1]]
                gx[i + 1, j + 1, k + 1], gy[i + 1, j + 1, k + 1], gz[i + 1, j + 1, k + 1] = x, y, z
                # What leads from the last voxel to the first one stands before the first as well.
                if i == 0:
                    gx[0, j + 1, k + 1] = back_x
                if j == 0:
                    gy[i + 1, 0, k + 1] = back_y
                if k == 0:
                    gz[i + 1, j + 1, 0] = back_z
                d = x + y + z + back_x + back_y + back_z + at_end * ends[here]
                inverse[i + 1, j + 1, k + 1] = 1.0 / d if d > 0.0 else 0.0


@compiled_in_place
def _conductivities(row: NDArray[np.uint8], sigma: Singles, result: Singles) -> None:
    # Of a line of voxels: phase by phase, for several voxels at once, which is faster than a table read voxel by voxel.
    for k in range(row.shape[0]):
        result[k] = 0.0
    for phase in range(sigma.shape[0]):
        value, number = sigma[phase], np.uint8(phase)
        if value > 0.0:
            for k in range(row.shape[0]):
                result[k] += value if row[k] == number else np.float32(0.0)


@compiled_in_place
def _in_series(one: Singles, other: Singles, result: Singles) -> None:
    # Conductances of faces between halves of voxels, 2σ₁σ₂/(σ₁ + σ₂).
    for k in range(one.shape[0]):
        result[k] = np.float32(2.0) * one[k] * (other[k] / (one[k] + other[k] + np.float32(1e-30)))


@compiled_in_place
def _fill_plane(
    i: int, to: int, row: NDArray[np.uint8], sigma: Singles, lines: Singles, gx: Singles, gy: Singles, gz: Singles
) -> None:
    # Conductances of plane i of an image that is not periodic, into plane `to` of padded arrays, from the conductivities of the
    # phases along each axis; three lines to work in.
    nx, ny, nz = row.shape
    here, across, ahead = lines[0], lines[1], lines[2]
    alike = True
    for phase in range(sigma.shape[1]):
        alike = alike and sigma[0, phase] == sigma[1, phase] and sigma[0, phase] == sigma[2, phase]
    _conductivities(row[i, 0], sigma[1], here)
    for j in range(ny):
        if j + 1 < ny:
            _conductivities(row[i, j + 1], sigma[1], across)
            _in_series(here, across, gy[to, j + 1, 1 : nz + 1])
        if not alike:
            _conductivities(row[i, j], sigma[2], here)
        _in_series(here[: nz - 1], here[1:], gz[to, j + 1, 1:nz])
        if i + 1 < nx:
            if not alike:
                _conductivities(row[i, j], sigma[0], here)
            _conductivities(row[i + 1, j], sigma[0], ahead)
            _in_series(here, ahead, gx[to, j + 1, 1 : nz + 1])
        else:
            for k in range(nz):
                gx[to, j + 1, k + 1] = 0.0
        here, across = across, here


@compiled_in_place
def _invert_plane(
    i: int,
    to: int,
    behind: int,
    row: NDArray[np.uint8],
    ends: Floats,
    gx: Singles,
    gy: Singles,
    gz: Singles,
    inverse: Singles,
) -> None:
    # 1/d of plane i of the image, from the conductances in the planes `to` and `behind`.
    nx, ny, nz = row.shape
    at_end = (1.0 if i == 0 else 0.0) + (1.0 if i == nx - 1 else 0.0)
    for j in range(1, ny + 1):
        for k in range(1, nz + 1):
            d = gx[to, j, k] + gx[behind, j, k] + gy[to, j, k] + gy[to, j - 1, k] + gz[to, j, k] + gz[to, j, k - 1]
            inverse[to, j, k] = d
        if at_end > 0.0:
            for k in range(1, nz + 1):
                inverse[to, j, k] += at_end * ends[row[i, j - 1, k - 1]]
        for k in range(1, nz + 1):
            d = inverse[to, j, k]
            inverse[to, j, k] = np.float32(1.0) / d if d > np.float32(0.0) else np.float32(0.0)


@compiled
def _phases_alone(pairs: Floats) -> Singles:
    # Conductivities of the phases along each axis: conductances between two voxels of one.
    sigma = np.empty((3, pairs.shape[1]), np.float32)
    for axis in range(3):
        for phase in range(pairs.shape[1]):
            sigma[axis, phase] = pairs[axis, phase, phase]
    return sigma


@compiled
def coarser(
    first: int,
    last: int,
    row: NDArray[np.uint8],
    pairs: Floats,
    ends: Floats,
    gx: Singles,
    gy: Singles,
    gz: Singles,
    inverse: Singles,
    cx: Singles,
    cy: Singles,
    cz: Singles,
    leads: Singles,
) -> None:
    """Conductances of the next level: blocks of 2 × 2 × 2, theirs summed and halved, since the distances double.

    `leads` gathers what leads from each block to the ends. Rows, where there are some, stand for conductances as in `pass_over`.
    """
    from_rows = row.size > 0
    nx, ny, nz = gx.shape[0] - 2, gx.shape[1] - 2, gx.shape[2] - 2
    if from_rows:
        nx, ny, nz = row.shape
        made = np.zeros((4, 2, ny + 2, nz + 2), np.float32)
        gx, gy, gz, inverse = made[0], made[1], made[2], made[3]
    sigma, lines = _phases_alone(pairs), np.empty((3, nz), np.float32)
    if from_rows and first > 0:
        _fill_plane(first - 1, first % 2, row, sigma, lines, gx, gy, gz)
    planes = gx.shape[0]
    for plane in range(first + 1, last + 1):
        if from_rows:
            _fill_plane(plane - 1, plane % 2, row, sigma, lines, gx, gy, gz)
            _invert_plane(plane - 1, plane % 2, (plane - 1) % 2, row, ends, gx, gy, gz, inverse)
        i, behind, a = plane % planes, (plane - 1) % planes, (plane + 1) // 2
        for j in range(1, ny + 1):
            b = (j + 1) // 2
            for k in range(1, nz + 1):
                c = (k + 1) // 2
                if inverse[i, j, k] == 0.0:
                    continue
                x, y, z = gx[i, j, k], gy[i, j, k], gz[i, j, k]
                # From the last voxel it may lead to the first; a single block meets only itself.
                if (plane % 2 == 0 or plane == nx) and nx > 2:
                    cx[a, b, c] += np.float32(0.5) * x
                if (j % 2 == 0 or j == ny) and ny > 2:
                    cy[a, b, c] += np.float32(0.5) * y
                if (k % 2 == 0 or k == nz) and nz > 2:
                    cz[a, b, c] += np.float32(0.5) * z
                joined = x + gx[behind, j, k] + y + gy[i, j - 1, k] + z + gz[i, j, k - 1]
                leading = np.float32(1.0) / inverse[i, j, k] - joined
                if leading > np.float32(1e-5) * joined:
                    leads[a, b, c] += np.float32(0.5) * leading


@compiled
def finish_coarser(cx: Singles, cy: Singles, cz: Singles, leads: Singles) -> None:
    """What leads from the last block to the first also before the first, and 1/d in the place of `leads`."""
    nx, ny, nz = cx.shape[0] - 2, cx.shape[1] - 2, cx.shape[2] - 2
    for b in range(1, ny + 1):
        for c in range(1, nz + 1):
            cx[0, b, c] = cx[nx, b, c]
    for a in range(1, nx + 1):
        for c in range(1, nz + 1):
            cy[a, 0, c] = cy[a, ny, c]
        for b in range(1, ny + 1):
            cz[a, b, 0] = cz[a, b, nz]
            for c in range(1, nz + 1):
                d = leads[a, b, c] + cx[a, b, c] + cx[a - 1, b, c]
                d += cy[a, b, c] + cy[a, b - 1, c] + cz[a, b, c] + cz[a, b, c - 1]
                leads[a, b, c] = np.float32(1.0) / d if d > 0.0 else np.float32(0.0)


@compiled
def wrap(x: Singles) -> None:
    """The layer around a periodic image: what lies at its other side; in place."""
    nx, ny, nz = x.shape[0] - 2, x.shape[1] - 2, x.shape[2] - 2
    for i in range(1, nx + 1):
        for j in range(1, ny + 1):
            x[i, j, 0] = x[i, j, nz]
            x[i, j, nz + 1] = x[i, j, 1]
        for k in range(1, nz + 1):
            x[i, 0, k] = x[i, ny, k]
            x[i, ny + 1, k] = x[i, 1, k]
    for j in range(1, ny + 1):
        for k in range(1, nz + 1):
            x[0, j, k] = x[nx, j, k]
            x[nx + 1, j, k] = x[1, j, k]


FIRST, SECOND, BEGIN, RESTRICT, PROLONG = range(5)
"""Stages of a pass: half a Gauss–Seidel sweep over one of the two colours of a checkerboard; half a sweep over the first from
zero; sums of residuals to the coarser level; what the coarser level found."""


@compiled_in_place
def _plane(
    stage: int,
    i: int,
    step: int,
    line: Singles,
    x: Singles,
    b: Singles,
    gx: Singles,
    gy: Singles,
    gz: Singles,
    inverse: Singles,
    coarse_x: Singles,
    coarse_b: Singles,
) -> None:
    ny, nz, a = x.shape[1] - 2, x.shape[2] - 2, (i + 1) // 2
    # Of the conductances the arrays may hold the last few planes alone, each over one that is no longer needed.
    g, behind = i % gx.shape[0], (i - 1) % gx.shape[0]
    if stage == BEGIN:
        for j in range(1, ny + 1):
            for k in range(1, nz + 1):
                x[i, j, k] = 0.0
            for k in range(1 + (i + j) % 2, nz + 1, 2):
                x[i, j, k] = b[i, j, k] * inverse[g, j, k]
    elif stage == PROLONG:
        # What does not conduct gets its zero back in the next sweep.
        for j in range(1, ny + 1):
            for c in range(1, nz // 2 + 1):
                value = coarse_x[a, (j + 1) // 2, c]
                x[i, j, 2 * c - 1] += value
                x[i, j, 2 * c] += value
            if nz % 2 == 1:
                x[i, j, nz] += coarse_x[a, (j + 1) // 2, (nz + 1) // 2]
    else:
        # A whole line at once, of which half is kept, is faster than every other voxel.
        for j in range(1, ny + 1):
            if stage == RESTRICT:
                for k in range(1, nz + 1):
                    s = b[i, j, k] + gx[g, j, k] * x[i + 1, j, k] + gx[behind, j, k] * x[i - 1, j, k]
                    s += gy[g, j, k] * x[i, j + 1, k] + gy[g, j - 1, k] * x[i, j - 1, k]
                    s += gz[g, j, k] * x[i, j, k + 1] + gz[g, j, k - 1] * x[i, j, k - 1]
                    d = inverse[g, j, k]
                    line[k] = s - x[i, j, k] / d if d > 0.0 else np.float32(0.0)
                for k in range(1 + (i + j) % step, nz + 1, step):
                    coarse_b[a, (j + 1) // 2, (k + 1) // 2] += line[k]
            else:
                for k in range(1, nz + 1):
                    s = b[i, j, k] + gx[g, j, k] * x[i + 1, j, k] + gx[behind, j, k] * x[i - 1, j, k]
                    s += gy[g, j, k] * x[i, j + 1, k] + gy[g, j - 1, k] * x[i, j - 1, k]
                    s += gz[g, j, k] * x[i, j, k + 1] + gz[g, j, k - 1] * x[i, j, k - 1]
                    line[k] = s * inverse[g, j, k]
                for k in range(1 + (i + j + stage) % 2, nz + 1, 2):
                    x[i, j, k] = line[k]


@compiled
def pass_over(
    first: int,
    last: int,
    stages: NDArray[np.int64],
    step: int,
    row: NDArray[np.uint8],
    pairs: Floats,
    ends: Floats,
    x: Singles,
    b: Singles,
    gx: Singles,
    gy: Singles,
    gz: Singles,
    inverse: Singles,
    coarse_x: Singles,
    coarse_b: Singles,
) -> None:
    """Stages of the cycle one after the other, on planes from `first` up to `last`; in place.

    Each follows one plane behind the one before, so that all go through the memory once. Beside another range each stops a plane
    earlier, and leaves the rest to `pass_over_cut`. The second colour has no residual left at the end of its sweep and is passed
    over in the sums (`step` 2), unless voxels of one colour touch (`step` 1).

    Where there are rows, the conductances of each plane are made from them as the first stage comes to it, and overwritten once
    the last stage has passed: a byte a voxel goes through the memory for them instead of sixteen.
    """
    line = np.empty(x.shape[2], np.float32)
    count, from_rows = len(stages), row.size > 0
    if from_rows:
        made = np.zeros((4, count + 1, x.shape[1], x.shape[2]), np.float32)
        gx, gy, gz, inverse = made[0], made[1], made[2], made[3]
    sigma, lines, held = _phases_alone(pairs), np.empty((3, x.shape[2] - 2), np.float32), gx.shape[0]
    if from_rows and first > 0:
        _fill_plane(first - 1, first % held, row, sigma, lines, gx, gy, gz)
    if stages[count - 1] == RESTRICT:
        for a in range(first // 2 + 1, (last + 1) // 2 + 1):
            for c in range(coarse_b.shape[1]):
                for d in range(coarse_b.shape[2]):
                    coarse_b[a, c, d] = 0.0
    for front in range(first + 1, last + count):
        if from_rows and front <= last:
            _fill_plane(front - 1, front % held, row, sigma, lines, gx, gy, gz)
            _invert_plane(front - 1, front % held, (front - 1) % held, row, ends, gx, gy, gz, inverse)
        for s in range(count):
            low = first + 1 if first == 0 else first + 1 + s
            high = last if last == x.shape[0] - 2 else last - s
            if low <= front - s <= high:
                _plane(stages[s], front - s, step, line, x, b, gx, gy, gz, inverse, coarse_x, coarse_b)


@compiled
def pass_over_cut(
    cut: int,
    stages: NDArray[np.int64],
    step: int,
    row: NDArray[np.uint8],
    pairs: Floats,
    ends: Floats,
    x: Singles,
    b: Singles,
    gx: Singles,
    gy: Singles,
    gz: Singles,
    inverse: Singles,
    coarse_x: Singles,
    coarse_b: Singles,
) -> None:
    """What `pass_over` leaves beside the plane where one range ends and the next begins."""
    line = np.empty(x.shape[2], np.float32)
    count = len(stages)
    if row.size > 0:
        made = np.zeros((4, 2 * count, x.shape[1], x.shape[2]), np.float32)
        gx, gy, gz, inverse = made[0], made[1], made[2], made[3]
        sigma, lines, held = _phases_alone(pairs), np.empty((3, x.shape[2] - 2), np.float32), gx.shape[0]
        for i in range(cut + 1 - count, cut + count):
            _fill_plane(i - 1, i % held, row, sigma, lines, gx, gy, gz)
            _invert_plane(i - 1, i % held, (i - 1) % held, row, ends, gx, gy, gz, inverse)
    for s in range(1, count):
        for i in range(cut + 1 - s, cut + 1 + s):
            _plane(stages[s], i, step, line, x, b, gx, gy, gz, inverse, coarse_x, coarse_b)


@compiled
def load(first: int, last: int, residual: Floats, scale: float, b: Singles, x: Singles) -> None:
    """The residual of the image as the right-hand side of the first level, times `scale`; zeros in the layer around `x`."""
    nx, ny, nz = residual.shape
    for i in range(0 if first == 0 else first + 1, (nx + 1 if last == nx else last) + 1):
        for j in range(ny + 2):
            around = i == 0 or i == nx + 1 or j == 0 or j == ny + 1
            x[i, j, 0] = x[i, j, nz + 1] = 0.0
            for k in range(1, nz + 1):
                if around:
                    x[i, j, k] = 0.0
                else:
                    b[i, j, k] = residual[i - 1, j - 1, k - 1] * scale


@compiled
def product(first: int, last: int, residual: Floats, z: Singles, sums: Floats) -> None:
    """Σ r z of each plane."""
    _, ny, nz = residual.shape
    line = np.empty(nz)
    for i in range(first, last):
        for k in range(nz):
            line[k] = 0.0
        for j in range(ny):
            for k in range(nz):
                line[k] += residual[i, j, k] * z[i + 1, j + 1, k + 1]
        total = 0.0
        for k in range(nz):
            total += line[k]
        sums[i] = total


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
