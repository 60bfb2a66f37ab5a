"""Derivatives of the voltage by parameters, along a run that is already solved.

At each accepted step the equations linearised at its state are solved for every parameter, with one factorisation and with the
formula, order and step of the run itself: what comes out is the derivative of the discrete solution.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from scalith.cell.kernels.layout import (
    MAXIMUM_CONCENTRATION,
    PLANE_AREA,
    RADIUS,
    SPECIFIC_AREA,
    Array,
    Integers,
    System,
    TableBank,
    Work,
    one_of,
)
from scalith.cell.kernels.newton import (
    collector_drop,
    eliminate_particles,
    evaluate_electrolyte,
    factorise,
    local_sources,
    make_work,
    solve_blocks,
    terminal_voltage,
)
from scalith.cell.kernels.records import ORDER, TIME, copy
from scalith.cell.kernels.stepping import ALPHA, GAMMA, MAXIMUM_ORDER, advance, change_step, consistent_start, interpolate
from scalith.quantities.compiled import compiled, compiled_in_place
from scalith.quantities.constants import FARADAY

_F = FARADAY


class Directions(NamedTuple):
    """How each parameter enters; q counts parameters, p classes of particles.

    Attributes
    ----------
    diffusion, loss, rate, film, area : ndarray, shape (classes, parameters)
        Change, by one unit of the parameter, of ln(D/R²), 1/(R c_max), ln(rate), F R_f and the specific area.
    reference : ndarray, shape (parameters,)
        Change of the logarithm of the reference concentration.
    current : ndarray, shape (parameters,)
        Change of the current, A.
    inverse_span : ndarray, shape (parameters,)
        One over the distance of the two neighbouring systems.
    layers : ndarray of int, shape (parameters,)
        1 where the parameter enters the transport across the layers.
    bulk : ndarray, shape (2, parameters, 2)
        Conductivity and diffusivity of the electrolyte in the upper and the lower neighbour, over the nominal ones.
    """

    diffusion: Array
    loss: Array
    rate: Array
    film: Array
    area: Array
    reference: Array
    current: Array
    inverse_span: Array
    layers: Integers
    bulk: Array


@compiled_in_place
def prepare_sweeps(system: System, inverse_time: float, work: Work, ratios: Array, flows: Array, overs: Array) -> None:
    """What the sweeps of all parameters share: ratios of the elimination, flows between nodes, inverse pivots."""
    nodes = system.volumes.shape[1]
    for p in range(system.start.size):
        n, lo = system.count[p], system.particle_offset[p]
        for k in range(nodes):
            g = m = 0.0
            if k < nodes - 1:
                g, m = system.conductances[p, k], system.couplings[p, k] * inverse_time
            outer = n if k < nodes - 1 else 0
            for i in range(lo + k * n, lo + (k + 1) * n):
                over = 1.0 / work.pivots[i]
                overs[i] = over
                ratios[i] = (g * work.diffusivity[i] - m) * over
                flows[i] = g * (work.potential[i + outer] - work.potential[i])


@compiled_in_place
def sweep_particles(
    system: System,
    y: Array,
    s_base: Array,
    inverse_time: float,
    by: Directions,
    q: int,
    work: Work,
    ratios: Array,
    flows: Array,
    rests: Array,
    s: Array,
    const: Array,
) -> None:
    """Sweep the right-hand side of one parameter outwards; fills the constant parts of s_j and of the source Σ a j."""
    nodes = system.volumes.shape[1]
    first_j = y.size - 1 - system.count.sum()
    first_c = work.potential.size
    for i in range(const.shape[0]):
        const[i, q] = 0.0
    for p in range(system.start.size):
        n, start, first = system.count[p], system.start[p], system.reaction_offset[p]
        lo = system.particle_offset[p]
        hi = lo + nodes * n
        base, rest = s_base[lo:hi].reshape((nodes, n)), rests[lo:hi].reshape((nodes, n))
        ratio, flow = ratios[lo:hi].reshape((nodes, n)), flows[lo:hi].reshape((nodes, n))
        by_flow = by.diffusion[p, q]
        for k in range(nodes):
            gain = system.volumes[p, k] * inverse_time
            for i in range(n):
                rest[k, i] = gain * base[k, i]
        for k in range(nodes - 1):
            m = system.couplings[p, k] * inverse_time
            for i in range(n):
                inflow = by_flow * flow[k, i] + m * (base[k + 1, i] - base[k, i])
                here = rest[k, i] + inflow
                rest[k, i] = here
                rest[k + 1, i] += ratio[k, i] * here - inflow
        area = system.classes[p, SPECIFIC_AREA]
        for i in range(n):
            j = y[first_j + first + i]
            g = work.reaction[first + i]
            rest[nodes - 1, i] -= by.loss[p, q] * j
            change = g[3] * rest[nodes - 1, i] + by.rate[p, q] * g[4]
            change -= g[1] * by.film[p, q] * j + g[2] * y[first_c + start + i] * by.reference[q]
            s[first_j + first + i] = change
            const[start + i, q] += area * change + by.area[p, q] * j


@compiled_in_place
def assemble(system: System, s_base: Array, inverse_time: float, by: Directions, work: Work, const: Array, right: Array) -> None:
    """Right-hand sides of the block-tridiagonal system: what is not multiplied by an unknown derivative."""
    cells = system.width.size
    first_c = work.potential.size
    first_e, first_s = first_c + cells + 2, first_c + 2 * cells + 2
    area = system.scalars[PLANE_AREA]
    width, sigma = system.width, system.solid_conductivity
    for i in range(cells):
        layer = system.capacitance[i] * inverse_time / _F
        for q in range(by.current.size):
            const[i, q] -= layer * (s_base[q, first_s + i] - s_base[q, first_e + i])
    for q in range(by.current.size):
        salt_left = charge_left = 0.0
        solid_left = _F * system.curvature[0, 0] * 2.0 * width[0] * const[0, q]
        for i in range(cells):
            h = width[i]
            salt = charge = 0.0
            solid = by.current[q] / area
            if i < cells - 1:
                a, b = work.electrolyte[i], work.electrolyte[i + 1]
                ha, hb = 0.5 * h, 0.5 * width[i + 1]
                G = 1.0 / (ha / system.transport[i] + hb / system.transport[i + 1])
                bend_a = system.curvature[i, 1] * h * h / system.transport[i]
                bend_b = system.curvature[i + 1, 0] * width[i + 1] ** 2 / system.transport[i + 1]
                total = a[0] + b[0]
                k = G * (total + 2.0 * a[0] * b[0] / total) / 3.0
                charge = k * _F * (bend_a / a[0] * const[i, q] - bend_b / b[0] * const[i + 1, q])
                here = (1.0 - a[4]) * const[i, q] + system.porosity[i] * inverse_time * s_base[q, first_c + i]
                there = (1.0 - b[4]) * const[i + 1, q] + system.porosity[i + 1] * inverse_time * s_base[q, first_c + i + 1]
                salt = G * (bend_a * here - bend_b * there) + 0.5 * (a[4] + b[4]) / _F * charge
                solid = 0.0
                if sigma[i] > 0.0 and sigma[i + 1] > 0.0:
                    g = 1.0 / (ha / sigma[i] + hb / sigma[i + 1])
                    over_a = _F * system.curvature[i, 1] * h * h / sigma[i]
                    over_b = _F * system.curvature[i + 1, 0] * width[i + 1] ** 2 / sigma[i + 1]
                    solid = g * (over_b * const[i + 1, q] - over_a * const[i, q])
            storage = system.porosity[i] * h * inverse_time
            right[i, 0, q] = storage * s_base[q, first_c + i] - salt + salt_left + h * const[i, q]
            right[i, 1, q] = charge_left - charge + _F * h * const[i, q]
            right[i, 2, q] = solid_left - solid - _F * h * const[i, q] if sigma[i] > 0.0 else 0.0
            salt_left, charge_left, solid_left = salt, charge, solid


@compiled_in_place
def neighbour_residuals(
    system: System, y: Array, base: Array, inverse_time: float, T: float, sign: float, bulk: Array, work: Work, spare: Work,
    right: Array, q: int,
) -> None:  # fmt: skip
    """Add sign times the right-hand side of Newton's method in a neighbouring system, the reactions held."""
    for i in range(system.width.size):
        for m in range(work.electrolyte.shape[1]):
            spare.electrolyte[i, m] = work.electrolyte[i, m]
        spare.electrolyte[i, 0] *= bulk[0]
        spare.electrolyte[i, 1] *= bulk[0]
        spare.electrolyte[i, 2] *= bulk[1]
        spare.electrolyte[i, 3] *= bulk[1]
        spare.source[i, 0] = work.source[i, 0]
        for m in range(1, 4):
            spare.source[i, m] = 0.0
    local_sources(system, y, base, inverse_time, spare)
    factorise(system, y, base, inverse_time, T, spare)
    for i in range(system.width.size):
        for m in range(3):
            right[i, m, q] += sign * spare.right[i, m, 0]


