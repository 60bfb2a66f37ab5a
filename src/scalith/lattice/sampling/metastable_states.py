r"""Sampled states that are not those of equilibrium, told by their grand potential.

In equilibrium φ(μ) is concave and x = −∂φ/∂μ: no state lies above the tangent of another,

.. math::

    φ_k ≤ φ_j - x_j (μ_k - μ_j).

One that does was cooled into a phase that is stable at other chemical potentials only, or with ions that stayed behind where they
froze.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

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
NORMAL_SCATTER = 1.4826
"""Standard deviation over the median distance from the median, of normal errors."""
SAME_PHASE = 0.03
"""Difference of x within which two states are of one phase; between two at rest, what is farther off is a mixture of two."""


def above_tangents(
    state: xr.Dataset, potentials: tuple[NDArray[np.float64], NDArray[np.float64]] | None = None
) -> NDArray[np.bool_]:
    """Whether state k lies above the tangent of state j, by more than the errors of both, at one temperature; shape (k, j).

    `potentials` and their errors (eV per site) in place of the grand potentials of the states.
    """
    mu, x = state["mu"].values, state["x"].values
    phi, error = potentials or (state["grand_potential"].values, state["grand_potential_error"].values)
    height = phi[:, None] - (phi - x * (mu[:, None] - mu))
    allowed = LEAST * BOLTZMANN_EV * float(state["T"]) + FEWEST_ERRORS * np.hypot(error[:, None], error)
    return np.asarray(height > allowed)


class _PhasePotentials(NamedTuple):
    """By state: what its phase has as grand potential, with its error, and how far the phase's states scatter; eV per site."""

    potential: NDArray[np.float64]
    error: NDArray[np.float64]
    scatter: NDArray[np.float64]


def potentials_by_phase(state: xr.Dataset) -> _PhasePotentials:
    """Grand potentials at one temperature that the states of a phase have in common, φ = m − ∫ x dμ.

    A lattice may change its phase while it is cooled: its grand potential is then partly that of another phase, above or below
    its own, and no state is to be judged by it alone. m is the median over the phase (states between which x leaves no gap), its
    error that of a median from how far they scatter, or theirs.
    """
    mu, x, phi, stated = (state[name].values for name in ("mu", "x", "grand_potential", "grand_potential_error"))
    by_x = np.argsort(x, kind="stable")
    phase = np.empty(len(x), dtype=int)
    phase[by_x] = np.cumsum(np.concatenate([[0], np.diff(x[by_x]) > SAME_PHASE]))
    found = _PhasePotentials(*np.empty((3, len(x))))
    for own in range(phase.max() + 1):
        here = np.flatnonzero(phase == own)
        here = here[np.argsort(mu[here], kind="stable")]
        fallen = np.concatenate([[0.0], np.cumsum(0.5 * (x[here][1:] + x[here][:-1]) * np.diff(mu[here]))])
        level = phi[here] + fallen
        middle = np.median(level)
        scatter = NORMAL_SCATTER * float(np.median(np.abs(level - middle)))
        found.potential[here] = middle - fallen
        found.error[here] = np.maximum(stated[here], np.sqrt(0.5 * np.pi / len(here)) * scatter)
        found.scatter[here] = np.maximum(stated[here], scatter)
    return found


def stable_states(data: xr.Dataset) -> NDArray[np.bool_]:
    """States that lie above no tangent of another phase and are not frozen, shape (T, mu).

    The first and the last, which the integration is tied to, always count.
    """
    found = np.empty((data.sizes["T"], data.sizes["mu"]), dtype=bool)
    for k, stable in enumerate(found):
        state = data.isel(T=k)
        common = potentials_by_phase(state)
        stable[:] = ~above_tangents(state, (common.potential, common.error)).any(axis=1)
        stable[frozen_states(state)] = False
    found[:, [0, -1]] = True
    return found


def frozen_states(state: xr.Dataset) -> NDArray[np.intp]:
    """States at rest, at one temperature, above the tangent of another at rest in the same phase that holds other ions."""
    x, resting = state["x"].values, state["fluctuations"].values < AT_REST
    apart = np.abs(x[:, None] - x)
    one_ion = 0.9 / float(state.attrs["sites"])
    alike = resting[:, None] & resting & (apart < SAME_PHASE) & (apart > one_ion)
    own = (state["grand_potential"].values, potentials_by_phase(state).scatter)
    return np.flatnonzero((above_tangents(state, own) & alike).any(axis=1))
