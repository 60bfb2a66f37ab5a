"""How far samples lie from the truth, and how long they stay on one side of it: the noise of a record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from scalith.lab.fit_errors import covariance_at_minimum

if TYPE_CHECKING:
    from scalith.design.fit.records import Record

Array = NDArray[np.float64]
_LARGEST = 0.995
"""Correlation of neighbouring samples up to which residuals are believed."""
_LARGEST_Z = 3.4
"""Size of Fisher's z up to which a correlation that is not stated may lie, of either sign."""


@dataclass(frozen=True)
class RecordNoise:
    """Noise of one record.

    Attributes
    ----------
    size : float
        Standard error of a sample relative to its weight (V for voltages, relative to |Z| for spectra).
    correlation : float
        Of neighbouring samples.
    samples : int
    stated : bool
        Whether the size was stated; otherwise it is that of the residuals.
    """

    size: float
    correlation: float
    samples: int
    stated: bool

    @classmethod
    def first(cls, record: Record) -> RecordNoise:
        """As stated, or a thousandth of what is measured to begin with."""
        spread, samples = record.spread, record.samples
        stated = float((spread / record.weight)[0]) if spread is not None else None
        if stated is None:
            assert samples is not None
            stated = 1e-3 * float(np.abs(samples / record.weight).max())
        return cls(stated, record.correlation or 0.0, record.weight.size, spread is not None)

    @property
    def log_size(self) -> float:
        """−2 ln of the normal distribution's normalisation, but for a constant."""
        return self.samples * 2.0 * float(np.log(self.size)) + (self.samples - 1) * float(np.log1p(-(self.correlation**2)))

    def near(self, other: RecordNoise) -> bool:
        """Whether another round would change nothing that shows."""
        return abs(np.log(other.size / self.size)) < 0.01 and abs(other.correlation - self.correlation) < 0.005


def whitened(rows: Array, record: Record, noise: RecordNoise) -> Array:
    """Rows of residuals or derivatives in independent standard errors: (e_k − ρ e_{k−1})/√(1 − ρ²)."""
    weight = noise.size * record.weight
    scaled = rows / (weight if rows.ndim == 1 else weight[:, None])
    if noise.correlation == 0.0:
        return np.asarray(scaled)
    first, later = scaled[:1], scaled[1:] - noise.correlation * scaled[:-1]
    return np.concatenate([first, later / np.sqrt(1.0 - noise.correlation**2)])


def noise_of_residuals(record: Record, residual: Array, noise: RecordNoise, parameters: float) -> RecordNoise:
    """The noise that residuals show, where it is not stated.

    The correlation of neighbours of a short record is too small by (1 + 3ρ + parameters paid for)/n on average, and put right
    by it (Marriott and Pope, Biometrika 41 (1954) 390).
    """
    n = residual.size
    scaled = residual / record.weight
    renewed = noise
    if record.correlation is None and n > 3:
        power = float(scaled @ scaled)
        neighbour = float(scaled[1:] @ scaled[:-1]) / power if power > 0.0 else 0.0
        neighbour += (1.0 + 3.0 * neighbour + parameters) / n if neighbour > 2.0 / np.sqrt(n) else 0.0
        renewed = replace(renewed, correlation=float(np.clip(neighbour, 0.0, _LARGEST)))
    if not noise.stated:
        white = whitened(residual, record, replace(renewed, size=1.0))
        size = float(np.sqrt(white @ white / max(n - parameters, 1.0)))
        renewed = replace(renewed, size=max(size, 1e-12))
    return renewed


