"""A file that is dropped onto the page: a measurement, a curve or another cell, laid over what was predicted."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from scalith.app.cell_state import CellState
from scalith.app.explorer import Changes, Explorer
from scalith.app.views import plain_figure
from scalith.cell import CellSpecification, read_cell, simulate_discharge, simulate_impedance
from scalith.lab import read_measurement
from scalith.ladder import Climbed
from scalith.quantities import InputError, Property, ScalithError, read_property_csv
from scalith.quantities.property import COORDINATE_UNITS
from scalith.report import axes
from scalith.report.cell_figures import said_rate
from scalith.report.shown_units import number, shown_unit

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

_CURVES = ("open_circuit_voltage", "chemical_diffusivity", "entropic_coefficient")
"""Properties over the stoichiometry that may be dropped as a table."""

_FEWEST = 5
"""Rows of a discharge."""


def overlay(explorer: Explorer, changes: Changes, name: str, content: bytes) -> dict[str, Any]:
    """Read a file and lay it over the prediction of a state; nothing of it is evaluated.

    Parameters
    ----------
    explorer : Explorer
    changes : mapping of str to object
        The state.
    name : str
        Name of the file: shown, and its ending tells a BPX file.
    content : bytes

    Returns
    -------
    dict
        ``title``, ``words`` (how far they are apart), ``figure``.

    Raises
    ------
    InputError
        No measurement, curve or cell that is known, or nothing in the study to lay it over.
    """
    if not content:
        raise InputError(name, "", "an empty file", "a measurement, a curve over x or a BPX file")
    with explorer.workspace() as place:
        suffix = re.sub(r"[^A-Za-z0-9.]", "", Path(name).suffix)[:8]
        file = place / f"measured{suffix}"
        file.write_bytes(content)
        read = _read(file, name)
    with explorer.at(changes) as climb:
        wanted = [quantity for quantity in ("cell_specification", "discharges") if quantity in explorer.study.graph.nodes]
        found = climb.compute([quantity for quantity in wanted if quantity in climb.study.needed_for(explorer.study.targets)])
        if isinstance(read, tuple):
            quantity = _quantity(explorer, read[0])
            return _over_curve(quantity, read[1], climb.compute([quantity]), name)
    state = CellState.of(found.values)
    if state.cell is None:
        raise InputError(name, "", "a measurement of a cell", "a study with [cell] to lay it over")
    if isinstance(read, CellSpecification):
        return _over_cell(read, state, name)
    if "frequency" in read.dims:
        return _over_spectrum(read, state.cell, state.temperature, name)
    return _over_discharge(read, state.cell, state, name)


def _read(file: Path, name: str) -> Any:
    """A cell, a measurement, or the name of a property and the property."""
    try:
        return read_cell(file) if file.suffix == ".json" else read_measurement(file)
    except ScalithError as error:
        for curve in _CURVES:
            unit = {"open_circuit_voltage": "V", "chemical_diffusivity": "m2 s-1", "entropic_coefficient": "V K-1"}[curve]
            try:
                return curve, read_property_csv(file, curve, unit, {dim: COORDINATE_UNITS[dim] for dim in "xT"})
            except ScalithError:
                continue
        raise InputError(name, "", str(error).replace(str(file), name), "a measurement, a curve over x or a BPX file") from None


def _quantity(explorer: Explorer, curve: str) -> str:
    there = [quantity for quantity in explorer.study.needed_for(explorer.study.targets) if quantity.rpartition(".")[2] == curve]
    if not there:
        raise InputError("explorer", "", f"a file with {curve}", "a study that has it")
    return there[0]


def _over_curve(quantity: str, measured: Property, found: Climbed, name: str) -> dict[str, Any]:
    from scalith.report.property_figures import Beside, property_figure

    predicted = found.values.get(quantity)
    if not isinstance(predicted, Property) or "x" not in predicted.coordinates:
        reason = found.failed.get(quantity, f"one number for {quantity}")
        raise InputError(name, "", reason, f"a study in which {quantity} is a curve over x")
    x = measured.coordinates["x"]
    low, high = predicted.domain["x"]
    inside = (x >= low) & (x <= high)
    if not inside.any():
        raise InputError(name, "x", f"{x.min():.4g} to {x.max():.4g}", f"places within {low:.4g} to {high:.4g}")
    states = {"x": x[inside]} | ({"T": np.clip(298.15, *predicted.domain["T"])} if "T" in predicted.coordinates else {})
    there = {"x": x[inside]} | ({"T": np.clip(298.15, *measured.domain["T"])} if "T" in measured.coordinates else {})
    rms = float(np.sqrt(np.mean((predicted(**states) - measured(**there)) ** 2)))
    shown = shown_unit(predicted.unit, rms)
    words = f"{name}: apart by {number(rms * shown.factor, 3)} {shown.of_a_difference} (root mean square, {inside.sum()} points)"
    figure = axes.settled(property_figure(predicted, Beside(measured=measured)))
    return _laid(quantity.replace("_", " "), words, figure)


def _over_discharge(measured: xr.Dataset, cell: CellSpecification, state: CellState, name: str) -> dict[str, Any]:
    time, current, voltage = (np.asarray(measured[key].values, dtype=np.float64) for key in ("time", "current", "voltage"))
    rows = _longest(current > 0.01 * max(float(np.nanmax(current)), 0.0))
    if rows.size < _FEWEST:
        raise InputError(name, "current", f"{rows.size} rows of discharge", f"at least {_FEWEST}, with positive current")
    time, current, voltage = time[rows], current[rows], voltage[rows]
    charge = np.concatenate([[0.0], np.cumsum(0.5 * (current[1:] + current[:-1]) * np.diff(time))])
    load = float(charge[-1] / (time[-1] - time[0]))
    run = simulate_discharge(cell, current=load, temperature=state.temperature, mesh=state.mesh)
    simulated = np.asarray(run["capacity"].values)
    inside = charge <= simulated[-1]
    apart = np.interp(charge[inside], simulated, run["voltage"].values) - voltage[inside]
    rms = float(np.sqrt(np.mean(apart**2)))
    figure = axes.figure("Discharged capacity (A h)", "Voltage (V)")
    rate = said_rate(load * 3600.0 / cell.nominal_capacity)
    line = {"color": axes.PALETTE[0], "width": 2}
    figure.add_scatter(x=simulated / 3600, y=run["voltage"].values, mode="lines", name=f"predicted, {rate}", line=line)
    dots = {"color": axes.INK, "width": 1.6, "dash": "dashdot"}
    figure.add_scatter(x=charge / 3600, y=voltage, mode="lines", name=f"measured: {name}", line=dots)
    ends = f"{number(charge[-1] / 3600, 3)} A h measured, {number(simulated[-1] / 3600, 3)} A h predicted"
    words = f"{name}: {1e3 * rms:.3g} mV apart (root mean square), {ends}, mean current {load:.4g} A"
    return _laid("discharge, predicted and measured", words, axes.settled(figure))


def _longest(inside: Any) -> Any:
    """Rows of the longest stretch in which something holds."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], inside.astype(int), [0]])))
    starts, ends = edges[::2], edges[1::2]
    if starts.size == 0:
        return np.arange(0)
    k = int(np.argmax(ends - starts))
    return np.arange(starts[k], ends[k])


