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
        What decides what is climbed and written: ``until``, ``draws``, ``plan``, ``reweight``, ``report``.
    """
    noted = last_finished(study, folder)
    try:
        if noted is None or noted["asked"] != dict(asked):
            return None
        results = {str(folder / name): digest for name, digest in dict(noted["results"]).items()}
        return int(noted["computed"]) if all_stand(results) else None
    except (ScalithError, OSError, ValueError, TypeError, KeyError):
        return None


def last_finished(study: str | Path, folder: Path) -> dict[str, Any] | None:
    """What `note_finished` noted in a results folder, while what that climb of `study` depended on stands; else `None`."""
    try:
        noted: dict[str, Any] = json.loads((folder / FILE).read_text(encoding="utf-8"))
        inputs, own = dict(noted["inputs"]), str(Path(study).resolve())
        # The study first: what a folder of another names is not read.
        if noted["program"] != program_digest() or own not in inputs or not all_stand({own: inputs[own]}):
            return None
        ledger = {str(folder / noted["ledger"]): noted["results"][noted["ledger"]]}
        # Rungs of installed packages are known only when they are loaded.
        return noted if all_stand(inputs | ledger) and not entry_points(group=noted["entry_points"]) else None
    except (ScalithError, OSError, ValueError, TypeError, KeyError):
        return None


def results_folder_of(study: str | Path, out: str | Path | None = None) -> Path:
    """The results folder that a study file, or that folder itself, leads to: ``results/NAME`` where no other is chosen."""
    path = Path(study)
    if path.is_dir():
        return path
    return Path("results") / path.stem if out is None else Path(out)


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
        "ledger": LEDGER,
        "inputs": dict(study.files),
        "results": results,
    }
    write_text(folder / FILE, json.dumps(noted, indent=1))
