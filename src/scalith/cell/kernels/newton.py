"""One Newton step of the discretised cell.

Particles are eliminated by a sweep from the centre to the surface, the reaction is eliminated in place, and what remains
is block-tridiagonal in (cₑ, φₑ, φₛ). Every derivative is exact, so that one step from a good prediction converges.
"""

from __future__ import annotations

import math

import numpy as np

from scalith.cell.kernels.layout import (
    AMBIENT_TEMPERATURE,
    ANODIC,
    CATHODIC,
    CONDUCTION_ENERGY,
    CONDUCTIVITY,
    CONTACT_RESISTANCE,
    DIFFUSION_ENERGY,
    DIFFUSIVITY,
    ELECTROLYTE_DIFFUSION_ENERGY,
    ENTROPIC_SHIFT,
    ENTROPY,
    EXCHANGE,
    FILM_RESISTANCE,
    FLUX_POTENTIAL,
    FROM_TABLE,
    GENERATION,
    HEAT_CAPACITY,
    HEAT_TRANSFER,
    KINETICS,
    MAXIMUM_CONCENTRATION,
    PLANE_AREA,
    RADIUS,
    RATE,
    RATE_ENERGY,
    REFERENCE_CONCENTRATION,
    REFERENCE_TEMPERATURE,
    SPECIFIC_AREA,
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
from scalith.particle.kernels import eliminate, flux_potential, substitute
from scalith.quantities.compiled import compiled, compiled_inline
from scalith.quantities.constants import FARADAY, GAS_CONSTANT
from scalith.quantities.kernel_table import KernelTable, evaluate

_F = FARADAY
_R = GAS_CONSTANT
BY_CURRENT, BY_VOLTAGE, BY_POWER, BY_RESISTANCE = 0, 1, 2, 3


@compiled_inline
def arrhenius(energy: float, T: float, T_reference: float) -> float:
    """exp(E/R (1/T_ref − 1/T))."""
    return math.exp(energy / _R * (1.0 / T_reference - 1.0 / T))


@compiled
def make_work(system: System, size: int) -> Work:
    """Scratch arrays for a state of `size` unknowns."""
    cells = system.width.size
    reactions = system.count.sum()
    particles = system.volumes.shape[1] * reactions
    return Work(
        np.empty(particles),
        np.empty(particles),
        np.empty(particles),
        np.empty(particles),
        np.empty(particles),
        np.empty((reactions, 3)),
        np.empty((cells, 4)),
        np.empty((cells, 11)),
        np.empty((cells, 3, 3)),
        np.empty((cells, 3, 3)),
        np.empty((cells, 5)),
        np.empty((cells, 3, 2)),
        np.empty(size),
    )


@compiled_inline
def reaction_rate(
    exchange: KernelTable, kinetics: KernelTable, row: Array, x: float, c: float, eta: float, T: float, rate: float
) -> tuple[float, float, float, float]:
    """Reaction rate j = (i₀/F) h(Fη/RT), mol m-2 s-1, and its derivatives by η, x and c (relative concentration)."""
    m, m_x = evaluate(exchange, x, T)
    anodic, cathodic = row[ANODIC], row[CATHODIC]
    safe = max(c, 1e-9)
    if row[FROM_TABLE] != 0.0:
        power = safe**anodic
        exchange_rate = rate * m * power
        by_x = rate * m_x * power
    else:
        filled = min(max(x, 1e-10), 1.0 - 1e-10)
        if anodic == 0.5 and cathodic == 0.5:
            shape = math.sqrt(safe * filled * (1.0 - filled))
        else:
            shape = (safe * (1.0 - filled)) ** anodic * filled**cathodic
        exchange_rate = rate * m * shape
        by_x = rate * shape * m_x
        if filled == x:
            by_x += rate * shape * m * (cathodic / filled - anodic / (1.0 - filled))
    by_c = exchange_rate * anodic / safe
    reduced = _F * eta / (_R * T)
    if kinetics.coefficients.shape[1] > 1:
        h, slope = evaluate(kinetics, reduced, T)
    elif anodic == 0.5 and cathodic == 0.5:
        forward = math.exp(0.5 * min(max(reduced, -160.0), 160.0))
        backward = 1.0 / forward
        h = forward - backward
        slope = 0.5 * (forward + backward)
    else:
        forward = math.exp(anodic * min(max(reduced, -80.0 / anodic), 80.0 / anodic))
        backward = math.exp(-cathodic * min(max(reduced, -80.0 / cathodic), 80.0 / cathodic))
        h = forward - backward
        slope = anodic * forward + cathodic * backward
    return exchange_rate * h, exchange_rate * slope * _F / (_R * T), by_x * h, by_c * h


@compiled_inline
def equilibrium(
    voltage: KernelTable, entropy: KernelTable, row: Array, x: float, T: float, T_reference: float
) -> tuple[float, float]:
    """Equilibrium voltage at the surface and its slope in x."""
    U, U_x = evaluate(voltage, x, T)
    if row[ENTROPIC_SHIFT] != 0.0:
        S, S_x = evaluate(entropy, x, T)
        U += (T - T_reference) * S
        U_x += (T - T_reference) * S_x
    return U, U_x


@compiled
def eliminate_particles(
    system: System, bank: TableBank, y: Array, base: Array, inverse_time: float, T: float, work: Work
) -> None:
    """Sweep every particle outwards, and linearise its reaction: δj = g₀ + g_η δ(φₛ − φₑ) + g_c δcₑ."""
    nodes = system.volumes.shape[1]
    cells = system.width.size
    particles = work.potential.size
    first_c, first_e, first_s = particles, particles + cells + 2, particles + 2 * cells + 2
    first_j = particles + 3 * cells + 2
    T_reference = system.scalars[REFERENCE_TEMPERATURE]
    c_reference = system.scalars[REFERENCE_CONCENTRATION]
    work.source[:, :] = 0.0
    surface_rate = np.empty(cells)
    for p in range(system.start.size):
        row = system.classes[p]
        n, start = system.count[p], system.start[p]
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
        factor = arrhenius(row[DIFFUSION_ENERGY], T, T_reference) / row[RADIUS] ** 2
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
        area = row[SPECIFIC_AREA]
        for i in range(n):
            cell = start + i
            surface = x[nodes - 1, i]
            j = y[first_j + first + i]
            U, U_x = equilibrium(voltage, entropy, row, surface, T, T_reference)
            c = y[first_c + cell] / c_reference
            eta = y[first_s + cell] - y[first_e + cell] - U - film * j
            f, f_eta, f_x, f_c = reaction_rate(exchange, kinetics, row, surface, c, eta, T, rate)
            by_x = f_x - f_eta * U_x
            pivot = pivots[nodes - 1, i]
            over = 1.0 / (1.0 + f_eta * film + by_x * loss / pivot)
            g0 = (f - j + by_x * rests[nodes - 1, i] / pivot) * over
            g_eta = f_eta * over
            g_c = f_c / c_reference * over
            work.reaction[first + i, 0] = g0
            work.reaction[first + i, 1] = g_eta
            work.reaction[first + i, 2] = g_c
            work.source[cell, 0] += area * j
            work.source[cell, 1] += area * g0
            work.source[cell, 2] += area * g_eta
            work.source[cell, 3] += area * g_c


@compiled
def evaluate_electrolyte(system: System, bank: TableBank, y: Array, T: float, work: Work) -> None:
    """Fill `work.electrolyte` with bulk transport properties at every finite volume."""
    first_c = work.potential.size
    scalars = system.scalars
    T_reference = scalars[REFERENCE_TEMPERATURE]
    conduction = arrhenius(scalars[CONDUCTION_ENERGY], T, T_reference)
    diffusion = arrhenius(scalars[ELECTROLYTE_DIFFUSION_ENERGY], T, T_reference)
    conductivity, diffusivity = table_of(bank, CONDUCTIVITY), table_of(bank, DIFFUSIVITY)
    transference, factor, generation = (
        table_of(bank, TRANSFERENCE),
        table_of(bank, THERMODYNAMIC_FACTOR),
        table_of(bank, GENERATION),
    )
    for i in range(system.width.size):
        c = y[first_c + i]
        out = work.electrolyte[i]
        value, slope = evaluate(conductivity, c, T)
        out[0] = max(value, 1e-12) * conduction
        out[1] = slope * conduction
        value, slope = evaluate(diffusivity, c, T)
        out[2] = value * diffusion
        out[3] = slope * diffusion
        t, t_c = evaluate(transference, c, T)
        chi, chi_c = evaluate(factor, c, T)
        out[4], out[5] = t, t_c
        out[6] = chi * (1.0 - t)
        out[7] = chi_c * (1.0 - t) - chi * t_c
        out[8] = math.log(max(c, 1e-6))
        value, slope = evaluate(generation, c, T)
        out[9], out[10] = value, slope


@compiled
def factorise(system: System, y: Array, base: Array, inverse_time: float, T: float, work: Work) -> None:
    """Assemble the block-tridiagonal matrix and right-hand sides, and factorise the matrix from left to right."""
    cells = system.width.size
    particles = work.potential.size
    first_c, first_e, first_s = particles, particles + cells + 2, particles + 2 * cells + 2
    current = y[y.size - 1] / system.scalars[PLANE_AREA]
    thermal = 2.0 * _R * T / _F
    L_cc = L_ce = L_ec = L_ee = L_ss = 0.0
    # Flux, current in the electrolyte and in the solid through the left face, and their derivatives by the left (a)
    # and the right (b) volume.
    N = i_e = N_cb = N_eb = i_cb = i_eb = 0.0
    s_b = system.solid_conductivity[0] / (0.5 * system.width[0])
    i_s = -s_b * y[first_s]
    s_b = -s_b
    for i in range(cells):
        h = system.width[i]
        c, phi_e, phi_s = y[first_c + i], y[first_e + i], y[first_s + i]
        N_left, i_left, s_left = N, i_e, i_s
        D_cc, D_ce, D_ec, D_ee, D_ss = -N_cb, -N_eb, -i_cb, -i_eb, -s_b
        U_cc = U_ce = U_ec = U_ee = U_ss = 0.0
        n_cc, n_ce, n_ec, n_ee, n_ss = 0.0, 0.0, 0.0, 0.0, 0.0
        if i < cells - 1:
            a, b = work.electrolyte[i], work.electrolyte[i + 1]
            ha, hb = 0.5 * h, 0.5 * system.width[i + 1]
            c_b = y[first_c + i + 1]
            # In the coordinate ∫ dz/B, B the transport efficiency, c has no kink where B jumps: the flux by ∫ D dc is
            # exact across the jump, and so is the mean resistance between the two concentrations.
            G = 1.0 / (ha / system.transport[i] + hb / system.transport[i + 1])
            total = a[0] + b[0]
            g = G * (total + 2.0 * a[0] * b[0] / total) / 3.0
            g_ca = G * a[1] * (1.0 + 2.0 * (b[0] / total) ** 2) / 3.0
            g_cb = G * b[1] * (1.0 + 2.0 * (a[0] / total) ** 2) / 3.0
            A = 0.5 * thermal * (a[6] + b[6])
            dl = b[8] - a[8]
            drive = phi_e - y[first_e + i + 1] + A * dl
            i_e = g * drive
            i_ca = g_ca * drive + g * (0.5 * thermal * a[7] * dl - A / c)
            i_cb = g_cb * drive + g * (0.5 * thermal * b[7] * dl + A / c_b)
            i_eb = -g
            t = 0.5 * (a[4] + b[4]) / _F
            N = G * (a[2] - b[2]) + t * i_e
            N_ca = G * a[3] + t * i_ca + 0.5 * a[5] * i_e / _F
            N_cb = -G * b[3] + t * i_cb + 0.5 * b[5] * i_e / _F
            N_eb = -t * g
            sa, sb = system.solid_conductivity[i], system.solid_conductivity[i + 1]
            if sa > 0.0 and sb > 0.0:
                gs = 1.0 / (ha / sa + hb / sb)
                i_s = gs * (phi_s - y[first_s + i + 1])
                D_ss += gs
                s_b = -gs
                U_ss = -gs
                n_ss = -gs
            else:
                i_s = 0.0
                s_b = 0.0
            D_cc += N_ca
            D_ce += t * g
            D_ec += i_ca
            D_ee += g
            U_cc, U_ce, U_ec, U_ee = N_cb, N_eb, i_cb, i_eb
            n_cc, n_ce, n_ec, n_ee = -N_ca, -t * g, -i_ca, -g
        else:
            N = 0.0
            i_e = 0.0
            i_s = current
        source = work.source[i]
        layer = system.capacitance[i] * inverse_time
        charge = layer * (phi_s - phi_e - base[first_s + i] + base[first_e + i])
        storage = system.porosity[i] * h * inverse_time
        generation = work.electrolyte[i]
        fixed = h * (source[0] + source[1] + charge / _F)
        by_eta = h * (source[2] + layer / _F)
        by_c = h * source[3]
        r_c = -(storage * (c - base[first_c + i]) + N - N_left - fixed - h * generation[9])
        r_e = -(i_e - i_left - _F * fixed)
        r_s = -(i_s - s_left + _F * fixed)
        D_cc += storage - by_c - h * generation[10]
        D_ce += by_eta
        D_cs = -by_eta
        D_ec -= _F * by_c
        D_ee += _F * by_eta
        D_es = -_F * by_eta
        D_sc = _F * by_c
        D_se = -_F * by_eta
        D_ss += _F * by_eta
        p_s = -1.0 / system.scalars[PLANE_AREA] if i == cells - 1 else 0.0
        if system.solid_conductivity[i] == 0.0:
            D_sc, D_se, D_ss, r_s = 0.0, 0.0, 1.0, 0.0
        if i > 0:
            X = work.products[i - 1]
            D_cc -= L_cc * X[0, 0] + L_ce * X[1, 0]
            D_ce -= L_cc * X[0, 1] + L_ce * X[1, 1]
            D_cs -= L_cc * X[0, 2] + L_ce * X[1, 2]
            D_ec -= L_ec * X[0, 0] + L_ee * X[1, 0]
            D_ee -= L_ec * X[0, 1] + L_ee * X[1, 1]
            D_es -= L_ec * X[0, 2] + L_ee * X[1, 2]
            D_sc -= L_ss * X[2, 0]
            D_se -= L_ss * X[2, 1]
            D_ss -= L_ss * X[2, 2]
        M = work.inverses[i]
        m_cc = D_ee * D_ss - D_es * D_se
        m_ec = D_es * D_sc - D_ec * D_ss
        m_sc = D_ec * D_se - D_ee * D_sc
        over = 1.0 / (D_cc * m_cc + D_ce * m_ec + D_cs * m_sc)
        M[0, 0], M[1, 0], M[2, 0] = m_cc * over, m_ec * over, m_sc * over
        M[0, 1] = (D_cs * D_se - D_ce * D_ss) * over
        M[1, 1] = (D_cc * D_ss - D_cs * D_sc) * over
        M[2, 1] = (D_ce * D_sc - D_cc * D_se) * over
        M[0, 2] = (D_ce * D_es - D_cs * D_ee) * over
        M[1, 2] = (D_cs * D_ec - D_cc * D_es) * over
        M[2, 2] = (D_cc * D_ee - D_ce * D_ec) * over
        X = work.products[i]
        for k in range(3):
            X[k, 0] = M[k, 0] * U_cc + M[k, 1] * U_ec
            X[k, 1] = M[k, 0] * U_ce + M[k, 1] * U_ee
            X[k, 2] = M[k, 2] * U_ss
        lower = work.lowers[i]
        lower[0], lower[1], lower[2], lower[3], lower[4] = L_cc, L_ce, L_ec, L_ee, L_ss
        right = work.right[i]
        right[0, 0], right[1, 0], right[2, 0] = r_c, r_e, r_s
        right[0, 1], right[1, 1], right[2, 1] = 0.0, 0.0, p_s
        L_cc, L_ce, L_ec, L_ee, L_ss = n_cc, n_ce, n_ec, n_ee, n_ss


@compiled
def solve_blocks(work: Work, right: Array, columns: int) -> None:
    """Solve for the first `columns` right-hand sides in place: `right` of shape (cells, 3, m)."""
    cells = right.shape[0]
    for i in range(cells):
        if i > 0:
            L = work.lowers[i]
            for m in range(columns):
                z_c, z_e, z_s = right[i - 1, 0, m], right[i - 1, 1, m], right[i - 1, 2, m]
                right[i, 0, m] -= L[0] * z_c + L[1] * z_e
                right[i, 1, m] -= L[2] * z_c + L[3] * z_e
                right[i, 2, m] -= L[4] * z_s
        M = work.inverses[i]
        for m in range(columns):
            r_c, r_e, r_s = right[i, 0, m], right[i, 1, m], right[i, 2, m]
            right[i, 0, m] = M[0, 0] * r_c + M[0, 1] * r_e + M[0, 2] * r_s
            right[i, 1, m] = M[1, 0] * r_c + M[1, 1] * r_e + M[1, 2] * r_s
            right[i, 2, m] = M[2, 0] * r_c + M[2, 1] * r_e + M[2, 2] * r_s
    for i in range(cells - 2, -1, -1):
        X = work.products[i]
        for m in range(columns):
            z_c, z_e, z_s = right[i + 1, 0, m], right[i + 1, 1, m], right[i + 1, 2, m]
            right[i, 0, m] -= X[0, 0] * z_c + X[0, 1] * z_e + X[0, 2] * z_s
            right[i, 1, m] -= X[1, 0] * z_c + X[1, 1] * z_e + X[1, 2] * z_s
            right[i, 2, m] -= X[2, 0] * z_c + X[2, 1] * z_e + X[2, 2] * z_s


@compiled
def terminal_voltage(system: System, y: Array) -> float:
    """φₛ at the positive collector less the drop over the contact, V (the negative collector is at zero)."""
    cells = system.width.size
    last_s = y.size - 2 - system.count.sum()
    current = y[y.size - 1]
    half = 0.5 * system.width[cells - 1] / system.solid_conductivity[cells - 1]
    voltage: float = y[last_s] - current * (half / system.scalars[PLANE_AREA] + system.scalars[CONTACT_RESISTANCE])
    return voltage


@compiled
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
    nodes = system.volumes.shape[1]
    cells = system.width.size
    particles = work.potential.size
    first_c, at_T = particles, particles + cells
    first_e, first_s = at_T + 2, at_T + 2 + cells
    first_j = first_s + cells
    at_I = y.size - 1
    T = y[at_T]
    if mode == BY_CURRENT:
        y[at_I] = target
    eliminate_particles(system, bank, y, base, inverse_time, T, work)
    evaluate_electrolyte(system, bank, y, T, work)
    factorise(system, y, base, inverse_time, T, work)
    right = work.right
    change_I = 0.0
    if mode == BY_CURRENT:
        solve_blocks(work, right, 1)
    else:
        solve_blocks(work, right, 2)
        current = y[at_I]
        voltage = terminal_voltage(system, y) + right[cells - 1, 2, 0]
        half = 0.5 * system.width[cells - 1] / system.solid_conductivity[cells - 1]
        slope = right[cells - 1, 2, 1] - half / system.scalars[PLANE_AREA] - system.scalars[CONTACT_RESISTANCE]
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
    for p in range(system.start.size):
        row = system.classes[p]
        n, start, first = system.count[p], system.start[p], system.reaction_offset[p]
        lo, hi = system.particle_offset[p], system.particle_offset[p] + nodes * n
        loss = 1.0 / (row[RADIUS] * row[MAXIMUM_CONCENTRATION])
        pivots, uppers, rests = (
            work.pivots[lo:hi].reshape((nodes, n)),
            work.uppers[lo:hi].reshape((nodes, n)),
            work.rests[lo:hi].reshape((nodes, n)),
        )
        change = step[lo:hi].reshape((nodes, n))
        for i in range(n):
            cell = start + i
            g = work.reaction[first + i]
            d_j = g[0] + g[1] * (right[cell, 2, 0] - right[cell, 1, 0]) + g[2] * right[cell, 0, 0]
            step[first_j + first + i] = d_j
            change[nodes - 1, i] = (rests[nodes - 1, i] - loss * d_j) / pivots[nodes - 1, i]
            norm = max(norm, 5.0 * abs(change[nodes - 1, i]))
        substitute(change, pivots, uppers, rests)
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


@compiled
def heat_sources(system: System, bank: TableBank, y: Array, work: Work) -> tuple[float, float, float, float, float]:
    """Heat in the solid, in the electrolyte, of the reaction, entropic, and the equilibrium power −Σ F a j U, all in W."""
    cells = system.width.size
    nodes = system.volumes.shape[1]
    particles = work.potential.size
    at_T = particles + cells
    first_e, first_s = at_T + 2, at_T + 2 + cells
    first_j = first_s + cells
    T = y[at_T]
    current = y[y.size - 1]
    area = system.scalars[PLANE_AREA]
    T_reference = system.scalars[REFERENCE_TEMPERATURE]
    evaluate_electrolyte(system, bank, y, T, work)
    solid = (y[first_s] ** 2) * system.solid_conductivity[0] / (0.5 * system.width[0])
    half = 0.5 * system.width[cells - 1] / system.solid_conductivity[cells - 1]
    solid += half * (current / area) ** 2 + current * current * system.scalars[CONTACT_RESISTANCE] / area
    liquid = 0.0
    for i in range(cells - 1):
        a, b = work.electrolyte[i], work.electrolyte[i + 1]
        ha, hb = 0.5 * system.width[i], 0.5 * system.width[i + 1]
        fall = y[first_e + i] - y[first_e + i + 1]
        G = 1.0 / (ha / system.transport[i] + hb / system.transport[i + 1])
        mean = (a[0] + b[0] + 2.0 * a[0] * b[0] / (a[0] + b[0])) / 3.0
        i_e = G * mean * (fall + _R * T / _F * (a[6] + b[6]) * (b[8] - a[8]))
        liquid += i_e * fall
        sa, sb = system.solid_conductivity[i], system.solid_conductivity[i + 1]
        if sa > 0.0 and sb > 0.0:
            solid += (y[first_s + i] - y[first_s + i + 1]) ** 2 / (ha / sa + hb / sb)
    irreversible = entropic = stored = 0.0
    for p in range(system.start.size):
        row = system.classes[p]
        n, start, first = system.count[p], system.start[p], system.reaction_offset[p]
        surface = system.particle_offset[p] + (nodes - 1) * n
        tables = TABLES * (1 + system.material[p])
        voltage, entropy = table_of(bank, tables + VOLTAGE), table_of(bank, tables + ENTROPY)
        for i in range(n):
            x = y[surface + i]
            U = equilibrium(voltage, entropy, row, x, T, T_reference)[0]
            flow = _F * system.width[start + i] * row[SPECIFIC_AREA] * y[first_j + first + i]
            irreversible += flow * (y[first_s + start + i] - y[first_e + start + i] - U)
            entropic += flow * T * evaluate(entropy, x, T)[0]
            stored -= flow * U
    return area * solid, area * liquid, area * irreversible, area * entropic, area * stored
