from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from scalith.cell import (
    CellSpecification,
    CrackGrowth,
    FilmGrowth,
    LossByIsolation,
    Mesh,
    Simulation,
    simulate_ageing,
    simulate_ageing_batch,
    simulate_sensitivities,
)
from scalith.cell.kernels import events, layout, records
from scalith.cell.processes.all_processes import processes_of
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


BY_CYCLE = PARIS.model_copy(update={"per": "cycle"})


def after_cycles(process, material, tension, cycles, parts=7) -> float:
    """Length of a crack after so many cycles from no tension to one and back, in steps."""
    aged = material.model_copy(update={"processes": (process,)})
    kinds = processes_of(aged)
    states = np.array([kind.initial_state() for kind in kinds])
    rows = [kind.row(aged) for kind in kinds]
    rise = np.linspace(0.0, tension, parts)
    for stress in np.tile(np.concatenate([rise, rise[::-1]]), cycles):
        for k, kind in enumerate(kinds):
            out = np.zeros(layout.STATES + states.size)
            out[layout.MEAN], out[layout.STATES :] = 0.5 + stress / tangential_stress(aged), states
            kernel = kind.change_between_steps(aged)
            kernel(0.0, 1.0, 0.5, 0.0, 298.15, states[k], rows[k], out)
            states[k] += out[layout.CHANGE]
    assert states[1] == 0.0  # the tension has gone, and with it the largest
    return float(states[0])


def closed_form(process, tension, cycles) -> float:
    m, start = process.exponent, process.initial_length
    driven = process.rate_constant * (process.geometry_factor * tension * np.sqrt(np.pi)) ** m * cycles
    return start * np.exp(driven) if m == 2.0 else (start ** (1 - m / 2) + (1 - m / 2) * driven) ** (1 / (1 - m / 2))


def cycles_to(process, tension, length) -> float:
    m, start = process.exponent, process.initial_length
    driven = process.rate_constant * (process.geometry_factor * tension * np.sqrt(np.pi)) ** m
    return (length ** (1 - m / 2) - start ** (1 - m / 2)) / ((1 - m / 2) * driven)


@pytest.mark.parametrize(("exponent", "cycles"), [(2.2, 173), (2.0, 50), (1.5, 50)])
def test_paris_law_by_the_cycle_is_its_integral_at_constant_amplitude(ageing_cell, exponent, cycles):
    process = BY_CYCLE.model_copy(update={"exponent": exponent, "rate_constant": 3.9e-20 * 1.7e4 ** (2.2 - exponent)})
    material = ageing_cell.negative_electrode.material
    found = after_cycles(process, material, 60e6, cycles)
    assert found == pytest.approx(closed_form(process, 60e6, cycles), rel=1e-11)


def test_cycles_that_a_crack_takes_to_a_length():
    """The law's own numbers at 60 MPa: 40 nm, 1 um, and no bound."""
    assert cycles_to(BY_CYCLE, 60e6, 40e-9) == pytest.approx(172.8, abs=0.05)
    assert cycles_to(BY_CYCLE, 60e6, 1e-6) == pytest.approx(835.6, abs=0.05)
    assert cycles_to(BY_CYCLE, 60e6, np.inf) == pytest.approx(2580.8, abs=0.05)


def test_a_small_cycle_within_a_large_one_counts_for_nothing_and_compression_neither(ageing_cell):
    material = ageing_cell.negative_electrode.material
    aged = material.model_copy(update={"processes": (BY_CYCLE,)})
    numbers, place = BY_CYCLE.row(aged), 1
    out = np.zeros(layout.STATES + 2)
    for stress, peak in ((30e6, 60e6), (-60e6, 0.0)):
        out[:] = 0.0
        out[layout.MEAN], out[layout.STATES + place] = 0.5 + stress / tangential_stress(aged), peak
        BY_CYCLE.change_between_steps(aged)(0.0, 1.0, 0.5, 0.0, 298.15, 2e-8, numbers, out)
        assert out[layout.CHANGE] == 0.0


def with_cracks(cell, *processes):
    electrode = cell.negative_electrode
    material = electrode.material.model_copy(update={"processes": processes})
    return cell.model_copy(update={"negative_electrode": electrode.model_copy(update={"materials": (material,)})})


CYCLE = ["Discharge at 1C for 20 minutes", "Charge at 1C for 20 minutes", "Rest for 10 minutes"]


def test_cracks_of_a_cell_grow_by_the_largest_tension_of_each_cycle(ageing_cell):
    fast = BY_CYCLE.model_copy(update={"rate_constant": 3.9e-16})
    simulation = Simulation(with_cracks(ageing_cell, fast), mesh=Mesh(2, 1, 2, nodes=8), state_of_charge=0.8)
    length, system = np.full(2, fast.initial_length), simulation.cell.system
    half, at = 1.0 - 0.5 * fast.exponent, system.at.states
    nodes, volumes = int(system.nodes[0]), system.volumes[0, : int(system.nodes[0])]
    for _ in range(2):
        first = len(simulation.rows)
        simulation.hold("current", 5.0, duration=1200.0, keep_states=True)
        x = simulation.states[first:, : 2 * nodes].reshape(-1, nodes, 2)
        lacking = np.einsum("k,tkn->tn", volumes / volumes.sum(), x) - x[:, -1]
        largest = tangential_stress(simulation.cell.materials[0]) * lacking.max(axis=0)
        driven = fast.rate_constant * (fast.geometry_factor * largest * np.sqrt(np.pi)) ** fast.exponent
        length = (length**half + half * driven) ** (1.0 / half)
        simulation.hold("current", -5.0, duration=1200.0)
    assert length.min() > 1.01 * fast.initial_length
    np.testing.assert_allclose(simulation.state[at : at + 2], length, rtol=1e-9)


