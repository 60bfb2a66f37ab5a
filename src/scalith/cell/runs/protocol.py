"""Protocols as readable text: ``"Discharge at C/3 until 2.5 V"``, in the phrasing that PyBaMM users know."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from scalith.cell.model.mesh import Mesh
from scalith.cell.runs.discharge import Progress
from scalith.cell.specification.cell import CellSpecification
from scalith.quantities import ConvergenceError, InputError, Spec, predicted, read_columns

if TYPE_CHECKING:
    import xarray as xr

Mode = Literal["current", "voltage", "power", "resistance"]
_NUMBER = r"[-+]?\d+(?:\.\d*)?(?:[eE][-+]?\d+)?"
_HELP = (
    "such as 'Discharge at C/3 until 2.5 V', 'Charge at 1 A until 4.2 V', 'Hold at 4.2 V until C/20', "
    "'Rest for 10 minutes', 'Discharge at 20 W for 30 s', 'Run cycle.csv'"
)
_SECONDS = {"s": 1.0, "sec": 1.0, "second": 1.0, "min": 60.0, "minute": 60.0, "h": 3600.0, "hour": 3600.0, "day": 86_400.0}
_SCALES = {"A": 1.0, "mA": 1e-3, "V": 1.0, "mV": 1e-3, "W": 1.0, "mW": 1e-3, "kW": 1e3, "ohm": 1.0, "mohm": 1e-3}
_MODE_OF = {"A": "current", "V": "voltage", "W": "power", "ohm": "resistance"}


class ProtocolStep(Spec):
    """One step.

    Attributes
    ----------
    text : str
        As it was written.
    mode : what is held
    target : A, V, W or ohm
        Positive discharges.
    duration : s, optional
    voltage_low, voltage_high, current_low : optional
        Where the step ends: V, V, A.
    times, loads : tuple of float
        Of a drive cycle: the load (A or W) is linear between the points.
    """

    text: str
    mode: Mode
    target: float = 0.0
    duration: float | None = None
    voltage_low: float | None = None
    voltage_high: float | None = None
    current_low: float | None = None
    times: tuple[float, ...] = ()
    loads: tuple[float, ...] = ()


def parse_step(text: str, specification: CellSpecification) -> ProtocolStep:
    """Read one step of a protocol.

    ``Discharge|Charge at <load> [for <time>] [or] [until <limit>]``, ``Hold at <voltage> …``, ``Rest for <time>``,
    ``Run <file.csv>`` (columns ``time [s]`` and ``current [A]`` or ``power [W]``). A load is a C-rate (``1C``, ``C/3``), A,
    mA, W or ohm; a limit is a voltage or, while a voltage is held, a current or C-rate.

    Raises
    ------
    InputError
        The text is not understood: the message says which part.
    """
    words = text.strip()
    rest = re.fullmatch(r"(?i)rest for (.+)", words)
    if rest:
        return ProtocolStep(text=text, mode="current", duration=_duration(rest[1], text))
    run = re.fullmatch(r"(?i)run (\S.*)", words)
    if run:
        return _drive_cycle(run[1].strip(), text)
    match = re.fullmatch(r"(?i)(discharge|charge|hold) at (.+?)(?: for (.+?))?(?:(?: or)? until (.+))?", words)
    if match is None:
        raise InputError("protocol", "step", text, _HELP)
    verb = match[1].lower()
    value, unit = _load(match[2], specification, text)
    mode: Mode = _MODE_OF[unit]  # type: ignore[assignment]
    if (verb == "hold") != (mode == "voltage"):
        raise InputError("protocol", text, match[2], "a voltage to hold" if verb == "hold" else "a C-rate, A, W or ohm")
    if mode != "voltage" and value <= 0.0:
        raise InputError("protocol", text, match[2], "a positive load; 'Charge' says the direction")
    fields: dict[str, Any] = {"text": text, "mode": mode, "target": -value if verb == "charge" else value}
    if verb == "charge" and mode == "resistance":
        raise InputError("protocol", text, match[2], "a C-rate, A or W: a resistor only discharges")
    if match[3]:
        fields["duration"] = _duration(match[3], text)
    if match[4]:
        limit, limit_unit = _load(match[4], specification, text)
        if limit_unit == "V" and mode != "voltage":
            fields["voltage_high" if verb == "charge" else "voltage_low"] = limit
        elif limit_unit == "A" and mode == "voltage":
            fields["current_low"] = limit
        else:
            raise InputError("protocol", text, match[4], "a current to fall below" if mode == "voltage" else "a voltage to reach")
    elif not match[3]:
        raise InputError("protocol", text, "no end", "'for <time>' or 'until <limit>'")
    return ProtocolStep(**fields)


def simulate_protocol(
    specification: CellSpecification,
    steps: Sequence[str | ProtocolStep],
    *,
    cycles: int = 1,
    temperature: float | None = None,
    thermal: Literal["isothermal", "lumped", "through_thickness"] = "isothermal",
    initial_state_of_charge: float = 1.0,
    initial: xr.Dataset | None = None,
    mesh: Mesh | None = None,
    tolerance: float = 2e-4,
    progress: Progress | None = None,
) -> xr.Dataset:
    """Run a protocol, several times over where `cycles` says so.

    A step without a duration ends after two days at the latest. Every step also ends at the cut-off voltages of the cell,
    so that a mistyped limit cannot overcharge it; the protocol then goes on with the next step.

    Parameters
    ----------
    specification : CellSpecification
    steps : sequence of str or ProtocolStep
        See `parse_step`.
    cycles : int
    initial : xarray.Dataset, optional
        Result of an earlier protocol of the same cell and mesh: its end is where this one starts.
    temperature, thermal, initial_state_of_charge, mesh, tolerance
        As in `simulate_discharge`.
    progress : callable, optional

    Returns
    -------
    xarray.Dataset
        As `simulate_discharge`, with ``cycle`` and ``step`` over time, ``step_reason`` over the steps that were run, and
        ``final_state``, which `initial` reads (the data set can be saved to NetCDF in between).

    Raises
    ------
    InputError
        A step is not understood, or `initial` belongs to another mesh.
    ConvergenceError
        A step could not be solved; `partial` holds what came before.
    """
    from scalith.cell.kernels import layout, stepping
    from scalith.cell.model.results import FAILURES, REASONS, add_slab, dataset
    from scalith.cell.runs.solution import Solver

    parsed = [parse_step(step, specification) if isinstance(step, str) else step for step in steps]
    if not parsed or cycles < 1:
        raise InputError("simulate_protocol", "steps, cycles", f"{len(parsed)} steps, {cycles} cycles", "at least one of each")
    low, high = specification.lower_voltage_cut_off, specification.upper_voltage_cut_off
    for step in parsed:
        if step.mode == "voltage" and not low - 1e-3 <= step.target <= high + 1e-3:
            raise InputError(
                "protocol", step.text, f"{step.target:g} V", f"a voltage between the cut-offs, {low:g} and {high:g} V"
            )
    if not 0.0 <= initial_state_of_charge <= 1.0:
        raise InputError("simulate_protocol", "initial_state_of_charge", initial_state_of_charge, "0 to 1")
    solver = Solver(specification, mesh=mesh, temperature=temperature, thermal=thermal, tolerance=tolerance)
    solver.set_state_of_charge(initial_state_of_charge)
    if initial is not None:
        solver.resume(initial)
    reasons: list[str] = []
    ends: list[int] = []
    failed = ""
    for index, (cycle, step) in enumerate((cycle, step) for cycle in range(cycles) for step in parsed):
        if progress is not None:
            progress(index / (cycles * len(parsed)), f"cycle {cycle + 1}: {step.text}")
        if step.times:
            times, loads = np.asarray(step.times) - step.times[0], np.asarray(step.loads)
            solver.follow(step.mode, times, loads, voltage_low=low, voltage_high=high)
        else:
            held = step.mode == "voltage"
            solver.hold(
                step.mode,
                step.target,
                duration=172_800.0 if step.duration is None else step.duration,
                voltage_low=-np.inf if held else low if step.voltage_low is None else step.voltage_low,
                voltage_high=np.inf if held else high if step.voltage_high is None else step.voltage_high,
                current_low=-np.inf if step.current_low is None else step.current_low,
            )
        reasons.append(REASONS[solver.reason])
        ends.append(len(solver.rows))
        if solver.reason in FAILURES:
            failed = f"cycle {cycle + 1}, '{step.text}': {REASONS[solver.reason]}"
            break
        if solver.reason in (stepping.ELECTROLYTE_EMPTY, stepping.PARTICLE_EMPTY, stepping.PARTICLE_FULL):
            break
    if progress is not None:
        progress(1.0, reasons[-1])
    source = predicted(
        "scalith.cell.simulate_protocol",
        specification.digest,
        settings={
            "steps": [step.text for step in parsed],
            "cycles": cycles,
            "temperature_K": solver.temperature,
            "thermal": thermal,
        },
    )
    data = dataset(solver.cell, solver.rows, None, reasons[-1], source, time_steps=solver.steps)
    add_slab(data, solver)
    number = np.repeat(np.arange(len(ends)), np.diff([0, *ends]))
    data["cycle"] = ("time", number // len(parsed), {"units": "1", "long_name": "cycle, from 0"})
    data["step"] = ("time", number % len(parsed), {"units": "1", "long_name": "step of the protocol, from 0"})
    data["step_reason"] = ("run", np.array(reasons), {"units": "1", "long_name": "why each step ended"})
    data["final_state"] = ("unknown", solver.state.copy(), {"units": "SI", "long_name": "state at the end"})
    if np.any(solver.cell.system.classes[:, layout.HYSTERESIS_DECAY] > 0.0):
        states = solver.cell.system.hysteresis[:, 1].copy()
        data["final_hysteresis"] = ("reaction", states, {"units": "1", "long_name": "state of hysteresis at the end"})
    if failed:
        raise ConvergenceError("protocol", failed, time=solver.time, partial=data)
    return data


def _drive_cycle(name: str, text: str) -> ProtocolStep:
    data = read_columns(Path(name))
    mode: Mode = "power" if "power" in data.columns else "current"
    times: NDArray[np.float64] = data.si("time", "s")
    loads = data.si(mode, "W" if mode == "power" else "A")
    if times.size < 2 or np.any(np.diff(times) <= 0.0):
        raise InputError(name, "column 'time'", times, "at least two increasing times")
    return ProtocolStep(text=text, mode=mode, times=tuple(times.tolist()), loads=tuple(loads.tolist()))


def _duration(words: str, text: str) -> float:
    match = re.fullmatch(rf"(?i)({_NUMBER})\s*([a-z]+)", words.strip())
    unit = match[2].lower() if match else ""
    if match is None or (unit not in _SECONDS and unit.rstrip("s") not in _SECONDS):
        raise InputError("protocol", text, words, "a time such as '10 minutes', '1 hour' or '30 s'")
    if not float(match[1]) > 0.0:
        raise InputError("protocol", text, words, "a positive time")
    return float(match[1]) * _SECONDS.get(unit, _SECONDS.get(unit.rstrip("s"), 0.0))


def _load(words: str, specification: CellSpecification, text: str) -> tuple[float, str]:
    one_c = specification.nominal_capacity / 3600.0
    compact = words.strip().replace(" ", "")
    if match := re.fullmatch(rf"(?i)({_NUMBER})?C(?:/({_NUMBER}))?", compact):
        return one_c * float(match[1] or 1.0) / float(match[2] or 1.0), "A"
    if (match := re.fullmatch(rf"({_NUMBER})([A-Za-zΩ]+)", compact)) and match[2].replace("Ω", "ohm") in _SCALES:
        unit = match[2].replace("Ω", "ohm")
        return float(match[1]) * _SCALES[unit], "ohm" if unit.endswith("ohm") else unit[-1]
    raise InputError("protocol", text, words, "a C-rate, A, mA, V, W or ohm")
