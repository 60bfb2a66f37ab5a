"""Pictures of an electrode in voxels: slices, the block, currents, and how properties settle with the volume."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from scalith.report import axes
from scalith.report.moments import space_axes

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

_FINEST = 96
"""Pixels along an edge of a picture at most: a page stays small."""
_CUT, _CUTS, _SHELL = 32, 7, 28
"""Pixels along an edge of a cut that moves, its places, and voxels along an edge of the surfaces of phases, likewise."""


def slices_figure(data: xr.Dataset) -> Figure:
    """The phases on the plane through the middle of the image, with a legend."""
    labels, names = _phases(data)
    middle = labels[:, :, labels.shape[2] // 2]
    figure = axes.figure("x (µm)", "y (µm)")
    step = _step(middle.shape)
    x, y = (1e6 * data[axis].values[::step] for axis in "xy")
    figure.add_heatmap(x=x, y=y, z=middle[::step, ::step].T, **_colours(names), hoverinfo="skip")
    _legend(figure, names)
    figure.update_layout(yaxis={"scaleanchor": "x", "constrain": "domain"}, xaxis={"constrain": "domain"}, height=460)
    return figure


def cuts_figure(data: xr.Dataset) -> Figure:
    """Three cuts through the image in space, each with a slider that moves it."""
    labels, names = _phases(data)
    step = _step(labels.shape, _CUT)
    coarse = labels[::step, ::step, ::step]
    edges = [1e6 * float(data.attrs["voxel_size"]) * size for size in labels.shape]
    figure = axes.figure("", "")
    colours = _colours(names)
    look = {"colorscale": colours["colorscale"], "cmin": colours["zmin"], "cmax": colours["zmax"], "showscale": False}
    sliders = []
    for axis in range(3):
        others = [other for other in range(3) if other != axis]
        spread = [np.round(np.linspace(0.0, edges[other], coarse.shape[other]), 3) for other in others]
        grid = dict(zip(("xyz"[other] for other in others), np.meshgrid(*spread, indexing="ij"), strict=True))
        places = [int(k) for k in np.unique(np.linspace(0, coarse.shape[axis] - 1, _CUTS).astype(int))]
        steps, depths = [], [float(np.round(edges[axis] * k / (coarse.shape[axis] - 1), 3)) for k in places]
        for k, depth in zip(places, depths, strict=True):
            face = np.take(coarse, k, axis)
            moved = {"xyz"[axis]: [np.full(face.shape, depth).tolist()], "surfacecolor": [face.tolist()]}
            steps.append({"label": f"{depth:.3g}", "method": "restyle", "args": [moved, [axis]]})
        begins = len(places) // 2
        grid["xyz"[axis]] = np.full(np.take(coarse, 0, axis).shape, depths[begins])
        light = {"lighting": {"ambient": 0.9, "diffuse": 0.1}, "hoverinfo": "skip"}
        figure.add_surface(**grid, surfacecolor=np.take(coarse, places[begins], axis), **look, **light)
        said = {"prefix": f"cut at {'xyz'[axis]} = ", "suffix": " µm"}
        sliders.append({"active": begins, "currentvalue": said, "steps": steps, "pad": {"t": 20 + 86 * axis}})
    space_axes(figure)
    figure.update_layout(sliders=sliders, height=460 + 270, margin_b=figure.layout.margin.b + 270)
    return figure


def phases_figure(data: xr.Dataset) -> Figure:
    """The surface of each phase in space: a click on its name hides it, and a slider cuts the piece open."""
    labels, names = _phases(data)
    step = _step(labels.shape, _SHELL)
    coarse = labels[::step, ::step, ::step]
    size = 1e6 * float(data.attrs["voxel_size"]) * step
    figure = axes.figure("", "")
    for row, name in enumerate(names):
        corners, triangles = _shell(coarse == row)
        if not len(triangles):
            continue
        places = dict(zip("xyz", np.round(size * corners.T, 3).astype(np.float32), strict=True))
        sides = dict(zip("ijk", triangles.T, strict=True))
        light = {"lighting": {"ambient": 0.6, "diffuse": 0.6}, "flatshading": True, "hoverinfo": "skip"}
        shown = True if name != "pore" else "legendonly"  # pores hide what they surround
        figure.add_mesh3d(**places, **sides, **light, color=_shade(name, row), name=name, showlegend=True, visible=shown)
    space_axes(figure)
    depth = size * coarse.shape[0]
    cuts = [float(np.round(depth * part, 3)) for part in np.linspace(0.0, 0.9, 10)]
    for name, edge in zip("xyz", coarse.shape, strict=True):
        figure.update_layout({f"scene.{name}axis.range": [0.0, size * edge]})
    steps = [{"label": f"{c:.3g}", "method": "relayout", "args": [{"scene.xaxis.range": [c, depth]}]} for c in cuts]
    slider = {"active": 0, "currentvalue": {"prefix": "cut away up to x = ", "suffix": " µm"}, "steps": steps, "pad": {"t": 20}}
    figure.update_layout(sliders=[slider], height=460 + 90, margin_b=figure.layout.margin.b + 90)
    return figure


def _shell(inside: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Corners (n, 3) in voxels and triangles of the surface of a phase: the faces of its voxels that meet something else."""
    whole = np.pad(inside, 1)
    quads = []
    for axis in range(3):
        behind, ahead = whole[_along(axis, 0, -1)], whole[_along(axis, 1, None)]
        others = [other for other in range(3) if other != axis]
        at = np.argwhere(behind != ahead)
        for other in others:
            at[:, other] -= 1  # of the padding
        corner = np.zeros((4, 3), dtype=at.dtype)
        corner[[1, 2], others[0]], corner[[2, 3], others[1]] = 1, 1
        quads.append(at[:, None, :] + corner)
    faces = np.concatenate(quads)
    corners, index = np.unique(faces.reshape(-1, 3), axis=0, return_inverse=True)
    a, b, c, d = index.reshape(-1, 4).T
    return corners, np.concatenate([np.stack([a, b, c], axis=1), np.stack([a, c, d], axis=1)]).astype(np.uint32)


