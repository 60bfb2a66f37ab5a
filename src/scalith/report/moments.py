"""Pictures that move: what they show at each moment, a slider over the moments and a button that plays them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from scalith.report import axes
from scalith.report.cell_figures import said_rate

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

MOST = 31
"""Moments of a picture at most: a page stays small."""

_MILLISECONDS = 150
"""That a moment is shown while the picture plays."""


def chosen_moments(count: int) -> list[int]:
    """At most `MOST` of `count` moments, the first and the last among them."""
    return [int(k) for k in np.unique(np.linspace(0, count - 1, min(count, MOST)).astype(int))]


def add_moments(
    figure: Figure, labels: Sequence[str], shown: Sequence[Sequence[Mapping[str, Any]]], prefix: str, begin: int = 0
) -> None:
    """Let a picture move.

    Parameters
    ----------
    figure : plotly.graph_objects.Figure
        With the traces of the moment `begin`.
    labels : sequence of str
        Of the moments.
    shown : sequence of sequence of dict
        For each moment, what changes of each trace, from the first trace on.
    prefix : str
        Before the label of the moment: ``"time (min): "``.
    begin : int
        The moment that is shown first.
    """
    kinds = [trace.type for trace in figure.data]
    figure.frames = [
        {
            "name": str(k),
            "data": [{"type": kind} | dict(part) for kind, part in zip(kinds, parts, strict=False)],
            "traces": list(range(len(parts))),
        }
        for k, parts in enumerate(shown)
    ]
    still = {"mode": "immediate", "frame": {"duration": 0, "redraw": True}, "transition": {"duration": 0}}
    moving = {"fromcurrent": True, "frame": {"duration": _MILLISECONDS, "redraw": True}, "transition": {"duration": 0}}
    buttons = [
        {"label": "Play", "method": "animate", "args": [None, moving]},
        {"label": "Pause", "method": "animate", "args": [[None], still]},
    ]
    steps = [{"label": label, "method": "animate", "args": [[str(k)], still]} for k, label in enumerate(labels)]
    slider = {"active": begin, "currentvalue": {"prefix": prefix}, "steps": steps, "pad": {"t": 60}, "x": 0.0, "len": 1.0}
    menu = {"type": "buttons", "direction": "right", "showactive": False, "buttons": buttons, "pad": {"t": 46}}
    figure.update_layout(
        sliders=[slider],
        updatemenus=[menu | {"x": 1.0, "xanchor": "right", "y": 0.0, "yanchor": "top"}],
        height=figure.layout.height + 100,
        margin_b=figure.layout.margin.b + 100,
    )


def lines_over_time(
    figure: Figure,
    times: np.ndarray,
    lines: Mapping[str, tuple[np.ndarray, np.ndarray]],
    colours: Sequence[str] = axes.PALETTE,
) -> Figure:
    """Lines that move over time: for each name its x, shape (n,), and its y, shape (times, n); one range for all."""
    moments = chosen_moments(times.size)
    for index, (name, (x, y)) in enumerate(lines.items()):
        line = {"color": colours[index % len(colours)], "width": 2, "dash": axes.dash(index)}
        figure.add_scatter(x=x, y=y[moments[0]], mode="lines", name=name, line=line)
    ends = [end(y) for _, y in lines.values() for end in (np.nanmin, np.nanmax)]
    low, high = float(min(ends)), float(max(ends))
    edge = 0.05 * (high - low) or 0.05 * abs(high) or 1.0
    figure.update_yaxes(range=[low - edge, high + edge])
    parts = [[{"y": y[k].astype(np.float32)} for _, y in lines.values()] for k in moments]
    add_moments(figure, [f"{float(times[k]) / 60.0:.3g}" for k in moments], parts, "time (min): ")
    return figure


def stress_figure(data: xr.Dataset) -> Figure:
    """Stresses within a particle that fills at its highest rate, over time."""
    rate = float(data["c_rate"].max())
    one = data.sel(c_rate=rate).transpose("sample", "radius")
    figure = axes.figure("Distance from the centre of the particle (nm)", f"Stress at {said_rate(rate)} (MPa)")
    names = ("radial_stress", "hoop_stress", "hydrostatic_stress")
    lines = {name.replace("_", " "): (1e9 * one["radius"].values, 1e-6 * one[name].values) for name in names}
    return lines_over_time(figure, one["time"].values, lines)


def field_figure(data: xr.Dataset) -> Figure:
    """Temperatures on three planes through the place that becomes hottest, in space, with a slider over time."""
    celsius = data["temperature"].transpose("time", "x", "y", "z").values - 273.15
    hottest, *at = (int(k) for k in np.unravel_index(int(np.nanargmax(celsius)), celsius.shape))
    figure = axes.figure("", "")
    centres = [1e3 * data[name].values for name in "xyz"]
    moments = chosen_moments(celsius.shape[0])
    begin = int(np.argmin(np.abs(np.array(moments) - hottest)))
    limits = {"cmin": float(np.floor(np.nanmin(celsius))), "cmax": float(np.ceil(np.nanmax(celsius)))}
    for axis in range(3):
        plane = np.take(celsius[moments[begin]], at[axis], axis)
        grid = _plane(centres, axis, centres[axis][at[axis]], np.isnan(plane))
        bar = {"showscale": axis == 0, "colorbar": {"title": {"text": "°C"}}, "colorscale": "Inferno"}
        figure.add_surface(**grid, surfacecolor=plane, **limits, **bar, hovertemplate="%{surfacecolor:.1f} °C<extra></extra>")
    space_axes(figure, "mm")
    parts = [[{"surfacecolor": np.take(celsius[k], at[axis], axis).astype(np.float32)} for axis in range(3)] for k in moments]
    add_moments(figure, [f"{float(data['time'][k]) / 60.0:.3g}" for k in moments], parts, "time (min): ", begin)
    return figure


def row_figure(data: xr.Dataset) -> Figure | None:
    """Cells of a row as bodies in space, coloured by the temperature through each, with a slider over time."""
    if "cell_size" not in data.attrs:
        return None
    thickness, width, height = 1e3 * np.asarray(data.attrs["cell_size"], dtype=np.float64)
    celsius = data["node_temperature"].transpose("time", "cell", "node").values - 273.15
    times, cells, nodes = celsius.shape
    pitch = thickness + 1e3 * float(data.attrs["gap_thickness"])
    # Slices through a cell take its nodes' temperatures; the mesh has eight corners and twelve triangles a slice.
    starts = (np.arange(cells)[:, None] * pitch + np.arange(nodes) * thickness / nodes).ravel()
    corners = np.array([[a, b, c] for a in (0, 1) for b in (0, 1) for c in (0, 1)])
    points = corners[None] * [thickness / nodes, width, height] + np.stack([starts, 0 * starts, 0 * starts], axis=1)[:, None]
    faces = (_BOX[None] + 8 * np.arange(cells * nodes)[:, None, None]).reshape(-1, 3)
    x, y, z = points.reshape(-1, 3).T
    moments = chosen_moments(times)

    def colours(k: int) -> np.ndarray:
        return np.repeat(celsius[k].ravel(), len(corners)).astype(np.float32)

    figure = axes.figure("", "")
    corner = dict(zip("ijk", faces.T, strict=True))
    shades = {"colorscale": "Inferno", "colorbar": {"title": {"text": "°C"}}, "flatshading": True}
    limits = {"cmin": float(celsius.min()), "cmax": float(celsius.max())}
    light = {"lighting": {"ambient": 0.9, "diffuse": 0.2}}
    figure.add_mesh3d(x=x, y=y, z=z, **corner, **shades, **limits, **light, intensity=colours(moments[-1]), hoverinfo="skip")
    space_axes(figure, "mm")
    parts = [[{"intensity": colours(k)}] for k in moments]
    add_moments(figure, [f"{float(data['time'][k]) / 60.0:.3g}" for k in moments], parts, "time (min): ", len(moments) - 1)
    return figure


_SIDES = ((0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3))
_BOX = np.array([half for a, b, c, d in _SIDES for half in ((a, b, c), (a, c, d))])
"""Triangles of a box whose corners count in binary."""


def _plane(centres: Sequence[np.ndarray], axis: int, level: float, missing: np.ndarray) -> dict[str, np.ndarray]:
    """Coordinates of a plane across an axis; where there is nothing it has a hole."""
    others = [other for other in range(3) if other != axis]
    grid = dict(zip(("xyz"[other] for other in others), np.meshgrid(*(centres[o] for o in others), indexing="ij"), strict=True))
    grid["xyz"[axis]] = np.where(missing, np.nan, level)
    return grid


def space_axes(figure: Figure, unit: str = "µm") -> None:
    """Titles and view of a picture in space."""
    titles = {f"{axis}axis": {"title": {"text": f"{axis} ({unit})"}, "nticks": 6, "tickfont": {"size": 11}} for axis in "xyz"}
    eye = {"eye": {"x": -2.1, "y": -2.1, "z": 1.3}}
    figure.update_layout(scene={"aspectmode": "data", "camera": eye, **titles}, height=430, hovermode="closest")
    figure.update_layout(margin={"l": 0, "r": 0})
