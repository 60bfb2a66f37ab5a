"""Rungs of a toy material: a level from its settings, a voltage from its level."""

from __future__ import annotations

from scalith.ladder import Quantity, Settings, rung
from scalith.quantities import Property, predicted

OF_MATERIAL = True


class Fit(Settings):
    """Settings of a material."""

    level: float = 1.0


GIVEN = {"reference": (Quantity("reference", "V"), Property), "measured_voltage": (Quantity("measured voltage", "V"), Property)}


@rung("level", unit="V")
def level(fit: Fit, seed: int) -> Property:
    """The level, with the rung's seed in its source."""
    return Property.constant("level", fit.level, "V", predicted("toy.level", settings={"seed": seed}))


@rung("voltage", unit="V")
def voltage(level: Property, reference: Property) -> Property:
    """Level over its reference."""
    return Property.constant("voltage", level() - reference(), "V", predicted("toy.voltage", level.digest, reference.digest))