def _along(axis: int, begin: int, end: int | None) -> tuple[slice, ...]:
    return tuple(slice(begin, end) if other == axis else slice(None) for other in range(3))


def currents_figure(data: xr.Dataset) -> Figure:
    """Current density of the carrier that limits, for 1 A m-2, on the plane through the middle."""
    return _map_figure(data, "current_density", "log₁₀ of current density (A/m²), 1 A/m² applied")


def loss_figure(data: xr.Dataset) -> Figure:
    """Where the carrier that limits loses its power."""
    return _map_figure(data, "dissipation", "log₁₀ of loss (W/m³)")


def subvolumes_figure(data: xr.Dataset) -> Figure:
    """Properties of parts over those of the whole image, against the size of the parts."""
    figure = axes.figure("Cube root of the volume (µm)", "Value over that of the whole image")
    edge = 1e6 * data["edge"].values
    shown = ["effective_ionic_conductivity", "effective_electronic_conductivity", "active_interface_area"]
    for name, colour in zip(shown, axes.cycle(3), strict=True):
        values = data[name].values
        if values[0] > 0.0:
            title = str(data[name].attrs["long_name"]).split(",")[0]
            marker = {"color": colour, "size": 8, "opacity": 0.7}
            figure.add_scatter(x=edge, y=values / values[0], mode="markers", name=title, marker=marker)
    figure.update_layout(hovermode="closest")
    return figure


def blocking_figure(data: xr.Dataset) -> Figure:
    """Impedance of blocking pores, per plane."""
    figure = axes.figure("Re Z (Ω cm²)", "−Im Z (Ω cm²)")
    area, hover = 1e4 * float(data["area"]), [f"{f:.3g} Hz" for f in data["frequency"].values]
    x, y = area * data["resistance"].values, -area * data["reactance"].values
    style = {"mode": "lines+markers", "line": {"color": axes.PALETTE[0]}, "marker": {"size": 5}}
    figure.add_scatter(x=x, y=y, hovertext=hover, name="pores", **style)
    # Far below the frequency at which the whole depth charges, −Im Z grows without bound: the picture ends above the knee.
    wide = float(np.max(x))
    figure.update_layout(hovermode="closest", yaxis_range=[0.0, 2.0 * wide], xaxis_range=[0.0, 1.1 * wide])
    return figure


def particles_figure(data: xr.Dataset) -> Figure:
    """How many others each particle or body touches, over its diameter; those that the image cuts are open."""
    figure = axes.figure("Diameter (µm)", "Neighbours")
    cut = data["at_border"].values.astype(bool)
    for of, title, symbol in ((~cut, "whole", "circle"), (cut, "cut by the border", "circle-open")):
        x, y = 1e6 * data["diameter"].values[of], data["coordination"].values[of]
        marker = {"color": axes.PALETTE[0], "size": 7, "symbol": symbol}
        if of.any():
            figure.add_scatter(x=x, y=y, mode="markers", name=title, marker=marker)
    figure.update_layout(hovermode="closest")
    return figure


_CARRIERS = {"effective_ionic_conductivity": "ions", "effective_electronic_conductivity": "electrons"}


def composition_figure(data: xr.Dataset) -> Figure:
    """Ionic and electronic conductivity against the active fraction: means of structures, and the composite that was chosen."""
    figure = axes.figure("Active material in the solids (fraction)", "Effective conductivity (S/m)", logarithmic=True)
    other, levels = _beside(data)
    chosen = json.loads(data.attrs["chosen"])
    for (name, carrier), colour in zip(_CARRIERS.items(), axes.PALETTE, strict=False):
        for number, level in enumerate(levels):
            values = (data[name] if other is None else data[name].isel({other: number})).mean("seed").values
            label = carrier if other is None else f"{carrier}, {data[other].attrs['long_name']} {_in_words(other, level)}"
            line = {"color": colour, "width": 2, "dash": ("solid", "dash", "dot", "dashdot", "longdash")[number % 5]}
            shown = np.where(values > 0.0, values, np.nan)
            figure.add_scatter(x=data["active_fraction"].values, y=shown, mode="lines+markers", name=label, line=line)
        if chosen[name] > 0.0:
            marker = {"color": colour, "size": 14, "symbol": "star", "line": {"color": axes.INK, "width": 1}}
            x, y = [chosen["active_fraction"]], [chosen[name]]
            figure.add_scatter(x=x, y=y, mode="markers", name=f"{carrier}, chosen", marker=marker)
    figure.add_vline(x=chosen["active_fraction"], line={"color": axes.FAINT, "width": 1, "dash": "dot"})
    figure.update_layout(hovermode="closest", height=440)
    return figure


