"""Posterior of decomposition kinetics: what the curves say about the parameters where a normal distribution does not do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from scalith.lab.kinetic_fit import (
    KineticFit,
    density_of_sample,
    residuals_of_curves,
    sampled_curves,
    spreads_by_kind,
    with_fitted,
)
from scalith.quantities import ConvergenceError, InputError, MissingDependencyError, predicted

if TYPE_CHECKING:
    import xarray as xr

Array = NDArray[np.float64]
_WHERE = "sample_posterior"


def sample_posterior(
    fit: KineticFit,
    curves: Sequence[xr.Dataset],
    *,
    sample_density: float | None = None,
    points: int = 160,
    walkers: int | None = None,
    largest_steps: int = 4000,
    samples: int = 1000,
    seed: int = 0,
    progress: Callable[[float, str], None] | None = None,
) -> KineticFit:
    r"""Sample the posterior of a fit by the affine-invariant ensemble sampler (Goodman and Weare; emcee).

    The deviations are taken as normal noise of one unknown size (DSC and ARC each scaled by their scatter in the fit),
    integrated out under Jeffreys' prior: ln p(θ | curves) = −(N/2) ln Σ (model − curve)² + const, N the number of independent
    points that the residuals of the fit are worth (`KineticFit.effective_points`), flat in the scale of the fit (ln k at the
    reference temperature, ln of a heat, energies and orders as they are) where the parameters are physical. The chain goes on
    until it is 50 autocorrelation times long; the first five of them are left out.

    Foreman-Mackey et al., Publ. Astron. Soc. Pac. 125 (2013) 306, DOI 10.1086/670067.

    Parameters
    ----------
    fit : KineticFit
        From `fit_kinetics`: the walkers start from its normal distribution.
    curves : sequence of Dataset
        The curves that it was fitted to.
    sample_density, points
        As `fit_kinetics` was given them.
    walkers : int, optional
        At least twice the parameters; four times when not given.
    largest_steps : int
        Where to stop a chain that does not get long enough.
    samples : int
        Draws to keep, evenly spaced along the chain.
    seed : int
    progress : callable, optional
        Called with (fraction, message).

    Returns
    -------
    KineticFit
        As `fit`, with ``samples``, and values and covariance of the samples; the kinetics stay those of the fit.

    Raises
    ------
    InputError
        No curve, fewer walkers than twice the parameters, no samples or steps, a sample density that is not clear.
    ConvergenceError
        The chain is shorter than 50 autocorrelation times after `largest_steps`; ``partial`` holds the samples so far.
    MissingDependencyError
        emcee is not installed.
    """
    try:
        import emcee
    except ImportError:
        raise MissingDependencyError("emcee", "sample_posterior", "bayes") from None

    count = len(fit.parameters)
    walkers = 4 * count if walkers is None else walkers
    if not curves:
        raise InputError(_WHERE, "curves", "none", "the curves of the fit")
    if walkers < 2 * count:
        raise InputError(_WHERE, "walkers", walkers, f"at least {2 * count}, twice the parameters")
    if samples < 1 or largest_steps < 1:
        raise InputError(_WHERE, "samples, largest_steps", (samples, largest_steps), "at least one of each")
    density = density_of_sample(fit.kinetics, sample_density, _WHERE)
    data = sampled_curves(curves, points)
    if len(fit.deviations) != len(data):
        raise InputError(_WHERE, "curves", f"{len(data)} curves", f"the {len(fit.deviations)} curves of the fit")
    spreads = np.repeat(spreads_by_kind(data, np.array(fit.deviations)), points)
    count_of_points = sum(fit.effective_points)

    def log_posterior(values: Array) -> float:
        try:
            kinetics = with_fitted(fit.kinetics, fit.parameters, values, fit.reference_temperature)
            deviation = residuals_of_curves(kinetics, data, density, 1e-6) / spreads
        except (InputError, ConvergenceError):
            return -np.inf
        found = -0.5 * count_of_points * float(np.log(deviation @ deviation))
        return found if np.isfinite(found) else -np.inf

    generator = np.random.default_rng(seed)
    start = [start for start in _starts(fit, generator, 50 * walkers) if np.isfinite(log_posterior(start))][:walkers]
    if len(start) < walkers:
        raise ConvergenceError(_WHERE, "the fit's normal distribution reaches far out of range: fit fewer parameters")
    sampler = emcee.EnsembleSampler(walkers, count, log_posterior)
    state = emcee.State(np.array(start), random_state=np.random.RandomState(seed).get_state())
    time, length, enough = np.inf, 0, False
    for _ in sampler.sample(state, iterations=largest_steps):
        length += 1
        if length % 50:
            continue
        time = float(np.max(sampler.get_autocorr_time(tol=0)))
        if progress is not None:
            progress(min(0.99, length / (50.0 * time)), f"{length} steps, autocorrelation time {time:.0f}")
        enough = length > 50.0 * time
        if enough:
            break
    burnt = int(5 * time) if np.isfinite(time) and 5 * time < length else length // 2
    chain: Array = sampler.get_chain(discard=burnt, flat=True)
    kept = chain[np.linspace(0, len(chain) - 1, min(samples, len(chain))).astype(int)]
    result = _with_samples(fit, chain, kept, {"walkers": walkers, "steps": length, "seed": seed, "autocorrelation_time": time})
    if not enough:
        raise ConvergenceError(
            _WHERE,
            f"the chain of {length} steps is {length / time:.0f} autocorrelation times long instead of 50: "
            "allow more steps, or fit fewer parameters",
            partial=result,
        )
    return result


def _starts(fit: KineticFit, generator: np.random.Generator, most: int) -> Any:
    # Rows of a normal distribution one at a time: only as many as are needed are simulated.
    for _ in range(most):
        yield generator.multivariate_normal(fit.values, fit.covariance, method="eigh")


def _with_samples(fit: KineticFit, chain: Array, kept: Array, settings: dict[str, Any]) -> KineticFit:
    source = predicted("scalith.lab.sample_posterior", fit.digest, settings=settings)
    return KineticFit(
        kinetics=fit.kinetics,
        parameters=fit.parameters,
        values=tuple(float(value) for value in chain.mean(axis=0)),
        covariance=tuple(tuple(float(value) for value in row) for row in np.atleast_2d(np.cov(chain.T))),
        reference_temperature=fit.reference_temperature,
        residual=fit.residual,
        deviations=fit.deviations,
        effective_points=fit.effective_points,
        samples=tuple(tuple(float(value) for value in row) for row in kept),
        source=source,
    )
