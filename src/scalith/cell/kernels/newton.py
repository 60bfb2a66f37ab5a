"""One Newton step of the discretised cell.

Particles are eliminated by a sweep from the centre to the surface, the reaction is eliminated in place, and what remains
is block-tridiagonal in (cₑ, φₑ, φₛ). Every derivative is exact, so that one step from a good prediction converges.
"""

from __future__ import annotations

import math

import numpy as np

from scalith.cell.kernels.layout import (
    ADDRESS,
    AMBIENT_TEMPERATURE,
    CLASS,
    CLIP_ABOVE,
    CLIP_BELOW,
    CONDUCTION_ENERGY,
    CONDUCTION_FACTOR,
    CONDUCTIVITY,
    CONTACT,
    CONTACT_RESISTANCE,
    DIFFUSION_ENERGY,
    DIFFUSION_FACTOR,
    DIFFUSIVITY,
    ELECTROLYTE_DIFFUSION_ENERGY,
    ELECTROLYTE_DIFFUSION_FACTOR,
    ENTROPY,
    EQUILIBRIUM,
    FILM,
    FILM_RESISTANCE,
    FLUX_POTENTIAL,
    FRESH_CONTACT_RESISTANCE,
    GENERATION,
    HEAT_CAPACITY,
    HEAT_OF_MIXING,
    HEAT_TRANSFER,
    LARGEST,
    LOSS,
    MAXIMUM_CONCENTRATION,
    OUTPUTS,
    PHASE_FIELD,
    PHASE_FIELD_VOLTAGE,
    PLANE_AREA,
    RADIUS,
    REFERENCE_CONCENTRATION,
    REFERENCE_TEMPERATURE,
    SIDE,
    SPECIFIC_AREA,
    STATE,
    STATES,
    STRAIN,
    TABLES,
    THERMODYNAMIC_FACTOR,
    TRANSFERENCE,
    VOLTAGE,
    VOLUME,
    Array,
    System,
    TableBank,
    Work,
    table_of,
)
from scalith.cell.kernels.particles import bent_potentials, eliminate_particles, substitute_particles
from scalith.cell.kernels.reaction import GONE, arrhenius, equilibrium, mean_stoichiometry, tell_particle
from scalith.cell.kernels.transport import factorise, local_sources, solve_blocks
from scalith.numerics.call_by_address import call_for_nothing, call_for_number
from scalith.numerics.compiled import compiled, compiled_inside
from scalith.numerics.kernel_table import evaluate
from scalith.quantities.constants import FARADAY, GAS_CONSTANT

_F = FARADAY
_R = GAS_CONSTANT
BY_CURRENT, BY_VOLTAGE, BY_POWER, BY_RESISTANCE, BY_CLIPPED_CURRENT, BY_CLIPPED_POWER = 0, 1, 2, 3, 4, 5
MOST_BENT = 3.0
"""kT/e by which equilibrium potentials may differ from their straight lines over one step of Newton's method."""
LEAST = 1e-9
"""Relative concentration of the ions that are left where the electrolyte is depleted, as potential and conduction see it."""


@compiled_inside
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
        np.empty((reactions, 3)),
        np.empty((system.at.electrolyte - system.at.states, 5)),
        np.empty(STATES + system.processes.shape[0]),
        np.zeros(2),
        np.empty((cells, 4)),
        np.empty((cells, 12)),
        np.empty((cells, 6)),
        np.zeros(cells),
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


@compiled_inside
def evaluate_electrolyte(system: System, bank: TableBank, y: Array, T: float, work: Work) -> None:
    """Fill `work.electrolyte` with bulk transport properties at every finite volume."""
    first_c = system.at.salt
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
    lowest = conductivity.lower if conductivity.coefficients.shape[1] > 1 else 0.0
    least = LEAST * scalars[REFERENCE_CONCENTRATION]
    plain = transference.coefficients.size == 4 and factor.coefficients.size == 4
    t, chi = evaluate(transference, 0.0, T)[0], evaluate(factor, 0.0, T)[0]
    for i in range(system.width.size):
        c = y[first_c + i]
        out = work.electrolyte[i]
        value, slope = evaluate(conductivity, max(c, lowest), T)
        if c < lowest:
            # Few ions conduct as few: in proportion to their number.
            slope = value / lowest
            value = slope * (c + least)
        out[0] = max(value, 1e-14) * conduction
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
        out[8], out[11] = math.log(c + least), 1.0 / (c + least)
        out[9], out[10] = 0.0, 0.0
        if generation.coefficients.size > 4:
            value, slope = evaluate(generation, c, T)
            out[9], out[10] = value, slope


