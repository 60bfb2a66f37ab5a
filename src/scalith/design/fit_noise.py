"""How far samples lie from the truth, and how long they stay on one side of it: the noise of a record."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from scalith.design.fit_records import Record

Array = NDArray[np.float64]
_LARGEST = 0.995
"""Correlation of neighbouring samples up to which residuals are believed."""


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
