"""What a cell starts from."""

from __future__ import annotations

from scalith.quantities import Spec
from scalith.quantities.specification import Fraction, Temperature


class InitialState(Spec):
    """What a simulation starts from where it is not told otherwise.

    Attributes
    ----------
    state_of_charge : 0 to 1
        Between the ends of the stoichiometry windows.
    temperature : K, optional
        Without it the reference temperature of the cell.
    """

    state_of_charge: Fraction = 1.0
    temperature: Temperature | None = None