@compiled_inside
def terminal_voltage(system: System, y: Array) -> float:
    """φₛ at the positive collector less the drop over the contact, V (the negative collector is at zero)."""
    cells = system.width.size
    at = system.at
    source = 0.0
    for p in range(system.start.size):
        if system.start[p] + system.count[p] == cells:
            last = system.reaction_offset[p] + system.count[p] - 1
            rate = y[at.reaction + last]
            if at.current > at.side:
                rate += y[at.side + last]
            source += system.classes[p, SPECIFIC_AREA] * system.share[last] * rate
    drop, bend = collector_drop(system)
    voltage: float = y[at.solid + cells - 1] - y[at.current] * drop - bend * source
    return voltage


@compiled_inside
def collector_drop(system: System) -> tuple[float, float]:
    """Fall of potential between the last volume and the terminal: per ampere, and per source in that volume."""
    last = system.width.size - 1
    half = 0.5 * system.width[last] / system.solid_conductivity[last]
    drop = half / system.scalars[PLANE_AREA] + system.scalars[CONTACT_RESISTANCE]
    return drop, _F * system.curvature[last, 1] * system.width[last] ** 2 / system.solid_conductivity[last]


@compiled_inside
def newton_step(
    system: System, bank: TableBank, y: Array, base: Array, inverse_time: float, mode: int, target: float, work: Work
) -> float:
    """Advance `y` by one damped Newton step and return the norm of the step (reduced units; ~1 is kT or the full range).

    Parameters
    ----------
    base, inverse_time
        Time derivatives are (y − base)·inverse_time.
    mode, target
        What is held: current A, voltage V, power W or resistance Ω; a clipped load within two voltages.
    """
    cells = system.width.size
    first_c, at_T, first_e, first_s, at_I = (
        system.at.salt,
        system.at.temperature,
        system.at.electrolyte,
        system.at.solid,
        system.at.current,
    )
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
    if mode == BY_CURRENT and work.column[0] == 1.0 and work.bent[1] % 2.0 == 1.0:
        # One particle that would run away at a given potential is held by the current: the matrix as a whole has kept its sign.
        work.column[0] = 0.0
    if mode != BY_CURRENT:
        current = y[at_I]
        drop, bend = collector_drop(system)
        source, end = work.source[cells - 1], right[cells - 1]
        change = source[1] + source[2] * (end[2, 0] - end[1, 0]) + source[3] * end[0, 0]
        voltage = terminal_voltage(system, y) + end[2, 0] - bend * change
        slope = end[2, 1] - drop - bend * (source[2] * (end[2, 1] - end[1, 1]) + source[3] * end[0, 1])
        if mode == BY_VOLTAGE:
            change_I = (target - voltage) / slope
        elif mode == BY_RESISTANCE:
            change_I = (current * target - voltage) / (slope - target)
        elif mode == BY_CLIPPED_CURRENT:
            change_I = target - current
        else:
            change_I = (target - voltage * current) / (voltage + slope * current)
        if mode >= BY_CLIPPED_CURRENT:
            # The load holds within two voltages; at one of them the voltage holds.
            low, high = system.scalars[CLIP_BELOW], system.scalars[CLIP_ABOVE]
            reached = voltage + slope * change_I
            if reached < low or reached > high:
                change_I = (min(max(reached, low), high) - voltage) / slope
        for i in range(cells):
            for k in range(3):
                right[i, k, 0] += right[i, k, 1] * change_I
    step = work.step
    scale = _F / (_R * T)
    c_reference = system.scalars[REFERENCE_CONCENTRATION]
    damping, clipped = 1.0, False
    norm = 0.0
    for i in range(cells):
        d_c, d_e, d_s = right[i, 0, 0], right[i, 1, 0], right[i, 2, 0]
        c = y[first_c + i]
        if d_c < -0.9 * c:
            # A concentration stays positive: it falls to a tenth at most, whatever the others do.
            d_c = -0.9 * c if c > GONE * c_reference else 0.0
            clipped = clipped or c > 1e-10 * c_reference
        if abs(d_c) > 0.1 * c:
            # φₑ follows ln c, which is far from straight here: what is left of the step without it is.
            X = 2.0 / scale * work.electrolyte[i, 6]
            share = work.electrolyte[i, 11]
            d_e += X * (math.log1p(d_c * share) - right[i, 0, 0] * share)
        d_eta = abs(d_s - d_e) if system.solid_conductivity[i] > 0.0 else 0.0
        if d_eta > 0.3:
            damping = min(damping, 0.3 / d_eta)
        norm = max(norm, abs(d_c) / c_reference, scale * abs(d_e), scale * d_eta)
        step[first_c + i], step[first_e + i], step[first_s + i] = d_c, d_e, d_s
    largest, part = substitute_particles(system, y, scale, work)
    norm, damping = max(norm, largest), min(damping, part)
    step[at_T] = step[at_T + 1] = 0.0
    step[at_I] = change_I
    for k in range(y.size):
        y[k] += damping * step[k]
    if not norm < 1e6:
        return np.inf
    work.bent[0] = scale * bent_potentials(system, bank, y, T, damping, work)
    for _ in range(6):
        if work.bent[0] < MOST_BENT:
            break
        # Beyond a corner of the potential the straight line leads nowhere: half the way.
        damping *= 0.5
        for k in range(y.size):
            y[k] -= damping * step[k]
        work.bent[0] = scale * bent_potentials(system, bank, y, T, damping, work)
    y[at_T + 1] = base[at_T + 1] + y[at_I] / inverse_time
    if system.scalars[HEAT_CAPACITY] > 0.0:
        for i in range(cells):
            work.layer[i] = inverse_time * (y[first_s + i] - y[first_e + i] - base[first_s + i] + base[first_e + i])
        heat = heat_sources(system, bank, y, work)
        capacity = system.scalars[HEAT_CAPACITY] * inverse_time
        loss = system.scalars[HEAT_TRANSFER]
        total = heat[0] + heat[1] + heat[2] + heat[3] + heat[4]
        T_new = (capacity * base[at_T] + total + loss * system.scalars[AMBIENT_TEMPERATURE]) / (capacity + loss)
        # The temperature follows by substitution: it changes slowly, and its feedback within a step is weak.
        norm = max(norm, 0.1 * abs(T_new - T))
        y[at_T] = min(max(T_new, T - 50.0), T + 50.0)
    return max(norm, 1.0) if clipped or damping < 1.0 else norm


