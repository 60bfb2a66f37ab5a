"""Average voltage of a set of orderings, as a property with error and origin."""

from __future__ import annotations

import numpy as np
import xarray as xr

from scalith.crystal.average_voltage import average_voltage
from scalith.crystal.host import Host
from scalith.quantities import Property, dataset_digest, predicted


def voltage_of_orderings(host: Host, orderings: xr.Dataset, metal_energy: Property) -> Property:
    """Average voltage between the emptiest and the fullest of the orderings (see `average_voltage`).

    Parameters
    ----------
    host : Host
    orderings : xarray.Dataset
        From `map_orderings`; of several orderings at one end the lowest in energy counts.
    metal_energy : Property
        Energy of the metal per atom, eV, in the reference of the energies; its error goes into the result.

    Returns
    -------
    Property
        A constant, V.

    Raises
    ------
    InputError
        All orderings have the same stoichiometry.
    """
    x, energy = orderings["x"].values, orderings["energy"].values
    sites = len(host.working)
    low, high = float(x.min()), float(x.max())
    ends = [float(np.min(energy[np.isclose(x, end)])) for end in (low, high)]
    source = predicted(
        "scalith.crystal.voltage_of_orderings",
        host.digest,
        dataset_digest(orderings),
        metal_energy.digest,
        reference_state=metal_energy.source.reference_state or metal_energy.source.reference,
        settings={"x": [low, high]},
    )
    voltage = average_voltage(ends[0], sites * low, ends[1], sites * high, metal_energy())
    return Property.constant("average_voltage", voltage, "V", source, metal_energy.error() or None)
