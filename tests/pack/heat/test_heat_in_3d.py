import numpy as np
import pytest

from scalith.pack import (
    Assembly,
    Block,
    CellBody,
    Material,
    ModuleSpecification,
    Surface,
    Vent,
    abuse_test,
    external_heating,
    module_assembly,
    shipped_kinetics,
    simulate_heat_3d,
)
from scalith.quantities import InputError, Property, Source, StudyError
from scalith.quantities.constants import STEFAN_BOLTZMANN

KINETICS = shipped_kinetics("lco_hatchard_kim")


def body(size=(0.01, 0.01, 0.01), spacing=(0.001, 0.005, 0.005), material=None, **more):
    material = {"density": 2000.0, "specific_heat": 1000.0, "conductivity": 0.5, **(material or {})}
    block = {"name": "a", "material": "m", "lower": (0, 0, 0), "upper": size, "reacts": True}
    return Assembly.read({"materials": {"m": material}, "blocks": [block], "spacing": spacing, **more})


def slab(nodes, steps):
    cooled = body(
        spacing=(0.01 / nodes, 0.01, 0.01), surfaces={"x_high": {"heat_transfer_coefficient": 50.0, "temperature": 300.0}}
    )
    return simulate_heat_3d(
        cooled, duration=400.0, output_times=3, initial_temperature=400.0, largest_step=400.0 / steps, change_per_step=1e3
    )


def test_slab_follows_the_series():
    found = slab(40, 800)
    x = found["x"].values / 0.01
    late = found["temperature"].values[-1, :, 0, 0]
    exact = 300 + 100 * 1.119131 * np.cos(0.860334 * x) * np.exp(-(0.860334**2) * 1.0)
    np.testing.assert_allclose(late, exact, atol=0.02)
    assert found["energy_balance_error"] < 1e-8


def test_time_stepping_is_of_second_order():
    reference = float(slab(10, 1600)["temperature"][-1, 0, 0, 0])
    errors = [abs(float(slab(10, steps)["temperature"][-1, 0, 0, 0]) - reference) for steps in (25, 50, 100)]
    assert errors[0] / errors[1] > 3.0
    assert errors[1] / errors[2] > 3.0


def test_axes_are_equal():
    peaks = []
    for axis in range(3):
        size, spacing = [0.01] * 3, [0.01] * 3
        spacing[axis] = 0.001
        side = "xyz"[axis] + "_low"
        found = simulate_heat_3d(
            body(tuple(size), tuple(spacing), surfaces={side: {"heat_transfer_coefficient": 80.0, "emissivity": 0.7}}),
            duration=200.0, output_times=3, initial_temperature=450.0,
        )  # fmt: skip
        peaks.append(np.sort(found["temperature"].values[-1].ravel()))
        assert found["energy_balance_error"] < 1e-8
    np.testing.assert_allclose(peaks[0], peaks[1], rtol=1e-9)
    np.testing.assert_allclose(peaks[0], peaks[2], rtol=1e-9)


@pytest.mark.parametrize("spacing", [0.01, 0.0002])
def test_volumes_from_side_to_side_have_the_mean_of_the_parabola(spacing):
    """Even heat, steady: T_mean − T_s = q″ w/(6k) with q″ through each side, and q″ = h (T_s − T_a) + ε σ (T_s⁴ − T_a⁴)."""
    air = {"heat_transfer_coefficient": 20.0, "emissivity": 0.8, "temperature": 300.0}
    wall = body(spacing=(spacing, 0.01, 0.01), material={"specific_heat": 20.0}, surfaces={"x_low": air, "x_high": air})
    found = simulate_heat_3d(wall, duration=4000.0, output_times=2, initial_temperature=300.0, heat={"a": ([0.0], [2.0])})
    flux = 1.0 / 1e-4
    surface = float(found["block_temperature"][-1, 0]) - flux * 0.01 / (6 * 0.5)
    assert 20.0 * (surface - 300.0) + 0.8 * STEFAN_BOLTZMANN * (surface**4 - 300.0**4) == pytest.approx(flux, rel=2e-3)
    assert float(found["energy_balance_error"]) < 1e-8


