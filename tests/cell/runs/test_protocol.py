from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from scalith.cell import Ending, ProtocolStep, simulate_protocol
from scalith.quantities import ConvergenceError, InputError


def test_a_voltage_beyond_the_cut_offs_is_not_gone_to(lgm50):
    for text in ("Hold at 5 V until C/20", "Charge at 1C until 4.5 V"):
        with pytest.raises(InputError, match="between the cut-offs"):
            simulate_protocol(lgm50, [text])


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
    assert data.attrs["reason"] == "upper cut-off voltage of the cell reached"
    assert float(data.voltage[-1]) == pytest.approx(4.2, abs=1e-6)


def test_charge_and_energy_of_steps_and_cycles_add_up(lgm50):
    steps = [
        "Discharge at 1C for 10 minutes",
        "Rest for 1 minute",
        "Discharge at 10 W for 1 minute",
        "Charge at C/2 for 5 minutes",
    ]
    data = simulate_protocol(lgm50, steps, cycles=2, profiles=True)
    np.testing.assert_allclose(data.step_capacity.values[[0, 1, 3, 4]], [3000.0, 0.0, -750.0, 3000.0], rtol=1e-9, atol=1e-9)
    assert float(data.step_energy[2]) == pytest.approx(600.0, rel=1e-9)  # 10 W for a minute
    np.testing.assert_allclose(data.charge_capacity, [750.0, 750.0], rtol=1e-9)
    np.testing.assert_allclose(
        data.discharge_capacity - data.charge_capacity, data.step_capacity.values.reshape(2, 4).sum(axis=1)
    )
    np.testing.assert_allclose(data.discharge_energy - data.charge_energy, data.step_energy.values.reshape(2, 4).sum(axis=1))
    assert float(data.step_capacity.sum()) == pytest.approx(float(data.capacity[-1]), rel=1e-12)
    # The profiles are those of the recorded times.
    assert data.concentration.sizes["time"] == data.time.size
    np.testing.assert_allclose(data.concentration.max("depth"), data.concentration_highest, rtol=1e-12)


def test_every_time_is_there_once(lgm50):
    data = simulate_protocol(lgm50, ["Discharge at 1C for 10 minutes", "Rest for 1 h"])
    assert np.all(np.diff(data.time) > 0.0)
    assert float(data.sel(time=100.0, method="nearest").current) == pytest.approx(5.0)
    np.testing.assert_allclose(data.current.interp(time=[100.0, 700.0]), [5.0, 0.0], atol=1e-12)


def test_results_are_recorded_in_the_period_of_a_step(lgm50):
    data = simulate_protocol(lgm50, ["Rest for 10 s", "Discharge at C/3 for 1 hour (5 minute period)"])
    times = data.time.values[data.step.values == 1] - 10.0
    np.testing.assert_allclose(times, np.arange(0.0, 3601.0, 300.0), atol=1e-9)


def test_a_repetition_counts_its_passes_and_ends_with_its_condition(lgm50):
    steps = ["Discharge at 2C for 1 minute", "Repeat 2 times: Rest for 10 s; Discharge at 1C for 1 minute"]
    data = simulate_protocol(lgm50, steps, cycles=2)
    ends = np.flatnonzero(np.diff(data.step.values, append=-1))
    assert data.step.values[ends].tolist() == [0, 1, 2, 1, 2] * 2
    assert data.cycle.values[ends].tolist() == [0, 1, 1, 2, 2, 3, 4, 4, 5, 5]
    # Pulses from 5 % state of charge until one ends at the cut-off; its rest is run too.
    titration = simulate_protocol(lgm50, "GITT at C/2 (2 minute pulses, 5 minute rests)", initial_state_of_charge=0.05)
    reasons = titration.step_reason.values.tolist()
    assert reasons[-2:] == ["lower voltage reached", "duration reached"]
    assert set(reasons[:-2]) == {"duration reached"}
    assert float(titration.voltage.values[titration.step.values == 0].min()) == pytest.approx(2.5, abs=1e-6)


def test_a_step_that_cannot_be_carried_out_is_not_passed_over(lgm50):
    # At 4C the electrolyte is depleted long before the cut-off of 0.5 V.
    deep = lgm50.model_copy(update={"lower_voltage_cut_off": 0.5})
    with pytest.warns(UserWarning, match=r"cycle 1, step 2, 'Discharge at 6C until 0.5 V': .*what comes after it was not run"):
        data = simulate_protocol(deep, ["Rest for 1 s", "Discharge at 6C until 0.5 V", "Rest for 1 h"])
    assert data.step_reason.size == 2
    assert data.step_reason.values[-1] in data.attrs["warnings"]
    with pytest.raises(ConvergenceError, match="Discharge at 6C") as error:
        simulate_protocol(deep, ["Rest for 1 s", "Discharge at 6C until 0.5 V", "Rest for 1 h"], strict=True)
    assert error.value.partial.step_reason.values.tolist() == data.step_reason.values.tolist()


def test_a_load_that_no_state_carries_is_named_with_what_came_before(lgm50):
    with pytest.raises(ConvergenceError, match=r"'Discharge at 2\.5 kW for 1 s': no consistent initial state") as error:
        simulate_protocol(lgm50, "Discharge at 2.5 kW for 1 s")
    assert error.value.partial is None
    with pytest.raises(ConvergenceError, match="cycle 1, step 2") as error:
        simulate_protocol(lgm50, "Rest for 1 s; Discharge at 2.5 kW for 1 s")
    assert error.value.partial.step_capacity.values.tolist() == [0.0, 0.0]


