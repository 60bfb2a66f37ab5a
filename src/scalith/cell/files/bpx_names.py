"""Names of BPX fields, and properties as its user-defined block holds them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from scalith.cell.specification import material_function as functions
from scalith.cell.specification.material_function import MaterialFunction
from scalith.quantities import InputError, Property, Source, Spec
from scalith.quantities.uncertain import ErrorComponent, Uncertain

_ERROR, _LENGTH = " standard error of ", "correlation length of "
_OF_NUMBER = " standard error"

ELECTRODES = {"negative_electrode": "Negative electrode", "positive_electrode": "Positive electrode"}
MATERIAL_NUMBERS = {
    "particle_radius": "Particle radius [m]",
    "specific_area": "Surface area per unit volume [m-1]",
    "maximum_concentration": "Maximum concentration [mol.m-3]",
    "minimum_stoichiometry": "Minimum stoichiometry",
    "maximum_stoichiometry": "Maximum stoichiometry",
    "reaction_rate_constant": "Reaction rate constant [mol.m-2.s-1]",
    "diffusivity_activation_energy": "Diffusivity activation energy [J.mol-1]",
    "reaction_activation_energy": "Reaction rate constant activation energy [J.mol-1]",
}
MATERIAL_FUNCTIONS = {
    "open_circuit_voltage": ("OCP [V]", functions.OPEN_CIRCUIT_VOLTAGE),
    "entropic_coefficient": ("Entropic change coefficient [V.K-1]", functions.ENTROPIC_COEFFICIENT),
    "chemical_diffusivity": ("Diffusivity [m2.s-1]", functions.CHEMICAL_DIFFUSIVITY),
}
ELECTROLYTE_FUNCTIONS = {
    "conductivity": ("Conductivity [S.m-1]", functions.CONDUCTIVITY),
    "diffusivity": ("Diffusivity [m2.s-1]", functions.DIFFUSIVITY),
}
TRANSFERENCE = "Cation transference number"
BRANCHES = ("OCP (delithiation) [V]", "OCP (lithiation) [V]")
DECAY = "OCP hysteresis decay constant"
DECAY_FACTOR = 2.0
"""BPX's decay constant over ours: dh/dx = γ (1 ∓ h)/2 there, γ (1 ∓ h) here; see `specification_from_bpx`."""
INITIAL_CHARGE, INITIAL_TEMPERATURE = "Initial state-of-charge", "Initial temperature [K]"
INITIAL_CONCENTRATION = "Initial electrolyte concentration [mol.m-3]"
INITIAL_HYSTERESIS = "Initial hysteresis state: "
AMBIENT, HEAT_TRANSFER_COEFFICIENT = "Ambient temperature [K]", "Heat transfer coefficient [W.m-2.K-1]"
VOLUME, DENSITY, SPECIFIC_HEAT = "Volume [m3]", "Density [kg.m-3]", "Specific heat capacity [J.K-1.kg-1]"
SURFACE_AREA = "External surface area [m2]"
CONTACT_RESISTANCE = "Contact resistance [Ohm]"
USER_THERMAL = {
    "heat_capacity": "Heat capacity [J.K-1]",
    "heat_transfer": "Heat transfer [W.K-1]",
    "mass": "Mass [kg]",
    "thickness": "Stack thickness [m]",
    "through_conductivity": "Thermal conductivity [W.m-1.K-1]",
    "heat_of_mixing": "Heat of mixing",
}
"""What BPX has no field for, in its user-defined section; the thermal conductivity is where its schema sends it."""


def function_of(specification: type[Spec], field: str) -> MaterialFunction | None:
    """How a field of a specification reads a property; `None` for a field that is none."""
    info = specification.model_fields[field]
    for candidate in (*info.metadata, *(part for option in get_args(info.annotation) for part in get_args(option))):
        if isinstance(candidate, MaterialFunction):
            return candidate
    return None


def property_block(value: Property) -> dict[str, Any]:
    """A property as the user-defined block holds it.

    ``{"description": its source, "298.15 K": {"x": ..., "y": ...} or a number, ...}``: one entry for each temperature (one in
    all where it does not depend on it); ``"298.15 K standard error of NAME"`` for each part of its error, with
    ``"correlation length of NAME"`` where it has one. Of an ensemble the mean and the standard error are written.
    """
    made: dict[str, Any] = {"description": value.source.to_json()}
    grids = {dim: grid for dim, grid in value.coordinates.items() if grid.size > 1}
    others = [dim for dim in grids if dim != "T"]
    if len(others) > 1:
        raise InputError(
            "to_bpx", value.name, f"a function of {', '.join(grids)}", "a function of one coordinate and temperature"
        )
    temperatures = grids.get("T", np.array([298.15]))

    def put(array: Any, suffix: str) -> None:
        flat = array.squeeze() if array.ndim else array
        plain = flat.transpose(*[dim for dim in ("T", *others) if dim in flat.dims]).values
        for k, T in enumerate(temperatures):
            at = plain[k] if "T" in grids else plain
            made[f"{float(T)!r} K{suffix}"] = {"x": grids[others[0]].tolist(), "y": at.tolist()} if others else float(at)

    put(value.nominal, "")
    for part in error_parts(value):
        put(value.nominal.copy(data=part.standard_error), f"{_ERROR}{part.name}")
        if part.correlation_length is not None:
            made[f"{_LENGTH}{part.name}"] = part.correlation_length
    return made


