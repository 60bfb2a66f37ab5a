"""Resistance of pulses by time window."""

import numpy as np
import pytest

from scalith.lab.cycling import extract_pulse_resistances
from scalith.quantities import InputError, Result

OHMS, ROOT = 0.02, 0.003


def pulses(noise=0.0, late=False):
    t = np.concatenate([np.arange(0.0, 60.0, 1.0), 59.02 + np.geomspace(0.02, 10.0, 80), 69.2 + np.arange(0.0, 60.0, 1.0)])
    current = np.concatenate([np.zeros(60), np.full(80, 5.0), np.zeros(60)])
    since = np.clip(t - 59.02, 0.0, None)
    v = 3.7 - np.where(current > 0.0, current * (OHMS + ROOT * np.sqrt(since)), 0.0)
    if late:
        current[60] = 0.0  # the current still reads zero though the voltage has fallen
    v = v + noise * np.random.default_rng(0).standard_normal(t.size)
    whole = {"voltage": ("time", np.tile(v, 2)), "current": ("time", np.tile(current, 2))}
    return Result(whole, {"time": ("time", np.concatenate([t, t + 129.3]))})


@pytest.mark.parametrize("late", [False, True])
def test_resistances_at_stated_times(late):
    found = extract_pulse_resistances(pulses(late=late), windows=(0.1, 1.0, 10.0))
    assert found.sizes == {"pulse": 2, "window": 3}
    expected = OHMS + ROOT * np.sqrt(found["window"].values)
    # The current began between two samples 0.04 s apart.
    off = np.abs(found["resistance"].values - expected)
    assert np.all(off <= 3.0 * found["resistance_error"].values + 1e-6)
    assert off[:, 1:].max() < 4e-5
    assert found["rest_voltage"].values == pytest.approx(3.7)


def test_the_error_holds_the_noise():
    found = extract_pulse_resistances(pulses(noise=1e-3), windows=(10.0,))
    assert found["resistance_error"].values == pytest.approx(np.sqrt(2.0) * 1e-3 / 5.0, rel=0.4)


def test_a_window_without_samples_has_no_value():
    found = extract_pulse_resistances(pulses(), windows=(1e-3, 30.0))
    assert np.all(np.isnan(found["resistance"].values))


def test_what_is_refused():
    with pytest.raises(InputError, match="no pulse after a rest"):
        extract_pulse_resistances(pulses(), longest=1.0)
    with pytest.raises(InputError, match="positive times"):
        extract_pulse_resistances(pulses(), windows=(0.0,))
