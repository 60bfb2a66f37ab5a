"""Answers that are made once for the same content, in this process: what members of an ensemble share and nothing draws."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

from scalith.numerics.content_digest import digest

Answer = TypeVar("Answer")

MOST = 32
"""Answers that are held, the newest."""

_KNOWN: OrderedDict[str, Any] = OrderedDict()


def remembered(make: Callable[[], Answer], *content: Any) -> Answer:
    """What `make` gives, made once for the same `content` (`scalith.numerics.content_digest.digest`).

    Parameters
    ----------
    make : callable
        Without arguments; what it gives must not be changed: arrays are made read-only.
    *content : object
        All that decides it, and a word for what it is.
    """
    key = digest(*content)
    known: Answer | None = _KNOWN.get(key)
    if known is not None:
        return known
    found = make()
    if isinstance(found, np.ndarray):
        found.setflags(write=False)
    _KNOWN[key] = found
    while len(_KNOWN) > MOST:
        _KNOWN.popitem(last=False)
    return found
