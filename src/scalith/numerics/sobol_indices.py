"""First-order and total sensitivity indices from pairs of members, or from what stands for the model."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from scalith.numerics.gaussian_process import GaussianProcess, fit_gaussian_process
from scalith.numerics.polynomial_chaos import Marginal, PolynomialChaos, fit_polynomial

Array = NDArray[np.float64]
Method = Literal["pairs", "polynomial", "gaussian process"]
_GROUPS = 20
"""Parts of the sample that the jackknife leaves out in turn."""


class SobolIndices(NamedTuple):
    """Shares of the variance of an output.

    Attributes
    ----------
    first_order, total : dict of str to float
        S = Var(E[y | input])/Var(y), what an input does alone, and S_T = 1 − Var(E[y | all others])/Var(y), with all that it
        takes part in.
    first_order_error, total_error : dict of str to float
        Standard errors.
    left : float
        Share that the inputs do not explain: noise, and what a surrogate does not reach; 0 from pairs.
    method : {"pairs", "polynomial", "gaussian process"}
    """

    first_order: dict[str, float]
    total: dict[str, float]
    first_order_error: dict[str, float]
    total_error: dict[str, float]
    left: float
    method: Method


def indices_of_pairs(first: Array, second: Array, mixed: Mapping[str, Array]) -> SobolIndices:
    r"""Indices from two independent samples A, B and, for each input i, A with the values of i from B.

    .. math::

        S_i = \frac{\langle f_B\,(f_{A_B^i} - f_A)\rangle}{V}, \qquad
        S_{T,i} = \frac{\langle (f_A - f_{A_B^i})^2\rangle}{2V}

    with f less its mean, and V the variance over A and B. An input may be a group of numbers, or the seed of what is drawn.
    (k + 2) runs a member for k inputs. Standard errors are those of a jackknife that leaves out a twentieth of the members in
    turn; of a low-discrepancy sample they are too large.

    Parameters
    ----------
    first, second : ndarray, shape (n,)
        Outputs of A and of B.
    mixed : mapping of str to ndarray, shape (n,)

    Returns
    -------
    SobolIndices
        NaN where the output does not vary.

    References
    ----------
    A. Saltelli et al., Comput. Phys. Commun. 181 (2010) 259, DOI 10.1016/j.cpc.2009.09.018; M. J. W. Jansen, ibid. 117 (1999) 35,
    DOI 10.1016/S0010-4655(98)00154-4.
    """
    f_a, f_b = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    f_mixed = np.stack([np.asarray(values, dtype=np.float64) for values in mixed.values()])

    def found(rows: NDArray[np.intp]) -> Array:
        return _from_pairs(f_a[rows], f_b[rows], f_mixed[:, rows])[0]

    return _with_errors(list(mixed), f_a.size, found, 0.0, "pairs")


def polynomial_indices(
    inputs: Mapping[str, Array], output: Array, *, marginal: Marginal = "normal", degree: int = 8
) -> SobolIndices:
    r"""Indices of a polynomial that is fitted to one sample (`scalith.numerics.polynomial_chaos.fit_polynomial`).

    Its terms are orthonormal over the inputs' distribution, so that variances are sums of squares of its coefficients: S_i over
    terms of input i alone, S_T over all in which i stands, both over those of the polynomial and the variance that it leaves.

    Parameters
    ----------
    inputs : mapping of str to ndarray, shape (n,) or (n, k)
        Independent columns; an input with several counts as a whole.
    output : ndarray, shape (n,)
    marginal : {"normal", "uniform"}
        Of every column: standard normal, or uniform over −1 … 1.
    degree : int
        Highest degree that is tried.

    Returns
    -------
    SobolIndices
        NaN where the output does not vary.

    References
    ----------
    B. Sudret, Reliab. Eng. Syst. Safety 93 (2008) 964, DOI 10.1016/j.ress.2007.04.002.
    """
    columns, owner, y = _columns_of(inputs, output)
    if not np.var(y) > 0.0:
        return _nothing(inputs, "polynomial")
    whole = fit_polynomial(columns, y, marginal=marginal, degree=degree)

    def found(rows: NDArray[np.intp]) -> Array:
        return _shares(whole.refitted(columns[rows], y[rows]), owner, len(inputs))[0]

    return _with_errors(list(inputs), y.size, found, _shares(whole, owner, len(inputs))[1], "polynomial")


def gaussian_process_indices(
    inputs: Mapping[str, Array], output: Array, *, marginal: Marginal = "normal", points: int = 2048
) -> SobolIndices:
    """Indices of a Gaussian process that is fitted to one sample (`scalith.numerics.gaussian_process`).

    For a model that no polynomial of few terms follows.

    The process is asked at pairs of points of a Sobol' sequence (`indices_of_pairs`). What members that are left out in turn are
    missed by counts as left, as with a polynomial; errors are those of a jackknife of the members.

    Parameters
    ----------
    inputs, output, marginal
        As in `polynomial_indices`.
    points : int
        Pairs, a power of two.

    Returns
    -------
    SobolIndices
        NaN where the output does not vary.
    """
    from scipy.special import ndtri
    from scipy.stats import qmc

    columns, owner, y = _columns_of(inputs, output)
    if not np.var(y) > 0.0:
        return _nothing(inputs, "gaussian process")
    u = np.clip(qmc.Sobol(2 * owner.size, seed=0).random(points), 1e-12, 1.0 - 1e-12)
    plan = ndtri(u) if marginal == "normal" else 2.0 * u - 1.0
    first, second = plan[:, : owner.size], plan[:, owner.size :]
    mixed = [np.where(owner == k, second, first) for k in range(len(inputs))]
    whole = fit_gaussian_process(columns, y)
    missed = float(np.mean(np.square(whole.left_out()[0])))

    def divided(fit: GaussianProcess) -> tuple[Array, float]:
        return _from_pairs(fit(first), fit(second), np.stack([fit(one) for one in mixed]), missed)

    def found(rows: NDArray[np.intp]) -> Array:
        return shares if rows.size == y.size else divided(whole.refitted(columns[rows], y[rows]))[0]

    shares, variance = divided(whole)
    return _with_errors(list(inputs), y.size, found, missed / variance, "gaussian process")


def _columns_of(inputs: Mapping[str, Array], output: Array) -> tuple[Array, NDArray[np.int64], Array]:
    """Columns of all inputs, which input each belongs to, and the output."""
    tables = [np.asarray(values, dtype=np.float64).reshape(len(output), -1) for values in inputs.values()]
    owner = np.repeat(np.arange(len(tables)), [table.shape[1] for table in tables])
    return np.concatenate(tables, axis=1), owner, np.asarray(output, dtype=np.float64)


def _nothing(inputs: Mapping[str, Array], method: Method) -> SobolIndices:
    unknown = dict.fromkeys(inputs, float("nan"))
    return SobolIndices(unknown, unknown, unknown, unknown, float("nan"), method)


def _from_pairs(a: Array, b: Array, ab: Array, missed: float = 0.0) -> tuple[Array, float]:
    """Indices of each input after Saltelli and Jansen, shape (2, inputs), and the variance, in which `missed` counts."""
    both = np.concatenate([a, b])
    variance = float(both.var()) + missed
    if not variance > 0.0:
        return np.full((2, len(ab)), np.nan), variance
    centred = b - both.mean()
    return np.stack([((ab - a) * centred).mean(axis=1), 0.5 * np.square(a - ab).mean(axis=1)]) / variance, variance


def _shares(fit: PolynomialChaos, owner: NDArray[np.int64], count: int) -> tuple[Array, float]:
    """Indices of each input, shape (2, inputs), and the share that is left."""
    squares, members = np.square(fit.coefficients[1:]), fit.exponents[1:] > 0
    stands = np.array([[bool(np.any(row[owner == k])) for k in range(count)] for row in members], dtype=bool).reshape(-1, count)
    alone = stands & (stands.sum(axis=1) == 1)[:, None]
    variance = float(squares.sum()) + fit.left_variance
    return np.stack([squares @ alone, squares @ stands]) / variance, fit.left_variance / variance


def _with_errors(
    names: list[str],
    size: int,
    found: Callable[[NDArray[np.intp]], Array],
    left: float,
    method: Method,
) -> SobolIndices:
    """What `found` gives of all rows, with the errors of a jackknife."""
    groups = min(_GROUPS, size)
    part = np.arange(size) % groups
    first, total = found(np.arange(size))
    without = np.stack([found(np.flatnonzero(part != g)) for g in range(groups)])
    error = np.sqrt((groups - 1) / groups * np.square(without - without.mean(axis=0)).sum(axis=0))
    rows = [dict(zip(names, map(float, row), strict=True)) for row in (first, total, *error)]
    return SobolIndices(rows[0], rows[1], rows[2], rows[3], left, method)
