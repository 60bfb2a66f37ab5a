"""Cell: the predicted material becomes an electrode, the electrode a cell, the cell is discharged."""

from __future__ import annotations

from collections.abc import Mapping
from inspect import signature
from pathlib import Path
from typing import Annotated, Any, ClassVar, NoReturn, Self

import numpy as np
import xarray as xr
from pydantic import Field, ValidationInfo, field_validator, model_validator

from scalith import cell as cell_package
from scalith.cell import (
    CellSpecification,
    Mesh,
    simulate_discharge,
    simulate_sensitivities,
    to_bpx,
)
from scalith.cell.specification.material_function import ENTROPIC_COEFFICIENT
from scalith.cell.specification.thermal import ThermalSpecification
from scalith.crystal import accessible_concentration
from scalith.electrode import ElectrodeStructure
from scalith.interface import PressedLithium
from scalith.ladder.progress import note, report_progress
from scalith.ladder.quantity import InputFile, Quantity, Settings, draw_stated, rung, stated_section
from scalith.ladder.rungs.particle import ELASTIC
from scalith.ladder.stacking import by_rate, one_rate
from scalith.particle import PhaseField
from scalith.quantities import InputError, Property, Source, Spec, Uncertain, dataset_digest, predicted
from scalith.quantities.plausible_ranges import Plausible, unwrapped
from scalith.quantities.specification import WRITTEN_BY_HAND, AmbientTemperature, Count, Temperature
from scalith.quantities.uncertain import parse_uncertain

_MATERIAL = ("open_circuit_voltage", "entropic_coefficient", "chemical_diffusivity", "maximum_concentration")

CLIMBED = {f"{side}_electrode": {field: f"{side}_{field}" for field in _MATERIAL} for side in ("negative", "positive")} | {
    "electrolyte": {
        "conductivity": "electrolyte_ionic_conductivity",
        "diffusivity": "electrolyte_salt_diffusivity",
        "transference_number": "electrolyte_transference_number",
        "thermodynamic_factor": "electrolyte_salt_thermodynamic_factor",
    }
}
"""Fields of `CellSpecification` that the climb fills where a study reaches them, with what fills each."""

Stated = str | float | dict[str, Any]
"""A number as it is written; a table says that an odd one is meant."""

STRUCTURE = {
    "porosity": "electrolyte_volume_fraction",
    "transport_efficiency": "ionic_transport_efficiency",
    "conductivity": "electronic_conductivity",
    "active_volume_fraction": "active_volume_fraction",
    "specific_area": "interface_area",
    "particle_radius": "particle_radius",
}
"""Fields of an electrode that its microstructure fills, where the study has one, with what fills each."""

SEPARATOR = {
    "porosity": "separator_electrolyte_volume_fraction",
    "transport_efficiency": "separator_ionic_transport_efficiency",
}
"""Fields of the separator that its microstructure fills."""

STRESS = {f"{side}_{field}": (f"{side}_electrode", field) for side in ("negative", "positive") for field in ELASTIC}
"""What of the materials fills which field of an electrode's ``stress``, where the study states that section without it."""

PARTICLES = {f"{side}_electronic_conductivity": f"{side}_electrode" for side in ("negative", "positive")}
"""What of the materials conducts beside the carbon of an electrode that states its ``carbon_conductivity``."""


def _with_paths(stated: Any) -> Any:
    """Stated parts as `CellSpecification` reads them: files by their paths."""
    if isinstance(stated, InputFile):
        return stated.path
    if isinstance(stated, dict):
        return {key: _with_paths(item) for key, item in stated.items()}
    return [_with_paths(item) for item in stated] if isinstance(stated, list) else stated


_TRIAL: dict[str, Any] = {
    "open_circuit_voltage": 1.0,
    "entropic_coefficient": 0.0,
    "chemical_diffusivity": 1e-14,
    "maximum_concentration": 1e4,
    "conductivity": 1.0,
    "diffusivity": 1e-10,
    "transference_number": 0.4,
    "thermodynamic_factor": 1.0,
    "partial_molar_volume": 1e-7,
    "youngs_modulus": 1e9,
    "poisson_ratio": 0.3,
}
"""Plain numbers in place of what the climb will find."""


