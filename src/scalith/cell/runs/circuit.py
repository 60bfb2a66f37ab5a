"""Cells in a circuit of resistors: parallel and series groups, strings, cross-ties, and the patches of one large cell."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from scalith.cell.files.read_cell import read_cell
from scalith.cell.kernels import events, layout, records
from scalith.cell.model.mesh import Mesh
from scalith.cell.specification.cell import CellSpecification
from scalith.quantities import ConvergenceError, InputError, predicted

if TYPE_CHECKING:
    from scalith.cell.runs.discharge import Progress
    from scalith.cell.runs.protocol_steps import ProtocolStep
    from scalith.cell.runs.protocol_text import Steps
    from scalith.cell.runs.simulation import Simulation, Thermal
    from scalith.quantities import Result

Array = NDArray[np.float64]
_WHERE = "simulate_circuit"
JUMP = 1e-3
"""s: after a new load begins, potentials are found over so short a time."""
DRAWN = 5.0
"""Tolerances that a straight line through the voltages of the load, from window to window, may be off."""
SHORTEST = 1e-2
"""s: a window that is shorter and still cannot be carried ends the run."""


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
    """

    nodes: int
    resistors: Sequence[tuple[int, int, float]]
    cells: Sequence[tuple[int, int]]
    positive: int
    negative: int

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

    def solve(self, E: Array, r: Array, mode: str, target: float) -> Flow:
        """Currents that obey Kirchhoff's laws with V = E − r I in each cell, for a load in A, V or W."""
        import scipy.sparse as sparse
        from scipy.sparse.linalg import splu

        n, g = self.circuit.nodes, 1.0 / r
        i = np.concatenate([self.first, self.plus])
        j = np.concatenate([self.second, self.minus])
        c = np.concatenate([self.conductance, g])
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
        return float(np.sum(self.conductance * (potentials[self.first] - potentials[self.second]) ** 2))


