from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scalith.interface import constant_field_flux, salt_diffusivity, salt_transference_number
from scalith.quantities import InputError
from scalith.quantities.constants import FARADAY, GAS_CONSTANT

THERMAL = GAS_CONSTANT * 300.0 / FARADAY


@given(st.floats(1e-3, 1e3), st.floats(1e-3, 1e3), st.sampled_from([-2, -1, 1, 2]))
def test_no_flux_at_the_nernst_potential(inside, outside, charge):
    nernst = -THERMAL / charge * np.log(inside / outside)
    flux = constant_field_flux(1.0, inside, outside, nernst, 300.0, charge=charge)
    assert abs(flux) < 1e-9 * max(inside, outside)


def test_limits_of_no_field_and_of_strong_fields():
    assert constant_field_flux(2.0, 5.0, 3.0, 0.0, 300.0) == pytest.approx(4.0)
    assert constant_field_flux(2.0, 5.0, 3.0, 1e-9, 300.0) == pytest.approx(4.0, rel=1e-6)
    drift = 40.0
    assert constant_field_flux(1.0, 5.0, 3.0, drift * THERMAL, 300.0) == pytest.approx(5.0 * drift)
    assert constant_field_flux(1.0, 5.0, 3.0, -drift * THERMAL, 300.0) == pytest.approx(-3.0 * drift)
    assert np.isfinite(constant_field_flux(1.0, 5.0, 3.0, np.array([-100.0, 100.0]), 300.0)).all()
    equal = constant_field_flux(1.0, 5.0, 5.0, np.array([0.1, 0.2]), 300.0)
    assert equal[1] == pytest.approx(2.0 * equal[0])


@given(st.floats(1e-3, 1e3), st.floats(1e-3, 1e3))
def test_a_salt_lies_between_its_ions_and_carries_no_current(cation, anion):
    D = salt_diffusivity(cation, anion)
    assert min(cation, anion) * (1 - 1e-12) <= D <= max(cation, anion) * (1 + 1e-12)
    assert pytest.approx(2.0 * anion * salt_transference_number(cation, anion)) == D
    # Fluxes of both ions with the field that keeps the current zero.
    field = (anion - cation) / (cation + anion)
    assert cation * (1.0 + field) == pytest.approx(D)
    assert anion * (1.0 - field) == pytest.approx(D)


def test_bad_input_is_named():
    with pytest.raises(InputError, match="anion"):
        salt_diffusivity(1.0, 0.0)
    with pytest.raises(InputError, match="temperature"):
        constant_field_flux(1.0, 1.0, 1.0, 0.0, 0.0)
