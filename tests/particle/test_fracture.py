from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scalith.particle import ParisLaw, critical_size, penny_crack_intensity, safe_rate
from scalith.particle.fracture import WORST_INTENSITY
from scalith.quantities import InputError
from tests.particle.test_elastic_stress import DENSITY, STRESS

LAW = ParisLaw(coefficient=3.9e-20, exponent=2.2)


def test_the_worst_crack_is_at_its_extremum():
    a = np.sqrt(0.15)
    K = penny_crack_intensity(1.0, np.array([0.999 * a, a, 1.001 * a]), 1.0)
    assert K[1] == pytest.approx(WORST_INTENSITY, rel=1e-12)
    assert K[1] > max(K[0], K[2])


def test_the_safe_rate_puts_the_worst_crack_at_the_toughness():
    radius, D, toughness = 8e-6, 7.08e-15, 0.5e6
    rate = float(safe_rate(STRESS, DENSITY, D, toughness, radius))
    flux = radius * rate / (3.0 * 3600.0)
    centre = STRESS.youngs_modulus * STRESS.partial_molar_volume * DENSITY * flux * radius / (15.0 * 0.7 * D)
    assert float(penny_crack_intensity(centre, np.sqrt(0.15) * radius, radius)) == pytest.approx(toughness, rel=1e-9)


@given(st.floats(1.2, 4.0), st.floats(1.0, 100.0))
def test_cycles_and_length_are_inverse(exponent, growth):
    law = ParisLaw(coefficient=1e-9 / (1.12 * 6e7 * np.sqrt(np.pi * 2e-8)) ** exponent, exponent=exponent)
    cycles = law.cycles(2e-8, 2e-8 * growth, 6e7)
    assert float(law.length(2e-8, cycles, 6e7)) == pytest.approx(2e-8 * growth, rel=1e-6)
    assert cycles < law.blow_up(2e-8, 6e7)


def test_published_numbers_and_the_end_without_bound():
    assert float(LAW.cycles(20e-9, 40e-9, 60e6)) == pytest.approx(172.8, abs=0.1)
    assert LAW.blow_up(20e-9, 60e6) == pytest.approx(2580.8, abs=0.1)
    assert np.isinf(LAW.length(20e-9, 3000.0, 60e6))


def test_bad_input_is_named():
    with pytest.raises(InputError, match="below the radius"):
        penny_crack_intensity(1e6, 2.0, 1.0)
    with pytest.raises(InputError, match="at least the starting length"):
        LAW.cycles(20e-9, 10e-9, 60e6)
    with pytest.raises(InputError, match="toughness"):
        safe_rate(STRESS, DENSITY, 1e-14, -1.0, 1e-6)
    with pytest.raises(InputError, match="fracture_energy"):
        critical_size(0.0, 1e11, 1e9)
