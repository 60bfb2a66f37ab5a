"""Parameters of a cell from all its measurements at once: least squares, or maximum a posteriori with priors."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from scalith.cell import CellSpecification, read_cell
from scalith.design.fit.coordinates import Coordinate, coordinates_of, smoothness_rows, split_priors
from scalith.design.fit.noise import RecordNoise, covariance_of_parameters, noise_of_residuals, whitened
from scalith.design.fit.records import Record, answer_by_path, require_alike, require_one_cell
from scalith.lab.fit_errors import covariance_at_minimum
from scalith.lab.impedance.levenberg_marquardt import minimise
from scalith.quantities import ConvergenceError, InputError, Uncertain

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Array = NDArray[np.float64]
Progress = Callable[[float, str], None]
_STEPS = 200
_TOLERANCE = 1e-7
"""Of the sum of squares: less than the steps in time of a run let it be told."""
_ROUNDS = 4
"""Most times that the noise is taken anew from the residuals."""


@dataclass(frozen=True, eq=False)
class CellFit:
    """Parameters fitted to measurements, with what is known of their errors.

    Attributes
    ----------
    specification : CellSpecification
        That was fitted, with its own numbers.
    names : tuple of str
        Of the parameters; of several paths with one multiplier, their paths joined by ``" & "``.
    values : dict of str to float
        Numbers in SI, multipliers of properties.
    covariance : ndarray, shape (p, p)
        Of the coordinates of the fit: ln of a positive number, logit of a fraction, others as they are. Infinite where
        the data do not tell.
    noise : tuple of RecordNoise
        Of each measurement, as stated or as its residuals show.
    cost : float
        Sum of squares, in standard errors, prior included.
    degrees_of_freedom : int
    minima : tuple of (float, dict)
        −2 ln of the likelihood (but for a constant) and values at the end of each start, best first.
    failed_starts : tuple of str
        Why others led nowhere.
    """

    specification: CellSpecification
    names: tuple[str, ...]
    values: dict[str, float]
    covariance: Array
    noise: tuple[RecordNoise, ...]
    cost: float
    degrees_of_freedom: int
    minima: tuple[tuple[float, dict[str, float]], ...]
    failed_starts: tuple[str, ...]
    _problem: CellProblem
    _at: Array

    def standard_error(self, name: str) -> float:
        """Standard error of a parameter in its unit."""
        k = self._index(name)
        return float(np.sqrt(self.covariance[k, k])) * self._problem.coordinates[k].slope(float(self._at[k]))

    def interval(self, name: str, level: float = 0.95) -> tuple[float, float]:
        """Interval that holds the parameter with probability `level`: normal in the coordinate of the fit, or in ohms.

        Of a resistance it is in ohms: a voltage is linear in it, and one near zero is known about as well as a larger one.
        """
        k = self._index(name)
        reach = self._quantile(level) * float(np.sqrt(self.covariance[k, k]))
        coordinate = self._problem.coordinates[k]
        if coordinate.enters_linearly and np.isfinite(reach):
            value, reach = coordinate.value(float(self._at[k])), reach * coordinate.slope(float(self._at[k]))
            return max(value - reach, 0.0), value + reach
        low, high = coordinate.value(float(self._at[k]) - reach), coordinate.value(float(self._at[k]) + reach)
        return low, high

    def profile_interval(self, name: str, level: float = 0.95) -> tuple[float, float]:
        """The same from the profile of the sum of squares: the parameter is held and all others are fitted again.

        An end beyond the bounds is infinite (zero below a positive number): the data do not bound it there.
        """
        from scalith.design.fit.profile import profile_ends

        k = self._index(name)
        self._problem.noise = self.noise
        # What is not known of the correlations of the noise widens a profile as it does an interval.
        told = covariance_at_minimum(self._problem.jacobian(self._at), 1.0)[k, k]
        wider = max(self.covariance[k, k] / told, 1.0) if np.isfinite(self.covariance[k, k]) else 1.0
        low, high = profile_ends(self._problem, self._at, self.covariance, k, self._quantile(level) ** 2 * wider, self.cost)
        coordinate = self._problem.coordinates[k]
        return coordinate.value(low), coordinate.value(high)

    @property
    def correlation(self) -> Array:
        """Correlation of the parameters, shape (p, p); one that is not told at all has zeros, and no number with itself."""
        error = np.sqrt(np.diagonal(self.covariance))
        with np.errstate(invalid="ignore"):
            return np.asarray(self.covariance / np.outer(error, error))

    @property
    def residuals(self) -> dict[str, Array]:
        """Cell minus measurement by record, in the unit of the samples."""
        return {record.name: found for record, found in zip(self._problem.records, self._problem.raw(self._at), strict=True)}

    @cached_property
    def fitted(self) -> CellSpecification:
        """The cell with its fitted numbers; each carries its standard error, so that a climb draws from it.

        Properties that were multiplied name the fit and the digests of its data as their source.
        """
        from scalith.design.fit.fitted_cell import fitted_cell

        return fitted_cell(self)

    def posterior(self, samples: int = 1000, *, seed: int = 0) -> Array:
        """Samples of the parameters beyond the normal approximation, by affine-invariant walkers (emcee), shape (samples, p).

        Size and correlation of the noise are held at those of the fit: what is not known of them, which widens `interval`,
        is not in the samples. Walkers go on until what they remember is a small part of what is kept, so that the cell is asked
        for all its records a few times for each sample.

        Raises
        ------
        MissingDependencyError
            emcee is not installed (``pip install 'scalith[bayes]'``).
        ConvergenceError
            The walkers have not forgotten where they began.
        """
        from scalith.design.fit.profile import posterior_samples

        found = posterior_samples(self._problem, self._at, self.covariance, samples, seed)
        return np.array([list(self._problem.values(row).values()) for row in found])

    @property
    def conflicts(self) -> list[str]:
        """Priors that the data exclude, in words: those further than four standard errors from what the data alone say."""
        from scalith.design.fit.fitted_cell import conflicts_of

        return conflicts_of(self)

    def summary(self) -> str:
        """A table of the parameters with their 95 % intervals, and of the measurements with their residuals."""
        from scalith.design.fit.fitted_cell import summary_of

        return summary_of(self)

    def plot(self) -> Figure:
        """Measured and fitted samples of every record, with the residuals below."""
        from scalith.design.fit.result_plot import plot_fit

        return plot_fit(self)

    def _index(self, name: str) -> int:
        if name not in self.names:
            from scalith.quantities import nearest

            raise InputError("fit of a cell", name, "not a fitted parameter", nearest(name, self.names))
        return self.names.index(name)

    def _quantile(self, level: float) -> float:
        from scipy.special import stdtrit

        if not 0.0 < level < 1.0:
            raise InputError("interval", "level", level, "a probability between 0 and 1")
        return float(stdtrit(self.degrees_of_freedom, 0.5 * (1.0 + level)))


def fit_cell(
    specification: CellSpecification | str | Path,
    records: Sequence[Record],
    parameters: Sequence[str | Sequence[str]],
    *,
    start: Mapping[str, float] | None = None,
    bounds: Mapping[str, tuple[float, float]] | None = None,
    priors: Mapping[str, Uncertain | float] | None = None,
    starts: int = 1,
    seed: int = 0,
    tolerance: float = _TOLERANCE,
    progress: Progress | None = None,
) -> CellFit:
    r"""Fit parameters of a cell to discharges, pulses, drive cycles and spectra together.

    Minimises, over all records i with samples y and the cell's answers m(θ),

    .. math::

        χ^2 = \sum_i \left\| W_i \frac{m_i(θ) - y_i}{σ_i} \right\|^2 + \sum_k \left(\frac{θ_k - θ_k^0}{s_k}\right)^2

    by Levenberg's and Marquardt's method with derivatives from the equations themselves (`scalith.cell.simulate_sensitivities`;
    spectra by differences, all in one batch). W takes the correlation of neighbouring samples out: residual k less ρ times
    residual k − 1, over √(1 − ρ²). Where a record states no noise, σ and ρ are those of its residuals, found by fitting again
    until they stay (ρ with its bias for short records put right: Marriott and Pope, Biometrika 41 (1954) 390), and the covariance
    is one over all ρ that the residuals allow (`scalith.design.fit.noise.covariance_of_parameters`). Positive numbers enter as
    their logarithms, fractions as logits.

    Parameters
    ----------
    specification : CellSpecification or path
        What `scalith.cell.read_cell` takes; the search starts at its numbers.
    records : sequence
        From `voltage_record` and `spectrum_record`.
    parameters : sequence of str, or of sequences of str
        Paths to numbers (``"positive_electrode.thickness"``), multipliers of properties (those in
        `scalith.cell.specification.paths.FACTORS`: what is fitted is the factor on the property as given), ``"inductance"``
        (of the leads, H; spectra alone see it), factors on a diffusivity along the stoichiometry
        (``"positive_electrode.chemical_diffusivity(x=0.4)"``, one for each node), or several paths that share one multiplier.
    start : mapping, optional
        Other starting values by name.
    bounds : mapping, optional
        (lowest, highest) by name; without it a positive number is looked for within a factor of 1,000.
    priors : mapping of str to Uncertain, optional
        What is known beforehand: ``{"contact_resistance": Uncertain(5e-3, 1e-3)}``, normal in the coordinate of the fit. Of
        factors at nodes also a number by the path of the property, ``{"positive_electrode.chemical_diffusivity": 0.3}``: how
        far the logarithm of a factor may be off the line between its neighbours (one standard deviation).
    starts : int
        Searches: the first from `start`, others from a Sobol' sequence within a factor of 2 of it (and within the bounds).
    seed : int
    tolerance : float
        Of the sum of squares at which a search ends.
    progress : callable, optional
        Called with (fraction, message).

    Returns
    -------
    CellFit

    Raises
    ------
    InputError
        No records, a name that is no number of the cell, fewer samples than parameters, a prior that the bounds exclude,
        a parameter that no record depends on; data outside the cell's window, or of two cells.
    ConvergenceError
        No start leads to a minimum.
    """
    cell = read_cell(specification)
    measured = list(records)
    if not measured:
        raise InputError("fit_cell", "records", "none", "at least one voltage_record or spectrum_record")
    for record in measured:
        if not hasattr(record, "samples") or record.samples is None:
            given = f"{record.name!r}, which is only planned" if hasattr(record, "samples") else type(record).__name__
            raise InputError("fit_cell", "records", given, "measured records: voltage_record(data, …), spectrum_record(data, …)")
    names = [record.name for record in measured]
    for name in names:
        if names.count(name) > 1:
            raise InputError(
                "fit_cell", "records", f"{name!r} {names.count(name)} times", "a name for each: voltage_record(…, name=…)"
            )
    known, smoothness = split_priors(parameters, priors or {})
    coordinates = coordinates_of(cell, parameters, start or {}, bounds or {}, known)
    problem = CellProblem(cell, measured, coordinates, smoothness)
    if problem.count <= len(coordinates):
        raise InputError("fit_cell", "records", f"{problem.count} samples", f"more than the {len(coordinates)} parameters")
    require_one_cell(cell, measured)
    require_alike(measured, problem.raw(np.array([one.start for one in coordinates])))
    problem.require_sensitive()
    found: list[_Found] = []
    failed: list[str] = []
    points = problem.starts(starts, seed)
    for k, point in enumerate(points):
        if progress is not None:
            progress(k / len(points), f"start {k + 1} of {len(points)}")
        try:
            found.append(_search(problem, point, tolerance))
        except (ConvergenceError, InputError) as error:
            if k == 0:  # the cell as it was given
                raise
            failed.append(str(error))
    best = min(found, key=lambda one: one.score)
    problem.noise = best.noise
    residuals = problem.residuals(best.at)
    freedom = problem.count - len(coordinates)
    held = [k for k, one in enumerate(coordinates) if not one.lower < best.at[k] < one.upper]
    covariance = problem.covariance(best.at)
    for k in held:  # at a bound it has no interval; those of the others hold wherever it lies
        covariance[k, :] = covariance[:, k] = 0.0
        covariance[k, k] = np.inf
    minima = sorted(((one.score, problem.values(one.at)) for one in found), key=lambda item: item[0])
    return CellFit(
        cell,
        tuple(one.name for one in coordinates),
        problem.values(best.at),
        covariance,
        best.noise,
        float(residuals @ residuals),
        freedom,
        tuple(minima),
        tuple(failed),
        problem,
        best.at,
    )


class CellProblem:
    """Residuals of all records and their derivatives by the coordinates of the fit."""

    def __init__(
        self,
        specification: CellSpecification,
        records: Sequence[Record],
        coordinates: Sequence[Coordinate],
        smoothness: Mapping[str, float] | None = None,
    ) -> None:
        self.specification, self.records, self.coordinates = specification, list(records), list(coordinates)
        self.smooth = smoothness_rows(self.coordinates, smoothness or {})
        self.noise: tuple[RecordNoise, ...] = tuple(RecordNoise.first(record) for record in self.records)
        self._known: tuple[bytes, list[tuple[Array, Array]]] | None = None

    @property
    def count(self) -> int:
        """Samples of all records."""
        return sum(record.weight.size for record in self.records)

    @property
    def lower(self) -> Array:
        """Bounds of the coordinates."""
        return np.array([one.lower for one in self.coordinates])

    @property
    def upper(self) -> Array:
        """Bounds of the coordinates."""
        return np.array([one.upper for one in self.coordinates])

    def values(self, at: Array) -> dict[str, float]:
        """Parameters by name."""
        return {one.name: one.value(float(x)) for one, x in zip(self.coordinates, at, strict=True)}

    def by_path(self, at: Array) -> dict[str, float]:
        """Numbers and multipliers by path."""
        return {path: value for one, x in zip(self.coordinates, at, strict=True) for path, value in one.paths(float(x)).items()}

    def answers(self, at: Array, records: Sequence[Record] | None = None) -> list[tuple[Array, Array]]:
        """Samples of the cell and their derivatives by coordinate, for each record."""
        paths = self.by_path(at)
        made = []
        for record in self.records if records is None else records:
            found, by_path = answer_by_path(record, self.specification, paths)
            columns = [
                sum(slope * by_path[path] for path, slope in one.slopes(float(x)).items())
                for one, x in zip(self.coordinates, at, strict=True)
            ]
            made.append((found, np.stack(columns, axis=1)))
        return made

    def raw(self, at: Array) -> list[Array]:
        """Cell minus measurement, by record."""
        return [found - np.asarray(record.samples) for (found, _), record in zip(self._kept(at), self.records, strict=True)]

    def residuals(self, at: Array) -> Array:
        """In standard errors, whitened; then the priors'."""
        parts = [whitened(off, record, noise) for off, record, noise in zip(self.raw(at), self.records, self.noise, strict=True)]
        prior = [one.prior_residual(float(x)) for one, x in zip(self.coordinates, at, strict=True) if one.has_prior]
        return np.concatenate([*parts, np.array(prior), self.smooth @ at])

    def jacobian(self, at: Array) -> Array:
        """Of `residuals`, shape (samples + priors, p)."""
        prior = [
            one.prior_slope * row
            for one, row in zip(self.coordinates, np.eye(len(self.coordinates)), strict=True)
            if one.has_prior
        ]
        return np.concatenate([self.sensitivities(at), np.array(prior).reshape(-1, len(self.coordinates)), self.smooth])

    def function(self, at: Array) -> tuple[Array, Array]:
        """Residuals and their derivatives; not a number where there is no such cell, or it cannot be run: a step goes back."""
        try:
            return self.residuals(at), self.jacobian(at)
        except (InputError, ConvergenceError):
            rows = self.count + sum(one.has_prior for one in self.coordinates) + len(self.smooth)
            return np.full(rows, np.nan), np.full((rows, at.size), np.nan)

    def sensitivities(self, at: Array) -> Array:
        """Derivatives of all samples by coordinate, in standard errors, whitened, shape (samples, p)."""
        return np.concatenate(
            [
                whitened(slopes, record, noise)
                for (_, slopes), record, noise in zip(self._kept(at), self.records, self.noise, strict=True)
            ]
        )

    def covariance(self, at: Array) -> Array:
        """Of the coordinates at a minimum: see `scalith.design.fit.noise.covariance_of_parameters`."""
        n, slopes = self.count, [by for _, by in self._kept(at)]
        priors = self.residuals(at)[n:], self.jacobian(at)[n:]
        return covariance_of_parameters(self.records, self.noise, self.raw(at), slopes, priors)

    def starts(self, count: int, seed: int) -> list[Array]:
        """Where searches begin."""
        from scipy.stats import qmc

        if count < 1:
            raise InputError("fit_cell", "starts", count, "at least 1")
        first = np.array([one.start for one in self.coordinates])
        if count == 1:
            return [first]
        import warnings

        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # a number of starts that is no power of two is balanced less well
            cube = qmc.Sobol(first.size, seed=seed).random(count - 1)
        reach = np.array([one.reach for one in self.coordinates])
        lower, upper = np.maximum(self.lower, first - reach), np.minimum(self.upper, first + reach)
        return [first, *(lower + cube * (upper - lower))]

    def require_sensitive(self) -> None:
        """Each parameter changes at least one record."""
        at = np.array([one.start for one in self.coordinates])
        size = np.linalg.norm(self.jacobian(at), axis=0)
        for one, found in zip(self.coordinates, size, strict=True):
            if not found > 0.0:
                raise InputError("fit_cell", "parameters", one.name, "a parameter that the records depend on: none of them does")

    def _kept(self, at: Array) -> list[tuple[Array, Array]]:
        key = np.ascontiguousarray(at).tobytes()
        if self._known is None or self._known[0] != key:
            self._known = (key, self.answers(at))
        return self._known[1]


