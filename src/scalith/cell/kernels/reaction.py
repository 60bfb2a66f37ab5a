"""Rates of reaction and equilibrium voltages at the surface of a particle, with their derivatives."""

from __future__ import annotations

import math

from scalith.cell.kernels.layout import (
    ANODIC,
    BY_COUPLED_TRANSFER,
    BY_TABLE,
    BY_TRANSITION_STATE,
    CATHODIC,
    CONCENTRATION_EXPONENT,
    ENTROPIC_SHIFT,
    ENTROPY,
    LAW,
    MEAN,
    REFERENCE_TEMPERATURE,
    REFERENCE_VOLTAGE,
    REORGANISATION,
    STATE,
    STATES,
    TABLES,
    VOLTAGE,
    Array,
    System,
    TableBank,
    table_of,
)
from scalith.numerics.compiled import compiled_in_place, compiled_inline_inside, compiled_inside
from scalith.numerics.kernel_table import KernelTable, evaluate
from scalith.particle.reaction_kernels import COUPLED, insertion
from scalith.quantities.constants import FARADAY, GAS_CONSTANT

_F = FARADAY
_R = GAS_CONSTANT
GONE = 1e-30
"""Relative concentration of ions below which nothing follows it any more."""
EDGE = 1e-5
"""Stoichiometry: a surface nearer to 0 or 1, where the exchange current vanishes, leaves with that of here."""


@compiled_inline_inside
def arrhenius(energy: float, T: float, T_reference: float) -> float:
    """exp(E/R (1/T_ref − 1/T))."""
    return math.exp(energy / _R * (1.0 / T_reference - 1.0 / T))


@compiled_inline_inside
def reaction_rate(
    exchange: KernelTable, kinetics: KernelTable, row: Array, x: float, c: float, phi: float, U: float, T: float, rate: float
) -> tuple[float, float, float, float, float]:
    """Reaction rate j = (i₀/F) h(Fη/RT), mol m-2 s-1, at η = φ − U, and its derivatives by φ, U, x and c (relative)."""
    if row[LAW] == BY_COUPLED_TRANSFER:
        return coupled_transfer(row, x, c, phi, U, T, rate)
    eta = phi - U
    anodic, cathodic, order = row[ANODIC], row[CATHODIC], row[CONCENTRATION_EXPONENT]
    safe = max(c, GONE)
    # A full surface empties (an empty one fills): its exchange current ends, by itself it would stay as it is.
    inward = (x > 1.0 - EDGE and eta > 0.0) or (x < EDGE and eta < 0.0)
    by_mu = 0.0
    if row[LAW] == BY_TABLE:
        inside = min(max(x, EDGE), 1.0 - EDGE) if inward else x
        m, m_x = evaluate(exchange, inside, T)
        m_x = m_x if inside == x else 0.0
        power = math.sqrt(safe) if order == 0.5 else safe**order
        exchange_rate = rate * m * power
        by_x = rate * m_x * power
    elif row[LAW] == BY_TRANSITION_STATE:
        # (1 − x) e^(μ/2), with μ the potential of the surface itself.
        left = max(1.0 - x, 1e-13)
        power = math.sqrt(safe) if order == 0.5 else safe**order
        reduced = -_F * (U - row[REFERENCE_VOLTAGE]) / (_R * T)
        exchange_rate = rate * power * left * math.exp(0.5 * min(max(reduced, -160.0), 160.0))
        by_x = -exchange_rate / left
        by_mu = 0.5 * exchange_rate
    else:
        edge = EDGE if inward else 1e-13
        inside = min(max(x, edge), 1.0 - edge)
        if anodic == 0.5 and cathodic == 0.5 and order == 0.5:
            shape = math.sqrt(safe * inside * (1.0 - inside))
        else:
            shape = safe**order * (1.0 - inside) ** anodic * inside**cathodic
        exchange_rate = rate * shape
        by_x = exchange_rate * (cathodic / inside - anodic / (1.0 - inside)) if inside == x else 0.0
    by_c = exchange_rate * order / safe if c > GONE else 0.0
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
    by_phi = exchange_rate * slope * _F / (_R * T)
    return exchange_rate * h, by_phi, -by_phi - by_mu * h * _F / (_R * T), by_x * h, by_c * h


@compiled_inside
def coupled_transfer(
    row: Array, x: float, c: float, phi: float, U: float, T: float, rate: float
) -> tuple[float, float, float, float, float]:  # fmt: skip
    """As `reaction_rate`, for coupled ion–electron transfer: it reduces where the particle inserts."""
    thermal, order, safe = _R * T / _F, row[CONCENTRATION_EXPONENT], max(c, GONE)
    inside = min(max(x, 1e-13), 1.0 - 1e-13)
    mu = -(U - row[REFERENCE_VOLTAGE]) / thermal
    u = min(max((phi - row[REFERENCE_VOLTAGE]) / thermal, -300.0), 300.0)
    net, by_x, by_mu, by_u = insertion(COUPLED, row[REORGANISATION] / (_R * T), inside, mu, u)
    power = rate * safe**order
    return (
        -power * net,
        -power * by_u / thermal,
        power * by_mu / thermal,
        -power * by_x,
        -power * net * order / safe if c > GONE else 0.0,
    )


@compiled_inline_inside
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


@compiled_inline_inside
def mean_stoichiometry(values: Array, first: int, stride: int, nodes: int, volumes: Array) -> float:
    """Mean over the volume of one particle, whose nodes lie `stride` apart."""
    total = volume = 0.0
    for k in range(nodes):
        total += volumes[k] * values[first + k * stride]
        volume += volumes[k]
    return total / volume


@compiled_inside
def tell_particle(system: System, y: Array, p: int, i: int, out: Array) -> None:
    """Fill what a rate may read of its particle: the mean stoichiometry and the states of all processes."""
    n, first = system.count[p], system.first_process[p]
    out[MEAN] = mean_stoichiometry(y, system.particle_offset[p] + i, n, system.nodes[p], system.volumes[p])
    for k in range(first, system.first_process[p + 1]):
        out[STATES + k - first] = y[system.processes[k, STATE] + i]


@compiled_in_place
def rest_voltages(system: System, bank: TableBank, p: int, x: Array, T: Array, values: Array) -> None:
    """Fill the equilibrium voltages of one class of particles at stoichiometries x and temperatures T."""
    tables = TABLES * (1 + system.material[p])
    voltage, entropy = table_of(bank, tables + VOLTAGE), table_of(bank, tables + ENTROPY)
    for k in range(x.size):
        values[k] = equilibrium(voltage, entropy, system.classes[p], x[k], T[k], system.scalars[REFERENCE_TEMPERATURE])[0]
