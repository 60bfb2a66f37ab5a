"""Loads over time from files: drive cycles and measured currents, as a step of a protocol."""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from scalith.cell.files.battery_data_format import is_battery_data, read_battery_data
from scalith.cell.runs.protocol_steps import JUMP, Mode, ProtocolStep
from scalith.quantities import InputError, nearest, shipped, to_si

Array = NDArray[np.float64]
_TITLE = re.compile(r"^\s*(?P<name>.*?)\s*(?:\[(?P<a>[^\]]*)\]|\((?P<b>[^)]*)\)|/\s*(?P<c>\S+))\s*$")
_TIMES = ("time", "test time", "elapsed time", "t")
_LOADS: dict[Mode, tuple[str, tuple[str, ...]]] = {
    "current": ("A", ("current", "i")),
    "power": ("W", ("power", "p")),
    "voltage": ("V", ("voltage", "v", "u", "ecell", "ewe", "terminal voltage", "cell voltage")),
}
"""Unit of each load, and what its column is called."""
_SPEED = re.compile(r"speed|velocity|(?<![a-z])(?:mph|mi/h|km/h|kmh|kph|m/s)(?![a-z0-9])", re.IGNORECASE)
_LOAD = re.compile(r"current|power|voltage|(?<![a-z])[mk]?[AWV](?![a-zA-Z])")
_NO_SPEED = "a current or a power over time: what a speed asks of a cell only a model of the vehicle says"
_SHIPPED = {"us06": "drive_cycles/us06.csv"}


class _Table(NamedTuple):
    """Time and what else was read, in SI; the sign of current and power as in the file."""

    time: Array
    columns: dict[str, Array]
    charges: bool  # a positive current charges


def step_from_file(
    path: str | Path,
    *,
    unit: str | None = None,
    positive: Literal["discharge", "charge"] | None = None,
    peak: float | None = None,
) -> ProtocolStep:
    """A step that follows the load of a file: a drive cycle, or a measured current to replay.

    Parameters
    ----------
    path : path
        - Battery Data Format: its current, which charges the cell where it is positive;
        - CSV with a header of names and units, ``time [s], current [A]`` (or ``power [W]``, ``voltage [V]``); the header may
          be a comment;
        - two columns without a header: time in s and the load in `unit`;
        - ``US06``: the current that comes with Scalith for the driving schedule of that name (its peak, 2.025 A, is 3C of the
          cell it was made for: see `peak`). ``NAME`` also finds ``NAME.csv``.
    unit : str, optional
        Of the load of a file without a header (``"A"``, ``"mA"``, ``"W"``, ``"V"``); of one with several loads it chooses.
    positive : {"discharge", "charge"}, optional
        What a positive current or power does. Without it: discharge, in the Battery Data Format charge. Where the file has a
        voltage as well, it must agree: the voltage falls when the discharge current rises.
    peak : float, optional
        Scale the loads so that the largest in magnitude is this one, A or W.

    Returns
    -------
    ProtocolStep
        Times from 0. Of several loads at one time the first and the last are kept, a millisecond apart.

    Raises
    ------
    InputError
        The file cannot be read, no unit is stated, times fall, the voltage contradicts the sign, or the file is a speed, as
        driving schedules are (UDDS, HWFET, WLTC).
    """
    found = _existing(path)
    table = _read_table(found, unit)
    mode = _mode(table, str(found), unit)
    loads = table.columns[mode]
    if mode != "voltage":
        if positive not in (None, "discharge", "charge"):
            raise InputError("step_from_file", "positive", positive, "'discharge' or 'charge'")
        charges = table.charges if positive is None else positive == "charge"
        loads = -loads if charges else loads
        if mode == "current" and "voltage" in table.columns and _contradicts(table.time, loads, table.columns["voltage"]):
            stated = "charge" if charges else "discharge"
            other = "discharge" if charges else "charge"
            way = f"'Run FILE (positive {other}s)', step_from_file(FILE, positive={other!r})"
            expected = f"a voltage that goes with it; where the file counts the other way: {way}"
            raise InputError(str(found), "column 'current'", f"a sign (positive is {stated}) against the voltage", expected)
    if peak is not None:
        if mode == "voltage" or not 0.0 < peak < np.inf or not np.any(loads):
            raise InputError("step_from_file", "peak", peak, "a positive number, for a file of currents or powers")
        loads = loads * (peak / np.max(np.abs(loads)))
    time, loads = _distinct(table.time, loads, str(found))
    return ProtocolStep(text=f"Run {path}", mode=mode, times=tuple(time.tolist()), loads=tuple(loads.tolist()))


def _existing(path: str | Path) -> Path:
    given = Path(path)
    for candidate in (given, given.with_name(given.name + ".csv") if given.name else given):
        if candidate.is_file():
            return candidate
    if str(path).lower() in _SHIPPED:
        return shipped(_SHIPPED[str(path).lower()])
    expected = "a file with time and current or power (driving schedules such as UDDS are speeds: a current needs a vehicle)"
    raise InputError(str(path), "", "no such file", f"{expected}; US06 comes with Scalith")


