"""Diffusion in a particle that flows: one chemical potential inside and at the surface."""

from __future__ import annotations

import numpy as np
import pytest

from scalith.particle import ParticleStress, PlasticHost, simulate_plastic_particle
from scalith.quantities import ConvergenceError, InputError, Property, Source
from scalith.quantities.constants import FARADAY

ASSUMED = Source(kind="assumed")
SILICON = PlasticHost(
    youngs_modulus=80e9,
    poisson_ratio=0.22,
    tensile_yield=0.5e9,
    compressive_yield=0.5e9,
    partial_molar_volume=8.7e-6,
    maximum_concentration=2.7 / 8.7e-6,
)
FALLING = Property.from_arrays("open_circuit_voltage", {"x": [0.0, 1.0]}, [0.7, 0.1], "V", ASSUMED)
FLAT = Property.constant("open_circuit_voltage", 0.3, "V", ASSUMED)
D = Property.constant("chemical_diffusivity", 1e-16, "m2 s-1", ASSUMED)
STRONG = {"tensile_yield": 1e12, "compressive_yield": 1e12}
RADIUS = 100e-9
SECOND = RADIUS**2 / 1e-16


def test_small_strain_without_flow_is_the_elastic_particle():
    """Under constant flux J the profile is x̄ + JR/(2 D_eff) (0.6 − ρ²) and the voltage U(x_s) − S (x_s − x̄)/F."""
    gentle = SILICON.model_copy(update={"partial_molar_volume": 8.7e-5, "maximum_concentration": 115.0} | STRONG)
    flux = -1e-11
    found = simulate_plastic_particle(
        gentle, FALLING, D, RADIUS, np.linspace(0.0, 0.6 * SECOND, 16), initial=0.3, surface_flux=flux, shells=16
    )
    stress = ParticleStress(youngs_modulus=80e9, poisson_ratio=0.22, partial_molar_volume=8.7e-5)
    S = stress.strain_potential(gentle.maximum_concentration)
    slope = FARADAY * 0.6
    assert S / slope > 0.3  # it matters
    mean, ahead = float(found.mean_stoichiometry[-1]), -flux * RADIUS / (5.0 * 1e-16 * (1.0 + S / slope))
    spread = 2.5 * ahead
    inside = mean + spread * (found.shell.values**2 - 0.6)
    np.testing.assert_allclose(found.stoichiometry[-1], inside, atol=2e-3 * spread)
    expected = 0.7 - 0.6 * (mean + ahead) - S * ahead / FARADAY
    assert float(found.voltage[-1]) == pytest.approx(expected, abs=1e-5 * slope * spread / FARADAY)


@pytest.fixture(scope="module")
def flowed():
    """Filled until it flows, then left alone."""
    times = np.concatenate([np.linspace(0.0, 0.1 * SECOND, 21), 0.1 * SECOND + SECOND * np.geomspace(1e-4, 1.0, 16)])
    flux = np.where(np.arange(times.size - 1) < 20, -1.5e-9, 0.0)
    return times, flux, simulate_plastic_particle(SILICON, FALLING, D, RADIUS, times, initial=0.2, surface_flux=flux, shells=12)


@pytest.mark.long
def test_what_enters_is_inside(flowed):
    times, flux, found = flowed
    entered = -3.0 / RADIUS * np.concatenate([[0.0], np.cumsum(flux * np.diff(times))])
    np.testing.assert_allclose(found.mean_stoichiometry - 0.2, entered, atol=1e-9)


@pytest.mark.long
def test_at_rest_the_free_energy_falls_to_one_potential_and_stress_stays(flowed):
    _, _, found = flowed
    mu, energy = found.chemical_potential.values, found.free_energy.values
    assert float(np.abs(found.plastic_strain[20]).max()) > 0.01
    assert np.all(np.diff(energy[20:]) <= 1e-9 * np.abs(energy[20:-1]))
    assert np.ptp(mu[-1]) < 1e-3 * np.ptp(mu[20])
    assert float(found.voltage[-1]) == pytest.approx(-mu[-1].mean() / FARADAY, abs=1e-4)
    # What flowed keeps its misfit: the content that balances it is not even, and the shells stay under stress.
    assert np.ptp(found.stoichiometry.values[-1]) > 1e-3
    assert float(np.abs(found.hoop_stress[-1]).max()) > 10e6


@pytest.mark.long
def test_a_surface_that_is_pressed_has_a_lower_voltage_and_stress_speeds_lithium_on(flowed):
    _, _, found = flowed
    # Without stress the contents of centre and surface differ by JR/2D once the flux is steady.
    assert 0.2 < float(np.ptp(found.stoichiometry.values[20])) < 0.6 * 1.5e-9 * RADIUS / (2.0 * 1e-16)
    assert float(found.hoop_stress[20, -1]) < -0.1e9
    assert float(found.voltage[20]) < float(FALLING(x=float(found.stoichiometry[20, -1])))


def test_what_cannot_be_followed_is_named():
    with pytest.raises(ConvergenceError, match="empty or full"):
        simulate_plastic_particle(SILICON, FALLING, D, RADIUS, [0.0, SECOND], initial=0.9, surface_flux=-1e-10, shells=6)
    with pytest.raises(InputError, match="does not fall"):
        simulate_plastic_particle(SILICON, FLAT, D, RADIUS, [0.0, 1.0], initial=0.3, surface_flux=0.0)
    with pytest.raises(InputError, match="one an interval"):
        simulate_plastic_particle(SILICON, FALLING, D, RADIUS, [0.0, 1.0], initial=0.3, surface_flux=[0.0, 1.0])
    with pytest.raises(InputError, match="initial"):
        simulate_plastic_particle(SILICON, FALLING, D, RADIUS, [0.0, 1.0], initial=1.3, surface_flux=0.0)


def test_the_source_tells_runs_apart():
    sources = [
        simulate_plastic_particle(
            SILICON, FALLING, D, RADIUS, [0.0, duration], initial=start, surface_flux=0.0, shells=shells
        ).attrs["source"]
        for start, shells, duration in ((0.3, 5, 1.0), (0.4, 5, 1.0), (0.3, 6, 1.0), (0.3, 5, 2.0))
    ]
    assert len(set(sources)) == len(sources)
