"""What a user states about a pack: cells in a row, what lies between them, how they are cooled."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from scalith.quantities import SI, InputError, Spec
from scalith.quantities.plausible_ranges import Plausible
from scalith.quantities.specification import AmbientTemperature, Area, CellSize, Count, Mass

HeatTransferCoefficient = Annotated[float, SI("W m-2 K-1"), Field(ge=0)]
Conductivity = Annotated[float, SI("W m-1 K-1"), Field(gt=0)]
HeatCapacity = Annotated[float, SI("J K-1"), Field(gt=0)]
SpecificHeat = Annotated[float, SI("J kg-1 K-1"), Field(gt=0)]
GapThickness = Annotated[float, SI("m"), Field(ge=0)]


class PackSpecification(Spec):
    """Cells in a row, face to face along their thickness.

    Attributes
    ----------
    cells : int
        Number of cells in the row.
    cell_thickness, cell_width, cell_height : float
        Size of a cell, m; the row runs along the thickness, so neighbours face each other with ``width × height``.
    cell_mass, cell_specific_heat : float, optional
        Mass of a cell, kg, and its specific heat capacity, J kg-1 K-1.
    cell_heat_capacity : float, optional
        Heat capacity of one cell, J K-1, instead of mass and specific heat.
    through_conductivity : float
        Effective conductivity through the cell's thickness, W m-1 K-1.
    gap_thickness, gap_conductivity : float, optional
        Thickness, m, and conductivity, W m-1 K-1, of what lies between two cells (it stores no heat).
    interface_conductance : float, optional
        Conductance between two cells, W m-2 K-1, instead of a gap; 0 parts them thermally.
    cooling_coefficient : float
        Heat-transfer coefficient between each cell and the coolant, W m-2 K-1 (cold plate or convection); 0 for none.
    cooling_area : float, optional
        Cooled area of each cell, m²; the bottom face ``thickness × width`` when not given.
    coolant_temperature : float, optional
        K; ambient temperature when not given.
    end_coefficient : float
        Heat-transfer coefficient of the two outer faces of the row to ambient, W m-2 K-1; 0 for insulated ends.
    ambient_temperature : float
        K.
    initial_temperature : float, optional
        K; ambient temperature when not given.
    nodes_per_cell : int
        Finite volumes through the thickness of each cell.
    """

    cells: Annotated[Count, Plausible("cells in a row")]
    cell_thickness: CellSize
    cell_width: CellSize
    cell_height: CellSize
    cell_mass: Mass | None = None
    cell_specific_heat: SpecificHeat | None = None
    cell_heat_capacity: HeatCapacity | None = None
    through_conductivity: Conductivity
    gap_thickness: GapThickness | None = None
    gap_conductivity: Conductivity | None = None
    interface_conductance: HeatTransferCoefficient | None = None
    cooling_coefficient: HeatTransferCoefficient = 0.0
    cooling_area: Area | None = None
    coolant_temperature: AmbientTemperature | None = None
    end_coefficient: HeatTransferCoefficient = 0.0
    ambient_temperature: AmbientTemperature = 298.15
    initial_temperature: AmbientTemperature | None = None
    nodes_per_cell: Annotated[int, Field(ge=1, le=1000)] = 5

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        by_mass = (self.cell_mass is not None, self.cell_specific_heat is not None)
        if (self.cell_heat_capacity is not None and any(by_mass)) or (self.cell_heat_capacity is None and not all(by_mass)):
            raise InputError(
                "pack", "", "an unclear heat capacity", "cell_heat_capacity, or cell_mass together with cell_specific_heat"
            )
        by_gap = (self.gap_thickness is not None, self.gap_conductivity is not None)
        if self.interface_conductance is not None and any(by_gap):
            raise InputError("pack", "", "gap and interface_conductance", "one of them")
        if self.interface_conductance is None and not all(by_gap) and (self.cells > 1 or any(by_gap)):
            raise InputError(
                "pack", "", "nothing between the cells", "gap_thickness together with gap_conductivity, or interface_conductance"
            )
        return self

    @property
    def heat_capacity(self) -> float:
        """Heat capacity of one cell, J K-1."""
        if self.cell_heat_capacity is not None:
            return self.cell_heat_capacity
        assert self.cell_mass is not None
        assert self.cell_specific_heat is not None
        return self.cell_mass * self.cell_specific_heat

    @property
    def face_area(self) -> float:
        """Area with which neighbours face each other, m²."""
        return self.cell_width * self.cell_height

    @property
    def cooled_area(self) -> float:
        """Cooled area of one cell, m²."""
        return self.cell_thickness * self.cell_width if self.cooling_area is None else self.cooling_area

    @property
    def start_temperature(self) -> float:
        """Initial temperature, K."""
        return self.ambient_temperature if self.initial_temperature is None else self.initial_temperature

    @property
    def coolant(self) -> float:
        """Coolant temperature, K."""
        return self.ambient_temperature if self.coolant_temperature is None else self.coolant_temperature

    @property
    def gap_resistance(self) -> float:
        """Thermal resistance of unit area between two cells, m² K W-1; infinite when they are parted."""
        if self.interface_conductance is not None:
            return 1.0 / self.interface_conductance if self.interface_conductance > 0 else float("inf")
        if self.gap_thickness is None or self.gap_conductivity is None:
            return float("inf")
        return self.gap_thickness / self.gap_conductivity
