"""The thermal network of a module: the finite volumes of its geometry in three dimensions, few and large, as bodies."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from scalith.pack.heat.assembly import Assembly, Grid, Side, make_grid
from scalith.pack.heat.cell_body import CellBody
from scalith.pack.heat.face_conductances import face_conductances, side_resistance
from scalith.pack.module.module import ModuleSpecification, Trigger, triggered_cell
from scalith.pack.module.module_assembly import Divisions, gap_radiation, module_assembly
from scalith.pack.module.thermal_network import ThermalNetwork
from scalith.quantities import InputError, Property
from scalith.quantities.constants import STEFAN_BOLTZMANN

Array = NDArray[np.float64]


class ModuleNetwork(NamedTuple):
    """The network of a module and the bodies of each cell, row by row."""

    network: ThermalNetwork
    bodies: list[NDArray[np.int64]]


def module_network(module: ModuleSpecification, trigger: Trigger, divisions: Divisions) -> ModuleNetwork:
    """Bodies and links of a module: one for each volume of `module_assembly` with the same divisions.

    Raises
    ------
    InputError
        The trigger names a cell that is not there.
    """
    set_off = triggered_cell(module, trigger) - 1
    assembly = module_assembly(module, divisions=divisions)
    grid = make_grid(assembly)
    cooled = module.plate is not None and module.plate.coolant_coefficient > 0
    network, body = agglomerate(assembly, grid, module.cell, module.ambient_temperature, "z_low" if cooled else None)
    cells = [b for b, block in enumerate(assembly.blocks) if block.reacts]
    bodies = [body[grid.block == b] for b in cells]
    _radiate_across_gaps(module, network, grid, body, cells)
    time, power = trigger.heat()
    volume = grid.volume[grid.block == cells[set_off]]
    for each, share in zip(bodies[set_off], volume / volume.sum(), strict=True):
        network.heat(int(each), time, power * share)
    return ModuleNetwork(network, bodies)


def agglomerate(
    assembly: Assembly, grid: Grid, cell: CellBody, ambient: float, cooled: Side | None = None
) -> tuple[ThermalNetwork, NDArray[np.int64]]:
    """A network with one body for each volume, and the numbers of the bodies, shape (nx, ny, nz).

    Conductances and contacts between volumes, and from volumes to the sides, are those of the body in three dimensions;
    blocks that react are cells like `cell`. The side `cooled` faces a coolant, the others surroundings at `ambient`, K.

    Raises
    ------
    InputError
        A specific heat that depends on temperature, a side other than `cooled` that is not at `ambient`.
    """
    if assembly.open_space is not None or any(surface.stream is not None for surface in assembly.surfaces.values()):
        expected = "surfaces of one temperature: `simulate_heat_3d` knows streams and open space"
        raise InputError("thermal network", "surfaces", "a stream or an open space", expected)
    order = [block.material for block in assembly.blocks] + [assembly.background or assembly.blocks[0].material]
    materials = [assembly.materials[name] for name in order]
    density = np.empty(len(materials))  # of heat
    for number, (name, material) in enumerate(zip(order, materials, strict=True)):
        if isinstance(material.specific_heat, Property):
            raise InputError("thermal network", f"materials.{name}.specific_heat", "a function of temperature", "a number")
        density[number] = material.density * material.specific_heat
    k = [np.array([m.along[axis] for m in materials])[grid.block] for axis in range(3)]
    capacity = density[grid.block] * grid.volume
    network = ThermalNetwork(coolant_temperature=ambient if cooled is None else assembly.surfaces[cooled].temperature)
    network.ambient = (np.array([0.0]), np.array([ambient]))
    to_coolant = np.zeros(grid.block.shape)
    if cooled is not None:
        area, within, h, _ = _side(assembly, grid, k, cooled)
        to_coolant[_at_side(cooled)] = area / (within + 1.0 / h)
    body = np.empty(grid.block.shape, dtype=np.int64)
    total = np.bincount(grid.block.ravel() + 1, grid.volume.ravel())
    first: dict[int, int] = {}
    for place in np.ndindex(*grid.block.shape):
        b = int(grid.block[place])
        reacts = b >= 0 and assembly.blocks[b].reacts
        body[place] = network.add(
            float(capacity[place]),
            coolant=float(to_coolant[place]),
            cell=cell if reacts else None,
            share=float(grid.volume[place] / total[b + 1]),
            part_of=first.get(b) if reacts else None,
        )
        if reacts:
            first.setdefault(b, int(body[place]))
    for side, surface in assembly.surfaces.items():
        if side == cooled:
            continue
        if surface.temperature != ambient:
            raise InputError("thermal network", f"surfaces.{side}", f"{surface.temperature} K", f"ambient, {ambient} K")
        area, within, h, radiation = _side(assembly, grid, k, side)
        for each, A, R in zip(body[_at_side(side)].ravel(), area.ravel(), within.ravel(), strict=True):
            network.expose(int(each), h * A, radiation * A, R / A)
    for axis in range(3):
        faces = face_conductances(assembly, grid, k[axis], axis)
        for here in np.argwhere(faces > 0):
            there = here.copy()
            there[axis] += 1
            network.link(int(body[tuple(here)]), int(body[tuple(there)]), float(faces[tuple(here)]))
    return network, body


def _at_side(side: Side) -> tuple[int | slice, ...]:
    """Index of the volumes at a side."""
    axis, end = "xyz".index(side[0]), 0 if side.endswith("low") else -1
    return tuple(end if a == axis else slice(None) for a in range(3))


def _side(assembly: Assembly, grid: Grid, k: list[Array], side: Side) -> tuple[Array, Array, float, float]:
    """Areas, m², and resistances within, m² K W-1, of the volumes at a side; its h, W m-2 K-1, and ε σ, W m-2 K-4."""
    axis, surface = "xyz".index(side[0]), assembly.surfaces[side]
    area, within = grid.areas[axis][_at_side(side)], side_resistance(assembly, grid, k[axis], side)
    return area, within, surface.heat_transfer_coefficient, surface.emissivity * STEFAN_BOLTZMANN


def _radiate_across_gaps(
    module: ModuleSpecification, network: ThermalNetwork, grid: Grid, body: NDArray[np.int64], cells: list[int]
) -> None:
    """Links of radiation between the faces of cells that see each other across a gap."""
    cell_of = {b: number for number, b in enumerate(cells)}
    number = np.vectorize(lambda b: cell_of.get(b, -1), otypes=[np.int64])(grid.block)
    for axis, barrier, step in ((0, module.barrier, 1), (1, module.row_barrier, module.cells)):
        if barrier is None or barrier.emissivity == 0:
            continue
        for c in range(len(cells) - step):
            if axis == 0 and (c + 1) % module.cells == 0:
                continue
            here, there = np.argwhere(number == c), np.argwhere(number == c + step)
            last, first = here[here[:, axis] == here[:, axis].max()], there[there[:, axis] == there[:, axis].min()]
            for a, b in zip(last, first, strict=True):
                area = float(grid.areas[axis][tuple(a)])
                network.link(int(body[tuple(a)]), int(body[tuple(b)]), 0.0, gap_radiation(barrier) * area)
