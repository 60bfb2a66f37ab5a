from __future__ import annotations

import numpy as np
import pytest

from scalith.cell import CellSpecification, LithiumMetal, Mesh, PorousLayer, Simulation, simulate_discharge, simulate_impedance
from scalith.cell.model.discretise import system_of
from scalith.quantities import InputError, read_toml, shipped
from scalith.quantities.constants import FARADAY, GAS_CONSTANT

METAL = {"lithium_metal": {"exchange_current_density": "40 A/m2"}}
SYMMETRIC = {
    "name": "Li | Li",
    "electrode_area": "2 cm2",
    "nominal_capacity": "1 mA*h",
    "lower_voltage_cut_off": -1.0,
    "upper_voltage_cut_off": 1.0,
    "electrolyte": {"initial_concentration": 1000.0, "conductivity": 0.9, "diffusivity": 3e-10, "transference_number": 0.3},
    "negative_electrode": METAL,
    "positive_electrode": METAL,
    "separator": {"thickness": "25 um", "porosity": 0.5},
}


def test_a_mistyped_key_of_a_material_is_found_among_those_of_the_material(lgm50):
    material = {
        key: value for key, value in lgm50.model_dump()["positive_electrode"]["materials"][0].items() if value is not None
    }
    electrode = {"thickness": 1e-4, "porosity": 0.3, "conductivity": 1.0} | material
    electrode["particle_radus"] = electrode.pop("particle_radius")
    with pytest.raises(InputError, match="did you mean 'particle_radius'"):
        CellSpecification.read(lgm50.model_dump() | {"positive_electrode": electrode})


@pytest.mark.parametrize("current", [2e-3, -6e-3])
def test_lithium_against_lithium_is_at_the_exact_steady_state_after_its_time_of_diffusion(current):
    cell = CellSpecification.read(SYMMETRIC)
    data = simulate_discharge(cell, current=current, initial_state_of_charge=0.5, duration=600.0, tolerance=1e-6)
    i, L, T, i0, t_plus = current / cell.plane_area, 25e-6, 298.15, 40.0, 0.3
    B = cell.separator.efficiency
    half = 0.5 * (1 - t_plus) * i / (FARADAY * B * 3e-10) * L
    c = 1000.0 + half * np.array([1.0, -1.0])
    reaction = (2 * GAS_CONSTANT * T / FARADAY) * np.arcsinh(i / (2 * i0 * (c / 1000.0) ** 0.5)).sum()
    exact = -(i * L / (B * 0.9) + 2 * GAS_CONSTANT * T / FARADAY * (1 - t_plus) * np.log(c[0] / c[1]) + reaction)
    assert float(data.voltage[-1]) == pytest.approx(exact, rel=3e-4)
    assert float(np.abs(data.lithium_error).max()) < 1e-12


def test_lithium_on_the_positive_side_is_the_mirror_of_lithium_on_the_negative_side(lgm50):
    plain = lgm50.model_dump()
    limits = {"lower_voltage_cut_off": -5.0, "upper_voltage_cut_off": 5.0}
    left = CellSpecification.read(plain | {"negative_electrode": METAL})
    right = CellSpecification.read(
        plain | limits | {"negative_electrode": plain["positive_electrode"], "positive_electrode": METAL}
    )
    mesh = Mesh(negative=10, separator=3, positive=10)
    times = np.linspace(0.0, 1800.0, 7)
    one = simulate_discharge(
        left, current=5.0, initial_state_of_charge=1.0, duration=1800.0, mesh=mesh, output_times=times, tolerance=1e-6
    )
    # What was the positive electrode fills from the same stoichiometry as it is charged.
    two = simulate_discharge(
        right, current=-5.0, initial_state_of_charge=0.0, duration=1800.0, mesh=mesh, output_times=times, tolerance=1e-6
    )
    assert np.allclose(one.voltage.sel(time=times), -two.voltage.sel(time=times), atol=2e-5)


def test_the_order_of_the_reaction_in_the_concentration_is_a_number_of_its_own(lgm50):
    material = lgm50.positive_electrode.material
    assert material.order_in_concentration == material.anodic_transfer_coefficient == 0.5
    plain = material.model_dump()
    assert type(material).read(plain | {"concentration_exponent": 0.0}).order_in_concentration == 0.0
    with pytest.raises(InputError, match="concentration_exponent"):
        type(material).read(plain | {"concentration_exponent": -0.1})
    assert (
        LithiumMetal(exchange_current_density=1.0, concentration_exponent=0.3).electrode(1.0).material.order_in_concentration
        == 0.3
    )


def test_a_graded_separator_resists_as_its_depths_in_series():
    cell = CellSpecification.read(
        SYMMETRIC
        | {
            "electrolyte": SYMMETRIC["electrolyte"] | {"transference_number": 1.0},
            "separator": {"thickness": "25 um", "porosity": "0.3 + 0.4 * z ** 2"},
        }
    )
    z = (np.arange(100000) + 0.5) / 100000
    exact = 25e-6 / 0.9 * np.mean((0.3 + 0.4 * z**2) ** -1.5) + 2 * GAS_CONSTANT * 298.15 / (FARADAY * 40.0)
    for volumes in (1, 7):
        spectrum = simulate_impedance(cell, [1e3], mesh=Mesh(1, volumes, 1), state_of_charge=0.5)
        assert float(spectrum.resistance[0]) * cell.plane_area == pytest.approx(exact, rel=1e-4)


