from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scalith.lattice import (
    ClusterExpansion,
    chemical_potential,
    configurational_entropy,
    entropic_coefficient,
    metal_energy,
    open_circuit_voltage,
    semi_grand_canonical,
    thermodynamic_factor,
    two_phase_regions,
)
from scalith.lattice.phases.isotherms import isotherms, isotonic
from scalith.lattice.phases.thermodynamics import WINDOW, X_GRID
from scalith.lattice.sampling.sampling_warnings import sampling_warnings
from scalith.quantities import DomainError, InputError, Property, Source
from scalith.quantities.constants import BOLTZMANN_EV, FARADAY, GAS_CONSTANT
from tests.lattice.models import SQUARE, host


@pytest.fixture(scope="module")
def separating():
    """Square lattice gas that attracts, w = −0.06 eV: it separates below 395 K."""
    expansion = ClusterExpansion.given(host(SQUARE), (0.0, 0.0, -0.015), 3.1)
    return semi_grand_canonical(expansion, [320.0], cells=(24, 24, 1), sweeps=400, points=64, seed=2)


@pytest.fixture(scope="module")
def mixing():
    """The same above its critical temperature."""
    expansion = ClusterExpansion.given(host(SQUARE), (0.0, 0.0, -0.015), 3.1)
    return semi_grand_canonical(expansion, [600.0, 700.0], cells=(24, 24, 1), sweeps=400, points=64, seed=2)


def test_two_phases_lie_where_onsager_puts_them(separating):
    m = (1 - np.sinh(2 * 0.015 / (BOLTZMANN_EV * 320.0)) ** -4) ** 0.125
    regions = two_phase_regions(separating)[0]
    assert len(regions) == 1
    assert regions[0][0] == pytest.approx((1 - m) / 2, abs=0.02)
    assert regions[0][1] == pytest.approx((1 + m) / 2, abs=0.02)


def test_the_voltage_is_flat_between_the_phases(separating):
    voltage = open_circuit_voltage(separating, metal_energy(-2.0, "test"))
    x = np.linspace(0.2, 0.8, 13)
    # By symmetry the phases meet at μ = 0.
    assert np.allclose(voltage(x, 320.0), -2.0, atol=1.5e-3)
    assert np.all(np.diff(voltage.nominal.values[:, 0]) <= 1e-12)


def test_entropy_follows_the_lever_rule_between_the_phases(separating):
    entropy = configurational_entropy(separating)
    x = np.linspace(0.2, 0.8, 7)
    values = entropy(x, 320.0)
    assert np.allclose(values, np.interp(x, [x[0], x[-1]], [values[0], values[-1]]), atol=0.15)


def test_properties_agree_with_each_other(mixing):
    voltage = open_circuit_voltage(mixing, metal_energy(0.0, "test"))
    coefficient = entropic_coefficient(mixing)
    factor = thermodynamic_factor(mixing)
    entropy = configurational_entropy(mixing)
    x = np.linspace(0.1, 0.9, 17)
    # ∂U/∂T from the fluctuations is the difference of the voltages at two temperatures.
    difference = (voltage(x, 700.0) - voltage(x, 600.0)) / 100.0
    middle = 0.5 * (coefficient(x, 600.0) + coefficient(x, 700.0))
    assert np.abs(difference - middle).max() < 4e-5
    # Θ is −(x e/kT) dU/dx.
    slope = -(voltage(x + 0.02, 600.0) - voltage(x - 0.02, 600.0)) / 0.04 * x / (BOLTZMANN_EV * 600.0)
    assert np.abs(factor(x, 600.0) / slope - 1).max() < 0.25
    # The entropy's slope is e ∂U/∂T.
    slope = (entropy(x + 0.02, 600.0) - entropy(x - 0.02, 600.0)) / 0.04 / FARADAY
    assert np.abs(slope - coefficient(x, 600.0)).max() < 5e-5
    assert np.all(entropy.nominal.values <= GAS_CONSTANT * np.log(2) + 0.05)


def test_units_and_sources(mixing):
    assert chemical_potential(mixing).unit == "J mol-1"
    assert entropic_coefficient(mixing).unit == "V K-1"
    voltage = open_circuit_voltage(mixing, metal_energy(-1.9, "PBE"))
    assert "-1.9000 eV" in voltage.source.reference_state
    assert "assumed: PBE" in voltage.source.reference_state
    in_ev = Property.constant("lithium_energy", -1.9, "eV", Source(kind="assumed", reference="PBE"))
    assert np.allclose(open_circuit_voltage(mixing, in_ev).values, voltage.values, atol=1e-9)
    mu = chemical_potential(mixing)
    assert np.allclose(-mu.nominal.values / FARADAY - 1.9, voltage.nominal.values, atol=1e-9)


def test_a_range_that_is_too_short_is_said():
    expansion = ClusterExpansion.given(host(SQUARE), (0.0, 0.0, 0.0), 3.1)
    short = semi_grand_canonical(expansion, [300.0], np.linspace(-0.05, 0.05, 8), cells=(12, 12, 1), sweeps=50, seed=1)
    with pytest.raises(InputError, match=r"reach x = 0\.007"):
        open_circuit_voltage(short, metal_energy(0.0, "test"))


def test_wrong_arguments_are_named(mixing):
    with pytest.raises(InputError, match="semi_grand_canonical"):
        thermodynamic_factor(mixing.drop_vars("fluctuations"))
    wrong = Property.constant("lithium_energy", -1.9, "V", Source(kind="assumed", reference="x"))
    with pytest.raises(InputError, match="eV or J mol-1"):
        open_circuit_voltage(mixing, wrong)


