"""Pictures of slow cycles, of the balance and the losses they tell, of rate tests and of pulses."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from scalith.lab.cycling.rate_test import capacity_at_rate

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.figure import Figure

    from scalith.lab.cycling.electrode_balance import ElectrodeBalance
    from scalith.lab.cycling.rate_test import RateCapability


def plot_open_circuit(data: xr.Dataset, *, label: str | None = None, figure: Figure | None = None) -> Figure:
    """Voltage over the charge with its branches, dV/dQ, and dQ/dV over the voltage."""
    from matplotlib import pyplot as plt

    figure = figure or plt.figure(figsize=(10.0, 3.2), layout="constrained")
    axes = figure.axes or list(figure.subplots(1, 3))
    charge = data["charge"].values / 3600.0
    (line,) = axes[0].plot(charge, data["voltage"].values, label=label)
    for way, style in (("discharge", ":"), ("charge", "--")):
        if f"{way}_voltage" in data:
            axes[0].plot(charge, data[f"{way}_voltage"].values, style, color=line.get_color(), linewidth=0.8)
    axes[0].set(xlabel="charge / A h", ylabel="voltage / V")
    slope, error = (3600.0 * data[name].values for name in ("voltage_slope", "voltage_slope_error"))
    axes[1].plot(charge, slope, color=line.get_color())
    axes[1].fill_between(charge, slope - 2.0 * error, slope + 2.0 * error, alpha=0.25, color=line.get_color())
    inner = slope[slope.size // 20 : -slope.size // 20]
    axes[1].set(xlabel="charge / A h", ylabel="dV/dQ / V (A h)⁻¹", ylim=(1.2 * inner.min(), 0.3 * abs(inner.min())))
    axes[2].plot(data["voltage"].values, -data["incremental_capacity"].values / 3600.0, color=line.get_color())
    axes[2].set(xlabel="voltage / V", ylabel="−dQ/dV / A h V⁻¹")
    if label is not None:
        axes[0].legend()
    return figure


def plot_degradation(data: xr.Dataset) -> Figure:
    """Losses as the check-ups read them, with two standard errors, and lines of what the model says."""
    from matplotlib import pyplot as plt

    figure, axis = plt.subplots(figsize=(6.0, 3.6), layout="constrained")
    at = data["check_up"].values
    for name in ("lithium_inventory_lost", "active_material_lost_negative", "active_material_lost_positive"):
        words = name.replace("_lost", "").replace("_", " ")
        (line,) = axis.plot(at, 100.0 * data[f"{name}_planted"].values, lw=1.0)
        error = 200.0 * data[f"{name}_error"].values
        axis.errorbar(at, 100.0 * data[name].values, error, fmt="o", ms=4, color=line.get_color(), label=words)
    axis.set(xlabel="cycle", ylabel="lost (%): points as read, lines as planted")
    axis.legend(frameon=False)
    return figure


def plot_balance(
    charge: ArrayLike, voltage: ArrayLike, found: ElectrodeBalance, *, label: str = "measured", figure: Figure | None = None
) -> Figure:
    """Pseudo-open-circuit voltage (dots) with that of the balance (line), and what it leaves; onto `figure`, if given."""
    from matplotlib import pyplot as plt

    figure = figure or plt.figure(figsize=(9.0, 3.4), layout="constrained")
    left, right = figure.axes or list(figure.subplots(1, 2))
    q, v = np.asarray(charge, dtype=np.float64) / 3600.0, np.asarray(voltage, dtype=np.float64)
    (dots,) = left.plot(q, v, ".", markersize=3, alpha=0.5, label=label)
    left.plot(q, found.fitted, color=dots.get_color(), linewidth=1.0)
    left.set(xlabel="charge / A h", ylabel="voltage / V", title="measured (dots), fit (lines)")
    left.legend(frameon=False)
    right.plot(q, 1e3 * (found.fitted - v), color=dots.get_color())
    right.axhline(0.0, color="grey", linewidth=0.8)
    right.set(xlabel="charge / A h", ylabel="fit less measured / mV")
    return figure


def plot_rate_test(data: xr.Dataset, *, fit: RateCapability | None = None) -> Figure:
    """Capacity over the current (dots), and the curve of `extract_rate_capability` through it (line)."""
    from matplotlib import pyplot as plt

    figure, axis = plt.subplots(figsize=(6.0, 3.6), layout="constrained")
    current, capacity = data["current"].values, data["capacity"].values
    axis.semilogx(current, capacity / 3600.0, "o", markersize=4, label="measured")
    if fit is not None:
        # Along the rate I/Q, which gives the capacity and with it the current.
        rate = np.geomspace(0.5 * np.min(current / capacity), 2.0 * np.max(current / capacity), 200)
        line = fit.capacity * capacity_at_rate(rate, fit.time, fit.exponent)
        words = "time not identifiable" if fit.note else f"{fit.time:.3g} s, exponent {fit.exponent:.2g}"
        axis.semilogx(rate * line, line / 3600.0, label=f"fit: {words}")
    axis.set(xlabel="current / A", ylabel="capacity / A h")
    axis.legend(frameon=False)
    return figure


def plot_pulse_resistances(data: xr.Dataset) -> Figure:
    """Resistance of each pulse after each stated time, with two standard errors, over the voltage at rest before it."""
    from matplotlib import pyplot as plt

    figure, axis = plt.subplots(figsize=(6.0, 3.6), layout="constrained")
    for window in data["window"].values:
        one = data.sel(window=window)
        ohms, error = 1e3 * one["resistance"].values, 2e3 * one["resistance_error"].values
        axis.errorbar(data["rest_voltage"].values, ohms, error, fmt="o", markersize=4, label=f"after {window:g} s")
    axis.set(xlabel="voltage at rest / V", ylabel="resistance / mΩ")
    axis.legend(frameon=False)
    return figure
