from __future__ import annotations

import numpy as np
import pytest

from scalith.lattice.sampling.time_series import (
    average,
    balancing_slope,
    burn_in,
    sarle_coefficient,
    statistical_inefficiency,
)


def autoregressive(memory, count, seed=0):
    rng = np.random.default_rng(seed)
    noise = rng.normal(size=count)
    series = np.empty(count)
    series[0] = noise[0]
    for k in range(1, count):
        series[k] = memory * series[k - 1] + np.sqrt(1 - memory**2) * noise[k]
    return series


@pytest.mark.parametrize("memory", [0.0, 0.5, 0.9])
def test_inefficiency_of_a_known_process(memory):
    expected = (1 + memory) / (1 - memory)
    assert statistical_inefficiency(autoregressive(memory, 100_000)) == pytest.approx(expected, rel=0.1)


def test_errors_cover_the_truth_at_their_rate():
    inside = 0
    for seed in range(300):
        result = average(autoregressive(0.8, 2000, seed))
        inside += abs(result.mean) < 2 * result.error
    assert 0.88 < inside / 300 < 0.99


def test_burn_in_is_found():
    series = autoregressive(0.3, 1000)
    series[:150] += np.linspace(20, 0, 150)
    assert 100 <= burn_in(series) <= 300
    spike = autoregressive(0.0, 400)
    spike[0] = 500.0
    assert average(spike).mean == pytest.approx(0.0, abs=0.2)


def test_constant_series():
    result = average(np.full(50, 3.0))
    assert result.mean == 3.0
    assert result.error == 0.0


def test_balanced_peaks_show_the_coefficient_of_equal_ones():
    """Two broad peaks, of which one is met ten times as often: weighed alike they are those met alike."""
    rng = np.random.default_rng(0)
    left, right = rng.normal(-2.0, 1.0, 40_000), rng.normal(2.0, 1.0, 40_000)
    alike, rare = np.concatenate([left, right]), np.concatenate([left[:4000], right])
    weights = np.exp(balancing_slope(rare, 0.0) * rare)
    assert weights[rare > 0.0].sum() == pytest.approx(weights[rare <= 0.0].sum())
    assert sarle_coefficient(rare, weights) == pytest.approx(sarle_coefficient(alike), abs=0.03)
    assert sarle_coefficient(rare) < sarle_coefficient(alike) - 0.05


@pytest.mark.parametrize("jitter", [0.0, 1e-14])
def test_a_series_that_never_changed_has_no_error_of_round_off(jitter):
    rng = np.random.default_rng(0)
    series = -123.4 / 3.0 * (1.0 + jitter * rng.standard_normal(150))
    found = average(series)
    assert (found.error, found.inefficiency) == (0.0, 1.0)
    assert found.mean == pytest.approx(-123.4 / 3.0, rel=1e-13)
    assert average(np.zeros(20)).error == 0.0
    assert average(series + 1e-6 * rng.standard_normal(150)).error > 0.0
