"""Rates at which a film grows on a particle: one law a kernel.

Each is a flux N (mol m-2 s-1) of what is reduced: dL/dt = V̄ N, and the side reaction takes −ν N. The first four numbers of every
law are V̄, ν, the activation energy and its reference temperature.
"""

from __future__ import annotations

import math

from scalith.cell.kernels.layout import (
    CHANGE,
    CHANGE_BY_POTENTIAL,
    CHANGE_BY_STATE,
    OWN,
    SIDE,
    SIDE_BY_POTENTIAL,
    SIDE_BY_STATE,
    Array,
)
from scalith.cell.kernels.reaction import arrhenius
from scalith.numerics.compiled import compiled_in_place, compiled_inline_inside
from scalith.quantities.constants import FARADAY, GAS_CONSTANT

_F, _R = FARADAY, GAS_CONSTANT


@compiled_inline_inside
def grow(flux: float, by_potential: float, by_state: float, T: float, numbers: Array, out: Array) -> None:
    """Fill `out` for a flux at the reference temperature and its slopes by ψ and L."""
    volume, lithium = numbers[OWN], numbers[OWN + 1]
    factor = arrhenius(numbers[OWN + 2], T, numbers[OWN + 3])
    out[CHANGE], out[SIDE] = volume * factor * flux, -lithium * factor * flux
    out[CHANGE_BY_POTENTIAL], out[SIDE_BY_POTENTIAL] = volume * factor * by_potential, -lithium * factor * by_potential
    out[CHANGE_BY_STATE], out[SIDE_BY_STATE] = volume * factor * by_state, -lithium * factor * by_state


@compiled_in_place
def film_growth_rate(psi: float, c: float, x: float, j: float, T: float, z: float, numbers: Array, out: Array) -> None:
    """Diffusion of the solvent: N = D c/L."""
    flux = numbers[OWN + 4] / z
    grow(flux, 0.0, -flux / z, T, numbers, out)


@compiled_in_place
def reaction_limited_rate(psi: float, c: float, x: float, j: float, T: float, z: float, numbers: Array, out: Array) -> None:
    """Reaction: N = i₀/(ν F) exp(−α F (ψ − U)/RT)."""
    slope = -numbers[OWN + 6] * _F / (_R * T)
    flux = numbers[OWN + 4] / (numbers[OWN + 1] * _F) * math.exp(slope * (psi - numbers[OWN + 5]))
    grow(flux, slope * flux, 0.0, T, numbers, out)


@compiled_in_place
def electron_migration_rate(psi: float, c: float, x: float, j: float, T: float, z: float, numbers: Array, out: Array) -> None:
    """Migration of electrons: N = κ (U − ψ)/(ν F L), and none above U."""
    drive = numbers[OWN + 5] - psi
    if drive > 0.0:
        conductance = numbers[OWN + 4] / (numbers[OWN + 1] * _F * z)
        grow(conductance * drive, -conductance, -conductance * drive / z, T, numbers, out)


@compiled_in_place
def interstitial_diffusion_rate(psi: float, c: float, x: float, j: float, T: float, z: float, numbers: Array, out: Array) -> None:
    """Diffusion of lithium interstitials: N = D c/(ν L) exp(−F ψ/RT)."""
    slope = -_F / (_R * T)
    flux = numbers[OWN + 4] / (numbers[OWN + 1] * z) * math.exp(slope * psi)
    grow(flux, slope * flux, -flux / z, T, numbers, out)


@compiled_in_place
def tunnelling_rate(psi: float, c: float, x: float, j: float, T: float, z: float, numbers: Array, out: Array) -> None:
    """Tunnelling of electrons: N = i₀/(ν F) exp(−α F ψ/RT) exp(−β L)."""
    slope = -numbers[OWN + 5] * _F / (_R * T)
    flux = numbers[OWN + 4] / (numbers[OWN + 1] * _F) * math.exp(slope * psi - numbers[OWN + 6] * z)
    grow(flux, slope * flux, -numbers[OWN + 6] * flux, T, numbers, out)


@compiled_in_place
def growth_regimes_rate(psi: float, c: float, x: float, j: float, T: float, z: float, numbers: Array, out: Array) -> None:
    """Reaction, diffusion and migration: N = i₀/(ν F) exp(−α F ψ/RT) s/(s + L_a/L_d), s = 1 − L_a/L_m."""
    f, alpha = _F / (_R * T), numbers[OWN + 5]
    reaction = numbers[OWN + 4] / (numbers[OWN + 1] * _F) * math.exp(-alpha * f * psi)
    by_diffusion = numbers[OWN + 4] / (_F * numbers[OWN + 6]) * math.exp((1.0 - alpha) * f * psi)  # 1/L_d
    by_migration = 0.5 * f * _F * j / numbers[OWN + 7]  # 1/L_m, positive where lithium leaves
    apparent = max(z - numbers[OWN + 8], 0.0)
    s, r = 1.0 - apparent * by_migration, apparent * by_diffusion
    if s <= 0.0:
        return  # the field holds the interstitials back
    over = 1.0 / (s + r)
    by_state = reaction * over * over * (-r * by_migration - s * by_diffusion) if apparent > 0.0 else 0.0
    by_potential = -alpha * f * reaction * s * over - reaction * s * over * over * r * (1.0 - alpha) * f
    grow(reaction * s * over, by_potential, by_state, T, numbers, out)


@compiled_in_place
def solvent_reaction_rate(psi: float, c: float, x: float, j: float, T: float, z: float, numbers: Array, out: Array) -> None:
    """Diffusion of the solvent and its reaction: N = c k/(1 + k L/D), k = k₀ exp(−α F (ψ − U)/RT)."""
    slope = -numbers[OWN + 6] * _F / (_R * T)
    k = numbers[OWN + 4] * math.exp(slope * (psi - numbers[OWN + 5]))
    share = 1.0 / (1.0 + k * z / numbers[OWN + 7])
    flux = numbers[OWN + 8] * k * share
    grow(flux, slope * flux * share, -flux * share * k / numbers[OWN + 7], T, numbers, out)
