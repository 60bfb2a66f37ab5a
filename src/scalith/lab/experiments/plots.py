"""Picture of what experiments find beside what was put in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.figure import Figure

_AXES = {"x": "stoichiometry x", "c": "concentration / mol m⁻³"}


def plot_agreements(compared: Mapping[str, xr.Dataset]) -> Figure:
    """A panel for each quantity that was compared: put in and found, with two standard errors."""
    from matplotlib import pyplot as plt

    shown = {name: data for name, data in compared.items() if "measured" in data}
    columns = min(len(shown), 3) or 1
    rows = -(-len(shown) // columns) or 1
    figure = plt.figure(figsize=(3.6 * columns, 2.9 * rows), layout="constrained")
    for k, (name, data) in enumerate(shown.items()):
        axis = figure.add_subplot(rows, columns, k + 1)
        over = str(data["measured"].dims[0])
        at = data[over].values
        for which, words in (("predicted", "put in"), ("measured", "found")):
            value, error = data[which].values, 2.0 * data[f"{which}_error"].values
            (line,) = axis.plot(at, value, "o" if at.size == 1 else "-", label=words)
            axis.fill_between(at, value - error, value + error, alpha=0.25, color=line.get_color())
        axis.set(xlabel=_AXES[over], ylabel=str(data["measured"].attrs["units"]), title=name.replace("_", " "))
        if k == 0:
            axis.legend(frameon=False)
    return figure
