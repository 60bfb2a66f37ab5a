from __future__ import annotations

import numpy as np
import pytest

from scalith.cell import (
    CellSpecification,
    Mesh,
    simulate_batch,
    simulate_discharge,
    simulate_impedance,
    simulate_protocol,
    simulate_sensitivities,
    single_particle,
    to_bpx,
)
from scalith.particle import ParticleStress, simulate_particle
from scalith.quantities import InputError, Property, Source
from scalith.quantities.constants import FARADAY

STRESS = ParticleStress(youngs_modulus=1.4e11, poisson_ratio=0.3, partial_molar_volume=1.5e-6)


def stressed(cell: CellSpecification, **changes) -> CellSpecification:
    """The cell with changes to its positive material."""
    electrode = cell.positive_electrode
    fields = {name: getattr(electrode.material, name) for name in type(electrode.material).model_fields}
    material = type(electrode.material).read(fields | changes)
    return cell.model_copy(update={"positive_electrode": electrode.model_copy(update={"materials": (material,)})})


def effective(cell: CellSpecification) -> CellSpecification:
    """Without stress, but with the diffusivity that it makes."""
    material = cell.positive_electrode.material
    hastened = STRESS.diffusivity(
        material.chemical_diffusivity,
        material.maximum_concentration,
        open_circuit_voltage=material.open_circuit_voltage,
        window=(material.minimum_stoichiometry, material.maximum_stoichiometry),
    )
    return stressed(cell, chemical_diffusivity=hastened)


def test_the_voltage_of_the_surface_is_that_of_the_particle_by_itself(lgm50):
    """At constant current one particle has a given flux: its own solution says what the stress adds."""
    reduced, mesh = single_particle(lgm50)
    times = [120.0, 600.0, 1800.0, 3000.0]
    settings = {"output_times": times, "mesh": mesh, "tolerance": 1e-5}
    found, plain = (
        simulate_discharge(cell, 1.0, **settings).sel(time=times)
        for cell in (stressed(reduced, stress=STRESS), effective(reduced))
    )
    material = reduced.positive_electrode.material
    density = lgm50.nominal_capacity / 3600.0 / (lgm50.plane_area * lgm50.positive_electrode.thickness * material.area)
    particle = simulate_particle(
        effective(reduced).positive_electrode.material.chemical_diffusivity,
        material.particle_radius,
        3000.0,
        initial=material.minimum_stoichiometry,
        surface_flux=-density / (FARADAY * material.maximum_concentration),
    )
    surface, mean = (np.interp(times, particle.time, x) for x in (particle.stoichiometry[:, -1], particle.mean_stoichiometry))
    added = STRESS.surface_voltage(material.maximum_concentration, surface, mean)
    assert np.all(added < -1e-3)  # lithiation: the surface holds more than the mean, and is pressed
    np.testing.assert_allclose(found.voltage - plain.voltage, added, rtol=5e-3)
    np.testing.assert_allclose(found.surface_stoichiometry_positive, surface, atol=5e-4)


def test_without_a_gradient_there_is_no_stress(lgm50):
    data = simulate_protocol(stressed(lgm50, stress=STRESS), ["Discharge at 1C for 20 minutes", "Rest for 50 hours"])
    plain = simulate_protocol(effective(lgm50), ["Discharge at 1C for 20 minutes", "Rest for 50 hours"])
    assert float(data.voltage[-1]) == pytest.approx(float(plain.voltage[-1]), abs=1e-5)
    assert float(np.abs(data.lithium_error).max()) < 1e-11
    assert float(data.energy_error.max()) < 1e-9


def test_impedance_counts_surface_and_mean(lgm50):
    """With U straight, what the stress adds is a slope less by S/F at the surface and the mean's own response."""
    cell, _ = single_particle(lgm50)
    material = cell.positive_electrode.material
    slope, S = 1.0, STRESS.strain_potential(material.maximum_concentration) / FARADAY

    def straight(fall: float) -> Property:
        x = np.array([0.2, 0.95])
        return Property.from_arrays("open_circuit_voltage", {"x": x}, 4.2 - fall * (x - 0.5), "V", Source(kind="assumed"))

    f = np.array([1e-4, 1e-2, 1.0])
    mesh = Mesh(1, 1, 1, nodes=30, finest=0.002)
    both = stressed(cell, stress=STRESS, open_circuit_voltage=straight(slope))
    hastened = effective(stressed(cell, open_circuit_voltage=straight(slope)))
    steeper = stressed(hastened, open_circuit_voltage=straight(slope + S))
    found, surface = (simulate_impedance(one, f, 0.5, mesh=mesh) for one in (both, steeper))
    held = material.volume_fraction * material.maximum_concentration * lgm50.plane_area * lgm50.positive_electrode.thickness
    mean = -S / (2j * np.pi * f * FARADAY * held)
    difference = (found.resistance + 1j * found.reactance) - (surface.resistance + 1j * surface.reactance)
    np.testing.assert_allclose(difference, mean, rtol=1e-6, atol=1e-9)


def test_what_it_cannot_do_is_named(lgm50, tmp_path):
    cell = stressed(lgm50, stress={"youngs_modulus": "140 GPa", "poisson_ratio": 0.3, "partial_molar_volume": "1.5 cm3/mol"})
    assert cell.positive_electrode.material.stress == STRESS
    batch = simulate_batch(cell, {"positive_electrode.particle_radius": [5.22e-6]}, 1.0, output_times=[600.0])
    one = simulate_discharge(cell, 1.0, output_times=[600.0])
    assert float(batch.voltage[0, 0]) == pytest.approx(float(one.voltage.sel(time=600.0)), abs=1e-9)
    with pytest.raises(InputError, match="share"):
        simulate_batch(cell, {"positive_electrode.maximum_concentration": [6e4]}, 1.0)
    found = simulate_sensitivities(cell, ["negative_electrode.thickness"], 1.0, output_times=[600.0], duration=700.0)
    ends = [
        float(simulate_batch(cell, {"negative_electrode.thickness": [85.2e-6 * f]}, 1.0, output_times=[600.0]).voltage[0, 0])
        for f in (1.01, 0.99)
    ]
    assert float(found.voltage_by_parameter[0, 0]) == pytest.approx((ends[0] - ends[1]) / (0.02 * 85.2e-6), rel=0.03)
    with pytest.raises(InputError, match="stress"):
        to_bpx(cell, tmp_path / "cell.json")
    with pytest.raises(InputError, match="poisson_ratio"):
        stressed(lgm50, stress={"youngs_modulus": 1e11, "poisson_ratio": 0.6, "partial_molar_volume": 3e-6})
