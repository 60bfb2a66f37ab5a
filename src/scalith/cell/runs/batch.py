"""Thousands of cells in one call: parameters as arrays in, voltages and summaries as arrays out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from scalith.cell.files.read_cell import read_cell
from scalith.cell.model.mesh import Mesh
from scalith.cell.runs.protocol_steps import ProtocolStep
from scalith.cell.runs.tolerance import TOLERANCE, checked_tolerance
from scalith.cell.specification.cell import CellSpecification
from scalith.cell.specification.paths import FACTORS, vary
from scalith.quantities import InputError, digest, predicted

if TYPE_CHECKING:
    from scalith.cell.kernels.layout import System
    from scalith.cell.model.discretise import Discretised
    from scalith.cell.runs.protocol_text import Steps
    from scalith.quantities import Result

Array = NDArray[np.float64]


def simulate_batch(
    specification: CellSpecification | str | Path,
    values: Mapping[str, ArrayLike],
    c_rate: ArrayLike | None = None,
    *,
    current: ArrayLike | None = None,
    protocol: Steps | None = None,
    temperature: ArrayLike | None = None,
    thermal: Literal["isothermal", "lumped"] = "isothermal",
    initial_state_of_charge: ArrayLike | None = None,
    output_times: Sequence[float] | int = 100,
    mesh: Mesh | None = None,
    tolerance: float = TOLERANCE,
) -> Result:
    """Discharge one cell, or run a protocol on it, with many sets of parameters, on all cores (``NUMBA_NUM_THREADS``).

    Parameters
    ----------
    specification : CellSpecification or path
        What `scalith.cell.read_cell` takes.
    values : mapping of str to array_like, shape (runs,)
        What varies: numbers of the specification by their path (``"positive_electrode.thickness"``,
        ``"negative_electrode.materials.1.particle_radius"``, SI), or multipliers of properties (those named in
        `scalith.cell.specification.paths.FACTORS`).
    c_rate, current : float or array_like, shape (runs,)
        Negative charges. One of these two, or:
    protocol : as in `simulate_protocol`
        Steps that end by time, voltage, current or temperature; the same for all runs.
    temperature, initial_state_of_charge : float or array_like, shape (runs,), optional
        Without them those of the cell's initial state.
    output_times : int or sequence of float
        Times for the voltages, s; a number stands for so many up to 1.2 nominal discharges, or up to the sum of the durations
        of a protocol.
    thermal, mesh, tolerance
        As in `simulate_discharge`.

    Returns
    -------
    Result
        ``voltage`` and ``temperature`` over (run, time), not a number after a run's end; ``end_time``, ``capacity``,
        ``energy``, ``heat``, ``highest_temperature`` and ``reason`` over run; the varied values as coordinates.

    Raises
    ------
    InputError
        An unknown path, arrays of unequal length, a set that makes no cell, or a step that a batch does not know.
    """
    from scalith.cell.kernels import batch as kernel
    from scalith.cell.model.discretise import require_capacitors
    from scalith.cell.model.processes import link_for_batch
    from scalith.cell.model.results import REASONS
    from scalith.quantities import Result

    specification = read_cell(specification)
    if sum(item is not None for item in (c_rate, current, protocol)) != 1:
        raise InputError("simulate_batch", "c_rate, current, protocol", "none or several", "one of the three")
    if thermal not in ("isothermal", "lumped"):
        raise InputError("simulate_batch", "thermal", thermal, "'isothermal' or 'lumped': one temperature for each run")
    stated = specification.initial_state.state_of_charge
    drawn: ArrayLike | None = [0.0] if protocol is not None else current if c_rate is None else c_rate
    assert drawn is not None  # one of the three is stated
    columns, runs = columns_of(
        "simulate_batch",
        values,
        initial_temperature=specification.initial_temperature if temperature is None else temperature,
        state_of_charge=stated if initial_state_of_charge is None else initial_state_of_charge,
        current=drawn,
    )
    load = columns.pop("current") * (1.0 if c_rate is None else specification.nominal_capacity / 3600.0)
    T, charge = columns["initial_temperature"], columns["state_of_charge"]
    if protocol is None and (not np.all(np.isfinite(load)) or np.any(load == 0.0)):
        raise InputError("simulate_batch", "current", load, "finite numbers other than zero")
    if not np.all((charge >= 0.0) & (charge <= 1.0)):
        raise InputError("simulate_batch", "initial_state_of_charge", charge, "0 to 1")
    cells = stack_cells(
        "simulate_batch", specification, {name: columns[name] for name in values}, T, charge, runs, thermal=thermal,
        mesh=mesh or Mesh(),
    )  # fmt: skip
    currents = np.broadcast_to(load, (runs,)).copy()
    require_capacitors(cells.systems.double_layer_exponent, specification.name)
    steps = _discharge(specification, currents) if protocol is None else _steps(specification, protocol, runs)
    if not isinstance(output_times, int):
        times = np.array(output_times, dtype=np.float64)
    elif protocol is None:
        times = np.linspace(0.0, 1.2 * specification.nominal_capacity / np.abs(currents).min(), output_times + 1)[1:]
    else:
        times = np.linspace(0.0, float(steps.durations[0].sum()), output_times + 1)[1:]
    voltages, temperatures = np.empty((runs, times.size)), np.empty((runs, times.size))
    summary = np.empty((runs, kernel.SUMMARY))
    kernels = np.broadcast_to(link_for_batch(cells.cell.system, cells.cell.bank).kernels, cells.systems.kernels.shape).copy()
    kernel.run_batch(
        cells.systems._replace(kernels=kernels), cells.cell.bank, cells.starts, steps.modes, steps.targets, steps.durations,
        steps.limits, checked_tolerance(tolerance), times, voltages, temperatures, summary,
    )  # fmt: skip
    settings: dict[str, Any] = {"varied": digests_of(columns), "thermal": thermal, "tolerance": tolerance}
    settings |= {"mesh": str(mesh or Mesh()), "currents": digest(currents)}
    if protocol is not None:
        settings["steps"] = list(steps.texts)
    source = predicted("scalith.cell.simulate_batch", specification.digest, settings=settings)
    along = "run"
    summaries = (
        ("end_time", kernel.END_TIME, "s", "time at the end"),
        ("capacity", kernel.END_CHARGE, "C", "charge passed"),
        ("energy", kernel.ENERGY, "J", "energy delivered (trapezoid over the records)"),
        ("heat", kernel.HEAT, "J", "heat made (trapezoid over the records)"),
        ("end_temperature", kernel.END_TEMPERATURE, "K", "temperature at the end"),
        ("highest_temperature", kernel.HIGHEST_TEMPERATURE, "K", "highest temperature"),
    )
    made: dict[str, Any] = {
        "voltage": ((along, "time"), voltages, {"units": "V", "long_name": "terminal voltage"}),
        "temperature": ((along, "time"), temperatures, {"units": "K", "long_name": "cell temperature"}),
    }
    if protocol is None:
        made["current"] = (along, currents, {"units": "A", "long_name": "current, positive while discharging"})
    for name, column, units, title in summaries:
        made[name] = (along, summary[:, column], {"units": units, "long_name": title})
    reasons = np.array([REASONS[int(reason)] for reason in summary[:, kernel.REASON]])
    made["reason"] = (along, reasons, {"units": "1", "long_name": "why the run ended"})
    coordinates = {"time": ("time", times, {"units": "s", "long_name": "time"}), **coordinates_of(columns, runs)}
    return Result(made, coordinates, {"kind": "cell batch", "source": source.to_json()})


class Cells(NamedTuple):
    """Many variants of one cell: the tables they share, their systems stacked, their states at rest."""

    cell: Discretised
    systems: System
    starts: Array


def stack_cells(
    where: str,
    specification: CellSpecification,
    arrays: Mapping[str, Array],
    temperature: Array,
    state_of_charge: Array,
    runs: int,
    *,
    thermal: Literal["isothermal", "lumped"] = "isothermal",
    mesh: Mesh,
) -> Cells:
    """Variants of a cell, each array with one value or one for each run.

    Raises
    ------
    InputError
        An unknown path, or a set that makes no cell.
    """
    from scalith.cell.model.discretise import discretise, initial_state, stacked, system_of
    from scalith.cell.model.phase_field_particle import most_phase_field_nodes

    lumped = thermal == "lumped"
    if mesh.phase_field_nodes is None:
        mesh = replace(mesh, phase_field_nodes=most_phase_field_nodes(specification, mesh))
    stated = specification.thermal.ambient_temperature if lumped and specification.thermal is not None else None
    same = temperature.size == 1
    first = float(temperature[0])
    cell = discretise(
        specification, mesh, None if lumped else first, first if stated is None else stated, over_temperature=not same
    )
    systems, starts = [], np.empty((runs, cell.size))
    at_rest: dict[Any, Array] = {}
    for b in range(runs):
        chosen = set_of(arrays, b)
        T = float(temperature[b if temperature.size > 1 else 0])
        charge = float(state_of_charge[b if state_of_charge.size > 1 else 0])
        varied, factors = vary(specification, chosen)
        if varied is not specification:
            require_possible(varied, where, b)
        systems.append(system_of(varied, mesh, None if lumped else T, T if stated is None else stated, factors))
        key = (T, charge, *(value for name, value in chosen.items() if "stoichiometry" in name or "concentration" in name))
        if key not in at_rest:
            materials = (*varied.negative_electrode.materials, *varied.positive_electrode.materials)
            at_rest[key] = initial_state(varied, cell._replace(materials=materials), charge, T)
        starts[b] = at_rest[key]
    together = stacked(systems)
    kernels = np.broadcast_to(cell.system.kernels, together.kernels.shape).copy()
    return Cells(cell, together._replace(kernels=kernels), starts)


class StepArrays(NamedTuple):
    """Steps of a batch as arrays: modes (steps,), targets and durations (runs, steps), limits (runs, steps, events)."""

    texts: tuple[str, ...]
    modes: NDArray[np.int64]
    targets: Array
    durations: Array
    limits: Array


def _discharge(specification: CellSpecification, currents: Array) -> StepArrays:
    from scalith.cell.kernels import events, newton

    runs = currents.size
    limits = np.full((runs, 1, events.EVENTS), np.nan)
    limits[..., events.VOLTAGE_LOW] = specification.lower_voltage_cut_off
    limits[..., events.VOLTAGE_HIGH] = specification.upper_voltage_cut_off
    durations = 1.5 * specification.nominal_capacity / np.abs(currents)
    return StepArrays(("constant current",), np.array([newton.BY_CURRENT]), currents[:, None].copy(), durations[:, None], limits)


def _steps(specification: CellSpecification, protocol: Steps, runs: int) -> StepArrays:
    from scalith.cell.kernels import events
    from scalith.cell.runs.protocol_run import LONGEST_STEP
    from scalith.cell.runs.protocol_steps import counted_steps
    from scalith.cell.runs.protocol_text import parse_protocol
    from scalith.cell.runs.simulation import MODES

    steps = counted_steps(parse_protocol(protocol, specification), "simulate_batch")
    limits = np.full((len(steps), events.EVENTS), np.nan)
    for k, step in enumerate(steps):
        _require_plain(step)
        if step.mode != "voltage":
            limits[k, events.VOLTAGE_LOW] = specification.lower_voltage_cut_off
            limits[k, events.VOLTAGE_HIGH] = specification.upper_voltage_cut_off
        for ending in step.endings:
            below = ending.direction == "below" or (
                ending.direction is None and (step.target > 0.0 or ending.quantity == "current")
            )
            low, high = _PLAIN[ending.quantity]
            limits[k, low if below else high] = ending.value
    modes = np.array([MODES[step.mode] for step in steps], dtype=np.int64)
    targets = np.tile([step.target for step in steps], (runs, 1)).astype(np.float64)
    durations = np.tile([step.duration or LONGEST_STEP for step in steps], (runs, 1)).astype(np.float64)
    every = np.broadcast_to(limits, (runs, *limits.shape)).copy()
    return StepArrays(tuple(step.text for step in steps), modes, targets, durations, every)


_PLAIN = {"voltage": (0, 1), "current": (2, 6), "temperature": (7, 3)}
"""Places of the limits below and above (see `scalith.cell.kernels.events`)."""


def _require_plain(step: ProtocolStep) -> None:
    """A batch knows steps of one load at one temperature, which end by what does not depend on how they began."""
    other = next((ending.quantity for ending in step.endings if ending.quantity not in _PLAIN), None)
    rests = step.target == 0.0 and step.mode == "current" and any(item.quantity == "voltage" for item in step.endings)
    if step.times or step.temperature is not None or other is not None or rests:
        found = (
            "a load over time"
            if step.times
            else "a temperature of its own"
            if step.temperature is not None
            else other or "a rest"
        )
        expected = "steps of one load that end by time, voltage, current or temperature: others need `simulate_protocol`"
        raise InputError("simulate_batch", step.text, found, expected)


def simulate_impedance_batch(
    specification: CellSpecification | str | Path,
    values: Mapping[str, ArrayLike],
    frequencies: ArrayLike,
    state_of_charge: ArrayLike = 0.5,
    *,
    temperature: ArrayLike | None = None,
    mesh: Mesh | None = None,
) -> Result:
    """Impedance at rest of one cell with many sets of parameters, on all cores: see `simulate_impedance`.

    Parameters
    ----------
    values : mapping of str to array_like, shape (runs,)
        As in `simulate_batch`.
    frequencies : array_like
        Hz.
    state_of_charge, temperature : float or array_like, shape (runs,)

    Returns
    -------
    Result
        ``resistance`` and ``reactance``, ohm, over (run, frequency); the varied values as coordinates.

    Raises
    ------
    InputError
    """
    from scalith.cell.kernels import layout
    from scalith.cell.kernels.impedance import impedance_batch
    from scalith.cell.model.processes import link_for_spectrum
    from scalith.cell.runs.impedance import FINE
    from scalith.quantities import Result

    specification = read_cell(specification)
    f = np.array(frequencies, dtype=np.float64, ndmin=1)  # a copy that can be written to, see `Simulation.follow`
    if f.size == 0 or not np.all(np.isfinite(f)) or f.min() <= 0.0:
        raise InputError("simulate_impedance_batch", "frequencies", f, "positive numbers, Hz")
    T = specification.initial_temperature if temperature is None else temperature
    columns, runs = columns_of("simulate_impedance_batch", values, initial_temperature=T, state_of_charge=state_of_charge)
    cells = stack_cells(
        "simulate_impedance_batch", specification, {name: columns[name] for name in values}, columns["initial_temperature"],
        columns["state_of_charge"], runs, mesh=mesh or FINE,
    )  # fmt: skip
    held = link_for_spectrum(cells.cell.system, cells.cell.bank, cells.cell.materials)
    classes = cells.systems.classes.copy()
    classes[:, :, layout.HYSTERESIS_RATE] *= -1.0
    addresses = np.broadcast_to(held.kernels, cells.systems.kernels.shape).copy()
    processes = np.broadcast_to(held.processes, cells.systems.processes.shape).copy()
    z = np.empty((runs, f.size), dtype=np.complex128)
    systems = cells.systems._replace(classes=classes, kernels=addresses, processes=processes)
    impedance_batch(systems, cells.cell.bank, cells.starts, f, z)
    settings = {"varied": digests_of(columns), "mesh": str(mesh or FINE)}
    source = predicted("scalith.cell.simulate_impedance_batch", specification.digest, settings=settings)
    coordinates = {"frequency": ("frequency", f, {"units": "Hz", "long_name": "frequency"}), **coordinates_of(columns, runs)}
    made = {
        "resistance": (("run", "frequency"), z.real.copy(), {"units": "ohm", "long_name": "real part of the impedance"}),
        "reactance": (("run", "frequency"), z.imag.copy(), {"units": "ohm", "long_name": "imaginary part of the impedance"}),
    }
    return Result(made, coordinates, {"kind": "impedance batch", "source": source.to_json()})


def columns_of(where: str, values: Mapping[str, ArrayLike], **others: ArrayLike) -> tuple[dict[str, Array], int]:
    """What varies from run to run, each an array of one value or one for each run, and how many runs there are.

    Parameters
    ----------
    where : str
        Whose arguments they are.
    values : mapping of str to array_like
        By path: see `simulate_batch`.
    **others : array_like
        What else varies.

    Raises
    ------
    InputError
        No values, several dimensions, or unequal lengths.
    """
    if both := sorted(values.keys() & others.keys()):
        raise InputError(where, both[0], "among the values", "as an argument of its own")
    columns = {name: np.atleast_1d(np.asarray(value, dtype=np.float64)) for name, value in (dict(values) | others).items()}
    runs = max((column.size for column in columns.values()), default=1)
    for name, column in columns.items():
        if column.size == 0:
            raise InputError(where, name, "no values", "one value, or one for each run")
        if column.ndim != 1 or column.size not in (1, runs):
            raise InputError(where, name, f"shape {column.shape}", f"one value or {runs}, as the longest")
    return columns, runs


def set_of(columns: Mapping[str, Array], run: int) -> dict[str, float]:
    """The values of one run."""
    return {name: float(column[run if column.size > 1 else 0]) for name, column in columns.items()}


def digests_of(columns: Mapping[str, Array]) -> dict[str, str]:
    """What varies, as the source of a result says it."""
    return {name: digest(column) for name, column in columns.items()}


def coordinates_of(columns: Mapping[str, Array], runs: int) -> dict[str, Any]:
    """What varies, as coordinates over ``run``."""
    units = dict.fromkeys(columns, "SI") | dict.fromkeys((*FACTORS, "state_of_charge"), "1") | {"initial_temperature": "K"}
    return {
        name: ("run", np.broadcast_to(column, (runs,)), {"units": units[name], "long_name": name})
        for name, column in columns.items()
    }


def require_possible(specification: CellSpecification, where: str, run: int) -> None:
    """Fields are replaced without their validators, for speed: what a specification rejects is rejected here.

    Raises
    ------
    InputError
    """
    from scalith.cell.model.discretise import check_cell

    for name in ("negative_electrode", "positive_electrode"):
        electrode = getattr(specification, name)
        solid = sum(material.volume_fraction for material in electrode.materials)
        if electrode.most_porosity + solid > 1.0 + 1e-6:
            found = f"{electrode.most_porosity:.4g} with {solid:.4g} of active material in run {run}"
            raise InputError(where, f"{name}.porosity", found, "together at most 1")
        for material in electrode.materials:
            low, high = material.minimum_stoichiometry, material.maximum_stoichiometry
            if not 0.0 <= low < high <= 1.0:
                raise InputError(where, f"{name} stoichiometries", f"{low:.4g} to {high:.4g} in run {run}", "0 ≤ min < max ≤ 1")
    if not specification.separator.porosity <= 1.0:
        raise InputError(where, "separator.porosity", f"{specification.separator.porosity:.4g} in run {run}", "at most 1")
    check_cell(specification)
