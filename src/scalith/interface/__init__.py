"""Crossing a boundary: charge transfer, space charge, grain boundaries, contact, lithium filaments and voids, fluxes of ions."""

from scalith.interface.charge_transfer import ChargeTransfer
from scalith.interface.contact import constriction_resistance, contact_resistance
from scalith.interface.dendrites import (
    LithiumAnode,
    PressedLithium,
    critical_plating_current,
    filament_pressure,
    opening_overvoltage,
    plated_thickness,
)
from scalith.interface.grain_boundary import BrickLayer, Polycrystal, brick_layer, depleted_layer_resistance
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
from scalith.interface.space_charge_transient import simulate_space_charge
from scalith.interface.stripping import critical_stripping_current, simulate_stripping
from scalith.interface.voids import StrippingVoids

__all__ = [
    "BrickLayer",
    "ChargeTransfer",
    "LithiumAnode",
    "Polycrystal",
    "PressedLithium",
    "StrippingVoids",
    "asymmetric_marcus_hush_chidsey",
    "brick_layer",
    "butler_volmer",
    "charge_transfer_resistance",
    "constant_field_flux",
    "constriction_resistance",
    "contact_resistance",
    "critical_plating_current",
    "critical_stripping_current",
    "debye_length",
    "depleted_layer_resistance",
    "depletion_width",
    "filament_pressure",
    "gouy_chapman_field",
    "linear",
    "marcus_hush_chidsey",
    "opening_overvoltage",
    "overvoltage_property",
    "plated_thickness",
    "reduced_field",
    "salt_diffusivity",
    "salt_transference_number",
    "simulate_space_charge",
    "simulate_stripping",
    "space_charge",
    "tafel",
    "tafel_slope",
]
