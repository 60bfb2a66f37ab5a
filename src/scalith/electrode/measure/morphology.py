"""Size and order of a phase in an image: covariance, chord lengths, sizes of its particles."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from scalith.electrode.image.image import VoxelImage, takes_image
from scalith.quantities import InputError, Result, labelled, predicted

Array = NDArray[np.float64]


@takes_image
def covariance(image: VoxelImage, phase: str, *, largest: int | None = None, periodic: bool = False) -> Result:
    r"""Two-point probability of a phase along the axes, S₂(r) = P(x in phase and x + r in phase).

    S₂(0) = φ, S₂(∞) = φ² without long-range order, and the slope at 0 is −S_V/4 of an isotropic body (Debye, Anderson,
    Brumberger 1957, DOI 10.1063/1.1722830), which gives an area independent of `interface_areas`. The correlation length is
    ∫ (S₂ − φ²) dr/(φ − φ²).

    Parameters
    ----------
    image : VoxelImage
    phase : str
    largest : int, optional
        Largest distance in voxels; half the shortest edge when not given.
    periodic : bool
        The image repeats; otherwise pairs inside it count.

    Returns
    -------
    Result
        Over ``axis`` and ``distance`` (m): ``two_point_probability``; ``correlation_length`` (m) and ``specific_area`` (m-1, from
        the slope at zero) over ``axis``.

    Raises
    ------
    InputError
        An unknown phase, one without a voxel, a distance that is not inside the image.
    """
    inside = image.mask(phase)
    _require_voxels("covariance", phase, inside)
    half = min(inside.shape) // 2
    reach = half if largest is None else largest
    if not 1 <= reach < min(inside.shape):
        raise InputError("covariance", "largest", reach, f"1 to {min(inside.shape) - 1} voxels")
    found = np.empty((3, reach + 1))
    for axis in range(3):
        lines = np.moveaxis(inside, axis, -1)
        length = lines.shape[-1]
        size = length if periodic else 2 * length
        # Sum of products along every line at once by the Fourier transform, as counts.
        spectrum = np.zeros(size // 2 + 1)
        for sheet in lines:
            wave = np.fft.rfft(sheet, n=size, axis=-1)
            spectrum += (wave.real**2 + wave.imag**2).sum(axis=0)
        pairs = np.fft.irfft(spectrum, n=size)[: reach + 1]
        number = inside.size / length * (length if periodic else length - np.arange(reach + 1))
        found[axis] = np.rint(pairs) / number
    h, share = image.voxel_size, float(inside.mean())
    spread = max(share - share**2, 1e-300)
    slope = (found[:, 1] - found[:, 0]) / h
    length_scale = np.trapezoid(found - share**2, dx=h, axis=1) / spread
    source = predicted("scalith.electrode.covariance", image.digest, settings={"phase": phase, "periodic": periodic})
    return Result(
        {
            "two_point_probability": labelled(("axis", "distance"), found, f"two points in {phase}", "1"),
            "correlation_length": labelled("axis", length_scale, "correlation length", "m"),
            "specific_area": labelled("axis", -4.0 * slope, "surface per volume from the slope at zero", "m-1"),
        },
        coords={
            "axis": ("axis", list("xyz"), {"long_name": "axis"}),
            "distance": labelled("distance", h * np.arange(reach + 1), "distance", "m"),
        },
        attrs={"source": source.to_json()},
    )


@takes_image
def chord_lengths(image: VoxelImage, phase: str, *, ends: Literal["inside", "all"] = "inside") -> Result:
    """Lengths of the straight pieces of lines along the axes that lie in a phase.

    The mean chord of an isotropic body is 4 φ/S_V. A voxelised surface cuts axis lines at random places, so that a run of n
    voxels stands for chords around n h.

    Parameters
    ----------
    image : VoxelImage
    phase : str
    ends : {"inside", "all"}
        Leave out pieces that the image's border cuts, or count them as they are.

    Returns
    -------
    Result
        Over ``axis`` and ``length`` (m): ``count``; ``mean_chord`` (m) over ``axis``.

    Raises
    ------
    InputError
        An unknown phase, or no piece of a line inside the image.
    """
    inside = image.mask(phase)
    counts = np.zeros((3, max(inside.shape) + 1), dtype=np.int64)
    for axis in range(3):
        lines = np.moveaxis(inside, axis, -1)
        for sheet in lines:
            edge = np.zeros((sheet.shape[0], 1), dtype=np.int8)
            change = np.diff(np.concatenate([edge, sheet.astype(np.int8), edge], axis=1), axis=1)
            (row, start), (_, stop) = np.nonzero(change == 1), np.nonzero(change == -1)
            keep = np.ones(row.size, dtype=bool) if ends == "all" else (start > 0) & (stop < sheet.shape[1])
            counts[axis] += np.bincount((stop - start)[keep], minlength=counts.shape[1])
    if not counts.sum():
        raise InputError("chord_lengths", "phase", f"no piece of {phase!r} inside the image", "a larger image, or ends='all'")
    lengths = image.voxel_size * np.arange(counts.shape[1])
    mean = counts @ lengths / np.maximum(counts.sum(axis=1), 1)
    source = predicted("scalith.electrode.chord_lengths", image.digest, settings={"phase": phase, "ends": ends})
    return Result(
        {
            "count": labelled(("axis", "length"), counts, f"chords in {phase}", "1"),
            "mean_chord": labelled("axis", mean, "mean chord", "m"),
        },
        coords={
            "axis": ("axis", list("xyz"), {"long_name": "axis"}),
            "length": labelled("length", lengths, "chord length", "m"),
        },
        attrs={"source": source.to_json()},
    )


@takes_image
def particle_sizes(
    image: VoxelImage, phase: str, *, sizes: int = 20, active: Mapping[str, NDArray[np.bool_]] | None = None
) -> Result:
    """Granulometry by openings: the share of a phase that balls of each radius fill (continuous size distribution).

    A ball of radius r fits where the distance to the phase's surface is at least r; what such balls cover is the opening, and
    its fall with r is the distribution of sizes by volume (Münch, Holzer 2008, DOI 10.1111/j.1551-2916.2008.02736.x). Touching
    particles need not be told apart. The distance of a voxel's centre to the surface is that to the nearest outer centre less
    half a voxel. Balls miss the corners of voxelised surfaces: radii come out too small, by 10 to 30 %
    where a radius is 10 to 3 voxels (`diffusion_radius` does not suffer from that).

    Parameters
    ----------
    image : VoxelImage
    phase : str
    sizes : int
        Radii between one voxel and the largest ball that fits.
    active : mapping of str to numpy.ndarray, optional
        Part of the phase that counts, a mask by its name (`connected_to` gives one).

    Returns
    -------
    Result
        Over ``radius`` (m): ``covered_share`` of the phase by balls of at least that radius; scalars ``median_radius``,
        ``largest_radius`` (m).

    Raises
    ------
    InputError
        An unknown phase, one without a voxel, a mask of another shape, fewer than two sizes.
    """
    from scipy import ndimage

    if sizes < 2:
        raise InputError("particle_sizes", "sizes", sizes, "at least 2")
    inside = image.mask(phase)
    if active and phase in active:
        if np.shape(active[phase]) != image.shape:
            raise InputError("particle_sizes", f"mask of {phase}", np.shape(active[phase]), f"the image's shape {image.shape}")
        inside &= np.asarray(active[phase], bool)
    _require_voxels("particle_sizes", phase, inside)
    depth = ndimage.distance_transform_edt(np.pad(inside, 1, mode="edge"))[1:-1, 1:-1, 1:-1] - 0.5 * inside
    largest = float(depth.max())
    radii = np.linspace(min(1.0, largest), largest, sizes)
    covered = np.empty(sizes)
    whole = float(inside.sum())
    for i, radius in enumerate(radii):
        centres = depth >= radius - 1e-9
        # The surface lies half a voxel beyond the outermost centre that a ball holds.
        near = _nearer_than(centres, radius + 0.5)
        covered[i] = float((near & inside).sum()) / whole
    h = image.voxel_size
    covered = np.minimum.accumulate(covered)
    falling = np.concatenate([[1.0], covered, [0.0]])
    at = np.concatenate([[0.0], radii, [largest * (1.0 + 1e-9)]])
    median = float(np.interp(0.5, falling[::-1], at[::-1]))
    source = predicted("scalith.electrode.particle_sizes", image.digest, settings={"phase": phase, "sizes": sizes})
    return Result(
        {
            "covered_share": labelled("radius", covered, f"share of {phase} filled by balls of that radius", "1"),
            "median_radius": labelled((), h * median, "half of the phase is filled by balls of this radius", "m"),
            "largest_radius": labelled((), h * largest, "largest ball inside", "m"),
        },
        coords={"radius": labelled("radius", h * radii, "radius", "m")},
        attrs={"source": source.to_json()},
    )


_SHORT = 40
"""Voxels up to which a distance is looked for in all places within it."""
_SLAB = 4
"""Planes that are worked on at once: they stay in the processor's cache."""


