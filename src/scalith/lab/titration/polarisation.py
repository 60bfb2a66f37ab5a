"""Direct-current polarisation: Bruce–Vincent, what it measures, restricted diffusion, Hebb–Wagner, mixed conductors."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from scalith.quantities import InputError
from scalith.quantities.constants import FARADAY, GAS_CONSTANT

Array = NDArray[np.float64]


class MixedConductivity(NamedTuple):
    """Electronic conductivities at the reference electrode's activity, S/m, and their standard errors."""

    electrons: float
    holes: float
    electrons_error: float
    holes_error: float


class MixedConductor(NamedTuple):
    """Conductivities of ions and electrons (S/m) and chemical diffusivity (m2 s-1), each with its standard error; V, rms."""

    ions: float
    electrons: float
    diffusivity: float
    ions_error: float
    electrons_error: float
    diffusivity_error: float
    residual: float


def bruce_vincent(
    voltage: float, first_current: float, last_current: float, first_resistance: float, last_resistance: float
) -> float:
    r"""Transference number of a symmetric cell Li | electrolyte | Li held at a small voltage.

    .. math::

        t = \frac{I_{ss}(ΔV - I_0R_0)}{I_0(ΔV - I_{ss}R_{ss})}

    with the resistances of the interfaces before and after (J. Evans, C. A. Vincent, P. G. Bruce, Polymer 28, 2324 (1987), DOI
    10.1016/0032-3861(87)90394-6). It is t₊ in an ideal dilute solution only; in a concentrated one it is 1/(1 + Ne), see
    `newman_number`.

    Raises
    ------
    InputError
        Currents that are not positive or rise, or an interface that takes all the voltage.
    """
    if not 0.0 < last_current <= first_current:
        raise InputError("bruce_vincent", "currents", f"{first_current:g} then {last_current:g} A", "positive, and not rising")
    for name, current, resistance in (("first", first_current, first_resistance), ("last", last_current, last_resistance)):
        if not 0.0 <= current * resistance < voltage:
            found = f"{current * resistance:.4g} V of {voltage:.4g} V"
            raise InputError("bruce_vincent", f"{name} voltage of the interfaces", found, "less than the voltage of the cell")
    bulk = voltage - first_current * first_resistance, voltage - last_current * last_resistance
    return last_current * bulk[0] / (first_current * bulk[1])


def newman_number(
    conductivity: float,
    diffusivity: float,
    concentration: float,
    transference_number: float,
    thermodynamic_factor: float = 1.0,
    temperature: float = 298.15,
) -> float:
    r"""Ne of a binary electrolyte: a current held by a small voltage falls to 1/(1 + Ne) of its first value.

    .. math::

        Ne = \frac{2σRT(1-t_+)^2\left(1+\frac{d\ln f_\pm}{d\ln c}\right)}{F^2 D c}

    (N. P. Balsara, J. Newman, J. Electrochem. Soc. 162, A2720 (2015), DOI 10.1149/2.0651514jes).

    Parameters
    ----------
    conductivity : float
        S/m.
    diffusivity : float
        Of the salt, m2 s-1.
    concentration : float
        mol m-3.
    transference_number, thermodynamic_factor : float
        t₊ and 1 + d ln f±/d ln c.
    temperature : float
        K.
    """
    for name, value in {"diffusivity": diffusivity, "concentration": concentration, "conductivity": conductivity}.items():
        if not value > 0.0:
            raise InputError("newman_number", name, value, "a positive number")
    driving = 2.0 * conductivity * GAS_CONSTANT * temperature * (1.0 - transference_number) ** 2 * thermodynamic_factor
    return driving / (FARADAY**2 * diffusivity * concentration)


