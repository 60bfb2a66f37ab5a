"""Linear diffusion in slab, cylinder and sphere in closed form: answers to a step of current and to a step of potential."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.interpolate import CubicSpline
from scipy.special import erfcx, j0, j1

from scalith.lab.impedance.elements import DIMENSIONS, Shape
from scalith.quantities import InputError, nearest

Array = NDArray[np.float64]
_SHORTEST, _LONGEST = 1e-9, 3.0
"""Reduced times of the table; below it diffusion is planar, above it the series has one term."""


def current_step(reduced_time: ArrayLike, shape: Shape) -> Array:
    r"""Surface of a particle after a step of flux, at τ̂ = Dt/R².

    .. math::

        u(\hatτ) = d\,\hatτ + \frac{1}{d+2} - 2\sum_n \frac{e^{-α_n^2\hatτ}}{α_n^2},
        \qquad α_n = nπ;\quad J_1(α_n) = 0;\quad \tan α_n = α_n

    in units of jR/(D c_max): stoichiometry at the surface less that at the start. u = 0 for τ̂ ≤ 0.
    """
    t = np.asarray(reduced_time, dtype=np.float64)
    inside = np.clip(t, _SHORTEST, _LONGEST)
    u = np.sqrt(inside) * _table(shape)(np.log(inside))
    d = DIMENSIONS[shape]
    u = np.where(t > _LONGEST, d * t + 1.0 / (d + 2), u)
    return np.asarray(np.where(t < _SHORTEST, 2.0 * np.sqrt(np.maximum(t, 0.0) / np.pi), u))


def current_step_series(reduced_time: ArrayLike, shape: Shape) -> Array:
    """The same by its series, without a table: all terms that are not zero in double precision."""
    t = np.asarray(reduced_time, dtype=np.float64)
    d = DIMENSIONS[require_shape(shape)]
    # 38 = ln(1e16.5): later terms do not count.
    alpha = closed_centre_roots(shape, int(np.sqrt(38.0 / float(t.min())) / np.pi) + 3)
    total = np.array([np.sum(np.exp(-np.square(alpha) * one) / np.square(alpha)) for one in t.ravel()]).reshape(t.shape)
    return np.asarray(d * t + 1.0 / (d + 2) - 2.0 * total)  # 2 Σ 1/α² = 1/(d + 2)


@lru_cache(maxsize=3)
def _table(shape: Shape) -> CubicSpline:
    logs = np.linspace(np.log(_SHORTEST), np.log(_LONGEST), 600)
    t = np.exp(logs)
    planar = t < 1e-6
    u = np.empty_like(t)
    # Short times: the plane, and the curvature of the surface to first order, (d − 1)τ̂/2.
    u[planar] = 2.0 * np.sqrt(t[planar] / np.pi) + 0.5 * (DIMENSIONS[shape] - 1) * t[planar]
    u[~planar] = current_step_series(t[~planar], shape)
    return CubicSpline(logs, u / np.sqrt(t))


@lru_cache(maxsize=16)
def closed_centre_roots(shape: Shape, count: int) -> Array:
    """α_n of a particle with a given flux at its surface: nπ, zeros of J₁, tan α = α."""
    n = np.arange(1, count + 1)
    if shape == "slab":
        return np.asarray(n * np.pi)
    if shape == "cylinder":
        return _bessel_zeros(1, count)
    alpha = (n + 0.5) * np.pi - 1.0 / ((n + 0.5) * np.pi)
    for _ in range(30):
        alpha = np.asarray((n + 0.5) * np.pi - np.arctan(1.0 / alpha))
    return np.asarray(alpha)


def _bessel_zeros(order: int, count: int) -> Array:
    """Zeros of J₀ or J₁: McMahon's expansion, then Newton's steps."""
    n = np.arange(1, count + 1)
    beta = (n + 0.25) * np.pi if order == 1 else (n - 0.25) * np.pi
    z: Array = np.asarray(beta - (4.0 * order**2 - 1.0) / (8.0 * beta), dtype=np.float64)
    for _ in range(6):
        z = z + j0(z) / j1(z) if order == 0 else z - j1(z) / (j0(z) - j1(z) / z)
    return np.asarray(z)


def potential_step(reduced_time: ArrayLike, shape: Shape, biot: float = float("inf")) -> Array:
    r"""Flux into a particle after a step of potential, at τ̂ = Dt/R².

    .. math::

        f(\hatτ) = \sum_n \frac{2B^2}{b_n^2 + B^2 + (2-d)B}\,e^{-b_n^2\hatτ}

    in units of D Δc/R, Δc the change at equilibrium; B = R_D/(R_ct + R_Ω) is the Biot number and b tan b = B, b J₁(b) = B J₀(b),
    1 − b cot b = B. With B → ∞ all weights are 2 and b those of a given surface; at short times Cottrell's 1/√(πτ̂).
    """
    t = np.atleast_1d(np.asarray(reduced_time, dtype=np.float64))
    d = DIMENSIONS[require_shape(shape)]
    # Before the middle is reached, slab and sphere are exactly planar (the sphere in r c); the cylinder within τ̂/4.
    early = t < (2e-4 if shape == "cylinder" else 2e-3)
    found = np.empty_like(t)
    found[early] = _semi_infinite(t[early], biot, 0.5 * (d - 1))
    found[~early] = _potential_series(t[~early], shape, d, biot)
    return found


def _semi_infinite(t: Array, biot: float, curvature: float) -> Array:
    if np.isinf(biot):
        return np.asarray(1.0 / np.sqrt(np.pi * t) - curvature)
    h = biot - curvature
    if abs(h) < 1e-7:
        return np.asarray(biot * (1.0 - 2.0 * biot * np.sqrt(t / np.pi)))
    return np.asarray(biot / h * (biot * erfcx(h * np.sqrt(t)) - curvature))


def _potential_series(t: Array, shape: Shape, d: int, biot: float) -> Array:
    if not t.size:
        return t
    b = surface_roots(shape, biot, int(np.sqrt(38.0 / float(t.min())) / np.pi) + 3)
    squares = np.square(b)
    weights = np.full_like(b, 2.0) if np.isinf(biot) else 2.0 * biot**2 / (squares + biot**2 + (2 - d) * biot)
    return np.asarray(np.exp(-squares * t[..., None]) @ weights)


@lru_cache(maxsize=64)
def surface_roots(shape: Shape, biot: float, count: int) -> Array:
    """b_n of a particle behind a resistance; the first gives the last decay of the current."""
    if not biot > 0.0:
        raise InputError("surface_roots", "biot", biot, "a positive number")
    n = np.arange(count)
    low: Array
    high: Array
    if shape == "cylinder":
        zeros = np.concatenate([[0.0], _bessel_zeros(1, count)]), _bessel_zeros(0, count)
        if np.isinf(biot):
            return np.asarray(zeros[1])
        low, high = zeros[0][:count], zeros[1]
    elif shape == "slab":
        low, high = np.asarray(n * np.pi), np.asarray((n + 0.5) * np.pi)
    else:
        # 1 − b cot b rises from 1 − b cot b = 0 at tan b = b (or at b = 0) to infinity at the next multiple of π.
        low, high = np.concatenate([[0.0], closed_centre_roots("sphere", max(count - 1, 1))])[:count], np.asarray((n + 1) * np.pi)
    if np.isinf(biot):
        return np.asarray(high)
    for _ in range(60):
        middle = 0.5 * (low + high)
        if shape == "slab":
            above = middle * np.sin(middle) * np.sign(np.cos(middle)) > biot * np.abs(np.cos(middle))
        elif shape == "cylinder":
            above = middle * j1(middle) * np.sign(j0(middle)) > biot * np.abs(j0(middle))
        else:
            above = (1.0 - biot) * np.sin(middle) * np.sign(np.sin(middle)) > middle * np.cos(middle) * np.sign(np.sin(middle))
        low, high = np.where(above, low, middle), np.where(above, middle, high)
    return np.asarray(0.5 * (low + high))


def require_shape(shape: str) -> Shape:
    """The shape, if it is one.

    Raises
    ------
    InputError
    """
    for known in DIMENSIONS:
        if known == shape:
            return known
    raise InputError("particle", "shape", shape, nearest(shape, DIMENSIONS))
