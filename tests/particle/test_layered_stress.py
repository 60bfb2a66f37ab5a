"""Layers of an elastic particle: closed forms of one material, a core in its shell, forces and ends."""

from __future__ import annotations

import numpy as np
import pytest

from scalith.electrode import IsotropicElasticity, misfit_pressure
from scalith.particle import ParticleStress, elastic_stress, layered_elastic_stress
from scalith.quantities import InputError, Result, labelled


@pytest.mark.parametrize("geometry", ["sphere", "cylinder", "slab"])
def test_layers_of_one_material_are_the_closed_form(geometry):
    rho = np.linspace(0.0, 1.0, 201)
    profile = 0.2 + 0.3 * rho**2
    data = Result(
        {"stoichiometry": labelled(("time", "radius"), profile[None], "stoichiometry", "1")},
        {"time": labelled("time", [0.0], "time", "s"), "radius": labelled("radius", rho, "radius", "m")},
    )
    exact = elastic_stress(
        data, ParticleStress(youngs_modulus=1e10, poisson_ratio=0.3, partial_molar_volume=3e-6), 2e4, geometry=geometry
    )
    middle = 0.5 * (rho[1:] + rho[:-1])
    strain = 3e-6 * 2e4 / 3.0 * (0.2 + 0.3 * middle**2)
    found = layered_elastic_stress(rho, 1e10, 0.3, strain, geometry=geometry)
    scale = float(np.abs(exact.hoop_stress).max())
    for name in ("radial_stress", "hoop_stress"):
        between = 0.5 * (exact[name].values[0, 1:] + exact[name].values[0, :-1])
        np.testing.assert_allclose(found[name].mean("end"), between, atol=2e-3 * scale)
    assert float(found.swelling) == pytest.approx(float(exact.swelling[0]), rel=1e-4)


@pytest.mark.parametrize("core", [20e9, 80e9, 200e9])
def test_a_core_that_swells_presses_on_its_shell_as_a_composite_sphere(core):
    a = 0.6
    found = layered_elastic_stress([0.0, a, 1.0], [core, 80e9], [0.2, 0.3], [0.01, 0.0])
    particle = IsotropicElasticity(youngs_modulus=core, poisson_ratio=0.2)
    shell = IsotropicElasticity(youngs_modulus=80e9, poisson_ratio=0.3)
    pressure = float(misfit_pressure(particle, shell, 0.01, a**3))
    np.testing.assert_allclose(found.radial_stress[0], [-pressure, -pressure], rtol=1e-10)
    np.testing.assert_allclose(found.radial_stress[1], [-pressure, 0.0], rtol=1e-10, atol=1e-6 * pressure)
    np.testing.assert_allclose(found.hoop_stress[0], [-pressure, -pressure], rtol=1e-10)
    assert float(found.hoop_stress[1, 0]) > 0.0


@pytest.mark.parametrize("geometry", ["sphere", "cylinder", "slab"])
def test_what_swells_alike_is_free_of_stress_whatever_its_moduli(geometry):
    found = layered_elastic_stress([0.0, 0.3, 0.7, 1.0], [10e9, 90e9, 40e9], [0.1, 0.3, 0.25], 0.02, geometry=geometry)
    for name in ("radial_stress", "hoop_stress", "axial_stress"):
        assert float(np.abs(found[name]).max()) < 1e-6 * 90e9 * 0.02
    assert float(found.swelling) == pytest.approx(0.02)


def test_a_cylinder_has_no_net_axial_force_and_balances_inside():
    rho = np.linspace(0.0, 1.0, 11)
    E, eps = 80e9 / (1.0 + rho[1:]), 0.01 * rho[1:]
    found = layered_elastic_stress(rho, E, 0.25, eps, geometry="cylinder")
    area = np.diff(rho**2)
    assert abs(float(found.axial_stress[:, 0].values @ area)) < 1e-9 * 80e9 * 0.01
    np.testing.assert_allclose(found.radial_stress[:-1, 1], found.radial_stress[1:, 0], atol=1e-9 * 80e9 * 0.01)
    np.testing.assert_allclose(found.displacement[:-1, 1], found.displacement[1:, 0], atol=1e-12)


def test_bad_input_is_named():
    with pytest.raises(InputError, match="rising from 0 to 1"):
        layered_elastic_stress([0.1, 1.0], 1e10, 0.3, 0.01)
    with pytest.raises(InputError, match="one a layer"):
        layered_elastic_stress([0.0, 0.5, 1.0], [1e10], 0.3, 0.01)
    with pytest.raises(InputError, match="positive"):
        layered_elastic_stress([0.0, 0.5, 1.0], 1e10, 0.6, 0.01)
