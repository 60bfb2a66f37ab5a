"""One truth a number: what several scales share must be the same wherever a climb uses it.

A kinetic parameter set, the heat capacity of a cell and its temperature are stated, fitted or given at several places of a
study. Each place says what it takes them to be; two that differ are rejected, both named, before anything is published.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import hypot, isclose
from typing import TYPE_CHECKING, Any

import xarray as xr

from scalith.cell import CellSpecification
from scalith.lab.kinetic_fit import KineticFit
from scalith.ladder.rungs.cell import Cell, Discharge
from scalith.pack import ModuleSpecification, PackSpecification, ReactionSet
from scalith.quantities import StudyError, Uncertain

if TYPE_CHECKING:
    from scalith.ladder.study import Study

KINETICS = "decomposition kinetics"
HEAT_CAPACITY = "heat capacity of the cell"
TEMPERATURE = "temperature of the cell's surroundings"

_UNITS = {HEAT_CAPACITY: "J/K", TEMPERATURE: "K"}

_NOT_USED = ("starting_kinetics",)
"""Sets whose form is taken, not their numbers."""


def shared_constants(name: str, value: Any) -> dict[str, float | str]:
    """What a value of a climb takes the shared constants to be: a digest of kinetics, numbers in SI."""
    if name in _NOT_USED:
        return {}
    if isinstance(value, KineticFit):
        return {KINETICS: value.kinetics.digest}
    if isinstance(value, ReactionSet):
        return {KINETICS: value.digest}
    if isinstance(value, xr.Dataset):
        return {KINETICS: str(value.attrs["kinetics_digest"])} if "kinetics_digest" in value.attrs else {}
    if isinstance(value, PackSpecification):
        stated = value.cell_heat_capacity
        capacity = _product(value.cell_mass, value.cell_specific_heat) if stated is None else stated
        return {HEAT_CAPACITY: capacity, TEMPERATURE: value.ambient_temperature}
    if isinstance(value, ModuleSpecification):
        body = value.cell
        capacity = _product(_product(body.density, body.volume), body.specific_heat)
        return {HEAT_CAPACITY: capacity, TEMPERATURE: value.ambient_temperature}
    if isinstance(value, Discharge):
        return {TEMPERATURE: value.temperature}
    thermal = value.stated_thermal() if isinstance(value, Cell) else getattr(value, "thermal", None)
    if isinstance(value, (Cell, CellSpecification)) and thermal is not None:
        ambient = thermal.ambient_temperature or value.reference_temperature
        known = thermal.heat_capacity
        return {TEMPERATURE: ambient} if known is None else {HEAT_CAPACITY: known, TEMPERATURE: ambient}
    return {}


def drawn_once(name: str, value: Any, drawn: dict[str, float]) -> Any:
    """A drawn specification with the shared numbers that were drawn before it: what is stated once is drawn once.

    Parameters
    ----------
    name : str
        Of the quantity or section.
    value : object
        A drawn value; only specifications with shared numbers are changed.
    drawn : dict of str to float
        Shared numbers of the member so far; those of `value` are added.
    """
    if not isinstance(value, (PackSpecification, ModuleSpecification, Discharge, CellSpecification)):
        return value
    for constant, number in shared_constants(name, value).items():
        if isinstance(number, str):
            continue
        before = drawn.setdefault(constant, float(number))
        if before != number:
            value = _with_constant(value, constant, before)
    return value


def _with_constant(value: Any, constant: str, number: float) -> Any:
    if isinstance(value, Discharge):
        return value.model_copy(update={"temperature": number})
    if isinstance(value, CellSpecification):
        field = "heat_capacity" if constant == HEAT_CAPACITY else "ambient_temperature"
        assert value.thermal is not None
        return value.model_copy(update={"thermal": value.thermal.model_copy(update={field: number})})
    if constant == TEMPERATURE:
        return value.model_copy(update={"ambient_temperature": number})
    if isinstance(value, ModuleSpecification):
        body = value.cell.model_copy(update={"specific_heat": number / value.cell.mass})
        return value.model_copy(update={"cell": body})
    if value.cell_heat_capacity is None:
        return value.model_copy(update={"cell_specific_heat": number / value.cell_mass})
    return value.model_copy(update={"cell_heat_capacity": number})


def require_one_truth_of(study: Study) -> None:
    """Refuse a study that states two values, or two errors, of one shared constant.

    Raises
    ------
    StudyError
        As `require_one_truth`.
    """
    stated = {**study.settings, **study.given}
    settled = [(who(name, study), shared_constants(name, value)) for name, value in stated.items()]
    require_one_truth(settled, str(study.path))
    require_one_error(settled, str(study.path))


def who(name: str, study: Study) -> str:
    """How a message names a section or a quantity."""
    return f"[{name}]" if name in study.settings else name


def require_one_error(stated: Iterable[tuple[str, Mapping[str, float | str]]], where: str) -> None:
    """Refuse two errors of one shared constant: an ensemble draws it once. Arguments as in `require_one_truth`."""
    first: dict[str, tuple[str, float]] = {}
    for name, constants in stated:
        for constant, value in constants.items():
            if isinstance(value, str):
                continue
            known_by, known = first.setdefault(constant, (name, _error(value)))
            if not isclose(known, _error(value), rel_tol=1e-6):
                unit = _UNITS.get(constant, "")
                found = f"{known:.3g} {unit} in {known_by}, {_error(value):.3g} {unit} in {name}"
                raise StudyError(
                    f"{where}: found two errors of the {constant}: {found}; expected one: state the number once, "
                    "in [cell], and every scale takes it from there"
                )


def _error(number: float) -> float:
    return number.error if isinstance(number, Uncertain) else 0.0


def _product(first: float | None, second: float | None) -> float:
    assert first is not None
    assert second is not None
    error = first * second * hypot(_error(first) / first, _error(second) / second)
    return Uncertain(first * second, error) if error else first * second


def require_one_truth(stated: Iterable[tuple[str, Mapping[str, float | str]]], where: str) -> None:
    """Refuse two values of one shared constant.

    Parameters
    ----------
    stated : iterable of (str, dict)
        Who states it, and `shared_constants` of what.
    where : str
        The study.

    Raises
    ------
    StudyError
        Names the constant, who states it, and both values.
    """
    first: dict[str, tuple[str, float | str]] = {}
    for name, constants in stated:
        for constant, value in constants.items():
            known_by, known = first.setdefault(constant, (name, value))
            if not is_one_truth(known, value):
                raise StudyError(
                    f"{where}: found two values of the {constant}: {_shown(known, constant)} in {known_by}, "
                    f"{_shown(value, constant)} in {name}; expected one, stated once and used at every scale"
                )


def is_one_truth(one: float | str, other: float | str) -> bool:
    """Whether two statements of a shared constant say the same."""
    if isinstance(one, str) or isinstance(other, str):
        return one == other
    return isclose(one, other, rel_tol=1e-6)  # a product of mass and specific heat is the number to its last digits


def _shown(value: float | str, constant: str) -> str:
    return f"digest {value}" if isinstance(value, str) else f"{value:.6g} {_UNITS.get(constant, '')}"
