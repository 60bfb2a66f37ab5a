from __future__ import annotations

import numpy as np
import pytest

from scalith.cell import FilmGrowth, LossByCurrent, Mesh, Simulation, simulate_discharge, simulate_impedance
from scalith.quantities import InputError
from scalith.quantities.constants import FARADAY, GAS_CONSTANT


def test_the_limit_at_high_frequency_is_the_first_drop(lgm50):
    mesh = Mesh(nodes=60, finest=1e-4)
    z = simulate_impedance(lgm50, [1e5], 0.5, mesh=mesh)
    small = 0.01
    data = simulate_discharge(lgm50, current=small, initial_state_of_charge=0.5, duration=1.0, mesh=mesh, tolerance=1e-8)
    rest = float(data.equilibrium_power[0]) / small
    assert float(z.resistance[0]) == pytest.approx((rest - float(data.voltage[0])) / small, rel=5e-3)


def test_a_cell_is_capacitive_and_its_resistance_falls_with_frequency(lgm50):
    z = simulate_impedance(lgm50, np.logspace(-4, 3, 30))
    assert np.all(z.reactance < 0.0)
    assert np.all(np.diff(z.resistance) < 0.0)
    under_load = simulate_impedance(lgm50, np.logspace(-2, 1, 4), 0.5, current=5.0, load_time=600.0)
    assert np.all(np.isfinite(under_load.resistance))
    assert float(np.abs(under_load.resistance / z.resistance.interp(frequency=under_load.frequency) - 1.0).max()) > 1e-3


def test_nonsense_is_refused(lgm50):
    with pytest.raises(InputError, match="positive numbers"):
        simulate_impedance(lgm50, [0.0])
    with pytest.raises(InputError, match="0 to 1"):
        simulate_impedance(lgm50, [1.0], 3.0)


def test_an_aged_cell_has_the_spectrum_of_a_cell_specified_as_it_is(lgm50):
    """Pores, films and material of the state count, also before the first step after a resume or a change."""
    film = {
        "molar_volume": "9.6e-5 m3/mol",
        "conductivity": "5e-6 S/m",
        "solvent_diffusivity": "2.5e-22 m2/s",
        "solvent_concentration": "4541 mol/m3",
    }
    thin, thick, lost = 5e-9, 2e-7, 0.2
    electrode = lgm50.negative_electrode
    mesh, f = Mesh(6, 3, 6, nodes=10), np.geomspace(1e-3, 1e4, 8)

    def cell_with(thickness, left, porosity):
        processes = (FilmGrowth.read(film | {"initial_thickness": thickness}), LossByCurrent(share_per_charge=1e-9))
        changes = {"processes": processes, "active_volume_fraction": left * electrode.material.active_volume_fraction}
        made = {"materials": (electrode.material.model_copy(update=changes),), "porosity": porosity}
        return lgm50.model_copy(update={"negative_electrode": electrode.model_copy(update=made)})

    fresh = Simulation(cell_with(thin, 1.0, electrode.porosity), mesh=mesh, state_of_charge=0.5)
    before = fresh.impedance(f)
    system = fresh.cell.system
    n, first = system.count[0], system.at.states
    fresh.state[first : first + n] = thick
    fresh.state[first + n : first + 2 * n] = lost
    aged = fresh.impedance(f)
    # The film on what is lost stays in the pores.
    porosity = electrode.porosity - electrode.material.area * (thick - thin)
    stated = Simulation(cell_with(thick, 1.0 - lost, porosity), mesh=mesh, state_of_charge=0.5)
    assert aged == pytest.approx(stated.impedance(f), rel=1e-9)
    assert np.all(np.abs(aged / before - 1.0) > 0.01)
    fresh.modify({"contact_resistance": 1e-3})
    assert fresh.impedance(f) == pytest.approx(aged + 1e-3, rel=1e-9)


def test_a_constant_phase_stands_beside_the_reaction(lgm50):
    """Without resistance in its pores an electrode answers, before its particles do, as C (iω)^α beside F i₀/RT."""
    electrode = lgm50.negative_electrode.model_copy(update={"double_layer_exponent": 0.6, "conductivity": 1e6})
    stout = lgm50.electrolyte.model_copy(update={"conductivity": lgm50.electrolyte.conductivity * 1e6})
    f, z = np.geomspace(1e4, 1e6, 5), []
    for layer in (0.2, 1e6):
        own = electrode.model_copy(update={"double_layer_capacitance": layer})
        cell = lgm50.model_copy(update={"negative_electrode": own, "electrolyte": stout})
        found = simulate_impedance(cell, f, 0.5, mesh=Mesh(6, 3, 6, nodes=20))
        z.append(found.resistance.values + 1j * found.reactance.values)
    material = electrode.material
    x = 0.5 * (material.minimum_stoichiometry + material.maximum_stoichiometry)
    reaction = FARADAY**2 * material.reaction_rate_constant * np.sqrt(x * (1.0 - x)) / (GAS_CONSTANT * 298.15)
    surface = lgm50.plane_area * electrode.thickness * material.area
    assert z[0] - z[1] == pytest.approx(1.0 / (surface * (0.2 * (2j * np.pi * f) ** 0.6 + reaction)), rel=5e-3)
