"""Content digests: the name under which a value is known wherever it travels."""

from __future__ import annotations

import hashlib
import json
from functools import cache
from pathlib import Path
from typing import Any


def digest(*parts: Any) -> str:
    """SHA-256 (32 hexadecimal digits) of plain data: numbers, text, arrays, lists, mappings, `None`.

    The same content gives the same digest on every machine; arrays count with dtype kind and shape, floats to the last bit.
    """
    state = hashlib.sha256()
    for part in parts:
        _feed(state, part)
    return state.hexdigest()[:32]


@cache
def package_digest() -> str:
    """Digest of the package's own source: results computed by other code are not reused."""
    # Pictures, the explorer and the command line compute nothing that is cached.
    return _source_digest((".py",), ("report", "app", "cli.py"))


@cache
def program_digest() -> str:
    """Digest of the whole package without its data: other code may say or draw the same values otherwise."""
    return _source_digest((".py", ".css", ".js"), ("data",))


def _source_digest(endings: tuple[str, ...], without: tuple[str, ...]) -> str:
    root = Path(__file__).resolve().parents[1]
    state = hashlib.sha256()
    for path in sorted(path for ending in endings for path in root.rglob(f"*{ending}")):
        if path.relative_to(root).parts[0] in without:
            continue
        state.update(path.relative_to(root).as_posix().encode())
        state.update(path.read_bytes())
    return state.hexdigest()[:32]


def _feed(state: Any, part: Any) -> None:
    import numpy as np  # not for the digests of files alone: a climb that has nothing to do starts sooner

    if isinstance(part, np.ndarray):
        if part.dtype.kind in "OUS":
            _feed(state, part.tolist())
            return
        array = np.ascontiguousarray(part)
        state.update(f"array:{array.dtype.str}:{array.shape};".encode())
        state.update(array.tobytes())
    elif isinstance(part, dict):
        state.update(b"{")
        for key in sorted(part):
            _feed(state, str(key))
            _feed(state, part[key])
        state.update(b"}")
    elif isinstance(part, (list, tuple)):
        state.update(b"[")
        for item in part:
            _feed(state, item)
        state.update(b"]")
    elif isinstance(part, (np.floating, np.integer, np.bool_)):
        _feed(state, part.item())
    elif part is None or isinstance(part, (str, int, float, bool)):
        state.update(json.dumps(part).encode())
        state.update(b";")
    else:
        raise TypeError(f"cannot take the digest of {type(part).__name__}")
