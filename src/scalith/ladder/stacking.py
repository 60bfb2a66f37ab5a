"""Runs of different length in one result: a dimension for the rate, one for the sample, padded with NaN."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import xarray as xr

from scalith.quantities import Source


def by_rate(rates: Sequence[float], runs: Sequence[xr.Dataset], source: Source) -> xr.Dataset:
    """Stack results over ``time`` to (``c_rate``, ``sample``); what a run lacks at its end is NaN.

    Texts that a run carries in its attributes (why it ended) are kept as variables over ``c_rate``.
    """
    longest = max(run.sizes["time"] for run in runs)
    padded = []
    for run in runs:
        samples = run.reset_index("time").reset_coords("time").rename_dims(time="sample")
        padded.append(samples.pad(sample=(0, longest - run.sizes["time"])))
    along = xr.DataArray(list(rates), dims="c_rate", name="c_rate", attrs={"units": "1", "long_name": "C-rate"})
    stacked = xr.concat(padded, along, combine_attrs="override")  # units and names are those of each run
    stacked.attrs.clear()
    reasons = [str(run.attrs.get("reason", "")) for run in runs]
    if any(reasons):
        stacked["reason"] = ("c_rate", reasons, {"units": "", "long_name": "why the run ended"})
    return stacked.assign_attrs(source=source.to_json())


def one_rate(data: xr.Dataset, rate: float) -> xr.Dataset:
    """One run of a stacked result, without its padding."""
    one = data.sel(c_rate=rate)
    known = np.flatnonzero(one["time"].notnull().values)
    last = int(known[-1]) + 1 if known.size else 0
    return one.isel(sample=slice(0, last)) if known.size == last else one.isel(sample=known)
