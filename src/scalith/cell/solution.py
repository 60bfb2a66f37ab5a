"""A cell in the course of being simulated: its state, and what was recorded so far."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from scalith.cell.discretise import Discretised, discretise, initial_state
from scalith.cell.kernels import newton, records, stepping
from scalith.cell.mesh import Mesh
from scalith.cell.specification import CellSpecification
from scalith.quantities import InputError

if TYPE_CHECKING:
    import xarray as xr

Array = NDArray[np.float64]
MODES = {"current": newton.BY_CURRENT, "voltage": newton.BY_VOLTAGE, "power": newton.BY_POWER, "resistance": newton.BY_RESISTANCE}
Mode = Literal["current", "voltage", "power", "resistance"]
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
    thermal : {"isothermal", "lumped"}
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
    """

    def __init__(
        self,
        specification: CellSpecification,
        *,
        mesh: Mesh | None = None,
        temperature: float | None = None,
        thermal: Literal["isothermal", "lumped"] = "isothermal",
        tolerance: float = 2e-4,
    ) -> None:
        if thermal not in ("isothermal", "lumped"):
            raise InputError("thermal", "", thermal, "'isothermal' or 'lumped'")
        self.temperature = specification.reference_temperature if temperature is None else float(temperature)
        if not 150.0 < self.temperature < 600.0:
            raise InputError("temperature", "", self.temperature, "a temperature in K")
        self.specification = specification
        self.mesh = mesh or Mesh()
        self.tolerance = tolerance
        lumped = thermal == "lumped"
        ambient = specification.thermal.ambient_temperature if lumped and specification.thermal is not None else None
        ambient = self.temperature if ambient is None else ambient
        self.cell: Discretised = discretise(specification, self.mesh, None if lumped else self.temperature, ambient)
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

    def resume(self, earlier: xr.Dataset) -> None:
        """Start where an earlier protocol of the same cell and mesh ended."""
        state = earlier.get("final_state")
        if state is None or state.size != self.state.size:
            found = "no final_state" if state is None else f"{state.size} unknowns"
            raise InputError("initial", "final_state", found, f"{self.state.size} unknowns: the same cell and mesh")
        self.state = np.array(state.values, dtype=np.float64)

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
            _NO_TIMES if output_times is None else output_times,
            keep_states,
            self._rows,
            self._states,
            self._used,
            self._work,
        )
        self.steps += steps
        return self.reason
