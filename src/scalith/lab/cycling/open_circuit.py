"""Pseudo-open-circuit voltage: slow charge and discharge, their mean and hysteresis, dV/dQ and dQ/dV; voltages at rest."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from scalith.lab.cycling.local_polynomial import smoothed
from scalith.lab.protocol_steps import steps
from scalith.quantities import InputError, Result, dataset_digest, labelled, nearest, predicted

if TYPE_CHECKING:
    import xarray as xr

    from scalith.cell import CellSpecification

Array = NDArray[np.float64]
Direction = Literal["both", "discharge", "charge"]
_SIGNS = {"discharge": 1.0, "charge": -1.0}
_SHARE = 0.02
"""Of the charge that passes: length of smoothing where none is stated."""
_QUICK = 10.0 * 3600.0
"""A step that takes less time than this is none at open circuit: it is said."""


def simulate_open_circuit(
    cell: CellSpecification | str | Path,
    *,
    rate: str = "C/20",
    rest: str = "2 hours",
    charge: float | None = None,
    temperature: float | None = None,
) -> Result:
    """Slow discharge and charge of a virtual cell between its cut-off voltages, with a rest between.

    Parameters
    ----------
    cell : CellSpecification or path
        What `scalith.cell.read_cell` takes.
    rate : str
        As in a protocol: ``"C/20"``, ``"0.1 A"``.
    rest : str
        As in a protocol.
    charge : float, optional
        C that pass each way at most; without it the cut-off voltages alone end the steps.
    temperature : float, optional
        K.

    Returns
    -------
    Result
        As `scalith.cell.simulate_protocol`; `extract_open_circuit` reads it.
    """
    from scalith.cell import read_cell, simulate_protocol

    specification = read_cell(cell)
    low, high = specification.lower_voltage_cut_off, specification.upper_voltage_cut_off
    also = "" if charge is None else f" or {charge / 3600.0:.12g} Ah"
    protocol = [f"Discharge at {rate} until {low} V{also}", f"Rest for {rest}", f"Charge at {rate} until {high} V{also}"]
    return simulate_protocol(specification, protocol, temperature=temperature, initial_state_of_charge=1.0)


def extract_open_circuit(
    data: xr.Dataset,
    *,
    direction: Direction = "both",
    resistance: float = 0.0,
    smoothing: float | None = None,
    electrode: str = "voltage",
    points: int = 401,
) -> Result:
    r"""Pseudo-open-circuit voltage over the charge, and its derivatives.

    The longest steps of constant current in each direction are read; over the charge Q discharged since the fuller of their ends

    .. math::

        U(Q) = \tfrac12\,[V_{dis} + V_{cha}] + \tfrac12\,(I_{dis}+I_{cha})\,R,
        \qquad M(Q) = \tfrac12\,[V_{cha} - V_{dis}] - \tfrac12\,(I_{dis}-I_{cha})\,R

    with R = `resistance`. Values and slopes are those of local parabolas of the length `smoothing` (`local_parabolas`), which
    rounds whatever is sharper. **Bias**: half the polarisation of both branches cancels in the mean, that of one branch does not;
    the ends of a branch, where one electrode is steep, are off by the charge that its polarisation costs. A step quicker
    than ten hours is said in ``attrs["notes"]``.

    Parameters
    ----------
    data : xarray.Dataset
        Time series with ``current`` and the voltage.
    direction : {"both", "discharge", "charge"}
    resistance : float
        Ohm, taken off both branches; the hysteresis that is left holds the slower part of the polarisation.
    smoothing : float, optional
        Length in C; without it 2 % of the charge that passes.
    electrode : str
        Variable that is read: ``"voltage"``, or the potential of an electrode.
    points : int

    Returns
    -------
    Result
        Over ``charge`` (C): ``voltage``, ``voltage_slope`` (dV/dQ) with its standard error from the scatter about the parabolas,
        ``incremental_capacity`` (dQ/dV; NaN where the slope is not told from zero), and with both directions
        ``discharge_voltage``, ``charge_voltage``, ``hysteresis``. ``attrs``: ``smoothing_C``, ``noise_V``, ``notes``, and
        ``start_C``: charge that had passed since the start of the file where ``charge`` is zero.

    Raises
    ------
    InputError
        A direction has no step of constant current, fewer than 20 samples in one, or no charge in common.
    """
    if direction not in ("both", *_SIGNS):
        raise InputError("extract_open_circuit", "direction", direction, nearest(direction, ["both", *_SIGNS]))
    if electrode not in data.variables:
        raise InputError(
            "extract_open_circuit", "electrode", electrode, nearest(electrode, [str(name) for name in data.data_vars])
        )
    ways = tuple(_SIGNS) if direction == "both" else (direction,)
    branches = {way: constant_current_branch(data, way, electrode) for way in ways}
    low = max(float(one.charge[0]) for one in branches.values())
    high = min(float(one.charge[-1]) for one in branches.values())
    if not low < high:
        raise InputError("extract_open_circuit", "charge", "none in common", "a charge and a discharge over the same states")
    start = min(float(one.charge[0]) for one in branches.values())
    length = _SHARE * (high - low) if smoothing is None else float(smoothing)
    if not 0.0 < length < high - low:
        raise InputError("extract_open_circuit", "smoothing", length, f"a charge below the {high - low:.4g} C that pass")
    places = np.linspace(low, high, points)
    found = {way: smoothed(one.charge, one.values + resistance * one.current, places, length) for way, one in branches.items()}
    voltage = np.mean([one.value for one in found.values()], axis=0)
    slope = np.mean([one.slope for one in found.values()], axis=0)
    slope_error = np.sqrt(np.sum([one.slope_error**2 for one in found.values()], axis=0)) / len(found)
    capacity = np.divide(1.0, slope, out=np.full_like(slope, np.nan), where=slope < -2.0 * slope_error)
    variables = {
        "voltage": labelled("charge", voltage, "pseudo-open-circuit voltage", "V"),
        "voltage_slope": labelled("charge", slope, "dV/dQ", "V C-1"),
        "voltage_slope_error": labelled("charge", slope_error, "standard error of dV/dQ", "V C-1"),
        "incremental_capacity": labelled("charge", capacity, "dQ/dV", "C V-1"),
    }
    if direction == "both":
        for way in ways:
            variables[f"{way}_voltage"] = labelled("charge", found[way].value, f"voltage on {way}", "V")
        half = 0.5 * (found["charge"].value - found["discharge"].value)
        variables["hysteresis"] = labelled("charge", half, "half the distance of the branches", "V")
    settings = {"direction": direction, "resistance_ohm": resistance, "smoothing_C": length, "electrode": electrode}
    source = predicted("scalith.lab.extract_open_circuit", dataset_digest(data), settings=settings)
    noise = float(np.sqrt(np.mean([one.noise**2 for one in found.values()])))
    attributes = {
        "smoothing_C": length,
        "start_C": start,
        "noise_V": noise,
        "notes": quick_steps(branches),
        "source": source.to_json(),
    }
    charge = labelled("charge", places - start, "charge discharged since full", "C")
    return Result(variables, {"charge": charge}, {"kind": "open circuit", **attributes})


def extract_rest_voltages(data: xr.Dataset, *, electrode: str = "voltage", shortest: float = 600.0) -> Result:
    """Open-circuit voltage at the end of each rest, with the drift that is left there.

    **Bias**: a rest ends before all is relaxed; the drift of its last quarter times the length of that quarter is stated as
    ``unrelaxed``, about what another such rest would still change.

    Parameters
    ----------
    data : xarray.Dataset
    electrode : str
    shortest : float
        Rests shorter than this (s) are left out.

    Returns
    -------
    Result
        Over ``rest``: ``charge`` (C discharged since the first of them), ``voltage``, ``unrelaxed`` (V), ``duration`` (s).

    Raises
    ------
    InputError
        No rest is that long.
    """
    found = steps(data)
    time, potential = data["time"].values, np.asarray(data[electrode].values, dtype=np.float64)
    passed = np.cumsum(found["charge"].values)
    rows = []
    for k in np.flatnonzero((found["kind"].values == "rest") & (found["duration"].values >= shortest)):
        rest = slice(int(found["first"][k]), int(found["last"][k]) + 1)
        late = time[rest] >= time[rest][-1] - 0.25 * float(found["duration"][k])
        if np.count_nonzero(late) < 2:
            late[-2:] = True
        drift = float(np.polyfit(time[rest][late] - time[rest][-1], potential[rest][late], 1)[0]) if late.size > 1 else np.nan
        duration = float(found["duration"][k])
        rows.append((float(passed[k]), float(potential[rest][-1]), 0.25 * drift * duration, duration))
    if not rows:
        raise InputError(
            "extract_rest_voltages", "rests", f"none of {shortest:g} s", "rests between pulses, or a smaller `shortest`"
        )
    table = np.array(rows)
    names = (
        ("charge", "charge discharged since the first rest", "C"),
        ("voltage", "voltage at the end of the rest", "V"),
        ("unrelaxed", "drift over the last quarter of the rest", "V"),
        ("duration", "duration of the rest", "s"),
    )
    table[:, 0] -= table[0, 0]
    source = predicted("scalith.lab.extract_rest_voltages", dataset_digest(data), settings={"electrode": electrode})
    return Result(
        {name: labelled("rest", table[:, k], title, unit) for k, (name, title, unit) in enumerate(names)},
        {"rest": labelled("rest", np.arange(len(rows)), "rest", "1")},
        {"source": source.to_json()},
    )


class Branch(NamedTuple):
    """The longest step of constant current in one direction.

    Attributes
    ----------
    charge : ndarray
        C since the start of the file, rising.
    values : ndarray
        What was read there.
    current : float
        A, mean of the step; on charge negative.
    duration : float
        s.
    """

    charge: Array
    values: Array
    current: float
    duration: float


def constant_current_branch(data: xr.Dataset, way: str, name: str, where: str = "extract_open_circuit") -> Branch:
    """A variable along the step of constant current with the most charge in one direction; `where` is named in errors."""
    found = steps(data)
    moved = found["charge"].values * _SIGNS[way]
    kinds = found["kind"].values == "constant current"
    if not np.any(kinds & (moved > 0.0)):
        kinds_there = ", ".join(dict.fromkeys(str(kind) for kind in found["kind"].values))
        raise InputError(where, way, f"steps of {kinds_there}", f"a {way} with constant current")
    k = int(np.argmax(np.where(kinds, moved, -np.inf)))
    rows = slice(int(found["first"][k]), int(found["last"][k]) + 1)
    time, current = data["time"].values, np.asarray(data["current"].values, dtype=np.float64)
    charge = np.cumsum(current * np.diff(time, prepend=time[0]))[rows]
    if charge.size < 20:
        raise InputError(where, way, f"{charge.size} samples", "at least 20")
    values = np.asarray(data[name].values, dtype=np.float64)[rows]
    order = np.argsort(charge, kind="stable")
    order = order[np.concatenate([[True], np.diff(charge[order]) > 0.0])]
    return Branch(charge[order], values[order], float(found["mean_current"][k]), float(found["duration"][k]))


def quick_steps(branches: Mapping[str, Branch]) -> str:
    """Which steps were too quick to be at open circuit, in words."""
    quick = {way: one.duration / 3600.0 for way, one in branches.items() if one.duration < _QUICK}
    return "; ".join(f"the {way} took {hours:.2g} h: polarisation is in the curve" for way, hours in quick.items())
