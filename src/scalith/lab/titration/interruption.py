"""Intermittent current interruption (ICI): diffusivity from short interruptions of a constant current."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from scalith.lab.impedance.elements import DIMENSIONS, Shape
from scalith.lab.protocol_steps import steps
from scalith.lab.titration.particle_series import current_step, require_shape
from scalith.quantities import ConvergenceError, InputError

if TYPE_CHECKING:
    import xarray as xr

Array = NDArray[np.float64]


class InterruptionLine(NamedTuple):
    """What is read of one interruption.

    Attributes
    ----------
    root_time, relaxed : ndarray
        √t since the current was switched off (s^½), and the potential there with the drift taken off (V).
    slope, start : float
        Of the straight line through them, V s^-½ and V.
    drift : float
        (dE/dt)_I before the interruption, V s-1.
    last : float
        Potential of the last sample under current, V.
    current : float
        Mean before the interruption, A.
    """

    root_time: Array
    relaxed: Array
    slope: float
    start: float
    drift: float
    last: float
    current: float


def interruption_bias(window: ArrayLike, shape: Shape, *, corrected: bool, samples: int = 200) -> Array:
    """D from the slope over √t, from a tenth to the whole of a window Dt/R², over D; with or without the drift taken off."""
    d = DIMENSIONS[require_shape(shape)]
    found = []
    for one in np.atleast_1d(np.asarray(window, dtype=np.float64)):
        t = np.linspace(0.1, 1.0, samples) * one
        moved = current_step(t, shape) - (0.0 if corrected else d * t)
        found.append(4.0 / np.pi / float(np.polyfit(np.sqrt(t), moved, 1)[0]) ** 2)
    return np.array(found)


def find_interruptions(data: xr.Dataset, longest: float = 60.0) -> list[tuple[float, float]]:
    """When a constant current was interrupted: times of the last sample under current and of the end, s.

    Parameters
    ----------
    data : xarray.Dataset
    longest : float
        Rests longer than this (s) are no interruptions.

    Raises
    ------
    InputError
        There is none.
    """
    found = steps(data)
    time, kinds = data["time"].values, found["kind"].values
    times = [
        (float(time[int(found["first"][k]) - 1]), float(time[int(found["last"][k])]))
        for k in range(1, kinds.size)
        if kinds[k] == "rest" and kinds[k - 1] == "constant current" and float(found["duration"][k]) <= longest
    ]
    if not times:
        raise InputError(
            "find_interruptions", "rests", f"none of up to {longest:g} s after a current", "interruptions of a current"
        )
    return times


def extract_interruption(
    data: xr.Dataset, *, begin: float, end: float, radius: float, shape: Shape = "sphere", electrode: str = "voltage"
) -> tuple[float, float]:
    r"""D and the resistance of one interruption between `begin` and `end` (s).

    While the current is off, the potential moves by −(dE/dt)_I (R²/dD)[u(τ̂)] on top of the drift (dE/dt)_I of the mean that
    the current
    before it had, so that

    .. math::

        D = \frac{4}{π}\left(\frac{R}{d}\,\frac{(dE/dt)_I}{dE/d\sqrt{t}}\right)^2

    (Y.-C. Chien et al., Nat. Commun. 14, 2289 (2023), DOI 10.1038/s41467-023-37989-6), from a tenth of the interruption on.
    The drift goes on
    in the formula: it is taken off here; left in, a sphere gives 1.05 D at Dt/R² = 10⁻⁴ and 1.17 D at 10⁻³. What curvature is
    left
    (0.98 and 0.93) is taken off by `interruption_bias` at the D found.

    Parameters
    ----------
    data : xarray.Dataset
        ``current`` and the potential over ``time``; the current before the interruption flowed long enough for (dE/dt)_I to be
        steady
        (Dt/R² > 0.2).
    begin, end : float
        Times of the last sample under current and of the end of the interruption, s.
    radius : float
    shape : {"sphere", "cylinder", "slab"}
    electrode : str
        Variable that is read.

    Raises
    ------
    InputError
        Fewer than 5 samples before or in the interruption, or a current that is not off.
    """
    shape = require_shape(shape)
    line = interruption_line(data, begin=begin, end=end, electrode=electrode)
    length = end - begin
    apparent = 4.0 / np.pi * (radius / DIMENSIONS[shape] * line.drift / line.slope) ** 2
    found = apparent
    for _ in range(50):
        last_found, found = found, apparent / float(interruption_bias(found * length / radius**2, shape, corrected=True)[0])
        if abs(found - last_found) <= 1e-9 * found:
            break
    else:
        raise ConvergenceError("extract_interruption", "the bias of the square root of time has no fixed point")
    return float(found), abs((line.start - line.last) / line.current)


def interruption_line(data: xr.Dataset, *, begin: float, end: float, electrode: str = "voltage") -> InterruptionLine:
    """The straight line over √t of one interruption, from a tenth of it on, and the drift before it: `extract_interruption`.

    Raises
    ------
    InputError
        Fewer than 5 samples before or in the interruption, or a current that is not off.
    """
    time, potential = data["time"].values, np.asarray(data[electrode].values, dtype=np.float64)
    current = np.asarray(data["current"].values, dtype=np.float64)
    length = end - begin
    inside = (time > begin + 0.1 * length) & (time <= end)
    before = (time <= begin) & (time > begin - length)
    for words, rows in (("interruption", inside), ("current before it", before)):
        if np.count_nonzero(rows) < 5:
            raise InputError("extract_interruption", words, f"{np.count_nonzero(rows)} samples", "at least 5")
    flowing = float(np.mean(current[before]))
    if flowing == 0.0 or float(np.abs(current[inside]).max()) > 1e-3 * abs(flowing):
        shown = f"{float(current[inside][0]):.3g} A after {flowing:.3g} A"
        raise InputError("extract_interruption", "current", shown, "a current that is switched off")
    drift = float(np.polyfit(time[before], potential[before], 1)[0])
    t = time[inside] - begin
    relaxed = potential[inside] - drift * t
    slope, start = np.polyfit(np.sqrt(t), relaxed, 1)
    return InterruptionLine(np.sqrt(t), relaxed, float(slope), float(start), drift, float(potential[before][-1]), flowing)