def _nearer_than(centres: NDArray[np.bool_], distance: float) -> NDArray[np.bool_]:
    """Voxels nearer to one of the centres than a distance in voxels; looked for axis by axis, no further than that."""
    from scipy import ndimage

    reach = int(np.ceil(distance)) - 1
    if reach > _SHORT:
        return np.asarray(ndimage.distance_transform_edt(~centres) < distance)
    kind = np.uint8 if (reach + 1) ** 2 + reach**2 < 256 else np.int16  # short numbers are quick
    along = np.where(centres, kind(0), kind(reach + 1))
    for planes in (along, along[::-1]):  # the nearest along x, from both sides
        for one, other in pairwise(planes):
            np.minimum(other, one + kind(1), out=other)
    np.minimum(along, kind(reach + 1), out=along)
    found = np.empty(centres.shape, bool)
    for first in range(0, len(along), _SLAB):
        squares = np.square(along[first : first + _SLAB])
        for axis in (1, 2):
            before, squares = squares, squares.copy()
            for step in range(1, min(reach, centres.shape[axis] - 1) + 1):
                moved = before + kind(step**2)
                low, high = (slice(None),) * axis + (slice(step, None),), (slice(None),) * axis + (slice(None, -step),)
                np.minimum(squares[low], moved[high], out=squares[low])
                np.minimum(squares[high], moved[low], out=squares[high])
        found[first : first + _SLAB] = squares < distance**2
    return found


def _require_voxels(where: str, phase: str, inside: NDArray[np.bool_]) -> None:
    if not inside.any():
        raise InputError(where, "phase", f"no voxel of {phase!r}", "a phase with at least one voxel that counts")
