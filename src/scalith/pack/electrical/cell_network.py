"""Cells in series and parallel: porous-electrode cells share a current, warm up in a row, and feel it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import xarray as xr

from scalith.cell import ActiveMaterial, CellSpecification, ElectrodeSpecification, Mesh, ProtocolStep, simulate_protocol
from scalith.pack.heat.row import row_of_cells
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

    In each window of time every cell has a constant current; those of a group satisfy, at the window's end,

        V_k(I_k) − I_k R = V_group,      Σ_k I_k = I,

    found by a secant iteration. Temperatures come from `row_of_cells` with the heat of the cells and of their interconnects;
    each cell then runs at its own mean temperature over the discharge, and the pass is repeated until that is steady.

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
        Windows of time.
    voltage_tolerance : float
        Largest difference of voltages within a group, V.
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
    if (
        not 0 < duration < np.inf
        or current == 0
        or not np.isfinite(current)
        or windows < 2
        or interconnect_resistance < 0
        or passes < 1
    ):
        found = (current, duration, windows, interconnect_resistance, passes)
        raise InputError(_WHERE, "current, duration, windows, interconnect_resistance, passes", found, "positive finite numbers")
    mean = np.full(count, pack.start_temperature)
    for repeat in range(passes):
        time, currents, voltages, heat, reason = _electrical(
            cells, series, parallel, current, duration, mean, interconnect_resistance, windows, voltage_tolerance, mesh, progress
        )
        steps = np.repeat(np.arange(len(time) - 1), 2)
        knots = np.sort(np.concatenate([time[:-1] + 1e-6 * (time[1] - time[0]), time[1:]]))
        row = row_of_cells(pack, np.concatenate([[time[0]], knots]), np.concatenate([heat[:1], heat[steps]]))
        at_ends = row["temperature"].values[2::2]
        new = row["temperature"].values.mean(axis=0)
        change = float(np.abs(new - mean).max())
        mean = new
        if change < 0.1:
            break
        if progress is not None:
            progress((repeat + 1) / passes, f"temperatures changed by {change:.2f} K")
    groups = currents.reshape(-1, series, parallel)
    spread = np.abs(groups / groups.mean(axis=2, keepdims=True) - 1).max()
    source = predicted(
        "scalith.pack.discharge_network",
        pack.digest,
        *dict.fromkeys(cell.digest for cell in cells),
        settings={"current": current, "mesh": str(mesh or Mesh())},
    )
    pack_voltage = (voltages - currents * interconnect_resistance).reshape(-1, series, parallel).mean(axis=2).sum(axis=1)
    return Result(
        {
            "current": labelled(("time", "cell"), currents, "current of each cell", "A"),
            "voltage": labelled(("time", "cell"), voltages, "voltage of each cell", "V"),
            "heat": labelled(("time", "cell"), heat, "heat of each cell and its interconnect, mean of the window", "W"),
            "temperature": labelled(("time", "cell"), at_ends, "temperature of each cell", "K"),
            "pack_voltage": labelled("time", pack_voltage, "voltage of the pack", "V"),
            "current_spread": labelled((), float(spread), "largest relative deviation of a current in its group", "1"),
            "temperature_change": labelled((), change, "change of the mean temperatures in the last pass", "K"),
            "energy_balance_error": labelled((), float(row["energy_balance_error"]), "relative error of the energy balance", "1"),
        },
        coords={
            "time": labelled("time", time[1:], "time", "s"),
            "cell": ("cell", np.arange(1, count + 1), {"long_name": "cell in the row"}),
        },
        attrs={"source": source.to_json(), "reason": reason},
    )


def _electrical(
    cells: Sequence[CellSpecification],
    series: int,
    parallel: int,
    current: float,
    duration: float,
    temperature: np.ndarray[Any, np.dtype[np.float64]],
    resistance: float,
    windows: int,
    tolerance: float,
    mesh: Mesh | None,
    progress: Callable[[float, str], None] | None,
) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any], np.ndarray[Any, Any], np.ndarray[Any, Any], str]:
    """Times of window ends (with 0); by window and cell current, voltage at the end, mean heat; why it ended."""
    count = len(cells)
    length = duration / windows
    states: list[xr.Dataset | None] = [None] * count
    share = np.full(count, current / parallel)
    slope = np.full(count, 0.02)
    currents, voltages, heats, reason = [], [], [], "duration reached"

    def run(k: int, amperes: float) -> tuple[xr.Dataset, float]:
        step = ProtocolStep(text=f"{amperes:.6g} A for {length:.6g} s", mode="current", target=float(amperes), duration=length)
        data = simulate_protocol(cells[k], [step], temperature=float(temperature[k]), initial=states[k], mesh=mesh)
        return data, float(data["voltage"][-1])

    for window in range(windows):
        results: list[xr.Dataset] = [Result()] * count
        for group in range(series):
            members = range(group * parallel, (group + 1) * parallel)
            known: dict[int, tuple[float, float]] = {}
            for _ in range(12):
                ends = np.empty(parallel)
                for m, k in enumerate(members):
                    results[k], volts = run(k, float(share[k]))
                    if k in known and abs(share[k] - known[k][0]) > 1e-9 * abs(current):
                        secant = -(volts - known[k][1]) / (share[k] - known[k][0])
                        slope[k] = float(np.clip(secant, 1e-4, 10.0))
                    known[k] = (float(share[k]), volts)
                    ends[m] = volts - share[k] * resistance
                if parallel == 1 or np.ptp(ends) < tolerance:
                    break
                # Linear in the currents: a common voltage with the sum of the currents kept.
                conductance = 1.0 / (slope[list(members)] + resistance)
                common = float((conductance * ends).sum() / conductance.sum())
                share[list(members)] += conductance * (ends - common)
            else:
                raise ConvergenceError(
                    "the currents of a parallel group", f"voltages still differ by {np.ptp(ends):.2g} V", time=window * length
                )
        ended = [k for k, data in enumerate(results) if float(data["time"][-1]) < length * (1 - 1e-6)]
        if ended:
            why = results[ended[0]].attrs["reason"]
            reason = f"cell {ended[0] + 1}: {why} within the window from {window * length:.6g} s"
            break
        states = list(results)
        currents.append(share.copy())
        voltages.append([float(data["voltage"][-1]) for data in results])
        heats.append([_mean(data) for data in results] + share**2 * resistance)
        if progress is not None:
            progress((window + 1) / windows, f"t = {(window + 1) * length:.4g} s, {sum(voltages[-1]) / parallel:.3f} V")
    if len(currents) < 2:
        raise ConvergenceError(
            "the pack's discharge",
            f"{reason}: a smaller current or shorter windows",
            time=length,
        )
    return length * np.arange(len(currents) + 1), np.array(currents), np.array(voltages), np.array(heats), reason


def _mean(data: xr.Dataset) -> float:
    """Mean heat of a window, W."""
    time, heat = data["time"].values, data["heat"].values
    return float(np.sum(0.5 * (heat[1:] + heat[:-1]) * np.diff(time)) / (time[-1] - time[0]))
