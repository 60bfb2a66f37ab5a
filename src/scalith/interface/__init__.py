"""Crossing a boundary: charge-transfer kinetics."""

from scalith.interface.kinetics import (
    butler_volmer,
    charge_transfer_resistance,
    linear,
    marcus_hush_chidsey,
    overvoltage_property,
    tafel,
    tafel_slope,
)

__all__ = [
    "butler_volmer",
    "charge_transfer_resistance",
    "linear",
    "marcus_hush_chidsey",
    "overvoltage_property",
    "tafel",
    "tafel_slope",
]
