"""Conductances between the volumes of an assembly, two half volumes and a contact in series, and resistances to its sides."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from scalith.pack.heat.assembly import Assembly, Grid, Side

Array = NDArray[np.float64]


def face_conductances(assembly: Assembly, grid: Grid, k: Array, axis: int) -> Array:
    """W K-1 of the face of each volume towards higher x, y or z; zero at the last."""
    shape = k.shape
    result = np.zeros(shape)
    if shape[axis] == 1:
        return result
    low: list[Any] = [slice(None)] * 3
    high: list[Any] = [slice(None)] * 3
    low[axis], high[axis] = slice(0, -1), slice(1, None)
    lower, upper = tuple(low), tuple(high)
    inner: list[Any] = [slice(None)] * 3
    inner[axis] = slice(1, -1)
    width = np.diff(grid.edges[axis]).reshape([-1 if a == axis else 1 for a in range(3)])
    resistance = 0.5 * width[lower] / k[lower] + 0.5 * width[upper] / k[upper]
    names = [block.name for block in assembly.blocks]
    for contact in assembly.contacts:
        a, b = (names.index(name) for name in contact.between)
        met = ((grid.block[lower] == a) & (grid.block[upper] == b)) | ((grid.block[lower] == b) & (grid.block[upper] == a))
        resistance = resistance + contact.resistance * met
    result[lower] = grid.areas[axis][tuple(inner)] / resistance
    return result


def side_resistance(assembly: Assembly, grid: Grid, k: Array, side: Side) -> Array:
    """m² K W-1 from the mean temperature of the volumes at a side to its surface, with their conductivity `k` across it.

    Half a volume. Where one volume reaches from a side to an equal one opposite, its slowly changing profile is a parabola,
    whose mean is a sixth of the volume away: ∫₀¹ (s − s²) ds.
    """
    axis, end = "xyz".index(side[0]), 0 if side.endswith("low") else -1
    opposite: Side = side.replace("low", "high") if end == 0 else side.replace("high", "low")  # type: ignore[assignment]
    index: tuple[Any, ...] = tuple(end if a == axis else slice(None) for a in range(3))
    alike = assembly.surfaces.get(opposite) == assembly.surfaces[side] and not assembly.axisymmetric
    through = grid.block.shape[axis] == 1 and alike
    resistance: Array = np.diff(grid.edges[axis])[end] / k[index] * (1.0 / 6.0 if through else 0.5)
    return resistance if axis == 2 or assembly.axisymmetric else resistance * step_share(grid, axis, index)


def step_share(grid: Grid, axis: int, index: tuple[Any, ...]) -> Array:
    """Area of faces across x or y over that of their steps.

    It is below 1 at the round side of a cylinder, to which heat comes through the whole of a volume of steps.
    """
    y = 1 - axis
    breadth, height = (np.diff(grid.edges[other]) for other in (y, 2))
    full = np.broadcast_to(np.expand_dims(breadth, (axis, 2)) * height, grid.block.shape)[index]
    count = grid.block.shape[axis]
    place = index[axis]
    faces = grid.areas[axis]
    if isinstance(place, int):
        at: tuple[Any, ...] = tuple(-1 if (a == axis and place != 0) else item for a, item in enumerate(index))
        return np.asarray(faces[at] / full)
    low = faces[index] / full
    high = faces[tuple(np.minimum(item + 1, count) if a == axis else item for a, item in enumerate(index))] / full
    return np.asarray(np.minimum(low, high))
