from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from scalith.cell import ProtocolStep, parse_step, simulate_protocol
from scalith.quantities import InputError


@pytest.mark.parametrize(
    ("text", "mode", "target", "duration"),
    [
        ("Discharge at C/5 for 10 hours", "current", 1.0, 36000.0),
        ("Charge at 1 A until 4.1 V", "current", -1.0, None),
        ("Discharge at 2C for 90 s or until 2.6 V", "current", 10.0, 90.0),
        ("Hold at 4.1 V until 50 mA", "voltage", 4.1, None),
        ("Rest for 1 hour", "current", 0.0, 3600.0),
        ("Discharge at 20 W for 5 minutes", "power", 20.0, 300.0),
        ("Discharge at 500 mohm for 1 min", "resistance", 0.5, 60.0),
    ],
)
def test_text_is_read(lgm50, text, mode, target, duration):
    step = parse_step(text, lgm50)
    assert (step.mode, step.target, step.duration) == (mode, pytest.approx(target), duration)


@pytest.mark.parametrize(
    "text",
    ["Discharge at C/5", "Discharge at 4 V until 3 V", "Hold at 4.2 A for 1 h", "Rest for ever", "Jump at 1C", "Charge at 1C until 3 A",
     "Discharge at 1C for 3 fortnights", "Charge at -1 A until 4 V", "Run nowhere.csv", "Rest for -1 h"],
)  # fmt: skip
def test_what_is_not_understood_is_named(lgm50, text):
    with pytest.raises(InputError):
        parse_step(text, lgm50)


def test_a_voltage_beyond_the_cut_offs_is_not_held(lgm50):
    with pytest.raises(InputError, match="between the cut-offs"):
        simulate_protocol(lgm50, ["Hold at 5 V until C/20"])


def test_a_cycle_closes_and_every_mode_holds_what_it_says(lgm50):
    steps = [
        "Discharge at 1C until 2.5 V",
        "Rest for 10 minutes",
        "Charge at C/2 until 4.2 V",
        "Hold at 4.2 V until C/20",
        "Discharge at 15 W for 3 minutes",
        "Discharge at 1 ohm for 3 minutes",
    ]
    data = simulate_protocol(lgm50, steps, cycles=2)
    assert list(data.step_reason.values[:4]) == [
        "lower voltage reached",
        "duration reached",
        "upper voltage reached",
        "current below its limit",
    ]
    held = data.where(data.step == 3, drop=True)
    np.testing.assert_allclose(held.voltage, 4.2, atol=1e-9)
    assert float(held.current[-1]) == pytest.approx(-0.25, abs=1e-6)
    power = data.where(data.step == 4, drop=True)
    np.testing.assert_allclose(power.voltage * power.current, 15.0, atol=1e-6)
    ohm = data.where(data.step == 5, drop=True)
    np.testing.assert_allclose(ohm.voltage / ohm.current, 1.0, atol=1e-8)
    assert float(np.abs(data.lithium_error).max()) < 1e-10
    assert float(np.abs(data.charge_error).max()) < 1e-10
    # After a full charge the second discharge repeats the first, but for the start from C/20 instead of full rest.
    first, second = (data.where((data.cycle == c) & (data.step == 0), drop=True) for c in (0, 1))
    assert abs(float(second.time[-1] - second.time[0]) - float(first.time[-1] - first.time[0])) < 400.0


def test_the_state_is_handed_on_through_a_file(lgm50, tmp_path):
    whole = simulate_protocol(lgm50, ["Discharge at 1C for 20 minutes", "Rest for 10 minutes", "Discharge at C/2 for 20 minutes"])
    first = simulate_protocol(lgm50, ["Discharge at 1C for 20 minutes", "Rest for 10 minutes"])
    first.to_netcdf(tmp_path / "first.nc")
    with xr.open_dataset(tmp_path / "first.nc") as kept:
        second = simulate_protocol(lgm50, ["Discharge at C/2 for 20 minutes"], initial=kept.load())
    assert float(second.voltage[-1]) == pytest.approx(float(whole.voltage[-1]), abs=1e-6)
    with pytest.raises(InputError, match="final_state"):
        simulate_protocol(lgm50, ["Rest for 1 s"], initial=xr.Dataset())


def test_a_drive_cycle_follows_its_file(lgm50, tmp_path):
    time = np.arange(0.0, 61.0, 5.0)
    load = 3.0 + 2.0 * np.sin(time / 7.0)
    lines = "\n".join(f"{t},{i}" for t, i in zip(time, load, strict=True))
    (tmp_path / "cycle.csv").write_text("time [s],current [A]\n" + lines + "\n")
    data = simulate_protocol(lgm50, [f"Run {tmp_path / 'cycle.csv'}"])
    np.testing.assert_allclose(np.interp(time[1:], data.time, data.current), load[1:], atol=1e-9)
    assert float(data.capacity[-1]) == pytest.approx(np.trapezoid(load, time), rel=5e-4)


def test_a_drive_cycle_goes_on_over_its_bends(lgm50):
    time = np.arange(0.0, 121.0)
    load = 2.0 + 3.0 * np.sin(0.4 * time) * np.cos(0.07 * time)
    step = ProtocolStep(text="drive", mode="current", times=tuple(time), loads=tuple(load))
    found, exact = (
        simulate_protocol(lgm50, [step], initial_state_of_charge=0.7, tolerance=tolerance) for tolerance in (2e-4, 1e-6)
    )
    # No fresh start at each point: a few steps a second, and the voltage of a run a hundred times as strict.
    assert found.attrs["time_steps"] < 4 * time.size
    voltage, reference = (np.interp(time[2:], data.time, data.voltage) for data in (found, exact))
    np.testing.assert_allclose(voltage, reference, atol=5e-4)
    assert float(np.abs(found.lithium_error).max()) < 1e-11


def test_a_drive_cycle_ends_on_a_limit_that_begins_to_be_watched_with_the_sign_of_the_load(lgm50):
    step = ProtocolStep(text="drive", mode="current", times=(0.0, 60.0, 120.0, 900.0), loads=(2.0, 2.0, -5.0, -5.0))
    data = simulate_protocol(lgm50, [step], initial_state_of_charge=0.97)
    assert data.attrs["reason"] == "upper voltage reached"
    assert float(data.voltage[-1]) == pytest.approx(4.2, abs=1e-6)
