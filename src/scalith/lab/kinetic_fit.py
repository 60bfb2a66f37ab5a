"""Decomposition kinetics from DSC curves: Kissinger and Ozawa lines, then all curves at once with covariance."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from scalith.lab.calorimetry import at_prescribed_temperature, require_baseline, temperature_program
from scalith.pack import Reaction, ReactionSet
from scalith.quantities import ConvergenceError, InputError, Source, Spec, digest, predicted
from scalith.quantities.constants import GAS_CONSTANT

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

Array = NDArray[np.float64]


@dataclass(frozen=True)
class ArrheniusLine:
    """Activation energy (J mol-1) and ln A (A in s-1) with standard errors, from a straight line through peaks."""

    activation_energy: float
    activation_energy_error: float
    log_frequency_factor: float
    log_frequency_factor_error: float


def kissinger(heating_rates: ArrayLike, peak_temperatures: ArrayLike) -> ArrheniusLine:
    """Kissinger's line: ln(β/T_p²) = ln(AR/E) − E/(R T_p) (Anal. Chem. 29 (1957) 1702, DOI 10.1021/ac60131a045).

    Parameters
    ----------
    heating_rates : array_like, shape (n,)
        β, K s-1, at least two different ones.
    peak_temperatures : array_like, shape (n,)
        T_p, K.

    Raises
    ------
    InputError
        Fewer than two rates, peaks that do not rise with the rate, values that are not positive.
    """
    rate, peak = _checked_peaks(heating_rates, peak_temperatures, "kissinger")
    slope, intercept, covariance = _line(1.0 / peak, np.log(rate / peak**2))
    energy = -slope * GAS_CONSTANT
    # ln A = intercept + ln(E/R): the error of ln E moves with the slope's.
    gradient = np.array([1.0 / slope, 1.0])
    log_error = float(np.sqrt(gradient @ covariance @ gradient))
    return ArrheniusLine(
        energy, float(np.sqrt(covariance[0, 0])) * GAS_CONSTANT, float(intercept + np.log(energy / GAS_CONSTANT)), log_error
    )


def ozawa(heating_rates: ArrayLike, peak_temperatures: ArrayLike) -> ArrheniusLine:
    """Ozawa's line: ln β = const − 1.052 E/(R T_p), with Doyle's constant refined by Flynn's iteration.

    T. Ozawa, Bull. Chem. Soc. Jpn. 38 (1965) 1881, DOI 10.1246/bcsj.38.1881. The factor 1.052 holds near E/RT = 30; it is
    replaced here by its exact value −d ln p/dz, with p(z) the temperature integral, until E stays. A is that of first
    order. Parameters and errors as `kissinger`.
    """
    from scipy.special import expn

    rate, peak = _checked_peaks(heating_rates, peak_temperatures, "ozawa")
    slope, _, covariance = _line(1.0 / peak, np.log(rate))
    factor = 1.052
    for _ in range(50):
        energy = -slope * GAS_CONSTANT / factor
        z = energy / (GAS_CONSTANT * float(np.mean(peak)))
        # p(z) = e^{−z}/z − E₁(z), dp/dz = −e^{−z}/z²
        scaled = 1.0 / z - expn(1, z) * np.exp(z) if z < 50 else 1.0 / z**2 * (1 - 2 / z + 6 / z**2)
        new = 1.0 / (z**2 * scaled)
        if abs(new - factor) < 1e-12:
            break
        factor = float(new)
    logs = np.log(rate * energy / (GAS_CONSTANT * peak**2)) + energy / (GAS_CONSTANT * peak)
    error = float(np.sqrt(covariance[0, 0])) * GAS_CONSTANT / factor
    return ArrheniusLine(energy, error, float(logs.mean()), error / (GAS_CONSTANT * float(np.mean(peak))))


def kinetics_from_peaks(
    curves: Sequence[xr.Dataset], windows: dict[str, tuple[float, float]], *, content: float = 1.0, name: str = "from peaks"
) -> ReactionSet:
    """First guess of a reaction set: in each temperature window one reaction of first order.

    Energy and frequency factor come from Kissinger's line through the peaks, the heat from the area under the curve,
    the order from the shape of the peak (Kissinger: n = 1.26 √S, S the ratio of the slopes at the inflections).

    Parameters
    ----------
    curves : sequence of Dataset
        DSC curves (`simulate_dsc`, `read_dsc`) at two or more heating rates, baseline subtracted.
    windows : dict
        Lowest and highest temperature of each reaction's peak, K, over all rates.
    content : float
        Sample in unit volume of cell, kg m-3, kept in the reactions.
    name : str
        Name of the set.

    Raises
    ------
    InputError
        No baseline, one heating rate only, a window without a peak, an area that gives a negative heat.
    """
    where = "kinetics_from_peaks"
    reactions, states = {}, {}
    for curve in curves:
        require_baseline(curve, where)
    for title, (low, high) in windows.items():
        rates, peaks, heats, orders = [], [], [], []
        for curve in curves:
            T, flow, time = (curve[key].values for key in ("temperature", "heat_flow", "time"))
            inside = (low <= T) & (high >= T)
            if inside.sum() < 5:
                raise InputError(
                    where, title, f"{int(inside.sum())} points of a curve in {low:.6g} to {high:.6g} K", "a window on the curve"
                )
            T, flow, time = T[inside], flow[inside], time[inside]
            i = int(np.argmax(flow))
            if i in (0, flow.size - 1):
                raise InputError(
                    where, title, f"the largest heat flow at {T[i]:.6g} K, an edge of the window", "a peak within the window"
                )
            peaks.append(_top(T, flow, i))
            rates.append(float(curve.attrs["heating_rate"]))
            heats.append(float(np.sum(0.5 * (flow[1:] + flow[:-1]) * np.diff(time))))
            slopes = np.gradient(flow, T)
            orders.append(1.26 * np.sqrt(abs(slopes[:i].max() / min(slopes[i:].min(), -1e-300))))
        heat = float(np.mean(heats))
        if heat <= 0:
            raise InputError(where, title, f"an area of {heat:.4g} J/kg", "a positive heat of reaction: check sign and baseline")
        line = kissinger(rates, peaks)
        order = float(np.clip(np.mean(orders), 0.3, 3.0))
        reactions[title] = Reaction(
            frequency_factor=float(np.exp(line.log_frequency_factor)),
            activation_energy=line.activation_energy,
            heat=heat,
            content=content,
            orders={title: order},
            changes={title: -1.0},
        )
        states[title] = 1.0
    reference = "first guess from " + ", ".join(_named(curve) for curve in curves)
    return ReactionSet(name=name, reference=reference, states=states, reactions=reactions)


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
        Root mean square of (model − curve) relative to each curve's peak.
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
                "drawing kinetics", "the covariance reaches far below zero: more curves or fewer parameters are needed"
            )
        return members


def fit_dsc(
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
    """Fit a reaction set to one or many DSC curves at once by least squares.

    Each curve is simulated from its own first to last temperature at its heating rate; the residual is the difference of
    heat flows relative to the curve's peak. Frequency factors enter as ln k(T_ref) = ln A − E/(R T_ref), which parts
    them from the energies; the covariance is s² (JᵀJ)⁻¹ at the optimum, with s² the residual's variance.

    Parameters
    ----------
    curves : sequence of Dataset
        As `simulate_dsc` or `read_dsc` gives them, baseline subtracted.
    guess : ReactionSet
        Where to start: a shipped set, or `kinetics_from_peaks`.
    parameters : sequence of str, optional
        Which numbers to fit (``"anode.activation_energy"``, ``"anode.orders.anode"``, …); all frequency factors,
        activation energies, heats and orders of the set when not given.
    sample_density : float, optional
        As in `simulate_dsc`; the content of the reactions when all share one.
    complete : bool
        False where the reactions still go on at the last temperature: the heat flow need not come back to zero then.
    points : int
        Times of each curve that the fit looks at: even in temperature on a ramp, in time on a hold.
    name : str
        Name of the fitted set.
    progress : callable, optional
        Called with (fraction, message).

    Raises
    ------
    InputError
        No curve, no baseline, an unknown parameter, a sample density that is not clear.
    ConvergenceError
        The least squares do not converge or the curves do not determine the parameters.
    """
    from scipy.optimize import least_squares

    where = "fit_dsc"
    if not curves:
        raise InputError(where, "curves", "none", "at least one DSC curve")
    for curve in curves:
        require_baseline(curve, where, complete=complete)
    names = tuple(parameters) if parameters is not None else _all_parameters(guess)
    density = density_of_sample(guess, sample_density, where)
    data = sampled_curves(curves, points)
    reference = float(np.mean([one.temperature[int(np.argmax(one.flow))] for one in data]))
    start = np.array([_to_fit(guess, key, reference) for key in names])
    calls = 0

    def residuals(values: Array) -> Array:
        nonlocal calls
        calls += 1
        if progress is not None:
            progress(min(0.99, calls / (60.0 * len(names))), f"{calls} simulations of {len(data)} curves")
        try:
            kinetics = with_fitted(guess, names, values, reference)
        except InputError:
            return np.full(points * len(data), 1e3)
        return heat_flow_residuals(kinetics, data, density)

    scale = np.array([1e4 if key.endswith("activation_energy") else 1.0 for key in names])
    # A guess off by several kelvin puts a simulated peak beside the measured one: a soft loss first finds the slope between them.
    soft = least_squares(residuals, start, x_scale=scale, loss="soft_l1", f_scale=0.1, diff_step=1e-5, max_nfev=40)
    found = least_squares(residuals, soft.x, x_scale=scale, diff_step=1e-6, max_nfev=100, ftol=1e-12, xtol=1e-12, gtol=1e-12)
    if found.status <= 0:
        raise ConvergenceError(where, "the least squares did not converge within 100 evaluations: start from a better guess")
    jacobian = found.jac * scale
    singular = np.linalg.svd(jacobian, compute_uv=False)
    if singular[-1] < 1e-9 * singular[0]:
        raise ConvergenceError(
            where, "the curves do not determine all parameters: fit fewer, or add curves at other heating rates"
        )
    freedom = max(found.fun.size - len(names), 1)
    covariance = np.linalg.inv(jacobian.T @ jacobian) * float(found.fun @ found.fun) / freedom * np.outer(scale, scale)
    kinetics = with_fitted(guess, names, found.x, reference)
    # The fit is the set's origin now.
    text = (
        f"fitted to {len(curves)} DSC curves ({', '.join(_named(curve) for curve in curves)}) from the form of: {guess.reference}"
    )
    kinetics = kinetics.model_copy(update={"name": name or f"{guess.name}, fitted", "reference": text})
    kinetics = ReactionSet.model_validate(kinetics.model_dump(mode="json"))
    parents = tuple(digest(curve["temperature"].values, curve["heat_flow"].values, curve.attrs["source"]) for curve in curves)
    source = predicted("scalith.lab.fit_dsc", guess.digest, *parents, settings={"parameters": list(names), "points": points})
    return KineticFit(
        kinetics=kinetics,
        parameters=tuple(names),
        values=tuple(float(value) for value in found.x),
        covariance=tuple(tuple(float(value) for value in row) for row in covariance),
        reference_temperature=reference,
        residual=float(np.sqrt(np.mean(found.fun**2))),
        source=source,
    )


def density_of_sample(kinetics: ReactionSet, stated: float | None, where: str) -> float:
    """The stated density, kg m-3; without it the content of the reactions, when all share one."""
    contents = {reaction.content for reaction in kinetics.reactions.values()}
    if stated is None and len(contents) != 1:
        raise InputError(where, "sample_density", "nothing", "the sample's density, since the reactions have different contents")
    return contents.pop() if stated is None else stated


class SampledCurve(NamedTuple):
    """A DSC curve as the fit looks at it.

    Times, s; temperatures there, K; heat flow relative to its peak, W kg-1; knots of the furnace's program, s and K.
    """

    time: Array
    temperature: Array
    flow: Array
    peak: float
    program_time: Array
    program: Array


def sampled_curves(curves: Sequence[xr.Dataset], points: int) -> list[SampledCurve]:
    """Curves at `points` times, relative to their peaks: even in temperature on a ramp, and in time on a hold."""
    found = []
    for curve in curves:
        time, T, flow = curve["time"].values, curve["temperature"].values, curve["heat_flow"].values
        knots, program = temperature_program(time, T)
        risen = np.concatenate([[0.0], np.cumsum(np.abs(np.diff(program)))])
        # A tenth of the points goes by time, so that a hold has some.
        way = 0.9 * np.interp(time, knots, risen) / max(risen[-1], 1e-300) + 0.1 * (time - time[0]) / (time[-1] - time[0])
        at = np.interp(np.linspace(0.0, 1.0, points), way, time)
        peak = float(np.abs(flow).max())
        found.append(SampledCurve(at, np.interp(at, knots, program), np.interp(at, time, flow) / peak, peak, knots, program))
    return found


def heat_flow_residuals(
    kinetics: ReactionSet, curves: Sequence[SampledCurve], sample_density: float, tolerance: float = 1e-9
) -> Array:
    """(model − curve)/peak of all curves, one after the other."""
    from scalith.pack.kernels.network import heat_by_reaction

    parts = []
    for curve in curves:
        T, extents = at_prescribed_temperature(kinetics, curve.time, curve.program_time, curve.program, tolerance)
        heat = np.empty((T.size, 1, extents.shape[1]))
        heat_by_reaction(kinetics.arrays(), np.array([1.0 / sample_density]), T[:, None], extents[:, None], heat)
        parts.append(heat[:, 0].sum(axis=1) / curve.peak - curve.flow)
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
            raise InputError("fit_dsc", key, value, "a heat other than zero to start from: the fit keeps its sign")
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


def _named(curve: xr.Dataset) -> str:
    source = Source.from_json(curve.attrs["source"])
    origin = source.files[0].name if source.files else source.by or source.reference
    return f"{origin} at {60 * float(curve.attrs['heating_rate']):.3g} K/min"


def _checked_peaks(heating_rates: ArrayLike, peak_temperatures: ArrayLike, where: str) -> tuple[Array, Array]:
    rate, peak = np.asarray(heating_rates, dtype=np.float64), np.asarray(peak_temperatures, dtype=np.float64)
    if rate.ndim != 1 or rate.shape != peak.shape or np.unique(rate).size < 2 or not np.all(rate > 0):
        raise InputError(
            where,
            "heating_rates",
            f"shapes {rate.shape} and {peak.shape}",
            "a peak at each of two or more different heating rates",
        )
    if not np.all(peak > 200.0):
        raise InputError(where, "peak_temperatures", float(peak.min()), "kelvin above 200")
    order = np.argsort(rate)
    if np.polyfit(np.log(rate[order]), peak[order], 1)[0] <= 0:
        raise InputError(where, "peak_temperatures", peak[order].tolist(), "peaks that rise with the heating rate")
    return rate, peak


def _top(T: Array, flow: Array, i: int) -> float:
    """Place of a peak, finer than sampling and noise: the top of a cubic through the upper tenth around index `i`."""
    high = flow >= 0.9 * flow[i]
    low_side = i - int(np.argmax(~high[i::-1])) if not high[: i + 1].all() else 0
    high_side = i + int(np.argmax(~high[i:])) if not high[i:].all() else flow.size - 1
    around = slice(min(low_side, max(i - 2, 0)), max(high_side, min(i + 2, flow.size - 1)) + 1)
    cubic = np.polynomial.Polynomial.fit(T[around], flow[around], 3)
    tops = [
        float(root.real) for root in cubic.deriv().roots() if abs(root.imag) < 1e-9 and T[around][0] <= root.real <= T[around][-1]
    ]
    return max(tops, key=lambda T: float(cubic(T))) if tops else float(T[i])


def _line(x: Array, y: Array) -> tuple[float, float, Array]:
    """Slope, intercept and their covariance (zero for two points, where the line is exact)."""
    design = np.stack([x, np.ones_like(x)], axis=1)
    centre = x.mean()
    slope = float(((x - centre) @ (y - y.mean())) / ((x - centre) @ (x - centre)))
    intercept = float(y.mean() - slope * centre)
    left = y - slope * x - intercept
    variance = float(left @ left) / (x.size - 2) if x.size > 2 else 0.0
    return slope, intercept, variance * np.linalg.inv(design.T @ design)
