from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from scalith.lattice.sampling.metastable_states import above_tangents, frozen_states, stable_states
from scalith.lattice.sampling.sampling_warnings import sampling_warnings
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
    assert bool(stable_states(data)[0, 7]) == (ions == 0)  # a grand potential alone, off that of its phase, tells nothing of x
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


def test_states_that_changed_their_phase_while_cooled_accuse_no_other():
    mu = np.linspace(-0.5, 0.5, 21)
    x, phi = two_phases(mu)
    near = np.flatnonzero((mu > -0.11) & (mu < 0.11))
    phi[near] -= 0.004  # partly that of the other phase
    x[near[-1]] = 1 / 3  # and one fell back into it: at 0.1 eV it is the emptier phase that is not of equilibrium
    assert np.flatnonzero(~stable_states(states(mu, x, phi))[0]).tolist() == [near[-1]]
