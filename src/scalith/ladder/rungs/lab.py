"""Lab: what was predicted beside what was measured."""

from __future__ import annotations

import xarray as xr

from scalith.ladder.quantity import rung
from scalith.quantities import Property


@rung("voltage, predicted and measured")
def voltage_agreement(open_circuit_voltage: Property, measured_open_circuit_voltage: Property) -> xr.Dataset:
    """Deviation of the predicted open-circuit voltage from a measured one."""
    from scalith.lab import agreement

    return agreement(open_circuit_voltage, measured_open_circuit_voltage)


@rung("diffusivity, predicted and measured")
def diffusivity_agreement(chemical_diffusivity: Property, measured_chemical_diffusivity: Property) -> xr.Dataset:
    """Ratio of the predicted chemical diffusivity to a measured one."""
    from scalith.lab import agreement

    return agreement(chemical_diffusivity, measured_chemical_diffusivity)
