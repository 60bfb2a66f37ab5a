from __future__ import annotations

import numpy as np
import pytest

from scalith.interface import debye_length, simulate_space_charge, space_charge
from scalith.quantities import InputError
from scalith.quantities.constants import FARADAY, GAS_CONSTANT, VACUUM_PERMITTIVITY

C, PERMITTIVITY, D, T = 100.0, 60.0, 1e-12, 298.15
DEBYE = debye_length(C, PERMITTIVITY, T)
THERMAL = GAS_CONSTANT * T / FARADAY


def between_electrodes(reduced_voltage, lengths, **options):
    return simulate_space_charge(reduced_voltage * THERMAL, lengths * DEBYE, C, PERMITTIVITY, D, T, **options)


@pytest.fixture(scope="module")
def charged():
    return between_electrodes(6.0, 30.0, points=51, site_concentration=2000.0)


def test_ions_are_kept_and_start_uniform(charged):
    ions = np.trapezoid(charged.concentration, charged.depth, axis=1)
    np.testing.assert_allclose(ions, C * 30.0 * DEBYE, rtol=1e-12)
    np.testing.assert_allclose(charged.concentration[0], C, rtol=1e-14)
    np.testing.assert_allclose(charged.potential[:, 0], 6.0 * THERMAL, rtol=1e-12)
    np.testing.assert_allclose(charged.potential[:, -1], 0.0, atol=1e-12)


def test_the_first_current_is_ohms_and_the_first_charge_a_capacitors(charged):
    vacant = 1.0 - C / 2000.0
    conductivity = FARADAY**2 * D * C * vacant / (GAS_CONSTANT * T)
    field = 6.0 * THERMAL / (30.0 * DEBYE)
    assert float(charged.current_density[0]) == pytest.approx(conductivity * field, rel=1e-10)
    assert float(charged.electrode_charge[0]) == pytest.approx(VACUUM_PERMITTIVITY * PERMITTIVITY * field, rel=1e-10)


def test_in_the_end_ions_have_fermis_distribution_and_the_layers_of_the_steady_state(charged):
    last = charged.isel(time=-1)
    theta = last.concentration.values / 2000.0
    electrochemical = np.log(theta / (1.0 - theta)) + last.potential.values / THERMAL
    assert np.ptp(electrochemical) < 1e-4
    middle = float(last.potential[25])
    for side, sign in ((0, -1.0), (-1, 1.0)):
        layer = space_charge(float(last.potential[side]) - middle, C, PERMITTIVITY, T, site_concentration=2000.0)
        assert float(last.concentration[side]) == pytest.approx(float(layer.concentration[0]), rel=1e-4)
        assert float(last.electrode_charge) == pytest.approx(sign * float(layer.surface_charge), rel=5e-3)
    assert abs(float(last.current_density)) < 1e-6 * float(charged.current_density[0])


def test_the_current_is_the_rate_of_the_electrodes_charge():
    tau = float(between_electrodes(2.0, 10.0, points=41, times=0.0).relaxation_time)
    data = between_electrodes(2.0, 10.0, points=41, times=0.5 * tau * (1.0 + 1e-3 * np.array([-1.0, 0.0, 1.0])))
    slope = float(data.electrode_charge[2] - data.electrode_charge[0]) / float(data.time[2] - data.time[0])
    assert float(data.current_density[1]) == pytest.approx(slope, rel=1e-5)


def test_the_smallest_voltage_answers_in_proportion():
    small, large = (between_electrodes(step, 10.0, points=31) for step in (1e-3, 4e-3))
    np.testing.assert_allclose(small.electrode_charge / 1e-3, large.electrode_charge / 4e-3, rtol=1e-5)
    first = float(small.current_density[0])
    np.testing.assert_allclose(small.current_density / 1e-3, large.current_density / 4e-3, rtol=1e-4, atol=1e-4 * first)


