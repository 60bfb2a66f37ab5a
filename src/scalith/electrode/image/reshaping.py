"""Cutting, mirroring and resampling of labelled images; labels stay labels."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from scalith.electrode.image.image import VoxelImage, takes_image
from scalith.quantities import InputError, parse_quantity, predicted


@takes_image
def crop(
    image: VoxelImage,
    *,
    x: tuple[int, int] | None = None,
    y: tuple[int, int] | None = None,
    z: tuple[int, int] | None = None,
) -> VoxelImage:
    """The part of an image between two voxel indices along each axis (first included, last not).

    Phases that the part does not hold keep their names.

    Raises
    ------
    InputError
        The indices are not inside the image, or leave fewer than two voxels.
    """
    cuts = []
    for axis, (size, part) in zip("xyz", zip(image.labels.shape, (x, y, z), strict=True), strict=True):
        first, last = part or (0, size)
        if not all(isinstance(one, (int, np.integer)) and not isinstance(one, bool) for one in (first, last)):
            raise InputError("crop", axis, part, "two whole numbers: indices of voxels")
        if not 0 <= first < last <= size or last - first < 2:
            raise InputError("crop", axis, part, f"two indices between 0 and {size} with at least two voxels between them")
        cuts.append((first, last))
    labels = np.ascontiguousarray(image.labels[tuple(slice(*cut) for cut in cuts)])
    source = predicted("scalith.electrode.crop", image.digest, settings={"voxels": [list(cut) for cut in cuts]})
    return VoxelImage(labels, image.voxel_size, dict(image.phases), source)


@takes_image
def mirror(image: VoxelImage, axes: str = "xyz") -> VoxelImage:
    """The image with its mirror image beside it along each of `axes`: periodic there, whatever the image was.

    Raises
    ------
    InputError
        An axis is not x, y or z.
    """
    labels = image.labels
    for axis in axes:
        if axis not in "xyz":
            raise InputError("mirror", "axes", axes, "some of x, y, z")
        number = "xyz".index(axis)
        labels = np.concatenate([labels, np.flip(labels, number)], axis=number)
    source = predicted("scalith.electrode.mirror", image.digest, settings={"axes": axes})
    periodic = image.periodic or set(axes) == set("xyz")
    return VoxelImage(np.ascontiguousarray(labels), image.voxel_size, dict(image.phases), source, periodic)


@takes_image
def resample(image: VoxelImage, voxel_size: float | str) -> VoxelImage:
    """The image in voxels of another size; each gets the label that fills most of it.

    The image keeps its extent to less than one new voxel (what is left over at the upper faces is cut off, and a periodic image
    is no longer one).

    Parameters
    ----------
    image : VoxelImage
    voxel_size : float or str
        New edge, m or text such as ``"0.2 um"``.

    Raises
    ------
    InputError
        Fewer than two of the new voxels fit along an axis.
    """
    size = parse_quantity(voxel_size, "m", where="resample", field="voxel_size")
    if not (np.isfinite(size) and size > 0.0):
        raise InputError("resample", "voxel_size", voxel_size, "a positive length, m")
    labels = to_cubes(image.labels, (image.voxel_size,) * 3, size)
    source = predicted("scalith.electrode.resample", image.digest, settings={"voxel_size": size})
    whole = np.allclose(np.multiply(labels.shape, size), np.multiply(image.shape, image.voxel_size), rtol=1e-6)
    return VoxelImage(labels, size, dict(image.phases), source, image.periodic and bool(whole))


def to_cubes(labels: NDArray[np.uint8], edges: tuple[float, float, float], size: float) -> NDArray[np.uint8]:
    """Labels on a grid of cells with `edges`, in cubes of edge `size`: the label that fills most of each cube."""
    weights = [_shares(count, edge / size) for count, edge in zip(labels.shape, edges, strict=True)]
    found: NDArray[np.uint8] | None = None
    best = np.empty(0)
    for label in np.unique(labels):
        filled = (labels == label).astype(np.float32)
        for axis, share in enumerate(weights):
            moved = np.moveaxis(filled, axis, 0)
            rows = (share @ moved.reshape(moved.shape[0], -1)).reshape(-1, *moved.shape[1:])
            filled = np.moveaxis(rows, 0, axis)
        if found is None:
            found, best = np.full(filled.shape, label, np.uint8), filled
        else:
            more = filled > best
            found[more], best = label, np.maximum(best, filled)
    assert found is not None
    return np.ascontiguousarray(found)


def _shares(count: int, ratio: float) -> Any:
    """Sparse matrix of how much of each new cell (row) each old cell (column) fills; old cells are `ratio` new ones long."""
    from scipy import sparse

    whole = int(np.floor(count * ratio + 1e-9))
    if whole < 2:
        raise InputError("resample", "voxel_size", f"{count * ratio:.3g} voxels along an axis", "at least two")
    rows, columns, values = [], [], []
    for new in range(whole):
        low, high = new / ratio, (new + 1) / ratio
        for old in range(int(np.floor(low + 1e-9)), min(int(np.ceil(high - 1e-9)), count)):
            rows.append(new)
            columns.append(old)
            values.append((min(high, old + 1) - max(low, old)) * ratio)
    return sparse.csr_matrix((np.array(values, np.float32), (rows, columns)), shape=(whole, count))
