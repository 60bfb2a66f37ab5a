"""Records of accelerating-rate calorimeters (THT and others), read into the form that `simulate_arc` has."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from scalith.lab.calorimetry import arc_record
from scalith.lab.calorimetry_files import read_table, remarks_of
from scalith.quantities import FileRecord, InputError, Source, file_digest, parse_quantity

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

_WHERE = "read_arc"


def thermal_inertia(
    sample_mass: float | str, specific_heat: float | str, holder_mass: float | str, holder_specific_heat: float | str
) -> float:
    """φ = 1 + m_h c_h/(m_s c_s): sample and what it must warm with it (bomb, holder); kg and J kg-1 K-1, or text with units.

    Raises
    ------
    InputError
        A mass or specific heat of the sample that is not positive, or one of the holder that is negative.
    """
    values = {}
    for name, given, unit in (
        ("sample_mass", sample_mass, "kg"),
        ("specific_heat", specific_heat, "J kg-1 K-1"),
        ("holder_mass", holder_mass, "kg"),
        ("holder_specific_heat", holder_specific_heat, "J kg-1 K-1"),
    ):
        values[name] = parse_quantity(given, unit, where="thermal_inertia", field=name)
        if not (values[name] >= 0 if name.startswith("holder") else values[name] > 0):
            raise InputError("thermal_inertia", name, given, "a positive number")
    return 1.0 + values["holder_mass"] * values["holder_specific_heat"] / (values["sample_mass"] * values["specific_heat"])


def read_arc(
    path: str | Path,
    *,
    thermal_inertia: float,
    specific_heat: float | str,
    onset: float | str | None = None,
    threshold: float = 0.02 / 60.0,
    titles: Sequence[str] | None = None,
) -> xr.Dataset:
    """Read a measured ARC record: columns of time and temperature, and the rate of temperature where the file has it.

    Self-heating is the file's rate, or where it has none (empty cells too) the slope of the temperature over rises of half a
    kelvin. The calorimeter follows the sample (``exotherm``) where the file's column ``exotherm [1]`` says so; else from
    `onset`, or without it from the first row, until three rows in turn heat themselves by less than half of `threshold`. What
    heats itself by less than `threshold` does not count.

    Parameters
    ----------
    path : path
        Text export; titles with units, such as ``Time (min), Temperature (°C), Temperature Rate (°C/min)``.
    thermal_inertia : float
        φ ≥ 1 of sample and holder (`scalith.lab.thermal_inertia`).
    specific_heat : float or str
        Of the sample, J kg-1 K-1.
    onset : float or str, optional
        Temperature at which the first exotherm begins, K or text with a unit, where the record holds heat steps before it.
    threshold : float
        Self-heating that counts as exotherm, K s-1.
    titles : sequence of str, optional
        Of the columns, for a file that has none (THT's ``.DAT``): ``["time [min]", "temperature [degC]", …]``; a column that
        is of no use gets any other word.

    Returns
    -------
    xarray.Dataset
        As `simulate_arc`, with ``pressure`` (Pa) where the file has it.

    Raises
    ------
    InputError
        As `read_table`; times that do not increase, temperatures that look like °C, heat steps without `onset`, no exotherm,
        φ below 1, a specific heat that is not positive.
    """
    capacity = parse_quantity(specific_heat, "J kg-1 K-1", where=_WHERE, field="specific_heat")
    if not thermal_inertia >= 1.0 or not capacity > 0:
        raise InputError(_WHERE, "thermal_inertia, specific_heat", (thermal_inertia, specific_heat), "φ of at least 1, c above 0")
    table = read_table(path, titles)
    time, temperature = table.si("time", "s"), table.si("temperature", "K")
    if time.size < 10:
        raise InputError(table.path, "time", f"{time.size} rows", "at least 10 rows")
    if np.any(np.diff(time) <= 0):
        row = int(np.argmax(np.diff(time) <= 0)) + 2
        raise InputError(table.path, f"column 'time', row {row}", f"{time[row - 1]:.6g} s", "strictly increasing values")
    if temperature.min() < 200.0:
        raise InputError(
            table.path,
            "column 'temperature'",
            f"{temperature.min():.6g} K",
            "kelvin above 200; degrees Celsius carry the unit degC",
        )
    rate = _slope(time, temperature)
    if "temperature_rate" in table.columns:
        stated = table.si("temperature_rate", "K s-1")
        rate = np.where(np.isnan(stated), rate, stated)
    if "exotherm" in table.columns:
        follows = table.columns["exotherm"][2] > 0.5
    else:
        start = temperature.min() if onset is None else parse_quantity(onset, "K", where=_WHERE, field="onset")
        if start > temperature.max():
            raise InputError(table.path, "onset", f"{start:.6g} K", f"a temperature below {temperature.max():.6g} K")
        first = int(np.argmax(temperature >= start))
        quiet = rate < 0.5 * threshold
        three = np.flatnonzero(quiet[first:-2] & quiet[first + 1 : -1] & quiet[first + 2 :])
        end = first + int(three[0]) if three.size else time.size
        follows = (np.arange(time.size) >= first) & (np.arange(time.size) < end)
        if onset is None and temperature[end:].max(initial=0.0) > temperature[: end + 1].max() + 3.0:
            expected = "onset=, the temperature at which the exotherm begins"
            raise InputError(table.path, "onset", "heat steps or waiting in the record", expected)
    exotherm = follows & (rate >= threshold)
    if exotherm.sum() < 5:
        raise InputError(table.path, "exotherm", f"{int(exotherm.sum())} rows", f"five with at least {60 * threshold:g} K/min")
    remarks = remarks_of(table.head)
    record = FileRecord(name=Path(path).name, digest=file_digest(path), licence=remarks.get("licence", ""))
    source = Source(kind="measured", reference=remarks.get("source", "not stated in the file"), files=(record,))
    found = arc_record(time, temperature, rate, exotherm, thermal_inertia, capacity, source)
    if "pressure" in table.columns:
        found["pressure"] = ("time", table.si("pressure", "Pa"), {"units": "Pa", "long_name": "pressure"})
    return found


def _slope(time: Array, temperature: Array, rise: float = 0.5) -> Array:
    """dT/dt over steps of `rise`, K: finer would be the noise of the thermocouple."""
    kept = [0]
    for i in range(1, time.size):
        if abs(temperature[i] - temperature[kept[-1]]) >= rise:
            kept.append(i)
    if kept[-1] != time.size - 1:
        kept.append(time.size - 1)
    if len(kept) < 3:
        return np.gradient(temperature, time)
    return np.asarray(np.interp(time, time[kept], np.gradient(temperature[kept], time[kept])))
