from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numpy as np
import pytest

from scalith.pack import (
    Barrier,
    CellBody,
    ModuleSpecification,
    Plate,
    ShortCircuit,
    Trigger,
    Vent,
    module_assembly,
    oven_test,
    propagate_runaway,
    propagation_map,
    propagation_probability,
    shipped_kinetics,
    simulate_heat_3d,
    thinnest_barrier,
)
from scalith.pack.module.module_assembly import Divisions
from scalith.pack.module.module_network import module_network
from scalith.pack.module.propagation import meshes_of
from scalith.quantities import InputError, Source, StudyError

KINETICS = shipped_kinetics("lco_limited")
CELL = CellBody(
    shape="prismatic", thickness=0.012, width=0.1, height=0.08, density=2300.0, specific_heat=1000.0, conductivity=0.8
)
HEATER = Trigger(power=600.0, duration=120.0)
ROW = ModuleSpecification(cell=CELL, cells=4, heat_transfer_coefficient=5.0)
SAME = KINETICS.digest


def test_front_runs_through_touching_cells():
    found = propagate_runaway(ROW, KINETICS, HEATER, duration=1800.0, kinetics_digest=SAME)
    assert bool(found["propagated"])
    assert np.all(np.diff(found["runaway_time"]) > 0)
    assert found["front_speed"] > 0
    assert found["energy_balance_error"] < 1e-8
    assert float(found["heat_released"][-1].sum()) <= float(found["stored_reaction_heat"])
    balance = found["heat_released"].sum("cell") + found["heat_supplied"] - found["heat_stored"] - found["heat_lost"]
    np.testing.assert_allclose(balance, 0.0, atol=1e-6 * float(found["stored_reaction_heat"]))
    assert KINETICS.digest in Source.from_json(found.attrs["source"]).parents


@pytest.mark.long
def test_trigger_in_the_middle_is_symmetric():
    module = ROW.model_copy(update={"cells": 5})
    found = propagate_runaway(
        module, KINETICS, Trigger(cell=3, power=600.0, duration=120.0), duration=1200.0, kinetics_digest=SAME
    )
    np.testing.assert_allclose(found["temperature"][:, 0], found["temperature"][:, 4], rtol=1e-6)
    np.testing.assert_allclose(found["runaway_time"][1], found["runaway_time"][3], rtol=1e-6)


@pytest.mark.long
def test_barrier_stops_and_map_is_monotonic():
    plane = propagation_map(
        ROW,
        KINETICS,
        HEATER,
        conductivity=[0.02, 0.3],
        thickness=[0.5e-3, 4e-3],
        duration=3600.0,
        kinetics_digest=SAME,
    )
    ran = plane["cells_run_away"].values
    assert ran[0, 1] == 1
    assert ran[1, 0] == 4
    assert np.all(np.diff(ran, axis=0) >= 0)
    assert np.all(np.diff(ran, axis=1) <= 0)


@pytest.mark.long
def test_two_rows_and_a_plate_share_the_heat():
    plate = Plate(thickness=3e-3, coolant_coefficient=300.0)
    module = ModuleSpecification(cell=CELL, cells=3, rows=2, plate=plate, barrier=Barrier(thickness=1e-3, conductivity=0.1))
    found = propagate_runaway(module, KINETICS, HEATER, duration=1800.0, kinetics_digest=SAME)
    assert found["energy_balance_error"] < 1e-8
    assert found["heat_to_coolant"][-1] > 0
    np.testing.assert_array_equal(found["row"], [1, 1, 1, 2, 2, 2])
    early = found["temperature"].sel(time=300.0)
    assert early[3] > early[5]


def test_air_gap_radiates():
    air = Barrier(thickness=5e-3, conductivity=0.03, density=1.2, emissivity=0.0)
    peaks = []
    for emissivity in (0.0, 0.9):
        module = ROW.model_copy(update={"cells": 2, "barrier": air.model_copy(update={"emissivity": emissivity})})
        found = propagate_runaway(module, KINETICS, HEATER, duration=600.0, kinetics_digest=SAME, output_times=2)
        peaks.append(float(found["peak_temperature"][1]))
    assert peaks[1] > peaks[0] + 5


