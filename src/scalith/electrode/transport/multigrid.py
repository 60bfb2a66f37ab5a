"""Multigrid cycle on an image: the preconditioner of conduction, at a cost per voxel that does not grow with the image."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from scalith.electrode.transport.plane_threads import PlaneThreads

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]


STORED_UP_TO = 2**20
"""Voxels up to which conductances are stored: there a sixth of the time is worth more than 16 MB."""


class Level(NamedTuple):
    """One grid: conductances to the next voxel, 1/d, unknowns, right-hand side; with a layer around it.

    The layer is zero; where the image is periodic (`wraps`) it holds what lies at the other side. The first grid of a large image
    that is not has rows of phases and their tables (as `currents_from` takes them) in the place of conductances, a byte a voxel
    instead of sixteen; the others have none.
    """

    rows: NDArray[np.uint8]
    pairs: Floats
    ends: Floats
    gx: Singles
    gy: Singles
    gz: Singles
    inverse: Singles
    x: Singles
    b: Singles
    wraps: bool


def build_levels(
    rows: NDArray[np.uint8], pairs: Floats, ends: Floats, threads: PlaneThreads, periodic: bool = False
) -> tuple[list[Level], Floats]:
    """Grids from the image itself down to a few voxels; `rows`, `pairs`, `ends` as `currents_from` takes them.

    A periodic image has no ends (all zero): its equations leave a constant free on each island, and so does the cycle.

    Blocks of 2 × 2 × 2 voxels become one; a coarse face carries half of the sum of its fine faces, as the same material would
    over twice the distance.

    Returns
    -------
    list of Level
    numpy.ndarray
        An array of the image's shape to work in between two cycles: it shares the memory of the first level's unknowns.
    """
    from scalith.electrode.transport.multigrid_kernels import first_level

    count = int(np.prod([size + 2 for size in rows.shape]))
    shared = np.empty(count)
    if periodic or rows.size <= STORED_UP_TO:
        level = _empty(rows.shape, shared.view(np.float32), periodic)
        stored = (level.gx, level.gy, level.gz, level.inverse)
        threads.run(first_level, rows.shape, rows, pairs, ends, periodic, *stored)
    else:
        x, b = shared.view(np.float32).reshape(2, *(size + 2 for size in rows.shape))
        none = np.empty((0, 0, 0), np.float32)
        level = Level(rows, pairs, ends, none, none, none, none, x, b, False)
    levels = [level]
    add_coarser(levels, threads)
    return levels, shared[: rows.size].reshape(rows.shape)


def level_of_faces(faces: list[Floats], total: Floats) -> tuple[Level, Floats]:
    """First grid of a body with electrodes, from the conductances of its faces, and an array to work in as `build_levels` gives.

    Parameters
    ----------
    faces : three arrays
        Conductance to the next voxel along each axis, one fewer than voxels there.
    total : (nx, ny, nz)
        Sum of the conductances around each voxel, those to the electrodes included; zero where nothing conducts.
    """
    count = int(np.prod([size + 2 for size in total.shape]))
    shared = np.empty(count)
    level = _empty(total.shape, shared.view(np.float32), False)
    for axis, along in enumerate((level.gx, level.gy, level.gz)):
        inside = along[1:-1, 1:-1, 1:-1]
        np.moveaxis(inside, axis, 0)[:-1] = np.moveaxis(faces[axis], axis, 0)
    np.divide(1.0, total, out=level.inverse[1:-1, 1:-1, 1:-1], where=total > 0.0, casting="same_kind")
    return level, shared[: total.size].reshape(total.shape)


def faces_of(sigma: Floats) -> tuple[list[Floats], Floats]:
    """Conductances of the faces between voxels along each axis, the harmonic mean, and their sum around each voxel.

    Parameters
    ----------
    sigma : (nx, ny, nz)
        Conductivity of each voxel; zero where nothing conducts.
    """
    faces, total = [], np.zeros(sigma.shape)
    for n in range(3):
        here, sums = np.moveaxis(sigma, n, 0), np.moveaxis(total, n, 0)
        product, both = here[:-1] * here[1:], here[:-1] + here[1:]
        face = np.divide(2.0 * product, both, out=np.zeros(product.shape), where=both > 0.0)
        sums[:-1] += face
        sums[1:] += face
        faces.append(np.moveaxis(face, 0, n))
    return faces, total


def currents_through(faces: list[Floats], total: Floats) -> Callable[[Floats, Floats], float]:
    """What `conjugate_gradients` takes as currents: writes A p of `level_of_faces` into the second argument, gives p · A p."""

    def currents(of: Floats, result: Floats) -> float:
        np.multiply(total, of, out=result)
        for n in range(3):
            value, to, face = (np.moveaxis(one, n, 0) for one in (of, result, faces[n]))
            to[:-1] -= face * value[1:]
            to[1:] -= face * value[:-1]
        return float(np.einsum("ijk,ijk->", of, result))

    return currents


def add_coarser(levels: list[Level], threads: PlaneThreads) -> None:
    """Add coarser grids to the first one, down to a few voxels."""
    from scalith.electrode.transport.multigrid_kernels import coarser, finish_coarser

    periodic = levels[0].wraps
    while max(levels[-1].x.shape) > 6:
        fine = levels[-1]
        shape = tuple((size - 1) // 2 for size in fine.x.shape)
        coarse = _empty(shape, np.zeros(2 * int(np.prod([size + 2 for size in shape])), np.float32), periodic)
        conductances = (coarse.gx, coarse.gy, coarse.gz, coarse.inverse)
        threads.run(coarser, tuple(size - 2 for size in fine.x.shape), *fine[:7], *conductances)
        finish_coarser(*conductances)
        levels.append(coarse)


def cycle(levels: list[Level], residual: Floats, scale: float, threads: PlaneThreads) -> Singles:
    """One symmetric W-cycle for the residual times `scale`; gives the first level's unknowns (padded)."""
    from scalith.electrode.transport.multigrid_kernels import load

    threads.run(load, residual.shape, residual, scale, levels[0].b, levels[0].x)
    _descend(levels, 0, threads)
    return levels[0].x


