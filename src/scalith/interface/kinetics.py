"""Charge-transfer kinetics: net rate over exchange rate as a function of the reduced overvoltage Fη/RT.

Each law is a function h with i = i₀ h(Fη/RT); h′(0) = 1, so that i₀ has the same meaning, R_ct = RT/(F i₀), in all of
them. `overvoltage_property` makes the form that the cell solver takes in place of Butler–Volmer.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from scalith.quantities import InputError, Property, Source, predicted
from scalith.quantities.constants import FARADAY, GAS_CONSTANT

Array = NDArray[np.float64]


def butler_volmer(reduced: ArrayLike, anodic: float = 0.5, cathodic: float | None = None) -> Any:
    """h = exp(α_a Fη/RT) − exp(−α_c Fη/RT), over α_a + α_c.

    Parameters
    ----------
    reduced : array_like
        Fη/RT.
    anodic, cathodic : float
        Transfer coefficients; without the second one it is 1 − α_a.
    """
    eta = np.asarray(reduced, dtype=np.float64)
    other = 1.0 - anodic if cathodic is None else cathodic
    return (np.exp(anodic * eta) - np.exp(-other * eta)) / (anodic + other)


def linear(reduced: ArrayLike) -> Any:
    """h = Fη/RT: every law at small overvoltage."""
    return np.asarray(reduced, dtype=np.float64) * 1.0


def tafel(reduced: ArrayLike, anodic: float = 0.5) -> Any:
    """h of Butler–Volmer without the back reaction: ±exp(α |Fη|/RT), α_a while oxidising and 1 − α_a while reducing."""
    eta = np.asarray(reduced, dtype=np.float64)
    return np.where(eta >= 0.0, np.exp(anodic * eta), -np.exp(-(1.0 - anodic) * eta))


def marcus_hush_chidsey(reduced: ArrayLike, reorganisation: float) -> Any:
    r"""Symmetric Marcus–Hush–Chidsey kinetics, normalised to h′(0) = 1.

    .. math:: k_±(η) ∝ ∫ \exp\left(-\frac{(x - λ ± η)^2}{4 λ}\right) \frac{dx}{1 + e^x}, \quad h ∝ k_-(η) - k_+(η)

    in units of RT (Chidsey, DOI 10.1126/science.251.4996.919), by quadrature.

    Parameters
    ----------
    reduced : array_like
        Fη/RT.
    reorganisation : float
        λ/(RT), the reorganisation energy in units of RT: more than 0, at most 200.
    """
    if not 0.0 < reorganisation <= 200.0:
        raise InputError("marcus_hush_chidsey", "reorganisation", reorganisation, "a multiple of RT between 0 and 200")
    eta = np.asarray(reduced, dtype=np.float64)
    return (_rate(eta, reorganisation) - _rate(-eta, reorganisation)) / (2.0 * _rate_slope(reorganisation))


def asymmetric_marcus_hush_chidsey(reduced: ArrayLike, reorganisation: float, asymmetry: float) -> Any:
    r"""Marcus–Hush–Chidsey kinetics of a couple whose two sides are not equally stiff, normalised to h′(0) = 1.

    .. math::

        h ∝ (1 - e^{-u}) ∫ \frac{e^{-ΔG(w)}\,dw}{1 + e^{w - u}}, \qquad
        ΔG(w) = \frac{λ}{4}\left(1 - \frac{w}{λ}\right)^2 + \frac{γ w}{4}\left(1 - \frac{w^2}{λ^2}\right)

    in units of RT (Laborda, Henstridge and Compton, DOI 10.1016/j.jelechem.2011.12.019): the cathodic transfer coefficient at
    rest becomes about ½ + γ/4. The cubic barrier holds where it is convex, γ w < λ/3, which bounds the integral.

    Parameters
    ----------
    reduced : array_like
        u = Fη/RT, at most λ.
    reorganisation : float
        λ/(RT): more than 0, at most 200.
    asymmetry : float
        γ, −0.3 to 0.3; with 0 it is `marcus_hush_chidsey`.

    Raises
    ------
    InputError
    """
    where = "asymmetric_marcus_hush_chidsey"
    lam, eta = reorganisation, np.asarray(reduced, dtype=np.float64)
    if not 0.0 < lam <= 200.0:
        raise InputError(where, "reorganisation", lam, "a multiple of RT between 0 and 200")
    if not -0.3 <= asymmetry <= 0.3:
        raise InputError(where, "asymmetry", asymmetry, "−0.3 to 0.3")
    if asymmetry == 0.0:
        return marcus_hush_chidsey(eta, lam)
    if np.any(np.abs(eta) > lam):
        raise InputError(where, "reduced", float(np.abs(eta).max()), f"at most the reorganisation energy, {lam:g}")
    bound, reach = lam / (3.0 * abs(asymmetry)), lam + 12.0 * np.sqrt(2.0 * lam)
    low, high = (max(-bound, -reach), reach) if asymmetry < 0.0 else (-reach, min(bound, reach))
    w = np.linspace(low, high, 2 * int(np.ceil((high - low) / 0.1)) + 1)
    weight = np.exp(-0.25 * lam * (1.0 - w / lam) ** 2 - 0.25 * asymmetry * w * (1.0 - (w / lam) ** 2) + 0.25 * lam)

    def rate(u: Array) -> Array:
        return np.asarray(np.trapezoid(weight * 0.5 * (1.0 - np.tanh(0.5 * (w - u[..., None]))), w, axis=-1))

    return -np.expm1(-eta) * rate(eta) / rate(np.zeros(1))[0]


def _window(lam: float) -> Array:
    """Electron energies around the centre of the Gaussian: the trapezoid rule converges exponentially there."""
    reach = 12.0 * np.sqrt(2.0 * lam)
    return np.linspace(-reach, reach, 2 * int(np.ceil(reach / 0.2)) + 1)


def _rate(eta: Array, lam: float) -> Array:
    # Electron states at energy x (in RT, from the Fermi level): Gaussian around η − λ times their emptiness.
    offset = _window(lam)
    x = eta[..., None] - lam + offset
    return np.asarray(np.trapezoid(np.exp(-(offset**2) / (4.0 * lam)) * 0.5 * (1.0 + np.tanh(0.5 * x)), offset, axis=-1))


def _rate_slope(lam: float) -> float:
    offset = _window(lam)
    decay = np.exp(-np.abs(offset - lam))
    return float(np.trapezoid(np.exp(-(offset**2) / (4.0 * lam)) * decay / (1.0 + decay) ** 2, offset))


def overvoltage_property(
    law: Callable[[Array], Any], *, reach: float = 60.0, nodes: int = 4001, source: Source | None = None
) -> Property:
    """A rate law as the property that `scalith.cell.ActiveMaterial.overvoltage_function` takes.

    Parameters
    ----------
    law : callable
        h of an array of Fη/RT: for example ``lambda u: marcus_hush_chidsey(u, 20.0)``.
    reach : float
        Largest |Fη/RT|; beyond it the law continues as a straight line.
    nodes : int
    source : Source, optional

    Returns
    -------
    Property
        ``reduced_rate`` over ``x`` = Fη/RT.
    """
    grid = np.linspace(-reach, reach, nodes)
    origin = source or predicted("scalith.interface.overvoltage_property", settings={"reach": reach, "nodes": nodes})
    return Property.from_arrays("reduced_rate", {"x": grid}, law(grid), "1", origin)


def charge_transfer_resistance(exchange_current_density: float, T: float) -> float:
    """R_ct = RT/(F i₀), ohm m2."""
    return GAS_CONSTANT * T / (FARADAY * exchange_current_density)


def tafel_slope(transfer_coefficient: float, T: float) -> float:
    """Overvoltage for ten times the current, V: RT ln 10/(α F)."""
    return float(GAS_CONSTANT * T * np.log(10.0) / (transfer_coefficient * FARADAY))
