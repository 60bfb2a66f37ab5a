"""A cell in the course of being simulated: its state, and what was recorded so far."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from scalith.cell.kernels import layout, newton, records, stepping
from scalith.cell.model.discretise import Discretised, discretise, initial_state
from scalith.cell.model.mesh import Mesh
from scalith.cell.model.through_thickness import FIRST_SEGMENT, LAYERS, Slab
from scalith.cell.specification.cell import CellSpecification
from scalith.quantities import InputError

if TYPE_CHECKING:
    import xarray as xr

Array = NDArray[np.float64]
MODES = {"current": newton.BY_CURRENT, "voltage": newton.BY_VOLTAGE, "power": newton.BY_POWER, "resistance": newton.BY_RESISTANCE}
Mode = Literal["current", "voltage", "power", "resistance"]
Thermal = Literal["isothermal", "lumped", "through_thickness"]
_NO_TIMES = np.empty(0)
SALT_FLOOR = 1e-3
"""Relative concentration at which the electrolyte counts as depleted."""


class Solver:
    """Holds the state of one cell; `hold` advances it and appends to the records.

    Parameters
    ----------
    specification : CellSpecification
    mesh : Mesh, optional
    temperature : float, optional
        At the start, K; without it the reference temperature.
    thermal : {"isothermal", "lumped", "through_thickness"}
    tolerance : float

    Attributes
    ----------
    state : ndarray
        The unknowns: see `scalith.cell.kernels.layout`.
    time : float
    reason : int
        Why the last `hold` ended: see `scalith.cell.kernels.stepping`.
    rows, states : ndarray
        Records so far.
    slab : Slab or None
        With ``thermal="through_thickness"``: `slab_times`, `slab_profiles` and `slab_heats` are then kept from one exchange
        with the electrochemistry to the next: times, temperatures above ambient, and heat made and lost since the start.
    """

    def __init__(
        self,
        specification: CellSpecification,
        *,
        mesh: Mesh | None = None,
        temperature: float | None = None,
        thermal: Thermal = "isothermal",
        tolerance: float = 2e-4,
    ) -> None:
        if thermal not in ("isothermal", "lumped", "through_thickness"):
            raise InputError("thermal", "", thermal, "'isothermal', 'lumped' or 'through_thickness'")
        self.temperature = specification.reference_temperature if temperature is None else float(temperature)
        if not 150.0 < self.temperature < 600.0:
            raise InputError("temperature", "", self.temperature, "a temperature in K")
        self.specification = specification
        self.mesh = mesh or Mesh()
        self.tolerance = tolerance
        lumped = thermal != "isothermal"
        self.slab = Slab.of(specification) if thermal == "through_thickness" else None
        ambient = specification.thermal.ambient_temperature if lumped and specification.thermal is not None else None
        self.ambient = ambient = self.temperature if ambient is None else ambient
        self.cell: Discretised = discretise(specification, self.mesh, None if lumped else self.temperature, ambient)
        self._hysteresis = self.cell.system.hysteresis[:, 1].copy()
        self._at_rest: dict[float, Array] = {}
        self._work = newton.make_work(self.cell.system, self.cell.size)
        self.time = 0.0
        self.reason = stepping.DURATION
        self.steps = 0
        self._rows = np.empty((256, records.CLASSES + records.CLASS_RECORDS * len(self.cell.sides)))
        self._states = np.empty((1, self.cell.size))
        self._used = 0
        self.set_state_of_charge(1.0)

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
        if state_of_charge not in self._at_rest:
            self._at_rest[state_of_charge] = initial_state(self.specification, self.cell, state_of_charge, self.temperature)
        self.state = self._at_rest[state_of_charge].copy()
        self.cell.system.hysteresis[:, 1] = self._hysteresis
        self._start_slab(np.full(LAYERS, self.temperature - self.ambient))

    def resume(self, earlier: xr.Dataset) -> None:
        """Start where an earlier protocol of the same cell and mesh ended."""
        state = earlier.get("final_state")
        if state is None or state.size != self.state.size:
            found = "no final_state" if state is None else f"{state.size} unknowns"
            raise InputError("initial", "final_state", found, f"{self.state.size} unknowns: the same cell and mesh")
        self.state = np.array(state.values, dtype=np.float64)
        if "final_hysteresis" in earlier:
            self.cell.system.hysteresis[:, 1] = earlier["final_hysteresis"].values
        if self.slab is not None:
            profile = earlier.get("temperature_profile")
            if profile is None or profile.shape[-1] != LAYERS:
                raise InputError("initial", "temperature_profile", "nothing", "the result of thermal='through_thickness'")
            self._start_slab(np.asarray(profile.values[-1]) - self.ambient)

    def hold(
        self,
        mode: Mode,
        target: float,
        *,
        duration: float,
        voltage_low: float = -np.inf,
        voltage_high: float = np.inf,
        current_low: float = -np.inf,
        temperature_high: float = np.inf,
        output_times: Array | None = None,
        keep_states: bool = False,
        longest_step: float = np.inf,
        most_steps: int = 200_000,
    ) -> int:
        """Hold current, voltage, power or resistance until `duration` or a limit; returns why it ended."""
        load_times, loads = np.array([0.0, duration]), np.array([target, target], dtype=np.float64)
        return self.follow(
            mode,
            load_times,
            loads,
            voltage_low=voltage_low,
            voltage_high=voltage_high,
            current_low=current_low,
            temperature_high=temperature_high,
            output_times=output_times,
            keep_states=keep_states,
            longest_step=longest_step,
            most_steps=most_steps,
        )

    def follow(
        self,
        mode: Mode,
        load_times: Array,
        loads: Array,
        *,
        voltage_low: float = -np.inf,
        voltage_high: float = np.inf,
        current_low: float = -np.inf,
        temperature_high: float = np.inf,
        output_times: Array | None = None,
        keep_states: bool = False,
        longest_step: float = np.inf,
        most_steps: int = 200_000,
    ) -> int:
        """As `hold`, with a load that is linear between points; `load_times` start at 0."""
        limits = np.array([voltage_low, voltage_high, current_low, temperature_high])
        times = _NO_TIMES if output_times is None else output_times
        if self.slab is not None:
            return self._follow_slab(self.slab, mode, load_times, loads, limits, times, keep_states, longest_step, most_steps)
        return self._run(mode, load_times, loads, limits, times, keep_states, longest_step, most_steps)

    def _run(
        self,
        mode: Mode,
        load_times: Array,
        loads: Array,
        limits: Array,
        output_times: Array,
        keep_states: bool,
        longest_step: float,
        most_steps: int,
    ) -> int:
        self.time, self.reason, self._rows, self._states, self._used, steps = stepping.run_step(
            self.cell.system,
            self.cell.bank,
            self.state,
            self.time,
            MODES[mode],
            load_times,
            loads,
            limits,
            SALT_FLOOR,
            float(self.tolerance),
            float(longest_step),
            most_steps,
            output_times,
            keep_states,
            self._rows,
            self._states,
            self._used,
            self._work,
        )
        self.steps += steps
        return self.reason

    def _start_slab(self, above: Array) -> None:
        self.slab_times, self.slab_profiles, self.slab_heats = [self.time], [above], [(0.0, 0.0)]

    def _follow_slab(
        self,
        slab: Slab,
        mode: Mode,
        load_times: Array,
        loads: Array,
        limits: Array,
        output_times: Array,
        keep_states: bool,
        longest_step: float,
        most_steps: int,
    ) -> int:
        """Electrochemistry and slab in turn, each segment with the mean heat of the one and the cooling of the other.

        Within a segment the mean temperature cools by what the slab predicts of its faces; at its end the slab, with the
        heat that was made, says what the mean is.
        """
        scalars, at_T = self.cell.system.scalars, self.cell.particles + self.cell.system.width.size
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
            left = most_steps - (self.steps - steps)
            self._run(
                mode, points - done, np.interp(points, load_times, loads), limits, _NO_TIMES, keep_states, longest_step, left
            )
            rows = self._rows[used : self._used]
            if len(rows) == 0:
                break
            power = rows[:, records.HEAT_SOLID : records.HEAT_ENTROPIC + 1].sum(axis=1)
            passed = self.time - start - done
            heat = float(power[-1])
            if passed > 0.0:
                made = float(np.trapezoid(power, rows[:, records.TIME]))
                above, lost = slab.advance(above, made / passed, passed)
                self.slab_times.append(self.time)
                self.slab_profiles.append(above)
                self.slab_heats.append((made_so_far + made, lost_so_far + lost))
            self.state[at_T] = rows[-1, records.KELVIN] = self.ambient + above.mean()
            if keep_states:
                self._states[self._used - 1, at_T] = self.state[at_T]
            ended = self.reason != stepping.DURATION or self.time - start >= end
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
