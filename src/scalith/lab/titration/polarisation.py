"""Direct-current polarisation of electrolytes: Bruce–Vincent, what it measures, restricted diffusion, Hebb–Wagner."""

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
