"""Pictures of a cell's life: capacity, what is lost, resistance, lithium by mechanism."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from scalith.report import axes

if TYPE_CHECKING:
    from plotly.graph_objects import Figure


def fade_figure(data: xr.Dataset) -> Figure:
    """Capacity of the cycles with its knee, and of the check-ups."""
    figure = axes.figure("Cycle", "Capacity (A h)")
    colours = axes.cycle(3)
    capacity = data["discharge_capacity"].values / 3600.0
    figure.add_scatter(x=data["cycle"].values, y=capacity, mode="lines", name="cycle", line={"color": colours[0], "width": 2})
    knee = float(data["knee_cycle"])
    if np.isfinite(knee):
        mark = {"color": colours[0], "size": 12, "symbol": "x-thin-open"}
        level = [float(data["knee_capacity"]) / 3600.0]
        figure.add_scatter(x=[knee], y=level, mode="markers", name=f"knee, cycle {knee:.0f}", marker=mark)
    if "check_up" in data.coords:
        for name, colour, words in (("check_up_capacity_slow", colours[1], "C/20"), ("check_up_capacity", colours[2], "1C")):
            marks = {"color": colour, "size": 7}
            figure.add_scatter(
                x=data["check_up"].values, y=data[name].values / 3600.0, mode="markers", name=f"check-up, {words}", marker=marks
            )
    return figure


def losses_figure(data: xr.Dataset) -> Figure:
    """Lithium inventory and active material lost."""
    return _over_cycles(data, ("lithium_inventory_lost", "active_material_lost"), "Lost (%)", 100.0)


def mechanisms_figure(data: xr.Dataset) -> Figure:
    """Lithium by what holds it."""
    return _over_cycles(data, ("lithium_in_film", "lithium_plated", "lithium_dead", "lithium_in_lost"), "Lithium (mmol)", 1e3)


def resistance_figure(data: xr.Dataset) -> Figure | None:
    """Resistance of the check-ups."""
    if "check_up" not in data.coords:
        return None
    figure = axes.figure("Cycle", "Resistance after 10 s (mΩ)")
    resistance = 1e3 * data["check_up_resistance"].values
    line = {"color": axes.cycle(1)[0], "width": 2}
    figure.add_scatter(x=data["check_up"].values, y=resistance, mode="lines+markers", name="check-up", line=line)
    return figure


def modes_figure(data: xr.Dataset) -> Figure | None:
    """Losses as the check-ups read them, with two standard errors, and lines of what the model knows."""
    names = ("lithium_inventory_lost", "active_material_lost_negative", "active_material_lost_positive")
    if names[0] not in data:
        return None
    figure = axes.figure("Cycle", "Lost (%)")
    for index, (name, colour) in enumerate(zip(names, axes.cycle(len(names)), strict=True)):
        words = name.replace("_lost", "").replace("_", " ")
        error = {"type": "data", "array": 200.0 * data[f"{name}_error"].values}
        figure.add_scatter(
            x=data["check_up"].values, y=100.0 * data[name].values, error_y=error, mode="markers",
            name=f"{words}, as read", marker={"color": colour, "size": 7},
        )  # fmt: skip
        line = {"color": colour, "width": 1.5, "dash": axes.dash(index)}
        planted = 100.0 * data[f"{name}_planted"].values
        figure.add_scatter(x=data["check_up"].values, y=planted, mode="lines", name=f"{words}, in the model", line=line)
    return figure


def _over_cycles(data: xr.Dataset, beginnings: tuple[str, ...], title: str, scale: float) -> Figure:
    names = [str(name) for name in data.data_vars if str(name).startswith(beginnings) and data[name].dims == ("cycle",)]
    figure = axes.figure("Cycle", title)
    for index, (name, colour) in enumerate(zip(names, axes.cycle(len(names)), strict=True)):
        words = str(data[name].attrs["long_name"]).removeprefix("lithium ")
        line = {"color": colour, "width": 2, "dash": axes.dash(index)}
        figure.add_scatter(x=data["cycle"].values, y=scale * data[name].values, mode="lines", name=words, line=line)
    return figure
