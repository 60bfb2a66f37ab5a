"""Study files: which quantities to climb to, with which settings, and what is given instead of computed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any

import xarray as xr
from pydantic import Field

from scalith.ladder.graph import ALWAYS, MATERIALS, Graph, required
from scalith.ladder.ledger import read_entry
from scalith.ladder.member_draws import Plan
from scalith.ladder.own_rungs import RungFile, known_with, read_rung_files
from scalith.ladder.quantity import InputFile, Quantity, Settings, read_one_of, specifications, type_words
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
from scalith.quantities.digests import counted_files
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
    plan : {"random", "sobol", "latin hypercube"}
        How they are drawn.
    reweight : bool
        Whether they take what was sampled from the nominal climb, re-weighted, where they lie close enough.
    implausible : tuple of str
        Quantities whose computed values are taken even where they lie outside their plausible ranges.
    """

    title: Annotated[str, Field(min_length=1)]
    targets: tuple[str, ...] = ()
    seed: Annotated[int, Field(ge=0)] = 1
    draws: Annotated[int, Field(ge=0)] = 0
    plan: Plan = "random"
    reweight: bool = False
    implausible: tuple[str, ...] = ()


@dataclass(frozen=True)
class Study:
    """A validated study.

    Attributes
    ----------
    rung_files : tuple of RungFile
        Files with rungs of its own; first, so that a study that is sent elsewhere brings its code before what needs it.
    name : str
        File name without its ending; the results folder is called after it.
    path : Path
    file : FileRecord
        The file as it was read.
    header : Header
    targets : list of str
    settings : dict of str to Settings
        By section: ``"cell"``; ``"positive.crystal"`` where the materials have names.
    given : dict of str to object
        Property, specification or result by quantity.
    text : dict
        The file as it was parsed.
    files : dict of str to str
        Digests of all files that were read for it, by full path.
    """

    rung_files: tuple[RungFile, ...]
    name: str
    path: Path
    file: FileRecord
    header: Header
    targets: list[str]
    settings: dict[str, Settings]
    given: dict[str, Any]
    text: dict[str, Any]
    files: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def graph(self) -> Graph:
        """The rungs of this study."""
        return Graph(tuple(self.text.get("materials", {})), self.settings, *known_with(self.rung_files))

    def __getstate__(self) -> dict[str, Any]:
        return {key: value for key, value in self.__dict__.items() if key not in ("graph", "_needed", "_reached")}

    def needed_for(self, targets: Sequence[str]) -> list[str]:
        """Names that must be computed, given or read to reach `targets`, children before parents."""
        asked = tuple(targets)
        if asked not in self._needed:
            self._needed[asked] = self.graph.needed_for(targets, set(self.given), set(self.settings), self._reached)
        return list(self._needed[asked])

    @cached_property
    def _needed(self) -> dict[tuple[str, ...], list[str]]:
        return {}

    @cached_property
    def _reached(self) -> dict[str, bool]:
        return {}


def read_study(path: str | Path, results: str | Path | None = None, *, allow_code: bool = False) -> Study:
    """Read and validate a study file; nothing is computed.

    Parameters
    ----------
    path : path
        TOML file.
    results : path, optional
        Results folder of this study: a ``[given]`` that reads from it would be circular.
    allow_code : bool
        Whether code that the study names may be run: files with rungs under ``[rungs]``, an engine ``"module:Class"`` or its
        command. It has all rights of the user: allow it for studies that you trust.

    Raises
    ------
    InputError
        Names file, field, found, expected; for an unknown key the nearest known one.
    StudyError
        A quantity that the targets need is neither given nor computable.
    """
    path = Path(path)
    with counted_files() as files:
        text = read_toml(path)
        rung_files = read_rung_files(text.get("rungs"), path, allow_code=allow_code)
        file = FileRecord(name=path.name, digest=file_digest(path))
        study = study_of(text, path, file, rung_files, results, allow_code=allow_code)
    return replace(study, files=files)


def study_of(
    text: dict[str, Any],
    path: Path,
    file: FileRecord,
    rung_files: tuple[RungFile, ...] = (),
    results: str | Path | None = None,
    earlier: Study | None = None,
    *,
    allow_code: bool = False,
) -> Study:
    """The study that a parsed file states: see `read_study`. What stands in `earlier` as well is taken from there."""
    where = str(path)
    known = known_with(rung_files)
    materials, tables, stated_given = _by_full_name(text, where, Graph((), (), *known))
    graph = Graph(materials, tables, *known)
    header = Header.read(text.get("study", {}), f"{where} [study]")
    _, old_tables, old_given = ((), {}, {}) if earlier is None else _by_full_name(earlier.text, where, Graph((), (), *known))
    given = {}
    for name, value in stated_given.items():
        about = graph.about(name)
        if about is None:
            raise InputError(*_stated_under(where, name), "an unknown quantity", _known_quantity(name, graph))
        if earlier is not None and old_given.get(name) is value:
            given[name] = earlier.given[name]
        else:
            given[name] = _plausible(name, value, about.quantity, about.returns, path, results)
    settings = {}
    for name, table in tables.items():
        # Sections above the materials may look at others.
        own = name.rpartition(".")[2] in graph.material_sections
        if own and earlier is not None and old_tables.get(name) is table:
            settings[name] = earlier.settings[name]
        else:
            context = _context(graph, name, set(given), tables, path, allow_code=allow_code)
            settings[name] = graph.sections[name].read(table, f"{where} [{_section_title(name)}]", context=context)
    targets = _targets(header, graph, set(tables), given, where)
    return with_targets(Study(rung_files, path.stem, path, file, header, targets, settings, given, text), targets)


