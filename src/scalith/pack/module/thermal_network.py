"""A network of lumped bodies that conduct, radiate, react and vent: built body by body, integrated by one kernel."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from scalith.pack.heat.cell_body import ATMOSPHERE, CellBody
from scalith.quantities import ConvergenceError, InputError
from scalith.quantities.constants import GAS_CONSTANT
from scalith.reactions.kinetics import ReactionSet

if TYPE_CHECKING:
    from scalith.pack.kernels.network import NetworkArrays, NetworkState
    from scalith.pack.kernels.network_outputs import Outputs

Array = NDArray[np.float64]
_STEPS_IN_A_PIECE = 4000
_STEPS_TO_A_LOOK = 400
"""Steps between two looks whether enough cells have run away."""

_MOST_STEPS = 400_000


@dataclass
class ThermalNetwork:
    """Bodies and links; every method appends. Temperatures in K, conductances in W K-1, radiation in W K-4."""

    coolant_temperature: float = 298.15
    bodies: list[dict[str, float]] = field(default_factory=list)
    cells: list[CellBody | None] = field(default_factory=list)
    first_of_cell: list[int] = field(default_factory=list)
    links: list[tuple[int, int, float, float]] = field(default_factory=list)
    sides: list[tuple[int, float, float, float]] = field(default_factory=list)
    sources: list[tuple[int, Array, Array]] = field(default_factory=list)
    ambient: tuple[Array, Array] = field(default_factory=lambda: (np.array([0.0]), np.array([298.15])))

    def add(
        self,
        capacity: float,
        *,
        ambient: float = 0.0,
        ambient_radiation: float = 0.0,
        coolant: float = 0.0,
        cell: CellBody | None = None,
        share: float = 1.0,
        part_of: int | None = None,
        feedback: float = 1.0,
    ) -> int:
        """Add a body and give its number; `share` of the reacting volume of `cell` is in it.

        Bodies of one cell run away and vent together: `part_of` is the number of the first of them.
        """
        self.bodies.append(
            {
                "capacity": capacity,
                "volume": 0.0 if cell is None else share * cell.reacting_volume,
                "feedback": feedback,
                "coolant": coolant,
                "share": share,
            }
        )
        self.cells.append(cell)
        here = len(self.bodies) - 1
        self.first_of_cell.append(-1 if cell is None else here if part_of is None else self.first_of_cell[part_of])
        self.expose(here, ambient, ambient_radiation)
        return here

    def expose(self, body: int, conductance: float, radiation: float, resistance: float = 0.0) -> None:
        """Give a body a free side: convection and radiation to ambient, from a surface behind a resistance, K W-1."""
        if conductance > 0.0 or radiation > 0.0:
            self.sides.append((body, conductance, radiation, resistance))

    def link(self, first: int, second: int, conductance: float, radiation: float = 0.0) -> None:
        """Join two bodies."""
        if conductance > 0.0 or radiation > 0.0:
            self.links.append((first, second, conductance, radiation))

    def heat(self, body: int, time: Array, power: Array) -> None:
        """Heat a body: W, linear between the times (a time given twice is a jump)."""
        self.sources.append((body, np.asarray(time, dtype=np.float64), np.asarray(power, dtype=np.float64)))

    def ordered(self, start: float) -> tuple[NetworkArrays, NDArray[np.int64], int]:
        """Kernel arrays, the order of the bodies in them, and the bandwidth."""
        from scalith.pack.kernels.network import NetworkArrays

        count = len(self.bodies)
        ends = np.array([[a, b] for a, b, _, _ in self.links], dtype=np.int64).reshape(-1, 2)
        order = _narrowest_order(ends, count)
        place = np.empty(count, dtype=np.int64)
        place[order] = np.arange(count)
        ends = np.sort(place[ends], axis=1)
        by_lower = np.argsort(ends[:, 0], kind="stable")
        ends = ends[by_lower]
        band = int((ends[:, 1] - ends[:, 0]).max()) if len(ends) else 0
        # Sides of a body that are alike are one: n of them give n times the heat.
        alike = Counter((int(place[i]), g, s, R) for i, g, s, R in self.sides)
        side = np.array([(i, n * g, n * s, R / n) for (i, g, s, R), n in sorted(alike.items())]).reshape(-1, 4)
        body = {name: np.array([self.bodies[i][name] for i in order]) for name in self.bodies[0]}
        vents = [None if (one := self.cells[i]) is None else one.vent for i in order]
        firsts, cell = np.unique(np.array(self.first_of_cell)[order], return_inverse=True)
        cell = cell.astype(np.int64) - int(firsts[0] == -1)
        count_cells = int(cell.max()) + 1
        spans = [np.flatnonzero(cell == g) for g in range(count_cells)]
        head = np.array([0.0 if vent is None else vent.free_volume for vent in vents]) * body["share"]
        head_of = np.array([head[span].sum() for span in spans])
        vapour = next((vent for vent in vents if vent is not None), None)
        vapour_now = 0.0 if vapour is None else vapour.vapour_factor * np.exp(-vapour.vapour_temperature / start)
        times = self._knots()
        arrays = NetworkArrays(
            capacity=body["capacity"],
            volume=body["volume"],
            feedback=body["feedback"],
            cell=cell,
            cell_low=np.array([span[0] for span in spans], dtype=np.int64),
            cell_high=np.array([span[-1] + 1 for span in spans], dtype=np.int64),
            link_from=np.ascontiguousarray(ends[:, 0]),
            link_to=np.ascontiguousarray(ends[:, 1]),
            first_link=np.searchsorted(ends[:, 0], np.arange(count + 1)).astype(np.int64),
            link_conductance=np.array([self.links[k][2] for k in by_lower], dtype=np.float64),
            link_radiation=np.array([self.links[k][3] for k in by_lower], dtype=np.float64),
            first_side=np.searchsorted(side[:, 0], np.arange(count + 1)).astype(np.int64),
            side_conductance=np.ascontiguousarray(side[:, 1]),
            side_radiation=np.ascontiguousarray(side[:, 2]),
            side_resistance=np.ascontiguousarray(side[:, 3]),
            coolant_conductance=body["coolant"],
            coolant_temperature=float(self.coolant_temperature),
            ejected=np.array([0.0 if vent is None else vent.ejected_fraction for vent in vents]),
            boiling_heat=np.array([getattr(vents[span[0]], "heat_taken", 0.0) for span in spans]),
            boiling_point=np.array([np.inf if (one := vents[span[0]]) is None else one.boiling_point() for span in spans]),
            head_volume=head_of,
            vent_pressure=np.array([getattr(vents[span[0]], "pressure", np.inf) for span in spans]),
            gas_at_start=max(ATMOSPHERE - vapour_now, 0.0) * head_of / (GAS_CONSTANT * start),
            vapour_pressure=0.0 if vapour is None else vapour.vapour_factor,
            vapour_temperature=0.0 if vapour is None else vapour.vapour_temperature,
            table_time=times,
            table_ambient=_at(times, *self.ambient),
            table_power=np.ascontiguousarray(
                np.array([_at(times, time, power) for _, time, power in self.sources]).reshape(len(self.sources), times.size).T
            ),
            source_body=np.array([place[i] for i, _, _ in self.sources], dtype=np.int64),
        )
        return arrays, order, band

    def _knots(self) -> Array:
        """Times of all tables; one that any of them gives twice (a jump) twice."""
        tables = [self.ambient[0], *[time for _, time, _ in self.sources]]
        twice = [t for time in tables for t in time[1:][np.diff(time) == 0]]
        return np.sort(np.concatenate([np.unique(np.concatenate(tables)), np.unique(twice)]))


def _narrowest_order(ends: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    """An order of `count` bodies in which those that are linked, by their numbers (links, 2), lie near each other."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import reverse_cuthill_mckee

    if not len(ends):
        return np.arange(count, dtype=np.int64)
    graph = coo_matrix((np.ones(len(ends)), (ends[:, 0], ends[:, 1])), shape=(count, count)).tocsr()
    order: NDArray[np.int64] = reverse_cuthill_mckee((graph + graph.T).tocsr(), symmetric_mode=True).astype(np.int64)
    return order


