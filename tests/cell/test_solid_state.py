from __future__ import annotations

import numpy as np
import pytest

from scalith.cell import CellSpecification, LithiumMetal, Mesh, simulate_discharge, simulate_impedance
from scalith.quantities import InputError, read_toml, shipped
from scalith.quantities.constants import FARADAY, GAS_CONSTANT

THIN = {
    "thickness": 1e-8,
    "specific_area": 1e8,
    "particle_radius": 1e-9,
    "maximum_concentration": 1e12,
    "minimum_stoichiometry": 0.2,
    "maximum_stoichiometry": 0.8,
    "porosity": 0.5,
    "transport_efficiency": 1.0,
    "conductivity": 100.0,
    "chemical_diffusivity": 1e-13,
}


def _cell(exchange: float, transference: float = 1.0, **electrolyte) -> CellSpecification:
    return CellSpecification.read(
        {
            "electrode_area": "2 cm2",
            "nominal_capacity": "1 mA*h",
            "lower_voltage_cut_off": 0.0,
            "upper_voltage_cut_off": 5.0,
            "electrolyte": {
                "initial_concentration": 1e4,
                "conductivity": "1 mS/cm",
                "diffusivity": 1e-12,
                "transference_number": transference,
            }
            | electrolyte,
            "negative_electrode": THIN | {"open_circuit_voltage": 0.0, "exchange_current_density": exchange},
            "positive_electrode": THIN | {"open_circuit_voltage": 3.0, "exchange_current_density": exchange},
            "separator": {"thickness": "50 um", "porosity": 1.0},
        }
    )


def test_planar_electrodes_on_a_single_ion_conductor_are_resistors_in_series():
    i0, T = 4.0, 298.15
    z = simulate_impedance(_cell(i0), [1e3], mesh=Mesh(1, 6, 1, nodes=4, finest=0.3))
    exact = (50e-6 / 0.1 + 2.0 * GAS_CONSTANT * T / (FARADAY * i0)) / 2e-4
    assert float(z.resistance[0]) == pytest.approx(exact, rel=1e-4)


def test_nothing_polarises_when_one_ion_moves_and_something_does_otherwise():
    mesh = Mesh(1, 30, 1, nodes=4, finest=0.3)
    still = simulate_discharge(_cell(100.0), current=2e-4, duration=600.0, mesh=mesh)
    assert float(np.ptp(still.voltage.values)) < 1e-9
    moving = simulate_discharge(_cell(100.0, 0.5), current=2e-4, duration=600.0, mesh=mesh)
    assert float(moving.concentration_highest[-1]) > 1e4 > float(moving.concentration_lowest[-1])
    assert float(np.abs(moving.lithium_error).max()) < 1e-12


def test_ions_that_form_and_recombine_return_to_equilibrium():
    rate = 0.01
    formed = {"c": [1.0, 2e4], "values": [rate * (1e4 - 1.0), -rate * 1e4], "unit": "mol m-3 s-1"}
    plain = _cell(100.0, 0.5)
    kinetic = _cell(100.0, 0.5, generation=formed)
    mesh = Mesh(1, 40, 1, nodes=4, finest=0.3)
    spread = [
        float((data.concentration_highest - data.concentration_lowest)[-1])
        for data in (simulate_discharge(cell, current=2e-4, duration=2000.0, mesh=mesh) for cell in (plain, kinetic))
    ]
    # With generation the profile is sinh-like over √(D/k), and flatter than the straight one.
    length = np.sqrt(1e-12 / rate)
    gradient = 0.5 * 1.0 / (FARADAY * 1e-12)
    assert spread[1] == pytest.approx(2.0 * gradient * length * np.tanh(25e-6 / length), rel=0.02)
    assert spread[1] < spread[0]


FINE = {
    "lpscl_ncm622_indium": Mesh(1, 3, 20),
    "llzo_lco_lithium": Mesh(1, 3, 20),
    "lipon_lco_lithium": Mesh(1, 40, 1, nodes=40, finest=0.002),
}


@pytest.mark.parametrize("name", FINE)
def test_the_shipped_solid_state_cells_run_and_state_their_sources(name):
    cell = CellSpecification.read_toml(shipped(f"cell/{name}.toml"))
    data = simulate_discharge(cell, 0.5, mesh=FINE[name])
    assert data.attrs["reason"] == "lower voltage reached"
    assert 0.5 < float(data.capacity[-1]) / cell.capacity_of_window("positive") < 1.02
    for value in (cell.electrolyte.conductivity, cell.positive_electrode.material.open_circuit_voltage):
        assert "10." in value.source.reference
        assert value.source.kind in ("measured", "published", "assumed")
    assert CellSpecification.model_validate_json(cell.model_dump_json()).digest == cell.digest


def test_the_shipped_lipon_cell_has_the_capacities_of_its_paper():
    cell = CellSpecification.read_toml(shipped("cell/lipon_lco_lithium.toml"))
    for rate, published in ((0.1, 0.3231), (0.5, 0.2759), (2.0, 0.2156)):
        data = simulate_discharge(cell, rate, mesh=FINE["lipon_lco_lithium"], duration=6e5)
        assert float(data.capacity[-1]) / 3.6 / 3.36 == pytest.approx(published, rel=0.07)


def test_lithium_metal_is_a_charge_transfer_resistance_over_the_area_of_the_cell():
    cell = CellSpecification.read_toml(shipped("cell/llzo_lco_lithium.toml"))
    resistance = []
    for exchange in (128.5, 1e6):
        metal = LithiumMetal(exchange_current_density=exchange).electrode(cell.positive_electrode.window)
        changed = cell.model_copy(update={"negative_electrode": metal})
        assert changed.capacity_of_window("negative") == pytest.approx(cell.capacity_of_window("positive"))
        resistance.append(float(simulate_impedance(changed, [1e4], mesh=Mesh(1, 3, 20)).resistance[0]))
    assert 1e4 * cell.plane_area * (resistance[0] - resistance[1]) == pytest.approx(2.0, rel=1e-3)


def test_a_mistake_in_lithium_metal_is_named():
    plain = read_toml(shipped("cell/llzo_lco_lithium.toml"))
    plain["positive_electrode"]["open_circuit_voltage"] = 3.9
    with pytest.raises(InputError, match="did you mean 'exchange_current_density'"):
        CellSpecification.read(plain | {"negative_electrode": {"lithium_metal": {"exchange_curent_density": 1.0}}})
    with pytest.raises(InputError, match="nothing beside lithium_metal"):
        CellSpecification.read(
            plain | {"negative_electrode": {"lithium_metal": {"exchange_current_density": 1.0}, "porosity": 0.1}}
        )
