"""A cell that ages: cycles, storage, check-ups, until its life is over."""

from __future__ import annotations

import time as clock
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from scalith.cell.ageing.check_up import CheckUp, check_up
from scalith.cell.ageing.cycle import Cycle
from scalith.cell.ageing.extrapolation import Extrapolation
from scalith.cell.ageing.inventory import Inventory, charge_error, lithium_error
from scalith.cell.ageing.segments import EndOfLife, Life, read_life
from scalith.cell.kernels import records
from scalith.cell.runs.simulation import Simulation
from scalith.quantities import InputError, predicted
from scalith.quantities.constants import FARADAY

if TYPE_CHECKING:
    from collections.abc import Iterable

    import xarray as xr

    from scalith.cell.runs.discharge import Progress
    from scalith.cell.runs.protocol_steps import Protocol
    from scalith.cell.specification.cell import CellSpecification
    from scalith.quantities import Result

Array = NDArray[np.float64]
TOLERANCE = 1e-3
"""Of a time step (V), where no simulation comes with its own: on O'Kane's coupled set, whose measured voltage has steps, it is
two fifths of the steps of the default, and capacity, films, plating and losses stay within the bounds of case G05."""
SAVED_EVERY = 30.0
"""Seconds of a run after which it is saved again."""
INTERRUPTED = "interrupted"


def simulate_ageing(
    cell: Simulation | CellSpecification | str | Path,
    protocol: Life,
    *,
    cycles: int = 1,
    check_up_every: int | None = None,
    until: EndOfLife | None = None,
    extrapolate: float | None = None,
    keep_states: Iterable[int] = (),
    file: str | Path | None = None,
    resume: xr.Dataset | str | Path | None = None,
    progress: Progress | None = None,
) -> Result:
    r"""Age a cell by the processes of its materials: cycling, storage, or both in turn.

    Memory stays flat: of each cycle a line is kept, of chosen ones the state. What a check-up measures (`check_up`) it
    measures on a copy. The run ends early where a step cannot be carried out (pores close, a host is used up, the electrolyte is
    depleted), where a step never reaches its end, at a limit of `until`, or by Ctrl-C: what there is, is handed back (a jump that
    no cycle has judged yet is taken back), and ``attrs["reason"]`` says why, in which cycle and where.

    Parameters
    ----------
    cell : Simulation, CellSpecification or path
        A simulation starts from its state, with its mesh, tolerance and temperature; a cell with the tolerance of long lives,
        1e-3 (a simulation has 2e-4 by default).
    protocol : steps, AgeingSegment or list of AgeingSegment
        What `scalith.cell.parse_protocol` takes; or segments of a life, one after the other.
    cycles : int
        How often the protocol, or the list of segments, is run.
    check_up_every : int, optional
        Cycles; there is one before the first and one at the end, too.
    until : EndOfLife, optional
    extrapolate : float, optional
        Skip cycles: the error that one jump may make of what a mechanism has done so far, 1e-3 for example (see
        `scalith.cell.ageing.extrapolation.Extrapolation`). Without it every cycle is solved.
    keep_states : iterable of int
        Cycles at whose end the state is kept, for profiles and to start again from; the last one always is.
    file : path, optional
        Where the result is saved every half minute and at the end.
    resume : Result or path, optional
        An earlier result of the same call: it goes on behind the last of its cycles.
    progress : callable, optional

    Returns
    -------
    Result
        Over ``cycle``: capacities, energies, whether it was solved, lithium by where it is, what is left; over ``check_up``:
        capacities, resistance, curves at C/20, spectra; ``kept_state`` over ``kept_cycle``; ``knee_cycle`` and
        ``knee_capacity`` (`find_knee`), not a number without a knee.

    Raises
    ------
    InputError
    """
    simulation = cell if isinstance(cell, Simulation) else Simulation(cell, tolerance=TOLERANCE)
    run = _Ageing(simulation, check_up_every, until or EndOfLife(), extrapolate, set(keep_states), file, progress)
    segments = read_life(protocol, cycles)
    run.source = predicted(
        "scalith.cell.simulate_ageing",
        simulation.specification.digest,
        settings={"protocol": str(protocol), "cycles": cycles, "extrapolate": extrapolate, **simulation.settings()},
    )
    run.total = sum(count for _, count, _ in segments)
    if resume is not None:
        run.take_up(resume)
    return run.carry_out(segments)


