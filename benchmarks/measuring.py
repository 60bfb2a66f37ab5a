"""Finds the rows of the benchmark files and measures them, ours and the peer's by turns."""

from __future__ import annotations

import importlib
import math
import statistics
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Any

from benchmarks.row import Row
from scalith.quantities import InputError

FOLDER = Path(__file__).resolve().parent
_NOT_GROUPS = ("__init__", "__main__", "measuring", "readme", "row")


@dataclass
class Measured:
    """A row with its figures.

    Attributes
    ----------
    group : str
        File that the row is in, named after a package.
    row : Row
    ours, theirs : list of float
        Every figure taken, in the order of the runs.
    peer_version : str
        Empty when there is no peer or it is not installed.
    peer_state : str
        Why the peer has no figure: ``"not installed"``, or what went wrong; empty when it has one or there is no peer.
    error : str
        What went wrong on our side.
    """

    group: str
    row: Row
    ours: list[float] = field(default_factory=list)
    theirs: list[float] = field(default_factory=list)
    peer_version: str = ""
    peer_state: str = ""
    error: str = ""

    @property
    def our_median(self) -> float | None:
        """Median of our figures."""
        return statistics.median(self.ours) if self.ours else None

    @property
    def their_median(self) -> float | None:
        """Median of the peer's figures."""
        return statistics.median(self.theirs) if self.theirs else None

    @property
    def ratio(self) -> float | None:
        """How many times better ours is."""
        ours, theirs = self.our_median, self.their_median
        if ours is None or theirs is None:
            return None
        above, below = (ours, theirs) if self.row.higher_is_better else (theirs, ours)
        return above / below if below else math.inf

    @property
    def target_met(self) -> bool | None:
        """Whether what the row promises was reached in this run; `None` when it promises nothing or was not measured."""
        row, ours, ratio = self.row, self.our_median, self.ratio
        answers = []
        if row.target is not None and ours is not None:
            answers.append(ours >= row.target if row.higher_is_better else ours <= row.target)
        if row.target_ratio is not None and ratio is not None:
            answers.append(ratio >= row.target_ratio)
        return all(answers) if answers else None

    def to_plain(self) -> dict[str, Any]:
        """As plain data for JSON."""
        row = self.row
        return {
            "group": self.group,
            "name": row.name,
            "unit": row.unit,
            "peer": row.peer,
            "peer_version": self.peer_version,
            "ours": self.our_median,
            "theirs": self.their_median,
            "ratio": self.ratio,
            "target": row.target,
            "target_ratio": row.target_ratio,
            "target_met": self.target_met,
            "higher_is_better": row.higher_is_better,
            "ours_each": self.ours,
            "theirs_each": self.theirs,
            "peer_state": self.peer_state,
            "error": self.error,
            "note": row.note,
        }


def groups(folder: Path = FOLDER) -> list[str]:
    """Names of the benchmark files."""
    return sorted(path.stem for path in folder.glob("*.py") if path.stem not in _NOT_GROUPS)


def select_rows(names: Iterable[str], load: Callable[[str], list[Row]] | None = None) -> list[tuple[str, Row]]:
    """Rows of the groups, or with the names or beginnings of names, given; all without any.

    Raises
    ------
    InputError
        A name is neither a group nor the beginning of a row's name.
    """
    load = load or _rows
    names = list(names)
    known = groups()
    if all(name in known for name in names):
        return [(group, row) for group in (dict.fromkeys(names) or known) for row in load(group)]
    everything = [(group, row) for group in known for row in load(group)]
    chosen: dict[tuple[str, str], tuple[str, Row]] = {}
    for name in names:
        found = [(group, row) for group, row in everything if group == name or row.name.startswith(name)]
        if not found:
            expected = f"a group ({', '.join(known)}) or a row: {', '.join(row.name for _, row in everything)}"
            raise InputError("benchmarks", "name", name, expected)
        chosen |= {(group, row.name): (group, row) for group, row in found}
    return list(chosen.values())


def measure(group: str, row: Row, repeats: int = 5) -> Measured:
    """Measure ours and the peer's by turns, `repeats` times each, so that a slow moment of the machine meets both."""
    result = Measured(group, row)
    if row.peer:
        try:
            result.peer_version = metadata.version(row.peer)
        except metadata.PackageNotFoundError:
            result.peer_state = "not installed"
    try:
        if row.prepare is not None:
            row.prepare()
    except Exception as error:
        result.error = f"{type(error).__name__}: {error}"
        return result
    for _ in range(repeats):
        if not result.error:
            try:
                result.ours.append(float(row.ours()))
            except Exception as error:
                result.error = f"{type(error).__name__}: {error}"
        if row.theirs is not None and not result.peer_state:
            try:
                result.theirs.append(float(row.theirs()))
            except Exception as error:
                result.peer_state = f"{type(error).__name__}: {error}"
                result.theirs.clear()
    return result


def _rows(group: str) -> list[Row]:
    rows: list[Row] = importlib.import_module(f"benchmarks.{group}").rows()
    return rows
