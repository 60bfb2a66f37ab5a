"""Pictures of runs of the cell and of the row of cells, with bands of an ensemble."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from scalith.ladder.stacking import one_rate
from scalith.report import axes
from scalith.report.property_figures import shade

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

_TO_MINUTES = 1.0 / 60.0


def discharges_figure(data: xr.Dataset) -> Figure:
    """Voltage against discharged capacity, a line a rate."""
    return _by_rate(data, "capacity", "voltage", "Discharged capacity (A h)", "Voltage (V)", x_scale=1 / 3600.0)


def heat_figure(data: xr.Dataset) -> Figure:
    """Heat by source at the highest rate, over time."""
    rate = float(data["c_rate"].max())
    one = one_rate(data, rate)
    figure = axes.figure("Time (min)", f"Heat at {said_rate(rate)} (W)")
    names = [str(name) for name in one.data_vars if str(name).startswith("heat_")]
    for index, (name, colour) in enumerate(zip([*names, "heat"], [*axes.cycle(len(names)), axes.INK], strict=True)):
        label = "total" if name == "heat" else name.removeprefix("heat_").replace("_", " ")
        line = {"color": colour, "width": 2, "dash": "solid" if name == "heat" else axes.dash(index + 1)}
        figure.add_scatter(x=one["time"].values * _TO_MINUTES, y=one[name].values, mode="lines", name=label, line=line)
    return figure


def cell_temperature_figure(data: xr.Dataset) -> Figure:
    """Lumped cell temperature over time, a line a rate."""
    return _by_rate(data, "time", "temperature", "Time (min)", "Cell temperature (°C)", x_scale=_TO_MINUTES, y_offset=-273.15)


def pack_temperature_figure(data: xr.Dataset) -> Figure:
    """Temperature of each cell in the row over time."""
    figure = axes.figure("Time (min)", "Cell temperature (°C)")
    for index, colour in enumerate(axes.gradient(data.sizes["cell"])):
        celsius = data["temperature"].isel(cell=index).values - 273.15
        line = {"color": colour, "width": 1.6}
        minutes = data["time"].values * _TO_MINUTES
        figure.add_scatter(x=minutes, y=celsius, mode="lines", name=f"cell {index + 1}", line=line)
    return figure


BANDS = {
    "discharges": ("capacity", "voltage", 1 / 3600.0, 0.0),
    "cell_temperature": ("time", "temperature", _TO_MINUTES, -273.15),
    "pack_temperature": ("time", "temperature", _TO_MINUTES, -273.15),
}
"""Which curves have bands: what they are drawn over, what is drawn, scale of the former and shift of the latter."""


def add_bands(figure: Figure, nominal: xr.Dataset, members: xr.Dataset, name: str) -> None:
    """Shade 5 to 95 % of the members about each curve; of a row of cells, about the hottest."""
    x, y, x_scale, y_shift = BANDS[name]
    if f"{y}_low" not in members:
        return
    if "c_rate" in nominal.dims:
        pieces = [(nominal.isel(c_rate=k), members.isel(c_rate=k)) for k in range(nominal.sizes["c_rate"])]
        colours = axes.cycle(len(pieces))
    else:
        hottest = int(np.argmax(nominal[y].max("time").values))
        pieces = [(nominal.isel(cell=hottest), members.isel(cell=hottest))]
        colours = [axes.gradient(nominal.sizes["cell"])[hottest]]
    for index, ((one, band), colour) in enumerate(zip(pieces, colours, strict=True)):
        low, high = band[f"{y}_low"].values + y_shift, band[f"{y}_high"].values + y_shift
        known = np.isfinite(low) & np.isfinite(high)
        over = one[x].values[known] * x_scale
        shade(figure, over, low[known], high[known], colour, "5 to 95 % of the members", listed=index == 0)


def said_rate(rate: float) -> str:
    """A C-rate as people say it: ``"C/5"``, ``"2C"``."""
    return f"C/{1 / rate:.3g}" if rate < 1 else f"{rate:.3g}C"


def _by_rate(
    data: xr.Dataset, x: str, y: str, x_title: str, y_title: str, *, x_scale: float = 1.0, y_offset: float = 0.0
) -> Figure:
    figure = axes.figure(x_title, y_title)
    for index, (rate, colour) in enumerate(zip(data["c_rate"].values, axes.cycle(data.sizes["c_rate"]), strict=True)):
        one = one_rate(data, rate)
        line = {"color": colour, "width": 2, "dash": axes.dash(index)}
        figure.add_scatter(x=one[x].values * x_scale, y=one[y].values + y_offset, mode="lines", name=said_rate(rate), line=line)
    return figure
