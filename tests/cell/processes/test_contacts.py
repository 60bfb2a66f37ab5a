from __future__ import annotations

import numpy as np
import pytest

from scalith.cell import (
    CollectorCorrosion,
    Collectors,
    LossOfContact,
    Mesh,
    Simulation,
    Tab,
    simulate_ageing,
    simulate_discharge,
    simulate_in_plane,
    simulate_protocol,
)
from scalith.cell.ageing.inventory import Inventory
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
    cell = with_process(lgm50, "positive", CollectorCorrosion(resistance_rate=rate * lgm50.plane_area))
    steps = ["Discharge at 1C for 20 minutes"]
    bare, corroding = (simulate_protocol(one, steps, mesh=MESH) for one in (lgm50, cell))
    # The resistance follows behind each step.
    np.testing.assert_allclose(corroding.voltage_contact[1:], -5.0 * rate * corroding.time.values[:-1], rtol=1e-9, atol=1e-12)
    fall = float(bare.voltage[-1] - corroding.voltage[-1])
    assert fall == pytest.approx(-float(corroding.voltage_contact[-1]), rel=2e-2)
    assert float(np.abs(corroding.charge_error).max()) < 1e-10


def test_the_resistance_is_in_the_spectrum_and_stays_with_the_state(lgm50):
    cell = with_process(lgm50, "negative", CollectorCorrosion(resistance_rate=1e-8 * lgm50.plane_area))
    simulation = Simulation(cell, mesh=MESH, state_of_charge=0.5)
    fresh = simulation.impedance([1e3])[0]
    data = simulate_ageing(simulation, "Rest for 10 days", cycles=2)
    added = 1e-8 * 20.0 * 86400.0
    assert float(data.contact_resistance_added[-1]) == pytest.approx(added, rel=1e-9)
    assert (simulation.impedance([1e3])[0] - fresh).real == pytest.approx(added, rel=1e-3)
    again = simulate_ageing(Simulation(cell, mesh=MESH, state_of_charge=0.5), "Rest for 10 days", cycles=3, resume=data)
    assert float(again.contact_resistance_added[-1]) == pytest.approx(1.5 * added, rel=1e-9)


def test_patches_of_a_cell_corrode_as_the_whole(lgm50):
    """The rate is per area: patches in parallel gain together what the cell gains."""
    cell = with_process(lgm50, "positive", CollectorCorrosion(resistance_rate="2e-7 ohm m2 / s"))
    cell = cell.model_copy(update={"contact_resistance": 1e-3})
    foil = {"negative_thickness": 1e-5, "positive_thickness": 1e-5, "negative_conductivity": 1e12, "positive_conductivity": 1e12}
    tab = Tab(edge="top", centre=0.05, width=0.1)
    sheet = Collectors(width=0.1, height=0.1, negative_tab=tab, positive_tab=tab, **foil)
    steps = ["Discharge at 1C for 10 minutes"]
    run = simulate_in_plane(cell, sheet, steps, patches=(2, 2), mesh=MESH)
    plain = simulate_discharge(cell, 1.0, output_times=run.time.values, mesh=MESH)
    np.testing.assert_allclose(run.voltage, plain.voltage.sel(time=run.time), atol=1e-3)
    assert 5.0 * 2e-7 * 600.0 / cell.plane_area > 5e-3  # what four patches would lack three quarters of


def test_two_of_a_kind_on_one_material_add_up_in_the_account(lgm50):
    one = LossOfContact(initial_resistance=1e-3, share_per_charge=5.0)
    material = lgm50.positive_electrode.material.model_copy(update={"processes": (one, one)})
    electrode = lgm50.positive_electrode.model_copy(update={"materials": (material,)})
    simulation = Simulation(lgm50.model_copy(update={"positive_electrode": electrode}), mesh=MESH)
    assert Inventory(simulation.cell).read(simulation.state)["contact_resistance_positive"] == pytest.approx(2e-3, rel=1e-12)
