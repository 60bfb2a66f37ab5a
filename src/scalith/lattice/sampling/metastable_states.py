r"""Sampled states that are not those of equilibrium, told by their grand potential.

In equilibrium φ(μ) is concave and x = −∂φ/∂μ: no state lies above the tangent of another,

.. math::

    φ_k ≤ φ_j - x_j (μ_k - μ_j).

One that does was cooled into a phase that is stable at other chemical potentials only, or with ions that stayed behind where they
froze. States of a phase have one grand potential in common, those with other ions at rest each its own
(`scalith.lattice.sampling.grand_potential`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from scalith.lattice.sampling.grand_potential import AT_REST, ONE_ION
from scalith.quantities import InputError
from scalith.quantities.constants import BOLTZMANN_EV

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

LEAST = 0.02
"""Height above a tangent that does not count, in kT per site: what the integration over temperatures leaves out."""
FEWEST_ERRORS = 5.0
"""Standard errors above a tangent that do not count."""
SAME_PHASE = 0.03
"""Difference of x within which two states at rest may be of one phase; what is farther off is a mixture of two."""


def above_tangents(state: xr.Dataset) -> NDArray[np.bool_]:
    """Whether state k lies above the tangent of state j, by more than the errors of both, at one temperature; shape (k, j).

    Raises
    ------
    InputError
        A state without a finite stoichiometry, grand potential or error.
    """
    names = ("mu", "x", "x_error", "grand_potential", "grand_potential_error")
    mu, x, x_error, phi, error = (state[name].values for name in names)
    for name in names:
        if len(lost := np.flatnonzero(~np.isfinite(state[name].values))):
            found = f"{state[name].values[lost[0]]} at {float(state['T']):g} K and mu = {mu[lost[0]]:g} eV"
            raise InputError("sampled states", name, found, "finite values")
    away = mu[:, None] - mu
    height = phi[:, None] - (phi - x * away)
    doubt = np.sqrt(error[:, None] ** 2 + error**2 + (x_error * away) ** 2)
    return np.asarray(height > LEAST * BOLTZMANN_EV * float(state["T"]) + FEWEST_ERRORS * doubt)


def stable_states(data: xr.Dataset) -> NDArray[np.bool_]:
    """States that lie above no tangent of another, shape (T, mu); the first and the last, dilute ones, always count."""
    found = np.array([~above_tangents(data.isel(T=k)).any(axis=1) for k in range(data.sizes["T"])])
    found[:, [0, -1]] = True
    return found


def frozen_states(state: xr.Dataset) -> NDArray[np.intp]:
    """States at rest, at one temperature, above the tangent of another at rest in the same phase that holds other ions."""
    x, resting = state["x"].values, state["fluctuations"].values < AT_REST
    apart = np.abs(x[:, None] - x)
    alike = resting[:, None] & resting & (apart < SAME_PHASE) & (apart * float(state.attrs["sites"]) > ONE_ION)
    frozen = (above_tangents(state) & alike).any(axis=1)
    frozen[[0, -1]] = False
    return np.flatnonzero(frozen)
