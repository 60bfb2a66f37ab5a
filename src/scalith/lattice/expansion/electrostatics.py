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

from scalith.crystal.supercells import lattice_cells
from scalith.lattice.expansion.cluster_space import Cluster, canonical_cluster
from scalith.quantities import InputError
from scalith.quantities.constants import ELEMENTARY_CHARGE, VACUUM_PERMITTIVITY

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from scalith.crystal import Host

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


def ewald_energy(host: Host, supercell: NDArray[np.int64], filled: NDArray[np.int8]) -> float:
    """Electrostatic energy of an ordering in vacuum, eV per primitive cell.

    Ions and vacancies carry their formal charges; the charge that ions bring is taken up evenly by the redox spectators
    (without any, by a uniform background).

    Parameters
    ----------
    host : Host
    supercell : ndarray, shape (3, 3), int
    filled : ndarray, shape (sites,)
        In the order of `scalith.crystal.supercells.lattice_cells`, sublattice by sublattice.
    """
    cells = lattice_cells(supercell)
    charges = np.array([np.full(len(cells), site.charges[-1]) for site in host.sites], dtype=np.float64)
    for k, index in enumerate(host.active):
        state = filled[k * len(cells) : (k + 1) * len(cells)]
        charges[index] = np.where(state == 1, host.sites[index].charges[0], host.sites[index].charges[1])
    redox = [index for index, site in enumerate(host.sites) if site.redox]
    if redox:
        charges[redox] -= charges.sum() / (len(redox) * len(cells))
    places = np.concatenate([(cells + position) @ host.cell for position in host.positions])
    q = charges.ravel()
    matrix = ewald_matrix(supercell @ host.cell, (places[:, None] - places[None]).reshape(-1, 3)).reshape(len(q), len(q))
    return float(0.5 * q @ matrix @ q) / len(cells)


def ewald_interactions(host: Host, shape: tuple[int, int, int]) -> tuple[float, dict[Cluster, float]]:
    """The energy of `ewald_energy` on an n₁ × n₂ × n₃ supercell as a constant and occupation interactions.

    The energy is quadratic in the occupations: an ion brings its charge and takes an even share off all redox sites.

    Returns
    -------
    constant : float
        eV per primitive cell.
    energies : dict of cluster to float
        Points, and a pair for any two sites of the supercell, eV, as `occupation_interactions` gives them.
    """
    grid = np.stack(np.meshgrid(*[np.arange(n) for n in shape], indexing="ij"), axis=-1).reshape(-1, 3)
    cell, cells = np.array(shape)[:, None] * host.cell, len(grid)
    types = len(host.sites)
    # matrix[t, u, d]: charges at (t, 0) and (u, d)
    separations = (grid[None, None] + host.positions[None, :, None] - host.positions[:, None, None]) @ host.cell
    matrix = ewald_matrix(cell, separations.reshape(-1, 3)).reshape(types, types, cells)
    base = np.array([site.charges[-1] for site in host.sites], dtype=np.float64)
    redox = np.array([site.redox for site in host.sites])
    sinks = max(int(redox.sum()), 1) * cells
    if redox.any():
        base = base - redox * base.sum() / redox.sum()
    row = matrix.sum(axis=2)  # potential of a whole sublattice of unit charges
    constant = 0.5 * float(base @ row @ base)
    share = (row @ redox) / sinks if redox.any() else np.zeros(types)
    energies: dict[Cluster, float] = {}
    brought = [host.sites[index].charges[0] - host.sites[index].charges[1] for index in host.active]
    for s, index in enumerate(host.active):
        # Potential of one ion with its share of counter-charge: potential[u, d].
        potential = matrix[index] - share[:, None]
        counter = float(potential[redox].sum()) / sinks if redox.any() else 0.0
        energies[((s, 0, 0, 0),)] = brought[s] * float(base @ potential.sum(axis=1)) + 0.5 * brought[s] ** 2 * (
            potential[index, 0] - counter
        )
        for other, place in enumerate(host.active):
            pair = brought[s] * brought[other] * (potential[place] - counter)
            for (a, b, c), value in zip(grid.tolist(), pair, strict=True):
                forward, back = (s, other, a, b, c), (other, s, -a % shape[0], -b % shape[1], -c % shape[2])
                if (a, b, c) == (0, 0, 0) and s == other:
                    continue
                # Each pair of sites comes twice, once from either end; one that is its own reverse is met twice in the tables.
                if forward < back:
                    energies[canonical_cluster(((s, 0, 0, 0), (other, a, b, c)))] = float(value)
                elif forward == back:
                    energies[canonical_cluster(((s, 0, 0, 0), (other, a, b, c)))] = 0.5 * float(value)
    return constant, energies


