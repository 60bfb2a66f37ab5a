"""Pieces of a phase joined to its largest one where the scores of a structure are least against it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scalith.electrode.measure.percolation import pieces_of

Floats = NDArray[np.float64]
Labels = NDArray[np.uint8]
_ROUNDS = 6
_PER_VOXEL, _INSIDE = 0.05, 1e-6
"""What a way costs in each voxel of another phase beside the score it lacks, and in one of its own."""
MARGIN = 0.01
"""By how much the share of a largest piece may lack what was asked for, and exceed it where smaller pieces do."""
_SURE = 0.3
"""Quantile of the phase's leads that voxels of a way are given."""


def largest_share(mask: NDArray[np.bool_]) -> float:
    """Share of a phase's volume that its largest piece holds, pieces being joined through faces of voxels inside the box."""
    volume = _volumes(pieces_of(mask)[0])
    return float(volume.max() / max(int(volume.sum()), 1))


def join_pieces(scores: Any, label: Callable[[Any], Labels], shares: Mapping[int, float]) -> Any:
    """Scores of the phases (phases, nx, ny, nz) with which the largest piece of some of them holds the shares asked for.

    Another piece is joined along the way on which the scores lack least to its phase: a shortest path on the voxels (Dijkstra),
    each of which costs what another phase leads by. Pieces that cost least for their volume come first, and none that would join
    more than was asked for, unless it takes one. There the phase is given a lead like that of its other voxels; `label` sees to
    the volumes, so that it is given up where its lead is least.

    Parameters
    ----------
    scores : array (phases, nx, ny, nz)
    label : callable
        From scores to the phase of each voxel.
    shares : mapping of int to float
        By phase; what holds as much already is left alone.
    """
    found = np.array(scores, float)
    for phase, share in shares.items():
        for _ in range(_ROUNDS):
            mask = label(found) == phase
            piece, _, _ = pieces_of(mask)
            volume = _volumes(piece)
            missing = share * float(volume.sum()) - float(volume.max())
            if missing <= 0.0:
                break
            others = np.max(np.delete(found, phase, axis=0), axis=0)
            lead = found[phase] - others
            way = _ways(piece, volume, np.where(mask, _INSIDE, _PER_VOXEL + np.maximum(-lead, 0.0)), missing)
            way &= ~mask
            if not way.any():
                break
            found[phase][way] = others[way] + np.quantile(lead[mask], _SURE)
    return found


def _volumes(piece: NDArray[np.int32]) -> NDArray[np.int64]:
    volume = np.bincount(piece.ravel(), minlength=2).astype(np.int64)
    volume[0] = 0
    return volume


def _ways(piece: NDArray[np.int32], volume: NDArray[np.int64], cost: Floats, missing: float) -> NDArray[np.bool_]:
    """Voxels on the cheapest ways to the largest piece from as many others as make up the volume that is missing."""
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import dijkstra

    number = np.arange(piece.size).reshape(piece.shape)
    ends = []
    for axis in range(3):
        low, high = np.moveaxis(number, axis, 0)[:-1].ravel(), np.moveaxis(number, axis, 0)[1:].ravel()
        ends += [np.stack([low, high]), np.stack([high, low])]
    begin, end = np.concatenate(ends, axis=1)
    graph = csr_array((cost.ravel()[end], (begin, end)), shape=(piece.size, piece.size))
    of, largest = piece.ravel(), int(volume.argmax())
    sources = np.flatnonzero(of == largest)
    length, before, _ = dijkstra(graph, indices=sources, min_only=True, return_predecessors=True)
    order = np.argsort(length, kind="stable")
    order = order[of[order] > 0]
    pieces, first = np.unique(of[order], return_index=True)
    ways = []  # of each piece: voxels to the largest one, and the pieces that are joined by it
    for one, voxel in zip(pieces, order[first], strict=True):
        if one != largest:
            path = [int(voxel)]
            while of[path[-1]] != largest:
                path.append(int(before[path[-1]]))
            crossed = frozenset(of[path].tolist()) - {0, largest}
            ways.append((float(length[voxel]), path, crossed))
    ways.sort(key=lambda found: found[0] / volume[list(found[2])].sum())
    chosen: list[int] = []
    joined: set[int] = set()
    short, limit = missing, missing + MARGIN * float(volume.sum())
    for _, path, crossed in ways:
        gain = float(volume[list(crossed - joined)].sum())
        if short > 0.0 and 0.0 < gain <= limit:
            chosen, joined = chosen + path, joined | crossed
            short, limit = short - gain, limit - gain
    enough = [one for one in ways if volume[list(one[2])].sum() >= missing]
    if short > 0.0 and enough:  # one way that joins more, and as little more as can be, does it alone
        chosen = min(enough, key=lambda one: volume[list(one[2])].sum())[1]
    way = np.zeros(piece.size, bool)
    way[chosen] = True
    return way.reshape(piece.shape)
