"""Read BPX files (Battery Parameter eXchange): every field is honoured, or rejected by its name."""

from __future__ import annotations

import sys
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from scalith.cell.files import bpx_names as names
from scalith.cell.files.bpx_schema import read_bpx
from scalith.cell.files.bpx_write import curve_at, hysteresis_branches, nearest_rate_constant
from scalith.cell.model.degradation import with_degradation
from scalith.cell.specification import material_function as functions
from scalith.cell.specification.active_material import ActiveMaterial
from scalith.cell.specification.cell import CellSpecification
from scalith.cell.specification.electrode import ElectrodeSpecification, PorousLayer
from scalith.cell.specification.electrolyte import ElectrolyteSpecification
from scalith.cell.specification.material_function import MaterialFunction
from scalith.quantities import FileRecord, InputError, Property, Source, Spec, file_digest
from scalith.quantities.plausible_ranges import UNCHECKED

_VOLTAGE_BOUNDS = (-1.0, 7.0)
"""Formulas of voltages are cut off where they leave these, V: some blow up at an end that the cell never visits."""
_LARGEST_CROSSING = 1e-3
"""Depth that the branches of a hysteresis may cross by, V: the scatter of measured tables."""
_USER = "Parameterisation.User-defined"


class _NoFields(Spec):
    """A user-defined block that holds errors of numbers only."""


@dataclass(frozen=True)
class _File:
    """What all parts of a file are read with."""

    where: str
    source: Source
    reference_temperature: float


