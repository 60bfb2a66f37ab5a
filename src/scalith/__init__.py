"""Scalith climbs one ladder: from the energy of a few atoms to the heat of a pack.

Packages load when used: ``import scalith`` costs next to nothing, ``scalith.cell`` loads the cell scale.
"""

from __future__ import annotations

import importlib
from typing import Any

__version__ = "0.1.0"

_PACKAGES = (
    "numerics",
    "quantities",
    "crystal",
    "atoms",
    "lattice",
    "interface",
    "reactions",
    "particle",
    "electrode",
    "cell",
    "pack",
    "lab",
    "ladder",
    "report",
)

__all__ = ["__version__", *_PACKAGES]


def __getattr__(name: str) -> Any:
    if name in _PACKAGES:
        return importlib.import_module(f"scalith.{name}")
    raise AttributeError(f"module 'scalith' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
