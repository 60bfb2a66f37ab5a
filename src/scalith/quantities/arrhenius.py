"""Thermally activated coefficients: how an activation energy changes them with temperature, and the line through known ones."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from scalith.quantities.constants import GAS_CONSTANT
from scalith.quantities.errors import InputError
from scalith.quantities.uncertain import deviation_of_log, log_of_deviation

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


def arrhenius_factor(energy: float, T: float, reference: float) -> float:
    r"""What a thermally activated coefficient at T is, over that at the reference temperature.

    .. math::

        \exp\left[\frac{E}{R}\left(\frac{1}{T_0}-\frac{1}{T}\right)\right]

    Parameters
    ----------
    energy : float
        Activation energy E, J mol-1.
    T, reference : float
        K.

    Returns
    -------
    float
    """
    return math.exp(energy / GAS_CONSTANT * (1.0 / reference - 1.0 / T))


class ArrheniusFit(NamedTuple):
    """The line ln v = ln v₀ − E/RT through a coefficient at several temperatures.

    Attributes
    ----------
    energy : float
        E, J mol-1.
    logarithm : float
        ln v₀.
    covariance : ndarray, shape (2, 2)
        Of the energy and the logarithm.
    misfit : float
        Root mean square distance of ln v from the line in its errors; with two temperatures 0, or NaN without errors.
    """

    energy: float
    logarithm: float
    covariance: NDArray[np.float64]
    misfit: float

    def at(self, temperatures: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        r"""Coefficient on the line at other temperatures (K) and its standard error.

        ln v has the variance gᵀ C g with g = (−1/RT, 1): errors grow with the distance from the temperatures of the fit.
        """
        slopes = np.stack([-1.0 / (GAS_CONSTANT * np.asarray(temperatures, dtype=np.float64)), np.ones(np.shape(temperatures))])
        values = np.exp(self.energy * slopes[0] + self.logarithm)
        deviation = np.sqrt(np.einsum("i...,ij,j...->...", slopes, self.covariance, slopes))
        return values, values * deviation_of_log(deviation)


def fit_arrhenius(temperatures: ArrayLike, values: ArrayLike, standard_error: ArrayLike | None = None) -> ArrheniusFit:
    """Least squares of ln v against 1/T, weighted with the errors of ln v where they are known.

    The covariance follows from these errors, widened where the points scatter more about the line than their own errors say;
    without errors it follows from that scatter alone.

    Parameters
    ----------
    temperatures : array_like
        K, two or more.
    values : array_like
        Positive.
    standard_error : array_like, optional
        Of `values`, which are log-normal; where one is zero, it counts as the largest.

    Raises
    ------
    InputError
        One temperature only, or a value that is not positive.
    """
    T, known = np.asarray(temperatures, dtype=np.float64), np.asarray(values, dtype=np.float64)
    if np.unique(T).size < 2 or known.shape != T.shape or not np.all(known > 0.0):
        found = f"{np.unique(T).size} temperatures, least value {known.min():g}"
        raise InputError("fit_arrhenius", "values", found, "positive values at two temperatures at least")
    deviation = np.ones(T.shape)
    if standard_error is not None:
        deviation = log_of_deviation(np.asarray(standard_error, dtype=np.float64) / known)
        deviation = np.where(deviation > 0.0, deviation, max(float(deviation.max()), 1e-12))
    weighted = np.stack([-1.0 / (GAS_CONSTANT * T), np.ones(T.shape)], axis=1) / deviation[:, None]
    target = np.log(known) / deviation
    covariance = np.linalg.inv(weighted.T @ weighted)
    energy, logarithm = covariance @ (weighted.T @ target)
    misfit = 0.0 if standard_error is not None else float("nan")  # two points lie on their line: nothing tells its error
    if T.size > 2:
        residual = target - weighted @ np.array([energy, logarithm])
        misfit = float(np.sqrt(residual @ residual / (T.size - 2)))
    # Without errors of their own the scatter of the points is all that is known.
    spread = misfit if standard_error is None else max(1.0, misfit)
    return ArrheniusFit(float(energy), float(logarithm), np.asarray(spread**2 * covariance, dtype=np.float64), misfit)
