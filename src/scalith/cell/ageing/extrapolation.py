"""Cycles that are not solved: the state behind them from the slopes of a few (Sulzer et al., DOI 10.1149/1945-7111/ac3e48)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from scalith.cell.ageing.inventory import Inventory
from scalith.cell.processes.cracks import LargestTension

Array = NDArray[np.float64]
SETTLED = 2
"""Solved cycles between two jumps: one that settles what is fast, one whose change is the slope."""
FIRST = 6
"""Cycles of a segment before the first jump."""
LEAST = 2
"""Cycles that a jump is worth."""
_GROWTH, _RECOVERY = 2.0, 1.2


class Extrapolation:
    r"""Jumps over cycles, second order: with the change g of the last cycle and its own rate of change g′ from the slope before,

    .. math:: y(n + H) = y(n) + H g + \tfrac12 H (H + 1)\, g'

    The slope found behind a jump says by how much the one before it was wrong, and with it the jump; a jump whose error is
    above twice the tolerance is taken back, and so is one behind which the life ends before it is judged. Near a knee no jump is
    worth its cycles, and all are solved. Lithium stays what it was: what the products in its balance leave over is spread over
    the particles.

    Parameters
    ----------
    inventory : Inventory
    tolerance : float
        Of what a mechanism has done so far, for one jump.
    longest : int
        Cycles of a jump at most.
    """

    def __init__(self, inventory: Inventory, tolerance: float, longest: int) -> None:
        self.inventory, self.tolerance, self.longest = inventory, tolerance, longest
        self.start: Array | None = None
        self._of_one_cycle = [entry for entry in inventory.entries if isinstance(entry.process, LargestTension)]
        self._slow = [entry for entry in inventory.entries if not isinstance(entry.process, LargestTension)]
        self.restart()

    def restart(self) -> None:
        """Forget the slopes: another protocol begins."""
        self.slopes: list[tuple[float, Array]] = []
        self.solved, self.wanted = 0, float(LEAST)
        self._undo: tuple[int, Array, float] | None = None
        self._jumped = 0

    def observe(self, cycle: int, before: Array, after: Array) -> bool:
        """Take in a solved cycle; false where the jump before it was too long and is to be taken back (`undo`)."""
        if self.start is None:
            self.start = before.copy()
        self.solved += 1
        if self.solved < (FIRST - 1 if not self._jumped else SETTLED):
            return True
        at, slope = cycle - 0.5, after - before
        kept = True
        if self._jumped and len(self.slopes) >= 2:
            error = self._error(at, slope, after)
            factor = 0.8 * max(error, 1e-3) ** (-1.0 / 3.0)
            self.wanted = max(self._jumped * min(max(factor, 0.2), _GROWTH), 1.0)
            kept = error <= 2.0
            if kept:
                self._jumped, self._undo = 0, None
        elif self.wanted < LEAST:
            self.wanted *= _RECOVERY  # after a jump that was taken back, a few solved cycles before the next
        self.wanted = min(self.wanted, float(self.longest))
        if kept:
            self.slopes = [*self.slopes[-1:], (at, slope)]
        return kept

    @property
    def unproven(self) -> bool:
        """Whether no cycle behind the last jump has been judged yet."""
        return self._undo is not None

    def shorten(self) -> None:
        """The cycle behind a jump was not one of a cell that lives: the next jump is half as long, or none."""
        self.wanted = max(0.5 * self._jumped, 1.0)

    def undo(self) -> tuple[int, Array, float]:
        """Cycle, state and time before the last jump."""
        assert self._undo is not None
        found, self._undo, self._jumped = self._undo, None, 0
        self.solved = FIRST
        return found

    def jump(self, cycle: int, last: int, state: Array, time: float) -> tuple[int, Array] | None:
        """Cycles to skip and the state behind them; none where a jump is not worth it. `last` is to be reached by solving."""
        if len(self.slopes) < 2 or self.slopes[-1][0] != cycle - 0.5:
            return None
        most = min(int(self.wanted), last - cycle - SETTLED)
        while most >= LEAST:
            found = self._state(state, most)
            if found is not None:
                self._undo, self._jumped, self.solved = (cycle, state.copy(), time), most, 0
                return most, found
            most //= 2
        return None

    def _rate(self) -> Array:
        (n_0, g_0), (n_1, g_1) = self.slopes
        return (g_1 - g_0) / (n_1 - n_0)

    def _state(self, state: Array, cycles: int) -> Array | None:
        at = self.inventory.cell.system.at
        H = float(cycles)
        made = state + H * self.slopes[-1][1] + 0.5 * H * (H + 1.0) * self._rate()
        for entry in self._of_one_cycle:
            made[entry.states] = state[entry.states]
        x, local, salt = made[: at.salt], made[at.states : at.electrolyte], made[at.salt : at.temperature]
        was = state[at.states : at.electrolyte]
        if x.min() <= 0.0 or x.max() >= 1.0 or salt.min() <= 0.0 or np.any((local < 0.0) & (was >= 0.0)):
            return None
        made[at.electrolyte :] = state[at.electrolyte :]
        made[at.temperature] = state[at.temperature]
        read = self.inventory
        salt *= read.electrolyte(state) / read.electrolyte(made)
        lacking = read.totals(state)[0] - read.totals(made)[0]
        capacity = sum(read.material(p) * float(np.sum(read.widths(p) * read.left(made, p))) for p in range(len(read.cell.sides)))
        x += lacking / capacity
        return made

    def _error(self, at: float, slope: Array, state: Array) -> float:
        """Largest error of the last jump over what the tolerance allows."""
        assert self.start is not None
        (n_0, _), (n_1, g_1) = self.slopes
        ahead, before, H = at - n_1, n_1 - n_0, float(self._jumped)
        off = slope - g_1 - ahead * self._rate()
        share = (H**3 / 3.0 + before * H**2 / 2.0) / (ahead * (ahead + before))
        worst = 0.0
        for entry in self._slow:
            width = self.inventory.widths(entry.of_class)
            done = float(np.sum(width * np.abs(state[entry.states] - self.start[entry.states])))
            first = float(np.sum(width * np.abs(self.start[entry.states])))
            floor = 1e-2 * first + 0.03 * entry.process.scale * float(width.sum())
            error = share * abs(float(np.sum(width * off[entry.states])))
            worst = max(worst, error / (self.tolerance * (done + floor)))
        particles = self.inventory.totals(state)[2]
        moved = self.inventory.totals(state + share * off)[2] - particles
        return max(worst, abs(moved) / (0.1 * self.tolerance * particles))
