"""The entropic coefficient from steps of temperature."""

from __future__ import annotations

import numpy as np
import pytest

from scalith.lab.titration import cell_temperature, extract_entropy, simulate_entropy
from scalith.quantities import InputError


def arrays(data):
    return data["time"].values, data["voltage"].values, data["ambient_temperature"].values


def test_a_step_is_seen_to_63_86_95_and_99_per_cent():
    t = np.array([0.0, 1e-9, 1.0, 2.0, 3.0, 5.0])
    seen = cell_temperature(t, np.array([0.0, 1.0, 1.0, 1.0, 1.0, 1.0]), 1.0)[2:]
    assert np.allclose(seen, [0.632, 0.865, 0.950, 0.9933], atol=5e-4)


@pytest.mark.parametrize("noise", [0.0, 2e-6])
def test_the_planted_coefficient_comes_back_under_a_drift(noise):
    """0.1 mV/K under 0.05 mV/h; two readings an hour apart at a step of 10 K are 5 % off by the drift alone."""
    drift = 0.05e-3 / 3600
    data = simulate_entropy(coefficient=1e-4, time_constant=900.0, drift=drift)
    t, v, T = arrays(data)
    v = v + noise * np.random.default_rng(1).standard_normal(t.size)
    found = extract_entropy(t, v, T)
    assert found.value == pytest.approx(1e-4, rel=0.01)
    assert found.drift == pytest.approx(drift, rel=0.05)
    assert found.time_constant == pytest.approx(900.0, rel=0.02)
    quick = simulate_entropy(coefficient=1e-4, time_constant=60.0, drift=drift, steps=(0.0, 10.0), hold=3600.0, interval=60.0)
    voltage = quick["voltage"].values
    assert (voltage[-1] - voltage[59]) / 10.0 / 1e-4 == pytest.approx(1.05, abs=0.002)


def test_the_interval_covers_as_often_as_it_says():
    t, v, T = arrays(simulate_entropy(coefficient=1e-4, time_constant=900.0, interval=240.0))
    numbers, covered = np.random.default_rng(2), 0
    for _ in range(60):
        found = extract_entropy(t, v + 1e-5 * numbers.standard_normal(t.size), T)
        covered += found.lower < 1e-4 < found.upper
    assert 52 <= covered <= 60


def test_wrong_questions_are_named():
    t, v, T = arrays(simulate_entropy(coefficient=1e-4, time_constant=900.0))
    with pytest.raises(InputError, match="1 K or more"):
        extract_entropy(t, v, np.full_like(T, 298.0))
    with pytest.raises(InputError, match="at least 10"):
        extract_entropy(t[:5], v[:5], T[:5])
    with pytest.raises(InputError, match="times that rise"):
        extract_entropy(t[::-1], v, T)
