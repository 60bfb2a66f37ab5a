"""Misfit, debonding and delamination by energy."""

from __future__ import annotations

import numpy as np
import pytest

from scalith.electrode import (
    IsotropicElasticity,
    debonding_radius,
    delamination_energy,
    misfit_pressure,
    sphere_lattice,
    stress_from_eigenstrain,
)
from scalith.quantities import InputError

ACTIVE = IsotropicElasticity(youngs_modulus="140 GPa", poisson_ratio=0.3)
SULFIDE = IsotropicElasticity(youngs_modulus="22.1 GPa", poisson_ratio=0.37)


def test_a_sphere_in_argyrodite_bears_the_known_pressure():
    assert float(misfit_pressure(ACTIVE, SULFIDE, 0.01)) / 1e9 == pytest.approx(0.295, abs=0.001)
    # In its own material: Eshelby, 2E ε/(3(1 − ν)).
    same = misfit_pressure(SULFIDE, SULFIDE, 0.01)
    assert float(same) == pytest.approx(2.0 * 22.1e9 * 0.01 / (3.0 * (1.0 - 0.37)), rel=1e-12)


def test_voxels_agree():
    image = sphere_lattice(32, 1e-7, 0.06)  # 8 voxels in the radius
    share = image.volume_fractions["sphere"]
    found = stress_from_eigenstrain(image, {"matrix": SULFIDE, "sphere": ACTIVE}, {"sphere": -0.01}, tolerance=1e-3)
    inside = float(found.hydrostatic_stress.values[image.mask("sphere")].mean())
    assert inside == pytest.approx(-float(misfit_pressure(ACTIVE, SULFIDE, -0.01, share)), rel=0.08)


def test_debonding_is_where_the_energy_is_that_of_the_surface():
    radius = debonding_radius(ACTIVE, SULFIDE, [-0.01, -0.02], 1.0)
    pressure = misfit_pressure(ACTIVE, SULFIDE, [0.01, 0.02])
    np.testing.assert_allclose(2.0 * np.pi * radius**3 * pressure * [0.01, 0.02], 4.0 * np.pi * radius**2)
    assert radius[0] / radius[1] == pytest.approx(4.0)
    assert debonding_radius(ACTIVE, SULFIDE, 0.0, 1.0) == np.inf


def test_energy_freed_by_delamination_is_that_of_the_stressed_layers():
    h, strain = 20e-6, 0.002
    thin = delamination_energy(ACTIVE, h, strain)
    stress = 140e9 * strain / 0.7
    assert float(thin) == pytest.approx((1.0 - 0.09) * stress**2 * h / (2.0 * 140e9), rel=1e-12)
    # Two like layers share the misfit: a quarter of the energy in each.
    both = delamination_energy(ACTIVE, h, strain, substrate_thickness=h)
    assert float(both) == pytest.approx(0.5 * float(thin), rel=1e-12)
    # Which of the two is called the layer does not matter.
    one = delamination_energy(ACTIVE, h, strain, substrate=SULFIDE, substrate_thickness=3.0 * h)
    other = delamination_energy(SULFIDE, 3.0 * h, -strain, substrate=ACTIVE, substrate_thickness=h)
    assert float(one) == pytest.approx(float(other), rel=1e-12)


@pytest.mark.parametrize(
    "call",
    [
        lambda: misfit_pressure(ACTIVE, SULFIDE, 0.01, 1.0),
        lambda: misfit_pressure(ACTIVE, IsotropicElasticity(youngs_modulus=0.0), 0.01),
        lambda: debonding_radius(ACTIVE, SULFIDE, 0.01, 0.0),
        lambda: delamination_energy(ACTIVE, 0.0, 0.01),
    ],
)
def test_bad_numbers(call):
    with pytest.raises(InputError):
        call()
