"""Electrolyte: what fills the pores, in studies that name it among their materials."""

from __future__ import annotations

from typing import Any

from scalith.cell.specification.material_function import (
    CONDUCTIVITY,
    DIFFUSIVITY,
    THERMODYNAMIC_FACTOR,
    TRANSFERENCE_NUMBER,
)
from scalith.ladder.quantity import Quantity
from scalith.quantities import Property

OF_MATERIAL = True
"""These quantities exist once for each material of a study."""

_OVER = {"c": "mol m-3", "T": "K"}

GIVEN: dict[str, tuple[Quantity, type[Any]]] = {
    "ionic_conductivity": (Quantity("conductivity of the electrolyte", "S m-1", _OVER, formula=CONDUCTIVITY.read), Property),
    "salt_diffusivity": (Quantity("diffusivity of the salt", "m2 s-1", _OVER, formula=DIFFUSIVITY.read), Property),
    "transference_number": (Quantity("transference number", "1", _OVER, formula=TRANSFERENCE_NUMBER.read), Property),
    "salt_thermodynamic_factor": (
        Quantity("thermodynamic factor of the salt", "1", _OVER, formula=THERMODYNAMIC_FACTOR.read),
        Property,
    ),
}
