import numpy as np
import pytest

from scalith.numerics import rosenbrock
from scalith.pack import CellBody, ReactionSet, Vent, shipped_kinetics
from scalith.pack.kernels import network_step
from scalith.pack.kernels.network import heat_by_reaction
from scalith.pack.module import thermal_network
from scalith.pack.module.thermal_network import ThermalNetwork, count_runaways, simulate_network
from scalith.quantities import ConvergenceError, InputError

CELL = CellBody(shape="cylindrical", diameter=0.018, height=0.065, density=2580.0, specific_heat=830.0)
KINETICS = shipped_kinetics("lco_hatchard_kim")


def still(power=None):
    """One inert body of 100 J/K with 0.5 W/K to surroundings of 300 K."""
    network = ThermalNetwork(ambient=(np.array([0.0]), np.array([300.0])))
    network.add(100.0, ambient=0.5)
    if power is not None:
        network.heat(0, *power)
    return network


def test_coefficients_satisfy_the_row_sums():
    # c_i of the method in its first form: the nodes follow from A and C through Γ⁻¹.
    gamma = rosenbrock.GAMMA
    inverse = np.eye(6) / gamma
    inverse[:, :5] -= rosenbrock.C
    alpha = np.zeros((6, 6))
    alpha[:, :5] = rosenbrock.A
    alpha = alpha @ np.linalg.inv(inverse)
    np.testing.assert_allclose(alpha.sum(axis=1), rosenbrock.TIME, atol=1e-12)
    np.testing.assert_allclose(np.linalg.inv(inverse).sum(axis=1), rosenbrock.SLOPE, atol=1e-12)


def test_inert_body_follows_the_exponential():
    time = np.linspace(0, 1000, 11)
    found = simulate_network(still(), KINETICS, time, initial_temperature=400.0, tolerance=1e-9)
    np.testing.assert_allclose(found.temperature[:, 0], 300 + 100 * np.exp(-0.005 * time), rtol=1e-8)
    assert found.energy_balance_error < 1e-12


def test_ramped_surroundings_and_jumping_heater():
    network = still(([0.0, 50.0, 50.0], [20.0, 20.0, 0.0]))
    network.ambient = (np.array([0.0, 100.0]), np.array([300.0, 310.0]))
    time = np.array([0.0, 50.0, 100.0, 200.0])
    found = simulate_network(network, KINETICS, time, initial_temperature=300.0, tolerance=1e-10)
    rate = 0.005
    # Superposition: a ramp of 0.1 K/s of the surroundings and 20 W for 50 s.
    ramp = 0.1 * (time - (1 - np.exp(-rate * time)) / rate)
    ramp[3] = 10 + (ramp[2] - 10) * np.exp(-rate * 100)
    heater = 40 * (1 - np.exp(-rate * np.minimum(time, 50))) * np.exp(-rate * np.maximum(time - 50, 0))
    np.testing.assert_allclose(found.temperature[:, 0], 300 + ramp + heater, rtol=1e-9)
    np.testing.assert_allclose(found.heaters, [0, 1000, 1000, 1000])
    assert found.energy_balance_error < 1e-12


def test_radiating_pair_shares_its_energy():
    network = ThermalNetwork()
    network.add(50.0)
    network.add(150.0)
    network.link(0, 1, 0.0, 1e-9)
    found = simulate_network(network, KINETICS, np.array([0.0, 1.0]), initial_temperature=500.0)
    np.testing.assert_allclose(found.temperature[-1], 500.0)
    network.heat(0, [0.0, 100.0, 100.0], [50.0, 50.0, 0.0])
    found = simulate_network(network, KINETICS, np.array([0.0, 1e5]), initial_temperature=500.0)
    np.testing.assert_allclose(found.temperature[-1], 525.0, rtol=1e-6)
    assert found.energy_balance_error < 1e-12


def test_adiabatic_cell_frees_all_its_heat():
    network = ThermalNetwork()
    network.add(CELL.heat_capacity, cell=CELL)
    found = simulate_network(network, KINETICS, np.linspace(0, 1e5, 50), initial_temperature=420.0)
    rise = KINETICS.stored_heat * CELL.volume / CELL.heat_capacity
    assert found.temperature[-1, 0] == pytest.approx(420.0 + rise, rel=1e-3)
    assert found.temperature[-1, 0] < 420.0 + rise * (1 + 1e-9)
    assert found.energy_balance_error < 1e-12