def test_steady_wall_with_contact_resistance():
    blocks = [
        {"name": "a", "material": "m", "lower": (0, 0, 0), "upper": (0.01, 0.01, 0.01)},
        {"name": "b", "material": "m", "lower": (0.01, 0, 0), "upper": (0.02, 0.01, 0.01)},
    ]
    wall = Assembly.read(
        {
            "materials": {"m": {"density": 2000.0, "specific_heat": 10.0, "conductivity": 0.5}},
            "blocks": blocks,
            "spacing": (0.002, 0.01, 0.01),
            "contacts": [{"between": ("a", "b"), "resistance": 0.004}],
            "surfaces": {
                "x_low": {"heat_transfer_coefficient": 1e6, "temperature": 400.0},
                "x_high": {"heat_transfer_coefficient": 1e6, "temperature": 300.0},
            },
        }
    )
    found = simulate_heat_3d(wall, duration=2000.0, output_times=2, initial_temperature=300.0, change_per_step=100.0)
    T = found["temperature"].values[-1, :, 0, 0]
    flux = 100.0 / (0.02 / 0.5 + 0.004 + 2e-6)
    np.testing.assert_allclose(T[0] - T[4], flux * 0.008 / 0.5, rtol=1e-5)
    np.testing.assert_allclose(T[4] - T[5], flux * (0.002 / 0.5 + 0.004), rtol=1e-5)


def test_hollow_and_full_cylinder():
    # Steady solid cylinder with even heat: T(0) − T(R) = q R²/(4k).
    rings = body(
        (0.01, 1.0, 0.02),
        (0.0002, 1.0, 0.02),
        axisymmetric=True,
        surfaces={"x_high": {"heat_transfer_coefficient": 1e7, "temperature": 300.0}},
    )
    found = simulate_heat_3d(
        rings, duration=3000.0, output_times=2, initial_temperature=300.0, heat={"a": ([0.0], [1.0])}, change_per_step=100.0
    )
    q = 1.0 / (np.pi * 0.01**2 * 0.02)
    assert float(found["temperature"][-1, 0, 0, 0]) - 300 == pytest.approx(q * 0.01**2 / 2.0, rel=2e-3)
    with pytest.raises(InputError, match="axisymmetric"):
        simulate_heat_3d(rings.model_copy(update={"surfaces": {"y_low": rings.surfaces["x_high"]}}), duration=1.0)


def test_temperature_dependent_properties_keep_the_energy():
    source = Source(kind="assumed")
    c = Property.from_arrays("specific_heat", {"T": [300.0, 500.0]}, [800.0, 1600.0], "J kg-1 K-1", source)
    factor = Property.from_arrays("factor", {"T": [300.0, 500.0]}, [1.0, 0.5], "1", source)
    warm = body(
        material={"specific_heat": c, "conductivity_factor": factor}, surfaces={"x_low": {"heat_transfer_coefficient": 100.0}}
    )
    found = simulate_heat_3d(
        warm, duration=300.0, output_times=4, initial_temperature=310.0, heat={"a": ([0.0, 200.0, 200.0], [3.0, 3.0, 0.0])}
    )
    assert found["energy_balance_error"] < 1e-8
    closed = body(material={"specific_heat": c})
    found = simulate_heat_3d(closed, duration=100.0, output_times=2, initial_temperature=300.0, heat={"a": ([0.0], [4.0])})
    # ∫c dT = 800 ΔT + 2 ΔT² with 400 J in 2 g.
    rise = float(found["block_temperature"][-1, 0]) - 300.0
    assert 0.002 * (800 * rise + 2 * rise**2) == pytest.approx(400.0, rel=1e-4)


def test_heat_at_a_spot_is_hotter_than_spread_heat():
    shape = np.zeros((10, 2, 2))
    shape[0, 0, 0] = 1.0
    even = simulate_heat_3d(body(), duration=10.0, output_times=2, heat={"a": ([0.0], [2.0])})
    spot = simulate_heat_3d(body(), duration=10.0, output_times=2, heat={"a": ([0.0], [2.0])}, heat_shape={"a": shape})
    assert float(spot["peak_temperature"]) > float(even["peak_temperature"]) + 10
    np.testing.assert_allclose(spot["heat_stored"][-1], even["heat_stored"][-1], rtol=1e-9)


@pytest.mark.long
def test_good_conductor_with_reactions_is_the_lumped_cell():
    cell = CellBody(shape="prismatic", thickness=0.01, width=0.01, height=0.01, density=2000.0, specific_heat=1000.0)
    sides = {
        side: {"heat_transfer_coefficient": 30.0, "temperature": 440.0}
        for side in ("x_low", "x_high", "y_low", "y_high", "z_low", "z_high")
    }
    cube = body(spacing=(0.005, 0.005, 0.005), material={"conductivity": 500.0}, surfaces=sides)
    found = simulate_heat_3d(
        cube, duration=1200.0, output_times=25, kinetics=KINETICS, change_per_step=2.0, kinetics_digest=KINETICS.digest
    )
    lumped = abuse_test(
        cell, KINETICS, np.linspace(0, 1200, 25), ambient_temperature=440.0, heat_transfer_coefficient=30.0, emissivity=0.0
    )
    assert float(found["runaway_time"][0]) == pytest.approx(float(lumped["runaway_time"]), rel=0.01)
    assert float(found["peak_temperature"]) == pytest.approx(float(lumped["peak_temperature"]), abs=8.0)
    np.testing.assert_allclose(found["heat_released"][-1, 0], lumped["heat_released"][-1], rtol=0.01)
    assert found["energy_balance_error"] < 1e-8
    assert found.attrs["kinetics_digest"] == KINETICS.digest


