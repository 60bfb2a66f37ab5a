"""Joule heat of a short circuit: bounded by the energy that the charge stores."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from scalith.quantities import SI, InputError, Property, Spec
from scalith.quantities.specification import Duration, Fraction

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
    """

    resistance: Resistance
    internal_resistance: Resistance
    capacity: Annotated[float, SI("C"), Field(gt=0)]
    state_of_charge: Fraction = 1.0
    open_circuit_voltage: Property | Annotated[float, SI("V"), Field(gt=0)]
    burn_out_time: Duration | None = None

    @property
    def share_at_short(self) -> float:
        """Share of the heat that falls at the place of the short; the rest is spread through the cell."""
        return self.resistance / (self.resistance + self.internal_resistance)


def short_circuit_heat(short: ShortCircuit) -> tuple[NDArray[np.float64], NDArray[np.float64], float]:
    """Times (s), heat (W) and stored energy (J) of a cell that discharges itself through a short.

    Q ds/dt = −U(s)/(R + R_i) gives the time as a quadrature, t(s) = Q (R + R_i) ∫ ds/U; the heat is U²/(R + R_i), and its
    integral to empty is the stored energy Q ∫ U ds.

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
    drop = -np.diff(s)
    time = np.concatenate([[0.0], np.cumsum(short.capacity * total * drop * 0.5 * (1 / voltage[1:] + 1 / voltage[:-1]))])
    energy = short.capacity * float(np.sum(drop * 0.5 * (voltage[1:] + voltage[:-1])))
    power = voltage**2 / total
    # The heat is a straight line between the times: scaled so that its integral is the stored energy.
    power = power * energy / float(np.sum(np.diff(time) * 0.5 * (power[1:] + power[:-1])))
    time, power = np.append(time, time[-1]), np.append(power, 0.0)
    if short.burn_out_time is not None and short.burn_out_time < time[-1]:
        end = short.burn_out_time
        kept = time < end
        at_end = float(np.interp(end, time, power))
        time = np.concatenate([time[kept], [end, end]])
        power = np.concatenate([power[kept], [at_end, 0.0]])
    return time, power, energy
