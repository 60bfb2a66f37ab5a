"""Curves and ARC records of a study, fitted together by the rung."""

from __future__ import annotations

import numpy as np
import pytest

from scalith.lab import simulate_arc
from scalith.ladder.rungs.safety import Calorimetry, calorimetry_curves, decomposition_fit
from scalith.quantities import InputError
from scalith.reactions import ReactionSet

REACTION = {"frequency_factor": 3e13, "activation_energy": 135e3, "heat": 3e5, "content": 600.0, "orders": {"x": 1.0}}
ONE = ReactionSet.read({"name": "one", "reference": "test", "states": {"x": 1.0}, "reactions": {"r": REACTION}}, "kinetics")
SETTINGS = {
    "heating_rates": ["5 K/min", "20 K/min"],
    "start": 330.0,
    "end": 600.0,
    "noise": "0.01 W/g",
    "sample_density": 600.0,
    "baseline_before": 350.0,
    "baseline_after": 580.0,
}


@pytest.fixture
def record(tmp_path):
    arc = simulate_arc(ONE, specific_heat=1100.0, sample_density=600.0, thermal_inertia=1.5, start=340.0, end=650.0)
    hot = arc.isel(time=arc["exotherm"].values)
    table = np.stack([hot["time"] / 60, hot["temperature"] - 273.15, 60 * hot["self_heating"]], axis=1)
    path = tmp_path / "arc.csv"
    np.savetxt(path, table, delimiter=",", header="Time (min),Temperature (degC),Rate (K/min)", comments="")
    return path


@pytest.mark.long
def test_a_study_fits_curves_and_adiabatic_records_together(record):
    settings = Calorimetry.read(
        SETTINGS | {"adiabatic_records": [str(record)], "thermal_inertia": 1.5, "specific_heat": "1100 J/(kg K)"}, "study"
    )
    curves = calorimetry_curves(settings, ONE, 1)
    fit = decomposition_fit(curves, ONE, settings, 1)
    assert len(fit.deviations) == 3
    assert fit.kinetics.value("r.activation_energy") == pytest.approx(135e3, rel=0.01)
    assert len(fit.source.parents) == 4


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({}, "both, of the adiabatic_records"),
        ({"thermal_inertia": 1.5}, "both, of the adiabatic_records"),
        ({"specific_heat": "1100 J/(kg K)"}, "both, of the adiabatic_records"),
        ({"thermal_inertia": 0.9, "specific_heat": "1100 J/(kg K)"}, "thermal_inertia.*greater than or equal to 1"),
        ({"thermal_inertia": 1.5, "specific_heat": "0 J/(kg K)"}, "specific_heat.*greater than 0"),
        ({"thermal_inertia": 1.5, "specific_heat": "1100 J/kg"}, "specific_heat.*J/kg"),
        ({"thermal_inertia": 1.5, "specific_heat": "1100 J/(kg K)", "onset": 90.0}, "onset.*kelvin"),
    ],
)
def test_records_need_their_thermal_inertia_and_heat(record, more, message):
    with pytest.raises(InputError, match=message):
        Calorimetry.read(SETTINGS | {"adiabatic_records": [str(record)]} | more, "study")


@pytest.mark.parametrize("more", [{"thermal_inertia": 1.5}, {"specific_heat": 1100.0}, {"onset": 360.0}])
def test_what_belongs_to_records_needs_records(more):
    with pytest.raises(InputError, match=r"adiabatic_records.*records that"):
        Calorimetry.read(SETTINGS | more, "study")


def test_a_record_that_is_missing_is_named(tmp_path):
    more = {"adiabatic_records": [str(tmp_path / "none.csv")], "thermal_inertia": 1.5, "specific_heat": 1100.0}
    with pytest.raises(InputError, match=r"none\.csv"):
        Calorimetry.read(SETTINGS | more, "study")
