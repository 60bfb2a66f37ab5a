"""Whether a jump of x parts two phases, or x only changes fast: told by how the number of ions is distributed within it.

Just above a critical point x may rise from 0.1 to 0.9 within a thousandth of kT, between two neighbouring chemical potentials.
Both sides of a jump are then sampled where the phases would coexist. Two phases keep the histogram of the box in two peaks; one
phase fills what lies between. At the critical point itself the shape of the histogram does not depend on the size of the box:
two phases show a Sarle's coefficient above, and one phase one below, and the more so the larger the box (Binder 1981,
DOI 10.1007/BF01293604).
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from scalith.lattice.phases.isotherms import coexistence, isotherms, phase_ends, possible_mixtures
from scalith.lattice.sampling.chains import semi_grand_chain
from scalith.lattice.sampling.supercell import expansion_interactions, interacting_dimensions
from scalith.lattice.sampling.time_series import balancing_slope, sarle_coefficient, statistical_inefficiency
from scalith.numerics.parallel_map import parallel_map
from scalith.quantities.constants import BOLTZMANN_EV

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

    from scalith.lattice.expansion.cluster_expansion import ClusterExpansion
    from scalith.lattice.sampling.monte_carlo import Model

CRITICAL = {1: 0.86, 2: 0.86, 3: 0.62}
"""Sarle's coefficient (with a symmetric histogram 1/kurtosis) of periodic Ising models at T_c in two and three dimensions."""
ENOUGH = 20.0
"""Independent samples that decide."""
APART = 50.0
"""Those of each of two chains that met nowhere."""
LONGEST = 16
"""Times as many sweeps, both chains together, as all states of an isotherm have, at most."""
MOVES = 8
"""Chemical potentials tried, where both chains end on one side of the jump."""
DEEPER = 6
"""Doublings of how far from coexistence a chain is cooled, where it ended on the other side."""
BLOCKS = 5
"""Parts of either chain, of which each is left out once: how far the coefficient scatters then is its error."""


class Jump(NamedTuple):
    """A jump of x at one temperature.

    Attributes
    ----------
    T : float
        K.
    within : (float, float)
        Chemical potentials inside the phases on either side, eV.
    bracket : (float, float)
        Those between which they coexist, if they do.
    level : float
        The estimate of that.
    x : (float, float)
        Stoichiometries on either side.
    """

    T: float
    within: tuple[float, float]
    bracket: tuple[float, float]
    level: float
    x: tuple[float, float]


def steady_steps(
    data: xr.Dataset,
    model: Model,
    ladders: Sequence[NDArray[np.float64]],
    expansion: ClusterExpansion,
    sweeps: int,
    seed: np.random.SeedSequence,
    executor: Executor | None,
) -> tuple[NDArray[np.bool_], NDArray[np.bool_], list[tuple[float, str]]]:
    """Steps of μ over which x jumps and yet no two phases are met, mixtures within the others, and the jumps that are not told.

    A state on the way, with large fluctuations, would explain a jump: those that may be mixtures are left out to find jumps.

    Parameters
    ----------
    data : xarray.Dataset
        The states, with averages and grand potentials.
    ladders : list of ndarray
        For each temperature those that the lattice is cooled through, K.
    expansion : ClusterExpansion
        Of the model: in how many dimensions its ions interact decides what the histogram at a critical point is like.

    Returns
    -------
    steady : ndarray of bool, shape (T, mu)
        Whether x changes steadily from a chemical potential to the next one, however fast; the last one has no next.
    mixed : ndarray of bool, shape (T, mu)
        States within the other jumps that fluctuate between both phases.
    undecided : list of (float, str)
        Temperature and stoichiometries of jumps that the supercell did not tell: they stay two-phase regions.
    """
    mu, steady = data["mu"].values, np.zeros((data.sizes["T"], data.sizes["mu"]), dtype=bool)
    jumps, places = [], []
    suspects = np.array([possible_mixtures(data.isel(T=k)) for k in range(data.sizes["T"])])
    mixed = np.zeros_like(suspects)
    for k, iso in enumerate(isotherms(data.assign(stable=data["stable"] & ~suspects))):
        for a, b in iso.gaps:
            first, last = phase_ends(iso, a, b)
            within = float(iso.mu[max(a - 2, first)]), float(iso.mu[min(b + 2, last)])
            bracket = float(iso.mu[max(a - 1, 0)]), float(iso.mu[min(b + 1, len(iso.mu) - 1)])
            jumps.append(Jump(iso.T, within, bracket, coexistence(iso, a, b)[0], (float(iso.x[a]), float(iso.x[b]))))
            places.append((k, *np.searchsorted(mu, (iso.mu[a], iso.mu[b])).tolist()))
    if not jumps:
        return steady, mixed, []
    count, clusters = len(jumps), expansion_interactions(expansion, model.shape)[1]
    limit = CRITICAL[max(interacting_dimensions(clusters, model.shape), 1)]
    own, longest = [ladders[k] for k, _, _ in places], LONGEST * sweeps * len(mu)
    arguments = ([model] * count, jumps, own, [limit] * count, [sweeps] * count, [longest] * count, seed.spawn(count))
    undecided = []
    for jump, (k, a, b), two in zip(jumps, places, parallel_map(are_two_phases, *arguments, executor=executor), strict=True):
        steady[k, a:b] = two is False
        mixed[k, a:b] = suspects[k, a:b] & (two is not False)
        if two is None:
            undecided.append((jump.T, f"from x = {jump.x[0]:.3f} to {jump.x[1]:.3f}"))
    return steady, mixed, undecided