@compiled_in_place
def substitute_all(
    system: System, size: int, by: Directions, q: int, work: Work, overs: Array, rests: Array, right: Array, s: Array
) -> None:
    """Derivatives of every unknown by one parameter, from those of concentration and potentials."""
    nodes = system.volumes.shape[1]
    cells = system.width.size
    particles = work.potential.size
    first_j = size - 1 - system.count.sum()
    for i in range(cells):
        s[particles + i] = right[i, 0, q]
        s[particles + cells + 2 + i] = right[i, 1, q]
        s[particles + 2 * cells + 2 + i] = right[i, 2, q]
    s[particles + cells] = s[particles + cells + 1] = 0.0
    s[size - 1] = by.current[q]
    for p in range(system.start.size):
        n, start, first = system.count[p], system.start[p], system.reaction_offset[p]
        lo = system.particle_offset[p]
        hi = lo + nodes * n
        x, rest = s[lo:hi].reshape((nodes, n)), rests[lo:hi].reshape((nodes, n))
        over, upper = overs[lo:hi].reshape((nodes, n)), work.uppers[lo:hi].reshape((nodes, n))
        loss = 1.0 / (system.classes[p, RADIUS] * system.classes[p, MAXIMUM_CONCENTRATION])
        for i in range(n):
            g, cell = work.reaction[first + i], start + i
            s_j = s[first_j + first + i] + g[1] * (right[cell, 2, q] - right[cell, 1, q]) + g[2] * right[cell, 0, q]
            s[first_j + first + i] = s_j
            x[nodes - 1, i] = over[nodes - 1, i] * (rest[nodes - 1, i] - loss * s_j)
        for k in range(nodes - 2, -1, -1):
            for i in range(n):
                x[k, i] = over[k, i] * (rest[k, i] + upper[k, i] * x[k + 1, i])


