"""Which process limits a discharge: each made twice as fast in turn, and what that brings."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from scalith.cell import CellSpecification, Mesh, read_cell, simulate_batch
from scalith.cell.runs.load import discharge_load
from scalith.cell.specification.paths import FACTORS, number_at
from scalith.quantities import InputError, Result, labelled, predicted

_CONDUCTIVITIES = ("negative_electrode.conductivity", "positive_electrode.conductivity")


def find_bottlenecks(
    specification: CellSpecification | str | Path,
    c_rate: float | str = 1.0,
    *,
    temperature: float | None = None,
    faster: float = 2.0,
    mesh: Mesh | None = None,
    tolerance: float = 2e-5,
) -> Result:
    """Discharge the cell as it is, and with each process faster by a factor: the gain says what limits it.

    Diffusion in the particles, charge transfer and electronic conduction of both electrodes, diffusion and conduction of the
    electrolyte, contact resistance; one batch of discharges.

    Parameters
    ----------
    specification : CellSpecification or path
        What `scalith.cell.read_cell` takes.
    c_rate : float or str
        ``"1C"`` or 1.0.
    temperature : float, optional
        K.
    faster : float
        Above 1.
    mesh, tolerance
        As in `scalith.cell.simulate_discharge`; gains are small differences, so that the tolerance is tighter here.

    Returns
    -------
    Result
        Over ``process``, the largest gain first: ``energy_gain`` (J), ``capacity_gain`` (C), ``loss`` (what the process takes
        from the energy, as a share of the whole gain); ``energy`` and ``capacity`` of the cell as it is. See also
        `dimensionless_numbers`, which need not rank alike: a gain also says how much of the voltage hangs on a process.

    Raises
    ------
    InputError
        A rate that is not positive, `faster` not above 1.
    """
    cell = read_cell(specification)
    load = discharge_load(cell, c_rate, None)
    if not load > 0.0:
        raise InputError("find_bottlenecks", "c_rate", c_rate, "a positive rate, such as '1C'")
    if not faster > 1.0:
        raise InputError("find_bottlenecks", "faster", faster, "a factor above 1")
    processes = [*FACTORS, *_CONDUCTIVITIES]
    as_given = {name: 1.0 if name in FACTORS else number_at(cell, name) for name in processes}
    if cell.contact_resistance > 0.0:
        processes.append("contact_resistance")
        as_given["contact_resistance"] = 1.0 / cell.contact_resistance
    planar = {side for side in ("negative_electrode", "positive_electrode") if getattr(cell, side).planar}
    processes = [
        name for name in processes if not (name.split(".")[0] in planar and name.endswith(("diffusivity", "conductivity")))
    ]
    runs = len(processes) + 1
    values = {name: np.full(runs, as_given[name]) for name in processes}
    for k, name in enumerate(processes):
        values[name][k + 1] *= faster
    if "contact_resistance" in values:
        values["contact_resistance"] = 1.0 / values["contact_resistance"]
    found = simulate_batch(cell, values, current=load, temperature=temperature, output_times=2, mesh=mesh, tolerance=tolerance)
    energy, capacity = found.energy.values, found.capacity.values
    gain, more = energy[1:] - energy[0], capacity[1:] - capacity[0]
    order = np.argsort(-gain, kind="stable")
    positive = np.maximum(gain, 0.0)
    settings = {"current_A": load, "faster": faster, "temperature_K": temperature, "tolerance": tolerance}
    source = predicted("scalith.lab.find_bottlenecks", cell.digest, settings=settings)
    return Result(
        {
            "energy_gain": labelled("process", gain[order], "more energy", "J"),
            "capacity_gain": labelled("process", more[order], "more capacity", "C"),
            "loss": labelled("process", (positive / max(float(positive.sum()), 1e-300))[order], "share of all gains", "1"),
            "energy": labelled((), energy[0], "energy of the discharge", "J"),
            "capacity": labelled((), capacity[0], "capacity of the discharge", "C"),
        },
        {"process": labelled("process", np.array(processes)[order], "process made faster", "")},
        {"kind": "bottlenecks", "source": source.to_json()},
    )
