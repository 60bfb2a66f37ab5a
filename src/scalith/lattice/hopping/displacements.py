"""From displacements along trajectories to diffusivities: slopes of mean squares, ratios of sums with their errors."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from scalith.lattice.kernels.kinetic import WINDOW

if TYPE_CHECKING:
    from numpy.typing import NDArray

STEPS = 40
"""Moments of a trajectory at which displacements are noted; a multiple of WINDOW."""


def collective_slope(times: NDArray[np.float64], collective: NDArray[np.float64]) -> NDArray[np.float64]:
    """Slope of ⟨ΔR_a ΔR_b⟩ against time, shape (3, 3), Å² s⁻¹: between a twentieth and a quarter of the time, all origins.

    Parameters
    ----------
    times : ndarray, shape (STEPS,)
        s.
    collective : ndarray, shape (STEPS, 3)
        Sum of all ions' displacements, Å.
    """
    clock, path = np.concatenate([[0.0], times]), np.vstack([np.zeros(3), collective])
    means = []
    for lag in (STEPS // 20, STEPS // 4):
        moved = path[lag:] - path[:-lag]
        means.append((np.mean(clock[lag:] - clock[:-lag]), moved.T @ moved / len(moved)))
    (early, near), (late, far) = means
    return np.asarray((far - near) / max(late - early, 1e-300))


def tracer_slope(times: NDArray[np.float64], squares: NDArray[np.float64]) -> NDArray[np.float64]:
    """Slope of Σ r_a r_b against time, shape (3, 3), Å² s⁻¹: between a fortieth and a fifth of the time.

    Mean in a window less that in a step, over the time between, so that ions that only rattle do not count.

    Parameters
    ----------
    times : ndarray, shape (STEPS,)
    squares : ndarray, shape (STEPS, 2, 3, 3)
        As `scalith.lattice.kernels.kinetic.kinetic_trajectory` writes them.
    """
    gained = squares[WINDOW - 1 :: WINDOW, 1].mean(axis=0) - squares[:, 0].mean(axis=0)
    return np.asarray(gained / max(times[-1] / STEPS * (WINDOW - 1), 1e-300))


def ratio_of_sums(top: NDArray[np.float64], bottom: NDArray[np.float64]) -> tuple[float, float]:
    """Ratio of sums over trajectories, and its standard error (linearised); NaN where the lower sum is not positive."""
    total = float(np.sum(bottom))
    if total <= 0.0:
        return np.nan, np.nan
    value = float(np.sum(top)) / total
    residual = top - value * bottom
    n = len(top)
    return value, float(np.sqrt(n / (n - 1) * np.sum(residual**2))) / total


def tree_levels(leaves: int) -> NDArray[np.int64]:
    """Layout of the sum tree that kernels search (`scalith.lattice.kernels.kinetic.next_site`)."""
    levels, size = [0], leaves
    while size > 1:
        size = (size + 7) // 8
        levels.append(levels[-1] + 8 * size)
    return np.array(levels, dtype=np.int64)
