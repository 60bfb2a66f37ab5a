"""What else pores and particles of an electrode in voxels are: ways to the surface, flow, bodies and throats, sizes."""

from __future__ import annotations

from typing import Annotated

import numpy as np
import xarray as xr
from pydantic import Field, model_validator

from scalith import electrode
from scalith.electrode import VoxelImage
from scalith.ladder.quantity import Settings, rung
from scalith.ladder.rungs.electrode import BulkConductivities
from scalith.quantities import SI, InputError, Property, dataset_digest, predicted

SCALE = "electrode"
OF_MATERIAL = True
"""These rungs exist once for each material of a study."""

Frequency = Annotated[float, SI("Hz"), Field(gt=0)]


class BlockingSurface(Settings):
    """``[blocking_surface]``: what the surface of the pores holds, and where its spectrum is looked at.

    Attributes
    ----------
    capacitance : float
        F m-2 (S s^α m-2 with another exponent).
    exponent : float
        α of a constant-phase element; 1 is a capacitor.
    lowest, highest : float
        Hz.
    points : int
        In even steps of the logarithm.
    """

    capacitance: Annotated[float, SI("F m-2"), Field(gt=0)]
    exponent: Annotated[float, Field(gt=0, le=1)] = 1.0
    lowest: Frequency = 1e-2
    highest: Frequency = 1e4
    points: Annotated[int, Field(ge=2)] = 31

    @model_validator(mode="after")
    def _rises(self) -> BlockingSurface:
        if self.lowest >= self.highest:
            raise InputError("", "lowest, highest", (self.lowest, self.highest), "two frequencies that rise, Hz")
        return self


class ViscousFlow(Settings):
    """``[viscous_flow]``: how much of the image the flow is solved in.

    Attributes
    ----------
    voxels : int
        Edge of the cube in the middle of the image, at most.
    """

    voxels: Annotated[int, Field(ge=4)] = 40


class ParticleSeparation(Settings):
    """``[particle_separation]``: see `scalith.electrode.separate_particles`.

    Attributes
    ----------
    neck : float
        Share of the largest radius by which a particle stands out of its necks.
    smoothing : float
        Voxels.
    """

    neck: Annotated[float, Field(gt=0, lt=1)] = 0.15
    smoothing: Annotated[float, Field(ge=0, le=5)] = 0.5


def _middle(image: VoxelImage, most: int) -> VoxelImage:
    """The middle of an image, with `most` voxels along an edge where there are more."""
    if max(image.shape) <= most:
        return image
    begins = [max(size - most, 0) // 2 for size in image.shape]
    x, y, z = ((begin, begin + min(size, most)) for begin, size in zip(begins, image.shape, strict=True))
    return electrode.crop(image, x=x, y=y, z=z)


@rung("electrode tortuosity", unit="1")
def electrode_tortuosity(voxel_image: xr.Dataset, conductivities: BulkConductivities) -> Property:
    """τ_e of ions that end on the surface inside, as the impedance of blocking electrodes shows it; without cracks."""
    phase, axis = conductivities.electrolyte, conductivities.axis
    found = electrode.electrode_tortuosity(electrode.image_from_dataset(voxel_image), phase, axis=axis)
    stated = {"phase": phase, "axis": axis}
    source = predicted("scalith.electrode.electrode_tortuosity", dataset_digest(voxel_image), settings=stated)
    return Property.constant("electrode_tortuosity", float(found["electrode_tortuosity"]), "1", source)


def _spectrum(data: xr.Dataset) -> str:
    found = 1e4 * float(data["area"]) * data["resistance"].values
    return ", ".join(f"{found[place]:.3g} ohm cm2 at {float(data['frequency'][place]):.3g} Hz" for place in (0, -1))


@rung("impedance of blocking pores", headline=_spectrum)
def blocking_impedance(
    voxel_image: xr.Dataset, conductivities: BulkConductivities, blocking_surface: BlockingSurface
) -> xr.Dataset:
    """Spectrum of the image's pores, filled with its electrolyte, whose surface holds charge and lets nothing through."""
    bulk, stated = conductivities, blocking_surface
    if bulk.electrolyte not in bulk.ionic:
        raise InputError("[conductivities]", "ionic", "nothing", "the conductivity of the electrolyte in the image")
    return electrode.electrode_impedance(
        electrode.image_from_dataset(voxel_image),
        np.geomspace(stated.lowest, stated.highest, stated.points),
        bulk.electrolyte,
        conductivity=bulk.ionic[bulk.electrolyte],
        capacitance=stated.capacitance,
        exponent=stated.exponent,
        axis=bulk.axis,
    )


@rung("permeability of the pores", unit="m2")
def pore_permeability(voxel_image: xr.Dataset, conductivities: BulkConductivities, viscous_flow: ViscousFlow) -> Property:
    """Darcy's permeability of the electrolyte's phase, by Stokes flow in the middle of the image; zero where nothing connects."""
    image = _middle(electrode.image_from_dataset(voxel_image), viscous_flow.voxels)
    phase, axis = conductivities.electrolyte, conductivities.axis
    found = electrode.permeability(image, phase, axis=axis)
    settings = {"phase": phase, "axis": axis, "voxels": list(image.shape)}
    source = predicted("scalith.electrode.permeability", dataset_digest(voxel_image), settings=settings)
    return Property.constant("pore_permeability", float(found["permeability"]), "m2", source)


def _particles(data: xr.Dataset) -> str:
    size, cut = 1e6 * np.median(electrode.whole_particles(data)), int(data["at_border"].sum())
    said = f"{data.sizes['particle']}, {cut} of them cut by the image; the whole ones' median diameter {size:.3g} um"
    return f"{said}; {float(data['coordination'].mean()):.2g} neighbours each"


@rung("active particles told apart", headline=_particles)
def separated_particles(
    voxel_image: xr.Dataset, conductivities: BulkConductivities, particle_separation: ParticleSeparation
) -> xr.Dataset:
    """Particles of the active material, their sizes and how many others each touches."""
    image = electrode.image_from_dataset(voxel_image)
    return electrode.separate_particles(image, conductivities.active, **particle_separation.model_dump())


@rung(
    "network of pores",
    headline=_particles,
    exports={".openpnm.csv": lambda data, path: electrode.write_pore_network(electrode.pore_network(data), path)},
)
def pore_network(
    voxel_image: xr.Dataset, conductivities: BulkConductivities, particle_separation: ParticleSeparation
) -> xr.Dataset:
    """Bodies of the electrolyte's phase and the throats between them; the CSV beside it is as OpenPNM reads one."""
    image = electrode.image_from_dataset(voxel_image)
    return electrode.separate_particles(image, conductivities.electrolyte, **particle_separation.model_dump())
