"""Electrolyte: what fills the pores, or the solid that ions cross, in studies that name it among their materials."""

from __future__ import annotations

from typing import Any

from scalith.cell.specification.material_function import (
    CONDUCTIVITY,
    DIFFUSIVITY,
    THERMODYNAMIC_FACTOR,
    TRANSFERENCE_NUMBER,
)
from scalith.ladder.quantity import Quantity, rung
from scalith.ladder.rungs.interface import Polycrystal
from scalith.quantities import Property

OF_MATERIAL = True
"""These quantities exist once for each material of a study."""

_OVER = {"c": "mol m-3", "T": "K"}

GIVEN: dict[str, tuple[Quantity, type[Any]]] = {
    "salt_diffusivity": (Quantity("diffusivity of the salt", "m2 s-1", _OVER, formula=DIFFUSIVITY.read), Property),
    "transference_number": (Quantity("transference number", "1", _OVER, formula=TRANSFERENCE_NUMBER.read), Property),
    "salt_thermodynamic_factor": (
        Quantity("thermodynamic factor of the salt", "1", _OVER, formula=THERMODYNAMIC_FACTOR.read),
        Property,
    ),
}


@rung(
    "conductivity of the electrolyte",
    unit="S m-1",
    over="c T",
    formula=CONDUCTIVITY.read,
    one_of=("bulk_ionic_conductivity", "polycrystal"),
)
def ionic_conductivity(bulk_ionic_conductivity: Property | None = None, polycrystal: Polycrystal | None = None) -> Property:
    """That within crystallites, with the boundaries of ``[polycrystal]`` where they are stated; given for a liquid."""
    if polycrystal is None:
        assert bulk_ionic_conductivity is not None  # one of the two, by the graph
        return bulk_ionic_conductivity
    return polycrystal.conductivity(bulk=bulk_ionic_conductivity)
