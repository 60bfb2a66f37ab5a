"""Particle: what one particle of a material does, phases, stress and hysteresis."""

from __future__ import annotations

from collections.abc import Collection
from typing import Annotated, Literal

import numpy as np
import xarray as xr
from pydantic import Field, ValidationInfo, model_validator

from scalith import particle
from scalith.interface.charge_transfer import Law
from scalith.ladder.progress import report_progress
from scalith.ladder.quantity import Settings, rung
from scalith.particle import ParticleStress, PhaseField
from scalith.quantities import SI, InputError, Property, labelled, predicted
from scalith.quantities.constants import FARADAY
from scalith.quantities.specification import Fraction, Temperature

OF_MATERIAL = True
"""These rungs exist once for each material of a study."""

ELASTIC = {"youngs_modulus": "Pa", "poisson_ratio": "1", "partial_molar_volume": "m3 mol-1"}
"""What of a material its stress takes, with units."""

Rates = Annotated[tuple[Annotated[float, Field(gt=0)], ...], Field(min_length=1)]


class SeparatingParticle(Settings):
    """``[separating_particle]``: particles that separate into phases; their thermodynamics come from the open-circuit voltage.

    Attributes
    ----------
    gradient_energy, coherency_strain, surface_wetting, tracer_diffusivity
    exchange_current_density, reaction, reorganisation_energy
        See `scalith.particle.PhaseField`.
    particle_radius : m
    geometry : {"sphere", "cylinder", "slab"}
    temperature : K
    binodal : tuple of float, optional
        Stoichiometries of the two phases; without them those of the phase boundaries that the climb finds.
    terms : int
        Of the excess free energy: see `scalith.particle.homogeneous_free_energy`.
    c_rates : tuple of float
        Of the hysteresis, 1/h.
    """

    gradient_energy: Annotated[float, SI("J/m"), Field(gt=0)]
    coherency_strain: Annotated[float, SI("Pa"), Field(ge=0)] = 0.0
    surface_wetting: Annotated[float, SI("J m-2")] = 0.0
    tracer_diffusivity: Annotated[float, SI("m2 s-1"), Field(gt=0)]
    exchange_current_density: Annotated[float, SI("A m-2"), Field(gt=0)] | None = None
    reaction: Law = "transition_state"
    reorganisation_energy: Annotated[float, SI("eV"), Field(gt=0, le=5)] | None = None
    particle_radius: Annotated[float, SI("m"), Field(gt=0)]
    geometry: Literal["sphere", "cylinder", "slab"] = "sphere"
    temperature: Temperature = 298.15
    binodal: tuple[Fraction, Fraction] | None = None
    terms: Annotated[int, Field(ge=2, le=8)] = 3
    c_rates: Rates = (0.01, 0.1, 1.0)


class StressedParticle(Settings):
    """``[stressed_particle]``: an elastic particle that fills at constant rates.

    Attributes
    ----------
    youngs_modulus, poisson_ratio, partial_molar_volume : float, optional
        See `scalith.particle.ParticleStress`; those that the climb finds of the material are not stated, and count by their mean
        between the two stoichiometries.
    particle_radius : m
    temperature : K
    minimum_stoichiometry, maximum_stoichiometry
        Between which it fills.
    c_rates : tuple of float
        1/h.
    """

    youngs_modulus: Annotated[float, SI("Pa"), Field(gt=0)] | None = None
    poisson_ratio: Annotated[float, Field(gt=-1, lt=0.5)] | None = None
    partial_molar_volume: Annotated[float, SI("m3 mol-1")] | None = None
    particle_radius: Annotated[float, SI("m"), Field(gt=0)]
    temperature: Temperature = 298.15
    minimum_stoichiometry: Fraction
    maximum_stoichiometry: Fraction
    c_rates: Rates = (0.2, 1.0, 2.0)

    @model_validator(mode="after")
    def _ordered(self) -> StressedParticle:
        if self.minimum_stoichiometry >= self.maximum_stoichiometry:
            expected = "less than maximum_stoichiometry"
            raise InputError("[stressed_particle]", "minimum_stoichiometry", self.minimum_stoichiometry, expected)
        return self

    @model_validator(mode="after")
    def _stated_once(self, info: ValidationInfo) -> StressedParticle:
        reached: Collection[str] | None = (info.context or {}).get("reached")
        if reached is None:
            return self
        for name in ELASTIC:
            stated = getattr(self, name)
            if stated is not None and name in reached:
                expected = f"none: {name} of the material fills this field; to state it, put it among what is given"
                raise InputError("[stressed_particle]", name, stated, expected)
            if stated is None and name not in reached:
                expected = f"a value, or a material whose {name} is climbed or given"
                raise InputError("[stressed_particle]", name, "nothing", expected)
        return self


def _phases(material: PhaseField) -> str:
    found = particle.phase_separation(material)
    return f"phases at x = {float(found.binodal[0]):.3g} and {float(found.binodal[1]):.3g}"


