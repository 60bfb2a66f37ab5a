"""Rejection-free kinetic Monte Carlo (Bortz, Kalos, Lebowitz 1975, DOI 10.1016/0021-9991(75)90060-1) with a sum tree.

Every site owns its outgoing hops. After an event only the sites that the hop's list of offsets names get new rates; a tree
of partial sums over the sites, eight children to a node (one cache line), gives the next event in
log₈(sites) steps. Parents are sums of their children, never running differences, so the tree does not drift. Single hops are
not stored: those of the chosen site are computed again, which costs less than bringing a table of all channels from memory.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from scalith.lattice.kernels.fields import InteractionTables, change_site_among, compute_fields
from scalith.lattice.kernels.random_numbers import advance, mixed, unit_interval
from scalith.lattice.kernels.sum_tree import next_site, sum_upward
from scalith.numerics.compiled import compiled, compiled_inline

WINDOW = 8
"""Steps of a window over which squared displacements are summed."""

FAR = 50_000
"""Sites beyond which the arrays outgrow the caches and what an event needs is read ahead."""


class HopTables(NamedTuple):
    """Hops out of each sublattice.

    Attributes
    ----------
    start : ndarray of int64, shape (sublattices + 1,)
        Range of hops of each sublattice.
    target : ndarray of int32, shape (hops,)
        Neighbour slot of the site hopped to.
    through : ndarray of int32, shape (hops,)
        Neighbour slot of a filled site in between, for hops of two ions at once: the ion there moves on to the target, the first
        ion takes its place. −1 for hops of one ion.
    vector : ndarray, shape (hops, 3)
        From the site to the target, Å.
    first_vector, second_vector : ndarray, shape (hops, 3)
        Displacements of the ion on this site and of the one in between (zero where there is none), Å; their sum is `vector`.
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
    local_start : ndarray of int64, shape (hops + 1,)
    local_slots : ndarray of int32, shape (n, 3)
        Sites around a hop that change its barrier where all of them are filled (−1: fewer than three).
    local_energy : ndarray, shape (n,)
        By how much, eV.
    slot_shift : ndarray of int32, shape (sublattices, slots)
        Index of the site in a neighbour slot less that of the site, where the box's faces are not between them.
    shift : ndarray of int64, shape (hops,)
        The same of a hop's target.
    reached_start, changed_start : ndarray of int64, shape (hops + 1,)
    reached, changed : ndarray of int32, shape (n, 4)
        Sites whose hops may change rate when a hop is done, and sites whose field changes: sublattice, and offsets from the cell
        of the start plus `reach`.
    ahead_start : ndarray of int64, shape (hops + 1,)
    ahead : ndarray of int64
        Indices, less that of the start, of what else the new rates are computed from, one every eight sites.
    reach : int
        Greatest offset among all these.
    folded : ndarray of int64, shape (3, most cells + 2·reach)
        What the coordinate of a cell plus its offset plus `reach` adds to a site's index, folded back into the box.
    shape : ndarray of int64, shape (3,)
        Cells along each lattice vector.
    pairs : bool
        Whether some hops move two ions.
    """

    start: NDArray[np.int64]
    target: NDArray[np.int32]
    through: NDArray[np.int32]
    vector: NDArray[np.float64]
    first_vector: NDArray[np.float64]
    second_vector: NDArray[np.float64]
    barrier: NDArray[np.float64]
    watched_start: NDArray[np.int64]
    watched: NDArray[np.int32]
    mutual: NDArray[np.float64]
    mutual_start: NDArray[np.int64]
    mutual_slots: NDArray[np.int32]
    mutual_energy: NDArray[np.float64]
    local_start: NDArray[np.int64]
    local_slots: NDArray[np.int32]
    local_energy: NDArray[np.float64]
    slot_shift: NDArray[np.int32]
    shift: NDArray[np.int64]
    reached_start: NDArray[np.int64]
    reached: NDArray[np.int32]
    changed_start: NDArray[np.int64]
    changed: NDArray[np.int32]
    ahead_start: NDArray[np.int64]
    ahead: NDArray[np.int64]
    reach: int
    folded: NDArray[np.int64]
    shape: NDArray[np.int64]
    pairs: bool


@compiled_inline
def hop_rate(y: float, damped: float) -> float:
    """Rate in units of the attempt frequency, y = exp(−ΔE/2kT), damped = exp(−KRA/kT)."""
    return float(min(min(damped * y, y * y), 1.0))


@compiled_inline
def site_rates(
    i: int,
    row: NDArray[np.int32],
    base: int,
    sublattices: int,
    surroundings: bool,
    start: NDArray[np.int64],
    target: NDArray[np.int32],
    through: NDArray[np.int32],
    watched_start: NDArray[np.int64],
    watched: NDArray[np.int32],
    mutual_start: NDArray[np.int64],
    mutual_slots: NDArray[np.int32],
    mutual_energy: NDArray[np.float64],
    local_start: NDArray[np.int64],
    local_slots: NDArray[np.int32],
    local_energy: NDArray[np.float64],
    signed: NDArray[np.float64],
    ends: NDArray[np.float64],
    damped: NDArray[np.float64],
    inverse: float,
    found: NDArray[np.float64],
) -> float:
    """Rates of the hops out of site i in units of the attempt frequency, into `found`; their sum.

    Hop h from a filled i to a vacant j changes the energy by ΔE = f_j − f_i − g, g being the interaction of the two ends with
    each other. With y = exp(−ΔE/2kT) the rate is min(e^(−KRA/kT) y, y², 1): activation KRA + ΔE/2 (Van der Ven, Ceder, Asta,
    Tepesch 2001, DOI 10.1103/PhysRevB.64.184307), never below ΔE or 0, so that forward and backward always differ by ΔE.

    Parameters
    ----------
    row, base
        The neighbour in slot k is `base` + `row`[k].
    surroundings : bool
        Whether rates depend on more than the two ends. The arrays before `signed` are those of the tables, one by one: in the
        inner loop a tuple of arrays costs more than the arithmetic.
    signed : ndarray, shape (sites,)
        −w on filled sites, 1/w on vacant ones, w = exp(f/2kT): y is the product of both ends and `ends`.
    ends : ndarray, shape (hops,)
        exp(g/2kT) of the pair interaction of the two ends.
    damped : ndarray, shape (hops, most + 1)
        exp(−KRA/kT).
    """
    s = i % sublattices
    first = start[s]
    last = start[s + 1]
    total = 0.0
    weight = max(-signed[i], 0.0)
    if weight > 0.0:
        for h in range(first, last):
            y = weight * ends[h] * max(signed[base + row[target[h]]], 0.0)
            if not surroundings:
                rate = hop_rate(y, damped[h, 0])
                found[h - first] = rate
                total += rate
                continue
            if through[h] >= 0 and signed[base + row[through[h]]] > 0.0:
                y = 0.0
            vacant = 0
            if y > 0.0:
                for w in range(watched_start[h], watched_start[h + 1]):
                    vacant += int(signed[base + row[watched[w]]] > 0.0)
                shared = 0.0
                for m in range(mutual_start[h], mutual_start[h + 1]):
                    present = signed[base + row[mutual_slots[m, 0]]] < 0.0
                    if mutual_slots[m, 1] >= 0:
                        present = present and signed[base + row[mutual_slots[m, 1]]] < 0.0
                    if present:
                        shared += mutual_energy[m]
                if shared != 0.0:
                    y *= np.exp(0.5 * shared * inverse)
            damping = damped[h, vacant]
            if y > 0.0 and local_start[h + 1] > local_start[h]:
                raised = 0.0
                for m in range(local_start[h], local_start[h + 1]):
                    present = True
                    for k in range(3):
                        slot = local_slots[m, k]
                        if slot < 0 or not present:
                            break
                        present = signed[base + row[slot]] < 0.0
                    if present:
                        raised += local_energy[m]
                damping *= np.exp(-raised * inverse)
            rate = hop_rate(y, damping)
            found[h - first] = rate
            total += rate
    else:
        found[: last - first] = 0.0
    return float(total)


@compiled_inline
def signed_weight(energy: float, inverse: float, filled: bool) -> float:
    """−w of a filled site or 1/w of a vacant one, w = exp(energy/2kT)."""
    weight = np.exp(0.5 * inverse * energy)
    return float(-weight if filled else 1.0 / weight)


@compiled_inline
def chosen_hop(found: NDArray[np.float64], count: int, pick: float) -> int:
    """First entry at which the running sum passes `pick`; never one that is zero."""
    chosen = 0
    for h in range(count):
        rate = found[h]
        if rate > 0.0:
            chosen = h
            if pick < rate:
                break
            pick -= rate
    return chosen


@compiled_inline
def carry_ion(
    ion: NDArray[np.int32],
    position: NDArray[np.float64],
    came_from: NDArray[np.int32],
    origin: int,
    arrival: int,
    vector: NDArray[np.float64],
    row: int,
    sign: float,
) -> bool:
    """Take the ion on `origin` to `arrival` by ±`vector[row]`; True where it goes straight back."""
    number = ion[origin]
    ion[arrival] = number
    for axis in range(3):
        position[number, axis] += sign * vector[row, axis]
    back = came_from[number] == arrival
    came_from[number] = origin
    return bool(back)


@compiled
def sum_squares(position: NDArray[np.float64], reference: NDArray[np.float64], squares: NDArray[np.float64]) -> None:
    """Σ r_a r_b of the ions' displacements since `reference` into `squares` (3, 3); `reference` becomes `position`."""
    squares[:] = 0.0
    for n in range(position.shape[0]):
        for a in range(3):
            for b in range(3):
                squares[a, b] += (position[n, a] - reference[n, a]) * (position[n, b] - reference[n, b])
        for a in range(3):
            reference[n, a] = position[n, a]


