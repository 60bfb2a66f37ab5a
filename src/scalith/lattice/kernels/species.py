"""Metropolis sampling of sites that several species share, with the energy of each species on each site kept up to date.

The last species of a site is its reference, code 0; n_iσ = 1 where site i holds code σ > 0. The energy is
E = Σ h n + Σ V₂ n n + Σ V₃ n n n + Σ V₄ n n n n, and the field f_iσ of a site is E(n_iσ = 1) − E(reference on i). A trial costs
two look-ups a site, and only an accepted change touches the neighbours: with two species a site this is the binary path.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from scalith.lattice.kernels.random_numbers import advance, below, mixed, unit_interval
from scalith.numerics.compiled import compiled, compiled_inline

MOST_SITES = 4
"""Sites that one step changes at most."""


class SpeciesTables(NamedTuple):
    """Clusters that contain a site, sublattice by sublattice, and their energies for every combination of codes.

    Attributes
    ----------
    sublattices : int
        Site index = cell · sublattices + sublattice.
    counts : ndarray of int64, shape (sublattices,)
        Species of each.
    neighbours : ndarray of int32, shape (sites, slots)
        Site in each neighbour slot.
    point : ndarray, shape (sublattices, most species)
        Energy of a code alone, eV; 0 for the reference.
    start : ndarray of int64, shape (sublattices, 4)
        Where pairs, triplets and quadruplets of each sublattice begin in the lists below, and where they end.
    slots : ndarray of int32, shape (clusters, 3)
        Neighbour slots of the other sites (unused ones: any).
    widths : ndarray of int64, shape (clusters, 3)
        Species of the other sites.
    strides : ndarray of int64, shape (clusters, 4)
        The energy of codes σ, a, b, c stands at base + (σ, a, b, c)·strides; 0 for unused sites.
    base : ndarray of int64, shape (clusters,)
    energy : ndarray
        eV; 0 where one of the codes is the reference.
    """

    sublattices: int
    counts: NDArray[np.int64]
    neighbours: NDArray[np.int32]
    point: NDArray[np.float64]
    start: NDArray[np.int64]
    slots: NDArray[np.int32]
    widths: NDArray[np.int64]
    strides: NDArray[np.int64]
    base: NDArray[np.int64]
    energy: NDArray[np.float64]


class PairChanges(NamedTuple):
    """What a new code on a site adds to the fields of its neighbours through pairs, sublattice by sublattice.

    Attributes
    ----------
    start : ndarray of int64, shape (sublattices + 1,)
        Range of each sublattice in the lists below.
    slot : ndarray of int32, shape (entries,)
        Neighbour slot of the other site.
    code : ndarray of int64, shape (entries,)
        Code of the other site whose field changes.
    energy : ndarray, shape (most species, most species, entries)
        For each code before and each after, eV.
    """

    start: NDArray[np.int64]
    slot: NDArray[np.int32]
    code: NDArray[np.int64]
    energy: NDArray[np.float64]


class SpeciesSteps(NamedTuple):
    """Changes of composition, each of several sites at once, that keep what has to be kept (charge, elements).

    Attributes
    ----------
    size : ndarray of int64, shape (steps,)
        Sites that a step changes, at most MOST_SITES.
    group : ndarray of int64, shape (steps, MOST_SITES)
        Group of sites from which each is picked.
    before, after : ndarray of int8, shape (steps, MOST_SITES)
        Codes that it takes the sites from and to; backwards the other way.
    ions : ndarray of int64, shape (steps,)
        Working ions that it brings.
    is_ion : ndarray of int64, shape (sublattices, most species)
        1 for codes that are the working ion.
    """

    size: NDArray[np.int64]
    group: NDArray[np.int64]
    before: NDArray[np.int8]
    after: NDArray[np.int8]
    ions: NDArray[np.int64]
    is_ion: NDArray[np.int64]


@compiled
def species_fields(tables: SpeciesTables, species: NDArray[np.int8], field: NDArray[np.float64]) -> float:
    """Fill `field` (sites, most species) from scratch and give the total energy (without constant), eV."""
    total = 0.0
    for i in range(species.size):
        s = i % tables.sublattices
        row = tables.neighbours[i]
        for code in range(tables.counts[s]):
            point = tables.point[s, code]
            pairs, triplets, quadruplets = 0.0, 0.0, 0.0
            for c in range(tables.start[s, 0], tables.start[s, 3]):
                place = tables.base[c] + tables.strides[c, 0] * code
                for k in range(3):
                    place += tables.strides[c, k + 1] * species[row[tables.slots[c, k]]]
                if c < tables.start[s, 1]:
                    pairs += tables.energy[place]
                elif c < tables.start[s, 2]:
                    triplets += tables.energy[place]
                else:
                    quadruplets += tables.energy[place]
            field[i, code] = point + pairs + triplets + quadruplets
            if code == species[i]:
                total += point + pairs / 2.0 + triplets / 3.0 + quadruplets / 4.0
    return total


@compiled
def pair_changes(tables: SpeciesTables) -> PairChanges:
    """The pairs of the tables, ready to be added: in the inner loop one number each, in the order of memory."""
    most, entries = tables.point.shape[1], 0
    start = np.zeros(tables.sublattices + 1, dtype=np.int64)
    for s in range(tables.sublattices):
        for c in range(tables.start[s, 0], tables.start[s, 1]):
            entries += tables.widths[c, 0] - 1
        start[s + 1] = entries
    slot, code = np.empty(entries, dtype=np.int32), np.empty(entries, dtype=np.int64)
    energy = np.zeros((most, most, entries))
    entry = 0
    for s in range(tables.sublattices):
        for c in range(tables.start[s, 0], tables.start[s, 1]):
            for there in range(1, tables.widths[c, 0]):
                slot[entry], code[entry] = tables.slots[c, 0], there
                place = tables.base[c] + there * tables.strides[c, 1]
                for old in range(tables.counts[s]):
                    for new in range(tables.counts[s]):
                        gained, lost = place + tables.strides[c, 0] * new, place + tables.strides[c, 0] * old
                        energy[old, new, entry] = tables.energy[gained] - tables.energy[lost]
                entry += 1
    return PairChanges(start, slot, code, energy)


@compiled_inline
def _change(
    tables: SpeciesTables, pairs: PairChanges, species: NDArray[np.int8], field: NDArray[np.float64], i: int, new: int
) -> None:
    """Put code `new` on site i and bring the fields of its neighbours up to date."""
    s = i % tables.sublattices
    row = tables.neighbours[i]
    old = species[i]
    species[i] = new
    added = pairs.energy[old, new]
    for k in range(pairs.start[s], pairs.start[s + 1]):
        field[row[pairs.slot[k]], pairs.code[k]] += added[k]
    start, slots, widths, strides, base, energy = (
        tables.start,
        tables.slots,
        tables.widths,
        tables.strides,
        tables.base,
        tables.energy,
    )
    for c in range(start[s, 1], start[s, 2]):
        a, b = row[slots[c, 0]], row[slots[c, 1]]
        step, other = strides[c, 1], strides[c, 2]
        gained, lost = base[c] + strides[c, 0] * new, base[c] + strides[c, 0] * old
        there = other * species[b]
        for code in range(1, widths[c, 0]):
            field[a, code] += energy[gained + code * step + there] - energy[lost + code * step + there]
        there = step * species[a]
        for code in range(1, widths[c, 1]):
            field[b, code] += energy[gained + there + code * other] - energy[lost + there + code * other]
    for c in range(start[s, 2], start[s, 3]):
        for k in range(3):
            one, two = (k + 1) % 3, (k + 2) % 3
            there = strides[c, one + 1] * species[row[slots[c, one]]] + strides[c, two + 1] * species[row[slots[c, two]]]
            gained, lost = base[c] + strides[c, 0] * new + there, base[c] + strides[c, 0] * old + there
            a = row[slots[c, k]]
            for code in range(1, widths[c, k]):
                field[a, code] += energy[gained + code * strides[c, k + 1]] - energy[lost + code * strides[c, k + 1]]


@compiled_inline
def enter_list(listed: NDArray[np.int32], held: NDArray[np.int64], position: NDArray[np.int64], site: int, number: int) -> None:
    """Put a site at the end of a list."""
    listed[number, held[number]] = site
    position[site] = held[number]
    held[number] += 1


@compiled_inline
def leave_list(listed: NDArray[np.int32], held: NDArray[np.int64], position: NDArray[np.int64], site: int, number: int) -> None:
    """Take a site out of a list; the last one takes its place."""
    held[number] -= 1
    last = listed[number, held[number]]
    listed[number, position[site]] = last
    position[last] = position[site]


@compiled
def species_chain(
    tables: SpeciesTables,
    sites: NDArray[np.int64],
    group_start: NDArray[np.int64],
    steps: SpeciesSteps,
    species: NDArray[np.int8],
    thermal_energies: NDArray[np.float64],
    chemical_potentials: NDArray[np.float64],
    sweeps: int,
    seed: np.uint64,
    ions: NDArray[np.float64],
    energies: NDArray[np.float64],
) -> float:
    """Walk through a list of states (kT, μ), each started from the one before.

    A trial exchanges the species of two sites of one group, which keeps the composition, or (half of them, where there are
    steps) makes a step forwards or backwards, on sites picked from those that hold the species it starts from: so the last ion
    and the last electron find each other. A trial is accepted with min(1, r exp(−ΔΩ/kT)), Ω = E − μN, r being the probability to
    propose its reverse over its own: Π n_before/n_after of the numbers of sites that each change can pick from, there and back.

    Parameters
    ----------
    sites : ndarray, shape (n,)
        All sites, group by group (a group: sites with one list of species).
    group_start : ndarray, shape (groups + 1,)
        Ranges of the groups in `sites`.
    steps : SpeciesSteps
        None (arrays of length 0): canonical.
    species : ndarray of int8, shape (n,)
        Codes at the start, and on return at the end.
    thermal_energies, chemical_potentials : ndarray, shape (m,)
        kT and μ of each state, eV.
    sweeps : int
        Each of n trials.
    ions, energies : ndarray, shape (m, sweeps)
        On return the number of working ions and the energy (eV) after each sweep.

    Returns
    -------
    float
        Largest difference between the running energy and one computed afresh, eV.
    """
    field = np.zeros((species.size, tables.point.shape[1]))
    energy = species_fields(tables, species, field)
    pairs = pair_changes(tables)
    neighbours, kinds, count = tables.neighbours, steps.size.size, sites.size
    word = seed
    drift = 0.0
    number = 0
    for i in range(species.size):
        number += steps.is_ion[i % tables.sublattices, species[i]]
    most = tables.point.shape[1]
    # Sites by group and code, how many, and where each site stands in its list.
    group_of, position = np.empty(species.size, dtype=np.int64), np.empty(species.size, dtype=np.int64)
    listed = np.empty(((group_start.size - 1) * most, count), dtype=np.int32)
    held = np.zeros((group_start.size - 1) * most, dtype=np.int64)
    for group in range(group_start.size - 1):
        for k in range(group_start[group], group_start[group + 1]):
            group_of[sites[k]] = group * most
            enter_list(listed, held, position, sites[k], group * most + species[sites[k]])
    place = np.empty(MOST_SITES, dtype=np.int64)
    target, origin = np.empty(MOST_SITES, dtype=np.int8), np.empty(MOST_SITES, dtype=np.int8)
    for m in range(thermal_energies.size):
        inverse, mu = 1.0 / thermal_energies[m], chemical_potentials[m]
        for sweep in range(sweeps):
            for _ in range(count):
                word = advance(word)
                brought, changed, ratio = 0, 2, 1.0
                if kinds > 0 and mixed(word) & np.uint64(1):
                    word = advance(word)
                    kind = below(mixed(word), kinds)
                    word = advance(word)
                    sign = 1 - 2 * int(mixed(word) & np.uint64(1))
                    changed, possible = steps.size[kind], True
                    for k in range(changed):
                        here = steps.group[kind, k] * most + (steps.before[kind, k] if sign > 0 else steps.after[kind, k])
                        possible = held[here] > 0
                        if not possible:
                            break
                        word = advance(word)
                        place[k] = listed[here, below(mixed(word), held[here])]
                        target[k] = steps.after[kind, k] if sign > 0 else steps.before[kind, k]
                        for earlier in range(k):
                            possible = possible and place[earlier] != place[k]
                        if not possible:
                            break
                    if not possible:
                        continue
                    for k in range(changed):
                        there = group_of[place[k]] + target[k]
                        after = held[there]
                        for j in range(changed):
                            after += int(group_of[place[j]] + target[j] == there)
                            after -= int(group_of[place[j]] + species[place[j]] == there)
                        ratio *= held[group_of[place[k]] + species[place[k]]] / after
                    brought = sign * steps.ions[kind]
                else:
                    word = advance(word)
                    first = below(mixed(word), count)
                    group = 0
                    while group_start[group + 1] <= first:
                        group += 1
                    word = advance(word)
                    place[0] = sites[first]
                    place[1] = sites[group_start[group] + below(mixed(word), group_start[group + 1] - group_start[group])]
                    target[0], target[1] = species[place[1]], species[place[0]]
                    if target[0] == target[1]:
                        continue
                near = changed > 2
                if changed == 2:
                    for slot in range(neighbours.shape[1]):
                        near |= neighbours[place[0], slot] == place[1]
                # What lies apart does not feel each other; else all changes but the last are made first, and taken back.
                change = 0.0
                for k in range(changed):
                    i = place[k]
                    origin[k] = species[i]
                    change += field[i, target[k]] - field[i, origin[k]]
                    if near and k < changed - 1:
                        _change(tables, pairs, species, field, i, target[k])
                grand = change - mu * brought
                word = advance(word)
                if (grand <= 0.0 and ratio >= 1.0) or unit_interval(mixed(word)) < ratio * np.exp(-grand * inverse):
                    for k in range(changed):
                        if kinds > 0:  # steps pick from the lists
                            leave_list(listed, held, position, place[k], group_of[place[k]] + origin[k])
                            enter_list(listed, held, position, place[k], group_of[place[k]] + target[k])
                        if not near or k == changed - 1:
                            _change(tables, pairs, species, field, place[k], target[k])
                    energy += change
                    number += brought
                elif near:
                    for k in range(changed - 1):
                        _change(tables, pairs, species, field, place[k], origin[k])
            ions[m, sweep] = number
            energies[m, sweep] = energy
        fresh = species_fields(tables, species, field)
        drift = max(drift, abs(fresh - energy))
        energy = fresh
    return drift
