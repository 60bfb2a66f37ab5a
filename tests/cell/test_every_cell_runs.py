"""Every shipped cell and the public BPX files, cold and warm, at ten rates and through cycles: nothing ends but at its voltage."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from scalith.cell import CellSpecification, read_cell, simulate_discharge, simulate_protocol
from scalith.quantities import shipped

DATA = Path(__file__).resolve().parents[2] / "validation" / "data"
SHIPPED = sorted(Path(str(shipped("cell/lgm50_chen2020.toml"))).parent.glob("*.toml"))
PUBLIC = [
    DATA / "about_energy" / "LFP" / "lfp_18650_cell_BPX.json",
    DATA / "about_energy" / "NMC" / "nmc_pouch_cell_BPX.json",
    DATA / "bpx" / "nmc_pouch_cell_BPX_blended_electrode.json",
]
RATES = (-3.0, -2.0, -1.0, -0.5, -0.1, 0.05, 0.5, 1.0, 2.0, 3.0)
AT_A_VOLTAGE = ("lower voltage reached", "upper voltage reached")
EMPTY = "stoichiometry left the known range: a particle is empty at its surface"


def positive_ends_below_the_cut_off(cell: CellSpecification, temperature: float) -> bool:
    """Whether the voltage of the positive material is known to less than the upper cut-off: held there, its surface ends."""
    voltage = cell.positive_electrode.material.open_circuit_voltage
    at = {"x": voltage.domain["x"][0], "T": temperature}
    negative = cell.negative_electrode.material.open_circuit_voltage
    x = cell.negative_electrode.material.maximum_stoichiometry
    return float(voltage(**at)) - float(negative(x=x, T=temperature)) < cell.upper_voltage_cut_off


@pytest.mark.long
@pytest.mark.parametrize("temperature", [268.15, 298.15])
@pytest.mark.parametrize("file", [*SHIPPED, *PUBLIC], ids=lambda path: path.stem)
def test_a_cell_ends_at_its_voltages_only(file, temperature):
    cell = read_cell(file)
    full = cell.capacity_of_window("negative")
    unknown = positive_ends_below_the_cut_off(cell, temperature)
    for rate in RATES:
        load = rate * cell.nominal_capacity / 3600.0
        start = 1.0 if rate > 0.0 else 0.02
        data = simulate_discharge(
            cell, current=load, temperature=temperature, initial_state_of_charge=start, duration=3.0 * full / abs(load)
        )
        ends = (*AT_A_VOLTAGE, EMPTY) if unknown and rate < 0.0 else AT_A_VOLTAGE
        if cell.negative_electrode.material.processes and rate <= -2.0 and temperature < 270.0:
            ends = (*ends, "electrolyte depleted")  # what plates in the cold takes its ions at once
        assert data.attrs["reason"] in ends, rate
        if cell.electrolyte.generation is None:  # where ions form, lithium that is bound to the electrolyte is not counted
            assert float(np.abs(data.lithium_error).max()) < 1e-9
        assert float(np.abs(data.charge_error).max()) < 1e-9
    low, high = cell.lower_voltage_cut_off, cell.upper_voltage_cut_off
    steps = [
        f"Discharge at 1C until {low} V",
        "Rest for 10 minutes",
        f"Charge at 0.5C until {high} V",
        f"Hold at {high} V until C/20",
        "Rest for 10 minutes",
    ]
    if unknown:
        steps = [*steps[:3], steps[4]]
    data = simulate_protocol(cell, steps, temperature=temperature, cycles=2, strict=True)
    assert data.step_reason.size == 2 * len(steps)
    assert "warnings" not in data.attrs
