"""Entries of the ledger from the values of a climb, wherever these are kept."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from scalith.ladder.given_origin import with_given_file
from scalith.ladder.ledger import Entry, headline
from scalith.ladder.numbers import error_parts, ledger_number
from scalith.ladder.quantity import InputFile
from scalith.ladder.run import Run
from scalith.ladder.store import value_source
from scalith.ladder.study import Study
from scalith.quantities import FileRecord, Source, predicted


def entry_of(name: str, study: Study, run: Run) -> Entry:
    """What a climb found of a quantity, or what the study states in a section; no file.

    Parameters
    ----------
    name : str
        Of a quantity or section that `run` has a value of.
    study : Study
    run : Run
    """
    value = run.values[name]
    if name in study.settings:
        source = Source(kind="assumed", reference="stated in the study", files=(study.file, *_files(value)))
        return Entry(
            quantity=name,
            title=f"settings [{name}]",
            scale="study",
            origin="study",
            headline=_brief(value),
            source=source,
            digest=run.digests[name],
        )
    node, about = study.graph.nodes.get(name), study.graph.about(name)
    assert about is not None
    quantity = about.quantity
    computed = name in run.kept and name not in study.given
    inputs = list(node.inputs.values()) if computed and node else []
    number = ledger_number(name, value, quantity.unit)
    source = value_source(value) or _stated_source(value, node.rung.path if computed and node else "")
    return Entry(
        quantity=name,
        title=f"{name.rpartition('.')[0]}: {quantity.title}" if "." in name else quantity.title,
        scale=about.scale,
        origin="computed" if computed else "given",
        headline=headline(value, quantity.headline),
        value=number.value,
        standard_error=number.standard_error,
        error_parts=error_parts(value),
        unit=number.unit or quantity.unit,
        value_of=number.words,
        source=source if computed else with_given_file(source, study, name),
        digest=run.digests[name],
        parents={parent: run.digests[parent] for parent in inputs if parent in run.digests},
        seconds=run.kept[name].seconds if computed else 0.0,
    )


def _stated_source(value: Any, computed_by: str) -> Source:
    """Source of a specification that carries a reference at most."""
    reference = str(getattr(value, "reference", ""))
    if computed_by:
        return predicted(computed_by, reference=reference)
    return Source(kind="published" if reference else "assumed", reference=reference or "stated in the study")


def _files(value: Any) -> tuple[FileRecord, ...]:
    def within(stated: Any) -> Iterator[InputFile]:
        if isinstance(stated, InputFile):
            yield stated
        elif isinstance(stated, (tuple, list)):
            for item in stated:
                yield from within(item)
        elif isinstance(stated, dict):
            yield from within(list(stated.values()))

    found = within([getattr(value, field) for field in type(value).model_fields])
    return tuple(FileRecord(name=item.name, digest=item.content) for item in found)


def _shown(item: Any) -> str:
    return str(item["name"]) if isinstance(item, dict) and "content" in item else str(item)


def _brief(value: Any) -> str:
    stated = value.model_dump(mode="json", exclude_defaults=True)
    text = ", ".join(f"{key} = {_shown(item)}" for key, item in stated.items())
    return text if len(text) <= 160 else text[:157] + "…"
