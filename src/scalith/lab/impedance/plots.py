"""Pictures of relaxation times, of the Kramers–Kronig test, of a fitted circuit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.figure import Figure

    from scalith.lab.impedance.circuit_fit import CircuitFit


def plot_relaxation_times(data: xr.Dataset, *, label: str | None = None, figure: Figure | None = None) -> Figure:
    """Distribution over τ with its band; real peaks are marked with their resistance."""
    from matplotlib import pyplot as plt

    figure = figure or plt.figure(figsize=(6.0, 3.6), layout="constrained")
    axis = figure.axes[0] if figure.axes else figure.add_subplot()
    tau = data["relaxation_time"].values
    (line,) = axis.semilogx(tau, data["distribution"].values, label=label)
    axis.fill_between(
        tau, data["distribution_lower"].values, data["distribution_upper"].values, alpha=0.25, color=line.get_color()
    )
    for time, height, resistance, probability in zip(
        *(data[f"peak_{name}"].values for name in ("time", "height", "resistance", "probability")), strict=True
    ):
        if probability >= 0.95:
            axis.annotate(f"{resistance:.3g} Ω", (time, height), textcoords="offset points", xytext=(0, 4), ha="center")
    axis.set_xlabel("relaxation time / s")
    axis.set_ylabel("distribution over ln τ / Ω")
    if label is not None:
        axis.legend()
    return figure


def plot_kramers_kronig(data: xr.Dataset, *, label: str | None = None, figure: Figure | None = None) -> Figure:
    """Residuals of both parts over frequency; points that were left out are crossed."""
    from matplotlib import pyplot as plt

    figure = figure or plt.figure(figsize=(6.0, 3.2), layout="constrained")
    axis = figure.axes[0] if figure.axes else figure.add_subplot()
    frequency, out = data["frequency"].values, data["left_out"].values.astype(bool)
    for part, marker in (("real", "o"), ("imaginary", "s")):
        values = 100.0 * data[f"residual_{part}"].values
        (line,) = axis.semilogx(
            frequency[~out], values[~out], marker, markersize=3, label=f"{label + ', ' if label else ''}{part}"
        )
        axis.semilogx(frequency[out], values[out], "x", color=line.get_color())
    axis.axhline(0.0, color="grey", linewidth=0.8)
    axis.set_xlabel("frequency / Hz")
    axis.set_ylabel("residual / % of |Z|")
    axis.legend()
    return figure


def plot_circuit_fit(fit: CircuitFit, data: xr.Dataset) -> Figure:
    """Spectrum (dots) and fitted circuit (line) in the plane of Z, and the residuals."""
    from matplotlib import pyplot as plt

    frequency, z = data["frequency"].values, data["resistance"].values + 1j * data["reactance"].values
    fine = np.geomspace(frequency.min(), frequency.max(), 200)
    smooth = fit.impedance(fine)
    figure, (left, right) = plt.subplots(1, 2, figsize=(9.0, 3.6), layout="constrained")
    left.plot(z.real, -z.imag, ".", label="measured")
    left.plot(smooth.real, -smooth.imag, label=fit.circuit.text)
    left.set(xlabel="Re Z / Ω", ylabel="−Im Z / Ω")
    left.set_aspect("equal", adjustable="datalim")
    left.legend()
    right.semilogx(frequency, 100.0 * fit.residuals.real, "o", markersize=3, label="real")
    right.semilogx(frequency, 100.0 * fit.residuals.imag, "s", markersize=3, label="imaginary")
    right.axhline(0.0, color="grey", linewidth=0.8)
    right.set(xlabel="frequency / Hz", ylabel="residual / % of |Z|")
    right.legend()
    return figure
