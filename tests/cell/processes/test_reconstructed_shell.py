from __future__ import annotations

import numpy as np
import pytest

from scalith.cell import (
    LithiumPlating,
    LossByCurrent,
    LossByIsolation,
    LossByStress,
    Mesh,
    ReconstructedShell,
    Simulation,
    simulate_ageing,
)
from scalith.cell.ageing.inventory import Inventory
from scalith.quantities import InputError

MESH = Mesh(3, 2, 3, nodes=8)
SHELL = ReconstructedShell(rate_constant=5e-15, diffusivity=2.5e-23, conductivity=1e-5)


def test_a_shell_grows_by_reaction_then_by_diffusion_and_takes_host_with_its_lithium(lgm50):
    """s/k + s²/(2 D) = t, whatever the potential."""
    electrode = lgm50.positive_electrode
    material = electrode.material.model_copy(update={"processes": (SHELL,)})
    cell = lgm50.model_copy(update={"positive_electrode": electrode.model_copy(update={"materials": (material,)})})
    simulation = Simulation(cell, mesh=MESH, state_of_charge=0.6)
    data = simulate_ageing(simulation, "Rest for 30 days", cycles=4)
    t, s = data.end_time.values, data.shell_thickness_positive.values
    np.testing.assert_allclose(s / SHELL.rate_constant + s**2 / (2.0 * SHELL.diffusivity), t, rtol=2e-3)
    assert s[-1] ** 2 / (2.0 * SHELL.diffusivity) > 0.4 * t[-1]
    lost = data.active_material_lost_positive.values
    np.testing.assert_allclose(lost, 3.0 * s / material.particle_radius, rtol=1e-6)
    assert float(np.abs(data.lithium_error).max()) < 1e-11
    held = data.lithium_in_particles_positive.values + data.lithium_in_lost_material_positive.values
    np.testing.assert_allclose(held, held[0], rtol=1e-9)


def test_a_shell_adds_its_resistance(lgm50):
    electrode = lgm50.positive_electrode
    numbers = SHELL.row(electrode.material)
    share = 0.01
    thickness = share * electrode.material.particle_radius / 3.0
    assert numbers[0] * share == pytest.approx(thickness / SHELL.conductivity, rel=1e-12)


def test_two_shells_are_both_in_the_account(lgm50):
    electrode = lgm50.positive_electrode
    material = electrode.material.model_copy(update={"processes": (SHELL, SHELL)})
    cell = lgm50.model_copy(update={"positive_electrode": electrode.model_copy(update={"materials": (material,)})})
    simulation = Simulation(cell, mesh=MESH)
    inventory = Inventory(simulation.cell)
    shells = [entry for entry in inventory.entries if isinstance(entry.process, ReconstructedShell)]
    for entry, share in zip(shells, (0.01, 0.02), strict=True):
        simulation.state[entry.states] = share
    thickness = inventory.read(simulation.state)["shell_thickness_positive"]
    assert thickness == pytest.approx(0.03 * material.particle_radius / 3.0, rel=1e-12)


def test_a_lithium_metal_has_none(lgm50):
    material = lgm50.negative_electrode.material.model_copy(update={"metal_thickness": 1e-5})
    others = [LossByCurrent(share_per_charge=1.0), LossByIsolation(), LossByStress(rate_constant=1e-7, critical_stress=1e7)]
    for process in (SHELL, LithiumPlating(rate_constant=1e-9, electrolyte_concentration=1e3), *others):
        with pytest.raises(InputError, match=f"{process.kind} on a lithium metal"):
            process.refuse(material)
