"""Lives of many cells side by side: parameters as arrays in, fades out."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Executor
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from scalith.cell.ageing.life import TOLERANCE, simulate_ageing
from scalith.cell.ageing.segments import EndOfLife, Life
from scalith.cell.files.read_cell import read_cell
from scalith.cell.model.mesh import Mesh
from scalith.cell.runs.batch import columns_of, coordinates_of, digests_of, require_possible, set_of
from scalith.cell.runs.simulation import Simulation
from scalith.cell.specification.cell import CellSpecification
from scalith.cell.specification.paths import with_factors
from scalith.numerics.parallel_map import parallel_map
from scalith.quantities import InputError, Result, labelled, predicted

if TYPE_CHECKING:
    from scalith.cell.runs.discharge import Progress

Array = NDArray[np.float64]
_WHERE = "simulate_ageing_batch"
_OF_LIFE = ("knee_cycle", "knee_capacity")


def simulate_ageing_batch(
    specification: CellSpecification | str | Path,
    values: Mapping[str, ArrayLike],
    protocol: Life,
    *,
    cycles: int = 1,
    temperature: ArrayLike | None = None,
    until: EndOfLife | None = None,
    extrapolate: float | None = None,
    mesh: Mesh | None = None,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> Result:
    """Age one cell with many sets of parameters, on all cores.

    Parameters
    ----------
    specification : CellSpecification or path
        What `scalith.cell.read_cell` takes.
    values : mapping of str to array_like, shape (runs,)
        What varies: numbers by their path (``"negative_electrode.processes.0.solvent_diffusivity"``, SI) and multipliers of
        properties, as in `scalith.cell.simulate_batch`.
    protocol, cycles, until, extrapolate
        As in `simulate_ageing`; the same for all runs. A resistance of check-ups is no limit here: there are none.
    temperature : float or array_like, shape (runs,), optional
        K; without it that of the cell's initial state. A segment may state its own.
    mesh : Mesh, optional
    executor : concurrent.futures.Executor, optional
        Where the lives go; threads of this process when not given. Between kernels a life is Python's, so that processes
        (`scalith.numerics.parallel_map.process_pool`) use many cores better.
    progress : callable, optional

    Returns
    -------
    Result
        Over (run, cycle) what `simulate_ageing` says of each cycle, not a number behind the end of a life; over run
        ``last_cycle``, ``solved_cycles``, ``knee_cycle``, ``knee_capacity`` and ``reason``; the varied values as coordinates
        (temperatures as ``initial_temperature``).

    Raises
    ------
    InputError
        An unknown path, arrays of unequal length, or a set that makes no cell.
    """
    specification = read_cell(specification)
    start = {} if temperature is None else {"initial_temperature": temperature}
    columns, runs = columns_of(_WHERE, values, **start)
    if until is not None and until.resistance is not None:
        raise InputError(_WHERE, "until", "a limit of the resistance", "limits of capacity or porosity")
    temperatures = [float(T) for T in np.broadcast_to(columns["initial_temperature"], (runs,))] if start else [None] * runs
    cells = []
    for b in range(runs):
        cell = with_factors(specification, set_of({name: columns[name] for name in values}, b))
        require_possible(cell, _WHERE, b)
        cells.append(cell)
    one_life = partial(_age, protocol=protocol, cycles=cycles, until=until, extrapolate=extrapolate, mesh=mesh)
    lives: list[Result] = []
    for life in parallel_map(one_life, cells, temperatures, executor=executor):
        lives.append(life)
        if progress is not None:
            progress(len(lives) / runs, f"{len(lives)} of {runs} lives")
    settings: dict[str, Any] = {
        "varied": digests_of(columns),
        "protocol": str(protocol),
        "mesh": str(mesh or Mesh()),
        "tolerance": TOLERANCE,
    }
    settings |= {"cycles": cycles, "extrapolate": extrapolate, "until": None if until is None else until.digest}
    source = predicted("scalith.cell.simulate_ageing_batch", specification.digest, settings=settings)
    return _together(lives, coordinates_of(columns, runs), source.to_json())


def _age(
    cell: CellSpecification,
    temperature: float | None,
    *,
    protocol: Life,
    cycles: int,
    until: EndOfLife | None,
    extrapolate: float | None,
    mesh: Mesh | None,
) -> Result:
    """One life, without what only a single one is asked for."""
    simulation = Simulation(cell, mesh=mesh, temperature=temperature, tolerance=TOLERANCE)
    life = simulate_ageing(simulation, protocol, cycles=cycles, until=until, extrapolate=extrapolate)
    return life.drop_vars(["kept_state", "final_state", "initial_state"])


def _together(lives: list[Result], varied: dict[str, Any], source: str) -> Result:
    """Lives of different length in one result."""
    most = max(life.sizes["cycle"] for life in lives)
    made: dict[str, Any] = {}
    # A life that ends in its first cycle has no account of lithium and films: names are those of all lives.
    names = dict.fromkeys(str(name) for life in lives for name in life.data_vars if life[name].dims == ("cycle",))
    for name in names:
        values = np.full((len(lives), most), np.nan)
        for b, life in enumerate(lives):
            if name in life:
                values[b, : life.sizes["cycle"]] = life[name].values
        attributes = next(life[name].attrs for life in lives if name in life)
        made[name] = labelled(("run", "cycle"), values, attributes["long_name"], attributes["units"])
    for name in _OF_LIFE:
        attributes = lives[0][name].attrs
        made[name] = labelled("run", [float(life[name]) for life in lives], attributes["long_name"], attributes["units"])
    made["last_cycle"] = labelled("run", [life.sizes["cycle"] for life in lives], "last cycle of the life", "1")
    made["solved_cycles"] = labelled("run", [life.attrs["solved_cycles"] for life in lives], "cycles that were solved", "1")
    made["reason"] = labelled("run", [life.attrs["reason"] for life in lives], "why the life ended", "")
    return Result(
        made,
        {"cycle": labelled("cycle", np.arange(1, most + 1), "cycle", "1"), **varied},
        {"kind": "ageing batch", "source": source},
    )