def error_parts(value: Property) -> tuple[ErrorComponent, ...]:
    """Parts of the error of a property; of an ensemble its scatter."""
    if value.components or value.standard_error is None:
        return value.components
    return (ErrorComponent("stated", value.standard_error.values),)


def property_from_block(function: MaterialFunction, block: Mapping[str, Any], source: Source, where: str, field: str) -> Property:
    """Read what `property_block` wrote.

    Raises
    ------
    InputError
        A key is unknown, or the tables do not belong together.
    """
    tables: dict[str, dict[float, Any]] = {"": {}}
    lengths: dict[str, float] = {}
    for key, entry in block.items():
        if key == "description":
            continue
        if key.startswith(_LENGTH):
            lengths[key.removeprefix(_LENGTH)] = entry
            continue
        at, _, part = key.partition(_ERROR)
        try:
            T = float(at.removesuffix(" K"))
        except ValueError:
            raise InputError(where, f"{field}.{key}", "an unknown key", "temperatures such as '298.15 K'") from None
        tables.setdefault(part, {})[T] = entry
    temperatures = np.array(sorted(tables[""]))
    if not tables[""] or any(set(table) != set(tables[""]) for table in tables.values()) or not set(lengths) <= set(tables):
        raise InputError(where, field, "no values, or errors at other temperatures", "one table or number for each temperature")
    grid, coordinates = None, {}
    arrays: dict[str, NDArray[np.float64]] = {}
    for part, table in tables.items():
        grid, array = _gathered(table, temperatures, where, field)
        arrays[part] = array if temperatures.size > 1 else array[..., 0]
    if grid is not None:
        coordinates[function.coordinate] = grid
    if temperatures.size > 1:
        coordinates["T"] = temperatures
    parts = tuple(ErrorComponent(part, array, lengths.get(part)) for part, array in arrays.items() if part)
    source = source_of(block, source)
    if not coordinates:
        return Property(function.name, xr.DataArray(arrays[""]), function.unit, source, components=parts)
    return Property.from_arrays(function.name, coordinates, arrays[""], function.unit, source, components=parts)


def _gathered(
    entries: Mapping[float, Any], temperatures: NDArray[np.float64], where: str, field: str
) -> tuple[NDArray[np.float64] | None, NDArray[np.float64]]:
    first = entries[float(temperatures[0])]
    if not isinstance(first, Mapping):
        if any(isinstance(entry, Mapping) for entry in entries.values()):
            raise InputError(where, field, "numbers and tables", "one or the other at all temperatures")
        if not all(isinstance(entry, int | float) for entry in entries.values()):
            raise InputError(where, field, first, "a number or a table at each temperature")
        return None, np.array([entries[float(T)] for T in temperatures], dtype=np.float64)
    grid = np.asarray(first["x"], dtype=np.float64)
    if any(not isinstance(entry, Mapping) or list(entry["x"]) != list(first["x"]) for entry in entries.values()):
        raise InputError(where, field, "different x at different temperatures", "the same x at all of them")
    return grid, np.array([entries[float(T)]["y"] for T in temperatures], dtype=np.float64).T


def source_of(block: Mapping[str, Any], otherwise: Source) -> Source:
    """The source that a block states under ``description``."""
    try:
        return Source.from_json(str(block.get("description", "")))
    except ValueError:
        return otherwise


def number_errors(part: Spec) -> dict[str, float]:
    """Standard errors of the numbers of a specification, as the user-defined block holds them."""
    values = ((name, getattr(part, name)) for name in type(part).model_fields)
    return {f"{name}{_OF_NUMBER}": value.error for name, value in values if isinstance(value, Uncertain)}


def with_number_errors(made: dict[str, Any], block: Mapping[str, Any], where: str, field: str) -> dict[str, Any]:
    """Numbers with the errors that `number_errors` wrote."""
    for key, error in block.items():
        if not key.endswith(_OF_NUMBER):
            continue
        name = key.removesuffix(_OF_NUMBER)
        if not isinstance(made.get(name), int | float):
            raise InputError(where, f"{field}.{key}", "no number of that name beside it", "an error of a number")
        made[name] = Uncertain(made[name], error)
    return made


def is_error(key: str) -> bool:
    """Whether a key of a user-defined block is the error of a number."""
    return key.endswith(_OF_NUMBER)
