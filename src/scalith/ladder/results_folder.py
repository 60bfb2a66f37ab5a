"""The results folder of a study: one run at a time, finished values kept, published files whole."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from scalith.quantities import StudyError, whole_file


@contextmanager
def opened(folder: Path) -> Iterator[Path]:
    """Create the folder, check that it can be written, and hold it for this run.

    The lock is the operating system's: it ends with the process, also when that is killed.

    Raises
    ------
    StudyError
        The folder cannot be written, or another run holds it.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        stream = (folder / ".lock").open("a+")
    except OSError as error:
        raise StudyError(
            f"{folder}: found a results folder that cannot be written ({error.strerror}); "
            "expected a writable one, choose another with --out"
        ) from None
    with stream:
        if not _lock(stream.fileno()):
            stream.seek(0)
            holder = stream.read().strip() or "another process"
            raise StudyError(
                f"{folder}: found a run in progress in this results folder ({holder}); "
                "expected one run at a time: wait for it, or choose another folder with --out"
            )
        stream.seek(0)
        stream.truncate()
        stream.write(f"process {os.getpid()}")
        stream.flush()
        for part in folder.rglob(".*.part"):  # what a killed run left half written
            part.unlink(missing_ok=True)
        yield folder


def _lock(descriptor: int) -> bool:
    if os.name == "nt":
        import msvcrt

        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined, unused-ignore]
        except OSError:
            return False
        return True
    import fcntl

    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def publish(file: Path, target: Path) -> None:
    """Copy a kept value to its place in the results folder, whole or not at all."""
    with whole_file(target) as temporary:
        shutil.copyfile(file, temporary)
