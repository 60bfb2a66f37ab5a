"""Heat of an electrode while it is discharged against lithium: from a calorimeter, or from its voltage."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from scalith.cell import ThermalSpecification, parse_step, simulate_discharge
from scalith.lab.cycling.local_polynomial import smoothed
from scalith.lab.cycling.open_circuit import constant_current_branch
from scalith.lab.experiments.found import Found, curve
from scalith.lab.experiments.slow_cycle import voltage_by_slow_cycle
from scalith.lab.experiments.temperature_steps import entropy_by_steps
from scalith.lab.half_cell import HalfCell, Side, half_cell
from scalith.quantities import InputError, Property, dataset_digest, predicted

if TYPE_CHECKING:
    import xarray as xr

    from scalith.cell import CellSpecification
    from scalith.quantities import Result

_BY = "heat_by_discharge"
_SMOOTHING = 0.05
"""Of the charge, over which measured heat is smoothed."""
_POINTS = 101


def heat_of_discharge(cell: CellSpecification, side: Side = "positive", rate: str | float = "C/2") -> Property:
    """Heat flow of an electrode against lithium over the stoichiometry, W: of all processes in the cell, at constant temperature.

    With the heat of mixing in the particles, but for particles under stress or that separate.

    Parameters
    ----------
    cell : CellSpecification
    side : {"positive", "negative"}
    rate : str or float
        Text such as ``"C/2"``, or a current in A.
    """
    half = half_cell(cell, side)
    return _of_processes(half, _discharge(half, rate), rate)


def heat_by_discharge(
    cell: CellSpecification | str | Path,
    side: Side = "positive",
    *,
    rate: str | float = "C/2",
    at_rest: Found | None = None,
    entropy: Found | None = None,
    data: xr.Dataset | None = None,
    heat: str = "heat",
) -> Found:
    r"""Heat flow of an electrode against lithium over the stoichiometry, W.

    From a calorimeter, where `data` has a heat flow; otherwise from the voltage V of the discharge (Bernardi, Pawlikowski and
    Newman, DOI 10.1149/1.2113792),

    .. math::

        \dot q = I\left(U - V - T\frac{∂U}{∂T}\right)

    with U by a slow cycle and ∂U/∂T by steps of temperature.

    **Bias** of the latter: U and ∂U/∂T are those of the mean stoichiometry, so that the heat of mixing, which gradients in the
    particles store and give back when they even out, is missed; and so is what polarises the slow cycle.

    Parameters
    ----------
    cell : CellSpecification or path
        What `scalith.cell.read_cell` takes.
    side : {"positive", "negative"}
    rate : str or float
        Of the virtual discharge.
    at_rest, entropy : Found, optional
        What `voltage_by_slow_cycle` and `entropy_by_steps` found; without them they are carried out virtually.
    data : Dataset, optional
        A measured discharge of a half cell of this electrode, from 100 % on, with its heat flow.
    heat : str
        Name of the heat flow in it, W.
    """
    half = half_cell(cell, side)
    if data is not None:
        return _by_calorimeter(half, data, heat)
    at_rest, entropy = at_rest or voltage_by_slow_cycle(cell, side), entropy or entropy_by_steps(cell, side)
    return _by_voltage(half, _discharge(half, rate), rate, at_rest, entropy)


class HeatsOfDischarge(NamedTuple):
    """Heat of one discharge over the stoichiometry: of all processes in the cell, and as it is found."""

    put_in: Property
    found: Found


def heats_of_discharge(
    cell: CellSpecification | str | Path,
    side: Side = "positive",
    *,
    rate: str | float = "C/2",
    at_rest: Found | None = None,
    entropy: Found | None = None,
    data: xr.Dataset | None = None,
) -> HeatsOfDischarge:
    """`heat_of_discharge` and `heat_by_discharge` of the same discharge, which is computed once.

    Parameters
    ----------
    cell, side, at_rest, entropy, data
        As in `heat_by_discharge`.
    rate : str or float
        Of the virtual discharge; one that was measured states its own.
    """
    half = half_cell(cell, side)
    load = rate if data is None else current_of(data)
    run = _discharge(half, load)
    if data is not None:
        found = _by_calorimeter(half, data, "heat")
    else:
        at_rest, entropy = at_rest or voltage_by_slow_cycle(cell, side), entropy or entropy_by_steps(cell, side)
        found = _by_voltage(half, run, load, at_rest, entropy)
    return HeatsOfDischarge(_of_processes(half, run, load), found)


def _of_processes(half: HalfCell, run: Result, rate: str | float) -> Property:
    x, heat = half.stoichiometry(run["capacity"].values), run["heat"].values
    kept = np.concatenate([[False], np.diff(x) > 0.0])  # at the first instant the load is not yet felt
    source = predicted("scalith.lab.heat_of_discharge", half.cell.digest, settings={"rate": rate})
    return Property.from_arrays("heat", {"x": x[kept]}, heat[kept], "W", source)


def _by_voltage(half: HalfCell, run: Result, rate: str | float, at_rest: Found, entropy: Found) -> Found:
    if at_rest.value is None:
        return Found(None, at_rest.note)
    current, T = float(run["current"][-1]), half.cell.reference_temperature
    x = half.stoichiometry(run["capacity"].values)
    low, high = at_rest.value.domain["x"]
    if entropy.value is not None:
        low, high = max(low, entropy.value.domain["x"][0]), min(high, entropy.value.domain["x"][1])
    kept = np.concatenate([[False], np.diff(x) > 0.0]) & (x >= low) & (x <= high)
    if np.count_nonzero(kept) < 2:
        return Found(None, f"the discharge ends before the voltage at rest is known: {run.attrs['reason']}")
    x, volts = x[kept], run["voltage"].values[kept]
    flow = current * (np.asarray(at_rest.value(x=x)) - volts)
    error = current * np.asarray(at_rest.value.error(x=x))
    if entropy.value is not None:
        flow = flow - current * T * np.asarray(entropy.value(x=x))
        error = np.hypot(error, current * T * np.asarray(entropy.value.error(x=x)))
    parents = [one.value.digest for one in (at_rest, entropy) if one.value is not None]
    source = predicted("scalith.lab.heat_by_discharge", half.cell.digest, *parents, settings={"rate": rate})
    return Found(curve("heat", x, flow, "W", source, error), f"virtual discharge at {rate}: from its voltage, {at_rest.note}")


def current_of(data: xr.Dataset) -> float:
    """Current of the discharge in a measurement, A: of the step of constant current with the most charge.

    Raises
    ------
    InputError
        There is none, or it has fewer than 20 samples.
    """
    return constant_current_branch(data, "discharge", "voltage", _BY).current


def _by_calorimeter(half: HalfCell, data: xr.Dataset, heat: str) -> Found:
    if heat not in data.variables:
        raise InputError(_BY, "heat", f"no {heat}", "a heat flow over time, W")
    step = constant_current_branch(data, "discharge", heat, _BY)
    length = _SMOOTHING * float(step.charge[-1] - step.charge[0])
    places = np.linspace(step.charge[0] + 0.5 * length, step.charge[-1] - 0.5 * length, _POINTS)
    smooth = smoothed(step.charge, step.values, places, length)
    error = np.maximum(smooth.value_error, 1e-3 * float(np.abs(smooth.value).max()))
    source = predicted("scalith.lab.heat_by_discharge", half.cell.digest, dataset_digest(data))
    found = curve("heat", half.stoichiometry(places), smooth.value, "W", source, error)
    return Found(found, f"measured heat of a discharge at {step.current:.4g} A, noise {1e3 * smooth.noise:.2g} mW")


def _discharge(half: HalfCell, rate: str | float) -> Result:
    amps = parse_step(f"Discharge at {rate} for 1 s", half.cell).target if isinstance(rate, str) else float(rate)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # an early end is seen in the stoichiometries
        return simulate_discharge(_with_mixing(half.cell), current=amps, initial_state_of_charge=1.0)


def _with_mixing(cell: CellSpecification) -> CellSpecification:
    material = cell.positive_electrode.material
    if material.stress is not None or material.phase_field is not None:
        return cell
    thermal = cell.thermal or ThermalSpecification()
    return cell.model_copy(update={"thermal": thermal.model_copy(update={"heat_of_mixing": True})})
