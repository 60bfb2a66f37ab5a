"""Plausible ranges: what a quantity or a setting can be, how it is spelled, and how to say that an odd number is meant.

A number outside its range is nearly always a slip of unit or sign, and is rejected where it is read. Where it is meant, the
study says so beside the value: ``thickness = { value = "34 mm", implausible = true }``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import ValidationInfo
from pydantic_core import CoreSchema, core_schema

from scalith.quantities.errors import InputError

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import ArrayLike

    from scalith.quantities.property import Property


@dataclass(frozen=True)
class PlausibleRange:
    """Bounds of a quantity in SI (of energies in eV, where that is the custom), in words, and its spelling.

    Attributes
    ----------
    low, high : float
        Both are plausible themselves.
    words : str
        The range as a user would write it.
    bare : bool
        Whether a bare number in a study is taken as SI; where SI is not the custom it is rejected.
    """

    low: float
    high: float
    words: str
    bare: bool = True


RANGES: dict[str, PlausibleRange] = {
    # States.
    "x": PlausibleRange(0.0, 1.0, "a stoichiometry from 0 to 1"),
    "T": PlausibleRange(150.0, 3000.0, "kelvin between 150 and 3000 (write '25 degC' for a temperature in degrees Celsius)"),
    "T of vibrations": PlausibleRange(0.0, 3000.0, "kelvin between 0 and 3000"),
    "c": PlausibleRange(0.0, 1e6, "a concentration of 0 to 1e6 mol/m3"),
    # Quantities of the ladder; a longer name that ends in one of these counts as well (measured_open_circuit_voltage).
    "open_circuit_voltage": PlausibleRange(-10.0, 10.0, "a voltage between -10 and 10 V"),
    "average_voltage": PlausibleRange(-10.0, 10.0, "a voltage between -10 and 10 V"),
    "entropic_coefficient": PlausibleRange(-0.1, 0.1, "an entropic coefficient between -0.1 and 0.1 V/K"),
    "chemical_diffusivity": PlausibleRange(1e-22, 1e-6, "a diffusivity of 1e-22 to 1e-6 m2/s"),
    "lithium_energy": PlausibleRange(-10.0, 0.0, "an energy of -10 to 0 eV per atom, such as '-1.9 eV'"),
    "maximum_concentration": PlausibleRange(1.0, 1e6, "a concentration of 1 to 1e6 mol/m3"),
    "antisite_concentration": PlausibleRange(0.0, 0.1, "a share of the ion's sites from 0 to 0.1, such as '0.5 %'"),
    # Settings.
    "atomic length": PlausibleRange(1e-11, 1e-8, "a distance of atoms, 0.1 to 100 angstrom"),
    "length": PlausibleRange(1e-9, 0.1, "a length of 1 nm to 10 cm, such as '10 um'"),
    "size of a cell": PlausibleRange(1e-6, 5.0, "a size of 1 um to 5 m, such as '65 mm'"),
    "layer thickness": PlausibleRange(1e-9, 5e-3, "a thickness of 1 nm to 5 mm, such as '80 um'"),
    "particle radius": PlausibleRange(1e-9, 1e-3, "a radius of 1 nm to 1 mm, such as '5 um'"),
    "area": PlausibleRange(1e-12, 100.0, "an area of 1 um2 to 100 m2, such as '0.18 m2'"),
    "ambient temperature": PlausibleRange(
        200.0, 400.0, "an ambient temperature of 200 to 400 kelvin (write '25 degC' for degrees Celsius)"
    ),
    "voltage": PlausibleRange(-10.0, 10.0, "a voltage between -10 and 10 V"),
    "cut-off voltage": PlausibleRange(0.0, 6.0, "a voltage of 0 to 6 V"),
    "capacity": PlausibleRange(1e-9, 1e8, "a charge with its unit, such as '2.3 A h'", bare=False),
    "concentration": PlausibleRange(1e-3, 1e6, "a concentration of 1e-3 to 1e6 mol/m3"),
    "molar energy": PlausibleRange(0.0, 1e6, "an energy of 0 to 1000 kJ/mol, such as '35 kJ/mol'"),
    "atomic energy": PlausibleRange(0.0, 20.0, "an energy of 0 to 20 eV, such as '185 meV'"),
    "interaction": PlausibleRange(0.0, 5.0, "an energy of 0 to 5 eV, such as '115 meV'"),
    "attempt frequency": PlausibleRange(1e8, 1e16, "a frequency of 1e8 to 1e16 Hz, such as '10 THz'"),
    "volume fraction": PlausibleRange(1e-4, 1.0, "a fraction of 0.0001 to 1"),
    "reaction rate constant": PlausibleRange(1e-20, 0.1, "a rate constant of 1e-20 to 0.1 mol m-2 s-1"),
    "conductivity": PlausibleRange(1e-15, 1e8, "a conductivity of 1e-15 to 1e8 S/m"),
    "electrolyte conductivity": PlausibleRange(1e-12, 100.0, "a conductivity of 1e-12 to 100 S/m at the initial concentration"),
    "electrolyte diffusivity": PlausibleRange(1e-20, 1e-6, "a diffusivity of 1e-20 to 1e-6 m2/s at the initial concentration"),
    # Cation transference numbers of polymer electrolytes below zero are reported (DOI 10.1149/2.0241711jes); above one, none.
    "transference number": PlausibleRange(-0.8, 1.0, "a transference number of at most 1 (and no less than -0.8)"),
    "C-rate": PlausibleRange(1e-5, 200.0, "a C-rate of 1e-5 to 200"),
    "cells in a row": PlausibleRange(1, 10_000, "1 to 10000 cells"),
}

UNCHECKED = {"implausible": True}
"""Validation context for reading back what Scalith wrote: it was looked at when it was first read."""

_RESULTS = {"voltage": "voltage", "temperature": "T", "peak_temperature": "T"}
"""Variables of computed results that are looked at, with their ranges."""


def plausible_range(name: str) -> PlausibleRange | None:
    """The range of a quantity of the ladder or a state coordinate; `None` where none is known."""
    name = name.rpartition(".")[2]
    if name in RANGES:
        return RANGES[name]
    return next((RANGES[known] for known in RANGES if "_" in known and name.endswith(f"_{known}")), None)


def require_plausible(
    name: str, values: ArrayLike, *, where: str = "", field: str = "", found: object = None, by_name: str = ""
) -> None:
    """Reject values outside the plausible range of `name`.

    Parameters
    ----------
    name : str
        Of a quantity, a state coordinate or a key of `RANGES`; a name without a range passes.
    values : array_like
        In the unit of the range; numbers that are not finite are not looked at.
    where, field : str
        Named in the error.
    found : object, optional
        What the user wrote, to be shown in place of the first wrong number.
    by_name : str
        How to say that the value is meant; ``implausible = true`` beside the value when empty.

    Raises
    ------
    InputError
        Names `where`, `field`, the first wrong number and the range.
    """
    known = plausible_range(name)
    if known is None:
        return
    numbers = np.atleast_1d(np.asarray(values, dtype=np.float64)).ravel()
    wrong = np.isfinite(numbers) & ((numbers < known.low) | (numbers > known.high))
    if np.any(wrong):
        shown = float(f"{numbers[wrong][0]:.6g}") if found is None else found
        accept = by_name or "{ value = …, implausible = true }"
        raise InputError(where, field, shown, f"{known.words}; where it is meant, {accept}")


def is_state(dim: str, name: str) -> bool:
    """Whether a coordinate of the quantity `name` is a state with a range: to an unknown quantity ``x`` may be anything."""
    return dim == "T" or (dim in RANGES and plausible_range(name) is not None)


def require_plausible_property(value: Property, *, where: str = "", field: str = "", by_name: str = "") -> None:
    """Reject a property whose values or states are implausible, unless its source says that they are meant."""
    if value.source.settings.get("implausible"):
        return
    require_plausible(value.name, value.values.values, where=where, field=field or value.name, by_name=by_name)
    for dim, grid in value.coordinates.items():
        if is_state(dim, value.name):
            require_plausible(dim, grid, where=where, field=f"{field or value.name}, {dim}", by_name=by_name)


def meant(value: Property) -> Property:
    """The property with the word in its source that it is meant, odd as it may be."""
    source = value.source.model_copy(update={"settings": value.source.settings | {"implausible": True}})
    return replace(value, source=source)


def require_plausible_results(data: xr.Dataset, *, where: str = "", by_name: str = "") -> None:
    """Reject computed results with implausible voltages or temperatures."""
    for variable, name in _RESULTS.items():
        if variable in data:
            require_plausible(name, data[variable].values, where=where, field=variable, by_name=by_name)


@dataclass(frozen=True)
class Plausible:
    """Marks a number of a specification that must lie in its range: ``Annotated[float, SI("m"), Plausible("length")]``.

    Read as well is ``{ value = "34 mm", implausible = true }``, which takes the number as it is. A bare number in a text of the
    user's is rejected where SI is not the custom.
    """

    name: str

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> CoreSchema:
        known = RANGES[self.name]

        def read(value: Any, validated: Any, info: ValidationInfo) -> Any:
            context = info.context or {}
            value, accepted = unwrapped(value)
            number = validated(value)
            if accepted or context.get("implausible"):
                return number
            if not known.bare and context.get("written_by_hand") and _is_bare(value):
                raise InputError("", "", value, known.words)
            require_plausible(self.name, number, found=value if isinstance(value, str) else None)
            return number

        return core_schema.with_info_wrap_validator_function(read, handler(source))


def unwrapped(value: Any) -> tuple[Any, bool]:
    """What was stated, and whether ``implausible = true`` beside it says that it is meant."""
    if not isinstance(value, Mapping) or "implausible" not in value:
        return value, False
    if value["implausible"] is not True:
        raise InputError("", "implausible", value["implausible"], "true, or nothing")
    rest = {key: item for key, item in value.items() if key != "implausible"}
    return (rest["value"] if set(rest) == {"value"} else rest), True


def _is_bare(value: Any) -> bool:
    if isinstance(value, Mapping):
        return _is_bare(value.get("value"))
    if isinstance(value, str):
        return re.fullmatch(r"[\d\s.,eE±×%+*/()-]*", value) is not None
    return isinstance(value, int | float) and not isinstance(value, bool)