@compiled_inside
def heat_sources(system: System, bank: TableBank, y: Array, work: Work) -> tuple[float, float, float, float, float, float, float]:
    """Heat in the solid, in the electrolyte, of the reactions, entropic, of mixing; −Σ F a j U; power into the layers.

    All in W. Currents follow from the reactions by conservation of charge, and from `work.layer` where there is a double layer.
    """
    cells = system.width.size
    at = system.at
    first_e, first_s, first_j = at.electrolyte, at.solid, at.reaction
    T = y[at.temperature]
    area = system.scalars[PLANE_AREA]
    T_reference = system.scalars[REFERENCE_TEMPERATURE]
    irreversible = entropic = mixing = stored = layers = 0.0
    for i in range(cells):
        phi, layer = y[first_s + i] - y[first_e + i], 0.0
        if system.capacitance[i] > 0.0:
            layer = system.width[i] * system.capacitance[i] * work.layer[i]
            layers += layer * phi
        work.source[i, 0] = layer
    for p in range(system.start.size):
        row = system.classes[p]
        n, start, first, nodes = system.count[p], system.start[p], system.reaction_offset[p], system.nodes[p]
        surface = system.particle_offset[p] + (nodes - 1) * n
        tables = TABLES * (1 + system.material[p])
        voltage, entropy = table_of(bank, tables + VOLTAGE), table_of(bank, tables + ENTROPY)
        separating, stressed = row[PHASE_FIELD] > 0.0, row[STRAIN] > 0.0
        beside = system.first_process[p] < system.first_process[p + 1]
        if system.scalars[HEAT_OF_MIXING] > 0.0:
            mixing += mixing_heat(system, bank, y, T, p)
        for i in range(n):
            x = y[surface + i]
            if separating:
                U = call_for_number(system.kernels[PHASE_FIELD_VOLTAGE], (system, bank, y, T, p, i))
            else:
                U = equilibrium(voltage, entropy, row, x, T, T_reference)[0]
                if stressed:
                    mean = mean_stoichiometry(y, surface - (nodes - 1) * n + i, n, nodes, system.volumes[p])
                    U -= row[STRAIN] / _F * (x - mean)
            phi = y[first_s + start + i] - y[first_e + start + i]
            per_rate = _F * system.width[start + i] * row[SPECIFIC_AREA] * system.share[first + i]
            flow = per_rate * y[first_j + first + i]
            work.source[start + i, 0] += flow
            irreversible += flow * (phi - U)
            entropic += flow * T * evaluate(entropy, x, T)[0]
            stored -= flow * U
            if beside:
                side, power = side_reactions(system, y, p, i, phi, x, T, work)
                work.source[start + i, 0] += per_rate * side
                irreversible += per_rate * (side * phi - power)
                stored -= per_rate * power
    total = y[at.current] / area
    solid = -total * y[first_s]
    liquid = in_electrolyte = 0.0
    for i in range(cells - 1):
        in_electrolyte += work.source[i, 0]
        liquid += in_electrolyte * (y[first_e + i] - y[first_e + i + 1])
        if system.solid_conductivity[i] > 0.0 and system.solid_conductivity[i + 1] > 0.0:
            solid += (total - in_electrolyte) * (y[first_s + i] - y[first_s + i + 1])
    solid += total * (y[first_s + cells - 1] - terminal_voltage(system, y))
    return (
        area * solid, area * liquid, area * irreversible, area * entropic, area * mixing, area * stored, area * layers,
    )  # fmt: skip