@pytest.mark.parametrize(("lengths", "sites"), [(40.0, None), (40.0, 250.0), (0.5, None)])
def test_a_small_voltage_relaxes_with_the_slowest_time_of_the_linear_equations(lengths, sites):
    options = {"points": 81, "site_concentration": sites}
    tau = float(between_electrodes(0.01, lengths, times=0.0, **options).relaxation_time)
    data = between_electrodes(0.01, lengths, times=[tau, 2.0 * tau], **options)
    decay = np.log(float(data.current_density[0] / data.current_density[1]))
    assert decay == pytest.approx(1.0, rel=2e-3)


def test_the_time_of_relaxation_has_its_two_limits():
    thick, thin = (float(between_electrodes(0.01, lengths, times=0.0).relaxation_time) for lengths in (1e4, 1e-2))
    assert thick == pytest.approx(DEBYE * 1e4 * DEBYE / (2.0 * D), rel=2e-4)  # resistance L/σ times half a layer's capacitance
    assert thin == pytest.approx((1e-2 * DEBYE / np.pi) ** 2 / D, rel=1e-4)  # diffusion alone


def test_the_sign_of_voltage_and_of_charge_are_mirrors():
    one = between_electrodes(3.0, 10.0, points=41, times=[5.0 * DEBYE**2 / D])
    other = between_electrodes(-3.0, 10.0, points=41, times=[5.0 * DEBYE**2 / D])
    np.testing.assert_allclose(one.concentration[0], other.concentration[0, ::-1], rtol=1e-7)
    negative = between_electrodes(-3.0, 10.0, points=41, times=[5.0 * DEBYE**2 / D], charge=-1)
    np.testing.assert_allclose(one.concentration[0], negative.concentration[0], rtol=1e-7)


@pytest.mark.long
def test_the_mesh_converges_with_the_second_order():
    def charge(points):
        return float(between_electrodes(4.0, 12.0, points=points, times=[3.0 * DEBYE**2 / D]).electrode_charge[0])

    coarse, middle, fine = (charge(points) for points in (31, 61, 121))
    assert np.log2((coarse - middle) / (middle - fine)) == pytest.approx(2.0, abs=0.1)


def test_nothing_happens_without_a_voltage():
    data = between_electrodes(0.0, 10.0, points=21)
    np.testing.assert_allclose(data.concentration, C, rtol=1e-14)
    np.testing.assert_allclose(data.current_density, 0.0, atol=1e-14)


def test_a_crowded_layer_has_finite_sites_and_says_where_the_continuum_ends():
    data = simulate_space_charge(1.0, 1e-6, 1.0, PERMITTIVITY, D, T, times=0.0)
    assert data.attrs["bulk_occupation"] == 0.0
    assert data.attrs["continuum_holds"] == 1
    data = simulate_space_charge(0.1, 1e-8, 42000.0, PERMITTIVITY, D, T, times=0.0)
    assert data.attrs["bulk_occupation"] == pytest.approx(0.683, abs=1e-3)
    assert data.attrs["continuum_holds"] == 0


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"voltage": "0.1 V"}, "voltage.*a number in SI"),
        ({"voltage": 1e-9}, "voltage.*zero, or at least 2.57e-05 V"),
        ({"diffusivity": 0.0}, "diffusivity.*a positive number"),
        ({"concentration": -1.0}, "concentration.*a positive number"),
        ({"thickness": 1.0}, "Debye lengths"),
        ({"site_concentration": 50.0}, "simulate_space_charge.*more than the 100 mol/m3"),
        ({"site_concentration": 0.0}, "site_concentration"),
        ({"times": [1.0, 0.5]}, "rising times"),
        ({"times": "1 h"}, "rising times"),
        ({"times": [-1.0]}, "rising times"),
        ({"points": 10}, "21 to 2001"),
        ({"charge": 0}, "charge"),
    ],
)
def test_bad_input_is_named(changed, message):
    good = {"voltage": 0.1, "thickness": 1e-8, "concentration": C, "relative_permittivity": PERMITTIVITY, "diffusivity": D}
    with pytest.raises(InputError, match=message):
        simulate_space_charge(**(good | changed))
