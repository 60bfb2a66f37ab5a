"""Averages of correlated series, each with its error: burn-in and statistical inefficiency found from the series itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


ROUND_OFF = 1e-12
"""Share of its values within which a series did not change: running sums do not come back to the last digit."""


class Average(NamedTuple):
    """Mean of a correlated series.

    Attributes
    ----------
    mean, error : float
        And its standard error.
    burn_in : int
        Samples left out at the start.
    inefficiency : float
        Samples that count as one independent sample, g = 1 + 2 Σ_t C(t).
    """

    mean: float
    error: float
    burn_in: int
    inefficiency: float


def statistical_inefficiency(series: NDArray[np.float64]) -> float:
    """Samples that count as one: 1 + 2 Σ C(t), summed up to the first pair of lags with a negative sum.

    Geyer's initial positive sequence (DOI 10.1214/ss/1177011137).
    """
    n = len(series)
    deviation = series - series.mean()
    variance = float(deviation @ deviation) / n
    if n < 4 or variance <= 1e-30 * max(1.0, float(np.mean(series)) ** 2):
        return 1.0
    size = 1 << (2 * n - 1).bit_length()
    spectrum = np.fft.rfft(deviation, size)
    correlation = np.fft.irfft(np.abs(spectrum) ** 2, size)[:n] / (n * variance)
    pairs = correlation[: n - n % 2].reshape(-1, 2).sum(axis=1)
    negative = np.flatnonzero(pairs <= 0.0)
    last = int(negative[0]) if len(negative) else len(pairs)
    return max(1.0, float(2.0 * pairs[:last].sum() - 1.0))


def burn_in(series: NDArray[np.float64]) -> int:
    """Samples to leave out so that most independent samples remain (Chodera 2016, DOI 10.1021/acs.jctc.5b00784).

    At least five and a twentieth: one far first sample looks like uncorrelated noise and would be kept.
    """
    n = len(series)
    starts = sorted({min(max(int(n * share), 5), n // 2) for share in (0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5)})
    effective = [(n - start) / statistical_inefficiency(series[start:]) for start in starts]
    return starts[int(np.argmax(effective))]


def average(series: NDArray[np.float64], start: int | None = None) -> Average:
    """Mean with error after burn-in (found from the series when `start` is not given)."""
    begin = burn_in(series) if start is None else start
    rest = series[begin:]
    if np.ptp(rest) <= ROUND_OFF * np.abs(rest).max():
        return Average(float(np.median(rest)), 0.0, begin, 1.0)
    inefficiency = statistical_inefficiency(rest)
    error = float(np.std(rest) * np.sqrt(inefficiency / len(rest)))
    return Average(float(rest.mean()), error, begin, inefficiency)


def sarle_coefficient(series: NDArray[np.float64], weights: NDArray[np.float64] | None = None) -> float:
    """(1 + skewness²)/kurtosis: 1/3 for a normal distribution, 1 for two values, however often either comes."""
    deviation = series - np.average(series, weights=weights)
    second, third, fourth = (float(np.average(deviation**power, weights=weights)) for power in (2, 3, 4))
    return (1.0 + third**2 / second**3) * second**2 / fourth if second > 1e-9 else 1.0 / 3.0


def balancing_slope(series: NDArray[np.float64], middle: float) -> float:
    """δ with which samples N on both sides of the middle, weighed by exp(δ N), weigh as much on either side.

    δ kT is what the chemical potential of such samples is off (Ferrenberg and Swendsen 1988, DOI 10.1103/PhysRevLett.61.2635).
    """
    deviation, above = series - middle, series > middle
    low, high = -50.0 / float(np.abs(deviation).max()), 50.0 / float(np.abs(deviation).max())
    for _ in range(60):
        slope = 0.5 * (low + high)
        weights = np.exp(slope * deviation)
        low, high = (low, slope) if weights[above].sum() > weights[~above].sum() else (slope, high)
    return slope
