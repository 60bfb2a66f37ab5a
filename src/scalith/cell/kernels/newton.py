"""One Newton step of the discretised cell.

Particles are eliminated by a sweep from the centre to the surface, the reaction is eliminated in place, and what remains
is block-tridiagonal in (cₑ, φₑ, φₛ). Every derivative is exact, so that one step from a good prediction converges.
"""

from __future__ import annotations

import math

import numpy as np

from scalith.cell.kernels.layout import (
    AMBIENT_TEMPERATURE,
    CONDUCTION_ENERGY,
    CONDUCTION_FACTOR,
    CONDUCTIVITY,
    CONTACT_RESISTANCE,
    DIFFUSIVITY,
    ELECTROLYTE_DIFFUSION_ENERGY,
    ELECTROLYTE_DIFFUSION_FACTOR,
    ENTROPY,
    GENERATION,
    HEAT_CAPACITY,
    HEAT_TRANSFER,
    PHASE_FIELD,
    PLANE_AREA,
    REFERENCE_CONCENTRATION,
    REFERENCE_TEMPERATURE,
    SPECIFIC_AREA,
    STRAIN,
    TABLES,
    THERMODYNAMIC_FACTOR,
    TRANSFERENCE,
    VOLTAGE,
    Array,
    System,
    TableBank,
    Work,
    table_of,
)
from scalith.cell.kernels.particles import eliminate_particles, substitute_particles
from scalith.cell.kernels.phase_field import phase_field_voltage
from scalith.cell.kernels.reaction import arrhenius, equilibrium, mean_stoichiometry
from scalith.cell.kernels.transport import factorise, local_sources, solve_blocks
from scalith.numerics.compiled import compiled, compiled_in_place
from scalith.numerics.kernel_table import evaluate
from scalith.quantities.constants import FARADAY, GAS_CONSTANT

_F = FARADAY
_R = GAS_CONSTANT
BY_CURRENT, BY_VOLTAGE, BY_POWER, BY_RESISTANCE = 0, 1, 2, 3


@compiled_in_place
def particle_unknowns(system: System) -> tuple[int, int]:
    """Unknowns in the particles, and so many again where one of them is a phase field, 0 where none is."""
    total = separating = 0
    for p in range(system.start.size):
        total += system.nodes[p] * system.count[p]
        separating += system.classes[p, PHASE_FIELD] > 0.0
    return total, total if separating > 0 else 0


@compiled
def make_work(system: System, size: int) -> Work:
    """Scratch arrays for a state of `size` unknowns."""
    cells = system.width.size
    reactions = system.count.sum()
    particles, coupled = particle_unknowns(system)
    return Work(
        np.empty(particles),
        np.empty(particles),
        np.empty(particles),
        np.empty(particles),
        np.empty(particles),
        np.empty((reactions, 5)),
        np.empty((cells, 4)),
        np.empty((cells, 11)),
        np.empty((cells, 6)),
        np.empty((cells, 3, 3)),
        np.empty((cells, 3, 3)),
        np.empty((cells, 3, 3)),
        np.empty((cells, 3, 2)),
        np.empty(size),
        np.empty((6, 3, 3)),
        np.empty(cells),
        np.zeros(1 + 7 * system.volumes.shape[1]),
        np.empty(8 * coupled),
    )


@compiled_in_place
def evaluate_electrolyte(system: System, bank: TableBank, y: Array, T: float, work: Work) -> None:
    """Fill `work.electrolyte` with bulk transport properties at every finite volume."""
    first_c = work.potential.size
    scalars = system.scalars
    T_reference = scalars[REFERENCE_TEMPERATURE]
    conduction = scalars[CONDUCTION_FACTOR] * arrhenius(scalars[CONDUCTION_ENERGY], T, T_reference)
    diffusion = scalars[ELECTROLYTE_DIFFUSION_FACTOR] * arrhenius(scalars[ELECTROLYTE_DIFFUSION_ENERGY], T, T_reference)
    conductivity, diffusivity = table_of(bank, CONDUCTIVITY), table_of(bank, DIFFUSIVITY)
    transference, factor, generation = (
        table_of(bank, TRANSFERENCE),
        table_of(bank, THERMODYNAMIC_FACTOR),
        table_of(bank, GENERATION),
    )
    plain = transference.coefficients.size == 4 and factor.coefficients.size == 4
    t, chi = evaluate(transference, 0.0, T)[0], evaluate(factor, 0.0, T)[0]
    for i in range(system.width.size):
        c = y[first_c + i]
        out = work.electrolyte[i]
        value, slope = evaluate(conductivity, c, T)
        out[0] = max(value, 1e-12) * conduction
        out[1] = slope * conduction
        value, slope = evaluate(diffusivity, c, T)
        out[2] = value * diffusion
        out[3] = slope * diffusion
        if plain:
            # Constant numbers, as most electrolytes are given: not looked up for each volume.
            out[4], out[5], out[6], out[7] = t, 0.0, chi * (1.0 - t), 0.0
        else:
            t, t_c = evaluate(transference, c, T)
            chi, chi_c = evaluate(factor, c, T)
            out[4], out[5] = t, t_c
            out[6] = chi * (1.0 - t)
            out[7] = chi_c * (1.0 - t) - chi * t_c
        out[8] = math.log(max(c, 1e-6))
        out[9], out[10] = 0.0, 0.0
        if generation.coefficients.size > 4:
            value, slope = evaluate(generation, c, T)
            out[9], out[10] = value, slope


