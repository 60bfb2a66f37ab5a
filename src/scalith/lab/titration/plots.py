"""Pictures of titrations, of interruptions, of steps of temperature."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from scalith.lab.titration.entropy import cell_temperature, temperature_outside
from scalith.lab.titration.interruption import interruption_line
from scalith.lab.titration.particle_series import potential_step

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.figure import Figure

    from scalith.lab.impedance.elements import Shape
    from scalith.lab.titration.entropy import EntropicCoefficient
    from scalith.lab.titration.pitt import PittFit

Array = NDArray[np.float64]


def plot_titration(data: xr.Dataset, *, label: str | None = None, figure: Figure | None = None) -> Figure:
    """Diffusivity of each pulse with its interval, over the stoichiometry or the potential at rest; beside it the cruder one."""
    from matplotlib import pyplot as plt

    figure = figure or plt.figure(figsize=(6.0, 3.6), layout="constrained")
    axis = figure.axes[0] if figure.axes else figure.add_subplot()
    over, words = ("stoichiometry", "stoichiometry x") if "stoichiometry" in data else ("rest_potential", "potential at rest / V")
    cruder, title = ("series_diffusivity", "series") if "series_diffusivity" in data else ("weppner_huggins", "Weppner–Huggins")
    ends = (data["lower"].values, data["upper"].values)
    _draw_diffusivities(axis, data[over].values, data["diffusivity"].values, ends, label or "fit, 95 %")
    _draw_cruder(axis, data[over].values, data[cruder].values, title)
    axis.set_xlabel(words)
    axis.legend(frameon=False)
    return figure


def plot_potential_steps(
    held: Sequence[tuple[xr.Dataset, float, PittFit | None]], *, radius: float, shape: Shape = "sphere"
) -> Figure:
    """Current after each step of potential (dots) with its fit (line), and the diffusivity of each step with its interval.

    A step that does not tell its diffusivity has no line.

    Parameters
    ----------
    held : sequence of (Dataset, float, PittFit or None)
        Current since the step, height of the step (V), as of `potential_steps`, and what `extract_pitt` reads there, if anything.
    radius : float
        m, and `shape`: with which they were read.
    shape : {"sphere", "cylinder", "slab"}
    """
    from matplotlib import pyplot as plt

    figure, (left, right) = plt.subplots(1, 2, figsize=(9.0, 3.6), layout="constrained")
    for data, step, fit in held:
        time = data["time"].values
        (dots,) = left.loglog(time, 1e3 * np.abs(data["current"].values), ".", markersize=3)
        if fit is not None and np.isfinite(fit.diffusivity):
            flux = potential_step(time * fit.diffusivity / radius**2, shape, fit.biot)
            left.loglog(time, 1e3 * abs(step) / (fit.biot * fit.kinetic_resistance) * flux, color=dots.get_color(), linewidth=1.0)
    left.set(xlabel="time since the step / s", ylabel="|current| / mA", title="measured (dots), fit (lines)")
    none = float("nan")
    names = ("diffusivity", "lower", "upper", "cottrell")
    rows = [[none if fit is None else float(getattr(fit, name)) for name in names] for _, _, fit in held]
    value, lower, upper, cottrell = np.array(rows, dtype=np.float64).reshape(-1, 4).T
    at = np.arange(1.0, value.size + 1.0)
    _draw_diffusivities(right, at, value, (lower, upper), "fit, 95 %")
    _draw_cruder(right, at, cottrell, "Cottrell")
    right.set_xlabel("step")
    right.xaxis.get_major_locator().set_params(integer=True)
    right.legend(frameon=False)
    return figure


def plot_interruptions(
    data: xr.Dataset, found: Sequence[tuple[float, float, float, float]], *, electrode: str = "voltage"
) -> Figure:
    """Potential over √t of each interruption (dots) with its straight line; diffusivity and resistance over the time.

    An interruption that tells no diffusivity is counted in the title, not drawn.

    Parameters
    ----------
    data : xarray.Dataset
        What the interruptions were found in.
    found : sequence of (float, float, float, float)
        Begin and end (s), as of `find_interruptions`, D (m2 s-1) and R (ohm) of `extract_interruption`; NaN where it tells none.
    electrode : str
        Variable that was read.
    """
    from matplotlib import pyplot as plt

    told = np.array([row for row in found if np.isfinite(row[2])], dtype=np.float64).reshape(-1, 4)
    figure, (left, middle, right) = plt.subplots(1, 3, figsize=(10.0, 3.4), layout="constrained")
    for begin, end, *_ in told:
        line = interruption_line(data, begin=float(begin), end=float(end), electrode=electrode)
        (dots,) = left.plot(line.root_time, 1e3 * (line.relaxed - line.start), ".", markersize=3)
        left.plot(line.root_time, 1e3 * line.slope * line.root_time, color=dots.get_color(), linewidth=1.0)
    left.set(xlabel="√(time since the interruption) / s^½", ylabel="potential less drift / mV")
    left.set_title(f"{len(told)} of {len(found)} told: dots, with fit", fontsize="medium")
    _draw_diffusivities(middle, told[:, 0] / 3600.0, told[:, 2], None, None)
    right.plot(told[:, 0] / 3600.0, told[:, 3], "o", markersize=4)
    middle.set_xlabel("time / h")
    right.set(xlabel="time / h", ylabel="resistance / Ω")
    return figure


def plot_entropy(data: xr.Dataset, found: EntropicCoefficient) -> Figure:
    """Voltage at rest (dots) with the fit of `extract_entropy_of` (line); the temperature recorded, and the cell's as fitted."""
    from matplotlib import pyplot as plt

    time, volts, outside = data["time"].values, np.asarray(data["voltage"].values, np.float64), temperature_outside(data)
    inside = cell_temperature(time, outside, found.time_constant)
    moved = found.drift * (time - time[0]) + found.value * (inside - inside[0])
    figure, (top, bottom) = plt.subplots(2, 1, figsize=(6.0, 5.0), sharex=True, layout="constrained")
    top.plot(time / 3600.0, volts, ".", markersize=3, label="measured")
    # The constant of a least-squares line is the mean of what the rest leaves.
    top.plot(time / 3600.0, moved + np.mean(volts - moved), label=f"∂U/∂T = {1e3 * found.value:.3g} mV/K, with drift")
    top.set_ylabel("voltage / V")
    top.legend(frameon=False)
    bottom.plot(time / 3600.0, outside, label="as recorded")
    bottom.plot(time / 3600.0, inside, label=f"of the cell: {found.time_constant:.3g} s behind")
    bottom.set(xlabel="time / h", ylabel="temperature / K")
    bottom.legend(frameon=False)
    return figure


def _draw_diffusivities(axis: Any, at: Array, value: Array, ends: tuple[Array, Array] | None, label: str | None) -> None:
    """Those that are told, with their intervals, on a logarithmic scale."""
    told = np.isfinite(value)
    reach = None if ends is None else np.abs(np.stack(ends) - value)[:, told]
    _widen_scale(axis, value[told] if ends is None else np.concatenate([value, *ends]))
    axis.errorbar(at[told], value[told], reach, fmt="o", markersize=4, label=label)
    axis.set_ylabel("D / m² s⁻¹")


def _draw_cruder(axis: Any, at: Array, value: Array, label: str) -> None:
    """What a simpler formula reads, as crosses."""
    _widen_scale(axis, value)
    axis.plot(at, value, "x", markersize=4, alpha=0.6, label=label)


def _widen_scale(axis: Any, values: Array) -> None:
    """A logarithmic scale that holds these as well: values that are nearly alike span none of their own."""
    values = values[values > 0.0]
    if not values.size:
        return
    low, high = axis.get_ylim() if axis.get_yscale() == "log" else (np.inf, 0.0)
    axis.set_yscale("log")
    axis.set_ylim(min(low, values.min() / 1.5), max(high, 1.5 * values.max()))
