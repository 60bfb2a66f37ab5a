"""Files of instruments as text, and the tables in them: titles, units, separator, decimal sign, rows with their line in the
file.
"""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from scalith.lab.readers.columns import ColumnName, recognised
from scalith.quantities import InputError

_NUMBER = re.compile(r"[+-]?(\d+([.,]\d*)?|[.,]\d+)([eE][+-]?\d+)?")
_SEPARATORS = ("\t", ";", ",", " ")
_LOOKED_AT = 600
"""A header stands in the first so many lines of a file."""
SERIES, SPECTRUM = ("time", "voltage", "current"), ("frequency",)


@dataclass(frozen=True)
class TextFile:
    """Name of a file for messages, and its lines."""

    name: str
    lines: list[str]


@dataclass(frozen=True)
class Table:
    """Part of a file: column names, and the rows below them as text.

    Attributes
    ----------
    file : str
        For messages.
    columns : list of ColumnName
    rows : list of str
        Without empty ones.
    first_line : int
        Line of the file at which the first row stands.
    separator : str
        ``" "`` for any white space.
    header_line : int
    notes : list of str
        What a reader must know.
    """

    file: str
    columns: list[ColumnName]
    rows: list[str]
    first_line: int
    separator: str
    header_line: int
    notes: list[str] = field(default_factory=list)

    def line(self, row: int) -> int:
        """Line of the file of a row, from 1."""
        return self.first_line + row

    def cells(self, wanted: Sequence[int]) -> dict[int, NDArray[Any]]:
        """The wanted columns: numbers where every cell is one, otherwise text.

        Raises
        ------
        InputError
            A row has fewer cells than the header has columns wanted, or more than all.
        """
        import pandas as pd

        comma = self.separator != "," and any("," in row for row in self.rows[:50])
        width = len(split_cells(self.rows[0], self.separator))
        if max(wanted) >= width:
            found = f"{width} cells under {len(self.columns)} titles"
            raise InputError(self.file, f"line {self.line(0)}", found, "a cell for each title")
        # A row of too many cells would be read shifted.
        for k, row in enumerate(self.rows):
            own = len(row.split()) if self.separator == " " else row.count(self.separator) + 1
            if own > width and len(split_cells(row, self.separator)) > width:
                raise InputError(self.file, f"line {self.line(k)}", f"{own} cells", f"{width}, as above")
        try:
            read = pd.read_csv(
                io.StringIO("\n".join(self.rows)),
                sep=r"\s+" if self.separator == " " else self.separator,
                decimal="," if comma else ".",
                header=None,
                names=range(width),
                usecols=sorted(wanted),
                skipinitialspace=True,
                na_filter=True,
                keep_default_na=False,
                na_values=["", "nan", "NaN", "NAN"],
                index_col=False,
                skip_blank_lines=False,
                low_memory=False,
            )
        except (pd.errors.ParserError, pd.errors.EmptyDataError) as error:
            raise InputError(self.file, "", str(error), "a table of numbers") from None
        return {k: read[k].to_numpy() for k in wanted}


def read_text(path: str | Path) -> TextFile:
    """A text file in UTF-8, UTF-16 or Latin-1.

    Raises
    ------
    InputError
        It cannot be read, is empty, or is binary.
    """
    name = str(path)
    try:
        raw = Path(path).read_bytes()
    except FileNotFoundError:
        raise InputError(name, "", "no such file", "a measurement") from None
    except OSError as error:
        raise InputError(name, "", (error.strerror or str(error)).lower(), "a file that can be read") from None
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
        text = raw.decode("utf-16", errors="replace")
    elif b"\x00" in raw[:4096]:
        raise InputError(name, "", "a binary file of unknown kind", "text, .xlsx, .mpr, .nda or .ndax")
    else:
        try:
            text = raw.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = raw.decode("latin-1")
    lines = text.replace("\r\r\n", "\n").splitlines()
    if not any(line.strip() for line in lines):
        raise InputError(name, "", "nothing", "column titles and rows of numbers")
    return TextFile(name, lines)


def split_cells(line: str, separator: str) -> list[str]:
    """Cells of a line without quotes and spaces around them."""
    parts = line.split() if separator == " " else line.rstrip("\r\n").split(separator)
    return [part.strip().strip('"').strip() for part in parts]


