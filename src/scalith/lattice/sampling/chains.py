"""Chains of sweeps at given temperatures and chemical potentials; where ions have several kinds of sites, with exchanges.

An ion on a tetrahedron blocks the octahedra around it: to go from filled tetrahedra to filled octahedra by inserting and removing
one ion at a time, it has to leave a deep site before any octahedron takes an ion, and cooled lattices keep some such ions. An
exchange of an ion with a vacancy takes it there in one step. Where the working ion has more than one kind of site every sweep is
therefore followed by one of exchanges among all its sites. Each kind of sweep leaves exp(−(E − μN)/kT) as it is, and so do both
in turn. Averages are of the first kind. In small supercells (hundreds of sites) chains take 1.1 times as long, whole runs 1.2 to
1.75 times.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from scalith.lattice.kernels.canonical import canonical_chain
from scalith.lattice.kernels.metropolis import semi_grand_canonical_chain
from scalith.lattice.kernels.replicas import replica_chains

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from scalith.lattice.sampling.monte_carlo import Model


def semi_grand_chain(
    model: Model,
    occupation: NDArray[np.int8],
    thermal_energies: NDArray[np.float64],
    chemical_potentials: NDArray[np.float64],
    sweeps: int,
    seed: np.uint64,
    filled: NDArray[np.float64],
    energies: NDArray[np.float64],
) -> None:
    """Walk through a list of states (kT, μ): `scalith.lattice.kernels.metropolis`, with exchanges where they are needed.

    Parameters
    ----------
    model : Model
    occupation : ndarray of int8, shape (sites,)
        Start, and on return the end.
    thermal_energies, chemical_potentials : ndarray, shape (m,)
        kT and μ of each state, eV.
    sweeps : int
        Of insertions and removals, at each state.
    seed : numpy.uint64
    filled, energies : ndarray, shape (m, ≥ sweeps)
        On return the number of ions and the energy (eV) after each of these sweeps.
    """
    chain = (model.tables, model.exchanged, occupation)
    if model.site_kinds == 1:
        semi_grand_canonical_chain(*chain, thermal_energies, chemical_potentials, sweeps, seed, filled, energies)
        return
    active, discarded = model.active, np.empty((1, 1))
    words = np.random.default_rng(int(seed)).integers(2**63, size=(len(thermal_energies), sweeps, 2), dtype=np.uint64)
    for m in range(len(thermal_energies)):
        here = slice(m, m + 1)
        for k in range(sweeps):
            there = (here, slice(k, k + 1))
            state = (thermal_energies[here], chemical_potentials[here], 1)
            semi_grand_canonical_chain(*chain, *state, words[m, k, 0], filled[there], energies[there])
            canonical_chain(model.tables, active, occupation, thermal_energies[here], 1, words[m, k, 1], discarded)


def replica_sweeps(
    model: Model,
    replicas: NDArray[np.int8],
    states: tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]],
    target: float,
    sweeps: int,
    seed: np.uint64,
    filled: NDArray[np.float64],
    energies: NDArray[np.float64],
    exchanges: NDArray[np.float64],
) -> None:
    """Replicas side by side: `scalith.lattice.kernels.replicas`, with exchanges of ions and vacancies where they are needed.

    Parameters
    ----------
    model : Model
    replicas : ndarray of int8, shape (R, sites)
        Start, and on return the end; row r is in state r at either time.
    states : (ndarray, ndarray, ndarray), shape (R,) each
        kT, μ and spring of each state, eV.
    target : float
        Number of ions at which the springs are at rest.
    sweeps : int
        Of insertions and removals, at each state.
    seed : numpy.uint64
    filled, energies : ndarray, shape (R, sweeps)
        On return ions and energy (eV) of each state after each of these sweeps.
    exchanges : ndarray, shape (R,)
        On return the share of accepted exchanges of states r and r + 1 (last: 0).
    """
    chain = (model.tables, model.exchanged, replicas, *states)
    if model.site_kinds == 1:
        replica_chains(*chain, target, sweeps, seed, filled, energies, exchanges)
        return
    active, discarded, share = model.active, np.empty((1, 1)), np.empty(len(replicas))
    words = np.random.default_rng(int(seed)).integers(2**63, size=(-(-sweeps // 2), 1 + len(replicas)), dtype=np.uint64)
    accepted = np.zeros(len(replicas))
    tried = np.zeros(len(replicas))
    # Two sweeps at once: neighbouring states exchange after even ones in other pairs than after odd ones.
    for own, start in zip(words, range(0, sweeps, 2), strict=True):
        count = min(2, sweeps - start)
        ions, energy = np.empty((2, len(replicas), count))
        replica_chains(*chain, target, count, own[0], ions, energy, share)
        filled[:, start : start + count], energies[:, start : start + count] = ions, energy
        accepted += share
        tried[:: 2 if count == 1 else 1] += 1.0
        for replica, kT, word in zip(replicas, states[0], own[1:], strict=True):
            canonical_chain(model.tables, active, replica, np.array([kT]), 1, word, discarded)
    exchanges[:] = accepted / np.maximum(tried, 1.0)
