"""Numbers of a table's columns in SI, with the line of the file in every complaint."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scalith.lab.readers.columns import ColumnName
from scalith.lab.readers.tables import Table, split_cells
from scalith.quantities import InputError

Array = NDArray[np.float64]


def chosen_columns(table: Table, variables: Iterable[str]) -> dict[str, int]:
    """Column of each variable that the table has: the one whose title says it best."""
    found: dict[str, int] = {}
    for k, column in enumerate(table.columns):
        if column.variable in variables:
            before = found.get(column.variable)
            if before is None or column.rank < table.columns[before].rank:
                found[column.variable] = k
    return found


def whole_rows(table: Table, *, repair: bool) -> Table:
    """The table without a last row that was cut off while it was written.

    Raises
    ------
    InputError
        The last row is short, and `repair` does not ask to leave it out.
    """
    widths = [len(split_cells(row, table.separator)) for row in (table.rows[0], table.rows[-1])]
    if widths[1] >= widths[0]:
        return table
    if not repair:
        found = f"{widths[1]} cells, the row is cut off"
        raise InputError(table.file, f"line {table.line(len(table.rows) - 1)}", found, f"{widths[0]}; repair=True leaves it out")
    return replace(table, rows=table.rows[:-1], notes=[*table.notes, "the last row was cut off and is left out"])


def with_units(table: Table, units: Mapping[str, str]) -> list[ColumnName]:
    """Columns with the units that the reader was told.

    Raises
    ------
    InputError
        No such column, or a unit that is none of its quantity.
    """
    named = {column.variable for column in table.columns}
    for variable, unit in units.items():
        if variable not in named:
            raise InputError(table.file, f"units of {variable}", "no such column", "one of " + ", ".join(sorted(named - {""})))
        if not any(column.variable == variable and column.with_unit(unit).unit == unit.strip() for column in table.columns):
            raise InputError(table.file, f"units of {variable}", unit, "a unit of this quantity, such as 'mA' or 's'")
    return [column.with_unit(units[column.variable]) if column.variable in units else column for column in table.columns]


def in_si(table: Table, column: ColumnName, cells: NDArray[Any], *, required: bool = True) -> Array:
    """One column in SI.

    Raises
    ------
    InputError
        A cell is empty, no number, or not finite (optional columns may be empty).
    """
    if cells.dtype.kind in "OUSb":
        values = np.array([_float(cell) for cell in cells])
        blank = np.array([cell is None or (isinstance(cell, float) and np.isnan(cell)) for cell in cells])
        bad = np.isnan(values) & ~blank
    else:
        values = cells.astype(np.float64)
        bad = np.zeros(values.size, dtype=bool)
    bad |= np.isinf(values)
    if required:
        bad |= np.isnan(values)
    if np.any(bad):
        row = int(np.argmax(bad))
        shown = cells[row] if not (isinstance(cells[row], float) and np.isnan(cells[row])) else "nothing"
        raise InputError(table.file, f"line {table.line(row)}, column {column.title!r}", str(shown), "a finite number")
    return np.asarray((-1.0 if column.negated else 1.0) * (values * column.factor + column.offset), dtype=np.float64)


def _float(cell: Any) -> float:
    try:
        return float(str(cell).strip().replace(",", "."))
    except ValueError:
        return float("nan")
