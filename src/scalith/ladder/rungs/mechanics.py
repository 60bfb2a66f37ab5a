"""Mechanics of an electrode's structure: stress of phases that expand, cracks, and what they take from the cell."""

from __future__ import annotations

from typing import Annotated, Literal, Self

import numpy as np
import xarray as xr
from pydantic import Field, model_validator

from scalith import electrode
from scalith.electrode import FractureModel, IsotropicElasticity, VoxelImage
from scalith.ladder.progress import report_progress
from scalith.ladder.quantity import Settings, rung
from scalith.ladder.rungs.electrode import BulkConductivities
from scalith.quantities import SI, InputError, Result, dataset_digest, labelled, predicted

OF_MATERIAL = True
"""These rungs exist once for each material of a study."""


class Expansion(Settings):
    """``[expansion]``: what the phases resist with, and by how much they would expand by themselves.

    Attributes
    ----------
    elasticity : dict of str to IsotropicElasticity
        Of every phase; a pore has a modulus of zero.
    strain : dict of str to float
        Linear strain of a phase on its own, ε* = Ω Δc / 3; phases left out have none.
    outside : {"free", "clamped"}
    """

    elasticity: Annotated[dict[str, IsotropicElasticity], Field(min_length=1)]
    strain: Annotated[dict[str, Annotated[float, SI("1")]], Field(min_length=1)]
    outside: Literal["free", "clamped"] = "free"


class Cracking(Settings, FractureModel):
    """``[cracking]``: phases that crack as some of them expand or shrink; see `scalith.electrode.FractureModel`.

    Attributes
    ----------
    strain : dict of str to float
        Linear strain ε* = Ω Δc / 3 of a phase at the end of a charge or discharge; phases left out have none.
    loads : tuple of float
        Factors on the strain, on the way there.
    cycles : tuple of float
        Numbers of cycles after which to look; they need `fatigue_threshold`.
    outside : {"free", "clamped"}
    """

    strain: Annotated[dict[str, Annotated[float, SI("1")]], Field(min_length=1)]
    loads: Annotated[tuple[float, ...], Field(min_length=1)] = (0.5, 0.75, 1.0)
    cycles: tuple[float, ...] = ()
    outside: Literal["free", "clamped"] = "free"

    @model_validator(mode="after")
    def _worn_by_cycles(self) -> Self:
        if self.cycles and self.fatigue_threshold is None:
            raise InputError(
                "", "fatigue_threshold", "nothing", "the energy density from which the stated cycles wear a phase down"
            )
        return self


def _periodic(image: VoxelImage) -> VoxelImage:
    """The image where it is known to be periodic, otherwise mirrored: a tomogram, a piece of one, a structure graded in depth."""
    return image if image.periodic else electrode.mirror(image)


def _worst(data: xr.Dataset) -> str:
    shown = zip(data["phase"].values, data["high_stress"].values, strict=True)
    return ", ".join(f"{name} {value / 1e6:.3g} MPa" for name, value in shown if value > 0.0)


@rung("stress from expansion", headline=_worst)
def expansion_stress(voxel_image: xr.Dataset, expansion: Expansion) -> xr.Dataset:
    """Stress of each phase when some of them would expand by themselves; an image that is not periodic is mirrored."""
    image = electrode.image_from_dataset(voxel_image)
    found = electrode.stress_from_eigenstrain(_periodic(image), expansion.elasticity, expansion.strain, outside=expansion.outside)
    part = found["von_mises_stress"].values[tuple(slice(count) for count in image.shape)]
    inside = [part[image.mask(name)] for name in image.phases]
    high = [float(np.quantile(one, 0.99)) if one.size else 0.0 for one in inside]
    data = found[["phase_stress", "mean_strain"]].copy()
    data["high_stress"] = labelled("phase", high, "von Mises stress that one voxel in a hundred exceeds", "Pa")
    return data.assign_attrs(source=found.attrs["source"])


