"""Picture of an ageing: capacity, what was lost, resistance, and lithium by mechanism."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.figure import Figure


def plot_ageing(data: xr.Dataset) -> Figure:
    """Draw an ageing over its cycles.

    Parameters
    ----------
    data : xarray.Dataset
        Of `simulate_ageing`.

    Returns
    -------
    matplotlib.figure.Figure
        Capacity of the cycles and of the check-ups, with its knee; lithium inventory and active material lost; resistance, or
        where there is no check-up the thickness of films; lithium by mechanism, stacked.
    """
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(2, 2, figsize=(10, 7), sharex=True)
    (capacity, loss), (resistance, lithium) = axes
    cycle = data["cycle"].values
    capacity.plot(cycle, data["discharge_capacity"].values / 3600.0, label="cycle")
    if np.isfinite(data["knee_cycle"]):
        knee = float(data["knee_cycle"])
        capacity.axvline(knee, color="0.6", ls=":", lw=1.2, label=f"knee, cycle {knee:.0f}")
    if "check_up" in data.coords:
        at = data["check_up"].values
        capacity.plot(at, data["check_up_capacity_slow"].values / 3600.0, "o", label="check-up, C/20")
        capacity.plot(at, data["check_up_capacity"].values / 3600.0, "s", label="check-up, 1C")
        resistance.plot(at, 1e3 * data["check_up_resistance"].values, "o-")
        resistance.set_ylabel("resistance after 10 s (mΩ)")
    else:
        for name in _those(data, "film_thickness_"):
            resistance.plot(cycle, 1e9 * data[name].values, label=name.removeprefix("film_thickness_"))
        resistance.set_ylabel("film thickness (nm)")
    loss.plot(cycle, 100.0 * data["lithium_inventory_lost"].values, label="lithium inventory")
    for name in _those(data, "active_material_lost_"):
        loss.plot(cycle, 100.0 * data[name].values, label=f"material, {name.removeprefix('active_material_lost_')}")
    names = [name for part in ("lithium_in_film_", "lithium_plated_", "lithium_in_lost_") for name in _those(data, part)]
    if names:
        values = np.array([1e3 * (data[name].values - (data[name].values[0] if "film" in name else 0.0)) for name in names])
        labels = [name.removeprefix("lithium_").replace("_", " ") for name in names]
        lithium.stackplot(cycle, np.maximum(values, 0.0), labels=labels)
    capacity.set_ylabel("capacity (A h)")
    loss.set_ylabel("lost (%)")
    lithium.set(ylabel="lithium, of films since the first cycle (mmol)", xlabel="cycle")
    resistance.set_xlabel("cycle")
    for axis in axes.ravel():
        if axis.get_legend_handles_labels()[0]:
            axis.legend(frameon=False, fontsize=8)
    figure.tight_layout()
    return figure


def _those(data: xr.Dataset, beginning: str) -> list[str]:
    return [str(name) for name in data.data_vars if str(name).startswith(beginning) and data[name].dims == ("cycle",)]
