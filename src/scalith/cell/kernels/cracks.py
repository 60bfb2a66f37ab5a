"""Rates of what the stress of a particle does: cracks that grow, films on their surfaces, material that is lost.

Stress is that of the surface against the mean of the particle: tension where lithium leaves.
"""

from __future__ import annotations

import math

import numpy as np

from scalith.cell.kernels.layout import (
    CHANGE,
    CHANGE_BY_POTENTIAL,
    CHANGE_BY_REACTION,
    CHANGE_BY_SALT,
    CHANGE_BY_STATE,
    CHANGE_BY_STOICHIOMETRY,
    LARGEST,
    MEAN,
    OWN,
    SIDE,
    SIDE_BY_POTENTIAL,
    SIDE_BY_SALT,
    SIDE_BY_STOICHIOMETRY,
    STATES,
    Array,
)
from scalith.cell.kernels.reaction import arrhenius
from scalith.numerics.call_by_address import call_for_nothing
from scalith.numerics.compiled import compiled_in_place

RELEASED = 0.01
"""Of the largest tension of a cycle: a surface with less is without tension, and the next cycle of it begins."""


@compiled_in_place
def crack_growth_rate(psi: float, c: float, x: float, j: float, T: float, z: float, numbers: Array, out: Array) -> None:
    """Paris' law of tension: dl/dt = k/3600 (b σ √(π l))^m."""
    stress = numbers[OWN] * (out[MEAN] - x)
    if stress > 0.0 and z > 0.0:
        m = numbers[OWN + 3]
        rate = numbers[OWN + 1] / 3600.0 * (numbers[OWN + 2] * stress * math.sqrt(math.pi * z)) ** m
        rate *= arrhenius(numbers[OWN + 4], T, numbers[OWN + 5])
        out[CHANGE], out[CHANGE_BY_STATE] = rate, 0.5 * m * rate / z
        out[CHANGE_BY_STOICHIOMETRY] = -m * rate * numbers[OWN] / stress


@compiled_in_place
def crack_growth_by_cycle(psi: float, c: float, x: float, j: float, T: float, z: float, numbers: Array, out: Array) -> None:
    """Paris' law of a cycle of tension, dl/dN = k (b σ √(π l))^m, taken up while the tension σ rises above its largest so far, p.

    From p to σ the power l^(1 − m/2) grows by (1 − m/2) k (b √π)^m (σ^m − p^m): at the end of a cycle that is Paris' law at its
    largest tension, integrated.
    """
    stress, peak = numbers[OWN] * (out[MEAN] - x), out[STATES + int(numbers[OWN + 7])]
    if stress > peak:
        m = numbers[OWN + 3]
        driven = numbers[OWN + 6] * arrhenius(numbers[OWN + 4], T, numbers[OWN + 5])
        driven *= (numbers[OWN + 2] * math.sqrt(math.pi)) ** m * (stress**m - peak**m)
        half = 1.0 - 0.5 * m
        if abs(half) < 1e-9:
            longer = z * math.exp(driven)
        else:
            power = z**half + half * driven
            longer = power ** (1.0 / half) if power > 0.0 else np.inf
        out[CHANGE] = min(longer, numbers[LARGEST]) - z  # a run ends where it is as long as that


@compiled_in_place
def largest_tension(psi: float, c: float, x: float, j: float, T: float, z: float, numbers: Array, out: Array) -> None:
    """Largest tension of the surface since it was last without: below `RELEASED` of it, the next cycle begins."""
    stress = max(numbers[OWN] * (out[MEAN] - x), 0.0)
    if stress > z or stress < RELEASED * z:
        out[CHANGE] = stress - z


@compiled_in_place
def film_on_cracks_rate(psi: float, c: float, x: float, j: float, T: float, z: float, numbers: Array, out: Array) -> None:
    """A film of thickness L = z/ρ on crack surfaces ρ = ρ₁ l times that of the particle: ρ times the law of the film.

    The numbers of the law follow those of here, with a head of their own.
    """
    cracked = numbers[OWN] * out[STATES + int(numbers[OWN + 1])]
    law = numbers[OWN + 3 :]
    call_for_nothing(int(numbers[OWN + 2]), (psi, c, x, j, T, z / cracked, law, out))
    for m in (CHANGE, CHANGE_BY_POTENTIAL, CHANGE_BY_SALT, CHANGE_BY_STOICHIOMETRY, CHANGE_BY_REACTION):
        out[m] *= cracked
    for m in (SIDE, SIDE_BY_POTENTIAL, SIDE_BY_SALT, SIDE_BY_STOICHIOMETRY):
        out[m] *= cracked


@compiled_in_place
def loss_by_stress_rate(psi: float, c: float, x: float, j: float, T: float, z: float, numbers: Array, out: Array) -> None:
    """Share lost: dz/dt = β (σ/σ_c)^m, β of tension or of compression."""
    stress = numbers[OWN] * (out[MEAN] - x)
    beta = numbers[OWN + 1] if stress > 0.0 else numbers[OWN + 2]
    if beta > 0.0 and stress != 0.0:
        m = numbers[OWN + 4]
        rate = beta * (abs(stress) / numbers[OWN + 3]) ** m * arrhenius(numbers[OWN + 5], T, numbers[OWN + 6])
        out[CHANGE], out[CHANGE_BY_STOICHIOMETRY] = rate, -m * rate * numbers[OWN] / stress


@compiled_in_place
def loss_by_current_rate(psi: float, c: float, x: float, j: float, T: float, z: float, numbers: Array, out: Array) -> None:
    """Share lost by the charge that passes a surface: dz/dt = β |j|."""
    rate = numbers[OWN] * arrhenius(numbers[OWN + 1], T, numbers[OWN + 2])
    out[CHANGE] = rate * abs(j)
    out[CHANGE_BY_REACTION] = rate if j >= 0.0 else -rate


@compiled_in_place
def kept_rate(psi: float, c: float, x: float, j: float, T: float, z: float, numbers: Array, out: Array) -> None:
    """dz/dt = 0: the state only changes between steps."""
    out[CHANGE] = 0.0
