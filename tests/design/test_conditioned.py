"""Structures with the properties that were asked for."""

import numpy as np
import pytest

from scalith.design import (
    LatentPhase,
    LatentStructure,
    StructureTargets,
    conditioned_structure,
    designed_image,
    measure_structure,
    project,
    pull_back,
)
from scalith.design.share_gradients import Stiffness
from scalith.electrode import IsotropicElasticity, effective_stiffness
from scalith.quantities import ConvergenceError, InputError

ELASTICITY = {
    "active": IsotropicElasticity(youngs_modulus="140 GPa", poisson_ratio=0.25),
    "carbon": IsotropicElasticity(youngs_modulus="2 GPa", poisson_ratio=0.35),
    "pore": IsotropicElasticity(youngs_modulus=0.0),
}
H = 1e-7
BULK = {"ionic": {"pore": 1.0}, "electronic": {"active": 0.5, "carbon": 100.0}}
ASKED = ("effective_ionic_conductivity", "effective_electronic_conductivity", "interface_area", "triple_phase_length")


def recipe(pore_size=3.0, carbon_size=3.0, size=24):
    phases = {
        "pore": LatentPhase(fraction=0.4, feature_size=pore_size * H),
        "carbon": LatentPhase(fraction=0.15, feature_size=carbon_size * H),
    }
    return LatentStructure(shape=(size,) * 3, voxel_size=H, phases=phases)


def test_what_another_structure_has_is_met_by_two_seeds_that_differ():
    other = recipe(2.6, 3.5)
    anything = StructureTargets(**dict.fromkeys(ASKED, 1e-9), **BULK)
    wanted = measure_structure(designed_image(other, other.noise(3)), anything)
    targets = StructureTargets(**wanted, **BULK)
    found = [conditioned_structure(recipe(), targets, seed=seed, tolerance=0.03) for seed in (1, 2)]
    for one in found:
        measured = measure_structure(one.image, targets)
        np.testing.assert_allclose(list(measured.values()), list(wanted.values()), rtol=0.03)
        np.testing.assert_array_equal(one.table["measured"], list(measured.values()))
        assert one.image.volume_fractions == pytest.approx(recipe().fractions, abs=1e-9)
        # It was not there to begin with.
        before = measure_structure(designed_image(recipe(), recipe().noise(1)), targets)
        assert max(abs(before[name] / wanted[name] - 1.0) for name in wanted) > 0.1
    same = np.mean(found[0].image.labels == found[1].image.labels)
    independent = sum(share**2 for share in recipe().fractions.values())
    assert same < independent + 0.05


def test_an_image_is_changed_as_little_as_will_do():
    image = designed_image(recipe(), recipe().noise(5))
    now = measure_structure(image, StructureTargets(effective_ionic_conductivity=1e-9, interface_area=1.0, **BULK))
    more = StructureTargets(
        effective_ionic_conductivity=1.15 * now["effective_ionic_conductivity"], interface_area=now["interface_area"], **BULK
    )
    found = conditioned_structure(recipe(), more, seed=1, like=image)
    assert float(abs(found.table["deviation"]).max()) <= 0.02
    assert np.mean(found.image.labels == image.labels) > 0.8


def test_what_cannot_be_is_named_with_its_distance():
    with pytest.raises(InputError, match=r"at most 0\.4 S/m, straight columns"):
        conditioned_structure(recipe(), StructureTargets(effective_ionic_conductivity=0.45, **BULK), seed=1)
    far = StructureTargets(effective_ionic_conductivity=0.1, interface_area=9e6, **BULK)
    with pytest.raises(ConvergenceError, match=r"out of reach of this recipe: .*interface_area .* 1/m|interface_area .*%\)"):
        conditioned_structure(recipe(), far, seed=1, steps=6)
    with pytest.raises(InputError, match="at least one"):
        StructureTargets(**BULK)
    with pytest.raises(InputError, match="the phases that conduct"):
        StructureTargets(effective_ionic_conductivity=0.1)
    with pytest.raises(InputError, match="carbon"):
        conditioned_structure(recipe(), StructureTargets(interface_area=1e6, between=("active", "carbn")), seed=1)


@pytest.mark.parametrize("sides", ["periodic", "mirror"])
def test_the_derivative_of_stiffness_is_that_of_differences(sides):
    structure = recipe(1.6, 1.4, size=6).model_copy(update={"width": 2.0, "sides": sides})
    noise, direction = structure.noise(1), structure.noise(2)
    stiffness = Stiffness(list(structure.names), ELASTICITY, "y", 1e-11, sides)
    projection = project(structure, noise)
    found = stiffness.gradient(projection.shares)
    slope = float(np.vdot(pull_back(structure, projection, found.by_share), direction))
    step = 1e-4
    up, down = (stiffness.gradient(project(structure, noise + sign * step * direction).shares).logarithm for sign in (1, -1))
    assert slope == pytest.approx((up - down) / (2.0 * step), rel=1e-5)


def test_the_stiffness_of_an_image_is_that_of_its_tensor():
    image = designed_image(recipe(size=8), recipe(size=8).noise(4))
    tensor = effective_stiffness(image, ELASTICITY, tolerance=1e-6)["stiffness"]
    found = measure_structure(image, StructureTargets(stiffness=1.0, elasticity=ELASTICITY, axis="z"))
    assert found["stiffness"] == pytest.approx(float(tensor.sel(row="zz", column="zz")), rel=1e-4)


@pytest.mark.long
def test_stiffness_and_conduction_along_two_axes_are_met_together():
    structure = recipe(2.0, 2.0, size=14)
    bulk = {"ionic": {"pore": 1.0}, "elasticity": ELASTICITY}
    along = {axis: StructureTargets(stiffness=1.0, effective_ionic_conductivity=1e-9, axis=axis, **bulk) for axis in "xz"}
    now = measure_structure(designed_image(structure, structure.noise(1)), list(along.values()))
    assert list(now) == [f"{kind} along {axis}" for axis in "xz" for kind in ("effective_ionic_conductivity", "stiffness")]
    asked = [
        StructureTargets(
            effective_ionic_conductivity=1.1 * now[f"effective_ionic_conductivity along {axis}"],
            stiffness=1.05 * now[f"stiffness along {axis}"],
            axis=axis,
            **bulk,
        )
        for axis in "xz"
    ]
    found = conditioned_structure(structure, asked, seed=1, tolerance=0.03)
    again = measure_structure(found.image, asked)
    np.testing.assert_allclose(list(again.values()), found.table["requested"], rtol=0.03)
    assert list(found.table["quantity"].values) == list(now)


def test_what_is_asked_of_stiffness_is_checked():
    with pytest.raises(InputError, match="phases that resist, for stiffness"):
        StructureTargets(stiffness="1 GPa")
    some = {name: one for name, one in ELASTICITY.items() if name != "pore"}
    with pytest.raises(InputError, match="constants of pore"):
        conditioned_structure(recipe(), StructureTargets(stiffness="1 GPa", elasticity=some), seed=1)
    with pytest.raises(InputError, match="all phases under one strain"):
        conditioned_structure(recipe(), StructureTargets(stiffness="80 GPa", elasticity=ELASTICITY), seed=1)
    with pytest.raises(InputError, match="asked for twice"):
        conditioned_structure(recipe(), [StructureTargets(stiffness="1 GPa", elasticity=ELASTICITY)] * 2, seed=1)
