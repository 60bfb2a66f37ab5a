"""Variance-constrained Monte Carlo: the chemical potential at a given stoichiometry, through two-phase regions."""

from __future__ import annotations

from concurrent.futures import Executor
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import xarray as xr

from scalith.lattice.kernels.fields import compute_fields
from scalith.lattice.sampling.chains import replica_sweeps
from scalith.lattice.sampling.monte_carlo import Progress, cooling_ladder, increasing, model_on
from scalith.lattice.sampling.time_series import average, burn_in
from scalith.numerics.parallel_map import parallel_map
from scalith.quantities import InputError, Result, labelled, predicted
from scalith.quantities.constants import BOLTZMANN_EV

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import ArrayLike, NDArray

    from scalith.lattice.expansion.cluster_expansion import ClusterExpansion
    from scalith.lattice.sampling.monte_carlo import Model

ADAPTING = 8
"""Blocks of sweeps after which the reference potential follows, at each temperature."""


class _Chain(NamedTuple):
    """Averages of one chain at one temperature."""

    mu: float
    mu_error: float
    x: float
    energy: float
    energy_error: float
    inefficiency: float


def variance_constrained(
    expansion: ClusterExpansion,
    temperatures: ArrayLike,
    x: ArrayLike,
    *,
    cells: int | Sequence[int] = 12,
    sweeps: int = 400,
    stiffness: float = 100.0,
    seed: int,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> Result:
    r"""Sample μ(x, T) at given stoichiometries, two-phase regions included (Sadigh and Erhart 2012, DOI
    10.1103/PhysRevB.86.134204).

    Configurations appear with probability ∝ exp(−H/kT), H = E − μ₀N + ½K(N − N₀)²/M, M sites: a reservoir that holds the
    stoichiometry by a spring K = `stiffness` · kT. For any such reservoir ⟨∂F/∂N⟩ = μ₀ − K(⟨x⟩ − x₀), which is the chemical
    potential. The spring is stiffer than the free energy is concave, so that also mixtures of two phases are stable: there the
    curve is flat but for the boundaries between the phases, whose share vanishes as the supercell grows. μ₀ is adapted before
    averages are taken, so that ⟨x⟩ is close to x₀; after that it stays.

    Every state is reached twice: cooled from disorder, and started from a slab of ions beside a slab of vacancies. Their mean
    counts; where they disagree beyond their errors the error takes in the difference, and ``attrs["warnings"]`` says so.

    Parameters
    ----------
    expansion : ClusterExpansion
    temperatures : array_like, shape (T,)
        K, increasing.
    x : array_like, shape (x,)
        Stoichiometries between 0 and 1, increasing.
    cells : int or three ints
        Primitive cells of the supercell along each vector.
    sweeps : int
        Sweeps of each chain at each state; burn-in is found and taken off.
    stiffness : float
        K/kT. It must exceed the deepest concavity −∂²g/∂x²/kT; the error of μ grows with its square root.
    seed : int
    executor : concurrent.futures.Executor, optional
        Runs the stoichiometries side by side.
    progress : callable, optional
        Called with (fraction done, message).

    Returns
    -------
    Result
        Over ``T`` (K) and ``x``: ``chemical_potential``, ``chemical_potential_error`` (eV); ``mean_stoichiometry``; ``energy``,
        ``energy_error`` (eV per primitive cell); ``disagreement`` of the two starts, in standard errors; ``inefficiency``
        (sweeps per independent sample).

    Raises
    ------
    InputError
        Temperatures or stoichiometries do not increase, a stoichiometry outside 0 … 1, too few sweeps, a stiffness that is not
        positive.
    """
    T = increasing("temperatures", temperatures, positive=True)
    stoichiometries = increasing("x", x)
    if stoichiometries[0] <= 0.0 or stoichiometries[-1] >= 1.0:
        raise InputError("Monte Carlo", "x", stoichiometries, "stoichiometries above 0 and below 1")
    if sweeps < 20:
        raise InputError("Monte Carlo", "sweeps", sweeps, "at least 20")
    if not stiffness > 0.0:
        raise InputError("Monte Carlo", "stiffness", stiffness, "a positive number")
    model = model_on(expansion, cells)
    count = len(stoichiometries)
    seeds = np.random.SeedSequence(seed).spawn(count)
    columns = []
    arguments = (
        [model] * count,
        [expansion.host.cell] * count,
        stoichiometries,
        [T] * count,
        [sweeps] * count,
        [stiffness] * count,
        seeds,
    )
    for done, column in enumerate(parallel_map(_both_starts, *arguments, executor=executor), start=1):
        columns.append(column)
        if progress is not None:
            progress(done / count, f"variance-constrained Monte Carlo: {done} of {count} stoichiometries")
    # (x, start, T, fields) → (fields, start, T, x)
    values = np.array(columns).transpose(3, 1, 2, 0)
    settings = {"cells": list(model.shape), "sweeps": sweeps, "stiffness": stiffness, "seed": seed}
    source = predicted("scalith.lattice.variance_constrained", expansion.digest, settings=settings)
    return _dataset(model, T, stoichiometries, _Chain(*values), sweeps).assign_attrs(
        source=source.to_json(), host=expansion.host.name
    )


def _dataset(model: Model, T: NDArray[np.float64], x: NDArray[np.float64], chains: _Chain, sweeps: int) -> Result:
    mu, error = np.asarray(chains.mu), np.maximum(chains.mu_error, 1e-9)
    difference = np.abs(mu[0] - mu[1])
    combined = np.hypot(error[0], error[1])
    energy = np.asarray(chains.energy)
    described = {
        # Starts that disagree do not average to the truth: half of their difference belongs to the error.
        "chemical_potential": (mu.mean(axis=0), "eV", "chemical potential of the working ion"),
        "chemical_potential_error": (
            np.where(difference > 2.0 * combined, 0.5 * np.hypot(difference, combined), 0.5 * combined),
            "eV",
            "standard error of the chemical potential",
        ),
        "mean_stoichiometry": (np.mean(chains.x, axis=0), "1", "mean of the stoichiometry"),
        "energy": (energy.mean(axis=0), "eV", "energy per primitive cell"),
        "energy_error": (
            0.5 * np.hypot(np.linalg.norm(chains.energy_error, axis=0), np.abs(energy[0] - energy[1])),
            "eV",
            "standard error of the energy",
        ),
        "disagreement": (difference / combined, "1", "difference of the two starts in standard errors"),
        "inefficiency": (np.max(chains.inefficiency, axis=0), "1", "sweeps per independent sample"),
    }
    data = Result(coords={"T": labelled("T", T, "temperature", "K"), "x": labelled("x", x, "filled fraction", "1")})
    for name, (values, unit, words) in described.items():
        data[name] = labelled(("T", "x"), values, words, unit)
    data["T"].attrs.update(units="K", long_name="temperature")
    data["x"].attrs.update(units="1", long_name="filled fraction")
    return data.assign_attrs(sites=model.sites, cells=model.cells, warnings=_warnings(data, sweeps))


def _warnings(data: xr.Dataset, sweeps: int) -> list[str]:
    found = []
    for k, T in enumerate(data["T"].values):
        apart = np.flatnonzero(data["disagreement"].values[k] > 5.0)
        if len(apart):
            worst = apart[np.argmax(data["chemical_potential_error"].values[k][apart])]
            found.append(
                f"not ergodic at {T:.0f} K: started from disorder and from two slabs the chemical potential differs at "
                f"{len(apart)} of {data.sizes['x']} stoichiometries (most at x = {data['x'].values[worst]:.3f}, by "
                f"{2e3 * data['chemical_potential_error'].values[k][worst]:.1f} meV); more sweeps than {sweeps}, or fewer cells"
            )
        off = np.abs(data["mean_stoichiometry"].values[k] - data["x"].values)
        if off.max() > 0.02:
            found.append(
                f"at {T:.0f} K the mean stoichiometry is {off.max():.3f} away from the one asked for (x = "
                f"{data['x'].values[int(np.argmax(off))]:.3f}): the spring is too soft; a higher stiffness"
            )
    return found


def _both_starts(
    model: Model,
    cell: NDArray[np.float64],
    x: float,
    T: NDArray[np.float64],
    sweeps: int,
    stiffness: float,
    seed: np.random.SeedSequence,
) -> NDArray[np.float64]:
    """Averages of the cooled chain and of the one started from slabs, shape (2, T, fields of _Chain)."""
    words = iter(seed.generate_state(2 * (ADAPTING + 1) * (len(T) + 400), np.uint64))
    sublattices = model.tables.sublattices
    working = np.flatnonzero(np.tile(model.exchanged, model.cells) > 0)
    # Two slabs across the longest way have the least boundary between them.
    along = int(np.argmax(np.array(model.shape) * np.linalg.norm(cell, axis=1)))
    corner = np.indices(model.shape).reshape(3, -1)[along]
    by_slab = working[np.argsort(np.repeat(corner, sublattices)[working], kind="stable")]
    rng = np.random.default_rng(seed)
    ions = round(x * model.sites)
    slab, disorder = np.zeros(model.cells * sublattices, dtype=np.int8), np.zeros(model.cells * sublattices, dtype=np.int8)
    slab[by_slab[:ions]] = 1
    disorder[rng.permutation(working)[:ions]] = 1
    field = np.empty(disorder.size)
    compute_fields(model.tables, disorder, field)
    guess = float(field[working].mean())
    hot = cooling_ladder(model, float(T[-1]))
    found = []
    mu = guess
    for k, temperature in enumerate([*hot, *T[::-1]]):
        mu = _adapted(model, disorder, float(temperature), mu, x, max(sweeps // 16, 3), stiffness, words)
        if k >= len(hot):
            found.append(_produced(model, disorder, float(temperature), mu, x, sweeps, stiffness, words))
    cooled = np.array(found[::-1])
    beside = []
    for k, temperature in enumerate(T):
        start = slab.copy()
        mu = _adapted(model, start, float(temperature), float(cooled[k, 0]), x, max(sweeps // 16, 3), stiffness, words)
        beside.append(_produced(model, start, float(temperature), mu, x, sweeps, stiffness, words))
    return np.stack([cooled, np.array(beside)])


def _run(
    model: Model,
    occupation: NDArray[np.int8],
    T: float,
    mu: float,
    x: float,
    sweeps: int,
    stiffness: float,
    word: np.uint64,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    filled, energies = np.empty((1, sweeps)), np.empty((1, sweeps))
    thermal = np.array([BOLTZMANN_EV * T])
    states = (thermal, np.array([mu]), stiffness * thermal / model.sites)
    replica = occupation[None]
    replica_sweeps(model, replica, states, x * model.sites, sweeps, word, filled, energies, np.empty(1))
    return filled[0], energies[0]


def _adapted(
    model: Model,
    occupation: NDArray[np.int8],
    T: float,
    mu: float,
    x: float,
    sweeps: int,
    stiffness: float,
    words: Iterator[np.uint64],
) -> float:
    """The reference potential at which the mean stoichiometry is x, nearly."""
    for _ in range(ADAPTING):
        filled, _ = _run(model, occupation, T, mu, x, sweeps, stiffness, next(words))
        mu -= stiffness * BOLTZMANN_EV * T * (float(filled[sweeps // 2 :].mean()) / model.sites - x)
    return mu


def _produced(
    model: Model,
    occupation: NDArray[np.int8],
    T: float,
    mu: float,
    x: float,
    sweeps: int,
    stiffness: float,
    words: Iterator[np.uint64],
) -> _Chain:
    filled, energies = _run(model, occupation, T, mu, x, sweeps, stiffness, next(words))
    start = max(burn_in(filled), burn_in(energies))
    ions, energy = average(filled, start), average(energies, start)
    spring = stiffness * BOLTZMANN_EV * T
    mean = ions.mean / model.sites
    # A stoichiometry that never changed: one more ion in all samples would have gone unseen.
    error = max(ions.error, 1.0 / (len(filled) - start)) / model.sites
    return _Chain(
        mu=mu - spring * (mean - x),
        mu_error=spring * error,
        x=mean,
        energy=model.constant + energy.mean / model.cells,
        energy_error=energy.error / model.cells,
        inefficiency=max(ions.inefficiency, energy.inefficiency),
    )