def test_a_graded_layer_keeps_its_mean_and_lies_from_the_separator_to_the_collector(lgm50):
    plain = lgm50.model_dump()
    graded = {
        name: plain[name]
        | {"porosity": {"z": [0.0, 0.5, 1.0], "values": [0.25, 0.22, 0.15]}, "transport_efficiency": "0.2 - 0.1 * z"}
        for name in ("negative_electrode", "positive_electrode")
    }
    cell = CellSpecification.read(plain | graded)
    assert CellSpecification.model_validate_json(cell.model_dump_json()).digest == cell.digest
    system = system_of(cell, Mesh(9, 3, 9), 298.15, 298.15)
    left, right = slice(0, 9), slice(-9, None)
    for part in (left, right):
        mean = np.sum(system.width[part] * system.porosity[part]) / system.width[part].sum()
        assert mean == pytest.approx(cell.negative_electrode.porosity, rel=1e-3)
        assert 1 / np.mean(1 / system.transport[part]) == pytest.approx(0.1 / np.log(2.0), rel=1e-3)
    assert np.all(np.diff(system.porosity[left]) > 0)
    assert np.all(np.diff(system.porosity[right]) < 0)
    assert np.allclose(system.porosity[left], system.porosity[right][::-1])
    assert np.all(np.diff(system.transport[left]) > 0)
    assert np.all(np.diff(system.transport[right]) < 0)
    # A changed mean scales the shape.
    layer = cell.separator.model_copy(update={"porosity_profile": cell.negative_electrode.porosity_profile, "porosity": 0.4})
    assert float(layer.porosity_at(np.array([0.0]))[0]) / 0.4 == pytest.approx(0.25 / cell.negative_electrode.porosity)


def test_a_graded_cell_runs_and_conserves_what_it_holds(lgm50):
    plain = lgm50.model_dump()
    electrode = plain["positive_electrode"]
    even, graded = (
        simulate_discharge(CellSpecification.read(plain | {"positive_electrode": electrode | {"porosity": porosity}}), 1.0)
        for porosity in ("0.3 + 0 * z", "0.335 - 0.07 * z")
    )
    assert float(np.abs(graded.lithium_error).max()) < 1e-10
    # More pores beside the separator, where the current of ions is large, cost less voltage.
    at = 1500.0
    assert float(graded.voltage.interp(time=at)) > float(even.voltage.interp(time=at)) + 1e-4


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"porosity": "0.9 + 0.2 * z"}, "at most 1"),
        ({"porosity": "0.1 - 0.2 * z"}, "positive values everywhere"),
        ({"porosity": "0.1 + 0.2 * y"}, "porosity"),
        ({"porosity": 0.3, "transport_efficiency": {"z": [0, 1], "vlaues": [1, 1]}}, "did you mean 'values'"),
    ],
)
def test_a_porosity_that_is_none_is_refused(change, message):
    with pytest.raises(InputError, match=message):
        PorousLayer.read({"thickness": 1e-5} | change, "layer")


def test_only_a_cell_with_lithium_as_its_positive_electrode_may_have_negative_cut_offs(lgm50):
    cell = CellSpecification.read(SYMMETRIC)
    assert cell.lower_voltage_cut_off == -1.0
    assert CellSpecification.model_validate_json(cell.model_dump_json()).digest == cell.digest
    with pytest.raises(InputError, match="lower_voltage_cut_off"):
        CellSpecification.read(lgm50.model_dump() | {"lower_voltage_cut_off": -1.0})


def anode_free(reserve: str):
    metal = {"lithium_metal": {"exchange_current_density": "40 A/m2", "reserve_thickness": reserve}}
    stated = read_toml(shipped("cell/lgm50_chen2020.toml"))
    stated.pop("nominal_capacity")
    cut_offs = {"lower_voltage_cut_off": 2.5, "upper_voltage_cut_off": 4.4, "nominal_capacity": "5 A h"}
    return CellSpecification.read({**stated, **cut_offs, "negative_electrode": metal})


def test_a_cell_without_an_anode_plates_and_strips_to_nothing():
    cell = anode_free("0 um")
    simulation = Simulation(cell, state_of_charge=0.0)
    simulation.step("Charge at 1 A for 1 hour")
    charged = simulation.result()
    thickness = charged.lithium_thickness_negative.values
    assert thickness[0] == 0.0
    # 3600 C over F, in m3 of metal over the area of the cell.
    assert thickness[-1] == pytest.approx(3600.0 / FARADAY * 6.94e-3 / 534.0 / cell.plane_area, rel=1e-6)
    assert simulation.step("Discharge at 2 A for 1 hour") == "the lithium metal is stripped"
    end = simulation.result()
    assert float(end.time[-1]) == pytest.approx(3600.0 + 1800.0, rel=1e-6)
    assert float(end.lithium_thickness_negative[-1]) == pytest.approx(0.0, abs=1e-12)
    assert float(end.lithium_error.max()) < 1e-9


def test_a_reserve_is_stripped_after_the_cyclable_lithium():
    cell = anode_free("5 um")
    more = 5e-6 / (6.94e-3 / 534.0) * FARADAY * cell.plane_area
    window = cell.capacity_of_window("negative")
    simulation = Simulation(cell.model_copy(update={"lower_voltage_cut_off": 0.5}), state_of_charge=0.05)
    simulation.hold("current", 0.5, duration=1.2 * (0.05 * window + more) / 0.5, voltage_low=-10.0)
    end = simulation.result()
    left = float(end.lithium_thickness_negative[-1])
    taken = float(end.capacity[-1])
    expected = 5e-6 + (0.05 * window - taken) / FARADAY * (6.94e-3 / 534.0) / cell.plane_area
    assert left == pytest.approx(expected, rel=1e-5, abs=1e-12)
