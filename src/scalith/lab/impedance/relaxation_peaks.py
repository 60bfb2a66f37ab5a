"""Decomposition of a distribution of relaxation times into peaks of a known shape."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from scalith.lab.impedance.circuit_fit import fit_circuit
from scalith.lab.impedance.levenberg_marquardt import minimise
from scalith.quantities import InputError, Result, dataset_digest, predicted

if TYPE_CHECKING:
    import xarray as xr

Array = NDArray[np.float64]
REAL = 0.95
"""Probability from which on a peak is taken as real."""


def decompose_peaks(
    distribution: xr.Dataset,
    data: xr.Dataset | None = None,
    *,
    shape: Literal["zarc", "gaussian"] = "zarc",
    probability: float = REAL,
) -> Result:
    r"""Resistance, time constant and width of each real peak, with overlaps told apart.

    ``"zarc"`` fits R_∞ + Σ R_k/(1 + (iωτ_k)^φ_k) (with L where the distribution has one) to the spectrum itself, started from
    the peaks: no
    regularisation is left in the numbers, and errors are those of the fit. ``"gaussian"`` fits Σ R_k exp(−(ln
    τ/τ_k)²/2w²)/(√(2π)w) to the
    distribution, regularised as it is; it states no errors.

    Parameters
    ----------
    distribution : xarray.Dataset
        As `relaxation_times` gives it, with a band.
    data : xarray.Dataset, optional
        The spectrum; needed for ``"zarc"``.
    shape : {"zarc", "gaussian"}
    probability : float
        Peaks below it are left out.

    Returns
    -------
    Result
        Over ``peak``, in the order of τ: ``relaxation_time`` (s), ``resistance`` (ohm), ``exponent`` or ``width`` (of ln τ),
        and standard errors.

    Raises
    ------
    InputError
        No peak is real enough, or no spectrum for ``"zarc"``.
    """
    chance = distribution["peak_probability"].values
    if np.any(np.isnan(chance)):
        raise InputError("decompose_peaks", "distribution", "no band", "relaxation_times(…, samples=200)")
    chosen = chance >= probability
    times, areas = distribution["peak_time"].values[chosen], distribution["peak_resistance"].values[chosen]
    if not times.size:
        largest = f"{chance.max():.2g}" if chance.size else "none"
        raise InputError("decompose_peaks", "peaks", f"largest probability {largest}", f"a peak of {probability:g} or more")
    if shape == "zarc":
        if data is None:
            raise InputError("decompose_peaks", "data", "nothing", "the spectrum, which a sum of arcs is fitted to")
        found = _arcs(distribution, data, times, areas)
    elif shape == "gaussian":
        found = _gaussians(distribution, times, areas)
    else:
        raise InputError("decompose_peaks", "shape", shape, "'zarc' or 'gaussian'")
    third = "exponent" if shape == "zarc" else "width"
    units = {"relaxation_time": "s", "resistance": "ohm", third: "1"}
    order = np.argsort(found[0][:, 0])
    columns = {
        name + suffix: ("peak", rows[order, k], {"units": unit, "long_name": f"{name.replace('_', ' ')}{words}"})
        for suffix, words, rows in zip(("", "_error"), ("", ": standard error"), found, strict=True)
        for k, (name, unit) in enumerate(units.items())
    }
    source = predicted("scalith.lab.decompose_peaks", dataset_digest(distribution), settings={"shape": shape})
    return Result(columns, {}, {"shape": shape, "source": source.to_json()})


def _arcs(distribution: xr.Dataset, data: xr.Dataset, times: Array, areas: Array) -> tuple[Array, Array]:
    inductance = float(distribution.attrs.get("L", 0.0))
    text = "-".join((["L0"] if inductance > 0.0 else []) + ["R0"] + [f"Zarc{k + 1}" for k in range(times.size)])
    start = {"R0": max(float(distribution.attrs["R_infinity"]), 1e-6 * float(areas.sum()))}
    if inductance > 0.0:
        start["L0"] = inductance
    for k, (time, area) in enumerate(zip(times, areas, strict=True)):
        start |= {f"Zarc{k + 1}.R": float(area), f"Zarc{k + 1}.tau": float(time), f"Zarc{k + 1}.gamma": 0.85}
    fit = fit_circuit(text, data, start=start)
    names = [[f"Zarc{k + 1}.{part}" for part in ("tau", "R", "gamma")] for k in range(times.size)]
    values = np.array([[fit.values[name] for name in row] for row in names])
    errors = [[fit.standard_error(name) if name in fit.free else np.nan for name in row] for row in names]
    return values, np.array(errors)


def _gaussians(distribution: xr.Dataset, times: Array, areas: Array) -> tuple[Array, Array]:
    across, gamma = np.log(distribution["relaxation_time"].values), distribution["distribution"].values

    def residuals(u: Array) -> tuple[Array, Array]:
        centre, area, width = u[0::3, None], np.exp(u[1::3, None]), np.exp(u[2::3, None])
        z = (across - centre) / width
        curve = area * np.exp(-0.5 * z * z) / (np.sqrt(2.0 * np.pi) * width)
        jacobian = np.empty((u.size, across.size))
        jacobian[0::3], jacobian[1::3], jacobian[2::3] = curve * z / width, curve, curve * (z * z - 1.0)
        return curve.sum(axis=0) - gamma, jacobian.T

    start = np.stack([np.log(times), np.log(areas), np.zeros_like(times)], axis=1).ravel()
    found = minimise(residuals, start, np.full(start.size, -80.0), np.full(start.size, 80.0)).x
    values = np.stack([np.exp(found[0::3]), np.exp(found[1::3]), np.exp(found[2::3])], axis=1)
    return values, np.full_like(values, np.nan)
