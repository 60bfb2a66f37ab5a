"""Rates of losses that follow another process: films that grow, cracks that open."""

from __future__ import annotations

from scalith.cell.kernels.layout import (
    CHANGE,
    CHANGE_BY_POTENTIAL,
    CHANGE_BY_REACTION,
    CHANGE_BY_SALT,
    CHANGE_BY_STOICHIOMETRY,
    OUTPUTS,
    OWN,
    STATES,
    Array,
)
from scalith.numerics.call_by_address import call_for_nothing
from scalith.numerics.compiled import compiled_in_place

DRIVER = 7
"""Numbers of each driver before those of its own rate: place, address, how many, weight, power, size, state at the start."""


@compiled_in_place
def driven_loss_change(psi: float, c: float, x: float, j: float, T: float, z: float, numbers: Array, out: Array) -> None:
    """Change of z to what its drivers say, where they change between time steps."""
    grown, at = -numbers[OWN + 1], OWN + 2
    for _ in range(int(numbers[OWN])):
        weight, power, size, first = numbers[at + 3], numbers[at + 4], numbers[at + 5], numbers[at + 6]
        grown += weight * ((out[STATES + int(numbers[at])] / size) ** power - (first / size) ** power)
        at += DRIVER + int(numbers[at + 2])
    out[CHANGE] = max(grown, 0.0) - z


@compiled_in_place
def driven_loss_rate(psi: float, c: float, x: float, j: float, T: float, z: float, numbers: Array, out: Array) -> None:
    """dz/dt = d/dt Σ w (z_k/s)^p over the drivers k, once that sum has grown by more than is free.

    The numbers: how many drivers, what is free, then each driver with its own numbers behind its head.
    """
    change = by_potential = by_salt = by_stoichiometry = by_reaction = grown = 0.0
    at = OWN + 2
    for _ in range(int(numbers[OWN])):
        place, address, length = int(numbers[at]), int(numbers[at + 1]), int(numbers[at + 2])
        weight, power, size, first = numbers[at + 3], numbers[at + 4], numbers[at + 5], numbers[at + 6]
        state = out[STATES + place]
        for m in range(OUTPUTS):
            out[m] = 0.0
        call_for_nothing(address, (psi, c, x, j, T, state, numbers[at + DRIVER : at + DRIVER + length], out))
        slope = weight * power / size * (state / size) ** (power - 1.0)
        grown += weight * ((state / size) ** power - (first / size) ** power)
        change += slope * out[CHANGE]
        by_potential += slope * out[CHANGE_BY_POTENTIAL]
        by_salt += slope * out[CHANGE_BY_SALT]
        by_stoichiometry += slope * out[CHANGE_BY_STOICHIOMETRY]
        by_reaction += slope * out[CHANGE_BY_REACTION]
        at += DRIVER + length
    for m in range(OUTPUTS):
        out[m] = 0.0
    if grown >= numbers[OWN + 1]:
        out[CHANGE], out[CHANGE_BY_POTENTIAL], out[CHANGE_BY_SALT] = change, by_potential, by_salt
        out[CHANGE_BY_STOICHIOMETRY], out[CHANGE_BY_REACTION] = by_stoichiometry, by_reaction
