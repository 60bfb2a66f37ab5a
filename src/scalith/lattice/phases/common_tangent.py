"""Common tangents of a free energy g(x): the convex hull on a grid, then both conditions solved to round-off."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from scalith.quantities import ConvergenceError

if TYPE_CHECKING:
    from numpy.typing import NDArray

Curve = Callable[["NDArray[np.float64]"], "NDArray[np.float64]"]


class Tangent(NamedTuple):
    """Two compositions in equilibrium.

    Attributes
    ----------
    low, high : float
        Their stoichiometries.
    slope : float
        Common chemical potential ∂g/∂x.
    """

    low: float
    high: float
    slope: float


def common_tangents(free_energy: Curve, slope: Curve, *, points: int = 4001) -> list[Tangent]:
    """All common tangents of g(x) on 0 < x < 1.

    A common tangent touches at x₁ and x₂ where g′(x₁) = g′(x₂) = [g(x₂) − g(x₁)]/(x₂ − x₁). The lower convex hull of g on a
    grid, dense towards 0 and 1, tells which compositions to start from; Newton's method with numerical curvature
    solves both equations.

    Parameters
    ----------
    free_energy, slope : callable
        g and g′ of an array of x, in any one unit of energy.
    points : int
        Grid points of the hull.

    Returns
    -------
    list of Tangent
        By growing x.

    Raises
    ------
    ConvergenceError
        Newton's method does not meet 1e-10 in x.
    """
    from scalith.lattice.expansion.cluster_expansion import lower_hull

    grid = 0.5 - 0.5 * np.cos(np.pi * (np.arange(points) + 0.5) / points)
    g = free_energy(grid)
    corners = np.array(lower_hull(grid, g / max(float(np.ptp(g)), 1e-300)))
    wide = np.flatnonzero(np.diff(corners) > 1)
    # Neighbouring corners left out by the hull's tolerance in a flat stretch are no miscibility gap.
    gaps = [(grid[corners[k]], grid[corners[k + 1]]) for k in wide if corners[k + 1] - corners[k] > 3]
    return [_refined(free_energy, slope, float(low), float(high)) for low, high in gaps]


def _refined(free_energy: Curve, slope: Curve, low: float, high: float) -> Tangent:
    x = np.array([low, high])
    for _ in range(100):
        g, first = free_energy(x), slope(x)
        width = x[1] - x[0]
        chord = (g[1] - g[0]) / width
        residual = np.array([first[0] - chord, first[1] - chord])
        h = 1e-6 * np.minimum(x, 1.0 - x)
        curvature = (slope(x + h) - slope(x - h)) / (2.0 * h)
        jacobian = np.array(
            [
                [curvature[0] - (chord - first[0]) / width, -(first[1] - chord) / width],
                [-(chord - first[0]) / width, curvature[1] - (first[1] - chord) / width],
            ]
        )
        step = np.linalg.solve(jacobian, residual)
        # Stay between 0 and 1: at most half of the way to either end.
        distance = np.where(step > 0, x, 1.0 - x)
        step *= min(1.0, float(np.min(0.5 * distance / np.maximum(np.abs(step), 1e-300))))
        x = x - step
        if np.max(np.abs(step)) < 1e-12:
            return Tangent(float(x[0]), float(x[1]), float(slope(x)[0]))
    raise ConvergenceError(
        "common tangent", f"between x = {low:.4f} and {high:.4f} Newton's method did not settle; is g smooth there?"
    )
