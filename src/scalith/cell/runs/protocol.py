"""Protocols: a list of sentences such as ``"Discharge at C/3 until 2.5 V"``, run one after the other on one cell."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from scalith.cell.model.mesh import Mesh
from scalith.cell.runs.discharge import Progress
from scalith.cell.runs.protocol_steps import Outcome, Protocol, ProtocolStep, Visit, walk
from scalith.cell.runs.protocol_text import Steps, parse_protocol
from scalith.cell.specification.cell import CellSpecification
from scalith.quantities import ConvergenceError, InputError, predicted

if TYPE_CHECKING:
    import xarray as xr

    from scalith.cell.runs.solution import Solver
    from scalith.quantities import Result

Array = NDArray[np.float64]
Integers = NDArray[np.int64]
LONGEST_STEP = 172_800.0
"""Seconds after which a step ends that has no duration."""
_TOO_LONG = "two days passed without reaching its end"
_SUPPORTED = {("voltage", "below"), ("voltage", "above"), ("current", "below"), ("temperature", "above")}


def simulate_protocol(
    specification: CellSpecification,
    steps: Steps,
    *,
    cycles: int = 1,
    temperature: float | None = None,
    thermal: Literal["isothermal", "lumped", "through_thickness"] = "isothermal",
    initial_state_of_charge: float | None = None,
    initial: xr.Dataset | None = None,
    profiles: bool = False,
    mesh: Mesh | None = None,
    tolerance: float = 2e-4,
    strict: bool = False,
    progress: Progress | None = None,
) -> Result:
    """Run a protocol, several times over where `cycles` says so.

    Every step also ends at the cut-off voltages of the cell, and after two days where it has no duration; the protocol then
    goes on with the next step. It ends early where a step cannot be carried out: a particle is full or empty, the electrolyte
    depleted. ``step_reason`` says why each step ended, and a warning names the step that was not carried out.

    Parameters
    ----------
    specification : CellSpecification
    steps : str, ProtocolStep, Protocol, or a sequence of them
        See `parse_protocol`.
    cycles : int
    initial : xarray.Dataset, optional
        Result of an earlier protocol of the same cell and mesh: its end is where this one starts.
    temperature, thermal, initial_state_of_charge, profiles, mesh, tolerance
        As in `simulate_discharge`.
    strict : bool
        Raise where a step does not do what it says: it could not be carried out, or a cut-off voltage of the cell or the two
        days ended it before its own end.
    progress : callable, optional

    Returns
    -------
    Result
        As `simulate_discharge`, with ``cycle`` and ``step`` over time; over the steps that were run ``step_reason``,
        ``step_capacity`` and ``step_energy``; over the cycles ``discharge_capacity``, ``charge_capacity`` and the energies; and
        ``final_state``, which `initial` reads (the data set can be saved to NetCDF in between). A step starts at the next
        number after the time at which the one before ended, so that every time is there once. ``attrs["warnings"]`` names
        the steps that were not carried out.

    Raises
    ------
    InputError
        A step is not understood or holds a voltage beyond the cut-offs, or `initial` belongs to another mesh.
    ConvergenceError
        A step could not be solved, or with `strict` not carried out; `partial` holds the result until then.
    """
    protocol = parse_protocol(steps, specification)
    if cycles < 1:
        raise InputError("simulate_protocol", "cycles", cycles, "at least one")
    protocol = protocol if cycles == 1 else Protocol(steps=(protocol,), times=cycles)
    for step in protocol.all_steps:
        _require_possible(step, specification)
    if initial_state_of_charge is None:
        initial_state_of_charge = specification.initial_state.state_of_charge
    if not 0.0 <= initial_state_of_charge <= 1.0:
        raise InputError("simulate_protocol", "initial_state_of_charge", initial_state_of_charge, "0 to 1")
    from scalith.cell.model.results import add_slab, dataset
    from scalith.cell.runs.solution import Solver

    temperature = specification.initial_temperature if temperature is None else temperature
    solver = Solver(specification, mesh=mesh, temperature=temperature, thermal=thermal, tolerance=tolerance)
    solver.set_state_of_charge(initial_state_of_charge)
    if initial is not None:
        solver.resume(initial)
    for step in protocol.all_steps:
        _require_supported(step, solver.temperature)
    log = _run(protocol, cycles, solver, strict, profiles, progress)
    source = predicted(
        "scalith.cell.simulate_protocol",
        specification.digest,
        settings={
            "steps": [step.text for step in protocol.all_steps],
            "cycles": cycles,
            "temperature_K": solver.temperature,
            "thermal": thermal,
        },
    )
    if len(solver.rows) == 0:
        raise ConvergenceError("protocol", log.failed, time=solver.time)
    states = solver.states if profiles else None
    data = dataset(solver.cell, solver.rows, states, log.reasons[-1], source, time_steps=solver.steps)
    add_slab(data, solver)
    _add_steps(data, solver, log)
    if log.notes:
        data.attrs["warnings"] = "; ".join(log.notes)
    if log.failed:
        raise ConvergenceError("protocol", log.failed, time=solver.time, partial=data)
    if log.notes:
        warnings.warn(f"protocol: {data.attrs['warnings']}", stacklevel=2)
    return data


class _Log(NamedTuple):
    """What was run: steps, the reason and the number of records at the end of each, what is to be said."""

    visits: list[Visit]
    reasons: list[str]
    ends: list[int]
    notes: list[str]
    failed: str


def _run(protocol: Protocol, cycles: int, solver: Solver, strict: bool, profiles: bool, progress: Progress | None) -> _Log:
    from scalith.cell.kernels import records, stepping
    from scalith.cell.model.results import FAILURES

    log = _Log([], [], [], [], "")
    total = cycles * len(protocol.all_steps)
    walker = walk(protocol)
    visit: Visit | None = next(walker)
    while visit is not None:
        where = f"cycle {visit.cycle + 1}, step {visit.number + 1}, '{visit.step.text}'"
        if progress is not None:
            progress(min(len(log.visits) / total, 0.99), where)
        used = len(solver.rows)
        _carry_out(visit.step, solver, profiles)
        reason, is_own = _why(visit.step, solver.reason)
        log.visits.append(visit)
        log.reasons.append(reason)
        log.ends.append(len(solver.rows))
        stuck = solver.reason in (stepping.ELECTROLYTE_EMPTY, stepping.PARTICLE_EMPTY, stepping.PARTICLE_FULL)
        if stuck or reason == _TOO_LONG:
            log.notes.append(f"{where}: {reason}" + ("; what comes after it was not run" if stuck else ""))
        if solver.reason in FAILURES or (strict and not is_own):
            log = log._replace(failed=f"{where}: {reason}")
        if log.failed or stuck:
            break
        first, last = solver.rows[used], solver.rows[-1]
        charge = float(last[records.CHARGE] - first[records.CHARGE])
        try:
            visit = walker.send(Outcome(charge, float(last[records.VOLTS]), float(last[records.KELVIN])))
        except StopIteration:
            visit = None
    if progress is not None:
        progress(1.0, log.reasons[-1])
    return log


def _carry_out(step: ProtocolStep, solver: Solver, profiles: bool) -> None:
    """Advance the solver by one step."""
    cell = solver.specification
    times, loads = step.load() if step.times else (np.array([0.0, step.duration or LONGEST_STEP]), np.full(2, step.target))
    held = step.mode == "voltage"
    low = -np.inf if held else cell.lower_voltage_cut_off
    high = np.inf if held else cell.upper_voltage_cut_off
    output = None if step.period is None else np.arange(0.0, float(times[-1]), step.period)[1:] + solver.time
    solver.follow(
        step.mode,
        times,
        loads,
        voltage_low=low if step.voltage_low is None else step.voltage_low,
        voltage_high=high if step.voltage_high is None else step.voltage_high,
        current_low=-np.inf if step.current_low is None else step.current_low,
        temperature_high=min((item.value for item in step.endings if item.quantity == "temperature"), default=np.inf),
        output_times=output,
        keep_states=profiles,
    )


def _why(step: ProtocolStep, reason: int) -> tuple[str, bool]:
    """Why a step ended, in words, and whether that is an end which it states itself."""
    from scalith.cell.kernels import stepping
    from scalith.cell.model.results import REASONS

    if reason == stepping.DURATION and step.duration is None and not step.times:
        return _TOO_LONG, False
    if reason == stepping.VOLTAGE_BELOW and step.voltage_low is None:
        return "lower cut-off voltage of the cell reached", False
    if reason == stepping.VOLTAGE_ABOVE and step.voltage_high is None:
        return "upper cut-off voltage of the cell reached", False
    own = (stepping.DURATION, stepping.VOLTAGE_BELOW, stepping.VOLTAGE_ABOVE, stepping.CURRENT_BELOW, stepping.TEMPERATURE_ABOVE)
    return REASONS[reason], reason in own


def _require_possible(step: ProtocolStep, specification: CellSpecification) -> None:
    """No step takes the cell beyond its cut-off voltages."""
    low, high = specification.lower_voltage_cut_off, specification.upper_voltage_cut_off
    held = step.loads if step.times else (step.target,)
    volts = [*(held if step.mode == "voltage" else ()), *(item.value for item in step.endings if item.quantity == "voltage")]
    for value in volts:
        if not low - 1e-3 <= value <= high + 1e-3:
            raise InputError("protocol", step.text, f"{value:g} V", f"a voltage between the cut-offs, {low:g} and {high:g} V")


def _require_supported(step: ProtocolStep, temperature: float) -> None:
    """What a step may state and the solver does not know."""
    for item in step.endings:
        rests = item.quantity == "voltage" and step.mode == "current" and step.target == 0.0 and not step.times
        if (item.quantity, item.direction) not in _SUPPORTED or step.clip or rests:
            found = f"{item.quantity.replace('_', ' ')} {item.value:g}"
            raise InputError("protocol", step.text, found, "another end: this one is not supported yet")
    if step.temperature is not None and abs(step.temperature - temperature) > 1e-6:
        expected = f"that of the run, {temperature:g} K: another is not supported yet"
        raise InputError("protocol", step.text, f"{step.temperature:g} K", expected)


def _add_steps(data: Result, solver: Solver, log: _Log) -> None:
    """Which cycle and step each record belongs to, how the steps ended, and the state that a later run starts from."""
    from scalith.cell.kernels import layout

    counts = np.diff([0, *log.ends])
    cycle = np.repeat([visit.cycle for visit in log.visits], counts)
    number = np.repeat([visit.number for visit in log.visits], counts)
    data["cycle"] = ("time", cycle, {"units": "1", "long_name": "cycle, from 0"})
    data["step"] = ("time", number, {"units": "1", "long_name": "step of the protocol, from 0"})
    data["step_reason"] = ("run", np.array(log.reasons), {"units": "1", "long_name": "why each step ended"})
    _add_capacities(data, cycle, np.repeat(np.arange(counts.size), counts))
    data["final_state"] = ("unknown", solver.state.copy(), {"units": "SI", "long_name": "state at the end"})
    if np.any(solver.cell.system.classes[:, layout.HYSTERESIS_DECAY] > 0.0):
        states = solver.cell.system.hysteresis[:, 1].copy()
        data["final_hysteresis"] = ("reaction", states, {"units": "1", "long_name": "state of hysteresis at the end"})


def _add_capacities(data: Result, cycle: Integers, run: Integers) -> None:
    """Charge and energy of each step and of each cycle: exact charge, energy by trapezoids over the records."""
    charge = np.diff(data.capacity.values)
    power = data.voltage.values * data.current.values
    energy = 0.5 * (power[1:] + power[:-1]) * np.diff(data.time.values)
    within = run[1:] == run[:-1]  # from the end of a step to the start of the next nothing passes

    def total(values: Array, group: Integers, size: int = 0) -> Array:
        sums = np.bincount(group[1:][within], weights=values[within], minlength=max(size, int(group[-1]) + 1))
        return sums.astype(np.float64)  # of no records at all the sums are integers

    runs = data.sizes["run"]
    data["step_capacity"] = ("run", total(charge, run, runs), {"units": "C", "long_name": "charge passed in the step"})
    data["step_energy"] = ("run", total(energy, run, runs), {"units": "J", "long_name": "energy delivered in the step"})
    for way, sign in (("discharge", 1.0), ("charge", -1.0)):
        for name, values, units in (("capacity", charge, "C"), ("energy", energy, "J")):
            passed = total(np.maximum(sign * values, 0.0), cycle)
            data[f"{way}_{name}"] = ("pass", passed, {"units": units, "long_name": f"{way} {name} of the cycle"})
