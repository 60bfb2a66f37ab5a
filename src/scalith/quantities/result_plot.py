"""The picture of any labelled result: each variable over its dimensions, in units that people read."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from scalith.quantities.errors import InputError, nearest

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Array = NDArray[np.float64]
_TIMES = ((3.0 * 86_400.0, 86_400.0, "d"), (2.0 * 3600.0, 3600.0, "h"), (300.0, 60.0, "min"), (0.0, 1.0, "s"))
_SHOWN = {"K": (1.0, -273.15, "°C"), "C": (1.0 / 3600.0, 0.0, "A h"), "J": (1.0 / 3600.0, 0.0, "W h")}
"""What people read in place of the SI unit: scale, offset, name."""
_MOST_PANELS = 6
_MOST_LINES = 12
_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def plot_result(data: xr.Dataset, *names: str, figure: Figure | None = None, label: str | None = None) -> Figure:
    """Draw variables of a result, a panel each.

    One dimension gives a curve, or bars where it has names in place of numbers; two give a line for each entry of the shorter
    one, or a map where both are long; a field on voxels is cut in the middle of its last axis.

    Parameters
    ----------
    data : xarray.Dataset
    *names : str
        Without names: the first six variables that have a dimension, the ones of a single dimension first.
    figure : matplotlib.figure.Figure, optional
        Draw into the panels of this earlier plot of the same names, to compare.
    label : str, optional
        Name of the curves; a legend is drawn with it.

    Raises
    ------
    InputError
        A variable is not in the data, is a single number or text, or nothing in the data has a dimension.
    """
    drawable = [str(name) for name, values in data.data_vars.items() if values.size > 1 and values.dtype.kind in "fiub"]
    if not drawable:
        raise InputError(
            "plot", "result", f"single numbers: {', '.join(map(str, data.data_vars))}", "a variable over a dimension"
        )
    for name in names:
        if name not in drawable:
            raise InputError("plot", name, "no such variable over a dimension", nearest(name, drawable))
    chosen = names or tuple(sorted(drawable, key=lambda name: data[name].squeeze().ndim)[:_MOST_PANELS])
    axes = panels(figure, len(chosen), shared=False)
    for axis, name in zip(axes, chosen, strict=True):
        _draw(axis, data[name].squeeze(), label)
    return axes[0].figure  # type: ignore[return-value]


def _draw(axis: Axes, values: xr.DataArray, label: str | None) -> None:
    """One variable in one panel."""
    if values.ndim > 2:
        values = values.isel({dim: values.sizes[dim] // 2 for dim in values.dims[2:]})
    y, unit = readable(values)
    title = f"{title_of(values)} / {unit}" if unit else title_of(values)
    if values.ndim == 1:
        _curve(axis, values, str(values.dims[0]), y, label)
        axis.set_ylabel(title)
        return
    across, along = sorted(map(str, values.dims), key=lambda dim: (values.sizes[dim], values[dim].dtype.kind not in "OUS"))
    y = y if values.dims[0] == across else y.T
    if values.sizes[across] > _MOST_LINES:
        (x, name), (other, second) = coordinate(values, along), coordinate(values, across)
        shown = axis.pcolormesh(x, other, y, shading="nearest")
        axis.figure.colorbar(shown, ax=axis, label=title)
        axis.set_xlabel(name)
        axis.set_ylabel(second)
        return
    for at, line in zip(values[across].values, y, strict=True):
        entry = f"{at:.4g}" if isinstance(at, (float, np.floating)) else str(at)
        _curve(axis, values, along, line, f"{across} {entry}" if label is None else f"{label}, {across} {entry}")
    axis.set_ylabel(title)


def _curve(axis: Axes, values: xr.DataArray, dim: str, y: Array, label: str | None) -> None:
    x, title = coordinate(values, dim)
    if x.dtype.kind in "fiu":
        axis.plot(x, y, "o-" if y.size < 30 else "-", markersize=3, label=label)
    else:
        axis.plot(x, y, "o", label=label)
    axis.set_xlabel(title)
    if label is not None:
        axis.legend(fontsize="small")


def coordinate(values: xr.DataArray, dim: str) -> tuple[NDArray[Any], str]:
    """What stands on the axis of a dimension, with its title: names, or numbers in units that people read."""
    if dim not in values.coords:
        return np.arange(values.sizes[dim]), dim
    along = values[dim]
    if along.dtype.kind not in "fiu":
        return along.values.astype(str), title_of(along)
    if along.attrs.get("units") == "s":
        divisor, unit = time_unit(along.values)
        return along.values / divisor, f"{title_of(along)} / {unit}"
    x, unit = readable(along)
    return x, title_of(along) if unit in ("", "1") else f"{title_of(along)} / {unit}"


def panels(figure: Figure | None, count: int, *, shared: bool = True) -> Sequence[Axes]:
    """Panels to draw into: those of `figure`, or new ones, one above the other where they share their horizontal axis.

    Raises
    ------
    InputError
        `figure` has another number of panels.
    """
    if figure is not None:
        drawn = [axis for axis in figure.axes if axis.get_label() != "<colorbar>"]
        if len(drawn) != count:
            raise InputError("plot", "figure", f"{len(drawn)} panels", f"{count}: an earlier plot of the same names")
        return drawn
    import matplotlib.pyplot as plt

    columns = 1 if shared else min(count, 3)
    rows = -(-count // columns)
    size = (7.0, 1.2 + 2.2 * count) if shared else (4.2 * columns, 3.8 * rows)
    made = plt.subplots(rows, columns, sharex="all" if shared else "none", figsize=size, layout="constrained", squeeze=False)
    drawn = list(made[1].ravel())
    for axis in drawn[count:]:
        axis.remove()
    for axis in drawn[:count]:
        axis.grid(alpha=0.3)
    return drawn[:count]


def time_unit(time: Array) -> tuple[float, str]:
    """Unit in which a time axis is read, and its length in s."""
    longest = float(np.max(time, initial=0.0))
    return next((divisor, unit) for least, divisor, unit in _TIMES if longest >= least)


def readable(values: xr.DataArray) -> tuple[Array, str]:
    """Values and unit as people read them: °C, A h and W h in place of K, C and J; exponents raised."""
    unit = str(values.attrs.get("units", "1"))
    is_difference = unit == "K" and any(word in title_of(values) for word in ("rise", "difference", "error", "spread", "change"))
    scale, offset, shown = (1.0, 0.0, unit) if is_difference else _SHOWN.get(unit, (1.0, 0.0, unit))
    raised = re.sub(r"(?<=[A-Za-zΩ])-?\d+", lambda found: found[0].translate(_SUPERSCRIPT), shown)
    return scale * np.asarray(values.values, dtype=np.float64) + offset, raised


def title_of(values: xr.DataArray) -> str:
    """What stands on the axis of a variable."""
    return str(values.attrs.get("long_name", values.name)).removesuffix(", positive while discharging")
