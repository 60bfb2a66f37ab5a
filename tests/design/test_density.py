"""Latent fields, their projection to phases, and the way back of a gradient."""

import numpy as np
import pytest

from scalith.design import LatentPhase, LatentStructure, designed_image, fields_of_image, project, pull_back
from scalith.design.density import filter_noise
from scalith.design.share_gradients import Conduction, area_gradient, line_gradient
from scalith.electrode import interface_areas, triple_phase_length
from scalith.quantities import InputError

H = 1e-7


def three_phases(size=16, sides="periodic", pore=0.4, width=1.0):
    phases = {"pore": LatentPhase(fraction=pore, feature_size=3 * H), "carbon": LatentPhase(fraction=0.15, feature_size=2 * H)}
    return LatentStructure(shape=(size,) * 3, voxel_size=H, phases=phases, sides=sides, width=width)


@pytest.mark.parametrize("sides", ["periodic", "mirror"])
def test_volumes_are_exact_in_the_transition_and_in_the_image(sides):
    structure = three_phases(sides=sides)
    noise = structure.noise(1)
    shares = project(structure, noise).shares
    np.testing.assert_allclose(shares.sum(axis=0), 1.0, atol=1e-12)
    image = designed_image(structure, noise)
    for (name, fraction), share in zip(structure.fractions.items(), shares, strict=True):
        assert share.mean() == pytest.approx(fraction, rel=1e-9)
        assert image.volume_fractions[name] == pytest.approx(fraction, abs=1e-12)
    assert image.phases == {"active": 0, "pore": 1, "carbon": 2}
    assert image.periodic == (sides == "periodic")


@pytest.mark.parametrize("sides", ["periodic", "mirror"])
def test_the_filter_is_its_own_adjoint_and_keeps_unit_variance(sides):
    structure = three_phases(sides=sides)
    one, other = structure.noise(1)
    left = np.vdot(filter_noise(structure, "pore", one), other)
    assert left == pytest.approx(np.vdot(one, filter_noise(structure, "pore", other)), rel=1e-10)
    found = [filter_noise(structure, "pore", structure.noise(seed)[0]) for seed in range(40)]
    assert np.mean(np.square(found)) == pytest.approx(1.0, abs=0.1)


@pytest.mark.parametrize("sides", ["periodic", "mirror"])
def test_gradients_of_conductivity_area_and_line_are_those_of_differences(sides):
    structure = three_phases(size=8, sides=sides, width=2.0)
    noise = structure.noise(3)
    names = list(structure.names)
    bulk = {"active": 0.1, "carbon": 30.0}
    numbers = {
        "conductivity": Conduction(names, bulk, "y", 1e-12).gradient,
        "area": lambda shares: area_gradient(shares, 0, 1),
        "line": lambda shares: line_gradient(shares, 0, 1),
    }
    direction, step = structure.noise(4), 1e-5
    for name, number in numbers.items():
        projection = project(structure, noise)
        slope = float(np.vdot(pull_back(structure, projection, number(projection.shares).by_share), direction))
        up, down = (number(project(structure, noise + sign * step * direction).shares).logarithm for sign in (1, -1))
        assert slope == pytest.approx((up - down) / (2 * step), rel=1e-5), name


def test_area_and_line_of_the_transition_are_those_of_the_image():
    structure = three_phases(size=32)
    noise = structure.noise(2)
    shares, image = project(structure, noise).shares, designed_image(structure, noise)
    area = np.exp(area_gradient(shares, 0, 1).logarithm) / image.labels.size / H
    assert area == pytest.approx(float(interface_areas(image).sel(phase="active", neighbour="pore")), rel=0.15)
    line = np.exp(line_gradient(shares, 0, 1).logarithm) / image.labels.size / H**2
    assert line == pytest.approx(float(triple_phase_length(image, ("active", "pore", "carbon"))["length"]), rel=0.25)


def test_fractions_graded_in_depth():
    structure = three_phases(size=32, pore=(0.6, 0.2))
    image = designed_image(structure, structure.noise(5))
    by_depth = image.mask("pore").reshape(4, 8, 32, 32).mean(axis=(1, 2, 3))
    assert image.volume_fractions["pore"] == pytest.approx(0.4, abs=1e-4)
    assert not image.periodic
    np.testing.assert_allclose(by_depth, [0.55, 0.45, 0.35, 0.25], atol=0.12)
    assert by_depth[0] > 0.45
    assert by_depth[-1] < 0.35


def test_an_image_is_its_own_design():
    made = three_phases(pore=(0.5, 0.3))
    image = designed_image(made, made.noise(7))
    shares = image.volume_fractions
    phases = {name: LatentPhase(fraction=shares[name], feature_size=3 * H) for name in ("pore", "carbon")}
    structure = LatentStructure(shape=image.shape, voxel_size=H, phases=phases)
    again = designed_image(structure, np.zeros((2, *image.shape)), base=fields_of_image(structure, image))
    np.testing.assert_array_equal(again.labels, image.labels)
    other = LatentStructure(
        shape=image.shape, voxel_size=H, phases={**phases, "carbon": LatentPhase(fraction=0.2, feature_size=3 * H)}
    )
    with pytest.raises(InputError, match=r"fraction of active: .* expected .*that of the image"):
        fields_of_image(other, image)


def test_recipes_that_cannot_be():
    with pytest.raises(InputError, match="less than 1: the matrix is the rest"):
        three_phases(pore=(0.2, 0.9))
    with pytest.raises(InputError, match="at most half of the structure"):
        three_phases(size=4)
