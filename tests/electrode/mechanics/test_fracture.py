"""Cracks in voxels."""

from __future__ import annotations

import numpy as np
import pytest

from scalith.electrode import (
    FractureModel,
    IsotropicElasticity,
    VoxelImage,
    cracked_image,
    interface_areas,
    simulate_fracture,
    stress_from_eigenstrain,
    subvolume_properties,
)
from scalith.electrode.mechanics.elasticity_kernels import strain_energies
from scalith.quantities import InputError, Source

ASSUMED = Source(kind="assumed")
E, G, LENGTH, EDGE = 20e9, 2.0, 8e-7, 4e-7
BAR = VoxelImage(np.ones((2, 2, 2), np.uint8), EDGE, {"a": 1}, ASSUMED)
STRENGTH = {"AT1": np.sqrt(3.0 * E * G / (8.0 * LENGTH)), "AT2": 9.0 / 16.0 * np.sqrt(E * G / (3.0 * LENGTH))}
ACTIVE = IsotropicElasticity(youngs_modulus="140 GPa", poisson_ratio=0.3)
SULFIDE = IsotropicElasticity(youngs_modulus="22.1 GPa", poisson_ratio=0.37)


def brittle(law="AT1", **changed):
    constants = {"a": IsotropicElasticity(youngs_modulus=E, poisson_ratio=0.0)}
    return FractureModel(elasticity=constants, fracture_energy={"a": G}, length=LENGTH, law=law, **changed)


def disc(n=32, radius=3e-6, width=12.8e-6):
    edge = width / n
    y, x = np.mgrid[:n, :n] * edge - 0.5 * (width - edge)
    labels = np.repeat((x**2 + y**2 <= radius**2).astype(np.uint8)[:, :, None], 2, axis=2)
    return VoxelImage(labels, edge, {"electrolyte": 0, "active": 1}, ASSUMED)


def weak(image, **changed):
    weak_interface = {"phases": ("active", "electrolyte"), "fracture_energy": "0.5 J/m2"}
    stated = {
        "elasticity": {"active": ACTIVE, "electrolyte": SULFIDE},
        "fracture_energy": {"active": 10.0, "electrolyte": 2.0},
        "interfaces": (weak_interface,),
        "length": 2.0 * image.voxel_size,
    }
    return FractureModel(**stated | changed)


@pytest.mark.parametrize("law", ["AT1", "AT2"])
def test_a_bar_without_flaws_has_the_known_strength(law):
    strain = 2.0 * STRENGTH[law] / E
    found = simulate_fracture(BAR, brittle(law), {}, loads=np.linspace(0.1, 1.0, 46), mean_strain=[strain, 0, 0, 0, 0, 0])
    stress = found.mean_stress.sel(component="xx")
    assert float(stress.max()) == pytest.approx(STRENGTH[law], rel=1e-3)
    first = float(found.damage[0].max())
    assert first == 0.0 if law == "AT1" else first > 0.0
    assert np.all(np.diff(found.damage.values[:, 0, 0, 0]) >= 0.0)


def test_pressed_it_bears_more():
    strain = 3.0 * STRENGTH["AT1"] / E
    found = simulate_fracture(BAR, brittle(), {}, mean_strain=[-strain, 0, 0, 0, 0, 0])
    assert float(found.damage.max()) == 0.0
    assert float(found.mean_stress.sel(component="xx")[0]) == pytest.approx(-E * strain, rel=1e-5)


def test_cycles_break_it_after_as_many_as_the_law_of_fatigue_says():
    threshold, critical = 1e4, 3.0 * G / (16.0 * LENGTH)
    energy = 0.25 * critical
    life = threshold * (2.0 * np.sqrt(critical / energy) - 1.0) / energy  # f(N ψ) G_c bears ψ
    strain = np.sqrt(2.0 * energy / E)
    model, stretched = brittle(fatigue_threshold=threshold), [strain, 0, 0, 0, 0, 0]
    found = simulate_fracture(BAR, model, {}, mean_strain=stretched, cycles=[0.5 * life, 0.99 * life, 1.01 * life])
    damage = found.damage.max(("x", "y", "z")).values
    np.testing.assert_array_equal(damage[:3], 0.0)
    assert damage[3] > 0.0
    np.testing.assert_allclose(found.cycle, [0.0, 0.5 * life, 0.99 * life, 1.01 * life])


def test_energy_of_tension_is_that_of_the_principal_strains():
    numbers = np.random.default_rng(4)
    lame, shear = 3.0, 2.0
    for _ in range(30):
        e = numbers.standard_normal(6)
        tensile, whole = np.empty((1, 1, 1)), np.empty((1, 1, 1))
        row, ones = np.zeros((1, 1, 1), np.uint8), np.ones((1, 1, 1))
        strain_energies(np.zeros((3, 1, 1, 1)), e, row, np.array([[lame, shear]]), np.zeros((1, 6)), ones, tensile, whole)
        tensor = np.array([[e[0], e[5] / 2, e[4] / 2], [e[5] / 2, e[1], e[3] / 2], [e[4] / 2, e[3] / 2, e[2]]])
        values, trace = np.linalg.eigvalsh(tensor), np.trace(tensor)
        assert whole[0, 0, 0] == pytest.approx(0.5 * lame * trace**2 + shear * np.sum(values**2), rel=1e-12)
        pulled = 0.5 * lame * max(trace, 0.0) ** 2 + shear * np.sum(np.maximum(values, 0.0) ** 2)
        assert tensile[0, 0, 0] == pytest.approx(pulled, rel=1e-9)


