"""First guesses of a circuit's parameters from the distribution of relaxation times of the spectrum itself."""

from __future__ import annotations

from itertools import islice, permutations

import numpy as np
from numpy.typing import NDArray

from scalith.lab.impedance.circuit import Circuit, Node
from scalith.lab.impedance.relaxation_distribution import quick_relaxations

Array = NDArray[np.float64]
Relaxation = tuple[float, float]
"""Time constant in s, resistance in ohm."""
_INDUCTORS = ("L", "La")
_BLOCKING = ("C", "Q", "CPE", "W", "Wo", "Wop", "S", "Cy", "TLMQ")
_DIFFUSION = ("W", "Wo", "Wop", "Ws", "Wsp", "S", "Cy", "G", "Gs")
_ORDERS = 6
"""Orders in which the parts of the circuit are given the relaxations found, at most."""


def circuit_starts(circuit: Circuit, f: Array, z: NDArray[np.complex128]) -> tuple[list[Array], float]:
    """Starts for a fit, most plausible first, and the relative deviation that a distribution of relaxation times is left with.

    The distribution gives the series resistance, the inductance and its peaks (τ, R). Each part of the circuit that relaxes
    takes as many peaks as it has relaxations, the first part the fastest; other orders are further starts. A part that blocks
    at low
    frequency takes its size from the last points.
    """
    parts = list(circuit.root.branches) if circuit.root.kind == "series" else [circuit.root]
    symbols = {leaf.symbol for leaf in circuit.elements()}
    blocked = any(_blocks(part) for part in parts)
    setting, peaks, deviation = quick_relaxations(f, z, inductance=bool(symbols & set(_INDUCTORS)), series_capacitance=blocked)
    low = int(np.argmin(f))
    tail = (1.0 / (2.0 * np.pi * float(f[low])), max(abs(float(z[low].imag)), 1e-3 * abs(z[low])))
    relaxing = [part for part in parts if part.kind != "element" or part.symbol not in ("R", *_INDUCTORS)]
    orders = list(islice(permutations(range(len(relaxing))), _ORDERS)) or [()]
    starts = []
    for stretch in (1.0, 5.0) if blocked or symbols & set(_DIFFUSION) else (1.0,):
        for order in orders:
            values: dict[str, tuple[float, ...]] = {}
            resistors = sum(part.kind == "element" and part.symbol == "R" for part in parts)
            lowest = max(setting["R_infinity"], 1e-3 * float(np.abs(z).min())) / max(resistors, 1)
            for part in parts:
                if part.kind == "element" and part.symbol == "R":
                    values[part.name] = (lowest,)
                elif part.kind == "element" and part.symbol in _INDUCTORS:
                    inductance = max(setting.get("L", 0.0), 1e-3 * float(np.abs(z).min()) / (2.0 * np.pi * float(f.max())))
                    values[part.name] = (inductance, 1.0)[: 1 + (part.symbol == "La")]
            _share_out([relaxing[k] for k in order], peaks, (tail[0] * stretch, tail[1]), values)
            starts.append(np.array([value for leaf in circuit.elements() for value in values[leaf.name]]))
    return starts, deviation


def _share_out(parts: list[Node], peaks: list[Relaxation], tail: Relaxation, values: dict[str, tuple[float, ...]]) -> None:
    counts = [0 if part.kind == "element" and part.symbol in _BLOCKING else _relaxations(part) for part in parts]
    found = _exactly(sum(counts), peaks, tail)
    at = 0
    for part, count in zip(parts, counts, strict=True):
        _fill(part, found[at : at + count] or [tail], tail, values)
        at += count


def _exactly(count: int, peaks: list[Relaxation], tail: Relaxation) -> list[Relaxation]:
    """So many relaxations by τ: the largest of those found, or further ones, each ten times slower and a third as large."""
    if len(peaks) > count:
        largest = sorted(peaks, key=lambda peak: -peak[1])[:count]
        return sorted(largest)
    found = list(peaks) or [(0.1 * tail[0], tail[1])] * min(count, 1)
    while 0 < len(found) < count:
        found.append((10.0 * found[-1][0], found[-1][1] / 3.0))
    return found


def _blocks(node: Node) -> bool:
    """Whether no direct current passes."""
    if node.kind == "element":
        return node.symbol in _BLOCKING
    if node.kind == "series":
        return any(_blocks(branch) for branch in node.branches)
    return all(_blocks(branch) for branch in node.branches) if node.kind == "parallel" else _blocks(node.branches[-1])


def _leaves(node: Node) -> list[Node]:
    return [node] if node.kind == "element" else [leaf for branch in node.branches for leaf in _leaves(branch)]


def _relaxations(node: Node) -> int:
    """One for the part itself, one more for each diffusion inside it."""
    if node.kind == "element":
        return 1
    return max(1, sum(leaf.symbol in _DIFFUSION for leaf in _leaves(node)) + 1)


def _fill(node: Node, found: list[Relaxation], tail: Relaxation, values: dict[str, tuple[float, ...]]) -> None:
    own, later = found[0], list(found[1:])
    for leaf in _leaves(node):
        relaxation = own
        if leaf.symbol in _DIFFUSION and node.kind != "element":
            relaxation = later.pop(0) if later else (10.0 * own[0], own[1])
        if leaf.symbol in ("W", "Wo", "Wop", "S", "Cy") and _blocks(node):
            relaxation = tail
        values[leaf.name] = _values(leaf.symbol, *relaxation)
    if node.kind == "line":
        for rail in node.branches[:-1]:
            for leaf in _leaves(rail):
                if leaf.symbol == "R":
                    values[leaf.name] = (3.0 * own[1],)


def _values(symbol: str, tau: float, resistance: float) -> tuple[float, ...]:
    r, t = max(resistance, 1e-12), tau
    table: dict[str, tuple[float, ...]] = {
        "R": (r,),
        "C": (t / r,),
        "L": (r * t,),
        "La": (r * t, 1.0),
        "W": (r / np.sqrt(t),),
        "Q": (t**0.85 / r, 0.85),
        "CPE": (t**0.85 / r, 0.85),
        "TLMQ": (3.0 * r, t**0.85 / r, 0.85),
        "T": (r, 0.5 * r, 1.0, t),
        "Gs": (r, t, 1.0),
        "HN": (r, t, 0.85, 0.9),
        "Zarc": (r, t, 0.85),
        "Ws": (r, 2.5 * t),
        "Wsp": (r, 2.5 * t, 0.48),
        "Wop": (r, t, 0.48),
    }
    return table.get(symbol, (r, t))
