"""What the page first shows of a study, noted in its results folder: there before anything of the ladder is loaded.

An answer to the study as it is stated follows from its files and from this program. While all of them stand as they did when
the results of the folder were climbed, the page shows it at once; what is asked beyond waits until the study is read. Only into
a results folder whose last climb was of this study is anything written.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scalith.numerics.content_digest import program_digest
from scalith.quantities import ScalithError, write_text
from scalith.unchanged import last_finished

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
    inputs : dict of str to str
        Digests of the files that they follow from, by path.
    """

    def __init__(self, about: dict[str, Any], folder: Path, inputs: dict[str, str]) -> None:
        self.about, self.folder, self.inputs = about, folder, inputs

    @classmethod
    def find(cls, study: Path, results: Path) -> NotedAnswers | None:
        """Those of a results folder, where its last climb was of this study and all stands as it did; `None` otherwise.

        Parameters
        ----------
        study : path
            Study file, or the results folder.
        results : path
        """
        folder = results / FOLDER
        try:
            noted = json.loads((folder / _ABOUT).read_text(encoding="utf-8"))
            finished = last_finished(study if study.is_file() else noted["study"], results)
            if finished is None or noted["inputs"] != finished["inputs"] or noted["program"] != finished["program"]:
                return None
            return cls(dict(noted["about"]), folder, dict(noted["inputs"]))
        except (OSError, ValueError, TypeError, KeyError):
            return None

    def events(self, view: str) -> list[dict[str, Any]] | None:
        """What was told for a view; `None` where nothing is noted of these files."""
        if view not in [one["name"] for one in self.about["views"]]:
            return None
        try:
            noted = json.loads((self.folder / f"{view}.json").read_text(encoding="utf-8"))
            same = noted["program"] == program_digest() and noted["inputs"] == self.inputs
            return list(noted["events"]) if same else None
        except (OSError, ValueError, TypeError, KeyError):
            return None


def is_whole(events: Sequence[Mapping[str, Any]]) -> bool:
    """Whether nothing failed and every picture was drawn: what lacks something is tried again when it is asked for."""
    return not any(event.get("failed") or event.get("not_drawn") for event in events)


def note_answer(study: Study, results: Path, about: Mapping[str, Any], view: str, events: Sequence[Mapping[str, Any]]) -> None:
    """Note an answer to the study as it is stated, where the folder holds results of just this study.

    What cannot be written is not, nor an answer that lacks something.

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
    from scalith.ladder.results_folder import MARKER

    if not is_whole(events):
        return
    folder, finished = results / FOLDER, last_finished(study.path, results)
    if finished is None or finished["inputs"] != dict(study.files) or not (results / MARKER).is_file() or folder.is_symlink():
        return
    noted = {"program": program_digest(), "inputs": dict(study.files)}
    with suppress(OSError, ScalithError):
        folder.mkdir(exist_ok=True)
        write_text(folder / f"{view}.json", json.dumps(noted | {"events": list(events)}))
        write_text(folder / _ABOUT, json.dumps(noted | {"study": str(study.path.resolve()), "about": dict(about)}))
