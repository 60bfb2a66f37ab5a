"""What the page first shows of a study, noted in its results folder: there before anything of the ladder is loaded.

An answer to the study as it is stated follows from its files and from this program. While all of them stand as noted, the page
shows it at once; what is asked beyond waits until the study is read. Only a results folder that is there is written to.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scalith.numerics.content_digest import program_digest
from scalith.quantities import ScalithError, write_text
from scalith.unchanged import all_stand

if TYPE_CHECKING:
    from scalith.ladder import Study

FOLDER = ".explorer"
"""In the results folder."""

_ABOUT = "about.json"


class NotedAnswers:
    """Answers to the study as it is stated.

    Attributes
    ----------
    about : dict
        As `Explorer.about` gives it.
    folder : path
        Where the answers of the views are.
    """

    def __init__(self, about: dict[str, Any], folder: Path) -> None:
        self.about, self.folder = about, folder

    @classmethod
    def find(cls, study: Path, results: Path) -> NotedAnswers | None:
        """Those of a results folder, where they are of this study as it stands; `None` otherwise."""
        folder = results / FOLDER
        try:
            noted = json.loads((folder / _ABOUT).read_text(encoding="utf-8"))
            inputs = dict(noted["inputs"])
            if noted["program"] != program_digest() or (study.is_file() and str(study.resolve()) not in inputs):
                return None
            return cls(dict(noted["about"]), folder) if all_stand(inputs) else None
        except (ScalithError, OSError, ValueError, TypeError, KeyError):
            return None

    def events(self, view: str) -> list[dict[str, Any]] | None:
        """What was told for a view; `None` where nothing is noted."""
        if view not in [one["name"] for one in self.about["views"]]:
            return None
        try:
            noted = json.loads((self.folder / f"{view}.json").read_text(encoding="utf-8"))
            return list(noted["events"]) if noted["program"] == program_digest() else None
        except (OSError, ValueError, TypeError, KeyError):
            return None


def note_answer(study: Study, results: Path, about: Mapping[str, Any], view: str, events: Sequence[Mapping[str, Any]]) -> None:
    """Note an answer to the study as it is stated; what cannot be written is not.

    Parameters
    ----------
    study : Study
    results : path
        Its results folder.
    about : dict
        As `Explorer.about` gives it.
    view : str
    events : sequence of dict
        What was told.
    """
    if not results.is_dir() or not study.files:
        return
    folder = results / FOLDER
    with suppress(OSError, ScalithError):
        if NotedAnswers.find(study.path, results) is None:  # those of other files or another program
            for old in folder.glob("*.json"):
                old.unlink()
        folder.mkdir(exist_ok=True)
        program = program_digest()
        write_text(folder / f"{view}.json", json.dumps({"program": program, "events": list(events)}))
        noted = {"program": program, "inputs": dict(study.files), "about": dict(about)}
        write_text(folder / _ABOUT, json.dumps(noted))