GIVEN: dict[str, tuple[Quantity, type[Any]]] = {
    "negative_open_circuit_voltage": (
        Quantity("open-circuit voltage of the negative electrode", "V", {"x": "1", "T": "K"}),
        Property,
    ),
    "negative_entropic_coefficient": (
        Quantity(
            "entropic coefficient of the negative electrode", "V K-1", {"x": "1", "T": "K"}, formula=ENTROPIC_COEFFICIENT.read
        ),
        Property,
    ),
}


class Cell(Settings):
    """``[cell]``: what of a `scalith.cell.CellSpecification` is stated; what the climb reaches of the materials is filled in.

    Attributes
    ----------
    negative_electrode, separator, positive_electrode, electrolyte, thermal : dict
        Parts of the specification. An electrode may state ``carbon_conductivity``, the effective conductivity of its network of
        carbon and binder, in place of ``conductivity``: the particles conduct beside it, with the mean over the window of their
        material's ``electronic_conductivity`` at the reference temperature (contacts between them are not counted).
    """

    stands_for: ClassVar[type[Spec]] = CellSpecification

    name: str = "cell"
    reference: str = ""
    electrode_area: Stated
    electrode_pairs: int = 1
    nominal_capacity: Stated
    lower_voltage_cut_off: Stated
    upper_voltage_cut_off: Stated
    contact_resistance: Stated = 0.0
    reference_temperature: Temperature = 298.15
    negative_electrode: dict[str, Any]
    separator: dict[str, Any]
    positive_electrode: dict[str, Any]
    electrolyte: dict[str, Any]
    thermal: dict[str, Any] | None = None

    @model_validator(mode="before")
    @classmethod
    def _find_files(cls, data: Any, info: ValidationInfo) -> Any:
        # A curve in a file counts by its content, and lies beside the study.
        def named(file: Any) -> Any:
            return InputFile.model_validate(file, context=info.context) if isinstance(file, str) else file

        def found(stated: Any) -> Any:
            if isinstance(stated, dict):
                return {key: named(item) if key == "file" else found(item) for key, item in stated.items()}
            return [found(item) for item in stated] if isinstance(stated, list) else stated

        return found(data)

    @model_validator(mode="after")
    def _stated_well(self, info: ValidationInfo) -> Self:
        # A slip must show before hours of sampling, not after: the climbed fields are tried with plain numbers.
        reached = {name for name, item in signature(cell_materials).parameters.items() if item.default is not None}
        reached |= set((info.context or {}).get("reached", ()))
        trial: dict[str, Any] = {
            name: _TRIAL[field] for part in CLIMBED.values() for field, name in part.items() if name in reached
        }
        for part, fields in CLIMBED.items():
            for field, name in fields.items():
                if name in reached and field in getattr(self, part):
                    self._refuse(part, field, name)
        for side in ("negative", "positive"):
            if f"{side}_electrode_structure" in reached:
                for field in (*STRUCTURE, "bruggeman_exponent", "carbon_conductivity"):
                    if field in getattr(self, f"{side}_electrode"):
                        self._refuse(f"{side}_electrode", field, f"{side}_electrode_structure")
                numbers = dict.fromkeys(STRUCTURE.values(), 0.4) | {"interface_area": 1e6, "particle_radius": 1e-6}
                trial[f"{side}_electrode_structure"] = ElectrodeStructure.read(numbers)
            if "phase_field" in getattr(self, f"{side}_electrode"):
                expected = "none: [separating_particle] makes it from the open-circuit voltage of the material"
                raise InputError("", f"{side}_electrode.phase_field", "a value here", expected)
            if {f"{side}_particle_phase_field", f"{side}_accessible_share"} <= reached:
                raise InputError("", f"{side}_electrode", "[blocked_channels]", "none: particles that separate have no defects")
        for name, (part, field) in STRESS.items():
            if name in reached:
                if field in _stress(getattr(self, part), part):
                    self._refuse(part, f"stress.{field}", name)
                trial[name] = Property.constant(name, _TRIAL[field], ELASTIC[field], Source(kind="assumed"))
        for name, part in PARTICLES.items():
            if "carbon_conductivity" in getattr(self, part):
                if name not in reached:
                    quantity, material = "electronic_conductivity", part.removesuffix("_electrode")
                    expected = f"{quantity} of the {material} material beside it: [small_polarons], [rigid_bands] or a given one"
                    raise InputError("", f"{part}.carbon_conductivity", "a value here", expected)
                if "conductivity" in getattr(self, part):
                    expected = "none: carbon_conductivity and the particles make it"
                    raise InputError("", f"{part}.conductivity", "a value here", expected)
                trial[name] = Property.constant(name, 1.0, "S m-1", Source(kind="assumed"))
        metal = self.negative_electrode.get("lithium_metal")
        if "pressed_lithium" in reached and (metal is None or "pressed" in metal):
            found, expected = (
                "pressed" if metal else "no lithium_metal",
                "lithium_metal without pressed: [lithium_anode] gives it",
            )
            raise InputError("", "negative_electrode", found, expected)
        for field, name in CLIMBED["negative_electrode"].items():
            if metal is not None and field != "open_circuit_voltage" and name in reached:
                raise InputError("", "negative_electrode", f"{name} beside lithium_metal", "none: its potential alone counts")
        for field, name in SEPARATOR.items():
            if name in reached:
                if field in self.separator:
                    self._refuse("separator", field, name)
                trial[name] = Property.constant(name, 0.4, "1", Source(kind="assumed"))
        cell = self.specification(trial, trial=True)
        for side in ("negative", "positive"):
            if f"{side}_accessible_share" in reached and f"{side}_electrode_structure" not in reached:
                _hold_channels(
                    cell, side, stated_section(info, f"{side}.blocked_channels") or stated_section(info, "blocked_channels")
                )
        return self

    def _refuse(self, part: str, field: str, name: str) -> NoReturn:
        material, _, quantity = name.partition("_")
        expected = f"none: {quantity} of the {material} material fills this field"
        if quantity == "electrode_structure":
            expected = "none: the microstructure gives it"
        if part in ("negative_electrode", "positive_electrode") and (field in _MATERIAL or field.startswith("stress.")):
            expected += f"; to state it, put it under [given] or [materials.{material}.given]"
        raise InputError("", f"{part}.{field}", "a value here", expected)

    def specification(self, climbed: Mapping[str, Any], *, trial: bool = False) -> CellSpecification:
        """The whole specification with what was climbed to, by the names in `CLIMBED`, `SEPARATOR` and of the structures.

        In a trial the climbed numbers mean nothing.
        """
        stated = {name: _with_paths(getattr(self, name)) for name in type(self).model_fields}
        for part, fields in CLIMBED.items():
            found = {field: climbed[name] for field, name in fields.items() if climbed.get(name) is not None}
            if "maximum_concentration" in found and isinstance(found["maximum_concentration"], Property):
                found["maximum_concentration"] = found["maximum_concentration"]()
            metal = stated[part].get("lithium_metal")
            if metal is not None and "open_circuit_voltage" in found:
                found = {"lithium_metal": metal | {"potential": found["open_circuit_voltage"]}}
            stated[part] = stated[part] | found
        if climbed.get("pressed_lithium") is not None:
            metal = stated["negative_electrode"]["lithium_metal"]
            stated["negative_electrode"] = {"lithium_metal": metal | {"pressed": climbed["pressed_lithium"]}}
        for side in ("negative", "positive"):
            separating = climbed.get(f"{side}_particle_phase_field")
            if separating is not None:
                # Voltage and diffusivity of the material went into the phase field.
                for field in ("open_circuit_voltage", "entropic_coefficient", "chemical_diffusivity"):
                    stated[f"{side}_electrode"].pop(field, None)
                stated[f"{side}_electrode"] |= {"phase_field": separating}
            structure = climbed.get(f"{side}_electrode_structure")
            if structure is not None:
                # Errors stay with the structure: members of an ensemble are drawn there.
                stated[f"{side}_electrode"] |= {field: float(getattr(structure, name)) for field, name in STRUCTURE.items()}
        for name, (part, field) in STRESS.items():
            if climbed.get(name) is not None:
                found = {field: _over_the_window(climbed[name], stated[part], part, self.reference_temperature)}
                stated[part] = stated[part] | {"stress": _stress(stated[part], part) | found}
        conducting = {part: climbed[name] for name, part in PARTICLES.items() if climbed.get(name) is not None}
        for part in conducting:  # the carbon; its particles are added to what is read
            stated[part]["conductivity"] = stated[part].pop("carbon_conductivity")
        conducts = {field: climbed[name]() for field, name in SEPARATOR.items() if climbed.get(name) is not None}
        stated["separator"] = stated["separator"] | conducts
        cell = CellSpecification.read(stated, "[cell]", context=WRITTEN_BY_HAND)
        T = self.reference_temperature
        changed = {part: getattr(cell, part).with_particles(own, T) for part, own in conducting.items()}
        cell = cell.model_copy(update=changed) if changed else cell
        if not trial and not unwrapped(self.nominal_capacity)[1]:
            cell.require_plausible_capacity("[cell]")
        return cell

    def stated_thermal(self) -> ThermalSpecification | None:
        """The heat balance, where the section has one."""
        return None if self.thermal is None else ThermalSpecification.read(self.thermal, "[cell] thermal")


