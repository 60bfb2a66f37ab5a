from __future__ import annotations

import numpy as np
import pytest

from scalith.cell import LossByCurrent, LossByStress, Mesh, Simulation
from scalith.cell.kernels import layout
from scalith.cell.processes.stress_of_surface import hydrostatic_stress
from scalith.particle import ParticleStress
from scalith.quantities.constants import FARADAY

STRESS = ParticleStress(
    youngs_modulus=15e9, poisson_ratio=0.3, partial_molar_volume=3.1e-6, shifts_voltage=False, hastens_diffusion=False
)


def with_loss(cell, process, **changes):
    electrode = cell.negative_electrode
    material = electrode.material.model_copy(update={"processes": (process,), "stress": STRESS} | changes)
    return cell.model_copy(update={"negative_electrode": electrode.model_copy(update={"materials": (material,)})})


def test_at_constant_stress_the_loss_is_a_straight_line(lgm50):
    law = LossByStress(rate_constant=2.8e-7, compressive_rate_constant=1e-7, critical_stress=60e6, exponent=2.0)
    cell = with_loss(lgm50, law)
    material = cell.negative_electrode.material
    numbers = law.row(material)
    for stress, beta in ((30e6, 2.8e-7), (-30e6, 1e-7)):
        out = np.zeros(layout.STATES)
        out[layout.MEAN] = 0.5 + stress / hydrostatic_stress(material)
        LossByStress.rate(0.1, 1.0, 0.5, 0.0, 298.15, 0.0, numbers, out)
        assert out[layout.CHANGE] * material.volume_fraction == pytest.approx(beta * 0.25, rel=1e-12)


def test_what_is_lost_takes_its_lithium_and_its_surface_with_it(lgm50):
    """Loss by the charge that passes: known without solving."""
    share = 1e-2  # m2 mol-1
    cell = with_loss(lgm50, LossByCurrent(share_per_charge=share))
    simulation = Simulation(cell, mesh=Mesh(4, 3, 4, nodes=10))
    simulation.hold("current", 5.0, duration=1800.0)
    data = simulation.result()
    material = cell.negative_electrode.material
    surface = cell.plane_area * cell.negative_electrode.thickness * material.area
    # −dA/dt = β A₀ |j| with A |j| = I/F on average: A² falls as a straight line where j is even.
    passed = 5.0 * 1800.0 / FARADAY
    left = float(data.active_material_left_negative[-1])
    assert left == pytest.approx(np.sqrt(1.0 - 2.0 * share * passed / surface), rel=1e-4)
    assert left < 0.9999
    assert float(np.abs(data.lithium_error).max()) < 1e-12
    assert float(np.abs(data.charge_error).max()) < 1e-10
    lost = float(data.lithium_in_lost_material_negative[-1])
    sites = surface * material.particle_radius / 3.0 * material.maximum_concentration
    x = data.stoichiometry_negative
    assert sites * (1.0 - left) * float(x[-1]) < lost < sites * (1.0 - left) * float(x[0])


def test_a_host_that_is_used_up_ends_the_run_and_says_so(lgm50):
    cell = with_loss(lgm50, LossByCurrent(share_per_charge=50.0))
    simulation = Simulation(cell, mesh=Mesh(4, 3, 4, nodes=10))
    simulation.hold("current", 5.0, duration=3000.0)
    assert "lost its active material" in simulation.result().attrs["reason"]
