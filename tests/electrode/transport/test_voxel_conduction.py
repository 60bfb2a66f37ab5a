"""Conduction through voxels that each have their own conductivity."""

import numpy as np
import pytest

from scalith.electrode import VoxelImage, conduct_voxels, solve_conduction
from scalith.quantities import InputError


def test_a_conductivity_for_each_voxel_is_a_phase_for_each_voxel():
    sigma = 10.0 ** np.random.default_rng(1).uniform(-2.0, 2.0, (5, 2, 2))
    image = VoxelImage(np.arange(20, dtype=np.uint8).reshape(sigma.shape), 1e-6, {f"p{n}": n for n in range(20)})
    bulk = {f"p{n}": float(value) for n, value in enumerate(sigma.ravel())}
    for axis in "xyz":
        found = conduct_voxels(sigma, axis=axis, tolerance=1e-12)
        same = solve_conduction(image, bulk, axis=axis, tolerance=1e-12, sensitivity=True)
        assert float(found["conductivity"]) == pytest.approx(float(same["conductivity"]), rel=1e-12)
        np.testing.assert_allclose(found["sensitivity"], same["sensitivity"], atol=1e-12)


def test_layers_are_exact_and_a_good_beginning_is_the_end():
    sigma = np.ones((9, 4, 5))
    sigma[3:6] = 0.25
    across, along = (conduct_voxels(sigma, axis=axis, tolerance=1e-11) for axis in "xz")
    assert float(across["conductivity"]) == pytest.approx(1.0 / (2 / 3 + 4 / 3), rel=1e-9)
    assert float(along["conductivity"]) == pytest.approx(0.75, rel=1e-9)
    again = conduct_voxels(sigma, axis="x", tolerance=1e-9, begin=across["potential"].values)
    assert int(again["iterations"]) == 0


@pytest.mark.parametrize("sigma", [np.ones((4, 4)), np.zeros((4, 4, 4)), np.full((4, 4, 4), np.nan)])
def test_conductivities_are_positive_numbers_on_three_axes(sigma):
    with pytest.raises(InputError, match="positive numbers in S m-1 on three axes"):
        conduct_voxels(sigma)
