from __future__ import annotations

import numpy as np
import pytest

from scalith.cell import (
    CellSpecification,
    CrackGrowth,
    DryOut,
    FilmGrowth,
    LossByIsolation,
    LossBySideReaction,
    Mesh,
    Simulation,
    simulate_ageing,
)
from scalith.particle import ParticleStress
from scalith.quantities import InputError

FILM = FilmGrowth(molar_volume=9.585e-5, conductivity=5e-6, solvent_diffusivity=2.5e-19, solvent_concentration=2636.0)
CRACKS = CrackGrowth(rate_constant=3.9e-15, film_on_cracks=FILM.model_copy(update={"solvent_diffusivity": 2.5e-22}))
STRESS = ParticleStress(
    youngs_modulus=15e9, poisson_ratio=0.3, partial_molar_volume=3.1e-6, shifts_voltage=False, hastens_diffusion=False
)
MESH = Mesh(3, 2, 3, nodes=8)


def with_processes(cell, *processes, **changes) -> CellSpecification:
    electrode = cell.negative_electrode
    material = electrode.material.model_copy(update={"processes": processes, "stress": STRESS} | changes)
    return cell.model_copy(update={"negative_electrode": electrode.model_copy(update={"materials": (material,)})})


def test_loss_goes_with_the_lithium_that_films_bind(lgm50):
    share = 0.2  # m2 mol-1
    cell = with_processes(lgm50, FILM, LossBySideReaction(share_per_lithium=share))
    data = simulate_ageing(Simulation(cell, mesh=MESH, state_of_charge=0.8), "Rest for 30 days")
    grown = float(data.film_thickness_negative[-1]) - FILM.initial_thickness
    assert float(data.active_material_lost_negative[-1]) == pytest.approx(share * FILM.lithium() * grown, rel=1e-5)
    assert float(data.active_material_lost_negative[-1]) > 1e-4
    assert float(np.abs(data.lithium_error).max()) < 1e-11


def test_cracks_isolate_by_their_length_against_the_radius(lgm50):
    cell = with_processes(lgm50, CRACKS, LossByIsolation(isolated_share=0.5, exponent=1.5))
    simulation = Simulation(cell, mesh=MESH)
    simulation.hold("current", 5.0, duration=1800.0)
    system, numbers = simulation.cell.system, simulation.state
    first = {row[0]: row[2] for row in reversed(system.processes.tolist())}[0]
    count = int(system.count[0])
    cracks = numbers[first : first + count]  # then the film on them, then what is lost
    lost = numbers[first + 2 * count : first + 3 * count]
    radius = cell.negative_electrode.material.particle_radius
    expected = 0.5 * ((cracks / radius) ** 1.5 - (CRACKS.initial_length / radius) ** 1.5)
    assert np.all(cracks > 1.02 * CRACKS.initial_length)
    np.testing.assert_allclose(lost, expected, rtol=2e-3)


def test_pores_run_dry_once_the_reservoir_is_used_up(lgm50):
    electrode = lgm50.negative_electrode
    pores = electrode.porosity / electrode.material.area
    dry = DryOut(solvent_volume=3.0 * FILM.molar_volume, pore_volume=pores, reservoir=0.01)
    film = FILM.model_copy(update={"solvent_diffusivity": 8e-23})
    cell = with_processes(lgm50, film, dry)
    data = simulate_ageing(Simulation(cell, mesh=MESH, state_of_charge=0.8), "Rest for 5 days", cycles=14)
    consumed = 2.0 * (data.film_thickness_negative.values - FILM.initial_thickness) / pores
    lost = data.active_material_lost_negative.values
    assert consumed[0] < 0.01 < 0.02 < consumed[-1]
    assert np.all(lost[consumed < 0.0099] == 0.0)
    np.testing.assert_allclose(lost[-1], consumed[-1] - 0.01, rtol=0.02)
    assert float(np.abs(data.lithium_error).max()) < 1e-11


def test_without_what_drives_them_they_are_refused(lgm50):
    def refused(*processes):
        electrode = lgm50.negative_electrode.model_dump()
        electrode["materials"][0]["processes"] = [one.model_dump() for one in processes]
        return CellSpecification.read({**lgm50.model_dump(), "negative_electrode": electrode}, "here")

    with pytest.raises(InputError, match="a film beside it"):
        refused(LossBySideReaction(share_per_lithium=1.0))
    with pytest.raises(InputError, match="crack_growth beside it"):
        refused(LossByIsolation())
    with pytest.raises(InputError, match="nothing runs dry"):
        refused(FILM, DryOut(solvent_volume=0.5 * FILM.molar_volume, pore_volume=1e-6))
    kept = refused(FILM, LossBySideReaction(share_per_lithium=1.0))
    assert kept.negative_electrode.material.processes[1] == LossBySideReaction(share_per_lithium=1.0)
