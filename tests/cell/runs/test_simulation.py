from __future__ import annotations

import numpy as np
import pytest

from scalith.cell import CellSpecification, Mesh, Simulation, simulate_discharge, simulate_impedance, simulate_protocol
from scalith.quantities import InputError, shipped


def test_steps_one_by_one_are_the_protocol(lgm50):
    steps = ["Discharge at 1C for 10 minutes", "Rest for 10 minutes", "Charge at C/2 until 4.1 V"]
    simulation = Simulation(lgm50)
    assert [simulation.step(step) for step in steps] == ["duration reached", "duration reached", "upper voltage reached"]
    np.testing.assert_array_equal(simulation.result().voltage, simulate_protocol(lgm50, steps).voltage)


def test_a_copy_goes_its_own_way(lgm50):
    simulation = Simulation(lgm50, state_of_charge="50 %")
    simulation.step("Discharge at 1C for 5 minutes")
    other = simulation.copy()
    before = simulation.state.copy()
    other.step("Discharge at 1C for 5 minutes")
    np.testing.assert_array_equal(simulation.state, before)
    simulation.step("Discharge at 1C for 5 minutes")
    np.testing.assert_array_equal(simulation.state, other.state)


def test_a_changed_cell_keeps_its_state(lgm50):
    simulation = Simulation(lgm50, state_of_charge=0.5)
    simulation.step("Discharge at 1C for 5 minutes")
    charge, state = simulation.state_of_charge, simulation.state.copy()
    simulation.modify({"contact_resistance": 0.01})
    np.testing.assert_array_equal(simulation.state, state)
    assert simulation.specification.contact_resistance == 0.01
    before = simulation.voltage
    simulation.step("Discharge at 1C for 1 s")
    assert simulation.rows[-1, 1] - before == pytest.approx(-0.05, abs=2e-3)
    assert charge - simulation.state_of_charge == pytest.approx(5.0 / lgm50.capacity_of_window("negative"), rel=1e-6)
    with pytest.raises(InputError, match="contact"):
        simulation.modify({"contact_resistence": 0.01})


def test_a_spectrum_can_be_taken_at_any_point(lgm50):
    mesh = Mesh(12, 4, 12, nodes=24, finest=0.001)
    simulation = Simulation(lgm50, state_of_charge=0.5, mesh=mesh)
    simulation.hold("current", 0.0, duration=0.0)
    z = simulation.impedance([0.1, 10.0])
    expected = simulate_impedance(lgm50, [0.1, 10.0], 0.5, mesh=mesh)
    np.testing.assert_allclose(z.real, expected.resistance, rtol=1e-9)


@pytest.mark.parametrize("rate", [-0.1, -0.5, -1.0, -3.0])
def test_iron_phosphate_is_charged_from_empty(lfp, rate):
    """Its potential turns almost upright where the particles are nearly empty: Newton's method and the step control hold on."""
    data = simulate_discharge(lfp, rate, initial_state_of_charge=0.0)
    assert data.attrs["reason"] == "upper voltage reached"
    assert float(data.state_of_charge[-1]) > (0.6 if rate < -2.0 else 0.9)
    assert float(np.abs(data.lithium_error).max()) < 1e-10


def test_iron_phosphate_is_cycled_with_a_constant_voltage(lfp):
    data = simulate_protocol(lfp, ["Charge at 1C until 3.65 V", "Hold at 3.65 V until C/20"], initial_state_of_charge=0.0)
    assert data.step_reason.values.tolist() == ["upper voltage reached", "current below its limit"]


def test_a_depleted_electrolyte_does_not_end_a_discharge_and_does_not_depend_on_the_mesh(lgm50):
    """3C of the LG M50: PyBaMM's DFN with 120 points a layer ends after 566.2 s."""
    ends = []
    for mesh in (None, Mesh(24, 8, 24, nodes=24)):
        data = simulate_discharge(lgm50, 3.0, mesh=mesh)
        assert data.attrs["reason"] == "lower voltage reached"
        assert float(data.concentration_lowest.min()) > 0.0
        assert float(np.abs(data.lithium_error).max()) < 1e-10
        ends.append(float(data.time[-1]))
    assert ends[0] == pytest.approx(566.2, rel=0.01)
    assert ends[1] == pytest.approx(566.2, rel=0.005)


