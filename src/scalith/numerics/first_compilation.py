"""Say that kernels are being compiled, where they are not yet in the cache."""

from __future__ import annotations

import sys
from functools import cache

from scalith.numerics.compiled import _kernels_digest, cache_folder


@cache
def announce_first_compilation(package: str, kernel: str) -> None:
    """One line to standard error where a kernel of a package is not in the cache: its first call takes a while.

    Parameters
    ----------
    package : str
        ``"cell"``.
    kernel : str
        The compiled function that the others are part of.
    """
    folder = cache_folder() / "kernels" / _kernels_digest(package)
    if not any(folder.rglob(f"*.{kernel}-*.nbi")):
        print(f"scalith.{package}: compiling kernels, once, about a minute", file=sys.stderr, flush=True)
