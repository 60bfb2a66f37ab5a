"""The reaction at the surface of a particle, and the processes beside it, linearised.

A particle answers only with the stoichiometry of its surface, its equilibrium potential and how both follow the reaction:

    δx = x₀ + x_j δj,    δU = U₀ + U_j δj.

All reactions of one surface share ψ = φₛ − φₑ − F R_f Σj. Their local states are eliminated in place, as the reaction is.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from scalith.cell.kernels.layout import (
    ADDRESS,
    BRANCH,
    CHANGE,
    CHANGE_BY_POTENTIAL,
    CHANGE_BY_REACTION,
    CHANGE_BY_SALT,
    CHANGE_BY_STATE,
    CHANGE_BY_STOICHIOMETRY,
    EXCHANGE,
    FILM,
    FILM_RESISTANCE,
    HYSTERESIS,
    HYSTERESIS_RATE,
    KINETICS,
    OUTPUTS,
    RATE,
    RATE_ENERGY,
    REFERENCE_CONCENTRATION,
    REFERENCE_TEMPERATURE,
    SIDE,
    SIDE_BY_POTENTIAL,
    SIDE_BY_SALT,
    SIDE_BY_STATE,
    SIDE_BY_STOICHIOMETRY,
    SPECIFIC_AREA,
    STATE,
    TABLES,
    Array,
    System,
    TableBank,
    Work,
    table_of,
)
from scalith.cell.kernels.reaction import arrhenius, reaction_rate, tell_particle
from scalith.numerics.call_by_address import call_for_nothing
from scalith.numerics.compiled import compiled_inline_inside, compiled_inside
from scalith.numerics.kernel_table import KernelTable, evaluate
from scalith.quantities.constants import FARADAY

_F = FARADAY


class Surface(NamedTuple):
    """What all particles of one class share in their reaction.

    Attributes
    ----------
    row : ndarray, shape (CLASS_COLUMNS,)
    exchange, kinetics, hysteresis : KernelTable
    rate, film, switch, area, reference : float
        Rate constant at this temperature, F R_f, rate at which the hysteresis changes its branch (negative: it is held),
        specific area, reference concentration.
    first, last, of_class : int
        Rows of the processes; the class.
    """

    row: Array
    exchange: KernelTable
    kinetics: KernelTable
    hysteresis: KernelTable
    rate: float
    film: float
    switch: float
    area: float
    reference: float
    first: int
    last: int
    of_class: int


@compiled_inline_inside
def surface_of(system: System, bank: TableBank, p: int, T: float) -> Surface:
    """The surface of one class; only for kernels compiled in place."""
    row = system.classes[p]
    tables = TABLES * (1 + system.material[p])
    return Surface(
        row,
        table_of(bank, tables + EXCHANGE),
        table_of(bank, tables + KINETICS),
        table_of(bank, tables + HYSTERESIS),
        row[RATE] * arrhenius(row[RATE_ENERGY], T, system.scalars[REFERENCE_TEMPERATURE]),
        _F * row[FILM_RESISTANCE],
        row[HYSTERESIS_RATE],
        row[SPECIFIC_AREA],
        system.scalars[REFERENCE_CONCENTRATION],
        system.first_process[p],
        system.first_process[p + 1],
        p,
    )


@compiled_inline_inside
def linearise_surface(
    system: System, surface: Surface, r: int, i: int, cell: int, x: float, x_0: float, x_j: float, U: float, U_0: float,
    U_j: float, y: Array, base: Array, inverse_time: float, T: float, work: Work,
) -> float:  # fmt: skip
    """Fill row r of the reactions, δj = g₀ + g_φ δ(φₛ − φₑ) + g_c δcₑ, and add it to the source of its volume.

    Returns
    -------
    float
        1/(1 − ∂j/∂j): negative where the particle has become unstable at the potential given.
    """
    c = y[system.at.salt + cell] / surface.reference
    j = y[system.at.reaction + r]
    phi = y[system.at.solid + cell] - y[system.at.electrolyte + cell]
    if surface.switch != 0.0:
        # The branch that the reaction is on; a negative rate holds it (impedance).
        half, half_x = evaluate(surface.hysteresis, x, T)
        branch = math.tanh(j / abs(surface.switch))
        U += half * branch
        U_0 += half_x * branch * x_0
        U_j += half_x * branch * x_j
        if surface.switch > 0.0:
            U_j += half * (1.0 - branch * branch) / surface.switch
    if surface.first < surface.last:
        return linearise_processes(system, surface, r, i, cell, x, x_0, x_j, U, U_0, U_j, y, base, inverse_time, T, work)
    f, f_phi, f_U, f_x, f_c = reaction_rate(
        surface.exchange, surface.kinetics, surface.row, x, c, phi - surface.film * j, U, T, surface.rate
    )
    over = 1.0 / (1.0 + f_phi * surface.film - f_U * U_j - f_x * x_j)
    g = work.reaction[r]
    g[0] = (f - j + f_x * x_0 + f_U * U_0) * over
    g[1] = f_phi * over
    g[2] = f_c / surface.reference * over
    source, area = work.source[cell], surface.area * system.share[r]
    source[0] += area * j
    source[1] += area * g[0]
    source[2] += area * g[1]
    source[3] += area * g[2]
    return over.real


@compiled_inside
def linearise_processes(
    system: System, surface: Surface, r: int, i: int, cell: int, x: float, x_0: float, x_j: float, U: float, U_0: float,
    U_j: float, y: Array, base: Array, inverse_time: float, T: float, work: Work,
) -> float:  # fmt: skip
    """As `linearise_surface`, with side reactions and local states: dz/dt = r(ψ, c, x, j, z), side = s(ψ, c, x, z)."""
    c = y[system.at.salt + cell] / surface.reference
    j, side = y[system.at.reaction + r], y[system.at.side + r]
    phi = y[system.at.solid + cell] - y[system.at.electrolyte + cell]
    total = j + side
    half, half_x = evaluate(surface.hysteresis, x, T)
    film, branch = surface.film, 0.0
    for k in range(surface.first, surface.last):
        z, numbers = y[system.processes[k, STATE] + i], system.process_numbers[k]
        film += _F * numbers[FILM] * z
        branch += numbers[BRANCH] * z
    psi = phi - film * total
    U += half * branch
    U_0 += half_x * branch * x_0
    U_j += half_x * branch * x_j
    # Sums over the processes: W of the film, B of the hysteresis, s of the side reactions; by nothing, ψ, c, x and j.
    W_0 = W_psi = W_c = W_x = W_j = B_0 = B_psi = B_c = B_x = B_j = s_0 = s_psi = s_c = s_x = s_j = 0.0 * inverse_time
    out = work.output
    tell_particle(system, y, surface.of_class, i, out)
    for k in range(surface.first, surface.last):
        at, numbers = system.processes[k, STATE] + i, system.process_numbers[k]
        z = y[at]
        for m in range(OUTPUTS):
            out[m] = 0.0
        call_for_nothing(system.processes[k, ADDRESS], (psi, c, x, j, T, z, numbers, out))
        over = 1.0 / (inverse_time - out[CHANGE_BY_STATE])
        z_0 = (out[CHANGE] - inverse_time * (z - base[at])) * over
        z_psi, z_c = out[CHANGE_BY_POTENTIAL] * over, out[CHANGE_BY_SALT] * over
        z_x, z_j = out[CHANGE_BY_STOICHIOMETRY] * over, out[CHANGE_BY_REACTION] * over
        kept = work.processes[at - system.at.states]
        kept[0], kept[1], kept[2], kept[3], kept[4] = z_0, z_psi, z_c, z_x, z_j
        w, b, s = _F * numbers[FILM], half * numbers[BRANCH], out[SIDE_BY_STATE]
        W_0, W_psi, W_c, W_x, W_j = W_0 + w * z_0, W_psi + w * z_psi, W_c + w * z_c, W_x + w * z_x, W_j + w * z_j
        B_0, B_psi, B_c, B_x, B_j = B_0 + b * z_0, B_psi + b * z_psi, B_c + b * z_c, B_x + b * z_x, B_j + b * z_j
        s_0 += out[SIDE] + s * z_0
        s_psi += out[SIDE_BY_POTENTIAL] + s * z_psi
        s_c += out[SIDE_BY_SALT] + s * z_c
        s_x += out[SIDE_BY_STOICHIOMETRY] + s * z_x
        s_j += s * z_j
    # δψ = δφ − film (δj + δs) − Σj · δfilm, with δx put in: by nothing, φ, c, j and s.
    over = 1.0 / (1.0 + total * W_psi)
    p_0, p_phi, p_c = -total * (W_0 + W_x * x_0) * over, over, -total * W_c * over
    p_j, p_s = -(film + total * (W_j + W_x * x_j)) * over, -film * over
    over = 1.0 / (1.0 - s_psi * p_s)
    q_0 = (s_0 - side + s_psi * p_0 + s_x * x_0) * over
    q_phi, q_c = s_psi * p_phi * over, (s_psi * p_c + s_c) * over
    q_j = (s_psi * p_j + s_x * x_j + s_j) * over
    p_0, p_phi, p_c, p_j = p_0 + p_s * q_0, p_phi + p_s * q_phi, p_c + p_s * q_c, p_j + p_s * q_j
    f, f_psi, f_U, f_x, f_c = reaction_rate(surface.exchange, surface.kinetics, surface.row, x, c, psi, U, T, surface.rate)
    f_psi += f_U * B_psi
    over = 1.0 / (1.0 - f_psi * p_j - f_U * (U_j + B_x * x_j + B_j) - f_x * x_j)
    g, h = work.reaction[r], work.side[r]
    g[0] = (f - j + f_x * x_0 + f_psi * p_0 + f_U * (U_0 + B_0 + B_x * x_0)) * over
    g[1] = f_psi * p_phi * over
    g[2] = (f_c + f_psi * p_c + f_U * B_c) * over
    h[0], h[1], h[2] = q_0 + q_j * g[0], q_phi + q_j * g[1], q_c + q_j * g[2]
    p_0, p_phi, p_c = p_0 + p_j * g[0], p_phi + p_j * g[1], p_c + p_j * g[2]
    for k in range(surface.first, surface.last):
        kept = work.processes[system.processes[k, STATE] + i - system.at.states]
        z_psi, z_c, z_j = kept[1], kept[2], kept[4] + kept[3] * x_j
        kept[0] += z_psi * p_0 + kept[3] * x_0 + z_j * g[0]
        kept[1] = z_psi * p_phi + z_j * g[1]
        kept[2] = (z_psi * p_c + z_c + z_j * g[2]) / surface.reference
    # By the concentration itself.
    g[2] /= surface.reference
    h[2] /= surface.reference
    source, area = work.source[cell], surface.area * system.share[r]
    source[0] += area * total
    source[1] += area * (g[0] + h[0])
    source[2] += area * (g[1] + h[1])
    source[3] += area * (g[2] + h[2])
    stability: float = over.real
    return stability
