"""Errors that Scalith raises on purpose: each is one clear sentence for the person who can mend it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any


class ScalithError(Exception):
    """Root of every error that Scalith raises on purpose; the command line prints it without a traceback."""


class InputError(ScalithError, ValueError):
    """Something the user gave is not usable.

    Parameters
    ----------
    where : str
        File, study section or function argument the value came from.
    field : str
        Name of the field, column or key; empty when the whole input is meant.
    found : object
        What was there; ``"nothing"`` where it is missing.
    expected : str
        What would have been right.
    """

    def __init__(self, where: str, field: str, found: object, expected: str) -> None:
        self.where, self.field, self.found, self.expected = where, field, found, expected
        place = f"{where}: {field}" if field else where
        what = "missing" if isinstance(found, str) and found == "nothing" else f"found {_shown(found)}"
        super().__init__(f"{place}: {what}, expected {expected}")


class DomainError(InputError):
    """A property was asked for outside the states it is known at."""


class StudyError(ScalithError):
    """A study cannot be climbed as it is written (missing or circular quantity, locked results folder, …)."""


class ConvergenceError(ScalithError):
    """A solver could not meet the tolerance it was asked for.

    Parameters
    ----------
    what : str
        The solver, in words.
    why : str
        Cause, and what to change.
    time : float, optional
        Simulated time in seconds at which it stopped.
    partial : object, optional
        What had been computed until then; `None` when nothing usable had.
    """

    def __init__(self, what: str, why: str, *, time: float | None = None, partial: Any = None) -> None:
        self.what, self.why, self.time, self.partial = what, why, time, partial
        at = "" if time is None else f" at t = {time:.6g} s"
        super().__init__(f"{what} stopped{at}: {why}")


class MissingDependencyError(ScalithError):
    """An optional package is needed; the message carries the command that installs it."""

    def __init__(self, package: str, needed_for: str, extra: str) -> None:
        super().__init__(f"{package} is needed for {needed_for}: install it with  pip install 'scalith[{extra}]'")


def nearest(name: str, known: Iterable[str]) -> str:
    """Words that point from a mistyped `name` to the nearest known one, or list what is known."""
    known = list(known)
    close = difflib.get_close_matches(name, known, n=1)
    if close:
        return f"a known name; did you mean {close[0]!r}?"
    return "one of " + ", ".join(sorted(known))


def one_line(error: Exception) -> str:
    """What an error of another package says, on one line; its kind where it says nothing."""
    return " ".join(str(error).split()) or type(error).__name__


def _shown(value: object) -> str:
    text = " ".join((value if isinstance(value, str) and " " in value else repr(value)).split())
    return text if len(text) <= 120 else text[:117] + "…"
