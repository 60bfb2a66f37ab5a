"""Experiments of a study take the files of the study, each of them wherever it counts."""

import numpy as np

from scalith.cell import read_cell
from scalith.lab import read_measurement
from scalith.lab.experiments import entropy_by_steps, heat_by_discharge, voltage_by_slow_cycle
from scalith.lab.half_cell import half_cell
from scalith.lab.titration import simulate_entropy
from scalith.ladder.rungs.experiments import Experiments, charge_transfer_agreement, exchange_current_agreement, heat_agreement
from scalith.quantities import Result, shipped

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


def test_heat_by_voltage_takes_the_slow_cycle_and_the_steps_that_were_measured(tmp_path):
    steps = []
    for k, share in enumerate(STATES):
        data = simulate_entropy(coefficient=1e-4 * (1 + k), time_constant=600.0, interval=120.0)
        rows = np.column_stack([data["time"], data["voltage"], np.zeros(data.sizes["time"]), data["ambient_temperature"]])
        head = "time [s],voltage [V],current [A],ambient temperature [K]"
        np.savetxt(tmp_path / f"{share}.csv", rows, delimiter=",", header=head, comments="", fmt="%.9g")
        steps.append(str(tmp_path / f"{share}.csv"))
    cycle = slow_cycle(tmp_path / "cycle.csv")
    given = {"electrode": "positive", "slow_cycle": cycle, "temperature_steps": steps, "temperature_steps_at": STATES}
    at_rest = voltage_by_slow_cycle(CELL, data=read_measurement(cycle))
    entropy = entropy_by_steps(CELL, data=[(share, read_measurement(file)) for share, file in zip(STATES, steps, strict=True)])
    expected = heat_by_discharge(CELL, at_rest=at_rest, entropy=entropy)
    found = heat_agreement(CELL, Experiments(**given))
    x = found["x"].values
    np.testing.assert_allclose(found["measured"].values, expected.value(x=x), rtol=1e-9)
    assert "measured slow cycle" in found.attrs["headline"]


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
