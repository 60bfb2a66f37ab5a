import pytest

from scalith.pack import WATER, CellBody, Channels, CoolingDesign, channel_flow, compare_cooling, weakest_cooling
from scalith.quantities import InputError

CELL = CellBody(
    shape="prismatic", thickness=0.012, width=0.1, height=0.08, density=2300.0, specific_heat=1000.0, conductivity=0.8
)
SETTING = {"in_plane_conductivity": 25.0, "heat": ([0.0], [10.0]), "duration": 1800.0}
FLOW = {"heat_transfer_coefficient": 500.0, "volume_flow": 1e-6, "pressure_drop": 2000.0}
DESIGNS = [CoolingDesign(name=kind, kind=kind, **FLOW) for kind in ("tab", "surface", "edge", "immersion")]


@pytest.mark.long
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


@pytest.mark.parametrize("kind", ["edge", "immersion"])
def test_a_coolant_in_channels_warms_by_what_it_takes(kind):
    channels = Channels(length=0.1, width=2e-3, height=1e-3, count=4)
    design = CoolingDesign.through_channels("cold plate", kind, WATER, channels, 2e-6, cooled_area=0.0012, wall_resistance=1e-4)
    flow = channel_flow(WATER, channels, 2e-6)
    assert design.heat_transfer_coefficient == pytest.approx(1 / (0.0012 / flow.conductance + 1e-4))
    assert design.parasitic_power == pytest.approx(2e-6 * flow.pressure_drop / 0.5)
    found = compare_cooling(CELL, [design], **SETTING | {"duration": 7200.0})
    warmed = float(found["coolant_outlet"][0]) - 298.15
    assert warmed == pytest.approx(10.0 / (2e-6 * 997.0 * 4181.0), rel=0.02)
    assert float(found["coolant_balance_error"][0]) < 1e-6
    plain = compare_cooling(CELL, [design.model_copy(update={"heat_capacity_rate": None})], **SETTING)
    assert float(plain["coolant_outlet"][0]) == 298.15
