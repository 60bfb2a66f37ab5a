"""One truth a number: what several scales share must be the same wherever a climb uses it.

A kinetic parameter set, the heat capacity of a cell and its temperature are stated, fitted or given at several places of a
study. Each place says what it takes them to be; two that differ are refused, both named, before anything is published.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import isclose
from typing import Any

import xarray as xr

from scalith.cell import CellSpecification
from scalith.lab.kinetic_fit import KineticFit
from scalith.ladder.rungs.cell import Cell, Discharge
from scalith.pack import ModuleSpecification, PackSpecification, ReactionSet
from scalith.quantities import StudyError

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
        return {HEAT_CAPACITY: value.heat_capacity, TEMPERATURE: value.ambient_temperature}
    if isinstance(value, ModuleSpecification):
        return {HEAT_CAPACITY: value.cell.heat_capacity, TEMPERATURE: value.ambient_temperature}
    if isinstance(value, Discharge):
        return {TEMPERATURE: value.temperature}
    thermal = value.stated_thermal() if isinstance(value, Cell) else getattr(value, "thermal", None)
    if isinstance(value, (Cell, CellSpecification)) and thermal is not None:
        ambient = thermal.ambient_temperature or value.reference_temperature
        capacity = thermal.heat_capacity
        return {TEMPERATURE: ambient} if capacity is None else {HEAT_CAPACITY: capacity, TEMPERATURE: ambient}
    return {}


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
            if not _same(known, value):
                raise StudyError(
                    f"{where}: found two values of the {constant}: {_shown(known, constant)} in {known_by}, "
                    f"{_shown(value, constant)} in {name}; expected one, stated once and used at every scale"
                )


def _same(one: float | str, other: float | str) -> bool:
    if isinstance(one, str) or isinstance(other, str):
        return one == other
    return isclose(one, other, rel_tol=1e-6)  # a product of mass and specific heat is the number to its last digits


def _shown(value: float | str, constant: str) -> str:
    return f"digest {value}" if isinstance(value, str) else f"{value:.6g} {_UNITS.get(constant, '')}"
