"""Rejection-free kinetic Monte Carlo (Bortz, Kalos, Lebowitz 1975, DOI 10.1016/0021-9991(75)90060-1) with a sum tree.

Every site owns its outgoing hops. After an event only the sites named in the dependency lists of the two changed sites
get new rates; a tree of partial sums over the sites, eight children to a node (one cache line), gives the next event in
log₈(sites) steps. Parents are sums of their children, never running differences, so the tree does not drift.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from scalith.lattice.kernels.fields import InteractionTables, change_site, compute_fields
from scalith.lattice.kernels.random_numbers import advance, mixed, unit_interval
from scalith.quantities.compiled import compiled, compiled_inline

WINDOW = 8
"""Steps of a window over which squared displacements are summed."""


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
def next_site(tree: NDArray[np.float64], levels: NDArray[np.int64], pick: float) -> tuple[int, float]:
    """Leaf of the sum tree in which `pick` (between 0 and the root) falls, and what is left of `pick` there.

    `levels[k]` is where level k begins in `tree`, leaves first; node n has the children 8n … 8n + 7 a level below.
    """
    node = 0
    for level in range(levels.size - 2, -1, -1):
        child = levels[level] + 8 * node
        node = 8 * node
        last = node
        for k in range(8):
            value = tree[child + k]
            if value > 0.0:
                last = node + k
                if pick < value:
                    break
                pick -= value
        node = last
    return node, pick


@compiled_inline
def sum_upward(tree: NDArray[np.float64], levels: NDArray[np.int64], touched: NDArray[np.int64], count: int) -> None:
    """Renew the parents of the first `count` changed leaves in `touched`, level by level up to the root."""
    for level in range(1, levels.size):
        below = levels[level - 1]
        here = levels[level]
        kept = 0
        previous = np.int64(-1)
        for k in range(count):
            parent = touched[k] >> 3
            if parent != previous:
                child = below + 8 * parent
                tree[here + parent] = ((tree[child] + tree[child + 1]) + (tree[child + 2] + tree[child + 3])) + (
                    (tree[child + 4] + tree[child + 5]) + (tree[child + 6] + tree[child + 7])
                )
                touched[kept] = parent
                kept += 1
                previous = parent
        count = kept


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
    rates: NDArray[np.float64],
) -> tuple[int, float, float]:
    """One trajectory from a given configuration.

    Hop h from a filled site i to a vacant j changes the energy by ΔE = f_j − f_i − g_ij, g_ij being the interaction of the two
    ends with each other. Its activation energy is KRA + ΔE/2 (Van der Ven, Ceder, Asta, Tepesch 2001,
    DOI 10.1103/PhysRevB.64.184307), never below 0 or ΔE: forward and backward always differ by ΔE (detailed balance). In between
    the rate is a product, [ν e^(−KRA/kT) e^(g/2kT)] w_i/w_j with w = e^(f/2kT), so that an exponential is taken only where a
    field changed.

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
    squares : ndarray, shape (steps, 2)
        On return the sum of the ions' squared displacements since the start of this step, and since the start of the window
        of WINDOW steps it belongs to, Å².
    rates : ndarray, shape (sites, most hops of a site)
        On return the rate of each hop in the last configuration, s⁻¹.

    Returns
    -------
    events : int
    hopped : float
        Sum of squared hop lengths, Å².
    rate : float
        Mean total rate over time, s⁻¹.
    """
    sites = occupation.size
    field = np.empty(sites)
    compute_fields(tables, occupation, field)
    interacting = tables.pair_energy.size + tables.triplet_energy.size + tables.quadruplet_energy.size > 0
    inverse = 1.0 / thermal_energy
    reference = np.mean(field)
    weight = np.exp(0.5 * inverse * (field - reference))
    vacancy_weight = (1 - occupation) / weight  # 0 where filled: spares the innermost branch
    prefactor = frequency * np.exp(inverse * (0.5 * hops.mutual.reshape(-1, 1) - hops.barrier))
    # Taken out of their tuples once: in the inner loop a tuple of arrays costs more than the arithmetic.
    sublattices, neighbours = tables.sublattices, tables.neighbours
    start, target, vector, barrier, mutual = hops.start, hops.target, hops.vector, hops.barrier, hops.mutual
    watched_start, watched = hops.watched_start, hops.watched
    mutual_start, mutual_slots, mutual_energy = hops.mutual_start, hops.mutual_slots, hops.mutual_energy
    dependents = hops.dependents
    surroundings = watched.size + mutual_energy.size > 0
    size = sites
    height = 1
    while size > 1:
        size = (size + 7) // 8
        height += 1
    levels = np.zeros(height, dtype=np.int64)
    size = sites
    for level in range(1, height):
        size = (size + 7) // 8
        levels[level] = levels[level - 1] + 8 * size
    tree = np.zeros(levels[height - 1] + 1)
    root = levels[height - 1]
    moved = np.zeros((sites, 6))  # displacement of the ion now at each site, in this step and in this window
    stamp = np.zeros(sites, dtype=np.int32)
    touched = np.empty(max(sites, 2 * dependents.shape[1]), dtype=np.int64)
    for i in range(sites):
        touched[i] = i
    count = sites
    state = seed
    now = 0.0
    events = 0
    hopped = 0.0
    exposure = 0.0
    square_step = 0.0
    square_window = 0.0
    total = np.zeros(3)
    step = 0
    steps = times.size
    while True:
        # New rates of the sites in `touched`, then their sums up the tree.
        for k in range(count):
            i = touched[k]
            s = i % sublattices
            first = start[s]
            site_total = 0.0
            if occupation[i] == 1 and not surroundings:
                weight_i = weight[i]
                field_i = field[i]
                for h in range(first, start[s + 1]):
                    j = np.int64(neighbours[i, target[h]])
                    rate_h = prefactor[h, 0] * weight_i * vacancy_weight[j]
                    change = field[j] - field_i - mutual[h]
                    if abs(change) > 2.0 * barrier[h, 0]:
                        rate_h = frequency * (1 - occupation[j]) * np.exp(-max(change, 0.0) * inverse)
                    rates[i, h - first] = rate_h
                    site_total += rate_h
            elif occupation[i] == 1:
                weight_i = weight[i]
                field_i = field[i]
                for h in range(first, start[s + 1]):
                    j = np.int64(neighbours[i, target[h]])
                    rate_h = vacancy_weight[j]
                    change = field[j] - field_i - mutual[h]
                    vacant = 0
                    if rate_h > 0.0:
                        for w in range(watched_start[h], watched_start[h + 1]):
                            vacant += 1 - occupation[neighbours[i, watched[w]]]
                        shared = 0.0
                        for m in range(mutual_start[h], mutual_start[h + 1]):
                            present = np.int64(occupation[neighbours[i, mutual_slots[m, 0]]])
                            if mutual_slots[m, 1] >= 0:
                                present *= occupation[neighbours[i, mutual_slots[m, 1]]]
                            shared += mutual_energy[m] * present
                        if shared != 0.0:
                            rate_h *= np.exp(0.5 * shared * inverse)
                            change -= shared
                    rate_h *= prefactor[h, vacant] * weight_i
                    if abs(change) > 2.0 * barrier[h, vacant]:
                        rate_h = frequency * (1 - occupation[j]) * np.exp(-max(change, 0.0) * inverse)
                    rates[i, h - first] = rate_h
                    site_total += rate_h
            tree[i] = site_total
        sum_upward(tree, levels, touched, count)
        # The next event, or the ends of the steps before it.
        rate = tree[root]
        wait = np.inf
        if rate > 0.0 and events < most_events:
            state = advance(state)
            wait = -np.log(1.0 - unit_interval(mixed(state))) / rate
        elif rate > 0.0:
            duration = now  # enough events: the remaining steps end here
        while step < steps and now + wait > duration * (step + 1) / steps:
            end = max(duration * (step + 1) / steps, now)
            exposure += rate * (end - now)
            wait -= end - now  # the waiting time goes on into the next step
            now = end
            times[step] = now
            squares[step, 0] = square_step
            squares[step, 1] = square_window
            square_step = 0.0
            moved[:, :3] = 0.0
            if (step + 1) % WINDOW == 0:
                square_window = 0.0
                moved[:, 3:] = 0.0
            for axis in range(3):
                collective[step, axis] = total[axis]
            step += 1
        if step == steps:
            break
        now += wait
        exposure += rate * wait
        state = advance(state)
        i, pick = next_site(tree, levels, unit_interval(mixed(state)) * rate)
        first = start[i % sublattices]
        chosen = first
        for h in range(first, start[i % sublattices + 1]):
            rate_h = rates[i, h - first]
            if rate_h > 0.0:
                chosen = h
                if pick < rate_h:
                    break
                pick -= rate_h
        arrival = int(neighbours[i, target[chosen]])
        change_site(tables, occupation, field, i, -1)
        change_site(tables, occupation, field, arrival, 1)
        events += 1
        for axis in range(3):
            length = vector[chosen, axis]
            before = moved[i, axis]
            moved[arrival, axis] = before + length
            square_step += length * (2.0 * before + length)
            before = moved[i, axis + 3]
            moved[arrival, axis + 3] = before + length
            square_window += length * (2.0 * before + length)
            total[axis] += length
            hopped += length * length
        count = 0
        mark = np.int32(events & 0x7FFFFFFF)
        for e in range(2):
            centre = i if e == 0 else arrival
            if interacting:
                for slot in range(neighbours.shape[1]):
                    q = np.int64(neighbours[centre, slot])
                    weight[q] = np.exp(0.5 * inverse * (field[q] - reference))
                    vacancy_weight[q] = (1 - occupation[q]) / weight[q]
            vacancy_weight[centre] = (1 - occupation[centre]) / weight[centre]
            for k in range(dependents.shape[1]):
                q = np.int64(dependents[centre, k])
                if q < 0:
                    break
                if stamp[q] != mark:
                    stamp[q] = mark
                    if occupation[q] == 1 or tree[q] != 0.0:
                        touched[count] = q
                        count += 1
    return events, hopped, exposure / max(now, 1e-300)
