"""ARC records: what instruments write, read into the form of the simulated one."""

import numpy as np
import pytest

from scalith.lab import fit_kinetics, read_arc, simulate_arc, thermal_inertia
from scalith.lab.calorimetry import arc_record
from scalith.pack import ReactionSet
from scalith.quantities import InputError, Source

REACTION = {"frequency_factor": 3e13, "activation_energy": 135e3, "heat": 3e5, "content": 600.0, "orders": {"x": 1.0}}
ONE = ReactionSet.read({"name": "one", "reference": "test", "states": {"x": 1.0}, "reactions": {"r": REACTION}})
PHI = {"thermal_inertia": 1.5, "specific_heat": 1100.0}
ARC = simulate_arc(ONE, sample_density=600.0, start=340.0, end=650.0, **PHI)
EXOTHERM = ARC.isel(time=ARC["exotherm"].values)


def written(path, titles, columns, separator=",", comma=False):
    rows = [separator.join(f"{value:.8g}" for value in row) for row in zip(*columns, strict=True)]
    text = "\n".join(row.replace(".", ",") if comma else row for row in rows)
    path.write_bytes((separator.join(titles) + "\n" + text + "\n").encode("latin-1"))
    return path


def columns_of(arc):
    return arc["time"].values / 60, arc["temperature"].values - 273.15, 60 * arc["self_heating"].values


@pytest.mark.parametrize(
    ("titles", "separator", "comma"),
    [
        (["Time (min)", "Temperature (°C)", "Temperature Rate (°C/min)"], ",", False),
        (["time [min]", "temperature [degC]", "rate [K/min]"], ",", False),
        (["Zeit/min", "Temp./°C", "dT/dt/(K/min)"], ";", True),
        (["Time (min)", "Temp (C)", "Self Heat Rate (C/min)"], "\t", False),
    ],
)
def test_one_record_in_many_spellings(titles, separator, comma, tmp_path):
    found = read_arc(written(tmp_path / "arc.txt", titles, columns_of(EXOTHERM), separator, comma), **PHI)
    np.testing.assert_allclose(found["time"], EXOTHERM["time"], rtol=1e-6)
    np.testing.assert_allclose(found["temperature"], EXOTHERM["temperature"], rtol=1e-6)
    np.testing.assert_allclose(found["self_heating"], EXOTHERM["self_heating"], rtol=1e-6)
    assert found.attrs["thermal_inertia"] == 1.5
    assert Source.from_json(found.attrs["source"]).kind == "measured"


def test_a_file_without_titles_is_told_them(tmp_path):
    """THT's DAT file: numbers parted by spaces under one line of remarks."""
    minutes, celsius, rate = columns_of(EXOTHERM)
    path = written(tmp_path / "test.DAT", ["remark"], (minutes, celsius, rate, 0 * rate + 1.5, celsius), " ")
    titles = ["time [min]", "temperature [degC]", "rate [K/min]", "pressure [bar]", "body"]
    found = read_arc(path, titles=titles, **PHI)
    np.testing.assert_allclose(found["self_heating"], EXOTHERM["self_heating"], rtol=1e-6)
    np.testing.assert_allclose(found["pressure"], 1.5e5)
    with pytest.raises(InputError, match="5 columns"):
        read_arc(path, titles=titles[:3], **PHI)


def test_without_a_rate_the_slope_of_the_temperature_is_taken(tmp_path):
    minutes, celsius, _ = columns_of(EXOTHERM)
    found = read_arc(written(tmp_path / "arc.csv", ["time [min]", "temperature [degC]"], (minutes, celsius)), **PHI)
    slow = (EXOTHERM["self_heating"].values < 0.05) & (EXOTHERM["self_heating"].values > 2e-3)
    ratio = found["self_heating"].values[slow] / EXOTHERM["self_heating"].values[slow]
    assert np.median(np.abs(ratio - 1)) < 0.05


def test_an_empty_rate_is_the_slope_and_an_empty_temperature_is_refused(tmp_path):
    """Instruments leave the rate empty where the exotherm was interrupted."""
    minutes, celsius, rate = columns_of(EXOTHERM)
    path = written(tmp_path / "arc.csv", ["time [min]", "temperature [degC]", "rate [K/min]"], (minutes, celsius, rate))
    lines, k = path.read_text().splitlines(), 20
    before, slope = lines[k], (celsius[k] - celsius[k - 2]) / (minutes[k] - minutes[k - 2]) / 60.0
    lines[k] = ",".join([*before.split(",")[:2], ""])
    path.write_text("\n".join(lines))
    found = read_arc(path, **PHI)["self_heating"].values
    np.testing.assert_allclose(np.delete(found, k - 1), np.delete(EXOTHERM["self_heating"].values, k - 1), rtol=1e-6)
    assert found[k - 1] == pytest.approx(slope, rel=0.1)
    lines[k] = ",".join([before.split(",")[0], "", before.split(",")[2]])
    path.write_text("\n".join(lines))
    with pytest.raises(InputError, match="row 20 of numbers: found an empty cell"):
        read_arc(path, **PHI)


