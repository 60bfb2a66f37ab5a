"""A table as a time series: time from numbers, durations or stamps, the sign of the current, plausibility."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scalith.lab.readers.columns import ColumnName
from scalith.lab.readers.current_sign import current_direction
from scalith.lab.readers.table_numbers import chosen_columns, in_si, whole_rows, with_units
from scalith.lab.readers.tables import Table, is_number
from scalith.quantities import InputError, Result

Array = NDArray[np.float64]
_TITLES = {
    "voltage": ("V", "terminal voltage"),
    "current": ("A", "current, positive while discharging"),
    "temperature": ("K", "cell temperature"),
    "ambient_temperature": ("K", "ambient temperature"),
    "negative_potential": ("V", "potential of the negative electrode"),
    "positive_potential": ("V", "potential of the positive electrode"),
    "cycle": ("1", "cycle"),
    "step": ("1", "step of the protocol"),
}
_OPTIONAL = tuple(name for name in _TITLES if name not in ("voltage", "current"))
_KELVIN = (150.0, 473.15)
_MILLI = 50.0
"""A charge in one direction so many times the nominal capacity is one of milliampere under A."""


def series_of(table: Table, units: Mapping[str, str], *, repair: bool, nominal_capacity: float | None) -> Result:
    """The time series of a table.

    Raises
    ------
    InputError
        As `read_measurement` says.
    """
    columns = with_units(table, units)
    table = whole_rows(table, repair=repair)
    places = chosen_columns(table, ("time", "stamp", "mode", *_TITLES))
    cells = table.cells(sorted(places.values()))
    notes = list(table.notes)
    time = _time(table, columns, places, cells, notes)
    values: dict[str, Array] = {}
    for name, k in places.items():
        if name in ("time", "stamp", "mode") or (name in ("cycle", "step") and cells[k].dtype.kind in "OUS"):
            continue
        if name == "current" and not columns[k].unit:
            raise InputError(
                table.file, f"line {table.header_line}", f"{columns[k].title!r} without a unit", "units={'current': 'mA'}"
            )
        if name == "voltage" and not columns[k].unit:
            notes.append("voltage without unit: read as V")
        values[name] = in_si(table, columns[k], cells[k], required=name in ("voltage", "current"))
    if "mode" in places and values["current"].min() >= 0.0:
        values["current"] = _signed_by_mode(values["current"], cells[places["mode"]], notes)
    data = Result(
        {name: ("time", array, {"units": _TITLES[name][0], "long_name": _TITLES[name][1]}) for name, array in values.items()},
        {"time": ("time", time, {"units": "s", "long_name": "time since the start of the test"})},
        {"kind": "cell run", "notes": "; ".join(notes)},
    )
    data["current"].values[:] = (
        0.0 - data["current"].values
    )  # as if positive charged; checked and, if it did not, turned back below
    return checked_series(data, table.file, repair=repair, nominal_capacity=nominal_capacity, lines=table.line)


def checked_series(
    data: Result, file: str, *, repair: bool, nominal_capacity: float | None, lines: Callable[[int], int] | None = None
) -> Result:
    """A time series with its sign of current told, and its numbers plausible; what was done stands in ``attrs["notes"]``."""

    def place(row: int) -> str:
        return f"row {row + 1}" if lines is None else f"line {lines(row)}"

    notes = [note for note in str(data.attrs.get("notes", "")).split("; ") if note]
    data = _in_order(data, file, place, notes, repair)
    voltage, current = data["voltage"].values, data["current"].values
    found = current_direction(voltage, -current)
    if found.against >= 0:
        raise InputError(
            file,
            place(found.against),
            "a current against the sign of the others",
            "a voltage that rises in charge and falls in discharge",
        )
    if found.sign < 0:
        data["current"].values[:] = 0.0 - current
        notes.append("positive current discharges in this file (the voltage falls with it); kept so")
    elif found.sign > 0:
        notes.append("positive current charges in this file (the voltage rises with it); turned, so that discharge is positive")
    else:
        notes.append("nothing tells the sign of the current: taken as positive while charging in the file, and turned")
    for name in ("temperature", "ambient_temperature"):
        if name in data:
            _plausible_temperature(data[name].values, file, place, name)
    if nominal_capacity is not None:
        _plausible_capacity(data, file, nominal_capacity, notes, repair)
    return data.assign_attrs(notes="; ".join(notes))


def _in_order(data: Result, file: str, place: Callable[[int], str], notes: list[str], repair: bool) -> Result:
    time = data["time"].values
    same = np.concatenate([[False], np.diff(time) == 0.0])
    for name in data.data_vars:
        values = data[name].values
        same[1:] &= (values[1:] == values[:-1]) | (np.isnan(values[1:]) & np.isnan(values[:-1]))
    if np.any(same):
        row = int(np.argmax(same))
        if not repair:
            raise InputError(file, place(row), "the row above again", "each row once; repair=True takes the others out")
        notes.append(f"{np.count_nonzero(same)} rows that stood twice were taken out")
        data = Result.of(data.isel(time=~same))
        time = data["time"].values
    falls = np.flatnonzero(np.diff(time) < 0.0)
    if falls.size:
        row = int(falls[0]) + 1
        if not repair:
            found = f"{time[row]:.6g} s after {time[row - 1]:.6g} s"
            raise InputError(file, place(row), found, "times that do not fall; repair=True lets a clock that starts anew go on")
        steps = np.diff(time)
        usual = float(np.median(steps[steps > 0.0])) if np.any(steps > 0.0) else 0.0
        steps[steps < 0.0] = usual
        data = Result.of(
            data.assign_coords(time=("time", time[0] + np.concatenate([[0.0], np.cumsum(steps)]), data["time"].attrs))
        )
        notes.append(f"the clock fell {falls.size} times; there it goes on by {usual:.3g} s")
    return data


def _time(table: Table, columns: list[ColumnName], places: dict[str, int], cells: dict[int, Any], notes: list[str]) -> Array:
    stamps = _seconds(cells[places["stamp"]]) if "stamp" in places else None
    if "time" not in places:
        if stamps is None:
            title = columns[places["stamp"]].title if "stamp" in places else "time"
            raise InputError(table.file, f"column {title!r}", "no times", "seconds, h:min:s, or dates with times")
        return stamps
    column = columns[places["time"]]
    raw = cells[places["time"]]
    if raw.dtype.kind in "OUS":
        found = _seconds(raw)
        if found is None:
            return in_si(table, column, raw)
        return found
    time = in_si(table, column, raw)
    if column.unit:
        return time
    if stamps is not None and np.ptp(stamps) > 0.0 and np.ptp(time) > 0.0:
        ratio = float(np.ptp(stamps) / np.ptp(time))
        for factor, name in ((1.0, "s"), (60.0, "min"), (3600.0, "h"), (86400.0, "d")):
            if abs(ratio / factor - 1.0) < 0.05:
                notes.append(f"time without unit: by the dates beside it, in {name}")
                return time * factor
    notes.append("time without unit: read as s")
    return time


def _seconds(cells: NDArray[Any]) -> Array | None:
    """Seconds since the first of h:min:s, days and h:min:s, or dates with times; None where they are none of these."""
    import warnings

    import pandas as pd

    text = pd.Series([str(cell).strip() for cell in cells])
    if text.map(is_number).all():
        return None  # pandas would take whole numbers for nanoseconds
    spans = pd.to_timedelta(text, errors="coerce")
    if not spans.isna().any():
        return np.asarray(spans.dt.total_seconds(), dtype=np.float64)
    for day_first in (False, True):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            dates = pd.to_datetime(text, errors="coerce", dayfirst=day_first)
        if not dates.isna().any():
            return np.asarray((dates - dates.iloc[0]).dt.total_seconds(), dtype=np.float64)
    return None


def _signed_by_mode(current: Array, modes: NDArray[Any], notes: list[str]) -> Array:
    """Current with a sign from a column that says charge or discharge; unchanged where it does not."""
    text = np.array([str(mode).strip().lower() for mode in modes])
    discharge = np.array([one.startswith("d") or "dischar" in one or "dchg" in one for one in text])
    if not np.any(discharge & (current > 0.0)):
        return current
    notes.append("current without sign: negative where the step says discharge")
    return np.where(discharge, -current, current)


def _plausible_temperature(values: Array, file: str, place: Callable[[int], str], name: str) -> None:
    bad = np.flatnonzero((values < _KELVIN[0]) | (values > _KELVIN[1]))
    if bad.size:
        row = int(bad[0])
        title = name.replace("_", " ")
        raise InputError(
            file,
            f"{place(row)}, {title}",
            f"{values[row]:.4g} K",
            f"{_KELVIN[0]:g} to {_KELVIN[1]:g} K (kelvin under °C, or °C under K?)",
        )


def _plausible_capacity(data: Result, file: str, nominal: float, notes: list[str], repair: bool) -> None:
    time, current = data["time"].values, data["current"].values
    charge = np.concatenate([[0.0], np.cumsum(0.5 * (current[1:] + current[:-1]) * np.diff(time))])
    span = float(np.ptp(charge))
    if span <= _MILLI * nominal:
        return
    if not repair:
        found = f"a charge of {span / 3600.0:.4g} A h in a cell of {nominal / 3600.0:.4g} A h"
        raise InputError(file, "current", found, "milliampere under A? repair=True divides by 1000")
    data["current"].values[:] = current / 1000.0
    notes.append("the current was divided by 1000: milliampere under A")
