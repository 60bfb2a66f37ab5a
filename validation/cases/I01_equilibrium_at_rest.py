r"""I01: At rest the electrochemical potential is flat and no current flows.

**[E]** With uniform particles and electrolyte $\nabla\tilde\mu = 0$: a cell at rest carries no current anywhere. The largest
local reaction current of the LG M50 at open circuit must stay below 1e-12 of the limiting current of its separator,
$i_{lim} = 4FD_{eff}c_0/((1-t_+)L)$, at three states of charge. After half an hour at 1C the terminal voltage relaxes to the
open-circuit voltage of the mean stoichiometries; the internal currents that even out graphite's plateaus fade slowly (stated).
"""

from __future__ import annotations

import numpy as np

from scalith.cell import CellSpecification
from scalith.cell.model.results import dataset
from scalith.cell.runs.simulation import Simulation
from scalith.quantities import predicted, shipped
from scalith.quantities.constants import FARADAY
from validation.record import Record


def run(record: Record) -> None:
    import matplotlib.pyplot as plt

    cell = CellSpecification.read_toml(shipped("cell/lgm50_chen2020.toml"))
    salt, separator = cell.electrolyte, cell.separator
    effective = separator.efficiency * float(salt.diffusivity(c=salt.initial_concentration))
    transference = float(salt.transference_number())
    limiting = 4.0 * FARADAY * effective * salt.initial_concentration / ((1.0 - transference) * separator.thickness)
    source = predicted("validation.I01")
    solver = Simulation(cell)

    def local(data) -> np.ndarray:  # type: ignore[no-untyped-def]
        largest = 0.0
        for side in ("negative", "positive"):
            electrode = getattr(cell, f"{side}_electrode")
            rate = np.abs(data[f"reaction_rate_{side}"].values).max(axis=1)
            largest = np.maximum(largest, FARADAY * electrode.material.area * electrode.thickness * rate)
        return np.asarray(largest)

    for charge in (0.1, 0.5, 0.9):
        solver.set_state_of_charge(charge)
        solver.hold("current", 0.0, duration=3600.0, keep_states=True)
        data = dataset(solver.cell, solver.rows, solver.states, "rest", source)
        record.check_at_most(
            f"local current at rest over the limiting current, {charge:.0%}",
            limit=1e-12,
            found=float(local(data).max()) / limiting,
        )
    solver.set_state_of_charge(1.0)
    solver.hold("current", 5.0, duration=1800.0, keep_states=True)
    solver.hold("current", 0.0, duration=36000.0, keep_states=True)
    data = dataset(solver.cell, solver.rows, solver.states, "relaxation", source)
    rest = data.time.values >= 1800.0
    currents = local(data) / limiting
    fading = currents[-1] / currents[rest].max()
    record.compare("local current after ten hours of rest over that at its start", reference=0.0, found=fading)
    last = data.isel(time=-1)
    open_circuit = float(cell.positive_electrode.material.open_circuit_voltage(float(last.stoichiometry_positive))) - float(
        cell.negative_electrode.material.open_circuit_voltage(float(last.stoichiometry_negative))
    )
    record.check("voltage after ten hours of rest", expected=open_circuit, found=float(last.voltage), tolerance=2e-4, unit="V")
    figure, axis = plt.subplots(figsize=(5.5, 3.6))
    axis.semilogy(data.time / 3600.0, np.maximum(currents, 1e-18))
    axis.set(xlabel="time (h)", ylabel="largest local current / limiting current")
    figure.tight_layout()
    record.figure("Half an hour at 1C, then rest", figure)
