"""The project's one interpolation: cubic Hermite pieces on a rectilinear grid, fourth order and free of overshoot.

The slopes at the nodes are those of the twice differentiable cubic spline, limited by Hyman's filter in the form of
Dougherty, Edelman and Hyman (DOI 10.1090/S0025-5718-1989-0962209-1): data that rises is never interpolated into a curve
that falls, and smooth data is met with an error of fourth order. In two coordinates the pieces are bicubic with the
matching cross slopes.
"""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
_FEW = 12
"""Columns up to which slopes are found number by number."""


def nodal_slopes(grid: Array, values: Array, axis: int) -> Array:
    """Slopes ∂f/∂grid at the nodes along `axis`, limited so that the pieces do not overshoot; zero for one node."""
    if grid.size == 1:
        return np.zeros_like(values)
    data = np.moveaxis(values, axis, 0)
    h = np.diff(grid).reshape(-1, *[1] * (data.ndim - 1))
    secants = np.diff(data, axis=0) / h
    return np.moveaxis(_limited(_spline_slopes(h, secants), secants, h), 0, axis)


def _spline_slopes(h: Array, secants: Array) -> Array:
    """Slopes of the twice differentiable cubic spline with its outer two pieces one cubic (not-a-knot).

    `scipy.interpolate.CubicSpline` gives the same to round-off; importing it would be a quarter of the time from a
    program's start to its first discharge.
    """
    n = len(h) + 1
    if n == 2:
        return np.concatenate([secants, secants])
    if n == 3:
        bend = (secants[1:] - secants[:1]) / (h[0] + h[1])
        return np.concatenate([secants[:1] - bend * h[0], secants[:1] + bend * h[0], secants[1:] + bend * h[1]])
    columns = secants.reshape(n - 1, -1)
    if columns.shape[1] > _FEW:
        return np.array(_swept(list(h), list(secants)))
    # One number at a time NumPy is ten times slower than Python.
    steps = h.ravel().tolist()
    return np.array([_swept(steps, column) for column in columns.T.tolist()]).T.reshape(n, *secants.shape[1:])


def _swept(h: list[Any], secants: list[Any]) -> list[Any]:
    """h₁ s₀ + 2 (h₀ + h₁) s₁ + h₀ s₂ = 3 (h₁ d₀ + h₀ d₁), and the like: one sweep down, one up; of numbers or of rows."""
    n = len(h) + 1
    slopes: list[Any] = [None] * n
    upper: list[Any] = [None] * n
    first, last = h[0] + h[1], h[-1] + h[-2]
    upper[0] = first / h[1]
    slopes[0] = ((h[0] + 2.0 * first) * h[1] * secants[0] + h[0] * h[0] * secants[1]) / (first * h[1])
    for i in range(1, n - 1):
        pivot = 2.0 * (h[i - 1] + h[i]) - h[i] * upper[i - 1]
        upper[i] = h[i - 1] / pivot
        slopes[i] = (3.0 * (h[i] * secants[i - 1] + h[i - 1] * secants[i]) - h[i] * slopes[i - 1]) / pivot
    right = (h[-1] * h[-1] * secants[-2] + (2.0 * last + h[-1]) * h[-2] * secants[-1]) / last
    slopes[-1] = (right - last * slopes[-2]) / (h[-2] - last * upper[-2])
    for i in range(n - 2, -1, -1):
        slopes[i] = slopes[i] - upper[i] * slopes[i + 1]
    return slopes


