"""Ejecta that strike neighbours."""

import numpy as np
import pytest

from scalith.pack import (
    Barrier,
    CellBody,
    Divisions,
    Ejecta,
    ModuleSpecification,
    Trigger,
    Vent,
    module_assembly,
    propagate_runaway,
    shipped_kinetics,
)
from scalith.pack.module.propagation import cells_that_run_away
from scalith.quantities import InputError

KINETICS = shipped_kinetics("lco_limited")
VENT = Vent(pressure=4e5, free_volume=2e-6, evaporated_mass=1e-4, ejected_fraction=0.2)
CELL = CellBody(
    shape="prismatic", thickness=0.004, width=0.1, height=0.08, density=2300.0, specific_heat=1000.0, conductivity=0.8, vent=VENT
)
HEATER = Trigger(power=300.0, duration=60.0)
RUN = {"duration": 300.0, "kinetics_digest": CELL.kinetics_digest(KINETICS)}


def module(ejecta=None, thickness=1e-3):
    barrier = Barrier(thickness=thickness, conductivity=0.1)
    return ModuleSpecification(cell=CELL, cells=2, barrier=barrier, heat_transfer_coefficient=10.0, ejecta=ejecta)


@pytest.fixture(scope="module")
def found():
    return [propagate_runaway(module(each), KINETICS, HEATER, output_times=91, **RUN) for each in (None, Ejecta(next_in_row=0.4))]


def test_neighbours_take_their_share_and_energy_is_kept(found):
    without, struck = found
    assert float(without["heat_from_ejecta"][-1]) == 0.0
    assert np.isfinite(struck["runaway_time"].values).all()
    balance = (
        struck["heat_released"].sum("cell")
        + struck["heat_supplied"]
        + struck["heat_from_ejecta"]
        - struck["heat_stored"]
        - struck["heat_lost"]
        - struck["heat_ejected"]
    )
    np.testing.assert_allclose(balance, 0.0, atol=1e-6 * float(struck["stored_reaction_heat"]))
    np.testing.assert_allclose(struck["heat_supplied"][-1], 18000.0, rtol=1e-9)
    # Each has one neighbour; vapour takes its heat of boiling along and gives none.
    hot = float(struck["heat_ejected"][-1]) - 2 * VENT.heat_taken
    assert float(struck["heat_from_ejecta"][-1]) == pytest.approx(0.4 * hot, rel=1e-3)


def test_ejecta_hasten_the_front_and_only_after_the_first_cell(found):
    without, struck = found
    assert float(struck["runaway_time"][0]) == pytest.approx(float(without["runaway_time"][0]), rel=1e-3)
    assert float(struck["runaway_time"][1]) < 0.9 * float(without["runaway_time"][1])


def test_a_barrier_that_holds_heat_back_does_not_hold_ejecta_back():
    mesh = Divisions(cell=4, barrier=2)
    thick = module(None, 1.4e-3), module(Ejecta(next_in_row=0.4), 1.4e-3)
    counts = [cells_that_run_away(each, KINETICS, HEATER, duration=300.0, divisions=mesh) for each in thick]
    assert counts == [1, 2]


def test_what_is_not_supported_is_named():
    with pytest.raises(InputError, match="no heat out"):
        ModuleSpecification(cell=CELL.model_copy(update={"vent": None}), cells=2, ejecta=Ejecta(next_in_row=0.1))
    with pytest.raises(InputError, match="not supported there"):
        module_assembly(module(Ejecta(next_in_row=0.1)), spacing=(2e-3, 0.05, 0.04))
    for shares in ({"next_in_row": 0.4, "next_row": 0.2}, {}):
        with pytest.raises(InputError, match="above 0, 1 at most"):
            Ejecta(**shares)
