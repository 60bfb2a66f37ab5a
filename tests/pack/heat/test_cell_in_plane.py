from __future__ import annotations

import numpy as np
import pytest

from scalith.cell import CellSpecification, Collectors, Tab, simulate_in_plane, single_particle
from scalith.pack import CellBody, Surface, cell_temperature_field
from scalith.quantities import InputError, shipped

SPM, COARSE = single_particle(CellSpecification.read_toml(shipped("cell/kokam_marquis2019.toml")), electrolyte=True)
WIDTH, HEIGHT = 0.207, 0.137
TAB = Tab(edge="top", centre=0.05, width=0.04)
SHEET = Collectors(
    width=WIDTH, height=HEIGHT, negative_thickness=10e-6, positive_thickness=10e-6, negative_conductivity=5.96e6,
    positive_conductivity=3.55e6, negative_tab=TAB, positive_tab=TAB.model_copy(update={"centre": 0.15}),
)  # fmt: skip
BODY = CellBody(
    shape="prismatic", thickness=4e-3, width=WIDTH, height=HEIGHT, density=2000.0, specific_heat=900.0, conductivity=0.6,
    in_plane_conductivity=20.0,
)  # fmt: skip


@pytest.mark.long
def test_the_heat_of_the_plane_warms_the_cell_where_it_is_made():
    run = simulate_in_plane(SPM, SHEET, ["Discharge at 2C for 5 minutes"], patches=(4, 3), mesh=COARSE)
    area = run.attrs["patch_area"]
    np.testing.assert_allclose(run["heat_density_collectors"].sum(("width", "height")) * area, run["heat_collectors"], rtol=1e-9)
    field = cell_temperature_field(BODY, run, {}, through=2, output_times=6)
    made = np.diff(np.concatenate([[0.0], run.time.values])) @ run.heat.values
    assert float(field["heat_supplied"][-1]) == pytest.approx(made, rel=1e-9)
    assert float(field["block_temperature"][-1, 0]) == pytest.approx(298.15 + made / BODY.heat_capacity, abs=1e-6)
    assert float(field["energy_balance_error"]) < 1e-8
    # Warmest below the tabs, and what is colder at the other edge is what the foils and the currents say.
    last = field["temperature"].values[-1].mean(axis=0)
    assert last[:, -1].mean() > last[:, 0].mean() + 0.01
    total = (run.heat_density + run.heat_density_collectors).values
    made_there = np.tensordot(np.diff(np.concatenate([[0.0], run.time.values])), total, 1)
    assert np.corrcoef(last.ravel(), made_there.ravel())[0, 1] > 0.9


def test_another_sheet_and_another_result_are_named():
    run = simulate_in_plane(SPM, SHEET, ["Discharge at 1C for 10 s"], patches=(1, 1), mesh=COARSE)
    with pytest.raises(InputError, match="that of the sheet"):
        cell_temperature_field(BODY.model_copy(update={"width": 0.1}), run, {"x_low": Surface(heat_transfer_coefficient=5.0)})
    with pytest.raises(InputError, match="simulate_in_plane"):
        cell_temperature_field(BODY, run.drop_vars("heat_density_collectors"), {})
