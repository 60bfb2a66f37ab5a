"""Protocols as people write them: what each phrase means, and that what means nothing is named."""

from __future__ import annotations

import contextlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scalith.cell import Ending, GoTo, Protocol, ProtocolStep, parse_protocol, parse_step
from scalith.quantities import InputError


def below(quantity: str, value: float) -> Ending:
    return Ending(quantity=quantity, value=value, direction="below")


def above(quantity: str, value: float) -> Ending:
    return Ending(quantity=quantity, value=value, direction="above")


ENDS = [
    ("Discharge at C/3 for 2 hours or until 2.5 V", "current", 5 / 3, 7200.0, (below("voltage", 2.5),)),
    ("Hold at 4.2V until 50 mA or for 1 hour", "voltage", 4.2, 3600.0, (below("current", 0.05),)),
    ("Hold at 4.2 V until 30 min or C/20", "voltage", 4.2, 1800.0, (below("current", 0.25),)),
    ("Discharge at 5 A for 3600 s until 2.5 V", "current", 5.0, 3600.0, (below("voltage", 2.5),)),
    ("discharge at 1c until 2.5v", "current", 5.0, None, (below("voltage", 2.5),)),
    ("Discharge at .5C until 2.5 V", "current", 2.5, None, (below("voltage", 2.5),)),
    ("Discharge at 1/3C until 2.5 V", "current", 5 / 3, None, (below("voltage", 2.5),)),
    ("Discharge at C/2.5 until 2.5V", "current", 2.0, None, (below("voltage", 2.5),)),
    ("Charge at 1C until 80% SOC", "current", -5.0, None, (above("state_of_charge", 0.8),)),
    ("Charge at 1C until SOC 0.8", "current", -5.0, None, (above("state_of_charge", 0.8),)),
    ("Discharge at 1C until state of charge of 20 %", "current", 5.0, None, (below("state_of_charge", 0.2),)),
    ("Discharge at 1C until 0.5 Ah", "current", 5.0, None, (above("capacity", 1800.0),)),
    ("Discharge at 1C until 10% of the nominal capacity", "current", 5.0, None, (above("capacity", 1800.0),)),
    ("Discharge at 10 W until 2.5 V or 40 degC", "power", 10.0, None, (below("voltage", 2.5), above("temperature", 313.15))),
    ("Charge at 1C until 4.2 V or 45 °C", "current", -5.0, None, (above("voltage", 4.2), above("temperature", 318.15))),
    ("Charge at C/5 until anode potential 0 V", "current", -1.0, None, (below("negative_potential", 0.0),)),
    ("Charge at 1C until negative electrode potential below 10 mV", "current", -5.0, None, (below("negative_potential", 0.01),)),
    ("Charge at 1C until cathode potential 4.3 V", "current", -5.0, None, (above("positive_potential", 4.3),)),
    ("Rest until 3.5 V", "current", 0.0, None, (Ending(quantity="voltage", value=3.5),)),
    ("Rest for 1 day or until temperature below 25 oC", "current", 0.0, 86400.0, (below("temperature", 298.15),)),
    ("Discharge at 4 Ohm until 2.5V", "resistance", 4.0, None, (below("voltage", 2.5),)),
    ("Hold at 4 V until 1 W", "voltage", 4.0, None, (below("current", 0.25),)),  # at 4 V, 1 W is a quarter ampere
    ("Discharge at 4 A until 12 W", "current", 4.0, None, (below("voltage", 3.0),)),
    ("Hold at 4 V until 8 ohm", "voltage", 4.0, None, (below("current", 0.5),)),
    ("Discharge at 100 mA/cm2 for 1 h", "current", 102.7, 3600.0, ()),  # 0.1027 m2
    ("Discharge at 2.5 kW for 1 s", "power", 2500.0, 1.0, ()),
    ("Pause for 1 hour 30 minutes", "current", 0.0, 5400.0, ()),
    ("Relax for 1.5 days", "current", 0.0, 129_600.0, ()),
]