def _hold_channels(cell: CellSpecification, side: str, channels: Mapping[str, Any]) -> None:
    # The diffusivity of `channel_length` is that of the particle: no channel of a sphere or plate is longer than it is wide.
    if "channel_length" in channels:
        length = parse_uncertain(channels["channel_length"], "m", where="[blocked_channels]", field="channel_length")
        widest = 2.0 * max(material.particle_radius for material in getattr(cell, f"{side}_electrode").materials)
        if length > (1.0 + 1e-9) * widest:
            expected = f"at most {1e9 * widest:.4g} nm, the diameter of the particles of [cell] {side}_electrode"
            raise InputError("[blocked_channels]", "channel_length", f"{1e9 * length:.4g} nm", expected)


def _stress(electrode: Mapping[str, Any], part: str) -> dict[str, Any]:
    stated = electrode["stress"]
    if not isinstance(stated, dict):
        raise InputError("[cell]", f"{part}.stress", stated, "a section: its fields, but for those that the material fills")
    return stated


def _over_the_window(of_material: Property, electrode: Mapping[str, Any], part: str, T: float) -> float:
    """Mean over the stoichiometries of the cell: that of Ω(x) makes its whole change of volume."""
    ends = {"minimum_stoichiometry": 0.0, "maximum_stoichiometry": 1.0}
    low, high = (
        parse_uncertain(unwrapped(electrode.get(name, other))[0], "1", where="[cell]", field=f"{part}.{name}")
        for name, other in ends.items()
    )
    return of_material.mean("x", low, high, T=T)


