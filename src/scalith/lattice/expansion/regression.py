"""Linear regression of energies on cluster vectors: ridge, automatic relevance determination, full Bayesian.

All methods share one model: y = A w + noise of standard deviation s, and a Gaussian prior of precision p_k on each weight
(zero for the constant and the points, which are never shrunk). The posterior of w is Gaussian with

    mean (AᵀA + s² P)⁻¹ Aᵀ y,   covariance s² (AᵀA + s² P)⁻¹.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

from scalith.quantities import InputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

Method = Literal["ridge", "ard", "bayesian"]

PENALTIES = np.concatenate([[1e-14], np.logspace(-10, 3, 66)])
"""Ridge penalties that are compared (in the design matrix's own units)."""


class Regression(NamedTuple):
    """A fit.

    Attributes
    ----------
    weights : ndarray, shape (columns,)
    covariance : ndarray, shape (columns, columns)
        Of the posterior; for ``bayesian`` with the uncertainty of penalty and noise mixed in.
    noise : float
        Standard deviation of the residual that the model takes as noise.
    leave_one_out : ndarray, shape (rows,)
        Prediction error of each row by the fit without it.
    penalties : ndarray, shape (columns,)
        Ridge penalty s² p_k of each weight.
    prior : ndarray, shape (columns,)
        Penalties of the covariance: those, or for ``ridge`` no less than s²/⟨w²⟩. What the rows do not decide is then as large as
        the other weights are, where the penalty that predicts best says nothing of it.
    """

    weights: NDArray[np.float64]
    covariance: NDArray[np.float64]
    noise: float
    leave_one_out: NDArray[np.float64]
    penalties: NDArray[np.float64]
    prior: NDArray[np.float64]


def fit(
    A: NDArray[np.float64],
    y: NDArray[np.float64],
    shrunk: NDArray[np.bool_],
    method: Method = "ridge",
    importance: NDArray[np.float64] | None = None,
) -> Regression:
    """Fit weights.

    Parameters
    ----------
    A : ndarray, shape (rows, columns)
    y : ndarray, shape (rows,)
    shrunk : ndarray of bool, shape (columns,)
        Weights with a prior around zero.
    method : {"ridge", "ard", "bayesian"}
        ``ridge``: one penalty, with the least leave-one-out error. ``ard``: one penalty a weight by evidence
        maximisation (MacKay 1992, DOI 10.1162/neco.1992.4.3.415); weights without evidence vanish. ``bayesian``: average
        over penalty and noise with their posterior under scale-free priors.
    importance : ndarray, shape (rows,), optional
        The noise of a row is s divided by this.

    Raises
    ------
    InputError
        Unknown method, or fewer rows than unshrunk weights.
    """
    rows = len(y)
    if rows <= int(np.sum(~shrunk)):
        raise InputError("cluster expansion", "orderings", f"{rows} energies", f"more than {int(np.sum(~shrunk))}")
    if importance is not None:
        found = fit(A * importance[:, None], y * importance, shrunk, method)
        return found._replace(leave_one_out=found.leave_one_out / importance)
    if method == "ridge":
        scores = [np.mean(_leave_one_out(A, y, _penalties(shrunk, value)) ** 2) for value in PENALTIES]
        return _with_prior(_posterior(A, y, _penalties(shrunk, PENALTIES[int(np.argmin(scores))])), A, shrunk)
    if method == "ard":
        return _automatic_relevance(A, y, shrunk)
    if method == "bayesian":
        return _bayesian(A, y, shrunk)
    raise InputError("cluster expansion", "method", method, "one of 'ridge', 'ard', 'bayesian'")


def _penalties(shrunk: NDArray[np.bool_], value: float) -> NDArray[np.float64]:
    return np.where(shrunk, value, 0.0)


def _solve(A: NDArray[np.float64], penalties: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Matrix W with w = W y, and (AᵀA + P)⁻¹, by a QR factorisation of the augmented rows: exact fits stay exact."""
    augmented = np.vstack([A, np.diag(np.sqrt(penalties))])
    q, r = np.linalg.qr(augmented)
    # Columns that neither data nor penalty decide (r_kk = 0) get weight 0.
    inverse = np.linalg.pinv(r, rcond=1e-13)
    return inverse @ q[: len(A)].T, inverse @ inverse.T


def _leave_one_out(A: NDArray[np.float64], y: NDArray[np.float64], penalties: NDArray[np.float64]) -> NDArray[np.float64]:
    operator, _ = _solve(A, penalties)
    hat = A @ operator
    free = 1.0 - np.diag(hat)
    residual = y - hat @ y
    # A row that alone decides a weight (hat = 1) cannot be predicted by the others.
    found = residual / np.maximum(free, 1e-9)
    for row in np.flatnonzero(free <= 1e-9):
        found[row] = _unpredicted(A, y, penalties, np.array([row]))[0]
    return np.asarray(found)


def _unpredicted(
    A: NDArray[np.float64], y: NDArray[np.float64], penalties: NDArray[np.float64], own: NDArray[np.intp]
) -> NDArray[np.float64]:
    """Errors of rows that alone decide a weight: what constant and points (no prior) leave of them, fitted to the others.

    So they count how much interactions matter, and not from where energies are counted. Where the others do not tell the points
    either, the largest deviation from the mean.
    """
    points, others = A[:, penalties == 0.0], np.setdiff1d(np.arange(len(y)), own)
    if points.shape[1] and decide_points(points[others], points):
        return np.asarray(y[own] - points[own] @ np.linalg.lstsq(points[others], y[others], rcond=None)[0])
    return np.full(len(own), np.abs(y - y.mean()).max())


def decide_points(some: NDArray[np.float64], every: NDArray[np.float64]) -> bool:
    """Whether some rows tell as many of the weights without a prior as all rows do."""
    return bool(np.linalg.matrix_rank(some) == np.linalg.matrix_rank(every))


def _posterior(
    A: NDArray[np.float64], y: NDArray[np.float64], penalties: NDArray[np.float64], noise: float | None = None
) -> Regression:
    operator, inverse = _solve(A, penalties)
    weights = operator @ y
    residual = y - A @ weights
    if noise is None:
        used = float(np.trace(A @ operator))
        noise = float(np.sqrt(np.sum(residual**2) / max(len(y) - used, 1.0)))
    return Regression(weights, noise**2 * inverse, noise, _leave_one_out(A, y, penalties), penalties, penalties)


def _with_prior(found: Regression, A: NDArray[np.float64], shrunk: NDArray[np.bool_]) -> Regression:
    size = float(np.mean(found.weights[shrunk] ** 2)) if shrunk.any() else 0.0
    if not size > 0.0:
        return found
    prior = np.maximum(found.penalties, _penalties(shrunk, found.noise**2 / size))
    return found._replace(covariance=found.noise**2 * _solve(A, prior)[1], prior=prior)


def _automatic_relevance(A: NDArray[np.float64], y: NDArray[np.float64], shrunk: NDArray[np.bool_]) -> Regression:
    start = fit(A, y, shrunk, "ridge")
    noise2 = max(start.noise**2, 1e-24)
    precision = np.where(shrunk, 1.0 / np.maximum(start.weights**2, 1e-16), 0.0)
    for _ in range(500):
        operator, inverse = _solve(A, noise2 * precision)
        weights = operator @ y
        decided = 1.0 - noise2 * precision * np.diag(inverse)  # how far the data fix each weight: 0 … 1
        updated = np.where(shrunk, np.clip(decided / np.maximum(weights**2, 1e-30), 0.0, 1e14), 0.0)
        noise2 = max(float(np.sum((y - A @ weights) ** 2) / max(len(y) - float(np.sum(decided)), 1.0)), 1e-24)
        settled = np.max(np.abs(np.log1p(updated) - np.log1p(precision))) < 1e-6
        precision = updated
        if settled:
            break
    return _posterior(A, y, noise2 * precision, float(np.sqrt(noise2)))


def _bayesian(A: NDArray[np.float64], y: NDArray[np.float64], shrunk: NDArray[np.bool_]) -> Regression:
    """Weights averaged over the penalty λ with p(λ | y), the noise integrated out (p(w | y, λ) is Student's t).

    With flat priors on the unshrunk weights, log λ and log s, p(λ|y) ∝ λ^(k/2) |AᵀA + λP|^(−1/2) (R/2)^(−ν/2), where
    k weights are shrunk, ν = rows − unshrunk weights (that the rows tell apart) and R is the penalised residual.
    """
    degrees = len(y) - int(np.linalg.matrix_rank(A[:, ~shrunk]))
    logs, means, seconds = [], [], []
    grid = np.logspace(-11, 3, 57)
    for value in grid:
        penalties = _penalties(shrunk, value)
        augmented = np.vstack([A, np.diag(np.sqrt(penalties))])
        operator, inverse = _solve(A, penalties)
        weights = operator @ y
        misfit = float(np.sum((y - A @ weights) ** 2) + np.sum(penalties * weights**2))
        # Directions that neither data nor penalty decide (point functions of ions and of their electrons) are there at any λ.
        singular = np.linalg.svd(augmented, compute_uv=False)
        logdet = 2.0 * float(np.sum(np.log(singular[singular > 1e-13 * singular[0]])))
        logs.append(0.5 * np.sum(shrunk) * np.log(value) - 0.5 * logdet - 0.5 * degrees * np.log(max(misfit, 1e-300)))
        variance = misfit / max(degrees - 2, 1)
        means.append(weights)
        seconds.append((variance, inverse))
    share = np.exp(np.array(logs) - np.max(logs))
    share /= share.sum()
    mean = np.einsum("g,gk->k", share, np.array(means))
    spread = np.array(means) - mean
    covariance = sum(s * (v * inverse + np.outer(d, d)) for s, (v, inverse), d in zip(share, seconds, spread, strict=True))
    noise = float(np.sqrt(sum(s * v for s, (v, _) in zip(share, seconds, strict=True))))
    typical = _penalties(shrunk, float(np.exp(np.sum(share * np.log(grid)))))
    return Regression(mean, np.asarray(covariance), noise, _leave_one_out(A, y, typical), typical, typical)


def grouped_errors(
    A: NDArray[np.float64], y: NDArray[np.float64], penalties: NDArray[np.float64], groups: NDArray[np.generic]
) -> NDArray[np.float64]:
    """Prediction error of each row by the fit without its whole group: (1 − H_GG)⁻¹ r_G with the hat matrix H and residuals r.

    Rows of a group that alone decides a weight cannot be predicted by the others: their error is what constant and points leave.
    """
    operator, _ = _solve(A, penalties)
    hat = A @ operator
    residual = y - hat @ y
    errors = np.empty(len(y))
    for group in np.unique(groups):
        own = np.flatnonzero(groups == group)
        left = np.eye(len(own)) - hat[np.ix_(own, own)]
        decided = float(np.linalg.svd(left, compute_uv=False).min()) > 1e-9
        errors[own] = np.linalg.solve(left, residual[own]) if decided else _unpredicted(A, y, penalties, own)
    return errors
