"""Good conductors that float in a poor one: the potential of each as a whole, beside the multigrid cycle."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from scalith.electrode.measure.percolation import pieces_of
from scalith.electrode.transport.plane_threads import PlaneThreads

Floats = NDArray[np.float64]
_CONTRAST = 30.0


class Islands:
    """Connected pieces of good conductor, each with one potential of its own.

    Within a piece all potentials are nearly one, and what sets it is the sum of the small conductances around the piece: an
    error that smoothing inside and coarse voxels across its border both miss. Pieces do not touch, so that their matrix
    Wᵀ A W is diagonal, and W (Wᵀ A W)⁻¹ Wᵀ r is added to the cycle (additive Schwarz with one more subspace; symmetric).

    Parameters
    ----------
    rows, pairs, ends
        As `currents_from` takes them.
    periodic : bool
        Whether the image goes on at its other side.
    """

    def __init__(self, rows: NDArray[np.uint8], pairs: Floats, ends: Floats, periodic: bool = False) -> None:
        from scalith.electrode.measure.percolation_kernels import sum_around_pieces

        sigma = np.max(np.diagonal(pairs, axis1=1, axis2=2), axis=0)
        self.count = 0
        if np.unique(sigma[sigma > 0]).size < 2:
            return
        there = sigma[sum(np.bincount(plane.ravel(), minlength=sigma.size) for plane in rows) > 0]
        there = there[there > 0]
        if there.size < 2 or there.max() < _CONTRAST * there.min():
            return
        steps = np.sort(there)
        gap = int(np.argmax(steps[1:] / steps[:-1]))
        good = sigma > np.sqrt(steps[gap] * steps[gap + 1])
        self.piece, self.count, _ = pieces_of(good[rows], periodic)
        around = np.zeros(self.count + 1)
        sum_around_pieces(rows, self.piece, pairs, periodic, around)
        for plane in (0, -1):
            around += np.bincount(self.piece[plane].ravel(), ends[rows[plane]].ravel(), self.count + 1)
        around[0] = 0.0
        self.inverse = np.divide(1.0, around, out=np.zeros_like(around), where=around > 0)

    def lift(self, z: NDArray[np.float32], residual: Floats, scale: float, threads: PlaneThreads) -> None:
        """Add the potentials of the pieces to `z` (padded, times `scale`)."""
        from scalith.electrode.measure.percolation_kernels import lift_pieces, sum_pieces

        if not self.count:
            return
        total = np.empty(self.count + 1)
        sum_pieces(residual, self.piece, total)
        lift = (scale * total * self.inverse).astype(np.float32)
        threads.run(lift_pieces, residual.shape, z, lift, self.piece)
