"""Rates of reaction and equilibrium voltages at the surface of a particle, with their derivatives."""

from __future__ import annotations

import math

from scalith.cell.kernels.layout import ANODIC, CATHODIC, ENTROPIC_SHIFT, FROM_TABLE, HYSTERESIS_DECAY, Array, System
from scalith.numerics.compiled import compiled_in_place, compiled_inline
from scalith.numerics.kernel_table import KernelTable, evaluate
from scalith.quantities.constants import FARADAY, GAS_CONSTANT

_F = FARADAY
_R = GAS_CONSTANT


@compiled_inline
def arrhenius(energy: float, T: float, T_reference: float) -> float:
    """exp(E/R (1/T_ref − 1/T))."""
    return math.exp(energy / _R * (1.0 / T_reference - 1.0 / T))


@compiled_inline
def reaction_rate(
    exchange: KernelTable, kinetics: KernelTable, row: Array, x: float, c: float, eta: float, T: float, rate: float
) -> tuple[float, float, float, float]:
    """Reaction rate j = (i₀/F) h(Fη/RT), mol m-2 s-1, and its derivatives by η, x and c (relative concentration)."""
    anodic, cathodic = row[ANODIC], row[CATHODIC]
    safe = max(c, 1e-9)
    if row[FROM_TABLE] != 0.0:
        m, m_x = evaluate(exchange, x, T)
        power = safe**anodic
        exchange_rate = rate * m * power
        by_x = rate * m_x * power
    else:
        filled = min(max(x, 1e-10), 1.0 - 1e-10)
        if anodic == 0.5 and cathodic == 0.5:
            shape = math.sqrt(safe * filled * (1.0 - filled))
        else:
            shape = (safe * (1.0 - filled)) ** anodic * filled**cathodic
        exchange_rate = rate * shape
        by_x = exchange_rate * (cathodic / filled - anodic / (1.0 - filled)) if filled == x else 0.0
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


@compiled_inline
def hysteresis_after(decay: float, state: float, change: float) -> tuple[float, float]:
    """State h after a change of stoichiometry in one direction, dh = −γ (h − s)|dx| with s = ±1, and its slope by that change."""
    side = 1.0 if change < 0.0 else -1.0
    rest = (state - side) * math.exp(-decay * abs(change))
    return side + rest, decay * side * rest


@compiled_inline
def mean_stoichiometry(values: Array, first: int, stride: int, nodes: int, volumes: Array) -> float:
    """Mean over the volume of one particle, whose nodes lie `stride` apart."""
    total = volume = 0.0
    for k in range(nodes):
        total += volumes[k] * values[first + k * stride]
        volume += volumes[k]
    return total / volume


@compiled_in_place
def move_hysteresis(system: System, y: Array, anew: bool) -> None:
    """Bring the states of hysteresis up to the stoichiometries in `y`; with `anew` only note these stoichiometries."""
    for p in range(system.start.size):
        decay = system.classes[p, HYSTERESIS_DECAY]
        if decay > 0.0:
            for i in range(system.count[p]):
                kept = system.hysteresis[system.reaction_offset[p] + i]
                mean = mean_stoichiometry(y, system.particle_offset[p] + i, system.count[p], system.nodes[p], system.volumes[p])
                if not anew:
                    kept[1] = hysteresis_after(decay, kept[1], mean - kept[0])[0]
                kept[0] = mean
