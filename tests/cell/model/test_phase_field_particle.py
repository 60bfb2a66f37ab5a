from __future__ import annotations

import numpy as np
import pytest

from scalith.cell import (
    CellSpecification,
    Mesh,
    particle_size_distribution,
    simulate_batch,
    simulate_discharge,
    simulate_impedance,
    simulate_protocol,
    single_particle,
    to_bpx,
    with_phase_field,
)
from scalith.cell.kernels import layout, records
from scalith.cell.kernels.newton import BY_CURRENT, make_work, newton_step
from scalith.cell.model.phase_field_particle import exchange_law
from scalith.cell.runs.simulation import Simulation
from scalith.particle import PhaseField, phase_separation, simulate_phase_field
from scalith.quantities import InputError, Property, Source
from scalith.quantities.constants import FARADAY, GAS_CONSTANT
from tests.cell.entrance import from_python

T = 298.15
RT = GAS_CONSTANT * T
MEAN = records.CLASSES + records.CLASS_RECORDS  # mean stoichiometry of the second class
IDEAL = PhaseField.regular_solution(
    0.0,
    gradient_energy=1e-14,
    maximum_concentration=63104,
    tracer_diffusivity=4e-15,
    reference_voltage=3.9,
    exchange_current_density=7.0,
    reaction="symmetric",
)
IRON_PHOSPHATE = {
    "interaction": 4.511 * RT,
    "gradient_energy": 5.0148e-10,
    "coherency_strain": 0.1916e9,
    "maximum_concentration": 22900.0,
    "tracer_diffusivity": 1e-15,
    "reference_voltage": 3.422,
    "exchange_current_density": 0.16,
    "reaction": "symmetric",
}


def half_cell(phase_field: dict | PhaseField = IRON_PHOSPHATE, thickness: float = 60e-6, **electrode) -> CellSpecification:
    """Lithium against particles of 30 nm that separate, all of it as a user states it."""
    area, particle = 0.01, phase_field if isinstance(phase_field, PhaseField) else PhaseField.read(phase_field)
    charge = 0.96 * 0.4 * particle.maximum_concentration * FARADAY * area * thickness
    return CellSpecification.read(
        {
            "electrode_area": area,
            "nominal_capacity": charge,
            "lower_voltage_cut_off": 2.5,
            "upper_voltage_cut_off": 4.2,
            "negative_electrode": {"lithium_metal": {"exchange_current_density": 100.0}},
            "separator": {"thickness": 20e-6, "porosity": 0.5},
            "positive_electrode": {
                "thickness": thickness,
                "porosity": 0.5,
                "conductivity": 5.0,
                "particle_radius": 30e-9,
                "active_volume_fraction": 0.4,
                "minimum_stoichiometry": 0.02,
                "maximum_stoichiometry": 0.98,
                "phase_field": phase_field,
            }
            | electrode,
            "electrolyte": {
                "initial_concentration": 1000.0,
                "conductivity": 1.0,
                "diffusivity": 3e-10,
                "transference_number": 0.4,
            },
        }
    )


def stoichiometries(data) -> np.ndarray:
    """Mean stoichiometry of the particles over time and depth (even nodes)."""
    x = data.stoichiometry_profile_positive
    rho = np.linspace(0.0, 1.0, x.shape[1])
    edges = np.concatenate([[0.0], 0.5 * (rho[1:] + rho[:-1]), [1.0]])
    return np.einsum("k,tki->ti", np.diff(edges**3), x.values)


def transforming(data) -> float:
    """Largest share of the particles that are between the phases at once."""
    inner = data.isel(time=(data.stoichiometry_positive > 0.3) & (data.stoichiometry_positive < 0.7))
    filled = stoichiometries(inner)
    return float(np.mean((filled > 0.3) & (filled < 0.7), axis=1).max())