def composition_map_figure(data: xr.Dataset) -> Figure | None:
    """The smaller of the two conductivities over composition and what else was varied; none where nothing else was."""
    other, levels = _beside(data)
    if other is None or len(levels) < 2:
        return None
    both = [data[name].mean("seed").transpose(other, "active_fraction").values for name in _CARRIERS]
    least = np.minimum(*both)
    shown = np.where(least > 0.0, np.log10(np.where(least > 0.0, least, 1.0)), np.nan)
    title = str(data[other].attrs["long_name"])
    figure = axes.figure(
        "Active material in the solids (fraction)", axes.titled(f"{title} (MPa)" if other == "pressure" else title)
    )
    bar = {"title": {"text": "log₁₀ of conductivity of the poorer path (S/m)", "side": "right"}}
    scale = 1e-6 if other == "pressure" else 1.0
    grid = {"x": data["active_fraction"].values, "y": np.asarray(levels) * scale}
    figure.add_heatmap(**grid, z=np.round(shown, 3), colorscale="Viridis", colorbar=bar)
    chosen = json.loads(data.attrs["chosen"])
    marker = {"color": "#ffffff", "size": 14, "symbol": "star", "line": {"color": axes.INK, "width": 1}}
    if chosen[other] is not None:
        x, y = [chosen["active_fraction"]], [chosen[other] * scale]
        figure.add_scatter(x=x, y=y, mode="markers", name="chosen", marker=marker, showlegend=True)
    figure.update_layout(hovermode="closest")
    return figure


def _beside(data: xr.Dataset) -> tuple[str | None, list[float]]:
    """What was varied beside the active fraction, and its values."""
    dims = data["effective_ionic_conductivity"].dims
    other = next((str(dim) for dim in dims if dim not in ("active_fraction", "seed")), None)
    return other, [np.nan] if other is None else [float(level) for level in data[other].values]


def _in_words(name: str, level: float) -> str:
    return f"{1e-6 * level:.3g} MPa" if name == "pressure" else f"{level:.3g}"


def _map_figure(data: xr.Dataset, name: str, title: str) -> Figure:
    carrier = str(data.attrs["limits"])
    values = data[name].sel(carrier=carrier).values
    step = _step(values.shape)
    flowing = values > 1e-6 * max(float(values.max()), 1e-300)
    shown = np.where(flowing, np.log10(np.where(flowing, values, 1.0)), np.nan)[::step, ::step]
    figure = axes.figure("x (µm)", "y (µm)")
    x, y = (1e6 * data[axis].values[::step] for axis in "xy")
    bar = {"title": {"text": f"{carrier}: {title}", "side": "right"}}
    figure.add_heatmap(x=x, y=y, z=np.round(shown.T, 3), colorscale="Inferno", colorbar=bar)
    figure.update_layout(yaxis={"scaleanchor": "x", "constrain": "domain"}, xaxis={"constrain": "domain"}, height=460)
    return figure


def _phases(data: xr.Dataset) -> tuple[Any, list[str]]:
    """Row of each voxel's phase, and the names in order."""
    known = {name: int(label) for name, label in json.loads(data["phase"].attrs["phases"]).items()}
    rows = np.zeros(256, np.uint8)
    for row, label in enumerate(known.values()):
        rows[label] = row
    return rows[data["phase"].values.astype(np.uint8)], list(known)


def _step(shape: tuple[int, ...], finest: int = _FINEST) -> int:
    return max(1, -(-max(shape) // finest))


_SHADES = {"pore": "#11161c", "active": "#c8553d", "electrolyte": "#e3c567", "carbon": "#59636e", "binder": "#59636e"}


def _shade(name: str, row: int) -> str:
    return _SHADES.get(name, axes.PALETTE[row % len(axes.PALETTE)])


def _colours(names: list[str]) -> dict[str, Any]:
    """A colour scale of one flat piece a phase."""
    pieces = [(row / len(names), (row + 1) / len(names), _shade(name, row)) for row, name in enumerate(names)]
    scale = [[edge, colour] for low, high, colour in pieces for edge in (low, high)]
    return {"colorscale": scale, "zmin": -0.5, "zmax": len(names) - 0.5, "showscale": False}


def _legend(figure: Figure, names: list[str]) -> None:
    for row, name in enumerate(names):
        marker = {"color": _shade(name, row), "size": 12, "symbol": "square"}
        figure.add_scatter(x=[None], y=[None], mode="markers", name=name, marker=marker, showlegend=True)
