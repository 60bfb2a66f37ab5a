"""The safety chain: one kinetic parameter set from calorimetry to cell to module."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from scalith.lab.calorimetry import simulate_dsc
from scalith.ladder import climb, read_entry, read_study
from scalith.pack import shipped_kinetics
from scalith.quantities import InputError, ScalithError, shipped
from scalith.report import write_report
from scalith.report.figures import figures_of

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "module_safety.toml"
SMALL = EXAMPLE.read_text().replace("members = 40", "members = 4\nconductivities = [0.05, 0.2]").replace("cells = 6", "cells = 3")


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """The example with fewer cells and members."""
    folder = tmp_path_factory.mktemp("safety")
    study = folder / "small.toml"
    study.write_text(SMALL)
    return folder / "out", climb(read_study(study), folder / "out")


@pytest.mark.long
def test_the_fit_finds_the_planted_kinetics(results):
    folder, _ = results
    fit = read_entry(folder, "decomposition_fit").value
    truth = shipped_kinetics("lco_limited")
    for name in truth.names:
        key = f"{name}.activation_energy"
        assert abs(fit.kinetics.value(key) - truth.value(key)) < 4 * fit.standard_error(key)


@pytest.mark.long
def test_one_digest_goes_all_the_way(results):
    folder, ledger = results
    used = {
        ledger.entry("cell_kinetics").digest,
        ledger.entry("module_kinetics").digest,
        read_entry(folder, "oven_exposure").value.attrs["kinetics_digest"],
        read_entry(folder, "module_propagation").value.attrs["kinetics_digest"],
        read_entry(folder, "barrier_map").value.attrs["kinetics_digest"],
        read_entry(folder, "module_temperature_field").value.attrs["kinetics_digest"],
    }
    assert used == {read_entry(folder, "decomposition_fit").value.kinetics.digest}


@pytest.mark.long
def test_another_set_at_one_scale_is_refused_with_both_digests(results, tmp_path):
    folder, ledger = results
    shutil.copytree(folder, tmp_path / "out")  # the fit is there already
    study = tmp_path / "study.toml"
    study.write_text(SMALL + 'module_kinetics = "shipped:runaway_kinetics/ncm_feng.toml"\n')
    with pytest.raises(ScalithError) as caught:
        climb(read_study(study), tmp_path / "out", until="module_propagation")
    assert ledger.entry("cell_kinetics").digest in str(caught.value)
    assert shipped_kinetics("ncm_feng").digest in str(caught.value)


@pytest.mark.long
def test_energy_is_balanced_and_bounded(results):
    folder, _ = results
    data = read_entry(folder, "module_propagation").value
    assert float(data["energy_balance_error"]) < 1e-6
    assert float(data["heat_released"].isel(time=-1).sum()) <= float(data["stored_reaction_heat"]) * (1 + 1e-9)


@pytest.mark.long
def test_measured_curves_take_the_place_of_the_virtual_ones(tmp_path):
    truth = shipped_kinetics("lco_limited")
    files = []
    for rate in (5.0, 20.0):
        curve = simulate_dsc(truth, rate / 60, start=330.0, end=600.0, sample_density=2580.0, points=601)
        table = np.column_stack([curve["time"], curve["temperature"] - 273.15, curve["heat_flow"] / 1e3])
        path = tmp_path / f"dsc_{rate:.0f}.csv"
        np.savetxt(path, table, delimiter=", ", header="time [s], temperature [degC], heat_flow [W/g]", comments="", fmt="%.10g")
        files.append(path.name)
    study = tmp_path / "study.toml"
    study.write_text(SMALL.replace('heating_rates = ["2 K/min", "5 K/min", "10 K/min", "20 K/min"]', f"curves = {files}"))
    ledger = climb(read_study(study), tmp_path / "out", until="decomposition_fit")
    fit = read_entry(tmp_path / "out", "decomposition_fit").value
    key = "cathode.activation_energy"
    assert fit.kinetics.value(key) == pytest.approx(truth.value(key), rel=1e-3)
    assert {item.name for item in ledger.entry("calorimetry").source.files} == {"study.toml", *files}


@pytest.mark.long
def test_pictures_are_drawn(results):
    folder, ledger = results
    for name in ("calorimetry_curves", "oven_exposure", "module_propagation", "barrier_map"):
        assert len(figures_of(name, read_entry(folder, name).value)[0].data) > 0
    assert "data-figure='barrier_map'" in write_report(folder, ledger).read_text()


@pytest.mark.long
def test_the_verdict_carries_its_error_and_what_it_hangs_on(results):
    folder, ledger = results
    data = read_entry(folder, "propagation_probability").value
    stated = {
        f"module.{name}" for name in ("barrier.thickness", "barrier.conductivity", "cell.conductivity", "cell.specific_heat")
    }
    assert set(data["input"].values) >= stated | {"trigger.power", "kinetics", "module.contact_conductance"}
    assert float(data["probability_low"]) < float(data["probability_high"])
    found = read_entry(folder, "barrier_thickness").value
    np.testing.assert_allclose(data["thinnest_barrier"], float(found()), rtol=0.6)
    own = [1e-3 * np.exp(-margin) for margin in data["margin"].values]
    np.testing.assert_allclose(own, data["thinnest_barrier"], rtol=0.3)  # but for the error of the barrier's own thickness
    entry = ledger.entry("propagation_probability")
    assert "95 % interval" in entry.headline
    assert "undecided" in entry.headline
    assert "times the thinnest that stops it" in entry.headline
    drawn = figures_of("propagation_probability", data)
    assert len(drawn) == 1  # four members do not tell what it hangs on: only the safe map is drawn
    np.testing.assert_allclose(np.sort(drawn[0].data[2].y), drawn[0].data[2].y)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('temperature = "160 degC"', "temperature = -160", ["[oven]", "temperature", "-160"]),
        ('density = "2300 kg/m3"', 'density = "2300 K"', ["[module]", "cell.density", "unit 'K'"]),
        ('baseline_before = "67 degC"', 'baseline_before = "20 degC"', ["before", "0 and", "three points"]),
        ("[module.barrier]", "[module.barier]", ["[module]", "barier", "did you mean 'barrier'?"]),
    ],
)
def test_bad_settings(tmp_path, old, new, said):
    assert old in SMALL
    study = tmp_path / "study.toml"
    study.write_text(SMALL.replace(old, new))
    with pytest.raises(InputError) as caught:
        climb(read_study(study), tmp_path / "out", until="calorimetry_curves")
    for words in said:
        assert words in str(caught.value)


def test_the_shipped_study_is_the_example():
    assert shipped("studies/module_safety.toml").read_text() == EXAMPLE.read_text()


@pytest.mark.long
def test_resolved_module_agrees_with_the_network(results):
    """Two descriptions of one module: the same cells run away, and the energy of each is closed."""
    folder, _ = results
    field, network = (read_entry(folder, name).value for name in ("module_temperature_field", "module_propagation"))
    assert int(np.isfinite(field["runaway_time"].values).sum()) == int(network["cells_run_away"])
    assert field["energy_balance_error"] < 1e-8
    released = float(field["heat_released"][-1].sum())
    assert released == pytest.approx(float(network["heat_released"].values[-1].sum()), rel=0.1)


@pytest.mark.long
def test_slider_shows_one_field_at_a_time(results):
    folder, _ = results
    data = read_entry(folder, "module_temperature_field").value
    drawn, solid = figures_of("module_temperature_field", data)
    assert len(drawn.data) == len(drawn.layout.sliders[0].steps) == data.sizes["time"]
    assert sum(bool(trace.visible) for trace in drawn.data) == 1
    for step in drawn.layout.sliders[0].steps:
        assert sum(step.args[1]) == 1
    hottest = max(float(np.max(trace.z)) for trace in drawn.data)
    assert hottest <= float(data["temperature"].max()) - 273.15 + 0.1
    assert len(solid.frames) == len(solid.layout.sliders[0].steps)
    begin = solid.frames[solid.layout.sliders[0].active]  # planes through the hottest place, at that moment or one beside it
    shown = [float(np.nanmax(trace.surfacecolor)) for trace in solid.data]
    assert shown == pytest.approx([float(np.nanmax(trace.surfacecolor)) for trace in begin.data], rel=1e-6)
    assert max(shown) <= float(data["temperature"].max()) - 273.15 + 1e-3


@pytest.mark.long
def test_the_thinnest_barrier_agrees_with_the_front_and_the_field(results):
    """The module's own barrier lets runaway through: it is thinner than the thinnest that stops it, or within its error."""
    folder, _ = results
    found = read_entry(folder, "barrier_thickness").value
    front, field = (read_entry(folder, name).value for name in ("module_propagation", "module_temperature_field"))
    thickness, error = float(found()), float(found.error())
    assert 0 < error < 0.05 * thickness
    spreads = int((front["verdict"] != 0).sum()) > 1
    assert spreads == (thickness + error > 1e-3)
    np.testing.assert_array_equal(field["verdict"][field["verdict"] >= 0], front["verdict"][field["verdict"] >= 0])
