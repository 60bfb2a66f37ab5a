"""Conduction between two electrodes through an image that repeats itself to the sides."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from scalith.electrode.image.image import VoxelImage, takes_image
from scalith.electrode.measure.percolation import pieces_of
from scalith.electrode.requirements import axis_number, require_tolerance, rows_of_labels
from scalith.electrode.transport.effective_tensor import TensorConductivity, phase_tensors, solve_periodic
from scalith.electrode.transport.plane_threads import PlaneThreads
from scalith.quantities import Result, labelled, predicted

_METAL = 1e6
"""Conductivity of the electrodes' plane over the largest of the image: what it lets the potential vary by is below 1e-5."""


@takes_image
def solve_periodic_sides(
    image: VoxelImage,
    conductivities: Mapping[str, TensorConductivity],
    *,
    axis: str = "x",
    tolerance: float = 1e-6,
    threads: int = 1,
    progress: Callable[[float, str], None] | None = None,
) -> Result:
    """Steady conduction between two electrodes on opposite faces, the other faces joined each to its opposite.

    What `solve_conduction` does with insulated sides, for structures made periodic: no path ends at a side. A plane of metal
    between the last voxels and the first, in a cell that is periodic all round (`effective_tensor`), is both electrodes: a mean
    field along the axis drops over the image alone, N/σ_eff = (N + 1)/σ − 1/σ_metal.

    Parameters
    ----------
    image : VoxelImage
    conductivities : mapping of str to float, three floats or 3 × 3 matrix
        S m-1 by phase; phases left out do not conduct.
    axis : {"x", "y", "z"}
        From electrode to electrode.
    tolerance : float
        Residual over that of a straight potential.
    threads : int
    progress : callable, optional

    Returns
    -------
    Result
        ``conductivity`` (S m-1); ``connected`` (phase), fraction of each that joins both electrodes; ``residual``;
        ``iterations``.

    Raises
    ------
    InputError
        As `effective_tensor`, or an axis that there is not.
    ConvergenceError
        The tolerance is not met.
    """
    along = axis_number("solve_periodic_sides", axis)
    require_tolerance("solve_periodic_sides", tolerance)
    names, (conductivities, sigma, turned) = list(image.phases), phase_tensors("solve_periodic_sides", image, conductivities)
    metal, empty, unit = len(names), len(names) + 1, float(np.abs(sigma).max())
    sigma = np.concatenate([sigma, [_METAL * unit * np.eye(3)], np.zeros((1, 3, 3))])
    rows = rows_of_labels(image, names)[image.labels]
    # Pieces that go on at the sides, and not through the electrodes.
    apart = np.insert(sigma[rows, 0, 0] > 0.0, rows.shape[along], False, axis=along)
    inside = np.delete(pieces_of(apart, periodic=True)[0], rows.shape[along], axis=along)
    first, last = (np.take(inside, end, axis=along) for end in (0, -1))
    joins = np.isin(inside, np.setdiff1d(np.intersect1d(first, last), [0]))
    connected = [float(np.mean(joins[rows == row])) if np.any(rows == row) else 0.0 for row in range(len(names))]
    effective, residual, iterations = 0.0, 0.0, 0
    if joins.any():
        whole = np.where(joins, rows, empty).astype(np.uint8)
        whole = np.ascontiguousarray(np.insert(whole, whole.shape[along], metal, axis=along))
        del rows, apart, inside, joins
        onto, length = np.diag(np.eye(3)[along]), image.shape[along]
        with PlaneThreads(threads) as crew:
            found, residuals, counts = solve_periodic(whole, sigma / unit, turned, onto, tolerance, crew, progress)
        through = float(found[along, along])
        effective = unit * length / ((length + 1) / through - 1.0 / _METAL)
        residual, iterations = float(residuals[along]), int(counts[along])
    plain = {name: np.asarray(value, dtype=np.float64).tolist() for name, value in conductivities.items()}
    settings = {"conductivities": plain, "axis": axis, "tolerance": tolerance}
    source = predicted("scalith.electrode.solve_periodic_sides", image.digest, settings=settings)
    return Result(
        {
            "conductivity": labelled((), effective, "effective conductivity", "S m-1"),
            "connected": labelled("phase", connected, "fraction of the phase that joins both electrodes", "1"),
            "residual": labelled((), residual, "relative residual", "1"),
            "iterations": labelled((), iterations, "iterations", "1"),
        },
        coords={"phase": names},
        attrs={"voxel_size": image.voxel_size, "source": source.to_json()},
    )
