"""A coolant that warms up along a side of a body, and what it takes from it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from scalith.quantities import SI, InputError, Spec

Array = NDArray[np.float64]
Direction = Literal["+x", "-x", "+y", "-y", "+z", "-z"]


class Stream(Spec):
    """A coolant that flows along a side and warms up on the way.

    Attributes
    ----------
    heat_capacity_rate : float
        ρ c V̇ of all that flows along the side, W K-1 (`ChannelFlow.heat_capacity_rate`).
    direction : {"+x", "-x", "+y", "-y", "+z", "-z"}
        Where it flows; it enters at the temperature of the surface.
    """

    heat_capacity_rate: Annotated[float, SI("W K-1"), Field(gt=0)]
    direction: Direction


class StreamSide:
    r"""The volumes at a side with a stream, row by row along it.

    In front of a volume at T, which the stream is coupled to by g, the energy balance of a stream of no inertia,
    C dT_c/ds = (g/ℓ)(T − T_c), gives

    .. math:: q = C\,(1 - e^{-g/C})\,(T - T_{in}), \qquad T_{out} = T_{in} + q/C .

    The flow is divided over the rows as the areas are. A stream has no heat capacity at rest: what it takes up, it carries away.

    Attributes
    ----------
    side : str
    index : tuple
        The volumes at the side.
    conductance : ndarray
        C (1 − e^{−g/C}) of each, W K-1.
    inlet : float
        K.
    """

    def __init__(self, side: str, index: tuple[Any, ...], g: Array, share: Array, stream: Stream, inlet: float) -> None:
        normal, along = "xyz".index(side[0]), "xyz".index(stream.direction[1])
        if normal == along:
            raise InputError("assembly", f"surfaces.{side}.stream", stream.direction, "a direction along the side")
        self.side, self.index, self.inlet = side, index, inlet
        self._axis = along - (along > normal)
        self._backwards = stream.direction[0] == "-"
        # Along a row each volume has the flow of the whole row: the same share of the breadth.
        breadth = np.moveaxis(share, self._axis, 0)[0]
        self._rate = stream.heat_capacity_rate * breadth / breadth.sum()
        rate = np.expand_dims(self._rate, self._axis)
        self.conductance: Array = rate * -np.expm1(-g / rate)

    def march(self, T: Array) -> tuple[Array, Array, float]:
        """Temperatures at which the stream comes to each volume, those at which the rows leave, and the heat it takes, W."""
        walls, g = (np.moveaxis(values, self._axis, 0) for values in (T[self.index], self.conductance))
        if self._backwards:
            walls, g = walls[::-1], g[::-1]
        comes, now = np.empty(walls.shape), np.full(walls.shape[1:], self.inlet)
        for k in range(walls.shape[0]):
            comes[k] = now
            now = now + g[k] / self._rate * (walls[k] - now)
        heat = float((self._rate * (now - self.inlet)).sum())
        return np.moveaxis(comes[::-1] if self._backwards else comes, 0, self._axis), now, heat

    def outlet(self, T: Array) -> float:
        """Mean temperature at the end, K."""
        _, leaves, _ = self.march(T)
        return float((self._rate * leaves).sum() / self._rate.sum())
