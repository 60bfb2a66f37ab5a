"""Sampled orderings at other interactions without sampling anew: the same configurations by other weights."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import xarray as xr

from scalith.lattice.kernels.fields import compute_fields
from scalith.lattice.sampling.chains import replica_sweeps, semi_grand_chain
from scalith.lattice.sampling.monte_carlo import (
    Model,
    Progress,
    StateAverages,
    about_expansion,
    cooled_replicas,
    cooling_ladder,
    end_energies,
    increasing,
    model_on,
    sampled_dataset,
    state_averages,
)
from scalith.lattice.sampling.supercell import neighbour_sites
from scalith.lattice.sampling.time_series import burn_in
from scalith.numerics.parallel_map import parallel_map
from scalith.quantities import ConvergenceError, InputError, Result, dataset_digest, digest, labelled, predicted
from scalith.quantities.constants import BOLTZMANN_EV

if TYPE_CHECKING:
    from collections.abc import Sequence
    from concurrent.futures import Executor

    from numpy.typing import ArrayLike, NDArray

    from scalith.lattice.expansion.cluster_expansion import ClusterExpansion
    from scalith.lattice.expansion.cluster_space import Orbit

SAMPLES = 50
"""Configurations of each state that are described, evenly spaced over its sweeps."""
LEAST_SHARE = 0.3
"""Share of the configurations of a state that must still count."""
MOST_LEFT_OUT = 0.1
"""Share of the states of a temperature that may be left out."""


class ClusterSums(NamedTuple):
    """What an energy on a supercell is linear in: the sum of Π over all clusters of each orbit, and the electrostatic energy.

    Attributes
    ----------
    orders : tuple of int
        Of each orbit.
    sites : tuple of ndarray of int32, shape (order, clusters)
        Sites of every cluster of each orbit on the supercell.
    charges : Model or None
        The electrostatic energy at 1/ε_r = 1, where it is fitted.
    """

    orders: tuple[int, ...]
    sites: tuple[NDArray[np.int32], ...]
    charges: Model | None

    @classmethod
    def of(cls, expansion: ClusterExpansion, shape: tuple[int, int, int]) -> ClusterSums:
        """Those of an expansion on a supercell of so many primitive cells."""
        charges = None
        if has_charges(expansion):
            alone = {"interactions": (0.0,) * len(expansion.orbits), "inverse_permittivity": 1.0}
            charges = model_on(expansion.model_copy(update=alone), shape)
        sublattices = len(expansion.host.active)
        sites = tuple(_cluster_sites(orbit, sublattices, shape) for orbit in expansion.orbits)
        return cls(tuple(orbit.order for orbit in expansion.orbits), sites, charges)

    def __call__(self, occupations: NDArray[np.int8]) -> NDArray[np.float64]:
        """Sums of configurations of shape (n, sites), shape (n, orbits), with charges one more."""
        spins = 2 * occupations - 1
        columns = []
        for order, sites in zip(self.orders, self.sites, strict=True):
            if order == 0:
                columns.append(np.full(len(spins), sites.shape[1]))
                continue
            product = spins[:, sites[0]]
            for others in sites[1:]:
                product = product * spins[:, others]
            columns.append(product.sum(axis=1, dtype=np.int64))
        if self.charges is not None:
            cells, field = self.charges.cells, np.empty(occupations.shape[1])
            constant, tables = cells * self.charges.constant, self.charges.tables
            columns.append(np.array([constant + compute_fields(tables, row, field) for row in occupations]))
        return np.array(columns, dtype=np.float64).T


def has_charges(expansion: ClusterExpansion) -> bool:
    """Whether the electrostatic energy is among what was fitted."""
    return expansion.inverse_permittivity != 0.0 or len(expansion.covariance) > len(expansion.orbits)


def _cluster_sites(orbit: Orbit, sublattices: int, shape: tuple[int, int, int]) -> NDArray[np.int32]:
    """Sites of every cluster of an orbit on a supercell, shape (order, clusters), in the order that kernels use."""
    if orbit.order == 0:
        return np.empty((0, int(np.prod(shape))), dtype=np.int32)
    members = [site for cluster in orbit.clusters for site in cluster]
    around = neighbour_sites(shape, sublattices, [members])[::sublattices]  # (cells, clusters · order)
    return around.reshape(len(around), -1, orbit.order).transpose(2, 1, 0).reshape(orbit.order, -1)


def expansion_weights(expansion: ClusterExpansion, charges: bool) -> NDArray[np.float64]:
    """What the cluster sums of an expansion are multiplied by to give its energy, eV: J_α, and 1/ε_r where `charges` count."""
    return np.array([*expansion.interactions, *([expansion.inverse_permittivity] if charges else [])])


def sample_clusters(
    expansion: ClusterExpansion,
    temperatures: ArrayLike,
    chemical_potentials: ArrayLike,
    *,
    cells: int | Sequence[int] = 12,
    sweeps: int = 200,
    samples: int = SAMPLES,
    parallel_tempering: bool = False,
    seed: int,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> Result:
    """As `semi_grand_canonical`, with configurations of every state described by the sums that energies are linear in.

    `reweighted_orderings` finds from it what other interactions of the same clusters give.

    Parameters
    ----------
    expansion, temperatures, chemical_potentials, cells, sweeps, parallel_tempering, seed, executor, progress
        As in `semi_grand_canonical`.
    samples : int
        Configurations of each state, evenly spaced over its sweeps.

    Returns
    -------
    Result
        As of `semi_grand_canonical`, and over ``T``, ``mu``, ``sample``: ``ions``, ``counted`` (1 after burn-in), and
        ``cluster_sum`` (also over ``cluster``: the orbits, and the electrostatic energy in eV where it is fitted), with the
        ``interaction`` (eV) of each ``cluster``.

    Raises
    ------
    InputError
        As `semi_grand_canonical`; fewer than 10 samples.
    """
    T, mu = increasing("temperatures", temperatures, positive=True), increasing("chemical_potentials", chemical_potentials)
    if samples < 10 or sweeps < 20:
        raise InputError("Monte Carlo", "samples, sweeps", (samples, sweeps), "at least 10 samples and 20 sweeps")
    model = model_on(expansion, cells)
    sums, hot = ClusterSums.of(expansion, model.shape), cooling_ladder(model, float(T[-1]))
    stride = -(-sweeps // samples)
    count = len(mu)
    seeds = np.random.SeedSequence(seed).spawn(count)
    columns = []
    chain = _tempered if parallel_tempering else _cooled
    arguments = ([model] * count, [sums] * count, mu, [hot] * count, [T] * count, [samples] * count, [stride] * count, seeds)
    for done, found in enumerate(parallel_map(chain, *arguments, executor=executor), start=1):
        columns.append(found)
        if progress is not None:
            progress(done / count, f"Monte Carlo to re-weight: {done} of {count} chemical potentials")
    states = np.array([averages for averages, *_ in columns]).transpose(1, 0, 2)
    data = sampled_dataset(model, end_energies(model), T, hot, mu, states)
    for name, values, words in (
        ("ions", np.array([one[1] for one in columns], dtype=np.float32), "ions of the working ion in the supercell"),
        ("counted", np.array([one[2] for one in columns]), "whether a configuration comes after the burn-in"),
        ("cluster_sum", np.array([one[3] for one in columns], dtype=np.float64), "sum over the clusters of each orbit"),
    ):
        data[name] = labelled(("T", "mu", "sample", "cluster")[: values.ndim], values.swapaxes(0, 1), words, "1")
    weights = expansion_weights(expansion, has_charges(expansion))
    data["interaction"] = labelled("cluster", weights, "energy per cluster, and the inverse permittivity", "eV")
    settings: dict[str, Any] = {"cells": list(model.shape), "sweeps": samples * stride, "samples": samples, "seed": seed}
    if parallel_tempering:
        settings["parallel_tempering"] = True
    source = predicted("scalith.lattice.sample_clusters", expansion.digest, settings=settings)
    return data.assign_attrs(source=source.to_json(), clusters=clusters_digest(expansion), **about_expansion(expansion))


_Chain = tuple[list[StateAverages], "NDArray[np.float64]", "NDArray[np.int8]", "NDArray[np.float64]"]


def _cooled(
    model: Model,
    sums: ClusterSums,
    mu: float,
    hot: NDArray[np.float64],
    T: NDArray[np.float64],
    samples: int,
    stride: int,
    seed: np.random.SeedSequence,
) -> _Chain:
    """Averages from hot to cold at one μ; ions, whether they count, and cluster sums of each sample, from cold to hot."""
    words = seed.generate_state(1 + len(T) * samples, np.uint64)
    occupation = np.zeros(model.cells * model.tables.sublattices, dtype=np.int8)
    occupation[::2] = 1

    def walk(temperatures: NDArray[np.float64], sweeps: int, word: np.uint64) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        ions, energies = np.empty((len(temperatures), sweeps)), np.empty((len(temperatures), sweeps))
        thermal, potentials = BOLTZMANN_EV * np.ascontiguousarray(temperatures), np.full(len(temperatures), mu)
        semi_grand_chain(model, occupation, thermal, potentials, sweeps, word, ions, energies)
        return ions, energies

    above = walk(hot, max(samples * stride // 4, 10), words[0]) if len(hot) else (np.empty((0, 1)), np.empty((0, 1)))
    averages = [state_averages(model, mu, ions, energy) for ions, energy in zip(*above, strict=True)]
    rows = []
    for k, temperature in enumerate(T[::-1]):
        parts, configurations = [], []
        for word in words[1 + k * samples : 1 + (k + 1) * samples]:
            parts.append(np.concatenate(walk(np.array([temperature]), stride, word)))
            configurations.append(occupation.copy())
        series = np.concatenate(parts, axis=1)
        rows.append(_described(model, sums, mu, series, np.array(configurations), stride))
    return _joined(averages, rows)


def _tempered(
    model: Model,
    sums: ClusterSums,
    mu: float,
    hot: NDArray[np.float64],
    T: NDArray[np.float64],
    samples: int,
    stride: int,
    seed: np.random.SeedSequence,
) -> _Chain:
    """As `_cooled`, all temperatures side by side: see `scalith.lattice.sampling.monte_carlo.tempered`."""
    words = seed.generate_state(1 + samples, np.uint64)
    ladder, kept, replicas = cooled_replicas(model, mu, np.concatenate([hot, T[::-1]]), max(samples * stride // 8, 10), words[0])
    states = (BOLTZMANN_EV * ladder, np.full(len(ladder), mu), np.zeros(len(ladder)))
    parts, configurations = [], []
    for word in words[1:]:
        ions, energies, exchanges = np.empty((len(ladder), stride)), np.empty((len(ladder), stride)), np.empty(len(ladder))
        replica_sweeps(model, replicas, states, 0.0, stride, word, ions, energies, exchanges)
        parts.append(np.stack([ions, energies]))
        configurations.append(replicas[kept[len(hot) :]].copy())
    series, found = np.concatenate(parts, axis=2), np.array(configurations)
    averages = [state_averages(model, mu, *series[:, r]) for r in kept[: len(hot)]]
    rows = [_described(model, sums, mu, series[:, r], found[:, k], stride) for k, r in enumerate(kept[len(hot) :])]
    return _joined(averages, rows)


def _described(
    model: Model, sums: ClusterSums, mu: float, series: NDArray[np.float64], configurations: NDArray[np.int8], stride: int
) -> tuple[StateAverages, NDArray[np.float64], NDArray[np.int8], NDArray[np.float64]]:
    """Averages of the ions and energies after every sweep; ions, whether they count, and cluster sums of the configurations."""
    ends = np.arange(1, len(configurations) + 1) * stride - 1
    start = max(burn_in(series[0]), burn_in(series[1]))
    counted = (ends >= start).astype(np.int8)
    return state_averages(model, mu, series[0], series[1]), series[0, ends], counted, sums(configurations)


def _joined(
    averages: list[StateAverages], rows: list[tuple[StateAverages, NDArray[np.float64], NDArray[np.int8], NDArray[np.float64]]]
) -> _Chain:
    """Averages from hot to cold; the rest from cold to hot."""
    upwards = rows[::-1]
    ions, counted, sums = (np.array([row[k] for row in upwards]) for k in (1, 2, 3))
    return [*averages, *(row[0] for row in rows)], ions, counted, sums


def reweighted_orderings(
    samples: xr.Dataset, expansion: ClusterExpansion, *, least_share: float = LEAST_SHARE, seed: int | None = None
) -> Result:
    r"""What `semi_grand_canonical` would find with other interactions of the same clusters, from configurations that are there.

    A configuration whose energy changes by ΔE = Σ_α ΔJ_α Σ_c Π counts with the weight

    .. math::

        w \propto \exp\!\left(-\frac{ΔE - Δμ\,N}{kT}\right)

    at the chemical potential μ + Δμ. Δμ, the slope of ΔE over N, makes the weights as even as they can be: of a change that is
    one energy per ion nothing is left. The grand potential follows from their mean, Δφ = −kT ln⟨exp(−(ΔE − ΔμN)/kT)⟩ per site.
    What weights change is added to the averages over all sweeps: with even weights those stay as they are.

    Configurations that were never met have no weight: an ordered phase that only the other interactions make stable is not found.

    Parameters
    ----------
    samples : xarray.Dataset
        From `sample_clusters`.
    expansion : ClusterExpansion
        With the clusters that were sampled: a member of the same posterior, say.
    least_share : float
        Effective number of configurations (Σw)²/Σw², as a share of all, that a state must keep. Those that keep less are marked
        as not ``stable`` and left out by what is derived from the states, up to a tenth of a temperature's.
    seed : int, optional
        Draw the error of the sampling as well, as sampling anew would: each configuration counts a random number of times
        (Bayesian bootstrap, Rubin 1981, DOI 10.1214/aos/1176345338) that scatters x by its standard error.

    Returns
    -------
    Result
        As of `semi_grand_canonical`, over ``T`` and ``mu``, with the ``chemical_potential`` of each state and its
        ``effective_share``, the least of which, of those that count, is ``attrs["effective_share"]``. Errors have grown by what
        the weights add.

    Raises
    ------
    InputError
        An expansion of another host or of other clusters.
    ConvergenceError
        Too few configurations count at too many states: sample anew.
    """
    change = changed_weights(samples, expansion, "reweighted_orderings")
    kT = BOLTZMANN_EV * samples["T"].values[:, None, None]
    N, sites, cells = samples["ions"].values.astype(np.float64), int(samples.attrs["sites"]), int(samples.attrs["cells"])
    moved = samples["cluster_sum"].values @ change  # ΔE, eV
    counted = samples["counted"].values / samples["counted"].values.sum(axis=2, keepdims=True)
    slope = _slope(counted, N, moved)
    grand = moved - slope[..., None] * N
    factor = np.exp(-(grand - _mean(counted, grand)[..., None]) / kT)
    share = _mean(counted, factor) ** 2 / _mean(counted, factor**2)
    enough = share >= least_share
    _require_enough(samples, share, least_share)
    times = np.ones_like(N) if seed is None else _times(samples, counted, N, seed)
    weights = counted * times * factor
    level = _mean(counted, grand) - kT[..., 0] * np.log(weights.sum(axis=2) / (counted * times).sum(axis=2))
    weights /= weights.sum(axis=2, keepdims=True)
    before = (samples["cluster_sum"] @ samples["interaction"]).values
    data = samples.drop_vars(["ions", "counted", "cluster_sum", "interaction"])
    found_x = samples["x"].values + (_mean(weights, N) - _mean(counted, N)) / sites
    energy = samples["energy"].values + (_mean(weights, before + moved) - _mean(counted, before)) / cells
    old, new = _variance(counted, N), _variance(weights, N)
    ratio = np.divide(new, old, out=np.ones_like(old), where=old > 0.0)
    partial = slope + _slope(weights, N, before + moved - slope[..., None] * N) - _slope(counted, N, before)
    potential = samples["grand_potential"].values + level / sites
    if seed is not None:
        # The phases at the two ends are known apart from each other.
        noise, x = np.random.default_rng([seed, 1]).standard_normal((2, len(kT), 1)), samples["x"].values
        potential = potential + (np.sqrt(1.0 - x) * noise[0] + np.sqrt(x) * noise[1]) * samples["grand_potential_error"].values
    independent = np.maximum(samples["counted"].values.sum(axis=2) * np.minimum(1.0, _independence(samples, counted, N)), 2.0)
    added = np.sqrt(np.maximum(1.0 / share - 1.0, 0.0) / independent)
    changed = {
        "x": np.clip(found_x, 0.0, 1.0),
        "x_error": np.hypot(samples["x_error"].values, added * np.sqrt(old) / sites),
        "energy": energy,
        "energy_error": np.hypot(samples["energy_error"].values, added * np.sqrt(_variance(counted, before)) / cells),
        "fluctuations": samples["fluctuations"].values * ratio,
        "fluctuations_error": np.hypot(
            samples["fluctuations_error"].values * ratio, added * samples["fluctuations"].values * ratio
        ),
        "partial_energy": samples["partial_energy"].values + partial,
        "grand_potential": potential,
        "grand_potential_error": np.hypot(samples["grand_potential_error"].values, added * kT[..., 0] / sites),
    }
    found = Result.of(data)
    for name, values in changed.items():
        found[name] = (("T", "mu"), values, samples[name].attrs)
    words = "chemical potential of the working ion at the re-weighted state"
    found["chemical_potential"] = labelled(("T", "mu"), samples["mu"].values + slope, words, "eV")
    found["effective_share"] = labelled(("T", "mu"), share, "share of the configurations that count after re-weighting", "1")
    words = "of equilibrium where it was sampled, and enough of its configurations count"
    found["stable"] = labelled(("T", "mu"), enough & samples["stable"].values, words, "1")
    stated = {"least_share": least_share} | ({} if seed is None else {"seed": seed})
    source = predicted("scalith.lattice.reweighted_orderings", dataset_digest(samples), expansion.digest, settings=stated)
    return found.assign_attrs(
        source=source.to_json(), effective_share=float(share[enough].min()), known_x=list(expansion.known_x)
    )


def _require_enough(samples: xr.Dataset, share: NDArray[np.float64], least_share: float) -> None:
    left_out = 1.0 - (share >= least_share).mean(axis=1)
    if float(left_out.max()) > MOST_LEFT_OUT:
        T, place = float(samples["T"][int(np.argmax(left_out))]), np.unravel_index(int(np.argmin(share)), share.shape)
        said = f"at {T:.0f} K fewer than {100 * least_share:g} % of the configurations count"
        where = f"at {100 * left_out.max():.0f} % of the states"
        least = f"{100 * float(share.min()):.0f} % at x = {float(samples['x'].values[place]):.2f}"
        raise ConvergenceError("re-weighting", f"{said} {where} (least {least}); sample these interactions anew")


def changed_weights(samples: xr.Dataset, expansion: ClusterExpansion, where: str) -> NDArray[np.float64]:
    """What the interactions of an expansion differ by from those that were sampled, shape (cluster,)."""
    if "interaction" not in samples:
        raise InputError(where, "samples", "no cluster_sum", "a data set of sample_clusters")
    before = samples["interaction"].values
    with_charges = len(before) > len(expansion.orbits)
    same = samples.attrs["clusters"] == clusters_digest(expansion)
    if not same or (expansion.inverse_permittivity != 0.0 and not with_charges):
        raise InputError(where, "expansion", "another host or other clusters", "those that were sampled")
    return np.asarray(expansion_weights(expansion, with_charges) - before)


def clusters_digest(expansion: ClusterExpansion) -> str:
    """Of the host and its clusters, whatever their interactions."""
    return digest([expansion.host.digest, *(orbit.digest for orbit in expansion.orbits)])


def _mean(weights: NDArray[np.float64], values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray((weights * values).sum(axis=-1))


def _variance(weights: NDArray[np.float64], values: NDArray[np.float64]) -> NDArray[np.float64]:
    return _mean(weights, (values - _mean(weights, values)[..., None]) ** 2)


def _slope(weights: NDArray[np.float64], N: NDArray[np.float64], values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Of the values over N; 0 where N does not vary."""
    variance, deviation = _variance(weights, N), N - _mean(weights, N)[..., None]
    return np.divide(_mean(weights, deviation * values), variance, out=np.zeros_like(variance), where=variance > 1e-12)


def _independence(samples: xr.Dataset, counted: NDArray[np.float64], N: NDArray[np.float64]) -> NDArray[np.float64]:
    """Independent configurations of a state per one that counts: above 1 where the averages over all sweeps know more."""
    error = samples["x_error"].values * float(samples.attrs["sites"])
    return np.asarray(_variance(counted, N) / samples["counted"].values.sum(axis=2) / error**2)


def _times(samples: xr.Dataset, counted: NDArray[np.float64], N: NDArray[np.float64], seed: int) -> NDArray[np.float64]:
    """How often each configuration counts in a random repetition of the sampling; 1 on average."""
    shape = np.clip(_independence(samples, counted, N), 0.1, 1e6)[..., None]
    return np.asarray(np.random.default_rng([seed, 0]).gamma(np.broadcast_to(shape, N.shape)) / shape)
