"""Particles eliminated to their surfaces.

What the cell asks of a particle is how its surface answers to its reaction, all else in it eliminated.
"""

from __future__ import annotations

from scalith.cell.kernels.layout import (
    DIFFUSION_ENERGY,
    DIFFUSION_FACTOR,
    ELIMINATE_PHASE_FIELD,
    ENTROPY,
    FLUX_POTENTIAL,
    HYSTERESIS_RATE,
    MAXIMUM_CONCENTRATION,
    PHASE_FIELD,
    RADIUS,
    REFERENCE_TEMPERATURE,
    SCALE,
    STATE,
    STRAIN,
    SUBSTITUTE_PHASE_FIELD,
    TABLES,
    VOLTAGE,
    Array,
    System,
    TableBank,
    Work,
    table_of,
)
from scalith.cell.kernels.reaction import arrhenius, equilibrium, mean_stoichiometry
from scalith.cell.kernels.surface import linearise_surface, surface_of
from scalith.numerics.call_by_address import call_for_nothing, call_for_number
from scalith.numerics.compiled import compiled_inside
from scalith.particle.kernels import eliminate, flux_potential, substitute
from scalith.quantities.constants import FARADAY

_F = FARADAY


@compiled_inside
def eliminate_particles(
    system: System, bank: TableBank, y: Array, base: Array, inverse_time: float, T: float, work: Work
) -> None:
    """Sweep every particle outwards, and linearise its reaction: see `linearise_surface`."""
    T_reference = system.scalars[REFERENCE_TEMPERATURE]
    for i in range(system.width.size):
        for k in range(4):
            work.source[i, k] = 0.0
    surface_rate = work.surface_rate
    work.column[0] = 0.0
    for p in range(system.start.size):
        row = system.classes[p]
        if row[PHASE_FIELD] > 0.0:
            call_for_nothing(system.kernels[ELIMINATE_PHASE_FIELD], (system, bank, y, base, inverse_time, T, p, work))
            continue
        n, start, nodes = system.count[p], system.start[p], system.nodes[p]
        lo, hi = system.particle_offset[p], system.particle_offset[p] + nodes * n
        first = system.reaction_offset[p]
        tables = TABLES * (1 + system.material[p])
        loss = 1.0 / (row[RADIUS] * row[MAXIMUM_CONCENTRATION])
        x = y[lo:hi].reshape((nodes, n))
        pivots, uppers, rests = (
            work.pivots[lo:hi].reshape((nodes, n)),
            work.uppers[lo:hi].reshape((nodes, n)),
            work.rests[lo:hi].reshape((nodes, n)),
        )
        potential, diffusivity = work.potential[lo:hi].reshape((nodes, n)), work.diffusivity[lo:hi].reshape((nodes, n))
        factor = row[DIFFUSION_FACTOR] * arrhenius(row[DIFFUSION_ENERGY], T, T_reference) / row[RADIUS] ** 2
        flux_potential(table_of(bank, tables + FLUX_POTENTIAL), x, T, factor, potential, diffusivity)
        for i in range(n):
            surface_rate[i] = y[system.at.reaction + first + i] * loss
        eliminate(
            x,
            base[lo:hi].reshape((nodes, n)),
            inverse_time,
            system.volumes[p],
            system.conductances[p],
            system.couplings[p],
            surface_rate,
            potential,
            diffusivity,
            pivots,
            uppers,
            rests,
        )
        voltage, entropy = table_of(bank, tables + VOLTAGE), table_of(bank, tables + ENTROPY)
        surface = surface_of(system, bank, p, T)
        stressed, strain = row[STRAIN] > 0.0, row[STRAIN] / _F
        # The reaction alone says how the mean stoichiometry of a particle moves from that of the base.
        mean_by_j = 0.0 * inverse_time
        if stressed:
            volume = 0.0
            for k in range(nodes):
                volume += system.volumes[p, k]
            mean_by_j = -loss / (inverse_time * volume)
        for i in range(n):
            at_surface = x[nodes - 1, i]
            U, U_x = equilibrium(voltage, entropy, row, at_surface, T, T_reference)
            work.reaction[first + i, 3], work.reaction[first + i, 4] = U, U_x
            over = 1.0 / pivots[nodes - 1, i]
            x_0, x_j = rests[nodes - 1, i] * over, -loss * over
            U_j = U_x * x_j
            U_0 = U_x * x_0
            if stressed:
                # The stress of the surface, by how it differs from the mean; a spectrum starts from its base.
                j = y[system.at.reaction + first + i]
                mean = mean_stoichiometry(base, lo + i, n, nodes, system.volumes[p]) + (mean_by_j * j).real
                U -= strain * (at_surface - mean)
                U_0 -= strain * x_0
                U_j -= strain * (x_j - mean_by_j)
            linearise_surface(
                system, surface, first + i, i, start + i, at_surface, x_0, x_j, U, U_0, U_j, y, base, inverse_time, T, work
            )