def restricted_diffusion(time: ArrayLike, voltage: ArrayLike, thickness: float) -> tuple[float, float]:
    """D of the salt and its standard error from the decay of the voltage after the current: d ln|V|/dt = −π²D/L².

    Holds once the second harmonic is gone, Dt/L² > 0.05: give times from there on, and voltages less their last rest.

    Raises
    ------
    InputError
        Fewer than 4 samples, or voltages of both signs.
    """
    t, v = np.asarray(time, dtype=np.float64), np.asarray(voltage, dtype=np.float64)
    if t.size < 4 or t.shape != v.shape:
        raise InputError("restricted_diffusion", "samples", f"{t.size} times, {v.size} voltages", "at least 4 of both")
    if not (np.all(v > 0.0) or np.all(v < 0.0)):
        raise InputError("restricted_diffusion", "voltage", "both signs", "one: take off the voltage at rest")
    matrix = np.stack([np.ones_like(t), t - t.mean()], axis=1)
    log = np.log(np.abs(v))
    line = np.linalg.lstsq(matrix, log, rcond=None)[0]
    variance = float(np.sum((log - matrix @ line) ** 2)) / (t.size - 2) / float(np.sum((t - t.mean()) ** 2))
    scale = thickness**2 / np.pi**2
    return float(-line[1] * scale), float(np.sqrt(variance) * scale)


def hebb_wagner_current(
    voltage: ArrayLike, electrons: float, holes: float, thickness: float, area: float, temperature: float = 298.15
) -> Array:
    r"""Current through a solid electrolyte whose ions are blocked at one side.

    .. math::

        I = \frac{A R T}{L F}\left[σ_n(e^{FV/RT}-1) + σ_p(1-e^{-FV/RT})\right]

    whose slope, times L/A, is the electronic conductivity at the blocking side.
    """
    u = FARADAY * np.asarray(voltage, dtype=np.float64) / (GAS_CONSTANT * temperature)
    scale = area * GAS_CONSTANT * temperature / (thickness * FARADAY)
    return np.asarray(scale * (electrons * np.expm1(u) - holes * np.expm1(-u)))


def extract_hebb_wagner(
    voltage: ArrayLike, current: ArrayLike, thickness: float, area: float, temperature: float = 298.15
) -> MixedConductivity:
    """Conductivities of electrons and holes from steady currents: linear least squares relative to each current.

    Raises
    ------
    InputError
        Fewer than 3 voltages, or a current of zero.
    """
    v, i = np.asarray(voltage, dtype=np.float64), np.asarray(current, dtype=np.float64)
    if v.size < 3 or v.shape != i.shape:
        raise InputError("extract_hebb_wagner", "samples", f"{v.size} voltages, {i.size} currents", "at least 3 of both")
    if np.any(i == 0.0):
        raise InputError("extract_hebb_wagner", "current", "zero", "steady currents that are not zero")
    columns = [hebb_wagner_current(v, *one, thickness, area, temperature) for one in ((1.0, 0.0), (0.0, 1.0))]
    matrix = np.stack(columns, axis=1) / i[:, None]
    size = np.linalg.norm(matrix, axis=0)
    found = np.linalg.lstsq(matrix / size, np.ones_like(i), rcond=None)[0]
    variance = float(np.sum((1.0 - matrix / size @ found) ** 2)) / (v.size - 2)
    errors = np.sqrt(variance * np.diag(np.linalg.inv((matrix / size).T @ (matrix / size)))) / size
    return MixedConductivity(*(float(value) for value in (*(found / size), *errors)))


def mixed_conductor_voltage(
    time: ArrayLike, current: float, ions: float, electrons: float, diffusivity: float, thickness: float, area: float
) -> Array:
    r"""Voltage of a mixed conductor between electrodes that block its ions, after the start of a current.

    .. math::

        V(t) = V_0 + (V_\infty - V_0)\left[1 - \frac{8}{π^2}\sum_{n\,odd}\frac{e^{-n^2π^2\tilde D t/L^2}}{n^2}\right],\qquad
        V_0 = \frac{IL}{A(σ_i+σ_e)},\quad V_\infty = \frac{IL}{Aσ_e}

    (after Yokota 1961): at once both carriers take the current, at the end electrons alone.
    """
    first, last = current * thickness / (area * (ions + electrons)), current * thickness / (area * electrons)
    reduced = diffusivity * np.asarray(time, dtype=np.float64) / thickness**2
    return np.asarray(first + (last - first) * _polarised(reduced))


