"""Kinetics from peaks and areas of DSC curves: Kissinger's and Ozawa's lines, and the first guess that a fit starts from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from scalith.lab.baselines import require_baseline
from scalith.lab.calorimetry import name_of
from scalith.pack import Reaction, ReactionSet
from scalith.quantities import InputError
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
    the order from the shape of the peak (Kissinger: n = 1.26 √S, S the ratio of the slopes at the inflections). An endothermic
    peak (melting) gives a negative heat.

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
        No baseline, one heating rate only, a window without a peak, areas of both signs.
    """
    where = "kinetics_from_peaks"
    reactions, states = {}, {}
    for curve in curves:
        require_baseline(curve, where, sign=0)
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
            area = float(np.sum(0.5 * (flow[1:] + flow[:-1]) * np.diff(time)))
            flow = np.sign(area) * flow
            i = int(np.argmax(flow))
            if i in (0, flow.size - 1):
                raise InputError(
                    where, title, f"the largest heat flow at {T[i]:.6g} K, an edge of the window", "a peak within the window"
                )
            peaks.append(_top(T, flow, i))
            rates.append(float(curve.attrs["heating_rate"]))
            heats.append(area)
            slopes = np.gradient(flow, T)
            orders.append(1.26 * np.sqrt(abs(slopes[:i].max() / min(slopes[i:].min(), -1e-300))))
        heat = float(np.mean(heats))
        if np.ptp(np.sign(heats)) > 0:
            found = ", ".join(f"{one:.4g}" for one in heats) + " J/kg"
            raise InputError(where, title, found, "areas of one sign: exothermic or endothermic, check sign and baseline")
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
    reference = "first guess from " + ", ".join(name_of(curve) for curve in curves)
    return ReactionSet(name=name, reference=reference, states=states, reactions=reactions)


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
