"""Every run with lithium metal on a solid electrolyte says where it stands against filaments."""

from __future__ import annotations

import numpy as np
import pytest

from scalith.cell import LithiumMetal, Mesh, Simulation, read_cell, simulate_batch, simulate_discharge
from scalith.interface import PressedLithium, simulate_stripping
from scalith.quantities import InputError

MESH = Mesh(1, 3, 4, nodes=8, finest=0.1)
PRESSED = PressedLithium(toughness=1e6, interface_resistance="10 ohm cm2", stack_pressure="1 MPa", flaw="10 um")


def _garnet(**metal):
    cell = read_cell("llzo_lco_lithium")
    electrode = LithiumMetal.read({"exchange_current_density": 1000.0} | metal).electrode(cell.positive_electrode.window)
    return cell.model_copy(update={"negative_electrode": electrode})


def test_a_run_states_its_share_of_the_critical_current():
    cell = _garnet(pressed=PRESSED)
    run = simulate_discharge(cell, current=-4.5e-3, initial_state_of_charge=0.5, duration=10.0, mesh=MESH)  # 4.5 mA/cm2
    share = 45.0 / float(PRESSED.critical_current_density(298.15))
    assert run.attrs["share_of_critical_current"] == pytest.approx(share, rel=1e-6)
    assert share > 1.0
    assert "filaments are expected" in run.attrs["lithium"]
    slow = simulate_discharge(cell, current=-4.5e-5, initial_state_of_charge=0.5, duration=10.0, mesh=MESH)
    assert slow.attrs["share_of_critical_current"] == pytest.approx(share / 100.0, rel=1e-6)
    assert "expected" not in slow.attrs["lithium"]


def test_a_discharge_strips_and_says_what_voids_leave():
    cell = _garnet(pressed=PRESSED)
    run = simulate_discharge(cell, current=2e-5, initial_state_of_charge=0.9, duration=1800.0, mesh=MESH)
    share = 2e-5 / cell.plane_area / float(PRESSED.critical_stripping_current_density(298.15))
    assert run.attrs["share_of_critical_stripping_current"] == pytest.approx(share, rel=1e-6)
    alone = simulate_stripping(PRESSED, run.time.values, run.current.values / cell.plane_area)
    np.testing.assert_array_equal(run.lithium_contact_negative, alone.contact)
    assert float(run.lithium_contact_negative[-1]) < float(run.lithium_contact_negative[0]) == pytest.approx(1.0 / 9.0)
    assert ("voids are expected" in run.attrs["lithium"]) == (share > 1.0)
    assert "stripping takes" in run.attrs["lithium"]
    charge = simulate_discharge(cell, current=-2e-5, initial_state_of_charge=0.5, duration=10.0, mesh=MESH)
    assert charge.attrs["share_of_critical_stripping_current"] == 0.0
    assert "stripping" not in charge.attrs["lithium"]


def test_the_contact_is_a_resistance_of_the_cell():
    drops = [
        float(simulate_discharge(cell, current=1e-5, duration=1.0, mesh=MESH).voltage[-1])
        for cell in (_garnet(), _garnet(pressed=PRESSED))
    ]
    assert drops[0] - drops[1] == pytest.approx(1e-5 * PRESSED.area_resistance(298.15) / 1e-4, rel=1e-3)


def test_the_contact_follows_its_stack_pressure(lgm50):
    """R/f with f = P/H: half the pressure, twice the resistance, in every run of a batch."""
    cell, path = _garnet(pressed=PRESSED), "negative_electrode.pressed_lithium.stack_pressure"
    runs = simulate_batch(cell, {path: [1e6, 5e5, 2.5e5]}, current=1e-5, output_times=[1.0], mesh=MESH)
    drops = -np.diff(runs.voltage.values[:, 0])
    added = 1e-5 * PRESSED.area_resistance(298.15) / 1e-4
    np.testing.assert_allclose(drops, [added, 2.0 * added], rtol=1e-3)
    porous = dict(lgm50.negative_electrode) | {"pressed_lithium": PRESSED}
    with pytest.raises(InputError, match="pressed_lithium"):
        type(lgm50.negative_electrode).read(porous, "electrode")


def test_without_the_numbers_a_run_says_that_it_does_not_know():
    simulation = Simulation(_garnet(), mesh=MESH)
    simulation.hold("current", 4.5e-3, duration=5.0)
    assert "not known" in simulation.result().attrs["lithium"]
    assert "4.5 mA/cm2" in simulation.result().attrs["lithium"]


def test_liquid_cells_and_porous_electrodes_say_nothing():
    run = simulate_discharge("lgm50_chen2020", 1.0, duration=5.0, mesh=Mesh(4, 3, 4, nodes=8, finest=0.1))
    assert "lithium" not in run.attrs