class Discharge(Settings):
    """``[discharge]``: constant-current discharges from full.

    Attributes
    ----------
    c_rates : tuple of float
        Multiples of the nominal capacity per hour.
    temperature : float
        K; the cell is held at it. Where it is not stated, the ambient or else the reference temperature of ``[cell]``.
    volumes : tuple of int, optional
        Finite volumes in the negative electrode, separator and positive electrode; lithium metal takes one.
    """

    c_rates: Annotated[tuple[Annotated[float, Field(gt=0), Plausible("C-rate")], ...], Field(min_length=1)] = (0.2, 1.0, 2.0)
    temperature: AmbientTemperature = 298.15
    volumes: tuple[Count, Count, Count] | None = None

    @field_validator("c_rates")
    @classmethod
    def _each_once(cls, rates: tuple[float, ...]) -> tuple[float, ...]:
        if len(set(rates)) < len(rates):
            raise InputError("", "", list(rates), "each rate once")
        return rates

    @model_validator(mode="before")
    @classmethod
    def _of_the_cell(cls, data: Any, info: ValidationInfo) -> Any:
        if not isinstance(data, dict) or "temperature" in data:
            return data
        cell = stated_section(info, "cell")
        ambient = (cell.get("thermal") or {}).get("ambient_temperature", cell.get("reference_temperature"))
        return data if ambient is None else data | {"temperature": ambient}


