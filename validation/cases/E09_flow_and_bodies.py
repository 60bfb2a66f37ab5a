r"""E09: Flow through pores, and particles told apart.

**[E]** Stokes' flow between two walls has $\kappa = w^2/12$ per area of the gap; on $n$ voxels across, whose walls lie half a
voxel beside the outer velocities, exactly $(1 + 2/n^2)$ of it. A square duct of edge $w$ has

$$\kappa = \frac{w^2}{12} \left(1 - \frac{192}{\pi^5} \sum_{k\ \mathrm{odd}} \frac{\tanh(k \pi / 2)}{k^5}\right)$$

and is approached at second order.

**[E]** Eight balls at the corners of a cube that touch along its edges: `separate_particles` finds eight, with three neighbours
each and the volume of a ball less three caps, and `pore_network` twelve throats as long as the edge. Chambers in a row with
narrow throats are a chain.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from validation.record import Record

LONG = True
EDGE = 1e-7


def channel(across: int, *, square: bool) -> Any:
    """A straight channel along x."""
    from scalith.electrode import VoxelImage

    labels = np.ones((4, across + 2, across + 2 if square else 2), np.uint8)
    labels[:, 1:-1, slice(1, -1) if square else slice(None)] = 0
    return VoxelImage(labels, EDGE, {"pore": 0, "active": 1})


def balls(radius: float, apart: float) -> Any:
    """Eight balls at the corners of a cube."""
    from scalith.electrode import VoxelImage

    first = 13.5
    size = int(2 * first + apart)
    grid = np.indices((size,) * 3)
    labels = np.zeros((size,) * 3, np.uint8)
    for corner in np.ndindex(2, 2, 2):
        centre = first + apart * np.array(corner)
        labels[sum((grid[axis] - centre[axis]) ** 2 for axis in range(3)) <= radius**2] = 1
    return VoxelImage(labels, EDGE, {"pore": 0, "active": 1})


def run(record: Record) -> None:
    """Channels of 4, 8 and 16 voxels; balls; chambers."""
    from scalith.electrode import VoxelImage, permeability, pore_network, separate_particles

    odd = np.arange(1, 99, 2)
    share = 1.0 - 192.0 / np.pi**5 * float(np.sum(np.tanh(odd * np.pi / 2) / odd**5))
    errors = []
    for across in (4, 8, 16):
        for square in (False, True):
            image = channel(across, square=square)
            found = float(permeability(image, tolerance=1e-9)["permeability"]) / image.volume_fractions["pore"]
            ratio = found / ((across * EDGE) ** 2 / 12.0)
            if square:
                errors.append(ratio / share - 1.0)
            else:
                record.check(f"gap of {across} voxels: κ over w²/12", expected=1.0 + 2.0 / across**2, found=ratio, tolerance=1e-6)
    record.check("square duct of 16 voxels: κ over the exact one", expected=1.0, found=1.0 + errors[-1], tolerance=0.02)
    order = float(np.log2(errors[0] / errors[2])) / 2.0
    record.check("square duct: order of convergence", expected=2.0, found=order, tolerance=0.15)

    radius, apart = 10.8, 20.0
    bodies = separate_particles(balls(radius, apart), "active")
    record.check("balls that touch: number", expected=8, found=bodies.sizes["particle"], tolerance=0)
    record.check_true("each has three neighbours", np.all(bodies["coordination"].values == 3))
    height = radius - 0.5 * apart
    cap = np.pi * height**2 * (3.0 * radius - height) / 3.0
    exact = 4.0 / 3.0 * np.pi * radius**3 - 3.0 * cap
    record.check(
        "volume of one over a ball's less three caps",
        expected=1.0,
        found=float(bodies["volume"].mean()) / (exact * EDGE**3),
        tolerance=0.02,
    )
    network = pore_network(bodies)
    record.check("throats", expected=12, found=len(network["throat.conns"]), tolerance=0)
    record.check(
        "length of a throat over the edge of the cube",
        expected=1.0,
        found=float(np.mean(network["throat.direct_length"])) / (apart * EDGE),
        tolerance=0.02,
    )

    labels = np.ones((39, 11, 11), np.uint8)
    for chamber in range(3):
        labels[13 * chamber + 1 : 13 * chamber + 12, 1:10, 1:10] = 0
    labels[:, 4:7, 4:7] = 0
    chain = separate_particles(VoxelImage(labels, EDGE, {"pore": 0, "active": 1}), "pore")
    record.check("chambers in a row: number", expected=3, found=chain.sizes["particle"], tolerance=0)
    record.check_true("a chain: one, two, one neighbour", sorted(chain["coordination"].values.tolist()) == [1, 1, 2])
