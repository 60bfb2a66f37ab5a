from __future__ import annotations

import numpy as np

from scalith.lattice import ClusterExpansion
from scalith.lattice.phases.hysteresis import sample_hysteresis
from tests.lattice.models import SQUARE, host


def test_an_attracting_gas_shows_hysteresis_below_its_critical_temperature_only():
    attracting = ClusterExpansion.given(host(SQUARE), (0.0, 0.0, -0.015), 3.1)
    found = sample_hysteresis(attracting, [250.0, 900.0], np.linspace(-0.06, 0.06, 31), cells=(16, 16, 1), sweeps=200, seed=1)
    assert float(found["gap"][0]) > 0.01
    assert abs(float(found["gap"][1])) < 0.003
    up, down = found["x"].sel(T=900.0).values
    error = np.hypot(*found["x_error"].sel(T=900.0).values)
    assert np.abs(up - down).max() < 5 * error.max() + 0.01
    # The two ways mirror each other under exchange of ions and vacancies.
    cold = found["x"].sel(T=250.0).values
    assert np.abs(cold[0] - (1 - cold[1][::-1])).mean() < 0.1
