"""Cells in series and parallel: porous-electrode cells share a current, warm up in a row, and feel it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from scalith.cell import (
    ActiveMaterial,
    CellSpecification,
    Circuit,
    ElectrodeSpecification,
    Mesh,
    ProtocolStep,
    simulate_circuit,
)
from scalith.pack.heat.row import simulate_row
from scalith.pack.specification import PackSpecification
from scalith.quantities import ConvergenceError, InputError, Result, labelled, predicted

_WHERE = "discharge_network"


def spread_cells(cell: CellSpecification, count: int, relative: Mapping[str, float], seed: int) -> list[CellSpecification]:
    """`count` cells whose numbers scatter: normal with the given relative standard deviations.

    Parameters
    ----------
    relative : mapping
        Path of a number in the specification (``"positive_electrode.thickness"``, ``"positive_electrode.particle_radius"`` of
        the first material, as in `scalith.cell.simulate_batch`) to its relative standard deviation.
    seed : int

    Raises
    ------
    InputError
        A path that is no number of the specification, or a draw that makes no cell.
    """
    generator = np.random.default_rng(seed)
    cells = []
    for _ in range(count):
        varied = cell
        for path, deviation in relative.items():
            parts = path.split(".")
            holder: Any = varied
            for part in parts:
                holder = getattr(_holder_of(holder, part), part, None)
            if not isinstance(holder, float):
                raise InputError("spread_cells", path, holder, "the path of a number, such as 'positive_electrode.thickness'")
            varied = _replaced(varied, parts, holder * (1.0 + deviation * float(generator.standard_normal())))
        cells.append(varied)
    return cells


def _holder_of(holder: Any, name: str) -> Any:
    """An electrode's first material where the name is one of its fields."""
    return holder.materials[0] if isinstance(holder, ElectrodeSpecification) and name in ActiveMaterial.model_fields else holder


def _replaced(holder: Any, parts: list[str], value: float) -> Any:
    first = _holder_of(holder, parts[0])
    if first is not holder:
        fields = {name: getattr(holder, name) for name in type(holder).model_fields}
        fields["materials"] = (_replaced(first, parts, value), *holder.materials[1:])
        return type(holder).read(fields, "spread_cells")
    inner = value if len(parts) == 1 else _replaced(getattr(holder, parts[0]), parts[1:], value)
    fields = {name: getattr(holder, name) for name in type(holder).model_fields} | {parts[0]: inner}
    return type(holder).read(fields, "spread_cells")


