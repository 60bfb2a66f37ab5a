"""Conductivity of the electrolyte by spectra between electrodes that block."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from scalith.cell import Mesh, read_cell, simulate_impedance
from scalith.lab.experiments.found import NORMAL, Found, words
from scalith.lab.impedance.conductivity import CIRCUITS, conductivity_cell, extract_conductivity
from scalith.quantities import ErrorComponent, InputError, Property, ScalithError, dataset_digest, predicted
from scalith.quantities.uncertain import deviation_of_log

if TYPE_CHECKING:
    import xarray as xr

    from scalith.cell import CellSpecification

Array = NDArray[np.float64]
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
        Of the soaked separator between the electrodes, m and m2; without them those of the cell.

    Returns
    -------
    Found
        Without a value where no spectrum tells the resistance; virtual ones that do not are left out, and counted in the note.

    Raises
    ------
    InputError
        A thickness or an area that is not positive.
    """
    for name, length in {"thickness": thickness, "area": area}.items():
        if length is not None and not length > 0.0:
            raise InputError("conductivity_by_spectra", name, length, "a positive number")
    given = read_cell(cell)
    wanted = _concentrations(given) if data is None else np.array([given.electrolyte.initial_concentration])
    layer = given.separator.thickness if thickness is None else thickness
    plane = given.plane_area if area is None else area
    rows, notes = [], []
    for c in wanted:
        one = conductivity_cell(given, thickness=thickness, concentration=float(c))
        if data is None:
            one = one.model_copy(update={"electrode_area": plane / one.electrode_pairs})
        seen = simulate_impedance(one, _FREQUENCIES, 0.5, mesh=Mesh(1, 20, 1)) if data is None else data
        try:
            found = extract_conductivity(
                seen,
                thickness=layer,
                area=plane,
                transport_efficiency=one.separator.efficiency,
                circuits=_LIQUID if data is None else CIRCUITS,
            )
        except ScalithError as error:
            notes.append(str(error))
            continue
        rows.append((float(c), found.value, float(np.log(found.high / found.low)) / (2.0 * NORMAL)))
        notes.append(found.note)
    if not rows:
        return Found(None, f"{words(data is not None)} spectrum: {notes[0]}")
    note = (
        f"measured spectrum, {notes[0]},"
        if data is not None
        else f"virtual spectra at {len(rows)} of {wanted.size} concentrations"
    )
    at, values, spread = np.array(rows).T
    digests = [] if data is None else [dataset_digest(data)]
    settings = {"thickness_m": layer, "area_m2": plane}
    source = predicted("scalith.lab.conductivity_by_spectra", given.digest, *digests, settings=settings)
    reading = values * deviation_of_log(spread)
    parts = [ErrorComponent("geometry", _GEOMETRY * values)]
    if at.size > 1:
        # Between the concentrations the curve is interpolated.
        parts.append(ErrorComponent("reading", np.maximum(reading, _BETWEEN * values), float(np.diff(at).min())))
    else:
        parts.append(ErrorComponent("reading", reading))
    value = Property.from_arrays("conductivity", {"c": at}, values, "S m-1", source, None, parts)
    return Found(value, f"{note} between blocking electrodes")


def _concentrations(cell: CellSpecification) -> Array:
    """Half to one and a half times that of the cell, mol m-3, as far as all that moves its salt is known."""
    electrolyte = cell.electrolyte
    own, low, high = electrolyte.initial_concentration, 0.0, np.inf
    for known in (
        electrolyte.conductivity,
        electrolyte.diffusivity,
        electrolyte.transference_number,
        electrolyte.thermodynamic_factor,
    ):
        ends = known.domain.get("c", (0.0, np.inf))
        low, high = max(low, ends[0]), min(high, ends[1])
    at = own * np.linspace(0.5, 1.5, 9)
    within = at[(at >= low) & (at <= high)]
    if not within.size:
        found = f"{low:.4g} to {high:.4g} mol m-3"
        raise InputError("conductivity_by_spectra", "electrolyte", found, f"properties around {own:.4g} mol m-3")
    return within
