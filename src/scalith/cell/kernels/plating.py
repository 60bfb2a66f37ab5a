"""Rate at which lithium metal is plated on a particle and stripped from it."""

from __future__ import annotations

import math

from scalith.cell.kernels.layout import (
    CHANGE,
    CHANGE_BY_POTENTIAL,
    CHANGE_BY_SALT,
    CHANGE_BY_STATE,
    OWN,
    SIDE,
    SIDE_BY_POTENTIAL,
    SIDE_BY_SALT,
    SIDE_BY_STATE,
    STATES,
    Array,
)
from scalith.cell.kernels.reaction import arrhenius
from scalith.numerics.compiled import compiled_in_place
from scalith.quantities.constants import FARADAY, GAS_CONSTANT


@compiled_in_place
def plating_rate(psi: float, c: float, x: float, j: float, T: float, z: float, numbers: Array, out: Array) -> None:
    """s = k (a (z − d) exp(α_a F ψ/RT) − c_e exp(−α_c F ψ/RT)), dz/dt = −s; d is dead; a is 0 where nothing is stripped."""
    f = FARADAY / (GAS_CONSTANT * T)
    k = numbers[OWN] * arrhenius(numbers[OWN + 5], T, numbers[OWN + 6])
    area, salt, anodic, cathodic = numbers[OWN + 1], numbers[OWN + 2], numbers[OWN + 3], numbers[OWN + 4]
    strip = k * area * math.exp(min(anodic * f * psi, 200.0))
    plate = k * salt * math.exp(min(-cathodic * f * psi, 200.0))
    alive = z
    if numbers[OWN + 7] >= 0.0:
        alive -= out[STATES + int(numbers[OWN + 7])]
    rate = strip * alive - plate * c
    by_potential = f * (anodic * strip * alive + cathodic * plate * c)
    out[SIDE], out[SIDE_BY_POTENTIAL], out[SIDE_BY_SALT], out[SIDE_BY_STATE] = rate, by_potential, -plate, strip
    out[CHANGE], out[CHANGE_BY_POTENTIAL], out[CHANGE_BY_SALT], out[CHANGE_BY_STATE] = -rate, -by_potential, plate, -strip


@compiled_in_place
def dead_lithium_rate(psi: float, c: float, x: float, j: float, T: float, z: float, numbers: Array, out: Array) -> None:
    """dz/dt = γ₀ L₀/L (plated − z), L the film's thickness; without a film γ₀ (plated − z)."""
    rate = numbers[OWN] * arrhenius(numbers[OWN + 1], T, numbers[OWN + 2])
    if numbers[OWN + 5] >= 0.0:
        rate *= numbers[OWN + 4] / out[STATES + int(numbers[OWN + 5])]
    out[CHANGE] = rate * (out[STATES + int(numbers[OWN + 3])] - z)
    out[CHANGE_BY_STATE] = -rate
