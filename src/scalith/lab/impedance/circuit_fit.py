"""Complex least-squares fit of an equivalent circuit to a spectrum, with intervals; no first guess is needed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from scalith.lab.fit_errors import covariance_at_minimum
from scalith.lab.impedance.circuit import Circuit, parse_circuit
from scalith.lab.impedance.circuit_start import circuit_starts
from scalith.lab.impedance.elements import Complex
from scalith.lab.impedance.levenberg_marquardt import Minimum, minimise
from scalith.lab.measurement import spectrum_arrays
from scalith.quantities import ConvergenceError, InputError, nearest

if TYPE_CHECKING:
    import xarray as xr

Array = NDArray[np.float64]
Weights = Literal["unit", "modulus", "proportional"]
_POSITIVE = (1e-20, 1e20)
_EXPONENT = (0.1, 1.0)
_STEPS = 1000
_TRIES = 12
"""Further starts, drawn around the best one, while a fit is worse than a distribution of relaxation times shows possible."""


@dataclass(frozen=True, eq=False)
class CircuitFit:
    """A fitted circuit.

    Attributes
    ----------
    circuit : Circuit
    values : dict of str to float
        All parameters, SI.
    free : tuple of str
        Those that were fitted and stand at no bound; the covariance is theirs.
    at_bound : tuple of str
        Those that a bound holds: the data ask for less or more.
    covariance : ndarray
        Of ln p for positive parameters, of p for exponents.
    chi_squared : float
        Weighted sum of squares.
    degrees_of_freedom : int
        2 × frequencies − fitted parameters.
    noise_known : bool
        Whether the weights are measured standard errors; otherwise the covariance is scaled by χ²/ν.
    """

    circuit: Circuit
    values: dict[str, float]
    free: tuple[str, ...]
    at_bound: tuple[str, ...]
    covariance: Array
    chi_squared: float
    degrees_of_freedom: int
    noise_known: bool
    _problem: _Problem

    def impedance(self, frequencies: ArrayLike) -> Complex:
        """Z of the fitted circuit at `frequencies` (Hz)."""
        return self.circuit.impedance(frequencies, self.values)

    @property
    def residuals(self) -> Complex:
        """(Z − Z_fit)/|Z| at each frequency of the spectrum."""
        z = self._problem.z
        return np.asarray((z - self.impedance(self._problem.frequency)) / np.abs(z))

    @property
    def rms(self) -> float:
        """Root mean square of the residuals over real and imaginary parts, relative to |Z|."""
        return float(np.sqrt(0.5 * np.mean(np.abs(self.residuals) ** 2)))

    def standard_error(self, name: str) -> float:
        """Standard error of a parameter in its unit (of a positive one: its value times that of its logarithm)."""
        k = self._index(name)
        error = float(np.sqrt(self.covariance[k, k]))
        return error if self._is_exponent(name) else error * self.values[name]

    def interval(self, name: str, level: float = 0.95) -> tuple[float, float]:
        """Interval that contains the parameter with probability `level`, from the covariance (of a positive one: of its
        logarithm).

        Raises
        ------
        InputError
            The parameter was not fitted, or stands at a bound.
        """
        k = self._index(name)
        reach = self._quantile(level) * float(np.sqrt(self.covariance[k, k]))
        value = self.values[name]
        if self._is_exponent(name):
            return max(value - reach, 0.0), min(value + reach, 1.0)
        return float(value * np.exp(-reach)), float(value * np.exp(reach))

    def sum_interval(self, names: Sequence[str], level: float = 0.95) -> tuple[float, float]:
        """As `interval`, of the sum of positive parameters: of the logarithm of the sum.

        Raises
        ------
        InputError
            One of them was not fitted, or stands at a bound.
        """
        at = [self._index(name) for name in names]
        values = np.array([self.values[name] for name in names])
        error = float(np.sqrt(values @ self.covariance[np.ix_(at, at)] @ values))
        reach = self._quantile(level) * error / float(values.sum())
        return float(values.sum() * np.exp(-reach)), float(values.sum() * np.exp(reach))

    def profile_interval(self, name: str, level: float = 0.95) -> tuple[float, float]:
        """The same from the profile of χ²: the parameter is held, all others are fitted again, until χ² has risen as `level`
        says.

        An end beyond the bounds of the parameter is infinite, or zero.
        """
        from scipy.optimize import brentq

        k = self._index(name)
        at = self.circuit.names.index(name)
        problem, best = self._problem, self._problem.coordinates(self.values)
        scale = 1.0 if self.noise_known else self.chi_squared / self.degrees_of_freedom
        target = self._quantile(level) ** 2 * scale
        width = self._quantile(level) * float(np.sqrt(self.covariance[k, k]))
        width = width if np.isfinite(width) else 1.0

        def rise(coordinate: float) -> float:
            held = best.copy()
            held[at] = coordinate
            found = problem.search(held, held={at})
            return found.cost - self.chi_squared - target

        ends = []
        for direction, bound in ((-1.0, problem.lower[at]), (1.0, problem.upper[at])):
            reach = width
            while True:
                outer = best[at] + direction * reach
                beyond = direction * (outer - bound) >= 0.0
                outer = bound if beyond else outer
                if rise(outer) > 0.0:
                    ends.append(float(brentq(rise, best[at], outer, xtol=1e-6 * width, rtol=1e-10)))
                    break
                if beyond or reach > 64.0 * width:
                    ends.append(bound if self._is_exponent(name) else direction * np.inf)
                    break
                reach *= 2.0
        low, high = ends
        return (low, high) if self._is_exponent(name) else (float(np.exp(low)), float(np.exp(high)))

    @property
    def aicc(self) -> float:
        """Akaike's criterion, corrected for few data: the circuit with the least predicts best."""
        n, k = self._problem.count, len(self.values) - len(self._problem.held) + (not self.noise_known)
        return self._deviance() + 2.0 * k + 2.0 * k * (k + 1.0) / max(n - k - 1.0, 1.0)

    @property
    def bic(self) -> float:
        """Bayes' criterion, χ² or n ln(χ²/n) + k ln n."""
        n, k = self._problem.count, len(self.values) - len(self._problem.held) + (not self.noise_known)
        return self._deviance() + k * float(np.log(n))

    def _deviance(self) -> float:
        n = self._problem.count
        return self.chi_squared if self.noise_known else n * float(np.log(max(self.chi_squared, 1e-300) / n))

    def _index(self, name: str) -> int:
        if name not in self.free:
            found = "at its bound" if name in self.at_bound else "not a fitted parameter"
            raise InputError(f"fit of {self.circuit.text!r}", name, found, nearest(name, self.free))
        return self.free.index(name)

    def _is_exponent(self, name: str) -> bool:
        return self.circuit.parameters[self.circuit.names.index(name)].exponent

    def _quantile(self, level: float) -> float:
        from scipy.special import ndtri, stdtrit

        if not 0.0 < level < 1.0:
            raise InputError("interval", "level", level, "a probability between 0 and 1")
        tail = 0.5 * (1.0 + level)
        return float(ndtri(tail) if self.noise_known else stdtrit(self.degrees_of_freedom, tail))


