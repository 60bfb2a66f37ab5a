"""Study files: which quantities to climb to, with which settings, and what is given instead of computed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import xarray as xr
from pydantic import Field

from scalith.ladder.graph import ALWAYS, Rung, given_only, needed_for, reached, rungs, sections
from scalith.ladder.ledger import read_entry
from scalith.ladder.quantity import InputFile, Quantity, Settings
from scalith.quantities import (
    FileRecord,
    InputError,
    Property,
    Source,
    Spec,
    StudyError,
    file_digest,
    nearest,
    parse_uncertain,
    read_property_csv,
    read_results,
    read_toml,
)
from scalith.quantities.plausible_ranges import meant, require_plausible_property, unwrapped
from scalith.quantities.specification import WRITTEN_BY_HAND


class Header(Spec):
    """``[study]``: what the study is.

    Attributes
    ----------
    title : str
        Shown on the report.
    targets : tuple of str
        Quantities to climb to; empty means all that the study's sections allow.
    seed : int
        The one seed; every rung with randomness gets its own, spawned from it.
    draws : int
        Members of an ensemble to climb as well, from the scatter of what is fitted, sampled and given; 0 for none.
    implausible : tuple of str
        Quantities whose computed values are taken even where they lie outside their plausible ranges.
    """

    title: Annotated[str, Field(min_length=1)]
    targets: tuple[str, ...] = ()
    seed: Annotated[int, Field(ge=0)] = 1
    draws: Annotated[int, Field(ge=0)] = 0
    implausible: tuple[str, ...] = ()


@dataclass(frozen=True)
class Study:
    """A validated study.

    Attributes
    ----------
    name : str
        File name without its ending; the results folder is called after it.
    path : Path
    file : FileRecord
        The file as it was read.
    header : Header
    targets : list of str
    settings : dict of str to Settings
        By section.
    given : dict of str to object
        Property, specification or result by quantity.
    text : dict
        The file as it was parsed.
    """

    name: str
    path: Path
    file: FileRecord
    header: Header
    targets: list[str]
    settings: dict[str, Settings]
    given: dict[str, Any]
    text: dict[str, Any]


def read_study(path: str | Path, results: str | Path | None = None) -> Study:
    """Read and validate a study file; nothing is computed.

    Parameters
    ----------
    path : path
        TOML file.
    results : path, optional
        Results folder of this study: a ``[given]`` that reads from it would be circular.

    Raises
    ------
    InputError
        Names file, field, found, expected; for an unknown key the nearest known one.
    StudyError
        A quantity that the targets need is neither given nor computable.
    """
    path = Path(path)
    where = str(path)
    text = read_toml(path)
    record = FileRecord(name=path.name, digest=file_digest(path))
    known = ["study", "given", *sections()]
    for key in text:
        if key not in known:
            raise InputError(where, "", f"unknown section [{key}]", nearest(key, known))
    for key in text:
        if not isinstance(text[key], dict):
            raise InputError(where, key, text[key], f"a section [{key}]")
    header = Header.read(text.get("study", {}), f"{where} [study]")
    given = {name: _plausible(name, value, path, results) for name, value in text.get("given", {}).items()}
    targets = _targets(header, set(text), given, where)
    optional = {name for item in rungs().values() for name in item.optional}
    there = {name for name in optional if reached(name, set(given), set(text))}
    context = WRITTEN_BY_HAND | {"folder": path.parent, "reached": there}
    settings = {
        name: kind.read(text[name], f"{where} [{name}]", context=context) for name, kind in sections().items() if name in text
    }
    return with_targets(Study(path.stem, path, record, header, targets, settings, given, text), targets)


def with_targets(study: Study, targets: list[str]) -> Study:
    """The study with other targets: sections that they need get their defaults.

    Raises
    ------
    InputError
        A needed section is missing and has required fields.
    StudyError
        A needed quantity is neither given nor computable.
    """
    where = str(study.path)
    settings = dict(study.settings)
    for name in needed_for(targets, set(study.given), set(study.settings)):
        if name in sections() and name not in settings:
            settings[name] = _default_section(name, where)
        elif name not in rungs() and name not in study.given and name not in settings and name not in ALWAYS:
            wanted_by = next(item.name for item in rungs().values() if name in item.needs)
            raise StudyError(f"{where}: {wanted_by} needs {name}, which no rung computes: state it under [given]")
    return replace(study, targets=targets, settings=settings)


def _targets(header: Header, present: set[str], given: Mapping[str, Any], where: str) -> list[str]:
    known = rungs()
    for target in header.targets:
        if target not in known:
            raise InputError(f"{where} [study]", "targets", target, nearest(target, known))
    if header.targets:
        return list(header.targets)
    reachable = [name for name in known if reached(name, set(given), present)]
    if not reachable:
        raise StudyError(f"{where}: its sections and given quantities reach no rung; 'scalith rungs' shows what each needs")
    return reachable


def _default_section(name: str, where: str) -> Settings:
    kind = sections()[name]
    required = [field for field, info in kind.model_fields.items() if info.is_required()]
    if required:
        raise InputError(where, f"[{name}]", "no such section", f"a section with {', '.join(required)}")
    return kind()


def _about(name: str) -> tuple[Quantity, type[Any]] | None:
    found: Rung | None = rungs().get(name)
    if found is not None:
        return found.quantity, found.returns
    if name in given_only():
        return given_only()[name][1], given_only()[name][2]
    return None


class _Stated(Spec):
    """The table form of a given value."""

    value: Any = None
    file: str | None = None
    results: str | None = None
    quantity: str | None = None
    wanted_digest: str | None = Field(default=None, alias="digest")
    standard_error: Any = None
    kind: str = "assumed"
    reference: str = ""
    reference_state: str = ""
    note: str = ""


_BELONGS = {
    "value": ("standard_error", "kind", "reference", "reference_state", "note"),
    "file": ("kind", "reference", "reference_state", "note"),
    "results": ("quantity", "wanted_digest"),
}
"""What may stand beside each way to give a value."""


def _plausible(name: str, value: Any, path: Path, results: str | Path | None) -> Any:
    """A given value; one outside its range is refused unless ``implausible = true`` stands beside it."""
    stated, accepted = unwrapped(value)
    found = _given(name, stated, path, results, accepted)
    if not isinstance(found, Property):
        if accepted:
            raise InputError(f"{path} [given]", f"{name}.implausible", True, "nothing: a field of it may have its own")
        return found
    if accepted:
        return meant(found)
    require_plausible_property(found, where=f"{path} [given]", field=name)
    return found


def _given(name: str, value: Any, path: Path, results: str | Path | None, accepted: bool) -> Any:
    where = f"{path} [given]"
    about = _about(name)
    if about is None:
        raise InputError(where, name, "an unknown quantity", nearest(name, [*rungs(), *given_only()]))
    quantity, kind = about
    if kind is not Property and isinstance(value, dict) and not {"file", "results"} & set(value):
        if isinstance(kind, type) and issubclass(kind, Spec):
            return kind.read(value, f"{where} {name}", context=WRITTEN_BY_HAND | {"folder": path.parent})
        raise InputError(where, name, value, "a file or another study's results")
    if isinstance(value, str) and Path(value.removeprefix("shipped:")).suffix in (".csv", ".nc", ".toml", ".json"):
        value = {"file": value}
    if not isinstance(value, dict):
        value = {"value": value}
    stated = _Stated.read(value, f"{where} {name}")
    ways = [way for way in ("value", "file", "results") if getattr(stated, way) is not None]
    if len(ways) != 1:
        raise InputError(where, name, ", ".join(ways) or "nothing", "exactly one of value, file, results")
    foreign = sorted(stated.model_fields_set - {ways[0], *_BELONGS[ways[0]]})
    if foreign:
        said, *belongs = (field.removeprefix("wanted_") for field in (foreign[0], *_BELONGS[ways[0]]))
        raise InputError(where, f"{name}.{said}", f"{said} beside {ways[0]}", f"with {ways[0]} only {', '.join(belongs)}")
    if stated.results is not None:
        return _from_results(name, quantity, kind, stated, path, results)
    if stated.file is not None:
        return _from_file(name, quantity, kind, stated, path, accepted)
    if kind is not Property:
        raise InputError(where, name, stated.value, "a table, a file or another study's results")
    assert stated.value is not None
    number = stated.value
    if stated.standard_error is not None:
        number = {"value": number, "standard_error": stated.standard_error}
    return Property.constant(
        name, parse_uncertain(number, quantity.unit, where=where, field=name), quantity.unit, _source(stated, where)
    )


def _source(stated: _Stated, where: str) -> Source:
    if stated.kind not in ("measured", "published", "assumed"):
        raise InputError(where, "kind", stated.kind, "measured, published or assumed")
    reference = stated.reference or "stated in the study, without a reference"
    return Source(kind=stated.kind, reference=reference, reference_state=stated.reference_state, note=stated.note)


def _from_file(name: str, quantity: Quantity, kind: type[Any], stated: _Stated, path: Path, accepted: bool) -> Any:
    where = f"{path} [given] {name}"
    assert stated.file is not None
    file = _found(stated.file, where, path)
    if kind is Property:
        if file.path.endswith(".nc"):
            _alone(stated, where)
            return _checked(Property.load(file.path), name, quantity, where)
        told = _source(stated, where) if stated.model_fields_set - {"file"} else None
        return read_property_csv(file.path, name, quantity.unit, dict(quantity.over), source=told, implausible=accepted)
    _alone(stated, where)
    if isinstance(kind, type) and issubclass(kind, Spec):
        if file.path.endswith(".json"):
            return kind.read(_read_json(file.path), file.path, context={"folder": Path(file.path).parent})
        return kind.read(read_toml(file.path), file.path, context=WRITTEN_BY_HAND | {"folder": Path(file.path).parent})
    if kind is xr.Dataset and file.path.endswith(".nc"):
        data = read_results(file.path)
        record = FileRecord(name=file.name, digest=file.content)
        source = Source.from_json(data.attrs["source"]) if "source" in data.attrs else _source(stated, where)
        return data.assign_attrs(source=source.model_copy(update={"files": (*source.files, record)}).to_json())
    raise InputError(where, "file", stated.file, "a file of a kind that holds this quantity")


def _alone(stated: _Stated, where: str) -> None:
    if stated.model_fields_set - {"file"}:
        raise InputError(where, "file", "other fields beside it", "the file alone: it carries its own source")


def _read_json(path: str) -> dict[str, Any]:
    import json

    try:
        data = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise InputError(path, "", str(error), "a readable JSON file") from None
    if not isinstance(data, dict):
        raise InputError(path, "", type(data).__name__, "a JSON object")
    return data


class _Named(Spec):
    file: InputFile


def _found(file: str, where: str, path: Path) -> InputFile:
    return _Named.read({"file": file}, where, context={"folder": path.parent}).file


def _from_results(name: str, quantity: Quantity, kind: type[Any], stated: _Stated, path: Path, results: str | Path | None) -> Any:
    where = f"{path} [given] {name}"
    assert stated.results is not None
    folder = path.parent / stated.results
    own = [Path(results).resolve()] if results is not None else []
    if folder.resolve() in own:
        raise StudyError(
            f"{where}: found results {stated.results!r}, which this study writes itself: the value would depend on itself "
            "(circular); expected another study's results folder"
        )
    value = read_entry(folder, stated.quantity or name, where)
    if stated.wanted_digest is not None and value.digest != stated.wanted_digest:
        raise InputError(where, "digest", value.digest, f"{stated.wanted_digest}: the other study has been climbed again since")
    if kind is Property:
        return _checked(value.value, name, quantity, where)
    if not isinstance(value.value, kind):
        raise InputError(where, "quantity", type(value.value).__name__, f"a {kind.__name__}")
    return value.value


def _checked(value: Any, name: str, quantity: Quantity, where: str) -> Property:
    if not isinstance(value, Property):
        raise InputError(where, "", type(value).__name__, "a property")
    if value.unit != quantity.unit:
        raise InputError(where, "unit", value.unit, quantity.unit)
    unknown = [dim for dim in value.coordinates if dim not in quantity.over]
    if unknown:
        raise InputError(where, "coordinates", unknown, f"only {', '.join(quantity.over) or 'a constant'}")
    if value.name == name:
        return value
    return replace(value, name=name)