@given(st.lists(st.floats(-10, 10), min_size=1, max_size=30))
def test_isotonic_regression_rises_and_keeps_the_mean(values):
    array = np.array(values)
    found = isotonic(array, np.ones(len(array)))
    assert np.all(np.diff(found) >= -1e-9)
    assert found.mean() == pytest.approx(array.mean(), abs=1e-9)
    if np.all(np.diff(array) >= 0):
        assert np.array_equal(found, array)


def test_between_the_phases_the_lever_rule_and_clapeyron_hold_exactly(separating):
    """And beside them the slope of a phase is its own, not that of the mixture."""
    (iso,), (value,) = isotherms(separating), entropic_coefficient(separating).nominal.values.T
    (a, b), x = iso.gaps[0], np.array(X_GRID)
    inside = (x > iso.x[a] + WINDOW) & (x < iso.x[b] - WINDOW)
    entropy = configurational_entropy(separating).nominal.values[:, 0] * BOLTZMANN_EV / GAS_CONSTANT
    assert np.allclose(entropy[inside], np.interp(x[inside], iso.x[[a, b]], iso.entropy[[a, b]]), atol=1e-9)
    assert np.ptp(value[inside]) == 0.0
    assert value[inside][0] == pytest.approx((iso.entropy[b] - iso.entropy[a]) / (iso.x[b] - iso.x[a]), abs=1e-9)
    # In the dilute phases −(k/e) ln(x/(1−x)) rules; lattice gases that attract have less entropy than ideal ones.
    tail = x < 0.002
    ideal = -BOLTZMANN_EV * np.log(x / (1 - x))
    assert np.abs(value - ideal)[tail].max() < 0.5 * BOLTZMANN_EV
    assert np.all(np.diff(value[tail]) < 0.0)


@pytest.mark.long
def test_a_gap_that_reaches_nearly_to_the_ends_leaves_dilute_phases():
    expansion = ClusterExpansion.given(host(SQUARE), (0.0, 0.0, -0.02), 3.1)
    data = semi_grand_canonical(expansion, [310.0], cells=(24, 24, 1), sweeps=400, points=64, seed=2)
    (region,) = two_phase_regions(data)[0]
    assert region[0] < 0.005 < 0.995 < region[1]
    x = np.array(X_GRID)
    found, error = (values[:, 0] for values in _with_error(entropic_coefficient(data)))
    dilute = (x < 0.6 * region[0]) | (1 - x < 0.6 * (1 - region[1]))
    assert dilute.sum() >= 4
    ideal = -BOLTZMANN_EV * np.log(x / (1 - x))
    assert np.all(np.abs(found - ideal)[dilute] < 4 * error[dilute] + 0.5 * BOLTZMANN_EV)


def _with_error(value):
    return value.nominal.values, value.standard_error.values


def test_a_charge_of_two_halves_the_voltage_and_its_slope_with_temperature(mixing):
    metal = metal_energy(-1.0, "test")
    double = mixing.assign_attrs(ion_charge=2)
    one, two = open_circuit_voltage(mixing, metal), open_circuit_voltage(double, metal)
    assert np.allclose(two.values, 0.5 * one.values, rtol=1e-12)
    assert np.allclose(two.standard_error, 0.5 * one.standard_error, rtol=1e-12)
    assert np.allclose(entropic_coefficient(double).values, 0.5 * entropic_coefficient(mixing).values, rtol=1e-12)
    assert np.array_equal(chemical_potential(double).values, chemical_potential(mixing).values)
    with pytest.raises(InputError, match="no charge of the working ion"):
        open_circuit_voltage(mixing.assign_attrs(ion_charge=0), metal)


def test_beyond_the_stoichiometries_of_the_fitted_energies_nothing_is_said(mixing):
    known = mixing.assign_attrs(known_x=[0.25, 0.75])
    whole = open_circuit_voltage(mixing, metal_energy(0.0, "test"))
    for value in (open_circuit_voltage(known, metal_energy(0.0, "test")), chemical_potential(known), entropic_coefficient(known)):
        assert value.domain["x"] == pytest.approx((0.25, 0.75))
        with pytest.raises(DomainError, match="x"):
            value(0.9, 650.0)
    cut = open_circuit_voltage(known, metal_energy(0.0, "test"))
    assert cut(0.5, 650.0) == pytest.approx(whole(0.5, 650.0), abs=1e-9)
    with pytest.raises(InputError, match=r"x = 0\.5 alone"):
        chemical_potential(mixing.assign_attrs(known_x=[0.5, 0.5]))


def test_beside_a_phase_without_energies_the_level_of_coexistence_is_not_said(separating):
    low, high = two_phase_regions(separating)[0][0]
    metal = metal_energy(-2.0, "test")
    whole = open_circuit_voltage(separating, metal)
    for known, expected in (([0.0, 0.6], (0.0, low)), ([0.4, 1.0], (high, 1.0)), ([0.0, high - 0.01], (0.0, high))):
        data = separating.assign_attrs(known_x=known)
        found = open_circuit_voltage(data, metal)
        assert found.domain["x"] == pytest.approx(expected, abs=0.013)
        x = found.coordinates["x"]
        np.testing.assert_allclose(found(x, 320.0), whole(x, 320.0), atol=1e-9)
        warned = [text for text in sampling_warnings(data, 400) if "not fitted" in text]
        assert len(warned) == (known[1] != high - 0.01)
    with pytest.raises(InputError, match=r"energies from x = 0\.3 to 0\.6, in coexistence with a phase of which none was fitted"):
        open_circuit_voltage(separating.assign_attrs(known_x=[0.3, 0.6]), metal)
