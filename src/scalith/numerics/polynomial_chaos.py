"""A polynomial in place of a costly model: few terms of many, chosen by the error of members that are left out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import combinations
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Marginal = Literal["normal", "uniform"]
_MOST_TERMS = 3000
"""Candidates; of a degree with more of them, only those in one column are."""
_PATIENCE = 8
"""Terms that are added without a gain before the search ends."""
_MOST_OF = 0.5
"""Terms of the polynomial at most, as a share of the members."""


@dataclass(frozen=True, eq=False)
class PolynomialChaos:
    """A polynomial whose terms are orthonormal over independent columns.

    Attributes
    ----------
    exponents : ndarray of int, shape (terms, columns)
        Degree of each column in each term; the first is the constant.
    coefficients : ndarray, shape (terms,)
    left_variance : float
        Variance of what the polynomial does not explain, from members that were left out of the fit in turn.
    marginal : {"normal", "uniform"}
    """

    exponents: NDArray[np.int64]
    coefficients: Array
    left_variance: float
    marginal: Marginal

    def __call__(self, columns: Array) -> Array:
        """Values, shape (n,)."""
        return np.asarray(_terms(np.asarray(columns, dtype=np.float64), self.exponents, self.marginal) @ self.coefficients)

    def refitted(self, columns: Array, output: Array) -> PolynomialChaos:
        """The same terms fitted to other members."""
        basis = _terms(columns, self.exponents, self.marginal)
        coefficients = np.asarray(np.linalg.lstsq(basis, output, rcond=None)[0], dtype=np.float64)
        return replace(self, coefficients=coefficients, left_variance=left_out_error(np.linalg.qr(basis)[0], output))


def fit_polynomial(columns: Array, output: Array, *, marginal: Marginal = "normal", degree: int = 8) -> PolynomialChaos:
    r"""Fit a sparse polynomial y ≈ Σ_α c_α Π_j ψ_{α_j}(x_j), ψ normalised Hermite (normal) or Legendre polynomials (uniform).

    Of the m terms up to a degree, in at most two columns each, those are taken that the residual correlates with most, one after
    the other (orthogonal matching pursuit), as long as n ln ε² + 2P ln m falls: ε² is the mean square error of members that are
    left out in turn, and 2 ln m what the best of m idle terms gains by chance (risk inflation criterion). Degrees are tried from
    1 upwards until two bring nothing.

    Parameters
    ----------
    columns : ndarray, shape (n, k)
        Standard normal, or uniform over −1 … 1, and independent.
    output : ndarray, shape (n,)
    marginal : {"normal", "uniform"}
    degree : int
        Highest degree.

    References
    ----------
    G. Blatman, B. Sudret, J. Comput. Phys. 230 (2011) 2345, DOI 10.1016/j.jcp.2010.12.021 (sparse expansions);
    D. P. Foster, E. I. George, Ann. Statist. 22 (1994) 1947, DOI 10.1214/aos/1176325766 (criterion).
    """
    x, y = np.asarray(columns, dtype=np.float64), np.asarray(output, dtype=np.float64)
    best, best_at = _Chosen(np.inf, [], 0.0), (0, np.empty((0, 0), dtype=np.int64))
    for highest in range(1, degree + 1):
        exponents = _candidates(x.shape[1], highest)
        found = _pursue(_terms(x, exponents, marginal), y)
        if found.score < best.score:
            best, best_at = found, (highest, exponents)
        elif highest - best_at[0] == 2:
            break
    kept = best_at[1][best.terms]
    coefficients = np.asarray(np.linalg.lstsq(_terms(x, kept, marginal), y, rcond=None)[0], dtype=np.float64)
    return PolynomialChaos(kept, coefficients, best.error, marginal)


def _candidates(count: int, degree: int) -> NDArray[np.int64]:
    """Exponents of all terms up to `degree`, the constant first; without those in two columns where they are too many."""
    pairs = (count * (count - 1) // 2) * (degree * (degree - 1) // 2)
    found = [dict[int, int](), *({k: power} for k in range(count) for power in range(1, degree + 1))]
    if len(found) + pairs <= _MOST_TERMS:
        shares = [(one, other) for one in range(1, degree) for other in range(1, degree - one + 1)]
        found += [{i: one, j: other} for i, j in combinations(range(count), 2) for one, other in shares]
    exponents = np.zeros((len(found), count), dtype=np.int64)
    for row, term in zip(exponents, found, strict=True):
        row[list(term)] = list(term.values())
    return exponents


def _terms(x: Array, exponents: NDArray[np.int64], marginal: Marginal) -> Array:
    """Values of the terms, shape (n, terms)."""
    highest = int(exponents.max(initial=0))
    powers = np.arange(highest + 1)
    if marginal == "normal":
        norm = np.sqrt(np.concatenate([[1.0], np.cumprod(powers[1:].astype(np.float64))]))
        values = np.polynomial.hermite_e.hermevander(x, highest) / norm
    else:
        values = np.polynomial.legendre.legvander(x, highest) * np.sqrt(2.0 * powers + 1.0)
    found = np.ones((x.shape[0], len(exponents)))
    for k in range(x.shape[1]):
        used = np.flatnonzero(exponents[:, k])
        found[:, used] *= values[:, k, exponents[used, k]]
    return found


class _Chosen(NamedTuple):
    score: float
    terms: list[int]
    error: float


def _pursue(basis: Array, y: Array) -> _Chosen:
    """Orthogonal matching pursuit with the constant held."""
    n, size = y.size, np.linalg.norm(basis, axis=0)
    price = 2.0 * np.log(basis.shape[1]) / n
    floor = 1e-24 * float(y @ y)
    chosen, q = [0], basis[:, :1] / size[0]
    residual = y - q @ (q.T @ y)
    best = _Chosen(np.inf, chosen, 0.0)
    while True:
        error = left_out_error(q, y)
        score = float(np.log(error + floor / n)) + price * len(chosen)
        if score < best.score:
            best = _Chosen(score, [*chosen], error)
        is_exact = float(residual @ residual) <= floor
        if is_exact or len(chosen) - len(best.terms) >= _PATIENCE or len(chosen) >= min(basis.shape[1], _MOST_OF * n):
            return best
        closeness = np.abs(basis.T @ residual) / size
        closeness[chosen] = -1.0
        new = int(np.argmax(closeness))
        column = basis[:, new] - q @ (q.T @ basis[:, new])
        column = column - q @ (q.T @ column)  # once more: rounding
        length = float(np.linalg.norm(column))
        if length < 1e-8 * size[new]:
            return best
        chosen.append(new)
        q = np.concatenate([q, column[:, None] / length], axis=1)
        residual = residual - q[:, -1] * float(q[:, -1] @ residual)


def left_out_error(q: Array, y: Array) -> float:
    """Mean square error of members that are left out in turn, of an orthonormal basis; infinite where one decides its own fit."""
    leverage = np.square(q).sum(axis=1)
    if np.any(leverage > 1.0 - 1e-9):
        return float("inf")
    return float(np.mean(np.square((y - q @ (q.T @ y)) / (1.0 - leverage))))
