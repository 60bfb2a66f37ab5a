"""What is wrong with a kinetic Monte Carlo run, recognised from the run itself, and what to change."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

    from scalith.lattice.hopping.kinetic_model import KineticModel
    from scalith.lattice.sampling.monte_carlo import Model

SEPARATED = 10.0
"""Long-wave fluctuation, relative to a random arrangement's, above which two phases are suspected …"""

SEPARATED_SHARE = 0.04
"""… if it also exceeds this share of the number of sites: halves of the box that differ by 0.3 in x at x = 0.5."""


FROZEN = (
    "nine hops of ten and more are undone by the next of the same ion: ions flicker between two states and the rest stands "
    "still; give many more events, or simulate hotter and extrapolate (arrhenius_fit)"
)
LOOSE = "the jump diffusivity is known no better than 50 %: more trajectories or events needed"


def long_wave_fluctuation(model: Model, occupations: NDArray[np.bool_]) -> float:
    """Strongest of the longest composition waves of the supercell, mean over configurations.

    S(k) = |Σ_i (n_i − x) e^(ik·R_i)|²/(sites x (1 − x)) over the cells R_i of the wave vectors with at most one period along each
    axis of at least four cells. 1 for ions placed at random, 1/((1 − x) Θ) in one phase, of the order of the number of sites
    where two phases stand beside each other.

    Parameters
    ----------
    model : Model
    occupations : ndarray of bool, shape (configurations, sites)
    """
    working = np.tile(model.exchanged, model.cells) > 0
    stoichiometry = occupations[:, working].reshape(len(occupations), *model.shape, -1)
    x = float(stoichiometry.mean())
    waves = np.abs(np.fft.fftn(stoichiometry.sum(axis=-1), axes=(1, 2, 3))) ** 2 / (model.sites * x * (1.0 - x))
    ends = [[0, 1, n - 1] if n >= 4 else [0] for n in model.shape]
    longest = waves[np.ix_(range(len(occupations)), *ends)].mean(axis=0).ravel()[1:]
    return float(longest.max()) if longest.size else 0.0


def walk_warnings(data: xr.Dataset, model: KineticModel, drift: NDArray[np.float64], stopped: NDArray[np.float64]) -> list[str]:
    """Sentences for the user.

    Parameters
    ----------
    data : xarray.Dataset
        Of `scalith.lattice.kinetic_monte_carlo`.
    model : KineticModel
    drift : ndarray, shape (T, x)
        Change of the tracer's squared displacement between the first and the last windows, in its standard errors.
    stopped : ndarray, shape (T, x)
        Trajectories that ran out of events.
    """
    hops, undone = data["hops_per_ion"].values, data["undone_hops"].values
    wave, sites = data["long_wave_fluctuation"].values, model.lattice.sites
    jump, error = data["jump_diffusivity"].values, data["jump_diffusivity_error"].values
    still = hops == 0.0
    files = model.dimensions == 1
    separated = (wave > SEPARATED) & (wave > SEPARATED_SHARE * sites)
    # In a file the ions beside a vacancy go to and fro however well it moves: there the displacement of all together tells.
    with np.errstate(divide="ignore", invalid="ignore"):
        together = data["correlation_factor"].values / data["haven_ratio"].values
    frozen = (undone > 0.9) & ~still & (~(together >= 0.02) if files else True)
    said = []
    for where, message in (
        (still, "no hop is possible: give hop kinds (distances) that lead from a filled to a vacant site, or another x"),
        (
            separated,
            "the ions part into two phases: a diffusivity of the mixture means nothing there, and depends on the box; take "
            "stoichiometries outside the two-phase region (phase_boundaries) or a temperature above it",
        ),
        (
            frozen,
            FROZEN,
        ),
        ((hops < 2.0) & ~still, "an ion hops less than twice: more events needed"),
        ((error > 0.5 * jump) & ~still, LOOSE),
        (
            (np.abs(drift) > 5.0) & (not files) & ~still,
            "the ions' displacement changes along the trajectory: not in equilibrium at the start or not yet diffusive; more "
            "events needed, or a higher temperature",
        ),
        (stopped > 0, "trajectories ran out of events before their time because single ions rattle: more events needed"),
    ):
        if where.any():
            T, x = np.argwhere(where)[0]
            first = f"{float(data['T'][T]):.0f} K, x = {float(data['x'][x]):.3f}"
            said.append(f"{int(where.sum())} of {where.size} states (first: {first}): {message}")
    if files:
        said.append(
            "hops lead along one direction only: ions in a channel cannot pass one another, their mean square displacement grows "
            "as the root of time, so tracer diffusivity, correlation factor and Haven ratio fall as a run gets longer (to 0); "
            "jump and chemical diffusivity are not affected and hold along the channels"
        )
    return said
