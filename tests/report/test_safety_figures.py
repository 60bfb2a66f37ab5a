"""Pictures of the safety chain from planted results."""

import numpy as np
import pytest
import xarray as xr

from scalith.report.safety_figures import inputs_figure, safe_thickness_figure


@pytest.fixture
def verdict():
    return xr.Dataset(
        {
            "first_order": ("input", [0.2, 0.7]),
            "first_order_error": ("input", [0.05, 0.1]),
            "safe_thickness": (("conductivity", "share"), [[1e-3, 2e-3, 3e-3], [2e-3, 4e-3, np.nan]]),
        },
        coords={"input": ["trigger.power", "module.barrier.thickness"], "conductivity": [0.1, 0.2], "share": [0.05, 0.5, 0.95]},
    )


def test_what_the_verdict_hangs_on_is_drawn_from_the_largest_share_down(verdict):
    (bars,) = inputs_figure(verdict).data
    assert list(bars.y) == ["trigger.power", "barrier.thickness"]
    np.testing.assert_array_equal(bars.x, [0.2, 0.7])
    np.testing.assert_array_equal(bars.error_x.array, [0.05, 0.1])
    assert inputs_figure(verdict.assign(first_order=("input", [np.nan, np.nan]))) is None


def test_the_safe_map_is_a_band_round_the_middle_in_millimetres(verdict):
    low, high, middle = safe_thickness_figure(verdict).data
    np.testing.assert_allclose(low.y, [1.0, 2.0])
    np.testing.assert_allclose(high.y, [3.0, np.nan])
    np.testing.assert_allclose(middle.y, [2.0, 4.0])
    assert high.fill == "tonexty"
    assert safe_thickness_figure(verdict.drop_vars("safe_thickness")) is None