class _Ageing:
    """The run of one ageing."""

    def __init__(
        self,
        simulation: Simulation,
        check_up_every: int | None,
        until: EndOfLife,
        extrapolate: float | None,
        kept: set[int],
        file: str | Path | None,
        progress: Progress | None,
    ) -> None:
        if check_up_every is not None and check_up_every < 1:
            raise InputError("simulate_ageing", "check_up_every", check_up_every, "at least one cycle")
        if until.resistance is not None and check_up_every is None:
            raise InputError("simulate_ageing", "check_up_every", "nothing beside a limit of the resistance", "cycles")
        if extrapolate is not None and not 0.0 < extrapolate < 1.0:
            raise InputError("simulate_ageing", "extrapolate", extrapolate, "a share between 0 and 1, 1e-3 for example")
        self.simulation, self.every, self.until, self.kept = simulation, check_up_every, until, kept
        self.file = None if file is None else Path(file)
        self.progress, self.total, self.reason = progress, 0, ""
        self.inventory = Inventory(simulation.cell)
        self.jumps = None if extrapolate is None else Extrapolation(self.inventory, extrapolate, 100)
        self.cycles: list[Cycle] = []
        self.check_ups: list[tuple[int, CheckUp]] = []
        self.states: dict[int, Array] = {}
        self.initial = simulation.state.copy()
        self.start = self.inventory.totals(self.initial)
        self.offset = float(self.initial[simulation.cell.system.at.charge])
        self.capacity = self.saved = 0.0
        self.source: Any = None
        self.done = 0

    def carry_out(self, segments: list[tuple[Any, int, float | None]]) -> Result:
        """All segments, as far as they can be; the result."""
        from scalith.cell.ageing.result import ageing_result
        from scalith.cell.runs.protocol_text import parse_protocol

        self.saved = clock.monotonic()
        self.simulation.brief = True
        before = 0
        try:
            if self.every is not None and not self.check_ups:
                self.examine(0)
            for steps, count, temperature in segments:
                first, before = before, before + count
                if before <= self.done:
                    continue
                if temperature is not None and abs(temperature - self.simulation.ambient) > 1e-9:
                    self.simulation.set_temperature(temperature)
                if self.jumps is not None:
                    self.jumps.restart()
                self.run_segment(parse_protocol(steps, self.simulation.specification), first + count)
                if self.reason:
                    break
            if self.every is not None and not self.reason and self.check_ups[-1][0] != self.done:
                self.examine(self.done)
        except KeyboardInterrupt:
            self.reason = INTERRUPTED
            if self.jumps is not None and self.jumps.unproven:
                self.take_back(self.jumps)
        finally:
            self.simulation.brief = False
            self.simulation.forget()
        if self.progress is not None:
            self.progress(1.0, self.reason or "done")
        result = ageing_result(self)
        self.save(result)
        return result

    def run_segment(self, protocol: Protocol, last: int) -> None:
        """Cycles up to `last`."""
        simulation, jumps = self.simulation, self.jumps
        while self.done < last and not self.reason:
            before, began = simulation.state.copy(), simulation.time
            number = self.done + 1
            try:
                found, ended = self.one_cycle(protocol, number)
            except KeyboardInterrupt:
                self.go_back(before, began)
                raise
            if ended:
                self.go_back(before, began)
                if jumps is not None and jumps.unproven:
                    jumps.shorten()
                    self.take_back(jumps)
                    continue
                self.reason = f"cycle {number}: {ended}"
                return
            if jumps is not None and not jumps.observe(number, before, simulation.state):
                self.take_back(jumps)
                continue
            over = self.note(number, found)
            if jumps is not None and jumps.unproven and over:
                self.reason = ""
                jumps.shorten()
                self.take_back(jumps)
                continue
            if jumps is not None and not over:
                self.skip(jumps, last)
            if clock.monotonic() - self.saved > SAVED_EVERY and not (jumps is not None and jumps.unproven):
                self.save()

    def go_back(self, state: Array, time: float) -> None:
        """To the start of a cycle that was not carried out to its end."""
        self.simulation.state, self.simulation.time = state, time
        self.simulation.restore_pores()

    def one_cycle(self, protocol: Protocol, number: int) -> tuple[dict[str, float], str]:
        """Run it; what it did, and why it could not be carried out."""
        from scalith.cell.ageing.place import where_data_end, where_it_ended
        from scalith.cell.model.results import FAILURES, STUCK
        from scalith.cell.runs.protocol_run import TOO_LONG, carry_out, why_it_ended
        from scalith.cell.runs.protocol_steps import Outcome, walk

        simulation = self.simulation
        if self.progress is not None:
            self.progress(min(self.done / self.total, 0.99), f"cycle {number}")
        sums = {"discharge_capacity": 0.0, "charge_capacity": 0.0, "discharge_energy": 0.0, "charge_energy": 0.0}
        began = simulation.time
        walker = walk(protocol)
        visit = next(walker)
        while True:
            simulation.forget()
            kept = len(simulation.rows)
            carry_out(visit.step, simulation)
            rows = simulation.rows[kept:]
            if simulation.reason in FAILURES or simulation.reason in STUCK:
                return sums, f"'{visit.step.text}': {where_it_ended(simulation, self.inventory)}"
            if why_it_ended(visit.step, simulation)[0] == TOO_LONG:
                return sums, f"'{visit.step.text}': {TOO_LONG}"
            if unknown := where_data_end(simulation, self.inventory, rows[:, records.KELVIN]):
                return sums, f"'{visit.step.text}': {unknown}"
            _add(sums, rows)
            charge = float(rows[-1, records.CHARGE] - rows[0, records.CHARGE])
            try:
                visit = walker.send(Outcome(charge, float(rows[-1, records.VOLTS]), float(rows[-1, records.KELVIN])))
            except StopIteration:
                break
        sums["duration"] = simulation.time - began
        sums["end_time"] = simulation.time
        sums["end_temperature"] = float(simulation.state[simulation.cell.system.at.temperature])
        return sums, ""

    def note(self, number: int, found: dict[str, float]) -> bool:
        """Keep a solved cycle; check-ups, states and limits. Whether the life is over."""
        state = self.simulation.state
        read = self.inventory
        passed = float(state[self.simulation.cell.system.at.charge]) - self.offset
        totals = read.totals(state)
        found |= read.read(state)
        found["lithium_inventory_lost"] = 1.0 - totals[2] / self.start[2]
        found["lithium_error"] = lithium_error(totals, self.start)
        found["charge_error"] = charge_error(totals, self.start, passed)
        self.cycles.append(Cycle(number, True, found))
        self.done = number
        if number in self.kept:
            self.states[number] = state.copy()
        if self.every is not None and number % self.every == 0:
            self.examine(number)
        self.check_limits(number, found)
        return bool(self.reason)

    def check_limits(self, number: int, found: dict[str, float]) -> None:
        """Whether the life is over."""
        until, capacity = self.until, found["discharge_capacity"]
        if self.capacity == 0.0:
            self.capacity = capacity
        if until.capacity is not None and 0.0 < capacity < until.capacity * self.capacity:
            self.reason = f"cycle {number}: the capacity is below {until.capacity:g} of the first one"
        elif until.porosity is not None and found["least_porosity"] < until.porosity:
            self.reason = f"cycle {number}: a porosity is below {until.porosity:g}"
        elif until.resistance is not None and self.resistance_ratio() > until.resistance:
            self.reason = f"cycle {number}: the resistance is above {until.resistance:g} times the first one"

    def resistance_ratio(self) -> float:
        """Resistance of the last check-up over that of the first."""
        return self.check_ups[-1][1].resistance / self.check_ups[0][1].resistance

    def examine(self, number: int) -> None:
        """A check-up behind a cycle."""
        if self.progress is not None:
            self.progress(min(self.done / self.total, 0.99), f"check-up behind cycle {number}")
        try:
            self.check_ups.append((number, check_up(self.simulation)))
        except RuntimeError as error:
            self.reason = f"cycle {number}: {error}"

    def skip(self, jumps: Extrapolation, last: int) -> None:
        """Jump, where that is worth it; no further than the next check-up or state to keep."""
        stops = [last, *(number for number in self.kept if number > self.done)]
        if self.every is not None:
            stops.append((self.done // self.every + 1) * self.every)
        state, at = self.simulation.state, self.simulation.cell.system.at
        found = jumps.jump(self.done, min(stops), state, self.simulation.time)
        if found is None:
            return
        count, made = found
        before = charge_error(self.inventory.totals(state), self.start, float(state[at.charge]) - self.offset)
        self.simulation.time += count * self.cycles[-1].found["duration"]
        self.done += count
        self.simulation.state = made
        self.simulation.restore_pores()
        self.settle_charge(before)

    def take_back(self, jumps: Extrapolation) -> None:
        """Undo the last jump and what was solved behind it."""
        self.done, state, self.simulation.time = jumps.undo()
        self.cycles = [one for one in self.cycles if one.number <= self.done]
        self.simulation.state = state
        self.simulation.restore_pores()
        self.settle_charge(self.cycles[-1].found["charge_error"])

    def settle_charge(self, error: float) -> None:
        """What a jump adds to the charge passed is not counted: the charge error stays what it was."""
        state = self.simulation.state
        passed = (error - charge_error(self.inventory.totals(state), self.start, 0.0)) * FARADAY * self.start[0]
        self.offset = float(state[self.simulation.cell.system.at.charge]) - passed

    def save(self, result: Result | None = None) -> None:
        """Write what there is, whole or not at all."""
        from scalith.cell.ageing.result import ageing_result
        from scalith.quantities import write_results

        self.saved = clock.monotonic()
        if self.file is not None:
            write_results(result if result is not None else ageing_result(self), self.file)

    def take_up(self, earlier: xr.Dataset | str | Path) -> None:
        """Go on behind the last cycle of an earlier result."""
        from scalith.cell.ageing.result import read_earlier

        read_earlier(self, earlier)


def _add(sums: dict[str, float], rows: Array) -> None:
    """Charge and energy of one step: exact charge, energy by trapezoids."""
    passed = np.diff(rows[:, records.CHARGE])
    power = rows[:, records.VOLTS] * rows[:, records.AMPERES]
    energy = 0.5 * (power[1:] + power[:-1]) * np.diff(rows[:, records.TIME])
    for way, sign in (("discharge", 1.0), ("charge", -1.0)):
        sums[f"{way}_capacity"] += float(np.maximum(sign * passed, 0.0).sum())
        sums[f"{way}_energy"] += float(np.maximum(sign * energy, 0.0).sum())
