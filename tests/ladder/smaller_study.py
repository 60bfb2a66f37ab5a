"""An example with few samples: same rungs, less precise."""

from __future__ import annotations


def smaller(text: str, changes: dict[str, str]) -> str:
    """`text` with each key replaced; a key that the example no longer has is an error."""
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new)
    return text
