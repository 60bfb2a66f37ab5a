"""Series of DSC curves: noise is what was asked for, stacking loses nothing."""

from __future__ import annotations

import numpy as np
import pytest

from scalith.lab.calorimetry import simulate_dsc
from scalith.lab.dsc_series import simulate_dsc_series, stack_dsc, unstack_dsc
from scalith.pack import shipped_kinetics
from scalith.quantities import InputError, read_results, write_results

SETTINGS = {"start": 340.0, "end": 560.0, "sample_density": 2580.0}


def test_noise_and_offset_are_those_asked_for():
    kinetics = shipped_kinetics("lco_hatchard_kim")
    (noisy,) = simulate_dsc_series(kinetics, [0.1], noise=5.0, baseline=20.0, seed=3, **SETTINGS)
    clean = simulate_dsc(kinetics, 0.1, **SETTINGS)
    residual = noisy["heat_flow"].values - clean["heat_flow"].values
    assert residual.mean() == pytest.approx(20.0, abs=0.6)
    assert residual.std() == pytest.approx(5.0, rel=0.1)
    (again,) = simulate_dsc_series(kinetics, [0.1], noise=5.0, baseline=20.0, seed=3, **SETTINGS)
    assert np.array_equal(again["heat_flow"], noisy["heat_flow"])


def test_stacking_loses_nothing_on_the_way_through_a_file(tmp_path):
    curves = simulate_dsc_series(shipped_kinetics("lco_hatchard_kim"), [0.05, 0.2], **SETTINGS)
    curves[1] = curves[1].isel(time=slice(0, 700))
    write_results(stack_dsc(curves), tmp_path / "curves.nc")
    for before, after in zip(curves, unstack_dsc(read_results(tmp_path / "curves.nc")), strict=True):
        for name in ("time", "temperature", "heat_flow"):
            assert np.array_equal(before[name], after[name])
        assert after.attrs["heating_rate"] == before.attrs["heating_rate"]
        assert after.attrs["source"] == before.attrs["source"]


def test_negative_noise_is_refused():
    with pytest.raises(InputError, match="noise"):
        simulate_dsc_series(shipped_kinetics("lco_hatchard_kim"), [0.1], noise=-1.0, **SETTINGS)
