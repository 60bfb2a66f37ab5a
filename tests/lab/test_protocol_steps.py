"""Steps told from the curves alone."""

from __future__ import annotations

import numpy as np
import pytest

from scalith.lab.protocol_steps import steps
from scalith.quantities import InputError, Result


def series(*pieces):
    """(samples, current, voltage from, to) after one another, 10 s apart."""
    current = np.concatenate([np.broadcast_to(np.asarray(i, dtype=float), n) for n, i, _, _ in pieces])
    voltage = np.concatenate([np.linspace(a, b, n) for n, _, a, b in pieces])
    return Result({"voltage": ("time", voltage), "current": ("time", current)}, {"time": 10.0 * np.arange(current.size)})


def test_rest_pulse_rest_with_a_ramp_sample():
    """The sample taken while the current is switched on belongs to the pulse, and not to its mean."""
    found = steps(series((5, 0, 4, 4), (1, 0.1, 3.99, 3.99), (30, 1.0, 3.95, 3.9), (40, 0, 3.93, 3.95)))
    assert found["kind"].values.tolist() == ["rest", "constant current", "rest"]
    assert found["first"].values.tolist() == [0, 5, 36]
    assert found["mean_current"].values[1] == 1.0
    assert found["duration"].values[1] == 310.0
    assert found["charge"].values[1] == pytest.approx(301.0)
    assert found["pulse"].values.tolist() == [False, True, False]


def test_constant_current_then_constant_voltage():
    fading = -np.exp(-np.arange(50) / 10)
    found = steps(series((3, 0, 3.5, 3.5), (40, -1.0, 3.6, 4.2), (50, fading, 4.2, 4.2), (20, 0, 4.19, 4.18)))
    assert found["kind"].values.tolist() == ["rest", "constant current", "constant voltage", "rest"]
    assert not found["pulse"].values[1]


def test_two_currents_are_two_steps():
    found = steps(series((20, 1.0, 4, 3.9), (20, 2.0, 3.8, 3.6), (5, 0, 3.7, 3.7)))
    assert found["mean_current"].values.tolist() == [1.0, 2.0, 0.0]


def test_all_charge_is_in_the_steps():
    data = series((5, 0, 4, 4), (1, 0.1, 3.99, 3.99), (30, 1.0, 3.95, 3.9), (10, 0, 3.9, 3.9), (30, -0.5, 3.9, 4.0))
    total = float(np.sum(data["current"].values[1:] * 10.0))
    assert float(steps(data)["charge"].sum()) == pytest.approx(total)


def test_a_series_without_current():
    with pytest.raises(InputError, match="voltage and current"):
        steps(Result({"voltage": ("time", [1.0, 2.0])}, {"time": [0.0, 1.0]}))
