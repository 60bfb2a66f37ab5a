"""Stiff integration of a network of lumped bodies that conduct, radiate and react.

Unknowns of body i: extents ξ_ir of the reactions and the temperature T_i,

    dξ_ir/dt = rate_r(ξ_i, T_i),
    C_i dT_i/dt = φ_i V_i Σ_r heat_r dξ_ir/dt + P_i(t) + Σ_j [G_ij (T_j − T_i) + S_ij (T_j⁴ − T_i⁴)]
                  − Σ_a q_a(T_i, T_amb) + c_i (T_cool − T_i).

A free side a gives q = g (T_s − T_amb) + s (T_s⁴ − T_amb⁴) = (T_i − T_s)/R to the surroundings: convection and radiation start
from its surface at T_s, to which the heat has come through the resistance R from the mean of the body.

The Jacobian is exact. Extents are eliminated body by body, which leaves one banded system for the temperatures. A body
rests while a whole step changes neither an extent nor, by its heat, the temperature by more than a thousandth of the
tolerance: its small rates are then held through the step, which every stage integrates exactly, and cost nothing to evaluate.

Here: the arrays of a network and what is evaluated on them. One step is in `network_step`, all of them in `network_integration`.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from scalith.numerics.compiled import compiled, compiled_inside
from scalith.quantities.constants import GAS_CONSTANT
from scalith.reactions.kernels import ReactionArrays, rates


class NetworkArrays(NamedTuple):
    """A network of n bodies and g cells as plain arrays; links join bodies that are at most `band` apart in number.

    Bodies of one cell run away and vent together.

    Attributes
    ----------
    capacity, volume, feedback : ndarray, shape (n,)
        Heat capacity, J K-1; reacting volume, m³; share of the reaction heat that warms the body.
    cell : ndarray of int64, shape (n,)
        Cell of each body; −1 for none.
    cell_low, cell_high : ndarray of int64, shape (g,)
        First body of each cell, and one beyond its last.
    link_from, link_to : ndarray of int64, shape (links,)
        The lower and the higher body of each link, in the order of the lower.
    first_link : ndarray of int64, shape (n + 1,)
        Number of the first link of each lower body.
    link_conductance, link_radiation : ndarray, shape (links,)
        G, W K-1; S, W K-4.
    first_side : ndarray of int64, shape (n + 1,)
        Number of the first free side of each body.
    side_conductance, side_radiation, side_resistance : ndarray, shape (sides,)
        g, W K-1; s, W K-4; R, K W-1.
    coolant_conductance : ndarray, shape (n,)
    coolant_temperature : float
    ejected : ndarray, shape (n,)
        Share of later reaction heat that leaves with gas and particles.
    boiling_heat, boiling_point : ndarray, shape (g,)
        Heat that boils off all the electrolyte of a cell, J, and the temperature below which none of it boils, K.
    head_volume, vent_pressure, gas_at_start : ndarray, shape (g,)
        Free volume of each cell, m³ (0: it cannot vent); absolute pressure at which it vents, Pa; gas in it at start, mol.
    vapour_pressure, vapour_temperature : float
        Electrolyte vapour: p = vapour_pressure · exp(−vapour_temperature/T), Pa.
    table_time : ndarray, shape (m,)
        Not decreasing; a time given twice is a jump.
    table_ambient : ndarray, shape (m,)
    table_power : ndarray, shape (m, sources)
    source_body : ndarray of int64, shape (sources,)
    """

    capacity: NDArray[np.float64]
    volume: NDArray[np.float64]
    feedback: NDArray[np.float64]
    cell: NDArray[np.int64]
    cell_low: NDArray[np.int64]
    cell_high: NDArray[np.int64]
    link_from: NDArray[np.int64]
    link_to: NDArray[np.int64]
    first_link: NDArray[np.int64]
    link_conductance: NDArray[np.float64]
    link_radiation: NDArray[np.float64]
    first_side: NDArray[np.int64]
    side_conductance: NDArray[np.float64]
    side_radiation: NDArray[np.float64]
    side_resistance: NDArray[np.float64]
    coolant_conductance: NDArray[np.float64]
    coolant_temperature: float
    ejected: NDArray[np.float64]
    boiling_heat: NDArray[np.float64]
    boiling_point: NDArray[np.float64]
    head_volume: NDArray[np.float64]
    vent_pressure: NDArray[np.float64]
    gas_at_start: NDArray[np.float64]
    vapour_pressure: float
    vapour_temperature: float
    table_time: NDArray[np.float64]
    table_ambient: NDArray[np.float64]
    table_power: NDArray[np.float64]
    source_body: NDArray[np.int64]


class NetworkState(NamedTuple):
    """What the integration changes in place.

    Attributes
    ----------
    temperature : ndarray, shape (n,)
    extents, extents_at_vent : ndarray, shape (n, r)
    retained : ndarray, shape (n,)
        φ: share of reaction heat that warms the body now.
    vent_time, runaway_time : ndarray, shape (g,)
        s; NaN until it happens.
    boiled, peak_temperature : ndarray, shape (n,)
        Heat that boiling took when the vent opened, J; K.
    peak_pressure, peak_self_heating : ndarray, shape (g,)
        Pa; highest mean self-heating of a cell, K s-1.
    held : ndarray, shape (n, r)
    held_heat, held_at, fastest : ndarray, shape (n,)
        Rates when they were last evaluated, s-1; their heat, W; the temperature then, K; the fastest relative change, s-1.
    """

    temperature: NDArray[np.float64]
    extents: NDArray[np.float64]
    extents_at_vent: NDArray[np.float64]
    retained: NDArray[np.float64]
    vent_time: NDArray[np.float64]
    runaway_time: NDArray[np.float64]
    boiled: NDArray[np.float64]
    peak_temperature: NDArray[np.float64]
    peak_pressure: NDArray[np.float64]
    peak_self_heating: NDArray[np.float64]
    held: NDArray[np.float64]
    held_heat: NDArray[np.float64]
    held_at: NDArray[np.float64]
    fastest: NDArray[np.float64]


@compiled_inside
def side_loss(net: NetworkArrays, side: int, T: float, ambient: float) -> tuple[float, float, float]:
    """Heat that a free side of a body at `T` gives to the surroundings, W, and its slopes by `T` and by `ambient`, W K-1."""
    g, s, R = net.side_conductance[side], net.side_radiation[side], net.side_resistance[side]
    surface, ambient_4 = T, ambient**4
    if R > 0.0:
        for _ in range(10):  # Newton's iteration: the balance of the surface is convex
            surplus = surface - T + R * (g * (surface - ambient) + s * (surface**4 - ambient_4))
            change = surplus / (1.0 + R * (g + 4.0 * s * surface**3))
            surface -= change
            if abs(change) < 1e-12 * T:
                break
    heat = g * (surface - ambient) + s * (surface**4 - ambient_4)
    slope = g + 4.0 * s * surface**3
    through = 1.0 / (1.0 + R * slope)
    return heat, slope * through, -(g + 4.0 * s * ambient**3) * through


@compiled_inside
def conduction(
    net: NetworkArrays,
    T: NDArray[np.float64],
    ambient: float,
    power: NDArray[np.float64],
    band: int,
    low: int,
    high: int,
    flow: NDArray[np.float64],
) -> None:
    """Heat into the bodies from `low` to `high` except from reactions, W, to `flow`."""
    for i in range(low, high):
        flow[i] = -net.coolant_conductance[i] * (T[i] - net.coolant_temperature)
        for side in range(net.first_side[i], net.first_side[i + 1]):
            flow[i] -= side_loss(net, side, T[i], ambient)[0]
    for k in range(net.source_body.size):
        if low <= net.source_body[k] < high:
            flow[net.source_body[k]] += power[k]
    for k in range(net.first_link[max(0, low - band)], net.first_link[high]):
        i, j = net.link_from[k], net.link_to[k]
        if j < low:
            continue
        q = net.link_conductance[k] * (T[j] - T[i])
        if net.link_radiation[k] > 0.0:
            q += net.link_radiation[k] * (T[j] ** 4 - T[i] ** 4)
        if i >= low:
            flow[i] += q
        if j < high:
            flow[j] -= q


@compiled_inside
def conduction_matrix(
    net: NetworkArrays, T: NDArray[np.float64], ambient: float, band: int, low: int, high: int, matrix: NDArray[np.float64]
) -> None:
    """−∂flow/∂T of the bodies from `low` to `high` as a band matrix: entry (i, j) at ``[i, band + j − i]``."""
    for i in range(low, high):
        for j in range(2 * band + 1):
            matrix[i, j] = 0.0
        matrix[i, band] = net.coolant_conductance[i]
        for side in range(net.first_side[i], net.first_side[i + 1]):
            matrix[i, band] += side_loss(net, side, T[i], ambient)[1]
    for k in range(net.first_link[max(0, low - band)], net.first_link[high]):
        i, j = net.link_from[k], net.link_to[k]
        if j < low:
            continue
        by_i = net.link_conductance[k] + 4.0 * net.link_radiation[k] * T[i] ** 3
        by_j = net.link_conductance[k] + 4.0 * net.link_radiation[k] * T[j] ** 3
        if i >= low:
            matrix[i, band] += by_i
            matrix[i, band + j - i] -= by_j
        if j < high:
            matrix[j, band] += by_j
            matrix[j, band + i - j] -= by_i


@compiled_inside
def cell_pressure(
    set_: ReactionArrays, net: NetworkArrays, g: int, T: NDArray[np.float64], extents: NDArray[np.float64]
) -> float:
    """Absolute pressure in cell `g`, Pa: the gas of all its bodies, and vapour, at its mean temperature."""
    gas, heat, capacity = net.gas_at_start[g], 0.0, 0.0
    for i in range(net.cell_low[g], net.cell_high[g]):
        if net.cell[i] != g:
            continue
        heat += net.capacity[i] * T[i]
        capacity += net.capacity[i]
        for r in range(set_.gas.size):
            gas += set_.gas[r] * net.volume[i] * extents[i, r]
    mean = heat / capacity
    pressure: float = gas * GAS_CONSTANT * mean / net.head_volume[g]
    return pressure + net.vapour_pressure * math.exp(-net.vapour_temperature / mean)


@compiled_inside
def look(
    set_: ReactionArrays,
    net: NetworkArrays,
    state: NetworkState,
    i: int,
    T: float,
    extents: NDArray[np.float64],
    states: NDArray[np.float64],
    rate: NDArray[np.float64],
) -> None:
    """Evaluate the rates of body `i` at the temperature `T` and the extents, shape (r,), from which its next step begins."""
    state.held_heat[i] = 0.0
    state.fastest[i] = 0.0
    state.held_at[i] = T
    if net.volume[i] == 0.0:
        return
    rates(set_, extents, T, states, rate)
    fastest = 0.0
    for r in range(rate.size):
        state.held[i, r] = rate[r]
        state.held_heat[i] += net.volume[i] * set_.heat[r] * rate[r]
        fastest = max(fastest, abs(rate[r]))
    state.fastest[i] = max(fastest, abs(state.held_heat[i]) / (net.capacity[i] * T))


@compiled
def heat_by_reaction(
    set_: ReactionArrays,
    volume: NDArray[np.float64],
    temperature: NDArray[np.float64],
    extents: NDArray[np.float64],
    heat: NDArray[np.float64],
) -> None:
    """Heat of each reaction in W at given states: shapes (n,), (times, n), (times, n, r), (times, n, r)."""
    states = np.empty(set_.initial.size)
    rate = np.empty(extents.shape[2])
    for m in range(temperature.shape[0]):
        for i in range(temperature.shape[1]):
            rates(set_, extents[m, i], temperature[m, i], states, rate)
            for r in range(rate.size):
                heat[m, i, r] = set_.heat[r] * rate[r] * volume[i]
