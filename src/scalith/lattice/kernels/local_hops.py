"""Rejection-free kinetic Monte Carlo of hops between centres and their neighbours, barriers tabulated by surroundings."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from scalith.lattice.kernels.kinetic import WINDOW, carry_ion, chosen_hop, sum_squares
from scalith.lattice.kernels.random_numbers import advance, mixed, unit_interval
from scalith.lattice.kernels.sum_tree import next_site, sum_upward
from scalith.numerics.compiled import compiled


@compiled
def centred_trajectory(
    occupation: NDArray[np.int8],
    ion: NDArray[np.int32],
    position: NDArray[np.float64],
    came_from: NDArray[np.int32],
    neighbours: NDArray[np.int32],
    vectors: NDArray[np.float64],
    centres_of: NDArray[np.int32],
    fixed_bits: NDArray[np.int64],
    outward: NDArray[np.float64],
    inward: NDArray[np.float64],
    events: int,
    steps: int,
    seed: np.uint64,
    levels: NDArray[np.int64],
    times: NDArray[np.float64],
    collective: NDArray[np.float64],
    squares: NDArray[np.float64],
) -> tuple[float, int]:
    """One trajectory of `events` hops.

    Parameters
    ----------
    occupation : ndarray of int8, shape (centres + neighbours sites,)
        Centres first; changed in place.
    ion, position, came_from
        As `kinetic_trajectory` takes and changes them.
    neighbours : ndarray of int32, shape (centres, m)
        Sites around each centre, in the order of the local expansion.
    vectors : ndarray, shape (centres · m, 3)
        From the centre to each of them, Å.
    centres_of : ndarray of int32, shape (sites, q)
        Centres that see a site (a centre sees itself); −1 pads.
    fixed_bits : ndarray of int64, shape (centres,)
        Bits of the surroundings that do not move.
    outward, inward : ndarray, shape (patterns,)
        Rates of hops from the centre and to it for each pattern of the surroundings, s⁻¹.
    steps : int
        Parts of equal numbers of hops at whose ends the arrays below are written.
    levels : ndarray of int64
        Layout of the sum tree (`next_site`).
    times, collective, squares
        As `kinetic_trajectory` writes them.

    Returns
    -------
    hopped : float
        Sum of squared hop lengths, Å².
    undone : int
        Hops by which an ion went straight back to where it came from.
    """
    centres, around = neighbours.shape
    rates = np.zeros((centres, around))
    tree = np.zeros(levels[-1] + 1)
    at_step, at_window = position.copy(), position.copy()
    touched = np.empty(max(centres, 2 * centres_of.shape[1]), dtype=np.int64)
    for c in range(centres):
        touched[c] = c
    count = centres
    state = seed
    now, hopped = 0.0, 0.0
    undone = 0
    total = np.zeros(3)
    done = 0
    for step in range(steps):
        while done < events * (step + 1) // steps:
            for n in range(count):
                c = touched[n]
                pattern = fixed_bits[c]
                for k in range(around):
                    pattern |= np.int64(occupation[neighbours[c, k]]) << k
                total_rate = 0.0
                for k in range(around):
                    other = occupation[neighbours[c, k]]
                    rate = 0.0
                    if occupation[c] == 1 and other == 0:
                        rate = outward[pattern]
                    elif occupation[c] == 0 and other == 1:
                        rate = inward[pattern]
                    rates[c, k] = rate
                    total_rate += rate
                tree[c] = total_rate
            sum_upward(tree, levels, touched, count)
            root = tree[levels[-1]]
            if root <= 0.0:
                times[step:] = now  # nothing can move any more
                return hopped, undone
            state = advance(state)
            now -= np.log(1.0 - unit_interval(mixed(state))) / root
            state = advance(state)
            c, pick = next_site(tree, levels, unit_interval(mixed(state)) * root)
            chosen = chosen_hop(rates[c], around, pick)
            j = int(neighbours[c, chosen])
            sign = 1.0
            start, end = c, j
            if occupation[c] == 0:
                sign = -1.0
                start, end = j, c
            occupation[start] = 0
            occupation[end] = 1
            row = c * around + chosen
            undone += int(carry_ion(ion, position, came_from, start, end, vectors, row, sign))
            for axis in range(3):
                total[axis] += sign * vectors[row, axis]
                hopped += vectors[row, axis] ** 2
            count = 0
            for n in range(centres_of.shape[1]):
                seen = centres_of[j, n]
                if seen >= 0:
                    touched[count] = seen
                    count += 1
            done += 1
        times[step] = now
        sum_squares(position, at_step, squares[step, 0])
        squares[step, 1] = 0.0
        if (step + 1) % WINDOW == 0:
            sum_squares(position, at_window, squares[step, 1])
        for axis in range(3):
            collective[step, axis] = total[axis]
    return hopped, undone
