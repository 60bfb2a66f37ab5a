from __future__ import annotations

import numpy as np
import pytest

from scalith.particle import PhaseField, homogeneous_free_energy, phase_separation
from scalith.quantities import InputError, Property, Source
from scalith.quantities.constants import GAS_CONSTANT

T = 298.15
RT = GAS_CONSTANT * T
FIELDS = {"gradient_energy": 5e-10, "maximum_concentration": 22900.0, "tracer_diffusivity": 1e-16}


def at_equilibrium(material: PhaseField) -> tuple[Property, tuple[float, float]]:
    """Voltage with its plateau, and the two phases."""
    poor, rich = (float(x) for x in phase_separation(material, T).binodal)
    x = np.linspace(0.001, 0.999, 999)
    U = np.asarray(material.homogeneous_voltage(T)(x=x))
    level = float(material.homogeneous_voltage(T)(poor))
    plateau = np.where((x > poor) & (x < rich), level, U)
    return Property.from_arrays("open_circuit_voltage", {"x": x}, plateau, "V", Source(kind="assumed")), (poor, rich)


@pytest.mark.parametrize("skew", [0.0, 1500.0])
def test_a_homogeneous_material_comes_back_from_its_equilibrium(skew):
    x = np.linspace(0.0, 1.0, 401)
    s = 1.0 - 2.0 * x
    excess = 3.5 * RT * s + skew * (s**2 - 2.0 * x * (1.0 - x))
    made = PhaseField(
        excess_potential=Property.from_arrays("excess_potential", {"x": x}, excess, "J mol-1", Source(kind="assumed")),
        reference_voltage=3.4,
        **FIELDS,
    )
    voltage, binodal = at_equilibrium(made)
    found = homogeneous_free_energy(voltage, T, binodal, edge=0.002)
    np.testing.assert_allclose(found.coefficients, [3.5 * RT, skew, 0.0], atol=0.01 * RT)
    assert found.reference_voltage == pytest.approx(3.4, abs=2e-4)
    assert found.voltage_error < 2e-4
    again = PhaseField.from_phases(voltage, T, binodal, **FIELDS)
    np.testing.assert_allclose(phase_separation(again, T).binodal, binodal, atol=1e-3)


def test_the_phases_alone_give_the_regular_solution_that_has_them():
    flat = Property.constant("open_circuit_voltage", 3.422, "V", Source(kind="measured"))
    found = homogeneous_free_energy(flat, T, (0.0121, 0.9879), terms=2)
    assert found.coefficients[0] / RT == pytest.approx(np.log(0.9879 / 0.0121) / (1.0 - 2.0 * 0.0121), rel=1e-3)
    assert found.reference_voltage == pytest.approx(3.422, abs=1e-6)


def test_a_plateau_is_refused_as_a_homogeneous_voltage():
    made = PhaseField.regular_solution(4.511 * RT, reference_voltage=3.422, **FIELDS)
    voltage, _ = at_equilibrium(made)
    with pytest.raises(InputError, match="flat from x"):
        PhaseField.from_open_circuit_voltage(voltage, T, **FIELDS)
    loop = made.homogeneous_voltage(T)
    assert PhaseField.from_open_circuit_voltage(loop, T, **FIELDS).reference_voltage == pytest.approx(3.422, abs=1e-6)


def test_bad_input_is_named():
    flat = Property.constant("open_circuit_voltage", 3.422, "V", Source(kind="measured"))
    with pytest.raises(InputError, match="two stoichiometries"):
        homogeneous_free_energy(flat, T, (0.5, 0.2))
    with pytest.raises(InputError, match="2 to 8"):
        homogeneous_free_energy(flat, T, (0.01, 0.99), terms=1)
