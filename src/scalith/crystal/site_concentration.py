"""Concentration of the working ion in the full host."""

from __future__ import annotations

from typing import overload

import numpy as np
import xarray as xr

from scalith.crystal.host import Host
from scalith.quantities import ErrorComponent, InputError, Property, dataset_digest, predicted
from scalith.quantities.constants import AVOGADRO


def maximum_concentration(host: Host, orderings: xr.Dataset) -> Property:
    """Largest concentration of the working ion, c_max = n/(N_A V), with n sites in the relaxed volume V at the fullest ordering.

    Parameters
    ----------
    host : Host
    orderings : xarray.Dataset
        From `map_orderings`.

    Returns
    -------
    Property
        A constant, mol m-3. Where several orderings are equally full, their mean volume counts and its scatter is the error.
    """
    x = orderings["x"].values
    volume = orderings["volume"].values[np.isclose(x, x.max())] * 1e-30
    concentration = len(host.working) / (AVOGADRO * volume)
    source = predicted(
        "scalith.crystal.maximum_concentration", host.digest, dataset_digest(orderings), settings={"x": float(x.max())}
    )
    error = float(np.std(concentration, ddof=1)) if len(volume) > 1 else None
    return Property.constant("maximum_concentration", float(concentration.mean()), "mol m-3", source, error)


@overload
def accessible_concentration(concentration: Property, share: Property | None) -> Property: ...


@overload
def accessible_concentration(concentration: None, share: Property | None) -> None: ...


def accessible_concentration(concentration: Property | None, share: Property | None) -> Property | None:
    """Concentration of those ions that come out of a particle: the product of both constants, each with its error, mol m-3.

    Parameters
    ----------
    concentration : Property
        Largest concentration of the working ion.
    share : Property or None
        Of the ions that come out, as of channels that defects block; without it the concentration stays as it is.

    Raises
    ------
    InputError
        A share, and no concentration.
    """
    if share is None:
        return concentration
    if concentration is None:
        expected = "that of the material, climbed or given, of which blocked channels make a share accessible"
        raise InputError("accessible_concentration", "maximum_concentration", "nothing", expected)
    errors = {"largest concentration": concentration.standard_error, "accessible share": share.standard_error}
    others = (share(), concentration())
    parts = [
        ErrorComponent(name, np.asarray(error * other))
        for (name, error), other in zip(errors.items(), others, strict=True)
        if error is not None
    ]
    source = predicted("scalith.crystal.accessible_concentration", concentration.digest, share.digest)
    return Property.from_arrays(concentration.name, {}, concentration() * share(), concentration.unit, source, components=parts)