def discharge_network(
    cells: Sequence[CellSpecification],
    *,
    series: int,
    parallel: int,
    current: float,
    duration: float,
    pack: PackSpecification,
    interconnect_resistance: float = 0.0,
    windows: int = 30,
    voltage_tolerance: float = 2e-4,
    passes: int = 3,
    mesh: Mesh | None = None,
    progress: Callable[[float, str], None] | None = None,
) -> Result:
    r"""Discharge groups of parallel cells that are in series, and the row of cells that they form.

    The currents of a group satisfy

        V_k(I_k) − I_k R = V_group,      Σ_k I_k = I

    (see `scalith.cell.simulate_circuit`). Temperatures come from `simulate_row` with the heat of the cells and of their
    interconnects; each cell then runs at its own mean temperature over the discharge, and the pass is repeated until that is
    steady.

    Parameters
    ----------
    cells : sequence of CellSpecification
        ``series × parallel`` cells, group by group, in the order of the row.
    series, parallel : int
    current : float
        Of the whole pack, A; positive discharges.
    duration : float
        s. It ends earlier where a cell reaches its cut-off.
    pack : PackSpecification
        The row, with as many cells.
    interconnect_resistance : float
        Of each cell's connection to its group, Ω.
    windows : int
        Windows of time, at least; they are shorter where the currents change fast.
    voltage_tolerance : float
        Of the windows and of each cell's time steps, V.
    passes : int
        Most repetitions with new temperatures.
    mesh : Mesh, optional
        Of each cell; that of `scalith.cell.single_particle` with electrolyte makes them single-particle models (SPMe).
    progress : callable, optional
        Called with (fraction, message).

    Returns
    -------
    Result
        Dimensions ``time`` (ends of windows), ``cell``: ``current`` (A), ``voltage`` (V), ``heat`` (W, mean of the window),
        ``temperature`` (K); ``pack_voltage`` (V); scalars ``current_spread`` (largest relative deviation from the mean within a
        group), ``temperature_change`` of the last pass (K), ``energy_balance_error`` of the row. ``attrs["reason"]`` says why it
        ended.

    Raises
    ------
    InputError
        Numbers of cells that do not agree, values out of range.
    ConvergenceError
        A group's currents could not be found.
    """
    count = series * parallel
    if series < 1 or parallel < 1 or len(cells) != count or pack.cells != count:
        raise InputError(_WHERE, "cells", f"{len(cells)} cells, a row of {pack.cells}", f"{series} × {parallel} of both")
    possible = 0 < duration < np.inf and current != 0 and np.isfinite(current)
    if not possible or windows < 2 or interconnect_resistance < 0 or passes < 1:
        found = (current, duration, windows, interconnect_resistance, passes)
        raise InputError(_WHERE, "current, duration, windows, interconnect_resistance, passes", found, "positive finite numbers")
    circuit = Circuit.of_groups(series, parallel, interconnect_resistance)
    mean = np.full(count, pack.start_temperature)
    for repeat in range(passes):
        run = _electrical(cells, circuit, current, duration, mean, windows, voltage_tolerance, mesh, progress)
        heat, row = _warmed(pack, run, interconnect_resistance)
        # Windows are of unequal length.
        new = np.trapezoid(row["temperature"].values, row["time"].values, axis=0) / float(run["time"][-1])
        change, mean = float(np.abs(new - mean).max()), new
        if change < 0.1:
            break
        if progress is not None:
            progress((repeat + 1) / passes, f"temperatures changed by {change:.2f} K")
    currents = run["cell_current"].values
    groups = currents.reshape(-1, series, parallel)
    spread = np.abs(groups / groups.mean(axis=2, keepdims=True) - 1).max()
    source = predicted(
        "scalith.pack.discharge_network",
        pack.digest,
        *dict.fromkeys(cell.digest for cell in cells),
        settings={"current": current, "mesh": str(mesh or Mesh())},
    )
    return Result(
        {
            "current": labelled(("time", "cell"), currents, "current of each cell", "A"),
            "voltage": labelled(("time", "cell"), run["cell_voltage"].values, "voltage of each cell", "V"),
            "heat": labelled(("time", "cell"), heat, "heat of each cell and its interconnect, mean of the window", "W"),
            "temperature": labelled(("time", "cell"), row["temperature"].values[2::2], "temperature of each cell", "K"),
            "pack_voltage": labelled("time", run["voltage"].values, "voltage of the pack", "V"),
            "current_spread": labelled((), float(spread), "largest relative deviation of a current in its group", "1"),
            "temperature_change": labelled((), change, "change of the mean temperatures in the last pass", "K"),
            "energy_balance_error": labelled((), float(row["energy_balance_error"]), "relative error of the energy balance", "1"),
        },
        coords={
            "time": labelled("time", run["time"].values, "time", "s"),
            "cell": ("cell", np.arange(1, count + 1), {"long_name": "cell in the row"}),
        },
        attrs={"source": source.to_json(), "reason": run.attrs["reason"]},
    )


def _warmed(pack: PackSpecification, run: xr.Dataset, interconnect_resistance: float) -> tuple[NDArray[np.float64], Result]:
    """Heat of each cell and its interconnect, mean of each window, W, and the row of cells that it warms."""
    time, currents = np.concatenate([[0.0], run["time"].values]), run["cell_current"].values
    begin = np.vstack([currents[:1], currents[:-1]])  # the current is linear over a window
    heat = run["cell_heat"].values + interconnect_resistance * (begin**2 + begin * currents + currents**2) / 3.0
    steps = np.repeat(np.arange(len(time) - 1), 2)
    knots = np.sort(np.concatenate([time[:-1] + 1e-6 * np.diff(time), time[1:]]))
    return heat, simulate_row(pack, np.concatenate([[time[0]], knots]), np.concatenate([heat[:1], heat[steps]]))


def _electrical(
    cells: Sequence[CellSpecification],
    circuit: Circuit,
    current: float,
    duration: float,
    temperature: np.ndarray[Any, np.dtype[np.float64]],
    windows: int,
    tolerance: float,
    mesh: Mesh | None,
    progress: Callable[[float, str], None] | None,
) -> xr.Dataset:
    """The circuit at the temperatures given, each cell at its own."""
    step = ProtocolStep(text=f"{current:.6g} A for {duration:.6g} s", mode="current", target=float(current), duration=duration)
    longest = duration / windows
    found = simulate_circuit(
        cells, circuit, [step], temperature=temperature, mesh=mesh, tolerance=tolerance, longest_window=longest, progress=progress
    )
    if found.sizes["time"] < 3:
        reason = f"{found.attrs['reason']}: a smaller current"
        raise ConvergenceError("the pack's discharge", reason, time=float(found["time"][-1]))
    return found
