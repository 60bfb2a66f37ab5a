"""Voids on stripping: exact limits of their closing, balance of volume, exponents, contact in time."""

from __future__ import annotations

import numpy as np
import pytest

from scalith.interface import (
    LithiumAnode,
    PressedLithium,
    StrippingVoids,
    constriction_resistance,
    critical_stripping_current,
    plated_thickness,
    simulate_stripping,
)
from scalith.quantities import InputError
from scalith.quantities.constants import GAS_CONSTANT, LITHIUM_MOLAR_VOLUME

VOIDS = StrippingVoids()
STATED = {"toughness": 1e6, "interface_resistance": "10 ohm cm2", "stack_pressure": "1.5 MPa", "flaw": "1 um"}
CREEPING = VOIDS.model_copy(update={"self_diffusivity": 0.0})


def test_a_void_in_a_viscous_metal_closes_as_a_bubble_and_in_a_rigid_one_at_its_collapse_pressure():
    # Newtonian, viscosity σ₀/(3 ε̇₀): ȧ/a = P/(4η(1 − φ)); volume per area 2b/3 φ, of which a part 3 ȧ/a closes.
    viscous = CREEPING.model_copy(update={"creep_exponent": 1.0})
    eta = viscous.flow_stress / 3e-3
    for ratio in (0.05, 0.5, 0.9):
        expected = viscous.depth(ratio) * 3.0 * 1e6 / (4.0 * eta * (1.0 - ratio**3))
        assert viscous.closing(ratio, 1e6, 298.15)[0] == pytest.approx(expected, rel=1e-12)
    # With a large exponent nothing closes below (2/3) σ₀ ln(1/φ), and much above it.
    rigid = CREEPING.model_copy(update={"creep_exponent": 400.0})
    collapse = -2.0 / 3.0 * rigid.flow_stress * np.log(0.5**3)
    assert rigid.closing(0.5, 0.97 * collapse, 298.15)[0] < 1e-4 * rigid.closing(0.5, 1.0 * collapse, 298.15)[0]


def test_lithium_diffuses_to_a_small_void_as_to_a_sphere():
    still = VOIDS.model_copy(update={"flow_stress": 1e12})
    a = 1e-3 * still.cell_radius
    sphere = 2.0 * np.pi * 6e-15 * 2e6 * LITHIUM_MOLAR_VOLUME / (GAS_CONSTANT * 298.15) * a  # half of 4π D Δμ/RT a
    assert still.closing(1e-3, 2e6, 298.15)[1] * np.pi * still.cell_radius**2 == pytest.approx(sphere, rel=2e-3)


def test_the_critical_current_follows_pressure_and_temperature_as_its_law_says():
    pressures = [1e6, 2e6]
    for voids, power, Q in ((CREEPING, 7.55, 37e3), (VOIDS.model_copy(update={"flow_stress": 1e12}), 2.0, 53e3)):
        anode = LithiumAnode(toughness=1e6, interface_resistance="10 ohm cm2", voids=voids)
        found = critical_stripping_current(anode, pressures, [298.15, 333.15]).critical_stripping_current_density.values
        assert np.log2(found[1, 0] / found[0, 0]) == pytest.approx(power, rel=1e-9)
        warmer = np.log(found[0, 1] / found[0, 0]) / (1.0 / 298.15 - 1.0 / 333.15) * GAS_CONSTANT
        by_thermal_energy = 0.0 if power > 3.0 else np.log(298.15 / 333.15) / (1 / 298.15 - 1 / 333.15) * GAS_CONSTANT
        assert warmer == pytest.approx(Q + by_thermal_energy, rel=1e-9)


@pytest.mark.parametrize("share", [0.2, 5.0])
def test_a_steady_current_ends_at_the_contact_that_it_leaves(share):
    lithium = PressedLithium(**STATED)
    i = share * float(lithium.critical_stripping_current_density(298.15))
    run = simulate_stripping(lithium, np.geomspace(1.0, 1e7, 200) - 1.0, i)
    assert float(run.contact_left[-1]) == pytest.approx(lithium.lasting_contact(i, 298.15), rel=1e-6)
    assert (float(run.contact_left[-1]) < 0.9) == (share > 1.0)
    np.testing.assert_allclose(run.stripped, run.void_depth + run.crept + run.diffused, rtol=1e-9, atol=1e-20)
    assert float(run.stripped[-1]) == pytest.approx(plated_thickness(i, 1e7 - 1.0), rel=1e-12)


