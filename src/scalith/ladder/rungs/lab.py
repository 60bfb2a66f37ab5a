"""Lab: what was predicted beside what was measured."""

from __future__ import annotations

from typing import Any

import xarray as xr

from scalith.ladder.quantity import Quantity, rung
from scalith.quantities import Property

OF_MATERIAL = True
"""These rungs exist once for each material of a study."""

GIVEN: dict[str, tuple[Quantity, type[Any]]] = {
    "measured_open_circuit_voltage": (Quantity("measured open-circuit voltage", "V", {"x": "1", "T": "K"}), Property),
    "measured_chemical_diffusivity": (Quantity("measured chemical diffusivity", "m2 s-1", {"x": "1", "T": "K"}), Property),
}


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
