from __future__ import annotations

import numpy as np
import pytest

from scalith.cell import (
    ElectronMigrationFilm,
    FilmGrowth,
    GrowthRegimesFilm,
    InterstitialDiffusionFilm,
    ReactionLimitedFilm,
    SolventReactionFilm,
    TunnellingFilm,
    simulate_discharge,
    simulate_impedance,
    simulate_protocol,
    simulate_sensitivities,
)
from scalith.cell.kernels import layout
from scalith.cell.runs.simulation import Simulation
from scalith.quantities import InputError, Property, Source
from scalith.quantities.constants import FARADAY, GAS_CONSTANT

FILM = {
    "initial_thickness": "5 nm",
    "molar_volume": "9.6e-5 m3/mol",
    "solvent_diffusivity": "2.5e-22 m2/s",
    "solvent_concentration": "4541 mol/m3",
    "conductivity": "5e-6 S/m",
}


def with_film(cell, **changes):
    film = FilmGrowth.read(FILM | changes)
    electrode = cell.negative_electrode
    material = electrode.material.model_copy(update={"processes": (film,)})
    return cell.model_copy(update={"negative_electrode": electrode.model_copy(update={"materials": (material,)})})


def thickness(simulation):
    at = simulation.cell.system.at
    return simulation.state[at.states : at.electrolyte]


def test_the_film_grows_with_the_root_of_time_exactly(lgm50):
    """L² = L₀² + 2 V̄ D c t, at rest and while cycled: the growth does not know of the current."""
    film = FilmGrowth.read(FILM)
    for steps in (["Rest for 100 hours"], ["Discharge at C/2 for 1 hour", "Charge at C/2 for 1 hour", "Rest for 3 hours"]):
        simulation = Simulation(with_film(lgm50), state_of_charge=0.9)
        simulation.run(steps)
        growth = 2.0 * film.molar_volume * film.solvent_diffusivity * film.solvent_concentration * simulation.time
        np.testing.assert_allclose(thickness(simulation), np.sqrt(film.initial_thickness**2 + growth), rtol=1e-4)


def test_lithium_and_charge_are_accounted_for_to_the_last_atom(lgm50):
    cell = with_film(lgm50, solvent_diffusivity="2.5e-20 m2/s")
    data = simulate_protocol(cell, ["Discharge at 1C for 50 minutes", "Charge at C/2 for 90 minutes", "Rest for 50 hours"])
    bound = data.lithium_bound_negative.values
    assert bound[-1] > 1.01 * bound[0]
    assert float(np.abs(data.lithium_error).max()) < 1e-10
    assert float(np.abs(data.charge_error).max()) < 1e-10
    assert float(np.abs(data.energy_error).max()) < 1e-8
    # What the film binds is missing in the particles.
    x = data.stoichiometry_negative.values
    material, electrode = cell.negative_electrode.material, cell.negative_electrode
    moles = cell.plane_area * electrode.thickness * material.volume_fraction * material.maximum_concentration
    passed = data.capacity.values / FARADAY
    np.testing.assert_allclose(moles * (x - x[0]) + passed, bound[0] - bound, atol=1e-9 * moles)


def test_at_rest_the_film_discharges_the_electrode(lgm50):
    simulation = Simulation(with_film(lgm50, solvent_diffusivity="2.5e-20 m2/s"), state_of_charge=0.9)
    before = simulation.state_of_charge
    data = simulation.run(["Rest for 30 hours"])
    lost = float(data.lithium_bound_negative[-1] - data.lithium_bound_negative[0]) * FARADAY
    window = simulation.specification.capacity_of_window("negative")
    assert before - simulation.state_of_charge == pytest.approx(lost / window, rel=1e-6)


def test_its_resistance_is_that_of_a_film(lgm50):
    """A thick film that does not grow acts as the film resistance L/κ of the material; the porosity is that with the film."""
    still = {"solvent_diffusivity": "1e-40 m2/s", "initial_thickness": "50 nm"}
    electrode = lgm50.negative_electrode
    material = electrode.material.model_copy(update={"film_resistance": 50e-9 / 5e-6})
    plain = lgm50.model_copy(update={"negative_electrode": electrode.model_copy(update={"materials": (material,)})})
    times = np.linspace(60.0, 3000.0, 20)
    found, expected = (simulate_discharge(one, 1.0, output_times=times) for one in (with_film(lgm50, **still), plain))
    np.testing.assert_allclose(found.voltage, expected.voltage, atol=1e-4)
    z = [simulate_impedance(one, [0.1, 10.0, 1000.0]) for one in (with_film(lgm50, **still), plain)]
    np.testing.assert_allclose(z[0].resistance, z[1].resistance, rtol=1e-3)


