"""Average voltage of a set of orderings, as a property with error and origin."""

from __future__ import annotations

import numpy as np
import xarray as xr

from scalith.crystal.average_voltage import average_voltage
from scalith.crystal.host import Host
from scalith.crystal.orderings import other_elements
from scalith.quantities import InputError, Property, dataset_digest, predicted
from scalith.quantities.constants import FARADAY

_IN_EV = {"eV": 1.0, "J mol-1": 1.0 / FARADAY}


def voltage_of_orderings(host: Host, orderings: xr.Dataset, metal_energy: Property) -> Property:
    """Average voltage between the emptiest and the fullest of the orderings (see `average_voltage`).

    Parameters
    ----------
    host : Host
    orderings : xarray.Dataset
        From `map_orderings`; of several orderings at one end the lowest in energy counts.
    metal_energy : Property
        Energy of the metal per atom, in eV or J mol-1, in the reference of the energies; its error goes into the result.

    Returns
    -------
    Property
        A constant, V.

    Raises
    ------
    InputError
        All orderings have the same stoichiometry; the energy of the metal is no single number of these units; the emptiest and
        the fullest differ in other elements as well.
    """
    if metal_energy.coordinates or metal_energy.unit not in _IN_EV:
        raise InputError("voltage_of_orderings", "metal_energy", metal_energy.describe(), "one number in eV or J mol-1 per atom")
    unit = _IN_EV[metal_energy.unit]
    x, energy = orderings["x"].values, orderings["energy"].values
    sites = len(host.working)
    low, high = float(x.min()), float(x.max())
    if host.coupled:
        others = other_elements(host, orderings)
        at_ends = {others[k] for k in np.flatnonzero(np.isclose(x, low) | np.isclose(x, high))}
        if len(at_ends) > 1:
            told = " and ".join(", ".join(f"{count:g} {element}" for element, count in one) or "none" for one in sorted(at_ends))
            expected = f"orderings at x = {low:g} and {high:g} that differ in {host.working_ion} alone"
            raise InputError("voltage_of_orderings", "other elements of a primitive cell", told, expected)
    ends = [float(np.min(energy[np.isclose(x, end)])) for end in (low, high)]
    source = predicted(
        "scalith.crystal.voltage_of_orderings",
        host.digest,
        dataset_digest(orderings),
        metal_energy.digest,
        reference_state=metal_energy.source.reference_state or metal_energy.source.reference,
        settings={"x": [low, high], "ion_charge": host.ion_charge},
    )
    z = host.ion_charge
    voltage = average_voltage(ends[0], sites * low, ends[1], sites * high, unit * float(metal_energy()), z)
    return Property.constant("average_voltage", voltage, "V", source, unit * float(metal_energy.error()) / z or None)
