"""Generated structures have the fractions, sizes and surfaces that were asked for."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from scalith.electrode import (
    CompositeElectrode,
    FieldPhase,
    ParticleKind,
    checkerboard,
    composite_electrode,
    heckel_porosity,
    laminate,
    packed_particles,
    place_binder,
    random_field,
    random_sites,
    sphere_lattice,
)
from scalith.electrode.generate.packed_particles import _pushed_apart, draw_semi_axes
from scalith.quantities import ConvergenceError, InputError


def _faces(mask: np.ndarray, other: np.ndarray) -> int:
    """Faces between two phases of a periodic image."""
    return sum(int((mask & np.roll(other, step, axis)).sum()) for axis in range(3) for step in (1, -1))


def _kind(**changes: object) -> ParticleKind:
    return ParticleKind.read({"phase": "active", "fraction": 0.5, "radius": "0.8 um", "spread": 0.2} | changes)


def test_spheres_meet_their_fraction_and_repeat():
    first = packed_particles((48, 40, 44), 1e-7, [_kind()], seed=3)
    assert first.volume_fractions["active"] == pytest.approx(0.5, abs=1.0 / first.labels.size)
    np.testing.assert_array_equal(first.labels, packed_particles((48, 40, 44), 1e-7, [_kind()], seed=3).labels)
    assert np.any(first.labels != packed_particles((48, 40, 44), 1e-7, [_kind()], seed=4).labels)


def test_spheres_do_not_overlap_and_their_surface_is_theirs():
    box = np.array([60.0, 60.0, 60.0])
    numbers = np.random.default_rng(1)
    axes = draw_semi_axes(_kind(fraction=0.55), box, 1e-7, numbers)
    assert float(np.sum(4 / 3 * np.pi * axes[:, 0] ** 3)) == pytest.approx(0.55 * 60**3, rel=1e-9)
    centres, longest, _ = _pushed_apart(axes, box, 0.0, numbers)
    apart = centres[:, None] - centres[None]
    apart -= box * np.round(apart / box)
    gap = np.linalg.norm(apart, axis=2) / (longest[:, None] + longest[None])
    assert float(gap[np.triu_indices(len(centres), 1)].min()) > 0.98


def test_sizes_are_drawn_by_volume():
    axes = draw_semi_axes(_kind(spread=0.4, radius="0.5 um"), np.array([200.0] * 3), 1e-7, np.random.default_rng(2))[:, 0]
    order = np.sort(axes)
    cumulative = np.cumsum(order**3) / np.sum(order**3)
    assert order[np.searchsorted(cumulative, 0.5)] == pytest.approx(5.0, rel=0.04)
    logs = np.log(order)
    mean = np.average(logs, weights=order**3)
    assert np.sqrt(np.average((logs - mean) ** 2, weights=order**3)) == pytest.approx(
        0.4 * 0.88, rel=0.1
    )  # cut at two deviations


def test_flat_particles_lie_in_all_directions_and_stay_flat():
    flat = _kind(fraction=0.04, spread=0.0, aspect=(3, 3, 1), radius="0.7 um")
    parts, count = ndimage.label(packed_particles((96, 96, 96), 1e-7, [flat], seed=5).mask("active"))
    ratios = []
    for part in ndimage.find_objects(parts, count):
        if all(cut.start > 0 and cut.stop < 96 for cut in part):  # not cut by a face
            spread = np.sqrt(np.linalg.eigvalsh(np.cov(np.argwhere(parts[part] > 0).T)))
            ratios.append(spread[2] / spread[0])
    assert len(ratios) >= 3
    assert float(np.median(ratios)) == pytest.approx(3.0, rel=0.1)


def test_two_kinds_both_meet_their_fractions():
    kinds = [_kind(fraction=0.35), _kind(phase="electrolyte", fraction=0.25, radius="0.4 um")]
    image = packed_particles((48, 48, 48), 1e-7, kinds, seed=1, overlap=0.1)
    assert image.volume_fractions == pytest.approx({"pore": 0.4, "active": 0.35, "electrolyte": 0.25}, abs=1e-5)


@pytest.mark.parametrize(
    ("kinds", "how", "said"),
    [
        ([], {}, "at least one kind"),
        ([_kind(fraction=0.6), _kind(phase="b", fraction=0.5)], {}, "less than 1"),
        ([_kind(radius="9 um")], {}, "shorter than the image"),
        ([_kind(radius="0.05 um")], {}, "at least one voxel"),
        ([_kind()], {"overlap": 0.7}, "0 to 0.5"),
        ([_kind()], {"matrix": "active"}, "different names"),
    ],
)
def test_bad_particles(kinds, how, said):
    with pytest.raises(InputError, match=said):
        packed_particles((32, 32, 32), 1e-7, kinds, seed=1, **how)


def test_what_does_not_fit_is_said():
    with pytest.raises(ConvergenceError, match="allow more overlap"):
        packed_particles((32, 32, 32), 1e-7, [_kind(fraction=0.8, spread=0.0)], seed=1)


def test_a_random_field_has_its_correlation_and_surface():
    length = 5.0
    image = random_field((96, 96, 96), 1e-7, {"solid": FieldPhase(fraction=0.5, correlation_length=length * 1e-7)}, seed=2)
    solid = image.mask("solid")
    assert float(solid.mean()) == pytest.approx(0.5, abs=1e-6)
    # The correlation of the sign of a Gaussian field is (2/π) arcsin of its own.
    sign = 2.0 * solid - 1.0
    for shift in (3, 6):
        found = np.mean([float(np.mean(sign * np.roll(sign, shift, axis))) for axis in range(3)])
        assert found == pytest.approx(2 / np.pi * np.arcsin(np.exp(-0.5 * (shift / length) ** 2)), abs=0.03)
    # Faces of voxels count 3/2 of an isotropic surface; the field's is 2/(π ℓ).
    assert _faces(solid, ~solid) / solid.size / 1.5 == pytest.approx(2 / (np.pi * length), rel=0.05)


def test_fields_of_several_phases():
    phases = {
        "a": FieldPhase(fraction=0.3, correlation_length="0.4 um"),
        "b": FieldPhase(fraction=0.2, correlation_length="0.2 um"),
    }
    image = random_field((32, 32, 32), 1e-7, phases, seed=2)
    assert image.volume_fractions == pytest.approx({"pore": 0.5, "a": 0.3, "b": 0.2}, abs=1e-4)
    with pytest.raises(InputError, match="less than 1"):
        random_field(
            (32, 32, 32),
            1e-7,
            {"a": FieldPhase(fraction=0.6, correlation_length=3e-7)} | {"b": phases["a"].model_copy(update={"fraction": 0.5})},
            seed=1,
        )
    with pytest.raises(InputError, match="a quarter of the image"):
        random_field((32, 32, 32), 1e-7, {"a": FieldPhase(fraction=0.6, correlation_length="2 um")}, seed=1)
    with pytest.raises(InputError, match="three whole numbers"):
        random_field((32, 32), 1e-7, phases, seed=1)


@pytest.mark.long
def test_binder_goes_from_film_over_clusters_to_bridges():
    image = packed_particles((64, 64, 64), 1e-7, [_kind(fraction=0.45, spread=0.1, radius="1 um")], seed=2)
    contact, thickness = [], []
    for agglomeration in (0.0, 0.25, 0.5, 0.75, 1.0):
        found = place_binder(image, 0.06, agglomeration, seed=4, cluster_size=4e-7)
        assert found.volume_fractions["binder"] == pytest.approx(0.06, abs=1e-5)
        binder = found.mask("binder")
        assert not np.any(binder & image.mask("active"))
        contact.append(_faces(binder, image.mask("active")))
        thickness.append(_faces(binder, found.mask("pore")))
    # A film touches the most particle surface; clusters and bridges leave more of it bare.
    assert contact[0] > contact[1] > contact[2]
    assert contact[0] > 1.25 * contact[4]
    # Bridges fill gaps: of all forms they show the least surface to the pores.
    assert thickness[4] == min(thickness)


def test_bridges_lie_where_two_particles_are_near():
    image = packed_particles((64, 64, 64), 1e-7, [_kind(fraction=0.45, spread=0.1, radius="1 um")], seed=2)
    density = ndimage.gaussian_filter(image.mask("active").astype(float), 4.0, mode="wrap")
    film = density[place_binder(image, 0.05, 0.0, seed=4, cluster_size=4e-7).mask("binder")].mean()
    bridge = density[place_binder(image, 0.05, 1.0, seed=4, cluster_size=4e-7).mask("binder")].mean()
    assert bridge > 1.1 * film


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({"fraction": 0.9}, "at most the 0.5 of pore"),
        ({"agglomeration": 2.0}, "film"),
        ({"within": "void"}, "one of pore, active"),
        ({"name": "pore"}, "an unused phase name"),
        ({"cluster_size": 1e-8}, "at least half a voxel"),
    ],
)
def test_bad_binder(how, said):
    image = packed_particles((32, 32, 32), 1e-7, [_kind()], seed=2)
    with pytest.raises(InputError, match=said):
        place_binder(image, **({"fraction": 0.1, "agglomeration": 0.5, "seed": 1, "cluster_size": 3e-7} | how))


COMPOSITE = {
    "active_fraction": 0.5,
    "carbon_fraction": 0.03,
    "active_radius": "1 um",
    "active_spread": 0.2,
    "porosity": 0.15,
    "pore_size": "0.3 um",
    "carbon_size": "0.3 um",
}


def test_a_composite_has_its_composition():
    image = composite_electrode((48, 48, 48), 1.5e-7, CompositeElectrode.read(COMPOSITE), seed=7)
    wanted = {"pore": 0.15, "active": 0.5 * 0.85, "electrolyte": 0.47 * 0.85, "carbon": 0.03 * 0.85}
    assert image.volume_fractions == pytest.approx(wanted, abs=1e-4)
    # Pores keep to the particles: they touch them more than electrolyte of the same volume would.
    active = image.mask("active")
    near = [_faces(image.mask(name), active) / image.mask(name).sum() for name in ("pore", "electrolyte")]
    assert near[0] > near[1]


def test_pressure_closes_pores():
    pressed = {key: value for key, value in COMPOSITE.items() if key != "porosity"}
    pressed |= {"pressure": "400 MPa", "initial_porosity": 0.35, "yield_pressure": "500 MPa"}
    assert CompositeElectrode.read(pressed).void == pytest.approx(0.35 * np.exp(-0.8))
    assert heckel_porosity(0.0, 0.35, 5e8) == 0.35
    for wrong in (pressed | {"porosity": 0.1}, {key: pressed[key] for key in pressed if key != "yield_pressure"}):
        with pytest.raises(InputError, match="expected porosity, or else pressure"):
            CompositeElectrode.read(wrong)
    with pytest.raises(InputError, match="electrolyte is the rest"):
        CompositeElectrode.read(COMPOSITE | {"active_fraction": 0.98})
    with pytest.raises(InputError, match="carbon_size"):
        CompositeElectrode.read({key: value for key, value in COMPOSITE.items() if key != "carbon_size"})


def test_bodies_that_are_known():
    layers = laminate((4, 8, 2), 1e-7, [("a", 1), ("b", 3)], normal="y")
    assert layers.volume_fractions == {"a": 0.25, "b": 0.75}
    np.testing.assert_array_equal(layers.labels[2, :, 1], [0, 1, 1, 1, 0, 1, 1, 1])
    board = checkerboard((8, 8, 3), 1e-7, 2)
    assert board.volume_fractions == {"a": 0.5, "b": 0.5}
    np.testing.assert_array_equal(board.labels[:4, :4, 0], [[0, 0, 1, 1], [0, 0, 1, 1], [1, 1, 0, 0], [1, 1, 0, 0]])
    spheres = sphere_lattice(48, 1e-7, 0.3, cells=2)
    assert spheres.volume_fractions["sphere"] == pytest.approx(0.3, abs=0.01)
    np.testing.assert_array_equal(spheres.labels, np.roll(spheres.labels, 24, 0))
    sites = random_sites((40, 40, 40), 1e-7, 0.3, seed=1)
    assert sites.volume_fractions["filled"] == pytest.approx(0.3, abs=0.01)


def test_bad_bodies():
    for make in (
        lambda: laminate((5, 4, 4), 1e-7, [("a", 2)]),
        lambda: laminate((4, 4, 4), 1e-7, [("a", 2)], normal="w"),
        lambda: checkerboard((5, 4, 4), 1e-7, 2),
        lambda: sphere_lattice(10, 1e-7, 0.6),
        lambda: sphere_lattice(10, 1e-7, 0.3, cells=3),
        lambda: random_sites((4, 4, 4), 1e-7, 1.2, seed=1),
    ):
        with pytest.raises(InputError):
            make()