def _over_spectrum(measured: xr.Dataset, cell: CellSpecification, temperature: float | None, name: str) -> dict[str, Any]:
    frequency = np.asarray(measured["frequency"].values)
    run = simulate_impedance(cell, frequency, 0.5, temperature=temperature)
    figure = axes.figure("Re Z (Ω)", "−Im Z (Ω)")
    for label, data, style in (("predicted, half charged", run, "lines+markers"), (f"measured: {name}", measured, "markers")):
        colour = axes.PALETTE[0] if data is run else axes.INK
        spots = {"color": colour, "size": 6, "symbol": "circle" if data is run else "x"}
        x, y = data["resistance"].values, -data["reactance"].values
        figure.add_scatter(x=x, y=y, mode=style, name=label, marker=spots, line={"color": colour})
    figure.update_layout(hovermode="closest")
    predicted = run["resistance"].values + 1j * run["reactance"].values
    apart = np.abs(predicted - (measured["resistance"].values + 1j * measured["reactance"].values))
    rms = float(np.sqrt(np.mean(apart**2)))
    return _laid(
        "impedance, predicted and measured", f"{name}: {number(1e3 * rms, 3)} mΩ apart (root mean square)", axes.settled(figure)
    )


def _over_cell(other: CellSpecification, state: CellState, name: str) -> dict[str, Any]:
    data = state.discharges
    if data is None:
        raise InputError(name, "", "a cell", "a study with [discharge] to lay it over")
    from scalith.ladder.stacking import one_rate

    figure, said = axes.figure("Discharged capacity (A h)", "Voltage (V)"), []
    for rate, colour in zip(data["c_rate"].values, axes.cycle(data.sizes["c_rate"]), strict=True):
        run = simulate_discharge(other, float(rate), temperature=state.temperature, mesh=state.mesh)
        here = one_rate(data, rate)
        for label, one, dash in ((said_rate(rate), here, "solid"), (f"{said_rate(rate)}, {name}", run, "dash")):
            line = {"color": colour, "width": 2, "dash": dash}
            figure.add_scatter(x=one["capacity"].values / 3600, y=one["voltage"].values, mode="lines", name=label, line=line)
        ends = [float(np.nanmax(one["capacity"].values)) / 3600 for one in (here, run)]
        said.append(f"{said_rate(rate)} {number(ends[0], 3)} and {number(ends[1], 3)} A h")
    return _laid("discharges of both cells", f"this cell and {name}: {', '.join(said)}", axes.settled(figure))


def _laid(title: str, words: str, figure: Figure) -> dict[str, Any]:
    return {"title": title, "words": words, "figure": plain_figure(figure)}
