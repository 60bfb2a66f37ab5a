"""How finely a cell is discretised."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields

from scalith.quantities import InputError


@dataclass(frozen=True)
class Mesh:
    """Finite volumes: number across each layer, growth of their width away from the separator, nodes in a particle.

    Attributes
    ----------
    negative, separator, positive : int
        Volumes across each layer.
    growth : float
        Width of the last volume of an electrode (at its collector) over the first (at the separator).
    nodes : int
        Nodes from the centre of a particle to its surface.
    finest : float
        Distance of the two outermost nodes over the radius.
    phase_field_nodes : int, optional
        Nodes of a particle that separates into phases, evenly spaced. Without it four across an interface, at least 12 and at
        most 300; a phase field that does not separate has the nodes of the other particles.
    """

    negative: int = 12
    separator: int = 3
    positive: int = 10
    growth: float = 1.0
    nodes: int = 16
    finest: float = 0.008
    phase_field_nodes: int | None = None

    def __post_init__(self) -> None:
        for name in ("negative", "separator", "positive"):
            if not getattr(self, name) >= 1:
                raise InputError("mesh", name, getattr(self, name), "at least one volume")
        if self.nodes < 2:
            raise InputError("mesh", "nodes", self.nodes, "at least two: the centre of a particle and its surface")
        if not self.growth > 0.0:
            raise InputError("mesh", "growth", self.growth, "a positive ratio")

    @property
    def text(self) -> str:
        """As results keep it: JSON of the numbers."""
        return json.dumps(asdict(self))

    @classmethod
    def read(cls, text: str, where: str = "mesh") -> Mesh:
        """The mesh of a result, from its ``attrs["mesh"]``.

        Raises
        ------
        InputError
            The text is none.
        """
        try:
            numbers = json.loads(text)
            known = {field.name for field in fields(cls)}
            if not isinstance(numbers, dict) or not set(numbers) <= known:
                raise ValueError
            return cls(**numbers)
        except (ValueError, TypeError):
            raise InputError(where, "mesh", text[:60], "the numbers of a mesh, as results hold them") from None
