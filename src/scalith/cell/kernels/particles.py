"""Particles eliminated to their surfaces, and the reaction on them linearised.

What the cell asks of a particle is how its surface answers to its reaction, all else in it eliminated.
"""

from __future__ import annotations

import math

from scalith.cell.kernels.layout import (
    DIFFUSION_ENERGY,
    DIFFUSION_FACTOR,
    ENTROPY,
    EXCHANGE,
    FILM_RESISTANCE,
    FLUX_POTENTIAL,
    HYSTERESIS,
    HYSTERESIS_DECAY,
    HYSTERESIS_RATE,
    KINETICS,
    MAXIMUM_CONCENTRATION,
    PHASE_FIELD,
    RADIUS,
    RATE,
    RATE_ENERGY,
    REFERENCE_CONCENTRATION,
    REFERENCE_TEMPERATURE,
    SPECIFIC_AREA,
    STRAIN,
    TABLES,
    VOLTAGE,
    Array,
    System,
    TableBank,
    Work,
    table_of,
)
from scalith.cell.kernels.phase_field import eliminate_phase_field, substitute_phase_field
from scalith.cell.kernels.reaction import arrhenius, equilibrium, hysteresis_after, mean_stoichiometry, reaction_rate
from scalith.numerics.compiled import compiled_in_place
from scalith.numerics.kernel_table import evaluate
from scalith.particle.kernels import eliminate, flux_potential, substitute
from scalith.quantities.constants import FARADAY

_F = FARADAY


@compiled_in_place
def eliminate_particles(
    system: System, bank: TableBank, y: Array, base: Array, inverse_time: float, T: float, work: Work
) -> None:
    """Sweep every particle outwards, and linearise its reaction: δj = g₀ + g_η δ(φₛ − φₑ) + g_c δcₑ."""
    cells = system.width.size
    particles = work.potential.size
    first_c, first_e, first_s = particles, particles + cells + 2, particles + 2 * cells + 2
    first_j = particles + 3 * cells + 2
    T_reference = system.scalars[REFERENCE_TEMPERATURE]
    c_reference = system.scalars[REFERENCE_CONCENTRATION]
    for i in range(cells):
        for k in range(4):
            work.source[i, k] = 0.0
    surface_rate = work.surface_rate
    work.column[0] = 0.0
    for p in range(system.start.size):
        row = system.classes[p]
        if row[PHASE_FIELD] > 0.0:
            eliminate_phase_field(system, bank, y, base, inverse_time, T, p, work)
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
            surface_rate[i] = y[first_j + first + i] * loss
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
        exchange, kinetics = table_of(bank, tables + EXCHANGE), table_of(bank, tables + KINETICS)
        rate = row[RATE] * arrhenius(row[RATE_ENERGY], T, T_reference)
        film = _F * row[FILM_RESISTANCE]
        hysteresis, switch = table_of(bank, tables + HYSTERESIS), row[HYSTERESIS_RATE]
        decay, strain = row[HYSTERESIS_DECAY], row[STRAIN] / _F
        # The reaction alone says how the mean stoichiometry of a particle moves from that of the base.
        mean_by_j = 0.0 * inverse_time
        if decay > 0.0 or strain > 0.0:
            volume = 0.0
            for k in range(nodes):
                volume += system.volumes[p, k]
            mean_by_j = -loss / (inverse_time * volume)
        film_and_stress = film + strain * mean_by_j
        stressed = strain > 0.0
        area = row[SPECIFIC_AREA]
        for i in range(n):
            cell = start + i
            surface = x[nodes - 1, i]
            j = y[first_j + first + i]
            U, U_x = equilibrium(voltage, entropy, row, surface, T, T_reference)
            drop_j = film_and_stress
            if switch != 0.0:
                # The branch that the reaction is on; a negative rate holds it (impedance).
                half, half_x = evaluate(hysteresis, surface, T)
                branch = branch_j = 0.0
                if decay == 0.0:
                    branch = math.tanh(j / abs(switch))
                    branch_j = (1.0 - branch * branch) / abs(switch)
                elif switch > 0.0:
                    kept = system.hysteresis[first + i]
                    by_j = mean_by_j.real  # a spectrum has a complex one, and holds the branch
                    moved = mean_stoichiometry(base, lo + i, n, nodes, system.volumes[p]) + by_j * j - kept[0]
                    branch, branch_j = hysteresis_after(decay, kept[1], moved)
                    branch_j *= by_j
                else:
                    branch = system.hysteresis[first + i, 1]
                U += half * branch
                U_x += half_x * branch
                drop_j += half * branch_j if switch > 0.0 else 0.0
            if stressed:
                # The stress of the surface, by how it differs from the mean; a spectrum starts from its base.
                mean = mean_stoichiometry(base, lo + i, n, nodes, system.volumes[p]) + (mean_by_j * j).real
                U -= strain * (surface - mean)
                U_x -= strain
            c = y[first_c + cell] / c_reference
            eta = y[first_s + cell] - y[first_e + cell] - U - film * j
            f, f_eta, f_x, f_c = reaction_rate(exchange, kinetics, row, surface, c, eta, T, rate)
            by_x = f_x - f_eta * U_x
            pivot = pivots[nodes - 1, i]
            over = 1.0 / (1.0 + f_eta * drop_j + by_x * loss / pivot)
            g0 = (f - j + by_x * rests[nodes - 1, i] / pivot) * over
            g_eta = f_eta * over
            g_c = f_c / c_reference * over
            work.reaction[first + i, 0] = g0
            work.reaction[first + i, 1] = g_eta
            work.reaction[first + i, 2] = g_c
            work.reaction[first + i, 3] = by_x * over / pivot
            work.reaction[first + i, 4] = f * over
            work.source[cell, 0] += area * j
            work.source[cell, 1] += area * g0
            work.source[cell, 2] += area * g_eta
            work.source[cell, 3] += area * g_c


