"""What a user states about a body in three dimensions: blocks of materials on a structured grid, contacts, surfaces."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Literal, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from scalith.pack.heat.cell_body import Density, Vent
from scalith.pack.heat.stream import Stream
from scalith.pack.specification import Conductivity, HeatTransferCoefficient, SpecificHeat
from scalith.quantities import SI, InputError, Property, Spec, nearest
from scalith.quantities.specification import CellSize, Count, Fraction, Temperature

Array = NDArray[np.float64]
Coordinate = Annotated[float, SI("m")]
Side = Literal["x_low", "x_high", "y_low", "y_high", "z_low", "z_high"]


class Material(Spec):
    """Density, heat capacity and conductivity (along x, y, z).

    Attributes
    ----------
    density : float
        kg m-3.
    specific_heat : float or Property
        J kg-1 K-1, a number or a function of ``T``.
    conductivity : float or three floats
        W m-1 K-1, at the reference temperature where it depends on temperature.
    conductivity_factor : Property, optional
        Factor on the conductivity as a function of ``T``.
    """

    density: Density
    specific_heat: SpecificHeat | Property
    conductivity: Conductivity | tuple[Conductivity, Conductivity, Conductivity]
    conductivity_factor: Property | None = None

    @property
    def along(self) -> tuple[float, float, float]:
        """Conductivity along x, y, z."""
        k = self.conductivity
        return k if isinstance(k, tuple) else (k, k, k)


class Block(Spec):
    """A box, or a cylinder along z, of one material.

    Attributes
    ----------
    name : str
    material : str
    lower, upper : three floats
        Opposite corners, m; of a cylinder, those of the box that holds it (square in x and y).
    shape : {"box", "cylinder"}
    reacts : bool
        The reaction set lives in it: a cell.
    reacting_fraction : float
        Share of a cell's volume that the contents of the reaction set refer to.
    vent : Vent, optional
        Safety valve of a cell.
    divisions : three int
        Least number of volumes along x, y, z.
    """

    name: str
    material: str
    lower: tuple[Coordinate, Coordinate, Coordinate]
    upper: tuple[Coordinate, Coordinate, Coordinate]
    shape: Literal["box", "cylinder"] = "box"
    reacts: bool = False
    reacting_fraction: Annotated[float, Field(gt=0, le=1)] = 1.0
    vent: Vent | None = None
    divisions: tuple[Count, Count, Count] = (1, 1, 1)

    @model_validator(mode="after")
    def _has_volume(self) -> Self:
        if any(not b > a for a, b in zip(self.lower, self.upper, strict=True)):
            raise InputError(
                "assembly", "", f"block {self.name!r} from {self.lower} to {self.upper}", "an upper corner beyond the lower one"
            )
        return self


class Surface(Spec):
    """Heat exchange of one side of the body, or of the blocks with the open space between them: convection and radiation.

    Attributes
    ----------
    heat_transfer_coefficient : float
        W m-2 K-1.
    emissivity : float
    temperature : float
        Of air, coolant and walls, K.
    stream : Stream, optional
        The coolant warms up along the side; `temperature` is then that at which it comes in.
    """

    heat_transfer_coefficient: HeatTransferCoefficient = 0.0
    emissivity: Fraction = 0.0
    temperature: Temperature = 298.15
    stream: Stream | None = None

    @model_validator(mode="after")
    def _stream_convects(self) -> Self:
        if self.stream is not None and (self.emissivity > 0 or not self.heat_transfer_coefficient > 0):
            found = f"h = {self.heat_transfer_coefficient:g} W m-2 K-1, emissivity {self.emissivity:g}"
            raise InputError("surface", "stream", found, "a coefficient above zero and no radiation, beside a stream")
        return self


class Contact(Spec):
    """Thermal contact resistance between two blocks, m² K W-1."""

    between: tuple[str, str]
    resistance: Annotated[float, SI("m2 K W-1"), Field(ge=0)]


class Assembly(Spec):
    """Blocks that fill a box (or, axisymmetric, a cylinder) without overlap or gap.

    Attributes
    ----------
    materials : dict
    blocks : tuple of Block
        Their faces become grid lines, so that boxes are exact.
    spacing : three floats
        Largest edge of a volume along x, y, z, m; without it blocks are cut as their divisions and neighbours say.
    contacts : tuple of Contact
    surfaces : dict
        By side (``"x_low"`` … ``"z_high"``); a side that is not named is insulated.
    background : str, optional
        Material that fills what no block covers (air, potting); without it, and without `open_space`, gaps are an error.
    open_space : Surface, optional
        What no block covers is open instead (air or a coolant between cells): the blocks' faces towards it convect and radiate.
        It has one temperature.
    axisymmetric : bool
        x is the radius from the axis and y has no meaning (give 0 to 1 m, one volume): areas and volumes are those of rings.
    """

    materials: dict[str, Material]
    blocks: tuple[Block, ...]
    spacing: tuple[CellSize, CellSize, CellSize] | None = None
    contacts: tuple[Contact, ...] = ()
    surfaces: dict[Side, Surface] = Field(default_factory=dict)
    background: str | None = None
    open_space: Surface | None = None
    axisymmetric: bool = False

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if not self.blocks:
            raise InputError("assembly", "", "no block", "at least one block")
        if self.open_space is not None and (self.background is not None or self.open_space.stream is not None):
            raise InputError(
                "assembly", "open_space", "beside a background, or with a stream", "one of the two, of one temperature"
            )
        names = [block.name for block in self.blocks]
        twice = {name for name in names if names.count(name) > 1}
        if twice:
            raise InputError("assembly", "", f"block name {sorted(twice)[0]!r} twice", "each name once")
        for block in self.blocks:
            if block.material not in self.materials:
                raise InputError(
                    "assembly",
                    "",
                    f"material {block.material!r} of block {block.name!r}",
                    nearest(block.material, self.materials),
                )
        if self.background is not None and self.background not in self.materials:
            raise InputError("assembly", "", f"background {self.background!r}", nearest(self.background, self.materials))
        for contact in self.contacts:
            for name in contact.between:
                if name not in names:
                    raise InputError("assembly", "", f"contact with {name!r}", nearest(name, names))
        if self.axisymmetric and min(block.lower[0] for block in self.blocks) < 0:
            raise InputError("assembly", "", "a negative radius", "x from 0 outwards in an axisymmetric body")
        return self


class Grid(NamedTuple):
    """The volumes of an assembly.

    Attributes
    ----------
    edges : tuple of three ndarray
        Grid lines, m.
    block : ndarray of int64, shape (nx, ny, nz)
        Number of the block in each volume; −1 for background.
    volume : ndarray, shape (nx, ny, nz)
    areas : tuple of three ndarray
        Areas of the faces across x, y, z: one more along that axis than there are volumes.
    """

    edges: tuple[Array, Array, Array]
    block: NDArray[np.int64]
    volume: Array
    areas: tuple[Array, Array, Array]


def make_grid(assembly: Assembly) -> Grid:
    """Grid lines on all faces of the blocks, volumes not longer than the spacing, blocks painted and checked.

    Raises
    ------
    InputError
        Blocks overlap (both are named) or leave a gap (its place is given).
    """
    edges = []
    for axis in range(3):
        faces = sorted({value for block in assembly.blocks for value in (block.lower[axis], block.upper[axis])})
        merged = [faces[0]]
        for value in faces[1:]:
            if value - merged[-1] > 1e-9 * (faces[-1] - faces[0]):
                merged.append(value)
        lines = [np.array(merged[:1])]
        for low, high in pairwise(merged):
            count = _count_volumes(assembly, axis, low, high)
            lines.append(np.linspace(low, high, count + 1)[1:])
        edges.append(np.concatenate(lines))
    centres = [0.5 * (line[1:] + line[:-1]) for line in edges]
    shape = tuple(centre.size for centre in centres)
    number = np.full(shape, -1, dtype=np.int64)
    X, Y = np.meshgrid(centres[0], centres[1], indexing="ij")
    for b, block in enumerate(assembly.blocks):
        inside = [(centre > low) & (centre < high) for centre, low, high in zip(centres, block.lower, block.upper, strict=True)]
        mask = inside[0][:, None, None] & inside[1][None, :, None] & inside[2][None, None, :]
        if block.shape == "cylinder":
            middle = [0.5 * (block.lower[a] + block.upper[a]) for a in (0, 1)]
            radius = 0.5 * (block.upper[0] - block.lower[0])
            mask &= ((X - middle[0]) ** 2 + (Y - middle[1]) ** 2 < radius**2)[:, :, None]
        covered = number[mask]
        if np.any(covered >= 0):
            other = assembly.blocks[int(covered[covered >= 0][0])].name
            raise InputError("assembly", "blocks", f"{block.name!r} overlaps {other!r}", "blocks that share faces only")
        number[mask] = b
    if assembly.background is None and assembly.open_space is None and np.any(number < 0):
        i, j, k = (int(index) for index in np.argwhere(number < 0)[0])
        place = tuple(round(float(centre[index]), 6) for centre, index in zip(centres, (i, j, k), strict=True))
        raise InputError("assembly", "blocks", f"a gap at {place} m", "blocks that fill the body, or a background material")
    dx, dy, dz = (np.diff(line) for line in edges)
    if assembly.axisymmetric:
        ring = np.pi * np.diff(edges[0] ** 2)
        volume = ring[:, None, None] * np.ones(1)[None, :, None] * dz[None, None, :]
        areas = (
            2 * np.pi * edges[0][:, None, None] * np.ones(1)[None, :, None] * dz[None, None, :],
            np.zeros((shape[0], 2, shape[2])),
            ring[:, None, None] * np.ones(1)[None, :, None] * np.ones(shape[2] + 1)[None, None, :],
        )
    else:
        volume = dx[:, None, None] * dy[None, :, None] * dz[None, None, :]
        areas = (
            np.ones(shape[0] + 1)[:, None, None] * dy[None, :, None] * dz[None, None, :],
            dx[:, None, None] * np.ones(shape[1] + 1)[None, :, None] * dz[None, None, :],
            dx[:, None, None] * dy[None, :, None] * np.ones(shape[2] + 1)[None, None, :],
        )
        _round_off(assembly, number, volume, areas)
    return Grid((edges[0], edges[1], edges[2]), number, volume, areas)


def _round_off(assembly: Assembly, number: NDArray[np.int64], volume: Array, areas: tuple[Array, Array, Array]) -> None:
    """Give cylinders of steps their own volume, cross-section and outer area; what is around them has the rest of the volume."""
    whole, original = volume.sum(), [area.copy() for area in areas]
    for b, block in enumerate(assembly.blocks):
        if block.shape != "cylinder":
            continue
        mask = number == b
        radius, height = 0.5 * (block.upper[0] - block.lower[0]), block.upper[2] - block.lower[2]
        share = np.pi * radius**2 * height / volume[mask].sum()
        volume[mask] *= share
        ends = np.zeros(areas[2].shape, dtype=bool)
        ends[:, :, :-1] |= mask
        ends[:, :, 1:] |= mask
        areas[2][ends] = share * original[2][ends]
        outer = []
        for axis in (0, 1):
            before = np.concatenate([np.zeros_like(mask.take([0], axis)), mask], axis)
            after = np.concatenate([mask, np.zeros_like(mask.take([0], axis))], axis)
            outer.append(before != after)
        steps = sum(float(original[axis][faces].sum()) for axis, faces in enumerate(outer))
        for axis, faces in enumerate(outer):
            areas[axis][faces] = 2.0 * np.pi * radius * height / steps * original[axis][faces]
    around = volume[number < 0].sum()
    if around > 0.0:
        volume[number < 0] *= (around + whole - volume.sum()) / around


def _count_volumes(assembly: Assembly, axis: int, low: float, high: float) -> int:
    """Volumes between two neighbouring faces of blocks."""
    if assembly.axisymmetric and axis == 1:
        return 1
    shares = [] if assembly.spacing is None else [(high - low) / assembly.spacing[axis]]
    middle = 0.5 * (low + high)
    shares += [
        block.divisions[axis] * (high - low) / (block.upper[axis] - block.lower[axis])
        for block in assembly.blocks
        if block.lower[axis] < middle < block.upper[axis]
    ]
    return max(1, int(np.ceil(max(shares, default=1.0) - 1e-9)))


def layer_stack_conductivity(thicknesses: list[float], conductivities: list[float]) -> tuple[float, float]:
    """Effective conductivity of a stack of layers (the jelly roll): along the layers, and through them.

    k_along = Σ d k/Σ d (layers in parallel), k_through = Σ d/Σ(d/k) (in series).

    Raises
    ------
    InputError
        Lists of different length, or a number that is not positive.
    """
    d, k = np.asarray(thicknesses, dtype=np.float64), np.asarray(conductivities, dtype=np.float64)
    if d.ndim != 1 or d.shape != k.shape or d.size == 0 or not (np.all(d > 0) and np.all(k > 0)):
        raise InputError(
            "layer_stack_conductivity",
            "thicknesses, conductivities",
            (d.tolist(), k.tolist()),
            "positive numbers, one pair a layer",
        )
    return float((d * k).sum() / d.sum()), float(d.sum() / (d / k).sum())


def layer_stack_heat_capacity(thicknesses: list[float], volumetric_heat_capacities: list[float]) -> float:
    """Mean ρc of a stack of layers, J m-3 K-1: Σ d ρc/Σ d."""
    d, c = np.asarray(thicknesses, dtype=np.float64), np.asarray(volumetric_heat_capacities, dtype=np.float64)
    if d.ndim != 1 or d.shape != c.shape or d.size == 0 or not (np.all(d > 0) and np.all(c > 0)):
        raise InputError(
            "layer_stack_heat_capacity",
            "thicknesses, volumetric_heat_capacities",
            (d.tolist(), c.tolist()),
            "positive numbers, one pair a layer",
        )
    return float((d * c).sum() / d.sum())
