"""Crossing a boundary: charge-transfer kinetics, space charge, fluxes of ions."""

from scalith.interface.charge_transfer import ChargeTransfer
from scalith.interface.ion_flux import constant_field_flux, salt_diffusivity, salt_transference_number
from scalith.interface.kinetics import (
    asymmetric_marcus_hush_chidsey,
    butler_volmer,
    charge_transfer_resistance,
    linear,
    marcus_hush_chidsey,
    overvoltage_property,
    tafel,
    tafel_slope,
)
from scalith.interface.space_charge import debye_length, depletion_width, gouy_chapman_field, reduced_field, space_charge

__all__ = [
    "ChargeTransfer",
    "asymmetric_marcus_hush_chidsey",
    "butler_volmer",
    "charge_transfer_resistance",
    "constant_field_flux",
    "debye_length",
    "depletion_width",
    "gouy_chapman_field",
    "linear",
    "marcus_hush_chidsey",
    "overvoltage_property",
    "reduced_field",
    "salt_diffusivity",
    "salt_transference_number",
    "space_charge",
    "tafel",
    "tafel_slope",
]
