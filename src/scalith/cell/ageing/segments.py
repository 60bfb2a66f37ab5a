"""What a cell goes through over its life, and when that life is over."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, TypeAlias, cast

from pydantic import Field

from scalith.cell.runs.protocol_text import Steps
from scalith.quantities import InputError, Spec
from scalith.quantities.specification import Temperature


class AgeingSegment(Spec):
    """A protocol that is repeated, at a temperature: cycling, or storage where it only rests.

    Attributes
    ----------
    steps : str or tuple of str
        See `scalith.cell.parse_protocol`: ``"Rest for 30 days"`` is storage.
    cycles : int
        How often.
    temperature : float, optional
        K; without it that of the segment before.
    """

    steps: str | tuple[str, ...]
    cycles: Annotated[int, Field(ge=1)] = 1
    temperature: Temperature | None = None


class EndOfLife(Spec):
    """Limits at which an ageing ends.

    Attributes
    ----------
    capacity : float, optional
        Discharge capacity of a cycle, as a share of that of the first one that discharged.
    resistance : float, optional
        Resistance of a check-up, over that of the first one.
    porosity : float, optional
        Lowest porosity anywhere.
    """

    capacity: Annotated[float, Field(gt=0, lt=1)] | None = None
    resistance: Annotated[float, Field(gt=1)] | None = None
    porosity: Annotated[float, Field(gt=0, lt=1)] | None = None


Life: TypeAlias = "Steps | AgeingSegment | Sequence[AgeingSegment]"


def read_life(life: Life, cycles: int) -> list[tuple[Steps, int, float | None]]:
    """Steps, cycles and temperature of each segment.

    Raises
    ------
    InputError
        No cycle, or segments mixed with steps.
    """
    if cycles < 1:
        raise InputError("simulate_ageing", "cycles", cycles, "at least one")
    parts = [life] if isinstance(life, AgeingSegment) else life
    if not isinstance(parts, str) and isinstance(parts, Sequence):
        segments = [one for one in parts if isinstance(one, AgeingSegment)]
        if segments and len(segments) == len(parts):
            once: list[tuple[Steps, int, float | None]] = [(one.steps, one.cycles, one.temperature) for one in segments]
            return once * cycles
        if segments:
            raise InputError("simulate_ageing", "protocol", "segments among steps", "segments alone, or steps alone")
    return [(cast("Steps", life), cycles, None)]