@compiled_in_place
def push(differences: Array, order: int, values: Array) -> None:
    """Backward differences with one more value; `values` is used up."""
    for m in range(order + 3):
        row = differences[m]
        for k in range(values.size):
            old = row[k]
            row[k] = values[k]
            values[k] -= old


@compiled
def derivatives(
    system: System,
    bank: TableBank,
    upper: System,
    lower: System,
    by: Directions,
    start: Array,
    rows: Array,
    states: Array,
    T: float,
    output_times: Array,
    voltages: Array,
    result: Array,
) -> float:
    """Follow a recorded run and fill its derivatives; returns dV/dt at its end.

    Parameters
    ----------
    upper, lower : System
        Neighbours of the system, stacked along the parameters.
    start : ndarray, shape (parameters, unknowns)
        Derivatives of the initial state.
    rows, states : ndarray
        Every accepted step of the run.
    output_times : ndarray
        Increasing; within the run.
    voltages, result : ndarray, shape (times,) and (times, parameters)
        Filled: V and dV/dp.
    """
    size, many = states.shape[1], start.shape[0]
    cells = system.width.size
    work, spare = make_work(system, size), make_work(system, size)
    deepest = MAXIMUM_ORDER + 3
    y_table, y_scratch = np.zeros((deepest, size)), np.empty((deepest, size))
    width = (size + 1) * many  # dV/dp comes behind the unknowns
    s_table, s_scratch = np.zeros((deepest, width)), np.empty((deepest, width))
    base, change, s_change = np.empty(size), np.empty(size), np.empty(width)
    s_flat, s_base_flat = np.zeros(width), np.zeros(width)
    s, s_base = s_flat.reshape((many, size + 1)), s_base_flat.reshape((many, size + 1))
    particles = work.potential.size
    ratios, flows, overs = np.empty(particles), np.empty(particles), np.empty(particles)
    rests, const, right = np.empty((many, particles)), np.empty((cells, many)), np.empty((cells, 3, many))
    above, below = [one_of(upper, q) for q in range(many)], [one_of(lower, q) for q in range(many)]
    drop, bend = collector_drop(system)
    by_drop, by_bend = np.empty(many), np.empty(many)
    for q in range(many):
        (drop_up, bend_up), (drop_down, bend_down) = collector_drop(above[q]), collector_drop(below[q])
        by_drop[q] = (drop_up - drop_down) * by.inverse_span[q]
        by_bend[q] = (bend_up - bend_down) * by.inverse_span[q]
    last, first_j = cells - 1, size - 1 - system.count.sum()
    tiny = 1e-6
    h = 1.0
    at = 0
    order = int(np.int64(1))
    for n in range(rows.shape[0]):
        y = states[n]
        order = max(int(rows[n, ORDER]), 1)
        if n == 0:
            inverse_time = 1.0 / tiny
            copy(y, base)
            for q in range(many):
                copy(start[q], s_base[q])
        else:
            wanted = rows[n, TIME] - rows[n - 1, TIME]
            if n > 1 and abs(wanted / h - 1.0) > 1e-9:
                change_step(y_table, y_scratch, order, wanted / h)
                change_step(s_table, s_scratch, order, wanted / h)
            elif n == 1:
                for k in range(size):
                    y_table[1, k] *= wanted
                for k in range(width):
                    s_table[1, k] *= wanted
            h = wanted
            inverse_time = ALPHA[order] / h
            copy(y_table[0], base)
            copy(s_table[0], s_base_flat)
            for k in range(size):
                change[k] = y[k] - y_table[0, k]
            for m in range(1, order + 1):
                weight = 1.0 - GAMMA[m] / ALPHA[order]
                for k in range(size):
                    base[k] += weight * y_table[m, k]
                    change[k] -= y_table[m, k]
                for k in range(width):
                    s_base_flat[k] += weight * s_table[m, k]
        eliminate_particles(system, bank, y, base, inverse_time, T, work)
        evaluate_electrolyte(system, bank, y, T, work)
        local_sources(system, y, base, inverse_time, work)
        factorise(system, y, base, inverse_time, T, work)
        prepare_sweeps(system, inverse_time, work, ratios, flows, overs)
        for q in range(many):
            sweep_particles(system, y, s_base[q], inverse_time, by, q, work, ratios, flows, rests[q], s[q], const)
        assemble(system, s_base, inverse_time, by, work, const, right)
        for q in range(many):
            if by.layers[q] == 1:
                span = by.inverse_span[q]
                neighbour_residuals(above[q], y, base, inverse_time, T, span, by.bulk[0, q], work, spare, right, q)
                neighbour_residuals(below[q], y, base, inverse_time, T, -span, by.bulk[1, q], work, spare, right, q)
        solve_blocks(work, right, many)
        for q in range(many):
            substitute_all(system, size, by, q, work, overs, rests[q], right, s[q])
            source = explicit = 0.0
            for p in range(system.start.size):
                if system.start[p] + system.count[p] == cells:
                    at_j = first_j + system.reaction_offset[p] + system.count[p] - 1
                    a = system.classes[p, SPECIFIC_AREA]
                    source += a * s[q, at_j] + by.area[p, q] * y[at_j]
                    explicit += a * y[at_j]
            s[q, size] = (
                right[last, 2, q] - by.current[q] * drop - bend * source - by_drop[q] * y[size - 1] - by_bend[q] * explicit
            )
        if n == 0:
            # Potentials belong to the state itself; what changes in time starts from its own derivatives.
            differential = particles + cells + 2
            copy(y, y_table[0])
            copy(s_flat, s_table[0])
            for q in range(many):
                for k in range(differential):
                    s_table[0, q * (size + 1) + k] = start[q, k]
                    s_table[1, q * (size + 1) + k] = (s[q, k] - start[q, k]) / tiny
            mode, target, strict = int(np.int64(0)), y[size - 1], 1e-5
            copy(y, y_scratch[0])
            consistent_start(system, bank, y_scratch[0], mode, target, strict, y_table[1], base, work)
        else:
            advance(y_table, order, change)
            for k in range(width):
                s_change[k] = s_flat[k]
            push(s_table, order, s_change)
        time = rows[n, TIME]
        while at < output_times.size and output_times[at] <= time:
            back = 0.0 if n == 0 else (time - output_times[at]) / h
            if n == 0 or back == 0.0:
                voltages[at] = terminal_voltage(system, y)
                for q in range(many):
                    result[at, q] = s[q, size]
            else:
                interpolate(y_table, order, back, change)
                interpolate(s_table, order, back, s_change)
                voltages[at] = terminal_voltage(system, change)
                for q in range(many):
                    result[at, q] = s_change[q * (size + 1) + size]
            at += 1
    slope = 0.0
    for m in range(1, order + 1):
        slope += terminal_voltage(system, y_table[m]) / (m * h)
    return slope
