from __future__ import annotations

import numpy as np
import pytest
from scipy.special import erfcinv

from scalith.electrode import VoxelImage, connected_to, interface_areas, mean_curvature, triple_phase_length
from scalith.electrode.generate.random_field import gaussian_field
from scalith.electrode.measure.boundaries import _hidden_areas
from scalith.quantities import InputError, Source


def image_of(labels, voxel_size=1.0):
    return VoxelImage(np.asarray(labels, np.uint8), voxel_size, {"pore": 0, "a": 1, "b": 2}, Source(kind="assumed"))


def ball(size, radius, offset=(0.1, -0.2, 0.3)):
    axes = [np.arange(size) + 0.5 - 0.5 * size - shift for shift in offset]
    x, y, z = np.meshgrid(*axes, indexing="ij")
    return x, y, z, x**2 + y**2 + z**2 <= radius**2


def test_area_and_curvature_of_a_ball():
    size, radius, edge = 40, 16, 2e-7
    image = image_of(ball(size, radius)[3], edge)
    areas = interface_areas(image, periodic=True)
    exact = 4 * np.pi * radius**2 / size**3 / edge
    assert float(areas.sel(phase="a", neighbour="pore")) == pytest.approx(exact, rel=0.004)
    assert float(areas.sel(phase="pore", neighbour="a")) == float(areas.sel(phase="a", neighbour="pore"))
    assert float(areas.sel(phase="b").sum()) == 0.0
    assert mean_curvature(image, "a", periodic=True) == pytest.approx(1 / (radius * edge), rel=0.01)
    assert mean_curvature(image, "pore", periodic=True) == pytest.approx(-1 / (radius * edge), rel=0.01)


def test_a_cut_window_gives_the_same_area_and_curvature():
    tiled = np.tile(ball(24, 9)[3].astype(np.uint8), (2, 2, 2))
    whole = float(interface_areas(image_of(tiled), periodic=True).sel(phase="a", neighbour="pore"))
    cut = image_of(np.roll(tiled, (7, 5, 3), (0, 1, 2)))
    assert float(interface_areas(cut).sel(phase="a", neighbour="pore")) == pytest.approx(whole, rel=0.05)
    assert mean_curvature(cut, "a") == pytest.approx(mean_curvature(cut, "a", periodic=True), rel=0.1)


@pytest.mark.parametrize("normal", [(0, 0, 1), (1, 1, 1), (1, 2, 3)])
def test_the_line_around_a_cut_ball(normal):
    size, radius = 40, 16
    x, y, z, inside = ball(size, radius)
    side = normal[0] * x + normal[1] * y + normal[2] * z > 0
    found = triple_phase_length(image_of(np.where(inside, np.where(side, 1, 2), 0)), ("pore", "a", "b"))
    places = size * (size - 1) ** 2  # of edges along an axis
    assert float(found.length) * places == pytest.approx(2 * np.pi * radius, rel=0.01)
    assert float(found.edge_length) * places > 1.25 * 2 * np.pi * radius
    assert float(found.length_error) < 0.05 * float(found.length)


def test_a_straight_line_along_an_edge_is_exact_and_in_metres_per_cubic_metre():
    labels = np.zeros((12, 12, 12))
    labels[6:] = 1
    labels[6:, 6:] = 2
    found = triple_phase_length(image_of(labels, 1e-7), ("pore", "a", "b"))
    # One of 11 × 11 edges in the plane across; what lines lose to their like grows with their number per square.
    assert float(found.length) == pytest.approx(1 / 121 / 1e-14, rel=22.0 / 121**2 + 1e-12)
    assert float(found.edge_length) == pytest.approx(1 / 121 / 1e-14, rel=1e-12)


@pytest.mark.parametrize(
    ("lengths", "fractions"), [((1.5, 1.5), (0.5, 0.5)), ((2, 2), (0.5, 0.5)), ((4, 1.5), (0.45, 0.27)), ((3, 3), (0.5, 0.5))]
)
def test_lines_and_areas_between_two_independent_fields(lengths, fractions):
    """L_V = (π/4) S₁ S₂ and the areas of each pair are exact for independent isotropic fields; with S = 2/(πℓ) exp(−t²/2)."""
    size, numbers = 72, np.random.default_rng(1)
    a, b = (gaussian_field((size,) * 3, length, numbers) for length in lengths)
    levels = [np.sqrt(2.0) * erfcinv(2.0 * fraction) for fraction in fractions]
    image = image_of(np.where(a > levels[0], 1, np.where(b > levels[1], 2, 0)))
    s1, s2 = (2.0 / np.pi / length * np.exp(-(t**2) / 2.0) for length, t in zip(lengths, levels, strict=True))
    found = triple_phase_length(image, ("pore", "a", "b"))
    assert float(found.length) == pytest.approx(0.25 * np.pi * s1 * s2, rel=0.055)
    assert 0.03 < float(found.length_error / found.length) < 0.08
    areas = interface_areas(image, periodic=True)
    exact = {("a", "b"): s1 * fractions[1], ("a", "pore"): s1 * (1 - fractions[1]), ("b", "pore"): s2 * (1 - fractions[0])}
    for (one, other), area in exact.items():
        assert float(areas.sel(phase=one, neighbour=other)) == pytest.approx(area, rel=0.05)
    # What ends at the third phase is hidden from steps that cross it: its error is the largest.
    share = [float(areas.error.sel(phase=one, neighbour=other)) / area for (one, other), area in exact.items()]
    assert max(share[:2]) < share[2] < 0.1
    if min(lengths) < 2:
        assert share[2] > 0.03


