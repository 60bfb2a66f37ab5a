from __future__ import annotations

import numpy as np
import pytest

from scalith.cell import (
    ActiveMaterial,
    AgeingSegment,
    CellSpecification,
    EndOfLife,
    FilmGrowth,
    LithiumPlating,
    Mesh,
    ReactionLimitedFilm,
    Simulation,
    ThermalSpecification,
    simulate_ageing,
)
from scalith.cell.ageing.extrapolation import Extrapolation
from scalith.cell.ageing.inventory import Inventory
from scalith.quantities import InputError, read_results, shipped

CYCLE = ["Discharge at 1C until 2.8 V", "Charge at 1C until 4.1 V"]
MESH = Mesh(3, 2, 3, nodes=8)
FILM = FilmGrowth(molar_volume=9.585e-5, conductivity=5e-6, solvent_diffusivity=2.5e-20, solvent_concentration=2636.0)


@pytest.fixture(scope="module")
def filmed() -> CellSpecification:
    cell = CellSpecification.read_toml(shipped("cell/lgm50_chen2020.toml"))
    electrode = cell.negative_electrode
    material = electrode.material.model_copy(update={"processes": (FILM,)})
    return cell.model_copy(update={"negative_electrode": electrode.model_copy(update={"materials": (material,)})})


def fresh(cell: CellSpecification) -> Simulation:
    return Simulation(cell, mesh=MESH, state_of_charge=0.9)


def test_cycles_are_accounted_for_and_the_result_draws_itself(filmed):
    data = simulate_ageing(fresh(filmed), CYCLE, cycles=4)
    assert data.sizes["cycle"] == 4
    assert data.attrs["reason"] == "all cycles done"
    assert float(np.abs(data.lithium_error).max()) < 1e-11
    assert float(np.abs(data.charge_error).max()) < 1e-11
    assert np.all(np.diff(data.discharge_capacity.values) < 0.0)
    # What the particles have lost is in the film: the salt of the electrolyte stays what it is.
    taken = float(data.lithium_in_film_negative[-1] - data.lithium_in_film_negative[0])
    held = (data.lithium_in_particles_negative + data.lithium_in_particles_positive).values
    assert held[0] - held[-1] == pytest.approx(taken, rel=1e-6)
    assert len(data.plot().axes) == 4
    assert np.isnan(float(data.knee_cycle))


def test_a_run_that_was_cut_goes_on_as_if_it_had_not_been(filmed, tmp_path):
    whole = simulate_ageing(fresh(filmed), CYCLE, cycles=4)
    simulate_ageing(fresh(filmed), CYCLE, cycles=2, file=tmp_path / "life.nc")
    resumed = simulate_ageing(fresh(filmed), CYCLE, cycles=4, resume=tmp_path / "life.nc")
    np.testing.assert_array_equal(resumed.final_state, whole.final_state)
    np.testing.assert_array_equal(resumed.discharge_capacity, whole.discharge_capacity)
    with pytest.raises(InputError, match="the same cell"):
        simulate_ageing(Simulation(shipped("cell/lgm50_chen2020.toml"), mesh=MESH), CYCLE, resume=tmp_path / "life.nc")


def test_an_interrupt_keeps_what_there_is(filmed, tmp_path):
    def stop(share: float, words: str) -> None:
        if words == "cycle 3":
            raise KeyboardInterrupt

    data = simulate_ageing(fresh(filmed), CYCLE, cycles=9, file=tmp_path / "life.nc", progress=stop)
    assert data.attrs["reason"] == "interrupted"
    assert data.sizes["cycle"] == 2
    assert read_results(tmp_path / "life.nc").sizes["cycle"] == 2


def test_an_interrupt_within_a_cycle_keeps_the_one_before(filmed, monkeypatch):
    """The state kept is that of the end of the last whole cycle: what goes on from it is the undisturbed run."""
    whole = simulate_ageing(fresh(filmed), CYCLE, cycles=4)
    follow, calls = Simulation.follow, []

    def interrupted(self, *arguments, **more):
        follow(self, *arguments, **more)
        calls.append(1)
        if len(calls) == 5:  # the discharge of the third cycle is done, its charge is not
            raise KeyboardInterrupt

    monkeypatch.setattr(Simulation, "follow", interrupted)
    broken = simulate_ageing(fresh(filmed), CYCLE, cycles=4)
    monkeypatch.undo()
    assert broken.attrs["reason"] == "interrupted"
    assert broken.sizes["cycle"] == 2
    again = simulate_ageing(fresh(filmed), CYCLE, cycles=4, resume=broken)
    np.testing.assert_array_equal(again.final_state.values, whole.final_state.values)


