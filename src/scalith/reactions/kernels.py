"""Rates of decomposition reactions and their slopes by extents and temperature."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from scalith.numerics.compiled import compiled_in_place, compiled_inside


class ReactionArrays(NamedTuple):
    """A reaction set as plain arrays; r runs over reactions, s over states.

    Attributes
    ----------
    log_frequency : ndarray, shape (r,)
        ln A, A in s-1.
    activation_temperature : ndarray, shape (r,)
        E/R, K.
    heat : ndarray, shape (r,)
        Heat of unit extent in unit volume of cell, J m-3.
    gas : ndarray, shape (r,)
        Gas of unit extent in unit volume of cell, mol m-3.
    log_limit, limit_temperature : ndarray, shape (r,)
        Rate constant of diffusion k_D = exp(log_limit − limit_temperature/T), s-1; log_limit is infinite without a limit.
    onset : ndarray, shape (r,)
        Below this temperature, K, a reaction rests.
    orders, autocatalysis, tunnelling : ndarray, shape (r, s)
        Powers of x and of 1 − x, inverse scale of exp(−x/scale); 0 for none.
    first_term : ndarray of int64, shape (r + 1,)
        Where the terms of each reaction begin: the same powers and tunnelling without the zeros.
    term_state, term_kind : ndarray of int64, shape (terms,)
        State of a term; 0 for x^n, 1 for (1 − x)^p, 2 for exp(−x/scale).
    term_value : ndarray, shape (terms,)
        n, p or 1/scale.
    changes : ndarray, shape (r, s)
        Change of state s by unit extent of reaction r.
    initial : ndarray, shape (s,)
        States at zero extents.
    """

    log_frequency: NDArray[np.float64]
    activation_temperature: NDArray[np.float64]
    heat: NDArray[np.float64]
    gas: NDArray[np.float64]
    log_limit: NDArray[np.float64]
    limit_temperature: NDArray[np.float64]
    onset: NDArray[np.float64]
    orders: NDArray[np.float64]
    autocatalysis: NDArray[np.float64]
    tunnelling: NDArray[np.float64]
    first_term: NDArray[np.int64]
    term_state: NDArray[np.int64]
    term_kind: NDArray[np.int64]
    term_value: NDArray[np.float64]
    changes: NDArray[np.float64]
    initial: NDArray[np.float64]


@compiled_inside
def states_of(set_: ReactionArrays, extents: NDArray[np.float64], states: NDArray[np.float64]) -> None:
    """States x_s = x_s(0) + Σ_r changes[r, s] ξ_r, written to `states`."""
    for s in range(states.size):
        value = set_.initial[s]
        for r in range(extents.size):
            value += set_.changes[r, s] * extents[r]
        states[s] = value


@compiled_in_place
def rates(
    set_: ReactionArrays, extents: NDArray[np.float64], T: float, states: NDArray[np.float64], rate: NDArray[np.float64]
) -> None:
    """Rates dξ/dt, s-1, written to `rate`; `states` is work space.

    The rate constant k = A exp(−E/RT) Π exp(−x/z) of the surface reaction is in series with diffusion to it: k/(1 + k/k_D). A
    power of order 1 goes on linearly below zero, so that Newton's linearisation there stays right; any other power
    is taken of max(x, 0).
    """
    states_of(set_, extents, states)
    inverse = 1.0 / T
    for r in range(rate.size):
        if set_.onset[r] > T:
            rate[r] = 0.0
            continue
        exponent = set_.log_frequency[r] - set_.activation_temperature[r] * inverse
        value = 1.0
        for term in range(set_.first_term[r], set_.first_term[r + 1]):
            x = states[set_.term_state[term]]
            kind = set_.term_kind[term]
            power = set_.term_value[term]
            if kind == 2:
                exponent -= x * power
                continue
            if kind == 1:
                x = 1.0 - x
            value *= x if power == 1.0 else max(x, 0.0) ** power
        if set_.log_limit[r] < math.inf:
            value /= 1.0 + math.exp(exponent - set_.log_limit[r] + set_.limit_temperature[r] * inverse)
        rate[r] = value * math.exp(exponent)


@compiled_in_place
def rates_with_slopes(
    set_: ReactionArrays,
    extents: NDArray[np.float64],
    T: float,
    states: NDArray[np.float64],
    rate: NDArray[np.float64],
    by_extent: NDArray[np.float64],
    by_temperature: NDArray[np.float64],
) -> None:
    """Rates with ∂(dξ_r/dt)/∂ξ_q, shape (r, r), and ∂(dξ_r/dt)/∂T."""
    rates(set_, extents, T, states, rate)
    for r in range(rate.size):
        surface = _surface_share(set_, r, T, states)
        mixed = surface * set_.activation_temperature[r] + (1.0 - surface) * set_.limit_temperature[r]
        by_temperature[r] = rate[r] * mixed / (T * T)
        for q in range(rate.size):
            by_extent[r, q] = 0.0
        if set_.onset[r] > T:
            continue
        for s in range(states.size):
            x = states[s]
            slope = 0.0  # ∂ rate / ∂ x_s
            if set_.orders[r, s] > 0.0:
                if set_.orders[r, s] == 1.0 and abs(x) < 1e-12:
                    # The rate itself has vanished with x: take its other factors.
                    states[s] = 1.0
                    slope = _without_state(set_, r, T, states, s)
                    states[s] = x
                elif x > 0.0 or set_.orders[r, s] == 1.0:
                    slope += rate[r] * set_.orders[r, s] / x
            if set_.autocatalysis[r, s] > 0.0 and 1.0 - x > 1e-12:
                slope -= rate[r] * set_.autocatalysis[r, s] / (1.0 - x)
            slope -= rate[r] * set_.tunnelling[r, s] * surface
            if slope != 0.0:
                for q in range(rate.size):
                    by_extent[r, q] += slope * set_.changes[q, s]


@compiled_inside
def _surface_share(set_: ReactionArrays, r: int, T: float, states: NDArray[np.float64]) -> float:
    """1/(1 + k/k_D): how much of the resistance to reaction lies at the surface; 1 without a limit."""
    if not set_.log_limit[r] < math.inf:
        return 1.0
    exponent = set_.log_frequency[r] - set_.log_limit[r]
    exponent -= (set_.activation_temperature[r] - set_.limit_temperature[r]) / T
    for s in range(states.size):
        exponent -= states[s] * set_.tunnelling[r, s]
    share: float = 1.0 / (1.0 + math.exp(exponent))
    return share


@compiled_inside
def _without_state(set_: ReactionArrays, r: int, T: float, states: NDArray[np.float64], left_out: int) -> float:
    value = math.exp(set_.log_frequency[r] - set_.activation_temperature[r] / T) * _surface_share(set_, r, T, states)
    for s in range(states.size):
        if s == left_out:
            continue
        if set_.orders[r, s] > 0.0:
            value *= max(states[s], 0.0) ** set_.orders[r, s]
        if set_.autocatalysis[r, s] > 0.0:
            value *= max(1.0 - states[s], 0.0) ** set_.autocatalysis[r, s]
        if set_.tunnelling[r, s] > 0.0:
            value *= math.exp(-states[s] * set_.tunnelling[r, s])
    return value
