"""Runaway that goes from cell to cell: intervals, front, energy balance, what stops it, and how sure that is."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Executor
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from scalith.numerics.parallel_map import parallel_map
from scalith.pack.module.module import Barrier, ModuleSpecification, Trigger, module_network
from scalith.pack.module.thermal_network import simulate_network
from scalith.quantities import InputError, predicted
from scalith.reactions.kinetics import ReactionSet, require_same_kinetics

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

Progress = Callable[[float, str], None]


def propagate_runaway(
    module: ModuleSpecification,
    kinetics: ReactionSet,
    trigger: Trigger,
    *,
    duration: float,
    times: int = 601,
    kinetics_digest: str | None = None,
    tolerance: float = 1e-5,
    runaway_rate: float = 1.0,
    progress: Progress | None = None,
) -> xr.Dataset:
    """One cell is set off; what do its neighbours do?

    Cells, barriers and plate are bodies of a thermal network (`ThermalNetwork`) that is integrated with an exact Jacobian.
    A cell has run away when its reactions heat it by `runaway_rate`.

    Parameters
    ----------
    module : ModuleSpecification
        Cells, barriers, plate, surroundings.
    kinetics : ReactionSet
        One set for all cells.
    trigger : Trigger
        The cell that is set off, and how.
    duration : float
        s.
    times : int
        Outputs, evenly spaced.
    kinetics_digest : str, optional
        Digest of the set that the scale before used (``kinetics_digest`` of its result): another set is refused.
    tolerance : float
        Local error of a step.
    runaway_rate : float
        K s-1.
    progress : callable, optional
        Called with (fraction, message).

    Returns
    -------
    xarray.Dataset
        Dimensions ``time`` and ``cell`` (row by row; coordinates ``row`` and ``place``): ``temperature`` (K, mean of each
        cell), ``heat_released`` (J); per cell ``runaway_time`` and ``vent_time`` (s; NaN when it did not),
        ``peak_temperature``, ``interval`` (s since the cell before it in the row ran away); per time ``heat_supplied``,
        ``heat_stored``, ``heat_lost``, ``heat_to_coolant``, ``heat_ejected`` (J); scalars ``cells_run_away``,
        ``propagated`` (all cells), ``front_speed`` (m s-1 along the trigger's row, NaN below three cells),
        ``stored_reaction_heat`` (J) and ``energy_balance_error``; attribute ``kinetics_digest``.

    Raises
    ------
    InputError
        The trigger names a cell that is not there, a duration that is not positive.
    StudyError
        The kinetics are not those of `kinetics_digest`; both digests are named.
    ConvergenceError
        The integration could not meet its tolerance.
    """
    if kinetics_digest is not None:
        require_same_kinetics(kinetics, kinetics_digest, "module propagation")
    if not duration > 0 or times < 2:
        raise InputError(
            "propagate_runaway", "duration, times", (duration, times), "a positive duration and at least two outputs"
        )
    built = module_network(module, trigger)
    found = simulate_network(
        built.network,
        kinetics,
        np.linspace(0.0, duration, times),
        initial_temperature=module.ambient_temperature,
        tolerance=tolerance,
        runaway_rate=runaway_rate,
        progress=progress,
    )
    bodies = built.bodies.reshape(-1, module.nodes_per_cell)
    rows, places = np.divmod(np.arange(len(bodies)), module.cells)
    capacity = np.array([body["capacity"] for body in built.network.bodies])
    runaway = _first(found.runaway_time[bodies])
    interval = np.diff(runaway.reshape(module.rows, module.cells), axis=1, prepend=np.nan).ravel()
    released = found.released[:, bodies].sum(axis=2)
    stored = (capacity * (found.temperature - module.ambient_temperature)).sum(axis=1)
    count = int(np.isfinite(runaway).sum())
    source = predicted(
        "scalith.pack.propagate_runaway", kinetics.digest, module.digest, trigger.digest, settings={"tolerance": tolerance}
    )
    data: dict[str, Any] = {
        "temperature": (("time", "cell"), found.temperature[:, bodies].mean(axis=2), "K", "mean temperature of each cell"),
        "heat_released": (("time", "cell"), released, "J", "heat of reaction of each cell since the start"),
        "runaway_time": ("cell", runaway, "s", f"self-heating reaches {runaway_rate:g} K/s"),
        "vent_time": ("cell", _first(found.vent_time[bodies]), "s", "the vent opens"),
        "peak_temperature": ("cell", found.peak_temperature[bodies].max(axis=1), "K", "highest temperature"),
        "interval": ("cell", np.abs(interval), "s", "time since the neighbour in the row ran away"),
        "heat_supplied": ("time", found.heaters, "J", "heat of the trigger since the start"),
        "heat_stored": ("time", stored, "J", "heat stored in cells, barriers and plate"),
        "heat_lost": ("time", found.ambient, "J", "heat given to the surroundings since the start"),
        "heat_to_coolant": ("time", found.coolant, "J", "heat given to the coolant since the start"),
        "heat_ejected": ("time", found.ejected.sum(axis=1), "J", "heat that left through vents since the start"),
        "cells_run_away": ((), count, "1", "cells that ran away"),
        "propagated": ((), count == len(bodies), "1", "all cells ran away"),
        "front_speed": ((), _front_speed(module, trigger, runaway), "m s-1", "speed of the front along the row"),
        "stored_reaction_heat": (
            (),
            kinetics.stored_heat * module.cell.reacting_volume * len(bodies),
            "J",
            "heat that all reactions can free",
        ),
        "energy_balance_error": ((), found.energy_balance_error, "1", "largest relative error of the energy balance"),
    }
    return xr.Dataset(
        {name: (dims, values, {"units": unit, "long_name": title}) for name, (dims, values, unit, title) in data.items()},
        coords={
            "time": ("time", found.time, {"units": "s", "long_name": "time"}),
            "cell": ("cell", np.arange(1, len(bodies) + 1), {"long_name": "cell"}),
            "row": ("cell", rows + 1, {"long_name": "row of the cell"}),
            "place": ("cell", places + 1, {"long_name": "place in the row"}),
        },
        attrs={"source": source.to_json(), "kinetics_digest": kinetics.digest},
    )


def _first(times: np.ndarray[Any, np.dtype[np.float64]]) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Earliest time of each row of nodes; NaN where there is none."""
    earliest = np.where(np.isnan(times), np.inf, times).min(axis=1)
    return np.where(np.isfinite(earliest), earliest, np.nan)


def _front_speed(module: ModuleSpecification, trigger: Trigger, runaway: np.ndarray[Any, np.dtype[np.float64]]) -> float:
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
    kinetics_digest: str | None = None,
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
        Dimensions ``conductivity``, ``thickness``: ``cells_run_away``, ``propagated`` (all cells), ``mean_interval`` (s).
    """
    if kinetics_digest is not None:
        require_same_kinetics(kinetics, kinetics_digest, "propagation map")
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
    rows = np.array(_mapped(tasks, executor, progress)).reshape(k.size, d.size, 3)
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
        attrs={"source": source.to_json(), "kinetics_digest": kinetics.digest},
    )


def propagation_probability(
    module: ModuleSpecification,
    kinetics: ReactionSet,
    draws: Sequence[ReactionSet],
    trigger: Trigger,
    *,
    duration: float,
    confidence: float = 0.95,
    kinetics_digest: str | None = None,
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
        runaway reaches a second cell and ``probability_all`` cells, each with ``…_low`` and ``…_high``.
    """
    from statistics import NormalDist

    where = "propagation_probability"
    if kinetics_digest is not None:
        require_same_kinetics(kinetics, kinetics_digest, where)
    if not draws or not 0 < confidence < 1:
        raise InputError(
            where, "draws, confidence", (len(draws), confidence), "at least one draw and a confidence between 0 and 1"
        )
    rows = np.array(_mapped([(module, draw, trigger, duration) for draw in draws], executor, progress))
    z = NormalDist().inv_cdf(0.5 + 0.5 * confidence)
    data: dict[str, Any] = {
        "cells_run_away": ("draw", rows[:, 0].astype(int), {"units": "1", "long_name": "cells that ran away"}),
        "mean_interval": ("draw", rows[:, 1], {"units": "s", "long_name": "mean time between neighbours"}),
        "peak_temperature": ("draw", rows[:, 2], {"units": "K", "long_name": "highest temperature"}),
    }
    total = module.cells * module.rows
    for name, hits, what in (
        ("probability", int((rows[:, 0] >= 2).sum()), "runaway reaches a second cell"),
        ("probability_all", int((rows[:, 0] >= total).sum()), "runaway reaches all cells"),
    ):
        n = len(draws)
        share, spread = hits / n, z * np.sqrt(hits * (n - hits) / n + z**2 / 4)
        data[name] = ((), share, {"units": "1", "long_name": f"probability that {what}"})
        data[f"{name}_low"] = ((), max(0.0, (hits + z**2 / 2 - spread) / (n + z**2)), {"units": "1", "long_name": "lower bound"})
        data[f"{name}_high"] = ((), min(1.0, (hits + z**2 / 2 + spread) / (n + z**2)), {"units": "1", "long_name": "upper bound"})
    settings = {"draws": len(draws), "confidence": confidence, "duration": duration}
    source = predicted("scalith.pack.propagation_probability", kinetics.digest, module.digest, trigger.digest, settings=settings)
    return xr.Dataset(data, attrs={"source": source.to_json(), "kinetics_digest": kinetics.digest})


def _verdict(task: tuple[ModuleSpecification, ReactionSet, Trigger, float]) -> tuple[float, float, float]:
    """Cells that ran away, mean interval, peak temperature of one module."""
    module, kinetics, trigger, duration = task
    found = propagate_runaway(module, kinetics, trigger, duration=duration, times=2, tolerance=1e-4)
    intervals = found["interval"].values
    known = np.isfinite(intervals)
    mean = float(intervals[known].mean()) if known.any() else float("nan")
    return float(found["cells_run_away"]), mean, float(found["peak_temperature"].max())


def _many(tasks: Sequence[Any]) -> list[tuple[float, float, float]]:
    return [_verdict(task) for task in tasks]


def _mapped(tasks: Sequence[Any], executor: Executor | None, progress: Progress | None) -> list[tuple[float, float, float]]:
    """Results in order; a few modules at a time, so that what is sent is worth its way."""
    size = max(1, min(25, len(tasks) // (4 * (os.cpu_count() or 1))))
    chunks = [tasks[i : i + size] for i in range(0, len(tasks), size)]
    return _gathered(parallel_map(_many, chunks, executor=executor), len(tasks), progress)


def _gathered(chunks: Iterable[Any], total: int, progress: Progress | None) -> list[tuple[float, float, float]]:
    results: list[tuple[float, float, float]] = []
    for chunk in chunks:
        results += chunk
        if progress is not None:
            progress(len(results) / total, f"{len(results)} of {total} modules")
    return results
