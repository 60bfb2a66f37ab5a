"""Ions that go into an electrode, and not through."""

import numpy as np
import pytest

from scalith.electrode import VoxelImage, electrode_tortuosity, laminate, solve_conduction
from scalith.quantities import InputError


def test_straight_pores_have_one():
    image = laminate((2, 40, 3), 1e-7, [("pore", 1), ("active", 1)])
    found = electrode_tortuosity(image, axis="y", tolerance=1e-10)
    # ∫ (1 − x)² dx = 1/3; the mid-points of n voxels give 1 + 1/(2n²) of it.
    assert float(found["electrode_tortuosity"]) == pytest.approx(1.0 + 0.5 / 40**2, rel=1e-8)
    assert float(found["reached"]) == 1.0
    depth = (np.arange(40) + 0.5) / 40
    np.testing.assert_allclose(0.5 * found["surface_potential"], depth - depth**2 / 2, atol=1e-3)


def test_walls_that_take_charge_in_the_deeper_half_only():
    labels = np.zeros((40, 4, 3), np.uint8)
    labels[:20, 2:] = 2
    labels[20:, 2:] = 1
    image = VoxelImage(labels, 1e-7, {"pore": 0, "active": 1, "binder": 2})
    found = electrode_tortuosity(image, onto=["active"], tolerance=1e-10)
    # The whole current goes through the first half: 3 (1/2 + 1/6).
    assert float(found["electrode_tortuosity"]) == pytest.approx(2.0, rel=2e-3)
    assert float(electrode_tortuosity(image)["electrode_tortuosity"]) == pytest.approx(1.0, rel=2e-3)


def test_dead_ends_count_and_closed_pores_do_not():
    labels = np.ones((30, 6, 6), np.uint8)
    labels[:28, 1:3, 1:3] = 0  # does not reach the collector
    labels[10:12, 4, 4] = 0  # closed
    image = VoxelImage(labels, 1e-7, {"pore": 0, "active": 1})
    assert float(solve_conduction(image, {"pore": 1.0})["conductivity"]) == 0.0
    found = electrode_tortuosity(image)
    assert 0.7 < float(found["electrode_tortuosity"]) < 1.1
    assert float(found["reached"]) == pytest.approx(112 / 114)
    assert float(found["reached_surface"]) < 1.0


def test_what_has_no_way_in():
    labels = np.ones((6, 4, 4), np.uint8)
    labels[2:4, 1:3, 1:3] = 0
    with pytest.raises(InputError, match="no surface that ions reach in pore along x"):
        electrode_tortuosity(VoxelImage(labels, 1e-7, {"pore": 0, "active": 1}))
    for onto in ("activ", "pore"):  # faces within the pores are no surface
        with pytest.raises(InputError, match=r"onto: .*active"):
            electrode_tortuosity(VoxelImage(labels, 1e-7, {"pore": 0, "active": 1}), onto=[onto])