def test_heat_steps_need_to_be_told_from_the_exotherm(tmp_path):
    path = written(tmp_path / "arc.csv", ["time [min]", "temperature [degC]", "rate [K/min]"], columns_of(ARC))
    with pytest.raises(InputError, match="onset="):
        read_arc(path, **PHI)
    found = read_arc(path, onset=float(ARC["onset_temperature"]) + 1e-3, **PHI)
    np.testing.assert_array_equal(found["exotherm"], ARC["exotherm"] & (ARC["self_heating"] >= 0.02 / 60))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"thermal_inertia": 0.5}, "φ of at least 1"),
        ({"specific_heat": "1100 J/kg"}, "J kg-1 K-1"),
        ({"threshold": 1e6, "onset": 300.0}, "five with at least"),
        ({"onset": "900 degC"}, "a temperature below"),
    ],
)
def test_bad_settings_are_named(change, message, tmp_path):
    path = written(tmp_path / "arc.csv", ["time [min]", "temperature [degC]", "rate [K/min]"], columns_of(EXOTHERM))
    with pytest.raises(InputError, match=message):
        read_arc(path, **(PHI | change))


def test_celsius_labelled_kelvin_and_falling_times_are_refused(tmp_path):
    minutes, celsius, rate = columns_of(EXOTHERM)
    path = written(tmp_path / "arc.csv", ["time [min]", "temperature [K]", "rate [K/min]"], (minutes, celsius, rate))
    with pytest.raises(InputError, match="degC"):
        read_arc(path, **PHI)
    path = written(tmp_path / "arc.csv", ["time [min]", "temperature [degC]", "rate [K/min]"], (minutes[::-1], celsius, rate))
    with pytest.raises(InputError, match="strictly increasing"):
        read_arc(path, **PHI)
    path = written(tmp_path / "arc.csv", ["time [min]", "pressure [bar]"], (minutes, celsius))
    with pytest.raises(InputError, match="temperature"):
        read_arc(path, **PHI)


def test_thermal_inertia():
    assert thermal_inertia("2 g", "2 J/(g K)", "10 g", "0.5 J/(g K)") == pytest.approx(1 + 10 * 0.5 / (2 * 2))
    with pytest.raises(InputError, match="sample_mass"):
        thermal_inertia(0.0, 1000.0, 0.01, 500.0)


def test_the_kinetics_come_back_from_the_record_at_its_thermal_inertia():
    """The planted set from one record, with 2 % noise in the rate; at a wrong φ the heat is wrong by as much."""
    noise = np.random.default_rng(4)
    noisy = ARC.assign(self_heating=ARC["self_heating"] * np.exp(0.02 * noise.standard_normal(ARC.sizes["time"])))
    start = ONE.with_values({"r.activation_energy": 131e3, "r.frequency_factor": 1.2e13, "r.heat": 2.8e5})
    keys = ["r.frequency_factor", "r.activation_energy", "r.heat"]
    fit = fit_kinetics([noisy], start, parameters=keys, points=100)
    assert fit.kinetics.value("r.activation_energy") == pytest.approx(135e3, rel=0.01)
    assert fit.kinetics.value("r.heat") == pytest.approx(3e5, rel=0.02)
    assert fit.residual == pytest.approx(0.02, rel=0.3)
    wrong = fit_kinetics([noisy.assign_attrs(thermal_inertia=1.0)], start, parameters=keys, points=100)
    assert wrong.kinetics.value("r.heat") == pytest.approx(2e5, rel=0.02)


def test_a_record_without_exotherm_is_refused():
    quiet = ARC.assign(exotherm=ARC["exotherm"] & False)
    with pytest.raises(InputError, match="exotherm"):
        fit_kinetics([quiet], ONE)
    assert np.isnan(
        float(
            arc_record(
                *(ARC[key].values for key in ("time", "temperature", "self_heating")),
                quiet["exotherm"].values,
                1.5,
                1100.0,
                Source(kind="assumed", reference="test"),
            )["onset_temperature"]
        )
    )
