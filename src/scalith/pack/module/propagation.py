"""Runaway that goes from cell to cell: intervals, front, energy balance, what stops it, and how sure that is."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor
from functools import partial
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from scalith.numerics.parallel_map import parallel_map
from scalith.pack.heat.cell_body import CellBody
from scalith.pack.module.ejecta import simulate_module
from scalith.pack.module.module import Barrier, ModuleSpecification, Trigger
from scalith.pack.module.module_assembly import Divisions
from scalith.pack.module.module_network import ModuleNetwork, module_network
from scalith.pack.module.thermal_network import NetworkResult, count_runaways
from scalith.quantities import InputError, parse_quantity, predicted
from scalith.reactions.kinetics import ReactionSet, require_same_kinetics

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

Array = NDArray[np.float64]
Progress = Callable[[float, str], None]
_TOLERANCE = 1e-5
"""One for all verdicts, so that those of a front, a map, a barrier and its draws are the same."""
_MOST_VOLUMES = 3000
"""Of a network of more than one dimension; a row has as many as it needs."""


def propagate_runaway(
    module: ModuleSpecification,
    kinetics: ReactionSet,
    trigger: Trigger,
    *,
    duration: float | str,
    kinetics_digest: str,
    output_times: int = 601,
    tolerance: float = _TOLERANCE,
    runaway_rate: float = 1.0,
    mesh_tolerance: float = 0.02,
    progress: Progress | None = None,
) -> xr.Dataset:
    """One cell is set off; what do its neighbours do?

    Cells, barriers and plate are cut into volumes, which a thermal network integrates with an exact Jacobian.
    A cell has run away when its reactions heat it by `runaway_rate` in the mean. The module is computed on a mesh and on one
    twice as fine, then on finer ones until the times agree within `mesh_tolerance` or volumes are thinner than 0.3 mm. The
    difference of the last two is the error of the times (Richardson's for a first order); a cell that runs away on one of
    them only is undecided.

    Parameters
    ----------
    module : ModuleSpecification
        Cells, barriers, plate, surroundings.
    kinetics : ReactionSet
        One set for all cells.
    trigger : Trigger
        The cell that is set off, and how.
    duration : float or str
        s, or text with a unit (``"1 h"``).
    kinetics_digest : str
        ``kinetics_digest`` of the result of the scale before (an oven test of the cell): another set, or one that reacts in
        another share of the cell or leaves through another vent, is rejected. ``module.cell.kinetics_digest(kinetics)`` where
        there is no scale before.
    output_times : int
        Outputs, evenly spaced.
    tolerance : float
        Local error of a step.
    runaway_rate : float
        K s-1.
    mesh_tolerance : float
        Relative change of the times of runaway between the last two meshes.
    progress : callable, optional
        Called with (fraction, message).

    Returns
    -------
    xarray.Dataset
        Dimensions ``time`` and ``cell`` (row by row; coordinates ``row`` and ``place``): ``temperature`` (K, mean of each
        cell), ``heat_released`` (J); per cell ``verdict`` (1 runs away, 0 does not, −1 undecided), ``runaway_time`` with
        ``runaway_time_error`` and ``vent_time`` (s; NaN when it did not), ``peak_temperature``, ``interval`` (s since the cell
        before it in the row ran away), and ``states`` of the kinetics at the end (mean of each cell, dimension ``state``); per
        time ``heat_supplied``, ``heat_stored``, ``heat_lost``, ``heat_to_coolant``, ``heat_ejected`` and ``heat_from_ejecta``,
        which neighbours took of it (J); scalars ``cells_run_away``, ``cells_undecided``, ``propagated`` (all cells),
        ``front_speed`` (m s-1 along the trigger's row, NaN below three cells), ``stored_reaction_heat`` (J), ``nodes_per_cell``
        of the last mesh and ``energy_balance_error``; attribute ``kinetics_digest``.

    Raises
    ------
    InputError
        The trigger names a cell that is not there, a duration that is not positive.
    StudyError
        The kinetics are not those of `kinetics_digest`; both digests are named.
    ConvergenceError
        The integration could not meet its tolerance.
    """
    where = "propagate_runaway"
    require_kinetics_of_cell(module.cell, kinetics, kinetics_digest, "module propagation")
    duration = parse_quantity(duration, "s", where=where, field="duration")
    for name, value in (("duration", duration), ("mesh_tolerance", mesh_tolerance), ("runaway_rate", runaway_rate)):
        if not 0 < value < np.inf:
            raise InputError(where, name, value, "a positive number" + (" of seconds" if name == "duration" else ""))
    if output_times < 2:
        raise InputError(where, "output_times", output_times, "at least two outputs")
    run = partial(_on_mesh, module, kinetics, trigger, np.linspace(0.0, duration, output_times), tolerance, runaway_rate)
    meshes = meshes_of(module)
    coarse = run(next(meshes), None)
    for divisions in meshes:
        fine = run(divisions, progress)
        before, after = coarse["runaway_time"].values, fine["runaway_time"].values
        both = np.isfinite(before) & np.isfinite(after)
        error = np.where(both, np.abs(after - before), np.nan)
        steady = bool(np.all(error[both] <= mesh_tolerance * after[both]))
        coarse = fine
        if steady and bool(np.all(np.isfinite(before) == np.isfinite(after))):
            break
    verdict = np.where(both, 1, np.where(np.isfinite(before) != np.isfinite(after), -1, 0))
    meaning = "verdict (1 runs away, 0 does not, -1 undecided: the last two meshes disagree)"
    fine["verdict"] = ("cell", verdict, {"units": "1", "long_name": meaning})
    fine["runaway_time_error"] = ("cell", error, {"units": "s", "long_name": "error of the mesh in the time of runaway"})
    fine["cells_undecided"] = ((), int((verdict < 0).sum()), {"units": "1", "long_name": "cells for which the meshes disagree"})
    return fine


def meshes_of(module: ModuleSpecification) -> Iterator[Divisions]:
    """Meshes to try, each twice as fine as the one before: from volumes of 1 mm through the cells down to 0.15 mm, two at least.

    Across the width of several rows, and along the height over a plate, cells have one volume, then two, four and so on, or twice
    as many where the third mesh then has less than 3000 volumes; else one. A finer mesh with more than that is not tried.
    """
    depth = module.cell.box[0]
    nodes = max(module.nodes_per_cell, math.ceil(depth / 1e-3 - 1e-9))
    directions = (module.rows > 1) + (module.plate is not None)

    def volumes(level: int, first: int) -> int:
        return int(module.cells * module.rows * nodes * 2**level * (first * 2**level) ** directions)

    first = 2 if volumes(2, 2) < _MOST_VOLUMES else 1
    for level in range(8):
        across, along = first * 2**level, nodes * 2**level
        yield Divisions(
            cell=along,
            barrier=max(2, math.ceil(along / 4)),
            width=1 if module.rows == 1 else across,
            height=1 if module.plate is None else across,
        )
        too_many = directions > 0 and volumes(level + 1, first) > _MOST_VOLUMES
        if level > 0 and (depth / along < 0.3e-3 or too_many):
            return


def require_kinetics_of_cell(cell: CellBody, kinetics: ReactionSet, digest: str, where: str) -> None:
    """Refuse kinetics, or a cell, that are not those the previous scale used: a `StudyError` that names both digests."""
    require_same_kinetics(kinetics, digest, where, reacting_fraction=cell.reacting_fraction, vent=cell.vent)


def cells_that_run_away(
    module: ModuleSpecification,
    kinetics: ReactionSet,
    trigger: Trigger,
    *,
    duration: float,
    divisions: Divisions,
    enough: int | None = None,
) -> int:
    """How many cells run away on one mesh; no more than `enough` are looked for."""
    built = module_network(module, trigger, divisions)
    options = {"initial_temperature": module.ambient_temperature, "tolerance": _TOLERANCE}
    if module.ejecta is None:
        return count_runaways(built.network, kinetics, duration, enough=enough, **options)
    found, _ = simulate_module(built, module, kinetics, np.array([0.0, duration]), **options)
    return int(np.isfinite(found.runaway_time[[bodies[0] for bodies in built.bodies]]).sum())


def _on_mesh(
    module: ModuleSpecification,
    kinetics: ReactionSet,
    trigger: Trigger,
    time: Array,
    tolerance: float,
    runaway_rate: float,
    divisions: Divisions,
    progress: Progress | None,
) -> xr.Dataset:
    """The module on one mesh."""
    built = module_network(module, trigger, divisions)
    found, returned = simulate_module(
        built,
        module,
        kinetics,
        time,
        initial_temperature=module.ambient_temperature,
        tolerance=tolerance,
        runaway_rate=runaway_rate,
        progress=progress,
    )
    rows, places = np.divmod(np.arange(len(built.bodies)), module.cells)
    data = _outcome(module, kinetics, trigger, built, found, returned, runaway_rate)
    data["nodes_per_cell"] = ((), divisions.cell, "1", "volumes through the thickness of a cell")
    source = predicted(
        "scalith.pack.propagate_runaway",
        kinetics.digest,
        module.digest,
        trigger.digest,
        settings={"tolerance": tolerance, "nodes_per_cell": divisions.cell},
    )
    return xr.Dataset(
        {name: (dims, values, {"units": unit, "long_name": title}) for name, (dims, values, unit, title) in data.items()},
        coords={
            "time": ("time", found.time, {"units": "s", "long_name": "time"}),
            "cell": ("cell", np.arange(1, len(built.bodies) + 1), {"long_name": "cell"}),
            "row": ("cell", rows + 1, {"long_name": "row of the cell"}),
            "state": ("state", list(kinetics.states), {"long_name": "state of the reaction set"}),
            "place": ("cell", places + 1, {"long_name": "place in the row"}),
        },
        attrs={"source": source.to_json(), "kinetics_digest": module.cell.kinetics_digest(kinetics)},
    )


def _outcome(
    module: ModuleSpecification,
    kinetics: ReactionSet,
    trigger: Trigger,
    built: ModuleNetwork,
    found: NetworkResult,
    returned: Array,
    runaway_rate: float,
) -> dict[str, tuple[Any, Any, str, str]]:
    """What a run on one mesh found: dimensions, values, unit and title by name."""
    capacity = np.array([body["capacity"] for body in built.network.bodies])
    first = np.array([bodies[0] for bodies in built.bodies])
    runaway = found.runaway_time[first]
    interval = np.diff(runaway.reshape(module.rows, module.cells), axis=1, prepend=np.nan).ravel()
    means = [np.average(found.temperature[:, bodies], axis=1, weights=capacity[bodies]) for bodies in built.bodies]
    released = np.array([found.released[:, bodies].sum(axis=1) for bodies in built.bodies]).T
    stored = (capacity * (found.temperature - module.ambient_temperature)).sum(axis=1)
    count = int(np.isfinite(runaway).sum())
    return {
        "temperature": (("time", "cell"), np.array(means).T, "K", "mean temperature of each cell"),
        "heat_released": (("time", "cell"), released, "J", "heat of reaction of each cell since the start"),
        "states": (
            ("cell", "state"),
            _states_at_end(built, found, kinetics),
            "1",
            "mean states of the reaction set in each cell at the end",
        ),
        "runaway_time": ("cell", runaway, "s", f"mean self-heating reaches {runaway_rate:g} K/s"),
        "vent_time": ("cell", found.vent_time[first], "s", "the vent opens"),
        "peak_temperature": (
            "cell",
            np.array([found.peak_temperature[bodies].max() for bodies in built.bodies]),
            "K",
            "highest temperature",
        ),
        "interval": ("cell", np.abs(interval), "s", "time since the neighbour in the row ran away"),
        "heat_supplied": ("time", found.heaters, "J", "heat of the trigger since the start"),
        "heat_stored": ("time", stored, "J", "heat stored in cells, barriers and plate"),
        "heat_lost": ("time", found.ambient, "J", "heat given to the surroundings since the start"),
        "heat_to_coolant": ("time", found.coolant, "J", "heat given to the coolant since the start"),
        "heat_ejected": ("time", found.ejected.sum(axis=1), "J", "heat that left through vents since the start"),
        "heat_from_ejecta": ("time", returned, "J", "heat that neighbours took from what left through vents"),
        "cells_run_away": ((), count, "1", "cells that ran away"),
        "propagated": ((), count == len(built.bodies), "1", "all cells ran away"),
        "front_speed": ((), _front_speed(module, trigger, runaway), "m s-1", "speed of the front along the row"),
        "stored_reaction_heat": (
            (),
            kinetics.stored_heat * module.cell.reacting_volume * len(built.bodies),
            "J",
            "heat that all reactions can free",
        ),
        "energy_balance_error": ((), found.energy_balance_error, "1", "largest relative error of the energy balance"),
    }


def _states_at_end(built: ModuleNetwork, found: NetworkResult, kinetics: ReactionSet) -> Array:
    """Mean states of the bodies of each cell, shape (cells, states)."""
    set_ = kinetics.arrays()
    volume = np.array([body["volume"] for body in built.network.bodies])
    extents = [np.average(found.extents[-1, bodies], axis=0, weights=volume[bodies]) for bodies in built.bodies]
    states: Array = set_.initial + np.array(extents) @ set_.changes
    return states


def _front_speed(module: ModuleSpecification, trigger: Trigger, runaway: Array) -> float:
    along = runaway.reshape(module.rows, module.cells)[trigger.row - 1]
    distance = np.abs(np.arange(module.cells) - (trigger.cell - 1)) * module.pitch
    known = np.isfinite(along) & (distance > 0)
    if known.sum() < 2 or np.ptp(along[known]) <= 0 or np.ptp(distance[known]) <= 0:
        return float("nan")
    return float(np.polyfit(along[known], distance[known], 1)[0])


def propagation_map(
    module: ModuleSpecification,
    kinetics: ReactionSet,
    trigger: Trigger,
    *,
    conductivity: ArrayLike,
    thickness: ArrayLike,
    duration: float,
    kinetics_digest: str,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> xr.Dataset:
    """Which barriers stop the front: cells that ran away for each conductivity and thickness of the barrier.

    Parameters
    ----------
    module, kinetics, trigger, duration, kinetics_digest
        As `propagate_runaway`; the module's barrier is varied (other fields kept; a plain one is put in if it has none).
    conductivity, thickness : array_like
        W m-1 K-1 and m.
    executor : concurrent.futures.Executor, optional
        Where the independent runs go; threads of this process when not given.
    progress : callable, optional
        Called with (fraction, message).

    Returns
    -------
    xarray.Dataset
        Dimensions ``conductivity``, ``thickness``: ``cells_run_away``, ``cells_undecided`` (the meshes disagree), ``propagated``
        (all cells), ``mean_interval`` (s).
    """
    require_kinetics_of_cell(module.cell, kinetics, kinetics_digest, "propagation map")
    k, d = np.atleast_1d(np.asarray(conductivity, dtype=np.float64)), np.atleast_1d(np.asarray(thickness, dtype=np.float64))
    for name, values in (("conductivity", k), ("thickness", d)):
        if values.ndim != 1 or np.any(values <= 0) or np.any(np.diff(values) <= 0):
            raise InputError("propagation_map", name, values.tolist(), "positive, increasing values")
    base = module.barrier or Barrier(thickness=1e-3, conductivity=1.0)
    modules = [
        module.model_copy(update={"barrier": base.model_copy(update={"conductivity": float(a), "thickness": float(b)})})
        for a, b in product(k, d)
    ]
    tasks = [(each, kinetics, trigger, duration) for each in modules]
    rows = np.array(judge_modules(tasks, executor, progress)).reshape(k.size, d.size, 5)
    source = predicted(
        "scalith.pack.propagation_map", kinetics.digest, module.digest, trigger.digest, settings={"duration": duration}
    )
    return xr.Dataset(
        {
            "cells_run_away": (
                ("conductivity", "thickness"),
                rows[..., 0].astype(int),
                {"units": "1", "long_name": "cells that ran away"},
            ),
            "cells_undecided": (
                ("conductivity", "thickness"),
                rows[..., 4].astype(int),
                {"units": "1", "long_name": "cells for which the meshes disagree"},
            ),
            "propagated": (
                ("conductivity", "thickness"),
                rows[..., 0] == module.cells * module.rows,
                {"units": "1", "long_name": "all cells"},
            ),
            "mean_interval": (
                ("conductivity", "thickness"),
                rows[..., 1],
                {"units": "s", "long_name": "mean time between neighbours"},
            ),
        },
        coords={
            "conductivity": ("conductivity", k, {"units": "W m-1 K-1", "long_name": "conductivity of the barrier"}),
            "thickness": ("thickness", d, {"units": "m", "long_name": "thickness of the barrier"}),
        },
        attrs={"source": source.to_json(), "kinetics_digest": module.cell.kinetics_digest(kinetics)},
    )


def propagation_probability(
    module: ModuleSpecification,
    kinetics: ReactionSet,
    draws: Sequence[ReactionSet],
    trigger: Trigger,
    *,
    duration: float,
    kinetics_digest: str,
    confidence: float = 0.95,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> xr.Dataset:
    """How sure the verdict is: the module with kinetics drawn from the covariance of their fit.

    Parameters
    ----------
    module, trigger, duration, kinetics_digest
        As `propagate_runaway`.
    kinetics : ReactionSet
        The fitted set.
    draws : sequence of ReactionSet
        Members drawn from the fit (``KineticFit.draws``).
    confidence : float
        Of the interval of the probability (Wilson's score interval).
    executor : concurrent.futures.Executor, optional
        Where the draws go: ``dask.distributed.Client(address).get_executor()`` for a cluster; threads when not given.
    progress : callable, optional
        Called with (fraction, message).

    Returns
    -------
    xarray.Dataset
        Dimension ``draw``: ``cells_run_away``, ``mean_interval`` (s), ``peak_temperature`` (K); scalars ``probability`` that
        runaway reaches a second cell and ``probability_all`` cells, each with ``…_low`` and ``…_high``: the interval counts
        draws that the mesh leaves undecided once as staying and once as running away (``cells_undecided``).
    """
    where = "propagation_probability"
    require_kinetics_of_cell(module.cell, kinetics, kinetics_digest, where)
    if not draws or not 0 < confidence < 1:
        raise InputError(
            where, "draws, confidence", (len(draws), confidence), "at least one draw and a confidence between 0 and 1"
        )
    rows = np.array(judge_modules([(module, draw, trigger, duration) for draw in draws], executor, progress))
    data: dict[str, Any] = {
        "cells_run_away": ("draw", rows[:, 0].astype(int), {"units": "1", "long_name": "cells that ran away"}),
        "mean_interval": ("draw", rows[:, 1], {"units": "s", "long_name": "mean time between neighbours"}),
        "peak_temperature": ("draw", rows[:, 2], {"units": "K", "long_name": "highest temperature"}),
    }
    data["cells_undecided"] = ("draw", rows[:, 4].astype(int), {"units": "1", "long_name": "cells for which the meshes disagree"})
    n, total = len(draws), module.cells * module.rows
    for name, needed, what in (
        ("probability", 2, "runaway reaches a second cell"),
        ("probability_all", total, "runaway reaches all cells"),
    ):
        surely, perhaps = int((rows[:, 3] >= needed).sum()), int((rows[:, 3] + rows[:, 4] >= needed).sum())
        share = float((rows[:, 0] >= needed).mean())
        low, high = wilson_interval(surely, n, confidence)[0], wilson_interval(perhaps, n, confidence)[1]
        data[name] = ((), share, {"units": "1", "long_name": f"probability that {what}"})
        data[f"{name}_low"] = ((), low, {"units": "1", "long_name": "lower bound"})
        data[f"{name}_high"] = ((), high, {"units": "1", "long_name": "upper bound"})
    settings = {"draws": len(draws), "confidence": confidence, "duration": duration}
    source = predicted("scalith.pack.propagation_probability", kinetics.digest, module.digest, trigger.digest, settings=settings)
    return xr.Dataset(data, attrs={"source": source.to_json(), "kinetics_digest": kinetics_digest})


def wilson_interval(hits: int, n: int, confidence: float) -> tuple[float, float]:
    """Wilson's score interval of a probability of which `hits` of `n` were seen."""
    from statistics import NormalDist

    z = NormalDist().inv_cdf(0.5 + 0.5 * confidence)
    spread = z * math.sqrt(hits * (n - hits) / n + z**2 / 4)
    return max(0.0, (hits + z**2 / 2 - spread) / (n + z**2)), min(1.0, (hits + z**2 / 2 + spread) / (n + z**2))


Verdict = tuple[float, float, float, float, float]
"""Cells that ran away, mean interval, peak temperature, cells that surely ran away, cells undecided."""


def _verdict(task: tuple[ModuleSpecification, ReactionSet, Trigger, float]) -> Verdict:
    module, kinetics, trigger, duration = task
    digest = module.cell.kinetics_digest(kinetics)
    found = propagate_runaway(module, kinetics, trigger, duration=duration, kinetics_digest=digest, output_times=2)
    intervals, verdict = found["interval"].values, found["verdict"].values
    known = np.isfinite(intervals)
    mean = float(intervals[known].mean()) if known.any() else float("nan")
    peak = float(found["peak_temperature"].max())
    return float(found["cells_run_away"]), mean, peak, float((verdict == 1).sum()), float((verdict < 0).sum())


def _many(tasks: Sequence[Any]) -> list[Verdict]:
    return [_verdict(task) for task in tasks]


def judge_modules(tasks: Sequence[Any], executor: Executor | None, progress: Progress | None) -> list[Verdict]:
    """Verdicts on (module, kinetics, trigger, duration), in order; a few at a time, so that what is sent is worth its way."""
    size = max(1, min(25, len(tasks) // (4 * (os.cpu_count() or 1))))
    chunks = [tasks[i : i + size] for i in range(0, len(tasks), size)]
    return _gathered(parallel_map(_many, chunks, executor=executor), len(tasks), progress)


def _gathered(chunks: Iterable[Any], total: int, progress: Progress | None) -> list[Verdict]:
    results: list[Verdict] = []
    for chunk in chunks:
        results += chunk
        if progress is not None:
            progress(len(results) / total, f"{len(results)} of {total} modules")
    return results
