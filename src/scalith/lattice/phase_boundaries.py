"""Two-phase regions of the sampled lattice, as a result that travels."""

from __future__ import annotations

import numpy as np
import xarray as xr

from scalith.lattice.thermodynamics import two_phase_regions
from scalith.quantities import dataset_digest, predicted


def phase_boundaries(sampled: xr.Dataset) -> xr.Dataset:
    """Fillings between which two phases stand beside each other, at each temperature.

    Parameters
    ----------
    sampled : xarray.Dataset
        From `scalith.lattice.semi_grand_canonical`.

    Returns
    -------
    xarray.Dataset
        Over ``region``: temperature ``T`` (K), ``x_low`` and ``x_high`` of the two phases.
    """
    found = two_phase_regions(sampled)
    regions = [(float(T), *ends) for T, at_T in zip(sampled["T"], found, strict=True) for ends in at_T]
    columns = np.array(regions, dtype=np.float64).reshape(-1, 3).T
    described = {
        "T": ("K", "temperature"),
        "x_low": ("1", "filling of the emptier phase"),
        "x_high": ("1", "filling of the fuller phase"),
    }
    data = xr.Dataset()
    for (name, (unit, words)), column in zip(described.items(), columns, strict=True):
        data[name] = ("region", column, {"units": unit, "long_name": words})
    return data.assign_attrs(source=predicted("scalith.lattice.phase_boundaries", dataset_digest(sampled)).to_json())
