"""What a case writes down: checks with tolerances, comparisons without, and pictures."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Check:
    """One number against what it must be: ok when |found − expected| ≤ tolerance."""

    quantity: str
    expected: float
    found: float
    tolerance: float
    unit: str = ""

    @property
    def ok(self) -> bool:
        """Whether the number is met; NaN never is."""
        return abs(self.found - self.expected) <= self.tolerance

    @property
    def strain(self) -> float:
        """Deviation in units of the tolerance; above 1 it fails."""
        deviation = abs(self.found - self.expected)
        if self.tolerance == 0.0:
            return 0.0 if deviation == 0.0 else float("inf")
        return deviation / self.tolerance


@dataclass(frozen=True)
class Comparison:
    """A number beside a published or measured one: stated, not asserted."""

    quantity: str
    reference: float
    found: float
    unit: str = ""
    note: str = ""


@dataclass
class Record:
    """Handed to each case's ``run(record)``."""

    checks: list[Check] = field(default_factory=list)
    comparisons: list[Comparison] = field(default_factory=list)
    figures: list[tuple[str, Figure]] = field(default_factory=list)

    def check(self, quantity: str, *, expected: float, found: Any, tolerance: float, unit: str = "") -> None:
        """Assert |found − expected| ≤ tolerance (absolute, in `unit`)."""
        self.checks.append(Check(quantity, float(expected), float(found), float(tolerance), unit))

    def check_true(self, statement: str, holds: Any) -> None:
        """Assert that a statement holds."""
        self.checks.append(Check(statement, 1.0, float(bool(holds)), 0.0))

    def check_at_most(self, quantity: str, *, limit: float, found: Any, unit: str = "") -> None:
        """Assert 0 ≤ found ≤ limit: an error norm, a residual, a count."""
        self.checks.append(Check(quantity, 0.0, float(found), float(limit), unit))

    def compare(self, quantity: str, *, reference: float, found: Any, unit: str = "", note: str = "") -> None:
        """State a number beside a reference without asserting it."""
        self.comparisons.append(Comparison(quantity, float(reference), float(found), unit, note))

    def figure(self, caption: str, figure: Figure) -> None:
        """Add a matplotlib figure to the case's page in the gallery."""
        self.figures.append((caption, figure))