@compiled
def hop_rates(
    tables: InteractionTables,
    hops: HopTables,
    occupation: NDArray[np.int8],
    frequency: float,
    thermal_energy: float,
    rates: NDArray[np.float64],
) -> None:
    """Rates of all hops of a configuration, into `rates` (sites, most hops of a site), s⁻¹."""
    field = np.empty(occupation.size)
    compute_fields(tables, occupation, field)
    inverse = 1.0 / thermal_energy
    reference = np.mean(field)
    signed = np.empty(occupation.size)
    for i in range(occupation.size):
        signed[i] = signed_weight(field[i] - reference, inverse, occupation[i] == 1)
    ends = np.exp(0.5 * inverse * hops.mutual)
    damped = np.exp(-inverse * hops.barrier)
    sublattices, neighbours = tables.sublattices, tables.neighbours
    start, target, through, watched_start, watched = hops.start, hops.target, hops.through, hops.watched_start, hops.watched
    mutual_start, mutual_slots, mutual_energy = hops.mutual_start, hops.mutual_slots, hops.mutual_energy
    local_start, local_slots, local_energy = hops.local_start, hops.local_slots, hops.local_energy
    surroundings = watched.size + mutual_energy.size + local_energy.size > 0 or hops.pairs
    for i in range(occupation.size):
        site_rates(
            i,
            neighbours[i],
            0,
            sublattices,
            surroundings,
            start,
            target,
            through,
            watched_start,
            watched,
            mutual_start,
            mutual_slots,
            mutual_energy,
            local_start,
            local_slots,
            local_energy,
            signed,
            ends,
            damped,
            inverse,
            rates[i],
        )
    rates *= frequency


