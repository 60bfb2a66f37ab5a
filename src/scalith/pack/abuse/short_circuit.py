"""Joule heat of a short circuit: bounded by the energy that the charge stores."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from scalith.quantities import SI, ConvergenceError, InputError, Property, Spec
from scalith.quantities.specification import Duration, Fraction

Array = NDArray[np.float64]
Resistance = Annotated[float, SI("ohm"), Field(ge=0)]


class ShortCircuit(Spec):
    """A nail or an internal short.

    Attributes
    ----------
    resistance : float
        Of the short itself, Ω.
    internal_resistance : float
        Of the cell in series with it, Ω.
    capacity : float
        Charge of the full cell, C (``"3 A h"``).
    state_of_charge : float
        At the start.
    open_circuit_voltage : float or Property
        V, a number or a function of the state of charge ``x``.
    burn_out_time : float, optional
        The short melts and parts after this time, s.
    fed_by : int
        Cells like this one in parallel with it, whose charge flows through the short as well.
    feeding_resistance : float, optional
        Of the way from each of them to the short, itself included: its inner resistance, connection and busbar, Ω; needed with
        `fed_by`.
    fuse_current : float, optional
        A fuse in each of these ways parts at it, A; where the first current is larger nothing flows.
    """

    resistance: Resistance
    internal_resistance: Resistance
    capacity: Annotated[float, SI("C"), Field(gt=0)]
    state_of_charge: Fraction = 1.0
    open_circuit_voltage: Property | Annotated[float, SI("V"), Field(gt=0)]
    burn_out_time: Duration | None = None
    fed_by: Annotated[int, Field(ge=0)] = 0
    feeding_resistance: Annotated[float, SI("ohm"), Field(gt=0)] | None = None
    fuse_current: Annotated[float, SI("A"), Field(gt=0)] | None = None

    @model_validator(mode="after")
    def _fed_through_something(self) -> Self:
        if self.fed_by > 0 and self.feeding_resistance is None:
            raise InputError(
                "short circuit", "feeding_resistance", "nothing", f"that of the way from each of {self.fed_by} cells"
            )
        if self.fed_by > 0 and not (self.resistance > 0 and self.internal_resistance > 0):
            raise InputError("short circuit", "resistance", "0 ohm", "positive resistances of the short and of the cell it is in")
        return self

    @property
    def share_at_short(self) -> float:
        """Share of its own heat that falls at the place of the short; the rest is spread through the cell."""
        return self.resistance / (self.resistance + self.internal_resistance)


def short_circuit_heat(short: ShortCircuit) -> tuple[Array, Array, float]:
    """Times (s), heat (W) and stored energy (J) of a cell that discharges itself through a short.

    Q ds/dt = −U(s)/(R + R_i) gives the time as a quadrature, t(s) = Q (R + R_i) ∫ ds/U; the heat is U²/(R + R_i), and its
    integral to empty is the stored energy Q ∫ U ds.

    With n cells in parallel that feed it, each over R_f, the short is at V = (U/R_i + n U_f/R_f)/(1/R + 1/R_i + n/R_f); the heat
    in the cell is V²/R + (U − V)²/R_i, and the rest of the energy, which is then that of all of them, n (U_f − V)²/R_f, falls on
    the way.

    Raises
    ------
    InputError
        No resistance at all, an empty cell, or a voltage that is not positive.
    """
    where = "short circuit"
    total = short.resistance + short.internal_resistance
    if not total > 0:
        raise InputError(where, "resistance", total, "a positive resistance of short and cell together")
    if not short.state_of_charge > 0:
        raise InputError(where, "state_of_charge", short.state_of_charge, "a charged cell")
    s = np.linspace(short.state_of_charge, 0.0, 801)
    if isinstance(short.open_circuit_voltage, Property):
        low, high = short.open_circuit_voltage.domain["x"]
        voltage = np.asarray(short.open_circuit_voltage(x=np.clip(s, low, high)), dtype=np.float64)
    else:
        voltage = np.full(s.size, short.open_circuit_voltage)
    if not np.all(voltage > 0):
        raise InputError(where, "open_circuit_voltage", float(voltage.min()), "positive at every state of charge")
    if feeds(short, float(voltage[0])):
        time, power = _fed_heat(short, s, voltage)
        energy = (1 + short.fed_by) * short.capacity * float(np.sum(-np.diff(s) * 0.5 * (voltage[1:] + voltage[:-1])))
        return *_until(short.burn_out_time, np.append(time, time[-1]), np.append(power, 0.0)), energy
    drop = -np.diff(s)
    time = np.concatenate([[0.0], np.cumsum(short.capacity * total * drop * 0.5 * (1 / voltage[1:] + 1 / voltage[:-1]))])
    energy = short.capacity * float(np.sum(drop * 0.5 * (voltage[1:] + voltage[:-1])))
    power = voltage**2 / total
    # The heat is a straight line between the times: scaled so that its integral is the stored energy.
    power = power * energy / float(np.sum(np.diff(time) * 0.5 * (power[1:] + power[:-1])))
    return *_until(short.burn_out_time, np.append(time, time[-1]), np.append(power, 0.0)), energy


def _until(end: float | None, time: Array, power: Array) -> tuple[Array, Array]:
    """Heat over time until the short parts."""
    if end is None or end >= time[-1]:
        return time, power
    kept = time < end
    at_end = float(np.interp(end, time, power))
    return np.concatenate([time[kept], [end, end]]), np.concatenate([power[kept], [at_end, 0.0]])


def feeds(short: ShortCircuit, voltage: float) -> bool:
    """Whether the cells in parallel feed the short at all: their fuses bear the first current."""
    if short.fed_by == 0 or short.feeding_resistance is None:
        return False
    first = _at_short(short, voltage, voltage)
    return short.fuse_current is None or (voltage - first) / short.feeding_resistance < short.fuse_current


def _at_short(short: ShortCircuit, own: float, others: float) -> float:
    """Voltage of the short, V; a cell at not a number is empty and parted from it."""
    conductance, driven = 1.0 / short.resistance, 0.0
    for emf, each in ((own, 1.0 / short.internal_resistance), (others, short.fed_by / (short.feeding_resistance or np.inf))):
        if not np.isnan(emf):
            conductance, driven = conductance + each, driven + each * emf
    return driven / conductance


def _fed_heat(short: ShortCircuit, s: Array, voltage: Array) -> tuple[Array, Array]:
    """Times and heat in the cell while it and the cells in parallel empty themselves through the short."""
    from scipy.integrate import solve_ivp

    charges, emfs = s[::-1], voltage[::-1]
    ways = np.array([short.internal_resistance, short.feeding_resistance or np.inf])
    left = np.array([True, True])

    def emf(state: Array) -> Array:
        return np.where(left, np.interp(state, charges, emfs), np.nan)

    def slope(_: float, state: Array) -> Array:
        of = emf(state)
        current = (of - _at_short(short, of[0], of[1])) / ways
        return np.where(left, -current / short.capacity, 0.0)

    def empty(k: int) -> Callable[[float, Array], float]:
        def margin(_: float, state: Array) -> float:
            return float(state[k]) if left[k] else 1.0

        margin.__dict__.update(terminal=True, direction=-1.0)  # as SciPy's events have them
        return margin

    now, state = 0.0, np.full(2, short.state_of_charge)
    times, powers = [], []
    each = short.capacity * (short.resistance + ways.max()) / float(emfs.min())
    long = 100.0 * (1 + short.fed_by) * each
    while left.any():
        ends = [empty(0), empty(1)]
        rate = float(np.max(-slope(now, state)[left] / state[left]))  # of the cell that is empty first
        found = solve_ivp(slope, (now, now + long), state, rtol=1e-7, atol=1e-9, events=ends, max_step=1.0 / (200.0 * rate))
        rows = np.array([emf(column) for column in found.y.T])
        at = np.array([_at_short(short, own, others) for own, others in rows])
        own = np.where(np.isnan(rows[:, 0]), 0.0, rows[:, 0] - at)
        times.append(found.t)
        powers.append(at**2 / short.resistance + own**2 / short.internal_resistance)
        if found.status != 1:
            raise ConvergenceError("short circuit", found.message, time=float(found.t[-1]))
        now, state = float(found.t[-1]), found.y[:, -1]
        left &= state > 1e-9
    return np.concatenate(times), np.concatenate(powers)
