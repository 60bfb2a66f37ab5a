"""Diffusion by hops between centres and the sites around them, with barriers from local cluster expansions (NaSICON).

The activation energy of a hop is E_KRA ± ΔE/2, both expansions being evaluated with the occupations before the hop, as kMCpy
does. Since the site hopped to is itself part of the surroundings, forward and backward energies need not differ by one energy
function: where strict detailed balance matters, use `scalith.lattice.kinetic_monte_carlo` with end-state energies of one
expansion.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import xarray as xr

from scalith.lattice.expansion.local_cluster_expansion import CONGRUENCE
from scalith.lattice.hopping.displacements import STEPS, collective_slope, ratio_of_sums, tracer_slope, tree_levels
from scalith.lattice.hopping.walk_warnings import FROZEN, LOOSE
from scalith.lattice.hopping.walks import numbered
from scalith.lattice.kernels.local_hops import centred_trajectory
from scalith.lattice.sampling.monte_carlo import increasing
from scalith.lattice.sampling.supercell import supercell_shape
from scalith.quantities import InputError, Result, labelled, predicted
from scalith.quantities.constants import BOLTZMANN_EV

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ase import Atoms
    from numpy.typing import ArrayLike, NDArray

    from scalith.lattice.expansion.local_cluster_expansion import LocalClusterExpansion

FOUND = ("tracer_diffusivity", "jump_diffusivity", "correlation_factor", "haven_ratio")


def centred_hop_diffusivity(
    atoms: Atoms,
    centre: int,
    barrier: LocalClusterExpansion,
    difference: LocalClusterExpansion,
    *,
    filled: float,
    fixed: float,
    temperatures: ArrayLike,
    cells: int | Sequence[int] = 3,
    trajectories: int = 8,
    events: int = 100_000,
    attempt_frequency: float = 5e12,
    seed: int,
) -> Result:
    """Diffusivities from trajectories.

    Parameters
    ----------
    atoms : ase.Atoms
        The host with all mobile sites filled.
    centre : int
        An atom on a centre site; its symmetry equivalents are the other centres.
    barrier, difference : LocalClusterExpansion
        E_KRA, and the energy of an ion on the outer site less that on the centre. Their sites of the
        centre's element move, the others hold one of two fixed species.
    filled : float
        Fraction of the mobile sites that are filled.
    fixed : float
        Fraction of the fixed sites with the first species (σ = +1), placed at random.
    temperatures : array_like
        K.
    cells : int or three ints
        Cells of `atoms` along each vector.
    trajectories, events : int
        Independent trajectories (each with its own fixed sites, after a fifth of its hops to equilibrate), and hops of each.
    attempt_frequency : float
        s⁻¹.
    seed : int

    Returns
    -------
    Result
        Dimension ``T``: ``tracer_diffusivity``, ``jump_diffusivity`` (m2 s-1), ``correlation_factor``, ``haven_ratio``; errors;
        ``undone_hops``. ``attrs["warnings"]`` says what limits the result and what to change.

    Raises
    ------
    InputError
        The surroundings in the structure are not those of the expansions, or there is no ion or no vacancy.
    """
    T = increasing("temperatures", temperatures, positive=True)
    shape = supercell_shape(cells)
    network = _network(atoms, centre, barrier, shape)
    ions = round(filled * network.sites)
    if not 0 < ions < network.sites or not 0.0 <= fixed <= 1.0:
        raise InputError("centred hops", "filled, fixed", (filled, fixed), "fractions with at least one ion and one vacancy")
    width = len(barrier.species)
    patterns = np.arange(2**width)
    spins = 2 * ((patterns[:, None] >> np.arange(width)) & 1) - 1
    activation, change = barrier.value(spins), difference.value(spins)
    found = {name: np.empty((len(T), 2)) for name in FOUND}
    backward = np.zeros(len(T))
    for row, (temperature, root) in enumerate(zip(T, np.random.SeedSequence(seed).spawn(len(T)), strict=True)):
        kT = BOLTZMANN_EV * temperature
        outward, inward = (
            attempt_frequency * np.exp(-np.maximum(activation + 0.5 * sign * change, 0.0) / kT) for sign in (1, -1)
        )
        sums = np.array(
            [
                _walk(network, (outward, inward), ions, fixed, events, np.random.default_rng(child))
                for child in root.spawn(trajectories)
            ]
        )
        time, moved, traced, squared, undone = sums.T
        backward[row] = undone.sum() / (events * trajectories)
        scale = 1e-20 / (6.0 * ions)
        for name, top, bottom, unit in zip(
            FOUND, (traced, moved, traced, traced), (time, time, squared, moved), (scale, scale, 1.0, 1.0), strict=True
        ):
            value, error = ratio_of_sums(top, bottom)
            found[name][row] = unit * value, unit * error
    data = _result(T, found, backward)
    settings = {
        "cells": list(shape),
        "filled": filled,
        "fixed": fixed,
        "trajectories": trajectories,
        "events": events,
        "seed": seed,
    }
    source = predicted(
        "scalith.lattice.hopping.centred_hops.centred_hop_diffusivity", barrier.digest, difference.digest, settings=settings
    )
    return data.assign_attrs(source=source.to_json(), sites=network.sites, warnings=_warnings(data, events / ions))


def _walk(
    network: _Network,
    rates: tuple[NDArray[np.float64], NDArray[np.float64]],
    ions: int,
    fixed: float,
    events: int,
    rng: np.random.Generator,
) -> tuple[float, float, float, float, float]:
    """One trajectory, after a fifth of its hops to equilibrate.

    Its time, the squares of the collective and of the ions' displacements over it and of all hops, and how many hops were undone.
    """
    centres, around = network.neighbours.shape
    width = around + network.fixed.shape[1]
    occupation = np.zeros(network.sites, dtype=np.int8)
    occupation[rng.permutation(network.sites)[:ions]] = 1
    first = rng.random(int(network.fixed.max()) + 1) < fixed
    bits = np.sum(first[network.fixed].astype(np.int64) << np.arange(around, width), axis=1)
    out = np.zeros(STEPS), np.zeros((STEPS, 3)), np.zeros((STEPS, 2, 3, 3))
    for hops in (events // 5, events):
        hopped, undone = centred_trajectory(
            occupation,
            *numbered(occupation),
            network.neighbours,
            network.vectors.reshape(-1, 3),
            network.centres_of,
            bits,
            *rates,
            hops,
            STEPS,
            np.uint64(rng.integers(2**63)),
            tree_levels(centres),
            *out,
        )
    times, collective, squares = out
    jump, tracer = np.trace(collective_slope(times, collective)), np.trace(tracer_slope(times, squares))
    return times[-1], jump * times[-1], tracer * times[-1], hopped, undone


def _result(T: NDArray[np.float64], found: dict[str, NDArray[np.float64]], backward: NDArray[np.float64]) -> Result:
    data = Result(coords={"T": labelled("T", T, "temperature", "K")})
    for name, values in found.items():
        units = "m2 s-1" if name.endswith("diffusivity") else "1"
        words = name.replace("_", " ")
        data[name] = labelled("T", values[:, 0], words, units)
        data[f"{name}_error"] = labelled("T", values[:, 1], f"standard error of the {words}", units)
    data["undone_hops"] = labelled("T", backward, "share of hops by which an ion goes straight back", "1")
    return data


def _warnings(data: xr.Dataset, hops_per_ion: float) -> list[str]:
    said = []
    if hops_per_ion < 2.0:
        said.append(f"an ion hops {hops_per_ion:.2g} times: more events needed")
    for where, message in (
        (data["undone_hops"].values > 0.9, FROZEN),
        (
            data["jump_diffusivity_error"].values > 0.5 * data["jump_diffusivity"].values,
            LOOSE,
        ),
    ):
        if where.any():
            said.append(f"{int(where.sum())} of {where.size} temperatures (first: {float(data['T'][where][0]):.0f} K): {message}")
    return said


class _Network(NamedTuple):
    """Mobile sites around each centre with vectors, fixed sites around it, centres around each mobile site, number of these."""

    neighbours: NDArray[np.int32]
    vectors: NDArray[np.float64]
    fixed: NDArray[np.int64]
    centres_of: NDArray[np.int32]
    sites: int


def _network(atoms: Atoms, centre: int, expansion: LocalClusterExpansion, shape: tuple[int, int, int]) -> _Network:
    """The sites of the supercell and what is around them."""
    import spglib

    cell, scaled = np.asarray(atoms.cell), np.asarray(atoms.positions) @ np.linalg.inv(np.asarray(atoms.cell))
    found = spglib.get_symmetry((cell, scaled, atoms.numbers), symprec=1e-3)
    template = _matched(atoms, centre, expansion) @ np.linalg.inv(cell)
    element = expansion.species[0]
    mobile = sum(name == element for name in expansion.species)
    surroundings: dict[int, tuple[list[tuple[int, NDArray[np.int64]]], NDArray[np.float64]]] = {}
    for rotation, translation in zip(found["rotations"], found["translations"], strict=True):
        image = rotation @ scaled[centre] + translation
        target = _site_at(image, scaled)
        if target is None or target[0] in surroundings:
            continue
        shift = target[1]
        members = [member for place in image + template @ rotation.T if (member := _site_at(place, scaled)) is not None]
        surroundings[target[0]] = ([(site, offset - shift) for site, offset in members], (template @ rotation.T) @ cell)
    kinds = list(surroundings)
    outer = sorted({site for members, _ in surroundings.values() for site, _ in members[:mobile]})
    still = sorted({site for members, _ in surroundings.values() for site, _ in members[mobile:]})
    grid = np.stack(np.meshgrid(*[np.arange(n) for n in shape], indexing="ij"), axis=-1).reshape(-1, 3)
    count = len(grid)

    def number(place: int, offset: NDArray[np.int64]) -> NDArray[np.int64]:
        wrapped = (grid + offset) % np.array(shape)
        return np.asarray(place * count + (wrapped[:, 0] * shape[1] + wrapped[:, 1]) * shape[2] + wrapped[:, 2])

    neighbours, fixed = [], []
    for kind in kinds:
        members = surroundings[kind][0]
        neighbours.append(np.stack([number(len(kinds) + outer.index(site), shift) for site, shift in members[:mobile]], axis=1))
        fixed.append(np.stack([number(still.index(site), shift) for site, shift in members[mobile:]], axis=1))
    vectors = np.concatenate([np.repeat(surroundings[kind][1][None, :mobile], count, axis=0) for kind in kinds])
    total = (len(kinds) + len(outer)) * count
    table = np.concatenate(neighbours).astype(np.int32)
    return _Network(table, np.ascontiguousarray(vectors), np.concatenate(fixed), _centres_of(table, total), total)


def _matched(atoms: Atoms, centre: int, expansion: LocalClusterExpansion) -> NDArray[np.float64]:
    """Vectors from the centre to the sites around it, in the order of the expansion: shape (sites, 3), Å.

    Sites are assigned one by one so that all distances among them are those of the expansion.
    """
    template = np.array(expansion.positions)
    distance = np.linalg.norm(template[:, None] - template[None], axis=2)
    radius = np.linalg.norm(template, axis=1)
    grid = np.stack(np.meshgrid(*[np.arange(-1, 2)] * 3, indexing="ij"), axis=-1).reshape(-1, 3) @ np.asarray(atoms.cell)
    around = (np.asarray(atoms.positions)[None] + grid[:, None] - np.asarray(atoms.positions)[centre]).reshape(-1, 3)
    names = np.tile(np.array([str(name) for name in atoms.symbols]), len(grid))
    lengths = np.linalg.norm(around, axis=1)
    chosen: list[int] = []

    def assign(k: int) -> bool:
        if k == len(template):
            return True
        fitting = np.flatnonzero((names == expansion.species[k]) & (np.abs(lengths - radius[k]) < CONGRUENCE))
        for site in fitting:
            if site in chosen:
                continue
            if np.all(np.abs(np.linalg.norm(around[chosen] - around[site], axis=1) - distance[k, :k]) < CONGRUENCE):
                chosen.append(int(site))
                if assign(k + 1):
                    return True
                chosen.pop()
        return False

    if not assign(0):
        raise InputError("centred hops", "atoms", "another structure", "the surroundings that the local expansion was made for")
    return np.asarray(around[chosen])


def _site_at(place: NDArray[np.float64], scaled: NDArray[np.float64]) -> tuple[int, NDArray[np.int64]] | None:
    offset = place - scaled
    away = np.abs(offset - np.round(offset)).max(axis=1)
    nearest = int(np.argmin(away))
    return (nearest, np.round(offset[nearest]).astype(np.int64)) if away[nearest] < 1e-3 else None


def _centres_of(neighbours: NDArray[np.int32], sites: int) -> NDArray[np.int32]:
    """For each outer site the centres that see it; −1 pads."""
    seen: list[list[int]] = [[] for _ in range(sites)]
    for c, row in enumerate(neighbours):
        for site in row:
            seen[int(site)].append(c)
    table = np.full((sites, max(len(items) for items in seen)), -1, dtype=np.int32)
    for site, items in enumerate(seen):
        table[site, : len(items)] = items
    return table
