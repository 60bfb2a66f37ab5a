"""Decomposition kinetics from calorimetry: one reaction set for all DSC and ARC curves at once, with covariance."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from scalith.lab.baselines import require_baseline
from scalith.lab.calorimetry import at_prescribed_temperature, name_of, temperature_program
from scalith.lab.fit_errors import covariance_of_fit, effective_points
from scalith.pack import ReactionSet
from scalith.quantities import ConvergenceError, InputError, Source, Spec, digest, predicted
from scalith.quantities.constants import GAS_CONSTANT

Array = NDArray[np.float64]


class KineticFit(Spec):
    """Fitted kinetics with what is known of their error.

    Attributes
    ----------
    kinetics : ReactionSet
        The fitted set: hand this one object to cell and module.
    parameters : tuple of str
        Fitted numbers, as `ReactionSet.with_values` names them.
    values, covariance : ndarray, shapes (n,), (n, n)
        In the scale of the fit: ln k at the reference temperature for a frequency factor, ln for heats, others as they are.
    reference_temperature : float
        K.
    residual : float
        Root mean square of (model − curve): relative to a DSC curve's peak, of ln dT/dt of an ARC record.
    deviations, effective_points : tuple of float
        The same of each curve, and the number of independent points that it is worth (residuals are correlated).
    samples : tuple, optional
        Draws of the posterior in the scale of the fit (`sample_posterior`); `draws` then takes these.
    source : Source
        Curves and settings.
    """

    kinetics: ReactionSet
    parameters: tuple[str, ...]
    values: tuple[float, ...]
    covariance: tuple[tuple[float, ...], ...]
    reference_temperature: float
    residual: float
    deviations: tuple[float, ...] = ()
    effective_points: tuple[float, ...] = ()
    samples: tuple[tuple[float, ...], ...] = ()
    source: Source

    def standard_error(self, parameter: str) -> float:
        """Standard error of a parameter in its own SI unit."""
        i = self.parameters.index(parameter)
        covariance = np.array(self.covariance)
        error = float(np.sqrt(covariance[i, i]))
        if parameter.endswith(".frequency_factor"):
            # ln A = ln k_ref + E/(R T_ref)
            gradient = np.zeros(len(self.parameters))
            gradient[i] = 1.0
            partner = parameter.replace("frequency_factor", "activation_energy")
            if partner in self.parameters:
                gradient[self.parameters.index(partner)] = 1.0 / (GAS_CONSTANT * self.reference_temperature)
            error = float(np.sqrt(gradient @ covariance @ gradient))
        if parameter.endswith((".frequency_factor", ".heat")):
            return error * self.kinetics.value(parameter)
        return error

    def draws(self, count: int, seed: int) -> list[ReactionSet]:
        """Reaction sets drawn from the posterior's samples, or without them from the normal distribution of the fit.

        A normal draw with E or an order below zero is drawn again.
        """
        generator = np.random.default_rng(seed)
        if self.samples:
            chosen = generator.integers(len(self.samples), size=count)
            return [
                with_fitted(self.kinetics, self.parameters, np.array(self.samples[i]), self.reference_temperature) for i in chosen
            ]
        members: list[ReactionSet] = []
        for _ in range(100 * count + 100):
            if len(members) == count:
                break
            sample = generator.multivariate_normal(self.values, self.covariance, method="eigh")
            try:
                members.append(with_fitted(self.kinetics, self.parameters, sample, self.reference_temperature))
            except InputError:
                continue
        if len(members) < count:
            raise ConvergenceError(
                "drawing kinetics", "most draws give negative values: more curves or fewer parameters are needed"
            )
        return members


def fit_kinetics(
    curves: Sequence[xr.Dataset],
    guess: ReactionSet,
    *,
    parameters: Sequence[str] | None = None,
    sample_density: float | None = None,
    complete: bool = True,
    points: int = 160,
    name: str = "",
    progress: Callable[[float, str], None] | None = None,
) -> KineticFit:
    """Fit a reaction set to DSC curves, ARC records, or both at once, by least squares.

    The model follows the temperature that was measured (holds, lag, the sample's own rise). The residual of a DSC curve is the
    difference of heat flows relative to the curve's peak; of an ARC record, the difference of ln dT/dt where the calorimeter
    follows the sample, φ c dT/dt = q(T(t), ξ), up to a tenth of the fastest rate after the peak. With both kinds, each is
    weighted by its own scatter, which a first fit finds. Frequency factors enter as ln k(T_ref) = ln A − E/(R T_ref), which
    parts them from the energies. The covariance holds residuals that are correlated along a curve or shared by it
    (`covariance_of_fit`).

    Parameters
    ----------
    curves : sequence of Dataset
        DSC curves with the baseline subtracted, ARC records, as `simulate_…` and `read_…` give them.
    guess : ReactionSet
        Where to start: a shipped set, or `kinetics_from_peaks`.
    parameters : sequence of str, optional
        Which numbers to fit (``"anode.activation_energy"``, ``"anode.orders.anode"``, …); all frequency factors,
        activation energies, heats and orders of the set when not given.
    sample_density : float, optional
        As in `simulate_dsc`; the content of the reactions when all share one.
    complete : bool
        False where the reactions still go on at the last temperature of a DSC curve: the heat flow need not come back to zero.
    points : int
        Times of each curve that the fit looks at: even in temperature on a ramp, in time on a hold.
    name : str
        Name of the fitted set.
    progress : callable, optional
        Called with (fraction, message).

    Raises
    ------
    InputError
        No curve, no baseline, an ARC record without an exotherm, an unknown parameter, a sample density that is not clear.
    ConvergenceError
        The least squares do not converge or the curves do not determine the parameters.
    """
    where = "fit_kinetics"
    if not curves:
        raise InputError(where, "curves", "none", "at least one DSC curve or ARC record")
    for curve in curves:
        if "heat_flow" in curve:
            require_baseline(curve, where, complete=complete, sign=_sign_of_heat(guess))
    names = tuple(parameters) if parameters is not None else _all_parameters(guess)
    density = density_of_sample(guess, sample_density, where)
    data = sampled_curves(curves, points)
    peaks = [one.temperature[int(np.argmax(np.abs(one.signal)))] for one in data if not one.adiabatic]
    reference = float(np.mean(peaks or [one.temperature.mean() for one in data]))
    start = np.array([_to_fit(guess, key, reference) for key in names])
    scale = np.array([1e4 if key.endswith("activation_energy") else 1.0 for key in names])
    calls = 0

    def residuals(values: Array, spreads: Array) -> Array:
        nonlocal calls
        calls += 1
        if progress is not None:
            progress(min(0.99, calls / (60.0 * len(names))), f"{calls} simulations of {len(data)} curves")
        try:
            kinetics = with_fitted(guess, names, values, reference)
        except InputError:
            return np.full(points * len(data), 1e3)
        return residuals_of_curves(kinetics, data, density) / np.repeat(spreads, points)

    values, residual, jacobian, spreads = _least_squares(residuals, start, scale, data, where)
    covariance = covariance_of_fit(jacobian, residual, [points] * len(data)) * np.outer(scale, scale)
    parts = (residual * np.repeat(spreads, points)).reshape(len(data), points)
    kinetics = with_fitted(guess, names, values, reference)
    # The fit is the set's origin now.
    kinds = sorted({"DSC" if "heat_flow" in curve else "ARC" for curve in curves}, reverse=True)
    names_of_curves = ", ".join(name_of(curve) for curve in curves)
    text = f"fitted to {len(curves)} {' and '.join(kinds)} curves ({names_of_curves}) from the form of: {guess.reference}"
    kinetics = kinetics.model_copy(update={"name": name or f"{guess.name}, fitted", "reference": text})
    kinetics = ReactionSet.model_validate(kinetics.model_dump(mode="json"))
    parents = tuple(digest_of_curve(curve) for curve in curves)
    settings = {"parameters": list(names), "points": points}
    return KineticFit(
        kinetics=kinetics,
        parameters=tuple(names),
        values=tuple(float(value) for value in values),
        covariance=tuple(tuple(float(value) for value in row) for row in covariance),
        reference_temperature=reference,
        residual=float(np.sqrt(np.mean(parts**2))),
        deviations=tuple(float(np.sqrt(np.mean(part**2))) for part in parts),
        effective_points=tuple(effective_points(part) for part in parts),
        source=predicted("scalith.lab.fit_kinetics", guess.digest, *parents, settings=settings),
    )


def _least_squares(
    residuals: Callable[[Array, Array], Array], start: Array, scale: Array, data: Sequence[SampledCurve], where: str
) -> tuple[Array, Array, Array, Array]:
    """Optimum, residuals and scaled Jacobian there, and the scatter of each curve's kind that they are divided by."""
    from scipy.optimize import least_squares

    spreads = np.ones(len(data))
    # A guess off by several kelvin puts a simulated peak beside the measured one: a soft loss first finds the slope between them.
    x = least_squares(
        residuals, start, x_scale=scale, loss="soft_l1", f_scale=0.1, diff_step=1e-5, max_nfev=40, args=(spreads,)
    ).x
    mixed = len({one.adiabatic for one in data}) > 1
    for _ in range(3 if mixed else 1):
        used = spreads
        found = least_squares(
            residuals, x, x_scale=scale, diff_step=1e-6, max_nfev=100, ftol=1e-12, xtol=1e-12, gtol=1e-12, args=(spreads,)
        )
        x = found.x
        if not mixed:
            break
        parts = (found.fun * np.repeat(spreads, found.fun.size // len(data))).reshape(len(data), -1)
        new = spreads_by_kind(data, np.sqrt(np.mean(parts**2, axis=1)))
        if np.all(np.abs(new / spreads - 1.0) < 0.05):
            break
        spreads = new
    if found.status <= 0:
        raise ConvergenceError(where, "the least squares did not converge within 100 evaluations: start from a better guess")
    jacobian = found.jac * scale
    singular = np.linalg.svd(jacobian, compute_uv=False)
    if singular[-1] < 1e-9 * singular[0]:
        raise ConvergenceError(
            where, "the curves do not determine all parameters: fit fewer, or add curves at other heating rates"
        )
    return x, found.fun, jacobian, used


def _sign_of_heat(kinetics: ReactionSet) -> Literal[-1, 0, 1]:
    """1 where all reactions free heat, −1 where all take it up, 0 where both happen."""
    signs = {reaction.heat > 0 for reaction in kinetics.reactions.values()}
    return 0 if len(signs) > 1 else 1 if signs.pop() else -1


def digest_of_curve(curve: xr.Dataset) -> str:
    """What names a measurement."""
    signal = curve["heat_flow"] if "heat_flow" in curve else curve["self_heating"]
    return digest(curve["temperature"].values, signal.values, curve.attrs["source"])


def density_of_sample(kinetics: ReactionSet, stated: float | None, where: str) -> float:
    """The stated density, kg m-3; without it the content of the reactions, when all share one."""
    contents = {reaction.content for reaction in kinetics.reactions.values()}
    if stated is None and len(contents) != 1:
        raise InputError(where, "sample_density", "nothing", "the sample's density, since the reactions have different contents")
    return contents.pop() if stated is None else stated


class SampledCurve(NamedTuple):
    """A curve as the fit looks at it.

    Times, s; temperatures there, K; the signal: heat flow over its peak, or ln of the self-heating in K s-1 where `adiabatic`;
    its scale: the peak, W kg-1, or φ c, J kg-1 K-1; knots of the temperature's course, s and K.
    """

    time: Array
    temperature: Array
    signal: Array
    scale: float
    adiabatic: bool
    program_time: Array
    program: Array


def sampled_curves(curves: Sequence[xr.Dataset], points: int) -> list[SampledCurve]:
    """Curves at `points` times, relative to their peaks: even in temperature on a ramp, and in time on a hold."""
    found = []
    for curve in curves:
        time, T = curve["time"].values, curve["temperature"].values
        knots, program = temperature_program(time, T)
        adiabatic = "self_heating" in curve
        step = np.abs(np.diff(np.interp(time, knots, program)))
        span = np.diff(time)
        if adiabatic:
            rate = curve["self_heating"].values
            follows = curve["exotherm"].values & (rate > 0)
            # Where the reactant is nearly used up, ln dT/dt tells of the last per cent of it and of nothing else.
            fastest = int(np.argmax(np.where(follows, rate, 0.0)))
            follows[fastest:] &= np.logical_and.accumulate(rate[fastest:] > 0.1 * rate[fastest])
            if follows.sum() < 5:
                raise InputError("fit_kinetics", "exotherm", f"{int(follows.sum())} points", "at least five in an ARC's exotherm")
            inside = follows[1:] & follows[:-1]
            step, span = np.where(inside, step, 0.0), np.where(inside, span, 0.0)
        # A tenth of the points goes by time, so that a hold has some.
        share = 0.9 * step / max(step.sum(), 1e-300) + 0.1 * span / span.sum()
        way = np.concatenate([[0.0], np.cumsum(share)])
        last = int(np.argmax(way >= way[-1]))
        kept = np.concatenate([[True], np.diff(way) > 0])
        first = max(int(np.argmax(way > 0)) - 1, 0)
        kept[:first], kept[first], kept[last + 1 :] = False, True, False
        at = np.interp(np.linspace(0.0, way[-1], points), way[kept], time[kept])
        if adiabatic:
            signal = np.interp(at, time[follows], np.log(rate[follows]))
            scale = float(curve.attrs["thermal_inertia"]) * float(curve.attrs["specific_heat"])
        else:
            flow = curve["heat_flow"].values
            scale = float(np.abs(flow).max())
            signal = np.interp(at, time, flow) / scale
        found.append(SampledCurve(at, np.interp(at, knots, program), signal, scale, adiabatic, knots, program))
    return found


def spreads_by_kind(data: Sequence[SampledCurve], deviations: Array) -> Array:
    """Scatter of each curve's kind, root mean square over its curves; all 1 where there is one kind only."""
    adiabatic = np.array([one.adiabatic for one in data])
    if adiabatic.all() or not adiabatic.any():
        return np.ones(len(data))
    mean = [float(np.sqrt(np.mean(deviations[adiabatic == kind] ** 2))) for kind in (False, True)]
    return np.maximum(np.where(adiabatic, mean[1], mean[0]), 1e-6)


def residuals_of_curves(
    kinetics: ReactionSet, curves: Sequence[SampledCurve], sample_density: float, tolerance: float = 1e-9
) -> Array:
    """Model − curve of all curves, one after the other: of heat flows over their peak, or of ln dT/dt."""
    from scalith.pack.kernels.network import heat_by_reaction

    parts = []
    for curve in curves:
        T, extents = at_prescribed_temperature(kinetics, curve.time, curve.program_time, curve.program, tolerance)
        heat = np.empty((T.size, 1, extents.shape[1]))
        heat_by_reaction(kinetics.arrays(), np.array([1.0 / sample_density]), T[:, None], extents[:, None], heat)
        model = heat[:, 0].sum(axis=1) / curve.scale
        parts.append((np.log(np.maximum(model, 1e-12)) if curve.adiabatic else model) - curve.signal)
    return np.concatenate(parts)


def _all_parameters(kinetics: ReactionSet) -> tuple[str, ...]:
    names: list[str] = []
    for title, reaction in kinetics.reactions.items():
        names += [f"{title}.frequency_factor", f"{title}.activation_energy", f"{title}.heat"]
        names += [f"{title}.orders.{state}" for state in reaction.orders]
    return tuple(names)


def _to_fit(kinetics: ReactionSet, key: str, reference: float) -> float:
    value = kinetics.value(key)
    if key.endswith(".frequency_factor"):
        energy = kinetics.value(key.replace("frequency_factor", "activation_energy"))
        return float(np.log(value) - energy / (GAS_CONSTANT * reference))
    if key.endswith(".heat"):
        if value == 0:
            raise InputError("fit_kinetics", key, value, "a heat other than zero to start from: the fit keeps its sign")
        return float(np.log(abs(value)))
    return value


def with_fitted(kinetics: ReactionSet, names: Sequence[str], values: Array, reference: float) -> ReactionSet:
    """`kinetics` with the numbers `names` at `values` in the scale of the fit; `InputError` where they are out of range."""
    numbers: dict[str, float] = {}
    given: dict[str, Any] = dict(zip(names, values, strict=True))
    for key, value in given.items():
        if key.endswith(".frequency_factor"):
            partner = key.replace("frequency_factor", "activation_energy")
            energy = given[partner] if partner in given else kinetics.value(partner)
            numbers[key] = float(np.exp(min(value + energy / (GAS_CONSTANT * reference), 600.0)))
        elif key.endswith(".heat"):
            numbers[key] = float(np.copysign(np.exp(min(value, 100.0)), kinetics.value(key)))
        else:
            numbers[key] = float(value)
    return kinetics.with_values(numbers)
