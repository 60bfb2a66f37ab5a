"""Heat capacities, conductances and enthalpies of the volumes of an assembly, as they are at given temperatures."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scalith.pack.heat.assembly import Assembly, Grid, Side, Surface
from scalith.pack.heat.face_conductances import face_conductances, side_resistance, step_share
from scalith.pack.heat.stream import StreamSide
from scalith.quantities import InputError, Property
from scalith.quantities.constants import STEFAN_BOLTZMANN

Array = NDArray[np.float64]
Curve = Callable[[Array], Array]


class BodyProperties:
    """What conduction needs to know of an assembly.

    Attributes
    ----------
    varies, radiates : bool
        Properties depend on temperature; sides radiate.
    volumetric, capacity : ndarray, shape (nx, ny, nz)
        J m-3 K-1, and J K-1.
    capacity_of : ndarray, shape (b,)
        Of each block, J K-1.
    faces : list of three ndarray
        W K-1 of the face of each volume towards higher x, y, z.
    """

    def __init__(self, assembly: Assembly, grid: Grid, start: float) -> None:
        self.assembly, self.grid, self.start = assembly, grid, start
        order = [block.material for block in assembly.blocks] + ([assembly.background] if assembly.background else [])
        self._materials = [assembly.materials[name] for name in order]
        self._masks = [grid.block == (b if b < len(assembly.blocks) else -1) for b in range(len(order))]
        self.varies = any(isinstance(m.specific_heat, Property) or m.conductivity_factor is not None for m in self._materials)
        surfaces = [*assembly.surfaces.values(), *([assembly.open_space] if assembly.open_space else [])]
        self.radiates = any(surface.emissivity > 0 for surface in surfaces)
        self.refresh(np.full(grid.block.shape, float(start)))

    def refresh(self, T: Array) -> None:
        """Properties at the temperatures `T`, shape (nx, ny, nz)."""
        grid, assembly = self.grid, self.assembly
        # An open space stores and conducts nothing.
        capacity = np.zeros(grid.block.shape)
        k = [np.zeros(grid.block.shape) for _ in range(3)]
        for mask, material in zip(self._masks, self._materials, strict=True):
            if not mask.any():
                continue
            c, factor = material.specific_heat, material.conductivity_factor
            of_c = np.asarray(c(T=T[mask], extrapolate="nearest")) if isinstance(c, Property) else c
            capacity[mask] = material.density * of_c
            scale = 1.0 if factor is None else np.asarray(factor(T=T[mask], extrapolate="nearest"))
            for axis in range(3):
                k[axis][mask] = material.along[axis] * scale
        self.volumetric, self.capacity = capacity, capacity * grid.volume
        self.capacity_of = np.bincount(grid.block.ravel() + 1, self.capacity.ravel(), minlength=len(assembly.blocks) + 1)[1:]
        with np.errstate(divide="ignore"):
            self.faces = [face_conductances(assembly, grid, k[axis], axis) for axis in range(3)]
            self._sides = [self._side(side, surface, k) for side, surface in assembly.surfaces.items()]
        self.streams = [
            StreamSide(
                side, index, area / (within + 1.0 / surface.heat_transfer_coefficient), area, surface.stream, surface.temperature
            )
            for side, (index, area, within, surface) in zip(assembly.surfaces, self._sides, strict=True)
            if surface.stream is not None
        ]
        if assembly.open_space is not None:
            self._sides += self._inner_sides(assembly.open_space, k)
        self._known_exchange: tuple[Array, Array] | None = None

    def _inner_sides(self, surface: Surface, k: list[Array]) -> list[tuple[tuple[Any, ...], Array, Array, Surface]]:
        """Faces of the blocks towards the open space between them, each way: as `_side`."""
        grid, found = self.grid, []
        for axis in range(3):
            count = grid.block.shape[axis]
            width = np.diff(grid.edges[axis])
            for step in (-1, 1):
                there = np.arange(count) + step
                beside = np.moveaxis(np.take(grid.block, np.clip(there, 0, count - 1), axis), axis, 0).copy()
                beside[(there < 0) | (there >= count)] = 0  # beyond are the sides of the body
                open_ = (grid.block >= 0) & (np.moveaxis(beside, 0, axis) < 0)
                index = np.nonzero(open_)
                face = tuple(at + (step > 0) if a == axis else at for a, at in enumerate(index))
                within = 0.5 * width[index[axis]] / k[axis][index]
                if axis < 2 and not self.assembly.axisymmetric:
                    within = within * step_share(grid, axis, index)
                found.append((index, grid.areas[axis][face], within, surface))
        return [side for side in found if side[1].size]

    def _side(self, side: Side, surface: Surface, k: list[Array]) -> tuple[tuple[Any, ...], Array, Array, Surface]:
        """Volumes at a side, their areas and the resistance from their mean to the surface, m² K W-1."""
        axis, end = "xyz".index(side[0]), 0 if side.endswith("low") else -1
        grid = self.grid
        if self.assembly.axisymmetric and (axis == 1 or (side == "x_low" and grid.edges[0][0] == 0)):
            expected = "x_high, z_low, z_high, or x_low of a hollow one"
            raise InputError("assembly", f"surfaces.{side}", "no such surface of an axisymmetric body", expected)
        index = tuple(end if a == axis else slice(None) for a in range(3))
        return index, grid.areas[axis][index], side_resistance(self.assembly, grid, k[axis], side), surface

    def exchange(self, T: Array) -> tuple[Array, Array]:
        """Conductance to the surroundings, W K-1, and its product with their temperature, at the temperatures `T`.

        Streams are in the conductance, but not in the product: their temperatures belong to those of the body.
        """
        if self._known_exchange is not None and not self.radiates:
            return self._known_exchange
        conductance, pull = np.zeros(T.shape), np.zeros(T.shape)
        for stream in self.streams:
            conductance[stream.index] += stream.conductance
        for index, area, within, surface in self._sides:
            if surface.stream is not None:
                continue
            h = np.full(area.shape, surface.heat_transfer_coefficient)
            if surface.emissivity > 0:
                here, other = surface_temperature(T[index], within, surface), surface.temperature
                h = h + surface.emissivity * STEFAN_BOLTZMANN * (here**2 + other**2) * (here + other)
            g = np.where(h > 0, area / (within + 1.0 / np.maximum(h, 1e-300)), 0.0)
            conductance[index] += g
            pull[index] += g * surface.temperature
        self._known_exchange = conductance, pull
        return self._known_exchange

    @cached_property
    def _curves(self) -> list[tuple[NDArray[np.bool_], Curve, Curve]]:
        """For each material its volumes, ρc(T), and the integral of it from the start."""
        return [
            (mask, *_heat_curve(material.density, material.specific_heat, self.start))
            for mask, material in zip(self._masks, self._materials, strict=True)
        ]

    def enthalpy(self, T: Array) -> Array:
        """∫ρc dT from the start temperature, J m-3."""
        if not self.varies:
            return self.volumetric * (T - self.start)
        result = np.zeros(T.shape)
        for mask, _, integral in self._curves:
            result[mask] = integral(T[mask])
        return result

    def temperature_of(self, enthalpy: Array, guess: Array) -> Array:
        """Temperatures at which the volumes have an enthalpy, K."""
        result = guess.copy()
        for mask, slope, integral in self._curves:
            T, wanted = guess[mask], enthalpy[mask]
            for _ in range(50):
                change = (integral(T) - wanted) / slope(T)
                T = T - change
                if np.abs(change).max() < 1e-12 * 300:
                    break
            result[mask] = T
        return result


def surface_temperature(T: Array, within: Array, surface: Surface) -> Array:
    """T_s with (T − T_s)/R = h (T_s − T_a) + ε σ (T_s⁴ − T_a⁴), K, behind the resistance `within`, R, m² K W-1."""
    h, other, radiation = surface.heat_transfer_coefficient, surface.temperature, surface.emissivity * STEFAN_BOLTZMANN
    here = T
    for _ in range(10):
        flux = h * (here - other) + radiation * (here**4 - other**4)
        change = (here - T + within * flux) / (1.0 + within * (h + 4.0 * radiation * here**3))
        here = here - change
        if np.abs(change).max(initial=0.0) < 1e-9:
            break
    return here


def _heat_curve(density: float, c: float | Property, start: float) -> tuple[Curve, Curve]:
    """ρc(T) and its integral from `start`: exact for a constant, of a fine polyline for a property."""
    if not isinstance(c, Property):
        volumetric = density * c
        return (lambda T: np.full(T.shape, volumetric)), (lambda T: volumetric * (T - start))
    nodes = np.linspace(100.0, 3000.0, 5801)
    values = density * np.asarray(c(T=nodes, extrapolate="nearest"), dtype=np.float64)
    sums = np.concatenate([[0.0], np.cumsum(0.5 * (values[1:] + values[:-1]) * np.diff(nodes))])
    width = nodes[1] - nodes[0]

    def integral(T: Array) -> Array:
        i = np.clip(((T - nodes[0]) / width).astype(np.int64), 0, nodes.size - 2)
        s = T - nodes[i]
        total: Array = sums[i] + s * (values[i] + 0.5 * s * (values[i + 1] - values[i]) / width)
        return total

    base = integral(np.array([start]))[0]
    return (lambda T: np.interp(T, nodes, values)), (lambda T: integral(T) - base)