def test_error_follows_the_tolerance():
    def peak(tolerance):
        network = ThermalNetwork(ambient=(np.array([0.0]), np.array([428.15])))
        network.add(CELL.heat_capacity, ambient=0.03, cell=CELL)
        return simulate_network(network, KINETICS, np.array([0.0, 5000.0]), initial_temperature=298.15, tolerance=tolerance)

    exact = peak(1e-10)
    errors = [abs(peak(tol).runaway_time[0] - exact.runaway_time[0]) for tol in (1e-4, 1e-6, 1e-8)]
    assert errors[0] > 5 * errors[1] > 25 * errors[2]
    assert errors[2] < 2e-3


def test_order_of_the_bodies_does_not_matter():
    def chain(order):
        network = ThermalNetwork(ambient=(np.array([0.0]), np.array([298.15])))
        place = {}
        for body in order:
            place[body] = network.add(CELL.heat_capacity, ambient=0.005, cell=CELL)
        for body in range(4):
            network.link(place[body], place[body + 1], 0.3)
        network.heat(place[0], [0.0, 300.0, 300.0], [60.0, 60.0, 0.0])
        found = simulate_network(network, KINETICS, np.linspace(0, 3000, 31), initial_temperature=298.15)
        return found.temperature[:, [place[b] for b in range(5)]], found.runaway_time[[place[b] for b in range(5)]]

    first, times = chain([0, 1, 2, 3, 4])
    second, times_again = chain([3, 0, 4, 1, 2])
    np.testing.assert_allclose(first, second, rtol=1e-4)
    np.testing.assert_allclose(times, times_again, rtol=1e-4)


def test_chain_of_bodies_conducts_like_a_slab():
    # Steady profile between a heated first body and surroundings at the last: straight.
    network = ThermalNetwork(ambient=(np.array([0.0]), np.array([300.0])))
    for i in range(10):
        network.add(1.0, ambient=1.0 if i == 9 else 0.0)
    for i in range(9):
        network.link(i, i + 1, 2.0)
    network.heat(0, [0.0], [4.0])
    found = simulate_network(network, KINETICS, np.array([0.0, 1e4]), initial_temperature=300.0)
    np.testing.assert_allclose(found.temperature[-1], 304.0 + 2.0 * np.arange(9, -1, -1), rtol=1e-8)


def test_limits_are_told():
    with pytest.raises(InputError, match="tolerance"):
        simulate_network(still(), KINETICS, np.array([0.0, 1.0]), initial_temperature=300.0, tolerance=0.0)
    with pytest.raises(ConvergenceError, match="more than 3 steps"):
        simulate_network(still(), KINETICS, np.array([0.0, 1e4]), initial_temperature=400.0, tolerance=1e-10, most_steps=3)


def test_zero_order_reaction_heats_steadily():
    kinetics = ReactionSet.read(
        {
            "name": "steady",
            "reference": "test",
            "states": {"a": 1.0},
            "reactions": {
                "r": {
                    "frequency_factor": 1.0,
                    "activation_energy": 1e-9,
                    "heat": 1.0,
                    "content": 1000.0,
                    "orders": {},
                    "changes": {},
                }
            },
        }
    )
    network = ThermalNetwork()
    network.add(CELL.heat_capacity, cell=CELL)
    found = simulate_network(network, kinetics, np.array([0.0, 100.0]), initial_temperature=300.0)
    np.testing.assert_allclose(found.released[-1], 1000.0 * CELL.volume * 100.0, rtol=1e-9)


def row_of_nodes(cells, nodes, vent=None):
    """Touching cells of 12 mm cut into nodes, the first one heated."""
    cell = CellBody(shape="prismatic", thickness=0.012, width=0.1, height=0.08, density=2300.0, specific_heat=1000.0, vent=vent)
    network, before = ThermalNetwork(), None
    for _ in range(cells):
        first = None
        for node in range(nodes):
            share = 1.0 / nodes
            body = network.add(cell.heat_capacity * share, ambient=0.1 * share, cell=cell, share=share, part_of=first)
            first = body if first is None else first
            if before is not None:
                network.link(before, body, 0.8 * 0.008 * nodes / 0.012 if node else 4.0)
            before = body
    for node in range(nodes):
        network.heat(node, [0.0, 120.0, 120.0], np.array([600.0, 600.0, 0.0]) / nodes)
    return network


