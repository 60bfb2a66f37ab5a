r"""Sampled states that are not those of equilibrium, told by their grand potential.

In equilibrium φ(μ) is concave and x = −∂φ/∂μ: no state lies above the tangent of another,

.. math::

    φ_k ≤ φ_j - x_j (μ_k - μ_j).

One that does was cooled into a phase that is stable at other chemical potentials only, or with ions that stayed behind where they
froze. (A lattice that follows late on its way down in temperature has its grand potential too high, never too low.)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from scalith.quantities.constants import BOLTZMANN_EV

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

LEAST = 0.02
"""Height above a tangent that does not count, in kT per site: what the integration over temperatures leaves out."""
FEWEST_ERRORS = 5.0
"""Standard errors above a tangent that do not count."""
AT_REST = 1e-3
"""Variance of the number of ions per site below which a state is an ordered one at rest."""
SAME_PHASE = 0.03
"""Difference of x within which two states at rest are one phase; what is farther off is a mixture of two."""


def above_tangents(state: xr.Dataset) -> NDArray[np.bool_]:
    """Whether state k lies above the tangent of state j, by more than the errors of both, at one temperature; shape (k, j)."""
    mu, x, phi, error = (state[name].values for name in ("mu", "x", "grand_potential", "grand_potential_error"))
    height = phi[:, None] - (phi - x * (mu[:, None] - mu))
    allowed = LEAST * BOLTZMANN_EV * float(state["T"]) + FEWEST_ERRORS * np.hypot(error[:, None], error)
    return np.asarray(height > allowed)


def stable_states(data: xr.Dataset) -> NDArray[np.bool_]:
    """States that lie above no tangent, shape (T, mu); the first and the last, which the integration is tied to, always count."""
    stable = np.array([~above_tangents(data.isel(T=k)).any(axis=1) for k in range(data.sizes["T"])])
    stable[:, [0, -1]] = True
    return stable


def frozen_states(state: xr.Dataset) -> NDArray[np.intp]:
    """States at rest, at one temperature, above the tangent of another at rest in the same phase that holds other ions."""
    x, resting = state["x"].values, state["fluctuations"].values < AT_REST
    apart = np.abs(x[:, None] - x)
    one_ion = 0.9 / float(state.attrs["sites"])
    alike = resting[:, None] & resting & (apart < SAME_PHASE) & (apart > one_ion)
    return np.flatnonzero((above_tangents(state) & alike).any(axis=1))