def specification_from_bpx(
    path: str | Path,
    *,
    heat_transfer_coefficient: float | None = None,
    ignore: Collection[str] = (),
    check_plausible: bool = True,
) -> CellSpecification:
    """Read a BPX file (versions 0.x and 1.x, a porous-electrode parameter set).

    Formulas are parsed over a list of allowed operations and never executed; tables are interpolated smoothly (BPX says
    linearly). From the section ``State`` come the initial state of charge and temperature, which simulations then start
    from, the state of hysteresis, the surroundings, and the degradation, which is applied: see `with_degradation`.

    *Hysteresis*: the two branches give U and half their distance, and ``OCP [V]`` is their mean. BPX 1.x means its decay
    constant γ as :math:`|dh/dx| = γ (1 ∓ h)/2` (as PyBaMM since 25.10 and About:Energy's AEPyBaMM read it, whose authors are
    among those of the standard; its text is handed out on request only), so that `hysteresis_decay` is γ/2. Without a decay
    constant the branches have no memory.

    *User-defined* entries that are known are what `to_bpx` writes; and, as PyBaMM and About:Energy name them,
    ``Negative electrode lithiation OCP [V]`` with its ``delithiation`` (for a blend ``Name: Negative electrode …``), in
    version 0.x ``Negative particle hysteresis decay rate`` (without the factor of a half),
    ``Negative electrode double-layer capacity [F.m-2]``, ``Contact resistance [Ohm]`` and
    ``Thermal conductivity [W.m-1.K-1]``. The section ``Validation`` holds measurements, no parameters, and is not read.

    Parameters
    ----------
    path : path
    heat_transfer_coefficient : float, optional
        W m-2 K-1 over the external surface, where the file states none; without either the cell is adiabatic.
    ignore : collection of str
        User-defined entries to leave out.
    check_plausible : bool
        Reject values far from what such cells have; turn it off for a file whose odd values are meant.

    Returns
    -------
    CellSpecification

    Raises
    ------
    InputError
        The file is not BPX, misses what the model needs, holds a formula that is none, or something that the model does not
        know: the message names the field.
    """
    content, old = read_bpx(path)
    record = FileRecord(name=Path(path).name, digest=file_digest(path))
    header, parameters = content["Header"], content["Parameterisation"]
    reference = header.get("References") or header.get("Description") or Path(path).name
    _require_sections(parameters, header["Model"], str(path))
    cell, user = parameters["Cell"], _user_entries(parameters, ignore)
    temperature = cell.get("Reference temperature [K]", 298.15)
    source = Source(kind="published", reference=reference, files=(record,), settings={} if check_plausible else UNCHECKED)
    file = _File(str(path), source, temperature)
    _move_hysteresis(parameters, user, old, file)
    state = content.get("State") or {}
    conditions, surroundings = state.get("Initial conditions") or {}, state.get("Thermal environment") or {}
    made: dict[str, Any] = {
        "name": header.get("Title", Path(path).stem),
        "description": header.get("Description", ""),
        "reference": header.get("References", ""),
        "electrode_area": cell["Electrode area [m2]"],
        "electrode_pairs": cell["Number of electrode pairs connected in parallel to make a cell"],
        "nominal_capacity": 3600.0 * cell["Nominal cell capacity [A.h]"],
        "lower_voltage_cut_off": cell["Lower voltage cut-off [V]"],
        "upper_voltage_cut_off": cell["Upper voltage cut-off [V]"],
        "reference_temperature": temperature,
        "contact_resistance": user.pop(names.CONTACT_RESISTANCE, 0.0),
        "separator": _separator(parameters["Separator"], _block(user, "Separator", file), file),
        "electrolyte": _electrolyte(parameters["Electrolyte"], conditions, _block(user, "Electrolyte", file), file),
        "initial_state": {
            "state_of_charge": conditions.get(names.INITIAL_CHARGE, 1.0),
            "temperature": conditions.get(names.INITIAL_TEMPERATURE),
        },
    }
    if "Nominal capacity [C]" in user:
        made["nominal_capacity"] = _same(made["nominal_capacity"], user.pop("Nominal capacity [C]"), "Nominal capacity [C]", file)
    for name, title in names.ELECTRODES.items():
        states = conditions.get(names.INITIAL_HYSTERESIS + title)
        capacitance = user.pop(f"{title} double-layer capacity [F.m-2]", None)
        made[name] = _electrode(parameters[title], title, _block(user, title, file), states, file)
        if capacitance is not None:
            made[name]["double_layer_capacitance"] = capacitance
    thermal = _thermal(cell, surroundings, user, heat_transfer_coefficient, file)
    if thermal:
        made["thermal"] = thermal
    for title, part in (("Cell", made), ("Initial state", made["initial_state"]), ("Thermal", thermal)):
        block = _block(user, title, file)
        _rest(block, _NoFields, title, file)
        names.with_number_errors(part, block, file.where, f"{_USER}.{title}")
    for name in user:
        known = "an entry that the model knows (see specification_from_bpx; ignore=[...] leaves entries out)"
        raise InputError(file.where, f"{_USER}.{name}", "a user-defined entry of unknown meaning", known)
    specification = _specification(made, str(path), check_plausible)
    _check_written(specification, parameters, file)
    return _degraded(specification, state.get("Degradation"), parameters, file)


def _require_sections(parameters: Mapping[str, Any], model: str, where: str) -> None:
    for section in ("Cell", "Electrolyte", "Negative electrode", "Separator", "Positive electrode"):
        if section not in parameters:
            raise InputError(where, section, f"nothing (Model {model})", "a full porous-electrode parameter set (Model DFN)")


def _user_entries(parameters: Mapping[str, Any], ignore: Collection[str]) -> dict[str, Any]:
    """What a file states beyond BPX, without what is to be ignored."""
    user = dict(parameters.get("User-defined") or {})
    user.pop("description", None)
    for name in ignore:
        if name not in user:
            raise InputError("specification_from_bpx", "ignore", name, f"a user-defined entry of the file: {', '.join(user)}")
        del user[name]
    return user


def _specification(made: Mapping[str, Any], where: str, check_plausible: bool) -> CellSpecification:
    try:
        return CellSpecification.read(made, where=where, context=None if check_plausible else UNCHECKED)
    except InputError as error:
        advice, _, _ = error.expected.partition("; where it is meant")
        if advice == error.expected:
            raise
        raise InputError(where, error.field, error.found, f"{advice}; where it is meant, check_plausible=False") from None


def _block(user: dict[str, Any], title: str, file: _File) -> Mapping[str, Any]:
    block = user.pop(title, {})
    if not isinstance(block, Mapping):
        raise InputError(file.where, f"{_USER}.{title}", block, "a block of fields")
    return block