@pytest.fixture(scope="module")
def solution(lgm50) -> CellSpecification:
    """The LG M50 with a Fickian positive particle that is the same as an ideal solution without gradient energy."""
    x = np.linspace(0.02, 0.98, 2001)
    U = IDEAL.reference_voltage - RT / FARADAY * np.log(x / (1.0 - x))
    changes = {
        "open_circuit_voltage": Property.from_arrays("open_circuit_voltage", {"x": x}, U, "V", Source(kind="assumed")),
        "chemical_diffusivity": Property.constant("chemical_diffusivity", 4e-15, "m2 s-1", Source(kind="assumed")),
        "reaction_rate_constant": IDEAL.exchange_current_density / FARADAY,
    }
    particle = lgm50.positive_electrode.material.model_copy(update=changes)
    electrode = lgm50.positive_electrode.model_copy(update={"materials": (particle,)})
    return lgm50.model_copy(update={"positive_electrode": electrode, "lower_voltage_cut_off": 3.0})


def test_an_ideal_solution_without_gradient_energy_is_the_fickian_particle(solution):
    times = np.linspace(60.0, 3300.0, 20).tolist()
    separating = with_phase_field(solution, IDEAL)
    found, expected = (simulate_discharge(cell, 1.0, output_times=times).sel(time=times) for cell in (separating, solution))
    np.testing.assert_allclose(found.voltage, expected.voltage, atol=2e-4)
    np.testing.assert_allclose(found.surface_stoichiometry_positive, expected.surface_stoichiometry_positive, atol=2e-4)
    impedances = [simulate_impedance(cell, [1e-3, 1.0, 1e3], 0.5) for cell in (separating, solution)]
    np.testing.assert_allclose(impedances[0].resistance, impedances[1].resistance, rtol=2e-3)
    apart = np.abs(impedances[0].reactance - impedances[1].reactance)
    assert float((apart / impedances[1].resistance).max()) < 1e-3


def test_newton_has_exact_derivatives(lgm50):
    """Halving a small disturbance of a solved step quarters what one step of Newton's method leaves of it."""
    cell = half_cell(IRON_PHOSPHATE | {"surface_wetting": -0.002})
    solver = Simulation(cell, mesh=Mesh(1, 2, 4, phase_field_nodes=20))
    solver.hold("current", cell.nominal_capacity / 3600.0, duration=900.0)
    system, bank = solver.cell.system, solver.cell.bank
    step = from_python(newton_step)
    work, y, base = make_work(system, solver.cell.size), solver.state.copy(), solver.state.copy()

    for _ in range(30):
        step(system, bank, y, base, 2.0, BY_CURRENT, 0.5, work)
    rng = np.random.default_rng(1)
    first = int(system.particle_offset[1])
    direction = np.zeros_like(y)
    direction[first : solver.cell.particles] = rng.standard_normal(solver.cell.particles - first)
    left = []
    for size in (1e-5, 5e-6):
        trial = y + size * direction * y * (1.0 - y)
        step(system, bank, trial, base, 2.0, BY_CURRENT, 0.5, work)
        left.append(np.abs(trial - y)[first : solver.cell.particles].max())
    assert left[0] / left[1] == pytest.approx(4.0, rel=0.2)


def test_at_a_low_rate_particles_fill_one_after_another_and_the_voltage_is_a_plateau():
    data = simulate_discharge(half_cell(), 0.02, profiles=True)
    assert transforming(data) <= 0.2
    inner = (data.stoichiometry_positive.values > 0.2) & (data.stoichiometry_positive.values < 0.8)
    phases = phase_separation(PhaseField.read(IRON_PHOSPHATE), T)
    assert float(np.ptp(data.voltage.values[inner])) < float(phases.voltage_gap)
    # Each particle crosses in much less than the time of all.
    filled = stoichiometries(data)
    crossing = [np.ptp(data.time.values[(particle > 0.2) & (particle < 0.8)]) for particle in filled.T]
    assert np.median(crossing) < 0.1 * float(data.time[-1])
    assert float(np.abs(data.lithium_error).max()) < 1e-10
    assert float(np.abs(data.charge_error).max()) < 1e-10
    assert float(data.energy_error.max()) < 1e-9


def test_at_a_high_rate_they_fill_together():
    """A thin electrode whose reaction limits: all particles are driven through their barrier at once."""
    slow = IRON_PHOSPHATE | {"exchange_current_density": 0.005}
    low, high = (simulate_discharge(half_cell(slow, thickness=10e-6), rate, profiles=True) for rate in (0.01, 5.0))
    assert transforming(low) <= 0.2
    assert transforming(high) > 0.8
    assert float(np.abs(high.lithium_error).max()) < 1e-10


