"""A cell as a body that stores heat, reacts and vents."""

from __future__ import annotations

from math import exp, log, pi, sqrt
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from scalith.pack.specification import Conductivity, SpecificHeat
from scalith.quantities import SI, InputError, Spec
from scalith.quantities.constants import GAS_CONSTANT
from scalith.quantities.specification import CellSize, Fraction, Temperature, Volume

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from scalith.reactions.kinetics import ReactionSet

ATMOSPHERE = 101325.0
"""Pressure outside, Pa."""
Density = Annotated[float, SI("kg m-3"), Field(gt=0)]
Pressure = Annotated[float, SI("Pa"), Field(gt=0)]


class Vent(Spec):
    """The safety valve, and what leaves through it.

    Attributes
    ----------
    pressure : float
        Absolute pressure at which it opens, Pa.
    free_volume : float
        Gas space of the closed cell, m³.
    vapour_pressure, vapour_reference_temperature, heat_of_vaporisation : float
        Electrolyte vapour: p(T) = p_ref exp(−(ΔH/R)(1/T − 1/T_ref)); Pa, K, J mol-1 (dimethyl carbonate when not given).
    evaporated_mass : float
        Electrolyte that boils off when the valve opens, kg, where the cell is above the boiling point; it takes its heat of
        vaporisation from there, and what would cool the cell below the boiling point stays.
    evaporated_molar_mass : float
        kg mol-1.
    ejected_fraction : float
        Share of the reaction heat after venting that leaves with gas and particles.
    ejected_mass_fraction : float
        Share of the cell's mass that has left when all reactions are complete, besides evaporated electrolyte.
    """

    pressure: Pressure
    free_volume: Volume
    vapour_pressure: Pressure = 7400.0
    vapour_reference_temperature: Temperature = 298.15
    heat_of_vaporisation: Annotated[float, SI("J mol-1"), Field(gt=0)] = 37700.0
    evaporated_mass: Annotated[float, SI("kg"), Field(ge=0)] = 0.0
    evaporated_molar_mass: Annotated[float, SI("kg mol-1"), Field(gt=0)] = 0.09008
    ejected_fraction: Fraction = 0.0
    ejected_mass_fraction: Fraction = 0.0

    @property
    def vapour_temperature(self) -> float:
        """ΔH/R, K."""
        return self.heat_of_vaporisation / GAS_CONSTANT

    @property
    def vapour_factor(self) -> float:
        """p_ref exp(ΔH/(R T_ref)), Pa."""
        return self.vapour_pressure * exp(self.vapour_temperature / self.vapour_reference_temperature)

    def closed_pressure(self, gas: ArrayLike, temperature: ArrayLike, start: float) -> Any:
        """Absolute pressure (Pa) of the closed cell: air at atmospheric pressure at `start` (K), gas made (mol), vapour."""
        T = np.asarray(temperature, dtype=np.float64)
        air = max(ATMOSPHERE - self.vapour_factor * exp(-self.vapour_temperature / start), 0.0) / start
        vapour = self.vapour_factor * np.exp(-self.vapour_temperature / T)
        return air * T + np.asarray(gas) * GAS_CONSTANT * T / self.free_volume + vapour

    @property
    def heat_taken(self) -> float:
        """Heat that boils off all of it, J."""
        return self.evaporated_mass / self.evaporated_molar_mass * self.heat_of_vaporisation

    def boiling_point(self, pressure: float = ATMOSPHERE) -> float:
        """Where the electrolyte's vapour reaches `pressure`, K: 1/T = 1/T_ref − (R/ΔH) ln(p/p_ref)."""
        ratio = log(pressure / self.vapour_pressure)
        return 1.0 / (1.0 / self.vapour_reference_temperature - ratio / self.vapour_temperature)


