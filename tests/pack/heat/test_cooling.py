import pytest

from scalith.pack import CellBody, CoolingDesign, compare_cooling, weakest_cooling
from scalith.quantities import InputError

CELL = CellBody(
    shape="prismatic", thickness=0.012, width=0.1, height=0.08, density=2300.0, specific_heat=1000.0, conductivity=0.8
)
SETTING = {"in_plane_conductivity": 25.0, "heat": ([0.0], [10.0]), "duration": 1800.0}
FLOW = {"heat_transfer_coefficient": 500.0, "volume_flow": 1e-6, "pressure_drop": 2000.0}
DESIGNS = [CoolingDesign(name=kind, kind=kind, **FLOW) for kind in ("tab", "surface", "edge", "immersion")]


def test_more_cooled_area_is_colder():
    found = compare_cooling(CELL, DESIGNS, **SETTING)
    peak = {name: float(found["peak_temperature"].sel(design=name)) for name in ("tab", "surface", "edge", "immersion")}
    assert peak["immersion"] < peak["surface"] < peak["edge"]
    assert peak["tab"] == pytest.approx(peak["edge"], rel=1e-6)
    assert float(found["energy_balance_error"].max()) < 1e-8
    assert float(found["parasitic_power"][0]) == pytest.approx(1e-6 * 2000 / 0.5)


def test_least_flow_meets_the_limit():
    weakest = weakest_cooling(CELL, DESIGNS[1], **SETTING, highest_temperature=305.0)
    peak = float(compare_cooling(CELL, [weakest], **SETTING)["peak_temperature"][0])
    assert 304.5 < peak <= 305.0
    share = weakest.heat_transfer_coefficient / 500.0
    assert weakest.parasitic_power / DESIGNS[1].parasitic_power == pytest.approx(share ** (2.75 / 0.8))


def test_limits_that_cannot_be_met_are_named():
    with pytest.raises(InputError, match="highest_temperature"):
        weakest_cooling(CELL, DESIGNS[0], **SETTING, highest_temperature=298.2)
    with pytest.raises(InputError, match="largest_gradient"):
        weakest_cooling(CELL, DESIGNS[0], **SETTING, highest_temperature=330.0, largest_gradient=0.1)
    with pytest.raises(InputError, match="different names"):
        compare_cooling(CELL, [DESIGNS[0], DESIGNS[0]], **SETTING)
