"""Cells in a circuit of resistors: parallel and series groups, strings, cross-ties, and the patches of one large cell."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from scalith.cell.kernels import events, layout, records
from scalith.cell.model.mesh import Mesh
from scalith.cell.runs.circuit import Circuit, Flow, Network
from scalith.cell.runs.simulation import Simulation
from scalith.cell.runs.tolerance import TOLERANCE
from scalith.cell.specification.cell import CellSpecification
from scalith.quantities import ConvergenceError, InputError, predicted

if TYPE_CHECKING:
    from scalith.cell.runs.discharge import Progress
    from scalith.cell.runs.protocol_steps import ProtocolStep
    from scalith.cell.runs.protocol_text import Steps
    from scalith.cell.runs.simulation import Thermal
    from scalith.quantities import Result

Array = NDArray[np.float64]
_WHERE = "simulate_circuit"
JUMP = 1e-3
"""s: after a new load begins, potentials are found over so short a time."""
MET = 0.07
"""Tolerances that Kirchhoff's laws may be off at the end of a window."""
DRAWN = 5.0
"""Tolerances that a straight line through the voltages of the load, from window to window, may be off."""
SHORTEST = 1e-2
"""s: a window that is shorter and still cannot be carried ends the run."""


def simulate_circuit(
    cells: Sequence[CellSpecification | str | Path | Simulation],
    circuit: Circuit,
    protocol: Steps,
    *,
    state_of_charge: ArrayLike | None = None,
    temperature: ArrayLike | None = None,
    thermal: Thermal = "isothermal",
    mesh: Mesh | None = None,
    tolerance: float = TOLERANCE,
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
    cells : sequence of CellSpecification, path or Simulation
        What `scalith.cell.read_cell` takes, in the order of `circuit.cells`. A `Simulation` (a cell that has aged, or that comes
        from another run) goes on from its state, with its own mesh and tolerance, and stands at the end of the run afterwards.
    circuit : Circuit
    protocol : str, ProtocolStep or a sequence of them
        Steps of current, voltage or power of the whole circuit, constant or over time (a drive cycle), ended by time, or by its
        voltage or current.
    state_of_charge, temperature : float or array_like, shape (cells,), optional
        At the start: 0 to 1, at rest; K. ``None`` in the place of a simulation.
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
        over (time, node): ``potential``; over ``run``: ``step_reason``. With balancing ``cell_bled`` (1 where the resistor of a
        cell is switched on, in the window that ends there), whose current is not in ``cell_current``'s share of the load.

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
    given = [id(cell) for cell in cells if isinstance(cell, Simulation)]
    if len(set(given)) < len(given):
        raise InputError(_WHERE, "cells", "one simulation twice", "a copy for each cell (`Simulation.copy`)")
    charges, kelvins = _each(state_of_charge, count, "state_of_charge"), _each(temperature, count, "temperature")
    simulations = [
        _started(cell, charge, T, thermal, mesh, tolerance) for cell, T, charge in zip(cells, kelvins, charges, strict=True)
    ]
    read = [simulation.specification for simulation in simulations]
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
    for cell, end in zip(cells, run.simulations, strict=True):
        if isinstance(cell, Simulation):
            cell.take_state_of(end)
    return run.result(reasons, source.to_json())


def _started(
    cell: CellSpecification | str | Path | Simulation,
    charge: float | None,
    kelvin: float | None,
    thermal: Thermal,
    mesh: Mesh | None,
    tolerance: float,
) -> Simulation:
    """A cell at the start of the run."""
    if not isinstance(cell, Simulation):
        return Simulation(cell, mesh=mesh, temperature=kelvin, thermal=thermal, tolerance=tolerance, state_of_charge=charge)
    if charge is not None or kelvin is not None or cell.thermal != thermal:
        found = f"a simulation ({cell.thermal}) with state_of_charge={charge}, temperature={kelvin}, thermal={thermal!r}"
        raise InputError(_WHERE, "cells", found, "a simulation that goes on as it is: None in its place")
    return cell.copy(records=False)


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
        "a drive cycle that is clipped at a voltage": step.clip,
        "a temperature of its own": step.temperature is not None,
        "a period of its own": step.period is not None,
        "a load in ohm": step.mode == "resistance",
        str(other): other is not None,
    }
    found = next((words for words, is_so in not_known.items() if is_so), None)
    if found is not None:
        expected = "current, voltage or power that ends by time, voltage or current"
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


