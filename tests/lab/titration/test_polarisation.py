"""Polarisation of electrolytes."""

from __future__ import annotations

import numpy as np
import pytest

from scalith.lab.titration import bruce_vincent, extract_hebb_wagner, hebb_wagner_current, newman_number, restricted_diffusion
from scalith.quantities import InputError


def test_interfaces_are_taken_off():
    """Bulk 100 ohm, at the end 250; interfaces of 30 and 50 ohm."""
    found = bruce_vincent(0.01, 0.01 / 130, 0.01 / 300, 30.0, 50.0)
    assert found == pytest.approx(100 / 250)


def test_a_single_ion_conductor_does_not_polarise():
    assert newman_number(1e-3, 1e-12, 1000.0, 1.0) == 0.0


def test_noise_gives_errors_that_cover():
    v = np.linspace(0.01, 0.2, 20)
    numbers = np.random.default_rng(1)
    current = hebb_wagner_current(v, 1e-9, 1e-8, 1e-3, 1e-4) * (1 + 0.01 * numbers.standard_normal(20))
    found = extract_hebb_wagner(v, current, 1e-3, 1e-4)
    assert abs(found.electrons - 1e-9) < 4 * found.electrons_error
    assert abs(found.holes - 1e-8) < 4 * found.holes_error


def test_wrong_numbers_are_named():
    with pytest.raises(InputError, match="not rising"):
        bruce_vincent(0.01, 1e-5, 2e-5, 1.0, 1.0)
    with pytest.raises(InputError, match="less than the voltage"):
        bruce_vincent(0.01, 1e-4, 1e-5, 200.0, 1.0)
    with pytest.raises(InputError, match="a positive number"):
        newman_number(1.0, 0.0, 1000.0, 0.3)
    with pytest.raises(InputError, match="both signs"):
        restricted_diffusion([1, 2, 3, 4], [1, 1, -1, 1], 1e-4)
    with pytest.raises(InputError, match="at least 3"):
        extract_hebb_wagner([0.1], [1.0], 1e-3, 1e-4)
