"""Beyond the normal approximation: the profile of the sum of squares, and samples of the posterior."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from scalith.quantities import ConvergenceError, InputError, MissingDependencyError

if TYPE_CHECKING:
    from scalith.design.fit.calibration import CellProblem

Array = NDArray[np.float64]
_LENGTHS = 10.0
"""Lengths of correlation that kept steps must span."""
_MOST = 20
"""Times the steps of the first part at most."""


def profile_ends(problem: CellProblem, at: Array, covariance: Array, held: int, rise: float, cost: float) -> tuple[float, float]:
    """Coordinates below and above where the sum of squares has risen by `rise`; ∓ infinity where it never does."""
    from scipy.optimize import brentq

    one = problem.coordinates[held]
    width = float(np.sqrt(rise * covariance[held, held]))
    width = width if np.isfinite(width) and width > 0.0 else 0.1
    known: dict[float, float] = {}

    def excess(place: float) -> float:
        if place not in known:
            found = profile_cost(problem, at, held, place) - cost - rise
            known[place] = found if np.isfinite(found) else 1e6 * rise  # no such cell: excluded
        return known[place]

    ends = []
    for direction, bound in ((-1.0, one.lower), (1.0, one.upper)):
        reach = width
        while True:
            outer = float(at[held]) + direction * reach
            beyond = direction * (outer - bound) >= 0.0
            outer = bound if beyond else outer
            if excess(outer) > 0.0:
                ends.append(float(brentq(excess, float(at[held]), outer, xtol=1e-3 * width, rtol=1e-6)))
                break
            if beyond:
                ends.append(direction * np.inf)
                break
            reach *= 2.0
    return ends[0], ends[1]


def profile_cost(problem: CellProblem, at: Array, held: int, place: float) -> float:
    """Least sum of squares with one coordinate at `place`."""
    from scalith.lab.impedance.levenberg_marquardt import minimise

    start, lower, upper = at.copy(), problem.lower.copy(), problem.upper.copy()
    start[held] = lower[held] = upper[held] = place
    return minimise(problem.function, start, lower, upper, tolerance=1e-7, steps=30).cost


def posterior_samples(problem: CellProblem, at: Array, covariance: Array, samples: int, seed: int) -> Array:
    """Coordinates drawn from exp(−χ²/2) within the bounds, shape (samples, p), by emcee from the normal one."""
    try:
        import emcee
    except ImportError:
        raise MissingDependencyError("emcee", "posterior of a fit", "bayes") from None
    if samples < 1:
        raise InputError("posterior", "samples", samples, "at least 1")
    numbers = np.random.default_rng(seed)
    count = at.size
    walkers = max(2 * count + 2, 8)
    variance = np.diagonal(covariance)
    width = np.sqrt(np.where(np.isfinite(variance), variance, 0.01))
    begin = at + np.clip(width, 0.0, 1.0) * numbers.standard_normal((walkers, count))
    edge = 1e-9 * (problem.upper - problem.lower)
    begin = np.clip(begin, problem.lower + edge, problem.upper - edge)

    def logarithm(place: Array) -> float:
        if np.any(place < problem.lower) or np.any(place > problem.upper):
            return -np.inf
        found = problem.function(place)[0]
        return -0.5 * float(found @ found) if np.all(np.isfinite(found)) else -np.inf

    sampler = emcee.EnsembleSampler(walkers, count, logarithm)
    sampler.random_state = np.random.RandomState(seed).get_state()
    steps = max(-(-samples // walkers), 50)
    state = sampler.run_mcmc(begin, steps)
    forgotten = steps  # with as many kept after them at least, which hold the samples
    while True:
        length = float(np.max(sampler.get_autocorr_time(tol=0)))
        if sampler.iteration >= forgotten + steps and sampler.iteration - forgotten >= _LENGTHS * length:
            kept = np.asarray(sampler.get_chain(discard=forgotten, flat=True), dtype=np.float64)
            return kept[np.sort(numbers.choice(len(kept), samples, replace=False))]
        if sampler.iteration > _MOST * steps:
            raise ConvergenceError(
                "posterior of a fit", f"correlated over {length:.0f} of {sampler.iteration} steps: ask for more samples"
            )
        state = sampler.run_mcmc(state, steps)