def _opened(data: xr.Dataset) -> str:
    last = data.isel(step=-1)
    after = f" after {float(last.cycle):.4g} cycles" if float(last.cycle) else ""
    return f"cracks of {float(last.crack_area):.3g} 1/m, {float(last.crack_energy):.3g} J/m3{after}"


@rung("cracks", headline=_opened)
def cracks(voxel_image: xr.Dataset, cracking: Cracking) -> xr.Dataset:
    """Where phases and their interfaces crack while the active material changes its volume, load by load and over cycles."""
    image = _periodic(electrode.image_from_dataset(voxel_image))
    return electrode.simulate_fracture(
        image,
        cracking.as_specification(FractureModel),
        cracking.strain,
        loads=cracking.loads,
        cycles=cracking.cycles,
        outside=cracking.outside,
        progress=report_progress,
    )


def _marked(data: xr.Dataset) -> str:
    shares = electrode.image_from_dataset(data).volume_fractions
    return f"cracks {100.0 * shares['crack']:.2g} %, electrolyte that no longer touches {100.0 * shares['debonded']:.2g} %"


@rung("voxels with cracks", headline=_marked)
def cracked_voxel_image(voxel_image: xr.Dataset, cracks: xr.Dataset, conductivities: BulkConductivities) -> xr.Dataset:
    """The image with the cracks of the last step: what the structure's transport, areas and sizes are then measured on."""
    return electrode.image_dataset(_with_cracks(electrode.image_from_dataset(voxel_image), cracks, conductivities, -1))


def _with_cracks(image: VoxelImage, cracks: xr.Dataset, bulk: BulkConductivities, step: int) -> VoxelImage:
    size = image.shape  # of a mirrored image the part that was there
    part = cracks.isel(x=slice(0, size[0]), y=slice(0, size[1]), z=slice(0, size[2]))
    return electrode.cracked_image(image, part, active=bulk.active, electrolyte=bulk.electrolyte, step=step)


def _left(data: xr.Dataset) -> str:
    last = data.isel(step=-1)
    names = {"interface_left": "contact", "utilised_left": "active volume", "ionic_left": "ions", "electronic_left": "electrons"}
    return "left: " + ", ".join(f"{words} {100.0 * float(last[name]):.3g} %" for name, words in names.items() if name in last)


@rung("what cracks leave", headline=_left)
def loss_by_cracks(voxel_image: xr.Dataset, cracks: xr.Dataset, conductivities: BulkConductivities) -> xr.Dataset:
    """Contact, active volume that is reached and conductivities at each load and number of cycles, over those without cracks.

    The area-specific resistance of charge transfer grows by 1/`interface_left`, the capacity that is reached falls as
    `utilised_left`.
    """
    image = electrode.image_from_dataset(voxel_image)
    stated = conductivities.model_dump() | {"parts": (1,), "radius": False}
    names = {
        "interface_left": ("active_interface_area", "contact of active material and electrolyte"),
        "utilised_left": ("utilised_volume_fraction", "active volume that is reached"),
        "ionic_left": ("effective_ionic_conductivity", "ionic conductivity"),
        "electronic_left": ("effective_electronic_conductivity", "electronic conductivity"),
    }
    whole = electrode.subvolume_properties(image, **stated)
    runs = []
    for step in range(cracks.sizes["step"]):
        report_progress(step / cracks.sizes["step"], f"step {step + 1}")
        runs.append(electrode.subvolume_properties(_with_cracks(image, cracks, conductivities, step), **stated))
    found = {}
    for name, (quantity, words) in names.items():
        if quantity in whole and float(whole[quantity][0]) > 0.0:
            values = [float(run[quantity][0]) / float(whole[quantity][0]) for run in runs]
            found[name] = labelled("step", np.array(values), f"{words} over that without cracks", "1")
    source = predicted("scalith.electrode.subvolume_properties", dataset_digest(voxel_image), dataset_digest(cracks))
    return Result(found, {"load": cracks["load"], "cycle": cracks["cycle"]}, {"source": source.to_json()})
