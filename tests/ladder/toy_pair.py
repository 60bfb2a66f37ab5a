"""A rung above two toy materials."""

from __future__ import annotations

from scalith.ladder import Quantity, rung
from scalith.quantities import Property, predicted

GIVEN = {"negative_voltage": (Quantity("voltage of the negative material", "V"), Property)}


@rung("voltage between two materials", unit="V")
def pair_voltage(
    positive_voltage: Property, negative_voltage: Property, negative_measured_voltage: Property | None = None
) -> Property:
    """The difference; a measured voltage of the negative material comes first."""
    below = negative_voltage if negative_measured_voltage is None else negative_measured_voltage
    return Property.constant("pair_voltage", positive_voltage() - below(), "V", predicted("toy.pair", below.digest))