def with_targets(study: Study, targets: list[str]) -> Study:
    """The study with other targets: sections that they need get their defaults.

    Raises
    ------
    InputError
        A needed section is missing and has required fields.
    StudyError
        A needed quantity is neither given nor computable.
    """
    where, graph = str(study.path), study.graph
    settings = dict(study.settings)
    needed = study.needed_for(targets)
    for name in needed:
        if name in graph.sections and name not in settings:
            climbed = [node for node in needed if node in graph.nodes and node not in study.given]
            asking = next(node for node in climbed if name in graph.nodes[node].inputs.values())
            settings[name] = _default_section(name, asking, study)
        elif name not in graph.nodes and name not in study.given and name not in settings and name not in ALWAYS:
            wanted_by = next(node for node in graph.nodes.values() if name in node.inputs.values())
            raise StudyError(f"{where}: {graph.missing(name, wanted_by)}")
    found = replace(study, targets=targets, settings=settings)
    if settings.keys() == study.settings.keys():
        found.__dict__.update(graph=graph, _needed=study._needed, _reached=study._reached)
    return found


def _by_full_name(text: dict[str, Any], where: str, base: Graph) -> tuple[tuple[str, ...], dict[str, Any], dict[str, Any]]:
    """Materials of the study; tables of its sections and given values by full name: ``positive.crystal``."""
    known = ["study", "given", "materials", "rungs", *base.sections]
    for key in text:
        if key not in known:
            raise InputError(where, "", f"unknown section [{key}]", nearest(key, known))
        if not isinstance(text[key], dict):
            raise InputError(where, key, text[key], f"a section [{key}]")
    tables = {name: text[name] for name in base.sections if name in text}
    given = dict(text.get("given", {}))
    materials = text.get("materials", {})
    names = ["given", *base.material_sections]
    for material, table in materials.items():
        if material not in MATERIALS:
            raise InputError(f"{where} [materials]", material, "an unknown material", f"one of {', '.join(MATERIALS)}")
        if not isinstance(table, dict):
            raise InputError(f"{where} [materials]", material, table, f"sections [materials.{material}.{names[1]}], …")
        for key, item in table.items():
            if key not in names:
                expected = f"[{key}], once for all materials" if key in base.sections else nearest(key, names)
                raise InputError(where, "", f"unknown section [materials.{material}.{key}]", expected)
            if not isinstance(item, dict):
                raise InputError(f"{where} [materials.{material}]", key, item, f"a section [materials.{material}.{key}]")
        tables |= {f"{material}.{key}": item for key, item in table.items() if key != "given"}
        given |= {f"{material}.{key}": item for key, item in table.get("given", {}).items()}
    return tuple(materials), tables, given


def _section_title(name: str) -> str:
    return f"materials.{name}" if "." in name else name


def _stated_under(where: str, name: str) -> tuple[str, str]:
    """Place in the file and field of a given quantity."""
    material, _, quantity = name.rpartition(".")
    return f"{where} [materials.{material}.given]" if material else f"{where} [given]", quantity


def _known_quantity(name: str, graph: Graph) -> str:
    material, _, quantity = name.rpartition(".")
    known = [*graph.nodes, *graph.givens]
    if not material:
        once = [full for full in known if full.endswith(f".{name}")]
        if once:
            return f"it under [materials.{once[0].partition('.')[0]}.given]: each material has its own"
        return nearest(quantity, [full for full in known if "." not in full])
    return nearest(quantity, [full.partition(".")[2] for full in known if full.startswith(f"{material}.")])


def _context(
    graph: Graph, section: str, given: set[str], tables: Mapping[str, Any], path: Path, *, allow_code: bool
) -> dict[str, Any]:
    """What a section may want to know of its study: folder, other sections (and which its material has), optional inputs of
    rungs that are reached.
    """
    material = section.rpartition(".")[0]
    reached = {
        key
        for node in graph.nodes.values()
        if node.name.rpartition(".")[0] == material
        for key, name in node.inputs.items()
        if key in node.rung.optional and graph.reached(name, given, set(tables))
    }
    own = {name for name in graph.material_sections if (f"{material}.{name}" if material else name) in tables}
    about = {"folder": path.parent, "reached": reached, "stated": tables, "own_sections": own, "allow_code": allow_code}
    return WRITTEN_BY_HAND | about


