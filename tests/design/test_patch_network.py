"""The network of trained structures, in NumPy."""

import numpy as np
import pytest
from scipy.ndimage import correlate

from scalith.design.patch_network import Periodic, layer_shapes, scores_of_phases


def drawn(shapes, seed=1):
    numbers = np.random.default_rng(seed)
    found = {}
    for name, shape in shapes.items():
        found[f"{name}.weight"] = (numbers.standard_normal(shape) / np.sqrt(np.prod(shape[1:]))).astype(np.float32)
        found[f"{name}.bias"] = 0.1 * numbers.standard_normal(shape[0]).astype(np.float32)
    return found


def test_a_convolution_sums_over_neighbours_of_a_structure_that_repeats():
    numbers = np.random.default_rng(1)
    field = numbers.standard_normal((2, 4, 6, 5)).astype(np.float32)
    weight, bias = numbers.standard_normal((3, 2, 3, 3, 3)).astype(np.float32), numbers.standard_normal(3).astype(np.float32)
    found = Periodic().convolve(field, weight, bias)
    for channel in range(3):
        parts = [
            correlate(one.astype(float), kernel.astype(float), mode="wrap")
            for one, kernel in zip(field, weight[channel], strict=True)
        ]
        np.testing.assert_allclose(found[channel], sum(parts) + bias[channel], rtol=1e-4, atol=1e-4)


def test_a_structure_that_is_moved_has_its_scores_moved():
    weights = drawn(layer_shapes(2, 3))
    field = np.random.default_rng(2).standard_normal((4, 8, 8, 8)).astype(np.float32)
    numbers = np.array([0.3, -1.0, 2.0], np.float32)
    scores = scores_of_phases(weights, field, numbers, Periodic())
    moved = scores_of_phases(weights, np.roll(field, (2, 4, 6), axis=(1, 2, 3)), numbers, Periodic())
    assert scores.shape == (2, 8, 8, 8)
    np.testing.assert_allclose(moved, np.roll(scores, (2, 4, 6), axis=(1, 2, 3)), rtol=1e-4, atol=1e-4)


def test_training_and_use_have_one_network():
    torch = pytest.importorskip("torch")
    from scalith.design.patch_training import _Batches

    weights = drawn(layer_shapes(3, 5))
    field = np.random.default_rng(2).standard_normal((6, 32, 32, 32)).astype(np.float32)
    numbers = np.random.default_rng(3).standard_normal(5).astype(np.float32)
    ours = scores_of_phases(weights, field, numbers, Periodic())
    theirs = {name: torch.from_numpy(value) for name, value in weights.items()}
    batch = (torch.from_numpy(field[np.newaxis]), torch.from_numpy(numbers[np.newaxis]))
    found = scores_of_phases(theirs, *batch, _Batches(torch))[0].numpy()
    inner = (slice(None), *[slice(12, -12)] * 3)  # where no voxel sees the border
    np.testing.assert_allclose(ours[inner], found[inner], rtol=1e-3, atol=1e-4)
