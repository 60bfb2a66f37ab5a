"""Pictures of orderings and phases: energies, interactions, ions on sites, activation energies, phase diagrams."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from scalith.crystal import VACANCY
from scalith.quantities.constants import FARADAY
from scalith.report import axes
from scalith.report.property_figures import shade

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

_STOICHIOMETRY = "Stoichiometry x"


def orderings_figure(data: xr.Dataset) -> Figure | None:
    """Energies of the mapped orderings, from the line between the lowest of the emptiest and of the fullest."""
    x, energy = data["x"].values, data["energy"].values
    if x.size < 2 or np.ptp(x) == 0:
        return None
    (x0, e0), (x1, e1) = ((end, energy[x == end].min()) for end in (x.min(), x.max()))
    above = 1e3 * (energy - e0 - (e1 - e0) * (x - x0) / (x1 - x0))
    figure = axes.figure(_STOICHIOMETRY, "Energy of formation (meV per primitive cell)")
    marker = {"color": axes.PALETTE[0], "size": 7, "opacity": 0.75}
    names = [str(name) for name in data["origin"].values] if "origin" in data else None
    figure.add_scatter(x=x, y=above, mode="markers", name="orderings", marker=marker, text=names)
    figure.update_layout(hovermode="closest")
    return figure


def cluster_expansion_figure(value: Any) -> Figure | None:
    """Formation energies from the data and from the expansion, with the lower hull of the data."""
    hull = value.hull
    if hull is None:
        return None
    figure = axes.figure(_STOICHIOMETRY, "Energy of formation (meV per primitive cell)")
    x, energy, fitted = (np.asarray(item) for item in (hull.x, hull.formation_energy, hull.predicted_formation_energy))
    lower = list(hull.ground_states)
    line = {"color": axes.FAINT, "width": 1.5}
    figure.add_scatter(x=x[lower], y=1e3 * energy[lower], mode="lines", name="hull of the data", line=line)
    figure.add_scatter(x=x, y=1e3 * energy, mode="markers", name="data", marker={"color": axes.PALETTE[0], "size": 9})
    cross = {"color": axes.PALETTE[1], "size": 7, "symbol": "x"}
    figure.add_scatter(x=x, y=1e3 * fitted, mode="markers", name="cluster expansion", marker=cross)
    return figure


def interactions_figure(value: Any) -> Figure | None:
    """Interactions against the longest distance within their cluster."""
    figure = axes.figure("Longest distance in the cluster (Å)", "Interaction (meV)")
    names = {2: "pairs", 3: "triplets", 4: "quadruplets"}
    for order, colour, symbol in zip(names, axes.cycle(3), ("circle", "square", "diamond"), strict=True):
        chosen = [
            (orbit.diameter, 1e3 * J) for orbit, J in zip(value.orbits, value.interactions, strict=True) if orbit.order == order
        ]
        if chosen:
            x, y = zip(*chosen, strict=True)
            marker = {"color": colour, "size": 9, "symbol": symbol}
            figure.add_scatter(x=x, y=y, mode="markers", name=names[order], marker=marker)
    return figure if figure.data else None


def snapshot_figure(data: xr.Dataset) -> Figure:
    """Ions and vacancies where they sit."""
    figure = axes.figure("", "")
    filled = data["filled"].values == 1
    species = data["species"].values.astype(str) if "species" in data else np.where(filled, "ion", VACANCY)
    names = sorted(set(species.tolist()), key=lambda name: (name == VACANCY, name))
    for name, hue in zip(names, axes.cycle(len(names)), strict=True):
        x, y, z = data["position"].values[species == name].T
        colour, size = (axes.FAINT, 2) if name == VACANCY else (hue, 5)
        figure.add_scatter3d(x=x, y=y, z=z, mode="markers", name=name, marker={"size": size, "color": colour})
    scene = {"aspectmode": "data", **{f"{axis}axis": {"title": {"text": f"{axis} (Å)"}} for axis in "xyz"}}
    figure.update_layout(scene=scene, height=420)
    return figure


def activation_figure(data: xr.Dataset) -> Figure:
    """Activation energy of diffusion over stoichiometry, with its standard error."""
    figure = axes.figure(_STOICHIOMETRY, "Activation energy (eV)")
    energy, error = (data[name].values / FARADAY for name in ("activation_energy", "activation_energy_error"))
    if np.any(error > 0):
        shade(figure, data["x"].values, energy - error, energy + error, axes.PALETTE[0], "± standard error")
    line = {"color": axes.PALETTE[0], "width": 2}
    figure.add_scatter(x=data["x"].values, y=energy, mode="lines+markers", name="activation energy", line=line)
    return figure


def phase_boundaries_figure(data: xr.Dataset) -> Figure | None:
    """Two-phase regions as tie lines in the x–T plane."""
    if data.sizes["region"] == 0:
        return None
    figure = axes.figure(_STOICHIOMETRY, "Temperature (°C)")
    gap = np.full(data.sizes["region"], np.nan)
    x = np.column_stack([data["x_low"], data["x_high"], gap]).ravel()
    T = np.column_stack([data["T"], data["T"], gap]).ravel() - 273.15
    style = {"line": {"color": axes.PALETTE[0], "width": 5}, "marker": {"size": 8, "color": axes.PALETTE[1]}}
    figure.add_scatter(x=x, y=T, mode="lines+markers", name="two phases", **style)
    figure.update_layout(xaxis={"range": [-0.02, 1.02]})
    return figure


def phase_diagram_figure(data: xr.Dataset) -> Figure | None:
    """Boundaries of the two-phase regions with their errors, tie lines, the names of the phases, and where regions close."""
    if data.sizes["region"] == 0:
        return None
    figure = axes.figure(_STOICHIOMETRY, "Temperature (°C)")
    for number, colour in zip(range(data.sizes["branch_number"]), axes.cycle(data.sizes["branch_number"]), strict=True):
        own = data.isel(region=np.flatnonzero(data["branch"].values == number)).sortby("T")
        _add_region(figure, own, str(number), colour)
        if np.isfinite(data["closing_temperature"].values[number]):
            point = data.isel(branch_number=number)
            figure.add_scatter(
                x=[float(point["closing_stoichiometry"])],
                y=[float(point["closing_temperature"]) - 273.15],
                error_x={"type": "data", "array": [float(point["closing_stoichiometry_error"])]},
                error_y={"type": "data", "array": [float(point["closing_temperature_error"])]},
                mode="markers",
                name=str(point["end"].values),
                legendgroup=str(number),
                marker={"color": colour, "size": 10, "symbol": "diamond-open"},
            )
    return figure


def _add_region(figure: Figure, own: xr.Dataset, group: str, colour: str) -> None:
    """Tie lines of one two-phase region, and its two boundaries."""
    celsius = own["T"].values - 273.15
    gap = np.full(own.sizes["region"], np.nan)
    ties = np.column_stack([own["x_low"], own["x_high"], gap]).ravel()
    levels = np.column_stack([celsius, celsius, gap]).ravel()
    hover = {"hoverinfo": "skip", "showlegend": False}
    figure.add_scatter(x=ties, y=levels, mode="lines", line={"color": axes.FAINT, "width": 1}, opacity=0.5, **hover)
    low, high = (str(own[side].values[0]) for side in ("phase_low", "phase_high"))
    for side in ("low", "high"):
        figure.add_scatter(
            x=own[f"x_{side}"].values,
            y=celsius,
            error_x={"type": "data", "array": own[f"x_{side}_error"].values, "thickness": 1},
            mode="lines+markers",
            name=f"{low} | {high}",
            legendgroup=group,
            showlegend=side == "low",
            line={"color": colour, "width": 2},
            text=own[f"phase_{side}"].values,
        )
