from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scalith.interface import ChargeTransfer, asymmetric_marcus_hush_chidsey, marcus_hush_chidsey
from scalith.interface.charge_transfer import _half_rate
from scalith.interface.kinetics import _rate
from scalith.quantities import InputError
from scalith.quantities.constants import FARADAY, GAS_CONSTANT

RT_F = GAS_CONSTANT * 298.15 / FARADAY
LAWS = [
    ChargeTransfer(exchange_current_density=0.16),
    ChargeTransfer(exchange_current_density=0.16, law="symmetric"),
    ChargeTransfer(exchange_current_density=0.16, law="coupled_ion_electron", reorganisation_energy="0.3 eV"),
]


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.law)
@given(st.floats(0.02, 0.98), st.floats(-3.0, 3.0), st.floats(-0.15, 0.15))
def test_the_overvoltage_is_the_inverse_of_the_current_and_rest_is_rest(law, x, mu, eta):
    assert law.current(x, mu, 0.0) == pytest.approx(0.0, abs=1e-16)
    assert law.overvoltage(x, mu, law.current(x, mu, eta)) == pytest.approx(eta, abs=1e-9)
    small = 1e-5
    slope = (law.current(x, mu, small * RT_F) - law.current(x, mu, -small * RT_F)) / (2.0 * small)
    assert slope == pytest.approx(float(law.exchange_current(x, mu)), rel=1e-6)


def test_the_transition_state_occupies_one_site():
    """Driven by a fixed potential φ = u + μ the current inwards is k₀ (1 − x) e^(−φ/2) whatever the potential of the solid."""
    law, phi = LAWS[0], -12.0
    for x, mu in ((0.1, -1.0), (0.6, 0.5)):
        assert law.current(x, mu, RT_F * (phi + mu)) == pytest.approx(-0.16 * (1.0 - x) * np.exp(-0.5 * phi), rel=1e-3)


def test_the_closed_form_of_the_electron_transfer_balances_in_detail_and_is_near_its_integral():
    w = np.linspace(-12.0, 12.0, 49)
    for lam in (5.0, 8.0, 12.0):
        np.testing.assert_allclose(_half_rate(w, lam), np.exp(w) * _half_rate(-w, lam), rtol=1e-12)
        np.testing.assert_allclose(_half_rate(w, lam), _rate(w, lam) / np.sqrt(4.0 * np.pi * lam), rtol=0.1)


def test_coupled_transfer_has_a_largest_current():
    law = LAWS[2]
    with pytest.raises(InputError, match="less than the largest current"):
        law.overvoltage(0.5, 0.0, 1.0)
    assert law.current(0.5, 0.0, 3.0) == pytest.approx(0.16 * 0.5 * 0.5, rel=1e-3)


def test_a_reorganisation_energy_belongs_to_one_law():
    with pytest.raises(InputError, match="with coupled_ion_electron, and with no other"):
        ChargeTransfer(exchange_current_density=1.0, reorganisation_energy=0.3)
    with pytest.raises(InputError, match="with coupled_ion_electron"):
        ChargeTransfer(exchange_current_density=1.0, law="coupled_ion_electron")


def test_asymmetric_kinetics_contain_the_symmetric_and_bend_to_their_side():
    u = np.linspace(-8.0, 8.0, 17)
    np.testing.assert_allclose(asymmetric_marcus_hush_chidsey(u, 20.0, 1e-7), marcus_hush_chidsey(u, 20.0), rtol=1e-6, atol=1e-12)
    steep = asymmetric_marcus_hush_chidsey(u, 20.0, 0.2)
    np.testing.assert_allclose(steep, -asymmetric_marcus_hush_chidsey(-u, 20.0, -0.2), rtol=1e-9, atol=1e-12)
    assert -steep[0] > steep[-1]  # γ > 0 raises the cathodic transfer coefficient
    slope = (asymmetric_marcus_hush_chidsey(1e-5, 20.0, 0.2) - asymmetric_marcus_hush_chidsey(-1e-5, 20.0, 0.2)) / 2e-5
    assert slope == pytest.approx(1.0, rel=1e-6)
    with pytest.raises(InputError, match="at most the reorganisation energy"):
        asymmetric_marcus_hush_chidsey(30.0, 20.0, 0.2)
    with pytest.raises(InputError, match="asymmetry"):
        asymmetric_marcus_hush_chidsey(1.0, 20.0, 0.6)