def _write_bpx(cell: CellSpecification, path: Path) -> None:
    """BPX knows electrodes of spheres only: a cell with lithium metal is not written, nor one of particles that separate.

    What it has no field for beside these, stress and ageing, is left out, and that is said.
    """
    materials = [*cell.negative_electrode.materials, *cell.positive_electrode.materials]
    if not all(material.geometry == "sphere" for material in materials):
        return
    if any(material.phase_field is not None for material in materials):
        note("BPX has no field for particles that separate into phases: no BPX file is written")
        return
    for side in ("negative_electrode", "positive_electrode"):
        electrode = getattr(cell, side)
        if any(material.stress is not None or material.processes for material in electrode.materials):
            words = side.replace("_", " ")
            note(f"BPX has no field for stress and ageing of particles: its file is written without those of the {words}")
            free = tuple(material.model_copy(update={"stress": None, "processes": ()}) for material in electrode.materials)
            cell = cell.model_copy(update={side: electrode.model_copy(update={"materials": free})})
    to_bpx(cell, path)


class CellMaterials(Spec):
    """What the climb says of the hosts of a cell; `None` where ``[cell]`` states it.

    Attributes
    ----------
    positive_…, negative_… : Property
        See `scalith.cell.ActiveMaterial`.
    """

    positive_open_circuit_voltage: Property
    positive_entropic_coefficient: Property
    positive_chemical_diffusivity: Property
    positive_maximum_concentration: Property
    negative_open_circuit_voltage: Property
    negative_entropic_coefficient: Property | None = None
    negative_chemical_diffusivity: Property | None = None
    negative_maximum_concentration: Property | None = None


def _hosts(found: CellMaterials) -> str:
    climbed = [name.removeprefix("negative_") for name, value in found if value is not None and name.startswith("negative_")]
    return f"of the negative electrode: {', '.join(climbed)}".replace("_", " ")


@rung("materials of the electrodes", headline=_hosts)
def cell_materials(
    positive_open_circuit_voltage: Property,
    positive_entropic_coefficient: Property,
    positive_chemical_diffusivity: Property,
    positive_maximum_concentration: Property,
    negative_open_circuit_voltage: Property,
    negative_entropic_coefficient: Property | None = None,
    negative_chemical_diffusivity: Property | None = None,
    negative_maximum_concentration: Property | None = None,
    positive_accessible_share: Property | None = None,
    negative_accessible_share: Property | None = None,
) -> CellMaterials:
    """The two hosts, side by side, with the ions that come out of their particles."""
    return CellMaterials(
        positive_open_circuit_voltage=positive_open_circuit_voltage,
        positive_entropic_coefficient=positive_entropic_coefficient,
        positive_chemical_diffusivity=positive_chemical_diffusivity,
        positive_maximum_concentration=accessible_concentration(positive_maximum_concentration, positive_accessible_share),
        negative_open_circuit_voltage=negative_open_circuit_voltage,
        negative_entropic_coefficient=negative_entropic_coefficient,
        negative_chemical_diffusivity=negative_chemical_diffusivity,
        negative_maximum_concentration=accessible_concentration(negative_maximum_concentration, negative_accessible_share),
    )


