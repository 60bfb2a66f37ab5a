"""Kernel tables: every material function enters every kernel as cubic pieces on a uniform grid.

A table is a function of one state coordinate (stoichiometry, concentration, …) and temperature. On the piece with
local coordinates s, t in [0, 1] it is

    f = Σ_p Σ_q c[j, i, p, q] t^p s^q,

with q = 0..3, and p = 0..3 where the property depends on temperature or p = 0 only where it does not. Beyond its
ends a table continues as a straight line: solvers watch the domain and say when it is left, Newton's method may look past it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from scalith.numerics.compiled import compiled, compiled_inline


class KernelTable(NamedTuple):
    """Uniform cubic pieces as plain numbers and one array: what a kernel takes.

    Attributes
    ----------
    lower, inverse_step : float
        First node and 1/spacing of the state coordinate.
    T_lower, T_inverse_step : float
        The same for temperature, K and 1/K.
    coefficients : ndarray, shape (pieces in T, pieces in x, 1 or 4, 4)
    """

    lower: float
    inverse_step: float
    T_lower: float
    T_inverse_step: float
    coefficients: NDArray[np.float64]


@compiled_inline
def evaluate(table: KernelTable, x: float, T: float) -> tuple[float, float]:
    """Value and slope ∂f/∂x of a kernel table at (x, T)."""
    c = table.coefficients
    position = (x - table.lower) * table.inverse_step
    piece = np.int64(min(max(position, 0.0), c.shape[1] - 1.0))
    i = np.uint64(piece)  # unsigned: spares the check for a negative index
    offset = position - piece
    beyond = min(offset, 0.0) + max(offset - 1.0, 0.0)
    s = min(max(offset, 0.0), 1.0)
    if c.shape[2] == 1:
        c1, c2, c3 = c[0, i, 0, 1], c[0, i, 0, 2], c[0, i, 0, 3]
        value = c[0, i, 0, 0] + s * (c1 + s * (c2 + s * c3))
        slope = c1 + s * (2.0 * c2 + s * 3.0 * c3)
    else:
        position_T = (T - table.T_lower) * table.T_inverse_step
        piece_T = np.int64(min(max(position_T, 0.0), c.shape[0] - 1.0))
        j = np.uint64(piece_T)
        t = min(max(position_T - piece_T, 0.0), 1.0)
        value = 0.0
        slope = 0.0
        for k in range(4):
            p = np.uint64(3 - k)
            c1, c2, c3 = c[j, i, p, 1], c[j, i, p, 2], c[j, i, p, 3]
            value = value * t + (c[j, i, p, 0] + s * (c1 + s * (c2 + s * c3)))
            slope = slope * t + (c1 + s * (2.0 * c2 + s * 3.0 * c3))
    return value + beyond * slope, slope * table.inverse_step


@compiled_inline
def evaluate_in_temperature(table: KernelTable, x: float, T: float) -> tuple[float, float]:
    """Value and slope ∂f/∂T of a kernel table at (x, T); beyond its temperatures the value at the end holds."""
    value = evaluate(table, x, T)[0]
    coefficients = table.coefficients
    if coefficients.shape[2] == 1:
        return value, 0.0
    position_T = (T - table.T_lower) * table.T_inverse_step
    j = min(max(int(position_T), 0), coefficients.shape[0] - 1)
    t = position_T - j
    if t < 0.0 or t > 1.0:
        return value, 0.0
    position = (x - table.lower) * table.inverse_step
    i = min(max(int(position), 0), coefficients.shape[1] - 1)
    s = min(max(position - i, 0.0), 1.0)
    block = coefficients[j, i]
    slope = 0.0
    for p in range(3, 0, -1):
        slope = slope * t + p * (block[p, 0] + s * (block[p, 1] + s * (block[p, 2] + s * block[p, 3])))
    return value, slope * table.T_inverse_step


@compiled
def evaluate_many(table: KernelTable, x: NDArray[np.float64], T: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """`evaluate` for an array of x, shape (n,): values and slopes, each of shape (n,)."""
    values = np.empty_like(x)
    slopes = np.empty_like(x)
    for k in range(x.size):
        values[k], slopes[k] = evaluate(table, x[k], T)
    return values, slopes


_HERMITE = np.array([[1.0, 0.0, 0.0, 0.0], [0.0, 0.0, 1.0, 0.0], [-3.0, 3.0, -2.0, -1.0], [2.0, -2.0, 1.0, 1.0]])
"""Powers of s from (f(0), f(1), f'(0), f'(1))."""


def table_from_nodes(
    lower: float,
    upper: float,
    T_lower: float,
    T_upper: float,
    nodal: NDArray[np.float64],
) -> KernelTable:
    """Cubic Hermite pieces from nodal values and slopes.

    Parameters
    ----------
    lower, upper : float
        Ends of the state coordinate.
    T_lower, T_upper : float
        Ends of temperature; not used when there is one node in T.
    nodal : ndarray, shape (4, nodes in T, nodes in x)
        f, ∂f/∂x, ∂f/∂T and ∂²f/∂x∂T at the nodes.

    Returns
    -------
    KernelTable
    """
    nodes_T, nodes_x = nodal.shape[1:]
    step = (upper - lower) / (nodes_x - 1)
    along_x = np.stack(
        [
            np.stack([f[:, :-1], f[:, 1:], fx[:, :-1] * step, fx[:, 1:] * step], axis=-1) @ _HERMITE.T
            for f, fx in ((nodal[0], nodal[1]), (nodal[2], nodal[3]))
        ]
    )  # (value or ∂/∂T, node in T, piece in x, power of s)
    if nodes_T == 1:
        return KernelTable(lower, 1.0 / step, T_lower, 0.0, np.ascontiguousarray(along_x[0][:, :, None, :]))
    step_T = (T_upper - T_lower) / (nodes_T - 1)
    value, slope_T = along_x[0], along_x[1] * step_T
    corners = np.stack([value[:-1], value[1:], slope_T[:-1], slope_T[1:]], axis=2)
    coefficients = np.einsum("pc,jicq->jipq", _HERMITE, corners)
    return KernelTable(lower, 1.0 / step, T_lower, 1.0 / step_T, np.ascontiguousarray(coefficients))
