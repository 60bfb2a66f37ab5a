from __future__ import annotations

import numpy as np
import pytest

from scalith.cell import simulate_discharge, single_particle
from scalith.quantities.constants import FARADAY, GAS_CONSTANT


def test_the_voltage_is_that_of_two_grains(lgm50):
    cell, mesh = single_particle(lgm50)
    data = simulate_discharge(cell, 1.0, mesh=mesh)
    thermal = GAS_CONSTANT * 298.15 / FARADAY
    voltage = 0.0
    for side, sign in (("negative", -1.0), ("positive", 1.0)):
        electrode = getattr(cell, f"{side}_electrode")
        material = electrode.material
        x = data[f"surface_stoichiometry_{side}"].values
        rate = 5.0 / (FARADAY * material.area * electrode.thickness * cell.plane_area)
        exchange = material.reaction_rate_constant * np.sqrt(x * (1.0 - x))
        overvoltage = 2.0 * thermal * np.arcsinh(0.5 * rate / exchange)
        voltage = voltage + sign * (material.open_circuit_voltage(x) - sign * overvoltage)
    np.testing.assert_allclose(data.voltage, voltage, atol=2e-4)


def test_the_full_model_tends_to_it_at_low_rates(lgm50):
    cell, mesh = single_particle(lgm50)
    gaps = []
    for rate in (0.05, 1.0):
        times = [600.0 / rate, 1800.0 / rate]
        full = simulate_discharge(lgm50, rate, output_times=times).voltage.sel(time=times)
        reduced = simulate_discharge(cell, rate, mesh=mesh, output_times=times).voltage.sel(time=times)
        gaps.append(float(np.abs(full - reduced).max()))
    assert gaps[0] < 0.1 * gaps[1]
    assert gaps[0] == pytest.approx(0.0, abs=6e-3)
