from __future__ import annotations

import numpy as np
import pytest

from scalith.cell import CellSpecification, Simulation, simulate_discharge, specification_from_bpx, to_bpx
from scalith.cell.kernels import layout
from scalith.cell.specification.thermal import ThermalSpecification
from scalith.particle import ParticleStress
from scalith.quantities import InputError, shipped
from scalith.quantities.constants import FARADAY


@pytest.fixture(scope="module")
def mixing() -> CellSpecification:
    cell = CellSpecification.read_toml(shipped("cell/lgm50_chen2020.toml"))
    return cell.model_copy(update={"thermal": ThermalSpecification(heat_of_mixing=True, heat_capacity=60.0)})


def enthalpy(simulation: Simulation, result) -> np.ndarray:
    """−F c_max ∫∫ U dx dV over all particles, J: without entropic coefficients all that the lithium in them holds."""
    system, total = simulation.cell.system, 0.0
    for p, side in enumerate(simulation.cell.sides):
        n, start, nodes = system.count[p], system.start[p], system.nodes[p]
        x = result[f"stoichiometry_profile_{side}"].values
        grid = np.linspace(x.min() - 1e-6, x.max() + 1e-6, 100001)
        U = np.asarray(simulation.cell.materials[p].open_circuit_voltage(x=grid))
        integral = np.concatenate([[0.0], np.cumsum(0.5 * (U[1:] + U[:-1]) * np.diff(grid))])
        row = system.classes[p]
        scale = row[layout.SPECIFIC_AREA] * row[layout.RADIUS] * row[layout.MAXIMUM_CONCENTRATION]
        each = simulation.specification.plane_area * system.width[start : start + n] * scale
        total = total - FARADAY * np.einsum("tki,k,i->t", np.interp(x, grid, integral), system.volumes[p][:nodes], each)
    return total


def test_the_first_law_closes_over_a_discharge_and_the_rest_after_it(mixing):
    simulation = Simulation(mixing)
    simulation.hold("current", 2.0 * mixing.nominal_capacity / 3600.0, duration=600.0, keep_states=True)
    simulation.hold("current", 0.0, duration=7200.0, keep_states=True)
    result = simulation.result(profiles=True)
    time, held = result.time.values, enthalpy(simulation, result)
    made = np.trapezoid(result.heat.values, time)
    delivered = np.trapezoid(result.voltage.values * result.current.values, time)
    assert made == pytest.approx(-(held[-1] - held[0]) - delivered, rel=5e-4)
    # At rest nothing is delivered: what is left of the gradients becomes heat, and nearly all of it by mixing.
    rest = np.searchsorted(time, 600.0001)
    relaxed = np.trapezoid(result.heat.values[rest:], time[rest:])
    assert relaxed == pytest.approx(held[rest] - held[-1], rel=1e-2)
    assert np.all(result.heat_mixing.values >= -1e-9)
    assert np.trapezoid(result.heat_mixing.values[rest:], time[rest:]) > 0.8 * relaxed
    assert float(result.energy_error.max()) < 1e-6


def test_without_it_there_is_none_and_with_it_a_cell_gets_warmer(mixing):
    plain = mixing.model_copy(update={"thermal": ThermalSpecification(heat_capacity=60.0)})
    without, with_it = (simulate_discharge(cell, 2.0, duration=600.0, thermal="lumped") for cell in (plain, mixing))
    assert not without.heat_mixing.values.any()
    warmer = float(with_it.temperature[-1] - without.temperature[-1])
    mixed = np.trapezoid(with_it.heat_mixing.values, with_it.time.values)
    assert warmer == pytest.approx(mixed / 60.0, rel=0.1)  # the other losses change a little with the temperature


def test_bpx_keeps_it_and_particles_that_store_other_energy_are_told(mixing, tmp_path):
    to_bpx(mixing, tmp_path / "cell.json")
    assert specification_from_bpx(tmp_path / "cell.json").thermal.heat_of_mixing
    stress = ParticleStress(youngs_modulus=1.4e11, poisson_ratio=0.3, partial_molar_volume=3e-6)
    material = mixing.positive_electrode.materials[0].model_copy(update={"stress": stress})
    electrode = mixing.positive_electrode.model_copy(update={"materials": (material,)})
    with pytest.raises(InputError, match="heat_of_mixing"):
        simulate_discharge(mixing.model_copy(update={"positive_electrode": electrode}), 1.0)
