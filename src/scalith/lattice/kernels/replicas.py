"""Replicas of a lattice, each in a grand-canonical state with a spring on its stoichiometry, that exchange their temperatures."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from scalith.lattice.kernels.fields import InteractionTables, change_site, compute_fields
from scalith.lattice.kernels.random_numbers import advance, below, mixed, unit_interval
from scalith.numerics.compiled import compiled


@compiled
def replica_chains(
    tables: InteractionTables,
    exchanged: NDArray[np.float64],
    occupations: NDArray[np.int8],
    thermal_energies: NDArray[np.float64],
    chemical_potentials: NDArray[np.float64],
    springs: NDArray[np.float64],
    target: float,
    sweeps: int,
    seed: np.uint64,
    filled: NDArray[np.float64],
    energies: NDArray[np.float64],
    exchanges: NDArray[np.float64],
) -> float:
    """Sample R states (kT, μ, K) side by side with the weight exp(−H/kT), H = E − μN + ½K(N − N₀)².

    After each sweep neighbouring states exchange their configurations with probability min(1, exp(−Δ)), Δ the change of
    Σ H/kT: pairs (0, 1), (2, 3), … after even sweeps and (1, 2), (3, 4), … after odd ones (Okabe 2001,
    DOI 10.1016/S0009-2614(01)00055-0), so that configurations drift through the temperatures and do not diffuse.

    Parameters
    ----------
    exchanged : ndarray, shape (sublattices,)
        1 where the reservoir's ion fills the sublattice, 0 elsewhere.
    occupations : ndarray of int8, shape (R, sites)
        Start, and on return the end; row r is in state r at either time.
    thermal_energies, chemical_potentials, springs : ndarray, shape (R,)
        kT, μ and K of each state, eV.
    target : float
        N₀, ions.
    sweeps : int
        One trial a site.
    filled, energies : ndarray, shape (R, sweeps)
        On return ions and energy (eV) of each state after each sweep.
    exchanges : ndarray, shape (R,)
        On return the share of accepted exchanges of states r and r + 1 (last: 0).

    Returns
    -------
    float
        Largest difference between a running energy and one computed afresh (round-off), eV.
    """
    replicas, sites = occupations.shape
    fields = np.empty((replicas, sites))
    # The configuration of state s lies in row `row_of[s]`.
    row_of = np.arange(replicas)
    energy = np.zeros(replicas)
    ions = np.zeros(replicas)
    tried = np.zeros(replicas)
    exchanges[:] = 0.0
    for r in range(replicas):
        energy[r] = compute_fields(tables, occupations[r], fields[r])
        for i in range(sites):
            ions[r] += exchanged[i % tables.sublattices] * occupations[r, i]
    word = seed
    for sweep in range(sweeps):
        for s in range(replicas):
            r = row_of[s]
            occupation, field = occupations[r], fields[r]
            inverse, mu, spring = 1.0 / thermal_energies[s], chemical_potentials[s], springs[s]
            count, total = ions[r], energy[r]
            for _ in range(sites):
                word = advance(word)
                i = below(mixed(word), sites)
                sign = 1 - 2 * occupation[i]
                ion = sign * exchanged[i % tables.sublattices]
                change = sign * field[i]
                grand = change + ion * (spring * (count - target + 0.5 * ion) - mu)
                if grand > 0.0:
                    word = advance(word)
                    if unit_interval(mixed(word)) >= np.exp(-grand * inverse):
                        continue
                total += change
                count += ion
                change_site(tables, occupation, field, i, sign)
            ions[r], energy[r] = count, total
            filled[s, sweep] = count
            energies[s, sweep] = total
        for s in range(sweep % 2, replicas - 1, 2):
            a, b = row_of[s], row_of[s + 1]
            away_a, away_b = ions[a] - target, ions[b] - target
            # H of both configurations in both states, each over its kT
            change = (
                energy[b]
                - energy[a]
                - chemical_potentials[s] * (ions[b] - ions[a])
                + 0.5 * springs[s] * (away_b * away_b - away_a * away_a)
            ) / thermal_energies[s]
            change += (
                energy[a]
                - energy[b]
                - chemical_potentials[s + 1] * (ions[a] - ions[b])
                + 0.5 * springs[s + 1] * (away_a * away_a - away_b * away_b)
            ) / thermal_energies[s + 1]
            tried[s] += 1.0
            word = advance(word)
            if change <= 0.0 or unit_interval(mixed(word)) < np.exp(-change):
                row_of[s], row_of[s + 1] = b, a
                exchanges[s] += 1.0
    drift = 0.0
    ordered = np.empty_like(occupations)
    for s in range(replicas):
        r = row_of[s]
        drift = max(drift, abs(compute_fields(tables, occupations[r], fields[r]) - energy[r]))
        ordered[s] = occupations[r]
        if tried[s] > 0.0:
            exchanges[s] /= tried[s]
    occupations[:] = ordered
    return drift
