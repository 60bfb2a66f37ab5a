"""Round particles of a structure to order: volumes, gradients, roundness."""

import numpy as np
import pytest
from scipy.ndimage import distance_transform_edt

from scalith.design import (
    LatentParticles,
    LatentPhase,
    LatentStructure,
    StructureOrder,
    StructureTargets,
    conditioned_structure,
    designed_image,
    fields_of_image,
    measure_structure,
    optimised_conduction,
    project,
    pull_back,
)
from scalith.design.share_gradients import Conduction, area_gradient, line_gradient
from scalith.electrode import interface_areas
from scalith.quantities import InputError

H = 1e-7


def powder(size=24, radius=4.0, spread=0.15, fraction=0.5, width=1.0, overlap=0.1):
    phases = {
        "active": LatentParticles(fraction=fraction, radius=radius * H, spread=spread, overlap=overlap),
        "carbon": LatentPhase(fraction=0.12, feature_size=2 * H),
    }
    return LatentStructure(shape=(size,) * 3, voxel_size=H, phases=phases, matrix="pore", width=width)


def share_kept_by_opening(mask, radius):
    """Of a periodic mask, what balls of a radius inside it cover."""
    size = int(np.ceil(2 * radius)) + 1
    padded = np.pad(mask, size, mode="wrap")
    # A voxel belongs to the ball of a radius when its centre does; the surface lies half a voxel before the next centre.
    centres = distance_transform_edt(padded) >= radius
    opened = padded & (distance_transform_edt(~centres) < radius)
    inside = tuple(slice(size, -size) for _ in range(3))
    return np.count_nonzero(opened[inside]) / np.count_nonzero(mask)


def test_volumes_are_exact_in_the_transition_and_in_the_image():
    structure = powder()
    noise = structure.noise(1)
    shares, image = project(structure, noise).shares, designed_image(structure, noise)
    np.testing.assert_allclose(shares.sum(axis=0), 1.0, atol=1e-12)
    for (name, fraction), share in zip(structure.fractions.items(), shares, strict=True):
        assert share.mean() == pytest.approx(fraction, rel=1e-9)
        assert image.volume_fractions[name] == pytest.approx(fraction, abs=1e-12)
    assert image.phases == {"pore": 0, "active": 1, "carbon": 2}
    assert image.periodic


def test_one_particle_is_a_ball_across_the_faces_of_the_box():
    structure = powder(size=20, radius=5.0, spread=0.0, fraction=4 / 3 * np.pi * 5**3 / 20**3)
    assert structure.spheres("active").count == 1
    noise = structure.noise(3)
    centre = noise[0].ravel()[:3] * 5.0
    apart = np.stack(np.meshgrid(*[np.arange(20) + 0.5] * 3, indexing="ij"), axis=-1) - centre
    apart -= 20 * np.round(apart / 20)
    distance = np.linalg.norm(apart, axis=-1)
    mask = designed_image(structure, noise).mask("active")
    assert distance[mask].max() <= distance[~mask].min() + 1e-9
    moved = noise.copy()
    moved[0].ravel()[:3] += [20 / 5.0, -40 / 5.0, 60 / 5.0]  # whole periods
    np.testing.assert_array_equal(designed_image(structure, moved).mask("active"), mask)
    moved[0].ravel()[:3] = noise[0].ravel()[:3] + np.array([3 / 5.0, 0.0, 0.0])
    np.testing.assert_array_equal(designed_image(structure, moved).mask("active"), np.roll(mask, 3, axis=0))


def test_gradients_of_conductivity_area_and_line_are_those_of_differences():
    structure = powder(size=10, radius=2.6, spread=0.1, fraction=0.4, width=2.0)
    noise = structure.noise(3)
    count = 4 * structure.spheres("active").count
    assert count >= 16
    numbers = {
        "conductivity": Conduction(list(structure.names), {"active": 0.1, "carbon": 30.0}, "y", 1e-12).gradient,
        "area": lambda shares: area_gradient(shares, 0, 1),
        "line": lambda shares: line_gradient(shares, 0, 1),
    }
    direction, step = np.random.default_rng(4).standard_normal(noise.shape), 1e-5
    only_particles = np.zeros(noise.shape)
    only_particles[0].ravel()[:count] = direction[0].ravel()[:count]
    for name, number in numbers.items():
        projection = project(structure, noise)
        gradient = pull_back(structure, projection, number(projection.shares).by_share)
        assert not np.any(gradient[0].ravel()[count:])
        for along in (only_particles, direction):
            up, down = (number(project(structure, noise + sign * step * along).shares).logarithm for sign in (1, -1))
            assert float(np.vdot(gradient, along)) == pytest.approx((up - down) / (2 * step), rel=1e-5), name


