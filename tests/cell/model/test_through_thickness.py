from __future__ import annotations

import numpy as np
import pytest

from scalith.cell import CellSpecification, ThermalSpecification, simulate_discharge, simulate_protocol
from scalith.cell.model.through_thickness import LAYERS, Slab
from scalith.quantities import InputError


def _cell(cell: CellSpecification, **changes) -> CellSpecification:
    thermal = {"heat_capacity": 70.0, "heat_transfer": 0.4, "thickness": 0.02, "through_conductivity": 0.8} | changes
    return cell.model_copy(update={"thermal": ThermalSpecification(**thermal)})


def test_a_steady_profile_is_the_parabola_and_the_faces_carry_the_heat(lgm50):
    slab = Slab.of(_cell(lgm50))
    heat, k, length, area = 3.0, 0.8, 0.02, lgm50.electrode_area
    above, _ = slab.advance(np.zeros(LAYERS), heat, 1e6)
    z, width = slab.depth, length / LAYERS
    # Mean of T_s + q z (L − z)/2k over each volume.
    exact = heat / 0.4 + heat / (length * area) / (2.0 * k) * (z * (length - z) - width**2 / 12.0)
    np.testing.assert_allclose(above, exact, rtol=1e-9)
    assert float(slab.surface(above)) == pytest.approx(heat / 0.4, rel=1e-9)


def test_a_profile_decays_as_the_slowest_mode_of_a_cooled_slab(lgm50):
    """Between cold faces (Bi → ∞) the slowest mode decays with π² k/(ρ c L²)."""
    slab = Slab.of(_cell(lgm50, heat_transfer=1e6))
    exact = np.pi**2 * 0.8 * lgm50.electrode_area / (0.02 * 70.0)
    assert -slab.rates.max() == pytest.approx(exact, rel=3e-3)


@pytest.mark.parametrize("cooling", [0.0, 0.4, 50.0])
def test_heat_made_is_stored_or_lost(lgm50, cooling):
    slab = Slab.of(_cell(lgm50, heat_transfer=cooling))
    above = np.linspace(0.0, 3.0, LAYERS)
    after, lost = slab.advance(above, 5.0, 77.0)
    assert 70.0 * (after.mean() - above.mean()) == pytest.approx(5.0 * 77.0 - lost, rel=1e-9, abs=1e-9)
    twice, _ = slab.advance(slab.advance(above, 5.0, 40.0)[0], 5.0, 37.0)
    np.testing.assert_allclose(twice, after, rtol=1e-9)


def test_a_cell_that_conducts_well_is_the_lumped_one(lgm50):
    cell = _cell(lgm50, through_conductivity=1e4)
    times = np.linspace(200.0, 3200.0, 16)
    lumped = simulate_discharge(cell, 1.0, thermal="lumped", output_times=times).sel(time=times)
    slab = simulate_discharge(cell, 1.0, thermal="through_thickness", output_times=times).sel(time=times)
    np.testing.assert_allclose(slab.temperature, lumped.temperature, atol=0.02)
    np.testing.assert_allclose(slab.voltage, lumped.voltage, atol=5e-4)
    assert float((slab.core_temperature - slab.surface_temperature).max()) < 1e-3


def test_a_thick_cell_is_hot_inside_and_its_heat_is_accounted_for(lgm50):
    cell = _cell(lgm50, heat_transfer=2.0, through_conductivity=0.05)
    data = simulate_discharge(cell, 1.0, thermal="through_thickness")
    lumped = simulate_discharge(cell, 1.0, thermal="lumped")
    assert np.all(np.diff(data.time) > 0.0)
    assert float(data.heat_error.max()) < 1e-8
    assert float(data.heat_made[-1]) == pytest.approx(float(data.heat.integrate("time")), rel=1e-6)
    last = data.isel(time=-1)
    assert float(last.core_temperature) > float(last.temperature) > float(last.surface_temperature) > 298.15
    assert float(last.temperature) > float(lumped.temperature[-1]) + 0.05
    np.testing.assert_allclose(data.temperature_profile.mean("thickness_depth"), data.temperature, rtol=1e-10)
    np.testing.assert_allclose(last.temperature_profile, last.temperature_profile[::-1], rtol=1e-9)


def test_shorter_segments_change_nothing_that_matters(lgm50, monkeypatch):
    cell = _cell(lgm50, heat_transfer=0.4, through_conductivity=0.02)
    runs = []
    for share in (0.05, 0.0125):
        monkeypatch.setattr("scalith.cell.model.through_thickness.SEGMENT_SHARE", share)
        runs.append(simulate_discharge(cell, 1.0, thermal="through_thickness", output_times=[600.0, 1800.0, 3000.0]))
    for name in ("temperature", "core_temperature", "surface_temperature"):
        np.testing.assert_allclose(runs[0][name][1:4], runs[1][name][1:4], atol=0.02)


def test_a_protocol_goes_on_with_the_profile_it_is_handed(lgm50):
    cell = _cell(lgm50, through_conductivity=0.05)
    first = simulate_protocol(cell, ["Discharge at 1C for 10 minutes"], thermal="through_thickness")
    second = simulate_protocol(cell, ["Rest for 2 hours"], thermal="through_thickness", initial=first)
    np.testing.assert_allclose(second.temperature_profile[0], first.temperature_profile[-1], atol=1e-9)
    assert np.ptp(second.temperature_profile.values[-1]) < 0.02 * np.ptp(first.temperature_profile.values[-1])
    plain = simulate_protocol(cell, ["Discharge at 1C for 10 minutes"], thermal="lumped")
    with pytest.raises(InputError, match="temperature_profile"):
        simulate_protocol(cell, ["Rest for 1 hour"], thermal="through_thickness", initial=plain)


def test_what_is_missing_is_named(lgm50):
    bare = lgm50.model_copy(update={"thermal": ThermalSpecification(heat_capacity=70.0)})
    with pytest.raises(InputError, match=r"thermal\.thickness"):
        simulate_discharge(bare, 1.0, thermal="through_thickness")
    with pytest.raises(InputError, match="through_conductivity"):
        simulate_discharge(_cell(lgm50, through_conductivity=None), 1.0, thermal="through_thickness")
    with pytest.raises(InputError, match="through_thickness"):
        simulate_discharge(lgm50, 1.0, thermal="thick")
