"""Derivatives of the voltage by parameters, along a run that is already solved.

The equations linearised at its states are solved for all parameters together, with one factorisation a state; derivatives
follow by backward differentiation on the steps that the run was accepted at.
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
from scalith.cell.kernels.newton import collector_drop, evaluate_electrolyte, make_work
from scalith.cell.kernels.particles import eliminate_particles
from scalith.cell.kernels.transport import electrolyte_face, factorise, local_sources, solid_face, solve_blocks
from scalith.numerics.compiled import compiled, compiled_in_place
from scalith.quantities.constants import FARADAY, GAS_CONSTANT

_F = FARADAY
_R = GAS_CONSTANT
ORDER = 4
"""Highest order of the backward differentiation."""
TOLD = 3e-5
"""V: a step is left out where the polynomial through two steps before and two after it comes so near."""


class Directions(NamedTuple):
    """How each parameter enters; q counts parameters, p classes of particles.

    Attributes
    ----------
    diffusion, loss, rate, film, area : ndarray, shape (classes, parameters)
        Change, by one unit of the parameter, of ln(D/R²), 1/(R c_max), ln(rate), F R_f and the specific area.
    reference, conduction, electrolyte_diffusion : ndarray, shape (parameters,)
        Change of the logarithms of the reference concentration and of the electrolyte's conductivity and diffusivity.
    current : ndarray, shape (parameters,)
        Change of the current, A.
    geometry : ndarray of int, shape (parameters,)
        Which of the neighbouring systems belong to a parameter that enters the layers; −1 for one that does not.
    inverse_span : ndarray, shape (parameters,)
        One over the distance of its two neighbours.
    """

    diffusion: Array
    loss: Array
    rate: Array
    film: Array
    area: Array
    reference: Array
    conduction: Array
    electrolyte_diffusion: Array
    current: Array
    geometry: Integers
    inverse_span: Array


@compiled_in_place
def value_weights(times: Array, last: int, order: int, time: float, weights: Array) -> None:
    """Weights of the values at times[last − m], m = 0 … order, in their polynomial at `time`."""
    for m in range(order + 1):
        weight = 1.0
        for k in range(order + 1):
            if k != m:
                weight *= (time - times[last - k]) / (times[last - m] - times[last - k])
        weights[m] = weight


@compiled_in_place
def slope_weights(times: Array, last: int, order: int, weights: Array) -> None:
    """Weights of the values at times[last − m], m = 0 … order, in the slope of their polynomial at times[last]."""
    weights[0] = 0.0
    for m in range(1, order + 1):
        weight = 1.0 / (times[last - m] - times[last])
        for k in range(1, order + 1):
            if k != m:
                weight *= (times[last] - times[last - k]) / (times[last - m] - times[last - k])
        weights[m] = weight
        weights[0] -= weight


@compiled
def steps_to_follow(times: Array, voltages: Array) -> Integers:
    """Steps of a run that its derivatives are solved at: every one but those whose voltage the steps around it tell as well."""
    kept = np.ones(times.size, np.bool_)
    for n in range(3, times.size - 3, 2):
        told = 0.0
        for i in range(n - 3, n + 4, 2):
            weight = 1.0
            for j in range(n - 3, n + 4, 2):
                if j != i:
                    weight *= (times[n] - times[j]) / (times[i] - times[j])
            told += weight * voltages[i]
        kept[n] = abs(told - voltages[n]) > TOLD
    return np.flatnonzero(kept)


@compiled_in_place
def combine(past: Array, n: int, weights: Array, total: Array) -> None:
    """Sum of the ORDER values before the n-th, which lie in a ring."""
    rows = past.shape[0]
    one, two, three, four = (
        past[(n - 1) % rows],
        past[(n + rows - 2) % rows],
        past[(n + rows - 3) % rows],
        past[(n + rows - 4) % rows],
    )
    w_1, w_2, w_3, w_4 = weights[1], weights[2], weights[3], weights[4]
    for k in range(total.size):
        total[k] = w_1 * one[k] + w_2 * two[k] + w_3 * three[k] + w_4 * four[k]


@compiled_in_place
def prepare_sweeps(system: System, inverse_time: float, work: Work, ratios: Array, gains: Array, overs: Array) -> None:
    """What the sweeps of all parameters share: ratios of the elimination, gain of each node by diffusion, inverse pivots."""
    nodes = system.volumes.shape[1]
    for p in range(system.start.size):
        n, lo = system.count[p], system.particle_offset[p]
        for k in range(nodes):
            first = lo + k * n
            over, ratio, gain = overs[first : first + n], ratios[first : first + n], gains[first : first + n]
            pivot, diffusivity = work.pivots[first : first + n], work.diffusivity[first : first + n]
            potential = work.potential[first : first + n]
            g = m = 0.0
            if k < nodes - 1:
                g, m = system.conductances[p, k], system.couplings[p, k] * inverse_time
                outer = work.potential[first + n : first + 2 * n]
                for i in range(n):
                    gain[i] = g * (outer[i] - potential[i])
            else:
                for i in range(n):
                    gain[i] = 0.0
            if k > 0:
                inner, g_in = work.potential[first - n : first], system.conductances[p, k - 1]
                for i in range(n):
                    gain[i] -= g_in * (potential[i] - inner[i])
            for i in range(n):
                one = 1.0 / pivot[i]
                over[i] = one
                ratio[i] = (g * diffusivity[i] - m) * one


@compiled_in_place
def sweep_particles(
    system: System, y: Array, base: Array, inverse_time: float, by: Directions, work: Work, ratios: Array, gains: Array,
    rests: Array, by_reaction: Array, const: Array,
) -> None:  # fmt: skip
    """Sweep the right-hand sides outwards; fills the constant parts of dj/dp and of the source Σ a dj/dp.

    Derivatives in the particles lie as (class, node, parameter, particle); inner loops write to one row, which lets them be
    vectors.
    """
    nodes, many = system.volumes.shape[1], by.current.size
    first_c = work.potential.size
    first_j = y.size - 1 - system.count.sum()
    for i in range(const.shape[0]):
        for q in range(many):
            const[i, q] = 0.0
    for p in range(system.start.size):
        n, start, first = system.count[p], system.start[p], system.reaction_offset[p]
        lo, hi = system.particle_offset[p], system.particle_offset[p] + nodes * n
        old, rest = base[lo * many : hi * many].reshape((nodes, many, n)), rests[lo * many : hi * many].reshape((nodes, many, n))
        gain, ratio = gains[lo:hi].reshape((nodes, n)), ratios[lo:hi].reshape((nodes, n))
        for k in range(nodes):
            m = system.couplings[p, k] * inverse_time if k < nodes - 1 else 0.0
            m_in = system.couplings[p, k - 1] * inverse_time if k > 0 else 0.0
            keep = system.volumes[p, k] * inverse_time - m - m_in
            out, back = min(k + 1, nodes - 1), max(k - 1, 0)
            gain_here, ratio_in = gain[k], ratio[back]
            for q in range(many):
                here, old_here, old_out, old_in = rest[k, q], old[k, q], old[out, q], old[back, q]
                by_gain = by.diffusion[p, q]
                if k == 0:
                    for i in range(n):
                        here[i] = keep * old_here[i] + m * old_out[i] + by_gain * gain_here[i]
                else:
                    rest_in = rest[back, q]
                    for i in range(n):
                        own = keep * old_here[i] + m * old_out[i] + m_in * old_in[i] + by_gain * gain_here[i]
                        here[i] = own + ratio_in[i] * rest_in[i]
        area = system.classes[p, SPECIFIC_AREA]
        for i in range(n):
            j = y[first_j + first + i]
            g = work.reaction[first + i]
            for q in range(many):
                surface = rest[nodes - 1, q, i] - by.loss[p, q] * j
                rest[nodes - 1, q, i] = surface
                change = g[3] * surface + by.rate[p, q] * g[4]
                change -= g[1] * by.film[p, q] * j + g[2] * y[first_c + start + i] * by.reference[q]
                by_reaction[first + i, q] = change
                const[start + i, q] += area * change + by.area[p, q] * j


@compiled_in_place
def assemble(
    system: System, y: Array, base_c: Array, base_eta: Array, inverse_time: float, T: float, by: Directions, work: Work,
    const: Array, right: Array,
) -> None:  # fmt: skip
    """Right-hand sides of the block-tridiagonal system: what is not multiplied by an unknown derivative."""
    cells, many = system.width.size, by.current.size
    first_e = work.potential.size + cells + 2
    area = system.scalars[PLANE_AREA]
    width, sigma = system.width, system.solid_conductivity
    thermal = 2.0 * _R * T / _F
    for i in range(cells):
        layer = system.capacitance[i] * inverse_time / _F
        h, storage = width[i], system.porosity[i] * width[i] * inverse_time
        for q in range(many):
            const[i, q] -= layer * base_eta[i, q]
            right[i, 0, q] = storage * base_c[i, q] + h * const[i, q]
            right[i, 1, q] = _F * h * const[i, q]
            right[i, 2, q] = -_F * h * const[i, q] if sigma[i] > 0.0 else 0.0
    for q in range(many):
        right[0, 2, q] += _F * system.curvature[0, 0] * 2.0 * width[0] * const[0, q]
        right[cells - 1, 2, q] -= by.current[q] / area
    for i in range(cells - 1):
        a, b = work.electrolyte[i], work.electrolyte[i + 1]
        G, k, bend_a, bend_b, over_a, over_b = electrolyte_face(system, i, a, b)
        t = 0.5 * (a[4] + b[4]) / _F
        drive = y[first_e + i] - y[first_e + i + 1] + 0.5 * thermal * (a[6] + b[6]) * (b[8] - a[8])
        by_conduction, by_diffusion = k * drive, G * (a[2] - b[2])
        salt_a, salt_b = G * bend_a * (1.0 - a[4]), G * bend_b * (1.0 - b[4])
        kept_a = G * bend_a * system.porosity[i] * inverse_time
        kept_b = G * bend_b * system.porosity[i + 1] * inverse_time
        g = s_a = s_b = 0.0
        if sigma[i] > 0.0 and sigma[i + 1] > 0.0:
            g, s_a, s_b = solid_face(system, i)
        for q in range(many):
            charge = k * (over_a * const[i, q] - over_b * const[i + 1, q]) + by.conduction[q] * by_conduction
            salt = salt_a * const[i, q] - salt_b * const[i + 1, q] + kept_a * base_c[i, q] - kept_b * base_c[i + 1, q]
            salt += t * charge + by.electrolyte_diffusion[q] * by_diffusion
            solid = g * (s_b * const[i + 1, q] - s_a * const[i, q])
            right[i, 0, q] -= salt
            right[i + 1, 0, q] += salt
            right[i, 1, q] -= charge
            right[i + 1, 1, q] += charge
            right[i, 2, q] -= solid
            right[i + 1, 2, q] += solid


@compiled_in_place
def add_residuals(
    system: System, y: Array, base: Array, inverse_time: float, T: float, weight: float, work: Work, right: Array, q: int
) -> None:
    """Add to the right-hand side q the negative residual of a neighbouring system times `weight`, reactions and bulk held."""
    cells = system.width.size
    first_c = work.potential.size
    first_e, first_s = first_c + cells + 2, first_c + 2 * cells + 2
    width, sigma = system.width, system.solid_conductivity
    thermal = 2.0 * _R * T / _F
    # Of the volume on the left of a face and of that on its right.
    source_a = stays_a = 0.0
    for i in range(cells):
        b = work.electrolyte[i]
        layer = system.capacitance[i] * inverse_time / _F
        source = work.source[i, 0] + layer * (y[first_s + i] - y[first_e + i] - base[first_s + i] + base[first_e + i])
        gained = system.porosity[i] * inverse_time * (y[first_c + i] - base[first_c + i])
        stays = (1.0 - b[4]) * source - gained + b[9]
        h = width[i]
        right[i, 0, q] += weight * h * (source + b[9] - gained)
        right[i, 1, q] += weight * _F * h * source
        if sigma[i] > 0.0:
            right[i, 2, q] -= weight * _F * h * source
        if i == 0:
            over = sigma[0] / (0.5 * h)
            bend = _F * system.curvature[0, 0] * h * h / sigma[0]
            right[0, 2, q] += weight * over * (bend * source - y[first_s])
        else:
            a = work.electrolyte[i - 1]
            G, k, bend_a, bend_b, over_a, over_b = electrolyte_face(system, i - 1, a, b)
            charge = y[first_e + i - 1] - y[first_e + i] + 0.5 * thermal * (a[6] + b[6]) * (b[8] - a[8])
            charge = weight * k * (charge + over_a * source_a - over_b * source)
            salt = weight * G * (a[2] - b[2] + bend_a * stays_a - bend_b * stays) + 0.5 * (a[4] + b[4]) / _F * charge
            right[i - 1, 0, q] -= salt
            right[i, 0, q] += salt
            right[i - 1, 1, q] -= charge
            right[i, 1, q] += charge
            if sigma[i - 1] > 0.0 and sigma[i] > 0.0:
                g, s_a, s_b = solid_face(system, i - 1)
                solid = weight * g * (y[first_s + i - 1] - y[first_s + i] - s_a * source_a + s_b * source)
                right[i - 1, 2, q] -= solid
                right[i, 2, q] += solid
        source_a, stays_a = source, stays
    right[cells - 1, 2, q] -= weight * y[y.size - 1] / system.scalars[PLANE_AREA]


@compiled_in_place
def substitute_all(
    system: System, many: int, work: Work, overs: Array, rests: Array, right: Array, by_reaction: Array, s: Array
) -> None:
    """Derivatives in the particles and of the reactions, from those of concentration and potentials."""
    nodes = system.volumes.shape[1]
    for p in range(system.start.size):
        n, start, first = system.count[p], system.start[p], system.reaction_offset[p]
        lo, hi = system.particle_offset[p], system.particle_offset[p] + nodes * n
        x, rest = s[lo * many : hi * many].reshape((nodes, many, n)), rests[lo * many : hi * many].reshape((nodes, many, n))
        over, upper = overs[lo:hi].reshape((nodes, n)), work.uppers[lo:hi].reshape((nodes, n))
        loss = 1.0 / (system.classes[p, RADIUS] * system.classes[p, MAXIMUM_CONCENTRATION])
        for i in range(n):
            g, cell = work.reaction[first + i], start + i
            for q in range(many):
                j = by_reaction[first + i, q] + g[1] * (right[cell, 2, q] - right[cell, 1, q]) + g[2] * right[cell, 0, q]
                by_reaction[first + i, q] = j
                x[nodes - 1, q, i] = over[nodes - 1, i] * (rest[nodes - 1, q, i] - loss * j)
        for k in range(nodes - 2, -1, -1):
            over_here, upper_here = over[k], upper[k]
            for q in range(many):
                here, outer, own = x[k, q], x[k + 1, q], rest[k, q]
                for i in range(n):
                    here[i] = over_here[i] * (own[i] + upper_here[i] * outer[i])


@compiled
def derivatives(
    system: System,
    bank: TableBank,
    upper: System,
    lower: System,
    by: Directions,
    start: Array,
    times: Array,
    orders: Array,
    run_voltages: Array,
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
        Neighbours of the system, stacked.
    start : ndarray, shape (parameters, unknowns)
        Derivatives of the initial state.
    times, orders, run_voltages, states : ndarray, shape (steps,) and (steps, unknowns)
        Every accepted step of the run.
    output_times : ndarray
        Increasing; within the run.
    voltages, result : ndarray, shape (times,) and (times, parameters)
        Filled: V and dV/dp.
    """
    size, many = states.shape[1], by.current.size
    cells = system.width.size
    work = make_work(system, size)
    particles = work.potential.size
    c_at, eta_at = particles * many, (particles + cells) * many
    # Particles, then concentrations and potential steps (cells, parameters).
    width = eta_at + cells * many
    past, base_all = np.zeros((ORDER + 1, width)), np.zeros(width)
    base_c = base_all[c_at:eta_at].reshape((cells, many))
    base_eta = base_all[eta_at:width].reshape((cells, many))
    ratios, gains, overs, rests = np.empty(particles), np.empty(particles), np.empty(particles), np.empty(particles * many)
    const, right = np.empty((cells, many)), np.empty((cells, 3, many))
    by_reaction = np.empty((system.count.sum(), many))
    base = np.zeros(size)
    chosen = steps_to_follow(times, run_voltages)
    solved_times, solved = np.empty(chosen.size), np.empty((chosen.size, many))
    drop, bend = collector_drop(system)
    by_drop, by_bend = np.zeros(many), np.zeros(many)
    above, below = [one_of(upper, 0)], [one_of(lower, 0)]
    for q in range(1, upper.width.shape[0]):
        above.append(one_of(upper, q))
        below.append(one_of(lower, q))
    for q in range(many):
        if by.geometry[q] >= 0:
            (drop_up, bend_up), (drop_down, bend_down) = (
                collector_drop(above[by.geometry[q]]),
                collector_drop(below[by.geometry[q]]),
            )
            by_drop[q] = (drop_up - drop_down) * by.inverse_span[q]
            by_bend[q] = (bend_up - bend_down) * by.inverse_span[q]
    first_j = size - 1 - system.count.sum()
    weights, back = np.empty(ORDER + 2), np.zeros(ORDER + 1, np.int64)
    at = 0
    for n in range(chosen.size):
        y = states[chosen[n]]
        solved_times[n] = times[chosen[n]]
        s = past[n % (ORDER + 1)]
        if n == 0:
            inverse_time = 1e6  # short: the potentials that belong to the state itself
            for k in range(particles, size):
                base[k] = y[k]
            for p in range(system.start.size):
                lo, count = system.particle_offset[p], system.count[p]
                for k in range(system.volumes.shape[1]):
                    for q in range(many):
                        for i in range(count):
                            base_all[(lo + k * count) * many + q * count + i] = start[q, lo + k * count + i]
            for i in range(cells):
                for q in range(many):
                    base_c[i, q] = start[q, particles + i]
        else:
            # As many values as there are, but none across a large jump in the step: the formula would not be stable.
            order = 1
            while order < min(n, ORDER) and solved_times[n] - solved_times[n - 1] < 4.0 * (
                solved_times[n - order] - solved_times[n - order - 1]
            ):
                order += 1
            slope_weights(solved_times, n, order, weights)
            inverse_time = weights[0]
            for m in range(1, order + 1):
                weights[m] /= -inverse_time
                back[m] = chosen[n - m]
            for k in range(particles, size):
                total = 0.0
                for m in range(1, order + 1):
                    total += weights[m] * states[back[m], k]
                base[k] = total
            for m in range(order + 1, ORDER + 1):
                weights[m] = 0.0
            combine(past, n, weights, base_all)
        eliminate_particles(system, bank, y, base, inverse_time, T, work)
        for i in range(cells):
            work.source[i, 1] = 0.0  # solved already
        evaluate_electrolyte(system, bank, y, T, work)
        local_sources(system, y, base, inverse_time, work)
        factorise(system, y, base, inverse_time, T, work)
        prepare_sweeps(system, inverse_time, work, ratios, gains, overs)
        sweep_particles(system, y, base_all, inverse_time, by, work, ratios, gains, rests, by_reaction, const)
        assemble(system, y, base_c, base_eta, inverse_time, T, by, work, const, right)
        for q in range(many):
            if by.geometry[q] >= 0:
                span = by.inverse_span[q]
                add_residuals(above[by.geometry[q]], y, base, inverse_time, T, span, work, right, q)
                add_residuals(below[by.geometry[q]], y, base, inverse_time, T, -span, work, right, q)
        solve_blocks(work, right, many)
        substitute_all(system, many, work, overs, rests, right, by_reaction, s)
        for i in range(cells):
            for q in range(many):
                s[c_at + i * many + q] = right[i, 0, q]
                s[eta_at + i * many + q] = right[i, 2, q] - right[i, 1, q]
        if n == 0:
            for k in range(eta_at):
                s[k] = base_all[k]
        for q in range(many):
            source = explicit = 0.0
            for p in range(system.start.size):
                if system.start[p] + system.count[p] == cells:
                    last = system.reaction_offset[p] + system.count[p] - 1
                    a = system.classes[p, SPECIFIC_AREA]
                    source += a * by_reaction[last, q] + by.area[p, q] * y[first_j + last]
                    explicit += a * y[first_j + last]
            solved[n, q] = (
                right[cells - 1, 2, q] - by.current[q] * drop - bend * source - by_drop[q] * y[size - 1] - by_bend[q] * explicit
            )
        while at < output_times.size and output_times[at] <= solved_times[n]:
            order = min(n, ORDER - 1) if output_times[at] < solved_times[n] else 0
            value_weights(solved_times, n, order, output_times[at], weights)
            for q in range(many):
                total = 0.0
                for m in range(order + 1):
                    total += weights[m] * solved[n - m, q]
                result[at, q] = total
            at += 1
    row = 0
    for at in range(output_times.size):
        while times[row] < output_times[at]:
            row += 1
        order = min(row, int(orders[row])) if output_times[at] < times[row] else 0
        value_weights(times, row, order, output_times[at], weights)
        voltages[at] = 0.0
        for m in range(order + 1):
            voltages[at] += weights[m] * run_voltages[row - m]
    last = times.size - 1
    order = min(last, int(orders[last]))
    slope_weights(times, last, order, weights)
    slope = 0.0
    for m in range(order + 1):
        slope += weights[m] * run_voltages[last - m]
    return slope