def fit_circuit(
    circuit: str | Circuit,
    data: xr.Dataset,
    *,
    start: Mapping[str, float] | None = None,
    fixed: Mapping[str, float] | None = None,
    bounds: Mapping[str, tuple[float, float]] | None = None,
    weights: Weights = "modulus",
    noise: ArrayLike | None = None,
    seed: int = 0,
) -> CircuitFit:
    r"""Fit a circuit to a spectrum.

    Minimises :math:`χ^2 = \sum_k (w'_k\,\mathrm{Re}\,ΔZ_k)^2 + (w''_k\,\mathrm{Im}\,ΔZ_k)^2` over the logarithms of the
    positive parameters and the
    exponents, with analytic derivatives. Without a start, starts come from the distribution of relaxation times; further ones are
    drawn while the fit is worse than that distribution shows possible.

    Parameters
    ----------
    circuit : str or Circuit
        Such as ``"R0-p(R1-Ws1,Q1)"``: see `parse_circuit`.
    data : xarray.Dataset
        A spectrum.
    start : mapping, optional
        All parameters by name; only from here is then searched.
    fixed : mapping, optional
        Parameters that keep their value.
    bounds : mapping, optional
        (lowest, highest) by name.
    weights : {"modulus", "unit", "proportional"}
        1/\|Z\| for both parts; 1; or one over the size of each part.
    noise : array_like, optional
        Measured standard errors, ohm: one number, one a frequency, or two rows for Re and Im. They take the place of `weights`.
    seed : int
        Of the further starts.

    Raises
    ------
    InputError
        No circuit, no spectrum, fewer data than parameters, a name that the circuit does not have.
    ConvergenceError
        No start leads to a minimum.
    """
    parsed = circuit if isinstance(circuit, Circuit) else parse_circuit(circuit)
    f, z = spectrum_arrays(data, "fit_circuit")
    fixed = dict(fixed or {})
    for name in [*fixed, *(bounds or {}), *(start or {})]:
        if name not in parsed.names:
            raise InputError(f"circuit {parsed.text!r}", name, "no such parameter", nearest(name, parsed.names))
    parsed.require_values(fixed)
    if 2 * f.size <= len(parsed.names) - len(fixed):
        found = f"{f.size} frequencies"
        raise InputError(
            "fit_circuit", "frequency", found, f"more than {(len(parsed.names) - len(fixed)) // 2} for {parsed.text!r}"
        )
    problem = _Problem(parsed, f, z, _weight_rows(z, weights, noise), fixed, bounds or {})
    best = _best(problem, start, seed)
    if not np.isfinite(best.cost):
        raise ConvergenceError("fit of a circuit", f"{parsed.text!r} has no finite residual: give a start")
    if not best.converged:
        raise ConvergenceError(
            "fit of a circuit", f"{parsed.text!r} has no minimum within {_STEPS} steps: give a start, or fix a parameter"
        )
    return problem.result(best, noise_known=noise is not None)


