"""Properties of an electrode as experiments find them: on a virtual half cell, or from a measured file of one."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from scalith.lab.cycling.open_circuit import extract_open_circuit, simulate_open_circuit
from scalith.lab.half_cell import HalfCell, Side, half_cell
from scalith.lab.protocol_steps import steps
from scalith.lab.titration.entropy import extract_entropy
from scalith.lab.titration.gitt import extract_gitt
from scalith.lab.titration.on_a_cell import simulate_entropy_on_cell, simulate_gitt_on_cell
from scalith.quantities import ErrorComponent, InputError, Property, Source, dataset_digest, predicted
from scalith.quantities.uncertain import deviation_of_log

if TYPE_CHECKING:
    import xarray as xr

    from scalith.cell import CellSpecification

Array = NDArray[np.float64]
_NORMAL = 1.959964
_ALIKE = 0.05
"""Stoichiometries within this have the same error: about the distance of two states that are read."""
_SHARES = (0.999, 0.97, 0.9)
"""Of the window that a slow cycle passes: less where a surface would be full before its particle is."""
_ENOUGH = 3
"""Pulses that must tell a diffusivity before it is a curve."""


class Found(NamedTuple):
    """What an experiment gave, where it gave anything.

    Attributes
    ----------
    value : Property or None
        Over x; None where the experiment does not tell.
    note : str
        How, or why not.
    """

    value: Property | None
    note: str


def voltage_by_slow_cycle(
    cell: CellSpecification | str | Path, side: Side = "positive", *, rate: str = "C/20", data: xr.Dataset | None = None
) -> Found:
    """Open-circuit voltage over the stoichiometry from a slow cycle of the electrode against lithium.

    The mean of discharge and charge. Its error is half the distance of the branches, an upper bound of what polarisation may have
    shifted, and what changes with half the length of smoothing.

    Parameters
    ----------
    cell : CellSpecification or path
        What `scalith.cell.read_cell` takes.
    side : {"positive", "negative"}
    rate : str
        Of the virtual cycle.
    data : xarray.Dataset, optional
        A measured cycle of a half cell of this electrode, from 100 % on, in place of the virtual one.
    """
    half = half_cell(cell, side)
    measured = data is not None
    if data is None:
        data, failed = _slow_cycle(half, rate)
        if failed:
            return Found(None, f"the virtual cycle was not carried out: {failed}")
    found = extract_open_circuit(data)
    x = half.stoichiometry(found["charge"].values + found.attrs["start_C"])
    material = half.cell.positive_electrode.material
    inside = (x >= material.minimum_stoichiometry) & (x <= material.maximum_stoichiometry)
    error = np.abs(found["hysteresis"].values[inside])
    finer = extract_open_circuit(data, smoothing=0.5 * found.attrs["smoothing_C"])["voltage"].values[inside]
    rounded = np.abs(finer - found["voltage"].values[inside]) + 1e-5
    note = f"{_words(measured)} slow cycle, half distance of the branches {1e3 * float(np.median(error)):.2g} mV"
    parts = (ErrorComponent("polarisation", error, _ALIKE), ErrorComponent("smoothing", rounded, 0.5 * _ALIKE))
    value = Property.from_arrays(
        "open_circuit_voltage",
        {"x": x[inside]},
        found["voltage"].values[inside],
        "V",
        _source(half, found, measured),
        None,
        parts,
    )
    return Found(value, note)


def entropy_by_steps(
    cell: CellSpecification | str | Path, side: Side = "positive", *, states: int = 9, step: float = 10.0
) -> Found:
    """Entropic coefficient over the stoichiometry: steps of temperature on the electrode against lithium, at `states` rests."""
    half = half_cell(cell, side, thickness=5e-6)
    T = half.cell.reference_temperature
    charges = np.linspace(0.9, 0.1, states)
    rows = []
    for charge in charges:
        data = simulate_entropy_on_cell(half.cell, state_of_charge=float(charge), temperatures=(T, T + step, T))
        found = extract_entropy(data["time"].values, data["voltage"].values, data["ambient_temperature"].values)
        rows.append((found.value, (found.upper - found.lower) / (2.0 * _NORMAL)))
    table = np.array(rows)
    x = half.stoichiometry((1.0 - charges) * half.cell.nominal_capacity)
    source = predicted("scalith.lab.entropy_by_steps", half.cell.digest, settings={"step_K": step})
    # Between the states the curve is interpolated: 2 % of the largest coefficient at least.
    errors = np.maximum(table[:, 1], 0.02 * np.abs(table[:, 0]).max())
    if not np.any(np.abs(table[:, 0]) > 1e-9):
        return Found(None, "the potential does not change with temperature")
    part = ErrorComponent("reading", errors, _ALIKE)
    value = Property.from_arrays("entropic_coefficient", {"x": x}, table[:, 0], "V K-1", source, None, (part,))
    return Found(value, f"virtual steps of {step:g} K at {states} states")


def diffusivity_by_titration(
    cell: CellSpecification | str | Path,
    side: Side = "positive",
    *,
    rate: str = "C/20",
    pulses: int = 20,
    data: xr.Dataset | None = None,
) -> Found:
    """Chemical diffusivity over the stoichiometry: GITT on the electrode against lithium, read along its potential at rest.

    A virtual pulse passes 1 % of the charge and its rest lasts until the particles are even (or 1000 s at least); a pulse that
    does not tell its diffusivity is left out, and counted in the note.

    Parameters
    ----------
    cell : CellSpecification or path
    side : {"positive", "negative"}
    rate : str
        Of the virtual pulses.
    pulses : int
        Virtual ones, spread over the whole window.
    data : xarray.Dataset, optional
        A measured titration of a half cell of this electrode, from 100 % on.
    """
    half = half_cell(cell, side, thickness=5e-6)
    material = half.cell.positive_electrode.material
    nodes = np.linspace(material.minimum_stoichiometry, material.maximum_stoichiometry, 4001)
    T = half.cell.reference_temperature
    curve = np.asarray(material.open_circuit_voltage(x=nodes, T=T), dtype=np.float64)
    window = half.cell.nominal_capacity
    runs = [(0.0, data)] if data is not None else _virtual_pulses(half, rate, pulses)
    rows, untold = [], 0
    for passed, one in runs:
        found = extract_gitt(
            one,
            radius=material.particle_radius,
            shape=material.geometry,
            potential=_shifted(half, nodes, curve, passed),
            drift=data is not None,
        )
        own = steps(one)
        at = np.flatnonzero(own["pulse"].values)
        middle = passed + np.cumsum(own["charge"].values)[at] - 0.5 * own["charge"].values[at]
        for charge, value, low, high in zip(
            middle, *(found[name].values for name in ("diffusivity", "lower", "upper")), strict=True
        ):
            if np.isfinite(value):
                rows.append((float(half.stoichiometry(charge)), float(value), float(np.log(high / low)) / (2.0 * _NORMAL)))
            else:
                untold += 1
    note = f"{_words(data is not None)} titration: {len(rows)} of {len(rows) + untold} pulses tell a diffusivity"
    if len(rows) < _ENOUGH:
        return Found(None, note)
    table = np.array(sorted(rows))
    settings = {"rate": rate, "pulses": pulses, "window_C": window}
    by = "scalith.lab.diffusivity_by_titration"
    virtual = predicted(by, half.cell.digest, settings=settings)
    source = virtual if data is None else predicted(by, dataset_digest(data), half.cell.digest, settings={"window_C": window})
    # What the particle's equation leaves out (kinetics that change within a pulse) shows in no residual: 1 % at least.
    spread = np.maximum(table[:, 2], 0.01)
    part = ErrorComponent("reading", table[:, 1] * deviation_of_log(spread), _ALIKE)
    value = Property.from_arrays("chemical_diffusivity", {"x": table[:, 0]}, table[:, 1], "m2 s-1", source, None, (part,))
    return Found(value, note)


def _slow_cycle(half: HalfCell, rate: str) -> tuple[xr.Dataset, str]:
    """A slow cycle over as much of the window as the particles' surfaces allow, and why it failed where it did."""
    failed = ""
    for share in _SHARES:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # said below, or tried again
            data = simulate_open_circuit(half.cell, rate=rate, charge=share * half.cell.nominal_capacity)
        failed = str(data.attrs.get("warnings", ""))
        if not failed:
            break
    return data, failed