@compiled_in_place
def terminal_voltage(system: System, y: Array) -> float:
    """φₛ at the positive collector less the drop over the contact, V (the negative collector is at zero)."""
    cells = system.width.size
    first_j = y.size - 1 - system.count.sum()
    current = y[y.size - 1]
    source = 0.0
    for p in range(system.start.size):
        if system.start[p] + system.count[p] == cells:
            source += system.classes[p, SPECIFIC_AREA] * y[first_j + system.reaction_offset[p] + system.count[p] - 1]
    drop, bend = collector_drop(system)
    voltage: float = y[first_j - 1] - current * drop - bend * source
    return voltage


@compiled_in_place
def collector_drop(system: System) -> tuple[float, float]:
    """Fall of potential between the last volume and the terminal: per ampere, and per source in that volume."""
    last = system.width.size - 1
    half = 0.5 * system.width[last] / system.solid_conductivity[last]
    drop = half / system.scalars[PLANE_AREA] + system.scalars[CONTACT_RESISTANCE]
    return drop, _F * system.curvature[last, 1] * system.width[last] ** 2 / system.solid_conductivity[last]


@compiled_in_place
def newton_step(
    system: System, bank: TableBank, y: Array, base: Array, inverse_time: float, mode: int, target: float, work: Work
) -> float:
    """Advance `y` by one damped Newton step and return the norm of the step (reduced units; ~1 is kT or the full range).

    Parameters
    ----------
    base, inverse_time
        Time derivatives are (y − base)·inverse_time.
    mode, target
        What is held: current A, voltage V, power W or resistance Ω.
    """
    cells = system.width.size
    particles = work.potential.size
    first_c, at_T = particles, particles + cells
    first_e, first_s = at_T + 2, at_T + 2 + cells
    at_I = y.size - 1
    T = y[at_T]
    if mode == BY_CURRENT:
        y[at_I] = target
    eliminate_particles(system, bank, y, base, inverse_time, T, work)
    evaluate_electrolyte(system, bank, y, T, work)
    local_sources(system, y, base, inverse_time, work)
    factorise(system, y, base, inverse_time, T, work)
    right = work.right
    change_I = 0.0
    solve_blocks(work, right, 1 if mode == BY_CURRENT else 2)
    if mode != BY_CURRENT:
        current = y[at_I]
        drop, bend = collector_drop(system)
        source, end = work.source[cells - 1], right[cells - 1]
        change = source[1] + source[2] * (end[2, 0] - end[1, 0]) + source[3] * end[0, 0]
        voltage = terminal_voltage(system, y) + end[2, 0] - bend * change
        slope = end[2, 1] - drop - bend * (source[2] * (end[2, 1] - end[1, 1]) + source[3] * end[0, 1])
        if mode == BY_VOLTAGE:
            change_I = (target - voltage) / slope
        elif mode == BY_POWER:
            change_I = (target - voltage * current) / (voltage + slope * current)
        else:
            change_I = (current * target - voltage) / (slope - target)
        for i in range(cells):
            for k in range(3):
                right[i, k, 0] += right[i, k, 1] * change_I
    step = work.step
    scale = _F / (_R * T)
    c_reference = system.scalars[REFERENCE_CONCENTRATION]
    damping = 1.0
    norm = 0.0
    for i in range(cells):
        d_c, d_e, d_s = right[i, 0, 0], right[i, 1, 0], right[i, 2, 0]
        c = y[first_c + i]
        if d_c < -0.9 * c:
            damping = min(damping, max(-0.9 * c / d_c, 1e-3))
        d_eta = abs(d_s - d_e) if system.solid_conductivity[i] > 0.0 else 0.0
        if d_eta > 0.3:
            damping = min(damping, 0.3 / d_eta)
        norm = max(norm, abs(d_c) / c_reference, scale * abs(d_e), scale * d_eta)
        step[first_c + i], step[first_e + i], step[first_s + i] = d_c, d_e, d_s
    largest, part = substitute_particles(system, y, work)
    norm, damping = max(norm, largest), min(damping, part)
    step[at_T] = step[at_T + 1] = 0.0
    step[at_I] = change_I
    for k in range(y.size):
        y[k] += damping * step[k]
    y[at_T + 1] = base[at_T + 1] + y[at_I] / inverse_time
    if not norm < 1e6:
        return np.inf
    if system.scalars[HEAT_CAPACITY] > 0.0:
        heat = heat_sources(system, bank, y, work)
        capacity = system.scalars[HEAT_CAPACITY] * inverse_time
        loss = system.scalars[HEAT_TRANSFER]
        total = heat[0] + heat[1] + heat[2] + heat[3]
        T_new = (capacity * base[at_T] + total + loss * system.scalars[AMBIENT_TEMPERATURE]) / (capacity + loss)
        # The temperature follows by substitution: it changes slowly, and its feedback within a step is weak.
        norm = max(norm, 0.1 * abs(T_new - T))
        y[at_T] = min(max(T_new, T - 50.0), T + 50.0)
    return norm if damping == 1.0 else max(norm, 1.0)


