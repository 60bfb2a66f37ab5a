"""A module as blocks: the one geometry from which both the thermal network and the body in three dimensions are made."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from scalith.pack.heat.assembly import Assembly, Block, Contact, Material, Side, Surface
from scalith.pack.module.module import Barrier, ModuleSpecification
from scalith.quantities import InputError, Property, Source
from scalith.quantities.constants import STEFAN_BOLTZMANN

Corner = tuple[float, float, float]


class Divisions(NamedTuple):
    """Volumes through a cell and a barrier along the row, across the width of a cell, and along its height."""

    cell: int = 1
    barrier: int = 1
    width: int = 1
    height: int = 1


def module_assembly(
    module: ModuleSpecification, *, spacing: tuple[float, float, float] | None = None, divisions: Divisions | None = None
) -> Assembly:
    r"""Blocks of a module: cells ``cell_1`` … along x (row by row along y), barriers between, a plate below.

    A cylinder stands for the square prism of its volume, with the sides' heat transfer reduced to its surface. A busbar adds its
    conductance to the way between the faces that it joins. Across a gap of thickness d radiation adds
    4 σ d T³/(2/ε − 1) to the conductivity: the flux through it is then σ (T₁⁴ − T₂⁴)/(2/ε − 1).

    Parameters
    ----------
    module : ModuleSpecification
        What a user states; ``nodes_per_cell`` has no meaning here.
    spacing : three floats, optional
        Largest edges of a volume, m.
    divisions : Divisions, optional
        Least numbers of volumes; one each when not given.

    Returns
    -------
    Assembly
        For `simulate_heat_3d`. Sides face the module's surroundings, the bottom of a cooled plate its coolant.

    Raises
    ------
    InputError
        A spacing that is not positive; ejecta, which strike neighbours in the network only.
    """
    if module.ejecta is not None and spacing is not None:
        raise InputError(
            "module_assembly", "ejecta", "heat that strikes neighbours", "none in three dimensions: not supported there"
        )
    cell, cut = module.cell, divisions or Divisions()
    depth, width, height = cell.box
    gap = module.barrier.thickness if module.barrier else 0.0
    row_gap = module.row_barrier.thickness if module.row_barrier else 0.0
    length = module.cells * depth + (module.cells - 1) * gap
    share = _busbar_share(module, width * height)
    materials = _materials(module, share)
    contact, contact_of_rows = _contact(module, module.barrier), _contact(module, module.row_barrier)
    blocks: list[Block] = []
    contacts: list[Contact] = []

    def name_of(row: int, place: int) -> str:
        return f"cell_{row * module.cells + place + 1}"

    def add(name: str, material: str, lower: Corner, upper: Corner, **more: object) -> None:
        blocks.append(Block.model_validate({"name": name, "material": material, "lower": lower, "upper": upper, **more}))

    for row in range(module.rows):
        y = row * (width + row_gap)
        for place in range(module.cells):
            x = place * (depth + gap)
            lower, upper = (x, y, 0.0), (x + depth, y + width, height)
            reacts = {"reacts": True, "reacting_fraction": cell.reacting_fraction, "vent": cell.vent}
            add(name_of(row, place), "cell", lower, upper, divisions=(cut.cell, cut.width, cut.height), **reacts)
            if place + 1 < module.cells:
                here, there = name_of(row, place), name_of(row, place + 1)
                if module.barrier is None:
                    contacts.append(Contact(between=(here, there), resistance=contact * share))
                else:
                    title = f"barrier_{row * module.cells + place + 1}"
                    between = (x + depth, y, 0.0), (x + depth + gap, y + width, height)
                    add(title, "barrier", *between, divisions=(cut.barrier, cut.width, cut.height))
                    contacts += [Contact(between=pair, resistance=contact * share) for pair in ((here, title), (title, there))]
        if row + 1 < module.rows:
            if module.row_barrier is not None:
                title = f"row_barrier_{row + 1}"
                between = (0.0, y + width, 0.0), (length, y + width + row_gap, height)
                add(title, "row_barrier", *between, divisions=(1, cut.barrier, cut.height))
                sides = [(name_of(r, place), title) for r in (row, row + 1) for place in range(module.cells)]
            else:
                sides = [(name_of(row, place), name_of(row + 1, place)) for place in range(module.cells)]
            contacts += [Contact(between=pair, resistance=contact_of_rows) for pair in sides]
    if module.plate is not None:
        plate, breadth = module.plate, module.rows * width + (module.rows - 1) * row_gap
        contacts += [
            Contact(between=(block.name, "plate"), resistance=1.0 / plate.contact_conductance) for block in blocks if block.reacts
        ]
        add("plate", "plate", (0.0, 0.0, -plate.thickness), (length, breadth, 0.0))
    return Assembly(
        materials=materials, blocks=tuple(blocks), spacing=spacing, contacts=tuple(contacts), surfaces=_surfaces(module)
    )


def _materials(module: ModuleSpecification, share: float) -> dict[str, Material]:
    """What cells, barriers and plate are made of; busbars beside a barrier add to its conductivity."""
    cell, plate = module.cell, module.plate
    materials = {"cell": Material(density=cell.density, specific_heat=cell.specific_heat, conductivity=cell.conductivities)}
    if module.barrier is not None:
        materials["barrier"] = _material(module.barrier, 1.0 / share)
    if module.row_barrier is not None:
        materials["row_barrier"] = _material(module.row_barrier, 1.0)
    if plate is not None:
        materials["plate"] = Material(density=plate.density, specific_heat=plate.specific_heat, conductivity=plate.conductivity)
    return materials


def _surfaces(module: ModuleSpecification) -> dict[Side, Surface]:
    """Heat exchange of the module's sides."""

    def air(share: float) -> Surface:
        return Surface(
            heat_transfer_coefficient=module.heat_transfer_coefficient * share,
            emissivity=module.emissivity * share,
            temperature=module.ambient_temperature,
        )

    side, end = air(module.cell.side_share), air(1.0)
    surfaces: dict[Side, Surface] = {"x_low": side, "x_high": side, "y_low": side, "y_high": side, "z_high": end, "z_low": end}
    plate = module.plate
    if plate is not None and plate.coolant_coefficient > 0:
        surfaces["z_low"] = Surface(heat_transfer_coefficient=plate.coolant_coefficient, temperature=plate.coolant_temperature)
    return surfaces


