"""Metropolis sampling with cached site fields."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from scalith.lattice.kernels.fields import InteractionTables, change_site, compute_fields
from scalith.lattice.kernels.random_numbers import advance, below, mixed, unit_interval
from scalith.numerics.compiled import compiled


@compiled
def semi_grand_canonical_chain(
    tables: InteractionTables,
    exchanged: NDArray[np.float64],
    occupation: NDArray[np.int8],
    thermal_energies: NDArray[np.float64],
    chemical_potentials: NDArray[np.float64],
    sweeps: int,
    seed: np.uint64,
    filled: NDArray[np.float64],
    energies: NDArray[np.float64],
) -> float:
    """Walk through a list of states (kT, μ), each started from the last configuration of the one before.

    One step picks a site at random and changes its state with probability min(1, exp(−ΔΩ/kT)), Ω = E − μ Σ e n.

    Parameters
    ----------
    exchanged : ndarray, shape (sublattices,)
        1 where the reservoir's ion fills the sublattice, 0 elsewhere.
    occupation : ndarray of int8, shape (sites,)
        Start, and on return the end.
    thermal_energies, chemical_potentials : ndarray, shape (m,)
        kT and μ of each state, eV.
    filled, energies : ndarray, shape (m, sweeps)
        On return the number of exchanged ions and the energy (eV) after each sweep.

    Returns
    -------
    float
        Largest difference between the running energy and one computed afresh (round-off), eV.
    """
    sites = occupation.size
    field = np.empty(sites)
    energy = compute_fields(tables, occupation, field)
    state = seed
    drift = 0.0
    ions = 0.0
    for i in range(sites):
        ions += exchanged[i % tables.sublattices] * occupation[i]
    for m in range(chemical_potentials.size):
        mu = chemical_potentials[m]
        inverse = 1.0 / thermal_energies[m]
        # The field carries −μ, so that a trial needs one number only.
        for i in range(sites):
            field[i] -= mu * exchanged[i % tables.sublattices]
        for sweep in range(sweeps):
            for _ in range(sites):
                state = advance(state)
                i = below(mixed(state), sites)
                sign = 1 - 2 * occupation[i]
                grand = sign * field[i]
                if grand > 0.0:
                    state = advance(state)
                    if unit_interval(mixed(state)) >= np.exp(-grand * inverse):
                        continue
                ion = sign * exchanged[i % tables.sublattices]
                energy += grand + mu * ion
                ions += ion
                change_site(tables, occupation, field, i, sign)
            filled[m, sweep] = ions
            energies[m, sweep] = energy
        fresh = compute_fields(tables, occupation, field)
        drift = max(drift, abs(fresh - energy))
        energy = fresh
    return drift
