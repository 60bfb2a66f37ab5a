"""What a user states of a cell: geometry, materials, electrolyte, surroundings; the structure follows BPX."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import numpy as np
from pydantic import Field, field_validator, model_validator
from pydantic_core import CoreSchema, core_schema

from scalith.cell.specification.expression import parse_expression
from scalith.particle.phase_field import PhaseField
from scalith.particle.stress_assisted_diffusion import ParticleStress
from scalith.quantities import (
    SI,
    InputError,
    Property,
    Source,
    Spec,
    nearest,
    parse_quantity,
    read_property_csv,
    read_toml,
    to_si,
)
from scalith.quantities.constants import FARADAY
from scalith.quantities.specification import Area, Concentration, Fraction, Length, MolarEnergy, Temperature, Voltage

_ASSUMED = Source(kind="assumed", by="specification of the cell")
_ORIGIN = ("reference", "kind", "note")


@dataclass(frozen=True)
class MaterialFunction:
    """Marks a `Property` field and says how user text becomes one.

    Accepted are a `Property`; a number or ``"3.9e-14 m2/s"``; a formula of the state (``"0.33 * x ** 2"``, sampled over
    `low` … `high`); ``{x = [...], values = [...], unit = "V"}``; ``{file = "ocv.csv"}``; and ``{value = "2 mS/cm"}`` or
    ``{formula = "2e-5 * c", over = [1, 6e4]}``. Each of the tables in braces may say where it is from:
    ``reference = "… DOI"`` and ``kind = "published"`` (or ``"measured"``, ``"assumed"``).
    """

    name: str
    unit: str
    coordinate: str
    low: float = 0.0
    high: float = 1.0

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> CoreSchema:
        return core_schema.no_info_before_validator_function(self.read, handler(source))

    def read(self, value: Any) -> Any:
        """Turn what the user wrote into a property; what is neither is left for the validator to refuse."""
        if isinstance(value, Property):
            return value
        coordinate_unit = {"x": "1", "c": "mol m-3"}[self.coordinate]
        if isinstance(value, bool):
            return value
        if isinstance(value, (int, float)):
            return Property.constant(self.name, float(value), self.unit, _ASSUMED)
        if isinstance(value, str):
            return self._text(value, _ASSUMED, (self.low, self.high))
        if not isinstance(value, Mapping) or "source" in value:
            return value
        forms = {"value": (), "formula": ("over",), "values": (self.coordinate, "unit"), "file": ()}
        form = next((name for name in forms if name in value), "values" if self.coordinate in value else None)
        allowed = [*forms, *_ORIGIN] if form is None else [form, *forms[form], *_ORIGIN]
        unknown = [key for key in value if key not in allowed]
        missing = "one of value, formula, values and file"
        if form == "values":
            missing = next((name for name in (self.coordinate, "values") if name not in value), "")
        if form is None or unknown or (form == "values" and missing):
            found = f"unknown key {unknown[0]!r}" if unknown else f"no {missing}"
            raise InputError(self.name, "", found, nearest(unknown[0] if unknown else "", allowed))
        source = _origin(self.name, value)
        if form == "file":
            coordinates = {self.coordinate: coordinate_unit, "T": "K"}
            return read_property_csv(value["file"], self.name, self.unit, coordinates, source=source)
        source = source or _ASSUMED
        if form == "values":
            values = to_si(value["values"], value.get("unit", self.unit), self.unit, where=self.name, field="unit")
            return Property.from_arrays(self.name, {self.coordinate: value[self.coordinate]}, values, self.unit, source)
        over = value.get("over", [self.low, self.high])
        if not isinstance(over, list | tuple) or len(over) != 2 or not over[0] < over[1]:
            raise InputError(self.name, "over", over, "two increasing numbers")
        if form == "formula":
            return self._text(str(value["formula"]), source, (float(over[0]), float(over[1])))
        return Property.constant(self.name, parse_quantity(value["value"], self.unit, where=self.name), self.unit, source)

    def _text(self, text: str, source: Source, over: tuple[float, float]) -> Property:
        """A number with its unit, or a formula."""
        number, _, unit = text.strip().partition(" ")
        try:
            float(number)
        except ValueError:
            unit = ""
        if number == text.strip() or unit.strip()[:1].isalpha() or unit.strip()[:1] in ("%", "Ω", "°", "µ"):
            # Text such as "3.9e-14 m/s": the unit is to blame, not a formula.
            try:
                return Property.constant(self.name, parse_quantity(text, self.unit, where=self.name), self.unit, source)
            except InputError:
                if unit:
                    raise
        noted = source.model_copy(update={"note": f"{source.note}; {text}" if source.note else text})
        return MaterialFunction(self.name, self.unit, self.coordinate, *over).sample(text, source=noted)

    def sample(self, text: str, *, source: Source | None = None, bounds: tuple[float, float] | None = None) -> Property:
        """Sample a formula over `low` … `high`, leaving out the ends where it leaves `bounds` or is not finite."""
        function = parse_expression(text, self.coordinate, where=self.name)
        grid = np.linspace(self.low, self.high, 2001)
        values = np.broadcast_to(np.asarray(function(grid), dtype=np.float64), grid.shape)
        good = np.isfinite(values) if bounds is None else np.isfinite(values) & (values > bounds[0]) & (values < bounds[1])
        if not np.any(good):
            raise InputError(self.name, "", text, "a formula with finite values")
        # The longest unbroken piece: formulas of voltages often blow up at one end.
        edges = np.flatnonzero(np.diff(np.concatenate([[0], good.astype(int), [0]])))
        starts, ends = edges[::2], edges[1::2]
        longest = int(np.argmax(ends - starts))
        low, high = grid[starts[longest]], grid[ends[longest] - 1]
        if high <= low:
            raise InputError(self.name, "", text, "a formula with finite values over a range")
        grid = np.linspace(low, high, 2001)
        origin = source or _ASSUMED.model_copy(update={"note": text})
        return Property.from_arrays(
            self.name, {self.coordinate: grid}, np.broadcast_to(function(grid), grid.shape), self.unit, origin
        )


OPEN_CIRCUIT_VOLTAGE = MaterialFunction("open_circuit_voltage", "V", "x")
ENTROPIC_COEFFICIENT = MaterialFunction("entropic_coefficient", "V K-1", "x")
CHEMICAL_DIFFUSIVITY = MaterialFunction("chemical_diffusivity", "m2 s-1", "x")
EXCHANGE_CURRENT_DENSITY = MaterialFunction("exchange_current_density", "A m-2", "x")
CONDUCTIVITY = MaterialFunction("conductivity", "S m-1", "c", 1.0, 4000.0)
DIFFUSIVITY = MaterialFunction("diffusivity", "m2 s-1", "c", 1.0, 4000.0)
TRANSFERENCE_NUMBER = MaterialFunction("transference_number", "1", "c", 1.0, 4000.0)
THERMODYNAMIC_FACTOR = MaterialFunction("thermodynamic_factor", "1", "c", 1.0, 4000.0)
GENERATION = MaterialFunction("generation", "mol m-3 s-1", "c", 1.0, 4000.0)
HYSTERESIS = MaterialFunction("hysteresis", "V", "x")
OVERVOLTAGE_FUNCTION = MaterialFunction("reduced_rate", "1", "x")


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


class ActiveMaterial(Spec):
    """One kind of particle in an electrode.

    Attributes
    ----------
    particle_radius : m
    active_volume_fraction, specific_area
        One of the two: volume fraction of the electrode, or surface per volume of electrode, m-1 (a = 3 ε/R for spheres).
    maximum_concentration : mol m-3
        Of working ions at x = 1.
    open_circuit_voltage : Property of x [and T], V against lithium
    entropic_coefficient : Property of x, V K-1, optional
        ∂U/∂T; without it the slope in T of the open-circuit voltage, or zero.
    hysteresis : Property of x [and T], V, optional
        Half the distance M of the branches: U + M while lithium leaves the particle, U − M while it enters, U at rest; between
        them U + M tanh(F j/i_h).
    hysteresis_decay : γ, optional
        With it U + h M instead, where the state h of each particle follows its mean stoichiometry: dh = −γ (h ± 1) |dx|, to −1
        while lithium enters and to +1 while it leaves, whatever the rate (one-state model; Axen et al.,
        DOI 10.1016/j.est.2022.103985).
    initial_hysteresis : h at the start, −1 to 1
    hysteresis_current_density : A m-2
        i_h per surface of particle; well below what flows at the rates of interest, and best not below 1e-3.
    chemical_diffusivity : Property of x [and T], m2 s-1
    reaction_rate_constant, exchange_current_density
        One of the two: k in i₀ = F k (cₑ/cₑ₀)^α_a (1 − x)^α_a x^α_c, mol m-2 s-1; or i₀(x[, T]) itself at the initial
        electrolyte concentration, A m-2, times (cₑ/cₑ₀)^α_a.
    anodic_transfer_coefficient, cathodic_transfer_coefficient
    overvoltage_function : Property of x, optional
        Rate over i₀/F as a function of Fη/RT, in place of Butler–Volmer: see `scalith.interface`.
    film_resistance : ohm m2
    minimum_stoichiometry, maximum_stoichiometry
        x at the ends of the cell's window (0 % and 100 % state of charge).
    geometry : particles as spheres, cylinders or slabs of half-thickness `particle_radius`
    stress : ParticleStress, optional
        The stress of a particle's own gradient hastens its diffusion and shifts the voltage of its surface: see
        `scalith.particle.ParticleStress`.
    phase_field : PhaseField, optional
        Particles that separate into phases, in place of Fickian ones: see `scalith.particle.PhaseField`. Their open-circuit
        voltage and chemical diffusivity need not be given: they become the voltage of the homogeneous material and its tracer
        diffusivity, which only say where the search for the first potentials starts. Its maximum concentration and its
        exchange current density count where the material states none.
    """

    particle_radius: Length
    active_volume_fraction: Fraction | None = None
    specific_area: Annotated[float, SI("m-1"), Field(gt=0)] | None = None
    maximum_concentration: Concentration
    minimum_stoichiometry: Fraction = 0.0
    maximum_stoichiometry: Fraction = 1.0
    open_circuit_voltage: Annotated[Property, OPEN_CIRCUIT_VOLTAGE]
    entropic_coefficient: Annotated[Property, ENTROPIC_COEFFICIENT] | None = None
    hysteresis: Annotated[Property, HYSTERESIS] | None = None
    hysteresis_current_density: Annotated[float, SI("A m-2"), Field(gt=0)] = 0.01
    hysteresis_decay: Annotated[float, Field(gt=0)] | None = None
    initial_hysteresis: Annotated[float, Field(ge=-1, le=1)] = 0.0
    chemical_diffusivity: Annotated[Property, CHEMICAL_DIFFUSIVITY]
    diffusivity_activation_energy: MolarEnergy = 0.0
    reaction_rate_constant: Annotated[float, SI("mol m-2 s-1"), Field(gt=0)] | None = None
    exchange_current_density: Annotated[Property, EXCHANGE_CURRENT_DENSITY] | None = None
    reaction_activation_energy: MolarEnergy = 0.0
    anodic_transfer_coefficient: Annotated[float, Field(gt=0, lt=1)] = 0.5
    cathodic_transfer_coefficient: Annotated[float, Field(gt=0, lt=1)] = 0.5
    overvoltage_function: Annotated[Property, OVERVOLTAGE_FUNCTION] | None = None
    film_resistance: Annotated[float, SI("ohm m2"), Field(ge=0)] = 0.0
    geometry: Literal["sphere", "cylinder", "slab"] = "sphere"
    stress: ParticleStress | None = None
    phase_field: PhaseField | None = None

    @model_validator(mode="before")
    @classmethod
    def _separating(cls, data: Any) -> Any:
        given = data.get("phase_field") if isinstance(data, Mapping) else None
        if given is None:
            return data
        particle = given if isinstance(given, PhaseField) else PhaseField.read(given, "phase_field")
        for name in ("hysteresis", "entropic_coefficient", "stress"):
            if data.get(name) is not None:
                raise InputError("active material", name, f"{name} beside phase_field", "none: it follows from the phase field")
        made = {
            "open_circuit_voltage": particle.homogeneous_voltage(),
            "chemical_diffusivity": particle.tracer_diffusivity,
            "phase_field": particle,
        }
        if data.get("maximum_concentration") is None:
            made["maximum_concentration"] = particle.maximum_concentration
        rates = ("reaction_rate_constant", "exchange_current_density")
        if particle.exchange_current_density is not None and all(data.get(name) is None for name in rates):
            made["reaction_rate_constant"] = particle.exchange_current_density / FARADAY
        return {**data, **made}

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if (self.active_volume_fraction is None) == (self.specific_area is None):
            raise InputError("active material", "", "both or neither", "either active_volume_fraction or specific_area")
        if (self.reaction_rate_constant is None) == (self.exchange_current_density is None):
            raise InputError(
                "active material", "", "both or neither", "either reaction_rate_constant or exchange_current_density"
            )
        if self.minimum_stoichiometry >= self.maximum_stoichiometry:
            raise InputError(
                "active material", "minimum_stoichiometry", self.minimum_stoichiometry, "less than maximum_stoichiometry"
            )
        if float(self.chemical_diffusivity.nominal.min()) <= 0.0:
            raise InputError(
                "active material", "chemical_diffusivity", float(self.chemical_diffusivity.nominal.min()), "positive values"
            )
        exchange = self.exchange_current_density
        if exchange is not None and float(exchange.nominal.min()) < 0.0:
            raise InputError("active material", "exchange_current_density", float(exchange.nominal.min()), "positive values")
        if self.hysteresis_decay is not None and self.hysteresis is None:
            raise InputError("active material", "hysteresis_decay", self.hysteresis_decay, "a hysteresis that it belongs to")
        if self.hysteresis is not None and float(self.hysteresis.nominal.min()) < 0.0:
            raise InputError("active material", "hysteresis", float(self.hysteresis.nominal.min()), "no negative values")
        for name in ("open_circuit_voltage", "hysteresis", "chemical_diffusivity", "exchange_current_density"):
            table: Property | None = getattr(self, name)
            if table is None or "x" not in table.coordinates or table.coordinates["x"].size == 1:
                continue
            low, high = table.domain["x"]
            if low > self.minimum_stoichiometry + 1e-9 or high < self.maximum_stoichiometry - 1e-9:
                window = f"at least the window {self.minimum_stoichiometry:g} to {self.maximum_stoichiometry:g}"
                raise InputError("active material", name, f"x from {low:g} to {high:g}", window)
        return self

    @property
    def dimensions(self) -> int:
        """1 for slabs, 2 for cylinders, 3 for spheres."""
        return {"slab": 1, "cylinder": 2, "sphere": 3}[self.geometry]

    @property
    def area(self) -> float:
        """Surface per volume of electrode, m-1."""
        if self.specific_area is not None:
            return self.specific_area
        assert self.active_volume_fraction is not None
        return self.dimensions * self.active_volume_fraction / self.particle_radius

    @property
    def volume_fraction(self) -> float:
        """Volume of particles per volume of electrode."""
        if self.active_volume_fraction is not None:
            return self.active_volume_fraction
        assert self.specific_area is not None
        return self.specific_area * self.particle_radius / self.dimensions


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
            chemical_diffusivity=Property.constant("chemical_diffusivity", 1e-10, "m2 s-1", _ASSUMED),
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


class ThermalSpecification(Spec):
    """Heat balance of the whole cell.

    Attributes
    ----------
    heat_capacity : J K-1
        Of the whole cell.
    heat_transfer : W K-1
        Heat-transfer coefficient times cooled area.
    ambient_temperature : K, optional
        Without it the temperature at which the simulation starts.
    mass, volume : kg, m3, optional
    thickness, through_conductivity : m, W m-1 K-1, optional
        Of the stack, across its layers, for ``thermal="through_thickness"``: its faces are as large as one pair of
        electrodes, and each takes half of `heat_transfer`.
    """

    heat_capacity: Annotated[float, SI("J K-1"), Field(gt=0)]
    heat_transfer: Annotated[float, SI("W K-1"), Field(ge=0)] = 0.0
    ambient_temperature: Temperature | None = None
    mass: Annotated[float, SI("kg"), Field(gt=0)] | None = None
    volume: Annotated[float, SI("m3"), Field(gt=0)] | None = None
    thickness: Length | None = None
    through_conductivity: Annotated[float, SI("W m-1 K-1"), Field(gt=0)] | None = None


class CellSpecification(Spec):
    """One cell.

    Attributes
    ----------
    electrode_area : m2
        Of one pair of electrodes.
    electrode_pairs : int
        In parallel.
    nominal_capacity : C
        Sets what a C-rate means (text such as ``"5 A*h"`` is read).
    lower_voltage_cut_off, upper_voltage_cut_off : V
    negative_electrode, positive_electrode : ElectrodeSpecification
        The negative one may be stated as `LithiumMetal`.
    separator : PorousLayer
    electrolyte : ElectrolyteSpecification
    contact_resistance : ohm
        Of the whole cell.
    reference_temperature : K
        At which parameters with an activation energy, and voltages without T, are given.
    thermal : ThermalSpecification, optional
    name, description, reference : str
    """

    name: str = "cell"
    description: str = ""
    reference: str = ""
    electrode_area: Area
    electrode_pairs: Annotated[int, Field(ge=1)] = 1
    nominal_capacity: Annotated[float, SI("C"), Field(gt=0)]
    lower_voltage_cut_off: Voltage
    upper_voltage_cut_off: Voltage
    contact_resistance: Annotated[float, SI("ohm"), Field(ge=0)] = 0.0
    reference_temperature: Temperature = 298.15
    electrolyte: ElectrolyteSpecification
    negative_electrode: ElectrodeSpecification
    separator: PorousLayer
    positive_electrode: ElectrodeSpecification
    thermal: ThermalSpecification | None = None

    @model_validator(mode="before")
    @classmethod
    def _lithium(cls, data: Any) -> Any:
        negative = data.get("negative_electrode") if isinstance(data, Mapping) else None
        if not isinstance(negative, Mapping) or "lithium_metal" not in negative:
            return data
        others = [key for key in negative if key != "lithium_metal"]
        if others:
            raise InputError("cell", f"negative_electrode.{others[0]}", others[0], "nothing beside lithium_metal")
        metal = LithiumMetal.read(negative["lithium_metal"], "negative_electrode.lithium_metal")
        positive = ElectrodeSpecification.read(data.get("positive_electrode", {}), "positive_electrode")
        return {**data, "positive_electrode": positive, "negative_electrode": metal.electrode(positive)}

    @field_validator("upper_voltage_cut_off")
    @classmethod
    def _above(cls, value: float, info: Any) -> float:
        lower = info.data.get("lower_voltage_cut_off")
        if lower is not None and value <= lower:
            raise InputError("cell", "upper_voltage_cut_off", value, f"more than lower_voltage_cut_off = {lower:g}")
        return value

    @classmethod
    def read_toml(cls, path: str | Path) -> Self:
        """Read a TOML file; ``file = "…"`` in it is taken relative to its folder."""
        return cls.read(_with_folder(read_toml(path), Path(path).parent), where=str(path))

    @property
    def plane_area(self) -> float:
        """Area of all electrode pairs together, m2."""
        return self.electrode_area * self.electrode_pairs

    def capacity_of_window(self, side: Literal["negative", "positive"]) -> float:
        """Charge between the two stoichiometries of an electrode, C."""
        electrode = self.negative_electrode if side == "negative" else self.positive_electrode
        per_volume = sum(
            m.volume_fraction * m.maximum_concentration * (m.maximum_stoichiometry - m.minimum_stoichiometry)
            for m in electrode.materials
        )
        return FARADAY * self.plane_area * electrode.thickness * per_volume


def _origin(name: str, value: Mapping[str, Any]) -> Source | None:
    """The source that a table of a TOML file states; `None` where it states nothing."""
    if not any(key in value for key in _ORIGIN):
        return None
    kind = value.get("kind", "published" if "reference" in value else "assumed")
    if kind not in ("published", "measured", "assumed", "predicted"):
        raise InputError(name, "kind", kind, "published, measured, assumed or predicted")
    return Source(kind=kind, reference=str(value.get("reference", "")), note=str(value.get("note", "")))


def _with_folder(data: Any, folder: Path) -> Any:
    if isinstance(data, Mapping):
        return {
            key: str(folder / value) if key == "file" and isinstance(value, str) else _with_folder(value, folder)
            for key, value in data.items()
        }
    if isinstance(data, list):
        return [_with_folder(item, folder) for item in data]
    return data
