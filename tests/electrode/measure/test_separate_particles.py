"""Particles told apart."""

import numpy as np
import pytest

from scalith.electrode import VoxelImage, separate_particles, whole_particles
from scalith.quantities import InputError

H = 1e-7


def balls(centres, radius, size=48):
    grid = np.indices((size,) * 3) + 0.5
    labels = np.zeros((size,) * 3, np.uint8)
    for centre in centres:
        labels[sum((grid[axis] - centre[axis]) ** 2 for axis in range(3)) <= radius**2] = 1
    return VoxelImage(labels, H, {"pore": 0, "active": 1})


def test_touching_balls_of_a_cube_are_eight_with_three_neighbours_each():
    corners = [(x, y, z) for x in (13.5, 33.5) for y in (13.5, 33.5) for z in (13.5, 33.5)]
    found = separate_particles(balls(corners, 10.8), "active")
    assert found.sizes["particle"] == 8
    assert np.all(found["coordination"] == 3)
    assert found.sizes["contact"] == 12
    assert not np.any(found["at_border"])
    # A ball less three caps of height 0.8.
    cap = np.pi * 0.8**2 * (3 * 10.8 - 0.8) / 3
    np.testing.assert_allclose(found["volume"], (4 / 3 * np.pi * 10.8**3 - 3 * cap) * H**3, rtol=0.02)
    np.testing.assert_allclose(found["inscribed_radius"], 10.8 * H, atol=H)
    np.testing.assert_allclose(np.sort(found["centre"].values, axis=0)[0], 13.5 * H, atol=0.3 * H)
    # Discs of radius √(10.8² − 10²), whose faces lie along the axes.
    np.testing.assert_allclose(1.5 * found["contact_area"], np.pi * (10.8**2 - 100.0) * H**2, rtol=0.2)


def test_a_rod_is_one_particle_and_every_voxel_belongs_to_one():
    labels = np.zeros((30, 12, 12), np.uint8)
    labels[2:28, 3:9, 3:9] = 1
    labels[29, 0, 0] = 1
    image = VoxelImage(labels, H, {"pore": 0, "active": 1})
    found = separate_particles(image, "active")
    assert found.sizes["particle"] == 2
    assert float(found["volume"].max()) == pytest.approx(26 * 36 * H**3)
    np.testing.assert_array_equal(found["number"].values > 0, labels == 1)
    assert found["at_border"].values[found["volume"].values.argmin()]
    np.testing.assert_allclose(whole_particles(found), float(found["diameter"].max()))
    cut = separate_particles(VoxelImage(labels[2:28, 3:9, 3:], H, {"pore": 0, "active": 1}), "active")
    np.testing.assert_array_equal(whole_particles(cut), cut["diameter"].values)


def test_what_cannot_be_told_apart():
    image = balls([(24.0, 24.0, 24.0)], 5.0)
    for neck in (0.0, 1.5):
        with pytest.raises(InputError, match=r"neck: .*between 0 and 1"):
            separate_particles(image, "active", neck=neck)
    with pytest.raises(InputError, match=r"smoothing: .*0 to 5 voxels"):
        separate_particles(image, "active", smoothing=6.0)
    with pytest.raises(InputError, match="a phase with voxels and a surface"):
        separate_particles(VoxelImage(np.zeros((4, 4, 4), np.uint8), H, {"pore": 0, "active": 1}), "active")
