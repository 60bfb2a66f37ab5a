"""Entropic coefficient ∂U/∂T from the voltage at rest while the temperature is stepped."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from scalith.quantities import InputError, Result, predicted

if TYPE_CHECKING:
    import xarray as xr

Array = NDArray[np.float64]


class EntropicCoefficient(NamedTuple):
    """∂U/∂T and its interval (V/K), the drift of the voltage (V/s), the cell's time constant (s), and the residual (V, rms)."""

    value: float
    lower: float
    upper: float
    drift: float
    time_constant: float
    residual: float


def cell_temperature(time: ArrayLike, chamber: ArrayLike, time_constant: float) -> Array:
    """Temperature of a cell that follows its chamber, τ dT/dt = T_chamber − T, starting in balance; exact for a chamber that is
    linear between the samples.
    """
    t, outside = np.asarray(time, dtype=np.float64), np.asarray(chamber, dtype=np.float64)
    inside = np.empty_like(outside)
    inside[0] = outside[0]
    for k in range(1, t.size):
        z = (t[k] - t[k - 1]) / time_constant
        fades = -float(np.expm1(-z))
        # Share of a rise over the step that is followed, 1 − (1 − e^−z)/z; a step of no length is not followed.
        followed = 1.0 - fades / z if z > 1e-4 else z * (0.5 - z / 6.0)
        inside[k] = inside[k - 1] + (outside[k - 1] - inside[k - 1]) * fades + (outside[k] - outside[k - 1]) * followed
    return inside


def simulate_entropy(
    *,
    coefficient: float,
    time_constant: float,
    drift: float = 0.0,
    steps: ArrayLike = (0.0, 10.0, -10.0, 0.0),
    hold: float = 7200.0,
    temperature: float = 298.15,
    voltage: float = 3.7,
    interval: float = 30.0,
) -> Result:
    r"""Voltage at rest while the chamber steps through ``temperature + steps``, each held for `hold` seconds.

    .. math::

        V = V_0 + b\,t + \frac{∂U}{∂T}\,(T(t)-T_0)

    Returns
    -------
    Result
        ``voltage`` and ``ambient_temperature`` over ``time``.
    """
    if not (time_constant > 0.0 and hold > interval > 0.0):
        found = f"{time_constant:g}, {hold:g}, {interval:g}"
        raise InputError("simulate_entropy", "time_constant, hold, interval", found, "positive, hold above interval")
    levels = temperature + np.asarray(steps, dtype=np.float64)
    count = round(hold / interval)
    time = interval * np.arange(levels.size * count)
    chamber = np.repeat(levels, count)
    inside = cell_temperature(time, chamber, time_constant)
    return Result(
        {
            "voltage": ("time", voltage + drift * time + coefficient * (inside - inside[0]), {"units": "V"}),
            "ambient_temperature": ("time", chamber, {"units": "K", "long_name": "temperature of the chamber"}),
        },
        {"time": ("time", time, {"units": "s", "long_name": "time"})},
        {"source": predicted("scalith.lab.simulate_entropy").to_json()},
    )


def extract_entropy(time: ArrayLike, voltage: ArrayLike, temperature: ArrayLike, *, level: float = 0.95) -> EntropicCoefficient:
    r"""∂U/∂T by least squares of V = a + b t + (∂U/∂T)(T(t) − T₀), where T(t) follows the chamber with a time constant of its
    own.

    **Classical**: two readings, before a step and some time after it. They have seen 63, 86, 95 and 99.3 % of the step after
    1, 2, 3 and 5 time
    constants, and all of the drift: 0.05 mV/h over an hour is 5 % of 0.1 mV/K at 10 K. **Here** the whole curve is fitted,
    with both. The drift must be linear over the
    experiment; steps up and down make sure that it is told apart.

    Parameters
    ----------
    time, voltage, temperature : array_like
        s, V at rest, K of the chamber (of the cell itself: the time constant found is then short).
    level : float

    Raises
    ------
    InputError
        Fewer than 10 samples, times that fall, or a temperature that moves by less than 1 K.
    """
    from scipy.optimize import minimize_scalar
    from scipy.special import stdtrit

    t, v, outside = (np.asarray(one, dtype=np.float64) for one in (time, voltage, temperature))
    if t.size < 10 or not t.shape == v.shape == outside.shape:
        raise InputError(
            "extract_entropy", "samples", f"{t.size}, {v.size}, {outside.size}", "at least 10 of time, voltage, temperature"
        )
    if np.any(np.diff(t) < 0.0):
        raise InputError("extract_entropy", "time", "times that fall", "times that rise")
    if np.ptp(outside) < 1.0:
        raise InputError("extract_entropy", "temperature", f"steps of {np.ptp(outside):.2g} K", "steps of 1 K or more")
    span = float(t[-1] - t[0])

    def fitted(log: float) -> tuple[Array, Array, Array]:
        inside = cell_temperature(t, outside, float(np.exp(log)))
        matrix = np.stack([np.ones_like(t), (t - t[0]) / span, inside - inside[0]], axis=1)
        found = np.linalg.lstsq(matrix, v, rcond=None)[0]
        return found, matrix, v - matrix @ found

    grid = np.log(np.geomspace(max(1e-4 * span, 1e-3), span, 31))
    costs = [float(np.sum(fitted(one)[2] ** 2)) for one in grid]
    k = int(np.clip(np.argmin(costs), 1, grid.size - 2))
    best = minimize_scalar(
        lambda one: float(np.sum(fitted(one)[2] ** 2)),
        bounds=(grid[k - 1], grid[k + 1]),
        method="bounded",
        options={"xatol": 1e-8},
    ).x
    found, matrix, off = fitted(best)
    moved = (fitted(best + 1e-4)[1][:, 2] - fitted(best - 1e-4)[1][:, 2]) / 2e-4 * found[2]
    jacobian = np.column_stack([matrix, moved])
    freedom = t.size - 4
    covariance = np.linalg.pinv(jacobian.T @ jacobian) * float(off @ off) / freedom
    reach = float(stdtrit(freedom, 0.5 * (1.0 + level))) * float(np.sqrt(covariance[2, 2]))
    value = float(found[2])
    residual = float(np.sqrt(np.mean(off**2)))
    return EntropicCoefficient(value, value - reach, value + reach, float(found[1]) / span, float(np.exp(best)), residual)


def extract_entropy_of(data: xr.Dataset, *, level: float = 0.95) -> EntropicCoefficient:
    """`extract_entropy` of a measurement: by the temperature of the chamber, or where there is none by that of the cell.

    Raises
    ------
    InputError
        There is no temperature.
    """
    temperature = temperature_outside(data)
    return extract_entropy(data["time"].values, data["voltage"].values, temperature, level=level)


def temperature_outside(data: xr.Dataset) -> Array:
    """Temperature (K) that the cell follows in a measurement: that of the chamber, or where there is none its own.

    Raises
    ------
    InputError
        There is no temperature.
    """
    name = next((one for one in ("ambient_temperature", "temperature") if one in data), None)
    if name is None:
        raise InputError("extract_entropy", "temperature", "no such column", "the temperature of the chamber, or of the cell")
    return np.asarray(data[name].values, dtype=np.float64)
