"""Open-circuit voltage by a slow cycle of an electrode against lithium."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from scalith.lab.cycling.open_circuit import extract_open_circuit, simulate_open_circuit
from scalith.lab.experiments.found import ALIKE, Found, words
from scalith.lab.half_cell import HalfCell, Side, half_cell
from scalith.quantities import ErrorComponent, Property, dataset_digest, predicted

if TYPE_CHECKING:
    import xarray as xr

    from scalith.cell import CellSpecification

_SHARES = (0.999, 0.97, 0.9)
"""Of the window that a slow cycle passes: less where a surface would be full before its particle is."""


def voltage_by_slow_cycle(
    cell: CellSpecification | str | Path, side: Side = "positive", *, rate: str = "C/20", data: xr.Dataset | None = None
) -> Found:
    """Open-circuit voltage over the stoichiometry from a slow cycle of the electrode against lithium.

    The mean of discharge and charge. Its error is half the distance of the branches, an upper bound of what polarisation may have
    shifted, and what changes with half the length of smoothing.

    Parameters
    ----------
    cell : CellSpecification or path
        What `scalith.cell.read_cell` takes.
    side : {"positive", "negative"}
    rate : str
        Of the virtual cycle.
    data : xarray.Dataset, optional
        A measured cycle of a half cell of this electrode, from 100 % on, in place of the virtual one.
    """
    half = half_cell(cell, side)
    measured = data is not None
    if data is None:
        data, failed = _slow_cycle(half, rate)
        if failed:
            return Found(None, f"the virtual cycle was not carried out: {failed}")
    found = extract_open_circuit(data)
    x = half.stoichiometry(found["charge"].values + found.attrs["start_C"])
    material = half.cell.positive_electrode.material
    inside = (x >= material.minimum_stoichiometry) & (x <= material.maximum_stoichiometry)
    error = np.abs(found["hysteresis"].values[inside])
    finer = extract_open_circuit(data, smoothing=0.5 * found.attrs["smoothing_C"])["voltage"].values[inside]
    rounded = np.abs(finer - found["voltage"].values[inside]) + 1e-5
    note = f"{words(measured)} slow cycle, half distance of the branches {1e3 * float(np.median(error)):.2g} mV"
    parts = (ErrorComponent("polarisation", error, ALIKE), ErrorComponent("smoothing", rounded, 0.5 * ALIKE))
    digests = [dataset_digest(data)] if measured else []
    settings = {} if measured else {"rate": rate}
    source = predicted("scalith.lab.voltage_by_slow_cycle", half.cell.digest, *digests, settings=settings)
    volts = found["voltage"].values[inside]
    value = Property.from_arrays("open_circuit_voltage", {"x": x[inside]}, volts, "V", source, None, parts)
    return Found(value, note)


def _slow_cycle(half: HalfCell, rate: str) -> tuple[xr.Dataset, str]:
    """A slow cycle over as much of the window as the particles' surfaces allow, and why it failed where it did."""
    failed = ""
    for share in _SHARES:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # said below, or tried again
            data = simulate_open_circuit(half.cell, rate=rate, charge=share * half.cell.nominal_capacity)
        failed = str(data.attrs.get("warnings", ""))
        if not failed:
            break
    return data, failed
