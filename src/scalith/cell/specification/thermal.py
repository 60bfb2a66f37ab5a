"""Heat balance of the whole cell."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from scalith.quantities import SI, Spec
from scalith.quantities.specification import AmbientTemperature, Area, CellSize


class ThermalSpecification(Spec):
    """Heat balance of the whole cell.

    Attributes
    ----------
    heat_capacity : J K-1, optional
        Of the whole cell; heat is not solved for without it.
    heat_transfer : W K-1
        Heat-transfer coefficient times cooled area.
    ambient_temperature : K, optional
        Without it the temperature at which the simulation starts.
    mass, volume, surface_area : kg, m3, m2, optional
    thickness, through_conductivity : m, W m-1 K-1, optional
        Of the stack, across its layers, for ``thermal="through_thickness"``: its faces are as large as one pair of
        electrodes, and each takes half of `heat_transfer`.
    heat_of_mixing : bool
        Whether lithium that spreads within a particle heats it: ∫ F N·∇(U − T ∂U/∂T) dV, with the flux N (Rao and Newman, DOI
        10.1149/1.1837884; Thomas and Newman, DOI 10.1149/1.1531194). Without it a cell that relaxes at rest makes no heat.
    """

    heat_capacity: Annotated[float, SI("J K-1"), Field(gt=0)] | None = None
    heat_transfer: Annotated[float, SI("W K-1"), Field(ge=0)] = 0.0
    ambient_temperature: AmbientTemperature | None = None
    mass: Annotated[float, SI("kg"), Field(gt=0)] | None = None
    volume: Annotated[float, SI("m3"), Field(gt=0)] | None = None
    surface_area: Area | None = None
    thickness: CellSize | None = None
    through_conductivity: Annotated[float, SI("W m-1 K-1"), Field(gt=0)] | None = None
    heat_of_mixing: bool = False