def extract_mixed_conductor(time: ArrayLike, voltage: ArrayLike, current: float, thickness: float, area: float) -> MixedConductor:
    """σ of ions and of electrons and the chemical diffusivity from the rise of the voltage: least squares of the whole series.

    The classical reading takes V₀ and V∞ from the ends: the first sample is late, and the last short of V∞ by 8/π² exp(−π²D̃t/L²).

    Raises
    ------
    InputError
        A thickness or an area that is not positive, fewer than 8 samples, a voltage that does not rise in the direction of the
        current, one that ends before D̃t/L² = 0.1 (then V∞ is not told), or one whose fit has V₀ or V∞ − V₀ against the current.
    """
    from scipy.optimize import minimize_scalar

    t, v = np.asarray(time, dtype=np.float64), np.asarray(voltage, dtype=np.float64)
    where = "extract_mixed_conductor"
    for name, value in {"thickness": thickness, "area": area}.items():
        if not value > 0.0:
            raise InputError(where, name, value, "a positive number")
    if t.size < 8 or t.shape != v.shape or not np.all(np.diff(t) > 0.0) or not t[0] >= 0.0:
        raise InputError(where, "samples", f"{t.size} times, {v.size} voltages", "at least 8 of both, at rising times from 0 on")
    if not (np.isfinite(current) and current != 0.0 and (v[-1] - v[0]) * current > 0.0):
        raise InputError(where, "voltage", f"{v[0]:.4g} to {v[-1]:.4g} V at {current:.4g} A", "one that rises with its current")

    def linear(log: float) -> tuple[Array, Array, Array]:
        matrix = np.stack([np.ones_like(t), _polarised(np.exp(log) * t / t[-1])], axis=1)
        found = np.asarray(np.linalg.lstsq(matrix, v, rcond=None)[0], dtype=np.float64)
        return found, matrix, v - matrix @ found

    grid = np.log(np.geomspace(1e-3, 1e3, 61))
    costs = [float(np.sum(linear(one)[2] ** 2)) for one in grid]
    k = int(np.argmin(costs))
    least = float(np.exp(grid[k]))
    if k == grid.size - 1 or least < 0.1:
        found = f"the best at D̃t/L² = {least:.2g} of the last sample"
        raise InputError(where, "time", found, "samples from before 0.001 to beyond 0.1: a rise from V₀ towards V∞")
    best = float(
        minimize_scalar(
            lambda log: float(np.sum(linear(log)[2] ** 2)),
            bounds=(grid[k - 1], grid[k + 1]),
            method="bounded",
            options={"xatol": 1e-9},
        ).x
    )
    (first, rise), matrix, off = linear(best)
    for name, value in {"V₀": first, "V∞ − V₀": rise}.items():
        if not value * current > 0.0:
            raise InputError(
                where, f"{name} of the fit", f"{value:.4g} V at {current:.4g} A", "one in the direction of the current"
            )
    moved = (linear(best + 1e-4)[1][:, 1] - linear(best - 1e-4)[1][:, 1]) / 2e-4 * rise
    jacobian = np.column_stack([matrix, moved])
    covariance = np.linalg.inv(jacobian.T @ jacobian) * float(off @ off) / (t.size - 3)
    scale = current * thickness / area
    total, electrons = scale / first, scale / (first + rise)
    # By V₀, V∞ − V₀ and ln D̃.
    by_electrons = np.array([-electrons / (first + rise), -electrons / (first + rise), 0.0])
    by_ions = np.array([-total / first, 0.0, 0.0]) - by_electrons
    ions_error, electrons_error = (float(np.sqrt(row @ covariance @ row)) for row in (by_ions, by_electrons))
    diffusivity = float(np.exp(best)) * thickness**2 / float(t[-1])
    residual = float(np.sqrt(np.mean(off**2)))
    return MixedConductor(
        float(total - electrons), float(electrons), diffusivity, ions_error, electrons_error,
        diffusivity * float(np.sqrt(covariance[2, 2])), residual,
    )  # fmt: skip


def _polarised(reduced: Array) -> Array:
    """1 − (8/π²) Σ_odd e^{−n²π²τ}/n²; by its planar limit 4 √(τ/π) where τ is small."""
    n = np.arange(1, 60, 2)
    series = 1.0 - 8.0 / np.pi**2 * np.sum(np.exp(-np.multiply.outer(reduced, n**2 * np.pi**2)) / n**2, axis=-1)
    return np.asarray(np.where(reduced < 5e-3, 4.0 * np.sqrt(np.maximum(reduced, 0.0) / np.pi), series))
