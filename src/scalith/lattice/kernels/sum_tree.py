"""Partial sums of rates, eight children to a node: the next event in log₈(sites) steps, one cache line each."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from scalith.numerics.compiled import compiled_inline


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