@compiled_in_place
def heat_sources(system: System, bank: TableBank, y: Array, work: Work) -> tuple[float, float, float, float, float]:
    """Heat in the solid, in the electrolyte, of the reaction, entropic, and the equilibrium power −Σ F a j U, all in W.

    Currents follow from the reactions by conservation of charge; the charge of the double layer is left out.
    """
    cells = system.width.size
    at_T = work.potential.size + cells
    first_e, first_s = at_T + 2, at_T + 2 + cells
    first_j = first_s + cells
    T = y[at_T]
    area = system.scalars[PLANE_AREA]
    T_reference = system.scalars[REFERENCE_TEMPERATURE]
    for i in range(cells):
        work.source[i, 0] = 0.0
    irreversible = entropic = stored = 0.0
    for p in range(system.start.size):
        row = system.classes[p]
        n, start, first, nodes = system.count[p], system.start[p], system.reaction_offset[p], system.nodes[p]
        surface = system.particle_offset[p] + (nodes - 1) * n
        tables = TABLES * (1 + system.material[p])
        voltage, entropy = table_of(bank, tables + VOLTAGE), table_of(bank, tables + ENTROPY)
        separating, stressed = row[PHASE_FIELD] > 0.0, row[STRAIN] > 0.0
        for i in range(n):
            x = y[surface + i]
            if separating:
                U = phase_field_voltage(system, bank, y, T, p, i)
            else:
                U = equilibrium(voltage, entropy, row, x, T, T_reference)[0]
                if stressed:
                    U -= (
                        row[STRAIN] / _F * (x - mean_stoichiometry(y, surface - (nodes - 1) * n + i, n, nodes, system.volumes[p]))
                    )
            flow = _F * system.width[start + i] * row[SPECIFIC_AREA] * y[first_j + first + i]
            work.source[start + i, 0] += flow
            irreversible += flow * (y[first_s + start + i] - y[first_e + start + i] - U)
            entropic += flow * T * evaluate(entropy, x, T)[0]
            stored -= flow * U
    total = y[y.size - 1] / area
    solid = -total * y[first_s]
    liquid = in_electrolyte = 0.0
    for i in range(cells - 1):
        in_electrolyte += work.source[i, 0]
        liquid += in_electrolyte * (y[first_e + i] - y[first_e + i + 1])
        if system.solid_conductivity[i] > 0.0 and system.solid_conductivity[i + 1] > 0.0:
            solid += (total - in_electrolyte) * (y[first_s + i] - y[first_s + i + 1])
    solid += total * (y[first_s + cells - 1] - terminal_voltage(system, y))
    return area * solid, area * liquid, area * irreversible, area * entropic, area * stored
