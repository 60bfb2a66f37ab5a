"""Semi-grand-canonical Monte Carlo over temperatures and chemical potentials, with errors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np

from scalith.lattice.kernels.fields import compute_fields
from scalith.lattice.sampling.chains import replica_sweeps, semi_grand_chain
from scalith.lattice.sampling.grand_potential import States, grand_potentials
from scalith.lattice.sampling.metastable_states import stable_states
from scalith.lattice.sampling.sampling_warnings import sampling_warnings
from scalith.lattice.sampling.supercell import expansion_interactions, interaction_tables, supercell_shape
from scalith.lattice.sampling.time_series import average, burn_in, sarle_coefficient
from scalith.lattice.sampling.two_phase_test import steady_steps
from scalith.numerics.parallel_map import parallel_map
from scalith.quantities import InputError, Result, labelled, predicted
from scalith.quantities.constants import BOLTZMANN_EV

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from scalith.crystal import Host
    from scalith.lattice.expansion.cluster_expansion import ClusterExpansion
    from scalith.lattice.expansion.species_expansion import SpeciesExpansion
    from scalith.lattice.kernels.fields import InteractionTables

Progress = Callable[[float, str], None]

EDGE = 0.004
"""Filled fraction at which an automatic range of chemical potentials ends (and 1 minus it)."""


class Lattice(Protocol):
    """What averages need of a model on a supercell."""

    @property
    def cells(self) -> int:
        """Primitive cells."""

    @property
    def sites(self) -> int:
        """Sites that the working ion may fill."""

    @property
    def constant(self) -> float:
        """eV per primitive cell."""

    @property
    def strongest_pair(self) -> float:
        """√(Σ V²) over the pair interactions of a site, largest of all sublattices, eV."""


class Model(NamedTuple):
    """A cluster expansion on a supercell, ready for kernels.

    Attributes
    ----------
    tables : InteractionTables
    constant : float
        eV per primitive cell.
    exchanged : ndarray, shape (sublattices,)
        1 on the working ion's sublattices.
    shape : tuple of int
        Primitive cells along each vector.
    site_kinds : int
        Kinds of sites of the working ion that no symmetry makes alike; of more than one, sampling also exchanges ions and
        vacancies (`scalith.lattice.sampling.chains`).
    """

    tables: InteractionTables
    constant: float
    exchanged: NDArray[np.float64]
    shape: tuple[int, int, int]
    site_kinds: int = 1

    @property
    def cells(self) -> int:
        """Primitive cells."""
        return int(np.prod(self.shape))

    @property
    def sites(self) -> int:
        """Sites that the working ion may fill."""
        return self.cells * int(self.exchanged.sum())

    @property
    def active(self) -> NDArray[np.int64]:
        """Indices of these sites."""
        return np.flatnonzero(np.tile(self.exchanged, self.cells) > 0).astype(np.int64)

    @property
    def strongest_pair(self) -> float:
        """√(Σ V²) over the pair interactions of a site, largest of all sublattices, eV."""
        ranges = zip(self.tables.pair_start[:-1], self.tables.pair_start[1:], strict=True)
        return max(float(np.sqrt(np.sum(self.tables.pair_energy[a:b] ** 2))) for a, b in ranges)


def model_on(expansion: ClusterExpansion, cells: int | Sequence[int]) -> Model:
    """Interactions of an expansion on a supercell of `cells` primitive cells along each vector.

    Raises
    ------
    InputError
        The host has sites on which the working ion and a vacancy are not all: they would stay as they are.
    """
    require_working_ion_alone(expansion.host)
    shape = supercell_shape(cells)
    sublattices = len(expansion.host.active)
    constant, energies = expansion_interactions(expansion, shape)
    tables, _ = interaction_tables(energies, sublattices, shape)
    exchanged = np.zeros(sublattices)
    exchanged[expansion.host.working] = 1.0
    return Model(tables, constant, exchanged, shape, sum(orbit.order == 1 for orbit in expansion.orbits))


def require_working_ion_alone(host: Host) -> None:
    """Reject a host with a sublattice that moves of the working ion leave as it is.

    Raises
    ------
    InputError
        Names it.
    """
    for index in host.active:
        species = host.sites[index].species
        if species[0] != host.working_ion or len(species) > 2:
            raise InputError(
                host.name,
                f"site {index}",
                f"{' and '.join(species)}, which moves of {host.working_ion} alone would leave as they are",
                f"sites of {host.working_ion} and vacancies (for more: fit_species_expansion, species_semi_grand_canonical)",
            )


class StateAverages(NamedTuple):
    """Averages at one (T, μ)."""

    x: float
    x_error: float
    energy: float
    energy_error: float
    fluctuations: float
    fluctuations_error: float
    partial_energy: float
    partial_energy_error: float
    inefficiency: float
    heat: float
    """Variance of E − μN per site, eV²."""
    grand_error: float
    """Standard error of (E − μN) per site, eV."""
    bimodality: float
    """Sarle's coefficient (1 + skewness²)/kurtosis of the number of ions: 1/3 for a normal distribution, 1 for two values."""
    exchange_rate: float = np.nan
    """Share of accepted exchanges with the next higher temperature (parallel tempering)."""


