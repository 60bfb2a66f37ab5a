"""The noise of records: what is not known of its correlation."""

from __future__ import annotations

import numpy as np
import pytest

from scalith.design.fit.noise import RecordNoise, covariance_of_parameters, noise_of_residuals
from tests.design.fit.linear_record import LinearRecord, correlated_noise

NOTHING = (np.zeros(0), np.zeros((0, 3)))


def fitted(matrix, correlation, seed):
    """A record whose correlation is not stated, its residuals at the least squares, and the noise that they show."""
    samples = correlated_noise(np.random.default_rng(seed), len(matrix), 0.01, correlation)
    residual = samples - matrix @ np.linalg.lstsq(matrix, samples, rcond=None)[0]
    record = LinearRecord(matrix, samples, correlation=None)
    noise = RecordNoise.first(record)
    for _ in range(6):
        noise = noise_of_residuals(record, residual, noise, 3)
    return record, noise, residual


@pytest.mark.parametrize("correlation", [0.3, 0.6, 0.8, 0.9])
def test_the_correlation_of_a_long_record_is_as_good_as_known(correlation):
    s = np.linspace(0.0, 1.0, 2000)
    matrix = np.column_stack([np.ones(s.size), s, np.cos(9.0 * s)])
    record, noise, residual = fitted(matrix, correlation, 3)
    averaged = covariance_of_parameters([record], [noise], [residual], [matrix], NOTHING)
    stated = LinearRecord(matrix, record.samples, correlation=noise.correlation)
    known = covariance_of_parameters([stated], [noise], [residual], [matrix], NOTHING)
    # Errors go as e^z of Fisher's z, which the record tells to 0.05 and less.
    np.testing.assert_allclose(np.sqrt(np.diagonal(averaged) / np.diagonal(known)), 1.0, atol=0.03)


@pytest.mark.filterwarnings("error")
def test_a_parameter_that_is_not_told_keeps_its_infinite_variance_and_the_others_theirs():
    s = np.linspace(0.0, 1.0, 100)
    matrix = np.column_stack([np.ones(s.size), s, np.zeros(s.size)])
    record, noise, residual = fitted(matrix, 0.5, 1)
    found = covariance_of_parameters([record], [noise], [residual], [matrix], NOTHING)
    assert found[2, 2] == np.inf
    both = covariance_of_parameters([record], [noise], [residual], [matrix[:, :2]], (NOTHING[0], NOTHING[1][:, :2]))
    np.testing.assert_allclose(found[:2, :2], both, rtol=1e-9)
