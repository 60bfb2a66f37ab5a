"""Cell: the discharge in its plane, between foils with tabs."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
import xarray as xr
from pydantic import Field

from scalith import cell as cell_package
from scalith.cell import CellSpecification, Collectors
from scalith.ladder.progress import report_progress
from scalith.ladder.quantity import Settings, rung
from scalith.quantities.plausible_ranges import Plausible
from scalith.quantities.specification import AmbientTemperature, Count, Duration, Fraction

SCALE = "cell"


class CurrentCollectors(Settings, Collectors):
    """``[collectors]``: foils and tabs of the cell; see `scalith.cell.Collectors`."""


class InPlane(Settings):
    """``[in_plane]``: the discharge that is resolved in the plane of the cell.

    Attributes
    ----------
    c_rate : float
        Multiple of the nominal capacity per hour.
    duration : float, optional
        s; to the lower cut-off voltage where it is not stated.
    state_of_charge : float
        At the start.
    patches : two ints
        Along width and height.
    thermal : {"isothermal", "lumped"}
        With ``"lumped"`` each patch has its own temperature (needs ``[cell.thermal]``).
    temperature : float
        At the start, K.
    """

    c_rate: Annotated[float, Field(gt=0), Plausible("C-rate")] = 1.0
    duration: Duration | None = None
    state_of_charge: Fraction = 1.0
    patches: tuple[Count, Count] = (6, 6)
    thermal: Literal["isothermal", "lumped"] = "isothermal"
    temperature: AmbientTemperature = 298.15


def _unevenness(data: xr.Dataset) -> str:
    last = data["current_density"].values[-1]
    drop = float(data["heat_collectors"][-1] / data["current"][-1]) if float(data["current"][-1]) else 0.0
    return f"current uneven by {100 * np.ptp(last) / last.mean():.1f} %, foils take {1e3 * drop:.1f} mV"


@rung("discharge in the plane of the cell", headline=_unevenness, runs_a_cell=True)
def in_plane_discharge(cell_specification: CellSpecification, collectors: CurrentCollectors, in_plane: InPlane) -> xr.Dataset:
    """A porous-electrode cell at each patch between two foils, from tab to tab."""
    current = in_plane.c_rate * cell_specification.nominal_capacity / 3600.0
    until = (
        f"until {cell_specification.lower_voltage_cut_off:.9g} V"
        if in_plane.duration is None
        else f"for {in_plane.duration:.9g} s"
    )
    return cell_package.simulate_in_plane(
        cell_specification,
        collectors,
        [f"Discharge at {current:.9g} A {until}"],
        patches=in_plane.patches,
        thermal=in_plane.thermal,
        state_of_charge=in_plane.state_of_charge,
        temperature=in_plane.temperature,
        progress=report_progress,
    )
