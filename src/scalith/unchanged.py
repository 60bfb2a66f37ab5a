"""A climb that has nothing to do: told by the files alone, before anything of the ladder is loaded.

What the last climb depended on (the study, the files that it names, this program, what was asked) and what it wrote are noted
by digest. While all of that stands as noted, a climb would end with the very files that are there.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scalith.numerics.content_digest import program_digest
from scalith.quantities import ScalithError, file_digest, write_text
from scalith.quantities.digests import folder_digest

if TYPE_CHECKING:
    from scalith.ladder.study import Study

FILE = ".scalith-finished.json"
"""In the results folder; without it a study is climbed."""


def nothing_changed(study: Path, folder: Path, asked: Mapping[str, Any]) -> int | None:
    """Whether a climb would change nothing: then the number of computed quantities, else `None`.

    Parameters
    ----------
    study : path
        Study file.
    folder : path
        Its results folder.
    asked : dict
        What decides what is climbed and written: ``until``, ``draws``, ``report``.
    """
    try:
        noted = json.loads((folder / FILE).read_text(encoding="utf-8"))
        inputs, results = dict(noted["inputs"]), dict(noted["results"])
        if noted["asked"] != dict(asked) or noted["program"] != program_digest() or str(study.resolve()) not in inputs:
            return None
        if not all_stand(inputs) or not all_stand({str(folder / name): digest for name, digest in results.items()}):
            return None
        # Rungs of installed packages are known only when they are loaded.
        return None if entry_points(group=noted["entry_points"]) else int(noted["computed"])
    except (ScalithError, OSError, ValueError, TypeError, KeyError):
        return None


def all_stand(files: Mapping[str, str]) -> bool:
    """Whether files and folders are as their digests say, by path.

    Raises
    ------
    InputError
        One that cannot be read.
    """
    return all((folder_digest if Path(path).is_dir() else file_digest)(path) == digest for path, digest in files.items())


def note_finished(study: Study, folder: Path, asked: Mapping[str, Any], computed: int) -> None:
    """Note what a finished climb depended on and what it wrote.

    Parameters
    ----------
    study : Study
    folder : path
    asked : dict
        As for `nothing_changed`.
    computed : int
        Number of computed quantities.
    """
    from scalith.ladder.graph import ENTRY_POINTS
    from scalith.ladder.ledger import FILE as LEDGER
    from scalith.ladder.results_folder import MARKER, written_files
    from scalith.report.page import FILE as REPORT

    if entry_points(group=ENTRY_POINTS):
        return  # what an installed package adds is not told by files
    written = [file for files in written_files(folder).values() for file in files]
    written += [MARKER, LEDGER, *([REPORT] if asked.get("report") else [])]
    results = {name: file_digest(folder / name) for name in written if (folder / name).is_file()}
    noted = {
        "asked": dict(asked),
        "program": program_digest(),
        "computed": computed,
        "entry_points": ENTRY_POINTS,
        "inputs": dict(study.files),
        "results": results,
    }
    write_text(folder / FILE, json.dumps(noted, indent=1))
