from __future__ import annotations

import numpy as np
import pytest

from scalith.particle import PhaseField, phase_separation, radial_mesh, simulate_phase_field
from scalith.quantities import InputError, Property, Source
from scalith.quantities.constants import AVOGADRO, FARADAY, GAS_CONSTANT

T = 298.15
RT = GAS_CONSTANT * T
LFP = PhaseField.regular_solution(
    4.511 * RT,
    gradient_energy=5.0148e-10,
    coherency_strain=0.1916e9,
    maximum_concentration=1.3793e28 / AVOGADRO,
    tracer_diffusivity=1e-16,
    reference_voltage=3.422,
    exchange_current_density=0.16,
)


def test_common_tangent_and_spinodal_of_a_regular_solution():
    found = phase_separation(LFP, T)
    low, high = found.binodal.values
    assert np.log(low / (1.0 - low)) + 4.511 * (1.0 - 2.0 * low) == pytest.approx(0.0, abs=1e-9)
    assert low + high == pytest.approx(1.0, abs=1e-9)
    root = np.sqrt(1.0 - 2.0 / 4.511)
    np.testing.assert_allclose(found.spinodal, [0.5 * (1.0 - root), 0.5 * (1.0 + root)], atol=1e-9)
    gap = 2.0 * RT / FARADAY * (4.511 * root - np.log((1.0 + root) / (1.0 - root)))
    assert float(found.voltage_gap) == pytest.approx(gap, rel=1e-9)
    # A uniform particle has no coherency energy: strain moves its limits of stability, not its voltage.
    coherent = phase_separation(LFP, T, coherent=True)
    at_limits = LFP.homogeneous_voltage(T)(x=coherent.spinodal.values)
    assert float(coherent.voltage_gap) == pytest.approx(float(np.ptp(at_limits)), rel=1e-6)
    assert 0.8 * gap < float(coherent.voltage_gap) < gap


def test_the_material_may_come_from_a_voltage():
    x = np.linspace(0.001, 0.999, 999)
    U = 3.4 - RT / FARADAY * (np.log(x / (1.0 - x)) + 4.511 * (1.0 - 2.0 * x))
    voltage = Property.from_arrays("open_circuit_voltage", {"x": x}, U, "V", Source(kind="assumed"))
    made = PhaseField.from_open_circuit_voltage(
        voltage, T, gradient_energy=5.0148e-10, maximum_concentration=1.3793e28 / AVOGADRO, tracer_diffusivity=1e-16
    )
    assert made.reference_voltage == pytest.approx(3.4, abs=1e-9)
    found, expected = phase_separation(made, T), phase_separation(LFP, T)
    np.testing.assert_allclose(found.binodal, expected.binodal, atol=1e-6)
    assert float(found.interface_energy) == pytest.approx(float(expected.interface_energy), rel=1e-4)


@pytest.mark.parametrize("geometry", ["slab", "cylinder", "sphere"])
def test_at_rest_the_content_stays_and_the_energy_falls(geometry):
    data = simulate_phase_field(LFP, 30e-9, np.linspace(0.0, 10.0, 41), initial=0.5, geometry=geometry, nodes=120, noise=1e-3)
    assert np.ptp(data.mean_stoichiometry.values) < 1e-12
    assert np.diff(data.free_energy.values).max() <= 1e-12 * abs(float(data.free_energy[0]))
    assert np.ptp(data.stoichiometry[-1].values) > 0.5


def test_a_separated_slab_rests_at_the_common_tangent():
    soft = LFP.model_copy(update={"coherency_strain": 0.0})
    rho = radial_mesh(200, 1.0, 1, lumped=True).nodes
    start = np.where(rho > 0.5, 0.98, 0.02)
    data = simulate_phase_field(soft, 60e-9, [0.0, 30.0], initial=start, geometry="slab", nodes=200)
    phases = phase_separation(soft, T)
    np.testing.assert_allclose(data.stoichiometry[-1].values[[0, -1]], phases.binodal, atol=2e-4)
    np.testing.assert_allclose(data.chemical_potential[-1], 0.0, atol=2.0)
    uniform = (
        soft.maximum_concentration
        * RT
        * (0.0121579 * np.log(0.0121579) + 0.9878421 * np.log(0.9878421) + 4.511 * 0.0121579 * 0.9878421)
    )
    interface = (float(data.free_energy[-1]) - uniform) * 60e-9
    assert interface == pytest.approx(float(phases.interface_energy), rel=0.02)


def test_the_content_follows_the_flux_and_the_voltage_the_potential():
    flux = -1e-11
    data = simulate_phase_field(
        LFP, 30e-9, np.linspace(0.0, 100.0, 11), initial=0.02, surface_flux=[(0.0, flux), (50.0, 0.0)], nodes=100
    )
    change = -3.0 * flux / 30e-9 * np.minimum(data.time.values, 50.0)
    np.testing.assert_allclose(data.mean_stoichiometry.values - data.mean_stoichiometry.values[0], change, atol=1e-12)
    np.testing.assert_allclose(data.surface_voltage, 3.422 - data.chemical_potential[:, -1] / FARADAY)
    density = FARADAY * LFP.maximum_concentration * flux
    x, mu = data.surface_stoichiometry.values[3], float(data.chemical_potential[3, -1]) / RT
    over = 2.0 * RT / FARADAY * np.arcsinh(0.5 * density / (0.16 * (1.0 - x) * np.exp(0.5 * mu)))
    assert float(data.voltage[3] - data.surface_voltage[3]) == pytest.approx(over)
    assert float(data.voltage[-1]) == float(data.surface_voltage[-1])


