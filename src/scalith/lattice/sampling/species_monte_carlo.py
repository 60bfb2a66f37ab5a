"""Monte Carlo of sites that several species share: at fixed composition, and with the working ion exchanged with a reservoir."""

from __future__ import annotations

from concurrent.futures import Executor
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from scalith.crystal.host import VACANCY, element_of
from scalith.lattice.kernels.species import species_chain, species_fields
from scalith.lattice.sampling.monte_carlo import (
    EDGE,
    Progress,
    StateAverages,
    about_expansion,
    automatic_chemical_potentials,
    cooling_ladder,
    increasing,
    sample_states,
    sampled_dataset,
    state_averages,
)
from scalith.lattice.sampling.sampling_warnings import sampling_warnings
from scalith.lattice.sampling.species_model import SpeciesModel, species_model, without_steps
from scalith.lattice.sampling.time_series import average
from scalith.quantities import InputError, Result, labelled, predicted
from scalith.quantities.constants import BOLTZMANN_EV

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import ArrayLike, NDArray
    from scipy.optimize import LinearConstraint

    from scalith.crystal import Host
    from scalith.lattice.expansion.species_expansion import SpeciesExpansion

Counts = list[list[int]]
"""Sites of each species, group by group."""

TAIL = 0.0075
"""Stoichiometry from either end within which results of coupled sublattices are not given: no ideal solution is known there."""


def species_canonical(
    expansion: SpeciesExpansion,
    temperatures: ArrayLike,
    composition: Sequence[Mapping[str, float]],
    *,
    cells: int | Sequence[int] = 8,
    sweeps: int = 200,
    seed: int,
) -> Result:
    """Energy and heat capacity at fixed composition, cooled from the highest temperature down.

    Parameters
    ----------
    expansion : SpeciesExpansion
    temperatures : array_like, shape (T,)
        K, increasing.
    composition : sequence of mapping
        For each distinct list of species of the host's active sites, in their order: the fraction of each species. Rounded to
        whole sites. The charge per cell that it means is kept by every move, and reported.
    cells : int or three ints
    sweeps : int
        Sweeps (one trial a site) at each temperature; burn-in is found and taken off.
    seed : int

    Returns
    -------
    Result
        Over ``T``: ``energy`` (eV per primitive cell), ``heat_capacity`` (eV K-1 per primitive cell), with errors,
        ``inefficiency``; ``species`` (site): the configuration at the lowest temperature. ``attrs["charge"]``: formal charge of a
        primitive cell, spectators included, e.

    Raises
    ------
    InputError
        Temperatures do not increase, fractions that do not add up to 1 or name another species, fewer than 20 sweeps.
    """
    T = increasing("temperatures", temperatures, positive=True)
    if sweeps < 20:
        raise InputError("Monte Carlo", "sweeps", sweeps, "at least 20")
    model = species_model(expansion, cells)
    count = model.cells
    seeds = np.random.SeedSequence(seed).generate_state(2, np.uint64)
    codes = model.arranged(_counts(model, composition), np.random.default_rng(seeds[0]))
    energies, ions = np.empty((len(T), sweeps)), np.empty((len(T), sweeps))
    thermal, potentials = BOLTZMANN_EV * T[::-1].copy(), np.zeros(len(T))
    steps = without_steps(model.steps)
    species_chain(model.tables, model.grouped, model.starts, steps, codes, thermal, potentials, sweeps, seeds[1], ions, energies)
    rows = []
    for temperature, series in zip(T, energies[::-1], strict=True):
        energy = average(series)
        squares = average((series[energy.burn_in :] - energy.mean) ** 2, 0)
        scale = 1.0 / (BOLTZMANN_EV * temperature**2 * count)
        independent = max((sweeps - energy.burn_in) / energy.inefficiency, 2.0)
        heat = scale * squares.mean * independent / (independent - 1.0)
        rows.append((model.constant + energy.mean / count, energy.error / count, heat, scale * squares.error))
    data = Result(coords={"T": labelled("T", T, "temperature", "K")})
    for (name, unit, words), column in zip(
        (
            ("energy", "eV", "energy per primitive cell"),
            ("energy_error", "eV", "standard error of the energy"),
            ("heat_capacity", "eV K-1", "heat capacity per primitive cell"),
            ("heat_capacity_error", "eV K-1", "standard error of the heat capacity"),
        ),
        np.array(rows).T,
        strict=True,
    ):
        data[name] = labelled("T", column, words, unit)
    species = model.codes(codes)
    data["species"] = labelled("site", species, "place in the host's list of species of the site", "1")
    source = predicted(
        "scalith.lattice.species_canonical",
        expansion.digest,
        settings={"cells": list(model.shape), "sweeps": sweeps, "seed": seed},
    )
    return data.assign_attrs(source=source.to_json(), host=model.host.name, charge=_charge(model.host, species, count))


