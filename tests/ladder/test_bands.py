"""Bands of an ensemble about runs of different length."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from scalith.ladder.bands import energy_of_runs, summarised
from scalith.ladder.stacking import by_rate
from scalith.quantities import predicted


def run(end: float, samples: int = 101) -> xr.Dataset:
    """From 4 V to 3 V within `end` seconds at 2 A."""
    time = np.linspace(0.0, end, samples)
    voltage = ("time", 4.0 - time / end, {"units": "V"})
    return xr.Dataset({"voltage": voltage, "capacity": ("time", 2.0 * time, {"units": "C"})}, {"time": time})


def stacked(end: float) -> xr.Dataset:
    return by_rate([1.0], [run(end)], predicted("test"))


@pytest.mark.parametrize("made", [run, stacked])
def test_a_band_does_not_leap_where_a_member_ends(made):
    nominal, members = made(100.0), [made(end) for end in (60.0, 80.0, 100.0, 120.0, 140.0)]
    data, _ = summarised(nominal, members)
    for ending in ("low", "high"):
        band = data[f"voltage_{ending}"].values.ravel()
        steps = np.diff(band[np.isfinite(band)])
        assert np.all(steps <= 1e-9)
        assert steps.min() > -1.01 / 60.0  # no member falls faster than the shortest, in one second
    low = data["voltage_low"].values.ravel()
    # After 70 s the shortest member has ended at 3 V, the next stands at 4 − 70/80: quantile 0.05 of five lies a fifth of the way.
    assert low[70] == pytest.approx(3.0 + 0.2 * (1.0 - 70.0 / 80.0))
    assert np.isnan(data["voltage"].isel(draw=0).values.ravel()[70])


def test_errors_of_a_band_are_those_of_its_order_statistics_and_take_no_slow_path_without_gaps(monkeypatch):
    skipped, quantile = [], xr.DataArray.quantile
    monkeypatch.setattr(xr.DataArray, "quantile", lambda *a, **k: skipped.append(k["skipna"]) or quantile(*a, **k))
    nominal, members = run(100.0), [run(80.0 + k) for k in range(40)]
    data, _ = summarised(nominal, members)
    assert len(skipped) == 6  # a band and the errors of its two ends, of two curves
    assert not any(skipped)
    # At 40 s member k stands at 4 − 40/(80 + k); ranks of a quantile of 40 stand 39 steps apart.
    at = np.sort([4.0 - 40.0 / (80.0 + k) for k in range(40)])
    reach = np.sqrt(0.05 * 0.95 / 40.0)
    ends = np.interp(39.0 * (0.05 + reach * np.array([-1.0, 1.0])), np.arange(40.0), at)
    assert float(data["voltage_low_error"].sel(time=40.0)) == pytest.approx(0.5 * (ends[1] - ends[0]), rel=1e-9)
    gap = [one.copy(deep=True) for one in members]
    gap[0]["voltage"][:] = np.nan  # a member that has no voltage is left out of its band
    of_the_others = summarised(nominal, members[1:])[0]
    np.testing.assert_allclose(summarised(nominal, gap)[0]["voltage_low"], of_the_others["voltage_low"], rtol=1e-12)


def test_energies_of_the_members_are_those_of_their_whole_runs():
    members = [stacked(end) for end in (60.0, 140.0)]
    data, _ = summarised(stacked(100.0), members)
    assert data["energy_at_the_end"].values.ravel() == pytest.approx([3.5 * 120.0, 3.5 * 280.0])
    assert data["energy_at_the_end"].attrs["units"] == "J"
    np.testing.assert_allclose(energy_of_runs(stacked(100.0)), [3.5 * 200.0])
