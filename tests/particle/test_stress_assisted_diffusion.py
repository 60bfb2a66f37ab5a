from __future__ import annotations

import pytest

from scalith.particle import ParticleStress, simulate_particle, stress_assisted_diffusivity
from scalith.quantities import InputError, Property, Source
from scalith.quantities.constants import FARADAY, GAS_CONSTANT

PLAIN = Property.constant("chemical_diffusivity", 7.08e-15, "m2 s-1", Source(kind="assumed"))
MANGANATE = {
    "partial_molar_volume": 3.497e-6,
    "youngs_modulus": 1e10,
    "poisson_ratio": 0.3,
    "maximum_concentration": 2.29e4,
}


def test_the_factor_of_manganese_spinel_is_that_of_the_paper():
    made = stress_assisted_diffusivity(PLAIN, **MANGANATE)
    assert float(made(1.0)) / 7.08e-15 - 1.0 == pytest.approx(0.359, abs=5e-4)
    assert float(made(0.0)) == pytest.approx(7.08e-15)
    assert made.source.parents == (PLAIN.digest,)


def test_stress_hastens_the_stoichiometry_of_a_particle():
    common = {"initial": 0.1, "surface_value": 0.9, "nodes": 30}
    plain = simulate_particle(PLAIN, 5e-6, 300.0, **common)
    assisted = simulate_particle(stress_assisted_diffusivity(PLAIN, **MANGANATE), 5e-6, 300.0, **common)
    assert float(assisted.mean_stoichiometry[-1]) > float(plain.mean_stoichiometry[-1]) + 0.01


def test_bad_numbers_are_named():
    with pytest.raises(InputError, match="poisson_ratio"):
        stress_assisted_diffusivity(PLAIN, **MANGANATE | {"poisson_ratio": 0.6})
    with pytest.raises(InputError, match="above zero"):
        stress_assisted_diffusivity(PLAIN, **MANGANATE | {"youngs_modulus": 1e12}, stress_free=0.9)


def test_a_full_surface_is_pressed_and_its_voltage_lower():
    """S = 2Ω²E c_max/9(1 − ν) is the factor of the diffusivity times RT: both come from one stress."""
    numbers = dict(MANGANATE)
    density = numbers.pop("maximum_concentration")
    particle = ParticleStress(**numbers)
    made = particle.diffusivity(PLAIN, density)
    assert made.digest == stress_assisted_diffusivity(PLAIN, **MANGANATE).digest
    S = particle.strain_potential(density)
    assert pytest.approx(float(made(1.0)) / float(made(0.0)) - 1.0, rel=1e-9) == S / (GAS_CONSTANT * 298.15)
    assert particle.surface_voltage(density, 0.6, 0.5) == pytest.approx(-0.1 * S / FARADAY)