def particle_alone(cell, material, times, nodes):
    """The same particle by the solver of `scalith.particle`, at the flux of one volume an electrode."""
    electrode = cell.positive_electrode
    flux = -(cell.nominal_capacity / 3600.0) / (FARADAY * electrode.material.area * electrode.thickness * cell.plane_area)
    low, high = electrode.material.minimum_stoichiometry, electrode.material.maximum_stoichiometry
    return simulate_phase_field(
        material, electrode.material.particle_radius, np.concatenate([[0.0], times]), initial=low + 0.0 * high,
        surface_flux=flux / electrode.material.maximum_concentration, nodes=nodes,
    ).isel(time=slice(1, None))  # fmt: skip


def test_one_volume_follows_the_particle_alone():
    """The solver of one particle, of other code, gives the same surface and mean at the same flux."""
    cell, _ = single_particle(half_cell(), electrolyte=True)
    material = cell.positive_electrode.material.phase_field
    assert material is not None
    times = np.linspace(100.0, 3300.0, 40)
    expected = particle_alone(cell, material, times, 80)
    found = simulate_discharge(cell, 1.0, output_times=times.tolist(), mesh=Mesh(1, 3, 1, phase_field_nodes=80), cut_off=2.0)
    found = found.sel(time=[time for time in times if time <= float(found.time[-1])])
    assert found.time.size > 30
    n = found.time.size
    np.testing.assert_allclose(found.stoichiometry_positive, expected.mean_stoichiometry[:n], atol=5e-4)
    apart = np.abs(found.surface_stoichiometry_positive.values - expected.surface_stoichiometry.values[:n])
    assert np.sort(apart)[-4] < 5e-3  # the noise of the other one decides just when the shell forms


def test_an_ideal_solution_is_a_fickian_particle(lgm50):
    x = np.linspace(0.02, 0.98, 2001)
    RT = GAS_CONSTANT * 298.15
    U = Property.from_arrays(
        "open_circuit_voltage", {"x": x}, 3.9 - RT / FARADAY * np.log(x / (1.0 - x)), "V", Source(kind="assumed")
    )
    ideal = PhaseField.regular_solution(
        0.0, gradient_energy=1e-14, maximum_concentration=63104, tracer_diffusivity=4e-15, reference_voltage=3.9,
        exchange_current_density=7.0, reaction="symmetric",
    )  # fmt: skip
    D = Property.constant("chemical_diffusivity", 4e-15, "m2 s-1", Source(kind="assumed"))
    changes = {"open_circuit_voltage": U, "chemical_diffusivity": D, "reaction_rate_constant": 7.0 / FARADAY}
    material = lgm50.positive_electrode.material.model_copy(update={**changes, "exchange_current_density": None})
    electrode = lgm50.positive_electrode.model_copy(update={"materials": (material,)})
    fickian = lgm50.model_copy(update={"positive_electrode": electrode, "lower_voltage_cut_off": 3.0})
    times = np.linspace(60.0, 1900.0, 30).tolist()
    for load, start in ((5.0, 0.9), (-2.5, 0.2)):
        setting = {"current": load, "initial_state_of_charge": start, "duration": 2000.0, "output_times": times}
        found = simulate_discharge(with_phase_field(fickian, ideal), mesh=Mesh(1, 3, 1, phase_field_nodes=150), **setting)
        expected = simulate_discharge(fickian, mesh=Mesh(1, 3, 1), tolerance=2e-5, **setting)
        np.testing.assert_allclose(found.voltage.sel(time=times), expected.voltage.sel(time=times), atol=1e-3)


def test_finer_particles_converge():
    cell, _ = single_particle(half_cell(), electrolyte=True)
    times = np.linspace(200.0, 3000.0, 15).tolist()

    def voltage(nodes: int) -> np.ndarray:
        mesh = Mesh(1, 3, 1, phase_field_nodes=nodes)
        return simulate_discharge(cell, 1.0, output_times=times, mesh=mesh, tolerance=2e-5).sel(time=times).voltage.values

    finest = voltage(241)
    errors = [np.abs(voltage(nodes) - finest).max() for nodes in (31, 61, 121)]
    assert errors[0] > errors[1] > errors[2]
    assert errors[0] / errors[2] > 6.0