class _Found:
    def __init__(self, at: Array, noise: tuple[RecordNoise, ...], score: float) -> None:
        self.at, self.noise, self.score = at, noise, score


def _search(problem: CellProblem, start: Array, tolerance: float) -> _Found:
    """One search: the noise of the records as stated, or from the residuals until it stays."""
    problem.noise = tuple(RecordNoise.first(record) for record in problem.records)
    at = start
    problem.residuals(at)  # a start that makes no cell says so
    for _ in range(_ROUNDS):
        found = minimise(problem.function, at, problem.lower, problem.upper, tolerance=tolerance, steps=_STEPS)
        if not found.converged:
            raise ConvergenceError("fit of a cell", f"no minimum within {_STEPS} steps: state bounds, priors or another start")
        at = found.x
        raw, jacobian = problem.raw(at), found.jacobian
        renewed, first = [], 0
        for record, off, noise in zip(problem.records, raw, problem.noise, strict=True):
            part = jacobian[first : first + off.size]
            first += off.size
            renewed.append(noise_of_residuals(record, off, noise, _share_of_parameters(part, jacobian)))
        same = all(old.near(new) for old, new in zip(problem.noise, renewed, strict=True))
        problem.noise = tuple(renewed)
        if same:
            break
    residuals = problem.residuals(at)
    # −2 ln of the likelihood, so that starts with other noise compare.
    score = float(residuals @ residuals) + sum(noise.log_size for noise in problem.noise)
    return _Found(at, problem.noise, score)


def _share_of_parameters(part: Array, whole: Array) -> float:
    """How many of the parameters a record's samples pay for: the trace of its part of the hat matrix."""
    from scipy.linalg import lstsq

    return float(np.sum(part.T * lstsq(whole.T @ whole, part.T)[0]))
