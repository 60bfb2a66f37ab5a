from __future__ import annotations

import numpy as np
import pytest

from scalith.cell import Mesh, simulate_batch, simulate_discharge, simulate_sensitivities
from scalith.cell.specification.paths import FACTORS, number_at, vary
from scalith.quantities import InputError

MESH = Mesh(6, 3, 6, nodes=12, finest=0.02)
TIMES = np.array([60.0, 600.0, 1800.0, 3000.0])
NAMES = [
    "negative_electrode.chemical_diffusivity",
    "positive_electrode.exchange_current_density",
    "electrolyte.conductivity",
    "electrolyte.initial_concentration",
    "positive_electrode.thickness",
    "negative_electrode.particle_radius",
    "negative_electrode.maximum_stoichiometry",
    "positive_electrode.film_resistance",
    "contact_resistance",
    "separator.porosity",
    "electrode_area",
    "current",
]


@pytest.fixture(scope="module")
def found(lgm50):
    return simulate_sensitivities(lgm50, NAMES, 1.0, output_times=TIMES, mesh=MESH)


@pytest.mark.parametrize("name", NAMES)
def test_derivatives_are_the_central_differences_of_exact_runs(lgm50, found, name):
    value = float(found.value.sel(parameter=name))
    step = 1e-3 * value if value else 1e-4
    ends = []
    for at in (value + step, value - step if value else 0.0):
        if name in FACTORS:
            batch = simulate_batch(lgm50, {name: [at]}, 1.0, output_times=TIMES.tolist(), mesh=MESH, tolerance=1e-7)
            ends.append((batch.voltage.values[0], float(batch.end_time[0])))
            continue
        cell, load = (lgm50, at) if name == "current" else (vary(lgm50, {name: at})[0], 5.0)
        data = simulate_discharge(cell, current=load, output_times=TIMES, mesh=MESH, tolerance=1e-7)
        ends.append((data.voltage.sel(time=TIMES).values, float(data.time[-1])))
    span = 2.0 * step if value else step
    expected = (ends[0][0] - ends[1][0]) / span
    ours = found.voltage_by_parameter.sel(parameter=name).values
    np.testing.assert_allclose(ours, expected, rtol=4e-3, atol=5e-3 * np.abs(expected).max())
    shift = (ends[0][1] - ends[1][1]) / span
    assert float(found.end_time_by_parameter.sel(parameter=name)) == pytest.approx(shift, rel=6e-3)


def test_the_run_itself_is_that_of_a_discharge(lgm50, found):
    data = simulate_discharge(lgm50, 1.0, output_times=TIMES, mesh=MESH)
    np.testing.assert_allclose(found.voltage, data.voltage.sel(time=TIMES), atol=1e-5)  # between the steps
    assert found.attrs["end_time"] == pytest.approx(float(data.time[-1]), abs=1e-3)
    # A longer electrode and a larger area both mean more cell for the same current.
    charge = found.capacity_by_parameter * found.value
    assert float(charge.sel(parameter="electrode_area")) > float(charge.sel(parameter="positive_electrode.thickness")) > 0.0
    scaled = found.value * found.voltage_by_parameter
    np.testing.assert_allclose(scaled.sel(parameter="electrode_area"), -scaled.sel(parameter="current"), rtol=1e-5)


def test_accepted_steps_are_the_times_without_output_times(lgm50):
    data = simulate_sensitivities(lgm50, ["contact_resistance"], 1.0, mesh=MESH, duration=600.0)
    np.testing.assert_allclose(data.voltage_by_parameter, -5.0, rtol=1e-9)
    assert "end_time_by_parameter" not in data
    assert float(data.time[-1]) == 600.0


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ([], "at least one"),
        (["current", "current"], "each once"),
        (["positive_electrode.thicknes"], "thickness"),
        (["positive_electrode.open_circuit_voltage"], "a path to a number"),
        (["reference_temperature"], "tables do not depend"),
    ],
)
def test_unknown_parameters_are_refused(lgm50, names, message):
    with pytest.raises(InputError, match=message):
        simulate_sensitivities(lgm50, names, 1.0)


def test_a_state_of_charge_out_of_range_is_refused(lgm50):
    with pytest.raises(InputError, match="0 to 1"):
        simulate_sensitivities(lgm50, ["contact_resistance"], 1.0, initial_state_of_charge=2.0)


def test_a_path_leads_to_the_first_material(lgm50):
    assert number_at(lgm50, "negative_electrode.particle_radius") == lgm50.negative_electrode.material.particle_radius
