"""Particles that separate into phases, eliminated to their surfaces.

The unknowns of a particle are its stoichiometries alone: its potential follows from them, and goes along in the sweep of
`scalith.particle.phase_field_kernels`, whose linear answer of the surface (δx, δμ) to the flux is all that the reaction asks for.
"""

from __future__ import annotations

from scalith.cell.kernels.layout import (
    DEGENERATE,
    DIFFUSION_ENERGY,
    DIFFUSION_FACTOR,
    GRADIENT,
    IDEAL,
    MAXIMUM_CONCENTRATION,
    MOBILITY,
    RADIUS,
    REFERENCE_TEMPERATURE,
    STRAIN,
    TABLES,
    VOLTAGE,
    WETTING,
    Array,
    System,
    TableBank,
    Work,
    table_of,
)
from scalith.cell.kernels.reaction import arrhenius, mean_stoichiometry
from scalith.cell.kernels.surface import linearise_surface, surface_of
from scalith.numerics.compiled import compiled_inline_inside, compiled_inside
from scalith.particle.phase_field_kernels import back, local_potential, local_potentials, potential, sweep
from scalith.quantities.constants import FARADAY, GAS_CONSTANT

_F = FARADAY
_R = GAS_CONSTANT
LOST_AT_ANY_FLUX = 1e6
"""What such a particle adds to the count of those that run away."""


@compiled_inline_inside
def reduced_numbers(row: Array, T: float) -> tuple[float, float, float]:
    """Strain, gradient energy and wetting of a class over RT, lengths in radii."""
    thermal = _R * T
    return row[STRAIN] / thermal, row[GRADIENT] / (thermal * row[RADIUS] ** 2), row[WETTING] / (thermal * row[RADIUS])


@compiled_inside
def eliminate_phase_field(
    system: System, bank: TableBank, y: Array, base: Array, inverse_time: float, T: float, p: int, work: Work
) -> None:
    """Sweep the particles of one class outwards, and linearise their reaction: δj = g₀ + g_η δ(φₛ − φₑ) + g_c δcₑ."""
    T_reference = system.scalars[REFERENCE_TEMPERATURE]
    row, volumes = system.classes[p], system.volumes[p]
    n, start, nodes, first = system.count[p], system.start[p], system.nodes[p], system.reaction_offset[p]
    first_j = system.at.reaction + first
    lo = system.particle_offset[p]
    table = table_of(bank, TABLES * (1 + system.material[p]) + VOLTAGE)
    surface = surface_of(system, bank, p, T)
    strain, kappa, wetting = reduced_numbers(row, T)
    mobility = row[MOBILITY] * row[DIFFUSION_FACTOR] * arrhenius(row[DIFFUSION_ENERGY], T, T_reference) / row[RADIUS] ** 2
    loss, thermal = 1.0 / (row[RADIUS] * row[MAXIMUM_CONCENTRATION]), _R * T / _F
    volume = 0.0
    for k in range(nodes):
        volume += volumes[k]
    mean_by_j = -loss / (inverse_time * volume)
    # Rows of `work.column`, behind its count.
    x, before = work.column[1 : nodes + 1], work.column[nodes + 1 : 2 * nodes + 1]
    mu = work.column[2 * nodes + 1 : 3 * nodes + 1]
    values, slopes = work.column[5 * nodes + 1 : 6 * nodes + 1], work.column[6 * nodes + 1 : 7 * nodes + 1]
    last = nodes - 1
    for i in range(n):
        for k in range(nodes):
            at = lo + k * n + i
            before[k] = base[at]
            if row[IDEAL] > 0.0 and not 0.0 < y[at] < 1.0:
                # A prediction may leave the range that its logarithms know.
                y[at] = min(max(y[at], 0.1 * max(base[at], 1e-9)), 1.0 - 0.1 * max(1.0 - base[at], 1e-9))
            x[k] = y[at]
        local_potentials(table, row[IDEAL], T, x, values, slopes)
        potential(values, strain, kappa, wetting, x, volumes[:nodes], system.conductances[p, :last], mu)
        j = y[first_j + i]
        of_particle = 8 * (lo + i * nodes)
        couples = work.couples[of_particle : of_particle + 4 * nodes].reshape((nodes, 2, 2))
        answers = work.couples[of_particle + 4 * nodes : of_particle + 8 * nodes].reshape((nodes, 2, 2))
        sign = sweep(
            values,
            slopes,
            strain,
            kappa,
            wetting,
            mobility,
            row[DEGENERATE] > 0.0,
            x,
            mu,
            before,
            inverse_time,
            loss * j,
            volumes[:nodes],
            system.conductances[p, :last],
            couples,
            answers,
        )
        # δx and δμ of the surface are linear in δj; the mean, which the strain asks for, moves by the reaction alone.
        end = answers[last]
        mean = mean_stoichiometry(before, 0, 1, nodes, volumes) + (mean_by_j * j).real
        U = -thermal * (mu[last] - strain * mean)
        U_0 = -thermal * end[1, 0]
        U_j = -thermal * (loss * end[1, 1] - strain * mean_by_j)
        over = linearise_surface(
            system, surface, first + i, i, start + i, x[last], end[0, 0], loss * end[0, 1], U, U_0, U_j, y, base, inverse_time, T,
            work,
        )  # fmt: skip
        # Unstable at a given flux, which nothing outside of a particle holds; or at a given potential only.
        if sign < 0.0:
            work.column[0] += LOST_AT_ANY_FLUX
        elif over < 0.0:
            work.column[0] += 1.0


