"""Average voltage between two fillings, from total energies alone."""

from __future__ import annotations

import numpy as np
import xarray as xr

from scalith.quantities import InputError, Property, dataset_digest, predicted


def average_voltage(orderings: xr.Dataset, metal_energy: Property) -> Property:
    """Average voltage between the emptiest and the fullest of the orderings.

    V = −(E(x₂) − E(x₁) − n (x₂ − x₁) E_metal)/(n (x₂ − x₁) e)

    with energies per primitive cell and n sites of the working ion in it; of several orderings at one end the lowest
    counts (Aydinol et al. 1997, DOI 10.1103/PhysRevB.56.1354). Entropy, vibrations and pV are left out.

    Parameters
    ----------
    orderings : xarray.Dataset
        From `map_orderings`, or any with ``x``, ``energy`` (eV per primitive cell) over ``structure`` and
        ``sites_per_cell`` in its attributes (1 without it).
    metal_energy : Property
        Energy of the metal per atom, eV, in the reference of the energies; its error goes into the result.

    Returns
    -------
    Property
        A constant, V.

    Raises
    ------
    InputError
        All orderings have the same filling.
    """
    x, energy = orderings["x"].values, orderings["energy"].values
    low, high = float(x.min()), float(x.max())
    if high - low < 1e-9:
        raise InputError("average voltage", "orderings", f"only x = {low:g}", "orderings at two fillings at least")
    sites = int(orderings.attrs.get("sites_per_cell", 1))
    ions = sites * (high - low)
    ends = [float(np.min(energy[np.isclose(x, end)])) for end in (low, high)]
    voltage = -(ends[1] - ends[0] - ions * metal_energy()) / ions
    source = predicted(
        "scalith.crystal.average_voltage",
        dataset_digest(orderings),
        metal_energy.digest,
        reference_state=metal_energy.source.reference_state or metal_energy.source.reference,
        settings={"x": [low, high]},
    )
    return Property.constant("average_voltage", voltage, "V", source, metal_energy.error() or None)
