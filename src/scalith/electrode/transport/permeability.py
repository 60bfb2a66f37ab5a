"""Permeability of pores for a viscous fluid: Stokes flow on voxels."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from scalith.electrode.image.image import VoxelImage, takes_image
from scalith.electrode.measure.percolation import through_paths
from scalith.electrode.requirements import axis_number, require_memory, require_tolerance
from scalith.quantities import ConvergenceError, Result, labelled, predicted

Floats = NDArray[np.float64]
Places = NDArray[np.int64]
_MOST = 2000


@takes_image
def permeability(image: VoxelImage, phase: str = "pore", *, axis: str = "x", tolerance: float = 1e-6) -> Result:
    r"""Permeability of a phase for creeping flow from face to face (Darcy's law).

    .. math::

        μ ∇²u = ∇p, \quad ∇·u = 0, \quad u = 0 \text{ at the solid}, \qquad κ = \frac{μ Q L}{A\, Δp}

    Pressures sit in the voxels and velocities on their faces (F. H. Harlow, J. E. Welch, Phys. Fluids 8 (1965) 2182,
    doi:10.1063/1.1761178); walls along a face's velocity are half a voxel away. The pores go on straight for half a voxel at both
    ends, the four other sides are mirrors. Conjugate gradients on the pressure alone, with the three sparse matrices of the
    velocities factorised: for images up to about 50³.

    Gaps n voxels wide come out high by 2/n², square channels by 3.8/n²; on staircases of round walls the error is one of first
    order.

    Parameters
    ----------
    image : VoxelImage
    phase : str
        That the fluid fills; what does not join both ends stands still.
    axis : {"x", "y", "z"}
    tolerance : float
        Relative residual of what flows in and out of the voxels.

    Returns
    -------
    Result
        ``permeability`` (m2; zero where nothing connects), ``connected`` share of the phase that joins both ends.

    Raises
    ------
    InputError
        There is no such phase, the memory does not hold the factors.
    ConvergenceError
        The tolerance is not met.
    """
    from scipy.sparse import coo_array, vstack
    from scipy.sparse.linalg import LinearOperator, cg, splu

    along = axis_number("permeability", axis)
    require_tolerance("permeability", tolerance)
    whole = np.moveaxis(image.mask(phase), along, 0)
    require_memory("permeability", int(np.count_nonzero(whole)), 12000)
    fluid = through_paths(whole)
    found = 0.0
    if fluid.any():
        voxel = np.where(fluid, np.cumsum(fluid).reshape(fluid.shape) - 1, -1)
        solves, parts, entering = [], [], np.empty(0, np.int64)
        for component in range(3):
            number, low, high = _faces(voxel, component)
            count = int(number.max()) + 1
            if not count:
                continue
            rows = number[number >= 0]
            below, above = low[number >= 0], high[number >= 0]
            if component == 0:
                entering = number[0][number[0] >= 0]
            entries = [(rows[above >= 0], above[above >= 0], 1.0), (rows[below >= 0], below[below >= 0], -1.0)]
            values = np.concatenate([np.full(one.size, sign) for one, _, sign in entries])
            place = tuple(np.concatenate([entry[n] for entry in entries]) for n in range(2))
            parts.append(coo_array((values, place), shape=(count, int(voxel.max()) + 1)))
            solves.append(splu(_viscous(number, low, high, component).tocsc()))
        gradient = vstack(parts).tocsr()
        ends = np.cumsum([part.shape[0] for part in parts])[:-1]

        def velocity(force: Floats) -> Floats:
            return np.concatenate([one.solve(part) for one, part in zip(solves, np.split(force, ends), strict=True)])

        force = np.zeros(gradient.shape[0])
        force[entering] = 1.0
        shape = (gradient.shape[1],) * 2
        operator = LinearOperator(shape, matvec=lambda p: gradient.T @ velocity(gradient @ p), dtype=np.float64)
        pressure, failed = cg(operator, gradient.T @ velocity(force), rtol=tolerance, maxiter=_MOST)
        if failed:
            raise ConvergenceError("permeability", f"the residual is above {tolerance:.2g} after {_MOST} iterations")
        flow = float(velocity(force - gradient @ pressure)[entering].sum())
        found = flow * (fluid.shape[0] + 1) / fluid[0].size * image.voxel_size**2
    settings = {"phase": phase, "axis": axis, "tolerance": tolerance}
    source = predicted("scalith.electrode.permeability", image.digest, settings=settings)
    share = float(fluid.sum() / max(whole.sum(), 1))
    return Result(
        {
            "permeability": labelled((), found, "permeability", "m2"),
            "connected": labelled((), share, "share of the phase that joins both ends", "1"),
        },
        attrs={"source": source.to_json()},
    )


def _faces(voxel: Places, component: int) -> tuple[Places, Places, Places]:
    """Number of each face across an axis through which fluid flows, −1 for others, and the voxels below and above it.

    Voxels are −1 where they are solid and −2 outside; the image's first and last faces are open along the first axis only.
    """
    outside = [(1, 1) if axis == component else (0, 0) for axis in range(3)]
    padded = np.moveaxis(np.pad(voxel, outside, constant_values=-2), component, 0)
    low, high = np.moveaxis(padded[:-1], 0, component), np.moveaxis(padded[1:], 0, component)
    moves = (low >= 0) & (high >= 0)
    if component == 0:
        moves |= ((low >= 0) & (high == -2)) | ((low == -2) & (high >= 0))
    return np.where(moves, np.cumsum(moves).reshape(moves.shape) - 1, -1), low, high


def _viscous(number: Places, low: Places, high: Places, component: int) -> Any:
    """−∇² of the velocities across an axis: walls beside a face half a voxel away, walls that it meets a whole one."""
    from scipy.sparse import coo_array

    count = int(number.max()) + 1
    diagonal, rows, columns = np.zeros(count), [], []
    solid = (low < 0) & (high < 0)
    for axis in range(3):
        faces, walls = np.moveaxis(number, axis, 0), np.moveaxis(solid, axis, 0)
        for here, there, wall in ((faces[:-1], faces[1:], walls[1:]), (faces[1:], faces[:-1], walls[:-1])):
            mine = here >= 0
            weight = np.where(wall & (there < 0) & (axis != component), 2.0, 1.0)
            diagonal += np.bincount(here[mine], weight[mine], count)
            both = mine & (there >= 0)
            rows.append(here[both])
            columns.append(there[both])
    place = (np.concatenate([*rows, np.arange(count)]), np.concatenate([*columns, np.arange(count)]))
    values = np.concatenate([np.full(place[0].size - count, -1.0), diagonal])
    return coo_array((values, place), shape=(count, count))