def _layer(data: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "thickness": data["Thickness [m]"],
        "porosity": data["Porosity"],
        "transport_efficiency": data["Transport efficiency"],
    }


def _separator(data: Mapping[str, Any], block: Any, file: _File) -> dict[str, Any]:
    made = _layer(data) | _rest(block, PorousLayer, "Separator", file)
    return names.with_number_errors(made, block, file.where, f"{_USER}.Separator")


def _rest(block: Mapping[str, Any], part: type[Spec], at: str, file: _File, held: Collection[str] = ()) -> dict[str, Any]:
    """Fields of a specification in a user-defined block."""
    made: dict[str, Any] = {}
    for name, value in block.items():
        field = f"{_USER}.{at}.{name}"
        if name == "description" or name in held or names.is_error(name):
            continue
        if name not in part.model_fields:
            raise InputError(file.where, field, "a user-defined entry of unknown meaning", "a field of the specification")
        function = names.function_of(part, name)
        made[name] = value if function is None else _user_property(function, value, file, field)
    if "bruggeman_exponent" in made:
        made["transport_efficiency"] = None
    return made


def _user_property(function: MaterialFunction, value: Any, file: _File, field: str) -> Property:
    if isinstance(value, Mapping) and not {"x", "y"} <= set(value):
        return names.property_from_block(function, value, file.source, file.where, field)
    return _property(function, value, file)


def _electrolyte(data: Mapping[str, Any], conditions: Mapping[str, Any], block: Mapping[str, Any], file: _File) -> dict[str, Any]:
    if conditions.get(names.INITIAL_CONCENTRATION) is None:
        expected = "a number: the rate constants of BPX are stated at it"
        raise InputError(file.where, f"State.Initial conditions.{names.INITIAL_CONCENTRATION}", "nothing", expected)
    made: dict[str, Any] = {"initial_concentration": conditions[names.INITIAL_CONCENTRATION]}
    for name, (title, function) in names.ELECTROLYTE_FUNCTIONS.items():
        made[name] = _function(function, data[title], block.get(name), file, f"Electrolyte.{name}")
        made[f"{name}_activation_energy"] = data.get(f"{title.split(' [')[0]} activation energy [J.mol-1]", 0.0)
    made["transference_number"] = _function(
        functions.TRANSFERENCE_NUMBER,
        data[names.TRANSFERENCE],
        block.get("transference_number"),
        file,
        "Electrolyte.transference_number",
    )
    made |= _rest(block, ElectrolyteSpecification, "Electrolyte", file, (*names.ELECTROLYTE_FUNCTIONS, "transference_number"))
    return names.with_number_errors(made, block, file.where, f"{_USER}.Electrolyte")


def _electrode(data: Mapping[str, Any], title: str, user: Any, states: Any, file: _File) -> dict[str, Any]:
    particles = data.get("Particle") or {"Primary": data}
    states = states if isinstance(states, Mapping) else dict.fromkeys(particles, states)
    blocks = {name: user[name] for name in particles if name in user}
    made = _layer(data) | {"conductivity": data["Conductivity [S.m-1]"]}
    made |= _rest(user, ElectrodeSpecification, title, file, blocks)
    made = names.with_number_errors(made, user, file.where, f"{_USER}.{title}")
    made["materials"] = [
        _material(particle, blocks.get(name, {}), states[name], f"{title}.{name}", file) for name, particle in particles.items()
    ]
    return made


