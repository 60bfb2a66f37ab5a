"""Electrode: voxels, read or generated, become the effective properties that a cell takes over."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Annotated, Literal, Self

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from pydantic import Field, model_validator

from scalith import design, electrode
from scalith.design import StructureOrder
from scalith.electrode import CompositeElectrode, ElectrodeStructure, FieldPhase, ParticleKind, VoxelImage, ionic_with_debonded
from scalith.ladder import progress
from scalith.ladder.progress import report_progress
from scalith.ladder.quantity import InputFile, Settings, drawing, rung
from scalith.quantities import SI, InputError, Property, Result, Spec, Uncertain, dataset_digest, labelled, predicted
from scalith.quantities.named_deviates import within
from scalith.quantities.specification import Count, Fraction, Length, Temperature

OF_MATERIAL = True
"""These rungs exist once for each material of a study."""

Conductivities = dict[str, Annotated[float, SI("S m-1"), Field(ge=0)]]


class Binder(Spec):
    """``[microstructure.binder]``: carbon and binder between generated particles; see `scalith.electrode.place_binder`."""

    fraction: Fraction
    agglomeration: Fraction
    cluster_size: Length


class Microstructure(Settings):
    """``[microstructure]``: a piece of electrode in voxels, from a file or generated in one of four ways.

    Attributes
    ----------
    voxel_size : float
        Edge of a voxel, m; of a file also three, along x, y and z, with `cubes` beside them.
    file : InputFile, optional
        Image; `phases` names its labels. See `scalith.electrode.read_image`, also for the next four.
    phases : dict of str to int
        Label of each phase of the file by name.
    cubes : float, optional
        Edge into which voxels that are no cubes are resampled, m.
    axes : str, optional
        Stored axes of the file from the slowest to the fastest.
    variable : str, optional
        Which array of an HDF5 or VTK file.
    dtype : str, optional
        Of a raw file, which also needs `shape`.
    shape : tuple of int
        Voxels of a generated image, or of a raw file, along x, y, z.
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
    order : StructureOrder, optional
        A structure made to order, with the properties that are asked for (`scalith.design.conditioned_structure`).
    """

    voxel_size: Length | tuple[Length, Length, Length]
    file: InputFile | None = None
    phases: dict[str, int] = Field(default_factory=dict)
    cubes: Length | None = None
    axes: str | None = None
    variable: str | None = None
    dtype: str | None = None
    shape: tuple[Count, Count, Count] = (64, 64, 64)
    composite: CompositeElectrode | None = None
    particles: tuple[ParticleKind, ...] = ()
    field: dict[str, FieldPhase] = Field(default_factory=dict)
    matrix: str = "pore"
    overlap: Annotated[float, Field(ge=0, le=0.5)] = 0.05
    binder: Binder | None = None
    order: StructureOrder | None = None

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        names = ("file", "composite", "particles", "field", "order")
        stated = {name: getattr(self, name) for name in names}
        ways = [name for name, value in stated.items() if value]
        if len(ways) != 1:
            raise InputError("", ", ".join(stated), ", ".join(ways) or "none", "exactly one of them")
        if bool(self.file) != bool(self.phases):
            raise InputError("", "phases", self.phases, "the label of each phase of the file, and no phases without a file")
        of_a_file = {"cubes": self.cubes, "axes": self.axes, "variable": self.variable, "dtype": self.dtype}
        for name, value in of_a_file.items():
            if value is not None and not self.file:
                raise InputError("", name, value, "none: it is for images from a file")
        if isinstance(self.voxel_size, tuple) and self.cubes is None:
            raise InputError("", "voxel_size", self.voxel_size, "one edge, or three for a file with 'cubes' beside them")
        if (self.dtype is None) == (self.file is not None and self.file.name.lower().endswith(".raw")):
            raise InputError("", "dtype", self.dtype, "that of a raw file, such as 'uint8', and none without one")
        if self.binder and not self.particles:
            raise InputError("", "binder", ways[0], "particles to sit on")
        return self

    @property
    def edge(self) -> float:
        """Edge of the image's cubes, m."""
        return self.voxel_size if isinstance(self.voxel_size, float) else self.cubes or self.voxel_size[0]


