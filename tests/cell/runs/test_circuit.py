from __future__ import annotations

import numpy as np
import pytest

from scalith.cell import (
    Balancing,
    CellSpecification,
    Circuit,
    ProtocolStep,
    Simulation,
    ThermalSpecification,
    simulate_circuit,
    simulate_discharge,
    simulate_protocol,
    single_particle,
)
from scalith.cell.runs.circuit import Network
from scalith.quantities import ConvergenceError, InputError, shipped

CELL = CellSpecification.read_toml(shipped("cell/lgm50_chen2020.toml"))


def thinner(share: float) -> CellSpecification:
    electrode = CELL.positive_electrode
    return CELL.model_copy(update={"positive_electrode": electrode.model_copy(update={"thickness": share * electrode.thickness})})


def test_equal_cells_share_equally_and_follow_the_single_cell():
    run = simulate_circuit([CELL] * 2, Circuit.of_groups(1, 2), ["Discharge at 10 A until 2.5 V"])
    np.testing.assert_allclose(run.cell_current, 5.0, rtol=1e-9)
    alone = simulate_discharge(CELL, current=5.0, output_times=run.time.values[:-1])
    np.testing.assert_allclose(run.voltage[:-1], alone.voltage.sel(time=run.time[:-1]), atol=1e-3)
    assert float(run.time[-1]) == pytest.approx(float(simulate_discharge(CELL, current=5.0).time[-1]), rel=1e-5)


@pytest.mark.parametrize(("mode", "target"), [("current", 3.0), ("voltage", 7.0), ("power", 20.0)])
def test_kirchhoffs_laws_hold_and_the_power_adds_up(mode, target):
    numbers = np.random.default_rng(3)
    ring = [(0, 4, 0.01), (4, 1, 0.02), (1, 5, 0.015), (5, 2, 0.03), (4, 5, 0.05), (0, 3, 0.02)]
    network = Network(Circuit(6, ring, [(0, 1), (3, 4), (1, 2), (5, 2)], 0, 2))
    E, r = numbers.uniform(3.5, 3.9, 4), numbers.uniform(0.01, 0.05, 4)
    flow = network.solve(E, r, mode, target)
    V = flow.potentials
    into = np.zeros(6)
    for i, j, ohms in ring:
        into[i] -= (V[i] - V[j]) / ohms
        into[j] += (V[i] - V[j]) / ohms
    for (p, m), current, e, each in zip(network.circuit.cells, flow.currents, E, r, strict=True):
        assert V[p] - V[m] == pytest.approx(e - each * current, abs=1e-12)
        into[p] += current
        into[m] -= current
    into[0] -= flow.current
    into[2] += flow.current
    np.testing.assert_allclose(into, 0.0, atol=1e-9)
    made = float(np.sum((E - r * flow.currents) * flow.currents))
    assert made == pytest.approx(flow.voltage * flow.current + network.heat(V), rel=1e-12)
    held = {"current": flow.current, "voltage": flow.voltage, "power": flow.voltage * flow.current}[mode]
    assert held == pytest.approx(target, rel=1e-12)


@pytest.mark.long
def test_unequal_cells_in_series_groups_converge_with_the_tolerance():
    cells, circuit = [CELL, thinner(0.97)] * 2, Circuit.of_groups(2, 2, 2e-3)
    steps = ["Discharge at 10 A for 40 minutes", "Rest for 10 minutes", "Charge at 5 A for 10 minutes"]
    runs = [simulate_circuit(cells, circuit, steps, tolerance=tolerance) for tolerance in (1e-3, 2e-4, 2e-5)]
    assert [str(reason) for reason in runs[0].step_reason.values] == ["duration reached"] * 3
    for run in runs:
        np.testing.assert_allclose(run.cell_current[:, :2].sum("cell"), run.current, atol=1e-9)
        np.testing.assert_allclose(run.cell_current[:, :2], run.cell_current[:, 2:], rtol=1e-6, atol=1e-9)
        made = (run.cell_voltage * run.cell_current).sum("cell")
        np.testing.assert_allclose(made, run.voltage * run.current + run.heat_resistors, rtol=1e-5, atol=1e-4)
    at = [600.0, 1500.0, 2300.0, 3300.0]
    found = [run.cell_current[:, 0].interp(time=at).values for run in runs]
    errors = [np.abs(one - found[2]).max() for one in found[:2]]
    assert errors[1] < 5e-3
    assert errors[0] < 3e-2
    # At rest the one that was drained more is charged by the other.
    resting = runs[2].cell_current.interp(time=2700.0).values
    assert abs(resting[0]) > 1e-3
    assert resting[0] == pytest.approx(-resting[1], abs=1e-9)


