"""Radial finite volumes of a particle: nodes from the centre to the surface, graded towards the surface."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from scalith.quantities import InputError

Array = NDArray[np.float64]
_DIMENSIONS = {"slab": 1, "cylinder": 2, "sphere": 3}


def dimensions_of(geometry: str, where: str = "particle") -> int:
    """1 for a slab, 2 for a cylinder, 3 for a sphere.

    Raises
    ------
    InputError
        Another geometry; `where` names whose it is.
    """
    if geometry not in _DIMENSIONS:
        raise InputError(where, "geometry", geometry, "'sphere', 'cylinder' or 'slab'")
    return _DIMENSIONS[geometry]


class RadialMesh(NamedTuple):
    """Finite volumes around nodes on the unit radius.

    Attributes
    ----------
    nodes : ndarray, shape (n,)
        ρ from 0 to 1: the last node lies on the surface, so that its value is the surface's.
    volumes : ndarray, shape (n,)
        ∫ ρ^(d−1) dρ over the volume of each node; they sum to 1/d.
    conductances : ndarray, shape (n − 1,)
        Face area over distance between neighbours.
    couplings : ndarray, shape (n − 1,)
        Part of each node's store that its neighbour holds (h/12 times the face area): it cancels the leading error of
        the second difference. Zero where `lumped` was asked for.
    """

    nodes: Array
    volumes: Array
    conductances: Array
    couplings: Array


def radial_mesh(nodes: int = 20, finest: float = 0.005, dimensions: int = 3, *, lumped: bool = False) -> RadialMesh:
    """Nodes whose spacing grows by a constant ratio from the surface inwards.

    Parameters
    ----------
    nodes : int
    finest : float
        Spacing at the surface, as a fraction of the radius; at least 1/(nodes − 1) gives a uniform mesh.
    dimensions : int
        1 slab, 2 cylinder, 3 sphere.
    lumped : bool
        Without couplings: monotone however steep the profile, at second order.

    Returns
    -------
    RadialMesh
    """
    intervals = nodes - 1
    if finest * intervals >= 1.0 - 1e-9:
        rho = np.linspace(0.0, 1.0, nodes)
    else:
        # finest (1 + q + … + q^(n-1)) = 1: rising and convex, so that Newton from above comes down to the root.
        series = np.ones(intervals)
        slope = np.polyder(series)
        ratio = finest ** (-1.0 / (intervals - 1))
        for _ in range(100):
            step = float((np.polyval(series, ratio) - 1.0 / finest) / np.polyval(slope, ratio))
            ratio -= step
            if step <= 1e-15 * ratio:
                break
        spacing = finest * ratio ** np.arange(intervals)[::-1]
        rho = np.concatenate([[0.0], np.cumsum(spacing)])
        rho /= rho[-1]
    # Faces and conductances that make x ~ ρ², the profile under steady flux, exact in shape and in its mean.
    d = dimensions
    left, right = rho[:-1], rho[1:]
    enclosed = 2.0 / (d + 2.0) * (right ** (d + 2) - left ** (d + 2)) / (right**2 - left**2)
    volumes = np.diff(np.concatenate([[0.0], enclosed, [1.0]])) / d
    conductances = 2.0 * enclosed / (right**2 - left**2)
    couplings = np.zeros(intervals) if lumped else enclosed ** ((d - 1.0) / d) * (right - left) / 12.0
    return RadialMesh(rho, volumes, conductances, couplings)