class CellBody(Spec):
    """Size, mass and conductivity of a cell.

    Attributes
    ----------
    shape : {"prismatic", "cylindrical"}
        Pouch cells are prismatic.
    thickness, width : float, optional
        Prismatic, m.
    diameter : float, optional
        Cylindrical, m.
    height : float
        m.
    density, specific_heat : float
        Mean of the cell, kg m-3 and J kg-1 K-1.
    conductivity : float
        Through the thickness or along the radius, W m-1 K-1.
    in_plane_conductivity : float, optional
        Along width and height, or along the axis of a cylinder, W m-1 K-1; the same as `conductivity` when not given.
    reacting_fraction : float
        Share of the volume that the contents of the reaction set refer to.
    vent : Vent, optional
        Without it the cell stays closed and loses nothing.
    """

    shape: Literal["prismatic", "cylindrical"]
    thickness: CellSize | None = None
    width: CellSize | None = None
    diameter: CellSize | None = None
    height: CellSize
    density: Density
    specific_heat: SpecificHeat
    conductivity: Conductivity = 1.0
    in_plane_conductivity: Conductivity | None = None
    reacting_fraction: Annotated[float, Field(gt=0, le=1)] = 1.0
    vent: Vent | None = None

    @model_validator(mode="after")
    def _complete(self) -> Self:
        prismatic = self.thickness is not None and self.width is not None and self.diameter is None
        cylindrical = self.diameter is not None and self.thickness is None and self.width is None
        if not (prismatic if self.shape == "prismatic" else cylindrical):
            wanted = "thickness and width" if self.shape == "prismatic" else "diameter"
            raise InputError("cell", "", "other dimensions", f"{wanted} and height of a {self.shape} cell")
        return self

    @property
    def volume(self) -> float:
        """Volume, m³."""
        if self.diameter is not None:
            return 0.25 * pi * self.diameter**2 * self.height
        return (self.thickness or 0.0) * (self.width or 0.0) * self.height

    @property
    def surface(self) -> float:
        """Whole outer surface, m²."""
        if self.diameter is not None:
            return pi * self.diameter * self.height + 0.5 * pi * self.diameter**2
        a, b, c = self.thickness or 0.0, self.width or 0.0, self.height
        return 2.0 * (a * b + b * c + c * a)

    @property
    def box(self) -> tuple[float, float, float]:
        """Thickness, width and height of the cell in a module, m: a cylinder counts as the square prism of its volume."""
        if self.diameter is not None:
            side = 0.5 * sqrt(pi) * self.diameter
            return side, side, self.height
        return self.thickness or 0.0, self.width or 0.0, self.height

    @property
    def side_share(self) -> float:
        """Sides of the cell over those of its `box`: below 1 for a cylinder."""
        return 1.0 if self.diameter is None else 0.5 * sqrt(pi)

    @property
    def conductivities(self) -> tuple[float, float, float]:
        """Along thickness, width and height of the `box`, W m-1 K-1."""
        along = self.conductivity if self.in_plane_conductivity is None else self.in_plane_conductivity
        return self.conductivity, along if self.diameter is None else self.conductivity, along

    def kinetics_digest(self, kinetics: ReactionSet) -> str:
        """What names the reactions as they take place in this cell: the set, its share of the volume, what the vent lets out.

        It is the digest of the set itself for a cell that reacts in all its volume and has no vent. The result of a test of the
        cell carries it (attribute ``kinetics_digest``), and every larger scale asks for it.
        """
        return kinetics.digest_in(self.reacting_fraction, self.vent)

    @property
    def pitch(self) -> float:
        """Length along a row, m."""
        return self.diameter or self.thickness or 0.0

    @property
    def facing_area(self) -> float:
        """Area with which neighbours in a row face each other, m² (a cylinder: its projection)."""
        return (self.diameter or self.width or 0.0) * self.height

    @property
    def mass(self) -> float:
        """Mass, kg."""
        return self.density * self.volume

    @property
    def heat_capacity(self) -> float:
        """J K-1."""
        return self.mass * self.specific_heat

    @property
    def reacting_volume(self) -> float:
        """m³."""
        return self.reacting_fraction * self.volume
