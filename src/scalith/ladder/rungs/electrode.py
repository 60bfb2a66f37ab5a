"""Electrode: voxels, read or generated, become the effective properties that a cell takes over."""

from __future__ import annotations

import json
from typing import Annotated, Literal, Self

import numpy as np
import xarray as xr
from pydantic import Field, model_validator

from scalith import electrode
from scalith.electrode import CompositeElectrode, ElectrodeStructure, FieldPhase, ParticleKind
from scalith.ladder import progress
from scalith.ladder.progress import report_progress
from scalith.ladder.quantity import InputFile, Settings, rung
from scalith.quantities import SI, InputError, Property, Spec, dataset_digest, predicted
from scalith.quantities.specification import Count, Fraction, Length

OF_MATERIAL = True
"""These rungs exist once for each material of a study."""

Conductivities = dict[str, Annotated[float, SI("S m-1"), Field(ge=0)]]


class Binder(Spec):
    """``[microstructure.binder]``: carbon and binder between generated particles; see `scalith.electrode.place_binder`."""

    fraction: Fraction
    agglomeration: Fraction
    cluster_size: Length


class Microstructure(Settings):
    """``[microstructure]``: a piece of electrode in voxels, from a file or generated in one of three ways.

    Attributes
    ----------
    voxel_size : float
        Edge of a voxel, m.
    file : InputFile, optional
        Image; `phases` names its labels. See `scalith.electrode.read_image`.
    phases : dict of str to int
        Label of each phase of the file by name.
    shape : tuple of int
        Voxels of a generated image along x, y, z.
    composite : CompositeElectrode, optional
        Active particles, carbon and pores in a solid electrolyte.
    particles : tuple of ParticleKind
        Packed particles in a `matrix`.
    field : dict of str to FieldPhase
        Thresholded random fields in a `matrix`.
    matrix : str
        Name of the phase that fills the rest.
    overlap : float
        Allowed overlap of packed particles.
    binder : Binder, optional
        Placed between packed particles.
    """

    voxel_size: Length
    file: InputFile | None = None
    phases: dict[str, int] = Field(default_factory=dict)
    shape: tuple[Count, Count, Count] = (64, 64, 64)
    composite: CompositeElectrode | None = None
    particles: tuple[ParticleKind, ...] = ()
    field: dict[str, FieldPhase] = Field(default_factory=dict)
    matrix: str = "pore"
    overlap: Annotated[float, Field(ge=0, le=0.5)] = 0.05
    binder: Binder | None = None

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        stated = {"file": self.file, "composite": self.composite, "particles": self.particles, "field": self.field}
        ways = [name for name, value in stated.items() if value]
        if len(ways) != 1:
            raise InputError("", ", ".join(stated), ", ".join(ways) or "none", "exactly one of them")
        if bool(self.file) != bool(self.phases):
            raise InputError("", "phases", self.phases, "the label of each phase of the file, and no phases without a file")
        if self.binder and not self.particles:
            raise InputError("", "binder", ways[0], "particles to sit on")
        return self


class BulkConductivities(Settings):
    """``[conductivities]``: what the phases conduct, and how the image is looked at.

    Attributes
    ----------
    ionic, electronic : dict of str to float
        Bulk conductivity of each phase that conducts, S m-1.
    active, electrolyte : str
        Phases between which the reaction is.
    axis : {"x", "y", "z"}
        From the separator to the current collector.
    parts : tuple of int
        Divisions along each axis for the errors.
    """

    ionic: Annotated[Conductivities, Field(min_length=1)]
    electronic: Annotated[Conductivities, Field(min_length=1)]
    active: str = "active"
    electrolyte: str = "electrolyte"
    axis: Literal["x", "y", "z"] = "x"
    parts: tuple[Count, ...] = (1, 2)


class HeatConduction(Settings):
    """``[heat_conduction]``: thermal conductivity of each phase, W m-1 K-1."""

    conductivities: Annotated[dict[str, Annotated[float, SI("W m-1 K-1"), Field(ge=0)]], Field(min_length=1)]
    axis: Literal["x", "y", "z"] = "x"


class CompositionStudy(Settings):
    """``[composition_study]``: how a generated composite's conductivities change with its recipe.

    Attributes
    ----------
    active_fraction : tuple of float
        Active material in the solids: at least two values that rise.
    porosity, pressure, carbon_fraction, carbon_agglomeration : tuple of float
        At most one of them varied beside it.
    shape : tuple of int
        Voxels of each structure, as large as those of the image; smaller pieces connect at a less certain composition.
    structures : int
        Of each recipe.
    """

    active_fraction: Annotated[tuple[Fraction, ...], Field(min_length=2)]
    porosity: tuple[Fraction, ...] = ()
    pressure: tuple[Annotated[float, SI("Pa"), Field(ge=0)], ...] = ()
    carbon_fraction: tuple[Fraction, ...] = ()
    carbon_agglomeration: tuple[Fraction, ...] = ()
    shape: tuple[Count, Count, Count] = (48, 48, 48)
    structures: Count = 2

    @model_validator(mode="after")
    def _two_ways(self) -> Self:
        if list(self.active_fraction) != sorted(set(self.active_fraction)):
            raise InputError("", "active_fraction", self.active_fraction, "values that rise")
        if len(self.varied) > 2:
            raise InputError("", ", ".join(self.varied), "all varied", "active_fraction and at most one other")
        return self

    @property
    def varied(self) -> dict[str, tuple[float, ...]]:
        """What is varied, `active_fraction` first."""
        every = {name: getattr(self, name) for name in ("porosity", "pressure", "carbon_fraction", "carbon_agglomeration")}
        return {"active_fraction": self.active_fraction} | {name: values for name, values in every.items() if values}


