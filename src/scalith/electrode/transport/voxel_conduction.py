"""Conduction through voxels that each have a conductivity of their own: what a design by gradient asks for."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from scalith.electrode.requirements import axis_number, require_memory, require_tolerance
from scalith.electrode.transport.conduction import current_and_loss
from scalith.electrode.transport.plane_threads import PlaneThreads
from scalith.quantities import InputError, Result, digest, labelled, predicted

Floats = NDArray[np.float64]


def conduct_voxels(conductivity: Any, *, axis: str = "x", tolerance: float = 1e-6, begin: Any = None, threads: int = 1) -> Result:
    """Conduction between electrodes on opposite faces as in `solve_conduction`, with a conductivity for each voxel.

    Parameters
    ----------
    conductivity : array (nx, ny, nz)
        S m-1, positive everywhere.
    axis : {"x", "y", "z"}
    tolerance : float
        Residual over that of a straight potential.
    begin : array (nx, ny, nz), optional
        Potential to begin with, such as that of a body a step before.
    threads : int
        Threads that share the planes of the image; the result does not depend on their number.

    Returns
    -------
    Result
        ``conductivity`` (S m-1); on the voxels (x, y, z) ``potential`` (V, 1 V across) and ``sensitivity``,
        ∂ ln σ_eff/∂ ln σ of each voxel: its share of the dissipated power, which is the exact derivative of the discrete solution
        and sums to 1; ``iterations``.

    Raises
    ------
    InputError
        The conductivities are not positive numbers on three axes of at least two voxels; see also `solve_conduction`.
    ConvergenceError
        The tolerance is not met.
    """
    from scalith.electrode.transport.conjugate_gradients import conjugate_gradients, square
    from scalith.electrode.transport.multigrid import add_coarser, currents_through, faces_of, level_of_faces

    along = axis_number("conduct_voxels", axis)
    require_tolerance("conduct_voxels", tolerance)
    sigma = np.asarray(conductivity, dtype=np.float64)
    if sigma.ndim != 3 or min(sigma.shape) < 2 or not np.all(np.isfinite(sigma) & (sigma > 0.0)):
        expected = "positive numbers in S m-1 on three axes of at least two voxels each"
        raise InputError("conduct_voxels", "conductivity", f"an array of shape {sigma.shape}, some not positive", expected)
    require_memory("conduct_voxels", sigma.size, 140)
    unit = float(sigma.max())
    body = np.ascontiguousarray(np.moveaxis(sigma / unit, along, 0))
    faces, total = faces_of(body)
    low, high = 2.0 * body[0], 2.0 * body[-1]
    total[0] += low
    total[-1] += high
    currents = currents_through(faces, total)
    line = np.broadcast_to(((np.arange(len(body)) + 0.5) / len(body)).reshape(-1, 1, 1), body.shape)
    residual, potential = np.empty(body.shape), np.array(line)
    currents(potential, residual)
    residual[-1] -= high
    straight = max(square(residual), 1e-24 * float(np.sum(high**2)))
    if begin is not None:
        potential = np.array(np.moveaxis(np.broadcast_to(begin, sigma.shape), along, 0), dtype=np.float64)
        currents(potential, residual)
        residual[-1] -= high
    np.negative(residual, out=residual)

    def reference(_: float) -> float:
        return min(float(straight), body.size * float(np.sum(low * potential[0]) / body[0].size) ** 2)

    first, work = level_of_faces(faces, total)
    levels = [first]
    with PlaneThreads(threads) as crew:
        add_coarser(levels, crew)
        iterations, _ = conjugate_gradients(potential, residual, currents, reference, levels, work, None, crew, tolerance)
    through = 0.5 * float(np.sum(low * potential[0]) + np.sum(high * (1.0 - potential[-1])))
    _, loss = current_and_loss(potential, lambda _: body, 1.0)
    settings = {"conductivity": digest(sigma), "axis": axis, "tolerance": tolerance}
    source = predicted("scalith.electrode.conduct_voxels", settings=settings)
    fields = {
        "potential": (potential, "potential", "V"),
        "sensitivity": (loss / float(loss.sum()), "derivative of ln of the effective conductivity by ln of the voxel's", "1"),
    }
    data = Result({"conductivity": labelled((), through * len(body) / body[0].size * unit, "effective conductivity", "S m-1")})
    data["iterations"] = labelled((), iterations, "iterations", "1")
    for name, (values, title, of) in fields.items():
        data[name] = labelled(("x", "y", "z"), np.moveaxis(values, 0, along), title, of)
    return data.assign_attrs(source=source.to_json())
