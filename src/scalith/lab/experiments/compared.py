"""What an experiment finds beside what was put into the cell: one verdict, or why there is none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import xarray as xr

from scalith.lab.agreement_table import agreement
from scalith.quantities import predicted

if TYPE_CHECKING:
    from scalith.cell import CellSpecification
    from scalith.lab.experiments.found import Found
    from scalith.quantities import Property


def compared(found: Found, given: Property | None, cell: CellSpecification) -> xr.Dataset:
    """`scalith.lab.agreement` of what was put in and what was found; without one of the two a verdict that says so.

    Parameters
    ----------
    found : Found
    given : Property or None
        What was put in: `put_in`, or `heat_of_discharge`.
    cell : CellSpecification
        At whose reference temperature they are compared.
    """
    if found.value is None or given is None:
        source = predicted("scalith.lab.compared", cell.digest, settings={"note": found.note})
        told = "nothing to compare with was put in" if found.value is not None else f"not told by this experiment: {found.note}"
        return xr.Dataset(attrs={"verdict": told, "headline": told, "source": source.to_json()})
    data = agreement(given, found.value, T=cell.reference_temperature)
    return data.assign_attrs(headline=f"{found.note}; {data.attrs['headline']}")
