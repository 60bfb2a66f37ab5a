"""The one way in which a kernel is compiled: Numba, cached on disk, no Python objects."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, TypeVar, cast

from scalith.numerics.content_digest import digest

Kernel = TypeVar("Kernel", bound=Callable[..., Any])

_one_at_a_time = threading.Lock()
_PACKAGE = Path(__file__).resolve().parents[1]
_CALLED_BY_ALL = ("numerics", "quantities", "interface", "particle", "reactions")
"""Packages whose kernels are called from kernels of other packages."""
_CALLED_IN_NUMERICS = ("cubic_hermite", "rosenbrock", "small_matrices")
"""What kernels take from numerics besides its kernel files: interpolation, coefficients, LU factors."""


def compiled(function: Kernel) -> Kernel:
    """Compile a kernel: a function of plain arrays, numbers and kernel tables.

    Machine code is kept in the user's cache folder under a digest of the kernels' source. (Numba alone looks at
    one file's date only, and would keep calling old code of a kernel in another file.)

    A kernel has no comprehensions: beside one, Numba 0.68 drops what is written into the arrays of a named tuple.
    """
    return _decorate(function)


def compiled_in_place(function: Kernel) -> Kernel:
    """As `compiled`, for kernels that make no arrays and hand none back: references to arrays are not counted.

    In short loops the counting costs more than the arithmetic. (An array handed back would be freed twice; making one is
    refused by the compiler.)
    """
    return _decorate(function, _nrt=False)


def compiled_inside(function: Kernel) -> Kernel:
    """As `compiled_in_place`, for kernels that only kernels call: without the entrance for Python.

    To unpack a hundred arrays for Python takes the compiler ten times as long as the few lines that use them. Python must not
    call one: there is nothing to be called (a test gives it an entrance, see `tests/cell/entrance.py`).
    """
    return _decorate(function, _nrt=False, no_cpython_wrapper=True)


def compiled_inline(function: Kernel) -> Kernel:
    """As `compiled_in_place`, for the few lines that an inner loop calls: merged into the caller."""
    return _decorate(function, forceinline=True, _nrt=False)


def compiled_inline_inside(function: Kernel) -> Kernel:
    """As `compiled_inline`, without the entrance for Python: see `compiled_inside`."""
    return _decorate(function, forceinline=True, _nrt=False, no_cpython_wrapper=True)


def compiled_parallel(function: Kernel) -> Kernel:
    """As `compiled`, with ``numba.prange`` loops over threads: for the ensemble or grid level only."""
    return _decorate(function, parallel=True)


def _decorate(function: Kernel, **options: bool) -> Kernel:
    import numba

    file = Path(function.__code__.co_filename).resolve()
    with _one_at_a_time:  # the folder is a setting of Numba as a whole
        before = numba.config.CACHE_DIR
        numba.config.CACHE_DIR = str(cache_folder() / "kernels" / _kernels_digest(_package_of(file)))
        try:
            settings = {"cache": True, "error_model": "numpy", "nogil": True, "fastmath": {"contract"}, "no_cfunc_wrapper": True}
            dispatcher = numba.njit(**settings, **options)(function)
        finally:
            numba.config.CACHE_DIR = before
    return cast(Kernel, dispatcher)


def _package_of(path: Path) -> str:
    try:
        return path.relative_to(_PACKAGE).parts[0]
    except ValueError:
        return "outside"


@cache
def cache_folder() -> Path:
    """The user's folder for what is worth keeping between runs: ``SCALITH_CACHE``, else the system's cache folder."""
    base = os.environ.get("SCALITH_CACHE") or os.environ.get("XDG_CACHE_HOME", str(Path.home() / ".cache"))
    return Path(base) / "scalith"


@cache
def _kernels_digest(package: str) -> str:
    files = [Path(__file__)]  # the options of compilation count as well
    # A user's own kernel may take anything from any package.
    packages = {path.name for path in _PACKAGE.iterdir() if path.is_dir()} if package == "outside" else {package}
    for name in packages | set(_CALLED_BY_ALL):
        for path in (_PACKAGE / name).rglob("*.py"):
            called = name == "numerics" and path.stem in _CALLED_IN_NUMERICS
            if called or "kernel" in path.relative_to(_PACKAGE / name).as_posix():
                files.append(path)
    return digest([[path.name, path.read_text(encoding="utf-8")] for path in sorted(files)])[:16]
