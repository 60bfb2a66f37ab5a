from __future__ import annotations

import json

import numpy as np
import pytest

from scalith.cell import CellSpecification, Mesh, ThermalSpecification, simulate_discharge, single_particle
from scalith.interface import butler_volmer, overvoltage_property
from scalith.quantities import InputError, Property, Source

ASSUMED = Source(kind="assumed")


def _with(cell: CellSpecification, side: str, **changes) -> CellSpecification:
    plain = cell.model_dump()
    material = plain[side]["materials"][0] | {key: value for key, value in changes.items() if key in plain[side]["materials"][0]}
    rest = {key: value for key, value in changes.items() if key not in material}
    return CellSpecification.read(plain | {side: plain[side] | rest | {"materials": [material]}})


def test_everything_is_conserved_and_the_dataset_explains_itself(lgm50):
    data = simulate_discharge(lgm50, 1.0)
    assert data.attrs["reason"] == "lower voltage reached"
    assert float(data.voltage[-1]) == pytest.approx(2.5, abs=1e-6)
    assert float(np.abs(data.lithium_error).max()) < 1e-12
    assert float(np.abs(data.charge_error).max()) < 1e-12
    assert float(data.energy_error.max()) < 1e-10
    assert float(data.capacity[-1]) == pytest.approx(5.0 * float(data.time[-1]), rel=1e-9)
    assert lgm50.digest in json.loads(data.attrs["source"])["parents"]
    assert all("units" in variable.attrs and "long_name" in variable.attrs for variable in data.data_vars.values())


def test_the_mesh_converges_at_second_order_or_better(lgm50):
    times = [300.0, 900.0, 1800.0, 2700.0]
    voltages = []
    for factor in (1, 2, 4):
        mesh = Mesh(5 * factor, 2 * factor, 5 * factor, nodes=12 * factor, finest=0.02 / factor)
        voltages.append(
            simulate_discharge(lgm50, 1.0, mesh=mesh, tolerance=1e-7, output_times=times).voltage.sel(time=times).values
        )
    coarse, fine = np.abs(voltages[0] - voltages[1]).mean(), np.abs(voltages[1] - voltages[2]).mean()
    assert np.log2(coarse / fine) > 1.8


def test_tolerance_governs_the_error_in_time(lgm50):
    times = np.linspace(10.0, 3500.0, 60)
    exact = simulate_discharge(lgm50, 1.0, tolerance=1e-8, output_times=times).voltage.sel(time=times)
    errors = [
        float(
            np.sqrt(
                np.mean((simulate_discharge(lgm50, 1.0, tolerance=t, output_times=times).voltage.sel(time=times) - exact) ** 2)
            )
        )
        for t in (1e-3, 1e-5)
    ]
    assert errors[0] < 1e-3
    assert errors[1] < 2e-5


def test_charge_runs_to_the_upper_voltage_and_low_rates_lose_less(lgm50):
    charge = simulate_discharge(lgm50, -0.5, initial_state_of_charge=0.1)
    assert charge.attrs["reason"] == "upper voltage reached"
    assert np.all(np.diff(charge.stoichiometry_negative) > 0.0)
    passed = [float(simulate_discharge(lgm50, rate).capacity[-1]) for rate in (0.2, 1.0, 2.0)]
    assert passed[0] > passed[1] > passed[2]


def test_heat_warms_the_cell_and_the_surroundings_take_it(pouch):
    assert pouch.thermal is not None
    held = simulate_discharge(pouch, 2.0, thermal="lumped", temperature=298.15)
    warm = pouch.model_copy(update={"thermal": ThermalSpecification(heat_capacity=pouch.thermal.heat_capacity)})
    adiabatic = simulate_discharge(warm, 2.0, thermal="lumped", temperature=298.15)
    assert 298.15 < float(held.temperature[-1]) < float(adiabatic.temperature[-1])
    rise = np.trapezoid(adiabatic.heat, adiabatic.time) / pouch.thermal.heat_capacity
    assert rise == pytest.approx(float(adiabatic.temperature[-1]) - 298.15, rel=3e-3)
    stopped = simulate_discharge(warm, 2.0, thermal="lumped", temperature=298.15, temperature_limit=303.15)
    assert stopped.attrs["reason"] == "temperature limit reached"
    assert float(stopped.temperature[-1]) == pytest.approx(303.15, abs=1e-6)


def test_a_tabulated_rate_law_equals_the_built_in_one(lgm50):
    table = overvoltage_property(lambda u: butler_volmer(u), reach=40.0, nodes=8001)
    cell = _with(_with(lgm50, "negative_electrode", overvoltage_function=table), "positive_electrode", overvoltage_function=table)
    times = [60.0, 1800.0, 3300.0]
    ours = simulate_discharge(lgm50, 1.0, output_times=times).voltage.sel(time=times)
    theirs = simulate_discharge(cell, 1.0, output_times=times).voltage.sel(time=times)
    np.testing.assert_allclose(ours, theirs, atol=2e-5)


