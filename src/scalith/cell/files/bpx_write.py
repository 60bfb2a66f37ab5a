"""Write BPX files (Battery Parameter eXchange): what BPX has no field for goes to its user-defined section."""

from __future__ import annotations

import json
from collections.abc import Collection
from pathlib import Path
from typing import Any

import numpy as np

from scalith.cell.files import bpx_names as names
from scalith.cell.files.bpx_schema import validated
from scalith.cell.specification.active_material import ActiveMaterial
from scalith.cell.specification.cell import CellSpecification
from scalith.cell.specification.electrode import ElectrodeSpecification, PorousLayer
from scalith.cell.specification.thermal import ThermalSpecification
from scalith.quantities import InputError, Property, Spec, write_text
from scalith.quantities.constants import FARADAY

_LAYER = ("thickness", "porosity", "transport_efficiency", "bruggeman_exponent")


def to_bpx(specification: CellSpecification, path: str | Path) -> None:
    """Write a BPX 1.1 file; `specification_from_bpx` gives an equal specification back.

    All fields of BPX are filled. What it has no field for goes to the section ``Parameterisation: User-defined``, under the
    names of the specification, in numbers and one-dimensional tables (``{"x": ..., "y": ...}`` at each temperature), with
    the source of each property under ``description``:

    - ``Contact resistance [Ohm]``, ``Heat capacity [J.K-1]``, ``Heat transfer [W.K-1]``, ``Mass [kg]``,
      ``Stack thickness [m]``, ``Thermal conductivity [W.m-1.K-1]``;
    - ``Electrolyte``, ``Separator``, ``Negative electrode``, ``Positive electrode`` and in these a block for each material:
      what depends on temperature, exchange current densities, transfer coefficients, films, graded layers, …

    Beside such an entry its BPX field holds the nearest that BPX can say (the curve at the reference temperature, a rate
    constant with the same exchange current in the middle of the window), and reading checks that the two still agree. Of an
    ensemble the mean and the standard error are written. Particles whose reacting area is stated beside volume and radius,
    which BPX does not know, become the particles that behave alike: see `ActiveMaterial.with_one_radius`.

    Raises
    ------
    InputError
        The cell is not one that BPX describes: particles that are no spheres, under stress, or separate into phases.
    ScalithError
        The file cannot be written.
    """
    import bpx

    cell = _with_one_radius(specification)
    user: dict[str, Any] = {
        "description": "Written by Scalith: sources, and what BPX has no field for.",
        names.CONTACT_RESISTANCE: cell.contact_resistance,
    }
    conditions: dict[str, Any] = {
        names.INITIAL_CHARGE: cell.initial_state.state_of_charge,
        names.INITIAL_CONCENTRATION: cell.electrolyte.initial_concentration,
    }
    if cell.initial_state.temperature is not None:
        conditions[names.INITIAL_TEMPERATURE] = cell.initial_state.temperature
    parameters: dict[str, Any] = {
        "Cell": {
            "Electrode area [m2]": cell.electrode_area,
            "Number of electrode pairs connected in parallel to make a cell": cell.electrode_pairs,
            "Nominal cell capacity [A.h]": cell.nominal_capacity / 3600.0,
            "Lower voltage cut-off [V]": cell.lower_voltage_cut_off,
            "Upper voltage cut-off [V]": cell.upper_voltage_cut_off,
            "Reference temperature [K]": cell.reference_temperature,
        }
    }
    if 3600.0 * parameters["Cell"]["Nominal cell capacity [A.h]"] != cell.nominal_capacity:
        user["Nominal capacity [C]"] = cell.nominal_capacity
    parameters["Electrolyte"], user["Electrolyte"] = _electrolyte(cell)
    parameters["Separator"], user["Separator"] = _layer(cell.separator, "separator")
    for name, title in names.ELECTRODES.items():
        electrode = getattr(cell, name)
        parameters[title], user[title] = _electrode(electrode, cell, name)
        states = dict(zip(_particle_names(electrode), (one.initial_hysteresis for one in electrode.materials), strict=True))
        if any(states.values()) or any(one.hysteresis is not None for one in electrode.materials):
            only = len(electrode.materials) == 1
            conditions[names.INITIAL_HYSTERESIS + title] = states["Primary"] if only else states
    user["Cell"], user["Initial state"] = names.number_errors(cell), names.number_errors(cell.initial_state)
    surroundings: dict[str, Any] = {}
    if cell.thermal is not None:
        user["Thermal"] = names.number_errors(cell.thermal)
        surroundings = _thermal(cell.thermal, parameters["Cell"], user)
    parameters["User-defined"] = _without_empty(user)
    content = {
        "Header": {
            "BPX": bpx.__version__,
            "Title": cell.name,
            "Description": cell.description,
            "References": cell.reference,
            "Model": "DFN",
        },
        "Parameterisation": parameters,
        "State": {"Initial conditions": conditions, "Thermal environment": surroundings},
    }
    validated(content, str(path))
    write_text(path, json.dumps(content, indent=1, allow_nan=False))


