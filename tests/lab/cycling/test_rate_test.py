"""Capacity against rate: the curve, planted numbers, the transport behind it."""

import numpy as np
import pytest

from scalith.lab.cycling import capacity_at_rate, characteristic_times, extract_capacities, extract_rate_capability
from scalith.quantities import InputError, Result, shipped


def capacities(current, whole=10_000.0, time=600.0, exponent=0.7):
    q = np.full(current.size, whole)
    for _ in range(400):
        q = 0.5 * q + 0.5 * whole * capacity_at_rate(current / q, time, exponent)
    return q


def test_the_curve_has_its_limits():
    assert capacity_at_rate(1e-9, 1.0, 1.0) == pytest.approx(1.0, abs=1e-8)
    assert capacity_at_rate(1.0, 1.0, 1.0) == pytest.approx(np.exp(-1.0))
    rate = np.array([9.9e3, 1.01e4])  # either side of the switch of formula
    assert capacity_at_rate(rate, 1.0, 1.0) == pytest.approx(0.5 / rate, rel=1e-4)


def test_planted_numbers_come_back():
    current = np.geomspace(0.5, 40.0, 8)
    found = extract_rate_capability(current, capacities(current))
    assert (found.capacity, found.time, found.exponent) == pytest.approx((10_000.0, 600.0, 0.7), rel=1e-3)
    noisy = capacities(current) * (1.0 + 0.01 * np.random.default_rng(0).standard_normal(8))
    found = extract_rate_capability(current, noisy)
    assert found.time_interval[0] < 600.0 < found.time_interval[1]
    assert found.note == ""


def test_slow_rates_do_not_tell_a_time():
    current = np.geomspace(0.01, 0.05, 5)
    noise = 1.0 + 0.003 * np.random.default_rng(2).standard_normal(5)
    assert "not identifiable" in extract_rate_capability(current, capacities(current, time=60.0) * noise).note
    with pytest.raises(InputError, match="at least four"):
        extract_rate_capability(current[:3], current[:3])


def test_capacities_of_discharges_are_read():
    time = np.concatenate([np.arange(0.0, 1000.0, 10.0), np.arange(1000.0, 2000.0, 10.0), np.arange(2000.0, 2600.0, 10.0)])
    current = np.concatenate([np.zeros(100), np.full(100, 2.0), np.zeros(60)])
    one = Result({"voltage": ("time", 4.0 - 1e-4 * time), "current": ("time", current)}, {"time": ("time", time)})
    found = extract_capacities(one, one.assign(current=one["current"] * 2.0))
    assert found["current"].values == pytest.approx([2.0, 4.0])
    assert found["capacity"].values == pytest.approx([2000.0, 4000.0])
    with pytest.raises(InputError, match="no discharge"):
        extract_capacities(one.assign(current=-one["current"]))


def test_times_of_a_cell_are_those_of_its_layers():
    found = characteristic_times(shipped("cell/lgm50_chen2020.toml"))
    assert found["particles of the negative electrode"] == pytest.approx((5.86e-6) ** 2 / 15 / 3.3e-14, rel=1e-6)
    assert found["electrolyte in the separator"] < found["electrolyte in the negative electrode"]


def test_times_are_longer_in_the_cold():
    warm, cold = (characteristic_times(shipped("cell/lgm50_oregan2022.toml"), temperature=T) for T in (298.15, 283.15))
    assert all(cold[name] > warm[name] for name in warm)
