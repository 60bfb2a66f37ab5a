"""Read and write the columns of the Battery Data Format (BDF): ``Test Time / s, Voltage / V, Current / A, …``.

Labels and meanings are those of the format's ontology, version 1.3.0 (https://w3id.org/battery-data-alliance/ontology/
battery-data-format). **Sign**: in a BDF file a positive current charges the cell; everywhere in Scalith it discharges. Both
functions turn the sign, so that a file read is a data set like those of `simulate_protocol`.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from scalith.quantities import FileRecord, InputError, Source, file_digest, nearest, write_text

if TYPE_CHECKING:
    import xarray as xr

    from scalith.quantities import Result

Array = NDArray[np.float64]


class _Column(NamedTuple):
    label: str
    machine_name: str
    variable: str
    unit: str
    long_name: str
    scale: float = 1.0
    offset: float = 0.0  # SI = scale * (number in the file) + offset
    others: tuple[str, ...] = ()  # further labels read as this one


_TIME = _Column("Test Time / s", "test_time_second", "time", "s", "time since the start of the test")
_COLUMNS = (
    _TIME,
    _Column("Voltage / V", "voltage_volt", "voltage", "V", "terminal voltage"),
    _Column("Current / A", "current_ampere", "current", "A", "current, positive while discharging", -1.0),
    _Column("Unix Time / s", "unix_time_second", "unix_time", "s", "seconds since 1970"),
    _Column("Cycle Count / 1", "cycle_count", "cycle", "1", "cycle"),
    _Column("Step Count / 1", "step_count", "step_count", "1", "steps since the start"),
    _Column("Step ID", "step_id", "step", "1", "step of the protocol"),
    _Column(
        "Ambient Temperature / degC",
        "ambient_temperature_celsius",
        "ambient_temperature",
        "K",
        "ambient temperature",
        1.0,
        273.15,
    ),
    _Column(
        "Surface Temperature / degC",
        "surface_temperature_celsius",
        "temperature",
        "K",
        "cell temperature",
        1.0,
        273.15,
        ("Temperature T1 / degC", "temperature_t1_celsius", "Surface Temperature T1 / degC"),
    ),
    _Column("Net Capacity / Ah", "net_capacity_ah", "capacity", "C", "charge passed, positive when discharged", -3600.0),
    _Column("Net Energy / Wh", "net_energy_wh", "energy", "J", "energy passed, positive when discharged", -3600.0),
    _Column("Power / W", "power_watt", "power", "W", "power, positive while discharging", -1.0),
)
_REQUIRED = ("time", "voltage", "current")


def read_battery_data(path: str | Path) -> Result:
    """Read a BDF file (CSV with preferred labels or machine-readable names).

    Parameters
    ----------
    path : path

    Returns
    -------
    Result
        ``voltage``, ``current`` (positive while discharging) and what else is there of ``temperature``,
        ``ambient_temperature`` (K), ``capacity`` (C), ``energy`` (J), ``power``, ``cycle``, ``step_count``, ``step`` and
        ``unix_time``, over ``time`` (s); temperature channel T1 is read as the cell's where there is no surface temperature.
        Columns that Scalith has no use for are named in ``attrs["left_out"]``. Several rows at one time (a step ends and the
        next starts) are kept.

    Raises
    ------
    InputError
        The file cannot be read, misses one of the three required columns, or holds a value that is no number: named with
        its line.
    """
    from scalith.quantities import Result

    name = str(path)
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise InputError(name, "", "no such file", "a BDF file") from None
    except OSError as error:
        raise InputError(name, "", (error.strerror or str(error)).lower(), "a BDF file that can be read") from None
    except UnicodeDecodeError as error:
        raise InputError(name, "", str(error), "a BDF file: CSV in UTF-8") from None
    reader = csv.reader(io.StringIO(text), skipinitialspace=True)
    titles = [title.strip() for title in next(reader, [])]
    known = {key: column for column in _COLUMNS for key in (column.label, column.machine_name, *column.others)}
    found: dict[int, _Column] = {}
    for k, title in enumerate(titles):
        if title in known and known[title] not in found.values():
            found[k] = known[title]
    for wanted in _REQUIRED:
        if not any(column.variable == wanted for column in found.values()):
            label = next(column.label for column in _COLUMNS if column.variable == wanted)
            raise InputError(name, "line 1", ", ".join(titles) or "nothing", f"a column {label!r}")
    numbers: list[list[float]] = []
    for row in reader:
        if not row:
            continue
        where = f"line {reader.line_num}"
        if len(row) != len(titles):
            raise InputError(name, where, f"{len(row)} values", f"{len(titles)}, as in the header")
        numbers.append([_number(row[k], name, where, column) for k, column in found.items()])
    if not numbers:
        raise InputError(name, "", "a header only", "at least one row")
    data = np.array(numbers)
    values = {column.variable: column.scale * data[:, k] + column.offset for k, column in enumerate(found.values())}
    time = values.pop("time")
    if not np.all(np.isfinite(time)) or np.any(np.diff(time) < 0.0):
        raise InputError(name, f"column {_TIME.label!r}", "a time before the one above it", "times that do not fall")
    record = FileRecord(name=Path(path).name, digest=file_digest(path))
    source = Source(kind="measured", reference=Path(path).name, files=(record,))
    titles_of = {column.variable: column for column in found.values()}
    return Result(
        {
            variable: ("time", array, {"units": titles_of[variable].unit, "long_name": titles_of[variable].long_name})
            for variable, array in values.items()
        },
        {"time": ("time", time, {"units": "s", "long_name": _TIME.long_name})},
        {
            "kind": "cell run",
            "source": source.to_json(),
            "left_out": ", ".join(title for k, title in enumerate(titles) if k not in found),
        },
    )


def is_battery_data(titles: Sequence[str]) -> bool:
    """Whether the titles of a table's columns are those of a BDF file."""
    return bool({_TIME.label, _TIME.machine_name} & {title.strip() for title in titles})