def test_derivatives_by_its_numbers_come_through_the_same_equations(lgm50):
    path = "negative_electrode.processes.0.solvent_diffusivity"
    steps = ["Rest for 20 hours", "Discharge at 1C for 10 minutes"]
    cell = with_film(lgm50, solvent_diffusivity="1e-19 m2/s")
    found = simulate_sensitivities(cell, [path], protocol=steps)
    ends = [
        float(simulate_protocol(with_film(lgm50, solvent_diffusivity=1e-19 * f), steps, tolerance=1e-6).voltage[-1])
        for f in (1.01, 0.99)
    ]
    assert float(found.voltage_by_parameter[0, -1]) == pytest.approx((ends[0] - ends[1]) / 2e-21, rel=0.04)


def test_a_run_goes_on_where_another_ended(lgm50, tmp_path):
    cell = with_film(lgm50, solvent_diffusivity="2.5e-20 m2/s")
    whole = Simulation(cell, state_of_charge=0.9)
    whole.step("Rest for 10 hours")
    whole.save(tmp_path / "half.nc")
    whole.step("Rest for 10 hours")
    second = Simulation(cell, state_of_charge=0.3)
    second.resume(tmp_path / "half.nc")
    second.step("Rest for 10 hours")
    np.testing.assert_allclose(thickness(second), thickness(whole), rtol=1e-5)


def test_it_is_read_from_a_file_and_nonsense_is_named(lgm50):
    material = lgm50.negative_electrode.material
    fields = {name: getattr(material, name) for name in type(material).model_fields}
    read = type(material).read(fields | {"processes": [{"kind": "film_growth"} | FILM]})
    assert read.processes[0].initial_thickness == 5e-9
    with pytest.raises(InputError, match="film_growth"):
        type(material).read(fields | {"processes": [{"kind": "film_grow"} | FILM]})
    with pytest.raises(InputError, match="conductivity"):
        FilmGrowth.read({key: value for key, value in FILM.items() if key != "conductivity"})


COMMON = {"initial_thickness": 5e-9, "molar_volume": 9.585e-5, "conductivity": 1.0, "lithium_per_solvent": 2.0}
LAWS = [
    FilmGrowth(**COMMON, solvent_diffusivity=2.5e-22, solvent_concentration=2636.0),
    ReactionLimitedFilm(**COMMON, exchange_current_density=1.5e-7),
    ElectronMigrationFilm(**COMMON, electron_conductivity=8.95e-14),
    InterstitialDiffusionFilm(**COMMON, interstitial_diffusivity=1e-20, interstitial_concentration=15.0),
    SolventReactionFilm(**COMMON, rate_constant=1e-12, solvent_diffusivity=2e-18, solvent_concentration=4541.0),
]
PSI = 0.1


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.kind)
def test_the_slopes_of_a_law_are_those_of_its_rate(law):
    numbers = law.row(None)

    def rate(psi: float, z: float) -> np.ndarray:
        out = np.zeros(layout.OUTPUTS)
        type(law).rate(psi, 1.0, 0.5, 0.0, 310.0, z, numbers, out)
        return out

    at = rate(0.2, 8e-9)
    assert at[layout.SIDE] == pytest.approx(-2.0 * at[layout.CHANGE] / law.molar_volume, rel=1e-12)
    by_potential = (rate(0.2 + 1e-6, 8e-9) - rate(0.2 - 1e-6, 8e-9)) / 2e-6
    by_state = (rate(0.2, 8e-9 + 1e-14) - rate(0.2, 8e-9 - 1e-14)) / 2e-14
    scale = abs(at[layout.CHANGE])
    assert at[layout.CHANGE_BY_POTENTIAL] == pytest.approx(by_potential[layout.CHANGE], rel=1e-5, abs=1e-9 * scale)
    assert at[layout.CHANGE_BY_STATE] == pytest.approx(by_state[layout.CHANGE], rel=1e-4, abs=1e-3 * scale)
    assert at[layout.SIDE_BY_POTENTIAL] == pytest.approx(by_potential[layout.SIDE], rel=1e-5, abs=1e-12)
    assert at[layout.SIDE_BY_STATE] == pytest.approx(by_state[layout.SIDE], rel=1e-4, abs=1e-3 * abs(at[layout.SIDE]))


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.kind)
def test_at_one_potential_a_film_grows_as_its_closed_form_says(lgm50, law):
    """An electrode that keeps 0.1 V: linear in time, with its root, or as both in series."""
    electrode = lgm50.negative_electrode
    flat = Property.constant("open_circuit_voltage", PSI, "V", Source(kind="assumed"))
    material = electrode.material.model_copy(update={"processes": (law,), "open_circuit_voltage": flat})
    cell = lgm50.model_copy(update={"negative_electrode": electrode.model_copy(update={"materials": (material,)})})
    simulation = Simulation(cell, state_of_charge=0.8)
    time = 2 * 86400.0
    simulation.hold("current", 0.0, duration=time)
    f, nu, L_0, volume = FARADAY / (GAS_CONSTANT * 298.15), 2.0, 5e-9, law.molar_volume
    if isinstance(law, FilmGrowth):
        expected = np.sqrt(L_0**2 + 2.0 * volume * law.solvent_diffusivity * law.solvent_concentration * time)
    elif isinstance(law, ReactionLimitedFilm):
        rate = law.exchange_current_density / (nu * FARADAY) * np.exp(-0.5 * f * (PSI - 0.4))
        expected = L_0 + volume * rate * time
    elif isinstance(law, ElectronMigrationFilm):
        expected = np.sqrt(L_0**2 + 2.0 * volume * law.electron_conductivity * (0.4 - PSI) / (nu * FARADAY) * time)
    elif isinstance(law, InterstitialDiffusionFilm):
        permeability = law.interstitial_diffusivity * law.interstitial_concentration / nu * np.exp(-f * PSI)
        expected = np.sqrt(L_0**2 + 2.0 * volume * permeability * time)
    else:
        k, D = law.rate_constant * np.exp(-0.5 * f * (PSI - 0.4)), law.solvent_diffusivity
        right = volume * law.solvent_concentration * time + L_0 / k + L_0**2 / (2.0 * D)
        expected = D * (-1.0 / k + np.sqrt(1.0 / k**2 + 2.0 * right / D))
    np.testing.assert_allclose(thickness(simulation), expected, rtol=1e-3)