def _at(times: Array, given: Array, values: Array) -> Array:
    """Values at sorted times that may be doubled at a jump: the first of a pair is before it, the second after."""
    result = np.interp(times, given, values)
    for i in range(times.size - 1):
        if times[i] == times[i + 1]:
            here = np.flatnonzero(given == times[i])
            if here.size:
                result[i], result[i + 1] = values[here[0]], values[here[-1]]
    return result


@dataclass(frozen=True)
class NetworkResult:
    """What the integration found, bodies in the order in which they were added.

    Attributes
    ----------
    time : ndarray, shape (m,)
    temperature : ndarray, shape (m, n)
    extents : ndarray, shape (m, n, r)
    ambient, coolant, heaters : ndarray, shape (m,)
        Heat given to ambient and coolant, and taken from heaters, since the start, J.
    released, ejected : ndarray, shape (m, n)
        Heat of reaction, and what left through the vents (with the heat of evaporation), since the start, J.
    boiled : ndarray, shape (n,)
        Heat that boiling took when the vent opened, J.
    peak_temperature : ndarray, shape (n,)
    vent_time, runaway_time, peak_pressure, peak_self_heating : ndarray, shape (n,)
        Of the cell that a body is part of; NaN, or zero, for other bodies.
    energy_balance_error : float
        Largest |released + heaters − stored − ambient − coolant − ejected| over the largest of them.
    steps : int
    """

    time: Array
    temperature: Array
    extents: Array
    ambient: Array
    coolant: Array
    heaters: Array
    released: Array
    ejected: Array
    boiled: Array
    vent_time: Array
    runaway_time: Array
    peak_temperature: Array
    peak_pressure: Array
    peak_self_heating: Array
    energy_balance_error: float
    steps: int


