"""Rate at which a film grows whose solvent must diffuse through it."""

from __future__ import annotations

from scalith.cell.kernels.layout import CHANGE, CHANGE_BY_STATE, OWN, SIDE, SIDE_BY_STATE, Array
from scalith.cell.kernels.reaction import arrhenius
from scalith.numerics.compiled import compiled_in_place


@compiled_in_place
def film_growth_rate(psi: float, c: float, x: float, j: float, T: float, z: float, numbers: Array, out: Array) -> None:
    """N = D c_solvent/L; dL/dt = V N; the side reaction takes −ν N."""
    volume, lithium = numbers[OWN], numbers[OWN + 1]
    flux = numbers[OWN + 2] * arrhenius(numbers[OWN + 3], T, numbers[OWN + 4]) / z
    out[CHANGE] = volume * flux
    out[CHANGE_BY_STATE] = -volume * flux / z
    out[SIDE] = -lithium * flux
    out[SIDE_BY_STATE] = lithium * flux / z