def _composition(data: xr.Dataset) -> str:
    image = electrode.image_from_dataset(data)
    size = " x ".join(str(size) for size in image.shape)
    shares = ", ".join(f"{name} {100 * share:.1f} %" for name, share in image.volume_fractions.items())
    return f"{size} voxels of {1e6 * image.voxel_size:.3g} um: {shares}"


def _with_error(value: Property) -> str:
    error = "" if value.standard_error is None else f" ± {value.error():.2g}"
    return f"{value():.3g}{error} {value.unit}".removesuffix(" 1")


@rung("voxels", headline=_composition)
def voxel_image(microstructure: Microstructure, seed: int) -> xr.Dataset:
    """The image of the electrode: read from its file, or generated from the study's seed."""
    stated = microstructure
    if stated.file is not None:
        image = electrode.read_image(stated.file.path, phases=stated.phases, voxel_size=stated.voxel_size)
    elif stated.composite is not None:
        image = electrode.composite_electrode(
            stated.shape, stated.voxel_size, stated.composite, seed=seed, progress=report_progress
        )
    elif stated.particles:
        image = electrode.packed_particles(
            stated.shape, stated.voxel_size, stated.particles, seed=seed, matrix=stated.matrix, overlap=stated.overlap
        )
        if stated.binder is not None:
            image = electrode.place_binder(
                image, **stated.binder.model_dump(), seed=seed, within=stated.matrix, on=stated.particles[0].phase
            )
    else:
        image = electrode.random_field(stated.shape, stated.voxel_size, stated.field, seed=seed, matrix=stated.matrix)
    return electrode.image_dataset(image)


def _another_piece(data: xr.Dataset, seed: int) -> xr.Dataset:
    """The properties of another piece of the electrode, each within its error; a generated piece is another one already."""
    if data.attrs.get("resampled"):
        return data
    numbers = np.random.default_rng(seed)
    drawn = data.copy(deep=True)
    whole = np.flatnonzero(data["parts_per_axis"].values == 1)[0]
    for name in data.data_vars:
        if np.isfinite(data[name].values[whole]):
            drawn[name][whole] = electrode.effective_property(data, str(name)).drawn(numbers)()
    return drawn


@rung("properties of parts", headline=lambda data: f"{data.sizes['part']} parts", draw=_another_piece)
def subvolume_properties(voxel_image: xr.Dataset, conductivities: BulkConductivities) -> xr.Dataset:
    """Effective properties of the whole image and of its parts: how they scatter with the volume."""
    image = electrode.image_from_dataset(voxel_image)
    found = electrode.subvolume_properties(
        image,
        **conductivities.model_dump(),
        executor=progress.executor.get(),
        progress=report_progress,
    )
    return found.assign_attrs(resampled=int(image.source.kind == "predicted"))  # by a seed, in each member of an ensemble anew


@rung("effective ionic conductivity", unit="S m-1", headline=_with_error)
def effective_ionic_conductivity(subvolume_properties: xr.Dataset) -> Property:
    """Conductivity of the electrode for ions, through all phases that conduct them."""
    return electrode.effective_property(subvolume_properties, "effective_ionic_conductivity")


@rung("effective electronic conductivity", unit="S m-1", headline=_with_error)
def effective_electronic_conductivity(subvolume_properties: xr.Dataset) -> Property:
    """Conductivity of the electrode for electrons."""
    return electrode.effective_property(subvolume_properties, "effective_electronic_conductivity")


@rung("volume fraction of electrolyte", unit="1", headline=_with_error)
def electrolyte_volume_fraction(subvolume_properties: xr.Dataset) -> Property:
    """Electrolyte per volume of electrode."""
    return electrode.effective_property(subvolume_properties, "electrolyte_volume_fraction")


@rung("active volume that is reached", unit="1", headline=_with_error)
def utilised_volume_fraction(subvolume_properties: xr.Dataset) -> Property:
    """Active material that both ions and electrons reach, per volume of electrode."""
    return electrode.effective_property(subvolume_properties, "utilised_volume_fraction")


