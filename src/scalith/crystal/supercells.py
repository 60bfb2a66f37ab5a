"""Supercells: integer combinations of the primitive vectors, and the primitive cells that they hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def lattice_cells(supercell: NDArray[np.int64]) -> NDArray[np.int64]:
    """The |det M| primitive cells that a supercell holds, as integer offsets, shape (|det M|, 3), in a fixed order."""
    corners = np.array([[i, j, k] for i in (0, 1) for j in (0, 1) for k in (0, 1)]) @ supercell
    low, high = corners.min(axis=0), corners.max(axis=0)
    grid = np.stack(np.meshgrid(*[np.arange(a, b + 1) for a, b in zip(low, high, strict=True)], indexing="ij"), axis=-1).reshape(
        -1, 3
    )
    determinant = round(float(np.linalg.det(supercell)))
    adjugate = np.round(np.linalg.inv(supercell) * determinant).astype(np.int64)
    scaled = grid @ adjugate * np.sign(determinant)
    inside = np.all((scaled >= 0) & (scaled < abs(determinant)), axis=1)
    return grid[inside]


def periodic_keys(supercell: NDArray[np.int64], cells: NDArray[np.int64]) -> NDArray[np.int64]:
    """One integer for each primitive cell, equal for cells that a supercell translation joins.

    Parameters
    ----------
    supercell : ndarray, shape (3, 3), int
    cells : ndarray, shape (..., 3), int

    Returns
    -------
    ndarray, shape (...)
    """
    determinant = round(float(np.linalg.det(supercell)))
    adjugate = np.round(np.linalg.inv(supercell) * determinant).astype(np.int64)
    size = abs(determinant)
    reduced = np.mod(cells @ adjugate * (1 if determinant > 0 else -1), size)
    return np.asarray((reduced[..., 0] * size + reduced[..., 1]) * size + reduced[..., 2])