@compiled_inside
def mixing_heat(system: System, bank: TableBank, y: Array, T: float, p: int) -> float:
    """Heat of lithium that spreads within the particles of one class, Σ F N·∇(U − T ∂U/∂T) over the plane area, W m-2.

    Φ = ∫ D dx at a node and the one outside it give the flow inwards; its enthalpy, −F (U − T ∂U/∂T) a mole, falls with it.
    """
    row = system.classes[p]
    n, nodes, first = system.count[p], system.nodes[p], system.particle_offset[p]
    tables = TABLES * (1 + system.material[p])
    flux, voltage, entropy = (
        table_of(bank, tables + FLUX_POTENTIAL),
        table_of(bank, tables + VOLTAGE),
        table_of(bank, tables + ENTROPY),
    )
    T_reference = system.scalars[REFERENCE_TEMPERATURE]
    factor = row[DIFFUSION_FACTOR] * arrhenius(row[DIFFUSION_ENERGY], T, T_reference) / row[RADIUS] ** 2
    total = 0.0
    for i in range(n):
        area = row[SPECIFIC_AREA] * system.share[system.reaction_offset[p] + i]
        per_volume = _F * system.width[system.start[p] + i] * area * row[RADIUS] * row[MAXIMUM_CONCENTRATION]
        outside = enthalpy = 0.0
        for k in range(nodes - 1, -1, -1):
            x = y[first + k * n + i]
            potential = factor * evaluate(flux, x, T)[0]
            W = equilibrium(voltage, entropy, row, x, T, T_reference)[0] - T * evaluate(entropy, x, T)[0]
            if k < nodes - 1:
                total += per_volume * system.conductances[p, k] * (outside - potential) * (W - enthalpy)
            outside, enthalpy = potential, W
    return total


@compiled_inside
def side_reactions(system: System, y: Array, p: int, i: int, phi: float, x: float, T: float, work: Work) -> tuple[float, float]:
    """Sum of the side reactions at one particle, and the same with each times its equilibrium potential."""
    at, r = system.at, system.reaction_offset[p] + i
    j = y[at.reaction + r]
    total = side = power = 0.0
    film = system.classes[p, FILM_RESISTANCE]
    for k in range(system.first_process[p], system.first_process[p + 1]):
        film += system.process_numbers[k, FILM] * y[system.processes[k, STATE] + i]
    psi = phi - _F * film * (j + y[at.side + r])
    c = y[at.salt + system.start[p] + i] / system.scalars[REFERENCE_CONCENTRATION]
    tell_particle(system, y, p, i, work.output)
    for k in range(system.first_process[p], system.first_process[p + 1]):
        numbers, z = system.process_numbers[k], y[system.processes[k, STATE] + i]
        for m in range(OUTPUTS):
            work.output[m] = 0.0
        call_for_nothing(system.processes[k, ADDRESS], (psi, c, x, j, T, z, numbers, work.output))
        total += work.output[SIDE]
        power += work.output[SIDE] * numbers[EQUILIBRIUM]
    # The state knows the sum; what it differs by from the rates is Newton's method's, and counts as the first reaction's.
    side = y[at.side + r]
    return side, power + (side - total) * system.process_numbers[system.first_process[p], EQUILIBRIUM]


