"""Layers of the cell: separator, porous electrodes, lithium metal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from scalith.cell.specification.active_material import ActiveMaterial
from scalith.cell.specification.material_function import ASSUMED, EXCHANGE_CURRENT_DENSITY, OPEN_CIRCUIT_VOLTAGE
from scalith.quantities import SI, InputError, Property, Spec, nearest
from scalith.quantities.specification import Length


class PorousLayer(Spec):
    """Thickness, porosity and how well the pores conduct.

    Attributes
    ----------
    thickness : m
    porosity : volume fraction of electrolyte
    transport_efficiency : optional
        Effective over bulk transport; without it porosity to the power `bruggeman_exponent`.
    bruggeman_exponent
    """

    thickness: Length
    porosity: Annotated[float, SI("1"), Field(gt=0, le=1)]
    transport_efficiency: Annotated[float, SI("1"), Field(gt=0)] | None = None
    bruggeman_exponent: Annotated[float, Field(ge=0)] = 1.5

    @property
    def efficiency(self) -> float:
        """Effective over bulk transport of the electrolyte."""
        return self.porosity**self.bruggeman_exponent if self.transport_efficiency is None else self.transport_efficiency


class ElectrodeSpecification(PorousLayer):
    """A porous electrode of one or several active materials.

    The fields of `ActiveMaterial` may be given straight in the electrode when there is one.

    Attributes
    ----------
    conductivity : S m-1
        Effective electronic conductivity of the solid.
    materials : tuple of ActiveMaterial
    double_layer_capacitance : F m-2
        Per surface of the particles.
    """

    conductivity: Annotated[float, SI("S m-1"), Field(gt=0)]
    materials: Annotated[tuple[ActiveMaterial, ...], Field(min_length=1)]
    double_layer_capacitance: Annotated[float, SI("F m-2"), Field(ge=0)] = 0.0

    @model_validator(mode="before")
    @classmethod
    def _gather(cls, data: Any) -> Any:
        if not isinstance(data, Mapping) or "materials" in data:
            return data
        inner = {key: value for key, value in data.items() if key in ActiveMaterial.model_fields}
        known = [*(name for name in cls.model_fields if name != "materials"), *ActiveMaterial.model_fields]
        for key in data:
            if key not in known:
                raise InputError("electrode", str(key), f"unknown key {key!r}", nearest(str(key), known))
        return {key: value for key, value in data.items() if key not in inner} | {"materials": (inner,)}

    @model_validator(mode="after")
    def _fits(self) -> Self:
        solid = sum(material.volume_fraction for material in self.materials)
        if self.porosity + solid > 1.0 + 1e-6:
            raise InputError(
                "electrode", "porosity", f"{self.porosity:g} with {solid:.4g} of active material", "together at most 1"
            )
        return self

    @property
    def material(self) -> ActiveMaterial:
        """The (first) active material."""
        return self.materials[0]


class LithiumMetal(Spec):
    """A flat electrode of lithium metal, or of an alloy that keeps one potential.

    Written in place of an electrode, ``[negative_electrode] lithium_metal = {exchange_current_density = "100 A/m2"}``, it
    becomes an `ElectrodeSpecification`: one thin layer whose surface is the cell's area, with a store that balances the
    positive electrode (50 % at its middle, so that the sides never empty). Give it a `Mesh` of one volume.

    Attributes
    ----------
    exchange_current_density : A m-2
        Per area of the cell; R_ct = RT/(F i₀).
    potential : V
        Against lithium; 0.62 V for In–Li.
    film_resistance : ohm m2
    double_layer_capacitance : F m-2
    """

    exchange_current_density: Annotated[Property, EXCHANGE_CURRENT_DENSITY]
    potential: Annotated[Property, OPEN_CIRCUIT_VOLTAGE] = Field(default=0.0, validate_default=True)
    film_resistance: Annotated[float, SI("ohm m2"), Field(ge=0)] = 0.0
    double_layer_capacitance: Annotated[float, SI("F m-2"), Field(ge=0)] = 0.0

    def electrode(self, other: ElectrodeSpecification) -> ElectrodeSpecification:
        """The metal as an electrode opposite to `other`."""
        thickness, depth, half_window = 1e-7, 1e-8, 0.01
        held = other.thickness * sum(
            m.volume_fraction * m.maximum_concentration * (m.maximum_stoichiometry - m.minimum_stoichiometry)
            for m in other.materials
        )
        material = ActiveMaterial(
            particle_radius=depth,
            specific_area=1.0 / thickness,
            geometry="slab",
            maximum_concentration=held / (depth * 2.0 * half_window),
            minimum_stoichiometry=0.5 - half_window,
            maximum_stoichiometry=0.5 + half_window,
            open_circuit_voltage=self.potential,
            chemical_diffusivity=Property.constant("chemical_diffusivity", 1e-10, "m2 s-1", ASSUMED),
            exchange_current_density=self.exchange_current_density,
            film_resistance=self.film_resistance,
        )
        return ElectrodeSpecification(
            thickness=thickness,
            porosity=0.5,
            transport_efficiency=10.0,
            conductivity=1e4,
            materials=(material,),
            double_layer_capacitance=self.double_layer_capacitance,
        )
