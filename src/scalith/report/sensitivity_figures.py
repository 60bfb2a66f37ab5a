"""What the error of a result comes from: as a tornado, and as a sum over the inputs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from scalith.report.axes import FAINT, INK, PALETTE, figure
from scalith.report.shown_units import shown_unit

if TYPE_CHECKING:
    import xarray as xr
    from plotly.graph_objects import Figure

_MOST = 12
"""Inputs that are drawn."""


def tornado_figure(data: xr.Dataset, output: str) -> Figure | None:
    """How far each input alone moves an output, ± √S σ; behind it what stays if only that input is unknown, ± √S_T σ."""
    one = data.sel(output=output)
    first, total = (np.clip(one[name].values, 0.0, None) for name in ("first_order", "total"))
    if not np.isfinite(first).all():
        return None
    deviation, mean = float(one["deviation"]), float(one["mean"])
    shown = shown_unit(str(one["output_unit"].values), mean)
    drawn = figure(f"{output.rpartition(': ')[2]} less its mean ({shown.of_a_difference})".replace(" ()", ""), "")
    order = np.argsort(total)[-_MOST:]
    names = [str(name).replace("_", " ") for name in data["input"].values[order]]
    for title, shares, colour in (("if only it is unknown", total, FAINT), ("what goes if it is known", first, PALETTE[0])):
        reach = np.sqrt(shares[order]) * deviation * shown.factor
        drawn.add_bar(x=2.0 * reach, base=-reach, y=names, orientation="h", marker={"color": colour}, name=title)
    height = 150 + 24 * len(names)
    drawn.update_layout(barmode="overlay", hovermode="closest", yaxis_type="category", margin={"l": 250}, height=max(height, 260))
    return drawn


def cumulative_figure(data: xr.Dataset, output: str) -> Figure | None:
    """Share of the variance that goes if the first inputs are known, one after the other; each alone with its error."""
    one = data.sel(output=output)
    first = one["first_order"].values
    if not np.isfinite(first).all():
        return None
    drawn = figure("Share of the variance that goes if these are known (%)", "")
    order = np.argsort(-first)[:_MOST]
    names = [str(name).replace("_", " ") for name in data["input"].values[order]]
    error = {"type": "data", "array": 100.0 * one["first_order_error"].values[order], "color": INK}
    together = 100.0 * np.cumsum(first[order])
    drawn.add_scatter(x=together, y=names, mode="lines+markers", line={"color": PALETTE[1]}, name="together")
    alone = {"orientation": "h", "marker": {"color": PALETTE[0]}, "name": "alone", "error_x": error}
    drawn.add_bar(x=100.0 * first[order], y=names, **alone)
    drawn.update_layout(
        hovermode="closest",
        yaxis={"type": "category", "autorange": "reversed"},
        xaxis={"range": [0.0, 105.0]},
        margin={"l": 250},
        height=max(150 + 24 * len(names), 260),
    )
    return drawn
