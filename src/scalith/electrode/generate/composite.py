"""Composite electrodes of a solid electrolyte: particles in a matrix with pores, pressed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Self

import numpy as np
from pydantic import Field, model_validator

from scalith.electrode.generate.binder import place_binder
from scalith.electrode.generate.packed_particles import ParticleKind, packed_particles
from scalith.electrode.generate.random_field import gaussian_field, take_highest
from scalith.electrode.image.image import VoxelImage
from scalith.electrode.requirements import read_length, require_seed
from scalith.quantities import SI, InputError, Spec, predicted
from scalith.quantities.specification import Fraction, Length


class CompositeElectrode(Spec):
    """Active particles, carbon and pores in a matrix of solid electrolyte.

    Attributes
    ----------
    active_fraction, carbon_fraction : float
        Of the volume of the solids; solid electrolyte is the rest.
    active_radius : float
        Median by volume, m.
    active_spread : float
        Standard deviation of its logarithm.
    active_aspect : tuple of float
        Ratio of the semi-axes.
    porosity : float, optional
        Volume fraction of pores in the electrode; or
    pressure, initial_porosity, yield_pressure : float, optional
        Pa, 1, Pa: the porosity follows from `heckel_porosity`.
    pore_size : float
        Correlation length of the pores, m.
    carbon_agglomeration : float
        0 film on the particles, ½ clusters, 1 bridges: see `place_binder`.
    carbon_size : float
        Correlation length of the carbon, m.
    overlap : float
        Allowed overlap of the particles, see `packed_particles`.
    """

    active_fraction: Annotated[float, Field(gt=0, lt=1)]
    carbon_fraction: Fraction = 0.0
    active_radius: Length
    active_spread: Annotated[float, Field(ge=0, le=1.5)] = 0.0
    active_aspect: tuple[float, float, float] = (1.0, 1.0, 1.0)
    porosity: Fraction | None = None
    pressure: Annotated[float, SI("Pa"), Field(ge=0)] | None = None
    initial_porosity: Annotated[float, Field(gt=0, lt=1)] | None = None
    yield_pressure: Annotated[float, SI("Pa"), Field(gt=0)] | None = None
    pore_size: Length
    carbon_agglomeration: Fraction = 0.5
    carbon_size: Length | None = None
    overlap: Annotated[float, Field(ge=0, le=0.5)] = 0.05

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        pressed = [self.pressure, self.initial_porosity, self.yield_pressure]
        stated = sum(value is not None for value in pressed)
        if (self.porosity is None) == (stated == 0) or stated not in (0, 3):
            raise InputError(
                "composite electrode",
                "porosity",
                f"{'no' if self.porosity is None else 'a'} porosity, and {stated} of the three numbers of the pressing",
                "porosity, or else pressure, initial_porosity and yield_pressure",
            )
        if self.active_fraction + self.carbon_fraction >= 1.0:
            together = self.active_fraction + self.carbon_fraction
            raise InputError(
                "composite electrode", "active_fraction", f"{together:g} with carbon", "less than 1: electrolyte is the rest"
            )
        if self.carbon_fraction > 0.0 and self.carbon_size is None:
            raise InputError("composite electrode", "carbon_size", "nothing", "a length where there is carbon")
        return self

    @property
    def void(self) -> float:
        """Volume fraction of pores in the electrode: stated, or from the pressure."""
        if self.porosity is not None:
            return self.porosity
        assert self.pressure is not None
        assert self.initial_porosity is not None
        assert self.yield_pressure is not None
        return heckel_porosity(self.pressure, self.initial_porosity, self.yield_pressure)


def heckel_porosity(pressure: float, initial_porosity: float, yield_pressure: float) -> float:
    """Porosity of a pressed powder that yields plastically (R. W. Heckel, Trans. Metall. Soc. AIME 221 (1961) 671).

        ln(1/ε) = ln(1/ε₀) + p/p_y

    Parameters
    ----------
    pressure : float
        Fabrication pressure p, Pa.
    initial_porosity : float
        ε₀, the intercept of Heckel's straight line: porosity after rearrangement, before the particles yield.
    yield_pressure : float
        p_y, the inverse of its slope, Pa.

    Returns
    -------
    float
    """
    return float(initial_porosity * np.exp(-pressure / yield_pressure))


def composite_electrode(
    shape: tuple[int, int, int],
    voxel_size: float | str,
    composite: CompositeElectrode,
    *,
    seed: int,
    progress: Callable[[float, str], None] | None = None,
) -> VoxelImage:
    """Voxels of a composite electrode: phases pore, active, electrolyte and (where there is some) carbon.

    The particles are packed (`packed_particles`); carbon takes its part of what is between them (`place_binder`); pores
    are the highest values of a Gaussian random field plus the blurred image of the particles (scaled to the same scatter), since
    a pressed powder keeps its voids at the hard particles; electrolyte is the rest.

    Parameters
    ----------
    shape : tuple of int
        Voxels along x, y, z.
    voxel_size : float
        m.
    composite : CompositeElectrode
    seed : int
    progress : callable, optional

    Returns
    -------
    VoxelImage
        Fractions are met to one voxel. Periodic.

    Raises
    ------
    InputError
        The pores leave less than the particles need, sizes do not fit the voxels.
    ConvergenceError
        The particles do not fit.
    """
    from scipy import ndimage

    require_seed("composite electrode", seed)
    voxel_size = read_length("composite electrode", "voxel_size", voxel_size)
    spawned = [int(child.generate_state(1)[0]) for child in np.random.SeedSequence(seed).spawn(3)]
    solid = 1.0 - composite.void
    kind = ParticleKind(
        phase="active",
        fraction=composite.active_fraction * solid,
        radius=composite.active_radius,
        spread=composite.active_spread,
        aspect=composite.active_aspect,
    )
    image = packed_particles(
        shape, voxel_size, [kind], matrix="electrolyte", overlap=composite.overlap, seed=spawned[0], progress=progress
    )
    if composite.carbon_fraction > 0.0:
        assert composite.carbon_size is not None
        image = place_binder(
            image,
            composite.carbon_fraction * solid,
            composite.carbon_agglomeration,
            seed=spawned[1],
            cluster_size=composite.carbon_size,
            within="electrolyte",
            name="carbon",
        )
    if progress is not None:
        progress(0.9, "pores")
    labels = np.array(image.labels)
    names = {"pore": 0, "active": 1, "electrolyte": 2} | ({"carbon": 3} if "carbon" in image.phases else {})
    relabelled = np.zeros(256, np.uint8)
    for name, label in image.phases.items():
        relabelled[label] = names[name]
    labels = relabelled[labels]
    length = composite.pore_size / voxel_size
    if not 0.5 <= length <= min(shape) / 4.0:
        expected = "at least half a voxel and at most a quarter of the image"
        raise InputError("composite electrode", "pore_size", f"{length:.3g} voxels", expected)
    field = gaussian_field(shape, length, np.random.default_rng(spawned[2]))
    near = ndimage.gaussian_filter((labels == 1).astype(np.float32), length, mode="wrap")
    spread = float(near[labels == 2].std())
    field += near / spread if spread > 0.0 else 0.0
    field[labels != 2] = -np.inf
    take_highest(labels, 0, field, composite.void)
    source = predicted(
        "scalith.electrode.composite_electrode",
        settings={"shape": [int(size) for size in shape], "composite": composite.model_dump(mode="json"), "seed": seed},
    )
    return VoxelImage(labels, voxel_size, names, source, periodic=True)
