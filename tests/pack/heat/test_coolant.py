from __future__ import annotations

import numpy as np
import pytest

from scalith.pack import AIR, WATER, Channels, channel_flow, natural_convection_coefficient, plate_coefficient
from scalith.quantities import InputError

PIPE = Channels(length=2.0, diameter=8e-3)


def at(reynolds: float, channels: Channels = PIPE):
    flow = reynolds * WATER.viscosity / WATER.density / channels.hydraulic_diameter * channels.section
    return channel_flow(WATER, channels, flow)


def test_slow_flow_in_a_long_pipe_is_that_of_hagen_and_poiseuille():
    found = at(100.0, PIPE.model_copy(update={"length": 100.0}))
    assert found.regime == "laminar"
    assert found.nusselt == pytest.approx(3.66, rel=0.01)
    exact = 128 * WATER.viscosity * 100.0 * (found.heat_capacity_rate / WATER.density / WATER.specific_heat) / (np.pi * 8e-3**4)
    assert found.pressure_drop == pytest.approx(exact, rel=1e-9)


@pytest.mark.parametrize(("flatness", "nusselt", "friction"), [(1.0, 2.976, 56.91), (0.5, 3.391, 62.19), (0.25, 4.439, 72.93)])
def test_rectangles_are_those_of_shah_and_london(flatness, nusselt, friction):
    duct = Channels(length=1.0, width=4e-3, height=4e-3 * flatness).model_copy(update={"length": 1000.0})
    found = at(50.0, duct)
    assert found.nusselt == pytest.approx(nusselt, rel=0.005)
    assert found.friction_factor * found.reynolds == pytest.approx(friction, rel=0.002)


def test_turbulent_flow_follows_gnielinski_and_petukhov():
    found = at(20000.0)
    assert found.regime == "turbulent"
    assert found.friction_factor == pytest.approx((0.79 * np.log(20000.0) - 1.64) ** -2)
    # Dittus and Boelter's older line, within its scatter.
    assert found.nusselt == pytest.approx(0.023 * 20000.0**0.8 * WATER.prandtl**0.4, rel=0.15)
    assert at(20000.0, PIPE.model_copy(update={"roughness": 1e-4})).friction_factor > 1.3 * found.friction_factor


def test_regimes_join_without_a_jump():
    for edge in (2300.0, 4000.0):
        below, above = at(edge * (1 - 1e-9)), at(edge * (1 + 1e-9))
        assert below.nusselt == pytest.approx(above.nusselt, rel=1e-6)
        assert below.friction_factor == pytest.approx(above.friction_factor, rel=1e-6)
    assert at(3000.0).regime == "transition"


def test_power_is_flow_times_drop_and_channels_share_it():
    one, many = channel_flow(WATER, PIPE, 1e-5), channel_flow(WATER, PIPE.model_copy(update={"count": 4}), 4e-5)
    assert one.pumping_power == pytest.approx(1e-5 * one.pressure_drop)
    assert many.pressure_drop == pytest.approx(one.pressure_drop)
    assert many.conductance == pytest.approx(4 * one.conductance)


def test_plates_in_moving_and_in_still_air():
    # Blasius and Pohlhausen: local Nu 0.332 Re^½ Pr^⅓, the mean twice that at the end.
    Re = AIR.density * 3.0 * 0.1 / AIR.viscosity
    expected = 2 * 0.332 * np.sqrt(Re) * AIR.prandtl ** (1 / 3) * AIR.conductivity / 0.1
    assert plate_coefficient(AIR, 0.1, 3.0) == pytest.approx(expected)
    still = [natural_convection_coefficient(AIR, 0.1, difference) for difference in (5.0, 20.0)]
    assert 3.0 < still[0] < still[1] < 8.0
    assert natural_convection_coefficient(WATER, 0.1, 20.0) > 50 * still[1]


def test_wrong_channels_and_flows_are_named():
    with pytest.raises(InputError, match="diameter, or width and height"):
        Channels(length=1.0, width=1e-3)
    with pytest.raises(InputError, match="volume_flow"):
        channel_flow(WATER, PIPE, 0.0)
    with pytest.raises(InputError, match="expansion"):
        natural_convection_coefficient(WATER.model_copy(update={"expansion": None}), 0.1, 5.0)
