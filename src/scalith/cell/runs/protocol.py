"""Protocols: a list of sentences such as ``"Discharge at C/3 until 2.5 V"``, run one after the other on one cell."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from scalith.cell.files.read_cell import read_cell
from scalith.cell.model.mesh import Mesh
from scalith.cell.runs.discharge import Progress
from scalith.cell.runs.mesh_choice import find_mesh
from scalith.cell.runs.protocol_run import run_protocol
from scalith.cell.runs.protocol_steps import Protocol
from scalith.cell.runs.protocol_text import Steps, parse_protocol
from scalith.cell.runs.simulation import Simulation
from scalith.cell.runs.tolerance import TOLERANCE
from scalith.cell.specification.cell import CellSpecification

if TYPE_CHECKING:
    import xarray as xr

    from scalith.quantities import Result


def simulate_protocol(
    specification: CellSpecification | str | Path,
    steps: Steps,
    *,
    cycles: int = 1,
    temperature: float | None = None,
    thermal: Literal["isothermal", "lumped", "through_thickness"] = "isothermal",
    initial_state_of_charge: float | None = None,
    initial: xr.Dataset | None = None,
    profiles: bool = False,
    mesh: Mesh | None = None,
    tolerance: float = TOLERANCE,
    strict: bool = False,
    progress: Progress | None = None,
) -> Result:
    """Run a protocol, several times over where `cycles` says so.

    Every step also ends at the cut-off voltages of the cell, and after two days where it has no duration; the protocol then
    goes on with the next step. It ends early where a step cannot be carried out: a particle is full or empty, the electrolyte
    depleted. ``step_reason`` says why each step ended, and a warning names the step that was not carried out.

    Parameters
    ----------
    specification : CellSpecification or path
        What `scalith.cell.read_cell` takes.
    steps : str, ProtocolStep, Protocol, or a sequence of them
        See `parse_protocol`.
    cycles : int
    initial : xarray.Dataset, optional
        Result of an earlier protocol of the same cell and mesh: its end is where this one starts.
    mesh : Mesh, optional
        Without it that of `initial`, or one on which the step of the largest current is right to 0.5 mV: see `choose_mesh`.
    temperature, thermal, initial_state_of_charge, profiles, tolerance
        As in `simulate_discharge`.
    strict : bool
        Raise where a step does not do what it says: it could not be carried out, or a cut-off voltage of the cell or the two
        days ended it before its own end.
    progress : callable, optional

    Returns
    -------
    Result
        As `simulate_discharge`, with ``cycle`` and ``step`` over time; ``step_reason``, ``step_capacity`` and ``step_energy``
        over the steps that were run; capacities and energies over the cycles; and ``final_state``, which `initial` reads (the
        data set can be saved to NetCDF in between). A step starts at the next number after the time at which the one before
        ended, so that every time is there once. ``attrs["warnings"]`` names the steps that were
        not carried out.

    Raises
    ------
    InputError
        A step is not understood or holds a voltage beyond the cut-offs, or `initial` belongs to another mesh.
    ConvergenceError
        A step could not be solved, or with `strict` not carried out; `partial` holds the result until then.
    """
    specification = read_cell(specification)
    steps = parse_protocol(steps, specification)
    if mesh is None and initial is None:
        mesh = _mesh_for(steps, specification, temperature)
    simulation = Simulation(
        specification,
        mesh=mesh,
        temperature=temperature,
        thermal=thermal,
        tolerance=tolerance,
        state_of_charge=initial_state_of_charge,
    )
    if initial is not None:
        simulation.resume(initial)
    return run_protocol(
        simulation, steps, cycles=cycles, strict=strict, profiles=profiles, progress=progress, by="scalith.cell.simulate_protocol"
    )


def _mesh_for(protocol: Protocol, specification: CellSpecification, temperature: float | None) -> Mesh:
    """A mesh for the step of the largest current, of those that state currents or powers; of a load over time, for its mean."""
    volts = 0.5 * (specification.lower_voltage_cut_off + specification.upper_voltage_cut_off)
    loads: list[tuple[float, float | None, float | None]] = []
    for step in protocol.all_steps:
        if step.mode in ("current", "power"):
            held = float(np.trapezoid(step.loads, step.times) / (step.times[-1] - step.times[0])) if step.times else step.target
            loads.append((held if step.mode == "current" else held / volts, step.duration, step.temperature or temperature))
    load, duration, at = max(loads, key=lambda item: abs(item[0]), default=(0.0, None, None))
    if load == 0.0:
        return Mesh()
    return find_mesh(specification, load, at, 1.0 if load > 0.0 else 0.0, duration=duration).mesh
