r"""C12: A cell resolved in its plane.

**[E]** Two foils with a linear cell between them are a leaky line: with both tabs on one side its resistance is
$\sqrt{2 a r L}\,\coth\kappa L$, with tabs on opposite sides $\tfrac{1}{2}aL+a(1+\cosh\kappa L)/(\kappa\sinh\kappa L)$, where $a$
is the resistance of a foil per length, $r$ that of the whole cell and $\kappa^2=2a/(rL)$.

**[E]** The cell of Marquis et al. 2019 with foils of a tenth of their conductivity at 2C, tabs over the whole top edge, against
PyBaMM's Doyle–Fuller–Newman model with the "potential pair" in one dimension (``data/cell/current_collectors/compute.py``;
PyBaMM is not needed here): what the collectors take from the voltage, and the current density along the height. To take the
difference of two runs leaves out most of the error of that model's mesh.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from scalith.cell import CellSpecification, Collectors, Tab, simulate_discharge, simulate_in_plane
from scalith.cell.runs.circuit import Network
from scalith.cell.runs.in_plane import collector_circuit
from scalith.quantities import shipped
from validation.record import Record

DATA = Path(__file__).resolve().parents[1] / "data" / "cell" / "current_collectors" / "pybamm_marquis2019_2C.csv"
WIDTH, HEIGHT = 0.207, 0.137
WINDOW = (0.18322252118254287, 0.9493209875341193)
START = (19986.609595075 / 24983.2619938437 - WINDOW[0]) / (WINDOW[1] - WINDOW[0])


def sheet(negative: str, positive: str, conductivities: tuple[float, float]) -> Collectors:
    tabs = {edge: Tab(edge=edge, centre=0.5 * WIDTH, width=WIDTH) for edge in ("top", "bottom")}  # type: ignore[arg-type]
    return Collectors(
        width=WIDTH, height=HEIGHT, negative_thickness=25e-6, positive_thickness=25e-6,
        negative_conductivity=conductivities[0], positive_conductivity=conductivities[1],
        negative_tab=tabs[negative], positive_tab=tabs[positive],
    )  # fmt: skip


def run(record: Record) -> None:
    import matplotlib.pyplot as plt

    a, r = 1.0 / (1e6 * 25e-6 * WIDTH), 2e-3
    kappa = np.sqrt(2.0 * a / (r * HEIGHT))
    exact = {
        "one side": np.sqrt(2.0 * a * r * HEIGHT) / np.tanh(kappa * HEIGHT),
        "opposite sides": 0.5 * a * HEIGHT + a * (1.0 + np.cosh(kappa * HEIGHT)) / (kappa * np.sinh(kappa * HEIGHT)),
    }
    for (name, resistance), edge in zip(exact.items(), ("top", "bottom"), strict=True):
        network = Network(collector_circuit(sheet("top", edge, (1e6, 1e6)), 1, 64, 1.0))
        flow = network.solve(np.full(64, 3.7), np.full(64, 64 * r), "current", 1.0)
        record.check(
            f"resistance, tabs on {name}", expected=resistance, found=3.7 - flow.voltage, tolerance=2e-3 * resistance, unit="ohm"
        )
    table = np.loadtxt(DATA, delimiter=",")
    times, drop, density = table[:, 0], table[:, 1], table[:, 2:]
    cell = CellSpecification.read_toml(shipped("cell/kokam_marquis2019.toml"))
    current = 2.0 * cell.nominal_capacity / 3600.0
    settings = {"tolerance": 2e-5}
    foils = sheet("top", "top", (5.96e6, 3.55e6))
    count = density.shape[1]
    found = simulate_in_plane(
        cell,
        foils,
        [f"Discharge at {current:.9g} A for {times[-1]:.9g} s"],
        patches=(1, count),
        state_of_charge=START,
        **settings,
    )
    uniform = simulate_discharge(cell, current=current, initial_state_of_charge=START, output_times=found.time.values, **settings)
    at = uniform.time.values[1:]
    taken = np.interp(times, at, found.voltage.interp(time=at).values - uniform.voltage.values[1:])
    record.check_at_most(
        "voltage taken by the collectors, largest deviation", limit=0.1, found=1e3 * np.abs(taken - drop).max(), unit="mV"
    )
    local = found.current_density[:, 0].interp(time=times).values
    apart = np.abs(local / density - 1.0)
    record.check_at_most("local current density, rms deviation", limit=0.3, found=100.0 * np.sqrt(np.mean(apart**2)), unit="%")
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 3.8))
    left.plot(times, 1e3 * drop, "o", label="PyBaMM")
    left.plot(times, 1e3 * taken, label="Scalith")
    left.set(xlabel="time (s)", ylabel="voltage taken by the collectors (mV)")
    height = 1e3 * found.height.values
    for k in (0, 3, 6, 8):
        right.plot(height, density[k], "o", ms=3, color=f"C{k}")
        right.plot(height, local[k], color=f"C{k}", label=f"{times[k]:g} s")
    right.set(xlabel="height (mm)", ylabel="current density (A/m²)")
    left.legend(frameon=False)
    right.legend(frameon=False, fontsize=8)
    figure.tight_layout()
    record.figure("What resistive foils take from the voltage at 2C, and the current along the height of the sheet", figure)
