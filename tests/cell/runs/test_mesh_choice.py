"""The mesh that a load asks for, its error, and that results and saved states keep it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from scalith.cell import CellSpecification, Mesh, Simulation, choose_mesh, simulate_discharge, simulate_protocol
from scalith.cell.runs import mesh_choice
from scalith.cell.runs.mesh_choice import error_between, load_numbers
from scalith.quantities import InputError, shipped
from scalith.quantities.constants import FARADAY

FINE = Mesh(72, 12, 72, growth=2.0, nodes=80, finest=0.0018)
# Mohtat 2020 is not among them: see `test_graphite_that_separates_has_no_mesh_limit`.
CELLS = ("lgm50_chen2020", "kokam_ecker2015", "a123_prada2013", "kokam_marquis2019", "enertech_ai2020", "lgm50_okane2022")


def cell_of(name: str) -> CellSpecification:
    return CellSpecification.read_toml(shipped(f"cell/{name}.toml"))


def true_error(cell: CellSpecification, rate: float, temperature: float, mesh: Mesh | None) -> tuple[float, float, float | None]:
    """Root mean square of the voltage's error (mV), relative error of the end, and what the run says of its error (mV)."""
    salt = load_numbers(cell, rate * cell.nominal_capacity / 3600.0, temperature).salt
    # Where the electrolyte is depleted soon, everything happens beside the separator.
    fine = FINE if salt < 8.0 else replace(FINE, negative=96, positive=96, growth=8.0)
    settings = {"temperature": temperature, "tolerance": 5e-5, "mesh": fine}
    end = float(simulate_discharge(cell, rate, output_times=[1e9], **settings).time[-1])
    at = np.linspace(0.0, 0.995 * end, 300)[1:]
    exact = simulate_discharge(cell, rate, output_times=at, **settings)
    found = simulate_discharge(cell, rate, temperature=temperature, mesh=mesh, output_times=at)
    time, here, there = np.intersect1d(found.time.values, exact.time.values, return_indices=True)
    difference = (found.voltage.values[here] - exact.voltage.values[there])[time > 0.0]
    said = found.attrs.get("mesh_error")
    rms = 1e3 * float(np.sqrt(np.mean(difference**2)))
    return rms, float(found.time[-1]) / float(exact.time[-1]) - 1.0, None if said is None else 1e3 * said


def test_a_plain_discharge_keeps_the_default_mesh_and_is_not_tried(lgm50):
    data = simulate_discharge(lgm50, 1.0)
    assert Mesh.read(data.attrs["mesh"]) == Mesh() == choose_mesh(lgm50, "1C")
    assert "mesh_error" not in data.attrs


def test_the_numbers_are_those_of_a_steady_load(lgm50):
    numbers = load_numbers(lgm50, 5.0, 298.15)
    negative, positive = lgm50.negative_electrode, lgm50.positive_electrode
    D = float(lgm50.electrolyte.diffusivity(c=1000.0))
    t = float(lgm50.electrolyte.transference_number(c=1000.0))
    path = 0.5 * negative.thickness / negative.efficiency + 0.5 * positive.thickness / positive.efficiency
    path += lgm50.separator.thickness / lgm50.separator.efficiency
    assert numbers.salt == pytest.approx((1.0 - t) * 5.0 / lgm50.plane_area / FARADAY * path / D / 1000.0, rel=1e-6)
    material = positive.material
    flux = 5.0 / lgm50.plane_area / (FARADAY * material.area * positive.thickness)
    slowest = flux * material.particle_radius / (5.0 * 4e-15 * material.maximum_concentration)
    assert numbers.particle == pytest.approx(slowest, rel=1e-3)
    assert load_numbers(lgm50, -10.0, 298.15).salt == pytest.approx(2.0 * numbers.salt)


def test_a_mesh_found_by_trial_is_as_right_as_it_says(lgm50):
    rms, end, said = true_error(lgm50, 3.0, 298.15, None)
    assert said is not None
    assert rms < said < 0.5
    assert abs(end) < 2e-3
    assert true_error(lgm50, 3.0, 298.15, Mesh())[0] > 2.0


def test_steps_in_time_are_tried_at_the_tolerance_of_the_run_and_only_where_an_error_is_asked_for(lgm50, monkeypatch):
    tried = []

    def curve(self, mesh, times, tolerance=None):
        tried.append(tolerance)
        return np.linspace(0.0, 1.0, 5), np.full(5, 3.0)

    monkeypatch.setattr(mesh_choice._Trial, "curve", curve)
    load = 3.0 * lgm50.nominal_capacity / 3600.0
    assert mesh_choice.find_mesh(lgm50, load).error == 0.0
    assert set(tried) == {None}
    mesh_choice.find_mesh(lgm50, load, tolerance=1e-3)
    assert tried[-2:] == [1e-3, 2e-4]
    before = len(tried)
    mesh_choice.find_mesh(lgm50, load, tolerance=2e-4)
    assert tried[before:] == [None, None, None, 4e-5]  # at the tolerance of the trials, the last of them need not run again


