"""A cell in the course of being simulated: its state, and what was recorded so far."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from scalith.cell.files.read_cell import read_cell
from scalith.cell.kernels import events, implicit_step, layout, newton, records, stepping
from scalith.cell.model.discretise import Discretised, discretise, initial_state, require_capacitors, state_of_charge
from scalith.cell.model.mesh import Mesh
from scalith.cell.model.through_thickness import FIRST_SEGMENT, LAYERS, Slab
from scalith.cell.runs.tolerance import TOLERANCE, checked_tolerance
from scalith.cell.specification.cell import CellSpecification
from scalith.numerics.first_compilation import announce_first_compilation
from scalith.quantities import InputError, nearest, parse_quantity, predicted, read_results, write_results

if TYPE_CHECKING:
    import xarray as xr

    from scalith.cell.runs.discharge import Progress
    from scalith.cell.runs.protocol_steps import ProtocolStep
    from scalith.cell.runs.protocol_text import Steps
    from scalith.quantities import Result, Source

Array = NDArray[np.float64]
MODES = {
    "current": newton.BY_CURRENT,
    "voltage": newton.BY_VOLTAGE,
    "power": newton.BY_POWER,
    "resistance": newton.BY_RESISTANCE,
    "clipped_current": newton.BY_CLIPPED_CURRENT,
    "clipped_power": newton.BY_CLIPPED_POWER,
}
LIMITS = {
    "voltage_low": events.VOLTAGE_LOW,
    "voltage_high": events.VOLTAGE_HIGH,
    "current_low": events.CURRENT_LOW,
    "current_high": events.CURRENT_HIGH,
    "temperature_low": events.TEMPERATURE_LOW,
    "temperature_high": events.TEMPERATURE_HIGH,
    "charge_low": events.CHARGE_LOW,
    "charge_high": events.CHARGE_HIGH,
    "negative_potential_low": events.NEGATIVE_LOW,
    "negative_potential_high": events.NEGATIVE_HIGH,
    "positive_potential_low": events.POSITIVE_LOW,
    "positive_potential_high": events.POSITIVE_HIGH,
    "voltage_falls": events.VOLTAGE_FALLS,
    "voltage_rises": events.VOLTAGE_RISES,
}
"""What may end a segment; `voltage_low` counts while discharging and `voltage_high` while charging, the last two always."""
Mode = Literal["current", "voltage", "power", "resistance", "clipped_current", "clipped_power"]
Thermal = Literal["isothermal", "lumped", "through_thickness"]
_NO_TIMES = np.empty(0)


def read_share(value: float | str, where: str, name: str) -> float:
    """A state of charge, 0 to 1; text such as ``"50 %"`` is read.

    Raises
    ------
    InputError
    """
    number = np.asarray(parse_quantity(value, "1", where=where, field=name) if isinstance(value, str) else value)
    if number.ndim != 0 or not 0.0 <= number <= 1.0:
        raise InputError(where, name, value, "0 to 1, or text such as '50 %'")
    return float(number)


_CHANGED = ("porosity", "transport", "share", "fresh", "scalars")
"""Arrays of a system that its state changes while it runs: each simulation has its own."""


class Simulation:
    """One cell that is advanced step by step: what protocols, batches, networks, spectra and ageing run on.

    Parameters
    ----------
    specification : CellSpecification or path
        What `scalith.cell.read_cell` takes.
    mesh : Mesh, optional
    temperature : float, optional
        At the start, K; without it that of the cell's initial state, or its reference temperature.
    thermal : {"isothermal", "lumped", "through_thickness"}
    tolerance : float
        Of one time step: V, and 1 in stoichiometry and relative concentration.
    state_of_charge : float or str, optional
        At the start, at rest, 0 to 1 or text such as ``"50 %"``; without it that of the cell's initial state.

    Attributes
    ----------
    state : ndarray
        The unknowns: see `scalith.cell.kernels.layout`.
    time : float
    reason : int
        Why the last segment ended: see `scalith.cell.kernels.events`.
    rows, states : ndarray
        Records so far.
    brief : bool
        Keep time, voltage, current, temperature and charge alone between the first and the last record of a step; the rest is
        not a number there. For long lives, of which each step leaves one record (`forget`).
    slab : Slab or None
        With ``thermal="through_thickness"``: `slab_times`, `slab_profiles` and `slab_heats` are then kept from one exchange
        with the electrochemistry to the next: times, temperatures above ambient, and heat made and lost since the start.

    Examples
    --------
    >>> from scalith.cell import CellSpecification, Simulation
    >>> from scalith.quantities import shipped
    >>> simulation = Simulation(CellSpecification.read_toml(shipped("cell/lgm50_chen2020.toml")))
    >>> simulation.step("Discharge at 1C for 10 minutes")
    'duration reached'
    >>> before = simulation.copy()
    >>> result = simulation.run(["Rest for 10 minutes", "Charge at C/2 until 4.2 V"])
    """

    def __init__(
        self,
        specification: CellSpecification | str | Path,
        *,
        mesh: Mesh | None = None,
        temperature: float | None = None,
        thermal: Thermal = "isothermal",
        tolerance: float = TOLERANCE,
        state_of_charge: float | str | None = None,
    ) -> None:
        specification = read_cell(specification)
        if thermal not in ("isothermal", "lumped", "through_thickness"):
            raise InputError("thermal", "", thermal, "'isothermal', 'lumped' or 'through_thickness'")
        self.tolerance, self.thermal, self.mesh = checked_tolerance(tolerance), thermal, mesh or Mesh()
        self._asked_mesh, self._asked_temperature = mesh, temperature
        start = specification.initial_temperature if temperature is None else float(temperature)
        charge = specification.initial_state.state_of_charge if state_of_charge is None else state_of_charge
        self.initial_state_of_charge = read_share(charge, "simulation", "state_of_charge")
        self.time, self.reason, self.steps, self._used = 0.0, events.DURATION, 0, 0
        self.brief = False
        self._states = np.full((1, 1), np.nan)
        self._at_rest: dict[float, Array] = {}
        self.slab_times: list[float] = []
        self.slab_profiles: list[Array] = []
        self.slab_heats: list[tuple[float, float]] = []
        announce_first_compilation("cell", "run_segment")
        self._build(specification, specification.reference_temperature if start is None else start)
        self._rows = np.empty((256, records.CLASSES + records.CLASS_RECORDS * len(self.cell.sides)))
        self.set_state_of_charge(self.initial_state_of_charge)

    def _build(self, specification: CellSpecification, temperature: float) -> None:
        """Arrays of a cell at a temperature."""
        if not 150.0 < temperature < 600.0:
            raise InputError("temperature", "", temperature, "a temperature in K")
        self.specification, self.temperature = specification, temperature
        lumped = self.thermal != "isothermal"
        self.slab = Slab.of(specification) if self.thermal == "through_thickness" else None
        ambient = specification.thermal.ambient_temperature if lumped and specification.thermal is not None else None
        self.ambient = temperature if ambient is None else ambient
        self.cell: Discretised = discretise(specification, self.mesh, None if lumped else temperature, self.ambient)
        self._work = newton.make_work(self.cell.system, self.cell.size)
        self._memory = implicit_step.make_memory(self.cell.size)
        if self._states.shape[1] != self.cell.size:
            self._states = np.full((1, self.cell.size), np.nan)
        self._at_rest.clear()

    @property
    def state_of_charge(self) -> float:
        """Lithium of the negative electrode within its window, 0 to 1."""
        return state_of_charge(self.cell, self.state)

    @property
    def voltage(self) -> float:
        """Terminal voltage at the last record, V."""
        return float(self._rows[self._used - 1, records.VOLTS]) if self._used else float("nan")

    @property
    def rows(self) -> Array:
        """Records so far, shape (records, columns)."""
        return self._rows[: self._used]

    @property
    def states(self) -> Array:
        """States at the records, where they were kept."""
        return self._states[: self._used]

    def set_state_of_charge(self, state_of_charge: float) -> None:
        """Put the cell at rest at a state of charge, at time zero and without records."""
        self.time, self.steps, self._used = 0.0, 0, 0
        if not 0.0 <= state_of_charge <= 1.0:
            raise InputError("simulation", "state_of_charge", state_of_charge, "0 to 1")
        if state_of_charge not in self._at_rest:
            self._at_rest[state_of_charge] = initial_state(self.specification, self.cell, state_of_charge, self.temperature)
        self.state = self._at_rest[state_of_charge].copy()
        self.restore_pores()
        self._start_slab(np.full(LAYERS, self.temperature - self.ambient))

    def resume(self, earlier: xr.Dataset | str | Path) -> None:
        """Start where an earlier run of the same cell and mesh ended; a path is read.

        A temperature or a mesh that this simulation was asked for holds from here on; without one the earlier run's goes on.

        Raises
        ------
        InputError
            There is no final state, or it belongs to another cell, mesh or thermal model.
        """
        if isinstance(earlier, str | Path):
            earlier = read_results(Path(earlier))
        state = earlier.get("final_state")
        made_on = earlier.attrs.get("mesh")
        if state is not None and made_on is not None and self._asked_mesh is None and made_on != self.cell.mesh.text:
            self.mesh = Mesh.read(str(made_on), "initial")
            self._build(self.specification, self.temperature)
        found = "no final_state" if state is None else f"{state.size} unknowns"
        if state is None or state.size != self.cell.size:
            where = "" if made_on is None else f" (it was made with Mesh.read({made_on!r}))"
            raise InputError("initial", "final_state", found + where, f"{self.cell.size} unknowns: the same cell and mesh")
        owner = str(earlier.attrs.get("cell", ""))
        if owner and owner != self.specification.digest:
            expected = f"{self.specification.digest}: the same cell (`Simulation.modify` changes one and keeps its state)"
            raise InputError("initial", "cell", owner, expected)
        y = np.array(state.values, dtype=np.float64)
        at_T = self.cell.system.at.temperature
        if self._asked_temperature is None and abs(y[at_T] - self.temperature) > 1e-9:
            self._build(self.specification, float(y[at_T]))
        elif self._asked_temperature is not None:
            y[at_T] = self._asked_temperature
        self.state, self.time, self.steps, self._used = y, 0.0, 0, 0
        self.restore_pores()
        if self.slab is not None:
            profile = earlier.get("temperature_profile")
            if profile is None or profile.shape[-1] != LAYERS:
                raise InputError("initial", "temperature_profile", "nothing", "the result of thermal='through_thickness'")
            self._start_slab(np.asarray(profile.values[-1]) - self.ambient)

    def set_temperature(self, temperature: float) -> None:
        """Go on at another temperature: of the cell where it is isothermal, of the surroundings where it is not."""
        if self.thermal == "isothermal":
            self._build(self.specification, float(temperature))
            self.state[self.cell.system.at.temperature] = temperature
        else:
            self.ambient = float(temperature)
            self.cell.system.scalars[layout.AMBIENT_TEMPERATURE] = self.ambient
        self.restore_pores()

    def modify(self, changes: Mapping[str, float]) -> None:
        """Go on with other parameters, by their paths (``"positive_electrode.thickness"``, SI); the state is kept.

        Raises
        ------
        InputError
            An unknown path, or a change after which the state would not fit.
        """
        from scalith.cell.specification.paths import vary

        changed, factors = vary(self.specification, changes)
        if factors:
            raise InputError("modify", next(iter(factors)), "a multiplier", "the path of a number")
        size, state = self.cell.size, self.state
        before = self.specification
        self._build(changed, self.temperature)
        if self.cell.size != size:
            self._build(before, self.temperature)
            raise InputError("modify", ", ".join(changes), "another number of unknowns", "the same mesh and materials")
        self.state = state
        self.restore_pores()

    def copy(self, *, records: bool = True) -> Simulation:
        """Another simulation in the same state, with records of its own; without those so far where `records` is false."""
        other = copy.copy(self)
        other.state = self.state.copy()
        if records:
            other._rows, other._states = self._rows.copy(), self._states.copy()
        else:
            other._rows, other._states, other._used = np.empty((64, self._rows.shape[1])), np.empty((1, self.cell.size)), 0
        system = self.cell.system
        own = {name: getattr(system, name).copy() for name in _CHANGED}
        other.cell = self.cell._replace(system=system._replace(**own))
        other._work, other._memory = newton.make_work(system, self.cell.size), implicit_step.make_memory(self.cell.size)
        if self.slab is not None:
            other.slab_times, other.slab_profiles = list(self.slab_times), list(self.slab_profiles)
            other.slab_heats = list(self.slab_heats)
        return other

    def take_state_of(self, other: Simulation, *, records: bool = True) -> None:
        """Go on from where another simulation of the same cell and mesh stands, at its time.

        Its records are not taken; those here stay, or are dropped where `records` is false.
        """
        if other.cell.size != self.cell.size or other.thermal != self.thermal:
            found = f"{other.cell.size} unknowns, thermal={other.thermal!r}"
            raise InputError("simulation", "state", found, f"{self.cell.size} unknowns, thermal={self.thermal!r}: the same cell")
        self.state[:] = other.state
        self.time, self.reason, self.steps, self.ambient = other.time, other.reason, other.steps, other.ambient
        self._used = self._used if records else 0
        mine, theirs = self.cell.system, other.cell.system
        for name in _CHANGED:
            getattr(mine, name)[:] = getattr(theirs, name)
        if self.slab is not None:
            self.slab_times, self.slab_profiles = list(other.slab_times), list(other.slab_profiles)
            self.slab_heats = list(other.slab_heats)

    def forget(self) -> None:
        """Drop what was recorded, but for the last record: memory stays flat over a long life."""
        if self._used > 1:
            self._rows[0] = self._rows[self._used - 1]
            self._states, self._used = np.full((1, self.cell.size), np.nan), 1
        if self.slab is not None:
            for kept in (self.slab_times, self.slab_profiles, self.slab_heats):
                del kept[:-1]

    def save(self, path: str | Path) -> None:
        """Write what was recorded and the state to a NetCDF file that `resume` reads."""
        write_results(self.result(), Path(path))

    def step(self, step: str | ProtocolStep) -> str:
        """Carry out one step of a protocol; returns why it ended."""
        from scalith.cell.model.results import words_of
        from scalith.cell.runs.protocol_run import carry_out
        from scalith.cell.runs.protocol_text import parse_step

        carry_out(parse_step(step, self.specification) if isinstance(step, str) else step, self)
        return words_of(self.cell, self.rows, self.reason)

    def run(self, protocol: Steps, *, cycles: int = 1, strict: bool = False, progress: Progress | None = None) -> Result:
        """Carry out a protocol from here; returns all that was recorded since the start: see `simulate_protocol`."""
        from scalith.cell.runs.protocol_run import run_protocol

        return run_protocol(self, protocol, cycles=cycles, strict=strict, progress=progress)

    def result(self, *, reason: str | None = None, source: Source | None = None, profiles: bool = False) -> Result:
        """What was recorded since the start, with the state at the end."""
        from scalith.cell.model.lithium_surface import add_lithium
        from scalith.cell.model.results import add_slab, dataset, words_of

        if self._used == 0:
            raise InputError("simulation", "result", "nothing recorded", "a step before it")
        origin = source or predicted("scalith.cell.Simulation", self.specification.digest, settings=self.settings())
        states = self.states if profiles and len(self._states) >= self._used else None
        words = reason or words_of(self.cell, self.rows, self.reason)
        data = dataset(self.cell, self.rows, states, words, origin, time_steps=self.steps)
        add_slab(data, self)
        add_lithium(data, self.specification)
        data["final_state"] = ("unknown", self.state.copy(), {"units": "SI", "long_name": "state at the end"})
        data.attrs["cell"] = self.specification.digest
        return data

    def settings(self) -> dict[str, Any]:
        """What was chosen, for the source of a result."""
        return {
            "temperature_K": self.temperature,
            "thermal": self.thermal,
            "tolerance": self.tolerance,
            "mesh": str(self.mesh),
        }

    def impedance(self, frequencies: ArrayLike) -> NDArray[np.complex128]:
        """Z = −δV/δI at the present state, ohm: see `simulate_impedance`."""
        from scalith.cell.runs.spectrum import impedance_of

        return impedance_of(self, np.array(frequencies, dtype=np.float64, ndmin=1))

    def hold(
        self,
        mode: Mode,
        target: float,
        *,
        duration: float,
        output_times: Array | None = None,
        keep_states: bool = False,
        longest_step: float = np.inf,
        most_steps: int = 200_000,
        **limits: float,
    ) -> int:
        """Hold current, voltage, power or resistance until `duration` or one of `limits` (see `LIMITS`); returns why it ended."""
        load_times, loads = np.array([0.0, duration]), np.array([target, target], dtype=np.float64)
        return self.follow(
            mode,
            load_times,
            loads,
            output_times=output_times,
            keep_states=keep_states,
            longest_step=longest_step,
            most_steps=most_steps,
            **limits,
        )

    def follow(
        self,
        mode: Mode,
        load_times: Array,
        loads: Array,
        *,
        output_times: Array | None = None,
        keep_states: bool = False,
        longest_step: float = np.inf,
        most_steps: int = 200_000,
        **limits: float,
    ) -> int:
        """As `hold`, with a load that is linear between points; `load_times` start at 0.

        Raises
        ------
        InputError
            As many loads as times are needed, at least two; an unknown limit; a double layer with a constant phase.
        """
        times, values = np.asarray(load_times, dtype=np.float64), np.asarray(loads, dtype=np.float64)
        if times.shape != values.shape or times.ndim != 1 or times.size < 2:
            raise InputError(
                "load", "loads", f"{values.size} loads at {times.size} times", "as many loads as times, at least two"
            )
        if times[-1] > 0.0:
            require_capacitors(self.cell.system.double_layer_exponent, self.specification.name)
        unknown = [name for name in limits if name not in LIMITS]
        if unknown:
            raise InputError("load", "limit", unknown[0], nearest(unknown[0], LIMITS))
        watched = np.full(events.EVENTS, np.nan)
        for name, value in limits.items():
            watched[LIMITS[name]] = value
        segment = implicit_step.Segment(
            MODES[mode],
            np.array(times),  # copies that can be written to: for others all kernels would be compiled again
            np.array(values),
            watched,
            float(self.tolerance),
            float(longest_step),
            int(most_steps),
            _NO_TIMES if output_times is None else np.array(output_times, dtype=np.float64),
            bool(keep_states),
            self.brief and self.slab is None,
        )
        self.last_segment, self.last_load = segment, (segment.load_times, segment.loads)
        used = self._used
        if keep_states and len(self._states) < used:
            # Of the records before these no states were kept.
            self._states = np.concatenate([self._states, np.full((used - len(self._states), self.cell.size), np.nan)])
        reason = self._run(segment) if self.slab is None else self._follow_slab(self.slab, segment)
        if not keep_states:
            self._states[used : self._used] = np.nan
        return reason

    def restore_pores(self) -> None:
        """Porosity, transport, material and contact without films and losses: the first step lets them follow the state."""
        system = self.cell.system
        system.scalars[layout.CONTACT_RESISTANCE] = system.scalars[layout.FRESH_CONTACT_RESISTANCE]
        system.porosity[:], system.transport[:], system.share[:] = system.fresh[:, 0], system.fresh[:, 1], 1.0

    def _run(self, segment: implicit_step.Segment) -> int:
        self.time, self.reason, self._rows, self._states, self._used, steps = stepping.run_segment(
            self.cell.system,
            self.cell.bank,
            self.state,
            self.time,
            segment,
            self._memory,
            self._rows,
            self._states,
            self._used,
            self._work,
        )
        self.steps += steps
        return self.reason

    def _start_slab(self, above: Array) -> None:
        self.slab_times, self.slab_profiles, self.slab_heats = [self.time], [above], [(0.0, 0.0)]

    def _follow_slab(self, slab: Slab, segment: implicit_step.Segment) -> int:
        """Electrochemistry and slab in turn, each segment with the mean heat of the one and the cooling of the other.

        Within a segment the mean temperature cools by what the slab predicts of its faces; at its end the slab, with the
        heat that was made, says what the mean is.
        """
        scalars, at_T = self.cell.system.scalars, self.cell.system.at.temperature
        load_times, loads, output_times = segment.load_times, segment.loads, segment.output_times
        start, end, steps = self.time, float(load_times[-1]), self.steps
        wanted, heat, first = FIRST_SEGMENT, 0.0, True
        while True:
            done = self.time - start
            stop = min(done + wanted, end)
            later = output_times[output_times > self.time + 1e-9] - start
            stop = min(stop, float(later[0])) if later.size else stop
            stop = end if end - stop < 1e-9 else stop
            above = self.slab_profiles[-1]
            made_so_far, lost_so_far = self.slab_heats[-1]
            # At the middle of the segment, with the heat of the end of the last one.
            guess = slab.advance(above, heat, 0.5 * (stop - done))[0]
            scalars[layout.AMBIENT_TEMPERATURE] = self.ambient - float(slab.surface(guess) - guess.mean())
            inner = load_times[(load_times > done) & (load_times < stop)]
            points = np.concatenate([[done], inner, [stop]])
            used = self._used
            left = segment.most_steps - (self.steps - steps)
            loads_here = np.interp(points, load_times, loads)
            self._run(segment._replace(load_times=points - done, loads=loads_here, output_times=_NO_TIMES, most_steps=left))
            rows = self._rows[used : self._used]
            if len(rows) == 0:
                break
            power = rows[:, records.HEAT_SOLID : records.HEAT_MIXING + 1].sum(axis=1)
            passed = self.time - start - done
            heat = float(power[-1])
            if passed > 0.0:
                made = float(np.trapezoid(power, rows[:, records.TIME]))
                above, lost = slab.advance(above, made / passed, passed)
                self.slab_times.append(self.time)
                self.slab_profiles.append(above)
                self.slab_heats.append((made_so_far + made, lost_so_far + lost))
            self.state[at_T] = rows[-1, records.KELVIN] = self.ambient + above.mean()
            if segment.keep_states:
                self._states[self._used - 1, at_T] = self.state[at_T]
            ended = self.reason != events.DURATION or self.time - start >= end
            at_output = output_times.size == 0 or ended or bool(np.any(np.abs(output_times - self.time) < 1e-9))
            self._keep_rows(used, first, every=output_times.size == 0, last=at_output)
            if ended:
                break
            first = False
            wanted = min(2.0 * wanted, slab.segment)
        scalars[layout.AMBIENT_TEMPERATURE] = self.ambient
        return self.reason

    def _keep_rows(self, used: int, first: bool, *, every: bool, last: bool) -> None:
        """Drop the records of a segment that were not asked for: its start is the end of the one before."""
        kept = np.full(self._used - used, every)
        kept[0], kept[-1] = first, last or (first and kept.size == 1)
        chosen = used + np.flatnonzero(kept)
        self._rows[used : used + chosen.size] = self._rows[chosen]
        if len(self._states) >= self._used:
            self._states[used : used + chosen.size] = self._states[chosen]
        self._used = used + chosen.size
