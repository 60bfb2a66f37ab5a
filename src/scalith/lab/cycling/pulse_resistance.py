"""Pulse test (HPPC): resistance at stated times after the current begins."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from scalith.lab.cycling.local_polynomial import white_noise
from scalith.lab.protocol_steps import steps
from scalith.quantities import InputError, Result, dataset_digest, labelled, predicted

if TYPE_CHECKING:
    import xarray as xr

    from scalith.cell import CellSpecification

Array = NDArray[np.float64]
_JUMP = 0.3
"""Share of the first fall of the voltage that a sample still called rest may not have seen."""


def simulate_pulses(
    cell: CellSpecification | str | Path,
    *,
    rate: str = "1C",
    pulse: float = 10.0,
    rest: float = 40.0,
    between: float = 0.1,
    count: int = 9,
    temperature: float | None = None,
) -> Result:
    """Pulses of discharge on a virtual cell, from full on, each after a tenth of the capacity and an hour of rest.

    Parameters
    ----------
    cell : CellSpecification or path
    rate : str
        Of the pulses, as in a protocol.
    pulse, rest : float
        s: of the current, and of the rest after it.
    between : float
        Share of the nominal capacity that passes at C/3 between two pulses.
    count : int
    temperature : float, optional
        K.
    """
    from scalith.cell import read_cell, simulate_protocol

    specification = read_cell(cell)
    share = between * specification.nominal_capacity / 3600.0
    protocol = []
    for _ in range(count):
        protocol += [f"Discharge at C/3 until {share:.9g} Ah", "Rest for 1 hour"]
        protocol += [f"Discharge at {rate} for {pulse:g} s ({pulse / 100.0:g} s period)", f"Rest for {rest:g} s"]
    return simulate_protocol(specification, protocol, temperature=temperature, initial_state_of_charge=1.0)


def extract_pulse_resistances(
    data: xr.Dataset, *, windows: Sequence[float] = (0.1, 1.0, 10.0), longest: float = 120.0, electrode: str = "voltage"
) -> Result:
    r"""Resistance of each pulse after stated times.

    .. math::

        R(t) = \frac{V_{rest} - V(t)}{I}

    **What it is**: within the first tenth of a second mostly what conducts and reacts; after one second the double layers are
    charged; after ten the electrolyte has begun to move, and much of it is diffusion. A "10 s resistance" is no material
    constant, and two of different times cannot be compared. V(t) is read between the samples on either side over √t; where
    the nearer of them is more than a factor of two away the value is NaN. A first sample whose voltage has already fallen though
    its current still reads zero belongs to the pulse, and the pulse begins between it and the one before. The error holds the
    noise of the voltage and the time in which the current was switched, not known better than its two samples.

    Parameters
    ----------
    data : xarray.Dataset
    windows : sequence of float
        s since the current began.
    longest : float
        Steps longer than this (s) are no pulses.
    electrode : str
        Variable that is read.

    Returns
    -------
    Result
        Over ``pulse`` and ``window``: ``resistance`` and ``resistance_error`` (ohm); over ``pulse`` ``current`` (A),
        ``rest_voltage`` (V), ``charge`` (C discharged since the start of the file), ``time`` (s).

    Raises
    ------
    InputError
        Windows that are not positive, or no pulse after a rest.
    """
    if not windows or min(windows) <= 0.0:
        raise InputError("extract_pulse_resistances", "windows", list(windows), "positive times, s")
    found = steps(data)
    time, volts = data["time"].values, np.asarray(data[electrode].values, dtype=np.float64)
    kinds, duration = found["kind"].values, found["duration"].values
    passed = np.cumsum(found["charge"].values)
    rows, values, errors = [], [], []
    for k in range(1, kinds.size):
        if kinds[k] != "constant current" or kinds[k - 1] != "rest" or duration[k] > longest:
            continue
        current = float(found["mean_current"][k])
        first, last = int(found["first"][k]), int(found["last"][k])
        before = _last_at_rest(volts, int(found["first"][k - 1]), first)
        begin, gap = 0.5 * (time[before] + time[before + 1]), 0.5 * (time[before + 1] - time[before])
        t, v = time[before + 1 : last + 1] - begin, volts[before + 1 : last + 1]
        noise = white_noise(v)
        own = [_at(t, v, window, gap, noise) for window in windows]
        values.append([(volts[before] - value) / current for value, _ in own])
        errors.append([error / abs(current) for _, error in own])
        rows.append((current, volts[before], float(passed[k - 1]), begin))
    if not rows:
        raise InputError(
            "extract_pulse_resistances", "steps", "no pulse after a rest", f"currents of up to {longest:g} s after rests"
        )
    table = np.array(rows)
    source = predicted("scalith.lab.extract_pulse_resistances", dataset_digest(data), settings={"windows": list(windows)})
    titles = (("current", "A"), ("rest_voltage", "V"), ("charge", "C"), ("time", "s"))
    single = {name: labelled("pulse", table[:, j], name.replace("_", " "), unit) for j, (name, unit) in enumerate(titles)}
    return Result(
        {
            "resistance": labelled(("pulse", "window"), np.array(values), "resistance", "ohm"),
            "resistance_error": labelled(("pulse", "window"), np.array(errors), "standard error of the resistance", "ohm"),
            **single,
        },
        {
            "pulse": labelled("pulse", np.arange(len(rows)), "pulse", "1"),
            "window": labelled("window", np.asarray(windows, dtype=np.float64), "time since the current began", "s"),
        },
        {"source": source.to_json(), "kind": "pulse resistances"},
    )


def _last_at_rest(volts: Array, start: int, first: int) -> int:
    """The last sample before the voltage fell."""
    before = first - 1
    if before > start and abs(volts[before] - volts[before - 1]) > _JUMP * abs(volts[first] - volts[before - 1]):
        return before - 1
    return before


def _at(t: Array, v: Array, window: float, gap: float, noise: float) -> tuple[float, float]:
    """Voltage at a time since the pulse began, and its standard error."""
    nearest = float(t[np.argmin(np.abs(np.log(np.maximum(t, 1e-12) / window)))])
    if not (0.5 <= nearest / window <= 2.0 and t[0] <= window * 1.05 and t[-1] >= window * 0.95):
        return float("nan"), float("nan")
    root = np.sqrt(t)
    value = float(np.interp(np.sqrt(window), root, v))
    near = np.clip(np.searchsorted(t, window), 1, t.size - 1)
    slope = float((v[near] - v[near - 1]) / (t[near] - t[near - 1])) if t.size > 1 else 0.0
    return value, float(np.hypot(np.sqrt(2.0) * noise, slope * gap / np.sqrt(3.0)))