def test_two_halves_of_one_material_are_one_material(lgm50):
    plain = lgm50.model_dump()
    half = plain["negative_electrode"]["materials"][0]
    half = half | {"active_volume_fraction": 0.5 * half["active_volume_fraction"]}
    blend = CellSpecification.read(plain | {"negative_electrode": plain["negative_electrode"] | {"materials": [half, half]}})
    one, two = simulate_discharge(lgm50, 1.0), simulate_discharge(blend, 1.0)
    assert float(two.time[-1]) == pytest.approx(float(one.time[-1]), abs=0.05)
    assert float(np.abs(two.lithium_error).max()) < 1e-12


def test_a_film_and_a_contact_add_their_drop(lgm50):
    bare = simulate_discharge(lgm50, 1.0)
    contact = simulate_discharge(lgm50.model_copy(update={"contact_resistance": 0.002}), 1.0)
    assert float(bare.voltage[0] - contact.voltage[0]) == pytest.approx(0.01, abs=1e-9)
    film = simulate_discharge(_with(lgm50, "negative_electrode", film_resistance=0.01), 1.0)
    area = lgm50.negative_electrode.material.area * lgm50.negative_electrode.thickness * lgm50.plane_area
    assert float(bare.voltage[0] - film.voltage[0]) == pytest.approx(5.0 * 0.01 / area, rel=0.02)


def test_diffusivity_over_six_decades_ends_cleanly(lgm50):
    x = np.linspace(0.0, 1.0, 201)
    D = Property.from_arrays(
        "chemical_diffusivity", {"x": x}, 10.0 ** (-13.5 - 6.0 * np.clip((x - 0.7) / 0.3, 0, 1)), "m2 s-1", ASSUMED
    )
    data = simulate_discharge(_with(lgm50, "positive_electrode", chemical_diffusivity=D), 1.0)
    assert "full" in data.attrs["reason"] or "voltage" in data.attrs["reason"]
    assert data.sizes["time"] > 50
    assert float(np.abs(data.lithium_error).max()) < 1e-12


@pytest.mark.long
def test_depletion_of_the_electrolyte_ends_the_run_with_a_reason(lgm50):
    data = simulate_discharge(lgm50, 8.0, cut_off=-20.0)
    assert data.attrs["reason"].startswith(("electrolyte depleted", "stoichiometry left"))
    assert data.sizes["time"] > 5


def test_profiles_are_those_of_the_cell(lgm50):
    data = simulate_discharge(lgm50, 1.0, profiles=True, output_times=[1000.0])
    profile = data.sel(time=1000.0)
    assert float(profile.concentration[0]) > 1000.0 > float(profile.concentration[-1])
    assert profile.stoichiometry_profile_positive.dims == ("radius_positive", "depth_positive")
    mean = float(profile.surface_stoichiometry_positive)
    assert float(profile.stoichiometry_profile_positive[-1].mean()) == pytest.approx(mean, rel=1e-9)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({}, "one of the two"),
        ({"c_rate": 1.0, "current": 5.0}, "one of the two"),
        ({"c_rate": 0.0}, "other than zero"),
        ({"c_rate": 1.0, "initial_state_of_charge": 1.2}, "0 to 1"),
        ({"c_rate": 1.0, "thermal": "lumped"}, "heat_capacity"),
        ({"c_rate": 1.0, "temperature": 25.0}, "in K"),
        ({"c_rate": 1.0, "duration": -5.0}, "duration"),
        ({"c_rate": 1.0, "tolerance": np.nan}, "tolerance"),
        ({"c_rate": 1.0, "output_times": [100.0, 50.0]}, "increasing times"),
    ],
)
def test_nonsense_is_refused_in_one_sentence(lgm50, settings, message):
    with pytest.raises(InputError, match=message):
        simulate_discharge(lgm50, **settings)


def test_progress_is_told(lgm50):
    told: list[tuple[float, str]] = []
    simulate_discharge(lgm50, 1.0, progress=lambda fraction, text: told.append((fraction, text)))
    assert told[0][0] == 0.0
    assert told[-1] == (1.0, "lower voltage reached")


@pytest.mark.parametrize("thickness", [1e-6, 3e-8])
def test_electrodes_thinner_than_their_particles_resolve(lgm50, thickness):
    """A thin film has no losses across it: meshes agree to round-off, and the cell with its SPM and a separator's resistance."""
    scale = thickness / lgm50.positive_electrode.thickness
    thin = {
        f"{side}_electrode": (electrode := getattr(lgm50, f"{side}_electrode")).model_copy(
            update={"thickness": electrode.thickness * scale}
        )
        for side in ("negative", "positive")
    }
    cell = lgm50.model_copy(update=thin | {"nominal_capacity": lgm50.nominal_capacity * scale})
    times = [60.0, 600.0, 1800.0, 3000.0]
    settings = {"output_times": times, "tolerance": 1e-5}
    usual = simulate_discharge(cell, 1.0, **settings)
    one = simulate_discharge(cell, 1.0, mesh=Mesh(1, 3, 1), **settings)
    reduced, mesh = single_particle(cell)
    spm = simulate_discharge(reduced, 1.0, mesh=mesh, **settings)
    np.testing.assert_allclose(usual.voltage.sel(time=times), one.voltage.sel(time=times), atol=2e-5)
    np.testing.assert_allclose(usual.voltage.sel(time=times), spm.voltage.sel(time=times), atol=2e-4)
    for data in (usual, one):
        assert float(np.abs(data.lithium_error).max()) < 1e-10
        assert float(np.abs(data.charge_error).max()) < 1e-9
