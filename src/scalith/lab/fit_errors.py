"""Errors of a fit whose residuals are correlated along each curve and differ from curve to curve."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def autocovariance(residual: Array) -> Array:
    """Autocovariance of one curve's residual by lag, tapered to zero (Bartlett), shape (n,).

    The taper ends at Andrews' bandwidth for a first-order process, 1.1447 (4ρ²/(1 − ρ²)² n)^{1/3} (Econometrica 59 (1991) 817,
    DOI 10.2307/2938229), ρ the correlation of neighbours. The mean of the residual counts as deviation.
    """
    n = residual.size
    variance = float(residual @ residual) / n
    found = np.zeros(n)
    found[0] = variance
    if variance == 0.0 or n < 4:
        return found
    neighbour = float(np.clip(residual[1:] @ residual[:-1] / (n * variance), -0.97, 0.97))
    width = 1.1447 * (4.0 * neighbour**2 / (1.0 - neighbour**2) ** 2 * n) ** (1.0 / 3.0)
    for lag in range(1, min(int(np.ceil(width)), n // 2)):
        found[lag] = (1.0 - lag / width) * float(residual[lag:] @ residual[:-lag]) / n
    return found


def effective_points(residual: Array) -> float:
    """Number of independent points that one curve's residual is worth: n γ₀ / (γ₀ + 2 Σ γ_l), from 1 to n."""
    covariance = autocovariance(residual)
    if covariance[0] == 0.0:
        return float(residual.size)
    return float(
        np.clip(residual.size * covariance[0] / max(covariance[0] + 2.0 * covariance[1:].sum(), 1e-300), 1.0, residual.size)
    )


def covariance_of_fit(jacobian: Array, residuals: Array, lengths: Sequence[int]) -> Array:
    r"""Covariance of least-squares parameters, shape (p, p).

    Two estimates are made. Along each curve, with H = JᵀJ and Γ_c the autocovariance of its residual (`autocovariance`),

    C_w = H⁻¹ (Σ_c J_cᵀ Γ_c J_c) H⁻¹ · N/(N − p).

    From curve to curve, by the jackknife: without curve c the parameters shift by δ_c = (H − J_cᵀJ_c)⁻¹ J_cᵀ r_c, one step of
    Gauss and Newton, and

    C_b = t² (m − 1)/m Σ_c δ_c δ_cᵀ,

    with m curves and t the 84 % point of Student's distribution with m − 1 degrees of freedom, so that ± one standard error
    covers 68 %. C_b sees what every point of a curve shares (mass, baseline, calibration of temperature); C_w what C_b cannot
    tell from a few curves. In each direction the larger of them counts: with C_w = L Lᵀ the eigenvalues of L⁻¹ C_b L⁻ᵀ below
    1 are set to 1. One curve alone, or curves without which nothing is determined, leave C_w.

    Parameters
    ----------
    jacobian : ndarray, shape (N, p)
        In a scale in which JᵀJ is well conditioned.
    residuals : ndarray, shape (N,)
    lengths : sequence of int
        Points of each curve, one after the other.
    """
    from scipy.linalg import toeplitz
    from scipy.special import stdtrit

    count, parameters = jacobian.shape
    ends = np.cumsum([0, *lengths])
    parts = [slice(low, high) for low, high in pairwise(ends)]
    normal = jacobian.T @ jacobian
    inverse = np.linalg.inv(normal)
    middle = np.zeros((parameters, parameters))
    for part in parts:
        middle += jacobian[part].T @ toeplitz(autocovariance(residuals[part])) @ jacobian[part]
    within = inverse @ middle @ inverse * count / max(count - parameters, 1)
    within = 0.5 * (within + within.T)
    curves = len(parts)
    if curves < 2 or not residuals.any():
        return np.asarray(within)
    shifts = []
    for part in parts:
        others = normal - jacobian[part].T @ jacobian[part]
        if np.linalg.cond(others) > 1e12:
            return np.asarray(within)
        shifts.append(np.linalg.solve(others, jacobian[part].T @ residuals[part]))
    scale = stdtrit(curves - 1, 0.8413447460685429) * np.sqrt((curves - 1) / curves)
    return _larger(within, scale * np.array(shifts).T)


def widened_by_parts(within: Array, jacobian: Array, residuals: Array, parts: Sequence[NDArray[np.int64]]) -> Array:
    r"""A covariance widened by what a model misses, which is alike over parts of one curve and differs from part to part.

    With the hat matrix of a part, P_c = J_c H⁻¹ J_cᵀ,

    C_b = t² Σ_c δ_c δ_cᵀ,   δ_c = H⁻¹ J_cᵀ (1 − P_c)^{-1/2} r_c,

    the covariance for residuals correlated in any way within each part (R. M. Bell and D. F. McCaffrey, Survey Methodology 28
    (2002) 169), t as in `covariance_of_fit`; in each direction the larger of the two counts. What the model misses everywhere in
    the way in which a parameter would change the curve shows in no residual.

    Parameters
    ----------
    within : ndarray, shape (p, p)
    jacobian, residuals : ndarray, shape (N, p), (N,)
        In a scale in which JᵀJ is well conditioned.
    parts : sequence of ndarray of int
        Rows of each part.
    """
    from scipy.special import stdtrit

    if len(parts) < 2 or not residuals.any():
        return within
    inverse = np.linalg.inv(jacobian.T @ jacobian)
    shifts = []
    for part in parts:
        own = jacobian[part]
        left, direction = np.linalg.eigh(np.eye(part.size) - own @ inverse @ own.T)
        adjusted = direction @ ((direction.T @ residuals[part]) / np.sqrt(np.maximum(left, 1e-3)))
        shifts.append(inverse @ (own.T @ adjusted))
    return _larger(within, float(stdtrit(len(parts) - 1, 0.8413447460685429)) * np.array(shifts).T)


def _larger(within: Array, spread: Array) -> Array:
    """In each direction the larger of a covariance and of the sum of the outer products of `spread`'s columns."""
    from scipy.linalg import solve_triangular

    factor = np.linalg.cholesky(within)
    values, vectors = np.linalg.eigh(_outer(solve_triangular(factor, spread, lower=True)))
    return _outer(factor @ vectors @ np.diag(np.sqrt(np.maximum(values, 1.0))))


def _outer(matrix: Array) -> Array:
    return np.asarray(matrix @ matrix.T)


def covariance_at_minimum(jacobian: Array, variance: float) -> Array:
    """Covariance σ² (JᵀJ)⁻¹ of least-squares parameters, shape (p, p), from J of residuals whose variance is `variance`.

    Parameters that the data do not tell, alone or only together with others, have an infinite variance.
    """
    size = np.linalg.norm(jacobian, axis=0)
    is_seen = size > 1e-7 * size.max(initial=1e-150)
    scale = np.where(is_seen, size, 1.0)
    strength, direction = np.linalg.eigh((jacobian / scale).T @ (jacobian / scale))
    lost = strength < 1e-13
    kept = direction[:, ~lost]
    covariance = variance * (kept / strength[~lost]) @ kept.T / np.outer(scale, scale)
    loose = ~is_seen | np.any(np.abs(direction[:, lost]) > 1e-6, axis=1)
    covariance[loose, loose] = np.inf
    return np.asarray(covariance, dtype=np.float64)
