"""Errors of a straight-line fit with planted correlations, where the truth is known."""

import numpy as np
import pytest

from scalith.lab.fit_errors import autocovariance, covariance_of_fit, effective_points

N = 160
X = np.linspace(-1.0, 1.0, N)
LINE = np.stack([np.ones(N), X], axis=1)


def autoregressive(numbers, correlation, count=N):
    noise = numbers.standard_normal(count)
    for i in range(1, count):
        noise[i] = correlation * noise[i - 1] + np.sqrt(1 - correlation**2) * noise[i]
    return noise


def coverage(draw, curves, runs=400, seed=1):
    """How often the planted slope lies within one standard error of a fit to all curves."""
    numbers = np.random.default_rng(seed)
    design = np.tile(LINE, (curves, 1))
    inside = 0
    for _ in range(runs):
        data = np.concatenate([draw(numbers) for _ in range(curves)])
        found = np.linalg.lstsq(design, data, rcond=None)[0]
        residual = design @ found - data
        covariance = covariance_of_fit(design, residual, [N] * curves)
        inside += abs(found[1]) < np.sqrt(covariance[1, 1])
    return inside / runs


def test_white_noise_gives_the_classical_covariance():
    residual = np.random.default_rng(0).standard_normal(N)
    residual -= LINE @ np.linalg.lstsq(LINE, residual, rcond=None)[0]
    found = covariance_of_fit(LINE, residual, [N])
    classical = np.linalg.inv(LINE.T @ LINE) * (residual @ residual) / (N - 2)
    np.testing.assert_allclose(np.diag(found), np.diag(classical), rtol=0.25)


def test_independent_points_of_a_first_order_process():
    """n (1 − ρ)/(1 + ρ), for a long curve."""
    noise = autoregressive(np.random.default_rng(3), 0.8, 20_000)
    assert effective_points(noise) == pytest.approx(20_000 / 9, rel=0.25)
    assert effective_points(np.random.default_rng(3).standard_normal(5000)) == pytest.approx(5000, rel=0.1)


def test_autocovariance_is_positive():
    noise = autoregressive(np.random.default_rng(4), 0.9)
    from scipy.linalg import toeplitz

    assert np.linalg.eigvalsh(toeplitz(autocovariance(noise))).min() > -1e-12


@pytest.mark.parametrize(
    ("name", "draw"),
    [
        ("white", lambda numbers: numbers.standard_normal(N)),
        ("correlated along the curve", lambda numbers: autoregressive(numbers, 0.9)),
        ("a slope of its own in each curve", lambda numbers: numbers.standard_normal() * X + 0.1 * numbers.standard_normal(N)),
    ],
)
@pytest.mark.parametrize("curves", [3, 5])
def test_one_standard_error_covers_68_percent(name, draw, curves):
    """At the stated rate, or a little more: of white noise, correlated noise, and curves that differ."""
    assert 0.62 < coverage(draw, curves) < 0.92


def test_the_classical_error_would_not():
    numbers = np.random.default_rng(2)
    inside = 0
    for _ in range(300):
        data = np.concatenate([numbers.standard_normal() * X + 0.1 * numbers.standard_normal(N) for _ in range(3)])
        design = np.tile(LINE, (3, 1))
        found = np.linalg.lstsq(design, data, rcond=None)[0]
        residual = design @ found - data
        classical = np.linalg.inv(design.T @ design) * (residual @ residual) / (3 * N - 2)
        inside += abs(found[1]) < np.sqrt(classical[1, 1])
    assert inside / 300 < 0.3


def test_a_curve_that_alone_determines_a_number_leaves_the_error_along_curves():
    design = np.concatenate([LINE, np.stack([np.ones(N), np.zeros(N)], axis=1)])
    residual = np.random.default_rng(6).standard_normal(2 * N)
    assert np.all(np.isfinite(covariance_of_fit(design, residual, [N, N])))