def is_number(cell: str) -> bool:
    """Whether a cell is one finite number, with a decimal point or comma."""
    return _NUMBER.fullmatch(cell) is not None


def is_header(names: Sequence[ColumnName]) -> bool:
    """Whether these titles hold what a time series or a spectrum needs."""
    found = {name.variable for name in names}
    if {"real", "imaginary"} & found and "frequency" not in found:
        return False
    if "frequency" in found and ({"real", "imaginary"} <= found or {"modulus", "phase"} <= found):
        return True
    return {"voltage", "current"} <= found and bool({"time", "stamp"} & found)


def find_table(file: TextFile, start: int = 0) -> Table:
    """The first table of a time series or of a spectrum from line `start` on, whatever wrote it.

    Raises
    ------
    InputError
        No line of titles holds what is needed; the nearest one is named with what it lacks.
    """
    best: tuple[int, int, list[ColumnName]] = 0, 0, []
    for at in range(start, min(len(file.lines), start + _LOOKED_AT)):
        line = file.lines[at].lstrip("~#")
        for separator in _SEPARATORS:
            cells = split_cells(line, separator)
            if len(cells) < 2 or sum(map(is_number, cells)) > 1:
                continue
            names = [recognised(cell) for cell in cells]
            if is_header(names):
                return table_below(file, at, separator, names)
            known = len({name.variable for name in names} - {"", "step", "cycle", "mode"})
            if known > best[0]:
                best = known, at, names
    if best[0] == 0 and (bare := _bare_spectrum(file)) is not None:
        return bare
    if best[0] >= 2:
        found = sorted({name.variable for name in best[2]} - {""})
        spectral = bool({"real", "imaginary", "modulus", "phase", "frequency"} & set(found))
        needed = ("frequency", "real", "imaginary") if spectral else SERIES
        missing = [name for name in needed if name not in found and not (name == "time" and "stamp" in found)]
        words = {"real": "real part", "imaginary": "imaginary part"}
        shown = ", ".join(cell.title for cell in best[2] if cell.title)
        raise InputError(
            file.name,
            f"line {best[1] + 1}",
            shown,
            f"a column with the {' and the '.join(words.get(m, m) for m in missing)} as well",
        )
    raise InputError(
        file.name,
        "",
        "no titles of a measurement",
        "columns of time, voltage and current, or of frequency and impedance, with units",
    )


def table_below(file: TextFile, at: int, separator: str, names: list[ColumnName], *, until: int | None = None) -> Table:
    """The table whose titles stand at line index `at`; a line of units below them is read as such."""
    first = at + 1
    ahead = first
    while ahead < len(file.lines) and not file.lines[ahead].strip():
        ahead += 1
    if ahead < len(file.lines):
        cells = split_cells(file.lines[ahead], separator)
        if len(cells) >= len(names) - 1 and not any(map(is_number, cells)):
            names = [name if name.unit else name.with_unit(cell) for name, cell in zip(names, [*cells, ""], strict=False)]
            first = ahead + 1
    rows = file.lines[first:until]
    while rows and not rows[0].strip():
        rows, first = rows[1:], first + 1
    while rows and not rows[-1].strip():
        rows = rows[:-1]
    notes: list[str] = []
    if any(not row.strip() for row in rows):
        # Lines between rows are taken out; from there on messages count rows, not lines.
        rows = [row for row in rows if row.strip()]
        notes.append("empty lines between the rows were passed over")
    if not rows:
        raise InputError(file.name, f"line {at + 1}", "titles only", "at least one row of numbers")
    return Table(file.name, names, rows, first + 1, separator, at + 1, notes)


def _bare_spectrum(file: TextFile) -> Table | None:
    """Three columns of numbers without titles, the first positive and over a decade at least: f, Re Z, Im Z."""
    rows = [line for line in file.lines if line.strip()]
    for separator in _SEPARATORS:
        cells = [split_cells(row, separator) for row in rows]
        if len(rows) >= 5 and all(len(one) == 3 and all(map(is_number, one)) for one in cells):
            first = [float(one[0].replace(",", ".")) for one in cells]
            if min(first) > 0.0 and max(first) >= 10.0 * min(first):
                names = [recognised(title) for title in ("freq/Hz", "Re(Z)/Ohm", "Im(Z)/Ohm")]
                note = "no titles: read as frequency (Hz), real and imaginary part (ohm)"
                return Table(file.name, names, rows, 1, separator, 0, [note])
    return None
