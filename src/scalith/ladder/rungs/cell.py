"""Cell: the predicted material becomes an electrode, the electrode a cell, the cell is discharged."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, ClassVar, Self

import numpy as np
import xarray as xr
from pydantic import Field, ValidationInfo, field_validator, model_validator

from scalith.cell import CellSpecification, ElectrolyteSpecification, Mesh, simulate_discharge, to_bpx
from scalith.cell.specification.thermal import ThermalSpecification
from scalith.electrode import ElectrodeStructure
from scalith.ladder.progress import report_progress
from scalith.ladder.quantity import InputFile, Quantity, Settings, draw_stated, rung
from scalith.ladder.stacking import by_rate, one_rate
from scalith.quantities import InputError, Property, Source, Spec, dataset_digest, predicted
from scalith.quantities.plausible_ranges import Plausible, unwrapped
from scalith.quantities.specification import WRITTEN_BY_HAND, AmbientTemperature, Count, Temperature

CLIMBED = {
    "negative_electrode": ("open_circuit_voltage",),
    "positive_electrode": ("open_circuit_voltage", "entropic_coefficient", "chemical_diffusivity", "maximum_concentration"),
}
"""Fields of `CellSpecification` that the climb fills; ``[cell]`` states the others."""

Stated = str | float | dict[str, Any]
"""A number as it is written; a table says that an odd one is meant."""

STRUCTURE = ("porosity", "transport_efficiency", "conductivity", "active_volume_fraction", "particle_radius")
"""Fields of the positive electrode that a microstructure fills, where the study has one."""


def _with_paths(stated: Any) -> Any:
    """Stated parts as `CellSpecification` reads them: files by their paths."""
    if isinstance(stated, InputFile):
        return stated.path
    if isinstance(stated, dict):
        return {key: _with_paths(item) for key, item in stated.items()}
    return [_with_paths(item) for item in stated] if isinstance(stated, list) else stated


GIVEN: dict[str, tuple[Quantity, type[Any]]] = {
    "negative_open_circuit_voltage": (
        Quantity("open-circuit voltage of the negative electrode", "V", {"x": "1", "T": "K"}),
        Property,
    ),
}


class Cell(Settings):
    """``[cell]``: what of a `scalith.cell.CellSpecification` is stated; open-circuit voltages, diffusivity, … are climbed to.

    Attributes
    ----------
    negative_electrode, separator, positive_electrode, electrolyte, thermal : dict
        Parts of the specification.
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
        for part, names in CLIMBED.items():
            for name in names:
                if name in getattr(self, part):
                    instead = name if part == "positive_electrode" else f"negative_{name}"
                    raise InputError("", f"{part}.{name}", "a value here", f"{instead} under [given]: the climb fills this field")
        structure = None
        if "electrode_structure" in (info.context or {}).get("reached", ()):
            for name in (*STRUCTURE, "specific_area", "bruggeman_exponent"):
                if name in self.positive_electrode:
                    raise InputError("", f"positive_electrode.{name}", "a value here", "none: the microstructure gives it")
            numbers = dict.fromkeys(ElectrodeStructure.model_fields, 0.4) | {"interface_area": 1e6}
            structure = ElectrodeStructure.read(numbers)
        # A slip must show before hours of sampling, not after: the climbed fields are tried with plain numbers.
        trial = Source(kind="assumed")
        one = {"open_circuit_voltage": 1.0, "chemical_diffusivity": 1e-14, "entropic_coefficient": 0.0}
        self.specification(
            {
                part: {name: Property.constant(name, one[name], "", trial) if name in one else 1e4 for name in names}
                for part, names in CLIMBED.items()
            },
            structure,
            trial=True,
        )
        return self

    def specification(
        self, climbed: dict[str, dict[str, Any]], structure: ElectrodeStructure | None = None, *, trial: bool = False
    ) -> CellSpecification:
        """The whole specification, with the climbed fields filled in; in a trial their numbers mean nothing."""
        stated = {name: _with_paths(getattr(self, name)) for name in type(self).model_fields}
        for part, fields in climbed.items():
            metal = stated[part].get("lithium_metal")
            stated[part] = (
                stated[part] | fields
                if metal is None
                else stated[part] | {"lithium_metal": metal | {"potential": fields["open_circuit_voltage"]}}
            )
        if structure is not None:
            stated["positive_electrode"] |= self._structured(structure)
        cell = CellSpecification.read(stated, "[cell]", context=WRITTEN_BY_HAND)
        if not trial and not unwrapped(self.nominal_capacity)[1]:
            cell.require_plausible_capacity("[cell]")
        return cell

    def stated_thermal(self) -> ThermalSpecification | None:
        """The heat balance, where the section has one."""
        return None if self.thermal is None else ThermalSpecification.read(self.thermal, "[cell] thermal")

    def _structured(self, structure: ElectrodeStructure) -> dict[str, float]:
        """The positive electrode as its microstructure says: effective conductivities, volume and area are kept."""
        electrolyte = ElectrolyteSpecification.read(_with_paths(self.electrolyte), "[cell] electrolyte")
        bulk = electrolyte.conductivity(c=electrolyte.initial_concentration, T=self.reference_temperature)
        return {
            "porosity": structure.electrolyte_volume_fraction,
            "transport_efficiency": structure.ionic_conductivity / float(bulk),
            "conductivity": structure.electronic_conductivity,
            "active_volume_fraction": structure.active_volume_fraction,
            "particle_radius": structure.particle_radius,
        }


