"""Knobs: the numbers of a study that a person may move, with their units, errors and plausible ranges."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from math import isfinite
from typing import Any

from scalith.ladder import Entry, Study
from scalith.ladder.invariance import HEAT_CAPACITY as SHARED_HEAT_CAPACITY
from scalith.ladder.invariance import is_one_truth, shared_constants
from scalith.ladder.setting_entries import STATED, limits_of, setting_entries
from scalith.lattice import HopBarriers
from scalith.quantities import InputError, Property, Spec, parse_uncertain
from scalith.quantities.plausible_ranges import plausible_range
from scalith.report.shown_units import ShownUnit, shown_unit

HEAT_CAPACITY = "heat capacity of a cell"

LINKED = (
    (
        "temperature of the surroundings",
        ("discharge.temperature", "cell.thermal.ambient_temperature", "pack.ambient_temperature", "module.ambient_temperature"),
    ),
    (HEAT_CAPACITY, ("cell.thermal.heat_capacity", "pack.cell_heat_capacity")),
)
"""Numbers that several scales share: one knob moves all of those that the study states alike."""

SPECIFIC_HEAT = "module.cell.specific_heat"
"""Moves with the heat capacity of a cell, where the cells of the module that the study states have that heat capacity too."""

BALANCED = ("cell.negative_electrode.thickness", "cell.positive_electrode.thickness")
"""What one knob multiplies, so that the electrodes stay balanced."""

_FRACTION, _WIDTH = ("1", ""), 4.0
_KELVINS = 40.0
"""To either side of a temperature."""

_FRONT = (
    "hop_barriers",
    "localisation.interaction",
    "chemical_diffusivity",
    "thickness of both electrodes",
    "positive_electrode.thickness",
    "positive_electrode.porosity",
    "positive_electrode.particle_radius",
    "negative_electrode.thickness",
    "discharge.c_rates",
    "temperature of the surroundings",
    "cooling_coefficient",
    "heat_transfer",
    "gap_thickness",
    "barrier.thickness",
)
"""What most people want to move: shown first."""


@dataclass(frozen=True)
class Knob:
    """A number of the study, or a factor on a curve or a set of barriers that is given.

    Attributes
    ----------
    name : str
        Under which a state names it: ``"cell.positive_electrode.thickness"``.
    places : tuple of str
        What `scalith.ladder.Climb.change` is told to change.
    label, section : str
        In words; the section of the study, or ``"given"``.
    value : float or tuple of float
        As the study states it, in SI.
    error : float, optional
        Standard error.
    unit : str
        SI unit.
    shown : tuple of (str, float, float)
        The unit that people use, its factor and its offset.
    low, high : float
        Ends of the slider.
    logarithmic, whole : bool
        How the slider moves; whether only whole numbers are taken.
    words : str
        The plausible range in words.
    stated : bool
        Whether the study states it; a default otherwise.
    front : bool
        Whether it is shown first.
    factor : bool
        Whether it multiplies what is given.
    reaches : tuple of str
        Quantities that depend on it.
    """

    name: str
    places: tuple[str, ...]
    label: str
    section: str
    value: float | tuple[float, ...]
    error: float | None
    unit: str
    shown: ShownUnit
    low: float
    high: float
    logarithmic: bool
    whole: bool
    words: str
    stated: bool
    front: bool = False
    factor: bool = False
    reaches: tuple[str, ...] = ()

    def to_plain(self) -> dict[str, Any]:
        """As plain data for the page."""
        return asdict(self) | {"shown": list(self.shown)}

    def statement(self, value: object) -> Any:
        """What the study file would say for a value of this knob: SI numbers with their unit, relative errors as they were.

        Raises
        ------
        InputError
            Not a finite number, nor a text or a list of numbers where the knob takes one.
        """
        if isinstance(self.value, tuple):
            numbers = value if isinstance(value, (list, tuple)) else [value]
            return [self._said(_number(self.name, item), None) for item in numbers]
        if isinstance(value, str):  # a quantity, never the name of a file
            parse_uncertain(value, self.unit or "1", where="knob", field=self.name)
            return value
        number = _number(self.name, value)
        if self.whole and number != round(number):
            raise InputError("knob", self.name, value, "a whole number")
        spread = None if self.error is None or not self.value else abs(self.error / self.value)
        return int(number) if self.whole else self._said(number, spread)

    def _said(self, number: float, spread: float | None) -> Any:
        if self.unit in _FRACTION:
            return number if spread is None else {"value": number, "standard_error": spread * abs(number)}
        text = f"{number!r} {self.unit}"
        if spread is None:
            return text
        if self.unit == "K":
            assert self.error is not None
            return {"value": text, "standard_error": f"{self.error!r} K"}
        return {"value": text, "standard_error": f"{spread * abs(number)!r} {self.unit}"}


def _number(name: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not isfinite(value):
        raise InputError("knob", name, value, "a finite number")
    return float(value)


def knobs_of(study: Study) -> list[Knob]:
    """All knobs of a study, in the order of its sections."""
    targets = study.needed_for(study.targets)
    above = _above(study, targets)
    found = [knob for name in targets for knob in _of(name, study)]
    found = [replace(knob, reaches=tuple(above.get(_source(knob, study), ()))) for knob in found]
    return [
        replace(knob, front=_in_front(knob.name)) for knob in [*_balanced(found), *_linked(found, _module_heat_capacity(study))]
    ]


def number_of(knob: Knob, study: Study) -> float | None:
    """What a study has for a knob: that of a member of an ensemble, say; `None` where it is not one number."""
    place = knob.places[0]
    if place in study.given:
        value = study.given[place]
        return float(value()) if isinstance(value, Property) and not value.coordinates else None
    read = _read(study, knob.section, place[len(knob.section) + 1 :])
    return float(read) if isinstance(read, (int, float)) and not isinstance(read, bool) else None


def scaled(value: Any, factor: float) -> Any:
    """A given property, or the barriers of hops, times a factor.

    Raises
    ------
    InputError
        Not a positive factor.
    """
    if not factor > 0.0:
        raise InputError("knob", "factor", factor, "a positive factor")
    if isinstance(value, Property):
        return value * factor
    kinds = []
    for kind in value.kinds:
        full = {} if kind.barrier_full is None else {"barrier_full": kind.barrier_full * factor}
        kinds.append(kind.model_copy(update={"barrier": kind.barrier * factor} | full))
    note = f"all barriers times {factor:.10g}"
    source = value.source.model_copy(update={"note": f"{value.source.note}; {note}".removeprefix("; ")})
    return value.model_copy(update={"kinds": tuple(kinds), "source": source})


def _of(name: str, study: Study) -> Iterator[Knob]:
    """Knobs of a section or of a given quantity."""
    if name in study.settings:
        for entry in setting_entries(name, study.settings[name], study.file):
            knob = _of_setting(entry, name, study)
            if knob is not None:
                yield knob
    elif name in study.given:
        value, about = study.given[name], study.graph.about(name)
        assert about is not None
        label = f"{name.rpartition('.')[0]} {about.quantity.title}".strip()
        if isinstance(value, Property) and not value.coordinates:
            number, error = float(value()), None if value.standard_error is None else float(value.error())
            known = plausible_range(name)
            ends = (known.low, known.high) if known else (-float("inf"), float("inf"))
            low, high, logarithmic = _slider(name, number, value.unit, ends, whole=False)
            shown, words = shown_unit(value.unit, number), known.words if known else ""
            plain = (name, (name,), label, "given", number, error, value.unit, shown, low, high)
            yield Knob(*plain, logarithmic=logarithmic, whole=False, words=words, stated=True)
        elif isinstance(value, (Property, HopBarriers)):
            label = f"{label}, times" if isinstance(value, Property) else "barriers of hops, times"
            plain = (name, (name,), label, "given", 1.0, None, "1", ShownUnit("×"), 0.5, 2.0)
            yield Knob(*plain, logarithmic=True, whole=False, words="", stated=True, factor=True)


def _of_setting(entry: Entry, section: str, study: Study) -> Knob | None:
    path = entry.quantity[len(section) + 1 :]
    read = _read(study, section, path)
    value = _value(entry, read)
    if value is None or path == "seed" or not isinstance(study.settings[section], Spec):
        return None
    limits = limits_of(study.settings[section], path)
    typical = value if isinstance(value, float) else value[-1]
    whole = limits.whole or type(read) is int
    low, high, logarithmic = _slider(path, typical, entry.unit, (limits.low, limits.high), whole=whole)
    shown = shown_unit(entry.unit, typical) if entry.unit != "K" or "temperature" in path else ShownUnit("K")
    return Knob(
        name=entry.quantity,
        places=(entry.quantity,),
        label=path.replace(".", ", ").replace("_", " "),
        section=section,
        value=value,
        error=entry.standard_error,
        unit=entry.unit,
        shown=shown,
        low=low,
        high=high,
        logarithmic=logarithmic,
        whole=whole,
        words=limits.words,
        stated=entry.source is not None and entry.source.reference == STATED,
    )


def _read(study: Study, section: str, path: str) -> Any:
    """A setting as its section keeps it."""
    value: Any = study.settings[section]
    for part in path.split("."):
        if isinstance(value, (list, tuple)):
            value = value[int(part)] if part.isdecimal() and int(part) < len(value) else None
        else:
            value = value.get(part) if isinstance(value, Mapping) else getattr(value, part, None)
    return value


def _value(entry: Entry, read: Any) -> float | tuple[float, ...] | None:
    """A number, or the numbers of a list."""
    if entry.value is not None:
        return entry.value if isfinite(entry.value) else None
    numbers = isinstance(read, (list, tuple)) and len(read) > 1 and all(type(item) in (int, float) for item in read)
    return tuple(float(item) for item in read) if numbers else None


def _slider(name: str, value: float, unit: str, ends: tuple[float, float], *, whole: bool) -> tuple[float, float, bool]:
    """Ends of a slider about a value, within its limits, and whether it moves on a logarithmic scale."""
    lowest, highest = ends
    if unit == "K" and "temperature" in name:
        return max(lowest, value - _KELVINS), min(highest, value + _KELVINS), False
    if whole:
        return max(lowest, 1.0 if value >= 1.0 else 0.0), min(highest, max(_WIDTH * value, 10.0)), False
    if value == 0.0:
        return max(lowest, 0.0), min(highest, 1.0), False
    if value < 0.0:
        return max(lowest, 2.0 * value), min(highest, 0.0), False
    if unit in _FRACTION and 0.0 < value < 1.0:
        return max(lowest, 0.5 * value), min(highest, 1.0, 2.0 * value), False
    return max(lowest, value / _WIDTH), min(highest, value * _WIDTH), True


def _module_heat_capacity(study: Study) -> float | None:
    """What the cells of a module that the study states hold, J/K."""
    module = shared_constants("module", study.settings.get("module"))
    return None if SHARED_HEAT_CAPACITY not in module else float(module[SHARED_HEAT_CAPACITY])


def _linked(knobs: Sequence[Knob], module: float | None = None) -> list[Knob]:
    """Knobs with those joined that stand for one number; one that the study states otherwise stays a knob of its own.

    Parameters
    ----------
    knobs : sequence of Knob
    module : float, optional
        Heat capacity of a cell of the module, J/K: a mass times the specific heat, which is a knob.
    """
    found = list(knobs)
    for label, names in LINKED:
        stated = [knob for knob in found if knob.name in names and knob.stated]
        alike = [[knob for knob in stated if _says(knob) == _says(one)] for one in stated]
        joined = max(alike, key=len, default=[])
        if len(joined) < 2:
            continue
        first, value = joined[0], joined[0].value
        low, high = max(knob.low for knob in joined), min(knob.high for knob in joined)
        if label == HEAT_CAPACITY and module is not None and isinstance(value, float) and is_one_truth(value, module):
            joined = [*joined, *(knob for knob in found if knob.name == SPECIFIC_HEAT)]
        reaches = tuple(dict.fromkeys(name for knob in joined for name in knob.reaches))
        places = tuple(place for knob in joined for place in knob.places)
        one = replace(first, name=label, label=label, places=places, reaches=reaches, low=low, high=high)
        found[found.index(first)] = one
        found = [knob for knob in found if knob not in joined[1:]]
    return found


def _says(knob: Knob) -> tuple[str, str]:
    """Value and error to ten digits: 25 °C is 298.15 K."""
    return f"{knob.value:.10g}", "" if knob.error is None else f"{knob.error:.10g}"


def _balanced(knobs: Sequence[Knob]) -> list[Knob]:
    """One knob for the thickness of both electrodes: moved alone, one of them soon holds much more than the other."""
    both = [knob for knob in knobs if knob.name in BALANCED]
    if len(both) < len(BALANCED) or any(knob.value == 0.0 or isinstance(knob.value, tuple) for knob in both):
        return []
    reaches = tuple(dict.fromkeys(name for knob in both for name in knob.reaches))
    label, shown = "thickness of both electrodes", ShownUnit("×")
    plain = (label, BALANCED, f"{label}, times", "cell", 1.0, None, "1", shown, 0.25, 4.0)
    return [Knob(*plain, logarithmic=True, whole=False, words="", stated=True, factor=True, reaches=reaches)]


def _in_front(name: str) -> bool:
    return any(name == known or name.endswith(f".{known}") for known in _FRONT)


def _source(knob: Knob, study: Study) -> str:
    return knob.section if knob.section in study.settings else knob.places[0]


def _above(study: Study, names: Sequence[str]) -> dict[str, list[str]]:
    """By section and given quantity: the quantities that depend on it, itself included where it is one."""
    leaves: dict[str, set[str]] = {}
    for name in names:  # children before parents
        if name in study.graph.nodes and name not in study.given:
            inputs = study.graph.nodes[name].inputs.values()
            leaves[name] = set().union(*(leaves.get(need, {need}) for need in inputs))
        elif name in study.given:
            leaves[name] = {name}
    found: dict[str, list[str]] = {}
    for name, below in leaves.items():
        for leaf in below:
            found.setdefault(leaf, []).append(name)
    return found
