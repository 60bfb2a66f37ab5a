"""Loads over time from files: every form of file says its unit and sign, or is asked for them."""

from __future__ import annotations

import numpy as np
import pytest

from scalith.cell import parse_step, simulate_protocol, step_from_file, write_battery_data
from scalith.quantities import InputError


def written(path, text: str):
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    "text",
    [
        "time [s],current [A]\n0,1\n60,-2\n120,0.5\n",
        "Time [min], Current [mA]\n0,1000\n1,-2000\n2,500\n",
        "# made up\n# time [s], current [A]\n0,1\n60,-2\n120,0.5\n",
        "Time (s);Step;I (A)\n10;1;1\n70;1;-2\n130;2;0.5\n",
        "Test Time / s,Voltage / V,Current / A\n0,3.7,-1\n60,3.8,2\n120,3.7,-0.5\n",  # there a positive current charges
        "test_time_second,voltage_volt,current_ampere\n0,3.7,-1\n60,3.8,2\n120,3.7,-0.5\n",
    ],
)
def test_the_header_says_unit_and_sign(tmp_path, text):
    step = step_from_file(written(tmp_path / "load.csv", text))
    assert (step.mode, step.times, step.loads) == ("current", (0.0, 60.0, 120.0), (1.0, -2.0, 0.5))


@pytest.mark.parametrize("text", ["0,1\n60,-2\n", "0\t1\n60\t-2\n", "0 1\n60 -2\n", "0;1\n60;-2\n"])
def test_two_columns_without_a_header_want_a_unit(tmp_path, text):
    file = written(tmp_path / "bare.txt", text)
    assert step_from_file(file, unit="W").loads == (1.0, -2.0)
    assert step_from_file(file, unit="kW", positive="charge").loads == (-1000.0, 2000.0)
    assert step_from_file(file, unit="mV").mode == "voltage"
    assert step_from_file(file, unit="A", peak=10.0).loads == (5.0, -10.0)
    with pytest.raises(InputError, match="no header, expected the unit of its load"):
        step_from_file(file)
    with pytest.raises(InputError, match="unit"):
        step_from_file(file, unit="ohm")


def test_a_sign_that_the_voltage_contradicts_is_not_followed(lgm50, tmp_path):
    # The voltage falls while the current is negative: here a negative current discharges.
    file = written(tmp_path / "a.csv", "time [s],current [A],voltage [V]\n0,-1,4.0\n60,-1,3.9\n120,-1,3.8\n")
    with pytest.raises(InputError, match="positive='charge'"):
        step_from_file(file)
    assert step_from_file(file, positive="charge").loads == (1.0, 1.0, 1.0)
    assert parse_step(f"Run {file} (positive charges)", lgm50).loads == (1.0, 1.0, 1.0)
    with pytest.raises(InputError, match="positive charges"):
        step_from_file(written(tmp_path / "c.csv", "Time [s],I[A],U[V]\n0,0,4.1\n1,-12,3.9\n2,-12,3.88\n"))
    jumps = "Test Time / s,Voltage / V,Current / A\n0,3.7,0\n1,3.6,1\n2,3.8,-1\n3,3.7,0\n"
    with pytest.raises(InputError, match=r"positive is charge.*positive='discharge'"):
        step_from_file(written(tmp_path / "b.csv", jumps))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("0,1,2\n1,2,3\n", "3 columns without a header"),
        ("time,current\n0,1\n1,2\n", "a title with its unit"),
        ("time [s],speed [m/s]\n0,1\n1,2\n", "model of the vehicle"),
        ("time [s],current [A],power [W]\n0,1,3\n1,1,3\n", "current and power"),
        ("time [s],current [A]\n0,1\n1,x\n", "line 3, column 'current'"),
        ("time [s],current [A]\n0,1\n1\n", "line 3"),
        ("time [s],current [A]\n1,1\n0,1\n", "increasing times"),
        ("time [s],current [V]\n0,1\n1,1\n", "convertible to A"),
        ("\n", "no rows"),
    ],
)
def test_a_file_that_cannot_be_followed_is_named(tmp_path, text, said):
    with pytest.raises(InputError, match=said):
        step_from_file(written(tmp_path / "bad.csv", text))


def test_two_loads_at_one_time_are_a_jump_within_a_millisecond(tmp_path):
    file = written(tmp_path / "jump.csv", "time [s],current [A]\n0,0\n10,0\n10,1\n10,2\n20,2\n20,5\n")
    step = step_from_file(file)
    np.testing.assert_allclose(step.times, [0.0, 10.0, 10.001, 20.0, 20.001], rtol=0, atol=1e-12)
    assert step.loads == (0.0, 0.0, 2.0, 2.0, 5.0)


def test_a_measured_run_is_replayed(lgm50, tmp_path):
    steps = ["Discharge at 1C for 10 minutes", "Rest for 5 minutes", "Charge at C/2 for 10 minutes"]
    run = simulate_protocol(lgm50, steps, initial_state_of_charge=0.8)
    write_battery_data(run, tmp_path / "run.bdf.csv")
    again = simulate_protocol(lgm50, [step_from_file(tmp_path / "run.bdf.csv")], initial_state_of_charge=0.8)
    times = np.array([300.0, 590.0, 700.0, 890.0, 1200.0, 1490.0])
    np.testing.assert_allclose(np.interp(times, again.time, again.current), np.interp(times, run.time, run.current), atol=1e-9)
    np.testing.assert_allclose(np.interp(times, again.time, again.voltage), np.interp(times, run.time, run.voltage), atol=5e-4)


@pytest.mark.parametrize(
    ("head", "separator"),
    [
        ("time [s],speed [mph]", ","),
        ("Urban Dynamometer Driving Schedule\nTest Time, secs\tTarget Speed, mph", "\t"),
        ("# HWFET\nTest Time, secs\tTarget, mph", "\t"),
        ("Time (s);Velocity (m/s)", ";"),
        ("t [s] v [km/h]", " "),
    ],
)
def test_a_driving_schedule_is_a_speed_and_says_so(tmp_path, head, separator):
    rows = "\n".join(f"{k}{separator}{3.0 * k}" for k in range(4))
    (tmp_path / "udds.txt").write_text(f"{head}\n{rows}\n")
    with pytest.raises(InputError, match=r"a speed.*model of the vehicle"):
        step_from_file(tmp_path / "udds.txt")


def test_a_speed_as_unit_is_refused_and_powers_and_currents_are_read(tmp_path):
    (tmp_path / "cycle.csv").write_text("0,0\n1,3\n2,5\n")
    for unit in ("mph", "km/h", "m/s"):
        with pytest.raises(InputError, match="model of the vehicle"):
            step_from_file(tmp_path / "cycle.csv", unit=unit)
    assert step_from_file(tmp_path / "cycle.csv", unit="kW").loads == (0.0, 3e3, 5e3)
    (tmp_path / "both.csv").write_text("time [s],speed [km/h],current [A]\n0,0,0\n1,30,3\n2,50,5\n")
    step = step_from_file(tmp_path / "both.csv")
    assert (step.mode, step.loads) == ("current", (0.0, 3.0, 5.0))
    (tmp_path / "power.csv").write_text("time [s];vehicle speed [m/s];power [kW]\n0;0;0\n1;3;1\n2;5;2\n")
    step = step_from_file(tmp_path / "power.csv")
    assert (step.mode, step.loads) == ("power", (0.0, 1e3, 2e3))
