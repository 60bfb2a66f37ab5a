"""Where a given quantity comes from: the file that a study names, or the results of another study."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from scalith.ladder.study import Study
from scalith.quantities import FileRecord, Source, file_digest, shipped


def stated_given(study: Study, name: str) -> Any:
    """What the study states of a given quantity; a material may stand before its name."""
    material, _, quantity = name.rpartition(".")
    table: Any = study.text.get("materials", {}).get(material, {}) if material else study.text
    return table.get("given", {}).get(quantity)


def with_given_file(source: Source, study: Study, name: str) -> Source:
    """The source of a given specification with the file that it was read from."""
    stated = stated_given(study, name)
    file = stated.get("file") if isinstance(stated, Mapping) else stated
    if not isinstance(file, str):
        return source
    path = shipped(file.removeprefix("shipped:")) if file.startswith("shipped:") else study.path.parent / file
    if not Path(path).is_file():
        return source
    record = FileRecord(name=Path(path).name, digest=file_digest(path))
    known = {item.digest for item in source.files}
    return source if record.digest in known else source.model_copy(update={"files": (*source.files, record)})


def given_results(study: Study, name: str, folder: Path) -> tuple[str, str]:
    """Results folder that a given quantity is taken from, as seen from `folder`, and the quantity there; empty without one."""
    stated = stated_given(study, name)
    if not isinstance(stated, Mapping) or "results" not in stated:
        return "", ""
    other = (study.path.parent / str(stated["results"])).resolve()
    return Path(os.path.relpath(other, folder.resolve())).as_posix(), str(stated.get("quantity", name.rpartition(".")[2]))
