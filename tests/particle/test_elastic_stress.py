from __future__ import annotations

import numpy as np
import pytest

from scalith.particle import ParticleStress, elastic_stress, galvanostatic_stress, simulate_particle
from scalith.quantities import InputError
from tests.particle.test_stress_assisted_diffusion import MANGANATE, PLAIN

NUMBERS = dict(MANGANATE)
DENSITY = NUMBERS.pop("maximum_concentration")
STRESS = ParticleStress(**NUMBERS)


@pytest.mark.parametrize(("geometry", "d"), [("sphere", 3), ("cylinder", 2), ("slab", 1)])
def test_force_and_volume_are_balanced(geometry, d):
    data = simulate_particle(PLAIN, 5e-6, 300.0, initial=0.2, surface_value=0.7, nodes=200, finest=1.0, geometry=geometry)
    found = elastic_stress(data, STRESS, DENSITY, geometry=geometry)
    r, radial, hoop = data.radius.values, found.radial_stress[-1].values, found.hoop_stress[-1].values
    if d == 1:
        assert abs(np.trapezoid(hoop, r)) < 1e-4 * np.abs(hoop).max() * r[-1]
    else:
        around = np.gradient(r ** (d - 1) * radial, r, edge_order=2)[10:-10] / ((d - 1) * r[10:-10] ** (d - 2))
        np.testing.assert_allclose(around, hoop[10:-10], atol=5e-3 * np.abs(hoop).max())
        assert abs(radial[-1]) < 1e-9 * np.abs(radial).max()
    # However x is spread, a free body grows as much as by its mean: by a third of the volume strain along each axis.
    strain = STRESS.partial_molar_volume * DENSITY / 3.0
    mean = data.mean_stoichiometry.values
    np.testing.assert_allclose(found.swelling.values, strain * mean, rtol=1e-4 if d < 3 else 1e-6)
    assert np.all(found.strain_energy.values >= 0.0)


def test_a_uniform_particle_is_free_of_stress_and_grows():
    data = simulate_particle(PLAIN, 5e-6, 10.0, initial=0.5, nodes=30)
    found = elastic_stress(data, STRESS.model_copy(update={"stress_free": 0.2}), DENSITY)
    assert float(np.abs(found.hoop_stress.values).max()) < 1.0
    assert float(found.swelling[0]) == pytest.approx(0.3 * 3.497e-6 * DENSITY / 3.0)


def test_constant_flux_ends_in_the_closed_form():
    radius, D = 5e-6, 7.08e-15
    data = simulate_particle(PLAIN, radius, 0.4 * radius**2 / D, initial=0.2, surface_flux=-2e-10)
    found = elastic_stress(data, STRESS, DENSITY)
    radial, hoop = galvanostatic_stress(STRESS, DENSITY, D, radius, -2e-10, data.radius.values / radius)
    np.testing.assert_allclose(found.radial_stress[-1], radial, atol=2e-3 * radial[0])
    np.testing.assert_allclose(found.hoop_stress[-1], hoop, atol=2e-3 * radial[0])
    assert radial[0] > 0.0  # while it fills the centre is in tension


def test_large_strain_and_odd_bodies_are_named():
    data = simulate_particle(PLAIN, 5e-6, 1.0, initial=0.5, nodes=10, time_steps=2)
    with pytest.raises(InputError, match="small strain"):
        elastic_stress(data, STRESS, 3e5)
    with pytest.raises(InputError, match="small strain"):
        STRESS.strain_potential(3e5)
    with pytest.raises(InputError, match="'cylinder'"):
        elastic_stress(data, STRESS, DENSITY, geometry="cube")
