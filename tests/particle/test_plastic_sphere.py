"""A sphere at finite strain with plastic flow."""

from __future__ import annotations

import numpy as np
import pytest

from scalith.particle import ParticleStress, PlasticHost, elastic_stress, simulate_plastic_sphere
from scalith.quantities import InputError, Result, labelled

SILICON = PlasticHost(
    youngs_modulus=80e9,
    poisson_ratio=0.22,
    tensile_yield=0.5e9,
    compressive_yield=0.5e9,
    partial_molar_volume=8.7e-6,
    maximum_concentration=2.7 / 8.7e-6,
)
RHO = np.linspace(0.0, 1.0, 81)


def test_small_swelling_is_the_elastic_sphere():
    gentle = SILICON.model_copy(update={"partial_molar_volume": 8.7e-12, "tensile_yield": 1e12, "compressive_yield": 1e12})
    profile = 0.4 + 0.3 * RHO**2
    found = simulate_plastic_sphere(gentle, RHO, profile[None])
    over = ("time", "radius")
    grid = {"time": labelled("time", [0.0], "time", "s"), "radius": labelled("radius", RHO, "radius", "m")}
    data = Result({"stoichiometry": labelled(over, profile[None] - 0.4 - 0.18, "stoichiometry", "1")}, grid)
    elastic = ParticleStress(youngs_modulus=80e9, poisson_ratio=0.22, partial_molar_volume=8.7e-12)
    expected = elastic_stress(data, elastic, SILICON.maximum_concentration)
    assert float(found.surface_hoop_stress[0]) == pytest.approx(float(expected.hoop_stress[0, -1]), rel=5e-5)
    assert float(found.centre_stress[0]) == pytest.approx(float(expected.hoop_stress[0, 0]), rel=3e-4)


def test_an_even_change_swells_it_without_stress():
    found = simulate_plastic_sphere(SILICON, RHO, np.repeat(np.linspace(0.0, 1.0, 6)[:, None], RHO.size, axis=1))
    assert float(np.abs(found.hoop_stress).max()) < 1e-9 * SILICON.tensile_yield
    np.testing.assert_allclose(found.swelling, (1.0 + 2.7 * np.linspace(0.0, 1.0, 6)) ** (1.0 / 3.0) - 1.0, rtol=1e-9)


def test_forces_balance_and_the_surface_flows_at_its_yield_stress():
    growing = 0.2 + np.linspace(0.0, 0.15, 40)[:, None] * (RHO**2 - 0.6)
    found = simulate_plastic_sphere(SILICON, RHO, growing)
    # The outermost shells flow: their stresses differ by the yield stress (Kirchhoff's, a little larger pressed).
    difference = (found.radial_stress - found.hoop_stress).values[-1]
    np.testing.assert_allclose(difference[-10:], 0.5e9, rtol=0.015)
    assert float(found.surface_hoop_stress[-1]) == pytest.approx(-0.5e9, rel=0.02)
    # dσ_r/d ln r = −2(σ_r − σ_θ): with flow throughout, a logarithm.
    outer = found.radial_stress.values[-1, -10:]
    J = 1.0 + 2.7 * 0.5 * (growing[-1, 1:] + growing[-1, :-1])
    nodes = np.concatenate([[0.0], np.cumsum(J * np.diff(RHO**3))]) ** (1.0 / 3.0)  # swelling alone, but for elastic strains
    middle = 0.5 * (nodes[1:] + nodes[:-1])[-10:]
    slope = (outer[-1] - outer[0]) / np.log(middle[-1] / middle[0])
    assert slope == pytest.approx(-2.0 * 0.5e9, rel=0.03)
    # Hydrostatic at the centre.
    assert float(found.radial_stress[-1, 0]) == pytest.approx(float(found.hoop_stress[-1, 0]), rel=0.01)


def test_a_cycle_costs_work_and_elastic_ones_do_not():
    turn = np.concatenate([np.linspace(0.0, 0.1, 30), np.linspace(0.1, -0.1, 60), np.linspace(-0.1, 0.0, 30)])
    path = 0.5 + turn[:, None] * (RHO**2 - 0.6)
    flowing = simulate_plastic_sphere(SILICON, RHO, path)
    assert abs(float(flowing.surface_hoop_stress[-1])) > 0.1e9
    strong = SILICON.model_copy(update={"tensile_yield": 1e13, "compressive_yield": 1e13})
    elastic = simulate_plastic_sphere(strong, RHO, path)
    assert float(np.abs(elastic.hoop_stress[-1]).max()) < 1e3


def test_springs_that_stay_per_atom_of_the_host_give_the_stresses_that_were_calculated_elsewhere():
    """Case P06, its first turning point: −0.506 and 1.216 GPa; with 80 GPa in the swollen host the centre has 1.36."""
    rho, share = np.linspace(0.0, 1.0, 41), np.linspace(0.0, 1.0, 9)
    path = (0.1 + 0.08 * share)[:, None] + 0.1 * share[:, None] * (rho**2 - 0.6)
    found = simulate_plastic_sphere(SILICON.with_constant_springs(), rho, path)
    assert float(found.surface_hoop_stress[-1]) == pytest.approx(-0.506e9, abs=2e6)
    assert float(found.centre_stress[-1]) == pytest.approx(1.216e9, abs=5e6)
    assert float(simulate_plastic_sphere(SILICON, rho, path).centre_stress[-1]) == pytest.approx(1.362e9, abs=5e6)


def test_the_modulus_may_follow_the_content():
    soft = SILICON.with_constant_springs()
    np.testing.assert_allclose(soft.modulus([0.0, 0.5, 1.0]), 80e9 / (1.0 + 2.7 * np.array([0.0, 0.5, 1.0])), rtol=1e-6)
    assert float(PlasticHost(**SILICON.model_dump() | {"youngs_modulus": "80 GPa"}).modulus(0.3)) == 80e9
    with pytest.raises(InputError, match="positive values"):
        PlasticHost(**SILICON.model_dump() | {"youngs_modulus": -1.0})


@pytest.mark.parametrize(
    ("rho", "x", "said"),
    [(RHO[1:], np.zeros((2, 80)), "rho"), (RHO, np.zeros(81), "profiles"), (RHO, np.full((2, 81), 1.5), "profiles")],
)
def test_bad_input(rho, x, said):
    with pytest.raises(InputError, match=said):
        simulate_plastic_sphere(SILICON, rho, x)
