"""Least squares between bounds."""

from __future__ import annotations

import numpy as np
import pytest

from scalith.lab.impedance.levenberg_marquardt import minimise


def test_a_step_that_a_bound_cuts_does_not_end_the_search():
    """Columns that hardly differ: the free minimum is at (100, 100), and the step towards it, cut at 0.1, leads upwards."""
    matrix, target = np.array([[1.0, -1.0], [0.0, 0.05]]), np.array([0.0, 5.0])
    upper = np.array([0.1, 1000.0])
    found = minimise(lambda x: (matrix @ x - target, matrix), np.zeros(2), -upper, upper)
    assert found.converged
    assert found.x == pytest.approx([0.1, (0.1 + 0.25) / 1.0025], rel=1e-6)
