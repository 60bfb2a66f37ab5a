"""CSV files whose header names each column and its unit: ``x [1], open_circuit_voltage [V]``."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from scalith.quantities.atomic_write import write_text
from scalith.quantities.digests import file_digest
from scalith.quantities.errors import InputError, nearest
from scalith.quantities.plausible_ranges import is_state, require_plausible
from scalith.quantities.property import COORDINATE_UNITS, Property
from scalith.quantities.source import FileRecord, Source
from scalith.quantities.uncertain import ErrorComponent
from scalith.quantities.units import parse_quantity, plain_float, to_si

if TYPE_CHECKING:
    from numpy.typing import NDArray

_HEADER = re.compile(r"^\s*(?P<name>.*?)\s*\[(?P<unit>[^\]]*)\]\s*$")


@dataclass(frozen=True)
class ColumnFile:
    """Columns of a CSV file as read: numbers still in the file's units.

    Attributes
    ----------
    path : str
        File name, for messages.
    columns : dict of str to ndarray
        Each of shape (rows,).
    units : dict of str to str
    comments : dict of str to str
        ``# key: value`` lines from the head of the file (``source``, ``licence``, …).
    lines : tuple of int
        Line of the file at which each row stands, for messages.
    """

    path: str
    columns: dict[str, NDArray[np.float64]]
    units: dict[str, str]
    comments: dict[str, str]
    lines: tuple[int, ...]

    def si(self, name: str, expected: str) -> NDArray[np.float64]:
        """One column in the SI unit `expected`; a missing column or a wrong unit is an `InputError`."""
        if name not in self.columns:
            raise InputError(self.path, f"column {name!r}", "no such column", nearest(name, self.columns))
        return to_si(self.columns[name], self.units[name], expected, where=self.path, field=f"column {name!r}")


def read_columns(path: str | Path) -> ColumnFile:
    """Read a CSV file with units in its header.

    Raises
    ------
    InputError
        The file is unreadable, a header has no unit, a row is short, a value is not a finite number: named with
        file, column and row.
    """
    name = str(path)
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise InputError(name, "", "no such file", "a CSV file") from None
    except OSError as error:
        raise InputError(name, "", (error.strerror or str(error)).lower(), "a CSV file that can be read") from None
    except UnicodeDecodeError as error:
        raise InputError(name, "", str(error), "a readable CSV file in UTF-8") from None
    comments: dict[str, str] = {}
    rows: list[tuple[int, list[str]]] = []
    for number, line in enumerate(text.splitlines(), start=1):
        if line.lstrip().startswith("#"):
            key, colon, value = line.lstrip("# ").partition(":")
            if colon:
                comments[key.strip().lower()] = value.strip()
        elif line.strip():
            rows.append((number, next(csv.reader([line], skipinitialspace=True))))
    if len(rows) < 2:
        raise InputError(
            name, "", f"{len(rows)} lines", "a header such as 'x [1], open_circuit_voltage [V]' and at least one row"
        )
    units: dict[str, str] = {}
    for title in rows[0][1]:
        match = _HEADER.match(title)
        if match is None:
            raise InputError(
                name, f"line {rows[0][0]}", title.strip(), "a column title with its unit, such as 'x [1]' or 'time [s]'"
            )
        if match["name"] in units:
            raise InputError(name, f"line {rows[0][0]}", f"column {match['name']!r} twice", "each column once")
        units[match["name"]] = match["unit"]
    data = np.empty((len(rows) - 1, len(units)))
    for index, (number, cells) in enumerate(rows[1:]):
        if len(cells) != len(units):
            raise InputError(name, f"line {number}", f"{len(cells)} values", f"{len(units)}: {', '.join(units)}")
        for column, (title, cell) in enumerate(zip(units, cells, strict=True)):
            try:
                data[index, column] = plain_float(cell)
            except ValueError:
                data[index, column] = np.nan
            if not np.isfinite(data[index, column]):
                raise InputError(name, f"line {number}, column {title!r}", cell.strip(), "a finite number")
    lines = tuple(number for number, _ in rows[1:])
    return ColumnFile(name, {title: data[:, k] for k, title in enumerate(units)}, units, comments, lines)


def read_property_csv(
    path: str | Path,
    name: str,
    unit: str,
    coordinates: dict[str, str],
    *,
    source: Source | None = None,
    implausible: bool = False,
) -> Property:
    """Read one property from a CSV file.

    Parameters
    ----------
    path : path
        Columns: some of the `coordinates`, then `name` (or its last words), optionally ``standard_error``. A comment
        ``# correlation_length: 0.1`` says over which stretch of composition the error keeps its sign; without it the error is
        one number for the whole curve.
    name, unit : str
        The quantity and its SI unit.
    coordinates : dict of str to str
        Coordinates that the quantity may depend on, with their SI units: ``{"x": "1", "T": "K"}``.
    source : Source, optional
        Without it the file's ``# source:`` and ``# kind:`` comments are used (kind ``measured`` when silent).
    implausible : bool
        Take values outside the range in which a quantity of this name can lie.

    Raises
    ------
    InputError
        As `read_columns`; also an implausible value, an unknown column, a coordinate that does not increase, or two
        coordinates that do not fill a rectangle.
    """
    data = read_columns(path)
    # "measured_open_circuit_voltage" may stand in a column called by the plain name, "open_circuit_voltage".
    column = next((title for title in data.columns if name.endswith(f"_{title}") and title not in coordinates), name)
    allowed = [*coordinates, column, "standard_error"]
    for title in data.columns:
        if title not in allowed:
            raise InputError(data.path, f"column {title!r}", "an unknown column", nearest(title, allowed))
    values = data.si(column, unit)
    used = [dim for dim in coordinates if dim in data.columns]
    points = {dim: data.si(dim, coordinates[dim]) for dim in used}
    error = data.si("standard_error", unit) if "standard_error" in data.columns else None
    if not implausible:
        _require_plausible(data, column, name, values)
        for dim in used:
            if is_state(dim, name):
                # Vibrations have a free energy down to absolute zero.
                kind = "T of vibrations" if dim == "T" and name.endswith("free_energy") else dim
                _require_plausible(data, dim, kind, points[dim])
    if source is None:
        kind = data.comments.get("kind", "measured")
        if kind not in ("predicted", "measured", "published", "assumed"):
            raise InputError(data.path, "# kind", kind, "predicted, measured, published or assumed")
        source = Source(
            kind=kind, reference=data.comments.get("source", "not stated in the file"), note=data.comments.get("note", "")
        )
    record = FileRecord(name=Path(path).name, digest=file_digest(path), licence=data.comments.get("licence", ""))
    source = source.model_copy(update={"files": (*source.files, record)})
    if not used:
        if values.size != 1:
            raise InputError(
                data.path, "", f"{values.size} rows and no coordinate", f"one row, or a column out of {', '.join(coordinates)}"
            )
        return Property.constant(name, float(values[0]), unit, source, None if error is None else float(error[0]))
    grids = {dim: np.unique(points[dim]) for dim in used}
    shape = tuple(grid.size for grid in grids.values())
    if len(used) == 1:
        _require_increasing(data, used[0], points[used[0]])
        return Property.from_arrays(name, grids, values, unit, source, components=_error(data, error, coordinates, used))
    order = np.lexsort([points[dim] for dim in reversed(used)])
    filled = len(values) == int(np.prod(shape)) and all(
        np.array_equal(points[dim][order].reshape(shape), np.broadcast_to(_along(grids[dim], axis, len(used)), shape))
        for axis, dim in enumerate(used)
    )
    if not filled:
        raise InputError(
            data.path, ", ".join(used), f"{len(values)} rows", f"every combination once: {' × '.join(map(str, shape))} rows"
        )
    sorted_error = None if error is None else error[order].reshape(shape)
    return Property.from_arrays(
        name, grids, values[order].reshape(shape), unit, source, components=_error(data, sorted_error, coordinates, used)
    )


def _error(
    data: ColumnFile, error: NDArray[np.float64] | None, coordinates: dict[str, str], used: list[str]
) -> tuple[ErrorComponent, ...]:
    stated = data.comments.get("correlation_length")
    if error is None:
        if stated is not None:
            raise InputError(data.path, "# correlation_length", stated, "a column standard_error beside it")
        return ()
    unit = next((coordinates[dim] for dim in used if dim not in ("T", "t")), "1")
    length = None if stated is None else parse_quantity(stated, unit, where=data.path, field="# correlation_length")
    return (ErrorComponent("stated", error, length),)


def write_property_csv(value: Property, path: str | Path) -> None:
    """Write the nominal values (and error) of a property as CSV that `read_property_csv` reads."""
    stream = io.StringIO()
    origin = " ".join((value.source.by or value.source.reference).split())
    stream.write(f"# source: {origin}\n# kind: {value.source.kind}\n# digest: {value.digest}\n")
    lengths = {part.correlation_length for part in value.components}
    if len(value.components) == 1 and lengths != {None}:
        stream.write(f"# correlation_length: {lengths.pop()}\n")
    titles = [f"{dim} [{COORDINATE_UNITS.get(dim, '1')}]" for dim in value.coordinates] + [f"{value.name} [{value.unit}]"]
    grids = np.meshgrid(*value.coordinates.values(), indexing="ij") if value.coordinates else []
    columns = [grid.ravel() for grid in grids] + [value.nominal.values.ravel()]
    if value.standard_error is not None:
        titles.append(f"standard_error [{value.unit}]")
        columns.append(value.standard_error.values.ravel())
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(titles)
    writer.writerows([repr(float(number)) for number in row] for row in zip(*columns, strict=True))
    write_text(path, stream.getvalue())


def _require_plausible(data: ColumnFile, title: str, quantity: str, numbers: NDArray[np.float64]) -> None:
    for line, number in zip(data.lines, numbers, strict=True):
        require_plausible(
            quantity,
            number,
            where=data.path,
            field=f"line {line}, column {title!r}",
            by_name="{ file = …, implausible = true } in the study",
        )


def _require_increasing(data: ColumnFile, dim: str, grid: NDArray[np.float64]) -> None:
    steps = np.diff(grid)
    if np.any(steps <= 0):
        row = int(np.argmax(steps <= 0)) + 1
        raise InputError(
            data.path,
            f"line {data.lines[row]}, column {dim!r}",
            f"{grid[row]:.6g} after {grid[row - 1]:.6g}",
            "strictly increasing values",
        )


def _along(grid: NDArray[np.float64], axis: int, dimensions: int) -> NDArray[np.float64]:
    shape = [1] * dimensions
    shape[axis] = grid.size
    return grid.reshape(shape)
