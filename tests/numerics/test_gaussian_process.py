"""A Gaussian process between members: what it foretells, and the error that it states."""

import numpy as np
import pytest
from scipy.stats import qmc

from scalith.numerics.gaussian_process import fit_gaussian_process


def wave(x):
    return np.sin(2.0 * x[:, 0]) + 0.5 * x[:, 1] ** 2


@pytest.fixture(scope="module")
def plan():
    return 2.0 * qmc.Sobol(2, seed=0).random(32) - 1.0


def test_a_smooth_model_is_met_between_members_within_the_error_that_is_stated(plan):
    found = fit_gaussian_process(plan, wave(plan))
    assert np.allclose(found(plan), wave(plan), atol=1e-3)
    more = 1.8 * qmc.Sobol(2, seed=1).random(64) - 0.9
    off, error = found(more) - wave(more), found.error(more)
    assert np.abs(off).max() < 0.02
    assert 0.3 < np.sqrt(np.mean(np.square(off / error))) < 1.5
    far = found.error(np.array([[4.0, -4.0]]))
    assert far[0] > 20.0 * error.max()


def test_noise_is_found_and_smoothed(plan):
    noise = 0.1 * np.random.default_rng(3).standard_normal(32)
    found = fit_gaussian_process(plan, wave(plan) + noise)
    assert 0.05 < found.noise * found.deviation < 0.2
    assert np.sqrt(np.mean(np.square(found(plan) - wave(plan)))) < 0.08
    off, stated = found.left_out()
    assert 0.6 < np.sqrt(np.mean(np.square(off / stated))) < 1.4


def test_members_left_out_are_those_of_a_fit_without_them(plan):
    y = wave(plan) + 0.1 * np.random.default_rng(3).standard_normal(32)
    found = fit_gaussian_process(plan, y)
    off, stated = found.left_out()
    for k in (0, 7, 31):
        rest = np.arange(32) != k
        without = found.refitted(plan[rest], y[rest])
        assert off[k] == pytest.approx(y[k] - without(plan[[k]])[0], rel=1e-4, abs=1e-9)
        assert stated[k] == pytest.approx(without.error(plan[[k]])[0], rel=1e-4)


def test_a_straight_line_of_more_columns_than_members_is_carried_on():
    x = np.random.default_rng(1).standard_normal((30, 40))
    y = 3.0 * x[:, 0] - x[:, 1]
    found = fit_gaussian_process(x, y)
    more = np.random.default_rng(2).standard_normal((50, 40))
    off = found(more) - (3.0 * more[:, 0] - more[:, 1])
    assert np.std(off) < 0.95 * np.std(y)
    assert 0.6 < np.sqrt(np.mean(np.square(off / found.error(more)))) < 1.5


def test_an_output_that_does_not_vary_is_that_number(plan):
    found = fit_gaussian_process(plan, np.full(32, 2.5))
    assert found(np.array([[5.0, 5.0]]))[0] == pytest.approx(2.5)
    assert found.error(np.array([[5.0, 5.0]]))[0] < 1e-10