def _rest(part: Spec, held: Collection[str], where: str) -> dict[str, Any]:
    """Fields that BPX does not hold and that are not as they are by default."""
    block: dict[str, Any] = {}
    for name, field in type(part).model_fields.items():
        value = getattr(part, name)
        if name in held or value is None or value == field.get_default(call_default_factory=True):
            continue
        if isinstance(value, Property):
            block[name] = names.property_block(value)
        elif isinstance(value, int | float) and not isinstance(value, bool):
            block[name] = value
        else:
            default = _words(field.get_default(call_default_factory=True))
            raise InputError("to_bpx", f"{where}.{name}", _words(value), f"{default}: BPX has no field for it")
    return block | names.number_errors(part)


def _without_empty(block: dict[str, Any]) -> dict[str, Any]:
    """The schema takes an empty block for a table without its columns."""
    inner = {key: _without_empty(value) if isinstance(value, dict) else value for key, value in block.items()}
    return {key: value for key, value in inner.items() if value != {}}


def _words(value: Any) -> Any:
    return type(value).__name__ if isinstance(value, Spec) else value


def _electrolyte(cell: CellSpecification) -> tuple[dict[str, Any], dict[str, Any]]:
    electrolyte = cell.electrolyte
    fields: dict[str, Any] = {}
    block: dict[str, Any] = {}
    energies = [f"{name}_activation_energy" for name in names.ELECTROLYTE_FUNCTIONS]
    for (name, (title, _)), energy in zip(names.ELECTROLYTE_FUNCTIONS.items(), energies, strict=True):
        fields[title], block[name] = _put(getattr(electrolyte, name), cell.reference_temperature)
        fields[f"{title.split(' [')[0]} activation energy [J.mol-1]"] = getattr(electrolyte, energy)
    transference = electrolyte.transference_number
    state = {"c": electrolyte.initial_concentration, "T": cell.reference_temperature}
    fields[names.TRANSFERENCE] = float(transference(**state, extrapolate="nearest"))
    block["transference_number"] = _put(transference, cell.reference_temperature)[1]
    if any(grid.size > 1 for grid in transference.coordinates.values()):
        block["transference_number"] = names.property_block(transference)
    held = ("initial_concentration", "transference_number", *names.ELECTROLYTE_FUNCTIONS, *energies)
    return fields, block | _rest(electrolyte, held, "electrolyte")


def _layer(layer: PorousLayer, where: str) -> tuple[dict[str, Any], dict[str, Any]]:
    stated = layer.transport_efficiency
    fields = {
        "Thickness [m]": layer.thickness,
        "Porosity": layer.porosity,
        "Transport efficiency": layer.efficiency if stated is None else stated,
    }
    held = (*_LAYER, "conductivity", "materials")
    return fields, ({"bruggeman_exponent": layer.bruggeman_exponent} if stated is None else {}) | _rest(layer, held, where)


def _with_one_radius(cell: CellSpecification) -> CellSpecification:
    changed = {}
    for name in ("negative_electrode", "positive_electrode"):
        electrode = getattr(cell, name)
        if any(material.has_own_area for material in electrode.materials):
            materials = tuple(material.with_one_radius() for material in electrode.materials)
            changed[name] = electrode.model_copy(update={"materials": materials})
    return cell.model_copy(update=changed) if changed else cell


def _particle_names(electrode: ElectrodeSpecification) -> list[str]:
    return ["Primary", "Secondary", *(f"Material {k + 1}" for k in range(2, len(electrode.materials)))][
        : len(electrode.materials)
    ]


def _electrode(electrode: ElectrodeSpecification, cell: CellSpecification, where: str) -> tuple[dict[str, Any], dict[str, Any]]:
    fields, user = _layer(electrode, where)
    fields["Conductivity [S.m-1]"] = electrode.conductivity
    written = {}
    for name, material in zip(_particle_names(electrode), electrode.materials, strict=True):
        written[name], user[name] = _material(material, cell, where)
    return fields | (written["Primary"] if len(written) == 1 else {"Particle": written}), user


