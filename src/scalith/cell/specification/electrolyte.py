"""The electrolyte: a salt in a solvent, or a conductor of one ion."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from scalith.cell.specification.material_function import (
    CONDUCTIVITY,
    DIFFUSIVITY,
    GENERATION,
    THERMODYNAMIC_FACTOR,
    TRANSFERENCE_NUMBER,
)
from scalith.quantities import Property, Spec
from scalith.quantities.plausible_ranges import require_plausible
from scalith.quantities.specification import Concentration, MolarEnergy


class ElectrolyteSpecification(Spec):
    """Binary electrolyte in concentrated solution, or a single-ion conductor (transference number 1).

    Attributes
    ----------
    initial_concentration : mol m-3
    conductivity, diffusivity : Property of c [and T]
        Bulk values, S m-1 and m2 s-1, at the reference temperature where they do not depend on T themselves.
    transference_number, thermodynamic_factor : Property of c
        t₊ and 1 + ∂ln f/∂ln c.
    generation : Property of c, optional
        Rate at which mobile ions form, mol m-3 s-1: weakly dissociated solid electrolytes.
    conductivity_activation_energy, diffusivity_activation_energy : J mol-1
    """

    initial_concentration: Concentration
    conductivity: Annotated[Property, CONDUCTIVITY]
    diffusivity: Annotated[Property, DIFFUSIVITY]
    transference_number: Annotated[Property, TRANSFERENCE_NUMBER]
    thermodynamic_factor: Annotated[Property, THERMODYNAMIC_FACTOR] = Field(default=1.0, validate_default=True)
    generation: Annotated[Property, GENERATION] | None = None
    conductivity_activation_energy: MolarEnergy = 0.0
    diffusivity_activation_energy: MolarEnergy = 0.0

    @model_validator(mode="after")
    def _plausible(self) -> Self:
        # Formulas are fitted over the concentrations that occur; far from them they may say anything.
        ranges = {name: f"electrolyte {name}" for name in ("conductivity", "diffusivity")}
        for name, known in {**ranges, "transference_number": "transference number"}.items():
            value: Property = getattr(self, name)
            if not value.source.settings.get("implausible"):
                at = value(c=self.initial_concentration, T=298.15, extrapolate="nearest")
                require_plausible(known, at, field=name)
        return self