@pytest.mark.parametrize(("text", "mode", "target", "duration", "endings"), ENDS, ids=[row[0] for row in ENDS])
def test_a_step_says_what_is_held_and_where_it_ends(lgm50, text, mode, target, duration, endings):
    step = parse_step(text, lgm50)
    assert (step.text, step.mode, step.duration) == (text, mode, duration)
    assert step.target == pytest.approx(target, rel=1e-12)
    assert [(item.quantity, item.direction) for item in step.endings] == [(item.quantity, item.direction) for item in endings]
    np.testing.assert_allclose([item.value for item in step.endings], [item.value for item in endings], rtol=1e-12)


WRITTEN = [
    "Discharge at 1C for 0.5 hours",
    "Discharge at C/20 for 0.5 hours",
    "Charge at 0.5 C for 45 minutes",
    "Discharge at 1 A for 0.5 hours",
    "Charge at 200 mA for 45 minutes",
    "Discharge at 1W for 0.5 hours",
    "Charge at 200mW for 45 minutes",
    "Rest for 10 minutes",
    "Hold at 1V for 20 seconds",
    "Charge at 1 C until 4.1V",
    "Hold at 4.1 V until 50mA",
    "Hold at 3V until C/50",
    "Discharge at C/3 for 2 hours or until 2.5 V",
    "Rest for 1 hour (5 minute period)",
    "Discharge at C/3 for 2 hours (30 second period)",
    "Discharge at 2C until 2.5V (1 minute period)",
    "Charge at 1C until 4.2 V at 10oC",
    "Hold at 4.2 V for 1 hour or until C/20",
    "Hold at 4.2V until 50 mA or for 1 hour",
    "Discharge at 4 Ohm for 1 hour",
    "Discharge at 4ohm until 2.5V",
    "discharge at 1c until 2.5v",
    "Rest for 1.5 days",
    "Rest for 10min",
    "Rest for 10 s",
    "Rest for 0.5h",
    "Rest until 3.5 V",
    "Rest for 1 hour or until 3.6 V",
    "Run US06",
    "Run drive.csv until 3.6 V",
    "Charge at 1C until C/20 at 4.2 V",
    "CCCV charge at 1C until 4.2 V, C/20",
    "Charge at 1C until 80% SOC",
    "Charge at 1C until SOC 0.8",
    "Discharge at 1C until 0.5 Ah",
    "Discharge at 10 W until 2.5 V or 40 degC",
    "Charge at 1C until 4.2 V or 45 oC",
    "Charge at C/5 until anode potential 0 V",
    "Discharge at 5A for 1h",
    "Discharge at 5 A for 3600 s until 2.5 V",
    "Hold at 4.2V until 0.25A",
    "Discharge at 0.1C for 600 seconds, rest for 1 hour",
    "Discharge at .5C until 2.5 V",
    "Discharge at 1/3C until 2.5 V",
    "Discharge at C/2.5 until 2.5V",
    "Pause for 1 hour",
    "Relax for 1 hour",
    "Discharge at 100 mA/cm2 for 1 hour",
    "Discharge at 1C until 2.5V; Rest for 1h",
    "Charge at 7.5 A until 4.15V",
    "Hold at 4.2 V until 50mA (1 minute period)",
    "Discharge at 2.5 kW for 1 s",
    "GITT at C/20",
]
"""What people write; `run` needs its file. The two that mean nothing are below."""


def test_what_people_write_is_read(lgm50, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "drive.csv").write_text("time [s], current [A]\n0, 1\n10, 5\n")
    steps = {text: parse_protocol(text, lgm50).all_steps for text in WRITTEN}
    assert len(steps) == 53
    # Each with an end of its own, but for a load over time, which has one.
    assert all(step.duration or step.endings or step.times for found in steps.values() for step in found)
    several = [text for text, found in steps.items() if len(found) > 1]
    assert len(several) == 5  # two ways to write CC–CV, two with a rest behind, GITT


