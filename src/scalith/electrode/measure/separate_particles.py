"""Particles told apart: where the distance to the surface has its own maximum there is a particle of its own."""

from __future__ import annotations

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from scalith.electrode.image.image import VoxelImage, takes_image
from scalith.quantities import InputError, MissingDependencyError, Result, labelled, predicted


@takes_image
def separate_particles(image: VoxelImage, phase: str, *, neck: float = 0.15, smoothing: float = 0.5) -> Result:
    """Particles of a phase, their sizes, and how many others each touches.

    The distance of each voxel to the surface of the phase is flooded from its maxima (watershed); a maximum that does not stand
    out of the saddle to the next by more than a share `neck` of its height is none of its own. That is the partition of SNOW
    (J. T. Gostick, Phys. Rev. E 96 (2017) 023307, doi:10.1103/PhysRevE.96.023307) with the depth of a neck in place of its
    trimmed saddles.

    Parameters
    ----------
    image : VoxelImage
    phase : str
        Of pores it gives the bodies of a network and their throats.
    neck : float
        Share of the largest radius by which a particle must stand out of its necks, between 0 and 1.
    smoothing : float
        Standard deviation of the Gaussian that takes the steps of voxels out of the distance, voxels.

    Returns
    -------
    Result
        Over ``particle``: ``volume`` (m3), ``diameter`` of the ball of that volume (m), ``inscribed_radius`` (m, to a voxel),
        ``coordination``, ``at_border`` (cut by the image: only the others have their whole size), ``centre`` (particle,
        axis; m); ``number`` on the voxels (x, y, z), 0 outside the phase; over ``contact``: ``between`` (contact, side; numbers
        of the two) and ``contact_area`` (m2, faces of voxels divided by 3/2).

    Raises
    ------
    InputError
        An unknown phase, one without a voxel or that fills the image, numbers out of their ranges.
    MissingDependencyError
        scikit-image is not installed.
    """
    from scipy import ndimage

    try:
        from skimage.measure import label
        from skimage.morphology import reconstruction
        from skimage.segmentation import watershed
    except ImportError:
        raise MissingDependencyError("scikit-image", "separate_particles", "image") from None
    inside = image.mask(phase)
    if not inside.any() or inside.all():
        raise InputError("separate_particles", "phase", phase, "a phase with voxels and a surface")
    if not 0.0 < neck < 1.0:  # with nothing to stand out by, no maximum stands out
        raise InputError("separate_particles", "neck", neck, "a share between 0 and 1")
    if not 0.0 <= smoothing <= 5.0:
        raise InputError("separate_particles", "smoothing", smoothing, "0 to 5 voxels")
    depth = ndimage.distance_transform_edt(np.pad(inside, 1, mode="edge"))[1:-1, 1:-1, 1:-1]
    height = ndimage.gaussian_filter(depth, smoothing) * inside if smoothing else depth
    # Maxima stand out of what the height lowered by its own share floods.
    lowered = reconstruction(height * (1.0 - neck), height, method="dilation")
    tops = (height - lowered > 1e-9) & inside
    markers = label(tops, connectivity=3)
    number = watershed(-height, markers, mask=inside)
    lost = inside & (number == 0)  # too small for a maximum of their own
    pieces = ndimage.label(lost)[0]
    number = np.where(lost, number.max() + pieces, number).astype(np.int32)
    every = np.arange(1, int(number.max()) + 1)
    h = image.voxel_size
    volume = np.bincount(number.ravel(), minlength=every.size + 1)[1:].astype(float)
    pairs, areas = _contacts(number)
    coordination = np.bincount(pairs.ravel(), minlength=every.size + 1)[1:]
    border = np.zeros(every.size + 1, bool)
    for axis in range(3):
        planes = np.moveaxis(number, axis, 0)
        border[planes[0]] = border[planes[-1]] = True
    centre = (np.array(ndimage.center_of_mass(inside, number, every)).reshape(-1, 3) + 0.5) * h
    inscribed = np.array(ndimage.maximum(depth, number, every)) - 0.5
    settings = {"phase": phase, "neck": neck, "smoothing": smoothing}
    source = predicted("scalith.electrode.separate_particles", image.digest, settings=settings)
    return Result(
        {
            "volume": labelled("particle", volume * h**3, "volume", "m3"),
            "diameter": labelled("particle", np.cbrt(6.0 * volume / np.pi) * h, "diameter of the ball of equal volume", "m"),
            "inscribed_radius": labelled("particle", inscribed * h, "radius of the largest ball inside", "m"),
            "coordination": labelled("particle", coordination, "particles that touch it", "1"),
            "at_border": labelled("particle", border[1:], "cut by the border of the image", "1"),
            "centre": labelled(("particle", "axis"), centre, "centre of mass", "m"),
            "number": labelled(("x", "y", "z"), number, f"number of the particle of {phase}", "1"),
            "between": labelled(("contact", "side"), pairs, "numbers of the two that touch", "1"),
            "contact_area": labelled("contact", areas * h**2 / 1.5, "area of the contact", "m2"),
        },
        coords={"particle": every, "axis": list("xyz")},
        attrs={"source": source.to_json(), "voxel_size": h},
    )


def whole_particles(particles: xr.Dataset) -> NDArray[np.float64]:
    """Diameters of the particles that the border of the image does not cut, m; of all where it cuts every one.

    Parameters
    ----------
    particles : xarray.Dataset
        From `separate_particles`.
    """
    diameter, cut = particles["diameter"].values, particles["at_border"].values.astype(bool)
    return np.asarray(diameter if cut.all() else diameter[~cut], dtype=np.float64)


def _contacts(number: NDArray[np.int32]) -> tuple[NDArray[np.int32], NDArray[np.int_]]:
    """Pairs of numbers that share faces of voxels, the lower first, and how many faces."""
    found = []
    for axis in range(3):
        planes = np.moveaxis(number, axis, 0)
        one, other = planes[:-1].ravel(), planes[1:].ravel()
        touch = (one != other) & (one > 0) & (other > 0)
        found.append(np.stack([np.minimum(one, other)[touch], np.maximum(one, other)[touch]], axis=1))
    pairs, faces = np.unique(np.concatenate(found), axis=0, return_counts=True)
    return pairs.reshape(-1, 2), faces