def test_films_that_close_the_pores_end_the_run_by_name(lgm50):
    law = SolventReactionFilm(**COMMON, rate_constant=1e-11, solvent_diffusivity=2e-17, solvent_concentration=4541.0)
    electrode = lgm50.negative_electrode
    material = electrode.material.model_copy(update={"processes": (law,)})
    cell = lgm50.model_copy(update={"negative_electrode": electrode.model_copy(update={"materials": (material,)})})
    simulation = Simulation(cell, state_of_charge=0.9)
    assert simulation.step("Rest for 300 days").startswith("films have closed the pores")
    grown = electrode.material.area * (thickness(simulation) - 5e-9)
    assert (electrode.porosity - grown).min() == pytest.approx(0.01 * electrode.porosity, rel=0.05)


@pytest.mark.parametrize("j", [-2e-5, 0.0, 1e-5])
@pytest.mark.parametrize("law", ["tunnelling", "regimes"])
def test_slopes_of_tunnelling_and_of_growth_regimes_are_those_of_the_rate(lgm50, law, j):
    film = {"molar_volume": 9.6e-5, "conductivity": 5e-6, "exchange_current_density": 1e-7}
    process = TunnellingFilm(**film, tunnelling_decay=5e8) if law == "tunnelling" else GrowthRegimesFilm(
        **film, interstitial_diffusivity=1e-20, interstitial_concentration=10.0, ion_conductivity=1e-5, tunnelling_thickness=2e-9
    )  # fmt: skip
    numbers = process.row(lgm50.negative_electrode.material)

    def rate(psi: float, z: float) -> np.ndarray:
        out = np.zeros(layout.STATES)
        type(process).rate(psi, 1.0, 0.5, j, 298.15, z, numbers, out)
        return out

    at = rate(0.1, 8e-9)
    assert at[layout.CHANGE] > 0.0
    assert at[layout.SIDE] == pytest.approx(-process.lithium() * at[layout.CHANGE])
    by_psi = (rate(0.1 + 1e-6, 8e-9) - rate(0.1 - 1e-6, 8e-9))[layout.CHANGE] / 2e-6
    by_state = (rate(0.1, 8.001e-9) - rate(0.1, 7.999e-9))[layout.CHANGE] / 2e-12
    assert at[layout.CHANGE_BY_POTENTIAL] == pytest.approx(by_psi, rel=1e-5)
    assert at[layout.CHANGE_BY_STATE] == pytest.approx(by_state, rel=1e-5)


def test_the_regimes_follow_one_another_and_charging_grows_the_faster(lgm50):
    """von Kolzenberg: reaction while thin, ∝ 1/L once diffusion limits; lithium that enters carries electrons along."""
    process = GrowthRegimesFilm(
        molar_volume=9.6e-5, conductivity=5e-6, exchange_current_density=1e-7, interstitial_diffusivity=1e-20,
        interstitial_concentration=10.0, ion_conductivity=1e-5,
    )  # fmt: skip
    numbers = process.row(lgm50.negative_electrode.material)

    def growth(z: float, j: float) -> float:
        out = np.zeros(layout.STATES)
        GrowthRegimesFilm.rate(0.1, 1.0, 0.5, j, 298.15, z, numbers, out)
        return float(out[layout.CHANGE])

    assert growth(1e-13, 0.0) == pytest.approx(growth(2e-13, 0.0), rel=1e-3)
    assert growth(1e-3, 0.0) == pytest.approx(2.0 * growth(2e-3, 0.0), rel=1e-3)
    assert growth(2e-8, -2e-5) > growth(2e-8, 0.0) > growth(2e-8, 2e-5)
