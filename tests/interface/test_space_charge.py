from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scalith.interface import debye_length, depletion_width, gouy_chapman_field, reduced_field, space_charge
from scalith.quantities import InputError


def test_debye_lengths_of_a_tenth_molar_salt_in_water():
    assert 1e9 * debye_length(100.0, 78.4, 298.15, ions=2) == pytest.approx(0.961, abs=1e-3)
    assert debye_length(100.0, 78.4, 298.15) == pytest.approx(np.sqrt(2.0) * debye_length(100.0, 78.4, 298.15, ions=2))
    assert debye_length(100.0, 78.4, 298.15, charge=2) == pytest.approx(0.5 * debye_length(100.0, 78.4, 298.15))


@given(st.floats(-6.0, 6.0), st.floats(0.0, 0.95))
def test_the_first_integral_is_that_of_poissons_equation(u, occupation):
    step = 1e-5
    energy = lambda v: 0.5 * float(reduced_field(v, occupation)) ** 2  # noqa: E731
    occupied = np.exp(-u) / (1.0 - occupation + occupation * np.exp(-u))
    slope = (energy(u + step) - energy(u - step)) / (2.0 * step)
    assert slope == pytest.approx(1.0 - occupied, abs=1e-6 * max(1.0, occupied))


def test_a_very_dilute_ion_has_the_field_of_the_dilute_limit():
    assert float(reduced_field(1.0, 1e-300)) == pytest.approx(float(reduced_field(1.0)), rel=1e-12)


def test_small_potentials_screen_exponentially_and_the_branches_meet():
    assert float(gouy_chapman_field(1e-3)) == pytest.approx(1e-3, rel=1e-6)
    for occupation in (0.0, 0.3):
        inside, outside = (float(reduced_field(u, occupation)) / u for u in (0.99999e-4, 1.00001e-4))
        assert inside == pytest.approx(outside, rel=1e-7)


@given(st.floats(-0.3, 0.6), st.sampled_from([None, 60.0, 200.0]))
def test_the_charge_of_the_layer_balances_the_field(potential, sites):
    data = space_charge(potential, 50.0, 60.0, site_concentration=sites, points=2000)
    total = np.trapezoid(data.charge_density, data.depth)
    assert total == pytest.approx(float(data.surface_charge), rel=2e-3, abs=1e-9)
    assert np.all(np.diff(data.depth) > 0.0)
    if sites is not None:
        assert float(data.concentration.max()) <= sites * (1.0 + 1e-12)


def test_capacitance_is_the_slope_of_the_charge():
    high, low = (space_charge(0.2 + step, 50.0, 60.0) for step in (1e-5, -1e-5))
    slope = -float(high.surface_charge - low.surface_charge) / 2e-5
    assert float(space_charge(0.2, 50.0, 60.0).differential_capacitance) == pytest.approx(slope, rel=1e-6)
    at_rest = space_charge(0.0, 50.0, 60.0)
    assert float(at_rest.surface_charge) == 0.0
    assert float(at_rest.differential_capacitance) == pytest.approx(
        float(space_charge(1e-6, 50.0, 60.0).differential_capacitance), rel=1e-4
    )


def test_below_a_lattice_spacing_the_answer_is_flagged_and_sites_are_finite():
    assert space_charge(-0.05, 1.0, 60.0).attrs["continuum_holds"] == 1
    wall = space_charge(-0.5, 1.0, 60.0)  # a dilute ion would reach 2.8e8 mol/m3 there
    assert wall.attrs["continuum_holds"] == 0
    assert float(wall.concentration.max()) < 62000.0
    data = space_charge(-0.5, 42000.0, 60.0)
    assert data.attrs["continuum_holds"] == 0
    assert "less than the distance of sites" in data.attrs["continuum"]
    assert float(data.concentration.max()) < 62000.0


def test_depletion_tends_to_the_exact_charge():
    from scalith.quantities.constants import FARADAY

    data = space_charge(3.0, 50.0, 60.0)
    assert -float(data.surface_charge) / (FARADAY * 50.0) == pytest.approx(depletion_width(3.0, 50.0, 60.0), rel=5e-3)


def test_bad_input_is_named():
    with pytest.raises(InputError, match="concentration"):
        debye_length(-1.0, 60.0, 300.0)
    with pytest.raises(InputError, match="more than the 42000"):
        space_charge(0.1, 42000.0, 60.0, site_concentration=1000.0)
    with pytest.raises(InputError, match="potential"):
        depletion_width(-1.0, 50.0, 60.0)
    with pytest.raises(InputError, match="a charge, and a positive permittivity"):
        depletion_width(1.0, 1.0, 60.0, charge=0)
    with pytest.raises(InputError, match="a positive number in SI"):
        debye_length("1 mol/L", 80.0, 300.0)
    with pytest.raises(InputError, match="a number in V"):
        space_charge("0.1 V", 1.0, 80.0)
    with pytest.raises(InputError, match="0 to below 1"):
        reduced_field(1.0, 1.0)
