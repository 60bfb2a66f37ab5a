from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from scalith.pack import (
    Barrier,
    CellBody,
    ModuleSpecification,
    Plate,
    ShortCircuit,
    Trigger,
    propagate_runaway,
    propagation_map,
    propagation_probability,
    shipped_kinetics,
)
from scalith.pack.module.module import module_network
from scalith.quantities import InputError, Source, StudyError

KINETICS = shipped_kinetics("lco_hatchard_kim")
CELL = CellBody(
    shape="prismatic", thickness=0.012, width=0.1, height=0.08, density=2300.0, specific_heat=1000.0, conductivity=0.8
)
HEATER = Trigger(power=600.0, duration=120.0)
ROW = ModuleSpecification(cell=CELL, cells=4, nodes_per_cell=3, heat_transfer_coefficient=5.0)


def test_front_runs_through_touching_cells():
    found = propagate_runaway(ROW, KINETICS, HEATER, duration=1800.0)
    assert bool(found["propagated"])
    assert np.all(np.diff(found["runaway_time"]) > 0)
    assert found["front_speed"] > 0
    assert found["energy_balance_error"] < 1e-8
    assert float(found["heat_released"][-1].sum()) <= float(found["stored_reaction_heat"])
    balance = found["heat_released"].sum("cell") + found["heat_supplied"] - found["heat_stored"] - found["heat_lost"]
    np.testing.assert_allclose(balance, 0.0, atol=1e-6 * float(found["stored_reaction_heat"]))
    assert KINETICS.digest in Source.from_json(found.attrs["source"]).parents


def test_trigger_in_the_middle_is_symmetric():
    module = ROW.model_copy(update={"cells": 5})
    found = propagate_runaway(module, KINETICS, Trigger(cell=3, power=600.0, duration=120.0), duration=1200.0)
    np.testing.assert_allclose(found["temperature"][:, 0], found["temperature"][:, 4], rtol=1e-6)
    np.testing.assert_allclose(found["runaway_time"][1], found["runaway_time"][3], rtol=1e-6)


def test_barrier_stops_and_map_is_monotonic():
    plane = propagation_map(
        ROW.model_copy(update={"nodes_per_cell": 2}),
        KINETICS,
        HEATER,
        conductivity=[0.02, 0.3],
        thickness=[0.5e-3, 4e-3],
        duration=3600.0,
    )
    ran = plane["cells_run_away"].values
    assert ran[0, 1] == 1
    assert ran[1, 0] == 4
    assert np.all(np.diff(ran, axis=0) >= 0)
    assert np.all(np.diff(ran, axis=1) <= 0)


def test_two_rows_and_a_plate_share_the_heat():
    plate = Plate(thickness=3e-3, coolant_coefficient=300.0)
    module = ModuleSpecification(cell=CELL, cells=3, rows=2, plate=plate, barrier=Barrier(thickness=1e-3, conductivity=0.1))
    found = propagate_runaway(module, KINETICS, HEATER, duration=1800.0)
    assert found["energy_balance_error"] < 1e-8
    assert found["heat_to_coolant"][-1] > 0
    np.testing.assert_array_equal(found["row"], [1, 1, 1, 2, 2, 2])
    assert found["peak_temperature"][3] > found["peak_temperature"][5]


def test_air_gap_radiates():
    air = Barrier(thickness=5e-3, conductivity=0.03, density=1.2, emissivity=0.0)
    black = air.model_copy(update={"emissivity": 0.9})
    peaks = [
        float(propagate_runaway(ROW.model_copy(update={"barrier": gap}), KINETICS, HEATER, duration=900.0)["peak_temperature"][1])
        for gap in (air, black)
    ]
    assert peaks[1] > peaks[0] + 5


def test_heat_capacity_of_the_network_is_that_of_the_parts():
    barrier = Barrier(thickness=1e-3, conductivity=0.1, density=500.0, specific_heat=800.0)
    built = module_network(ROW.model_copy(update={"barrier": barrier}), HEATER)
    total = sum(body["capacity"] for body in built.network.bodies)
    assert total == pytest.approx(4 * CELL.heat_capacity + 3 * 1e-3 * 0.008 * 500 * 800)


def test_a_short_can_set_off_the_first_cell():
    short = ShortCircuit(resistance=0.005, internal_resistance=0.005, capacity=10 * 3600.0, open_circuit_voltage=3.8)
    found = propagate_runaway(ROW, KINETICS, Trigger(short=short), duration=1200.0)
    assert np.isfinite(found["runaway_time"][0])
    assert float(found["heat_supplied"][-1]) == pytest.approx(36000 * 3.8)


def test_other_kinetics_are_refused_with_both_digests():
    other = KINETICS.with_values({"sei.heat": 2.5e5})
    with pytest.raises(StudyError, match=f"{other.digest}.*{KINETICS.digest}"):
        propagate_runaway(ROW, other, HEATER, duration=10.0, kinetics_digest=KINETICS.digest)


def test_probability_counts_the_draws_wherever_they_run():
    weak = KINETICS.with_values({"anode.heat": 2e5, "cathode.heat": 5e4})
    draws = [KINETICS, weak, KINETICS, KINETICS]
    module = ROW.model_copy(update={"cells": 2, "nodes_per_cell": 1})
    with ThreadPoolExecutor(2) as executor:
        found = propagation_probability(module, KINETICS, draws, HEATER, duration=1800.0, executor=executor)
    here = propagation_probability(module, KINETICS, draws, HEATER, duration=1800.0)
    np.testing.assert_array_equal(found["cells_run_away"], here["cells_run_away"])
    assert float(found["probability"]) == 0.75
    assert 0.25 < float(found["probability_low"]) < 0.75 < float(found["probability_high"]) < 1.0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"cells": 0}, "cells"),
        ({"ambient_temperature": 20.0}, "kelvin"),
        ({"contact_conductance": 0.0}, "contact_conductance"),
        ({"barier": None}, "barrier"),
    ],
)
def test_bad_modules_are_named(change, message):
    data = {"cell": CELL.model_dump(exclude_none=True), "cells": 3, **change}
    with pytest.raises(InputError, match=message):
        ModuleSpecification.read(data)


def test_bad_triggers_are_named():
    with pytest.raises(InputError, match="heater"):
        Trigger.read({"power": 100.0})
    with pytest.raises(InputError, match="a cell of 4"):
        propagate_runaway(ROW, KINETICS, Trigger(cell=9, power=1.0, duration=1.0), duration=10.0)
    with pytest.raises(InputError, match="duration"):
        propagate_runaway(ROW, KINETICS, HEATER, duration=0.0)
    with pytest.raises(InputError, match="increasing"):
        propagation_map(ROW, KINETICS, HEATER, conductivity=[0.2, 0.1], thickness=[1e-3], duration=10.0)