def simulate_circuit(
    cells: Sequence[CellSpecification | str | Path],
    circuit: Circuit,
    protocol: Steps,
    *,
    state_of_charge: ArrayLike | None = None,
    temperature: ArrayLike | None = None,
    thermal: Thermal = "isothermal",
    mesh: Mesh | None = None,
    tolerance: float = 2e-4,
    longest_window: float = np.inf,
    watch: Literal["cells", "terminals"] = "cells",
    thermal_links: Sequence[tuple[int, int, float]] = (),
    progress: Progress | None = None,
) -> Result:
    r"""Run a protocol on porous-electrode cells that share a circuit.

    Over a window of time the current of each cell is linear; those at its end satisfy Kirchhoff's laws with the voltages that
    the cells have there,

    .. math:: V_k(I_k) = φ_{p(k)} - φ_{n(k)}, \qquad \sum_k I_k = \sum_j (φ_i - φ_j)/R_{ij}

    found by a secant iteration on V = E − r I. The windows follow an error estimate: how far the currents at the end are from
    a straight line through the two windows before, times r, stays near `tolerance`, and the voltage of the load between two ends
    within five of it of a straight line. A new load jumps: the currents then are those that the potentials of the unchanged
    concentrations give.

    Parameters
    ----------
    cells : sequence of CellSpecification or path
        What `scalith.cell.read_cell` takes, in the order of `circuit.cells`.
    circuit : Circuit
    protocol : str, ProtocolStep or a sequence of them
        Steps of constant current, voltage or power of the whole circuit, ended by time, or by its voltage or current.
    state_of_charge, temperature : float or array_like, shape (cells,), optional
        At the start: 0 to 1, at rest; K.
    thermal, mesh
        As in `simulate_discharge`, for each cell.
    tolerance : float
        V, of the windows and (as there) of each cell's own time steps.
    longest_window : float
        s.
    watch : {"cells", "terminals"}
        Whose voltages stay within the cut-offs: each cell's own, or the first cell's for the terminals.
    thermal_links : sequence of (int, int, float)
        Two cells (by number, from 0) and the heat that flows between them, W/K; for ``thermal="lumped"``. After each window the
        cells exchange it.
    progress : callable, optional
        Called with (fraction, message).

    Returns
    -------
    Result
        Over ``time``: ``voltage`` and ``current`` of the load, ``heat_resistors``; over (time, cell): ``cell_current``,
        ``cell_voltage``, ``cell_temperature``, ``cell_state_of_charge`` and ``cell_heat`` (mean of the window that ends there);
        over (time, node): ``potential``; over ``run``: ``step_reason``.

    Raises
    ------
    InputError
        A circuit that is none, arrays of other length than the cells, a step that a circuit does not know.
    ConvergenceError
        A step that cannot be carried at all; `partial` holds the result until then.
    """
    from scalith.cell.runs.protocol_steps import counted_steps
    from scalith.cell.runs.protocol_text import parse_protocol
    from scalith.cell.runs.simulation import Simulation

    count = len(circuit.cells)
    if len(cells) != count:
        raise InputError(_WHERE, "cells", f"{len(cells)} cells", f"{count}, as in the circuit")
    if watch not in ("cells", "terminals"):
        raise InputError(_WHERE, "watch", watch, "'cells' or 'terminals'")
    read = [read_cell(cell) for cell in cells]
    charges, kelvins = _each(state_of_charge, count, "state_of_charge"), _each(temperature, count, "temperature")
    simulations = [
        Simulation(cell, mesh=mesh, temperature=T, thermal=thermal, tolerance=tolerance, state_of_charge=charge)
        for cell, T, charge in zip(read, kelvins, charges, strict=True)
    ]
    exchange = _exchange(thermal_links, simulations, thermal)
    run = _Run(Network(circuit), simulations, tolerance, longest_window, watch, exchange)
    steps = counted_steps(parse_protocol(protocol, read[0]), _WHERE)
    twice = read[0].model_copy(update={"nominal_capacity": 2.0 * read[0].nominal_capacity})
    larger = counted_steps(parse_protocol(protocol, twice), _WHERE)
    for step, other in zip(steps, larger, strict=True):
        if (step.target, step.endings) != (other.target, other.endings):
            raise InputError(_WHERE, step.text, "a C-rate", "A, V or W: a circuit has no capacity of its own")
        _require_plain(step)
    settings = {"steps": [step.text for step in steps], "tolerance": tolerance, "mesh": str(mesh or Mesh()), "thermal": thermal}
    source = predicted("scalith.cell.simulate_circuit", *dict.fromkeys(cell.digest for cell in read), settings=settings)
    reasons: list[str] = []
    for k, step in enumerate(steps):
        try:
            reason, is_own = run.carry_out(step, _part(progress, k, len(steps)))
        except ConvergenceError as error:
            partial = run.result(reasons, source.to_json()) if len(run.times) > 1 else None
            raise ConvergenceError(f"circuit, '{step.text}'", error.why, time=run.time, partial=partial) from error
        reasons.append(reason)
        if not is_own:
            break
    return run.result(reasons, source.to_json())


def _part(progress: Progress | None, k: int, steps: int) -> Callable[[float, str], None]:
    """Progress of the k-th of several steps."""

    def report(part: float, words: str) -> None:
        if progress is not None:
            progress((k + part) / steps, words)

    return report


def _each(values: ArrayLike | None, count: int, name: str) -> list[float | None]:
    if values is None:
        return [None] * count
    array = np.asarray(values)
    if array.ndim > 1 or array.size not in (1, count):
        raise InputError(_WHERE, name, f"{array.size} values", f"one, or {count}: one a cell")
    # Text, such as "50 %", is read by each simulation.
    return list(np.broadcast_to(array.ravel(), (count,)).tolist())


def _require_plain(step: ProtocolStep) -> None:
    other = next((ending.quantity for ending in step.endings if ending.quantity not in ("voltage", "current")), None)
    not_known = {
        "a load over time": bool(step.times),
        "a temperature of its own": step.temperature is not None,
        "a period of its own": step.period is not None,
        "a load in ohm": step.mode == "resistance",
        str(other): other is not None,
    }
    found = next((words for words, is_so in not_known.items() if is_so), None)
    if found is not None:
        expected = "constant current, voltage or power that ends by time, voltage or current"
        raise InputError(_WHERE, step.text, found, expected)


