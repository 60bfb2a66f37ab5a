"""Diffusivities from spectra."""

from __future__ import annotations

import numpy as np
import pytest

from scalith.lab.impedance import diffusivity_from_warburg, diffusivity_of_element, fit_circuit, parse_circuit, warburg_bias
from scalith.lab.measurement import spectrum
from scalith.quantities import InputError
from scalith.quantities.constants import FARADAY

RADIUS, DIFFUSIVITY, AREA, SLOPE = 5e-6, 1e-14, 0.1, -2e-5
TIME = RADIUS**2 / DIFFUSIVITY
RESISTANCE = abs(SLOPE) * RADIUS / (FARADAY * AREA * DIFFUSIVITY)
GIVEN = {"potential_slope": SLOPE, "area": AREA, "length": RADIUS}


def test_the_plane_has_no_bias_and_the_sphere_loses_its_own_with_frequency():
    assert np.allclose(warburg_bias("slab", np.geomspace(1e3, 1e5, 30)), 1.0, atol=1e-6)
    assert abs(warburg_bias("sphere", np.geomspace(1e5, 1e7, 30))[0] - 1) < 1e-4


def test_the_bias_of_the_slope_is_taken_off_and_said():
    f = np.geomspace(1e-4, 1, 81)
    z = parse_circuit("R0-S1").impedance(f, [1e-3, RESISTANCE, TIME])
    low, high = 10 / TIME / 2 / np.pi, 1e3 / TIME / 2 / np.pi
    found = diffusivity_from_warburg(spectrum(f, z), low, high, **GIVEN)
    assert found.value == pytest.approx(DIFFUSIVITY, rel=1e-6)
    assert "this bias is taken off" in found.note


def test_the_element_gives_it_directly():
    f = np.geomspace(1e-4, 1e3, 60)
    z = parse_circuit("R0-p(R1-S1,Q1)").impedance(f, [1e-3, 2e-3, RESISTANCE, TIME, 1, 0.95])
    numbers = np.random.default_rng(1)
    z = z + 2e-3 * np.abs(z) * (numbers.standard_normal(60) + 1j * numbers.standard_normal(60))
    found = diffusivity_of_element(fit_circuit("R0-p(R1-S1,Q1)", spectrum(f, z)), "S1", RADIUS)
    assert found.low < DIFFUSIVITY < found.high
    assert found.value == pytest.approx(DIFFUSIVITY, rel=0.05)


def test_wrong_questions_are_answered():
    f = np.geomspace(1e-2, 1, 30)
    data = spectrum(f, parse_circuit("R0-p(R1,C1)").impedance(f, [1, 1, 1]))
    with pytest.raises(InputError, match="at least four"):
        diffusivity_from_warburg(data, 5.0, 6.0, **GIVEN)
    with pytest.raises(InputError, match="sphere"):
        diffusivity_from_warburg(data, 0.01, 1.0, shape="spere", **GIVEN)
    with pytest.raises(InputError, match="no element of finite diffusion"):
        diffusivity_of_element(fit_circuit("R0-p(R1,C1)", data), "R1", 1e-6)
