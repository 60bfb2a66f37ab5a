"""Digests of files and of data sets."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scalith.numerics.content_digest import digest
from scalith.quantities.errors import InputError

if TYPE_CHECKING:
    import xarray as xr


_counted: ContextVar[dict[str, str] | None] = ContextVar("counted", default=None)


@contextmanager
def counted_files() -> Iterator[dict[str, str]]:
    """The files whose digests are asked for within the block, digest by full path: what is read there depends on them."""
    files: dict[str, str] = {}
    token = _counted.set(files)
    try:
        yield files
    finally:
        _counted.reset(token)


def file_digest(path: str | Path) -> str:
    """SHA-256 (32 hexadecimal digits) of a file's bytes; one that cannot be read gives an `InputError` that names it."""
    try:
        with Path(path).open("rb") as stream:
            found = hashlib.file_digest(stream, "sha256").hexdigest()[:32]
    except OSError as error:
        raise InputError(str(path), "", (error.strerror or str(error)).lower(), "a file that can be read") from None
    if (files := _counted.get()) is not None:
        files[str(Path(path).resolve())] = found
    return found


def folder_digest(path: str | Path) -> str:
    """Digest of what a folder holds: names and sizes of all files below it, not what stands in them."""
    folder = Path(path)
    files = sorted(item for item in folder.rglob("*") if item.is_file())
    found = digest([[item.relative_to(folder).as_posix(), item.stat().st_size] for item in files])
    if (counted := _counted.get()) is not None:
        counted[str(folder.resolve())] = found
    return found


def dataset_digest(data: xr.Dataset) -> str:
    """Digest of a dataset: dimensions, variables, coordinates and all attributes."""
    import numpy as np

    variables = [
        [str(name), [str(dim) for dim in variable.dims], np.asarray(variable.values), _plain(variable.attrs)]
        for name, variable in sorted(data.variables.items(), key=lambda item: str(item[0]))
    ]
    return digest(variables, _plain(data.attrs))


def _plain(attributes: dict[Any, Any]) -> dict[str, Any]:
    import numpy as np

    plain = {str(key): value.tolist() if isinstance(value, np.ndarray) else value for key, value in attributes.items()}
    # A NetCDF file does not tell a list of one from its item.
    return {key: value[0] if isinstance(value, (list, tuple)) and len(value) == 1 else value for key, value in plain.items()}