def test_gap_has_no_contacts_and_a_solid_barrier_has():
    gap = Barrier(thickness=1e-3, conductivity=0.03, density=1.2, emissivity=0.9)
    for barrier, expected in ((gap, {0.0}), (gap.model_copy(update={"emissivity": 0.0}), {1e-3})):
        body = module_assembly(ROW.model_copy(update={"barrier": barrier}))
        assert {contact.resistance for contact in body.contacts} == expected


@pytest.mark.parametrize("more", [{}, {"rows": 2}, {"plate": Plate(thickness=3e-3)}, {"rows": 2, "plate": Plate(thickness=3e-3)}])
def test_each_mesh_is_twice_as_fine_where_heat_spreads(more):
    """So the difference of two is an error of all directions; networks of two and three dimensions stay small."""
    module = ROW.model_copy(update=more)
    meshes = list(meshes_of(module))
    assert len(meshes) >= 2
    for coarse, fine in pairwise(meshes):
        assert fine.cell == 2 * coarse.cell
        assert fine.width == (2 * coarse.width if module.rows > 1 else 1)
        assert fine.height == (2 * coarse.height if module.plate is not None else 1)
    if more:
        assert module.cells * module.rows * meshes[-1].cell * meshes[-1].width * meshes[-1].height <= 3000
    else:
        assert CELL.box[0] / meshes[-1].cell < 0.3e-3


def test_heat_capacity_of_the_network_is_that_of_the_parts():
    barrier = Barrier(thickness=1e-3, conductivity=0.1, density=500.0, specific_heat=800.0)
    built = module_network(ROW.model_copy(update={"barrier": barrier}), HEATER, Divisions(cell=3, barrier=2))
    total = sum(body["capacity"] for body in built.network.bodies)
    assert total == pytest.approx(4 * CELL.heat_capacity + 3 * 1e-3 * 0.008 * 500 * 800)


def test_network_is_the_body_in_three_dimensions_with_few_volumes():
    """Row to row along the width the conductivity in the plane counts, and every conductance is that of the volumes."""
    cell = CELL.model_copy(update={"in_plane_conductivity": 25.0})
    pair = ModuleSpecification(cell=cell, cells=1, rows=2, heat_transfer_coefficient=5.0, contact_conductance=1000.0)
    built = module_network(pair, HEATER, Divisions())
    ((_, _, conductance, _),) = built.network.links
    assert conductance == pytest.approx(0.012 * 0.08 / (0.1 / 25 + 1e-3))
    plate = Plate(thickness=3e-3, contact_conductance=5000.0)
    on_plate = module_network(pair.model_copy(update={"rows": 1, "plate": plate}), HEATER, Divisions())
    ((_, _, down, _),) = on_plate.network.links
    assert down == pytest.approx(0.012 * 0.1 / (0.04 / 25 + 1 / 5000 + 1.5e-3 / 200))


def test_cylinder_has_its_volume_and_its_surface():
    round_cell = CellBody(
        shape="cylindrical", diameter=0.018, height=0.065, density=2580.0, specific_heat=830.0, conductivity=1e6
    )
    one = ModuleSpecification(cell=round_cell, cells=1, heat_transfer_coefficient=5.0, emissivity=0.0)
    network = module_network(one, HEATER, Divisions()).network
    assert network.bodies[0]["capacity"] == pytest.approx(round_cell.heat_capacity)
    assert sum(conductance for _, conductance, _, _ in network.sides) / 5.0 == pytest.approx(round_cell.surface, rel=1e-6)


def test_busbar_adds_its_conductance_to_the_barrier():
    barrier = Barrier(thickness=2e-3, conductivity=0.1)
    faces = [
        module_network(
            ROW.model_copy(update={"cells": 2, "barrier": barrier, "busbar_conductance": busbar}), HEATER, Divisions()
        ).network.links
        for busbar in (0.0, 0.7)
    ]
    slab = 0.006 / 0.8 / 0.008
    between = [1.0 / (sum(1.0 / link[2] for link in links) - 2 * slab) for links in faces]
    assert between[1] - between[0] == pytest.approx(0.7)


def test_a_short_can_set_off_the_first_cell():
    short = ShortCircuit(resistance=0.005, internal_resistance=0.005, capacity=10 * 3600.0, open_circuit_voltage=3.8)
    found = propagate_runaway(ROW, KINETICS, Trigger(short=short), duration=1200.0, kinetics_digest=SAME)
    assert np.isfinite(found["runaway_time"][0])
    assert float(found["heat_supplied"][-1]) == pytest.approx(36000 * 3.8)


