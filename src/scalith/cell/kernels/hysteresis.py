"""Rate of the hysteresis with memory."""

from __future__ import annotations

from scalith.cell.kernels.layout import CHANGE, CHANGE_BY_REACTION, CHANGE_BY_STATE, OWN, Array
from scalith.numerics.compiled import compiled_in_place, compiled_inside


@compiled_in_place
def hysteresis_rate(psi: float, c: float, x: float, j: float, T: float, z: float, numbers: Array, out: Array) -> None:
    """dh/dt = γ k (j − |j| h)."""
    k = numbers[OWN]
    out[CHANGE] = k * (j - abs(j) * z)
    out[CHANGE_BY_STATE] = -k * abs(j)
    out[CHANGE_BY_REACTION] = k * (1.0 - z if j >= 0.0 else 1.0 + z)


@compiled_inside
def held_hysteresis(psi: float, c: float, x: float, j: float, T: float, z: float, numbers: Array, out: Array) -> None:
    """dh/dt = 0: a small signal goes up and down along a branch and does not change it."""
