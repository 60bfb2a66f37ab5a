"""The current of a discharge, from the ways to state it, and where a discharge ends."""

from __future__ import annotations

from typing import TypedDict

import numpy as np

from scalith.cell.specification.cell import CellSpecification
from scalith.quantities import InputError


def discharge_load(specification: CellSpecification, c_rate: float | str | None, current: float | str | None) -> float:
    """Current in A from one of the two ways to state it: numbers, or text such as ``"1C"``, ``"C/2"`` and ``"5 A"``.

    Raises
    ------
    InputError
    """
    if (c_rate is None) == (current is None):
        found = "neither" if c_rate is None else "both"
        raise InputError("simulate_discharge", "c_rate, current", found, "one of the two")
    name, value = ("current", current) if c_rate is None else ("c_rate", c_rate)
    if isinstance(value, str):
        from scalith.cell.runs.protocol_text import read_current

        return read_current(value, specification, f"simulate_discharge, {name}")
    number = np.asarray(value, dtype=np.float64)
    if number.ndim != 0:
        raise InputError("simulate_discharge", name, value, "one number (`simulate_batch` takes arrays)")
    load = float(number) * (1.0 if c_rate is None else specification.nominal_capacity / 3600.0)
    if not np.isfinite(load) or load == 0.0:
        raise InputError("simulate_discharge", "current", load, "a finite number other than zero")
    return load


class Limits(TypedDict):
    """Where a discharge ends: s, V, V."""

    duration: float
    voltage_low: float
    voltage_high: float


def discharge_limits(specification: CellSpecification, load: float, cut_off: float | None, duration: float | None) -> Limits:
    """Where a discharge, or a charge (`load` negative), ends: what `Simulation.hold` takes.

    The cut-off voltages of the cell (V), `cut_off` in place of the one that the load leads to, and the longest time (s),
    without `duration` 1.5 times that of the nominal capacity.
    """
    low, high = specification.lower_voltage_cut_off, specification.upper_voltage_cut_off
    if cut_off is not None:
        low, high = (cut_off, high) if load >= 0.0 else (low, cut_off)
    longest = 1.5 * specification.nominal_capacity / max(abs(load), 1e-12) if duration is None else duration
    return {"duration": longest, "voltage_low": low, "voltage_high": high}
