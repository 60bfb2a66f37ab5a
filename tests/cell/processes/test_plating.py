from __future__ import annotations

import numpy as np
import pytest

from scalith.cell import CellSpecification, LithiumPlating, Simulation
from scalith.cell.kernels import layout
from scalith.quantities import Property, Source
from scalith.quantities.constants import FARADAY, GAS_CONSTANT

PLATING = {"rate_constant": 1e-9, "electrolyte_concentration": 1000.0}
PSI = 0.05


def plated(cell: CellSpecification, *, flat: bool = False, **changes) -> CellSpecification:
    electrode = cell.negative_electrode
    update = {"processes": (LithiumPlating(**(PLATING | changes)),)}
    if flat:
        update["open_circuit_voltage"] = Property.constant("open_circuit_voltage", PSI, "V", Source(kind="assumed"))
    material = electrode.material.model_copy(update=update)
    return cell.model_copy(update={"negative_electrode": electrode.model_copy(update={"materials": (material,)})})


def lithium(simulation: Simulation) -> np.ndarray:
    at = simulation.cell.system.at
    return simulation.state[at.states : at.electrolyte]


@pytest.mark.parametrize("reversible", [True, False])
def test_the_slopes_are_those_of_the_rate(lgm50, reversible):
    process = LithiumPlating(**PLATING, reversible=reversible)
    numbers = process.row(lgm50.negative_electrode.material)

    def rate(psi: float, c: float, z: float) -> np.ndarray:
        out = np.zeros(layout.OUTPUTS)
        LithiumPlating.rate(psi, c, 0.5, 0.0, 290.0, z, numbers, out)
        return out

    at = rate(0.03, 0.9, 2e-4)
    assert at[layout.CHANGE] == -at[layout.SIDE]
    for first, column, h in (
        (0, layout.SIDE_BY_POTENTIAL, 1e-6),
        (1, layout.SIDE_BY_SALT, 1e-6),
        (2, layout.SIDE_BY_STATE, 1e-9),
    ):
        point = np.array([0.03, 0.9, 2e-4])
        step = np.eye(3)[first] * h
        slope = (rate(*(point + step))[layout.SIDE] - rate(*(point - step))[layout.SIDE]) / (2.0 * h)
        assert at[column] == pytest.approx(slope, rel=1e-6, abs=1e-15)
        assert at[column - layout.SIDE_BY_POTENTIAL + layout.CHANGE_BY_POTENTIAL] == pytest.approx(-slope, rel=1e-6, abs=1e-15)


def test_at_one_potential_it_comes_to_its_equilibrium_exponentially(lgm50):
    k = 1e-11  # slow beside the intercalation that feeds it
    cell = plated(lgm50, flat=True, rate_constant=k)
    area, f = cell.negative_electrode.material.area, FARADAY / (GAS_CONSTANT * 298.15)
    simulation = Simulation(cell, state_of_charge=0.5)
    concentration = simulation.state[simulation.cell.system.at.salt]
    rate = k * area * np.exp(0.35 * f * PSI)
    at_last = concentration * np.exp(-f * PSI) / area
    for time in (0.3 / rate, 1.0 / rate, 6.0 / rate):
        simulation.hold("current", 0.0, duration=time - simulation.time)
        np.testing.assert_allclose(lithium(simulation), at_last * (1.0 - np.exp(-rate * time)), rtol=3e-3)


def test_what_is_not_stripped_grows_without_end(lgm50):
    cell = plated(lgm50, flat=True, rate_constant=1e-11, reversible=False, molar_volume=0.0)
    simulation = Simulation(cell, state_of_charge=0.5)
    simulation.hold("current", 0.0, duration=36000.0)
    concentration, f = 1000.0, FARADAY / (GAS_CONSTANT * 298.15)
    expected = 1e-11 * concentration * np.exp(-0.65 * f * PSI) * 36000.0
    np.testing.assert_allclose(lithium(simulation), expected, rtol=1e-3)


def test_reversible_plating_gives_all_lithium_back(lgm50):
    cell = plated(lgm50)
    simulation = Simulation(cell, temperature=278.15, state_of_charge=0.2)
    simulation.step("Charge at 1.5C until 4.2 V")
    most = float(lithium(simulation).max())
    simulation.step("Rest for 3 hours")
    simulation.step("Discharge at C/2 until 2.5 V")
    result = simulation.result()
    assert most > 1e-5
    assert lithium(simulation).min() >= -1e-12 * most
    assert float(lithium(simulation).max()) < 1e-4 * most
    assert float(np.abs(result.lithium_error).max()) < 1e-10
    assert float(np.abs(result.charge_error).max()) < 1e-10
    assert float(result.energy_error.max()) < 1e-8


def test_what_is_plated_dies_with_its_half_life(lgm50):
    """ln 2/γ₀ = 192.5 h at L = L₀, by the rate and in a cell whose plating stands still."""
    process = LithiumPlating(**PLATING, dead_lithium_decay_rate=1e-6)
    cell = plated(lgm50, dead_lithium_decay_rate=1e-6, rate_constant=1e-30)
    simulation = Simulation(cell, state_of_charge=0.5)
    at = simulation.cell.system.at
    n = (at.electrolyte - at.states) // 2
    simulation.state[at.states : at.states + n] = 1e-4
    simulation.hold("current", 0.0, duration=np.log(2.0) / 1e-6)
    assert process.companions()[0].decay_rate == 1e-6
    assert np.log(2.0) / 1e-6 / 3600.0 == pytest.approx(192.5, abs=0.05)
    assert simulation.state[at.states + n : at.electrolyte] == pytest.approx(0.5e-4, rel=1e-3)
    assert simulation.state[at.states : at.states + n] == pytest.approx(1e-4, rel=1e-9)
