"""A Gaussian process in place of a costly model: smooth between members, with the error of what is between them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
_LEAST_NOISE = 1e-5
"""Standard deviation of the noise, relative to that of the output, that a model without noise is given: for rounding."""
_SEARCH = {"ftol": 1e-5, "maxiter": 60}
_ONE_LENGTH = 4
"""Members for each column below which all columns share one length."""


@dataclass(frozen=True, eq=False)
class GaussianProcess:
    r"""y(x) normal with the covariance :math:`a^2 x\cdot x' + s^2 e^{-\sum_j (x_j - x'_j)^2/2\ell_j^2} + \tau^2\delta`, x and y
    less their means and over their standard deviations.

    Attributes
    ----------
    points : ndarray, shape (n, k)
        Columns of the members, scaled.
    weights : ndarray, shape (n,)
        K⁻¹y.
    root : ndarray, shape (n, n)
        Lower Cholesky factor of K.
    slope, size, noise : float
        a, s and τ.
    lengths : ndarray, shape (k,)
    centre, width : ndarray, shape (k,)
        By which columns were scaled.
    mean, deviation : float
        By which the output was.
    """

    points: Array
    weights: Array
    root: Array
    slope: float
    size: float
    noise: float
    lengths: Array
    centre: Array
    width: Array
    mean: float
    deviation: float

    def __call__(self, columns: Array) -> Array:
        """Expected values, shape (n,)."""
        return self.mean + self.deviation * (self._covariance(columns) @ self.weights)

    def error(self, columns: Array) -> Array:
        """Standard deviation of a further member about them, its noise counted, shape (n,)."""
        from scipy.linalg import solve_triangular

        x = (np.asarray(columns, dtype=np.float64) - self.centre) / self.width
        own = self.slope**2 * np.square(x).sum(axis=1) + self.size**2 + self.noise**2
        known = np.square(solve_triangular(self.root, self._covariance(columns).T, lower=True)).sum(axis=0)
        return np.asarray(self.deviation * np.sqrt(np.maximum(own - known, 0.0)))

    def left_out(self) -> tuple[Array, Array]:
        """Each member less what the others foretell of it, and the standard deviation that they state, shapes (n,)."""
        from scipy.linalg import cho_solve

        inverse = np.diagonal(cho_solve((self.root, True), np.eye(len(self.root))))
        return self.deviation * self.weights / inverse, self.deviation / np.sqrt(inverse)

    def refitted(self, columns: Array, output: Array) -> GaussianProcess:
        """The same covariance of other members."""
        settings = (self.slope, self.size, self.noise, self.lengths, self.centre, self.width, self.mean, self.deviation)
        return _of_members((np.asarray(columns, dtype=np.float64) - self.centre) / self.width, output, *settings)

    def _covariance(self, columns: Array) -> Array:
        """With the members, shape (n, members)."""
        x = (np.asarray(columns, dtype=np.float64) - self.centre) / self.width
        one, other = x / self.lengths, self.points / self.lengths
        squares = np.square(one).sum(axis=1)[:, None] + np.square(other).sum(axis=1) - 2.0 * one @ other.T
        return np.asarray(self.slope**2 * x @ self.points.T + self.size**2 * np.exp(-0.5 * np.maximum(squares, 0.0)))


def fit_gaussian_process(columns: Array, output: Array) -> GaussianProcess:
    r"""Fit a Gaussian process to members: its slope, size, noise and lengths have the greatest posterior density.

    The likelihood is that of the members with the process integrated out; the logarithms of a, s and τ are normal about those
    of 0.5, 1 and 0.1 beforehand with the deviation 2, of the lengths about √k, with the deviation 1. Where members are fewer
    than four times the columns all columns share one length.

    Parameters
    ----------
    columns : ndarray, shape (n, k)
        Numbers that the members were made with.
    output : ndarray, shape (n,)

    References
    ----------
    C. E. Rasmussen, C. K. I. Williams, Gaussian Processes for Machine Learning, MIT Press 2006, sections 5.4.1 and 5.4.2.
    """
    from scipy.optimize import minimize

    x, y = np.asarray(columns, dtype=np.float64), np.asarray(output, dtype=np.float64)
    n, k = x.shape
    centre, width = x.mean(axis=0), x.std(axis=0)
    width = np.where(width > 0.0, width, 1.0)
    mean, deviation = float(y.mean()), float(y.std())
    if not deviation > 1e-14 * abs(mean):  # all alike
        return _of_members((x - centre) / width, y, 0.0, 0.0, 1.0, np.ones(k), centre, width, mean, max(abs(mean), 1.0) * 1e-14)
    x, scaled = (x - centre) / width, (y - mean) / deviation
    apart = np.square(x[:, None] - x).transpose(2, 0, 1)
    if n < _ONE_LENGTH * k:
        apart = apart.sum(axis=0, keepdims=True)
    linear = x @ x.T
    expected = np.concatenate([np.log([0.5, 1.0, 0.1]), np.full(len(apart), 0.5 * np.log(k))])
    spread = np.concatenate([np.full(3, 2.0), np.ones(len(apart))])
    limits = [(-10.0, 5.0), (-10.0, 5.0), (float(np.log(_LEAST_NOISE)), 1.0), *[(-4.0, 8.0)] * len(apart)]

    def cost(place: Array) -> tuple[float, Array]:
        """−ln of the posterior density, and its derivatives."""
        from scipy.linalg import cho_factor, cho_solve

        slope, size, noise = np.exp(2.0 * place[:3])
        scaled_apart = apart * np.exp(-2.0 * place[3:])[:, None, None]
        smooth = size * np.exp(-0.5 * scaled_apart.sum(axis=0))
        try:
            root = cho_factor(slope * linear + smooth + noise * np.eye(n), lower=True, check_finite=False)
        except np.linalg.LinAlgError:  # at a corner where rounding outweighs the noise: no place to go
            return 1e25, np.zeros_like(place)
        weights = cho_solve(root, scaled)
        change = cho_solve(root, np.eye(n)) - np.outer(weights, weights)
        by = [slope * np.sum(change * linear), np.sum(change * smooth), noise * np.trace(change)]
        along = 0.5 * np.einsum("ij,kij->k", change * smooth, scaled_apart)
        off = (place - expected) / spread
        found = 0.5 * scaled @ weights + np.log(np.diagonal(root[0])).sum() + 0.5 * off @ off
        return float(found), np.concatenate([by, along]) + off / spread

    starts = [expected, expected - np.concatenate([[0.0, 0.0, 4.0], np.full(len(apart), 0.7)])]
    ended = [minimize(cost, one, jac=True, method="L-BFGS-B", bounds=limits, options=_SEARCH) for one in starts]
    found = min(ended, key=lambda one: one.fun)
    slope, size, noise, *lengths = map(float, np.exp(found.x))
    return _of_members(x, y, slope, size, noise, np.resize(lengths, k), centre, width, mean, deviation)


def _of_members(
    x: Array,
    y: Array,
    slope: float,
    size: float,
    noise: float,
    lengths: Array,
    centre: Array,
    width: Array,
    mean: float,
    deviation: float,
) -> GaussianProcess:
    from scipy.linalg import cho_solve, cholesky

    one = x / lengths
    squares = np.square(one).sum(axis=1)
    apart = np.maximum(squares[:, None] + squares - 2.0 * one @ one.T, 0.0)
    covariance = slope**2 * x @ x.T + size**2 * np.exp(-0.5 * apart) + noise**2 * np.eye(len(x))
    root = cholesky(covariance, lower=True)
    weights = cho_solve((root, True), (y - mean) / deviation)
    return GaussianProcess(x, weights, root, slope, size, noise, lengths, centre, width, mean, deviation)