def compare_circuits(circuits: Iterable[str], data: xr.Dataset, **options: Any) -> list[CircuitFit]:
    """Fit several circuits to one spectrum, the best by Akaike's criterion first; options as in `fit_circuit`."""
    return sorted((fit_circuit(circuit, data, **options) for circuit in circuits), key=lambda fit: fit.aicc)


def _best(problem: _Problem, start: Mapping[str, float] | None, seed: int) -> Minimum:
    if start is not None:
        return problem.search(problem.coordinates(problem.circuit.ordered({**start, **problem.fixed})))
    starts, deviation = circuit_starts(problem.circuit, problem.frequency, problem.z)
    tried = [problem.search(problem.coordinates(one), steps=12) for one in starts]
    ranked = {0, *sorted(range(len(tried)), key=lambda k: _cost(tried[k]))[:2]}
    finished = [problem.search(tried[k].x) for k in sorted(ranked)]
    # Parts that are alike can change places: then the first order counts, the fastest part first.
    lowest = min(map(_cost, finished))
    found = next(one for one in finished if not _cost(one) > lowest * (1.0 + 1e-6) + problem.negligible)
    generator = np.random.default_rng(seed)
    for _ in range(_TRIES):
        if problem.relative_rms(found.x) <= 2.0 * deviation + 1e-9:
            break
        moved = found.x + generator.normal(0.0, 1.5, found.x.size) * problem.reach
        found = min(found, problem.search(moved), key=_cost)
    return found


def _cost(minimum: Minimum) -> float:
    return minimum.cost if np.isfinite(minimum.cost) else np.inf


def _weight_rows(z: Complex, weights: str, noise: ArrayLike | None) -> Array:
    """Weights of real parts, then of imaginary parts."""
    if noise is not None:
        error = np.asarray(noise, dtype=np.float64)
        rows = error if error.ndim == 2 and error.shape == (2, z.size) else None
        rows = np.broadcast_to(error, (2, z.size)) if rows is None and error.ndim < 2 and error.size in (1, z.size) else rows
        if rows is None or not np.all(np.isfinite(rows) & (rows > 0.0)):
            raise InputError("fit_circuit", "noise", noise, "positive standard errors in ohm: one, one a frequency, or two rows")
        return np.asarray(1.0 / rows).ravel()
    if weights == "unit":
        return np.ones(2 * z.size)
    if weights == "modulus":
        return np.tile(1.0 / np.abs(z), 2)
    if weights == "proportional":
        parts = np.concatenate([z.real, z.imag])
        if np.any(parts == 0.0):
            raise InputError("fit_circuit", "weights", "a part of the impedance that is zero", "'modulus' or 'unit'")
        return np.asarray(1.0 / np.abs(parts))
    raise InputError(
        "fit_circuit", "weights", weights, "'unit', 'modulus' or 'proportional'; measured errors are given as noise="
    )


