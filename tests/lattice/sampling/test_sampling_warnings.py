from __future__ import annotations

import numpy as np
import pytest

from scalith.lattice import ClusterExpansion, semi_grand_canonical
from scalith.lattice.sampling.sampling_warnings import falls
from tests.lattice.models import SQUARE, host, square_model


def test_a_good_run_gives_no_warning():
    assert semi_grand_canonical(square_model(), [600.0], cells=(10, 10, 1), sweeps=400, points=24, seed=1).attrs["warnings"] == []


def test_coexistence_is_no_failure_but_another_fall_is():
    x, error = np.array([0.02, 0.97, 0.03, 0.98]), np.full(4, 1e-3)
    assert len(falls(x, error, [(0.03, 0.97)])) == 0
    assert falls(x, error, []).tolist() == [1]


def test_a_short_run_near_the_critical_point_is_unconverged():
    attracting = ClusterExpansion.given(host(SQUARE), (0.0, 0.0, -0.015), 3.1)
    sampled = semi_grand_canonical(attracting, [400.0], np.linspace(-0.004, 0.004, 9), cells=(20, 20, 1), sweeps=40, seed=1)
    assert any("unconverged" in words and "more sweeps" in words for words in sampled.attrs["warnings"])


@pytest.mark.parametrize("share", [0.5, 0.9])
def test_two_values_are_bimodal_and_noise_is_not(share):
    from scalith.lattice.sampling.time_series import sarle_coefficient

    rng = np.random.default_rng(0)
    two = (rng.random(4000) < share).astype(float)
    assert sarle_coefficient(two - two.mean()) == pytest.approx(1.0)
    assert sarle_coefficient(rng.standard_normal(4000)) == pytest.approx(1 / 3, abs=0.05)
    assert sarle_coefficient(np.zeros(9)) == pytest.approx(1 / 3)
