"""Conduction through an image from face to face: effective conductivity, potential, current density and where the loss is."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from scalith.electrode.image import VoxelImage
from scalith.quantities import ConvergenceError, InputError, nearest, predicted

Floats = NDArray[np.float64]


def conduction(
    image: VoxelImage, conductivities: Mapping[str, float], *, axis: str = "x", tolerance: float = 1e-6, fields: bool = False
) -> xr.Dataset:
    """Steady conduction between two electrodes on opposite faces, the other faces insulated.

        div(σ grad φ) = 0,   σ_eff = I L / (A Δφ)

    Each voxel has one potential; between two centres the halves conduct in series; the electrodes sit on the outer faces of
    the image, half a voxel from the first centres, so that a series laminate is exact. Conjugate gradients, preconditioned
    with the homogeneous body (cosine and sine transforms). What does not join the two electrodes is left out first.

    Parameters
    ----------
    image : VoxelImage
    conductivities : mapping of str to float
        S m-1 by phase; phases left out do not conduct.
    axis : {"x", "y", "z"}
        Direction of the current.
    tolerance : float
        Relative residual, in the norm of the dissipated power.
    fields : bool
        Give the fields as well.

    Returns
    -------
    xarray.Dataset
        ``conductivity`` (S m-1; zero where nothing connects), ``connected`` (phase): fraction of each phase that joins both
        electrodes, ``mismatch`` of the currents at the two ends, ``iterations``; with `fields` on the voxels (x, y, z)
        ``potential`` (V, 1 V across), ``current_density`` (A m-2) and ``dissipation`` (W m-3) for a field of 1 V over the image.

    Raises
    ------
    InputError
        A name is no phase, a conductivity is negative, nothing conducts.
    ConvergenceError
        The tolerance is not met.
    """
    from scalith.electrode.conduction_kernels import currents_from

    if axis not in ("x", "y", "z"):
        raise InputError("conduction", "axis", axis, "x, y or z")
    names = list(image.phases)
    sigma = np.zeros(len(names) + 1)  # the last row: what does not connect
    for name, value in conductivities.items():
        if name not in image.phases:
            raise InputError("conduction", "conductivities", name, nearest(name, names))
        if not (np.isfinite(value) and value >= 0.0):
            raise InputError("conduction", f"conductivity of {name}", value, "zero or positive, S m-1")
        sigma[names.index(name)] = value
    if not np.any(sigma > 0.0):
        raise InputError("conduction", "conductivities", dict(conductivities), "at least one phase that conducts")
    along = "xyz".index(axis)
    of_label = np.full(256, len(names), np.uint8)
    for row, name in enumerate(names):
        of_label[image.phases[name]] = row
    rows = np.ascontiguousarray(np.moveaxis(of_label[image.labels], along, 0))
    joins = through_paths(sigma[rows] > 0.0)
    connected = [float(joins[rows == row].mean()) if np.any(rows == row) else 0.0 for row in range(len(names))]
    rows[~joins] = len(names)
    length, shape = rows.shape[0], rows.shape

    unit = float(sigma.max())
    scaled = sigma / unit
    with np.errstate(divide="ignore", invalid="ignore"):
        pairs = np.nan_to_num(2.0 * scaled[:, None] * scaled[None, :] / (scaled[:, None] + scaled[None, :]))
    ends = 2.0 * scaled
    potential = np.zeros(shape)
    iterations, relative = 0, 0.0
    if np.any(joins):
        # Deviation from the straight line between the electrodes at 0 and 1.
        line = ((np.arange(length) + 0.5) / length).reshape(-1, 1, 1)
        straight = np.ascontiguousarray(np.broadcast_to(line, shape))
        residual, work = np.empty(shape), np.empty(shape)
        currents_from(straight, rows, pairs, ends, residual)
        residual *= -1.0
        residual[-1] += ends[rows[-1]]
        potential, iterations, relative = _solved(residual, work, rows, pairs, ends, tolerance)
        potential += straight
        potential[~joins] = np.nan
    entering = float(np.nansum(ends[rows[0]] * potential[0])) if np.any(joins) else 0.0
    leaving = float(np.nansum(ends[rows[-1]] * (1.0 - potential[-1]))) if np.any(joins) else 0.0
    plane = float(np.prod(shape[1:]))
    effective = 0.5 * (entering + leaving) * length / plane * unit
    data = xr.Dataset(
        {
            "conductivity": ((), effective, _attributes("effective conductivity", "S m-1")),
            "connected": ("phase", connected, _attributes("fraction of the phase that joins both electrodes", "1")),
            "mismatch": ((), abs(entering - leaving) / max(entering, 1e-300), _attributes("mismatch of the end currents", "1")),
            "residual": ((), relative, _attributes("relative residual", "1")),
            "iterations": ((), iterations, _attributes("iterations", "1")),
        },
        coords={"phase": names},
    )
    if fields:
        density, loss = _fields(potential, rows, scaled * unit, image.voxel_size)
        titles = {"potential": ("potential", "V"), "current_density": ("current density", "A m-2")}
        titles |= {"dissipation": ("dissipated power", "W m-3")}
        for (key, (title, unit_name)), values in zip(titles.items(), (potential, density, loss), strict=True):
            data[key] = (("x", "y", "z"), np.moveaxis(values, 0, along), _attributes(title, unit_name))
    settings = {"conductivities": dict(conductivities), "axis": axis, "tolerance": tolerance}
    source = predicted("scalith.electrode.conduction", image.digest, settings=settings)
    return data.assign_attrs(voxel_size=image.voxel_size, source=source.to_json())


def through_paths(conducts: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """What of a mask joins its two ends along axis 0 through faces of voxels."""
    from scipy import ndimage

    parts, _ = ndimage.label(conducts)
    both = np.intersect1d(np.unique(parts[0]), np.unique(parts[-1]))
    return np.isin(parts, both[both > 0])


def _solved(
    residual: Floats, work: Floats, rows: NDArray[np.uint8], pairs: Floats, ends: Floats, tolerance: float, most: int = 2000
) -> tuple[Floats, int, float]:
    """Conjugate gradients from zero; `residual` holds the sources."""
    from scalith.electrode.conduction_kernels import currents_from

    spectrum = _spectrum(rows.shape)
    solution = np.zeros(rows.shape)
    z = _homogeneous(residual, spectrum)
    p = z.copy()
    rz = begun = float(np.vdot(residual, z))
    iteration = 0
    while rz > tolerance**2 * begun and iteration < most:
        iteration += 1
        currents_from(p, rows, pairs, ends, work)
        step = rz / float(np.vdot(p, work))
        solution += step * p
        residual -= step * work
        z = _homogeneous(residual, spectrum)
        before, rz = rz, float(np.vdot(residual, z))
        p *= rz / before
        p += z
    relative = float(np.sqrt(rz / begun)) if begun > 0.0 else 0.0
    if relative > tolerance:
        why = f"the residual is {relative:.2g} after {iteration} iterations where {tolerance:.2g} was asked for"
        raise ConvergenceError("conduction through the voxels", why)
    return solution, iteration, relative


def _spectrum(shape: tuple[int, ...]) -> Floats:
    """Eigenvalues of the homogeneous body: sines along axis 0 (ends at zero half a voxel away), cosines along the others."""
    nx, ny, nz = shape
    x = 2.0 - 2.0 * np.cos(np.pi * np.arange(1, nx + 1) / nx)
    y = 2.0 - 2.0 * np.cos(np.pi * np.arange(ny) / ny)
    z = 2.0 - 2.0 * np.cos(np.pi * np.arange(nz) / nz)
    return np.asarray(x[:, None, None] + y[None, :, None] + z[None, None, :])


def _homogeneous(sources: Floats, spectrum: Floats) -> Floats:
    from scipy import fft

    found = fft.dst(fft.dctn(sources, type=2, axes=(1, 2)), type=2, axis=0, overwrite_x=True)
    found /= spectrum
    return np.asarray(fft.idctn(fft.idst(found, type=2, axis=0, overwrite_x=True), type=2, axes=(1, 2), overwrite_x=True))


def _fields(potential: Floats, rows: NDArray[np.uint8], sigma: Floats, edge: float) -> tuple[Floats, Floats]:
    """Magnitude of the current density, and the dissipated power per volume, both at the centres."""
    here = sigma[rows]
    phi = np.nan_to_num(potential)
    square, loss = np.zeros(phi.shape), np.zeros(phi.shape)
    for axis in range(3):
        low, high = np.moveaxis(here, axis, 0)[:-1], np.moveaxis(here, axis, 0)[1:]
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
            loss += np.nan_to_num(0.5 * (before**2 + after**2) / here)
    return np.sqrt(square), loss


def _attributes(title: str, unit: str) -> dict[str, str]:
    return {"long_name": title, "units": unit}
