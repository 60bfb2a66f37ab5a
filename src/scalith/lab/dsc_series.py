"""Series of DSC curves: a virtual experiment with noise, and curves of different length in one result."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import xarray as xr

from scalith.lab.calorimetry import simulate_dsc
from scalith.pack import ReactionSet
from scalith.quantities import InputError


def simulate_dsc_series(
    kinetics: ReactionSet,
    heating_rates: Sequence[float],
    *,
    start: float,
    end: float,
    sample_density: float,
    noise: float = 0.0,
    baseline: float = 0.0,
    seed: int = 0,
) -> list[xr.Dataset]:
    """A virtual experiment: DSC curves at several heating rates, with an offset and normal noise on the heat flow.

    Parameters
    ----------
    kinetics : ReactionSet
        What is in the pan.
    heating_rates : sequence of float
        K s-1.
    start, end : float
        K.
    sample_density : float
        As in `simulate_dsc`, kg m-3.
    noise, baseline : float
        Standard deviation and constant offset of the heat flow, W kg-1.
    seed : int

    Raises
    ------
    InputError
        Negative noise, or what `simulate_dsc` rejects.
    """
    if not noise >= 0.0:
        raise InputError("simulate_dsc_series", "noise", noise, "a number that is not negative")
    numbers = np.random.default_rng(seed)
    curves = []
    for rate in heating_rates:
        curve = simulate_dsc(kinetics, rate, start=start, end=end, sample_density=sample_density)
        shift = baseline + noise * numbers.standard_normal(curve.sizes["time"])
        curves.append(curve.assign(heat_flow=curve["heat_flow"].copy(data=curve["heat_flow"].values + shift)))
    return curves


def stack_dsc(curves: Sequence[xr.Dataset]) -> xr.Dataset:
    """Curves as one result over (``curve``, ``sample``); what a shorter curve lacks is NaN. `unstack_dsc` undoes it."""
    longest = max(curve.sizes["time"] for curve in curves)
    data = xr.Dataset(
        attrs={"sources": [str(curve.attrs["source"]) for curve in curves], "source": str(curves[0].attrs["source"])}
    )
    for name, unit, words in (
        ("time", "s", "time"),
        ("temperature", "K", "sample temperature"),
        ("heat_flow", "W kg-1", "heat flow, exothermic positive"),
    ):
        values = np.full((len(curves), longest), np.nan)
        for row, curve in zip(values, curves, strict=True):
            row[: curve.sizes["time"]] = curve[name].values
        data[name] = (("curve", "sample"), values, {"units": unit, "long_name": words})
    rates = [float(curve.attrs["heating_rate"]) for curve in curves]
    data["heating_rate"] = ("curve", rates, {"units": "K s-1", "long_name": "heating rate"})
    return data


def unstack_dsc(data: xr.Dataset) -> list[xr.Dataset]:
    """The single curves of `stack_dsc`, as `read_dsc` gives them."""
    sources = np.atleast_1d(data.attrs["sources"])
    curves = []
    for index, source in enumerate(sources):
        one = data[["time", "temperature", "heat_flow"]].isel(curve=index).dropna("sample").swap_dims(sample="time")
        rate = float(data["heating_rate"][index])
        curves.append(
            one.set_coords("time").assign_attrs(source=str(source), heating_rate=rate).drop_vars("sample", errors="ignore")
        )
    return curves
