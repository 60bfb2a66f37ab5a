"""Conductivity of an electrolyte, planted in a cell between blocking electrodes and read back."""

from __future__ import annotations

import numpy as np
import pytest

from scalith.cell import Mesh, read_cell, simulate_impedance
from scalith.lab import parse_circuit, spectrum
from scalith.lab.impedance import conductivity_cell, extract_conductivity
from scalith.quantities import InputError, shipped

F = np.geomspace(1e-1, 1e6, 43)


@pytest.mark.parametrize(("concentration", "exponent"), [(1000.0, 1.0), (500.0, 0.8)])
def test_a_planted_conductivity_comes_back(concentration, exponent):
    given = read_cell(shipped("cell/lgm50_chen2020.toml"))
    cell = conductivity_cell(given, thickness=1e-4, concentration=concentration, exponent=exponent)
    found = extract_conductivity(
        simulate_impedance(cell, F, 0.5, mesh=Mesh(1, 60, 1)),
        thickness=1e-4,
        area=cell.plane_area,
        transport_efficiency=cell.separator.efficiency,
    )
    planted = float(given.electrolyte.conductivity(c=concentration, T=298.15))
    assert found.value == pytest.approx(planted, rel=1e-3)
    assert found.low <= found.value <= found.high


def test_noise_is_in_the_interval_and_the_arc_of_a_solid_counts():
    numbers = np.random.default_rng(3)
    ohms, thickness, area = (40.0, 25.0), 5e-4, 7.85e-5
    clean = parse_circuit("R0-p(R1,Q1)-Q2").impedance(F, [ohms[0], ohms[1], 1e-6, 0.95, 1e-4, 0.9])
    inside = 0
    for _ in range(20):
        noise = numbers.standard_normal((2, F.size))
        data = spectrum(F, clean + 2e-3 * np.abs(clean) * (noise[0] + 1j * noise[1]))
        found = extract_conductivity(data, thickness=thickness, area=area, circuits=["R0-p(R1,Q1)-Q2"])
        inside += found.low < thickness / (area * sum(ohms)) < found.high
    assert inside >= 17


def test_leads_are_taken_off_and_a_spectrum_of_double_layers_alone_tells_nothing():
    clean = parse_circuit("R0-Q1").impedance(F, [2.0, 1e-3, 0.9])
    found = extract_conductivity(spectrum(F, clean), thickness=1e-4, area=1e-4, leads=0.5)
    assert found.value == pytest.approx(1.0 / 1.5, rel=1e-6)
    with pytest.raises(InputError, match="leads"):
        extract_conductivity(spectrum(F, clean), thickness=1e-4, area=1e-4, leads=3.0)
    slow = F[F < 2.0]
    noise = np.random.default_rng(1).standard_normal((2, slow.size))
    z = parse_circuit("R0-Q1").impedance(slow, [1e-3, 1e-3, 0.9])
    with pytest.raises(InputError, match=r"higher frequencies|tells"):
        extract_conductivity(spectrum(slow, z * (1 + 2e-3 * (noise[0] + 1j * noise[1]))), thickness=1e-4, area=1e-4)