def test_voids_grow_by_what_is_stripped_while_nothing_closes_them_and_close_at_rest():
    stiff = VOIDS.model_copy(update={"flow_stress": 1e12, "self_diffusivity": 0.0})
    lithium = PressedLithium(**STATED, voids=stiff)
    run = simulate_stripping(lithium, [0.0, 600.0, 1200.0], 1.0)
    np.testing.assert_allclose(run.void_depth, [0.0, plated_thickness(1.0, 600.0), plated_thickness(1.0, 1200.0)])
    fraction = 1.5 / 9.0
    depth = plated_thickness(1.0, 1200.0) / fraction / (2.0 / 3.0 * stiff.cell_radius)
    assert float(run.contact[-1]) == pytest.approx(fraction * (1.0 - depth ** (2.0 / 3.0)))
    time = np.concatenate([np.linspace(0.0, 3600.0, 61), 3600.0 + np.geomspace(1.0, 1e5, 60)])
    current = np.where(time <= 3600.0, 20.0, -20.0)  # plated again: creep alone closes the voids
    back = simulate_stripping(PressedLithium(**STATED), time, current)
    assert float(back.contact_left[60]) == pytest.approx(float(back.contact_left.min()), abs=0.01)
    assert float(back.contact_left[-1]) > 0.99 > float(back.contact_left[60])


def test_a_current_that_turns_strips_until_it_does():
    lithium = PressedLithium(**STATED)
    coarse = simulate_stripping(lithium, [0.0, 400.0, 600.0], [1.0, -3.0, 1.0])  # zero at 100 s and at 550 s
    fine = np.linspace(0.0, 600.0, 1201)
    exact = simulate_stripping(lithium, fine, np.interp(fine, [0.0, 400.0, 600.0], [1.0, -3.0, 1.0]))
    np.testing.assert_allclose(coarse.stripped, [0.0, plated_thickness(0.5, 100.0), plated_thickness(0.5, 150.0)], rtol=1e-12)
    assert float(coarse.stripped[-1]) == pytest.approx(float(exact.stripped[-1]), rel=1e-12)


def test_first_order_in_time():
    lithium = PressedLithium(**STATED)
    ends = [float(simulate_stripping(lithium, np.linspace(0.0, 3600.0, n + 1), 2.0).contact_left[-1]) for n in (20, 40, 640)]
    assert abs(ends[1] - ends[2]) == pytest.approx(0.5 * abs(ends[0] - ends[2]), rel=0.15)


def test_what_is_left_narrows_the_current_to_its_discs():
    lithium = PressedLithium(**STATED, spacing="30 um", conductivity="1 mS/cm")
    f = 0.8 * 1.5 / 9.0
    discs = float(constriction_resistance(30e-6 * np.sqrt(f / np.pi), f, 0.1))
    assert lithium.area_resistance(298.15, 0.8) == pytest.approx(1e-3 / f + discs)
    assert lithium.area_resistance(298.15, 1.0 - 1e-12) == pytest.approx(lithium.area_resistance(298.15))
    run = simulate_stripping(lithium, [0.0, 1800.0], 5.0)
    more = lithium.area_resistance(298.15, float(run.contact_left[-1])) - lithium.area_resistance(298.15)
    assert float(run.void_overvoltage[-1]) == pytest.approx(5.0 * more)


def test_bad_input_is_named():
    lithium = PressedLithium(**STATED)
    with pytest.raises(InputError, match="rising times"):
        simulate_stripping(lithium, [1.0, 0.0], 1.0)
    with pytest.raises(InputError, match="one a time"):
        simulate_stripping(lithium, [0.0, 1.0], [1.0, 1.0, 1.0])
    with pytest.raises(InputError, match="pressure, temperature"):
        critical_stripping_current(lithium, 0.0, 298.15)
    with pytest.raises(InputError, match="contact"):
        VOIDS.closing_current(0.0, 1e6, 298.15)
    assert VOIDS.closing_current(1.0, 1e6, 298.15) == 0.0
