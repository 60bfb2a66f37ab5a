"""Steps of a measured protocol: rest, constant current, constant voltage, pulses, told from the curves alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from scalith.quantities import InputError, Result

if TYPE_CHECKING:
    import xarray as xr

Array = NDArray[np.float64]
KINDS = ("rest", "constant current", "constant voltage", "other")
_AT_REST = 5e-3
"""Currents below this share of the largest are none."""
_STEADY = 0.02
"""A constant current moves by less, relative to itself."""
_HELD = 2e-3
"""A constant voltage moves by less, V."""


def steps(data: xr.Dataset) -> Result:
    """Divide a time series into steps, without step numbers.

    A step ends where the current changes by more than 2 % of itself or starts or stops; neighbouring pieces in which the
    current fades while the
    voltage moves by less than 2 mV are one hold. A single sample between two steps, taken while the current was switched,
    belongs to the
    one after it and does not count for its mean current.

    Parameters
    ----------
    data : xarray.Dataset
        ``voltage`` and ``current`` over ``time``.

    Returns
    -------
    Result
        Over ``step``: ``kind`` (`KINDS`), ``first`` and ``last`` (rows), ``start`` (s), ``duration`` (s), ``mean_current``
        (A), ``charge`` (C),
        ``start_voltage``, ``end_voltage`` (V), and ``pulse``: whether a constant current lies between two rests.

    Raises
    ------
    InputError
        No current or voltage over time.
    """
    for name in ("voltage", "current"):
        if name not in data.variables or data[name].dims != ("time",):
            raise InputError("steps", name, "not in the data", "a time series with voltage and current")
    time, voltage, current = (np.asarray(data[name].values, dtype=np.float64) for name in ("time", "voltage", "current"))
    pieces = _merged(_pieces(current), time, voltage, current)
    kinds = [_kind(piece, voltage, current) for piece in pieces]
    gaps = np.diff(time, prepend=time[0])
    rows = []
    for k, (first, last, steady) in enumerate(pieces):
        span = slice(first, last + 1)
        begin = max(first - 1, 0)
        # Since the last sample before: from there the current of this step flows.
        charge = float(np.sum(current[span] * gaps[span]))
        between = 0 < k < len(pieces) - 1 and kinds[k - 1] == kinds[k + 1] == 0
        rows.append(
            (
                KINDS[kinds[k]],
                first,
                last,
                float(time[begin]),
                float(time[last] - time[begin]),
                float(np.mean(current[steady : last + 1])),
                charge,
                float(voltage[first]),
                float(voltage[last]),
                kinds[k] == 1 and between,
            )
        )
    names = ("kind", "first", "last", "start", "duration", "mean_current", "charge", "start_voltage", "end_voltage", "pulse")
    units = {"start": "s", "duration": "s", "mean_current": "A", "charge": "C", "start_voltage": "V", "end_voltage": "V"}
    return Result(
        {
            name: (
                "step",
                np.array([row[k] for row in rows]),
                {"units": units.get(name, "1"), "long_name": name.replace("_", " ")},
            )
            for k, name in enumerate(names)
        },
        {"step": ("step", np.arange(len(rows)), {"units": "1", "long_name": "step"})},
    )


def _pieces(current: Array) -> list[tuple[int, int]]:
    """Runs of samples whose current is the same within 2 %."""
    largest = float(np.abs(current).max(initial=0.0))
    levels = np.where(np.abs(current) <= _AT_REST * largest, 0.0, current).tolist()
    found: list[tuple[int, int]] = []
    first, level = 0, levels[0]
    for k, own in enumerate(levels[1:], start=1):
        if (own == 0.0) != (level == 0.0) or abs(own - level) > _STEADY * abs(level):
            found.append((first, k - 1))
            first, level = k, own
    found.append((first, current.size - 1))
    return found


def _merged(pieces: list[tuple[int, int]], time: Array, voltage: Array, current: Array) -> list[tuple[int, int, int]]:
    """Pieces of a hold put together, single samples given to the step after them: first, last, first steady row."""
    held: list[tuple[int, int]] = []
    largest = float(np.abs(current).max())
    for piece in pieces:
        if held and _one_hold(held[-1], piece, voltage, current, largest):
            held[-1] = held[-1][0], piece[1]
        else:
            held.append(piece)
    found: list[tuple[int, int, int]] = []
    ramp: int | None = None
    for k, (first, last) in enumerate(held):
        if first == last and 0 < k < len(held) - 1 and ramp is None:
            ramp = first
            continue
        found.append((first if ramp is None else ramp, last, first))
        ramp = None
    if ramp is not None:
        found.append((ramp, ramp, ramp))
    return found


def _one_hold(before: tuple[int, int], piece: tuple[int, int], voltage: Array, current: Array, largest: float) -> bool:
    span = slice(before[0], piece[1] + 1)
    # The sample at which the current is switched has a voltage of its own: a hold begins after it.
    if piece[1] == before[0] or float(np.ptp(voltage[before[0] : piece[1] + 1])) >= _HELD:
        return False
    flows = np.abs(current[span]).min() > _AT_REST * largest and np.ptp(np.sign(current[span])) == 0.0
    fades = abs(current[piece[1]]) <= abs(current[before[0]]) * (1.0 + 1e-9)
    return bool(flows and fades)


def _kind(piece: tuple[int, int, int], voltage: Array, current: Array) -> int:
    span = slice(piece[2], piece[1] + 1)
    own = np.abs(current[span])
    if float(own.max()) <= _AT_REST * float(np.abs(current).max()):
        return 0
    if float(np.ptp(own)) <= 2.0 * _STEADY * float(own.max()):
        return 1
    return 2 if float(np.ptp(voltage[span])) < _HELD else 3