def test_an_interrupt_behind_a_jump_takes_back_the_jump(filmed):
    """Nothing has judged it: only cycles that were solved are handed back, and a run goes on from the last of them."""
    numbers = []

    def stop(share: float, words: str) -> None:
        if words.startswith("cycle "):
            numbers.append(int(words.split()[1]))
            if len(numbers) > 1 and numbers[-1] > numbers[-2] + 1:
                raise KeyboardInterrupt

    data = simulate_ageing(fresh(filmed), CYCLE, cycles=40, extrapolate=0.05, progress=stop)
    assert data.attrs["reason"] == "interrupted"
    assert numbers[-1] > numbers[-2] + 1
    assert data.sizes["cycle"] == numbers[-2] == data.attrs["solved_cycles"]
    solved = simulate_ageing(fresh(filmed), CYCLE, cycles=numbers[-2])
    np.testing.assert_array_equal(data.final_state, solved.final_state)


def test_segments_of_a_cell_that_warms_have_the_temperatures_of_their_surroundings(filmed):
    thermal = ThermalSpecification(heat_capacity=80.0, heat_transfer=0.3, ambient_temperature=298.15)
    cell = filmed.model_copy(update={"thermal": thermal})
    life = [AgeingSegment(steps="Rest for 1 day", cycles=1, temperature=T) for T in (298.15, 318.15, 298.15)]
    data = simulate_ageing(Simulation(cell, mesh=Mesh(4, 3, 4, nodes=8), thermal="lumped"), life)
    assert np.allclose(data.end_temperature.values, [298.15, 318.15, 298.15], atol=0.01)


def test_two_films_of_one_material_are_both_in_the_account(filmed):
    electrode = filmed.negative_electrode
    other = ReactionLimitedFilm(molar_volume=9.585e-5, conductivity=5e-6, exchange_current_density=1e-7)
    material = electrode.material.model_copy(update={"processes": (FILM, other)})
    cell = filmed.model_copy(update={"negative_electrode": electrode.model_copy(update={"materials": (material,)})})
    alone, both = (simulate_ageing(fresh(one), "Rest for 30 days") for one in (filmed, cell))
    assert float(both.lithium_in_film_negative[-1]) > 1.01 * float(alone.lithium_in_film_negative[-1])
    assert float(np.abs(both.lithium_error).max()) < 1e-10
    published = CellSpecification.read_toml(shipped("cell/lgm50_okane2022_ageing.toml")).negative_electrode.material
    plating = next(one for one in published.processes if isinstance(one, LithiumPlating))
    with pytest.raises(InputError, match="two of lithium_plating"):
        ActiveMaterial.read(dict(material) | {"processes": (plating, plating)}, "material")


def test_storage_in_segments_follows_the_law_of_the_film(filmed):
    life = [
        AgeingSegment(steps="Rest for 10 days", cycles=2, temperature=298.15),
        AgeingSegment(steps="Rest for 10 days", cycles=1, temperature=298.15),
    ]
    data = simulate_ageing(fresh(filmed), life)
    t = 30.0 * 86400.0
    exact = np.sqrt(25e-18 + 2.0 * 9.585e-5 * 2.5e-20 * 2636.0 * t)
    assert float(data.film_thickness_negative[-1]) == pytest.approx(exact, rel=1e-3)
    assert float(data.end_time[-1]) == pytest.approx(t)


def test_a_life_ends_at_its_limit_and_says_in_which_cycle(filmed):
    data = simulate_ageing(fresh(filmed), CYCLE, cycles=50, until=EndOfLife(capacity=0.995))
    assert data.sizes["cycle"] < 50
    assert f"cycle {data.sizes['cycle']}: the capacity is below 0.995" in data.attrs["reason"]


def test_pores_that_close_end_it_with_the_cycle_and_the_place(filmed):
    electrode = filmed.negative_electrode
    thick = FILM.model_copy(update={"solvent_diffusivity": 1e-16})
    material = electrode.material.model_copy(update={"processes": (thick,)})
    cell = filmed.model_copy(update={"negative_electrode": electrode.model_copy(update={"materials": (material,)})})
    data = simulate_ageing(fresh(cell), "Rest for 300 days", cycles=3)
    assert "closed the pores" in data.attrs["reason"]
    assert "um from the negative collector" in data.attrs["reason"]
    assert data.sizes["cycle"] == 0
    data.plot()  # an ageing without a whole cycle is empty, and drawn so


