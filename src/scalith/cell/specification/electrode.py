"""Layers of the cell: separator, porous electrodes, lithium metal, electrodes that block."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from scalith.cell.specification.active_material import ActiveMaterial
from scalith.cell.specification.material_function import (
    ASSUMED,
    EXCHANGE_CURRENT_DENSITY,
    OPEN_CIRCUIT_VOLTAGE,
    POROSITY_PROFILE,
    TRANSPORT_EFFICIENCY_PROFILE,
)
from scalith.interface import PressedLithium
from scalith.quantities import SI, InputError, Property, Spec, Uncertain, nearest
from scalith.quantities.constants import LITHIUM_MOLAR_VOLUME
from scalith.quantities.specification import ElectricalConductivity, LayerThickness

Array = NDArray[np.float64]
_DEPTHS: Array = (np.arange(2000) + 0.5) / 2000
"""Positions that means over a layer are taken at."""


def _over_depth(profile: Property | None, z: Array) -> Array:
    return np.ones_like(z) if profile is None else np.broadcast_to(profile(z=z), z.shape)


class PorousLayer(Spec):
    """Thickness, porosity and how well the pores conduct.

    Attributes
    ----------
    thickness : m
    porosity : volume fraction of electrolyte
        A function of the position z makes the layer graded, ``"0.25 + 0.1 * z"`` or ``{z = [0, 0.5, 1], values = [...]}``:
        z is 0 at the separator and 1 at the collector (in the separator itself 0 at the negative electrode). It is kept as
        the mean, `porosity`, and the shape over z.
    porosity_profile : Property of z, optional
        Porosity over its mean: ε(z) = `porosity` · `porosity_profile`(z).
    transport_efficiency : optional
        Effective over bulk transport, B; without it B(z) = ε(z) to the power `bruggeman_exponent`. A function of z as
        `porosity`; the mean is that of the resistance, 1/∫dz/B.
    transport_efficiency_profile : Property of z, optional
        Transport efficiency over its mean.
    bruggeman_exponent
    """

    thickness: LayerThickness
    porosity: Annotated[float, SI("1"), Field(gt=0, le=1)]
    porosity_profile: Annotated[Property, POROSITY_PROFILE] | None = None
    transport_efficiency: Annotated[float, SI("1"), Field(gt=0)] | None = None
    transport_efficiency_profile: Annotated[Property, TRANSPORT_EFFICIENCY_PROFILE] | None = None
    bruggeman_exponent: Annotated[float, Field(ge=0)] = 1.5

    @model_validator(mode="before")
    @classmethod
    def _graded(cls, data: Any) -> Any:
        if not isinstance(data, Mapping):
            return data
        made: dict[str, Any] = {}
        for name, function in (("porosity", POROSITY_PROFILE), ("transport_efficiency", TRANSPORT_EFFICIENCY_PROFILE)):
            value = data.get(name)
            if not isinstance(value, (Property, Mapping)) and not (isinstance(value, str) and "z" in value):
                continue
            given = function.read(value)
            if not isinstance(given, Property):
                continue
            if data.get(f"{name}_profile") is not None:
                raise InputError("layer", f"{name}_profile", f"{name}_profile beside a function", "one of the two")
            values = _over_depth(given, _DEPTHS)
            if not float(values.min()) > 0.0:
                raise InputError("layer", name, float(values.min()), "positive values everywhere")
            mean = float(values.mean() if name == "porosity" else 1.0 / np.mean(1.0 / values))
            shape = Property(f"{name}_profile", given.values / mean, "1", given.source)
            made |= {name: mean, f"{name}_profile": shape}
        return {**data, **made} if made else data

    @model_validator(mode="after")
    def _within_one(self) -> Self:
        if self.most_porosity > 1.0 + 1e-9:
            raise InputError("layer", "porosity", f"{self.most_porosity:.4g} at its most porous depth", "at most 1")
        return self

    @property
    def graded(self) -> bool:
        """Whether porosity or transport efficiency depend on the position."""
        return self.porosity_profile is not None or self.transport_efficiency_profile is not None

    @property
    def most_porosity(self) -> float:
        """Porosity where it is largest."""
        return float(self.porosity_at(_DEPTHS).max()) if self.graded else self.porosity

    def porosity_at(self, z: Array) -> Array:
        """Porosity at positions between 0 and 1."""
        return self.porosity * _over_depth(self.porosity_profile, z)

    def efficiency_at(self, z: Array) -> Array:
        """Transport efficiency at positions between 0 and 1."""
        if self.transport_efficiency is None:
            return np.asarray(self.porosity_at(z) ** self.bruggeman_exponent)
        return self.transport_efficiency * _over_depth(self.transport_efficiency_profile, z)

    @property
    def efficiency(self) -> float:
        """Effective over bulk transport of the electrolyte across the whole layer."""
        if not self.graded:
            return self.porosity**self.bruggeman_exponent if self.transport_efficiency is None else self.transport_efficiency
        return float(1.0 / np.mean(1.0 / self.efficiency_at(_DEPTHS)))


class ElectrodeSpecification(PorousLayer):
    """A porous electrode of one or several active materials.

    The fields of `ActiveMaterial` may be given straight in the electrode when there is one.

    Attributes
    ----------
    conductivity : S m-1
        Effective electronic conductivity of the solid.
    materials : tuple of ActiveMaterial
    planar : bool
        A flat electrode: one finite volume, whatever the mesh.
    pressed_lithium : PressedLithium, optional
        Of a `LithiumMetal`, and of a planar electrode alone: what says where a run stands against filaments. The resistance of
        its contact comes on top of the film resistance of the material.
    double_layer_capacitance : F m-2
        Per surface of the particles.
    double_layer_exponent : α, optional
        Below 1 the double layer is a constant-phase element of admittance C (iω)^α, with C in F s^(α−1) m-2 (the capacitance at
        1 rad/s). It has no equation in time: spectra at rest know it, and what passes time asks for 1.
    """

    conductivity: ElectricalConductivity
    materials: Annotated[tuple[ActiveMaterial, ...], Field(min_length=1)]
    double_layer_capacitance: Annotated[float, SI("F m-2"), Field(ge=0)] = 0.0
    double_layer_exponent: Annotated[float, Field(gt=0, le=1)] = 1.0
    planar: bool = False
    pressed_lithium: PressedLithium | None = None

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
        if self.most_porosity + solid > 1.0 + 1e-6:
            raise InputError(
                "electrode", "porosity", f"{self.most_porosity:g} with {solid:.4g} of active material", "together at most 1"
            )
        if self.pressed_lithium is not None and not self.planar:
            raise InputError("electrode", "pressed_lithium", "a porous electrode", "a planar one: lithium metal")
        return self

    @property
    def contact_area_resistance(self) -> float:
        """Of lithium that is pressed on, at its reference temperature, ohm m2 of the cell's area; 0 without."""
        pressed = self.pressed_lithium
        return 0.0 if pressed is None else pressed.area_resistance(pressed.reference_temperature)

    @property
    def window(self) -> float:
        """Lithium between the stoichiometries of the materials, mol m-2 of one pair of electrodes."""
        return self.thickness * sum(
            m.volume_fraction * m.maximum_concentration * (m.maximum_stoichiometry - m.minimum_stoichiometry)
            for m in self.materials
        )

    @property
    def material(self) -> ActiveMaterial:
        """The (first) active material."""
        return self.materials[0]

    def with_particles(self, conductivity: Property, T: float) -> Self:
        """Particles conduct beside the network that is stated: σ + ε^b σ̄, volume fraction ε, mean over the window σ̄.

        Parameters
        ----------
        conductivity : Property
            σ(x, T) of the active material, S m-1.
        T : float
            K.
        """
        material = self.material
        own = conductivity.mean("x", material.minimum_stoichiometry, material.maximum_stoichiometry, T=T)
        share = material.volume_fraction**self.bruggeman_exponent
        error = float(np.hypot(getattr(self.conductivity, "error", 0.0), share * getattr(own, "error", 0.0)))
        total = self.conductivity + share * own
        return self.model_copy(update={"conductivity": Uncertain(total, error) if error else total})


