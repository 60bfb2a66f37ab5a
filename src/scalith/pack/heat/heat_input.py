"""Checks of times and heat sources that the public functions of this package share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from scalith.quantities import InputError, parse_quantity

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


def as_temperature(value: Any, where: str, name: str) -> float:
    """A temperature in K from a number of any kind or from text with a unit (``"150 degC"``)."""
    number = parse_quantity(value if isinstance(value, str) else np.asarray(value).item(), "K", where=where, field=name)
    if not 150.0 <= number <= 3000.0:
        raise InputError(where, name, value, "kelvin between 150 and 3000 (25 °C is 298.15 K)")
    return number


def checked_time(time: ArrayLike | xr.DataArray, where: str) -> NDArray[np.float64]:
    """Times as an array: one-dimensional, finite, increasing, at least two."""
    values = np.asarray(time, dtype=np.float64)
    if values.ndim != 1 or values.size < 2:
        raise InputError(where, "time", f"shape {values.shape}", "a list of at least two times in seconds")
    if not np.all(np.isfinite(values)):
        raise InputError(where, "time", "a value that is not finite", "finite times in seconds")
    steps = np.diff(values)
    if np.any(steps <= 0):
        i = int(np.argmax(steps <= 0))
        raise InputError(where, "time", f"{values[i + 1]:.6g} after {values[i]:.6g}", "strictly increasing times in seconds")
    return values


def checked_heat(
    heat: ArrayLike | xr.DataArray, time: NDArray[np.float64], where: str, cells: int | None = None
) -> NDArray[np.float64]:
    """Heat generation in W at the given times: shape (time,), or (time, cells) when `cells` is given.

    A single number holds at all times; one column holds for all cells.
    """
    field = "heat_generation"
    if isinstance(heat, xr.DataArray):
        heat = _aligned(heat, time, where)
    values = np.asarray(heat, dtype=np.float64)
    if values.ndim == 1 and cells is not None and values.shape == (time.size,):
        values = values[:, None]
    shape = (time.size,) if cells is None else (time.size, cells)
    try:
        full = np.broadcast_to(values, shape)
    except ValueError:
        raise InputError(
            where, field, f"shape {values.shape}", f"shape {shape}: one value a time{'' if cells is None else ' and cell'}"
        ) from None
    if not np.all(np.isfinite(full)):
        raise InputError(where, field, "a value that is not finite", "finite numbers in W")
    return np.ascontiguousarray(full)


def _aligned(heat: xr.DataArray, time: NDArray[np.float64], where: str) -> Any:
    unit = heat.attrs.get("units", "W")
    if unit not in ("W", "watt"):
        raise InputError(where, "heat_generation", f"units {unit!r}", "W")
    if (
        "time" in heat.coords
        and heat["time"].size == time.size
        and not np.allclose(heat["time"].values, time, rtol=1e-9, atol=1e-9)
    ):
        raise InputError(where, "heat_generation", "values at other times", "a heat source at the times given")
    if set(heat.dims) == {"time", "cell"}:
        heat = heat.transpose("time", "cell")
    return heat.values
