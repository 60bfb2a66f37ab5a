"""What steps may state, and the order in which a protocol runs them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scalith.cell import Condition, GoTo, Outcome, Protocol, ProtocolStep, walk
from scalith.quantities import InputError


def rest(name: str) -> ProtocolStep:
    return ProtocolStep(text=name, mode="current", duration=1.0)


A, B, C, D = (rest(name) for name in "ABCD")


def order(protocol: Protocol, *outcomes: Outcome) -> tuple[str, list[int], list[int]]:
    """Texts, numbers and cycles of the steps as they are run; outcomes are sent in turn, the last again and again."""
    walker = walk(protocol)
    visits = [next(walker)]
    while True:
        outcome = outcomes[min(len(visits) - 1, len(outcomes) - 1)] if outcomes else None
        try:
            visits.append(walker.send(outcome))
        except StopIteration:
            return "".join(v.step.text for v in visits), [v.number for v in visits], [v.cycle for v in visits]


def discharged(*capacities: float) -> list[Outcome]:
    return [Outcome(capacity=value, voltage=3.0, temperature=298.0) for value in capacities]


def test_loads_and_times_go_together():
    with pytest.raises(InputError, match="2 loads, expected one for each of the 3 times"):
        ProtocolStep(text="x", mode="current", times=(0.0, 10.0, 20.0), loads=(1.0, 1.0))
    with pytest.raises(InputError, match="increasing times"):
        ProtocolStep(text="x", mode="current", times=(0.0, 10.0, 10.0), loads=(1.0, 1.0, 1.0))
    with pytest.raises(InputError, match="duration"):
        ProtocolStep(text="x", mode="current", duration=0.0)
    with pytest.raises(InputError, match="only a drive cycle is clipped"):
        ProtocolStep(text="x", mode="current", duration=1.0, clip=True)


@given(st.floats(0.1, 50.0), st.booleans())
def test_a_load_shorter_than_its_step_starts_again(duration, closed):
    times, loads = (5.0, 7.0, 10.0), (1.0, 3.0, 1.0 if closed else 2.0)
    t, load = ProtocolStep(text="x", mode="current", times=times, loads=loads, duration=duration).load()
    assert (t[0], t[-1]) == (0.0, duration)
    assert np.all(np.diff(t) > 0.0)
    inside = np.linspace(0.01, 0.99, 50) * duration
    phase = inside % 5.0
    away = (phase > 2e-3) & (phase < 5.0 - 2e-3)  # jumps take a millisecond
    expected = np.interp(phase, np.array(times) - 5.0, loads)
    np.testing.assert_allclose(np.interp(inside, t, load)[away], expected[away], atol=1e-2 if not closed else 1e-9)


def test_cycles_count_passes():
    assert order(Protocol(steps=(A, B), times=3)) == ("ABABAB", [0, 1] * 3, [0, 0, 1, 1, 2, 2])
    inner = Protocol(steps=(B, C), times=2)
    assert order(Protocol(steps=(A, inner, D))) == ("ABCBCD", [0, 1, 2, 1, 2, 3], [0, 1, 1, 2, 2, 2])
    # Passes that begin together count once.
    assert order(Protocol(steps=(Protocol(steps=(inner,), times=2),), times=1)) == (
        "BCBCBCBC",
        [0, 1] * 4,
        [0, 0, 1, 1, 2, 2, 3, 3],
    )


@given(st.lists(st.integers(1, 4), min_size=1, max_size=3))
def test_nested_repetitions_multiply(times):
    protocol = Protocol(steps=(A,))
    for count in times:
        protocol = Protocol(steps=(protocol,), times=count)
    text, _, cycles = order(protocol)
    assert len(text) == np.prod(times)
    assert cycles == list(range(len(text)))


def test_a_jump_goes_back_so_often_and_starts_afresh_in_an_outer_pass():
    inner = Protocol(steps=(A, B, GoTo(entry=1, times=2), C), times=2)
    assert order(inner)[0] == "ABBBCABBBC"
    assert order(inner)[2] == [0, 0, 1, 2, 2, 3, 3, 4, 5, 5]
    with pytest.raises(InputError, match="an earlier step than this, number 2"):
        Protocol.read({"steps": (A, GoTo(entry=1))}, "protocol")


def test_a_condition_is_asked_after_each_pass():
    fades = Condition(quantity="capacity", direction="below", value=0.8, relative=True)
    # Charge, discharge: 100, 90, 79.
    outcomes = discharged(-100.0, 100.0, -100.0, 90.0, -90.0, 79.0)
    assert order(Protocol(steps=(A, B), times=10, until=fades), *outcomes)[0] == "ABABAB"
    assert order(Protocol(steps=(A, B, GoTo(entry=0, until=fades), C)), *outcomes)[0] == "ABABABC"
    absolute = Condition(quantity="capacity", direction="below", value=95.0)
    assert order(Protocol(steps=(A, B), times=10, until=absolute), *outcomes)[0] == "ABAB"
    low = Condition(quantity="voltage", direction="below", value=2.5)
    volts = [Outcome(1.0, v, 298.0) for v in (3.0, 3.2, 2.5, 3.1)]  # the second pulse ends at the limit, the rest recovers
    assert order(Protocol(steps=(A, B), times=10, until=low), *volts)[0] == "ABAB"


def test_a_condition_that_is_not_met_is_said():
    never = Condition(quantity="capacity", direction="below", value=0.5, relative=True)
    with pytest.warns(UserWarning, match="3 times without reaching its condition, capacity below 0.5 of the first"):
        assert order(Protocol(steps=(A,), times=3, until=never), *discharged(1.0))[0] == "AAA"
    with pytest.raises(InputError, match="ends with its capacity"):
        order(Protocol(steps=(A,), times=3, until=never))
