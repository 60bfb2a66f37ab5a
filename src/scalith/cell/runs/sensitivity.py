"""How the voltage of a discharge answers to parameters: exact derivatives of the discrete solution."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from scalith.cell.model.mesh import Mesh
from scalith.cell.runs.batch import FACTORS, number_at, vary
from scalith.cell.specification.cell import CellSpecification
from scalith.quantities import ConvergenceError, InputError, predicted
from scalith.quantities.constants import FARADAY, GAS_CONSTANT

if TYPE_CHECKING:
    import xarray as xr

    from scalith.cell.kernels.layout import System
    from scalith.cell.kernels.sensitivity import Directions
    from scalith.cell.runs.solution import Solver

Array = NDArray[np.float64]
_APART = 1e-4
"""Relative distance of the neighbours whose difference says how a parameter enters the equations."""


def simulate_sensitivities(
    specification: CellSpecification,
    parameters: Sequence[str],
    c_rate: float | None = None,
    *,
    current: float | None = None,
    temperature: float | None = None,
    initial_state_of_charge: float = 1.0,
    cut_off: float | None = None,
    duration: float | None = None,
    output_times: Sequence[float] | None = None,
    mesh: Mesh | None = None,
    tolerance: float = 2e-4,
) -> xr.Dataset:
    r"""Discharge at constant current, isothermal, with dV/dp for each parameter.

    With the discretised equations F(y, ẏ, p) = 0, the states of the run are linearised and solved for all parameters

    .. math::

        \frac{∂F}{∂y} s + \frac{∂F}{∂\dot y} \dot s = -\frac{∂F}{∂p}, \qquad s = \frac{dy}{dp}

    with one factorisation each (staggered direct method: Caracotsios and Stewart, DOI 10.1016/0098-1354(85)85014-6). s is
    followed on the steps of the run, by backward differentiation up to order 4; steps whose voltage their neighbours tell as
    well are left out. Within 0.5 % of the largest derivative of exact runs, 0.1 % on average.

    Parameters
    ----------
    specification : CellSpecification
    parameters : sequence of str
        Paths to numbers of the specification (``"positive_electrode.thickness"``), multipliers of properties (those in
        `scalith.cell.runs.batch.FACTORS`), or ``"current"``.
    c_rate, current, temperature, initial_state_of_charge, cut_off, duration, mesh, tolerance
        As in `simulate_discharge`.
    output_times : sequence of float, optional
        s; without it the accepted steps. Times beyond the end of the run are left out.

    Returns
    -------
    xarray.Dataset
        ``voltage`` over time; ``voltage_by_parameter`` over (parameter, time), V per SI unit of the parameter (or per unit
        of the multiplier); ``end_time_by_parameter`` and ``capacity_by_parameter`` where the run ended on its cut-off;
        ``value`` of each parameter.

    Raises
    ------
    InputError
        An unknown path, or one that the equations do not hold as a number.
    ConvergenceError
        The discharge itself could not be solved.
    """
    import xarray as xr

    from scalith.cell.kernels import stepping
    from scalith.cell.kernels.records import ORDER, TIME, VOLTS
    from scalith.cell.kernels.sensitivity import derivatives
    from scalith.cell.model.results import FAILURES, REASONS
    from scalith.cell.runs.discharge import discharge_load
    from scalith.cell.runs.solution import Solver

    names = list(parameters)
    if not names or len(set(names)) < len(names):
        raise InputError("simulate_sensitivities", "parameters", names, "at least one, and each once")
    if not 0.0 <= initial_state_of_charge <= 1.0:
        raise InputError("simulate_sensitivities", "initial_state_of_charge", initial_state_of_charge, "0 to 1")
    if not tolerance > 0.0:
        raise InputError("simulate_sensitivities", "tolerance", tolerance, "a positive number")
    for electrode in (specification.negative_electrode, specification.positive_electrode):
        for material in electrode.materials:
            if material.phase_field is not None:
                raise InputError("simulate_sensitivities", "phase_field", "a particle that separates", "particles that do not")
            if material.stress is not None:
                raise InputError("simulate_sensitivities", "stress", "particles under stress", "particles without it")
            if material.hysteresis_decay is not None:
                raise InputError(
                    "simulate_sensitivities", "hysteresis_decay", material.hysteresis_decay, "none: h has a past of its own"
                )
    load = discharge_load(specification, c_rate, current)
    solver = Solver(specification, mesh=mesh, temperature=temperature, tolerance=tolerance)
    solver.set_state_of_charge(initial_state_of_charge)
    low, high = specification.lower_voltage_cut_off, specification.upper_voltage_cut_off
    if cut_off is not None:
        low, high = (cut_off, high) if load >= 0.0 else (low, cut_off)
    longest = 1.5 * specification.nominal_capacity / abs(load) if duration is None else duration
    values = np.array([_value(specification, name, load) for name in names])
    upper, lower, by, start = _neighbours(specification, solver, names, values, initial_state_of_charge)
    solver.hold("current", load, duration=longest, voltage_low=low, voltage_high=high, keep_states=True)
    if solver.reason in FAILURES:
        raise ConvergenceError("sensitivities", REASONS[solver.reason], time=solver.time)
    times = solver.rows[:, 0] if output_times is None else np.asarray(output_times, dtype=np.float64)
    times = np.ascontiguousarray(times[times <= solver.time])
    system, bank = solver.cell.system, solver.cell.bank
    accepted, orders, run_voltages = (solver.rows[:, column].copy() for column in (TIME, ORDER, VOLTS))
    # The end of the run is solved last; its derivative gives that of the end time.
    asked = np.append(times, solver.time)
    voltages, result = np.empty(asked.size), np.empty((asked.size, len(names)))
    slope = derivatives(
        system, bank, upper, lower, by, start, accepted, orders, run_voltages, solver.states, solver.temperature, asked,
        voltages, result,
    )  # fmt: skip
    source = predicted(
        "scalith.cell.simulate_sensitivities",
        specification.digest,
        settings={"parameters": names, "current_A": load, "temperature_K": solver.temperature, "tolerance": tolerance},
    )
    per = "V per unit of the parameter"
    made = {
        "voltage": ("time", voltages[:-1], {"units": "V", "long_name": "terminal voltage"}),
        "voltage_by_parameter": (
            ("parameter", "time"),
            np.ascontiguousarray(result[:-1].T),
            {"units": per, "long_name": "derivative of the terminal voltage by each parameter"},
        ),
        "value": ("parameter", values, {"units": "SI", "long_name": "value of each parameter"}),
    }
    if solver.reason in (stepping.VOLTAGE_BELOW, stepping.VOLTAGE_ABOVE):
        shift = -result[-1] / slope
        charge = load * shift
        if "current" in names:
            charge[names.index("current")] += solver.time
        made["end_time_by_parameter"] = (
            "parameter",
            shift,
            {"units": "s per unit of the parameter", "long_name": "derivative of the time at the cut-off by each parameter"},
        )
        made["capacity_by_parameter"] = (
            "parameter",
            charge,
            {"units": "C per unit of the parameter", "long_name": "derivative of the charge passed by each parameter"},
        )
    coordinates = {
        "time": ("time", times, {"units": "s", "long_name": "time"}),
        "parameter": ("parameter", np.array(names), {"units": "1", "long_name": "parameter"}),
    }
    attributes = {
        "source": source.to_json(),
        "reason": REASONS[solver.reason],
        "end_time": solver.time,
        "time_steps": solver.steps,
    }
    return xr.Dataset(made, coordinates, attributes)


def _value(specification: CellSpecification, name: str, load: float) -> float:
    if name == "current":
        return load
    if name == "reference_temperature" or name.endswith("hysteresis_current_density"):
        raise InputError("simulate_sensitivities", "parameters", name, "a number that the tables do not depend on")
    return 1.0 if name in FACTORS else number_at(specification, name)


def _neighbours(
    specification: CellSpecification, solver: Solver, names: list[str], values: Array, state_of_charge: float
) -> tuple[System, System, Directions, Array]:
    """Neighbouring systems of every parameter, stacked; how it enters; derivatives of the initial state."""
    from scalith.cell.kernels import layout
    from scalith.cell.kernels.sensitivity import Directions
    from scalith.cell.model.discretise import initial_state, system_of

    cell, T = solver.cell, solver.temperature
    many = len(names)
    above: list[System] = []
    below: list[System] = []
    start = np.zeros((many, cell.size))
    entries, bulk = np.zeros((5, len(cell.sides), many)), np.zeros((3, many))
    current, spans = np.zeros(many), np.ones(many)
    geometry = np.full(many, -1, dtype=np.int64)
    for q, (name, value) in enumerate(zip(names, values, strict=True)):
        if name == "current":
            current[q] = 1.0
            continue
        if name in FACTORS:
            part, _, quantity = name.partition(".")
            if part == "electrolyte":
                bulk[1 if quantity == "conductivity" else 2, q] = 1.0
            else:
                own = [side == part.removesuffix("_electrode") for side in cell.sides]
                entries[0 if quantity == "chemical_diffusivity" else 2, own, q] = 1.0
            continue
        step = _APART * (abs(value) if value != 0.0 else _scale(name))
        # A number that cannot be negative is varied to one side from zero.
        pair = (value + step, value - step if value != 0.0 else value)
        spans[q] = pair[0] - pair[1]
        varied = [vary(specification, {name: at})[0] for at in pair]
        up, down = (system_of(one, solver.mesh, T, T) for one in varied)
        entries[:, :, q] = (_class_numbers(up.classes, up.scalars, T) - _class_numbers(down.classes, down.scalars, T)) / spans[q]
        bulk[:, q] = (_bulk_numbers(up.scalars, T) - _bulk_numbers(down.scalars, T)) / spans[q]
        if "stoichiometry" in name or "concentration" in name:  # only these move the state at rest
            states = [
                initial_state(one, cell._replace(materials=one.negative_electrode.materials + one.positive_electrode.materials),
                              state_of_charge, T)
                for one in varied
            ]  # fmt: skip
            start[q] = (states[0] - states[1]) / spans[q]
        across = ("width", "porosity", "transport", "solid_conductivity", "capacitance")
        differs = any(np.any(getattr(up, field) != getattr(down, field)) for field in across)
        numbers = [layout.PLANE_AREA, layout.CONTACT_RESISTANCE]
        if differs or np.any(up.scalars[numbers] != down.scalars[numbers]):
            geometry[q] = len(above)
            above.append(up)
            below.append(down)
    stacked = [_stacked(side or [cell.system]) for side in (above, below)]
    diffusion, loss, rate, film, area = np.ascontiguousarray(entries)
    reference, conduction, electrolyte_diffusion = bulk
    by = Directions(
        diffusion, loss, rate, film, area, reference, conduction, electrolyte_diffusion, current, geometry, 1.0 / spans
    )
    return stacked[0], stacked[1], by, start


def _stacked(systems: list[System]) -> System:
    parts: list[Any] = [np.array(part) for part in zip(*systems, strict=True)]
    return type(systems[0])(*parts)


def _scale(name: str) -> float:
    return 1e-3 if "resistance" in name else 1e-2


def _bulk_numbers(scalars: Array, T: float) -> Array:
    """Logarithms of the reference concentration and of the electrolyte's conductivity and diffusivity."""
    from scalith.cell.kernels import layout

    arrhenius = (1.0 / scalars[layout.REFERENCE_TEMPERATURE] - 1.0 / T) / GAS_CONSTANT
    return np.array(
        [
            np.log(scalars[layout.REFERENCE_CONCENTRATION]),
            scalars[layout.CONDUCTION_ENERGY] * arrhenius,
            scalars[layout.ELECTROLYTE_DIFFUSION_ENERGY] * arrhenius,
        ]
    )


def _class_numbers(rows: Array, scalars: Array, T: float) -> Array:
    """ln(D/R²), 1/(R c_max), ln(rate), F R_f and area of each class of particles, shape (5, classes)."""
    from scalith.cell.kernels import layout

    arrhenius = (1.0 / scalars[layout.REFERENCE_TEMPERATURE] - 1.0 / T) / GAS_CONSTANT
    diffusion = np.log(rows[:, layout.DIFFUSION_FACTOR]) + rows[:, layout.DIFFUSION_ENERGY] * arrhenius
    return np.array(
        [
            diffusion - 2.0 * np.log(rows[:, layout.RADIUS]),
            1.0 / (rows[:, layout.RADIUS] * rows[:, layout.MAXIMUM_CONCENTRATION]),
            np.log(rows[:, layout.RATE]) + rows[:, layout.RATE_ENERGY] * arrhenius,
            FARADAY * rows[:, layout.FILM_RESISTANCE],
            rows[:, layout.SPECIFIC_AREA],
        ]
    )
