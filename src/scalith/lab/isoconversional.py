"""Activation energy as a function of conversion, without a model of the reaction: Friedman and Vyazovkin."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from scalith.lab.baselines import require_baseline
from scalith.quantities import InputError, digest, predicted
from scalith.quantities.constants import GAS_CONSTANT

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

Array = NDArray[np.float64]

EVERY_TWENTIETH = tuple(np.round(np.arange(0.05, 0.951, 0.05), 2).tolist())
"""Conversions from 0.05 to 0.95."""


class _Conversion(NamedTuple):
    """A curve as conversion: s, K, α and dα/dt (s-1)."""

    time: Array
    temperature: Array
    conversion: Array
    rate: Array


def friedman(curves: Sequence[xr.Dataset], conversions: ArrayLike = EVERY_TWENTIETH) -> xr.Dataset:
    r"""Friedman's differential method: at one conversion the rate depends on temperature alone,

    ln(dα/dt)_{α,i} = ln[A f(α)] − E(α)/(R T_{α,i}),

    a straight line through the curves i (H. L. Friedman, J. Polym. Sci. C 6 (1964) 183, DOI 10.1002/polc.5070060121).

    Parameters
    ----------
    curves : sequence of Dataset
        DSC curves, baseline subtracted, of whole reactions, at two or more heating programs.
    conversions : array_like, shape (n,)
        Between 0 and 1, rising.

    Returns
    -------
    xarray.Dataset
        Over ``conversion``: ``activation_energy`` and its standard error (J mol-1; zero for two curves, where the line is
        exact), ``log_rate_factor``, ln[A f(α)], A in s-1.

    Raises
    ------
    InputError
        Fewer than two curves, no baseline, conversions out of range, curves at one and the same temperature.
    """
    alpha, data = _conversions(curves, conversions, "friedman")
    inverse = np.array([np.interp(alpha, one.conversion, 1.0 / one.temperature) for one in data])
    logs = np.array([np.log(np.interp(alpha, one.conversion, one.rate)) for one in data])
    spread = inverse - inverse.mean(axis=0)
    square = (spread**2).sum(axis=0)
    _require_spread(square, inverse, "friedman")
    slope = (spread * logs).sum(axis=0) / square
    intercept = logs.mean(axis=0) - slope * inverse.mean(axis=0)
    left = logs - intercept - slope * inverse
    error = np.sqrt((left**2).sum(axis=0) / max(len(data) - 2, 1) / square)
    found = _energies("friedman", curves, alpha, -slope * GAS_CONSTANT, error * GAS_CONSTANT)
    found["log_rate_factor"] = ("conversion", intercept, {"units": "1", "long_name": "ln[A f(α)], A in s-1"})
    return found


def vyazovkin(curves: Sequence[xr.Dataset], conversions: ArrayLike = EVERY_TWENTIETH) -> xr.Dataset:
    r"""Vyazovkin's integral method for any temperature program: E(α) makes

    Φ(E) = Σ_i Σ_{j≠i} J_i(E)/J_j(E),   J_i(E) = ∫_{t_{α−Δα}}^{t_α} exp(−E/(R T_i(t))) dt,

    least, T_i(t) the measured temperature; over a short step Δα the energy is constant (S. Vyazovkin, J. Comput. Chem. 18 (1997)
    393; 22 (2001) 178). The standard error is that of the line ln J_i = const at its optimum.

    Parameters, result and errors as `friedman`, without ``log_rate_factor``.
    """
    from scipy.optimize import minimize_scalar

    alpha, data = _conversions(curves, conversions, "vyazovkin")
    edges = np.concatenate([[max(2.0 * alpha[0] - alpha[1], 0.0) if alpha.size > 1 else 0.5 * alpha[0]], alpha])
    energies, errors = np.empty(alpha.size), np.empty(alpha.size)
    for k in range(alpha.size):
        windows = []
        for one in data:
            low, high = np.interp(edges[k : k + 2], one.conversion, one.time)
            time = np.linspace(low, high, 65)
            windows.append((time, 1.0 / (GAS_CONSTANT * np.interp(time, one.time, one.temperature))))
        spread = np.array([beta.mean() for _, beta in windows])
        _require_spread(np.atleast_1d(((spread - spread.mean()) ** 2).sum()), spread, "vyazovkin")
        best = minimize_scalar(_unevenness, bounds=(1e3, 1e6), args=(windows,), method="bounded", options={"xatol": 0.01})
        energies[k] = float(best.x)
        if not 1e3 + 1.0 < energies[k] < 1e6 - 1.0:
            found = f"no optimum at conversion {alpha[k]:.3g}"
            raise InputError("vyazovkin", "curves", found, "curves whose energy lies between 1 and 1000 kJ/mol")
        logs, slopes = _log_integrals(energies[k], windows)
        scatter = float(((logs - logs.mean()) ** 2).sum()) / max(len(data) - 2, 1)
        errors[k] = np.sqrt(scatter / ((slopes - slopes.mean()) ** 2).sum())
    return _energies("vyazovkin", curves, alpha, energies, errors)


def _log_integrals(energy: float, windows: Sequence[tuple[Array, Array]]) -> tuple[Array, Array]:
    """ln J of each curve but for a constant, and −d ln J/dE; windows hold times, s, and 1/(R T), mol J-1."""
    middle = float(np.mean([beta.mean() for _, beta in windows]))
    found = []
    for time, beta in windows:
        weight = np.exp(-energy * (beta - middle))
        area = float(np.trapezoid(weight, time))
        found.append((np.log(area), float(np.trapezoid(weight * beta, time)) / area))
    logs, slopes = np.array(found).T
    return logs, slopes


def _unevenness(energy: float, windows: Sequence[tuple[Array, Array]]) -> float:
    logs, _ = _log_integrals(energy, windows)
    return float(np.exp(logs).sum() * np.exp(-logs).sum()) - len(windows)


def _require_spread(square: Array, values: Array, where: str) -> None:
    if not np.all(np.sqrt(square) > 1e-4 * np.abs(values).mean()):
        raise InputError(where, "curves", "one and the same temperature at a conversion", "curves at two or more heating rates")


def _conversions(curves: Sequence[xr.Dataset], conversions: ArrayLike, where: str) -> tuple[Array, list[_Conversion]]:
    alpha = np.atleast_1d(np.asarray(conversions, dtype=np.float64))
    if alpha.ndim != 1 or not np.all((alpha > 0) & (alpha < 1)) or np.any(np.diff(alpha) <= 0):
        raise InputError(where, "conversions", alpha.tolist(), "rising values between 0 and 1")
    if len(curves) < 2:
        raise InputError(where, "curves", len(curves), "two or more curves at different heating rates")
    data = []
    for curve in curves:
        require_baseline(curve, where, sign=0)
        time, T, flow = (curve[key].values for key in ("time", "temperature", "heat_flow"))
        passed = np.concatenate([[0.0], np.cumsum(0.5 * (flow[1:] + flow[:-1]) * np.diff(time))])
        conversion = np.maximum.accumulate(passed / passed[-1])
        # Where noise makes the heat flow zero or negative, the conversion stands still: those points say nothing.
        rising = np.concatenate([[True], np.diff(conversion) > 0]) & (flow / passed[-1] > 0)
        data.append(_Conversion(time[rising], T[rising], conversion[rising], flow[rising] / passed[-1]))
    return alpha, data


def _energies(name: str, curves: Sequence[xr.Dataset], alpha: Array, energy: Array, error: Array) -> xr.Dataset:
    parents = [digest(curve["temperature"].values, curve["heat_flow"].values, curve.attrs["source"]) for curve in curves]
    source = predicted(f"scalith.lab.{name}", *parents)
    return xr.Dataset(
        {
            "activation_energy": ("conversion", energy, {"units": "J mol-1", "long_name": "activation energy"}),
            "activation_energy_error": ("conversion", error, {"units": "J mol-1", "long_name": "its standard error"}),
        },
        coords={"conversion": ("conversion", alpha, {"units": "1", "long_name": "conversion"})},
        attrs={"source": source.to_json()},
    )
