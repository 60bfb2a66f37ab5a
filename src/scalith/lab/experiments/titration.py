"""Chemical diffusivity by titration of an electrode against lithium."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from scalith.lab.experiments.found import NORMAL, Found, curve, words
from scalith.lab.half_cell import HalfCell, Side, half_cell
from scalith.lab.protocol_steps import steps
from scalith.lab.titration.gitt import extract_gitt
from scalith.lab.titration.on_a_cell import simulate_gitt_on_cell
from scalith.quantities import InputError, dataset_digest, predicted
from scalith.quantities.uncertain import deviation_of_log

if TYPE_CHECKING:
    import xarray as xr

    from scalith.cell import CellSpecification

Array = NDArray[np.float64]
_ENOUGH = 3
"""Pulses that must tell a diffusivity before it is a curve."""


def diffusivity_by_titration(
    cell: CellSpecification | str | Path,
    side: Side = "positive",
    *,
    rate: str = "C/20",
    pulses: int = 20,
    data: xr.Dataset | None = None,
) -> Found:
    """Chemical diffusivity over the stoichiometry: GITT on the electrode against lithium, read along its potential at rest.

    A virtual pulse passes 1 % of the charge and its rest lasts until the particles are even (or 1000 s at least); a pulse that
    does not tell its diffusivity is left out, and counted in the note.

    Parameters
    ----------
    cell : CellSpecification or path
    side : {"positive", "negative"}
    rate : str
        Of the virtual pulses.
    pulses : int
        Virtual ones, spread over the whole window.
    data : xarray.Dataset, optional
        A measured titration of a half cell of this electrode, as thick as it is in the cell, from 100 % on; virtual pulses are on
        one of 5 µm, whose pores do not count.
    """
    half = half_cell(cell, side, thickness=5e-6 if data is None else None)
    material = half.cell.positive_electrode.material
    nodes = np.linspace(material.minimum_stoichiometry, material.maximum_stoichiometry, 4001)
    T = half.cell.reference_temperature
    volts = np.asarray(material.open_circuit_voltage(x=nodes, T=T), dtype=np.float64)
    window = half.cell.nominal_capacity
    runs = [(0.0, data)] if data is not None else _virtual_pulses(half, rate, pulses)
    rows, untold = [], 0
    for passed, one in runs:
        found = extract_gitt(
            one,
            radius=material.particle_radius,
            shape=material.geometry,
            potential=_shifted(half, nodes, volts, passed),
            drift=data is not None,
        )
        own = steps(one)
        at = np.flatnonzero(own["pulse"].values)
        middle = passed + np.cumsum(own["charge"].values)[at] - 0.5 * own["charge"].values[at]
        for charge, value, low, high in zip(
            middle, *(found[name].values for name in ("diffusivity", "lower", "upper")), strict=True
        ):
            if np.isfinite(value):
                rows.append((float(half.stoichiometry(charge)), float(value), float(np.log(high / low)) / (2.0 * NORMAL)))
            else:
                untold += 1
    note = f"{words(data is not None)} titration: {len(rows)} of {len(rows) + untold} pulses tell a diffusivity"
    if len(rows) < _ENOUGH:
        return Found(None, note)
    table = np.array(sorted(rows))
    settings = {"rate": rate, "pulses": pulses, "window_C": window}
    by = "scalith.lab.diffusivity_by_titration"
    virtual = predicted(by, half.cell.digest, settings=settings)
    source = virtual if data is None else predicted(by, dataset_digest(data), half.cell.digest, settings={"window_C": window})
    # What the particle's equation leaves out (kinetics that change within a pulse) shows in no residual: 1 % at least.
    spread = np.maximum(table[:, 2], 0.01)
    value = curve("chemical_diffusivity", table[:, 0], table[:, 1], "m2 s-1", source, table[:, 1] * deviation_of_log(spread))
    return Found(value, note)


def _shifted(half: HalfCell, nodes: Array, volts: Array, passed: float) -> Callable[[Array], Array]:
    """The open-circuit potential over the charge since a pulse's data begin."""
    return lambda q: np.asarray(np.interp(half.stoichiometry(q + passed), nodes, volts))


def _virtual_pulses(half: HalfCell, rate: str, pulses: int) -> list[tuple[float, xr.Dataset]]:
    """One pulse at each of so many states, and the charge that had passed before it."""
    material, window = half.cell.positive_electrode.material, half.cell.nominal_capacity
    from scalith.cell import parse_step

    if pulses < _ENOUGH:
        raise InputError("diffusivity_by_titration", "pulses", pulses, f"at least {_ENOUGH}")
    x = np.linspace(material.minimum_stoichiometry, material.maximum_stoichiometry, 101)
    least = float(np.min(material.chemical_diffusivity(x=x, T=half.cell.reference_temperature)))
    slowest = material.particle_radius**2 / least
    current = parse_step(f"Discharge at {rate} for 1 s", half.cell).target
    pulse = 0.01 * window / current
    rest = float(np.clip(0.5 * slowest, 1000.0, 1e6))
    found: list[tuple[float, xr.Dataset]] = []
    for share in np.linspace(0.02, 0.97, pulses):
        data = simulate_gitt_on_cell(half.cell, rate=rate, pulse=pulse, rest=rest, pulses=1, state_of_charge=1.0 - float(share))
        found.append((float(share) * window, data))
    return found