def _read_table(path: Path, unit: str | None) -> _Table:
    name = str(path)
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except OSError as error:
        raise InputError(name, "", (error.strerror or str(error)).lower(), "a file that can be read") from None
    except UnicodeDecodeError as error:
        raise InputError(name, "", str(error), "text in UTF-8") from None
    head = " ".join(lines[:4])
    if _SPEED.search(head) and not _LOAD.search(head):
        raise InputError(name, "header", "a speed", _NO_SPEED)
    comments = [line.lstrip("# ") for line in lines if line.lstrip().startswith("#")]
    rows = [(k, _cells(line)) for k, line in enumerate(lines, start=1) if line.strip() and not line.lstrip().startswith("#")]
    if not rows:
        raise InputError(name, "", "no rows", "time and load")
    if is_battery_data(rows[0][1]):
        data = read_battery_data(path)
        columns = {key: np.asarray(data[key].values) for key in ("current", "voltage", "power") if key in data}
        raw = {key: -values if key != "voltage" else values for key, values in columns.items()}
        return _Table(np.asarray(data["time"].values), raw, charges=True)
    titles: list[str] | None = None
    if not _is_number(rows[0][1][0]):
        titles, rows = rows[0][1], rows[1:]
    else:
        headers = [cells for cells in map(_cells, comments) if len(cells) == len(rows[0][1]) and all(map(_TITLE.match, cells))]
        titles = headers[-1] if headers else None
    if titles is None:
        if len(rows[0][1]) != 2:
            raise InputError(name, "", f"{len(rows[0][1])} columns without a header", "two, or a header 'time [s], current [A]'")
        if unit is None:
            raise InputError(name, "", "no header", "the unit of its load: 'Run FILE in A', or step_from_file(FILE, unit='A')")
        titles = ["time [s]", f"{_mode_of_unit(unit)} [{unit}]"]
    return _with_titles(titles, rows, name)


def _with_titles(titles: list[str], rows: list[tuple[int, list[str]]], name: str) -> _Table:
    numbers = np.empty((len(rows), len(titles)))
    for k, (line, cells) in enumerate(rows):
        if len(cells) != len(titles):
            raise InputError(name, f"line {line}", f"{len(cells)} values", f"{len(titles)}, as in the first row")
        for column, cell in enumerate(cells):
            numbers[k, column] = float(cell) if _is_number(cell) else np.nan
    time: Array | None = None
    columns: dict[str, Array] = {}
    for column, title in enumerate(titles):
        match = _TITLE.match(title)
        key, unit = (match["name"].lower(), match["a"] or match["b"] or match["c"] or "") if match else (title.lower(), "")
        wanted = next((mode for mode, (_, names) in _LOADS.items() if key in names), None)
        if key not in _TIMES and wanted is None:
            continue
        if not unit:
            raise InputError(name, "header", title, "a title with its unit, such as 'time [s]' or 'current [A]'")
        bad = np.flatnonzero(~np.isfinite(numbers[:, column]))
        if bad.size:
            raise InputError(name, f"line {rows[bad[0]][0]}, column {key!r}", rows[bad[0]][1][column], "a finite number")
        expected = "s" if wanted is None else _LOADS[wanted][0]
        values = to_si(numbers[:, column], unit, expected, where=name, field=f"column {key!r}")
        if wanted is None:
            time = values
        else:
            columns[wanted] = values
    if time is None or not columns:
        raise InputError(name, "header", ", ".join(titles), "columns 'time [s]' and 'current [A]' or 'power [W]'")
    return _Table(time, columns, charges=False)


def _mode(table: _Table, name: str, unit: str | None) -> Mode:
    """Which column is the load."""
    if unit is not None:
        mode = _mode_of_unit(unit)
        if mode not in table.columns:
            raise InputError(name, f"load in {unit}", f"columns {', '.join(table.columns)}", f"a column {mode!r}")
        return mode
    if "power" in table.columns and "current" in table.columns and not table.charges:
        raise InputError(name, "load", "current and power", "which of them: 'Run FILE in A' or 'Run FILE in W'")
    return next(mode for mode in _LOADS if mode in table.columns)


def _mode_of_unit(unit: str) -> Mode:
    if _SPEED.fullmatch(unit):
        raise InputError("step_from_file", "unit", unit, _NO_SPEED)
    for mode, (si, _) in _LOADS.items():
        if unit.endswith(si) and unit.removesuffix(si) in ("", "m", "k"):
            return mode
    raise InputError("step_from_file", "unit", unit, nearest(unit, ["A", "mA", "W", "mW", "kW", "V", "mV"]))


def _contradicts(time: Array, current: Array, voltage: Array) -> bool:
    """Whether the voltage says that a positive current charges: it jumps with the current, or climbs while it flows."""
    change, drop = np.diff(current), -np.diff(voltage)
    large = np.abs(change) > 0.1 * np.max(np.abs(current), initial=0.0)
    if np.any(large):
        agreement, scale = change[large] * drop[large], np.abs(change[large] * drop[large])
    else:
        mean = 0.5 * (current[1:] + current[:-1])
        agreement, scale = mean * drop, np.abs(mean * drop)
    return bool(agreement.sum() < -0.5 * scale.sum())


def _distinct(time: Array, loads: Array, name: str) -> tuple[Array, Array]:
    if time.size < 2 or np.any(np.diff(time) < 0.0):
        raise InputError(name, "column 'time'", time, "at least two increasing times")
    time = time - time[0]
    new = np.concatenate([[True], np.diff(time) > 0.0])
    last = np.concatenate([new[1:], [True]])
    kept = new | last
    shifted = time.copy()
    after = np.concatenate([time[np.flatnonzero(new)[1:]], [time[-1] + 1.0]])[np.cumsum(new) - 1]
    second = ~new & last
    shifted[second] += np.minimum(JUMP, 0.5 * (after[second] - time[second]))
    if np.count_nonzero(new) < 2:
        raise InputError(name, "column 'time'", time, "at least two increasing times")
    return shifted[kept], loads[kept]


def _cells(line: str) -> list[str]:
    for mark in (",", ";", "\t"):
        if mark in line:
            return [cell.strip() for cell in next(csv.reader([line], delimiter=mark, skipinitialspace=True))]
    return line.split() if _is_number(line.split()[0]) else [line.strip()]


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True
