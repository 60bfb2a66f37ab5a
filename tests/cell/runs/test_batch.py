from __future__ import annotations

import numpy as np
import pytest

from scalith.cell import InitialState, simulate_batch, simulate_discharge
from scalith.quantities import InputError, Property, Source


def test_each_run_equals_the_single_discharge_with_its_parameters(lgm50):
    radii = np.array([4.5e-6, 5.22e-6, 6.5e-6])
    times = [600.0, 1800.0, 3000.0]
    data = simulate_batch(lgm50, {"positive_electrode.particle_radius": radii}, 1.0, output_times=times)
    for run, radius in enumerate(radii):
        plain = lgm50.model_dump()
        material = plain["positive_electrode"]["materials"][0] | {"particle_radius": float(radius)}
        cell = type(lgm50).read(plain | {"positive_electrode": plain["positive_electrode"] | {"materials": [material]}})
        single = simulate_discharge(cell, 1.0, output_times=times)
        np.testing.assert_allclose(data.voltage[run], single.voltage.sel(time=times), atol=1e-9)
        assert float(data.end_time[run]) == pytest.approx(float(single.time[-1]), abs=1e-6)
    assert np.all(data.reason == "lower voltage reached")
    assert np.all(np.diff(data.end_time) < 0.0)


def test_multipliers_rates_and_voltages_after_the_end(lgm50):
    data = simulate_batch(
        lgm50,
        {"electrolyte.conductivity": [0.5, 1.0, 2.0], "positive_electrode.chemical_diffusivity": 1.0},
        c_rate=[1.0, 1.0, 2.0],
    )
    assert float(data.voltage[0, 3]) < float(data.voltage[1, 3])
    assert np.isnan(data.voltage[2, -1])
    assert np.all(data.energy > 0.0)


@pytest.mark.parametrize("decay", [None, 40.0])
def test_each_run_has_a_hysteresis_of_its_own(lgm50, decay):
    gap = Property.constant("hysteresis", 0.02, "V", Source(kind="assumed"))
    made = {"hysteresis": gap, "hysteresis_decay": decay, "initial_hysteresis": 0.0 if decay is None else 1.0}
    material = lgm50.positive_electrode.material.model_copy(update=made)
    electrode = lgm50.positive_electrode.model_copy(update={"materials": (material,)})
    cell = lgm50.model_copy(update={"positive_electrode": electrode})
    times = [60.0, 600.0, 1800.0]
    rates = np.array([1.0, 0.5, 1.0, 0.5])
    data = simulate_batch(cell, {"contact_resistance": [0.0, 0.0, 0.001, 0.001]}, rates, output_times=times)
    for run, rate in enumerate(rates[:2]):
        single = simulate_discharge(cell, float(rate), output_times=times)
        np.testing.assert_allclose(data.voltage[run], single.voltage.sel(time=times), atol=1e-9)
    # What one run passed through is not what another starts from.
    np.testing.assert_allclose(data.voltage[0] - data.voltage[2], 5.0 * 0.001, atol=2e-4)
    again = simulate_batch(cell, {"contact_resistance": [0.0, 0.0, 0.001, 0.001]}, rates, output_times=times)
    np.testing.assert_array_equal(again.voltage, data.voltage)


def test_one_temperature_for_each_run(lgm50):
    with pytest.raises(InputError, match="'isothermal' or 'lumped'"):
        simulate_batch(lgm50, {"contact_resistance": [0.0, 0.01]}, 1.0, thermal="through_thickness")


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"positive_electrode.thicknes": [1e-4]}, "did you mean 'thickness'"),
        ({"positive_electrode.open_circuit_voltage": [1.0]}, "a path to a number"),
        ({"positive_electrode.thickness": [-1e-4]}, "positive"),
        ({"positive_electrode.porosity": [0.9]}, "together at most 1"),
        ({"separator.porosity": [1.1]}, "at most 1"),
        ({"positive_electrode.maximum_stoichiometry": [1.05]}, "max ≤ 1"),
        ({"positive_electrode.thickness": [1e-4, 1e-4], "separator.thickness": [1e-5, 1e-5, 1e-5]}, "as the longest"),
        ({"positive_electrode.thickness": []}, "no values"),
        ({"positive_electrode.thickness": [[1e-4, 1e-4]]}, "as the longest"),
    ],
)
def test_wrong_paths_and_values_are_named(lgm50, values, message):
    with pytest.raises(InputError, match=message):
        simulate_batch(lgm50, values, 1.0)


def test_the_initial_state_of_the_cell_counts(lgm50):
    cell = lgm50.model_copy(update={"initial_state": InitialState(state_of_charge=0.6, temperature=288.15)})
    batch = simulate_batch(cell, {}, 1.0, output_times=[60.0])
    one = simulate_discharge(cell, 1.0, output_times=[60.0])
    assert float(batch.voltage[0, 0]) == pytest.approx(float(one.voltage.sel(time=60.0)), abs=1e-9)
    assert float(one.temperature[0]) == 288.15
    assert batch.initial_temperature.values.tolist() == [288.15]
    assert batch.state_of_charge.attrs["units"] == "1"


def test_repetitions_of_a_protocol_are_run_as_often_as_they_say(lgm50):
    steps = ["Repeat 2 times: Discharge at 5 A for 60 s; Rest for 60 s"]
    batch = simulate_batch(lgm50, {"electrolyte.conductivity": [1.0]}, protocol=steps)
    assert float(batch.end_time[0]) == pytest.approx(240.0)
    with pytest.raises(InputError, match="counted"):
        simulate_batch(lgm50, {"electrolyte.conductivity": [1.0]}, protocol=["Repeat until capacity below 80%: Rest for 60 s"])