class BulkConductivities(Settings):
    """``[conductivities]``: what the phases conduct, and how the image is looked at.

    Attributes
    ----------
    ionic, electronic : dict of str to float
        Bulk conductivity of each phase that conducts, S m-1; a separator has no electronic one.
    active, electrolyte : str
        Phases between which the reaction is; a separator has no active one.
    nanoporous : dict of str to float
        Share of electrolyte within phases whose pores are finer than a voxel.
    axis : {"x", "y", "z"}
        From the separator to the current collector.
    parts : tuple of int
        Divisions along each axis for the errors.
    """

    ionic: Conductivities = Field(default_factory=dict)
    electronic: Conductivities = Field(default_factory=dict)
    active: str = "active"
    electrolyte: str = "electrolyte"
    nanoporous: dict[str, Fraction] = Field(default_factory=dict)
    axis: Literal["x", "y", "z"] = "x"
    parts: tuple[Count, ...] = (1, 2)

    @model_validator(mode="after")
    def _something_conducts(self) -> Self:
        if not self.ionic and not self.electronic:
            raise InputError("", "ionic, electronic", "neither", "what the phases conduct, ions or electrons or both")
        if self.ionic and not self.ionic.get(self.electrolyte, 0.0) > 0.0:
            expected = f"that of {self.electrolyte!r}, the electrolyte, which the others are measured by"
            raise InputError("", "ionic", ", ".join(self.ionic), expected)
        return self


class HeatConduction(Settings):
    """``[heat_conduction]``: thermal conductivity of each phase, W m-1 K-1."""

    conductivities: Annotated[dict[str, Annotated[float, SI("W m-1 K-1"), Field(ge=0)]], Field(min_length=1)]
    axis: Literal["x", "y", "z"] = "x"


class TriplePhase(Settings):
    """``[triple_phase]``: the three phases whose common line counts, such as pore, active material and electrolyte."""

    phases: tuple[str, str, str]


class ReactionZone(Settings):
    """``[reaction_zone]``: how far from the triple-phase lines the interface reacts; see `scalith.electrode.reaction_area`.

    Attributes
    ----------
    conductivity : float
        Of the active material for what it takes from the third phase, S m-1.
    depth : float
        Thickness over which it carries that along its surface, m.
    exchange_current_density : float
        A m-2.
    temperature : float
        K.
    """

    conductivity: Annotated[float, SI("S m-1"), Field(gt=0)]
    depth: Length
    exchange_current_density: Annotated[float, SI("A m-2"), Field(gt=0)]
    temperature: Temperature = 298.15


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
        image = electrode.read_image(
            stated.file.path,
            phases=stated.phases,
            voxel_size=stated.voxel_size,
            cubes=stated.cubes,
            axes=stated.axes,
            variable=stated.variable,
            shape=stated.shape if stated.dtype else None,
            dtype=stated.dtype or "uint8",
        )
    elif stated.composite is not None:
        image = electrode.composite_electrode(stated.shape, stated.edge, stated.composite, seed=seed, progress=report_progress)
    elif stated.particles:
        image = electrode.packed_particles(
            stated.shape, stated.edge, stated.particles, seed=seed, matrix=stated.matrix, overlap=stated.overlap
        )
        if stated.binder is not None:
            image = electrode.place_binder(
                image, **stated.binder.model_dump(), seed=seed, within=stated.matrix, on=stated.particles[0].phase
            )
    elif stated.order is not None:
        image = stated.order.make(stated.shape, stated.edge, seed=seed, progress=report_progress).image
    else:
        image = electrode.random_field(stated.shape, stated.edge, stated.field, seed=seed, matrix=stated.matrix)
    return electrode.image_dataset(image)


def _asked(data: xr.Dataset) -> str:
    worst = float(np.abs(data["deviation"]).max())
    return f"{data.sizes['quantity']} properties as asked for, within {100 * worst:.2g} %"


def _order(microstructure: Microstructure, field: str) -> design.StructureOrder:
    if microstructure.order is None:
        raise InputError("[microstructure]", "order", "none", f"what is asked of the structure, for {field}")
    return microstructure.order


