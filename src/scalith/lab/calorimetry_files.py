"""Calorimetry files as instruments write them: Netzsch Proteus, TA TRIOS, PerkinElmer Pyris, Mettler STARe, THT, plain text.

No instrument's name is looked for. A file is a head of remarks, a line of column titles (units in it, or in a line of their own),
and rows of numbers; from these come separator, decimal sign, units, mass of the sample and direction of exotherms.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from scalith.quantities import InputError, parse_quantity
from scalith.quantities.units import to_si

Array = NDArray[np.float64]
Direction = Literal["up", "down"]

_UNITS = {
    "°c": "degC",
    "ºc": "degC",
    "c": "degC",
    "deg c": "degC",
    "celsius": "degC",
    "sec": "s",
    "seconds": "s",
    "minutes": "min",
}
_ENDO = re.compile(r"endo\w*\W{0,2}(up|down)|\^\s*endo", re.IGNORECASE)
_EXO = re.compile(r"exo\w*\W{0,2}(up|down)|\^\s*exo", re.IGNORECASE)
_NETZSCH_EXO = re.compile(r"^#\s*exo\s*:[^\w+-]*([+-]?1)\s*$", re.IGNORECASE)
_MASS = re.compile(
    r"(?:sample\W*)?(?:mass|weight|size)\W*?(?:/|\[|\()?\s*(?P<unit>mg|g|kg)?\s*(?:\]|\))?\W*?[:;,=\t ]+\s*"
    r"(?P<value>\d+(?:[.,]\d+)?)\s*(?P<after>mg|g|kg)?\b",
    re.IGNORECASE,
)
_UNIT = re.compile(
    r"(°|º|deg ?)?[CK](\s?/\s?(s|sec|min)|[ ·.](s|min)(-1|\^-1|⁻¹))?|celsius|s|sec|min|h|minutes|seconds|1|bar|psi|[kM]?Pa"
    r"|[muµ]?W([ /](mg|g|kg|mg-1|g-1|kg-1))?",
    re.IGNORECASE,
)
_RATE = re.compile(r"(\d+(?:[.,]\d+)?)\s*\(?\s*(?:K|°C|C)\s*/\s*min", re.IGNORECASE)


@dataclass(frozen=True)
class CalorimetryColumns:
    """What a file holds, in SI units.

    Attributes
    ----------
    path : str
    temperature : ndarray
        K.
    time : ndarray or None
        s; None where the file has no such column.
    heat_flow : ndarray
        W kg-1, exothermic positive.
    heating_rate : float or None
        K s-1, where the head states it.
    remarks : dict
        ``key: value`` lines of the head.
    """

    path: str
    temperature: Array
    time: Array | None
    heat_flow: Array
    heating_rate: float | None
    remarks: dict[str, str]


@dataclass(frozen=True)
class CalorimetryTable:
    """A file as rows of numbers under titles.

    Attributes
    ----------
    path : str
    head : tuple of str
        Lines above the titles.
    titles : tuple of str
    line : int
        On which the titles stand.
    columns : dict
        By what they hold (``time``, ``temperature``, ``temperature_rate``, ``heat_flow``, ``pressure``, ``exotherm``): title,
        unit, values. What is none of these is left out.
    """

    path: str
    head: tuple[str, ...]
    titles: tuple[str, ...]
    line: int
    columns: dict[str, tuple[str, str, Array]]

    def si(self, kind: str, unit: str) -> Array:
        """A column in SI units.

        Raises
        ------
        InputError
            No such column, no unit, or one of another dimension.
        """
        if kind not in self.columns:
            raise InputError(
                self.path, f"line {self.line}", ", ".join(self.titles), f"a column with the {kind.replace('_', ' ')}"
            )
        title, found, values = self.columns[kind]
        if not found:
            raise InputError(self.path, f"column {title!r}", "no unit", f"a unit convertible to {unit}")
        return np.asarray(to_si(values, found, unit, where=self.path, field=f"column {title!r}"), dtype=np.float64)


def read_table(path: str | Path, titles: Sequence[str] | None = None) -> CalorimetryTable:
    """Read rows of numbers with their titles.

    Parameters
    ----------
    path : path
        Text in UTF-8, UTF-16 or Latin-1; columns parted by tabs, semicolons, commas or spaces; decimal point or comma.
    titles : sequence of str, optional
        Of the columns, with units (``"time [min]"``), for a file that has none.

    Raises
    ------
    InputError
        No rows of numbers, no titles with units over them, a torn row, an empty cell (of the rate of temperature it is NaN).
    """
    name = str(path)
    lines = _decoded(path).splitlines()
    first, separator = _first_row(lines, name)
    comma = separator != "," and any("," in line for line in lines[first : first + 50])
    if titles is None:
        split, head_end = _titles(lines, first, separator, name)
    else:
        split, head_end = [_title_and_unit(title) for title in titles], first
        width = len(_cells(lines[first], separator))
        if len(split) != width:
            raise InputError(name, f"line {first + 1}", f"{width} columns", f"one for each of the {len(split)} titles")
    rows = _rows(lines[first:], separator, comma, len(split), name, first)
    columns: dict[str, tuple[str, str, Array]] = {}
    for k, (title, unit) in enumerate(split):
        kind = _kind(title)
        if kind and kind not in columns:
            columns[kind] = (title, unit, rows[:, k])
            if kind != "temperature_rate" and np.isnan(rows[:, k]).any():
                row = int(np.argmax(np.isnan(rows[:, k]))) + 1
                raise InputError(name, f"column {title!r}, row {row} of numbers", "an empty cell", "a number in every row")
    return CalorimetryTable(name, tuple(lines[:head_end]), tuple(t for t, _ in split), head_end + 1, columns)


def read_calorimetry_columns(
    path: str | Path, *, mass: float | str | None = None, exotherm: Direction | None = None
) -> CalorimetryColumns:
    """Read a DSC export.

    Parameters
    ----------
    path : path
        As `read_table`.
    mass : float or str, optional
        Mass of the sample, kg or text with a unit; needed for a heat flow in watts when the head does not state it.
    exotherm : {"up", "down"}, optional
        Sign of exothermic heat flow; needed when the file does not state it (a column ``heat_flow [unit]`` is exothermic up).

    Raises
    ------
    InputError
        As `read_table`; no temperature or heat flow, a unit that does not fit, no mass, no sign of exotherms, or two statements
        of it that contradict each other.
    """
    table = read_table(path)
    name, head = table.path, table.head
    temperature = table.si("temperature", "K")
    if "heat_flow" not in table.columns:
        table.si("heat_flow", "W kg-1")
    flow_title, flow_unit, flow = table.columns["heat_flow"]
    sign = _sign(head, flow_title, exotherm, name)
    time = table.si("time", "s") if "time" in table.columns else None
    if flow_unit in ("W", "mW", "uW", "µW"):
        sample = _mass(head, mass, name)
        heat = to_si(flow, flow_unit.replace("µ", "u"), "W", where=name, field=f"column {flow_title!r}") / sample
    else:
        heat = table.si("heat_flow", "W kg-1")
    rates = [_number(found) / 60.0 for line in head for found in _RATE.findall(line)]
    remarks = remarks_of(head)
    return CalorimetryColumns(name, temperature, time, sign * heat, rates[0] if len(set(rates)) == 1 else None, remarks)


def _decoded(path: str | Path) -> str:
    try:
        raw = Path(path).read_bytes()
    except FileNotFoundError:
        raise InputError(str(path), "", "no such file", "a text file with a DSC curve") from None
    except OSError as error:
        raise InputError(str(path), "", (error.strerror or str(error)).lower(), "a file that can be read") from None
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return raw.decode("utf-16")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _cells(line: str, separator: str) -> list[str]:
    parts = line.split() if separator == " " else line.split(separator)
    return [part.strip().strip('"').strip() for part in parts]


def _is_number(cell: str) -> bool:
    return re.fullmatch(r"[+-]?(\d+([.,]\d*)?|[.,]\d+)([eE][+-]?\d+)?", cell) is not None


def _number(text: str) -> float:
    return float(text.replace(",", "."))


def _first_row(lines: list[str], name: str) -> tuple[int, str]:
    """Line of the first row of numbers, and what parts their columns: of three together, and of those above with empty cells."""
    for empty in (False, True):
        for separator in (";", "\t", ",", " "):
            for i in range(len(lines) - 2):
                rows = [_cells(line, separator) for line in lines[i : i + 3]]
                width = len(rows[0])
                if width >= 2 and all(_is_row(row, width, 2 if empty else width) for row in rows):
                    while i > 0 and _is_row(_cells(lines[i - 1], separator), width, 1):
                        i -= 1
                    return i, separator
    raise InputError(name, "", "no rows of numbers", "column titles and at least three rows of numbers")


def _is_row(cells: list[str], width: int, least: int) -> bool:
    """Whether these are so many cells, empty or numbers, with numbers in `least` of them."""
    filled = [cell for cell in cells if cell]
    return len(cells) == width and len(filled) >= least and all(map(_is_number, filled))


def _titles(lines: list[str], first: int, separator: str, name: str) -> tuple[list[tuple[str, str]], int]:
    """Title and unit of each column, and the line at which the titles begin."""
    width = len(_cells(lines[first], separator))
    above = [i for i in range(first) if lines[i].strip() and len(_cells(lines[i].lstrip("#"), separator)) == width]
    if not above:
        raise InputError(name, f"line {first + 1}", "numbers without titles", "a line of column titles with units above them")
    last = above[-1]
    cells = _cells(lines[last].lstrip("#"), separator)
    split = [_title_and_unit(cell) for cell in cells]
    if any(unit for _, unit in split):
        return split, last
    if len(above) > 1 and above[-2] == last - 1:
        units = [_known_unit(cell.strip("[]()")) for cell in cells]
        return list(
            zip((_title_and_unit(c)[0] for c in _cells(lines[above[-2]].lstrip("#"), separator)), units, strict=True)
        ), above[-2]
    raise InputError(name, f"line {last + 1}", lines[last].strip(), "column titles with units, such as 'Temp./°C' or 'time [s]'")


def _title_and_unit(cell: str) -> tuple[str, str]:
    for pattern in (
        r"^(?P<t>.*?)\s*\[(?P<u>[^\]]*)\]$",
        r"^(?P<t>[^/(]*?)\s*/\s*\(?(?P<u>[^()]*)\)?$",
        r"^(?P<t>.*?)\s*\((?P<u>[^()]*/?[^()]*)\)$",
    ):
        match = re.match(pattern, cell)
        if match and _looks_like_unit(match["u"]):
            return match["t"], _known_unit(match["u"])
    return cell, ""


def _looks_like_unit(text: str) -> bool:
    return _UNIT.fullmatch(text.strip()) is not None


def _known_unit(text: str) -> str:
    plain = text.strip()
    if rate := re.fullmatch(r"(?:°|º|deg ?)?[CK](?:\s?/\s?|[ ·.])(s|sec|min)(?:-1|\^-1|⁻¹)?", plain, re.IGNORECASE):
        return "K/min" if rate[1].lower() == "min" else "K/s"
    return _UNITS.get(plain.lower(), plain)


def _kind(title: str) -> str:
    plain = re.sub(r"[^a-z]+", " ", title.lower()).strip()
    if re.search(r"\bpress", plain):
        return "" if "rate" in plain else "pressure"
    if re.match(r"(dsc|heat ?flow|heat flow|unsubtracted heat flow|value)\b", plain.replace("heatflow", "heat flow")):
        return "heat_flow"
    if re.search(r"\brate\b|\bd ?t d ?t\b|self heat", plain):
        return "temperature_rate"
    if plain == "exotherm":
        return "exotherm"
    if re.match(r"(time|t)\b", plain) or plain == "zeit":
        return "time"
    if re.match(r"(temp|sample temp|ts\b|tr\b)", plain):
        return "temperature"
    return ""


def _rows(lines: list[str], separator: str, comma: bool, width: int, name: str, first: int) -> Array:
    rows: list[list[float]] = []
    for number, line in enumerate(lines, start=first + 1):
        if not line.strip():
            continue
        cells = _cells(line, separator)
        if len(cells) != width or not all(not cell or _is_number(cell) for cell in cells):
            raise InputError(name, f"line {number}", line.strip(), f"{width} numbers")
        rows.append([np.nan if not cell else _number(cell) if comma else float(cell) for cell in cells])
    return np.array(rows)


def _sign(head: Iterable[str], title: str, given: Direction | None, name: str) -> float:
    """+1 where exothermic heat flow is positive in the file."""
    stated: set[float] = set()
    for line in [*head, title]:
        if match := _NETZSCH_EXO.match(line.strip()):
            stated.add(float(match[1]))
        elif match := _EXO.search(line):
            stated.add(-1.0 if (match[1] or "up").lower() == "down" else 1.0)
        elif match := _ENDO.search(line):
            stated.add(1.0 if (match[1] or "up").lower() == "down" else -1.0)
    if given is not None:
        stated.add(1.0 if given == "up" else -1.0)
    if len(stated) > 1:
        raise InputError(name, "exotherm", "up and down", "one direction of exotherms; the file or the argument says otherwise")
    if not stated and title == "heat_flow":
        return 1.0
    if not stated:
        raise InputError(name, "exotherm", "not stated in the file", "exotherm='up' or exotherm='down'")
    return stated.pop()


def _mass(head: Iterable[str], given: float | str | None, name: str) -> float:
    if given is not None:
        value = parse_quantity(given, "kg", where=name, field="mass")
    else:
        matches = [match for line in head if (match := _MASS.search(line)) and (match["unit"] or match["after"])]
        if not matches:
            raise InputError(name, "mass", "not stated in the file", "mass='5.2 mg', or a line such as 'Sample mass: 5.2 mg'")
        match = matches[0]
        value = parse_quantity(f"{_number(match['value'])} {(match['unit'] or match['after']).lower()}", "kg")
    if not value > 0:
        raise InputError(name, "mass", value, "a positive mass")
    return value


def remarks_of(head: Iterable[str]) -> dict[str, str]:
    """``key: value`` lines."""
    found = {}
    for line in head:
        key, colon, value = line.lstrip("# ").partition(":")
        if colon and value.strip(" ;,\t"):
            found[key.strip().lower()] = value.strip(" ;,\t")
    return found