def test_a_particle_that_shrinks_lets_go_of_its_matrix():
    image = disc()
    shrinking = simulate_fracture(image, weak(image), {"active": [-0.02, -0.02, 0, 0, 0, 0]}, loads=[0.1, 0.5], outside="clamped")
    assert float(shrinking.damage[0].max()) < 0.2
    cracked = cracked_image(image, shrinking)
    assert cracked.volume_fractions["active"] == image.volume_fractions["active"]
    touching = interface_areas(cracked, periodic=True).sel(phase="active", neighbour="electrolyte")
    before = interface_areas(image, periodic=True).sel(phase="active", neighbour="electrolyte")
    assert float(touching) < 0.1 * float(before)
    # What no longer touches still conducts.
    assert cracked.volume_fractions["crack"] == 0.0
    wide = [VoxelImage(one.labels.repeat(4, axis=2), one.voxel_size, one.phases, ASSUMED) for one in (image, cracked)]
    bulk = {"electrolyte": 0.2}
    properties = [subvolume_properties(one, ionic=bulk, electronic={"active": 1.0}, parts=(1,), radius=False) for one in wide]
    for name in ("effective_ionic_conductivity", "electrolyte_volume_fraction"):
        assert float(properties[1][name][0]) == pytest.approx(float(properties[0][name][0]), rel=1e-6)
    # One crack around the particle: its length over the area of the image, and a half for so coarse a length.
    around = 2.0 * np.pi * 3e-6 / (12.8e-6) ** 2
    assert around < float(shrinking.crack_area[-1]) < 1.5 * around
    # The particle is free of its matrix: hardly any stress is left.
    bonded = stress_from_eigenstrain(
        image, weak(image).elasticity, {"active": [-0.01, -0.01, 0, 0, 0, 0]}, outside="clamped", tolerance=1e-3
    )
    assert abs(float(shrinking.mean_stress[-1, 0])) < 0.2 * abs(float(bonded.mean_stress[0]))


def test_a_particle_that_swells_as_much_keeps_its_contact():
    image = disc()
    swelling = simulate_fracture(image, weak(image), {"active": [0.01, 0.01, 0, 0, 0, 0]}, outside="clamped")
    cracked = cracked_image(image, swelling)
    areas = [float(interface_areas(one, periodic=True).sel(phase="active", neighbour="electrolyte")) for one in (cracked, image)]
    assert areas[0] > 0.9 * areas[1]


def test_expansion_by_voxel_scales_the_eigenstrain():
    image = disc(16)
    even = stress_from_eigenstrain(image, weak(image).elasticity, {"active": 0.01})
    half = stress_from_eigenstrain(image, weak(image).elasticity, {"active": 0.02}, expansion=np.full(image.shape, 0.5))
    np.testing.assert_allclose(half.von_mises_stress, even.von_mises_stress, rtol=1e-9)
    assert half.attrs["source"] != even.attrs["source"]
    with pytest.raises(InputError, match="shape"):
        stress_from_eigenstrain(image, weak(image).elasticity, {"active": 0.01}, expansion=np.ones((2, 2, 2)))


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"length": 1e-7}, "1.5 voxels"),
        ({"cycles": [10.0]}, "fatigue_threshold"),
        ({"cycles": [10.0, 5.0]}, "rise"),
        ({"loads": []}, "loads"),
        ({"mean_strain": [0.1]}, "six components"),
        ({"outside": "open"}, "free or clamped"),
    ],
)
def test_bad_numbers(changed, said):
    model = brittle() if "length" not in changed else brittle().model_copy(update={"length": changed.pop("length")})
    with pytest.raises(InputError, match=said):
        simulate_fracture(BAR, model, {}, **changed)


def test_bad_models_and_images():
    with pytest.raises(InputError, match="phase"):
        FractureModel(elasticity={"a": ACTIVE}, fracture_energy={"b": 1.0}, length=LENGTH)
    with pytest.raises(InputError, match="a pore"):
        FractureModel(elasticity={"a": IsotropicElasticity(youngs_modulus=0.0)}, fracture_energy={"a": 1.0}, length=LENGTH)
    found = simulate_fracture(BAR, brittle(), {})
    with pytest.raises(InputError, match="that of the image"):
        cracked_image(disc(8), found)
    for field, value in (("step", 1), ("step", -2), ("threshold", 1.5), ("threshold", float("nan"))):
        with pytest.raises(InputError, match=f"cracked_image: {field}"):
            cracked_image(BAR, found, active="a", electrolyte="a", **{field: value})
    named = VoxelImage(BAR.labels, EDGE, {"crack": 1}, ASSUMED)
    with pytest.raises(InputError, match="without one"):
        cracked_image(named, found)
    with pytest.raises(InputError, match="active"):
        cracked_image(BAR, found)
