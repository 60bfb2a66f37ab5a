"""From grey values to phases: thresholds, the range in which they might as well be, and what that does to a property."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from scalith.electrode.image.image import VoxelImage
from scalith.electrode.requirements import read_length
from scalith.quantities import InputError, MissingDependencyError, Result, Source, dataset_digest, digest, labelled, predicted

Smoothing = Literal["none", "median", "non_local_means"]
_IN_PYTHON = Source(kind="assumed", reference="grey values given in Python")
_SAMPLE = 20000
_BINS = 256
Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class GreyImage:
    """Cubic voxels with grey values.

    Parameters
    ----------
    values : numpy.ndarray
        Finite numbers, axes (x, y, z).
    voxel_size : float or str
        Edge of a voxel, m, or text such as ``"0.4 um"``.
    source : Source, optional

    Raises
    ------
    InputError
        The values are no finite numbers on three axes, or all the same.
    """

    values: NDArray[np.float32]
    voxel_size: float
    source: Source = _IN_PYTHON

    def __post_init__(self) -> None:
        values = np.asarray(self.values)
        if values.ndim != 3 or min(values.shape) < 2 or values.dtype.kind not in "uif":
            raise InputError("grey image", "values", f"{values.dtype} of shape {values.shape}", "numbers on three axes (x, y, z)")
        values = np.array(values, dtype=np.float32)
        if not np.all(np.isfinite(values)) or values.min() == values.max():
            raise InputError("grey image", "values", "values that are not finite, or one value only", "finite grey values")
        values.flags.writeable = False
        object.__setattr__(self, "values", values)
        object.__setattr__(self, "voxel_size", read_length("grey image", "voxel_size", self.voxel_size))

    @property
    def parents(self) -> list[str]:
        """What the source of anything made of it names: the values, and where they are from."""
        origin = [] if self.source is _IN_PYTHON else [digest(self.source.model_dump(mode="json"))]
        return [digest(self.values), *origin]


def smooth(grey: GreyImage, how: Smoothing = "median") -> GreyImage:
    """Grey values with less noise: the median of the 27 voxels around, or non-local means (scikit-image), which keep edges sharp.

    Raises
    ------
    InputError
        Another way.
    MissingDependencyError
        scikit-image is not installed.
    """
    if how == "none":
        return grey
    if how == "median":
        from scipy.ndimage import median_filter

        values = median_filter(grey.values, size=3, mode="nearest")
    elif how == "non_local_means":
        try:
            from skimage.restoration import denoise_nl_means
        except ImportError:
            raise MissingDependencyError("scikit-image", "smoothing by non-local means", "image") from None
        step = np.diff(grey.values, axis=0)
        spread = float(np.median(np.abs(step))) / (0.6745 * np.sqrt(2.0))  # of normal noise, whatever edges there are
        values = denoise_nl_means(grey.values, patch_size=5, patch_distance=4, h=0.5 * spread, sigma=spread, fast_mode=True)
    else:
        raise InputError("smooth", "how", how, "none, median or non_local_means")
    source = predicted("scalith.electrode.smooth", *grey.parents, settings={"how": how})
    return GreyImage(values, grey.voxel_size, source)


def plausible_thresholds(grey: GreyImage, phases: Sequence[str], *, odds: float = 3.0) -> Result:
    """Thresholds between phases from dark to bright: multi-Otsu, and the grey values between which no one can tell.

    The best threshold is that of the largest variance between the classes (P.-S. Liao et al., J. Inf. Sci. Eng. 17 (2001) 713,
    in scikit-image). Around it a mixture of normal distributions, one a phase, says how much likelier a grey value is one phase
    than the next; from `odds` to one for the darker to `odds` to one for the brighter, a threshold is as plausible as the best,
    which is taken to the nearer end where it lies outside (in an empty gap of the histogram Otsu's threshold may lie anywhere).

    Parameters
    ----------
    grey : GreyImage
    phases : sequence of str
        From dark to bright, two or more.
    odds : float
        More than 1.

    Returns
    -------
    Result
        Over ``threshold``: ``best``, ``low``, ``high`` (grey values).

    Raises
    ------
    InputError
        Fewer than two phases, one twice, odds of 1 or less, fewer grey values than phases, two phases that overlap
        so far that the odds are not reached between their means.
    MissingDependencyError
        scikit-image is not installed.
    """
    try:
        from skimage.filters import threshold_multiotsu
    except ImportError:
        raise MissingDependencyError("scikit-image", "plausible_thresholds", "image") from None

    names = list(phases)
    if len(names) < 2 or len(set(names)) < len(names):
        raise InputError("plausible_thresholds", "phases", names, "two names or more, from dark to bright, each once")
    if not odds > 1.0:
        raise InputError("plausible_thresholds", "odds", odds, "more than 1")
    flat = grey.values.ravel()
    counts, edges = np.histogram(flat, _BINS)
    if np.count_nonzero(counts) < len(names):
        few = f"{np.count_nonzero(counts)} that {_BINS} steps tell apart"
        raise InputError("plausible_thresholds", "grey values", few, f"at least {len(names)} different ones")
    best = np.array(threshold_multiotsu(hist=(counts / flat.size, 0.5 * (edges[:-1] + edges[1:])), classes=len(names)), float)
    drawn = flat if flat.size <= _SAMPLE else flat[np.random.default_rng(0).integers(flat.size, size=_SAMPLE)]
    sample = drawn.astype(np.float64)
    weight, centre, spread = _mixture(sample, best)
    low, high = best.copy(), best.copy()
    for k in range(len(best)):
        between = np.linspace(centre[k], centre[k + 1], 2001)
        one, other = (np.log(weight[n] / spread[n]) - 0.5 * ((between - centre[n]) / spread[n]) ** 2 for n in (k, k + 1))
        brighter = other - one  # ln of how much likelier
        if brighter[0] > -np.log(odds) or brighter[-1] < np.log(odds):
            far = f"{names[k]} and {names[k + 1]} overlap: means {centre[k]:.4g} and {centre[k + 1]:.4g}"
            far += f", deviations {spread[k]:.4g} and {spread[k + 1]:.4g}"
            expected = f"grey values that are {odds:g} to one either phase: smooth them"
            raise InputError("plausible_thresholds", "phases", far, expected)
        low[k] = between[np.argmax(brighter > -np.log(odds))]
        high[k] = between[np.argmax(brighter >= np.log(odds))]
    best = np.clip(best, low, high)
    settings = {"phases": names, "odds": odds}
    source = predicted("scalith.electrode.plausible_thresholds", *grey.parents, settings=settings)
    found = {
        "best": (best, "threshold"),
        "low": (low, "lowest plausible threshold"),
        "high": (high, "highest plausible threshold"),
    }
    return Result(
        {name: labelled("threshold", values, title, "1") for name, (values, title) in found.items()},
        coords={"threshold": [f"{one} | {other}" for one, other in pairwise(names)]},
        attrs={"source": source.to_json()},
    )


def _mixture(sample: Floats, cuts: Floats) -> tuple[Floats, Floats, Floats]:
    """Weights, means and standard deviations of normal distributions, by expectation and maximisation from the classes on."""
    groups = np.searchsorted(cuts, sample)
    chance = np.stack([(groups == k).astype(float) for k in range(len(cuts) + 1)])
    least = 1e-3 * float(sample.std())
    for _ in range(200):
        total = chance.sum(axis=1) + 1e-9
        centre = chance @ sample / total
        spread = np.sqrt(np.einsum("ki,ki->k", chance, (sample - centre[:, np.newaxis]) ** 2) / total + least**2)
        weight = total / total.sum()
        log = np.log(weight / spread)[:, np.newaxis] - 0.5 * ((sample - centre[:, np.newaxis]) / spread[:, np.newaxis]) ** 2
        before, chance = chance, np.exp(log - log.max(axis=0))
        chance /= chance.sum(axis=0)
        if float(np.abs(chance - before).max()) < 1e-4:
            break
    order = np.argsort(centre)
    return weight[order], centre[order], spread[order]


def segment(grey: GreyImage, phases: Sequence[str], thresholds: Any) -> VoxelImage:
    """Labels from grey values: 0 below the first threshold, one more from each on; `phases` from dark to bright.

    Raises
    ------
    InputError
        Not one threshold fewer than phases, thresholds that do not rise, a phase without a voxel.
    """
    cuts = np.atleast_1d(np.asarray(thresholds, float))
    if cuts.shape != (len(phases) - 1,) or not np.all(np.diff(cuts) > 0.0) or not np.all(np.isfinite(cuts)):
        raise InputError(
            "segment", "thresholds", cuts.tolist(), f"{len(phases) - 1} values that rise, between {', '.join(phases)}"
        )
    labels = np.digitize(grey.values, cuts).astype(np.uint8)
    for number, name in enumerate(phases):
        if not np.any(labels == number):
            raise InputError("segment", "thresholds", cuts.tolist(), f"thresholds that leave {name} a voxel")
    source = predicted("scalith.electrode.segment", *grey.parents, settings={"thresholds": cuts.tolist()})
    return VoxelImage(labels, grey.voxel_size, {name: number for number, name in enumerate(phases)}, source)


def over_thresholds(
    grey: GreyImage,
    phases: Sequence[str],
    measure: Callable[[VoxelImage], Mapping[str, float]],
    *,
    odds: float = 3.0,
    thresholds: Result | None = None,
) -> Result:
    """Numbers of a segmented image, with the error that comes from where the thresholds were set.

    Each threshold is moved to its plausible ends, the others at their best; half of the distance that a number then covers
    is its error by that threshold, and these add up as independent ones. The threshold alone may move a tortuosity
    by more than a factor of two (P. Pietsch et al., Sustain. Energy Fuels 2 (2018) 598, doi:10.1039/c7se00498b).

    Parameters
    ----------
    grey : GreyImage
        Smoothed, when it is to be (`smooth`).
    phases : sequence of str
        From dark to bright.
    measure : callable
        Numbers by name of an image, such as ``lambda image: {"tau": …}``.
    odds : float
        See `plausible_thresholds`, which is asked when there are no `thresholds`.
    thresholds : Result, optional
        ``best``, ``low`` and ``high`` over ``threshold``.

    Returns
    -------
    Result
        Over ``quantity``: ``value`` at the best thresholds, ``error``, and ``lowest`` and ``highest`` that were found; over
        (threshold, quantity) ``error_by_threshold``.

    Raises
    ------
    InputError
        As `plausible_thresholds` and `segment`.
    """
    cuts = plausible_thresholds(grey, phases, odds=odds) if thresholds is None else thresholds
    best = cuts["best"].values

    def at(values: Floats) -> Floats:
        found = measure(segment(grey, phases, values))
        names.update(dict.fromkeys(found))
        return np.array([float(one) for one in found.values()])

    names: dict[str, None] = {}
    value = at(best)
    ends = np.empty((len(best), 2, len(value)))
    for k in range(len(best)):
        for side, end in enumerate(("low", "high")):
            moved = best.copy()
            moved[k] = float(cuts[end][k])
            ends[k, side] = at(moved)
    every = np.concatenate([value[np.newaxis], ends.reshape(-1, len(value))])
    half = 0.5 * np.abs(ends[:, 1] - ends[:, 0])
    data = {
        "value": ("quantity", value, "at the best thresholds"),
        "error": ("quantity", np.sqrt(np.sum(half**2, axis=0)), "standard error from the thresholds"),
        "lowest": ("quantity", every.min(axis=0), "lowest over the plausible thresholds"),
        "highest": ("quantity", every.max(axis=0), "highest over the plausible thresholds"),
        "error_by_threshold": (("threshold", "quantity"), half, "half of the distance between the ends of the threshold"),
    }
    parents = [*grey.parents, dataset_digest(cuts)]
    source = predicted("scalith.electrode.over_thresholds", *parents, settings={"phases": list(phases), "odds": odds})
    return Result(
        {name: labelled(dims, values, title, "SI") for name, (dims, values, title) in data.items()},
        coords={"quantity": list(names), "threshold": cuts["threshold"].values},
        attrs={"source": source.to_json()},
    )
