"""Finds the cases under `validation/cases` and runs them."""

from __future__ import annotations

import ast
import importlib
import math
import sys
import time
import traceback
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scalith.quantities import InputError, ScalithError
from validation.record import Check, Record

FOLDER = Path(__file__).resolve().parent / "cases"


@dataclass(frozen=True)
class Case:
    """One file of `validation/cases`, read but not imported.

    Attributes
    ----------
    id : str
        ``"L02"``.
    module : str
        ``"validation.cases.L02_lattice_gas"``.
    title : str
        First line of the docstring after ``ID:``.
    text : str
        The rest of it: the page of the gallery, Markdown with equations.
    long : bool
        Whether the file says ``LONG = True``.
    """

    id: str
    module: str
    title: str
    text: str
    long: bool


@dataclass(frozen=True)
class Outcome:
    """What running a case gave.

    Attributes
    ----------
    case : Case
    record : Record
    seconds : float
    error : str
        Why it stopped, in one line; empty when it ran to its end.
    trace : str
        The traceback that belongs to `error`.
    """

    case: Case
    record: Record
    seconds: float
    error: str = ""
    trace: str = ""

    @property
    def ok(self) -> bool:
        """Whether the case ran to its end and met every tolerance."""
        return not self.error and all(check.ok for check in self.record.checks)

    @property
    def hardest(self) -> Check | None:
        """The check that speaks for the case: the one under most strain, a failed one before any that holds."""
        return max(self.record.checks, key=_strain, default=None)

    def to_plain(self) -> dict[str, Any]:
        """As plain data for JSON; a number that is not finite becomes `None`."""
        check = self.hardest
        beside = self.record.comparisons[0] if self.record.comparisons else None
        if check is not None:
            speaks = {
                "quantity": check.quantity,
                "expected": check.expected,
                "found": check.found,
                "tolerance": check.tolerance,
                "unit": check.unit,
            }
        elif beside is not None:
            speaks = {
                "quantity": beside.quantity,
                "expected": beside.reference,
                "found": beside.found,
                "tolerance": None,
                "unit": beside.unit,
            }
        else:
            speaks = {"quantity": None, "expected": None, "found": None, "tolerance": None, "unit": ""}
        plain = {
            "id": self.case.id,
            "title": self.case.title,
            **speaks,
            "ok": self.ok,
            "seconds": round(self.seconds, 3),
            "long": self.case.long,
            "error": self.error,
            "checks": [vars(item) | {"ok": item.ok} for item in self.record.checks],
            "comparisons": [dict(vars(item)) for item in self.record.comparisons],
        }
        return {key: _finite(value) for key, value in plain.items()}


def find_cases(folder: Path = FOLDER) -> list[Case]:
    """All cases in the order of their ids.

    Raises
    ------
    InputError
        A file's docstring does not begin with its id and a title, or two files carry one id.
    """
    cases: dict[str, Case] = {}
    for path in sorted(folder.glob("[A-Z]*_*.py")):
        case = _read(path)
        if case.id in cases:
            raise InputError(path.name, "id", case.id, f"an id of its own: {cases[case.id].module} has this one")
        cases[case.id] = case
    return [cases[key] for key in sorted(cases)]


def select_cases(cases: Iterable[Case], ids: Iterable[str], *, quick: bool = False) -> list[Case]:
    """The cases with these ids (all of them without any); `quick` leaves the long ones out unless they are named.

    Raises
    ------
    InputError
        An id is not known; the message lists those that are.
    """
    known = {case.id: case for case in cases}
    wanted = [text.upper() for text in ids]
    for text in wanted:
        if text not in known:
            raise InputError("validation", "case", text, "one of " + ", ".join(known))
    if wanted:
        return [known[text] for text in dict.fromkeys(wanted)]
    return [case for case in known.values() if not (quick and case.long)]


def run_case(case: Case) -> Outcome:
    """Run one case; whatever it raises becomes a failed outcome with its message."""
    record = Record()
    start = time.perf_counter()
    try:
        importlib.import_module(case.module).run(record)
        if "matplotlib.pyplot" in sys.modules:
            # The record holds the figures; pyplot would keep them all open besides.
            sys.modules["matplotlib.pyplot"].close("all")
    except Exception as error:
        kind = "" if isinstance(error, ScalithError) else f"{type(error).__name__}: "
        return Outcome(case, record, time.perf_counter() - start, f"{kind}{error}", traceback.format_exc())
    if not record.checks and not record.comparisons:
        return Outcome(case, record, time.perf_counter() - start, "the case recorded neither a check nor a comparison")
    return Outcome(case, record, time.perf_counter() - start)


def _read(path: Path) -> Case:
    tree = ast.parse(path.read_text(encoding="utf-8"), str(path))
    first, _, rest = (ast.get_docstring(tree) or "").partition("\n")
    id_, colon, title = first.partition(":")
    stem_id = path.stem.split("_", 1)[0]
    if not colon or id_.strip() != stem_id or not title.strip():
        raise InputError(path.name, "docstring", first, f"a first line such as '{stem_id}: what the case shows'")
    long = any(
        isinstance(node, ast.Assign)
        and any(isinstance(target, ast.Name) and target.id == "LONG" for target in node.targets)
        and isinstance(node.value, ast.Constant)
        and node.value.value is True
        for node in tree.body
    )
    return Case(stem_id, f"validation.cases.{path.stem}", title.strip().rstrip("."), rest.strip(), long)


def _strain(check: Check) -> tuple[bool, float]:
    return (not check.ok, math.inf if math.isnan(check.strain) else check.strain)


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_finite(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
