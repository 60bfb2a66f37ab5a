"""Rates of what only adds resistance: shells, contacts that wear, collectors that corrode."""

from __future__ import annotations

import math

from scalith.cell.kernels.layout import CHANGE, CHANGE_BY_POTENTIAL, CHANGE_BY_REACTION, CHANGE_BY_STATE, OWN, Array
from scalith.cell.kernels.reaction import arrhenius
from scalith.numerics.compiled import compiled_in_place
from scalith.quantities.constants import FARADAY, GAS_CONSTANT


@compiled_in_place
def shell_rate(psi: float, c: float, x: float, j: float, T: float, z: float, numbers: Array, out: Array) -> None:
    """Share of the material in a shell of thickness s = z R/d: ds/dt = k/(1 + k s/D), k = k₀ exp(α F (ψ − U)/RT)."""
    depth = numbers[OWN]  # R/d
    slope = numbers[OWN + 3] * FARADAY / (GAS_CONSTANT * T)
    factor = arrhenius(numbers[OWN + 5], T, numbers[OWN + 6])
    k = numbers[OWN + 1] * math.exp(min(slope * (psi - numbers[OWN + 4]), 200.0))
    over = 1.0 / (1.0 + k * depth * z / numbers[OWN + 2])
    rate = factor * k * over / depth
    out[CHANGE], out[CHANGE_BY_POTENTIAL] = rate, slope * rate * over
    out[CHANGE_BY_STATE] = -rate * over * k * depth / numbers[OWN + 2]


@compiled_in_place
def loss_of_contact_rate(psi: float, c: float, x: float, j: float, T: float, z: float, numbers: Array, out: Array) -> None:
    """Resistance r = r₀/(1 − θ) of a contact whose lost share grows with what passes, dθ/dt = β |j|: dr/dt = β |j| r²/r₀."""
    rate = numbers[OWN] * z * z / numbers[OWN + 1]
    out[CHANGE] = rate * abs(j)
    out[CHANGE_BY_STATE] = 2.0 * out[CHANGE] / z
    out[CHANGE_BY_REACTION] = rate if j >= 0.0 else -rate


@compiled_in_place
def corrosion_rate(psi: float, c: float, x: float, j: float, T: float, z: float, numbers: Array, out: Array) -> None:
    """A rate as stated, times an Arrhenius factor."""
    out[CHANGE] = numbers[OWN] * arrhenius(numbers[OWN + 1], T, numbers[OWN + 2])