def _targets(header: Header, graph: Graph, present: set[str], given: Mapping[str, Any], where: str) -> list[str]:
    for target in header.targets:
        graph.check_target(target, f"{where} [study]", "targets")
    if header.targets:
        return list(header.targets)
    there, known = set(given), dict[str, bool]()
    reachable = [name for name in graph.nodes if graph.reached(name, there, present, known)]
    if not reachable:
        raise StudyError(
            f"{where}: nothing can be computed from its sections and given quantities; 'scalith rungs' shows what each needs"
        )
    return reachable


def _default_section(name: str, asking: str, study: Study) -> Settings:
    kind, where = study.graph.sections[name], str(study.path)
    if fields := required(kind):
        place = ".".join(["materials", asking.rpartition(".")[0], "given"]) if "." in asking else "given"
        expected = f"a section with {', '.join(fields)}, or {asking.rpartition('.')[2]} under [{place}]"
        raise InputError(where, f"[{_section_title(name)}]", "no such section", expected)
    return kind.read({}, where, context=WRITTEN_BY_HAND | {"folder": study.path.parent, "stated": study.text})


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


def _plausible(full: str, value: Any, quantity: Quantity, kind: type[Any], path: Path, results: str | Path | None) -> Any:
    """A given value; one outside its range is rejected unless ``implausible = true`` stands beside it."""
    where, name = _stated_under(str(path), full)
    stated, accepted = unwrapped(value)
    found = _given(full, stated, quantity, kind, path, results, accepted=accepted)
    if not isinstance(found, Property):
        if accepted:
            raise InputError(where, f"{name}.implausible", True, "nothing: a field of it may have its own")
        return found
    if accepted:
        return meant(found)
    require_plausible_property(found, where=where, field=name)
    return found


def _given(
    full: str, value: Any, quantity: Quantity, kind: type[Any], path: Path, results: str | Path | None, *, accepted: bool
) -> Any:
    where, name = _stated_under(str(path), full)
    if isinstance(value, (Property, Spec, xr.Dataset)):
        if kind is Property:
            return _checked(value, name, quantity, f"{where} {name}")
        if not isinstance(value, kind):
            raise InputError(where, name, type(value).__name__, f"a {type_words(kind)}")
        return value
    if kind is not Property and isinstance(value, dict) and not {"file", "results"} & set(value):
        if kinds := specifications(kind):
            context = WRITTEN_BY_HAND | {"folder": path.parent}
            return read_one_of(kinds, lambda one: one.read(value, f"{where} {name}", context=context))
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
        return _from_results(full, quantity, kind, stated, path, results)
    if stated.file is not None:
        return _from_file(full, quantity, kind, stated, path, accepted)
    if kind is not Property:
        raise InputError(where, name, stated.value, "a table, a file or another study's results")
    assert stated.value is not None
    number = stated.value
    if stated.standard_error is not None:
        number = {"value": number, "standard_error": stated.standard_error}
    try:
        found = parse_uncertain(number, quantity.unit, where=where, field=name)
    except InputError:
        formula = None if quantity.formula is None or not isinstance(number, str) else _formula(name, quantity, stated, where)
        if formula is None:
            raise
        return formula
    return Property.constant(name, found, quantity.unit, _source(stated, where))


def _formula(name: str, quantity: Quantity, stated: _Stated, where: str) -> Property | None:
    """A formula of the state, or `None` when the text is none."""
    assert quantity.formula is not None
    try:
        found = quantity.formula(stated.value)
    except InputError:
        return None
    source = _source(stated, where)
    if found.source.note:
        source = source.model_copy(update={"note": f"{source.note}; {found.source.note}" if source.note else found.source.note})
    return Property(name, found.values, quantity.unit, source)


def _source(stated: _Stated, where: str) -> Source:
    if stated.kind not in ("measured", "published", "assumed"):
        raise InputError(where, "kind", stated.kind, "measured, published or assumed")
    reference = stated.reference or "stated in the study, without a reference"
    return Source(kind=stated.kind, reference=reference, reference_state=stated.reference_state, note=stated.note)


def _from_file(full: str, quantity: Quantity, kind: type[Any], stated: _Stated, path: Path, accepted: bool) -> Any:
    where, name = _stated_under(str(path), full)
    where = f"{where} {name}"
    assert stated.file is not None
    file = _found(stated.file, where, path)
    if kind is Property:
        if file.path.endswith(".nc"):
            _alone(stated, where)
            return _checked(Property.load(file.path), name, quantity, where)
        told = _source(stated, where) if stated.model_fields_set - {"file"} else None
        return read_property_csv(file.path, name, quantity.unit, dict(quantity.over), source=told, implausible=accepted)
    _alone(stated, where)
    if kinds := specifications(kind):
        by_hand = not file.path.endswith(".json")
        stated_there = read_toml(file.path) if by_hand else _read_json(file.path)
        context = (WRITTEN_BY_HAND if by_hand else {}) | {"folder": Path(file.path).parent}
        return read_one_of(kinds, lambda one: one.read(stated_there, file.path, context=context))
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


def _from_results(full: str, quantity: Quantity, kind: type[Any], stated: _Stated, path: Path, results: str | Path | None) -> Any:
    where, name = _stated_under(str(path), full)
    where = f"{where} {name}"
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
        raise InputError(where, "quantity", type(value.value).__name__, f"a {type_words(kind)}")
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
