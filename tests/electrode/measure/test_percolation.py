from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from scalith.electrode import VoxelImage, connected_to, spanning_threshold, through_paths
from scalith.electrode.measure.percolation import pieces_of
from scalith.quantities import InputError, Source


def test_only_what_joins_both_ends_is_a_path():
    mask = np.zeros((5, 4, 4), bool)
    mask[:, 0, 0] = True  # a path
    mask[:3, 2, 2] = True  # a dead end from the lower face
    mask[2, 3, 0] = True  # an island
    mask[0, 1, 1] = True  # touches the path along an edge only
    wanted = np.zeros_like(mask)
    wanted[:, 0, 0] = True
    np.testing.assert_array_equal(through_paths(mask), wanted)
    assert not np.any(through_paths(mask, axis=2))


def test_what_one_face_reaches():
    labels = np.zeros((5, 4, 4), np.uint8)
    labels[:3, 2, 2] = 1
    labels[3:, 0, 0] = 2
    image = VoxelImage(labels, 1e-7, {"pore": 0, "a": 1, "b": 2}, Source(kind="assumed"))
    assert int(connected_to(image, {"a": 1.0, "b": 1.0}, "x", 0).sum()) == 3
    assert int(connected_to(image, {"a": 1.0, "b": 1.0}, "x", -1).sum()) == 2
    assert int(connected_to(image, {"a": 1.0, "b": 0.0}, "x", -1).sum()) == 0


def test_the_threshold_of_a_ramp_and_of_noise():
    ramp = np.broadcast_to(np.arange(6.0), (4, 5, 6)) + np.random.default_rng(1).random((4, 5, 6)) * 1e-9
    assert spanning_threshold(ramp, axis=2) > 5 / 6  # the last plane must be reached
    assert spanning_threshold(ramp, axis=0) < 1 / 3
    numbers = np.random.default_rng(2)
    found = np.mean([spanning_threshold(numbers.random((24, 24, 24))) for _ in range(20)])
    assert found == pytest.approx(0.3116, abs=0.015)
    with pytest.raises(InputError, match="three axes"):
        spanning_threshold(np.zeros((3, 3)))


@pytest.mark.parametrize(
    ("shape", "share"), [((9, 10, 11), 0.25), ((12, 7, 8), 0.35), ((2, 30, 30), 0.6), ((5, 5, 5), 1.0), ((4, 4, 4), 0.0)]
)
def test_pieces_are_those_of_an_independent_labelling(shape, share):
    for seed in range(5):
        mask = np.random.default_rng(seed).random(shape) < share
        piece, count, _ = pieces_of(mask)
        expected, number = ndimage.label(mask)
        assert count == number
        np.testing.assert_array_equal(piece, expected)
    i, j, k = np.indices((6, 6, 6))
    assert pieces_of((i + j + k) % 2 == 0)[1] == 108  # as many as there can be
