"""Pictures of properties: over stoichiometry and over inverse temperature, with bands, measurements and miscibility gaps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from scalith.quantities import Property
from scalith.report import axes
from scalith.report.shown_units import ShownUnit, axis_title, number, shown_unit

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from plotly.graph_objects import Figure

LOGARITHMIC = {"chemical_diffusivity", "jump_diffusivity", "tracer_diffusivity"}

_OF_ONE_PHASE = LOGARITHMIC | {"correlation_factor", "haven_ratio"}
"""Between two phases there is no stoichiometry that has these."""

ROOM_TEMPERATURE = 298.15
"""The band is that of the curve nearest to it: bands of all temperatures would hide each other."""


@dataclass(frozen=True)
class Beside:
    """What is drawn with a property.

    Attributes
    ----------
    members : Property, optional
        Members of an ensemble.
    measured : Property, optional
        The same quantity, measured.
    gaps : xarray.Dataset, optional
        Two-phase regions (``x_low``, ``x_high``, ``T`` over ``region``), inside which no homogeneous stoichiometry exists.
    """

    members: Property | None = None
    measured: Property | None = None
    gaps: xr.Dataset | None = None


def property_figure(value: Property, beside: Beside | None = None) -> Figure:
    """A property over its first coordinate, a line for each temperature, with a band about the one nearest 25 °C.

    The band is 5 to 95 % of the members of an ensemble where there are some, else one standard error, with one for each named
    part of it (sampling, the fit of the interactions, the metal, the functional). Values that are carried
    over a miscibility gap are not drawn: the gap is shaded.
    """
    beside = beside or Beside()
    main = next(dim for dim, grid in value.coordinates.items() if grid.size > 1)
    other = next((dim for dim, grid in value.coordinates.items() if dim != main and grid.size > 1), None)
    shown = shown_unit(value.unit)
    figure = axes.figure(_coordinate(main), axis_title(axes.titled(value.name), value.unit), value.name in LOGARITHMIC)
    levels = _few(value.coordinates[other]) if other else np.array([np.nan])
    banded = int(np.argmin(np.abs(levels - ROOM_TEMPERATURE))) if other == "T" else 0
    colours = axes.gradient(len(levels)) if len(levels) > 1 else [axes.PALETTE[0]]
    grid = _with_gaps(value.coordinates[main], beside) if main == "x" and _of_one_phase(value) else value.coordinates[main]
    at = _scaled(main, grid)
    for index, (level, colour) in enumerate(zip(levels, colours, strict=True)):
        state: dict[str, Any] = {main: grid} | ({other: level} if other else {})
        y = _homogeneous(value, beside, state, np.asarray(value(**state), dtype=np.float64))
        if index == banded:
            _add_band(figure, value, beside, state, at, y, colour, shown)
        line = {"color": colour, "width": 2, "dash": axes.dash(index)}
        label = _level(other, level) if other else axes.titled(value.name)
        figure.add_scatter(x=at, y=y * shown.factor + shown.offset, mode=_mode(y), name=label, line=line)
    if main == "x":
        figure.update_layout(xaxis_range=[-0.02, 1.02])
        _shade_gaps(figure, value, beside, float(levels[banded]))
        _add_measured(figure, beside.measured, shown)
    return figure


def arrhenius_figure(value: Property, beside: Beside | None = None) -> Figure | None:
    """Logarithm of a diffusivity against inverse temperature, a line a stoichiometry; of a gap only the sides."""
    T, x = value.coordinates["T"], value.coordinates["x"]
    gaps = beside.gaps if beside is not None and _of_one_phase(value) else None
    known = np.array([~in_a_gap(x, level, gaps) for level in T])
    usable = x[known.all(axis=0)] if known.all(axis=0).any() else x[known.sum(axis=0) > 1]
    if not usable.size:
        return None
    inner = usable[1:-1] if usable.size > 4 else usable  # the ends of a range are its least certain values
    wanted = np.linspace(inner[0], inner[-1], 5)
    nearest = inner[np.unique(np.abs(inner[:, None] - wanted).argmin(axis=0))]
    chosen = nearest[np.diff(nearest, prepend=-1.0) > 0.05]  # two sides of a gap have neighbours that say the same
    shown = shown_unit(value.unit)
    figure = axes.figure("1000 K / T", axis_title(axes.titled(value.name), value.unit), logarithmic=True)
    for index, (one, colour) in enumerate(zip(chosen, axes.cycle(len(chosen)), strict=True)):
        values = np.where([not in_a_gap(one, level, gaps) for level in T], value(x=one, T=T), np.nan)
        line = {"color": colour, "width": 1.6, "dash": axes.dash(index)}
        figure.add_scatter(x=1e3 / T, y=values * shown.factor, mode="lines+markers", name=f"x = {one:.3g}", line=line)
    return figure


def agreement_figure(data: xr.Dataset) -> Figure:
    """Predicted and measured over stoichiometry or concentration, each with its standard error; empty where nothing is told."""
    if "measured" not in data:
        return axes.figure(_coordinate("x"), "")
    measured = data["measured"]
    unit = str(measured.attrs["units"])
    shown = shown_unit(unit)
    positive = bool((measured > 0).all()) and float(np.ptp(np.log10(measured.values))) > 1.0
    title = axes.titled(str(measured.attrs["long_name"]).removeprefix("measured "))
    over = str(measured.dims[0])
    figure = axes.figure(_coordinate(over), axis_title(title, unit), positive)
    x = data[over].values * (1e-3 if over == "c" else 1.0)
    for name, colour, dash in (("predicted", axes.PALETTE[0], "solid"), ("measured", axes.PALETTE[1], "dash")):
        y, error = (data[key].values * shown.factor for key in (name, f"{name}_error"))
        if np.any(error > 0):
            shade(figure, x, y - error, y + error, colour, f"{name}, ± standard error")
        figure.add_scatter(x=x, y=y, mode="lines", name=name, line={"color": colour, "width": 2, "dash": dash})
    return figure


def shade(figure: Figure, x: Any, low: Any, high: Any, colour: str, name: str, *, listed: bool = True) -> None:
    """A band between two curves, which breaks where either is not known; `listed` in the legend or not."""
    known = np.isfinite(low) & np.isfinite(high)
    first = listed
    for piece in np.split(np.arange(len(x)), np.flatnonzero(np.diff(known.astype(int))) + 1):
        if piece.size == 0 or not known[piece[0]]:
            continue
        figure.add_scatter(
            x=np.concatenate([x[piece], x[piece][::-1]]),
            y=np.concatenate([high[piece], low[piece][::-1]]),
            fill="toself",
            fillcolor=axes.translucent(colour, 0.2),
            line={"width": 0, "color": colour},
            mode="lines",
            hoverinfo="skip",
            name=name,
            legendgroup=name,
            showlegend=first,
        )
        first = False


def in_a_gap(x: NDArray[np.float64], T: float, gaps: xr.Dataset | None) -> NDArray[np.bool_]:
    """Which stoichiometries lie between two phases at the temperature of `gaps` that is nearest."""
    inside = np.zeros(np.shape(x), dtype=bool)
    for low, high in _gaps_at(T, gaps):
        inside |= (x > low) & (x < high)
    return inside


def _with_gaps(grid: NDArray[np.float64], beside: Beside) -> NDArray[np.float64]:
    """Nodes of a curve, with more of them where there are gaps: a line must not lead from one side to the other."""
    if beside.gaps is None or not beside.gaps.sizes.get("region", 0):
        return grid
    return np.union1d(grid, np.linspace(grid[0], grid[-1], 101))


def _gaps_at(T: float, gaps: xr.Dataset | None) -> list[tuple[float, float]]:
    if gaps is None or not gaps.sizes.get("region", 0):
        return []
    levels = np.unique(gaps["T"].values)
    nearest = levels[np.argmin(np.abs(levels - T))]
    here = gaps["T"].values == nearest
    return [(float(low), float(high)) for low, high in zip(gaps["x_low"].values[here], gaps["x_high"].values[here], strict=True)]


def _of_one_phase(value: Property) -> bool:
    return value.name in _OF_ONE_PHASE or "carried over" in value.source.marks


def _homogeneous(value: Property, beside: Beside, state: dict[str, Any], y: NDArray[np.float64]) -> NDArray[np.float64]:
    """The values without those that are carried over a gap."""
    if "x" not in state or not _of_one_phase(value):
        return y
    inside = in_a_gap(np.atleast_1d(state["x"]), float(state.get("T", ROOM_TEMPERATURE)), beside.gaps)
    return np.where(inside, np.nan, y)


def _add_band(
    figure: Figure,
    value: Property,
    beside: Beside,
    state: dict[str, Any],
    at: Any,
    y: NDArray[np.float64],
    colour: str,
    shown: ShownUnit,
) -> None:
    if beside.members is not None:
        draws = [beside.members.member(draw)(**state, extrapolate="nearest") for draw in range(beside.members.draws)]
        low, high = np.quantile(np.array(draws), [0.05, 0.95], axis=0)
        name = "5 to 95 % of the members"
    elif value.standard_error is not None:
        error = np.asarray(value.error(**state))
        if not np.any(error > 0):
            return
        low, high, name = y - error, y + error, "± standard error"
    else:
        return
    if value.name in LOGARITHMIC:
        low = np.maximum(low, 0.05 * y)  # a logarithmic axis has no zero
    if "T" in state:
        name += f", {_level('T', state['T'])}"
    low, high = (np.where(np.isfinite(y), end, np.nan) * shown.factor + shown.offset for end in (low, high))
    shade(figure, at, low, high, colour, name)
    if beside.members is None and len(value.components) > 1 and value.name not in LOGARITHMIC:
        _add_parts(figure, value, state, at, y, shown)


def _add_parts(figure: Figure, value: Property, state: dict[str, Any], at: Any, y: NDArray[np.float64], shown: ShownUnit) -> None:
    """A band for each named part of the error that is there, the widest first."""
    parts = {name: np.asarray(error) for name, error in value.error_parts(**state).items()}
    there = sorted((name for name in parts if np.any(parts[name] > 0)), key=lambda name: -float(np.mean(parts[name])))
    for name, colour in zip(there, axes.cycle(len(there) + 1)[1:], strict=True):
        low, high = (
            np.where(np.isfinite(y), end, np.nan) * shown.factor + shown.offset for end in (y - parts[name], y + parts[name])
        )
        shade(figure, at, low, high, colour, f"± {name}")


def _shade_gaps(figure: Figure, value: Property, beside: Beside, T: float) -> None:
    if not _of_one_phase(value):
        return
    for low, high in _gaps_at(T if np.isfinite(T) else ROOM_TEMPERATURE, beside.gaps):
        note = {"annotation_text": "two phases: no value of its own", "annotation_position": "top left"}
        figure.add_vrect(x0=low, x1=high, fillcolor=axes.FAINT, opacity=0.15, line_width=0, **note)


def _add_measured(figure: Figure, measured: Property | None, shown: ShownUnit) -> None:
    """A measured curve, nearest 25 °C, with its standard error."""
    if measured is None or measured.coordinates.get("x", np.zeros(1)).size < 2:
        return
    x = measured.coordinates["x"]
    state: dict[str, Any] = {"x": x}
    if "T" in measured.coordinates:
        low, high = measured.domain["T"]
        state["T"] = float(np.clip(ROOM_TEMPERATURE, low, high))
    y = np.asarray(measured(**state)) * shown.factor + shown.offset
    if measured.standard_error is not None:
        error = np.asarray(measured.error(**state)) * shown.factor
        shade(figure, x, y - error, y + error, axes.FAINT, "measured, ± standard error")
    style = {"color": axes.INK, "width": 1.6, "dash": "dashdot"}
    figure.add_scatter(x=x, y=y, mode="lines", name="measured", line=style)


def _mode(y: NDArray[np.float64]) -> str:
    """What is left either side of a gap needs markers: a line may be too short to be seen."""
    return "lines" if np.isfinite(y).all() else "lines+markers"


def _scaled(dim: str, grid: Any) -> Any:
    """Coordinates in the unit of their axis."""
    if dim == "T":
        return grid - 273.15
    return grid * 1e-3 if dim == "c" else grid


def _coordinate(dim: str) -> str:
    return {"x": "Stoichiometry x", "T": "Temperature (°C)", "c": "Salt concentration (mol/L)"}.get(dim, dim)


def _level(dim: str | None, level: float) -> str:
    return f"{number(level - 273.15, 3)} °C" if dim == "T" else f"{dim} = {level:.4g}"


def _few(grid: Any) -> Any:
    return grid if grid.size <= 5 else grid[np.unique(np.linspace(0, grid.size - 1, 5).astype(int))]
