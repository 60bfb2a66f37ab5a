"""Active material: one kind of particle in an electrode."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

import numpy as np
from pydantic import BeforeValidator, Field, SerializeAsAny, model_validator

from scalith.cell.processes.process import Process, read_process
from scalith.cell.specification.material_function import (
    CHEMICAL_DIFFUSIVITY,
    ENTROPIC_COEFFICIENT,
    EXCHANGE_CURRENT_DENSITY,
    HYSTERESIS,
    OPEN_CIRCUIT_VOLTAGE,
    OVERVOLTAGE_FUNCTION,
)
from scalith.particle.mesh import dimensions_of
from scalith.particle.phase_field import PhaseField
from scalith.particle.stress_assisted_diffusion import ParticleStress
from scalith.quantities import SI, InputError, Property, Spec
from scalith.quantities.constants import FARADAY
from scalith.quantities.plausible_ranges import Plausible, require_plausible, require_plausible_property
from scalith.quantities.specification import Fraction, MolarEnergy, VolumeFraction


class ActiveMaterial(Spec):
    """One kind of particle in an electrode.

    Attributes
    ----------
    particle_radius : m
        Over which lithium diffuses.
    active_volume_fraction, specific_area
        Volume fraction of the electrode, and surface per volume of electrode that reacts, m-1. With one of the two the other is
        that of the geometry (a = 3 ε/R for spheres). With both, as an image gives them, volume, reacting area and
        radius each keep their value: what crosses the area a spreads over the whole surface 3 ε/R of the particles.
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
        One of the two: k in i₀ = F k (cₑ/cₑ₀)^n (1 − x)^α_a x^α_c, mol m-2 s-1; or i₀(x[, T]) itself at the initial
        electrolyte concentration, A m-2, times (cₑ/cₑ₀)^n.
    anodic_transfer_coefficient, cathodic_transfer_coefficient
    concentration_exponent : n, optional
        Order of i₀ in the electrolyte concentration; without it the anodic transfer coefficient.
    overvoltage_function : Property of x, optional
        Rate over i₀/F as a function of Fη/RT, in place of Butler–Volmer: see `scalith.interface`.
    metal_thickness : m, optional
        Of the lithium metal that this material stands for, at a stoichiometry of one: see `LithiumMetal`.
    film_resistance : ohm m2
    minimum_stoichiometry, maximum_stoichiometry
        x at the ends of the cell's window (0 % and 100 % state of charge).
    geometry : particles as spheres, cylinders or slabs of half-thickness `particle_radius`
    stress : ParticleStress, optional
        The stress of a particle's own gradient, which may hasten its diffusion and shift the voltage of its surface: see
        `scalith.particle.ParticleStress`.
    phase_field : PhaseField, optional
        Particles that separate into phases, in place of Fickian ones: see `scalith.particle.PhaseField`. Their open-circuit
        voltage and chemical diffusivity are not given: they become the voltage of the homogeneous material and its tracer
        diffusivity, which only say where the search for the first potentials starts. Its maximum concentration and its k₀
        count where the material states none. Where it has a k₀ its ``reaction`` is the law of i₀, with gradient and strain in
        the potential of the surface, times (cₑ/cₑ₀)^n; without one i₀ is that of a reaction rate constant.
    processes : tuple of Process
        What else happens at the surface of the particles, each with a state of its own (a film that grows, …): see
        `scalith.cell.Process`. In a file ``processes = [{kind = "film_growth", …}]``.
    """

    particle_radius: Annotated[float, SI("m"), Field(gt=0), Plausible("particle radius")]
    active_volume_fraction: VolumeFraction | None = None
    specific_area: Annotated[float, SI("m-1"), Field(gt=0)] | None = None
    maximum_concentration: Annotated[float, SI("mol m-3"), Field(gt=0)]
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
    reaction_rate_constant: Annotated[float, SI("mol m-2 s-1"), Field(gt=0), Plausible("reaction rate constant")] | None = None
    exchange_current_density: Annotated[Property, EXCHANGE_CURRENT_DENSITY] | None = None
    reaction_activation_energy: MolarEnergy = 0.0
    anodic_transfer_coefficient: Annotated[float, Field(gt=0, lt=1)] = 0.5
    cathodic_transfer_coefficient: Annotated[float, Field(gt=0, lt=1)] = 0.5
    concentration_exponent: Annotated[float, Field(ge=0, le=2)] | None = None
    overvoltage_function: Annotated[Property, OVERVOLTAGE_FUNCTION] | None = None
    film_resistance: Annotated[float, SI("ohm m2"), Field(ge=0)] = 0.0
    metal_thickness: Annotated[float, SI("m"), Field(gt=0)] | None = None
    geometry: Literal["sphere", "cylinder", "slab"] = "sphere"
    stress: ParticleStress | None = None
    phase_field: PhaseField | None = None
    processes: tuple[Annotated[SerializeAsAny[Process], BeforeValidator(read_process)], ...] = ()

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
        for name in ("open_circuit_voltage", "chemical_diffusivity"):
            if data.get(name) is not None and not _alike(data[name], made[name]):
                raise InputError("active material", name, f"{name} beside phase_field", "none: it follows from the phase field")
        if particle.exchange_current_density is not None and all(data.get(name) is None for name in rates):
            made["reaction_rate_constant"] = particle.exchange_current_density / FARADAY
        return {**data, **made}

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.active_volume_fraction is None and self.specific_area is None:
            raise InputError("active material", "active_volume_fraction, specific_area", "neither", "one of the two, or both")
        if self.has_own_area and self.phase_field is not None:
            found = "specific_area and active_volume_fraction beside phase_field"
            raise InputError("active material", "specific_area", found, "one of the two: both are not supported there")
        if (self.reaction_rate_constant is None) == (self.exchange_current_density is None):
            found = _which(self.exchange_current_density)
            raise InputError("active material", "reaction_rate_constant, exchange_current_density", found, "one of the two")
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
        self._require_one_law()
        for process in self.processes:
            process.refuse(self)
        for kind in ("lithium_plating", "crack_growth"):  # what follows one of them finds it by its kind
            if sum(one.kind == kind for one in self.processes) > 1:
                raise InputError("active material", "processes", f"two of {kind}", "one")
        self._require_plausible()
        if self.hysteresis_decay is not None and self.hysteresis is None:
            raise InputError("active material", "hysteresis_decay", self.hysteresis_decay, "hysteresis beside it")
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

    def _require_one_law(self) -> None:
        """Coupled ion–electron transfer has a law of overvoltage of its own."""
        particle = self.phase_field
        if particle is None or particle.exchange_current_density is None or self.exchange_current_density is not None:
            return  # the rate is not that of the phase field
        coupled = particle.reaction == "coupled_ion_electron"
        own = (self.anodic_transfer_coefficient, self.cathodic_transfer_coefficient) != (0.5, 0.5)
        if coupled and (own or self.overvoltage_function is not None):
            name = "overvoltage_function" if self.overvoltage_function is not None else "transfer coefficients"
            raise InputError("active material", name, "a law of overvoltage", "none beside coupled ion–electron transfer")

    def _require_plausible(self) -> None:
        if self.active_volume_fraction is not None:  # else it may be the store of a lithium metal, whose depth is a convention
            require_plausible("maximum_concentration", self.maximum_concentration, field="maximum_concentration")
        require_plausible_property(self.chemical_diffusivity)
        voltage = self.open_circuit_voltage
        if not voltage.source.settings.get("implausible"):
            # Formulas of voltages may run away beyond the window, which the cell never leaves.
            window = np.linspace(self.minimum_stoichiometry, self.maximum_stoichiometry, 101)
            at = voltage(x=window, T=298.15, extrapolate="nearest")
            require_plausible("open_circuit_voltage", at, field="open_circuit_voltage")

    @property
    def dimensions(self) -> int:
        """1 for slabs, 2 for cylinders, 3 for spheres."""
        return dimensions_of(self.geometry)

    @property
    def order_in_concentration(self) -> float:
        """n in i₀ ∝ (cₑ/cₑ₀)^n."""
        return self.anodic_transfer_coefficient if self.concentration_exponent is None else self.concentration_exponent

    @property
    def has_own_area(self) -> bool:
        """Whether the reacting area is stated beside the volume, and need not be that of particles of this radius."""
        return self.active_volume_fraction is not None and self.specific_area is not None

    @property
    def storage_radius(self) -> float:
        """Radius d ε/a of particles with this volume and this reacting area, m; `particle_radius` without an area of its own.

        Equations per reacting area take it for R, with the diffusivity times (storage_radius/R)²: R²/D and the loss of
        stoichiometry at a given current are then those of the particles.
        """
        return self.dimensions * self.volume_fraction / self.area if self.has_own_area else self.particle_radius

    def with_one_radius(self) -> ActiveMaterial:
        """Particles that have this volume and reacting area at once, with a diffusivity that makes them behave alike."""
        if not self.has_own_area:
            return self
        slower = (self.storage_radius / self.particle_radius) ** 2
        made = {name: getattr(self, name) for name in type(self).model_fields} | {
            "particle_radius": self.storage_radius,
            "specific_area": None,
            "chemical_diffusivity": self.chemical_diffusivity * slower,
        }
        return type(self).model_validate(made)

    @property
    def area(self) -> float:
        """Surface per volume of electrode that reacts, m-1."""
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


def _alike(given: Any, made: Any) -> bool:
    """Whether a stated function is the one that follows from the phase field, as in a specification that is read again."""
    if isinstance(given, Mapping) and {"name", "coordinates", "values"} <= given.keys():
        given = Property.from_plain(given)
    if isinstance(given, Property) and isinstance(made, Property):
        same = given.values.shape == made.values.shape
        return same and np.allclose(given.nominal.values, made.nominal.values, rtol=1e-9, atol=1e-9)
    if isinstance(given, Property):
        return given.values.size == 1 and float(given.nominal.min()) == float(made)
    return isinstance(given, int | float) and given == made


def _which(value: object) -> str:
    """Of two fields that exclude each other and are wrong: both are given, or neither is."""
    return "neither" if value is None else "both"
