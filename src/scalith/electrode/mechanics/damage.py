"""Damage of voxels at given energy of tension: the phase field of a crack, which never heals."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from scalith.quantities import ConvergenceError

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
_CLOSE = 1e-6
"""Damage below its bound that counts as the error of the solution."""


def minimise_damage(drive: Floats, toughness: Floats, lower: Floats, law: str, length: float, edge: float) -> Floats:
    r"""Damage that makes ∫ (1−d)² ψ⁺ + (G_c/c_w)(w(d)/ℓ + ℓ|∇d|²) dV least and is nowhere below `lower`.

    Two-point differences on a periodic grid, with the harmonic mean of G_c on faces (none where it is zero, as in pores). The
    bound by active sets (each linear system has a matrix of the kind for which they close in monotonically), the systems by
    conjugate gradients.

    Parameters
    ----------
    drive : (nx, ny, nz)
        ψ⁺, J m-3.
    toughness : (nx, ny, nz)
        G_c, J m-2.
    lower : (nx, ny, nz)
        Damage so far.
    law : {"AT1", "AT2"}
    length, edge : float
        ℓ and the voxels' edge, m.
    """
    from scipy import ndimage

    linear, square, bend = (0.375, 0.0, 0.75) if law == "AT1" else (0.0, 1.0, 1.0)
    scale = float(toughness.max()) / length
    solid = toughness > 0.0
    inner = np.where(solid, 2.0 * drive + square * toughness / length, scale) + 1e-9 * scale
    right = np.where(solid, 2.0 * drive - linear * toughness / length, 0.0)
    faces = [bend * length / edge**2 * face for face in _faces(toughness)]
    diagonal = inner + sum(face + np.roll(face, 1, axis) for axis, face in enumerate(faces))

    d = lower
    open_ = solid & (_apply(d, diagonal, faces) < right)
    if not np.any(open_):
        return lower
    # A crack of AT1 reaches 2ℓ, one of AT2 everywhere: sets that start there need few rounds.
    reach = 2 * int(np.ceil(2.0 * length / edge)) + 1
    open_ = solid & ndimage.maximum_filter(open_, reach, mode="wrap") if law == "AT1" else solid
    for _ in range(100):
        d = _solve(np.where(open_, d, lower), open_, right, diagonal, faces)
        pushed = _apply(d, diagonal, faces) < right - _CLOSE * scale
        after = solid & np.where(open_, d > lower - _CLOSE, pushed)
        if np.array_equal(after, open_):
            return np.asarray(np.clip(d, lower, 1.0))
        open_ = after
        d = np.maximum(d, lower)
    raise ConvergenceError("fracture", "the damage that may not heal is not found in 100 sets")


def damage_energy(damage: Floats, toughness: Floats, law: str, length: float, edge: float) -> tuple[float, float]:
    """Energy (J m-3) and area (m-1) of the cracks per volume of the image."""
    weight = 0.375 if law == "AT1" else 0.5
    local = damage if law == "AT1" else damage**2
    slopes = [(np.roll(damage, -1, axis) - damage) ** 2 / edge**2 for axis in range(3)]
    energy = np.mean(toughness * local) / length + sum(
        length * np.mean(face * slope) for face, slope in zip(_faces(toughness), slopes, strict=True)
    )
    solid = (toughness > 0.0).astype(np.float64)
    area = np.mean(solid * local) / length + sum(
        length * np.mean(face * slope) for face, slope in zip(_faces(solid), slopes, strict=True)
    )
    return float(weight * energy), float(weight * area)


def _faces(values: Floats) -> list[Floats]:
    """Harmonic mean between each voxel and the next along each axis."""
    found = []
    for axis in range(3):
        after = np.roll(values, -1, axis)
        total = values + after
        found.append(np.divide(2.0 * values * after, total, out=np.zeros_like(values), where=total > 0.0))
    return found


def _apply(d: Floats, diagonal: Floats, faces: list[Floats]) -> Floats:
    out = diagonal * d
    for axis, face in enumerate(faces):
        if d.shape[axis] == 1:  # both neighbours are the voxel itself
            out -= 2.0 * face * d
            continue
        out -= face * np.roll(d, -1, axis)
        out -= np.roll(face * d, 1, axis)
    return np.asarray(out)


def _solve(d: Floats, open_: Mask, right: Floats, diagonal: Floats, faces: list[Floats]) -> Floats:
    """Conjugate gradients for the open voxels, the others held."""
    residual = np.where(open_, right - _apply(d, diagonal, faces), 0.0)
    z = residual / diagonal
    p, rz = z.copy(), float(np.vdot(residual, z))
    small = max(1e-16 * float(np.vdot(np.where(open_, right, 0.0), right / diagonal)), 1e-14 * rz)
    for _ in range(2000):
        if rz <= small:
            return d
        applied = np.where(open_, _apply(p, diagonal, faces), 0.0)
        step = rz / float(np.vdot(p, applied))
        d = d + step * p
        residual -= step * applied
        z = residual / diagonal
        before, rz = rz, float(np.vdot(residual, z))
        p = z + rz / before * p
    raise ConvergenceError("fracture", "the damage of the voxels is not solved after 2000 iterations")
