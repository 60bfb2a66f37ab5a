from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from scalith.cell import CellSpecification, CrackGrowth, FilmGrowth, Mesh, Simulation
from scalith.cell.kernels import layout
from scalith.cell.processes.stress_of_surface import hydrostatic_stress, tangential_stress
from scalith.quantities import InputError, shipped

PARIS = CrackGrowth(rate_constant=3.9e-20, exponent=2.2, geometry_factor=1.12, initial_length=20e-9)


@pytest.fixture(scope="module")
def ageing_cell() -> CellSpecification:
    return CellSpecification.read_toml(shipped("cell/lgm50_okane2022_ageing.toml"))


def rate(process, numbers, x, mean, z, states=()) -> np.ndarray:
    out = np.zeros(layout.STATES + len(states))
    out[layout.MEAN] = mean
    out[layout.STATES :] = states
    type(process).rate(0.1, 1.0, x, 0.0, 298.15, z, numbers, out)
    return out


@pytest.mark.parametrize(("stress", "expected"), [(20e6, 28.430e-9), (50e6, 403.14e-9)])
def test_paris_law_of_constant_tension_in_closed_form(ageing_cell, stress, expected):
    material = ageing_cell.negative_electrode.material
    numbers, x = PARIS.row(material), 0.5
    mean = x + stress / tangential_stress(material)
    hours = 1000.0
    found = solve_ivp(
        lambda t, z: [rate(PARIS, numbers, x, mean, z[0])[layout.CHANGE]], (0.0, hours * 3600.0), [20e-9], rtol=1e-10, atol=1e-18
    ).y[0, -1]
    m = PARIS.exponent
    power = 20e-9 ** (1.0 - m / 2.0) + (1.0 - m / 2.0) * PARIS.rate_constant * (1.12 * stress * np.sqrt(np.pi)) ** m * hours
    assert found == pytest.approx(power ** (1.0 / (1.0 - m / 2.0)), rel=1e-7)
    assert found == pytest.approx(expected, rel=2e-5)


def test_compression_opens_no_crack_and_slopes_are_those_of_the_rate(ageing_cell):
    numbers = PARIS.row(ageing_cell.negative_electrode.material)
    assert not rate(PARIS, numbers, 0.5, 0.45, 3e-8)[: layout.OUTPUTS].any()
    at = rate(PARIS, numbers, 0.5, 0.55, 3e-8)
    by_state = (rate(PARIS, numbers, 0.5, 0.55, 3.001e-8) - rate(PARIS, numbers, 0.5, 0.55, 2.999e-8))[layout.CHANGE] / 2e-11
    by_x = (rate(PARIS, numbers, 0.50001, 0.55, 3e-8) - rate(PARIS, numbers, 0.49999, 0.55, 3e-8))[layout.CHANGE] / 2e-5
    assert at[layout.CHANGE_BY_STATE] == pytest.approx(by_state, rel=1e-5)
    assert at[layout.CHANGE_BY_STOICHIOMETRY] == pytest.approx(by_x, rel=1e-5)


def test_a_film_on_cracks_grows_as_its_law_over_their_surface(ageing_cell):
    material = ageing_cell.negative_electrode.material
    cracks = next(one for one in material.processes if isinstance(one, CrackGrowth))
    (film,) = cracks.companions()
    numbers, law = film.row(material), cracks.film_on_cracks
    place = int(numbers[layout.OWN + 1])
    length, states = 25e-9, np.zeros(place + 1)
    states[place] = length
    surface = 2.0 * cracks.number_density * cracks.width * length
    out = rate(film, numbers, 0.5, 0.5, 2e-9 * surface, states)
    alone = rate(law, law.row(material), 0.5, 0.5, 2e-9)
    assert isinstance(law, FilmGrowth)
    assert out[layout.CHANGE] == pytest.approx(surface * alone[layout.CHANGE], rel=1e-12)
    assert out[layout.SIDE] == pytest.approx(-film.lithium() * out[layout.CHANGE], rel=1e-12)
    assert out[layout.CHANGE_BY_STATE] == pytest.approx(alone[layout.CHANGE_BY_STATE], rel=1e-12)


def test_hydrostatic_stress_is_two_thirds_of_the_tangential_one(ageing_cell):
    material = ageing_cell.negative_electrode.material
    stress, c = material.stress, material.maximum_concentration
    sigma = stress.partial_molar_volume * stress.youngs_modulus * c / (3.0 * (1.0 - stress.poisson_ratio))
    assert tangential_stress(material) == pytest.approx(sigma, rel=1e-12)
    assert hydrostatic_stress(material) == pytest.approx(2.0 * sigma / 3.0, rel=1e-12)


def test_it_asks_for_the_elasticity_of_the_material(lgm50):
    electrode = lgm50.negative_electrode.model_dump()
    electrode["materials"][0]["processes"] = [{"kind": "crack_growth", "rate_constant": 3.9e-20}]
    with pytest.raises(InputError, match="Young's modulus"):
        CellSpecification.read({**lgm50.model_dump(), "negative_electrode": electrode}, "here")


def test_a_cycle_with_everything_on_keeps_lithium_and_charge(ageing_cell):
    simulation = Simulation(ageing_cell, mesh=Mesh(4, 3, 4, nodes=10))
    data = simulation.run(["Discharge at 1C until 2.5 V", "Charge at 1C until 4.2 V", "Hold at 4.2 V until C/10"])
    assert float(np.abs(data.lithium_error).max()) < 1e-11
    assert float(np.abs(data.charge_error).max()) < 1e-10
    assert float(data.lithium_in_lost_material_negative[-1]) > 0.0


def test_a_cell_that_ages_reads_back_what_it_writes(ageing_cell):
    again = CellSpecification.read(ageing_cell.model_dump(mode="json"), "here")
    assert again.negative_electrode.material.processes == ageing_cell.negative_electrode.material.processes
    assert again.digest == ageing_cell.digest
