"""Experiments on a virtual cell give back what was put into it."""

import numpy as np
import pytest

from scalith.cell import Mesh, read_cell
from scalith.lab.half_cell import half_cell
from scalith.lab.titration import (
    extract_entropy,
    extract_gitt,
    extract_interruption,
    extract_pitt,
    newman_number,
    simulate_entropy_on_cell,
    simulate_gitt_on_cell,
    simulate_interruptions_on_cell,
    simulate_pitt_on_cell,
    simulate_polarisation_on_cell,
)
from scalith.quantities import InputError, shipped

THIN = half_cell(shipped("cell/lgm50_chen2020.toml"), thickness=5e-6)
MATERIAL = THIN.cell.positive_electrode.material
RADIUS, TRUE = MATERIAL.particle_radius, 4e-15
NODES = np.linspace(0.2, 0.95, 2001)
CURVE = np.asarray(MATERIAL.open_circuit_voltage(x=NODES, T=298.15))


def potential(charge):
    return np.interp(THIN.stoichiometry(charge), NODES, CURVE)


def test_titration_gives_the_diffusivity_back_where_the_potential_bends():
    data = simulate_gitt_on_cell(THIN.cell, rate="C/10", pulse=600.0, rest=7200.0, pulses=2, state_of_charge=0.9)
    bent = extract_gitt(data, radius=RADIUS, potential=lambda q: potential(q + 0.1 * THIN.cell.nominal_capacity), drift=False)
    assert bent["diffusivity"].values == pytest.approx(TRUE, rel=5e-3)
    assert list(bent["note"].values) == ["", ""]
    passed = 0.1 * THIN.cell.nominal_capacity + np.array([0.5, 1.5]) * float(data["current"].max()) * 600.0
    straight = extract_gitt(
        data, radius=RADIUS, slope=np.gradient(potential(np.arange(3) + passed[:, None]), axis=1)[:, 1], drift=False
    )
    assert np.all(np.abs(straight["diffusivity"].values / TRUE - 1.0) > 0.02)  # a straight line through the pulse
    assert bent["slope"].values == pytest.approx(straight["slope"].values, rel=0.1)
    with pytest.raises(InputError, match="one of the two"):
        extract_gitt(data, radius=RADIUS, slope=-1e-4, potential=potential)


def test_a_step_of_voltage_gives_the_diffusivity_back():
    (data,) = simulate_pitt_on_cell(THIN.cell, step=-0.005, hold=7200.0, state_of_charge=0.5)
    found = extract_pitt(data, radius=RADIUS, step=-0.005)
    assert found.diffusivity == pytest.approx(TRUE, rel=0.03)
    with pytest.raises(InputError, match="a step that is not zero"):
        simulate_pitt_on_cell(THIN.cell, step=0.0)


def test_interruptions_give_the_diffusivity_back():
    data, times = simulate_interruptions_on_cell(THIN.cell, between=1800.0, interruption=10.0, count=2, state_of_charge=0.6)
    found = [extract_interruption(data, begin=a, end=b, radius=RADIUS)[0] for a, b in times]
    assert np.asarray(found) / TRUE == pytest.approx(1.0, abs=0.2)


def test_steps_of_temperature_give_the_entropic_coefficient_back():
    entropic = half_cell(shipped("cell/nmc532_mohtat2020.toml"))
    data = simulate_entropy_on_cell(entropic.cell, state_of_charge=0.5)
    found = extract_entropy(data["time"].values, data["voltage"].values, data["ambient_temperature"].values)
    x = float(entropic.stoichiometry(0.5 * entropic.cell.nominal_capacity))
    expected = float(entropic.cell.positive_electrode.material.entropic_coefficient(x=x))
    assert found.value == pytest.approx(expected, rel=1e-3)


def test_a_symmetric_cell_polarises_as_newman_says():
    electrolyte = read_cell(shipped("cell/lgm50_chen2020.toml")).electrolyte
    metal = {"lithium_metal": {"exchange_current_density": "1e5 A/m2"}}
    volts = {"value": -1.0, "implausible": True}, {"value": 1.0, "implausible": True}
    cell = type(THIN.cell).read(
        {
            "electrode_area": 1e-4,
            "nominal_capacity": "10 mA*h",
            "lower_voltage_cut_off": volts[0],
            "upper_voltage_cut_off": volts[1],
            "electrolyte": electrolyte,
            "negative_electrode": metal,
            "positive_electrode": metal,
            "separator": {"thickness": "100 um", "porosity": 0.5},
        }
    )
    found = simulate_polarisation_on_cell(cell, voltage=0.01, mesh=Mesh(1, 40, 1))
    c = electrolyte.initial_concentration
    number = newman_number(
        float(electrolyte.conductivity(c=c, T=298.15)), float(electrolyte.diffusivity(c=c, T=298.15)), c, 0.2594
    )
    assert found.attrs["steady"] / found.attrs["first"] == pytest.approx(1.0 / (1.0 + number), abs=1e-3)
