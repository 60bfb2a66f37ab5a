"""How a climb says what it is doing, without knowing who listens."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from concurrent.futures import Executor


class Listener(Protocol):
    """Told about each rung as the climb goes."""

    def planned(self, names: list[str]) -> None:
        """The rungs of this climb, in order."""

    def started(self, name: str) -> None:
        """A rung is being computed."""

    def advanced(self, name: str, fraction: float, message: str) -> None:
        """A rung has done `fraction` (0 to 1) of its work."""

    def finished(self, name: str, seconds: float, headline: str, *, reused: bool) -> None:
        """A rung is there: computed now, or reused from an earlier run."""

    def noted(self, message: str) -> None:
        """Something the user should know: a damaged file set aside, a member that failed."""


class Silent:
    """A listener that says nothing."""

    def planned(self, names: list[str]) -> None:
        """Ignore."""

    def started(self, name: str) -> None:
        """Ignore."""

    def advanced(self, name: str, fraction: float, message: str) -> None:
        """Ignore."""

    def finished(self, name: str, seconds: float, headline: str, *, reused: bool) -> None:
        """Ignore."""

    def noted(self, message: str) -> None:
        """Ignore."""


listening: ContextVar[tuple[Listener, str] | None] = ContextVar("listening", default=None)
"""Listener and rung of the running climb."""

executor: ContextVar[Executor | None] = ContextVar("executor", default=None)
"""Where rungs with independent work send it; `None` computes in this process."""


@contextmanager
def spread_over(given: Executor | None) -> Iterator[None]:
    """Send the independent work of rungs to an executor."""
    token = executor.set(given)
    try:
        yield
    finally:
        executor.reset(token)


@contextmanager
def heard_by(listener: Listener) -> Iterator[None]:
    """Whom `note` reaches where no rung is running: while the results are written."""
    token = listening.set((listener, ""))
    try:
        yield
    finally:
        listening.reset(token)


def note(message: str) -> None:
    """Say what the user should know."""
    active = listening.get()
    if active is not None:
        active[0].noted(message)


def report_progress(fraction: float, message: str = "") -> None:
    """Rungs hand this to the library function that does the work."""
    active = listening.get()
    if active is not None:
        active[0].advanced(active[1], min(max(fraction, 0.0), 1.0), message)
