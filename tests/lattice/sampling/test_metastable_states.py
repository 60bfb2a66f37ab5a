from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from scalith.lattice.sampling.metastable_states import LEAST, above_tangents, frozen_states, stable_states
from scalith.lattice.sampling.sampling_warnings import sampling_warnings
from scalith.quantities import InputError
from scalith.quantities.constants import BOLTZMANN_EV

T, SITES = 298.15, 162


def states(mu, x, phi, fluctuations=None, error=1e-5):
    """One temperature of sampled states."""
    columns = {
        "x": x,
        "x_error": np.full(len(mu), 1e-5),
        "grand_potential": phi,
        "grand_potential_error": np.full(len(mu), error),
        "fluctuations": np.zeros(len(mu)) if fluctuations is None else fluctuations,
        "fluctuations_error": np.full(len(mu), 1e-5),
        "energy": np.asarray(phi) + np.asarray(mu) * np.asarray(x),
        "partial_energy": np.zeros(len(mu)),
        "partial_energy_error": np.ones(len(mu)),
        "inefficiency": np.ones(len(mu)),
    }
    data = xr.Dataset({name: (("T", "mu"), np.asarray(values)[None]) for name, values in columns.items()})
    data["grand_potential_closure"] = ("T", [0.0])
    return data.assign_coords(T=[T], mu=mu).assign_attrs(sites=SITES, cells=SITES)


def two_phases(mu):
    """Phases of x = 1/3 and 2/3 at rest that coexist at μ = 0, either one where it is stable."""
    fuller = mu > 0
    return np.where(fuller, 2.0, 1.0) / 3.0, np.where(fuller, -2.0, -1.0) / 3.0 * mu


def test_an_ideal_gas_lies_above_no_tangent():
    mu = np.linspace(-0.2, 0.2, 41)
    kT = BOLTZMANN_EV * T
    x = 1.0 / (1.0 + np.exp(-mu / kT))
    data = states(mu, x, -kT * np.log1p(np.exp(mu / kT)), x * (1.0 - x), error=0.0)
    assert stable_states(data).all()


def test_a_state_cooled_into_the_wrong_phase_is_not_stable_and_is_not_called_frozen():
    mu = np.linspace(-0.5, 0.5, 11) + 0.05
    x, phi = two_phases(mu)
    x[4], phi[4] = 2 / 3, -2 / 3 * mu[4]  # the fuller phase, 50 meV below coexistence
    data = states(mu, x, phi)
    assert np.flatnonzero(~stable_states(data)[0]).tolist() == [4]
    assert len(frozen_states(data.isel(T=0))) == 0


@pytest.mark.parametrize(("ions", "height", "found"), [(3, 0.004, True), (0, 0.004, False), (0, 0.0004, False)])
def test_ions_that_stayed_behind_are_found_by_their_grand_potential(ions, height, found):
    mu = np.linspace(-0.05, 0.05, 11) + 0.005
    x, phi = two_phases(mu)
    x[7], phi[7] = x[7] - ions / SITES, phi[7] + height
    data = states(mu, x, phi)
    assert bool(stable_states(data)[0, 7]) == (height < 0.001)
    assert frozen_states(data.isel(T=0)).tolist() == ([7] if found else [])
    assert any("ions stayed behind" in words for words in sampling_warnings(data, 100)) == found


def test_statistical_errors_are_allowed_for():
    mu = np.linspace(-0.5, 0.5, 11) + 0.05
    x, phi = two_phases(mu)
    phi[7] += 0.004
    assert above_tangents(states(mu, x, phi).isel(T=0)).any()
    assert not above_tangents(states(mu, x, phi, error=1e-3).isel(T=0)).any()


def test_the_ends_that_the_integration_is_tied_to_always_count():
    mu = np.linspace(-0.5, 0.5, 11) + 0.05
    x, phi = two_phases(mu)
    phi[[0, -1]] += 0.1
    assert stable_states(states(mu, x, phi))[0, [0, -1]].all()


LINES = st.lists(st.tuples(st.floats(0.03, 0.2), st.floats(0.05, 0.3)), min_size=1, max_size=4)
"""Steps of x and of the potential from one phase at rest to the next: two to five phases."""


def phases(lines):
    """Chemical potentials, x of each phase, and its φ(μ), shape (phase, mu); phases coexist at the ends of their lines."""
    x = np.concatenate([[0.0], np.cumsum([step for step, _ in lines])])
    coexist = np.cumsum([width for _, width in lines])
    mu = np.linspace(-0.1, coexist[-1] + 0.1, 41)
    levels = np.concatenate([[0.0], np.cumsum(np.diff(x) * coexist)])
    return mu, x, levels[:, None] - x[:, None] * mu


@settings(max_examples=60, deadline=None)
@given(LINES, st.integers(0, 2**20), st.integers(0, 12))
def test_of_any_number_of_phases_those_that_outlived_their_stability_are_left_out(lines, seed, count):
    """Where every phase was met where it is stable; none that is stable is left out, whatever the others do."""
    mu, x, phi = phases(lines)
    best = np.argmin(phi, axis=0)
    found, rng = best.copy(), np.random.default_rng(seed)
    places = rng.choice(np.arange(1, len(mu) - 1), size=count, replace=False)
    found[places] = rng.integers(len(x), size=count)
    here = np.arange(len(mu))
    unstable = ~stable_states(states(mu, x[found], phi[found, here], error=0.0))[0]
    unstable_by = phi[found, here] - phi[best, here]
    met = np.array([np.any((found == phase) & (best == phase)) for phase in range(len(x))])
    assert not np.any(unstable & (unstable_by < 1e-9))
    late = (unstable_by > 1.05 * LEAST * BOLTZMANN_EV * T) & met[best]
    assert np.all(unstable[late & (here > 0) & (here < len(mu) - 1)])


@settings(max_examples=30, deadline=None)
@given(LINES, st.floats(0.02, 0.4))
def test_a_state_whose_stoichiometry_is_not_known_accuses_no_far_one(lines, off):
    mu, x, phi = phases(lines)
    best = np.argmin(phi, axis=0)
    data = states(mu, x[best], phi.min(axis=0))
    data["x"].values[0, 20], data["x_error"].values[0, 20] = x[best[20]] - off, off
    assert stable_states(data).all()


def test_temperatures_are_judged_each_by_itself():
    mu = np.linspace(-0.5, 0.5, 11) + 0.05
    x, phi = two_phases(mu)
    wrong, low = x.copy(), phi.copy()
    wrong[4], low[4] = 2 / 3, -2 / 3 * mu[4]
    both = xr.concat([states(mu, x, phi), states(mu, wrong, low).assign_coords(T=[2 * T])], "T")
    assert np.argwhere(~stable_states(both)).tolist() == [[1, 4]]


def test_a_state_without_a_number_is_named():
    mu = np.linspace(-0.5, 0.5, 11)
    x, phi = two_phases(mu)
    phi[3] = np.nan
    with pytest.raises(InputError, match=r"grand_potential.*298\.15 K"):
        stable_states(states(mu, x, phi))
