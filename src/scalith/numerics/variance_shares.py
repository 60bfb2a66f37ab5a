"""First-order sensitivity indices from one sample: how much of an output's variance each input explains alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from scalith.numerics.polynomial_chaos import left_out_error

Array = NDArray[np.float64]
_MOST_DEGREE = 10
_GROUPS = 20
"""Of members, that the jackknife leaves out in turn."""
_NO_BETTER = 1.02
"""A higher degree that lowers the error of prediction by less than this factor is not worth its coefficients."""
_NEGLIGIBLE = 1e-7
"""Share of the largest singular value below which a direction of an input's columns is rounding."""


class VarianceShares(NamedTuple):
    """Shares of the variance of an output.

    Attributes
    ----------
    first_order, error : dict of str to float
        S of each input, Var(E[y | input])/Var(y), and its standard error.
    left : float
        Share that no sum of functions of single inputs explains: what they do together, and noise.
    degree : int
        Of the polynomials.
    """

    first_order: dict[str, float]
    error: dict[str, float]
    left: float
    degree: int


def variance_shares(inputs: Mapping[str, Array], output: Array, *, degree: int | None = None) -> VarianceShares:
    r"""First-order (Sobol) indices from the members of one random sample, by regression.

    y ≈ ȳ + Σ_i f_i(x_i) by least squares, f_i a polynomial of each column of input i; S_i = V_i/(Σ_j V_j + σ²) with
    V_i = ⟨f_i²⟩ − b_i, the bias b_i = σ² tr[⟨φ_i φ_iᵀ⟩ (ΦᵀΦ)⁻¹_ii], and σ² the variance of what is left. The degree is the one
    with the smallest error of prediction of members left out. Errors are those of a jackknife that leaves out a twentieth of the
    members in turn. One sample serves all inputs, so that a costly model needs as few runs as it has coefficients and some more;
    inputs must be drawn independently of each other (columns of one input need not be).

    Parameters
    ----------
    inputs : mapping of str to ndarray, shape (n,) or (n, k)
        Values of each input; one with several columns counts as a whole.
    output : ndarray, shape (n,)
    degree : int, optional
        Instead of the search.

    Returns
    -------
    VarianceShares
        NaN for all where the output does not vary, or where there are fewer than two members for each coefficient.

    References
    ----------
    B. Sudret, Reliab. Eng. Syst. Safety 93 (2008) 964 (indices of a polynomial expansion).
    """
    y = np.asarray(output, dtype=np.float64)
    columns = {name: _whitened(np.asarray(values, dtype=np.float64)) for name, values in inputs.items()}
    columns = {name: values for name, values in columns.items() if values.shape[1]}
    width = sum(values.shape[1] for values in columns.values())
    nothing = dict.fromkeys(inputs, float("nan"))
    if not np.var(y) > 0 or width == 0 or 2 * ((degree or 1) * width + 1) > y.size:
        return VarianceShares(nothing, nothing, float("nan"), 0)
    degrees = [degree] if degree is not None else [d for d in range(1, _MOST_DEGREE + 1) if d == 1 or 3 * d * width < y.size]
    errors = [_left_out(_basis(columns, d)[0], y) for d in degrees]
    enough = _NO_BETTER * min(errors) + 1e-20 * float(np.var(y))
    best = next((d for d, error in zip(degrees, errors, strict=True) if error <= enough), degrees[0])
    found, left = _shares(columns, y, best)
    groups = [np.arange(y.size) % min(_GROUPS, y.size) != g for g in range(min(_GROUPS, y.size))]
    without = [_shares({name: values[kept] for name, values in columns.items()}, y[kept], best)[0] for kept in groups]
    spread = {name: np.array([one[name] for one in without]) for name in columns}
    factor = (len(groups) - 1) / len(groups)
    error = {name: float(np.sqrt(factor * np.sum((values - values.mean()) ** 2))) for name, values in spread.items()}
    still = dict.fromkeys(inputs, 0.0)
    return VarianceShares(still | found, still | error, left, best)


def _whitened(values: Array) -> Array:
    """Columns of mean 0 and variance 1 that are not correlated; what does not vary is left out."""
    table = values.reshape(values.shape[0], -1)
    table = table - table.mean(axis=0)
    scale = table.std(axis=0)
    table = np.asarray(table[:, scale > 0] / scale[scale > 0], dtype=np.float64)
    if table.shape[1] <= 1:
        return table
    left, singular, _ = np.linalg.svd(table, full_matrices=False)
    return np.asarray(left[:, singular > _NEGLIGIBLE * singular[0]] * np.sqrt(table.shape[0]))


def _basis(columns: Mapping[str, Array], degree: int) -> tuple[Array, dict[str, slice]]:
    """Orthonormal polynomials of every column (over the sample), and where those of each input stand."""
    parts: list[Array] = []
    places: dict[str, slice] = {}
    at = 0
    for name, values in columns.items():
        for column in values.T:
            # Legendre polynomials on the range of the sample are well conditioned; QR makes them orthogonal over its members.
            reach = np.ptp(column)
            scaled = 2.0 * (column - column.min()) / reach - 1.0
            parts.append(np.linalg.qr(np.polynomial.legendre.legvander(scaled, degree))[0][:, 1:] * np.sqrt(column.size))
        width = values.shape[1] * degree
        places[name] = slice(at, at + width)
        at += width
    return np.concatenate(parts, axis=1), places


def _left_out(basis: Array, y: Array) -> float:
    """`left_out_error` of the polynomials with a constant."""
    whole = np.concatenate([np.ones((y.size, 1)), basis], axis=1)
    return left_out_error(np.linalg.qr(whole)[0], y)


def _shares(columns: Mapping[str, Array], y: Array, degree: int) -> tuple[dict[str, float], float]:
    basis, places = _basis(columns, degree)
    basis = basis - basis.mean(axis=0)
    centred = y - y.mean()
    coefficients = np.linalg.lstsq(basis, centred, rcond=None)[0]
    freedom = max(y.size - basis.shape[1] - 1, 1)
    noise = float(np.sum((centred - basis @ coefficients) ** 2)) / freedom
    inverse = np.linalg.pinv(basis.T @ basis)
    found = {}
    for name, place in places.items():
        part = basis[:, place]
        bias = noise * float(np.trace(part.T @ part @ inverse[place, place])) / y.size
        found[name] = float(np.mean((part @ coefficients[place]) ** 2)) - bias
    # Inputs are independent: their variances add up, as those of the sample do not quite.
    whole = sum(found.values()) + noise
    return {name: value / whole for name, value in found.items()}, noise / whole