def _shifted(half: HalfCell, nodes: Array, curve: Array, passed: float) -> Callable[[Array], Array]:
    """The open-circuit potential over the charge since a pulse's data begin."""
    return lambda q: np.asarray(np.interp(half.stoichiometry(q + passed), nodes, curve))


def _virtual_pulses(half: HalfCell, rate: str, pulses: int) -> list[tuple[float, xr.Dataset]]:
    """One pulse at each of so many states, and the charge that had passed before it."""
    material, window = half.cell.positive_electrode.material, half.cell.nominal_capacity
    from scalith.cell import parse_step

    if pulses < _ENOUGH:
        raise InputError("diffusivity_by_titration", "pulses", pulses, f"at least {_ENOUGH}")
    x = np.linspace(material.minimum_stoichiometry, material.maximum_stoichiometry, 101)
    least = float(np.min(material.chemical_diffusivity(x=x, T=half.cell.reference_temperature)))
    slowest = material.particle_radius**2 / least
    current = parse_step(f"Discharge at {rate} for 1 s", half.cell).target
    pulse = 0.01 * window / current
    rest = float(np.clip(0.5 * slowest, 1000.0, 1e6))
    found: list[tuple[float, xr.Dataset]] = []
    for share in np.linspace(0.02, 0.97, pulses):
        data = simulate_gitt_on_cell(half.cell, rate=rate, pulse=pulse, rest=rest, pulses=1, state_of_charge=1.0 - float(share))
        found.append((float(share) * window, data))
    return found


def _words(measured: bool) -> str:
    return "measured" if measured else "virtual"


def _source(half: HalfCell, found: xr.Dataset, measured: bool) -> Source:
    if measured:
        return Source.from_json(str(found.attrs["source"]))
    return predicted("scalith.lab.voltage_by_slow_cycle", half.cell.digest)