@pytest.mark.parametrize("vent", [None, Vent(pressure=4e5, free_volume=8e-6, evaporated_mass=0.005, ejected_fraction=0.3)])
def test_windows_of_short_steps_change_nothing_but_the_cost(vent, monkeypatch):
    """One level: all bodies take all steps. Several: the same temperatures and times, energy closed to round-off."""
    network, time = row_of_nodes(6, 8, vent), np.linspace(0.0, 240.0, 5)
    with_windows = simulate_network(network, KINETICS, time, initial_temperature=298.15, tolerance=1e-6)
    whole = network_step.make_steps
    monkeypatch.setattr(network_step, "make_steps", lambda *sizes: whole(*sizes)._replace(low=np.zeros(1, dtype=np.int64)))
    without = simulate_network(network, KINETICS, time, initial_temperature=298.15, tolerance=1e-6)
    np.testing.assert_allclose(with_windows.temperature, without.temperature, rtol=5e-4)
    np.testing.assert_allclose(with_windows.runaway_time, without.runaway_time, rtol=3e-3)
    np.testing.assert_allclose(with_windows.vent_time, without.vent_time, rtol=2e-3)
    assert with_windows.energy_balance_error < 1e-12
    assert np.isfinite(with_windows.runaway_time[::8]).sum() >= (4 if vent is None else 2)


def test_bodies_of_a_cell_vent_together():
    vent = Vent(pressure=4e5, free_volume=8e-6, evaporated_mass=0.005, ejected_fraction=0.3)
    times = [
        simulate_network(row_of_nodes(1, n, vent), KINETICS, np.array([0.0, 60.0]), initial_temperature=298.15).vent_time
        for n in (1, 8)
    ]
    assert np.all(times[1] == times[1][0])
    assert times[1][0] == pytest.approx(times[0][0], rel=0.005)


def test_electrolyte_boils_where_the_cell_is_above_the_boiling_point_and_no_further():
    """200 g that would boil from a cell of 220 g: a module's cell cools to the boiling point, its cold nodes not at all."""
    vent = Vent(pressure=4e5, free_volume=8e-6, evaporated_mass=0.2)
    network = row_of_nodes(2, 8, vent)
    # The heater is on one face only: the cell is hot and cold when it vents.
    network.sources[:] = [(0, np.array([0.0, 400.0, 400.0]), np.array([150.0, 150.0, 0.0]))]
    time = np.linspace(0.0, 400.0, 4001)
    found = simulate_network(network, KINETICS, time, initial_temperature=298.15)
    opened = float(found.vent_time[0])
    before, after = np.searchsorted(time, opened) - 1, np.searchsorted(time, opened)
    boiling = vent.boiling_point()
    assert np.isfinite(opened)
    hot = found.temperature[before, :8] > boiling + 20.0
    assert 0 < hot.sum() < 8
    assert found.temperature[after, :8].max() < boiling + 30.0
    assert found.temperature[after, :8].min() > 298.0
    latent = vent.heat_of_vaporisation / vent.evaporated_molar_mass
    assert 0.0 < found.boiled[:8].sum() < 0.2 * latent
    np.testing.assert_array_equal(found.boiled[:8][~hot & (found.temperature[before, :8] < boiling - 20.0)], 0.0)
    assert found.energy_balance_error < 1e-12


def test_a_small_inventory_boils_whole_at_its_heat():
    vent = Vent(pressure=4e5, free_volume=8e-6, evaporated_mass=0.002)
    found = simulate_network(row_of_nodes(1, 8, vent), KINETICS, np.array([0.0, 60.0]), initial_temperature=298.15)
    assert found.boiled.sum() == pytest.approx(vent.heat_taken, rel=1e-12)


