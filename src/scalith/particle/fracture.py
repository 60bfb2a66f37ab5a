"""Whether particles crack: stress intensities, the rate that a particle bears, and cracks that grow cycle by cycle."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
from numpy.typing import ArrayLike
from pydantic import Field

from scalith.particle.stress_assisted_diffusion import ParticleStress
from scalith.quantities import InputError, Spec

WORST_INTENSITY = 1.6 * np.sqrt(np.sqrt(0.15) / np.pi)
"""K_max/(σ₀ √R) of the worst penny crack, 0.5618, whose radius is √0.15 R = 0.387 R."""


def penny_crack_intensity(centre_stress: ArrayLike, crack_radius: ArrayLike, radius: float) -> Any:
    r"""Stress intensity of a penny crack at the centre of a sphere under σ_θ = σ₀(1 − 2ρ²), Pa m^½.

    .. math:: K = \frac{2}{\sqrt{π a}} ∫_0^a \frac{σ_θ(r)\, r\,dr}{\sqrt{a^2 - r^2}} =
        2 σ_0 \sqrt{\frac{a}{π}} \left(1 - \frac{4 a^2}{3 R^2}\right)

    (Sneddon, DOI 10.1098/rspa.1946.0077), largest at a = 0.387 R: 0.5618 σ₀ √R. The free surface of the sphere is left out.

    Parameters
    ----------
    centre_stress : array_like
        σ₀, Pa.
    crack_radius : array_like
        a, m, below R.
    radius : float
        R, m.
    """
    a = np.asarray(crack_radius, dtype=np.float64)
    if not (radius > 0.0 and np.all((a > 0.0) & (a < radius))):
        raise InputError("penny_crack_intensity", "crack_radius", crack_radius, "above 0 and below the radius of the particle")
    return 2.0 * np.asarray(centre_stress) * np.sqrt(a / np.pi) * (1.0 - 4.0 / 3.0 * (a / radius) ** 2)


def safe_rate(
    stress: ParticleStress, maximum_concentration: float, diffusivity: float, toughness: float, radius: ArrayLike
) -> Any:
    r"""C-rate up to which the worst crack at the centre of a sphere does not grow, 1/h (Griffith).

    .. math:: C = 3600 \, \frac{K_{IC}}{0.5618 \sqrt{R}} \, \frac{45 (1 - ν) D}{E Ω c_{max} R^2}

    from K_max = K_IC with σ₀ = E Ω c_max J R/(15 (1 − ν) D) and J = R C/(3·3600 s).

    Parameters
    ----------
    stress : ParticleStress
    maximum_concentration : float
        mol m-3 that a full discharge moves.
    diffusivity : float
        m2 s-1.
    toughness : float
        K_IC, Pa m^½.
    radius : array_like
        m.
    """
    stress.require_small_strain(maximum_concentration)
    R = np.asarray(radius, dtype=np.float64)
    for name, value in (("diffusivity", diffusivity), ("toughness", toughness), ("radius", float(R.min()))):
        if not value > 0.0:
            raise InputError("safe_rate", name, value, "a positive number")
    expansion = stress.youngs_modulus * abs(stress.partial_molar_volume) * maximum_concentration
    bearable = toughness / (WORST_INTENSITY * np.sqrt(R))
    return 3600.0 * bearable * 45.0 * (1.0 - stress.poisson_ratio) * diffusivity / (expansion * R**2)


def critical_size(fracture_energy: float, youngs_modulus: float, stress: float, factor: float = 1.0) -> float:
    """Size below which the energy that a crack frees, Z σ² h/E, is less than what it costs, Γ: h = Γ E/(Z σ²), m.

    Parameters
    ----------
    fracture_energy : float
        Γ, J m-2.
    youngs_modulus, stress : float
        Pa.
    factor : float
        Z, of the order of one: by the shape of the crack and of the body.
    """
    for name, value in (
        ("fracture_energy", fracture_energy), ("youngs_modulus", youngs_modulus), ("stress", abs(stress)), ("factor", factor)
    ):  # fmt: skip
        if not value > 0.0:
            raise InputError("critical_size", name, value, "a positive number")
    return fracture_energy * youngs_modulus / (factor * stress**2)


class ParisLaw(Spec):
    r"""Cracks that grow cycle by cycle, da/dN = C ΔK^m with ΔK = b Δσ √(π a) in Pa m^½.

    Attributes
    ----------
    coefficient : C, m per cycle and (Pa m^½)^m
    exponent : m, not 2
    shape : b, of the crack
    """

    coefficient: Annotated[float, Field(gt=0)]
    exponent: Annotated[float, Field(gt=0)]
    shape: Annotated[float, Field(gt=0)] = 1.12

    def cycles(self, start: float, length: ArrayLike, stress: float) -> Any:
        """Cycles in which a crack grows from `start` to `length` (m) under a constant range of stress (Pa).

        N = (a₀^(1 − m/2) − a^(1 − m/2))/((m/2 − 1) C (b Δσ √π)^m).
        """
        a = np.asarray(length, dtype=np.float64)
        self._require(start, stress)
        if np.any(a < start):
            raise InputError("ParisLaw.cycles", "length", length, f"at least the starting length, {start:g} m")
        power = 1.0 - 0.5 * self.exponent
        if abs(power) < 1e-12:
            return np.log(a / start) / self._speed(stress)
        return (a**power - start**power) / (power * self._speed(stress))

    def length(self, start: float, cycles: ArrayLike, stress: float) -> Any:
        """Length of the crack (m) after some cycles: infinite from `blow_up` on."""
        N = np.asarray(cycles, dtype=np.float64)
        self._require(start, stress)
        power = 1.0 - 0.5 * self.exponent
        if abs(power) < 1e-12:
            return start * np.exp(self._speed(stress) * N)
        rest = start**power + power * self._speed(stress) * N
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(rest > 0.0, np.maximum(rest, 0.0) ** (1.0 / power), np.inf)

    def blow_up(self, start: float, stress: float) -> float:
        """Cycles after which the crack is infinitely long; infinite for m ≤ 2."""
        self._require(start, stress)
        power = 1.0 - 0.5 * self.exponent
        return float(start**power / (-power * self._speed(stress))) if power < -1e-12 else np.inf

    def _speed(self, stress: float) -> float:
        return float(self.coefficient * (self.shape * stress * np.sqrt(np.pi)) ** self.exponent)

    def _require(self, start: float, stress: float) -> None:
        for name, value in (("start", start), ("stress", stress)):
            if not value > 0.0:
                raise InputError("ParisLaw", name, value, "a positive number")