@rung("active interface", unit="m-1", headline=_with_error)
def active_interface_area(subvolume_properties: xr.Dataset) -> Property:
    """Area between active material and electrolyte that both reach, per volume of electrode."""
    return electrode.effective_property(subvolume_properties, "active_interface_area")


@rung("effective thermal conductivity", unit="W m-1 K-1")
def effective_thermal_conductivity(voxel_image: xr.Dataset, heat_conduction: HeatConduction) -> Property:
    """Conductivity of the electrode for heat, through all phases."""
    image = electrode.image_from_dataset(voxel_image)
    bulk, axis = heat_conduction.conductivities, heat_conduction.axis
    found = electrode.solve_conduction(image, bulk, axis=axis, progress=report_progress)
    source = predicted("scalith.electrode.solve_conduction", dataset_digest(voxel_image), settings=heat_conduction.model_dump())
    return Property.constant("effective_thermal_conductivity", float(found["conductivity"]), "W m-1 K-1", source)


def _limit(data: xr.Dataset) -> str:
    shares = [
        f"{carrier} {1e4 * float(value):.3g} ohm cm2"
        for carrier, value in zip(data["carrier"].values, data["resistance"], strict=True)
    ]
    return f"{data.attrs['limits']} limit: {', '.join(shares)}"


@rung("currents in the electrode", headline=_limit)
def electrode_currents(voxel_image: xr.Dataset, conductivities: BulkConductivities) -> xr.Dataset:
    """Current density and loss of ions and of electrons for 1 A m-2, on the plane through the middle of the image."""
    image = electrode.image_from_dataset(voxel_image)
    bulk = conductivities
    found = electrode.limiting_path(image, ionic=bulk.ionic, electronic=bulk.electronic, axis=bulk.axis)
    middle = found.isel(z=image.shape[2] // 2)
    edges = {axis: (np.arange(size) + 0.5) * image.voxel_size for axis, size in zip("xy", image.shape, strict=False)}
    return middle.assign_coords({axis: (axis, values, {"units": "m", "long_name": axis}) for axis, values in edges.items()})


def _thresholds(data: xr.Dataset) -> str:
    found = electrode.percolation_threshold(data, "effective_electronic_conductivity", "active_fraction").values.ravel()
    known = found[np.isfinite(found)]
    count = f"{data['active_volume_fraction'].size} structures"
    if not known.size:
        return count
    span = f"{known.min():.2g}" if known.size == 1 else f"{known.min():.2g} to {known.max():.2g}"
    return f"{count}; electrons connect from an active fraction of {span}"


@rung("conductivities against composition", headline=_thresholds)
def composition_map(
    microstructure: Microstructure,
    conductivities: BulkConductivities,
    composition_study: CompositionStudy,
    subvolume_properties: xr.Dataset,
    seed: int,
) -> xr.Dataset:
    """Ionic and electronic conductivity of composites of other recipes, beside the one that was chosen."""
    if microstructure.composite is None:
        raise InputError("[composition_study]", "[microstructure]", "another structure", "a composite, whose recipe is varied")
    stated = composition_study
    data = electrode.composite_study(
        microstructure.composite,
        stated.varied,
        shape=stated.shape,
        voxel_size=microstructure.voxel_size,
        ionic=conductivities.ionic,
        electronic=conductivities.electronic,
        seeds=range(seed, seed + stated.structures),
        executor=progress.executor.get(),
        progress=report_progress,
    )
    chosen = {name: getattr(microstructure.composite, name) for name in stated.varied}
    for name in ("effective_ionic_conductivity", "effective_electronic_conductivity"):
        chosen[name] = float(subvolume_properties[name].values[0])
    return data.assign_attrs(chosen=json.dumps(chosen))


def _cell_view(structure: ElectrodeStructure) -> str:
    return (
        f"ions {structure.ionic_conductivity:.3g} S/m, electrons {structure.electronic_conductivity:.3g} S/m, "
        f"active {100 * structure.active_volume_fraction:.3g} %, {structure.interface_area:.3g} 1/m"
    )


@rung("electrode for the cell", headline=_cell_view)
def electrode_structure(
    effective_ionic_conductivity: Property,
    effective_electronic_conductivity: Property,
    electrolyte_volume_fraction: Property,
    utilised_volume_fraction: Property,
    active_interface_area: Property,
) -> ElectrodeStructure:
    """What the microstructure says to the cell model, in one place."""
    found = {
        "ionic_conductivity": effective_ionic_conductivity,
        "electronic_conductivity": effective_electronic_conductivity,
        "electrolyte_volume_fraction": electrolyte_volume_fraction,
        "active_volume_fraction": utilised_volume_fraction,
        "interface_area": active_interface_area,
    }
    for name, value in found.items():
        if value() <= 0.0:
            expected = "more than zero: the phases of the image do not connect separator, particles and collector"
            raise InputError("electrode structure", name, value(), expected)
    return ElectrodeStructure.read({name: value() for name, value in found.items()})