def simulate_network(
    network: ThermalNetwork,
    kinetics: ReactionSet,
    time: Array,
    *,
    initial_temperature: float,
    tolerance: float = 1e-5,
    initial_extents: Array | None = None,
    land: bool = False,
    runaway_rate: float = 1.0,
    most_steps: int = _MOST_STEPS,
    progress: Callable[[float, str], None] | None = None,
) -> NetworkResult:
    """Integrate a network with the reactions of `kinetics`.

    Parameters
    ----------
    network : ThermalNetwork
        Bodies, links, heaters, ambient.
    kinetics : ReactionSet
        One set for all reacting bodies.
    time : ndarray, shape (m,)
        Output times, s; the step is chosen by the error, not by them.
    initial_temperature : float
        K.
    initial_extents : ndarray, shape (n, r), optional
        Extents at the start where the reactions have begun; zero when not given. Heat counts from the start.
    tolerance : float
        Local error of a step: of temperatures relative, of extents absolute.
    land : bool
        End a step at each output time: rates of reaction at the outputs are then as exact as the steps.
    runaway_rate : float
        Self-heating that counts as runaway, K s-1.
    most_steps : int
        Gives up beyond.
    progress : callable, optional
        Called with (fraction, message).

    Raises
    ------
    InputError
        A tolerance that is not positive.
    ConvergenceError
        The step became too small, too many steps were needed, or the energy balance is open by more than 1e-8.
    """
    if not 0 < tolerance < 0.1:
        raise InputError("simulate_network", "tolerance", tolerance, "a number between 0 and 0.1")
    arrays, order, band = network.ordered(initial_temperature)
    state = _initial_state(arrays, kinetics, initial_temperature, None if initial_extents is None else initial_extents[order])
    out, steps = _integrate(arrays, band, state, kinetics, time, tolerance, land, runaway_rate, most_steps, progress)
    return _result(network, arrays, order, state, out, kinetics, initial_temperature, steps)