def test_most_steps_hold_within_windows_too():
    """A pause inside a window goes on where it was; what is given up is given up at that step."""
    network, time = row_of_nodes(3, 8), np.array([0.0, 180.0])
    whole = simulate_network(network, KINETICS, time, initial_temperature=298.15)
    pieces = thermal_network._STEPS_IN_A_PIECE
    try:
        thermal_network._STEPS_IN_A_PIECE = 7
        paused = simulate_network(network, KINETICS, time, initial_temperature=298.15)
    finally:
        thermal_network._STEPS_IN_A_PIECE = pieces
    assert paused.steps == whole.steps
    np.testing.assert_array_equal(paused.temperature, whole.temperature)
    np.testing.assert_array_equal(paused.runaway_time, whole.runaway_time)
    for most in (whole.steps // 3, whole.steps // 2 + 1):
        with pytest.raises(ConvergenceError, match=f"more than {most} steps"):
            simulate_network(network, KINETICS, time, initial_temperature=298.15, most_steps=most)


def test_counting_ends_when_enough_have_run_away():
    network = row_of_nodes(3, 8)
    run = {"initial_temperature": 298.15}
    assert count_runaways(network, KINETICS, 180.0, **run) == 3
    assert 2 <= count_runaways(network, KINETICS, 180.0, enough=2, **run) <= 3
    assert count_runaways(network, KINETICS, 10.0, enough=2, **run) == 0


def test_steps_grow_with_the_row_and_not_with_its_square():
    """Long rows take more steps, each of them of a window: bodies times steps grow like the length."""
    steps = [
        simulate_network(
            row_of_nodes(n, 4), KINETICS, np.array([0.0, 60.0 * n]), initial_temperature=298.15, tolerance=1e-4
        ).steps
        for n in (6, 12)
    ]
    assert steps[1] < 2.6 * steps[0]


def row_of_cells_burning(times, tolerance=1e-5):
    return simulate_network(row_of_nodes(3, 8), KINETICS, times, initial_temperature=298.15, tolerance=tolerance)


def test_outputs_change_no_step_and_balance_within_them():
    """Outputs lie in steps of windows and of all bodies: neither steps nor events know of them, and each closes the balance."""
    few, many = (row_of_cells_burning(times) for times in (np.array([0.0, 180.0]), np.linspace(0.0, 180.0, 901)))
    assert few.steps == many.steps
    np.testing.assert_array_equal(few.runaway_time, many.runaway_time)
    np.testing.assert_array_equal(few.temperature[-1], many.temperature[-1])
    np.testing.assert_allclose(few.ambient[-1], many.ambient[-1], rtol=1e-13)
    assert many.energy_balance_error < 1e-13
    assert np.all(np.diff(many.ambient) > -1e-9)


@pytest.mark.long
def test_runaway_is_located_within_steps():
    """The moment is that of the rates in the outputs, and does not wait for the end of a step: it hardly knows the tolerance."""
    exact, coarse = row_of_cells_burning(np.linspace(0.0, 180.0, 3601), 1e-9), row_of_cells_burning(np.array([0.0, 180.0]))
    first = slice(None, None, 8)
    assert np.isfinite(exact.runaway_time[first]).all()
    np.testing.assert_allclose(coarse.runaway_time[first], exact.runaway_time[first], rtol=2e-5)
    heat = np.empty_like(exact.extents)
    bodies = exact.extents.shape[1]
    volume, capacity = np.full(bodies, 9.6e-5 / 8), 9.6e-5 * 2.3e6
    heat_by_reaction(KINETICS.arrays(), volume, exact.temperature, exact.extents, heat)
    heating = heat.sum(axis=2).reshape(-1, 3, 8).sum(axis=2) / capacity
    for cell, moment in enumerate(exact.runaway_time[first]):
        after = int(np.argmax(heating[:, cell] >= 1.0))
        assert exact.time[after - 1] <= moment <= exact.time[after]


def test_convection_and_radiation_start_from_the_surface():
    """Steady state: what the heater gives goes through the resistance to the surface and from there to the surroundings."""
    network = ThermalNetwork(ambient=(np.array([0.0]), np.array([300.0])))
    body = network.add(100.0)
    network.expose(body, 0.1, 5e-10, 2.0)
    network.expose(body, 0.1, 5e-10, 2.0)
    network.heat(body, [0.0], [160.0])
    found = simulate_network(network, KINETICS, np.linspace(0.0, 1e5, 11), initial_temperature=300.0, tolerance=1e-8)
    surface = found.temperature[-1, 0] - 2.0 * 80.0
    assert 0.1 * (surface - 300.0) + 5e-10 * (surface**4 - 300.0**4) == pytest.approx(80.0, rel=1e-7)
    assert found.energy_balance_error < 1e-12


def test_ramped_surroundings_of_a_surface_behind_a_resistance():
    """Convection alone: g and R in series are one conductance, and the order of the method holds for it."""
    found = []
    for conductance, resistance in ((0.2, 0.0), (0.25, 1.0)):
        network = ThermalNetwork(ambient=(np.array([0.0, 100.0]), np.array([300.0, 400.0])))
        network.expose(network.add(10.0), conductance, 0.0, resistance)
        found.append(simulate_network(network, KINETICS, np.linspace(0, 200, 9), initial_temperature=300.0, tolerance=1e-9))
    np.testing.assert_allclose(found[0].temperature, found[1].temperature, rtol=1e-9)
    np.testing.assert_allclose(found[0].ambient, found[1].ambient, atol=1e-6)
