"""How finely a cell is discretised."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Mesh:
    """Finite volumes: number across each layer, growth of their width away from the separator, nodes in a grain.

    Attributes
    ----------
    negative, separator, positive : int
        Volumes across each layer.
    growth : float
        Width of the last volume of an electrode (at its collector) over the first (at the separator).
    nodes : int
        Nodes from the centre of a grain to its surface.
    finest : float
        Distance of the two outermost nodes over the radius.
    """

    negative: int = 12
    separator: int = 3
    positive: int = 10
    growth: float = 1.0
    nodes: int = 16
    finest: float = 0.008