def test_a_life_ends_where_the_data_of_a_process_do(filmed):
    electrode = filmed.negative_electrode
    known = FilmGrowth.read(dict(FILM) | {"known_at": ["10 degC", "40 degC"]}, "film")
    material = electrode.material.model_copy(update={"processes": (known,)})
    cell = filmed.model_copy(update={"negative_electrode": electrode.model_copy(update={"materials": (material,)})})
    life = [AgeingSegment(steps="Rest for 10 days", cycles=1, temperature=T) for T in (313.15, 283.15, 318.15)]
    data = simulate_ageing(fresh(cell), life)
    assert data.sizes["cycle"] == 2
    said = "45 degC, and film growth on the negative material is known from 10 to 40 degC only"
    assert data.attrs["reason"] == f"cycle 3: 'Rest for 10 days': {said}"
    assert float(data.film_thickness_negative[-1]) > float(data.film_thickness_negative[0])
    with pytest.raises(InputError, match="the lower one first"):
        FilmGrowth.read(dict(FILM) | {"known_at": ["40 degC", "10 degC"]}, "film")


def test_plating_that_runs_away_ends_it_with_its_cycle_and_all_lithium_found_again():
    """A thousand times the rate, and lithium that dies within an hour."""
    cell = CellSpecification.read_toml(shipped("cell/lgm50_okane2022_ageing.toml"))
    electrode = cell.negative_electrode
    fast = {"rate_constant": 2e-6, "dead_lithium_decay_rate": 1e-3}
    processes = tuple(
        one.model_copy(update=fast) if isinstance(one, LithiumPlating) else one for one in electrode.material.processes
    )
    material = electrode.material.model_copy(update={"processes": processes})
    cell = cell.model_copy(update={"negative_electrode": electrode.model_copy(update={"materials": (material,)})})
    steps = ["Charge at 2C until 4.4 V", "Discharge at 1C until 2.8 V"]
    data = simulate_ageing(fresh(cell), steps, cycles=60, until=EndOfLife(capacity=0.5))
    last = data.sizes["cycle"]
    assert 1 < last < 60
    assert data.attrs["reason"] == f"cycle {last}: the capacity is below 0.5 of the first one"
    assert np.all(np.abs(data.lithium_error.values) < 1e-10)
    assert np.all(np.diff(data.lithium_inventory_lost.values) > 0.0)
    assert float(data.lithium_inventory_lost[-1]) > 0.05


def test_a_jump_over_a_parabola_is_exact_and_keeps_lithium(filmed):
    """Second order: a state that is quadratic in the cycle is foretold without error."""
    simulation = fresh(filmed)
    inventory = Inventory(simulation.cell)
    at = simulation.cell.system.at
    start = simulation.state.copy()

    def state(n: float) -> np.ndarray:
        y = start.copy()
        y[at.states : at.electrolyte] += 1e-10 * n - 1e-13 * n * n
        moved = inventory.totals(y)[0] - inventory.totals(start)[0]
        sites = sum(inventory.material(p) * inventory.widths(p).sum() for p in range(2))
        y[: at.salt] -= moved / sites
        return y

    jumps = Extrapolation(inventory, 1e-3, 100)
    for n in range(1, 7):
        assert jumps.observe(n, state(n - 1), state(n))
    jumps.wanted = 20.0
    count, made = jumps.jump(6, 100, state(6), 0.0)
    assert count == 20
    np.testing.assert_allclose(made[at.states : at.electrolyte], state(26)[at.states : at.electrolyte], rtol=1e-12)
    assert inventory.totals(made)[0] == pytest.approx(inventory.totals(start)[0], rel=1e-13)


def test_a_step_that_never_ends_ends_the_life_and_keeps_what_was_done(filmed):
    # The film takes more current than the step waits for.
    data = simulate_ageing(fresh(filmed), ["Discharge at 1C for 60 s", "Hold at 4.0 V until C/100000000"], cycles=2)
    assert data.attrs["reason"].startswith("cycle 1: 'Hold at 4.0 V until C/100000000': ")
    assert data.attrs["reason"].endswith("two days passed without reaching its end")
    assert data.attrs["solved_cycles"] == 0
    assert data["final_state"].notnull().all()


def test_wrong_input_is_one_sentence(filmed):
    with pytest.raises(InputError, match="at least one"):
        simulate_ageing(fresh(filmed), CYCLE, cycles=0)
    with pytest.raises(InputError, match="segments alone"):
        simulate_ageing(fresh(filmed), [AgeingSegment(steps="Rest for 1 day"), "Rest for 1 day"])
    with pytest.raises(InputError, match="check_up_every"):
        simulate_ageing(fresh(filmed), CYCLE, until=EndOfLife(resistance=2.0))
