from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from scalith.electrode import (
    ElectrodeStructure,
    FieldPhase,
    ParticleKind,
    VoxelImage,
    effective_conductivity,
    effective_properties,
    effective_property,
    interface_areas,
    ionic_bound,
    laminate,
    packed_particles,
    place_binder,
    random_field,
    subvolume_properties,
)
from scalith.quantities import InputError, Source

BULK = {"ionic": {"electrolyte": 0.2}, "electronic": {"active": 5.0}}


def _image(labels: np.ndarray) -> VoxelImage:
    return VoxelImage(labels.astype(np.uint8), 1e-7, {"electrolyte": 0, "active": 1}, Source(kind="assumed"))


def test_parallel_layers_give_every_number_exactly():
    image = laminate((16, 16, 16), 1e-7, [("electrolyte", 4), ("active", 4)], normal="y")
    found = {name: value() for name, value in effective_properties(image, **BULK, parts=(1,)).items()}
    assert found["effective_ionic_conductivity"] == pytest.approx(0.1, rel=1e-6)
    assert found["effective_electronic_conductivity"] == pytest.approx(2.5, rel=1e-6)
    assert found["ionic_tortuosity_factor"] == pytest.approx(1.0, rel=1e-6)
    assert found["electrolyte_volume_fraction"] == found["active_volume_fraction"] == found["utilised_volume_fraction"] == 0.5
    # Three planes in 1.6 um; Crofton's 13 directions miss 7 % of a surface across an axis.
    assert found["active_interface_area"] == pytest.approx(3 / 1.6e-6, rel=0.08)


def test_a_binder_with_pores_finer_than_a_voxel_carries_ions_to_what_it_covers():
    labels = np.zeros((16, 16, 16), np.uint8)
    labels[:, 6:] = 2
    labels[:, 10:] = 1  # active material that nothing but binder touches
    image = VoxelImage(labels, 1e-7, {"electrolyte": 0, "active": 1, "binder": 2})
    bulk = {"ionic": {"electrolyte": 0.2, "binder": 0.02}, "electronic": {"active": 5.0, "binder": 10.0}}
    bare, wet = (
        {name: value() for name, value in effective_properties(image, **bulk, parts=(1,), nanoporous=nanoporous).items()}
        for nanoporous in ({}, {"binder": 0.4})
    )
    assert bare["utilised_volume_fraction"] == bare["active_interface_area"] == 0.0
    assert wet["utilised_volume_fraction"] == pytest.approx(6 / 16)
    covered = float(interface_areas(image).sel(phase="active", neighbour="binder"))
    assert wet["active_interface_area"] == pytest.approx(0.4 * covered)
    assert wet["electrolyte_volume_fraction"] == pytest.approx((6 + 0.4 * 4) / 16)
    for name in ("effective_ionic_conductivity", "effective_electronic_conductivity"):  # stated with the bulk's
        assert wet[name] == bare[name]


@pytest.mark.parametrize(
    ("nanoporous", "said"),
    [
        ({"bindr": 0.4}, "did you mean 'binder'"),
        ({"active": 0.4}, "beside active and electrolyte"),
        ({"binder": 1.0}, "between 0 and 1"),
        ({"binder": 0.4}, "no conductivity of binder"),
    ],
)
def test_a_nanoporous_phase_is_another_one_that_carries_ions(nanoporous, said):
    image = laminate((9, 9, 9), 1e-7, [("electrolyte", 3), ("active", 3), ("binder", 3)], normal="y")
    with pytest.raises(InputError, match=said):
        subvolume_properties(image, **BULK, parts=(1,), nanoporous=nanoporous)


def test_only_what_both_reach_takes_part():
    labels = np.zeros((16, 16, 16))
    labels[4:, 2:4, 2:4] = 1  # reaches the collector at the upper end
    labels[2:4, 8:10, 8:10] = 1  # an island
    labels[12:, 12:, 12:] = 1
    image = _image(labels)
    found = subvolume_properties(image, **BULK, parts=(1,)).isel(part=0)
    joined = 12 * 4 + 4**3
    assert float(found.utilised_volume_fraction) == pytest.approx(joined / 16**3)
    assert float(found.active_volume_fraction) == pytest.approx((joined + 8) / 16**3)
    counted = labels.astype(bool)
    counted[2:4, 8:10, 8:10] = False
    area = interface_areas(image, active={"active": counted}).sel(phase="active", neighbour="electrolyte")
    assert float(found.active_interface_area) == pytest.approx(float(area))
    assert float(found.effective_electronic_conductivity) == 0.0
    assert np.isfinite(float(found.ionic_tortuosity_factor))


def test_active_material_behind_dry_electrolyte_takes_no_part():
    labels = np.zeros((16, 8, 8))
    labels[6] = 1  # a wall: ions do not pass
    labels[6:, 3, 3] = 1
    found = subvolume_properties(_image(labels), **BULK, parts=(1,)).isel(part=0)
    wall = laminate((16, 8, 8), 1e-7, [("electrolyte", 6), ("active", 10)], normal="x")
    one_side = interface_areas(wall).sel(phase="active", neighbour="electrolyte")
    assert float(found.active_interface_area) == pytest.approx(float(one_side))
    assert float(found.effective_ionic_conductivity) == 0.0
    assert np.isinf(float(found.ionic_tortuosity_factor))
    with pytest.raises(InputError, match="phases that connect"):
        effective_property(subvolume_properties(_image(labels), **BULK, parts=(1,)), "ionic_tortuosity_factor")
    assert "ionic_tortuosity_factor" not in effective_properties(_image(labels), **BULK, parts=(1,))


