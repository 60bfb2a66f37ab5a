"""Slow curves: mean, hysteresis, derivatives, voltages at rest."""

import numpy as np
import pytest

from scalith.lab.cycling import extract_open_circuit, extract_rest_voltages
from scalith.lab.cycling.local_polynomial import local_parabolas, thinned
from scalith.quantities import InputError, Result

CAPACITY, RATE = 18_000.0, 0.25


def volts(q):
    return 4.2 - 1.2 * q / CAPACITY + 0.1 * np.tanh((q / CAPACITY - 0.5) / 0.05)


def cycle(noise=0.0, resistance=0.02, hysteresis=0.01, points=2000):
    t = np.linspace(1.0, CAPACITY / RATE, points)
    q = np.concatenate([[0.0], RATE * t, np.full(20, CAPACITY), CAPACITY - RATE * t])
    current = np.concatenate([[0.0], np.full(points, RATE), np.zeros(20), np.full(points, -RATE)])
    time = np.concatenate([[0.0], t, t[-1] + 60.0 * np.arange(1, 21), t[-1] + 1200.0 + t])
    voltage = volts(q) - resistance * current - hysteresis * np.sign(current)
    voltage = voltage + noise * np.random.default_rng(0).standard_normal(q.size)
    return Result({"voltage": ("time", voltage), "current": ("time", current)}, {"time": ("time", time)})


def test_the_mean_of_both_directions_is_the_open_circuit_voltage():
    found = extract_open_circuit(cycle(), resistance=0.02, smoothing=300.0)
    inner = slice(5, -5)
    q = found["charge"].values[inner]
    assert found["voltage"].values[inner] == pytest.approx(volts(q), abs=2e-4)
    assert found["hysteresis"].values[inner] == pytest.approx(0.01, abs=2e-4)
    slope = np.gradient(volts(q), q)
    assert found["voltage_slope"].values[inner][2:-2] == pytest.approx(slope[2:-2], abs=3e-6)
    told = np.isfinite(found["incremental_capacity"].values[inner][2:-2])
    assert found["incremental_capacity"].values[inner][2:-2][told] == pytest.approx(1.0 / slope[2:-2][told], rel=0.1)
    assert found.attrs["smoothing_C"] == 300.0


def test_noise_is_found_and_the_slope_has_its_error():
    found = extract_open_circuit(cycle(noise=1e-3), direction="discharge", smoothing=600.0)
    assert found.attrs["noise_V"] == pytest.approx(1e-3, rel=0.15)
    q = found["charge"].values
    off = (found["voltage_slope"].values - np.gradient(volts(q), q))[20:-20] / found["voltage_slope_error"].values[20:-20]
    assert 0.5 < np.std(off) < 1.6
    assert "hysteresis" not in found


def test_a_quick_step_is_said_and_a_missing_one_refused():
    data = cycle(points=200)
    assert extract_open_circuit(data).attrs["notes"] == ""
    quick = data.assign_coords(time=data["time"] / 4.0)
    assert "took 5 h" in extract_open_circuit(quick, direction="charge").attrs["notes"]
    with pytest.raises(InputError, match="charge with constant current"):
        extract_open_circuit(data.isel(time=slice(0, 201)))
    with pytest.raises(InputError, match="below the"):
        extract_open_circuit(data, smoothing=1e6)


def test_parabolas_are_exact_for_parabolas():
    at = np.sort(np.random.default_rng(1).uniform(0.0, 1.0, 200))
    places = np.linspace(0.0, 1.0, 11)
    values, slopes = local_parabolas(at, places, 0.2)
    sample = 1.0 + 2.0 * at - 3.0 * at**2
    assert values @ sample == pytest.approx(1.0 + 2.0 * places - 3.0 * places**2, abs=1e-9)
    assert slopes @ sample == pytest.approx(2.0 - 6.0 * places, abs=1e-8)
    means = thinned(at, sample, most=50)
    assert means[0].size == 50
    assert means[1].mean() == pytest.approx(sample.mean())


def test_voltages_at_the_ends_of_rests():
    time = np.arange(0.0, 12_000.0, 10.0)
    current = np.where((time % 4000.0) < 400.0, 1.0, 0.0)
    current[0] = 0.0
    charge = np.cumsum(current) * 10.0
    since = np.maximum((time % 4000.0) - 400.0, 0.0)
    data = Result(
        {"voltage": ("time", 4.0 - 1e-4 * charge - 0.05 * np.exp(-since / 500.0)), "current": ("time", current)},
        {"time": ("time", time)},
    )
    found = extract_rest_voltages(data)
    assert found.sizes["rest"] == 3
    assert np.diff(found["charge"].values) == pytest.approx(400.0, abs=15.0)
    assert np.diff(found["voltage"].values) == pytest.approx(-0.04, abs=2e-3)
    assert np.all(found["unrelaxed"].values > 0.0)
    with pytest.raises(InputError, match="rests between pulses"):
        extract_rest_voltages(data, shortest=1e5)
