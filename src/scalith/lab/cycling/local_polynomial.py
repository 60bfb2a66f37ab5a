"""Values and slopes of noisy curves by local parabolas: linear in the data, with a stated length."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
_MOST = 3000
"""Samples that are kept of a curve: neighbours beyond are put together to their mean."""


class Smoothed(NamedTuple):
    """Values and slopes at some places, their standard errors from the scatter, and the noise of the samples.

    Attributes
    ----------
    value, slope, value_error, slope_error : ndarray, shape (m,)
    noise : float
    """

    value: Array
    slope: Array
    value_error: Array
    slope_error: Array
    noise: float


def thinned(at: Array, *values: Array, most: int = _MOST) -> tuple[Array, ...]:
    """Neighbouring samples put together to their means, `most` of them at most; unchanged where there are no more."""
    if at.size <= most:
        return (at, *values)
    edges = np.linspace(0, at.size, most + 1).astype(np.int64)[:-1]
    counts = np.diff(np.append(edges, at.size))
    return tuple(np.add.reduceat(one, edges) / counts for one in (at, *values))


def local_parabolas(at: Array, places: Array, length: float) -> tuple[Array, Array]:
    r"""Matrices that take samples to the values and to the slopes of local parabolas.

    Around each place a parabola is fitted to the samples within ± `length`/2 (to seven at least) with the weights
    (1 − \|u\|³)³, u from −1 to 1. At the ends of the curve the samples lie on one side only.

    Parameters
    ----------
    at : ndarray, shape (n,)
        Where the samples are, rising.
    places : ndarray, shape (m,)
    length : float

    Returns
    -------
    tuple of ndarray, both of shape (m, n)
    """
    values, slopes = np.zeros((places.size, at.size)), np.zeros((places.size, at.size))
    for k, place in enumerate(places):
        half = max(0.5 * length, 1.001 * float(np.sort(np.abs(at - place))[min(7, at.size - 1)]))
        first, last = np.searchsorted(at, [place - half, place + half])
        u = (at[first:last] - place) / half
        root = np.sqrt((1.0 - np.abs(u) ** 3) ** 3)
        solved = np.linalg.pinv(root[:, None] * np.stack([np.ones_like(u), u, u * u], axis=1)) * root
        values[k, first:last], slopes[k, first:last] = solved[0], solved[1] / half
    return values, slopes


def smoothed(at: Array, values: Array, places: Array, length: float) -> Smoothed:
    """Curve by local parabolas of the (thinned) samples; the noise is that about it, between the first and the last place."""
    at, own = thinned(at, values)
    to_value, to_slope = local_parabolas(at, places, length)
    value = to_value @ own
    within = (at >= places[0]) & (at <= places[-1])
    # The median does not see the steep ends.
    noise = 1.4826 * float(np.median(np.abs(own - np.interp(at, places, value))[within]))
    value_error, slope_error = (noise * np.sqrt(np.sum(matrix**2, axis=1)) for matrix in (to_value, to_slope))
    return Smoothed(value, to_slope @ own, value_error, slope_error, noise)


def white_noise(v: Array) -> float:
    """Standard deviation of the white noise of samples, from the median of their second differences."""
    return 1.4826 * float(np.median(np.abs(np.diff(v, 2)))) / float(np.sqrt(6.0)) if v.size > 4 else 0.0
