"""Conductivity plane by plane."""

import numpy as np
import pytest

from scalith.electrode import FieldPhase, VoxelImage, laminate, random_field, solve_conduction, tortuosity_profile
from scalith.quantities import InputError

H = 1e-7


def test_layers_one_behind_the_other_have_their_own_conductivity_and_no_tortuosity():
    image = laminate((9, 3, 4), H, [("a", 1), ("b", 2)])
    found = tortuosity_profile(image, {"a": "2 S/m", "b": "0.5 S/m"}, axis="x")
    expected = np.where(image.labels[:, 0, 0] == image.phases["a"], 2.0, 0.5)
    np.testing.assert_allclose(found["conductivity"], expected, rtol=1e-5)
    np.testing.assert_allclose(found["tortuosity_factor"], 1.0, rtol=1e-5)
    np.testing.assert_allclose(found["depth"], (np.arange(9) + 0.5) * H)


@pytest.mark.parametrize("axis", ["x", "z"])
def test_planes_in_series_are_the_whole_and_none_conducts_better_than_straight_columns(axis):
    image = random_field((16, 12, 14), H, {"active": FieldPhase(fraction=0.4, correlation_length=3e-7)}, seed=2)
    found = tortuosity_profile(image, {"pore": (1.0, 1.0, 1.0), "active": 0.1}, axis=axis)
    whole = float(solve_conduction(image, {"pore": 1.0, "active": 0.1}, axis=axis)["conductivity"])
    assert 1.0 / np.mean(1.0 / found["conductivity"].values) == pytest.approx(whole, rel=1e-6)
    assert float(found["effective_conductivity"]) == pytest.approx(whole, rel=1e-6)
    assert float(found["resistance"].sum()) == pytest.approx(1.0)
    assert np.all(found["tortuosity_factor"].values >= 1.0 - 1e-6)


def test_a_narrow_place_is_where_it_resists():
    labels = np.zeros((12, 8, 8), np.uint8)
    labels[5:7] = 1
    labels[5:7, 2:5, 2:5] = 0
    image = VoxelImage(labels, H, {"pore": 0, "active": 1})
    found = tortuosity_profile(image, {"pore": 1.0})
    assert set(np.argsort(found["resistance"].values)[-2:].tolist()) == {5, 6}
    # Around the hole paths bend; in it and far from it they are straight.
    factor = found["tortuosity_factor"].values
    assert factor[4] > 1.1
    assert factor[0] == pytest.approx(1.0, abs=0.02)


def test_what_does_not_connect():
    labels = np.zeros((6, 3, 3), np.uint8)
    labels[3] = 1
    image = VoxelImage(labels, H, {"pore": 0, "active": 1})
    found = tortuosity_profile(image, {"pore": 1.0})
    assert not found["conductivity"].any()
    assert np.isinf(found["tortuosity_factor"]).all()
    with pytest.raises(InputError, match="did you mean 'pore'"):
        tortuosity_profile(image, {"pores": 1.0})
