"""Say that kernels are being compiled, where they are not yet in the cache; compile them beside other work."""

from __future__ import annotations

import atexit
import os
import subprocess
import sys
import time
from functools import cache

from scalith.numerics.compiled import _kernels_digest, cache_folder

_beside: dict[str, subprocess.Popen[bytes]] = {}
"""Processes that compile, by package."""
_announced: set[str] = set()


def compile_beside(package: str, kernel: str, module: str) -> None:
    """Compile the kernels of a package in a process of its own while this one does other work.

    Nothing is done where they are in the cache, where a process is at it, or on a single core. Who needs them waits in
    `announce_first_compilation`; a process that fails has compiled nothing, and they are compiled when called.

    Parameters
    ----------
    package, kernel : str
        As for `announce_first_compilation`.
    module : str
        What ``python -m`` runs: it calls the kernels once.
    """
    if package in _beside or _in_cache(package, kernel) or (os.cpu_count() or 1) < 2:
        return
    silent = subprocess.DEVNULL
    command = [sys.executable, "-m", module]
    try:  # in a session of its own: Ctrl-C is not for it, it ends with this process
        process = subprocess.Popen(command, stdin=silent, stdout=silent, stderr=silent, start_new_session=True)
    except OSError:
        return
    _beside[package] = process
    atexit.register(process.terminate)


@cache
def announce_first_compilation(package: str, kernel: str) -> None:
    """One line to standard error where a kernel of a package is not in the cache: its first call takes a while.

    Waits for the process that compiles it, if there is one: until it has, or has ended.

    Parameters
    ----------
    package : str
        ``"cell"``.
    kernel : str
        The compiled function that the others are part of.
    """
    if _in_cache(package, kernel):
        return
    if package not in _announced:
        _announced.add(package)
        print(f"scalith.{package}: compiling kernels, once, about a minute", file=sys.stderr, flush=True)
    beside = _beside.get(package)
    while beside is not None and beside.poll() is None and not _in_cache(package, kernel):
        time.sleep(0.1)


def _in_cache(package: str, kernel: str) -> bool:
    folder = cache_folder() / "kernels" / _kernels_digest(package)
    return any(folder.rglob(f"*.{kernel}-*.py{sys.version_info.major}{sys.version_info.minor}*.nbi"))
