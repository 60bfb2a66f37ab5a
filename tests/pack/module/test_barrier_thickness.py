import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scalith.pack import (
    Barrier,
    CellBody,
    ModuleSpecification,
    Trigger,
    propagate_runaway,
    propagation_map,
    propagation_probability,
    shipped_kinetics,
    thinnest_barrier,
)
from scalith.pack.module.barrier_thickness import bracket_thickness
from scalith.pack.module.propagation import cells_that_run_away, meshes_of
from scalith.quantities import InputError

KINETICS = shipped_kinetics("lco_limited")
HEATER = Trigger(power=600.0, duration=120.0)
CELL = CellBody(
    shape="prismatic",
    thickness=0.012,
    width=0.1,
    height=0.08,
    density=2300.0,
    specific_heat=1000.0,
    conductivity=0.8,
    in_plane_conductivity=25.0,
)
BARRIER = Barrier(thickness=1e-3, conductivity=0.1)
ROW = ModuleSpecification(cell=CELL, cells=3, barrier=BARRIER, heat_transfer_coefficient=10.0)
RUN = {"duration": 3600.0, "kinetics_digest": KINETICS.digest}


def with_barrier(thickness):
    return ROW.model_copy(update={"barrier": BARRIER.model_copy(update={"thickness": float(thickness)})})


def test_thinnest_barrier_is_between_stopping_and_not():
    found = thinnest_barrier(ROW, KINETICS, HEATER, **RUN, resolution=0.05)
    thickness, error = float(found()), float(found.error())
    settings = found.source.settings
    last = next(mesh for mesh in meshes_of(ROW) if mesh.cell == settings["nodes_per_cell"])

    def runs_away(value):
        return cells_that_run_away(with_barrier(value), KINETICS, HEATER, duration=RUN["duration"], divisions=last)

    assert error < 0.1 * thickness
    assert runs_away(thickness) == 1
    assert runs_away(thickness - 2 * error) > 1


@pytest.mark.long
def test_three_reports_do_not_disagree():
    """Front, map and probability at barriers on either side of the thinnest one, and at it: one verdict, or undecided."""
    found = thinnest_barrier(ROW, KINETICS, HEATER, **RUN, resolution=0.05)
    thickness, error = float(found()), float(found.error())
    assert 0 < error < 0.1 * thickness
    places = [thickness - 1.5 * error, thickness, thickness + 1.5 * error]
    plane = propagation_map(ROW, KINETICS, HEATER, conductivity=[0.1], thickness=places, **RUN)
    sides = []
    for number, place in enumerate(places):
        front = propagate_runaway(with_barrier(place), KINETICS, HEATER, **RUN)
        sure = propagation_probability(with_barrier(place), KINETICS, [KINETICS], HEATER, **RUN)
        decided = (int(front["cells_run_away"]), int(front["cells_undecided"]))
        assert decided == (int(plane["cells_run_away"][0, number]), int(plane["cells_undecided"][0, number]))
        assert decided == (int(sure["cells_run_away"][0]), int(sure["cells_undecided"][0]))
        if number != 1 and decided[1] == 0:
            assert (decided[0] > 1) == (number == 0)
            sides.append(number)
    assert sides


@pytest.mark.parametrize(
    ("module", "more", "message"),
    [
        (ROW.model_copy(update={"barrier": None}), {}, "a barrier"),
        (ROW, {"thinnest": 2e-2, "thickest": 1e-3}, "in order"),
        (ROW, {"resolution": np.nan}, "resolution"),
        (ROW, {"thinnest": 0.018}, "less: this thickness stops the front already"),
        (ROW, {"thickest": 2e-4}, "more: runaway still reaches a second cell"),
    ],
)
def test_what_cannot_be_found_is_named(module, more, message):
    with pytest.raises(InputError, match=message):
        thinnest_barrier(module, KINETICS, HEATER, **RUN, **more)


@given(turn=st.floats(-4.0, 4.0), guess=st.floats(-3.5, 3.5), reach=st.floats(1e-3, 3.0))
def test_a_bracket_holds_the_thickness_at_which_the_verdict_turns(turn, guess, reach):
    """From any guess; open where it turns beyond the bounds."""
    bounds, seen = (-3.0, 3.0), []

    def stops(thickness):
        assert bounds[0] <= thickness <= bounds[1]
        seen.append(thickness)
        return thickness >= turn

    low, high = bracket_thickness(stops, guess, reach, bounds, 0.01)
    if turn > bounds[1]:
        assert (low, high) == (bounds[1], np.inf)
    elif turn <= bounds[0]:
        assert (low, high) == (-np.inf, bounds[0])
    else:
        assert low < turn <= high
        assert high - low <= 0.01
        assert {low, high} <= {*seen}
    assert len(seen) < 40
