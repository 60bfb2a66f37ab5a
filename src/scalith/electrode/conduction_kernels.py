"""Kernels of conduction through an image: conductances between voxels in series, ends half a voxel from the first centres."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from scalith.quantities.compiled import compiled

Floats = NDArray[np.float64]


@compiled
def currents_from(potential: Floats, row: NDArray[np.uint8], pairs: Floats, ends: Floats, result: Floats) -> None:
    """Net current that leaves each voxel, in place; the ends of axis 0 are at potential zero, the sides are insulated.

    Parameters
    ----------
    potential : (nx, ny, nz)
    row : (nx, ny, nz)
        Row of the phase.
    pairs : (3, phases, phases)
        Conductance of a face across each axis between two phases, 2 σ₁σ₂/(σ₁ + σ₂).
    ends : (phases,)
        Conductance of a voxel's half at an end, 2σ along axis 0.
    """
    nx, ny, nz = potential.shape
    for i in range(nx):
        for j in range(ny):
            for k in range(nz):
                here = row[i, j, k]
                mine = potential[i, j, k]
                total = 0.0
                if i > 0:
                    total += pairs[0, here, row[i - 1, j, k]] * (mine - potential[i - 1, j, k])
                else:
                    total += ends[here] * mine
                if i + 1 < nx:
                    total += pairs[0, here, row[i + 1, j, k]] * (mine - potential[i + 1, j, k])
                else:
                    total += ends[here] * mine
                if j > 0:
                    total += pairs[1, here, row[i, j - 1, k]] * (mine - potential[i, j - 1, k])
                if j + 1 < ny:
                    total += pairs[1, here, row[i, j + 1, k]] * (mine - potential[i, j + 1, k])
                if k > 0:
                    total += pairs[2, here, row[i, j, k - 1]] * (mine - potential[i, j, k - 1])
                if k + 1 < nz:
                    total += pairs[2, here, row[i, j, k + 1]] * (mine - potential[i, j, k + 1])
                result[i, j, k] = total