@compiled_inside
def volume_of_films(system: System, y: Array, i: int) -> float:
    """Share of a finite volume that its films take, Σ a V z; those on lost material stay in the pores."""
    taken = 0.0
    for p in range(system.start.size):
        if system.start[p] <= i < system.start[p] + system.count[p]:
            for k in range(system.first_process[p], system.first_process[p + 1]):
                z = y[system.processes[k, STATE] + i - system.start[p]]
                taken += system.classes[p, SPECIFIC_AREA] * system.process_numbers[k, VOLUME] * z
    return taken


@compiled_inside
def open_pores(system: System, y: Array) -> float:
    """Least share of the pores of a finite volume that films leave open."""
    least = 1.0
    for i in range(system.width.size):
        least = min(least, 1.0 - volume_of_films(system, y, i) / system.fresh[i, 0])
    return least


@compiled_inside
def follow_films(system: System, y: Array) -> bool:
    """Porosity and transport that the films of the local states leave; whether any changed.

    ε = ε₀ − Σ a V z; the transport efficiency follows as (ε/ε₀)^1.5 does. A porosity ends at a thousandth of the fresh one.
    """
    changed = False
    for i in range(system.width.size):
        now = max(system.fresh[i, 0] - volume_of_films(system, y, i), 1e-3 * system.fresh[i, 0])
        if now != system.porosity[i]:
            system.porosity[i] = now
            left = now / system.fresh[i, 0]
            system.transport[i] = system.fresh[i, 1] * left * math.sqrt(left)
            changed = True
    return changed


@compiled_inside
def left_of_material(system: System, y: Array, p: int, i: int) -> float:
    """Share of the material of one particle that its losses leave, 1 − Σ l z; it ends at a thousandth."""
    left = 1.0
    for k in range(system.first_process[p], system.first_process[p + 1]):
        loss = system.process_numbers[k, LOSS]
        if loss != 0.0:
            left -= loss * y[system.processes[k, STATE] + i]
    return max(left, 1e-3)


@compiled_inside
def least_material(system: System, y: Array) -> float:
    """Least share of a material that is left anywhere."""
    least = 1.0
    for p in range(system.start.size):
        for i in range(system.count[p]):
            least = min(least, left_of_material(system, y, p, i))
    return least


@compiled_inside
def below_largest(system: System, y: Array) -> float:
    """How far the local states are below the largest that make sense, over these; the least of them, 1 where none has one."""
    least = 1.0
    for k in range(system.processes.shape[0]):
        largest = system.process_numbers[k, LARGEST]
        if largest > 0.0:
            for i in range(system.count[system.processes[k, CLASS]]):
                least = min(least, 1.0 - y[system.processes[k, STATE] + i] / largest)
    return least


@compiled_inside
def follow_losses(system: System, y: Array) -> None:
    """Shares of material and surface that the losses of the local states leave; where their lithium goes is not said here.

    The contact resistance follows its states.
    """
    for p in range(system.start.size):
        if system.first_process[p] < system.first_process[p + 1]:
            for i in range(system.count[p]):
                system.share[system.reaction_offset[p] + i] = left_of_material(system, y, p, i)
    follow_contact(system, y)


@compiled_inside
def follow_contact(system: System, y: Array) -> None:
    """Contact resistance of the cell with what the local states add to it, each its mean over the electrode."""
    added = 0.0
    for k in range(system.processes.shape[0]):
        each = system.process_numbers[k, CONTACT]
        if each != 0.0:
            p = system.processes[k, CLASS]
            total = length = 0.0
            for i in range(system.count[p]):
                width = system.width[system.start[p] + i]
                total += width * y[system.processes[k, STATE] + i]
                length += width
            added += each * total / length
    system.scalars[CONTACT_RESISTANCE] = system.scalars[FRESH_CONTACT_RESISTANCE] + added
