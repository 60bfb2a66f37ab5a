"""Pictures of solid-state cells and of single particles: critical current, cracks, what each part changes, hysteresis."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from scalith.quantities import InputError
from scalith.report import axes
from scalith.report.cell_figures import said_rate

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

    from scalith.particle import PhaseField


def critical_current_figure(data: xr.Dataset) -> Figure:
    """Critical current density against stack pressure, a line a size of flaw, and that of stripping; the cell's rates."""
    figure = axes.figure("Stack pressure (MPa)", "Current density (mA/cm²)", logarithmic=True)
    figure.update_xaxes(type="log")
    pressure = data["pressure"].values / 1e6
    coldest = data["critical_current_density"].isel(temperature=0)
    for index, colour in enumerate(axes.gradient(data.sizes["flaw"])):
        name = f"flaws of {1e6 * float(data['flaw'][index]):.3g} µm"
        line = {"color": colour, "width": 2, "dash": axes.dash(index)}
        figure.add_scatter(x=pressure, y=coldest.isel(flaw=index).values / 10.0, mode="lines", name=name, line=line)
    if "critical_stripping_current_density" in data:
        bearable = data["critical_stripping_current_density"].isel(temperature=0).values / 10.0
        line = {"color": axes.INK, "width": 2, "dash": "dot"}
        figure.add_scatter(x=pressure, y=bearable, mode="lines", name="stripping: voids", line=line)
    at = np.full(data.sizes["c_rate"], float(data.attrs["stack_pressure"]) / 1e6)
    figure.add_scatter(
        x=at,
        y=data["operating_current_density"].values / 10.0,
        mode="markers+text",
        text=[said_rate(float(rate)) for rate in data["c_rate"].values],
        textposition="middle right",
        name="the cell",
        marker={"color": axes.INK, "size": 8},
    )
    figure.update_layout(hovermode="closest")
    return figure


def loss_by_cracks_figure(data: xr.Dataset) -> Figure:
    """What cracks leave, over the loads and then the cycles."""
    figure = axes.figure("Load, then cycles", "Left (%)")
    steps = [
        f"{100.0 * float(load):.3g} % of the strain" if cycle == 0.0 else f"{float(cycle):.4g} cycles"
        for load, cycle in zip(data["load"].values, data["cycle"].values, strict=True)
    ]
    for index, (name, colour) in enumerate(zip(data.data_vars, axes.cycle(len(data.data_vars)), strict=True)):
        words = str(data[name].attrs["long_name"]).removesuffix(" over that without cracks")
        line = {"color": colour, "width": 2, "dash": axes.dash(index)}
        figure.add_scatter(x=steps, y=100.0 * data[name].values, mode="lines+markers", name=words, line=line)
    return figure


def part_by_part_figure(data: xr.Dataset) -> Figure:
    """Discharge of the cell, and of cells that lack one of its parts."""
    figure = axes.figure("Discharged capacity (mA h)", f"Voltage at {said_rate(float(data.attrs['c_rate']))} (V)")
    for index, (part, colour) in enumerate(zip(data["part"].values, axes.cycle(data.sizes["part"]), strict=True)):
        one = data.sel(part=part)
        line = {"color": axes.INK if index == 0 else colour, "width": 2, "dash": axes.dash(index)}
        figure.add_scatter(x=one["capacity"].values / 3.6, y=one["voltage"].values, mode="lines", name=str(part), line=line)
    return figure


def hysteresis_figure(data: xr.Dataset) -> Figure:
    """Voltage of a particle on lithiation and delithiation, a colour a rate."""
    figure = axes.figure("Mean stoichiometry", "Voltage (V)")
    for rate, colour in zip(data["c_rate"].values, axes.gradient(data.sizes["c_rate"]), strict=True):
        for index, branch in enumerate(data["branch"].values):
            volts = data["voltage"].sel(c_rate=rate, branch=branch).values
            line = {"color": colour, "width": 2, "dash": axes.dash(index)}
            name = f"{branch}, {said_rate(float(rate))}"
            figure.add_scatter(x=data["x"].values, y=volts, mode="lines", name=name, line=line)
    return figure


def homogeneous_figure(material: PhaseField) -> Figure | None:
    """Voltage of the homogeneous material at 25 °C, with the two phases on their plateau and the limits of stability."""
    from scalith.particle import phase_separation

    try:
        voltage, found = material.homogeneous_voltage(), phase_separation(material)
    except InputError:  # one phase at this temperature
        return None
    figure = axes.figure("Stoichiometry", "Voltage (V)")
    low, high = voltage.domain["x"]
    x = np.linspace(max(low, 0.005), min(high, 0.995), 301)
    line = {"color": axes.PALETTE[0], "width": 2}
    figure.add_scatter(x=x, y=voltage(x=x), mode="lines", name="homogeneous material", line=line)
    for name, words, symbol, colour in (
        ("binodal", "the two phases", "circle", axes.PALETTE[1]),
        ("spinodal", "limits of stability", "diamond-open", axes.PALETTE[2]),
    ):
        places = found[name].values
        style = {"mode": "lines+markers", "line": {"color": colour, "dash": "dash" if name == "binodal" else "dot", "width": 1}}
        figure.add_scatter(
            x=places, y=voltage(x=places), name=words, marker={"size": 9, "symbol": symbol, "color": colour}, **style
        )
    return figure