def test_a_step_that_never_ends_and_one_that_the_cell_ends_are_told_apart(lgm50):
    with pytest.warns(UserWarning, match="'Discharge at C/100 until 3 V': two days passed without reaching its end"):
        data = simulate_protocol(lgm50, ["Discharge at C/100 until 3 V", "Discharge at 1C for 1 hour"])
    assert data.step_reason.values.tolist() == [
        "two days passed without reaching its end",
        "lower cut-off voltage of the cell reached",
    ]
    assert float(data.time[-1]) < 172_800.0 + 3600.0
    with pytest.raises(ConvergenceError, match="cut-off voltage of the cell"):
        simulate_protocol(lgm50, "Discharge at 1C for 2 hours", strict=True)


def test_every_kind_of_end_is_met(lgm50):
    """Rest until a voltage, charge to a state of charge, to a charge, to an electrode's potential."""
    first = simulate_protocol(lgm50, ["Discharge at 1C for 30 minutes", "Rest for 1 h or until 3.75 V"])
    assert first.step_reason.values[1] == "voltage rose to its limit"
    assert float(first.voltage[-1]) == pytest.approx(3.75, abs=1e-8)
    data = simulate_protocol(lgm50, ["Charge at C/2 until 80% SOC"], initial_state_of_charge=0.2)
    assert float(data.state_of_charge[-1]) == pytest.approx(0.8, abs=1e-8)
    data = simulate_protocol(lgm50, ["Discharge at 1C until 0.5 Ah"], initial_state_of_charge=0.9)
    assert float(data.capacity[-1]) == pytest.approx(1800.0, rel=1e-9)
    data = simulate_protocol(lgm50, ["Charge at 2C until anode potential 0.05 V"], initial_state_of_charge=0.2)
    assert data.step_reason.values[0] == "potential of the negative electrode below its limit"
    assert float(data.negative_potential[-1]) == pytest.approx(0.05, abs=1e-8)
    np.testing.assert_allclose(data.positive_potential - data.negative_potential, data.voltage, atol=1e-12)


def test_a_step_has_a_temperature_of_its_own(lgm50):
    found = simulate_protocol(lgm50, ["Rest for 1 s", "Discharge at 1C for 5 minutes at 10 oC"])
    expected = simulate_protocol(lgm50, ["Rest for 1 s", "Discharge at 1C for 5 minutes"], temperature=283.15)
    assert float(found.voltage[-1]) == pytest.approx(float(expected.voltage[-1]), abs=1e-5)


def test_a_drive_cycle_is_clipped_at_its_voltage(lgm50):
    """Where the profile would go below, the voltage is held; elsewhere the profile is followed."""
    times = np.arange(0.0, 301.0, 30.0)
    loads = np.where(np.arange(11) % 2 == 0, 1.0, 14.0)
    step = ProtocolStep(
        text="cycle", mode="current", times=tuple(times), loads=tuple(loads), clip=True,
        endings=(Ending(quantity="voltage", value=3.2, direction="below"),),
    )  # fmt: skip
    data = simulate_protocol(lgm50, step, initial_state_of_charge=0.35)
    wanted = np.interp(data.time, times, loads)
    assert float(data.time[-1]) == 300.0
    assert float(data.voltage.min()) == pytest.approx(3.2, abs=1e-6)
    held = data.voltage.values < 3.2 + 1e-6
    assert 3 < held.sum() < held.size
    np.testing.assert_allclose(data.current.values[~held], wanted[~held], atol=1e-7)
    assert np.all(data.current.values[held] <= wanted[held] + 1e-7)


def test_a_resumed_run_asks_for_its_own_cell_and_temperature(lgm50):
    first = simulate_protocol(lgm50, ["Rest for 10 s"])
    cold = simulate_protocol(lgm50, ["Discharge at 1C for 10 minutes"], initial=first, temperature=258.15)
    fresh = simulate_protocol(lgm50, ["Rest for 10 s", "Discharge at 1C for 10 minutes"], temperature=258.15)
    assert float(cold.voltage[-1]) == pytest.approx(float(fresh.voltage[-1]), abs=1e-5)
    chilled = simulate_protocol(lgm50, ["Rest for 10 s"], temperature=268.15)
    assert float(simulate_protocol(lgm50, ["Rest for 1 s"], initial=chilled).temperature[0]) == 268.15
    larger = lgm50.model_copy(update={"electrode_area": 3.0 * lgm50.electrode_area})
    with pytest.raises(InputError, match="the same cell"):
        simulate_protocol(larger, ["Rest for 1 s"], initial=first)
    half = simulate_protocol(lgm50, ["Discharge at 1C for 30 minutes"])
    assert float(simulate_protocol(lgm50, ["Rest for 1 s"], initial=half).charge_error.max()) < 1e-12


def test_a_load_is_followed_again_and_again(lgm50):
    step = ProtocolStep(text="saw", mode="current", times=(0.0, 10.0, 20.0), loads=(0.0, 4.0, 0.0), duration=90.0)
    data = simulate_protocol(lgm50, step)
    assert float(data.time[-1]) == 90.0
    # Four and a half saws: 4 × 40 C and half of one.
    assert float(data.capacity[-1]) == pytest.approx(180.0, rel=2e-3)