class _Load(NamedTuple):
    """The load of a step: linear between points, from time 0 of the step."""

    times: Array
    values: Array

    @classmethod
    def of(cls, step: ProtocolStep) -> _Load:
        from scalith.cell.runs.protocol_run import LONGEST_STEP

        if step.times:
            return cls(*step.load())
        return cls(np.array([0.0, step.duration or LONGEST_STEP]), np.array([step.target, step.target]))

    def at(self, time: float) -> float:
        """A, V or W."""
        return float(np.interp(time, self.times, self.values))

    def bends_at(self, time: float) -> bool:
        """Whether the slope of the load is another one from here on."""
        return bool(np.any(np.abs(self.times[1:-1] - time) < 1e-6))

    def next_bend(self, time: float) -> float:
        """The first point after a time, s."""
        return float(self.times[min(int(np.searchsorted(self.times, time + 1e-9, side="right")), self.times.size - 1)])


class _Trial(NamedTuple):
    """Voltages of the spare cells at the end of a window, their mean heats, and the flow that belongs to them."""

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
        self._spare = [simulation.copy(records=False) for simulation in simulations]
        self.longest_window, self.watch, self.exchange = longest_window, watch, exchange
        count = len(simulations)
        self.time = 0.0
        self.currents, self.voltages = np.zeros(count), np.empty(count)
        self.r = np.array([_resistance(simulation) for simulation in simulations])
        self.rate, self.bend, self.sudden, self.last = np.zeros(count), np.zeros(count), np.zeros(count), 0.0
        self.load_voltage, self.voltage_rate, self.steady = 0.0, 0.0, True
        self.times: list[float] = []
        self.kept: list[tuple[Any, ...]] = []

    def carry_out(self, step: ProtocolStep, progress: Callable[[float, str], None]) -> tuple[str, bool]:
        """Hold one load until it ends; why it did, and whether that is an end which the step states itself."""
        from scalith.cell.runs.protocol_run import TOO_LONG

        load = _Load.of(step)
        duration, done = load.times[-1], 0.0
        h = min(1.0, duration, self.longest_window)
        trial = self._jump(step.mode, load.at(JUMP))
        self._accept(trial, JUMP, trial.flow.currents, jump=True)
        done += JUMP
        before = self._margins(step, trial)
        over = next((words for words, margin in before.items() if margin <= 0.0), None)
        if over is not None:
            return over, over in self._endings(step, trial)
        balancing = self.network.circuit.balancing
        look = 0.0 if balancing is not None else np.inf
        while done < duration:
            if balancing is not None and done >= look - 1e-9:
                look = done + balancing.period
                if self.network.balance(self.voltages):
                    trial = self._jump(step.mode, load.at(done + JUMP))
                    self._accept(trial, JUMP, trial.flow.currents, jump=True)
                    done += JUMP
                    before, h = self._margins(step, trial), 1.0
            length = max(min(h, load.next_bend(done) - done, look - done), 1e-6)
            self.steady = not load.bends_at(done)
            found, error = self._window(step.mode, load.at(done + length), length)
            if found is None or (error > 4.0 and length > SHORTEST):
                h = max(0.3 * length, SHORTEST) if found is not None else 0.3 * length
                if h < SHORTEST:
                    raise ConvergenceError("circuit", "no currents were found that the cells carry any longer")
                continue
            margins = self._margins(step, found)
            met = [words for words, margin in margins.items() if margin <= 0.0]
            ended = ""
            if met:
                length, found, ended = self._locate(step, load, done, length, met[0], before)
            self._accept(found, length, found.flow.currents)
            done += length
            progress(min(done / duration, 1.0), f"t = {self.time:.5g} s, {found.flow.voltage:.4f} V")
            if ended:
                return ended, ended in self._endings(step, found)
            before = self._margins(step, found)
            wanted = length * min(2.5, 0.9 / max(error, 0.05) ** 0.5)
            # A window that a bend of the load cut short says nothing against a longer one.
            h = min(max(wanted, h) if error < 1.0 and length < h else wanted, self.longest_window)
        return (TOO_LONG, False) if step.duration is None and not step.times else ("duration reached", True)

    def _advance(self, currents: Array, h: float, start: Array) -> tuple[Array, Array] | None:
        """Take the spare cells over a window with currents linear from `start`; None where one cannot carry them.

        Their voltages at its end, and mean heats.
        """
        voltages, heats, times = np.empty(currents.size), np.empty(currents.size), np.array([0.0, h])
        for k, (simulation, spare) in enumerate(zip(self.simulations, self._spare, strict=True)):
            spare.take_state_of(simulation, records=False)
            if spare.follow("current", times, np.array([start[k], currents[k]])) != events.DURATION:
                return None
            rows = spare.rows
            power = rows[:, records.HEAT_SOLID : records.HEAT_MIXING + 1].sum(axis=1)
            heats[k] = 0.5 * ((power[1:] + power[:-1]) @ np.diff(rows[:, records.TIME])) / h
            voltages[k] = rows[-1, records.VOLTS]
        return voltages, heats

    def _iterate(self, mode: str, target: float, h: float, guess: Array, jump: bool) -> _Trial | None:
        """Currents at the end of a window by secants, from a guess; with `jump` they are constant over it."""
        currents, r = guess, self.r.copy()
        last: tuple[Array, Array] | None = None
        for _ in range(14):
            made = self._advance(currents, h, currents if jump else self.currents)
            if made is None:
                return None
            voltages, heats = made
            if last is not None:
                moved = currents - last[0]
                # Below this the steps of the cells' own integration tell more than the currents do.
                told = np.abs(moved) * r > 0.1 * self.tolerance
                secant = np.where(told, -(voltages - last[1]) / np.where(told, moved, 1.0), r)
                r = np.clip(secant, 0.2 * r, 5.0 * r)
            last = (currents, voltages)
            flow = self.network.solve(voltages + r * currents, r, mode, target)
            off = float(np.max(np.abs(r * (flow.currents - currents))))
            if off < MET * self.tolerance:
                self.r = r
                return _Trial(voltages, heats, flow._replace(currents=currents))
            currents = flow.currents
        return None

    def _jump(self, mode: str, target: float) -> _Trial:
        """Currents right after a new load begins."""
        if not self.times:
            made = self._advance(np.zeros(self.r.size), JUMP, np.zeros(self.r.size))
            if made is None:
                raise ConvergenceError("circuit", "a cell cannot rest")
            self.voltages = made[0]
        guess = self.network.solve(self.voltages + self.r * self.currents, self.r, mode, target).currents
        found = self._iterate(mode, target, JUMP, guess, jump=True)
        if found is None:
            raise ConvergenceError("circuit", "no currents were found that carry this load from this state")
        return found

    def _window(self, mode: str, target: float, h: float) -> tuple[_Trial | None, float]:
        """One window and its error in units of the tolerance."""
        # What the load alone changes, with the cells as sources; how they drift goes on beside it.
        self.sudden = self.network.solve(self.voltages + self.r * self.currents, self.r, mode, target).currents
        line = self.sudden + h * self.rate
        found = self._iterate(mode, target, h, line + h * (h + self.last) * self.bend, jump=False)
        if found is None:
            return None, np.inf
        off = 0.25 * np.max(np.abs(self.r * (found.flow.currents - line)))
        bent = 0.125 * abs(found.flow.voltage - self.load_voltage - h * self.voltage_rate) / DRAWN
        return found, float(max(off, bent if self.steady else 0.0) / self.tolerance)

    def _locate(
        self, step: ProtocolStep, load: _Load, done: float, length: float, words: str, before: dict[str, float]
    ) -> tuple[float, _Trial, str]:
        """The window shortened to where the first margin is met."""
        low, high, g_low = 0.0, length, before[words]
        near, best = 0.5 * length, None
        for _ in range(30):
            found, _ = self._window(step.mode, load.at(done + near), near)
            if found is None:
                best, high = None, near  # the spare cells have moved on
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
            falls = step.target > 0.0 or (bool(step.times) and flow.current > 0.0)
            below = ending.direction == "below" or (ending.direction is None and (falls or ending.quantity == "current"))
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
        self.simulations, self._spare = self._spare, self.simulations
        self.exchange(self.simulations, h)
        rate = np.zeros(currents.size) if jump else (currents - self.sudden) / h
        self.bend = np.zeros(currents.size) if jump or self.last == 0.0 else (rate - self.rate) / (h + self.last)
        self.rate, self.last = rate, 0.0 if jump else h
        self.voltage_rate = 0.0 if jump else (trial.flow.voltage - self.load_voltage) / h
        self.load_voltage = trial.flow.voltage
        self.currents, self.voltages = currents, trial.voltages
        self.time += h
        self.times.append(self.time)
        self.kept.append((
            trial.flow.voltage, trial.flow.current, self.network.heat(trial.flow.potentials), currents, trial.voltages,
            np.array([one.state[one.cell.system.at.temperature] for one in self.simulations]),
            np.array([one.state_of_charge for one in self.simulations]), trial.heats, trial.flow.potentials,
            self.network.bleeds.astype(np.int64),
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
            ("cell_bled", ("time", "cell"), "1", "whether the balancing resistor of a cell is switched on"),
        )[: 10 if self.network.circuit.balancing is not None else 9]
        made: dict[str, Any] = {
            name: labelled(dims, column, title, units) for (name, dims, units, title), column in zip(named, columns, strict=False)
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