@pytest.mark.parametrize(("thick", "within"), [(1.0, 0.1), (1.5, 0.02), (2.0, 0.02)])
def test_a_film_is_not_counted_twice(thick, within):
    size, radius = 40, 12.0
    x, y, z, core = ball(size, radius)
    film = x**2 + y**2 + z**2 <= (radius + thick) ** 2
    areas = interface_areas(image_of(np.where(core, 1, np.where(film, 2, 0))), periodic=True) * size**3 / (4 * np.pi)
    assert float(areas.sel(phase="a", neighbour="b")) == pytest.approx(radius**2, rel=within)
    assert float(areas.sel(phase="b", neighbour="pore")) == pytest.approx((radius + thick) ** 2, rel=within)
    half = interface_areas(image_of(np.where(core, 1, np.where(film & (x + 0.3 * y > 0), 2, 0))), periodic=True)
    half = half * size**3 / (2 * np.pi)
    assert float(half.sel(phase="a", neighbour="b")) == pytest.approx(radius**2, rel=0.1)
    assert float(half.sel(phase="a", neighbour="pore")) == pytest.approx(radius**2, rel=0.1)


@pytest.mark.parametrize("thick", [1, 2])
@pytest.mark.parametrize("hole", [1, 2, 4])
def test_pinholes_in_a_film_take_their_area_only(thick, hole):
    """Triples across the film are no sign of hidden area, whatever the number of holes: one alone, or one in every eight voxels."""
    for period in (24, 8):
        labels = np.zeros((12, period, period))
        labels[:6], labels[6 : 6 + thick] = 1, 2
        flat = float(interface_areas(image_of(labels)).sel(phase="a", neighbour="b"))
        labels[6 : 6 + thick, 2 : 2 + hole, 2 : 2 + hole] = 0
        areas = interface_areas(image_of(np.tile(labels, (1, 24 // period, 24 // period))))
        assert float(areas.min()) >= 0.0
        share, walls = hole**2 / period**2, 4 * hole * thick / period**2
        for name, area in (("pore", share * flat), ("b", (1 - share) * flat)):
            found = areas.sel(phase="a", neighbour=name)
            assert abs(float(found) - area) < max(float(found.error), 0.05 * area)  # surfaces keep 5 %, by direction
        # Of the walls of the hole, rims a voxel or two apart are rounded.
        assert (1 - share) * flat < float(areas.sel(phase="b", neighbour="pore")) < (1 - share + walls) * flat


def test_areas_along_planes_between_three_phases():
    """A step hides nothing across planes two voxels apart and more; half of each area lies on either side of a line."""
    labels = np.zeros((12, 12, 12))
    labels[6:] = 1
    flat = interface_areas(image_of(labels))
    labels[6:, 6:] = 2
    areas = interface_areas(image_of(labels))
    whole = float(flat.sel(phase="pore", neighbour="a"))
    assert float(flat.error.max()) == 0.0
    for name in "ab":
        assert float(areas.sel(phase="pore", neighbour=name)) == pytest.approx(0.5 * whole, rel=0.02)
    assert float(areas.sel(phase="a", neighbour="b")) == pytest.approx(0.5 * whole, rel=0.05)


def test_what_is_not_reached_does_not_count():
    labels = np.zeros((12, 12, 12))
    labels[:, 6:] = 1
    labels[:, 6:, 6:] = 2
    labels[5:7, 6:, 6:] = 0  # b is cut in two
    image = image_of(labels)
    active = {"b": connected_to(image, {"b": 1.0}, "x", 0)}
    area = [float(interface_areas(image, active=mask).sel(phase="a", neighbour="b")) for mask in (None, active)]
    assert area[1] == pytest.approx(0.5 * area[0], rel=0.02)
    line = [float(triple_phase_length(image, ("pore", "a", "b"), active=mask).length) for mask in (None, active)]
    assert 0.3 * line[0] < line[1] < 0.7 * line[0]


def test_several_thirds_hide_no_more_than_half_of_a_pair():
    single = np.zeros((5, 5, 5))
    single[0, 2:, 1] = 10.0
    hidden, _ = _hidden_areas(single, 4.0 * single, np.where(np.eye(5), 0.0, 1.0))
    assert hidden[0, 1] == hidden[1, 0] == pytest.approx(-0.5)
    np.testing.assert_allclose(hidden[0, 2:], 0.5 / 3.0)  # what one pair loses each of the others gains


def test_bad_boundaries():
    image = image_of(np.zeros((4, 4, 4)))
    with pytest.raises(InputError, match="three different phases"):
        triple_phase_length(image, ("pore", "a", "a"))
    with pytest.raises(InputError, match="did you mean 'pore'"):
        triple_phase_length(image, ("poor", "a", "b"))
    with pytest.raises(InputError, match="at least 1 voxel"):
        triple_phase_length(image, ("pore", "a", "b"), reach=0)
    with pytest.raises(InputError, match="the image's shape"):
        interface_areas(image, active={"a": np.zeros((3, 3, 3), bool)})
    with pytest.raises(InputError, match="a phase with a surface"):
        mean_curvature(image, "a")
