"""Picture of a titration."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from scalith.quantities import InputError

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.figure import Figure


def plot_titration(data: xr.Dataset, *names: str, label: str | None = None, figure: Figure | None = None) -> Figure:
    """Diffusivity of each pulse with its interval, over the stoichiometry or the potential at rest; the cruder reading beside it.

    Raises
    ------
    InputError
        Names were given: there is one picture.
    """
    from matplotlib import pyplot as plt

    if names:
        raise InputError("plot", "names", ", ".join(names), "none: there is one picture of this result")
    figure = figure or plt.figure(figsize=(6.0, 3.6), layout="constrained")
    axis = figure.axes[0] if figure.axes else figure.add_subplot()
    over, words = ("stoichiometry", "stoichiometry x") if "stoichiometry" in data else ("rest_potential", "potential at rest / V")
    cruder, title = ("series_diffusivity", "series") if "series_diffusivity" in data else ("weppner_huggins", "Weppner–Huggins")
    at, value = data[over].values, data["diffusivity"].values
    told = np.isfinite(value)
    ends = np.abs(np.stack([data["lower"].values, data["upper"].values]) - value)
    axis.errorbar(at[told], value[told], ends[:, told], fmt="o", markersize=4, label=label or "fit, 95 %")
    axis.plot(at, data[cruder].values, "x", markersize=4, alpha=0.6, label=title)
    if np.any(told) or np.any(data[cruder].values > 0.0):
        axis.set_yscale("log")
    axis.set(xlabel=words, ylabel="D / m² s⁻¹")
    axis.legend(frameon=False)
    return figure
