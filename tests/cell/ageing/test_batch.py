from __future__ import annotations

import numpy as np
import pytest

from scalith.cell import (
    CellSpecification,
    EndOfLife,
    Mesh,
    ReactionLimitedFilm,
    Simulation,
    simulate_ageing,
    simulate_ageing_batch,
)
from scalith.cell.ageing.life import TOLERANCE
from scalith.quantities import InputError, shipped

CYCLE = ["Discharge at 1C until 2.8 V", "Charge at 1C until 4.1 V"]
MESH = Mesh(3, 2, 3, nodes=8)
RATE = "negative_electrode.processes.0.exchange_current_density"


@pytest.fixture(scope="module")
def cell() -> CellSpecification:
    film = ReactionLimitedFilm(molar_volume=9.585e-5, conductivity=5e-6, exchange_current_density=1e-7)
    cell = CellSpecification.read_toml(shipped("cell/lgm50_chen2020.toml"))
    electrode = cell.negative_electrode
    material = electrode.material.model_copy(update={"processes": (film,)})
    return cell.model_copy(update={"negative_electrode": electrode.model_copy(update={"materials": (material,)})})


def test_each_life_is_the_one_that_it_is_alone(cell):
    rates, temperatures = [1e-7, 3e-6], [298.15, 308.15]
    data = simulate_ageing_batch(
        cell, {RATE: rates}, CYCLE, cycles=12, temperature=temperatures, until=EndOfLife(capacity=0.545), mesh=MESH
    )
    assert data.sizes == {"run": 2, "cycle": 12}
    for b, (rate, temperature) in enumerate(zip(rates, temperatures, strict=True)):
        film = cell.negative_electrode.material.processes[0].model_copy(update={"exchange_current_density": rate})
        material = cell.negative_electrode.material.model_copy(update={"processes": (film,)})
        electrode = cell.negative_electrode.model_copy(update={"materials": (material,)})
        alone = simulate_ageing(
            Simulation(
                cell.model_copy(update={"negative_electrode": electrode}), mesh=MESH, temperature=temperature, tolerance=TOLERANCE
            ),
            CYCLE, cycles=12, until=EndOfLife(capacity=0.545),
        )  # fmt: skip
        last = alone.sizes["cycle"]
        assert int(data.last_cycle[b]) == last
        np.testing.assert_array_equal(data.discharge_capacity.values[b, :last], alone.discharge_capacity.values)
        assert np.all(np.isnan(data.discharge_capacity.values[b, last:]))
        assert str(data.reason[b].values) == alone.attrs["reason"]
    assert int(data.last_cycle[1]) < 12
    data.plot()


def test_wrong_input_is_told_before_a_life_begins(cell):
    with pytest.raises(InputError, match="solvent_diffusivity"):
        simulate_ageing_batch(cell, {"negative_electrode.processes.0.solvent_diffusivity": [1.0]}, CYCLE, mesh=MESH)
    with pytest.raises(InputError, match="as the longest"):
        simulate_ageing_batch(cell, {RATE: [1e-7, 2e-7]}, CYCLE, temperature=[298.15] * 3, mesh=MESH)
    with pytest.raises(InputError, match="limit of the resistance"):
        simulate_ageing_batch(cell, {RATE: 1e-7}, CYCLE, until=EndOfLife(resistance=2.0), mesh=MESH)
    with pytest.raises(InputError, match=r"simulate_ageing_batch.*active material in run 1.*together at most 1"):
        simulate_ageing_batch(cell, {"negative_electrode.porosity": [0.25, 0.9]}, CYCLE, mesh=MESH)
    with pytest.raises(InputError, match="no values"):
        simulate_ageing_batch(cell, {RATE: []}, CYCLE, mesh=MESH)


def test_a_life_that_ends_in_its_first_cycle_hides_nothing_of_the_others(cell):
    data = simulate_ageing_batch(cell, {RATE: [1.0, 1e-7]}, CYCLE, temperature=298.15, mesh=MESH)
    assert data.last_cycle.values.tolist() == [0, 1]
    assert np.isnan(data.film_thickness_negative.values[0, 0])
    assert data.film_thickness_negative.values[1, 0] > 0.0
    assert data.initial_temperature.attrs["units"] == "K"
    assert '"mesh"' in data.attrs["source"]