class LithiumMetal(Spec):
    """A flat electrode of lithium metal, or of an alloy that keeps one potential.

    Written in place of either electrode or of both, ``[negative_electrode] lithium_metal = {exchange_current_density =
    "100 A/m2"}``, it becomes a planar `ElectrodeSpecification`: one thin layer whose surface is the cell's area, with a store
    whose window balances the other electrode, or holds the nominal capacity where both are lithium. Its stoichiometries are
    those of the store (50 % at its middle; 25 windows lie on either side), not of the metal, and it is never used up; with
    `reserve_thickness` they are the share of all lithium, and a run ends where the metal is stripped to nothing.

    Attributes
    ----------
    exchange_current_density : A m-2
        Per area of the cell, at the initial electrolyte concentration, times (cₑ/cₑ₀)^n; R_ct = RT/(F i₀).
    concentration_exponent : n, optional
        Without it ½.
    potential : V
        Against lithium; 0.62 V for In–Li.
    film_resistance : ohm m2
    pressed : PressedLithium, optional
        On a solid electrolyte: the resistance of its contact (at its reference temperature) comes on top of `film_resistance`,
        and runs say which share of the critical current they take.
    double_layer_capacitance, double_layer_exponent
        As of an `ElectrodeSpecification`.
    reserve_thickness : m, optional
        Of the metal that is left when the other electrode holds all the lithium of its window; 0 for a cell without an anode. How
        the metal nucleates, and how the last of it covers its collector, is not modelled.
    """

    exchange_current_density: Annotated[Property, EXCHANGE_CURRENT_DENSITY]
    potential: Annotated[Property, OPEN_CIRCUIT_VOLTAGE] = Field(default=0.0, validate_default=True)
    concentration_exponent: Annotated[float, Field(ge=0, le=2)] | None = None
    film_resistance: Annotated[float, SI("ohm m2"), Field(ge=0)] = 0.0
    double_layer_capacitance: Annotated[float, SI("F m-2"), Field(ge=0)] = 0.0
    double_layer_exponent: Annotated[float, Field(gt=0, le=1)] = 1.0
    pressed: PressedLithium | None = None
    reserve_thickness: Annotated[float, SI("m"), Field(ge=0)] | None = None

    def electrode(self, window: float) -> ElectrodeSpecification:
        """The metal as an electrode.

        Parameters
        ----------
        window : float
            Lithium between 0 and 100 % state of charge, mol m-2: `ElectrodeSpecification.window` of the other electrode.
        """
        thickness, depth = 1e-7, 1e-8
        if self.reserve_thickness is None:
            total, low = 50.0 * window, 0.49
        else:
            reserve = self.reserve_thickness / LITHIUM_MOLAR_VOLUME
            total = 1.25 * (reserve + window)  # not the limit: the metal grows as long as lithium comes
            low = reserve / total
        material = ActiveMaterial(
            particle_radius=depth,
            specific_area=1.0 / thickness,
            geometry="slab",
            maximum_concentration=total / depth,
            minimum_stoichiometry=low,
            maximum_stoichiometry=low + window / total,
            metal_thickness=None if self.reserve_thickness is None else total * LITHIUM_MOLAR_VOLUME,
            open_circuit_voltage=self.potential,
            chemical_diffusivity=Property.constant("chemical_diffusivity", 1e-10, "m2 s-1", ASSUMED),
            exchange_current_density=self.exchange_current_density,
            concentration_exponent=self.concentration_exponent,
            film_resistance=self.film_resistance,
        )
        return _flat(material, thickness, self.double_layer_capacitance, self.double_layer_exponent, self.pressed)


