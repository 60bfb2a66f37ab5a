import numpy as np
import pytest
import xarray as xr

from scalith.pack import PackSpecification, lumped_cell_temperature, simulate_row
from scalith.quantities import InputError

ROW = {
    "cells": 4,
    "cell_thickness": "12 mm",
    "cell_width": "100 mm",
    "cell_height": "80 mm",
    "cell_mass": "300 g",
    "cell_specific_heat": 1000.0,
    "through_conductivity": 0.8,
    "gap_thickness": "1 mm",
    "gap_conductivity": 0.2,
    "cooling_coefficient": 100.0,
    "ambient_temperature": "25 degC",
    "nodes_per_cell": 4,
}
TIME = np.linspace(0.0, 3600.0, 61)


def test_equal_cells_with_insulated_ends_behave_as_one_lumped_cell():
    pack = PackSpecification.read(ROW)
    heat = 5.0 + np.sin(TIME / 300.0)
    row = simulate_row(pack, TIME, heat)
    one = lumped_cell_temperature(
        TIME, heat, heat_capacity=300.0, heat_transfer_coefficient=100.0, area=pack.cooled_area, ambient_temperature=298.15
    )
    for cell in range(4):
        np.testing.assert_allclose(row["temperature"][:, cell], one["temperature"], rtol=1e-11)
    assert row["peak_spread"] < 1e-8


def test_one_hot_cell_reaches_the_steady_network():
    pack = PackSpecification.read({**ROW, "cells": 2, "nodes_per_cell": 1, "cooling_area": 0.01})
    heat = np.broadcast_to([10.0, 0.0], (2, 2))
    found = simulate_row(pack, [0.0, 1e7], heat)
    between = 0.008 / (0.012 / 0.8 + 0.001 / 0.2)
    matrix = np.array([[1.0 + between, -between], [-between, 1.0 + between]])
    np.testing.assert_allclose(found["temperature"][-1] - 298.15, np.linalg.solve(matrix, [10.0, 0.0]), rtol=1e-10)


def test_energy_balance_with_hot_start_cold_plate_and_ends():
    pack = PackSpecification.read(
        {**ROW, "initial_temperature": "60 degC", "coolant_temperature": "15 degC", "end_coefficient": 8.0}
    )
    heat = np.random.default_rng(1).uniform(0.0, 20.0, (TIME.size, 4))
    found = simulate_row(pack, TIME, heat)
    assert found["energy_balance_error"] < 1e-8
    assert found["temperature"].dims == ("time", "cell")
    assert found["heat_to_coolant"][-1] > 0


def test_heat_profile_inside_a_cell_is_the_parabola():
    # Steady slab with even heat and isothermal faces: T − T_face = q'''(L² − x²)/2k at the cell centres of the volumes.
    pack = PackSpecification.read({**ROW, "cells": 1, "cooling_coefficient": 0.0, "end_coefficient": 1e9, "nodes_per_cell": 50})
    found = simulate_row(pack, [0.0, 1e6], 10.0)
    half, volume = 0.006, 0.012 * 0.008
    x = (2 * found["node"].values - 1) * half
    exact = 10.0 / volume * (half**2 - x**2) / (2 * 0.8)
    np.testing.assert_allclose(found["node_temperature"][-1, 0] - 298.15, exact, atol=5e-4 * exact.max())


def test_refinement_through_the_thickness_is_second_order():
    centres = []
    for nodes in (9, 27, 81, 243):
        pack = PackSpecification.read(
            {**ROW, "cells": 1, "cooling_coefficient": 0.0, "end_coefficient": 200.0, "nodes_per_cell": nodes}
        )
        centres.append(float(simulate_row(pack, [0.0, 100.0], 20.0)["node_temperature"][-1, 0, nodes // 2]))
    errors = np.abs(np.diff(centres))
    assert np.all(np.log(errors[:-1] / errors[1:]) / np.log(3) > 1.9)


def test_parted_cells_do_not_feel_each_other():
    pack = PackSpecification.read({k: v for k, v in ROW.items() if not k.startswith("gap")} | {"interface_conductance": 0.0})
    found = simulate_row(pack, TIME, xr.DataArray(np.broadcast_to([9.0, 0, 0, 0], (61, 4)), dims=("time", "cell")))
    np.testing.assert_allclose(found["temperature"][:, 1:], 298.15, rtol=1e-12)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"cell_mass": None}, "heat capacity"),
        ({"gap_conductivity": None}, "between the cells"),
        ({"interface_conductance": 100.0}, "one of them"),
        ({"ambient_temperature": 25.0}, "kelvin"),
        ({"cell_thicknes": "1 mm"}, "cell_thickness"),
        ({"through_conductivity": -1.0}, "through_conductivity"),
        ({"cells": 0}, "cells"),
    ],
)
def test_bad_specification_is_named(change, message):
    with pytest.raises(InputError, match=message):
        PackSpecification.read({**ROW, **change})


def test_heat_of_another_number_of_cells_is_refused():
    with pytest.raises(InputError, match="shape"):
        simulate_row(PackSpecification.read(ROW), TIME, np.ones((61, 3)))
