from __future__ import annotations

import numpy as np
import pytest

from scalith.pack import Assembly, Block, Material, Stream, Surface, simulate_heat_3d
from scalith.quantities import InputError

LENGTH, BREADTH, THICK = 0.4, 0.1, 2e-3
WALL = Material(density=2700.0, specific_heat=900.0, conductivity=(1e-6, 1e-6, 200.0))


def plate(surfaces: dict[str, Surface], segments: int = 40) -> Assembly:
    block = Block(name="plate", material="wall", lower=(0, 0, 0), upper=(LENGTH, BREADTH, THICK), divisions=(segments, 2, 1))
    return Assembly(materials={"wall": WALL}, blocks=(block,), surfaces=surfaces)


def side(h: float, rate: float, direction: str, temperature: float) -> Surface:
    stream = Stream(heat_capacity_rate=rate, direction=direction)
    return Surface(heat_transfer_coefficient=h, temperature=temperature, stream=stream)


@pytest.mark.parametrize(("ratio", "turned"), [(0.5, True), (1.0, True), (0.7, False)])
def test_exchanger_has_the_effectiveness_of_ntu_theory(ratio, turned):
    h, least = 800.0, 8.0
    U = 1.0 / (2.0 / h + THICK / 200.0)
    NTU, C = U * LENGTH * BREADTH / least, ratio
    if not turned:
        exact = (1 - np.exp(-NTU * (1 + C))) / (1 + C)
    elif C == 1.0:
        exact = NTU / (1 + NTU)
    else:
        exact = (1 - np.exp(-NTU * (1 - C))) / (1 - C * np.exp(-NTU * (1 - C)))
    surfaces = {"z_low": side(h, least, "+x", 350.0), "z_high": side(h, least / ratio, "-x" if turned else "+x", 300.0)}
    found = simulate_heat_3d(plate(surfaces), duration=600.0, output_times=4, initial_temperature=325.0)
    outlet = found["coolant_outlet"].sel(side="z_low").values[-1]
    assert (350.0 - outlet) / 50.0 == pytest.approx(exact, rel=0.01)
    assert float(found["coolant_balance_error"]) < 1e-6
    taken = np.diff(found["coolant_heat"].values, axis=0)[-1]
    assert taken[0] == pytest.approx(-taken[1], rel=1e-3)


def test_coolant_takes_the_heat_that_is_made_and_warms_by_it():
    surfaces = {"z_low": side(500.0, 20.0, "+x", 293.15)}
    found = simulate_heat_3d(
        plate(surfaces, 16), duration=900.0, output_times=10, initial_temperature=293.15, heat={"plate": ([0.0], [100.0])}
    )
    assert float(found["coolant_outlet"][-1, 0]) == pytest.approx(293.15 + 100.0 / 20.0, abs=1e-3)
    # The wall is warmer than the coolant in front of it by q/h, from inlet to outlet.
    wall = found["temperature"].values[-1, :, 0, 0]
    assert wall[0] == pytest.approx(293.15 + 5.0 / 32 + 100.0 / (500.0 * LENGTH * BREADTH), abs=0.05)
    assert wall[-1] - wall[0] == pytest.approx(5.0 * 15 / 16, rel=0.01)
    assert float(found["coolant_heat"][-1, 0]) == pytest.approx(float(found["heat_lost"][-1]), rel=1e-6)
    assert float(found["energy_balance_error"]) < 1e-8


def test_a_fast_stream_is_a_surface_of_one_temperature():
    fast = {"z_low": side(500.0, 1e9, "-y", 293.15)}
    plain = {"z_low": Surface(heat_transfer_coefficient=500.0, temperature=293.15)}
    heat = {"heat": {"plate": ([0.0], [50.0])}, "duration": 100.0, "output_times": 3}
    one, other = (simulate_heat_3d(plate(surfaces, 8), **heat) for surfaces in (fast, plain))
    np.testing.assert_allclose(one["temperature"], other["temperature"], atol=1e-5)


def test_streams_that_cannot_be_are_named():
    with pytest.raises(InputError, match="along the side"):
        simulate_heat_3d(plate({"z_low": side(500.0, 1.0, "+z", 300.0)}), duration=1.0)
    with pytest.raises(InputError, match="no radiation"):
        Surface(emissivity=0.8, heat_transfer_coefficient=5.0, stream=Stream(heat_capacity_rate=1.0, direction="+x"))