def test_other_kinetics_are_refused_with_both_digests():
    other = KINETICS.with_values({"sei.heat": 2.5e5})
    with pytest.raises(StudyError, match=f"{other.digest}.*{KINETICS.digest}"):
        propagate_runaway(ROW, other, HEATER, duration=10.0, kinetics_digest=KINETICS.digest)


def vented(**change):
    return CELL.model_copy(update={"vent": Vent(pressure=1.02e5, free_volume=1e-6, **change)})


@pytest.mark.parametrize(
    ("cell", "kinetics"),
    [
        (CELL, KINETICS.with_values({"anode.heat": 2e5, "cathode.heat": 5e4}).model_copy(update={"name": KINETICS.name})),
        (CELL.model_copy(update={"reacting_fraction": 0.3}), KINETICS),
        (vented(ejected_fraction=0.8), KINETICS),
    ],
    ids=["other heats under the same name", "a cell that reacts in part", "a vent that lets heat out"],
)
def test_ways_round_one_set_of_kinetics_are_refused(cell, kinetics):
    """What an oven test of the plain cell carries does not fit another set, nor the same set in another cell."""
    tested = oven_test(CELL, KINETICS, 433.15, duration=10.0, output_times=2).attrs["kinetics_digest"]
    module = ROW.model_copy(update={"cell": cell})
    with pytest.raises(StudyError, match=tested):
        propagate_runaway(module, kinetics, HEATER, duration=10.0, kinetics_digest=tested)
    with pytest.raises(StudyError, match=tested):
        propagation_map(module, kinetics, HEATER, conductivity=[0.1], thickness=[1e-3], duration=10.0, kinetics_digest=tested)
    with pytest.raises(StudyError, match=tested):
        propagation_probability(module, kinetics, [kinetics], HEATER, duration=10.0, kinetics_digest=tested)
    with pytest.raises(StudyError, match=tested):
        thinnest_barrier(module, kinetics, HEATER, duration=10.0, kinetics_digest=tested)
    with pytest.raises(StudyError, match=tested):
        simulate_heat_3d(module_assembly(module), duration=10.0, kinetics=kinetics, kinetics_digest=tested)


def test_the_digest_is_not_optional():
    for call in (propagate_runaway, thinnest_barrier):
        with pytest.raises(TypeError, match="kinetics_digest"):
            call(ROW, KINETICS, HEATER, duration=10.0)
    with pytest.raises(InputError, match="kinetics_digest"):
        simulate_heat_3d(module_assembly(ROW), duration=10.0, kinetics=KINETICS)


def test_same_cell_with_a_vent_is_accepted():
    cell = vented(ejected_fraction=0.1)
    tested = oven_test(cell, KINETICS, 433.15, duration=10.0, output_times=2).attrs["kinetics_digest"]
    assert tested == cell.kinetics_digest(KINETICS) != KINETICS.digest
    module = ROW.model_copy(update={"cell": cell, "cells": 1})
    found = propagate_runaway(module, KINETICS, HEATER, duration=1.0, output_times=2, kinetics_digest=tested)
    assert found.attrs["kinetics_digest"] == tested


@pytest.mark.long
def test_probability_counts_the_draws_wherever_they_run():
    weak = KINETICS.with_values({"anode.heat": 2e5, "cathode.heat": 5e4})
    draws = [KINETICS, weak, KINETICS, KINETICS]
    module = ROW.model_copy(update={"cells": 2})
    with ThreadPoolExecutor(2) as executor:
        found = propagation_probability(module, KINETICS, draws, HEATER, duration=1800.0, kinetics_digest=SAME, executor=executor)
    here = propagation_probability(module, KINETICS, draws, HEATER, duration=1800.0, kinetics_digest=SAME)
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
        propagate_runaway(ROW, KINETICS, Trigger(cell=9, power=1.0, duration=1.0), duration=10.0, kinetics_digest=SAME)
    with pytest.raises(InputError, match="duration"):
        propagate_runaway(ROW, KINETICS, HEATER, duration=0.0, kinetics_digest=SAME)
    with pytest.raises(InputError, match="duration"):
        propagate_runaway(ROW, KINETICS, HEATER, duration="an hour", kinetics_digest=SAME)
    with pytest.raises(InputError, match="increasing"):
        propagation_map(ROW, KINETICS, HEATER, conductivity=[0.2, 0.1], thickness=[1e-3], duration=10.0, kinetics_digest=SAME)
