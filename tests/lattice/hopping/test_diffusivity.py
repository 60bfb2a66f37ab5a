from __future__ import annotations

import numpy as np
import pytest

from scalith.lattice import (
    ClusterExpansion,
    arrhenius_fit,
    correlation_factor,
    haven_ratio,
    jump_diffusivity,
    kinetic_monte_carlo,
)
from scalith.quantities import InputError, Property, Source
from scalith.quantities.constants import FARADAY, GAS_CONSTANT
from tests.lattice.models import SQUARE, hops, host

SOURCE = Source(kind="assumed", reference="test")
T = np.array([280.0, 300.0, 330.0, 400.0])
X = np.array([0.2, 0.5, 0.8])
ENERGY = 30e3 + 10e3 * X
FACTOR = 1e-7 * (1 - X)


def law(x, T):
    return np.interp(x, X, FACTOR) * np.exp(-np.interp(x, X, ENERGY) / (GAS_CONSTANT * T))


def test_an_arrhenius_law_is_recovered():
    exact = Property.from_function("jump_diffusivity", law, {"x": X, "T": T}, "m2 s-1", SOURCE)
    fit = arrhenius_fit(exact)
    assert np.allclose(fit["activation_energy"], ENERGY, rtol=1e-9)
    assert np.allclose(fit["prefactor"], FACTOR, rtol=1e-8)
    assert np.all(fit["activation_energy_error"] < 1e-3)
    assert fit.attrs["warnings"] == []


@pytest.mark.long
def test_errors_of_the_fit_cover_the_truth():
    rng = np.random.default_rng(0)
    grid = {"x": X, "T": T}
    values = law(X[:, None], T[None, :])
    pulls = []
    for _ in range(200):
        noisy = values * np.exp(0.1 * rng.normal(size=values.shape))
        fit = arrhenius_fit(Property.from_arrays("d", grid, noisy, "m2 s-1", SOURCE, 0.1 * noisy))
        pulls.append((fit["activation_energy"].values - ENERGY) / fit["activation_energy_error"].values)
    # Errors are widened where points scatter more than their errors, so they cover a little too much.
    assert 0.75 < np.std(pulls) < 1.05
    assert abs(np.mean(pulls)) < 0.1


def test_a_bent_line_is_said():
    grid = {"x": X, "T": np.linspace(250.0, 450.0, 9)}
    bent = Property.from_function("d", lambda x, T: law(x, T) * (1 + np.exp(20 - 6e3 / T)), grid, "m2 s-1", SOURCE)
    values = bent.nominal.values
    known = Property.from_arrays("d", grid, values, "m2 s-1", SOURCE, 0.01 * values)
    assert "one activation energy does not hold" in arrhenius_fit(known).attrs["warnings"][0]


@pytest.mark.parametrize("temperatures", [[300.0], [300.0, 400.0]])
def test_what_cannot_be_fitted_is_refused(temperatures):
    values = np.zeros((3, len(temperatures)))
    flat = Property.from_arrays("d", {"x": X, "T": np.array(temperatures)}, values, "m2 s-1", SOURCE)
    with pytest.raises(InputError, match="positive values at two temperatures"):
        arrhenius_fit(flat)


def test_ratios_are_properties_and_hops_give_their_barrier():
    gas = ClusterExpansion.given(host(SQUARE), (0.0, 0.0, 0.0), 3.1)
    result = kinetic_monte_carlo(
        gas, hops(0.35), x=[0.3, 0.6], temperatures=[300.0, 600.0], cells=(16, 16, 1), trajectories=24, events=2000, seed=2
    )
    factor, ratio = correlation_factor(result), haven_ratio(result)
    assert factor.unit == ratio.unit == "1"
    assert factor.standard_error is not None
    # Without interactions the Haven ratio is the correlation factor.
    for x in factor.coordinates["x"]:
        assert float(ratio(x, 300.0)) == pytest.approx(float(factor(x, 300.0)), abs=4 * float(ratio.error(x=x, T=300.0)))
    fit = arrhenius_fit(jump_diffusivity(result))
    energy, error = fit["activation_energy"].values, fit["activation_energy_error"].values
    assert np.all(np.abs(energy - 0.35 * FARADAY) < 4 * error)
    assert np.all(error < 0.02 * FARADAY)
    free = 1e13 * 9e-20 * (1 - fit["x"].values)
    assert np.all(np.abs(fit["prefactor"].values - free) < 4 * fit["prefactor_error"].values)


def test_errors_of_the_chemical_diffusivity_are_those_of_its_factors():
    """D = Θ D_J: a tenth of D_J is a tenth of D, a twentieth of Θ a twentieth of D, and both add in squares."""
    from scalith.lattice import chemical_diffusivity
    from scalith.quantities import Property, Source

    source, x, T = Source(kind="assumed"), np.linspace(0.1, 0.9, 5), np.array([280.0, 320.0])
    jump = 1e-14 * np.exp(x)[:, None] * np.array([1.0, 3.0])
    theta = (2.0 + x)[:, None] * np.ones(2)

    def errors(of_jump, of_theta):
        D_J = Property.from_arrays("jump_diffusivity", {"x": x, "T": T}, jump, "m2 s-1", source, of_jump * jump)
        factor = Property.from_arrays("thermodynamic_factor", {"x": x, "T": T}, theta, "1", source, of_theta * theta)
        found = chemical_diffusivity(D_J, factor)
        np.testing.assert_allclose(found.values, jump * theta, rtol=1e-9)
        return found.standard_error.values / found.values.values

    np.testing.assert_allclose(errors(0.1, 0.0), 0.1, rtol=1e-9)
    np.testing.assert_allclose(errors(0.0, 0.05), 0.05, rtol=1e-9)
    np.testing.assert_allclose(errors(0.1, 0.05), np.hypot(0.1, 0.05), rtol=1e-9)
