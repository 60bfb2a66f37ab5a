"""Electrostatic energy of formal charges on the ideal lattice, by Ewald's sum.

The energy of point charges q in a periodic cell, in vacuum and with a uniform background where they do not add up to
zero, is E = ½ Σ_ij q_i A_ij q_j with

    A_ij = k [ Σ_L erfc(√η |r_ij + L|)/|r_ij + L| + (4π/V) Σ_G exp(−G²/4η) cos(G·r_ij)/G²
               − 2√(η/π) δ_ij − π/(ηV) ],

k = e²/(4πε₀) (Ewald 1921, DOI 10.1002/andp.19213690304). A cluster expansion takes E/ε_r
as one more term whose weight 1/ε_r is fitted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from scalith.quantities.constants import ELEMENTARY_CHARGE, VACUUM_PERMITTIVITY

if TYPE_CHECKING:
    from numpy.typing import NDArray

COULOMB = ELEMENTARY_CHARGE / (4e-10 * np.pi * VACUUM_PERMITTIVITY)
"""e²/(4πε₀), eV Å."""


def ewald_matrix(cell: NDArray[np.float64], separations: NDArray[np.float64], accuracy: float = 1e-10) -> NDArray[np.float64]:
    """Interaction A(r) of two unit charges (and their images and background) at separations r.

    Parameters
    ----------
    cell : ndarray, shape (3, 3)
        Rows are the periodic vectors, Å.
    separations : ndarray, shape (n, 3)
        Å; a zero vector means a charge with its own images.
    accuracy : float
        Relative size of the terms left out.

    Returns
    -------
    ndarray, shape (n,)
        eV.
    """
    from scipy.special import erfc

    volume = abs(float(np.linalg.det(cell)))
    eta = np.pi / volume ** (2.0 / 3.0)
    reach = np.sqrt(-np.log(accuracy))
    real = _lattice_points(cell, reach / np.sqrt(eta) + float(np.max(np.linalg.norm(_wrapped(cell, separations), axis=1))))
    reciprocal = np.asarray(2.0 * np.pi * np.linalg.inv(cell).T, dtype=np.float64)
    waves = _lattice_points(reciprocal, 2.0 * reach * np.sqrt(eta))
    squares = np.sum(waves**2, axis=1)
    waves, squares = waves[squares > 1e-12], squares[squares > 1e-12]
    factor = 4.0 * np.pi / volume * np.exp(-squares / (4.0 * eta)) / squares
    result = np.empty(len(separations))
    for start in range(0, len(separations), 256):
        block = _wrapped(cell, separations[start : start + 256])
        distance = np.linalg.norm(block[:, None] + real[None], axis=2)
        itself = distance < 1e-9
        distance[itself] = 1.0
        near = np.where(itself, 0.0, erfc(np.sqrt(eta) * distance) / distance).sum(axis=1)
        far = np.cos(block @ waves.T) @ factor
        result[start : start + 256] = near + far - itself.any(axis=1) * 2.0 * np.sqrt(eta / np.pi) - np.pi / (eta * volume)
    return COULOMB * result


def _wrapped(cell: NDArray[np.float64], vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    fractional = vectors @ np.linalg.inv(cell)
    return np.asarray((fractional - np.round(fractional)) @ cell)


def _lattice_points(cell: NDArray[np.float64], radius: float) -> NDArray[np.float64]:
    reach = np.ceil(radius * np.linalg.norm(np.linalg.inv(cell), axis=0)).astype(int)
    grid = np.stack(np.meshgrid(*[np.arange(-r, r + 1) for r in reach], indexing="ij"), axis=-1).reshape(-1, 3)
    points = grid @ cell
    return np.asarray(points[np.linalg.norm(points, axis=1) <= radius])
