"""The graph of rungs, read from the rung modules; Hamilton wires and runs it."""

from __future__ import annotations

import importlib
import pkgutil
from dataclasses import dataclass
from functools import cache
from inspect import signature
from types import ModuleType
from typing import Any, get_type_hints

import scalith.ladder.rungs as _rungs
from scalith.ladder.quantity import Quantity, Settings


@dataclass(frozen=True)
class Rung:
    """One function of the ladder.

    Attributes
    ----------
    name : str
        The quantity.
    scale : str
        Module it lives in: ``"lattice"``.
    quantity : Quantity
        Title, unit, headline.
    needs : dict of str to type
        Parameters with their types: quantities and sections of the study.
    optional : frozenset of str
        Those of them that it does without (``= None``) in a study that neither computes nor gives them.
    returns : type
        `Property`, a `Spec` or `xarray.Dataset`.
    doc : str
        First paragraph of the docstring.
    """

    name: str
    scale: str
    quantity: Quantity
    needs: dict[str, type[Any]]
    optional: frozenset[str]
    returns: type[Any]
    doc: str


ALWAYS = ("seed",)
"""Inputs that the study's header provides to every rung that asks for them."""

SCALES = ("atoms", "crystal", "lattice", "lab", "electrode", "cell", "pack", "safety")
"""Rung modules from the bottom of the ladder to its top."""


def rung_modules() -> list[ModuleType]:
    """The modules in `scalith.ladder.rungs`, from atoms upwards."""
    found = {module.name for module in pkgutil.iter_modules(_rungs.__path__)}
    order = [scale for scale in SCALES if scale in found] + sorted(found - set(SCALES))
    return [importlib.import_module(f"{_rungs.__name__}.{name}") for name in order]


@cache
def rungs() -> dict[str, Rung]:
    """All rungs by quantity, bottom to top."""
    found: dict[str, Rung] = {}
    for module in rung_modules():
        scale = module.__name__.rsplit(".", 1)[1]
        for name, function in vars(module).items():
            quantity = getattr(function, "quantity", None)
            if not isinstance(quantity, Quantity) or function.__module__ != module.__name__:
                continue
            hints = get_type_hints(function)
            returns = hints.pop("return")
            optional = frozenset(key for key, item in signature(function).parameters.items() if item.default is None)
            doc = (function.__doc__ or "").split("\n\n")[0].strip()
            found[name] = Rung(name, scale, quantity, hints, optional, returns, doc)
    return found


@cache
def given_only() -> dict[str, tuple[str, Quantity, type[Any]]]:
    """Quantities that no rung computes: (scale, quantity, type), from the modules' ``GIVEN``."""
    return {
        name: (module.__name__.rsplit(".", 1)[1], quantity, kind)
        for module in rung_modules()
        for name, (quantity, kind) in getattr(module, "GIVEN", {}).items()
    }


@cache
def sections() -> dict[str, type[Settings]]:
    """Sections that a study may have, with their specifications."""
    return {
        name: kind
        for item in rungs().values()
        for name, kind in item.needs.items()
        if isinstance(kind, type) and issubclass(kind, Settings)
    }


def needed_for(targets: list[str], given: set[str], present: set[str] | None = None) -> list[str]:
    """Names that must be computed, given or read to reach `targets`, children before parents, given ones as leaves.

    An optional quantity is among them where it is given, or reached from the sections `present` in the study.
    """
    order: list[str] = []
    known = rungs()

    def visit(name: str) -> None:
        if name in order:
            return
        if name in known and name not in given:
            for parent in known[name].needs:
                if parent not in known[name].optional or reached(parent, given, present or set()):
                    visit(parent)
        order.append(name)

    for target in targets:
        visit(target)
    return order


def reached(name: str, given: set[str], present: set[str]) -> bool:
    """Whether a quantity is given, or computed from what is given and from sections that the study has or need not have."""
    known, own = rungs(), sections()

    def there(leaf: str) -> bool:
        unasked = leaf in own and not any(field.is_required() for field in own[leaf].model_fields.values())
        return leaf in known or leaf in given or leaf in present or leaf in ALWAYS or unasked

    return (name in known or name in given) and all(there(leaf) for leaf in needed_for([name], given, present))