@pytest.mark.long
def test_the_error_is_the_scatter_over_parts_and_matches_that_of_new_structures():
    phases = {"active": FieldPhase(fraction=0.5, correlation_length=1.5e-7)}
    images = [random_field((32, 32, 32), 1e-7, phases, seed=seed, matrix="electrolyte") for seed in range(6)]
    found = [
        effective_property(subvolume_properties(image, **BULK, radius=False), "effective_ionic_conductivity") for image in images
    ]
    stated = np.sqrt(np.mean([value.error() ** 2 for value in found]))
    scatter = np.std([value() for value in found], ddof=1)
    assert 0.3 < stated / scatter < 3.0
    assert found[0].source.parents != found[1].source.parents


def test_parts_side_by_side_are_the_same():
    image = random_field(
        (24, 24, 24), 1e-7, {"active": FieldPhase(fraction=0.5, correlation_length=2e-7)}, seed=1, matrix="electrolyte"
    )
    alone = subvolume_properties(image, **BULK, parts=(1, 2, 3), radius=False)
    assert alone.sizes["part"] == 1 + 8 + 27
    assert float(alone.edge[0]) == pytest.approx(24e-7)
    with ThreadPoolExecutor(2) as pool:
        np.testing.assert_array_equal(
            subvolume_properties(image, **BULK, parts=(1, 2, 3), radius=False, executor=pool).effective_ionic_conductivity,
            alone.effective_ionic_conductivity,
        )
    # The parts of a fraction make up the whole.
    assert float(alone.active_volume_fraction[1:9].mean()) == pytest.approx(0.5, abs=1e-4)


def test_a_structure_for_a_cell_keeps_volume_area_and_radius_apart():
    stated = {
        "ionic_transport_efficiency": "0.1 ± 0.02",
        "electronic_conductivity": 1.0,
        "electrolyte_volume_fraction": 0.4,
        "active_volume_fraction": 0.5,
        "interface_area": "0.3 1/um",
        "particle_radius": "2.5 um",
    }
    structure = ElectrodeStructure.read(stated)
    assert (structure.particle_radius, structure.interface_area) == (2.5e-6, 0.3e6)
    assert structure.ionic_transport_efficiency.error == 0.02
    with pytest.raises(InputError, match=r"at most 0\.4, straight columns"):
        ElectrodeStructure.read(stated | {"ionic_transport_efficiency": 0.41})
    assert ElectrodeStructure.read(stated | {"ionic_transport_efficiency": 0.41, "ionic_bound": 0.5}).ionic_bound == 0.5


@pytest.mark.parametrize("binder", [0.0, 0.08])
def test_binder_on_particles_takes_area_and_leaves_their_radius(binder):
    """R = 3 ε/a said 3.2 µm without binder and up to 6.6 µm with it, for spheres of 2.5 µm."""
    kind = ParticleKind(phase="active", fraction=0.45, radius="2.5 um")
    image = packed_particles((32, 32, 32), "0.7 um", [kind], seed=1, overlap=0.05)
    if binder:
        image = place_binder(image, binder, 1.0, seed=3, cluster_size="1 um")
    found = subvolume_properties(image, ionic={"pore": 1.0}, electrolyte="pore", parts=1).isel(part=0)
    assert float(found.active_particle_radius) == pytest.approx(2.5e-6, rel=0.1)
    old = 3.0 * float(found.utilised_volume_fraction / found.active_interface_area)
    assert old > 1.1 * 2.5e-6
    assert old > (1.4 if binder else 1.0) * 2.5e-6


def test_a_separator_has_no_electronic_phase():
    image = laminate((16, 16, 16), 1e-7, [("electrolyte", 4), ("polymer", 4)], normal="y")
    found = effective_properties(image, ionic={"electrolyte": "2 mS/cm"})
    assert found["ionic_transport_efficiency"]() == pytest.approx(0.5, rel=1e-6)
    assert found["ionic_tortuosity_factor"]() == pytest.approx(1.0, rel=1e-6)
    assert set(found) == {
        "effective_ionic_conductivity", "ionic_transport_efficiency", "ionic_tortuosity_factor", "electrolyte_volume_fraction"
    }  # fmt: skip
    with pytest.raises(InputError, match="conductivities of at least one carrier"):
        subvolume_properties(image)


def test_the_tortuosity_factor_is_that_of_all_that_conducts():
    """One definition in the whole package, Σ φσ/σ_eff: 1 for columns, also where the binder conducts."""
    image = laminate((16, 16, 16), 1e-7, [("electrolyte", 2), ("binder", 2)], normal="y")
    bulk = {"electrolyte": 1.0, "binder": 0.1}
    assert effective_properties(image, ionic=bulk)["ionic_tortuosity_factor"]() == pytest.approx(1.0, rel=1e-6)
    assert effective_conductivity(image, bulk)["tortuosity_factor"].values[[0, 2]] == pytest.approx(1.0, rel=1e-6)
    assert ionic_bound(bulk, "electrolyte", 0.5) == pytest.approx(0.55)


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({"active": "actve"}, "active: found 'actve'"),
        ({"parts": (2,)}, "the first of them 1"),
        ({"parts": (1, 4)}, "parts of at least 8 voxels"),
    ],
)
def test_bad_parts(how, said):
    image = laminate((16, 16, 16), 1e-7, [("electrolyte", 4), ("active", 4)], normal="y")
    with pytest.raises(InputError, match=said):
        subvolume_properties(image, **(BULK | how))
