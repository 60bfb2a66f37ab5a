"""Equivalent circuits as text: ``R0-p(R1-Ws1,Q1)``; parsed here, never evaluated as code."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from scalith.lab.impedance.elements import ELEMENTS, Complex, Parameter, Values, one_rail, two_rails
from scalith.quantities import InputError, nearest

_TOKEN = re.compile(r"\s*(?:(?P<name>[A-Za-z]+_?\d*)(?P<open>\s*\()?|(?P<sign>[-,()]))")


@dataclass(frozen=True)
class Node:
    """One element, or branches put together: in series, in parallel, or as a transmission line (rails, then interface)."""

    kind: Literal["element", "series", "parallel", "line"]
    symbol: str = ""
    name: str = ""
    branches: tuple[Node, ...] = ()


@dataclass(frozen=True)
class Circuit:
    """A circuit and the names of its parameters.

    Attributes
    ----------
    text : str
        As it was given.
    root : Node
    names : tuple of str
        ``"R0"``, ``"Q1.Q"``, ``"Q1.alpha"``, …: the element's name alone where it has one parameter.
    parameters : tuple of Parameter
        Unit and kind of each.
    """

    text: str
    root: Node
    names: tuple[str, ...]
    parameters: tuple[Parameter, ...]
    _of: dict[str, slice] = field(repr=False, compare=False)

    def impedance(self, frequencies: ArrayLike, values: Mapping[str, float] | Values) -> Complex:
        """Z at `frequencies` (Hz) with `values` by name, or in the order of `names`; ohm.

        Raises
        ------
        InputError
            A value is missing, unknown, or out of its range.
        """
        s = 2j * np.pi * np.atleast_1d(np.asarray(frequencies, dtype=np.float64))
        return self.with_derivatives(s, self.ordered(values))[0]

    def ordered(self, values: Mapping[str, float] | Values) -> NDArray[np.float64]:
        """Values in the order of `names`, checked."""
        if isinstance(values, Mapping):
            for name in values:
                if name not in self.names:
                    raise InputError(f"circuit {self.text!r}", name, "no such parameter", nearest(name, self.names))
            missing = [name for name in self.names if name not in values]
            if missing:
                raise InputError(f"circuit {self.text!r}", ", ".join(missing), "no value", "a value for each parameter")
            given = np.array([float(values[name]) for name in self.names])
        else:
            given = np.asarray(values, dtype=np.float64)
            if given.shape != (len(self.names),):
                raise InputError(f"circuit {self.text!r}", "values", given, f"{len(self.names)} numbers: {', '.join(self.names)}")
        self.require_values(dict(zip(self.names, given.tolist(), strict=True)))
        return given

    def require_values(self, values: Mapping[str, float]) -> None:
        """Raise InputError where a parameter is not positive, or an exponent is above one."""
        for name, value in values.items():
            exponent = self.parameters[self.names.index(name)].exponent
            if not (np.isfinite(value) and value > 0.0 and (not exponent or value <= 1.0)):
                bounds = "a number from 0 to 1" if exponent else "a positive number"
                raise InputError(f"circuit {self.text!r}", name, float(value), bounds)

    def with_derivatives(self, s: Complex, values: Values) -> tuple[Complex, Complex]:
        """Z at s = iω and ∂Z/∂p, one row a parameter; no check of the values."""
        rows = np.empty((len(self.names), s.size), dtype=np.complex128)
        return _evaluate(self.root, s, values, rows, self._of), rows

    def elements(self) -> list[Node]:
        """All elements from left to right."""
        return _leaves(self.root)


@lru_cache(maxsize=256)
def parse_circuit(text: str) -> Circuit:
    """Read the text of a circuit.

    ``-`` puts in series, ``p(…,…)`` in parallel. ``t(rail,interface)`` is a transmission line with one resistive rail and
    ``t(rail,rail,interface)`` one with two, each a circuit of its own that stands for the whole electrode: ``t(R1,Q1)`` is de
    Levie's pore, ``t(R1,R2,p(R3-S1,Q1))`` a porous electrode with charge transfer and diffusion into spheres. An element is a
    symbol (`ELEMENTS`) with a number.

    Raises
    ------
    InputError
        The text is no circuit: named with the place.
    """
    root, at = _series(text, 0)
    if text[at:].strip():
        raise InputError(f"circuit {text!r}", f"character {at + 1}", text[at:].strip(), "the end, '-' or ','")
    names: list[str] = []
    parameters: list[Parameter] = []
    places: dict[str, slice] = {}
    for leaf in _leaves(root):
        if leaf.name in places:
            raise InputError(f"circuit {text!r}", leaf.name, "the name twice", "a number of its own for each element")
        kind = ELEMENTS[leaf.symbol]
        places[leaf.name] = slice(len(names), len(names) + len(kind.parameters))
        for parameter in kind.parameters:
            names.append(leaf.name if len(kind.parameters) == 1 else f"{leaf.name}.{parameter.name}")
            parameters.append(parameter)
    return Circuit(text, root, tuple(names), tuple(parameters), places)


def _series(text: str, at: int) -> tuple[Node, int]:
    branches: list[Node] = []
    while True:
        branch, at = _branch(text, at)
        branches.append(branch)
        match = _TOKEN.match(text, at)
        if match is None or match["sign"] != "-":
            return (branches[0] if len(branches) == 1 else Node("series", branches=tuple(branches))), at
        at = match.end()


def _branch(text: str, at: int) -> tuple[Node, int]:
    match = _TOKEN.match(text, at)
    if match is None or match["name"] is None:
        found = text[at:].strip() or "the end"
        raise InputError(f"circuit {text!r}", f"character {at + 1}", found, "an element such as 'R0', or 'p(' or 't('")
    name = match["name"]
    if match["open"]:
        return _group(text, name, match.end())
    symbol = name.rstrip("0123456789").rstrip("_")
    if symbol not in ELEMENTS:
        raise InputError(f"circuit {text!r}", f"character {match.start('name') + 1}", name, nearest(symbol, ELEMENTS))
    return Node("element", symbol, name), match.end()


def _group(text: str, name: str, at: int) -> tuple[Node, int]:
    if name not in ("p", "t"):
        raise InputError(f"circuit {text!r}", f"character {at}", f"{name}(", "'p(' for parallel or 't(' for a transmission line")
    branches: list[Node] = []
    while True:
        branch, at = _series(text, at)
        branches.append(branch)
        match = _TOKEN.match(text, at)
        if match is None or match["sign"] not in (",", ")"):
            raise InputError(f"circuit {text!r}", f"character {at + 1}", text[at:].strip() or "the end", "',' or ')'")
        at = match.end()
        if match["sign"] == ")":
            break
    if name == "p":
        if len(branches) < 2:
            raise InputError(f"circuit {text!r}", "p(…)", "one branch", "two or more, parted by commas")
        return Node("parallel", branches=tuple(branches)), at
    if len(branches) not in (2, 3):
        raise InputError(f"circuit {text!r}", "t(…)", f"{len(branches)} parts", "one or two rails, then the interface")
    return Node("line", branches=tuple(branches)), at


def _leaves(node: Node) -> list[Node]:
    return [node] if node.kind == "element" else [leaf for branch in node.branches for leaf in _leaves(branch)]


def _evaluate(node: Node, s: Complex, values: Values, rows: Complex, places: Mapping[str, slice]) -> Complex:
    """Z of a node; the rows of its parameters are written into `rows`."""
    if node.kind == "element":
        at = places[node.name]
        z, own = ELEMENTS[node.symbol].impedance(s, values[at])
        rows[at] = own
        return z
    parts = [_evaluate(branch, s, values, rows, places) for branch in node.branches]
    if node.kind == "series":
        return np.asarray(sum(parts[1:], start=parts[0]))
    if node.kind == "parallel":
        z = np.asarray(1.0 / sum((1.0 / part for part in parts[1:]), start=1.0 / parts[0]))
        factors: Iterable[Complex] = ((z / part) ** 2 for part in parts)
    elif len(parts) == 2:
        z, *factors = one_rail(*parts)
    else:
        z, *factors = two_rails(*parts)
    for branch, factor in zip(node.branches, factors, strict=True):
        rows[_extent(branch, places)] *= factor
    return z


def _extent(node: Node, places: Mapping[str, slice]) -> slice:
    """Rows of the parameters of a node: its elements stand side by side."""
    while node.kind != "element":
        first, last = node.branches[0], node.branches[-1]
        if first is last:
            node = first
            continue
        return slice(_extent(first, places).start, _extent(last, places).stop)
    return places[node.name]
