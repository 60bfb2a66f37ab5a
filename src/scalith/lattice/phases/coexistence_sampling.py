"""Ends of two-phase regions, sampled where the phases coexist: near a critical point no line through other states leads there."""

from __future__ import annotations

from concurrent.futures import Executor
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from scalith.lattice.phases.isotherms import coexistence, isotherms, phase_ends
from scalith.lattice.sampling.chains import semi_grand_chain
from scalith.lattice.sampling.monte_carlo import cooling_ladder
from scalith.lattice.sampling.time_series import average
from scalith.numerics.parallel_map import parallel_map
from scalith.quantities.constants import BOLTZMANN_EV

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

    from scalith.lattice.sampling.monte_carlo import Model
    from scalith.quantities import Result

LONGER = 16
"""Times as many sweeps as at the other states: they are few, and the slowest."""
SETTLING = 10
"""One in so many sweeps is left out at the start: a burn-in found from the series favours its quiet stretches."""
FEWEST = 0.2
"""Share of the samples that must have stayed in the phase."""


class _End(NamedTuple):
    """One phase of a region: where it is cooled, where it coexists, and the stoichiometry that parts it from the other."""

    T: float
    within: float
    level: float
    level_error: float
    middle: float
    fuller: bool


class _Phase(NamedTuple):
    """Stoichiometry of a phase where it coexists, and its error."""

    x: float
    error: float


def sample_ends(
    found: Result, sampled: xr.Dataset, model: Model, sweeps: int, seed: np.random.SeedSequence, executor: Executor | None
) -> Result:
    """The regions with both ends as sampled at their chemical potential of coexistence.

    Each phase is cooled a little within it and then sampled at coexistence. A small lattice may go over to the other phase there:
    samples beyond the middle of the region are not counted. Where the phase left for good, its end remains as it was.

    Parameters
    ----------
    found : Result
        From `scalith.lattice.phase_boundaries` of `sampled`, to which no free energies were added.
    sampled, model, sweeps, seed, executor
        Of the same run; `sweeps` of its states.
    """
    ends = []
    for iso in isotherms(sampled):
        for a, b in iso.gaps:
            level, error = coexistence(iso, a, b)
            first, last = phase_ends(iso, a, b)
            middle = float(0.5 * (iso.x[a] + iso.x[b]))
            # Two states within its phase: the last one may be metastable.
            within = float(iso.mu[max(a - 2, first)]), float(iso.mu[min(b + 2, last)])
            ends += [_End(iso.T, mu, level, error, middle, fuller) for mu, fuller in zip(within, (False, True), strict=True)]
    count = len(ends)
    rows = list(parallel_map(_sampled, [model] * count, ends, [sweeps] * count, seed.spawn(count), executor=executor))
    result = found.copy()
    for column, name in enumerate(("x_low", "x_high")):
        own = rows[column::2]
        for key, place in ((name, 0), (f"{name}_error", 1)):
            values = [old if row is None else row[place] for row, old in zip(own, found[key].values, strict=True)]
            result[key] = found[key].copy(data=np.array(values))
    return result


def _sampled(model: Model, end: _End, sweeps: int, seed: np.random.SeedSequence) -> _Phase | None:
    """A phase at coexistence; None where it did not stay."""
    occupation: NDArray[np.int8] = np.zeros(model.cells * model.tables.sublattices, dtype=np.int8)
    occupation[::2] = 1
    word = seed.generate_state(2, np.uint64)
    ladder = BOLTZMANN_EV * np.concatenate([cooling_ladder(model, end.T), [end.T]])
    rows = np.empty((2, len(ladder), sweeps))
    semi_grand_chain(model, occupation, ladder, np.full(len(ladder), end.within), sweeps // 4, word[0], rows[0], rows[1])
    longer = np.empty((2, 1, LONGER * sweeps))
    semi_grand_chain(model, occupation, ladder[-1:], np.array([end.level]), LONGER * sweeps, word[1], longer[0], longer[1])
    x = longer[0, 0] / model.sites
    x = x[len(x) // SETTLING :]
    inside = x[(x > end.middle) == end.fuller]
    if len(inside) < FEWEST * len(x) or len(inside) < 20:
        return None
    mean = average(inside, 0)
    slope = float(np.var(inside)) * model.sites / (BOLTZMANN_EV * end.T)
    # Near a critical point few and far excursions decide the mean: how far it is from the median says how much they do.
    error = max(mean.error, 1.0 / (len(inside) * model.sites)), float(np.median(inside)) - mean.mean, slope * end.level_error
    return _Phase(mean.mean, float(np.linalg.norm(error)))
