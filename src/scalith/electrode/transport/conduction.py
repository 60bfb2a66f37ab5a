"""Conduction through an image from face to face: effective conductivity, potential, current density and where the loss is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from scalith.electrode.image.image import VoxelImage, takes_image
from scalith.electrode.image.reshaping import resample
from scalith.electrode.measure.percolation import pieces_of, spanning
from scalith.electrode.requirements import axis_number, read_bulk, require_memory, require_tolerance, rows_of_labels
from scalith.electrode.transport.multigrid import STORED_UP_TO
from scalith.electrode.transport.plane_threads import PlaneThreads
from scalith.numerics.parallel_map import parallel_map
from scalith.quantities import InputError, Result, labelled, predicted

Floats = NDArray[np.float64]


Conductivity = float | str | tuple[float, float, float]
"""One number (or text with its unit), or one for each of x, y and z."""


@takes_image
def solve_conduction(
    image: VoxelImage,
    conductivities: Mapping[str, Conductivity],
    *,
    axis: str = "x",
    tolerance: float = 1e-6,
    fields: bool = False,
    sensitivity: bool = False,
    threads: int = 1,
    progress: Callable[[float, str], None] | None = None,
) -> Result:
    """Steady conduction between two electrodes on opposite faces, the other faces insulated.

        div(σ grad φ) = 0,   σ_eff = I L / (A Δφ)

    Each voxel has one potential; between two centres the halves conduct in series; the electrodes sit on the outer faces of
    the image, half a voxel from the first centres, so that a series laminate is exact. What does not join the two electrodes
    is left out first. Conjugate gradients, preconditioned by a multigrid cycle, at about 40 bytes a voxel (55 up to a million
    voxels) and at a cost per voxel that does not grow with the image.

    Parameters
    ----------
    image : VoxelImage
    conductivities : mapping of str to float, text or three floats
        S m-1 (or text with a unit, ``"1 S/m"``) by phase, or along x, y and z (a layered particle that lies along
        the voxels' axes); phases left out do not conduct.
    axis : {"x", "y", "z"}
        Direction of the current.
    tolerance : float
        Residual over that of a straight potential.
    fields : bool
        Give the fields as well.
    sensitivity : bool
        Give ``sensitivity`` as well: ∂ ln σ_eff/∂ ln σ of each voxel, its share of the dissipated power. The equations are their
        own adjoint, so that this is the exact derivative of the discrete solution; it sums to 1.
    threads : int
        Threads that share the planes of the image; the result does not depend on their number.
    progress : callable, optional
        Called with the fraction done and a line.

    Returns
    -------
    Result
        ``conductivity`` (S m-1; zero where nothing connects), ``connected`` (phase): fraction of each phase that joins both
        electrodes, ``mismatch`` of the currents at the two ends, ``iterations``; with `fields` on the voxels (x, y, z)
        ``potential`` (V, 1 V across), ``current_density`` (A m-2) and ``dissipation`` (W m-3) for a field of 1 V over the image;
        with `sensitivity` that (x, y, z), zero everywhere where nothing connects.

    Raises
    ------
    InputError
        A name is no phase, a conductivity is negative, nothing conducts, the tolerance is not between 0 and 1, `threads` is less
        than one, the memory does not hold the solution (asked before anything is solved, by what the system and the control
        group have available).
    ConvergenceError
        The tolerance is not met.
    """

    along = axis_number("solve_conduction", axis)
    require_tolerance("solve_conduction", tolerance)
    conductivities = read_bulk("solve_conduction", image, conductivities)
    names = list(image.phases)
    sigma = np.zeros((len(names) + 1, 3))  # the last row: what does not connect
    for name, value in conductivities.items():
        try:
            given = np.atleast_1d(np.asarray(value, dtype=np.float64))
        except (TypeError, ValueError):
            given = np.empty(0)
        if given.shape not in ((1,), (3,)) or not np.all(np.isfinite(given) & (given >= 0.0)):
            raise InputError(
                "solve_conduction", f"conductivity of {name}", value, "zero or positive, S m-1; one number or one an axis"
            )
        if np.any(given > 0.0) != np.all(given > 0.0):
            raise InputError("solve_conduction", f"conductivity of {name}", value, "positive along all three axes, or zero")
        sigma[names.index(name)] = given
    if not np.any(sigma > 0.0):
        raise InputError("solve_conduction", "conductivities", dict(conductivities), "at least one phase that conducts")
    require_memory(
        "solve_conduction", image.labels.size, 100 if fields or sensitivity else 45 if image.labels.size > STORED_UP_TO else 60
    )
    of_label = rows_of_labels(image, names)
    sigma = sigma[:, [along, *(other for other in range(3) if other != along)]]  # as the axes of `rows`
    with PlaneThreads(threads) as crew:
        rows = _rows(np.ascontiguousarray(np.moveaxis(image.labels, along, 0)), of_label, sigma[:, 0] > 0.0, crew)
    voxels = [round(image.volume_fractions[name] * rows.size) for name in names]
    kept = [float(np.count_nonzero(rows == row)) if sigma[row, 0] > 0.0 else 0.0 for row in range(len(names))]
    connected = [one / all_of if all_of else 0.0 for one, all_of in zip(kept, voxels, strict=True)]
    length, shape = rows.shape[0], rows.shape

    unit = float(sigma.max())
    scaled = sigma / unit
    pairs = face_conductances(scaled)
    ends = 2.0 * scaled[:, 0]
    potential = np.zeros(shape)
    iterations, relative = 0, 0.0
    if any(kept):
        line = ((np.arange(length) + 0.5) / length).reshape(-1, 1, 1)
        potential[:] = line
        with PlaneThreads(threads) as crew:
            iterations, relative = _solve(potential, rows, pairs, ends, tolerance, crew, progress)
    entering = float(np.sum(ends[rows[0]] * potential[0]))  # nothing through what does not join
    leaving = float(np.sum(ends[rows[-1]] * (1.0 - potential[-1])))
    plane = float(np.prod(shape[1:]))
    effective = 0.5 * (entering + leaving) * length / plane * unit
    data = Result(
        {
            "conductivity": labelled((), effective, "effective conductivity", "S m-1"),
            "connected": labelled("phase", connected, "fraction of the phase that joins both electrodes", "1"),
            "mismatch": labelled((), abs(entering - leaving) / max(entering, 1e-300), "mismatch of the end currents", "1"),
            "residual": labelled((), relative, "relative residual", "1"),
            "iterations": labelled((), iterations, "iterations", "1"),
        },
        coords={"phase": names},
    )
    if fields or sensitivity:
        potential[rows == len(names)] = np.nan if any(kept) else 0.0
        bulk = scaled * unit
        density, loss = current_and_loss(potential, lambda axis: bulk[:, axis][rows], image.voxel_size)
    if sensitivity:
        share = np.moveaxis(loss / max(float(loss.sum()), 1e-300), 0, along)
        data["sensitivity"] = labelled(
            ("x", "y", "z"), share, "derivative of ln of the effective conductivity by ln of the voxel's", "1"
        )
    if fields:
        titles = {"potential": ("potential", "V"), "current_density": ("current density", "A m-2")}
        titles |= {"dissipation": ("dissipated power", "W m-3")}
        for (key, (title, unit_name)), values in zip(titles.items(), (potential, density, loss), strict=True):
            data[key] = labelled(("x", "y", "z"), np.moveaxis(values, 0, along), title, unit_name)
    settings = {"conductivities": _plain(conductivities), "axis": axis, "tolerance": tolerance}
    source = predicted("scalith.electrode.solve_conduction", image.digest, settings=settings)
    return data.assign_attrs(voxel_size=image.voxel_size, source=source.to_json())


@takes_image
def effective_conductivity(
    image: VoxelImage,
    conductivities: Mapping[str, Conductivity],
    *,
    tolerance: float = 1e-6,
    threads: int = 1,
    executor: Executor | None = None,
    progress: Callable[[float, str], None] | None = None,
) -> Result:
    """Conductivity along x, y and z, each on the image and on voxels twice as large: how far the resolution reaches.

    Parameters
    ----------
    image : VoxelImage
    conductivities, tolerance, threads
        As in `solve_conduction`.
    executor : concurrent.futures.Executor, optional
        Solves the six cases side by side.
    progress : callable, optional
        Called with the fraction done and a line.

    Returns
    -------
    Result
        By ``axis``: ``conductivity`` (S m-1); ``coarse_conductivity`` of the coarser image; ``resolution`` the difference of the
        two: the order of the error of the first where errors fall as the voxel does, not a bound; ``tortuosity_factor``
        Σ φ σ / σ_eff (infinite where nothing connects); ``mismatch`` of the end currents.

    Raises
    ------
    InputError
        As `solve_conduction`; the image is too small to be coarsened.
    ConvergenceError
        The tolerance is not met.
    """
    conductivities = read_bulk("effective_conductivity", image, conductivities)
    coarse = resample(image, 2.0 * image.voxel_size)
    tasks = [(one, axis) for one in (image, coarse) for axis in "xyz"]
    how = ({**conductivities}, tolerance, threads)
    runs: list[xr.Dataset] = []
    # Whoever solves side by side reports whole cases.
    inside = [progress_within(progress, n, 6, f"along {axis}") for n, (_, axis) in enumerate(tasks)]
    if executor is None:
        for task, report in zip(tasks, inside, strict=True):
            runs.append(_along(task, how, report))
    else:
        for run, report in zip(parallel_map(_along, tasks, [how] * 6, executor=executor), inside, strict=True):
            runs.append(run)
            if report is not None:
                report(1.0, "done")
    found = np.array([float(run["conductivity"]) for run in runs]).reshape(2, 3)
    factor = tortuosity_factor(image, conductivities, found[0])
    variables = {
        "conductivity": (found[0], "effective conductivity", "S m-1"),
        "coarse_conductivity": (found[1], "effective conductivity in voxels twice as large", "S m-1"),
        "resolution": (np.abs(found[0] - found[1]), "difference of the two", "S m-1"),
        "tortuosity_factor": (factor, "tortuosity factor", "1"),
        "mismatch": (np.array([float(run["mismatch"]) for run in runs[:3]]), "mismatch of the end currents", "1"),
    }
    data = Result(
        {name: labelled("axis", values, title, unit) for name, (values, title, unit) in variables.items()},
        coords={"axis": list("xyz")},
    )
    settings = {"conductivities": _plain(conductivities), "tolerance": tolerance}
    source = predicted("scalith.electrode.effective_conductivity", image.digest, settings=settings)
    return data.assign_attrs(source=source.to_json())


@takes_image
def tortuosity(image: VoxelImage, phase: str, *, tolerance: float = 1e-6, executor: Executor | None = None) -> Result:
    """Tortuosity factor τ = φ σ/σ_eff of one phase along x, y and z.

    Parameters
    ----------
    image : VoxelImage
    phase : str
        The phase that conducts: the pores for ions in a liquid.
    tolerance, executor
        As in `effective_conductivity`.

    Returns
    -------
    Result
        That of `effective_conductivity` for a phase of 1 S m-1: ``tortuosity_factor`` by ``axis``, infinite where the phase does
        not connect; ``conductivity`` is then φ/τ.

    Raises
    ------
    InputError
        There is no such phase, or the image is too small to be coarsened.
    ConvergenceError
        The tolerance is not met.
    """
    return effective_conductivity(image, {phase: 1.0}, tolerance=tolerance, executor=executor)


def tortuosity_factor(image: VoxelImage, conductivities: Mapping[str, Conductivity], effective: Floats) -> Floats:
    """τ = Σ φ σ/σ_eff over the phases that conduct, by axis: straight paths over those that there are.

    It is the one tortuosity factor of this package (often written τ², or MacMullin's number times the conducting share); 1 for
    straight columns and never less, infinite where nothing connects.
    """
    shares = image.volume_fractions
    bulk = sum(shares[name] * np.broadcast_to(np.asarray(value, np.float64), 3) for name, value in conductivities.items())
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.where(effective > 0.0, bulk / effective, np.inf))


def progress_within(
    progress: Callable[[float, str], None] | None, part: int, parts: int, name: str
) -> Callable[[float, str], None] | None:
    """What one of several equal parts calls, so that the whole is told."""
    if progress is None:
        return None
    told = progress
    return lambda fraction, line: told((part + fraction) / parts, f"{name}: {line}")


def _along(
    task: tuple[VoxelImage, str],
    how: tuple[dict[str, Conductivity], float, int],
    progress: Callable[[float, str], None] | None = None,
) -> Result:
    (image, axis), (conductivities, tolerance, threads) = task, how
    return solve_conduction(image, conductivities, axis=axis, tolerance=tolerance, threads=threads, progress=progress)


def _rows(
    labels: NDArray[np.uint8], of_label: NDArray[np.uint8], conducts: NDArray[np.bool_], threads: PlaneThreads
) -> NDArray[np.uint8]:
    """Row of each voxel's phase; the last one for what does not join the two ends of the first axis."""
    from scalith.electrode.transport.conduction_kernels import drop, look_up

    rows, mask = np.empty(labels.shape, np.uint8), np.empty(labels.shape, np.uint8)
    threads.run(look_up, labels.shape, of_label, labels, rows)
    threads.run(look_up, labels.shape, conducts[of_label].view(np.uint8), labels, mask)
    piece, count, _ = pieces_of(mask.view(np.bool_))
    threads.run(drop, labels.shape, spanning(piece, count).view(np.uint8), piece, len(conducts) - 1, rows)
    return rows


def _solve(
    potential: Floats,
    rows: NDArray[np.uint8],
    pairs: Floats,
    ends: Floats,
    tolerance: float,
    threads: PlaneThreads,
    progress: Callable[[float, str], None] | None = None,
    most: int = 500,
) -> tuple[int, float]:
    """From the potential given, in place: iterations and relative residual."""
    from scalith.electrode.measure.islands import Islands
    from scalith.electrode.transport.conduction_kernels import currents_from
    from scalith.electrode.transport.conjugate_gradients import conjugate_gradients, square
    from scalith.electrode.transport.multigrid import build_levels

    levels, work = build_levels(rows, pairs, ends, threads)
    sums = np.empty(len(rows))

    def currents(of: Floats, result: Floats) -> float:
        threads.run(currents_from, rows.shape, of, rows, pairs, ends, result, sums)
        return float(sums.sum())

    residual = np.empty(rows.shape)
    currents(potential, residual)
    np.negative(residual, out=residual)
    residual[-1] += ends[rows[-1]]
    # Where the straight line is the solution, what rounding leaves is no residual.
    begun = max(square(residual), 1e-24 * float(np.sum(ends[rows[-1]] ** 2)))
    voxels, faces = float(sum(np.count_nonzero(rows == row) for row in np.flatnonzero(ends))), float(rows[0].size)

    def reference(_: float) -> float:
        # The straight line overstates what flows where a good conductor does not connect: the current that is found counts.
        return min(begun, voxels * (float(np.sum(ends[rows[0]] * potential[0])) / faces) ** 2)

    islands = Islands(rows, pairs, ends)
    return conjugate_gradients(
        potential, residual, currents, reference, levels, work, islands, threads, tolerance, progress, most
    )


def current_and_loss(potential: Floats, sigma: Callable[[int], Floats], edge: float) -> tuple[Floats, Floats]:
    """Magnitude of the current density, and the dissipated power per volume, both at the centres; `sigma` gives it by axis."""
    phi = np.nan_to_num(potential)
    square, loss = np.zeros(phi.shape), np.zeros(phi.shape)
    for axis in range(3):
        here = np.moveaxis(sigma(axis), axis, 0)
        low, high = here[:-1], here[1:]
        step = np.diff(np.moveaxis(phi, axis, 0), axis=0)
        with np.errstate(divide="ignore", invalid="ignore"):
            flow = np.nan_to_num(2.0 * low * high / (low + high)) * step
        ends = [np.zeros((1, *flow.shape[1:]))] * 2
        if axis == 0:
            ends = [2.0 * here[:1] * phi[:1], 2.0 * here[-1:] * (1.0 - phi[-1:])]
        faces = np.concatenate([ends[0], flow, ends[1]]) / edge
        before, after = np.moveaxis(faces[:-1], 0, axis), np.moveaxis(faces[1:], 0, axis)
        square += (0.5 * (before + after)) ** 2
        with np.errstate(divide="ignore", invalid="ignore"):
            # Each half of a voxel loses what its own face carries.
            loss += np.nan_to_num(0.5 * (before**2 + after**2) / np.moveaxis(here, 0, axis))
    return np.sqrt(square), loss


def face_conductances(sigma: Floats) -> Floats:
    """Conductances (3, phases, phases) of faces between halves in series, from conductivities (phases, 3) along the axes."""
    one, other = sigma.T[:, :, None], sigma.T[:, None, :]
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.ascontiguousarray(np.nan_to_num(2.0 * one * other / (one + other)))


def _plain(conductivities: Mapping[str, Conductivity]) -> dict[str, Any]:
    return {name: np.asarray(value, dtype=np.float64).tolist() for name, value in conductivities.items()}