def _descend(levels: list[Level], depth: int, threads: PlaneThreads) -> None:
    from scalith.electrode.transport.multigrid_kernels import (
        BEGIN,
        FIRST,
        PROLONG,
        RESTRICT,
        SECOND,
        pass_over,
        pass_over_cut,
        wrap,
    )

    level, coarser = levels[depth], levels[min(depth + 1, len(levels) - 1)]
    shape = tuple(size - 2 for size in level.x.shape)
    # Around a cell with an odd number of voxels the colours of the checkerboard meet their like.
    step = 1 if level.wraps and any(size % 2 for size in shape) else 2
    tables, stored = level[:3], level[3:7]
    equations = (step, *tables, level.x, level.b, *stored, coarser.x, coarser.b)

    def go(*stages: int) -> None:
        if level.wraps:  # each needs what the one before left at the other side
            for stage in stages:
                threads.run(pass_over, shape, np.array([stage]), *equations)
                if stage != RESTRICT:
                    wrap(level.x)
            return
        order = np.array(stages)
        threads.run(pass_over, shape, order, *equations)
        for cut in threads.cuts(shape)[1:-1]:
            pass_over_cut(cut, order, *equations)

    if depth == len(levels) - 1:
        go(BEGIN, SECOND, SECOND, FIRST, *(FIRST, SECOND, SECOND, FIRST) * 11)
        return
    # The coarse levels cost little: they are visited twice, which keeps the number of iterations where it is as the image grows.
    for visit in range(1 if depth == 0 else 2):
        go(BEGIN if visit == 0 else FIRST, SECOND, FIRST, SECOND, RESTRICT)
        _descend(levels, depth + 1, threads)
        go(PROLONG, SECOND, FIRST, SECOND, FIRST)


def _empty(shape: tuple[int, ...], memory: Singles, wraps: bool) -> Level:
    padded = tuple(size + 2 for size in shape)
    x, b = memory.reshape(2, *padded)
    gx, gy, gz, inverse = (np.zeros(padded, np.float32) for _ in range(4))
    no_rows, no_pairs, no_ends = np.empty((0, 0, 0), np.uint8), np.empty((0, 0, 0)), np.empty(0)
    return Level(no_rows, no_pairs, no_ends, gx, gy, gz, inverse, x, b, wraps)
