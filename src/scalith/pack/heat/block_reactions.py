"""Reactions in the volumes of the blocks that react, each volume on its own."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from scalith.pack.heat.assembly import Assembly, Grid
from scalith.quantities import ConvergenceError, InputError
from scalith.reactions.kinetics import ReactionSet

Array = NDArray[np.float64]


class BlockReactions:
    """Where reactions take place, and their step in time.

    Attributes
    ----------
    arrays : ReactionArrays or None
        None without kinetics: nothing reacts.
    where, block : ndarray of int64, shape (m,)
        The volumes that react, and the blocks that they belong to.
    """

    def __init__(self, assembly: Assembly, grid: Grid, kinetics: ReactionSet | None) -> None:
        reacting = np.array([block.reacts for block in assembly.blocks] + [False])
        self.arrays = None if kinetics is None else kinetics.arrays()
        self.where = np.flatnonzero(reacting[grid.block.ravel()]) if kinetics is not None else np.empty(0, dtype=np.int64)
        if kinetics is not None and not self.where.size:
            raise InputError("simulate_heat_3d", "kinetics", "no block that reacts", "reacts = true for the cells")
        self.count = 0 if self.arrays is None else self.arrays.heat.size
        self.block = grid.block.ravel()[self.where]
        self._volume = grid.volume.ravel()[self.where]
        self._fraction = np.array([block.reacting_fraction for block in assembly.blocks] + [1.0])[self.block]
        self._blocks = len(assembly.blocks)

    def advance(
        self, duration: float, T: Array, volumetric: Array, extents: Array, held: Array, held_at: Array, time: float
    ) -> tuple[Array, Array]:
        """Reactions alone for a while: heat in each volume that reacts, J m-3, and of each block, J; extents change in place.

        Raises
        ------
        ConvergenceError
            The step in a volume became too small.
        """
        from scalith.pack.kernels.voxel_reactions import react

        assert self.arrays is not None
        heat = np.zeros(self.where.size)
        # A volume that reacts in part only is one of larger capacity, by volume that reacts.
        capacity = np.ascontiguousarray(volumetric.reshape(-1)[self.where]) / self._fraction
        status = react(self.arrays, duration, 1e-3, self.where, capacity, T.reshape(-1), extents, held, held_at, heat)
        if status < 0:
            why = "the step became too small: look for a jump in the reaction set"
            raise ConvergenceError("reactions in a volume", why, time=time)
        heat *= self._fraction
        return heat, self._by_block(heat * self._volume)

    def gas(self, extents: Array) -> Array:
        """Gas made in each block since the start, mol."""
        if self.arrays is None:
            return np.zeros(self._blocks)
        return self._by_block((extents @ self.arrays.gas) * self._volume * self._fraction)

    def _by_block(self, values: Array) -> Array:
        return np.bincount(self.block, values, minlength=self._blocks).astype(np.float64)
