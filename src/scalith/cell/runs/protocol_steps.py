"""What a protocol is made of: steps and where they end, repetitions, jumps back; and the order in which steps are run."""

from __future__ import annotations

import math
import warnings
from collections.abc import Generator, Iterator
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from scalith.quantities import InputError, Spec

Array = NDArray[np.float64]
Mode = Literal["current", "voltage", "power", "resistance"]
Quantity = Literal["voltage", "current", "temperature", "capacity", "state_of_charge", "negative_potential", "positive_potential"]
Direction = Literal["below", "above"]
MOST_PASSES = 10_000
"""Passes of a repetition that only a condition ends."""
JUMP = 1e-3
"""Seconds that a jump of a load takes within a step."""
_VOLTAGE_TOLERANCE = 1e-4  # V, by which the end of a step may miss the limit that ended it


class Ending(Spec):
    """A limit at which a step ends.

    Attributes
    ----------
    quantity : str
        ``"voltage"`` (V), ``"current"`` (A, its magnitude), ``"temperature"`` (K), ``"capacity"`` (C that passed in this step,
        its magnitude), ``"state_of_charge"`` (0 to 1), ``"negative_potential"`` and ``"positive_potential"`` (V, of an
        electrode against a lithium reference in the middle of the separator).
    value : float
    direction : {"below", "above"}, optional
        Without it the limit is met from whichever side the step starts on.
    """

    quantity: Quantity
    value: float
    direction: Direction | None = None


class ProtocolStep(Spec):
    """One step of a protocol.

    Attributes
    ----------
    text : str
        As it was written.
    mode : {"current", "voltage", "power", "resistance"}
        What is held.
    target : float
        A, V, W or ohm; positive discharges.
    duration : float, optional
        s. A load over time that is shorter starts again.
    endings : tuple of Ending
        The step ends at the first of them.
    period : float, optional
        Results are recorded at multiples of it after the start of the step, s; without it at every time step.
    temperature : float, optional
        Of this step, K; without it that of the run.
    times, loads : tuple of float
        Of a drive cycle: the load (A, V, W or ohm) is linear between the points (s).
    clip : bool
        Of a drive cycle: where the load would take the voltage past a voltage among `endings`, this voltage is held until
        the load comes back, and the step goes on. Without it the step ends there.

    Raises
    ------
    InputError
        `times` and `loads` differ in number or times do not increase, a duration or period is not positive.
    """

    text: str
    mode: Mode
    target: float = 0.0
    duration: float | None = Field(default=None, gt=0.0)
    endings: tuple[Ending, ...] = ()
    period: float | None = Field(default=None, gt=0.0)
    temperature: float | None = Field(default=None, gt=0.0)
    times: tuple[float, ...] = ()
    loads: tuple[float, ...] = ()
    clip: bool = False

    @model_validator(mode="after")
    def _loads_go_with_times(self) -> ProtocolStep:
        if len(self.times) != len(self.loads):
            raise InputError("", "loads", f"{len(self.loads)} loads", f"one for each of the {len(self.times)} times")
        if len(self.times) == 1 or np.any(np.diff(self.times) <= 0.0):
            raise InputError("", "times", self.times, "at least two increasing times, s")
        if self.clip and not self.times:
            raise InputError("", "clip", "a step without loads over time", "times and loads: only a drive cycle is clipped")
        return self

    @property
    def voltage_low(self) -> float | None:
        """Voltage below which the step ends, V."""
        return max((item.value for item in self._those("voltage", "below")), default=None)

    @property
    def voltage_high(self) -> float | None:
        """Voltage above which the step ends, V."""
        return min((item.value for item in self._those("voltage", "above")), default=None)

    @property
    def current_low(self) -> float | None:
        """Magnitude of the current below which the step ends, A."""
        return max((item.value for item in self._those("current", "below")), default=None)

    def load(self) -> tuple[Array, Array]:
        """Times from 0 (s) and loads between which the load is linear: repeated or cut to the duration.

        Where a repetition starts with another load than the last one ended with, it jumps there within a millisecond.
        """
        times, loads = np.asarray(self.times) - self.times[0], np.asarray(self.loads)
        if self.duration is None:
            return times, loads
        period, count = float(times[-1]), math.ceil(self.duration / float(times[-1]))
        again, after = times.copy(), loads
        if loads[0] == loads[-1]:
            again, after = times[1:], loads[1:]
        else:
            again[0] = min(JUMP, 0.5 * float(times[1]))
        all_times = np.concatenate([times, *(k * period + again for k in range(1, count))])
        all_loads = np.concatenate([loads, *(after for _ in range(1, count))])
        inside = all_times < self.duration
        end = np.interp(self.duration, all_times, all_loads)
        return np.append(all_times[inside], self.duration), np.append(all_loads[inside], end)

    def _those(self, quantity: Quantity, direction: Direction) -> Iterator[Ending]:
        return (item for item in self.endings if (item.quantity, item.direction) == (quantity, direction))