def are_two_phases(
    model: Model,
    jump: Jump,
    ladder: NDArray[np.float64],
    limit: float,
    sweeps: int,
    longest: int,
    seed: np.random.SeedSequence,
) -> bool | None:
    """Whether two phases are met on the sides of a jump; None where `longest` sweeps of both chains together do not tell.

    Two chains, one cooled into either side, are sampled at one chemical potential. Two phases far from a critical point are told
    at once: each chain keeps to its own side for long, and to a narrow peak. Else the chains go on until they count enough
    independent samples; then Sarle's coefficient decides, by twice its error. Where they meet on one side the chemical potential
    is moved to the other.
    """
    words = iter(seed.generate_state(256, np.uint64))
    middle, level, length, moves, left = 0.5 * sum(jump.x) * model.sites, jump.level, sweeps, 0, longest
    chains = []
    for side, mu in enumerate(jump.within):
        chain, ions = _cooled(model, jump.T, mu, ladder, sweeps, next(words))
        # Far from a critical point a chain may freeze into the other phase: it is cooled farther inside its own.
        for _ in range(DEEPER):
            if (ions > middle) == bool(side):
                break
            mu += mu - level
            chain, ions = _cooled(model, jump.T, mu, ladder, sweeps, next(words))
        chains.append(chain)
    known: list[NDArray[np.float64]] = [np.empty(0), np.empty(0)]
    while left >= 2 * length:
        left -= 2 * length
        new = [_walked(model, chain, np.array([jump.T]), level, length, next(words)) for chain in chains]
        series = [np.concatenate(pair) for pair in zip(known, new, strict=True)]
        upper = [float(np.mean(ions > middle)) for ions in series]
        share, together = 0.5 * sum(upper), np.concatenate(series)
        if not 0.1 < share < 0.9 and moves < MOVES:
            # By as much as weighs the other side alike; on the way there what lies between is met too often.
            away = np.log(1.0 / min(max(share, 0.02), 0.98) - 1.0) * BOLTZMANN_EV * jump.T
            level = float(np.clip(level + away / ((jump.x[1] - jump.x[0]) * model.sites), *jump.bracket))
            known, moves, left = [np.empty(0), np.empty(0)], moves + 1, left - 2 * length
            for chain in chains:
                _walked(model, chain, np.array([jump.T]), level, length, next(words))
            continue
        independent = min(len(ions) / statistical_inefficiency(ions) for ions in series)
        if upper[0] < 0.02 and upper[1] > 0.98:
            # Just above a critical point chains keep to their sides for long, too, but not to narrow peaks.
            found, error = _balanced_coefficient(series, middle)
            if independent >= APART and found - limit > 2.0 * error:
                return True
        # Chains that differ have not met, whatever each says of itself.
        elif (
            0.1 < share < 0.9
            and 2.0 * independent >= ENOUGH
            and abs(float(series[0].mean() - series[1].mean())) < float(np.std(together))
        ):
            found, error = _balanced_coefficient(series, middle)
            if abs(found - limit) > 2.0 * error:
                return found > limit
        known, length = series, len(series[0])
    return None


def _balanced_coefficient(series: list[NDArray[np.float64]], middle: float) -> tuple[float, float]:
    """Sarle's coefficient of all samples and its error, by leaving out every part of the chains once.

    Peaks of unequal weight hide in each other's tails: both sides are weighed as at the potential at which they count alike.
    """

    def coefficient(parts: list[NDArray[np.float64]]) -> float:
        ions = np.concatenate(parts)
        if not 0 < np.sum(ions > middle) < len(ions):
            return 1.0 / 3.0
        return sarle_coefficient(ions, np.exp(balancing_slope(ions, middle) * (ions - middle)))

    parts = [part for ions in series for part in np.array_split(ions, BLOCKS)]
    left_out = np.array([coefficient(parts[:k] + parts[k + 1 :]) for k in range(len(parts))])
    return coefficient(parts), float(np.sqrt(len(parts) - 1.0) * np.std(left_out))


def _cooled(
    model: Model, T: float, mu: float, ladder: NDArray[np.float64], sweeps: int, word: np.uint64
) -> tuple[NDArray[np.int8], float]:
    """A chain and the ions that it ends with."""
    occupation = np.zeros(model.cells * model.tables.sublattices, dtype=np.int8)
    occupation[::2] = 1
    ions = _walked(model, occupation, np.concatenate([ladder, [T]]), mu, max(sweeps // 4, 10), word)
    return occupation, float(ions[-1])


def _walked(
    model: Model, occupation: NDArray[np.int8], T: NDArray[np.float64], mu: float, sweeps: int, word: np.uint64
) -> NDArray[np.float64]:
    """Ions after each sweep at the last of the temperatures; `occupation` is changed in place."""
    filled, energies = np.empty((2, len(T), sweeps))
    thermal, potentials = BOLTZMANN_EV * T, np.full(len(T), mu)
    semi_grand_chain(model, occupation, thermal, potentials, sweeps, word, filled, energies)
    return np.asarray(filled[-1])