def _exchange(
    links: Sequence[tuple[int, int, float]], simulations: list[Simulation], thermal: str
) -> Callable[[list[Simulation], float], None]:
    """Heat between cells over a window: C dT/dt = −K T, solved exactly."""
    if links and thermal != "lumped":
        raise InputError(_WHERE, "thermal_links", f"thermal={thermal!r}", "thermal='lumped'")
    count = len(simulations)
    wrong = next((link for link in links if not (0 <= link[0] < count and 0 <= link[1] < count and link[2] >= 0.0)), None)
    if wrong is not None:
        raise InputError(_WHERE, "thermal_links", wrong, f"two cells, 0 to {count - 1}, and W/K")
    K = np.zeros((count, count))
    for i, j, each in links:
        K[[i, j], [i, j]] += each
        K[[i, j], [j, i]] -= each
    root = np.sqrt([one.cell.system.scalars[layout.HEAT_CAPACITY] for one in simulations])
    rates, modes = np.linalg.eigh(K / np.outer(root, root)) if links else (np.empty(0), np.empty((0, 0)))

    def exchange(cells: list[Simulation], h: float) -> None:
        if not links:
            return
        places = [one.cell.system.at.temperature for one in cells]
        T = np.array([one.state[at] for one, at in zip(cells, places, strict=True)])
        levelled = (modes @ (np.exp(-h * rates) * (modes.T @ (root * T)))) / root
        for one, at, value in zip(cells, places, levelled, strict=True):
            one.state[at] = value

    return exchange


class _Trial(NamedTuple):
    """Cells at the end of a window, their voltages and mean heats, and the flow that belongs to them."""

    simulations: list[Simulation]
    voltages: Array
    heats: Array
    flow: Flow


