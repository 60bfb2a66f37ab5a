"""Entropic coefficient by steps of temperature on an electrode against lithium."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from scalith.lab.experiments.found import NORMAL, Found, curve
from scalith.lab.half_cell import Side, half_cell
from scalith.lab.titration.entropy import extract_entropy_of
from scalith.lab.titration.on_a_cell import simulate_entropy_on_cell
from scalith.quantities import dataset_digest, predicted

if TYPE_CHECKING:
    import xarray as xr

    from scalith.cell import CellSpecification


def entropy_by_steps(
    cell: CellSpecification | str | Path,
    side: Side = "positive",
    *,
    states: int = 9,
    step: float = 10.0,
    data: Sequence[tuple[float, xr.Dataset]] = (),
) -> Found:
    """Entropic coefficient over the stoichiometry: steps of temperature on the electrode against lithium, at rests.

    Parameters
    ----------
    cell : CellSpecification or path
        What `scalith.cell.read_cell` takes.
    side : {"positive", "negative"}
    states : int
        Virtual ones.
    step : float
        K, of the virtual ones.
    data : sequence of (float, Dataset), optional
        States of charge of a half cell of this electrode, 0 to 1, and what was measured there, in place of the virtual steps.
    """
    half = half_cell(cell, side, thickness=5e-6)
    T = half.cell.reference_temperature
    measured = [(share, extract_entropy_of(one)) for share, one in data]
    if not data:
        for charge in np.linspace(0.9, 0.1, states):
            one = simulate_entropy_on_cell(half.cell, state_of_charge=float(charge), temperatures=(T, T + step, T))
            measured.append((float(charge), extract_entropy_of(one)))
    table = np.array(sorted((1.0 - share, one.value, (one.upper - one.lower) / (2.0 * NORMAL)) for share, one in measured))
    x = half.stoichiometry(table[:, 0] * half.cell.nominal_capacity)
    if not np.any(np.abs(table[:, 1]) > 1e-9):
        return Found(None, "the potential does not change with temperature")
    # Between the states the curve is interpolated: 2 % of the largest coefficient at least.
    errors = np.maximum(table[:, 2], 0.02 * np.abs(table[:, 1]).max())
    digests = [dataset_digest(one) for _, one in data]
    source = predicted("scalith.lab.entropy_by_steps", half.cell.digest, *digests, settings={} if data else {"step_K": step})
    value = curve("entropic_coefficient", x, table[:, 1], "V K-1", source, errors)
    note = f"measured steps of temperature at {len(data)} states" if data else f"virtual steps of {step:g} K at {states} states"
    return Found(value, note)
