import numpy as np
import pytest

from scalith.lab.baselines import require_baseline, subtract_baseline
from scalith.lab.calorimetry import HeatWaitSeek, read_dsc, simulate_arc, simulate_dsc
from scalith.pack import ReactionSet, shipped_kinetics
from scalith.quantities import InputError, Source

ONE = ReactionSet.read(
    {
        "name": "one step",
        "reference": "test",
        "states": {"x": 1.0},
        "reactions": {
            "r": {
                "frequency_factor": 3e13,
                "activation_energy": "135 kJ/mol",
                "heat": "900 J/g",
                "content": 600.0,
                "orders": {"x": 1},
            }
        },
    }
)


def test_area_of_the_curve_is_the_heat_at_any_rate():
    for rate in (1.0, 10.0, 50.0):
        curve = simulate_dsc(ONE, rate / 60, start=340.0, end=680.0, sample_density=600.0, points=6001)
        assert float(curve["heat_flow"].integrate("time")) == pytest.approx(9e5, rel=1e-4)


def test_first_order_peak_meets_its_condition():
    # At the peak of a first-order reaction E β/(R T²) = A exp(−E/RT).
    curve = simulate_dsc(ONE, 10 / 60, start=340.0, end=680.0, points=20001)
    T = float(curve["temperature"][int(np.argmax(curve["heat_flow"].values))])
    R = 8.31446261815324
    np.testing.assert_allclose(135e3 / (R * T**2) * 10 / 60, 3e13 * np.exp(-135e3 / (R * T)), rtol=3e-3)


def test_heat_flow_is_the_sum_of_the_reactions():
    curve = simulate_dsc(shipped_kinetics("ncm_feng"), 10 / 60, end=700.0)
    np.testing.assert_allclose(curve["heat_flow"], curve["heat_flow_by_reaction"].sum("reaction"))
    assert curve["heat_flow_by_reaction"].sel(reaction="separator").min() < 0


def test_adiabatic_rise_of_the_arc():
    arc = simulate_arc(ONE, specific_heat=2e6, thermal_inertia=1.5, end=800.0)
    rise = 600.0 * 9e5 / (1.5 * 2e6)
    hot = arc["exotherm"].values
    onset = float(arc["onset_temperature"])
    after = arc["temperature"].values[hot]
    assert after[-1] <= 800.0 + 60
    assert 350 < onset < 400
    # Once adiabatic, dT/dt is the rate of the closed form at the same temperature.
    T, rate = arc["temperature"].values[hot], arc["self_heating"].values[hot]
    left = 1 - (T - (onset - 0.0)) / rise
    middle = (left > 0.3) & (left < 0.9)
    closed = rise * left * 3e13 * np.exp(-135e3 / (8.31446261815324 * T))
    assert np.median(np.abs(rate[middle] / closed[middle] - 1)) < 0.1


def test_more_inertia_delays_and_damps_the_arc():
    light = simulate_arc(ONE, specific_heat=2e6, end=900.0)
    heavy = simulate_arc(ONE, specific_heat=2e6, thermal_inertia=3.0, end=900.0)
    assert heavy["onset_temperature"] >= light["onset_temperature"]
    assert heavy["self_heating"].max() < light["self_heating"].max()


def test_a_file_reads_back_as_it_was_simulated(tmp_path):
    curve = simulate_dsc(ONE, 10 / 60, sample_density=600.0, points=301)
    rows = np.stack([curve["time"], curve["temperature"] - 273.15, curve["heat_flow"] / 1e3], axis=1)
    path = tmp_path / "curve.csv"
    np.savetxt(path, rows, delimiter=",", header="time [s], temperature [degC], heat_flow [W/g]", comments="# source: test\n")
    again = read_dsc(path)
    np.testing.assert_allclose(again["heat_flow"], curve["heat_flow"], rtol=1e-9, atol=1e-9)
    assert again.attrs["heating_rate"] == pytest.approx(10 / 60)
    assert Source.from_json(again.attrs["source"]).kind == "measured"


def test_celsius_labelled_kelvin_is_refused(tmp_path):
    path = tmp_path / "curve.csv"
    T = np.linspace(50, 300, 20)
    np.savetxt(
        path, np.stack([T * 6, T, T * 0], axis=1), delimiter=",", header="time [s], temperature [K], heat_flow [W/g]", comments=""
    )
    with pytest.raises(InputError, match="degC"):
        read_dsc(path)


def test_time_that_falls_is_refused(tmp_path):
    path = tmp_path / "curve.csv"
    T = np.linspace(350, 600, 20)
    time = T * 6
    time[5] = 0
    np.savetxt(
        path, np.stack([time, T, T * 0], axis=1), delimiter=",", header="time [s], temperature [K], heat_flow [W/g]", comments=""
    )
    with pytest.raises(InputError, match="row 6"):
        read_dsc(path)


def test_baseline_is_asked_for_and_subtracted():
    curve = simulate_dsc(ONE, 10 / 60, start=340.0, end=680.0, sample_density=600.0)
    tilted = curve.assign(heat_flow=curve["heat_flow"] + 400.0 + 2.0 * (curve["temperature"] - 340.0))
    with pytest.raises(InputError, match="subtract_baseline"):
        require_baseline(tilted, "fit")
    mended = subtract_baseline(tilted, before=370.0, after=620.0)
    require_baseline(mended, "fit")
    assert float(mended["heat_flow"].integrate("time")) == pytest.approx(9e5, rel=0.01)
    with pytest.raises(InputError, match="three points"):
        subtract_baseline(curve, before=300.0, after=600.0)


def test_endothermic_sign_is_noticed():
    curve = simulate_dsc(ONE, 10 / 60, start=340.0, end=680.0)
    with pytest.raises(InputError, match="sign"):
        require_baseline(curve.assign(heat_flow=-curve["heat_flow"]), "fit")


@pytest.mark.parametrize("change", [{"heating_rate": 0.0}, {"start": 50.0}, {"end": 300.0}, {"sample_density": -1.0}])
def test_bad_settings_are_refused(change):
    with pytest.raises(InputError):
        simulate_dsc(**{"kinetics": ONE, "heating_rate": 0.1, **change})


def test_a_calorimeter_that_looks_closer_finds_the_exotherm_earlier():
    plain = simulate_arc(ONE, specific_heat=2e6, end=700.0)
    close = simulate_arc(ONE, specific_heat=2e6, end=700.0, search=HeatWaitSeek(step="2 K", threshold="0.002 K/min"))
    assert float(close["onset_temperature"]) < float(plain["onset_temperature"])
    settings = [Source.from_json(one.attrs["source"]).settings for one in (plain, close)]
    assert (settings[0]["step"], settings[1]["step"]) == (5.0, 2.0)
    with pytest.raises(InputError, match="seek: found -1, expected greater than 0"):
        HeatWaitSeek(seek=-1)
