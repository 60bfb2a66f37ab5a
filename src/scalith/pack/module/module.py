"""What a user states about a module for runaway propagation."""

from __future__ import annotations

from typing import Annotated, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from scalith.pack.abuse.short_circuit import ShortCircuit, short_circuit_heat
from scalith.pack.heat.cell_body import CellBody, Density
from scalith.pack.specification import Conductivity, HeatTransferCoefficient, SpecificHeat
from scalith.quantities import SI, InputError, Spec
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


class Ejecta(Spec):
    """Where hot gas and particles go that leave a cell through its vent.

    Attributes
    ----------
    next_in_row : float
        Share of the reaction heat that leaves a cell with them which each of its neighbours in the row takes.
    next_row : float
        The same of each neighbour in the rows beside it.
    """

    next_in_row: Fraction = 0.0
    next_row: Fraction = 0.0

    @model_validator(mode="after")
    def _no_more_than_all(self) -> Self:
        if not 0 < (total := 2.0 * (self.next_in_row + self.next_row)) <= 1:
            raise InputError(
                "ejecta", "next_in_row, next_row", f"{total:g} of the heat for four neighbours", "above 0, 1 at most"
            )
        return self


class ModuleSpecification(Spec):
    """Cells in one or several rows.

    Attributes
    ----------
    cell : CellBody
        Every cell.
    cells, rows : int
        Cells in a row (face to face along their thickness or diameter) and number of rows (side by side along the width).
    nodes_per_cell : int
        Least number of volumes through the thickness of a cell; `propagate_runaway` takes more until its verdict stays.
    barrier, row_barrier : Barrier, optional
        Between the cells of a row, and between rows; cells touch when not given.
    contact_conductance : float
        Of each contact between a cell and what it touches along the row, W m-2 K-1; a gap (with an emissivity) has none.
    busbar_conductance : float
        Between the faces of neighbours in a row, beside the barrier, W K-1.
    plate : Plate, optional
        Under the cells.
    ambient_temperature, heat_transfer_coefficient, emissivity : float
        Surroundings of the free surfaces: tops (bottoms too without plate), sides of outer rows, ends of rows.
    ejecta : Ejecta, optional
        What neighbours take of the heat that leaves through vents; nothing when not given.
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
    ejecta: Ejecta | None = None

    @model_validator(mode="after")
    def _has_ejecta(self) -> Self:
        vent = self.cell.vent
        if self.ejecta is not None and (vent is None or vent.ejected_fraction == 0.0):
            raise InputError("", "ejecta", "a cell that lets no heat out", "a cell with a vent and its ejected_fraction")
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
