"""Distribution of relaxation times of a spectrum, with its error and the probability of each peak."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.linalg import cho_factor, cho_solve, solve_triangular
from scipy.optimize import nnls

from scalith.lab.measurement import require_density, spectrum_arrays
from scalith.quantities import ConvergenceError, InputError, Result, dataset_digest, predicted

if TYPE_CHECKING:
    import xarray as xr

Array = NDArray[np.float64]
_STRENGTHS = np.logspace(-9.0, 0.0, 13)
"""Strengths λ of the regularisation that are tried."""
_INFLATION = 1.6
"""Generalised cross-validation with the trace itself now and then follows the noise; inflated, it does not."""
_SETTING = ("R_infinity", "L", "inverse_C")


class _System(NamedTuple):
    """Weighted equations A x = b, the penalty ‖Lx‖², and what x means."""

    matrix: Array
    target: Array
    penalty: Array
    signed: bool
    scale: Array  # of each unknown in SI
    tau: Array
    extra: tuple[str, ...]


def relaxation_times(
    data: xr.Dataset,
    *,
    strength: float | Literal["gcv", "l-curve"] = "gcv",
    inductance: bool = True,
    series_capacitance: bool = False,
    signed: bool = False,
    noise: ArrayLike | None = None,
    samples: int = 200,
    level: float = 0.95,
    points_per_decade: int = 8,
    seed: int = 0,
) -> Result:
    r"""Distribution γ(ln τ) of relaxation times.

    .. math::

        Z(ω) = R_\infty + iωL + \frac{1}{iωC} + \int \frac{γ(\ln τ)}{1+iωτ}\,d\ln τ

    by least squares with γ ≥ 0 and the penalty λ ∫(d²γ/d(ln τ)²)² d ln τ (γ and Z over the median modulus of the spectrum). λ
    is the minimum
    of generalised cross-validation, n‖r‖²/(n − 1.6 tr)² with the trace over the unknowns that are not held at zero (1 in the
    place of 1.6 now and then follows the noise), or the corner of the L-curve. The band comes from members of the posterior with
    the same λ: data and penalty are moved by one draw of their noise and the
    non-negative problem is solved again. What neither noise nor penalty knows, a spectrum that no distribution describes, is not
    in the band: test it first (`kramers_kronig`).

    Parameters
    ----------
    data : xarray.Dataset
        A spectrum.
    strength : float or {"gcv", "l-curve"}
        λ, or how it is chosen.
    inductance, series_capacitance : bool
        Whether iωL and 1/(iωC) are part of the model; the latter for blocked electrodes.
    signed : bool
        γ may be negative: for inductive loops at low frequency. Without the sign far less is determined.
    noise : array_like, optional
        Standard error of both parts of Z, ohm (one number or one a frequency); otherwise proportional to \|Z\|, its size taken
        from the residuals.
    samples : int
        Members of the band; 0 for no band.
    level : float
        Of the band.
    points_per_decade : int
        Of τ.
    seed : int

    Returns
    -------
    Result
        Over ``relaxation_time`` (s): ``distribution`` (ohm), ``distribution_lower``, ``distribution_upper``; over
        ``frequency``: the fitted
        ``resistance`` and ``reactance``; over ``peak``: ``peak_time``, ``peak_height`` (ohm), ``peak_resistance`` (the area
        between the
        minima on both sides, ohm) with its error, and ``peak_probability``: the share of members that fall on both sides of
        the peak. Attributes: ``R_infinity``, ``L``, ``inverse_C``, ``polarisation_resistance``, ``strength``, ``noise``
        (relative; of the errors that were given, where they were).

    Raises
    ------
    InputError
        No spectrum, or one of fewer than three points a decade.
    """
    f, z = spectrum_arrays(data, "relaxation_times", least=5)
    require_density(f, "relaxation_times")
    if not 0.0 < level < 1.0:
        raise InputError("relaxation_times", "level", level, "a share between 0 and 1")
    weights = weights_of(z, noise, "relaxation_times")
    system = _system(f, z, weights, inductance, series_capacitance, signed, points_per_decade)
    chosen = _chosen_strength(system, strength)
    found = _solve(system, chosen)
    deviation = 1.0 if noise is not None else found.deviation
    members = _members(system, chosen, deviation, samples, seed)
    source = predicted(
        "scalith.lab.relaxation_times", dataset_digest(data), settings={"strength": chosen, "signed": signed, "seed": seed}
    )
    return _result(system, found.x, members, f, level).assign_attrs(
        kind="relaxation times", strength=chosen, noise=found.deviation, source=source.to_json()
    )


def quick_relaxations(
    f: Array, z: NDArray[np.complex128], *, inductance: bool, series_capacitance: bool, strength: float = 1e-5
) -> tuple[dict[str, float], list[tuple[float, float]], float]:
    """First guesses without choice of λ or band: R_infinity and the like, (τ, R) of each peak, and the relative deviation."""
    system = _system(f, z, 1.0 / np.abs(z), inductance, series_capacitance, False, 6)
    found = _solve(system, strength)
    values, extra = found.x * system.scale, len(system.extra)
    step = float(np.log(system.tau[1] / system.tau[0]))
    peaks = _peaks(values[extra:], np.empty((0, 0)), step)
    setting = dict(zip(system.extra, values[:extra].tolist(), strict=True))
    return setting, [(float(system.tau[peak.at]), peak.area) for peak in peaks], found.deviation


def weights_of(z: NDArray[np.complex128], noise: ArrayLike | None, where: str) -> Array:
    """One over the standard error of each impedance, or over its modulus where none is known."""
    if noise is None:
        return np.asarray(1.0 / np.abs(z))
    error = np.broadcast_to(np.asarray(noise, dtype=np.float64), z.shape)
    if not np.all(np.isfinite(error) & (error > 0.0)):
        raise InputError(where, "noise", noise, "positive standard errors in ohm")
    return 1.0 / error


def kernel(frequency: Array, tau: Array) -> NDArray[np.complex128]:
    """Σ of γ Δ ln τ/(1 + iωτ) over an even grid of ln τ: one row a frequency."""
    step = float(np.log(tau[1] / tau[0])) if tau.size > 1 else 1.0
    return np.asarray(step / (1.0 + 2j * np.pi * frequency[:, None] * tau[None, :]))


def _system(
    f: Array,
    z: NDArray[np.complex128],
    weights: Array,
    inductance: bool,
    series_capacitance: bool,
    signed: bool,
    points_per_decade: int,
) -> _System:
    omega = 2.0 * np.pi * f
    low, high = -np.log10(omega.max()) - 1.0, -np.log10(omega.min()) + 1.0
    tau = np.logspace(low, high, round((high - low) * points_per_decade) + 1)
    step = float(np.log(tau[1] / tau[0]))
    unit = float(np.median(np.abs(z)))
    names, columns, scales = [_SETTING[0]], [np.ones_like(z)], [unit]
    if inductance:
        names.append(_SETTING[1])
        scales.append(unit / omega.max())
        columns.append(1j * omega / omega.max())
    if series_capacitance:
        names.append(_SETTING[2])
        scales.append(unit * omega.min())
        columns.append(omega.min() / (1j * omega))
    matrix = np.concatenate([np.stack(columns, axis=1), kernel(f, tau)], axis=1) * unit * weights[:, None]
    extra = len(names)
    second = np.zeros((tau.size - 2, extra + tau.size))
    for k in range(tau.size - 2):
        second[k, extra + k : extra + k + 3] = (1.0, -2.0, 1.0)
    target = z * weights
    return _System(
        np.concatenate([matrix.real, matrix.imag]),
        np.concatenate([target.real, target.imag]),
        second / step**1.5,
        signed,
        np.concatenate([scales, np.full(tau.size, unit)]),
        tau,
        tuple(names),
    )


@dataclass(frozen=True)
class _Fitted:
    x: Array
    residual: float  # sum of squares
    roughness: float
    trace: float
    deviation: float


def _hessian(system: _System, strength: float) -> Array:
    normal = system.matrix.T @ system.matrix
    penalty = strength * system.matrix.shape[0] * system.penalty.T @ system.penalty
    # A small ridge where neither data nor penalty speak, far outside the measured times.
    return np.asarray(normal + penalty + 1e-9 * np.trace(normal) / normal.shape[0] * np.eye(normal.shape[0]))


def _factor(hessian: Array) -> Array:
    return np.asarray(np.linalg.cholesky(hessian).T, dtype=np.float64)


def _minimum(factor: Array, gradient: Array, signed: bool) -> Array:
    """Minimum of ½ xᵀRᵀRx − gᵀx, over x ≥ 0 unless `signed`; R is upper triangular."""
    half = solve_triangular(factor, gradient, trans="T", check_finite=False)
    if signed:
        return np.asarray(solve_triangular(factor, half, check_finite=False))
    try:
        return np.asarray(nnls(factor, half, maxiter=30 * gradient.size)[0])
    except RuntimeError as error:
        raise ConvergenceError("relaxation times", str(error)) from None


def _solve(system: _System, strength: float) -> _Fitted:
    hessian = _hessian(system, strength)
    x = _minimum(_factor(hessian), system.matrix.T @ system.target, system.signed)
    off = system.target - system.matrix @ x
    residual = float(off @ off)
    free = x != 0.0
    own = system.matrix[:, free]
    trace = float(np.trace(cho_solve(cho_factor(hessian[np.ix_(free, free)]), own.T @ own))) if np.any(free) else 0.0
    left = max(off.size - trace, 1.0)
    return _Fitted(x, residual, float(np.sum((system.penalty @ x) ** 2)), trace, float(np.sqrt(residual / left)))


def _chosen_strength(system: _System, strength: float | str) -> float:
    if not isinstance(strength, str):
        if not (np.isfinite(strength) and strength > 0.0):
            raise InputError("relaxation_times", "strength", strength, "a positive number, 'gcv' or 'l-curve'")
        return float(strength)
    if strength not in ("gcv", "l-curve"):
        raise InputError("relaxation_times", "strength", strength, "a positive number, 'gcv' or 'l-curve'")
    tried = [_solve(system, float(value)) for value in _STRENGTHS]
    n = system.target.size
    residual = np.array([one.residual for one in tried])
    if strength == "gcv":
        score = n * residual / np.maximum(n - _INFLATION * np.array([one.trace for one in tried]), 1.0) ** 2
        return float(_STRENGTHS[int(np.argmin(score))])
    across, up = np.log(residual), np.log(np.array([one.roughness for one in tried]) + 1e-300)
    steps = np.log(_STRENGTHS)
    first = np.gradient(across, steps), np.gradient(up, steps)
    second = np.gradient(first[0], steps), np.gradient(first[1], steps)
    bend = (first[0] * second[1] - second[0] * first[1]) / (first[0] ** 2 + first[1] ** 2 + 1e-300) ** 1.5
    return float(_STRENGTHS[1 + int(np.argmax(bend[1:-1]))])


def _members(system: _System, strength: float, deviation: float, samples: int, seed: int) -> Array:
    """Draws of the unknowns: data and penalty moved by their noise, the non-negative problem solved again."""
    generator = np.random.default_rng(seed)
    factor = _factor(_hessian(system, strength))
    rows = np.sqrt(strength * system.matrix.shape[0]) * system.penalty
    moved = generator.standard_normal((samples, system.target.size)) @ system.matrix
    moved += generator.standard_normal((samples, rows.shape[0])) @ rows
    base = system.matrix.T @ system.target
    return np.array([_minimum(factor, base + deviation * one, system.signed) for one in moved]).reshape(samples, base.size)


def _result(system: _System, x: Array, members: Array, f: Array, level: float) -> Result:
    extra = len(system.extra)
    gamma = (x * system.scale)[extra:]
    drawn = (members * system.scale)[:, extra:]
    step = float(np.log(system.tau[1] / system.tau[0]))
    setting = dict(zip(system.extra, (x * system.scale)[:extra], strict=True))
    fitted = setting["R_infinity"] + 2j * np.pi * f * setting.get("L", 0.0) + kernel(f, system.tau) @ gamma
    fitted = fitted + setting.get("inverse_C", 0.0) / (2j * np.pi * f)
    ends = (
        np.quantile(drawn, [(1.0 - level) / 2.0, (1.0 + level) / 2.0], axis=0) if drawn.size else np.full((2, gamma.size), np.nan)
    )
    peaks = _peaks(gamma, drawn, step)

    def over(dimension: str, values: ArrayLike, unit: str, title: str) -> tuple[str, Array, dict[str, str]]:
        return dimension, np.asarray(values, dtype=np.float64), {"units": unit, "long_name": title}

    tau = "relaxation_time"
    return Result(
        {
            "distribution": over(tau, gamma, "ohm", "distribution of relaxation times over ln τ"),
            "distribution_lower": over(tau, ends[0], "ohm", f"lower end of the {100 * level:g} % band"),
            "distribution_upper": over(tau, ends[1], "ohm", f"upper end of the {100 * level:g} % band"),
            "resistance": over("frequency", fitted.real, "ohm", "real part of the fitted impedance"),
            "reactance": over("frequency", fitted.imag, "ohm", "imaginary part of the fitted impedance"),
            "peak_time": over("peak", [system.tau[p.at] for p in peaks], "s", "relaxation time of the peak"),
            "peak_height": over("peak", [gamma[p.at] for p in peaks], "ohm", "height of the peak"),
            "peak_resistance": over("peak", [p.area for p in peaks], "ohm", "area of the peak between its minima"),
            "peak_resistance_error": over("peak", [p.error for p in peaks], "ohm", "standard error of that area"),
            "peak_probability": over("peak", [p.probability for p in peaks], "1", "probability that the peak is real"),
        },
        {tau: over(tau, system.tau, "s", "relaxation time"), "frequency": over("frequency", f, "Hz", "frequency")},
        {**{name: float(value) for name, value in setting.items()}, "polarisation_resistance": float(step * gamma.sum())},
    )


class _Peak(NamedTuple):
    at: int
    area: float
    error: float
    probability: float


def _peaks(gamma: Array, drawn: Array, step: float) -> list[_Peak]:
    """Local maxima of |γ| in the order of τ, each from the minimum on its left to that on its right."""
    size = np.abs(gamma)
    floor = 1e-3 * float(size.max(initial=0.0))
    padded = np.concatenate([[-1.0], size, [-1.0]])
    tops = [k for k in range(size.size) if size[k] > floor and padded[k] < size[k] >= padded[k + 2]]
    tops = [k for k in tops if 0 < k < size.size - 1]
    valleys = [0, *(a + int(np.argmin(size[a : b + 1])) for a, b in pairwise(tops)), size.size - 1]
    found = []
    for top, left, right in zip(tops, valleys, valleys[1:], strict=False):
        sign = np.sign(gamma[top])
        area = step * float(gamma[left : right + 1].sum())
        if not drawn.size:
            found.append(_Peak(top, area, float("nan"), float("nan")))
            continue
        areas = step * drawn[:, left : right + 1].sum(axis=1)
        up = sign * drawn[:, top]
        falls = (up > sign * drawn[:, left]) & (up > sign * drawn[:, right])
        found.append(_Peak(top, area, float(np.std(areas)), float(np.mean(falls))))
    return found