@rung(
    "cell",
    headline=lambda cell: f"{cell.name}, {cell.nominal_capacity / 3600:.3g} A h",
    exports={".bpx.json": _write_bpx},
    draw=draw_stated,
    asked_by={name: f"cell.{part}.stress" for name, (part, _) in STRESS.items()}
    | {name: f"cell.{part}.carbon_conductivity" for name, part in PARTICLES.items()},
)
def cell_specification(
    cell: Cell,
    cell_materials: CellMaterials,
    positive_electrode_structure: ElectrodeStructure | None = None,
    negative_electrode_structure: ElectrodeStructure | None = None,
    positive_particle_phase_field: PhaseField | None = None,
    negative_particle_phase_field: PhaseField | None = None,
    positive_partial_molar_volume: Property | None = None,
    negative_partial_molar_volume: Property | None = None,
    positive_youngs_modulus: Property | None = None,
    negative_youngs_modulus: Property | None = None,
    positive_poisson_ratio: Property | None = None,
    negative_poisson_ratio: Property | None = None,
    positive_electronic_conductivity: Property | None = None,
    negative_electronic_conductivity: Property | None = None,
    pressed_lithium: PressedLithium | None = None,
    electrolyte_ionic_conductivity: Property | None = None,
    electrolyte_salt_diffusivity: Property | None = None,
    electrolyte_transference_number: Property | None = None,
    electrolyte_salt_thermodynamic_factor: Property | None = None,
    separator_electrolyte_volume_fraction: Property | None = None,
    separator_ionic_transport_efficiency: Property | None = None,
) -> CellSpecification:
    """The stated cell with the climbed materials and structures."""
    return cell.specification(
        dict(cell_materials)
        | {
            "positive_electrode_structure": positive_electrode_structure,
            "negative_electrode_structure": negative_electrode_structure,
            "positive_particle_phase_field": positive_particle_phase_field,
            "negative_particle_phase_field": negative_particle_phase_field,
            "positive_partial_molar_volume": positive_partial_molar_volume,
            "negative_partial_molar_volume": negative_partial_molar_volume,
            "positive_youngs_modulus": positive_youngs_modulus,
            "negative_youngs_modulus": negative_youngs_modulus,
            "positive_poisson_ratio": positive_poisson_ratio,
            "negative_poisson_ratio": negative_poisson_ratio,
            "positive_electronic_conductivity": positive_electronic_conductivity,
            "negative_electronic_conductivity": negative_electronic_conductivity,
            "pressed_lithium": pressed_lithium,
            "electrolyte_ionic_conductivity": electrolyte_ionic_conductivity,
            "electrolyte_salt_diffusivity": electrolyte_salt_diffusivity,
            "electrolyte_transference_number": electrolyte_transference_number,
            "electrolyte_salt_thermodynamic_factor": electrolyte_salt_thermodynamic_factor,
            "separator_electrolyte_volume_fraction": separator_electrolyte_volume_fraction,
            "separator_ionic_transport_efficiency": separator_ionic_transport_efficiency,
        }
    )


@rung("open-circuit voltage of the cell", unit="V", over="x T")
def cell_open_circuit_voltage(cell_specification: CellSpecification) -> Property:
    """V = −(μ₊ − μ₋)/F over the stoichiometry of the positive electrode, from full to empty."""
    return cell_package.cell_open_circuit_voltage(cell_specification)


def _mean(coefficient: Property) -> str:
    low, high = coefficient.domain["x"]
    T = {"T": float(np.clip(298.15, *coefficient.domain["T"]))} if "T" in coefficient.coordinates else {}
    said = f"{1e3 * float(coefficient.mean('x', low, high, **T)):+.3f} mV/K over its charge"
    return f"{said}; {coefficient.source.note}" if coefficient.source.note else said