def _material(data: Mapping[str, Any], block: Any, state: float | None, at: str, file: _File) -> dict[str, Any]:
    made: dict[str, Any] = {}
    if not isinstance(block, Mapping):
        raise InputError(file.where, f"{_USER}.{at}", block, "a block of fields")
    for name, title in names.MATERIAL_NUMBERS.items():
        if data.get(title) is not None:
            made[name] = data[title]
    for name, (title, function) in names.MATERIAL_FUNCTIONS.items():
        if data.get(title) is not None:
            made[name] = _function(function, data[title], block.get(name), file, f"{at}.{name}")
    own = at.removesuffix(".Primary") if "Thickness [m]" in data else at
    given = [title for title in names.BRANCHES if data.get(title) is not None]
    if len(given) == 1:
        missing = next(title for title in names.BRANCHES if title not in given)
        raise InputError(file.where, f"{own}.{missing}", "nothing", f"the other branch, beside {given[0]!r}")
    if given and "hysteresis" not in block:
        made |= _from_branches([_property(functions.OPEN_CIRCUIT_VOLTAGE, data[title], file) for title in given], own, file)
    if data.get(names.DECAY) is not None:
        if not given:
            raise InputError(file.where, f"{own}.{names.DECAY}", data[names.DECAY], f"beside it {' and '.join(names.BRANCHES)}")
        made["hysteresis_decay"] = data[names.DECAY] / names.DECAY_FACTOR
    if state is not None:
        made["initial_hysteresis"] = state
        if state != 0.0 and given and data.get(names.DECAY) is None and "hysteresis" not in block:
            expected = f"0, or {names.DECAY!r}: without it the branches have no memory"
            raise InputError(file.where, f"{names.INITIAL_HYSTERESIS}{own}", state, expected)
    made |= _rest(block, ActiveMaterial, at, file, tuple(names.MATERIAL_FUNCTIONS))
    if "exchange_current_density" in made:
        del made["reaction_rate_constant"]
    if "active_volume_fraction" in made:
        del made["specific_area"]
    return names.with_number_errors(made, block, file.where, f"{_USER}.{at}")


def _from_branches(branches: list[Property], at: str, file: _File) -> dict[str, Property]:
    """Mean and half the distance of two branches, over the stoichiometries that both have."""
    grids = [branch.coordinates.get("x", np.array([0.0, 1.0])) for branch in branches]
    grid = np.unique(np.concatenate(grids))
    grid = grid[(grid >= max(one[0] for one in grids)) & (grid <= min(one[-1] for one in grids))]
    if grid.size < 2:
        field = f"{at}.{' and '.join(names.BRANCHES)}"
        raise InputError(file.where, field, "no stoichiometry in both", "branches over the same stoichiometries")
    upper, lower = (np.broadcast_to(branch(x=grid), grid.shape) for branch in branches)
    deepest = int(np.argmin(upper - lower))
    if upper[deepest] - lower[deepest] < -_LARGEST_CROSSING:
        found = f"{upper[deepest]:.4f} V at x = {grid[deepest]:.4g}, {lower[deepest] - upper[deepest]:.4f} V below the lithiation"
        share = float(np.mean(upper < lower))
        exchanged = f"; it lies below at {share:.0%} of the stoichiometries: are the two exchanged in the file?"
        expected = "a branch above the lithiation" + (exchanged if share > 0.5 else "")
        raise InputError(file.where, f"{at}.{names.BRANCHES[0]}", found, expected)
    source = file.source.model_copy(update={"note": "mean and half the distance of the delithiation and lithiation branches"})
    both = {"open_circuit_voltage": 0.5 * (upper + lower), "hysteresis": np.maximum(0.5 * (upper - lower), 0.0)}
    return {name: Property.from_arrays(name, {"x": grid}, values, "V", source) for name, values in both.items()}


def _move_hysteresis(parameters: Mapping[str, Any], user: dict[str, Any], old: bool, file: _File) -> None:
    """User-defined branches, and in version 0.x their decay, to the fields that BPX 1.x has for them."""
    moved = {
        "electrode delithiation OCP [V]": (names.BRANCHES[0], 1.0),
        "electrode lithiation OCP [V]": (names.BRANCHES[1], 1.0),
    }
    if old:
        moved["particle hysteresis decay rate"] = (names.DECAY, names.DECAY_FACTOR)
    for key in list(user):
        suffix = next((suffix for suffix in moved if key.endswith(f" {suffix}")), None)
        if suffix is None:
            continue
        particle, _, side = key.removesuffix(f" {suffix}").rpartition(": ")
        electrode = parameters.get(f"{side} electrode") if side in ("Negative", "Positive") else None
        target = electrode.get("Particle", {}).get(particle) if electrode is not None and particle else electrode
        if target is None or (not particle and "Particle" in target):
            raise InputError(
                file.where, f"{_USER}.{key}", "a material that the file does not have", "'Name: Negative electrode …'"
            )
        title, factor = moved[suffix]
        if target.get(title) is not None:
            raise InputError(file.where, f"{_USER}.{key}", f"beside it {title!r} of the electrode", "one of the two")
        value = user.pop(key)
        if factor != 1.0 and not isinstance(value, int | float):
            raise InputError(file.where, f"{_USER}.{key}", value, "a number")
        target[title] = value if factor == 1.0 else factor * value