def test_period_and_temperature_stand_anywhere(lgm50):
    step = parse_step("Charge at 1C until 4.2 V at 10oC (5 minute period)", lgm50)
    assert (step.period, step.temperature, step.voltage_high) == (300.0, 283.15, 4.2)
    assert parse_step("Rest for 1 hour (every 30 s)", lgm50).period == 30.0
    assert parse_step("Discharge at 1C at 298 K for 10 s", lgm50).temperature == 298.0


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Charge at -1C until 4.2V", "a positive load; 'Charge' says the direction"),
        ("Charge at 0.5C for 30 minutes then hold", "a voltage and an end, 'hold at 4.2 V until C/20'"),
        ("Charge at 1C until 4.2 V then hold", "an end, 'hold until C/20'"),
        ("Discharge at 2.5 MW for 1 s", "a C-rate, A, mA, V, W or ohm"),
        ("Discharge at 1C until 80%", "% SOC"),
        ("Discharge at 1C until 120% SOC", "from 0 to 100 %"),
        ("Discharge at 1C for 1 h or for 2 h", "one time"),
        ("Charge at 1C until 4.2 V at 25 C", "a limit also Ah"),
        ("Charge at 1C until 4.2 V at 500 oC", "a temperature such as '25 oC'"),
        ("CCCV charge at 1C until 4.2 V", "load, voltage and last current"),
        ("CCCV charge at 1C until C/20, 4.2 V", "'4.2 V, C/20'"),
        ("Hold at 4.2V until 50 20 mA", "a limit also Ah"),
        ("Discharge at 1e400 W for 1 s", "a C-rate, A, mA, V, W or ohm"),
        ("Discharge at C/0 for 1 s", "a C-rate such as"),
        ("GITT at 4.2 V", "a C-rate or a current"),
        ("Go to step 2, 3 times", "an earlier step"),
        ("Repeat until voltage below 20%: Rest for 1 s", "'capacity below 80%'"),
        ("Rest for 1 s; Rest for 2 s; Jump at 1C", "'Go to step 2, 3 times'"),
        ("", "'Discharge at C/3 until 2.5 V'"),
    ],
)
def test_what_means_nothing_is_named(lgm50, text, expected):
    with pytest.raises(InputError, match="protocol") as error:
        parse_protocol(text, lgm50)
    assert expected in str(error.value)


PHRASES = (
    "Discharge Charge Hold Rest Run at until for or and then hold ; , : ( ) Repeat 3 times Go to step 1 2 CCCV GITT 1C C/20 C/0 -1 1e400 nan 4.2 "
    "V mA A W ohm % SOC 0.5 Ah oC 25 hours minutes period (5 pulses, rests) below above capacity voltage temperature anode potential drive.csv"
)


@given(st.lists(st.sampled_from(PHRASES.split()), max_size=12))
def test_any_text_is_read_or_is_one_sentence(lgm50, words):
    with contextlib.suppress(InputError):
        assert parse_protocol(" ".join(words), lgm50).all_steps


@given(
    st.sampled_from(["A", "mA", "W", "mW", "C"]),
    st.floats(1e-3, 1e3),
    st.floats(1.0, 1e6),
    st.floats(2.5, 4.2),
    st.booleans(),
)
def test_numbers_are_read_as_they_are_written(lgm50, unit, load, seconds, volts, charge):
    text = f"{'Charge' if charge else 'Discharge'} at {load!r} {unit} for {seconds!r} s or until {volts!r} V"
    step = parse_step(text, lgm50)
    scale = {"A": 1.0, "mA": 1e-3, "W": 1.0, "mW": 1e-3, "C": 5.0}[unit]
    assert step.target == pytest.approx((-1 if charge else 1) * scale * load, rel=1e-12)
    assert (step.duration, step.endings[0].value) == (seconds, volts)
    assert step.mode == ("power" if unit.endswith("W") else "current")
    assert step.endings[0].direction == ("above" if charge else "below")


def test_several_steps_in_one_text(lgm50):
    texts = [
        "Discharge at 0.1C for 600 seconds, rest for 1 hour",
        "Discharge at 0.1C for 600 seconds; Rest for 1 hour",
        "Discharge at 0.1C for 600 seconds, then rest for 1 hour",
        "Discharge at 0.1C for 600 seconds and then pause for 1 hour",
    ]
    for text in texts:
        first, second = parse_protocol(text, lgm50).steps
        assert (first.target, first.duration, second.target, second.duration) == (0.5, 600.0, 0.0, 3600.0)
        with pytest.raises(InputError, match="parse_protocol"):
            parse_step(text, lgm50)


