"""The results folder of a study: marked as ours, one run at a time, finished values kept, published files whole."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import TextIO

from scalith.ladder.ledger import FILE as LEDGER_FILE
from scalith.ladder.ledger import read_ledger
from scalith.quantities import InputError, StudyError, whole_file, write_text

MARKER = ".scalith.json"
"""Says that a folder holds results, and which files a climb has written there: only those are ever removed."""

LOCK = ".scalith.lock"

FOLDERS = ("quantities", "ensemble")
"""Where published values stand, beside ``cache`` with what rungs found."""

_HALF_WRITTEN = re.compile(r"\..+\.[0-9a-f]{12}\.part")
"""Names under which `whole_file` writes before a file is whole."""


@contextmanager
def opened(folder: Path) -> Iterator[Path]:
    """Create the folder, check that it is ours and can be written, and hold it for this run.

    The lock is the operating system's: it ends with the process, also when that is killed.

    Raises
    ------
    StudyError
        The folder holds other files than results, cannot be written, or another run holds it.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _require_results(folder)
        stream = (folder / LOCK).open("a+")
    except OSError as error:
        raise StudyError(
            f"{folder}: found a results folder that cannot be written ({error.strerror}); "
            "expected a writable one, choose another with --out"
        ) from None
    with stream:
        _hold(stream, folder)
        stream.seek(0)
        stream.truncate()
        stream.write(f"process {os.getpid()}")
        stream.flush()
        if not (folder / MARKER).is_file():
            _write_marker(folder, _named_by_ledger(folder))
        for place in ("", "cache", *FOLDERS):  # what a killed run left half written
            for part in (folder / place).glob(".*.part"):
                if _HALF_WRITTEN.fullmatch(part.name) and part.is_file():
                    part.unlink(missing_ok=True)
        yield folder


def _require_results(folder: Path) -> None:
    found = sorted(path.name for path in folder.iterdir() if path.name != LOCK)
    if not found or MARKER in found:
        return
    if LEDGER_FILE in found and _readable(folder):  # climbed before results folders were marked
        return
    named = f"{found[0]!r}" if len(found) == 1 else f"{found[0]!r} and {len(found) - 1} more"
    raise StudyError(
        f"{folder}: found a folder that is not a results folder ({named} in it); "
        "expected a folder that is new, empty or made by an earlier climb: choose one with --out"
    )


def _readable(folder: Path) -> bool:
    try:
        read_ledger(folder)
    except InputError:
        return False
    return True


def set_damaged_ledger_aside(folder: Path) -> str:
    """Rename a ledger that cannot be read, so that it is neither lost nor in the way; says so, or gives an empty text."""
    if not (folder / LEDGER_FILE).exists() or _readable(folder):
        return ""
    number = 1
    while (aside := folder / f"ledger-set-aside-{number}.json").exists():
        number += 1
    (folder / LEDGER_FILE).rename(aside)
    return f"{folder / LEDGER_FILE} cannot be read (damaged, or of another version): it is set aside as {aside.name}"


def written_files(folder: Path) -> dict[str, list[str]]:
    """Files that climbs have written to the folder, by quantity; none where the note is damaged."""
    try:
        stated = json.loads((folder / MARKER).read_text(encoding="utf-8"))["written"]
        return {
            str(quantity): [str(file) for file in files if _is_ours(str(file), str(quantity))]
            for quantity, files in stated.items()
        }
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return {}


def note_files(folder: Path, files: Mapping[str, list[str]]) -> None:
    """Note, before they are written, files that the climb is about to publish."""
    noted = written_files(folder)
    _write_marker(folder, {name: sorted({*noted.get(name, ()), *files.get(name, ())}) for name in {**noted, **files}})


def keep_only(folder: Path, files: Mapping[str, list[str]]) -> None:
    """Remove files that climbs have written, other than `files`: they belong to other settings."""
    kept = {file for of_one in files.values() for file in of_one}
    for of_one in written_files(folder).values():
        for file in of_one:
            if file not in kept:
                (folder / file).unlink(missing_ok=True)
    _write_marker(folder, files)


def _is_ours(file: str, quantity: str) -> bool:
    """Whether a noted name can be one that a climb wrote: whatever a damaged note says, no other file is touched."""
    path = PurePosixPath(file)
    return len(path.parts) == 2 and path.parts[0] in FOLDERS and path.name.startswith(f"{quantity}.")


def _named_by_ledger(folder: Path) -> dict[str, list[str]]:
    if not (folder / LEDGER_FILE).is_file():
        return {}
    return {entry.quantity: [file for file in (entry.file, entry.ensemble_file) if file] for entry in read_ledger(folder).entries}


def _write_marker(folder: Path, files: Mapping[str, list[str]]) -> None:
    about = "Results folder of Scalith. Files named here are written, replaced and removed by climbs; others are left alone."
    write_text(folder / MARKER, json.dumps({"about": about, "written": dict(sorted(files.items()))}, indent=1))


def _hold(stream: TextIO, folder: Path) -> None:
    """Lock the open file until it is closed: never by a marker, which would outlive a process that is killed."""
    from filelock import lock_descriptor

    try:
        held = lock_descriptor(stream.fileno(), blocking=False)
    except OSError as error:
        raise StudyError(
            f"{folder}: found a results folder that cannot be locked ({error.strerror}); "
            "expected a file system with locks, choose another with --out"
        ) from None
    if held:
        return
    stream.seek(0)
    try:
        holder = stream.read().strip()
    except OSError:  # Windows keeps others from reading what is locked
        holder = ""
    raise StudyError(
        f"{folder}: found a run in progress in this results folder ({holder or 'another process'}); "
        "expected one run at a time: wait for it, or choose another folder with --out"
    )


def publish(file: Path, target: Path) -> None:
    """Copy a kept value to its place in the results folder, whole or not at all."""
    with whole_file(target) as temporary:
        shutil.copyfile(file, temporary)
