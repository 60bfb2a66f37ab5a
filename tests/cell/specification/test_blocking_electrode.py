"""Electrodes that block: the spectrum of an electrolyte between them in closed form."""

from __future__ import annotations

import numpy as np
import pytest

from scalith.cell import CellSpecification, Mesh, Simulation, simulate_impedance
from scalith.quantities import InputError
from scalith.quantities.constants import FARADAY, GAS_CONSTANT

SIGMA, D, T_PLUS, C, LENGTH, AREA = 0.9, 3e-10, 0.3, 1000.0, 2e-4, 1e-4
LAYER, EXPONENT = 1e5, 0.85  # F m-2: so large that diffusion of the salt is seen
F = np.geomspace(1e-4, 1e5, 25)
MESH = Mesh(1, 400, 1)


def cell_of(exponent, layer=LAYER, **changes):
    block = {"blocking": {"double_layer_capacitance": layer, "double_layer_exponent": exponent}}
    made = {
        "electrode_area": AREA,
        "nominal_capacity": "1 mA h",
        "lower_voltage_cut_off": -2.0,
        "upper_voltage_cut_off": 2.0,
        "electrolyte": {
            "initial_concentration": C,
            "conductivity": f"{SIGMA} S/m",
            "diffusivity": f"{D} m2/s",
            "transference_number": T_PLUS,
        },
        "negative_electrode": block,
        "separator": {"thickness": LENGTH, "porosity": 0.5, "bruggeman_exponent": 1.5},
        "positive_electrode": block,
    }
    return CellSpecification.read(made | changes)


def exact(exponent):
    """Ohm's law, the salt that the cation of the double layers moves (as between lithium electrodes), and two double layers."""
    s, share = 2j * np.pi * F, 0.5**1.5
    ohms = LENGTH / (SIGMA * share * AREA)
    newman = 2.0 * SIGMA * GAS_CONSTANT * 298.15 * (1.0 - T_PLUS) ** 2 / (FARADAY**2 * D * C)
    u = np.sqrt(s * LENGTH**2 * 0.5 / (4.0 * D * share))
    return ohms * (1.0 + newman * np.tanh(u) / u) + 2.0 / (LAYER * AREA * s**exponent)


@pytest.mark.parametrize("exponent", [1.0, EXPONENT])
def test_the_spectrum_is_that_of_the_closed_form(exponent):
    found = simulate_impedance(cell_of(exponent), F, 0.5, mesh=MESH)
    z = found["resistance"].values + 1j * found["reactance"].values
    ohms = LENGTH / (SIGMA * 0.5**1.5 * AREA)
    assert np.max(np.abs(z - exact(exponent))) < 2e-3 * ohms
    assert z.real[-1] == pytest.approx(exact(exponent).real[-1], rel=1e-3)


def test_it_charges_as_a_capacitor_does():
    simulation = Simulation(cell_of(1.0, layer=0.2), mesh=Mesh(1, 10, 1), tolerance=1e-6)
    simulation.hold("current", -1e-8, duration=600.0)
    assert simulation.voltage == pytest.approx(1e-8 * 600.0 / (0.5 * 0.2 * AREA), rel=1e-5)


def test_a_constant_phase_has_no_time():
    with pytest.raises(InputError, match="spectra of a cell at rest"):
        Simulation(cell_of(0.9)).hold("current", 1e-6, duration=1.0)
    with pytest.raises(InputError, match="nothing beside blocking"):
        cell_of(1.0, negative_electrode={"blocking": {"double_layer_capacitance": 0.1}, "thickness": 1e-6})
