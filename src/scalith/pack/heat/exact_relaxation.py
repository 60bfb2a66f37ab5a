r"""Linear relaxation under a piecewise-linear source, integrated exactly.

dy/dt = −λ y + f(t), with f linear between the given times, has over a step h, with z = λh, the closed solution

    y(h)   = e^{−z} y₀ + h [f₀ φ₁ + (f₁ − f₀) φ₂],
    ∫₀ʰ y  = h [φ₁ y₀ + h (f₀ φ₂ + (f₁ − f₀) φ₃)],        φ_k = Σ_j (−z)^j/(j+k)!.
"""

from __future__ import annotations

from math import factorial

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def phi_functions(z: Array) -> tuple[Array, Array, Array, Array]:
    """e^{−z}, φ₁(−z), φ₂(−z), φ₃(−z) for z ≥ 0, to round-off also where z is small."""
    small = z < 0.5
    series = np.where(small, z, 0.0)
    safe = np.where(small, 1.0, z)
    phi: list[Array] = []
    exact = np.exp(-safe)
    for k in (1, 2, 3):
        exact = (1.0 / factorial(k - 1) - exact) / safe
        taylor = np.zeros_like(z)
        for j in range(15, -1, -1):
            taylor = taylor * -series + 1.0 / factorial(j + k)
        phi.append(np.where(small, taylor, exact))
    return np.exp(-z), phi[0], phi[1], phi[2]


def relax(rates: Array, time: Array, initial: Array, source: Array) -> tuple[Array, Array]:
    """Values and running integrals of independent relaxing quantities.

    Parameters
    ----------
    rates : ndarray, shape (n,)
        λ ≥ 0, s-1.
    time : ndarray, shape (m,)
        Increasing times, s.
    initial : ndarray, shape (n,)
        Values at ``time[0]``.
    source : ndarray, shape (m, n)
        f at the times; linear between them.

    Returns
    -------
    values, integrals : ndarray, shape (m, n)
        y and ∫y dt since ``time[0]``.
    """
    values = np.empty((time.size, rates.size))
    integrals = np.zeros_like(values)
    values[0] = initial
    known_step = -1.0
    for i, step in enumerate(np.diff(time)):
        if abs(step - known_step) > 1e-13 * step:
            decay, phi_1, phi_2, phi_3 = phi_functions(rates * step)
            known_step = step
        rise = source[i + 1] - source[i]
        values[i + 1] = decay * values[i] + step * (source[i] * phi_1 + rise * phi_2)
        integrals[i + 1] = integrals[i] + step * (phi_1 * values[i] + step * (source[i] * phi_2 + rise * phi_3))
    return values, integrals
