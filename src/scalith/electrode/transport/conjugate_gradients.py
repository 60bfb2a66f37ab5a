"""Conjugate gradients for conduction through voxels, preconditioned by a multigrid cycle and the potentials of islands."""

from __future__ import annotations

from collections.abc import Callable
from math import log
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from scalith.electrode.transport.multigrid import Level, cycle
from scalith.electrode.transport.plane_threads import PlaneThreads
from scalith.quantities import ConvergenceError

if TYPE_CHECKING:
    from scalith.electrode.measure.islands import Islands

Floats = NDArray[np.float64]


def square(values: Floats) -> float:
    """Sum of squares, without BLAS: its threads would go on waiting on the cores that the solve works on."""
    return float(np.einsum("ijk,ijk->", values, values))


def conjugate_gradients(
    potential: Floats,
    residual: Floats,
    currents: Callable[[Floats, Floats], float],
    reference: Callable[[float], float],
    levels: list[Level],
    work: Floats,
    islands: Islands | None,
    threads: PlaneThreads,
    tolerance: float,
    progress: Callable[[float, str], None] | None = None,
    most: int = 500,
) -> tuple[int, float]:
    """Solve A φ = b from the potential given; it and the residual change in place.

    Parameters
    ----------
    potential, residual : (nx, ny, nz)
        Where it begins, and b − A φ there.
    currents : callable
        Writes A p into its second argument, gives p · A p.
    reference : callable
        What |b − A φ|² is measured by, given Σ α r·z: twice the energy released so far.
    levels, work
        From `build_levels`.
    islands : Islands, optional
    threads : PlaneThreads
    tolerance : float
        Of the residual, as the root of its share of the reference.
    progress : callable, optional
        Called with the part of the way, in powers of ten, and the residual.
    most : int
        Iterations.

    Returns
    -------
    int
        Iterations.
    float
        Relative residual.

    Raises
    ------
    ConvergenceError
        The tolerance is not met.
    """
    from scalith.electrode.transport.multigrid_kernels import advance, product, turn

    shape, sums = residual.shape, np.empty(residual.shape[0])
    size, before, released, iteration = square(residual), 1.0, 0.0, 0

    def share(square: float) -> float:
        by = reference(released)
        return float(np.sqrt(square / by)) if by > 0.0 else float(square > 0.0)

    relative = begun = share(size)
    direction = np.zeros(shape)
    while relative > tolerance and iteration < most:
        iteration += 1
        scale = 1.0 / np.sqrt(size)  # the cycle works in single precision
        z = cycle(levels, residual, scale, threads)
        if islands is not None:
            islands.lift(z, residual, scale, threads)
        threads.run(product, shape, residual, z, sums)
        rz = float(sums.sum()) / scale
        threads.run(turn, shape, direction, z, scale, rz / before if iteration > 1 else 0.0)
        before = rz
        curvature = currents(direction, work)
        if not curvature > 0.0:  # what is left is rounding
            break
        step = rz / curvature
        threads.run(advance, shape, potential, residual, direction, work, step, sums)
        size, released = float(sums.sum()), released + step * rz
        relative = share(size)
        if progress is not None:
            done = log(begun / max(relative, tolerance)) / log(begun / tolerance)
            progress(min(max(done, 0.0), 1.0), f"iteration {iteration}, residual {relative:.1e}")
    if relative > tolerance:
        why = f"the residual is {relative:.2g} after {iteration} iterations where {tolerance:.2g} was asked for"
        raise ConvergenceError("conduction through the voxels", why)
    return iteration, relative