class Condition(Spec):
    """When a repetition is over; asked after each pass.

    Attributes
    ----------
    quantity : {"capacity", "voltage", "temperature"}
        Of the pass: the charge that was discharged in it (C; where none was, the charge that was charged), or the lowest
        (``"below"``) or highest (``"above"``) voltage (V) or temperature (K) at the ends of its steps.
    direction : {"below", "above"}
    value : float
    relative : bool
        `value` is a fraction of what the first pass gave.
    """

    quantity: Literal["capacity", "voltage", "temperature"]
    direction: Direction
    value: float
    relative: bool = False


class GoTo(Spec):
    """Back to an earlier entry of the same list.

    Attributes
    ----------
    text : str
    entry : int
        Where to go on, from 0.
    times : int
        How often at most, before the protocol goes on below.
    until : Condition, optional
        Of what was run since the last jump.
    """

    text: str = ""
    entry: int = Field(ge=0)
    times: int = Field(default=MOST_PASSES, ge=1)
    until: Condition | None = None


class Protocol(Spec):
    """Steps one after the other, run as often as `times` says, or until a condition is met.

    An entry may be a protocol itself: a cycle, a repetition.

    Attributes
    ----------
    steps : tuple of ProtocolStep, GoTo or Protocol
    times : int
        Passes, at most.
    until : Condition, optional
    text : str
    """

    steps: tuple[ProtocolStep | GoTo | Protocol, ...] = Field(min_length=1)
    times: int = Field(default=1, ge=1)
    until: Condition | None = None
    text: str = ""

    @model_validator(mode="after")
    def _jumps_go_back(self) -> Protocol:
        for place, entry in enumerate(self.steps):
            if isinstance(entry, GoTo) and entry.entry >= place:
                expected = f"an earlier step than this, number {place + 1}"
                raise InputError("", entry.text or "go to", f"step {entry.entry + 1}", expected)
        return self

    @property
    def all_steps(self) -> tuple[ProtocolStep, ...]:
        """Every step once, in the order written: what the numbers of `Visit` count."""
        found: list[ProtocolStep] = []
        for entry in self.steps:
            if isinstance(entry, Protocol):
                found += entry.all_steps
            elif isinstance(entry, ProtocolStep):
                found.append(entry)
        return tuple(found)


class Visit(NamedTuple):
    """A step whose turn it is.

    Attributes
    ----------
    step : ProtocolStep
    number : int
        Its place in the protocol, from 0: the same in every pass.
    cycle : int
        Passes that were begun before, of any repetition, from 0.
    """

    step: ProtocolStep
    number: int
    cycle: int


class Outcome(NamedTuple):
    """How a step ended: what conditions are asked of.

    Attributes
    ----------
    capacity : float
        Charge passed in the step, C, positive when discharged.
    voltage : float
        At the end, V.
    temperature : float
        At the end, K.
    """

    capacity: float
    voltage: float
    temperature: float


Walk = Generator[Visit, "Outcome | None"]


def walk(protocol: Protocol) -> Walk:
    """The steps of a protocol in the order in which they are run.

    Without conditions it is an iterator; where the protocol has some, the outcome of each step is sent to it.

    Raises
    ------
    InputError
        A condition is due and no outcome was sent.

    Examples
    --------
    >>> step = ProtocolStep(text="Rest for 1 s", mode="current", duration=1.0)
    >>> [visit.cycle for visit in walk(Protocol(steps=(step,), times=3))]
    [0, 1, 2]
    """
    count = _Cycles()
    yield from _repeated(protocol, 0, count, [])


