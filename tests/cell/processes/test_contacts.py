from __future__ import annotations

import numpy as np
import pytest

from scalith.cell import CollectorCorrosion, LossOfContact, Mesh, Simulation, simulate_ageing, simulate_protocol
from scalith.quantities.constants import FARADAY

MESH = Mesh(3, 2, 3, nodes=8)


def with_process(cell, side, process):
    electrode = getattr(cell, f"{side}_electrode")
    material = electrode.material.model_copy(update={"processes": (process,)})
    return cell.model_copy(update={f"{side}_electrode": electrode.model_copy(update={"materials": (material,)})})


def test_contact_wears_with_what_passes_in_closed_form(lgm50):
    """r = r₀/(1 − β q) at every particle, with its own charge q: on average I t/(F A)."""
    share = 5.0  # m2 mol-1
    cell = with_process(lgm50, "positive", LossOfContact(initial_resistance=1e-3, share_per_charge=share))
    simulation = Simulation(cell, mesh=MESH)
    simulation.hold("current", 5.0, duration=1800.0)
    at = simulation.cell.system.at
    resistance = simulation.state[at.states : at.electrolyte]
    electrode = cell.positive_electrode
    surface = cell.plane_area * electrode.thickness * electrode.material.area
    lost = (1.0 - 1e-3 / resistance).mean()
    assert lost == pytest.approx(share * 5.0 * 1800.0 / FARADAY / surface, rel=2e-3)
    assert lost > 0.05


def test_a_corroding_collector_is_a_resistor_that_grows(lgm50):
    rate = 2e-6  # ohm s-1
    cell = with_process(lgm50, "positive", CollectorCorrosion(resistance_rate=rate))
    steps = ["Discharge at 1C for 20 minutes"]
    bare, corroding = (simulate_protocol(one, steps, mesh=MESH) for one in (lgm50, cell))
    # The resistance follows behind each step.
    np.testing.assert_allclose(corroding.voltage_contact[1:], -5.0 * rate * corroding.time.values[:-1], rtol=1e-9, atol=1e-12)
    fall = float(bare.voltage[-1] - corroding.voltage[-1])
    assert fall == pytest.approx(-float(corroding.voltage_contact[-1]), rel=2e-2)
    assert float(np.abs(corroding.charge_error).max()) < 1e-10


def test_the_resistance_is_in_the_spectrum_and_stays_with_the_state(lgm50):
    cell = with_process(lgm50, "negative", CollectorCorrosion(resistance_rate=1e-8))
    simulation = Simulation(cell, mesh=MESH, state_of_charge=0.5)
    fresh = simulation.impedance([1e3])[0]
    data = simulate_ageing(simulation, "Rest for 10 days", cycles=2)
    added = 1e-8 * 20.0 * 86400.0
    assert float(data.contact_resistance_added[-1]) == pytest.approx(added, rel=1e-9)
    assert (simulation.impedance([1e3])[0] - fresh).real == pytest.approx(added, rel=1e-3)
    again = simulate_ageing(Simulation(cell, mesh=MESH, state_of_charge=0.5), "Rest for 10 days", cycles=3, resume=data)
    assert float(again.contact_resistance_added[-1]) == pytest.approx(1.5 * added, rel=1e-9)
