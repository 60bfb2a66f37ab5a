"""What a user states about a module for runaway propagation, and the thermal network that it becomes."""

from __future__ import annotations

from typing import Annotated, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from scalith.pack.abuse.short_circuit import ShortCircuit, short_circuit_heat
from scalith.pack.heat.cell_body import CellBody, Density
from scalith.pack.module.thermal_network import ThermalNetwork
from scalith.pack.specification import Conductivity, HeatTransferCoefficient, SpecificHeat
from scalith.quantities import SI, InputError, Spec
from scalith.quantities.constants import STEFAN_BOLTZMANN
from scalith.quantities.specification import CellSize, Count, Duration, Fraction, Temperature

PositiveConductance = Annotated[float, SI("W m-2 K-1"), Field(gt=0)]


class Barrier(Spec):
    """What lies between two cells: a barrier, a spacer, or an air gap (then with an emissivity).

    Attributes
    ----------
    thickness, conductivity, density, specific_heat : float
        m, W m-1 K-1, kg m-3, J kg-1 K-1.
    emissivity : float
        Of the cells' faces, where they see each other across a gap; 0 for a solid barrier.
    """

    thickness: CellSize
    conductivity: Conductivity
    density: Density = 1000.0
    specific_heat: SpecificHeat = 1000.0
    emissivity: Fraction = 0.0


class Plate(Spec):
    """A plate under all cells: it spreads heat, and a coolant may take it.

    Attributes
    ----------
    thickness, conductivity, density, specific_heat : float
        m, W m-1 K-1, kg m-3, J kg-1 K-1 (aluminium when not given).
    contact_conductance : float
        Between cell and plate, W m-2 K-1.
    coolant_coefficient : float
        Between plate and coolant, W m-2 K-1; 0 for none.
    coolant_temperature : float
        K.
    """

    thickness: CellSize
    conductivity: Conductivity = 200.0
    density: Density = 2700.0
    specific_heat: SpecificHeat = 900.0
    contact_conductance: PositiveConductance = 500.0
    coolant_coefficient: HeatTransferCoefficient = 0.0
    coolant_temperature: Temperature = 298.15


class ModuleSpecification(Spec):
    """Cells in one or several rows.

    Attributes
    ----------
    cell : CellBody
        Every cell.
    cells, rows : int
        Cells in a row (face to face along their thickness or diameter) and number of rows (side by side along the width).
    nodes_per_cell : int
        Volumes through the thickness of a cell.
    barrier, row_barrier : Barrier, optional
        Between the cells of a row, and between rows; cells touch when not given.
    contact_conductance : float
        Of each contact between a cell and what it touches along the row, W m-2 K-1.
    busbar_conductance : float
        Between neighbours in a row past the barrier, W K-1.
    plate : Plate, optional
        Under the cells.
    ambient_temperature, heat_transfer_coefficient, emissivity : float
        Surroundings of the free surfaces: tops (bottoms too without plate), sides of outer rows, ends of rows.
    """

    cell: CellBody
    cells: Count
    rows: Count = 1
    nodes_per_cell: Annotated[int, Field(ge=1, le=100)] = 1
    barrier: Barrier | None = None
    row_barrier: Barrier | None = None
    contact_conductance: PositiveConductance = 1000.0
    busbar_conductance: Annotated[float, SI("W K-1"), Field(ge=0)] = 0.0
    plate: Plate | None = None
    ambient_temperature: Temperature = 298.15
    heat_transfer_coefficient: HeatTransferCoefficient = 7.0
    emissivity: Fraction = 0.8

    @model_validator(mode="after")
    def _sensible(self) -> Self:
        if self.cell.shape == "cylindrical" and self.nodes_per_cell != 1:
            raise InputError(
                "module", "", f"nodes_per_cell = {self.nodes_per_cell}", "1 for cylindrical cells, which have no thickness to cut"
            )
        return self

    @property
    def pitch(self) -> float:
        """Distance of neighbours in a row, m."""
        return self.cell.pitch + (self.barrier.thickness if self.barrier else 0.0)


