"""Pack: heat becomes temperature, of one cell and of a row of cells."""

from __future__ import annotations

from typing import Any

import xarray as xr
from pydantic import ValidationInfo, model_validator

from scalith.cell import CellSpecification
from scalith.ladder.quantity import Settings, rung, stated_section
from scalith.ladder.stacking import by_rate, one_rate
from scalith.pack import PackSpecification, lumped_cell_temperature, simulate_row
from scalith.quantities import InputError, dataset_digest, predicted


class Pack(Settings, PackSpecification):
    """``[pack]``: cells in a row and their cooling; see `scalith.pack.PackSpecification`.

    Heat capacity and ambient temperature are those of ``[cell.thermal]`` where they are not stated here.
    """

    @model_validator(mode="before")
    @classmethod
    def _of_the_cell(cls, data: Any, info: ValidationInfo) -> Any:
        if not isinstance(data, dict):
            return data
        thermal = stated_section(info, "cell").get("thermal") or {}
        shared = {}
        if "heat_capacity" in thermal and not {"cell_heat_capacity", "cell_mass", "cell_specific_heat"} & set(data):
            shared["cell_heat_capacity"] = thermal["heat_capacity"]
        if "ambient_temperature" in thermal:
            shared["ambient_temperature"] = thermal["ambient_temperature"]
        return shared | data


def _heat_at(heat_generation: xr.Dataset, rate: float) -> xr.Dataset:
    """Heat over time of one discharge."""
    found = one_rate(heat_generation, rate)
    if found.sizes["sample"] < 2:
        raise InputError(
            "[discharge]", "c_rates", f"{rate:.3g}, a discharge that is over as it begins", "rates that the cell can deliver"
        )
    return found


@rung("temperature of one cell", headline=lambda data: f"peak {float(data['peak_temperature'].max()) - 273.15:.1f} °C")
def cell_temperature(heat_generation: xr.Dataset, cell_specification: CellSpecification) -> xr.Dataset:
    """C dT/dt = q − hA (T − T_ambient), rate by rate."""
    thermal = cell_specification.thermal
    if thermal is None or thermal.heat_capacity is None:
        raise InputError("[cell]", "thermal", "nothing", "heat_capacity and heat_transfer of the cell")
    ambient = thermal.ambient_temperature or cell_specification.reference_temperature
    parents = (dataset_digest(heat_generation), cell_specification.digest)
    rates = [float(rate) for rate in heat_generation["c_rate"]]
    runs = []
    for rate in rates:
        heat = _heat_at(heat_generation, rate)
        # The conductance is stated as one number, W K-1: coefficient and area together.
        runs.append(
            lumped_cell_temperature(
                heat["time"].values,
                heat["heat"].values,
                heat_capacity=thermal.heat_capacity,
                heat_transfer_coefficient=thermal.heat_transfer,
                area=1.0,
                ambient_temperature=ambient,
                parents=parents,
            )
        )
    return by_rate(rates, runs, predicted("scalith.pack.lumped_cell_temperature", *parents))


@rung(
    "temperatures of a row of cells",
    headline=lambda data: f"peak {float(data['peak_temperature']) - 273.15:.1f} °C, spread {float(data['peak_spread']):.1f} K",
)
def pack_temperature(heat_generation: xr.Dataset, pack: Pack) -> xr.Dataset:
    """Conduction through and between the cells, cooling at their base, at the highest rate."""
    rate = float(heat_generation["c_rate"].max())
    one = _heat_at(heat_generation, rate)
    parents = (dataset_digest(heat_generation), pack.digest)
    return simulate_row(pack, one["time"].values, one["heat"].values, parents=parents).assign_attrs(c_rate=rate)