@rung("structure before the order", headline=_composition, only_with="microstructure.order", seed_of="voxel_image")
def recipe_image(microstructure: Microstructure, seed: int) -> xr.Dataset:
    """The image that the order's recipe and the seed of `voxel_image` give where nothing is asked: what the design began with."""
    order = _order(microstructure, "recipe_image")
    return electrode.image_dataset(order.begin(microstructure.shape, microstructure.edge, seed=seed))


@rung("structure made to order", headline=_asked, only_with="microstructure.order")
def designed_image(voxel_image: xr.Dataset, recipe_image: xr.Dataset, microstructure: Microstructure) -> xr.Dataset:
    """What was asked of the structure, and what the image has, measured anew; ``before``: what its recipe has by itself."""
    order = _order(microstructure, "designed_image")
    images = (voxel_image, recipe_image)
    after, before = (design.measure_structure(electrode.image_from_dataset(one), order.targets) for one in images)
    parents = [dataset_digest(one) for one in images]
    source = predicted("scalith.design.measure_structure", *parents, settings=order.model_dump(mode="json"))
    found = design.comparison(order.targets, after)
    found["before"] = labelled("quantity", [before[str(name)] for name in found["quantity"].values], "before the order", "SI")
    return found.assign_attrs(source=source.to_json())


@rung("transport before the order", only_with="microstructure.order")
def recipe_transport(recipe_image: xr.Dataset, conductivities: BulkConductivities) -> xr.Dataset:
    """Effective properties of the structure before the order."""
    stated = conductivities.model_dump() | {"parts": (1,)}
    return electrode.subvolume_properties(electrode.image_from_dataset(recipe_image), **stated)


def _measured_on(voxel_image: xr.Dataset, cracked_voxel_image: xr.Dataset | None) -> xr.Dataset:
    """The image that currents, areas, lines and sizes are measured on: with its cracks where there are some."""
    return voxel_image if cracked_voxel_image is None else cracked_voxel_image


def _another_piece(data: xr.Dataset, seed: int) -> xr.Dataset:
    """The properties of another piece of the electrode, each within its error; a generated piece is another one already."""
    if data.attrs.get("resampled"):
        return data
    numbers = drawing.get()(seed)
    drawn = data.copy(deep=True)
    whole = np.flatnonzero(data["parts_per_axis"].values == 1)[0]
    for name in data.data_vars:
        if np.isfinite(data[name].values[whole]):
            drawn[name][whole] = electrode.effective_property(data, str(name)).drawn(within(numbers, name))()
    return drawn


@rung("properties of parts", headline=lambda data: f"{data.sizes['part']} parts", draw=_another_piece)
def subvolume_properties(
    voxel_image: xr.Dataset, conductivities: BulkConductivities, cracked_voxel_image: xr.Dataset | None = None
) -> xr.Dataset:
    """Effective properties of the whole image and of its parts, with its cracks where there are some: how they scatter."""
    image = electrode.image_from_dataset(_measured_on(voxel_image, cracked_voxel_image))
    found = electrode.subvolume_properties(
        image,
        **conductivities.model_dump(),
        executor=progress.executor.get(),
        progress=report_progress,
    )
    generated = electrode.image_from_dataset(voxel_image).source.kind == "predicted"
    return found.assign_attrs(resampled=int(generated))  # by a seed, in each member of an ensemble anew


@rung("transport of the structure made to order", only_with="microstructure.order")
def designed_transport(
    voxel_image: xr.Dataset,
    subvolume_properties: xr.Dataset,
    conductivities: BulkConductivities,
    cracked_voxel_image: xr.Dataset | None = None,
) -> xr.Dataset:
    """Effective properties of the structure made to order, without cracks, as `recipe_transport` are those of the one before."""
    if cracked_voxel_image is None and 1 in subvolume_properties["parts_per_axis"].values:
        return subvolume_properties
    stated = conductivities.model_dump() | {"parts": (1,)}
    return electrode.subvolume_properties(electrode.image_from_dataset(voxel_image), **stated)


@rung("effective ionic conductivity", unit="S m-1", headline=_with_error)
def effective_ionic_conductivity(subvolume_properties: xr.Dataset) -> Property:
    """Conductivity of the electrode for ions, through all phases that conduct them."""
    return electrode.effective_property(subvolume_properties, "effective_ionic_conductivity")


