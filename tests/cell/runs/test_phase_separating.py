from __future__ import annotations

import numpy as np
import pytest

from scalith.cell import CellSpecification, simulate_discharge, simulate_phase_separating, single_particle
from scalith.particle import PhaseField
from scalith.quantities import InputError, Property, Source
from scalith.quantities.constants import FARADAY, GAS_CONSTANT

T = 298.15
RT = GAS_CONSTANT * T


def _cell(lgm50: CellSpecification, material: PhaseField) -> CellSpecification:
    """The cell with a Fickian particle that is the same as a phase field of an ideal solution."""
    x = np.linspace(0.02, 0.98, 2001)
    U = material.reference_voltage - RT / FARADAY * np.log(x / (1.0 - x))
    particle = lgm50.positive_electrode.material.model_copy(
        update={
            "open_circuit_voltage": Property.from_arrays("open_circuit_voltage", {"x": x}, U, "V", Source(kind="assumed")),
            "chemical_diffusivity": Property.constant(
                "chemical_diffusivity", material.tracer_diffusivity, "m2 s-1", Source(kind="assumed")
            ),
            "reaction_rate_constant": material.exchange_current_density / FARADAY,
        }
    )
    electrode = lgm50.positive_electrode.model_copy(update={"materials": (particle,)})
    return lgm50.model_copy(update={"positive_electrode": electrode, "lower_voltage_cut_off": 3.0})


IDEAL = PhaseField.regular_solution(
    0.0,
    gradient_energy=1e-14,
    maximum_concentration=63104,
    tracer_diffusivity=4e-15,
    reference_voltage=3.9,
    exchange_current_density=7.0,
)


@pytest.mark.parametrize("load", [5.0, -2.5])
def test_an_ideal_solution_is_the_fickian_single_particle_model(lgm50, load):
    cell = _cell(lgm50, IDEAL)
    start = 0.9 if load > 0.0 else 0.2
    found = simulate_phase_separating(
        cell, IDEAL, current=load, initial_state_of_charge=start, duration=2000.0, points=40, nodes=150
    )
    reduced, mesh = single_particle(cell, electrolyte=True)
    times = found.time.values.tolist()
    expected = simulate_discharge(
        reduced, current=load, initial_state_of_charge=start, duration=2000.0, output_times=times, mesh=mesh, tolerance=2e-5
    ).sel(time=times)
    np.testing.assert_allclose(found.voltage, expected.voltage, atol=1e-3)
    np.testing.assert_allclose(found.mean_stoichiometry, expected.stoichiometry_positive, atol=2e-4)
    np.testing.assert_allclose(found.surface_stoichiometry, expected.surface_stoichiometry_positive, atol=2e-3)


def test_a_separating_particle_holds_a_plateau(lgm50):
    material = IDEAL.model_copy(update={"gradient_energy": 1e-7, "tracer_diffusivity": 1e-13})
    separating = PhaseField.regular_solution(
        4.0 * RT, **{name: getattr(material, name) for name in PhaseField.model_fields if name != "excess_potential"}
    )
    cell = _cell(lgm50, IDEAL)
    found = simulate_phase_separating(cell, separating, current=0.25, initial_state_of_charge=0.7, duration=30000.0, points=60)
    middle = (found.mean_stoichiometry > 0.5) & (found.mean_stoichiometry < 0.75)
    anode = cell.negative_electrode.material.open_circuit_voltage
    share = 0.7 - found.capacity.values / cell.capacity_of_window("negative")
    low, high = cell.negative_electrode.material.minimum_stoichiometry, cell.negative_electrode.material.maximum_stoichiometry
    cathode = found.voltage.values + anode(low + share * (high - low))
    # The loop of the uniform material spans 52 mV.
    assert np.ptp(cathode[middle.values]) < 0.02
    assert float(np.ptp(found.stoichiometry.values[len(found.time) // 2])) > 0.8


def test_what_it_cannot_do_is_named(lgm50):
    silent = IDEAL.model_copy(update={"exchange_current_density": None})
    with pytest.raises(InputError, match="exchange_current_density"):
        simulate_phase_separating(lgm50, silent, 1.0)
    with pytest.raises(InputError, match="one of the two"):
        simulate_phase_separating(lgm50, IDEAL)
