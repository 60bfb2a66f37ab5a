"""Bodies whose effective properties are known: layers, checkerboards, spheres on a lattice, sites filled at random."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from scalith.electrode.generate.packed_particles import checked_shape
from scalith.electrode.image.image import VoxelImage
from scalith.quantities import InputError, predicted


def laminate(
    shape: tuple[int, int, int], voxel_size: float, layers: Sequence[tuple[str, int]], *, normal: str = "x"
) -> VoxelImage:
    """Layers of given thickness in voxels, repeated along `normal` until the image is full.

    Along the layers conductances add, across them resistances: σ∥ = Σ φᵢσᵢ, 1/σ⊥ = Σ φᵢ/σᵢ.

    Parameters
    ----------
    shape : tuple of int
        Voxels along x, y, z.
    voxel_size : float
        m.
    layers : sequence of (str, int)
        Phase and thickness in voxels of one period.
    normal : {"x", "y", "z"}

    Returns
    -------
    VoxelImage

    Raises
    ------
    InputError
        The period does not divide the image.
    """
    checked_shape(shape)
    axis = _axis(normal)
    period = sum(thickness for _, thickness in layers)
    if not layers or min(thickness for _, thickness in layers) < 1 or shape[axis] % period:
        raise InputError("laminate", "layers", list(layers), f"thicknesses of at least 1 whose sum divides {shape[axis]}")
    phases = _named([name for name, _ in layers])
    one = np.concatenate([np.full(thickness, phases[name], np.uint8) for name, thickness in layers])
    line = np.tile(one, shape[axis] // period)
    labels = np.ascontiguousarray(np.broadcast_to(line.reshape([-1 if other == axis else 1 for other in range(3)]), shape))
    source = predicted("scalith.electrode.laminate", settings={"layers": [list(layer) for layer in layers], "normal": normal})
    return VoxelImage(labels, voxel_size, phases, source)


def checkerboard(
    shape: tuple[int, int, int], voxel_size: float, cell: int, *, phases: tuple[str, str] = ("a", "b"), along: str = "z"
) -> VoxelImage:
    """Squares of `cell` voxels in two phases in turn, columns along `along`.

    Across the columns σ = √(σ₁σ₂) exactly (J. B. Keller, J. Math. Phys. 5 (1964) 548, doi:10.1063/1.1704146).

    Raises
    ------
    InputError
        The image does not hold whole pairs of squares.
    """
    checked_shape(shape)
    axis = _axis(along)
    if cell < 1 or any(shape[other] % (2 * cell) for other in range(3) if other != axis):
        raise InputError("checkerboard", "cell", cell, "a number of voxels of which twice divides the image")
    parity = sum(np.arange(size).reshape([-1 if other == k else 1 for other in range(3)]) // cell
                 for k, size in enumerate(shape) if k != axis)  # fmt: skip
    labels = np.ascontiguousarray(np.broadcast_to(np.asarray(parity) % 2, shape).astype(np.uint8))
    source = predicted(
        "scalith.electrode.checkerboard", settings={"shape": [int(size) for size in shape], "cell": int(cell), "along": along}
    )
    return VoxelImage(labels, voxel_size, {phases[0]: 0, phases[1]: 1}, source)


def sphere_lattice(
    size: int, voxel_size: float, fraction: float, *, phases: tuple[str, str] = ("matrix", "sphere"), cells: int = 1
) -> VoxelImage:
    """Equal spheres of a volume fraction on a simple cubic lattice, `cells` along each axis of a cube of `size` voxels.

    A voxel belongs to a sphere when its centre does.

    Raises
    ------
    InputError
        The spheres overlap (fraction above π/6), the cells do not divide the cube.
    """
    if not 0.0 < fraction <= np.pi / 6.0:
        raise InputError("sphere_lattice", "fraction", fraction, "between 0 and π/6, where the spheres touch")
    if cells < 1 or size % cells or size < 2:
        raise InputError("sphere_lattice", "cells", cells, f"a number that divides the {size} voxels")
    width = size // cells
    radius = width * (3.0 * fraction / (4.0 * np.pi)) ** (1.0 / 3.0)
    offset = (np.arange(width) + 0.5 - 0.5 * width) ** 2
    one = offset[:, None, None] + offset[None, :, None] + offset[None, None, :] <= radius**2
    labels = np.tile(one.astype(np.uint8), (cells, cells, cells))
    source = predicted(
        "scalith.electrode.sphere_lattice", settings={"size": int(size), "fraction": float(fraction), "cells": int(cells)}
    )
    return VoxelImage(labels, voxel_size, {phases[0]: 0, phases[1]: 1}, source)


def random_sites(
    shape: tuple[int, int, int], voxel_size: float, fraction: float, *, seed: int, phases: tuple[str, str] = ("empty", "filled")
) -> VoxelImage:
    """Each voxel filled by chance with probability `fraction`, on its own: simple-cubic site percolation (threshold 0.3116).

    Raises
    ------
    InputError
        The fraction is not between 0 and 1.
    """
    checked_shape(shape)
    if not 0.0 <= fraction <= 1.0:
        raise InputError("random_sites", "fraction", fraction, "0 to 1")
    labels = (np.random.default_rng(seed).random(shape, dtype=np.float32) < fraction).astype(np.uint8)
    source = predicted(
        "scalith.electrode.random_sites", settings={"shape": [int(size) for size in shape], "fraction": fraction, "seed": seed}
    )
    return VoxelImage(labels, voxel_size, {phases[0]: 0, phases[1]: 1}, source)


def _axis(name: str) -> int:
    if name not in ("x", "y", "z"):
        raise InputError("reference body", "axis", name, "x, y or z")
    return "xyz".index(name)


def _named(names: Sequence[str]) -> dict[str, int]:
    return {name: index for index, name in enumerate(dict.fromkeys(names))}
