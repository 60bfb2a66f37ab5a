from __future__ import annotations

import numpy as np
import pytest

from scalith.interface import brick_layer, depleted_layer_resistance
from scalith.quantities import InputError


def test_small_potentials_and_mobile_counter_charges_are_exact():
    assert depleted_layer_resistance(1e-3) == pytest.approx(1e-3, rel=1e-3)
    for u in (0.5, 6.0, 15.0):
        assert depleted_layer_resistance(u, counter_charge="mobile") == pytest.approx(2.0 * np.expm1(0.5 * u), rel=1e-9)
    assert depleted_layer_resistance(8.0) == pytest.approx(871.05, abs=0.01)
    assert depleted_layer_resistance(8.0, 0.5) < depleted_layer_resistance(8.0)


def test_boundaries_without_resistance_leave_the_bulk():
    whole = brick_layer(0.1, 0.0, 1e-6, 1e-9, 50.0)
    assert whole.conductivity == pytest.approx(0.1)
    assert np.isinf(whole.boundary_frequency)
    halved = brick_layer(0.1, 1e-5, 1e-6, 1e-9, 50.0)
    assert halved.conductivity == pytest.approx(0.05)


def test_bad_input_is_named():
    with pytest.raises(InputError, match="reduced_potential"):
        depleted_layer_resistance(-1.0)
    with pytest.raises(InputError, match="'fixed' or 'mobile'"):
        depleted_layer_resistance(1.0, counter_charge="free")
    with pytest.raises(InputError, match="grain_size"):
        brick_layer(0.1, 1e-5, 0.0, 1e-9, 50.0)