def write_battery_data(data: xr.Dataset, path: str | Path) -> None:
    """Write a data set over time (a simulation, or one that `read_battery_data` gave) as BDF: CSV with preferred labels.

    A protocol's ``cycle`` and ``step`` become Cycle Count, Step ID and the Step Count that rises with every step; the cell's
    temperature becomes Surface Temperature. Everything else stays out: keep the data set itself as NetCDF.

    Raises
    ------
    InputError
        The data set has no time, voltage or current.
    ScalithError
        The file cannot be written.
    """
    for wanted in _REQUIRED:
        if wanted not in data.variables or data[wanted].dims != ("time",):
            shown = ", ".join(str(name) for name in data.variables)
            raise InputError("write_battery_data", wanted, shown or "nothing", nearest(wanted, [f"{wanted} over time"]))
    columns: list[tuple[str, Array]] = []
    for column in _COLUMNS:
        if column.variable == "step_count" and "step_count" not in data and {"cycle", "step"} <= set(data.variables):
            changed = (np.diff(data["step"].values) != 0) | (np.diff(data["cycle"].values) != 0)
            columns.append((column.label, np.concatenate([[0], np.cumsum(changed)])))
        elif column.variable in data.variables and data[column.variable].dims == ("time",):
            columns.append((column.label, (data[column.variable].values - column.offset) / column.scale))
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow([label for label, _ in columns])
    whole = [label.endswith("/ 1") or label == "Step ID" for label, _ in columns]
    for row in zip(*(values for _, values in columns), strict=True):
        # 15 digits: a change of units leaves one unit in the last place.
        writer.writerow([int(v) if count and np.isfinite(v) else f"{v + 0.0:.15g}" for v, count in zip(row, whole, strict=True)])
    write_text(path, stream.getvalue())


def _number(text: str, name: str, where: str, column: _Column) -> float:
    if not text.strip() and column.variable not in _REQUIRED:
        return float("nan")  # optional columns may be sparse
    try:
        value = float(text)
    except ValueError:
        value = np.inf
    if np.isinf(value) or (np.isnan(value) and column.variable in _REQUIRED):
        raise InputError(name, f"{where}, column {column.label!r}", text.strip() or "nothing", "a number")
    return value
