"""Runs that ended early once: a steep voltage, depleted electrolyte at a jump of the load, a full surface that must empty."""

from __future__ import annotations

from pathlib import Path

import pytest

from scalith.cell import CellSpecification, Mesh, Simulation, read_cell, simulate_discharge, simulate_protocol
from scalith.quantities import shipped

DATA = Path(__file__).parents[3] / "validation" / "data"


def test_a_step_over_a_steep_voltage_is_not_taken_for_solved():
    cell = read_cell(next((DATA / "about_energy" / "LFP").glob("*.json")))
    run = simulate_discharge(cell, -1.0, temperature=268.15, initial_state_of_charge=0.02)
    assert run.attrs["reason"] == "upper voltage reached"


def test_depleted_electrolyte_carries_a_new_load():
    cell = CellSpecification.read_toml(shipped("cell/lgm50_oregan2022.toml"))
    mesh = Mesh(24, 6, 24, nodes=32, finest=0.004)
    run = simulate_discharge(cell, 2.0, temperature=268.15, mesh=mesh)
    assert run.attrs["reason"] == "lower voltage reached"
    assert float(run.time[-1]) == pytest.approx(263.5, rel=0.02)


def test_a_full_surface_empties_though_its_exchange_current_vanishes():
    cell = CellSpecification.read_toml(shipped("cell/lgm50_oregan2022.toml"))
    discharge, rest = "Discharge at 1C until 2.5 V", "Rest for 10 minutes"
    steps = [discharge, rest, "Charge at 0.5C until 4.2 V", "Hold at 4.2 V until C/20", rest, discharge]
    run = simulate_protocol(cell, steps, strict=True)
    assert float(run.voltage[-1]) == pytest.approx(2.5, abs=1e-3)


def test_states_kept_after_steps_that_kept_none_do_not_overrun():
    cell = CellSpecification.read_toml(shipped("cell/lgm50_chen2020.toml"))
    simulation = Simulation(cell)
    simulation.step("Discharge at 1C for 20 minutes")
    before = len(simulation.rows)
    simulation.hold("current", 5.0, duration=60.0, keep_states=True)
    assert len(simulation.states) >= len(simulation.rows) > before
    assert simulation.states[len(simulation.rows) - 1, -1] == pytest.approx(5.0)
