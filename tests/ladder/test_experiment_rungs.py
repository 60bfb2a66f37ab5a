"""Experiments of a study take the files of the study, each of them wherever it counts."""

import numpy as np

from scalith.cell import read_cell
from scalith.lab import read_measurement
from scalith.lab.experiments import Found, entropy_by_steps, heat_by_discharge, voltage_by_slow_cycle
from scalith.lab.half_cell import half_cell
from scalith.lab.titration import simulate_entropy
from scalith.ladder.rungs.experiments import (
    Experiments,
    charge_transfer_agreement,
    entropy_agreement,
    exchange_current_agreement,
    heat_agreement,
    slow_cycle_agreement,
)
from scalith.quantities import Property, Result, Source, shipped

CELL = read_cell(shipped("cell/nmc532_mohtat2020.toml"))
STATES = (0.8, 0.5, 0.2)


def slow_cycle(path):
    """A cycle at C/20 that follows the voltage at rest, 10 mV above it."""
    half = half_cell(CELL)
    total = 0.98 * half.cell.nominal_capacity
    current = half.cell.nominal_capacity / 72000.0
    time = np.arange(0.0, 2.0 * total / current, 300.0)
    q = np.minimum(current * time, 2.0 * total - current * time)
    volts = half.cell.positive_electrode.material.open_circuit_voltage(x=half.stoichiometry(q), T=298.15) + 0.01
    rows = np.column_stack([time, volts, np.where(current * time <= total, -current, current)])
    np.savetxt(path, rows, delimiter=",", header="time [s],voltage [V],current [A]", comments="", fmt="%.9g")
    return str(path)


def test_files_are_taken_where_they_count_and_a_virtual_discharge_rests_as_its_own_cell_does(tmp_path, monkeypatch):
    """Measured 10 mV too high, the voltage at rest would turn up in the heat of a cell that has none of it."""
    steps = []
    for k, share in enumerate(STATES):
        data = simulate_entropy(coefficient=1e-4 * (1 + k), time_constant=600.0, interval=120.0)
        rows = np.column_stack([data["time"], data["voltage"], np.zeros(data.sizes["time"]), data["ambient_temperature"]])
        head = "time [s],voltage [V],current [A],ambient temperature [K]"
        np.savetxt(tmp_path / f"{share}.csv", rows, delimiter=",", header=head, comments="", fmt="%.9g")
        steps.append(str(tmp_path / f"{share}.csv"))
    cycle = slow_cycle(tmp_path / "cycle.csv")
    given = Experiments(electrode="positive", slow_cycle=cycle, temperature_steps=steps, temperature_steps_at=STATES)
    at_rest = voltage_by_slow_cycle(CELL, data=read_measurement(cycle))
    entropy = entropy_by_steps(CELL, data=[(share, read_measurement(file)) for share, file in zip(STATES, steps, strict=True)])
    for rung, expected in ((slow_cycle_agreement, at_rest), (entropy_agreement, entropy)):
        found = rung(CELL, given)
        np.testing.assert_allclose(found["measured"].values, expected.value(x=found["x"].values), rtol=1e-9)
        assert found.attrs["headline"].startswith("measured")
    half = half_cell(CELL)
    material = half.cell.positive_electrode.material
    x = np.linspace(material.minimum_stoichiometry, material.maximum_stoichiometry, 201)
    source, volts = Source(kind="assumed"), material.open_circuit_voltage(x=x, T=298.15)
    own = Found(Property.from_arrays("open_circuit_voltage", {"x": x}, volts, "V", source), "virtual slow cycle")
    still = Found(None, "the potential does not change with temperature")
    experiments = "scalith.lab.experiments"
    monkeypatch.setattr(f"{experiments}.voltage_by_slow_cycle", lambda *cell, rate, data=None: own if data is None else at_rest)
    for module in (experiments, f"{experiments}.discharge_heat"):
        monkeypatch.setattr(f"{module}.entropy_by_steps", lambda *cell, data=(): entropy if data else still)
    expected = heat_by_discharge(CELL, at_rest=own, entropy=still)
    found = heat_agreement(CELL, given)
    np.testing.assert_allclose(found["measured"].values, expected.value(x=found["x"].values), rtol=1e-9)
    assert "virtual slow cycle" in found.attrs["headline"]


def test_both_readings_of_the_arcs_are_of_the_same_spectra(monkeypatch):
    electrode = half_cell(CELL, thickness=5e-6).cell.positive_electrode
    arcs = Result(
        {"resistance": ("x", np.full(4, 3e-3)), "resistance_error": ("x", np.full(4, 0.02))},
        {"x": ("x", np.linspace(0.4, 0.8, 4))},
        {"note": "four arcs", "states": 4},
    )
    monkeypatch.setattr("scalith.lab.experiments.electrode_spectra.charge_transfer_arcs", None)  # not looked for again
    settings = Experiments(electrode="positive")
    current, resistance = (rung(CELL, settings, arcs) for rung in (exchange_current_agreement, charge_transfer_agreement))
    bare = 3e-3 - electrode.material.film_resistance
    np.testing.assert_allclose(current["measured"].values, 8.314462618 * 298.15 / (96485.33212 * bare), rtol=1e-6)
    np.testing.assert_allclose(resistance["measured"].values, 3e-3, rtol=1e-6)
    assert "four arcs" in current.attrs["headline"]
