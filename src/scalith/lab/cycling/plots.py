"""Pictures of slow cycles."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scalith.quantities import InputError

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.figure import Figure


def plot_open_circuit(data: xr.Dataset, *names: str, label: str | None = None, figure: Figure | None = None) -> Figure:
    """Voltage over the charge with its branches, dV/dQ, and dQ/dV over the voltage.

    Raises
    ------
    InputError
        Names were given: there is one picture.
    """
    from matplotlib import pyplot as plt

    if names:
        raise InputError("plot", "names", ", ".join(names), "none: there is one picture of this result")
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
