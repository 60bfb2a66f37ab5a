"""Local parabolas return parabolas, and state the error that noise makes."""

import numpy as np
import pytest

from scalith.lab.cycling.local_polynomial import smoothed

AT = np.linspace(0.0, 10.0, 401)
PLACES = np.linspace(1.0, 9.0, 17)


def test_a_parabola_comes_back_without_error():
    found = smoothed(AT, 3.0 - AT + 0.2 * AT**2, PLACES, 2.0)
    assert found.value == pytest.approx(3.0 - PLACES + 0.2 * PLACES**2, abs=1e-10)
    assert found.slope == pytest.approx(-1.0 + 0.4 * PLACES, abs=1e-10)
    assert smoothed(AT, 3.0 - AT, PLACES, 2.0).noise < 1e-12


def test_the_errors_of_value_and_slope_are_those_of_the_noise():
    numbers = np.random.default_rng(5)
    runs = [smoothed(AT, 2.0 - AT + 0.1 * numbers.standard_normal(AT.size), PLACES, 2.0) for _ in range(60)]
    scores = [((one.value - 2.0 + PLACES) / one.value_error, (one.slope + 1.0) / one.slope_error) for one in runs]
    assert np.std(scores, axis=(0, 2)) == pytest.approx(np.ones(2), abs=0.15)
    assert np.mean([one.noise for one in runs]) == pytest.approx(0.1, rel=0.05)