def test_the_double_layer_is_in_every_account(lgm50):
    layer = {"double_layer_capacitance": 0.2}
    electrodes = {name: getattr(lgm50, name).model_copy(update=layer) for name in ("negative_electrode", "positive_electrode")}
    data = simulate_discharge(lgm50.model_copy(update=electrodes), 1.0)
    for name, limit in (("lithium_error", 1e-11), ("charge_error", 1e-8), ("energy_error", 1e-8)):
        assert float(np.abs(data[name]).max()) < limit


def test_the_parts_of_the_voltage_add_up(lgm50):
    data = simulate_discharge(lgm50.model_copy(update={"contact_resistance": 0.01}), "1C")
    parts = sum(data[name].values for name in data if str(name).startswith("voltage_"))
    np.testing.assert_allclose(parts, data.voltage, atol=1e-9)
    np.testing.assert_allclose(data.voltage_contact, -0.05, rtol=1e-12)
    assert np.all(data.voltage_reaction[1:] < 0.0)
    assert float(data.state_of_charge[0]) == pytest.approx(1.0, abs=1e-12)


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        (lambda cell: simulate_discharge(cell, [1.0, 2.0]), "simulate_batch"),
        (lambda cell: simulate_discharge(cell, "1D"), "C-rate"),
        (lambda cell: simulate_discharge(cell, 1.0, tolerance=1e-12), "1e-9"),
        (lambda cell: simulate_discharge(cell, 1.0, initial_state_of_charge="150 %"), "50 %"),
        (lambda cell: Mesh(0), "at least one volume"),
        (
            lambda cell: Simulation(cell).follow("current", np.array([0.0, 10.0, 20.0]), np.array([1.0, 1.0])),
            "2 loads at 3 times",
        ),
        (lambda cell: Simulation(cell).hold("current", 1.0, duration=1.0, voltage_lo=3.0), "voltage_low"),
    ],
)
def test_nonsense_gets_one_sentence(lgm50, call, expected):
    with pytest.raises(InputError, match=expected):
        call(lgm50)


def test_text_is_read_where_numbers_are_meant(lgm50):
    found, expected = simulate_discharge(lgm50, "C/2", duration=60.0), simulate_discharge(lgm50, 0.5, duration=60.0)
    np.testing.assert_array_equal(found.voltage, expected.voltage)
    found = simulate_discharge(lgm50, current="2500 mA", duration=60.0, initial_state_of_charge="100 %")
    np.testing.assert_array_equal(found.voltage, expected.voltage)


@pytest.mark.long
def test_a_thousand_cycles_keep_their_lithium():
    cell = CellSpecification.read_toml(shipped("cell/lgm50_chen2020.toml"))
    simulation = Simulation(cell, mesh=Mesh(4, 2, 4, nodes=8, finest=0.05))
    for _ in range(1000):
        simulation.step("Discharge at 1C until 2.5 V")
        simulation.step("Charge at 1C until 4.2 V")
    assert float(np.abs(simulation.result().lithium_error).max()) < 1e-10


def test_states_are_kept_from_any_step_on(lgm50):
    simulation = Simulation(lgm50)
    simulation.step("Discharge at 1C for 20 minutes")
    first = len(simulation.rows)
    simulation.hold("current", 5.0, duration=600.0, keep_states=True)
    second = len(simulation.rows)
    simulation.step("Rest for 1 minute")
    states = simulation.states
    at = simulation.cell.system.at.charge
    assert np.all(np.isnan(states[:first]))
    np.testing.assert_array_equal(states[first:second, at], simulation.rows[first:second, 4])
    simulation.hold("current", 0.0, duration=60.0, keep_states=True)
    assert np.all(np.isnan(simulation.states[second:][: len(simulation.rows) - second - 1, at][:2]))
    assert np.isfinite(simulation.states[-1]).all()
