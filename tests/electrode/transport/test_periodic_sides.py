"""Two electrodes, and sides that are joined."""

from __future__ import annotations

import numpy as np
import pytest

from scalith.electrode import VoxelImage, solve_conduction, solve_periodic_sides
from scalith.quantities import InputError, Source

SIGMA = {"a": 1.0, "b": 0.03}


def image_of(labels):
    return VoxelImage(np.asarray(labels, np.uint8), 1e-6, {"void": 0, "a": 1, "b": 2}, Source(kind="assumed"))


def random_image(shape, seed=1):
    return image_of(np.random.default_rng(seed).choice(3, shape, p=(0.2, 0.5, 0.3)))


@pytest.mark.parametrize("axis", ["x", "y", "z"])
def test_a_mirrored_image_is_the_image_between_insulated_sides(axis):
    image = random_image((6, 7, 8))
    labels = image.labels
    for side in range(3):
        if "xyz"[side] != axis:
            labels = np.concatenate([labels, np.flip(labels, side)], axis=side)
    insulated = solve_conduction(image, SIGMA, axis=axis, tolerance=1e-10)
    joined = solve_periodic_sides(image_of(labels), SIGMA, axis=axis, tolerance=1e-10)
    assert float(joined["conductivity"]) == pytest.approx(float(insulated["conductivity"]), rel=2e-5)
    np.testing.assert_allclose(joined["connected"], insulated["connected"])


def test_where_the_image_is_cut_at_its_sides_makes_no_difference():
    image = random_image((8, 8, 8), 2)
    rolled = image_of(np.roll(image.labels, (3, 5), (1, 2)))
    one, other = (solve_periodic_sides(each, SIGMA, tolerance=1e-10) for each in (image, rolled))
    assert float(one["conductivity"]) == pytest.approx(float(other["conductivity"]), rel=1e-7)
    assert float(one["conductivity"]) > float(solve_conduction(image, SIGMA)["conductivity"])


def test_progress_is_of_the_one_direction_that_is_solved():
    told = []
    solve_periodic_sides(random_image((6, 6, 6)), SIGMA, axis="y", progress=lambda share, words: told.append((share, words)))
    assert told[-1] == (1.0, "field along y: done")
    assert [share for share, _ in told] == sorted(share for share, _ in told)


def test_layers_are_in_series_and_beside_each_other():
    labels = np.ones((6, 4, 4))
    labels[4:] = 2
    assert float(solve_periodic_sides(image_of(labels), SIGMA)["conductivity"]) == pytest.approx(6 / (4 + 2 / 0.03), rel=1e-6)
    beside = solve_periodic_sides(image_of(labels), SIGMA, axis="y")
    assert float(beside["conductivity"]) == pytest.approx((4 + 2 * 0.03) / 6, rel=1e-5)


def test_a_path_that_leaves_at_one_side_and_comes_back_at_the_other_conducts():
    labels = np.zeros((4, 6, 2))
    for plane, at in enumerate((0, 5, 4, 3)):
        labels[plane, at] = 1
        labels[plane, (at + 1) % 6] = 1
    image = image_of(labels)
    assert float(solve_conduction(image, SIGMA)["conductivity"]) == 0.0
    joined = solve_periodic_sides(image, SIGMA)
    assert float(joined["connected"].sel(phase="a")) == 1.0
    assert float(joined["conductivity"]) > 0.05
    # The electrodes join nothing themselves.
    labels[1] = 0
    assert float(solve_periodic_sides(image_of(labels), SIGMA)["conductivity"]) == 0.0


def test_bad_input_is_named():
    with pytest.raises(InputError, match=r"solve_periodic_sides.*axis"):
        solve_periodic_sides(random_image((4, 4, 4)), SIGMA, axis="w")
    with pytest.raises(InputError, match=r"solve_periodic_sides.*conductivity of a"):
        solve_periodic_sides(random_image((4, 4, 4)), {"a": -1.0})
