"""Particles and layers that no longer fit: pressure of a particle in its matrix, debonding and delamination by energy."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from scalith.electrode.mechanics.elasticity import IsotropicElasticity
from scalith.quantities import InputError


def misfit_pressure(
    particle: IsotropicElasticity, matrix: IsotropicElasticity, strain: ArrayLike, fraction: ArrayLike = 0.0
) -> Any:
    r"""Pressure in a sphere that would expand by a linear strain in a matrix that is free outside, Pa; negative where it shrinks.

    .. math:: ε = p \left[\frac{1}{3 K_p} + \frac{1}{1 - φ}\left(\frac{1}{4 G_m} + \frac{φ}{3 K_m}\right)\right]

    for a sphere in a concentric shell of the matrix, of which it takes the volume fraction φ; φ = 0 is a particle alone
    (Timoshenko and Goodier, Theory of Elasticity, § 136). The matrix bears σ_r = −p and σ_θ = p/2 at the interface where φ = 0.

    Parameters
    ----------
    particle, matrix : IsotropicElasticity
    strain : array_like
        ε = Ω Δc/3.
    fraction : array_like
        φ, 0 to below 1.

    Raises
    ------
    InputError
    """
    phi = np.asarray(fraction, dtype=np.float64)
    if not np.all((phi >= 0.0) & (phi < 1.0)):
        raise InputError("misfit_pressure", "fraction", fraction, "0 to below 1")
    for name, item in (("particle", particle), ("matrix", matrix)):
        if item.youngs_modulus == 0.0:
            raise InputError("misfit_pressure", name, "modulus zero", "a phase that resists")
    bulk = particle.youngs_modulus / (1.0 - 2.0 * particle.poisson_ratio)  # 3 K_p
    around = matrix.youngs_modulus / (1.0 - 2.0 * matrix.poisson_ratio)
    shear = 2.0 * matrix.youngs_modulus / (1.0 + matrix.poisson_ratio)  # 4 G_m
    return np.asarray(strain, dtype=np.float64) / (1.0 / bulk + (1.0 / shear + phi / around) / (1.0 - phi))


def debonding_radius(
    particle: IsotropicElasticity,
    matrix: IsotropicElasticity,
    strain: ArrayLike,
    fracture_energy: float,
    fraction: ArrayLike = 0.0,
) -> Any:
    r"""Radius below which a particle that shrinks stays bonded to its matrix, m.

    .. math:: R = \frac{2 Γ}{p(ε)\, ε}

    A particle that lets go of the whole of its surface frees 2πR³ p ε of elastic energy, and that costs 4πR² Γ: smaller ones do
    not have the energy, larger ones debond where something starts it.

    Parameters
    ----------
    particle, matrix, strain, fraction
        As in `misfit_pressure`; the size of the strain counts.
    fracture_energy : float
        Γ of the interface, J m-2.
    """
    if not fracture_energy > 0.0:
        raise InputError("debonding_radius", "fracture_energy", fracture_energy, "a positive number")
    size = np.abs(np.asarray(strain, dtype=np.float64))
    with np.errstate(divide="ignore"):
        return 2.0 * fracture_energy / (misfit_pressure(particle, matrix, size, fraction) * size)


def delamination_energy(
    layer: IsotropicElasticity,
    thickness: float,
    strain: ArrayLike,
    *,
    substrate: IsotropicElasticity | None = None,
    substrate_thickness: float = np.inf,
) -> Any:
    r"""Energy that a long front of delamination frees between two flat layers that do not bend, J m-2.

    .. math::

        G = \sum_i \frac{1 - ν_i^2}{2 E_i} σ_i^2 h_i, \qquad σ_1 h_1 = -σ_2 h_2, \qquad \sum_i \frac{1 - ν_i}{E_i} |σ_i| = |ε|

    The layers share their length until the front passes, and then keep it only along the front (J. W. Hutchinson, Z. Suo, Adv.
    Appl. Mech. 29 (1992) 63, DOI 10.1016/S0065-2156(08)70164-9, here for layers that a stack keeps flat). They part where it is
    above the fracture energy of their interface. On a thick substrate it is (1 − ν²) σ² h/(2E).

    Parameters
    ----------
    layer : IsotropicElasticity
    thickness : float
        h₁, m.
    strain : array_like
        ε, linear strain in the plane by which the layers differ.
    substrate : IsotropicElasticity, optional
        The other layer; the same constants without it.
    substrate_thickness : float
        h₂, m; infinite for one that does not give way.

    Raises
    ------
    InputError
    """
    other = layer if substrate is None else substrate
    for name, value in (
        ("thickness", thickness),
        ("substrate_thickness", substrate_thickness),
        ("layer", layer.youngs_modulus),
        ("substrate", other.youngs_modulus),
    ):
        if not value > 0.0:
            raise InputError("delamination_energy", name, value, "a positive number")
    ratio = thickness / substrate_thickness
    compliance = [(1.0 - item.poisson_ratio) / item.youngs_modulus for item in (layer, other)]
    stress = np.asarray(strain, dtype=np.float64) / (compliance[0] + ratio * compliance[1])
    freed = [(1.0 - item.poisson_ratio**2) / (2.0 * item.youngs_modulus) for item in (layer, other)]
    return thickness * stress**2 * (freed[0] + ratio * freed[1])