def test_cells_of_different_charge_level_each_other_at_rest():
    run = simulate_circuit([CELL] * 2, Circuit.of_groups(1, 2, 5e-3), ["Rest for 3 hours"], state_of_charge=[0.55, 0.45])
    charge = run.cell_state_of_charge.values
    assert charge[0] == pytest.approx([0.55, 0.45], abs=1e-4)
    assert charge[-1, 0] - charge[-1, 1] < 0.02
    np.testing.assert_allclose(charge.sum(axis=1), 1.0, atol=5e-5)
    assert float(run.cell_current[1, 0]) > 1.0


def test_heat_goes_along_links_and_none_is_lost():
    cells = [CELL.model_copy(update={"thermal": ThermalSpecification(heat_capacity=capacity)}) for capacity in (60.0, 90.0)]
    settings = {"thermal": "lumped", "temperature": [310.0, 300.0], "thermal_links": [(0, 1, 0.5)]}
    run = simulate_circuit(cells, Circuit.of_groups(2, 1), ["Rest for 30 minutes"], longest_window=5.0, **settings)
    T = run.cell_temperature.values
    np.testing.assert_allclose(60.0 * T[:, 0] + 90.0 * T[:, 1], 60.0 * 310.0 + 90.0 * 300.0, rtol=1e-9)
    exact = 10.0 * np.exp(-0.5 * (1 / 60 + 1 / 90) * run.time.values)
    np.testing.assert_allclose(T[:, 0] - T[:, 1], exact, atol=1e-6)


def test_a_cell_that_is_empty_ends_the_run_by_name():
    cells = [CELL, thinner(0.85)]
    run = simulate_circuit(cells, Circuit.of_groups(2, 1), ["Discharge at 5 A for 2 hours", "Rest for 1 minute"])
    assert run.step_reason.values.tolist() == ["cell 2: lower cut-off voltage of the cell reached"]
    assert float(run.cell_voltage[-1, 1]) == pytest.approx(2.5, abs=1e-3)


def test_bad_circuits_and_steps_are_named():
    with pytest.raises(InputError, match="joined to nothing"):
        simulate_circuit([CELL], Circuit(4, [(2, 3, 0.1)], [(0, 1)], 0, 1), ["Rest for 1 minute"])
    with pytest.raises(InputError, match="positive resistances"):
        simulate_circuit([CELL], Circuit(3, [(2, 0, 0.0)], [(0, 1)], 2, 1), ["Rest for 1 minute"])
    with pytest.raises(InputError, match="as in the circuit"):
        simulate_circuit([CELL], Circuit.of_groups(1, 2), ["Rest for 1 minute"])
    with pytest.raises(InputError, match="ends by time, voltage or current"):
        simulate_circuit([CELL], Circuit.of_groups(1, 1), ["Discharge at 5 A until 50 % SOC"])
    with pytest.raises(ConvergenceError, match="more than the cells can deliver"):
        simulate_circuit([CELL], Circuit.of_groups(1, 1), ["Discharge at 2000 W for 1 minute"])
    with pytest.raises(InputError, match="period"):
        simulate_circuit([CELL], Circuit.of_groups(1, 1), ["Rest for 1 hour (5 minute period)"])
    with pytest.raises(InputError, match="counted"):
        simulate_circuit([CELL], Circuit.of_groups(1, 1), ["Repeat until voltage below 3 V: Discharge at 5 A for 60 s"])


def test_repetitions_are_run_as_often_as_they_say():
    steps = ["Repeat 3 times: Discharge at 5 A for 60 s; Rest for 60 s"]
    run = simulate_circuit([CELL], Circuit.of_groups(1, 1), steps, state_of_charge=["80 %"])
    assert run.step_reason.size == 6
    assert float(run.time[-1]) == pytest.approx(360.0)
    charge = float(np.trapezoid(run.current.values, run.time.values))
    assert charge == pytest.approx(3 * 300.0, rel=1e-3)


def test_a_current_that_turns_within_a_window_ends_at_the_cut_off_of_the_one_it_turns_to():
    # The fuller of two parallel cells discharges into the other while the pair is being charged, then charges too.
    cells = Circuit.of_groups(1, 2, 1e-3)
    run = simulate_circuit([CELL] * 2, cells, ["Charge at 1 A for 3 hours"], state_of_charge=[0.999, 0.9])
    assert float(run.cell_current[1, 0]) > 0.0 > float(run.cell_current[-1, 0])
    assert str(run.step_reason[-1].values).endswith("upper cut-off voltage of the cell reached")
    assert float(run.cell_voltage.values[-1].max()) == pytest.approx(CELL.upper_voltage_cut_off, abs=1e-3)


