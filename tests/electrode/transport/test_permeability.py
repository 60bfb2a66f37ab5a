"""Stokes flow through pores."""

from itertools import pairwise

import numpy as np
import pytest

from scalith.electrode import VoxelImage, interface_areas, permeability
from scalith.quantities import InputError

H = 1e-7


def image_of(solid):
    return VoxelImage(np.asarray(solid, np.uint8), H, {"pore": 0, "active": 1})


def channel(n, square):
    solid = np.ones((4, n + 2, n + 2 if square else 2))
    solid[:, 1:-1, slice(1, -1) if square else slice(None)] = 0
    return image_of(solid)


def per_area(image):
    return float(permeability(image, tolerance=1e-9)["permeability"]) / image.volume_fractions["pore"]


def test_a_gap_has_a_twelfth_of_its_square_at_second_order():
    errors = [per_area(channel(n, False)) / ((n * H) ** 2 / 12) - 1 for n in (4, 8, 16)]
    # Beside the walls 3u₀ − u₁ = 1 is the parabola and 1/8; its mean at mid-points is n²/12 + 1/24.
    np.testing.assert_allclose(errors, [12 * (1 / 8 + 1 / 24) / n**2 for n in (4, 8, 16)], rtol=1e-5)


def test_a_square_duct_at_second_order():
    k = np.arange(1, 99, 2)
    exact = (1 - 192 / np.pi**5 * np.sum(np.tanh(k * np.pi / 2) / k**5)) / 12
    errors = [per_area(channel(n, True)) / (exact * (n * H) ** 2) - 1 for n in (4, 8, 16)]
    # Walls half a voxel away slip by h²/8 of the curvature, which is that of the pressure alone there.
    assert errors[2] == pytest.approx(1 / (8 * exact * 16**2), rel=0.1)
    for coarse, fine in pairwise(errors):
        assert coarse / fine == pytest.approx(4.0, rel=0.15)


def test_touching_spheres_are_of_kozeny_and_carmans_order_and_all_axes_alike():
    n = 14
    x, y, z = np.indices((n,) * 3) + 0.5 - 0.5 * n
    image = image_of(x**2 + y**2 + z**2 < (0.5 * n) ** 2)
    found = [float(permeability(image, axis=axis)["permeability"]) for axis in "xyz"]
    porosity, area = image.volume_fractions["pore"], float(interface_areas(image).sel(phase="pore", neighbour="active"))
    assert found[0] == pytest.approx(porosity**3 / (5 * area**2), rel=0.5)
    np.testing.assert_allclose(found, found[0], rtol=1e-4)


def test_what_is_closed_stands_still():
    solid = np.zeros((6, 4, 4))
    solid[3] = 1
    found = permeability(image_of(solid))
    assert float(found["permeability"]) == 0.0
    assert float(found["connected"]) == 0.0
    with pytest.raises(InputError, match="did you mean 'pore'"):
        permeability(image_of(solid), "poor")
    with pytest.raises(InputError, match=r"tolerance: "):
        permeability(image_of(solid), tolerance=0.0)
