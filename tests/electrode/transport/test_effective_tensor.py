from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from scalith.electrode import (
    FieldPhase,
    VoxelImage,
    checkerboard,
    effective_tensor,
    laminate,
    mirror,
    random_field,
    random_sites,
    solve_conduction,
    sphere_lattice,
)
from scalith.electrode.measure.percolation import pieces_of
from scalith.quantities import InputError, Source


def _image(labels, phases):
    return VoxelImage(np.asarray(labels, np.uint8), 1e-7, phases, Source(kind="assumed"))


def _layered(turn: Rotation, along: float = 1.0, across: float = 0.1):
    normal = turn.as_matrix()[:, 2]
    return along * (np.eye(3) - np.outer(normal, normal)) + across * np.outer(normal, normal)


def _of_layers(tensors, shares, normal):
    """Exact tensor of a laminate: the field along the layers and the current across them are the same in all."""
    n = np.asarray(normal, float) / np.linalg.norm(normal)
    across = sum(share / (n @ s @ n) for s, share in zip(tensors, shares, strict=True))
    slope = sum(share * (s @ n) / (n @ s @ n) for s, share in zip(tensors, shares, strict=True))
    inside = sum(share * (s - np.outer(s @ n, s @ n) / (n @ s @ n)) for s, share in zip(tensors, shares, strict=True))
    return inside + np.outer(slope, slope) / across


def test_a_turned_grain_returns_its_own_tensor():
    tensor = _layered(Rotation.from_euler("xyz", [30, 50, 70], degrees=True), 3.0, 0.1)
    found = effective_tensor(_image(np.ones((8, 9, 10)), {"grain": 1}), {"grain": tensor})
    np.testing.assert_allclose(found["conductivity"], tensor, rtol=1e-12, atol=1e-13)
    np.testing.assert_array_equal(found["connected"], 1.0)


@pytest.mark.parametrize("normal", ["x", "y", "z"])
def test_layers_of_full_tensors_are_exact(normal):
    shape = {"x": (8, 5, 4), "y": (5, 8, 4), "z": (5, 4, 8)}[normal]
    image = laminate(shape, 1e-7, [("a", 1), ("b", 3)], normal=normal)
    turns = Rotation.random(2, random_state=5)
    tensors = [_layered(turns[0], 1.0, 0.02), _layered(turns[1], 4.0, 0.5)]
    found = effective_tensor(image, dict(zip("ab", tensors, strict=True)), tolerance=1e-11)
    exact = _of_layers(tensors, (0.25, 0.75), np.eye(3)["xyz".index(normal)])
    np.testing.assert_allclose(found["conductivity"], exact, rtol=1e-9, atol=1e-10)
    assert float(found["asymmetry"]) < 1e-9


