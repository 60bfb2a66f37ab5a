"""Draws cell_work_precision.svg: time and error of the 1C discharge of case C01, ours and PyBaMM's (``python`` this file).

One core, processor time, the least of several runs. Errors are against the reference of the case, from 60 s on.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pybamm

from scalith.cell import CellSpecification, Mesh, Simulation
from scalith.cell.kernels import records
from scalith.quantities import shipped

HERE = Path(__file__).resolve().parent
REFERENCE = HERE.parents[1] / "validation" / "data" / "cell" / "dfn_chen2020_1C_reference.csv"
TIMES, VOLTAGES = (column[1:-1].copy() for column in np.loadtxt(REFERENCE, delimiter=",", skiprows=1).T)
CELL = CellSpecification.read_toml(shipped("cell/lgm50_chen2020.toml"))


def least(call: Callable[[], object], repeats: int) -> float:
    """Processor time of the quickest run, ms."""
    call()
    taken = []
    for _ in range(repeats):
        start = time.thread_time()
        call()
        taken.append(time.thread_time() - start)
    return 1e3 * min(taken)


def rms(voltages: np.ndarray) -> float:
    """Error in mV from 60 s on."""
    late = TIMES[: voltages.size] >= 60.0
    return float(1e3 * np.sqrt(np.mean((voltages - VOLTAGES[: voltages.size])[late] ** 2)))


def ours(mesh: Mesh, tolerance: float) -> tuple[float, float]:
    """Time and error of ours."""
    full = Simulation(CELL, mesh=mesh, tolerance=tolerance, state_of_charge=1.0)

    def run(output_times: np.ndarray | None = None) -> np.ndarray:
        simulation = full.copy(records=False)
        simulation.hold("current", 5.0, duration=7200.0, voltage_low=2.5, output_times=output_times)
        return simulation.rows

    rows = run(TIMES)
    error = rms(rows[np.isin(rows[:, records.TIME], TIMES), records.VOLTS])
    return least(run, 25), error


def theirs(points: int | None) -> tuple[float, float]:
    """Time and error of PyBaMM with so many points a domain."""
    settings = {} if points is None else {"var_pts": dict.fromkeys(("x_n", "x_s", "x_p", "r_n", "r_p"), points)}
    model, values = pybamm.lithium_ion.DFN(), pybamm.ParameterValues("Chen2020")
    simulation = pybamm.Simulation(model, parameter_values=values, solver=pybamm.IDAKLUSolver(), **settings)
    inside = TIMES[TIMES < 3593.0]
    error = rms(simulation.solve([0, 3700], initial_soc=1.0, t_interp=inside)["Terminal voltage [V]"](inside))
    return least(lambda: simulation.solve([0, 3700], initial_soc=1.0), 5), error


def draw() -> None:
    """Measure and draw."""
    pybamm.set_logging_level("ERROR")
    meshes = (
        (Mesh(5, 2, 5, nodes=10, finest=0.02), 1e-3),
        (Mesh(8, 3, 8, nodes=20), 4e-4),
        (Mesh(16, 5, 14, nodes=28, finest=0.005), 1e-4),
        (Mesh(32, 8, 28, nodes=40, finest=0.003), 2e-5),
    )
    figure, axis = plt.subplots(figsize=(6.2, 4.0))
    axis.loglog(
        *zip(*(ours(mesh, tolerance) for mesh, tolerance in meshes), strict=True), "o-", label="Scalith, mesh and tolerance"
    )
    tolerances = (2e-3, 5e-4, 2e-4, 2e-5, 1e-6)
    axis.loglog(*zip(*(ours(Mesh(), t) for t in tolerances), strict=True), "s--", label="Scalith, default mesh, tolerance")
    axis.loglog(*zip(*(theirs(n) for n in (None, 40, 80, 120)), strict=True), "^-", label=f"PyBaMM {pybamm.__version__}, mesh")
    axis.axhline(0.1, color="0.6", lw=0.8)
    axis.set(xlabel="time of one discharge (ms)", ylabel="rms error of the voltage (mV)")
    axis.legend(frameon=False)
    figure.tight_layout()
    figure.savefig(HERE / "cell_work_precision.svg", metadata={"Date": None})


if __name__ == "__main__":
    draw()