def test_cracks_by_the_cycle_keep_lithium_and_charge_are_skipped_and_resumed(ageing_cell):
    film = ageing_cell.negative_electrode.material.processes[0]
    cracks = BY_CYCLE.model_copy(update={"rate_constant": 3.9e-18, "film_on_cracks": film})
    cell = with_cracks(ageing_cell, film, cracks, LossByIsolation(exponent=1.0))
    small = Mesh(2, 1, 2, nodes=8)

    def aged(cycles, **options):
        return simulate_ageing(Simulation(cell, mesh=small, state_of_charge=0.8), CYCLE, cycles=cycles, **options)

    solved = aged(30)
    assert float(np.abs(solved.lithium_error).max()) < 1e-12
    assert float(np.abs(solved.charge_error).max()) < 1e-12
    length = solved.crack_length_negative.values
    assert np.all(np.diff(length) > 0.0)
    radius = cell.negative_electrode.material.particle_radius
    lost = (length[-1] - cracks.initial_length) / radius
    assert float(solved.active_material_lost_negative[-1]) == pytest.approx(lost, rel=1e-6)
    skipped = aged(30, extrapolate=1e-2)
    assert skipped.attrs["solved_cycles"] < 25
    assert float(skipped.crack_length_negative[-1]) == pytest.approx(length[-1], rel=2e-4)
    resumed = aged(30, resume=aged(15))
    assert float(resumed.crack_length_negative[-1]) == pytest.approx(length[-1], rel=1e-9)
    full = simulate_ageing(Simulation(cell, mesh=small, tolerance=1e-3), CYCLE, cycles=2)
    batch = simulate_ageing_batch(cell, {}, CYCLE, cycles=2, mesh=small, temperature=[298.15])
    np.testing.assert_allclose(batch.crack_length_negative[0], full.crack_length_negative, rtol=1e-12)


def test_a_crack_through_its_particle_ends_the_run_and_says_where(ageing_cell):
    for process in (PARIS, BY_CYCLE):
        process = process.model_copy(update={"rate_constant": 3.9e-12})
        simulation = Simulation(with_cracks(ageing_cell, process), mesh=Mesh(2, 1, 2, nodes=8), state_of_charge=0.8)
        data = simulate_ageing(simulation, CYCLE, cycles=3)
        assert "cycle 1" in data.attrs["reason"]
        assert "cracks are as long as the radius of their particles, negative material" in data.attrs["reason"]


def test_what_ends_a_run_between_two_steps_is_its_last_record(ageing_cell):
    """Also where only some times are asked for."""
    cell = with_cracks(ageing_cell, BY_CYCLE.model_copy(update={"rate_constant": 3.9e-12}))
    simulation = Simulation(cell, mesh=Mesh(2, 1, 2, nodes=8), state_of_charge=0.8)
    simulation.hold("current", 5.0, duration=1200.0, output_times=np.array([0.0, 1200.0]))
    assert simulation.reason == events.CRACKED_THROUGH
    assert 0.0 < simulation.time < 1200.0
    assert simulation.rows[-1, records.TIME] == simulation.time


def test_a_loss_changes_between_steps_where_what_drives_it_does(ageing_cell):
    loss = LossByIsolation(exponent=1.0)
    for cracks, there in ((PARIS, False), (BY_CYCLE, True)):
        material = with_cracks(ageing_cell, cracks, loss).negative_electrode.material
        assert (loss.change_between_steps(material) is not None) == there


def test_the_film_on_cracks_is_known_where_its_law_is(ageing_cell):
    film = ageing_cell.negative_electrode.material.processes[0].model_copy(update={"known_at": (280.0, 290.0)})
    cell = with_cracks(ageing_cell, PARIS.model_copy(update={"film_on_cracks": film}))
    data = simulate_ageing(Simulation(cell, mesh=Mesh(2, 1, 2, nodes=8), state_of_charge=0.8), CYCLE, cycles=1)
    assert "film on cracks on the negative material is known from 6.85 to 16.85 degC only" in data.attrs["reason"]


def test_what_cracks_take_up_between_steps_has_no_derivative(ageing_cell):
    with pytest.raises(InputError, match=r"crack_growth: per.*cycle"):
        simulate_sensitivities(
            with_cracks(ageing_cell, BY_CYCLE), ["positive_electrode.thickness"], c_rate=1.0, mesh=Mesh(2, 1, 2, nodes=8)
        )