def semi_grand_canonical(
    expansion: ClusterExpansion,
    temperatures: ArrayLike,
    chemical_potentials: ArrayLike | None = None,
    *,
    cells: int | Sequence[int] = 12,
    sweeps: int = 200,
    points: int = 72,
    parallel_tempering: bool = False,
    seed: int,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> Result:
    """Sample the stoichiometry x and the energy at given temperature T and chemical potential μ of the working ion.

    Configurations appear with probability ∝ exp(−(E − μN)/kT). At every μ the lattice is cooled from a temperature at
    which orderings melt, through a geometric ladder, to the temperatures asked for: so ordered phases form on the way
    and no state depends on its neighbour in μ. The grand potential φ is exact for the dilute ions of the empty and the dilute
    vacancies of the full end; from there it follows along μ within a phase (dφ = −x dμ) and along T at each μ (d(φ/T) = ω d(1/T),
    ω = ⟨E − μN⟩), each by its error, and over no jump (`scalith.lattice.sampling.grand_potential`).
    Where the ion has more than one kind of site, exchanges of ions and vacancies follow every sweep
    (`scalith.lattice.sampling.chains`).

    Parameters
    ----------
    expansion : ClusterExpansion
    temperatures : array_like, shape (T,)
        K, increasing.
    chemical_potentials : array_like, shape (mu,), optional
        eV, increasing. Without them `points` values are placed so that x goes from below 0.005 to above 0.995 at every
        temperature, denser where x changes fast.
    cells : int or three ints
        Primitive cells of the supercell along each vector; multiples of the periods of expected ordered phases (12).
    sweeps : int
        Sweeps (one trial a site) at each state; burn-in is found and taken off.
    points : int
        Number of automatic chemical potentials.
    parallel_tempering : bool
        After the cooling all temperatures of the ladder are sampled side by side and exchange their configurations
        (`scalith.lattice.kernels.replicas`): for lattices that freeze in. Some five times the work.
    seed : int
    executor : concurrent.futures.Executor, optional
        Runs the chemical potentials side by side; threads of this process by default. Results do not depend on it.
    progress : callable, optional
        Called with (fraction done, message).

    Returns
    -------
    Result
        Dimensions ``T`` (K) and ``mu`` (eV): ``x``, ``x_error``; ``energy``, ``energy_error`` (eV per primitive cell);
        ``fluctuations`` ⟨δN²⟩/sites and ``partial_energy`` ⟨δE δN⟩/⟨δN²⟩ = ∂E/∂N at constant T (eV per ion), with errors;
        ``grand_potential`` (eV per site of the working ion) with its error, and ``grand_potential_closure`` (T): by how much one
        way from the empty end (up in T, along μ at the hottest, down), over all jumps, misses the full end; ``inefficiency``
        (sweeps per independent sample); ``stable``, false where the grand potential says that a state is not one of equilibrium
        (`scalith.lattice.sampling.metastable_states`): what is derived from the states leaves it out; ``steady``, whether x
        jumps from a state to the next and yet no two phases part there (`scalith.lattice.sampling.two_phase_test`).

    Raises
    ------
    InputError
        Temperatures or chemical potentials do not increase, too few sweeps, a supercell too small for the clusters.
    """
    T = increasing("temperatures", temperatures, positive=True)
    if sweeps < 20:
        raise InputError("Monte Carlo", "sweeps", sweeps, "at least 20")
    model = model_on(expansion, cells)
    hot = cooling_ladder(model, float(T[-1]))
    pilot_seed, chain_seed, test_seed = np.random.SeedSequence(seed).spawn(3)
    if chemical_potentials is None:
        mu = automatic_chemical_potentials(cool, model, _bracket(model, float(T[-1])), T, hot, points, pilot_seed, executor)
    else:
        mu = increasing("chemical_potentials", chemical_potentials)
    sampling = tempered if parallel_tempering else cool
    states = sample_states(sampling, model, T, hot, mu, sweeps, chain_seed, executor, progress)
    settings: dict[str, Any] = {"cells": list(model.shape), "sweeps": sweeps, "seed": seed, "points": len(mu)}
    if parallel_tempering:
        settings["parallel_tempering"] = True
    source = predicted("scalith.lattice.sampling.monte_carlo.semi_grand_canonical", expansion.digest, settings=settings)
    data = sampled_dataset(model, end_energies(model), T, hot, mu, states).assign_attrs(
        source=source.to_json(), **about_expansion(expansion)
    )
    ladders = [cooling_ladder(model, t) for t in T]
    steady, mixed, undecided = steady_steps(data, model, ladders, expansion, sweeps, test_seed, executor)
    data["stable"] = data["stable"].copy(data=data["stable"].values & ~mixed)
    data["steady"] = labelled(("T", "mu"), steady, "x changes fast and yet steadily up to the next chemical potential", "1")
    return data.assign_attrs(warnings=sampling_warnings(data, sweeps, undecided))


def about_expansion(expansion: ClusterExpansion | SpeciesExpansion) -> dict[str, Any]:
    """What sampled data carry of their expansion: the host, the charge of its ion, the stoichiometries of the fitted energies."""
    host = expansion.host
    try:
        charge = host.ion_charge
    except InputError:
        charge = 0  # a model lattice: only what asks for a voltage needs a charge
    return {"host": host.name, "ion_charge": charge, "known_x": list(expansion.known_x)}


def increasing(name: str, values: ArrayLike, *, positive: bool = False) -> NDArray[np.float64]:
    """An increasing list of numbers, or an `InputError` that names it."""
    array = np.atleast_1d(np.asarray(values, dtype=np.float64))
    if array.ndim != 1 or not np.all(np.isfinite(array)) or np.any(np.diff(array) <= 0) or (positive and array[0] <= 0):
        raise InputError(
            "Monte Carlo", name, array.tolist(), "finite, strictly increasing values" + (" above 0 K" if positive else "")
        )
    return array


def cooling_ladder(model: Lattice, T: float) -> NDArray[np.float64]:
    """Temperatures from disorder down to just above T, in steps of 8 %; empty where T is hot enough already.

    Hot means kT of 0.3 √(Σ V²) over the pair interactions V of a site: then orderings melt.
    """
    ratio = 0.3 * model.strongest_pair / (BOLTZMANN_EV * T)
    if ratio <= 1.0:
        return np.empty(0)
    count = int(np.ceil(np.log(ratio) / 0.08))
    return T * ratio ** (np.arange(count, 0, -1) / count)


def cool(
    model: Model, mu: float, hot: NDArray[np.float64], T: NDArray[np.float64], sweeps: int, seed: np.random.SeedSequence
) -> list[StateAverages]:
    """Averages at the temperatures `hot` (falling, a quarter of the sweeps each), then at T from the highest down."""
    occupation = np.zeros(model.cells * model.tables.sublattices, dtype=np.int8)
    occupation[::2] = 1
    word = seed.generate_state(2, np.uint64)
    averages: list[StateAverages] = []
    for stage, (temperatures, count) in enumerate(((hot, max(sweeps // 4, 10)), (T[::-1], sweeps))):
        if len(temperatures) == 0:
            continue
        filled, energies = np.empty((len(temperatures), count)), np.empty((len(temperatures), count))
        thermal, potentials = BOLTZMANN_EV * np.ascontiguousarray(temperatures), np.full(len(temperatures), mu)
        semi_grand_chain(model, occupation, thermal, potentials, count, word[stage], filled, energies)
        averages += [state_averages(model, mu, ions, energy) for ions, energy in zip(filled, energies, strict=True)]
    return averages


def tempered(
    model: Model, mu: float, hot: NDArray[np.float64], T: NDArray[np.float64], sweeps: int, seed: np.random.SeedSequence
) -> list[StateAverages]:
    """As `cool`, but then all temperatures are sampled side by side and exchange configurations (parallel tempering)."""
    word = seed.generate_state(2, np.uint64)
    ladder, kept, replicas = cooled_replicas(model, mu, np.concatenate([hot, T[::-1]]), max(sweeps // 8, 10), word[0])
    filled, energies, exchanges = np.empty((len(ladder), sweeps)), np.empty((len(ladder), sweeps)), np.empty(len(ladder))
    held = (BOLTZMANN_EV * ladder, np.full(len(ladder), mu), np.zeros(len(ladder)))
    replica_sweeps(model, replicas, held, 0.0, sweeps, word[1], filled, energies, exchanges)
    # The way up from a temperature is as open as its narrowest step.
    rates = [np.nan] + [float(exchanges[a:b].min()) for a, b in pairwise(kept)]
    averages = [state_averages(model, mu, filled[r], energies[r]) for r in kept]
    return [item._replace(exchange_rate=rate) for item, rate in zip(averages, rates, strict=True)]


def cooled_replicas(
    model: Model, mu: float, wanted: NDArray[np.float64], sweeps: int, word: np.uint64
) -> tuple[NDArray[np.float64], list[int], NDArray[np.int8]]:
    """Configurations of one lattice cooled through falling temperatures, with more between them so that replicas exchange.

    Returns
    -------
    ladder : ndarray
        The temperatures.
    kept : list of int
        Where the wanted ones are.
    replicas : ndarray of int8, shape (temperatures, sites)
    """
    ladder, kept = _filled_in(wanted)
    occupation = np.zeros(model.cells * model.tables.sublattices, dtype=np.int8)
    occupation[::2] = 1
    replicas = np.empty((len(ladder), occupation.size), dtype=np.int8)
    for r, temperature in enumerate(ladder):
        thermal, discarded = np.array([BOLTZMANN_EV * temperature]), np.empty((2, 1, sweeps))
        step = word + np.uint64(r)
        semi_grand_chain(model, occupation, thermal, np.array([mu]), sweeps, step, discarded[0], discarded[1])
        replicas[r] = occupation
    return ladder, kept, replicas


def _filled_in(temperatures: NDArray[np.float64]) -> tuple[NDArray[np.float64], list[int]]:
    """Falling temperatures with more between them, so that no step is above 8 %, and where the given ones are."""
    ladder, kept = [float(temperatures[0])], [0]
    for a, b in pairwise(temperatures):
        steps = max(int(np.ceil(np.log(a / b) / 0.08)), 1)
        ladder += [float(a * (b / a) ** (k / steps)) for k in range(1, steps)] + [float(b)]
        kept.append(len(ladder) - 1)
    return np.array(ladder), kept


def sample_states(
    sampling: Callable[..., list[StateAverages]],
    model: Lattice,
    T: NDArray[np.float64],
    hot: NDArray[np.float64],
    mu: NDArray[np.float64],
    sweeps: int,
    seed: np.random.SeedSequence,
    executor: Executor | None,
    progress: Progress | None,
) -> NDArray[np.float64]:
    """Averages at all states, shape (len(hot) + len(T), mu, fields of StateAverages), from hot to cold."""
    seeds = seed.spawn(len(mu))
    count = len(mu)
    columns = []
    arguments = ([model] * count, mu, [hot] * count, [T] * count, [sweeps] * count, seeds)
    for done, chain in enumerate(parallel_map(sampling, *arguments, executor=executor), start=1):
        columns.append(chain)
        if progress is not None:
            progress(done / count, f"Monte Carlo: {done} of {count} chemical potentials")
    return np.array(columns).transpose(1, 0, 2)


def state_averages(model: Lattice, mu: float, ions: NDArray[np.float64], energies: NDArray[np.float64]) -> StateAverages:
    """Averages of one state's series of ions and energies (eV), shape (sweeps,) each, after burn-in."""
    start = max(burn_in(ions), burn_in(energies))
    count = average(ions, start)
    energy = average(energies, start)
    dn = ions[start:] - count.mean
    de = energies[start:] - energy.mean
    squares = average(dn * dn, 0)
    variance = max(squares.mean, 1e-12)
    partial = float(np.mean(dn * de)) / variance
    scatter = average(dn * (de - partial * dn), 0).error / variance if squares.mean > 0 else np.inf
    # Squares about the sample mean miss the variance of that mean: put back.
    independent = max(len(dn) / max(count.inefficiency, energy.inefficiency), 2.0)
    unbias = independent / (independent - 1.0)
    # A series that never changed is not without error: one more ion or vacancy in all samples would have gone unseen.
    unseen = 1.0 / len(dn)
    return StateAverages(
        x=count.mean / model.sites,
        x_error=max(count.error, unseen) / model.sites,
        energy=model.constant + energy.mean / model.cells,
        energy_error=energy.error / model.cells,
        fluctuations=squares.mean * unbias / model.sites,
        fluctuations_error=max(squares.error, unseen) / model.sites,
        # Hardly any fluctuation says nothing of the slope: the error then covers the whole range of site energies.
        partial_energy=partial,
        partial_energy_error=min(scatter + 1.0 / np.sqrt(1.0 + variance * len(dn)), 1e3),
        inefficiency=max(count.inefficiency, energy.inefficiency),
        heat=float(np.var(de - mu * dn)) * unbias / model.sites,
        grand_error=average(de - mu * dn, 0).error / model.sites,
        bimodality=sarle_coefficient(dn),
    )


def _bracket(model: Model, T: float) -> tuple[float, float]:
    """Chemical potentials at which hardly an ion enters the empty lattice, and hardly one leaves the full one."""
    field = np.empty(model.cells * model.tables.sublattices)
    ends = []
    for state in (0, 1):
        compute_fields(model.tables, np.full(field.size, state, dtype=np.int8), field)
        of_ion = field.reshape(model.cells, -1)[0][model.exchanged > 0]
        ends += [float(of_ion.min()), float(of_ion.max())]
    margin = BOLTZMANN_EV * T * np.log((1 - EDGE) / EDGE)
    return min(ends) - margin, max(ends) + margin


def automatic_chemical_potentials(
    sampling: Callable[..., list[StateAverages]],
    model: Lattice,
    bracket: tuple[float, float],
    T: NDArray[np.float64],
    hot: NDArray[np.float64],
    points: int,
    seed: np.random.SeedSequence,
    executor: Executor | None,
    reach: tuple[float, float] = (0.0, 1.0),
) -> NDArray[np.float64]:
    """Values whose x runs from EDGE to 1 − EDGE of its `reach` at every temperature, spaced evenly in a mix of x and μ."""

    def pilot(potentials: NDArray[np.float64], word: np.random.SeedSequence) -> NDArray[np.float64]:
        states = sample_states(sampling, model, coldest, hot, potentials, 40, word, executor, None)
        return np.asarray((states[len(hot) :, :, 0] - reach[0]) / (reach[1] - reach[0]))

    low_end, high_end = bracket
    coldest = np.array([T[0], T[-1]]) if len(T) > 1 else T
    for attempt in seed.spawn(6):
        grid = np.linspace(low_end, high_end, 97)
        x = pilot(grid, attempt)
        # Where ions attract each other the lattice fills at a lower potential than that of the first ion.
        full_already, empty_still = float(x[:, 0].max()) > EDGE, float(x[:, -1].min()) < 1 - EDGE
        if not (full_already or empty_still):
            break
        wider = 0.5 * (high_end - low_end)
        low_end, high_end = low_end - wider * full_already, high_end + wider * empty_still
    x = np.maximum.accumulate(x, axis=1)
    # Two steps beyond on either side: the pilot is noisy.
    low = max(0, min(int(np.searchsorted(row, EDGE)) for row in x) - 2)
    high = min(len(grid) - 1, max(int(np.searchsorted(row, 1 - EDGE)) for row in x) + 1)
    grid, x = grid[low : high + 1], x[:, low : high + 1]
    # Where phases part far below the critical temperature the pilot met either by chance: both ends are tried again.
    step = 4.0 * BOLTZMANN_EV * float(T[-1])
    again = np.random.SeedSequence(seed.generate_state(4).tolist()).spawn(8)
    for side, place in ((-1, 0), (1, -1)):
        for attempt in again:
            trial = np.repeat(grid[place], 4)
            found = pilot(trial, attempt)
            if np.all(found < 3 * EDGE if side < 0 else found > 1 - 3 * EDGE):
                break
            moved, beyond = grid[place] + side * step, np.full((len(x), 1), 0.0 if side < 0 else 1.0)
            grid = np.concatenate([[moved], grid] if side < 0 else [grid, [moved]])
            x = np.concatenate([beyond, x] if side < 0 else [x, beyond], axis=1)
    # A jump of x is a transition that no density of μ resolves: it counts no more than a few steps.
    density = np.mean(np.minimum(np.diff(x, axis=1), 0.03), axis=0) + 0.4 * np.diff(grid) / (grid[-1] - grid[0])
    cumulative = np.concatenate([[0.0], np.cumsum(density)])
    return np.interp(np.linspace(0.0, cumulative[-1], points), cumulative, grid)


def sampled_dataset(
    model: Lattice,
    ends: tuple[float, float] | None,
    T: NDArray[np.float64],
    hot: NDArray[np.float64],
    mu: NDArray[np.float64],
    states: NDArray[np.float64],
    *,
    independent: bool = True,
) -> Result:
    """Averages at all states, shape (len(hot) + len(T), mu, fields of StateAverages), from hot to cold, as a result.

    `ends`: energy of the empty and of the full lattice, eV per primitive cell; without it grand potentials have no common zero.
    `independent`: whether ions of the dilute lattice are independent of each other (with electrons of their own they are not).
    """
    potential, potential_error, closure = _grand_potentials(model, ends, T, hot, mu, states, independent)
    described = {
        "x": ("1", "filled fraction"),
        "x_error": ("1", "standard error of the filled fraction"),
        "energy": ("eV", "energy per primitive cell"),
        "energy_error": ("eV", "standard error of the energy"),
        "fluctuations": ("1", "variance of the number of ions per site"),
        "fluctuations_error": ("1", "standard error of the fluctuations"),
        "partial_energy": ("eV", "change of the energy with the number of ions"),
        "partial_energy_error": ("eV", "standard error of the partial energy"),
        "inefficiency": ("1", "sweeps per independent sample"),
        "bimodality": ("1", "Sarle's coefficient of the number of ions: 1/3 normal, 1 two values"),
    }
    wanted = states[len(hot) :][::-1]
    data = Result(coords={"T": labelled("T", T, "temperature", "K"), "mu": labelled("mu", mu, "chemical potential", "eV")})
    for name, (unit, words) in described.items():
        data[name] = labelled(("T", "mu"), wanted[..., StateAverages._fields.index(name)], words, unit)
    data["grand_potential"] = labelled(("T", "mu"), potential, "grand potential per site of the working ion", "eV")
    data["grand_potential_error"] = labelled(("T", "mu"), potential_error, "standard error of the grand potential", "eV")
    rates = states[len(hot) :][::-1][..., StateAverages._fields.index("exchange_rate")]
    if not np.all(np.isnan(rates)):
        words = "least share of accepted exchanges with the next higher temperature"
        data["exchange_rate"] = labelled("T", rates.min(axis=1), words, "1")
    words = "integrated grand potential minus that of the dilute vacancies at the full end"
    data["grand_potential_closure"] = labelled("T", closure, words, "eV")
    data["T"].attrs.update(units="K", long_name="temperature")
    data["mu"].attrs.update(units="eV", long_name="chemical potential of the working ion")
    data["stable"] = labelled(("T", "mu"), stable_states(data), "above no tangent of the grand potential in another state", "1")
    return data.assign_attrs(sites=model.sites, cells=model.cells)


def _grand_potentials(
    model: Lattice,
    ends: tuple[float, float] | None,
    T: NDArray[np.float64],
    hot: NDArray[np.float64],
    mu: NDArray[np.float64],
    states: NDArray[np.float64],
    independent: bool,
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """At the temperatures T: φ(T, mu), eV per site of the working ion, its standard error, and its closure error (T)."""
    per_cell = model.sites / model.cells
    column = dict(zip(StateAverages._fields, np.moveaxis(states, -1, 0), strict=True))
    averages = States(
        **{name: column[name] for name in ("x", "x_error", "fluctuations", "fluctuations_error", "heat")},
        omega=column["energy"] / per_cell - mu * column["x"],
        omega_error=column["grand_error"],
    )
    per_site = None if ends is None else (ends[0] / per_cell, ends[1] / per_cell)
    found = grand_potentials(np.concatenate([hot, T[::-1]]), mu, averages, per_site, model.sites, independent)
    phi, error, closure = (values[len(hot) :][::-1] for values in found)
    return phi, error, closure


def end_energies(model: Model) -> tuple[float, float]:
    """Energy of the host with all sites empty and all filled, eV per primitive cell."""
    field = np.empty(model.cells * model.tables.sublattices)
    energies = [compute_fields(model.tables, np.full(field.size, state, dtype=np.int8), field) for state in (0, 1)]
    return model.constant + energies[0] / model.cells, model.constant + energies[1] / model.cells