def _thermal(
    cell: Mapping[str, Any], surroundings: Mapping[str, Any], user: dict[str, Any], given: float | None, file: _File
) -> dict[str, Any]:
    made: dict[str, Any] = {}
    volume, density, specific_heat = (cell.get(title) for title in (names.VOLUME, names.DENSITY, names.SPECIFIC_HEAT))
    area, coefficient = cell.get(names.SURFACE_AREA), surroundings.get(names.HEAT_TRANSFER_COEFFICIENT, given)
    if density is not None and volume is None:
        raise InputError(file.where, f"Cell.{names.VOLUME}", "nothing", f"a value, beside {names.DENSITY!r}")
    if specific_heat is not None and density is None:
        raise InputError(file.where, f"Cell.{names.DENSITY}", "nothing", f"a value, beside {names.SPECIFIC_HEAT!r}")
    if coefficient is not None and area is None:
        raise InputError(
            file.where, f"Cell.{names.SURFACE_AREA}", "nothing", f"a value, beside {names.HEAT_TRANSFER_COEFFICIENT!r}"
        )
    if density is not None:
        made["mass"] = volume * density
        if specific_heat is not None:
            made["heat_capacity"] = made["mass"] * specific_heat
    if coefficient is not None:
        made["heat_transfer"] = coefficient * area
    for name, title in names.USER_THERMAL.items():
        if title in user:
            value = user.pop(title)
            made[name] = _same(made[name], value, title, file) if name in made and given is None else made.get(name, value)
    stated = {"volume": volume, "surface_area": area, "ambient_temperature": surroundings.get(names.AMBIENT)}
    return made | {name: value for name, value in stated.items() if value is not None}


def _function(function: MaterialFunction, value: Any, block: Any, file: _File, at: str) -> Property:
    """A property from its BPX field, with what the user-defined block adds to it."""
    native = _property(function, value, file)
    if block is None:
        return native
    field = f"{_USER}.{at}"
    if not isinstance(block, Mapping):
        raise InputError(file.where, field, block, "a block with description, and tables at temperatures")
    if not any(key.endswith(" K") for key in block):
        unknown = [key for key in block if key != "description"]
        if unknown:
            raise InputError(file.where, f"{field}.{unknown[0]}", "an unknown key", "temperatures such as '298.15 K'")
        return Property(native.name, native.values, native.unit, names.source_of(block, native.source), native.standard_error)
    full = names.property_from_block(function, block, file.source, file.where, field)
    if isinstance(value, str):
        raise InputError(file.where, field, "tables beside a formula", "one of the two")
    if function.name != "transference_number":  # one number in BPX, at the initial concentration
        _same_curve(value, curve_at(full, file.reference_temperature), field, file)
    return full


def _same(found: float, exact: Any, title: str, file: _File) -> float:
    """The user-defined number that stands for a BPX field, where both still agree.

    Below the smallest normal number a product of two fields has no nine digits left to agree in.
    """
    if not isinstance(exact, int | float) or abs(found - exact) > max(1e-9 * abs(exact), sys.float_info.min):
        raise InputError(
            file.where, f"{_USER}.{title}", exact, f"{found!r}, as the fields of BPX have it: change both or delete this"
        )
    return float(exact)