def vented(cell: CellBody, **block):
    """A well conducting cell in hot air, resolved and lumped."""
    sides = {
        side: {"heat_transfer_coefficient": 30.0, "temperature": 440.0}
        for side in ("x_low", "x_high", "y_low", "y_high", "z_low", "z_high")
    }
    blocks = ({"name": "a", "material": "m", "lower": (0, 0, 0), "upper": (0.01,) * 3, "reacts": True, **block},)
    material = {"density": 2000.0, "specific_heat": 1000.0, "conductivity": 500.0}
    cube = Assembly(materials={"m": material}, blocks=blocks, spacing=(0.005,) * 3, surfaces=sides)
    same = cell.kinetics_digest(KINETICS)
    found = simulate_heat_3d(
        cube, duration=1200.0, output_times=121, kinetics=KINETICS, kinetics_digest=same, change_per_step=2.0
    )
    lumped = abuse_test(
        cell, KINETICS, np.linspace(0, 1200, 121), ambient_temperature=440.0, heat_transfer_coefficient=30.0, emissivity=0.0
    )
    return found, lumped


def test_vent_of_a_good_conductor_is_that_of_the_lumped_cell():
    """Gas, pressure, opening, what leaves: the same in both, and the energy balance stays closed."""
    vent = Vent(pressure=6e5, free_volume=2e-7, evaporated_mass=3e-5, ejected_fraction=0.3, ejected_mass_fraction=0.3)
    size = {"shape": "prismatic", "thickness": 0.01, "width": 0.01, "height": 0.01}
    cell = CellBody(**size, density=2000.0, specific_heat=1000.0, vent=vent)
    found, lumped = vented(cell, vent=vent)
    assert float(found["vent_time"][0]) == pytest.approx(float(lumped["vent_time"]), rel=3e-3)
    assert float(found["heat_ejected"][-1, 0]) == pytest.approx(float(lumped["heat_ejected"][-1]), rel=0.02)
    assert float(found["mass_lost"][-1, 0]) == pytest.approx(float(lumped["mass_lost"][-1]), rel=0.02)
    assert found["energy_balance_error"] < 1e-8
    before = found["time"].values < 0.95 * float(lumped["vent_time"])
    np.testing.assert_allclose(found["pressure"][before, 0], lumped["pressure"][before], rtol=0.02)
    assert float(found["heat_released"][-1, 0]) == pytest.approx(float(lumped["heat_released"][-1]), rel=0.01)


@pytest.mark.long
def test_a_block_boils_to_the_boiling_point():
    """More electrolyte than the heat of the cell can boil: the flash ends at the boiling point, as in a test of one cell."""
    vent = Vent(pressure=6e5, free_volume=2e-7, evaporated_mass=2e-3)
    size = {"shape": "prismatic", "thickness": 0.01, "width": 0.01, "height": 0.01}
    cell = CellBody(**size, density=2000.0, specific_heat=1000.0, vent=vent)
    found, lumped = vented(cell, vent=vent)
    opened = float(found["vent_time"][0])
    after = found["temperature"].sel(time=found["time"] > opened)
    assert vent.boiling_point() - 1.0 < float(after.min()) < vent.boiling_point() + 8.0
    # A step of 2 K is 3 % of the heat above the boiling point.
    assert float(found["mass_lost"][-1, 0]) == pytest.approx(float(lumped["mass_lost"][-1]), rel=0.05)
    assert 0.0 < float(found["mass_lost"][-1, 0]) < 1e-3
    assert found["energy_balance_error"] < 1e-8


@pytest.mark.parametrize(("change_per_step", "within"), [(10.0, 0.04), (2.0, 0.005)])
def test_vent_under_a_heater_opens_in_time(change_per_step, within):
    """A heater warms by several kelvin a second: the pressure is looked at where reactions and conduction have come equally far."""
    vent = Vent(pressure=8e5, free_volume=8e-6, evaporated_mass=0.01, ejected_fraction=0.3)
    size = {"shape": "prismatic", "thickness": 0.012, "width": 0.1, "height": 0.08}
    cell = CellBody(**size, density=2300.0, specific_heat=1000.0, conductivity=500.0, vent=vent)
    one = module_assembly(ModuleSpecification(cell=cell, cells=1), spacing=(0.006, 0.05, 0.04))
    heater = {"cell_1": ([0.0, 60.0, 60.0], [600.0, 600.0, 0.0])}
    found = simulate_heat_3d(
        one,
        duration=120.0,
        output_times=5,
        heat=heater,
        kinetics=KINETICS,
        kinetics_digest=cell.kinetics_digest(KINETICS),
        change_per_step=change_per_step,
    )
    lumped = external_heating(cell, KINETICS, 600.0, heating_time=60.0, duration=120.0, heat_transfer_coefficient=7.0)
    assert float(found["vent_time"][0]) == pytest.approx(float(lumped["vent_time"]), rel=within)


