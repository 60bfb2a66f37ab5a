"""LU factors, without pivoting, of the matrices that implicit steps of stiff systems solve: small full ones and band matrices.

Without pivots the diagonal must dominate, as 1/γh does in the matrix of a step.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from scalith.numerics.compiled import compiled_inside


@compiled_inside
def factor_small(matrix: NDArray[np.float64]) -> None:
    """LU factors of a full matrix, shape (n, n), in place."""
    n = matrix.shape[0]
    for k in range(n):
        inverse = 1.0 / matrix[k, k]
        for i in range(k + 1, n):
            factor = matrix[i, k] * inverse
            matrix[i, k] = factor
            if factor != 0.0:
                for j in range(k + 1, n):
                    matrix[i, j] -= factor * matrix[k, j]


@compiled_inside
def solve_small(matrix: NDArray[np.float64], x: NDArray[np.float64]) -> None:
    """Solve with the factors of `factor_small`; the right side in `x` becomes the solution."""
    n = x.size
    for i in range(n):
        for j in range(i):
            x[i] -= matrix[i, j] * x[j]
    for i in range(n - 1, -1, -1):
        for j in range(i + 1, n):
            x[i] -= matrix[i, j] * x[j]
        x[i] /= matrix[i, i]


@compiled_inside
def factor_band(matrix: NDArray[np.float64], band: int, low: int, high: int) -> None:
    """LU factors of rows and columns `low` to `high` of a band matrix in place; entry (i, j) stands at ``[i, band + j − i]``."""
    for k in range(low, high):
        inverse = 1.0 / matrix[k, band]
        for i in range(k + 1, min(k + band + 1, high)):
            factor = matrix[i, band + k - i] * inverse
            matrix[i, band + k - i] = factor
            if factor != 0.0:
                for j in range(k + 1, min(k + band + 1, high)):
                    matrix[i, band + j - i] -= factor * matrix[k, band + j - k]


@compiled_inside
def solve_band(matrix: NDArray[np.float64], band: int, low: int, high: int, x: NDArray[np.float64]) -> None:
    """Solve with the factors of `factor_band` for the entries `low` to `high` of `x`, in place."""
    for i in range(low, high):
        value = x[i]
        for j in range(max(low, i - band), i):
            value -= matrix[i, band + j - i] * x[j]
        x[i] = value
    for i in range(high - 1, low - 1, -1):
        value = x[i]
        for j in range(i + 1, min(i + band + 1, high)):
            value -= matrix[i, band + j - i] * x[j]
        x[i] = value / matrix[i, band]
