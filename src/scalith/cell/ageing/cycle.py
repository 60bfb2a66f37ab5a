"""What is kept of one cycle."""

from __future__ import annotations

from typing import NamedTuple


class Cycle(NamedTuple):
    """One cycle: its number from 1, whether it was solved, and what it did, by name."""

    number: int
    solved: bool
    found: dict[str, float]