def test_hysteresis_at_vanishing_rate_is_the_gap_of_the_spinodals():
    """One particle, its voltage led slowly down and up again: it jumps at the ends of the loop."""
    cell, mesh = single_particle(half_cell(IRON_PHOSPHATE | {"tracer_diffusivity": 1e-13}, thickness=1e-6), electrolyte=True)
    gap = float(phase_separation(PhaseField.read(IRON_PHOSPHATE), T).voltage_gap)
    found = []
    for hours in (0.5, 50.0):
        jumps = []
        for start, ends in ((1.0, (3.55, 3.30)), (0.0, (3.30, 3.55))):
            solver = Simulation(cell, mesh=mesh)
            solver.set_state_of_charge(start)
            solver.follow("voltage", np.array([0.0, 3600.0 * hours]), np.array(ends))
            rows = solver.rows
            jumps.append(float(np.interp(0.5, *_rising(rows[:, MEAN], rows[:, records.VOLTS]))))
        found.append(jumps[1] - jumps[0])
    assert found[0] > found[1] > gap
    assert found[1] == pytest.approx(gap, rel=0.05)


def _rising(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    order = np.argsort(x)
    return x[order], y[order]


LAWS = [("transition_state", None), ("symmetric", None), ("coupled_ion_electron", 0.3)]


@pytest.mark.parametrize(("law", "reorganisation"), LAWS)
@pytest.mark.parametrize("x", [0.03, 0.6, 0.97])
@pytest.mark.parametrize("amperes", [0.0005, -0.002])
def test_the_reaction_follows_the_law_of_its_particle(law, reorganisation, x, amperes):
    # Without strain and surroundings that resist, what the voltage jumps by is the law's own overvoltage.
    stated = {key: value for key, value in IRON_PHOSPHATE.items() if key != "coherency_strain"}
    if law == "coupled_ion_electron":  # whose current has a limit
        stated["exchange_current_density"] = 16.0
    particle = PhaseField.read(stated | {"reaction": law, "reorganisation_energy": reorganisation})
    cell = half_cell(particle, thickness=1e-6, conductivity=1e6)
    mesh = Mesh(1, 1, 1, phase_field_nodes=12)
    simulation = Simulation(cell, mesh=mesh)
    simulation.set_state_of_charge((0.98 - x) / 0.96)
    if x == 0.6:  # within the gap: from the mosaic at rest to a uniform particle
        start, nodes = simulation.cell.system.particle_offset[1], simulation.cell.system.nodes[1]
        simulation.state[start : start + nodes] = x
    mu = np.log(x / (1.0 - x)) + 4.511 * (1.0 - 2.0 * x)
    area = 0.01 * 3.0 * 0.4 / 30e-9 * 1e-6
    metal = 2.0 * RT / FARADAY * np.arcsinh(0.5 * amperes / 0.01 / 100.0)
    expected = 3.422 - RT / FARADAY * mu + particle.charge_transfer.overvoltage(x, mu, -amperes / area, T) - metal
    simulation.hold("current", amperes, duration=1e-4)
    assert simulation.voltage == pytest.approx(float(expected), abs=2e-5)


@pytest.mark.parametrize("law", ["symmetric", "transition_state"])
def test_steps_follow_the_particles_and_not_the_rate(law):
    cell = half_cell(IRON_PHOSPHATE | {"reaction": law})
    runs = [simulate_discharge(cell, rate) for rate in (1e-3, 1e-4)]
    assert max(run.sizes["time"] for run in runs) < 2000
    exact = simulate_discharge(cell, 1e-3, tolerance=1e-5)
    shares = np.linspace(0.02, 0.98, 200)
    found, expected = (np.interp(shares, run.time * 1e-3 / 3600.0, run.voltage) for run in (runs[0], exact))
    # Particles fill one after the other: the same loops, met a little earlier or later.
    assert np.mean(found) == pytest.approx(np.mean(expected), abs=2e-4)
    assert np.sqrt(np.mean((found - expected) ** 2)) < 2e-3


def test_coupled_transfer_has_no_other_law_of_overvoltage():
    particle = IRON_PHOSPHATE | {"reaction": "coupled_ion_electron", "reorganisation_energy": 0.3}
    with pytest.raises(InputError, match="none beside coupled ion–electron transfer"):
        half_cell(particle, anodic_transfer_coefficient=0.4, cathodic_transfer_coefficient=0.6)
    # Without a k₀ of the phase field it is not the law: i₀ is that of a reaction rate constant.
    without = {name: value for name, value in particle.items() if name != "exchange_current_density"}
    own = {"anodic_transfer_coefficient": 0.4, "cathodic_transfer_coefficient": 0.6, "reaction_rate_constant": 1e-6}
    material = half_cell(without, **own).positive_electrode.material
    assert exchange_law(material) == layout.BY_ROOT


def test_sizes_and_blends_stand_side_by_side(lgm50):
    cell = half_cell()
    sizes = particle_size_distribution(cell.positive_electrode.material, 0.4, 3)
    electrode = cell.positive_electrode.model_copy(update={"materials": sizes})
    spread = cell.model_copy(update={"positive_electrode": electrode})
    data = simulate_discharge(spread, 0.1, mesh=Mesh(1, 3, 4))
    assert float(np.abs(data.lithium_error).max()) < 1e-10
    # The smallest go first.
    half = int(np.argmin(np.abs(data.capacity.values - 0.4 * float(data.capacity[-1]))))
    assert float(data.stoichiometry_positive_1[half]) > float(data.stoichiometry_positive_3[half])
    # LFP beside a Fickian material, which gives its capacity above and below the plateau.
    made = {"active_volume_fraction": 0.2, "specific_area": None, "minimum_stoichiometry": 0.02, "maximum_stoichiometry": 0.98}
    slope = Property.from_arrays("open_circuit_voltage", {"x": [0.0, 1.0]}, [3.6, 3.2], "V", Source(kind="assumed"))
    oxide = lgm50.positive_electrode.material.model_copy(update=made | {"open_circuit_voltage": slope, "particle_radius": 1e-6})
    iron = cell.positive_electrode.material.model_copy(update={"active_volume_fraction": 0.2})
    layer = {"thickness": 60e-6, "porosity": 0.5, "conductivity": 5.0, "materials": (iron, oxide)}
    metal = {"lithium_metal": {"exchange_current_density": 100.0}}
    fields = {name: getattr(cell, name) for name in type(cell).model_fields}
    blend = CellSpecification.read(fields | {"positive_electrode": layer, "negative_electrode": metal})
    found = simulate_discharge(blend, 0.05, cut_off=3.2, duration=1e5, mesh=Mesh(1, 3, 4))
    assert float(np.abs(found.lithium_error).max()) < 1e-10
    plateau = ((found.voltage < 3.45) & (found.voltage > 3.35)).values
    iron_part, oxide_part = (np.ptp(found[f"stoichiometry_positive_{k}"].values[plateau]) for k in (1, 2))
    assert iron_part > 0.8
    assert oxide_part < 0.3


def test_at_rest_within_the_gap_particles_are_a_mosaic():
    cell = half_cell()
    data = simulate_discharge(cell, 0.05, initial_state_of_charge=0.55, duration=10.0, profiles=True)
    filled = stoichiometries(data)[0]
    phases = phase_separation(PhaseField.read(IRON_PHOSPHATE), T).binodal.values
    assert filled.mean() == pytest.approx(0.02 + 0.45 * 0.96, abs=1e-9)
    np.testing.assert_allclose(filled[[0, -1]], phases[::-1], atol=1e-3)
    assert float(data.voltage[0]) == pytest.approx(3.422, abs=0.03)


def test_wetting_lets_the_surface_fill_first():
    wet = simulate_discharge(half_cell(IRON_PHOSPHATE | {"surface_wetting": -0.01}), 0.05)
    dry = simulate_discharge(half_cell(), 0.05)
    inner = (dry.stoichiometry_positive > 0.3) & (dry.stoichiometry_positive < 0.6)
    assert float(wet.voltage.max()) > float(dry.voltage.max())
    wet_inner = (wet.stoichiometry_positive > 0.3) & (wet.stoichiometry_positive < 0.6)
    assert float(wet.voltage[wet_inner].mean()) > float(dry.voltage[inner].mean())


def test_a_tabulated_voltage_is_the_solution_that_it_was_made_from():
    x = np.linspace(0.001, 0.999, 999)
    U = 3.422 - RT / FARADAY * (np.log(x / (1.0 - x)) + 4.511 * (1.0 - 2.0 * x))
    voltage = Property.from_arrays("open_circuit_voltage", {"x": x}, U, "V", Source(kind="assumed"))
    names = set(IRON_PHOSPHATE) - {"interaction", "reference_voltage"}
    table = PhaseField.from_open_circuit_voltage(voltage, T, **{name: IRON_PHOSPHATE[name] for name in names})
    times = np.linspace(60.0, 6600.0, 12).tolist()
    settings = {"mesh": Mesh(1, 3, 1, phase_field_nodes=40), "output_times": times}
    found, expected = (
        simulate_discharge(half_cell(particle), 0.5, **settings).sel(time=times) for particle in (table, IRON_PHOSPHATE)
    )
    np.testing.assert_allclose(found.voltage, expected.voltage, atol=1e-4)


def test_heat_protocols_and_batches_take_it():
    cell = half_cell()
    warm = CellSpecification.read(cell.model_dump() | {"thermal": {"heat_capacity": 5.0, "heat_transfer": 0.01}})
    mesh = Mesh(1, 3, 4)
    data = simulate_discharge(warm, 2.0, thermal="lumped", mesh=mesh)
    plain = simulate_discharge(cell, 2.0, mesh=mesh)
    assert float(data.temperature[-1]) > 299.0
    assert float(data.energy_error.max()) < 1e-9
    assert float(np.abs(data.lithium_error).max()) < 1e-10
    assert float(data.voltage[3]) == pytest.approx(float(np.interp(data.time[3], plain.time, plain.voltage)), abs=2e-3)
    cycle = simulate_protocol(cell, ["Discharge at C/2 for 1 hour", "Rest for 10 minutes", "Charge at C/2 until 4 V"], mesh=mesh)
    assert list(cycle.step_reason.values)[-1] == "upper voltage reached"
    loop = float(np.trapezoid(cycle.voltage * cycle.current, cycle.time))
    assert loop < 0.0
    radii = [25e-9, 30e-9]
    settings = {"mesh": mesh, "output_times": [600.0]}
    batch = simulate_batch(cell, {"positive_electrode.particle_radius": radii}, 1.0, **settings)
    assert np.all(np.isfinite(batch.voltage))
    one = simulate_discharge(cell, 1.0, mesh=Mesh(1, 3, 4, phase_field_nodes=24), output_times=[600.0])
    assert float(batch.voltage[1, 0]) == pytest.approx(float(one.voltage.sel(time=600.0)), abs=2e-3)


def test_it_reads_what_it_writes_and_names_what_it_refuses(tmp_path):
    cell = half_cell()
    assert CellSpecification.read(cell.model_dump()).digest == cell.digest
    material = cell.positive_electrode.material
    assert material.phase_field is not None
    assert material.reaction_rate_constant == pytest.approx(0.16 / FARADAY)
    with pytest.raises(InputError, match="planar"):
        to_bpx(cell, tmp_path / "cell.json")
    with pytest.raises(InputError, match="hysteresis"):
        half_cell(hysteresis=0.01)
    with pytest.raises(InputError, match="positive_electrode"):
        simulate_batch(cell, {"positive_electrode.phase_field.reference_voltage": [3.4, 3.5]}, 1.0)
    with pytest.raises(InputError, match="interaction"):
        half_cell(IRON_PHOSPHATE | {"excess_potential": 1.0})
    with pytest.raises(InputError, match="phase_field_nodes"):
        simulate_discharge(cell, 1.0, mesh=Mesh(phase_field_nodes=1))
    with pytest.raises(InputError, match="side"):
        with_phase_field(cell, IDEAL, "both")
    assert layout.CLASS_COLUMNS == layout.REORGANISATION + 1
