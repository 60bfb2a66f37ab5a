from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scalith.lattice import common_tangents


def regular(omega, tilt=0.0):
    def g(x):
        return x * np.log(x) + (1 - x) * np.log(1 - x) + omega * x * (1 - x) + tilt * x

    def slope(x):
        return np.log(x / (1 - x)) + omega * (1 - 2 * x) + tilt

    return g, slope


@pytest.mark.long
@given(st.floats(2.3, 8.0), st.floats(-20.0, 20.0))
def test_both_conditions_hold_for_any_tilt(omega, tilt):
    g, slope = regular(omega, tilt)
    (found,) = common_tangents(g, slope)
    ends = np.array([found.low, found.high])
    assert np.allclose(slope(ends), found.slope, atol=1e-7)
    assert np.diff(g(ends))[0] / np.diff(ends)[0] == pytest.approx(found.slope, abs=1e-7)
    assert found.low == pytest.approx(1 - found.high, abs=1e-7)
    assert found.slope == pytest.approx(tilt, abs=1e-7)


def test_a_convex_curve_has_none():
    assert common_tangents(*regular(1.5)) == []
