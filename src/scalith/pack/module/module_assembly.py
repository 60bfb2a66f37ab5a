"""A module as a body in three dimensions: the same specification as the thermal network's."""

from __future__ import annotations

from scalith.pack.heat.assembly import Assembly, Block, Contact, Material, Side, Surface
from scalith.pack.module.module import ModuleSpecification
from scalith.quantities import InputError


def module_assembly(
    module: ModuleSpecification, *, in_plane_conductivity: float, spacing: tuple[float, float, float]
) -> Assembly:
    """Blocks of a module of prismatic cells: cells ``cell_1`` … along x (row by row along y), barriers between, a plate below.

    Parameters
    ----------
    module : ModuleSpecification
        Prismatic cells; ``nodes_per_cell`` and busbars have no meaning here.
    in_plane_conductivity : float
        Of the cells along width and height, W m-1 K-1; through the thickness it is the cell's own.
    spacing : three floats
        Largest edges of a volume, m.

    Returns
    -------
    Assembly
        For `heat_in_3d`. Sides face the module's surroundings, the bottom of a cooled plate its coolant.

    Raises
    ------
    InputError
        Cylindrical cells, a number out of its range.
    """
    cell = module.cell
    if cell.shape != "prismatic":
        raise InputError("module_assembly", "cell.shape", cell.shape, "prismatic cells")
    assert cell.thickness is not None
    assert cell.width is not None
    contact = 1.0 / module.contact_conductance
    materials = {
        "cell": Material(
            density=cell.density,
            specific_heat=cell.specific_heat,
            conductivity=(cell.conductivity, in_plane_conductivity, in_plane_conductivity),
        )
    }
    for name, barrier in (("barrier", module.barrier), ("row_barrier", module.row_barrier)):
        if barrier is not None:
            materials[name] = Material(
                density=barrier.density, specific_heat=barrier.specific_heat, conductivity=barrier.conductivity
            )
    blocks: list[Block] = []
    contacts: list[Contact] = []
    gap = module.barrier.thickness if module.barrier else 0.0
    row_gap = module.row_barrier.thickness if module.row_barrier else 0.0
    height, width = cell.height, cell.width
    length = module.cells * cell.thickness + (module.cells - 1) * gap

    def name_of(row: int, place: int) -> str:
        return f"cell_{row * module.cells + place + 1}"

    for row in range(module.rows):
        y = row * (width + row_gap)
        for place in range(module.cells):
            x = place * (cell.thickness + gap)
            blocks.append(
                Block(
                    name=name_of(row, place),
                    material="cell",
                    lower=(x, y, 0.0),
                    upper=(x + cell.thickness, y + width, height),
                    reacts=True,
                    reacting_fraction=cell.reacting_fraction,
                    vent=cell.vent,
                )
            )
            if place + 1 < module.cells:
                here, there = name_of(row, place), name_of(row, place + 1)
                if module.barrier is None:
                    contacts.append(Contact(between=(here, there), resistance=contact))
                else:
                    title = f"barrier_{row * module.cells + place + 1}"
                    low = (x + cell.thickness, y, 0.0)
                    blocks.append(_box(title, "barrier", low, (x + cell.thickness + gap, y + width, height)))
                    contacts += [
                        Contact(between=(here, title), resistance=contact),
                        Contact(between=(title, there), resistance=contact),
                    ]
        if row + 1 < module.rows:
            if module.row_barrier is not None:
                title = f"row_barrier_{row + 1}"
                blocks.append(_box(title, "row_barrier", (0.0, y + width, 0.0), (length, y + width + row_gap, height)))
                sides = [(name_of(r, place), title) for r in (row, row + 1) for place in range(module.cells)]
            else:
                sides = [(name_of(row, place), name_of(row + 1, place)) for place in range(module.cells)]
            contacts += [Contact(between=pair, resistance=contact) for pair in sides]
    depth = module.rows * width + (module.rows - 1) * row_gap
    air = Surface(
        heat_transfer_coefficient=module.heat_transfer_coefficient,
        emissivity=module.emissivity,
        temperature=module.ambient_temperature,
    )
    surfaces: dict[Side, Surface] = {"x_low": air, "x_high": air, "y_low": air, "y_high": air, "z_high": air, "z_low": air}
    if module.plate is not None:
        plate = module.plate
        materials["plate"] = Material(density=plate.density, specific_heat=plate.specific_heat, conductivity=plate.conductivity)
        blocks.append(_box("plate", "plate", (0.0, 0.0, -plate.thickness), (length, depth, 0.0)))
        contacts += [
            Contact(between=(block.name, "plate"), resistance=1.0 / plate.contact_conductance) for block in blocks if block.reacts
        ]
        if plate.coolant_coefficient > 0:
            surfaces["z_low"] = Surface(
                heat_transfer_coefficient=plate.coolant_coefficient, temperature=plate.coolant_temperature
            )
    return Assembly(materials=materials, blocks=tuple(blocks), spacing=spacing, contacts=tuple(contacts), surfaces=surfaces)


def _box(name: str, material: str, lower: tuple[float, float, float], upper: tuple[float, float, float]) -> Block:
    return Block(name=name, material=material, lower=lower, upper=upper)