@compiled_inside
def substitute_phase_field(system: System, y: Array, change: float, p: int, i: int, work: Work) -> float:
    """Fill the step of one particle whose surface rate changes by `change`; how much of it is safe."""
    n, nodes, lo = system.count[p], system.nodes[p], system.particle_offset[p]
    of_particle = 8 * (lo + i * nodes)
    couples = work.couples[of_particle : of_particle + 4 * nodes].reshape((nodes, 2, 2))
    answers = work.couples[of_particle + 4 * nodes : of_particle + 8 * nodes].reshape((nodes, 2, 2))
    pairs = work.column[3 * nodes + 1 : 5 * nodes + 1].reshape((nodes, 2))
    for m in range(2):
        pairs[nodes - 1, m] = answers[nodes - 1, m, 0] + change * answers[nodes - 1, m, 1]
    back(pairs, couples, answers)
    ideal = system.classes[p, IDEAL] > 0.0
    part = 1.0
    for k in range(nodes):
        d = pairs[k, 0]
        if ideal:
            x = y[lo + k * n + i]
            if d < -0.9 * x:
                part = min(part, -0.9 * x / d)
            elif d > 0.9 * (1.0 - x):
                part = min(part, 0.9 * (1.0 - x) / d)
        work.step[lo + k * n + i] = d
    return part


@compiled_inside
def phase_field_voltage(system: System, bank: TableBank, y: Array, T: float, p: int, i: int) -> float:
    """Equilibrium voltage of the surface of one particle, −μ/F."""
    row, n, nodes, lo = system.classes[p], system.count[p], system.nodes[p], system.particle_offset[p]
    strain, kappa, wetting = reduced_numbers(row, T)
    volumes, surface = system.volumes[p], lo + (nodes - 1) * n + i
    table = table_of(bank, TABLES * (1 + system.material[p]) + VOLTAGE)
    mu = local_potential(table, row[IDEAL], y[surface], T)[0]
    mu += strain * (y[surface] - mean_stoichiometry(y, lo + i, n, nodes, volumes))
    mu += (kappa * system.conductances[p, nodes - 2] * (y[surface] - y[surface - n]) + wetting) / volumes[nodes - 1]
    voltage: float = -_R * T / _F * mu
    return voltage