def test_the_error_of_a_stated_mesh_is_told_on_request():
    cell = cell_of("kokam_ecker2015")
    data = simulate_discharge(cell, 2.0, temperature=273.15, mesh=Mesh(), mesh_error=True)
    rms, _, said = true_error(cell, 2.0, 273.15, Mesh())
    assert said is None  # without the request
    # Half as fine in the particles: the order there is above 2.
    assert rms < 1e3 * data.attrs["mesh_error"] < 5.0 * rms
    plain = simulate_discharge(cell, 0.2, mesh_error=True)
    assert Mesh.read(plain.attrs["mesh"]) == Mesh()
    assert plain.attrs["mesh_error"] < 2e-4


def test_the_error_of_two_curves_is_that_of_the_finer():
    time = np.linspace(0.0, 1.0, 11)
    fine, coarse = np.full(11, 3.0), np.full(9, 3.0 + 3e-3)  # the coarser one ended earlier
    assert error_between((time, fine), (time[:9], coarse), 2.0) == pytest.approx(1e-3)


def test_a_stricter_accuracy_makes_a_finer_mesh(lgm50):
    mesh = choose_mesh(lgm50, 1.0, accuracy=5e-5)
    assert mesh.nodes > Mesh().nodes
    with pytest.raises(InputError, match="accuracy"):
        choose_mesh(lgm50, 1.0, accuracy=0.0)


def test_graphite_that_separates_has_no_mesh_limit():
    """(T − 298 K)·dU/dT makes the voltage of Mohtat's graphite rise on its plateaus: every mesh has other steps."""
    material = cell_of("nmc532_mohtat2020").negative_electrode.material
    x = np.linspace(0.02, 0.8, 400)

    def steepest(T: float) -> float:
        U = material.open_circuit_voltage(x=x) + (T - 298.15) * material.entropic_coefficient(x=x)
        return float(np.max(np.diff(U) / np.diff(x)))

    assert steepest(298.15) <= 1e-6
    assert steepest(263.15) > 0.01


def test_results_and_saved_states_keep_their_mesh(lgm50, tmp_path):
    first = Simulation(lgm50, mesh=Mesh(6, 2, 5, nodes=10, finest=0.02))
    first.step("Discharge at 1C for 10 minutes")
    first.save(tmp_path / "first.nc")
    again = Simulation(lgm50)
    again.resume(tmp_path / "first.nc")
    assert again.mesh == first.mesh
    first.step("Rest for 1 minute")
    again.step("Rest for 1 minute")
    assert again.voltage == pytest.approx(first.voltage, abs=1e-9)
    further = simulate_protocol(lgm50, ["Rest for 1 minute"], initial=first.result())
    assert Mesh.read(further.attrs["mesh"]) == first.mesh
    with pytest.raises(InputError, match=r"Mesh\.read"):
        Simulation(lgm50, mesh=Mesh()).resume(tmp_path / "first.nc")


@pytest.mark.parametrize("text", ["", "[]", "{}x", '{"negative": "a"}', '{"depth": 3}', '{"negative": 0}'])
def test_a_text_that_is_no_mesh_is_refused(text):
    with pytest.raises(InputError, match="mesh"):
        Mesh.read(text)


def test_a_protocol_has_a_mesh_for_its_largest_current(lgm50):
    slow = simulate_protocol(lgm50, ["Discharge at C/2 for 1 minute", "Hold at 4.2 V for 1 s"])
    fast = simulate_protocol(lgm50, ["Discharge at C/2 for 1 minute", "Discharge at 3C until 2.5 V"])
    pulse = simulate_protocol(lgm50, ["Discharge at 3C for 10 s"])
    assert Mesh.read(slow.attrs["mesh"]) == Mesh()
    assert Mesh.read(fast.attrs["mesh"]).negative > 2 * Mesh().negative
    assert Mesh.read(pulse.attrs["mesh"]).negative < Mesh.read(fast.attrs["mesh"]).negative


@pytest.mark.long
@pytest.mark.parametrize("name", CELLS)
@pytest.mark.parametrize("temperature", [263.15, 273.15, 318.15])
def test_the_mesh_is_right_to_half_a_millivolt(name, temperature):
    cell = cell_of(name)
    for rate in (0.05, 1.0, 3.0):
        rms, end, said = true_error(cell, rate, temperature, None)
        # At the finest mesh that is tried more may be left, and is told: O'Kane 2022 at −10 °C and 3C, 0.7 mV.
        assert rms < 0.5 or (said is not None and said > 0.5)
        # An estimate, not a bound: the orders are rounded, and the steps in time have 0.1 mV of their own.
        assert said is None or rms < 1.5 * said
        assert abs(end) < 0.01
