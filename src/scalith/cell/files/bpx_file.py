"""Read and write BPX files (Battery Parameter eXchange; schema by the ``bpx`` package).

Formulas are parsed over a list of allowed operations and never executed. What BPX cannot hold is written to its
user-defined block, in numbers and one-dimensional tables, each property with its source under ``description``:

- ``Contact resistance [Ohm]``, ``Heat transfer [W.K-1]``, ``Heat capacity [J.K-1]``;
- ``Electrolyte`` / ``Negative electrode`` / ``Positive electrode`` (a blend: one block per material): properties that
  depend on temperature or are no field of BPX, as tables at each temperature (``"298.15 K": {x, y}``).
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from scalith.cell.specification import material_function as functions
from scalith.cell.specification.cell import CellSpecification
from scalith.cell.specification.electrode import ElectrodeSpecification, PorousLayer
from scalith.cell.specification.expression import parse_expression
from scalith.cell.specification.material_function import MaterialFunction
from scalith.quantities import FileRecord, InputError, Property, Source, file_digest, write_text
from scalith.quantities.constants import FARADAY

_VOLTAGE_BOUNDS = (-1.0, 7.0)
"""Formulas of voltages are cut off where they leave these, V: some blow up at an end that the cell never visits."""

_ELECTRODES = {"negative_electrode": "Negative electrode", "positive_electrode": "Positive electrode"}
_MATERIAL_NUMBERS = {
    "particle_radius": "Particle radius [m]",
    "specific_area": "Surface area per unit volume [m-1]",
    "maximum_concentration": "Maximum concentration [mol.m-3]",
    "minimum_stoichiometry": "Minimum stoichiometry",
    "maximum_stoichiometry": "Maximum stoichiometry",
    "reaction_rate_constant": "Reaction rate constant [mol.m-2.s-1]",
    "diffusivity_activation_energy": "Diffusivity activation energy [J.mol-1]",
    "reaction_activation_energy": "Reaction rate constant activation energy [J.mol-1]",
}
_MATERIAL_FUNCTIONS = {
    "open_circuit_voltage": ("OCP [V]", functions.OPEN_CIRCUIT_VOLTAGE),
    "entropic_coefficient": ("Entropic change coefficient [V.K-1]", functions.ENTROPIC_COEFFICIENT),
    "chemical_diffusivity": ("Diffusivity [m2.s-1]", functions.CHEMICAL_DIFFUSIVITY),
}
_ELECTROLYTE_FUNCTIONS = {
    "conductivity": ("Conductivity [S.m-1]", functions.CONDUCTIVITY),
    "diffusivity": ("Diffusivity [m2.s-1]", functions.DIFFUSIVITY),
}
_USER_FUNCTIONS = {
    "exchange_current_density": functions.EXCHANGE_CURRENT_DENSITY,
    "hysteresis": functions.HYSTERESIS,
    "overvoltage_function": functions.OVERVOLTAGE_FUNCTION,
    "transference_number": functions.TRANSFERENCE_NUMBER,
    "thermodynamic_factor": functions.THERMODYNAMIC_FACTOR,
    "generation": functions.GENERATION,
}
_BRANCHES = ("OCP (delithiation) [V]", "OCP (lithiation) [V]")
_USER_NUMBERS = (
    "anodic_transfer_coefficient",
    "cathodic_transfer_coefficient",
    "concentration_exponent",
    "film_resistance",
    "hysteresis_current_density",
)


def specification_from_bpx(path: str | Path, *, heat_transfer_coefficient: float | None = None) -> CellSpecification:
    """Read a BPX file (versions 0.x and 1.x, a porous-electrode parameter set).

    Parameters
    ----------
    path : path
    heat_transfer_coefficient : float, optional
        W m-2 K-1 over the external surface, where the file states none; without either the cell is adiabatic.

    Returns
    -------
    CellSpecification

    Raises
    ------
    InputError
        The file is not BPX, misses what the model needs, or holds a formula that is none.
    """
    content = _validated(path)
    record = FileRecord(name=Path(path).name, digest=file_digest(path))
    header, parameters = content["Header"], content["Parameterisation"]
    source = Source(
        kind="published", reference=header.get("References") or header.get("Description") or Path(path).name, files=(record,)
    )
    for section in ("Cell", "Electrolyte", "Negative electrode", "Separator", "Positive electrode"):
        if section not in parameters:
            raise InputError(str(path), section, "nothing", "a full porous-electrode parameter set (Model DFN)")
    cell, user = parameters["Cell"], parameters.get("User-defined") or {}
    state = content.get("State") or {}
    conditions, surroundings = state.get("Initial conditions") or {}, state.get("Thermal environment") or {}
    made: dict[str, Any] = {
        "name": header.get("Title") or Path(path).stem,
        "description": header.get("Description") or "",
        "reference": header.get("References") or "",
        "electrode_area": cell["Electrode area [m2]"],
        "electrode_pairs": cell["Number of electrode pairs connected in parallel to make a cell"],
        "nominal_capacity": 3600.0 * cell["Nominal cell capacity [A.h]"],
        "lower_voltage_cut_off": cell["Lower voltage cut-off [V]"],
        "upper_voltage_cut_off": cell["Upper voltage cut-off [V]"],
        "reference_temperature": cell.get("Reference temperature [K]", 298.15),
        "contact_resistance": user.get("Contact resistance [Ohm]", 0.0),
        "separator": _layer(parameters["Separator"]),
        "electrolyte": _electrolyte(parameters["Electrolyte"], conditions, user.get("Electrolyte") or {}, source),
    }
    if made["reference_temperature"] is None:
        made["reference_temperature"] = 298.15
    for name, title in _ELECTRODES.items():
        made[name] = _electrode(parameters[title], user.get(title) or {}, source)
    thermal = _thermal(cell, surroundings, user, heat_transfer_coefficient)
    if thermal:
        made["thermal"] = thermal
    return CellSpecification.read(made, where=str(path))


def to_bpx(specification: CellSpecification, path: str | Path) -> None:
    """Write a BPX 1.x file; `specification_from_bpx` gives the same properties back.

    Raises
    ------
    InputError
        The cell is not one that BPX describes (particles that are no spheres).
    ScalithError
        The file cannot be written.
    """
    for name in _ELECTRODES:
        for material in getattr(specification, name).materials:
            if material.phase_field is not None:
                raise InputError(
                    "to_bpx", f"{name}.phase_field", "a particle that separates", "Fickian particles: BPX has no others"
                )
            if material.stress is not None:
                raise InputError(
                    "to_bpx", f"{name}.stress", "particles under stress", "particles without it: BPX has no field for it"
                )
    import bpx

    user: dict[str, Any] = {"description": "Written by Scalith: sources, and what BPX has no field for."}
    cell = specification
    parameters: dict[str, Any] = {
        "Cell": {
            "Electrode area [m2]": cell.electrode_area,
            "Number of electrode pairs connected in parallel to make a cell": cell.electrode_pairs,
            "Nominal cell capacity [A.h]": cell.nominal_capacity / 3600.0,
            "Lower voltage cut-off [V]": cell.lower_voltage_cut_off,
            "Upper voltage cut-off [V]": cell.upper_voltage_cut_off,
            "Reference temperature [K]": cell.reference_temperature,
        },
        "Separator": _written_layer(cell.separator),
    }
    electrolyte: dict[str, Any] = {}
    block: dict[str, Any] = {}
    for name, (title, _) in _ELECTROLYTE_FUNCTIONS.items():
        _put(electrolyte, block, title, name, getattr(cell.electrolyte, name), cell)
        electrolyte[f"{title.split(' [')[0]} activation energy [J.mol-1]"] = getattr(
            cell.electrolyte, f"{name}_activation_energy"
        )
    transference = cell.electrolyte.transference_number
    electrolyte["Cation transference number"] = float(
        transference(c=cell.electrolyte.initial_concentration, T=cell.reference_temperature)
    )
    for name in ("transference_number", "thermodynamic_factor", "generation"):
        value = getattr(cell.electrolyte, name)
        if value is not None:
            block[name] = _user_table(value)
    parameters["Electrolyte"], user["Electrolyte"] = electrolyte, block
    for name, title in _ELECTRODES.items():
        parameters[title], user[title] = _written_electrode(getattr(cell, name), cell)
    user["Contact resistance [Ohm]"] = cell.contact_resistance
    surroundings: dict[str, Any] = {}
    if cell.thermal is not None:
        user["Heat capacity [J.K-1]"] = cell.thermal.heat_capacity
        user["Heat transfer [W.K-1]"] = cell.thermal.heat_transfer
        if cell.thermal.volume is not None:
            parameters["Cell"]["Volume [m3]"] = cell.thermal.volume
        if cell.thermal.mass is not None:
            user["Mass [kg]"] = cell.thermal.mass
        if cell.thermal.ambient_temperature is not None:
            surroundings["Ambient temperature [K]"] = cell.thermal.ambient_temperature
    parameters["User-defined"] = user
    conditions = {"Initial electrolyte concentration [mol.m-3]": cell.electrolyte.initial_concentration}
    header = {
        "BPX": bpx.__version__,
        "Title": cell.name,
        "Description": cell.description,
        "References": cell.reference,
        "Model": "DFN",
    }
    content = {
        "Header": header,
        "Parameterisation": parameters,
        "State": {"Initial conditions": conditions, "Thermal environment": surroundings},
    }
    _check(content, str(path))
    write_text(path, json.dumps(content, indent=1))


def _validated(path: str | Path) -> dict[str, Any]:
    try:
        data = json.loads(Path(path).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(str(path), "", "no such file", "a BPX file") from None
    except OSError as error:
        raise InputError(str(path), "", (error.strerror or str(error)).lower(), "a BPX file that can be read") from None
    except ValueError as error:
        raise InputError(str(path), "", str(error), "a BPX file (JSON)") from None
    if not isinstance(data, Mapping) or "Header" not in data or "Parameterisation" not in data:
        raise InputError(str(path), "", "no Header or no Parameterisation", "a BPX file")
    return _check(data, str(path))


def _check(data: Any, where: str) -> dict[str, Any]:
    """Validate by the schema, with formulas of voltages replaced by tables: the schema would execute them."""
    from bpx import parse_bpx_obj
    from pydantic import ValidationError

    plain = json.loads(json.dumps(data))
    kept: dict[tuple[str, ...], str] = {}
    _look_at_formulas(plain["Parameterisation"], (), where, kept)
    for at, text in kept.items():
        if at[-1].startswith("OCP"):
            _set(plain["Parameterisation"], at, {"x": [0.0, 1.0], "y": [0.0, 0.0]})
            kept[at] = text
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            model = parse_bpx_obj(plain)
        except ValidationError as error:
            problem = error.errors(include_url=False)[0]
            field = ".".join(str(part) for part in problem["loc"])
            raise InputError(where, field, problem.get("input"), problem["msg"].removeprefix("Value error, ")) from None
        except (ValueError, TypeError) as error:
            raise InputError(where, "", str(error), "a BPX file") from None
        content: dict[str, Any] = model.model_dump(by_alias=True, exclude_none=True, mode="python")
    for at, text in kept.items():
        if at[-1].startswith("OCP"):
            _set(content["Parameterisation"], at, text)
    return content


def _look_at_formulas(data: Any, at: tuple[str, ...], where: str, kept: dict[tuple[str, ...], str]) -> None:
    for key, value in data.items():
        if isinstance(value, Mapping):
            _look_at_formulas(value, (*at, key), where, kept)
        elif isinstance(value, str) and key.lower() != "description":
            parse_expression(value, where=where, field=".".join((*at, key)))
            kept[(*at, key)] = value


def _set(data: Any, at: tuple[str, ...], value: Any) -> None:
    for key in at[:-1]:
        data = data[key]
    data[at[-1]] = value


def _layer(data: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "thickness": data["Thickness [m]"],
        "porosity": data["Porosity"],
        "transport_efficiency": data["Transport efficiency"],
    }


def _electrolyte(
    data: Mapping[str, Any], conditions: Mapping[str, Any], user: Mapping[str, Any], source: Source
) -> dict[str, Any]:
    made: dict[str, Any] = {
        "initial_concentration": conditions.get("Initial electrolyte concentration [mol.m-3]", 1000.0),
        "transference_number": data["Cation transference number"],
    }
    for name, (title, function) in _ELECTROLYTE_FUNCTIONS.items():
        made[name] = _function(function, data[title], user.get(name), source)
        made[f"{name}_activation_energy"] = data.get(f"{title.split(' [')[0]} activation energy [J.mol-1]", 0.0)
    for name in ("transference_number", "thermodynamic_factor", "generation"):
        if name in user:
            made[name] = _from_user(_USER_FUNCTIONS[name], user[name], source)
    return made


def _electrode(data: Mapping[str, Any], user: Mapping[str, Any], source: Source) -> dict[str, Any]:
    made = _layer(data) | {"conductivity": data["Conductivity [S.m-1]"]}
    if "double_layer_capacitance" in user:
        made["double_layer_capacitance"] = user["double_layer_capacitance"]
    particles = data.get("Particle")
    if particles:
        made["materials"] = [_material(particle, user.get(name) or {}, source) for name, particle in particles.items()]
    else:
        made["materials"] = [_material(data, user.get("Primary") or {}, source)]
    return made


def _material(data: Mapping[str, Any], user: Mapping[str, Any], source: Source) -> dict[str, Any]:
    made: dict[str, Any] = {name: data[title] for name, title in _MATERIAL_NUMBERS.items() if data.get(title) is not None}
    for name, (title, function) in _MATERIAL_FUNCTIONS.items():
        if data.get(title) is not None:
            made[name] = _function(function, data[title], user.get(name), source)
    for name in _USER_NUMBERS:
        if name in user:
            made[name] = user[name]
    branches = [data[title] for title in _BRANCHES if data.get(title) is not None]
    if len(branches) == 2 and "hysteresis" not in user:
        made |= _from_branches(source, *(_function(functions.OPEN_CIRCUIT_VOLTAGE, branch, None, source) for branch in branches))
    for name in ("exchange_current_density", "overvoltage_function", "hysteresis"):
        if name in user:
            made[name] = _from_user(_USER_FUNCTIONS[name], user[name], source)
            if name == "exchange_current_density":
                del made["reaction_rate_constant"]
    return made


def _from_branches(source: Source, delithiation: Property, lithiation: Property) -> dict[str, Property]:
    """Mean and half the distance of two branches, over the stoichiometries that both have; none where they cross."""
    grids = [branch.coordinates.get("x", np.array([0.0, 1.0])) for branch in (delithiation, lithiation)]
    grid = np.unique(np.concatenate(grids))
    grid = grid[(grid >= max(one[0] for one in grids)) & (grid <= min(one[-1] for one in grids))]
    if grid.size < 2:
        raise InputError("BPX", " and ".join(_BRANCHES), "no stoichiometry in both", "branches over the same stoichiometries")
    upper, lower = (np.broadcast_to(branch(x=grid), grid.shape) for branch in (delithiation, lithiation))
    both = {"open_circuit_voltage": 0.5 * (upper + lower), "hysteresis": np.maximum(0.5 * (upper - lower), 0.0)}
    return {name: Property.from_arrays(name, {"x": grid}, values, "V", source) for name, values in both.items()}


def _thermal(
    cell: Mapping[str, Any], surroundings: Mapping[str, Any], user: Mapping[str, Any], given: float | None
) -> dict[str, Any]:
    made: dict[str, Any] = {}
    volume = cell.get("Volume [m3]")
    if volume is not None:
        made["volume"] = volume
    if "Heat capacity [J.K-1]" in user:
        made["heat_capacity"] = user["Heat capacity [J.K-1]"]
        made["heat_transfer"] = user["Heat transfer [W.K-1]"]
        if "Mass [kg]" in user:
            made["mass"] = user["Mass [kg]"]
    elif volume is not None and "Density [kg.m-3]" in cell and "Specific heat capacity [J.K-1.kg-1]" in cell:
        made["mass"] = volume * cell["Density [kg.m-3]"]
        made["heat_capacity"] = made["mass"] * cell["Specific heat capacity [J.K-1.kg-1]"]
        coefficient = surroundings.get("Heat transfer coefficient [W.m-2.K-1]", given)
        made["heat_transfer"] = (coefficient or 0.0) * cell.get("External surface area [m2]", 0.0)
    else:
        return {}
    if surroundings.get("Ambient temperature [K]") is not None:
        made["ambient_temperature"] = surroundings["Ambient temperature [K]"]
    return made


def _function(function: MaterialFunction, value: Any, user: Any, source: Source) -> Property:
    if user is not None:
        source = _source_of(user, source)
        if any(key.endswith(" K") for key in user):
            return _from_user(function, user, source)
    if isinstance(value, str):
        described = source.model_copy(update={"note": value})
        bounds = _VOLTAGE_BOUNDS if function.unit == "V" else (0.0, np.inf) if function.unit in ("m2 s-1", "S m-1") else None
        return (
            MaterialFunction(function.name, function.unit, "x", function.low, function.high).sample(
                value, source=described, bounds=bounds
            )
            if function.coordinate == "x"
            else _renamed(function, value, described, bounds)
        )
    if isinstance(value, Mapping):
        return _from_table(function, value, source)
    return Property.constant(function.name, float(value), function.unit, source)


def _renamed(function: MaterialFunction, text: str, source: Source, bounds: tuple[float, float] | None) -> Property:
    # BPX calls the concentration x too.
    sampled = MaterialFunction(function.name, function.unit, "x", function.low, function.high).sample(
        text, source=source, bounds=bounds
    )
    return Property.from_arrays(function.name, {"c": sampled.coordinates["x"]}, sampled.values.values, function.unit, source)


def _from_table(function: MaterialFunction, value: Mapping[str, Any], source: Source) -> Property:
    x, y = np.asarray(value["x"], dtype=np.float64), np.asarray(value["y"], dtype=np.float64)
    order = np.argsort(x)
    return Property.from_arrays(function.name, {function.coordinate: x[order]}, y[order], function.unit, source)


def _put(fields: dict[str, Any], block: dict[str, Any], title: str, name: str, value: Property, cell: CellSpecification) -> None:
    """A property into its BPX field; its source, and its dependence on temperature, into the user-defined block."""
    grids = {dim: grid for dim, grid in value.coordinates.items() if grid.size > 1}
    others = [dim for dim in grids if dim != "T"]
    if not others:
        fields[title] = float(value(x=0.5, c=1000.0, T=cell.reference_temperature, extrapolate="nearest"))
    else:
        grid = grids[others[0]]
        state: dict[str, Any] = {others[0]: grid, "T": cell.reference_temperature}
        along = value(**state, extrapolate="nearest")
        fields[title] = {"x": grid.tolist(), "y": np.asarray(along).tolist()}
    block[name] = _user_table(value) if "T" in grids else {"description": value.source.to_json()}


def _user_table(value: Property) -> dict[str, Any]:
    grids = {dim: grid for dim, grid in value.coordinates.items() if grid.size > 1}
    others = [dim for dim in grids if dim != "T"]
    temperatures = grids.get("T", np.array([298.15]))
    made: dict[str, Any] = {"description": value.source.to_json()}
    for T in temperatures:
        title = f"{float(T)!r} K"
        if others:
            grid = grids[others[0]]
            made[title] = {"x": grid.tolist(), "y": np.asarray(value(**{others[0]: grid, "T": T})).tolist()}
        else:
            made[title] = float(value(x=0.5, c=1000.0, T=T))
    return made


def _from_user(function: MaterialFunction, user: Mapping[str, Any], source: Source) -> Property:
    source = _source_of(user, source)
    entries = {float(key.removesuffix(" K")): value for key, value in user.items() if key.endswith(" K")}
    temperatures = np.array(sorted(entries))
    values = [entries[T] for T in temperatures]
    if not isinstance(values[0], Mapping):
        if len(values) == 1:
            return Property.constant(function.name, float(values[0]), function.unit, source)
        return Property.from_arrays(function.name, {"T": temperatures}, np.array(values, dtype=np.float64), function.unit, source)
    if len(values) == 1:
        return _from_table(function, values[0], source)
    grid = np.asarray(values[0]["x"], dtype=np.float64)
    table = np.array([value["y"] for value in values], dtype=np.float64).T
    return Property.from_arrays(function.name, {function.coordinate: grid, "T": temperatures}, table, function.unit, source)


def _source_of(user: Mapping[str, Any], otherwise: Source) -> Source:
    try:
        return Source.from_json(str(user.get("description", "")))
    except ValueError:
        return otherwise


def _written_layer(layer: PorousLayer) -> dict[str, Any]:
    if layer.graded:
        raise InputError("to_bpx", "porosity", "a layer graded over its depth", "one porosity a layer: BPX has no field for more")
    return {"Thickness [m]": layer.thickness, "Porosity": layer.porosity, "Transport efficiency": layer.efficiency}


def _written_electrode(electrode: ElectrodeSpecification, cell: CellSpecification) -> tuple[dict[str, Any], dict[str, Any]]:
    fields = _written_layer(electrode) | {"Conductivity [S.m-1]": electrode.conductivity}
    user: dict[str, Any] = {"double_layer_capacitance": electrode.double_layer_capacitance}
    names = ["Primary", "Secondary", *(f"Material {k + 1}" for k in range(2, len(electrode.materials)))]
    written = {}
    for name, material in zip(names, electrode.materials, strict=False):
        if material.geometry != "sphere":
            raise InputError(cell.name, "geometry", material.geometry, "spheres: BPX knows no other particles")
        particle: dict[str, Any] = {}
        block: dict[str, Any] = {key: getattr(material, key) for key in _USER_NUMBERS if getattr(material, key) is not None}
        for key, (title, _) in _MATERIAL_FUNCTIONS.items():
            value = getattr(material, key)
            if value is not None:
                _put(particle, block, title, key, value, cell)
        for key, title in _MATERIAL_NUMBERS.items():
            particle[title] = material.area if key == "specific_area" else getattr(material, key)
        exchange = material.exchange_current_density
        if exchange is not None:
            # The nearest that BPX can say: the same exchange current in the middle of the window.
            middle = 0.5 * (material.minimum_stoichiometry + material.maximum_stoichiometry)
            at_middle = float(exchange(x=middle, T=cell.reference_temperature, extrapolate="nearest"))
            particle[_MATERIAL_NUMBERS["reaction_rate_constant"]] = at_middle / FARADAY / float(np.sqrt(middle * (1.0 - middle)))
        for key in ("exchange_current_density", "overvoltage_function", "hysteresis"):
            if getattr(material, key) is not None:
                block[key] = _user_table(getattr(material, key))
        if material.hysteresis is not None:
            x = np.linspace(material.minimum_stoichiometry, material.maximum_stoichiometry, 201)
            mean, half = (
                np.broadcast_to(curve(x=x, T=cell.reference_temperature, extrapolate="nearest"), x.shape)
                for curve in (material.open_circuit_voltage, material.hysteresis)
            )
            for title, branch in zip(_BRANCHES, (mean + half, mean - half), strict=True):
                particle[title] = {"x": x.tolist(), "y": branch.tolist()}
        written[name], user[name] = particle, block
    if len(written) == 1:
        return fields | written["Primary"], user
    return fields | {"Particle": written}, user
