"""Elements in closed form: limits, identities, and derivatives against differences."""

from __future__ import annotations

import numpy as np
import pytest

from scalith.lab.impedance import ELEMENTS, blocked_diffusion, parse_circuit
from scalith.lab.impedance.elements import DIMENSIONS, coth

FREQUENCIES = np.geomspace(1e-3, 1e5, 33)


@pytest.mark.parametrize(
    "text", [*(f"{symbol}1" for symbol in ELEMENTS), "t(R1,p(R2-S1,Q1))", "t(R1,R2,p(R3,C1))", "p(R1-Ws1,Q1)"]
)
def test_derivatives_are_those_of_differences(text):
    circuit = parse_circuit(text)
    numbers = np.random.default_rng(3)
    values = np.array([numbers.uniform(0.5, 0.95) if p.exponent else np.exp(numbers.normal(-1, 1)) for p in circuit.parameters])
    s = 2j * np.pi * FREQUENCIES
    z, rows = circuit.with_derivatives(s, values)
    for k, row in enumerate(rows):
        step = 1e-5 * values[k]
        up, down = values.copy(), values.copy()
        up[k] += step
        down[k] -= step
        difference = (circuit.with_derivatives(s, up)[0] - circuit.with_derivatives(s, down)[0]) / (2 * step)
        assert np.all(np.abs(difference - row) <= 1e-6 * np.abs(row) + 1e-9 * np.abs(z) / values[k])


@pytest.mark.parametrize("shape", DIMENSIONS)
def test_diffusion_at_low_frequency_is_a_capacitor_and_a_resistor(shape):
    d = DIMENSIONS[shape]
    value, _ = blocked_diffusion(np.sqrt(1j * np.array([1e-5])), shape)
    assert value[0].real == pytest.approx(1 / (d + 2), rel=1e-8)
    assert value[0].imag * 1e-5 == pytest.approx(-d, rel=1e-9)


@pytest.mark.parametrize("shape", DIMENSIONS)
def test_both_forms_of_diffusion_meet(shape):
    values, slopes = blocked_diffusion(np.sqrt(1j * np.array([1 - 1e-9, 1 + 1e-9])), shape)
    assert values[0] == pytest.approx(values[1], rel=1e-8)
    assert slopes[0] == pytest.approx(slopes[1], rel=1e-7)


@pytest.mark.parametrize("shape", DIMENSIONS)
def test_diffusion_at_high_frequency_is_planar(shape):
    u = np.sqrt(1j * np.array([1e14]))
    assert blocked_diffusion(u, shape)[0][0] * u[0] == pytest.approx(1.0, rel=1e-6)


def test_hyperbolic_cotangent_neither_overflows_nor_cancels():
    u = np.array([1e-9, 0.5 + 0.5j, 800.0 + 800.0j])
    assert np.allclose(coth(u), [1e9, 1 / np.tanh(0.5 + 0.5j), 1.0], rtol=1e-12)


def test_special_cases_agree():
    f = FREQUENCIES
    pairs = [
        ("HN1", [2, 1e-3, 0.8, 1.0], "Zarc1", [2, 1e-3, 0.8]),
        ("Zarc1", [2, 1e-3, 1.0], "K1", [2, 1e-3]),
        ("Wop1", [2, 1e-3, 0.5], "Wo1", [2, 1e-3]),
        ("Wsp1", [2, 1e-3, 0.5], "Ws1", [2, 1e-3]),
        ("TLMQ1", [2, 1e-3, 0.8], "t(R1,Q1)", [2, 1e-3, 0.8]),
        ("p(R1,C1)", [2, 1e-3], "K1", [2, 2e-3]),
        ("t(R1,R2,Q1)", [1e-12, 3, 1e-3, 0.8], "t(R2,Q1)", [3, 1e-3, 0.8]),
        ("CPE1", [1e-3, 0.8], "Q1", [1e-3, 0.8]),
    ]
    for first, own, second, other in pairs:
        assert np.allclose(parse_circuit(first).impedance(f, own), parse_circuit(second).impedance(f, other), rtol=1e-11), first
