from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from scalith.electrode import (
    ElectrodeStructure,
    FieldPhase,
    VoxelImage,
    effective_properties,
    effective_property,
    interface_areas,
    laminate,
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


def test_the_error_is_the_scatter_over_parts_and_matches_that_of_new_structures():
    phases = {"active": FieldPhase(fraction=0.5, correlation_length=1.5e-7)}
    images = [random_field((32, 32, 32), 1e-7, phases, seed=seed, matrix="electrolyte") for seed in range(6)]
    found = [effective_property(subvolume_properties(image, **BULK), "effective_ionic_conductivity") for image in images]
    stated = np.sqrt(np.mean([value.error() ** 2 for value in found]))
    scatter = np.std([value() for value in found], ddof=1)
    assert 0.3 < stated / scatter < 3.0
    assert found[0].source.parents != found[1].source.parents


def test_parts_side_by_side_are_the_same():
    image = random_field(
        (24, 24, 24), 1e-7, {"active": FieldPhase(fraction=0.5, correlation_length=2e-7)}, seed=1, matrix="electrolyte"
    )
    alone = subvolume_properties(image, **BULK, parts=(1, 2, 3))
    assert alone.sizes["part"] == 1 + 8 + 27
    assert float(alone.edge[0]) == pytest.approx(24e-7)
    with ThreadPoolExecutor(2) as pool:
        np.testing.assert_array_equal(
            subvolume_properties(image, **BULK, parts=(1, 2, 3), executor=pool).effective_ionic_conductivity,
            alone.effective_ionic_conductivity,
        )
    # The parts of a fraction make up the whole.
    assert float(alone.active_volume_fraction[1:9].mean()) == pytest.approx(0.5, abs=1e-4)


def test_a_structure_for_a_cell_keeps_volume_and_area():
    structure = ElectrodeStructure.read(
        {
            "ionic_conductivity": "0.2 mS/cm",
            "electronic_conductivity": 1.0,
            "electrolyte_volume_fraction": 0.4,
            "active_volume_fraction": 0.5,
            "interface_area": "0.3 1/um",
        }
    )
    assert structure.particle_radius == pytest.approx(5e-6)
    assert structure.ionic_conductivity == pytest.approx(0.02)


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
