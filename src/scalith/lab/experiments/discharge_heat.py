"""Heat of an electrode while it is discharged against lithium: from a calorimeter, or from its voltage."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from scalith.cell import ThermalSpecification, parse_step, simulate_discharge
from scalith.lab.cycling.local_polynomial import local_parabolas, thinned
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
    data = _discharge(half, rate)
    x, heat = half.stoichiometry(data["capacity"].values), data["heat"].values
    kept = np.concatenate([[False], np.diff(x) > 0.0])  # at the first instant the load is not yet felt
    source = predicted("scalith.lab.heat_of_discharge", half.cell.digest, settings={"rate": rate})
    return Property.from_arrays("heat", {"x": x[kept]}, heat[kept], "W", source)


def heat_by_discharge(
    cell: CellSpecification | str | Path,
    side: Side = "positive",
    *,
    rate: str | float = "C/2",
    slow_rate: str = "C/20",
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
    slow_rate : str
        Of the virtual slow cycle.
    at_rest, entropy : Found, optional
        What `voltage_by_slow_cycle` and `entropy_by_steps` found before, so that they are not repeated.
    data : Dataset, optional
        A measured discharge of a half cell of this electrode, from 100 % on, with its heat flow.
    heat : str
        Name of the heat flow in it, W.
    """
    half = half_cell(cell, side)
    if data is not None:
        return _by_calorimeter(half, data, heat)
    run = _discharge(half, rate)
    at_rest = at_rest or voltage_by_slow_cycle(cell, side, rate=slow_rate)
    entropy = entropy or entropy_by_steps(cell, side)
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
    source = predicted("scalith.lab.heat_by_discharge", half.cell.digest, settings={"rate": rate, "slow_rate": slow_rate})
    return Found(curve("heat", x, flow, "W", source, error), f"virtual discharge at {rate}: from its voltage, {at_rest.note}")


def current_of(data: xr.Dataset) -> float:
    """Current of the discharge in a measurement, A."""
    current = np.asarray(data["current"].values, dtype=np.float64)
    flowing = current[current > 0.5 * current.max()]
    if not flowing.size or not current.max() > 0.0:
        raise InputError("heat_by_discharge", "current", "no discharge", "a discharge at constant current")
    return float(np.median(flowing))


def _by_calorimeter(half: HalfCell, data: xr.Dataset, heat: str) -> Found:
    if heat not in data.variables:
        raise InputError("heat_by_discharge", "heat", f"no {heat}", "a heat flow over time, W")
    charge, flow = constant_current_branch(data, "discharge", heat, 0.0, [])
    length = _SMOOTHING * float(charge[-1] - charge[0])
    places = np.linspace(charge[0] + 0.5 * length, charge[-1] - 0.5 * length, _POINTS)
    at, watts = thinned(charge, flow)
    values = local_parabolas(at, places, length)[0]
    smooth = values @ watts
    off = watts - np.interp(at, places, smooth)
    inside = (at >= places[0]) & (at <= places[-1])
    noise = 1.4826 * float(np.median(np.abs(off[inside])))
    error = np.maximum(noise * np.sqrt(np.sum(values**2, axis=1)), 1e-3 * float(np.abs(smooth).max()))
    source = predicted("scalith.lab.heat_by_discharge", half.cell.digest, dataset_digest(data))
    found = curve("heat", half.stoichiometry(places), smooth, "W", source, error)
    return Found(found, f"measured heat of a discharge at {current_of(data):.4g} A, noise {1e3 * noise:.2g} mW")


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
