from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scalith.cell import ActiveMaterial, Mesh, particle_size_distribution, simulate_protocol
from scalith.cell.model.state_at_rest import stoichiometries_at_potential, stoichiometries_at_rest
from scalith.quantities import InputError, Property, Source

MESH = Mesh(5, 3, 5, nodes=10, finest=0.05)
T = 298.15
SOURCE = Source(kind="assumed", by="test")


def tables(value: Property, temperature: float):
    return value.table(temperature)


def voltage(function, low=0.0, high=1.0):
    x = np.linspace(low, high, 801)
    return Property.from_arrays("open_circuit_voltage", {"x": x}, function(x), "V", SOURCE)


def material(curve, **fields) -> ActiveMaterial:
    plain = {
        "particle_radius": 5e-6,
        "active_volume_fraction": 0.3,
        "maximum_concentration": 3e4,
        "open_circuit_voltage": curve,
        "chemical_diffusivity": 1e-14,
        "reaction_rate_constant": 1e-5,
    }
    return ActiveMaterial.read(plain | fields)


def blended(cell, second, share=0.1):
    first = cell.negative_electrode.material
    less = {"active_volume_fraction": (1.0 - share) * first.volume_fraction, "specific_area": None}
    second = second.model_copy(update={"active_volume_fraction": share * first.volume_fraction})
    electrode = cell.negative_electrode.model_copy(update={"materials": (first.model_copy(update=less), second)})
    return cell.model_copy(update={"negative_electrode": electrode})


@settings(max_examples=30, deadline=None)
@given(
    share=st.floats(0.0, 1.0),
    drop=st.floats(0.1, 2.0),
    offset=st.floats(-0.04, 0.04),
    fraction=st.floats(0.05, 0.5),
    temperature=st.floats(260.0, 320.0),
)
def test_straight_voltages_meet_where_the_algebra_says(share, drop, offset, fraction, temperature):
    # U₁ = a₁ − b₁ x₁ (+ s ΔT), U₂ = a₂ − b₂ x₂: two linear equations with the lithium.
    entropic = Property.constant("entropic_coefficient", 1e-4, "V K-1", SOURCE)
    one = material(
        voltage(lambda x: 0.5 - drop * (x - 0.5), -3.0, 4.0),
        entropic_coefficient=entropic,
        minimum_stoichiometry=0.02,
        maximum_stoichiometry=0.9,
    )
    two = material(
        voltage(lambda x: 0.5 + offset - 0.3 * (x - 0.5), -9.0, 10.0),
        active_volume_fraction=fraction,
        minimum_stoichiometry=0.1,
        maximum_stoichiometry=0.95,
    )
    x = stoichiometries_at_rest((one, two), share, temperature, T, tables)
    a1, a2 = 0.5 + 0.5 * drop + 1e-4 * (temperature - T), 0.5 + offset + 0.15
    held = 0.3 * (0.02 + share * 0.88) + fraction * (0.1 + share * 0.85)
    expected = np.linalg.solve([[-drop, 0.3], [0.3, fraction]], [a2 - a1, held])
    np.testing.assert_allclose(x, expected, atol=1e-9)
    assert 0.3 * x[0] + fraction * x[1] == pytest.approx(held, abs=1e-14)


def test_one_material_and_sizes_of_one_are_at_the_share_of_the_window(lgm50):
    one = lgm50.negative_electrode.material
    expected = one.minimum_stoichiometry + 0.3 * (one.maximum_stoichiometry - one.minimum_stoichiometry)
    for materials in ((one,), particle_size_distribution(one, 0.4, 3)):
        assert set(stoichiometries_at_rest(materials, 0.3, T, T, tables)) == {expected}


def test_a_blend_at_rest_stays_where_it_is(lgm50):
    silicon = material(
        voltage(lambda x: 0.62 - 0.5 * x - 0.1 * np.tanh((x - 0.05) / 0.05)),
        maximum_concentration=2.78e5,
        minimum_stoichiometry=0.01,
        maximum_stoichiometry=0.95,
    )
    cell = blended(lgm50, silicon, 0.03)
    for charge in (1.0, 0.5, 0.1):
        rest = simulate_protocol(cell, ["Rest for 5 hours"], initial_state_of_charge=charge, mesh=MESH)
        assert np.ptp(rest.voltage.values) < 1e-6
        for name in ("stoichiometry_negative_1", "stoichiometry_negative_2"):
            assert np.ptp(rest[name].values) < 1e-6
    # Charge passed is the difference of the states of charge: discharged and rested, the cell is where it would start.
    run = simulate_protocol(cell, ["Discharge at C/2 for 1 hour", "Rest for 40 hours"], mesh=MESH)
    passed = float(run.capacity[-1]) / cell.capacity_of_window("negative")
    x = [float(run[f"stoichiometry_negative_{k}"][-1]) for k in (1, 2)]
    expected = stoichiometries_at_rest(cell.negative_electrode.materials, 1.0 - passed, T, T, tables)
    np.testing.assert_allclose(x, expected, atol=1e-4)


def test_level_voltages_share_what_is_left():
    # Two plateaus at one potential, and one above: the lower ones fill alike once the upper one is full.
    flat, upper = voltage(lambda x: 3.4 + 0.0 * x), voltage(lambda x: 3.9 - 0.5 * x)
    one, two, three = material(flat), material(voltage(lambda x: 3.4 + 0.0 * x)), material(upper)
    x = stoichiometries_at_rest((one, two), 0.3, T, T, tables)
    np.testing.assert_allclose(x, 0.3, atol=1e-12)
    x = stoichiometries_at_rest((one, three), 0.75, T, T, tables)
    np.testing.assert_allclose(x, [0.5, 1.0], atol=1e-6)


def test_potentials_that_never_meet_are_refused():
    upper, lower = material(voltage(lambda x: 1.0 - 0.1 * x)), material(voltage(lambda x: 0.5 - 0.1 * x))
    with pytest.raises(
        InputError, match=r"materials\.1\.open_circuit_voltage.*at rest|materials\.0\.open_circuit_voltage.*at rest"
    ):
        stoichiometries_at_rest((upper, lower), 0.25, T, T, tables)


def test_the_state_of_hysteresis_counts():
    half = Property.constant("hysteresis", 0.05, "V", SOURCE)
    lag = {"hysteresis": half, "hysteresis_decay": 5.0, "initial_hysteresis": -1.0}
    one, two = material(voltage(lambda x: 0.6 - 0.5 * x), **lag), material(voltage(lambda x: 0.7 - 0.5 * x))
    # U₁ − 0.05 = U₂, with x₁ + x₂ = 2 z.
    x = stoichiometries_at_rest((one, two), 0.5, T, T, tables)
    np.testing.assert_allclose(x, [0.35, 0.65], atol=1e-9)


def test_a_potential_says_where_each_material_stands():
    one, two = material(voltage(lambda x: 0.6 - 0.5 * x)), material(voltage(lambda x: 0.9 - 0.8 * x**2))
    x = stoichiometries_at_potential((one, two), 0.4, T, T, tables)
    np.testing.assert_allclose(x, [0.4, np.sqrt(0.5 / 0.8)], atol=1e-7)
    assert stoichiometries_at_potential((one,), 5.0, T, T, tables)[0] == 0.0
