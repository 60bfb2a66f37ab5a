"""Pictures of a cell's results: curves over time, voltage by component, profiles across the cell, spectra."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from scalith.quantities import InputError, nearest
from scalith.quantities.result_plot import panels, readable, time_unit, title_of

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from plotly.graph_objects import Figure as SliderFigure

Array = NDArray[np.float64]
_FRAMES = 60


def plot_run(
    data: xr.Dataset,
    *names: str,
    over: str = "time",
    label: str | None = None,
    figure: Figure | None = None,
) -> Figure | SliderFigure:
    """Draw a discharge, a protocol or a measured curve.

    Parameters
    ----------
    data : xarray.Dataset
        With ``voltage``, ``current``, … over ``time``.
    *names : str
        Variables over time, a panel each; ``"components"`` for the voltage split into its parts; ``"profiles"`` alone for
        all profiles with a slider over time (plotly). Without names: voltage, current and, where it changes, temperature.
    over : str
        What stands on the horizontal axis: ``"time"`` or a variable over time such as ``"capacity"``.
    label : str, optional
        Name of the curve; a legend is drawn with it.
    figure : matplotlib.figure.Figure, optional
        Draw into the panels of this earlier plot of the same names, to compare.

    Returns
    -------
    matplotlib.figure.Figure
        For ``"profiles"`` a `plotly.graph_objects.Figure`.

    Raises
    ------
    InputError
        A variable is not in the data, or is no curve over time.
    """
    if names == ("profiles",):
        return plot_profiles(data)
    curves = _curves(data)
    if not names:
        steady = "temperature" not in curves or float(np.ptp(data["temperature"].values)) < 0.01
        names = tuple(name for name in ("voltage", "current", *(() if steady else ("temperature",))) if name in curves)
    for name, known in (*((name, [*curves, "components"]) for name in names), (over, ["time", *curves])):
        if name not in known:
            raise InputError("plot", name, "no such curve over time", nearest(name, known))
    axes = panels(figure, len(names))
    x, title = _horizontal(data, over)
    for axis, name in zip(axes, names, strict=True):
        if name == "components":
            _draw_components(axis, data, x)
            continue
        y, unit = readable(data[name])
        axis.plot(x, y, label=label)
        axis.set_ylabel(f"{title_of(data[name])} / {unit}")
        if label is not None:
            axis.legend()
    axes[-1].set_xlabel(title)
    return axes[0].figure


def voltage_components(data: xr.Dataset) -> list[str]:
    """Names of the parts that the terminal voltage is split into, where the data has them."""
    return [name for name in _curves(data) if name.startswith("voltage_") and data[name].attrs.get("units") == "V"]


def plot_batch(data: xr.Dataset, *names: str, by: str | None = None, figure: Figure | None = None) -> Figure:
    """Draw the runs of a batch over time, coloured by what varies.

    Parameters
    ----------
    data : xarray.Dataset
        As `simulate_batch` gives it.
    *names : str
        ``"voltage"``, ``"temperature"``; a panel each. Without names: the voltage.
    by : str, optional
        The varied parameter that colours the runs; without it the first that differs between them.
    figure : matplotlib.figure.Figure, optional
        As in `plot_run`.

    Raises
    ------
    InputError
    """
    curves = [str(name) for name, values in data.data_vars.items() if values.dims == ("run", "time")]
    varied = [str(name) for name, values in data.coords.items() if values.dims == ("run",)]
    names = names or ("voltage",)
    for name in names:
        if name not in curves:
            raise InputError("plot", name, "no such curves over run and time", nearest(name, curves))
    if by is not None and by not in varied:
        raise InputError("plot", "by", by, nearest(by, varied))
    by = by or next((name for name in varied if np.ptp(data[name].values) > 0.0), None)
    axes = panels(figure, len(names))
    from matplotlib import colormaps
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize

    level = data[by].values if by else np.arange(data.sizes["run"])
    colours = colormaps["viridis"](Normalize(float(level.min()), float(level.max()))(level))
    shade = ScalarMappable(Normalize(float(level.min()), float(level.max())), colormaps["viridis"])
    x, title = _horizontal(data, "time")
    for axis, name in zip(axes, names, strict=True):
        y, unit = readable(data[name])
        for k in range(data.sizes["run"]):
            axis.plot(x, y[k], color=tuple(colours[k]), linewidth=0.8)
        axis.set_ylabel(f"{title_of(data[name])} / {unit}")
    axes[-1].set_xlabel(title)
    if figure is None:
        axes[0].figure.colorbar(shade, ax=list(axes), label=by or "run")
    return axes[0].figure  # type: ignore[return-value]


def plot_spectrum(data: xr.Dataset, *names: str, label: str | None = None, figure: Figure | None = None) -> Figure:
    """Draw an impedance spectrum: ``"nyquist"``, ``"bode"`` (modulus and phase), or both.

    Parameters
    ----------
    data : xarray.Dataset
        With ``resistance`` and ``reactance`` over ``frequency``.
    *names : str
    label, figure
        As in `plot_run`.

    Raises
    ------
    InputError
    """
    for name in names:
        if name not in ("nyquist", "bode"):
            raise InputError("plot", name, "no such picture of a spectrum", nearest(name, ["nyquist", "bode"]))
    names = names or ("nyquist", "bode")
    frequency, z = data["frequency"].values, data["resistance"].values + 1j * data["reactance"].values
    scale, unit = (1e3, "mΩ") if np.abs(z).max() < 0.5 else (1.0, "Ω")
    axes = panels(figure, ("nyquist" in names) + 2 * ("bode" in names), shared=False)
    at = 0
    if "nyquist" in names:
        axes[0].plot(scale * z.real, -scale * z.imag, "o-", markersize=3, label=label)
        axes[0].set_aspect("equal", adjustable="datalim")
        axes[0].set_xlabel(f"Re Z / {unit}")
        axes[0].set_ylabel(f"−Im Z / {unit}")
        at = 1
    if "bode" in names:
        for axis, y, title in (
            (axes[at], scale * np.abs(z), f"|Z| / {unit}"),
            (axes[at + 1], np.degrees(np.angle(z)), "phase / °"),
        ):
            axis.semilogx(frequency, y, "o-", markersize=3, label=label)
            axis.set_xlabel("frequency / Hz")
            axis.set_ylabel(title)
    if label is not None:
        axes[0].legend()
    return axes[0].figure  # type: ignore[return-value]


def plot_profiles(data: xr.Dataset) -> SliderFigure:
    """All profiles across the cell and, at mid-depth, in the particles, with a slider over time.

    Raises
    ------
    InputError
        The data has no profiles.
    """
    from plotly.subplots import make_subplots

    profiles = [_line(data, name) for name in data.data_vars if data[name].dims[:1] == ("time",) and data[name].ndim > 1]
    if not profiles:
        raise InputError("plot", "profiles", "a result without profiles", "a run that kept them: profiles=True")
    drawn: SliderFigure = make_subplots(
        rows=(len(profiles) + 1) // 2, cols=2, subplot_titles=[title for _, _, title, _ in profiles], vertical_spacing=0.08
    )
    time = data["time"].values
    chosen = np.unique(np.linspace(0, time.size - 1, min(time.size, _FRAMES)).astype(int))
    for k, (x, y, _, unit) in enumerate(profiles):
        at = {"row": k // 2 + 1, "col": k % 2 + 1}
        span = max(float(np.nanmax(y) - np.nanmin(y)), 1e-9 * max(float(np.nanmax(np.abs(y))), 1e-30))
        drawn.add_scatter(x=1e6 * x, y=y[chosen[0]], mode="lines", showlegend=False, **at)
        drawn.update_yaxes(title_text=unit, range=[float(np.nanmin(y)) - 0.05 * span, float(np.nanmax(y)) + 0.05 * span], **at)
        drawn.update_xaxes(title_text="µm", **at)
    divisor, unit = time_unit(time)
    drawn.frames = [
        {"name": str(k), "data": [{"type": "scatter", "x": 1e6 * x, "y": y[k]} for x, y, _, _ in profiles]} for k in chosen
    ]
    steps = [
        {
            "label": f"{time[k] / divisor:.4g}",
            "method": "animate",
            "args": [[str(k)], {"mode": "immediate", "frame": {"duration": 0, "redraw": False}}],
        }
        for k in chosen
    ]
    drawn.update_layout(
        height=280 * ((len(profiles) + 1) // 2) + 80,
        sliders=[{"steps": steps, "currentvalue": {"prefix": "time ", "suffix": f" {unit}"}}],
        template="plotly_white",
    )
    return drawn


def _line(data: xr.Dataset, name: Any) -> tuple[Array, Array, str, str]:
    """A profile as one line a time: over depth, or over the radius of the particles in the middle of their electrode."""
    values = data[name]
    radius = next((dim for dim in values.dims[1:] if str(dim).startswith("radius")), values.dims[1])
    for dim in values.dims[1:]:
        if dim != radius:
            values = values.isel({dim: values.sizes[dim] // 2})
    y, unit = readable(values)
    return np.asarray(data[radius].values), y, title_of(data[name]), unit


def _draw_components(axis: Axes, data: xr.Dataset, x: Array) -> None:
    parts = voltage_components(data)
    if not parts:
        raise InputError("plot", "components", "a result without the parts of its voltage", "a run that has them: voltage_…")
    for name in parts:
        axis.plot(x, data[name].values, label=title_of(data[name]))
    axis.plot(x, data["voltage"].values, "k--", label="terminal voltage")
    axis.set_ylabel("voltage / V")
    axis.legend(fontsize="small")


def _curves(data: xr.Dataset) -> list[str]:
    return [str(name) for name, values in data.data_vars.items() if values.dims == ("time",) and values.dtype.kind in "fiu"]


def _horizontal(data: xr.Dataset, over: str) -> tuple[Array, str]:
    if over == "time":
        divisor, unit = time_unit(data["time"].values)
        return data["time"].values / divisor, f"time / {unit}"
    x, unit = readable(data[over])
    return x, f"{title_of(data[over])} / {unit}"
