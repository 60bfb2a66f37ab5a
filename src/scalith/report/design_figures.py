"""Pictures of a design: what was asked of a structure beside what it has, what the cell gains, and the front of recipes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from scalith.report import axes

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

_PER_LITRE = 1.0 / 3.6e6
"""Of an energy per volume: J m-3 to W h L-1."""


def requested_figure(data: xr.Dataset) -> Figure:
    """What the image has, measured anew, over what was asked for, as a deviation; beside each bar asked → found ← before."""
    figure = axes.figure("Found over asked, less one (%)", "")
    names = [str(name).replace("_", " ") for name in data["quantity"].values]
    said = [
        f"{asked:.4g} → {found:.4g} {'' if unit == '1' else unit}{before}".strip()
        for asked, found, unit, before in zip(
            data["requested"].values, data["measured"].values, data["unit"].values, _before(data), strict=True
        )
    ]
    deviation = 100.0 * data["deviation"].values
    style = {"orientation": "h", "marker": {"color": axes.PALETTE[0]}, "textposition": "outside", "cliponaxis": False}
    figure.add_bar(x=deviation, y=names, text=said, name="deviation", **style)
    widest = 3.0 * max(float(np.max(np.abs(deviation))), 0.1)
    figure.update_layout(height=130 + 44 * len(names), hovermode="closest", xaxis_range=[-widest, widest], yaxis_dtick=1)
    figure.add_vline(x=0.0, line={"color": axes.FAINT, "width": 1})
    return figure


def gain_figure(data: xr.Dataset) -> Figure:
    """Energy of a discharge by rate, with the structure before the order and with the designed one."""
    figure = axes.figure("C-rate", "Energy of the discharge (W h)")
    figure.update_xaxes(type="log")
    for row, (name, words, dash) in enumerate((("before", "before the order", "dash"), ("designed", "made to order", "solid"))):
        figure.add_scatter(
            x=data["c_rate"].values,
            y=data["energy"].sel(structure=name).values / 3600.0,
            mode="lines+markers",
            name=words,
            line={"dash": dash, "color": axes.PALETTE[1 - row]},
        )
    return figure


def front_figure(data: xr.Dataset) -> Figure | None:
    """Recipes of which none is better in both of the first two objectives: as they were found, and checked with other seeds."""
    if data.sizes["objective_name"] < 2:
        return None
    names = [str(name) for name in data["objective_name"].values[:2]]
    scale = [_PER_LITRE if _is_energy(name) else 1.0 for name in names]
    titles = [name.replace("_", " ") + (" (W h/L)" if _is_energy(name) else "") for name in names]
    figure = axes.figure(titles[0], titles[1])
    tried = data["evaluated"].values[:, :2] * scale
    dots = {"color": axes.FAINT, "size": 5, "opacity": 0.6}
    figure.add_scatter(x=tried[:, 0], y=tried[:, 1], mode="markers", name="tried", marker=dots, hoverinfo="skip")
    found = data["found"].values[:, :2] * scale
    ring = {"color": axes.PALETTE[4], "size": 9, "symbol": "circle-open", "line": {"width": 2}}
    figure.add_scatter(x=found[:, 0], y=found[:, 1], mode="markers", name="front of the search", marker=ring)
    mean, error = data["objective"].values[:, :2] * scale, data["objective_error"].values[:, :2] * scale
    holds = data["holds"].values
    recipes = [_said(recipe, data["parameter"].values) for recipe in data["recipe"].values]
    for chosen, name, colour, symbol in (
        (holds, "checked, holds", axes.PALETTE[2], "circle"),
        (~holds, "checked, does not", axes.PALETTE[1], "x"),
    ):
        if not chosen.any():
            continue
        spread = [{"type": "data", "array": np.nan_to_num(error[chosen, k]), "thickness": 1} for k in (0, 1)]
        figure.add_scatter(
            x=mean[chosen, 0],
            y=mean[chosen, 1],
            error_x=spread[0],
            error_y=spread[1],
            mode="markers",
            name=name,
            marker={"color": colour, "size": 9, "symbol": symbol},
            hovertext=[words for words, is_one in zip(recipes, chosen, strict=True) if is_one],
        )
    figure.update_layout(hovermode="closest", height=440)
    return figure


def _before(data: xr.Dataset) -> list[str]:
    """In words, what the recipe has by itself."""
    return [f" ← {value:.4g}" for value in data["before"].values] if "before" in data else [""] * data.sizes["quantity"]


def _is_energy(name: str) -> bool:
    return name.startswith("energy")


def _said(recipe: np.ndarray, names: np.ndarray) -> str:
    """A recipe in words; lengths in µm."""
    lengths = ("thickness", "pore_size", "carbon_size", "separator_thickness")
    parts = [
        f"{str(name).replace('_', ' ')} {1e6 * value:.3g} µm" if name in lengths else f"{str(name).replace('_', ' ')} {value:.3g}"
        for name, value in zip(names, recipe, strict=True)
    ]
    return ", ".join(parts)
