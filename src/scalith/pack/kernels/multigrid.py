"""Conduction on a structured grid: multigrid-preconditioned conjugate gradients, cost linear in the volumes.

The system is (diag) x − Σ faces g x_neighbour = rhs with a positive shift on the diagonal. Coarse volumes join one or two
fine ones along each direction (only along directions of strong coupling), coarse face conductances join the fine ones in
series along the face's direction and in parallel across it. One V-cycle (forward Gauss–Seidel before, backward after)
is symmetric, so conjugate gradients may use it.

All levels lie one behind the other in flat arrays; volume (i, j, k) of a level is at ``offset + (i ny + j) nz + k``, and
``gx`` there is the conductance of its face to (i+1, j, k), zero at the last. Before and behind each level there is a plane
of zeros, so that the six neighbours of every volume may be read without asking where it lies.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from scalith.numerics.compiled import compiled, compiled_inline

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@compiled
def _series(face: float, inner_low: float, inner_high: float) -> float:
    if face == 0.0:
        return 0.0
    resistance = 1.0 / face
    if inner_low > 0.0:
        resistance += 0.5 / inner_low
    if inner_high > 0.0:
        resistance += 0.5 / inner_high
    return 1.0 / resistance


@compiled
def coarsen_faces(shapes: Integers, offsets: Integers, factors: Integers, gx: Floats, gy: Floats, gz: Floats) -> None:
    """Fill the face conductances of all coarse levels from the finest."""
    for level in range(shapes.shape[0] - 1):
        nx, ny, nz = shapes[level]
        mx, my, mz = shapes[level + 1]
        fx, fy, fz = factors[level]
        fine, coarse = offsets[level], offsets[level + 1]
        size = mx * my * mz
        gx[coarse : coarse + size] = 0.0
        gy[coarse : coarse + size] = 0.0
        gz[coarse : coarse + size] = 0.0
        for i in range(nx):
            for j in range(ny):
                for k in range(nz):
                    here = fine + (i * ny + j) * nz + k
                    there = coarse + ((i >> (fx - 1)) * my + (j >> (fy - 1))) * mz + (k >> (fz - 1))
                    last_x = (i + 1) % fx == 0 or i == nx - 1
                    if last_x and i + 1 < nx:
                        low = gx[here - ny * nz] if fx == 2 and i % 2 == 1 else 0.0
                        high = gx[here + ny * nz] if fx == 2 and i + 2 < nx else 0.0
                        gx[there] += _series(gx[here], low, high)
                    last_y = (j + 1) % fy == 0 or j == ny - 1
                    if last_y and j + 1 < ny:
                        low = gy[here - nz] if fy == 2 and j % 2 == 1 else 0.0
                        high = gy[here + nz] if fy == 2 and j + 2 < ny else 0.0
                        gy[there] += _series(gy[here], low, high)
                    last_z = (k + 1) % fz == 0 or k == nz - 1
                    if last_z and k + 1 < nz:
                        low = gz[here - 1] if fz == 2 and k % 2 == 1 else 0.0
                        high = gz[here + 1] if fz == 2 and k + 2 < nz else 0.0
                        gz[there] += _series(gz[here], low, high)


@compiled
def fill_diagonals(
    shapes: Integers, offsets: Integers, factors: Integers, gx: Floats, gy: Floats, gz: Floats, shift: Floats, diagonal: Floats
) -> None:
    """Sum the shift of the finest level into all levels, and the diagonals from shifts and faces."""
    for level in range(shapes.shape[0]):
        nx, ny, nz = shapes[level]
        base = offsets[level]
        if level > 0:
            px, py, pz = shapes[level - 1]
            fx, fy, fz = factors[level - 1]
            fine = offsets[level - 1]
            shift[base : base + nx * ny * nz] = 0.0
            for i in range(px):
                for j in range(py):
                    for k in range(pz):
                        shift[base + ((i >> (fx - 1)) * ny + (j >> (fy - 1))) * nz + (k >> (fz - 1))] += shift[
                            fine + (i * py + j) * pz + k
                        ]
        for here in range(base, base + nx * ny * nz):
            diagonal[here] = shift[here]
        for i in range(nx):
            for j in range(ny):
                for k in range(nz):
                    here = base + (i * ny + j) * nz + k
                    if i + 1 < nx:
                        diagonal[here] += gx[here]
                        diagonal[here + ny * nz] += gx[here]
                    if j + 1 < ny:
                        diagonal[here] += gy[here]
                        diagonal[here + nz] += gy[here]
                    if k + 1 < nz:
                        diagonal[here] += gz[here]
                        diagonal[here + 1] += gz[here]


@compiled_inline
def _neighbours(here: int, plane: int, row: int, gx: Floats, gy: Floats, gz: Floats, x: Floats) -> float:
    """Σ g x over the six neighbours: without a branch, since faces of the boundary have zero conductance."""
    total: float = (
        gx[here - plane] * x[here - plane]
        + gx[here] * x[here + plane]
        + gy[here - row] * x[here - row]
        + gy[here] * x[here + row]
        + gz[here - 1] * x[here - 1]
        + gz[here] * x[here + 1]
    )
    return total


@compiled
def _sweep(
    shape: Integers, base: int, gx: Floats, gy: Floats, gz: Floats, inverse: Floats, rhs: Floats, x: Floats, forward: bool
) -> None:
    row = shape[2]
    plane = shape[1] * row
    size = shape[0] * plane
    if forward:
        for here in range(base, base + size):
            x[here] = (rhs[here] + _neighbours(here, plane, row, gx, gy, gz, x)) * inverse[here]
    else:
        for here in range(base + size - 1, base - 1, -1):
            x[here] = (rhs[here] + _neighbours(here, plane, row, gx, gy, gz, x)) * inverse[here]


@compiled
def _first_sweep(shape: Integers, base: int, gx: Floats, gy: Floats, gz: Floats, inverse: Floats, rhs: Floats, x: Floats) -> None:
    """Forward sweep from x = 0: only the neighbours that were visited count."""
    row = shape[2]
    plane = shape[1] * row
    for here in range(base, base + shape[0] * plane):
        lower = gx[here - plane] * x[here - plane] + gy[here - row] * x[here - row] + gz[here - 1] * x[here - 1]
        x[here] = (rhs[here] + lower) * inverse[here]


@compiled
def _restrict_residual(
    shape: Integers, base: int, coarse_shape: Integers, coarse: int, factor: Integers, gx: Floats, gy: Floats, gz: Floats,
    rhs: Floats, x: Floats,
) -> None:  # fmt: skip
    """Coarse right side: sums of the residual after `_first_sweep`, which is what the unvisited neighbours contribute."""
    nx, ny, nz = shape
    mx, my, mz = coarse_shape
    sx, sy, sz = factor[0] - 1, factor[1] - 1, factor[2] - 1
    plane = ny * nz
    rhs[coarse : coarse + mx * my * mz] = 0.0
    for i in range(nx):
        for j in range(ny):
            here = base + (i * ny + j) * nz
            there = coarse + ((i >> sx) * my + (j >> sy)) * mz
            for k in range(nz):
                left = gx[here] * x[here + plane] + gy[here] * x[here + nz] + gz[here] * x[here + 1]
                rhs[there + (k >> sz)] += left
                here += 1


@compiled
def _prolong(shape: Integers, base: int, coarse_shape: Integers, coarse: int, factor: Integers, x: Floats) -> None:
    nx, ny, nz = shape
    my, mz = coarse_shape[1], coarse_shape[2]
    sx, sy, sz = factor[0] - 1, factor[1] - 1, factor[2] - 1
    for i in range(nx):
        for j in range(ny):
            here = base + (i * ny + j) * nz
            there = coarse + ((i >> sx) * my + (j >> sy)) * mz
            for k in range(nz):
                x[here + k] += x[there + (k >> sz)]


@compiled
def _v_cycle(
    shapes: Integers,
    offsets: Integers,
    factors: Integers,
    gx: Floats,
    gy: Floats,
    gz: Floats,
    inverse: Floats,
    rhs: Floats,
    x: Floats,
) -> None:
    """x ≈ A⁻¹ rhs on the finest level (both of all levels' length; coarse parts are work space)."""
    levels = shapes.shape[0]
    for level in range(levels - 1):
        base = offsets[level]
        _first_sweep(shapes[level], base, gx, gy, gz, inverse, rhs, x)
        _restrict_residual(shapes[level], base, shapes[level + 1], offsets[level + 1], factors[level], gx, gy, gz, rhs, x)
    base = offsets[levels - 1]
    _first_sweep(shapes[levels - 1], base, gx, gy, gz, inverse, rhs, x)
    for _ in range(8):
        _sweep(shapes[levels - 1], base, gx, gy, gz, inverse, rhs, x, False)
        _sweep(shapes[levels - 1], base, gx, gy, gz, inverse, rhs, x, True)
    _sweep(shapes[levels - 1], base, gx, gy, gz, inverse, rhs, x, False)
    for back in range(levels - 1):
        level = levels - 2 - back
        _prolong(shapes[level], offsets[level], shapes[level + 1], offsets[level + 1], factors[level], x)
        _sweep(shapes[level], offsets[level], gx, gy, gz, inverse, rhs, x, False)


@compiled
def solve(
    shapes: Integers, offsets: Integers, factors: Integers, gx: Floats, gy: Floats, gz: Floats, shift: Floats,
    diagonal: Floats, inverse: Floats, right: Floats, x: Floats, work: Floats, tolerance: float, most: int,
) -> tuple[int, float, float]:  # fmt: skip
    """Solve from the guess in `x`; arrays have all levels' length, `work` three times that.

    The residual, weighted with the inverse diagonal, falls by `tolerance`, and its sum to zero: what is added to `x` at the
    end is the constant that closes the balance of the whole body.

    Returns
    -------
    iterations, remaining residual relative to the first, the constant that closed the balance
    """
    row = shapes[0, 2]
    plane = shapes[0, 1] * row
    start = offsets[0]
    end = start + shapes[0, 0] * plane
    total = gx.size
    r, z, p = work[:total], work[total : 2 * total], work[2 * total :]
    first = 0.0
    for here in range(start, end):
        r[here] = right[here] + _neighbours(here, plane, row, gx, gy, gz, x) - diagonal[here] * x[here]
        p[here] = 0.0
        first += r[here] * r[here] * inverse[here]
    product, left, done = 1.0, first, 0
    while left > tolerance * tolerance * first and done < most:
        _v_cycle(shapes, offsets, factors, gx, gy, gz, inverse, r, z)
        new = 0.0
        for here in range(start, end):
            new += r[here] * z[here]
        beta = 0.0 if done == 0 else new / product
        product = new
        for here in range(start, end):
            p[here] = z[here] + beta * p[here]
        curvature = 0.0
        for here in range(start, end):
            z[here] = diagonal[here] * p[here] - _neighbours(here, plane, row, gx, gy, gz, p)
            curvature += p[here] * z[here]
        step = product / curvature
        left = 0.0
        for here in range(start, end):
            x[here] += step * p[here]
            r[here] -= step * z[here]
            left += r[here] * r[here] * inverse[here]
        done += 1
    ratio = math.sqrt(left / first) if first > 0.0 else 0.0
    closing = 0.0
    for _ in range(2):
        unbalanced, weight = 0.0, 0.0
        for here in range(start, end):
            unbalanced += right[here] - shift[here] * x[here]
            weight += shift[here]
        constant = unbalanced / weight
        closing += constant
        for here in range(start, end):
            x[here] += constant
    return done, ratio, closing
