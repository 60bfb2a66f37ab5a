"""Bands: what the members of an ensemble found of a result, on the nominal result's own times."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import xarray as xr

BAND = (0.05, 0.95)
"""Quantiles of the members between which a band lies."""

_DIMENSIONS = {"c_rate", "sample", "time", "cell"}
_SAID = {"voltage", "temperature", "peak_temperature", "heat"}
"""What is said in words of a result that has these; its file holds the others, too."""

_MOST_PRESENT = 0.5
"""A band ends where fewer members than this part are still running."""


def summarised(nominal: xr.Dataset, values: Sequence[xr.Dataset]) -> tuple[xr.Dataset, str]:
    """Members of a result side by side, with their scatter.

    Runs over time are read at the nominal run's times; a member that ended before is NaN from there on.

    Parameters
    ----------
    nominal : xarray.Dataset
        Result of the nominal climb: numbers, or curves over ``time``, or runs stacked by `scalith.ladder.stacking.by_rate`.
    values : sequence of xarray.Dataset
        The same result of each member.

    Returns
    -------
    data : xarray.Dataset
        Each variable with a leading ``draw``; beside it ``…_deviation`` (standard deviation), ``…_low`` and ``…_high`` (5 % and
        95 % quantiles, in which a member that ended stays at its last value), where half of the members are running, and
        ``…_low_error`` and ``…_high_error``, how far those have settled (`quantile_error`); the nominal ``time`` and
        ``capacity`` of stacked runs.
    words : str
        The scatter in words; empty when there is nothing to summarise.
    """
    names = [
        str(key)
        for key, item in nominal.data_vars.items()
        if set(item.dims) <= _DIMENSIONS and item.dtype.kind == "f" and key != "time" and all(key in value for value in values)
    ]
    if not names:
        return xr.Dataset(), ""
    data = xr.concat([_at_the_times_of(nominal, value, names) for value in values], "draw", combine_attrs="override")
    words = []
    for name in names:
        members, about = data[name], nominal[name].attrs
        present = members.notnull().mean("draw") >= _MOST_PRESENT
        running = members.where(present, 0.0)
        deviation = running.std("draw", ddof=1).where(present)
        held = _held(members).where(present, 0.0)
        bounds = _quantiles(held, BAND)
        low, high = (bounds.isel(quantile=k, drop=True).where(present) for k in (0, 1))
        title = str(about.get("long_name", name))
        for ending, item, said in (
            ("deviation", deviation, f"standard deviation of the {title}"),
            ("low", low, f"{title}, 5 % quantile"),
            ("high", high, f"{title}, 95 % quantile"),
        ):
            data[f"{name}_{ending}"] = item.assign_attrs(units=about.get("units", ""), long_name=said)
        for ending, q in zip(("low", "high"), BAND, strict=True):
            said = f"standard error of the {100 * q:g} % quantile of the {title}"
            error = quantile_error(held, q).where(present)
            data[f"{name}_{ending}_error"] = error.assign_attrs(units=about.get("units", ""), long_name=said)
        if np.any(np.isfinite(deviation)) and (name in _SAID or not _SAID & set(names)):
            largest = "" if set(deviation.dims) <= {"c_rate", "cell"} else " (median over time)"
            typical = float(deviation.median()) if largest else float(deviation.max())
            words.append(f"{name.replace('_', ' ')} ± {typical:.2g} {about.get('units', '')}".rstrip() + largest)
    kept = {name: nominal[name] for name in ("time",) if name in nominal and name not in nominal.dims}
    if "sample" in nominal.dims and "capacity" in nominal:
        kept["nominal_capacity_passed"] = nominal["capacity"]
        last = xr.concat([value["capacity"].max("sample") for value in values], "draw")
        data["capacity_at_the_end"] = last.assign_attrs(
            units=nominal["capacity"].attrs.get("units", ""), long_name="capacity at the end"
        )
        if "voltage" in nominal:
            delivered = xr.concat([energy_of_runs(value) for value in values], "draw")
            data["energy_at_the_end"] = delivered.assign_attrs(units="J", long_name="energy at the end")
    return data.assign(kept), ", ".join(words)


def quantile_error(members: xr.DataArray, quantile: float) -> xr.DataArray:
    """Standard error of a quantile over ``draw``: half of what lies between the quantiles at q ± √(q(1 − q)/n).

    The rank of a quantile of n independent members is binomial. NaN where it reaches beyond the members: of the 5 % quantile with
    fewer than 20. Members on a Sobol' sequence or a Latin hypercube settle faster than this says.
    """
    reach = float(np.sqrt(quantile * (1.0 - quantile) / members.sizes["draw"]))
    low, high = quantile - reach, quantile + reach
    if low <= 0.0 or high >= 1.0:
        return members.isel(draw=0, drop=True) * np.nan
    ends = _quantiles(members, (low, high))
    return 0.5 * (ends.isel(quantile=1, drop=True) - ends.isel(quantile=0, drop=True))


def _quantiles(members: xr.DataArray, of: tuple[float, float]) -> xr.DataArray:
    """Quantiles over ``draw``, of the members that are there; all places are sorted at once where none is missing."""
    return members.quantile(of, "draw", skipna=bool(members.isnull().any()))


def _held(members: xr.DataArray) -> xr.DataArray:
    """Members that ended stay at their last value: without them a band would leap to those that last longest."""
    dim = next((dim for dim in ("sample", "time") if dim in members.dims), None)
    if dim is None:
        return members
    ordered = members.transpose(..., dim)
    known = np.isfinite(ordered.values)
    last = np.maximum.accumulate(np.where(known, np.arange(ordered.sizes[dim]), 0), axis=-1)
    return ordered.copy(data=np.take_along_axis(ordered.values, last, axis=-1)).transpose(*members.dims)


def energy_of_runs(data: xr.Dataset) -> xr.DataArray:
    """Energy that each run of a stacked result delivered, ∫ V dQ, J.

    Parameters
    ----------
    data : xarray.Dataset
        ``voltage`` (V) and ``capacity`` (C) over (``c_rate``, ``sample``), padded with NaN.

    Returns
    -------
    xarray.DataArray
        Over ``c_rate``.
    """
    voltage, charge = data["voltage"].transpose("c_rate", "sample").values, data["capacity"].transpose("c_rate", "sample").values
    known = np.isfinite(voltage) & np.isfinite(charge)
    found = [np.trapezoid(v[k], q[k]) for v, q, k in zip(voltage, charge, known, strict=True)]
    return xr.DataArray(found, {"c_rate": data["c_rate"].values}, "c_rate", attrs={"units": "J", "long_name": "energy"})


def _at_the_times_of(nominal: xr.Dataset, value: xr.Dataset, names: Sequence[str]) -> xr.Dataset:
    if "time" in nominal.dims:
        return value[list(names)].interp(time=nominal["time"])
    if "sample" not in nominal.dims:
        return value[list(names)]
    found = nominal[list(names)].copy(deep=True)
    for rate in range(nominal.sizes["c_rate"]):
        one = value.isel(c_rate=rate)
        known = np.isfinite(one["time"].values)
        times = nominal["time"].isel(c_rate=rate).values
        for name in names:
            if "sample" not in nominal[name].dims:
                found[name][rate] = one[name]
                continue
            column = np.interp(times, one["time"].values[known], one[name].values[known], right=np.nan)
            found[name][rate] = np.where(np.isfinite(times), column, np.nan)
    return found
