"""Ageing against PyBaMM (IDAKLU solver), both with their models built and compiled before the clock starts.

What one thread does is counted in CPU seconds, so that a busy machine does not count; lives side by side by the clock.
"""

from __future__ import annotations

import time
from functools import cache
from typing import Any

from benchmarks.row import Row

_STEPS = ("Discharge at 1C until 2.5 V", "Charge at 0.3C until 4.2 V", "Hold at 4.2 V until C/100")
_COUPLED = 5
_OPTIONS = {
    "SEI": ("solvent-diffusion limited", "none"),
    "SEI porosity change": "true",
    "lithium plating": ("partially reversible", "none"),
    "lithium plating porosity change": "true",
    "particle mechanics": ("swelling and cracking", "swelling only"),
    "SEI on cracks": ("true", "false"),
    "loss of active material": "stress-driven",
}


@cache
def _okane() -> Any:
    from scalith.cell import CellSpecification
    from scalith.quantities import shipped

    return CellSpecification.read_toml(shipped("cell/lgm50_okane2022_ageing.toml"))


@cache
def _smooth() -> Any:
    """The cell of Chen 2020, whose graphite ages as that of O'Kane 2022."""
    from validation.cases.G07_skipped_cycles import ageing_cell

    return ageing_cell()


def _cycle(cell: Any, cycles: int, extrapolate: float | None = None) -> float:
    from scalith.cell import Mesh, Simulation, simulate_ageing
    from scalith.cell.ageing.life import TOLERANCE

    simulation = Simulation(cell, mesh=Mesh(5, 5, 5, nodes=12), tolerance=TOLERANCE)
    start = time.process_time()
    simulate_ageing(simulation, _STEPS, cycles=cycles, extrapolate=extrapolate)
    return time.process_time() - start


def _coupled() -> float:
    return _cycle(_okane(), _COUPLED) / _COUPLED


@cache
def _peer() -> Any:
    import pybamm

    pybamm.set_logging_level("ERROR")
    points = {"x_n": 5, "x_s": 5, "x_p": 5, "r_n": 30, "r_p": 30}
    simulation = pybamm.Simulation(
        pybamm.lithium_ion.DFN(_OPTIONS),
        parameter_values=pybamm.ParameterValues("OKane2022"),
        experiment=pybamm.Experiment([_STEPS] * _COUPLED),
        solver=pybamm.IDAKLUSolver(),
        var_pts=points,
    )
    simulation.solve()
    return simulation


def _peer_coupled() -> float:
    simulation = _peer()
    start = time.process_time()
    simulation.solve()
    return (time.process_time() - start) / _COUPLED


def _storage() -> float:
    from scalith.cell import Mesh, Simulation, simulate_ageing
    from scalith.cell.ageing.life import TOLERANCE

    simulation = Simulation(_smooth(), mesh=Mesh(5, 5, 5, nodes=12), tolerance=TOLERANCE)
    start = time.process_time()
    simulate_ageing(simulation, "Rest for 3650 days")
    return time.process_time() - start


def _lifetimes() -> float:
    import numpy as np

    from scalith.cell import Mesh, simulate_ageing_batch
    from scalith.numerics.parallel_map import process_pool

    diffusivity = _okane().negative_electrode.material.processes[0].solvent_diffusivity
    drawn = diffusivity * np.exp(0.3 * np.random.default_rng(1).standard_normal(100))
    varied = {"negative_electrode.processes.0.solvent_diffusivity": drawn}
    start = time.perf_counter()
    with process_pool(2) as pool:
        simulate_ageing_batch(
            _smooth(), varied, _STEPS, cycles=1000, extrapolate=3e-3, mesh=Mesh(5, 5, 5, nodes=12), executor=pool
        )
    return time.perf_counter() - start


def _prepare() -> None:
    _coupled()


def rows() -> list[Row]:
    note = "film, plating with dead lithium, cracks with films, lost material; 1C, 0.3C, hold to C/100"
    smooth = "the same mechanisms on the graphite of Chen 2020, whose voltage is smooth"
    return [
        Row(
            "ageing_coupled_cycle",
            "s",
            _coupled,
            "pybamm",
            _peer_coupled,
            prepare=_prepare,
            target=8e-3,
            note=f"O'Kane 2022, {note}; the measured voltage of its graphite has steps",
        ),
        Row("ageing_1000_cycles", "s", lambda: _cycle(_smooth(), 1000), target=10.0, note=smooth),
        Row("ageing_1000_cycles_extrapolated", "s", lambda: _cycle(_smooth(), 1000, 1e-3), target=1.0, note=smooth),
        Row("ageing_ten_years_of_storage", "s", _storage, target=0.05, note=smooth),
        Row(
            "ageing_100_lifetimes",
            "s",
            _lifetimes,
            target=60.0,
            note=f"two processes, jumps of 3e-3, diffusivities drawn; {smooth}",
        ),
    ]