def test_layers_at_45_degrees_approach_the_exact_tensor():
    """Steps of voxels stand for the slanting layers: the off-diagonal has its sign, and errors fall with the voxel."""
    exact = _of_layers([np.eye(3), 10.0 * np.eye(3)], (0.5, 0.5), (1, 1, 0))
    errors = []
    for size in (8, 32):
        i, j, _ = np.indices((size, size, 2))
        image = _image((i + j) % size >= size // 2, {"a": 0, "b": 1})
        found = effective_tensor(image, {"a": 1.0, "b": 10.0})["conductivity"].values
        errors.append(np.abs(found - exact).max() / exact.max())
        assert found[0, 1] < 0.0
        assert found[2, 2] == pytest.approx(5.5, rel=1e-6)
    assert errors[1] < 0.5 * errors[0]
    assert errors[1] < 0.1


def test_a_turned_frame_turns_the_tensor():
    """The layers of the last test, seen along them: tensors turned by 45 degrees in layers across x are exact."""
    turn = Rotation.from_euler("z", 45, degrees=True).as_matrix()
    tensors = [turn @ np.diag(one) @ turn.T for one in ((1.0, 5.0, 2.0), (8.0, 0.5, 1.0))]
    image = laminate((4, 4, 2), 1e-7, [("a", 2), ("b", 2)], normal="x")
    found = effective_tensor(image, dict(zip("ab", tensors, strict=True)), tolerance=1e-11)["conductivity"].values
    np.testing.assert_allclose(found, _of_layers(tensors, (0.5, 0.5), (1, 0, 0)), rtol=1e-9, atol=1e-12)


def test_a_body_and_its_mirror_are_what_electrodes_see():
    """Mirrored in all planes, planes of symmetry are electrodes or insulation: both ways give the same three numbers."""
    image = random_sites((9, 8, 7), 1e-7, 0.6, seed=3)
    bulk = {"filled": 1.0, "empty": (0.1, 0.3, 0.05)}
    found = effective_tensor(mirror(image, "xyz"), bulk, tolerance=1e-10)["conductivity"].values
    faces = [float(solve_conduction(image, bulk, axis=axis, tolerance=1e-10)["conductivity"]) for axis in "xyz"]
    np.testing.assert_allclose(found, np.diag(faces), rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize("full", [False, True])
def test_turning_and_mirroring_the_image_does_so_to_the_tensor(full):
    image = random_sites((9, 10, 12), 1e-7, 0.5, seed=4)
    tensor = _layered(Rotation.random(random_state=1), 2.0, 0.2) if full else np.diag([2.0, 1.0, 0.5])
    found = effective_tensor(image, {"filled": tensor, "empty": 0.1}, tolerance=1e-10)["conductivity"].values
    # x → y, y → −z, z → x
    matrix = np.array([[0.0, 0.0, 1.0], [1.0, 0.0, 0.0], [0.0, -1.0, 0.0]])
    labels = np.moveaxis(image.labels, (0, 1, 2), (1, 2, 0))[:, :, ::-1]
    other = effective_tensor(_image(labels, image.phases), {"filled": matrix @ tensor @ matrix.T, "empty": 0.1}, tolerance=1e-10)[
        "conductivity"
    ].values
    np.testing.assert_allclose(other, matrix @ found @ matrix.T, rtol=1e-7, atol=1e-9)
    shifted = np.roll(image.labels, (3, -4, 5), (0, 1, 2))
    moved = effective_tensor(_image(shifted, image.phases), {"filled": tensor, "empty": 0.1}, tolerance=1e-10)
    np.testing.assert_allclose(moved["conductivity"], found, rtol=1e-7, atol=1e-9)


def test_both_discretisations_agree_where_both_hold():
    image = random_sites((12, 11, 10), 1e-7, 0.6, seed=2)
    plain = effective_tensor(image, {"filled": 1.0, "empty": (0.1, 0.2, 0.3)}, tolerance=1e-10)["conductivity"]
    hardly = np.eye(3) + 1e-9 * np.array([[0, 1, 0], [1, 0, 0], [0, 0, 0]])  # goes the way of full tensors
    turned = effective_tensor(image, {"filled": hardly, "empty": (0.1, 0.2, 0.3)}, tolerance=1e-10)["conductivity"]
    np.testing.assert_allclose(turned, plain, atol=2e-9)


def test_a_checkerboard_approaches_the_geometric_mean():
    errors = []
    for size in (8, 16, 32):
        image = checkerboard((size, size, 2), 1e-7, size // 2)
        found = effective_tensor(image, {"a": 1.0, "b": 5.0})["conductivity"].values
        assert found[2, 2] == pytest.approx(3.0, rel=1e-9)
        assert found[0, 1] == pytest.approx(0.0, abs=1e-6)
        errors.append(1.0 - found[0, 0] / np.sqrt(5.0))
    assert errors[0] > 1.5 * errors[1] > 2.25 * errors[2] > 0.0


def test_a_plane_polycrystal_approaches_the_geometric_mean():
    """Dykhne: squares of one crystal turned by 20 and by 110 degrees conduct as the root of its principal values' product."""
    crystal = {}
    for name, degrees in (("a", 20), ("b", 110)):
        turn = Rotation.from_euler("z", degrees, degrees=True).as_matrix()
        crystal[name] = turn @ np.diag([1.0, 4.0, 1.0]) @ turn.T
    errors = []
    for size in (4, 8, 16):
        found = effective_tensor(checkerboard((2 * size, 2 * size, 2), 1e-7, size), crystal)["conductivity"].values
        assert found[0, 1] == pytest.approx(0.0, abs=1e-5)
        errors.append(1.0 - found[0, 0] / 2.0)
    assert 0.0 < errors[2] < 0.01
    assert errors[0] > 2.0 * errors[1] > 4.0 * errors[2]


def test_a_lattice_of_spheres_lies_within_the_bounds_and_is_isotropic():
    image = sphere_lattice(24, 1e-7, 0.3)
    share = image.volume_fractions["sphere"]
    found = effective_tensor(image, {"matrix": 1.0, "sphere": 10.0})["conductivity"].values
    low = 1.0 + share / (1.0 / 9.0 + (1.0 - share) / 3.0)
    high = 10.0 + (1.0 - share) / (1.0 / -9.0 + share / 30.0)
    assert low * 0.98 < found[0, 0] < high  # Hashin and Shtrikman
    np.testing.assert_allclose(found, found[0, 0] * np.eye(3), atol=1e-5)
    assert found[0, 0] == pytest.approx(1.8867, rel=0.03)  # the lattice's exact value at 0.3


def test_only_what_winds_around_the_cell_conducts():
    labels = np.zeros((8, 8, 8))
    labels[2:6, 3, 3] = 1  # ends inside
    found = effective_tensor(_image(labels, {"pore": 0, "solid": 1}), {"solid": 1.0})
    np.testing.assert_array_equal(found["conductivity"], 0.0)
    np.testing.assert_array_equal(found["connected"].sel(phase="solid"), 0.0)
    labels[:, 3, 3] = 1
    found = effective_tensor(_image(labels, {"pore": 0, "solid": 1}), {"solid": 2.0})
    np.testing.assert_allclose(found["conductivity"], np.diag([2.0 / 64, 0, 0]), rtol=1e-12, atol=1e-15)
    np.testing.assert_array_equal(found["connected"].sel(phase="solid"), [1.0, 0.0, 0.0])
    # A wire that comes round on the other side, one cell further, does not reach what it left.
    labels[:] = 0
    labels[:4, 2, 2] = 1
    labels[3, 2:7, 2] = 1
    labels[4:, 6, 2] = 1
    found = effective_tensor(_image(labels, {"pore": 0, "solid": 1}), {"solid": 2.0})
    np.testing.assert_array_equal(found["conductivity"], 0.0)


def test_a_slanting_wire_conducts_along_itself_only():
    """Round the cell it goes one cell along x and one along y: the tensor has one direction, whatever the phase's tensor."""
    size = 6
    labels = np.zeros((size, size, 3))
    for step in range(size):
        labels[step, step, 1] = labels[(step + 1) % size, step, 1] = 1
    image = _image(labels, {"pore": 0, "wire": 1})
    for tensor in (1.0, _layered(Rotation.random(random_state=3))):
        found = effective_tensor(image, {"wire": tensor}, tolerance=1e-10)["conductivity"].values
        np.testing.assert_allclose(found, found[0, 0] * np.outer([1, 1, 0], [1, 1, 0]), rtol=1e-8, atol=1e-12)
        assert found[0, 0] > 0.0
    # 2 N voxels in series carry a current through an area of N × 3 over a field along both axes.
    plain = effective_tensor(image, {"wire": 1.0}, tolerance=1e-10)["conductivity"].values
    assert plain[0, 0] == pytest.approx(1.0 / (2 * size * 3), rel=1e-9)


def test_windings_of_pieces():
    mask = np.zeros((6, 6, 6), bool)
    mask[:, 1, 1] = mask[1, :, 4] = True
    mask[4, 4, 2:4] = True
    piece, count, windings = pieces_of(mask, periodic=True)
    assert count == 3
    assert {tuple(np.abs(step)) for steps in windings.values() for step in steps} == {(1, 0, 0), (0, 1, 0)}
    assert piece[4, 4, 2] not in windings
    assert pieces_of(mask)[1] == 3
    mask[:] = False
    mask[[0, -1], 2, 2] = True  # one piece across the seam
    assert pieces_of(mask, periodic=True)[1:] == (1, {})
    assert pieces_of(mask)[1] == 2


def test_good_grains_in_a_poor_conductor_converge_and_odd_cells_do():
    random = np.random.default_rng(4)
    labels = random.random((25, 24, 23)) < 0.1
    image = _image(labels, {"poor": 0, "good": 1})
    found = effective_tensor(image, {"poor": 1.0, "good": 1e6}, tolerance=1e-8)
    assert int(found["iterations"].max()) < 150
    assert float(found["asymmetry"]) < 1e-6
    assert float(found["conductivity"][0, 0]) == pytest.approx(
        float(solve_conduction(image, {"poor": 1.0, "good": 1e6})["conductivity"]), rel=0.02
    )


@pytest.mark.long
def test_threads_and_progress():
    image = random_field((48, 47, 50), 1e-7, {"solid": FieldPhase(fraction=0.4, correlation_length=3e-7)}, seed=2)
    bulk = {"pore": _layered(Rotation.random(random_state=1)), "solid": 0.02}
    told = []
    one = effective_tensor(image, bulk, progress=lambda fraction, line: told.append(fraction))
    two = effective_tensor(image, bulk, threads=2)
    np.testing.assert_array_equal(two["conductivity"], one["conductivity"])
    assert told == sorted(told)
    assert told[-1] == pytest.approx(1.0)


@settings(max_examples=15, deadline=None)
@given(
    seed=st.integers(0, 1000),
    shape=st.tuples(*[st.integers(2, 7)] * 3),
    across=st.floats(0.02, 1.0),
    filled=st.floats(0.3, 0.9),
)
def test_the_tensor_is_symmetric_positive_and_between_the_means(seed, shape, across, filled):
    image = random_sites(shape, 1e-7, filled, seed=seed)
    turns = Rotation.random(2, random_state=seed)
    tensors = {"filled": _layered(turns[0], 2.0, across), "empty": _layered(turns[1], 0.5, 0.5 * across)}
    found = effective_tensor(image, tensors, tolerance=1e-9)
    tensor = found["conductivity"].values
    np.testing.assert_array_equal(tensor, tensor.T)
    assert float(found["asymmetry"]) < 1e-7
    share = image.volume_fractions
    above = sum(share[name] * one for name, one in tensors.items())
    below = np.linalg.inv(sum(share[name] * np.linalg.inv(one) for name, one in tensors.items()))
    assert np.linalg.eigvalsh(above - tensor).min() > -1e-7
    assert np.linalg.eigvalsh(tensor - below).min() > -1e-7


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ([[1.0, 0.5, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]], "differs from its transpose by 0.5 S/m"),
        ([[1.0, 2.0, 0.0], [2.0, 1.0, 0.0], [0.0, 0.0, 1.0]], "least principal conductivity of -1 S/m"),
        ((1.0, 0.0, 1.0), "positive in every direction"),
        ([1.0, 2.0], "an array of shape"),
        ([[1.0], [2.0, 3.0]], "a symmetric 3 x 3 matrix"),
        (-1.0, "least principal conductivity of -1 S/m"),
        (np.nan, "finite numbers"),
    ],
)
def test_bad_tensors(value, said):
    image = random_sites((4, 4, 4), 1e-7, 0.5, seed=1)
    with pytest.raises(InputError, match=said):
        effective_tensor(image, {"filled": value})


@pytest.mark.parametrize(
    ("bulk", "said"), [({"fild": 1.0}, "did you mean 'filled'"), ({"filled": 0.0}, "at least one phase that conducts")]
)
def test_bad_phases(bulk, said):
    with pytest.raises(InputError, match=said):
        effective_tensor(random_sites((4, 4, 4), 1e-7, 0.5, seed=1), bulk)
