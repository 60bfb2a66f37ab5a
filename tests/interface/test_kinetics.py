from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scalith.interface import (
    butler_volmer,
    charge_transfer_resistance,
    linear,
    marcus_hush_chidsey,
    overvoltage_property,
    tafel,
    tafel_slope,
)
from scalith.quantities import InputError
from scalith.quantities.constants import FARADAY, GAS_CONSTANT


def test_one_decade_of_current_takes_118_mV():
    assert tafel_slope(0.5, 298.15) == pytest.approx(0.1183, abs=5e-5)
    step = tafel_slope(0.5, 298.15) * FARADAY / (GAS_CONSTANT * 298.15)
    assert butler_volmer(20.0 + step) / butler_volmer(20.0) == pytest.approx(10.0, rel=1e-6)


@given(st.floats(0.1, 0.9))
def test_every_law_has_the_slope_of_the_exchange_current_at_rest(alpha):
    small = 1e-6
    laws = [lambda u: butler_volmer(u, alpha), linear, lambda u: marcus_hush_chidsey(u, 5.0 + 60.0 * alpha)]
    for law in laws:
        assert float(law(np.array(small)) - law(np.array(-small))) == pytest.approx(2.0 * small, rel=1e-6)


def test_resistance_is_the_slope_of_the_current():
    i0, T, eta = 3.0, 310.0, 1e-7
    current = i0 * butler_volmer(FARADAY * eta / (GAS_CONSTANT * T))
    assert eta / current == pytest.approx(charge_transfer_resistance(i0, T), rel=1e-6)


def test_marcus_hush_chidsey_reduces_to_butler_volmer_and_then_flattens():
    u = np.array([0.01, 0.1, 0.5])
    np.testing.assert_allclose(marcus_hush_chidsey(u, 150.0), butler_volmer(u), rtol=2e-3)
    assert marcus_hush_chidsey(80.0, 10.0) == pytest.approx(marcus_hush_chidsey(60.0, 10.0), rel=1e-3)
    np.testing.assert_allclose(marcus_hush_chidsey(-u, 20.0), -marcus_hush_chidsey(u, 20.0), rtol=1e-12)


def test_tafel_is_butler_volmer_without_the_back_reaction():
    assert tafel(12.0) == pytest.approx(butler_volmer(12.0), rel=1e-5)
    assert tafel(-12.0) == pytest.approx(butler_volmer(-12.0), rel=1e-5)


def test_the_property_follows_its_law_and_rejects_nonsense():
    law = overvoltage_property(lambda u: marcus_hush_chidsey(u, 20.0), reach=30.0, nodes=801)
    assert law(3.3) == pytest.approx(float(marcus_hush_chidsey(3.3, 20.0)), rel=1e-5)
    with pytest.raises(InputError, match="between 0 and 200"):
        marcus_hush_chidsey(1.0, 0.0)
