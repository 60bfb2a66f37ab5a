"""Percolation: what of an image connects two faces, what one face reaches, and the level at which a field first connects."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from scalith.electrode.image.image import VoxelImage, takes_image
from scalith.electrode.requirements import axis_number, read_bulk
from scalith.quantities import InputError


def through_paths(conducts: NDArray[np.bool_], axis: int = 0) -> NDArray[np.bool_]:
    """What of a mask joins its two ends along an axis through faces of voxels."""
    mask = np.asarray(conducts)
    if mask.ndim != 3 or axis not in (0, 1, 2):
        found, expected = f"axis {axis!r} of an array of shape {mask.shape}", "axis 0, 1 or 2 of a mask with three axes"
        raise InputError("through_paths", "axis", found, expected)
    parts, count, _ = pieces_of(mask.astype(bool))
    return np.asarray(spanning(np.moveaxis(parts, axis, 0), count)[parts])


def spanning(parts: NDArray[np.int32], count: int) -> NDArray[np.bool_]:
    """Which of the pieces, by their numbers, join the two ends of the first axis."""
    keep = np.zeros(count + 1, bool)
    keep[np.intersect1d(parts[0], parts[-1])] = True
    keep[0] = False
    return keep


def pieces_of(
    conducts: NDArray[np.bool_], periodic: bool = False
) -> tuple[NDArray[np.int32], int, dict[int, list[NDArray[np.int64]]]]:
    """Pieces of a mask that hang together through faces of voxels.

    In a periodic cell a piece goes on at the other side; it winds around the cell when a path along it comes back to where it
    began after w cells along x, y and z. Only what winds conducts over any distance.

    Parameters
    ----------
    conducts : numpy.ndarray
        Three axes.
    periodic : bool

    Returns
    -------
    numpy.ndarray
        Number of the piece from 1, zero outside the mask.
    int
        Number of pieces.
    dict of int to list of numpy.ndarray
        The windings w of each piece that winds: they span all others of it.
    """
    from scalith.electrode.measure.percolation_kernels import label

    mask = np.ascontiguousarray(conducts)
    piece = np.empty(mask.shape, np.int32)
    count = label(mask, piece, np.empty(mask.size // 2 + 2, np.int32))
    if not periodic:
        return piece, count, {}
    # Each number's parent, and how many cells lie between the two.
    parent, offset = list(range(count + 1)), np.zeros((count + 1, 3), np.int64)

    def root(number: int) -> tuple[int, NDArray[np.int64]]:
        path = []
        while parent[number] != number:
            path.append(number)
            number = parent[number]
        for one in reversed(path):  # from the root outwards
            if parent[one] != number:
                offset[one] += offset[parent[one]]
                parent[one] = number
        return number, offset[path[0]] if path else np.zeros(3, np.int64)

    found: dict[int, list[NDArray[np.int64]]] = {}
    for axis in range(3):
        planes = np.moveaxis(piece, axis, 0)
        seam = (planes[-1] > 0) & (planes[0] > 0)
        for last, first in np.unique(np.stack([planes[-1][seam], planes[0][seam]], axis=1), axis=0):
            (one, before), (other, after) = root(int(last)), root(int(first))
            step = before - after
            step[axis] += 1
            if one != other:
                parent[other] = one
                offset[other] = step
            elif np.any(step):
                found.setdefault(one, []).append(step)
    roots = np.array([root(number)[0] for number in range(count + 1)])
    kept, number_of = np.unique(roots, return_inverse=True)
    windings: dict[int, list[NDArray[np.int64]]] = {}
    for one, steps in found.items():
        windings.setdefault(int(number_of[roots[one]]), []).extend(steps)
    return number_of.astype(np.int32)[piece], len(kept) - 1, windings


@takes_image
def connected_to(image: VoxelImage, conductivities: Mapping[str, float], axis: str, end: int) -> NDArray[np.bool_]:
    """Voxels that conduct and that a path through faces joins to one end (0 lower, −1 upper) of `axis`."""
    along = axis_number("connected_to", axis)
    if end not in (0, -1):
        raise InputError("connected_to", "end", end, "0 for the lower end or -1 for the upper one")
    bulk = read_bulk("connected_to", image, conductivities)
    conducting = [image.label(name) for name, value in bulk.items() if np.any(np.asarray(value) > 0.0)]
    parts, count, _ = pieces_of(np.isin(image.labels, conducting))
    keep = np.zeros(count + 1, bool)
    keep[np.moveaxis(parts, along, 0)[end]] = True
    keep[0] = False
    return np.asarray(keep[parts])


def spanning_threshold(values: NDArray[np.floating], axis: int = 0) -> float:
    """Share of the voxels, lowest values first, at which they first join the two ends along an axis.

    For independent values on a simple-cubic lattice it is a sample of the site threshold, 0.3116 for an infinite one; its mean
    over samples of edge L approaches that as L^(−1/ν), ν = 0.876.

    Parameters
    ----------
    values : numpy.ndarray
        Three axes.
    axis : int

    Returns
    -------
    float

    Raises
    ------
    InputError
        `values` has not three axes, or holds values that are not finite.
    """
    field = np.asarray(values)
    if field.ndim != 3:
        raise InputError("spanning_threshold", "values", field.shape, "three axes")
    if not np.all(np.isfinite(field)):
        raise InputError("spanning_threshold", "values", "NaN or infinite values", "finite numbers")
    rank = np.empty(field.size, np.int64)
    rank[np.argsort(field, axis=None)] = np.arange(field.size)
    rank = np.moveaxis(rank.reshape(field.shape), axis, 0)
    low, high = 0, field.size  # not connected with `low` voxels, connected with `high`
    while high - low > 1:
        middle = (low + high) // 2
        parts, _, _ = pieces_of(rank < middle)
        if np.any(np.intersect1d(parts[0], parts[-1]) > 0):
            high = middle
        else:
            low = middle
    return high / field.size