def test_second_order_in_time():
    rho = radial_mesh(80, 1.0, 3, lumped=True).nodes
    start = 0.5 + 0.2 * np.cos(np.pi * rho)
    ends = []
    for step in (0.02, 0.01, 0.005, 0.0005):
        data = simulate_phase_field(
            LFP, 30e-9, [0.0, 0.2], initial=start, surface_flux=-1e-10, nodes=80, longest_step=step, tolerance=1.0
        )
        ends.append(data.stoichiometry[-1].values)
    errors = [np.abs(end - ends[-1]).max() for end in ends[:-1]]
    assert np.log2(errors[1] / errors[2]) > 1.7


def test_a_wetted_surface_has_the_gradient_that_wets_it():
    """At rest μ is one number everywhere, κ ∂x/∂n = −γ′ at the surface, and the energy has fallen to there."""
    mild = PhaseField.regular_solution(
        1.5 * RT, gradient_energy=1e-9, maximum_concentration=2e4, tracer_diffusivity=1e-14, surface_wetting=-0.02
    )
    data = simulate_phase_field(mild, 30e-9, [0.0, 10.0], initial=0.3, geometry="slab", nodes=301, noise=0.0)
    x, r = data.stoichiometry[-1].values, data.radius.values
    gradient = (1.5 * x[-1] - 2.0 * x[-2] + 0.5 * x[-3]) / (r[-1] - r[-2])
    assert mild.gradient_energy * gradient == pytest.approx(0.02, rel=5e-3)
    assert np.ptp(data.chemical_potential[-1].values) < 1e-4 * RT
    assert float(data.free_energy[-1]) < float(data.free_energy[0])
    assert x[-1] > x.mean() > x[0]


def test_a_full_surface_ends_the_run():
    data = simulate_phase_field(LFP, 50e-9, np.linspace(0.0, 1000.0, 101), initial=0.9, surface_flux=-1e-9, nodes=80)
    assert data.attrs["reason"] == "surface full"
    assert data.time.size < 101


@pytest.mark.parametrize("c_rate", [1.0 / 333.0, 1e-4])
def test_a_slow_particle_keeps_the_branch_that_a_fast_one_takes(c_rate):
    """A step longer than the instability that it passes would end with a rich core and a poor shell."""
    times = np.linspace(0.0, 0.5 * 3600.0 / c_rate, 6)
    flux = -c_rate / 3600.0 * 40e-9 / 3.0
    data = simulate_phase_field(LFP, 40e-9, times, initial=0.015, surface_flux=flux, nodes=60, noise=0.0)
    x = data.stoichiometry[-1].values
    assert x[-1] > 0.85
    assert x[0] < 0.15
    assert data.attrs["time_steps"] < 500


def test_a_mesh_too_coarse_for_the_interface_is_refused_with_what_it_needs():
    soft = LFP.model_copy(update={"coherency_strain": 0.0})
    with pytest.raises(InputError, match="at least 49") as caught:
        simulate_phase_field(soft, 500e-9, [0.0, 1.0], initial=0.02, nodes=200)
    needed = int(str(caught.value).rsplit(" ", 1)[1])
    width = float(phase_separation(soft, T).interface_width)
    assert 500e-9 / (needed - 1) <= width / 3.0 < 500e-9 / (needed - 2)


def test_what_does_not_separate_and_bad_settings_are_named():
    mild = PhaseField.regular_solution(1.5 * RT, gradient_energy=1e-10, maximum_concentration=2e4, tracer_diffusivity=1e-16)
    with pytest.raises(InputError, match="a material that separates"):
        phase_separation(mild, T)
    with pytest.raises(InputError, match="increasing times"):
        simulate_phase_field(LFP, 1e-8, [0.0], initial=0.5)
    with pytest.raises(InputError, match="between 0 and 1"):
        simulate_phase_field(LFP, 1e-8, [0.0, 1.0], initial=1.5)
    with pytest.raises(InputError, match="radius"):
        simulate_phase_field(LFP, -1e-8, [0.0, 1.0], initial=0.5)


def test_the_source_tells_runs_apart():
    runs = [{}, {"initial": 0.02}, {"surface_flux": -1e-12}, {"surface_flux": [(0.0, -1e-12), (0.5, 0.0)]}, {"tolerance": 1e-3}]
    settings = {"initial": 0.01, "nodes": 60, "noise": 0.0}
    sources = [simulate_phase_field(LFP, 30e-9, [0.0, 1e-3], **settings | run).attrs["source"] for run in runs]
    sources.append(simulate_phase_field(LFP, 30e-9, [0.0, 2e-3], **settings).attrs["source"])
    assert len(set(sources)) == len(sources)