def count_runaways(
    network: ThermalNetwork,
    kinetics: ReactionSet,
    duration: float,
    *,
    initial_temperature: float,
    tolerance: float = 1e-5,
    runaway_rate: float = 1.0,
    enough: int | None = None,
) -> int:
    """How many cells of a network run away; the integration ends when `enough` of them have.

    Parameters and errors as `simulate_network`.
    """
    if not 0 < tolerance < 0.1:
        raise InputError("count_runaways", "tolerance", tolerance, "a number between 0 and 0.1")
    arrays, _, band = network.ordered(initial_temperature)
    state = _initial_state(arrays, kinetics, initial_temperature, None)
    time = np.array([0.0, duration])
    _integrate(arrays, band, state, kinetics, time, tolerance, False, runaway_rate, _MOST_STEPS, None, enough)
    return int(np.isfinite(state.runaway_time).sum())


def _initial_state(arrays: NetworkArrays, kinetics: ReactionSet, temperature: float, extents: Array | None) -> NetworkState:
    from scalith.pack.kernels.network import NetworkState

    count, reactions, cells = arrays.capacity.size, len(kinetics.reactions), arrays.cell_low.size
    return NetworkState(
        temperature=np.full(count, float(temperature)),
        extents=np.zeros((count, reactions)) if extents is None else np.ascontiguousarray(extents),
        extents_at_vent=np.zeros((count, reactions)),
        retained=arrays.feedback.copy(),
        vent_time=np.full(cells, np.nan),
        runaway_time=np.full(cells, np.nan),
        boiled=np.zeros(count),
        peak_temperature=np.zeros(count),
        peak_pressure=np.zeros(cells),
        peak_self_heating=np.zeros(cells),
        held=np.zeros((count, reactions)),
        held_heat=np.zeros(count),
        held_at=np.zeros(count),
        fastest=np.zeros(count),
    )


def _integrate(
    arrays: NetworkArrays,
    band: int,
    state: NetworkState,
    kinetics: ReactionSet,
    time: Array,
    tolerance: float,
    land: bool,
    runaway_rate: float,
    most_steps: int,
    progress: Callable[[float, str], None] | None,
    enough: int | None = None,
) -> tuple[Outputs, int]:
    """The outputs, and how many steps they took; in pieces, so that Ctrl-C is heard and progress is told between them."""
    from scalith.pack.kernels.network_integration import FINISHED, STEP_TOO_SMALL, integrate
    from scalith.pack.kernels.network_outputs import Outputs
    from scalith.pack.kernels.network_step import make_steps

    set_ = kinetics.arrays()
    count, reactions = state.extents.shape
    out = Outputs(
        time=np.ascontiguousarray(time, dtype=np.float64),
        temperature=np.zeros((time.size, count)),
        extents=np.zeros((time.size, count, reactions)),
        losses=np.zeros((time.size, 2)),
    )
    at = make_steps(count, reactions, set_.initial.size, arrays.link_from.size, arrays.source_body.size, band)
    at.wanted[0] = min(1.0, 1e-3 * (time[-1] - time[0]))
    steps, level, status = 0, 0, None
    while status != FINISHED:
        piece = min(_STEPS_IN_A_PIECE if enough is None else _STEPS_TO_A_LOOK, most_steps - steps)
        status, used, level = integrate(set_, arrays, state, at, out, band, tolerance, piece, land, runaway_rate, level)
        steps += used
        reached = float(at.now[0])
        if status == STEP_TOO_SMALL or (status != FINISHED and steps >= most_steps):
            why = f"more than {most_steps} steps"
            if status == STEP_TOO_SMALL:
                why = "the step became too small: look for a jump in the reaction set"
            done = time <= reached
            raise ConvergenceError("the thermal network", why, time=reached, partial=(time[done], out.temperature[done]))
        if enough is not None and np.isfinite(state.runaway_time).sum() >= enough:
            break
        if progress is not None:
            share = (reached - time[0]) / (time[-1] - time[0])
            progress(share, f"t = {reached:.4g} s, hottest body {state.temperature.max():.0f} K")
    return out, steps