def _same_curve(value: Any, written: Any, field: str, file: _File) -> None:
    pairs = [(one["x"], one["y"]) if isinstance(one, Mapping) else ([], [one]) for one in (value, written)]
    (x, y), (x_written, y_written) = (tuple(np.asarray(part, dtype=np.float64) for part in pair) for pair in pairs)
    fits = x.shape == x_written.shape and np.array_equal(x, x_written) and y.shape == y_written.shape
    if not fits or np.max(np.abs(y - y_written)) > 1e-9 * np.max(np.abs(y_written)):
        expected = "the same at the reference temperature as the field of BPX: change both or delete this"
        raise InputError(file.where, field, "another curve", expected)


def _check_written(specification: CellSpecification, parameters: Mapping[str, Any], file: _File) -> None:
    """What user-defined entries stand for must still agree with the fields of BPX beside them."""
    layers = {"Separator": specification.separator} | {
        title: getattr(specification, name) for name, title in names.ELECTRODES.items()
    }
    for title, layer in layers.items():
        stated = layer.efficiency if layer.transport_efficiency is None else layer.transport_efficiency
        _same(parameters[title]["Transport efficiency"], stated, f"{title}.bruggeman_exponent", file)
    for name, title in names.ELECTRODES.items():
        particles = parameters[title].get("Particle") or {"Primary": parameters[title]}
        for (key, particle), material in zip(particles.items(), getattr(specification, name).materials, strict=True):
            at = f"{title}.{key}"
            area = particle[names.MATERIAL_NUMBERS["specific_area"]]
            _same(area, material.area, f"{at}.active_volume_fraction", file)
            if material.exchange_current_density is not None:
                rate = nearest_rate_constant(material, file.reference_temperature)
                stated = particle[names.MATERIAL_NUMBERS["reaction_rate_constant"]]
                _same(stated, rate, f"{at}.exchange_current_density", file)
            if material.hysteresis is not None and "hysteresis" in _user_block(parameters, title, key):
                x, branches = hysteresis_branches(material, file.reference_temperature)
                for branch, values in zip(names.BRANCHES, branches, strict=True):
                    _same_curve(particle.get(branch, 0.0), {"x": x, "y": values}, f"{at}.hysteresis", file)


def _user_block(parameters: Mapping[str, Any], *path: str) -> Mapping[str, Any]:
    block: Any = parameters.get("User-defined") or {}
    for key in path:
        block = block.get(key, {}) if isinstance(block, Mapping) else {}
    return block if isinstance(block, Mapping) else {}


def _degraded(
    specification: CellSpecification, degradation: Mapping[str, Any] | None, parameters: Mapping[str, Any], file: _File
) -> CellSpecification:
    if degradation is None:
        return specification
    lost: dict[str, Any] = {}
    for name, title in (("negative_loss", "Negative electrode"), ("positive_loss", "Positive electrode")):
        value = degradation[f"LAM: {title}"]
        particles = parameters[title].get("Particle")
        lost[name] = [value[key] for key in particles] if particles and isinstance(value, Mapping) else value
    try:
        return with_degradation(specification, lithium_loss=degradation["LLI"], **lost)
    except InputError as error:
        raise InputError(file.where, f"State.Degradation ({error.field})", error.found, error.expected) from None


def _property(function: MaterialFunction, value: Any, file: _File) -> Property:
    if isinstance(value, str):
        described = file.source.model_copy(update={"note": value})
        bounds = _VOLTAGE_BOUNDS if function.unit == "V" else (0.0, np.inf) if function.unit in ("m2 s-1", "S m-1") else None
        # BPX calls the concentration x too.
        sampled = MaterialFunction(function.name, function.unit, "x", function.low, function.high).sample(
            value, source=described, bounds=bounds
        )
        if function.coordinate == "x":
            return sampled
        grid = {function.coordinate: sampled.coordinates["x"]}
        return Property.from_arrays(function.name, grid, sampled.values.values, function.unit, described)
    if isinstance(value, Mapping):
        x, y = np.asarray(value["x"], dtype=np.float64), np.asarray(value["y"], dtype=np.float64)
        order = np.argsort(x)
        return Property.from_arrays(function.name, {function.coordinate: x[order]}, y[order], function.unit, file.source)
    return Property.constant(function.name, float(value), function.unit, file.source)
