"""Files whose table needs more than its titles to be found: BioLogic, Gamry, VersaStudio, ZView."""

from __future__ import annotations

import re
from dataclasses import replace

from scalith.lab.readers.columns import ColumnName, recognised
from scalith.lab.readers.tables import Table, TextFile, find_table, is_header, split_cells, table_below
from scalith.quantities import InputError


def vendor_table(file: TextFile) -> tuple[str, Table]:
    """Name of the format and its table; formats are known by their first lines, never by the name of the file.

    Raises
    ------
    InputError
        The file is of a known format and holds no table that is needed.
    """
    head = "\n".join(file.lines[:5])
    if re.match(r"\s*(EC|BT)-Lab ASCII FILE", head):
        return "BioLogic", _biologic(file)
    if file.lines[0].startswith("EXPLAIN"):
        return "Gamry", _gamry(file)
    if "Name=VersaStudio" in head:
        return "VersaStudio", _versastudio(file)
    if re.match(r"\W*(ZPLOT2|ZPlotW|Z60W)", head):
        return "ZView", _zview(file)
    return "columns", find_table(file)


def _biologic(file: TextFile) -> Table:
    for line in file.lines[:3]:
        if match := re.match(r"Nb header lines\s*:\s*(\d+)", line):
            at = int(match[1]) - 1
            if not 0 < at < len(file.lines):
                raise InputError(file.name, "line 2", line.strip(), f"a header within the {len(file.lines)} lines of the file")
            return find_table(file, at)
    return find_table(file)


def _gamry(file: TextFile) -> Table:
    for at, line in enumerate(file.lines):
        if re.match(r"\w*CURVE\d*\tTABLE", line) and at + 2 < len(file.lines):
            names = [recognised(cell) for cell in split_cells(file.lines[at + 1], "\t")]
            # Gamry names time T, current Im, and the phase in degrees.
            names = [_gamry_name(name.title) if not name.variable else name for name in names]
            if not is_header(names):
                continue
            end = next((k for k in range(at + 3, len(file.lines)) if not file.lines[k].startswith("\t")), None)
            table = table_below(file, at + 1, "\t", names, until=end)
            if any(one.startswith("EXPERIMENTABORTED") for one in file.lines):
                table.notes.append("the experiment was aborted: the table may be short")
            return table
    raise InputError(file.name, "", "no table of a curve or a spectrum", "ZCURVE or CURVE with time, voltage and current")


def _gamry_name(title: str) -> ColumnName:
    meaning = {"T": "Time", "Im": "Current", "Vm": "Voltage"}.get(title)
    return replace(recognised(meaning), title=title) if meaning else recognised(title)


def _versastudio(file: TextFile) -> Table:
    for at, line in enumerate(file.lines):
        if not line.startswith("Definition="):
            continue
        names = [recognised(cell) for cell in split_cells(line.partition("=")[2], ",")]
        if is_header(names):
            end = next((k for k in range(at, len(file.lines)) if file.lines[k].startswith("</Segment")), None)
            return table_below(file, at, ",", names, until=end)
    raise InputError(
        file.name, "", "no segment with a spectrum or a curve", "Definition=… with frequency and Z, or time, E and I"
    )


def _zview(file: TextFile) -> Table:
    for at, line in enumerate(file.lines):
        if "Freq" in line and "Z'" in line:
            separator = "\t" if "\t" in line else ","
            # The titles of the old form stand in one pair of quotes, parted by spaces.
            names = [recognised(cell) for cell in re.split(r"\s{2,}|\t", line.strip().strip('"').strip())]
            first = at + 1
            while first < len(file.lines) and ("End Comments" in file.lines[first] or not file.lines[first].strip()):
                first += 1
            return table_below(
                TextFile(file.name, [*file.lines[: first - 1], line, *file.lines[first:]]), first - 1, separator, names
            )
    raise InputError(file.name, "", "no line of titles", "Freq(Hz), Z'(a) and Z''(b)")