@rung("entropic coefficient of the cell", unit="V K-1", over="x T", headline=_mean)
def cell_entropic_coefficient(cell_specification: CellSpecification) -> Property:
    """∂V/∂T of the positive host less that of the negative one, over the stoichiometry of the positive electrode."""
    return cell_package.cell_entropic_coefficient(cell_specification)


def _found(data: xr.Dataset) -> str:
    shown = []
    for rate in data["c_rate"].values:
        last = float(data["capacity"].sel(c_rate=rate).max()) / 3600.0
        known = float(data["capacity_error"].sel(c_rate=rate)) / 3600.0 if "capacity_error" in data else np.nan
        error = f" ± {known:.2g}" if np.isfinite(known) else ""
        shown.append(f"{rate:.3g}C {last:.3g}{error} A h")
    on_lithium = f"; {data.attrs['lithium']}" if "lithium" in data.attrs else ""
    return ", ".join(shown) + on_lithium


@rung("discharges", headline=_found, runs_a_cell=True)
def discharges(
    cell_specification: CellSpecification,
    discharge: Discharge,
    positive_electrode_structure: ElectrodeStructure | None = None,
    negative_electrode_structure: ElectrodeStructure | None = None,
) -> xr.Dataset:
    """Porous-electrode simulation of each rate, from full to the lower cut-off voltage.

    Where microstructures state errors, ``capacity_error`` is what they make of the capacity: the derivatives by each number
    times its error, added as if they were independent; to first order, and at large errors no more than a scale.
    """
    runs, errors = [], []
    mesh = None if discharge.volumes is None else Mesh(*discharge.volumes)
    structures = {"positive_electrode": positive_electrode_structure, "negative_electrode": negative_electrode_structure}
    known = {
        f"{side}.{field}": getattr(structure, name).error
        for side, structure in structures.items()
        for field, name in STRUCTURE.items()
        if structure is not None and isinstance(getattr(structure, name), Uncertain)
    }
    for index, rate in enumerate(discharge.c_rates):
        report_progress(index / len(discharge.c_rates), f"{rate:.3g}C")
        runs.append(simulate_discharge(cell_specification, rate, temperature=discharge.temperature, mesh=mesh))
        if known:
            errors.append(_capacity_error(cell_specification, known, rate, discharge.temperature, mesh))
    source = predicted("scalith.cell.simulate_discharge", cell_specification.digest, settings=discharge.model_dump(mode="json"))
    data = by_rate(discharge.c_rates, runs, source)
    if "lithium" in runs[-1].attrs:
        data.attrs["lithium"] = runs[int(np.argmax(discharge.c_rates))].attrs["lithium"]
    if known:
        title = "standard error of the capacity from the microstructure"
        data["capacity_error"] = ("c_rate", errors, {"units": "C", "long_name": title})
    return data


def _capacity_error(
    cell: CellSpecification, known: Mapping[str, float], rate: float, temperature: float, mesh: Mesh | None
) -> float:
    found = simulate_sensitivities(cell, list(known), rate, temperature=temperature, mesh=mesh)
    if "capacity_by_parameter" not in found:
        return float("nan")
    return float(np.sqrt(np.sum((found["capacity_by_parameter"].values * np.array(list(known.values()))) ** 2)))


def _total(data: xr.Dataset) -> str:
    found = []
    for rate in data["c_rate"].values:
        one = one_rate(data, rate)
        found.append(f"{rate:.3g}C {np.trapezoid(one['heat'], one['time']) / 1e3:.2f} kJ")
    return ", ".join(found)


@rung("heat by source", headline=_total)
def heat_generation(discharges: xr.Dataset) -> xr.Dataset:
    """Ohmic, irreversible and entropic heat of the whole cell over time."""
    heats = [str(name) for name in discharges.data_vars if str(name).startswith("heat")]
    source = predicted("scalith.cell.simulate_discharge", dataset_digest(discharges))
    return discharges[["time", *heats]].assign_attrs(source=source.to_json())