@rung("ionic transport efficiency", unit="1", headline=_with_error)
def ionic_transport_efficiency(
    effective_ionic_conductivity: Property, electrolyte_volume_fraction: Property, conductivities: BulkConductivities
) -> Property:
    """Effective over bulk conductivity, both of the image's electrolyte: what a cell multiplies its own electrolyte with."""
    bulk = conductivities.ionic.get(conductivities.electrolyte)
    if bulk is None:
        raise InputError("[conductivities]", "ionic", "nothing", "the conductivity of the electrolyte in the image")
    fraction = electrolyte_volume_fraction()
    bound = electrode.ionic_bound(conductivities.ionic, conductivities.electrolyte, fraction)
    value = effective_ionic_conductivity() / bulk
    electrode.require_below_bound("ionic transport efficiency", value, bound)
    source = predicted(
        "scalith.ladder.ionic_transport_efficiency", effective_ionic_conductivity.digest, settings={"bulk_conductivity": bulk}
    )
    error = None if effective_ionic_conductivity.standard_error is None else effective_ionic_conductivity.error() / bulk
    return Property.constant("ionic_transport_efficiency", value, "1", source, error)


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


@rung("radius of the active particles", unit="m", headline=_with_error)
def active_particle_radius(subvolume_properties: xr.Dataset) -> Property:
    """Over which lithium diffuses: of the spheres that lag behind their surface as far as the particles of the image."""
    return electrode.effective_property(subvolume_properties, "active_particle_radius")


def _reached(image: VoxelImage, bulk: BulkConductivities, names: Iterable[str]) -> dict[str, NDArray[np.bool_]]:
    """What ions reach from the separator and electrons from the collector, of the phases that carry them."""
    masks: dict[str, NDArray[np.bool_]] = {}
    ionic = ionic_with_debonded(image, bulk.ionic, bulk.electrolyte)
    for conducting, end in ((ionic, 0), (bulk.electronic, -1)):
        if not conducting:
            continue
        joined = electrode.connected_to(image, conducting, bulk.axis, end)
        for name in names:
            if conducting.get(name, 0.0) > 0.0:
                masks[name] = masks.get(name, np.ones(image.shape, bool)) & joined
    return masks


@rung("active triple-phase line", unit="m-2", headline=_with_error)
def triple_phase_length(
    voxel_image: xr.Dataset,
    triple_phase: TriplePhase,
    conductivities: BulkConductivities,
    cracked_voxel_image: xr.Dataset | None = None,
) -> Property:
    """Length per volume of the line where three phases meet, of what ions and electrons reach; the error is the resolution's."""
    measured = _measured_on(voxel_image, cracked_voxel_image)
    image = electrode.image_from_dataset(measured)
    active = _reached(image, conductivities, triple_phase.phases)
    found = electrode.triple_phase_length(image, triple_phase.phases, active=active)
    source = predicted(
        "scalith.electrode.triple_phase_length", dataset_digest(measured), settings={"phases": list(triple_phase.phases)}
    )
    length, error = float(found["length"]), float(found["length_error"])
    return Property.constant("triple_phase_length", length, "m-2", source, error or None)


@rung("area that reacts", unit="m-1", headline=_with_error)
def reaction_area(active_interface_area: Property, triple_phase_length: Property, reaction_zone: ReactionZone) -> Property:
    """Area per volume that reacts: all of a mixed conductor's, a zone along the triple-phase lines of a poor one's."""
    return electrode.reaction_area_with_error(active_interface_area, triple_phase_length, **reaction_zone.model_dump())


def _areas(data: xr.Dataset) -> str:
    area, names = data["area"].values, [str(name) for name in data["phase"].values]
    pairs = [(area[i, j], f"{names[i]}-{names[j]}") for i in range(len(names)) for j in range(i) if area[i, j] > 0.0]
    return ", ".join(f"{pair} {value:.3g} 1/m" for value, pair in sorted(pairs, reverse=True))


