"""Fluxes of ions: across a thin layer in a constant field, and of a binary salt that keeps neutral."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from scalith.quantities import InputError
from scalith.quantities.constants import FARADAY, GAS_CONSTANT


def constant_field_flux(
    permeability: float, inside: ArrayLike, outside: ArrayLike, potential: ArrayLike, T: float, *, charge: int = 1
) -> Any:
    r"""Flux of one ion across a layer with a constant field (Goldman 1943; Hodgkin and Katz 1949), mol m-2 s-1.

    .. math:: J = P\,v\,\frac{c_i - c_o e^{-v}}{1 - e^{-v}}, \qquad v = \frac{z F (φ_i - φ_o)}{R T}

    (DOI 10.1085/jgp.27.1.37, 10.1113/jphysiol.1949.sp004310). It is zero at the Nernst potential, P(c_i − c_o) without a
    field, and linear in the potential where both concentrations are equal.

    Parameters
    ----------
    permeability : float
        P = D/L, m/s, with the partition into the layer.
    inside, outside : array_like
        Concentrations at both sides, mol m-3.
    potential : array_like
        φ_i − φ_o, V.
    T : float
        K.
    charge : int
        z.

    Returns
    -------
    float or ndarray
        Positive from inside to outside.
    """
    if not T > 0.0:
        raise InputError("constant_field_flux", "T", T, "a positive temperature, K")
    v = charge * FARADAY * np.asarray(potential, dtype=np.float64) / (GAS_CONSTANT * T)
    flux = permeability * (np.asarray(inside) * bernoulli(-v) - np.asarray(outside) * bernoulli(v))
    return flux if np.ndim(flux) else float(flux)


def bernoulli(v: Any) -> Any:
    """v/(eᵛ − 1)."""
    safe = np.where(np.abs(v) < 1e-6, 1.0, np.clip(v, -700.0, 700.0))
    return np.where(np.abs(v) < 1e-6, 1.0 - 0.5 * v, np.where(v > 700.0, 0.0, np.where(v < -700.0, -v, safe / np.expm1(safe))))


def salt_diffusivity(cation: float, anion: float, *, cation_charge: int = 1, anion_charge: int = 1) -> float:
    r"""Diffusivity of a neutral binary salt in dilute solution, m2 s-1.

    .. math:: D = \frac{(z_+ + z_-) D_+ D_-}{z_+ D_+ + z_- D_-} \;=\; \frac{2 D_+ D_-}{D_+ + D_-} \quad (z_+ = z_-)

    (Newman and Balsara, Electrochemical Systems, chapter 11). The slower ion is pulled, the faster one held back.

    Parameters
    ----------
    cation, anion : float
        Diffusivities of the ions.
    cation_charge, anion_charge : int
        Magnitudes.
    """
    _positive("salt_diffusivity", cation=cation, anion=anion, cation_charge=cation_charge, anion_charge=anion_charge)
    return (cation_charge + anion_charge) * cation * anion / (cation_charge * cation + anion_charge * anion)


def salt_transference_number(cation: float, anion: float, *, cation_charge: int = 1, anion_charge: int = 1) -> float:
    """t₊ = z₊D₊/(z₊D₊ + z₋D₋) of the same salt."""
    _positive("salt_transference_number", cation=cation, anion=anion, cation_charge=cation_charge, anion_charge=anion_charge)
    return cation_charge * cation / (cation_charge * cation + anion_charge * anion)


def _positive(where: str, **values: float) -> None:
    for name, value in values.items():
        if not value > 0.0:
            raise InputError(where, name, value, "a positive number")