@compiled_inside
def substitute_particles(system: System, y: Array, scale: float, work: Work) -> tuple[float, float]:
    """Fill the step of every reaction, local state and particle; the norm of it, and how much of it is safe.

    `scale` is F/RT.
    """
    right, step = work.right, work.step
    norm, damping = 0.0, 1.0
    for p in range(system.start.size):
        row = system.classes[p]
        n, start, first, nodes = system.count[p], system.start[p], system.reaction_offset[p], system.nodes[p]
        lo, hi = system.particle_offset[p], system.particle_offset[p] + nodes * n
        loss = 1.0 / (row[RADIUS] * row[MAXIMUM_CONCENTRATION])
        first_j = system.at.reaction + first
        for i in range(n):
            g, cell = work.reaction[first + i], start + i
            step[first_j + i] = g[0] + g[1] * (right[cell, 2, 0] - right[cell, 1, 0]) + g[2] * right[cell, 0, 0]
        if system.first_process[p] < system.first_process[p + 1]:
            norm = max(norm, substitute_processes(system, p, work))
        elif system.at.current > system.at.side:
            for i in range(n):
                step[system.at.side + first + i] = 0.0
        if row[PHASE_FIELD] > 0.0:
            for i in range(n):
                change = loss * step[first_j + i]
                damping = min(damping, call_for_number(system.kernels[SUBSTITUTE_PHASE_FIELD], (system, y, change, p, i, work)))
                for k in range(nodes):
                    norm = max(norm, 5.0 * abs(step[lo + k * n + i]))
            continue
        pivots, uppers, rests = (
            work.pivots[lo:hi].reshape((nodes, n)),
            work.uppers[lo:hi].reshape((nodes, n)),
            work.rests[lo:hi].reshape((nodes, n)),
        )
        change_x = step[lo:hi].reshape((nodes, n))
        for i in range(n):
            change_x[nodes - 1, i] = (rests[nodes - 1, i] - loss * step[first_j + i]) / pivots[nodes - 1, i]
            # A steep equilibrium potential moves far over a small step: the overpotential counts as the other potentials do.
            slope = scale * abs(work.reaction[first + i, 4])
            norm = max(norm, max(5.0, slope) * abs(change_x[nodes - 1, i]))
        if row[HYSTERESIS_RATE] > 0.0:
            for i in range(n):
                j = y[first_j + i]
                if abs(j) > row[HYSTERESIS_RATE] and j * (j + step[first_j + i]) < 0.0:
                    # Through the corner only by way of its middle: beyond, the slope is not that of this side.
                    step[first_j + i] = -j
                    norm = max(norm, 1.0)
        substitute(change_x, pivots, uppers, rests)
    return norm, damping


@compiled_inside
def substitute_processes(system: System, p: int, work: Work) -> float:
    """Fill the step of the side reactions and local states of one class; the largest of it, in units of their scales."""
    right, step = work.right, work.step
    first, largest = system.reaction_offset[p], 0.0
    for i in range(system.count[p]):
        cell = system.start[p] + i
        d_phi, d_c = right[cell, 2, 0] - right[cell, 1, 0], right[cell, 0, 0]
        h = work.side[first + i]
        step[system.at.side + first + i] = h[0] + h[1] * d_phi + h[2] * d_c
        for k in range(system.first_process[p], system.first_process[p + 1]):
            at = system.processes[k, STATE] + i
            z = work.processes[at - system.at.states]
            step[at] = z[0] + z[1] * d_phi + z[2] * d_c
            largest = max(largest, abs(step[at]) / system.process_numbers[k, SCALE])
    return largest


@compiled_inside
def bent_potentials(system: System, bank: TableBank, y: Array, T: float, part: float, work: Work) -> float:
    """How far the equilibrium potentials at the surfaces are off the straight lines that `part` of the last step took, V."""
    largest = 0.0
    for p in range(system.start.size):
        row = system.classes[p]
        if row[PHASE_FIELD] > 0.0:
            continue
        tables = TABLES * (1 + system.material[p])
        voltage, entropy = table_of(bank, tables + VOLTAGE), table_of(bank, tables + ENTROPY)
        n, first = system.count[p], system.reaction_offset[p]
        surface = system.particle_offset[p] + (system.nodes[p] - 1) * n
        for i in range(n):
            U = equilibrium(voltage, entropy, row, y[surface + i], T, system.scalars[REFERENCE_TEMPERATURE])[0]
            straight = work.reaction[first + i, 3] + work.reaction[first + i, 4] * part * work.step[surface + i]
            largest = max(largest, abs(U - straight))
    return largest
