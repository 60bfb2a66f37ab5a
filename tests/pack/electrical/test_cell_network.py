import numpy as np
import pytest

from scalith.cell import CellSpecification, simulate_discharge, single_particle
from scalith.pack import PackSpecification, discharge_network, spread_cells
from scalith.quantities import InputError, shipped

CELL = CellSpecification.read_toml(shipped("cell/lgm50_chen2020.toml"))


def row(cells):
    return PackSpecification(
        cells=cells, cell_thickness=0.021, cell_width=0.021, cell_height=0.07, cell_mass=0.068, cell_specific_heat=900.0,
        through_conductivity=1.0, interface_conductance=50.0, cooling_coefficient=20.0, cooling_area=0.0046,
    )  # fmt: skip


def test_equal_cells_share_equally_and_follow_the_single_cell():
    found = discharge_network([CELL] * 2, series=1, parallel=2, current=10.0, duration=600.0, pack=row(2), windows=4, passes=1)
    np.testing.assert_allclose(found["current"], 5.0, rtol=1e-9)
    one = simulate_discharge(CELL, current=5.0, duration=600.0)
    assert float(found["pack_voltage"][-1]) == pytest.approx(float(one["voltage"][-1]), abs=1e-3)
    assert found["energy_balance_error"] < 1e-8
    assert found["temperature"][-1, 0] > 299.0


def test_scatter_divides_the_current_and_keeps_its_sum():
    cells = spread_cells(CELL, 2, {"positive_electrode.thickness": 0.03}, seed=4)
    assert cells[0].digest != cells[1].digest
    found = discharge_network(
        cells, series=1, parallel=2, current=10.0, duration=600.0, pack=row(2), windows=4, passes=2, interconnect_resistance=2e-3
    )
    np.testing.assert_allclose(found["current"].sum("cell"), 10.0, rtol=1e-12)
    assert 0 < float(found["current_spread"]) < 0.5
    terminal = found["voltage"] - 2e-3 * found["current"]
    assert float((terminal.max("cell") - terminal.min("cell")).max()) < 2e-4


def test_single_particle_cells_share_a_current_too():
    cells = spread_cells(CELL, 2, {"positive_electrode.thickness": 0.03}, seed=4)
    settings = {"series": 1, "parallel": 2, "current": 5.0, "duration": 600.0, "pack": row(2), "windows": 2, "passes": 1}
    full = discharge_network(cells, **settings)
    reduced = discharge_network(cells, mesh=single_particle(CELL, electrolyte=True)[1], **settings)
    reduced = reduced.interp(time=full["time"])
    np.testing.assert_allclose(reduced["current"], full["current"], rtol=0.02)
    np.testing.assert_allclose(reduced["pack_voltage"], full["pack_voltage"], atol=3e-3)


def test_numbers_of_the_material_scatter_too():
    cells = spread_cells(CELL, 3, {"positive_electrode.particle_radius": 0.1, "positive_electrode.thickness": 0.02}, seed=4)
    radii = [cell.positive_electrode.material.particle_radius for cell in cells]
    assert len(set(radii)) == 3
    assert np.mean(radii) == pytest.approx(CELL.positive_electrode.material.particle_radius, rel=0.2)
    assert cells[0].positive_electrode.thickness != CELL.positive_electrode.thickness


def test_series_adds_voltages():
    found = discharge_network([CELL] * 2, series=2, parallel=1, current=5.0, duration=300.0, pack=row(2), windows=2, passes=1)
    np.testing.assert_allclose(found["pack_voltage"], found["voltage"].sum("cell"))


def test_a_cut_off_ends_the_pack_and_is_named():
    settings = {"series": 1, "parallel": 2, "current": 10.0, "duration": 4800.0, "pack": row(2), "windows": 16, "passes": 1}
    found = discharge_network([CELL] * 2, mesh=single_particle(CELL, electrolyte=True)[1], **settings)
    assert float(found["time"][-1]) < 4800.0
    assert "lower cut-off voltage of the cell reached" in found.attrs["reason"]


def test_bad_input_is_named():
    with pytest.raises(InputError, match="finite"):
        discharge_network([CELL], series=1, parallel=1, current=np.nan, duration=1.0, pack=row(1))
    with pytest.raises(InputError, match="2 × 2"):
        discharge_network([CELL], series=2, parallel=2, current=1.0, duration=1.0, pack=row(4))
    with pytest.raises(InputError, match="the path of a number"):
        spread_cells(CELL, 1, {"positive_electrode.colour": 0.1}, seed=0)