def test_cell_that_reacts_in_part_is_the_lumped_one():
    cell = CellBody(
        shape="prismatic", thickness=0.01, width=0.01, height=0.01, density=2000.0, specific_heat=1000.0, reacting_fraction=0.5
    )
    found, lumped = vented(cell, reacting_fraction=0.5)
    assert float(found["heat_released"][-1, 0]) == pytest.approx(float(lumped["heat_released"][-1]), rel=0.01)
    assert float(found["peak_temperature"]) == pytest.approx(float(lumped["peak_temperature"]), abs=8.0)
    assert "vent_time" not in found


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"duration": 0.0}, "duration"),
        ({"initial_temperature": 25.0}, "kelvin"),
        ({"heat": {"b": ([0.0], [1.0])}}, "block 'b'"),
        ({"heat": {"a": ([1.0, 0.0], [1.0, 1.0])}}, "do not fall"),
        ({"heat": {"a": ([0.0], [1.0])}, "heat_shape": {"a": np.zeros(40)}}, "no heat"),
        ({"heat": {"a": ([0.0], [1.0])}, "heat_shape": {"a": np.ones(7)}}, "one for each volume"),
        ({"heat": {"a": ([0.0], [1.0])}, "heat_shape": {"b": np.ones(40)}}, "block 'b'"),
        ({"heat": {"a": ([0.0, np.nan], [1.0, 1.0])}}, "do not fall"),
        ({"heat": {"a": ([], [])}}, "do not fall"),
        ({"largest_step": -1.0}, "largest_step"),
    ],
)
def test_bad_input_is_named(change, message):
    with pytest.raises(InputError, match=message):
        simulate_heat_3d(body(), **{"duration": 1.0, **change})


def test_other_kinetics_are_refused():
    with pytest.raises(StudyError, match="one parameter set"):
        simulate_heat_3d(body(), duration=1.0, kinetics=KINETICS, kinetics_digest="0" * 32)


def test_a_round_cell_in_open_air_is_as_warm_as_theory_says():
    k, h, q, R = 1.2, 25.0, 6e4, 0.009
    roll = Block(name="cell", material="m", lower=(0, 0, 0), upper=(2 * R, 2 * R, 0.065), shape="cylinder")
    body = Assembly(
        materials={"m": Material(density=2500.0, specific_heat=900.0, conductivity=k)},
        blocks=(roll,),
        spacing=(2e-3, 2e-3, 0.065),
        open_space=Surface(heat_transfer_coefficient=h, temperature=300.0),
        surfaces=dict.fromkeys(("x_low", "x_high", "y_low", "y_high"), Surface(heat_transfer_coefficient=h, temperature=300.0)),
    )
    heat = {"cell": ([0.0], [q * np.pi * R**2 * 0.065])}
    found = simulate_heat_3d(body, duration=2e4, output_times=3, initial_temperature=300.0, heat=heat)
    exact = q * R / (2 * h) + q * R**2 / (8 * k)
    assert float(found["block_temperature"][-1, 0]) - 300.0 == pytest.approx(exact, rel=0.005)
    assert np.isnan(found["temperature"].values[-1, 0, 0, 0])
    assert float(found["energy_balance_error"]) < 1e-8


def test_blocks_radiate_into_the_open_space_between_them():
    blocks = [
        Block(name=name, material="m", lower=(x, 0, 0), upper=(x + 0.01, 0.05, 0.05))
        for name, x in (("left", 0.0), ("right", 0.03))
    ]
    body = Assembly(
        materials={"m": Material(density=2500.0, specific_heat=900.0, conductivity=1e4)},
        blocks=tuple(blocks),
        spacing=(5e-3, 0.05, 0.05),
        open_space=Surface(emissivity=0.7, temperature=300.0),
    )
    found = simulate_heat_3d(body, duration=1.0, output_times=3, initial_temperature=500.0, largest_step=0.01)
    lost = 2 * 0.7 * 5.670374419e-8 * (500.0**4 - 300.0**4) * 0.05**2
    assert float(found["heat_lost"][-1]) == pytest.approx(lost, rel=1e-3)