class Discharge(Settings):
    """``[discharge]``: constant-current discharges from full.

    Attributes
    ----------
    c_rates : tuple of float
        Multiples of the nominal capacity per hour.
    temperature : float
        K; the cell is held at it.
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


def _write_bpx(cell: CellSpecification, path: Path) -> None:
    """BPX knows electrodes of spheres only: a cell with lithium metal is not written."""
    materials = [*cell.negative_electrode.materials, *cell.positive_electrode.materials]
    if all(material.geometry == "sphere" for material in materials):
        to_bpx(cell, path)


@rung(
    "cell",
    headline=lambda cell: f"{cell.name}, {cell.nominal_capacity / 3600:.3g} A h",
    exports={".bpx.json": _write_bpx},
    draw=draw_stated,
)
def cell_specification(
    cell: Cell,
    negative_open_circuit_voltage: Property,
    open_circuit_voltage: Property,
    entropic_coefficient: Property,
    chemical_diffusivity: Property,
    maximum_concentration: Property,
    electrode_structure: ElectrodeStructure | None = None,
) -> CellSpecification:
    """The stated cell with the climbed material, and the structure where there is one, as its positive electrode."""
    return cell.specification(
        {
            "negative_electrode": {"open_circuit_voltage": negative_open_circuit_voltage},
            "positive_electrode": {
                "open_circuit_voltage": open_circuit_voltage,
                "entropic_coefficient": entropic_coefficient,
                "chemical_diffusivity": chemical_diffusivity,
                "maximum_concentration": maximum_concentration(),
            },
        },
        electrode_structure,
    )


def _found(data: xr.Dataset) -> str:
    last = data["capacity"].max("sample") / 3600.0
    return ", ".join(f"{float(rate):.3g}C {float(last.sel(c_rate=rate)):.3g} A h" for rate in data["c_rate"])


@rung("discharges", headline=_found)
def discharges(cell_specification: CellSpecification, discharge: Discharge) -> xr.Dataset:
    """Porous-electrode simulation of each rate, from full to the lower cut-off voltage."""
    runs = []
    mesh = None if discharge.volumes is None else Mesh(*discharge.volumes)
    for index, rate in enumerate(discharge.c_rates):
        report_progress(index / len(discharge.c_rates), f"{rate:.3g}C")
        runs.append(simulate_discharge(cell_specification, rate, temperature=discharge.temperature, mesh=mesh))
    source = predicted("scalith.cell.simulate_discharge", cell_specification.digest, settings=discharge.model_dump(mode="json"))
    return by_rate(discharge.c_rates, runs, source)


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
