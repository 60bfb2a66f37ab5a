"""How a simulation runs a protocol: step after step, with what ended each and what passed in it."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from scalith.cell.kernels import layout
from scalith.cell.runs.discharge import Progress
from scalith.cell.runs.protocol_steps import Ending, Outcome, Protocol, ProtocolStep, Visit, walk
from scalith.cell.runs.protocol_text import Steps, parse_protocol
from scalith.cell.specification.cell import CellSpecification
from scalith.quantities import ConvergenceError, InputError, predicted

if TYPE_CHECKING:
    from scalith.cell.runs.simulation import Mode, Simulation
    from scalith.quantities import Result

Array = NDArray[np.float64]
Integers = NDArray[np.int64]
LONGEST_STEP = 172_800.0
"""Seconds after which a step ends that has no duration."""
TOO_LONG = "two days passed without reaching its end"


def run_protocol(
    simulation: Simulation,
    steps: Steps,
    *,
    cycles: int = 1,
    strict: bool = False,
    profiles: bool = False,
    progress: Progress | None = None,
    by: str = "scalith.cell.Simulation.run",
) -> Result:
    """Carry out a protocol from the present state of a simulation: see `simulate_protocol`."""
    protocol = parse_protocol(steps, simulation.specification)
    if cycles < 1:
        raise InputError("simulate_protocol", "cycles", cycles, "at least one")
    protocol = protocol if cycles == 1 else Protocol(steps=(protocol,), times=cycles)
    for step in protocol.all_steps:
        _require_possible(step, simulation.specification)
    first = len(simulation.rows)
    log = _run(protocol, cycles, simulation, strict, profiles, progress)
    if len(simulation.rows) == 0:
        raise ConvergenceError("protocol", log.failed, time=simulation.time)
    settings = {"steps": [step.text for step in protocol.all_steps], "cycles": cycles, **simulation.settings()}
    source = predicted(by, simulation.specification.digest, settings=settings)
    data = simulation.result(reason=log.reasons[-1], source=source, profiles=profiles)
    _add_steps(data, log, first)
    if log.notes:
        data.attrs["warnings"] = "; ".join(log.notes)
    if log.failed:
        raise ConvergenceError("protocol", log.failed, time=simulation.time, partial=data)
    if log.notes:
        warnings.warn(f"protocol: {data.attrs['warnings']}", stacklevel=3)
    return data


class _Log(NamedTuple):
    """What was run: steps, the reason and the number of records at the end of each, what is to be said."""

    visits: list[Visit]
    reasons: list[str]
    ends: list[int]
    notes: list[str]
    failed: str


def _run(
    protocol: Protocol, cycles: int, simulation: Simulation, strict: bool, profiles: bool, progress: Progress | None
) -> _Log:
    from scalith.cell.kernels import records
    from scalith.cell.model.results import FAILURES, STUCK

    log = _Log([], [], [], [], "")
    total = cycles * len(protocol.all_steps)
    walker = walk(protocol)
    visit: Visit | None = next(walker)
    while visit is not None:
        where = f"cycle {visit.cycle + 1}, step {visit.number + 1}, '{visit.step.text}'"
        if progress is not None:
            progress(min(len(log.visits) / total, 0.99), where)
        used = len(simulation.rows)
        carry_out(visit.step, simulation, profiles)
        reason, is_own = why_it_ended(visit.step, simulation)
        log.visits.append(visit)
        log.reasons.append(reason)
        log.ends.append(len(simulation.rows))
        stuck = simulation.reason in STUCK
        if stuck or reason == TOO_LONG:
            log.notes.append(f"{where}: {reason}" + ("; what comes after it was not run" if stuck else ""))
        if simulation.reason in FAILURES or (strict and not is_own):
            log = log._replace(failed=f"{where}: {reason}")
        if log.failed or stuck:
            break
        first, last = simulation.rows[used], simulation.rows[-1]
        charge = float(last[records.CHARGE] - first[records.CHARGE])
        try:
            visit = walker.send(Outcome(charge, float(last[records.VOLTS]), float(last[records.KELVIN])))
        except StopIteration:
            visit = None
    if progress is not None:
        progress(1.0, log.reasons[-1])
    return log


def carry_out(step: ProtocolStep, simulation: Simulation, keep_states: bool = False) -> None:
    """Advance a simulation by one step."""
    cell = simulation.specification
    if step.temperature is not None and abs(step.temperature - simulation.ambient) > 1e-9:
        simulation.set_temperature(step.temperature)
    times, loads = step.load() if step.times else (np.array([0.0, step.duration or LONGEST_STEP]), np.full(2, step.target))
    limits: dict[str, Any] = {}
    if step.mode != "voltage":
        limits = {"voltage_low": cell.lower_voltage_cut_off, "voltage_high": cell.upper_voltage_cut_off}
    mode: Mode = step.mode
    if step.clip:
        low = cell.lower_voltage_cut_off if step.voltage_low is None else step.voltage_low
        high = cell.upper_voltage_cut_off if step.voltage_high is None else step.voltage_high
        simulation.cell.system.scalars[layout.CLIP_BELOW], simulation.cell.system.scalars[layout.CLIP_ABOVE] = low, high
        limits = {}
        mode = clipped_mode(step)
    for ending in step.endings:
        if not (step.clip and ending.quantity == "voltage"):
            name, value = limit_of(ending, step, simulation)
            limits[name] = value if name not in limits else _nearer(name, limits[name], value)
    output = None if step.period is None else np.arange(0.0, float(times[-1]), step.period)[1:] + simulation.time
    simulation.follow(mode, times, loads, output_times=output, keep_states=keep_states, **limits)


def clipped_mode(step: ProtocolStep) -> Mode:
    """Mode of a load that is clipped at voltages.

    Raises
    ------
    InputError
        The load is neither a current nor a power.
    """
    if step.mode == "current":
        return "clipped_current"
    if step.mode == "power":
        return "clipped_power"
    raise InputError("protocol", step.text, f"a load in {step.mode}", "currents or powers, where the voltage is clipped")


def limit_of(ending: Ending, step: ProtocolStep, simulation: Simulation) -> tuple[str, float]:
    """Name (see `scalith.cell.runs.simulation.LIMITS`) and value of the limit that an ending stands for."""
    quantity, value, direction = ending.quantity, ending.value, ending.direction
    charge = float(simulation.state[simulation.cell.system.at.charge])
    if quantity == "capacity":
        return ("charge_low", charge - value) if step.target < 0.0 else ("charge_high", charge + value)
    if quantity == "state_of_charge":
        window = simulation.specification.capacity_of_window("negative")
        passed = (simulation.state_of_charge - value) * window
        return ("charge_high" if passed >= 0.0 else "charge_low"), charge + passed
    if quantity == "voltage":
        if direction is None:
            direction = "below" if step.target > 0.0 or (step.target == 0.0 and simulation.voltage > value) else "above"
        if step.mode == "current" and step.target == 0.0 and not step.times:
            return ("voltage_falls" if direction == "below" else "voltage_rises"), value
        return ("voltage_low" if direction == "below" else "voltage_high"), value
    if quantity == "current":
        return ("current_high" if direction == "above" else "current_low"), value
    if quantity == "temperature":
        warmer = direction == "above" or (direction is None and simulation.state[simulation.cell.system.at.temperature] < value)
        return ("temperature_high" if warmer else "temperature_low"), value
    rises = direction == "above" or (direction is None and (quantity == "negative_potential") == (step.target > 0.0))
    return f"{quantity}_{'high' if rises else 'low'}", value


def _nearer(name: str, one: float, other: float) -> float:
    """The limit that is met first."""
    return max(one, other) if name.endswith(("_low", "_falls")) else min(one, other)


def why_it_ended(step: ProtocolStep, simulation: Simulation) -> tuple[str, bool]:
    """Why a step ended, in words, and whether that is an end which it states itself."""
    from scalith.cell.kernels import events
    from scalith.cell.model.results import FAILURES, STUCK, words_of

    reason = simulation.reason
    if reason == events.DURATION and step.duration is None and not step.times:
        return TOO_LONG, False
    if reason == events.VOLTAGE_BELOW and step.voltage_low is None:
        return "lower cut-off voltage of the cell reached", False
    if reason == events.VOLTAGE_ABOVE and step.voltage_high is None:
        return "upper cut-off voltage of the cell reached", False
    others = (*FAILURES, *STUCK)
    return words_of(simulation.cell, simulation.rows, reason), reason not in others


def _require_possible(step: ProtocolStep, specification: CellSpecification) -> None:
    """No step takes the cell beyond its cut-off voltages."""
    low, high = specification.lower_voltage_cut_off, specification.upper_voltage_cut_off
    held = step.loads if step.times else (step.target,)
    volts = [*(held if step.mode == "voltage" else ()), *(item.value for item in step.endings if item.quantity == "voltage")]
    for value in volts:
        if not low - 1e-3 <= value <= high + 1e-3:
            raise InputError("protocol", step.text, f"{value:g} V", f"a voltage between the cut-offs, {low:g} and {high:g} V")


def _add_steps(data: Result, log: _Log, first: int) -> None:
    """Which cycle and step each record belongs to, how the steps ended, and what passed in each."""
    counts = np.diff([first, *log.ends])
    before = np.full(first, -1)
    cycle = np.concatenate([before, np.repeat([visit.cycle for visit in log.visits], counts)])
    number = np.concatenate([before, np.repeat([visit.number for visit in log.visits], counts)])
    run = np.repeat(np.arange(counts.size), counts)
    data.update(  # one by one each would go through all variables again
        {
            "cycle": ("time", cycle, {"units": "1", "long_name": "cycle, from 0 (−1: before the protocol)"}),
            "step": ("time", number, {"units": "1", "long_name": "step of the protocol, from 0 (−1: before it)"}),
            "step_reason": ("run", np.array(log.reasons), {"units": "1", "long_name": "why each step ended"}),
            **_capacities(data, first, cycle[first:], run, counts.size),
        }
    )


def _capacities(data: Result, first: int, cycle: Integers, run: Integers, runs: int) -> dict[str, Any]:
    """Charge and energy of each step and of each cycle: exact charge, energy by trapezoids over the records."""
    time, charge, voltage, current = (data[name].values[first:] for name in ("time", "capacity", "voltage", "current"))
    power = voltage * current
    passed = np.diff(charge)
    energy = 0.5 * (power[1:] + power[:-1]) * np.diff(time)
    within = run[1:] == run[:-1]  # from the end of a step to the start of the next nothing passes

    def total(values: Array, group: Integers, size: int = 0) -> Array:
        sums = np.bincount(group[1:][within], weights=values[within], minlength=max(size, int(group[-1]) + 1))
        return sums.astype(np.float64)  # of no records at all the sums are integers

    made: dict[str, Any] = {
        "step_capacity": ("run", total(passed, run, runs), {"units": "C", "long_name": "charge passed in the step"}),
        "step_energy": ("run", total(energy, run, runs), {"units": "J", "long_name": "energy delivered in the step"}),
    }
    for way, sign in (("discharge", 1.0), ("charge", -1.0)):
        for name, values, units in (("capacity", passed, "C"), ("energy", energy, "J")):
            sums = total(np.maximum(sign * values, 0.0), cycle)
            made[f"{way}_{name}"] = ("pass", sums, {"units": units, "long_name": f"{way} {name} of the cycle"})
    return made