def species_semi_grand_canonical(
    expansion: SpeciesExpansion,
    temperatures: ArrayLike,
    chemical_potentials: ArrayLike | None = None,
    *,
    composition: Sequence[Mapping[str, float]] | None = None,
    cells: int | Sequence[int] = 12,
    sweeps: int = 200,
    points: int = 72,
    seed: int,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> Result:
    """Sample stoichiometry and energy of coupled sublattices at given temperature and chemical potential of the working ion.

    As `scalith.lattice.semi_grand_canonical`, with all sublattices in motion: species of like sites change places, and where the
    host's elements have several charge states every change of composition is neutral: an ion enters together with the electron
    that makes Fe2+ of a Fe3+ wherever it likes. μ is that of ion and electrons. Elements other than the ion are kept.

    Parameters
    ----------
    expansion : SpeciesExpansion
    temperatures, chemical_potentials, cells, sweeps, points, seed, executor, progress
        As `scalith.lattice.semi_grand_canonical`.
    composition : sequence of mapping, optional
        As in `species_canonical`: tells how much there is of each element besides the working ion. Not needed where each list of
        species holds one element besides the ion, or none.

    Returns
    -------
    Result
        As `scalith.lattice.semi_grand_canonical`, for the same functions of thermodynamics. ``attrs["known_x"]``: where energies
        were fitted and x was sampled; V(x) is given there alone. Where the empty and the full lattice are not one arrangement
        each, grand potentials have no zero in common, and no entropy follows (``attrs["zero_of_entropy"]``).

    Raises
    ------
    InputError
        No neutral step brings the ion in, or a charge state would never change; the composition of the rest is not told.
    """
    T = increasing("temperatures", temperatures, positive=True)
    if sweeps < 20:
        raise InputError("Monte Carlo", "sweeps", sweeps, "at least 20")
    model = species_model(expansion, cells)
    _require_moving(model)
    empty, full = composition_range(model, composition)
    reach = _ion_fraction(model, empty), _ion_fraction(model, full)
    if reach[1] - reach[0] < 1e-9:
        found = f"x = {reach[0]:.3g} alone"
        raise InputError(model.host.name, "composition", found, "charges that let the working ion in and out")
    hot = cooling_ladder(model, float(T[-1]))
    pilot_seed, chain_seed = np.random.SeedSequence(seed).spawn(2)
    sampling = partial(_cool, empty)
    if chemical_potentials is None:
        bracket = _bracket(model, empty, full, float(T[-1]))
        mu = automatic_chemical_potentials(sampling, model, bracket, T, hot, points, pilot_seed, executor, reach)
    else:
        mu = increasing("chemical_potentials", chemical_potentials)
    states = sample_states(sampling, model, T, hot, mu, sweeps, chain_seed, executor, progress)
    pure = reach == (0.0, 1.0) and all(is_one_arrangement(model, composition, counts) for counts in (empty, full))
    ends = _end_energies(model, empty, full) if pure else None
    data = sampled_dataset(model, ends, T, hot, mu, states, independent=not model.host.charge_states)
    settings = {"cells": list(model.shape), "sweeps": sweeps, "seed": seed, "points": len(mu)}
    source = predicted("scalith.lattice.species_semi_grand_canonical", expansion.digest, settings=settings)
    about = about_expansion(expansion)
    x = data["x"].values
    low = max(expansion.known_x[0], float(x.min(axis=1).max()), TAIL)
    high = min(expansion.known_x[1], float(x.max(axis=1).min()), 1.0 - TAIL)
    about |= {"known_x": [low, high], "coupled": 1, "zero_of_entropy": int(pure)}
    data = data.assign_attrs(source=source.to_json(), **about)
    return data.assign_attrs(warnings=sampling_warnings(data, sweeps))


def _cool(
    counts: Counts,
    model: SpeciesModel,
    mu: float,
    hot: NDArray[np.float64],
    T: NDArray[np.float64],
    sweeps: int,
    seed: np.random.SeedSequence,
) -> list[StateAverages]:
    """As `scalith.lattice.sampling.monte_carlo.cool`, from a random arrangement of stated numbers of species."""
    word = seed.generate_state(3, np.uint64)
    codes = model.arranged(counts, np.random.default_rng(word[2]))
    averages: list[StateAverages] = []
    for stage, (temperatures, count) in enumerate(((hot, max(sweeps // 4, 10)), (T[::-1], sweeps))):
        if len(temperatures) == 0:
            continue
        ions, energies = np.empty((len(temperatures), count)), np.empty((len(temperatures), count))
        thermal, potentials = BOLTZMANN_EV * np.ascontiguousarray(temperatures), np.full(len(temperatures), mu)
        chain = (model.tables, model.grouped, model.starts, model.steps, codes, thermal, potentials)
        species_chain(*chain, count, word[stage], ions, energies)
        averages += [state_averages(model, mu, number, energy) for number, energy in zip(ions, energies, strict=True)]
    return averages


def _require_moving(model: SpeciesModel) -> None:
    """Reject a lattice whose ions no step brings in, or whose charge states no step changes."""
    steps, host = model.steps, model.host
    told = ", ".join(" and ".join(names) for names in model.lists)
    if not np.any(steps.ions):
        expected = "charge states that take up the charge of an ion (Fe2+ and Fe3+ for Li)"
        raise InputError(host.name, "species", f"{told}: no neutral step brings {host.working_ion} in", expected)
    for group, names in enumerate(model.lists):
        for code, name in enumerate(names[::-1]):
            states = [other for other in names if element_of(other) == element_of(name)]
            used = (steps.group == group) & ((steps.before == code) | (steps.after == code))
            if len(states) > 1 and not np.any(used & (np.arange(used.shape[1]) < steps.size[:, None])):
                raise InputError(host.name, "species", f"{told}: no neutral step changes {name}", "charges that add up")


def composition_range(model: SpeciesModel, composition: Sequence[Mapping[str, float]] | None) -> tuple[Counts, Counts]:
    """Numbers of sites of each species with the fewest and with the most working ions, neutral where charges are told.

    Raises
    ------
    InputError
        No such numbers, or the amount of another element is not told.
    """
    from scipy.optimize import milp

    names, kept = _kept_numbers(model, composition)
    found = []
    for sign in (1.0, -1.0):
        solved = milp(sign * _ions(model, names), constraints=kept, integrality=np.ones(len(names)))
        if solved.x is None:
            told = "; ".join(", ".join(own) for own in model.lists)
            expected = "charges that add up to zero in whole numbers of sites, spectators included"
            totals = np.diff(model.starts).tolist()
            raise InputError(model.host.name, "composition", f"{told} on {totals} sites", expected)
        found.append(_by_group(model, names, solved.x))
    return found[0], found[1]


def composition_with(model: SpeciesModel, ions: int, composition: Sequence[Mapping[str, float]] | None) -> Counts:
    """Numbers of sites of each species with `ions` working ions, neutral where charges are told; any where several are.

    Raises
    ------
    InputError
        No such numbers, or the amount of another element is not told.
    """
    from scipy.optimize import LinearConstraint, milp

    names, kept = _kept_numbers(model, composition)
    wanted = LinearConstraint(_ions(model, names)[None], ions, ions)
    solved = milp(np.zeros(len(names)), constraints=[kept, wanted], integrality=np.ones(len(names)))
    if solved.x is None:
        found, expected = f"{ions} {model.host.working_ion} on {model.sites} sites", "a number with which charges add up to zero"
        raise InputError(model.host.name, "x", found, expected)
    return _by_group(model, names, solved.x)


def _by_group(model: SpeciesModel, names: Sequence[tuple[int, str]], numbers: NDArray[np.float64]) -> Counts:
    counts = np.round(numbers).astype(int).tolist()
    return [[number for number, (of, _) in zip(counts, names, strict=True) if of == group] for group in range(len(model.lists))]


def _kept_numbers(
    model: SpeciesModel, composition: Sequence[Mapping[str, float]] | None
) -> tuple[list[tuple[int, str]], LinearConstraint]:
    """Groups and species, and what their numbers of sites must fulfil: sites of each group, elements, neutrality."""
    from scipy.optimize import LinearConstraint

    host, lists = model.host, model.lists
    totals = np.diff(model.starts)
    names = [(group, name) for group, own in enumerate(lists) for name in own]
    rows = [[float(group == wanted) for group, _ in names] for wanted in range(len(lists))]
    right = [float(total) for total in totals]
    elements = _elements(model, composition)
    rows += [[float(element_of(name) == element) for _, name in names] for element in elements]
    right += [float(count) for count in elements.values()]
    if host.charge_states:
        charges = {name: charge for site in host.sites for name, charge in zip(site.species, site.charges, strict=True)}
        rows.append([charges[name] for _, name in names])
        right.append(-model.cells * sum(site.charges[0] for site in host.sites if not site.active))
    return names, LinearConstraint(np.array(rows), right, right)


def _ions(model: SpeciesModel, names: Sequence[tuple[int, str]]) -> NDArray[np.float64]:
    return np.array([float(name == model.host.working_ion) for _, name in names])


def is_one_arrangement(model: SpeciesModel, composition: Sequence[Mapping[str, float]] | None, counts: Counts) -> bool:
    """Whether a lattice with as many ions as `counts` can be in one arrangement alone: one species on each list of sites, and no
    other numbers of species (Fe3+ and Mn2+ for Fe2+ and Mn3+, Mn2+ and Mn4+ for 2 Mn3+) with as many ions and the same charge.
    """
    from scipy.optimize import LinearConstraint, milp

    if any(sum(number > 0 for number in own) > 1 for own in counts):
        return False
    names, kept = _kept_numbers(model, composition)
    own, ions = np.array([number for group in counts for number in group], dtype=np.float64), _ions(model, names)
    same = LinearConstraint(ions[None], ions @ own, ions @ own)
    # Where no absent species can be present, each list holds the one that it holds.
    solved = milp(-(own == 0.0).astype(float), constraints=[kept, same], integrality=np.ones(len(names)))
    return bool(solved.x is not None and np.round(solved.x)[own == 0.0].sum() == 0)


def _elements(model: SpeciesModel, composition: Sequence[Mapping[str, float]] | None) -> dict[str, int]:
    """Sites of each element besides the working ion, where that is to be kept."""
    found: dict[str, int] = {}
    if composition is not None:
        for names, numbers in zip(model.lists, _counts(model, composition), strict=True):
            for name, number in zip(names, numbers, strict=True):
                if element_of(name) not in (model.host.working_ion, VACANCY):
                    found[element_of(name)] = found.get(element_of(name), 0) + int(number)
        return found
    for group, names in enumerate(model.lists):
        others = sorted({element_of(name) for name in names} - {model.host.working_ion, VACANCY})
        free = VACANCY in names or model.host.working_ion in names
        if len(others) > 1 or (others and free):
            raise InputError(
                model.host.name,
                "composition",
                f"none, for sites of {', '.join(names)}",
                f"how much there is of {', '.join(others)}",
            )
        for element in others:
            found[element] = found.get(element, 0) + int(model.starts[group + 1] - model.starts[group])
    return found


def _ion_fraction(model: SpeciesModel, counts: Counts) -> float:
    pairs = [
        (name, number) for names, own in zip(model.lists, counts, strict=True) for name, number in zip(names, own, strict=True)
    ]
    return sum(number for name, number in pairs if name == model.host.working_ion) / model.sites


def _energy(model: SpeciesModel, codes: NDArray[np.int8]) -> float:
    field = np.zeros((len(codes), model.tables.point.shape[1]))
    return model.constant + float(species_fields(model.tables, codes, field)) / model.cells


def _end_energies(model: SpeciesModel, empty: Counts, full: Counts) -> tuple[float, float]:
    """Energies of an arrangement of either end, eV per primitive cell."""
    rng = np.random.default_rng(0)
    return _energy(model, model.arranged(empty, rng)), _energy(model, model.arranged(full, rng))


def _bracket(model: SpeciesModel, empty: Counts, full: Counts, T: float) -> tuple[float, float]:
    """Chemical potentials around the energy of an ion, averaged from the empty to the full lattice."""
    first, last = _end_energies(model, empty, full)
    ions = (_ion_fraction(model, full) - _ion_fraction(model, empty)) * model.sites / model.cells
    middle = (last - first) / ions
    margin = BOLTZMANN_EV * T * np.log((1 - EDGE) / EDGE) + model.strongest_pair
    return middle - margin, middle + margin


def _counts(model: SpeciesModel, composition: Sequence[Mapping[str, float]]) -> Counts:
    if len(composition) != len(model.lists):
        raise InputError(
            "Monte Carlo", "composition", f"{len(composition)} entries", f"{len(model.lists)}, one for each of {model.lists}"
        )
    totals = np.diff(model.starts).tolist()
    return [_whole(names, own, total).tolist() for names, own, total in zip(model.lists, composition, totals, strict=True)]


def _whole(names: tuple[str, ...], fractions: Mapping[str, float], sites: int) -> NDArray[np.int64]:
    """Sites of each species: whole numbers nearest to the fractions that add up."""
    share = np.array([float(fractions.get(name, 0.0)) for name in names])
    if set(fractions) - set(names) or np.any(share < 0.0) or abs(share.sum() - 1.0) > 1e-6:
        raise InputError("Monte Carlo", "composition", dict(fractions), f"fractions of {', '.join(names)} that add up to 1")
    exact = share * sites
    counts = np.floor(exact + 1e-9).astype(np.int64)
    counts[np.argsort(counts - exact)[: sites - int(counts.sum())]] += 1
    return counts


def _charge(host: Host, species: NDArray[np.int8], cells: int) -> float:
    fixed = sum(site.charges[0] for site in host.sites if not site.active)
    charges = [host.sites[index].charges for index in host.active]
    return float(fixed + sum(charges[k % len(charges)][int(s)] for k, s in enumerate(species)) / cells)
