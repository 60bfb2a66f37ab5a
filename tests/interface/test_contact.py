from __future__ import annotations

import numpy as np
import pytest

from scalith.interface import constriction_resistance, contact_resistance
from scalith.quantities import InputError


def test_few_discs_are_isolated_and_many_touch_better():
    f = np.array([1e-8, 0.1, 0.3])
    R = constriction_resistance(1e-6, f, 0.05)
    assert R[0] * f[0] / (np.pi * 1e-12) == pytest.approx(1.0 / (4.0 * 0.05 * 1e-6), rel=2e-4)
    assert np.all(np.diff(R) < 0.0)


def test_pressure_opens_the_contact_as_its_square_root():
    R = contact_resistance(np.array([1e2, 1e4]), 9e6, 1e-5, 0.05)
    assert R[0] / R[1] == pytest.approx(10.0, rel=0.05)


def test_bad_input_is_named():
    with pytest.raises(InputError, match="of the hardness"):
        contact_resistance(5e6, 9e6, 1e-5, 0.05)
    with pytest.raises(InputError, match="area_fraction"):
        constriction_resistance(1e-6, 0.5, 0.05)
    with pytest.raises(InputError, match="conductivity"):
        constriction_resistance(1e-6, 0.1, 0.0)
