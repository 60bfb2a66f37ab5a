"""Monte Carlo of sites that several species share, at fixed composition: exchanges keep it, and the charge."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from scalith.lattice.expansion.cluster_space import LatticeSite
from scalith.lattice.expansion.species_expansion import cluster_energies
from scalith.lattice.kernels.species import SpeciesTables, species_chain
from scalith.lattice.sampling.monte_carlo import increasing
from scalith.lattice.sampling.supercell import neighbour_sites, supercell_shape
from scalith.lattice.sampling.time_series import average
from scalith.quantities import InputError, Result, labelled, predicted
from scalith.quantities.constants import BOLTZMANN_EV

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import ArrayLike, NDArray

    from scalith.crystal import Host
    from scalith.lattice.expansion.species_expansion import SpeciesExpansion


def species_tables(expansion: SpeciesExpansion, shape: tuple[int, int, int]) -> SpeciesTables:
    """Kernel tables of an expansion on an n₁ × n₂ × n₃ supercell.

    Raises
    ------
    InputError
        The supercell is so small that a cluster meets its own image.
    """
    sublattices = len(expansion.host.active)
    slots: list[dict[LatticeSite, int]] = [{} for _ in range(sublattices)]
    rows: list[list[tuple[list[int], list[int], int, float]]] = [[] for _ in range(sublattices)]
    energies: list[NDArray[np.float64]] = []
    size = 0
    for cluster, energy in cluster_energies(expansion).items():
        strides = [int(np.prod(energy.shape[k + 1 :])) for k in range(energy.ndim)]
        for index, origin in enumerate(cluster):
            s = origin[0]
            others = [k for k in range(len(cluster)) if k != index]
            sites = [cluster[k] for k in others]
            shifts = [(t[0], t[1] - origin[1], t[2] - origin[2], t[3] - origin[3]) for t in sites]
            images = {(t, *(d % n for d, n in zip(rest, shape, strict=True))) for t, *rest in shifts} | {(s, 0, 0, 0)}
            if len(images) <= len(shifts):
                raise InputError("supercell", "cells", list(shape), "a supercell in which no cluster meets its own image")
            numbers = [slots[s].setdefault(shift, len(slots[s])) for shift in shifts]
            pad = 3 - len(numbers)
            steps = [strides[index], *(strides[k] for k in others), *[0] * pad]
            rows[s].append(([*numbers, *[0] * pad], steps, size, 1.0 / len(cluster)))
        energies.append(energy.ravel())
        size += energy.size
    flat = [row for own in rows for row in own]
    return SpeciesTables(
        sublattices,
        neighbour_sites(shape, sublattices, [list(items) for items in slots]),
        np.concatenate([[0], np.cumsum([len(own) for own in rows])]).astype(np.int64),
        np.array([row[0] for row in flat], dtype=np.int32).reshape(-1, 3),
        np.array([row[1] for row in flat], dtype=np.int64).reshape(-1, 4),
        np.array([row[2] for row in flat], dtype=np.int64),
        np.array([row[3] for row in flat], dtype=np.float64),
        np.concatenate(energies) if energies else np.zeros(1),
    )


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
    host, shape = expansion.host, supercell_shape(cells)
    lists = list(dict.fromkeys(host.sites[index].species for index in host.active))
    if len(composition) != len(lists):
        raise InputError("Monte Carlo", "composition", f"{len(composition)} entries", f"{len(lists)}, one for each of {lists}")
    tables = species_tables(expansion, shape)
    count = int(np.prod(shape))
    seeds = np.random.SeedSequence(seed).generate_state(2, np.uint64)
    rng = np.random.default_rng(seeds[0])
    kind = np.array([lists.index(host.sites[index].species) for index in host.active])
    sites, starts = [], [0]
    species = np.zeros(count * len(kind), dtype=np.int8)
    for group, (names, fractions) in enumerate(zip(lists, composition, strict=True)):
        own = np.flatnonzero(np.tile(kind, count) == group)
        species[rng.permutation(own)] = np.repeat(np.arange(len(names)), _whole(names, fractions, len(own)))
        sites.append(own)
        starts.append(starts[-1] + len(own))
    energies = np.empty((len(T), sweeps))
    grouped, ranges = np.concatenate(sites), np.array(starts, dtype=np.int64)
    species_chain(tables, grouped, ranges, species, BOLTZMANN_EV * T[::-1].copy(), sweeps, seeds[1], energies)
    constant = sum(value for orbit, value in zip(expansion.orbits, expansion.interactions, strict=True) if orbit.order == 0)
    rows = []
    for temperature, series in zip(T, energies[::-1], strict=True):
        energy = average(series)
        squares = average((series[energy.burn_in :] - energy.mean) ** 2, 0)
        scale = 1.0 / (BOLTZMANN_EV * temperature**2 * count)
        rows.append((constant + energy.mean / count, energy.error / count, scale * squares.mean, scale * squares.error))
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
    data["species"] = labelled("site", species, "place in the host's list of species of the site", "1")
    source = predicted(
        "scalith.lattice.species_canonical", expansion.digest, settings={"cells": list(shape), "sweeps": sweeps, "seed": seed}
    )
    return data.assign_attrs(source=source.to_json(), host=host.name, charge=_charge(host, species, count))


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
