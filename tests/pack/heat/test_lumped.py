import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scalith.pack import lumped_cell_temperature
from scalith.quantities import InputError, Source

BODY = {"heat_capacity": 50.0, "heat_transfer_coefficient": 10.0, "area": 0.02, "ambient_temperature": 298.15}


def test_constant_heat_follows_the_exponential():
    time = np.array([0.0, 13.0, 400.0, 401.0, 5000.0])
    found = lumped_cell_temperature(time, 2.0, **BODY)
    exact = 298.15 + 2.0 / 0.2 * (1 - np.exp(-0.2 / 50.0 * time))
    np.testing.assert_allclose(found["temperature"], exact, rtol=1e-13)
    assert found["energy_balance_error"] < 1e-12


def test_ramp_of_heat_has_no_time_step_error():
    coarse = lumped_cell_temperature([0.0, 100.0, 600.0], [0.0, 3.0, 1.0], **BODY)
    fine_time = np.linspace(0.0, 600.0, 601)
    fine = lumped_cell_temperature(fine_time, np.interp(fine_time, [0.0, 100.0, 600.0], [0.0, 3.0, 1.0]), **BODY)
    np.testing.assert_allclose(coarse["temperature"][-1], fine["temperature"][-1], rtol=1e-13)


def test_insulated_cell_warms_by_heat_over_capacity():
    found = lumped_cell_temperature([0.0, 10.0], 5.0, **{**BODY, "heat_transfer_coefficient": 0.0})
    np.testing.assert_allclose(found["temperature"][-1], 298.15 + 1.0, rtol=1e-14)
    assert found["heat_lost"][-1] == 0.0


@given(
    heat=st.lists(st.floats(-5.0, 50.0), min_size=3, max_size=20),
    step=st.floats(1e-4, 1e5),
    coefficient=st.floats(0.0, 1e4),
    start=st.floats(250.0, 400.0),
)
def test_energy_is_balanced_for_any_heat(heat, step, coefficient, start):
    time = step * np.arange(len(heat))
    found = lumped_cell_temperature(time, heat, **{**BODY, "heat_transfer_coefficient": coefficient}, initial_temperature=start)
    assert found["energy_balance_error"] < 1e-8


def test_result_carries_units_and_source():
    found = lumped_cell_temperature([0.0, 1.0], [1.0, 1.0], **BODY, parents=("abc",))
    assert all("units" in found[name].attrs and "long_name" in found[name].attrs for name in found)
    assert Source.from_json(found.attrs["source"]).parents == ("abc",)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"time": [0.0, 2.0, 1.0]}, "strictly increasing"),
        ({"heat_generation": [1.0, 2.0]}, "shape"),
        ({"heat_generation": [1.0, np.nan, 2.0]}, "finite"),
        ({"heat_capacity": 0.0}, "heat_capacity"),
        ({"area": -1.0}, "area"),
        ({"ambient_temperature": 25.0}, "kelvin"),
    ],
)
def test_bad_input_is_named(change, message):
    arguments = {"time": [0.0, 1.0, 2.0], "heat_generation": [1.0, 1.0, 1.0], **BODY, **change}
    with pytest.raises(InputError, match=message):
        lumped_cell_temperature(**arguments)


def test_heat_is_stored_from_the_initial_temperature_and_not_from_the_ambient():
    """C dT = Q − loss from the start: heat stored is C (T − T₀), and a warm cell that makes no heat gives it away."""
    time = np.linspace(0.0, 5000.0, 40)
    for initial, heat in ((320.0, 0.0), (280.0, 3.0)):
        found = lumped_cell_temperature(time, np.full(40, heat), **BODY, initial_temperature=initial)
        assert found["temperature"][0] == pytest.approx(initial, rel=1e-14)
        np.testing.assert_allclose(found["heat_stored"], 50.0 * (found["temperature"] - initial), atol=1e-9)
        np.testing.assert_allclose(found["heat_generated"], heat * time, atol=1e-9)
        np.testing.assert_allclose(found["heat_lost"], found["heat_generated"] - found["heat_stored"], atol=1e-8)
        np.testing.assert_allclose(found["heat_loss"], 0.2 * (found["temperature"] - 298.15), atol=1e-12)
        assert found["peak_temperature"] == found["temperature"].max()