def _result(
    network: ThermalNetwork,
    arrays: NetworkArrays,
    order: NDArray[np.int64],
    state: NetworkState,
    out: Outputs,
    kinetics: ReactionSet,
    initial_temperature: float,
    steps: int,
) -> NetworkResult:
    """Heat accounts, and what was found in the order in which the bodies were added.

    Raises
    ------
    ConvergenceError
        The accounts do not close.
    """
    time, temperature, extents, heat = out.time, out.temperature, out.extents, kinetics.arrays().heat
    losses = np.cumsum(out.losses, axis=0)
    released = (heat[None, None, :] * arrays.volume[None, :, None] * (extents - extents[:1])).sum(axis=2)
    vent_time = _of_bodies(state.vent_time, arrays.cell, np.nan)
    after = np.where(np.isnan(vent_time), np.inf, vent_time)[None, :] < time[:, None]
    since_vent = released - (heat * (state.extents_at_vent - extents[0])).sum(axis=1) * arrays.volume
    ejected = np.where(after, arrays.ejected * since_vent + state.boiled, 0.0)
    heaters = np.zeros(time.size)
    for _, given, power in network.sources:
        heaters += _integral(time, given, power)
    stored = (arrays.capacity * (temperature - initial_temperature)).sum(axis=1)
    parts = [(released * arrays.feedback).sum(axis=1), heaters, stored, losses[:, 0], losses[:, 1], ejected.sum(axis=1)]
    scale = max(float(np.abs(part).max()) for part in parts)
    residual = parts[0] + heaters - stored - losses.sum(axis=1) - parts[5]
    error = float(np.abs(residual).max() / max(scale, 1e-3 * arrays.capacity.sum()))
    if not error < 1e-8:
        raise ConvergenceError(
            "the thermal network", f"the energy balance is open by {error:.1e}: use a smaller tolerance", partial=temperature
        )
    place = np.argsort(order)
    return NetworkResult(
        time=time,
        temperature=temperature[:, place],
        extents=extents[:, place],
        ambient=losses[:, 0],
        coolant=losses[:, 1],
        heaters=heaters,
        released=released[:, place],
        ejected=ejected[:, place],
        boiled=state.boiled[place],
        vent_time=vent_time[place],
        runaway_time=_of_bodies(state.runaway_time, arrays.cell, np.nan)[place],
        peak_temperature=state.peak_temperature[place],
        peak_pressure=_of_bodies(state.peak_pressure, arrays.cell, 0.0)[place],
        peak_self_heating=_of_bodies(state.peak_self_heating, arrays.cell, 0.0)[place],
        energy_balance_error=error,
        steps=steps,
    )


def _of_bodies(of_cells: Array, cell: NDArray[np.int64], other: float) -> Array:
    """What holds for each cell, by body."""
    return np.append(of_cells, other)[cell]


def _integral(time: Array, given: Array, power: Array) -> Array:
    """∫ P dt from ``time[0]``, exact for P linear between the given times."""
    if given.size == 1:
        steady: Array = power[0] * (time - time[0])
        return steady
    knots = np.concatenate([[0.0], np.cumsum(0.5 * (power[1:] + power[:-1]) * np.diff(given))])

    def primitive(t: Array) -> Array:
        i = np.clip(np.searchsorted(given, t, side="right") - 1, 0, given.size - 2)
        span = given[i + 1] - given[i]
        s = np.where(span > 0, (np.clip(t, given[0], given[-1]) - given[i]) / np.where(span > 0, span, 1.0), 0.0)
        inside = knots[i] + s * span * (power[i] + 0.5 * s * (power[i + 1] - power[i]))
        total: Array = inside + power[0] * np.minimum(t - given[0], 0.0) + power[-1] * np.maximum(t - given[-1], 0.0)
        return total

    result: Array = primitive(time) - primitive(time[:1])
    return result
