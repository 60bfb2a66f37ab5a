"""Circuits of cells and resistors, and Kirchhoff's laws in them for cells that are, for the moment, sources."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from scalith.quantities import ConvergenceError, InputError

Array = NDArray[np.float64]
_WHERE = "simulate_circuit"


class Balancing(NamedTuple):
    """Passive balancing: each cell has a resistor of its own, switched on while the cell stands above the lowest one.

    Attributes
    ----------
    resistance : float
        ohm; of cells in parallel each has one.
    threshold : float
        V above the lowest cell, beyond which a cell is bled.
    lowest_voltage : float
        V; below it no cell is bled.
    period : float
        s; so often the controller looks, and in between it leaves its switches as they are.
    """

    resistance: float
    threshold: float = 5e-3
    lowest_voltage: float = 0.0
    period: float = 60.0


class Circuit(NamedTuple):
    """Nodes joined by resistors and cells; a load between two of them.

    Attributes
    ----------
    nodes : int
    resistors : sequence of (int, int, float)
        Two nodes and ohms, positive.
    cells : sequence of (int, int)
        The nodes of each cell's positive and negative terminal.
    positive, negative : int
        Nodes that the load is connected to.
    balancing : Balancing, optional
    """

    nodes: int
    resistors: Sequence[tuple[int, int, float]]
    cells: Sequence[tuple[int, int]]
    positive: int
    negative: int
    balancing: Balancing | None = None

    @classmethod
    def of_groups(cls, series: int, parallel: int, interconnect_resistance: float = 0.0) -> Circuit:
        """Groups of parallel cells in series; each cell's connection to its group has a resistance.

        Cell ``g · parallel + m`` is the m-th of group g; group 0 is at the positive terminal.
        """
        cells, resistors, nodes = [], [], series + 1
        for g in range(series):
            for _ in range(parallel):
                if interconnect_resistance > 0.0:
                    resistors.append((nodes, g, interconnect_resistance))
                    cells.append((nodes, g + 1))
                    nodes += 1
                else:
                    cells.append((g, g + 1))
        return cls(nodes, resistors, cells, 0, series)


class Flow(NamedTuple):
    """Solution of a circuit: current of each cell (A), potential of each node (V), current and voltage of the load."""

    currents: Array
    potentials: Array
    current: float
    voltage: float


class Network:
    """A circuit ready to be solved for cells that are, for the moment, sources: V = E − r I.

    Raises
    ------
    InputError
        A resistance that is not positive, a node that does not exist, or a part that the load cannot reach.
    """

    def __init__(self, circuit: Circuit) -> None:
        n = circuit.nodes
        ends = [*((i, j) for i, j, _ in circuit.resistors), *circuit.cells, (circuit.positive, circuit.negative)]
        if not circuit.cells or any(not 0 <= node < n for pair in ends for node in pair):
            found = f"nodes {sorted({node for pair in ends for node in pair})}"
            raise InputError(_WHERE, "circuit", found, f"cells, and 0 to {n - 1}")
        wrong = next((item for item in circuit.resistors if not 0.0 < item[2] < np.inf), None)
        if wrong is not None or circuit.positive == circuit.negative:
            raise InputError(_WHERE, "circuit", wrong or "both terminals at one node", "positive resistances, two terminals")
        reached, front = {circuit.negative}, [circuit.negative]
        while front:
            node = front.pop()
            for i, j in ends[:-1]:
                for one, other in ((i, j), (j, i)):
                    if one == node and other not in reached:
                        reached.add(other)
                        front.append(other)
        if len(reached) < n:
            raise InputError(_WHERE, "circuit", f"nodes {sorted(set(range(n)) - reached)} joined to nothing", "one circuit")
        self.circuit = circuit
        self.plus = np.array([p for p, _ in circuit.cells])
        self.minus = np.array([m for _, m in circuit.cells])
        self.first = np.array([i for i, _, _ in circuit.resistors], dtype=np.int64)
        self.second = np.array([j for _, j, _ in circuit.resistors], dtype=np.int64)
        self.conductance = np.array([1.0 / ohms for _, _, ohms in circuit.resistors])
        self.bleeds = np.zeros(len(circuit.cells), dtype=bool)
        """Whose balancing resistors are switched on."""
        balancing = circuit.balancing
        if balancing is not None and not (balancing.resistance > 0.0 and balancing.threshold >= 0.0 and balancing.period > 0.0):
            raise InputError(
                _WHERE, "circuit.balancing", balancing, "a positive resistance and period, a threshold of at least 0 V"
            )
        self._bleed = 0.0 if balancing is None else 1.0 / balancing.resistance

    def solve(self, E: Array, r: Array, mode: str, target: float) -> Flow:
        """Currents that obey Kirchhoff's laws with V = E − r I in each cell, for a load in A, V or W."""
        import scipy.sparse as sparse
        from scipy.sparse.linalg import splu

        n, g = self.circuit.nodes, 1.0 / r
        i = np.concatenate([self.first, self.plus])
        j = np.concatenate([self.second, self.minus])
        c = np.concatenate([self.conductance, g + self._bleed * self.bleeds])
        diagonal = np.bincount(i, c, n) + np.bincount(j, c, n)
        rows = np.concatenate([i, j, np.arange(n)])
        columns = np.concatenate([j, i, np.arange(n)])
        values = np.concatenate([-c, -c, diagonal])
        source = np.bincount(self.plus, g * E, n) - np.bincount(self.minus, g * E, n)
        # The negative terminal is at zero: its row is left out.
        kept = np.delete(np.arange(n), self.circuit.negative)
        matrix = sparse.csc_matrix((values, (rows, columns)), shape=(n, n))[kept][:, kept]
        drawn = np.zeros(n)
        drawn[self.circuit.positive] = -1.0
        solved = splu(matrix.tocsc()).solve(np.stack([source[kept], drawn[kept]], axis=1))
        at_rest, by_ampere = np.zeros(n), np.zeros(n)
        at_rest[kept], by_ampere[kept] = solved[:, 0], solved[:, 1]
        V_0, V_I = at_rest[self.circuit.positive], by_ampere[self.circuit.positive]
        if mode == "current":
            current = target
        elif mode == "voltage":
            current = (target - V_0) / V_I
        else:
            discriminant = V_0 * V_0 + 4.0 * V_I * target
            if discriminant < 0.0:
                raise ConvergenceError("circuit", f"{target:.4g} W are more than the cells can deliver")
            current = 2.0 * target / (V_0 + np.sqrt(discriminant))
        potentials = at_rest + by_ampere * current
        currents = g * (E - potentials[self.plus] + potentials[self.minus])
        return Flow(currents, potentials, float(current), float(potentials[self.circuit.positive]))

    def heat(self, potentials: Array) -> float:
        """Heat of the resistors, W."""
        bled = self._bleed * np.sum((potentials[self.plus] - potentials[self.minus])[self.bleeds] ** 2)
        return float(np.sum(self.conductance * (potentials[self.first] - potentials[self.second]) ** 2) + bled)

    def balance(self, voltages: Array) -> bool:
        """Set the switches of the balancing for the cells' voltages; whether any has changed."""
        balancing = self.circuit.balancing
        if balancing is None:
            return False
        wanted = (voltages > voltages.min() + balancing.threshold) & (voltages > balancing.lowest_voltage)
        changed = bool(np.any(wanted != self.bleeds))
        self.bleeds = wanted
        return changed