def covariance_of_parameters(
    records: Sequence[Record],
    noise: Sequence[RecordNoise],
    residuals: Sequence[Array],
    slopes: Sequence[Array],
    priors: tuple[Array, Array],
) -> Array:
    r"""Covariance of the parameters at the minimum, shape (p, p), with what is not known of the correlations of the noise.

    Where a record states its correlation this is :math:`C = (J^T J)^{-1}`. Where it does not, the correlation ρ has the density

    .. math::

        p(ρ) \propto \frac{s_ρ^{-n}\, e^{-χ_ρ^2/2}}{\sqrt{(1 - ρ^2)^{n-1} \det J_ρ^T J_ρ}} \frac{1}{\sqrt{1 - ρ^2}}

    with the parameters integrated out (restricted likelihood) and the reference prior of a first-order process (R. Yang,
    J. O. Berger, A catalog of noninformative priors, 1998, section 3); s is the size of the noise at ρ. Then
    :math:`C = \langle C_ρ\rangle + \langle δ_ρ δ_ρ^T\rangle - \langle δ_ρ\rangle\langle δ_ρ\rangle^T`, with the shift δ of
    the parameters at another ρ. Of several records the differences from the C of all estimates are added.

    Parameters
    ----------
    records, noise : sequence
    residuals : sequence of ndarray, shape (n,)
        Cell minus measurement.
    slopes : sequence of ndarray, shape (n, p)
    priors : (ndarray, ndarray)
        Residuals of what is known beforehand, and their derivatives.
    """
    parts = [
        (whitened(off, record, one), whitened(rows, record, one))
        for record, one, off, rows in zip(records, noise, residuals, slopes, strict=True)
    ]
    known = covariance_at_minimum(np.concatenate([rows for _, rows in [*parts, priors]]), 1.0)
    found, told = known.copy(), np.isfinite(known)
    for k, record in enumerate(records):
        if record.correlation is None and residuals[k].size > 3:
            others = [part for j, part in enumerate([*parts, priors]) if j != k]
            averaged = _over_correlations(record, noise[k], residuals[k], slopes[k], others)
            found[told] += averaged[told] - known[told]
    return found


@cache
def _correlations(samples: int) -> tuple[Array, Array]:
    """What a correlation that is not stated may be, even in Fisher's z, with the weights of Gauss and Legendre.

    A record of n samples tells z to 1/√n: the points lie closer than that, up to about 10,000 samples.
    """
    points, weights = np.polynomial.legendre.leggauss(min(max(64, int(12.0 * np.sqrt(samples))), 1200))
    return np.tanh(_LARGEST_Z * points), weights


def _over_correlations(record: Record, noise: RecordNoise, off: Array, rows: Array, others: list[tuple[Array, Array]]) -> Array:
    """Covariance averaged over the unknown correlation of one record, from the products of its columns at each ρ."""
    n, p = rows.shape
    correlations, weights = _correlations(n)
    table = np.column_stack([rows, off]) / record.weight[:, None]
    first, before, after = np.outer(table[0], table[0]), table[:-1], table[1:]
    crossed, rho = before.T @ after, correlations[:, None, None]
    later = after.T @ after - rho * (crossed + crossed.T) + rho**2 * (before.T @ before)
    own = first + later / (1.0 - rho**2)
    rest = np.zeros((p + 1, p + 1))
    for part, part_rows in others:
        whole = np.column_stack([part_rows, part])
        rest += whole.T @ whole
    scale = np.sqrt(np.maximum(np.diagonal(own / noise.size**2 + rest, axis1=1, axis2=2).max(axis=0), 1e-300))
    scale[p] = 1.0
    own, rest = own / np.outer(scale, scale), rest / np.outer(scale, scale)
    size = np.full(len(own), noise.size)
    for _ in range(1 if noise.stated else 4):  # its size goes with the correlation
        whole = own / np.square(size)[:, None, None] + rest
        strength, direction = np.linalg.eigh(whole[:, :p, :p])
        told = np.where(strength > 1e-13, 1.0 / np.maximum(strength, 1e-13), 0.0)
        covariance = np.einsum("rik,rk,rjk->rij", direction, told, direction)
        shift = -np.einsum("rij,rj->ri", covariance, whole[:, :p, p])
        moved = np.column_stack([shift, np.ones(len(shift))])
        left = np.einsum("ri,rij,rj->r", moved, own, moved)
        paid = np.einsum("rij,rji->r", covariance, own[:, :p, :p]) / np.square(size)
        if not noise.stated:
            size = np.sqrt(np.maximum(left, 1e-300) / np.maximum(n - paid, 1.0))
    squares = left / np.square(size) + np.einsum("ri,ij,rj->r", moved, rest, moved)
    volume = np.log(np.where(strength > 1e-13, strength, 1.0)).sum(axis=1)
    # The reference prior over even steps of Fisher's z takes one more logarithm of 1 − ρ².
    score = 2.0 * n * np.log(size) + (n - 2) * np.log1p(-np.square(correlations)) + squares + volume
    weight = weights * np.exp(-0.5 * (score - score.min()))
    weight /= weight.sum()
    apart = shift - weight @ shift
    found = np.einsum("r,rij->ij", weight, covariance) + (weight[:, None] * apart).T @ apart
    return np.asarray(found / np.outer(scale[:p], scale[:p]))