@rung("areas between the phases", headline=_areas)
def phase_areas(
    voxel_image: xr.Dataset, conductivities: BulkConductivities, cracked_voxel_image: xr.Dataset | None = None
) -> xr.Dataset:
    """Area between each pair of phases per volume: all of it, and that of what ions and electrons reach and what takes part."""
    image, bulk = electrode.image_from_dataset(_measured_on(voxel_image, cracked_voxel_image)), conductivities
    active = _reached(image, bulk, image.phases)
    if {bulk.active, bulk.electrolyte} <= set(image.phases):
        ionic = ionic_with_debonded(image, bulk.ionic, bulk.electrolyte)
        names = (bulk.active, bulk.electrolyte, bulk.axis, bulk.nanoporous)
        active[bulk.active], _ = electrode.active_parts(image, ionic, bulk.electronic, *names)
    every, reached = electrode.interface_areas(image), electrode.interface_areas(image, active=active)
    data = Result({"area": every.drop_vars("error"), "active_area": reached.drop_vars("error")})
    data = data.assign(area_error=every["error"].drop_vars("error"), active_area_error=reached["error"].drop_vars("error"))
    return data.assign_attrs(source=every.attrs["source"])


def _sizes(data: xr.Dataset) -> str:
    return f"half of the volume in balls of {1e6 * float(data['median_radius']):.3g} um and more"


@rung("sizes of the active particles", headline=_sizes)
def active_particle_sizes(
    voxel_image: xr.Dataset, conductivities: BulkConductivities, cracked_voxel_image: xr.Dataset | None = None
) -> xr.Dataset:
    """Share of the active material that is reached, which balls of each radius fill."""
    image = electrode.image_from_dataset(_measured_on(voxel_image, cracked_voxel_image))
    active = _reached(image, conductivities, (conductivities.active,))
    return electrode.particle_sizes(image, conductivities.active, active=active)


@rung("effective thermal conductivity", unit="W m-1 K-1")
def effective_thermal_conductivity(voxel_image: xr.Dataset, heat_conduction: HeatConduction) -> Property:
    """Conductivity of the electrode for heat, through all phases of the image without its cracks."""
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
def electrode_currents(
    voxel_image: xr.Dataset, conductivities: BulkConductivities, cracked_voxel_image: xr.Dataset | None = None
) -> xr.Dataset:
    """Current density and loss of ions and of electrons for 1 A m-2, on the plane through the middle of the image."""
    image, bulk = electrode.image_from_dataset(_measured_on(voxel_image, cracked_voxel_image)), conductivities
    ionic = ionic_with_debonded(image, bulk.ionic, bulk.electrolyte)
    found = electrode.limiting_path(image, ionic=ionic, electronic=bulk.electronic, axis=bulk.axis)
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
        voxel_size=microstructure.edge,
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
        f"ions {structure.ionic_transport_efficiency:.3g} of the bulk, electrons {structure.electronic_conductivity:.3g} S/m, "
        f"active {100 * structure.active_volume_fraction:.3g} %, {structure.interface_area:.3g} 1/m, "
        f"R {1e6 * structure.particle_radius:.3g} um"
    )


@rung("electrode for the cell", headline=_cell_view)
def electrode_structure(
    ionic_transport_efficiency: Property,
    effective_electronic_conductivity: Property,
    electrolyte_volume_fraction: Property,
    utilised_volume_fraction: Property,
    active_interface_area: Property,
    active_particle_radius: Property,
    conductivities: BulkConductivities | None = None,
    reaction_area: Property | None = None,
) -> ElectrodeStructure:
    """What the microstructure says to the cell model, in one place: each number with its error."""
    found = {
        "ionic_transport_efficiency": ionic_transport_efficiency,
        "electronic_conductivity": effective_electronic_conductivity,
        "electrolyte_volume_fraction": electrolyte_volume_fraction,
        "active_volume_fraction": utilised_volume_fraction,
        "interface_area": active_interface_area if reaction_area is None else reaction_area,
        "particle_radius": active_particle_radius,
    }
    stated: dict[str, float] = {}
    for name, value in found.items():
        if value() <= 0.0:
            expected = "more than zero: the phases of the image do not connect separator, particles and collector"
            raise InputError("electrode structure", name, value(), expected)
        error = None if value.standard_error is None else float(value.error())
        stated[name] = Uncertain(value(), error) if error else value()
    if conductivities is not None and conductivities.ionic:
        fraction = stated["electrolyte_volume_fraction"]
        stated["ionic_bound"] = electrode.ionic_bound(conductivities.ionic, conductivities.electrolyte, fraction)
    return ElectrodeStructure.read(stated)
