"""Pictures of the safety chain: calorimetry, oven, propagation, map of verdicts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from scalith.report.axes import INK, PALETTE, cycle, figure

if TYPE_CHECKING:
    from plotly.graph_objects import Figure


def calorimetry_figure(data: xr.Dataset) -> Figure:
    """Heat flow against temperature, a line a curve."""
    drawn = figure("Temperature (°C)", "Heat flow (W/g)")
    for index, colour in enumerate(cycle(data.sizes["curve"])):
        one = data.isel(curve=index)
        drawn.add_scatter(
            x=one["temperature"].values - 273.15,
            y=one["heat_flow"].values / 1e3,
            mode="lines",
            name=f"{60 * float(one['heating_rate']):.3g} K/min",
            line={"color": colour, "width": 1.5},
        )
    return drawn


def oven_figure(data: xr.Dataset) -> Figure:
    """Temperature of the cell, and the heat of each reaction on a second axis."""
    drawn = figure("Time (h)", "Cell temperature (°C)")
    hours = data["time"].values / 3600.0
    drawn.add_scatter(
        x=hours, y=data["temperature"].values - 273.15, mode="lines", name="temperature", line={"color": INK, "width": 2}
    )
    for name, colour in zip(data["reaction"].values, cycle(data.sizes["reaction"]), strict=True):
        heat = data["heat_by_reaction"].sel(reaction=name).values
        line = {"color": colour, "width": 1.2, "dash": "dot"}
        drawn.add_scatter(x=hours, y=heat, mode="lines", name=str(name), line=line, yaxis="y2")
    axis = {"title": {"text": "Heat by reaction (W)"}, "overlaying": "y", "side": "right", "showgrid": False}
    drawn.update_layout(yaxis2=axis, margin={"r": 70})
    return drawn


def barrier_map_figure(data: xr.Dataset) -> Figure:
    """Cells that run away over conductivity and thickness of the barrier."""
    drawn = figure("Barrier thickness (mm)", "Barrier conductivity (W/(m K))")
    cells = data["cells_run_away"].transpose("conductivity", "thickness").values
    drawn.add_heatmap(
        x=[f"{1e3 * value:.3g}" for value in data["thickness"].values],
        y=[f"{value:.3g}" for value in data["conductivity"].values],
        z=cells,
        text=np.char.mod("%d", cells.astype(int)),
        texttemplate="%{text}",
        colorscale=[[0.0, "#e8eef4"], [1.0, PALETTE[1]]],
        colorbar={"title": {"text": "cells"}},
        zmin=0,
    )
    drawn.update_layout(hovermode="closest", xaxis_type="category", yaxis_type="category")
    return drawn


def inputs_figure(data: xr.Dataset) -> Figure | None:
    """What the verdict hangs on: first-order index of each input, with its error."""
    shares = data["first_order"].values
    if not np.isfinite(shares).any():
        return None
    drawn = figure("First-order index", "")
    order = np.argsort(shares)
    drawn.add_bar(
        x=shares[order],
        y=[str(name).removeprefix("module.").replace("_", " ") for name in data["input"].values[order]],
        error_x={"type": "data", "array": data["first_order_error"].values[order], "color": INK},
        orientation="h",
        marker={"color": PALETTE[0]},
        name="share of the variance",
    )
    drawn.update_layout(hovermode="closest", yaxis_type="category", margin={"l": 190}, showlegend=False)
    return drawn


def safe_thickness_figure(data: xr.Dataset) -> Figure | None:
    """Thickness of the barrier that stops runaway over its conductivity: in half of the members, and the band of 5 to 95 %."""
    if "safe_thickness" not in data:
        return None
    drawn = figure("Barrier conductivity (W/(m K))", "Thickness that stops runaway (mm)")
    low, middle, high = 1e3 * data["safe_thickness"].transpose("share", "conductivity").values
    k = data["conductivity"].values
    for values, name, fill in ((low, "5 % of the members", None), (high, "95 %", "tonexty"), (middle, "half", None)):
        line = {"color": PALETTE[0], "width": 2 if name == "half" else 0.5}
        drawn.add_scatter(x=k, y=values, mode="lines+markers" if name == "half" else "lines", name=name, fill=fill, line=line)
    drawn.update_layout(xaxis_type="log", yaxis_type="log")
    return drawn


def temperature_field_figure(data: xr.Dataset) -> Figure:
    """Temperatures of the plane of length and height that becomes hottest, with a slider over time."""
    from plotly.graph_objects import Heatmap

    # In two rows the middle of the width is the gap between them.
    hottest = data["temperature"].max(("time", "x", "z")).values
    plane = data["temperature"].isel(y=int(np.argmax(hottest))).transpose("time", "z", "x").values - 273.15
    minutes = data["time"].values / 60.0
    drawn = figure("Along the row (mm)", "Height (mm)")
    last = len(minutes) - 1
    for index, field in enumerate(plane):
        drawn.add_trace(
            Heatmap(
                x=np.round(1e3 * data["x"].values, 3),
                y=np.round(1e3 * data["z"].values, 3),
                z=np.round(field, 1),
                zmin=float(np.floor(plane.min())),
                zmax=float(np.ceil(plane.max())),
                colorscale="Inferno",
                colorbar={"title": {"text": "°C"}},
                visible=index == last // 2,
            )
        )
    steps = [
        {"label": f"{minute:.3g}", "method": "restyle", "args": ["visible", [index == other for other in range(last + 1)]]}
        for index, minute in enumerate(minutes)
    ]
    slider = {"active": last // 2, "currentvalue": {"prefix": "time (min): "}, "steps": steps, "pad": {"t": 40}}
    drawn.update_layout(sliders=[slider], hovermode="closest", height=430)
    return drawn
