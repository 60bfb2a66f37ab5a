"""Ageing: the cell goes through its life."""

from __future__ import annotations

from typing import Annotated

import xarray as xr
from pydantic import Field

from scalith.cell import AgeingSegment, CellSpecification, EndOfLife, Mesh, Simulation, simulate_ageing
from scalith.ladder.progress import report_progress
from scalith.ladder.quantity import Settings, rung
from scalith.quantities import InputError
from scalith.quantities.specification import Count

SCALE = "cell"


class Ageing(Settings):
    """``[ageing]``: what the cell goes through.

    Attributes
    ----------
    segments : tuple of AgeingSegment
        Protocols with their cycles and temperatures, one after the other.
    repeat : int
        How often all of them.
    check_up_every : int
        Cycles between check-ups.
    until : EndOfLife
    extrapolate : float, optional
        Error that one jump over cycles may make; without it every cycle is solved.
    volumes : tuple of int, optional
        Finite volumes in the negative electrode, separator and positive electrode.
    """

    segments: Annotated[tuple[AgeingSegment, ...], Field(min_length=1)]
    repeat: Count = 1
    check_up_every: Count = 100
    until: EndOfLife = EndOfLife()
    extrapolate: Annotated[float, Field(gt=0, lt=1)] | None = None
    volumes: tuple[Count, Count, Count] | None = None


def _faded(data: xr.Dataset) -> str:
    first, last = (float(data["discharge_capacity"][k]) / 3600.0 for k in (0, -1))
    lost = 100.0 * float(data["lithium_inventory_lost"][-1])
    return f"{first:.3g} to {last:.3g} A h in {data.sizes['cycle']} cycles, inventory lost {lost:.2g} %"


@rung("life over cycles", headline=_faded, runs_a_cell=True)
def cycle_life(cell_specification: CellSpecification, ageing: Ageing) -> xr.Dataset:
    """Capacity, resistance and lithium by mechanism over the cycles: see `scalith.cell.simulate_ageing`."""
    materials = (*cell_specification.negative_electrode.materials, *cell_specification.positive_electrode.materials)
    if not any(material.processes for material in materials):
        raise InputError(
            "[cell]", "processes", "none on any material", "processes, such as film_growth: without them nothing ages"
        )
    mesh = None if ageing.volumes is None else Mesh(*ageing.volumes)
    return simulate_ageing(
        Simulation(cell_specification, mesh=mesh),
        ageing.segments,
        cycles=ageing.repeat,
        check_up_every=ageing.check_up_every,
        until=ageing.until,
        extrapolate=ageing.extrapolate,
        progress=report_progress,
    )
