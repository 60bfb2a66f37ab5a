from __future__ import annotations

import numpy as np
import pytest

from scalith.cell import CellSpecification, FilmGrowth, LossByCurrent, Mesh, Simulation, simulate_ageing
from scalith.lab.cycling import extract_degradation
from scalith.quantities import ConvergenceError, InputError, Result, shipped

CYCLE = ["Discharge at 1C until 2.8 V", "Charge at 1C until 4.1 V"]


@pytest.fixture(scope="module")
def cell() -> CellSpecification:
    film = FilmGrowth(molar_volume=9.585e-5, conductivity=5e-6, solvent_diffusivity=2e-19, solvent_concentration=2636.0)
    cell = CellSpecification.read_toml(shipped("cell/lgm50_chen2020.toml"))
    electrodes = {}
    for name, processes in (
        ("negative_electrode", (film, LossByCurrent(share_per_charge=0.1))),
        ("positive_electrode", (LossByCurrent(share_per_charge=0.15),)),
    ):
        electrode = getattr(cell, name)
        material = electrode.material.model_copy(update={"processes": processes})
        electrodes[name] = electrode.model_copy(update={"materials": (material,)})
    return cell.model_copy(update=electrodes)


@pytest.fixture(scope="module")
def life(cell) -> Result:
    return simulate_ageing(Simulation(cell, mesh=Mesh(3, 2, 3, nodes=10)), CYCLE, cycles=4, check_up_every=2)


@pytest.fixture(scope="module")
def modes(cell, life) -> Result:
    return extract_degradation(life, cell)


def test_check_ups_are_read_near_what_the_model_knows(modes):
    assert modes.check_up.values.tolist() == [0, 2, 4]
    for name in ("lithium_inventory_lost", "active_material_lost_negative", "active_material_lost_positive"):
        planted = modes[f"{name}_planted"].values
        assert planted[0] == modes[name].values[0] == 0.0
        assert np.all(np.diff(planted) > 0.01)
        np.testing.assert_allclose(modes[name].values, planted, atol=4e-3)
    assert len(modes.plot().axes) == 1


def test_what_the_model_knows_is_what_is_left_of_its_materials(modes, life):
    for side in ("negative", "positive"):
        left = 1.0 - life[f"active_material_lost_{side}"].values
        planted = modes[f"active_material_lost_{side}_planted"].values
        np.testing.assert_allclose(planted[1:], 1.0 - left[[1, 3]], rtol=1e-12)


def test_it_asks_for_two_check_ups_and_the_cell_that_aged(cell, life):
    without = life.drop_dims("check_up")
    with pytest.raises(InputError, match="two at least"):
        extract_degradation(without, cell)
    with pytest.raises(InputError, match="the cell that aged"):
        extract_degradation(life, CellSpecification.read_toml(shipped("cell/lgm50_chen2020.toml")))


def test_a_check_up_that_tells_no_balance_is_named_and_the_others_are_read(cell, life, modes):
    volts = life["check_up_slow_discharge_voltage"]
    found = extract_degradation(life.assign(check_up_slow_discharge_voltage=volts.where(volts["check_up"] != 2)), cell)
    for name in ("lithium_inventory_lost", "lithium_inventory_lost_error", "residual"):
        np.testing.assert_array_equal(np.isnan(found[name].values), [False, True, False])
        assert found[name].values[2] == modes[name].values[2]
    assert found.attrs["notes"].startswith("check-up after cycle 2: extract_balance: charge")
    with pytest.raises(ConvergenceError, match=r"first check-up.*tells no balance.*charge"):
        extract_degradation(life.assign(check_up_slow_discharge_voltage=volts.where(volts["check_up"] != 0)), cell)
