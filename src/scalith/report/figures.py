"""Pictures of the quantities: one function a kind of value, plotly figures of few points."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from scalith.ladder.stacking import one_rate
from scalith.quantities import Property
from scalith.quantities.constants import FARADAY
from scalith.report import axes
from scalith.report.electrode_figures import (
    block_figure,
    composition_figure,
    composition_map_figure,
    currents_figure,
    loss_figure,
    slices_figure,
    subvolumes_figure,
)
from scalith.report.safety_figures import (
    barrier_map_figure,
    calorimetry_figure,
    oven_figure,
    propagation_figure,
    temperature_field_figure,
)

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

_LOGARITHMIC = {"chemical_diffusivity", "jump_diffusivity", "tracer_diffusivity"}


def figures_of(name: str, value: Any, members: xr.Dataset | None = None) -> list[Figure]:
    """The pictures of a quantity, with bands where there are `members` of an ensemble; none for what has none."""
    if name in _SPECIAL:
        drawn = [draw(value) for draw in _SPECIAL[name]]
    elif isinstance(value, Property) and any(grid.size > 1 for grid in value.coordinates.values()):
        drawn = [property_figure(value)]
        if value.name in _LOGARITHMIC and value.coordinates.get("T", np.zeros(1)).size > 1:
            drawn.append(arrhenius_figure(value))
    else:
        drawn = []
    if drawn and drawn[0] is not None and members is not None and name in _BANDS:
        _add_bands(drawn[0], value, members, *_BANDS[name])
    return [figure for figure in drawn if figure is not None]


def property_figure(value: Property) -> Figure:
    """A property over its first coordinate, a line for each temperature, with its standard error as a band."""
    main = next(dim for dim, grid in value.coordinates.items() if grid.size > 1)
    other = next((dim for dim, grid in value.coordinates.items() if dim != main and grid.size > 1), None)
    grid = value.coordinates[main]
    title = value.name.replace("_", " ")
    figure = axes.figure(f"{_symbol(main)}", f"{title} / {value.unit}", logarithmic=value.name in _LOGARITHMIC)
    levels = _few(value.coordinates[other]) if other else np.array([np.nan])
    for index, level in enumerate(levels):
        state: dict[str, Any] = {main: grid} | ({other: level} if other else {})
        y = np.asarray(value(**state))
        label = f"{other} = {level:.4g}" if other else title
        colour = axes.PALETTE[index % len(axes.PALETTE)]
        if value.standard_error is not None and len(levels) == 1:
            _band(figure, grid, y, np.asarray(value.error(**state)), colour)
        figure.add_scatter(x=grid, y=y, mode="lines", name=label, line={"color": colour, "width": 2})
    return figure


def arrhenius_figure(value: Property) -> Figure:
    """Logarithm of a diffusivity against inverse temperature, a line a stoichiometry."""
    figure = axes.figure("1000 K / T", f"{value.name.replace('_', ' ')} / {value.unit}", logarithmic=True)
    T = value.coordinates["T"]
    for x, colour in zip(_few(value.coordinates["x"][1:-1]), axes.cycle(5), strict=False):
        values = np.asarray(value(x=x, T=T))
        line = {"color": colour, "width": 1.6}
        figure.add_scatter(x=1e3 / T, y=values, mode="lines+markers", name=f"x = {x:.3g}", line=line)
    return figure


def agreement_figure(data: xr.Dataset) -> Figure:
    """Predicted and measured over stoichiometry."""
    measured = data["measured"]
    positive = bool((measured > 0).all()) and float(np.ptp(np.log10(measured.values))) > 1.0
    title = measured.attrs["long_name"].removeprefix("measured ").replace("_", " ")
    figure = axes.figure(_symbol("x"), f"{title} / {measured.attrs['units']}", positive)
    x = data["x"].values
    _band(figure, x, data["predicted"].values, data["predicted_error"].values, axes.PALETTE[0])
    for name, colour, dash in (("predicted", axes.PALETTE[0], "solid"), ("measured", axes.PALETTE[1], "dash")):
        line = {"color": colour, "width": 2, "dash": dash}
        figure.add_scatter(x=x, y=data[name].values, mode="lines", name=name, line=line)
    return figure


def cluster_expansion_figure(value: Any) -> Figure | None:
    """Formation energies from the data and from the expansion, with the lower hull of the data."""
    hull = value.hull
    if hull is None:
        return None
    figure = axes.figure(_symbol("x"), "formation energy / meV per primitive cell")
    x, energy, fitted = (np.asarray(item) for item in (hull.x, hull.formation_energy, hull.predicted_formation_energy))
    lower = list(hull.ground_states)
    line = {"color": "#8a94a0", "width": 1.5}
    figure.add_scatter(x=x[lower], y=1e3 * energy[lower], mode="lines", name="hull of the data", line=line)
    figure.add_scatter(x=x, y=1e3 * energy, mode="markers", name="data", marker={"color": axes.PALETTE[0], "size": 9})
    cross = {"color": axes.PALETTE[1], "size": 7, "symbol": "x"}
    figure.add_scatter(x=x, y=1e3 * fitted, mode="markers", name="cluster expansion", marker=cross)
    return figure


def interactions_figure(value: Any) -> Figure:
    """Interactions against the longest distance within their cluster."""
    figure = axes.figure("longest distance in the cluster / Å", "interaction / meV")
    names = {2: "pairs", 3: "triplets", 4: "quadruplets"}
    for order, colour in zip(names, axes.cycle(3), strict=True):
        chosen = [
            (orbit.diameter, 1e3 * J) for orbit, J in zip(value.orbits, value.interactions, strict=True) if orbit.order == order
        ]
        if chosen:
            x, y = zip(*chosen, strict=True)
            figure.add_scatter(x=x, y=y, mode="markers", name=names[order], marker={"color": colour, "size": 9})
    return figure


def snapshot_figure(data: xr.Dataset) -> Figure:
    """Ions and vacancies where they sit."""
    figure = axes.figure("", "")
    for filled, name, colour, size in ((1, "ion", axes.PALETTE[0], 5), (0, "vacancy", "#c5ccd3", 2)):
        x, y, z = data["position"].values[data["filled"].values == filled].T
        figure.add_scatter3d(x=x, y=y, z=z, mode="markers", name=name, marker={"size": size, "color": colour})
    figure.update_layout(scene={"aspectmode": "data", **{f"{axis}axis": {"title": {"text": f"{axis} / Å"}} for axis in "xyz"}})
    return figure


def activation_figure(data: xr.Dataset) -> Figure:
    """Activation energy of diffusion over stoichiometry, with its standard error."""
    figure = axes.figure(_symbol("x"), "activation energy / eV")
    energy, error = (data[name].values / FARADAY for name in ("activation_energy", "activation_energy_error"))
    _band(figure, data["x"].values, energy, error, axes.PALETTE[0])
    line = {"color": axes.PALETTE[0], "width": 2}
    figure.add_scatter(x=data["x"].values, y=energy, mode="lines+markers", name="activation energy", line=line)
    return figure


def phase_boundaries_figure(data: xr.Dataset) -> Figure | None:
    """Two-phase regions as tie lines in the x–T plane."""
    if data.sizes["region"] == 0:
        return None
    figure = axes.figure(_symbol("x"), "T / K")
    gap = np.full(data.sizes["region"], np.nan)
    x = np.column_stack([data["x_low"], data["x_high"], gap]).ravel()
    T = np.column_stack([data["T"], data["T"], gap]).ravel()
    style = {"line": {"color": axes.PALETTE[0], "width": 5}, "marker": {"size": 8, "color": axes.PALETTE[1]}}
    figure.add_scatter(x=x, y=T, mode="lines+markers", name="two phases", **style)
    return figure


def phase_diagram_figure(data: xr.Dataset) -> Figure | None:
    """Boundaries of the two-phase regions with their errors, tie lines, the names of the phases, and where regions close."""
    if data.sizes["region"] == 0:
        return None
    figure = axes.figure(_symbol("x"), "T / K")
    for number, colour in zip(range(data.sizes["branch_number"]), axes.cycle(data.sizes["branch_number"]), strict=True):
        own = data.isel(region=np.flatnonzero(data["branch"].values == number)).sortby("T")
        gap = np.full(own.sizes["region"], np.nan)
        ties = np.column_stack([own["x_low"], own["x_high"], gap]).ravel()
        levels = np.column_stack([own["T"], own["T"], gap]).ravel()
        hover = {"hoverinfo": "skip", "showlegend": False}
        figure.add_scatter(x=ties, y=levels, mode="lines", line={"color": "#c5ccd3", "width": 1}, **hover)
        low, high = (str(own[side].values[0]) for side in ("phase_low", "phase_high"))
        for side in ("low", "high"):
            error = {"type": "data", "array": own[f"x_{side}_error"].values, "thickness": 1}
            figure.add_scatter(
                x=own[f"x_{side}"].values,
                y=own["T"].values,
                error_x=error,
                mode="lines+markers",
                name=f"{low} | {high}",
                legendgroup=str(number),
                showlegend=side == "low",
                line={"color": colour, "width": 2},
                text=own[f"phase_{side}"].values,
            )
        if np.isfinite(data["closing_temperature"].values[number]):
            point = data.isel(branch_number=number)
            figure.add_scatter(
                x=[float(point["closing_stoichiometry"])],
                y=[float(point["closing_temperature"])],
                error_x={"type": "data", "array": [float(point["closing_stoichiometry_error"])]},
                error_y={"type": "data", "array": [float(point["closing_temperature_error"])]},
                mode="markers",
                name=str(point["end"].values),
                legendgroup=str(number),
                marker={"color": colour, "size": 10, "symbol": "diamond-open"},
            )
    return figure


def discharges_figure(data: xr.Dataset) -> Figure:
    """Voltage against discharged capacity, a line a rate."""
    return _by_rate(data, "capacity", "voltage", "discharged capacity / A h", "voltage / V", x_scale=1 / 3600.0)


def heat_figure(data: xr.Dataset) -> Figure:
    """Heat by source at the highest rate, over time."""
    rate = float(data["c_rate"].max())
    one = one_rate(data, rate)
    figure = axes.figure("time / s", f"heat at {_rate(rate)} / W")
    names = [str(name) for name in one.data_vars if str(name).startswith("heat_")]
    for name, colour in zip([*names, "heat"], [*axes.PALETTE[: len(names)], "#1c232b"], strict=True):
        label = "total" if name == "heat" else name.removeprefix("heat_").replace("_", " ")
        line = {"color": colour, "width": 2, "dash": "dash" if name == "heat" else "solid"}
        figure.add_scatter(x=one["time"].values, y=one[name].values, mode="lines", name=label, line=line)
    return figure


def cell_temperature_figure(data: xr.Dataset) -> Figure:
    """Lumped cell temperature over time, a line a rate."""
    return _by_rate(data, "time", "temperature", "time / s", "cell temperature / °C", y_offset=-273.15)


def _by_rate(
    data: xr.Dataset, x: str, y: str, x_title: str, y_title: str, *, x_scale: float = 1.0, y_offset: float = 0.0
) -> Figure:
    figure = axes.figure(x_title, y_title)
    for rate, colour in zip(data["c_rate"].values, axes.cycle(data.sizes["c_rate"]), strict=True):
        one = one_rate(data, rate)
        line = {"color": colour, "width": 2}
        figure.add_scatter(x=one[x].values * x_scale, y=one[y].values + y_offset, mode="lines", name=_rate(rate), line=line)
    return figure


def pack_temperature_figure(data: xr.Dataset) -> Figure:
    """Temperature of each cell in the row over time."""
    figure = axes.figure("time / s", "cell temperature / °C")
    for index, colour in enumerate(axes.gradient(data.sizes["cell"])):
        celsius = data["temperature"].isel(cell=index).values - 273.15
        line = {"color": colour, "width": 1.6}
        figure.add_scatter(x=data["time"].values, y=celsius, mode="lines", name=f"cell {index + 1}", line=line)
    return figure


_BANDS = {
    "discharges": ("capacity", "voltage", 1 / 3600.0, 0.0),
    "cell_temperature": ("time", "temperature", 1.0, -273.15),
    "pack_temperature": ("time", "temperature", 1.0, -273.15),
}
"""Which curves have bands: what they are drawn over, what is drawn, scale of the former and shift of the latter."""


def _add_bands(figure: Figure, nominal: xr.Dataset, members: xr.Dataset, x: str, y: str, x_scale: float, y_shift: float) -> None:
    """Shade 5 to 95 % of the members about each curve; of a row of cells, about the hottest."""
    if f"{y}_low" not in members:
        return
    if "c_rate" in nominal.dims:
        pieces = [(nominal.isel(c_rate=k), members.isel(c_rate=k)) for k in range(nominal.sizes["c_rate"])]
    else:
        hottest = int(np.argmax(nominal[y].max("time").values))
        pieces = [(nominal.isel(cell=hottest), members.isel(cell=hottest))]
    for (one, band), colour in zip(pieces, axes.cycle(len(pieces)), strict=True):
        low, high = band[f"{y}_low"].values + y_shift, band[f"{y}_high"].values + y_shift
        known = np.isfinite(low) & np.isfinite(high)
        over = one[x].values[known] * x_scale
        _shade(figure, over, low[known], high[known], colour, "5 to 95 % of the members")


_SPECIAL: dict[str, tuple[Callable[[Any], Figure | None], ...]] = {
    "cluster_expansion": (cluster_expansion_figure, interactions_figure),
    "lattice_snapshot": (snapshot_figure,),
    "diffusion_activation": (activation_figure,),
    "phase_boundaries": (phase_boundaries_figure,),
    "phase_diagram": (phase_diagram_figure,),
    "voltage_agreement": (agreement_figure,),
    "diffusivity_agreement": (agreement_figure,),
    "voxel_image": (slices_figure, block_figure),
    "subvolume_properties": (subvolumes_figure,),
    "electrode_currents": (currents_figure, loss_figure),
    "composition_map": (composition_figure, composition_map_figure),
    "discharges": (discharges_figure,),
    "heat_generation": (heat_figure,),
    "cell_temperature": (cell_temperature_figure,),
    "pack_temperature": (pack_temperature_figure,),
    "calorimetry_curves": (calorimetry_figure,),
    "oven_exposure": (oven_figure,),
    "module_propagation": (propagation_figure,),
    "module_temperature_field": (temperature_field_figure,),
    "barrier_map": (barrier_map_figure,),
}


def _band(figure: Figure, x: Any, y: Any, error: Any, colour: str) -> None:
    if not np.any(error > 0):
        return
    _shade(figure, x, y - error, y + error, colour, "± standard error")


def _shade(figure: Figure, x: Any, low: Any, high: Any, colour: str, name: str) -> None:
    red, green, blue = (int(colour[k : k + 2], 16) for k in (1, 3, 5))
    figure.add_scatter(
        x=np.concatenate([x, x[::-1]]),
        y=np.concatenate([high, low[::-1]]),
        fill="toself",
        fillcolor=f"rgba({red},{green},{blue},0.18)",
        line={"width": 0},
        hoverinfo="skip",
        name=name,
    )


def _few(grid: Any) -> Any:
    return grid if grid.size <= 5 else grid[np.unique(np.linspace(0, grid.size - 1, 5).astype(int))]


def _symbol(dim: str) -> str:
    return {"x": "x, filled fraction of sites", "T": "T / K", "c": "c / mol m⁻³"}.get(dim, dim)


def _rate(rate: float) -> str:
    return f"C/{1 / rate:.3g}" if rate < 1 else f"{rate:.3g}C"
