"""Every setting of a study as an entry of the ledger: its number, its unit, its source."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import inf
from typing import Any, NamedTuple, get_args

from pydantic.fields import FieldInfo

from scalith.ladder.ledger import Entry
from scalith.ladder.numbers import at_middle
from scalith.ladder.quantity import InputFile, Settings
from scalith.quantities import SI, FileRecord, InputError, Property, Source, Spec, Uncertain, digest, parse_uncertain
from scalith.quantities.plausible_ranges import RANGES, Plausible, unwrapped

DEFAULT = "default of Scalith, not stated in the study"
STATED = "stated in the study"

_INLINE = ("materials", "lithium_metal")
"""Fields of a specification whose own fields a study may state in its place."""


class _Setting(NamedTuple):
    path: str
    value: Any
    unit: str
    stated: bool


def setting_entries(section: str, settings: Settings, file: FileRecord) -> list[Entry]:
    """Entries of a section's settings, ``cell.separator.thickness``, in the order of its fields.

    Parameters
    ----------
    section : str
        Name of the section, with that of its material before it: ``"monte_carlo"``, ``"positive.crystal"``.
    settings : Settings
        The section as it was read.
    file : FileRecord
        The study.

    Returns
    -------
    list of Entry
        Numbers carry their value in SI, and their error where one is stated; texts and lists stand in ``headline``.
    """
    return [_entry(section, item, file) for item in _settings(settings, settings.stands_for or type(settings))]


def _settings(
    value: Any, kind: type[Spec] | None, path: str = "", stated: bool = True, inherited: str = ""
) -> Iterator[_Setting]:
    if isinstance(value, Spec):
        fields = {name: getattr(value, name) for name in type(value).model_fields}
        known = value.model_fields_set
    else:
        fields, known = dict(value), set(value)
    for name, item in fields.items():
        if item is None:
            continue
        inner, unit = _about(kind, str(name)) if kind is not None else (None, inherited)
        here = f"{path}.{name}" if path else str(name)
        said = stated and name in known
        if isinstance(item, Spec) and not isinstance(item, InputFile):
            yield from _settings(item, type(item), here, said)
        elif isinstance(item, Mapping) and not _is_number(item):
            yield from _settings(item, inner, here, said, unit)
        elif isinstance(item, (tuple, list)) and any(isinstance(part, (Spec, Mapping)) for part in item):
            for number, part in enumerate(item):
                yield from _settings({str(number): part}, None, here, said)
        else:
            yield _Setting(here, item, unit, said)


def _is_number(item: Mapping[str, Any]) -> bool:
    return "value" in item and set(item) <= {"value", "standard_error", "implausible", "reference", "kind", "note"}


def _about(kind: type[Spec] | None, name: str) -> tuple[type[Spec] | None, str]:
    """Specification within a field, and the unit of its number."""
    found = _parts(kind, name)
    inner = next((part for part in found if isinstance(part, type) and issubclass(part, Spec)), None)
    unit = next((part.unit for part in found if isinstance(part, SI) or hasattr(part, "coordinate")), "")
    return inner, str(unit)


def _parts(kind: type[Spec] | None, name: str) -> list[Any]:
    """All that the annotation of a field is made of; a field of a part may be stated in its place."""
    fields = {} if kind is None else kind.model_fields
    if name not in fields:
        inline = (_about(kind, place)[0] for place in _INLINE if place in fields)
        return next((parts for parts in (_parts(part, name) for part in inline) if parts), [])
    found: list[Any] = []

    def search(part: Any) -> None:
        found.append(part)
        for item in (*getattr(part, "__metadata__", ()), *getattr(part, "metadata", ()), *get_args(part)):
            search(item)

    field: FieldInfo = fields[name]
    search(field.annotation)
    for item in field.metadata:
        search(item)
    return found


class Limits(NamedTuple):
    """Between which values a setting is accepted, in the unit of its entry; ``words`` where it has a plausible range."""

    low: float
    high: float
    words: str
    whole: bool


def limits_of(settings: Settings, path: str) -> Limits:
    """The limits of a number or of the numbers of a list.

    Parameters
    ----------
    settings : Settings
        The section as it was read.
    path : str
        Within the section, as `setting_entries` names it: ``"positive_electrode.thickness"``.
    """
    kind: type[Spec] | None = settings.stands_for or type(settings)
    *above, name = path.split(".")
    for part in above:
        kind = _about(kind, part)[0]
    found = _parts(kind, name)
    low, high, words = -inf, inf, ""
    for part in found:
        if isinstance(part, Plausible):
            known = RANGES[part.name]
            low, high, words = max(low, known.low), min(high, known.high), known.words
        bounds = [getattr(part, key, None) for key in ("gt", "ge", "lt", "le")]
        low = max([low, *(float(bound) for bound in bounds[:2] if isinstance(bound, (int, float)))])
        high = min([high, *(float(bound) for bound in bounds[2:] if isinstance(bound, (int, float)))])
    return Limits(low, high, words, int in found)


def _entry(section: str, setting: _Setting, file: FileRecord) -> Entry:
    source = Source(kind="assumed", reference=STATED if setting.stated else DEFAULT, files=(file,) if setting.stated else ())
    item, _ = unwrapped(setting.value)
    unit, number, error = setting.unit, None, None
    if isinstance(item, Property):
        source, unit = item.source, item.unit
        number, error = at_middle(item)
    elif isinstance(item, InputFile):
        source = source.model_copy(update={"files": (*source.files, FileRecord(name=item.name, digest=item.content))})
    else:
        number, error = _number(item, unit)
        if isinstance(item, Mapping) and "reference" in item:
            source = source.model_copy(update={"kind": item.get("kind", "published"), "reference": str(item["reference"])})
    return Entry(
        quantity=f"{section}.{setting.path}",
        title=setting.path.rpartition(".")[2].replace("_", " "),
        scale="study",
        origin="setting",
        headline=_shown(setting.value),
        value=number,
        standard_error=error,
        unit=unit or ("1" if isinstance(item, int) and number is not None else ""),
        source=source,
        digest=_digest(item, number, error),
    )


def _number(item: Any, unit: str) -> tuple[float | None, float | None]:
    if isinstance(item, bool) or (isinstance(item, str) and not unit):
        return None, None
    try:
        number = parse_uncertain(item, unit or "1")
    except InputError:  # a text, a list, a formula
        return None, None
    return float(number), number.error if isinstance(number, Uncertain) else None


def _shown(value: Any) -> str:
    if isinstance(value, Property):
        return value.describe().split(" = ", 1)[1]
    if isinstance(value, InputFile):
        return value.name
    if isinstance(value, Mapping):
        return ", ".join(f"{key} = {_shown(item)}" for key, item in value.items())
    if isinstance(value, (tuple, list)):
        return ", ".join(map(_shown, value))
    return f"{value:.10g}" if isinstance(value, float) and not isinstance(value, Uncertain) else str(value)


def _digest(item: Any, number: float | None, error: float | None) -> str:
    """Of the number in SI where there is one: ``"34 um"`` and ``3.4e-5`` are the same setting."""
    if isinstance(item, Property):
        return item.digest
    if isinstance(item, InputFile):
        return digest(item.content)
    return digest(_plain(item)) if number is None else digest(number, error)


def _plain(item: Any) -> Any:
    if isinstance(item, Spec):
        return item.model_dump(mode="json")
    if isinstance(item, Mapping):
        return {key: _plain(value) for key, value in item.items()}
    return [_plain(value) for value in item] if isinstance(item, (tuple, list)) else item