def species_ewald_energy(
    host: Host,
    supercell: NDArray[np.int64],
    species: NDArray[np.int8],
    sublattice: NDArray[np.int64],
    offset: NDArray[np.int64],
) -> float:
    """Electrostatic energy of an arrangement of charged species in vacuum, eV per primitive cell.

    Parameters
    ----------
    host : Host
    supercell, species, sublattice, offset
        As `scalith.lattice.Species`.

    Raises
    ------
    InputError
        Charge that ions bring would be taken up evenly by spectators: state it as species of its own.
    """
    _require_stated_charges(host)
    cells = lattice_cells(supercell)
    fixed = [(site.position, site.charges[0]) for site in host.sites if not site.active]
    own = [host.sites[index] for index in host.active]
    places = [offset + np.array([own[s].position for s in sublattice])]
    places += [cells + np.array(position) for position, _ in fixed]
    charges = [np.array([own[s].charges[int(place)] for s, place in zip(sublattice, species, strict=True)])]
    charges += [np.full(len(cells), charge) for _, charge in fixed]
    q, r = np.concatenate(charges), np.concatenate(places) @ host.cell
    matrix = ewald_matrix(supercell @ host.cell, (r[:, None] - r[None]).reshape(-1, 3)).reshape(len(q), len(q))
    return float(0.5 * q @ matrix @ q) / len(cells)


def _require_stated_charges(host: Host) -> None:
    if any(site.redox for site in host.sites):
        found = ", ".join(sorted({site.species[0] for site in host.sites if site.redox}))
        raise InputError(host.name, "electrostatics", f"redox spectators ({found})", "their charge states as species of the host")


def species_ewald_interactions(host: Host, shape: tuple[int, int, int]) -> tuple[float, dict[Cluster, NDArray[np.float64]]]:
    """The energy of `species_ewald_energy` on an n₁ × n₂ × n₃ supercell.

    Returns
    -------
    constant : float
        Of the spectators, eV per primitive cell.
    energies : dict of cluster to ndarray
        Of points, and of a pair for any two sites of the supercell, for every combination of species, eV.
    """
    _require_stated_charges(host)
    grid = np.stack(np.meshgrid(*[np.arange(n) for n in shape], indexing="ij"), axis=-1).reshape(-1, 3)
    cell, types = np.array(shape)[:, None] * host.cell, len(host.sites)
    separations = (grid[None, None] + host.positions[None, :, None] - host.positions[:, None, None]) @ host.cell
    matrix = ewald_matrix(cell, separations.reshape(-1, 3)).reshape(types, types, len(grid))
    base = np.array([0.0 if site.active else site.charges[0] for site in host.sites])
    row = matrix.sum(axis=2)
    energies: dict[Cluster, NDArray[np.float64]] = {}
    charges = [np.array(host.sites[index].charges) for index in host.active]
    for s, index in enumerate(host.active):
        energies[((s, 0, 0, 0),)] = charges[s] * float(row[index] @ base) + 0.5 * charges[s] ** 2 * matrix[index, index, 0]
        for other, place in enumerate(host.active):
            for (a, b, c), value in zip(grid.tolist(), matrix[index, place], strict=True):
                forward, back = (s, other, a, b, c), (other, s, -a % shape[0], -b % shape[1], -c % shape[2])
                if (s, a, b, c) == (other, 0, 0, 0) or forward > back:
                    continue
                # A pair that is its own reverse is met twice in the tables.
                share = 0.5 if forward == back else 1.0
                pair = share * float(value) * np.multiply.outer(charges[s], charges[other])
                energies[((s, 0, 0, 0), (other, a, b, c))] = pair
    return 0.5 * float(base @ row @ base), energies
