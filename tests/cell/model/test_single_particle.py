from __future__ import annotations

import numpy as np
import pytest

from scalith.cell import Mesh, simulate_discharge, single_particle
from scalith.quantities import Property, Source
from scalith.quantities.constants import FARADAY, GAS_CONSTANT

ASSUMED = Source(kind="assumed")


def test_the_voltage_is_that_of_two_particles(lgm50):
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


def test_with_electrolyte_the_voltage_is_marquis(lgm50):
    # Steady electrolyte of constant properties: averages over parabolas, in closed form.
    salt = lgm50.electrolyte.model_copy(
        update={
            "conductivity": Property.constant("conductivity", 0.95, "S m-1", ASSUMED),
            "diffusivity": Property.constant("diffusivity", 1.8e-10, "m2 s-1", ASSUMED),
        }
    )
    cell, mesh = single_particle(lgm50.model_copy(update={"electrolyte": salt}), electrolyte=True)
    data = simulate_discharge(cell, 0.5, mesh=mesh, output_times=[3000.0], profiles=True).sel(time=3000.0)
    n, s, p = cell.negative_electrode, cell.separator, cell.positive_electrode
    density, t = 2.5 / cell.plane_area, 0.2594
    drop = density / 0.95 * (n.thickness / (3 * n.efficiency) + s.thickness / s.efficiency + p.thickness / (3 * p.efficiency))
    c = data.concentration.values
    concentration = 2.0 * GAS_CONSTANT * 298.15 / FARADAY * (1.0 - t) * np.log(c[-1] / c[0])
    found = float(data.electrolyte_potential[-1] - data.electrolyte_potential[0])
    assert found == pytest.approx(concentration - drop, abs=2e-5)
    # The averages of c differ by the same resistances.
    slope = (1.0 - t) * density / FARADAY / 1.8e-10
    resistance = n.thickness / (3 * n.efficiency) + s.thickness / s.efficiency + p.thickness / (3 * p.efficiency)
    assert c[0] - c[-1] == pytest.approx(slope * resistance, rel=1e-5)


def test_its_error_is_of_second_order_in_the_current(lgm50):
    # With sloping potentials: on a plateau particles drift apart at any current, and the expansion holds later.
    changes = {}
    for side, (at_zero, slope) in {"negative_electrode": (0.6, -0.5), "positive_electrode": (4.6, -1.0)}.items():
        electrode = getattr(lgm50, side)
        voltage = Property.from_arrays("open_circuit_voltage", {"x": [0.0, 1.0]}, [at_zero, at_zero + slope], "V", ASSUMED)
        material = electrode.material.model_copy(update={"open_circuit_voltage": voltage})
        changes[side] = electrode.model_copy(update={"materials": (material,)})
    cell = lgm50.model_copy(update=changes | {"lower_voltage_cut_off": 1.0, "upper_voltage_cut_off": 5.0})
    errors = {False: [], True: []}
    for rate in (0.1, 0.2, 0.4):
        times = [1080.0 / rate, 1440.0 / rate, 1800.0 / rate]
        settings = {"output_times": times, "tolerance": 2e-5}
        full = simulate_discharge(cell, rate, mesh=Mesh(24, 8, 20), **settings).voltage.sel(time=times)
        for electrolyte, found in errors.items():
            reduced, mesh = single_particle(cell, electrolyte=electrolyte)
            voltage = simulate_discharge(reduced, rate, mesh=mesh, **settings).voltage.sel(time=times)
            found.append(float(np.sqrt(((voltage - full) ** 2).mean())))
    np.testing.assert_allclose(np.log2(np.array(errors[False][1:]) / errors[False][:-1]), 1.0, atol=0.1)
    assert np.all(np.log2(np.array(errors[True][1:]) / errors[True][:-1]) > 1.9)
    assert errors[True][-1] < 0.05 * errors[False][-1]
