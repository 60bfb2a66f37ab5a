"""Conductivity of the electrolyte by spectra between electrodes that block."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from scalith.cell import Mesh, read_cell, simulate_impedance
from scalith.lab.experiments.found import NORMAL, Found
from scalith.lab.impedance.conductivity import CIRCUITS, conductivity_cell, extract_conductivity
from scalith.quantities import ErrorComponent, Property, dataset_digest, predicted
from scalith.quantities.uncertain import deviation_of_log

if TYPE_CHECKING:
    import xarray as xr

    from scalith.cell import CellSpecification

_FREQUENCIES = np.geomspace(1.0, 1e6, 37)
_LIQUID = ("R0-Q1", "R0-Ws1-Q1")
_GEOMETRY, _BETWEEN = 2e-3, 1e-3
"""Relative errors: of thickness and area, the same at all concentrations, and of the curve between two of them."""


def conductivity_by_spectra(
    cell: CellSpecification | str | Path,
    *,
    data: xr.Dataset | None = None,
    thickness: float | None = None,
    area: float | None = None,
) -> Found:
    """Conductivity of a cell's electrolyte over its concentration, from its spectrum between blocking electrodes.

    Parameters
    ----------
    cell : CellSpecification or path
        What `scalith.cell.read_cell` takes: the electrolyte is soaked into its separator.
    data : Dataset, optional
        A measured spectrum of the electrolyte at the concentration of the cell, in place of virtual ones at half to one and a
        half times that.
    thickness, area : float, optional
        Of what was measured, m and m2; without them those of the cell's separator.
    """
    given = read_cell(cell)
    own = given.electrolyte.initial_concentration
    low, high = given.electrolyte.conductivity.domain.get("c", (0.0, np.inf))
    wanted = np.array([1.0] if data is not None else np.linspace(0.5, 1.5, 9)) * own
    at = wanted[(wanted >= low) & (wanted <= high)]
    rows, notes = [], []
    for c in at:
        one = conductivity_cell(given, thickness=thickness, concentration=float(c))
        seen = simulate_impedance(one, _FREQUENCIES, 0.5, mesh=Mesh(1, 20, 1)) if data is None else data
        found = extract_conductivity(
            seen,
            thickness=one.separator.thickness,
            area=one.plane_area if area is None else area,
            transport_efficiency=one.separator.efficiency,
            circuits=_LIQUID if data is None else CIRCUITS,
        )
        rows.append((found.value, float(np.log(found.high / found.low)) / (2.0 * NORMAL)))
        notes.append(found.note)
    table = np.array(rows)
    digests = [] if data is None else [dataset_digest(data)]
    source = predicted("scalith.lab.conductivity_by_spectra", given.digest, *digests)
    reading = table[:, 0] * deviation_of_log(table[:, 1])
    parts = [ErrorComponent("geometry", _GEOMETRY * table[:, 0])]
    if at.size > 1:
        # Between the concentrations the curve is interpolated.
        parts.append(ErrorComponent("reading", np.maximum(reading, _BETWEEN * table[:, 0]), float(at[1] - at[0])))
    else:
        parts.append(ErrorComponent("reading", reading))
    value = Property.from_arrays("conductivity", {"c": at}, table[:, 0], "S m-1", source, None, parts)
    words = f"virtual spectra at {at.size} concentrations" if data is None else f"measured spectrum, {notes[0]}"
    return Found(value, f"{words} between blocking electrodes")
