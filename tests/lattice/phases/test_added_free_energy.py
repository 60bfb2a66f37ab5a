"""Free energies added to sampled states: everything that leaves follows from one g(x, T)."""

from __future__ import annotations

import numpy as np
import pytest

from scalith.lattice import (
    ClusterExpansion,
    add_free_energies,
    chemical_potential,
    configurational_entropy,
    entropic_coefficient,
    metal_energy,
    open_circuit_voltage,
    phase_boundaries,
    semi_grand_canonical,
    thermodynamic_factor,
)
from scalith.quantities import InputError, Property, Source
from scalith.quantities.constants import BOLTZMANN_EV, FARADAY
from tests.lattice.models import SQUARE, host

X = np.linspace(0.15, 0.85, 15)


@pytest.fixture(scope="module")
def ideal():
    gas = ClusterExpansion.given(host(SQUARE), (0.0, 0.0, 0.0), 3.1)
    return semi_grand_canonical(gas, [300.0, 320.0], cells=(24, 24, 1), sweeps=400, points=64, seed=2)


def added(function, unit="eV"):
    grid = {"x": np.linspace(0.0, 1.0, 9), "T": np.array([280.0, 300.0, 320.0, 340.0])}
    return Property.from_function("vibrational_free_energy", function, grid, unit, Source(kind="assumed", reference="planted"))


def test_a_mixing_term_makes_the_regular_solution(ideal):
    # f = Ω x(1 − x) with Ω = 3 kT at 300 K: the binodal of the regular solution.
    omega = 3.0 * BOLTZMANN_EV * 300.0
    total = add_free_energies(ideal, added(lambda x, T: omega * x * (1 - x) + 0 * T))
    found = phase_boundaries(total)
    assert found["T"].values.tolist() == [300.0, 320.0]
    low = 0.0707  # of ln(x/(1 − x)) = −3 (1 − 2x)
    assert float(found["x_low"][0]) == pytest.approx(low, abs=0.02)
    assert float(found["x_high"][0]) == pytest.approx(1 - low, abs=0.02)
    # μ = Ω at 0 by symmetry, flat between the phases.
    mu = chemical_potential(total)(X, 300.0) / FARADAY
    assert np.abs(mu).max() < 2e-3


def test_temperature_enters_entropy_and_entropic_coefficient(ideal):
    slope = 4e-5
    total = add_free_energies(ideal, added(lambda x, T: -slope * T * x**2))
    # ∂μ/∂T changes by −2 slope x, the entropy by slope x².
    change = entropic_coefficient(total)(X, 310.0) - entropic_coefficient(ideal)(X, 310.0)
    assert np.allclose(change, 2 * slope * X, atol=1.5e-6)
    entropy = configurational_entropy(total)(X, 310.0) - configurational_entropy(ideal)(X, 310.0)
    assert np.allclose(entropy, slope * FARADAY * X**2, atol=0.02)
    before, after = (open_circuit_voltage(data, metal_energy(0.0, "test"))(X, 310.0) for data in (ideal, total))
    assert np.allclose(after - before, 2 * slope * 310.0 * X, atol=5e-4)


def test_curvature_enters_the_thermodynamic_factor(ideal):
    total = add_free_energies(ideal, added(lambda x, T: 0.05 * FARADAY * x**2 + 0 * T, "J mol-1"))
    expected = 1 / (1 - X) + X * 0.1 / (BOLTZMANN_EV * 300.0)
    assert np.allclose(thermodynamic_factor(total)(X, 300.0), expected, rtol=0.08)


def test_nothing_added_changes_nothing(ideal):
    total = add_free_energies(ideal, added(lambda x, T: 0 * x * T))
    assert np.allclose(chemical_potential(total)(X, 300.0), chemical_potential(ideal)(X, 300.0), atol=30)


def test_what_does_not_fit_is_named(ideal):
    cold = Property.from_arrays("f", {"x": [0.0, 1.0], "T": [10.0, 20.0]}, np.zeros((2, 2)), "eV", Source(kind="assumed"))
    with pytest.raises(InputError, match="holds 300"):
        add_free_energies(ideal, cold)
    with pytest.raises(InputError, match="eV per site"):
        add_free_energies(ideal, Property.constant("f", 1.0, "V", Source(kind="assumed")))
