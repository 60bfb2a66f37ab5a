"""The tolerance of the time steps of a run."""

from __future__ import annotations

from scalith.quantities import InputError

TOLERANCE = 2e-4
"""By default: V, and 1 in stoichiometry."""


def checked_tolerance(tolerance: float) -> float:
    """A tolerance that the arithmetic can meet.

    Raises
    ------
    InputError
    """
    if not 1e-9 <= tolerance <= 0.1:
        raise InputError(
            "simulation", "tolerance", tolerance, f"1e-9 to 0.1 (V, and 1 in stoichiometry; {TOLERANCE:g} by default)"
        )
    return float(tolerance)
