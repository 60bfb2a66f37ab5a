import numpy as np
import pytest

from scalith.pack import (
    CellBody,
    ShortCircuit,
    Vent,
    abuse_test,
    external_heating,
    internal_short,
    oven_test,
    overcharge,
    shipped_kinetics,
)
from scalith.quantities import InputError, Property, Source

CELL = CellBody(shape="cylindrical", diameter=0.018, height=0.065, density=2580.0, specific_heat=830.0)
VENT = Vent(pressure=1.2e6, free_volume=1e-6, evaporated_mass=1.5e-3, ejected_fraction=0.3, ejected_mass_fraction=0.3)
KINETICS = shipped_kinetics("lco_hatchard_kim")
SHORT = {"resistance": "20 mohm", "internal_resistance": "60 mohm", "capacity": "2.4 A h", "open_circuit_voltage": 3.8}


def test_oven_below_and_above_the_threshold():
    below = oven_test(CELL, KINETICS, 413.15)
    above = oven_test(CELL, KINETICS, 428.15)
    assert np.isnan(below["runaway_time"])
    assert below["peak_temperature"] < 430.0
    assert above["peak_temperature"] > 700.0
    assert above["energy_balance_error"] < 1e-8
    assert above["heat_released"][-1] <= KINETICS.stored_heat * CELL.volume
    assert above.attrs["kinetics_digest"] == KINETICS.digest
    released = above["heat_by_reaction"].sum("reaction").integrate("time")
    assert float(released) == pytest.approx(float(above["heat_released"][-1]), rel=0.2)


def test_slow_ramp_of_the_oven_is_followed():
    found = oven_test(CELL, KINETICS, 373.15, heating_rate=0.005, duration=14400.0)
    lag = float(found["temperature"].sel(time=14400.0)) - (298.15 + 0.005 * 14400)
    assert -30 < lag < 0


def test_vent_opens_at_its_pressure_and_takes_heat():
    found = oven_test(CELL.model_copy(update={"vent": VENT}), KINETICS, 428.15, output_times=4001)
    opened = float(found["vent_time"])
    before = found["pressure"].where(found["time"] <= opened, drop=True)
    assert float(before.max()) == pytest.approx(VENT.pressure, rel=0.02)
    assert found["heat_ejected"][-1] > VENT.heat_taken
    assert found["energy_balance_error"] < 1e-8
    assert 0 < found["mass_lost"][-1] <= VENT.evaporated_mass + 0.3 * CELL.mass
    assert found["peak_temperature"] < oven_test(CELL, KINETICS, 428.15)["peak_temperature"]


def test_joule_heat_of_a_short_is_the_stored_energy_and_no_more():
    short = ShortCircuit.read(SHORT)
    found = internal_short(CELL, KINETICS, short)
    stored = 2.4 * 3600 * 3.8
    assert float(found["stored_electrical_energy"]) == pytest.approx(stored)
    assert np.all(found["heat_supplied"] <= stored * (1 + 1e-9))
    assert float(found["heat_supplied"][-1]) == pytest.approx(stored)
    assert found["energy_balance_error"] < 1e-8


def test_voltage_may_be_a_property():
    voltage = Property.from_function(
        "open_circuit_voltage", lambda x: 3.0 + x, {"x": np.linspace(0, 1, 51)}, "V", Source(kind="assumed")
    )
    found = internal_short(CELL, KINETICS, ShortCircuit.read({**SHORT, "open_circuit_voltage": voltage}), duration=7200.0)
    assert float(found["heat_supplied"][-1]) == pytest.approx(2.4 * 3600 * 3.5, rel=1e-6)


def test_a_short_that_burns_out_or_is_weak_stays_harmless():
    weak = internal_short(CELL, KINETICS, ShortCircuit.read({**SHORT, "resistance": "50 ohm"}), duration=1e5)
    brief = internal_short(CELL, KINETICS, ShortCircuit.read({**SHORT, "burn_out_time": "5 s"}))
    assert np.isnan(weak["runaway_time"])
    assert np.isnan(brief["runaway_time"])
    assert brief["heat_supplied"][-1] < 1000.0


def test_heater_and_overcharge_supply_what_they_say():
    heated = external_heating(CELL, KINETICS, 20.0, heating_time=600.0, duration=2000.0)
    assert float(heated["heat_supplied"][-1]) == pytest.approx(12000.0)
    assert np.isfinite(heated["runaway_time"])
    charged = overcharge(
        CELL, KINETICS, current=2.4, resistance=0.06, time_to_full=600.0, voltage=5.0, charging_time=1800.0, duration=3600.0
    )
    assert float(charged["heat_supplied"][-1]) == pytest.approx(2.4**2 * 0.06 * 600 + 2.4 * 5.0 * 1200)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"ambient_temperature": 155.0 - 273.15 + 120}, "kelvin"),
        ({"initial_temperature": 25.0}, "kelvin"),
        ({"heat_transfer_coefficient": -1.0}, "heat_transfer_coefficient"),
        ({"time": [0.0, 5.0, 4.0]}, "increasing"),
        ({"heat": ([0.0, 1.0], [1.0])}, "same length"),
    ],
)
def test_bad_input_is_named(change, message):
    arguments = {"time": [0.0, 10.0], "ambient_temperature": 400.0, "heat_transfer_coefficient": 10.0, **change}
    with pytest.raises(InputError, match=message):
        abuse_test(CELL, KINETICS, **arguments)


def test_an_oven_is_not_as_cold_as_its_degrees_celsius_in_kelvin():
    """160 without a unit was not meant as 160 K: the cell would rest, and pass."""
    for oven in (160.0, 250.0):
        with pytest.raises(InputError, match="160 degC"):
            oven_test(CELL, KINETICS, oven)
    short = {"duration": 10.0, "output_times": 2}
    assert oven_test(CELL, KINETICS, "160 degC", **short).equals(oven_test(CELL, KINETICS, 433.15, **short))


def test_numbers_of_single_precision_are_numbers():
    found = abuse_test(
        CELL,
        KINETICS,
        np.linspace(0.0, 10.0, 3, dtype=np.float32),
        ambient_temperature=np.float32(430.0),
        heat_transfer_coefficient=np.float32(7.0),
        initial_temperature=np.float32(300.0),
    )
    assert Source.from_json(found.attrs["source"]).settings["heat_transfer_coefficient"] == 7.0


def test_bad_cells_and_shorts_are_named():
    with pytest.raises(InputError, match="diameter"):
        CellBody.read(
            {"shape": "cylindrical", "thickness": 0.01, "width": 0.1, "height": 0.1, "density": 2000.0, "specific_heat": 900.0}
        )
    with pytest.raises(InputError, match="positive resistance"):
        internal_short(CELL, KINETICS, ShortCircuit.read({**SHORT, "resistance": 0.0, "internal_resistance": 0.0}))