def _limited(slopes: Array, secants: Array, h: Array) -> Array:
    """Hyman's filter; beside an extremum of the data the wider bound of Dougherty, Edelman and Hyman (their eq. 2.13)."""
    ends = np.sign(secants[[0, -1]]) * np.clip(np.sign(secants[[0, -1]]) * slopes[[0, -1]], 0.0, 3.0 * np.abs(secants[[0, -1]]))
    result = np.concatenate([ends[:1], slopes[1:-1], ends[1:]])
    if len(slopes) == 2:
        return result
    left, right = secants[:-1], secants[1:]
    middle = (left * h[1:] + right * h[:-1]) / (h[1:] + h[:-1])
    bound = 3.0 * np.minimum(np.minimum(np.abs(left), np.abs(right)), np.abs(middle))
    # One-sided parabola slopes from the two intervals on either side, for all but the outermost nodes.
    wider = np.zeros_like(bound)
    below = (left[1:] * (2 * h[1:-1] + h[:-2]) - left[:-1] * h[1:-1]) / (h[:-2] + h[1:-1])
    bend = left[1:] - left[:-1]
    use = (bend * (right[1:] - left[1:]) > 0) & (middle[1:] * below > 0) & (middle[1:] * bend > 0)
    wider[1:] = np.where(use, 1.5 * np.minimum(np.abs(middle[1:]), np.abs(below)), 0.0)
    above = (right[:-1] * (2 * h[1:-1] + h[2:]) - right[1:] * h[1:-1]) / (h[1:-1] + h[2:])
    bend = right[:-1] - left[:-1]
    use = (bend * (right[1:] - right[:-1]) > 0) & (middle[:-1] * above > 0) & (middle[:-1] * bend < 0)
    wider[:-1] = np.maximum(wider[:-1], np.where(use, 1.5 * np.minimum(np.abs(middle[:-1]), np.abs(above)), 0.0))
    signs = np.sign(np.concatenate([secants[:1], secants, secants[-1:]]))
    rising_on = np.abs(signs[:-3] + signs[1:-2] + signs[2:-1] + signs[3:]) == 4  # no extremum within two intervals
    bound = np.where(rising_on, bound, np.maximum(bound, wider))
    inner = slopes[1:-1]
    result[1:-1] = np.where(inner * middle > 0, np.sign(inner) * np.minimum(np.abs(inner), bound), 0.0)
    return result


def nodal_values(grids: list[Array], values: Array) -> list[Array]:
    """Values, slopes and cross slopes at the nodes: what `interpolate` takes, worth keeping where it is asked often.

    Parameters
    ----------
    grids : list of ndarray
        Strictly increasing nodes of each coordinate.
    values : ndarray, shape (..., n_1, ..., n_d)
        Values at the nodes; leading axes are carried along.

    Returns
    -------
    list of ndarray
        One of the shape of `values` for each choice of coordinates to differentiate by, the last coordinate fastest.
    """
    lead = values.ndim - len(grids)
    result = []
    for slopes in product((False, True), repeat=len(grids)):
        nodal = values
        for axis, sloped in enumerate(slopes):
            if sloped:
                nodal = nodal_slopes(grids[axis], nodal, lead + axis)
        result.append(nodal)
    return result


def interpolate(grids: list[Array], nodal: list[Array], points: list[Array], derivative: int | None = None) -> Array:
    """Evaluate the tensor product of cubic Hermite pieces.

    Parameters
    ----------
    grids : list of ndarray
        Strictly increasing nodes of each coordinate.
    nodal : list of ndarray
        From `nodal_values`.
    points : list of ndarray, each of shape (m,)
        Coordinates of the points, one array a coordinate.
    derivative : int, optional
        Coordinate to differentiate by.

    Returns
    -------
    ndarray, shape (..., m)
    """
    dimensions = len(grids)
    count = points[0].size if points else 1
    # For each coordinate: the piece and the four Hermite weights of (f0, f1, f0', f1').
    pieces: list[NDArray[np.intp]] = []
    weights: list[Array] = []
    for axis, (grid, point) in enumerate(zip(grids, points, strict=True)):
        if grid.size == 1:
            pieces.append(np.zeros(count, dtype=np.intp))
            one = 0.0 if derivative == axis else 1.0
            weights.append(np.stack([np.full(count, one), *[np.zeros(count)] * 3]))
            continue
        i = np.clip(np.searchsorted(grid, point, side="right") - 1, 0, grid.size - 2)
        h = grid[i + 1] - grid[i]
        s = (point - grid[i]) / h
        if derivative == axis:
            w = np.stack([(6 * s * s - 6 * s) / h, (6 * s - 6 * s * s) / h, 3 * s * s - 4 * s + 1, 3 * s * s - 2 * s])
        else:
            w = np.stack([2 * s**3 - 3 * s**2 + 1, 3 * s**2 - 2 * s**3, h * (s**3 - 2 * s**2 + s), h * (s**3 - s**2)])
        pieces.append(i)
        weights.append(w)
    lead = nodal[0].ndim - dimensions
    result = np.zeros((*nodal[0].shape[:lead], count))
    for values, slopes in zip(nodal, product((False, True), repeat=dimensions), strict=True):
        for corner in product((0, 1), repeat=dimensions):
            if any(c and grid.size == 1 for c, grid in zip(corner, grids, strict=True)):
                continue
            factor = np.ones(count)
            index = []
            for axis in range(dimensions):
                factor = factor * weights[axis][(2 if slopes[axis] else 0) + corner[axis]]
                index.append(pieces[axis] + corner[axis])
            corner_values: Array = values[(slice(None),) * lead + tuple(index)]
            result = result + factor * corner_values
    return result
