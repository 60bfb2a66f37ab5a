"""How sure a verdict is: members, margins, what they hang on."""

import numpy as np
import pytest

from scalith.pack import (
    Barrier,
    CellBody,
    ModuleSpecification,
    Trigger,
    assess_propagation,
    draw_members,
    propagate_runaway,
    shipped_kinetics,
    thinnest_barrier,
)
from scalith.quantities import InputError, StudyError, Uncertain

KINETICS = shipped_kinetics("lco_limited")
CELL = CellBody(
    shape="prismatic", thickness=0.004, width=0.1, height=0.08, density=2300.0, specific_heat=1000.0, conductivity=0.8
)
HEATER = Trigger(power=300.0, duration=60.0)
RUN = {"duration": 900.0, "kinetics_digest": KINETICS.digest}


def module(thickness="2.6 mm ± 20 %", conductivity="0.1 W m-1 K-1 ± 10 %"):
    barrier = Barrier.read({"thickness": thickness, "conductivity": conductivity})
    return ModuleSpecification(cell=CELL, cells=2, barrier=barrier, heat_transfer_coefficient=10.0)


@pytest.fixture(scope="module")
def found():
    return assess_propagation(module(), KINETICS, HEATER, members=20, seed=4, conductivity=[0.05, 0.1], **RUN)


def test_a_member_is_drawn_from_every_number_that_states_an_error():
    made = draw_members(module(), KINETICS, HEATER, 200, duration=900.0, seed=1)
    assert set(made.inputs) == {"module.barrier.thickness", "module.barrier.conductivity"}
    drawn = np.array([task[0].barrier.thickness for task in made.tasks])
    np.testing.assert_array_equal(made.inputs["module.barrier.thickness"][:, 0], drawn)
    assert not any(isinstance(task[0].barrier.thickness, Uncertain) for task in made.tasks)
    assert np.median(drawn) == pytest.approx(2.6e-3, rel=0.05)
    assert drawn.std() == pytest.approx(5.2e-4, rel=0.2)
    again = draw_members(module(), KINETICS, HEATER, 200, duration=900.0, seed=1)
    assert again.tasks[7][0] == made.tasks[7][0]
    sets = [KINETICS.with_values({"sei.heat": heat, "anode.heat": heat}) for heat in (1e5, 2e5)]
    with_fit = draw_members(module("3 mm", "0.1 W m-1 K-1"), KINETICS, HEATER, 2, duration=900.0, kinetics_draws=sets)
    assert {name: values.shape for name, values in with_fit.inputs.items()} == {"kinetics": (2, 2)}


@pytest.mark.long
def test_the_verdict_of_a_member_is_that_of_its_front_or_undecided(found):
    made = draw_members(module(), KINETICS, HEATER, 20, duration=900.0, seed=4)
    verdict = found["verdict"].values
    assert set(verdict) >= {0, 1}
    order = np.argsort(np.abs(found["margin"].values))
    for member in [*order[:3], order[-1]]:
        front = propagate_runaway(made.tasks[member][0], KINETICS, HEATER, output_times=2, **RUN)
        if verdict[member] >= 0 and int(front["cells_undecided"]) == 0:
            assert (int(front["cells_run_away"]) > 1) == bool(verdict[member])


def test_probability_counts_members_and_undecided_widen_its_interval(found):
    surely, undecided = int((found["verdict"] == 1).sum()), int((found["verdict"] == -1).sum())
    assert float(found["probability"]) == pytest.approx((surely + 0.5 * undecided) / 20)
    assert float(found["probability_low"]) < surely / 20 <= (surely + undecided) / 20 < float(found["probability_high"])
    assert int(found["members_undecided"]) == undecided


def test_margins_are_those_of_the_thinnest_barrier_and_indices_follow_the_stated_errors(found):
    """d* goes with the conductivity nearly in proportion, so that shares are near those of the variances of the logarithms."""
    stated = thinnest_barrier(module(), KINETICS, HEATER, resolution=0.02, **RUN)
    middle = np.median(found["thinnest_barrier"])
    assert float(middle) == pytest.approx(float(stated()), rel=0.1)
    first, error = found["first_order"].values, found["first_order_error"].values
    assert found["input"].values[0] == "module.barrier.thickness"
    exact = np.array([0.2**2, 0.1**2]) / (0.2**2 + 0.1**2)
    assert np.all(np.abs(first - exact) < 3 * error + 0.05)
    assert first.sum() + float(found["left_to_interactions"]) == pytest.approx(1.0)
    assert float(found["left_to_interactions"]) < 0.05


def test_a_safe_barrier_grows_with_its_conductivity_and_with_the_share_that_it_holds_back(found):
    safe = found["safe_thickness"].transpose("conductivity", "share").values
    assert np.all(np.diff(safe, axis=0) > 0)
    assert np.all(np.diff(safe, axis=1) >= -0.02 * safe[:, 1:])


def test_without_a_barrier_members_are_counted():
    touching = ModuleSpecification.read({"cell": CELL, "cells": 2, "heat_transfer_coefficient": "10 W m-2 K-1 ± 20 %"})
    strong = Trigger(power=600.0, duration=60.0)
    data = assess_propagation(touching, KINETICS, strong, members=3, duration=300.0, kinetics_digest=KINETICS.digest)
    np.testing.assert_array_equal(data["verdict"], [1, 1, 1])
    assert np.isnan(data["first_order"].values).all()
    assert "margin" not in data


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"members": 1}, "two members"),
        ({"thinnest": 0.1}, "in order"),
        ({"conductivity": [0.2, 0.1]}, "increasing"),
        ({"kinetics_draws": [KINETICS]}, "one for each of 20 members"),
        ({"confidence": 1.0}, "confidence"),
    ],
)
def test_bad_input_is_named(change, message):
    with pytest.raises(InputError, match=message):
        assess_propagation(module(), KINETICS, HEATER, **({"members": 20} | RUN | change))


def test_what_states_no_error_and_other_kinetics_are_refused():
    exact = module("3 mm", "0.1 W m-1 K-1")
    with pytest.raises(InputError, match="nothing that states an error"):
        assess_propagation(exact, KINETICS, HEATER, members=4, **RUN)
    other = KINETICS.with_values({"sei.heat": 1e5})
    with pytest.raises(StudyError, match=other.digest):
        assess_propagation(module(), other, HEATER, members=4, **RUN)