class _Problem:
    """Residuals and their derivatives in the coordinates of the search: ln p, or p where it is an exponent."""

    def __init__(
        self,
        circuit: Circuit,
        frequency: Array,
        z: Complex,
        weights: Array,
        fixed: Mapping[str, float],
        bounds: Mapping[str, tuple[float, float]],
    ) -> None:
        self.circuit, self.frequency, self.z, self.weights, self.fixed = circuit, frequency, z, weights, dict(fixed)
        self.s = 2j * np.pi * frequency
        self.exponent = np.array([parameter.exponent for parameter in circuit.parameters])
        self.held = {circuit.names.index(name) for name in fixed}
        self.reach = np.where(self.exponent, 0.1, 1.0)  # of further starts
        self.reach[sorted(self.held)] = 0.0
        low, high = np.where(self.exponent, _EXPONENT[0], _POSITIVE[0]), np.where(self.exponent, _EXPONENT[1], _POSITIVE[1])
        for name, (lowest, highest) in bounds.items():
            k = circuit.names.index(name)
            if not (0.0 <= lowest < highest and (highest <= 1.0 or not self.exponent[k])):
                raise InputError(
                    "fit_circuit", f"bounds of {name}", (lowest, highest), "0 ≤ lowest < highest (≤ 1 for an exponent)"
                )
            low[k], high[k] = max(lowest, _POSITIVE[0]), min(highest, _POSITIVE[1])
        self.lower, self.upper = self._across(low), self._across(high)

    @property
    def count(self) -> int:
        return 2 * self.z.size

    @property
    def negligible(self) -> float:
        """Sum of squares that is rounding alone."""
        return 1e-26 * float(np.sum((np.concatenate([self.z.real, self.z.imag]) * self.weights) ** 2))

    def _across(self, values: Array) -> Array:
        return np.where(self.exponent, values, np.log(values))

    def coordinates(self, values: Mapping[str, float] | Array) -> Array:
        given = np.array([values[name] for name in self.circuit.names]) if isinstance(values, Mapping) else np.array(values)
        for name, value in self.fixed.items():
            given[self.circuit.names.index(name)] = value
        return self._across(given)

    def values(self, coordinates: Array) -> Array:
        return np.where(self.exponent, coordinates, np.exp(np.clip(coordinates, -50.0, 50.0)))

    def search(self, start: Array, *, held: set[int] | None = None, steps: int = _STEPS) -> Minimum:
        fixed = sorted(self.held | (held or set()))
        lower, upper = self.lower.copy(), self.upper.copy()
        lower[fixed] = upper[fixed] = start[fixed]
        with np.errstate(all="ignore"):  # far from the minimum an element may overflow: that step is then turned down
            return minimise(self.function, start, lower, upper, steps=steps, negligible=self.negligible)

    def function(self, coordinates: Array) -> tuple[Array, Array]:
        values = self.values(coordinates)
        z, rows = self.circuit.with_derivatives(self.s, values)
        rows *= np.where(self.exponent, 1.0, values)[:, None]
        off = z - self.z
        residuals = np.concatenate([off.real, off.imag]) * self.weights
        return residuals, (np.concatenate([rows.real, rows.imag], axis=1) * self.weights).T

    def relative_rms(self, coordinates: Array) -> float:
        z = self.circuit.with_derivatives(self.s, self.values(coordinates))[0]
        return float(np.sqrt(0.5 * np.mean(np.abs((z - self.z) / self.z) ** 2)))

    def result(self, minimum: Minimum, *, noise_known: bool) -> CircuitFit:
        names = self.circuit.names
        span = self.upper - self.lower
        bound = (minimum.x <= self.lower + 1e-9 * span) | (minimum.x >= self.upper - 1e-9 * span)
        free = [k for k in range(len(names)) if k not in self.held and not bound[k]]
        freedom = self.count - (len(names) - len(self.held))
        covariance = covariance_at_minimum(minimum.jacobian[:, free], 1.0 if noise_known else minimum.cost / freedom)
        values = dict(zip(names, self.values(minimum.x).tolist(), strict=True))
        return CircuitFit(
            self.circuit,
            values,
            tuple(names[k] for k in free),
            tuple(names[k] for k in range(len(names)) if bound[k] and k not in self.held),
            covariance,
            minimum.cost,
            freedom,
            noise_known,
            self,
        )
