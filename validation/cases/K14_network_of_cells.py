"""K14: Cells that share a circuit: sixteen strings of two between busbars.

**[E]** liionpack's example "16p2s" (``examples/basic_16p2s.py``): 32 single-particle cells of Chen 2020, each behind 10 mΩ, the
strings joined by 0.1 mΩ of busbar at both ends, the terminals on the left; charged at 20 A for half an hour, at rest, discharged,
at rest. liionpack holds the current of a cell over a time step of ten seconds and then solves the circuit with what it has
become; here currents are linear over windows whose ends satisfy Kirchhoff's laws. Compared where the load has been the same for a
minute: currents against their mean under load, and the voltage of each cell (``data/pack/network/compute.py``; liionpack is not
needed here).

**[E]** Kirchhoff's laws: the strings carry the load together, and the power of the cells is that of the load and the resistors.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from scalith.cell import CellSpecification, simulate_circuit, single_particle
from scalith.pack import circuit_of_strings
from scalith.quantities import shipped
from validation.record import Record

DATA = Path(__file__).resolve().parents[1] / "data" / "pack" / "network" / "liionpack_16p2s.csv"
# liionpack repeats its first time step: the charge lasts ten seconds longer.
STEPS = ["Charge at 20 A for 1810 s", "Rest for 900 s", "Discharge at 20 A for 1800 s", "Rest for 1800 s"]
CHANGES = (1810.0, 2710.0, 4510.0)


def run(record: Record) -> None:
    import matplotlib.pyplot as plt

    table = np.loadtxt(DATA, delimiter=",")
    times, pack, currents, voltages = table[:, 0], table[:, 1], table[:, 2:18], table[:, 18:]
    cell, mesh = single_particle(CellSpecification.read_toml(shipped("cell/lgm50_chen2020.toml")))
    circuit = circuit_of_strings(2, 16, connection_resistance=1e-2, busbar_resistance=1e-4, terminal_resistance=2e-5)
    found = simulate_circuit([cell] * 32, circuit, STEPS, state_of_charge=0.5, mesh=mesh)
    at = found.interp(time=times)
    ours, volts, load = at.cell_current.values[:, ::2], at.cell_voltage.values[:, ::2], at.current.values
    steady = np.min([np.abs(times - change) for change in CHANGES], axis=0) > 60.0
    loaded = steady & (np.abs(load) > 1.0)
    off = np.abs(ours - currents)
    record.check_at_most("currents under load, largest deviation", limit=0.4, found=80.0 * off[loaded].max(), unit="%")
    record.check_at_most(
        "currents at rest, largest deviation of 1.25 A", limit=0.4, found=80.0 * off[steady & ~loaded].max(), unit="%"
    )
    record.check_at_most(
        "voltages of the cells, largest deviation", limit=0.8, found=1e3 * np.abs(volts - voltages)[steady].max(), unit="mV"
    )
    record.compare("voltage of the pack at the end", reference=float(pack[-1]), found=float(at.voltage[-1]), unit="V")
    strings = found.cell_current.values[:, ::2]
    record.check_at_most(
        "currents of the strings against the load",
        limit=1e-6,
        found=np.abs(strings.sum(axis=1) - found.current.values).max(),
        unit="A",
    )
    made = (found.cell_voltage * found.cell_current).sum("cell").values
    left = (found.voltage * found.current + found.heat_resistors).values
    record.check_at_most(
        "power of the cells against that of load and resistors", limit=1e-3, found=np.abs(made - left).max(), unit="W"
    )
    figure, axes = plt.subplots(figsize=(8, 3.8))
    for k in (0, 3, 8, 15):
        axes.plot(times / 60.0, currents[:, k], "o", ms=3, color=f"C{k % 10}")
        axes.plot(found.time.values / 60.0, strings[:, k], color=f"C{k % 10}", label=f"string {k + 1}")
    axes.set(xlabel="time (min)", ylabel="current (A)")
    axes.legend(frameon=False, fontsize=8)
    figure.tight_layout()
    record.figure("Currents of four of sixteen strings: liionpack (points) and Scalith (lines)", figure)