def counted_steps(protocol: Protocol, where: str) -> list[ProtocolStep]:
    """Steps as often and in the order in which they are run, where repetitions are counted.

    Raises
    ------
    InputError
        A repetition ends by a condition on what the steps did.
    """
    try:
        return [visit.step for visit in walk(protocol)]
    except InputError as error:
        expected = "repetitions that are counted: one with a condition needs `simulate_protocol`"
        raise InputError(where, "protocol", protocol.text or "a repetition with a condition", expected) from error


class _Cycles:
    """Counts the passes that were begun, leaving out those that begin together."""

    def __init__(self) -> None:
        self.number, self.began = 0, True

    def begin(self) -> None:
        if not self.began:
            self.number, self.began = self.number + 1, True

    def visit(self, step: ProtocolStep, number: int) -> Visit:
        self.began = False
        return Visit(step, number, self.number)


Outcomes = list[Outcome | None]


def _repeated(protocol: Protocol, first: int, cycles: _Cycles, outcomes: Outcomes) -> Walk:
    reference: Outcomes | None = None
    for _ in range(protocol.times):
        cycles.begin()
        made: Outcomes = []
        yield from _one_pass(protocol, first, cycles, made)
        outcomes += made
        reference = made if reference is None else reference
        if protocol.until is not None and _is_met(protocol.until, made, reference):
            return
    if protocol.until is not None:
        _say_unmet(protocol.until, protocol.times)


def _one_pass(protocol: Protocol, first: int, cycles: _Cycles, outcomes: Outcomes) -> Walk:
    starts: dict[int, int] = {}  # how many outcomes there were when an entry was last come to
    jumps: dict[int, int] = {}
    references: dict[int, Outcomes] = {}
    numbers = first + np.cumsum([0, *(_length(entry) for entry in protocol.steps)])
    at = 0
    while at < len(protocol.steps):
        entry = protocol.steps[at]
        starts[at] = len(outcomes)
        if isinstance(entry, ProtocolStep):
            outcomes.append((yield cycles.visit(entry, int(numbers[at]))))
        elif isinstance(entry, Protocol):
            yield from _repeated(entry, int(numbers[at]), cycles, outcomes)
        else:
            made = outcomes[starts[entry.entry] :]
            reference = references.setdefault(at, made)
            met = entry.until is not None and _is_met(entry.until, made, reference)
            if not met and jumps.get(at, 0) < entry.times:
                jumps[at] = jumps.get(at, 0) + 1
                at = entry.entry
                cycles.begin()
                continue
            if not met and entry.until is not None:
                _say_unmet(entry.until, entry.times)
            jumps.pop(at, None)
            references.pop(at)
        at += 1


def _length(entry: ProtocolStep | GoTo | Protocol) -> int:
    return len(entry.all_steps) if isinstance(entry, Protocol) else int(isinstance(entry, ProtocolStep))


def _is_met(condition: Condition, outcomes: Outcomes, reference: Outcomes) -> bool:
    value = _value(condition, outcomes)
    limit = condition.value * (_value(condition, reference) if condition.relative else 1.0)
    slack = _VOLTAGE_TOLERANCE if condition.quantity == "voltage" else 1e-9 * abs(limit)
    if condition.relative and outcomes is reference:
        return False
    return value <= limit + slack if condition.direction == "below" else value >= limit - slack


def _value(condition: Condition, outcomes: Outcomes) -> float:
    told = [outcome for outcome in outcomes if outcome is not None]
    if len(told) < len(outcomes) or not told:
        raise InputError("walk", "outcome", "none", f"that of each step: a repetition ends with its {condition.quantity}")
    if condition.quantity == "capacity":
        discharged = sum(max(outcome.capacity, 0.0) for outcome in told)
        return discharged or sum(-outcome.capacity for outcome in told)
    values = [getattr(outcome, condition.quantity) for outcome in told]
    return float(min(values) if condition.direction == "below" else max(values))


def _say_unmet(condition: Condition, times: int) -> None:
    unit = "of the first" if condition.relative else {"capacity": "C", "voltage": "V", "temperature": "K"}[condition.quantity]
    said = f"{condition.quantity} {condition.direction} {condition.value:g} {unit}"
    warnings.warn(f"protocol: a repetition ended after {times} times without reaching its condition, {said}", stacklevel=2)
