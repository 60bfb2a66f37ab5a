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
)
from scalith.quantities import ConvergenceError, InputError

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