SPM, COARSE = single_particle(CELL, electrolyte=True)


def test_a_drive_cycle_of_a_pair_is_that_of_one_cell_at_half_the_load():
    times, loads = (0.0, 20.0, 25.0, 60.0, 61.0, 90.0), (0.0, 8.0, 12.0, 12.0, -6.0, 0.0)
    cycle = ProtocolStep(text="cycle", mode="current", times=times, loads=loads, duration=170.0)
    half = cycle.model_copy(update={"loads": tuple(0.5 * load for load in loads)})
    run = simulate_circuit([SPM] * 2, Circuit.of_groups(1, 2), [cycle], state_of_charge=0.6, mesh=COARSE)
    alone = simulate_protocol(SPM, [half], initial_state_of_charge=0.6, mesh=COARSE)
    assert str(run.step_reason[0].values) == "duration reached"
    at = [20.0, 25.0, 45.0, 60.0, 61.0, 90.0, 110.0, 150.0, 170.0]
    np.testing.assert_allclose(run.current.interp(time=at), np.interp(at, *cycle.load()), atol=1e-6)
    np.testing.assert_allclose(run.voltage.interp(time=at), alone.voltage.interp(time=at), atol=2e-3)
    with pytest.raises(InputError, match="clipped"):
        simulate_circuit([SPM], Circuit.of_groups(1, 1), [cycle.model_copy(update={"clip": True})])


def test_a_power_over_time_is_carried_at_every_window():
    cycle = ProtocolStep(text="cycle", mode="power", times=(0.0, 30.0, 60.0), loads=(10.0, 40.0, 10.0))
    run = simulate_circuit([SPM] * 2, Circuit.of_groups(2, 1), [cycle], state_of_charge=0.6, mesh=COARSE)
    np.testing.assert_allclose(run.voltage * run.current, np.interp(run.time, *cycle.load()), rtol=1e-4)


def test_simulations_go_on_in_a_circuit_and_stand_at_its_end():
    used = Simulation(SPM, mesh=COARSE, state_of_charge=0.9)
    used.step("Discharge at 5 A for 10 minutes")
    before = used.state_of_charge
    fresh = Simulation(SPM, mesh=COARSE, state_of_charge=0.9)
    run = simulate_circuit([used, fresh], Circuit.of_groups(1, 2, 5e-3), ["Rest for 10 minutes"])
    assert float(run.cell_state_of_charge[0, 0]) == pytest.approx(before, abs=1e-4)
    assert float(run.cell_current[1, 0]) < -0.1
    assert used.state_of_charge == pytest.approx(float(run.cell_state_of_charge[-1, 0]), abs=1e-9)
    assert used.time == pytest.approx(1200.0)
    with pytest.raises(InputError, match="twice"):
        simulate_circuit([used] * 2, Circuit.of_groups(1, 2), ["Rest for 1 minute"])
    with pytest.raises(InputError, match="goes on as it is"):
        simulate_circuit([used], Circuit.of_groups(1, 1), ["Rest for 1 minute"], state_of_charge=0.5)


def test_balancing_bleeds_the_fuller_cells_until_all_are_alike():
    circuit = Circuit.of_groups(3, 1)._replace(balancing=Balancing(resistance=60.0, threshold=6e-3, period=600.0))
    charges = [0.62, 0.60, 0.61]
    run = simulate_circuit([SPM] * 3, circuit, ["Rest for 2 hours"], state_of_charge=charges, mesh=COARSE)
    bled, amperes = run.cell_bled.values, run.cell_current.values
    assert bled[1].tolist() == [1, 0, 1]
    np.testing.assert_allclose(amperes[1:-1], (bled * run.cell_voltage.values / 60.0)[1:-1], atol=1e-4)
    assert bled[-1].sum() == 0
    assert np.ptp(run.cell_voltage.values[-1]) < 7e-3
    passed = np.trapezoid(run.cell_current.values.sum(axis=1), run.time.values) / CELL.nominal_capacity
    assert passed == pytest.approx(sum(charges) - float(run.cell_state_of_charge[-1].sum()), rel=0.1)
    with pytest.raises(InputError, match="balancing"):
        simulate_circuit([SPM], circuit._replace(cells=[(0, 1)], nodes=2, negative=1, balancing=Balancing(0.0)), ["Rest for 1 s"])
