from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from scalith.electrode import (
    VoxelImage,
    chord_lengths,
    covariance,
    interface_areas,
    particle_sizes,
)
from scalith.electrode.measure.morphology import _nearer_than
from scalith.quantities import InputError, Source


def image_of(labels, voxel_size=1e-7):
    return VoxelImage(np.asarray(labels, np.uint8), voxel_size, {"pore": 0, "solid": 1}, Source(kind="assumed"))


def ball(size, radius):
    axes = np.meshgrid(*[np.arange(size) + 0.5 - 0.5 * size + 0.13] * 3, indexing="ij")
    return sum(axis**2 for axis in axes) <= radius**2


def test_two_points_of_independent_voxels():
    """S₂(0) = φ, and φ² at any other distance."""
    labels = (np.random.default_rng(1).random((48, 48, 48)) < 0.3).astype(np.uint8)
    found = covariance(image_of(labels), "solid", largest=10)
    probability = found["two_point_probability"].values
    share = labels.mean()
    assert probability[:, 0] == pytest.approx(share, abs=1e-12)
    assert np.abs(probability[:, 1:] - share**2).max() < 4e-3


def test_two_points_count_every_pair():
    labels = np.random.default_rng(2).integers(0, 2, (7, 8, 9))
    found = covariance(image_of(labels), "solid", largest=3)["two_point_probability"]
    direct = (labels[:-2] * labels[2:]).mean()
    assert float(found.sel(axis="x")[2]) == pytest.approx(direct, abs=1e-12)
    wrapped = covariance(image_of(labels), "solid", largest=3, periodic=True)["two_point_probability"]
    assert float(wrapped.sel(axis="z")[1]) == pytest.approx((labels * np.roll(labels, -1, 2)).mean(), abs=1e-12)


def test_area_from_the_slope_is_crofton_s():
    """Both estimate 4πR² of a ball."""
    size, radius = 64, 24
    image = image_of(ball(size, radius))
    area = covariance(image, "solid", periodic=True)["specific_area"].values
    exact = 4 * np.pi * radius**2 / size**3 / image.voxel_size
    assert area == pytest.approx(exact, rel=0.02)
    assert float(interface_areas(image, periodic=True).sel(phase="solid", neighbour="pore")) == pytest.approx(exact, rel=0.01)


def test_chords_of_a_laminate_and_of_a_ball():
    layers = np.zeros((40, 12, 12), np.uint8)
    layers[5:15] = layers[25:35] = 1
    found = chord_lengths(image_of(layers), "solid")
    assert float(found["mean_chord"].sel(axis="x")) == pytest.approx(1e-6)
    assert float(found["count"].sel(axis="y").sum()) == 0  # every piece along a layer is cut by the border
    round_ = chord_lengths(image_of(ball(64, 24)), "solid")["mean_chord"].values
    assert round_ == pytest.approx(4 / 3 * 24e-7, rel=0.03)  # 4 V/S
    with pytest.raises(InputError, match="inside the image"):
        chord_lengths(image_of(np.pad(np.ones((2, 4, 4)), ((0, 2), (0, 0), (0, 0)))), "solid")


def test_granulometry_finds_the_radii_of_balls():
    two = np.concatenate([ball(56, 20), ball(56, 8)])
    found = particle_sizes(image_of(two), "solid", sizes=27)
    assert float(found["largest_radius"]) == pytest.approx(20e-7, abs=1.2e-7)  # centres of balls sit on voxels
    share = found["covered_share"].values
    assert np.all(np.diff(share) <= 0)
    big = 20**3 / (20**3 + 8**3)
    between = (found["radius"].values > 9e-7) & (found["radius"].values < 16e-7)
    assert share[between] == pytest.approx(big, abs=0.06)
    assert float(found["median_radius"]) > 17e-7


@pytest.mark.parametrize("distance", [0.5, 1.0, 1.5, 3.0, 5.1, 9.0, 41.5])
def test_what_is_near_is_what_the_distance_transform_says(distance):
    centres = np.random.default_rng(2).random((17, 12, 9)) > 0.995
    assert centres.any()
    exact = ndimage.distance_transform_edt(~centres) < distance
    np.testing.assert_array_equal(_nearer_than(centres, distance), exact)


def test_sizes_scale_with_the_voxel():
    labels = ball(24, 8)
    small, large = (particle_sizes(image_of(labels, edge), "solid", sizes=5) for edge in (1e-7, 3e-7))
    assert float(large["median_radius"]) == pytest.approx(3 * float(small["median_radius"]))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda image: covariance(image, "solid", largest=40), "1 to 7 voxels"),
        (lambda image: covariance(image, "metal"), "metal"),
        (lambda image: particle_sizes(image, "solid", sizes=1), "at least 2"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(InputError, match=message):
        call(image_of(np.random.default_rng(0).integers(0, 2, (8, 8, 8))))
