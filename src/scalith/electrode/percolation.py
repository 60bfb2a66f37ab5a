"""Percolation: what of an image connects two faces, what one face reaches, and the level at which a field first connects."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from scalith.electrode.image import VoxelImage
from scalith.quantities import InputError


def through_paths(conducts: NDArray[np.bool_], axis: int = 0) -> NDArray[np.bool_]:
    """What of a mask joins its two ends along an axis through faces of voxels."""
    from scipy import ndimage

    parts, count = ndimage.label(conducts)
    ends = np.moveaxis(parts, axis, 0)
    keep = np.zeros(count + 1, bool)
    keep[np.intersect1d(ends[0], ends[-1])] = True
    keep[0] = False
    return np.asarray(keep[parts])


def reached(image: VoxelImage, conductivities: Mapping[str, float], axis: str, end: int) -> NDArray[np.bool_]:
    """Voxels that conduct and that a path through faces joins to one end (0 lower, −1 upper) of `axis`."""
    from scipy import ndimage

    conducting = [image.label(name) for name, value in conductivities.items() if value > 0.0]
    parts, count = ndimage.label(np.isin(image.labels, conducting))
    keep = np.zeros(count + 1, bool)
    keep[np.moveaxis(parts, "xyz".index(axis), 0)[end]] = True
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
        `values` has not three axes.
    """
    from scipy import ndimage

    field = np.asarray(values)
    if field.ndim != 3:
        raise InputError("spanning_threshold", "values", field.shape, "three axes")
    rank = np.empty(field.size, np.int64)
    rank[np.argsort(field, axis=None)] = np.arange(field.size)
    rank = np.moveaxis(rank.reshape(field.shape), axis, 0)
    low, high = 0, field.size  # not connected with `low` voxels, connected with `high`
    while high - low > 1:
        middle = (low + high) // 2
        parts, _ = ndimage.label(rank < middle)
        if np.any(np.intersect1d(parts[0], parts[-1]) > 0):
            high = middle
        else:
            low = middle
    return high / field.size
