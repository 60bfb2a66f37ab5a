"""Grand potentials of states whose phases, exact in mean field or by symmetry, outlive their stability."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scalith.lattice import ClusterExpansion, phase_boundaries, semi_grand_canonical
from scalith.lattice.sampling.grand_potential import States, grand_potentials
from scalith.quantities import InputError
from scalith.quantities.constants import BOLTZMANN_EV
from tests.lattice.models import SQUARE, host

W, SITES = 0.12, 1000
"""Ions attract each other in mean field, e = W x (1 − x): phases part below W/2k = 696 K and coexist at μ = 0."""


def branch(T, mu, fuller):
    """x of the emptier or the fuller phase at μ, where it exists; a root of μ = W (1 − 2x) + kT ln(x/(1 − x))."""
    kT = BOLTZMANN_EV * T
    x = np.full(np.shape(mu), 1.0 - 1e-12 if fuller else 1e-12)
    for _ in range(4000):
        x = 1.0 / (1.0 + np.exp(-(mu - W * (1.0 - 2.0 * x)) / kT))
    return x


def planted(T, mu, fuller, error=2e-4, seed=0):
    """States (one temperature) in the emptier or the fuller phase with their exact φ, and averages with noise."""
    kT, rng = BOLTZMANN_EV * T, np.random.default_rng(seed)
    x = np.where(fuller, branch(T, mu, True), branch(T, mu, False))
    phi = W * x * (1.0 - x) + kT * (x * np.log(x) + (1.0 - x) * np.log1p(-x)) - mu * x
    variance = 1.0 / (1.0 / (x * (1.0 - x)) - 2.0 * W / kT)
    shown = x + error * np.sqrt(variance) * rng.standard_normal(len(mu))
    columns = [shown, error * np.sqrt(variance), variance, 0.05 * variance, W * x * (1 - x) - mu * x]
    columns += [np.full(len(mu), 1e-5), (W * (1 - 2 * x) - mu) ** 2 * variance]
    return phi, States(*(np.atleast_2d(column) for column in columns))


MU = np.linspace(-0.25, 0.25, 61)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**20), st.floats(-0.02, 0.02), st.floats(0.0, 0.02))
def test_phases_that_outlive_their_stability_shift_no_potential(seed, off, mixed):
    """Chains leave a phase up to 20 meV late, and by chance one by one: by φ = −∫x dμ alone coexistence would be as far off."""
    rng, T = np.random.default_rng(seed), 350.0
    fuller = off + mixed * rng.uniform(-1.0, 1.0, len(MU)) < MU
    phi, states = planted(T, MU, fuller, seed=seed)
    found, error, _ = grand_potentials(np.array([T]), MU, states, (0.0, 0.0), SITES, True)
    assert np.all(error < 5e-5)
    assert np.all(np.abs(found[0] - phi) < 5.0 * error[0])


def test_along_the_chemical_potential_alone_it_would_not_close():
    T, late = 350.0, 0.012
    _, states = planted(T, MU, late < MU)
    _, _, closure = grand_potentials(np.array([T]), MU, states, (0.0, 0.0), SITES, True)
    assert closure[0] == pytest.approx(late, abs=5e-3)


def test_states_cooled_through_a_jump_of_the_energy_do_not_pull_others():
    """Half of the chains change their phase while they are cooled, below where both had one grand potential."""
    T, mu = np.array([360.0, 350.0, 340.0]), np.concatenate([np.linspace(-0.25, -0.02, 20), np.linspace(0.021, 0.25, 21)])
    rows = []
    for k, temperature in enumerate(T):
        fuller = mu > 0.0
        fuller[[15, 16, 17, 18, 19]] = [k == 0, False, k == 0, False, k == 0]
        rows.append(planted(temperature, mu, fuller, seed=k))
    states = States(*(np.concatenate(columns) for columns in zip(*(own for _, own in rows), strict=True)))
    found, error, _ = grand_potentials(T, mu, states, (0.0, 0.0), SITES, True)
    exact = np.array([phi for phi, _ in rows])
    assert np.all(np.abs(found - exact) < np.maximum(5.0 * error, 1e-6))
    assert error.max() < 3e-4


def test_a_phase_that_reaches_no_dilute_end_is_not_said_to_be_known():
    """An ordered phase between two jumps, at one temperature: its grand potential may be anything within kT."""
    x = np.concatenate([np.full(10, 1e-6), np.full(10, 0.5), np.full(10, 1 - 1e-6)])
    still = np.full((1, 30), 1e-6)
    states = States(x[None], still, still, still, -MU[None, :30] * x, still, still)
    _, error, _ = grand_potentials(np.array([300.0]), MU[:30], states, (0.0, 0.0), SITES, True)
    assert error[0, 12:18].min() > 0.3 * BOLTZMANN_EV * 300.0
    assert error[0, [3, 26]].max() < 1e-5


def test_two_thirds_of_stated_errors_hold_what_they_are_for():
    """Integration within one phase: φ scatters about its exact value by its error."""
    pulls = []
    for seed in range(60):
        phi, states = planted(900.0, MU, MU > 0.0, error=0.02, seed=seed)
        found, error, _ = grand_potentials(np.array([900.0]), MU, states, (0.0, 0.0), SITES, True)
        pulls.append((found[0] - phi)[5:-5:10] / error[0, 5:-5:10])
    assert 0.7 < np.sqrt(np.mean(np.square(pulls))) < 1.4


def test_a_state_that_is_no_number_is_named():
    _, states = planted(350.0, MU, MU > 0.0)
    states.omega[0, 7] = np.nan
    with pytest.raises(InputError, match="omega"):
        grand_potentials(np.array([350.0]), MU, states, (0.0, 0.0), SITES, True)


@pytest.mark.long
def test_coexistence_of_the_lattice_gas_is_covered_by_its_error_up_to_near_the_critical_point():
    """By symmetry the square lattice gas of Σ J σσ' coexists at μ = 0 at all temperatures below T_c (Onsager 1944)."""
    J, ratios = 0.01, (0.8, 0.9, 0.97)
    expansion = ClusterExpansion.given(host(SQUARE), (0.0, 0.0, -J), 3.1)
    T = np.array(ratios) * J / (BOLTZMANN_EV * 0.5 * np.log(1.0 + np.sqrt(2.0)))
    found = {ratio: [] for ratio in ratios}
    for seed in range(20):
        at = phase_boundaries(semi_grand_canonical(expansion, T, cells=(16, 16, 1), sweeps=100, points=32, seed=seed))
        for k in range(at.sizes["region"]):
            ratio = ratios[int(np.argmin(np.abs(T - float(at["T"][k]))))]
            found[ratio].append((float(at["chemical_potential"][k]), float(at["chemical_potential_error"][k])))
    for pairs in found.values():
        level, error = np.array(pairs).T
        assert len(level) >= 18
        assert 0.7 < np.sqrt(np.mean((level / error) ** 2)) < 1.5
        # Along μ alone they were off by 300 to 700 µeV.
        assert np.sqrt(np.mean(level**2)) < 100e-6


def test_one_chemical_potential_is_integrated_over_temperatures_alone():
    _, states = planted(400.0, MU[:1], MU[:1] > 0.0)
    found, error, _ = grand_potentials(np.array([400.0]), MU[:1], states, (0.0, 0.0), SITES, True)
    assert found[0, 0] == pytest.approx(BOLTZMANN_EV * 400.0 * np.log1p(-states.x[0, 0]), abs=1e-9)
    assert error[0, 0] < 1e-5
