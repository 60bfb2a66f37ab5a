"""Canonical Monte Carlo: energy and heat capacity at fixed stoichiometry, with errors."""

from __future__ import annotations

from concurrent.futures import Executor
from typing import TYPE_CHECKING

import numpy as np

from scalith.lattice.kernels.canonical import canonical_chain
from scalith.lattice.sampling.monte_carlo import cooling_ladder, increasing, model_on
from scalith.lattice.sampling.time_series import average
from scalith.numerics.parallel_map import parallel_map
from scalith.quantities import InputError, Result, labelled, predicted
from scalith.quantities.constants import BOLTZMANN_EV

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    from scalith.lattice.expansion.cluster_expansion import ClusterExpansion
    from scalith.lattice.sampling.monte_carlo import Model


def sample_canonical(
    expansion: ClusterExpansion,
    temperatures: ArrayLike,
    x: ArrayLike,
    *,
    cells: int | Sequence[int] = 12,
    sweeps: int = 200,
    seed: int,
    executor: Executor | None = None,
) -> Result:
    """Sample the energy at fixed stoichiometry: ions exchange places with vacancies, accepted with min(1, exp(−ΔE/kT)).

    At each stoichiometry the lattice is cooled from disorder to the temperatures asked for, from the highest down. (The chemical
    potential at fixed stoichiometry: `scalith.lattice.variance_constrained`.)

    Parameters
    ----------
    expansion : ClusterExpansion
    temperatures : array_like, shape (T,)
        K, increasing.
    x : array_like, shape (x,)
        Stoichiometries from 0 to 1, increasing; rounded to whole ions.
    cells : int or three ints
        Primitive cells of the supercell along each vector.
    sweeps : int
        Sweeps (one trial a site) at each state; burn-in is found and taken off.
    seed : int
    executor : concurrent.futures.Executor, optional

    Returns
    -------
    Result
        Over ``T`` (K) and ``x``: ``energy`` (eV per primitive cell) and ``heat_capacity`` ⟨δE²⟩/kT² (eV K-1 per primitive cell),
        with errors; ``inefficiency`` (sweeps per independent sample).

    Raises
    ------
    InputError
        Temperatures or stoichiometries do not increase, a stoichiometry outside 0 … 1, fewer than 20 sweeps.
    """
    T = increasing("temperatures", temperatures, positive=True)
    stoichiometries = increasing("x", x)
    if stoichiometries[0] < 0.0 or stoichiometries[-1] > 1.0:
        raise InputError("Monte Carlo", "x", stoichiometries, "stoichiometries from 0 to 1")
    if sweeps < 20:
        raise InputError("Monte Carlo", "sweeps", sweeps, "at least 20")
    model = model_on(expansion, cells)
    ions = np.round(stoichiometries * model.sites).astype(int)
    count = len(ions)
    seeds = np.random.SeedSequence(seed).spawn(count)
    arguments = ([model] * count, ions.tolist(), [T] * count, [sweeps] * count, seeds)
    columns = list(parallel_map(_column, *arguments, executor=executor))
    values = np.array(columns).transpose(2, 1, 0)
    data = Result(
        coords={"T": labelled("T", T, "temperature", "K"), "x": labelled("x", ions / model.sites, "filled fraction", "1")}
    )
    for (name, unit, words), value in zip(
        (
            ("energy", "eV", "energy per primitive cell"),
            ("energy_error", "eV", "standard error of the energy"),
            ("heat_capacity", "eV K-1", "heat capacity at fixed stoichiometry per primitive cell"),
            ("heat_capacity_error", "eV K-1", "standard error of the heat capacity"),
            ("inefficiency", "1", "sweeps per independent sample"),
        ),
        values,
        strict=True,
    ):
        data[name] = labelled(("T", "x"), value, words, unit)
    data["T"].attrs.update(units="K", long_name="temperature")
    data["x"].attrs.update(units="1", long_name="filled fraction")
    settings = {"cells": list(model.shape), "sweeps": sweeps, "seed": seed}
    source = predicted("scalith.lattice.sample_canonical", expansion.digest, settings=settings)
    return data.assign_attrs(source=source.to_json(), host=expansion.host.name, sites=model.sites, cells=model.cells)


def _column(
    model: Model, ions: int, T: NDArray[np.float64], sweeps: int, seed: np.random.SeedSequence
) -> list[tuple[float, float, float, float, float]]:
    """Averages of one stoichiometry at each temperature."""
    word = seed.generate_state(2, np.uint64)
    active = np.flatnonzero(np.tile(model.exchanged, model.cells) > 0)
    occupation = np.zeros(model.cells * model.tables.sublattices, dtype=np.int8)
    occupation[np.random.default_rng(word[0]).permutation(active)[:ions]] = 1
    hot = BOLTZMANN_EV * cooling_ladder(model, float(T[-1]))
    canonical_chain(model.tables, active, occupation, hot, 20, word[0], np.empty((len(hot), 20)))
    energies = np.empty((len(T), sweeps))
    canonical_chain(model.tables, active, occupation, BOLTZMANN_EV * T[::-1].copy(), sweeps, word[1], energies)
    rows = []
    for temperature, series in zip(T, energies[::-1], strict=True):
        energy = average(series)
        squares = average((series[energy.burn_in :] - energy.mean) ** 2, 0)
        scale = 1.0 / (BOLTZMANN_EV * temperature**2 * model.cells)
        independent = max((sweeps - energy.burn_in) / energy.inefficiency, 2.0)
        heat = scale * squares.mean * independent / (independent - 1.0)
        mean = model.constant + energy.mean / model.cells
        rows.append((mean, energy.error / model.cells, heat, scale * squares.error, energy.inefficiency))
    return rows


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