@rung("particle that separates into phases", headline=_phases)
def particle_phase_field(
    open_circuit_voltage: Property,
    maximum_concentration: Property,
    separating_particle: SeparatingParticle,
    phase_boundaries: xr.Dataset | None = None,
) -> PhaseField:
    """The homogeneous material behind a voltage with a plateau, with the gradient energy and strain that are stated."""
    stated, T = separating_particle, separating_particle.temperature
    binodal = stated.binodal
    if binodal is None:
        if phase_boundaries is None or phase_boundaries.sizes["region"] == 0:
            expected = "the stoichiometries of the two phases, where the climb finds no boundaries"
            raise InputError("[separating_particle]", "binodal", "nothing", expected)
        nearest = int(np.argmin(np.abs(phase_boundaries["T"].values - T) - 1e-3 * _width(phase_boundaries)))
        binodal = (float(phase_boundaries["x_low"][nearest]), float(phase_boundaries["x_high"][nearest]))
    fields = ("gradient_energy", "coherency_strain", "surface_wetting", "tracer_diffusivity", "exchange_current_density")
    return PhaseField.from_phases(
        open_circuit_voltage,
        T,
        binodal,
        terms=stated.terms,
        maximum_concentration=float(maximum_concentration()),
        reaction=stated.reaction,
        reorganisation_energy=stated.reorganisation_energy,
        **{name: getattr(stated, name) for name in fields},
    )


def _width(phase_boundaries: xr.Dataset) -> np.ndarray:
    return np.asarray(phase_boundaries["x_high"].values - phase_boundaries["x_low"].values)


def _gaps(data: xr.Dataset) -> str:
    return ", ".join(
        f"{float(rate):.3g}C {1e3 * float(gap):.1f} mV" for rate, gap in zip(data.c_rate, data.hysteresis, strict=True)
    )


@rung("hysteresis of one particle", headline=_gaps)
def particle_hysteresis(particle_phase_field: PhaseField, separating_particle: SeparatingParticle) -> xr.Dataset:
    """Voltage of one particle while it takes lithium and gives it back, and their distance at x = 0.5, rate by rate."""
    stated = separating_particle
    return particle.simulate_hysteresis(
        particle_phase_field,
        stated.particle_radius,
        stated.c_rates,
        temperature=stated.temperature,
        geometry=stated.geometry,
        progress=report_progress,
    )


def _largest_stress(data: xr.Dataset) -> str:
    worst = np.abs(data.hoop_stress).max(("sample", "radius"))
    return ", ".join(f"{float(rate):.3g}C {float(value) / 1e6:.3g} MPa" for rate, value in zip(data.c_rate, worst, strict=True))


@rung("stress of one particle", headline=_largest_stress)
def particle_stress(
    chemical_diffusivity: Property,
    open_circuit_voltage: Property,
    maximum_concentration: Property,
    stressed_particle: StressedParticle,
    youngs_modulus: Property | None = None,
    poisson_ratio: Property | None = None,
    partial_molar_volume: Property | None = None,
) -> xr.Dataset:
    """Stresses and swelling of an elastic sphere that fills at constant rate, its diffusion hastened by its own stress."""
    stated, density = stressed_particle, float(maximum_concentration())
    window = (stated.minimum_stoichiometry, stated.maximum_stoichiometry)
    climbed = {"youngs_modulus": youngs_modulus, "poisson_ratio": poisson_ratio, "partial_molar_volume": partial_molar_volume}
    elastic = {
        name: getattr(stated, name) if found is None else found.mean("x", *window, T=stated.temperature)
        for name, found in climbed.items()
    }
    stress = ParticleStress(**elastic, stress_free=stated.minimum_stoichiometry)
    hastened = stress.diffusivity(
        chemical_diffusivity, density, stated.temperature, open_circuit_voltage=open_circuit_voltage, window=window
    )
    runs, span = [], window[1] - window[0]
    for index, rate in enumerate(stated.c_rates):
        report_progress(index / len(stated.c_rates), f"{rate:.3g}C")
        duration = 3600.0 / rate
        run = particle.simulate_particle(
            hastened,
            stated.particle_radius,
            duration,
            initial=window[0],
            surface_flux=-span * stated.particle_radius / (3.0 * duration),
            temperature=stated.temperature,
            time_steps=100,
        )
        found = particle.elastic_stress(run, stress, density)
        runs.append(found.drop_indexes("time").rename_dims({"time": "sample"}).reset_coords("time"))
    source = predicted("scalith.particle.elastic_stress", hastened.digest, stated.digest)
    together = xr.concat(runs, "c_rate", combine_attrs="drop_conflicts", data_vars="all")
    rates = labelled("c_rate", np.array(stated.c_rates), "rate", "1/h")
    return together.assign_coords(c_rate=rates).assign_attrs(
        source=source.to_json(), strain_voltage_V=stress.strain_potential(density) / FARADAY
    )