class BlockingElectrode(Spec):
    """A flat electrode that lets no ion through: steel or gold beside an electrolyte whose conductivity is measured.

    Written as `LithiumMetal`, ``[negative_electrode] blocking = {double_layer_capacitance = "0.1 F/m2"}``. Its double layer is
    all there is: charge in it is that of the cation.

    Attributes
    ----------
    double_layer_capacitance, double_layer_exponent
        As of an `ElectrodeSpecification`, per area of the cell.
    """

    double_layer_capacitance: Annotated[float, SI("F m-2"), Field(gt=0)]
    double_layer_exponent: Annotated[float, Field(gt=0, le=1)] = 1.0

    def electrode(self, window: float) -> ElectrodeSpecification:
        """The electrode; `window` (mol m-2) is that of a store which nothing reaches: it balances the other electrode."""
        thickness, depth = 1e-7, 1e-8
        material = ActiveMaterial(
            particle_radius=depth,
            specific_area=1.0 / thickness,
            geometry="slab",
            maximum_concentration=window / depth,
            open_circuit_voltage=Property.constant("open_circuit_voltage", 0.0, "V", ASSUMED),
            chemical_diffusivity=Property.constant("chemical_diffusivity", 1e-10, "m2 s-1", ASSUMED),
            exchange_current_density=Property.constant("exchange_current_density", 0.0, "A m-2", ASSUMED),
        )
        return _flat(material, thickness, self.double_layer_capacitance, self.double_layer_exponent)


def _flat(
    material: ActiveMaterial, thickness: float, capacitance: float, exponent: float, pressed: PressedLithium | None = None
) -> ElectrodeSpecification:
    """One thin layer whose surface is the cell's area."""
    return ElectrodeSpecification(
        thickness=thickness,
        porosity=0.5,
        transport_efficiency=10.0,
        conductivity=1e4,
        materials=(material,),
        planar=True,
        double_layer_capacitance=capacitance,
        double_layer_exponent=exponent,
        pressed_lithium=pressed,
    )
