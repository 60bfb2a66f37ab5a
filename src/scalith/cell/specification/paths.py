"""Numbers of a cell by their paths: read, replaced, and the multipliers of its properties."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from pydantic import BaseModel

from scalith.cell.specification.active_material import ActiveMaterial
from scalith.cell.specification.cell import CellSpecification
from scalith.cell.specification.electrode import ElectrodeSpecification
from scalith.quantities import InputError, Property, nearest

FACTORS = (
    "negative_electrode.chemical_diffusivity",
    "positive_electrode.chemical_diffusivity",
    "negative_electrode.exchange_current_density",
    "positive_electrode.exchange_current_density",
    "electrolyte.conductivity",
    "electrolyte.diffusivity",
)
"""Properties that a sweep varies by a multiplier."""
_SHAPE_STRESS = ("maximum_concentration", "minimum_stoichiometry", "maximum_stoichiometry")
"""Numbers that the diffusivity of a stressed particle depends on."""
_OF_A_PHASE_FIELD = ("gradient_energy", "coherency_strain", "surface_wetting", "tracer_diffusivity")


def vary(specification: CellSpecification, chosen: Mapping[str, float]) -> tuple[CellSpecification, dict[str, float]]:
    """A specification with numbers replaced by path, and the multipliers among `chosen`.

    Raises
    ------
    InputError
        An unknown path, or a value that the field does not take.
    """
    factors = {name: value for name, value in chosen.items() if name in FACTORS}
    for name, value in factors.items():
        if not value > 0.0:
            raise InputError("varied parameter", name, value, "a positive multiplier")
    for name, value in chosen.items():
        if name not in factors:
            if ".stress." in name or (name.endswith(_SHAPE_STRESS) and _stressed(specification, name)):
                raise InputError(
                    "varied parameter",
                    name,
                    "a number that cannot be varied in a batch",
                    "one cell for each value: stress and diffusivity share it",
                )
            if ".phase_field." in name and name.split(".")[-1] not in _OF_A_PHASE_FIELD:
                expected = f"one of {', '.join(_OF_A_PHASE_FIELD)}: the others shape its tables"
                raise InputError("varied parameter", name, "a number of the phase field", expected)
            specification = _replaced(specification, name.split("."), value, name)
    return specification, factors


def with_factors(specification: CellSpecification, chosen: Mapping[str, float]) -> CellSpecification:
    """A specification with numbers replaced by path, and with properties multiplied (those named in `FACTORS`).

    Raises
    ------
    InputError
        As `vary`.
    """
    specification, factors = vary(specification, chosen)
    for name, factor in factors.items():
        part, field = name.split(".")
        specification = specification.model_copy(update={part: _multiplied(getattr(specification, part), field, factor)})
    return specification


def _multiplied(part: Any, field: str, factor: float) -> Any:
    if isinstance(part, ElectrodeSpecification):
        made = []
        for material in part.materials:
            named = "reaction_rate_constant" if getattr(material, field) is None else field
            made.append(material.model_copy(update={named: getattr(material, named) * factor}))
        return part.model_copy(update={"materials": tuple(made)})
    return part.model_copy(update={field: getattr(part, field) * factor})


def _stressed(specification: CellSpecification, path: str) -> bool:
    electrode = getattr(specification, path.split(".")[0], None)
    return isinstance(electrode, ElectrodeSpecification) and electrode.material.stress is not None


def number_at(specification: CellSpecification, path: str) -> float:
    """The number of a specification that a path names (``"negative_electrode.thickness"``, ``"….materials.1.particle_radius"``).

    Raises
    ------
    InputError
        There is no number of that name.
    """
    model: Any = specification
    for name in path.split("."):
        if isinstance(model, tuple):
            model = model[_place(model, name, path)]
            continue
        if isinstance(model, ElectrodeSpecification) and name in ActiveMaterial.model_fields:
            model = model.materials[0]
        if name not in getattr(type(model), "model_fields", {}):
            raise InputError("parameter", path, name, nearest(name, getattr(type(model), "model_fields", {})))
        model = getattr(model, name)
    if isinstance(model, bool) or not isinstance(model, (int, float)):
        raise InputError("parameter", path, type(model).__name__, f"a path to a number, or one of {', '.join(FACTORS)}")
    return model if isinstance(model, float) else float(model)


def _replaced(model: Any, path: list[str], value: float, whole: str) -> Any:
    name = path[0]
    if isinstance(model, tuple):
        k = _place(model, name, whole)
        if len(path) == 1:
            raise InputError("varied parameter", whole, f"nothing below {name!r}", "a path to a number")
        return (*model[:k], _replaced(model[k], path[1:], value, whole), *model[k + 1 :])
    if isinstance(model, ElectrodeSpecification) and name in ActiveMaterial.model_fields:
        first = _replaced(model.materials[0], path, value, whole)
        return model.model_copy(update={"materials": (first, *model.materials[1:])})
    if name not in type(model).model_fields:
        raise InputError("varied parameter", whole, name, nearest(name, type(model).model_fields))
    old = getattr(model, name)
    if len(path) > 1:
        if not isinstance(old, BaseModel | tuple):
            raise InputError("varied parameter", whole, f"nothing below {name!r}", "a path to a number")
        return model.model_copy(update={name: _replaced(old, path[1:], value, whole)})
    if isinstance(old, Property) or not isinstance(old, (int, float)):
        raise InputError("varied parameter", whole, type(old).__name__, f"a path to a number, or one of {', '.join(FACTORS)}")
    if not np.isfinite(value) or (old > 0.0 and value <= 0.0):
        raise InputError("varied parameter", whole, value, "a positive number")
    # Frozen models copy without their cached digest, so that a varied cell has its own.
    return type(model).model_construct(**{field: getattr(model, field) for field in type(model).model_fields} | {name: value})


def _place(items: tuple[Any, ...], name: str, whole: str) -> int:
    """Place in a blend or among processes, counted from 0."""
    if not name.isdecimal() or int(name) >= len(items):
        raise InputError("parameter", whole, name, f"a number from 0 to {len(items) - 1}")
    return int(name)