def test_constant_current_then_constant_voltage(lgm50):
    texts = [
        "CCCV charge at 1C until 4.2 V, C/20",
        "CC-CV charge at 1C to 4.2 V until C/20",
        "Charge at 1C until C/20 at 4.2 V",
        "Charge at 1C until 4.2 V then hold until C/20",
        ["Charge at 1C until 4.2 V", "Hold at 4.2 V until C/20"],
    ]
    for text in texts:
        current, voltage = parse_protocol(text, lgm50).steps
        assert (current.mode, current.target, current.voltage_high) == ("current", -5.0, 4.2)
        assert (voltage.mode, voltage.target, voltage.current_low) == ("voltage", 4.2, 0.25)


def test_a_titration_is_pulses_and_rests_until_the_cut_off(lgm50):
    (titration,) = parse_protocol("GITT at C/20", lgm50).steps
    pulse, rest = titration.steps
    # A hundredth of 5 A h at 0.25 A, an hour of rest.
    assert (pulse.target, pulse.duration, pulse.voltage_low, rest.duration) == (0.25, 720.0, 2.5, 3600.0)
    assert (titration.until.quantity, titration.until.value) == ("voltage", 2.5)
    (titration,) = parse_protocol("GITT charge at C/10 until 4.1 V (10 minute pulses, 2 hour rests)", lgm50).steps
    pulse, rest = titration.steps
    assert (pulse.target, pulse.duration, pulse.voltage_high, rest.duration) == (-0.5, 600.0, 4.1, 7200.0)


def test_repetitions_and_jumps(lgm50):
    protocol = parse_protocol(
        [
            "Charge at 1C until 4.2 V; Hold at 4.2 V until C/20",
            "Repeat 3 times: Discharge at 1C for 60 s; Rest for 60 s",
            ("Rest for 1 s", "Rest for 2 s"),
            "Go to step 2 until capacity below 80%",
            "Go to step 1, 2 times",
        ],
        lgm50,
    )
    charge, hold, pulses, cycle, jump, again = protocol.steps
    assert [type(entry) for entry in (pulses, cycle, jump)] == [Protocol, Protocol, GoTo]
    assert (pulses.times, len(pulses.steps), cycle.times) == (3, 2, 1)
    assert (jump.entry, jump.until.relative, jump.until.value) == (2, True, 0.8)  # the second of the list is the third to run
    assert (again.entry, again.times) == (0, 2)
    assert parse_protocol(protocol, lgm50) is protocol
    # Steps once each, in the order written.
    assert [step.text for step in protocol.all_steps][:2] == [charge.text, hold.text]
    assert len(protocol.all_steps) == 6


def test_a_drive_cycle_holds_the_voltage_that_is_named(lgm50, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "drive.csv").write_text("time [s], power [W]\n0, 1\n10, 5\n20, 2\n")
    step = parse_step("Run drive.csv until 2.5 V", lgm50)
    assert (step.mode, step.loads, step.clip) == ("power", (1.0, 5.0, 2.0), True)
    assert not parse_step("Run drive.csv for 1 hour or until 40 oC", lgm50).clip
    assert parse_step("Run drive with a peak of 10 W", lgm50).loads == (2.0, 10.0, 4.0)
    (tmp_path / "bare.txt").write_text("0 1000\n10 -2000\n")
    assert parse_step("Run bare.txt in mA", lgm50).loads == (1.0, -2.0)
    assert parse_step("Run bare.txt (mA) (1 s period)", lgm50).period == 1.0
    with pytest.raises(InputError, match="a power: that is what the file holds"):
        parse_step("Run drive.csv with a peak of 2C", lgm50)
    with pytest.raises(InputError, match="the unit of its load"):
        parse_step("Run bare.txt", lgm50)


def test_the_driving_schedule_that_is_shipped(lgm50):
    step = parse_step("Run US06 with a peak of 3C until 2.5 V", lgm50)
    assert isinstance(step, ProtocolStep)
    assert (step.mode, step.clip, step.times[-1]) == ("current", True, 600.0)
    assert max(step.loads) == pytest.approx(15.0)
    assert max(parse_step("Run US06", lgm50).loads) == 2.025
    with pytest.raises(InputError, match="UDDS"):
        parse_step("Run UDDS", lgm50)
