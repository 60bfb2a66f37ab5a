"""What experiments find on a virtual electrode, beside what was put in."""

import numpy as np
import pytest

from scalith.cell import read_cell
from scalith.lab import agreement
from scalith.lab.experiments import diffusivity_by_titration, entropy_by_steps, voltage_by_slow_cycle
from scalith.lab.titration import simulate_gitt_on_cell
from scalith.quantities import InputError, shipped

CELL = read_cell(shipped("cell/nmc532_mohtat2020.toml"))
MATERIAL = CELL.positive_electrode.material


def test_a_slow_cycle_finds_the_voltage():
    found = voltage_by_slow_cycle(CELL)
    assert found.value is not None
    assert agreement(MATERIAL.open_circuit_voltage, found.value).attrs["verdict"].startswith("agrees")
    assert agreement(MATERIAL.open_circuit_voltage + 0.05, found.value).attrs["verdict"].startswith("differs")
    assert found.note.startswith("virtual slow cycle")


def test_steps_of_temperature_find_the_entropic_coefficient():
    found = entropy_by_steps(CELL, states=4)
    assert found.value is not None
    x = found.value.coordinates["x"]
    assert found.value(x=x) == pytest.approx(np.asarray(MATERIAL.entropic_coefficient(x=x)), rel=1e-2)
    isothermal = entropy_by_steps(shipped("cell/lgm50_chen2020.toml"), states=3)
    assert isothermal.value is None
    assert "does not change with temperature" in isothermal.note


def test_titration_finds_the_diffusivity_virtually_and_from_data():
    found = diffusivity_by_titration(CELL, pulses=4)
    assert found.value is not None
    x = found.value.coordinates["x"]
    assert found.value(x=x) == pytest.approx(np.asarray(MATERIAL.chemical_diffusivity(x=x, T=298.15)), rel=0.03)
    with pytest.raises(InputError, match="at least 3"):
        diffusivity_by_titration(CELL, pulses=2)
    from scalith.lab.half_cell import half_cell

    data = simulate_gitt_on_cell(half_cell(CELL, thickness=5e-6).cell, rate="C/20", pulse=600.0, rest=2000.0, pulses=2)
    told = diffusivity_by_titration(CELL, data=data)
    assert told.value is None  # two pulses are no curve
    assert told.note == "measured titration: 2 of 2 pulses tell a diffusivity"
