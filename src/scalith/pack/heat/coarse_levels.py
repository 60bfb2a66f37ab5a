"""Coarse grids of the multigrid cycle for conduction, all levels in one array."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


class Levels(NamedTuple):
    """Sizes (l, 3), offsets (l,) and halvings (l − 1, 3) of the levels, finest first; length of an array for all."""

    shapes: NDArray[np.int64]
    offsets: NDArray[np.int64]
    factors: NDArray[np.int64]
    length: int


def coarse_levels(shape: tuple[int, ...], faces: list[Array]) -> Levels:
    """Coarse grids: halved along the directions whose mean coupling is within a quarter of the strongest."""
    strength = np.array([face[face > 0].mean() if np.any(face > 0) else 0.0 for face in faces])
    shapes, factors = [tuple(shape)], []
    while np.prod(shapes[-1]) > 16 and len(shapes) < 30:
        size = np.array(shapes[-1])
        open_ = (size > 1) & (strength > 0)
        if not open_.any():
            break
        strong = open_ & (strength >= 0.25 * strength[open_].max())
        factor = np.where(strong, 2, 1)
        factors.append(tuple(int(f) for f in factor))
        shapes.append(tuple(int(-(-s // f)) for s, f in zip(size, factor, strict=True)))
        # Coupling along a halved direction falls to a half, and grows with each direction that is joined across it.
        strength = strength * np.prod(factor) / factor**2
    # A plane of zeros before and behind each level: the kernels read all six neighbours of every volume.
    offsets, length = [], 0
    for size_of in shapes:
        plane = size_of[1] * size_of[2]
        offsets.append(length + plane)
        length += (size_of[0] + 2) * plane
    return Levels(
        np.array(shapes, dtype=np.int64),
        np.array(offsets, dtype=np.int64),
        np.array(factors or [(1, 1, 1)], dtype=np.int64),
        length,
    )
