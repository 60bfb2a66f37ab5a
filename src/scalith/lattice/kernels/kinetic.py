"""Rejection-free kinetic Monte Carlo (Bortz, Kalos, Lebowitz 1975, DOI 10.1016/0021-9991(75)90060-1) with a sum tree.

Every site owns its outgoing hops. After an event only the sites named in the dependency lists of the two changed sites
get new rates; a binary tree of partial sums over the sites gives the next event in log₂(sites) steps. Parents are
sums of their two children, never running differences, so the tree does not drift.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from scalith.lattice.kernels.fields import InteractionTables, change_site, compute_fields
from scalith.lattice.kernels.random_numbers import advance, mixed, unit_interval
from scalith.quantities.compiled import compiled, compiled_inline


class HopTables(NamedTuple):
    """Hops out of each sublattice.

    Attributes
    ----------
    start : ndarray of int64, shape (sublattices + 1,)
        Range of hops of each sublattice.
    target : ndarray of int32, shape (hops,)
        Neighbour slot of the site hopped to.
    vector : ndarray, shape (hops, 3)
        Displacement, Å.
    barrier : ndarray, shape (hops, most + 1)
        Kinetically resolved activation energy for each number of vacant watched sites, eV.
    watched_start : ndarray of int64, shape (hops + 1,)
    watched : ndarray of int32
        Neighbour slots whose vacancies decide the barrier.
    mutual : ndarray, shape (hops,)
        Pair interaction of the two ends, eV.
    mutual_start : ndarray of int64, shape (hops + 1,)
    mutual_slots : ndarray of int32, shape (n, 2)
        Further sites of the clusters that hold both ends (−1: none).
    mutual_energy : ndarray, shape (n,)
        eV.
    dependents : ndarray of int32, shape (sites, k)
        Sites whose hops may change rate when this one changes; −1 pads.
    """

    start: NDArray[np.int64]
    target: NDArray[np.int32]
    vector: NDArray[np.float64]
    barrier: NDArray[np.float64]
    watched_start: NDArray[np.int64]
    watched: NDArray[np.int32]
    mutual: NDArray[np.float64]
    mutual_start: NDArray[np.int64]
    mutual_slots: NDArray[np.int32]
    mutual_energy: NDArray[np.float64]
    dependents: NDArray[np.int32]


@compiled_inline
def hop_energies(tables, hops, occupation, field, i, h):  # type: ignore[no-untyped-def]
    """Energy difference ΔE and activation energy of hop h from filled site i to its vacant target, eV.

    ΔE = f_j − f_i − g_ij, where g_ij is the interaction of the two ends with each other. The activation energy is
    KRA + ΔE/2 (Van der Ven, Ceder, Asta, Tepesch 2001, DOI 10.1103/PhysRevB.64.184307), never below 0 or ΔE: forward and
    backward then always differ by ΔE (detailed balance).
    """
    row = tables.neighbours[i]
    together = hops.mutual[h]
    for k in range(hops.mutual_start[h], hops.mutual_start[h + 1]):
        a = hops.mutual_slots[k, 0]
        b = hops.mutual_slots[k, 1]
        present = occupation[row[a]]
        if b >= 0:
            present *= occupation[row[b]]
        together += hops.mutual_energy[k] * present
    change = field[row[hops.target[h]]] - field[i] - together
    vacant = 0
    for k in range(hops.watched_start[h], hops.watched_start[h + 1]):
        vacant += 1 - occupation[row[hops.watched[k]]]
    activation = hops.barrier[h, vacant] + 0.5 * change
    return change, max(activation, change, 0.0)


@compiled_inline
def set_site_rates(tables, hops, occupation, field, rates, i, frequency, inverse):  # type: ignore[no-untyped-def]
    """New rates of all hops out of site i, s⁻¹; gives their sum."""
    s = i % tables.sublattices
    first = hops.start[s]
    total = 0.0
    for h in range(first, hops.start[s + 1]):
        rate = 0.0
        if occupation[i] == 1 and occupation[tables.neighbours[i, hops.target[h]]] == 0:
            activation = hop_energies(tables, hops, occupation, field, i, h)[1]
            rate = frequency * np.exp(-activation * inverse)
        rates[i, h - first] = rate
        total += rate
    return total


@compiled
def kinetic_trajectory(
    tables: InteractionTables,
    hops: HopTables,
    occupation: NDArray[np.int8],
    frequency: float,
    thermal_energy: float,
    duration: float,
    most_events: int,
    seed: np.uint64,
    times: NDArray[np.float64],
    collective: NDArray[np.float64],
    squares: NDArray[np.float64],
) -> tuple[int, float, float]:
    """One trajectory from a given configuration.

    Parameters
    ----------
    occupation : ndarray of int8, shape (sites,)
        Start, and on return the end.
    frequency : float
        Attempt frequency, s⁻¹.
    thermal_energy : float
        kT, eV.
    duration : float
        Simulated time, s; cut into as many equal steps as `times` has entries.
    most_events : int
        Stop earlier after this many events.
    times : ndarray, shape (steps,)
        On return the time at the end of each step (the last ones repeat when stopped early), s.
    collective : ndarray, shape (steps, 3)
        On return the sum of all ions' displacements until then, Å.
    squares : ndarray, shape (steps,)
        On return the sum of the ions' squared displacements until then, Å².

    Returns
    -------
    events : int
    hopped : float
        Sum of squared hop lengths, Å².
    rate : float
        Mean total rate over time, s⁻¹.
    """
    sites = occupation.size
    most = 0
    for s in range(tables.sublattices):
        most = max(most, hops.start[s + 1] - hops.start[s])
    field = np.empty(sites)
    compute_fields(tables, occupation, field)
    rates = np.zeros((sites, most))
    leaves = 1
    while leaves < sites:
        leaves *= 2
    tree = np.zeros(2 * leaves)
    inverse = 1.0 / thermal_energy
    for i in range(sites):
        tree[leaves + i] = set_site_rates(tables, hops, occupation, field, rates, i, frequency, inverse)
    for node in range(leaves - 1, 0, -1):
        tree[node] = tree[2 * node] + tree[2 * node + 1]
    moved = np.zeros((sites, 3))  # displacement of the ion now at each site
    stamp = np.full(sites, -1, dtype=np.int64)
    touched = np.empty(2 * hops.dependents.shape[1], dtype=np.int64)
    state = seed
    now = 0.0
    events = 0
    hopped = 0.0
    exposure = 0.0
    total_square = 0.0
    total = np.zeros(3)
    steps = times.size
    for step in range(steps):
        end = duration * (step + 1) / steps
        while events < most_events:
            rate = tree[1]
            if rate <= 0.0:
                now = end
                break
            state = advance(state)
            wait = -np.log(1.0 - unit_interval(mixed(state))) / rate
            if now + wait > end:
                exposure += rate * (end - now)
                now = end  # waiting times are memoryless: the next step draws a new one
                break
            now += wait
            exposure += rate * wait
            state = advance(state)
            pick = unit_interval(mixed(state)) * rate
            node = 1
            while node < leaves:
                node *= 2
                if pick >= tree[node] and tree[node + 1] > 0.0:
                    pick -= tree[node]
                    node += 1
            i = node - leaves
            s = i % tables.sublattices
            h = hops.start[s]
            last = h
            for k in range(hops.start[s], hops.start[s + 1]):
                rate_k = rates[i, k - hops.start[s]]
                if rate_k > 0.0:
                    last = k
                    if pick < rate_k:
                        break
                    pick -= rate_k
            h = last
            j = np.int64(tables.neighbours[i, hops.target[h]])
            change_site(tables, occupation, field, i, -1)
            change_site(tables, occupation, field, j, 1)
            events += 1
            for axis in range(3):
                step_length = hops.vector[h, axis]
                before = moved[i, axis]
                moved[i, axis] = 0.0
                moved[j, axis] = before + step_length
                total_square += step_length * (2.0 * before + step_length)
                total[axis] += step_length
                hopped += step_length * step_length
            count = 0
            for end_site in (i, j):
                for k in range(hops.dependents.shape[1]):
                    site = hops.dependents[end_site, k]
                    if site < 0:
                        break
                    if stamp[site] != events:
                        stamp[site] = events
                        value = set_site_rates(tables, hops, occupation, field, rates, site, frequency, inverse)
                        if value != tree[leaves + site]:
                            tree[leaves + site] = value
                            touched[count] = leaves + site
                            count += 1
            # Level by level: shared parents are summed once for neighbours in the list.
            while count > 0 and touched[0] > 1:
                kept = 0
                previous = np.int64(0)
                for k in range(count):
                    parent = touched[k] >> 1
                    if parent != previous:
                        tree[parent] = tree[2 * parent] + tree[2 * parent + 1]
                        touched[kept] = parent
                        kept += 1
                        previous = parent
                count = kept
        times[step] = now
        squares[step] = total_square
        for axis in range(3):
            collective[step, axis] = total[axis]
    return events, hopped, exposure / max(now, 1e-300)
