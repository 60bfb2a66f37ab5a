"""Kinetic Monte Carlo of hopping ions: diffusivities, correlation, Haven ratio, with errors from independent trajectories."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import xarray as xr

from scalith.lattice.hop_barriers import Hop, HopBarriers, hops_of
from scalith.lattice.kernels.canonical import canonical_chain
from scalith.lattice.kernels.kinetic import WINDOW, HopTables, kinetic_trajectory
from scalith.lattice.monte_carlo import Model, Progress, cooling_ladder, increasing
from scalith.lattice.supercell import expansion_interactions, interaction_tables, neighbour_sites, supercell_shape
from scalith.quantities import InputError, predicted
from scalith.quantities.constants import BOLTZMANN_EV

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from scalith.lattice.cluster_expansion import ClusterExpansion
    from scalith.lattice.cluster_space import Cluster, LatticeSite

STEPS = 40
"""Moments of a trajectory at which displacements are noted; a multiple of WINDOW."""


class KineticModel(NamedTuple):
    """A cluster expansion with its hops on a supercell.

    Attributes
    ----------
    lattice : Model
    hops : HopTables
    frequency : float
        Attempt frequency, s⁻¹.
    dimensions : int
        In how many directions the hops lead.
    """

    lattice: Model
    hops: HopTables
    frequency: float
    dimensions: int

    @property
    def most_hops(self) -> int:
        """Greatest number of hops out of a site."""
        return int(np.diff(self.hops.start).max())


def kinetic_model(expansion: ClusterExpansion, barriers: HopBarriers, cells: int | Sequence[int]) -> KineticModel:
    """Interactions, hops and dependency lists on a supercell of `cells` primitive cells along each vector."""
    shape = supercell_shape(cells)
    host = expansion.host
    sublattices = len(host.active)
    hops = hops_of(host, barriers)
    constant, energies = expansion_interactions(expansion, shape)
    extra = [list(dict.fromkeys([hop.target for hop in own] + [site for hop in own for site in hop.watched])) for own in hops]
    tables, slots = interaction_tables(energies, sublattices, shape, extra)
    exchanged = np.zeros(sublattices)
    exchanged[host.working] = 1.0
    lattice = Model(tables, constant, exchanged, shape)
    vectors = np.array([hop.vector for own in hops for hop in own])
    dimensions = int(np.linalg.matrix_rank(vectors, tol=1e-6))
    return KineticModel(lattice, _hop_tables(energies, hops, slots, shape), barriers.attempt_frequency, dimensions)


def _shifted(site: LatticeSite, by: LatticeSite, sign: int = 1) -> LatticeSite:
    return (site[0], site[1] + sign * by[1], site[2] + sign * by[2], site[3] + sign * by[3])


def _hop_tables(
    energies: dict[Cluster, float], hops: list[list[Hop]], slots: list[dict[LatticeSite, int]], shape: tuple[int, int, int]
) -> HopTables:
    start, target, vector, barrier = [0], [], [], []
    watched_start, watched = [0], []
    mutual, mutual_start, mutual_slots, mutual_energy = [], [0], [], []
    most = max((len(hop.watched) for own in hops for hop in own), default=0)
    joined = _clusters_by_pair(energies)
    for s, own in enumerate(hops):
        for hop in own:
            target.append(slots[s][hop.target])
            vector.append(hop.vector)
            barrier.append([*hop.barriers, *[hop.barriers[-1]] * (most + 1 - len(hop.barriers))])
            watched += [slots[s][site] for site in hop.watched]
            watched_start.append(len(watched))
            pair = 0.0
            for others, energy in joined.get((s, hop.target), []):
                if not others:
                    pair += energy
                    continue
                numbers = [slots[s][site] for site in others]
                mutual_slots.append([numbers[0], numbers[1] if len(numbers) > 1 else -1])
                mutual_energy.append(energy)
            mutual.append(pair)
            mutual_start.append(len(mutual_energy))
        start.append(len(target))
    return HopTables(
        np.array(start, dtype=np.int64),
        np.array(target, dtype=np.int32),
        np.array(vector, dtype=np.float64).reshape(-1, 3),
        np.array(barrier, dtype=np.float64).reshape(len(target), most + 1),
        np.array(watched_start, dtype=np.int64),
        np.array(watched, dtype=np.int32),
        np.array(mutual, dtype=np.float64),
        np.array(mutual_start, dtype=np.int64),
        np.array(mutual_slots, dtype=np.int32).reshape(-1, 2),
        np.array(mutual_energy, dtype=np.float64),
        _dependents(hops, slots, shape),
    )


def _clusters_by_pair(energies: dict[Cluster, float]) -> dict[tuple[int, LatticeSite], list[tuple[list[LatticeSite], float]]]:
    """For each ordered pair (sublattice, other site) the clusters that hold both: their further sites, and energy."""
    joined: dict[tuple[int, LatticeSite], list[tuple[list[LatticeSite], float]]] = {}
    for cluster, energy in energies.items():
        for a, origin in enumerate(cluster):
            seen = [_shifted(site, origin, -1) for site in cluster]
            for b, site in enumerate(seen):
                if b != a:
                    others = [other for c, other in enumerate(seen) if c not in (a, b)]
                    joined.setdefault((origin[0], site), []).append((others, energy))
    return joined


def _dependents(hops: list[list[Hop]], slots: list[dict[LatticeSite, int]], shape: tuple[int, int, int]) -> NDArray[np.int32]:
    """Sites whose hops may change rate when a site changes.

    Those whose field or watched surroundings change, and those that hop onto such a site.
    """
    sublattices = len(slots)
    # `influenced[s]`: shifts from a site of s to the sites that see it (interactions and watched sites are both slots).
    influenced: list[dict[LatticeSite, None]] = [{(s, 0, 0, 0): None} for s in range(sublattices)]
    for s, known in enumerate(slots):
        for site in known:
            influenced[site[0]][(s, -site[1], -site[2], -site[3])] = None
    into: list[list[LatticeSite]] = [[] for _ in range(sublattices)]
    for s, own in enumerate(hops):
        for hop in own:
            into[hop.target[0]].append((s, -hop.target[1], -hop.target[2], -hop.target[3]))
    lists: list[list[LatticeSite]] = []
    for s in range(sublattices):
        reached = dict(influenced[s])
        for site in influenced[s]:
            for origin in into[site[0]]:
                reached[_shifted(origin, site)] = None
        lists.append(sorted((site for site in reached if hops[site[0]]), key=lambda site: (site[1:], site[0])))
    table = neighbour_sites(shape, sublattices, lists)
    counts = np.tile([len(items) for items in lists], int(np.prod(shape)))
    table[np.arange(table.shape[1]) >= counts[:, None]] = -1
    return table


class _Trajectories(NamedTuple):
    """Sums over the trajectories at one (T, x), each array of shape (trajectories,)."""

    time: NDArray[np.float64]
    collective: NDArray[np.float64]
    tracer: NDArray[np.float64]
    hopped: NDArray[np.float64]
    events: NDArray[np.float64]


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
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> xr.Dataset:
    """Diffusivities from trajectories of hopping ions.

    Rates are ν exp(−E_a/kT), E_a = max(KRA + ΔE/2, ΔE, 0), with end-state energies of the cluster expansion. Each trajectory
    starts from its own equilibrium configuration (canonical Monte Carlo, cooled from disorder) and all last equally long,
    so that their average is the equilibrium average even where slow mechanisms never act within the time simulated. With N
    ions in d dimensions, displacements r_i and ΔR = Σ r_i:

        tracer  D* = ⟨Σ r_i²⟩/(2 d N t),    jump  D_J = ⟨ΔR²⟩/(2 d N t),
        correlation factor f = ⟨Σ r_i²⟩/⟨Σ hops²⟩,    Haven ratio H_R = D*/D_J.

    Both D are slopes of the mean square against time, so that ions rattling to and fro do not count: between a fortieth and a
    fifth of a trajectory for D*, between a twentieth and a quarter for D_J, over many origins.

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
    executor : concurrent.futures.Executor, optional
        Runs the states side by side; threads of this process by default. Results do not depend on it.
    progress : callable, optional
        Called with (fraction done, message).

    Returns
    -------
    xarray.Dataset
        Dimensions ``T`` and ``x``: ``tracer_diffusivity``, ``jump_diffusivity`` (m2 s-1), ``correlation_factor``,
        ``haven_ratio``, each with ``…_error``; ``simulated_time`` (s), ``hops_per_ion``. ``attrs["warnings"]`` says what to mind.

    Raises
    ------
    InputError
        x outside (0, 1) or closer than an ion to either end, temperatures not increasing, hops that fit no sites.
    """
    T = increasing("temperatures", temperatures, positive=True)
    wanted = increasing("x", x)
    model = kinetic_model(expansion, barriers, cells)
    ions = np.round(wanted * model.lattice.sites).astype(int)
    if ions[0] < 1 or ions[-1] >= model.lattice.sites or np.any(np.diff(ions) <= 0):
        found = f"{list(wanted)} on {model.lattice.sites} sites"
        raise InputError(
            "kinetic Monte Carlo", "x", found, "distinct fillings with at least one ion and one vacancy; use more cells"
        )
    if trajectories < 2 or events < 100:
        raise InputError(
            "kinetic Monte Carlo", "trajectories, events", (trajectories, events), "at least 2 trajectories of 100 events"
        )
    states = [(temperature, count) for temperature in T for count in ions]
    seeds = np.random.SeedSequence(seed).spawn(len(states))
    pool = executor or ThreadPoolExecutor(max_workers=os.cpu_count() or 1)
    results: list[_Trajectories] = []
    try:
        number = len(states)
        columns = (
            [model] * number,
            [s[0] for s in states],
            [s[1] for s in states],
            [trajectories] * number,
            [events] * number,
            seeds,
        )
        for done, result in enumerate(pool.map(_at_state, *columns), start=1):
            results.append(result)
            if progress is not None:
                progress(done / number, f"kinetic Monte Carlo: {done} of {number} states")
    finally:
        if executor is None:
            pool.shutdown(cancel_futures=True)
    settings = {"cells": list(model.lattice.shape), "trajectories": trajectories, "events": events, "seed": seed}
    source = predicted(
        "scalith.lattice.kinetic_monte_carlo.kinetic_monte_carlo", expansion.digest, barriers.digest, settings=settings
    )
    data = _dataset(model, T, ions, results)
    return data.assign_attrs(source=source.to_json(), host=expansion.host.name, barriers=barriers.source.reference)


def equilibrium_configurations(
    model: Model, ions: int, T: float, count: int, seed: np.random.SeedSequence
) -> list[NDArray[np.int8]]:
    """Independent configurations of the canonical ensemble: cooled once from disorder, then 40 sweeps apart."""
    word = seed.generate_state(2, np.uint64)
    rng = np.random.default_rng(word[0])
    sublattices = model.tables.sublattices
    active = np.flatnonzero(np.tile(model.exchanged, model.cells) > 0)
    occupation = np.zeros(model.cells * sublattices, dtype=np.int8)
    occupation[rng.permutation(active)[:ions]] = 1
    ladder = np.concatenate([cooling_ladder(model, T), [T]]) * BOLTZMANN_EV
    canonical_chain(model.tables, active, occupation, ladder, 20, word[1], np.empty((len(ladder), 20)))
    configurations = []
    for k in range(count):
        # Half of the configurations are cooled anew: those frozen into one arrangement would not be independent.
        if k and k % 2 == 0:
            occupation[active] = 0
            occupation[rng.permutation(active)[:ions]] = 1
            canonical_chain(
                model.tables, active, occupation, ladder, 20, np.uint64(rng.integers(2**63)), np.empty((len(ladder), 20))
            )
        canonical_chain(model.tables, active, occupation, ladder[-1:], 40, np.uint64(rng.integers(2**63)), np.empty((1, 40)))
        configurations.append(occupation.copy())
    return configurations


def _at_state(
    model: KineticModel, T: float, ions: int, trajectories: int, events: int, seed: np.random.SeedSequence
) -> _Trajectories:
    thermal = BOLTZMANN_EV * T
    start_seed, walk_seed = seed.spawn(2)
    starts = equilibrium_configurations(model.lattice, ions, T, trajectories, start_seed)
    words = walk_seed.generate_state(2 * trajectories, np.uint64)
    tables = model.lattice.tables

    def walk(
        occupation: NDArray[np.int8], duration: float, most: int, word: np.uint64
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], tuple[int, float, float]]:
        times, collective, squares = np.zeros(STEPS), np.zeros((STEPS, 3)), np.zeros((STEPS, 2))
        rates = np.zeros((occupation.size, model.most_hops))
        result = kinetic_trajectory(
            tables, model.hops, occupation, model.frequency, thermal, duration, most, word, times, collective, squares, rates
        )
        return times, collective, squares, result

    # A short walk of each tells the mean rate, and with it how long all shall last.
    probe = [
        walk(occupation, 1e30, max(events // 20, 20), word)[3][2]
        for occupation, word in zip(starts, words[:trajectories], strict=True)
    ]
    duration = events / max(float(np.mean(probe)), 1e-300)
    sums = np.zeros((trajectories, 5))
    for k, (occupation, word) in enumerate(zip(starts, words[trajectories:], strict=True)):
        times, collective, squares, (count, hopped, _) = walk(occupation, duration, 8 * events, word)
        clock, path = np.concatenate([[0.0], times]), np.vstack([np.zeros(3), collective])
        near, far = (mean_square(clock, path, lag) for lag in (STEPS // 20, STEPS // 4))
        jump = (far[1] - near[1]) / max(far[0] - near[0], 1e-300)
        # Mean square in a window less that in a step, over the time between: windows start anew.
        tracer = (squares[WINDOW - 1 :: WINDOW, 1].mean() - squares[:, 0].mean()) / max(times[-1] / STEPS * (WINDOW - 1), 1e-300)
        sums[k] = times[-1], jump * times[-1], tracer * times[-1], hopped, count
    return _Trajectories(*sums.T)


def mean_square(clock: NDArray[np.float64], path: NDArray[np.float64], lag: int) -> tuple[float, float]:
    """Mean span and mean squared collective displacement over `lag` steps, at all origins."""
    return float(np.mean(clock[lag:] - clock[:-lag])), float(np.mean(np.sum((path[lag:] - path[:-lag]) ** 2, axis=1)))


def ratio_of_sums(top: NDArray[np.float64], bottom: NDArray[np.float64]) -> tuple[float, float]:
    """Ratio of sums over trajectories, and its standard error (linearised)."""
    total = max(float(np.sum(bottom)), 1e-300)
    value = float(np.sum(top)) / total
    residual = top - value * bottom
    n = len(top)
    return value, float(np.sqrt(n / (n - 1) * np.sum(residual**2))) / total


def _dataset(model: KineticModel, T: NDArray[np.float64], ions: NDArray[np.int64], results: list[_Trajectories]) -> xr.Dataset:
    shape = (len(T), len(ions))
    names = ("tracer_diffusivity", "jump_diffusivity", "correlation_factor", "haven_ratio")
    values = {name: np.empty(shape) for name in names}
    errors = {name: np.empty(shape) for name in names}
    duration, hops = np.empty(shape), np.empty(shape)
    for index, run in enumerate(results):
        at = np.unravel_index(index, shape)
        count = int(ions[at[1]])
        scale = 1e-20 / (2.0 * model.dimensions * count)  # Å² to m²
        for name, top, bottom, unit in (
            ("tracer_diffusivity", run.tracer, run.time, scale),
            ("jump_diffusivity", run.collective, run.time, scale),
            ("correlation_factor", run.tracer, run.hopped, 1.0),
            ("haven_ratio", run.tracer, run.collective, 1.0),
        ):
            value, error = ratio_of_sums(top, bottom)
            values[name][at], errors[name][at] = unit * value, unit * error
        duration[at] = run.time.sum()
        hops[at] = run.events.mean() / count
    units = {"tracer_diffusivity": "m2 s-1", "jump_diffusivity": "m2 s-1", "correlation_factor": "1", "haven_ratio": "1"}
    data = xr.Dataset(coords={"T": T, "x": ions / model.lattice.sites})
    for name in names:
        words = name.replace("_", " ")
        data[name] = (("T", "x"), values[name], {"units": units[name], "long_name": words})
        data[f"{name}_error"] = (("T", "x"), errors[name], {"units": units[name], "long_name": f"standard error of the {words}"})
    data["simulated_time"] = (("T", "x"), duration, {"units": "s", "long_name": "time simulated, all trajectories"})
    data["hops_per_ion"] = (("T", "x"), hops, {"units": "1", "long_name": "hops of an ion in one trajectory"})
    data["T"].attrs.update(units="K", long_name="temperature")
    data["x"].attrs.update(units="1", long_name="filled fraction")
    return data.assign_attrs(dimensions=model.dimensions, sites=model.lattice.sites, warnings=_warnings(data))


def _warnings(data: xr.Dataset) -> list[str]:
    said = []
    few = data["hops_per_ion"].values < 2.0
    if few.any():
        T, x = np.argwhere(few)[0]
        first = f"{float(data['T'][T]):.0f} K, x = {float(data['x'][x]):.3f}"
        said.append(f"{int(few.sum())} states hop less than twice an ion (first: {first}): more events needed")
    loose = data["jump_diffusivity_error"].values > 0.5 * data["jump_diffusivity"].values
    if loose.any():
        said.append(f"{int(loose.sum())} jump diffusivities are known no better than 50 %: more trajectories or events needed")
    return said
