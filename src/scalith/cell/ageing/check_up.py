"""A check-up: what a lab measures now and then, carried out on a copy of the cell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from scalith.cell.kernels import events, records
from scalith.cell.runs.tolerance import TOLERANCE

if TYPE_CHECKING:
    from scalith.cell.runs.simulation import Mode, Simulation

Array = NDArray[np.float64]
POINTS = 400
"""Of each slow curve."""
FREQUENCIES = np.logspace(4, -2, 31)
"""Hz, of the spectrum."""


class CheckUp(NamedTuple):
    """What a check-up finds.

    Attributes
    ----------
    slow_discharge, slow_charge : ndarray, shape (2, points)
        Charge passed, C, and voltage, V, at C/20.
    slow_capacity, capacity : float
        Charge of the discharges at C/20 and 1C, C.
    resistance : float
        Fall of the voltage after 10 s of 1C at 50 % of the capacity of now, over the current, ohm.
    impedance : ndarray of complex, shape (frequencies,)
        Z at rest there, ohm.
    stoichiometries : ndarray, shape (classes, 2)
        Mean of each class of particles at the full and the empty end of the slow discharge.
    """

    slow_discharge: Array
    slow_charge: Array
    slow_capacity: float
    capacity: float
    resistance: float
    impedance: NDArray[np.complex128]
    stoichiometries: Array


def check_up(simulation: Simulation) -> CheckUp:
    """C/20 down and up, 1C, a pulse and a spectrum at 50 %, on a copy: the cell itself goes on as it was.

    Raises
    ------
    RuntimeError
        A step of it could not be carried out.
    """
    one = simulation.copy(records=False)
    # Whatever the ageing goes by: what it finds is read from curves.
    one.brief, one.tolerance = False, min(one.tolerance, TOLERANCE)
    cell = one.specification
    low, high, current = cell.lower_voltage_cut_off, cell.upper_voltage_cut_off, cell.nominal_capacity / 3600.0
    _fill(one)
    _hold(one, "current", 0.0, 3600.0)
    full = _means(one)
    down = _slow(one, current / 20.0, voltage_low=low)
    empty = _means(one)
    _hold(one, "current", 0.0, 3600.0)
    up = _slow(one, -current / 20.0, voltage_high=high)
    _fill(one)
    _hold(one, "current", 0.0, 3600.0)
    before = _charge(one)
    _hold(one, "current", current, 7200.0, voltage_low=low)
    capacity = _charge(one) - before
    _fill(one)
    _hold(one, "current", current / 2.0, 20.0 * 3600.0, voltage_low=low, charge_high=_charge(one) + 0.5 * capacity)
    _hold(one, "current", 0.0, 7200.0)
    impedance = one.impedance(FREQUENCIES)
    rest = one.voltage
    _hold(one, "current", current, 10.0)
    resistance = (rest - one.voltage) / current
    means = np.stack([full, empty], axis=1)
    return CheckUp(down, up, float(down[0, -1]), capacity, resistance, impedance, means)


def _fill(one: Simulation) -> None:
    cell = one.specification
    current = cell.nominal_capacity / 3600.0
    _hold(one, "current", -current / 3.0, 10.0 * 3600.0, voltage_high=cell.upper_voltage_cut_off)
    _hold(one, "voltage", cell.upper_voltage_cut_off, 10.0 * 3600.0, current_low=current / 50.0)


def _hold(one: Simulation, mode: Mode, target: float, duration: float, **limits: Any) -> None:
    from scalith.cell.model.results import FAILURES, REASONS, STUCK

    one.forget()
    reason = one.hold(mode, target, duration=duration, **limits)
    if reason in FAILURES or reason in STUCK:
        raise RuntimeError(f"check-up: {REASONS[reason]}")


def _slow(one: Simulation, current: float, **limits: Any) -> Array:
    """Charge passed and voltage at evenly spaced times of a slow discharge or charge, with its end."""
    from scalith.cell.model.results import REASONS

    one.forget()
    most = 1.5 * one.specification.nominal_capacity / abs(current)
    times = one.time + np.linspace(0.0, most, int(1.5 * POINTS) + 1)[1:]
    reason = one.hold("current", current, duration=most, output_times=times, **limits)
    if reason >= events.ELECTROLYTE_EMPTY:
        raise RuntimeError(f"check-up: {REASONS[reason]}")
    rows = one.rows[1:]
    charge = np.abs(rows[:, records.CHARGE] - rows[0, records.CHARGE])
    even = np.linspace(0.0, charge[-1], POINTS)
    return np.stack([even, np.interp(even, charge, rows[:, records.VOLTS])])


def _charge(one: Simulation) -> float:
    return float(one.state[one.cell.system.at.charge])


def _means(one: Simulation) -> Array:
    """Mean stoichiometry of each class, at the last record."""
    return np.array([one.rows[-1, records.CLASSES + records.CLASS_RECORDS * p] for p in range(len(one.cell.sides))])
