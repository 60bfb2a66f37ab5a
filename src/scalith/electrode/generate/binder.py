"""Carbon and binder placed in the space between particles: from a film over clusters to bridges, by one parameter."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from scalith.electrode.generate.random_field import gaussian_field, take_highest
from scalith.electrode.image.image import VoxelImage, takes_image
from scalith.electrode.requirements import read_length, require_seed
from scalith.quantities import InputError, predicted


@takes_image
def place_binder(
    image: VoxelImage,
    fraction: float,
    agglomeration: float,
    *,
    seed: int,
    cluster_size: float | str,
    within: str = "pore",
    on: str = "active",
    name: str = "binder",
) -> VoxelImage:
    """Turn a fraction of one phase into carbon and binder: the voxels with the highest score at the agglomeration a.

    Three ranks between 0 and 1 of the free voxels are mixed to a score s: f, nearest to the particles first (a film); c, the
    highest values of a Gaussian random field near the particles (clusters); b, where a blurred image of the particles is
    densest, in the gaps between neighbours (bridges):

        s = (1 − 2a) f + 2a c          for a ≤ ½,
        s = (2 − 2a) c + (2a − 1) b    for a > ½.

    The idea of one parameter between film and finger is Mistry's (ACS Appl. Mater. Interfaces 10 (2018) 6317,
    doi:10.1021/acsami.7b17771); the form of the score is ours.

    Parameters
    ----------
    image : VoxelImage
        Taken as periodic.
    fraction : float
        Of the whole image; met to one voxel.
    agglomeration : float
        0 film, ½ clusters, 1 bridges.
    seed : int
        Of the field that decides where clusters sit.
    cluster_size : float
        Correlation length of that field and of the blur, m.
    within, on : str
        Phase that gives its voxels, phase that the binder sits on.
    name : str
        Name of the new phase; it gets the next free label.

    Returns
    -------
    VoxelImage

    Raises
    ------
    InputError
        A name is unknown or taken, the fraction does not fit into the phase.
    """
    for role, phase in (("within", within), ("on", on)):
        if phase not in image.phases:
            raise InputError("place_binder", role, phase, f"one of {', '.join(image.phases)}")
    if name in image.phases:
        raise InputError("place_binder", "name", name, "an unused phase name")
    if not 0.0 <= agglomeration <= 1.0:
        raise InputError("place_binder", "agglomeration", agglomeration, "0 (film) to 1 (bridges)")
    require_seed("place_binder", seed)
    cluster_size = read_length("place_binder", "cluster_size", cluster_size)
    free = image.mask(within)
    available = float(free.mean())
    if not 0.0 <= fraction <= available:
        raise InputError("place_binder", "fraction", fraction, f"at most the {available:.3g} of {within}")
    blur = cluster_size / image.voxel_size
    if blur < 0.5:
        raise InputError("place_binder", "cluster_size", f"{blur:.3g} voxels", "at least half a voxel")
    solid = image.mask(on)
    numbers = np.random.default_rng(seed)
    # Many voxels lie at the same distance: chance decides among them.
    film = _rank(0.01 * numbers.random(solid.shape, dtype=np.float32) - _distance(solid), free)
    field = gaussian_field(solid.shape, blur, numbers)
    cluster = _rank(_rank(field, free) + 0.5 * film, free)
    if agglomeration <= 0.5:
        score = (1.0 - 2.0 * agglomeration) * film + 2.0 * agglomeration * cluster
    else:
        bridge = _rank(_blurred(solid, blur), free)
        score = (2.0 - 2.0 * agglomeration) * cluster + (2.0 * agglomeration - 1.0) * bridge
    score[~free] = -np.inf
    labels = np.array(image.labels)
    label = max(image.phases.values()) + 1
    take_highest(labels, label, score, fraction)
    settings = {"fraction": fraction, "agglomeration": agglomeration, "seed": seed, "cluster_size": cluster_size}
    source = predicted("scalith.electrode.place_binder", image.digest, settings=settings | {"within": within, "on": on})
    return VoxelImage(labels, image.voxel_size, dict(image.phases) | {name: label}, source, image.periodic)


def _distance(solid: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Distance in voxels to the nearest solid voxel of the periodic image, exact up to a quarter of its size."""
    from scipy import ndimage

    pad = [(min(24, size // 4),) * 2 for size in solid.shape]
    whole = ndimage.distance_transform_edt(np.pad(~solid, pad, mode="wrap"))
    return np.asarray(whole[tuple(slice(low, -high or None) for low, high in pad)], dtype=np.float32)


def _blurred(solid: NDArray[np.bool_], width: float) -> NDArray[np.float32]:
    from scipy import ndimage

    return np.asarray(ndimage.gaussian_filter(solid.astype(np.float32), width, mode="wrap"))


def _rank(values: NDArray[np.float32], free: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Share of the free voxels with a lower value, 0 to 1, from a histogram of 65536 bins; 0 elsewhere."""
    chosen = values[free]
    ranked = np.zeros(values.shape, np.float32)
    if chosen.size:
        low, high = float(chosen.min()), float(chosen.max())
        bins = ((chosen - low) * (65535.0 / max(high - low, 1e-30))).astype(np.int32)
        below = np.cumsum(np.bincount(bins, minlength=65536)) / chosen.size
        ranked[free] = below.astype(np.float32)[bins]
    return ranked
