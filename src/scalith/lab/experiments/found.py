"""What an experiment gives: a property of the material, and how it was found."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from scalith.quantities import ErrorComponent, Property, Source

Array = NDArray[np.float64]

NORMAL = 1.959964
ALIKE = 0.05
"""Stoichiometries within this have the same error: about the distance of two states that are read."""


class Found(NamedTuple):
    """What an experiment gave, where it gave anything.

    Attributes
    ----------
    value : Property or None
        Over x; None where the experiment does not tell.
    note : str
        How, or why not.
    """

    value: Property | None
    note: str


def words(measured: bool) -> str:
    """Where data are from."""
    return "measured" if measured else "virtual"


def curve(name: str, at: Array, values: Array, unit: str, source: Source, errors: Array) -> Property:
    """Values read one by one, at increasing places; their errors are alike at stoichiometries that are."""
    length = ALIKE if at.size > 1 else None
    return Property.from_arrays(name, {"x": at}, values, unit, source, None, (ErrorComponent("reading", errors, length),))
