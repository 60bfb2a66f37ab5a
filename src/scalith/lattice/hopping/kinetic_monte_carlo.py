"""Kinetic Monte Carlo of hopping ions: diffusivities, correlation, Haven ratio, with errors from independent trajectories."""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from scalith.lattice.hopping.displacements import collective_slope, ratio_of_sums, tracer_slope
from scalith.lattice.hopping.kinetic_model import KineticModel, kinetic_model
from scalith.lattice.hopping.walk_warnings import long_wave_fluctuation, walk_warnings
from scalith.lattice.hopping.walks import MOST, PIECES, Walks, next_piece, walks_dataset, walks_from
from scalith.lattice.kernels.kinetic import WINDOW
from scalith.lattice.sampling.monte_carlo import Progress, increasing
from scalith.numerics.parallel_map import workers
from scalith.quantities import ConvergenceError, InputError, Result, digest, labelled, predicted, read_results, write_results
from scalith.quantities.constants import BOLTZMANN_EV

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from scalith.lattice.expansion.cluster_expansion import ClusterExpansion
    from scalith.lattice.hopping.hop_barriers import HopBarriers

SAVED_EVERY = 60.0
"""Seconds between two writings of the file that a run can be resumed from."""


def kinetic_monte_carlo(
    expansion: ClusterExpansion,
    barriers: HopBarriers,
    *,
    x: ArrayLike,
    temperatures: ArrayLike,
    cells: int | Sequence[int] = 12,
    trajectories: int = 8,
    events: int = 10_000,
    seed: int,
    resume: str | Path | None = None,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> Result:
    """Diffusivities from trajectories of hopping ions.

    Rates are ν exp(−E_a/kT), E_a = max(KRA + ΔE/2, ΔE, 0), with end-state energies of the cluster expansion. Each trajectory
    starts from its own equilibrium configuration (canonical Monte Carlo, cooled from disorder) and all last equally long,
    so that their average is the equilibrium average even where slow mechanisms never act within the time simulated. With N
    ions in d dimensions, displacements r_i and ΔR = Σ r_i:

        tracer  D* = ⟨Σ r_i²⟩/(2 d N t),    jump  D_J = ⟨ΔR²⟩/(2 d N t),
        correlation factor f = ⟨Σ r_i²⟩/⟨Σ hops²⟩,    Haven ratio H_R = D*/D_J.

    Both D are slopes of the mean square against time, so that ions rattling to and fro do not count: between a fortieth and a
    fifth of a trajectory for D*, between a twentieth and a quarter for D_J, over many origins. Where hops lead in fewer than
    three directions d counts those only (1 in the channels of an olivine: D along them); where they differ between directions, D
    is the mean over them and the tensors, ⟨Σ r_a r_b⟩/(2 N t) and ⟨ΔR_a ΔR_b⟩/(2 N t), tell more.

    Parameters
    ----------
    expansion : ClusterExpansion
    barriers : HopBarriers
    x : array_like, shape (x,)
        Filled fractions, increasing; each is rounded to a whole number of ions.
    temperatures : array_like, shape (T,)
        K, increasing.
    cells : int or three ints
        Primitive cells of the supercell along each vector.
    trajectories : int
        Independent trajectories at each state.
    events : int
        Mean number of hops of a trajectory.
    seed : int
    resume : path, optional
        NetCDF file in which the whole state of the trajectories is kept: written every minute and when the run is interrupted. A
        run with the same arguments that finds the file goes on from it, and ends as if never interrupted, to the last bit.
    executor : concurrent.futures.Executor, optional
        Runs the states side by side; threads of this process by default. Results do not depend on it.
    progress : callable, optional
        Called with (fraction done, message).

    Returns
    -------
    Result
        Dimensions ``T`` and ``x``: ``tracer_diffusivity``, ``jump_diffusivity`` (m2 s-1), ``correlation_factor``,
        ``haven_ratio``, and with dimensions ``axis``, ``other_axis`` ``tracer_diffusivity_tensor``,
        ``jump_diffusivity_tensor``, each with ``…_error``; ``simulated_time`` (s), ``hops_per_ion``, ``undone_hops`` (share of
        hops by which an ion goes straight back), ``long_wave_fluctuation`` (of the composition, in units of a random
        arrangement's). ``attrs["warnings"]`` says what limits the result and what to change.

    Raises
    ------
    InputError
        x outside (0, 1) or closer than an ion to either end, temperatures not increasing, hops that fit no sites; a file to
        resume from that belongs to other arguments.
    ConvergenceError
        No hop is possible at any state.
    """
    T = increasing("temperatures", temperatures, positive=True)
    wanted = increasing("x", x)
    model = kinetic_model(expansion, barriers.at(float(wanted[0])), cells)
    ions = np.round(wanted * model.lattice.sites).astype(int)
    if ions[0] < 1 or ions[-1] >= model.lattice.sites or np.any(np.diff(ions) <= 0):
        found = f"{wanted.tolist()} on {model.lattice.sites} sites"
        raise InputError(
            "kinetic Monte Carlo", "x", found, "distinct stoichiometries with at least one ion and one vacancy; use more cells"
        )
    if trajectories < 2 or events < 100:
        raise InputError(
            "kinetic Monte Carlo", "trajectories, events", (trajectories, events), "at least 2 trajectories of 100 events"
        )
    settings = {"cells": list(model.lattice.shape), "trajectories": trajectories, "events": events, "seed": seed}
    inputs = digest([expansion.digest, barriers.digest, settings, T.tolist(), ions.tolist()])
    models = {int(count): model for count in ions}
    if barriers.depend_on_stoichiometry:
        models = {count: kinetic_model(expansion, barriers.at(count / model.lattice.sites), cells) for count in models}
    states = [Walks(float(temperature), int(count)) for temperature in T for count in ions]
    if resume is not None and Path(resume).exists():
        states = _resumed(Path(resume), inputs)
    _walk_on(models, states, trajectories, events, seed, Path(resume) if resume else None, inputs, executor, progress)
    if not any(walks.arrays["events"].any() for walks in states):
        raise ConvergenceError(
            "kinetic Monte Carlo",
            "no hop is possible at any state: no hop kind leads from a filled to a vacant site; "
            "give hop kinds (distances) that reach the vacant sites, or another x",
        )
    source = predicted(
        "scalith.lattice.hopping.kinetic_monte_carlo.kinetic_monte_carlo", expansion.digest, barriers.digest, settings=settings
    )
    data = _dataset(model, T, ions, states, MOST * events)
    if barriers.barrier_error > 0.0:
        factor = np.exp(barriers.barrier_error / (BOLTZMANN_EV * T[0]))
        said = (
            f"the barriers' standard error of {1e3 * barriers.barrier_error:.0f} meV, a factor of {factor:.2g} in every "
            f"diffusivity at {T[0]:.0f} K, is none of the sampling: a part of its own in the errors of diffusivities"
        )
        data.attrs["warnings"] = [*data.attrs["warnings"], said]
        data.attrs["barrier_error"] = barriers.barrier_error
    return data.assign_attrs(source=source.to_json(), host=expansion.host.name, barriers=barriers.source.reference)


def _resumed(path: Path, inputs: str) -> list[Walks]:
    data = read_results(path)
    if data.attrs.get("inputs") != inputs:
        raise InputError(
            str(path), "", "a run with other arguments", "the file of this run; give another name, or remove it to start anew"
        )
    return walks_from(data)


def _walk_on(
    models: dict[int, KineticModel],
    states: list[Walks],
    trajectories: int,
    events: int,
    seed: int,
    path: Path | None,
    inputs: str,
    executor: Executor | None,
    progress: Progress | None,
) -> None:
    """Walk all states to their end, a piece at a time, `states` being brought up to date in place."""
    seeds = [np.random.SeedSequence(seed, spawn_key=(k,)) for k in range(len(states))]
    with workers(executor) as pool:

        def submit(k: int) -> Future[Walks]:
            return pool.submit(next_piece, models[states[k].ions], states[k], trajectories, events, seeds[k])

        pending = {submit(k): k for k, walks in enumerate(states) if not walks.finished}
        saved = time.monotonic()
        try:
            while pending:
                for future in wait(pending, return_when=FIRST_COMPLETED).done:
                    k = pending.pop(future)
                    states[k] = future.result()
                    if not states[k].finished:
                        pending[submit(k)] = k
                    if progress is not None:
                        done = sum(walks.piece for walks in states) / (PIECES * len(states))
                        finished = sum(walks.finished for walks in states)
                        progress(done, f"kinetic Monte Carlo: {finished} of {len(states)} states")
                if path is not None and (time.monotonic() - saved > SAVED_EVERY or not pending):
                    _save(states, path, inputs)
                    saved = time.monotonic()
        except BaseException:
            # Pieces under way are walked to their end (short), so that nothing is lost.
            if path is not None:
                for future, k in pending.items():
                    if not future.cancel() and future.exception() is None:
                        states[k] = future.result()
                _save(states, path, inputs)
            raise


def _save(states: list[Walks], path: Path, inputs: str) -> None:
    write_results(walks_dataset(states).assign_attrs(inputs=inputs), path)


_UNITS = {"tracer_diffusivity": "m2 s-1", "jump_diffusivity": "m2 s-1", "correlation_factor": "1", "haven_ratio": "1"}


def _dataset(model: KineticModel, T: NDArray[np.float64], ions: NDArray[np.int64], states: list[Walks], most: int) -> Result:
    shape = (len(T), len(ions))
    scalars = {name: np.empty((*shape, 2)) for name in _UNITS}
    tensors = {name: np.empty((*shape, 2, 3, 3)) for name in ("tracer_diffusivity", "jump_diffusivity")}
    said = {name: np.empty(shape) for name in ("simulated_time", "hops_per_ion", "undone_hops", "long_wave_fluctuation")}
    drift, stopped = np.empty(shape), np.empty(shape)
    for index, walks in enumerate(states):
        at = np.unravel_index(index, shape)
        arrays = walks.arrays
        n = len(arrays["times"])
        end = arrays["times"][:, -1]
        pairs = list(zip(arrays["times"], arrays["collective"], arrays["squares"], strict=True))
        collective = np.array([collective_slope(times, path) for times, path, _ in pairs]) * end[:, None, None]
        tracer = np.array([tracer_slope(times, squares) for times, _, squares in pairs]) * end[:, None, None]
        jump_sum, tracer_sum = (np.trace(values, axis1=1, axis2=2) for values in (collective, tracer))
        scale = 1e-20 / (2.0 * walks.ions)  # Å² to m²
        for name, top, bottom, unit in (
            ("tracer_diffusivity", tracer_sum, end, scale / model.dimensions),
            ("jump_diffusivity", jump_sum, end, scale / model.dimensions),
            ("correlation_factor", tracer_sum, arrays["hopped"], 1.0),
            ("haven_ratio", tracer_sum, jump_sum, 1.0),
        ):
            scalars[name][at] = np.multiply(unit, ratio_of_sums(top, bottom))
        for name, values in (("tracer_diffusivity", tracer), ("jump_diffusivity", collective)):
            for a, b in np.ndindex(3, 3):
                tensors[name][(*at, slice(None), a, b)] = np.multiply(scale, ratio_of_sums(values[:, a, b], end))
        said["simulated_time"][at] = end.sum()
        said["hops_per_ion"][at] = arrays["events"].mean() / walks.ions
        said["undone_hops"][at] = arrays["undone"].sum() / max(arrays["events"].sum(), 1)
        occupations = arrays["ion"] >= 0
        said["long_wave_fluctuation"][at] = long_wave_fluctuation(model.lattice, occupations)
        # Squares in the first two windows against the last two, in standard errors of their difference.
        grown = np.trace(arrays["squares"][:, WINDOW - 1 :: WINDOW, 1], axis1=2, axis2=3)
        change = grown[:, -2:].sum(axis=1) - grown[:, :2].sum(axis=1)
        drift[at] = change.mean() / max(float(change.std(ddof=1)) / np.sqrt(n), 1e-300) if grown.any() else 0.0
        stopped[at] = np.count_nonzero(arrays["events"] >= most)
    words = {
        "simulated_time": ("s", "time simulated, all trajectories"),
        "hops_per_ion": ("1", "hops of an ion in one trajectory"),
        "undone_hops": ("1", "share of hops by which an ion goes straight back"),
        "long_wave_fluctuation": ("1", "longest composition wave, relative to a random arrangement's"),
    }
    filled = labelled("x", ions / model.lattice.sites, "filled fraction", "1")
    data = Result(coords={"T": labelled("T", T, "temperature", "K"), "x": filled, "axis": list("xyz"), "other_axis": list("xyz")})
    for name, values in scalars.items():
        title = name.replace("_", " ")
        _with_error(data, name, ("T", "x"), values[..., 0], values[..., 1], _UNITS[name], title)
    for name, values in tensors.items():
        dims = ("T", "x", "axis", "other_axis")
        title = f"{name.replace('_', ' ')} by Cartesian directions"
        _with_error(data, f"{name}_tensor", dims, values[:, :, 0], values[:, :, 1], "m2 s-1", title)
    for name, values in said.items():
        data[name] = labelled(("T", "x"), values, words[name][1], words[name][0])
    data["T"].attrs.update(units="K", long_name="temperature")
    data["x"].attrs.update(units="1", long_name="filled fraction")
    for name in ("axis", "other_axis"):
        data[name].attrs.update(units="1", long_name="Cartesian direction")
    warnings = walk_warnings(data, model, drift, stopped)
    return data.assign_attrs(dimensions=model.dimensions, sites=model.lattice.sites, warnings=warnings)


def _with_error(
    data: xr.Dataset,
    name: str,
    dims: tuple[str, ...],
    values: NDArray[np.float64],
    errors: NDArray[np.float64],
    units: str,
    title: str,
) -> None:
    data[name] = labelled(dims, values, title, units)
    data[f"{name}_error"] = labelled(dims, errors, f"standard error of the {title}", units)
