"""Distributions of relaxation times that are known in closed form: what a computed one is checked against and decomposed into."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]


def zarc_distribution(tau: ArrayLike, resistance: float, time: float, exponent: float) -> Array:
    r"""γ of R/(1 + (iωτ₀)^φ), ohm.

    .. math::

        γ = \frac{R}{2π}\,\frac{\sin((1-φ)π)}{\cosh(φ\ln(τ/τ_0)) - \cos((1-φ)π)}

    with the peak R tan(φπ/2)/(2π) and the full width at half of it 2 arccosh(2 − cos((1 − φ)π))/φ in ln τ.
    """
    angle = (1.0 - exponent) * np.pi
    across = exponent * np.log(np.asarray(tau, dtype=np.float64) / time)
    return np.asarray(resistance / (2.0 * np.pi) * np.sin(angle) / (np.cosh(across) - np.cos(angle)))


def gerischer_distribution(tau: ArrayLike, resistance: float, time: float) -> Array:
    """γ of R/√(1 + iωτ₀): R √(τ/(τ₀ − τ))/π below τ₀, nothing above; ohm."""
    t = np.asarray(tau, dtype=np.float64)
    inside = (t > 0.0) & (t < time)
    return np.where(inside, resistance / np.pi * np.sqrt(np.where(inside, t / np.where(inside, time - t, 1.0), 0.0)), 0.0)


def warburg_relaxations(resistance: float, time: float, terms: int) -> tuple[Array, Array]:
    """Relaxation times τ_D/((n − ½)²π²) and resistances 2R τ_n/τ_D of a layer R tanh√(iωτ_D)/√(iωτ_D), n = 1 … `terms`."""
    tau = time / ((np.arange(1, terms + 1) - 0.5) ** 2 * np.pi**2)
    return np.asarray(tau, dtype=np.float64), np.asarray(2.0 * resistance * tau / time, dtype=np.float64)