class Trigger(Spec):
    """What sets off the first cell: a heater, or a short.

    Attributes
    ----------
    cell, row : int
        The cell, counted from 1.
    power, duration : float, optional
        Heater: W and s.
    short : ShortCircuit, optional
        Instead of a heater.
    """

    cell: Count = 1
    row: Count = 1
    power: Annotated[float, SI("W"), Field(gt=0)] | None = None
    duration: Duration | None = None
    short: ShortCircuit | None = None

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        heater = (self.power is not None, self.duration is not None)
        if (self.short is None) != all(heater) or (self.short is not None and any(heater)):
            raise InputError("trigger", "", "neither or both", "power with duration (a heater), or a short")
        return self

    def heat(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Times, s, and powers, W."""
        if self.short is not None:
            time, power, _ = short_circuit_heat(self.short)
            return time, power
        end, power_now = self.duration or 0.0, self.power or 0.0
        return np.array([0.0, end, end]), np.array([power_now, power_now, 0.0])


def triggered_cell(module: ModuleSpecification, trigger: Trigger) -> int:
    """Number of the cell that is set off, from 1, row by row.

    Raises
    ------
    InputError
        The trigger names a cell that is not there.
    """
    if trigger.cell > module.cells or trigger.row > module.rows:
        raise InputError(
            "trigger", "cell, row", (trigger.cell, trigger.row), f"a cell of {module.cells} in a row and a row of {module.rows}"
        )
    return (trigger.row - 1) * module.cells + trigger.cell


class ModuleNetwork(NamedTuple):
    """The network of a module and the bodies of each cell: shape (rows, cells, nodes)."""

    network: ThermalNetwork
    bodies: NDArray[np.int64]


def module_network(module: ModuleSpecification, trigger: Trigger) -> ModuleNetwork:
    """Bodies and links of a module.

    Raises
    ------
    InputError
        The trigger names a cell that is not there.
    """
    triggered_cell(module, trigger)
    cell, nodes = module.cell, module.nodes_per_cell
    plate = module.plate
    network = ThermalNetwork(coolant_temperature=plate.coolant_temperature if plate else module.ambient_temperature)
    network.ambient = (np.array([0.0]), np.array([module.ambient_temperature]))
    radiation = module.emissivity * STEFAN_BOLTZMANN
    face, footprint = cell.facing_area, cell.volume / cell.height
    side = (cell.diameter or cell.thickness or 0.0) * cell.height
    bodies = np.empty((module.rows, module.cells, nodes), dtype=np.int64)
    plates = np.full((module.rows, module.cells), -1, dtype=np.int64)
    for row in range(module.rows):
        for place in range(module.cells):
            open_sides = (row == 0) + (row == module.rows - 1)
            free = footprint * (1 if plate else 2) + side * open_sides
            for node in range(nodes):
                end = (place == 0 and node == 0) + (place == module.cells - 1 and node == nodes - 1)
                area = free / nodes + face * end
                bodies[row, place, node] = network.add(
                    cell.heat_capacity / nodes,
                    ambient=module.heat_transfer_coefficient * area,
                    ambient_radiation=radiation * area,
                    cell=cell,
                    share=1.0 / nodes,
                )
            if plate:
                plates[row, place] = _plate_piece(network, module, plate, footprint, bodies[row, place])
    slab = cell.pitch / nodes / cell.conductivity
    contact = 1.0 / module.contact_conductance
    for row in range(module.rows):
        for place in range(module.cells):
            for node in range(nodes - 1):
                network.link(bodies[row, place, node], bodies[row, place, node + 1], face / slab)
            if place + 1 < module.cells:
                ends = bodies[row, place, -1], bodies[row, place + 1, 0]
                _between(network, module.barrier, *ends, face, 0.5 * slab, contact)
                network.link(*ends, module.busbar_conductance)
                if plate:
                    across = plate.conductivity * plate.thickness * (cell.width or cell.diameter or 0.0) / module.pitch
                    network.link(int(plates[row, place]), int(plates[row, place + 1]), across)
            if row + 1 < module.rows:
                half = 0.5 * (cell.width or cell.diameter or 0.0) / cell.conductivity
                for node in range(nodes):
                    ends = bodies[row, place, node], bodies[row + 1, place, node]
                    _between(network, module.row_barrier, *ends, side / nodes, half, contact)
                if plate:
                    width = (cell.width or cell.diameter or 0.0) + (module.row_barrier.thickness if module.row_barrier else 0.0)
                    network.link(
                        int(plates[row, place]),
                        int(plates[row + 1, place]),
                        plate.conductivity * plate.thickness * module.pitch / width,
                    )
    time, power = trigger.heat()
    for node in range(nodes):
        network.heat(int(bodies[trigger.row - 1, trigger.cell - 1, node]), time, power / nodes)
    return ModuleNetwork(network, bodies)


def _plate_piece(
    network: ThermalNetwork, module: ModuleSpecification, plate: Plate, footprint: float, cell_bodies: NDArray[np.int64]
) -> int:
    area = module.pitch * (module.cell.width or module.cell.diameter or 0.0)
    piece = network.add(
        plate.thickness * area * plate.density * plate.specific_heat,
        coolant=plate.coolant_coefficient * area,
        ambient=0.0 if plate.coolant_coefficient > 0 else module.heat_transfer_coefficient * area,
        ambient_radiation=0.0 if plate.coolant_coefficient > 0 else module.emissivity * STEFAN_BOLTZMANN * area,
    )
    down = 0.5 * module.cell.height / (10.0 * module.cell.conductivity) + 1.0 / plate.contact_conductance
    for body in cell_bodies:
        network.link(int(body), piece, footprint / len(cell_bodies) / down)
    return piece


def _between(
    network: ThermalNetwork, barrier: Barrier | None, first: int, second: int, area: float, half: float, contact: float
) -> None:
    """Join two cells face to face: half a volume, a contact, the barrier, a contact, half a volume."""
    if barrier is None:
        network.link(first, second, area / (2 * half + contact))
        return
    middle = network.add(barrier.thickness * area * barrier.density * barrier.specific_heat)
    way = half + contact + 0.5 * barrier.thickness / barrier.conductivity
    network.link(first, middle, area / way)
    network.link(middle, second, area / way)
    if barrier.emissivity > 0:
        network.link(first, second, 0.0, STEFAN_BOLTZMANN * area / (2.0 / barrier.emissivity - 1.0))