def _contact(module: ModuleSpecification, barrier: Barrier | None) -> float:
    """Resistance of a contact of cells with what parts them, m² K W-1; none where it is a gap, which touches all it parts."""
    return 0.0 if barrier is not None and barrier.emissivity > 0 else 1.0 / module.contact_conductance


def _busbar_share(module: ModuleSpecification, area: float) -> float:
    """Resistance of the way between two faces with the busbar beside it, over that without."""
    barrier = module.barrier
    contact = _contact(module, barrier)
    way = contact if barrier is None else 2.0 * contact + barrier.thickness / barrier.conductivity
    return 1.0 / (1.0 + module.busbar_conductance * way / area)


def gap_radiation(barrier: Barrier) -> float:
    """Radiation between the faces that a gap parts, W m-2 K-4; zero for a solid barrier."""
    return STEFAN_BOLTZMANN / (2.0 / barrier.emissivity - 1.0) if barrier.emissivity > 0 else 0.0


def _material(barrier: Barrier, factor: float) -> Material:
    """The barrier's material; `factor` on its conductivity is what a busbar adds."""
    k, radiation = barrier.conductivity * factor, gap_radiation(barrier)
    growing = None
    if radiation > 0:
        growing = Property.from_function(
            "conductivity_factor",
            lambda T: 1.0 + 4.0 * radiation * barrier.thickness * T**3 / k,
            {"T": np.linspace(150.0, 2500.0, 236)},
            "1",
            Source(kind="assumed"),
        )
    return Material(density=barrier.density, specific_heat=barrier.specific_heat, conductivity=k, conductivity_factor=growing)
