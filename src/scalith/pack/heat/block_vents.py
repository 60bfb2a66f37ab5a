"""Safety valves of the reacting blocks of a body in three dimensions: gas, pressure, opening, what leaves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from scalith.pack.heat.assembly import Assembly, Grid
from scalith.pack.heat.cell_body import ATMOSPHERE

if TYPE_CHECKING:
    from scalith.reactions.kernels import ReactionArrays

Array = NDArray[np.float64]


class BlockVents:
    """State of the valves: when each opened, what heat has left through it.

    A block's gas space takes the gas of all its volumes and the vapour pressure at the block's mean temperature, as
    `abuse_test` does for a cell of one temperature.

    Attributes
    ----------
    ejected : ndarray, shape (b,)
        Heat that left with gas, particles and vapour since the start, J.
    opened_at : ndarray, shape (b,)
        s; NaN while closed.
    released_before, boiled : ndarray, shape (b,)
        Heat of reaction until the opening, and heat that boiling took then, J.
    pressure : ndarray, shape (b,)
        Absolute pressure now, Pa.
    looked_at, gas, mean : float, ndarray, ndarray
        Time of the last look, s; gas made and mean temperature of each block then, mol and K.
    """

    def __init__(self, assembly: Assembly, grid: Grid, reactions: ReactionArrays | None, start: float) -> None:
        blocks = assembly.blocks
        self.vents = [block.vent if reactions is not None and block.reacts else None for block in blocks]
        self.gas_of = np.zeros(0) if reactions is None else reactions.gas
        self.start = start
        self.looked_at = 0.0
        self.gas, self.mean = np.zeros(len(blocks)), np.full(len(blocks), start)
        self.ejected = np.zeros(len(blocks))
        self.opened_at = np.full(len(blocks), np.nan)
        self.released_before = np.zeros(len(blocks))
        self.boiled = np.zeros(len(blocks))
        self.pressure = np.full(len(blocks), ATMOSPHERE)
        self.any = any(vent is not None for vent in self.vents)

    def kept_share(self) -> Array:
        """Share of the reaction heat that stays in each block."""
        return np.array(
            [
                1.0 - vent.ejected_fraction if vent is not None and np.isfinite(opened) else 1.0
                for vent, opened in zip(self.vents, self.opened_at, strict=True)
            ]
        )

    def look(self, gas: Array, mean_temperature: Array, released: Array, time: float) -> list[int]:
        """Open valves whose pressure is reached between the last look and `time`; numbers of the blocks that they belong to."""
        opened = []
        for b, vent in enumerate(self.vents):
            if vent is None or np.isfinite(self.opened_at[b]):
                self.pressure[b] = ATMOSPHERE
                continue
            self.pressure[b] = vent.closed_pressure(gas[b], mean_temperature[b], self.start)
            if self.pressure[b] < vent.pressure:
                continue
            # Gas and temperature are straight lines since the last look; the pressure, exponential in T, is not.
            low, high = 0.0, 1.0
            while high - low > 1e-6:
                middle = 0.5 * (low + high)
                made, T = ((1.0 - middle) * a[b] + middle * z[b] for a, z in ((self.gas, gas), (self.mean, mean_temperature)))
                low, high = (low, middle) if vent.closed_pressure(made, T, self.start) >= vent.pressure else (middle, high)
            self.opened_at[b], self.released_before[b] = time - (1.0 - high) * (time - self.looked_at), released[b]
            self.pressure[b] = ATMOSPHERE
            opened.append(b)
        self.looked_at, self.gas, self.mean = time, gas, mean_temperature
        return opened

    def boil(self, b: int, above: Array) -> float:
        """Electrolyte boils off: the share that it takes of the heat `above` the boiling point in each volume of a block, J."""
        vent, whole = self.vents[b], float(above.sum())
        if vent is None or whole <= 0.0:
            return 0.0
        share = min(vent.heat_taken / whole, 1.0)
        self.ejected[b] += share * whole
        self.boiled[b] = share * whole
        return share

    def copy(self) -> tuple[Any, ...]:
        """The state, to go back to."""
        kept = [array.copy() for array in (self.ejected, self.opened_at, self.released_before, self.pressure, self.boiled)]
        return self.looked_at, self.gas, self.mean, *kept

    def restore(self, state: tuple[Any, ...]) -> None:
        """Back to a state that `copy` gave."""
        self.looked_at, self.gas, self.mean, *kept = state
        self.ejected, self.opened_at, self.released_before, self.pressure, self.boiled = kept

    def outputs(
        self, time: Array, gas: Array, pressure: Array, ejected: Array, released: Array, whole_heat: Array, mass: Array
    ) -> dict[str, Any]:
        """Variables of the result, each of shape (time, block), and the time of opening; none without a valve."""
        if not self.any:
            return {}
        lost = np.zeros(gas.shape)
        for b, vent in enumerate(self.vents):
            if vent is not None and np.isfinite(self.opened_at[b]):
                progress = np.clip((released[:, b] - self.released_before[b]) / whole_heat[b], 0.0, 1.0)
                evaporated = self.boiled[b] / vent.heat_of_vaporisation * vent.evaporated_molar_mass
                gone = evaporated + vent.ejected_mass_fraction * mass[b] * progress
                lost[:, b] = np.where(time > self.opened_at[b], gone, 0.0)
        both = ("time", "block")
        return {
            "gas_made": (both, gas, "mol", "gas made by the reactions"),
            "pressure": (both, pressure, "Pa", "absolute pressure in each block"),
            "heat_ejected": (both, ejected, "J", "heat that left through the vents since the start"),
            "mass_lost": (both, lost, "kg", "mass that left through the vents"),
            "vent_time": ("block", self.opened_at, "s", "the vent opens"),
        }