class _Run:
    """A circuit in the course of being simulated."""

    def __init__(
        self,
        network: Network,
        simulations: list[Simulation],
        tolerance: float,
        longest_window: float,
        watch: str,
        exchange: Callable[[list[Simulation], float], None],
    ) -> None:
        self.network, self.simulations, self.tolerance = network, simulations, tolerance
        self.longest_window, self.watch, self.exchange = longest_window, watch, exchange
        count = len(simulations)
        self.time = 0.0
        self.currents, self.voltages = np.zeros(count), np.empty(count)
        self.r = np.array([_resistance(simulation) for simulation in simulations])
        self.rate, self.load_voltage, self.voltage_rate = np.zeros(count), 0.0, 0.0
        self.times: list[float] = []
        self.kept: list[tuple[Any, ...]] = []

    def carry_out(self, step: ProtocolStep, progress: Callable[[float, str], None]) -> tuple[str, bool]:
        """Hold one load until it ends; why it did, and whether that is an end which the step states itself."""
        from scalith.cell.runs.protocol_run import LONGEST_STEP, TOO_LONG

        mode, target = step.mode, step.target
        duration = step.duration or LONGEST_STEP
        done, h = 0.0, min(1.0, duration, self.longest_window)
        trial = self._jump(mode, target)
        self._accept(trial, JUMP, trial.flow.currents, jump=True)
        done += JUMP
        before = self._margins(step, trial)
        over = next((words for words, margin in before.items() if margin <= 0.0), None)
        if over is not None:
            return over, over in self._endings(step, trial)
        while done < duration:
            length = min(h, duration - done)
            found, error = self._window(mode, target, length)
            if found is None or (error > 4.0 and length > SHORTEST):
                h = max(0.3 * length, SHORTEST) if found is not None else 0.3 * length
                if h < SHORTEST:
                    raise ConvergenceError("circuit", "no currents were found that the cells carry any longer")
                continue
            margins = self._margins(step, found)
            met = [words for words, margin in margins.items() if margin <= 0.0]
            ended = ""
            if met:
                length, found, ended = self._locate(step, length, met[0], before)
            self._accept(found, length, found.flow.currents)
            done += length
            progress(min(done / duration, 1.0), f"t = {self.time:.5g} s, {found.flow.voltage:.4f} V")
            if ended:
                return ended, ended in self._endings(step, found)
            before = self._margins(step, found)
            h = min(length * min(2.5, 0.9 / max(error, 0.05) ** 0.5), self.longest_window)
        return (TOO_LONG, False) if step.duration is None else ("duration reached", True)

    def _advance(self, currents: Array, h: float, start: Array) -> tuple[list[Simulation], Array, Array] | None:
        """Copies of the cells after a window with currents linear from `start`; None where one cannot carry them."""
        after, voltages, heats = [], np.empty(currents.size), np.empty(currents.size)
        for k, simulation in enumerate(self.simulations):
            copy = simulation.copy(records=False)
            reason = copy.follow("current", np.array([0.0, h]), np.array([start[k], currents[k]]))
            if reason != events.DURATION:
                return None
            rows = copy.rows
            power = rows[:, records.HEAT_SOLID : records.HEAT_MIXING + 1].sum(axis=1)
            heats[k] = np.trapezoid(power, rows[:, records.TIME]) / h
            voltages[k] = copy.voltage
            after.append(copy)
        return after, voltages, heats

    def _iterate(self, mode: str, target: float, h: float, guess: Array, jump: bool) -> _Trial | None:
        """Currents at the end of a window by secants, from a guess; with `jump` they are constant over it."""
        currents, r = guess, self.r.copy()
        last: tuple[Array, Array] | None = None
        for _ in range(14):
            made = self._advance(currents, h, currents if jump else self.currents)
            if made is None:
                return None
            after, voltages, heats = made
            if last is not None:
                moved = currents - last[0]
                told = np.abs(moved) > 1e-9 * (np.abs(currents) + 1e-12)
                secant = np.where(told, -(voltages - last[1]) / np.where(told, moved, 1.0), r)
                r = np.clip(secant, 0.2 * r, 5.0 * r)
            last = (currents, voltages)
            flow = self.network.solve(voltages + r * currents, r, mode, target)
            off = float(np.max(np.abs(r * (flow.currents - currents))))
            if off < 0.02 * self.tolerance:
                self.r = r
                return _Trial(after, voltages, heats, flow._replace(currents=currents))
            currents = flow.currents
        return None

    def _jump(self, mode: str, target: float) -> _Trial:
        """Currents right after a new load begins."""
        if not self.times:
            made = self._advance(np.zeros(self.r.size), JUMP, np.zeros(self.r.size))
            if made is None:
                raise ConvergenceError("circuit", "a cell cannot rest")
            self.voltages = made[1]
        guess = self.network.solve(self.voltages + self.r * self.currents, self.r, mode, target).currents
        found = self._iterate(mode, target, JUMP, guess, jump=True)
        if found is None:
            raise ConvergenceError("circuit", "no currents were found that carry this load from this state")
        self.rate = np.zeros(self.r.size)
        return found

    def _window(self, mode: str, target: float, h: float) -> tuple[_Trial | None, float]:
        """One window and its error in units of the tolerance."""
        guess = self.currents + h * self.rate
        found = self._iterate(mode, target, h, guess, jump=False)
        if found is None:
            return None, np.inf
        off = 0.25 * np.max(np.abs(self.r * (found.flow.currents - guess)))
        bent = 0.125 * abs(found.flow.voltage - self.load_voltage - h * self.voltage_rate) / DRAWN
        return found, float(max(off, bent) / self.tolerance)

    def _locate(self, step: ProtocolStep, length: float, words: str, before: dict[str, float]) -> tuple[float, _Trial, str]:
        """The window shortened to where the first margin is met."""
        low, high, g_low = 0.0, length, before[words]
        near, best = 0.5 * length, None
        for _ in range(30):
            found, _ = self._window(step.mode, step.target, near)
            if found is None:
                high = near
                near = 0.5 * (low + high)
                continue
            margins = self._margins(step, found)
            first = next((name for name, margin in margins.items() if margin <= 0.0), None)
            words = first if first is not None and margins[first] < margins.get(words, 0.0) else words
            g, best = margins[words], (near, found)
            if abs(g) < 0.1 * self.tolerance or high - low < 1e-6 * length:
                break
            if g <= 0.0:
                high = near
            else:
                low, g_low = near, g
            is_told = g <= 0.0 and np.isfinite(g_low)
            step_on = low + (near - low) * g_low / (g_low - g) if is_told else 0.5 * (low + high)
            near = step_on if low < step_on < high else 0.5 * (low + high)
        if best is None:
            raise ConvergenceError("circuit", "the end of the step could not be located")
        return best[0], best[1], words

    def _endings(self, step: ProtocolStep, trial: _Trial) -> dict[str, float]:
        """How far each end that the step states is away, by what is said of it."""
        margins: dict[str, float] = {}
        flow = trial.flow
        for ending in step.endings:
            value = flow.voltage if ending.quantity == "voltage" else abs(flow.current)
            below = ending.direction == "below" or (
                ending.direction is None and (step.target > 0.0 or ending.quantity == "current")
            )
            words = f"{ending.quantity} {'fell' if below else 'rose'} to its limit"
            margins[words] = value - ending.value if below else ending.value - value
        return margins

    def _margins(self, step: ProtocolStep, trial: _Trial) -> dict[str, float]:
        """How far each end of the step, and each cut-off that the current leads to, is away, by what is said of it."""
        margins = self._endings(step, trial)
        if self.watch == "terminals":
            seen = [("", trial.flow.voltage, trial.flow.current)]
            lower_is_watched = step.mode != "voltage"
        else:
            each = zip(trial.voltages, trial.flow.currents, strict=True)
            seen = [(f"cell {k + 1}: ", float(volts), float(amperes)) for k, (volts, amperes) in enumerate(each)]
            lower_is_watched = True
        for (whose, volts, amperes), simulation in zip(seen, self.simulations, strict=False):
            cell = simulation.specification
            discharges, charges = amperes > 0.0 and lower_is_watched, amperes < 0.0 and step.mode != "voltage"
            # Every cut-off is listed in every window: a current may change its sign within one.
            below = volts - cell.lower_voltage_cut_off if discharges else np.inf
            above = cell.upper_voltage_cut_off - volts if charges else np.inf
            margins[f"{whose}lower cut-off voltage of the cell reached"] = below
            margins[f"{whose}upper cut-off voltage of the cell reached"] = above
        return margins

    def _accept(self, trial: _Trial, h: float, currents: Array, jump: bool = False) -> None:
        self.simulations = trial.simulations
        self.exchange(self.simulations, h)
        self.rate = np.zeros(currents.size) if jump else (currents - self.currents) / h
        self.voltage_rate = 0.0 if jump else (trial.flow.voltage - self.load_voltage) / h
        self.load_voltage = trial.flow.voltage
        self.currents, self.voltages = currents, trial.voltages
        self.time += h
        self.times.append(self.time)
        self.kept.append((
            trial.flow.voltage, trial.flow.current, self.network.heat(trial.flow.potentials), currents, trial.voltages,
            np.array([one.state[one.cell.system.at.temperature] for one in trial.simulations]),
            np.array([one.state_of_charge for one in trial.simulations]), trial.heats, trial.flow.potentials,
        ))  # fmt: skip

    def result(self, reasons: Sequence[str], source: str) -> Result:
        """What was recorded."""
        from scalith.quantities import Result, labelled

        columns = [np.array(column) for column in zip(*self.kept, strict=True)]
        named = (
            ("voltage", ("time",), "V", "voltage of the load"),
            ("current", ("time",), "A", "current of the load, positive while discharging"),
            ("heat_resistors", ("time",), "W", "heat of the resistors"),
            ("cell_current", ("time", "cell"), "A", "current of each cell"),
            ("cell_voltage", ("time", "cell"), "V", "voltage of each cell"),
            ("cell_temperature", ("time", "cell"), "K", "temperature of each cell"),
            ("cell_state_of_charge", ("time", "cell"), "1", "state of charge of each cell"),
            ("cell_heat", ("time", "cell"), "W", "heat of each cell, mean of the window that ends here"),
            ("potential", ("time", "node"), "V", "potential of each node"),
        )
        made: dict[str, Any] = {
            name: labelled(dims, column, title, units) for (name, dims, units, title), column in zip(named, columns, strict=True)
        }
        made["step_reason"] = labelled("run", np.array(list(reasons), dtype=str), "why each step ended", "1")
        coordinates = {
            "time": labelled("time", np.array(self.times), "time", "s"),
            "cell": labelled("cell", np.arange(1, columns[3].shape[1] + 1), "cell", "1"),
        }
        return Result(made, coordinates, {"kind": "circuit of cells", "source": source, "reason": reasons[-1] if reasons else ""})


def _resistance(simulation: Simulation) -> float:
    """What the voltage of a cell at rest answers to a current of some seconds, ohm."""
    probe = simulation.copy(records=False)
    probe.follow("current", np.array([0.0, JUMP]), np.zeros(2))
    return float(max(probe.impedance([0.1])[0].real, 1e-6))
