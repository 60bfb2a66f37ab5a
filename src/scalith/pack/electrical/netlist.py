"""Circuits of packs: strings in parallel, groups in series, cross-ties; netlists as circuit simulators write them."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np

from scalith.cell import Circuit
from scalith.cell.runs.circuit import Network
from scalith.quantities import InputError, parse_quantity

_TITLES = ("desc", "node1", "node2", "value")
_SCALES = {"t": 1e12, "g": 1e9, "meg": 1e6, "k": 1e3, "m": 1e-3, "u": 1e-6, "µ": 1e-6, "n": 1e-9, "p": 1e-12, "f": 1e-15}


def circuit_of_strings(
    series: int,
    parallel: int,
    *,
    connection_resistance: float,
    busbar_resistance: float,
    terminal_resistance: float = 0.0,
    cross_tie_resistance: float | None = None,
    terminals: Literal["left", "right", "left-right", "right-left"] = "left",
) -> Circuit:
    """Strings of cells in series, side by side between two busbars.

    Cell ``p · series + s`` is the s-th from the positive busbar in string p; strings count from the left. This is what
    liionpack calls ``Np`` times ``Ns`` cells.

    Parameters
    ----------
    series, parallel : int
        Cells in a string, strings.
    connection_resistance : float
        Of each cell's connection, ohm.
    busbar_resistance : float
        Of the busbar between two neighbouring strings, ohm.
    terminal_resistance : float
        Between each terminal and its busbar, ohm.
    cross_tie_resistance : float, optional
        Of ties that join neighbouring strings after each cell, ohm; without it strings meet at the busbars alone.
    terminals : {"left", "right", "left-right", "right-left"}
        At which end of the negative and of the positive busbar the terminals are.

    Raises
    ------
    InputError
        No cells, or a resistance that is not positive.
    """
    where = "circuit_of_strings"
    ties = 1.0 if cross_tie_resistance is None else cross_tie_resistance
    if series < 1 or parallel < 1:
        raise InputError(where, "series, parallel", (series, parallel), "at least one cell")
    found = {"connection_resistance": connection_resistance, "busbar_resistance": busbar_resistance, "cross_tie_resistance": ties}
    for name, value in found.items():
        if not 0.0 < value < np.inf:
            raise InputError(where, name, value, "a positive number of ohms")
    if not 0.0 <= terminal_resistance < np.inf:
        raise InputError(where, "terminal_resistance", terminal_resistance, "0 or a positive number of ohms")
    ends = {"left": (0, 0), "right": (-1, -1), "left-right": (0, -1), "right-left": (-1, 0)}
    if terminals not in ends:
        raise InputError(where, "terminals", terminals, " or ".join(repr(name) for name in ends))
    # Rows of nodes across the strings: between the cells, then those behind each cell's connection.
    row = np.arange((series + 1) * parallel).reshape(series + 1, parallel)
    behind = row.size + np.arange(series * parallel).reshape(series, parallel)
    nodes = row.size + behind.size
    resistors: list[tuple[int, int, float]] = []
    cells: list[tuple[int, int]] = []
    for p in range(parallel):
        for s in range(series):
            resistors.append((int(row[s, p]), int(behind[s, p]), connection_resistance))
            cells.append((int(behind[s, p]), int(row[s + 1, p])))
    for level in range(series + 1):
        each = busbar_resistance if level in (0, series) else cross_tie_resistance
        if each is not None:
            resistors += [(int(row[level, p]), int(row[level, p + 1]), each) for p in range(parallel - 1)]
    low, high = ends[terminals]
    negative, positive = int(row[series, low]), int(row[0, high])
    if terminal_resistance > 0.0:
        resistors += [(nodes, positive, terminal_resistance), (nodes + 1, negative, terminal_resistance)]
        positive, negative, nodes = nodes, nodes + 1, nodes + 2
    return Circuit(nodes, resistors, cells, positive, negative)


class _Element(NamedTuple):
    name: str
    first: str
    second: str
    value: float


def read_netlist(source: str | Path, *, values: Mapping[str, float | str] | None = None, load: str = "I") -> Circuit:
    """A circuit from a netlist: lines of ``name node node value``, as LTspice saves and liionpack reads them, or a CSV file.

    Names that begin with ``V`` are cells (their value is not used: the cell says its voltage), with ``R`` resistors, and one that
    begins with ``I`` is the load. A resistor named ``Ri…`` in line with a cell is the inner resistance of a cell that a linear
    circuit needs and a simulated cell has: it is left out. Resistors of 0 ohm are wires. Lines that begin with ``*``, ``.`` or
    ``;`` are comments.

    Parameters
    ----------
    source : path or str
        A file (UTF-8 or UTF-16), or the text itself, where it has more than one line. A CSV file has the header
        ``desc,node1,node2,value``.
    values : mapping, optional
        Resistances by the beginning of the name, ohm (``{"Rb": 1e-4, "Rc": "10 mohm"}``) in place of those stated: the longest
        beginning that fits counts.
    load : str
        How the name of the load begins.

    Returns
    -------
    Circuit
        Cells in the order of the lines; the positive terminal is the one at the higher open-circuit voltage.

    Raises
    ------
    InputError
        A line that is none, elements of another kind, no cell, no load or several.
    """
    where, lines = _lines(source)
    elements = [_element(where, number, parts) for number, parts in lines]
    stated = {name: _ohms(value, where, name) for name, value in (values or {}).items()}
    unused = next((name for name in stated if not any(_begins(item.name, name) for item in elements)), None)
    if unused is not None:
        raise InputError(where, f"values.{unused}", unused, f"the beginning of a name, such as {elements[0].name!r}")
    by_kind: dict[str, list[_Element]] = {"V": [], "R": [], load.upper(): []}
    for item in elements:
        kind = next((kind for kind in by_kind if _begins(item.name, kind)), None)
        if kind is None:
            raise InputError(where, item.name, "an element of another kind", f"V (a cell), R (a resistor) or {load} (the load)")
        by_kind[kind].append(item)
    loads, cells = by_kind[load.upper()], by_kind["V"]
    if len(loads) != 1 or not cells:
        found = f"{len(loads)} loads ({load}…), {len(cells)} cells (V…)"
        raise InputError(where, "netlist", found, "one load and at least one cell")
    resistors = [item._replace(value=_stated_value(item, stated)) for item in by_kind["R"]]
    joined = _Nodes(elements)
    inner = _inner(resistors, cells, elements)
    for item in inner:
        joined.join(item.first, item.second)
    for item in resistors:
        if item.value == 0.0 and item not in inner:
            joined.join(item.first, item.second)
    at = joined.numbers()
    kept = [
        (at[item.first], at[item.second], item.value)
        for item in resistors
        if item not in inner and at[item.first] != at[item.second]
    ]
    pairs = [(at[item.first], at[item.second]) for item in cells]
    shorted = next((item.name for item, (p, m) in zip(cells, pairs, strict=True) if p == m), None)
    if shorted is not None:
        raise InputError(where, shorted, "both ends at one node", "a cell that no wire bridges")
    first, second = at[loads[0].first], at[loads[0].second]
    circuit = Circuit(max(at.values()) + 1, kept, pairs, first, second)
    flow = Network(circuit).solve(np.full(len(pairs), 3.7), np.full(len(pairs), 1e-2), "current", 0.0)
    return circuit if flow.voltage >= 0.0 else circuit._replace(positive=second, negative=first)


def _lines(source: str | Path) -> tuple[str, list[tuple[int, list[str]]]]:
    """What the netlist is called, and its lines with their numbers."""
    if isinstance(source, str) and "\n" in source.strip():
        where, text = "netlist", source
    else:
        path = Path(source)
        where = f"netlist {path.name}"
        try:
            raw = path.read_bytes()
        except OSError as error:
            raise InputError(where, "", error.strerror or "a file that cannot be read", "a netlist or a CSV file") from error
        wide = raw.startswith((b"\xff\xfe", b"\xfe\xff")) or raw[1:2] == b"\0"
        text = raw.decode("utf-16" if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-16-le" if wide else "utf-8", "replace")
    rows = [(k + 1, line.strip().lstrip("\ufeff")) for k, line in enumerate(text.splitlines())]
    rows = [(number, line) for number, line in rows if line and line[0] not in "*.;#"]
    if rows and "," in rows[0][1]:
        titles = [title.strip().lower() for title in next(csv.reader([rows[0][1]]))]
        missing = [title for title in _TITLES if title not in titles]
        if missing:
            raise InputError(where, "header", ", ".join(titles), ", ".join(_TITLES))
        chosen = [titles.index(title) for title in _TITLES]
        found = [(number, next(csv.reader([line]))) for number, line in rows[1:]]
        return where, [(number, [parts[at].strip() for at in chosen if at < len(parts)]) for number, parts in found]
    return where, [(number, line.split()) for number, line in rows]


def _element(where: str, number: int, parts: list[str]) -> _Element:
    if len(parts) < 4:
        raise InputError(where, f"line {number}", " ".join(parts), "name, two nodes and a value")
    name, first, second, value = parts[:4]
    return _Element(name, first, second, 0.0 if _begins(name, "V") else _number(value, where, name))


def _number(text: str, where: str, name: str) -> float:
    """A value as circuit simulators write it: ``10m``, ``1e-4``, ``0.1meg``."""
    lowered = text.lower()
    for ending, scale in sorted(_SCALES.items(), key=lambda item: -len(item[0])):
        if lowered.endswith(ending):
            text, factor = text[: -len(ending)], scale
            break
    else:
        factor = 1.0
    try:
        return float(text) * factor
    except ValueError:
        raise InputError(where, name, lowered, "a number, such as 0.01 or 10m") from None


def _ohms(value: float | str, where: str, name: str) -> float:
    number = parse_quantity(value, "ohm", where=where, field=name) if isinstance(value, str) else float(value)
    if not 0.0 <= number < np.inf:
        raise InputError(where, f"values.{name}", value, "0 or a positive number of ohms")
    return number


def _begins(name: str, start: str) -> bool:
    return name.lower().startswith(start.lower())


def _stated_value(item: _Element, stated: Mapping[str, float]) -> float:
    fitting = [name for name in stated if _begins(item.name, name)]
    return stated[max(fitting, key=len)] if fitting else item.value


def _inner(resistors: list[_Element], cells: list[_Element], elements: list[_Element]) -> set[_Element]:
    """Inner resistances of cells: named Ri…, at a node that only they and one cell share."""
    touching: dict[str, list[str]] = {}
    for item in elements:
        for node in (item.first, item.second):
            touching.setdefault(node, []).append(item.name)
    names = {item.name for item in cells}
    return {
        item
        for item in resistors
        if _begins(item.name, "Ri")
        and any(len(touching[node]) == 2 and names & set(touching[node]) for node in (item.first, item.second))
    }


class _Nodes:
    """Nodes by name, some of them joined by wires, numbered from 0."""

    def __init__(self, elements: list[_Element]) -> None:
        names = dict.fromkeys(node for item in elements for node in (item.first, item.second))
        self._same = {name: name for name in names}

    def _root(self, name: str) -> str:
        while self._same[name] != name:
            name = self._same[name]
        return name

    def join(self, one: str, other: str) -> None:
        self._same[self._root(one)] = self._root(other)

    def numbers(self) -> dict[str, int]:
        """Of every node; joined ones have the same."""
        roots = {name: k for k, name in enumerate(dict.fromkeys(self._root(name) for name in self._same))}
        return {name: roots[self._root(name)] for name in self._same}