def _material(material: ActiveMaterial, cell: CellSpecification, where: str) -> tuple[dict[str, Any], dict[str, Any]]:
    fields: dict[str, Any] = {}
    block: dict[str, Any] = {}
    for name, (title, _) in names.MATERIAL_FUNCTIONS.items():
        if getattr(material, name) is not None:
            fields[title], block[name] = _put(getattr(material, name), cell.reference_temperature)
    for name, title in names.MATERIAL_NUMBERS.items():
        fields[title] = material.area if name == "specific_area" else getattr(material, name)
    if material.exchange_current_density is not None:
        fields[names.MATERIAL_NUMBERS["reaction_rate_constant"]] = nearest_rate_constant(material, cell.reference_temperature)
    if material.hysteresis is not None:
        x, branches = hysteresis_branches(material, cell.reference_temperature)
        for title, branch in zip(names.BRANCHES, branches, strict=True):
            fields[title] = {"x": x.tolist(), "y": branch.tolist()}
        if material.hysteresis_decay is not None:
            fields[names.DECAY] = names.DECAY_FACTOR * material.hysteresis_decay
    held = (*names.MATERIAL_NUMBERS, *names.MATERIAL_FUNCTIONS, "hysteresis_decay", "initial_hysteresis")
    return fields, block | _rest(material, held, where)


def nearest_rate_constant(material: ActiveMaterial, temperature: float) -> float:
    """The rate constant with the same exchange current in the middle of the window, mol m-2 s-1."""
    assert material.exchange_current_density is not None
    middle = 0.5 * (material.minimum_stoichiometry + material.maximum_stoichiometry)
    current = float(material.exchange_current_density(x=middle, T=temperature, extrapolate="nearest"))
    return current / FARADAY / float(np.sqrt(middle * (1.0 - middle)))


def hysteresis_branches(material: ActiveMaterial, temperature: float) -> tuple[Any, tuple[Any, Any]]:
    """Stoichiometries of both tables, and U + M and U − M there, V."""
    assert material.hysteresis is not None
    curves = (material.open_circuit_voltage, material.hysteresis)
    grids = [curve.coordinates["x"] for curve in curves if curve.coordinates.get("x", np.zeros(1)).size > 1]
    x = np.unique(np.concatenate(grids)) if grids else np.array([0.0, 1.0])
    x = x[(x >= max([grid[0] for grid in grids], default=0.0)) & (x <= min([grid[-1] for grid in grids], default=1.0))]
    mean, half = (np.broadcast_to(curve(x=x, T=temperature, extrapolate="nearest"), x.shape) for curve in curves)
    return x, (mean + half, mean - half)


def _put(value: Property, reference_temperature: float) -> tuple[Any, dict[str, Any]]:
    """What a BPX field says of a property, and what the user-defined block adds: source, errors, temperatures."""
    block = names.property_block(value)
    at_reference, tables = curve_at(value, reference_temperature), [key for key in block if key.endswith(" K")]
    if len(tables) == 1 and not names.error_parts(value):
        block = {"description": block["description"]}
    return at_reference, block


def curve_at(value: Property, temperature: float) -> Any:
    """A property at one temperature, as a BPX field holds it: a number or a table."""
    others = {dim: grid for dim, grid in value.coordinates.items() if dim != "T" and grid.size > 1}
    state: dict[str, Any] = {**others, "T": temperature}
    if not others:
        single = {dim: float(grid[0]) for dim, grid in value.coordinates.items() if dim != "T"}
        return float(value(**single, T=temperature, extrapolate="nearest"))
    if value.coordinates.get("T", np.zeros(1)).size == 1:
        return {"x": next(iter(others.values())).tolist(), "y": value.nominal.values.ravel().tolist()}
    return {"x": next(iter(others.values())).tolist(), "y": np.asarray(value(**state, extrapolate="nearest")).tolist()}


def _thermal(thermal: ThermalSpecification, cell: dict[str, Any], user: dict[str, Any]) -> dict[str, Any]:
    for name, title in names.USER_THERMAL.items():
        value = getattr(thermal, name)
        if value is not None and value is not False:
            user[title] = float(value)
    surroundings: dict[str, Any] = {}
    if thermal.volume is not None:
        cell[names.VOLUME] = thermal.volume
        if thermal.mass is not None:
            cell[names.DENSITY] = thermal.mass / thermal.volume
            if thermal.heat_capacity is not None:
                cell[names.SPECIFIC_HEAT] = thermal.heat_capacity / thermal.mass
    if thermal.surface_area is not None:
        cell[names.SURFACE_AREA] = thermal.surface_area
        surroundings[names.HEAT_TRANSFER_COEFFICIENT] = thermal.heat_transfer / thermal.surface_area
    if thermal.ambient_temperature is not None:
        surroundings[names.AMBIENT] = thermal.ambient_temperature
    return surroundings
