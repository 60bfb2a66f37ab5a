"""Supercells: integer combinations of the primitive vectors, and the primitive cells that they hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

LatticeSite = tuple[int, int, int, int]
"""(sublattice, three integer cell offsets)."""


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


def hermite_normal_form(rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """The lattice that integer vectors span, in its one lower triangular basis.

    Parameters
    ----------
    rows : ndarray, shape (n, 3), int
        Vectors that span the space, in primitive vectors.

    Returns
    -------
    ndarray, shape (3, 3)
        Rows (a, 0, 0), (b, c, 0), (d, e, f) with 0 ≤ b, d < a and 0 ≤ e < c: equal for equal lattices (Hart, Forcade 2008,
        DOI 10.1103/PhysRevB.77.224115).
    """
    left = [[int(number) for number in row] for row in rows]
    form: list[list[int]] = [[], [], []]
    for axis in (2, 1, 0):
        holding = [row for row in left if row[axis]]
        while len(holding) > 1:  # Euclid's algorithm on the last column that is left
            least = min(holding, key=lambda row: abs(row[axis]))
            for row in holding:
                if row is not least:
                    times = row[axis] // least[axis]
                    row[:] = [number - times * other for number, other in zip(row, least, strict=True)]
            holding = [row for row in holding if row[axis]]
        pivot = holding[0]
        left = [row for row in left if row is not pivot]
        form[axis] = pivot if pivot[axis] > 0 else [-number for number in pivot]
    for line in (1, 2):
        for axis in range(line - 1, -1, -1):
            times = form[line][axis] // form[axis][axis]
            form[line] = [number - times * other for number, other in zip(form[line], form[axis], strict=True)]
    return np.array(form, dtype=np.int64)