@compiled_in_place
def substitute_particles(system: System, y: Array, work: Work) -> tuple[float, float]:
    """Fill the step of every reaction and particle; the norm of it, and how much of it is safe."""
    right, step = work.right, work.step
    first_j = y.size - 1 - work.reaction.shape[0]
    norm, damping = 0.0, 1.0
    for p in range(system.start.size):
        row = system.classes[p]
        n, start, first, nodes = system.count[p], system.start[p], system.reaction_offset[p], system.nodes[p]
        lo, hi = system.particle_offset[p], system.particle_offset[p] + nodes * n
        loss = 1.0 / (row[RADIUS] * row[MAXIMUM_CONCENTRATION])
        pivots, uppers, rests = (
            work.pivots[lo:hi].reshape((nodes, n)),
            work.uppers[lo:hi].reshape((nodes, n)),
            work.rests[lo:hi].reshape((nodes, n)),
        )
        if row[PHASE_FIELD] > 0.0:
            for i in range(n):
                g, cell = work.reaction[first + i], start + i
                d_j = g[0] + g[1] * (right[cell, 2, 0] - right[cell, 1, 0]) + g[2] * right[cell, 0, 0]
                step[first_j + first + i] = d_j
                largest, part = substitute_phase_field(system, y, loss * d_j, p, i, work)
                norm, damping = max(norm, 5.0 * largest), min(damping, part)
            continue
        change = step[lo:hi].reshape((nodes, n))
        for i in range(n):
            cell = start + i
            g = work.reaction[first + i]
            d_j = g[0] + g[1] * (right[cell, 2, 0] - right[cell, 1, 0]) + g[2] * right[cell, 0, 0]
            step[first_j + first + i] = d_j
            change[nodes - 1, i] = (rests[nodes - 1, i] - loss * d_j) / pivots[nodes - 1, i]
            norm = max(norm, 5.0 * abs(change[nodes - 1, i]))
        if row[HYSTERESIS_RATE] > 0.0 and row[HYSTERESIS_DECAY] == 0.0:
            for i in range(n):
                j = y[first_j + first + i]
                if abs(j) > row[HYSTERESIS_RATE] and j * (j + step[first_j + first + i]) < 0.0:
                    # Through the corner only by way of its middle: beyond, the slope is not that of this side.
                    step[first_j + first + i] = -j
                    norm = max(norm, 1.0)
        substitute(change, pivots, uppers, rests)
    return norm, damping
