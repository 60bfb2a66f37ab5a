"""Polarisation of electrolytes."""

from __future__ import annotations

import numpy as np
import pytest

from scalith.lab.titration import (
    bruce_vincent,
    extract_hebb_wagner,
    extract_mixed_conductor,
    hebb_wagner_current,
    mixed_conductor_voltage,
    newman_number,
    restricted_diffusion,
)
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


def test_a_mixed_conductor_is_told_in_ions_electrons_and_diffusivity():
    planted, geometry = (2e-3, 5e-4, 1e-10), (4e-4, 1e-4)
    time = np.geomspace(0.5, 1e3, 60)  # D t/L² from 3e-4 to 0.6
    clean = mixed_conductor_voltage(time, 1e-5, *planted, *geometry)
    # At once both carry the current, at the end electrons alone.
    ends = mixed_conductor_voltage([0.0, 1e9], 1e-5, *planted, *geometry)
    assert ends == pytest.approx(1e-5 * 4.0 / np.array([planted[0] + planted[1], planted[1]]))
    found = extract_mixed_conductor(time, clean, 1e-5, *geometry)
    assert found[:3] == pytest.approx(planted, rel=1e-6)
    numbers, scores = np.random.default_rng(4), []
    for _ in range(40):
        noisy = clean + 1e-4 * numbers.standard_normal(60)
        one = extract_mixed_conductor(time, noisy, 1e-5, *geometry)
        scores.append((np.array(one[:3]) - planted) / np.array(one[3:6]))
    assert np.std(scores, axis=0) == pytest.approx(np.ones(3), abs=0.35)
    with pytest.raises(InputError, match="towards V∞"):
        extract_mixed_conductor(time[:30], clean[:30], 1e-5, *geometry)
    with pytest.raises(InputError, match="rises with its current"):
        extract_mixed_conductor(time, clean, -1e-5, *geometry)
    # An offset of the voltmeter, or a voltage that falls but for its last sample: no conductivity is negative.
    with pytest.raises(InputError, match="V₀ of the fit: found -"):
        extract_mixed_conductor(time, clean - 2.0 * clean[0], 1e-5, *geometry)
    falling = 2.0 * clean[-1] - clean
    falling[-1] = falling[0] + clean[0]
    with pytest.raises(InputError, match="V∞ − V₀ of the fit: found -"):
        extract_mixed_conductor(time, falling, 1e-5, *geometry)
    for name, wrong in (("thickness", (-4e-4, 1e-4)), ("area", (4e-4, 0.0))):
        with pytest.raises(InputError, match=f"{name}: found .*a positive number"):
            extract_mixed_conductor(time, clean, 1e-5, *wrong)


def test_the_series_of_a_mixed_conductor_joins_its_planar_limit():
    just = 5e-3 * (1.0 + np.array([-1e-9, 1e-9]))
    one, other = mixed_conductor_voltage(just, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0)
    assert one == pytest.approx(other, rel=1e-8)