@compiled
def kinetic_trajectory(
    tables: InteractionTables,
    hops: HopTables,
    occupation: NDArray[np.int8],
    ion: NDArray[np.int32],
    position: NDArray[np.float64],
    came_from: NDArray[np.int32],
    frequency: float,
    thermal_energy: float,
    duration: float,
    most_events: int,
    random_state: np.uint64,
    levels: NDArray[np.int64],
    tree: NDArray[np.float64],
    signed: NDArray[np.float64],
    field: NDArray[np.float64],
    times: NDArray[np.float64],
    collective: NDArray[np.float64],
    squares: NDArray[np.float64],
) -> tuple[int, float, int, float, np.uint64]:
    """A piece of a trajectory from a given configuration. Pieces follow one another with what is changed in place.

    Fields are computed afresh at the start, so that a piece depends on nothing but its arguments.

    Parameters
    ----------
    occupation : ndarray of int8, shape (sites,)
        Changed in place.
    ion : ndarray of int32, shape (sites,)
        Number of the ion on each filled site; changed in place.
    position : ndarray, shape (ions, 3)
        Displacement of each ion since the start of the trajectory, never wrapped, Å; changed in place.
    came_from : ndarray of int32, shape (ions,)
        Site that each ion left last (−1: none yet); changed in place.
    frequency : float
        Attempt frequency, s⁻¹.
    thermal_energy : float
        kT, eV.
    duration : float
        Simulated time, s; cut into as many equal steps as `times` has entries.
    most_events : int
        Stop earlier after this many events.
    random_state : uint64
    levels : ndarray of int64
        Layout of the sum tree (`next_site`).
    tree : ndarray, shape (levels[-1] + 1,)
        Work space; on return the leaves hold the rates of all sites, s⁻¹. Where it begins at a cache line each node is one.
    signed, field : ndarray, shape (sites,)
        Work space; given, for memory that NumPy asks for comes in large pages.
    times : ndarray, shape (steps,)
        On return the time at the end of each step (the last ones repeat when stopped early), s.
    collective : ndarray, shape (steps, 3)
        On return the sum of all ions' displacements until then, from the start of this piece, Å.
    squares : ndarray, shape (steps, 2, 3, 3)
        On return Σ r_a r_b of the ions' displacements r since the start of this step, and at the end of each window of WINDOW
        steps since its start, Å².

    Returns
    -------
    events : int
    hopped : float
        Sum of squared hop lengths, Å².
    undone : int
        Hops by which an ion went straight back to where it came from.
    rate : float
        Mean total rate over time, s⁻¹.
    random_state : uint64
    """
    sites = occupation.size
    compute_fields(tables, occupation, field)
    inverse = 1.0 / thermal_energy
    reference = np.mean(field)
    for i in range(sites):
        signed[i] = signed_weight(field[i] - reference, inverse, occupation[i] == 1)
    ends = np.exp(0.5 * inverse * hops.mutual)
    damped = np.exp(-inverse * hops.barrier)
    sublattices, neighbours = tables.sublattices, tables.neighbours
    slot_shift, shift, folded, reach = hops.slot_shift, hops.shift, hops.folded, hops.reach
    reached_start, reached, changed_start, changed = hops.reached_start, hops.reached, hops.changed_start, hops.changed
    ahead_start, ahead = hops.ahead_start, hops.ahead
    rows, columns, layers = hops.shape[0], hops.shape[1], hops.shape[2]
    start, target, through, watched_start, watched = hops.start, hops.target, hops.through, hops.watched_start, hops.watched
    mutual_start, mutual_slots, mutual_energy = hops.mutual_start, hops.mutual_slots, hops.mutual_energy
    local_start, local_slots, local_energy = hops.local_start, hops.local_slots, hops.local_energy
    surroundings = watched.size + mutual_energy.size + local_energy.size > 0 or hops.pairs
    vector, first_vector, second_vector = hops.vector, hops.first_vector, hops.second_vector
    root = levels[levels.size - 1]
    found = np.empty(max(target.size, 1))
    touched = np.empty(max(sites, reached.shape[0]), dtype=np.int64)
    near = np.empty(reached.shape[0] + changed.shape[0], dtype=np.int64)
    read, read_on = np.zeros(1, dtype=np.int64), np.zeros(1)
    inside = False
    signed_bits, tree_bits, field_bits = signed.view(np.int64), tree.view(np.int64), field.view(np.int64)
    at_step, at_window = position.copy(), position.copy()
    total = np.zeros(3)
    for i in range(sites):
        touched[i] = i
    count = sites
    state = random_state
    now, hopped, exposure = 0.0, 0.0, 0.0
    events, undone, step = 0, 0, 0
    steps = times.size
    while True:
        for k in range(count):
            i = touched[k]
            site_total = 0.0
            weight = -signed[i]
            s = 0 if sublattices == 1 else i % sublattices
            # Indices without a sign: what counts from the end of an array below zero costs more than the arithmetic.
            if not surroundings and weight > 0.0 and inside:
                for h in range(start[s], start[s + 1]):
                    site_total += hop_rate(weight * ends[h] * max(signed[np.uint64(i + shift[h])], 0.0), damped[h, 0])
            elif not surroundings and weight > 0.0:
                for h in range(start[s], start[s + 1]):
                    j = np.uint32(neighbours[np.uint64(i), np.uint32(target[h])])
                    site_total += hop_rate(weight * ends[h] * max(signed[j], 0.0), damped[h, 0])
            elif weight > 0.0:
                site_total = site_rates(
                    i,
                    slot_shift[s] if inside else neighbours[i],
                    i if inside else 0,
                    sublattices,
                    surroundings,
                    start,
                    target,
                    through,
                    watched_start,
                    watched,
                    mutual_start,
                    mutual_slots,
                    mutual_energy,
                    local_start,
                    local_slots,
                    local_energy,
                    signed,
                    ends,
                    damped,
                    inverse,
                    found,
                )
            tree[i] = frequency * site_total
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
            until = max(duration * (step + 1) / steps, now)
            exposure += rate * (until - now)
            wait -= until - now  # the waiting time goes on into the next step
            now = until
            times[step] = now
            sum_squares(position, at_step, squares[step, 0])
            squares[step, 1] = 0.0
            if (step + 1) % WINDOW == 0:
                sum_squares(position, at_window, squares[step, 1])
            for axis in range(3):
                collective[step, axis] = total[axis]
            step += 1
        if step == steps:
            break
        now += wait
        exposure += rate * wait
        state = advance(state)
        i, pick = next_site(tree, levels, unit_interval(mixed(state)) * rate)
        cell = i // sublattices
        x, y, z = cell // (columns * layers), cell // layers % columns, cell % layers
        # Whether all that counts lies at its plain offset, with no face of the box between.
        inside = reach <= x < rows - reach and reach <= y < columns - reach and reach <= z < layers - reach
        number = ion[i]
        row, base = (slot_shift[i % sublattices], i) if inside else (neighbours[i], 0)
        site_rates(
            i,
            row,
            base,
            sublattices,
            surroundings,
            start,
            target,
            through,
            watched_start,
            watched,
            mutual_start,
            mutual_slots,
            mutual_energy,
            local_start,
            local_slots,
            local_energy,
            signed,
            ends,
            damped,
            inverse,
            found,
        )
        first = start[i % sublattices]
        chosen = first + chosen_hop(found, start[i % sublattices + 1] - first, pick / frequency)
        arrival = base + row[target[chosen]]
        for axis in range(3):
            total[axis] += vector[chosen, axis]
            hopped += first_vector[chosen, axis] ** 2 + second_vector[chosen, axis] ** 2
        events += 1
        signed[i], signed[arrival] = 1.0, -1.0
        first, last = reached_start[chosen], reached_start[chosen + 1]
        most = last - first
        for k in range(most):
            dx, dy, dz = (
                np.uint64(x + reached[first + k, 1]),
                np.uint64(y + reached[first + k, 2]),
                np.uint64(z + reached[first + k, 3]),
            )
            near[k] = folded[0, dx] + folded[1, dy] + folded[2, dz] + reached[first + k, 0]
        count = most
        for k in range(changed_start[chosen], changed_start[chosen + 1]):
            dx, dy, dz = np.uint64(x + changed[k, 1]), np.uint64(y + changed[k, 2]), np.uint64(z + changed[k, 3])
            near[count] = folded[0, dx] + folded[1, dy] + folded[2, dz] + changed[k, 0]
            count += 1
        last = count
        if sites > FAR:
            # Reads that wait for nothing: the memory answers them side by side, and the loops below find it in the cache.
            bits = np.int64(came_from[number])
            read_on[0] = position[number, 0] + position[number, 2]
            for k in range(most):
                bits ^= signed_bits[np.uint64(near[k])] ^ tree_bits[np.uint64(near[k])]
            for k in range(most, last):
                bits ^= field_bits[np.uint64(near[k])]
            if inside:
                for k in range(ahead_start[chosen], ahead_start[chosen + 1]):
                    bits ^= signed_bits[np.uint64(i + ahead[k])]
            read[0] = bits  # used by nobody, but without it the compiler would leave the reads out
        end = arrival
        if through[chosen] >= 0:
            end = base + row[through[chosen]]
            carry_ion(ion, position, came_from, end, arrival, second_vector, chosen, 1.0)
        undone += int(carry_ion(ion, position, came_from, i, end, first_vector, chosen, 1.0))
        # Filled sites whose rates may change, and the emptied one; a branch here would be guessed wrong half of the time.
        count = 0
        for k in range(most):
            q = near[k]
            touched[count] = q
            count += int((signed[np.uint64(q)] < 0.0) | (q == i))
        change_site_among(tables, occupation, field, i, row, base, -1)
        row, base = (slot_shift[arrival % sublattices], arrival) if inside else (neighbours[arrival], 0)
        change_site_among(tables, occupation, field, arrival, row, base, 1)
        for k in range(most, last):
            q = near[k]
            signed[q] = signed_weight(field[q] - reference, inverse, signed[q] < 0.0)
    return events, hopped, undone, exposure / max(now, 1e-300), state