def test_particles_are_round_where_a_field_of_the_same_area_is_not():
    structure = powder(size=32, radius=5.0, spread=0.1)
    image = designed_image(structure, structure.noise(1))
    mask = image.mask("active")
    # A ball of 3.5 voxels in ones of 4.1 to 6.1: what it leaves out is the outermost voxels, and where three of them meet.
    assert share_kept_by_opening(mask, 3.5) > 0.87
    free = LatentStructure(
        shape=(32,) * 3, voxel_size=H, phases={"active": LatentPhase(fraction=0.5, feature_size=2.8 * H)}, matrix="pore"
    )
    other = designed_image(free, free.noise(1))
    areas = [
        float(interface_areas(one, periodic=True).sel(phase="active").drop_sel(neighbour="active").sum())
        for one in (image, other)
    ]
    assert areas[1] == pytest.approx(areas[0], rel=0.1)
    assert share_kept_by_opening(other.mask("active"), 3.5) < 0.5


def test_particles_that_run_into_each_other_are_pushed_apart():
    structure = powder(spread=0.0)
    spheres, noise = structure.spheres("active"), structure.noise(1)

    def nearest(values):
        centres = values[0].ravel()[: 4 * spheres.count].reshape(-1, 4)[:, :3] * spheres.radius
        apart = centres[:, None] - centres[None]
        apart -= 24 * np.round(apart / 24)
        distance = np.linalg.norm(apart, axis=-1)
        return distance[np.triu_indices(spheres.count, 1)].min()

    assert nearest(noise) > 0.88 * 2 * spheres.radius  # overlaps of 10 % allowed, and the tolerance of the packing
    np.testing.assert_array_equal(structure.settle(noise)[1], noise[1])
    thrown = noise.copy()
    thrown[0].ravel()[: 4 * spheres.count] += 0.4 * np.random.default_rng(2).standard_normal(4 * spheres.count)
    assert nearest(thrown) < 0.8 * 2 * spheres.radius
    assert nearest(structure.settle(thrown)) > 0.88 * 2 * spheres.radius


@pytest.mark.long
def test_what_was_asked_for_comes_in_round_particles():
    structure = powder()
    bulk = {"ionic": {"pore": 1.0}, "electronic": {"active": 0.5, "carbon": 100.0}}
    asked = {"effective_ionic_conductivity": 1e-9, "interface_area": 1.0}
    image = designed_image(structure, structure.noise(1))
    begun = measure_structure(image, StructureTargets(**asked, **bulk))
    targets = StructureTargets(
        effective_ionic_conductivity=1.1 * begun["effective_ionic_conductivity"],
        interface_area=1.06 * begun["interface_area"],
        **bulk,
    )
    found = conditioned_structure(structure, targets, seed=1, tolerance=0.01)
    measured = measure_structure(found.image, targets)
    np.testing.assert_allclose(list(measured.values()), list(targets.asked.values()), rtol=0.01)
    assert found.image.volume_fractions == pytest.approx(structure.fractions, abs=1e-9)
    kept = [share_kept_by_opening(one.mask("active"), 2.5) for one in (image, found.image)]
    assert kept[1] > kept[0] - 0.03


def test_an_order_as_a_study_states_it():
    stated = {
        "phases": {
            "active": {"fraction": 0.5, "radius": "0.4 um", "spread": 0.15},
            "carbon": {"fraction": 0.12, "feature_size": "0.2 um"},
        },
        "matrix": "pore",
        "targets": {"interface_area": "2e6 1/m"},
    }
    image = StructureOrder.read(stated).begin((24, 24, 24), H, seed=1)
    np.testing.assert_array_equal(image.labels, designed_image(powder(), powder().noise(1)).labels)
    stated["phases"]["active"]["feature_size"] = "0.4 um"
    with pytest.raises(InputError, match="active"):
        StructureOrder.read(stated, "[microstructure.order]")


def test_particles_that_cannot_be():
    carbon = LatentPhase(fraction=0.1, feature_size=2 * H)
    particles = LatentParticles(fraction=0.4, radius=4 * H)
    about = {"shape": (24,) * 3, "voxel_size": H, "matrix": "pore"}
    with pytest.raises(InputError, match=r"particles of active.*phase 2.*the first phase"):
        LatentStructure(phases={"carbon": carbon, "active": particles}, **about)
    with pytest.raises(InputError, match=r"mirrors beside them"):
        LatentStructure(phases={"active": particles}, sides="mirror", **about)
    with pytest.raises(InputError, match=r"radius of active.*at least 2 voxels"):
        powder(radius=2.1)
    with pytest.raises(InputError, match=r"radius of active.*at most half"):
        powder(radius=11.0)
    structure = powder()
    image = designed_image(structure, structure.noise(1))
    with pytest.raises(InputError, match="an image has no spheres"):
        fields_of_image(structure, image)
    with pytest.raises(InputError, match="conditioned_structure takes particles"):
        optimised_conduction(structure, {"ions": {"pore": 1.0}}, seed=1)
