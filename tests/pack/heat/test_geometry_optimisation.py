import numpy as np
import pytest

from scalith.pack import CellBody, CoolingDesign, best_cell_shape, compare_cooling
from scalith.quantities import InputError

CELL = CellBody(shape="prismatic", thickness=0.02, width=0.1, height=0.08, density=2300.0, specific_heat=1000.0, conductivity=0.8)
SETTING = {"in_plane_conductivity": 25.0, "heat": ([0.0], [10.0]), "duration": 1800.0}
BOUNDS = {"thickness": (0.008, 0.03), "width": (0.05, 0.15)}


def design(kind: str) -> CoolingDesign:
    return CoolingDesign(name=kind, kind=kind, heat_transfer_coefficient=500.0)


def test_cell_cooled_on_its_faces_wants_to_be_thin():
    """Heat leaves through the thickness: the thinnest cell has the shortest way and the largest faces."""
    best, tried = best_cell_shape(CELL, design("surface"), **SETTING, **BOUNDS, evaluations=40)
    assert best.thickness == pytest.approx(0.008, rel=0.03)
    assert best.volume == pytest.approx(CELL.volume, rel=1e-12)
    start = float(compare_cooling(CELL, [design("surface")], **SETTING)["peak_temperature"][0])
    assert float(tried["peak_temperature"].min()) < start - 1.0


def test_cell_cooled_at_its_edge_wants_to_be_low():
    """Heat leaves through the bottom, along the good direction: the lowest cell, widest and thickest, is coldest."""
    best, _ = best_cell_shape(CELL, design("edge"), **SETTING, **BOUNDS, evaluations=40)
    assert best.height == pytest.approx(CELL.volume / (0.03 * 0.15), rel=0.06)


@pytest.mark.long
def test_limit_on_the_gradient_is_kept_or_named():
    free, tried = best_cell_shape(CELL, design("surface"), **SETTING, **BOUNDS, evaluations=30)
    gradients = tried["gradient"].values
    limit = float(np.quantile(gradients, 0.3))
    kept, found = best_cell_shape(CELL, design("surface"), **SETTING, **BOUNDS, evaluations=30, largest_gradient=limit)
    assert float(found["gradient"][found.attrs["best"]]) <= limit * (1 + 1e-9)
    assert kept.volume == pytest.approx(free.volume)
    with pytest.raises(InputError, match="largest_gradient"):
        best_cell_shape(CELL, design("surface"), **SETTING, **BOUNDS, evaluations=6, largest_gradient=1e-3)


def test_bounds_out_of_order_are_named():
    with pytest.raises(InputError, match="smallest, largest"):
        best_cell_shape(CELL, design("edge"), **SETTING, thickness=(0.02, 0.01), width=(0.05, 0.1))


@pytest.mark.parametrize("change", [{"minimise": "gradients"}, {"evaluations": 1}, {"largest_gradient": -1.0}])
def test_settings_that_make_no_sense_are_named(change):
    with pytest.raises(InputError, match=next(iter(change))):
        best_cell_shape(CELL, design("surface"), **SETTING, **BOUNDS, **change)
